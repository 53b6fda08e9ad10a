# SPDX-License-Identifier: MIT
# What opens plugins as the host does, and a plugin to open.
check_PROGRAMS += tests/abi/try-open tests/abi/damage tests/abi/descriptor tests/abi/layout
TESTS += tests/abi/damage tests/abi/descriptor
tests_abi_try_open_LDADD = libweir-core.la libweir-base.la $(BASE_LIBS)
tests_abi_damage_LDADD = $(BASE_LIBS)
EXTRA_DIST += tests/abi/upper.c tests/abi/plus.cc
tests_abi_descriptor_LDADD = libweir-core.la libweir-base.la $(BASE_LIBS)
abi_scripts = tests/abi/test-refusals.sh tests/abi/test-symbols.sh tests/abi/test-hello.sh \
  tests/abi/test-frozen.sh tests/arrows.sh
TESTS += $(abi_scripts)
if !SANITIZED
TESTS += tests/abi/test-plus.sh
endif
EXTRA_DIST += tests/abi/test-plus.sh
EXTRA_DIST += tests/tap.sh tests/abi/freeze.sh tests/abi/1.0/weir/plugin.h tests/abi/1.0/weir/columns.h \
  tests/abi/1.1/weir/plugin.h tests/abi/1.1/weir/columns.h $(abi_scripts)

# A plugin that breaks each rule of the contract.
check_LTLIBRARIES += tests/contract/contract.la
tests_contract_contract_la_SOURCES = tests/contract/contract.c
tests_contract_contract_la_LDFLAGS = $(PLUGIN_LINK) -rpath /nowhere
TESTS += tests/contract/test-contract.sh
EXTRA_DIST += tests/contract/test-contract.sh

# Each stage has cases of its own.
TESTS += tests/harness/test-coverage.sh tests/harness/test-verify.sh
EXTRA_DIST += tests/harness/test-coverage.sh tests/harness/test-verify.sh

# Measurements beside peers, printed as ratios and written to bench.json.
EXTRA_DIST += tests/bench/bench.py tests/bench/bench.c tests/bench/gen_text.py tests/bench/gen_records.py tests/bench/gen_near.py tests/bench/sklearn_text.py tests/bench/multilabel.py
bench: all
	$(AM_TESTS_ENVIRONMENT) python3 $(srcdir)/tests/bench/bench.py --build . --output bench.json
.PHONY: bench

# Layout and mistakes, as clang-format, clang-tidy and cppcheck see them.
EXTRA_DIST += .clang-tidy tests/lint.sh
lint: config.h
	top_builddir='$(abs_top_builddir)' $(srcdir)/tests/lint.sh
.PHONY: lint

# Every command of the README.
TESTS += tests/e2e/readme.py
EXTRA_DIST += tests/e2e/readme.py
CLEANFILES += tests/install.lock

include tests/e2e/local.mk
include tests/fuzz/local.mk
include tests/faults/local.mk

# Tests on real data sets: `make check-data`.
DATA_TESTS += tests/data/test-read.sh tests/data/test-banking77.sh tests/data/test-goemotions.sh
EXTRA_DIST += tests/data/test-read.sh tests/data/test-banking77.sh tests/data/test-goemotions.sh

# All test programs under valgrind: what sanitizers do not see, such as values that were never set.
EXTRA_DIST += tests/sanitizers/valgrind.sh tests/sanitizers/thread.supp
check-valgrind: all
	$(MAKE) check TESTS="`echo ' $(TESTS) ' | tr ' ' '\n' | grep -v '\.[a-z]*$$' | tr '\n' ' '`" LOG_COMPILER='$(srcdir)/tests/sanitizers/valgrind.sh'
# What has threads, for a build with --enable-sanitizers=thread.
check-threads: all
	$(MAKE) check TESTS="`echo ' $(TESTS) ' | tr ' ' '\n' | grep -v '\.py$$' | \
	  grep -E '^(framework/(core|harness|ml)|plugins|tests/contract)/' | tr '\n' ' '` \
	  tests/e2e/test-quickstart.sh tests/e2e/test-text-classify.sh"
.PHONY: check-valgrind check-threads
