/* SPDX-License-Identifier: MIT */
/* Records as lines of JSON for a program, and the values of its answers for the columns of a batch. */
#include "config.h"

#include "exec.h"

#include "base/json_write.h"
#include "base/tree.h"
#include "base/value_parse.h"
#include "base/value_write.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- Writing --------------------------------------------------------------------------------------------- */

static void append_value(GString *out, const weir_column *column, int64_t row);

static void
append_vector(GString *out, const weir_column *column, int64_t row)
{
  const float *vector = weir_get_vector(column, row);
  g_string_append_c(out, '[');
  for (int32_t i = 0; i < column->width; i++) {
    if (i)
      g_string_append_c(out, ',');
    weir_json_append_float(out, vector[i]);
  }
  g_string_append_c(out, ']');
}

static void
append_list(GString *out, const weir_column *column, int64_t row)
{
  weir_column items = weir_column_items(column);
  g_string_append_c(out, '[');
  for (int64_t i = column->offsets[row]; i < column->offsets[row + 1]; i++) {
    if (i > column->offsets[row])
      g_string_append_c(out, ',');
    append_value(out, &items, i);
  }
  g_string_append_c(out, ']');
}

static void
append_struct(GString *out, const weir_column *column, int64_t row)
{
  g_string_append_c(out, '{');
  for (int64_t m = 0; m < column->array->n_children; m++) {
    weir_column member = weir_column_member(column, m);
    if (m)
      g_string_append_c(out, ',');
    weir_json_append_string(out, member.schema->name, strlen(member.schema->name));
    g_string_append_c(out, ':');
    append_value(out, &member, row);
  }
  g_string_append_c(out, '}');
}

static void
append_plain(GString *out, const weir_column *column, int64_t row)
{
  char text[WEIR_VALUE_ROOM + 2], *end;
  if (column->type == WEIR_TIMESTAMP) {
    end = weir_value_write_timestamp(text + 1, weir_get_integer(column, row));
    if (!end) { /* a year that cannot be written */
      g_string_append(out, "null");
      return;
    }
    *text = *end = '"';
    end++;
  } else {
    end = column->type == WEIR_U64 ? weir_value_write_u64(text, (uint64_t)weir_get_integer(column, row))
                                   : weir_value_write_i64(text, weir_get_integer(column, row));
  }
  g_string_append_len(out, text, end - text);
}

static void
append_value(GString *out, const weir_column *column, int64_t row)
{
  if (weir_is_null(column, row)) {
    g_string_append(out, "null");
    return;
  }
  weir_text text;
  switch (column->type) {
  case WEIR_UTF8:
    text = weir_get_text(column, row);
    weir_json_append_string(out, text.data, (gsize)text.len);
    break;
  case WEIR_BOOL:
    g_string_append(out, weir_get_bool(column, row) ? "true" : "false");
    break;
  case WEIR_F32:
    weir_json_append_float(out, ((const float *)column->values)[row]);
    break;
  case WEIR_F64:
    weir_json_append_number(out, ((const double *)column->values)[row]);
    break;
  case WEIR_LIST:
    append_list(out, column, row);
    break;
  case WEIR_FIXED:
    append_vector(out, column, row);
    break;
  case WEIR_STRUCT:
    append_struct(out, column, row);
    break;
  default:
    append_plain(out, column, row);
  }
}

void
exec_record_write(GString *out, const weir_column *columns, uint32_t n, int64_t row)
{
  g_string_append_c(out, '{');
  for (uint32_t c = 0; c < n; c++) {
    const char *name = columns[c].schema->name;
    if (c)
      g_string_append_c(out, ',');
    weir_json_append_string(out, name, strlen(name));
    g_string_append_c(out, ':');
    append_value(out, &columns[c], row);
  }
  g_string_append(out, "}\n");
}

/* ---- Checking -------------------------------------------------------------------------------------------- */

static const struct {
  int64_t min, max;
} ranges[] = {[WEIR_I8] = {INT8_MIN, INT8_MAX},    [WEIR_U8] = {0, UINT8_MAX},
              [WEIR_I16] = {INT16_MIN, INT16_MAX}, [WEIR_U16] = {0, UINT16_MAX},
              [WEIR_I32] = {INT32_MIN, INT32_MAX}, [WEIR_U32] = {0, UINT32_MAX},
              [WEIR_I64] = {INT64_MIN, INT64_MAX}, [WEIR_U64] = {0, INT64_MAX}};

/* Languages with one kind of number write 3 as 3.0. */
static bool
as_integer(const WeirNode *value, int64_t *integer)
{
  if (weir_node_kind(value) == WEIR_NODE_INTEGER) {
    *integer = weir_node_integer(value);
    return true;
  }
  if (weir_node_kind(value) != WEIR_NODE_NUMBER)
    return false;
  double number = weir_node_number(value);
  if (number != trunc(number) || fabs(number) > 0x1p53)
    return false;
  *integer = (int64_t)number;
  return true;
}

static bool
as_timestamp(const WeirNode *value, int64_t *microseconds)
{
  char text[64] = {0};
  if (weir_node_kind(value) != WEIR_NODE_STRING)
    return false;
  size_t n = strlen(weir_node_string(value));
  if (n > sizeof text - 17) /* bytes behind its end are read */
    return false;
  memcpy(text, weir_node_string(value), n);
  return weir_value_parse_timestamp(text, n, microseconds) == WEIR_VALUE_OK;
}

static char *
unfit(const WeirNode *value, const char *wanted)
{
  g_autofree char *json = weir_node_to_json(value, FALSE);
  return g_strdup_printf("is %.60s%s, and %s is wanted", json, strlen(json) > 60 ? "…" : "", wanted);
}

static char *
check_items(const struct ArrowSchema *field, const WeirNode *value, int32_t width)
{
  if (weir_node_kind(value) != WEIR_NODE_LIST)
    return unfit(value, "a list");
  if (width && weir_node_size(value) != (gsize)width)
    return g_strdup_printf("has %zu numbers, and %d are wanted", weir_node_size(value), width);
  for (gsize i = 0; i < weir_node_size(value); i++) {
    const WeirNode *item = weir_node_at(value, i);
    bool hole = width && weir_node_kind(item) == WEIR_NODE_NULL;
    g_autofree char *why = hole ? g_strdup("is null") : exec_value_check(field->children[0], item);
    if (why)
      return g_strdup_printf("item %zu %s", i + 1, why);
  }
  return NULL;
}

static char *
check_number(weir_type type, const WeirNode *value)
{
  WeirNodeKind kind = weir_node_kind(value);
  int64_t integer;
  if (type == WEIR_F32 || type == WEIR_F64) {
    if (kind != WEIR_NODE_INTEGER && kind != WEIR_NODE_NUMBER)
      return unfit(value, "a number");
    bool large = type == WEIR_F32 && fabs(weir_node_number(value)) > FLT_MAX;
    return large ? unfit(value, "a number that fits the column's type") : NULL;
  }
  if (!as_integer(value, &integer))
    return unfit(value, "an integer");
  if (integer < ranges[type].min || integer > ranges[type].max)
    return unfit(value, "an integer that fits the column's type");
  return NULL;
}

char *
exec_value_check(const struct ArrowSchema *field, const WeirNode *value)
{
  int32_t width;
  int64_t time;
  weir_type type = weir_type_from_format(field->format, &width);
  if (!value || weir_node_kind(value) == WEIR_NODE_NULL) {
    if (field->flags & ARROW_FLAG_NULLABLE)
      return NULL;
    return g_strdup(value ? "is null, and its type has no \"?\"" : "is missing");
  }
  switch (type) {
  case WEIR_BOOL:
    return weir_node_kind(value) == WEIR_NODE_BOOLEAN ? NULL : unfit(value, "true or false");
  case WEIR_UTF8:
    return weir_node_kind(value) == WEIR_NODE_STRING ? NULL : unfit(value, "a text");
  case WEIR_TIMESTAMP:
    return as_timestamp(value, &time) ? NULL : unfit(value, "a time such as \"2024-05-01T12:30:00Z\"");
  case WEIR_LIST:
  case WEIR_FIXED:
    return check_items(field, value, width);
  default:
    return check_number(type, value);
  }
}

/* ---- Putting --------------------------------------------------------------------------------------------- */

static void
put_vector(weir_builder *column, const WeirNode *value)
{
  float *vector = weir_put_vector(column);
  for (gsize i = 0; vector && i < weir_node_size(value); i++)
    vector[i] = (float)weir_node_number(weir_node_at(value, i));
}

void
exec_value_put(weir_builder *column, const WeirNode *value)
{
  int64_t integer = 0;
  if (!value || weir_node_kind(value) == WEIR_NODE_NULL) {
    weir_put_null(column);
    return;
  }
  switch (column->type) {
  case WEIR_BOOL:
    weir_put_bool(column, weir_node_boolean(value));
    break;
  case WEIR_UTF8:
    weir_put_string(column, weir_node_string(value));
    break;
  case WEIR_F32:
  case WEIR_F64:
    weir_put_number(column, weir_node_number(value));
    break;
  case WEIR_TIMESTAMP:
    as_timestamp(value, &integer);
    weir_put_integer(column, integer);
    break;
  case WEIR_FIXED:
    put_vector(column, value);
    break;
  case WEIR_LIST:
    for (gsize i = 0; i < weir_node_size(value); i++)
      exec_value_put(column->children[0], weir_node_at(value, i));
    weir_put_list(column);
    break;
  default:
    as_integer(value, &integer);
    weir_put_integer(column, integer);
  }
}
