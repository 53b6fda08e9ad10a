# SPDX-License-Identifier: MIT
# libweir: the host. Everything is in a convenience library, so that unit tests reach what the shared one hides.
hostincludedir = $(includedir)/weir-1/weir
hostinclude_HEADERS = framework/core/weir/host.h
pkgconfig_DATA += framework/core/weir-host-1.pc
EXTRA_DIST += framework/core/porttype.h framework/core/options.h framework/core/loader.h

noinst_LTLIBRARIES += libweir-core.la
libweir_core_la_SOURCES = framework/core/type_expr.h framework/core/type_expr.c \
  framework/core/schema.h framework/core/schema.c \
  framework/core/utf8.h framework/core/utf8.c \
  framework/core/batch.h framework/core/batch_private.h framework/core/batch_build.c \
  framework/core/batch_share.c framework/core/batch_copy.c framework/core/batch_check.c \
  framework/core/batch_measure.c
