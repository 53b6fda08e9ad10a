/* SPDX-License-Identifier: MIT */
/* Reads numbers, booleans and times from text: eight digits at a time where there are eight. */
#include "config.h"

#include "base/value_parse.h"

#include <string.h>
#include <strings.h>

/* --- Integers --------------------------------------------------------------------------------------------
 */

/* The first `n` (1 to 8) bytes of a text as digits, most significant byte last, filled up with leading '0'.
 */
static inline uint64_t
load_digits(const char *text, size_t n)
{
  uint64_t v;
  memcpy(&v, text, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  if (n < 8)
    v = (v << (64 - 8 * n)) | (UINT64_C(0x3030303030303030) >> (8 * n));
  return v;
}

static inline bool
all_digits(uint64_t v)
{
  return ((v & UINT64_C(0xf0f0f0f0f0f0f0f0)) |
          (((v + UINT64_C(0x0606060606060606)) & UINT64_C(0xf0f0f0f0f0f0f0f0)) >> 4)) ==
         UINT64_C(0x3333333333333333);
}

/* Eight digits to a number by pairs, fours, eights: three multiplications in one register. */
static inline uint64_t
digits_value(uint64_t v)
{
  v -= UINT64_C(0x3030303030303030);
  v = v * 10 + (v >> 8);
  return (((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064)) +
          (((v >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001))) >>
         32;
}

/* Up to 16 digits, which cannot overflow. */
static inline bool
short_digits(const char *text, size_t len, uint64_t *value)
{
  uint64_t high, low;
  if (len <= 8) {
    high = load_digits(text, len);
    *value = digits_value(high);
    return all_digits(high);
  }
  high = load_digits(text, len - 8);
  low = load_digits(text + len - 8, 8);
  *value = digits_value(high) * 100000000 + digits_value(low);
  return all_digits(high) && all_digits(low);
}

/* Any number of digits up to `limit`. */
static enum weir_value_result
long_digits(const char *text, size_t len, uint64_t limit, uint64_t *value)
{
  uint64_t sum = 0;
  bool over = false;
  for (size_t i = 0; i < len; i++) {
    unsigned digit = (unsigned)(unsigned char)text[i] - '0';
    if (digit > 9)
      return WEIR_VALUE_SYNTAX;
    over = over || sum > (limit - digit) / 10;
    if (!over)
      sum = sum * 10 + digit;
  }
  *value = sum;
  return over ? WEIR_VALUE_RANGE : WEIR_VALUE_OK;
}

enum weir_value_result
weir_value_parse_u64(const char *text, size_t len, uint64_t *value)
{
  if (len && *text == '+')
    text++, len--;
  if (!len)
    return WEIR_VALUE_SYNTAX;
  if (len <= 16)
    return short_digits(text, len, value) ? WEIR_VALUE_OK : WEIR_VALUE_SYNTAX;
  return long_digits(text, len, UINT64_MAX, value);
}

enum weir_value_result
weir_value_parse_i64(const char *text, size_t len, int64_t *value)
{
  uint64_t sum = 0;
  bool negative = len && *text == '-';
  enum weir_value_result result;
  if (negative || (len && *text == '+'))
    text++, len--;
  if (!len)
    return WEIR_VALUE_SYNTAX;
  if (len <= 16)
    result = short_digits(text, len, &sum) ? WEIR_VALUE_OK : WEIR_VALUE_SYNTAX;
  else
    result = long_digits(text, len, (uint64_t)INT64_MAX + negative, &sum);
  *value = (int64_t)(negative ? 0 - sum : sum);
  return result;
}

/* --- Words and times -------------------------------------------------------------------------------------
 */

enum weir_value_result
weir_value_parse_bool(const char *text, size_t len, bool *value)
{
  *value = len == 4;
  if (len == 4)
    return strncasecmp(text, "true", 4) ? WEIR_VALUE_SYNTAX : WEIR_VALUE_OK;
  return len == 5 && !strncasecmp(text, "false", 5) ? WEIR_VALUE_OK : WEIR_VALUE_SYNTAX;
}

/* A text that is read from its front; what was read is cut off. */
struct reading {
  const char *at;
  size_t len;
};

/* Exactly `n` digits. */
static bool
take_digits(struct reading *r, unsigned n, int *value)
{
  *value = 0;
  if (r->len < n)
    return false;
  for (unsigned i = 0; i < n; i++) {
    unsigned digit = (unsigned)(unsigned char)r->at[i] - '0';
    if (digit > 9)
      return false;
    *value = *value * 10 + (int)digit;
  }
  r->at += n;
  r->len -= n;
  return true;
}

static bool
take_char(struct reading *r, char c)
{
  if (!r->len || *r->at != c)
    return false;
  r->at++;
  r->len--;
  return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years begin in March, so that a leap day comes
 * last (Hinnant, https://howardhinnant.github.io/date_algorithms.html). */
static int64_t
days_from_date(int year, int month, int day)
{
  int64_t y = year - (month <= 2);
  int64_t era = y / 400; /* y is never negative here */
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int
days_of_month(int year, int month)
{
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

static enum weir_value_result
take_date(struct reading *r, int64_t *days)
{
  int year, month, day;
  if (!take_digits(r, 4, &year) || !take_char(r, '-') || !take_digits(r, 2, &month) || !take_char(r, '-') ||
      !take_digits(r, 2, &day))
    return WEIR_VALUE_SYNTAX;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
    return WEIR_VALUE_RANGE;
  *days = days_from_date(year, month, day);
  return WEIR_VALUE_OK;
}

/* Digits behind the point of the seconds, in microseconds; there is at least one. */
static bool
take_fraction(struct reading *r, int64_t *micros)
{
  int64_t scale = 100000;
  size_t n = 0;
  *micros = 0;
  for (; r->len && (unsigned)(unsigned char)*r->at - '0' <= 9; r->at++, r->len--, n++) {
    *micros += (*r->at - '0') * scale;
    scale /= 10;
  }
  return n > 0;
}

static enum weir_value_result
take_clock(struct reading *r, int64_t *micros)
{
  int hour, minute, second = 0;
  int64_t fraction = 0;
  if (!take_digits(r, 2, &hour) || !take_char(r, ':') || !take_digits(r, 2, &minute))
    return WEIR_VALUE_SYNTAX;
  if (take_char(r, ':')) {
    if (!take_digits(r, 2, &second))
      return WEIR_VALUE_SYNTAX;
    if ((take_char(r, '.') || take_char(r, ',')) && !take_fraction(r, &fraction))
      return WEIR_VALUE_SYNTAX;
  }
  if (hour > 23 || minute > 59 || second > 60)
    return WEIR_VALUE_RANGE;
  *micros = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * 1000000 + fraction;
  return WEIR_VALUE_OK;
}

static enum weir_value_result
take_offset(struct reading *r, int64_t *micros)
{
  int hours, minutes = 0;
  bool negative = r->len && *r->at == '-';
  *micros = 0;
  if (!r->len || take_char(r, 'Z') || take_char(r, 'z'))
    return WEIR_VALUE_OK;
  if (!take_char(r, '+') && !take_char(r, '-'))
    return WEIR_VALUE_SYNTAX;
  if (!take_digits(r, 2, &hours))
    return WEIR_VALUE_SYNTAX;
  if (r->len && (take_char(r, ':') || true) && !take_digits(r, 2, &minutes))
    return WEIR_VALUE_SYNTAX;
  if (hours > 23 || minutes > 59)
    return WEIR_VALUE_RANGE;
  *micros = ((int64_t)hours * 3600 + (int64_t)minutes * 60) * 1000000 * (negative ? -1 : 1);
  return WEIR_VALUE_OK;
}

enum weir_value_result
weir_value_parse_timestamp(const char *text, size_t len, int64_t *microseconds)
{
  struct reading r = {text, len};
  int64_t days, clock = 0, offset = 0;
  enum weir_value_result result = take_date(&r, &days);
  if (result == WEIR_VALUE_OK && r.len) {
    if (!take_char(&r, 'T') && !take_char(&r, 't') && !take_char(&r, ' '))
      return WEIR_VALUE_SYNTAX;
    result = take_clock(&r, &clock);
    if (result == WEIR_VALUE_OK)
      result = take_offset(&r, &offset);
  }
  if (result == WEIR_VALUE_OK && r.len)
    result = WEIR_VALUE_SYNTAX;
  if (result == WEIR_VALUE_OK)
    *microseconds = days * INT64_C(86400000000) + clock - offset;
  return result;
}
