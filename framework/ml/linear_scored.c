/* SPDX-License-Identifier: MIT */
/* Scores rows that a training has not learned from: a fold that is held out, or eval rows. */
#include <string.h>

#include "ml/linear_training.h"

#define ROWS_PER_TASK 512

/* FALSE: no memory. */
static gboolean
scored_init(WeirScored *scored, guint head, guint n_labels, guint32 n_rows)
{
  scored->head = head;
  scored->n_rows = 0;
  scored->rows = g_new(uint32_t, (gsize)n_rows + 1);
  scored->labels = g_new(uint32_t, (gsize)n_rows + 1);
  scored->stride = (n_labels + WEIR_LANES - 1) / WEIR_LANES * WEIR_LANES + WEIR_LANES;
  scored->scores = g_try_new0(float, (gsize)n_rows * scored->stride + 1);
  return scored->scores != NULL;
}

void
weir_scored_free(WeirScored *sets, guint n)
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
  WeirTraining *training = arg;
  WeirUnit chunk = g_array_index(training->chunks, WeirUnit, index);
  WeirScored *scored = &training->scored[chunk.head];
  guint32 last = (guint32)MIN((gsize)scored->n_rows, ((gsize)chunk.block + 1) * ROWS_PER_TASK);
  for (guint32 i = chunk.block * ROWS_PER_TASK; i < last; i++)
    weir_head_scores(training->scored_matrix, &training->heads[scored->head], scored->rows[i],
                     scored->scores + i * scored->stride);
  return 0;
}

/* Frees sets that are not whole. NULL */
static WeirScored *
give_up(WeirTraining *training, WeirScored *sets)
{
  weir_scored_free(sets, training->n_heads);
  training->cancelled = weir_training_give_up(training) != 0;
  return NULL;
}

/* Scores all sets, one a head, with the weights as they are. */
int
weir_scored_compute(WeirTraining *training, const WeirSparse *matrix, WeirScored *sets)
{
  training->scored_matrix = matrix;
  training->scored = sets;
  g_array_set_size(training->chunks, 0);
  for (guint h = 0; sets && h < training->n_heads; h++)
    for (guint32 chunk = 0; (gsize)chunk * ROWS_PER_TASK < sets[h].n_rows; chunk++) {
      WeirUnit unit = {h, chunk};
      g_array_append_val(training->chunks, unit);
    }
  return weir_training_run(training, training->chunks->len, score_task);
}

/* The rows of each head that a fold holds out. */
WeirScored *
weir_scored_of_fold(WeirTraining *training, guint fold)
{
  WeirScored *sets = g_new0(WeirScored, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++) {
    const WeirHeadState *head = &training->heads[h];
    if (!scored_init(&sets[h], h, head->n_labels, head->n_rows))
      return give_up(training, sets);
    for (guint32 r = 0; r < head->n_rows; r++)
      if (head->folds[r] == fold) {
        sets[h].rows[sets[h].n_rows] = head->rows[r];
        sets[h].labels[sets[h].n_rows++] = head->labels[r];
      }
  }
  return sets;
}

WeirScored *
weir_scored_of_eval(WeirTraining *training, const WeirLabelledRows *eval)
{
  g_autofree guint32 *counts = g_new0(guint32, training->n_heads + 1);
  for (gsize i = 0; i < eval->matrix->n_rows; i++)
    counts[MIN(eval->heads ? eval->heads[i] : 0, training->n_heads)]++;
  WeirScored *sets = g_new0(WeirScored, training->n_heads + 1);
  for (guint h = 0; h < training->n_heads; h++)
    if (!scored_init(&sets[h], h, training->heads[h].n_labels, counts[h]))
      return give_up(training, sets);
  for (gsize i = 0; i < eval->matrix->n_rows; i++) {
    guint h = eval->heads ? eval->heads[i] : 0;
    if (h >= training->n_heads)
      continue;
    g_assert(sets[h].rows);
    sets[h].rows[sets[h].n_rows] = (uint32_t)i;
    sets[h].labels[sets[h].n_rows++] = eval->labels[i];
  }
  return sets;
}

/* Appends rows and scores of one fold to those of others. */
void
weir_scored_append(const WeirTraining *training, WeirScored *sets, const WeirScored *more)
{
  for (guint h = 0; h < training->n_heads; h++) {
    memcpy(sets[h].labels + sets[h].n_rows, more[h].labels, more[h].n_rows * sizeof(uint32_t));
    memcpy(sets[h].scores + sets[h].n_rows * sets[h].stride, more[h].scores,
           more[h].n_rows * more[h].stride * sizeof(float));
    sets[h].n_rows += more[h].n_rows;
  }
}
