# SPDX-License-Identifier: MIT
# libweir-expression: expressions over columns, and plans of outputs, for stages that filter and compute. Linked into
# them.
noinst_LTLIBRARIES += libweir-expression.la
libweir_expression_la_SOURCES = \
  framework/expression/compile.c \
  framework/expression/eval.c \
  framework/expression/expression.h \
  framework/expression/expression_private.h \
  framework/expression/functions.c \
  framework/expression/kernel_compare.c \
  framework/expression/kernel_logic.c \
  framework/expression/kernel_number.c \
  framework/expression/kernel_text.c \
  framework/expression/kernel_time.c \
  framework/expression/layout.c \
  framework/expression/layout.h \
  framework/expression/lex.c \
  framework/expression/parse.c
