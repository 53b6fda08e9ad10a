/* SPDX-License-Identifier: MIT */
/* Loss, accuracy and macro-F1 of an epoch. */
#include <math.h>

#include "ml/linear_training.h"
#include "ml/metrics.h"

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
void
weir_figures_of_train(const WeirTraining *training, WeirEpochFigures *figures)
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

void
weir_figures_of_eval(const WeirTraining *training, WeirEpochFigures *figures)
{
  g_autoptr(WeirConfusion) confusion = weir_confusion_new();
  double loss = 0;
  guint offset = 0;
  for (guint h = 0; h < training->n_heads; h++) {
    const WeirScored *set = &training->eval[h];
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
