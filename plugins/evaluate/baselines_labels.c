/* SPDX-License-Identifier: MIT */
/* Baselines of records with one label: constant and random guesses, and the best of several predictions. */
#include "baselines.h"

#include <math.h>

#include "expected.h"
#include "labels.h"

#define TASK_COLUMN  "task"
#define LEAST_CHANCE 1e-15 /* as ml/metrics.h clips probabilities for the log loss */

enum { MAJORITY, PROPORTIONAL, UNIFORM, N_GUESSES };

static const char *const guesses[] = {"majority", "proportional", "uniform"};

typedef struct {
  weir_stage *stage;
  LabelCounts *counts;
  uint32_t side; /* LABELS_TRAIN or LABELS_TEST, of the rows that are read */
  gboolean has_train;
  GString *texts[2];
  /* Of predictions: */
  WeirConfusion **confusions; /* one each, and that of the oracle */
  guint64 *right;
  guint64 rows;
} Baselines;

/* Sums over classes, of one task or of all. */
typedef struct {
  guint64 rows, unlabelled;
  guint classes;
  double right; /* expected */
  double f1, weighted_f1;
  double loss;
} Figures;

int
baselines_declare_labels(weir_stage *stage)
{
  const BaselinesState *state = stage->state;
  const weir_field fields[] = {
      {"baseline", "utf8"}, {"task", "utf8?"},       {"rows", "u64"},         {"unlabelled", "u64"},
      {"classes", "u64?"},  {"accuracy", "f64"},     {"accuracy_low", "f64"}, {"accuracy_high", "f64"},
      {"macro_f1", "f64?"}, {"weighted_f1", "f64?"}, {"micro_f1", "f64"},     {"log_loss", "f64?"},
  };
  weir_field without[G_N_ELEMENTS(fields) - 1];
  without[0] = fields[0];
  for (guint i = 2; i < G_N_ELEMENTS(fields); i++)
    without[i - 1] = fields[i];
  return state->task ? weir_declare(stage, 0, fields, G_N_ELEMENTS(fields))
                     : weir_declare(stage, 0, without, G_N_ELEMENTS(without));
}

/* --- Counting --- */

static guint
task_of(Baselines *b, const BaselineColumns *columns, int64_t row)
{
  if (columns->task.type == WEIR_TYPE_NONE || weir_is_null(&columns->task, row))
    return label_counts_task(b->counts, NULL);
  weir_text name = evaluate_label_text(&columns->task, row, b->texts[0]);
  return label_counts_task(b->counts, &name);
}

static int
count_row(gpointer data, const BaselineColumns *columns, int64_t row)
{
  Baselines *b = data;
  const BaselinesState *state = b->stage->state;
  guint t = task_of(b, columns, row);
  if (evaluate_is_unlabelled(&columns->label, row)) {
    label_counts_task_at(b->counts, t)->unlabelled += b->side == LABELS_TEST;
    return 0;
  }
  guint label = label_counts_label(b->counts, t, evaluate_label_text(&columns->label, row, b->texts[1]));
  label_counts_at(b->counts, label)->rows[b->side]++;
  label_counts_task_at(b->counts, t)->rows[b->side]++;
  for (uint32_t i = 0; b->side == LABELS_TEST && i < state->predictions.count; i++)
    if (!evaluate_is_unlabelled(&columns->predictions[i], row))
      label_counts_label(b->counts, t, evaluate_label_text(&columns->predictions[i], row, b->texts[1]));
  return 0;
}

/* --- Guesses --- */

/* The chance that a guess gives each label of a task, from what is learned from. */
static void
fill_chances(const Baselines *b, const LabelTask *task, guint guess, double *q)
{
  guint side = b->has_train ? LABELS_TRAIN : LABELS_TEST;
  guint most = task->first;
  guint known = 0;
  for (guint i = task->first; i < task->first + task->n; i++) {
    guint64 rows = label_counts_at(b->counts, i)->rows[side];
    known += rows > 0;
    most = rows > label_counts_at(b->counts, most)->rows[side] ? i : most;
  }
  for (guint i = 0; i < task->n; i++) {
    guint64 rows = label_counts_at(b->counts, task->first + i)->rows[side];
    if (guess == MAJORITY)
      q[i] = known && task->first + i == most ? 1 : 0;
    else if (guess == PROPORTIONAL)
      q[i] = task->rows[side] ? (double)rows / (double)task->rows[side] : 0;
    else
      q[i] = rows ? 1.0 / known : 0;
  }
}

static void
add_task(const Baselines *b, const LabelTask *task, guint guess, Figures *figures)
{
  g_autofree double *q = g_new(double, task->n + 1);
  guint64 n = task->rows[LABELS_TEST];
  fill_chances(b, task, guess, q);
  figures->rows += n;
  figures->unlabelled += task->unlabelled;
  for (guint i = 0; i < task->n; i++) {
    guint64 support = label_counts_at(b->counts, task->first + i)->rows[LABELS_TEST];
    if (!n || (!support && q[i] <= 0))
      continue;
    double f1 = expected_f1(support, n, q[i]);
    figures->classes++;
    figures->right += (double)support * q[i];
    figures->f1 += f1;
    figures->weighted_f1 += (double)support * f1;
    figures->loss -= (double)support * log(MAX(q[i], LEAST_CHANCE));
  }
}

/* The cells of a line; the task is there only if the option is given, and NULL then stands for all. */
static void
add_line(BaselineLines *lines, const char *baseline, const char *task, const BaselineCell *figures, guint n)
{
  const BaselinesState *state = lines->stage->state;
  BaselineCell cells[12];
  guint at = 0;
  cells[at++] = baseline_text(baseline);
  if (state->task)
    cells[at++] = task ? baseline_text(task) : baseline_number(NAN);
  for (guint i = 0; i < n; i++)
    cells[at++] = figures[i];
  baseline_lines_add(lines, cells, at);
}

static void
add_figures(BaselineLines *lines, guint guess, const char *task, const Figures *figures)
{
  double rows = (double)figures->rows;
  double accuracy = figures->rows ? figures->right / rows : 0;
  WeirInterval interval = weir_wilson_interval((guint64)round(figures->right), figures->rows);
  const BaselineCell cells[] = {
      baseline_number(rows),
      baseline_number((double)figures->unlabelled),
      baseline_number(figures->classes),
      baseline_number(accuracy),
      baseline_number(interval.low),
      baseline_number(interval.high),
      baseline_number(figures->classes ? figures->f1 / figures->classes : 0),
      baseline_number(figures->rows ? figures->weighted_f1 / rows : 0),
      baseline_number(accuracy),
      baseline_number(guess == MAJORITY || !figures->rows ? NAN : figures->loss / rows),
  };
  add_line(lines, guesses[guess], task, cells, G_N_ELEMENTS(cells));
}

static void
add_guesses(const Baselines *b, BaselineLines *lines)
{
  const BaselinesState *state = b->stage->state;
  for (guint guess = 0; guess < N_GUESSES; guess++) {
    Figures all = {0};
    for (guint t = 0; t < b->counts->tasks->len; t++)
      add_task(b, label_counts_task_at(b->counts, t), guess, &all);
    add_figures(lines, guess, NULL, &all);
    g_autofree char *name = g_strdup_printf("accuracy of %s", guesses[guess]);
    weir_metric(b->stage, name, all.rows ? all.right / (double)all.rows : 0, NULL);
    for (guint t = 0; state->task && t < b->counts->tasks->len; t++) {
      const LabelTask *task = label_counts_task_at(b->counts, t);
      Figures figures = {0};
      add_task(b, task, guess, &figures);
      add_figures(lines, guess, task->name.text ? task->name.text : "", &figures);
    }
  }
}

/* --- Predictions --- */

/* A prediction that is missing is wrong, as a label that nothing has. */
static guint32
prediction_of(Baselines *b, guint task, const weir_column *column, int64_t row)
{
  if (evaluate_is_unlabelled(column, row))
    return b->counts->labels->len;
  return label_counts_label(b->counts, task, evaluate_label_text(column, row, b->texts[1]));
}

static int
hold_predictions(gpointer data, const BaselineColumns *columns, int64_t row)
{
  Baselines *b = data;
  const BaselinesState *state = b->stage->state;
  uint32_t n = state->predictions.count;
  guint t = task_of(b, columns, row);
  if (evaluate_is_unlabelled(&columns->label, row))
    return 0;
  guint32 truth = label_counts_label(b->counts, t, evaluate_label_text(&columns->label, row, b->texts[1]));
  guint32 best = prediction_of(b, t, &columns->predictions[0], row);
  for (uint32_t i = 0; i < n; i++) {
    guint32 prediction = prediction_of(b, t, &columns->predictions[i], row);
    weir_confusion_add(b->confusions[i], truth, prediction);
    b->right[i] += prediction == truth;
    best = prediction == truth ? truth : best;
  }
  weir_confusion_add(b->confusions[n], truth, best);
  b->right[n] += best == truth;
  b->rows++;
  return 0;
}

static void
add_prediction(const Baselines *b, BaselineLines *lines, const char *name, const WeirConfusion *confusion,
               double right)
{
  WeirScores scores = {0};
  WeirInterval interval = weir_wilson_interval((guint64)round(right), b->rows);
  double accuracy = b->rows ? right / (double)b->rows : 0;
  if (confusion)
    weir_confusion_scores(confusion, &scores);
  const BaselineCell cells[] = {
      baseline_number((double)b->rows),
      baseline_number(0),
      baseline_number(confusion ? scores.n_present : NAN),
      baseline_number(accuracy),
      baseline_number(interval.low),
      baseline_number(interval.high),
      baseline_number(confusion ? scores.macro.f1 : NAN),
      baseline_number(confusion ? scores.weighted.f1 : NAN),
      baseline_number(accuracy),
      baseline_number(NAN),
  };
  add_line(lines, name, NULL, cells, G_N_ELEMENTS(cells));
  weir_scores_clear(&scores);
}

static int
add_predictions(Baselines *b, BaselineLines *lines)
{
  const BaselinesState *state = b->stage->state;
  uint32_t n = state->predictions.count;
  double right = 0;
  b->confusions = g_new0(WeirConfusion *, n + 1);
  b->right = g_new0(guint64, n + 1);
  for (uint32_t i = 0; i <= n; i++)
    b->confusions[i] = weir_confusion_new();
  if (baselines_each_row(b->stage, BASELINES_IN, hold_predictions, b))
    return -1;
  for (uint32_t i = 0; i < n; i++) {
    g_autofree char *name = g_strdup_printf("prediction %s", state->predictions.items[i]);
    add_prediction(b, lines, name, b->confusions[i], (double)b->right[i]);
    right += (double)b->right[i] / n;
  }
  add_prediction(b, lines, "random prediction", NULL, right);
  add_prediction(b, lines, "oracle", b->confusions[n], (double)b->right[n]);
  return 0;
}

/* --- All of it --- */

static int
evaluate(Baselines *b)
{
  const BaselinesState *state = b->stage->state;
  static const char *const with_task[] = {
      "baseline",      "task",     "records",     "unlabelled", "classes",  "accuracy", "accuracy low",
      "accuracy high", "macro-F1", "weighted F1", "micro-F1",   "log loss", NULL};
  static const char *const without[] = {"baseline",    "records",      "unlabelled",    "classes",
                                        "accuracy",    "accuracy low", "accuracy high", "macro-F1",
                                        "weighted F1", "micro-F1",     "log loss",      NULL};
  BaselineLines lines;
  guint64 rows = 0;
  b->side = LABELS_TRAIN;
  if (b->has_train && baselines_each_row(b->stage, BASELINES_TRAIN, count_row, b))
    return -1;
  b->side = LABELS_TEST;
  if (baselines_each_row(b->stage, BASELINES_IN, count_row, b))
    return -1;
  label_counts_sort(b->counts);
  for (guint t = 0; t < b->counts->tasks->len; t++)
    rows += label_counts_task_at(b->counts, t)->rows[LABELS_TEST];
  if (!rows)
    return weir_fail(b->stage, "none of the records has a \"%s\": nothing can be evaluated", state->label);
  if (baseline_lines_begin(b->stage, &lines))
    return -1;
  add_guesses(b, &lines);
  if (state->predictions.count && add_predictions(b, &lines)) {
    baseline_lines_drop(&lines);
    return -1;
  }
  return baseline_lines_send(&lines, state->task ? with_task : without);
}

int
baselines_labels(weir_stage *stage)
{
  const BaselinesState *state = stage->state;
  Baselines b = {.stage = stage,
                 .counts = label_counts_new(),
                 .has_train = weir_inputs(stage, BASELINES_TRAIN) > 0,
                 .texts = {g_string_new(NULL), g_string_new(NULL)}};
  int result = evaluate(&b);
  for (uint32_t i = 0; b.confusions && i <= state->predictions.count; i++)
    weir_confusion_free(b.confusions[i]);
  g_free(b.confusions);
  g_free(b.right);
  label_counts_free(b.counts);
  g_string_free(b.texts[0], TRUE);
  g_string_free(b.texts[1], TRUE);
  return result;
}
