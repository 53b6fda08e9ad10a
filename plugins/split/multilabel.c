/* SPDX-License-Identifier: MIT */
/* split.multilabel: records with any number of labels, each label in the same proportion. */
#include "split.h"

#include <math.h>
#include <stdlib.h>

#include "groups.h"
#include "iterative.h"

#define MAX_LABELS    (1u << 20) /* different ones */
#define NAME_BYTES    32         /* of a label beside its name: its blocks, and its place among the others */
#define MAX_IN_A_PAIR 1000       /* labels of a record, where pairs of them count: half a million pairs */

typedef struct {
  weir_stage *stage;
  SplitGroups *known; /* labels by the hash of column and value */
  GPtrArray *names;
  guint64 name_bytes, held; /* what they take, and what of it counts */
  GString *key;
  guint64 *first; /* see SplitLabels */
  guint32 *label;
  guint64 capacity; /* of `label` */
  guint64 n;
  guint64 without; /* records without a label */
} Reading;

int
multilabel_schema(weir_stage *stage)
{
  MultilabelState *state = stage->state;
  if (!state->by.count)
    return weir_fail(stage, "option \"by\" names no column");
  return split_deal_check(stage, &state->deal);
}

/* --- Reading labels --- */

static int
grow(Reading *r)
{
  guint64 capacity = MAX(2 * r->capacity, 4096);
  if (weir_reserve(r->stage, capacity * sizeof *r->label)) {
    weir_fail(r->stage,
              "no memory for more than %" G_GUINT64_FORMAT " labels of records\nhint: raise --memory", r->n);
    return -1;
  }
  r->label = g_renew(guint32, r->label, capacity);
  weir_unreserve(r->stage, r->capacity * sizeof *r->label);
  r->capacity = capacity;
  return 0;
}

/* Adds one label of a row; a null or empty one is none. */
static int
add_label(Reading *r, uint32_t which, const weir_column *values, int64_t at)
{
  const MultilabelState *state = r->stage->state;
  if (split_key_is_none(values, at))
    return 0;
  g_string_printf(r->key, "%u:", which);
  split_key_append(r->key, values, at);
  guint32 number = split_groups_add(r->known, split_key_hash128(r->key));
  if (number == G_MAXUINT32)
    return weir_fail(r->stage, "no memory for more than %u different labels\nhint: raise --memory",
                     split_groups_count(r->known));
  if (number >= MAX_LABELS)
    return weir_fail(r->stage, "more than %u different labels in the columns of \"by\"", MAX_LABELS);
  if (number == r->names->len) {
    GString *name = g_string_new(NULL);
    if (state->by.count > 1)
      g_string_append_printf(name, "%s: ", state->by.items[which]);
    split_append_name(name, values, at);
    r->name_bytes += NAME_BYTES + name->allocated_len;
    g_ptr_array_add(r->names, g_string_free(name, FALSE));
  }
  if (r->n == r->capacity && grow(r))
    return -1;
  r->label[r->n++] = number;
  return 0;
}

static int
compare_labels(const void *a, const void *b)
{
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;
  return x < y ? -1 : x > y;
}

/* Sorts what a row has and drops repeats. */
static void
finish_row(Reading *r, guint64 start)
{
  guint64 n = start;
  if (r->n > start)
    qsort(r->label + start, r->n - start, sizeof *r->label, compare_labels);
  for (guint64 i = start; i < r->n; i++)
    if (n == start || r->label[n - 1] != r->label[i])
      r->label[n++] = r->label[i];
  r->n = n;
  r->without += n == start;
}

static int
read_row(Reading *r, const weir_column *columns, const weir_column *items, int64_t row)
{
  const MultilabelState *state = r->stage->state;
  guint64 start = r->n;
  for (uint32_t i = 0; i < state->by.count; i++) {
    const weir_column *column = &columns[i];
    if (weir_is_null(column, row))
      continue;
    if (column->type != WEIR_LIST && add_label(r, i, column, row))
      return -1;
    for (int32_t at = column->type == WEIR_LIST ? column->offsets[row] : 0;
         column->type == WEIR_LIST && at < column->offsets[row + 1]; at++)
      if (add_label(r, i, &items[i], at))
        return -1;
  }
  finish_row(r, start);
  return 0;
}

static int
read_labels(Reading *r)
{
  weir_stage *stage = r->stage;
  const MultilabelState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  g_autofree weir_column *columns = g_new0(weir_column, state->by.count + 1);
  g_autofree weir_column *items = g_new0(weir_column, state->by.count + 1);
  uint64_t done = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, SPLIT_IN); b++) {
    struct ArrowArray batch;
    int failed = 0;
    if (weir_cancelled(stage) || weir_table_batch(stage, SPLIT_IN, b, &batch))
      return -1;
    for (uint32_t i = 0; i < state->by.count; i++) {
      columns[i] = weir_batch_column(schema, &batch, weir_input_index(stage, SPLIT_IN, SPLIT_BY, i));
      if (columns[i].type == WEIR_LIST)
        items[i] = weir_column_items(&columns[i]);
    }
    for (int64_t row = 0; row < batch.length && !failed; row++) {
      failed = read_row(r, columns, items, row);
      r->first[++done] = r->n;
    }
    weir_batch_release(&batch);
    if (failed || split_hold(stage, &r->held, r->name_bytes, "the labels"))
      return -1;
  }
  return 0;
}

/* --- Pairs --- */

/* Numbers the pairs of each row by the first sight of each. */
static int
number_pairs(weir_stage *stage, const SplitLabels *labels, guint64 *first, guint32 *label, guint32 *n_labels)
{
  g_autoptr(SplitGroups) known = split_groups_new(split_grant, stage);
  guint64 at = 0;
  for (guint32 row = 0; row < labels->n_rows; row++) {
    for (guint64 i = labels->first[row]; i < labels->first[row + 1]; i++)
      for (guint64 j = i; j < labels->first[row + 1]; j++) {
        weir_random mix = weir_random_from((guint64)labels->label[i] << 32 | labels->label[j]);
        label[at] = split_groups_add(known, (SplitHash){weir_random_u64(&mix), 0});
        if (label[at++] == G_MAXUINT32)
          return weir_fail(
              stage,
              "no memory for more than %u pairs of labels\nhint: raise --memory, or set \"order\" to 1",
              split_groups_count(known));
      }
    first[row + 1] = at;
  }
  *n_labels = split_groups_count(known);
  return 0;
}

/* Pairs of labels, and single labels, numbered as if they were labels (second-order relations: Szymański, Kajdanowicz,
 * "A network perspective on stratification of multi-label data", LIDTA 2017). */
static int
pair_up(weir_stage *stage, const SplitLabels *labels, SplitLabels *pairs)
{
  guint64 n = 0;
  for (guint32 row = 0; row < labels->n_rows; row++) {
    guint64 m = labels->first[row + 1] - labels->first[row];
    if (m > MAX_IN_A_PAIR) {
      weir_fail(stage,
                "a record has %" G_GUINT64_FORMAT " labels, and at most %u can be taken in pairs\n"
                "hint: set \"order\" to 1",
                m, MAX_IN_A_PAIR);
      return -1;
    }
    n += m * (m + 1) / 2;
  }
  guint64 *first = split_reserve(stage, (guint64)labels->n_rows + 1, sizeof *first, "the pairs of labels");
  guint32 *label = first ? split_reserve(stage, n, sizeof *label, "the pairs of labels") : NULL;
  *pairs = (SplitLabels){.n_rows = labels->n_rows, .first = first, .label = label};
  return label ? number_pairs(stage, labels, first, label, &pairs->n_labels) : -1;
}

/* --- The split --- */

static int
stratify(weir_stage *stage, const SplitLabels *labels)
{
  MultilabelState *state = stage->state;
  weir_random random = split_random(stage, state->seed);
  guint64 bytes = split_iterative_bytes(labels, state->deal.ratios.count);
  if (weir_reserve(stage, bytes) ||
      !split_iterative(labels, state->deal.shares, state->deal.ratios.count, &random, state->deal.side))
    return weir_fail(stage,
                     "no memory to deal the records out (%" G_GUINT64_FORMAT " bytes)\nhint: raise --memory",
                     bytes);
  weir_unreserve(stage, bytes);
  return 0;
}

static int
stratify_pairs(weir_stage *stage, const SplitLabels *labels)
{
  SplitLabels pairs = {0};
  int result = pair_up(stage, labels, &pairs) || stratify(stage, &pairs) ? -1 : 0;
  if (pairs.label)
    split_release(stage, (guint32 *)pairs.label, pairs.first[labels->n_rows], sizeof *pairs.label);
  split_release(stage, (guint64 *)pairs.first, (guint64)labels->n_rows + 1, sizeof *pairs.first);
  return result;
}

/* The largest difference between a label's share of a split's rows and its share of all rows. */
static double
largest_error(const SplitDeal *deal, const SplitLabels *labels, const guint64 *cells)
{
  double largest = 0;
  for (guint32 l = 0; l < labels->n_labels; l++) {
    const guint64 *rows = cells + (gsize)l * deal->ratios.count;
    guint64 all = 0;
    for (uint32_t j = 0; j < deal->ratios.count; j++)
      all += rows[j];
    for (uint32_t j = 0; j < deal->ratios.count; j++)
      if (deal->rows[j])
        largest = MAX(largest,
                      fabs((double)rows[j] / (double)deal->rows[j] - (double)all / (double)labels->n_rows));
  }
  return largest;
}

static int
report(weir_stage *stage, const Reading *r, const SplitLabels *labels)
{
  MultilabelState *state = stage->state;
  gsize k = state->deal.ratios.count, n = labels->n_labels * k;
  guint64 *cells = split_reserve(stage, n, sizeof *cells, "the labels");
  if (!cells)
    return -1;
  for (guint32 row = 0; row < labels->n_rows; row++)
    for (guint64 i = labels->first[row]; i < labels->first[row + 1]; i++)
      cells[labels->label[i] * k + state->deal.side[row]]++;
  split_deal_count(stage, &state->deal, SPLIT_IN);
  split_deal_report(stage, &state->deal, NULL, NULL);
  split_classes_report(stage, &state->deal, r->names, &state->by, cells);
  weir_metric(stage, "largest error of a label's share", largest_error(&state->deal, labels, cells), NULL);
  if (r->without)
    weir_log(stage, WEIR_LOG_INFO, "%" G_GUINT64_FORMAT " record%s no label; they fill up the splits",
             r->without, r->without == 1 ? " has" : "s have");
  split_release(stage, cells, n, sizeof *cells);
  return 0;
}

static int
plan_labels(weir_stage *stage, Reading *r)
{
  const MultilabelState *state = stage->state;
  uint64_t n_rows = weir_table_rows(stage, SPLIT_IN);
  r->first = split_reserve(stage, n_rows + 1, sizeof *r->first, "the labels of the records");
  if (!r->first || grow(r) || read_labels(r))
    return -1;
  const SplitLabels labels = {(guint32)n_rows, r->names->len, r->first, r->label};
  if (state->order == 1 ? stratify(stage, &labels) : stratify_pairs(stage, &labels))
    return -1;
  return report(stage, r, &labels);
}

int
multilabel_produce(weir_stage *stage)
{
  MultilabelState *state = stage->state;
  if (state->deal.side)
    return split_deal_next(stage, &state->deal, SPLIT_IN);
  if (split_deal_begin(stage, &state->deal, SPLIT_IN))
    return -1;
  Reading r = {.stage = stage,
               .known = split_groups_new(split_grant, stage),
               .names = g_ptr_array_new_with_free_func(g_free),
               .key = g_string_new(NULL)};
  int result = plan_labels(stage, &r);
  split_groups_free(r.known);
  g_ptr_array_unref(r.names);
  g_string_free(r.key, TRUE);
  split_release(stage, r.first, weir_table_rows(stage, SPLIT_IN) + 1, sizeof *r.first);
  split_release(stage, r.label, r.capacity, sizeof *r.label);
  weir_unreserve(stage, r.held);
  return result;
}

void
multilabel_close(weir_stage *stage)
{
  MultilabelState *state = stage->state;
  split_deal_clear(&state->deal);
}
