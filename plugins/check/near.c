/* SPDX-License-Identifier: MIT */
/* Finds near-duplicates across two splits: both go into one index, which is asked for pairs across them. */
#include "check.h"

typedef struct {
  weir_stage *stage;
  uint32_t left, right;
  guint64 left_rows;
  WeirNear *near;
  WeirNearStore *store;
} Search;

typedef struct {
  WeirTask task;
  void *arg;
} Work;

static int
run_work(void *data, uint64_t index)
{
  const Work *work = data;
  return work->task(work->arg, (size_t)index);
}

static int
run_tasks(void *data, size_t n_tasks, WeirTask task, void *arg)
{
  Work work = {task, arg};
  return weir_parallel(data, n_tasks, run_work, &work);
}

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
  if (weir_near_add(s->near, texts, n, executor, &error))
    return 0;
  return weir_cancelled(s->stage) ? -1 : weir_fail(s->stage, "%s", error->message);
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

/* Memory for the search: what is of use if it is granted, then less and less. 0: not even the least. */
static guint64
reserve_search(const Search *s, guint64 least, guint64 n_rows)
{
  const LeakageState *state = s->stage->state;
  for (guint64 bytes = least + n_rows * weir_near_bytes(&state->options);;
       bytes = least + (bytes - least) / 2) {
    if (weir_reserve(s->stage, bytes) == 0)
      return bytes;
    if (bytes == least)
      return 0;
  }
}

static int
search(Search *s, const WeirExecutor *executor, Leak *leaks)
{
  g_autoptr(GError) error = NULL;
  guint64 n_rows = weir_near_rows(s->near);
  guint64 least = weir_near_least(n_rows) + 8 * (n_rows - s->left_rows);
  guint64 memory = reserve_search(s, least, n_rows);
  if (!memory)
    return weir_fail(s->stage,
                     "no memory to look for near-duplicates: at least %" G_GUINT64_FORMAT
                     " bytes for %" G_GUINT64_FORMAT " records\nhint: raise --memory",
                     least, n_rows);
  const WeirNearSearch options = {.memory = memory, .text = fetch_text, .progress = tell_progress, .data = s};
  g_autofree WeirNearMatch *matches =
      weir_near_matches(s->near, s->left_rows, &options, executor, NULL, &error);
  weir_unreserve(s->stage, memory);
  if (!matches)
    return weir_cancelled(s->stage) ? -1 : weir_fail(s->stage, "%s", error->message);
  for (guint64 i = 0; i < n_rows - s->left_rows; i++)
    if (matches[i].row != WEIR_NEAR_NONE && leaks[i].kind == LEAK_NONE)
      leaks[i] = (Leak){matches[i].row, matches[i].similarity, LEAK_NEAR};
  return 0;
}

static int
run_search(Search *s, Leak *leaks)
{
  const LeakageState *state = s->stage->state;
  const WeirExecutor executor = {s->stage, run_tasks};
  const char *folder = weir_scratch(s->stage);
  g_autoptr(GError) error = NULL;
  s->store = folder ? weir_near_store_new(folder, &error) : NULL;
  s->near = s->store ? weir_near_new(&state->options, s->store, &error) : NULL;
  if (!s->near)
    return folder ? weir_fail(s->stage, "%s", error->message) : -1;
  if (add_split(s, &executor, s->left, NULL) || add_split(s, &executor, s->right, leaks))
    return -1;
  return search(s, &executor, leaks);
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
