/* SPDX-License-Identifier: MIT */
/*
 * Finds where the fields of CSV end, 64 bytes at a time: a bit a byte says what is a quote, a delimiter, a
 * line end; the parity of the quotes so far says what is inside them. After Langdale and Lemire, "Parsing
 * gigabytes of JSON per second" (2019, https://doi.org/10.1007/s00778-019-00578-5), section 3.1.
 */
#include "config.h"

#include "csv_index.h"

#include "base/cpu.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* What stands where in 64 bytes: bit k for byte k. */
struct block {
  uint64_t quote, delimiter, lf, cr, nul;
};

/* What one block hands to the next: bit 0 only, but for `inside`, which is all ones or none. */
struct carry {
  uint64_t inside;      /* the block begins inside quotes */
  uint64_t after_end;   /* the byte before it was the end of a field */
  uint64_t after_quote; /* ... was a quote */
  uint64_t after_close; /* ... was a closing quote */
  uint64_t after_cr;    /* ... was a CR that ended a field */
};

/* Instructions of one CPU: classify 64 bytes, XOR of all bits up to each, write positions of bits. */
struct kernel {
  void (*classify)(const char *data, struct csv_dialect dialect, struct block *block);
  uint64_t (*parity)(uint64_t bits);
  uint32_t *(*write)(uint32_t *to, uint64_t bits, uint32_t base);
};

/* The fields' ends in a block, and what is odd in it. */
static inline __attribute__((always_inline)) uint64_t
find_ends(const struct kernel *kernel, const struct block *b, struct carry *carry, uint64_t *odd)
{
  uint64_t inside = kernel->parity(b->quote) ^ carry->inside; /* an opening quote is inside, a closing not */
  uint64_t opening = b->quote & inside, closing = b->quote & ~inside;
  uint64_t ends = (b->delimiter | b->lf | b->cr) & ~inside;
  uint64_t cr = b->cr & ~inside;
  uint64_t after_end = ends << 1 | carry->after_end;
  uint64_t after_quote = b->quote << 1 | carry->after_quote;
  uint64_t after_close = closing << 1 | carry->after_close;
  uint64_t after_cr = cr << 1 | carry->after_cr;

  *odd = (opening & ~(after_end | after_quote)) | (after_close & ~(ends | b->quote)) | b->nul;
  carry->inside = 0 - (inside >> 63);
  carry->after_end = ends >> 63;
  carry->after_quote = b->quote >> 63;
  carry->after_close = closing >> 63;
  carry->after_cr = cr >> 63;
  return ends & ~(b->lf & after_cr);
}

static inline __attribute__((always_inline)) void
build(const struct kernel *kernel, struct csv_index *index, const char *data, size_t len,
      struct csv_dialect dialect)
{
  struct carry carry = {.after_end = 1};
  uint32_t *to = index->ends;
  index->odd = len;
  for (size_t at = 0; at < len; at += 64) {
    struct block block;
    uint64_t ends, odd, valid = len - at >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (len - at)) - 1;
    kernel->classify(data + at, dialect, &block);
    ends = find_ends(kernel, &block, &carry, &odd) & valid;
    odd &= valid;
    if (__builtin_expect(odd != 0, 0)) {
      index->odd = at + (size_t)__builtin_ctzll(odd);
      to = kernel->write(to, ends & ((odd & (0 - odd)) - 1), (uint32_t)at);
      break;
    }
    to = kernel->write(to, ends, (uint32_t)at);
  }
  index->n = (size_t)(to - index->ends);
}

/* --- Any CPU ----------------------------------------------------------------------------------------------
 */

/* Bytes of `word` that are zero, as bits 0 to 7. */
static inline uint64_t
zero_bytes(uint64_t word)
{
  const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
  uint64_t zero = ~(((word & low) + low) | word | low);
  return ((zero >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

static inline uint64_t
load_word(const char *data)
{
  uint64_t word = 0;
  for (int k = 7; k >= 0; k--)
    word = word << 8 | (unsigned char)data[k];
  return word;
}

static inline void
classify_portable(const char *data, struct csv_dialect dialect, struct block *block)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  struct block b = {0};
  for (unsigned k = 0; k < 64; k += 8) {
    uint64_t word = load_word(data + k);
    b.nul |= zero_bytes(word) << k;
    b.lf |= zero_bytes(word ^ ones * '\n') << k;
    b.cr |= zero_bytes(word ^ ones * '\r') << k;
    b.delimiter |= zero_bytes(word ^ ones * (unsigned char)dialect.delimiter) << k;
    if (dialect.quote)
      b.quote |= zero_bytes(word ^ ones * (unsigned char)dialect.quote) << k;
  }
  *block = b;
}

static inline uint64_t
parity_portable(uint64_t bits)
{
  for (unsigned k = 1; k < 64; k *= 2)
    bits ^= bits << k;
  return bits;
}

static inline uint32_t *
write_portable(uint32_t *to, uint64_t bits, uint32_t base)
{
  for (; bits; bits &= bits - 1)
    *to++ = base + (uint32_t)__builtin_ctzll(bits);
  return to;
}

static void
build_portable(struct csv_index *index, const char *data, size_t len, struct csv_dialect dialect)
{
  static const struct kernel kernel = {classify_portable, parity_portable, write_portable};
  build(&kernel, index, data, len, dialect);
}

/* --- x86 --------------------------------------------------------------------------------------------------
 */

#if defined(__x86_64__)

#define AVX2   __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,popcnt,pclmul")))

/* A product without carries with all ones is the parity of the bits up to each. */
AVX2 static inline uint64_t
parity_pclmul(uint64_t bits)
{
  __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)bits), _mm_set1_epi8((char)0xff), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

/* Eight at a time, more than there are if need be: counting them is slower than writing them. */
AVX2 static inline uint32_t *
write_bmi(uint32_t *to, uint64_t bits, uint32_t base)
{
  uint32_t *end = to + _mm_popcnt_u64(bits);
  for (; to < end; to += 8)
    for (int k = 0; k < 8; k++) {
      to[k] = base + (uint32_t)_tzcnt_u64(bits);
      bits = _blsr_u64(bits);
    }
  return end;
}

AVX2 static inline uint64_t
equal_avx2(__m256i low, __m256i high, char c)
{
  __m256i all = _mm256_set1_epi8(c);
  uint64_t bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, all));
  return bits | (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, all)) << 32;
}

AVX2 static inline void
classify_avx2(const char *data, struct csv_dialect dialect, struct block *block)
{
  __m256i low = _mm256_loadu_si256((const __m256i *)data);
  __m256i high = _mm256_loadu_si256((const __m256i *)(data + 32));
  block->quote = dialect.quote ? equal_avx2(low, high, dialect.quote) : 0;
  block->delimiter = equal_avx2(low, high, dialect.delimiter);
  block->lf = equal_avx2(low, high, '\n');
  block->cr = equal_avx2(low, high, '\r');
  block->nul = equal_avx2(low, high, 0);
}

AVX2 static void
build_avx2(struct csv_index *index, const char *data, size_t len, struct csv_dialect dialect)
{
  static const struct kernel kernel = {classify_avx2, parity_pclmul, write_bmi};
  build(&kernel, index, data, len, dialect);
}

AVX512 static inline void
classify_avx512(const char *data, struct csv_dialect dialect, struct block *block)
{
  __m512i all = _mm512_loadu_si512(data);
  block->quote = dialect.quote ? _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(dialect.quote)) : 0;
  block->delimiter = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(dialect.delimiter));
  block->lf = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\n'));
  block->cr = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\r'));
  block->nul = _mm512_testn_epi8_mask(all, all);
}

AVX512 static void
build_avx512(struct csv_index *index, const char *data, size_t len, struct csv_dialect dialect)
{
  static const struct kernel kernel = {classify_avx512, parity_pclmul, write_bmi};
  build(&kernel, index, data, len, dialect);
}

#endif

/* --- Choice -----------------------------------------------------------------------------------------------
 */

bool
csv_cpu_has(enum csv_cpu cpu)
{
  if (cpu == CSV_AVX2)
    return weir_cpu_has(WEIR_CPU_AVX2);
  if (cpu == CSV_AVX512)
    return weir_cpu_has(WEIR_CPU_AVX512);
  return true;
}

/* Room for an end a byte, and for the eight that are written at once. */
static bool
make_room(struct csv_index *index, size_t len)
{
  size_t wanted = len + 64 + 8;
  if (index->capacity < wanted) {
    free(index->ends);
    index->ends = malloc(wanted * sizeof *index->ends);
    index->capacity = index->ends ? wanted : 0;
  }
  index->n = 0;
  return index->ends != NULL;
}

bool
csv_index_build(struct csv_index *index, const char *data, size_t len, struct csv_dialect dialect,
                enum csv_cpu cpu)
{
  if (!make_room(index, len))
    return false;
#if defined(__x86_64__)
  if (cpu == CSV_AVX512 || (cpu == CSV_BEST && csv_cpu_has(CSV_AVX512)))
    build_avx512(index, data, len, dialect);
  else if (cpu == CSV_AVX2 || (cpu == CSV_BEST && csv_cpu_has(CSV_AVX2)))
    build_avx2(index, data, len, dialect);
  else
#endif
    build_portable(index, data, len, dialect);
  return true;
}

void
csv_index_clear(struct csv_index *index)
{
  free(index->ends);
  *index = (struct csv_index){0};
}
