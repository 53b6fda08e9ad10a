# SPDX-License-Identifier: MIT
# libweir-store: artifact folders and archive files; knows no pipeline.
noinst_LTLIBRARIES += libweir-store.la
libweir_store_la_SOURCES = \
  framework/store/archive_file.h \
  framework/store/archive_pack.c \
  framework/store/archive_unpack.c \
  framework/store/artifact_copy.c \
  framework/store/artifact_export.c \
  framework/store/artifact_folder.h \
  framework/store/artifact_manifest.c \
  framework/store/artifact_private.h
libweir_store_la_CFLAGS = $(AM_CFLAGS) $(ARCHIVE_CFLAGS)
libweir_store_la_LIBADD = libweir-base.la $(ARCHIVE_LIBS)

store_tests = framework/store/test_artifact_folder framework/store/test_archive_file
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
framework_store_test_artifact_folder_LDADD = libweir-store.la $(BASE_LIBS)
framework_store_test_archive_file_LDADD = libweir-store.la $(BASE_LIBS) $(ARCHIVE_LIBS)
