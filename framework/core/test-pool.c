/* SPDX-License-Identifier: MIT */
/* Tests the pool: every task once, nested calls, failures, several callers at once, at most so many threads. */
#include "core/pool.h"

#define MANY 20000

typedef struct {
  WeirPool *pool;
  gint *counts;     /* one a task */
  gint working;     /* threads inside a task */
  gint most;        /* of them at once */
  guint64 fails_at; /* the task that returns 1 */
  gint after;       /* tasks that began after it */
  gint failed;
} Work;

static void
note_most(Work *work, gint now)
{
  gint most = g_atomic_int_get(&work->most);
  while (now > most && !g_atomic_int_compare_and_exchange(&work->most, most, now))
    most = g_atomic_int_get(&work->most);
}

static int
count(void *data, guint64 index)
{
  Work *work = data;
  note_most(work, g_atomic_int_add(&work->working, 1) + 1);
  g_atomic_int_inc(&work->counts[index]);
  if (index % 1000 == 0)
    g_usleep(100);
  g_atomic_int_add(&work->working, -1);
  return 0;
}

static void
check_all_once(WeirPool *pool, guint64 n)
{
  g_autofree gint *counts = g_new0(gint, n + 1);
  Work work = {.pool = pool, .counts = counts};
  g_assert_cmpint(weir_pool_run(pool, n, count, &work), ==, 0);
  for (guint64 i = 0; i < n; i++)
    g_assert_cmpint(counts[i], ==, 1);
  g_assert_cmpint(work.most, <=, (gint)weir_pool_threads(pool));
}

static void
test_all_once(gconstpointer data)
{
  WeirPool *pool = weir_pool_new((guint)GPOINTER_TO_INT(data));
  const guint64 sizes[] = {0, 1, 2, 3, 100, MANY};
  g_assert_cmpuint(weir_pool_threads(pool), ==, MAX(GPOINTER_TO_INT(data), 1));
  for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
    check_all_once(pool, sizes[i]);
  weir_pool_free(pool);
}

static int
run_inner(void *data, guint64 index)
{
  Work *outer = data;
  g_autofree gint *counts = g_new0(gint, 50);
  Work inner = {.pool = outer->pool, .counts = counts};
  int result = weir_pool_run(outer->pool, 50, count, &inner);
  for (guint i = 0; i < 50; i++)
    result |= counts[i] != 1;
  outer->counts[index]++;
  return result;
}

static void
test_nested(void)
{
  WeirPool *pool = weir_pool_new(3);
  g_autofree gint *counts = g_new0(gint, 200);
  Work work = {.pool = pool, .counts = counts};
  g_assert_cmpint(weir_pool_run(pool, 200, run_inner, &work), ==, 0);
  for (guint i = 0; i < 200; i++)
    g_assert_cmpint(counts[i], ==, 1);
  weir_pool_free(pool);
}

static int
fail_at(void *data, guint64 index)
{
  Work *work = data;
  g_atomic_int_inc(&work->counts[index]);
  if (g_atomic_int_get(&work->failed))
    g_atomic_int_inc(&work->after);
  g_usleep(50);
  if (index != work->fails_at)
    return 0;
  g_atomic_int_set(&work->failed, 1);
  return 1;
}

static void
test_failure_stops(gconstpointer data)
{
  WeirPool *pool = weir_pool_new((guint)GPOINTER_TO_INT(data));
  const guint64 places[] = {0, 37, 499};
  for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
    g_autofree gint *counts = g_new0(gint, 500);
    Work work = {.counts = counts, .fails_at = places[i]};
    g_assert_cmpint(weir_pool_run(pool, 500, fail_at, &work), ==, -1);
    gint ran = 0;
    for (guint t = 0; t < 500; t++) {
      g_assert_cmpint(counts[t], <=, 1);
      ran += counts[t];
    }
    g_assert_cmpint(ran, >, (gint)places[i]); /* those before it had been handed out */
    g_assert_cmpint(work.after, <=, 2L * GPOINTER_TO_INT(data));
  }
  check_all_once(pool, 1000); /* and the pool is as good as before */
  weir_pool_free(pool);
}

static gpointer
call_often(gpointer data)
{
  for (guint i = 0; i < 50; i++)
    check_all_once(data, 100 + i);
  return NULL;
}

static void
test_many_callers(void)
{
  WeirPool *pool = weir_pool_new(3);
  GThread *threads[5];
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    threads[i] = g_thread_new("caller", call_often, pool);
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    g_thread_join(threads[i]);
  weir_pool_free(pool);
}

static void
test_unused(void)
{
  weir_pool_free(weir_pool_new(8));
  weir_pool_free(NULL);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_data_func("/pool/all-once/0", GINT_TO_POINTER(0), test_all_once);
  g_test_add_data_func("/pool/all-once/1", GINT_TO_POINTER(1), test_all_once);
  g_test_add_data_func("/pool/all-once/2", GINT_TO_POINTER(2), test_all_once);
  g_test_add_data_func("/pool/all-once/8", GINT_TO_POINTER(8), test_all_once);
  g_test_add_func("/pool/nested", test_nested);
  g_test_add_data_func("/pool/failure-stops/1", GINT_TO_POINTER(1), test_failure_stops);
  g_test_add_data_func("/pool/failure-stops/4", GINT_TO_POINTER(4), test_failure_stops);
  g_test_add_func("/pool/many-callers", test_many_callers);
  g_test_add_func("/pool/unused", test_unused);
  return g_test_run();
}
