/* SPDX-License-Identifier: MIT */
/* Numbers as text: exact, shortest, and spelled as the rest of the project spells them. */
#include "base/value_write.h"

#include "base/json_write.h"
#include "base/value_parse.h"

#include <float.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
expect_f64(double value, const char *text)
{
  char out[WEIR_VALUE_ROOM] = {0};
  *weir_value_write_f64(out, value) = '\0';
  g_assert_cmpstr(out, ==, text);
}

static void
expect_f32(float value, const char *text)
{
  char out[WEIR_VALUE_ROOM] = {0};
  *weir_value_write_f32(out, value) = '\0';
  g_assert_cmpstr(out, ==, text);
}

static void
test_known(void)
{
  expect_f64(0, "0.0");
  expect_f64(-0.0, "-0.0");
  expect_f64(1, "1.0");
  expect_f64(-1.5, "-1.5");
  expect_f64(0.1, "0.1");
  expect_f64(0.3, "0.3");
  expect_f64(0.1 + 0.2, "0.30000000000000004");
  expect_f64(1e14, "100000000000000.0");
  expect_f64(1e15, "1e+15");
  expect_f64(1.5e15, "1.5e+15");
  expect_f64(1234567890123456.0, "1234567890123456.0");
  expect_f64(1e-4, "0.0001");
  expect_f64(1e-5, "1e-05");
  expect_f64(1.5e-300, "1.5e-300");
  expect_f64(DBL_MAX, "1.7976931348623157e+308");
  expect_f64(DBL_MIN, "2.2250738585072014e-308");
  expect_f64(4.9406564584124654e-324, "5e-324");
  expect_f64(9007199254740992.0, "9007199254740992.0");
  expect_f64(9007199254740994.0, "9007199254740994.0");
  expect_f64(1e22, "1e+22");
  expect_f64(1e23, "1e+23");
  expect_f32(0.1f, "0.1");
  expect_f32(16777216.f, "16777216.0");
  expect_f32(1e6f, "1e+06");
  expect_f32(999999.f, "999999.0");
  expect_f32(FLT_MAX, "3.4028235e+38");
  expect_f32(FLT_TRUE_MIN, "1e-45");
  expect_f32(-0.f, "-0.0");
  expect_f32(0.3f, "0.3");
}

/* The least number of digits that %e needs: what a shortest decimal is measured by. */
static int
least_digits(double value, int most, gboolean narrow)
{
  for (int n = 0; n < most; n++) {
    char text[64];
    g_snprintf(text, sizeof text, "%.*e", n, value);
    if (narrow ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
      return n + 1;
  }
  return most;
}

static int
digits_in(const char *text)
{
  int n = 0, zeros = 0;
  for (; *text && *text != 'e'; text++)
    if (g_ascii_isdigit(*text)) {
      zeros = *text == '0' ? zeros + 1 : 0;
      n += n || *text != '0';
    }
  return n - zeros > 0 ? n - zeros : 1;
}

static void
check_f64(double value)
{
  char out[WEIR_VALUE_ROOM], base[WEIR_NUMBER_BYTES];
  double back;
  char *end = weir_value_write_f64(out, value);
  *end = '\0';
  g_assert_cmpint(weir_value_parse_f64(out, (size_t)(end - out), &back), ==, WEIR_VALUE_OK);
  g_assert_cmpmem(&back, sizeof back, &value, sizeof value);
  g_assert_true(strpbrk(out, ".e") != NULL);
  g_assert_cmpint(digits_in(out), <=, least_digits(value, 17, FALSE));
  weir_number_to_text(value, base);
  if (fabs(value) > 1e-300 && digits_in(out) == digits_in(base))
    g_assert_cmpstr(out, ==, base);
}

static void
test_f64(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(11);
  for (int k = 0; k < 15000; k++) {
    guint64 bits = (guint64)g_rand_int(rand) << 32 | g_rand_int(rand);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (isfinite(value))
      check_f64(value);
    check_f64(g_rand_double(rand));
    check_f64((double)g_rand_int(rand) / 1000);
    check_f64(round(g_rand_double(rand) * 1e4) / 1e4);
    check_f64(ldexp(1, g_rand_int_range(rand, -1074, 1024)));
    check_f64(nextafter(ldexp(1, g_rand_int_range(rand, -1022, 1023)), g_rand_boolean(rand) ? 0 : INFINITY));
    check_f64((double)((guint64)g_rand_int(rand) << g_rand_int_range(rand, 0, 32)));
  }
}

static void
test_f32(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(12);
  for (int k = 0; k < 60000; k++) {
    guint32 bits = k < 1000 ? (guint32)k : k < 2000 ? (guint32)k << 20 : g_rand_int(rand);
    float value;
    char out[WEIR_VALUE_ROOM];
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value))
      continue;
    *weir_value_write_f32(out, value) = '\0';
    float back = strtof(out, NULL);
    g_assert_cmpmem(&back, sizeof back, &value, sizeof value);
    g_assert_cmpint(digits_in(out), <=, least_digits((double)value, 9, TRUE));
  }
}

static void
test_integers(void)
{
  static const gint64 edges[] = {0, 1, -1, 9, 10, 99, 100, 101, -100, G_MAXINT64, G_MININT64, G_MAXINT32};
  char out[WEIR_VALUE_ROOM];
  for (gsize k = 0; k < G_N_ELEMENTS(edges); k++) {
    g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, edges[k]);
    *weir_value_write_i64(out, edges[k]) = '\0';
    g_assert_cmpstr(out, ==, expected);
  }
  for (guint64 power = 1, n = 1; n <= 20; n++, power *= 10)
    for (int d = -1; d <= 1; d++) {
      guint64 value = power + (guint64)(gint64)d;
      g_autofree char *expected = g_strdup_printf("%" G_GUINT64_FORMAT, value);
      *weir_value_write_u64(out, value) = '\0';
      g_assert_cmpstr(out, ==, expected);
    }
  *weir_value_write_u64(out, G_MAXUINT64) = '\0';
  g_assert_cmpstr(out, ==, "18446744073709551615");
}

static void
test_timestamps(void)
{
  static const struct {
    gint64 micros;
    const char *text;
  } known[] = {{0, "1970-01-01T00:00:00Z"},
               {-1, "1969-12-31T23:59:59.999999Z"},
               {1500000, "1970-01-01T00:00:01.5Z"},
               {951782400000000, "2000-02-29T00:00:00Z"},
               {1714566600000000, "2024-05-01T12:30:00Z"},
               {-62135596800000000, "0001-01-01T00:00:00Z"},
               {253402300799999999, "9999-12-31T23:59:59.999999Z"}};
  char out[WEIR_VALUE_ROOM];
  for (gsize k = 0; k < G_N_ELEMENTS(known); k++) {
    *weir_value_write_timestamp(out, known[k].micros) = '\0';
    g_assert_cmpstr(out, ==, known[k].text);
  }
  g_assert_null(weir_value_write_timestamp(out, -62135596800000001));
  g_assert_null(weir_value_write_timestamp(out, 253402300800000000));
  g_assert_null(weir_value_write_timestamp(out, G_MININT64));
  g_assert_null(weir_value_write_timestamp(out, G_MAXINT64));
  g_autoptr(GRand) rand = g_rand_new_with_seed(13);
  for (int k = 0; k < 100000; k++) {
    gint64 value = (gint64)(g_rand_double_range(rand, -6.2e10, 2.5e11) * 1e6), back;
    char *end = weir_value_write_timestamp(out, value);
    g_assert_cmpint(weir_value_parse_timestamp(out, (size_t)(end - out), &back), ==, WEIR_VALUE_OK);
    g_assert_cmpint(back, ==, value);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/file/number/known", test_known);
  g_test_add_func("/file/number/f64", test_f64);
  g_test_add_func("/file/number/f32", test_f32);
  g_test_add_func("/file/number/integers", test_integers);
  g_test_add_func("/file/number/timestamps", test_timestamps);
  return g_test_run();
}
