/* SPDX-License-Identifier: MIT */
/* Finds near-duplicates across two splits: both go into one index, which is asked for pairs across them. */
#include "check.h"

#include "near/near.h"

typedef struct {
  weir_stage *stage;
  uint32_t left, right;
  guint64 left_rows;
  WeirNear *near;
  WeirNearStore *store;
} Search;

static int
fetch_text(void *data, guint32 row, GString *into)
{
  const Search *s = data;
  struct ArrowArray batch;
  int64_t within;
  gboolean is_left = row < s->left_rows;
  uint32_t port = is_left ? s->left : s->right;
  if (check_get_row(s->stage, port, is_left ? row : row - s->left_rows, &batch, &within))
    return -1;
  check_row_text(s->stage, port, &batch, within, into);
  weir_batch_release(&batch);
  return 0;
}

static int
tell_progress(void *data, guint64 done, guint64 total)
{
  const Search *s = data;
  weir_progress(s->stage, done, total, "comparisons");
  return weir_cancelled(s->stage);
}

/* Adds the rows of a batch; those that have a leak already are not looked for. */
static int
add_batch(Search *s, const WeirExecutor *executor, uint32_t port, const struct ArrowArray *batch,
          const Leak *leaks)
{
  g_autoptr(GError) error = NULL;
  gsize n = (gsize)batch->length;
  g_autofree WeirNearText *texts = g_new0(WeirNearText, n + 1);
  g_autofree gsize *end = g_new0(gsize, n + 1);
  g_autofree guint8 *has = g_new0(guint8, n + 1);
  g_autoptr(GString) all = g_string_new(NULL);
  for (gsize i = 0; i < n; i++) {
    has[i] = (!leaks || leaks[i].kind == LEAK_NONE) && check_row_text(s->stage, port, batch, (int64_t)i, all);
    end[i] = all->len;
  }
  for (gsize i = 0; i < n; i++) {
    gsize start = i ? end[i - 1] : 0;
    if (has[i])
      texts[i] = (WeirNearText){all->str + start, end[i] - start};
  }
  return weir_near_add(s->near, texts, n, executor, &error) ? 0 : near_fail(s->stage, error);
}

static int
add_split(Search *s, const WeirExecutor *executor, uint32_t port, const Leak *leaks)
{
  const LeakageState *state = s->stage->state;
  for (uint64_t b = 0; b < weir_table_batches(s->stage, port); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(s->stage) || weir_table_batch(s->stage, port, b, &batch))
      return -1;
    int failed = add_batch(s, executor, port, &batch, leaks ? leaks + state->first[port][b] : NULL);
    weir_batch_release(&batch);
    if (failed)
      return -1;
  }
  return 0;
}

static int
search(Search *s, const WeirExecutor *executor, Leak *leaks)
{
  g_autoptr(GError) error = NULL;
  guint64 n_rows = weir_near_rows(s->near), n_right = n_rows - s->left_rows;
  guint64 memory = near_reserve(s->stage, n_rows, 0);
  if (!memory)
    return -1;
  const WeirNearSearch options = {.memory = memory, .text = fetch_text, .progress = tell_progress, .data = s};
  g_autofree WeirNearMatch *matches =
      weir_near_matches(s->near, s->left_rows, &options, executor, NULL, &error);
  near_unreserve(s->stage, memory, 0, 0);
  if (!matches)
    return near_fail(s->stage, error);
  for (guint64 i = 0; i < n_right; i++)
    if (matches[i].row != WEIR_NEAR_NONE && leaks[i].kind == LEAK_NONE)
      leaks[i] = (Leak){matches[i].row, matches[i].similarity, LEAK_NEAR};
  return 0;
}

/* The same with memory for what it finds. */
static int
search_within(Search *s, const WeirExecutor *executor, Leak *leaks)
{
  guint64 bytes = (weir_near_rows(s->near) - s->left_rows) * sizeof(WeirNearMatch);
  if (weir_reserve(s->stage, bytes))
    return weir_fail(s->stage,
                     "no memory for the near-duplicates of a split: %" G_GUINT64_FORMAT
                     " bytes\nhint: raise --memory",
                     bytes);
  int result = search(s, executor, leaks);
  weir_unreserve(s->stage, bytes);
  return result;
}

static int
run_search(Search *s, Leak *leaks)
{
  const LeakageState *state = s->stage->state;
  const WeirExecutor executor = near_executor(s->stage);
  const char *folder = weir_scratch(s->stage);
  g_autoptr(GError) error = NULL;
  s->store = folder ? weir_near_store_new(folder, &error) : NULL;
  s->near = s->store ? weir_near_new(&state->options, s->store, &error) : NULL;
  if (!s->near)
    return folder ? weir_fail(s->stage, "%s", error->message) : -1;
  if (add_split(s, &executor, s->left, NULL) || add_split(s, &executor, s->right, leaks))
    return -1;
  return search_within(s, &executor, leaks);
}

int
check_near_find(weir_stage *stage, uint32_t left, uint32_t right, Leak *leaks)
{
  Search s = {.stage = stage, .left = left, .right = right, .left_rows = weir_table_rows(stage, left)};
  int result = run_search(&s, leaks);
  weir_near_free(s.near);
  weir_near_store_free(s.store);
  return result;
}
