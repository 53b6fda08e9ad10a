/* SPDX-License-Identifier: MIT */
/* An executor of three threads for tests: what it computes must equal what one thread does. */
#ifndef WEIR_ML_TEST_THREADS_H
#define WEIR_ML_TEST_THREADS_H

#include <glib.h>

#include "ml/executor.h"

typedef struct {
  size_t n_tasks;
  WeirTask task;
  void *arg;
  gint next;
  gint failed;
} TestWork;

static gpointer
test_worker(gpointer data)
{
  TestWork *work = data;
  for (;;) {
    size_t i = (size_t)g_atomic_int_add(&work->next, 1);
    if (i >= work->n_tasks)
      return NULL;
    if (work->task(work->arg, i))
      g_atomic_int_set(&work->failed, 1);
  }
}

static int
test_run_threads(void *data, size_t n_tasks, WeirTask task, void *arg)
{
  (void)data;
  TestWork work = {n_tasks, task, arg, 0, 0};
  GThread *threads[3];
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    threads[i] = g_thread_new("test", test_worker, &work);
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    g_thread_join(threads[i]);
  return g_atomic_int_get(&work.failed) ? -1 : 0;
}

/* Runs nothing: the run was cancelled. */
static int
test_run_cancelled(void *data, size_t n_tasks, WeirTask task, void *arg)
{
  (void)data;
  (void)n_tasks;
  (void)task;
  (void)arg;
  return -1;
}

static const WeirExecutor test_threads = {NULL, test_run_threads};
static const WeirExecutor test_cancelled = {NULL, test_run_cancelled};

#endif
