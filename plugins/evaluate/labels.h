/* SPDX-License-Identifier: MIT */
/* How often each label occurs, in what is learned from and in what is tested on; by task, where there are tasks. */
#ifndef WEIR_EVALUATE_LABELS_H
#define WEIR_EVALUATE_LABELS_H

#include <glib.h>
#include <weir/columns.h>

enum { LABELS_TRAIN = 0, LABELS_TEST = 1, LABELS_SIDES = 2 };

/* A name may hold a NUL, so its length is kept. */
typedef struct {
  char *text; /* NULL: none, as of the task of rows without one */
  gsize size;
} LabelName;

typedef struct {
  LabelName task, label;
  guint64 rows[LABELS_SIDES];
} LabelCount;

/* Rows of one task. */
typedef struct {
  LabelName name;
  guint64 rows[LABELS_SIDES];
  guint64 unlabelled; /* of the test side */
  guint first, n;     /* its labels; filled by label_counts_sort() */
} LabelTask;

/* Belongs to one thread. */
typedef struct {
  GPtrArray *labels; /* of LabelCount */
  GPtrArray *tasks;  /* of LabelTask */
  GHashTable *numbers;
  GString *key;
} LabelCounts;

LabelCounts *label_counts_new(void);
void label_counts_free(LabelCounts *counts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LabelCounts, label_counts_free)

/* Positions of a task and of a label; made where they are new. `task` may be NULL. They change in label_counts_sort(). */
guint label_counts_task(LabelCounts *counts, const weir_text *task);
guint label_counts_label(LabelCounts *counts, guint task, weir_text label);

/* Puts tasks and labels in the order of their bytes, so that the order of rows has no influence. */
void label_counts_sort(LabelCounts *counts);

static inline LabelCount *
label_counts_at(const LabelCounts *counts, guint at)
{
  return counts->labels->pdata[at];
}

static inline LabelTask *
label_counts_task_at(const LabelCounts *counts, guint at)
{
  return counts->tasks->pdata[at];
}

#endif
