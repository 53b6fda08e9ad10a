# SPDX-License-Identifier: MIT
# Plugin "columns": chooses, names, converts and makes columns.
stage_LTLIBRARIES += plugins/columns/columns.la
plugins_columns_columns_la_SOURCES = plugins/columns/columns.c plugins/columns/columns.h \
  plugins/columns/cast.c plugins/columns/compute.c plugins/columns/constant.c \
  plugins/columns/select.c plugins/columns/text.c \
  plugins/columns/type.c plugins/columns/type.h
plugins_columns_columns_la_LDFLAGS = $(PLUGIN_LINK)
plugins_columns_columns_la_LIBADD = libweir-expression.la libweir-base.la $(BASE_LIBS) -lm

TESTS += plugins/columns/cases.json
EXTRA_DIST += plugins/columns/cases.json
