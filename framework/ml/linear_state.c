/* SPDX-License-Identifier: MIT */
/* Memory of heads in training: which rows they learn from, and how their labels are cut into blocks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/linear_private.h"
#include "ml/rng.h"

#define ALIGNMENT 64
#define BLOCKS    4 /* a head with enough labels has a multiple of so many blocks, whatever the threads */

/* All 0. NULL: no memory. */
static float *
floats_new(gsize n)
{
  gsize bytes = (MAX(n, 1) * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  float *block = n > G_MAXSIZE / 8 ? NULL : aligned_alloc(ALIGNMENT, bytes);
  return block ? memset(block, 0, bytes) : NULL;
}

double
weir_linear_memory(const WeirHeadShape *shapes, const guint64 *head_rows, guint n_heads, guint n_features,
                   gboolean has_eval)
{
  const double copies = has_eval ? 3 : 2; /* in training, of the best epoch, as finished */
  double floats = 0;
  for (guint h = 0; h < n_heads; h++) {
    double width = 16 * ceil(shapes[h].n_labels / 16.0);
    floats += width * (copies * ((double)n_features + 1) + (double)head_rows[h]);
  }
  return floats * sizeof(float);
}

/* How many blocks share the labels. The softmax couples all labels, so it has one. */
static guint
count_blocks(WeirLinearKind kind, guint units)
{
  if (kind == WEIR_LINEAR_MULTINOMIAL || units <= 1)
    return 1;
  if (units <= BLOCKS)
    return units;
  guint blocks = (units + WEIR_MAX_UNITS - 1) / WEIR_MAX_UNITS;
  return (blocks + BLOCKS - 1) / BLOCKS * BLOCKS;
}

/* FALSE: no memory. */
static gboolean
cut_into_blocks(const WeirLinearOptions *options, guint n_features, WeirHeadState *head)
{
  guint units = (head->n_labels + WEIR_LANES - 1) / WEIR_LANES, first = 0;
  head->n_blocks = count_blocks(options->kind, units);
  head->blocks = g_new0(WeirBlock, head->n_blocks);
  for (guint b = 0; b < head->n_blocks; b++) {
    WeirBlock *block = &head->blocks[b];
    block->units = MAX(units * (b + 1) / head->n_blocks - units * b / head->n_blocks, 1);
    block->first = first;
    block->n_labels = MIN(head->n_labels - first, block->units * WEIR_LANES);
    first += block->n_labels;
    gsize width = (gsize)block->units * WEIR_LANES;
    block->weights = floats_new(((gsize)n_features + 1) * width);
    block->dual = floats_new(head->n_rows * width);
    block->tops = g_new0(WeirBest, MAX(head->n_rows, 1));
    if (options->kind == WEIR_LINEAR_MULTINOMIAL)
      block->room = floats_new(4 * width);
    if (!block->weights || !block->dual || (options->kind == WEIR_LINEAR_MULTINOMIAL && !block->room))
      return FALSE;
  }
  return TRUE;
}

/* ln(1e-13): a dual variable of the logistic kind that is 0 for every purpose. */
#define LOGIT_OF_ZERO -30.0f

void
weir_block_reset(const WeirLinearOptions *options, const WeirSparse *matrix, const WeirHeadState *head,
                 WeirBlock *block)
{
  gsize width = (gsize)block->units * WEIR_LANES;
  memset(block->weights, 0, ((gsize)matrix->n_columns + 1) * width * sizeof(float));
  for (gsize i = 0; i < head->n_rows * width; i++)
    block->dual[i] = options->kind == WEIR_LINEAR_LOGISTIC ? LOGIT_OF_ZERO : 0;
  if (options->kind == WEIR_LINEAR_MULTINOMIAL)
    for (guint32 r = 0; r < head->n_rows; r++)
      block->dual[r * width + head->labels[r]] = 1;
}

static void
collect_rows(const WeirLabelledRows *rows, guint n_heads, WeirHeadState *heads)
{
  for (gsize i = 0; i < rows->matrix->n_rows; i++) {
    guint h = rows->heads ? rows->heads[i] : 0;
    if (h < n_heads && rows->labels[i] < heads[h].n_labels)
      heads[h].n_rows++;
  }
  for (guint h = 0; h < n_heads; h++) {
    heads[h].rows = g_new(uint32_t, heads[h].n_rows + 1);
    heads[h].labels = g_new(uint32_t, heads[h].n_rows + 1);
    heads[h].n_rows = 0;
  }
  for (gsize i = 0; i < rows->matrix->n_rows; i++) {
    guint h = rows->heads ? rows->heads[i] : 0;
    if (h >= n_heads || rows->labels[i] >= heads[h].n_labels)
      continue;
    heads[h].rows[heads[h].n_rows] = (uint32_t)i;
    heads[h].labels[heads[h].n_rows++] = rows->labels[i];
  }
}

static void
measure_rows(const WeirSparse *matrix, WeirHeadState *head)
{
  head->squares = g_new(float, head->n_rows + 1);
  for (guint32 r = 0; r < head->n_rows; r++) {
    double square = 1; /* the bias */
    for (gsize j = matrix->starts[head->rows[r]]; j < matrix->starts[head->rows[r] + 1]; j++)
      square += (double)matrix->values[j] * (double)matrix->values[j];
    head->squares[r] = (float)square;
  }
}

/* Deals the rows out to folds so that each label is spread evenly; the only row of a label always teaches. */
static void
deal_folds(WeirHeadState *head, guint n_folds, guint64 seed)
{
  g_autofree uint32_t *shuffled = g_new(uint32_t, head->n_rows + 1);
  g_autofree uint32_t *starts = g_new0(uint32_t, (gsize)head->n_labels + 2);
  g_autofree uint32_t *by_label = g_new(uint32_t, head->n_rows + 1);
  head->folds = g_new(uint8_t, head->n_rows + 1);
  WeirRng rng = weir_rng_seeded(seed ^ UINT64_C(0x666f6c6473));
  for (uint32_t r = 0; r < head->n_rows; r++) {
    shuffled[r] = r;
    starts[head->labels[r] + 2]++;
  }
  weir_rng_shuffle(&rng, shuffled, head->n_rows);
  for (guint k = 2; k < head->n_labels + 2; k++)
    starts[k] += starts[k - 1];
  for (uint32_t i = 0; i < head->n_rows; i++)
    by_label[starts[head->labels[shuffled[i]] + 1]++] = shuffled[i];
  for (uint32_t i = 0, next = 0; i < head->n_rows; i++) {
    uint32_t label = head->labels[by_label[i]];
    gboolean is_only = starts[label + 1] - starts[label] == 1;
    head->folds[by_label[i]] = is_only || !n_folds ? WEIR_NO_FOLD : (uint8_t)(next++ % n_folds);
  }
}

WeirHeadState *
weir_head_states_new(const WeirLinearOptions *options, const WeirHeadShape *shapes, guint n_heads,
                     const WeirLabelledRows *rows, guint n_folds)
{
  WeirHeadState *heads = g_new0(WeirHeadState, n_heads + 1);
  for (guint h = 0; h < n_heads; h++) {
    heads[h].n_labels = shapes[h].n_labels;
    heads[h].label_weights = shapes[h].label_weights;
  }
  collect_rows(rows, n_heads, heads);
  for (guint h = 0; h < n_heads; h++) {
    measure_rows(rows->matrix, &heads[h]);
    deal_folds(&heads[h], n_folds, options->seed + h);
    heads[h].order = g_new(uint32_t, heads[h].n_rows + 1);
    if (!cut_into_blocks(options, rows->matrix->n_columns, &heads[h])) {
      weir_head_states_free(heads, n_heads);
      return NULL;
    }
  }
  return heads;
}

void
weir_head_states_free(WeirHeadState *heads, guint n_heads)
{
  for (guint h = 0; heads && h < n_heads; h++) {
    for (guint b = 0; b < heads[h].n_blocks; b++) {
      free(heads[h].blocks[b].weights);
      free(heads[h].blocks[b].best);
      free(heads[h].blocks[b].dual);
      free(heads[h].blocks[b].room);
      g_free(heads[h].blocks[b].tops);
    }
    g_free(heads[h].blocks);
    g_free(heads[h].rows);
    g_free(heads[h].labels);
    g_free(heads[h].squares);
    g_free(heads[h].folds);
    g_free(heads[h].order);
  }
  g_free(heads);
}

void
weir_head_order(WeirHeadState *head, guint index, guint epoch, guint64 seed, guint excluded)
{
  WeirRng rng = weir_rng_seeded(weir_mix64(seed + 1) ^ ((uint64_t)index << 32 | epoch));
  head->n_order = 0;
  for (uint32_t r = 0; r < head->n_rows; r++)
    if (excluded == WEIR_NO_FOLD || head->folds[r] != excluded)
      head->order[head->n_order++] = r;
  weir_rng_shuffle(&rng, head->order, head->n_order);
}

static void
block_scores(const WeirSparse *matrix, const WeirBlock *block, gsize row, float *scores)
{
  const gsize start = matrix->starts[row], n = matrix->starts[row + 1] - start;
  const gsize width = (gsize)block->units * WEIR_LANES;
  const WeirFloat8 *bias = (const WeirFloat8 *)(block->weights + matrix->n_columns * width);
  memcpy(scores, bias, width * sizeof *scores);
  for (gsize j = 0; j < n; j++) {
    const float *w = block->weights + matrix->columns[start + j] * width;
    for (gsize k = 0; k < width; k++)
      scores[k] += w[k] * matrix->values[start + j];
  }
}

void
weir_head_scores(const WeirSparse *matrix, const WeirHeadState *head, gsize row, float *scores)
{
  for (guint b = 0; b < head->n_blocks; b++)
    block_scores(matrix, &head->blocks[b], row, scores + head->blocks[b].first);
}

gboolean
weir_head_finish(const WeirHeadState *head, guint n_features, WeirLinearHead *finished)
{
  guint width = MAX((head->n_labels + 15) / 16, 1) * 16;
  float *weights = floats_new(((gsize)n_features + 1) * width);
  if (!weights)
    return FALSE;
  for (guint b = 0; b < head->n_blocks; b++) {
    const WeirBlock *block = &head->blocks[b];
    const float *from = block->best ? block->best : block->weights;
    for (gsize f = 0; f <= n_features; f++)
      memcpy(weights + f * width + block->first, from + f * block->units * WEIR_LANES,
             block->n_labels * sizeof *weights);
  }
  *finished = (WeirLinearHead){
      .n_labels = head->n_labels,
      .n_features = n_features,
      .width = width,
      .weights = weights,
      .sharpness = 1,
      .owned = weights,
  };
  return TRUE;
}
