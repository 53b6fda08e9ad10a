/* SPDX-License-Identifier: MIT */
/* The labels of groups, counted by sorting rows; then split_balance(), and what came of it. */
#include "config.h"

#include "assign.h"

#include <math.h>
#include <stdlib.h>

#include "balance.h"
#include "split.h"

#define NAME_LETTERS 60
#define NOTABLE      0.01 /* of all rows: a split that is further off its ratio is named in a warning */

typedef struct {
  weir_stage *stage;
  SplitDeal *deal;
  uint32_t in;
  const SplitGrouping *grouping;
  const weir_list *stratify;
  uint32_t entry;
  uint64_t n_rows;

  SplitStrata *strata;
  guint64 held;   /* bytes that count for them */
  guint32 *order; /* of the strata: a label is a place in it, so that the order of the rows has no part */
  guint32 *place; /* of a stratum in it */
  guint32 *label; /* first of each row, then of each group, see SplitItems */
  guint32 *count;
  guint64 *first;
  guint8 *split; /* of each group */
} Assignment;

/* The stratum of each row into `label`. */
static int
read_strata(Assignment *a)
{
  const struct ArrowSchema *schema = weir_input_schema(a->stage, a->in);
  g_autofree weir_column *columns = g_new0(weir_column, a->stratify->count + 1);
  uint64_t row = 0;
  for (uint64_t b = 0; b < weir_table_batches(a->stage, a->in); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(a->stage) || weir_table_batch(a->stage, a->in, b, &batch))
      return -1;
    for (uint32_t i = 0; i < a->stratify->count; i++)
      columns[i] = weir_batch_column(schema, &batch, weir_input_index(a->stage, a->in, a->entry, i));
    guint32 number = 0;
    for (int64_t i = 0; i < batch.length && row < a->n_rows && number != G_MAXUINT32; i++, row++) {
      if (a->grouping->group[row] == G_MAXUINT32)
        continue;
      a->label[row] = number = split_strata_add(a->strata, columns, a->stratify->count, i);
    }
    weir_batch_release(&batch);
    if (number == G_MAXUINT32)
      return weir_fail(a->stage,
                       "more than %u different values in the columns of \"stratify\": these are no classes",
                       SPLIT_MAX_STRATA);
    if (split_hold(a->stage, &a->held, split_strata_bytes(a->strata), "the classes"))
      return -1;
  }
  return 0;
}

static int
compare_labels(const void *a, const void *b)
{
  guint32 x = *(const guint32 *)a;
  guint32 y = *(const guint32 *)b;
  return x < y ? -1 : x > y;
}

/* Turns the labels of rows into labels of groups: rows are put in the order of their groups, the labels of a group
 * sorted, and equal ones counted. What is written never passes what is still to be read. */
static int
count_labels(Assignment *a)
{
  const SplitGrouping *g = a->grouping;
  guint32 *by_group = split_reserve(a->stage, a->n_rows, sizeof *by_group, "the classes of groups");
  if (!by_group)
    return -1;
  for (guint32 i = 0; i < g->n; i++)
    a->first[i + 1] = a->first[i] + g->rows[i];
  for (uint64_t row = 0; row < a->n_rows; row++)
    if (g->group[row] != G_MAXUINT32)
      by_group[a->first[g->group[row]]++] = a->place[a->label[row]];
  guint64 read = 0;
  guint64 written = 0;
  for (guint32 i = 0; i < g->n; i++) {
    guint64 end = read + g->rows[i];
    qsort(by_group + read, g->rows[i], sizeof *by_group, compare_labels);
    a->first[i] = written;
    for (; read < end; read++)
      if (written > a->first[i] && a->label[written - 1] == by_group[read]) {
        a->count[written - 1]++;
      } else {
        a->label[written] = by_group[read];
        a->count[written++] = 1;
      }
  }
  a->first[g->n] = written;
  split_release(a->stage, by_group, a->n_rows, sizeof *by_group);
  return 0;
}

static int
order_strata(Assignment *a)
{
  guint n = split_strata_count(a->strata);
  a->order = split_reserve(a->stage, n, sizeof *a->order, "the classes");
  a->place = a->order ? split_reserve(a->stage, n, sizeof *a->place, "the classes") : NULL;
  if (!a->place)
    return -1;
  split_strata_order(a->strata, a->order);
  for (guint32 i = 0; i < n; i++)
    a->place[a->order[i]] = i;
  return 0;
}

static int
learn_labels(Assignment *a)
{
  a->strata = split_strata_new();
  a->label = split_reserve(a->stage, a->n_rows, sizeof *a->label, "the class of each record");
  a->count =
      a->label ? split_reserve(a->stage, a->n_rows, sizeof *a->count, "the class of each record") : NULL;
  a->first =
      a->count ? split_reserve(a->stage, (guint64)a->grouping->n + 1, sizeof *a->first, "the groups") : NULL;
  return !a->first || read_strata(a) || order_strata(a) || count_labels(a) ? -1 : 0;
}

static void
unlearn_labels(Assignment *a)
{
  split_release(a->stage, a->label, a->n_rows, sizeof *a->label);
  split_release(a->stage, a->count, a->n_rows, sizeof *a->count);
  split_release(a->stage, a->first, (guint64)a->grouping->n + 1, sizeof *a->first);
  guint n = a->strata ? split_strata_count(a->strata) : 0;
  split_release(a->stage, a->order, n, sizeof *a->order);
  split_release(a->stage, a->place, n, sizeof *a->place);
  split_strata_free(a->strata);
  weir_unreserve(a->stage, a->held);
}

static int
choose(Assignment *a)
{
  const SplitGrouping *g = a->grouping;
  SplitItems items = {.n = g->n, .rows = g->rows, .tie = g->tie};
  if (a->stratify->count) {
    items.n_labels = split_strata_count(a->strata);
    items.first = a->first;
    items.label = a->label;
    items.count = a->count;
  }
  guint64 bytes = split_balance_bytes(&items, a->deal->ratios.count);
  if (weir_reserve(a->stage, bytes) ||
      !split_balance(&items, a->deal->shares, a->deal->ratios.count, a->split))
    return weir_fail(a->stage,
                     "no memory to deal out %u %s (%" G_GUINT64_FORMAT " bytes)\nhint: raise --memory", g->n,
                     g->noun, bytes);
  weir_unreserve(a->stage, bytes);
  return 0;
}

static int
report_labels(const Assignment *a)
{
  gsize k = a->deal->ratios.count, n = split_strata_count(a->strata) * k;
  guint64 *cells = split_reserve(a->stage, n, sizeof *cells, "the classes");
  if (!cells)
    return -1;
  for (guint32 i = 0; i < a->grouping->n; i++)
    for (guint64 at = a->first[i]; at < a->first[i + 1]; at++)
      cells[a->order[a->label[at]] * k + a->split[i]] += a->count[at];
  split_classes_report(a->stage, a->deal, split_strata_names(a->strata), a->stratify, cells);
  split_release(a->stage, cells, n, sizeof *cells);
  return 0;
}

/* The bytes of a name that a message has room for. */
static gsize
name_length(const char *name)
{
  return g_utf8_strlen(name, -1) > NAME_LETTERS ? (gsize)(g_utf8_offset_to_pointer(name, NAME_LETTERS) - name)
                                                : strlen(name);
}

/* Says that the ratios were not reached, and which group is the largest. */
static int
warn_of_ratios(const Assignment *a)
{
  const SplitGrouping *g = a->grouping;
  guint64 total = 0;
  guint32 largest = 0;
  double off = 0;
  uint32_t which = 0;
  for (guint32 i = 0; i < g->n; i++) {
    total += g->rows[i];
    largest = g->rows[i] > g->rows[largest] ? i : largest;
  }
  for (uint32_t j = 0; total && j < a->deal->ratios.count; j++) {
    double error = fabs((double)a->deal->rows[j] / (double)total - a->deal->shares[j]);
    which = error > off ? j : which;
    off = MAX(off, error);
  }
  if (off <= NOTABLE)
    return 0;
  uint64_t row = 0;
  while (g->group[row] != largest)
    row++;
  g_autofree char *name = split_name_row(a->stage, a->in, row, g->by, g->by_entry);
  if (!name)
    return -1;
  weir_log(a->stage, WEIR_LOG_WARNING,
           "the ratios cannot be reached with whole %s: \"%s\" gets %.1f %% of the records instead of %.1f "
           "%%; the "
           "largest of %u, \"%.*s\", has %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT,
           g->noun, a->deal->ratios.keys[which], 100 * (double)a->deal->rows[which] / (double)total,
           100 * a->deal->shares[which], g->n, (int)name_length(name), name, g->rows[largest], total);
  return 0;
}

static int
assign(Assignment *a)
{
  const SplitGrouping *g = a->grouping;
  guint64 groups[SPLIT_MAX_SPLITS] = {0};
  if (!a->split || (a->stratify->count && learn_labels(a)) || choose(a))
    return -1;
  for (uint64_t row = 0; row < a->n_rows; row++)
    a->deal->side[row] = g->group[row] == G_MAXUINT32 ? SPLIT_LEFT_OUT : a->split[g->group[row]];
  for (guint32 i = 0; i < g->n; i++)
    groups[a->split[i]]++;
  split_deal_count(a->stage, a->deal, a->in);
  split_deal_report(a->stage, a->deal, g->noun, groups);
  if (a->stratify->count && report_labels(a))
    return -1;
  return warn_of_ratios(a);
}

int
split_assign(weir_stage *stage, SplitDeal *deal, uint32_t in, const SplitGrouping *grouping,
             const weir_list *stratify, uint32_t stratify_entry)
{
  Assignment a = {.stage = stage,
                  .deal = deal,
                  .in = in,
                  .grouping = grouping,
                  .stratify = stratify,
                  .entry = stratify_entry,
                  .n_rows = weir_table_rows(stage, in)};
  a.split = split_reserve(stage, grouping->n, 1, "the groups");
  int result = assign(&a);
  split_release(stage, a.split, grouping->n, 1);
  unlearn_labels(&a);
  return result;
}

char *
split_name_row(weir_stage *stage, uint32_t in, uint64_t row, const weir_list *by, uint32_t entry)
{
  const struct ArrowSchema *schema = weir_input_schema(stage, in);
  for (uint64_t b = 0; b < weir_table_batches(stage, in); b++) {
    struct ArrowArray batch;
    if (weir_table_batch(stage, in, b, &batch))
      return NULL;
    if (row < (uint64_t)batch.length) {
      GString *name = g_string_new(NULL);
      for (uint32_t i = 0; i < by->count; i++) {
        weir_column column = weir_batch_column(schema, &batch, weir_input_index(stage, in, entry, i));
        g_string_append(name, i ? ", " : "");
        split_append_name(name, &column, (int64_t)row);
      }
      weir_batch_release(&batch);
      return g_string_free(name, FALSE);
    }
    row -= (uint64_t)batch.length;
    weir_batch_release(&batch);
  }
  return g_strdup("");
}
