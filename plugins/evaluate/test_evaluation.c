/* SPDX-License-Identifier: MIT */
/* Checks how predictions are counted: by task, in any order of rows, with labels that the model never saw. */
#include <math.h>
#include <string.h>

#include "evaluation.h"
#include "expected.h"
#include "heads.h"
#include "labels.h"

static weir_text
text(const char *string)
{
  return (weir_text){string, (int64_t)strlen(string)};
}

static void
add(Evaluation *evaluation, const char *task, const char *label, const char *prediction, double confidence)
{
  weir_text name = text(task ? task : "");
  guint32 t = evaluation_task(evaluation, task ? &name : NULL);
  guint32 truth = evaluation_class(evaluation, t, text(label));
  guint32 guess = evaluation_class(evaluation, t, text(prediction));
  evaluation_add(evaluation, t, truth, guess, confidence, NAN);
}

static void
test_counts(void)
{
  g_autoptr(Evaluation) e = evaluation_new();
  add(e, NULL, "b", "b", 0.9);
  add(e, NULL, "b", "a", 0.6);
  add(e, NULL, "a", "a", NAN);
  add(e, NULL, "a", "a", 0.8);
  evaluation_skip(e, 0);
  evaluation_finish(e, 100, 1, NULL, NULL);
  const EvaluationGroup *all = evaluation_group(e, 0);
  g_assert_cmpuint(e->groups->len, ==, 1);
  g_assert_cmpuint(all->scores.rows, ==, 4);
  g_assert_cmpuint(all->unlabelled, ==, 1);
  g_assert_cmpuint(all->with_confidence, ==, 3);
  g_assert_cmpfloat(all->scores.accuracy, ==, 0.75);
  g_assert_cmpstr(evaluation_get_class(e, 0)->label, ==, "a");
  g_assert_cmpfloat_with_epsilon(all->scores.labels[0].f1, 0.8, 1e-12);
  g_assert_cmpfloat(all->accuracy.low, <, 0.75);
  g_assert_cmpfloat(all->accuracy.high, >, 0.75);
}

/* "yes" of two tasks is two classes, and each task has its own figures. */
static void
test_tasks(void)
{
  g_autoptr(Evaluation) e = evaluation_new();
  add(e, "spam", "yes", "yes", NAN);
  add(e, "mood", "yes", "no", NAN);
  add(e, "mood", "no", "no", NAN);
  evaluation_finish(e, 100, 1, NULL, NULL);
  g_assert_cmpuint(e->groups->len, ==, 3);
  g_assert_cmpuint(e->classes->len, ==, 3);
  g_assert_cmpstr(evaluation_group(e, 1)->task, ==, "mood");
  g_assert_cmpstr(evaluation_group(e, 2)->task, ==, "spam");
  g_assert_cmpuint(evaluation_group(e, 0)->scores.rows, ==, 3);
  g_assert_cmpfloat(evaluation_group(e, 1)->scores.accuracy, ==, 0.5);
  g_assert_cmpfloat(evaluation_group(e, 2)->scores.accuracy, ==, 1);
  g_assert_cmpuint(evaluation_group(e, 2)->scores.n_present, ==, 1);
}

static void
test_order_of_rows(void)
{
  static const char *const rows[][3] = {{"t", "x", "y"}, {"s", "b", "a"}, {"t", "y", "y"},
                                        {"s", "a", "a"}, {"t", "x", "x"}, {"s", "c", "a"}};
  g_autoptr(Evaluation) forward = evaluation_new();
  g_autoptr(Evaluation) backward = evaluation_new();
  for (guint i = 0; i < 6; i++) {
    add(forward, rows[i][0], rows[i][1], rows[i][2], NAN);
    add(backward, rows[5 - i][0], rows[5 - i][1], rows[5 - i][2], NAN);
  }
  evaluation_finish(forward, 200, 7, NULL, NULL);
  evaluation_finish(backward, 200, 7, NULL, NULL);
  for (guint g = 0; g < 3; g++) {
    const EvaluationGroup *a = evaluation_group(forward, g);
    const EvaluationGroup *b = evaluation_group(backward, g);
    g_assert_cmpstr(a->task, ==, b->task);
    g_assert_cmpfloat(a->macro_f1.low, ==, b->macro_f1.low);
    g_assert_cmpfloat(a->macro_f1.high, ==, b->macro_f1.high);
  }
  for (guint c = 0; c < forward->classes->len; c++)
    g_assert_cmpstr(evaluation_get_class(forward, c)->label, ==, evaluation_get_class(backward, c)->label);
}

static void
test_errors(void)
{
  g_autoptr(Evaluation) e = evaluation_new();
  gsize n = 0;
  add(e, NULL, "a", "b", NAN);
  add(e, NULL, "c", "b", NAN);
  add(e, NULL, "c", "b", NAN);
  add(e, NULL, "b", "b", NAN);
  evaluation_finish(e, 100, 1, NULL, NULL);
  g_autofree WeirConfusionCell *cells = evaluation_errors(evaluation_group(e, 0), 10, &n);
  g_assert_cmpuint(n, ==, 2);
  g_assert_cmpuint(cells[0].count, ==, 2);
  g_assert_cmpstr(evaluation_get_class(e, cells[0].truth)->label, ==, "c");
  g_autofree WeirConfusionCell *first = evaluation_errors(evaluation_group(e, 0), 1, &n);
  g_assert_cmpuint(n, ==, 1);
}

static gboolean
is_known(const char *task, const char *label, gpointer data)
{
  return evaluation_heads_find(data, task, label) >= 0;
}

static void
test_unseen(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(EvaluationHeads) heads =
      evaluation_heads_new("{\"heads\": [{\"kind\": \"single\", \"labels\": [\"a\", \"b\"]}]}", -1, &error);
  g_assert_no_error(error);
  g_autoptr(Evaluation) e = evaluation_new();
  add(e, NULL, "a", "a", NAN);
  add(e, NULL, "new", "b", NAN);
  evaluation_finish(e, 100, 1, is_known, heads);
  const EvaluationGroup *all = evaluation_group(e, 0);
  g_assert_cmpuint(all->unseen->len, ==, 1);
  g_assert_cmpstr(evaluation_get_class(e, g_array_index(all->unseen, guint32, 0))->label, ==, "new");
}

static void
test_heads(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(EvaluationHeads) heads = evaluation_heads_new(
      "{\"heads\": [{\"task\": \"t\", \"labels\": [\"a\"]}, {\"labels\": [\"b\", \"c\"]}]}", -1, &error);
  g_assert_no_error(error);
  g_assert_cmpint(evaluation_heads_find(heads, "t", "a"), ==, 0);
  g_assert_cmpint(evaluation_heads_find(heads, "t", "b"), ==, -1);
  g_assert_cmpint(evaluation_heads_find(heads, NULL, "c"), ==, 1);
  g_assert_null(evaluation_heads_new("{\"predictor\": \"x.y\"}", -1, &error));
  g_assert_no_error(error);
  g_assert_null(evaluation_heads_new("{\"heads\": [{\"labels\": \"a\"}]}", -1, &error));
  g_assert_nonnull(error);
  g_clear_error(&error);
  g_assert_null(evaluation_heads_new("{", -1, &error));
  g_assert_nonnull(error);
}

/* By hand, over all 2^n ways in which a label can be drawn for n rows. */
static double
f1_over_all_draws(guint support, guint n, double q)
{
  double sum = 0;
  for (guint draw = 0; draw < 1u << n; draw++) {
    guint given = (guint)__builtin_popcount(draw);
    guint right = (guint)__builtin_popcount(draw & ((1u << support) - 1));
    double f1 = support + given ? 2.0 * right / (support + given) : 0;
    sum += pow(q, given) * pow(1 - q, n - given) * f1;
  }
  return sum;
}

static void
test_expected_f1(void)
{
  for (guint n = 1; n <= 10; n++)
    for (guint support = 0; support <= n; support++)
      for (guint eighths = 0; eighths <= 8; eighths++)
        g_assert_cmpfloat_with_epsilon(expected_f1(support, n, eighths / 8.0),
                                       f1_over_all_draws(support, n, eighths / 8.0), 1e-12);
  /* Many rows: near the F1 of the expected counts, and it takes no longer than the spread of the draws. */
  g_assert_cmpfloat_with_epsilon(expected_f1(3000000000u, 10000000000u, 0.3), 0.3, 1e-9);
  g_assert_cmpfloat(expected_f1(5, 1000000, 1e-12), <, 1e-10);
  g_assert_cmpfloat(expected_f1(0, 0, 0.5), ==, 0);
}

/* Sorted, a name is found where it is, also if it holds a NUL. */
static void
test_label_counts(void)
{
  static const weir_text names[] = {{"b", 1}, {"a\0c", 3}, {"a", 1}, {"a\0b", 3}, {"", 0}};
  static const guint sorted[] = {4, 3, 1, 2, 0};
  g_autoptr(LabelCounts) counts = label_counts_new();
  for (guint t = 0; t < 2; t++) { /* each name is a task too, and stands in each task */
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
      for (guint k = 0; k < G_N_ELEMENTS(names); k++)
        label_counts_label(counts, label_counts_task(counts, &names[i]), names[k]);
    label_counts_label(counts, label_counts_task(counts, NULL), names[0]);
  }
  label_counts_sort(counts);
  g_assert_cmpuint(counts->tasks->len, ==, 6);
  g_assert_cmpuint(counts->labels->len, ==, 26);
  g_assert_cmpuint(label_counts_task(counts, NULL), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    guint task = label_counts_task(counts, &names[i]);
    g_assert_cmpuint(label_counts_task_at(counts, task)->n, ==, 5);
    for (guint k = 0; k < G_N_ELEMENTS(names); k++)
      g_assert_cmpuint(label_counts_label(counts, task, names[k]), ==,
                       label_counts_task_at(counts, task)->first + sorted[k]);
  }
  g_assert_cmpuint(counts->labels->len, ==, 26);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/evaluate/counts", test_counts);
  g_test_add_func("/evaluate/tasks", test_tasks);
  g_test_add_func("/evaluate/order-of-rows", test_order_of_rows);
  g_test_add_func("/evaluate/errors", test_errors);
  g_test_add_func("/evaluate/unseen", test_unseen);
  g_test_add_func("/evaluate/heads", test_heads);
  g_test_add_func("/evaluate/expected-f1", test_expected_f1);
  g_test_add_func("/evaluate/label-counts", test_label_counts);
  return g_test_run();
}
