# SPDX-License-Identifier: MIT
# Plugin "rows": which records go on, and in what order. The class table is rows.c; one file a class.
stage_LTLIBRARIES += plugins/rows/rows.la
plugins_rows_rows_la_SOURCES = plugins/rows/rows.c plugins/rows/rows.h \
  plugins/rows/limit.c
plugins_rows_rows_la_LDFLAGS = $(PLUGIN_LINK)
plugins_rows_rows_la_LIBADD = libweir-base.la $(BASE_LIBS) -lm

rows_scripts = plugins/rows/test_limit.sh
TESTS += $(rows_scripts)
EXTRA_DIST += $(rows_scripts)
TESTS += plugins/rows/cases.json
EXTRA_DIST += plugins/rows/cases.json
