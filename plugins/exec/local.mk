# SPDX-License-Identifier: MIT
# Plugin "exec": programs of their own as stages.
stage_LTLIBRARIES += plugins/exec/exec.la
plugins_exec_exec_la_SOURCES = plugins/exec/exec.c plugins/exec/exec.h \
  plugins/exec/child.c plugins/exec/child.h \
  plugins/exec/command.c \
  plugins/exec/emit.c \
  plugins/exec/map.c plugins/exec/map.h \
  plugins/exec/record.c \
  plugins/exec/schema.c \
  plugins/exec/workers.c
plugins_exec_exec_la_LDFLAGS = $(PLUGIN_LINK)
plugins_exec_exec_la_LIBADD = libweir-base.la $(BASE_LIBS) -lm

exec_scripts = plugins/exec/test_exec.sh
TESTS += $(exec_scripts)
EXTRA_DIST += $(exec_scripts)
TESTS += plugins/exec/cases.json
EXTRA_DIST += plugins/exec/cases.json
