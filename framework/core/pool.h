/* SPDX-License-Identifier: MIT */
/* Threads that share the tasks of weir_parallel(): the caller works too, so calls may be nested and never wait idly. */
#ifndef WEIR_CORE_POOL_H
#define WEIR_CORE_POOL_H

#include <glib.h>

typedef struct WeirPool WeirPool;
/* `threads` may work at once for one call, the caller included. */
WeirPool *weir_pool_new(guint threads);
void weir_pool_free(WeirPool *pool);
guint weir_pool_threads(const WeirPool *pool);
/* 0, or -1 if a task returned non-zero. Any thread. */
int weir_pool_run(WeirPool *pool, guint64 n_tasks, int (*task)(void *data, guint64 index), void *data);

#endif
