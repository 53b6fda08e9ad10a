/* SPDX-License-Identifier: MIT */
/* Tests schemas: built from type strings, copied from Arrow, compared, printed, and refused by name. */
#include "base/error.h"
#include "core/schema.h"
#include "core/type_expr.h"

static WeirSchema *
one_column(const char *type, GError **error)
{
  return weir_schema_new(&(weir_field){"c", type}, 1, error);
}

/* Every type reads back as it was written. */
static void
test_types(void)
{
  static const char *const types[] = {"bool",
                                      "i8",
                                      "u8",
                                      "i16",
                                      "u16",
                                      "i32",
                                      "u32",
                                      "i64",
                                      "u64",
                                      "f32",
                                      "f64",
                                      "utf8",
                                      "binary",
                                      "timestamp",
                                      "list<utf8>",
                                      "list<i64?>?",
                                      "fixed<f32,384>",
                                      "struct<a:i32,\"odd, name\":list<f64>?>",
                                      "list<list<struct<x:fixed<f32,3>?>>>",
                                      "utf8?"};
  static const char *const formats[] = {"b", "c", "C", "s",       "S",  "i",  "I",      "l",  "L",  "f",
                                        "g", "u", "z", "tsu:UTC", "+l", "+l", "+w:384", "+s", "+l", "u"};
  for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(WeirSchema) schema = one_column(types[i], &error);
    g_assert_no_error(error);
    const struct ArrowSchema *field = schema->arrow.children[0];
    g_autofree char *printed = weir_field_type_to_string(field);
    g_assert_cmpstr(printed, ==, types[i]);
    g_assert_cmpstr(field->format, ==, formats[i]);
    g_assert_cmpint((field->flags & ARROW_FLAG_NULLABLE) != 0, ==, g_str_has_suffix(types[i], "?"));
  }
}

static void
test_columns(void)
{
  weir_field fields[] = {{"id", "i64"}, {"text", "utf8?"}, {"été 2", "f64"}, {"tab\there\x01", "bool"}};
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, 4, &error);
  g_assert_no_error(error);
  g_autofree char *printed = weir_schema_to_string(schema);
  g_assert_cmpstr(printed, ==, "id:i64, text:utf8?, \"été 2\":f64, \"tab\\there\\x01\":bool");
  g_assert_cmpuint(weir_schema_n_columns(schema), ==, 4);
  g_assert_cmpint(weir_schema_find(schema, "text"), ==, 1);
  g_assert_cmpint(weir_schema_find(schema, "Text"), ==, -1);
  g_assert_cmpstr(weir_schema_column_name(schema, 2), ==, "été 2");
  g_auto(GStrv) names = weir_schema_names(schema);
  g_assert_cmpuint(g_strv_length(names), ==, 4);
  g_autoptr(WeirSchema) none = weir_schema_new(NULL, 0, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(weir_schema_n_columns(none), ==, 0);
}

static void
expect_refusal(const char *type, const char *part)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = one_column(type, &error);
  g_assert_null(schema);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  if (!strstr(error->message, part))
    g_error("\"%s\" does not say \"%s\"", error->message, part);
}

static void
test_refused_types(void)
{
  expect_refusal("uft8", "did you mean \"utf8\"?");
  expect_refusal("", "a type is missing");
  expect_refusal("utf8,", "there is more");
  expect_refusal("utf8+i64", "several");
  expect_refusal("number", "several");
  expect_refusal("fixed<f32,*>", "several");
  expect_refusal("fixed<f32,0>", "1 to 100000000");
  expect_refusal("fixed<f32,99999999999999999999>", "1 to 100000000");
  expect_refusal("fixed<f64,3>", "fixed holds f32");
  expect_refusal("list<utf8", "\">\" is missing");
  expect_refusal("list", "\"<\" is missing");
  expect_refusal("struct<>", "name of a member is missing");
  expect_refusal("struct<a:i32,a:i64>", "comes twice");
  expect_refusal("struct<a:i32", "\">\" is missing");
  expect_refusal("struct<\"a:i32>", "does not end");
  expect_refusal("struct<\"\xff\":i32>", "UTF-8");
}

static void
test_refused_columns(void)
{
  const struct {
    weir_field fields[2];
    const char *part;
  } cases[] = {
      {{{"a", "i64"}, {"a", "utf8"}}, "twice"},    {{{"a", "i64"}, {"", "utf8"}}, "no name"},
      {{{"a", "i64"}, {NULL, "utf8"}}, "no name"}, {{{"a", "i64"}, {"\xc3", "utf8"}}, "UTF-8"},
      {{{"a", "i64"}, {"b", NULL}}, "no type"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(weir_schema_new(cases[i].fields, 2, &error));
    g_assert_nonnull(strstr(error->message, cases[i].part));
  }
}

/* The deepest that goes, one deeper, and far deeper than a stack should be asked for. */
static void
test_depth(void)
{
  for (guint lists = 14; lists < 2000000; lists = lists < 17 ? lists + 1 : lists * 10) {
    g_autoptr(GString) type = g_string_new(NULL);
    for (guint i = 0; i < lists; i++)
      g_string_append(type, "list<");
    g_string_append(type, "i32");
    for (guint i = 0; i < lists; i++)
      g_string_append_c(type, '>');
    g_autoptr(GError) error = NULL;
    g_autoptr(WeirSchema) schema = one_column(type->str, &error);
    g_assert_cmpint(schema != NULL, ==, lists + 1 <= WEIR_SCHEMA_MAX_DEPTH);
  }
}

static void
test_width(void)
{
  g_autofree weir_field *fields = g_new0(weir_field, WEIR_SCHEMA_MAX_FIELDS + 1);
  g_autoptr(GStringChunk) names = g_string_chunk_new(1 << 16);
  for (guint i = 0; i <= WEIR_SCHEMA_MAX_FIELDS; i++) {
    g_autofree char *name = g_strdup_printf("c%u", i);
    fields[i] = (weir_field){g_string_chunk_insert(names, name), "i64"};
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, WEIR_SCHEMA_MAX_FIELDS, &error);
  g_assert_no_error(error);
  g_assert_cmpint(weir_schema_find(schema, "c65535"), ==, 65535);
  g_assert_null(weir_schema_new(fields, WEIR_SCHEMA_MAX_FIELDS + 1, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT);
}

/* ---- Foreign schemas: made by hand, released by nobody ---- */

static void
foreign_release(struct ArrowSchema *schema)
{
  schema->release = NULL;
}

static struct ArrowSchema
foreign(const char *format, const char *name, struct ArrowSchema **children, gint64 n)
{
  return (struct ArrowSchema){.format = format,
                              .name = name,
                              .flags = ARROW_FLAG_NULLABLE,
                              .n_children = n,
                              .children = children,
                              .release = foreign_release};
}

static void
expect_foreign_refusal(struct ArrowSchema *column, const char *part)
{
  struct ArrowSchema parent = foreign("+s", NULL, &column, 1);
  g_autoptr(GError) error = NULL;
  g_assert_null(weir_schema_copy(&parent, &error));
  if (!strstr(error->message, part))
    g_error("\"%s\" does not say \"%s\"", error->message, part);
}

static void
test_foreign_refused(void)
{
  static const char *const formats[][2] = {{"n", "null"},
                                           {"e", "f16"},
                                           {"U", "large_utf8"},
                                           {"Z", "large_binary"},
                                           {"vu", "utf8_view"},
                                           {"d:19,10", "decimal"},
                                           {"w:42", "fixed_binary"},
                                           {"tdD", "date"},
                                           {"ttm", "time"},
                                           {"tsn:UTC", "timestamp"},
                                           {"tsu:", "timestamp"},
                                           {"tsu:Europe/Paris", "timestamp"},
                                           {"tDs", "duration"},
                                           {"tiM", "interval"},
                                           {"+L", "large_list"},
                                           {"+m", "map"},
                                           {"+ud:0,1", "union"},
                                           {"+r", "run_end"},
                                           {"+vl", "list_view"},
                                           {"", "Arrow format \"\""},
                                           {"bb", "Arrow format \"bb\""},
                                           {"+w:", "Arrow format"},
                                           {"+w:999999999", "Arrow format"},
                                           {"+w:-3", "Arrow format"}};
  for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
    struct ArrowSchema column = foreign(formats[i][0], "c", NULL, 0);
    expect_foreign_refusal(&column, formats[i][1]);
    expect_foreign_refusal(&column, "column \"c\"");
  }
  struct ArrowSchema values = foreign("u", "", NULL, 0);
  struct ArrowSchema coded = foreign("i", "c", NULL, 0);
  coded.dictionary = &values;
  expect_foreign_refusal(&coded, "dictionary");
  struct ArrowSchema childless = foreign("+l", "c", NULL, 1);
  expect_foreign_refusal(&childless, "has 1");
  struct ArrowSchema *nobody[] = {NULL};
  struct ArrowSchema hollow = foreign("+l", "c", nobody, 1);
  expect_foreign_refusal(&hollow, "missing");
  struct ArrowSchema wide = foreign("f", "x", NULL, 0), *wide_at[] = {&wide, &wide};
  struct ArrowSchema list = foreign("+l", "c", wide_at, 2);
  expect_foreign_refusal(&list, "has 2");
  struct ArrowSchema negative = foreign("+s", "c", wide_at, -1);
  expect_foreign_refusal(&negative, "-1 members");
  struct ArrowSchema huge = foreign("+s", "c", wide_at, G_MAXINT64);
  expect_foreign_refusal(&huge, "members");
  struct ArrowSchema doubles = foreign("g", "x", NULL, 0), *doubles_at[] = {&doubles};
  struct ArrowSchema fixed = foreign("+w:3", "c", doubles_at, 1);
  expect_foreign_refusal(&fixed, "other than f32");
  struct ArrowSchema formless = foreign(NULL, "c", NULL, 0);
  expect_foreign_refusal(&formless, "no format");
  struct ArrowSchema nameless = foreign("l", NULL, NULL, 0);
  expect_foreign_refusal(&nameless, "no name");
}

/* A schema that contains itself has no end; the depth does. */
static void
test_foreign_endless(void)
{
  struct ArrowSchema self, *at[] = {&self};
  self = foreign("+l", "c", at, 1);
  expect_foreign_refusal(&self, "nest at most 16");
  self.format = "+s";
  expect_foreign_refusal(&self, "nest at most 16");
}

static void
test_foreign_copied(void)
{
  struct ArrowSchema item = foreign("f", "element", NULL, 0), *item_at[] = {&item};
  struct ArrowSchema fixed = foreign("+w:3", "v", item_at, 1);
  struct ArrowSchema list = foreign("+l", "l", item_at, 1);
  struct ArrowSchema *columns[] = {&fixed, &list};
  struct ArrowSchema parent = foreign("+s", NULL, columns, 2);
  parent.metadata = "ignored";
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = weir_schema_copy(&parent, &error);
  g_assert_no_error(error);
  g_autofree char *printed = weir_schema_to_string(schema);
  g_assert_cmpstr(printed, ==, "v:fixed<f32,3>?, l:list<f32?>?");
  /* Items are called "item" here, whatever they were called, so that equal types are equal. */
  weir_field fields[] = {{"v", "fixed<f32,3>?"}, {"l", "list<f32?>?"}};
  g_autoptr(WeirSchema) same = weir_schema_new(fields, 2, &error);
  g_assert_true(weir_schema_equal(schema, same));
  parent.format = "u";
  g_assert_null(weir_schema_copy(&parent, &error));
  g_clear_error(&error);
  parent.format = "+s";
  parent.release(&parent);
  g_assert_null(weir_schema_copy(&parent, &error));
  g_assert_nonnull(strstr(error->message, "released"));
}

static void
test_equal(void)
{
  static const char *const types[] = {"i64",           "i64?",         "utf8",
                                      "list<i64>",     "list<i64?>",   "struct<a:i64>",
                                      "struct<b:i64>", "fixed<f32,3>", "fixed<f32,4>"};
  for (guint i = 0; i < G_N_ELEMENTS(types); i++)
    for (guint k = 0; k < G_N_ELEMENTS(types); k++) {
      g_autoptr(WeirSchema) a = one_column(types[i], NULL);
      g_autoptr(WeirSchema) b = one_column(types[k], NULL);
      g_assert_cmpint(weir_schema_equal(a, b), ==, i == k);
    }
  g_autoptr(WeirSchema) a = weir_schema_new(&(weir_field){"a", "i64"}, 1, NULL);
  g_autoptr(WeirSchema) b = weir_schema_new(&(weir_field){"b", "i64"}, 1, NULL);
  g_assert_false(weir_schema_equal(a, b));
  const struct ArrowSchema *both[] = {b->arrow.children[0], a->arrow.children[0]};
  g_autoptr(WeirSchema) joined = weir_schema_from_children(both, 2, NULL);
  g_autofree char *printed = weir_schema_to_string(joined);
  g_assert_cmpstr(printed, ==, "b:i64, a:i64");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/schema/types", test_types);
  g_test_add_func("/schema/columns", test_columns);
  g_test_add_func("/schema/refused-types", test_refused_types);
  g_test_add_func("/schema/refused-columns", test_refused_columns);
  g_test_add_func("/schema/depth", test_depth);
  g_test_add_func("/schema/width", test_width);
  g_test_add_func("/schema/foreign-refused", test_foreign_refused);
  g_test_add_func("/schema/foreign-endless", test_foreign_endless);
  g_test_add_func("/schema/foreign-copied", test_foreign_copied);
  g_test_add_func("/schema/equal", test_equal);
  return g_test_run();
}
