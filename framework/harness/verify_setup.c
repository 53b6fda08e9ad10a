/* SPDX-License-Identifier: MIT */
/* What a class is tried with: a case of its author's, or options and rows that fit its tables. */
#include "harness/verify.h"

#include "base/files.h"
#include "core/option_value.h"
#include "core/porttype_private.h"
#include <string.h>

#define ROWS 24

static WeirPosition
nowhere(void)
{
  return weir_position("verify", 0, 0);
}

/* ---- Options -------------------------------------------------------------------------------------------- */

static WeirNode *
string(const char *text)
{
  return weir_node_new_string(nowhere(), text);
}

/* A number within the range of an option. */
static double
number_for(const weir_option *option)
{
  gboolean bounded = option->min != 0 || option->max != 0;
  return !bounded || (option->min <= 1 && option->max >= 1) ? 1 : option->min;
}

static WeirNode *
map_of(const char *key, WeirNode *value)
{
  WeirNode *map = weir_node_new_map(nowhere());
  weir_node_set(map, key, nowhere(), value);
  return map;
}

/* The column that a field option gets when nothing says which. */
static char *
field_for(const weir_option *option)
{
  return g_strconcat("its-", option->name, NULL);
}

/* A value for an option that has to be given. NULL: none can be guessed. */
static WeirNode *
value_for(const Verify *v, const weir_option *option)
{
  g_autofree char *field = field_for(option), *path = g_build_filename(v->place, "secret", NULL);
  g_auto(GStrv) choices = option->type == WEIR_CHOICE ? weir_option_choices(option) : NULL;
  switch ((weir_option_type)option->type) {
  case WEIR_STRING:
  case WEIR_STRING_LIST:
    return string("a");
  case WEIR_INTEGER:
  case WEIR_SIZE:
    return weir_node_new_integer(nowhere(), (gint64)number_for(option));
  case WEIR_NUMBER:
  case WEIR_NUMBER_LIST:
    return weir_node_new_number(nowhere(), number_for(option));
  case WEIR_DURATION:
    return string("1s");
  case WEIR_BOOLEAN:
    return weir_node_new_boolean(nowhere(), FALSE);
  case WEIR_CHOICE:
    return string(choices[0]);
  case WEIR_STRING_MAP:
    return map_of("a", string("b"));
  case WEIR_NUMBER_MAP:
    return map_of("a", weir_node_new_number(nowhere(), number_for(option)));
  case WEIR_FIELD:
  case WEIR_FIELD_LIST:
    return string(field);
  case WEIR_OUTPUT_PATH:
    return string("${dir}/out");
  case WEIR_SECRET:
    g_file_set_contents(path, "secret", -1, NULL);
    return map_of("file", string(path));
  default:
    return NULL; /* what an input path is to hold nobody knows */
  }
}

static gboolean
make_options(const Verify *v, WeirNode *options)
{
  for (guint i = 0; i < v->class->n_options; i++) {
    const weir_option *option = &v->class->options[i];
    if (!(option->flags & WEIR_OPTION_REQUIRED))
      continue;
    WeirNode *value = value_for(v, option);
    if (!value) {
      verify_skip(v,
                  "needs option \"%s\" (%s), for which no value can be guessed; give a case with it (--with)",
                  option->name, weir_option_type_name(option->type));
      return FALSE;
    }
    weir_node_set(options, option->name, nowhere(), value);
  }
  return TRUE;
}

/* ---- Inputs --------------------------------------------------------------------------------------------- */

static const weir_option *
find_option(const weir_class *class, const char *name)
{
  for (guint i = 0; i < class->n_options; i++)
    if (g_str_equal(class->options[i].name, name))
      return &class->options[i];
  return NULL;
}

/* One type out of those that a port takes. */
static void
choose_type(const WeirTypeExpr *expr, GString *out)
{
  static const struct {
    weir_type type;
    const char *name;
  } order[] = {{WEIR_UTF8, "utf8"},     {WEIR_F64, "f64"},
               {WEIR_I64, "i64"},       {WEIR_F32, "f32"},
               {WEIR_I32, "i32"},       {WEIR_U64, "u64"},
               {WEIR_U32, "u32"},       {WEIR_I16, "i16"},
               {WEIR_U16, "u16"},       {WEIR_I8, "i8"},
               {WEIR_U8, "u8"},         {WEIR_BOOL, "bool"},
               {WEIR_BINARY, "binary"}, {WEIR_TIMESTAMP, "timestamp"}};
  for (guint i = 0; i < G_N_ELEMENTS(order); i++)
    if (expr->types & (1u << order[i].type)) {
      g_string_append(out, order[i].name);
      return;
    }
  if (expr->types & (1u << WEIR_FIXED)) {
    g_string_append_printf(out, "fixed<f32,%d>", expr->width ? expr->width : 4);
  } else if (expr->types & (1u << WEIR_LIST)) {
    g_string_append(out, "list<");
    choose_type(expr->members[0], out);
    g_string_append_c(out, '>');
  } else {
    g_string_append(out, "struct<");
    for (guint i = 0; i < expr->n_members; i++) {
      g_string_append(out, i ? "," : "");
      weir_append_name(out, expr->names[i]);
      g_string_append_c(out, ':');
      choose_type(expr->members[i], out);
    }
    g_string_append_c(out, '>');
  }
}

/* Columns of an input, as text. */
static char *
columns_for(const Verify *v, const weir_port *port, const WeirNode *options, gboolean wide)
{
  g_autoptr(WeirPortType) type = weir_port_type_parse(port->type, NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GString *out = g_string_new(NULL);
  for (guint i = 0; type && i < type->entries->len; i++) {
    const PortEntry *entry = weir_port_type_entry(type, i);
    const weir_option *option = entry->from_option ? find_option(v->class, entry->name) : NULL;
    const WeirNode *given = option ? weir_node_get(options, option->name) : NULL;
    g_autofree char *name = NULL;
    if (!option)
      name = g_strdup(entry->name);
    else if (given)
      name = g_strdup(weir_node_string(given));
    else if (option->by_default && option->type == WEIR_FIELD)
      name = g_strdup(option->by_default);
    else if (option->by_default && strchr(option->by_default, '"'))
      name =
          g_strndup(strchr(option->by_default, '"') + 1, strcspn(strchr(option->by_default, '"') + 1, "\""));
    if (!name || !g_hash_table_add(seen, g_strdup(name)))
      continue;
    g_string_append(out, out->len ? ", " : "");
    weir_append_name(out, name);
    g_string_append_c(out, ':');
    choose_type(entry->type, out);
  }
  if (type && type->others) {
    static const char *const others[] = {"id:i64", "text:utf8", "x:f64"};
    static const char *const more[] = {
        "flag:bool",   "tags:list<utf8>", "time:timestamp", "vector:fixed<f32,3>",
        "data:binary", "small:i8",        "big:u64",        "nested:struct<a:i64,b:utf8>"};
    for (guint i = 0; i < G_N_ELEMENTS(others) + (wide ? G_N_ELEMENTS(more) : 0); i++) {
      const char *column = i < G_N_ELEMENTS(others) ? others[i] : more[i - G_N_ELEMENTS(others)];
      g_autofree char *name = g_strndup(column, strcspn(column, ":"));
      if (!g_hash_table_contains(seen, name))
        g_string_append_printf(out, "%s%s", out->len ? ", " : "", column);
    }
  }
  return g_string_free(out, FALSE);
}

static void
add_made_up_rows(weir_harness *h, const char *port, const char *columns)
{
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  g_autoptr(WeirSchema) schema = harness_infer_schema(none, columns, NULL);
  GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  for (guint r = 0; schema && r < ROWS; r++) {
    WeirNode *row = weir_node_new_list(nowhere());
    for (guint c = 0; c < weir_schema_n_columns(schema); c++)
      weir_node_append(row, verify_plain_value(schema->arrow.children[c], r + c));
    g_ptr_array_add(rows, row);
  }
  harness_add_rows(h, port, rows, columns);
}

/* What the inputs hold is ours to choose, unless it has to be an artifact that is there. */
static gboolean
make_inputs(const Verify *v, weir_harness *h, const WeirNode *options, gboolean wide)
{
  for (guint i = 0; i < v->class->n_in; i++) {
    const weir_port *port = &v->class->in[i];
    if ((port->flags & WEIR_PORT_OPTIONAL) || port->names)
      continue;
    if (strcmp(port->type, WEIR_ARTIFACT) == 0) {
      verify_skip(v,
                  "input \"%s\" takes artifacts, which cannot be made up; give a case that feeds it from a "
                  "stage (--with)",
                  port->name);
      return FALSE;
    }
    g_autofree char *columns = columns_for(v, port, options, wide);
    add_made_up_rows(h, port->name, columns);
    if (port->flags & WEIR_PORT_MANY)
      add_made_up_rows(h, port->name, columns);
  }
  return TRUE;
}

static weir_harness *
make_up(const Verify *v, gboolean wide)
{
  g_autoptr(WeirNode) options = weir_node_new_map(nowhere());
  if (!make_options(v, options))
    return NULL;
  g_autofree char *json = weir_node_to_json(options, FALSE), *folder = g_path_get_dirname(v->file);
  weir_harness *h = weir_harness_new(v->use, json);
  weir_harness_plugin_path(h, folder);
  if (make_inputs(v, h, options, wide))
    return h;
  weir_harness_free(h);
  return NULL;
}

/* ---- Setups --------------------------------------------------------------------------------------------- */

GPtrArray *
verify_load_cases(const char *paths, const char *plugin_path, WeirDiagnostics *diagnostics)
{
  g_auto(GStrv) list = g_strsplit(paths, ":", -1);
  GPtrArray *all = g_ptr_array_new_with_free_func(harness_case_free);
  for (guint i = 0; list[i]; i++) {
    GPtrArray *cases = harness_cases_load(list[i], plugin_path, diagnostics);
    if (!cases) {
      g_ptr_array_unref(all);
      return NULL;
    }
    g_ptr_array_extend_and_steal(all, cases);
  }
  return all;
}

static weir_harness *
from_case(const Verify *v)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *folder = g_path_get_dirname(v->file);
  g_autoptr(GPtrArray) cases = verify_load_cases(v->cases, folder, diagnostics);
  if (!cases || (guint)v->setup >= cases->len)
    return NULL;
  return g_steal_pointer(&((HarnessCase *)cases->pdata[v->setup])->h);
}

static weir_harness *
ready(const Verify *v, weir_harness *h)
{
  if (!h)
    return NULL;
  h->place = g_strdup(v->place);
  h->told = v->out;
  weir_harness_patience(h, v->seconds);
  return h;
}

weir_harness *
verify_setup(Verify *v)
{
  static const weir_harness_cut whole = {.batch_rows = 0};
  if (v->setup >= 0)
    return ready(v, from_case(v));
  /* With columns of every type, if the plan takes them. */
  weir_harness *h = ready(v, make_up(v, TRUE));
  if (!h)
    return NULL;
  weir_harness_cuts(h, &whole, 1);
  harness_ensure_run(h);
  if (verify_result(h)->code != WEIR_EXIT_INVALID)
    return h;
  weir_harness_free(h);
  return ready(v, make_up(v, FALSE));
}

weir_harness *
verify_setup_that_runs(Verify *v)
{
  static const weir_harness_cut whole = {.batch_rows = 0};
  verify_at(v, "a plain run");
  weir_harness *h = verify_setup(v);
  if (!h)
    return NULL;
  gboolean fine = verify_run(v, h, &whole);
  const HarnessResult *result = verify_result(h);
  if (fine && (result->code == WEIR_EXIT_OK || result->code == WEIR_EXIT_HELD))
    return h;
  if (fine && v->setup >= 0) {
    verify_fail(v, NULL, "it does not run with the case: %s", result->error);
  } else if (fine && result->late) {
    verify_fail(v, NULL, "%s", result->error);
  } else if (fine) {
    g_autofree char *first = g_strndup(result->error, strcspn(result->error, "\n"));
    const char *text = strstr(first, "): ");
    verify_skip(v, "it does not run with what was made up: %s; give a case that it runs with (--with)",
                text ? text + 3 : first);
  }
  weir_harness_free(h);
  return NULL;
}

/* ---- Rows ----------------------------------------------------------------------------------------------- */

gboolean
verify_plain_rows(HarnessEdge *edge, WeirSchema **schema)
{
  if (!edge->rows)
    return FALSE;
  *schema = harness_infer_schema(edge->rows, edge->columns, NULL);
  if (!*schema)
    return FALSE;
  for (guint r = 0; r < edge->rows->len; r++) {
    WeirNode *row = edge->rows->pdata[r], *list = weir_node_new_list(nowhere());
    for (guint c = 0; c < weir_schema_n_columns(*schema); c++) {
      WeirNode *value = weir_node_kind(row) == WEIR_NODE_LIST
                            ? weir_node_at(row, c)
                            : weir_node_get(row, weir_schema_column_name(*schema, c));
      weir_node_append(list, value ? weir_node_ref(value) : weir_node_new_null(nowhere()));
    }
    edge->rows->pdata[r] = list;
    weir_node_unref(row);
  }
  g_free(edge->columns);
  edge->columns = weir_schema_to_string(*schema);
  return TRUE;
}

void
verify_set_rows(weir_harness *h, HarnessEdge *edge, GPtrArray *rows, const WeirSchema *schema)
{
  g_ptr_array_unref(edge->rows);
  edge->rows = rows;
  g_free(edge->columns);
  edge->columns = weir_schema_to_string(schema);
  h->fresh = FALSE;
}

void
verify_repeat_rows(weir_harness *h, guint n)
{
  for (guint e = 0; e < h->edges->len; e++) {
    HarnessEdge *edge = h->edges->pdata[e];
    for (guint i = 0; edge->rows && edge->rows->len && edge->rows->len < n; i++)
      g_ptr_array_add(edge->rows, weir_node_ref(edge->rows->pdata[i]));
  }
  h->fresh = FALSE;
}
