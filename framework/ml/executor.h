/* SPDX-License-Identifier: MIT */
/* How the library is lent threads: whoever calls it decides who runs its tasks. */
#ifndef WEIR_ML_EXECUTOR_H
#define WEIR_ML_EXECUTOR_H

#include <stddef.h>

/* One task of a parallel loop; returns 0, or -1 to give up the loop. */
typedef int (*WeirTask)(void *arg, size_t i);

/* Calls task(arg, i) for every i below n_tasks, in any order and on any threads, and returns when all have
 * returned: 0, or -1 when one failed or the run was cancelled (then some may not have been called). The
 * library cuts work into tasks that do not depend on the number of threads, so results have the same bytes on
 * any executor. */
typedef struct {
  void *data;
  int (*run)(void *data, size_t n_tasks, WeirTask task, void *arg);
} WeirExecutor;

/* Runs the tasks on `executor`, or one after the other on this thread when it is NULL. */
static inline int
weir_executor_run(const WeirExecutor *executor, size_t n_tasks, WeirTask task, void *arg)
{
  if (executor)
    return executor->run(executor->data, n_tasks, task, arg);
  for (size_t i = 0; i < n_tasks; i++)
    if (task(arg, i))
      return -1;
  return 0;
}

#endif
