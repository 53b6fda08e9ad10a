/* SPDX-License-Identifier: MIT */
/* JSON Lines and JSON arrays: what becomes of every kind of value and of every kind of mistake, on every cut of
 * the input. */
#include "json_scan.h"
#include "test-json-feed.h"

/* Read the text in stretches of many sizes; in `expected` `*` stands for any text, and
 * `?` for any character, so also for itself. */
static void
expect_with(struct json_feed f, const char *text, size_t len, const char *expected)
{
  for (size_t stretch = 0; stretch < 70; stretch++) {
    f.stretch = stretch;
    f.max_rows = stretch % 3 ? 1000 : 1;
    g_autofree char *got = json_feed(&f, text, len);
    if (!g_pattern_match_simple(expected, got))
      g_error("stretch %" G_GSIZE_FORMAT " of %s\nwanted: %s\ngot: %s", stretch, text, expected, got);
  }
}

static void
lines(const char *text, const char *expected)
{
  expect_with((struct json_feed){.format = &format_jsonl}, text, strlen(text), expected);
}

static void
array(const char *text, const char *expected)
{
  expect_with((struct json_feed){.format = &format_json}, text, strlen(text), expected);
}

/* One column that is declared. */
static void
declared(const char *type, const char *text, const char *expected)
{
  const char *const name = "a";
  struct json_feed f = {.format = &format_jsonl,
                        .options = {.names = &name, .types = &type, .n_declared = 1}};
  expect_with(f, text, strlen(text), expected);
}

static void
test_values(void)
{
  lines("{\"a\": 1, \"b\": \"x\", \"c\": true, \"d\": 0.5, \"e\": null}\n"
        "{\"a\":-2,\"b\":\"\",\"c\":false,\"d\":1e3,\"e\":null}",
        "a:i64?, b:utf8?, c:bool?, d:f64?, e:utf8?\n"
        "1 {\"a\":1,\"b\":\"x\",\"c\":true,\"d\":0.5,\"e\":null}\n"
        "2 {\"a\":-2,\"b\":\"\",\"c\":false,\"d\":1000.0,\"e\":null}\n");
  lines("\r\n\n  {\"a\":\t9223372036854775807}\r\n \n{ \"a\" : -9223372036854775808 }\n\n",
        "a:i64?\n3 {\"a\":9223372036854775807}\n5 {\"a\":-9223372036854775808}\n");
  /* Keys in another order, and some of them missing. */
  lines("{\"a\":1,\"b\":2}\n{\"b\":3,\"a\":4}\n{\"b\":5}\n{}\n{\"a\":6}\n",
        "a:i64?, b:i64?\n1 {\"a\":1,\"b\":2}\n2 {\"a\":4,\"b\":3}\n3 {\"a\":null,\"b\":5}\n"
        "4 {\"a\":null,\"b\":null}\n5 {\"a\":6,\"b\":null}\n");
  lines("{\"\\u0061 key \\\"of\\\" more than 16 bytes\":1}\n{\"a key \\\"of\\\" more than 16 bytes\":2}\n",
        "a key \"of\" more than 16 bytes:i64?\n1 {\"a key \\\"of\\\" more than 16 bytes\":1}\n"
        "2 {\"a key \\\"of\\\" more than 16 bytes\":2}\n");
}

static void
test_types(void)
{
  lines("{\"a\":1,\"b\":1,\"c\":\"x\",\"d\":true}\n{\"a\":2.5,\"b\":null,\"c\":7,\"d\":\"no\"}\n",
        "a:f64?, b:i64?, c:utf8?, d:utf8?\n1 {\"a\":1.0,\"b\":1,\"c\":\"x\",\"d\":\"true\"}\n"
        "2 {\"a\":2.5,\"b\":null,\"c\":\"7\",\"d\":\"no\"}\n");
  lines("{\"a\":18446744073709551616,\"b\":9223372036854775808}\n{\"a\":1,\"b\":0.5}\n",
        "a:utf8?, b:f64?\n1 {\"a\":\"18446744073709551616\",\"b\":9.223372036854776e?18}\n2 "
        "{\"a\":\"1\",\"b\":0.5}\n");
  lines(
      "{\"a\":[1,2],\"b\":[],\"c\":[[0.5],[]],\"d\":[\"x\",null]}\n{\"a\":[],\"b\":[],\"c\":[],\"d\":null}\n",
      "a:list<i64>?, b:list<utf8>?, c:list<list<f64>>?, d:list<utf8?>?\n"
      "1 {\"a\":[1,2],\"b\":[],\"c\":[[0.5],[]],\"d\":[\"x\",null]}\n2 "
      "{\"a\":[],\"b\":[],\"c\":[],\"d\":null}\n");
  lines("{\"m\":{\"role\":\"user\",\"n\":1}}\n{\"m\":{\"n\":null,\"role\":\"x\"}}\n{\"m\":null}\n",
        "m:struct<\"role\":utf8?,\"n\":i64?>?\n1 {\"m\":{\"role\":\"user\",\"n\":1}}\n"
        "2 {\"m\":{\"role\":\"x\",\"n\":null}}\n3 {\"m\":null}\n");
  lines("{\"m\":[{\"a b\":[1]},{\"a b\":[]}]}\n{\"m\":[]}\n",
        "m:list<struct<\"a b\":list<i64>?>>?\n1 {\"m\":[{\"a b\":[1]},{\"a b\":[]}]}\n2 {\"m\":[]}\n");
  /* Objects whose keys change are maps: they stay whole, as JSON text. */
  lines("{\"m\": {\"x\": 1, \"y\": [1, 2.50 , \"a b\\n\"]}}\n{\"m\": {\"x\": { } }}\n{\"m\": \"str\"}\n",
        "m:utf8?\n1 {\"m\":\"{\\\"x\\\":1,\\\"y\\\":[1,2.50,\\\"a b\\\\n\\\"]}\"}\n2 "
        "{\"m\":\"{\\\"x\\\":{}}\"}\n"
        "3 {\"m\":\"str\"}\n");
}

static void
test_strings(void)
{
  lines("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}\n", "a:utf8?\n1 {\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\"}\n");
  lines("{\"a\":\"\\u00e9\\u20AC\\ud83D\\uDE00|\\u0041\"}\n",
        "a:utf8?\n1 {\"a\":\"\303\251\342\202\254\360\237\230\200|A\"}\n");
  lines("{\"a\":\"\303\251\342\202\254\360\237\230\200{[:,]}\"}\n",
        "a:utf8?\n1 {\"a\":\"\303\251\342\202\254\360\237\230\200{[:,]}\"}\n");
  lines("{\"a\":\"\\\\\"}\n{\"a\":\"\\\\\\\\\"}\n{\"a\":\"\\\\\\\"\"}\n",
        "a:utf8?\n1 {\"a\":\"\\\\\"}\n2 {\"a\":\"\\\\\\\\\"}\n3 {\"a\":\"\\\\\\\"\"}\n");
  lines("{\"a\":\"a long text before \\n between the two \\n and a long one after the escapes, too\"}\n",
        "a:utf8?\n1 {\"a\":\"a long text before \\n between the two \\n and a long one after the escapes, "
        "too\"}\n");
  lines("{\"a\":\"\\u0000\"}\n", "a:utf8?\n1 {\"a\":\"\\u0000\"}\n");
}

static void
test_declared(void)
{
  declared("u8", "{\"a\":255}\n{\"a\":256}\n{\"a\":-1}\n{\"a\":1.0}\n{\"a\":null}\n",
           "a:u8\n1 {\"a\":255}\n!2.6 *u8, which cannot hold \"256\"*\n!3.6 *\n!4.6 *cannot hold \"1.0\"*\n"
           "!5.6 *is null; declare the column as \"u8?\"*\n");
  declared("i8?", "{\"a\":-128}\n{\"a\":-129}\n{\"a\":128}\n{}\n",
           "a:i8?\n1 {\"a\":-128}\n!2.6 *\n!3.6 *\n4 {\"a\":null}\n");
  declared("u64", "{\"a\":18446744073709551615}\n{\"a\":18446744073709551616}\n{\"a\":00}\n{\"a\":-0}\n",
           "a:u64\n1 {\"a\":18446744073709551615}\n!2.6 *\n!3.6 *begins with a zero*\n4 {\"a\":0}\n");
  declared("i64", "{\"a\":9223372036854775808}\n{}\n{\"a\":12345678901234567890123}\n",
           "a:i64\n!1.6 *i64, which cannot hold \"9223372036854775808\"*\n!2.2 the key \"a\" is "
           "missing*\n!3.6 *\n");
  declared("f32", "{\"a\":0.1}\n{\"a\":1e39}\n{\"a\":1e-45}\n{\"a\":16777217.0000000001}\n",
           "a:f32\n1 {\"a\":0.1}\n!2.6 *too large for a column of type f32\n3 {\"a\":1*e-45}\n4 "
           "{\"a\":16777218.0}\n");
  declared(
      "f64",
      "{\"a\":1e308}\n{\"a\":1e309}\n{\"a\":-0.0}\n{\"a\":0.1e-2}\n{\"a\":123456789012345678901234567890}\n",
      "a:f64\n1 {\"a\":1e?308}\n!2.6 *too large*f64\n3 {\"a\":-0.0}\n4 {\"a\":0.001}\n5 "
      "{\"a\":1.2345678901234568e?29}\n");
  declared("fixed<f32,3>",
           "{\"a\":[1,2,3]}\n{\"a\":[1,2]}\n{\"a\":[]}\n{\"a\":[1,2,3,4]}\n{\"a\":[1,2,\"x\"]}\n",
           "a:fixed<f32,3>\n1 {\"a\":[1.0,2.0,3.0]}\n!2.6 *this array has 2 numbers\n!3.6 *0 numbers\n!4.6 "
           "*4 numbers\n!5.11 *\n");
  declared("timestamp", "{\"a\":\"1970-01-01T00:00:01Z\"}\n{\"a\":\"soon\"}\n{\"a\":5}\n",
           "a:timestamp\n1 {\"a\":\"1970-01-01T00:00:01Z\"}\n!2.6 *\"soon\" is no date*\n!3.6 *of type "
           "timestamp, but a number*\n");
  declared("binary", "{\"a\":\"AAEC\"}\n{\"a\":\"AAE\"}\n{\"a\":\"A*EC\"}\n",
           "a:binary\n1 {\"a\":\"*\"}\n!2.6 *no base64\n!3.6 *no base64\n");
  declared("utf8", "{\"a\":{\"b\" : [ 1 ]}}\n{\"a\":[ ]}\n{\"a\":1.50}\n{\"a\":true}\n{\"a\":\"x\"}\n",
           "a:utf8\n1 {\"a\":\"{\\\"b\\\":[1]}\"}\n2 {\"a\":\"[]\"}\n3 {\"a\":\"1.50\"}\n4 "
           "{\"a\":\"true\"}\n5 {\"a\":\"x\"}\n");
  declared("bool", "{\"a\":true}\n{\"a\":1}\n{\"a\":truex}\n{\"a\":\"true\"}\n",
           "a:bool\n1 {\"a\":true}\n!2.6 *\n!3.6 *\n!4.6 *\n");
}

static void
test_bad_lines(void)
{
  struct {
    const char *line, *error;
  } bad[] = {
      {"{\"a\":1} x", "!2.9 something follows the object*"},
      {"{\"a\":1}{\"a\":2}", "!2.8 something follows the object*"},
      {"{\"a\":1,\"a\":2}", "!2.12 the key \"a\" comes twice*"},
      {"{\"a\":1,}", "!2.8 a key in quotes should stand here, not \"}\""},
      {"{\"a\" 1}", "!2.6 a colon should stand here, not \"1\""},
      {"{\"a\":}", "!2.6 a value should stand here, not \"}\""},
      {"{\"a\":1 2}", "!2.8 a comma or } should stand here*"},
      {"{\"a\":1", "!2.7 the line ends where a comma or } should stand"},
      {"{\"a\":", "!2.6 the line ends where a value should stand"},
      {"{", "!2.2 the line ends where a key in quotes should stand"},
      {"{a:1}", "!2.2 a key in quotes should stand here, not \"a\""},
      {"{'a':1}", "!2.2 a key in quotes*"},
      {"{\"a\":'x'}", "!2.6 a value should stand here*"},
      {"{\"s\":\"x}", "!2.9 a string does not end in its line*"},
      {"{\"s\":\"x\ty\"}", "!2.8 a string holds the control character U+0009; write it as \\u0009"},
      {"{\"s\":\"\\x\"}", "!2.7 unknown escape*"},
      {"{\"s\":\"\\u12g4\"}", "!2.7 \\u wants four*"},
      {"{\"s\":\"\\ud800\"}", "!2.7 half of a surrogate pair*"},
      {"{\"s\":\"\\ud800\\u0041\"}", "!2.7 half of a surrogate pair*"},
      {"{\"s\":\"\\udc00\"}", "!2.7 half of a surrogate pair*"},
      {"{\"s\":\"\xff\"}", "!2.7 the byte 0xff is not valid UTF-8 here*"},
      {"{\"s\":\"\xc3\"}", "!2.7 the byte 0xc3 is not valid UTF-8*"},
      {"{\"s\":\"\xed\xa0\x80\"}", "!2.7 the byte 0xed is not valid UTF-8*"},
      {"{\"a\":01}", "!2.6 the number \"01\" begins with a zero*"},
      {"{\"a\":-}", "!2.6 *"},
      {"{\"a\":1.}", "!2.6 \"1.\" is not a number*"},
      {"{\"a\":.5}", "!2.6 *"},
      {"{\"a\":+5}", "!2.6 *"},
      {"{\"a\":1e}", "!2.6 *"},
      {"{\"a\":0x10}", "!2.6 *"},
      {"{\"a\":NaN}", "!2.6 a value should stand here, not \"NaN\""},
      {"{\"a\":nul}", "!2.6 *"},
      {"{\"a\":True}", "!2.6 *"},
      {"{\"a\":1.5}", "!2.6 \"a\" is of type i64, which cannot hold \"1.5\"; declare*"},
      {"{\"a\":\"5\"}", "!2.6 \"a\" is of type i64, but a string stands here; declare*"},
      {"{\"a\":[1]}", "!2.6 \"a\" is of type i64, but an array stands here*"},
      {"{\"l\":[1,2}", "!2.10 a comma or ] should stand here*"},
      {"{\"l\":[1,,2]}", "!2.9 *"},
      {"{\"l\":[1 2]}", "!2.9 *"},
      {"{\"l\":[1,null]}", "!2.9 \"l\" is null*"},
      {"{\"new\":1}", "!2.2 the key \"new\" came nowhere in the sample*\"columns\"*\"sample\"*"},
      {"[1]", "!2.1 *an array begins here*\"format\" to \"json\""},
      {"5", "!2.1 *here stands a number"},
      {"\"x\"", "!2.1 *here stands a string"},
      {"}", "!2.1 an object in braces should stand here, not \"}\""},
      {"hello world", "!2.1 an object in braces should stand here, not \"hello\""},
      {"{\"s\":{\"x\":[}]}}", "!2.12 *"},
      {"\x0c", "!2.1 *"},
      {"{\"a\":1\x1a}", "!2.6 *"},
  };
  for (size_t k = 0; k < G_N_ELEMENTS(bad); k++) {
    const char *first = "{\"a\":1,\"s\":\"x\",\"l\":[1]}\n";
    size_t n_first = strlen(first);
    g_autofree char *text = g_strdup_printf("%s%s\n{\"a\":3}\n", first, bad[k].line);
    g_autofree char *expected =
        g_strdup_printf("a:i64?, s:utf8?, l:list<i64>?\n1 {\"a\":1,\"s\":\"x\",\"l\":[1]}\n%s\n"
                        "3 {\"a\":3,\"s\":null,\"l\":null}\n",
                        bad[k].error);
    expect_with((struct json_feed){.format = &format_jsonl, .sample = n_first}, text, strlen(text), expected);
    /* As the last line, without its newline. */
    g_autofree char *cut = g_strdup_printf("%s%s", first, bad[k].line);
    g_autofree char *as_last = g_strdup_printf("a:i64?, s:utf8?, l:list<i64>?\n1 {*}\n%s\n", bad[k].error);
    expect_with((struct json_feed){.format = &format_jsonl, .sample = n_first}, cut, strlen(cut), as_last);
  }
}

static void
test_nul(void)
{
  static const char text[] = "{\"a\":\"x\"}\n{\"a\":\"\0\"}\n\0\n{\"a\":\0}\n";
  expect_with((struct json_feed){.format = &format_jsonl, .sample = 10}, text, sizeof text - 1,
              "a:utf8?\n1 {\"a\":\"x\"}\n!2.7 *control character U+0000*\n!3.1 *\n!4.6 *\n");
  array("[{\"a\":\"x\"},xxx\fxx\x1ayy\f,zz]",
        "a:utf8?\n1 {\"a\":\"x\"}\n!1.12 *record 2*\n!1.23 *record 3*\n");
  static const char items[] = "[{\"a\":\"x\"},xxx\0\0xx\0xxxxxxxx,\0xx]";
  expect_with((struct json_feed){.format = &format_json, .sample = 10}, items, sizeof items - 1,
              "a:utf8?\n1 {\"a\":\"x\"}\n!1.12 *record 2*\n!1.29 *record 3*\n");
}

static char *
nested(unsigned depth)
{
  GString *s = g_string_new("{\"a\":");
  for (unsigned k = 1; k < depth; k++)
    g_string_append_c(s, '[');
  for (unsigned k = 1; k < depth; k++)
    g_string_append_c(s, ']');
  g_string_append(s, "}\n");
  return g_string_free(s, FALSE);
}

static void
test_depth(void)
{
  g_autofree char *good = nested(64), *bad = nested(65), *worse = nested(100000);
  g_autofree char *both = g_strconcat("{\"a\":1}\n", good, bad, NULL);
  declared("utf8", both,
           "a:utf8\n1 *\n2 {\"a\":\"[[[*]]]\"}\n!3.69 arrays and objects are nested more than 64 deep\n");
  lines(good, "a:list<list<*utf8>*>?\n1 {*}\n");
  struct json_feed f = {.format = &format_jsonl};
  g_autofree char *got = json_feed(&f, worse, strlen(worse));
  g_assert_nonnull(strstr(got, "nested more than 64 deep"));
  g_autofree char *in_array = g_strconcat("[", worse, "]", NULL);
  f.format = &format_json;
  g_free(got);
  got = json_feed(&f, in_array, strlen(in_array));
  g_assert_nonnull(strstr(got, "nested more than 64 deep"));
}

static void
test_arrays(void)
{
  array("[]", "!0.0 there is no record*");
  array(" [ {\"a\":1} ,\n {\"a\":2}\n]\n", "a:i64?\n1 {\"a\":1}\n2 {\"a\":2}\n");
  array("{\"a\":1}", "a:i64?\n1 {\"a\":1}\n");
  array("{\n \"a\": 1\n}\n{\"a\":2}{\"a\":3}", "a:i64?\n1 {\"a\":1}\n2 {\"a\":2}\n3 {\"a\":3}\n");
  array("[{\"a\":[{\"b\":\"]}\"}]},{\"a\":[]}]",
        "a:list<struct<\"b\":utf8?>>?\n1 {\"a\":[{\"b\":\"]}\"}]}\n2 {\"a\":[]}\n");
  array("[{\"a\":1},\n {\"a\":1,\"a\":2},\n {\"a\":3}]",
        "a:i64?\n1 {\"a\":1}\n!2.13 record 2: the key \"a\" comes twice*\n3 {\"a\":3}\n");
  array(
      "[{\"a\":1},\n5,\"x\",[1],null,{\"a\":2}]",
      "a:i64?\n1 {\"a\":1}\n!2.1 record 2: the items of the array must be objects, but here stands a number\n"
      "!2.3 record 3: *a string\n!2.7 record 4: *an array\n!2.11 record 5: *null\n6 {\"a\":2}\n");
  array("[{\"a\":1}]\n[", "a:i64?\n1 {\"a\":1}\n!2.* nothing should stand here, not \"[\"\n");
  array("[{\"a\":1}\n {\"a\":2}]", "a:i64?\n1 {\"a\":1}\n!2.* a comma or ] should stand here, not \"{\"\n");
  array("[{\"a\":1},]", "a:i64?\n1 {\"a\":1}\n!1.* an object should stand here, not \"]\"\n");
  array("[{\"a\":1},", "a:i64?\n1 {\"a\":1}\n!1.* the file ends within its array, after record 1\n");
  array("[{\"a\":1}\n", "a:i64?\n1 {\"a\":1}\n!2.* the file ends within its array, after record 1\n");
  array("[{\"a\":1},\n{\"a\":2", "a:i64?\n1 {\"a\":1}\n!2.* record 2: the file ends within this record\n");
  array("[{\"a\":1},\n{\"a\":\"2]", "a:i64?\n1 {\"a\":1}\n!2.* record 2: the file ends within this record\n");
  array("[{\"a\":[1]},\n{\"a\":[1}]",
        "a:list<i64>?\n1 {\"a\":[1]}\n!2.* record 2: a comma or ] should stand here, not \"}\"\n");
  array("[{\"a\":\"x\"},{\"a\":\"\xff\"},{\"a\":\"y\"}]",
        "a:utf8?\n1 {\"a\":\"x\"}\n!1.* record 2: the byte 0xff*\n3 {\"a\":\"y\"}\n");
  array("[{\"a\":\"x\"},{\"a\":\"p\nq\"}]",
        "a:utf8?\n1 {\"a\":\"x\"}\n!1.* record 2: a string does not end*\n");
  array("", "!1.1 the file is empty*[]\n");
  array("7", "!1.1 a JSON file holds an array of objects, or objects; this one begins with a number\n");
  array("oops", "!1.1 *begins with something that is no JSON\n");
}

static void
test_no_columns(void)
{
  lines("", "!0.0 there is no record, so there is nothing*");
  lines("\n\n", "!0.0 there is no record, so there is nothing*");
  lines("{}\n{}\n", "!0.0 no record has a key*");
  lines("[1]\nx\n", "!1.1 a line of JSON Lines holds one object*");
  declared("i64", "", "a:i64\n");
  expect_with((struct json_feed){.format = &format_jsonl, .sample = 5}, "{\"a\":1}\n", 8,
              "!0.0 the first record is longer than the sample*");
}

/* A sample from amid the file teaches what its whole lines hold. */
static void
test_samples(void)
{
  struct format_options options = {0};
  struct format_error error = {0};
  struct format_columns columns = {0};
  g_autofree char *first = json_pad("{\"a\":1}\n{\"a", 11),
                  *amid = json_pad("\"b\":{\n{\"a\":0.5}\n{\"c\":", 21);
  void *infer = format_jsonl.infer_begin(&options);
  format_jsonl.infer_add(infer, &(struct format_sample){first, 11, true, false}, &error);
  format_jsonl.infer_add(infer, &(struct format_sample){amid, 21, false, false}, &error);
  g_assert_cmpint(format_jsonl.infer_finish(infer, &columns, &error), ==, 0);
  g_assert_cmpuint(columns.n, ==, 1);
  g_assert_cmpstr(columns.items[0].type, ==, "f64?");
  format_columns_clear(&columns);
}

/* A line of many megabytes comes through, and in time that grows with its length. */
static void
test_long_line(void)
{
  size_t len = 8 << 20;
  GString *text = g_string_new("{\"a\":\"");
  for (size_t k = 0; k < len; k++)
    g_string_append_c(text, "abc\303\251 "[k % 6]);
  g_string_append(text, "\"}\n{\"a\":\"y\"}\n");
  struct json_feed f = {.format = &format_jsonl, .stretch = 4096};
  g_autofree char *got = json_feed(&f, text->str, text->len);
  g_assert_true(g_str_has_suffix(got, "\n2 {\"a\":\"y\"}\n"));
  g_string_free(text, TRUE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json/read/values", test_values);
  g_test_add_func("/json/read/types", test_types);
  g_test_add_func("/json/read/strings", test_strings);
  g_test_add_func("/json/read/declared", test_declared);
  g_test_add_func("/json/read/bad-lines", test_bad_lines);
  g_test_add_func("/json/read/nul", test_nul);
  g_test_add_func("/json/read/depth", test_depth);
  g_test_add_func("/json/read/arrays", test_arrays);
  g_test_add_func("/json/read/no-columns", test_no_columns);
  g_test_add_func("/json/read/samples", test_samples);
  g_test_add_func("/json/read/long-line", test_long_line);
  return g_test_run();
}
