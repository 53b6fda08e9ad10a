# SPDX-License-Identifier: MIT
# The plugin "file": everything but its descriptor is in a convenience library, which the tests link too.
noinst_LTLIBRARIES += libfile.la
libfile_la_SOURCES = \
  plugins/file/format.c plugins/file/reader.h \
  plugins/file/utf8.c plugins/file/utf8.h \
  plugins/file/value_parse.c plugins/file/value_parse.h plugins/file/value_real.c
libfile_la_LIBADD = $(BASE_LIBS) -lm

file_tests = plugins/file/test_utf8 plugins/file/test_value_parse
check_PROGRAMS += $(file_tests)
TESTS += $(file_tests)
plugins_file_test_utf8_LDADD = libfile.la $(BASE_LIBS)
plugins_file_test_value_parse_LDADD = libfile.la $(BASE_LIBS)
