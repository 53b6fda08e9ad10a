/* SPDX-License-Identifier: MIT */
/* Tests port types: their grammar, inputs bound to what arrives, outputs derived, and the problems' words. */
#include "base/error.h"
#include "core/porttype.h"

/* Options of a stage as the tests need them: "label" and "text" name one column, "features" two, "left" none.
 */
static const char *const *
look_up(const char *option, gpointer data G_GNUC_UNUSED)
{
  static const char *const label[] = {"category", NULL}, *const text[] = {"text", NULL},
                           *const features[] = {"age", "height", NULL}, *const wrong[] = {"txt", NULL},
                           *const none[] = {NULL};
  if (!strcmp(option, "label"))
    return label;
  if (!strcmp(option, "text"))
    return text;
  if (!strcmp(option, "features"))
    return features;
  if (!strcmp(option, "wrong"))
    return wrong;
  return strcmp(option, "empty") ? NULL : none;
}

static WeirSchema *
schema_of(const char *columns)
{
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(WeirPortType) type = weir_port_type_parse(columns, NULL);
  WeirSchema *schema = weir_port_type_output(type, NULL, NULL, NULL, NULL, problems);
  g_assert_nonnull(schema);
  return schema;
}

/* All problems, a line each or more. */
static char *
joined(GPtrArray *problems)
{
  g_ptr_array_add(problems, NULL);
  return g_strjoinv("\n", (char **)problems->pdata);
}

static WeirBinding *
bind(const char *wants, const char *arrives, char **problems)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirPortType) type = weir_port_type_parse(wants, &error);
  g_assert_no_error(error);
  g_autoptr(WeirSchema) schema = schema_of(arrives);
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  WeirBinding *binding = weir_port_type_bind(type, schema, look_up, NULL, list);
  g_assert_cmpint(binding != NULL, ==, list->len == 0);
  *problems = joined(list);
  return binding;
}

static void
expect_bound(const char *wants, const char *arrives, gint32 first, gint32 second)
{
  g_autofree char *problems = NULL;
  g_autoptr(WeirBinding) binding = bind(wants, arrives, &problems);
  g_assert_cmpstr(problems, ==, "");
  g_assert_cmpint(weir_binding_column(binding, 0, 0), ==, first);
  g_assert_cmpint(weir_binding_column(binding, 1, 0), ==, second);
}

static void
expect_problem(const char *wants, const char *arrives, const char *problem)
{
  g_autofree char *problems = NULL;
  g_autoptr(WeirBinding) binding = bind(wants, arrives, &problems);
  g_assert_cmpstr(problems, ==, problem);
}

static void
test_bind(void)
{
  expect_bound("text:utf8, label:utf8, *", "label:utf8, id:i64, text:utf8", 2, 0);
  expect_bound("text:utf8, label?:utf8, *", "id:i64, text:utf8", 1, -1);
  expect_bound("text:utf8+i64", "text:i64", 0, -1);
  expect_bound("a:number, b:any", "a:u8, b:list<utf8>", 0, 1);
  expect_bound("a:real, b:integer", "a:f32, b:u64", 0, 1);
  expect_bound("v:fixed<f32,*>", "v:fixed<f32,384>", 0, -1);
  expect_bound("l:list<utf8?>", "l:list<utf8>", 0, -1);
  expect_bound("l:list<number>, s:struct<a:any>", "s:struct<a:binary>, l:list<i8>", 1, 0);
  expect_bound("\"odd, \\\"name\\\"\":utf8,*", "a:i8, \"odd, \\\"name\\\"\":utf8", 1, -1);
  expect_bound("any", "a:i8", -1, -1);
  expect_bound("*", "a:i8", -1, -1);
  expect_bound("${text}:utf8, ${label}:any", "category:i64, text:utf8", 1, 0);
  expect_bound("${unset}:utf8, ${empty}:utf8, *", "category:i64", -1, -1);
  /* The reader's own column comes along even where nothing else may. */
  expect_bound("text:utf8", "_row:u64, text:utf8", 1, -1);
}

static void
test_field_list(void)
{
  g_autofree char *problems = NULL;
  g_autoptr(WeirBinding) binding =
      bind("id:i64, ${features}:number, text:utf8", "height:f64, id:i64, age:u8, text:utf8", &problems);
  g_assert_cmpstr(problems, ==, "");
  g_assert_cmpint(weir_binding_column(binding, 0, 0), ==, 1);
  g_assert_cmpint(weir_binding_column(binding, 0, 1), ==, -1);
  g_assert_cmpint(weir_binding_column(binding, 1, 0), ==, 2);
  g_assert_cmpint(weir_binding_column(binding, 1, 1), ==, 0);
  g_assert_cmpint(weir_binding_column(binding, 1, 2), ==, -1);
  g_assert_cmpint(weir_binding_column(binding, 2, 0), ==, 3);
  g_assert_cmpint(weir_binding_column(binding, 3, 0), ==, -1);
  g_assert_cmpint(weir_binding_column(binding, G_MAXUINT, 0), ==, -1);
  g_assert_cmpint(weir_binding_column(binding, 0, G_MAXUINT), ==, -1);
}

static void
test_nulls(void)
{
  g_autofree char *problems = NULL;
  guint n;
  g_autoptr(WeirBinding) binding =
      bind("a:i64, b:i64?, c:i64, ${text}:any, text:utf8", "a:i64?, b:i64?, c:i64, text:utf8?", &problems);
  g_assert_cmpstr(problems, ==, "");
  const gint32 *columns = weir_binding_no_nulls(binding, &n);
  g_assert_cmpuint(n, ==, 2);
  g_assert_cmpint(columns[0], ==, 0);
  g_assert_cmpint(columns[1], ==, 3);
}

static void
test_bind_problems(void)
{
  expect_problem(
      "text:utf8, *", "text:i64?",
      "column \"text\" is i64, wants utf8"
      "\n  hint: read it as text: declare \"columns\": {\"text\": \"utf8\"} in the stage that reads it");
  expect_problem(
      "text:utf8+binary, *", "text:i64",
      "column \"text\" is i64, wants utf8 or binary"
      "\n  hint: read it as text: declare \"columns\": {\"text\": \"utf8\"} in the stage that reads it");
  expect_problem("x:number?", "x:utf8", "column \"x\" is utf8, wants number");
  expect_problem("text:utf8, *", "id:i64, txt:utf8",
                 "column \"text\" is missing; did you mean \"txt\"?\n  it has: id:i64, txt:utf8");
  expect_problem("${wrong}:utf8, *", "id:i64, text:utf8",
                 "column \"txt\" (option \"wrong\") is missing; did you mean \"text\"?\n"
                 "  it has: id:i64, text:utf8");
  expect_problem("zebra:utf8, *", "id:i64", "column \"zebra\" is missing\n  it has: id:i64");
  expect_problem("text:utf8", "text:utf8, id:i64, _row:u64, k:bool",
                 "it takes only the columns text:utf8\n  more arrive: id:i64, k:bool");
  expect_problem("l:list<utf8>", "l:list<utf8?>", "column \"l\" is list<utf8?>, wants list<utf8>");
  expect_problem("s:struct<a:i8,b:i8>", "s:struct<b:i8,a:i8>",
                 "column \"s\" is struct<b:i8,a:i8>, wants struct<a:i8,b:i8>");
  expect_problem("v:fixed<f32,3>", "v:fixed<f32,4>", "column \"v\" is fixed<f32,4>, wants fixed<f32,3>");
  expect_problem(
      "a:utf8, b:utf8, *", "a:i8, b:i8",
      "column \"a\" is i8, wants utf8"
      "\n  hint: read it as text: declare \"columns\": {\"a\": \"utf8\"} in the stage that reads it"
      "\ncolumn \"b\" is i8, wants utf8"
      "\n  hint: read it as text: declare \"columns\": {\"b\": \"utf8\"} in the stage that reads it");
  expect_problem("a:utf8", "a:list<i8>", "column \"a\" is list<i8>, wants utf8");
  expect_problem("a:utf8", "a:binary", "column \"a\" is binary, wants utf8");
  expect_problem("x:utf8, *",
                 "c1:i8,c2:i8,c3:i8,c4:i8,c5:i8,c6:i8,c7:i8,c8:i8,c9:i8,c10:i8,c11:i8,c12:i8,c13:i8",
                 "column \"x\" is missing\n  it has: c1:i8, c2:i8, c3:i8, c4:i8, c5:i8, c6:i8, c7:i8, c8:i8, "
                 "c9:i8, c10:i8, c11:i8, c12:i8 and 1 more");
}

static void
test_mistakes(void)
{
  static const char *const cases[][2] = {
      {"text:uft8, *", "unknown type \"uft8\"; did you mean \"utf8\"?\n  text:uft8, *\n       ^"},
      {"a:int", "unknown type \"int\"; did you mean \"i64\"?\n  a:int\n    ^"},
      {"a:Float", "unknown type \"Float\"; did you mean \"f64\"?\n  a:Float\n    ^"},
      {"a:str", "unknown type \"str\"; did you mean \"utf8\"?\n  a:str\n    ^"},
      {"été:uft8", "unknown type \"uft8\"; did you mean \"utf8\"?\n  été:uft8\n      ^"},
      {"", "the port type is empty; write \"any\" for any columns\n  \n  ^"},
      {"a:utf8 b:utf8", "\",\" or the end is wanted here\n  a:utf8 b:utf8\n         ^"},
      {"a:utf8,", "the name of a column is missing\n  a:utf8,\n         ^"},
      {"a:utf8, a?:i64", "\"a\" comes twice\n  a:utf8, a?:i64\n          ^"},
      {"*, any", "\"*\" comes twice\n  *, any\n     ^"},
      {"a:i64, =in", "\"=PORT\" comes first, and once\n  a:i64, =in\n         ^"},
      {"+a:i64", "\"+\" and \"-\" need \"=PORT\" at the beginning\n  +a:i64\n  ^"},
      {"=in, +a?:i64", "a column that is added cannot be missing\n  =in, +a?:i64\n       ^"},
      {"=in, *", "\"=in\" has all columns of the input already: drop \"*\"\n  =in, *\n  ^"},
      {"$label:utf8", "write ${OPTION} for the column that an option names\n  $label:utf8\n  ^"},
      {"${label:utf8", "\"}\" is missing behind the option's name\n  ${label:utf8\n         ^"},
      {"a:utf8?+i64", "\"?\" comes after the last alternative\n  a:utf8?+i64\n        ^"},
      {"\"a:utf8", "a name begins with a quote that does not end\n  \"a:utf8\n  ^"},
      {"\"\\q\":utf8", "unknown escape; known are \\\" \\\\ \\n \\t and \\x1f\n  \"\\q\":utf8\n   ^"},
      {"a\n:foo bar", NULL},
      {"\xff:utf8", NULL},
      {"${}:utf8", NULL},
      {"=", NULL},
      {"-", NULL},
      {"\"", NULL},
      {"\"\\", NULL},
      {"\"\\x", NULL},
      {"a:list<list<", NULL},
      {"a:struct<x", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(weir_port_type_parse(cases[i][0], &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
    if (cases[i][1])
      g_assert_cmpstr(error->message, ==, cases[i][1]);
  }
}

/* A long string is shown around the mistake only. */
static void
test_long_mistake(void)
{
  g_autoptr(GString) text = g_string_new("a0:i64");
  for (guint i = 1; i < 200; i++)
    g_string_append_printf(text, ",a%u:%s", i, i == 100 ? "bad" : "i64");
  g_autoptr(GError) error = NULL;
  g_assert_null(weir_port_type_parse(text->str, &error));
  g_auto(GStrv) lines = g_strsplit(error->message, "\n", 0);
  g_assert_cmpuint(g_strv_length(lines), ==, 3);
  g_assert_cmpint(g_utf8_strlen(lines[1], -1), <, 110);
  const char *at = g_utf8_offset_to_pointer(lines[1], (glong)strlen(lines[2]) - 1);
  g_assert_true(g_str_has_prefix(at, "bad"));
}

static void
test_parts(void)
{
  g_autoptr(WeirPortType) derived = weir_port_type_parse("=in, +${label}:f64, -${text}, +n:i64", NULL);
  g_assert_cmpstr(weir_port_type_base(derived), ==, "in");
  g_assert_false(weir_port_type_is_open(derived));
  const char *const *options = weir_port_type_options(derived);
  g_assert_cmpstr(options[0], ==, "label");
  g_assert_cmpstr(options[1], ==, "text");
  g_assert_null(options[2]);
  g_autoptr(WeirPortType) any = weir_port_type_parse(" any ", NULL);
  g_assert_true(weir_port_type_is_open(any));
  g_assert_null(weir_port_type_base(any));
  g_autoptr(WeirPortType) star = weir_port_type_parse("*", NULL);
  g_assert_true(weir_port_type_is_open(star));
  g_autoptr(WeirPortType) column = weir_port_type_parse("any:utf8", NULL);
  g_assert_false(weir_port_type_is_open(column));
  g_autoptr(WeirPortType) rest = weir_port_type_parse("a:utf8, any", NULL);
  g_assert_false(weir_port_type_is_open(rest));
}

/* Which strings fit which side (rule W17). */
static void
test_sides(void)
{
  const struct {
    const char *text;
    gboolean input, output;
  } cases[] = {
      {"any", TRUE, TRUE},          {"a:utf8", TRUE, TRUE},          {"a:utf8, *", TRUE, FALSE},
      {"a?:utf8", TRUE, FALSE},     {"a:number", TRUE, FALSE},       {"a:utf8+i64", TRUE, FALSE},
      {"=in", FALSE, TRUE},         {"=in, -a", FALSE, TRUE},        {"=in, +a:number", FALSE, FALSE},
      {"=in, a:i64?", FALSE, TRUE}, {"v:fixed<f32,*>", TRUE, FALSE}, {"l:list<any>", TRUE, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(WeirPortType) type = weir_port_type_parse(cases[i].text, NULL);
    g_assert_nonnull(type);
    g_assert_cmpint(weir_port_type_check(type, FALSE, NULL), ==, cases[i].input);
    g_assert_cmpint(weir_port_type_check(type, TRUE, NULL), ==, cases[i].output);
  }
}

/* ---- Outputs ---- */

/* The columns, and "FROM/ADDED" of each; or the problems. */
static char *
derive(const char *output, const char *input)
{
  g_autoptr(WeirPortType) type = weir_port_type_parse(output, NULL);
  g_autoptr(WeirSchema) base = input ? schema_of(input) : NULL;
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(WeirDerivation) derivation = NULL;
  g_autoptr(WeirSchema) schema = weir_port_type_output(type, base, look_up, NULL, &derivation, problems);
  g_assert_cmpint(schema != NULL, ==, problems->len == 0);
  if (!schema)
    return joined(problems);
  g_autofree char *columns = weir_schema_to_string(schema);
  GString *out = g_string_new(columns);
  g_string_append(out, " |");
  for (guint i = 0; i < derivation->n_columns; i++)
    g_string_append_printf(out, " %d/%d", derivation->from_input[i], derivation->added[i]);
  return g_string_free(out, FALSE);
}

static void
expect_output(const char *output, const char *input, const char *wanted)
{
  g_autofree char *got = derive(output, input);
  g_assert_cmpstr(got, ==, wanted);
}

static void
test_outputs(void)
{
  const char *in = "_row:u64, text:utf8, raw:binary, age:i8";
  expect_output("=in", in, "_row:u64, text:utf8, raw:binary, age:i8 | 0/-1 1/-1 2/-1 3/-1");
  expect_output("=in, +score:f64, -raw, text:utf8?", in,
                "_row:u64, text:utf8?, age:i8, score:f64 | 0/-1 -1/1 3/-1 -1/0");
  expect_output("=in, -age?, -height?", in, "_row:u64, text:utf8, raw:binary | 0/-1 1/-1 2/-1");
  expect_output("=in, +text:i64, -text", in, "_row:u64, raw:binary, age:i8, text:i64 | 0/-1 2/-1 3/-1 -1/0");
  expect_output("=in, -_row, -text, -raw, -age", in, " |");
  expect_output("=in, ${text}:i64, +${label}:utf8", in,
                "_row:u64, text:i64, raw:binary, age:i8, category:utf8 | 0/-1 -1/0 2/-1 3/-1 -1/1");
  expect_output("=in, -${features}?", in, "_row:u64, text:utf8, raw:binary | 0/-1 1/-1 2/-1");
  expect_output("=in, -${unset}, +${empty}:i64, ${unset}:utf8", in,
                "_row:u64, text:utf8, raw:binary, age:i8 | 0/-1 1/-1 2/-1 3/-1");
  expect_output("a:utf8, ${features}:f64", NULL, "a:utf8, age:f64, height:f64 | -1/0 -1/1 -1/2");
  expect_output("a:utf8", in, "a:utf8 | -1/0");
}

static void
test_output_problems(void)
{
  expect_output("=in, -rw", "raw:utf8",
                "column \"rw\", which the output removes, is missing; did you mean \"raw\"?\n"
                "  it has: raw:utf8");
  expect_output("=in, rw:i64", "raw:utf8",
                "column \"rw\", which the output replaces, is missing; did you mean \"raw\"?\n"
                "  it has: raw:utf8");
  expect_output("=in, +raw:i64", "raw:utf8",
                "column \"raw\" exists already in what arrives at \"in\", and the output adds it\n"
                "  hint: drop that column before this stage, or give one of the two another name");
  expect_output("=in, -a, -b", "c:i8",
                "column \"a\", which the output removes, is missing\n  it has: c:i8\n"
                "column \"b\", which the output removes, is missing\n  it has: c:i8");
  expect_output("category:utf8, ${label}:utf8", NULL,
                "the output \"category:utf8, ${label}:utf8\" cannot be made: column \"category\": the name "
                "comes twice");
  expect_output("any", "c:i8", "the columns of the output \"any\" are not known yet");
  expect_output("=in", NULL, "the columns of the output \"=in\" are not known yet");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/port-type/bind", test_bind);
  g_test_add_func("/port-type/field-list", test_field_list);
  g_test_add_func("/port-type/nulls", test_nulls);
  g_test_add_func("/port-type/bind-problems", test_bind_problems);
  g_test_add_func("/port-type/mistakes", test_mistakes);
  g_test_add_func("/port-type/long-mistake", test_long_mistake);
  g_test_add_func("/port-type/parts", test_parts);
  g_test_add_func("/port-type/sides", test_sides);
  g_test_add_func("/port-type/outputs", test_outputs);
  g_test_add_func("/port-type/output-problems", test_output_problems);
  return g_test_run();
}
