/* SPDX-License-Identifier: MIT */
/* Looks at whole batches: their bytes, a checksum, and a row as JSON. */
#include "base/json_write.h"
#include "base/value_write.h"
#include "core/batch_private.h"

/* ---- Bytes and checksum: one walk over the buffers that the rows use ---- */

typedef void (*Visit)(gpointer data, const void *buffer, gsize bytes);

static void visit_column(const weir_column *column, Visit visit, gpointer data);

static void
visit_bits(const uint8_t *bits, gint64 first, gint64 n, Visit visit, gpointer data)
{
  if (bits && n)
    visit(data, bits + (first >> 3), (gsize)(((first + n - 1) >> 3) - (first >> 3) + 1));
}

/* Rows first … first + n - 1 of a column. */
static weir_column
part_of(const weir_column *column, gint64 first, gint64 n)
{
  return weir_column_view(column->schema, column->array, first, n);
}

static void
visit_column(const weir_column *column, Visit visit, gpointer data)
{
  gint64 n = column->length;
  if (n == 0)
    return;
  visit_bits(column->validity, column->bit_offset, n, visit, data);
  if (column->offsets)
    visit(data, column->offsets, ((gsize)n + 1) * sizeof(int32_t));
  if (column->type == WEIR_BOOL)
    visit_bits(column->values, column->bit_offset, n, visit, data);
  else if (column->type == WEIR_FIXED && column->values)
    visit(data, column->values, (gsize)n * (gsize)column->width * sizeof(float));
  else if (column->values)
    visit(data, column->values, (gsize)n * weir_type_size(column->type));
  if (column->bytes && column->offsets && column->offsets[n] > column->offsets[0])
    visit(data, column->bytes + column->offsets[0], (gsize)(column->offsets[n] - column->offsets[0]));
  if (column->type == WEIR_LIST) {
    weir_column items = weir_column_items(column);
    g_assert(column->offsets);
    items = part_of(&items, column->offsets[0], column->offsets[n] - column->offsets[0]);
    visit_column(&items, visit, data);
  }
  for (gint64 i = 0; column->type == WEIR_STRUCT && i < column->array->n_children; i++) {
    weir_column member = weir_column_member(column, i);
    visit_column(&member, visit, data);
  }
}

static void
visit_batch(const WeirSchema *schema, const struct ArrowArray *batch, Visit visit, gpointer data)
{
  for (gint64 i = 0; i < batch->n_children; i++) {
    weir_column column = weir_batch_column(&schema->arrow, batch, i);
    visit_column(&column, visit, data);
  }
}

static void
add_bytes(gpointer data, const void *buffer G_GNUC_UNUSED, gsize bytes)
{
  *(guint64 *)data += bytes;
}

guint64
weir_batch_bytes(const WeirSchema *schema, const struct ArrowArray *batch)
{
  guint64 total = 0;
  visit_batch(schema, batch, add_bytes, &total);
  return total;
}

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014, https://doi.org/10.1145/2660193.2660195). */
static inline guint64
mix(guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void
add_checksum(gpointer data, const void *buffer, gsize bytes)
{
  const char *at = buffer;
  guint64 word, sum = mix(*(guint64 *)data ^ bytes);
  for (; bytes >= sizeof word; bytes -= sizeof word, at += sizeof word) {
    memcpy(&word, at, sizeof word);
    sum = (sum ^ word) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
    sum ^= sum >> 32;
  }
  word = 0;
  memcpy(&word, at, bytes);
  *(guint64 *)data = mix(sum ^ word);
}

guint64
weir_batch_checksum(const WeirSchema *schema, const struct ArrowArray *batch)
{
  guint64 sum = (guint64)batch->length;
  visit_batch(schema, batch, add_checksum, &sum);
  return sum;
}

/* ---- A row as JSON ---- */

static void write_value(WeirJsonWriter *writer, const weir_column *column, gint64 row, gsize limit);

/* Text is cut before a character that does not fit the limit; bytes are written in hex. */
static void
write_text(WeirJsonWriter *writer, const weir_column *column, gint64 row, gsize limit)
{
  weir_text text = weir_get_text(column, row);
  gsize length = MIN((gsize)text.len, limit);
  g_autoptr(GString) out = g_string_new(NULL);
  if (column->type == WEIR_BINARY) {
    for (gsize i = 0; i < length; i++)
      g_string_append_printf(out, "%02x", (guchar)text.data[i]);
  } else {
    while (length < (gsize)text.len && length > 0 && ((guchar)text.data[length] & 0xc0) == 0x80)
      length--;
    g_string_append_len(out, text.data, (gssize)length);
  }
  if (length < (gsize)text.len)
    g_string_append(out, "…");
  weir_json_string_sized(writer, out->str, out->len);
}

static void
write_items(WeirJsonWriter *writer, const weir_column *column, gint64 row, gsize limit)
{
  weir_column items = weir_column_items(column);
  gint64 n = column->offsets[row + 1] - (gint64)column->offsets[row];
  weir_json_begin_array(writer);
  for (gint64 i = 0; i < MIN(n, (gint64)limit); i++)
    write_value(writer, &items, column->offsets[row] + i, limit);
  if (n > (gint64)limit)
    weir_json_string(writer, "…");
  weir_json_end_array(writer);
}

static void
write_vector(WeirJsonWriter *writer, const weir_column *column, gint64 row, gsize limit)
{
  const float *vector = weir_get_vector(column, row);
  weir_json_begin_array(writer);
  for (gsize i = 0; i < MIN((gsize)column->width, limit); i++) {
    char number[WEIR_NUMBER_BYTES];
    if (vector[i] - vector[i] != 0) {
      weir_json_null(writer);
      continue;
    }
    weir_float_to_text(vector[i], number);
    weir_json_raw(writer, number);
  }
  if ((gsize)column->width > limit)
    weir_json_string(writer, "…");
  weir_json_end_array(writer);
}

/* As texts, as everywhere else; as a number of microseconds beyond the years that have a text. */
static void
write_time(WeirJsonWriter *writer, gint64 microseconds)
{
  char text[WEIR_VALUE_ROOM];
  char *end = weir_value_write_timestamp(text, microseconds);
  if (end) {
    *end = 0;
    weir_json_string(writer, text);
  } else {
    weir_json_integer(writer, microseconds);
  }
}

static void
write_members(WeirJsonWriter *writer, const weir_column *column, gint64 row, gsize limit)
{
  weir_json_begin_object(writer);
  for (gint64 i = 0; i < column->array->n_children; i++) {
    weir_column member = weir_column_member(column, i);
    weir_json_key(writer, member.schema->name);
    write_value(writer, &member, row, limit);
  }
  weir_json_end_object(writer);
}

static void
write_value(WeirJsonWriter *writer, const weir_column *column, gint64 row, gsize limit)
{
  char number[WEIR_NUMBER_BYTES];
  if (weir_is_null(column, row)) {
    weir_json_null(writer);
    return;
  }
  switch (column->type) {
  case WEIR_UTF8:
  case WEIR_BINARY:
    write_text(writer, column, row, limit);
    break;
  case WEIR_BOOL:
    weir_json_boolean(writer, weir_get_bool(column, row));
    break;
  case WEIR_U64:
    weir_json_unsigned(writer, (guint64)weir_get_integer(column, row));
    break;
  case WEIR_TIMESTAMP:
    write_time(writer, weir_get_integer(column, row));
    break;
  case WEIR_F64:
    weir_json_number(writer, weir_get_number(column, row));
    break;
  case WEIR_F32: {
    float value = ((const float *)column->values)[row];
    if (value - value != 0) {
      weir_json_null(writer);
      break;
    }
    weir_float_to_text(value, number);
    weir_json_raw(writer, number);
    break;
  }
  case WEIR_LIST:
    write_items(writer, column, row, limit);
    break;
  case WEIR_FIXED:
    write_vector(writer, column, row, limit);
    break;
  case WEIR_STRUCT:
    write_members(writer, column, row, limit);
    break;
  default:
    weir_json_integer(writer, weir_get_integer(column, row));
  }
}

char *
weir_batch_row_to_json(const WeirSchema *schema, const struct ArrowArray *batch, gint64 row, gsize limit)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *writer = weir_json_writer_new(out, 0);
  weir_json_begin_object(writer);
  for (gint64 i = 0; i < batch->n_children; i++) {
    weir_column column = weir_batch_column(&schema->arrow, batch, i);
    weir_json_key(writer, column.schema->name);
    write_value(writer, &column, row, limit);
  }
  weir_json_end_object(writer);
  weir_json_writer_free(writer);
  return g_string_free(out, FALSE);
}
