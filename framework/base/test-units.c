/* SPDX-License-Identifier: MIT */
/* Tests the reading and printing of numbers, sizes and durations. */
#include "base/error.h"
#include "base/quote.h"
#include "base/units.h"

#include <math.h>

static void
take_message(GError **error, const char *expected)
{
  g_assert_error(*error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_assert_cmpstr((*error)->message, ==, expected);
  g_clear_error(error);
}

static void
test_integer(void)
{
  gint64 value = 5;
  guint64 natural = 5;
  GError *error = NULL;

  g_assert_true(weir_parse_integer("-9223372036854775808", G_MININT64, G_MAXINT64, &value, NULL));
  g_assert_cmpint(value, ==, G_MININT64);
  g_assert_true(weir_parse_integer("10", 1, 10, &value, NULL));
  for (const char *const *bad =
           (const char *const[]){"", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "12x", NULL};
       *bad != NULL; bad++) {
    g_assert_false(weir_parse_integer(*bad, G_MININT64, G_MAXINT64, &value, NULL));
    g_assert_false(weir_parse_unsigned(*bad, 0, G_MAXUINT64, &natural, NULL));
  }
  g_assert_cmpint(value, ==, 10);
  g_assert_false(weir_parse_integer("12x", 1, 10, &value, &error));
  take_message(&error, "\"12x\" is not an integer");
  g_assert_false(weir_parse_integer("99", 1, 10, &value, &error));
  take_message(&error, "99 is out of range: must be 1 to 10");
  g_assert_false(weir_parse_integer("0", 1, G_MAXINT64, &value, &error));
  take_message(&error, "0 is out of range: must be at least 1");
  g_assert_false(weir_parse_integer("9", G_MININT64, 3, &value, &error));
  take_message(&error, "9 is out of range: must be at most 3");
  g_assert_false(weir_parse_integer("9223372036854775808", G_MININT64, G_MAXINT64, &value, &error));
  take_message(&error,
               "9223372036854775808 is out of range: must be -9223372036854775808 to 9223372036854775807");
  g_assert_true(weir_parse_unsigned("18446744073709551615", 0, G_MAXUINT64, &natural, NULL));
  g_assert_cmpuint(natural, ==, G_MAXUINT64);
  g_assert_false(weir_parse_unsigned("18446744073709551616", 0, G_MAXUINT64, &natural, &error));
  take_message(&error, "18446744073709551616 is out of range: must be 0 to 18446744073709551615");
  g_assert_false(weir_parse_unsigned("-1", 1, 8, &natural, &error));
  take_message(&error, "-1 is out of range: must be 1 to 8");
}

static void
test_number(void)
{
  double value = 5;
  GError *error = NULL;

  g_assert_true(weir_parse_number("-1.5e-3", -INFINITY, INFINITY, &value, NULL));
  g_assert_cmpfloat(value, ==, -1.5e-3);
  g_assert_true(weir_parse_number(".5", 0, 1, &value, NULL));
  for (const char *const *bad =
           (const char *const[]){"", ".", "-", "1,5", "nan", "inf", "0x1p3", "1e", " 1", "1.5 ", NULL};
       *bad != NULL; bad++)
    g_assert_false(weir_parse_number(*bad, -INFINITY, INFINITY, &value, NULL));
  g_assert_false(weir_parse_number("1.5", 0, 1, &value, &error));
  take_message(&error, "1.5 is out of range: must be 0 to 1");
  g_assert_false(weir_parse_number("-0.1", 0, INFINITY, &value, &error));
  take_message(&error, "-0.1 is out of range: must be at least 0");
  g_assert_false(weir_parse_number("1e999", -G_MAXDOUBLE, G_MAXDOUBLE, &value, &error));
  take_message(&error, "\"1e999\" is too large for a number");
  g_assert_cmpfloat(value, ==, 0.5);
}

static void
test_boolean(void)
{
  gboolean value = FALSE;
  GError *error = NULL;

  g_assert_true(weir_parse_boolean("true", &value, NULL));
  g_assert_true(value);
  g_assert_true(weir_parse_boolean("false", &value, NULL));
  g_assert_false(value);
  g_assert_false(weir_parse_boolean("yes", &value, &error));
  take_message(&error, "\"yes\" is not a boolean: write true or false");
}

static void
test_size(void)
{
  static const struct {
    const char *text;
    guint64 bytes;
  } good[] = {
      {"0", 0},
      {"1536", 1536},
      {"12B", 12},
      {"64M", 64 << 20},
      {"64MiB", 64 << 20},
      {"1k", 1024},
      {"1kB", 1000},
      {"1.5GiB", 3u << 29},
      {"1.1kB", 1100},
      {"0.5K", 512},
      {"2MB", 2000000},
      {"1.5", 1},
      {"15P", 15ull << 50},
      {"16383P", 16383ull << 50},
  };
  guint64 bytes = 0;
  GError *error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    g_assert_true(weir_parse_size(good[i].text, 0, G_MAXUINT64, &bytes, NULL));
    g_assert_cmpuint(bytes, ==, good[i].bytes);
  }
  for (guint i = 0; i < 1000; i++) { /* decimals that have no exact binary form */
    g_autofree char *text = g_strdup_printf("7.%03ukB", i);
    g_assert_true(weir_parse_size(text, 0, G_MAXUINT64, &bytes, NULL));
    g_assert_cmpuint(bytes, ==, 7000 + i);
  }
  for (const char *const *bad = (const char *const[]){"", "M", "-1M", "+1M", "1 M", "1.M", ".5M", "1Mi",
                                                      "1MBs", "1e6", "1X", NULL};
       *bad != NULL; bad++)
    g_assert_false(weir_parse_size(*bad, 0, G_MAXUINT64, &bytes, NULL));
  g_assert_false(weir_parse_size("16384P", 0, G_MAXUINT64, &bytes, &error));
  take_message(&error, "16384P is out of range: must be at least 0");
  g_assert_false(weir_parse_size("99999999999999999999999", 0, G_MAXUINT64, &bytes, NULL));
  g_assert_false(weir_parse_size("1K", 1 << 20, 1 << 30, &bytes, &error));
  take_message(&error, "1K is out of range: must be 1M to 1G");
  g_assert_false(weir_parse_size("64 M", 0, G_MAXUINT64, &bytes, &error));
  take_message(&error,
               "\"64 M\" is not a size: write a number of bytes, or one with a unit, such as 64M or 1.5GiB");
}

static void
test_duration(void)
{
  static const struct {
    const char *text;
    gint64 microseconds;
  } good[] = {
      {"0", 0},
      {"30s", 30000000},
      {"5m", 300000000},
      {"1h30m", G_GINT64_CONSTANT(5400000000)},
      {"250ms", 250000},
      {"7us", 7},
      {"1.5s", 1500000},
      {"1d", G_GINT64_CONSTANT(86400000000)},
      {"1s500ms", 1500000},
  };
  gint64 value = 0;
  GError *error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    g_assert_true(weir_parse_duration(good[i].text, 0, G_MAXINT64, &value, NULL));
    g_assert_cmpint(value, ==, good[i].microseconds);
  }
  for (const char *const *bad =
           (const char *const[]){"", "s", "30", "-1s", "1m1h", "1s1s", "1x", "1 s", "1min", "1h30", NULL};
       *bad != NULL; bad++)
    g_assert_false(weir_parse_duration(*bad, 0, G_MAXINT64, &value, NULL));
  g_assert_false(weir_parse_duration("30", 0, G_MAXINT64, &value, &error));
  take_message(&error, "\"30\" has no unit: write 30s, 30m or the like");
  g_assert_false(weir_parse_duration("2h", 1000000, 60000000, &value, &error));
  take_message(&error, "2h is out of range: must be 1s to 1m");
  g_assert_false(weir_parse_duration("9999999999999999d", 0, G_MAXINT64, &value, &error));
  take_message(&error, "9999999999999999d is out of range: must be at least 0s");
}

static void
test_exact(void)
{
  static const guint64 sizes[] = {0, 1, 1023, 1024, 1536, 64 << 20, G_MAXUINT64, 1ull << 63, 5ull << 60};
  static const gint64 durations[] = {0, 1, 999, 1000, 61000000, G_GINT64_CONSTANT(90061001001), G_MAXINT64};

  for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
    g_autofree char *text = weir_size_to_text(sizes[i]);
    guint64 back = 0;
    g_assert_true(weir_parse_size(text, 0, G_MAXUINT64, &back, NULL));
    g_assert_cmpuint(back, ==, sizes[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(durations); i++) {
    g_autofree char *text = weir_duration_to_text(durations[i]);
    gint64 back = -1;
    g_assert_true(weir_parse_duration(text, 0, G_MAXINT64, &back, NULL));
    g_assert_cmpint(back, ==, durations[i]);
  }
  g_autofree char *size = weir_size_to_text(64 << 20);
  g_autofree char *duration = weir_duration_to_text(G_GINT64_CONSTANT(5400000000));
  g_assert_cmpstr(size, ==, "64M");
  g_assert_cmpstr(duration, ==, "1h30m");
}

static void
assert_taken(char *actual, const char *expected)
{
  g_assert_cmpstr(actual, ==, expected);
  g_free(actual);
}

static void
test_people(void)
{
  assert_taken(weir_format_size(0), "0 B");
  assert_taken(weir_format_size(812), "812 B");
  assert_taken(weir_format_size(1023), "1023 B");
  assert_taken(weir_format_size(1024), "1.0 KiB");
  assert_taken(weir_format_size(1023.9 * 1024), "1.0 MiB");
  assert_taken(weir_format_rate(4.1 * 1048576), "4.1 MiB/s");
  assert_taken(weir_format_count(812), "812");
  assert_taken(weir_format_count(12345), "12.3 k");
  assert_taken(weir_format_count(999), "999");
  assert_taken(weir_format_count(999950), "1.0 M");
  assert_taken(weir_format_count(123456789), "123 M");
  assert_taken(weir_format_count(0.25), "0.2");
  assert_taken(weir_format_count(NAN), "?");
  assert_taken(weir_format_duration(0), "0 s");
  assert_taken(weir_format_duration(250), "250 µs");
  assert_taken(weir_format_duration(250000), "250 ms");
  assert_taken(weir_format_duration(999600), "1.0 s");
  assert_taken(weir_format_duration(3249999), "3.2 s");
  assert_taken(weir_format_duration(59960000), "1 m 00 s");
  assert_taken(weir_format_duration(65000000), "1 m 05 s");
  assert_taken(weir_format_duration(G_GINT64_CONSTANT(3599700000)), "1 h 00 m");
  assert_taken(weir_format_duration(G_GINT64_CONSTANT(7380000000)), "2 h 03 m");
  assert_taken(weir_format_duration(G_GINT64_CONSTANT(273600000000)), "3 d 04 h");
  assert_taken(weir_format_duration(-65000000), "-1 m 05 s");
}

static void
test_quote(void)
{
  g_autofree char *long_text = g_strnfill(81, 'a');
  g_autofree char *cut = g_strconcat("\"", long_text + 1, "…\"", NULL);
  g_autofree char *whole = g_strconcat("\"", long_text, "\"", NULL);

  assert_taken(weir_quote("é\"\\\n\t\x1b", -1), "\"é\\\"\\\\\\n\\t\\x1b\"");
  assert_taken(weir_quote("a\0b", 3), "\"a\\x00b\"");
  assert_taken(weir_quote("\xe9t", -1), "\"\\xe9t\"");
  assert_taken(weir_quote("a\342\200\256b", -1), "\"a\\u{202e}b\""); /* right-to-left override */
  assert_taken(weir_quote(long_text, -1), cut);
  assert_taken(weir_quote_path(long_text), whole);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/units/integer", test_integer);
  g_test_add_func("/units/number", test_number);
  g_test_add_func("/units/boolean", test_boolean);
  g_test_add_func("/units/size", test_size);
  g_test_add_func("/units/duration", test_duration);
  g_test_add_func("/units/exact", test_exact);
  g_test_add_func("/units/people", test_people);
  g_test_add_func("/units/quote", test_quote);
  return g_test_run();
}
