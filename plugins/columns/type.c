/* SPDX-License-Identifier: MIT */
/* Values turned from one column type into another. Strict: what would lose its meaning is no value of the type. */
#include "type.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/quote.h"
#include "base/value_parse.h"
#include "base/value_write.h"

#include <math.h>

#define TWO_63 9223372036854775808.0

/* ---- Types ---------------------------------------------------------------------------------------------- */

static const char *const scalar_names[] = {"bool", "i8",  "u8",  "i16",  "u16",    "i32",       "u32", "i64",
                                           "u64",  "f32", "f64", "utf8", "binary", "timestamp", NULL};

static weir_type
scalar_type(const char *name, gsize length)
{
  for (guint i = 0; scalar_names[i]; i++)
    if (strlen(scalar_names[i]) == length && strncmp(scalar_names[i], name, length) == 0)
      return (weir_type)(i + 1);
  return WEIR_TYPE_NONE;
}

gboolean
target_type_parse(const char *text, TargetType *type, GError **error)
{
  gsize length = strlen(text);
  type->type = scalar_type(text, length);
  if (type->type != WEIR_TYPE_NONE)
    return TRUE;
  if (g_str_has_prefix(text, "list<") && g_str_has_suffix(text, ">")) {
    type->type = WEIR_LIST;
    type->item = scalar_type(text + 5, length - 6);
    if (type->item != WEIR_TYPE_NONE)
      return TRUE;
  }
  if (g_str_has_prefix(text, "fixed<f32,") && g_str_has_suffix(text, ">")) {
    char *end = NULL;
    guint64 width = g_ascii_strtoull(text + 10, &end, 10);
    type->type = WEIR_FIXED;
    type->width = (int32_t)MIN(width, 100000000);
    if (g_ascii_isdigit(text[10]) && end == text + length - 1 && width > 0 && width <= 100000000)
      return TRUE;
  }
  g_autofree char *quoted = weir_quote(text, -1);
  const char *near = weir_nearest(text, scalar_names);
  g_set_error(
      error, WEIR_ERROR, WEIR_ERROR_INVALID,
      "%s is no type to turn a column into%s%s%s\n"
      "hint: bool, i8 to i64, u8 to u64, f32, f64, utf8, binary, timestamp, list of these, fixed<f32,N>",
      quoted, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  return FALSE;
}

static gboolean
is_number(weir_type type)
{
  return type >= WEIR_I8 && type <= WEIR_F64;
}

static gboolean
is_bytes(weir_type type)
{
  return type == WEIR_UTF8 || type == WEIR_BINARY;
}

static gboolean
scalar_takes(weir_type to, weir_type from)
{
  if (to == from || (is_number(to) && is_number(from)))
    return TRUE;
  switch (to) {
  case WEIR_UTF8:
    return from != WEIR_TYPE_NONE && from <= WEIR_TIMESTAMP;
  case WEIR_BINARY:
    return from == WEIR_UTF8;
  case WEIR_BOOL:
    return is_number(from) || from == WEIR_UTF8;
  case WEIR_TIMESTAMP:
    return is_number(from) || from == WEIR_UTF8;
  default:
    return from == WEIR_BOOL || from == WEIR_UTF8 || from == WEIR_TIMESTAMP;
  }
}

gboolean
target_type_takes(const TargetType *type, const struct ArrowSchema *field)
{
  weir_type from = weir_type_from_format(field->format, NULL);
  weir_type item = from == WEIR_LIST    ? weir_type_from_format(field->children[0]->format, NULL)
                   : from == WEIR_FIXED ? WEIR_F32
                                        : WEIR_TYPE_NONE;
  if (type->type == WEIR_LIST)
    return item != WEIR_TYPE_NONE && item <= WEIR_TIMESTAMP && scalar_takes(type->item, item);
  if (type->type == WEIR_FIXED)
    return is_number(item) || item == WEIR_BOOL || item == WEIR_UTF8;
  return from <= WEIR_TIMESTAMP && scalar_takes(type->type, from);
}

/* ---- Texts ---------------------------------------------------------------------------------------------- */

static char *
write_real(char *out, double value, gboolean narrow)
{
  if (isnan(value))
    return g_stpcpy(out, "NaN");
  if (isinf(value))
    return g_stpcpy(out, value < 0 ? "-inf" : "inf");
  return narrow ? weir_value_write_f32(out, (float)value) : weir_value_write_f64(out, value);
}

int
value_to_text(const weir_column *column, int64_t row, char room[VALUE_TEXT_ROOM])
{
  char *end;
  switch (column->type) {
  case WEIR_BOOL:
    end = g_stpcpy(room, weir_get_bool(column, row) ? "true" : "false");
    break;
  case WEIR_F32:
  case WEIR_F64:
    end = write_real(room, weir_get_number(column, row), column->type == WEIR_F32);
    break;
  case WEIR_U64:
    end = weir_value_write_u64(room, (uint64_t)weir_get_integer(column, row));
    break;
  case WEIR_TIMESTAMP:
    end = weir_value_write_timestamp(room, weir_get_integer(column, row));
    break;
  default:
    end = weir_value_write_i64(room, weir_get_integer(column, row));
  }
  return end ? (int)(end - room) : -1;
}

gboolean
value_has_text(weir_type type)
{
  return type != WEIR_TYPE_NONE && type <= WEIR_TIMESTAMP && type != WEIR_BINARY;
}

gboolean
value_get_text(const weir_column *column, int64_t row, char room[VALUE_TEXT_ROOM], weir_text *text)
{
  if (column->type == WEIR_UTF8) {
    *text = weir_get_text(column, row);
    return TRUE;
  }
  int length = value_to_text(column, row, room);
  *text = (weir_text){room, length};
  return length >= 0;
}

char *
value_show(const weir_column *column, int64_t row)
{
  char room[VALUE_TEXT_ROOM];
  weir_text text;
  if (weir_is_null(column, row))
    return g_strdup("null");
  if (column->type == WEIR_UTF8) {
    text = weir_get_text(column, row);
    return weir_quote(text.data, (gssize)text.len);
  }
  if (value_has_text(column->type) && value_get_text(column, row, room, &text))
    return g_strndup(text.data, (gsize)text.len);
  if (column->type == WEIR_TIMESTAMP)
    return g_strdup_printf("the time %" G_GINT64_FORMAT " µs from 1970",
                           (gint64)weir_get_integer(column, row));
  if (column->type == WEIR_LIST)
    return g_strdup_printf("a list of %d", column->offsets[row + 1] - column->offsets[row]);
  return g_strdup(column->type == WEIR_FIXED    ? "a vector"
                  : column->type == WEIR_BINARY ? "bytes"
                                                : "a value");
}

/* ---- Numbers -------------------------------------------------------------------------------------------- */

/* A number on its way: an integer that fits i64, a u64 beyond that, or a real. */
typedef struct {
  enum { IS_INTEGER, IS_UNSIGNED, IS_REAL } is;
  int64_t integer;
  double real;
} Number;

/* Reads a text, in a copy that the readers may look beyond. */
static gboolean
parse_text(weir_text text, weir_type to, Number *number)
{
  char room[96], *copy = room;
  enum weir_value_result result = WEIR_VALUE_SYNTAX;
  bool truth = false;
  if (text.len > 4096)
    return FALSE;
  if (text.len > 80)
    copy = g_malloc((gsize)text.len + 16);
  memcpy(copy, text.data, (gsize)text.len);
  memset(copy + text.len, 0, 16);
  number->is = IS_INTEGER;
  if (to == WEIR_BOOL) {
    result = weir_value_parse_bool(copy, (gsize)text.len, &truth);
    number->integer = truth;
  } else if (to == WEIR_TIMESTAMP) {
    result = weir_value_parse_timestamp(copy, (gsize)text.len, &number->integer);
  } else if (to == WEIR_F32 || to == WEIR_F64) {
    number->is = IS_REAL;
    result = weir_value_parse_f64(copy, (gsize)text.len, &number->real);
  } else if (to == WEIR_U64) {
    uint64_t value = 0;
    result = weir_value_parse_u64(copy, (gsize)text.len, &value);
    number->integer = (int64_t)value;
    number->is = value > INT64_MAX ? IS_UNSIGNED : IS_INTEGER;
  } else {
    result = weir_value_parse_i64(copy, (gsize)text.len, &number->integer);
  }
  if (copy != room)
    g_free(copy);
  return result == WEIR_VALUE_OK;
}

static gboolean
read_number(const TargetType *type, weir_type to, const weir_column *from, int64_t row, Number *number)
{
  if (from->type == WEIR_UTF8)
    return parse_text(weir_get_text(from, row), to, number);
  if (from->type == WEIR_F32 || from->type == WEIR_F64) {
    number->is = IS_REAL;
    number->real = weir_get_number(from, row);
  } else {
    number->integer = weir_get_integer(from, row);
    number->is = from->type == WEIR_U64 && number->integer < 0 ? IS_UNSIGNED : IS_INTEGER;
  }
  /* Between times and what counts them. */
  gboolean count = to == WEIR_TIMESTAMP && from->type != WEIR_TIMESTAMP;
  if (count && number->is == IS_REAL) {
    double micros = nearbyint(number->real * (double)type->unit);
    if (!(micros >= -TWO_63 && micros < TWO_63))
      return FALSE;
    *number = (Number){.is = IS_INTEGER, .integer = (int64_t)micros};
  } else if (count) {
    return number->is == IS_INTEGER && !__builtin_mul_overflow(number->integer, type->unit, &number->integer);
  } else if (from->type == WEIR_TIMESTAMP && to != WEIR_TIMESTAMP) {
    if (number->integer % type->unit == 0)
      number->integer /= type->unit;
    else
      *number = (Number){.is = IS_REAL, .real = (double)number->integer / (double)type->unit};
  }
  return TRUE;
}

static gboolean
integer_fits(weir_type to, int64_t value)
{
  switch (to) {
  case WEIR_BOOL:
    return value == 0 || value == 1;
  case WEIR_I8:
    return value >= INT8_MIN && value <= INT8_MAX;
  case WEIR_U8:
    return value >= 0 && value <= UINT8_MAX;
  case WEIR_I16:
    return value >= INT16_MIN && value <= INT16_MAX;
  case WEIR_U16:
    return value >= 0 && value <= UINT16_MAX;
  case WEIR_I32:
    return value >= INT32_MIN && value <= INT32_MAX;
  case WEIR_U32:
    return value >= 0 && value <= UINT32_MAX;
  case WEIR_U64:
    return value >= 0;
  default:
    return TRUE;
  }
}

/* A whole number is an integer, whatever it came as. */
static void
settle(Number *number)
{
  if (number->is != IS_REAL || number->real != floor(number->real))
    return;
  if (number->real >= -TWO_63 && number->real < TWO_63)
    *number = (Number){.is = IS_INTEGER, .integer = (int64_t)number->real};
  else if (number->real >= 0 && number->real < 2 * TWO_63)
    *number = (Number){.is = IS_UNSIGNED, .integer = (int64_t)(uint64_t)number->real};
}

static double
number_as_real(const Number *number)
{
  return number->is == IS_REAL       ? number->real
         : number->is == IS_UNSIGNED ? (double)(uint64_t)number->integer
                                     : (double)number->integer;
}

static gboolean
put_number(weir_type to, Number *number, weir_builder *out)
{
  if (to == WEIR_F32 || to == WEIR_F64) {
    double real = number_as_real(number);
    if (to == WEIR_F32 && isfinite(real) && isinf((float)real))
      return FALSE;
    if (out)
      weir_put_number(out, real);
    return TRUE;
  }
  settle(number);
  if (number->is == IS_REAL || (number->is == IS_UNSIGNED && to != WEIR_U64) ||
      (number->is == IS_INTEGER && !integer_fits(to, number->integer)))
    return FALSE;
  if (out && to == WEIR_BOOL)
    weir_put_bool(out, number->integer != 0);
  else if (out && to == WEIR_U64)
    weir_put_u64(out, (uint64_t)number->integer);
  else if (out)
    weir_put_integer(out, number->integer);
  return TRUE;
}

/* ---- All ------------------------------------------------------------------------------------------------ */

static gboolean
convert_scalar(const TargetType *type, weir_type to, const weir_column *from, int64_t row, weir_builder *out)
{
  char room[VALUE_TEXT_ROOM];
  weir_text text;
  Number number = {0};
  if (!is_bytes(to))
    return read_number(type, to, from, row, &number) && put_number(to, &number, out);
  if (is_bytes(from->type)) {
    text = weir_get_text(from, row);
    if (to == WEIR_UTF8 && from->type == WEIR_BINARY &&
        !g_utf8_validate_len(text.data, (gsize)text.len, NULL))
      return FALSE;
  } else if (!value_get_text(from, row, room, &text)) {
    return FALSE;
  }
  if (out)
    weir_put_text(out, text.data, text.len);
  return TRUE;
}

/* The items of a list or vector, and which of them are the row's. */
static weir_column
items_of(const weir_column *from, int64_t row, int64_t *begin, int64_t *end)
{
  if (from->type == WEIR_LIST) {
    *begin = from->offsets[row];
    *end = from->offsets[row + 1];
    return weir_column_items(from);
  }
  weir_column items = {.type = WEIR_F32, .length = from->width, .values = weir_get_vector(from, row)};
  *begin = 0;
  *end = from->width;
  return items;
}

static gboolean
convert_list(const TargetType *type, const weir_column *from, int64_t row, weir_builder *out)
{
  int64_t at, end;
  weir_column items = items_of(from, row, &at, &end);
  for (; at < end; at++)
    if (weir_is_null(&items, at)) {
      if (out)
        weir_put_null(out->children[0]);
    } else if (!convert_scalar(type, type->item, &items, at, out ? out->children[0] : NULL)) {
      return FALSE;
    }
  if (out)
    weir_put_list(out);
  return TRUE;
}

/* A vector has no nulls, and all its rows have as many numbers. */
static gboolean
convert_vector(const TargetType *type, const weir_column *from, int64_t row, weir_builder *out)
{
  int64_t begin, end;
  weir_column items = items_of(from, row, &begin, &end);
  if (end - begin != type->width)
    return FALSE;
  float *to = out ? weir_put_vector(out) : NULL;
  for (int64_t i = 0; i < type->width; i++) {
    Number number = {0};
    if (weir_is_null(&items, begin + i) || !read_number(type, WEIR_F32, &items, begin + i, &number) ||
        !put_number(WEIR_F32, &number, NULL))
      return FALSE;
    if (to)
      to[i] = (float)number_as_real(&number);
  }
  return TRUE;
}

gboolean
target_type_convert(const TargetType *type, const weir_column *from, int64_t row, weir_builder *to)
{
  if (type->type == WEIR_LIST)
    return convert_list(type, from, row, to);
  if (type->type == WEIR_FIXED)
    return convert_vector(type, from, row, to);
  return convert_scalar(type, type->type, from, row, to);
}
