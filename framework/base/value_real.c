/* SPDX-License-Identifier: MIT */
/* Reads a decimal real number, rounded exactly, without the C library in all but freak cases. */
#include "config.h"

#include "base/value_parse.h"

#include <glib.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Powers of ten whose 128 leading bits are kept: beyond these every 19-digit number is 0 or too large. */
#define POWER_MIN (-342)
#define POWER_MAX 308

/* The leading 128 bits of 5^q, as Lemire, "Number parsing at a gigabyte per second" (2021,
 * https://doi.org/10.1002/spe.2984) defines them: cut off for q >= 0, rounded up for q < 0. */
static struct {
  uint64_t high, low;
} powers[POWER_MAX - POWER_MIN + 1];

/* An integer of up to 58 * 32 bits, least significant word first: enough for 2^1848 / 5^342 to keep 1000
 * bits, and for 5^308. */
#define WORDS 58

static void
keep_leading_bits(const uint32_t words[WORDS], int q, bool round_up)
{
  int top = WORDS - 1, shift;
  unsigned __int128 v = 0;
  while (top > 0 && !words[top])
    top--;
  for (int k = 0; k < 4; k++)
    v = v << 32 | (top - k >= 0 ? words[top - k] : 0);
  shift = __builtin_clz(words[top]);
  v <<= shift;
  if (shift && top >= 4)
    v |= words[top - 4] >> (32 - shift);
  v += round_up;
  powers[q - POWER_MIN].high = (uint64_t)(v >> 64);
  powers[q - POWER_MIN].low = (uint64_t)v;
}

static void
make_powers(void)
{
  uint32_t up[WORDS] = {1}, down[WORDS] = {0};
  for (int q = 0; q <= POWER_MAX; q++) {
    uint64_t carry = 0;
    keep_leading_bits(up, q, false);
    for (int k = 0; k < WORDS; k++) {
      carry += (uint64_t)up[k] * 5;
      up[k] = (uint32_t)carry;
      carry >>= 32;
    }
  }
  down[WORDS - 1] = 1u << 24;
  for (int q = -1; q >= POWER_MIN; q--) {
    uint64_t rest = 0;
    for (int k = WORDS - 1; k >= 0; k--) {
      rest = rest << 32 | down[k];
      down[k] = (uint32_t)(rest / 5);
      rest %= 5;
    }
    keep_leading_bits(down, q, q >= -27); /* rounding up matters only where the 128 bits are nearly all */
  }
}

/* The double nearest to w * 10^q, by Eisel and Lemire's algorithm (section 7 of the paper; that no further
 * fallback is needed: Mushtak and Lemire, "Fast number parsing without fallback", 2023,
 * https://doi.org/10.1002/spe.3198). */
static double
nearest_double(uint64_t w, int64_t q)
{
  unsigned __int128 product;
  uint64_t high, low, mantissa, bits;
  int zeros, upper;
  int64_t power;
  double value;

  if (!w || q < POWER_MIN)
    return 0;
  if (q > POWER_MAX)
    return HUGE_VAL;
  zeros = __builtin_clzll(w);
  w <<= zeros;
  product = (unsigned __int128)w * powers[q - POWER_MIN].high;
  high = (uint64_t)(product >> 64);
  low = (uint64_t)product;
  if ((high & 0x1ff) == 0x1ff) {
    uint64_t more = (uint64_t)(((unsigned __int128)w * powers[q - POWER_MIN].low) >> 64);
    low += more;
    high += low < more;
  }
  upper = (int)(high >> 63);
  mantissa = high >> (upper + 9);
  /* floor (q log2 10), shifted without a negative number */
  power = (217706 * (q + 65536) >> 16) - 217706 + 63 + upper - zeros + 1023;
  if (power <= 0) {
    if (1 - power >= 64)
      return 0;
    mantissa >>= 1 - power;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    power = mantissa >> 52; /* it may have been rounded up to a normal number */
  } else {
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == high)
      mantissa &= ~UINT64_C(1); /* half way: to even */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> 53) {
      mantissa = UINT64_C(1) << 52;
      power++;
    }
  }
  if (power >= 2047)
    return HUGE_VAL;
  bits = (mantissa & ~(UINT64_C(1) << 52)) | (uint64_t)power << 52;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* A decimal number as it was written: up to 19 digits, the power of ten that goes with them. */
struct decimal {
  uint64_t digits;
  int64_t power;
  bool negative, cut; /* cut: further digits were left out */
};

struct scan {
  const char *at, *end;
  struct decimal *d;
  int significant; /* digits taken, leading zeros not counted */
};

/* Digits before or behind the point. Returns how many there are. */
static size_t
scan_digits(struct scan *s, bool fraction)
{
  const char *start = s->at;
  for (; s->at < s->end; s->at++) {
    unsigned digit = (unsigned)(unsigned char)*s->at - '0';
    if (digit > 9)
      break;
    if (s->significant < 19) {
      s->d->digits = s->d->digits * 10 + digit;
      s->significant += s->d->digits != 0;
      s->d->power -= fraction;
    } else {
      s->d->cut = s->d->cut || digit;
      s->d->power += !fraction;
    }
  }
  return (size_t)(s->at - start);
}

/* The exponent behind "e". It saturates: 10^100000 is as good as infinite. */
static bool
scan_exponent(struct scan *s)
{
  bool negative = s->at < s->end && *s->at == '-';
  int64_t exponent = 0;
  const char *start;
  if (negative || (s->at < s->end && *s->at == '+'))
    s->at++;
  for (start = s->at; s->at < s->end; s->at++) {
    unsigned digit = (unsigned)(unsigned char)*s->at - '0';
    if (digit > 9)
      return false;
    if (exponent < 1000000000)
      exponent = exponent * 10 + (int)digit;
  }
  s->d->power += negative ? -exponent : exponent;
  return s->at > start;
}

/* The common case, in one go: up to 19 digits with or without a point, no exponent. */
static bool
scan_short(const char *text, size_t len, struct decimal *d)
{
  const char *at = text, *end = text + len, *point = NULL;
  uint64_t digits = 0;
  bool negative = len && *text == '-';
  at += negative;
  if (len > 20 || at == end)
    return false;
  for (; at < end; at++) {
    unsigned digit = (unsigned)(unsigned char)*at - '0';
    if (digit <= 9) {
      digits = digits * 10 + digit;
      continue;
    }
    if (*at != '.' || point)
      return false;
    point = at;
  }
  if (end - text - negative - (point != NULL) - 1 > 18 || (point && len - negative == 1))
    return false;
  *d = (struct decimal){digits, point ? point + 1 - end : 0, negative, false};
  return true;
}

static bool
scan_decimal(const char *text, size_t len, struct decimal *d)
{
  struct scan s = {text, text + len, d, 0};
  size_t n;
  memset(d, 0, sizeof *d);
  if (len && (*text == '-' || *text == '+')) {
    d->negative = *text == '-';
    s.at++;
  }
  n = scan_digits(&s, false);
  if (s.at < s.end && *s.at == '.') {
    s.at++;
    n += scan_digits(&s, true);
  }
  if (!n)
    return false;
  if (s.at < s.end && (*s.at | 0x20) == 'e') {
    s.at++;
    if (!scan_exponent(&s))
      return false;
  }
  return s.at == s.end;
}

static enum weir_value_result
parse_word(const char *text, size_t len, double *value)
{
  bool negative = len && *text == '-';
  if (negative || (len && *text == '+'))
    text++, len--;
  if (len == 3 && !strncasecmp(text, "nan", 3))
    *value = NAN;
  else if ((len == 3 && !strncasecmp(text, "inf", 3)) || (len == 8 && !strncasecmp(text, "infinity", 8)))
    *value = negative ? -HUGE_VAL : HUGE_VAL;
  else
    return WEIR_VALUE_SYNTAX;
  return WEIR_VALUE_OK;
}

/* More digits than 64 bits hold, and they decide: let the C library read them, in the C locale. */
static double
library_double(const char *text, size_t len)
{
  static locale_t c_locale;
  g_autofree char *copy = g_strndup(text, len);
  if (!__atomic_load_n(&c_locale, __ATOMIC_ACQUIRE)) {
    locale_t fresh = newlocale(LC_ALL_MASK, "C", NULL), none = NULL;
    if (!__atomic_compare_exchange_n(&c_locale, &none, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      freelocale(fresh);
  }
  return strtod_l(copy, NULL, c_locale);
}

static double
read_magnitude(const struct decimal *d, const char *text, size_t len)
{
  static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  double value;
  if (d->digits <= UINT64_C(1) << 53 && d->power >= -22 && d->power <= 22 && !d->cut)
    return d->power < 0 ? (double)d->digits / exact[-d->power] : (double)d->digits * exact[d->power];
  pthread_once(&once, make_powers);
  value = nearest_double(d->digits, d->power);
  if (d->cut && value != nearest_double(d->digits + 1, d->power))
    return fabs(library_double(text, len));
  return value;
}

enum weir_value_result
weir_value_parse_f64(const char *text, size_t len, double *value)
{
  struct decimal d;
  if (!scan_short(text, len, &d) && !scan_decimal(text, len, &d))
    return parse_word(text, len, value);
  *value = read_magnitude(&d, text, len);
  if (d.negative)
    *value = -*value;
  return isinf(*value) ? WEIR_VALUE_RANGE : WEIR_VALUE_OK;
}
