# SPDX-License-Identifier: MIT
# Plugin "split": shares records out to training, test and other sets.
stage_LTLIBRARIES += plugins/split/split.la
plugins_split_split_la_SOURCES = plugins/split/stratified.c \
  plugins/split/apportion.h plugins/split/apportion.c \
  plugins/split/strata.h plugins/split/strata.c
plugins_split_split_la_LDFLAGS = $(PLUGIN_LINK)
plugins_split_split_la_LIBADD = libweir-base.la $(BASE_LIBS) -lm

split_tests = plugins/split/test_split
check_PROGRAMS += $(split_tests)
TESTS += $(split_tests)
plugins_split_test_split_SOURCES = plugins/split/test_split.c \
  plugins/split/apportion.c plugins/split/strata.c
plugins_split_test_split_CFLAGS = $(AM_CFLAGS)
plugins_split_test_split_LDADD = libweir-base.la $(BASE_LIBS) -lm
