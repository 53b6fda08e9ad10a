/* SPDX-License-Identifier: MIT */
/* labels.balance: leaves out records of frequent labels, or repeats those of rare ones, at random. */
#include "labels.h"

#include <math.h>

#include "base/json_write.h"
#include "base/quote.h"

#define TABLE_LINES 200 /* labels in the table on the bus */

int
labels_balance_schema(weir_stage *stage)
{
  bool per_label = weir_given(stage, "per-label"), ratio = weir_given(stage, "ratio");
  if (per_label == ratio)
    return weir_fail(
        stage, per_label ? "\"per-label\" and \"ratio\" are both given: one says how many records are kept"
                         : "neither \"per-label\" nor \"ratio\" is given\n"
                           "hint: \"per-label\": 100 keeps at most so many of each label, \"ratio\": 1 as "
                           "many as the rarest has");
  return 0;
}

/* An empty text is none, as in a file whose format knows no null. */
static bool
is_none(const weir_column *labels, int64_t row)
{
  return weir_is_null(labels, row) || (labels->type == WEIR_UTF8 && weir_get_text(labels, row).len == 0);
}

/* Counts what has been added to the labels against the run's budget. */
static int
hold_names(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  guint64 bytes = label_names_bytes(state->names);
  if (bytes > state->held && weir_reserve(stage, bytes - state->held))
    return weir_fail(stage, "no memory for more than %u different labels\nhint: raise --memory",
                     label_names_count(state->names));
  state->held = bytes;
  return 0;
}

/* First pass: how many rows each label has. */
static int
count_labels(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(guint64));
  for (uint64_t b = 0; b < weir_table_batches(stage, 0); b++) {
    struct ArrowArray batch;
    char room[LABEL_ROOM];
    guint32 number = 0;
    if (weir_cancelled(stage) || weir_table_batch(stage, 0, b, &batch))
      return -1;
    weir_column labels = weir_batch_column(schema, &batch, weir_input_index(stage, 0, 0, 0));
    for (int64_t row = 0; row < batch.length && number != LABEL_NONE; row++) {
      if (is_none(&labels, row))
        continue;
      number = label_names_add(state->names, label_text(&labels, row, room));
      if (number == LABEL_NONE)
        continue;
      if (number >= counts->len)
        g_array_set_size(counts, number + 1);
      g_array_index(counts, guint64, number)++;
    }
    weir_batch_release(&batch);
    if (number == LABEL_NONE)
      return weir_fail(stage, "more than %d different labels: these are no classes", LABELS_MOST);
    if (hold_names(stage))
      return -1;
  }
  state->left = g_new0(guint64, counts->len + 1);
  for (guint i = 0; i < counts->len; i++)
    state->left[i] = g_array_index(counts, guint64, i);
  return 0;
}

/* The most that a label may have; the fewest where records are repeated. */
static guint64
find_bound(weir_stage *stage)
{
  const LabelsBalance *state = stage->state;
  guint64 least = G_MAXUINT64, most = 0;
  if (weir_given(stage, "per-label"))
    return (guint64)state->per_label;
  for (guint32 i = 0; i < label_names_count(state->names); i++) {
    least = MIN(least, state->left[i]);
    most = MAX(most, state->left[i]);
  }
  if (state->direction == BALANCE_UP)
    return (guint64)ceil((double)most / state->ratio);
  double bound = state->ratio * (double)least;
  return bound >= 0x1p63 ? G_MAXINT64 : (guint64)bound;
}

static int
compare_rows(gconstpointer a, gconstpointer b, gpointer data)
{
  const guint64 *rows = data;
  guint64 x = rows[*(const guint32 *)a], y = rows[*(const guint32 *)b];
  return x != y ? (x < y) - (x > y)
                : (*(const guint32 *)a > *(const guint32 *)b) - (*(const guint32 *)a < *(const guint32 *)b);
}

/* Puts the table of labels on the bus, the most frequent first. */
static void
report(weir_stage *stage)
{
  const LabelsBalance *state = stage->state;
  guint32 n = label_names_count(state->names);
  guint64 before = 0, after = 0;
  g_autofree guint32 *order = g_new(guint32, n + 1);
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  for (guint32 i = 0; i < n; i++) {
    order[i] = i;
    before += state->left[i];
    after += state->wanted[i];
  }
  g_qsort_with_data(order, (gint)n, sizeof *order, compare_rows, state->left);
  weir_json_begin_object(json);
  weir_json_key(json, "columns");
  weir_json_raw(json, "[\"label\",\"before\",\"after\"]");
  weir_json_key(json, "rows");
  weir_json_begin_array(json);
  for (guint32 i = 0; i < MIN(n, TABLE_LINES); i++) {
    weir_text name = label_names_get(state->names, order[i]);
    weir_json_begin_array(json);
    weir_json_string_sized(json, name.data, (gsize)name.len);
    weir_json_unsigned(json, state->left[order[i]]);
    weir_json_unsigned(json, state->wanted[order[i]]);
    weir_json_end_array(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(stage, "table", "records by label", text->str);
  weir_metric(stage, "labelled", (double)before, "records");
  weir_metric(stage, "kept", (double)after, "records");
}

/* Where records are repeated, the batches that have such are read again and again: rows that go on twice or more in a
 * second pass, three times or more in a third. So what comes out does not hang on how the input is cut, and no batch is
 * larger than it was. */
static int
plan_passes(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  uint64_t n_rows = weir_table_rows(stage, 0), n_batches = weir_table_batches(stage, 0);
  uint64_t bytes = n_rows / 8 + 1 + (n_batches + 1) * sizeof *state->passes;
  if (!weir_reserve(stage, bytes)) {
    state->drawn = g_try_malloc0(n_rows / 8 + 1);
    state->passes = g_try_new0(BalancePasses, n_batches + 1);
  }
  if (state->drawn && state->passes)
    return 0;
  return weir_fail(stage, "no memory to repeat records: %" G_GUINT64_FORMAT " bytes\nhint: raise --memory",
                   (guint64)bytes);
}

static int
plan_balance(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  state->names = label_names_new();
  if (count_labels(stage))
    return -1;
  guint32 n = label_names_count(state->names);
  guint64 bound = find_bound(stage);
  state->wanted = g_new0(guint64, n + 1);
  for (guint32 i = 0; i < n; i++)
    state->wanted[i] =
        state->direction == BALANCE_UP ? MAX(state->left[i], bound) : MIN(state->left[i], bound);
  state->random =
      weir_given(stage, "seed") ? weir_random_from((uint64_t)state->seed) : weir_random_stream(stage, 0);
  if (!n && weir_table_rows(stage, 0))
    weir_log(stage, WEIR_LOG_WARNING, "no record has a label");
  report(stage);
  state->times = g_new0(guint64, n + 1);
  for (guint32 i = 0; i < n; i++) {
    g_assert(state->left[i] > 0); /* a label is there because a row has it */
    state->times[i] = state->wanted[i] / state->left[i];
    state->wanted[i] %= state->left[i];
  }
  return state->direction == BALANCE_UP ? plan_passes(stage) : 0;
}

/* Whether the next row of a label is one of those that are drawn: every choice of rows is equally likely (selection
 * sampling: Knuth, TAOCP 3.4.2, algorithm S). */
static bool
draw(LabelsBalance *state, guint32 label)
{
  bool drawn = weir_random_below(&state->random, state->left[label]) < state->wanted[label];
  state->left[label]--;
  state->wanted[label] -= drawn;
  return drawn;
}

/* How often a row goes on in all. Rows are drawn in the first pass, which `drawn` remembers for the others. */
static guint64
count_copies(LabelsBalance *state, const weir_column *labels, int64_t row, guint64 number)
{
  char room[LABEL_ROOM];
  if (is_none(labels, row))
    return state->null == BALANCE_NULL_KEEP;
  guint32 label = label_names_find(state->names, label_text(labels, row, room));
  bool drawn;
  if (state->pass == 0) {
    drawn = draw(state, label);
    if (drawn && state->drawn)
      state->drawn[number >> 3] |= (guint8)(1u << (number & 7));
  } else {
    drawn = (state->drawn[number >> 3] >> (number & 7)) & 1;
  }
  return state->times[label] + drawn;
}

/* The next batch that has rows for this pass, or for the next where this one is through. FALSE: there is none. */
static bool
find_batch(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  uint64_t n = weir_table_batches(stage, 0);
  for (;; state->pass++, state->batch = 0) {
    while (state->pass && state->batch < n && state->passes[state->batch].copies <= state->pass)
      state->batch++;
    if (state->batch < n)
      return true;
    if (state->pass + 1 >= state->n_passes)
      return false;
  }
}

int
labels_balance_produce(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  struct ArrowArray batch;
  guint64 most = 0;
  int64_t n = 0;
  if (!state->names && plan_balance(stage))
    return -1;
  if (!find_batch(stage))
    return WEIR_END;
  uint64_t index = state->batch++, first = state->passes ? state->passes[index].first : 0;
  if (weir_table_batch(stage, 0, index, &batch))
    return -1;
  g_autofree int64_t *rows = g_new(int64_t, batch.length + 1);
  weir_column labels =
      weir_batch_column(weir_input_schema(stage, 0), &batch, weir_input_index(stage, 0, 0, 0));
  for (int64_t row = 0; row < batch.length; row++) {
    guint64 copies = count_copies(state, &labels, row, first + (guint64)row);
    most = MAX(most, copies);
    if (copies > state->pass)
      rows[n++] = row;
  }
  if (state->passes) {
    state->passes[index].copies = most;
    state->passes[index + 1].first = first + (guint64)batch.length;
  }
  state->n_passes = MAX(state->n_passes, most);
  if (state->pass == 0)
    weir_progress(stage, state->batch, weir_table_batches(stage, 0), "batches");
  return weir_select(stage, 0, &batch, 0, rows, n);
}

void
labels_balance_close(weir_stage *stage)
{
  LabelsBalance *state = stage->state;
  label_names_free(state->names);
  g_free(state->left);
  g_free(state->wanted);
  g_free(state->times);
  g_free(state->drawn);
  g_free(state->passes);
}
