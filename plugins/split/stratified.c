/* SPDX-License-Identifier: MIT */
/* split.stratified: shares the rows of a table out to named splits, every class in the same proportion. */
#include "split.h"

#define NAMES_IN_TEXT 8 /* strata that a warning names */

int
stratified_schema(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  return split_deal_check(stage, &state->deal);
}

/* Appends the names of the strata that `is_wanted` takes, the first few of them; returns how many there are.
 */
static guint
list_strata(const StratifiedState *state, gboolean (*is_wanted)(const StratifiedState *, guint32),
            GString *text)
{
  const guint64 *rows = split_strata_rows(state->strata);
  guint n = 0;
  for (guint32 s = 0; s < split_strata_count(state->strata); s++)
    if (is_wanted(state, s) && n++ < NAMES_IN_TEXT)
      g_string_append_printf(text, "%s\"%s\" (%" G_GUINT64_FORMAT " row%s)", n > 1 ? ", " : "",
                             split_strata_name(state->strata, s), rows[s], rows[s] == 1 ? "" : "s");
  if (n > NAMES_IN_TEXT)
    g_string_append_printf(text, " and %u more", n - NAMES_IN_TEXT);
  return n;
}

static gboolean
is_rare(const StratifiedState *state, guint32 stratum)
{
  return split_is_rare(split_strata_rows(state->strata)[stratum], state->deal.ratios.count);
}

static gboolean
has_null(const StratifiedState *state, guint32 stratum)
{
  return split_strata_has_null(state->strata, stratum);
}

static void
warn_of_strata(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  g_autofree char *by = state->by.count ? g_strjoinv("\", \"", (char **)state->by.items) : NULL;
  g_autoptr(GString) rare = g_string_new(NULL);
  g_autoptr(GString) null = g_string_new(NULL);
  guint n_rare = list_strata(state, is_rare, rare);
  if (n_rare)
    weir_log(stage, WEIR_LOG_WARNING,
             "%u of %u classes of \"%s\" have fewer rows than there are splits, and go whole to \"%s\": %s",
             n_rare, split_strata_count(state->strata), by ? by : "",
             state->deal.ratios.keys[split_home(state->deal.shares, state->deal.ratios.count)], rare->str);
  if (list_strata(state, has_null, null))
    weir_log(stage, WEIR_LOG_WARNING, "rows without a value in \"%s\" are split as classes of their own: %s",
             by ? by : "", null->str);
}

/* The stratum of every row. */
static int
read_strata(weir_stage *stage, uint64_t n_rows)
{
  StratifiedState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  g_autofree weir_column *columns = g_new0(weir_column, state->by.count + 1);
  uint64_t row = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, SPLIT_IN); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, SPLIT_IN, b, &batch))
      return -1;
    for (uint32_t i = 0; i < state->by.count; i++)
      columns[i] = weir_batch_column(schema, &batch, weir_input_index(stage, SPLIT_IN, SPLIT_BY, i));
    guint32 number = 0;
    for (int64_t i = 0; i < batch.length && row < n_rows && number != G_MAXUINT32; i++)
      state->stratum[row++] = number = split_strata_add(state->strata, columns, state->by.count, i);
    weir_batch_release(&batch);
    if (number == G_MAXUINT32)
      return weir_fail(stage, "more than %u different values in the columns of \"by\": these are no classes",
                       SPLIT_MAX_STRATA);
  }
  return 0;
}

/* The split of the next row of a stratum: drawn so that every choice of rows is equally likely, and the
 * counts come out exactly (selection sampling: Knuth, TAOCP 3.4.2, algorithm S). */
static guint8
draw(StratifiedState *state, weir_random *random, guint32 stratum)
{
  guint64 *left = state->left + (gsize)stratum * state->deal.ratios.count;
  guint64 at = weir_random_below(random, state->left_in[stratum]);
  guint8 j = 0;
  for (; at >= left[j]; j++)
    at -= left[j];
  left[j]--;
  state->left_in[stratum]--;
  return j;
}

static int
plan_split(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  uint32_t k = state->deal.ratios.count;
  uint64_t n_rows = weir_table_rows(stage, SPLIT_IN);
  if (split_deal_begin(stage, &state->deal, SPLIT_IN))
    return -1;
  state->stratum = split_reserve(stage, n_rows, sizeof *state->stratum, "the class of each record");
  if (!state->stratum)
    return -1;
  state->strata = split_strata_new();
  if (read_strata(stage, n_rows))
    return -1;
  gsize n = split_strata_count(state->strata);
  weir_random random = split_random(stage, state->seed);
  state->left = g_new0(guint64, n * k);
  state->left_in = g_memdup2(split_strata_rows(state->strata), n * sizeof *state->left_in);
  split_apportion(split_strata_rows(state->strata), n, state->deal.shares, k, weir_random_u64(&random),
                  state->left);
  warn_of_strata(stage);
  g_autofree guint64 *cells = g_memdup2(state->left, n * k * sizeof *cells);
  for (uint64_t row = 0; row < n_rows; row++)
    state->deal.side[row] = draw(state, &random, state->stratum[row]);
  split_deal_count(stage, &state->deal, SPLIT_IN);
  split_classes_report(stage, &state->deal, split_strata_names(state->strata), &state->by, cells);
  split_deal_report(stage, &state->deal, NULL, NULL);
  split_release(stage, state->stratum, n_rows, sizeof *state->stratum);
  state->stratum = NULL;
  return 0;
}

int
stratified_produce(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  if (!state->strata && plan_split(stage))
    return -1;
  return split_deal_next(stage, &state->deal, SPLIT_IN);
}

void
stratified_close(weir_stage *stage)
{
  StratifiedState *state = stage->state;
  split_deal_clear(&state->deal);
  split_strata_free(state->strata);
  g_free(state->stratum);
  g_free(state->left);
  g_free(state->left_in);
}
