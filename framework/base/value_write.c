/* SPDX-License-Identifier: MIT */
/* Writes numbers and times as text. */
#include "config.h"

#include "base/value_write.h"

#include "base/value_shortest.h"

#include <string.h>

static const char pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243"
    "4445464748495051525354555657585960616263646566676869707172737475767778798081828384858687"
    "888990919293949596979899";

static inline unsigned
count_digits(uint64_t value)
{
  static const uint64_t power[] = {0,
                                   10,
                                   100,
                                   1000,
                                   10000,
                                   100000,
                                   1000000,
                                   10000000,
                                   100000000,
                                   1000000000,
                                   10000000000,
                                   100000000000,
                                   1000000000000,
                                   10000000000000,
                                   100000000000000,
                                   1000000000000000,
                                   10000000000000000,
                                   100000000000000000,
                                   1000000000000000000,
                                   10000000000000000000u};
  unsigned guess = (unsigned)(64 - __builtin_clzll(value | 1)) * 1233 >> 12; /* log10 2 */
  return guess + (value >= power[guess]);
}

/* The last `n` digits of a number, in just so many bytes. */
static inline void
put_digits(char *out, uint64_t value, unsigned n)
{
  while (n >= 2) {
    n -= 2;
    memcpy(out + n, pairs + value % 100 * 2, 2);
    value /= 100;
  }
  if (n)
    *out = (char)('0' + value % 10);
}

char *
weir_value_write_u64(char *out, uint64_t value)
{
  unsigned n = count_digits(value);
  put_digits(out, value, n);
  return out + n;
}

char *
weir_value_write_i64(char *out, int64_t value)
{
  *out = '-';
  return weir_value_write_u64(out + (value < 0), value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* --- Real numbers ---------------------------------------------------------------------------------------- */

/* digits * 10^exponent, in the spelling of C's %g with `precision` digits or as many as there are; a number
 * without a fraction gets ".0". */
static char *
put_decimal(char *out, uint64_t digits, int exponent, int precision)
{
  if (digits % 100000000 == 0) { /* short decimals come with many zeros */
    digits /= 100000000;
    exponent += 8;
  }
  while (digits % 10 == 0 && digits) {
    digits /= 10;
    exponent++;
  }
  int n = (int)count_digits(digits), point = n + exponent; /* digits before the point */
  if (n > precision)
    precision = n;
  if (point < -3 || point > precision) {
    put_digits(out + 1, digits, (unsigned)n);
    out[0] = out[1];
    out[1] = '.';
    out += n > 1 ? n + 1 : 1;
    *out++ = 'e';
    *out++ = point > 0 ? '+' : '-';
    unsigned power = (unsigned)(point > 0 ? point - 1 : 1 - point);
    unsigned width = power >= 100 ? 3 : 2;
    put_digits(out, power, width);
    return out + width;
  }
  if (point <= 0) {
    memcpy(out, "0.000", 5);
    put_digits(out + 2 - point, digits, (unsigned)n);
    return out + 2 - point + n;
  }
  if (point >= n) {
    put_digits(out, digits, (unsigned)n);
    memset(out + n, '0', (size_t)(point - n));
    memcpy(out + point, ".0", 2);
    return out + point + 2;
  }
  put_digits(out + 1, digits, (unsigned)n);
  memmove(out, out + 1, (size_t)point);
  out[point] = '.';
  return out + n + 1;
}

char *
weir_value_write_f64(char *out, double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  *out = '-';
  out += bits >> 63;
  value = __builtin_fabs(value);
  if (value < 1e15 && value == (double)(uint64_t)value) {
    out = weir_value_write_u64(out, (uint64_t)value);
    memcpy(out, ".0", 2);
    return out + 2;
  }
  struct shortest s = shortest_f64(value);
  return put_decimal(out, s.digits, s.exponent, 15);
}

char *
weir_value_write_f32(char *out, float value)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  *out = '-';
  out += bits >> 31;
  if (!(bits << 1)) {
    memcpy(out, "0.0", 3);
    return out + 3;
  }
  struct shortest s = shortest_f32(__builtin_fabsf(value));
  return put_decimal(out, s.digits, s.exponent, 6);
}

/* --- Times ----------------------------------------------------------------------------------------------- */

#define MICROSECONDS_A_DAY INT64_C(86400000000)

char *
weir_value_write_timestamp(char *out, int64_t microseconds)
{
  int64_t days = microseconds / MICROSECONDS_A_DAY, rest = microseconds % MICROSECONDS_A_DAY;
  if (rest < 0) {
    rest += MICROSECONDS_A_DAY;
    days--;
  }
  /* The date from the days: years begin in March, so that a leap day comes last (Hinnant,
   * https://howardhinnant.github.io/date_algorithms.html). */
  days += 719468;
  if (days < 306 || days >= 3652365)
    return NULL;
  int64_t era = days / 146097, day_of_era = days % 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  uint64_t day = (uint64_t)(day_of_year - (153 * month + 2) / 5 + 1);
  uint64_t year = (uint64_t)(year_of_era + era * 400 + (month >= 10));
  uint64_t seconds = (uint64_t)rest / 1000000, fraction = (uint64_t)rest % 1000000;
  memcpy(out, "0000-00-00T00:00:00", 19);
  put_digits(out, year, 4);
  put_digits(out + 5, (uint64_t)(month < 10 ? month + 3 : month - 9), 2);
  put_digits(out + 8, day, 2);
  put_digits(out + 11, seconds / 3600, 2);
  put_digits(out + 14, seconds / 60 % 60, 2);
  put_digits(out + 17, seconds % 60, 2);
  out += 19;
  if (fraction) {
    *out = '.';
    put_digits(out + 1, fraction, 6);
    out += 7;
    while (out[-1] == '0')
      out--;
  }
  *out = 'Z';
  return out + 1;
}
