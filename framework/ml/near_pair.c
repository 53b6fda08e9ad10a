/* SPDX-License-Identifier: MIT */
/* Compares two rows: what is read of them is remembered for a while, since a bucket compares each with many. */
#include "ml/near_pair.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* Signatures that a task remembers. */
#define REMEMBERED 1024
/* Sets with more shingles are not remembered. */
#define LARGE_SET 2048

/* The buffers of a task, for its first comparison: most tasks have none to make. */
static void
begin(NearComparer *comparer)
{
  const NearFind *find = comparer->find;
  comparer->reader = near_take_reader(find->near);
  comparer->text = g_string_new(NULL);
  comparer->set_row = WEIR_NEAR_NONE;
  comparer->others = g_new0(NearSet, NEAR_REMEMBERED_SETS);
  memset(comparer->others_row, 0xff, sizeof comparer->others_row); /* WEIR_NEAR_NONE */
  comparer->size = find->band < 0 ? sizeof(uint64_t) : find->near->options.n_hashes;
  comparer->held = g_new(uint32_t, REMEMBERED);
  memset(comparer->held, 0xff, REMEMBERED * sizeof *comparer->held);
  comparer->signatures = g_malloc(REMEMBERED * comparer->size);
}

int
near_comparer_end(NearComparer *comparer)
{
  NearFind *find = comparer->find;
  if (!comparer->reader)
    return 0;
  int result = comparer->error ? -1 : 0;
  near_give_reader(find->near, comparer->reader);
  g_string_free(comparer->text, TRUE);
  near_set_clear(&comparer->set);
  near_set_clear(&comparer->large);
  for (guint i = 0; i < NEAR_REMEMBERED_SETS; i++)
    near_set_clear(&comparer->others[i]);
  g_free(comparer->others);
  g_free(comparer->held);
  g_free(comparer->signatures);
  g_mutex_lock(&find->mutex);
  find->sums.candidates += comparer->figures.candidates;
  find->sums.compared += comparer->figures.compared;
  find->sums.confirmed += comparer->figures.confirmed;
  if (comparer->error && !find->error)
    find->error = g_steal_pointer(&comparer->error);
  g_mutex_unlock(&find->mutex);
  g_clear_error(&comparer->error);
  return result;
}

/* The signature of a row (before the first band: its identity); NULL with the task's error set. It is forgotten when one
 * is asked for whose row differs by a multiple of REMEMBERED. */
static const guint8 *
signature_of(NearComparer *comparer, uint32_t row)
{
  WeirNear *near = comparer->find->near;
  gsize place = row % REMEMBERED;
  guint8 *signature = comparer->signatures + place * comparer->size;
  if (comparer->held[place] == row)
    return signature;
  guint64 at = row / NEAR_BLOCK * near_block_bytes(near) + row % NEAR_BLOCK * comparer->size;
  if (comparer->find->band >= 0)
    at += near_signatures_at(near);
  if (!near->store->read(near->store, at, signature, comparer->size, &comparer->error))
    return NULL;
  comparer->held[place] = row;
  return signature;
}

/* The estimate of the Jaccard index. Places that differ have equal bytes once in 256. -1 with the error set. */
static double
estimate(NearComparer *comparer, uint32_t a, uint32_t b)
{
  guint8 copy[WEIR_NEAR_MAX_HASHES];
  const guint8 *left = signature_of(comparer, a);
  if (!left)
    return -1;
  memcpy(copy, left, comparer->size);
  const guint8 *right = signature_of(comparer, b);
  if (!right)
    return -1;
  comparer->figures.candidates++;
  if (comparer->find->band < 0)
    return memcmp(copy, right, comparer->size) ? 0 : 1;
  guint same = 0;
  for (gsize i = 0; i < comparer->size; i++)
    same += copy[i] == right[i];
  double share = (double)same / (double)comparer->size;
  return MAX(0, (share - 1.0 / 256) / (1 - 1.0 / 256));
}

/* The shingles of a row; FALSE with the task's error set. */
static gboolean
read_shingles(NearComparer *comparer, uint32_t row, NearShingles *shingles)
{
  const WeirNearSearch *search = comparer->find->search;
  g_string_truncate(comparer->text, 0);
  if (search->text(search->data, row, comparer->text)) {
    g_set_error(&comparer->error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "stopped");
    return FALSE;
  }
  *shingles =
      near_shingles(comparer->reader, &comparer->find->near->text, comparer->text->str, comparer->text->len);
  return TRUE;
}

/* The set of a row that others are compared with in turn; NULL with the error set. */
static const NearSet *
other_set(NearComparer *comparer, uint32_t row)
{
  NearShingles shingles;
  guint place = row % NEAR_REMEMBERED_SETS;
  if (comparer->others_row[place] == row)
    return &comparer->others[place];
  if (!read_shingles(comparer, row, &shingles))
    return NULL;
  if (shingles.n > LARGE_SET) {
    near_set_fill(&comparer->large, shingles);
    return &comparer->large;
  }
  near_set_fill(&comparer->others[place], shingles);
  comparer->others_row[place] = row;
  return &comparer->others[place];
}

/* The exact Jaccard index; -1 with the error set. Many `b` with one `a` are fast. */
static double
compare_texts(NearComparer *comparer, uint32_t a, uint32_t b)
{
  NearShingles shingles;
  if (comparer->set_row != a) {
    if (!read_shingles(comparer, a, &shingles))
      return -1;
    near_set_fill(&comparer->set, shingles);
    comparer->set_row = a;
  }
  const NearSet *other = other_set(comparer, b);
  if (!other)
    return -1;
  comparer->figures.compared++;
  return near_set_jaccard(&comparer->set, other);
}

double
near_similarity(NearComparer *comparer, uint32_t a, uint32_t b, double least)
{
  if (!comparer->reader)
    begin(comparer);
  const WeirNearOptions *options = &comparer->find->near->options;
  gboolean exact = comparer->find->search->text != NULL;
  double wanted = comparer->find->band < 0 ? 1 : MAX(least, options->threshold);
  /* An estimate more than three standard deviations below leaves no hope. */
  double slack = exact ? 3 * sqrt(wanted * (1 - wanted) / options->n_hashes) + 1e-6 : 0;
  double s = estimate(comparer, a, b);
  if (s < wanted - slack)
    return 0;
  if (exact)
    s = compare_texts(comparer, a, b);
  if (s < wanted)
    return 0;
  comparer->figures.confirmed++;
  return s;
}
