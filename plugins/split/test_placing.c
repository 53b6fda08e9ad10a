/* SPDX-License-Identifier: MIT */
/* Checks keys against known values, and how groups and rows with several labels are placed. */
#include <math.h>
#include <string.h>

#include "apportion.h"
#include "balance.h"
#include "groups.h"
#include "iterative.h"
#include "key.h"

/* --- Keys --- */

static weir_column
text_column(const char *text, gint32 offsets[2])
{
  offsets[0] = 0;
  offsets[1] = (gint32)strlen(text);
  return (weir_column){.type = WEIR_UTF8, .length = 1, .offsets = offsets, .bytes = text};
}

static void
check_key(const weir_column *columns, guint n, const char *key, guint64 hash)
{
  g_autoptr(GString) text = g_string_new("0:,");
  for (guint i = 0; i < n; i++)
    split_key_append(text, &columns[i], 0);
  g_assert_cmpstr(text->str, ==, key);
  g_assert_cmphex(split_key_hash(text), ==, hash);
}

/* These values are a promise: records keep their split from version to version. They come from python-xxhash,
 * xxhash.xxh3_64_intdigest(). */
static void
test_known_keys(void)
{
  gint32 offsets[2];
  gint32 more[2];
  const gint64 seven = 7;
  const gint64 minus = -12;
  const guint8 yes = 1;
  const double real = 0.1;
  const float single = 0.1f;
  const double whole = 7;
  const double large = 1e300;
  weir_column text = text_column("anna", offsets);
  weir_column none = text_column("", more);
  weir_column integer = {.type = WEIR_I64, .length = 1, .values = &seven};
  weir_column pair[] = {{.type = WEIR_TIMESTAMP, .length = 1, .values = &minus},
                        {.type = WEIR_F64, .length = 1, .values = &real}};
  weir_column boolean = {.type = WEIR_BOOL, .length = 1, .values = &yes};
  weir_column f64 = {.type = WEIR_F64, .length = 1, .values = &whole};
  weir_column huge = {.type = WEIR_F64, .length = 1, .values = &large};
  check_key(&text, 1, "0:,4:anna,", 0x4960badefa1e8a79);
  check_key(&integer, 1, "0:,1:7,", 0xd0f428d6975279c3);
  check_key(&f64, 1, "0:,1:7,", 0xd0f428d6975279c3);
  check_key(&boolean, 1, "0:,4:true,", 0x46cc02782fec546a);
  check_key(pair, 2, "0:,3:-12,3:0.1,", 0x9471b08e140e6f84);
  pair[1] = (weir_column){.type = WEIR_F32, .length = 1, .values = &single};
  check_key(pair, 2, "0:,3:-12,3:0.1,", 0x9471b08e140e6f84);
  check_key(&none, 1, "0:,0:,", 0x7c769a83fab6b23a);
  check_key(&huge, 1, "0:,6:1e+300,", 0xcf05bdc586a000e2);
  g_assert_cmpfloat(split_key_unit(0x4960badefa1e8a79), ==, 0.28663223212981326);
  g_assert_cmpfloat(split_key_unit(G_MAXUINT64), <, 1);
}

static void
test_odd_numbers(void)
{
  const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 0x1p53, -1.5};
  const char *const written[] = {"3:nan,", "3:inf,", "4:-inf,", "1:0,", "16:9007199254740992,", "4:-1.5,"};
  for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
    weir_column column = {.type = WEIR_F64, .length = 1, .values = &odd[i]};
    g_autoptr(GString) key = g_string_new(NULL);
    split_key_append(key, &column, 0);
    g_assert_cmpstr(key->str, ==, written[i]);
  }
  const guint64 most = G_MAXUINT64;
  weir_column column = {.type = WEIR_U64, .length = 1, .values = &most};
  g_autoptr(GString) key = g_string_new(NULL);
  split_key_append(key, &column, 0);
  g_assert_cmpstr(key->str, ==, "20:18446744073709551615,");
}

/* --- Groups --- */

static gboolean
grant(gpointer data, guint64 take, guint64 give_back)
{
  gint64 *left = data;
  if ((gint64)take > *left)
    return FALSE;
  *left += (gint64)give_back - (gint64)take;
  return TRUE;
}

static void
test_groups(void)
{
  gint64 left = 1 << 20;
  g_autoptr(SplitGroups) groups = split_groups_new(grant, &left);
  for (guint round = 0; round < 3; round++)
    for (guint64 i = 0; i < 10000; i++)
      g_assert_cmpuint(split_groups_add(groups, (SplitHash){i % 7, i}), ==, i); /* long chains of slots */
  g_assert_cmpuint(split_groups_count(groups), ==, 10000);
  g_assert_cmpuint(split_groups_rows(groups, 9999), ==, 3);
  g_assert_cmpuint(split_groups_hash(groups, 9999).high, ==, 9999);
  guint64 i = 10000;
  while (split_groups_add(groups, (SplitHash){i, i}) != G_MAXUINT32)
    i++;
  g_assert_cmpuint(split_groups_count(groups), ==, 16384); /* where twice the table was not granted */
  g_assert_cmpuint(split_groups_add(groups, (SplitHash){3, 3}), ==, 3);
}

/* --- Balance --- */

typedef struct {
  guint64 *rows, *tie;
  guint8 *split;
  guint64 size[8], groups[8];
  guint64 total;
} Placed;

static void
place(Placed *placed, guint32 n, const double *ratios, guint k, guint64 seed)
{
  weir_random random = weir_random_from(seed);
  placed->tie = g_new(guint64, n + 1);
  placed->split = g_new0(guint8, n + 1);
  for (guint32 i = 0; i < n; i++) {
    placed->tie[i] = weir_random_u64(&random);
    placed->total += placed->rows[i];
  }
  const SplitItems items = {.n = n, .rows = placed->rows, .tie = placed->tie};
  g_assert_true(split_balance(&items, ratios, k, placed->split));
  for (guint32 i = 0; i < n; i++) {
    g_assert_cmpuint(placed->split[i], <, k);
    placed->size[placed->split[i]] += placed->rows[i];
    placed->groups[placed->split[i]]++;
  }
}

static void
placed_clear(Placed *placed)
{
  g_free(placed->rows);
  g_free(placed->tie);
  g_free(placed->split);
  memset(placed, 0, sizeof *placed);
}

/* Groups of any sizes, the largest a tenth of the smallest split: the ratios come out to the row. */
static void
test_balance_exact(void)
{
  const double ratios[] = {0.8, 0.1, 0.1};
  g_autoptr(GRand) rand = g_rand_new_with_seed(3);
  for (guint t = 0; t < 50; t++) {
    guint32 n = 2000;
    Placed placed = {.rows = g_new(guint64, n)};
    for (guint32 i = 0; i < n; i++)
      placed.rows[i] = (guint64)g_rand_int_range(rand, 1, 12);
    place(&placed, n, ratios, 3, t);
    guint64 want[3];
    split_largest_remainder(placed.total, ratios, 3, want);
    g_assert_cmpmem(placed.size, sizeof want, want, sizeof want);
    placed_clear(&placed);
  }
}

/* Few large groups, half of all in one: at most one row off, where only moves of three groups at once would help. */
static void
test_balance_swaps(void)
{
  const double half[] = {0.5, 0.5};
  static const guint64 sizes[] = {40, 30, 20, 10, 9, 8, 7, 6, 5, 5};
  guint exact = 0;
  for (guint seed = 0; seed < 100; seed++) {
    Placed placed = {.rows = g_memdup2(sizes, sizeof sizes)};
    place(&placed, G_N_ELEMENTS(sizes), half, 2, seed);
    exact += placed.size[0] == 70;
    g_assert_cmpuint(placed.size[0] - 69, <=, 2);
    placed_clear(&placed);
  }
  g_assert_cmpuint(exact, >, 90);
}

/* A group larger than all but one split goes to the largest; with as many groups as splits none is empty. */
static void
test_balance_odd(void)
{
  const double ratios[] = {0.1, 0.8, 0.1};
  static const guint64 giant[] = {1, 1000, 1};
  static const guint64 few[] = {1, 1};
  Placed placed = {.rows = g_memdup2(giant, sizeof giant)};
  place(&placed, 3, ratios, 3, 1);
  g_assert_cmpuint(placed.split[1], ==, 1);
  g_assert_cmpuint(placed.groups[0], ==, 1);
  g_assert_cmpuint(placed.groups[2], ==, 1);
  placed_clear(&placed);
  placed.rows = g_memdup2(few, sizeof few);
  place(&placed, 2, ratios, 3, 1);
  g_assert_cmpuint(placed.groups[0] + placed.groups[1] + placed.groups[2], ==, 2);
  placed_clear(&placed);
  placed.rows = g_new0(guint64, 1);
  place(&placed, 0, ratios, 3, 1);
  placed_clear(&placed);
}

/* Over seeds each group, large or small, is as often in a split as the ratio says. */
static void
test_balance_fair(void)
{
  const double ratios[] = {0.8, 0.2};
  guint in_test[2] = {0, 0};
  for (guint seed = 0; seed < 1000; seed++) {
    Placed placed = {.rows = g_new(guint64, 100)};
    for (guint i = 0; i < 100; i++)
      placed.rows[i] = 1 + 60 / (i + 1);
    place(&placed, 100, ratios, 2, seed);
    in_test[0] += placed.split[0] == 1;
    in_test[1] += placed.split[50] == 1;
    placed_clear(&placed);
  }
  g_assert_cmpuint(ABS((int)in_test[0] - 200), <, 50);
  g_assert_cmpuint(ABS((int)in_test[1] - 200), <, 50);
}

/* The order in which groups come has no influence. */
static void
test_balance_order(void)
{
  const double ratios[] = {0.7, 0.2, 0.1};
  guint64 rows[2][300];
  guint64 tie[2][300];
  guint8 split[2][300];
  weir_random random = weir_random_from(5);
  for (guint i = 0; i < 300; i++) {
    rows[0][i] = rows[1][299 - i] = 1 + weir_random_below(&random, 90);
    tie[0][i] = tie[1][299 - i] = weir_random_u64(&random);
  }
  for (guint t = 0; t < 2; t++) {
    const SplitItems items = {.n = 300, .rows = rows[t], .tie = tie[t]};
    g_assert_true(split_balance(&items, ratios, 3, split[t]));
  }
  for (guint i = 0; i < 300; i++)
    g_assert_cmpuint(split[0][i], ==, split[1][299 - i]);
}

/* Groups of one class each, the classes unevenly many: every split gets its share of each. */
static void
test_balance_labels(void)
{
  const double ratios[] = {0.5, 0.5};
  guint64 rows[120];
  guint64 tie[120];
  guint64 first[121] = {0};
  guint32 label[120];
  guint32 count[120];
  guint8 split[120];
  guint in_first[3] = {0, 0, 0};
  weir_random random = weir_random_from(6);
  for (guint i = 0; i < 120; i++) {
    rows[i] = count[i] = 4;
    tie[i] = weir_random_u64(&random);
    label[i] = i < 80 ? 0 : i < 110 ? 1 : 2;
    first[i + 1] = i + 1;
  }
  const SplitItems items = {120, rows, tie, 3, first, label, count};
  g_assert_true(split_balance(&items, ratios, 2, split));
  for (guint i = 0; i < 120; i++)
    in_first[label[i]] += split[i] == 0;
  g_assert_cmpuint(in_first[0], ==, 40);
  g_assert_cmpuint(in_first[1], ==, 15);
  g_assert_cmpuint(in_first[2], ==, 5);
}

/* --- Iterative stratification --- */

/* Zipfian labels, up to four a row. Returns the largest error of a label's share, and checks the sizes. */
static double
stratify(guint32 n, guint32 n_labels, const double *ratios, guint k, guint64 seed, gboolean at_random)
{
  weir_random random = weir_random_from(seed);
  g_autofree guint64 *first = g_new0(guint64, n + 1);
  g_autofree guint32 *label = g_new(guint32, 4 * (gsize)n + 1);
  g_autofree guint8 *split = g_new(guint8, n + 1);
  g_autofree guint64 *cells = g_new0(guint64, (gsize)n_labels * k);
  guint64 size[SPLIT_MAX_SPLITS] = {0};
  guint64 want[SPLIT_MAX_SPLITS];
  double largest = 0;
  for (guint32 i = 0; i < n; i++) {
    guint64 at = first[i];
    for (guint32 l = 0; l < n_labels && at < first[i] + 4; l++)
      if (weir_random_unit(&random) < 0.5 / (l + 1))
        label[at++] = l;
    first[i + 1] = at;
  }
  const SplitLabels labels = {n, n_labels, first, label};
  split_largest_remainder(n, ratios, k, want);
  g_assert_true(split_iterative(&labels, ratios, k, &random, split));
  for (guint32 i = 0; at_random && i < n; i++)
    split[i] = i < want[0] ? 0 : 1;
  for (guint32 i = 0; i < n; i++) {
    size[split[i]]++;
    for (guint64 at = first[i]; at < first[i + 1]; at++)
      cells[(gsize)label[at] * k + split[i]]++;
  }
  g_assert_cmpmem(size, k * sizeof *size, want, k * sizeof *want);
  for (guint32 l = 0; l < n_labels; l++) {
    guint64 all = 0;
    for (guint j = 0; j < k; j++)
      all += cells[(gsize)l * k + j];
    for (guint j = 0; j < k; j++)
      if (size[j])
        largest = MAX(largest, fabs((double)cells[(gsize)l * k + j] / (double)size[j] - (double)all / n));
  }
  return largest;
}

static void
test_iterative(void)
{
  const double two[] = {0.8, 0.2};
  const double many[] = {0.5, 0.2, 0.1, 0.1, 0.05, 0.05};
  for (guint seed = 0; seed < 10; seed++) {
    double error = stratify(5000, 40, two, 2, seed, FALSE);
    g_assert_cmpfloat(error, <, stratify(5000, 40, two, 2, seed, TRUE) / 2);
    g_assert_cmpfloat(error, <, 0.002);
    g_assert_cmpfloat(stratify(5000, 40, many, 6, seed, FALSE), <, 0.008);
  }
}

static void
test_iterative_tiny(void)
{
  const double ratios[] = {0.6, 0.2, 0.2};
  for (guint32 n = 0; n < 8; n++)
    for (guint32 labels = 1; labels < 4; labels++)
      stratify(n, labels, ratios, 3, n, FALSE);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/split/key/known", test_known_keys);
  g_test_add_func("/split/key/odd", test_odd_numbers);
  g_test_add_func("/split/groups", test_groups);
  g_test_add_func("/split/balance/exact", test_balance_exact);
  g_test_add_func("/split/balance/swaps", test_balance_swaps);
  g_test_add_func("/split/balance/odd", test_balance_odd);
  g_test_add_func("/split/balance/fair", test_balance_fair);
  g_test_add_func("/split/balance/order", test_balance_order);
  g_test_add_func("/split/balance/labels", test_balance_labels);
  g_test_add_func("/split/iterative/random", test_iterative);
  g_test_add_func("/split/iterative/tiny", test_iterative_tiny);
  return g_test_run();
}
