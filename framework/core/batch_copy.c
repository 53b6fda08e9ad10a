/* SPDX-License-Identifier: MIT */
/* Copies rows: gathers them in another order, and brings foreign buffers to aligned memory. */
#include "base/error.h"
#include "core/batch_private.h"

/* ---- Appending rows of a column to a builder ---- */

/* Which rows are copied: `rows`, or those from `first` on where it is NULL. */
typedef struct Selection {
  const gint64 *rows;
  gint64 first;
  gint64 n;
} Selection;

static inline gint64
selected(const Selection *selection, gint64 i)
{
  return selection->rows ? selection->rows[i] : selection->first + i;
}

static gboolean append_selection(weir_builder *builder, const weir_column *column, const Selection *of);

/* Values of one size, row by row; the size is a constant in each call, so that each is a plain loop. */
static inline void
gather_values(char *to, const char *from, const Selection *of, gsize size)
{
  for (gint64 i = 0; i < of->n; i++)
    memcpy(to + (gsize)i * size, from + (gsize)of->rows[i] * size, size);
}

static void
copy_values(char *to, const char *from, const Selection *of, gsize size)
{
  if (!of->rows) {
    memcpy(to, from + (gsize)of->first * size, (gsize)of->n * size);
    return;
  }
  switch (size) {
  case 1:
    gather_values(to, from, of, 1);
    break;
  case 2:
    gather_values(to, from, of, 2);
    break;
  case 4:
    gather_values(to, from, of, 4);
    break;
  case 8:
    gather_values(to, from, of, 8);
    break;
  default:
    gather_values(to, from, of, size);
  }
}

static gboolean
append_fixed(weir_builder *builder, const weir_column *column, const Selection *of)
{
  gsize size =
      builder->type == WEIR_FIXED ? (gsize)builder->width * sizeof(float) : weir_type_size(builder->type);
  if (weir_room(builder, of->n, 0))
    return FALSE;
  copy_values((char *)builder->values + (gsize)builder->length * size, column->values, of, size);
  return TRUE;
}

static gboolean
append_bits(weir_builder *builder, const weir_column *column, const Selection *of)
{
  uint8_t *to;
  if (weir_room(builder, of->n, 0))
    return FALSE;
  to = builder->values;
  for (gint64 i = 0; i < of->n; i++)
    if (weir_get_bool(column, selected(of, i)))
      to[(builder->length + i) >> 3] |= (uint8_t)(1u << ((builder->length + i) & 7));
  return TRUE;
}

/* Text of rows that are null is left behind: nobody may look at it. */
static gboolean
append_text(weir_builder *builder, const weir_column *column, const Selection *of)
{
  gint64 total = 0;
  for (gint64 i = 0; i < of->n && total <= INT32_MAX; i++) {
    gint64 row = selected(of, i);
    if (!weir_is_null(column, row))
      total += column->offsets[row + 1] - (gint64)column->offsets[row];
  }
  if (weir_room(builder, of->n, total))
    return FALSE;
  for (gint64 i = 0; i < of->n; i++) {
    gint64 row = selected(of, i);
    gint64 length = weir_is_null(column, row) ? 0 : column->offsets[row + 1] - (gint64)column->offsets[row];
    if (length)
      memcpy(builder->bytes + builder->n_bytes, column->bytes + column->offsets[row], (gsize)length);
    builder->n_bytes += length;
    builder->offsets[builder->length + i + 1] = (int32_t)builder->n_bytes;
  }
  return TRUE;
}

static gboolean
append_lists(weir_builder *builder, const weir_column *column, const Selection *of)
{
  weir_column items = weir_column_items(column);
  weir_builder *child = builder->children[0];
  if (weir_room(builder, of->n, 0))
    return FALSE;
  for (gint64 i = 0; i < of->n; i++) {
    gint64 row = selected(of, i);
    if (!weir_is_null(column, row) &&
        !weir_builder_append_range(child, &items, column->offsets[row],
                                   column->offsets[row + 1] - (gint64)column->offsets[row]))
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
append_members(weir_builder *builder, const weir_column *column, const Selection *of)
{
  if (weir_room(builder, of->n, 0))
    return FALSE;
  for (gint64 i = 0; i < builder->n_children; i++) {
    weir_column member = weir_column_member(column, i);
    if (!append_selection(builder->children[i], &member, of))
      return FALSE;
  }
  return TRUE;
}

/* Counts the rows that were written, with their nulls. */
static gboolean
count_rows(weir_builder *builder, const weir_column *column, const Selection *of)
{
  gint64 nulls = 0;
  if (column->validity)
    for (gint64 i = 0; i < of->n; i++)
      nulls += weir_is_null(column, selected(of, i));
  if (nulls && !weir_builder_begin_validity(builder))
    return FALSE;
  if (builder->validity)
    for (gint64 i = 0; i < of->n; i++)
      if (!weir_is_null(column, selected(of, i)))
        builder->validity[(builder->length + i) >> 3] |= (uint8_t)(1u << ((builder->length + i) & 7));
  builder->null_count += nulls;
  builder->length += of->n;
  return TRUE;
}

static gboolean
append_selection(weir_builder *builder, const weir_column *column, const Selection *of)
{
  gboolean written;
  if (of->n == 0)
    return TRUE;
  g_assert(column->type == builder->type && column->type != WEIR_TYPE_NONE);
  if (builder->type == WEIR_BOOL)
    written = append_bits(builder, column, of);
  else if (builder->type == WEIR_UTF8 || builder->type == WEIR_BINARY)
    written = append_text(builder, column, of);
  else if (builder->type == WEIR_LIST)
    written = append_lists(builder, column, of);
  else if (builder->type == WEIR_STRUCT)
    written = append_members(builder, column, of);
  else
    written = append_fixed(builder, column, of);
  return written && count_rows(builder, column, of);
}

gboolean
weir_builder_append_range(weir_builder *builder, const weir_column *column, gint64 first, gint64 n)
{
  return append_selection(builder, column, &(Selection){.first = first, .n = n});
}

gboolean
weir_builder_append_rows(weir_builder *builder, const weir_column *column, const gint64 *rows, gint64 n)
{
  return append_selection(builder, column, &(Selection){.rows = rows, .n = n});
}

/* ---- Gathering ---- */

static gboolean
copy_column(const struct ArrowSchema *field, const weir_column *column, const gint64 *rows, gint64 n,
            struct ArrowArray *out, GError **error)
{
  weir_builder *builder = weir_builder_new(field);
  if (rows)
    weir_builder_append_rows(builder, column, rows, n);
  else
    weir_builder_append_range(builder, column, 0, n);
  gboolean whole = weir_builder_finish(builder, out, error);
  weir_builder_free(builder);
  if (!whole)
    g_prefix_error(error, "column \"%s\": ", field->name);
  return whole;
}

gboolean
weir_batch_gather(const WeirSchema *schema, const struct ArrowArray *batch, const gint64 *rows, gint64 n,
                  struct ArrowArray *out, GError **error)
{
  struct ArrowArray made;
  for (gint64 i = 0; i < n; i++)
    if (rows[i] < 0 || rows[i] >= batch->length) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED,
                  "row %" G_GINT64_FORMAT " was asked for of a batch of %" G_GINT64_FORMAT, rows[i],
                  batch->length);
      return FALSE;
    }
  weir_array_init(&made, n, 0, 1, (guint)batch->n_children);
  for (gint64 i = 0; i < batch->n_children; i++) {
    weir_column column = weir_batch_column(&schema->arrow, batch, i);
    if (!copy_column(schema->arrow.children[i], &column, rows, n, made.children[i], error)) {
      weir_batch_release(&made);
      return FALSE;
    }
  }
  *out = made;
  return TRUE;
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
    if (!copy_column(schema->arrow.children[i], &column, NULL, batch->length, &copied[n_copied], error)) {
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
