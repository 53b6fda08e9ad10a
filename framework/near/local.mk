# SPDX-License-Identifier: MIT
# libweir-near: near-duplicates as stages look for them: their threads, rows and memory, for the index of
# libweir-ml-text. Both are linked into them.
noinst_LTLIBRARIES += libweir-near.la
libweir_near_la_SOURCES = framework/near/near.c framework/near/near.h
