# SPDX-License-Identifier: MIT
# libweir-harness: tests one stage at a time. It holds the host within itself, and shows only weir/harness.h.
harnessincludedir = $(includedir)/weir-1/weir
harnessinclude_HEADERS = framework/harness/weir/harness.h
pkgconfig_DATA += framework/harness/weir-harness-1.pc

lib_LTLIBRARIES += libweir-harness-1.la
libweir_harness_1_la_SOURCES = framework/harness/private.h framework/harness/harness.c \
  framework/harness/rows.c framework/harness/stages.c framework/harness/faults.c framework/harness/watch.c framework/harness/run.c \
  framework/harness/check.c framework/harness/isolate.h framework/harness/isolate.c framework/harness/cases.h \
  framework/harness/cases.c framework/harness/cases_run.c \
  framework/harness/verify.h framework/harness/verify.c framework/harness/verify_say.c \
  framework/harness/verify_setup.c framework/harness/verify_values.c framework/harness/verify_checks.c \
  framework/harness/verify_faults.c framework/harness/interpose.h framework/harness/interpose.c
libweir_harness_1_la_LIBADD = libweir-core.la $(BASE_LIBS) -lm
libweir_harness_1_la_LDFLAGS = -version-info 0:0:0 -no-undefined -export-symbols-regex '^weir_harness_'

check_LTLIBRARIES += framework/harness/test-stages/probe.la
framework_harness_test_stages_probe_la_SOURCES = framework/harness/test-stages/probe.c
framework_harness_test_stages_probe_la_LDFLAGS = $(PLUGIN_LINK) -rpath /nowhere
harness_tests = framework/harness/test_harness
check_PROGRAMS += $(harness_tests)
TESTS += $(harness_tests) framework/harness/test_cases.sh
if !SANITIZED
TESTS += framework/harness/test_verify.sh
endif
EXTRA_DIST += framework/harness/test_cases.sh framework/harness/test_verify.sh
framework_harness_test_harness_LDADD = libweir-harness-1.la
check_LTLIBRARIES += framework/harness/test-stages/faulty.la
framework_harness_test_stages_faulty_la_SOURCES = framework/harness/test-stages/faulty.c
framework_harness_test_stages_faulty_la_LDFLAGS = $(PLUGIN_LINK) -rpath /nowhere
