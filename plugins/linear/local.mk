# SPDX-License-Identifier: MIT
# Plugin "linear": linear text classifiers.
stage_LTLIBRARIES += plugins/linear/linear.la
plugins_linear_linear_la_SOURCES = plugins/linear/linear.c \
  plugins/linear/linear.h \
  plugins/linear/predict.c \
  plugins/linear/rows.c plugins/linear/rows.h \
  plugins/linear/train.c
plugins_linear_linear_la_LDFLAGS = $(PLUGIN_LINK)
plugins_linear_linear_la_LIBADD = libweir-ml.la libweir-base.la $(BASE_LIBS) -lm

linear_scripts = plugins/linear/test_linear.sh
TESTS += $(linear_scripts)
EXTRA_DIST += $(linear_scripts)
TESTS += plugins/linear/cases.json
EXTRA_DIST += plugins/linear/cases.json
