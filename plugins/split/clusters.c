/* SPDX-License-Identifier: MIT */
/* split.clusters: texts that are nearly the same stay together. */
#include "assign.h"
#include "key.h"
#include "near/near.h"
#include "split.h"

enum { TEXT = 0, STRATIFY = 1 }; /* entries of the input's type */

typedef struct {
  weir_stage *stage;
  const struct ArrowSchema *schema;
  int32_t column; /* with the text */
  WeirNear *near;
  WeirNearStore *store;
  uint64_t *first;  /* row of each batch, and their number at last */
  guint32 *cluster; /* of each row */
  guint64 *rows;    /* of each cluster */
  guint64 *tie;
  guint32 n;
} Clustering;

int
clusters_schema(weir_stage *stage)
{
  ClustersState *state = stage->state;
  g_autoptr(GError) error = NULL;
  state->near = (WeirNearOptions)WEIR_NEAR_OPTIONS_INIT;
  state->near.kind = state->shingles == 0 ? WEIR_SHINGLE_CHARACTERS : WEIR_SHINGLE_WORDS;
  state->near.size = state->size ? (guint)state->size : state->shingles == 0 ? 5 : 3;
  state->near.strip_accents = state->strip_accents;
  state->near.max_bytes = state->max_text;
  state->near.n_hashes = (guint)state->hashes;
  state->near.threshold = state->threshold;
  guint bands;
  guint rows;
  if (!weir_near_bands(&state->near, &bands, &rows, &error))
    return weir_fail(stage, "%s", error->message);
  return split_deal_check(stage, &state->deal);
}

/* --- What the index asks for --- */

/* From any thread. */
static int
fetch_text(void *data, guint32 row, GString *into)
{
  const Clustering *c = data;
  struct ArrowArray batch;
  uint64_t b = near_batch_of(c->first, weir_table_batches(c->stage, SPLIT_IN), row);
  if (weir_table_batch(c->stage, SPLIT_IN, b, &batch))
    return -1;
  weir_column column = weir_batch_column(c->schema, &batch, c->column);
  weir_text text = weir_get_text(&column, (int64_t)(row - c->first[b]));
  g_string_append_len(into, text.data, (gssize)text.len);
  weir_batch_release(&batch);
  return 0;
}

static int
tell_progress(void *data, guint64 done, guint64 total)
{
  const Clustering *c = data;
  weir_progress(c->stage, done, total, "comparisons");
  return weir_cancelled(c->stage);
}

/* --- Clusters --- */

static int
add_batch(Clustering *c, const WeirExecutor *executor, uint64_t index)
{
  g_autoptr(GError) error = NULL;
  struct ArrowArray batch;
  if (weir_cancelled(c->stage) || weir_table_batch(c->stage, SPLIT_IN, index, &batch))
    return -1;
  weir_column column = weir_input(c->stage, SPLIT_IN, &batch, TEXT);
  gsize n = (gsize)batch.length;
  g_autofree WeirNearText *texts = g_new0(WeirNearText, n + 1);
  for (gsize i = 0; i < n; i++)
    if (!split_key_is_none(&column, (int64_t)i)) {
      weir_text text = weir_get_text(&column, (int64_t)i);
      texts[i] = (WeirNearText){text.data, (gsize)text.len};
    }
  c->first[index + 1] = c->first[index] + n;
  gboolean fine = weir_near_add(c->near, texts, n, executor, &error);
  weir_batch_release(&batch);
  weir_progress(c->stage, c->first[index + 1], weir_table_rows(c->stage, SPLIT_IN), "records read");
  return fine ? 0 : near_fail(c->stage, error);
}

static int
find_clusters(Clustering *c)
{
  const WeirExecutor executor = near_executor(c->stage);
  g_autoptr(GError) error = NULL;
  guint64 n_rows = weir_near_rows(c->near);
  guint64 memory = near_reserve(c->stage, n_rows, SPLIT_CLUSTERS_LEAST);
  if (!memory)
    return -1;
  const WeirNearSearch search = {.memory = memory, .text = fetch_text, .progress = tell_progress, .data = c};
  c->cluster = weir_near_clusters(c->near, &search, &executor, NULL, &error);
  if (!c->cluster) {
    near_unreserve(c->stage, memory, SPLIT_CLUSTERS_LEAST, 0);
    return near_fail(c->stage, error);
  }
  near_unreserve(c->stage, memory, SPLIT_CLUSTERS_LEAST, n_rows * sizeof *c->cluster);
  return 0;
}

/* Numbers the clusters without gaps: the first row of each has its own number, and stands before the others. */
static int
number_clusters(Clustering *c, guint64 n_rows)
{
  const ClustersState *state = c->stage->state;
  weir_random random = split_random(c->stage, state->seed);
  for (guint64 row = 0; row < n_rows; row++)
    c->n += c->cluster[row] == row;
  c->rows = split_reserve(c->stage, c->n, sizeof *c->rows, "the clusters");
  c->tie = c->rows ? split_reserve(c->stage, c->n, sizeof *c->tie, "the clusters") : NULL;
  if (!c->tie)
    return -1;
  guint32 n = 0;
  for (guint64 row = 0; row < n_rows; row++) {
    if (c->cluster[row] == row) {
      c->tie[n] = weir_random_u64(&random);
      c->cluster[row] = n++;
    } else {
      c->cluster[row] = c->cluster[c->cluster[row]];
    }
    c->rows[c->cluster[row]]++;
  }
  return 0;
}

static void
report(const Clustering *c, guint64 n_rows)
{
  guint64 several = 0;
  guint64 largest = 0;
  for (guint32 i = 0; i < c->n; i++) {
    several += c->rows[i] > 1;
    largest = MAX(largest, c->rows[i]);
  }
  guint64 in_them = n_rows - c->n + several;
  weir_metric(c->stage, "clusters of near-duplicates", (double)several, NULL);
  weir_metric(c->stage, "records in them", (double)in_them, "records");
  weir_log(c->stage, WEIR_LOG_INFO,
           "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
           " records have a near-duplicate, in %" G_GUINT64_FORMAT
           " clusters; the largest has %" G_GUINT64_FORMAT,
           in_them, n_rows, several, several ? largest : 0);
}

static int
choose_sides(Clustering *c)
{
  ClustersState *state = c->stage->state;
  const WeirExecutor executor = near_executor(c->stage);
  g_autoptr(GError) error = NULL;
  uint64_t n_rows = weir_table_rows(c->stage, SPLIT_IN);
  uint64_t n_batches = weir_table_batches(c->stage, SPLIT_IN);
  const char *folder = weir_scratch(c->stage);
  c->first = split_reserve(c->stage, n_batches + 1, sizeof *c->first, "the batches");
  if (!folder || !c->first)
    return -1;
  c->store = weir_near_store_new(folder, &error);
  c->near = c->store ? weir_near_new(&state->near, c->store, &error) : NULL;
  if (!c->near)
    return weir_fail(c->stage, "%s", error->message);
  for (uint64_t b = 0; b < n_batches; b++)
    if (add_batch(c, &executor, b))
      return -1;
  if (find_clusters(c) || number_clusters(c, n_rows))
    return -1;
  report(c, n_rows);
  const weir_list by = {.count = 1, .items = &state->text};
  const SplitGrouping grouping = {.n = c->n,
                                  .rows = c->rows,
                                  .tie = c->tie,
                                  .group = c->cluster,
                                  .noun = "clusters",
                                  .by = &by,
                                  .by_entry = TEXT};
  return split_assign(c->stage, &state->deal, SPLIT_IN, &grouping, &state->stratify, STRATIFY);
}

int
clusters_produce(weir_stage *stage)
{
  ClustersState *state = stage->state;
  if (state->deal.side)
    return split_deal_next(stage, &state->deal, SPLIT_IN);
  if (split_deal_begin(stage, &state->deal, SPLIT_IN))
    return -1;
  Clustering c = {.stage = stage,
                  .schema = weir_input_schema(stage, SPLIT_IN),
                  .column = weir_input_index(stage, SPLIT_IN, TEXT, 0)};
  int result = choose_sides(&c);
  weir_near_free(c.near);
  weir_near_store_free(c.store);
  split_release(stage, c.first, weir_table_batches(stage, SPLIT_IN) + 1, sizeof *c.first);
  split_release(stage, c.rows, c.n, sizeof *c.rows);
  split_release(stage, c.tie, c.n, sizeof *c.tie);
  if (c.cluster)
    near_unreserve(stage, weir_table_rows(stage, SPLIT_IN) * sizeof *c.cluster, SPLIT_CLUSTERS_LEAST, 0);
  g_free(c.cluster);
  return result;
}

void
clusters_close(weir_stage *stage)
{
  ClustersState *state = stage->state;
  split_deal_clear(&state->deal);
}
