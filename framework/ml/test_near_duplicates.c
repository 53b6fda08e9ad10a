/* SPDX-License-Identifier: MIT */
/* Holds near-duplicates that are found against exact Jaccard indexes, on generated texts. */
#include "ml/near_duplicates.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ml/near_private.h"
#include "ml/rng.h"
#include "ml/test_threads.h"

/* --- Texts --- */

static GPtrArray *
texts_new(void)
{
  return g_ptr_array_new_with_free_func(g_free);
}

/* Words of random letters. */
static char *
random_text(WeirRng *rng, gsize length)
{
  char *text = g_malloc(length + 1);
  for (gsize i = 0; i < length; i++)
    text[i] = weir_rng_below(rng, 6) ? (char)('a' + weir_rng_below(rng, 26)) : ' ';
  text[0] = text[length - 1] = 'x';
  text[length] = '\0';
  return text;
}

/* A copy in which so many letters are others. */
static char *
changed_text(WeirRng *rng, const char *text, guint n_changes)
{
  char *copy = g_strdup(text);
  gsize length = strlen(copy);
  for (guint i = 0; i < n_changes; i++)
    copy[1 + weir_rng_below(rng, length - 2)] = (char)('A' + weir_rng_below(rng, 26));
  return copy;
}

static double
jaccard(const WeirNearOptions *options, const char *a, const char *b)
{
  return weir_near_jaccard(options, a, strlen(a), b, strlen(b));
}

/* A pair whose index is between two bounds. */
static void
append_pair(GPtrArray *texts, WeirRng *rng, const WeirNearOptions *options, double low, double high)
{
  for (;;) {
    g_autofree char *a = random_text(rng, 200 + weir_rng_below(rng, 600));
    g_autofree char *b = changed_text(rng, a, 1 + (guint)weir_rng_below(rng, 30));
    double s = jaccard(options, a, b);
    if (s < low || s > high)
      continue;
    g_ptr_array_add(texts, g_steal_pointer(&a));
    g_ptr_array_add(texts, g_steal_pointer(&b));
    return;
  }
}

/* --- Searches --- */

static int
append_text(void *data, guint32 row, GString *into)
{
  const GPtrArray *texts = data;
  g_string_append(into, texts->pdata[row]);
  return 0;
}

static int
refuse_text(void *data, guint32 row, GString *into)
{
  (void)data;
  (void)row;
  (void)into;
  return -1;
}

typedef struct {
  const WeirExecutor *executor;
  guint64 memory;
  gboolean by_estimate;
  gsize piece; /* texts of a call; 0: all */
  const char *folder;
} How;

static WeirNear *
index_texts(const WeirNearOptions *options, GPtrArray *texts, const How *how, WeirNearStore **store)
{
  g_autoptr(GError) error = NULL;
  *store = weir_near_store_new(how->folder, &error);
  g_assert_no_error(error);
  WeirNear *near = weir_near_new(options, *store, &error);
  g_assert_no_error(error);
  g_autofree WeirNearText *rows = g_new0(WeirNearText, texts->len + 1);
  for (guint i = 0; i < texts->len; i++)
    rows[i] = (WeirNearText){texts->pdata[i], texts->pdata[i] ? strlen(texts->pdata[i]) : 0};
  gsize piece = how->piece ? how->piece : texts->len;
  for (gsize at = 0; at < texts->len; at += piece)
    g_assert_true(weir_near_add(near, rows + at, MIN(piece, texts->len - at), how->executor, &error));
  g_assert_cmpuint(weir_near_rows(near), ==, texts->len);
  return near;
}

static guint32 *
clusters_of(const WeirNearOptions *options, GPtrArray *texts, const How *how, WeirNearFigures *figures)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirNearStore) store = NULL;
  g_autoptr(WeirNear) near = index_texts(options, texts, how, &store);
  WeirNearSearch search = {
      .memory = how->memory, .text = how->by_estimate ? NULL : append_text, .data = texts};
  guint32 *clusters = weir_near_clusters(near, &search, how->executor, figures, &error);
  g_assert_no_error(error);
  return clusters;
}

static WeirNearMatch *
matches_of(const WeirNearOptions *options, GPtrArray *texts, guint64 first, const How *how)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirNearStore) store = NULL;
  g_autoptr(WeirNear) near = index_texts(options, texts, how, &store);
  WeirNearSearch search = {
      .memory = how->memory, .text = how->by_estimate ? NULL : append_text, .data = texts};
  WeirNearMatch *matches = weir_near_matches(near, first, &search, how->executor, NULL, &error);
  g_assert_no_error(error);
  return matches;
}

/* --- Tests --- */

static void
test_jaccard(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  /* " abcdefg " has 5 runs of 5 characters, " abcdefh " shares " abcd", "abcde" and "bcdef". */
  g_assert_cmpfloat_with_epsilon(jaccard(&options, "abcdefg", "abcdefh"), 3.0 / 7, 1e-12);
  g_assert_cmpfloat(jaccard(&options, "One  text\n", " one TEXT"), ==, 1);
  g_assert_cmpfloat(jaccard(&options, "a", "a"), ==, 1);
  g_assert_cmpfloat(jaccard(&options, "a", "b"), ==, 0);
  g_assert_cmpfloat(jaccard(&options, "", " \t"), ==, 1);
  g_assert_cmpfloat(jaccard(&options, "", "a"), ==, 0);
  options.kind = WEIR_SHINGLE_WORDS;
  options.size = 2;
  /* Repeats count once: the cat, cat the. */
  g_assert_cmpfloat(jaccard(&options, "the cat, the cat!", "The cat the"), ==, 1);
  g_assert_cmpfloat_with_epsilon(jaccard(&options, "a b c d", "a b c e"), 2.0 / 4, 1e-12);
  g_assert_cmpfloat(jaccard(&options, "word", "Word"), ==, 1);
}

static void
test_bands(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  guint bands, rows;
  g_assert_cmpfloat_with_epsilon(weir_near_probability(0.8, 20, 5), 0.99964, 1e-5); /* MMDS, figure 3.8 */
  /* What manuals say of the default options. */
  g_assert_true(weir_near_bands(&options, &bands, &rows, NULL));
  g_assert_cmpuint(bands, ==, 18);
  g_assert_cmpuint(rows, ==, 7);
  g_assert_cmpuint(weir_near_bytes(&options), ==, 208);
  for (guint i = 1; i <= 20; i++) {
    options.threshold = i / 20.0;
    options.n_hashes = i < 4 ? 512 : 128;
    g_autoptr(GError) error = NULL;
    if (!weir_near_bands(&options, &bands, &rows, &error)) {
      g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
      g_assert_cmpuint(i, <, 2);
      continue;
    }
    g_assert_cmpuint((guint64)bands * rows, <=, options.n_hashes);
    g_assert_cmpfloat(weir_near_probability(options.threshold, bands, rows), >=, options.recall);
    /* One more row a band would not do. */
    if (rows < options.n_hashes)
      g_assert_cmpfloat(weir_near_probability(options.threshold, options.n_hashes / (rows + 1), rows + 1), <,
                        options.recall);
  }
  options.n_hashes = 100;
  g_assert_false(weir_near_bands(&options, &bands, &rows, NULL));
  options.n_hashes = 16;
  options.threshold = NAN;
  g_assert_false(weir_near_bands(&options, &bands, &rows, NULL));
}

/* The processor's fast way computes what is written down in the header. */
static void
test_minima(void)
{
  WeirRng rng = weir_rng_seeded(6);
  uint64_t hashes[67];
  uint32_t factor[WEIR_NEAR_MAX_HASHES], term[WEIR_NEAR_MAX_HASHES], least[WEIR_NEAR_MAX_HASHES];
  for (guint j = 0; j < WEIR_NEAR_MAX_HASHES; j++) {
    factor[j] = (uint32_t)weir_rng_next(&rng) | 1;
    term[j] = (uint32_t)weir_rng_next(&rng);
  }
  for (guint i = 0; i < G_N_ELEMENTS(hashes); i++)
    hashes[i] = weir_rng_next(&rng);
  for (guint n = 0; n <= G_N_ELEMENTS(hashes); n++)
    for (guint n_hashes = 16; n_hashes <= WEIR_NEAR_MAX_HASHES; n_hashes *= 2) {
      near_minima((NearShingles){hashes, n}, factor, term, least, n_hashes);
      for (guint j = 0; j < n_hashes; j++) {
        uint32_t wanted = G_MAXUINT32;
        for (guint i = 0; i < n; i++)
          wanted = MIN(wanted, factor[j] * (uint32_t)(hashes[i] >> 32) + term[j]);
        g_assert_cmpuint(least[j], ==, wanted);
      }
    }
}

/* Estimates are right on average, and as far off as theory says. */
static void
test_estimates(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  options.threshold = 0.5; /* finds practically all at 0.8 */
  WeirRng rng = weir_rng_seeded(1);
  g_autoptr(GPtrArray) texts = texts_new();
  const guint n = 500;
  for (guint i = 0; i < n; i++)
    append_pair(texts, &rng, &options, 0.78, 0.82);
  /* The first set first. */
  g_autoptr(GPtrArray) apart = g_ptr_array_new();
  for (guint side = 0; side < 2; side++)
    for (guint i = 0; i < n; i++)
      g_ptr_array_add(apart, texts->pdata[2 * i + side]);
  g_autofree WeirNearMatch *matches = matches_of(&options, apart, n, &(How){.by_estimate = TRUE});
  double sum = 0, squares = 0;
  for (guint i = 0; i < n; i++) {
    g_assert_cmpuint(matches[i].row, ==, i);
    double off = (double)matches[i].similarity - jaccard(&options, apart->pdata[i], apart->pdata[n + i]);
    sum += off;
    squares += off * off;
  }
  double deviation = sqrt(0.8 * 0.2 / options.n_hashes);
  g_test_message("estimates: mean error %.5f, standard error %.5f, in theory %.5f", sum / n,
                 sqrt(squares / n), deviation);
  g_assert_cmpfloat(fabs(sum / n), <, 4 * deviation / sqrt(n));
  g_assert_cmpfloat(sqrt(squares / n), <, 1.15 * deviation);
}

/* Of pairs just above the threshold at least 95 % are found, and of those just below none. */
static void
test_recall(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  WeirRng rng = weir_rng_seeded(2);
  g_autoptr(GPtrArray) texts = texts_new();
  const gsize n = 1000;
  for (guint i = 0; i < n; i++)
    append_pair(texts, &rng, &options, 0.8, 0.82);
  for (guint i = 0; i < n; i++)
    append_pair(texts, &rng, &options, 0.7, 0.7999);
  WeirNearFigures figures;
  g_autofree guint32 *clusters = clusters_of(&options, texts, &(How){0}, &figures);
  guint found = 0;
  for (gsize i = 0; i < n; i++) {
    found += clusters[2 * i] == clusters[2 * i + 1];
    g_assert_cmpuint(clusters[2 * i], ==, 2 * i);
    g_assert_cmpuint(clusters[2 * (n + i)], !=, clusters[2 * (n + i) + 1]);
  }
  g_test_message("recall %.4f at 0.80 to 0.82; %" G_GUINT64_FORMAT " candidates, %" G_GUINT64_FORMAT
                 " compared, %" G_GUINT64_FORMAT " confirmed",
                 found / (double)n, figures.candidates, figures.compared, figures.confirmed);
  g_assert_cmpuint(found, >=, n * 95 / 100);
  g_assert_cmpuint(figures.confirmed, ==, found);
}

static void
test_odd_rows(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  WeirRng rng = weir_rng_seeded(3);
  g_autoptr(GPtrArray) texts = texts_new();
  g_autofree char *long_text = random_text(&rng, 3 << 20);
  const char *const rows[] = {
      NULL, "", "some words of a text", "x", NULL, " ", "some words of a TEXT\n", "y", long_text, "x "};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
    g_ptr_array_add(texts, g_strdup(rows[i]));
  g_ptr_array_add(texts, g_strdup(long_text));
  g_autofree guint32 *clusters = clusters_of(&options, texts, &(How){0}, NULL);
  const guint32 wanted[] = {0, 1, 2, 3, 4, 1, 2, 7, 8, 3, 8};
  g_assert_cmpmem(clusters, texts->len * sizeof *clusters, wanted, sizeof wanted);
  g_autofree WeirNearMatch *matches = matches_of(&options, texts, 5, &(How){0});
  const guint32 matched[] = {1, 2, WEIR_NEAR_NONE, WEIR_NEAR_NONE, 3, WEIR_NEAR_NONE};
  for (guint i = 0; i < G_N_ELEMENTS(matched); i++)
    g_assert_cmpuint(matches[i].row, ==, matched[i]);
  for (guint first = 0; first <= texts->len; first += texts->len) {
    g_autofree WeirNearMatch *none = matches_of(&options, texts, first, &(How){0});
    for (guint i = first; i < texts->len; i++)
      g_assert_cmpuint(none[i - first].row, ==, WEIR_NEAR_NONE);
  }
  g_ptr_array_set_size(texts, 0);
  g_autofree guint32 *no_clusters = clusters_of(&options, texts, &(How){0}, NULL);
  g_assert_nonnull(no_clusters);
}

/* A mixture: copies, clusters that chain, a large bucket of texts with much in common, and others. */
static GPtrArray *
mixture(guint n_rows)
{
  WeirRng rng = weir_rng_seeded(4);
  GPtrArray *texts = texts_new();
  g_autofree char *common = random_text(&rng, 150);
  while (texts->len < n_rows)
    switch (weir_rng_below(&rng, 4)) {
    case 0:
      g_ptr_array_add(texts, random_text(&rng, 60));
      break;
    case 1:
      g_ptr_array_add(texts, g_strdup("the same text in a quarter of the rows"));
      break;
    case 2: /* 0.8 or so to each other, so some pairs are and some are not */
      g_ptr_array_add(texts, changed_text(&rng, common, 2));
      break;
    default:
      if (texts->len)
        g_ptr_array_add(texts, changed_text(&rng, texts->pdata[weir_rng_below(&rng, texts->len)], 1));
    }
  return texts;
}

/* The same clusters and matches on any threads, in any memory, in any pieces, in a file or not. */
static void
test_same_result(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  g_autofree char *folder = g_dir_make_tmp("weir-near-XXXXXX", NULL);
  g_autoptr(GPtrArray) texts = mixture(20000);
  g_autofree guint32 *clusters = clusters_of(&options, texts, &(How){0}, NULL);
  g_autofree WeirNearMatch *matches = matches_of(&options, texts, texts->len / 2, &(How){0});
  guint n_removed = 0, n_matched = 0;
  for (guint i = 0; i < texts->len; i++)
    n_removed += clusters[i] != i;
  for (guint i = 0; i < texts->len / 2; i++)
    n_matched += matches[i].row != WEIR_NEAR_NONE;
  g_test_message("%u of %u rows removed, %u of %u matched", n_removed, texts->len, n_matched, texts->len / 2);
  g_assert_cmpuint(n_removed, >, texts->len / 2);
  g_assert_cmpuint(n_removed, <, texts->len * 3 / 4);
  const How other[] = {
      {.executor = &test_threads},
      {.memory = weir_near_least(texts->len), .folder = folder},
      {.memory = weir_near_least(texts->len) + UINT64_C(16) * 9000, .piece = 777, .executor = &test_threads},
  };
  for (guint i = 0; i < G_N_ELEMENTS(other); i++) {
    g_autofree guint32 *again = clusters_of(&options, texts, &other[i], NULL);
    g_assert_true(!memcmp(clusters, again, texts->len * sizeof *clusters));
    g_autofree WeirNearMatch *matches_again = matches_of(&options, texts, texts->len / 2, &other[i]);
    g_assert_true(!memcmp(matches, matches_again, texts->len / 2 * sizeof *matches));
  }
  g_assert_cmpint(g_rmdir(folder), ==, 0); /* so nothing was left in it */
}

/* Against all pairs, on texts whose pairs are clearly alike or clearly not. */
static void
test_all_pairs(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  options.threshold = 0.6;
  WeirRng rng = weir_rng_seeded(5);
  g_autoptr(GPtrArray) texts = texts_new();
  for (guint i = 0; i < 400; i++)
    if (i % 4 == 0)
      g_ptr_array_add(texts, random_text(&rng, 300));
    else
      g_ptr_array_add(texts, changed_text(&rng, texts->pdata[i - 1], 2));
  g_autofree guint32 *clusters = clusters_of(&options, texts, &(How){.executor = &test_threads}, NULL);
  for (guint i = 0; i < texts->len; i++)
    g_assert_cmpuint(clusters[i], ==, i - i % 4);
  g_autofree WeirNearMatch *matches = matches_of(&options, texts, 202, &(How){0});
  for (guint i = 202; i < texts->len; i++) {
    WeirNearMatch best = {WEIR_NEAR_NONE, 0};
    for (guint j = 0; j < 202; j++) {
      float s = (float)jaccard(&options, texts->pdata[i], texts->pdata[j]);
      if ((double)s >= options.threshold && s > best.similarity)
        best = (WeirNearMatch){j, s};
    }
    g_assert_cmpuint(matches[i - 202].row, ==, best.row);
    g_assert_cmpfloat(matches[i - 202].similarity, ==, best.similarity);
  }
}

static gboolean
full_append(WeirNearStore *store, const void *bytes, gsize n, GError **error)
{
  (void)store;
  (void)bytes;
  (void)n;
  weir_set_io_error(error, 28 /* ENOSPC */, "write signatures in", "folder");
  return FALSE;
}

static void
test_failures(void)
{
  WeirNearOptions options = WEIR_NEAR_OPTIONS_INIT;
  g_autoptr(GPtrArray) texts = mixture(3000);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirNearStore) store = NULL;
  g_autoptr(WeirNear) near = index_texts(&options, texts, &(How){0}, &store);
  WeirNearSearch search = {.text = refuse_text, .data = texts};
  g_assert_null(weir_near_clusters(near, &search, &test_threads, NULL, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
  g_clear_error(&error);
  search.text = append_text;
  g_assert_null(weir_near_clusters(near, &search, &test_cancelled, NULL, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
  g_clear_error(&error);
  search.memory = 4000;
  g_assert_null(weir_near_clusters(near, &search, NULL, NULL, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT);
  g_clear_error(&error);
  g_assert_null(weir_near_store_new("/nonexistent/folder", &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_clear_error(&error);
  /* The last block is written when the search begins. */
  WeirNearStore full = {.append = full_append};
  g_autoptr(WeirNear) unwritten = weir_near_new(&options, &full, NULL);
  WeirNearText text = {"text", 4};
  g_assert_true(weir_near_add(unwritten, &text, 1, NULL, NULL));
  search.memory = 0;
  g_assert_null(weir_near_clusters(unwritten, &search, NULL, NULL, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/near-duplicates/jaccard", test_jaccard);
  g_test_add_func("/near-duplicates/bands", test_bands);
  g_test_add_func("/near-duplicates/minima", test_minima);
  g_test_add_func("/near-duplicates/estimates", test_estimates);
  g_test_add_func("/near-duplicates/recall", test_recall);
  g_test_add_func("/near-duplicates/odd-rows", test_odd_rows);
  g_test_add_func("/near-duplicates/same-result", test_same_result);
  g_test_add_func("/near-duplicates/all-pairs", test_all_pairs);
  g_test_add_func("/near-duplicates/failures", test_failures);
  return g_test_run();
}
