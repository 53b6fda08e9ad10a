/* SPDX-License-Identifier: MIT */
/* Rows between JSON and columns: types found from values, values put into builders, rows printed without loss. */
#include "harness/private.h"

#include "base/error.h"
#include "base/value_write.h"
#include "core/batch.h"
#include "core/type_expr.h"
#include <math.h>
#include <string.h>

#define TEXT_LIMIT (G_GINT64_CONSTANT(1) << 30)

/* ---- Reading -------------------------------------------------------------------------------------------- */

static gboolean
take_row(WeirNode *node, GPtrArray *rows, GError **error)
{
  if (weir_node_kind(node) == WEIR_NODE_MAP || weir_node_kind(node) == WEIR_NODE_LIST) {
    g_ptr_array_add(rows, weir_node_ref(node));
    return TRUE;
  }
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "a row is an object, not %s",
              weir_node_kind_name(weir_node_kind(node)));
  return FALSE;
}

static WeirNode *
parse(const char *text, gssize length, guint line, GError **error)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *origin = line ? g_strdup_printf("row %u", line) : g_strdup("rows");
  WeirNode *node = weir_node_parse_json(text, length, origin, diagnostics);
  if (!node)
    weir_diagnostics_check(diagnostics, error);
  return node;
}

gboolean
harness_parse_rows(const char *text, GPtrArray *rows, GError **error)
{
  const char *start = text + strspn(text, " \t\r\n");
  if (*start == '[') {
    g_autoptr(WeirNode) all = parse(text, -1, 0, error);
    for (gsize i = 0; all && i < weir_node_size(all); i++)
      if (!take_row(weir_node_at(all, i), rows, error))
        return FALSE;
    return all != NULL;
  }
  guint line = 0;
  while (*start) {
    gsize length = strcspn(start, "\n");
    line++;
    if (strspn(start, " \t\r") < length) {
      g_autoptr(WeirNode) row = parse(start, (gssize)length, line, error);
      if (!row || !take_row(row, rows, error))
        return FALSE;
    }
    start += length + (start[length] == '\n');
  }
  return TRUE;
}

/* ---- Types ---------------------------------------------------------------------------------------------- */

/* What is known of a column, or of what is in one. */
typedef struct Shape Shape;
struct Shape {
  WeirNodeKind kind; /* NULL: nothing but nulls so far */
  gboolean nullable;
  guint seen;         /* rows that had it */
  Shape *items;       /* of a list */
  GPtrArray *names;   /* of a struct: char * */
  GPtrArray *members; /* Shape * */
};

static void
shape_free(gpointer data)
{
  Shape *shape = data;
  if (!shape)
    return;
  shape_free(shape->items);
  g_clear_pointer(&shape->names, g_ptr_array_unref);
  g_clear_pointer(&shape->members, g_ptr_array_unref);
  g_free(shape);
}

/* {"hex": …} and {"repeat": …} are texts. */
static gboolean
is_special(const WeirNode *node)
{
  return weir_node_kind(node) == WEIR_NODE_MAP &&
         ((weir_node_size(node) == 1 && weir_node_get(node, "hex")) ||
          (weir_node_size(node) == 2 && weir_node_get(node, "repeat") && weir_node_get(node, "times")));
}

static WeirNodeKind
kind_of(const WeirNode *node)
{
  return is_special(node) ? WEIR_NODE_STRING : weir_node_kind(node);
}

static gboolean shape_see(Shape *shape, const WeirNode *node, const char *name, GError **error);

static Shape *
shape_member(Shape *shape, const char *name)
{
  for (guint i = 0; i < shape->names->len; i++)
    if (g_str_equal(shape->names->pdata[i], name))
      return shape->members->pdata[i];
  Shape *member = g_new0(Shape, 1);
  g_ptr_array_add(shape->names, g_strdup(name));
  g_ptr_array_add(shape->members, member);
  return member;
}

static gboolean
shape_see_members(Shape *shape, const WeirNode *map, GError **error)
{
  if (!shape->names) {
    shape->names = g_ptr_array_new_with_free_func(g_free);
    shape->members = g_ptr_array_new_with_free_func(shape_free);
  }
  shape->seen++;
  for (gsize i = 0; i < weir_node_size(map); i++) {
    const char *name = weir_node_key_at(map, i);
    Shape *member = shape_member(shape, name);
    member->seen++;
    if (!shape_see(member, weir_node_at(map, i), name, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
shape_see(Shape *shape, const WeirNode *node, const char *name, GError **error)
{
  WeirNodeKind kind = kind_of(node);
  if (kind == WEIR_NODE_NULL) {
    shape->nullable = TRUE;
    return TRUE;
  }
  gboolean numbers = (kind == WEIR_NODE_NUMBER && shape->kind == WEIR_NODE_INTEGER) ||
                     (kind == WEIR_NODE_INTEGER && shape->kind == WEIR_NODE_NUMBER);
  if (shape->kind == WEIR_NODE_NULL || numbers) {
    shape->kind = numbers ? WEIR_NODE_NUMBER : kind;
  } else if (shape->kind != kind) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "column \"%s\" has values of kinds %s and %s; give its type with the columns", name,
                weir_node_kind_name(shape->kind), weir_node_kind_name(kind));
    return FALSE;
  }
  if (kind == WEIR_NODE_LIST) {
    if (!shape->items)
      shape->items = g_new0(Shape, 1);
    for (gsize i = 0; i < weir_node_size(node); i++)
      if (!shape_see(shape->items, weir_node_at(node, i), name, error))
        return FALSE;
  }
  return kind != WEIR_NODE_MAP || shape_see_members(shape, node, error);
}

static void
shape_to_type(const Shape *shape, GString *out)
{
  switch (shape->kind) {
  case WEIR_NODE_BOOLEAN:
    g_string_append(out, "bool");
    break;
  case WEIR_NODE_INTEGER:
    g_string_append(out, "i64");
    break;
  case WEIR_NODE_NUMBER:
    g_string_append(out, "f64");
    break;
  case WEIR_NODE_LIST:
    g_string_append(out, "list<");
    shape_to_type(shape->items, out);
    g_string_append_c(out, '>');
    break;
  case WEIR_NODE_MAP:
    g_string_append(out, "struct<");
    for (guint i = 0; i < shape->names->len; i++) {
      Shape *member = shape->members->pdata[i];
      member->nullable |= member->seen < shape->seen;
      g_string_append(out, i ? "," : "");
      weir_append_name(out, shape->names->pdata[i]);
      g_string_append_c(out, ':');
      shape_to_type(member, out);
    }
    g_string_append_c(out, '>');
    break;
  default:
    g_string_append(out, "utf8");
  }
  if (shape->nullable)
    g_string_append_c(out, '?');
}

/* Columns that were written, "name:type, …"; each type as it stands. */
typedef struct {
  GPtrArray *names, *types; /* of char * */
} Columns;

static gboolean
parse_columns(const char *text, Columns *columns, GError **error)
{
  WeirScanner scanner;
  gboolean fine = TRUE;
  weir_scanner_init(&scanner, text ? text : "");
  while (fine && weir_scanner_peek(&scanner)) {
    g_autofree char *name = weir_scanner_name(&scanner, "a column");
    fine = name &&
           (weir_scanner_take(&scanner, ':') || weir_scanner_fail(&scanner, scanner.at, "\":\" is missing"));
    const char *type = scanner.at;
    g_autoptr(WeirTypeExpr) expr = fine ? weir_type_expr_scan(&scanner) : NULL;
    fine = expr != NULL;
    if (fine) {
      g_ptr_array_add(columns->names, g_steal_pointer(&name));
      g_ptr_array_add(columns->types, g_strstrip(g_strndup(type, (gsize)(scanner.at - type))));
      fine = weir_scanner_take(&scanner, ',') || !weir_scanner_peek(&scanner) ||
             weir_scanner_fail(&scanner, scanner.at, "\",\" is missing");
    }
  }
  if (!fine)
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "columns \"%s\": %s", text,
                scanner.problem ? scanner.problem : "not understood");
  weir_scanner_clear(&scanner);
  return fine;
}

/* Rows that are lists take their members' names from the columns. */
static gboolean
see_rows(const GPtrArray *rows, Shape *shape, guint n_columns, GError **error)
{
  for (guint r = 0; r < rows->len; r++) {
    const WeirNode *row = rows->pdata[r];
    g_autoptr(GError) problem = NULL;
    if (weir_node_kind(row) == WEIR_NODE_LIST && weir_node_size(row) != n_columns)
      g_set_error(&problem, WEIR_ERROR, WEIR_ERROR_INVALID, "a list of %zu values, but there are %u columns",
                  weir_node_size(row), n_columns);
    else if (weir_node_kind(row) == WEIR_NODE_MAP)
      shape_see_members(shape, row, &problem);
    if (problem) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "row %u: %s", r + 1, problem->message);
      return FALSE;
    }
  }
  return TRUE;
}

WeirSchema *
harness_infer_schema(const GPtrArray *rows, const char *written, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) types = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
  Columns columns = {names, types};
  WeirSchema *schema = NULL;
  if (!parse_columns(written, &columns, error))
    return NULL;
  for (guint i = 0; i < names->len; i++)
    g_hash_table_add(known, names->pdata[i]);
  /* Values of columns that have a type may be of any kind: only the others are looked at. */
  g_autoptr(GPtrArray) rest = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  for (guint r = 0; r < rows->len; r++) {
    WeirNode *row = rows->pdata[r];
    WeirNode *part = row;
    if (weir_node_kind(row) == WEIR_NODE_MAP) {
      part = weir_node_new_map(weir_node_position(row));
      for (gsize i = 0; i < weir_node_size(row); i++)
        if (!g_hash_table_contains(known, weir_node_key_at(row, i)))
          weir_node_set(part, weir_node_key_at(row, i), weir_node_position(row),
                        weir_node_ref(weir_node_at(row, i)));
    } else {
      weir_node_ref(part);
    }
    g_ptr_array_add(rest, part);
  }
  Shape *shape = g_new0(Shape, 1);
  if (see_rows(rest, shape, names->len, error)) {
    for (guint i = 0; shape->names && i < shape->names->len; i++) {
      Shape *member = shape->members->pdata[i];
      GString *type = g_string_new(NULL);
      member->nullable |= member->seen < rows->len || member->kind == WEIR_NODE_NULL;
      shape_to_type(member, type);
      g_ptr_array_add(names, g_strdup(shape->names->pdata[i]));
      g_ptr_array_add(types, g_string_free(type, FALSE));
    }
    g_autofree weir_field *fields = g_new0(weir_field, names->len + 1);
    for (guint i = 0; i < names->len; i++)
      fields[i] = (weir_field){names->pdata[i], types->pdata[i]};
    schema = weir_schema_new(fields, names->len, error);
  }
  shape_free(shape);
  return schema;
}

static void
make_nullable(struct ArrowSchema *field)
{
  field->flags |= ARROW_FLAG_NULLABLE;
  for (gint64 i = 0; i < field->n_children && strncmp(field->format, "+w", 2) != 0; i++)
    make_nullable(field->children[i]);
}

WeirSchema *
harness_nullable_schema(const WeirSchema *schema)
{
  WeirSchema *copy = weir_schema_from_children((const struct ArrowSchema *const *)schema->arrow.children,
                                               weir_schema_n_columns(schema), NULL);
  for (gint64 i = 0; i < copy->arrow.n_children; i++)
    make_nullable(copy->arrow.children[i]);
  return copy;
}

/* ---- Values into builders ------------------------------------------------------------------------------- */

static gboolean
put_wrong(weir_builder *b, const WeirNode *node, GError **error)
{
  static const char *const names[] = {"nothing", "bool",   "i8",        "u8",   "i16",   "u16",
                                      "i32",     "u32",    "i64",       "u64",  "f32",   "f64",
                                      "utf8",    "binary", "timestamp", "list", "fixed", "struct"};
  g_autofree char *json = weir_node_to_json(node, FALSE);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%.80s is no value of type %s", json, names[b->type]);
  return FALSE;
}

char *
harness_text_of(const WeirNode *node, gsize *length)
{
  if (weir_node_kind(node) == WEIR_NODE_STRING) {
    *length = strlen(weir_node_string(node));
    return g_strdup(weir_node_string(node));
  }
  const WeirNode *hex = weir_node_get(node, "hex"), *unit = weir_node_get(node, "repeat"),
                 *times = weir_node_get(node, "times");
  GString *out = g_string_new(NULL);
  gboolean fine = FALSE;
  if (hex && weir_node_kind(hex) == WEIR_NODE_STRING) {
    const char *digits = weir_node_string(hex);
    fine = strlen(digits) % 2 == 0;
    for (const char *p = digits; fine && *p; p += 2) {
      int high = g_ascii_xdigit_value(p[0]), low = g_ascii_xdigit_value(p[1]);
      fine = high >= 0 && low >= 0;
      g_string_append_c(out, (char)(high * 16 + low));
    }
  } else if (unit && times && weir_node_kind(unit) == WEIR_NODE_STRING &&
             weir_node_kind(times) == WEIR_NODE_INTEGER) {
    gint64 n = weir_node_integer(times);
    fine = n >= 0 && n <= TEXT_LIMIT && (gint64)strlen(weir_node_string(unit)) * n <= TEXT_LIMIT;
    for (gint64 i = 0; fine && i < n; i++)
      g_string_append(out, weir_node_string(unit));
  }
  *length = out->len;
  return g_string_free(out, !fine);
}

static gboolean
put_text(weir_builder *b, const WeirNode *node, GError **error)
{
  gsize length;
  g_autofree char *text = harness_text_of(node, &length);
  if (!text)
    return put_wrong(b, node, error);
  return weir_put_text(b, text, (gint64)length) == 0;
}

/* Microseconds since 1970 of "2024-05-01", "2024-05-01T12:00:00.25Z". */
static gboolean
parse_time(const char *text, gint64 *us)
{
  gsize n = strlen(text);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  g_autofree char *whole = n == 10 ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
  g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, utc);
  if (!time)
    return FALSE;
  *us = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
  return TRUE;
}

static gboolean
put_integer(weir_builder *b, const WeirNode *node, GError **error)
{
  WeirNodeKind kind = weir_node_kind(node);
  gint64 us;
  guint64 big;
  if (kind == WEIR_NODE_INTEGER)
    return weir_put_integer(b, weir_node_integer(node)) == 0;
  if (kind == WEIR_NODE_STRING && b->type == WEIR_TIMESTAMP && parse_time(weir_node_string(node), &us))
    return weir_put_integer(b, us) == 0;
  if (kind == WEIR_NODE_STRING && b->type == WEIR_U64 &&
      g_ascii_string_to_unsigned(weir_node_string(node), 10, 0, G_MAXUINT64, &big, NULL))
    return weir_put_u64(b, big) == 0;
  return put_wrong(b, node, error);
}

static gboolean
real_of(const WeirNode *node, double *value)
{
  WeirNodeKind kind = weir_node_kind(node);
  const char *text = kind == WEIR_NODE_STRING ? weir_node_string(node) : "";
  if (kind == WEIR_NODE_NUMBER || kind == WEIR_NODE_INTEGER)
    *value = weir_node_number(node);
  else if (g_str_equal(text, "NaN"))
    *value = NAN;
  else if (g_str_equal(text, "Infinity"))
    *value = INFINITY;
  else if (g_str_equal(text, "-Infinity"))
    *value = -INFINITY;
  else
    return FALSE;
  return TRUE;
}

static gboolean
put_vector(weir_builder *b, const WeirNode *node, GError **error)
{
  if (weir_node_kind(node) != WEIR_NODE_LIST || weir_node_size(node) != (gsize)b->width)
    return put_wrong(b, node, error);
  float *vector = weir_put_vector(b);
  for (gsize i = 0; vector && i < (gsize)b->width; i++) {
    double value;
    if (!real_of(weir_node_at(node, i), &value))
      return put_wrong(b, node, error);
    vector[i] = (float)value;
  }
  return vector != NULL;
}

static gboolean put_node(weir_builder *b, const struct ArrowSchema *field, const WeirNode *node,
                         GError **error);

static gboolean
put_nested(weir_builder *b, const struct ArrowSchema *field, const WeirNode *node, GError **error)
{
  WeirNodeKind kind = weir_node_kind(node);
  if (kind != (b->type == WEIR_LIST ? WEIR_NODE_LIST : WEIR_NODE_MAP))
    return put_wrong(b, node, error);
  gsize n = kind == WEIR_NODE_LIST ? weir_node_size(node) : (gsize)b->n_children;
  for (gsize i = 0; i < n; i++) {
    gsize child = kind == WEIR_NODE_LIST ? 0 : i;
    const WeirNode *value =
        kind == WEIR_NODE_LIST ? weir_node_at(node, i) : weir_node_get(node, field->children[i]->name);
    if (value ? !put_node(b->children[child], field->children[child], value, error)
              : weir_put_null(b->children[child]) != 0)
      return FALSE;
  }
  return (kind == WEIR_NODE_LIST ? weir_put_list(b) : weir_put_struct(b)) == 0;
}

static gboolean
put_node(weir_builder *b, const struct ArrowSchema *field, const WeirNode *node, GError **error)
{
  double value;
  if (weir_node_kind(node) == WEIR_NODE_NULL)
    return weir_put_null(b) == 0;
  switch (b->type) {
  case WEIR_BOOL:
    return weir_node_kind(node) == WEIR_NODE_BOOLEAN ? weir_put_bool(b, weir_node_boolean(node)) == 0
                                                     : put_wrong(b, node, error);
  case WEIR_F32:
  case WEIR_F64:
    return real_of(node, &value) ? weir_put_number(b, value) == 0 : put_wrong(b, node, error);
  case WEIR_UTF8:
  case WEIR_BINARY:
    return put_text(b, node, error);
  case WEIR_FIXED:
    return put_vector(b, node, error);
  case WEIR_LIST:
  case WEIR_STRUCT:
    return put_nested(b, field, node, error);
  default:
    return put_integer(b, node, error);
  }
}

static const WeirNode *
cell(const WeirNode *row, const struct ArrowSchema *field, gsize index)
{
  if (weir_node_kind(row) == WEIR_NODE_MAP)
    return weir_node_get(row, field->name);
  return index < weir_node_size(row) ? weir_node_at(row, index) : NULL;
}

static gboolean
fill_column(weir_builder *b, const struct ArrowSchema *field, gsize index, const GPtrArray *rows,
            gint64 first, gint64 n, GError **error)
{
  g_autoptr(GError) problem = NULL;
  for (gint64 i = first; i < first + n; i++) {
    const WeirNode *value = cell(rows->pdata[i % rows->len], field, index);
    if ((value ? put_node(b, field, value, &problem) : weir_put_null(b) == 0) && !weir_builder_error(b))
      continue;
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "row %" G_GINT64_FORMAT ", column \"%s\": %s",
                i % rows->len + 1, field->name, problem ? problem->message : weir_builder_error(b));
    return FALSE;
  }
  return TRUE;
}

/* Names of a wanted row that the columns do not have. */
static gboolean
check_names(const WeirSchema *schema, const GPtrArray *rows, GError **error)
{
  for (guint r = 0; r < rows->len; r++) {
    const WeirNode *row = rows->pdata[r];
    for (gsize i = 0; weir_node_kind(row) == WEIR_NODE_MAP && i < weir_node_size(row); i++)
      if (weir_schema_find(schema, weir_node_key_at(row, i)) < 0) {
        g_autofree char *all = weir_schema_to_string(schema);
        g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "row %u: there is no column \"%s\"; there are: %s",
                    r + 1, weir_node_key_at(row, i), all);
        return FALSE;
      }
  }
  return TRUE;
}

gboolean
harness_build_batch(const WeirSchema *schema, const GPtrArray *rows, gint64 first, gint64 n, gboolean loose,
                    struct ArrowArray *batch, GError **error)
{
  guint n_columns = weir_schema_n_columns(schema);
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, n_columns + 1);
  gboolean fine = loose || check_names(schema, rows, error);
  for (guint c = 0; fine && c < n_columns; c++) {
    const struct ArrowSchema *field = schema->arrow.children[c];
    weir_builder *b = weir_builder_new(field);
    fine = fill_column(b, field, c, rows, first, n, error) && weir_builder_finish(b, &columns[c], error);
    weir_builder_free(b);
  }
  if (fine)
    return weir_batch_from_columns(columns, n_columns, n, batch, error);
  for (guint c = 0; c < n_columns; c++)
    weir_batch_release(&columns[c]);
  return FALSE;
}

/* ---- Values out ----------------------------------------------------------------------------------------- */

static void write_value(WeirJsonWriter *json, const weir_column *column, gint64 row);

static void
write_text(WeirJsonWriter *json, const weir_column *column, gint64 row)
{
  weir_text text = weir_get_text(column, row);
  if (column->type == WEIR_UTF8 && !memchr(text.data, 0, (gsize)text.len) &&
      g_utf8_validate(text.data, text.len, NULL)) {
    weir_json_string_sized(json, text.data, (gsize)text.len);
    return;
  }
  g_autoptr(GString) hex = g_string_new(NULL);
  for (gint64 i = 0; i < text.len; i++)
    g_string_append_printf(hex, "%02x", (guchar)text.data[i]);
  weir_json_begin_object(json);
  weir_json_member_string(json, "hex", hex->str);
  weir_json_end_object(json);
}

static void
write_real(WeirJsonWriter *json, double value, gboolean single)
{
  char text[WEIR_NUMBER_BYTES];
  if (isnan(value)) {
    weir_json_string(json, "NaN");
  } else if (isinf(value)) {
    weir_json_string(json, value < 0 ? "-Infinity" : "Infinity");
  } else if (single) {
    weir_float_to_text((float)value, text);
    weir_json_raw(json, text);
  } else {
    weir_json_number(json, value);
  }
}

static void
write_time(WeirJsonWriter *json, gint64 us)
{
  char text[WEIR_VALUE_ROOM];
  const char *end = weir_value_write_timestamp(text, us);
  if (end)
    weir_json_string_sized(json, text, (gsize)(end - text));
  else /* beyond the year 9999 */
    weir_json_integer(json, us);
}

static void
write_nested(WeirJsonWriter *json, const weir_column *column, gint64 row)
{
  if (column->type == WEIR_STRUCT) {
    weir_json_begin_object(json);
    for (gint64 i = 0; i < column->array->n_children; i++) {
      weir_column member = weir_column_member(column, i);
      weir_json_key(json, member.schema->name);
      write_value(json, &member, row);
    }
    weir_json_end_object(json);
    return;
  }
  weir_json_begin_array(json);
  if (column->type == WEIR_LIST) {
    weir_column items = weir_column_items(column);
    for (gint64 i = column->offsets[row]; i < column->offsets[row + 1]; i++)
      write_value(json, &items, i);
  } else {
    const float *vector = weir_get_vector(column, row);
    for (gint32 i = 0; i < column->width; i++)
      write_real(json, (double)vector[i], TRUE);
  }
  weir_json_end_array(json);
}

static void
write_value(WeirJsonWriter *json, const weir_column *column, gint64 row)
{
  guint64 big;
  if (weir_is_null(column, row)) {
    weir_json_null(json);
    return;
  }
  switch (column->type) {
  case WEIR_BOOL:
    weir_json_boolean(json, weir_get_bool(column, row));
    break;
  case WEIR_UTF8:
  case WEIR_BINARY:
    write_text(json, column, row);
    break;
  case WEIR_F32:
  case WEIR_F64:
    write_real(json, weir_get_number(column, row), column->type == WEIR_F32);
    break;
  case WEIR_TIMESTAMP:
    write_time(json, weir_get_integer(column, row));
    break;
  case WEIR_LIST:
  case WEIR_FIXED:
  case WEIR_STRUCT:
    write_nested(json, column, row);
    break;
  case WEIR_U64:
    big = (guint64)weir_get_integer(column, row);
    if (big <= G_MAXINT64) {
      weir_json_integer(json, (gint64)big);
    } else {
      g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, big);
      weir_json_string(json, digits);
    }
    break;
  default:
    weir_json_integer(json, weir_get_integer(column, row));
  }
}

char *
harness_row_to_json(const WeirSchema *schema, const struct ArrowArray *batch, gint64 row)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 0);
  weir_json_begin_object(json);
  for (gint64 i = 0; i < batch->n_children; i++) {
    weir_column column = weir_batch_column(&schema->arrow, batch, i);
    weir_json_key(json, column.schema->name);
    write_value(json, &column, row);
  }
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(out, FALSE);
}
