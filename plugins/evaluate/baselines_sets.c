/* SPDX-License-Identifier: MIT */
/* Baselines of records with any number of labels: each label is given or not, whatever becomes of the others. */
#include "baselines.h"

#include <math.h>
#include <stdlib.h>

#include "expected.h"
#include "labels.h"

enum { MAJORITY, MOST_FREQUENT, ALL, PROPORTIONAL, UNIFORM, N_GUESSES };

static const char *const guesses[] = {"majority", "most frequent label", "all labels", "proportional",
                                      "uniform"};

typedef struct {
  weir_stage *stage;
  LabelCounts *counts;
  guint task; /* the only one */
  uint32_t side;
  gboolean has_train;
  GArray *row; /* of guint: the labels of a row, each once */
  GString *scratch;
  /* The chance that a whole set comes out right, added up over rows: */
  double *chance[N_GUESSES]; /* of each label */
  double none[N_GUESSES];    /* logarithm of the chance that no label is given which need not be */
  guint sure[N_GUESSES];     /* labels that always are */
  double right[N_GUESSES];
} Sets;

int
baselines_declare_sets(weir_stage *stage)
{
  static const weir_field fields[] = {
      {"baseline", "utf8"},   {"rows", "u64"},         {"unlabelled", "u64"},     {"classes", "u64"},
      {"accuracy", "f64"},    {"accuracy_low", "f64"}, {"accuracy_high", "f64"},  {"macro_f1", "f64"},
      {"weighted_f1", "f64"}, {"micro_f1", "f64"},     {"label_accuracy", "f64"},
  };
  return weir_declare(stage, 0, fields, G_N_ELEMENTS(fields));
}

static int
compare_numbers(const void *a, const void *b)
{
  guint x = *(const guint *)a;
  guint y = *(const guint *)b;
  return x < y ? -1 : x > y;
}

/* The labels of a row into `row`. */
static void
read_row(Sets *s, const weir_column *list, int64_t row)
{
  weir_column items = weir_column_items(list);
  guint n = 0;
  g_array_set_size(s->row, 0);
  for (int32_t i = list->offsets[row]; i < list->offsets[row + 1]; i++)
    if (!evaluate_is_unlabelled(&items, i)) {
      guint label = label_counts_label(s->counts, s->task, evaluate_label_text(&items, i, s->scratch));
      g_array_append_val(s->row, label);
    }
  guint *labels = (guint *)(gpointer)s->row->data;
  if (s->row->len)
    qsort(labels, s->row->len, sizeof *labels, compare_numbers);
  for (guint i = 0; i < s->row->len; i++)
    if (!n || labels[n - 1] != labels[i])
      labels[n++] = labels[i];
  g_array_set_size(s->row, n);
}

static int
count_row(gpointer data, const BaselineColumns *columns, int64_t row)
{
  Sets *s = data;
  LabelTask *task = label_counts_task_at(s->counts, s->task);
  if (weir_is_null(&columns->label, row)) {
    task->unlabelled += s->side == LABELS_TEST;
    return 0;
  }
  read_row(s, &columns->label, row);
  task->rows[s->side]++;
  for (guint i = 0; i < s->row->len; i++)
    label_counts_at(s->counts, g_array_index(s->row, guint, i))->rows[s->side]++;
  return 0;
}

static void
fill_chances(Sets *s, guint guess)
{
  const LabelTask *task = label_counts_task_at(s->counts, 0);
  guint side = s->has_train ? LABELS_TRAIN : LABELS_TEST;
  guint most = 0;
  double *q = s->chance[guess];
  for (guint i = 0; i < task->n; i++)
    most =
        label_counts_at(s->counts, i)->rows[side] > label_counts_at(s->counts, most)->rows[side] ? i : most;
  for (guint i = 0; i < task->n; i++) {
    guint64 rows = label_counts_at(s->counts, i)->rows[side];
    double share = task->rows[side] ? (double)rows / (double)task->rows[side] : 0;
    switch (guess) {
    case MAJORITY:
      q[i] = share > 0.5 ? 1 : 0;
      break;
    case MOST_FREQUENT:
      q[i] = rows && i == most ? 1 : 0;
      break;
    case ALL:
      q[i] = rows ? 1 : 0;
      break;
    case PROPORTIONAL:
      q[i] = share;
      break;
    default:
      q[i] = rows ? 0.5 : 0;
    }
    s->sure[guess] += q[i] >= 1;
    s->none[guess] += q[i] >= 1 ? 0 : log1p(-q[i]);
  }
}

static int
hold_row(gpointer data, const BaselineColumns *columns, int64_t row)
{
  Sets *s = data;
  if (weir_is_null(&columns->label, row))
    return 0;
  read_row(s, &columns->label, row);
  for (guint guess = 0; guess < N_GUESSES; guess++) {
    double chance = s->none[guess];
    guint sure = 0;
    for (guint i = 0; i < s->row->len; i++) {
      double q = s->chance[guess][g_array_index(s->row, guint, i)];
      sure += q >= 1;
      chance += q >= 1 ? 0 : log(q) - log1p(-q);
    }
    s->right[guess] += sure == s->sure[guess] ? exp(chance) : 0;
  }
  return 0;
}

static void
add_line(const Sets *s, BaselineLines *lines, guint guess)
{
  const LabelTask *task = label_counts_task_at(s->counts, 0);
  const double *q = s->chance[guess];
  guint64 n = task->rows[LABELS_TEST];
  double rows = (double)n;
  double macro = 0;
  double weighted = 0;
  double labels = 0;
  double given = 0;
  double both = 0;
  for (guint i = 0; i < task->n; i++) {
    guint64 support = label_counts_at(s->counts, i)->rows[LABELS_TEST];
    double f1 = expected_f1(support, n, q[i]);
    macro += f1 / task->n;
    weighted += (double)support * f1;
    labels += (double)support;
    given += rows * q[i];
    both += (double)support * q[i];
  }
  WeirInterval interval = weir_wilson_interval((guint64)round(s->right[guess]), n);
  const BaselineCell cells[] = {
      baseline_text(guesses[guess]),
      baseline_number(rows),
      baseline_number((double)task->unlabelled),
      baseline_number(task->n),
      baseline_number(s->right[guess] / rows),
      baseline_number(interval.low),
      baseline_number(interval.high),
      baseline_number(macro),
      baseline_number(labels > 0 ? weighted / labels : 0),
      baseline_number(labels + given > 0 ? 2 * both / (labels + given) : 0),
      baseline_number(task->n ? 1 - (labels + given - 2 * both) / (rows * task->n) : 1),
  };
  baseline_lines_add(lines, cells, G_N_ELEMENTS(cells));
  g_autofree char *name = g_strdup_printf("micro-F1 of %s", guesses[guess]);
  weir_metric(s->stage, name, cells[9].number, NULL);
}

static int
evaluate(Sets *s)
{
  static const char *const columns[] = {"baseline",    "records",   "unlabelled",   "labels",
                                        "exact sets",  "exact low", "exact high",   "macro-F1",
                                        "weighted F1", "micro-F1",  "right labels", NULL};
  BaselineLines lines;
  s->side = LABELS_TRAIN;
  if (s->has_train && baselines_each_row(s->stage, BASELINES_TRAIN, count_row, s))
    return -1;
  s->side = LABELS_TEST;
  if (baselines_each_row(s->stage, BASELINES_IN, count_row, s))
    return -1;
  label_counts_sort(s->counts);
  const LabelTask *task = label_counts_task_at(s->counts, 0);
  if (!task->rows[LABELS_TEST])
    return weir_fail(s->stage, "all label lists are null: nothing can be evaluated");
  for (guint guess = 0; guess < N_GUESSES; guess++) {
    s->chance[guess] = g_new0(double, task->n + 1);
    fill_chances(s, guess);
  }
  if (baselines_each_row(s->stage, BASELINES_IN, hold_row, s) || baseline_lines_begin(s->stage, &lines))
    return -1;
  for (guint guess = 0; guess < N_GUESSES; guess++)
    add_line(s, &lines, guess);
  return baseline_lines_send(&lines, columns);
}

int
baselines_sets(weir_stage *stage)
{
  Sets s = {.stage = stage,
            .counts = label_counts_new(),
            .has_train = weir_inputs(stage, BASELINES_TRAIN) > 0,
            .row = g_array_new(FALSE, FALSE, sizeof(guint)),
            .scratch = g_string_new(NULL)};
  s.task = label_counts_task(s.counts, NULL);
  int result = evaluate(&s);
  for (guint guess = 0; guess < N_GUESSES; guess++)
    g_free(s.chance[guess]);
  label_counts_free(s.counts);
  g_array_unref(s.row);
  g_string_free(s.scratch, TRUE);
  return result;
}
