/* SPDX-License-Identifier: MIT */
/* The parts of evaluate.baselines: one for each kind of record, and what they share. */
#ifndef WEIR_EVALUATE_BASELINES_H
#define WEIR_EVALUATE_BASELINES_H

#include "evaluate.h"

/* One cell of a line of figures. */
typedef struct {
  const char *text; /* NULL: a number */
  double number;    /* NAN: not known, which is null */
} BaselineCell;

static inline BaselineCell
baseline_text(const char *text)
{
  return (BaselineCell){text ? text : "", 0};
}

static inline BaselineCell
baseline_number(double number)
{
  return (BaselineCell){NULL, number};
}

/* The lines that go to output "metrics", and to the table on the bus. */
typedef struct {
  weir_stage *stage;
  weir_batch *batch; /* NULL: nothing takes it */
  GPtrArray *table;  /* of GArray of BaselineCell with texts of its own */
  guint columns;
} BaselineLines;

/* 0 or -1 (reported). After -1 and after baseline_lines_send() the lines are gone. */
int baseline_lines_begin(weir_stage *stage, BaselineLines *lines);
void baseline_lines_add(BaselineLines *lines, const BaselineCell *cells, guint n);
int baseline_lines_send(BaselineLines *lines, const char *const *columns);
void baseline_lines_drop(BaselineLines *lines);

/* The columns of each kind; 0 or -1 (reported). */
int baselines_declare_labels(weir_stage *stage);
int baselines_declare_sets(weir_stage *stage);
int baselines_declare_outcomes(weir_stage *stage);

/* Evaluate; 0 or -1 (reported). */
int baselines_labels(weir_stage *stage);
int baselines_sets(weir_stage *stage);
int baselines_outcomes(weir_stage *stage);

/* Calls `row` for every record of a table input. 0 or -1 (reported). */
typedef struct {
  uint32_t port;
  const struct ArrowArray *batch;
  weir_column label, task, query, model, quality, latency, category;
  const weir_column *predictions;
} BaselineColumns;

typedef int (*BaselineRow)(gpointer data, const BaselineColumns *columns, int64_t row);
int baselines_each_row(weir_stage *stage, uint32_t port, BaselineRow row, gpointer data);

#endif
