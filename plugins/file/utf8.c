/* SPDX-License-Identifier: MIT */
/* Valid UTF-8 or not: ASCII a cache line at a time, the rest by table lookups in vectors. */
#include "config.h"

#include "utf8.h"

#include "base/cpu.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Length of the valid character at the front of data[0..len), 0 if there is none (RFC 3629, section 4). */
static size_t
character_length(const unsigned char *data, size_t len)
{
  unsigned lead = data[0], low = 0x80, high = 0xbf;
  size_t n;
  if (lead < 0x80)
    return 1;
  if (lead < 0xc2 || lead > 0xf4)
    return 0;
  n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (n > len)
    return 0;
  if (lead == 0xe0)
    low = 0xa0; /* shorter forms exist */
  else if (lead == 0xed)
    high = 0x9f; /* surrogates */
  else if (lead == 0xf0)
    low = 0x90;
  else if (lead == 0xf4)
    high = 0x8f; /* beyond U+10FFFF */
  if (data[1] < low || data[1] > high)
    return 0;
  for (size_t k = 2; k < n; k++)
    if ((data[k] & 0xc0) != 0x80)
      return 0;
  return n;
}

size_t
utf8_find_invalid(const char *data, size_t len)
{
  const unsigned char *bytes = (const unsigned char *)data;
  size_t at = 0;
  while (at < len) {
    uint64_t eight;
    size_t n;
    if (len - at >= 8) {
      memcpy(&eight, data + at, 8);
      if (!(eight & UINT64_C(0x8080808080808080))) {
        at += 8;
        continue;
      }
    }
    n = character_length(bytes + at, len - at);
    if (!n)
      return at;
    at += n;
  }
  return len;
}

#if defined(__x86_64__)

/*
 * Three lookups, by the halves of a byte and the high half of the next, each give the errors that this half
 * allows; an error that all three allow is there (Keiser, Lemire, "Validating UTF-8 in less than one
 * instruction per byte", 2021, https://doi.org/10.1002/spe.2940). Bits of the tables:
 */
enum {
  TOO_SHORT = 1 << 0,  /* a lead or ASCII where a continuation has to follow a lead */
  TOO_LONG = 1 << 1,   /* a continuation after ASCII */
  OVERLONG_3 = 1 << 2, /* e0 80..9f */
  TOO_LARGE = 1 << 3,  /* f4 90.. and beyond */
  SURROGATE = 1 << 4,  /* ed a0..bf */
  OVERLONG_2 = 1 << 5, /* c0, c1 */
  OVERLONG_4 = 1 << 6, /* f0 80..8f, and f5.. with a second byte below 90 */
  TWO_CONTS = 1 << 7,  /* a continuation after a continuation: right only behind a lead of three or four */
};
#define CARRY (TOO_SHORT | TOO_LONG | TWO_CONTS) /* does not depend on the low half of the first byte */

static const uint8_t first_high[16] = {TOO_LONG,
                                       TOO_LONG,
                                       TOO_LONG,
                                       TOO_LONG,
                                       TOO_LONG,
                                       TOO_LONG,
                                       TOO_LONG,
                                       TOO_LONG,
                                       TWO_CONTS,
                                       TWO_CONTS,
                                       TWO_CONTS,
                                       TWO_CONTS,
                                       TOO_SHORT | OVERLONG_2,
                                       TOO_SHORT,
                                       TOO_SHORT | OVERLONG_3 | SURROGATE,
                                       TOO_SHORT | TOO_LARGE | OVERLONG_4};
static const uint8_t first_low[16] = {CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4,
                                      CARRY | OVERLONG_2,
                                      CARRY,
                                      CARRY,
                                      CARRY | TOO_LARGE,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4 | SURROGATE,
                                      CARRY | TOO_LARGE | OVERLONG_4,
                                      CARRY | TOO_LARGE | OVERLONG_4};
static const uint8_t second_high[16] = {TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | OVERLONG_4,
                                        TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE,
                                        TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
                                        TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT,
                                        TOO_SHORT};

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i
table(const uint8_t bytes[16])
{
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)bytes));
}

/* The vector with its bytes moved up by `n`, filled with the last ones of the vector before. */
#define BEFORE(v, previous, n) \
  _mm256_alignr_epi8((v), _mm256_permute2x128_si256((previous), (v), 0x21), 16 - (n))

AVX2 static inline __m256i
high_half(__m256i v)
{
  return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0f));
}

/* Errors of 32 bytes, given the 32 before them: non-zero bytes. */
AVX2 static inline __m256i
errors_of(__m256i v, __m256i previous)
{
  __m256i one = BEFORE(v, previous, 1);
  __m256i special = _mm256_and_si256(
      _mm256_and_si256(_mm256_shuffle_epi8(table(first_high), high_half(one)),
                       _mm256_shuffle_epi8(table(first_low), _mm256_and_si256(one, _mm256_set1_epi8(0x0f)))),
      _mm256_shuffle_epi8(table(second_high), high_half(v)));
  /* The third and fourth byte of a character have to be continuations, and no others may follow one. */
  __m256i third = _mm256_subs_epu8(BEFORE(v, previous, 2), _mm256_set1_epi8((char)(0xe0 - 0x80)));
  __m256i fourth = _mm256_subs_epu8(BEFORE(v, previous, 3), _mm256_set1_epi8((char)(0xf0 - 0x80)));
  __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
  return _mm256_xor_si256(must, special);
}

/* Non-zero where the last bytes begin a character that they do not end. */
AVX2 static inline __m256i
unfinished(__m256i v)
{
  static const uint8_t most[32] = {255, 255, 255, 255, 255, 255, 255, 255,      255,      255,     255,
                                   255, 255, 255, 255, 255, 255, 255, 255,      255,      255,     255,
                                   255, 255, 255, 255, 255, 255, 255, 0xf0 - 1, 0xe0 - 1, 0xc0 - 1};
  return _mm256_subs_epu8(v, _mm256_loadu_si256((const __m256i *)most));
}

struct check {
  __m256i previous, error;
};

AVX2 static inline void
check_64(struct check *c, const char *data)
{
  __m256i a = _mm256_loadu_si256((const __m256i *)data);
  __m256i b = _mm256_loadu_si256((const __m256i *)(data + 32));
  if (!_mm256_movemask_epi8(_mm256_or_si256(a, b))) {
    c->error = _mm256_or_si256(c->error, unfinished(c->previous));
  } else {
    c->error = _mm256_or_si256(c->error, errors_of(a, c->previous));
    c->error = _mm256_or_si256(c->error, errors_of(b, a));
  }
  c->previous = b;
}

AVX2 static bool
valid_avx2(const char *data, size_t len)
{
  struct check c = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  char rest[64] = {0};
  size_t at = 0;
  for (; at + 64 <= len; at += 64)
    check_64(&c, data + at);
  memcpy(rest, data + at, len - at);
  check_64(&c, rest);
  c.error = _mm256_or_si256(c.error, unfinished(c.previous));
  return _mm256_testz_si256(c.error, c.error);
}

#endif

bool
utf8_valid(const char *data, size_t len)
{
#if defined(__x86_64__)
  if (weir_cpu_has(WEIR_CPU_AVX2))
    return valid_avx2(data, len);
#endif
  return utf8_find_invalid(data, len) == len;
}
