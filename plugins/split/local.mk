# SPDX-License-Identifier: MIT
# Plugin "split": shares records out to training, test and other sets.
stage_LTLIBRARIES += plugins/split/split.la
plugins_split_split_la_SOURCES = plugins/split/split.h plugins/split/split.c \
  plugins/split/deal.h plugins/split/deal.c \
  plugins/split/missing.c \
  plugins/split/key.h plugins/split/key.c \
  plugins/split/groups.h plugins/split/groups.c \
  plugins/split/balance.h plugins/split/balance.c \
  plugins/split/assign.h plugins/split/assign.c \
  plugins/split/apportion.h plugins/split/apportion.c \
  plugins/split/strata.h plugins/split/strata.c plugins/split/strata_report.c \
  plugins/split/stratified.c plugins/split/hash.c plugins/split/group.c plugins/split/time.c \
  plugins/split/iterative.h plugins/split/iterative.c plugins/split/multilabel.c \
  plugins/split/clusters.c
plugins_split_split_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
plugins_split_split_la_LDFLAGS = $(PLUGIN_LINK)
plugins_split_split_la_LIBADD = libweir-near.la libweir-ml-text.la libweir-base.la $(BASE_LIBS) $(XXHASH_LIBS) -lm

split_tests = plugins/split/test_split plugins/split/test_placing
check_PROGRAMS += $(split_tests)
TESTS += $(split_tests)
plugins_split_test_split_SOURCES = plugins/split/test_split.c \
  plugins/split/apportion.c plugins/split/strata.c
plugins_split_test_split_CFLAGS = $(AM_CFLAGS)
plugins_split_test_split_LDADD = libweir-base.la $(BASE_LIBS) -lm
plugins_split_test_placing_SOURCES = plugins/split/test_placing.c plugins/split/apportion.c plugins/split/balance.c \
  plugins/split/groups.c plugins/split/iterative.c plugins/split/key.c
plugins_split_test_placing_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
plugins_split_test_placing_LDADD = libweir-base.la $(BASE_LIBS) $(XXHASH_LIBS) -lm

split_scripts = plugins/split/test_stages.sh
TESTS += $(split_scripts)
EXTRA_DIST += $(split_scripts)
TESTS += plugins/split/cases.json
EXTRA_DIST += plugins/split/cases.json
TESTS += plugins/split/cases_others.json
EXTRA_DIST += plugins/split/cases_others.json
