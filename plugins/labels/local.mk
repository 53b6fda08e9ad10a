# SPDX-License-Identifier: MIT
# Plugin "labels": renames and balances labels.
stage_LTLIBRARIES += plugins/labels/labels.la
plugins_labels_labels_la_SOURCES = plugins/labels/labels.c plugins/labels/labels.h \
  plugins/labels/balance.c plugins/labels/map.c \
  plugins/labels/names.c plugins/labels/names.h
plugins_labels_labels_la_LDFLAGS = $(PLUGIN_LINK)
plugins_labels_labels_la_LIBADD = libweir-expression.la libweir-base.la $(BASE_LIBS) -lm

TESTS += plugins/labels/cases.json
EXTRA_DIST += plugins/labels/cases.json
