/* SPDX-License-Identifier: MIT */
/* Schemas: built from type strings or copied from Arrow's, with all that is not ours refused by name. */
#include "core/schema.h"
#include "base/error.h"
#include "base/quote.h"
#include "core/type_expr.h"

/* ---- Fields ---- */

/* What a field of ours owns; the children lie in one block behind it. */
typedef struct FieldData {
  char *format;
  char *name;
  struct ArrowSchema **children;
} FieldData;

void
weir_field_release(struct ArrowSchema *field)
{
  FieldData *data = field->private_data;
  if (!field->release)
    return;
  for (gint64 i = 0; i < field->n_children; i++)
    if (field->children[i]->release)
      field->children[i]->release(field->children[i]);
  g_free(data->format);
  g_free(data->name);
  g_free(data->children);
  g_free(data);
  memset(field, 0, sizeof *field);
}

void
weir_field_init(struct ArrowSchema *field, const char *format, const char *name, gboolean nullable,
                guint n_children)
{
  FieldData *data = g_new0(FieldData, 1);
  data->format = g_strdup(format);
  data->name = g_strdup(name);
  if (n_children) {
    gsize pointers = n_children * sizeof(struct ArrowSchema *);
    data->children = g_malloc0(pointers + n_children * sizeof(struct ArrowSchema));
    struct ArrowSchema *child = (struct ArrowSchema *)((char *)data->children + pointers);
    for (guint i = 0; i < n_children; i++)
      data->children[i] = child + i;
  }
  *field = (struct ArrowSchema){.format = data->format,
                                .name = data->name,
                                .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
                                .n_children = n_children,
                                .children = data->children,
                                .release = weir_field_release,
                                .private_data = data};
}

static void
copy_field_as(const struct ArrowSchema *from, const char *name, gboolean nullable, struct ArrowSchema *to)
{
  weir_type type = weir_type_from_format(from->format, NULL);
  weir_field_init(to, from->format, name, nullable, (guint)from->n_children);
  for (gint64 i = 0; i < from->n_children; i++) {
    const struct ArrowSchema *child = from->children[i];
    gboolean child_nullable = type != WEIR_FIXED && (child->flags & ARROW_FLAG_NULLABLE) != 0;
    copy_field_as(child, type == WEIR_STRUCT ? child->name : "item", child_nullable, to->children[i]);
  }
}

void
weir_field_copy(const struct ArrowSchema *from, struct ArrowSchema *to)
{
  copy_field_as(from, from->name, (from->flags & ARROW_FLAG_NULLABLE) != 0, to);
}

/* ---- Checking what is foreign ---- */

/* A name for a type of Arrow that is not ours, from its format string. */
static const char *
foreign_type_name(const char *format)
{
  static const struct {
    const char *prefix, *name;
  } known[] = {
      {"n", "null"},
      {"e", "f16"},
      {"U", "large_utf8"},
      {"Z", "large_binary"},
      {"vu", "utf8_view"},
      {"vz", "binary_view"},
      {"d:", "decimal"},
      {"w:", "fixed_binary"},
      {"td", "date"},
      {"tt", "time"},
      {"tD", "duration"},
      {"ti", "interval"},
      {"ts", "timestamp that is not in microseconds UTC"},
      {"+L", "large_list"},
      {"+vl", "list_view"},
      {"+vL", "large_list_view"},
      {"+m", "map"},
      {"+ud:", "union"},
      {"+us:", "union"},
      {"+r", "run_end_encoded"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
    gboolean whole = strlen(known[i].prefix) == 1;
    if (whole ? !strcmp(format, known[i].prefix) : g_str_has_prefix(format, known[i].prefix))
      return known[i].name;
  }
  return NULL;
}

/* Where in a foreign schema the check is; sets the error with the way there. */
typedef struct Check {
  GError **error;
  guint n_fields;
  const char *path[WEIR_SCHEMA_MAX_DEPTH + 1];
} Check;

static gboolean G_GNUC_PRINTF(3, 4) refuse(Check *check, guint depth, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  g_autoptr(GString) where = g_string_new("column ");
  for (guint i = 1; i <= depth && i <= WEIR_SCHEMA_MAX_DEPTH; i++) {
    g_autofree char *name = weir_quote(check->path[i], -1);
    g_string_append_printf(where, "%s%s", i > 1 ? ", in it " : "", name);
  }
  g_set_error(check->error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s: %s", where->str, why);
  return FALSE;
}

static gboolean check_field(Check *check, const struct ArrowSchema *field, guint depth);

/* Names of the columns, or of a struct's members: there, UTF-8, each once. */
static gboolean
check_names(Check *check, struct ArrowSchema *const *fields, gint64 n, guint depth)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  check->n_fields += (guint)n;
  if (check->n_fields > WEIR_SCHEMA_MAX_FIELDS) {
    g_set_error(check->error, WEIR_ERROR, WEIR_ERROR_LIMIT, "more than %d columns and members",
                WEIR_SCHEMA_MAX_FIELDS);
    return FALSE;
  }
  for (gint64 i = 0; i < n; i++) {
    const char *name = fields[i] ? fields[i]->name : NULL;
    check->path[depth] = name ? name : "";
    if (!name || !*name) {
      check->path[depth] = "";
      return refuse(check, depth, "number %" G_GINT64_FORMAT " has no name", i + 1);
    }
    if (!g_utf8_validate(name, -1, NULL))
      return refuse(check, depth, "the name is not valid UTF-8");
    if (!g_hash_table_add(seen, (gpointer)name))
      return refuse(check, depth, "the name comes twice");
  }
  return TRUE;
}

static gboolean
check_children(Check *check, const struct ArrowSchema *field, gint64 wanted, guint depth)
{
  if (field->n_children != wanted || (wanted > 0 && !field->children))
    return refuse(check, depth, "a type with %" G_GINT64_FORMAT " children has %" G_GINT64_FORMAT, wanted,
                  field->n_children);
  for (gint64 i = 0; i < wanted; i++)
    if (!field->children[i] || !field->children[i]->release)
      return refuse(check, depth, "child %" G_GINT64_FORMAT " of the schema is missing or was released", i);
  return TRUE;
}

static gboolean
check_items(Check *check, const struct ArrowSchema *field, guint depth)
{
  if (!check_children(check, field, 1, depth))
    return FALSE;
  if (depth < WEIR_SCHEMA_MAX_DEPTH)
    check->path[depth + 1] = "item";
  return check_field(check, field->children[0], depth + 1);
}

static gboolean
check_struct(Check *check, const struct ArrowSchema *field, guint depth)
{
  gint64 n = field->n_children;
  if (depth > 0 && n == 0)
    return refuse(check, depth, "a struct without members is not supported");
  if (n < 0 || n > WEIR_SCHEMA_MAX_FIELDS)
    return refuse(check, depth, "a struct with %" G_GINT64_FORMAT " members is not supported", n);
  if (!check_children(check, field, n, depth))
    return FALSE;
  if (depth + 1 > WEIR_SCHEMA_MAX_DEPTH)
    return refuse(check, depth, "types nest at most %d deep", WEIR_SCHEMA_MAX_DEPTH);
  if (!check_names(check, field->children, n, depth + 1))
    return FALSE;
  for (gint64 i = 0; i < n; i++) {
    check->path[depth + 1] = field->children[i]->name;
    if (!check_field(check, field->children[i], depth + 1))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_field(Check *check, const struct ArrowSchema *field, guint depth)
{
  gint32 width = 0;
  if (depth > WEIR_SCHEMA_MAX_DEPTH)
    return refuse(check, depth, "types nest at most %d deep", WEIR_SCHEMA_MAX_DEPTH);
  if (!field->format)
    return refuse(check, depth, "the schema gives no format");
  if (field->dictionary)
    return refuse(check, depth, "not supported: dictionary (cast it to its values first)");
  weir_type type = weir_type_from_format(field->format, &width);
  const char *foreign = type == WEIR_TYPE_NONE ? foreign_type_name(field->format) : NULL;
  g_autofree char *quoted = weir_quote(field->format, -1);
  if (foreign)
    return refuse(check, depth, "not supported: %s (Arrow format %s)", foreign, quoted);
  if (type == WEIR_TYPE_NONE || width > WEIR_MAX_WIDTH)
    return refuse(check, depth, "not supported: a column of Arrow format %s", quoted);
  if (type == WEIR_STRUCT)
    return check_struct(check, field, depth);
  if (type == WEIR_LIST)
    return check_items(check, field, depth);
  if (type == WEIR_FIXED) {
    if (!check_children(check, field, 1, depth))
      return FALSE;
    if (g_strcmp0(field->children[0]->format, "f") != 0 || field->children[0]->dictionary)
      return refuse(check, depth, "not supported: fixed lists of other than f32");
    return check_children(check, field->children[0], 0, depth);
  }
  return check_children(check, field, 0, depth);
}

/* ---- Schemas ---- */

static WeirSchema *
schema_alloc(guint n)
{
  WeirSchema *schema = g_new0(WeirSchema, 1);
  g_atomic_ref_count_init(&schema->refs);
  weir_field_init(&schema->arrow, "+s", "", FALSE, n);
  return schema;
}

WeirSchema *
weir_schema_copy(const struct ArrowSchema *arrow, GError **error)
{
  Check check = {.error = error};
  if (!arrow->release || g_strcmp0(arrow->format, "+s") != 0) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "the schema of a batch must be a struct (Arrow format \"+s\")%s",
                arrow->release ? "" : ", this one was released");
    return NULL;
  }
  if (arrow->dictionary) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "the schema of a batch has a dictionary");
    return NULL;
  }
  if (!check_struct(&check, arrow, 0))
    return NULL;
  WeirSchema *schema = schema_alloc((guint)arrow->n_children);
  for (gint64 i = 0; i < arrow->n_children; i++)
    weir_field_copy(arrow->children[i], schema->arrow.children[i]);
  return schema;
}

WeirSchema *
weir_schema_from_children(const struct ArrowSchema *const *children, guint n, GError **error)
{
  struct ArrowSchema parent = {.format = "+s",
                               .name = "",
                               .n_children = n,
                               .children = (struct ArrowSchema **)children,
                               .release = weir_field_release};
  return weir_schema_copy(&parent, error);
}

static gboolean
parse_field(const weir_field *field, guint number, struct ArrowSchema *out, GError **error)
{
  WeirScanner scanner;
  g_autofree char *name = weir_quote(field->name ? field->name : "", -1);
  if (!field->type) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "column %u (%s) has no type", number, name);
    return FALSE;
  }
  weir_scanner_init(&scanner, field->type);
  g_autoptr(WeirTypeExpr) expr = weir_type_expr_scan(&scanner);
  if (expr && weir_scanner_peek(&scanner) != 0)
    weir_scanner_fail(&scanner, scanner.at, "there is more behind the type");
  if (!scanner.problem && !weir_type_expr_is_exact(expr))
    weir_scanner_fail(&scanner, field->type,
                      "it is not one type but several: write one, such as i64, f64 or utf8");
  if (scanner.problem) {
    g_autofree char *type = weir_quote(field->type, -1);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "column %s, type %s: %s", name, type, scanner.problem);
    weir_scanner_clear(&scanner);
    return FALSE;
  }
  weir_type_expr_to_field(expr, field->name ? field->name : "", out);
  return TRUE;
}

WeirSchema *
weir_schema_new(const weir_field *fields, guint n, GError **error)
{
  if (n > WEIR_SCHEMA_MAX_FIELDS) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT, "%u columns are more than the %d that a batch may have",
                n, WEIR_SCHEMA_MAX_FIELDS);
    return NULL;
  }
  g_autoptr(WeirSchema) schema = schema_alloc(n);
  for (guint i = 0; i < n; i++)
    if (!parse_field(&fields[i], i + 1, schema->arrow.children[i], error))
      return NULL;
  Check check = {.error = error};
  if (!check_struct(&check, &schema->arrow, 0))
    return NULL;
  return g_steal_pointer(&schema);
}

/* "name:type" at the scanner, as a field with its own name. FALSE: noted in the scanner. */
static gboolean
scan_column(WeirScanner *scanner, GPtrArray *fields)
{
  g_autofree char *name = weir_scanner_name(scanner, "a column");
  if (!name)
    return FALSE;
  if (!weir_scanner_take(scanner, ':'))
    return weir_scanner_fail(scanner, scanner->at, "\":\" and a type are missing behind the name");
  weir_scanner_peek(scanner);
  const char *begin = scanner->at;
  g_autoptr(WeirTypeExpr) expr = weir_type_expr_scan(scanner);
  if (!expr || scanner->problem)
    return FALSE;
  if (!weir_type_expr_is_exact(expr))
    return weir_scanner_fail(scanner, begin,
                             "it is not one type but several: write one, such as i64, f64 or utf8");
  if (fields->len >= WEIR_SCHEMA_MAX_FIELDS)
    return weir_scanner_fail(scanner, begin, "more than %d columns", WEIR_SCHEMA_MAX_FIELDS);
  struct ArrowSchema *field = g_new0(struct ArrowSchema, 1);
  weir_type_expr_to_field(expr, name, field);
  g_ptr_array_add(fields, field);
  return TRUE;
}

static void
free_field(gpointer data)
{
  struct ArrowSchema *field = data;
  if (field->release)
    field->release(field);
  g_free(field);
}

WeirSchema *
weir_schema_parse(const char *text, GError **error)
{
  g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(free_field);
  WeirScanner scanner;
  gboolean good = TRUE;
  weir_scanner_init(&scanner, text);
  if (weir_scanner_peek(&scanner))
    do
      good = scan_column(&scanner, fields);
    while (good && weir_scanner_take(&scanner, ','));
  if (good && weir_scanner_peek(&scanner))
    good = weir_scanner_fail(&scanner, scanner.at, "\",\" or the end is wanted here");
  if (!good)
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "the columns are not written as they should be: %s",
                scanner.problem);
  weir_scanner_clear(&scanner);
  return good
             ? weir_schema_from_children((const struct ArrowSchema *const *)fields->pdata, fields->len, error)
             : NULL;
}

WeirSchema *
weir_schema_ref(WeirSchema *schema)
{
  g_atomic_ref_count_inc(&schema->refs);
  return schema;
}

void
weir_schema_unref(WeirSchema *schema)
{
  if (!schema || !g_atomic_ref_count_dec(&schema->refs))
    return;
  weir_field_release(&schema->arrow);
  g_free(schema);
}

guint
weir_schema_n_columns(const WeirSchema *schema)
{
  return (guint)schema->arrow.n_children;
}

const char *
weir_schema_column_name(const WeirSchema *schema, guint index)
{
  return schema->arrow.children[index]->name;
}

gint
weir_schema_find(const WeirSchema *schema, const char *name)
{
  for (gint64 i = 0; i < schema->arrow.n_children; i++)
    if (!strcmp(schema->arrow.children[i]->name, name))
      return (gint)i;
  return -1;
}

static gboolean
field_equal(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
  if (((a->flags ^ b->flags) & ARROW_FLAG_NULLABLE) != 0 || a->n_children != b->n_children ||
      strcmp(a->format, b->format) != 0 || strcmp(a->name, b->name) != 0)
    return FALSE;
  for (gint64 i = 0; i < a->n_children; i++)
    if (!field_equal(a->children[i], b->children[i]))
      return FALSE;
  return TRUE;
}

gboolean
weir_schema_equal(const WeirSchema *a, const WeirSchema *b)
{
  return a == b || field_equal(&a->arrow, &b->arrow);
}

static void
append_type(GString *out, const struct ArrowSchema *field)
{
  gint32 width = 0;
  weir_type type = weir_type_from_format(field->format, &width);
  const char *scalar = weir_scalar_type_name(type);
  if (scalar)
    g_string_append(out, scalar);
  else if (type == WEIR_FIXED)
    g_string_append_printf(out, "fixed<f32,%d>", width);
  else {
    g_string_append(out, type == WEIR_LIST ? "list<" : "struct<");
    for (gint64 i = 0; i < field->n_children; i++) {
      if (type == WEIR_STRUCT) {
        g_string_append(out, i ? "," : "");
        weir_append_name(out, field->children[i]->name);
        g_string_append_c(out, ':');
      }
      append_type(out, field->children[i]);
    }
    g_string_append_c(out, '>');
  }
  if (field->flags & ARROW_FLAG_NULLABLE)
    g_string_append_c(out, '?');
}

char *
weir_field_type_to_string(const struct ArrowSchema *field)
{
  GString *out = g_string_new(NULL);
  append_type(out, field);
  return g_string_free(out, FALSE);
}

char *
weir_schema_to_string(const WeirSchema *schema)
{
  GString *out = g_string_new(NULL);
  for (gint64 i = 0; i < schema->arrow.n_children; i++) {
    g_string_append(out, i ? ", " : "");
    weir_append_name(out, schema->arrow.children[i]->name);
    g_string_append_c(out, ':');
    append_type(out, schema->arrow.children[i]);
  }
  return g_string_free(out, FALSE);
}

char **
weir_schema_names(const WeirSchema *schema)
{
  char **names = g_new0(char *, schema->arrow.n_children + 1);
  for (gint64 i = 0; i < schema->arrow.n_children; i++)
    names[i] = g_strdup(schema->arrow.children[i]->name);
  return names;
}
