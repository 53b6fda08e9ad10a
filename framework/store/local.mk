# SPDX-License-Identifier: MIT
# libweir-store: artifact folders; knows no pipeline.
noinst_LTLIBRARIES += libweir-store.la
libweir_store_la_SOURCES = \
  framework/store/artifact_copy.c \
  framework/store/artifact_export.c \
  framework/store/artifact_folder.h \
  framework/store/artifact_manifest.c
libweir_store_la_LIBADD = libweir-base.la

store_tests = framework/store/test_artifact_folder
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
framework_store_test_artifact_folder_LDADD = libweir-store.la $(BASE_LIBS)
