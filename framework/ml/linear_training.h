/* SPDX-License-Identifier: MIT */
/* A training at work: what its epochs, its figures and its calibration share. */
#ifndef WEIR_ML_LINEAR_TRAINING_H
#define WEIR_ML_LINEAR_TRAINING_H

#include "ml/linear_private.h"

typedef struct {
  guint head, block;
} WeirUnit;

/* Scores of rows of one head, n_rows * stride. */
typedef struct {
  guint head;
  guint32 n_rows;
  uint32_t *rows;   /* of the matrix */
  uint32_t *labels; /* may be past the head's labels, in eval rows */
  gsize stride;
  float *scores;
} WeirScored;

typedef struct {
  const WeirLinearOptions *options;
  const WeirSparse *matrix;
  const WeirExecutor *executor;
  WeirSolver solver;
  guint n_heads;
  WeirHeadState *heads;
  WeirUnit *units;
  gsize n_units;
  WeirLinearHead *finished;
  gboolean cancelled;

  const WeirSparse *scored_matrix; /* what score_task() reads */
  WeirScored *scored;
  GArray *chunks; /* of WeirUnit: set of rows and number of its chunk */

  WeirScored *eval; /* a set a head; NULL without eval rows */
  const WeirSparse *eval_matrix;
  WeirEpochFunc told;
  gpointer data;
  WeirEpochFigures best; /* of the eval rows */
  WeirTrainingReport *report;
} WeirTraining;

/* Runs tasks unless the training was cancelled; -1 when it is, or was just now. */
int weir_training_run(WeirTraining *training, size_t n, WeirTask task);
/* Notes that memory ran out; -1, for a task to give up with. Any thread. */
int weir_training_give_up(WeirTraining *training);

/* The rows of each head that a fold holds out, a set a head. NULL: no memory, and the training is cancelled. Free with
 * weir_scored_free(). */
WeirScored *weir_scored_of_fold(WeirTraining *training, guint fold);
/* The eval rows of each head, likewise. */
WeirScored *weir_scored_of_eval(WeirTraining *training, const WeirLabelledRows *eval);
void weir_scored_free(WeirScored *sets, guint n);

/* Scores all sets (NULL: none) with the weights as they are; -1 when cancelled. */
int weir_scored_compute(WeirTraining *training, const WeirSparse *matrix, WeirScored *sets);

/* Appends labels and scores of one fold to those of others, which have room for all rows. */
void weir_scored_append(const WeirTraining *training, WeirScored *sets, const WeirScored *more);

/* Figures of what the solvers left in the blocks during the epoch, and of the eval sets as they were scored last. */
void weir_figures_of_train(const WeirTraining *training, WeirEpochFigures *figures);
void weir_figures_of_eval(const WeirTraining *training, WeirEpochFigures *figures);

/* What a sharpness is when no unseen row can tell. */
double weir_default_sharpness(WeirLinearKind kind);

/* Fits a sharpness a head on scores of unseen rows, and reports how well they fit. Drops rows of unknown labels. */
void weir_calibrate(WeirTraining *training, WeirScored *sets, double *sharpness);

#endif
