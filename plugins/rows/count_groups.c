/* SPDX-License-Identifier: MIT */
/* Groups rows by their keys and adds figures up, in bounded memory. */
#include "count.h"
#include "order.h"

/* Groups that always fit. */
#define FEW_GROUPS 512

struct CountGroups {
  weir_stage *stage;
  uint32_t depth;
  gboolean is_full; /* rows with further keys are dealt out */
  RowsTable table;  /* key to number of the group */
  uint64_t n, size; /* groups, and room for them */
  int64_t *counts;
  CountSum *sums;   /* n_wanted a group */
  RowsStore *store; /* the columns of `by`, a row a group */
  weir_spill *parts[ROWS_PARTS];
};

CountGroups *
count_groups_new(weir_stage *stage, uint32_t depth)
{
  RowsCount *state = stage->state;
  CountGroups *groups = g_new0(CountGroups, 1);
  groups->stage = stage;
  groups->depth = depth;
  rows_table_init(&groups->table, &state->grant);
  groups->store = rows_store_new(stage, state->by_schema, &state->grant);
  return groups;
}

static uint64_t
group_bytes(const RowsCount *state)
{
  return sizeof(int64_t) + state->n_wanted * sizeof(CountSum);
}

static void
drop_groups(CountGroups *groups)
{
  RowsCount *state = groups->stage->state;
  rows_table_clear(&groups->table);
  rows_store_free(groups->store);
  groups->store = NULL;
  g_clear_pointer(&groups->counts, g_free);
  g_clear_pointer(&groups->sums, g_free);
  rows_grant_give(&state->grant, groups->size * group_bytes(state));
  groups->n = groups->size = 0;
}

void
count_groups_free(CountGroups *groups)
{
  if (!groups)
    return;
  drop_groups(groups);
  for (uint32_t i = 0; i < ROWS_PARTS; i++)
    weir_spill_drop(groups->parts[i]);
  g_free(groups);
}

static gboolean
grow(CountGroups *groups)
{
  RowsCount *state = groups->stage->state;
  uint64_t more = MAX(groups->size / 2, FEW_GROUPS), size = groups->size + more;
  if (!groups->size)
    rows_grant_force(&state->grant, more * group_bytes(state));
  else if (!rows_grant_take(&state->grant, more * group_bytes(state)))
    return FALSE;
  groups->size = size;
  groups->counts = g_renew(int64_t, groups->counts, size);
  groups->sums = g_renew(CountSum, groups->sums, size * state->n_wanted + 1);
  return TRUE;
}

/* The number of a key's group, which is made where there is none. G_MAXUINT64: there is no room for one more. */
static uint64_t
group_of(CountGroups *groups, RowsHash hash, gboolean *is_new)
{
  RowsCount *state = groups->stage->state;
  RowsSlot *slot = NULL;
  *is_new = FALSE;
  if (!groups->is_full && groups->n == groups->size && !grow(groups))
    groups->is_full = TRUE;
  if (groups->is_full)
    slot = rows_table_find(&groups->table, hash);
  else
    slot = rows_table_put(&groups->table, hash, groups->n, is_new);
  if (!slot) {
    groups->is_full = TRUE;
    return G_MAXUINT64;
  }
  if (*is_new) {
    groups->counts[groups->n] = 0;
    memset(groups->sums + groups->n * state->n_wanted, 0, state->n_wanted * sizeof *groups->sums);
    groups->n++;
  }
  return slot->value;
}

/* --- Figures --- */

static gboolean
is_real(const CountFigure *figure)
{
  return figure->type == WEIR_F32 || figure->type == WEIR_F64;
}

static int
add_to_sum(weir_stage *stage, const CountFigure *figure, CountSum *sum, const weir_column *column,
           int64_t row)
{
  gboolean over = FALSE;
  if (figure->result == WEIR_F64)
    sum->value.d += weir_get_number(column, row);
  else if (figure->result == WEIR_U64)
    over = __builtin_add_overflow(sum->value.u, (uint64_t)weir_get_integer(column, row), &sum->value.u);
  else
    over = __builtin_add_overflow(sum->value.i, weir_get_integer(column, row), &sum->value.i);
  if (!over)
    return 0;
  return weir_fail(stage, "the sum \"%s\" of a group is beyond 64 bits\nhint: use the mean, or real numbers",
                   figure->name);
}

/* The smaller or larger of two, with NaN above all. */
static void
take_extreme(const CountFigure *figure, CountSum *sum, const weir_column *column, int64_t row)
{
  CountSum other = {.n = 1};
  gboolean smaller;
  if (is_real(figure)) {
    double a = weir_get_number(column, row), b = sum->value.d;
    other.value.d = a;
    smaller = a < b || (b != b && a == a);
  } else {
    other.value.i = weir_get_integer(column, row);
    smaller = figure->type == WEIR_U64 ? other.value.u < sum->value.u : other.value.i < sum->value.i;
  }
  gboolean larger = !smaller;
  if (sum->n == 0 || (figure->kind == COUNT_MIN ? smaller : larger))
    sum->value = other.value;
}

static int
add_row(CountGroups *groups, uint64_t group, int64_t row)
{
  const RowsCount *state = groups->stage->state;
  groups->counts[group]++;
  for (uint32_t i = 0; i < state->n_wanted; i++) {
    const CountFigure *figure = &state->wanted[i];
    const weir_column *column = &state->columns[figure->column];
    CountSum *sum = &groups->sums[group * state->n_wanted + i];
    if (weir_is_null(column, row))
      continue;
    if (figure->kind == COUNT_MIN || figure->kind == COUNT_MAX)
      take_extreme(figure, sum, column, row);
    else if (add_to_sum(groups->stage, figure, sum, column, row))
      return -1;
    sum->n++;
  }
  return 0;
}

/* --- Rows --- */

static int
deal_out(CountGroups *groups, const struct ArrowArray *batch, GArray *const *dealt)
{
  const RowsCount *state = groups->stage->state;
  for (uint32_t part = 0; part < ROWS_PARTS; part++) {
    struct ArrowArray out;
    if (!dealt[part] || !dealt[part]->len)
      continue;
    if (!groups->parts[part])
      groups->parts[part] = weir_spill_begin(groups->stage, state->used_schema);
    if (!groups->parts[part] ||
        weir_gather(groups->stage, state->used_schema, &batch, 1,
                    (const weir_row *)(const void *)dealt[part]->data, dealt[part]->len, &out) ||
        weir_spill_add(groups->parts[part], &out))
      return -1;
  }
  return 0;
}

/* Keeps the keys of the groups that a batch began. */
static int
keep_keys(CountGroups *groups, const struct ArrowArray *batch, const GArray *begun)
{
  const RowsCount *state = groups->stage->state;
  struct ArrowArray by = *batch, out;
  const struct ArrowArray *batches[1] = {&by};
  if (!begun->len)
    return 0;
  by.n_children = state->by.count; /* these stand first */
  if (weir_gather(groups->stage, state->by_schema, batches, 1, (const weir_row *)(const void *)begun->data,
                  begun->len, &out))
    return -1;
  return rows_store_add(groups->store, &out);
}

static int
add_rows(CountGroups *groups, const struct ArrowArray *batch, GArray *begun, GArray **dealt)
{
  RowsCount *state = groups->stage->state;
  for (uint32_t i = 0; i < state->n_used; i++)
    state->columns[i] = weir_batch_column(state->used_schema, batch, i);
  for (int64_t row = 0; row < batch->length; row++) {
    gboolean is_new = FALSE;
    RowsHash hash = rows_hash(state->columns, state->by.count, row, state->scratch);
    uint64_t group = group_of(groups, hash, &is_new);
    weir_row pick = {0, row};
    if (group != G_MAXUINT64) {
      if (is_new)
        g_array_append_val(begun, pick);
      if (add_row(groups, group, row))
        return -1;
      continue;
    }
    uint32_t part = rows_part(hash, groups->depth);
    if (!dealt[part])
      dealt[part] = g_array_new(FALSE, FALSE, sizeof(weir_row));
    g_array_append_val(dealt[part], pick);
  }
  return keep_keys(groups, batch, begun) || deal_out(groups, batch, dealt) ? -1 : 0;
}

int
count_groups_add(CountGroups *groups, const struct ArrowArray *batch)
{
  GArray *dealt[ROWS_PARTS] = {NULL};
  g_autoptr(GArray) begun = g_array_new(FALSE, FALSE, sizeof(weir_row));
  int result = add_rows(groups, batch, begun, dealt);
  for (uint32_t i = 0; i < ROWS_PARTS; i++)
    if (dealt[i])
      g_array_unref(dealt[i]);
  return result;
}

int
count_groups_add_none(CountGroups *groups)
{
  const RowsCount *state = groups->stage->state;
  struct ArrowArray by;
  gboolean is_new = FALSE;
  (void)group_of(groups, rows_hash(NULL, 0, 0, state->scratch), &is_new);
  rows_join_columns(NULL, 0, 1, &by);
  return rows_store_add(groups->store, &by);
}

/* --- What comes out --- */

/* Writes a value into a column of its type. */
static void
write_value(const CountFigure *figure, const CountSum *sum, void *values, int64_t at)
{
  double d = figure->kind == COUNT_MEAN ? sum->value.d / (double)sum->n : sum->value.d;
  if (figure->result == WEIR_F64) {
    ((double *)values)[at] = d;
    return;
  }
  if (figure->result == WEIR_F32) {
    ((float *)values)[at] = (float)d;
    return;
  }
  switch (weir_type_size(figure->result)) {
  case 1:
    ((uint8_t *)values)[at] = (uint8_t)sum->value.u;
    return;
  case 2:
    ((uint16_t *)values)[at] = (uint16_t)sum->value.u;
    return;
  case 4:
    ((uint32_t *)values)[at] = (uint32_t)sum->value.u;
    return;
  default:
    ((uint64_t *)values)[at] = sum->value.u;
  }
}

static void
figure_column(const CountGroups *groups, uint32_t index, uint64_t first, int64_t n, struct ArrowArray *out)
{
  const RowsCount *state = groups->stage->state;
  const CountFigure *figure = &state->wanted[index];
  void *values = g_malloc0_n((gsize)n, weir_type_size(figure->result));
  uint8_t *validity = g_new0(uint8_t, (gsize)n / 8 + 1);
  int64_t null_count = 0;
  for (int64_t i = 0; i < n; i++) {
    const CountSum *sum = &groups->sums[(first + (uint64_t)i) * state->n_wanted + index];
    if (!sum->n) {
      null_count++;
      continue;
    }
    validity[i >> 3] |= (uint8_t)(1u << (i & 7));
    write_value(figure, sum, values, i);
  }
  rows_column(values, validity, null_count, n, out);
}

/* Hands groups on, whose keys are a batch, which it takes. */
static int
send_groups(CountGroups *groups, struct ArrowArray *by, uint64_t first)
{
  RowsCount *state = groups->stage->state;
  uint32_t n_by = state->by.count, n_columns = n_by + 1 + state->n_wanted;
  int64_t n = by->length;
  struct ArrowArray batch;
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, (gsize)n_columns + 1);
  rows_take_columns(by, columns);
  rows_column(g_memdup2(groups->counts + first, (gsize)n * sizeof *groups->counts), NULL, 0, n,
              &columns[n_by]);
  for (uint32_t i = 0; i < state->n_wanted; i++)
    figure_column(groups, i, first, n, &columns[n_by + 1 + i]);
  rows_join_columns(columns, n_columns, n, &batch);
  return rows_sorter_add(state->sorter, &batch, NULL);
}

static int
finish_part(const CountGroups *parent, weir_spill *part)
{
  if (weir_spill_finish(part))
    return -1;
  CountGroups *groups = count_groups_new(parent->stage, parent->depth + 1);
  int result = 0;
  for (uint64_t i = 0; i < weir_spill_batches(part) && !result; i++) {
    struct ArrowArray batch;
    if (weir_cancelled(parent->stage) || weir_spill_batch(part, i, &batch)) {
      result = -1;
      break;
    }
    result = count_groups_add(groups, &batch);
    weir_batch_release(&batch);
  }
  result = result || count_groups_finish(groups) ? -1 : 0;
  count_groups_free(groups);
  return result;
}

int
count_groups_finish(CountGroups *groups)
{
  uint64_t first = 0;
  if (rows_store_finish(groups->store))
    return -1;
  for (uint64_t i = 0; i < rows_store_batches(groups->store); i++) {
    struct ArrowArray by;
    if (rows_store_take(groups->store, i, &by))
      return -1;
    uint64_t n = (uint64_t)by.length;
    if (send_groups(groups, &by, first))
      return -1;
    first += n;
  }
  drop_groups(groups);
  for (uint32_t i = 0; i < ROWS_PARTS; i++)
    if (groups->parts[i]) {
      if (finish_part(groups, groups->parts[i]))
        return -1;
      weir_spill_drop(groups->parts[i]);
      groups->parts[i] = NULL;
    }
  return 0;
}
