# SPDX-License-Identifier: MIT
# The plugin "file": everything but its descriptor is in a convenience library, which the tests link too.
stage_LTLIBRARIES += plugins/file/file.la
plugins_file_file_la_SOURCES = plugins/file/file.c
plugins_file_file_la_LDFLAGS = $(PLUGIN_LINK)
plugins_file_file_la_LIBADD = libfile.la

noinst_LTLIBRARIES += libfile.la
libfile_la_CFLAGS = $(AM_CFLAGS) $(ARCHIVE_CFLAGS)
libfile_la_SOURCES = \
  plugins/file/csv.h plugins/file/csv_column.c plugins/file/csv_detect.c plugins/file/csv_fast.c plugins/file/csv_infer.c \
  plugins/file/csv_index.c plugins/file/csv_index.h plugins/file/csv_parse.c plugins/file/csv_parse.h \
  plugins/file/csv_record.c plugins/file/csv_record.h \
  plugins/file/detect.c plugins/file/detect.h \
  plugins/file/format.c plugins/file/reader.h \
  plugins/file/json_column.c plugins/file/json_column.h plugins/file/json_field.h plugins/file/json_format.c \
  plugins/file/json_keys.c plugins/file/json_keys.h plugins/file/json_number.c \
  plugins/file/json_read.c plugins/file/json_read.h \
  plugins/file/json_scan.c plugins/file/json_scan.h plugins/file/json_scan_private.h plugins/file/json_scan_x86.c \
  plugins/file/json_shape.c plugins/file/json_shape.h plugins/file/json_string.c plugins/file/json_string.h \
  plugins/file/json_value.c plugins/file/json_walk.c plugins/file/json_walk.h \
  plugins/file/members.c plugins/file/members.h \
  plugins/file/paths.c plugins/file/paths.h \
  plugins/file/read.c plugins/file/read.h plugins/file/read_plan.c \
  plugins/file/source.c plugins/file/source.h \
  plugins/file/text_format.c \
  plugins/file/utf8.c plugins/file/utf8.h \
  plugins/file/window.c plugins/file/window.h \
  plugins/file/write.c plugins/file/write.h plugins/file/write_column.c plugins/file/write_csv.c \
  plugins/file/write_format.h \
  plugins/file/write_json.c \
  plugins/file/write_sink.c plugins/file/write_sink.h plugins/file/write_text.c
libfile_la_LIBADD = libweir-base.la $(BASE_LIBS) $(ARCHIVE_LIBS) -lm

file_tests = plugins/file/test-csv plugins/file/test-source plugins/file/test-utf8
check_PROGRAMS += $(file_tests)
TESTS += $(file_tests) plugins/file/test-read.py
EXTRA_DIST += plugins/file/test-read.py tests/bench/gen_text.py
plugins_file_test_source_SOURCES = plugins/file/test-source.c plugins/file/test-feed.h
plugins_file_test_source_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS)
plugins_file_test_csv_SOURCES = plugins/file/test-csv.c plugins/file/test-feed.h
plugins_file_test_csv_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS)
plugins_file_test_utf8_LDADD = libfile.la $(BASE_LIBS)

# JSON.
file_json_tests = plugins/file/test-json-read plugins/file/test-json-random plugins/file/test-json-scan
check_PROGRAMS += $(file_json_tests)
TESTS += $(file_json_tests)
plugins_file_test_json_read_SOURCES = plugins/file/test-json-read.c plugins/file/test-json-feed.h
plugins_file_test_json_read_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS)
plugins_file_test_json_random_SOURCES = plugins/file/test-json-random.c plugins/file/test-json-feed.h
plugins_file_test_json_random_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS) -lm
plugins_file_test_json_scan_SOURCES = plugins/file/test-json-scan.c plugins/file/test-json-feed.h
plugins_file_test_json_scan_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS)

# Writing.
check_PROGRAMS += plugins/file/test-write-formats
TESTS += plugins/file/test-write-formats plugins/file/test-write.py
EXTRA_DIST += plugins/file/test-write.py
plugins_file_test_write_formats_LDADD = libfile.la libweir-core.la libweir-base.la $(BASE_LIBS) $(ARCHIVE_LIBS) -lm
TESTS += plugins/file/cases.json
EXTRA_DIST += plugins/file/cases.json
