/* SPDX-License-Identifier: MIT */
/* Puts a field of CSV into a column of any type, and says what is wrong where it cannot be. */
#include "config.h"

#include "base/value_parse.h"
#include "csv.h"

bool
csv_is_null(const struct csv_field *field, const struct format_options *options)
{
  for (uint32_t k = 0; k < options->n_nulls; k++)
    if (strlen(options->nulls[k]) == field->len && !memcmp(options->nulls[k], field->data, field->len))
      return true;
  return false;
}

static enum csv_put
from_value(enum weir_value_result result)
{
  return result == WEIR_VALUE_OK ? CSV_PUT : result == WEIR_VALUE_RANGE ? CSV_PUT_RANGE : CSV_PUT_SYNTAX;
}

/* True if an integer has this many bits at most. */
static bool
fits(weir_type type, int64_t value)
{
  switch (type) {
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
  default:
    return true;
  }
}

static enum csv_put
put_integer(const struct csv_column *column, weir_builder *builder, const struct csv_field *f)
{
  int64_t value;
  enum csv_put result;
  /* Who wrote "007" meant the digits: such a column is inferred as text. */
  if (!column->declared && f->len > 1 && (f->data[0] == '0' || f->data[0] == '+'))
    return CSV_PUT_SYNTAX;
  result = from_value(weir_value_parse_i64(f->data, f->len, &value));
  if (result == CSV_PUT && !fits(column->type, value))
    result = CSV_PUT_RANGE;
  if (result != CSV_PUT)
    return result;
  return weir_put_integer(builder, value) ? CSV_PUT_MEMORY : CSV_PUT;
}

static enum csv_put
put_typed(const struct csv_column *column, weir_builder *builder, const struct csv_field *f)
{
  enum csv_put result;
  uint64_t number;
  double real;
  bool truth;
  int64_t time;
  switch (column->type) {
  case WEIR_U64:
    result = from_value(weir_value_parse_u64(f->data, f->len, &number));
    return result == CSV_PUT && weir_put_u64(builder, number) ? CSV_PUT_MEMORY : result;
  case WEIR_F32:
  case WEIR_F64:
    result = from_value(weir_value_parse_f64(f->data, f->len, &real));
    return result == CSV_PUT && weir_put_number(builder, real) ? CSV_PUT_MEMORY : result;
  case WEIR_BOOL:
    result = from_value(weir_value_parse_bool(f->data, f->len, &truth));
    return result == CSV_PUT && weir_put_bool(builder, truth) ? CSV_PUT_MEMORY : result;
  case WEIR_TIMESTAMP:
    result = from_value(weir_value_parse_timestamp(f->data, f->len, &time));
    return result == CSV_PUT && weir_put_integer(builder, time) ? CSV_PUT_MEMORY : result;
  default:
    return put_integer(column, builder, f);
  }
}

enum csv_put
csv_put(const struct csv_column *column, weir_builder *builder, const struct csv_field *field,
        const struct format_options *options)
{
  bool text = column->type == WEIR_UTF8;
  bool null =
      text ? !field->quoted && csv_is_null(field, options) : !field->len || csv_is_null(field, options);
  if (null) {
    if (!column->nullable)
      return CSV_PUT_NULL;
    return weir_put_null(builder) ? CSV_PUT_MEMORY : CSV_PUT;
  }
  if (text)
    return weir_put_text(builder, field->data, (int64_t)field->len) ? CSV_PUT_MEMORY : CSV_PUT;
  return put_typed(column, builder, field);
}

static const char *
type_words(weir_type type)
{
  switch (type) {
  case WEIR_BOOL:
    return "true or false (bool)";
  case WEIR_F32:
    return "a number (f32)";
  case WEIR_F64:
    return "a number (f64)";
  case WEIR_TIMESTAMP:
    return "a date and time (timestamp), as in 2024-05-01T12:30:00Z";
  case WEIR_I8:
    return "an integer (i8)";
  case WEIR_U8:
    return "an integer (u8)";
  case WEIR_I16:
    return "an integer (i16)";
  case WEIR_U16:
    return "an integer (u16)";
  case WEIR_I32:
    return "an integer (i32)";
  case WEIR_U32:
    return "an integer (u32)";
  case WEIR_U64:
    return "an integer (u64)";
  default:
    return "an integer (i64)";
  }
}

int
csv_put_failed(const struct csv_column *column, const struct csv_field *field, enum csv_put result,
               uint64_t line, struct format_error *error)
{
  char value[100], name[100];
  format_quote(field->data, field->len, value);
  format_quote(column->name, strlen(column->name), name);
  if (result == CSV_PUT_MEMORY)
    return format_fail(error, line, 0, "column %s: no memory for a value of %zu bytes", name, field->len);
  if (result == CSV_PUT_NULL)
    return format_fail(error, line, 0,
                       "column %s: %s stands for null, which its declared type does not allow; "
                       "put \"?\" behind the type, or clean the file",
                       name, value);
  if (column->declared)
    return format_fail(error, line, 0, "column %s: %s is %s%s, as \"columns\" declares", name, value,
                       result == CSV_PUT_RANGE ? "out of range for " : "not ", type_words(column->type));
  return format_fail(
      error, line, 0,
      "column %s: %s is %s%s, which the sample led to expect; "
      "declare the column's type in \"columns\" (\"utf8\" takes anything), or raise \"sample\"",
      name, value, result == CSV_PUT_RANGE ? "out of range for " : "not ", type_words(column->type));
}
