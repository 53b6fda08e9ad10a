/* SPDX-License-Identifier: MIT */
/* Tests what the JSON writer writes, and that numbers read back as themselves. */
#include "base/json_write.h"
#include "base/test-folder.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void
test_compact(void)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) writer = weir_json_writer_new(out, 0);

  weir_json_begin_object(writer);
  weir_json_member_string(writer, "a\"b", "x");
  weir_json_member_string(writer, "none", NULL);
  weir_json_member_integer(writer, "i", G_MININT64);
  weir_json_member_unsigned(writer, "u", G_MAXUINT64);
  weir_json_member_number(writer, "n", 0.1);
  weir_json_member_boolean(writer, "b", TRUE);
  weir_json_key(writer, "list");
  weir_json_begin_array(writer);
  weir_json_null(writer);
  weir_json_number(writer, NAN);
  weir_json_number(writer, -INFINITY);
  weir_json_raw(writer, "{\"r\":1}");
  weir_json_begin_array(writer);
  weir_json_end_array(writer);
  weir_json_end_array(writer);
  weir_json_end_object(writer);
  weir_json_newline(writer);
  weir_json_integer(writer, 2);
  g_assert_cmpstr(
      out->str, ==,
      "{\"a\\\"b\":\"x\",\"none\":null,\"i\":-9223372036854775808,\"u\":18446744073709551615,\"n\":0.1,"
      "\"b\":true,\"list\":[null,null,null,{\"r\":1},[]]}\n2");
}

static void
assert_string(const char *text, gsize size, const char *expected)
{
  g_autoptr(GString) out = g_string_new(NULL);
  weir_json_append_string(out, text, size);
  g_assert_cmpstr(out->str, ==, expected);
}

static void
test_strings(void)
{
  assert_string("", 0, "\"\"");
  assert_string("a\"\\/\b\f\n\r\t\x01\x1f\x7f", 12, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  assert_string("\0é", 3, "\"\\u0000é\"");
  assert_string("a\xe9"
                "b",
                3, "\"a\357\277\275b\"");
  assert_string("\xf0\x9f\x98", 3, "\"\357\277\275\357\277\275\357\277\275\"");
  assert_string("\xc0\xaf", 2, "\"\357\277\275\357\277\275\"");                 /* overlong */
  assert_string("\xed\xa0\x80", 3, "\"\357\277\275\357\277\275\357\277\275\""); /* a surrogate */
}

static void
assert_number(double value, const char *expected)
{
  char text[WEIR_NUMBER_BYTES];
  gsize length = weir_number_to_text(value, text);
  g_assert_cmpstr(text, ==, expected);
  g_assert_cmpuint(length, ==, strlen(expected));
}

static void
test_numbers(void)
{
  assert_number(0, "0.0");
  assert_number(-0.0, "-0.0");
  assert_number(1, "1.0");
  assert_number(-12345, "-12345.0");
  assert_number(0.1, "0.1");
  assert_number(1.0 / 3, "0.3333333333333333");
  assert_number(1e15, "1e+15");
  assert_number(123456789012345678.0, "1.2345678901234568e+17");
  assert_number(-DBL_MAX, "-1.7976931348623157e+308");
  assert_number(NAN, "null");
}

static void
test_round_trip(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  char text[WEIR_NUMBER_BYTES];

  for (int i = 0; i < 20000; i++) {
    guint64 bits = ((guint64)g_rand_int(rand) << 32) | g_rand_int(rand);
    guint32 bits_f = g_rand_int(rand);
    double value;
    float value_f;
    memcpy(&value, &bits, sizeof value);
    memcpy(&value_f, &bits_f, sizeof value_f);
    if (isfinite(value)) {
      g_assert_cmpuint(weir_number_to_text(value, text), <, WEIR_NUMBER_BYTES);
      g_assert_true(g_ascii_strtod(text, NULL) == value);
    }
    if (isfinite(value_f)) {
      g_assert_cmpuint(weir_float_to_text(value_f, text), <=, 16);
      g_assert_true((float)g_ascii_strtod(text, NULL) == value_f);
    }
  }
  weir_float_to_text(0.1f, text);
  g_assert_cmpstr(text, ==, "0.1");
}

static void
test_file(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.jsonl");
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open(path, WEIR_ATOMIC_DEFAULT, NULL);
  WeirJsonWriter *writer = weir_json_writer_new_file(file, 0);
  g_autoptr(GString) expected = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  (void)data;

  for (int i = 0; i < 20000; i++) {
    weir_json_begin_object(writer);
    weir_json_member_integer(writer, "i", i);
    weir_json_end_object(writer);
    weir_json_newline(writer);
    g_string_append_printf(expected, "{\"i\":%d}\n", i);
  }
  weir_json_writer_free(writer);
  g_assert_true(weir_atomic_file_commit(file, &error));
  folder_assert_content(folder, "a.jsonl", expected->str);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json-write/compact", test_compact);
  g_test_add_func("/json-write/strings", test_strings);
  g_test_add_func("/json-write/numbers", test_numbers);
  g_test_add_func("/json-write/round-trip", test_round_trip);
  g_test_add("/json-write/file", Folder, NULL, folder_set_up, test_file, folder_tear_down);
  return g_test_run();
}
