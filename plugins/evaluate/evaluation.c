/* SPDX-License-Identifier: MIT */
/* Counts predictions against labels, over all rows and by task, and draws the figures from the counts. */
#include "evaluation.h"

#include <math.h>
#include <string.h>

static EvaluationGroup *
group_new(const weir_text *task)
{
  EvaluationGroup *group = g_new0(EvaluationGroup, 1);
  group->task = task ? g_strndup(task->data, (gsize)task->len) : NULL;
  group->confusion = weir_confusion_new();
  group->unseen = g_array_new(FALSE, FALSE, sizeof(guint32));
  return group;
}

static void
group_free(gpointer data)
{
  EvaluationGroup *group = data;
  g_free(group->task);
  weir_confusion_free(group->confusion);
  weir_scores_clear(&group->scores);
  g_array_unref(group->unseen);
  g_free(group);
}

static void
class_free(gpointer data)
{
  EvaluationClass *class = data;
  g_free(class->label);
  g_free(class);
}

/* The scratch string is looked up as it stands; a key that is kept is a copy of it. */
static guint
bytes_hash(gconstpointer data)
{
  const GString *key = data;
  guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325); /* FNV-1a */
  for (gsize i = 0; i < key->len; i++)
    hash = (hash ^ (guint8)key->str[i]) * G_GUINT64_CONSTANT(0x100000001b3);
  return (guint)(hash ^ (hash >> 32));
}

static gboolean
bytes_equal(gconstpointer a, gconstpointer b)
{
  return g_string_equal(a, b);
}

static void
bytes_free(gpointer data)
{
  g_string_free(data, TRUE);
}

Evaluation *
evaluation_new(void)
{
  Evaluation *evaluation = g_new0(Evaluation, 1);
  evaluation->groups = g_ptr_array_new_with_free_func(group_free);
  evaluation->classes = g_ptr_array_new_with_free_func(class_free);
  evaluation->numbers = g_hash_table_new_full(bytes_hash, bytes_equal, bytes_free, NULL);
  evaluation->scratch = g_string_new(NULL);
  g_ptr_array_add(evaluation->groups, group_new(NULL));
  return evaluation;
}

void
evaluation_free(Evaluation *evaluation)
{
  if (!evaluation)
    return;
  g_ptr_array_unref(evaluation->groups);
  g_ptr_array_unref(evaluation->classes);
  g_hash_table_unref(evaluation->numbers);
  g_string_free(evaluation->scratch, TRUE);
  g_free(evaluation);
}

/* --- Counting --- */

/* Number of a name under a task, or of the task itself (G_MAXUINT32 for `task`); *is_new if it had none. */
static guint32
number_of(Evaluation *evaluation, guint32 task, weir_text name, guint32 next, gboolean *is_new)
{
  GString *key = evaluation->scratch;
  g_string_truncate(key, 0);
  g_string_append_len(key, (const char *)&task, sizeof task);
  g_string_append_len(key, name.data, (gssize)name.len);
  guint32 number = GPOINTER_TO_UINT(g_hash_table_lookup(evaluation->numbers, key));
  *is_new = number == 0;
  if (number)
    return number - 1;
  g_hash_table_insert(evaluation->numbers, g_string_new_len(key->str, (gssize)key->len),
                      GUINT_TO_POINTER(next + 1));
  return next;
}

guint32
evaluation_task(Evaluation *evaluation, const weir_text *task)
{
  gboolean is_new;
  if (!task)
    return 0;
  guint32 number = number_of(evaluation, G_MAXUINT32, *task, evaluation->groups->len, &is_new);
  if (is_new)
    g_ptr_array_add(evaluation->groups, group_new(task));
  return number;
}

guint32
evaluation_class(Evaluation *evaluation, guint32 task, weir_text label)
{
  gboolean is_new;
  guint32 number = number_of(evaluation, task, label, evaluation->classes->len, &is_new);
  if (is_new) {
    EvaluationClass *class = g_new(EvaluationClass, 1);
    class->task = task;
    class->label = g_strndup(label.data, (gsize)label.len);
    g_ptr_array_add(evaluation->classes, class);
  }
  return number;
}

static void
add_to_group(EvaluationGroup *group, guint32 truth, guint32 prediction, double confidence,
             double probability_of_truth)
{
  weir_confusion_add(group->confusion, truth, prediction);
  if (!isnan(confidence)) {
    weir_calibration_add(&group->calibration, confidence, truth == prediction);
    group->with_confidence++;
  }
  if (!isnan(probability_of_truth))
    weir_log_loss_add(&group->loss, probability_of_truth);
}

void
evaluation_add(Evaluation *evaluation, guint32 task, guint32 truth, guint32 prediction, double confidence,
               double probability_of_truth)
{
  add_to_group(evaluation_group(evaluation, 0), truth, prediction, confidence, probability_of_truth);
  if (task)
    add_to_group(evaluation_group(evaluation, task), truth, prediction, confidence, probability_of_truth);
}

void
evaluation_skip(Evaluation *evaluation, guint32 task)
{
  evaluation_group(evaluation, 0)->unlabelled++;
  if (task)
    evaluation_group(evaluation, task)->unlabelled++;
}

/* --- Figures --- */

static int
compare_groups(gconstpointer a, gconstpointer b)
{
  const EvaluationGroup *x = *(EvaluationGroup *const *)a;
  const EvaluationGroup *y = *(EvaluationGroup *const *)b;
  return g_strcmp0(x->task, y->task); /* NULL, over all, comes first */
}

static int
compare_classes(gconstpointer a, gconstpointer b)
{
  const EvaluationClass *x = *(EvaluationClass *const *)a;
  const EvaluationClass *y = *(EvaluationClass *const *)b;
  return x->task != y->task ? (x->task < y->task ? -1 : 1) : strcmp(x->label, y->label);
}

/* Positions of the items of `before` in `after`, which holds the same ones in another order. */
static guint32 *
ranks(const GPtrArray *before, const GPtrArray *after)
{
  g_autoptr(GHashTable) at = g_hash_table_new(NULL, NULL);
  guint32 *rank = g_new(guint32, before->len + 1);
  for (guint i = 0; i < after->len; i++)
    g_hash_table_insert(at, after->pdata[i], GUINT_TO_POINTER(i));
  for (guint i = 0; i < before->len; i++)
    rank[i] = GPOINTER_TO_UINT(g_hash_table_lookup(at, before->pdata[i]));
  return rank;
}

static WeirConfusion *
renumber(const WeirConfusion *confusion, const guint32 *rank)
{
  gsize n = 0;
  g_autofree WeirConfusionCell *cells = weir_confusion_cells(confusion, &n);
  WeirConfusion *after = weir_confusion_new();
  for (gsize i = 0; i < n; i++)
    weir_confusion_add_many(after, rank[cells[i].truth], rank[cells[i].prediction], cells[i].count);
  return after;
}

static void
put_in_order(Evaluation *evaluation)
{
  g_autoptr(GPtrArray) groups = g_ptr_array_copy(evaluation->groups, NULL, NULL);
  g_autoptr(GPtrArray) classes = g_ptr_array_copy(evaluation->classes, NULL, NULL);
  g_ptr_array_set_free_func(groups, NULL);
  g_ptr_array_set_free_func(classes, NULL);
  g_ptr_array_sort(evaluation->groups, compare_groups);
  g_autofree guint32 *group_rank = ranks(groups, evaluation->groups);
  for (guint i = 0; i < classes->len; i++) {
    EvaluationClass *class = classes->pdata[i];
    class->task = group_rank[class->task];
  }
  g_ptr_array_sort(evaluation->classes, compare_classes);
  g_autofree guint32 *class_rank = ranks(classes, evaluation->classes);
  for (guint i = 0; i < evaluation->groups->len; i++) {
    EvaluationGroup *group = evaluation_group(evaluation, i);
    WeirConfusion *confusion = renumber(group->confusion, class_rank);
    weir_confusion_free(group->confusion);
    group->confusion = confusion;
  }
  g_hash_table_remove_all(evaluation->numbers);
}

static void
find_unseen(const Evaluation *evaluation, EvaluationGroup *group, EvaluationKnown known, gpointer data)
{
  for (guint32 c = 0; c < group->scores.n_labels; c++) {
    const EvaluationClass *class = evaluation_get_class(evaluation, c);
    if (group->scores.labels[c].support &&
        !known(evaluation_group(evaluation, class->task)->task, class->label, data))
      g_array_append_val(group->unseen, c);
  }
}

void
evaluation_finish(Evaluation *evaluation, guint rounds, guint64 seed, EvaluationKnown known, gpointer data)
{
  put_in_order(evaluation);
  for (guint i = 0; i < evaluation->groups->len; i++) {
    EvaluationGroup *group = evaluation_group(evaluation, i);
    weir_confusion_scores(group->confusion, &group->scores);
    group->accuracy = weir_wilson_interval(group->scores.correct, group->scores.rows);
    group->macro_f1 = weir_bootstrap_interval(group->confusion, WEIR_FIGURE_MACRO_F1, rounds, seed);
    group->weighted_f1 = weir_bootstrap_interval(group->confusion, WEIR_FIGURE_WEIGHTED_F1, rounds, seed);
    if (known)
      find_unseen(evaluation, group, known, data);
  }
}

GArray *
evaluation_present(const EvaluationGroup *group)
{
  GArray *present = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (guint32 c = 0; c < group->scores.n_labels; c++)
    if (group->scores.labels[c].support || group->scores.labels[c].predicted)
      g_array_append_val(present, c);
  return present;
}

static int
compare_cells(gconstpointer a, gconstpointer b)
{
  const WeirConfusionCell *x = a;
  const WeirConfusionCell *y = b;
  if (x->count != y->count)
    return x->count > y->count ? -1 : 1;
  if (x->truth != y->truth)
    return x->truth < y->truth ? -1 : 1;
  return x->prediction < y->prediction ? -1 : x->prediction > y->prediction;
}

WeirConfusionCell *
evaluation_errors(const EvaluationGroup *group, gsize limit, gsize *n)
{
  gsize all = 0;
  gsize errors = 0;
  WeirConfusionCell *cells = weir_confusion_cells(group->confusion, &all);
  for (gsize i = 0; i < all; i++)
    if (cells[i].truth != cells[i].prediction)
      cells[errors++] = cells[i];
  if (errors)
    qsort(cells, errors, sizeof *cells, compare_cells);
  *n = MIN(errors, limit);
  return cells;
}
