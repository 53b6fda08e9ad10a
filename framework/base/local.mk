# SPDX-License-Identifier: MIT
# libweir-base: what every part of the host uses and that knows no part of it.
noinst_LTLIBRARIES += libweir-base.la
libweir_base_la_SOURCES = \
  framework/base/atomic_common.c \
  framework/base/atomic_dir.c \
  framework/base/atomic_dir.h \
  framework/base/atomic_file.c \
  framework/base/atomic_file.h \
  framework/base/atomic_private.h \
  framework/base/child.c \
  framework/base/child.h \
  framework/base/copy.c \
  framework/base/copy.h \
  framework/base/cpu.c \
  framework/base/cpu.h \
  framework/base/diagnostics.c \
  framework/base/diagnostics.h \
  framework/base/digest.c \
  framework/base/digest.h \
  framework/base/error.c \
  framework/base/error.h \
  framework/base/files.c \
  framework/base/files.h \
  framework/base/json_scan.c \
  framework/base/json_scan.h \
  framework/base/json_text.c \
  framework/base/json_token.c \
  framework/base/json_token.h \
  framework/base/json_write.c \
  framework/base/json_write.h \
  framework/base/nearest.c \
  framework/base/nearest.h \
  framework/base/position.c \
  framework/base/position.h \
  framework/base/quote.c \
  framework/base/quote.h \
  framework/base/redact.c \
  framework/base/redact.h \
  framework/base/tree.c \
  framework/base/tree.h \
  framework/base/tree_check.c \
  framework/base/tree_json.c \
  framework/base/tree_load.c \
  framework/base/tree_text.c \
  framework/base/tree_text.h \
  framework/base/tree_write.c \
  framework/base/tree_yaml.c \
  framework/base/units.c \
  framework/base/units.h \
  framework/base/units_format.c \
  framework/base/value_parse.c \
  framework/base/value_parse.h \
  framework/base/value_real.c \
  framework/base/value_shortest.c \
  framework/base/value_shortest.h \
  framework/base/value_write.c \
  framework/base/value_write.h \
  framework/base/yaml_error.c \
  framework/base/yaml_read.h \
  framework/base/yaml_scalar.c
libweir_base_la_LIBADD = $(BASE_LIBS) -lm

base_tests = \
  framework/base/test-atomic \
  framework/base/test-diagnostics \
  framework/base/test-digest \
  framework/base/test-files \
  framework/base/test-json-write \
  framework/base/test-nearest \
  framework/base/test-redact \
  framework/base/test-tree \
  framework/base/test-tree-yaml \
  framework/base/test-units \
  framework/base/test-value-parse \
  framework/base/test-value-write
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
EXTRA_DIST += framework/base/test-folder.h
framework_base_test_atomic_LDADD = libweir-base.la
framework_base_test_diagnostics_LDADD = libweir-base.la
framework_base_test_digest_LDADD = libweir-base.la
framework_base_test_files_LDADD = libweir-base.la
framework_base_test_json_write_LDADD = libweir-base.la
framework_base_test_nearest_LDADD = libweir-base.la
framework_base_test_redact_LDADD = libweir-base.la
framework_base_test_tree_LDADD = libweir-base.la
framework_base_test_tree_yaml_LDADD = libweir-base.la
framework_base_test_units_LDADD = libweir-base.la
framework_base_test_value_parse_LDADD = libweir-base.la
framework_base_test_value_write_LDADD = libweir-base.la -lm
