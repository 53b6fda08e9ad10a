/* SPDX-License-Identifier: MIT */
/* Copies rows: gathers them in another order, and brings foreign buffers to aligned memory. */
#include "base/error.h"
#include "core/batch_private.h"

/* ---- Appending rows of a column to a builder ---- */

/* Which rows are copied: `picks` of several columns, or of one column `rows`, or those from `first` on. The columns are
 * handed along as an array of `n_sources`; one that no pick names is zeroed. */
typedef struct Selection {
  const weir_row *picks;
  const gint64 *rows;
  gint64 first;
  gint64 n;
  guint n_sources;
} Selection;

static inline const weir_column *
selected(const weir_column *columns, const Selection *of, gint64 i, gint64 *row)
{
  if (of->picks) {
    *row = of->picks[i].row;
    return &columns[of->picks[i].batch];
  }
  *row = of->rows ? of->rows[i] : of->first + i;
  return columns;
}

static gboolean append_selection(weir_builder *builder, const weir_column *columns, const Selection *of);

/* Values of one size, row by row; the size is a constant in each call, so that each is a plain loop. */
static inline void
gather_values(char *to, const weir_column *columns, const Selection *of, gsize size)
{
  if (of->picks) {
    for (gint64 i = 0; i < of->n; i++)
      memcpy(to + (gsize)i * size,
             (const char *)columns[of->picks[i].batch].values + (gsize)of->picks[i].row * size, size);
    return;
  }
  const char *from = columns->values;
  for (gint64 i = 0; i < of->n; i++)
    memcpy(to + (gsize)i * size, from + (gsize)of->rows[i] * size, size);
}

static void
copy_values(char *to, const weir_column *columns, const Selection *of, gsize size)
{
  if (!of->rows && !of->picks) {
    memcpy(to, (const char *)columns->values + (gsize)of->first * size, (gsize)of->n * size);
    return;
  }
  switch (size) {
  case 1:
    gather_values(to, columns, of, 1);
    break;
  case 2:
    gather_values(to, columns, of, 2);
    break;
  case 4:
    gather_values(to, columns, of, 4);
    break;
  case 8:
    gather_values(to, columns, of, 8);
    break;
  default:
    gather_values(to, columns, of, size);
  }
}

static gboolean
append_fixed(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  gsize size =
      builder->type == WEIR_FIXED ? (gsize)builder->width * sizeof(float) : weir_type_size(builder->type);
  if (weir_room(builder, of->n, 0))
    return FALSE;
  copy_values((char *)builder->values + (gsize)builder->length * size, columns, of, size);
  return TRUE;
}

static gboolean
append_bits(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  uint8_t *to;
  gint64 row;
  if (weir_room(builder, of->n, 0))
    return FALSE;
  to = builder->values;
  for (gint64 i = 0; i < of->n; i++) {
    const weir_column *column = selected(columns, of, i, &row);
    if (weir_get_bool(column, row))
      to[(builder->length + i) >> 3] |= (uint8_t)(1u << ((builder->length + i) & 7));
  }
  return TRUE;
}

/* Bytes or items of a row; those of a row that is null are left behind: nobody may look at them. */
static inline gint64
extent(const weir_column *column, gint64 row)
{
  return weir_is_null(column, row) ? 0 : column->offsets[row + 1] - (gint64)column->offsets[row];
}

static gboolean
append_text(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  gint64 total = 0, row;
  for (gint64 i = 0; i < of->n && total <= INT32_MAX; i++) {
    const weir_column *column = selected(columns, of, i, &row);
    total += extent(column, row);
  }
  if (weir_room(builder, of->n, total))
    return FALSE;
  for (gint64 i = 0; i < of->n; i++) {
    const weir_column *column = selected(columns, of, i, &row);
    gint64 length = extent(column, row);
    if (length)
      memcpy(builder->bytes + builder->n_bytes, column->bytes + column->offsets[row], (gsize)length);
    builder->n_bytes += length;
    builder->offsets[builder->length + i + 1] = (int32_t)builder->n_bytes;
  }
  return TRUE;
}

static gboolean
append_lists(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  g_autofree weir_column *items = g_new0(weir_column, of->n_sources);
  weir_builder *child = builder->children[0];
  gint64 row;
  for (guint s = 0; s < of->n_sources; s++)
    if (columns[s].array)
      items[s] = weir_column_items(&columns[s]);
  if (weir_room(builder, of->n, 0))
    return FALSE;
  for (gint64 i = 0; i < of->n; i++) {
    const weir_column *column = selected(columns, of, i, &row);
    gint64 length = extent(column, row);
    if (length && !weir_builder_append_range(child, &items[column - columns], column->offsets[row], length))
      return FALSE;
    if (child->length > INT32_MAX) {
      builder->refuse(builder, "a list column has more than 2^31 items");
      return FALSE;
    }
    builder->offsets[builder->length + i + 1] = (int32_t)child->length;
  }
  return TRUE;
}

static gboolean
append_members(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  g_autofree weir_column *members = g_new0(weir_column, of->n_sources);
  if (weir_room(builder, of->n, 0))
    return FALSE;
  for (gint64 i = 0; i < builder->n_children; i++) {
    for (guint s = 0; s < of->n_sources; s++)
      if (columns[s].array)
        members[s] = weir_column_member(&columns[s], i);
    if (!append_selection(builder->children[i], members, of))
      return FALSE;
  }
  return TRUE;
}

/* Counts the rows that were written, with their nulls. */
static gboolean
count_rows(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  gint64 nulls = 0, row;
  gboolean may_be_null = FALSE;
  for (guint s = 0; s < of->n_sources; s++)
    may_be_null |= columns[s].validity != NULL;
  for (gint64 i = 0; may_be_null && i < of->n; i++) {
    const weir_column *column = selected(columns, of, i, &row);
    nulls += weir_is_null(column, row);
  }
  if (nulls && !weir_builder_begin_validity(builder))
    return FALSE;
  for (gint64 i = 0; builder->validity && i < of->n; i++) {
    const weir_column *column = selected(columns, of, i, &row);
    if (!weir_is_null(column, row))
      builder->validity[(builder->length + i) >> 3] |= (uint8_t)(1u << ((builder->length + i) & 7));
  }
  builder->null_count += nulls;
  builder->length += of->n;
  return TRUE;
}

static gboolean
append_selection(weir_builder *builder, const weir_column *columns, const Selection *of)
{
  gboolean written;
  if (of->n == 0)
    return TRUE;
  g_assert(builder->type != WEIR_TYPE_NONE && (of->picks || columns->type == builder->type));
  if (builder->type == WEIR_BOOL)
    written = append_bits(builder, columns, of);
  else if (builder->type == WEIR_UTF8 || builder->type == WEIR_BINARY)
    written = append_text(builder, columns, of);
  else if (builder->type == WEIR_LIST)
    written = append_lists(builder, columns, of);
  else if (builder->type == WEIR_STRUCT)
    written = append_members(builder, columns, of);
  else
    written = append_fixed(builder, columns, of);
  return written && count_rows(builder, columns, of);
}

gboolean
weir_builder_append_range(weir_builder *builder, const weir_column *column, gint64 first, gint64 n)
{
  g_assert(column->type == builder->type);
  return append_selection(builder, column, &(Selection){.first = first, .n = n, .n_sources = 1});
}

gboolean
weir_builder_append_rows(weir_builder *builder, const weir_column *column, const gint64 *rows, gint64 n)
{
  g_assert(column->type == builder->type);
  return append_selection(builder, column, &(Selection){.rows = rows, .n = n, .n_sources = 1});
}

/* ---- Gathering ---- */

static gboolean
copy_column(const struct ArrowSchema *field, const weir_column *columns, const Selection *of,
            struct ArrowArray *out, GError **error)
{
  weir_builder *builder = weir_builder_new(field);
  /* Batches of a few rows may be many, and held: they take no more than they need. */
  weir_builder_begin_with(builder, MIN(of->n * 64, 4096));
  append_selection(builder, columns, of);
  gboolean whole = weir_builder_finish(builder, out, error);
  weir_builder_free(builder);
  if (!whole)
    g_prefix_error(error, "column \"%s\": ", field->name);
  return whole;
}

/* A column at a time. `used` says which batches are picked from. */
static gboolean
gather(const struct ArrowSchema *arrow, const struct ArrowArray *const *batches, const gboolean *used,
       const Selection *of, struct ArrowArray *out, GError **error)
{
  struct ArrowArray made;
  g_autofree weir_column *columns = g_new0(weir_column, of->n_sources);
  weir_array_init(&made, of->n, 0, 1, (guint)arrow->n_children);
  for (gint64 i = 0; i < arrow->n_children; i++) {
    for (guint s = 0; s < of->n_sources; s++)
      if (!used || used[s])
        columns[s] = weir_batch_column(arrow, batches[s], i);
    if (!copy_column(arrow->children[i], columns, of, made.children[i], error)) {
      weir_batch_release(&made);
      return FALSE;
    }
  }
  *out = made;
  return TRUE;
}

static gboolean
no_such_row(gint64 row, gint64 length, GError **error)
{
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "row %" G_GINT64_FORMAT " was asked for of a batch of %" G_GINT64_FORMAT, row, length);
  return FALSE;
}

gboolean
weir_batch_gather(const WeirSchema *schema, const struct ArrowArray *batch, const gint64 *rows, gint64 n,
                  struct ArrowArray *out, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    if (rows[i] < 0 || rows[i] >= batch->length)
      return no_such_row(rows[i], batch->length, error);
  Selection of = {.rows = rows, .n = n, .n_sources = 1};
  return gather(&schema->arrow, &batch, NULL, &of, out, error);
}

gboolean
weir_batch_gather_many(const struct ArrowSchema *schema, const struct ArrowArray *const *batches,
                       guint n_batches, const weir_row *rows, gint64 n, struct ArrowArray *out,
                       GError **error)
{
  g_autofree gboolean *used = g_new0(gboolean, (gsize)n_batches + 1);
  for (gint64 i = 0; i < n; i++) {
    if (rows[i].batch >= n_batches) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "batch %u was asked for of %u", rows[i].batch,
                  n_batches);
      return FALSE;
    }
    const struct ArrowArray *batch = batches[rows[i].batch];
    if (rows[i].row < 0 || rows[i].row >= batch->length)
      return no_such_row(rows[i].row, batch->length, error);
    used[rows[i].batch] = TRUE;
  }
  Selection of = {.picks = rows, .n = n, .n_sources = n_batches};
  return gather(schema, batches, used, &of, out, error);
}

/* ---- Realigning ---- */

static gboolean
is_aligned(const void *address)
{
  return ((guintptr)address & (WEIR_BUFFER_ALIGNMENT - 1)) == 0;
}

/* Whether the buffers of a column begin at cache lines, and its first row does where values are read as a
 * matrix. */
static gboolean
column_is_aligned(const weir_column *column)
{
  const struct ArrowArray *array = column->array;
  for (gint64 i = 0; i < array->n_buffers; i++)
    if (!is_aligned(array->buffers[i]))
      return FALSE;
  if (column->type != WEIR_BOOL && !is_aligned(column->values))
    return FALSE;
  if (column->type == WEIR_LIST) {
    weir_column items = weir_column_items(column);
    return column_is_aligned(&items);
  }
  for (gint64 i = 0; column->type == WEIR_STRUCT && i < array->n_children; i++) {
    weir_column member = weir_column_member(column, i);
    if (!column_is_aligned(&member))
      return FALSE;
  }
  return TRUE;
}

gboolean
weir_batch_realign(const WeirSchema *schema, struct ArrowArray *batch, struct ArrowArray *out, GError **error)
{
  guint n = (guint)batch->n_children, n_copied = 0;
  g_autofree gint32 *columns = g_new(gint32, n);
  g_autofree struct ArrowArray *copied = g_new0(struct ArrowArray, n);
  for (guint i = 0; i < n; i++) {
    weir_column column = weir_batch_column(&schema->arrow, batch, i);
    columns[i] = column_is_aligned(&column) ? (gint32)i : -1;
    if (columns[i] >= 0)
      continue;
    Selection whole = {.n = batch->length, .n_sources = 1};
    if (!copy_column(schema->arrow.children[i], &column, &whole, &copied[n_copied], error)) {
      for (guint k = 0; k < n_copied; k++)
        weir_batch_release(&copied[k]);
      weir_batch_release(batch);
      return FALSE;
    }
    n_copied++;
  }
  if (n_copied == 0) {
    weir_batch_move(batch, out);
    return TRUE;
  }
  return weir_batch_rearrange(batch, columns, n, copied, n_copied, out, error);
}
