/* SPDX-License-Identifier: MIT */
/* What exec.map finds out while planning: the columns that come out of it, and whether its program is there. */
#include "config.h"

#include "exec.h"

#include "base/quote.h"

#include <string.h>

static const char *const names[] = {"?",   "bool", "i8",  "u8",  "i16",  "u16",    "i32",      "u32",
                                    "i64", "u64",  "f32", "f64", "utf8", "binary", "timestamp"};

/* A column's type as it is declared. */
static void
append_type(GString *out, const struct ArrowSchema *field)
{
  int32_t width;
  weir_type type = weir_type_from_format(field->format, &width);
  if (type == WEIR_LIST) {
    g_string_append(out, "list<");
    append_type(out, field->children[0]);
    g_string_append_c(out, '>');
  } else if (type == WEIR_FIXED) {
    g_string_append_printf(out, "fixed<f32,%d>", width);
  } else if (type == WEIR_STRUCT) {
    g_string_append(out, "struct<");
    for (int64_t m = 0; m < field->n_children; m++) {
      g_string_append_printf(out, "%s%s:", m ? "," : "", field->children[m]->name);
      append_type(out, field->children[m]);
    }
    g_string_append_c(out, '>');
  } else {
    g_string_append(out, names[type]);
  }
  if (field->flags & ARROW_FLAG_NULLABLE)
    g_string_append_c(out, '?');
}

static int64_t
find_output(const ExecMap *map, const char *name)
{
  for (uint32_t i = 0; i < map->output.count; i++)
    if (g_str_equal(map->output.keys[i], name))
      return i;
  return -1;
}

static bool
holds_bytes(const struct ArrowSchema *field)
{
  bool bytes = weir_type_from_format(field->format, NULL) == WEIR_BINARY;
  for (int64_t i = 0; i < field->n_children; i++)
    bytes |= holds_bytes(field->children[i]);
  return bytes;
}

/* JSON has no bytes. */
static int
check_sent(weir_stage *stage, const ExecMap *map)
{
  const struct ArrowSchema *in = weir_input_schema(stage, 0);
  int64_t n = map->columns.count ? map->columns.count : in->n_children;
  for (int64_t i = 0; i < n; i++) {
    const struct ArrowSchema *field =
        in->children[map->columns.count ? weir_input_index(stage, 0, 0, (uint32_t)i) : i];
    if (holds_bytes(field))
      return weir_fail(stage,
                       "column \"%s\" holds bytes, which JSON has not: it cannot be given to the program\n"
                       "hint: name those that it needs in \"columns\", or make it a text with columns.cast",
                       field->name);
  }
  return 0;
}

/* JSON has no bytes, and members of a struct have no order. */
static int
check_types(weir_stage *stage, const ExecMap *map)
{
  for (uint32_t i = 0; i < map->output.count; i++) {
    const char *type = map->output.values[i];
    if (strstr(type, "binary") || strstr(type, "struct"))
      return weir_fail(
          stage,
          "option \"output\": column \"%s\" cannot be of type %s\n"
          "hint: bool, integers, f32, f64, utf8, timestamp, lists of these, fixed<f32,N>; \"?\" where "
          "it may be null",
          map->output.keys[i], type);
  }
  return 0;
}

typedef struct {
  weir_field *fields;
  GPtrArray *types; /* texts that belong to it */
  ExecMap *map;
  uint32_t n;
} Layout;

static void
add(Layout *layout, const char *name, const char *type, int32_t from)
{
  layout->map->arrange[layout->n] = from;
  layout->fields[layout->n++] = (weir_field){name, type};
}

/* Columns that the input does not have. */
static void
add_new(Layout *layout, const struct ArrowSchema *in)
{
  const weir_map *output = &layout->map->output;
  for (uint32_t i = 0; i < output->count; i++) {
    bool there = false;
    for (int64_t c = 0; c < in->n_children; c++)
      there |= g_str_equal(in->children[c]->name, output->keys[i]);
    if (!there)
      add(layout, output->keys[i], output->values[i], -1);
  }
}

static void
add_passing(Layout *layout, const struct ArrowSchema *field, int32_t from)
{
  int64_t given = find_output(layout->map, field->name);
  if (given >= 0) {
    add(layout, field->name, layout->map->output.values[given], -1);
    return;
  }
  GString *type = g_string_new(NULL);
  append_type(type, field);
  g_ptr_array_add(layout->types, type->str);
  add(layout, field->name, type->str, from);
  g_string_free(type, FALSE);
}

/* Columns of the input in their places, new ones behind them; `_row` stays last. */
static int
declare(weir_stage *stage, ExecMap *map)
{
  const struct ArrowSchema *in = weir_input_schema(stage, 0);
  uint32_t n_in = (uint32_t)in->n_children, most = n_in + map->output.count + 1;
  g_autoptr(GPtrArray) types = g_ptr_array_new_with_free_func(g_free);
  g_autofree weir_field *fields = g_new0(weir_field, most);
  Layout layout = {.fields = fields, .types = types, .map = map};
  bool row_last = n_in && g_str_equal(in->children[n_in - 1]->name, "_row");
  map->arrange = weir_alloc(stage, most * sizeof *map->arrange);
  if (!map->arrange)
    return -1;
  for (uint32_t c = 0; c < n_in; c++) {
    if (row_last && c == n_in - 1)
      add_new(&layout, in);
    add_passing(&layout, in->children[c], (int32_t)c);
  }
  if (!row_last)
    add_new(&layout, in);
  map->n_columns = layout.n;
  return weir_declare(stage, 0, fields, layout.n);
}

static int
check_options(weir_stage *stage, const ExecMap *map)
{
  if (map->shell && map->command.count != 1)
    return weir_fail(stage, "with \"shell\" the option \"command\" is one text, the line for the shell");
  if (map->secret && (!map->secret_variable || !*map->secret_variable || strchr(map->secret_variable, '=')))
    return weir_fail(stage,
                     "option \"secret\" needs \"secret-variable\": the name of the environment variable that "
                     "gets it");
  for (uint32_t i = 0; i < map->environment.count; i++)
    if (!*map->environment.keys[i] || strchr(map->environment.keys[i], '='))
      return weir_fail(stage, "option \"environment\": \"%s\" is no name for a variable",
                       map->environment.keys[i]);
  if (map->folder && !g_file_test(map->folder, G_FILE_TEST_IS_DIR)) {
    g_autofree char *quoted = weir_quote_path(map->folder);
    return weir_fail(stage, "option \"folder\": %s is no folder", quoted);
  }
  if (map->script && !g_file_test(map->script, G_FILE_TEST_IS_REGULAR)) {
    g_autofree char *quoted = weir_quote_path(map->script);
    return weir_fail(stage, "option \"script\": there is no file %s", quoted);
  }
  return check_types(stage, map);
}

int
exec_map_schema(weir_stage *stage)
{
  ExecMap *map = stage->state;
  g_autofree char *why = NULL;
  if (check_options(stage, map) || check_sent(stage, map))
    return -1;
  g_autofree char *path = exec_command_path(map, &why);
  if (!path)
    return weir_fail(stage, "%s", why);
  return declare(stage, map);
}
