/* SPDX-License-Identifier: MIT */
/* Runs the epochs of a training: visits, figures, early stopping, calibration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/linear_training.h"

/* From so many rows a head on, one fold is held out of the first epochs and then joins; below, each of five
 * folds is held out of a training of its own, since few rows say little about a probability. */
#define SINGLE_FOLD_ROWS 2000
#define LARGE_ROWS       5000
#define SMALL_FOLDS      5
#define LARGE_FOLDS      10

/* A fold joins once an epoch changes less than this share of what the first one did, or a third of the epochs
 * is over. */
#define JOIN_TOLERANCE 0.3

static WeirSolver
solver_of(WeirLinearKind kind)
{
  switch (kind) {
  case WEIR_LINEAR_LOGISTIC:
    return weir_solve_logistic;
  case WEIR_LINEAR_MULTINOMIAL:
    return weir_solve_multinomial;
  default:
    return weir_solve_svm;
  }
}

int
weir_training_run(WeirTraining *training, size_t n, WeirTask task)
{
  if (!training->cancelled && weir_executor_run(training->executor, n, task, training))
    training->cancelled = TRUE;
  return training->cancelled ? -1 : 0;
}

int
weir_training_give_up(WeirTraining *training)
{
  g_atomic_int_set(&training->report->no_memory, TRUE);
  return -1;
}

/* --- Epochs --- */

static int
solve_task(void *arg, size_t index)
{
  WeirTraining *training = arg;
  WeirUnit unit = training->units[index];
  WeirHeadState *head = &training->heads[unit.head];
  WeirBlock *block = &head->blocks[unit.block];
  block->loss = block->change = 0;
  training->solver(training->matrix, head, block, training->options->c);
  return 0;
}

static int
reset_task(void *arg, size_t index)
{
  WeirTraining *training = arg;
  WeirUnit unit = training->units[index];
  WeirHeadState *head = &training->heads[unit.head];
  weir_block_reset(training->options, training->matrix, head, &head->blocks[unit.block]);
  return 0;
}

/* Back to the start. */
static void
reset(WeirTraining *training)
{
  for (guint h = 0; h < training->n_heads; h++)
    training->heads[h].first_change = 0;
  weir_training_run(training, training->n_units, reset_task);
}

static int
keep_task(void *arg, size_t index)
{
  WeirTraining *training = arg;
  WeirUnit unit = training->units[index];
  WeirBlock *block = &training->heads[unit.head].blocks[unit.block];
  gsize bytes = ((gsize)training->matrix->n_columns + 1) * block->units * WEIR_LANES * sizeof(float);
  if (!block->best && !(block->best = aligned_alloc(64, (bytes + 63) / 64 * 64)))
    return weir_training_give_up(training);
  memcpy(block->best, block->weights, bytes);
  return 0;
}

/* One pass of all heads; returns the largest change of a head, as a share of its first epoch's. */
static double
run_epoch(WeirTraining *training, guint epoch, guint excluded)
{
  for (guint h = 0; h < training->n_heads; h++)
    weir_head_order(&training->heads[h], h, epoch, training->options->seed, excluded);
  weir_training_run(training, training->n_units, solve_task);
  double largest = 0;
  for (guint h = 0; h < training->n_heads; h++) {
    WeirHeadState *head = &training->heads[h];
    double change = 0;
    for (guint b = 0; b < head->n_blocks; b++)
      change += head->blocks[b].change;
    if (head->first_change == 0)
      head->first_change = change;
    if (change > 0)
      largest = MAX(largest, change / head->first_change);
  }
  return largest;
}

/* Of epochs with the same macro-F1 the one with the smaller loss is better. */
static gboolean
is_better(const WeirEpochFigures *figures, const WeirEpochFigures *best)
{
  if (figures->macro_f1 != best->macro_f1)
    return figures->macro_f1 > best->macro_f1;
  return figures->loss < best->loss;
}

/* Looks at the eval rows after an epoch; FALSE when patience is at its end. */
static gboolean
judge(WeirTraining *training, WeirEpoch *epoch)
{
  if (!training->eval)
    return TRUE;
  if (weir_scored_compute(training, training->eval_matrix, training->eval))
    return FALSE;
  weir_figures_of_eval(training, &epoch->eval);
  if (!training->options->patience) {
    training->report->best_epoch = epoch->epoch;
    return TRUE;
  }
  if (epoch->epoch == 1 || is_better(&epoch->eval, &training->best)) {
    training->best = epoch->eval;
    training->report->best_epoch = epoch->epoch;
    weir_training_run(training, training->n_units, keep_task);
  }
  return epoch->epoch - training->report->best_epoch < training->options->patience;
}

/* One epoch with all that is told about it; FALSE when it was the last. */
static gboolean
tell_epoch(WeirTraining *training, guint number, guint excluded, double *change)
{
  gint64 start = g_get_monotonic_time();
  WeirEpoch epoch = {.epoch = number, .epochs = training->options->epochs};
  *change = run_epoch(training, number, excluded);
  if (training->cancelled)
    return FALSE;
  epoch.seconds = (double)(g_get_monotonic_time() - start) / 1e6;
  weir_figures_of_train(training, &epoch.train);
  training->report->epochs = number;
  if (!training->eval)
    training->report->best_epoch = number;
  gboolean goes_on = judge(training, &epoch);
  if (training->told && !training->cancelled && !training->told(&epoch, training->data))
    goes_on = FALSE;
  return goes_on && !training->cancelled;
}

/* --- Calibration --- */

/* Trains once without each fold, and calibrates on all rows that were held out. */
static void
calibrate_on_folds(WeirTraining *training, double *sharpness)
{
  WeirScored *all = weir_scored_of_fold(training, WEIR_NO_FOLD);
  for (guint h = 0; all && h < training->n_heads; h++)
    all[h].n_rows = 0;
  for (guint fold = 0; fold < SMALL_FOLDS && !training->cancelled; fold++) {
    reset(training);
    for (guint epoch = 1; epoch <= training->options->epochs; epoch++)
      if (run_epoch(training, epoch, fold) < training->options->tolerance || training->cancelled)
        break;
    WeirScored *held_out = weir_scored_of_fold(training, fold);
    if (!weir_scored_compute(training, training->matrix, held_out))
      weir_scored_append(training, all, held_out);
    weir_scored_free(held_out, training->n_heads);
  }
  reset(training);
  if (!training->cancelled)
    weir_calibrate(training, all, sharpness);
  weir_scored_free(all, training->n_heads);
}

static void
calibrate_on_fold(WeirTraining *training, double *sharpness)
{
  WeirScored *held_out = weir_scored_of_fold(training, 0);
  weir_scored_compute(training, training->matrix, held_out);
  if (!training->cancelled)
    weir_calibrate(training, held_out, sharpness);
  weir_scored_free(held_out, training->n_heads);
}

/* --- All together --- */

/* Epochs until the end; with `joins` the first fold is held out of the first of them. */
static void
run_epochs(WeirTraining *training, gboolean joins, double *sharpness)
{
  const WeirLinearOptions *options = training->options;
  for (guint epoch = 1; epoch <= options->epochs && !training->cancelled; epoch++) {
    double change = 0;
    if (!tell_epoch(training, epoch, joins ? 0 : WEIR_NO_FOLD, &change))
      break;
    if (joins && (change < JOIN_TOLERANCE || epoch >= MAX(options->epochs / 3, 1))) {
      calibrate_on_fold(training, sharpness);
      joins = FALSE;
    } else if (!joins && change < options->tolerance) {
      training->report->converged = TRUE;
      break;
    }
  }
}

static int
finish_task(void *arg, size_t index)
{
  WeirTraining *training = arg;
  return weir_head_finish(&training->heads[index], training->matrix->n_columns, &training->finished[index])
             ? 0
             : weir_training_give_up(training);
}

static void
list_units(WeirTraining *training)
{
  for (guint h = 0; h < training->n_heads; h++)
    training->n_units += training->heads[h].n_blocks;
  training->units = g_new(WeirUnit, training->n_units + 1);
  gsize n = 0;
  for (guint h = 0; h < training->n_heads; h++)
    for (guint b = 0; b < training->heads[h].n_blocks; b++)
      training->units[n++] = (WeirUnit){h, b};
}

/* Which way of calibration the rows allow: how many folds, and whether one of them is enough. */
static guint
choose_folds(gsize n_rows, guint n_heads, gboolean *joins)
{
  gsize rows = n_rows / MAX(n_heads, 1);
  *joins = rows >= SINGLE_FOLD_ROWS;
  return rows >= LARGE_ROWS ? LARGE_FOLDS : SMALL_FOLDS;
}

static void
train(WeirTraining *training, const WeirLabelledRows *eval, gboolean joins)
{
  g_autofree double *sharpness = g_new0(double, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++)
    sharpness[h] = weir_default_sharpness(training->options->kind);
  reset(training);
  if (eval)
    training->eval = weir_scored_of_eval(training, eval);
  else if (!joins)
    calibrate_on_folds(training, sharpness);
  /* Once there is a single epoch there is none to hold rows out of. */
  run_epochs(training, joins && !eval && training->options->epochs > 1, sharpness);
  weir_training_run(training, training->n_heads, finish_task);
  for (guint h = 0; h < training->n_heads; h++)
    training->finished[h].sharpness = sharpness[h];
}

static void score_finished(WeirTraining *training);

gboolean
weir_linear_train(const WeirLinearOptions *options, const WeirHeadShape *shapes, guint n_heads,
                  const WeirLabelledRows *rows, const WeirLabelledRows *eval, const WeirExecutor *executor,
                  WeirEpochFunc told, gpointer data, WeirLinearHead *heads, WeirTrainingReport *report)
{
  gboolean joins = FALSE;
  guint n_folds = choose_folds(rows->matrix->n_rows, n_heads, &joins);
  memset(heads, 0, n_heads * sizeof *heads);
  memset(report, 0, sizeof *report);
  WeirTraining training = {
      .options = options,
      .matrix = rows->matrix,
      .executor = executor,
      .solver = solver_of(options->kind),
      .n_heads = n_heads,
      .heads = weir_head_states_new(options, shapes, n_heads, rows, n_folds),
      .finished = heads,
      .chunks = g_array_new(FALSE, FALSE, sizeof(WeirUnit)),
      .eval_matrix = eval ? eval->matrix : NULL,
      .told = told,
      .data = data,
      .report = report,
  };
  if (training.heads) {
    list_units(&training);
    train(&training, eval, joins);
  } else {
    training.cancelled = weir_training_give_up(&training) != 0;
  }
  if (eval && !training.cancelled)
    score_finished(&training);
  weir_scored_free(training.eval, n_heads);
  weir_head_states_free(training.heads, n_heads);
  g_array_unref(training.chunks);
  g_free(training.units);
  for (guint h = 0; h < n_heads && training.cancelled; h++)
    weir_linear_head_clear(&heads[h]);
  return !training.cancelled;
}

/* Calibrates on the eval rows, with the weights that were kept. */
static void
score_finished(WeirTraining *training)
{
  g_autofree double *sharpness = g_new0(double, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++)
    for (guint b = 0; b < training->heads[h].n_blocks; b++) {
      WeirBlock *block = &training->heads[h].blocks[b];
      float *swap = block->best;
      if (swap) {
        block->best = block->weights;
        block->weights = swap;
      }
    }
  if (weir_scored_compute(training, training->eval_matrix, training->eval))
    return;
  weir_calibrate(training, training->eval, sharpness);
  for (guint h = 0; h < training->n_heads; h++)
    training->finished[h].sharpness = sharpness[h];
}

void
weir_linear_head_clear(WeirLinearHead *head)
{
  free(head->owned);
  memset(head, 0, sizeof *head);
}

double *
weir_linear_balanced_weights(const guint64 *label_rows, guint n_labels)
{
  double *weights = g_new0(double, MAX(n_labels, 1)), rows = 0;
  guint present = 0;
  for (guint k = 0; k < n_labels; k++) {
    rows += (double)label_rows[k];
    present += label_rows[k] > 0;
  }
  for (guint k = 0; k < n_labels; k++)
    weights[k] = label_rows[k] ? rows / ((double)present * (double)label_rows[k]) : 0;
  return weights;
}
