/* SPDX-License-Identifier: MIT */
/* Holds the weights of n-grams against those of scikit-learn 1.2.1, and learning against applying. */
#include <math.h>
#include <string.h>

#include "ml/features.h"
#include "ml/test_threads.h"

static const char *const documents[] = {"the cat sat on the mat", "the dog sat", "a cat and a dog", "mat"};

/* Rows of strings that end with NUL. */
typedef struct {
  WeirRows rows;
  gsize lengths[16];
} Sample;

static void
sample_init(Sample *sample, const char *const *texts, gsize n, const double *dense)
{
  for (gsize i = 0; i < n; i++)
    sample->lengths[i] = strlen(texts[i]);
  sample->rows = (WeirRows){.n_rows = n, .texts = texts, .lengths = sample->lengths, .dense = dense};
}

/* The values of a row, largest first. */
static int
compare_down(const void *left, const void *right)
{
  float a = *(const float *)left, b = *(const float *)right;
  return a > b ? -1 : a < b;
}

static void
check_row(const WeirSparse *matrix, gsize row, const double *wanted, gsize n)
{
  g_assert_cmpuint(matrix->starts[row + 1] - matrix->starts[row], ==, n);
  g_autofree float *values = g_memdup2(matrix->values + matrix->starts[row], n * sizeof(float));
  qsort(values, n, sizeof *values, compare_down);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon((double)values[i], wanted[i], 1e-6);
}

static void
test_words(void)
{
  WeirFeatureOptions options = {
      .text = {.lowercase = TRUE, .word_min = 1, .word_max = 1, .max_bytes = 1000},
      .sublinear = TRUE,
      .idf = WEIR_IDF_SMOOTH,
      .max_df = 1,
  };
  Sample sample;
  sample_init(&sample, documents, 4, NULL);
  g_autoptr(WeirSparse) matrix = NULL;
  g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
  g_assert_cmpuint(features->n_features, ==, 8);
  check_row(matrix, 0, (const double[]){0.61926148, 0.46390218, 0.36574581, 0.36574581, 0.36574581}, 5);
  check_row(matrix, 1, (const double[]){0.57735027, 0.57735027, 0.57735027}, 3);
  check_row(matrix, 2, (const double[]){0.74900915, 0.44237687, 0.348775, 0.348775}, 4);
  check_row(matrix, 3, (const double[]){1}, 1);
}

static void
test_chars(void)
{
  WeirFeatureOptions options = {
      .text = {.lowercase = TRUE, .char_min = 2, .char_max = 3, .max_bytes = 1000},
      .sublinear = TRUE,
      .idf = WEIR_IDF_SMOOTH,
      .max_df = 1,
  };
  const gsize lengths[] = {27, 21, 23, 7};
  Sample sample;
  sample_init(&sample, documents, 4, NULL);
  g_autoptr(WeirSparse) matrix = NULL;
  g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
  g_assert_cmpuint(features->n_features, ==, 43);
  double most = 0, sum = 0;
  for (gsize i = 0; i < 4; i++)
    g_assert_cmpuint(matrix->starts[i + 1] - matrix->starts[i], ==, lengths[i]);
  for (gsize j = 0; j < matrix->starts[1]; j++) {
    most = MAX(most, (double)matrix->values[j]);
    sum += (double)matrix->values[j];
  }
  g_assert_cmpfloat_with_epsilon(most, 0.24991418, 1e-6);
  g_assert_cmpfloat_with_epsilon(sum, 5.07180528, 1e-5);
}

static void
test_idf_kinds(void)
{
  WeirFeatureOptions options = {.text = {.word_min = 1, .word_max = 1, .max_bytes = 1000}, .max_df = 1};
  Sample sample;
  sample_init(&sample, documents, 4, NULL);
  for (WeirIdf idf = WEIR_IDF_NONE; idf <= WEIR_IDF_SQRT; idf++) {
    options.idf = idf;
    g_autoptr(WeirSparse) matrix = NULL;
    g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
    double rare = log(5.0 / 2) + 1; /* of an n-gram in one of four rows, the last id */
    double wanted = idf == WEIR_IDF_NONE ? 1 : idf == WEIR_IDF_SMOOTH ? rare : sqrt(rare);
    g_assert_cmpfloat_with_epsilon((double)features->idf[7], wanted, 1e-6);
  }
}

/* The most frequent n-grams stay; n-grams below min_df or above max_df go. */
static void
test_selection(void)
{
  WeirFeatureOptions options = {.text = {.word_min = 1, .word_max = 1, .max_bytes = 1000}, .max_df = 1};
  Sample sample;
  sample_init(&sample, documents, 4, NULL);
  const struct {
    guint min_df, max_features;
    double max_df;
    guint wanted;
  } cases[] = {{1, 0, 1, 8},   {2, 0, 1, 5},    {3, 0, 1, 0}, {1, 3, 1, 3},
               {2, 100, 1, 5}, {1, 0, 0.25, 3}, {0, 0, 1, 8}};
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    options.min_df = cases[i].min_df;
    options.max_features = cases[i].max_features;
    options.max_df = cases[i].max_df;
    g_autoptr(WeirSparse) matrix = NULL;
    g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
    g_assert_cmpuint(features->n_features, ==, cases[i].wanted);
  }
}

static void
test_dense(void)
{
  const double dense[] = {1, 7, 2, 7, NAN, 7, 3, 7};
  WeirFeatureOptions options = {.max_df = 1, .n_dense = 2};
  Sample sample;
  sample_init(&sample, documents, 4, dense);
  g_autoptr(WeirSparse) matrix = NULL;
  g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
  g_assert_cmpuint(features->n_features, ==, 2);
  g_assert_cmpfloat(features->dense_mean[0], ==, 2);
  g_assert_cmpfloat(features->dense_scale[1], ==, 0); /* a constant tells nothing */
  double wanted = 1 / (sqrt(2.0 / 3) * sqrt(2));
  g_assert_cmpuint(matrix->starts[4], ==, 2); /* the mean and what is missing are 0 */
  g_assert_cmpfloat_with_epsilon((double)matrix->values[0], -wanted, 1e-6);
  g_assert_cmpfloat_with_epsilon((double)matrix->values[1], wanted, 1e-6);
}

static void
assert_same(const WeirSparse *a, const WeirSparse *b)
{
  g_assert_cmpuint(a->n_rows, ==, b->n_rows);
  g_assert_cmpmem(a->starts, (a->n_rows + 1) * sizeof *a->starts, b->starts,
                  (b->n_rows + 1) * sizeof *b->starts);
  gsize n = a->starts[a->n_rows];
  g_assert_cmpmem(a->columns, n * sizeof *a->columns, b->columns, n * sizeof *b->columns);
  g_assert_cmpmem(a->values, n * sizeof *a->values, b->values, n * sizeof *b->values);
}

/* Some thousands of made-up sentences. */
static void
make_corpus(gsize n, GPtrArray *texts, GArray *lengths)
{
  for (gsize i = 0; i < n; i++) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (gsize w = 0; w < 3 + i % 7; w++)
      g_string_append_printf(text, "w%zu%s ", (i * 31 + w * w * 17) % 997, w % 3 ? "" : "\xc3\xa9");
    gsize length = text->len;
    g_array_append_val(lengths, length);
    g_ptr_array_add(texts, g_string_free(g_steal_pointer(&text), FALSE));
  }
}

/* Learning gives the matrix that applying gives, on one thread and on three, with and without buckets. */
static void
test_same_everywhere(void)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GArray) lengths = g_array_new(FALSE, FALSE, sizeof(gsize));
  make_corpus(3000, texts, lengths);
  WeirRows rows = {3000, (const char *const *)texts->pdata, (const gsize *)lengths->data, NULL};
  WeirFeatureOptions options = WEIR_FEATURE_OPTIONS_INIT;
  for (guint bits = 0; bits <= 10; bits += 10) {
    options.hash_bits = bits;
    g_autoptr(WeirSparse) one = NULL;
    g_autoptr(WeirSparse) three = NULL;
    g_autoptr(WeirFeatures) features = weir_features_fit(&options, &rows, NULL, &one);
    g_autoptr(WeirFeatures) again = weir_features_fit(&options, &rows, &test_threads, &three);
    g_autoptr(WeirSparse) applied = weir_features_transform(features, &rows, &test_threads);
    assert_same(one, three);
    assert_same(one, applied);
    g_assert_cmpuint(features->n_features, ==, again->n_features);
    g_assert_cmpmem(features->keys, features->table_size * sizeof(uint64_t), again->keys,
                    again->table_size * sizeof(uint64_t));
    if (bits)
      g_assert_cmpuint(features->n_features, <=, 1u << bits);
    for (gsize r = 0; r < 10; r++)
      for (gsize i = one->starts[r]; i < one->starts[r + 1]; i++)
        for (gsize j = one->starts[r]; j < i; j++)
          g_assert_cmpuint(one->columns[i], !=, one->columns[j]);
  }
}

/* A number beyond single precision would make every score one that is none. */
static void
test_huge_dense(void)
{
  const double dense[] = {1, 2}, huge = 1e300;
  const char *const empty[] = {"", ""};
  const gsize lengths[] = {0, 0};
  WeirFeatureOptions options = {.max_df = 1, .n_dense = 1};
  WeirRows rows = {2, empty, lengths, dense};
  g_autoptr(WeirSparse) matrix = NULL;
  g_autoptr(WeirFeatures) features = weir_features_fit(&options, &rows, NULL, &matrix);
  g_autoptr(WeirFeatureScratch) scratch = weir_feature_scratch_new(features);
  g_assert_cmpuint(weir_features_row(features, scratch, "", 0, &dense[0]).n, ==, 1);
  g_assert_cmpuint(weir_features_row(features, scratch, "", 0, &huge).n, ==, 0);
}

/* Ten times 0.1 has a mean that is not 0.1, and a deviation that is nothing but rounding. */
static void
test_constant_dense(void)
{
  const double dense[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
  const char *const empty[G_N_ELEMENTS(dense)] = {"", "", "", "", "", "", "", "", "", ""};
  const gsize lengths[G_N_ELEMENTS(dense)] = {0};
  WeirFeatureOptions options = {.max_df = 1, .n_dense = 1};
  WeirRows rows = {G_N_ELEMENTS(dense), empty, lengths, dense};
  g_autoptr(WeirSparse) matrix = NULL;
  g_autoptr(WeirFeatures) features = weir_features_fit(&options, &rows, NULL, &matrix);
  g_assert_cmpfloat(features->dense_scale[0], ==, 0);
  g_assert_cmpuint(matrix->starts[matrix->n_rows], ==, 0);
}

static void
test_nothing(void)
{
  WeirFeatureOptions options = WEIR_FEATURE_OPTIONS_INIT;
  const char *const empty[] = {"", "", "   "};
  Sample sample;
  for (gsize n = 0; n <= 3; n += 3) {
    sample_init(&sample, empty, n, NULL);
    g_autoptr(WeirSparse) matrix = NULL;
    g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
    g_assert_cmpuint(features->n_features, ==, 0);
    g_assert_cmpuint(matrix->starts[n], ==, 0);
    g_autoptr(WeirFeatureScratch) scratch = weir_feature_scratch_new(features);
    g_assert_cmpuint(weir_features_row(features, scratch, "unseen", 6, NULL).n, ==, 0);
  }
}

static void
test_cancel(void)
{
  WeirFeatureOptions options = WEIR_FEATURE_OPTIONS_INIT;
  Sample sample;
  sample_init(&sample, documents, 4, NULL);
  g_autoptr(WeirSparse) matrix = NULL;
  g_assert_null(weir_features_fit(&options, &sample.rows, &test_cancelled, &matrix));
  g_assert_null(matrix);
  g_autoptr(WeirFeatures) features = weir_features_fit(&options, &sample.rows, NULL, &matrix);
  g_assert_null(weir_features_transform(features, &sample.rows, &test_cancelled));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/features/words", test_words);
  g_test_add_func("/features/chars", test_chars);
  g_test_add_func("/features/idf-kinds", test_idf_kinds);
  g_test_add_func("/features/selection", test_selection);
  g_test_add_func("/features/dense", test_dense);
  g_test_add_func("/features/dense/constant", test_constant_dense);
  g_test_add_func("/features/dense/huge", test_huge_dense);
  g_test_add_func("/features/same-everywhere", test_same_everywhere);
  g_test_add_func("/features/nothing", test_nothing);
  g_test_add_func("/features/cancel", test_cancel);
  return g_test_run();
}
