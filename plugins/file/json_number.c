/* SPDX-License-Identifier: MIT */
/* Reads JSON numbers: the strict grammar of RFC 8259, section 6, and their exact values. */
#include "config.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/value_parse.h"
#include "json_walk.h"
#include "reader.h"

/* Digits that are sure to fit 64 bits. */
#define SURE_DIGITS 19

static inline bool
is_digit(char c)
{
  return (unsigned)(c - '0') <= 9;
}

static int
bad_number(struct json_walk *walk, const char *text)
{
  char quoted[100];
  size_t at = *walk->token, len = 0;
  char first = *text == '-' ? text[1] : *text;
  if (!is_digit(first) && *text != '-')
    return json_unexpected(walk, "a value");
  while (len < 60 && !json_ends_scalar[(uint8_t)text[len]])
    len++;
  format_quote(text, len, quoted);
  if (first == '0' && is_digit(text[*text == '-' ? 2 : 1]))
    return json_bad(walk, at, "the number %s begins with a zero; write it without, or as a string", quoted);
  return json_bad(walk, at, "%s is not a number that JSON knows", quoted);
}

/* Digits from `p` on, added to the number. Returns the first byte behind them. */
static inline const char *
take_digits(const char *p, uint64_t *digits)
{
  uint64_t sum = *digits;
  for (; is_digit(*p); p++)
    sum = sum * 10 + (uint64_t)(*p - '0');
  *digits = sum;
  return p;
}

int
json_take_number(struct json_walk *walk, struct json_number *number)
{
  const char *text = walk->data + *walk->token, *p = text + (*text == '-'), *start = p;
  uint64_t digits = 0;
  ptrdiff_t n_digits, exponent = 0;
  p = take_digits(p, &digits);
  n_digits = p - start;
  if (n_digits == 0 || (n_digits > 1 && *start == '0'))
    return bad_number(walk, text);
  number->integer = true;
  if (*p == '.') {
    const char *point = p++;
    p = take_digits(p, &digits);
    exponent = point + 1 - p;
    n_digits -= exponent;
    if (exponent == 0)
      return bad_number(walk, text);
    number->integer = false;
  }
  if ((*p | 0x20) == 'e') {
    uint64_t value = 0;
    const char *first = p + 1 + (p[1] == '-' || p[1] == '+');
    bool minus = p[1] == '-';
    p = take_digits(first, &value);
    if (p == first)
      return bad_number(walk, text);
    if (p - first > 9)
      value = 999999999; /* far beyond any double */
    exponent += minus ? -(ptrdiff_t)value : (ptrdiff_t)value;
    number->integer = false;
  }
  if (!json_ends_scalar[(uint8_t)*p])
    return bad_number(walk, text);
  number->text = text;
  number->len = (size_t)(p - text);
  number->digits = digits;
  number->exponent = (int32_t)CLAMP(exponent, INT32_MIN / 2, INT32_MAX / 2);
  number->negative = *text == '-';
  number->exact = n_digits <= SURE_DIGITS;
  walk->token++;
  return 0;
}

int
json_number_to_f64(struct json_walk *walk, const struct json_number *number, double *value)
{
  static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  /* Both operands are exact, so the one operation rounds once (Clinger 1990, "How to read floating point
   * numbers accurately"). */
  if (number->exact && number->digits <= UINT64_C(1) << 53 && number->exponent >= -22 &&
      number->exponent <= 22) {
    double digits = (double)number->digits;
    digits = number->exponent < 0 ? digits / power[-number->exponent] : digits * power[number->exponent];
    *value = number->negative ? -digits : digits;
    return 0;
  }
  if (weir_value_parse_f64(number->text, number->len, value) == WEIR_VALUE_OK)
    return 0;
  char quoted[100];
  return json_bad(walk, (size_t)(number->text - walk->data),
                  "the number %s is too large for a column of type f64",
                  format_quote(number->text, number->len, quoted));
}

/* Read the text itself as a float, for the rare numbers where rounding twice could differ from rounding once. */
static float
read_float(const struct json_number *number)
{
  static locale_t plain;
  locale_t mine = __atomic_load_n(&plain, __ATOMIC_ACQUIRE);
  if (!mine) {
    locale_t nobodys = (locale_t)0;
    mine = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!__atomic_compare_exchange_n(&plain, &nobodys, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      freelocale(mine);
      mine = nobodys;
    }
  }
  g_autofree char *text = g_strndup(number->text, number->len);
  return strtof_l(text, NULL, mine);
}

int
json_number_to_f32(struct json_walk *walk, const struct json_number *number, float *value)
{
  double wide;
  uint64_t bits;
  if (json_number_to_f64(walk, number, &wide))
    return -1;
  memcpy(&bits, &wide, sizeof bits);
  *value = (float)wide;
  if ((bits & 0x1fffffff) == 0x10000000 || (fabs(wide) < (double)FLT_MIN && wide != 0))
    *value = read_float(number);
  if (isfinite(*value))
    return 0;
  char quoted[100];
  return json_bad(walk, (size_t)(number->text - walk->data),
                  "the number %s is too large for a column of type f32",
                  format_quote(number->text, number->len, quoted));
}

bool
json_number_to_i64(const struct json_number *number, int64_t *value)
{
  uint64_t limit = (uint64_t)INT64_MAX + number->negative;
  if (!number->integer || !number->exact || number->digits > limit)
    return false;
  *value = (int64_t)(number->negative ? 0 - number->digits : number->digits);
  return true;
}

bool
json_number_to_u64(const struct json_number *number, uint64_t *value)
{
  if (!number->integer || (number->negative && number->digits))
    return false;
  *value = number->digits;
  if (number->exact)
    return true;
  return weir_value_parse_u64(number->text, number->len, value) == WEIR_VALUE_OK;
}
