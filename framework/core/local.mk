# SPDX-License-Identifier: MIT
# libweir: the host. Everything is in a convenience library, so that unit tests reach what the shared one hides.
hostincludedir = $(includedir)/weir-1/weir
hostinclude_HEADERS = framework/core/weir/host.h
pkgconfig_DATA += framework/core/weir-host-1.pc
EXTRA_DIST += framework/core/schema.h framework/core/porttype.h framework/core/options.h \
  framework/core/batch.h framework/core/loader.h
