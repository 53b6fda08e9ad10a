# SPDX-License-Identifier: MIT
# Worlds that break: a library to preload whose calls fail.
check_LTLIBRARIES += tests/faults/faults.la
tests_faults_faults_la_SOURCES = tests/faults/faults.c
tests_faults_faults_la_CFLAGS = -fno-builtin -Wno-redundant-decls -U_FORTIFY_SOURCE -fno-sanitize=all
tests_faults_faults_la_LDFLAGS = -module -avoid-version -rpath /nowhere
if !SANITIZED
TESTS += tests/faults/test-faults.py
endif
EXTRA_DIST += tests/faults/test-faults.py
# Every call instead of a sample: minutes.
check-faults: all $(check_LTLIBRARIES)
	$(AM_TESTS_ENVIRONMENT) FAULTS=all python3 $(srcdir)/tests/faults/test-faults.py
.PHONY: check-faults
# Runs that are killed, and resumed until they are done: minutes.
EXTRA_DIST += tests/faults/torture.py tests/faults/torture.sh
check-torture: all $(check_LTLIBRARIES)
	$(AM_TESTS_ENVIRONMENT) ROUNDS='$(ROUNDS)' $(SHELL) $(srcdir)/tests/faults/torture.sh
.PHONY: check-torture
