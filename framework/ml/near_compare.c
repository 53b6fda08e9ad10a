/* SPDX-License-Identifier: MIT */
/* Compares the rows of a bucket: by identity, by signature, and by their texts; joins or matches them. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ml/near_find.h"

/* Entries of one task. */
#define TASK_ENTRIES 256
/* Signatures and sets that a task remembers, of sets those that are not large. */
#define REMEMBERED      1024
#define REMEMBERED_SETS 128
#define LARGE_SET       2048

#define KEY(entry) ((uint32_t)((entry) >> 32))
#define ROW(entry) ((uint32_t)(entry))

/* Two rows to be joined. */
typedef struct {
  uint32_t a, b;
} Link;

/* What one task works with. */
typedef struct {
  NearFind *find;
  NearReader *reader;
  GString *text;
  NearSet set;      /* of the row that is compared with others */
  uint32_t set_row; /* that row; WEIR_NEAR_NONE: none yet */
  NearSet large;    /* of the last row with many shingles */
  NearSet *others;  /* by row % REMEMBERED_SETS */
  uint32_t others_row[REMEMBERED_SETS];
  uint32_t *held;     /* rows by place in `signatures` */
  guint8 *signatures; /* or identities, before the first band */
  gsize size;         /* bytes of one */
  WeirNearFigures figures;
  GError *error;
} Comparer;

/* The buffers of a task, for its first comparison: most tasks have none to make. */
static void
comparer_begin(Comparer *comparer)
{
  const NearFind *find = comparer->find;
  comparer->reader = near_take_reader(find->near);
  comparer->text = g_string_new(NULL);
  comparer->set_row = WEIR_NEAR_NONE;
  comparer->others = g_new0(NearSet, REMEMBERED_SETS);
  memset(comparer->others_row, 0xff, sizeof comparer->others_row); /* WEIR_NEAR_NONE */
  comparer->size = find->band < 0 ? sizeof(uint64_t) : find->near->options.n_hashes;
  comparer->held = g_new(uint32_t, REMEMBERED);
  memset(comparer->held, 0xff, REMEMBERED * sizeof *comparer->held);
  comparer->signatures = g_malloc(REMEMBERED * comparer->size);
}

/* Frees them and hands over figures and error. What a task returns. */
static int
comparer_end(Comparer *comparer)
{
  NearFind *find = comparer->find;
  if (!comparer->reader)
    return 0;
  int result = comparer->error ? -1 : 0;
  near_give_reader(find->near, comparer->reader);
  g_string_free(comparer->text, TRUE);
  near_set_clear(&comparer->set);
  near_set_clear(&comparer->large);
  for (guint i = 0; i < REMEMBERED_SETS; i++)
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

/* --- Two rows --- */

/* The signature of a row (before the first band: its identity); NULL with the task's error set. It is forgotten when one
 * is asked for whose row differs by a multiple of REMEMBERED. */
static const guint8 *
signature_of(Comparer *comparer, uint32_t row)
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
estimate(Comparer *comparer, uint32_t a, uint32_t b)
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
read_shingles(Comparer *comparer, uint32_t row, NearShingles *shingles)
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
other_set(Comparer *comparer, uint32_t row)
{
  NearShingles shingles;
  guint place = row % REMEMBERED_SETS;
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
compare_texts(Comparer *comparer, uint32_t a, uint32_t b)
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

/* The similarity of two rows if it is at least the threshold and `least`; 0 if not, or with the error set. */
static double
similarity(Comparer *comparer, uint32_t a, uint32_t b, double least)
{
  if (!comparer->reader)
    comparer_begin(comparer);
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

/* --- Trees of rows --- */

uint32_t
near_root(NearFind *find, uint32_t row)
{
  uint32_t *parent = find->parent;
  while (parent[row] != row) {
    parent[row] = parent[parent[row]];
    row = parent[row];
  }
  return row;
}

/* The same from many threads, while no trees are joined. */
static uint32_t
root_now(const NearFind *find, uint32_t row)
{
  while (find->parent[row] != row)
    row = find->parent[row];
  return row;
}

static void
join(NearFind *find, uint32_t a, uint32_t b)
{
  a = near_root(find, a);
  b = near_root(find, b);
  if (a < b)
    find->parent[b] = a;
  else
    find->parent[a] = b;
}

/* --- The rows of a chunk --- */

/* Rows are compared within a set while copies are joined; across sets once matches are sought. */
static gboolean
are_apart(const NearFind *find, uint32_t a, uint32_t b)
{
  return find->matches && (a < find->first) != (b < find->first);
}

static gboolean
seeks_matches(const NearFind *find)
{
  return find->matches && find->band >= 0;
}

/* First, each row with its bucket's first: what a large bucket has in common is found at once. */
static int
leader_task(void *arg, size_t task)
{
  NearFind *find = arg;
  Comparer comparer = {.find = find};
  gsize begin = find->chunk_begin + task * TASK_ENTRIES;
  gsize end = MIN(find->chunk_end, begin + TASK_ENTRIES);
  for (gsize i = begin; i < end && !comparer.error; i++) {
    uint32_t row = ROW(find->entries[i]), leader = find->leaders[i - find->chunk_begin];
    find->is_like_first[i - find->chunk_begin] = 0;
    if (leader == row || are_apart(find, leader, row) || root_now(find, leader) == root_now(find, row))
      continue;
    find->is_like_first[i - find->chunk_begin] = similarity(&comparer, row, leader, 0) > 0;
  }
  return comparer_end(&comparer);
}

static gboolean
is_among(const GArray *roots, uint32_t root)
{
  for (guint i = 0; i < roots->len; i++)
    if (g_array_index(roots, uint32_t, i) == root)
      return TRUE;
  return FALSE;
}

/* Then with those before it that it is not yet joined to, the nearest first; once with each tree that it is like. */
static void
link_row(Comparer *comparer, gsize i, GArray *roots, GArray *links)
{
  NearFind *find = comparer->find;
  uint32_t row = ROW(find->entries[i]), mine = root_now(find, row);
  gsize from = find->begins[i - find->chunk_begin];
  from = i - from > WEIR_NEAR_WINDOW ? i - WEIR_NEAR_WINDOW : from;
  g_array_set_size(roots, 0);
  g_array_append_val(roots, mine);
  for (gsize j = i; j-- > from && !comparer->error;) {
    uint32_t other = ROW(find->entries[j]), root = root_now(find, other);
    if (are_apart(find, row, other) || is_among(roots, root) || similarity(comparer, row, other, 0) <= 0)
      continue;
    g_array_append_val(roots, root);
    Link link = {row, other};
    g_array_append_val(links, link);
  }
}

/* A row of the second set with those of the first, which stand at the bucket's beginning. */
static void
match_row(Comparer *comparer, gsize i)
{
  NearFind *find = comparer->find;
  uint32_t row = ROW(find->entries[i]);
  if (row < find->first)
    return;
  WeirNearMatch *match = &find->matches[row - find->first];
  gsize from = find->begins[i - find->chunk_begin], end = MIN(i, from + WEIR_NEAR_WINDOW);
  for (gsize j = from; j < end && !comparer->error; j++) {
    uint32_t other = ROW(find->entries[j]);
    if (other >= find->first)
      return;
    if (match->row == other || (match->row < other && match->similarity >= 1))
      continue;
    float s = (float)similarity(comparer, row, other, (double)match->similarity - 1e-6);
    if (s > match->similarity || (s > 0 && s == match->similarity && other < match->row))
      *match = (WeirNearMatch){other, s};
  }
}

static int
window_task(void *arg, size_t task)
{
  NearFind *find = arg;
  Comparer comparer = {.find = find};
  g_autoptr(GArray) roots = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  GArray *links = find->links[task];
  gsize begin = find->chunk_begin + task * TASK_ENTRIES;
  gsize end = MIN(find->chunk_end, begin + TASK_ENTRIES);
  g_array_set_size(links, 0);
  for (gsize i = begin; i < end && !comparer.error; i++) {
    if (find->begins[i - find->chunk_begin] == i)
      continue;
    if (seeks_matches(find))
      match_row(&comparer, i);
    else
      link_row(&comparer, i, roots, links);
  }
  return comparer_end(&comparer);
}

/* Where the bucket of each entry begins. Returns how many entries are not alone. */
static gsize
find_buckets(NearFind *find)
{
  gsize n = 0;
  for (gsize i = find->chunk_begin; i < find->chunk_end; i++) {
    gsize at = i - find->chunk_begin, begin = i;
    uint32_t leader = ROW(find->entries[i]);
    if (i > 0 && KEY(find->entries[i]) == KEY(find->entries[i - 1])) {
      begin = i > find->chunk_begin ? find->begins[at - 1] : find->last_begin;
      leader = i > find->chunk_begin ? find->leaders[at - 1] : find->leader;
      n++;
    }
    find->begins[at] = (uint32_t)begin;
    find->leaders[at] = leader;
  }
  find->leader = find->leaders[find->chunk_end - find->chunk_begin - 1];
  find->last_begin = find->begins[find->chunk_end - find->chunk_begin - 1];
  return n;
}

static gboolean
run_tasks(NearFind *find, WeirTask task, GError **error)
{
  gsize n = (find->chunk_end - find->chunk_begin + TASK_ENTRIES - 1) / TASK_ENTRIES;
  if (!weir_executor_run(find->executor, n, task, find))
    return TRUE;
  if (find->error)
    g_propagate_error(error, g_steal_pointer(&find->error));
  else
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "stopped");
  return FALSE;
}

static gboolean
join_leaders(NearFind *find, GError **error)
{
  if (!run_tasks(find, leader_task, error))
    return FALSE;
  for (gsize at = 0; at < find->chunk_end - find->chunk_begin; at++)
    if (find->is_like_first[at])
      join(find, find->leaders[at], ROW(find->entries[find->chunk_begin + at]));
  return TRUE;
}

static void
join_links(NearFind *find)
{
  gsize n = (find->chunk_end - find->chunk_begin + TASK_ENTRIES - 1) / TASK_ENTRIES;
  for (gsize task = 0; task < n; task++)
    for (guint i = 0; i < find->links[task]->len; i++) {
      Link link = g_array_index(find->links[task], Link, i);
      join(find, link.a, link.b);
    }
}

static gboolean
tell(NearFind *find, GError **error)
{
  const WeirNearSearch *search = find->search;
  guint64 total = find->near->n_rows * (find->near->bands + 1);
  find->done += find->chunk_end - find->chunk_begin;
  if (find->figures)
    *find->figures = find->sums;
  if (!search->progress || !search->progress(search->data, MIN(find->done, total), total))
    return TRUE;
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "stopped");
  return FALSE;
}

gboolean
near_compare_chunk(NearFind *find, gsize begin, gsize end, GError **error)
{
  find->chunk_begin = begin;
  find->chunk_end = end;
  if (find_buckets(find)) {
    if (!seeks_matches(find) && !join_leaders(find, error))
      return FALSE;
    if (!run_tasks(find, window_task, error))
      return FALSE;
    if (!seeks_matches(find))
      join_links(find);
  }
  return tell(find, error);
}

gsize
near_keep(NearFind *find, gsize n)
{
  gsize begin = find->last_begin, kept = MIN(n - begin, WEIR_NEAR_WINDOW);
  /* Matches are sought among a bucket's first rows, clusters among the last before a row. */
  gsize from = seeks_matches(find) ? begin : n - kept;
  memmove(find->entries, find->entries + from, kept * sizeof *find->entries);
  find->last_begin = 0;
  return kept;
}

void
near_compare_start(NearFind *find)
{
  g_mutex_init(&find->mutex);
  find->leaders = g_new(uint32_t, NEAR_CHUNK);
  find->begins = g_new(uint32_t, NEAR_CHUNK);
  find->is_like_first = g_new(guint8, NEAR_CHUNK);
  find->links = g_new(GArray *, NEAR_CHUNK / TASK_ENTRIES);
  for (guint i = 0; i < NEAR_CHUNK / TASK_ENTRIES; i++)
    find->links[i] = g_array_new(FALSE, FALSE, sizeof(Link));
}

void
near_compare_clear(NearFind *find)
{
  if (!find->links)
    return;
  for (guint i = 0; i < NEAR_CHUNK / TASK_ENTRIES; i++)
    g_array_unref(find->links[i]);
  g_free(find->links);
  g_free(find->leaders);
  g_free(find->begins);
  g_free(find->is_like_first);
  g_clear_error(&find->error);
  g_mutex_clear(&find->mutex);
}
