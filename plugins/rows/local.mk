# SPDX-License-Identifier: MIT
# Plugin "rows": which records go on, and in what order. The class table is rows.c; one file a class.
stage_LTLIBRARIES += plugins/rows/rows.la
plugins_rows_rows_la_SOURCES = plugins/rows/rows.c plugins/rows/rows.h \
  plugins/rows/arrays.c plugins/rows/arrays.h \
  plugins/rows/count.c plugins/rows/count.h plugins/rows/count_groups.c \
  plugins/rows/decide.c plugins/rows/decide.h \
  plugins/rows/dedupe.c \
  plugins/rows/grant.c plugins/rows/grant.h \
  plugins/rows/concat.c \
  plugins/rows/filter.c \
  plugins/rows/hash.c plugins/rows/hash.h \
  plugins/rows/join.c plugins/rows/join.h plugins/rows/join_plan.c plugins/rows/join_right.c \
  plugins/rows/limit.c \
  plugins/rows/near.c \
  plugins/rows/part.c plugins/rows/part.h \
  plugins/rows/sample.c \
  plugins/rows/order.c plugins/rows/order.h \
  plugins/rows/shuffle.c \
  plugins/rows/sort.c \
  plugins/rows/sorter.c plugins/rows/sorter.h plugins/rows/sorter_merge.c plugins/rows/sorter_private.h \
  plugins/rows/sorter_sort.c \
  plugins/rows/store.c plugins/rows/store.h
plugins_rows_rows_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
plugins_rows_rows_la_LDFLAGS = $(PLUGIN_LINK)
plugins_rows_rows_la_LIBADD = libweir-expression.la libweir-near.la libweir-ml-text.la libweir-base.la $(BASE_LIBS) $(XXHASH_LIBS) -lm

rows_scripts = plugins/rows/test_limit.sh plugins/rows/test_memory.sh
TESTS += $(rows_scripts)
EXTRA_DIST += $(rows_scripts)
TESTS += plugins/rows/cases.json plugins/rows/cases_filter.json plugins/rows/cases_part.json
EXTRA_DIST += plugins/rows/cases.json plugins/rows/cases_filter.json plugins/rows/cases_part.json
# Order and memory: sort, shuffle.
TESTS += plugins/rows/cases_order.json
EXTRA_DIST += plugins/rows/cases_order.json
# Equal records.
TESTS += plugins/rows/cases_dedupe.json
EXTRA_DIST += plugins/rows/cases_dedupe.json
# Nearly equal records.
TESTS += plugins/rows/cases_near.json
EXTRA_DIST += plugins/rows/cases_near.json
# Two inputs brought together.
TESTS += plugins/rows/cases_join.json
EXTRA_DIST += plugins/rows/cases_join.json
# Groups.
TESTS += plugins/rows/cases_count.json
EXTRA_DIST += plugins/rows/cases_count.json
# What fails.
check_PROGRAMS += plugins/rows/test_faults
TESTS += plugins/rows/test_faults
plugins_rows_test_faults_SOURCES = plugins/rows/test_faults.c
plugins_rows_test_faults_LDADD = libweir-harness-1.la
