/* SPDX-License-Identifier: MIT */
/* State of the stages, filled from their options by the host, and their functions. */
#ifndef WEIR_COLUMNS_STAGES_H
#define WEIR_COLUMNS_STAGES_H

#include <glib.h>
#include <weir/plugin.h>

#include "expression/expression.h"
#include "expression/layout.h"
#include "type.h"

/* ---- select and rename ---- */

typedef struct {
  weir_list keep;
  weir_list drop;
  Arrangement arrangement;
} ColumnsSelect;

int columns_select_schema(weir_stage *stage);
int columns_select_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);

typedef struct {
  weir_map columns;
  Arrangement arrangement;
} ColumnsRename;

int columns_rename_schema(weir_stage *stage);
int columns_rename_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);

/* ---- cast ---- */

enum { COLUMNS_INVALID_REJECT, COLUMNS_INVALID_NULL };

typedef struct {
  int32_t index;
  TargetType to;
} CastColumn;

typedef struct {
  weir_map columns;
  int32_t invalid;
  int32_t unit;
  CastColumn *casts;
  Arrangement arrangement;
} ColumnsCast;

int columns_cast_schema(weir_stage *stage);
int columns_cast_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);

/* ---- constant ---- */

typedef struct {
  weir_map values;
  weir_map types;
  bool replace;
  TargetType *targets;
  Arrangement arrangement;
} ColumnsConstant;

int columns_constant_schema(weir_stage *stage);
int columns_constant_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
/* A text as a column of one row, which borrows both. */
weir_column columns_text_value(const char *text, int32_t offsets[2]);

/* ---- concat and template ---- */

enum { COLUMNS_NULL_SKIP, COLUMNS_NULL_EMPTY, COLUMNS_NULL_NULL };

typedef struct {
  weir_list columns;
  const char *into;
  const char *separator;
  int32_t null;
  bool replace;
  Arrangement arrangement;
} ColumnsConcat;

int columns_concat_schema(weir_stage *stage);
int columns_concat_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);

enum { COLUMNS_TEMPLATE_NULL, COLUMNS_TEMPLATE_EMPTY };

typedef struct {
  gint32 column; /* or -1: text */
  const char *text;
  gsize length;
} TemplatePart;

typedef struct {
  const char *template;
  const char *into;
  int32_t null;
  bool replace;
  TemplatePart *parts;
  gsize n_parts;
  Arrangement arrangement;
} ColumnsTemplate;

int columns_template_schema(weir_stage *stage);
int columns_template_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);

/* ---- compute ---- */

#define COMPUTE_KEPT 16 /* chunks of WEIR_EXPRESSION_ROWS whose values are kept until they are put */

/* What one call evaluates with. */
typedef struct {
  WeirEvaluation **of; /* COMPUTE_KEPT a column, made when needed */
  WeirValues *values;  /* of their last run */
} ComputeSet;

typedef struct {
  weir_map columns;
  bool replace;
  WeirExpression **expressions;
  Arrangement arrangement;

  GMutex lock;
  GPtrArray *idle; /* of ComputeSet */
} ColumnsCompute;

int columns_compute_schema(weir_stage *stage);
int columns_compute_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
void columns_compute_close(weir_stage *stage);

#endif
