/* SPDX-License-Identifier: MIT */
/* Tests the reading of YAML: the tree that it gives, where it says that things stand, what it refuses and how. */
#include "base/test-folder.h"
#include "base/tree.h"

#include <string.h>

static WeirNode *
parse(const char *text, gssize size, char **said)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirNode *node = weir_node_parse_yaml(text, size, "f.yaml", diagnostics);
  *said = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpint(node == NULL, ==, weir_diagnostics_n_errors(diagnostics) > 0);
  return node;
}

/* --- What it takes --- */

static const struct {
  const char *text, *json;
} taken[] = {
    {"a: 1\nb: [x, 2.5, true, null]\nc: {d: e}\n",
     "{\"a\":1,\"b\":[\"x\",2.5,true,null],\"c\":{\"d\":\"e\"}}"},
    {"- 1\n- - 2\n  - 3\n- k: v\n  l: w\n", "[1,[2,3],{\"k\":\"v\",\"l\":\"w\"}]"},
    {"{\"weir\": 1, \"a\": [true, \"x\\u00e9\\n\"]}", "{\"weir\":1,\"a\":[true,\"xé\\n\"]}"}, /* JSON */
    {"---\na: 1\n...\n", "{\"a\":1}"},
    {"%YAML 1.2\n---\na: 1\n", "{\"a\":1}"},
    {"\357\273\277a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}"},
    {"# a remark\na: 1 # another\nb: x#y\n", "{\"a\":1,\"b\":\"x#y\"}"},
    {"7", "7"},
    /* the core schema */
    {"[~, null, Null, NULL, ]", "[null,null,null,null]"},
    {"a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}"},
    {"[true, True, TRUE, false, False, FALSE, tRUE]", "[true,true,true,false,false,false,\"tRUE\"]"},
    {"[0, -0, 12, +12, -9223372036854775808, 9223372036854775807]",
     "[0,0,12,12,-9223372036854775808,9223372036854775807]"},
    {"[0o17, 0x1F, 0xff, 0o8, 0x, 0b1, -0x1]", "[15,31,255,\"0o8\",\"0x\",\"0b1\",\"-0x1\"]"},
    {"[1.5, .5, 5., +.5, 1e3, 1E-2, 1.e1, -1.5e+2, 1e, ., e1, 1.2.3]",
     "[1.5,0.5,5.0,0.5,1000.0,0.01,10.0,-150.0,\"1e\",\".\",\"e1\",\"1.2.3\"]"},
    {"[1_000, 12:30:00, 2024-01-31, 190:20, 0.5s, 30s, nan, inf, infinity, yess, nOn, oN]",
     "[\"1_000\",\"12:30:00\",\"2024-01-31\",\"190:20\",\"0.5s\",\"30s\",\"nan\",\"inf\",\"infinity\","
     "\"yess\","
     "\"nOn\",\"oN\"]"},
    {"['no', \"yes\", '0123', '1', \"~\", '.inf', 'true']",
     "[\"no\",\"yes\",\"0123\",\"1\",\"~\",\".inf\",\"true\"]"},
    {"{y: 1, on: 2, no: 3, '1': 4, \"true\": 5, a b: 6}",
     "{\"y\":1,\"on\":2,\"no\":3,\"1\":4,\"true\":5,\"a b\":6}"},
    /* texts of several lines */
    {"a: |\n  one\n  two\nb: >\n  one\n  two\n\n  three\nc: |-\n  x\nd: \"one\n  two\"\ne: one\n  two\n",
     "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\nthree\\n\",\"c\":\"x\",\"d\":\"one two\",\"e\":\"one two\"}"},
    {"a: ${p}\nb: \"${env:X:-y}\"\nc: x ${p} y\nd: '{\"k\": 1}'\n",
     "{\"a\":\"${p}\",\"b\":\"${env:X:-y}\",\"c\":\"x ${p} y\",\"d\":\"{\\\"k\\\": 1}\"}"},
    /* tags of the core schema */
    {"[!!str 1, !!int \"3\", !!float 3, !!bool \"true\", !!null '', ! 5, !!seq [], !!map {}, !!int 0x10]",
     "[\"1\",3,3.0,true,null,\"5\",[],{},16]"},
    /* anchors, aliases, merges */
    {"a: &x [1, &y {k: v}]\nb: *x\nc: *y\n",
     "{\"a\":[1,{\"k\":\"v\"}],\"b\":[1,{\"k\":\"v\"}],\"c\":{\"k\":\"v\"}}"},
    {"base: &b {k: 1, l: 2}\none: {<<: *b, l: 3, m: 4}\n",
     "{\"base\":{\"k\":1,\"l\":2},\"one\":{\"l\":3,\"m\":4,\"k\":1}}"},
    {"- &a {k: 1}\n- &b {k: 2, l: 3}\n- <<: [*a, *b]\n", "[{\"k\":1},{\"k\":2,\"l\":3},{\"k\":1,\"l\":3}]"},
    {"'<<': 1", "{\"<<\":1}"},
};

static void
test_taken(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) node = parse(taken[i].text, -1, &said);
  g_assert_cmpstr(said, ==, "");
  g_autofree char *json = weir_node_to_json(node, FALSE);
  g_assert_cmpstr(json, ==, taken[i].json);
}

/* --- What it refuses --- */

static const struct {
  const char *text, *says;
} refused[] = {
    {"", "f.yaml: there is nothing in it\n"},
    {"# only a remark\n", "f.yaml: there is nothing in it\n"},
    {"---\na: 1\n---\nb: 2\n", "f.yaml:3:1: a second document in one file\n"
                               "  hint: keep one; put the other into a file of its own\n"},
    {"%YAML 1.1\n---\na: 1\n",
     "f.yaml:1:1: only YAML 1.2 is read, not 1.1\n  hint: leave the line %YAML out\n"},
    {"%YAML 2.0\n---\na: 1\n", "f.yaml:1:1: only YAML 1.2 is read\n  hint: leave the line %YAML out\n"},
    /* keys */
    {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key \"a\" is there twice: first on line 1\n"},
    {"{a: 1, 'a': 2}", "f.yaml:1:8: the key \"a\" is there twice: first in column 2 of this line\n"},
    {"a: 1\na: 2\nb: 3\nb: 4\n", "f.yaml:2:1: the key \"a\" is there twice: first on line 1\n"
                                 "f.yaml:4:1: the key \"b\" is there twice: first on line 3\n"},
    {"{1: x, true: w, ~: z}",
     "f.yaml:1:2: the key 1 is not a text to readers of YAML\n  hint: put it in quotes: \"1\"\n"
     "f.yaml:1:8: the key true is not a text to readers of YAML\n  hint: put it in quotes: \"true\"\n"
     "f.yaml:1:17: the key ~ is not a text to readers of YAML\n  hint: put it in quotes: \"~\"\n"},
    {"?\n: x\n", "f.yaml:1:2: a key is missing before the colon\n"},
    {"{: x}", "f.yaml:1:2: a value is wanted\n"},
    {"? [a, b]\n: 1\n? {c: d}\n: 2\n", "f.yaml:1:3: a key must be a text, not a list\n"
                                       "f.yaml:3:3: a key must be a text, not a map\n"},
    {"a: &x k\n*x : 1\n", "f.yaml:2:1: a key must be a text, not an alias\n"},
    {"&x a: 1\n", "f.yaml:1:1: an anchor on a key; put it on a value\n"},
    /* values that readers of YAML take for different things */
    {"a: no\nb: [Yes, OFF, y]\n",
     "f.yaml:1:4: no without quotes is a boolean to some readers of YAML and a text to others\n"
     "  hint: write false, or \"no\" for the text\n"
     "f.yaml:2:5: Yes without quotes is a boolean to some readers of YAML and a text to others\n"
     "  hint: write true, or \"Yes\" for the text\n"
     "f.yaml:2:10: OFF without quotes is a boolean to some readers of YAML and a text to others\n"
     "  hint: write false, or \"OFF\" for the text\n"
     "f.yaml:2:15: y without quotes is a boolean to some readers of YAML and a text to others\n"
     "  hint: write true, or \"y\" for the text\n"},
    {"[0123, -007, 00.5]",
     "f.yaml:1:2: \"0123\": a number with zeros in front is octal to some readers of YAML\n"
     "  hint: leave out the zeros, write 0o17 for an octal number, or put a text in quotes\n"
     "f.yaml:1:8: \"-007\": a number with zeros in front is octal to some readers of YAML\n"
     "  hint: leave out the zeros, write 0o17 for an octal number, or put a text in quotes\n"
     "f.yaml:1:14: \"00.5\": a number with zeros in front is octal to some readers of YAML\n"
     "  hint: leave out the zeros, write 0o17 for an octal number, or put a text in quotes\n"},
    {"[.inf, -.Inf, .nan]",
     "f.yaml:1:2: .inf: infinities and NaN are not allowed\n  hint: put a text in quotes\n"
     "f.yaml:1:8: -.Inf: infinities and NaN are not allowed\n  hint: put a text in quotes\n"
     "f.yaml:1:15: .nan: infinities and NaN are not allowed\n  hint: put a text in quotes\n"},
    {"a: 9223372036854775808\nb: 0x8000000000000000\nc: 1e999\n",
     "f.yaml:1:4: \"9223372036854775808\" is too large for a 64-bit integer\n"
     "  hint: write an identifier as a string, in quotes\n"
     "f.yaml:2:4: \"0x8000000000000000\" is too large for a 64-bit integer\n"
     "  hint: write an identifier as a string, in quotes\n"
     "f.yaml:3:4: \"1e999\" is too large for a number\n"
     "  hint: write an identifier as a string, in quotes\n"},
    /* tags */
    {"a: !python/object:os.system x\n",
     "f.yaml:1:4: the tag \"!python/object:os.system\" does not fit here\n…"},
    {"when: !fast\n", "f.yaml:1:7: the tag \"!fast\" does not fit here\n"
                      "  hint: put a text that begins with ! in quotes\n…"},
    {"a: !!binary aGk=\nb: !!set {x}\nc: !!int x\nd: !!map [1]\n",
     "f.yaml:1:4: the tag \"!!binary\" does not fit here\n…"},
    {"a: !foo!bar x\n",
     "f.yaml:1:4: a tag with an unknown handle\n  hint: put a text that begins with ! in quotes\n"},
    /* anchors */
    {"a: *x\n",
     "f.yaml:1:4: there is no anchor &x before this\n  hint: put a text that begins with * in quotes\n"},
    {"a: &x [*x]\n", "f.yaml:1:8: *x stands inside what it refers to\n"},
    {"a: &x 1\nb: &x 2\n", "f.yaml:2:4: the anchor &x is there twice: first on line 1\n"},
    {"a: {<<: 1}\n", "f.yaml:1:9: << takes a map, or a list of maps\n"},
    {"a: * b\n",
     "f.yaml:1:5: * begins an alias and lacks its name\n  hint: put a text that begins with * in quotes\n"},
    /* bytes */
    {"a: \"x\\0y\"\n", "f.yaml:1:4: \\0 in a string: a text cannot hold NUL\n"},
    {"a: 1\nb: \xff\n", "f.yaml:2:4: invalid UTF-8 (byte 0xff)\n  hint: save the file as UTF-8\n"},
    {"a: 1\nb: x\001\n", "f.yaml:2:5: a control character (0x01)\n"},
    {"a: é\302\205b\n", "f.yaml:1:5: the character U+0085 ends a line to some readers of YAML\n"
                        "  hint: write \\u0085 in double quotes, or remove it\n"},
    /* layout */
    {"a:\n\tb: 1\n", "f.yaml:2:1: a tab cannot indent\n  hint: use spaces\n"},
    {"a: 1\n\tb: 1\n", "f.yaml:2:1: a tab cannot indent\n  hint: use spaces\n"},
    {"a: |\n\tb\n", "f.yaml:2:1: a tab cannot indent\n  hint: use spaces\n"},
    {"a: b: c\n", "f.yaml:1:5: a colon where no key can stand\n"
                  "  hint: put a text with \": \" in it in quotes, or correct the indentation\n"},
    {"a: 1\n  b: 2\n", "f.yaml:2:4: a colon where no key can stand\n"
                       "  hint: put a text with \": \" in it in quotes, or correct the indentation\n"},
    {"a: 1\nb\nc: 2\n", "f.yaml:3:1: a key without a colon behind it\n"
                        "  what it is part of begins on line 2\n"
                        "  hint: write \"key: value\", with a space after the colon\n"},
    {"a: [1, 2\nb: 3\n", "f.yaml:2:2: a comma or ] is wanted\n  what it is part of begins on line 1\n"},
    {"a: {b: 1\n", "f.yaml:2:1: a comma or } is wanted\n  what it is part of begins on line 1\n"},
    {"a: { path: ${out}/o.jsonl }\n", "f.yaml:1:13: ${ without quotes inside { } or [ ]\n"
                                      "  hint: put a text with ${…} in it in quotes\n"},
    {"a: [x, ${out}]\n", "f.yaml:1:9: ${ without quotes inside { } or [ ]\n"
                         "  hint: put a text with ${…} in it in quotes\n"},
    {"a: { path: x-${out} }\n", "f.yaml:1:15: ${ without quotes inside { } or [ ]\n…"},
    {"a: [1 2]: 3\n", "f.yaml:1:9: a colon where no key can stand\n…"},
    {"a: \"x\n", "f.yaml:2:1: this string is never closed\n  what it is part of begins on line 1\n"},
    {"a: \"\\q\"\n", "f.yaml:1:5: a backslash before this character is no escape\n"
                     "  hint: write \\\\ for a backslash, or use single quotes\n"},
    {"a: \"\\ud800\"\n", "f.yaml:1:7: an escape that stands for no character\n"},
    {"a: @x\n", "f.yaml:1:4: \"@\" begins no value\n  hint: put a text that begins with it in quotes\n"},
    {"a: `x`\n", "f.yaml:1:4: \"`\" begins no value\n  hint: put a text that begins with it in quotes\n"},
    {"- a\n b\n- c\nd: 1\n", "f.yaml:4:1: a line that is neither an item of this list nor its end\n  what it "
                             "is part of begins on line 1\n…"},
    {"a:\n  - 1\n - 2\n", "f.yaml:3:2: a line that is neither a key of this map nor its end\n  what it is "
                          "part of begins on line 1\n…"},
    {"a: \"b\" c\n",
     "f.yaml:1:8: \"c\" stands behind a value that has ended\n  hint: put the whole text in quotes\n"},
    {"a: [b]]\n", "f.yaml:1:7: \"]\" stands behind a value that has ended\n…"},
    {"x: %a\n", "f.yaml:1:4: \"%\" begins no value\n  hint: put a text that begins with it in quotes\n"},
};

/* The same, or its beginning up to "…". */
static void
assert_says(const char *said, const char *wanted)
{
  const char *open_end = strstr(wanted, "…");
  g_autofree char *start = open_end ? g_strndup(wanted, (gsize)(open_end - wanted)) : NULL;
  g_autofree char *same = start ? g_strndup(said, strlen(start)) : NULL;
  g_assert_cmpstr(start ? same : said, ==, start ? start : wanted);
}

static void
test_refused(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) node = parse(refused[i].text, -1, &said);
  g_assert_null(node);
  assert_says(said, refused[i].says);
}

static void
test_bytes(void)
{
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) nul = parse("a: 1\nb: \0 2\n", 12, &said);
  g_assert_cmpstr(said, ==, "f.yaml:2:4: a NUL byte; a text file holds none\n");
  g_clear_pointer(&said, g_free);
  g_autoptr(WeirNode) utf16 = parse("\xff\xfe\x61\0", 4, &said);
  g_assert_cmpstr(said, ==,
                  "f.yaml:1:1: invalid UTF-8 (byte 0xff)\n"
                  "  hint: this looks like UTF-16; save the file as UTF-8\n");
}

/* --- Limits --- */

static void
assert_limit(const GString *text, const char *says)
{
  g_autofree char *said = NULL;
  gint64 begin = g_get_monotonic_time();
  g_autoptr(WeirNode) node = parse(text->str, (gssize)text->len, &said);
  g_assert_null(node);
  assert_says(said, says);
  if (g_strcmp0(g_getenv("SANITIZERS"), "valgrind") != 0)
    g_assert_cmpint(g_get_monotonic_time() - begin, <, (gint64)20 * G_USEC_PER_SEC);
}

/* "A billion laughs": each line ten times the line before. */
static void
test_alias_bomb(void)
{
  g_autoptr(GString) text = g_string_new("a0: &a0 [x]\n");
  for (int i = 1; i < 30; i++) {
    g_string_append_printf(text, "a%d: &a%d [", i, i);
    for (int k = 0; k < 10; k++)
      g_string_append_printf(text, "%s*a%d", k ? ", " : "", i - 1);
    g_string_append(text, "]\n");
  }
  assert_limit(text, "f.yaml:7:25: more than 1048576 values in one file, aliases written out\n");
}

/* Few values, but long ones. */
static void
test_alias_bytes(void)
{
  g_autoptr(GString) text = g_string_new("a: &a ");
  for (int i = 0; i < 1 << 20; i++)
    g_string_append_c(text, 'x');
  g_string_append(text, "\nb: [");
  for (int i = 0; i < 100; i++)
    g_string_append(text, "*a, ");
  g_string_append(text, "]\n");
  assert_limit(text, "f.yaml:2:61: more than 16 MiB of text in one file, aliases written out\n");
}

static void
test_alias_depth(void)
{
  g_autoptr(GString) text = g_string_new("a0: &a0 []\n");
  for (int i = 1; i < 100; i++)
    g_string_append_printf(text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
  assert_limit(text, "f.yaml:64:12: nested deeper than 64 levels\n");
}

static void
test_depth(void)
{
  g_autoptr(GString) flow = g_string_new(NULL), block = g_string_new(NULL);
  for (int i = 0; i < 1 << 20; i++)
    g_string_append_c(flow, '[');
  assert_limit(flow, "f.yaml:1:65: nested deeper than 64 levels\n");
  for (int i = 0; i < 1000; i++)
    g_string_append(block, "- ");
  assert_limit(block, "f.yaml:1:129: nested deeper than 64 levels\n");
}

static void
test_nodes(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (int i = 0; i <= 1 << 20; i++)
    g_string_append(text, "- 1\n");
  assert_limit(text, "f.yaml:1048576:3: more than 1048576 values in one file, aliases written out\n");
}

static void
test_size(void)
{
  g_autoptr(GString) text = g_string_new("a: ");
  for (int i = 0; i < 16 << 20; i++)
    g_string_append_c(text, 'x');
  assert_limit(text, "f.yaml: larger than the limit of 16 MiB\n");
  g_string_truncate(text, 15 << 20); /* a long value is no long key */
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) node = parse(text->str, (gssize)text->len, &said);
  g_assert_cmpstr(said, ==, "");
  g_assert_cmpuint(strlen(weir_node_string(weir_node_get(node, "a"))), ==, (15 << 20) - 3);
}

/* A key of more than 1,024 characters needs "? " before it, by the standard. */
static void
test_long_key(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (int i = 0; i < 2000; i++)
    g_string_append_c(text, 'k');
  g_string_append(text, ": 1\n");
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) node = parse(text->str, -1, &said);
  g_assert_null(node);
  g_assert_true(g_str_has_prefix(said, "f.yaml:1:2001: a colon where no key can stand\n"));
}

/* --- Places --- */

static void
assert_place(WeirPosition position, guint line, guint column)
{
  g_assert_cmpstr(position.file, ==, "f.yaml");
  g_assert_cmpuint(position.line, ==, line);
  g_assert_cmpuint(position.column, ==, column);
}

static void
test_positions(void)
{
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) root = parse("\357\273\277# first\n"
                                   "é: {ü: \"x\",  b: [1,  2]}\n"
                                   "list:\n"
                                   "  - one\n"
                                   "  - k: |\n"
                                   "      text\n"
                                   "    l: &a !!str 5\n"
                                   "last: *a\n",
                                   -1, &said);
  g_assert_cmpstr(said, ==, "");
  assert_place(weir_node_position(root), 2, 1);
  assert_place(weir_node_key_position(root, "é"), 2, 1);
  const WeirNode *map = weir_node_get(root, "é");
  assert_place(weir_node_position(map), 2, 4);
  assert_place(weir_node_key_position(map, "ü"), 2, 5);
  assert_place(weir_node_position(weir_node_get(map, "ü")), 2, 8);
  assert_place(weir_node_position(weir_node_at(weir_node_get(map, "b"), 1)), 2, 22);
  const WeirNode *list = weir_node_get(root, "list");
  assert_place(weir_node_position(list), 4, 3);
  assert_place(weir_node_position(weir_node_at(list, 0)), 4, 5);
  const WeirNode *item = weir_node_at(list, 1);
  assert_place(weir_node_key_position(item, "k"), 5, 5);
  assert_place(weir_node_position(weir_node_get(item, "k")), 5, 8);
  assert_place(weir_node_position(weir_node_get(item, "l")), 7, 8);
  assert_place(weir_node_position(weir_node_get(root, "last")), 7, 8); /* where its anchor stands */
}

/* The same content in both formats gives equal trees. */
static void
test_same_as_json(void)
{
  const char *json = "{\"weir\": 1, \"seed\": \"${seed}\", \"stages\": {\"a\": {\"use\": \"file.read\",\n"
                     " \"options\": {\"path\": \"x.csv\", \"rate\": 0.25, \"flag\": true, \"none\": null,\n"
                     " \"many\": [\"no\", \"1\", 3.0, -2]}}}}";
  const char *yaml = "weir: 1\nseed: ${seed}\nstages:\n  a:\n    use: file.read\n    options:\n"
                     "      path: x.csv\n      rate: 0.25\n      flag: true\n      none:\n"
                     "      many: ['no', '1', 3.0, -2]\n";
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *said = NULL;
  g_autoptr(WeirNode) one = weir_node_parse_json(json, -1, "f.json", diagnostics);
  g_autoptr(WeirNode) other = parse(yaml, -1, &said);
  g_assert_cmpstr(said, ==, "");
  g_clear_pointer(&said, g_free);
  g_autoptr(WeirNode) same = parse(json, -1, &said);
  g_assert_true(weir_node_equal(one, other));
  g_assert_true(weir_node_equal(one, same));
}

/* The format follows from the name. */
static void
test_load(Folder *folder, gconstpointer data)
{
  const char *const names[] = {"a.yaml", "b.yml", "c.YAML"};
  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
    folder_put(folder, names[i], "a: 1\n");
    g_autofree char *path = folder_file(folder, names[i]);
    g_autoptr(WeirNode) node = weir_node_load(path, diagnostics);
    g_assert_nonnull(node);
    g_assert_cmpstr(weir_node_position(node).file, ==, path);
  }
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  folder_put(folder, "d.json", "a: 1\n");
  g_autofree char *json = folder_file(folder, "d.json");
  g_autoptr(WeirNode) node = weir_node_load(json, diagnostics);
  g_assert_null(node);
}

/* Without the name of one, a file of YAML is told to have it. */
static void
test_load_without_name(Folder *folder, gconstpointer data)
{
  static const char *const yaml[] = {"a: 1\n", "# remark\na: 1\n", "---\na: 1\n", "- a\n", "\na-b:\n"};
  static const char *const json[] = {"{\"a\": 1}\n", "[1]", "-1", "true"};
  g_autofree char *path = folder_file(folder, "pipeline");
  (void)data;
  for (gsize i = 0; i < G_N_ELEMENTS(yaml); i++) {
    g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
    folder_put(folder, "pipeline", yaml[i]);
    g_assert_null(weir_node_load(path, diagnostics));
    g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
    g_autofree char *wanted =
        g_strdup_printf("%s:1:1: this is no JSON, but looks like YAML\n"
                        "  hint: give a file of YAML a name that ends in .yaml or .yml\n",
                        path);
    g_assert_cmpstr(said, ==, wanted);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(json); i++) {
    g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
    folder_put(folder, "pipeline", json[i]);
    g_autoptr(WeirNode) node = weir_node_load(path, diagnostics);
    g_assert_nonnull(node);
  }
}

static void
add_row(const char *what, gsize i, GTestDataFunc test)
{
  g_autofree char *path = g_strdup_printf("/yaml/%s/%zu", what, i);
  g_test_add_data_func(path, GSIZE_TO_POINTER(i), test);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(taken); i++)
    add_row("taken", i, test_taken);
  for (gsize i = 0; i < G_N_ELEMENTS(refused); i++)
    add_row("refused", i, test_refused);
  g_test_add_func("/yaml/bytes", test_bytes);
  g_test_add_func("/yaml/alias-bomb", test_alias_bomb);
  g_test_add_func("/yaml/alias-bytes", test_alias_bytes);
  g_test_add_func("/yaml/alias-depth", test_alias_depth);
  g_test_add_func("/yaml/depth", test_depth);
  g_test_add_func("/yaml/nodes", test_nodes);
  g_test_add_func("/yaml/size", test_size);
  g_test_add_func("/yaml/long-key", test_long_key);
  g_test_add_func("/yaml/positions", test_positions);
  g_test_add_func("/yaml/same-as-json", test_same_as_json);
  g_test_add("/yaml/load", Folder, NULL, folder_set_up, test_load, folder_tear_down);
  g_test_add("/yaml/load-without-name", Folder, NULL, folder_set_up, test_load_without_name,
             folder_tear_down);
  return g_test_run();
}
