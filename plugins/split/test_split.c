/* SPDX-License-Identifier: MIT */
/* Checks that splits get the right number of rows, of every stratum and over all. */
#include <math.h>
#include <string.h>

#include "apportion.h"
#include "strata.h"

/* Every cell rounded down or up, rows and columns exact; returns the cost against largest remainders. */
static void
check_table(const guint64 *rows, gsize n, const double *ratios, guint k, const guint64 *cells, gint64 slack)
{
  guint64 total = 0;
  guint64 size[SPLIT_MAX_SPLITS] = {0};
  guint64 want[SPLIT_MAX_SPLITS];
  for (gsize s = 0; s < n; s++) {
    guint64 sum = 0;
    for (guint j = 0; j < k; j++) {
      double quota = (double)rows[s] * ratios[j];
      if (!split_is_rare(rows[s], k))
        g_assert_cmpfloat(fabs((double)cells[s * k + j] - quota), <, 1);
      sum += cells[s * k + j];
      size[j] += cells[s * k + j];
    }
    g_assert_cmpuint(sum, ==, rows[s]);
    total += rows[s];
  }
  split_largest_remainder(total, ratios, k, want);
  for (guint j = 0; j < k; j++)
    g_assert_cmpint(ABS((gint64)size[j] - (gint64)want[j]), <=, slack);
}

static void
test_normalise(void)
{
  double shares[] = {0.8, 0.1, 0.1};
  double parts[] = {80, 20};
  double thirds[] = {0.333333, 0.333333, 0.333334};
  double wrong[] = {0.9, 0.2};
  double negative[] = {1.5, -0.5};
  double mixed[] = {0.5, 1.5};
  g_autoptr(GError) error = NULL;
  g_assert_true(split_normalise(shares, 3, NULL));
  g_assert_true(split_normalise(parts, 2, NULL));
  g_assert_cmpfloat(parts[0], ==, 0.8);
  g_assert_true(split_normalise(thirds, 3, NULL));
  g_assert_false(split_normalise(wrong, 2, &error));
  g_assert_nonnull(strstr(error->message, "sum to 1.1"));
  g_assert_false(split_normalise(negative, 2, NULL));
  g_assert_false(split_normalise(mixed, 2, NULL));
  g_assert_false(split_normalise(mixed, 0, NULL));
}

static void
test_largest_remainder(void)
{
  const double ratios[] = {0.8, 0.1, 0.1};
  guint64 size[3];
  split_largest_remainder(7, ratios, 3, size);
  g_assert_cmpuint(size[0], ==, 5); /* 5.6, 0.7, 0.7: the two rows left over go to the larger rests */
  g_assert_cmpuint(size[1], ==, 1);
  g_assert_cmpuint(size[2], ==, 1);
  split_largest_remainder(100, (const double[]){0.29, 0.71}, 2, size);
  g_assert_cmpuint(size[0], ==, 29);
}

/* Strata of one size would all round the same way, and one split would get nothing. */
static void
test_equal_strata(void)
{
  const double ratios[] = {0.9, 0.1};
  guint64 rows[20];
  guint64 cells[40];
  guint64 test = 0;
  for (guint i = 0; i < 20; i++)
    rows[i] = 4;
  split_apportion(rows, 20, ratios, 2, 7, cells);
  check_table(rows, 20, ratios, 2, cells, 0);
  for (guint i = 0; i < 20; i++)
    test += cells[2 * i + 1];
  g_assert_cmpuint(test, ==, 8);
}

static void
test_rare(void)
{
  const double ratios[] = {0.1, 0.8, 0.1};
  const guint64 rows[] = {1, 2, 30};
  guint64 cells[9];
  split_apportion(rows, 3, ratios, 3, 1, cells);
  g_assert_cmpuint(cells[1], ==, 1); /* the home split is the largest, wherever it stands */
  g_assert_cmpuint(cells[4], ==, 2);
  check_table(rows, 3, ratios, 3, cells, 3);
}

/* Any table without rare strata comes out exact within one row, and almost always to the row. */
static void
test_random_tables(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(20);
  guint exact = 0;
  for (guint t = 0; t < 600; t++) {
    guint k = (guint)g_rand_int_range(rand, 1, 7);
    g_assert_cmpuint(k, >, 0);
    gsize n = (gsize)g_rand_int_range(rand, 1, 120);
    g_autofree guint64 *rows = g_new(guint64, n);
    g_autofree guint64 *cells = g_new(guint64, n * k);
    double ratios[8];
    guint64 total = 0;
    guint64 want[8];
    guint64 size[8] = {0};
    for (guint j = 0; j < k; j++)
      ratios[j] = 1 + g_rand_int_range(rand, 0, t % 3 ? 20 : 2);
    g_assert_true(split_normalise(ratios, k, NULL));
    for (gsize s = 0; s < n; s++)
      total += rows[s] = k + (guint64)g_rand_int_range(rand, 0, 40);
    split_apportion(rows, n, ratios, k, t, cells);
    check_table(rows, n, ratios, k, cells, 1);
    split_largest_remainder(total, ratios, k, want);
    for (gsize i = 0; i < n * k; i++)
      size[i % k] += cells[i];
    exact += memcmp(size, want, k * sizeof *size) == 0;
  }
  g_assert_cmpuint(exact, >, 590);
}

/* Which stratum gives way among equals is the seed's choice, and the same every time. */
static void
test_seed(void)
{
  const double ratios[] = {0.75, 0.25};
  guint64 rows[30];
  guint64 a[60];
  guint64 b[60];
  guint64 c[60];
  for (guint i = 0; i < 30; i++)
    rows[i] = 3;
  split_apportion(rows, 30, ratios, 2, 1, a);
  split_apportion(rows, 30, ratios, 2, 1, b);
  split_apportion(rows, 30, ratios, 2, 2, c);
  g_assert_cmpmem(a, sizeof a, b, sizeof b);
  g_assert_cmpint(memcmp(a, c, sizeof a), !=, 0);
}

static void
test_many_strata(void)
{
  const double ratios[] = {0.8, 0.1, 0.1};
  const gsize n = 100000;
  g_autofree guint64 *rows = g_new(guint64, n);
  g_autofree guint64 *cells = g_new(guint64, n * 3);
  for (gsize s = 0; s < n; s++)
    rows[s] = 3 + s % 3;
  split_apportion(rows, n, ratios, 3, 1, cells);
  check_table(rows, n, ratios, 3, cells, 0);
}

static void
test_strata(void)
{
  static const char bytes[] = "abab";
  static const gint32 offsets[] = {0, 1, 2, 2, 4, 4};
  static const gint64 numbers[] = {1, 1, 1, 1, 1};
  static const guint8 valid[] = {0x0f};
  weir_column text = {.type = WEIR_UTF8, .length = 5, .offsets = offsets, .bytes = bytes, .validity = valid};
  weir_column number = {.type = WEIR_I64, .length = 5, .values = numbers};
  const weir_column both[] = {text, number};
  g_autoptr(SplitStrata) strata = split_strata_new();
  for (gint64 row = 0; row < 4; row++)
    g_assert_cmpuint(split_strata_add(strata, both, 2, row), ==, row);
  g_assert_cmpuint(split_strata_add(strata, both, 2, 1), ==, 1);
  g_assert_cmpuint(split_strata_add(strata, both, 2, 4), ==, 2); /* null and the empty text are the same */
  g_assert_cmpuint(split_strata_count(strata), ==, 4);
  g_assert_cmpuint(split_strata_rows(strata)[1], ==, 2);
  g_assert_cmpstr(split_strata_name(strata, 3), ==, "ab, 1");
  g_assert_cmpstr(split_strata_name(strata, 2), ==, "(none), 1");
  g_assert_false(split_strata_has_null(strata, 3));
  g_assert_true(split_strata_has_null(strata, 2));
  g_autoptr(SplitStrata) one = split_strata_new();
  g_assert_cmpuint(split_strata_add(one, NULL, 0, 0), ==, 0);
  g_assert_cmpuint(split_strata_add(one, NULL, 0, 1), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/split/normalise", test_normalise);
  g_test_add_func("/split/largest-remainder", test_largest_remainder);
  g_test_add_func("/split/equal-strata", test_equal_strata);
  g_test_add_func("/split/rare", test_rare);
  g_test_add_func("/split/random-tables", test_random_tables);
  g_test_add_func("/split/seed", test_seed);
  g_test_add_func("/split/many-strata", test_many_strata);
  g_test_add_func("/split/strata", test_strata);
  return g_test_run();
}
