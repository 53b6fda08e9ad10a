# SPDX-License-Identifier: MIT
# Plugin "artifact": models and other artifacts as folders or archives outside the run.
stage_LTLIBRARIES += plugins/artifact/artifact.la
plugins_artifact_artifact_la_SOURCES = plugins/artifact/artifact.h plugins/artifact/artifact.c \
  plugins/artifact/write.c plugins/artifact/read.c
plugins_artifact_artifact_la_LDFLAGS = $(PLUGIN_LINK)
plugins_artifact_artifact_la_LIBADD = libweir-store.la $(BASE_LIBS)
TESTS += plugins/artifact/cases.json
EXTRA_DIST += plugins/artifact/cases.json
