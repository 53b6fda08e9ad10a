/* SPDX-License-Identifier: MIT */
/* The rows of a table as training wants them: texts, dense values, and labels as numbers. */
#ifndef WEIR_LINEAR_ROWS_H
#define WEIR_LINEAR_ROWS_H

#include "linear.h"

#define LINEAR_NO_LABEL G_MAXUINT32

/* Labels of one task, numbered in the order of their bytes. */
typedef struct {
  char *task;          /* NULL without a task column */
  GPtrArray *labels;   /* of char * */
  GHashTable *numbers; /* label to number */
  guint64 *rows;       /* a count a label */
} LinearTask;

/* Which tasks and labels there are. Fixed by the training rows; eval rows look themselves up. */
typedef struct {
  GPtrArray *tasks;    /* of LinearTask, in the order of their names' bytes */
  GHashTable *numbers; /* name to number */
} LinearTasks;

void linear_tasks_free(LinearTasks *tasks);

/* Texts point into the batches, which are kept until the rows are freed. Rows without a label, or without a task where
 * tasks are wanted, are left out. */
typedef struct {
  GArray *batches;  /* of ArrowArray */
  GPtrArray *texts; /* of const char *: not terminated */
  GArray *lengths;  /* of gsize */
  GArray *heads;    /* of uint32_t */
  GArray *labels;   /* of uint32_t: LINEAR_NO_LABEL for one that training never saw */
  GArray *dense;    /* of double */
  guint64 without_label;
  guint64 of_unknown_task; /* eval rows that no head is for */
  guint64 of_unknown_label;
  guint64 with_text; /* rows whose text is not empty */
} LinearRows;

/* Reads a table input. With `tasks` holding NULL the tasks and labels are collected into it; otherwise looked up. NULL:
 * failed, reported. */
LinearRows *linear_rows_read(weir_stage *stage, uint32_t port, LinearTasks **tasks);
void linear_rows_free(LinearRows *rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(LinearTasks, linear_tasks_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LinearRows, linear_rows_free)

/* A value of a label or task column as text; it lives as long as the batch, or until the next call for `scratch`. */
weir_text linear_name(const weir_column *column, int64_t row, GString *scratch);

#endif
