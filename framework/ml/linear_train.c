/* SPDX-License-Identifier: MIT */
/* Runs the epochs of a training: visits, figures, early stopping, calibration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/linear_private.h"
#include "ml/metrics.h"

/* From so many rows a head on, one fold is held out of the first epochs and then joins; below, each of five
 * folds is held out of a training of its own, since few rows say little about a probability. */
#define SINGLE_FOLD_ROWS 2000
#define LARGE_ROWS       5000
#define SMALL_FOLDS      5
#define LARGE_FOLDS      10

/* A fold joins once an epoch changes less than this share of what the first one did, or a third of the epochs
 * is over. */
#define JOIN_TOLERANCE 0.3

#define ROWS_PER_TASK 512

typedef struct {
  guint head, block;
} Unit;

/* Scores of rows of one head, n_rows * stride. */
typedef struct {
  guint head;
  guint32 n_rows;
  uint32_t *rows;   /* of the matrix */
  uint32_t *labels; /* may be past the head's labels, in eval rows */
  gsize stride;
  float *scores;
} Scored;

typedef struct {
  const WeirLinearOptions *options;
  const WeirSparse *matrix;
  const WeirExecutor *executor;
  WeirSolver solver;
  guint n_heads;
  WeirHeadState *heads;
  Unit *units;
  gsize n_units;
  WeirLinearHead *finished;
  gboolean cancelled;

  const WeirSparse *scored_matrix; /* what score_task() reads */
  Scored *scored;
  GArray *chunks; /* of Unit: set of rows and number of its chunk */

  Scored *eval; /* a set a head; NULL without eval rows */
  const WeirSparse *eval_matrix;
  WeirEpochFunc told;
  gpointer data;
  WeirEpochFigures best; /* of the eval rows */
  WeirTrainingReport *report;
} Training;

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

/* What a sharpness is when no unseen row can tell: hinge scores lie in about [-1, 1], logits are what they
 * are. */
static double
default_sharpness(WeirLinearKind kind)
{
  return kind == WEIR_LINEAR_SVM ? 4 : 1;
}

static int
run(Training *training, size_t n, WeirTask task)
{
  if (!training->cancelled && weir_executor_run(training->executor, n, task, training))
    training->cancelled = TRUE;
  return training->cancelled ? -1 : 0;
}

/* --- Scores of unseen rows
 * ------------------------------------------------------------------------------------------ */

static void
scored_init(Scored *scored, guint head, guint n_labels, guint32 n_rows)
{
  scored->head = head;
  scored->n_rows = 0;
  scored->rows = g_new(uint32_t, n_rows + 1);
  scored->labels = g_new(uint32_t, n_rows + 1);
  scored->stride = (n_labels + WEIR_LANES - 1) / WEIR_LANES * WEIR_LANES + WEIR_LANES;
  scored->scores = g_new0(float, (gsize)n_rows * scored->stride + 1);
}

static void
scored_free(Scored *sets, guint n)
{
  for (guint i = 0; sets && i < n; i++) {
    g_free(sets[i].rows);
    g_free(sets[i].labels);
    g_free(sets[i].scores);
  }
  g_free(sets);
}

static int
score_task(void *arg, size_t index)
{
  Training *training = arg;
  Unit chunk = g_array_index(training->chunks, Unit, index);
  Scored *scored = &training->scored[chunk.head];
  guint32 last = (guint32)MIN((gsize)scored->n_rows, ((gsize)chunk.block + 1) * ROWS_PER_TASK);
  for (guint32 i = chunk.block * ROWS_PER_TASK; i < last; i++)
    weir_head_scores(training->scored_matrix, &training->heads[scored->head], scored->rows[i],
                     scored->scores + i * scored->stride);
  return 0;
}

/* Scores all sets, one a head, with the weights as they are. */
static int
score_sets(Training *training, const WeirSparse *matrix, Scored *sets)
{
  training->scored_matrix = matrix;
  training->scored = sets;
  g_array_set_size(training->chunks, 0);
  for (guint h = 0; h < training->n_heads; h++)
    for (guint32 chunk = 0; (gsize)chunk * ROWS_PER_TASK < sets[h].n_rows; chunk++) {
      Unit unit = {h, chunk};
      g_array_append_val(training->chunks, unit);
    }
  return run(training, training->chunks->len, score_task);
}

/* The rows of each head that a fold holds out. */
static Scored *
held_out_sets(const Training *training, guint fold)
{
  Scored *sets = g_new0(Scored, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++) {
    const WeirHeadState *head = &training->heads[h];
    scored_init(&sets[h], h, head->n_labels, head->n_rows);
    for (guint32 r = 0; r < head->n_rows; r++)
      if (head->folds[r] == fold) {
        sets[h].rows[sets[h].n_rows] = head->rows[r];
        sets[h].labels[sets[h].n_rows++] = head->labels[r];
      }
  }
  return sets;
}

static Scored *
eval_sets(const Training *training, const WeirLabelledRows *eval)
{
  g_autofree guint32 *counts = g_new0(guint32, training->n_heads + 1);
  for (gsize i = 0; i < eval->matrix->n_rows; i++)
    counts[MIN(eval->heads ? eval->heads[i] : 0, training->n_heads)]++;
  Scored *sets = g_new0(Scored, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++)
    scored_init(&sets[h], h, training->heads[h].n_labels, counts[h]);
  for (gsize i = 0; i < eval->matrix->n_rows; i++) {
    guint h = eval->heads ? eval->heads[i] : 0;
    if (h >= training->n_heads)
      continue;
    sets[h].rows[sets[h].n_rows] = (uint32_t)i;
    sets[h].labels[sets[h].n_rows++] = eval->labels[i];
  }
  return sets;
}

/* --- Figures
 * -------------------------------------------------------------------------------------------------------- */

static guint
best_of(const float *scores, guint n_labels)
{
  guint best = 0;
  for (guint k = 1; k < n_labels; k++)
    if (scores[k] > scores[best])
      best = k;
  return best;
}

/* The loss of a row from its scores, as the solvers count it. */
static double
loss_of_row(WeirLinearKind kind, const float *scores, guint n_labels, uint32_t label)
{
  double sum = 0, top = (double)scores[best_of(scores, n_labels)];
  for (guint k = 0; k < n_labels; k++) {
    double margin = k == label ? (double)scores[k] : -(double)scores[k];
    if (kind == WEIR_LINEAR_SVM)
      sum += margin < 1 ? (1 - margin) * (1 - margin) : 0;
    else if (kind == WEIR_LINEAR_LOGISTIC)
      sum += margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
    else
      sum += exp((double)scores[k] - top);
  }
  if (kind != WEIR_LINEAR_MULTINOMIAL)
    return sum / n_labels;
  return label < n_labels ? log(sum) + top - (double)scores[label] : -log(1e-15);
}

static void
set_figures(WeirEpochFigures *figures, const WeirConfusion *confusion, double loss)
{
  g_auto(WeirScores) scores = {0};
  weir_confusion_scores(confusion, &scores);
  figures->rows = scores.rows;
  figures->loss = scores.rows ? loss / (double)scores.rows : 0;
  figures->accuracy = scores.accuracy;
  figures->macro_f1 = scores.macro.f1;
}

/* What the solvers left in the blocks during the epoch. */
static void
train_figures(const Training *training, WeirEpochFigures *figures)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  double loss = 0;
  guint offset = 0;
  for (guint h = 0; h < training->n_heads; h++) {
    const WeirHeadState *head = &training->heads[h];
    double head_loss = 0;
    for (guint b = 0; b < head->n_blocks; b++)
      head_loss += head->blocks[b].loss;
    loss +=
        training->options->kind == WEIR_LINEAR_MULTINOMIAL ? head_loss : head_loss / MAX(head->n_labels, 1);
    for (guint32 i = 0; i < head->n_order; i++) {
      uint32_t r = head->order[i];
      WeirBest top = head->blocks[0].tops[r];
      for (guint b = 1; b < head->n_blocks; b++)
        if (head->blocks[b].tops[r].score > top.score)
          top = head->blocks[b].tops[r];
      weir_confusion_add(confusion, offset + head->labels[r], offset + top.label);
    }
    offset += head->n_labels + 1;
  }
  set_figures(figures, confusion, loss);
}

static void
eval_figures(const Training *training, WeirEpochFigures *figures)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  double loss = 0;
  guint offset = 0;
  for (guint h = 0; h < training->n_heads; h++) {
    const Scored *set = &training->eval[h];
    guint n_labels = training->heads[h].n_labels;
    for (guint32 i = 0; i < set->n_rows && n_labels; i++) {
      const float *scores = set->scores + i * set->stride;
      /* All labels that training never saw count as one more, which is never predicted. */
      weir_confusion_add(confusion, offset + MIN(set->labels[i], n_labels),
                         offset + best_of(scores, n_labels));
      loss += loss_of_row(training->options->kind, scores, n_labels, set->labels[i]);
    }
    offset += n_labels + 1;
  }
  set_figures(figures, confusion, loss);
}

/* --- Epochs
 * ---------------------------------------------------------------------------------------------------------
 */

static int
solve_task(void *arg, size_t index)
{
  Training *training = arg;
  Unit unit = training->units[index];
  WeirHeadState *head = &training->heads[unit.head];
  WeirBlock *block = &head->blocks[unit.block];
  block->loss = block->change = 0;
  training->solver(training->matrix, head, block, training->options->c);
  return 0;
}

static int
reset_task(void *arg, size_t index)
{
  Training *training = arg;
  Unit unit = training->units[index];
  WeirHeadState *head = &training->heads[unit.head];
  head->first_change = 0;
  weir_block_reset(training->options, training->matrix, head, &head->blocks[unit.block]);
  return 0;
}

static int
keep_task(void *arg, size_t index)
{
  Training *training = arg;
  Unit unit = training->units[index];
  WeirBlock *block = &training->heads[unit.head].blocks[unit.block];
  gsize bytes = ((gsize)training->matrix->n_columns + 1) * block->units * WEIR_LANES * sizeof(float);
  if (!block->best && !(block->best = aligned_alloc(64, (bytes + 63) / 64 * 64)))
    g_error("no memory for the weights of the best epoch");
  memcpy(block->best, block->weights, bytes);
  return 0;
}

/* One pass of all heads; returns the largest change of a head, as a share of its first epoch's. */
static double
run_epoch(Training *training, guint epoch, guint excluded)
{
  for (guint h = 0; h < training->n_heads; h++)
    weir_head_order(&training->heads[h], h, epoch, training->options->seed, excluded);
  run(training, training->n_units, solve_task);
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
judge(Training *training, WeirEpoch *epoch)
{
  if (!training->eval)
    return TRUE;
  if (score_sets(training, training->eval_matrix, training->eval))
    return FALSE;
  eval_figures(training, &epoch->eval);
  if (!training->options->patience) {
    training->report->best_epoch = epoch->epoch;
    return TRUE;
  }
  if (epoch->epoch == 1 || is_better(&epoch->eval, &training->best)) {
    training->best = epoch->eval;
    training->report->best_epoch = epoch->epoch;
    run(training, training->n_units, keep_task);
  }
  return epoch->epoch - training->report->best_epoch < training->options->patience;
}

/* One epoch with all that is told about it; FALSE when it was the last. */
static gboolean
tell_epoch(Training *training, guint number, guint excluded, double *change)
{
  gint64 start = g_get_monotonic_time();
  WeirEpoch epoch = {.epoch = number, .epochs = training->options->epochs};
  *change = run_epoch(training, number, excluded);
  if (training->cancelled)
    return FALSE;
  epoch.seconds = (double)(g_get_monotonic_time() - start) / 1e6;
  train_figures(training, &epoch.train);
  training->report->epochs = number;
  if (!training->eval)
    training->report->best_epoch = number;
  gboolean goes_on = judge(training, &epoch);
  if (training->told && !training->cancelled && !training->told(&epoch, training->data))
    goes_on = FALSE;
  return goes_on && !training->cancelled;
}

/* --- Calibration
 * ---------------------------------------------------------------------------------------------------- */

/* Adds what the sharpness makes of unseen rows to the report's sums. */
static void
measure_calibration(const Training *training, const Scored *set, double sharpness, WeirLogLoss *loss,
                    WeirCalibration *calibration)
{
  WeirLinearHead head = {.n_labels = training->heads[set->head].n_labels, .sharpness = sharpness};
  g_autofree float *row = g_new(float, set->stride);
  for (guint32 i = 0; i < set->n_rows; i++) {
    memcpy(row, set->scores + i * set->stride, set->stride * sizeof *row);
    weir_linear_probabilities(&head, row);
    guint best = best_of(row, head.n_labels);
    weir_log_loss_add(loss, (double)row[set->labels[i]]);
    weir_calibration_add(calibration, (double)row[best], best == set->labels[i]);
  }
}

/* Leaves out rows whose label training never saw. */
static void
drop_unknown(Scored *set, guint n_labels)
{
  guint32 n = 0;
  for (guint32 i = 0; i < set->n_rows; i++) {
    if (set->labels[i] >= n_labels)
      continue;
    set->labels[n] = set->labels[i];
    memmove(set->scores + n++ * set->stride, set->scores + i * set->stride, set->stride * sizeof(float));
  }
  set->n_rows = n;
}

static void
calibrate(Training *training, Scored *sets, double *sharpness)
{
  WeirLogLoss loss = {0};
  WeirCalibration calibration = {0};
  for (guint h = 0; h < training->n_heads; h++) {
    drop_unknown(&sets[h], training->heads[h].n_labels);
    sharpness[h] = default_sharpness(training->options->kind);
    if (!sets[h].n_rows)
      continue;
    sharpness[h] = weir_fit_sharpness(sets[h].scores, sets[h].stride, training->heads[h].n_labels,
                                      sets[h].labels, sets[h].n_rows);
    measure_calibration(training, &sets[h], sharpness[h], &loss, &calibration);
  }
  training->report->calibration_rows = loss.rows;
  training->report->calibration_loss = weir_log_loss_mean(&loss);
  training->report->calibration_error = weir_calibration_error(&calibration);
}

/* Appends rows and scores of one fold to those of others. */
static void
append_sets(const Training *training, Scored *sets, const Scored *more)
{
  for (guint h = 0; h < training->n_heads; h++) {
    memcpy(sets[h].labels + sets[h].n_rows, more[h].labels, more[h].n_rows * sizeof(uint32_t));
    memcpy(sets[h].scores + sets[h].n_rows * sets[h].stride, more[h].scores,
           more[h].n_rows * more[h].stride * sizeof(float));
    sets[h].n_rows += more[h].n_rows;
  }
}

/* Trains once without each fold, and calibrates on all rows that were held out. */
static void
calibrate_on_folds(Training *training, double *sharpness)
{
  Scored *all = held_out_sets(training, WEIR_NO_FOLD);
  for (guint h = 0; h < training->n_heads; h++)
    all[h].n_rows = 0;
  for (guint fold = 0; fold < SMALL_FOLDS && !training->cancelled; fold++) {
    run(training, training->n_units, reset_task);
    for (guint epoch = 1; epoch <= training->options->epochs; epoch++)
      if (run_epoch(training, epoch, fold) < training->options->tolerance || training->cancelled)
        break;
    Scored *held_out = held_out_sets(training, fold);
    score_sets(training, training->matrix, held_out);
    append_sets(training, all, held_out);
    scored_free(held_out, training->n_heads);
  }
  run(training, training->n_units, reset_task);
  if (!training->cancelled)
    calibrate(training, all, sharpness);
  scored_free(all, training->n_heads);
}

static void
calibrate_on_fold(Training *training, double *sharpness)
{
  Scored *held_out = held_out_sets(training, 0);
  score_sets(training, training->matrix, held_out);
  if (!training->cancelled)
    calibrate(training, held_out, sharpness);
  scored_free(held_out, training->n_heads);
}

/* --- All together
 * --------------------------------------------------------------------------------------------------- */

/* Epochs until the end; with `joins` the first fold is held out of the first of them. */
static void
run_epochs(Training *training, gboolean joins, double *sharpness)
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
  Training *training = arg;
  weir_head_finish(&training->heads[index], training->matrix->n_columns, &training->finished[index]);
  return 0;
}

static void
list_units(Training *training)
{
  for (guint h = 0; h < training->n_heads; h++)
    training->n_units += training->heads[h].n_blocks;
  training->units = g_new(Unit, training->n_units + 1);
  gsize n = 0;
  for (guint h = 0; h < training->n_heads; h++)
    for (guint b = 0; b < training->heads[h].n_blocks; b++)
      training->units[n++] = (Unit){h, b};
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
train(Training *training, const WeirLabelledRows *eval, gboolean joins)
{
  g_autofree double *sharpness = g_new(double, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++)
    sharpness[h] = default_sharpness(training->options->kind);
  run(training, training->n_units, reset_task);
  if (eval)
    training->eval = eval_sets(training, eval);
  else if (!joins)
    calibrate_on_folds(training, sharpness);
  /* Once there is a single epoch there is none to hold rows out of. */
  run_epochs(training, joins && !eval && training->options->epochs > 1, sharpness);
  run(training, training->n_heads, finish_task);
  for (guint h = 0; h < training->n_heads; h++)
    training->finished[h].sharpness = sharpness[h];
}

static void score_finished(Training *training);

gboolean
weir_linear_train(const WeirLinearOptions *options, const WeirHeadShape *shapes, guint n_heads,
                  const WeirLabelledRows *rows, const WeirLabelledRows *eval, const WeirExecutor *executor,
                  WeirEpochFunc told, gpointer data, WeirLinearHead *heads, WeirTrainingReport *report)
{
  gboolean joins = FALSE;
  guint n_folds = choose_folds(rows->matrix->n_rows, n_heads, &joins);
  memset(heads, 0, n_heads * sizeof *heads);
  memset(report, 0, sizeof *report);
  Training training = {
      .options = options,
      .matrix = rows->matrix,
      .executor = executor,
      .solver = solver_of(options->kind),
      .n_heads = n_heads,
      .heads = weir_head_states_new(options, shapes, n_heads, rows, n_folds),
      .finished = heads,
      .chunks = g_array_new(FALSE, FALSE, sizeof(Unit)),
      .eval_matrix = eval ? eval->matrix : NULL,
      .told = told,
      .data = data,
      .report = report,
  };
  list_units(&training);
  train(&training, eval, joins);
  if (eval && !training.cancelled)
    score_finished(&training);
  scored_free(training.eval, n_heads);
  weir_head_states_free(training.heads, n_heads);
  g_array_unref(training.chunks);
  g_free(training.units);
  for (guint h = 0; h < n_heads && training.cancelled; h++)
    weir_linear_head_clear(&heads[h]);
  return !training.cancelled;
}

/* Calibrates on the eval rows, with the weights that were kept. */
static void
score_finished(Training *training)
{
  g_autofree double *sharpness = g_new(double, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++)
    for (guint b = 0; b < training->heads[h].n_blocks; b++) {
      WeirBlock *block = &training->heads[h].blocks[b];
      float *swap = block->best;
      if (swap) {
        block->best = block->weights;
        block->weights = swap;
      }
    }
  if (score_sets(training, training->eval_matrix, training->eval))
    return;
  calibrate(training, training->eval, sharpness);
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
