/* SPDX-License-Identifier: MIT */
/* Normalises text and hashes its n-grams, with a fast path for ASCII. */
#include "ml/text.h"

#include <string.h>
#include <utf8proc.h>

/* Multipliers are odd and random; they spread a code point over the whole word. */
#define STEP_FACTOR  UINT64_C(0xd6e8feb86659fd93)
#define FINAL_FACTOR UINT64_C(0xa0761d6478bd642f)
#define WORD_SALT    UINT64_C(0x2d358dccaa6c78a5)
#define PAIR_SALT    UINT64_C(0x4b33a62ed433d4a3)
#define CHAR_SALT    UINT64_C(0x8bb84b93962eacc9)

struct WeirTextScratch {
  utf8proc_int32_t *points; /* normalised text; white space is one ' ' between runs, none at the ends */
  gsize n_points, points_size;
  uint64_t *hashes;
  gsize n_hashes, hashes_size;
  uint64_t *words; /* a hash a word */
  uint64_t *stems; /* a hash of the first letters of each word */
  gsize n_words, words_size, stems_size;
};

WeirTextScratch *
weir_text_scratch_new(void)
{
  return g_new0(WeirTextScratch, 1);
}

void
weir_text_scratch_free(WeirTextScratch *scratch)
{
  if (!scratch)
    return;
  g_free(scratch->points);
  g_free(scratch->hashes);
  g_free(scratch->words);
  g_free(scratch->stems);
  g_free(scratch);
}

/* Makes an array at least `wanted` items long; what it held is kept. */
#define RESERVE(array, size, wanted)                            \
  do {                                                          \
    if ((size) < (wanted)) {                                    \
      (size) = MAX((wanted), 2 * (size));                       \
      (array) = g_renew(__typeof__(*(array)), (array), (size)); \
    }                                                           \
  } while (0)

/* ASCII needs no tables: folding is one bit, white space and control are what is not above ' '. */
static gsize
read_ascii(WeirTextScratch *scratch, const char *text, gsize length, gboolean lowercase)
{
  utf8proc_int32_t *out = scratch->points;
  gsize i = 0, n = 0;
  for (; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c >= 0x80)
      return i;
    if (c <= ' ' || c == 0x7f) {
      if (n && out[n - 1] != ' ')
        out[n++] = ' ';
      continue;
    }
    out[n++] = lowercase && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
  }
  scratch->n_points = n - (n && out[n - 1] == ' ');
  return i;
}

static gboolean
is_space(utf8proc_int32_t point)
{
  if (point <= ' ' || point == 0x7f)
    return TRUE;
  switch (utf8proc_category(point)) {
  case UTF8PROC_CATEGORY_ZS:
  case UTF8PROC_CATEGORY_ZL:
  case UTF8PROC_CATEGORY_ZP:
  case UTF8PROC_CATEGORY_CC:
    return TRUE;
  default:
    return FALSE;
  }
}

static int
normalisation(const WeirTextOptions *options)
{
  int flags = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_IGNORE;
  flags |= options->strip_accents ? UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK : UTF8PROC_COMPOSE;
  return options->lowercase ? flags | UTF8PROC_CASEFOLD : flags;
}

/* Decomposes one code point to the end of the points. */
static void
append_point(WeirTextScratch *scratch, utf8proc_int32_t point, int flags)
{
  int boundary = 0;
  for (;;) {
    utf8proc_ssize_t room = (utf8proc_ssize_t)(scratch->points_size - scratch->n_points);
    utf8proc_ssize_t n = utf8proc_decompose_char(point, scratch->points + scratch->n_points, room,
                                                 (utf8proc_option_t)flags, &boundary);
    if (n < 0)
      return;
    if (n <= room) {
      scratch->n_points += (gsize)n;
      return;
    }
    RESERVE(scratch->points, scratch->points_size, scratch->n_points + (gsize)n);
  }
}

/* White space runs become one ' ', none at the ends. */
static void
squeeze_spaces(WeirTextScratch *scratch)
{
  utf8proc_int32_t *points = scratch->points;
  gsize n = 0;
  for (gsize i = 0; i < scratch->n_points; i++) {
    if (!is_space(points[i]))
      points[n++] = points[i];
    else if (n && points[n - 1] != ' ')
      points[n++] = ' ';
  }
  scratch->n_points = n - (n && points[n - 1] == ' ');
}

static void
read_unicode(WeirTextScratch *scratch, const WeirTextOptions *options, const char *text, gsize length)
{
  int flags = normalisation(options);
  scratch->n_points = 0;
  for (gsize i = 0; i < length;) {
    utf8proc_int32_t point = ' ';
    utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(length - i), &point);
    i += n > 0 ? (gsize)n : 1;
    append_point(scratch, n > 0 && !is_space(point) ? point : ' ', flags);
  }
  utf8proc_ssize_t n = utf8proc_normalize_utf32(scratch->points, (utf8proc_ssize_t)scratch->n_points,
                                                (utf8proc_option_t)flags);
  scratch->n_points = n > 0 ? (gsize)n : 0;
  squeeze_spaces(scratch);
}

/* The end of the last whole code point within `max` bytes. */
static gsize
cut_length(const char *text, gsize length, gsize max)
{
  if (length <= max)
    return length;
  while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
    max--;
  return max;
}

static void
read_text(WeirTextScratch *scratch, const WeirTextOptions *options, const char *text, gsize length)
{
  length = cut_length(text, length, options->max_bytes);
  RESERVE(scratch->points, scratch->points_size, length + 16);
  scratch->n_points = 0;
  if (length && read_ascii(scratch, text, length, options->lowercase) < length)
    read_unicode(scratch, options, text, length);
}

typedef enum { OTHER, LETTER, MARK, IDEOGRAPH } PointKind;

/* Letters of scripts that are written without spaces between words. */
static gboolean
is_unspaced(utf8proc_int32_t c)
{
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3005 && c <= 0x3007) || (c >= 0x3041 && c <= 0x30ff) ||
         (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x0e00 && c <= 0x0eff) || (c >= 0x1000 && c <= 0x109f) ||
         (c >= 0x1780 && c <= 0x17ff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

static PointKind
kind_of_unicode(utf8proc_int32_t c)
{
  switch (utf8proc_category(c)) {
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
    return MARK;
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
    return is_unspaced(c) ? IDEOGRAPH : LETTER;
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_NO:
    return LETTER;
  default:
    return OTHER;
  }
}

static inline PointKind
kind_of(utf8proc_int32_t c)
{
  if (c >= 0x80)
    return kind_of_unicode(c);
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ? LETTER : OTHER;
}

static inline uint64_t
step(uint64_t hash, uint64_t item)
{
  hash = (hash ^ item) * STEP_FACTOR;
  return hash ^ (hash >> 32);
}

static inline uint64_t
finish(uint64_t hash)
{
  hash *= FINAL_FACTOR;
  return hash ^ (hash >> 29);
}

/* The word at hand while the text is read. */
typedef struct {
  PointKind kind; /* OTHER between words, otherwise what the word is made of */
  uint64_t hash;
  guint letters;
} Word;

static void
end_word(WeirTextScratch *scratch, Word *word)
{
  if (word->kind != OTHER)
    scratch->words[scratch->n_words++] = word->hash;
  *word = (Word){OTHER, 0, 0};
}

/* Finds the words and keeps a hash of each, and one of its first `stem` letters. */
static void
hash_words(WeirTextScratch *scratch, guint stem)
{
  RESERVE(scratch->words, scratch->words_size, scratch->n_points + 1);
  RESERVE(scratch->stems, scratch->stems_size, scratch->n_points + 1);
  scratch->n_words = 0;
  Word word = {OTHER, 0, 0};
  for (gsize i = 0; i < scratch->n_points; i++) {
    PointKind kind = kind_of(scratch->points[i]);
    if (kind == MARK)
      kind = word.kind == OTHER ? LETTER : word.kind;
    else if (kind != word.kind || kind == IDEOGRAPH)
      end_word(scratch, &word);
    if (kind == OTHER)
      continue;
    word.kind = kind;
    word.hash = step(word.hash, (uint64_t)scratch->points[i]);
    if (!stem || word.letters++ < stem)
      scratch->stems[scratch->n_words] = word.hash;
  }
  end_word(scratch, &word);
}

static void
append_word_grams(WeirTextScratch *scratch, guint min, guint max)
{
  RESERVE(scratch->hashes, scratch->hashes_size, scratch->n_hashes + scratch->n_words * (max - min + 1));
  uint64_t *out = scratch->hashes + scratch->n_hashes;
  for (gsize i = 0; i < scratch->n_words; i++) {
    uint64_t hash = WORD_SALT;
    gsize end = MIN(scratch->n_words, i + max);
    for (gsize j = i; j < end; j++) {
      hash = step(hash, scratch->words[j]);
      if (j - i + 1 >= min)
        *out++ = finish(hash);
    }
  }
  scratch->n_hashes = (gsize)(out - scratch->hashes);
}

/* Pairs of near words; the smaller hash goes first, so that their order in the text does not count. */
static void
append_pairs(WeirTextScratch *scratch, guint window)
{
  RESERVE(scratch->hashes, scratch->hashes_size, scratch->n_hashes + scratch->n_words * window);
  uint64_t *out = scratch->hashes + scratch->n_hashes;
  for (gsize i = 0; i < scratch->n_words; i++) {
    gsize end = MIN(scratch->n_words, i + window + 1);
    for (gsize j = i + 1; j < end; j++) {
      uint64_t a = scratch->stems[i], b = scratch->stems[j];
      *out++ = finish(step(step(PAIR_SALT, MIN(a, b)), MAX(a, b)));
    }
  }
  scratch->n_hashes = (gsize)(out - scratch->hashes);
}

/* Hashes every substring of min..max points of a run with one space before and one after it. */
static uint64_t *
hash_run(const utf8proc_int32_t *points, gsize n, guint min, guint max, uint64_t *out)
{
  for (gsize i = 0; i < n + 2; i++) {
    uint64_t hash = CHAR_SALT;
    gsize end = MIN(n + 2, i + max);
    for (gsize j = i; j < end; j++) {
      hash = step(hash, j == 0 || j == n + 1 ? ' ' : (uint64_t)points[j - 1]);
      if (j - i + 1 >= min)
        *out++ = finish(hash);
    }
  }
  return out;
}

static void
append_char_grams(WeirTextScratch *scratch, guint min, guint max, WeirCharMode mode)
{
  /* A run of one point and its two spaces make up to three grams a length, hence the factor. */
  gsize most = (scratch->n_points * 2 + 4) * (max - min + 1);
  RESERVE(scratch->hashes, scratch->hashes_size, scratch->n_hashes + most);
  uint64_t *out = scratch->hashes + scratch->n_hashes;
  gsize from = 0, n = scratch->n_points;
  if (mode == WEIR_CHARS_ACROSS && n)
    out = hash_run(scratch->points, n, min, max, out);
  while (mode == WEIR_CHARS_IN_WORDS && from < n) {
    gsize to = from;
    while (to < n && scratch->points[to] != ' ')
      to++;
    out = hash_run(scratch->points + from, to - from, min, max, out);
    from = to + 1;
  }
  scratch->n_hashes = (gsize)(out - scratch->hashes);
}

WeirGrams
weir_text_grams(WeirTextScratch *scratch, const WeirTextOptions *options, const char *text, gsize length)
{
  read_text(scratch, options, text, length);
  scratch->n_hashes = 0;
  if (options->word_max || options->pair_window)
    hash_words(scratch, options->pair_stem);
  if (options->word_max)
    append_word_grams(scratch, MAX(options->word_min, 1), options->word_max);
  if (options->pair_window)
    append_pairs(scratch, options->pair_window);
  gsize n_words = scratch->n_hashes;
  if (options->char_max)
    append_char_grams(scratch, MAX(options->char_min, 1), options->char_max, options->char_mode);
  return (WeirGrams){.hashes = scratch->hashes, .n_words = n_words, .n = scratch->n_hashes};
}

char *
weir_text_normalise(WeirTextScratch *scratch, const WeirTextOptions *options, const char *text, gsize length)
{
  read_text(scratch, options, text, length);
  GString *out = g_string_sized_new(scratch->n_points + 1);
  for (gsize i = 0; i < scratch->n_points; i++)
    g_string_append_unichar(out, (gunichar)scratch->points[i]);
  return g_string_free(out, FALSE);
}
