# SPDX-License-Identifier: MIT
# Whole pipelines, run as a user runs them.
e2e_tests = tests/e2e/test-stages.sh tests/e2e/test-quickstart.sh tests/e2e/test-text-classify.sh \
  tests/e2e/test-compose.sh tests/e2e/test-bad-input.sh tests/e2e/test-host-errors.sh tests/e2e/test-archives.sh \
  tests/e2e/test-rejects.sh tests/e2e/test-metrics.sh tests/e2e/test-memory.py \
  tests/e2e/test-resume.sh tests/e2e/test-reuse.sh tests/e2e/test-reuse-kinds.sh
TESTS += $(e2e_tests)
EXTRA_DIST += tests/e2e/lib.sh $(e2e_tests)

# The author's guide, as a newcomer follows it.

TESTS += tests/e2e/guide.py
EXTRA_DIST += tests/e2e/guide.py
