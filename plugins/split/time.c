/* SPDX-License-Identifier: MIT */
/* split.time: the oldest records to the first split, the newest to the last. */
#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "split.h"

/* Times as unsigned numbers of the same order: integers and microseconds moved up by 2^63, real numbers by their bits.
 */
#define SIGN (G_GUINT64_CONSTANT(1) << 63)

static guint64
key_of_real(double value)
{
  guint64 bits;
  value = value == 0 ? 0 : value; /* -0 too */
  memcpy(&bits, &value, sizeof bits);
  return bits & SIGN ? ~bits : bits | SIGN;
}

static double
real_of_key(guint64 key)
{
  double value;
  guint64 bits = key & SIGN ? key & ~SIGN : ~key;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static gboolean
is_real(weir_type type)
{
  return type == WEIR_F32 || type == WEIR_F64;
}

static guint64
key_of(const weir_column *column, int64_t row)
{
  if (is_real(column->type))
    return key_of_real(weir_get_number(column, row));
  guint64 value = (guint64)weir_get_integer(column, row);
  return column->type == WEIR_U64 ? value : value ^ SIGN;
}

static gboolean
is_missing(const weir_column *column, int64_t row)
{
  return weir_is_null(column, row) || (is_real(column->type) && isnan(weir_get_number(column, row)));
}

/* --- Options --- */

static gboolean
parse_timestamp(const char *text, guint64 *key, GError **error)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_autofree char *whole = strchr(text, 'T') ? g_strdup(text) : g_strconcat(text, "T00:00:00Z", NULL);
  g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, utc);
  if (!time) {
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "\"%s\" is no date or time; write 2024-05-01 or 2024-05-01T12:30:00Z", text);
    return FALSE;
  }
  *key = (guint64)(g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time)) ^ SIGN;
  return TRUE;
}

static gboolean
parse_cut(const char *text, weir_type type, guint64 *key, GError **error)
{
  double real;
  gint64 integer;
  if (type == WEIR_TIMESTAMP)
    return parse_timestamp(text, key, error);
  if (is_real(type)) {
    gboolean fine = weir_parse_number(text, -G_MAXDOUBLE, G_MAXDOUBLE, &real, error);
    *key = fine ? key_of_real(real) : 0;
    return fine;
  }
  if (type == WEIR_U64)
    return weir_parse_unsigned(text, 0, G_MAXUINT64, key, error);
  if (!weir_parse_integer(text, G_MININT64, G_MAXINT64, &integer, error))
    return FALSE;
  *key = (guint64)integer ^ SIGN;
  return TRUE;
}

/* As a distance between keys of integers, or as the bits of a real number. */
static gboolean
parse_gap(const char *text, weir_type type, TimeState *state, GError **error)
{
  gint64 time;
  if (type == WEIR_TIMESTAMP) {
    gboolean fine = weir_parse_duration(text, 0, G_MAXINT64, &time, error);
    state->gap = fine ? (guint64)time : 0;
    return fine;
  }
  if (is_real(type))
    return weir_parse_number(text, 0, G_MAXDOUBLE, &state->real_gap, error);
  return weir_parse_unsigned(text, 0, G_MAXUINT64, &state->gap, error);
}

/* Reads cuts and gap as values of the column's type. */
static int
read_options(weir_stage *stage, weir_type type)
{
  TimeState *state = stage->state;
  g_autoptr(GError) error = NULL;
  for (uint32_t i = 0; i < state->cuts.count; i++) {
    if (!parse_cut(state->cuts.items[i], type, &state->cut[i], &error))
      return weir_fail(stage, "option \"cuts\": %s", error->message);
    if (i && state->cut[i] <= state->cut[i - 1])
      return weir_fail(stage, "option \"cuts\": \"%s\" does not come after \"%s\"", state->cuts.items[i],
                       state->cuts.items[i - 1]);
  }
  if (state->gap_text && !parse_gap(state->gap_text, type, state, &error))
    return weir_fail(stage, "option \"gap\": %s", error->message);
  return 0;
}

int
time_schema(weir_stage *stage)
{
  TimeState *state = stage->state;
  uint32_t k = state->deal.ratios.count;
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  if (split_deal_check(stage, &state->deal))
    return -1;
  state->deal.only_names = state->cuts.count > 0;
  if (state->cuts.count && state->cuts.count + 1 != k)
    return weir_fail(stage,
                     "option \"cuts\" has %u values for the %u splits that \"ratios\" names; it needs %u",
                     state->cuts.count, k, k - 1);
  state->cut = weir_alloc(stage, k * sizeof *state->cut);
  state->is_cut = weir_alloc(stage, k * sizeof *state->is_cut);
  if (!state->cut || !state->is_cut)
    return -1;
  int32_t index = schema ? weir_input_index(stage, SPLIT_IN, SPLIT_BY, 0) : -1;
  return index < 0 ? 0 : read_options(stage, weir_type_from_format(schema->children[index]->format, NULL));
}

/* --- Times --- */

/* The time of each row, and where there is none, its side. Returns the number of rows with a time, or -1 (reported). */
static gint64
read_times(weir_stage *stage, guint64 *time, guint8 *missing)
{
  TimeState *state = stage->state;
  uint64_t row = 0;
  gint64 n = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, SPLIT_IN); b++) {
    struct ArrowArray batch;
    int failed = 0;
    if (weir_cancelled(stage) || weir_table_batch(stage, SPLIT_IN, b, &batch))
      return -1;
    weir_column column = weir_input(stage, SPLIT_IN, &batch, SPLIT_BY);
    state->type = column.type;
    for (int64_t i = 0; i < batch.length && !failed; i++, row++) {
      missing[row] = is_missing(&column, i);
      if (!missing[row]) {
        time[row] = key_of(&column, i);
        n++;
      } else if (state->missing == TIME_MISSING_REJECT) {
        failed = weir_reject(
            stage, SPLIT_IN, &batch, i,
            "the record has no value in \"%s\", so that no split can be chosen\n"
            "hint: option \"missing\" sends such records to the \"first\" split or to the \"last\"",
            state->by);
      }
    }
    weir_batch_release(&batch);
    if (failed)
      return -1;
  }
  return n;
}

static int
compare_keys(const void *a, const void *b)
{
  guint64 x = *(const guint64 *)a;
  guint64 y = *(const guint64 *)b;
  return x < y ? -1 : x > y;
}

/* A cut at rank `at` may not part equal times: it goes before or behind them, where fewer rows change sides. */
static guint64
respect_ties(const guint64 *sorted, guint64 n, guint64 at)
{
  guint64 before = at;
  guint64 behind = at;
  if (at == 0 || at >= n)
    return at;
  while (before && sorted[before - 1] == sorted[at])
    before--;
  if (before == at)
    return at;
  while (behind < n && sorted[behind] == sorted[at])
    behind++;
  return at - before <= behind - at ? before : behind;
}

/* The cuts that come nearest to the ratios. */
static int
find_cuts(weir_stage *stage, const guint64 *time, const guint8 *missing, guint64 n)
{
  TimeState *state = stage->state;
  guint64 sizes[SPLIT_MAX_SPLITS];
  guint64 kept = 0;
  guint64 at = 0;
  guint64 *sorted = split_reserve(stage, n, sizeof *sorted, "the times of the records");
  if (!sorted)
    return -1;
  for (uint64_t row = 0; row < weir_table_rows(stage, SPLIT_IN); row++)
    if (!missing[row])
      sorted[kept++] = time[row];
  qsort(sorted, n, sizeof *sorted, compare_keys);
  split_largest_remainder(n, state->deal.shares, state->deal.ratios.count, sizes);
  for (uint32_t j = 0; j + 1 < state->deal.ratios.count; j++) {
    at += sizes[j];
    guint64 rank = respect_ties(sorted, n, at);
    state->is_cut[j] = rank < n;
    state->cut[j] = rank < n ? sorted[rank] : 0;
  }
  split_release(stage, sorted, n, sizeof *sorted);
  return 0;
}

/* Whether a time lies less than the gap before a cut. */
static gboolean
is_in_gap(const TimeState *state, guint64 time, guint64 cut)
{
  if (is_real(state->type))
    return real_of_key(cut) - real_of_key(time) < state->real_gap;
  return cut - time < state->gap;
}

static guint8
side_of(const TimeState *state, guint64 time)
{
  uint32_t k = state->deal.ratios.count;
  uint32_t j = 0;
  while (j + 1 < k && state->is_cut[j] && time >= state->cut[j])
    j++;
  if (j + 1 < k && state->is_cut[j] && is_in_gap(state, time, state->cut[j]))
    return SPLIT_LEFT_OUT;
  return (guint8)j;
}

static void
choose_sides(weir_stage *stage, const guint64 *time, const guint8 *missing)
{
  TimeState *state = stage->state;
  guint8 instead = state->missing == TIME_MISSING_FIRST ? 0 : (guint8)(state->deal.ratios.count - 1);
  guint64 left_out = 0;
  guint64 no_time = 0;
  for (uint64_t row = 0; row < weir_table_rows(stage, SPLIT_IN); row++) {
    guint8 side = missing[row] ? instead : side_of(state, time[row]);
    left_out += side == SPLIT_LEFT_OUT;
    no_time += missing[row];
    state->deal.side[row] = missing[row] && state->missing == TIME_MISSING_REJECT ? SPLIT_LEFT_OUT : side;
  }
  if (no_time && state->missing != TIME_MISSING_REJECT)
    weir_log(stage, WEIR_LOG_WARNING, "%" G_GUINT64_FORMAT " record%s no value in \"%s\" and %s to \"%s\"",
             no_time, no_time == 1 ? " has" : "s have", state->by, no_time == 1 ? "goes" : "go",
             state->deal.ratios.keys[instead]);
  if (state->gap_text) {
    weir_metric(stage, "in a gap", (double)left_out, "records");
    weir_log(stage, WEIR_LOG_INFO, "%" G_GUINT64_FORMAT " record%s less than %s before a cut and left out",
             left_out, left_out == 1 ? " is" : "s are", state->gap_text);
  }
}

static int
plan_times(weir_stage *stage, guint64 *time, guint8 *missing)
{
  TimeState *state = stage->state;
  gint64 n = read_times(stage, time, missing);
  if (n < 0)
    return -1;
  if (n == 0)
    return weir_fail(stage, "no record has a value in \"%s\": there is nothing to split by", state->by);
  if (read_options(stage, state->type))
    return -1;
  for (uint32_t i = 0; i < state->cuts.count; i++)
    state->is_cut[i] = true;
  if (!state->cuts.count && find_cuts(stage, time, missing, (guint64)n))
    return -1;
  choose_sides(stage, time, missing);
  split_deal_count(stage, &state->deal, SPLIT_IN);
  split_deal_report(stage, &state->deal, NULL, NULL);
  return 0;
}

int
time_produce(weir_stage *stage)
{
  TimeState *state = stage->state;
  if (state->deal.side)
    return split_deal_next(stage, &state->deal, SPLIT_IN);
  uint64_t n_rows = weir_table_rows(stage, SPLIT_IN);
  if (split_deal_begin(stage, &state->deal, SPLIT_IN))
    return -1;
  guint64 *time = split_reserve(stage, n_rows, sizeof *time, "the times of the records");
  guint8 *missing = time ? split_reserve(stage, n_rows, 1, "the times of the records") : NULL;
  int result = missing ? plan_times(stage, time, missing) : -1;
  split_release(stage, time, n_rows, sizeof *time);
  split_release(stage, missing, n_rows, 1);
  return result;
}

void
time_close(weir_stage *stage)
{
  TimeState *state = stage->state;
  split_deal_clear(&state->deal);
}
