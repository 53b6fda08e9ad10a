/* SPDX-License-Identifier: MIT */
/* Checks normalisation, the words of many scripts, and n-gram hashes. */
#include <string.h>

#include "ml/text.h"

static void
check_normal(const WeirTextOptions *options, const char *text, const char *wanted)
{
  g_autoptr(WeirTextScratch) scratch = weir_text_scratch_new();
  g_autofree char *normal = weir_text_normalise(scratch, options, text, strlen(text));
  g_assert_cmpstr(normal, ==, wanted);
}

static void
test_normalise(void)
{
  WeirTextOptions options = WEIR_TEXT_OPTIONS_INIT;
  check_normal(&options, "", "");
  check_normal(&options, " \t\r\n ", "");
  check_normal(&options, "  Hello,\n\n WORLD!\t", "hello, world!");
  check_normal(&options,
               "Stra\xc3\x9f"
               "e",
               "strasse");
  check_normal(&options, "\xc3\x89T\xc3\x89", "\xc3\xa9t\xc3\xa9");
  check_normal(&options, "E\xcc\x81te", "\xc3\xa9te");                   /* decomposed */
  check_normal(&options, "\xef\xbc\xa1\xef\xbc\xa2", "ab");              /* full-width */
  check_normal(&options, "a\xc2\xa0\xe3\x80\x80\xc3\xa9", "a \xc3\xa9"); /* no-break and ideographic space */
  check_normal(&options, "co\xc2\xadop\xc3\xa9", "coop\xc3\xa9");        /* a soft hyphen shows nothing */
  options.strip_accents = TRUE;
  check_normal(&options, "\xc3\x89T\xc3\x89 na\xc3\xafve", "ete naive");
  options.lowercase = FALSE;
  check_normal(&options, "\xc3\x89T\xc3\x89 Na", "ETE Na");
  check_normal(&options, "Ab", "Ab");
}

/* What is not UTF-8 separates, and never reaches beyond the text. */
static void
test_invalid(void)
{
  WeirTextOptions options = WEIR_TEXT_OPTIONS_INIT;
  check_normal(&options,
               "a\xff\xfe"
               "b",
               "a b");
  check_normal(&options, "\xc3", "");
  check_normal(&options, "a\xe3\x81", "a");
  check_normal(&options, "\xed\xa0\x80x", "x"); /* a surrogate */
}

static void
test_cut(void)
{
  WeirTextOptions options = WEIR_TEXT_OPTIONS_INIT;
  options.max_bytes = 4;
  check_normal(&options, "abcdef", "abcd");
  check_normal(&options, "abc\xc3\xa9", "abc"); /* not through the middle of a code point */
  check_normal(&options, "ab\xc3\xa9z", "ab\xc3\xa9");
}

/* The number of n-grams of each kind. */
static void
check_counts(const WeirTextOptions *options, const char *text, gsize n_words, gsize n_chars)
{
  g_autoptr(WeirTextScratch) scratch = weir_text_scratch_new();
  WeirGrams grams = weir_text_grams(scratch, options, text, strlen(text));
  g_assert_cmpuint(grams.n_words, ==, n_words);
  g_assert_cmpuint(grams.n - grams.n_words, ==, n_chars);
}

static void
test_words(void)
{
  WeirTextOptions options = {.lowercase = TRUE, .word_min = 1, .word_max = 1, .max_bytes = 1000};
  check_counts(&options, "", 0, 0);
  check_counts(&options, "?! ...", 0, 0);
  check_counts(&options, "I can't, 2 ways", 5, 0);
  check_counts(&options, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xce\xba\xce\xb1\xce\xb9", 2, 0);
  check_counts(&options, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 3, 0); /* three ideographs */
  check_counts(&options,
               "ab\xe6\x97\xa5"
               "cd",
               3, 0);
  check_counts(&options, "\xe0\xb9\x81\xe0\xb8\xa1\xe0\xb8\xa7", 3, 0); /* Thai letters */
  check_counts(&options, "\xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8\xe0\xa5\x8d\xe0\xa4\xa4\xe0\xa5\x87", 1,
               0); /* Hindi */
  options.word_max = 2;
  check_counts(&options, "a b c", 5, 0);
  options.word_min = 2;
  check_counts(&options, "a b c", 2, 0);
  check_counts(&options, "a", 0, 0);
  options = (WeirTextOptions){.pair_window = 2, .max_bytes = 1000};
  check_counts(&options, "a b c d", 5, 0); /* ab ac bc bd cd */
}

static void
test_chars(void)
{
  WeirTextOptions options = {.lowercase = TRUE, .char_min = 2, .char_max = 3, .max_bytes = 1000};
  check_counts(&options, "", 0, 0);
  check_counts(&options, "ab", 0, 5); /* "_a" "ab" "b_" "_ab" "ab_" */
  check_counts(&options, "a", 0, 3);  /* "_a" "a_" "_a_" */
  check_counts(&options, "a ?", 0, 6);
  check_counts(&options, "\xf0\x9f\x98\x80", 0, 3);
  options.char_mode = WEIR_CHARS_ACROSS;
  check_counts(&options, "a ?", 0, 7);
}

static uint64_t
only_hash(const WeirTextOptions *options, const char *text)
{
  g_autoptr(WeirTextScratch) scratch = weir_text_scratch_new();
  WeirGrams grams = weir_text_grams(scratch, options, text, strlen(text));
  g_assert_cmpuint(grams.n, ==, 1);
  return grams.hashes[0];
}

static void
test_hashes(void)
{
  WeirTextOptions word = {.lowercase = TRUE, .word_min = 1, .word_max = 1, .max_bytes = 1000};
  WeirTextOptions pair = {.lowercase = TRUE, .pair_window = 5, .pair_stem = 3, .max_bytes = 1000};
  WeirTextOptions chars = {.lowercase = TRUE, .char_min = 3, .char_max = 3, .max_bytes = 1000};
  g_assert_cmpuint(only_hash(&word, "Card"), ==, only_hash(&word, " card!"));
  g_assert_cmpuint(only_hash(&word, "card"), !=, only_hash(&word, "cards"));
  g_assert_cmpuint(only_hash(&word, "\xc3\xa9"), ==, only_hash(&word, "E\xcc\x81"));
  /* Pairs forget order and endings. */
  g_assert_cmpuint(only_hash(&pair, "lost card"), ==, only_hash(&pair, "cards, lost"));
  g_assert_cmpuint(only_hash(&pair, "lost card"), !=, only_hash(&pair, "lost cat"));
  g_assert_cmpuint(only_hash(&pair, "los car"), !=, only_hash(&word, "loscar"));
  /* Kinds are kept apart. */
  g_assert_cmpuint(only_hash(&chars, "a"), !=, only_hash(&word, "a"));
}

/* The two readers must agree on plain text: one long text in which a last é sends all of it the slow way. */
static void
test_paths_agree(void)
{
  WeirTextOptions options = WEIR_TEXT_OPTIONS_INIT;
  const char *text = "Why is my   card\tnot Working?! e-mail: A_b@c.com 12,50";
  g_autofree char *longer = g_strconcat(text, " \xc3\xa9", NULL);
  g_autoptr(WeirTextScratch) scratch = weir_text_scratch_new();
  g_autofree char *fast = weir_text_normalise(scratch, &options, text, strlen(text));
  g_autofree char *slow = weir_text_normalise(scratch, &options, longer, strlen(longer));
  slow[strlen(fast)] = '\0';
  g_assert_cmpstr(fast, ==, slow);
}

/* Ten megabytes without white space, of both kinds: bounded by the option, and done. */
static void
test_large(void)
{
  WeirTextOptions options = WEIR_TEXT_OPTIONS_INIT;
  const gsize size = 10 << 20;
  g_autofree char *text = g_malloc(size);
  g_autoptr(WeirTextScratch) scratch = weir_text_scratch_new();
  memset(text, 'a', size);
  g_assert_cmpuint(weir_text_grams(scratch, &options, text, size).n, ==, 1 + 3 * options.max_bytes);
  for (gsize i = 0; i + 3 <= size; i += 3)
    memcpy(text + i, "\xe6\x97\xa5", 3);
  g_assert_cmpuint(weir_text_grams(scratch, &options, text, size).n, >, options.max_bytes / 3);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/text/normalise", test_normalise);
  g_test_add_func("/text/invalid", test_invalid);
  g_test_add_func("/text/cut", test_cut);
  g_test_add_func("/text/words", test_words);
  g_test_add_func("/text/chars", test_chars);
  g_test_add_func("/text/hashes", test_hashes);
  g_test_add_func("/text/paths-agree", test_paths_agree);
  g_test_add_func("/text/large", test_large);
  return g_test_run();
}
