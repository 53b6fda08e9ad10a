/* SPDX-License-Identifier: MIT */
/* split.group: the records of a group stay together. */
#include "assign.h"
#include "groups.h"
#include "split.h"

enum { STRATIFY = 1 }; /* entry of the input's type */

typedef struct {
  weir_stage *stage;
  SplitGroups *groups;
  guint32 *group; /* of each row */
  guint64 *rows;  /* of each group */
  guint64 *tie;
} Numbers;

int
group_schema(weir_stage *stage)
{
  GroupState *state = stage->state;
  if (!state->by.count)
    return weir_fail(stage,
                     "option \"by\" names no column\n"
                     "hint: name the columns that make a group, or take split.stratified with \"by\": []");
  return split_deal_check(stage, &state->deal);
}

/* The number of a row's group; G_MAXUINT32 for one that is rejected. 0 or -1 (reported). */
static int
number_row(Numbers *numbers, const struct ArrowArray *batch, const weir_column *columns, int64_t row,
           GString *key, guint32 *number, guint64 *no_key)
{
  const GroupState *state = numbers->stage->state;
  gboolean lacks = FALSE;
  g_string_truncate(key, 0);
  for (uint32_t i = 0; i < state->by.count; i++) {
    lacks = lacks || split_key_is_none(&columns[i], row);
    split_key_append(key, &columns[i], row);
  }
  *no_key += lacks;
  *number = G_MAXUINT32;
  if (lacks && state->missing == SPLIT_MISSING_REJECT)
    return split_reject_row(numbers->stage, batch, row, &state->by);
  if (lacks && state->missing == SPLIT_MISSING_APART) {
    g_string_truncate(key, 0);
    split_append_row(numbers->stage, batch, row, key);
  }
  *number = split_groups_add(numbers->groups, split_key_hash128(key));
  if (*number == G_MAXUINT32)
    return weir_fail(numbers->stage, "no memory for more than %u groups\nhint: raise --memory",
                     split_groups_count(numbers->groups));
  return 0;
}

static int
number_rows(Numbers *numbers)
{
  weir_stage *stage = numbers->stage;
  const GroupState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  g_autofree weir_column *columns = g_new0(weir_column, state->by.count + 1);
  g_autoptr(GString) key = g_string_new(NULL);
  uint64_t done = 0;
  guint64 no_key = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, SPLIT_IN); b++) {
    struct ArrowArray batch;
    int failed = 0;
    if (weir_cancelled(stage) || weir_table_batch(stage, SPLIT_IN, b, &batch))
      return -1;
    for (uint32_t i = 0; i < state->by.count; i++)
      columns[i] = weir_batch_column(schema, &batch, weir_input_index(stage, SPLIT_IN, SPLIT_BY, i));
    for (int64_t i = 0; i < batch.length && !failed; i++, done++)
      failed = number_row(numbers, &batch, columns, i, key, &numbers->group[done], &no_key);
    weir_batch_release(&batch);
    if (failed)
      return -1;
  }
  split_warn_no_key(stage, &state->by, state->missing, no_key);
  return 0;
}

/* Sizes and ties; a tie follows from the seed and the group's key alone, so that the order of the rows has no part. */
static int
size_up(Numbers *numbers)
{
  const GroupState *state = numbers->stage->state;
  guint32 n = split_groups_count(numbers->groups);
  weir_random random = split_random(numbers->stage, state->seed);
  guint64 salt = weir_random_u64(&random);
  numbers->rows = split_reserve(numbers->stage, n, sizeof *numbers->rows, "the groups");
  numbers->tie = numbers->rows ? split_reserve(numbers->stage, n, sizeof *numbers->tie, "the groups") : NULL;
  if (!numbers->tie)
    return -1;
  for (guint32 i = 0; i < n; i++) {
    weir_random tie = weir_random_from(split_groups_hash(numbers->groups, i).high ^ salt);
    numbers->rows[i] = split_groups_rows(numbers->groups, i);
    numbers->tie[i] = weir_random_u64(&tie);
  }
  return n ? 0
           : weir_fail(numbers->stage,
                       "no record has a value in the columns of \"by\": there is nothing to split");
}

static int
choose_sides(weir_stage *stage, Numbers *numbers)
{
  GroupState *state = stage->state;
  uint64_t n_rows = weir_table_rows(stage, SPLIT_IN);
  numbers->group = split_reserve(stage, n_rows, sizeof *numbers->group, "the group of each record");
  if (!numbers->group || number_rows(numbers) || size_up(numbers))
    return -1;
  const SplitGrouping grouping = {.n = split_groups_count(numbers->groups),
                                  .rows = numbers->rows,
                                  .tie = numbers->tie,
                                  .group = numbers->group,
                                  .noun = "groups",
                                  .by = &state->by,
                                  .by_entry = SPLIT_BY};
  return split_assign(stage, &state->deal, SPLIT_IN, &grouping, &state->stratify, STRATIFY);
}

static int
plan_groups(weir_stage *stage)
{
  GroupState *state = stage->state;
  if (split_deal_begin(stage, &state->deal, SPLIT_IN))
    return -1;
  Numbers numbers = {.stage = stage, .groups = split_groups_new(split_grant, stage)};
  int result = choose_sides(stage, &numbers);
  guint32 n = split_groups_count(numbers.groups);
  split_groups_free(numbers.groups);
  split_release(stage, numbers.group, weir_table_rows(stage, SPLIT_IN), sizeof *numbers.group);
  split_release(stage, numbers.rows, n, sizeof *numbers.rows);
  split_release(stage, numbers.tie, n, sizeof *numbers.tie);
  return result;
}

int
group_produce(weir_stage *stage)
{
  GroupState *state = stage->state;
  if (!state->deal.side && plan_groups(stage))
    return -1;
  return split_deal_next(stage, &state->deal, SPLIT_IN);
}

void
group_close(weir_stage *stage)
{
  GroupState *state = stage->state;
  split_deal_clear(&state->deal);
}
