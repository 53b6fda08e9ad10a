/* SPDX-License-Identifier: MIT */
/* The leaks of a pair of splits as records, and the verdict over all pairs. */
#include "check.h"

#include "base/json_write.h"

#define EXAMPLES      10 /* pairs of records that are shown */
#define TEXT_SHOWN    80 /* characters of a text in a message */
#define BATCH_RECORDS 4096

static const char *const kinds[] = {"", "key", "exact", "near"};

/* --- Records --- */

/* A row of one side of a leak. */
typedef struct {
  struct ArrowArray batch;
  int64_t row;
  weir_column label;
  GString *text;
  GString *label_text;
  gboolean has_text, has_label, has_place;
  gboolean is_mixed; /* the split is of several sources */
  guint64 place;     /* its _row */
} Side;

static int
open_side(weir_stage *stage, uint32_t port, uint64_t row, Side *side)
{
  const LeakageState *state = stage->state;
  if (check_get_row(stage, port, row, &side->batch, &side->row))
    return -1;
  g_string_truncate(side->text, 0);
  g_string_truncate(side->label_text, 0);
  side->has_text = check_row_text(stage, port, &side->batch, side->row, side->text);
  side->label = weir_input(stage, port, &side->batch, LABEL);
  side->has_label = check_value(&side->label, side->row, side->label_text);
  side->has_place = FALSE;
  side->is_mixed = state->is_mixed[port];
  if (state->row_at[port] < 0)
    return 0;
  weir_column place = weir_batch_column(state->schema[port], &side->batch, state->row_at[port]);
  side->has_place = !weir_is_null(&place, side->row);
  side->place = side->has_place ? (guint64)weir_get_integer(&place, side->row) : 0;
  return 0;
}

static void
put_side(weir_builder **columns, const Side *side)
{
  if (side->has_place)
    weir_put_u64(columns[0], side->place);
  else
    weir_put_null(columns[0]);
  if (side->has_text)
    weir_put_text(columns[2], side->text->str, (int64_t)side->text->len);
  else
    weir_put_null(columns[2]);
  if (side->has_label)
    weir_put_text(columns[4], side->label_text->str, (int64_t)side->label_text->len);
  else
    weir_put_null(columns[4]);
}

/* The columns of output "leaks": left, right, kind, similarity; then row, text and label, of the left and of the right
 * one each. */
static void
put_leak(weir_stage *stage, weir_batch *out, const LeakPair *pair, const Leak *leak, const Side sides[2])
{
  const LeakageState *state = stage->state;
  weir_put_string(out->columns[0], state->splits.items[pair->left]);
  weir_put_string(out->columns[1], state->splits.items[pair->right]);
  weir_put_string(out->columns[2], kinds[leak->kind]);
  weir_put_number(out->columns[3], leak->similarity);
  put_side(out->columns + 4, &sides[0]);
  put_side(out->columns + 5, &sides[1]);
}

/* "line 17", with the source where the split has several, or the record's number where it has no line. */
static char *
say_place(const Side *side, uint64_t row)
{
  if (!side->has_place)
    return g_strdup_printf("record %" G_GUINT64_FORMAT, (guint64)row + 1);
  guint64 source = side->place >> CHECK_LINE_BITS;
  guint64 line = side->place & ((G_GUINT64_CONSTANT(1) << CHECK_LINE_BITS) - 1);
  return side->is_mixed
             ? g_strdup_printf("line %" G_GUINT64_FORMAT " of source %" G_GUINT64_FORMAT, line, source + 1)
             : g_strdup_printf("line %" G_GUINT64_FORMAT, line);
}

static char *
shorten(const GString *text)
{
  g_autofree char *line = g_strdelimit(g_strdup(text->str), "\n\r\t", ' ');
  if (g_utf8_strlen(line, -1) <= TEXT_SHOWN)
    return g_steal_pointer(&line);
  g_autofree char *start = g_utf8_substring(line, 0, TEXT_SHOWN);
  return g_strconcat(start, "…", NULL);
}

static void
keep_example(LeakageState *state, const LeakPair *pair, const Leak *leak, uint64_t row, const Side sides[2])
{
  g_autofree char *left = say_place(&sides[0], leak->row);
  g_autofree char *right = say_place(&sides[1], row);
  char **example = g_new0(char *, 7);
  example[0] = g_strdup(kinds[leak->kind]);
  example[1] = g_strdup_printf("%.3f", leak->similarity);
  example[2] = g_strdup_printf("%s, %s", state->splits.items[pair->left], left);
  example[3] = shorten(sides[0].text);
  example[4] = g_strdup_printf("%s, %s", state->splits.items[pair->right], right);
  example[5] = shorten(sides[1].text);
  g_ptr_array_add(state->examples, example);
}

static int
take_leak(weir_stage *stage, weir_batch *out, LeakPair *pair, const Leak *leak, uint64_t row, Side sides[2])
{
  LeakageState *state = stage->state;
  if (open_side(stage, pair->left, leak->row, &sides[0]))
    return -1;
  if (open_side(stage, pair->right, row, &sides[1])) {
    weir_batch_release(&sides[0].batch);
    return -1;
  }
  pair->other_label +=
      sides[0].has_label && sides[1].has_label && !g_string_equal(sides[0].label_text, sides[1].label_text);
  if (state->examples->len < EXAMPLES)
    keep_example(state, pair, leak, row, sides);
  if (out)
    put_leak(stage, out, pair, leak, sides);
  weir_batch_release(&sides[0].batch);
  weir_batch_release(&sides[1].batch);
  return 0;
}

/* Sends up to BATCH_RECORDS leaks from row *row on, which it moves. */
static int
send_batch(weir_stage *stage, LeakPair *pair, const Leak *leaks, uint64_t *row, Side sides[2])
{
  gboolean is_used = weir_output_used(stage, 0);
  weir_batch *out = is_used ? weir_batch_new(stage, 0) : NULL;
  if ((is_used && !out) || weir_cancelled(stage)) {
    if (out)
      weir_drop(out);
    return -1;
  }
  for (guint n = 0; *row < pair->rows && n < BATCH_RECORDS; (*row)++) {
    const Leak *leak = &leaks[*row];
    if (leak->kind == LEAK_NONE)
      continue;
    n++;
    pair->leaks++;
    pair->of_kind[leak->kind]++;
    if (take_leak(stage, out, pair, leak, *row, sides)) {
      if (out)
        weir_drop(out);
      return -1;
    }
  }
  return out ? weir_send(out) : 0;
}

int
check_send_leaks(weir_stage *stage, LeakPair *pair, const Leak *leaks)
{
  Side sides[2] = {{.text = g_string_new(NULL), .label_text = g_string_new(NULL)},
                   {.text = g_string_new(NULL), .label_text = g_string_new(NULL)}};
  int failed = 0;
  for (uint64_t row = 0; row < pair->rows && !failed;)
    failed = send_batch(stage, pair, leaks, &row, sides);
  for (guint i = 0; i < 2; i++) {
    g_string_free(sides[i].text, TRUE);
    g_string_free(sides[i].label_text, TRUE);
  }
  return failed;
}

/* --- The verdict --- */

static void
put_columns(WeirJsonWriter *json, const char *const *columns)
{
  weir_json_key(json, "columns");
  weir_json_begin_array(json);
  for (; *columns; columns++)
    weir_json_string(json, *columns);
  weir_json_end_array(json);
  weir_json_key(json, "rows");
  weir_json_begin_array(json);
}

static double
share_of(const LeakPair *pair)
{
  return pair->rows ? (double)pair->leaks / (double)pair->rows : 0;
}

static void
publish_counts(weir_stage *stage)
{
  static const char *const columns[] = {"of",  "also in", "records", "leaks",       "share",
                                        "key", "exact",   "near",    "other label", NULL};
  const LeakageState *state = stage->state;
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  weir_json_begin_object(json);
  put_columns(json, columns);
  for (uint32_t i = 0; i < state->n_pairs; i++) {
    const LeakPair *pair = &state->pairs[i];
    g_autofree char *name = g_strdup_printf("leaks of %s in %s", state->splits.items[pair->right],
                                            state->splits.items[pair->left]);
    weir_metric(stage, name, (double)pair->leaks, "records");
    weir_json_begin_array(json);
    weir_json_string(json, state->splits.items[pair->right]);
    weir_json_string(json, state->splits.items[pair->left]);
    weir_json_unsigned(json, pair->rows);
    weir_json_unsigned(json, pair->leaks);
    weir_json_number(json, share_of(pair));
    for (guint kind = LEAK_KEY; kind <= LEAK_NEAR; kind++)
      weir_json_unsigned(json, pair->of_kind[kind]);
    weir_json_unsigned(json, pair->other_label);
    weir_json_end_array(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(stage, "table", "leaks by pair of splits", text->str);
}

static void
publish_examples(weir_stage *stage)
{
  static const char *const columns[] = {"kind", "similarity", "left", "its text", "right", "its text", NULL};
  const LeakageState *state = stage->state;
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  if (!state->examples->len)
    return;
  weir_json_begin_object(json);
  put_columns(json, columns);
  for (guint i = 0; i < state->examples->len; i++) {
    weir_json_begin_array(json);
    for (char **cell = state->examples->pdata[i]; *cell; cell++)
      weir_json_string(json, *cell);
    weir_json_end_array(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(stage, "table", "leaks", text->str);
}

/* More leaks than allowed: both the number and the share are exceeded. */
static gboolean
is_too_much(const LeakageState *state, const LeakPair *pair)
{
  return pair->leaks > (guint64)state->max_leaks && share_of(pair) > state->max_share;
}

/* What the user reads: counts of the pairs that are too many, then examples as notes. */
static char *
describe(const LeakageState *state)
{
  GString *text = g_string_new(NULL);
  for (uint32_t i = 0; i < state->n_pairs; i++) {
    const LeakPair *pair = &state->pairs[i];
    if (!is_too_much(state, pair))
      continue;
    g_string_append_printf(text,
                           "%s%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                           " records of \"%s\" (%.2f %%) are in \"%s\" too (",
                           text->len ? "; " : "", pair->leaks, pair->rows, state->splits.items[pair->right],
                           100 * share_of(pair), state->splits.items[pair->left]);
    const char *comma = "";
    for (guint kind = LEAK_KEY; kind <= LEAK_NEAR; kind++)
      if (pair->of_kind[kind]) {
        g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT, comma, kinds[kind], pair->of_kind[kind]);
        comma = ", ";
      }
    g_string_append_c(text, ')');
  }
  for (guint i = 0; i < MIN(state->examples->len, 3); i++) {
    char **example = state->examples->pdata[i];
    g_string_append_printf(text, "\n%s %s: %s: \"%s\" and %s: \"%s\"", example[0], example[1], example[2],
                           example[3], example[4], example[5]);
  }
  return g_string_free(text, FALSE);
}

int
check_judge(weir_stage *stage)
{
  const LeakageState *state = stage->state;
  guint64 leaks = 0;
  gboolean too_much = FALSE;
  for (uint32_t i = 0; i < state->n_pairs; i++) {
    leaks += state->pairs[i].leaks;
    too_much = too_much || is_too_much(state, &state->pairs[i]);
  }
  weir_metric(stage, "leaks", (double)leaks, "records");
  publish_counts(stage);
  publish_examples(stage);
  if (!too_much) {
    weir_log(stage, WEIR_LOG_INFO, "%s%" G_GUINT64_FORMAT " leak%s between %u pair%s of splits",
             leaks ? "" : "no leak: ", leaks, leaks == 1 ? "" : "s", state->n_pairs,
             state->n_pairs == 1 ? "" : "s");
    return 0;
  }
  g_autofree char *text = describe(state);
  if (state->on_leak == ON_LEAK_FAIL)
    return weir_fail(
        stage,
        "the splits leak: %s\nhint: split with split.clusters or split.group, or remove them with "
        "rows.dedupe before the split; \"on-leak\": \"hold\" writes all of them to output \"leaks\" first",
        text);
  if (state->on_leak == ON_LEAK_HOLD)
    weir_outcome(stage, WEIR_HELD, "the splits leak: %s", text);
  else
    weir_log(stage, WEIR_LOG_WARNING, "the splits leak: %s", text);
  return 0;
}
