# SPDX-License-Identifier: MIT
# Plugin "check": looks at data before it is learned from.
stage_LTLIBRARIES += plugins/check/check.la
plugins_check_check_la_SOURCES = plugins/check/check.c plugins/check/check.h \
  plugins/check/exact.c \
  plugins/check/leakage.c \
  plugins/check/leaks.c \
  plugins/check/near.c \
  plugins/check/rows.c
plugins_check_check_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
plugins_check_check_la_LDFLAGS = $(PLUGIN_LINK)
plugins_check_check_la_LIBADD = libweir-near.la libweir-ml-text.la libweir-base.la $(BASE_LIBS) $(XXHASH_LIBS)

check_scripts = plugins/check/test_leakage.sh
TESTS += $(check_scripts)
EXTRA_DIST += $(check_scripts)
TESTS += plugins/check/cases.json
EXTRA_DIST += plugins/check/cases.json
