/* SPDX-License-Identifier: MIT */
/* The host's function table around which the harness counts calls, and lets some of them fail. */
#include "harness/private.h"

#include "core/batch.h"

/* The run, if the call comes from the stage under test and not from what feeds it. */
static HarnessRun *
tested(weir_stage *public)
{
  const WeirStage *stage = (const WeirStage *)public;
  return g_str_equal(stage->plan->name, HARNESS_STAGE) ? harness_run_of(stage->run) : NULL;
}

/* Count a call. TRUE: it is to fail. */
static gboolean
hit(HarnessRun *run, weir_harness_fault fault)
{
  g_mutex_lock(&run->lock);
  guint64 n = ++run->result->calls[fault];
  g_mutex_unlock(&run->lock);
  return run->h->fault == fault &&
         (n == run->h->fault_at || (fault == WEIR_FAULT_RESERVE && n > run->h->fault_at));
}

/* Count a call of any function: here the run can be cancelled. */
static void
any_call(weir_stage *public, HarnessRun *run)
{
  if (!((WeirStage *)public)->running || !hit(run, WEIR_FAULT_CANCEL))
    return;
  g_atomic_int_set(&run->run->interrupted, 1);
  weir_run_stop(run->run);
}

/* Whether this call of function `what` is to fail; then that was reported, as the host reports its own failures. */
static gboolean
fails(weir_stage *public, weir_harness_fault fault, const char *what)
{
  HarnessRun *run = tested(public);
  if (!run)
    return FALSE;
  any_call(public, run);
  if (!hit(run, fault))
    return FALSE;
  weir_stage_fail_host((WeirStage *)public, "%s() fails, as the test wants it", what);
  return TRUE;
}

static int
fault_emit(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  if (!fails(stage, WEIR_FAULT_EMIT, "weir_emit"))
    return weir_host_table.emit(stage, port, batch);
  weir_batch_release(batch);
  return -1;
}

static int
fault_batch_send(weir_batch *batch)
{
  if (!fails(batch->stage, WEIR_FAULT_EMIT, "weir_send"))
    return weir_host_table.batch_send(batch);
  weir_host_table.batch_drop(batch);
  return -1;
}

static int
fault_select(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out, const int64_t *rows,
             int64_t n)
{
  if (!fails(stage, WEIR_FAULT_EMIT, "weir_select"))
    return weir_host_table.select(stage, in, batch, out, rows, n);
  weir_batch_release(batch);
  return -1;
}

static void *
fault_alloc(weir_stage *stage, size_t bytes)
{
  return fails(stage, WEIR_FAULT_ALLOC, "weir_alloc") ? NULL : weir_host_table.alloc(stage, bytes);
}

static weir_batch *
fault_batch_new(weir_stage *stage, uint32_t port)
{
  return fails(stage, WEIR_FAULT_ALLOC, "weir_batch_new") ? NULL : weir_host_table.batch_new(stage, port);
}

static weir_batch *
fault_derive(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out)
{
  if (!fails(stage, WEIR_FAULT_ALLOC, "weir_derive"))
    return weir_host_table.derive(stage, in, batch, out);
  weir_batch_release(batch);
  return NULL;
}

static int
fault_reserve(weir_stage *stage, uint64_t bytes)
{
  HarnessRun *run = tested(stage);
  if (run)
    any_call(stage, run);
  return run && hit(run, WEIR_FAULT_RESERVE) ? -1 : weir_host_table.reserve(stage, bytes);
}

static int
fault_table_batch(weir_stage *stage, uint32_t port, uint64_t index, struct ArrowArray *batch)
{
  batch->release = NULL;
  if (fails(stage, WEIR_FAULT_TABLE, "weir_table_batch"))
    return -1;
  HarnessRun *run = tested(stage);
  int result = weir_host_table.table_batch(stage, port, index, batch);
  if (run && result == 0)
    harness_watch_batch(&run->live_reads, batch);
  return result;
}

static const char *
fault_scratch(weir_stage *stage)
{
  return fails(stage, WEIR_FAULT_FILES, "weir_scratch") ? NULL : weir_host_table.scratch(stage);
}

static const char *
fault_cache(weir_stage *stage)
{
  return fails(stage, WEIR_FAULT_FILES, "weir_cache") ? NULL : weir_host_table.cache(stage);
}

static const char *
fault_artifact_begin(weir_stage *stage, const char *name)
{
  return fails(stage, WEIR_FAULT_FILES, "weir_artifact_begin") ? NULL
                                                               : weir_host_table.artifact_begin(stage, name);
}

static int
fault_artifact_finish(weir_stage *stage, const char *folder, uint32_t port, const char *kind,
                      const char *metadata)
{
  if (!fails(stage, WEIR_FAULT_FILES, "weir_artifact_finish"))
    return weir_host_table.artifact_finish(stage, folder, port, kind, metadata);
  weir_host_table.artifact_drop(stage, folder);
  return -1;
}

static int
fault_output(weir_stage *stage, const char *path, const char *kind)
{
  return fails(stage, WEIR_FAULT_FILES, "weir_output") ? -1 : weir_host_table.output(stage, path, kind);
}

static int
fault_cancelled(weir_stage *stage)
{
  HarnessRun *run = tested(stage);
  if (run)
    any_call(stage, run);
  return weir_host_table.cancelled(stage);
}

/* A time that does not change from run to run: it goes into artifacts, whose bytes are compared. */
static int64_t
fixed_started(weir_stage *stage G_GNUC_UNUSED)
{
  return INT64_C(1700000000) * G_USEC_PER_SEC;
}

const weir_host *
harness_host(void)
{
  static weir_host host;
  static gsize once;
  if (g_once_init_enter(&once)) {
    host = weir_host_table;
    host.emit = fault_emit;
    host.batch_send = fault_batch_send;
    host.select = fault_select;
    host.alloc = fault_alloc;
    host.batch_new = fault_batch_new;
    host.derive = fault_derive;
    host.reserve = fault_reserve;
    host.table_batch = fault_table_batch;
    host.scratch = fault_scratch;
    host.cache = fault_cache;
    host.artifact_begin = fault_artifact_begin;
    host.artifact_finish = fault_artifact_finish;
    host.output = fault_output;
    host.cancelled = fault_cancelled;
    host.started = fixed_started;
    g_once_init_leave(&once, 1);
  }
  return &host;
}
