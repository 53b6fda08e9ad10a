/* SPDX-License-Identifier: MIT */
/* Finds the tokens of JSON 64 bytes at a time with AVX2 or AVX-512, and carry-less multiplication. */
#include "json_scan_private.h"

#ifdef __x86_64__
#include <immintrin.h>

/* A byte is white space if it is equal to the entry for its low half, and punctuation if with 0x20 set it is
 * equal to that of the second table (which turns [ ] into { }). Bytes above 0x7f give 0 and match nothing.
 * Entries without a byte hold one of another low half. */
#define SPACES        ' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0
#define PUNCTUATIONS  1, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0
#define AVX2_TARGET   __attribute__((target("avx2,pclmul,bmi,popcnt")))
#define AVX512_TARGET __attribute__((target("avx512f,avx512bw,avx512vbmi2,avx2,pclmul,bmi,popcnt")))

/* Bit i of the result is the xor of bits 0…i: the product with all ones, without carries. */
#define PREFIX_XOR(bits) \
  (uint64_t) _mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)(bits)), _mm_set1_epi8(-1), 0))

/* Bits of the bytes before `left`, of which there are 64 or fewer. */
static inline __attribute__((always_inline)) uint64_t
bits_below(size_t left)
{
  return left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
}

/* --- AVX2 --- */

AVX2_TARGET static inline uint64_t
join(__m256i low, __m256i high)
{
  return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2_TARGET static inline uint64_t
equal(__m256i low, __m256i high, char byte)
{
  __m256i all = _mm256_set1_epi8(byte);
  return join(_mm256_cmpeq_epi8(low, all), _mm256_cmpeq_epi8(high, all));
}

AVX2_TARGET static inline void
classify_avx2(__m256i low, __m256i high, struct json_masks *m)
{
  const __m256i spaces = _mm256_setr_epi8(SPACES, SPACES);
  const __m256i punctuations = _mm256_setr_epi8(PUNCTUATIONS, PUNCTUATIONS);
  const __m256i bit5 = _mm256_set1_epi8(0x20), last_control = _mm256_set1_epi8(0x1f);
  m->quote = equal(low, high, '"');
  m->backslash = equal(low, high, '\\');
  m->newline = equal(low, high, '\n');
  m->control = join(_mm256_cmpeq_epi8(_mm256_min_epu8(low, last_control), low),
                    _mm256_cmpeq_epi8(_mm256_min_epu8(high, last_control), high));
  m->space = join(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(spaces, low), low),
                  _mm256_cmpeq_epi8(_mm256_shuffle_epi8(spaces, high), high));
  m->punctuation =
      join(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(punctuations, low), _mm256_or_si256(low, bit5)),
           _mm256_cmpeq_epi8(_mm256_shuffle_epi8(punctuations, high), _mm256_or_si256(high, bit5)));
}

/* Write the numbers of the bits that are set, four at a time; up to three beyond the last are written too. */
AVX2_TARGET static inline uint32_t *
write_bits(uint64_t bits, uint32_t base, uint32_t *out)
{
  uint32_t *end = out + __builtin_popcountll(bits);
  for (; bits; out += 4)
    for (int k = 0; k < 4; k++) {
      out[k] = base + (uint32_t)_tzcnt_u64(bits);
      bits &= bits - 1;
    }
  return end;
}

AVX2_TARGET uint32_t *
json_scan_avx2(struct json_scan *scan, const char *data, size_t from, size_t to, uint32_t *out)
{
  __m256i any = _mm256_setzero_si256();
  scan->ascii = true;
  for (size_t at = from; at < to; at += 64) {
    struct json_masks m;
    uint64_t escaped, within = bits_below(to - at);
    __m256i low = _mm256_loadu_si256((const __m256i *)(data + at));
    __m256i high = _mm256_loadu_si256((const __m256i *)(data + at + 32));
    if (to - at >= 64)
      any = _mm256_or_si256(any, _mm256_or_si256(low, high));
    else
      scan->ascii = false; /* what follows the end is not known */
    classify_avx2(low, high, &m);
    uint64_t begins = json_escapes(m.backslash, &scan->escaped, &escaped);
    uint64_t quote = m.quote & ~escaped;
    uint64_t tokens = json_tokens(scan, &m, quote, begins, PREFIX_XOR(quote));
    out = write_bits(tokens & within, (uint32_t)at, out);
  }
  scan->ascii = scan->ascii && !_mm256_movemask_epi8(any);
  return out;
}

/* --- AVX-512 --- */

/* Write the numbers of the bits that are set, sixteen at a time. */
AVX512_TARGET static inline uint32_t *
write_bits_avx512(uint64_t bits, __m512i numbers, uint32_t base, uint32_t *out)
{
  size_t n = (size_t)__builtin_popcountll(bits);
  __m512i packed = _mm512_maskz_compress_epi8(bits, numbers);
  __m512i start = _mm512_set1_epi32((int)base);
  _mm512_storeu_si512(out, _mm512_add_epi32(start, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed))));
  if (n > 16)
    _mm512_storeu_si512(out + 16,
                        _mm512_add_epi32(start, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 1))));
  if (n > 32) {
    _mm512_storeu_si512(out + 32,
                        _mm512_add_epi32(start, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 2))));
    _mm512_storeu_si512(out + 48,
                        _mm512_add_epi32(start, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 3))));
  }
  return out + n;
}

AVX512_TARGET uint32_t *
json_scan_avx512(struct json_scan *scan, const char *data, size_t from, size_t to, uint32_t *out)
{
  static const int8_t zero_to_63[64] __attribute__((aligned(64))) = {
      0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
      22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
      44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
  const __m512i numbers = _mm512_load_si512(zero_to_63);
  const __m512i spaces = _mm512_broadcast_i32x4(_mm_setr_epi8(SPACES));
  const __m512i punctuations = _mm512_broadcast_i32x4(_mm_setr_epi8(PUNCTUATIONS));
  const __m512i bit5 = _mm512_set1_epi8(0x20);
  __m512i any = _mm512_setzero_si512();
  for (size_t at = from; at < to; at += 64) {
    struct json_masks m;
    uint64_t escaped, within = bits_below(to - at);
    __m512i bytes = _mm512_maskz_loadu_epi8(within, data + at);
    any = _mm512_or_si512(any, bytes);
    m.quote = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"'));
    m.backslash = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'));
    m.newline = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    m.control = _mm512_cmplt_epu8_mask(bytes, bit5);
    m.space = _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(spaces, bytes), bytes);
    m.punctuation =
        _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(punctuations, bytes), _mm512_or_si512(bytes, bit5));
    uint64_t begins = json_escapes(m.backslash, &scan->escaped, &escaped);
    uint64_t quote = m.quote & ~escaped;
    uint64_t tokens = json_tokens(scan, &m, quote, begins, PREFIX_XOR(quote));
    out = write_bits_avx512(tokens & within, numbers, (uint32_t)at, out);
  }
  scan->ascii = !_mm512_movepi8_mask(any);
  return out;
}

#endif
