/* SPDX-License-Identifier: MIT */
/* Tests the tree of values: what JSON it takes and refuses, where it says that things stand, building and
 * writing. */
#include "base/test-folder.h"
#include "base/tree.h"

#include <string.h>

/* --- Reading --- */

static WeirNode *
parse(const char *text)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirNode *node = weir_node_parse_json(text, -1, "f.json", diagnostics);
  g_autofree char *messages = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpstr(messages, ==, "");
  g_assert_nonnull(node);
  return node;
}

static void
assert_refused_sized(const char *text, gssize size, const char *expected)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_parse_json(text, size, "f.json", diagnostics);
  g_autofree char *messages = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_null(node);
  g_assert_cmpstr(messages, ==, expected);
}

static void
assert_refused(const char *text, const char *expected)
{
  assert_refused_sized(text, -1, expected);
}

static void
assert_round_trip(const char *text, const char *expected)
{
  g_autoptr(WeirNode) node = parse(text);
  g_autofree char *json = weir_node_to_json(node, FALSE);
  g_assert_cmpstr(json, ==, expected);
}

static void
test_values(void)
{
  assert_round_trip("{\"z\": 1, \"a\": [true, false, null, \"x\"], \"m\": {}}",
                    "{\"z\":1,\"a\":[true,false,null,\"x\"],\"m\":{}}");
  assert_round_trip("[-9223372036854775808, 9223372036854775807, 0, -0]",
                    "[-9223372036854775808,9223372036854775807,0,0]");
  assert_round_trip("[1.0, 1e5, -0.0, 0.1, 2.5e-9, 1E+2, 4.9e-324]",
                    "[1.0,100000.0,-0.0,0.1,2.5e-09,100.0,4.94065645841247e-324]");
  assert_round_trip("\"\\u0061\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\"\\\\é\"",
                    "\"a😀/\\b\\f\\n\\r\\t\\\"\\\\é\"");
  assert_round_trip("\357\273\277 [1]\r\n", "[1]");
  assert_round_trip("7", "7");
}

static void
assert_position(WeirPosition position, guint line, guint column)
{
  g_assert_cmpstr(position.file, ==, "f.json");
  g_assert_cmpuint(position.line, ==, line);
  g_assert_cmpuint(position.column, ==, column);
}

static void
test_positions(void)
{
  g_autoptr(WeirNode) root = parse("{\n  \"é\": 1, \"b\":\t[10,\r\n 20],\n\n\"c\"\n:\n{\"d\":{} }}");
  WeirNode *list = weir_node_get(root, "b");
  WeirNode *c = weir_node_get(root, "c");

  assert_position(weir_node_position(root), 1, 1);
  assert_position(weir_node_key_position(root, "é"), 2, 3);
  assert_position(weir_node_position(weir_node_get(root, "é")), 2, 8);
  assert_position(weir_node_key_position(root, "b"), 2, 11);
  assert_position(weir_node_position(list), 2, 16);
  assert_position(weir_node_position(weir_node_at(list, 1)), 3, 2);
  assert_position(weir_node_key_position_at(root, 2), 5, 1);
  assert_position(weir_node_position(c), 7, 1);
  assert_position(weir_node_position(weir_node_lookup(root, "c", "d", NULL)), 7, 6);
  assert_position(weir_node_key_position(c, "missing"), 7, 1);
}

static void
test_syntax(void)
{
  assert_refused("", "f.json: there is nothing in it\n");
  assert_refused(" \n ", "f.json: there is nothing in it\n");
  assert_refused("[1,\n2,\n]", "f.json:2:2: no comma may stand before ]\n");
  assert_refused("{\"a\":1,}", "f.json:1:7: no comma may stand before }\n");
  assert_refused("{\"a\" 1}", "f.json:1:6: a colon behind the key is wanted, not \"1\"\n");
  assert_refused("{\"a\":1 \"b\":2}", "f.json:1:8: a comma or } is wanted, not \"\\\"\"\n");
  assert_refused("[1 2]", "f.json:1:4: a comma or ] is wanted, not \"2\"\n");
  assert_refused("{a:1}", "f.json:1:2: a key in double quotes is wanted, not \"a\"\n");
  assert_refused("{'a':1}", "f.json:1:2: strings need double quotes, not single ones\n");
  assert_refused("['a']", "f.json:1:2: strings need double quotes, not single ones\n");
  assert_refused("[1, // one\n2]", "f.json:1:5: comments are no part of JSON; remove it\n");
  assert_refused("[1] /* end */", "f.json:1:5: comments are no part of JSON; remove it\n");
  assert_refused("[1] [2]", "f.json:1:5: the end of the file is wanted, not \"[\"\n");
  assert_refused("{\"a\":\n [1,\n 2", "f.json:2:2: this [ is never closed\n");
  assert_refused("{\"a\":1,", "f.json:1:1: this { is never closed\n");
  assert_refused("{", "f.json:1:1: this { is never closed\n");
  assert_refused("[", "f.json:1:1: this [ is never closed\n");
  assert_refused("{\"a\":", "f.json:1:6: a value is wanted, not the end\n");
  assert_refused("[,1]", "f.json:1:2: a value is wanted, not \",\"\n");
  assert_refused("{\"a\": True}", "f.json:1:7: \"True\" is not JSON; did you mean true?\n");
  assert_refused("[None]", "f.json:1:2: \"None\" is not JSON; did you mean null?\n");
  assert_refused("[NaN]", "f.json:1:2: \"NaN\" cannot be written in JSON\n");
  assert_refused("[-Infinity]", "f.json:1:2: \"-Infinity\" is not a number in JSON\n");
  assert_refused("[word]", "f.json:1:2: \"word\" is no value; write a string in double quotes\n");
}

static void
test_strings(void)
{
  assert_refused("[\"abc\n\"]", "f.json:1:2: this string is not closed on its line\n");
  assert_refused("[\"abc", "f.json:1:2: this string is not closed on its line\n");
  assert_refused("[\"abc\\", "f.json:1:2: this string is not closed on its line\n");
  assert_refused("[\"a\tb\"]", "f.json:1:4: a control character (0x09) in a string; write \\u0009\n");
  assert_refused("[\"a\\qb\"]",
                 "f.json:1:4: a backslash before \"q\" is no escape; write \\\\ for a backslash\n");
  assert_refused("[\"\\u12g4\"]", "f.json:1:3: \\u needs four hexadecimal digits\n");
  assert_refused("[\"\\u12", "f.json:1:3: \\u needs four hexadecimal digits\n");
  assert_refused("[\"\\u0000\"]", "f.json:1:3: \\u0000 in a string: a text cannot hold NUL\n");
  assert_refused("[\"\\ud800\"]",
                 "f.json:1:3: \\ud800 is half of a surrogate pair: the other half is missing\n");
  assert_refused("[\"\\udc00\\ud800\"]",
                 "f.json:1:3: \\udc00 is half of a surrogate pair: the other half is missing\n"
                 "f.json:1:9: \\ud800 is half of a surrogate pair: the other half is missing\n");
  assert_refused("[\"\\ud800\\ud801\"]",
                 "f.json:1:3: \\ud800 is half of a surrogate pair: the other half is missing\n"
                 "f.json:1:9: \\ud801 is half of a surrogate pair: the other half is missing\n");
  assert_refused("[\"é\",\n \"\xe9\"]",
                 "f.json:2:3: invalid UTF-8 (byte 0xe9)\n  hint: save the file as UTF-8\n");
  assert_refused(
      "\xff\xfe{",
      "f.json:1:1: invalid UTF-8 (byte 0xff)\n  hint: this looks like UTF-16; save the file as UTF-8\n");
  assert_refused_sized("[1,\n\0002]", 7, "f.json:2:1: a NUL byte; a text file holds none\n");
}

static void
test_numbers(void)
{
  assert_refused("[9223372036854775808]",
                 "f.json:1:2: \"9223372036854775808\" is too large for a 64-bit integer\n"
                 "  hint: write an identifier as a string, in double quotes\n");
  assert_refused("[-9223372036854775809]",
                 "f.json:1:2: \"-9223372036854775809\" is too large for a 64-bit integer\n"
                 "  hint: write an identifier as a string, in double quotes\n");
  assert_refused("[1e400]", "f.json:1:2: \"1e400\" is too large for a number\n");
  assert_refused("[007]",
                 "f.json:1:2: \"007\" is not a number in JSON\n  hint: leave out the zeros in front\n");
  assert_refused("[-01]",
                 "f.json:1:2: \"-01\" is not a number in JSON\n  hint: leave out the zeros in front\n");
  for (const char *const *bad =
           (const char *const[]){"+1", ".5", "1.", "1e", "1e+", "0x10", "1_000", "-", "12abc", NULL};
       *bad != NULL; bad++) {
    g_autofree char *text = g_strdup_printf("[%s]", *bad);
    g_autofree char *expected = g_strdup_printf("f.json:1:2: \"%s\" is not a number in JSON\n", *bad);
    assert_refused(text, expected);
  }
}

/* What can be gone past is all said at once. */
static void
test_several_errors(void)
{
  assert_refused(
      "{\"a\": 1,\n \"b\": 99999999999999999999,\n \"a\": 2,\n \"c\": {\"x\": 1, \"\\u0078\": 2}, \"d\": 01}",
      "f.json:2:7: \"99999999999999999999\" is too large for a 64-bit integer\n"
      "  hint: write an identifier as a string, in double quotes\n"
      "f.json:3:2: the key \"a\" is there twice: first on line 1\n"
      "f.json:4:16: the key \"x\" is there twice: first in column 8 of this line\n"
      "f.json:4:35: \"01\" is not a number in JSON\n"
      "  hint: leave out the zeros in front\n");
  /* The same key at different depths is no duplicate. */
  assert_round_trip("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}");
}

static char *
nested(guint depth)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < depth; i++)
    g_string_append_c(text, '[');
  for (guint i = 0; i < depth; i++)
    g_string_append_c(text, ']');
  return g_string_free(text, FALSE);
}

static void
test_limits(void)
{
  g_autofree char *deepest = nested(64);
  g_autofree char *deeper = nested(65);
  g_autofree char *hostile = nested(5000000);
  g_autofree char *large = g_strnfill(WEIR_TREE_MAX_BYTES + 1, ' ');
  g_autoptr(GString) many = g_string_new("[0");

  assert_round_trip(deepest, deepest);
  assert_refused(deeper, "f.json:1:65: nested deeper than 64 levels\n");
  assert_refused(hostile, "f.json:1:65: nested deeper than 64 levels\n");
  assert_refused(large, "f.json: larger than the limit of 16 MiB\n");
  for (guint i = 1; i < WEIR_TREE_MAX_NODES; i++)
    g_string_append(many, ",0");
  g_string_append_c(many, ']');
  assert_refused(many->str, "f.json:1:2097152: more than 1048576 values in one file\n");
}

static void
assert_load_fails(const char *path, const char *pattern)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_load(path, diagnostics);
  g_autofree char *messages = weir_diagnostics_to_string(diagnostics, 0);

  g_assert_null(node);
  g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, 1);
  if (!g_pattern_match_simple(pattern, messages))
    g_error("\"%s\" does not match \"%s\"", messages, pattern);
}

static void
test_load(Folder *folder, gconstpointer data)
{
  g_autofree char *good = folder_file(folder, "quickstart.json");
  g_autofree char *misspelt = folder_file(folder, "quikstart.json");
  g_autofree char *empty = folder_file(folder, "empty.json");
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  (void)data;

  folder_put(folder, "quickstart.json", "{\"weir\": 1}\n");
  folder_put(folder, "empty.json", "");
  g_autoptr(WeirNode) node = weir_node_load(good, diagnostics);
  g_assert_nonnull(node);
  g_assert_cmpstr(weir_node_position(node).file, ==, good);
  assert_load_fails(
      misspelt,
      "cannot read \"*quikstart.json\": *\n  hint: the nearest name there is \"quickstart.json\"\n");
  assert_load_fails(empty, "*empty.json: the file is empty\n");
  assert_load_fails(folder->path, "cannot read \"*\": it is a folder, a file is wanted\n");
}

static void
assert_argument(const char *text, WeirNodeKind kind, const char *json)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirPosition position = weir_position("--set a.b", 0, 0);
  g_autoptr(WeirNode) node = weir_node_parse_argument(text, position, diagnostics);
  g_autofree char *messages = weir_diagnostics_to_string(diagnostics, 0);

  g_assert_cmpstr(messages, ==, "");
  g_assert_cmpint(weir_node_kind(node), ==, kind);
  g_assert_cmpstr(weir_node_position(node).file, ==, "--set a.b");
  g_assert_cmpuint(weir_node_position(node).line, ==, 0);
  g_autofree char *actual = weir_node_to_json(node, FALSE);
  g_assert_cmpstr(actual, ==, json);
}

static void
test_argument(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_parse_argument("[1,", weir_position("--set a.b", 0, 0), diagnostics);
  g_autofree char *messages = weir_diagnostics_to_string(diagnostics, 0);

  g_assert_null(node);
  g_assert_cmpstr(messages, ==, "--set a.b: \"[1,\" is not valid JSON: this [ is never closed\n");
  assert_argument("12", WEIR_NODE_INTEGER, "12");
  assert_argument("-1.5e3", WEIR_NODE_NUMBER, "-1500.0");
  assert_argument("true", WEIR_NODE_BOOLEAN, "true");
  assert_argument("null", WEIR_NODE_NULL, "null");
  assert_argument("", WEIR_NODE_STRING, "\"\"");
  assert_argument("007", WEIR_NODE_STRING, "\"007\"");
  assert_argument("99999999999999999999", WEIR_NODE_STRING, "\"99999999999999999999\"");
  assert_argument("True story", WEIR_NODE_STRING, "\"True story\"");
  assert_argument("\"12\"", WEIR_NODE_STRING, "\"12\"");
  assert_argument("{\"a\": [1]}", WEIR_NODE_MAP, "{\"a\":[1]}");
}

/* --- Building --- */

static void
test_map(void)
{
  WeirPosition none = WEIR_POSITION_NONE;
  g_autoptr(WeirNode) map = weir_node_new_map(none);

  for (int i = 0; i < 100; i++) {
    g_autofree char *key = g_strdup_printf("key-%d", i);
    weir_node_set(map, key, none, weir_node_new_integer(none, i));
  }
  for (int i = 0; i < 100; i += 2) {
    g_autofree char *key = g_strdup_printf("key-%d", i);
    g_assert_true(weir_node_remove(map, key));
    g_assert_false(weir_node_remove(map, key));
  }
  weir_node_set(map, "key-51", none, weir_node_new_string(none, "new"));
  weir_node_set(map, "last", none, weir_node_new_null(none));
  g_assert_cmpuint(weir_node_size(map), ==, 51);
  g_assert_cmpstr(weir_node_key_at(map, 25), ==, "key-51");
  g_assert_cmpint(weir_node_find(map, "last"), ==, 50);
  for (int i = 0; i < 100; i++) {
    g_autofree char *key = g_strdup_printf("key-%d", i);
    const WeirNode *node = weir_node_get(map, key);
    g_assert_true((node != NULL) == (i % 2 == 1));
    if (node != NULL && i != 51)
      g_assert_cmpint(weir_node_integer(node), ==, i);
  }
  g_assert_cmpstr(weir_node_string(weir_node_get(map, "key-51")), ==, "new");
}

static void
test_equal(void)
{
  g_autoptr(WeirNode) a = parse("{\"x\": [1, 2.0, \"s\", null, true], \"y\": {}}");
  g_autoptr(WeirNode) b = parse("{ \"y\":{},\n\"x\": [1, 2.0, \"s\", null, true] }");
  static const char *const others[] = {
      "{\"x\": [1, 2, \"s\", null, true], \"y\": {}}",    "{\"x\": [1, 2.0, \"s\", null], \"y\": {}}",
      "{\"x\": [1, 2.0, \"s\", null, true], \"z\": {}}",  "{\"x\": [1, 2.0, \"t\", null, true], \"y\": {}}",
      "{\"x\": [1, 2.0, \"s\", null, false], \"y\": {}}", "{\"x\": [1, 2.0, \"s\", null, true], \"y\": []}"};

  g_assert_true(weir_node_equal(a, b));
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
    g_autoptr(WeirNode) other = parse(others[i]);
    g_assert_false(weir_node_equal(a, other));
  }
}

static WeirNode *
replace_reference(const WeirNode *scalar, gpointer data)
{
  if (weir_node_kind(scalar) != WEIR_NODE_STRING || strcmp(weir_node_string(scalar), "${p}") != 0)
    return NULL;
  return weir_node_ref(data);
}

static void
test_rewrite(void)
{
  g_autoptr(WeirNode) root = parse("{\"a\": \"${p}\", \"b\": [\"${p}\", \"q\"]}");
  g_autoptr(WeirNode) value = weir_node_new_integer(WEIR_POSITION_NONE, 7);
  g_autoptr(WeirNode) changed = weir_node_rewrite(root, replace_reference, value);
  g_autoptr(WeirNode) copy = weir_node_copy(root);
  g_autofree char *json = weir_node_to_json(changed, FALSE);

  g_assert_cmpstr(json, ==, "{\"a\":7,\"b\":[7,\"q\"]}");
  g_assert_true(weir_node_equal(root, copy));
  g_assert_cmpuint(weir_node_key_position(changed, "b").column, ==, 15);
  weir_node_remove(copy, "a");
  g_assert_nonnull(weir_node_get(root, "a"));
}

static void
test_pretty(void)
{
  g_autoptr(WeirNode) root = parse("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":2}]}");
  g_autofree char *json = weir_node_to_json(root, TRUE);
  g_assert_cmpstr(json, ==,
                  "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": 2\n    }\n  ]\n}");
}

static void
test_checks(void)
{
  static const char *const valid[] = {"use", "from", "options", NULL};
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) root = parse("{\"use\": 1,\n \"form\": 2,\n \"zzz\": \"x\"}");

  g_assert_false(weir_node_check_keys(root, valid, "stage \"load\"", diagnostics));
  g_assert_false(weir_node_check_kind(weir_node_get(root, "zzz"), WEIR_NODE_MAP, "zzz", diagnostics));
  g_assert_true(weir_node_check_kind(weir_node_get(root, "use"), WEIR_NODE_NUMBER, "use", diagnostics));
  g_autofree char *messages = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpstr(messages, ==,
                  "f.json:2:2: unknown key \"form\" in stage \"load\"; did you mean \"from\"?\n"
                  "f.json:3:2: unknown key \"zzz\" in stage \"load\"; valid: \"use\", \"from\", \"options\"\n"
                  "f.json:3:9: zzz must be a map, not a string\n");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tree/values", test_values);
  g_test_add_func("/tree/positions", test_positions);
  g_test_add_func("/tree/syntax", test_syntax);
  g_test_add_func("/tree/strings", test_strings);
  g_test_add_func("/tree/numbers", test_numbers);
  g_test_add_func("/tree/several-errors", test_several_errors);
  g_test_add_func("/tree/limits", test_limits);
  g_test_add("/tree/load", Folder, NULL, folder_set_up, test_load, folder_tear_down);
  g_test_add_func("/tree/argument", test_argument);
  g_test_add_func("/tree/map", test_map);
  g_test_add_func("/tree/equal", test_equal);
  g_test_add_func("/tree/rewrite", test_rewrite);
  g_test_add_func("/tree/pretty", test_pretty);
  g_test_add_func("/tree/checks", test_checks);
  return g_test_run();
}
