/* SPDX-License-Identifier: MIT */
/* columns.concat and columns.template: one text made of several columns. */
#include "columns.h"

#include "base/quote.h"

/* Rejects the records in which one of the columns holds a time that has no text. `rows` gets the others, NULL: they are
 * all; g_free(). 0 or -1. */
static int
leave_out_bad_times(weir_stage *stage, const struct ArrowArray *batch, const weir_column *columns,
                    gsize n_columns, int64_t **rows, int64_t *n)
{
  char room[VALUE_TEXT_ROOM];
  g_autofree uint8_t *bad = g_malloc0((gsize)batch->length + 1);
  *rows = NULL;
  *n = batch->length;
  for (int64_t row = 0; row < batch->length; row++)
    for (gsize c = 0; c < n_columns && !bad[row]; c++) {
      if (columns[c].type != WEIR_TIMESTAMP || weir_is_null(&columns[c], row) ||
          value_to_text(&columns[c], row, room) >= 0)
        continue;
      g_autofree char *quoted = weir_quote(columns[c].schema->name, -1);
      if (weir_reject(stage, 0, batch, row,
                      "column %s holds a time outside of the years 1 to 9999, for which there is no text",
                      quoted))
        return -1;
      bad[row] = 1;
      --*n;
    }
  if (*n == batch->length)
    return 0;
  *rows = g_new(int64_t, *n + 1);
  for (int64_t row = 0, k = 0; row < batch->length; row++)
    if (!bad[row])
      (*rows)[k++] = row;
  return 0;
}

/* ---- concat --------------------------------------------------------------------------------------------- */

int
columns_concat_schema(weir_stage *stage)
{
  ColumnsConcat *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(Layout) layout = layout_of(schema);
  g_autoptr(GError) error = NULL;
  gboolean nullable = FALSE;
  if (!state->columns.count)
    return weir_fail(stage, "option \"columns\" names no column");
  for (uint32_t i = 0; i < state->columns.count; i++)
    nullable |= (schema->children[weir_input_index(stage, 0, 0, i)]->flags & ARROW_FLAG_NULLABLE) != 0;
  nullable &= state->null == COLUMNS_NULL_NULL;
  if (!layout_put(layout, state->into, nullable ? "utf8?" : "utf8", state->replace, &error))
    return weir_fail(stage, "option \"into\": %s", error->message);
  return layout_declare(stage, layout, &state->arrangement);
}

/* Appends the text of a value, which has one. */
static void
append_value(GString *out, const weir_column *column, int64_t row)
{
  char room[VALUE_TEXT_ROOM];
  weir_text text;
  if (value_get_text(column, row, room, &text))
    g_string_append_len(out, text.data, (gssize)text.len);
}

/* One record's text in `out`. FALSE: it is null. */
static gboolean
join_row(const ColumnsConcat *state, const weir_column *columns, int64_t row, GString *out)
{
  gboolean first = TRUE;
  g_string_set_size(out, 0);
  for (uint32_t i = 0; i < state->columns.count; i++) {
    gboolean null = weir_is_null(&columns[i], row);
    if (null && state->null == COLUMNS_NULL_NULL)
      return FALSE;
    if (null && state->null == COLUMNS_NULL_SKIP)
      continue;
    if (!first)
      g_string_append(out, state->separator);
    first = FALSE;
    if (!null)
      append_value(out, &columns[i], row);
  }
  return TRUE;
}

int
columns_concat_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const ColumnsConcat *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autofree weir_column *columns = g_new0(weir_column, state->columns.count + 1);
  g_autoptr(GString) text = g_string_new(NULL);
  g_autofree int64_t *rows = NULL;
  int64_t n = 0;
  for (uint32_t i = 0; i < state->columns.count; i++)
    columns[i] = weir_batch_column(schema, batch, weir_input_index(stage, 0, 0, i));
  if (leave_out_bad_times(stage, batch, columns, state->columns.count, &rows, &n)) {
    weir_batch_release(batch);
    return -1;
  }
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, rows, rows ? n : 0);
  if (!out)
    return -1;
  for (int64_t i = 0; i < n; i++)
    if (join_row(state, columns, rows ? rows[i] : i, text))
      weir_put_text(out->columns[0], text->str, (int64_t)text->len);
    else
      weir_put_null(out->columns[0]);
  return weir_send(out);
}

/* ---- template ------------------------------------------------------------------------------------------- */

#define SHOWN_BEFORE 60 /* characters of the template around a mistake */
#define SHOWN_BEHIND 40

static guint
width_of(gunichar c)
{
  return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

/* The template's line with the mistake, and a caret under it. g_free(). */
static char *
show_place(const char *template, gsize at)
{
  const char *begin = template + at, *end = begin;
  guint before = 0, behind = 0, indent = 0;
  for (; begin > template && begin[-1] != '\n' && before < SHOWN_BEFORE; before++)
    begin = g_utf8_prev_char(begin);
  for (; *end && *end != '\n' && behind < SHOWN_BEHIND; behind++)
    end = g_utf8_next_char(end);
  gboolean cut = begin > template && begin[-1] != '\n';
  g_autofree char *shown = g_strndup(begin, (gsize)(end - begin));
  for (char *p = shown; *p; p++)
    if (g_ascii_iscntrl(*p))
      *p = ' ';
  for (const char *p = begin; p < template + at; p = g_utf8_next_char(p))
    indent += width_of(g_utf8_get_char(p));
  return g_strdup_printf("  %s%s%s\n  %*s^", cut ? "…" : "", shown, *end && *end != '\n' ? "…" : "",
                         (int)(indent + cut), "");
}

/* "{name}" that begins at `begin`. Returns what stands behind it; NULL: reported. */
static const char *
read_placeholder(weir_stage *stage, const char *begin, TemplatePart *part)
{
  const ColumnsTemplate *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  const char *end = strchr(begin, '}');
  g_autofree char *place = show_place(state->template, (gsize)(begin - state->template));
  if (!end) {
    weir_fail(stage, "option \"template\": \"}\" is missing\n%s\nhint: for the brace itself write {{", place);
    return NULL;
  }
  g_autofree char *name = g_strndup(begin + 1, (gsize)(end - begin - 1));
  g_autofree char *quoted = weir_quote(name, -1);
  part->column = layout_index(schema, name);
  if (part->column < 0) {
    g_autofree char *near = layout_did_you_mean(schema, name);
    weir_fail(stage, "option \"template\": there is no column %s%s\n%s\nhint: for the brace itself write {{",
              quoted, near, place);
    return NULL;
  }
  const struct ArrowSchema *field = schema->children[part->column];
  if (!value_has_text(weir_type_from_format(field->format, NULL))) {
    g_autofree char *type = layout_type(field);
    weir_fail(stage, "option \"template\": column %s is %s, which has no text\n%s", quoted, type, place);
    return NULL;
  }
  return end + 1;
}

/* The parts of the template, in memory that goes with the plan: there are no more than it has characters, and their
 * texts are no longer than it. */
static int
read_template(weir_stage *stage)
{
  ColumnsTemplate *state = stage->state;
  gsize length = strlen(state->template);
  char *text = weir_alloc(stage, length + 1), *begin = text;
  state->parts = weir_alloc(stage, (length + 1) * sizeof *state->parts);
  state->n_parts = 0;
  if (!text || !state->parts)
    return -1;
  for (const char *p = state->template;;) {
    if (*p == '}' && p[1] != '}') {
      g_autofree char *place = show_place(state->template, (gsize)(p - state->template));
      return weir_fail(
          stage, "option \"template\": \"}\" ends nothing\n%s\nhint: for the brace itself write }}", place);
    }
    if (*p && (*p != '{' || p[1] == '{')) {
      *text++ = *p;
      p += *p == '{' || *p == '}' ? 2 : 1;
      continue;
    }
    if (text > begin)
      state->parts[state->n_parts++] =
          (TemplatePart){.column = -1, .text = begin, .length = (gsize)(text - begin)};
    begin = text;
    if (!*p)
      return 0;
    if (!(p = read_placeholder(stage, p, &state->parts[state->n_parts++])))
      return -1;
  }
}

int
columns_template_schema(weir_stage *stage)
{
  ColumnsTemplate *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autoptr(Layout) layout = layout_of(schema);
  g_autoptr(GError) error = NULL;
  gboolean nullable = FALSE;
  if (read_template(stage))
    return -1;
  for (gsize i = 0; i < state->n_parts; i++) {
    gint32 column = state->parts[i].column;
    nullable |= column >= 0 && (schema->children[column]->flags & ARROW_FLAG_NULLABLE);
  }
  nullable &= state->null == COLUMNS_TEMPLATE_NULL;
  if (!layout_put(layout, state->into, nullable ? "utf8?" : "utf8", state->replace, &error))
    return weir_fail(stage, "option \"into\": %s", error->message);
  return layout_declare(stage, layout, &state->arrangement);
}

/* One record's text in `out`. FALSE: it is null. */
static gboolean
fill_row(const ColumnsTemplate *state, const weir_column *columns, int64_t row, GString *out)
{
  g_string_set_size(out, 0);
  for (gsize i = 0; i < state->n_parts; i++) {
    const TemplatePart *part = &state->parts[i];
    if (part->column < 0) {
      g_string_append_len(out, part->text, (gssize)part->length);
    } else if (weir_is_null(&columns[i], row)) {
      if (state->null == COLUMNS_TEMPLATE_NULL)
        return FALSE;
    } else {
      append_value(out, &columns[i], row);
    }
  }
  return TRUE;
}

int
columns_template_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const ColumnsTemplate *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  g_autofree weir_column *columns = g_new0(weir_column, state->n_parts + 1);
  g_autoptr(GString) text = g_string_new(NULL);
  g_autofree int64_t *rows = NULL;
  int64_t n = 0;
  for (gsize i = 0; i < state->n_parts; i++)
    if (state->parts[i].column >= 0)
      columns[i] = weir_batch_column(schema, batch, state->parts[i].column);
  if (leave_out_bad_times(stage, batch, columns, state->n_parts, &rows, &n)) {
    weir_batch_release(batch);
    return -1;
  }
  weir_batch *out = weir_arrange(stage, port, batch, 0, state->arrangement.from, rows, rows ? n : 0);
  if (!out)
    return -1;
  for (int64_t i = 0; i < n; i++)
    if (fill_row(state, columns, rows ? rows[i] : i, text))
      weir_put_text(out->columns[0], text->str, (int64_t)text->len);
    else
      weir_put_null(out->columns[0]);
  return weir_send(out);
}
