/* SPDX-License-Identifier: MIT */
/* Sets of shingles, their exact Jaccard index, and their least hashes. */
#include <string.h>

#include "base/cpu.h"
#include "ml/near_private.h"
#include "ml/rng.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

void
near_text_options(const WeirNearOptions *options, WeirTextOptions *text)
{
  gboolean words = options->kind == WEIR_SHINGLE_WORDS;
  *text = (WeirTextOptions){
      .lowercase = TRUE,
      .strip_accents = options->strip_accents,
      .word_min = words ? options->size : 0,
      .word_max = words ? options->size : 0,
      .char_min = words ? 0 : options->size,
      .char_max = words ? 0 : options->size,
      .char_mode = WEIR_CHARS_ACROSS,
      .max_bytes = options->max_bytes,
  };
}

NearReader *
near_reader_new(void)
{
  NearReader *reader = g_new0(NearReader, 1);
  reader->scratch = weir_text_scratch_new();
  return reader;
}

void
near_reader_free(NearReader *reader)
{
  if (!reader)
    return;
  weir_text_scratch_free(reader->scratch);
  g_free(reader);
}

NearShingles
near_shingles(NearReader *reader, const WeirTextOptions *options, const char *text, gsize length)
{
  WeirGrams grams = weir_text_grams(reader->scratch, options, text, length);
  if (grams.n)
    return (NearShingles){grams.hashes, grams.n};
  g_autofree char *whole = weir_text_normalise(reader->scratch, options, text, length);
  uint64_t hash = UINT64_C(0x2545f4914f6cdd1d);
  for (const char *at = whole; *at; at++)
    hash = weir_mix64(hash ^ (guint8)*at);
  reader->one = hash;
  return (NearShingles){&reader->one, *whole ? 1 : 0};
}

void
near_set_clear(NearSet *set)
{
  g_free(set->slots);
  g_free(set->members);
  *set = (NearSet){0};
}

/* The slot of a hash, or the free one where it would be. */
static inline gsize
find_slot(const NearSet *set, uint64_t hash)
{
  gsize at = (hash >> 20) & (set->size - 1);
  while (set->slots[at] && set->slots[at] != hash)
    at = (at + 1) & (set->size - 1);
  return at;
}

void
near_set_fill(NearSet *set, NearShingles shingles)
{
  gsize size = 16;
  while (size < 2 * shingles.n)
    size *= 2;
  if (size != set->size) {
    near_set_clear(set);
    set->slots = g_new(uint64_t, size);
    set->members = g_new(uint64_t, size / 2);
    set->size = size;
  }
  memset(set->slots, 0, size * sizeof *set->slots);
  set->n = 0;
  for (gsize i = 0; i < shingles.n; i++) {
    uint64_t hash = MAX(shingles.hashes[i], 1);
    gsize at = find_slot(set, hash);
    if (set->slots[at])
      continue;
    set->slots[at] = hash;
    set->members[set->n++] = hash;
  }
}

double
near_set_jaccard(const NearSet *a, const NearSet *b)
{
  gsize both = 0;
  for (gsize i = 0; i < b->n; i++)
    both += a->slots[find_slot(a, b->members[i])] != 0;
  gsize either = a->n + b->n - both;
  return either ? (double)both / (double)either : 1;
}

double
weir_near_jaccard(const WeirNearOptions *options, const char *a, gsize a_length, const char *b,
                  gsize b_length)
{
  WeirTextOptions text;
  NearSet left = {0}, right = {0};
  NearReader *reader = near_reader_new();
  near_text_options(options, &text);
  near_set_fill(&left, near_shingles(reader, &text, a, a_length));
  near_set_fill(&right, near_shingles(reader, &text, b, b_length));
  double s = near_set_jaccard(&left, &right);
  near_set_clear(&left);
  near_set_clear(&right);
  near_reader_free(reader);
  return s;
}

/* Shingles taken in one pass over the hash functions, which then are loaded once for all of them. */
#define AT_ONCE 4

/* The next shingles; the last one again where there are no more, which does no harm to a minimum. */
static inline void
take(NearShingles shingles, gsize i, uint32_t x[AT_ONCE])
{
  for (gsize k = 0; k < AT_ONCE; k++)
    x[k] = (uint32_t)(shingles.hashes[MIN(i + k, shingles.n - 1)] >> 32);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static inline __m256i
hashed(__m256i factor, __m256i term, uint32_t x)
{
  return _mm256_add_epi32(_mm256_mullo_epi32(factor, _mm256_set1_epi32((int32_t)x)), term);
}

__attribute__((target("avx2"))) static void
minima_avx2(NearShingles shingles, const uint32_t *factor, const uint32_t *term, uint32_t *least, guint n)
{
  for (gsize i = 0; i < shingles.n; i += AT_ONCE) {
    uint32_t x[AT_ONCE];
    take(shingles, i, x);
    for (guint j = 0; j < n; j += 8) {
      __m256i f = _mm256_loadu_si256((const __m256i *)(const void *)(factor + j));
      __m256i t = _mm256_loadu_si256((const __m256i *)(const void *)(term + j));
      __m256i m = _mm256_loadu_si256((const __m256i *)(const void *)(least + j));
      __m256i a = _mm256_min_epu32(hashed(f, t, x[0]), hashed(f, t, x[1]));
      __m256i b = _mm256_min_epu32(hashed(f, t, x[2]), hashed(f, t, x[3]));
      _mm256_storeu_si256((__m256i *)(void *)(least + j), _mm256_min_epu32(m, _mm256_min_epu32(a, b)));
    }
  }
}
#endif

static void
minima_any(NearShingles shingles, const uint32_t *factor, const uint32_t *term, uint32_t *least, guint n)
{
  for (gsize i = 0; i < shingles.n; i += AT_ONCE) {
    uint32_t x[AT_ONCE];
    take(shingles, i, x);
    for (guint j = 0; j < n; j++) {
      uint32_t a = factor[j] * x[0] + term[j], b = factor[j] * x[1] + term[j];
      uint32_t c = factor[j] * x[2] + term[j], d = factor[j] * x[3] + term[j];
      a = MIN(a, b);
      c = MIN(c, d);
      a = MIN(a, c);
      least[j] = MIN(least[j], a);
    }
  }
}

void
near_minima(NearShingles shingles, const uint32_t *factor, const uint32_t *term, uint32_t *least, guint n)
{
  memset(least, 0xff, n * sizeof *least);
#ifdef __x86_64__
  if (weir_cpu_has(WEIR_CPU_AVX2)) {
    minima_avx2(shingles, factor, term, least, n);
    return;
  }
#endif
  minima_any(shingles, factor, term, least, n);
}
