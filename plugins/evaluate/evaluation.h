/* SPDX-License-Identifier: MIT */
/* Counts predictions against labels, over all rows and by task, and draws the figures from the counts. */
#ifndef WEIR_EVALUATE_EVALUATION_H
#define WEIR_EVALUATE_EVALUATION_H

#include <weir/columns.h>

#include "ml/metrics.h"

/* Rows of one task, or all of them. With tasks, a class is a label of a task: "yes" of two tasks is two
 * classes, and the figures over all rows count both. */
typedef struct {
  char *task; /* NULL: over all rows */
  guint64 unlabelled;
  WeirConfusion *confusion; /* classes by their number */
  WeirCalibration calibration;
  guint64 with_confidence; /* rows that have one */
  WeirLogLoss loss;        /* rows whose probabilities are known */
  GArray *unseen;          /* guint32: classes among the labels that the model was never trained on */

  /* Filled by evaluation_finish(): */
  WeirScores scores;
  WeirInterval accuracy; /* 95 % each */
  WeirInterval macro_f1;
  WeirInterval weighted_f1;
} EvaluationGroup;

/* A label; of a task, where there are tasks. */
typedef struct {
  guint32 task; /* position in `groups`; 0 without tasks */
  char *label;
} EvaluationClass;

/* Belongs to one thread. */
typedef struct {
  GPtrArray *groups;  /* of EvaluationGroup: over all first, then the tasks by the bytes of their names */
  GPtrArray *classes; /* of EvaluationClass, by task, then by the bytes of the label */
  GHashTable *numbers;
  GString *scratch;
} Evaluation;

Evaluation *evaluation_new(void);
void evaluation_free(Evaluation *evaluation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Evaluation, evaluation_free)

/* Position of a task's group, made where it is new; `task` NULL: the group over all. */
guint32 evaluation_task(Evaluation *evaluation, const weir_text *task);
/* Number of a class, made where it is new. Both change in evaluation_finish(). */
guint32 evaluation_class(Evaluation *evaluation, guint32 task, weir_text label);

/* Counts a row. `confidence` and `probability_of_truth` are NAN where they are not known. */
void evaluation_add(Evaluation *evaluation, guint32 task, guint32 truth, guint32 prediction,
                    double confidence, double probability_of_truth);
/* Counts a row without a label. */
void evaluation_skip(Evaluation *evaluation, guint32 task);

/* Whether the model that predicted was trained on this class. */
typedef gboolean (*EvaluationKnown)(const char *task, const char *label, gpointer data);

/* Puts tasks and classes in their order, so that the order of the rows has no influence, and fills the
 * figures. `known` may be NULL. Once; nothing is added after it. */
void evaluation_finish(Evaluation *evaluation, guint rounds, guint64 seed, EvaluationKnown known,
                       gpointer data);

static inline EvaluationGroup *
evaluation_group(const Evaluation *evaluation, guint at)
{
  return evaluation->groups->pdata[at];
}

static inline const EvaluationClass *
evaluation_get_class(const Evaluation *evaluation, guint32 number)
{
  return evaluation->classes->pdata[number];
}

/* Classes that occur in a group as label or prediction, in order. Free with g_array_unref. */
GArray *evaluation_present(const EvaluationGroup *group); /* of guint32 */

/* The errors of a group, the most frequent first, at most `limit`. Free with g_free. */
WeirConfusionCell *evaluation_errors(const EvaluationGroup *group, gsize limit, gsize *n);

#endif
