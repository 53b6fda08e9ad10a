/* SPDX-License-Identifier: MIT */
/* Linear classifiers on sparse features: training, scores and calibrated probabilities.
 *
 * A model has one head a task; all heads share the features. A head gives each of its labels a score, the
 * product of the row and the label's weights, and turns scores into probabilities with softmax(sharpness *
 * scores), where the sharpness was fitted on rows that the weights had not seen.
 *
 * All kinds minimise  sum over labels of |w|^2 / 2  +  c * sum over rows of the loss  by dual coordinate
 * descent, a row at a time and all labels of the row at once. There is no learning rate to choose, and the
 * labels of the one-vs-rest kinds are independent, so blocks of them are trained in parallel and the result
 * has the same bytes on any number of threads. The bias is a feature that is always 1, and is regularised
 * like the others. Sources: Hsieh, Chang, Lin, Keerthi, Sundararajan, "A dual coordinate descent method for
 * large-scale linear SVM", ICML 2008; Yu, Huang, Lin, "Dual coordinate descent methods for logistic
 * regression and maximum entropy models", Machine Learning 85 (2011); Guo, Pleiss, Sun, Weinberger, "On
 * calibration of modern neural networks", ICML 2017 (temperature scaling; the sharpness is 1 / temperature).
 */
#ifndef WEIR_ML_LINEAR_H
#define WEIR_ML_LINEAR_H

#include "ml/executor.h"
#include "ml/sparse.h"

typedef enum {
  WEIR_LINEAR_SVM,        /* one-vs-rest, squared hinge max(0, 1 - y s)^2 */
  WEIR_LINEAR_LOGISTIC,   /* one-vs-rest, ln(1 + exp(-y s)) */
  WEIR_LINEAR_MULTINOMIAL /* softmax over all labels, -ln p(truth) */
} WeirLinearKind;

typedef struct {
  WeirLinearKind kind;
  double c; /* price of the loss against the size of the weights, > 0: larger fits the rows more closely */
  guint epochs;     /* at most so many passes over the rows, >= 1 */
  double tolerance; /* training ends once an epoch changes the dual variables by less than this share of what
                       the first epoch did; 0 runs all epochs */
  /* With eval rows: training ends after so many epochs without a better eval macro-F1 (or the same with a smaller
   * loss), and the best epoch's weights are kept. 0: all epochs, and the last weights. */
  guint patience;
  guint64 seed; /* of the order in which rows are visited, and of what is held out for calibration */
} WeirLinearOptions;

#define WEIR_LINEAR_OPTIONS_INIT                                                    \
  {                                                                                 \
    .kind = WEIR_LINEAR_SVM, .c = 1, .epochs = 25, .tolerance = 0.05, .patience = 3 \
  }

/* What a head is to learn. `label_weights` has n_labels values, or is NULL for all 1: a one-vs-rest kind
 * multiplies the loss of a label's own rows with it, the multinomial kind the loss of the row. */
typedef struct {
  guint n_labels;
  const double *label_weights;
} WeirHeadShape;

/* Rows of which each teaches (or tests) one head; `heads` may be NULL: all rows belong to head 0. `labels`
 * counts from 0 within the head; in eval rows a label that is not below n_labels is one that training never
 * saw. Borrowed. */
typedef struct {
  const WeirSparse *matrix;
  const uint32_t *heads;
  const uint32_t *labels;
} WeirLabelledRows;

/* A trained head. Plain data, so that a model file can be mapped into it. */
typedef struct {
  guint n_labels;
  guint n_features;
  guint width; /* n_labels rounded up to a multiple of 16; columns from n_labels on are 0 */
  const float
      *weights;     /* (n_features + 1) * width, a row a feature, the last one the bias; 64-byte aligned */
  double sharpness; /* > 0 */
  gpointer owned;   /* the weights if this head is to free them, else NULL */
} WeirLinearHead;

/* Figures of one epoch. Those of train are taken while the epoch runs, each row before it teaches; those of
 * eval with the weights at the epoch's end. Several heads count as one with all their labels. Without rows
 * all are 0. */
typedef struct {
  guint64 rows;
  double loss; /* mean a row; for the one-vs-rest kinds also a label */
  double accuracy;
  double macro_f1;
} WeirEpochFigures;

typedef struct {
  guint epoch;  /* from 1 */
  guint epochs; /* at most */
  WeirEpochFigures train;
  WeirEpochFigures eval;
  double seconds; /* measured, so not the same in every run */
} WeirEpoch;

/* Told after each epoch; FALSE ends the training with what was learned so far. */
typedef gboolean (*WeirEpochFunc)(const WeirEpoch *epoch, gpointer data);

/* What training found out about itself. */
typedef struct {
  guint epochs;             /* that were run */
  guint best_epoch;         /* whose weights are in the heads */
  gboolean converged;       /* the tolerance was reached */
  guint64 calibration_rows; /* rows unseen by the weights that the sharpness was fitted on; 0: a default was
                               taken */
  double calibration_loss;  /* their log loss with it */
  double calibration_error; /* their expected calibration error with it */
  gint no_memory;           /* whether there was too little, and the training was given up */
} WeirTrainingReport;

/* Bytes that weir_linear_train() takes for weights and dual variables, at most: `head_rows` has the number of rows
 * of each head. They grow with labels * (features + rows), so a column that is no class asks for far too much. */
double weir_linear_memory(const WeirHeadShape *shapes, const guint64 *head_rows, guint n_heads,
                          guint n_features, gboolean has_eval);

/* Trains all heads; `heads` has n_heads items, which are filled; free each with weir_linear_head_clear().
 * `eval` may be NULL; then a share of the rows is held out during the first epochs to fit the sharpness.
 * FALSE when the executor gave up, or memory ran out; the heads are then empty. Without rows a head's weights are 0. */
gboolean weir_linear_train(const WeirLinearOptions *options, const WeirHeadShape *shapes, guint n_heads,
                           const WeirLabelledRows *rows, const WeirLabelledRows *eval,
                           const WeirExecutor *executor, WeirEpochFunc told, gpointer data,
                           WeirLinearHead *heads, WeirTrainingReport *report);
void weir_linear_head_clear(WeirLinearHead *head);

/* Label weights that make all labels count the same, rows / (labels that occur * rows of the label), and 0
 * for a label without rows. The array of n_labels is the caller's. */
double *weir_linear_balanced_weights(const guint64 *label_rows, guint n_labels);

/* Scores of one row for all labels; `scores` has room for `width` floats and is 64-byte aligned. */
void weir_linear_scores(const WeirLinearHead *head, const uint32_t *columns, const float *values, gsize n,
                        float *scores);

/* Turns scores into probabilities in place, n_labels of them; they sum to 1. */
void weir_linear_probabilities(const WeirLinearHead *head, float *scores);

/* The label with the highest score, the first of equals; `probability` gets its probability. */
guint weir_linear_decide(const WeirLinearHead *head, const float *scores, double *probability);

#endif
