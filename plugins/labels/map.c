/* SPDX-License-Identifier: MIT */
/* labels.map: other names for labels, several old ones to a new one too. */
#include "labels.h"

#include "base/nearest.h"
#include "base/quote.h"

#define NAMES_IN_TEXT 8  /* labels that a warning names */
#define FEW_LABELS    64 /* of a list: each is compared with those before it */

static weir_text
text_of(const char *string)
{
  return (weir_text){string, (int64_t)strlen(string)};
}

/* ---- The plan ------------------------------------------------------------------------------------------- */

/* The new labels stand in the place of the old ones, or in a column of their own at the end. */
static int
declare(weir_stage *stage)
{
  LabelsMap *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, MAP_IN);
  const struct ArrowSchema *field = schema->children[weir_input_index(stage, MAP_IN, MAP_LABEL, 0)];
  bool list = weir_type_from_format(field->format, NULL) == WEIR_LIST;
  bool null = (field->flags & ARROW_FLAG_NULLABLE) || (state->unknown == UNKNOWN_NULL && !list);
  bool items = list && (field->children[0]->flags & ARROW_FLAG_NULLABLE);
  const char *into = state->into ? state->into : state->label;
  g_autofree char *type = g_strdup_printf("%s%s%s%s", list ? "list<utf8" : "utf8", items ? "?" : "",
                                          list ? ">" : "", null ? "?" : "");
  g_autoptr(Layout) layout = layout_of(schema);
  if (layout_find(layout, into) >= 0 && !g_str_equal(into, state->label)) {
    g_autofree char *quoted = weir_quote(into, -1);
    return weir_fail(stage, "option \"into\": there is a column %s already\nhint: choose another name",
                     quoted);
  }
  layout_put(layout, into, type, TRUE, NULL);
  return layout_declare(stage, layout, &state->arrangement);
}

int
labels_map_schema(weir_stage *stage)
{
  const LabelsMap *state = stage->state;
  bool table = weir_inputs(stage, MAP_TABLE) > 0;
  if (!table && !state->map.count)
    return weir_fail(stage, "there is nothing to map by\n"
                            "hint: option \"map\": {\"old\": \"new\"}, or an input \"map\" with two columns");
  if ((state->unknown == UNKNOWN_DEFAULT) != (state->default_label != NULL))
    return weir_fail(stage, state->default_label
                                ? "\"default\" is given, and \"unknown\" is not \"default\""
                                : "\"unknown\" is \"default\", and \"default\" is not given");
  return declare(stage);
}

/* ---- The map -------------------------------------------------------------------------------------------- */

/* FALSE: there are too many, or the label is mapped to something else already. */
static gboolean
add_pair(LabelsMap *state, weir_text from, weir_text to, char **failure)
{
  guint32 old = label_names_add(state->old, from), fresh = label_names_add(state->fresh, to);
  if (old == LABEL_NONE || fresh == LABEL_NONE) {
    *failure = g_strdup_printf("more than %d different labels are mapped", LABELS_MOST);
    return FALSE;
  }
  if (old == state->targets->len)
    g_array_append_val(state->targets, fresh);
  guint32 had = g_array_index(state->targets, guint32, old);
  if (had == fresh)
    return TRUE;
  weir_text before = label_names_get(state->fresh, had);
  g_autofree char *label = weir_quote(from.data, (gssize)from.len);
  g_autofree char *first = weir_quote(before.data, (gssize)before.len);
  g_autofree char *second = weir_quote(to.data, (gssize)to.len);
  *failure = g_strdup_printf("label %s is mapped twice: to %s and to %s", label, first, second);
  return FALSE;
}

/* `failure` gets the reason; where it stays NULL, the host has reported. */
static gboolean
read_table(weir_stage *stage, char **failure)
{
  LabelsMap *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, MAP_TABLE);
  for (uint64_t b = 0; b < weir_table_batches(stage, MAP_TABLE); b++) {
    struct ArrowArray batch;
    char room[LABEL_ROOM], other[LABEL_ROOM];
    gboolean fine = TRUE;
    if (weir_table_batch(stage, MAP_TABLE, b, &batch))
      return FALSE;
    weir_column from = weir_batch_column(schema, &batch, weir_input_index(stage, MAP_TABLE, MAP_FROM, 0));
    weir_column to = weir_batch_column(schema, &batch, weir_input_index(stage, MAP_TABLE, MAP_TO, 0));
    for (int64_t row = 0; row < batch.length && fine; row++)
      fine = add_pair(state, label_text(&from, row, room), label_text(&to, row, other), failure);
    weir_batch_release(&batch);
    if (!fine)
      return FALSE;
  }
  return TRUE;
}

int
labels_map_open(weir_stage *stage)
{
  LabelsMap *state = stage->state;
  g_autofree char *failure = NULL;
  state->old = label_names_new();
  state->fresh = label_names_new();
  state->targets = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (uint32_t i = 0; i < state->map.count; i++)
    if (!add_pair(state, text_of(state->map.keys[i]), text_of(state->map.values[i]), &failure))
      return weir_fail(stage, "%s", failure);
  return 0;
}

/* Reads the table, which is whole before the first batch comes. If that fails, every call that waited for it does. */
static int
make_ready(weir_stage *stage)
{
  LabelsMap *state = stage->state;
  gboolean said = FALSE;
  g_mutex_lock(&state->lock);
  if (!state->seen && !state->failure) {
    gboolean fine = !weir_inputs(stage, MAP_TABLE) || read_table(stage, &state->failure);
    said = !fine && !state->failure;
    if (said)
      state->failure = g_strdup("the map cannot be read");
    if (fine)
      state->seen = g_malloc0(state->targets->len + 1);
  }
  g_mutex_unlock(&state->lock);
  if (!state->failure)
    return 0;
  return said ? -1 : weir_fail(stage, "%s", state->failure);
}

/* ---- Rows ----------------------------------------------------------------------------------------------- */

/* What a label becomes. FALSE: it is unknown, and not kept: `to` is the default if there is one. */
static gboolean
map_label(LabelsMap *state, weir_text label, weir_text *to)
{
  guint32 old = label_names_find(state->old, label);
  if (old != LABEL_NONE) {
    __atomic_store_n(&state->seen[old], 1, __ATOMIC_RELAXED);
    *to = label_names_get(state->fresh, g_array_index(state->targets, guint32, old));
    return TRUE;
  }
  __atomic_fetch_add(&state->unknown_count, 1, __ATOMIC_RELAXED);
  *to = label;
  if (state->unknown == UNKNOWN_DEFAULT)
    *to = text_of(state->default_label);
  return state->unknown == UNKNOWN_KEEP || state->unknown == UNKNOWN_DEFAULT;
}

static const char *
old_name(gpointer data, gsize index)
{
  const LabelsMap *state = data;
  return index < label_names_count(state->old) ? label_names_get(state->old, (guint32)index).data : NULL;
}

static int
reject_label(weir_stage *stage, const struct ArrowArray *batch, int64_t row, weir_text label)
{
  g_autofree char *quoted = weir_quote(label.data, (gssize)label.len);
  g_autofree char *text = g_strndup(label.data, (gsize)MIN(label.len, 256));
  const char *near = weir_nearest_of(text, old_name, stage->state);
  g_autofree char *near_quoted = near ? weir_quote(near, -1) : NULL;
  return weir_reject(stage, MAP_IN, batch, row, "label %s is not in the map%s%s%s", quoted,
                     near ? "; did you mean " : "", near ? near_quoted : "", near ? "?" : "");
}

/* Labels of a batch: as they are, or the items of lists. */
typedef struct {
  weir_column labels;
  weir_column items; /* of lists */
  bool list;
  int64_t *rows; /* that go on; items of a list are looked up again when they are put */
  int64_t n;
} Labels;

/* Which rows go on. -1: reported. */
static int
choose_rows(weir_stage *stage, const struct ArrowArray *batch, Labels *l)
{
  LabelsMap *state = stage->state;
  char room[LABEL_ROOM];
  bool strict = state->unknown == UNKNOWN_REJECT || (state->unknown == UNKNOWN_DROP && !l->list);
  for (int64_t row = 0; row < batch->length; row++) {
    bool keep = true;
    int64_t at = l->list && strict && !weir_is_null(&l->labels, row) ? l->labels.offsets[row] : row;
    int64_t end = !strict || weir_is_null(&l->labels, row) ? at
                  : l->list                                ? l->labels.offsets[row + 1]
                                                           : row + 1;
    const weir_column *of = l->list ? &l->items : &l->labels;
    for (; at < end && keep; at++) {
      weir_text label;
      if (weir_is_null(of, at))
        continue;
      label = label_text(of, at, room);
      keep = label_names_find(state->old, label) != LABEL_NONE;
      if (keep)
        continue;
      __atomic_fetch_add(&state->unknown_count, 1, __ATOMIC_RELAXED);
      if (state->unknown == UNKNOWN_REJECT && reject_label(stage, batch, row, label))
        return -1;
    }
    if (keep)
      l->rows[l->n++] = row;
  }
  return 0;
}

/* Whether a label is among those that were put from `first` on. */
static bool
is_among(const weir_builder *items, int64_t first, weir_text label)
{
  for (int64_t i = first; i < items->length; i++) {
    bool null = items->validity && !((items->validity[i >> 3] >> (i & 7)) & 1);
    if (!null && items->offsets[i + 1] - items->offsets[i] == label.len &&
        memcmp(items->bytes + items->offsets[i], label.data, (gsize)label.len) == 0)
      return true;
  }
  return false;
}

/* The labels of one row, each once. */
static void
put_list(LabelsMap *state, const Labels *l, int64_t row, weir_builder *out)
{
  weir_builder *items = out->children[0];
  int64_t first = items->length;
  bool few = l->labels.offsets[row + 1] - l->labels.offsets[row] <= FEW_LABELS;
  g_autoptr(LabelNames) seen = few ? NULL : label_names_new();
  char room[LABEL_ROOM];
  for (int64_t at = l->labels.offsets[row]; at < l->labels.offsets[row + 1]; at++) {
    weir_text to;
    if (weir_is_null(&l->items, at)) {
      weir_put_null(items);
      continue;
    }
    if (!map_label(state, label_text(&l->items, at, room), &to))
      continue;
    guint32 n = few ? 0 : label_names_count(seen);
    if (few ? !is_among(items, first, to) : label_names_add(seen, to) >= n)
      weir_put_text(items, to.data, to.len);
  }
  weir_put_list(out);
}

static void
put_label(LabelsMap *state, const Labels *l, int64_t row, weir_builder *out)
{
  char room[LABEL_ROOM];
  weir_text to;
  if (weir_is_null(&l->labels, row))
    weir_put_null(out);
  else if (l->list)
    put_list(state, l, row, out);
  else if (map_label(state, label_text(&l->labels, row, room), &to))
    weir_put_text(out, to.data, to.len);
  else
    weir_put_null(out);
}

int
labels_map_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  LabelsMap *state = stage->state;
  int32_t column = weir_input_index(stage, MAP_IN, MAP_LABEL, 0);
  g_autofree int64_t *rows = g_new(int64_t, batch->length + 1);
  Labels l = {.labels = weir_batch_column(weir_input_schema(stage, MAP_IN), batch, column), .rows = rows};
  (void)port;
  l.list = l.labels.type == WEIR_LIST;
  if (l.list)
    l.items = weir_column_items(&l.labels);
  if (make_ready(stage) || choose_rows(stage, batch, &l)) {
    weir_batch_release(batch);
    return -1;
  }
  weir_batch *out = weir_arrange(stage, MAP_IN, batch, 0, state->arrangement.from, rows, l.n);
  if (!out)
    return -1;
  for (int64_t i = 0; i < l.n; i++)
    put_label(state, &l, rows[i], out->columns[0]);
  return weir_send(out);
}

/* ---- At the end ----------------------------------------------------------------------------------------- */

/* Labels of the map that never came are often misspelt. */
static void
warn_of_unused(weir_stage *stage)
{
  const LabelsMap *state = stage->state;
  g_autoptr(GString) names = g_string_new(NULL);
  guint32 n = 0;
  for (guint32 i = 0; i < label_names_count(state->old); i++) {
    weir_text name = label_names_get(state->old, i);
    if (state->seen[i] || n++ >= NAMES_IN_TEXT)
      continue;
    g_autofree char *quoted = weir_quote(name.data, (gssize)name.len);
    g_string_append_printf(names, "%s%s", n > 1 ? ", " : "", quoted);
  }
  if (n > NAMES_IN_TEXT)
    g_string_append_printf(names, " and %u more", n - NAMES_IN_TEXT);
  if (n)
    weir_log(stage, WEIR_LOG_WARNING, "%u label%s of the map never came: %s", n, n == 1 ? "" : "s",
             names->str);
}

int
labels_map_end(weir_stage *stage, uint32_t port)
{
  const LabelsMap *state = stage->state;
  if (port != MAP_IN || !state->seen) /* no records */
    return 0;
  weir_metric(stage, "unknown", (double)state->unknown_count, "labels");
  if (state->unknown_count && state->unknown != UNKNOWN_KEEP)
    weir_log(stage, WEIR_LOG_WARNING, "%" G_GUINT64_FORMAT " label%s not in the map", state->unknown_count,
             state->unknown_count == 1 ? " was" : "s were");
  warn_of_unused(stage);
  return 0;
}

/* A class with a table has this; all is done. */
int
labels_map_produce(weir_stage *stage)
{
  (void)stage;
  return WEIR_END;
}

void
labels_map_close(weir_stage *stage)
{
  LabelsMap *state = stage->state;
  label_names_free(state->old);
  label_names_free(state->fresh);
  if (state->targets)
    g_array_unref(state->targets);
  g_free(state->seen);
  g_free(state->failure);
}
