/* SPDX-License-Identifier: MIT */
/* split.stratified: shares the rows of a table out to named splits, every class in the same proportion. */
#include "config.h"

#include <glib.h>
#include <weir/plugin.h>

#include "apportion.h"
#include "base/json_write.h"
#include "strata.h"

#define TABLE_LINES   200 /* strata in the table on the bus */
#define NAMES_IN_TEXT 8   /* strata that a warning names */

enum { IN = 0, BY = 0 };

typedef struct {
  weir_list by;
  weir_map ratios;
  int64_t seed;
  double *shares; /* ratios that sum to 1 */
  SplitStrata *strata;
  guint32 *stratum; /* of each row */
  guint64 *left;    /* rows of a stratum that a split still gets; n_strata * n_splits */
  guint64 *left_in; /* the sum of these for a stratum */
  weir_random random;
  uint64_t batch; /* the next one to share out */
  uint64_t row;   /* its first row */
} State;

static int
check_ratios(weir_stage *stage)
{
  State *state = stage->state;
  g_autoptr(GError) error = NULL;
  if (state->ratios.count > SPLIT_MAX_SPLITS)
    return weir_fail(stage, "there are %u ratios, and at most %u can be", state->ratios.count,
                     SPLIT_MAX_SPLITS);
  state->shares = weir_alloc(stage, (state->ratios.count + 1) * sizeof *state->shares);
  if (!state->shares)
    return -1;
  for (uint32_t j = 0; j < state->ratios.count; j++)
    state->shares[j] = state->ratios.numbers[j];
  if (!split_normalise(state->shares, state->ratios.count, &error))
    return weir_fail(stage, "option \"ratios\": %s", error->message);
  return 0;
}

/* Appends the names of the strata that `is_wanted` takes, the first few of them; returns how many there are.
 */
static guint
list_strata(const State *state, gboolean (*is_wanted)(const State *, guint32), GString *text)
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
is_rare(const State *state, guint32 stratum)
{
  return split_is_rare(split_strata_rows(state->strata)[stratum], state->ratios.count);
}

static gboolean
has_null(const State *state, guint32 stratum)
{
  return split_strata_has_null(state->strata, stratum);
}

static void
warn_of_strata(weir_stage *stage)
{
  State *state = stage->state;
  g_autofree char *by = state->by.count ? g_strjoinv("\", \"", (char **)state->by.items) : NULL;
  g_autoptr(GString) rare = g_string_new(NULL);
  g_autoptr(GString) null = g_string_new(NULL);
  guint n_rare = list_strata(state, is_rare, rare);
  if (n_rare)
    weir_log(stage, WEIR_LOG_WARNING,
             "%u of %u classes of \"%s\" have fewer rows than there are splits, and go whole to \"%s\": %s",
             n_rare, split_strata_count(state->strata), by ? by : "",
             state->ratios.keys[split_home(state->shares, state->ratios.count)], rare->str);
  if (list_strata(state, has_null, null))
    weir_log(stage, WEIR_LOG_WARNING, "rows without a value in \"%s\" are split as classes of their own: %s",
             by ? by : "", null->str);
}

static void
write_line(WeirJsonWriter *json, const State *state, const char *name, const guint64 *rows)
{
  guint64 total = 0;
  weir_json_begin_array(json);
  weir_json_string(json, name);
  for (uint32_t j = 0; j < state->ratios.count; j++) {
    weir_json_unsigned(json, rows[j]);
    total += rows[j];
  }
  weir_json_unsigned(json, total);
  weir_json_end_array(json);
}

/* Puts the table strata x splits on the bus; strata beyond a screenful are summed up in one line. */
static void
report(weir_stage *stage)
{
  State *state = stage->state;
  guint n = split_strata_count(state->strata);
  guint shown = n > TABLE_LINES ? TABLE_LINES - 1 : n;
  guint64 sum[SPLIT_MAX_SPLITS] = {0};
  guint64 rest[SPLIT_MAX_SPLITS] = {0};
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  g_autofree char *by = state->by.count ? g_strjoinv(", ", (char **)state->by.items) : g_strdup("rows");
  weir_json_begin_object(json);
  weir_json_key(json, "columns");
  weir_json_begin_array(json);
  weir_json_string(json, by);
  for (uint32_t j = 0; j < state->ratios.count; j++)
    weir_json_string(json, state->ratios.keys[j]);
  weir_json_string(json, "total");
  weir_json_end_array(json);
  weir_json_key(json, "rows");
  weir_json_begin_array(json);
  for (guint32 s = 0; s < n; s++) {
    const guint64 *rows = state->left + (gsize)s * state->ratios.count;
    for (uint32_t j = 0; j < state->ratios.count; j++) {
      sum[j] += rows[j];
      rest[j] += s < shown ? 0 : rows[j];
    }
    if (s < shown && state->by.count)
      write_line(json, state, split_strata_name(state->strata, s), rows);
  }
  if (shown < n) {
    g_autofree char *more = g_strdup_printf("(%u more)", n - shown);
    write_line(json, state, more, rest);
  }
  write_line(json, state, "(all)", sum);
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(stage, "table", "rows by class and split", text->str);
  for (uint32_t j = 0; j < state->ratios.count; j++) {
    weir_metric(stage, state->ratios.keys[j], (double)sum[j], "records");
    if (!sum[j] && weir_output_used(stage, j))
      weir_log(stage, WEIR_LOG_WARNING, "split \"%s\" gets no row: the input has too few",
               state->ratios.keys[j]);
  }
}

/* First pass: the stratum of every row. */
static int
read_strata(weir_stage *stage, uint64_t n_rows)
{
  State *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, IN);
  g_autofree weir_column *columns = g_new0(weir_column, state->by.count + 1);
  uint64_t row = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, IN); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, IN, b, &batch))
      return -1;
    for (uint32_t i = 0; i < state->by.count; i++)
      columns[i] = weir_batch_column(schema, &batch, weir_input_index(stage, IN, BY, i));
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

static int
plan_split(weir_stage *stage)
{
  State *state = stage->state;
  uint32_t k = state->ratios.count;
  uint64_t n_rows = weir_table_rows(stage, IN);
  if (!n_rows)
    return weir_fail(stage, "the input has no records: there is nothing to split");
  if (weir_reserve(stage, n_rows * sizeof *state->stratum))
    return weir_fail(stage, "no memory for %" G_GUINT64_FORMAT " records (4 bytes each); raise the limit",
                     (guint64)n_rows);
  state->stratum = g_try_new(guint32, n_rows);
  if (!state->stratum)
    return weir_fail(stage, "no memory for %" G_GUINT64_FORMAT " records (4 bytes each)", (guint64)n_rows);
  state->strata = split_strata_new();
  if (read_strata(stage, n_rows))
    return -1;
  gsize n = split_strata_count(state->strata);
  state->random =
      weir_given(stage, "seed") ? weir_random_from((uint64_t)state->seed) : weir_random_stream(stage, 0);
  state->left = g_new0(guint64, n * k);
  state->left_in = g_memdup2(split_strata_rows(state->strata), n * sizeof *state->left_in);
  split_apportion(split_strata_rows(state->strata), n, state->shares, k, weir_random_u64(&state->random),
                  state->left);
  warn_of_strata(stage);
  report(stage);
  return 0;
}

/* The split of the next row of a stratum: drawn so that every choice of rows is equally likely, and the
 * counts come out exactly (selection sampling: Knuth, TAOCP 3.4.2, algorithm S). */
static uint32_t
draw(State *state, guint32 stratum)
{
  guint64 *left = state->left + (gsize)stratum * state->ratios.count;
  guint64 at = weir_random_below(&state->random, state->left_in[stratum]);
  uint32_t j = 0;
  for (; at >= left[j]; j++)
    at -= left[j];
  left[j]--;
  state->left_in[stratum]--;
  return j;
}

/* Second pass, a batch a call: its rows go to the splits in the order of the input. */
static int
share_out(weir_stage *stage, uint64_t index)
{
  State *state = stage->state;
  uint32_t k = state->ratios.count;
  struct ArrowArray batch;
  if (weir_table_batch(stage, IN, index, &batch))
    return -1;
  int64_t length = batch.length;
  weir_batch_release(&batch);
  gint64 count[SPLIT_MAX_SPLITS] = {0};
  g_autofree int64_t *rows = g_new(int64_t, (gsize)(length + 1) * k);
  for (int64_t i = 0; i < length; i++) {
    uint32_t j = draw(state, state->stratum[state->row + (uint64_t)i]);
    rows[j * (gsize)length + (gsize)count[j]++] = i;
  }
  state->row += (uint64_t)length;
  for (uint32_t j = 0; j < k; j++) {
    if (!count[j] || !weir_output_used(stage, j))
      continue;
    if (weir_table_batch(stage, IN, index, &batch) ||
        weir_select(stage, IN, &batch, j, rows + j * (gsize)length, count[j]))
      return -1;
  }
  weir_progress(stage, state->row, weir_table_rows(stage, IN), "records");
  return 0;
}

static int
split_produce(weir_stage *stage)
{
  State *state = stage->state;
  if (!state->strata && plan_split(stage))
    return -1;
  if (state->batch < weir_table_batches(stage, IN))
    return share_out(stage, state->batch++);
  return WEIR_END;
}

static void
split_close(weir_stage *stage)
{
  State *state = stage->state;
  split_strata_free(state->strata);
  g_free(state->stratum);
  g_free(state->left);
  g_free(state->left_in);
}

static const weir_port inputs[] = {
    {"in", "${by}:utf8+bool+integer+timestamp?, *", WEIR_PORT_TABLE, NULL, "records to share out"},
};

static const weir_port outputs[] = {
    {NULL, "=in", 0, "ratios", "the records of one split, in the order of the input"},
};

static const weir_option options[] = {
    {"by", WEIR_FIELD_LIST, 0, offsetof(State, by), "[\"label\"]", 0, 0, NULL,
     "columns whose values, taken together, make the classes; an empty list splits at random"},
    {"ratios", WEIR_NUMBER_MAP, 0, offsetof(State, ratios), "{\"train\": 0.8, \"test\": 0.1, \"eval\": 0.1}",
     0, 0, NULL, "the splits and how much each gets: shares that sum to 1, or parts such as 80 and 20"},
    {"seed", WEIR_INTEGER, 0, offsetof(State, seed), NULL, 0, 0, NULL,
     "chooses the rows; left out, the pipeline's seed does"},
};

static const weir_class classes[] = {{
    .name = "stratified",
    .summary = "Share records out to named splits, every class in the same proportion",
    .help =
        "The sizes of the splits, and of every class within them, are exact: each is its ratio of the rows "
        "rounded down or up, and the roundings are chosen so that the splits as a whole come out right too. "
        "Which rows go where is drawn at random by the seed; it depends on the order of the records, but not "
        "on how they arrive in batches or on the number of threads. Records keep their order.\n\n"
        "A class with fewer rows than there are splits goes whole to the split with the largest ratio, and a "
        "warning names it. Rows where a column is null or empty are a class of their own, with a warning. "
        "The input is read "
        "twice; 4 bytes of memory a record are needed.",
    .in = inputs,
    .n_in = 1,
    .n_out = 1,
    .out = outputs,
    .options = options,
    .n_options = G_N_ELEMENTS(options),
    .state_size = sizeof(State),
    .schema = check_ratios,
    .produce = split_produce,
    .close = split_close,
}};

WEIR_PLUGIN(.name = "split", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Share records out to training, test and other sets", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
