/* SPDX-License-Identifier: MIT */
/* Values read from text, held against the C library on edge cases and random ones. */
#include "base/value_parse.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_VALUES 300000

/* A text with the readable bytes behind it that the parsers ask for. */
static char padded[512];

static const char *
pad(const char *text)
{
  memset(padded, '7', sizeof padded);
  memcpy(padded, text, strlen(text));
  return padded;
}

static void
expect_double(const char *text)
{
  char *end;
  double wanted = strtod(text, &end), got = 0;
  enum weir_value_result result = weir_value_parse_f64(pad(text), strlen(text), &got);
  g_assert_true(*end == '\0');
  if (isinf(wanted)) {
    g_assert_cmpint(result, ==, WEIR_VALUE_RANGE);
    return;
  }
  g_assert_cmpint(result, ==, WEIR_VALUE_OK);
  if (memcmp(&wanted, &got, sizeof got)) { /* bit for bit. NOLINT(bugprone-suspicious-memory-comparison) */
    g_test_message("%s: wanted %a, got %a", text, wanted, got);
    g_test_fail();
  }
}

static void
test_real_edges(void)
{
  static const char *const texts[] = {
      "0",
      "-0",
      "0.0",
      "1",
      "-1",
      "1.",
      ".5",
      "-.5",
      "+2.5",
      "1e0",
      "1E5",
      "1e+5",
      "1e-5",
      "0e999999999999",
      "9007199254740993",
      "9007199254740992.5",
      "9007199254740993.0000000000000000000000000000000000001",
      "1.7976931348623157e308",
      "1.7976931348623158e308",
      "1.7976931348623159e308",
      "1e309",
      "1e400",
      "4.9e-324",
      "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "2.47e-324",
      "1e-400",
      "2.2250738585072011e-308",
      "2.2250738585072014e-308",
      "2.2250738585072012e-308",
      "179769313486231580793728971405301199e273",
      "0.1",
      "0.2",
      "0.3",
      "123456789012345678901234567890",
      "0.000000000000000000000000000000000000000000000000000000000000000000000000000000123456789",
      "8.41e21",
      "9.5367431640625e-7",
      "1152921504606846976",
      "1152921504606846977",
      "4503599627370496.5",
      "4503599627370497.5",
      "5e-324",
      "12345678901234567891",
      "99999999999999999999",
      "1e22",
      "1e23",
      "3e-23",
      "7.2057594037927933e16",
      "7205759403792793200001e-5"};
  for (size_t k = 0; k < G_N_ELEMENTS(texts); k++)
    expect_double(texts[k]);
}

static void
test_real_random(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(20);
  for (int k = 0; k < RANDOM_VALUES; k++) {
    uint64_t bits = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
    char text[80];
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value))
      continue;
    snprintf(text, sizeof text, "%.*g", g_rand_int_range(rand, 1, 25), value);
    expect_double(text);
    snprintf(text, sizeof text, "%d.%0*" PRIu64 "e%d", g_rand_int_range(rand, -999, 999),
             g_rand_int_range(rand, 1, 22), bits >> g_rand_int_range(rand, 0, 63),
             g_rand_int_range(rand, -340, 310));
    expect_double(text);
  }
}

/* Numbers half way between two doubles: the last digit decides. */
static void
test_real_halves(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(21);
  for (int k = 0; k < 20000; k++) {
    uint64_t mantissa = (uint64_t)1 << 53 | ((uint64_t)g_rand_int(rand) << 21) | g_rand_int(rand) >> 11;
    int shift = g_rand_int_range(rand, 0, 10);
    char text[80];
    mantissa |= 1; /* 54 bits, the last set: a tie when it is rounded to 53 */
    snprintf(text, sizeof text, "%" PRIu64, mantissa << shift);
    expect_double(text);
    snprintf(text, sizeof text, "%" PRIu64 ".%s1", mantissa << shift, "000000000000000000000" + k % 20);
    expect_double(text);
    snprintf(text, sizeof text, "%" PRIu64 ".5", mantissa >> 1);
    expect_double(text);
  }
}

static void
test_not_real(void)
{
  static const char *const texts[] = {"",      "-",   "+",   ".",    "e5",   "1e",     "1e+",  "1 ",
                                      " 1",    "0x1", "1_0", "1,5",  "--1",  "1e5.",   "nan.", "in",
                                      "1.2.3", "1f",  "1d",  "NaNs", "-.e1", "infinit"};
  double value;
  for (size_t k = 0; k < G_N_ELEMENTS(texts); k++)
    if (weir_value_parse_f64(pad(texts[k]), strlen(texts[k]), &value) != WEIR_VALUE_SYNTAX) {
      g_test_message("\"%s\" was taken for a number", texts[k]);
      g_test_fail();
    }
  g_assert_cmpint(weir_value_parse_f64(pad("-Infinity"), 9, &value), ==, WEIR_VALUE_OK);
  g_assert_true(isinf(value) && value < 0);
  g_assert_cmpint(weir_value_parse_f64(pad("NaN"), 3, &value), ==, WEIR_VALUE_OK);
  g_assert_true(isnan(value));
}

static void
expect_integer(const char *text)
{
  char *end;
  int64_t wanted, got = 0;
  uint64_t wanted_unsigned, got_unsigned = 0;
  enum weir_value_result result = weir_value_parse_i64(pad(text), strlen(text), &got);
  errno = 0;
  wanted = strtoll(text, &end, 10);
  g_assert_cmpint(result, ==, errno ? WEIR_VALUE_RANGE : WEIR_VALUE_OK);
  if (!errno)
    g_assert_cmpint(got, ==, wanted);
  if (text[0] == '-')
    return;
  errno = 0;
  wanted_unsigned = strtoull(text, &end, 10);
  result = weir_value_parse_u64(padded, strlen(text), &got_unsigned);
  g_assert_cmpint(result, ==, errno ? WEIR_VALUE_RANGE : WEIR_VALUE_OK);
  if (!errno)
    g_assert_cmpuint(got_unsigned, ==, wanted_unsigned);
}

static void
test_integers(void)
{
  static const char *const texts[] = {"0",
                                      "-0",
                                      "+0",
                                      "7",
                                      "007",
                                      "12345678",
                                      "123456789",
                                      "1234567890123456",
                                      "12345678901234567",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "99999999999999999999999999",
                                      "00000000000000000000000000000000000000000012",
                                      "-00000000000000000000009223372036854775808",
                                      "18446744073709551609",
                                      "18446744073709551620",
                                      "9223372036854775810"};
  static const char *const wrong[] = {
      "",           "-",        "+",    "1 ",  " 1",  "1a",  "a1",  "12345678a",
      "1234567/",   "123456:8", "12-3", "1.0", "1e3", "--1", "+-1", "99999999999999999x",
      "1234567\xb1"};
  g_autoptr(GRand) rand = g_rand_new_with_seed(22);
  int64_t value;
  uint64_t unsigned_value;
  for (size_t k = 0; k < G_N_ELEMENTS(texts); k++)
    expect_integer(texts[k]);
  for (size_t k = 0; k < G_N_ELEMENTS(wrong); k++) {
    g_assert_cmpint(weir_value_parse_i64(pad(wrong[k]), strlen(wrong[k]), &value), ==, WEIR_VALUE_SYNTAX);
    g_assert_cmpint(weir_value_parse_u64(pad(wrong[k]), strlen(wrong[k]), &unsigned_value), ==,
                    WEIR_VALUE_SYNTAX);
  }
  for (int k = 0; k < RANDOM_VALUES; k++) {
    uint64_t bits = ((uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand)) >> g_rand_int_range(rand, 0, 64);
    char text[40];
    snprintf(text, sizeof text, k & 1 ? "-%" PRIu64 : "%" PRIu64, bits);
    expect_integer(text);
  }
}

/* Every byte in every place of eight: only digits pass. */
static void
test_integer_bytes(void)
{
  for (int len = 1; len <= 16; len++)
    for (int at = 0; at < len; at++)
      for (int byte = 0; byte < 256; byte++) {
        char text[40] = "1111111111111111";
        uint64_t value;
        bool digit = byte >= '0' && byte <= '9';
        text[at] = (char)byte;
        if (at == 0 && byte == '+')
          continue;
        g_assert_cmpint(weir_value_parse_u64(text, (size_t)len, &value), ==,
                        digit ? WEIR_VALUE_OK : WEIR_VALUE_SYNTAX);
      }
}

static void
test_booleans(void)
{
  bool value;
  g_assert_cmpint(weir_value_parse_bool("true", 4, &value), ==, WEIR_VALUE_OK);
  g_assert_true(value);
  g_assert_cmpint(weir_value_parse_bool("False", 5, &value), ==, WEIR_VALUE_OK);
  g_assert_false(value);
  g_assert_cmpint(weir_value_parse_bool("tru", 3, &value), ==, WEIR_VALUE_SYNTAX);
  g_assert_cmpint(weir_value_parse_bool("falsy", 5, &value), ==, WEIR_VALUE_SYNTAX);
  g_assert_cmpint(weir_value_parse_bool("", 0, &value), ==, WEIR_VALUE_SYNTAX);
}

static void
test_timestamps(void)
{
  static const struct {
    const char *text;
    int64_t micros;
  } good[] = {
      {"1970-01-01", 0},
      {"1970-01-01T00:00:00Z", 0},
      {"1969-12-31T23:59:59.999999Z", -1},
      {"2000-02-29 12:00", INT64_C(951825600000000)},
      {"2024-05-01T12:30:15.25+02:00", INT64_C(1714559415250000)},
      {"2024-05-01t12:30:15.1234567z", INT64_C(1714566615123456)},
      {"2024-05-01T12:30:15-0330", INT64_C(1714579215000000)},
      {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
      {"0001-01-01", INT64_C(-62135596800000000)},
      {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
  };
  static const struct {
    const char *text;
    enum weir_value_result result;
  } bad[] = {{"2023-02-29", WEIR_VALUE_RANGE},
             {"1900-02-29", WEIR_VALUE_RANGE},
             {"2024-13-01", WEIR_VALUE_RANGE},
             {"2024-00-10", WEIR_VALUE_RANGE},
             {"0000-01-01", WEIR_VALUE_RANGE},
             {"2024-1-1", WEIR_VALUE_SYNTAX},
             {"2024-01-01T", WEIR_VALUE_SYNTAX},
             {"2024-01-01T24:00", WEIR_VALUE_RANGE},
             {"2024-01-01T12", WEIR_VALUE_SYNTAX},
             {"2024-01-01T12:00:", WEIR_VALUE_SYNTAX},
             {"2024-01-01T12:00:00.", WEIR_VALUE_SYNTAX},
             {"2024-01-01T12:00:00+2", WEIR_VALUE_SYNTAX},
             {"2024-01-01T12:00:00Zx", WEIR_VALUE_SYNTAX},
             {"2024-01-01T12:00:00+25:00", WEIR_VALUE_RANGE},
             {"", WEIR_VALUE_SYNTAX},
             {"20240101", WEIR_VALUE_SYNTAX},
             {"2024-01-01 x", WEIR_VALUE_SYNTAX}};
  int64_t micros;
  for (size_t k = 0; k < G_N_ELEMENTS(good); k++) {
    g_assert_cmpint(weir_value_parse_timestamp(good[k].text, strlen(good[k].text), &micros), ==,
                    WEIR_VALUE_OK);
    g_assert_cmpint(micros, ==, good[k].micros);
  }
  for (size_t k = 0; k < G_N_ELEMENTS(bad); k++)
    g_assert_cmpint(weir_value_parse_timestamp(bad[k].text, strlen(bad[k].text), &micros), ==, bad[k].result);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/file/value/real/edges", test_real_edges);
  g_test_add_func("/file/value/real/random", test_real_random);
  g_test_add_func("/file/value/real/halves", test_real_halves);
  g_test_add_func("/file/value/real/not", test_not_real);
  g_test_add_func("/file/value/integers", test_integers);
  g_test_add_func("/file/value/integer-bytes", test_integer_bytes);
  g_test_add_func("/file/value/booleans", test_booleans);
  g_test_add_func("/file/value/timestamps", test_timestamps);
  return g_test_run();
}
