# SPDX-License-Identifier: MIT
# The headers that a stage author includes.
abidir = $(includedir)/weir-1/weir
abi_HEADERS = framework/abi/weir/plugin.h framework/abi/weir/columns.h
pkgconfig_DATA += framework/abi/weir-1.pc
