# SPDX-License-Identifier: MIT
# The plugin "file": everything but its descriptor is in a convenience library, which the tests link too.
noinst_LTLIBRARIES += libfile.la
libfile_la_SOURCES = \
  plugins/file/csv.h plugins/file/csv_column.c plugins/file/csv_detect.c plugins/file/csv_infer.c \
  plugins/file/csv_index.c plugins/file/csv_index.h plugins/file/csv_parse.c plugins/file/csv_parse.h \
  plugins/file/csv_record.c plugins/file/csv_record.h \
  plugins/file/format.c plugins/file/reader.h \
  plugins/file/utf8.c plugins/file/utf8.h \
  plugins/file/value_parse.c plugins/file/value_parse.h plugins/file/value_real.c
libfile_la_LIBADD = libweir-base.la $(BASE_LIBS) -lm

file_tests = plugins/file/test-csv plugins/file/test-utf8 plugins/file/test-value-parse
check_PROGRAMS += $(file_tests)
TESTS += $(file_tests)
plugins_file_test_csv_SOURCES = plugins/file/test-csv.c plugins/file/test-feed.h
plugins_file_test_csv_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS)
plugins_file_test_utf8_LDADD = libfile.la $(BASE_LIBS)
plugins_file_test_value_parse_LDADD = libfile.la $(BASE_LIBS)
