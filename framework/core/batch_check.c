/* SPDX-License-Identifier: MIT */
/* Validates batches: nothing that a plugin or another library hands over is trusted before. */
#include "base/error.h"
#include "base/quote.h"
#include "core/batch_private.h"
#include "core/type_expr.h"
#include "core/utf8.h"

#define MAX_ROWS ((gint64)1 << 40) /* so that no product of a row number and a size overflows */

gint64
weir_bits_count(const uint8_t *bits, gint64 first, gint64 n)
{
  gint64 count = 0, i = first, end = first + n;
  for (; i < end && i % 8; i++)
    count += weir_bit(bits, i);
  for (; end - i >= 64; i += 64) {
    guint64 word;
    memcpy(&word, bits + i / 8, sizeof word);
    count += __builtin_popcountll(word);
  }
  for (; i < end; i++)
    count += weir_bit(bits, i);
  return count;
}

/* Where the check is: names of columns and members from the outside in. */
typedef struct Check {
  gboolean deep;
  GError **error;
  guint depth;
  const char *path[WEIR_SCHEMA_MAX_DEPTH + 1];
} Check;

/* The text ends with the rule of the contract that the batch breaks. */
static gboolean G_GNUC_PRINTF(3, 4) broken(Check *check, const char *rule, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  g_autoptr(GString) where = g_string_new(check->depth ? "column " : "the batch");
  for (guint i = 0; i < check->depth; i++) {
    g_autofree char *name = weir_quote(check->path[i], -1);
    g_string_append_printf(where, "%s%s", i ? ", in it " : "", name);
  }
  g_set_error(check->error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s: %s (%s)", where->str, why, rule);
  return FALSE;
}

#define invalid(check, ...) broken((check), "W07", __VA_ARGS__)

/* Counts, pointers and numbers of one array, without looking into its buffers. */
static gboolean
check_frame(Check *check, const struct ArrowArray *array, weir_type type, gint64 n_children, gint64 needed)
{
  guint n_buffers = weir_type_n_buffers(type);
  if (!array->release)
    return invalid(check, "it was released or moved away");
  if (array->length < 0 || array->offset < 0 || array->length > MAX_ROWS || array->offset > MAX_ROWS)
    return invalid(check, "length %" G_GINT64_FORMAT ", offset %" G_GINT64_FORMAT " are out of bounds",
                   array->length, array->offset);
  if (array->length < needed)
    return invalid(check, "%" G_GINT64_FORMAT " rows where %" G_GINT64_FORMAT " are wanted", array->length,
                   needed);
  if (array->null_count < -1 || array->null_count > array->length)
    return invalid(check, "null count %" G_GINT64_FORMAT " for %" G_GINT64_FORMAT " rows", array->null_count,
                   array->length);
  if (array->dictionary)
    return invalid(check, "a dictionary, which the schema does not have");
  if (array->n_buffers != n_buffers || !array->buffers)
    return invalid(check, "%" G_GINT64_FORMAT " buffers where %u are wanted",
                   array->buffers ? array->n_buffers : 0, n_buffers);
  if (array->n_children != n_children)
    return invalid(check, "%" G_GINT64_FORMAT " children where %" G_GINT64_FORMAT " are wanted",
                   array->n_children, n_children);
  if (n_children && !array->children)
    return invalid(check, "its children are missing");
  for (gint64 i = 0; i < n_children; i++)
    if (!array->children[i])
      return invalid(check, "child %" G_GINT64_FORMAT " is missing", i);
  if (array->null_count > 0 && !array->buffers[0])
    return invalid(check, "%" G_GINT64_FORMAT " nulls without a validity buffer", array->null_count);
  gsize alignment =
      type == WEIR_UTF8 || type == WEIR_BINARY || type == WEIR_LIST ? sizeof(int32_t) : weir_type_size(type);
  if (alignment && (guintptr)array->buffers[1] % alignment)
    return invalid(check, "a buffer of values of %" G_GSIZE_FORMAT " bytes is not aligned to them",
                   alignment);
  return TRUE;
}

/* The first null of rows `start` … (as the buffers count them) that `parent` does not make null too; -1 for
 * none. */
static gint64
first_bare_null(const struct ArrowArray *array, gint64 start, gint64 n, const uint8_t *parent,
                gint64 parent_start)
{
  const uint8_t *bits = array->buffers[0];
  if (!bits || array->null_count == 0 || weir_bits_count(bits, start, n) == n)
    return -1;
  for (gint64 i = 0; i < n; i++)
    if (!weir_bit(bits, start + i) && (!parent || weir_bit(parent, parent_start + i)))
      return i;
  return -1;
}

/* Whether one of `n` offsets lies below the one before it, or below zero. In blocks of a fixed size, which the
 * compiler makes vector instructions of. */
static gboolean
offsets_fall(const int32_t *offsets, gint64 n)
{
  enum { BLOCK = 16 };
  guint32 bad = (guint32)offsets[0];
  gint64 i = 0;
  for (; n - i >= BLOCK; i += BLOCK) {
    guint32 block = 0;
    for (gint k = 0; k < BLOCK; k++)
      block |= ((guint32)offsets[i + k + 1] - (guint32)offsets[i + k]) | (guint32)offsets[i + k + 1];
    bad |= block;
  }
  for (; i < n; i++)
    bad |= ((guint32)offsets[i + 1] - (guint32)offsets[i]) | (guint32)offsets[i + 1];
  return bad >> 31;
}

/* Text, binary and list: offsets that do not fall. `*first` and `*last` get the ends of what they cover. */
static gboolean
check_offsets(Check *check, const struct ArrowArray *array, gint64 start, gint64 n, gint64 *first,
              gint64 *last)
{
  const int32_t *offsets = array->buffers[1];
  *first = *last = 0;
  /* An array without rows may have an offsets buffer of no bytes, or none. */
  if (n == 0)
    return TRUE;
  if (!offsets)
    return invalid(check, "no offsets for %" G_GINT64_FORMAT " rows", n);
  offsets += start;
  *first = offsets[0];
  *last = offsets[n];
  if (offsets_fall(offsets, n))
    for (gint64 i = 0; i < n; i++)
      if (offsets[i] < 0 || offsets[i + 1] < offsets[i])
        return invalid(check, "row %" G_GINT64_FORMAT " reaches from offset %d to %d", i, offsets[i],
                       offsets[i + 1]);
  return TRUE;
}

/* Valid UTF-8 in every row that is not null. All of the text is looked at in one go; only where that is not
 * plain valid, or a row begins inside a character, row by row. */
static gboolean
check_text(Check *check, const struct ArrowArray *array, gint64 start, gint64 n, gint64 first, gint64 last)
{
  const int32_t *offsets = (const int32_t *)array->buffers[1] + start;
  const char *bytes = array->buffers[2];
  const uint8_t *bits = array->null_count != 0 ? array->buffers[0] : NULL;
  if (last == first)
    return TRUE;
  gboolean whole = weir_utf8_first_invalid(bytes + first, (gsize)(last - first)) < 0;
  for (gint64 i = 0; whole && i < n; i++)
    whole = offsets[i] == last || ((guchar)bytes[offsets[i]] & 0xc0) != 0x80;
  for (gint64 i = 0; !whole && i < n; i++) {
    gssize bad = weir_utf8_first_invalid(bytes + offsets[i], (gsize)(offsets[i + 1] - offsets[i]));
    if (bad >= 0 && (!bits || weir_bit(bits, start + i)))
      return invalid(check, "row %" G_GINT64_FORMAT " is not valid UTF-8 at byte %" G_GSSIZE_FORMAT, i, bad);
  }
  return TRUE;
}

static gboolean check_array(Check *check, const struct ArrowSchema *field, const struct ArrowArray *array,
                            gint64 base, gint64 n, const uint8_t *parent, gint64 parent_start);

static gboolean
check_child(Check *check, const struct ArrowSchema *field, const struct ArrowArray *array, gint64 base,
            gint64 n, const uint8_t *parent, gint64 parent_start)
{
  if (check->depth >= WEIR_SCHEMA_MAX_DEPTH)
    return invalid(check, "types nest at most %d deep", WEIR_SCHEMA_MAX_DEPTH);
  check->path[check->depth++] = field->name;
  gboolean valid = check_array(check, field, array, base, n, parent, parent_start);
  if (valid)
    check->depth--;
  return valid;
}

/* The floats of a fixed<f32,N> column: all there, none null. */
static gboolean
check_vectors(Check *check, const struct ArrowArray *array, gint32 width, gint64 start, gint64 n)
{
  const struct ArrowArray *item = array->children[0];
  gint64 rows = start + n;
  if (!check_frame(check, item, WEIR_F32, 0, 0))
    return FALSE;
  if (rows > MAX_ROWS / width || item->length < rows * width)
    return invalid(check, "%" G_GINT64_FORMAT " floats for %" G_GINT64_FORMAT " rows of %d", item->length,
                   rows, width);
  if (n && !item->buffers[1])
    return invalid(check, "no floats for %" G_GINT64_FORMAT " rows", n);
  if (first_bare_null(item, item->offset + start * width, n * width, NULL, 0) >= 0)
    return invalid(check, "nulls inside vectors are not supported");
  return TRUE;
}

static gboolean
check_content(Check *check, const struct ArrowSchema *field, const struct ArrowArray *array, weir_type type,
              gint32 width, gint64 start, gint64 n)
{
  gint64 first, last;
  const uint8_t *bits = array->null_count != 0 ? array->buffers[0] : NULL;
  switch (type) {
  case WEIR_FIXED:
    return check_vectors(check, array, width, start, n);
  case WEIR_STRUCT:
    for (gint64 i = 0; i < array->n_children; i++)
      if (!check_child(check, field->children[i], array->children[i], start, n, bits, start))
        return FALSE;
    return TRUE;
  case WEIR_UTF8:
  case WEIR_BINARY:
    if (!check_offsets(check, array, start, n, &first, &last))
      return FALSE;
    if (last > first && !array->buffers[2])
      return invalid(check, "no bytes where the offsets reach to %" G_GINT64_FORMAT, last);
    return !check->deep || type == WEIR_BINARY || check_text(check, array, start, n, first, last);
  case WEIR_LIST:
    if (!check_offsets(check, array, start, n, &first, &last))
      return FALSE;
    if (last > array->children[0]->length)
      return invalid(check, "offsets reach to item %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT, last,
                     array->children[0]->length);
    /* All items, since a reader of the column sees them all. */
    return check_child(check, field->children[0], array->children[0], 0, MAX(array->children[0]->length, 0),
                       NULL, 0);
  default:
    if (n && !array->buffers[1])
      return invalid(check, "no values for %" G_GINT64_FORMAT " rows", n);
    return TRUE;
  }
}

/* Rows base … base + n - 1 of an array, as its parent counts them. `parent`: validity of the struct around
 * it. */
static gboolean
check_array(Check *check, const struct ArrowSchema *field, const struct ArrowArray *array, gint64 base,
            gint64 n, const uint8_t *parent, gint64 parent_start)
{
  gint32 width = 0;
  weir_type type = weir_type_from_format(field->format, &width);
  if (!check_frame(check, array, type, field->n_children, base + n))
    return FALSE;
  gint64 start = array->offset + base;
  const uint8_t *bits = array->buffers[0];
  if (check->deep && array->null_count >= 0 && bits) {
    gint64 nulls = array->length - weir_bits_count(bits, array->offset, array->length);
    if (nulls != array->null_count)
      return invalid(check, "null count %" G_GINT64_FORMAT " where %" G_GINT64_FORMAT " rows are null",
                     array->null_count, nulls);
  }
  if (!(field->flags & ARROW_FLAG_NULLABLE)) {
    gint64 row = first_bare_null(array, start, n, parent, parent_start);
    if (row >= 0)
      return broken(check, "W18", "row %" G_GINT64_FORMAT " is null, but its type says that none comes", row);
  }
  return check_content(check, field, array, type, width, start, n);
}

gboolean
weir_batch_validate(const WeirSchema *schema, const struct ArrowArray *batch, gboolean deep, GError **error)
{
  Check check = {.deep = deep, .error = error};
  const struct ArrowSchema *arrow = &schema->arrow;
  if (!check_frame(&check, batch, WEIR_STRUCT, arrow->n_children, 0))
    return FALSE;
  if (first_bare_null(batch, batch->offset, batch->length, NULL, 0) >= 0)
    return invalid(&check, "it has rows that are null as a whole");
  for (gint64 i = 0; i < arrow->n_children; i++)
    if (!check_child(&check, arrow->children[i], batch->children[i], batch->offset, batch->length, NULL, 0))
      return FALSE;
  return TRUE;
}

gint64
weir_batch_first_null(const WeirSchema *schema G_GNUC_UNUSED, const struct ArrowArray *batch,
                      const gint32 *columns, guint n, gint32 *column)
{
  gint64 first = -1;
  for (guint i = 0; i < n; i++) {
    const struct ArrowArray *array = batch->children[columns[i]];
    gint64 row = first_bare_null(array, array->offset + batch->offset, batch->length, NULL, 0);
    if (row < 0 || (first >= 0 && row >= first))
      continue;
    first = row;
    if (column)
      *column = columns[i];
  }
  return first;
}
