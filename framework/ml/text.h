/* SPDX-License-Identifier: MIT */
/* Turns text into normalised code points and those into the hashes of its word and character n-grams. */
#ifndef WEIR_ML_TEXT_H
#define WEIR_ML_TEXT_H

#include <glib.h>
#include <stdint.h>

/* Longest n-gram of either kind that the options may ask for. */
#define WEIR_MAX_NGRAM 8

/* Widest window of word pairs. */
#define WEIR_MAX_WINDOW 100

typedef enum {
  WEIR_CHARS_IN_WORDS, /* within each run between white space, padded with one space on both sides */
  WEIR_CHARS_ACROSS    /* over the whole text, each white space run counted as one space */
} WeirCharMode;

/* What is done to a text. An n-gram kind whose maximum is 0 is off. */
typedef struct {
  gboolean lowercase;     /* Unicode case folding */
  gboolean strip_accents; /* decompose (NFKD) and drop combining marks */
  guint word_min, word_max;
  guint pair_window; /* pairs of words at most so many words apart, whatever their order; 0 is off */
  guint pair_stem;   /* letters of a word that count in a pair, so that inflected forms agree; 0 is all */
  guint char_min, char_max;
  WeirCharMode char_mode;
  gsize max_bytes; /* the rest of a longer text is not read; cut between code points */
} WeirTextOptions;

/* Lower-case; words 1-2, pairs up to 10 words apart, characters 2-4 in words; at most 1 MiB of a text. */
#define WEIR_TEXT_OPTIONS_INIT                                                                         \
  {                                                                                                    \
    .lowercase = TRUE, .word_min = 1, .word_max = 2, .pair_window = 10, .pair_stem = 6, .char_min = 2, \
    .char_max = 4, .max_bytes = 1 << 20                                                                \
  }

/* Buffers of one thread; nothing is allocated for a text that is no longer than one before. */
typedef struct WeirTextScratch WeirTextScratch;

WeirTextScratch *weir_text_scratch_new(void);
void weir_text_scratch_free(WeirTextScratch *scratch);

/* The hashes of a text's n-grams, repeated as often as they occur: word n-grams first, then character
 * n-grams. They belong to the scratch and live until its next use. Equal text of different kinds has
 * different hashes. */
typedef struct {
  const uint64_t *hashes;
  gsize n_words; /* hashes of word n-grams and pairs */
  gsize n;       /* all hashes */
} WeirGrams;

/* Reads `length` bytes of UTF-8 and extracts its n-grams; bytes that are not UTF-8 count as white space.
 *
 * Words are runs of letters, marks and digits. In scripts that put no space between words (Han, Hiragana,
 * Katakana, Thai, Lao, Khmer, Burmese) every letter with its marks is a word of its own, so word 2-grams are
 * pairs of letters. Text that is not plain ASCII is brought to Unicode's NFKC form first, so that composed,
 * decomposed and full-width spellings agree. A text without any word, such as "?!", still has character
 * n-grams; an empty one has none. */
WeirGrams weir_text_grams(WeirTextScratch *scratch, const WeirTextOptions *options, const char *text,
                          gsize length);

/* The normalised code points of a text, for tests and for explaining features; NUL-terminated UTF-8, free
 * with g_free(). */
char *weir_text_normalise(WeirTextScratch *scratch, const WeirTextOptions *options, const char *text,
                          gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirTextScratch, weir_text_scratch_free)

#endif
