/* SPDX-License-Identifier: MIT */
/* A pool of threads for parallel numerics: tasks are handed out by number, the cut of the work is the caller's. */
#include "core/pool.h"

typedef struct Work {
  struct Work *next;
  guint64 n_tasks;
  guint64 taken;   /* tasks handed out */
  guint64 working; /* threads inside a task */
  int (*task)(void *data, guint64 index);
  void *data;
  gboolean failed;
} Work;

struct WeirPool {
  GMutex lock;
  GCond work, done;
  Work *list; /* calls with tasks left */
  guint n_threads;
  GThread **threads;
  gboolean stopping;
};

static void
unlink_work(WeirPool *pool, Work *work)
{
  for (Work **at = &pool->list; *at; at = &(*at)->next)
    if (*at == work) {
      *at = work->next;
      return;
    }
}

/* Run tasks of one call until none is left to begin. Called and left with the lock held. */
static void
help(WeirPool *pool, Work *work)
{
  work->working++;
  while (work->taken < work->n_tasks && !work->failed) {
    guint64 index = work->taken++;
    if (work->taken == work->n_tasks)
      unlink_work(pool, work);
    g_mutex_unlock(&pool->lock);
    int result = work->task(work->data, index);
    g_mutex_lock(&pool->lock);
    if (result && !work->failed) {
      work->failed = TRUE;
      unlink_work(pool, work);
    }
  }
  if (--work->working == 0)
    g_cond_broadcast(&pool->done);
}

static gpointer
pool_thread(gpointer data)
{
  WeirPool *pool = data;
  g_mutex_lock(&pool->lock);
  while (!pool->stopping) {
    if (pool->list)
      help(pool, pool->list);
    else
      g_cond_wait(&pool->work, &pool->lock);
  }
  g_mutex_unlock(&pool->lock);
  return NULL;
}

WeirPool *
weir_pool_new(guint threads)
{
  WeirPool *pool = g_new0(WeirPool, 1);
  g_mutex_init(&pool->lock);
  g_cond_init(&pool->work);
  g_cond_init(&pool->done);
  pool->n_threads = MAX(threads, 1);
  pool->threads = g_new0(GThread *, pool->n_threads);
  return pool;
}

guint
weir_pool_threads(const WeirPool *pool)
{
  return pool->n_threads;
}

/* The threads begin with the first work: most runs of small pipelines need none. Called with the lock held. */
static void
start_threads(WeirPool *pool)
{
  for (guint i = 0; i + 1 < pool->n_threads && !pool->threads[i]; i++)
    pool->threads[i] = g_thread_try_new("weir-pool", pool_thread, pool, NULL);
}

int
weir_pool_run(WeirPool *pool, guint64 n_tasks, int (*task)(void *data, guint64 index), void *data)
{
  if (pool->n_threads == 1 || n_tasks <= 1) {
    for (guint64 i = 0; i < n_tasks; i++)
      if (task(data, i))
        return -1;
    return 0;
  }
  Work work = {.n_tasks = n_tasks, .task = task, .data = data};
  g_mutex_lock(&pool->lock);
  start_threads(pool);
  work.next = pool->list;
  pool->list = &work;
  g_cond_broadcast(&pool->work);
  help(pool, &work);
  while (work.working > 0)
    g_cond_wait(&pool->done, &pool->lock);
  g_mutex_unlock(&pool->lock);
  return work.failed ? -1 : 0;
}

void
weir_pool_free(WeirPool *pool)
{
  if (!pool)
    return;
  g_mutex_lock(&pool->lock);
  pool->stopping = TRUE;
  g_cond_broadcast(&pool->work);
  g_mutex_unlock(&pool->lock);
  for (guint i = 0; i < pool->n_threads; i++)
    if (pool->threads[i])
      g_thread_join(pool->threads[i]);
  g_free(pool->threads);
  g_cond_clear(&pool->work);
  g_cond_clear(&pool->done);
  g_mutex_clear(&pool->lock);
  g_free(pool);
}
