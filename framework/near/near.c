/* SPDX-License-Identifier: MIT */
/* What a stage needs around the index of near-duplicates: its threads, rows of tables by number, memory for a search. */
#include "near/near.h"

#include "base/error.h"

/* A search saves passes with so many bytes a row beyond the least; more are of no use. */
#define USEFUL_BYTES 16

/* --- Threads --- */

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

WeirExecutor
near_executor(weir_stage *stage)
{
  return (WeirExecutor){stage, run_tasks};
}

int
near_fail(weir_stage *stage, const GError *error)
{
  if (!g_error_matches(error, WEIR_ERROR, WEIR_ERROR_CANCELLED))
    weir_fail(stage, "%s", error->message);
  return -1;
}

/* --- Rows --- */

uint64_t
near_batch_of(const uint64_t *first, uint64_t n_batches, uint64_t row)
{
  uint64_t low = 0, high = n_batches;
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    if (first[middle] <= row)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* --- Memory --- */

uint64_t
near_reserve(weir_stage *stage, uint64_t n_rows, uint64_t own)
{
  uint64_t least = weir_near_least(n_rows);
  for (uint64_t bytes = least + USEFUL_BYTES * n_rows;; bytes = MAX(least, bytes - bytes / 4)) {
    if (bytes <= own || !weir_reserve(stage, bytes - own))
      return bytes;
    if (bytes == least)
      break;
  }
  weir_fail(stage,
            "no memory to look for near-duplicates: %" G_GUINT64_FORMAT
            " records need at least %" G_GUINT64_FORMAT " bytes\nhint: raise --memory",
            (guint64)n_rows, (guint64)least);
  return 0;
}

void
near_unreserve(weir_stage *stage, uint64_t bytes, uint64_t own, uint64_t kept)
{
  weir_unreserve(stage, MAX(bytes, own) - MAX(kept, own));
}
