# SPDX-License-Identifier: MIT
# Plugin "evaluate": figures of merit of predictions.
stage_LTLIBRARIES += plugins/evaluate/evaluate.la
plugins_evaluate_evaluate_la_SOURCES = plugins/evaluate/evaluate.c plugins/evaluate/evaluate.h \
  plugins/evaluate/classification.c \
  plugins/evaluate/baselines.h plugins/evaluate/baselines.c plugins/evaluate/baselines_labels.c \
  plugins/evaluate/baselines_outcomes.c plugins/evaluate/baselines_sets.c \
  plugins/evaluate/evaluation.h plugins/evaluate/evaluation.c \
  plugins/evaluate/expected.h plugins/evaluate/expected.c \
  plugins/evaluate/heads.h plugins/evaluate/heads.c \
  plugins/evaluate/labels.h plugins/evaluate/labels.c \
  plugins/evaluate/messages.c \
  plugins/evaluate/records.h plugins/evaluate/records.c
plugins_evaluate_evaluate_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
plugins_evaluate_evaluate_la_LDFLAGS = $(PLUGIN_LINK)
plugins_evaluate_evaluate_la_LIBADD = libweir-ml-metrics.la libweir-base.la $(BASE_LIBS) $(XXHASH_LIBS) -lm

evaluate_tests = plugins/evaluate/test_evaluation
check_PROGRAMS += $(evaluate_tests)
TESTS += $(evaluate_tests)
plugins_evaluate_test_evaluation_SOURCES = plugins/evaluate/test_evaluation.c \
  plugins/evaluate/evaluation.c plugins/evaluate/expected.c plugins/evaluate/heads.c plugins/evaluate/labels.c
plugins_evaluate_test_evaluation_CFLAGS = $(AM_CFLAGS)
plugins_evaluate_test_evaluation_LDADD = libweir-ml-metrics.la libweir-base.la $(BASE_LIBS) -lm
TESTS += plugins/evaluate/cases.json
EXTRA_DIST += plugins/evaluate/cases.json
TESTS += plugins/evaluate/cases_baselines.json
EXTRA_DIST += plugins/evaluate/cases_baselines.json
