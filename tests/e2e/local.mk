# SPDX-License-Identifier: MIT
# Whole pipelines, run as a user runs them.
e2e_tests = tests/e2e/stages.sh tests/e2e/quickstart.sh tests/e2e/text_classify.sh tests/e2e/bad_input.sh
TESTS += $(e2e_tests)
EXTRA_DIST += tests/e2e/lib.sh $(e2e_tests)
