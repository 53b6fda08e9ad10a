/* SPDX-License-Identifier: MIT */
/* The threads of the stages: each waits for its tables, takes batches from its streams, and calls its class. */
#include "core/keep.h"
#include "core/output_table.h"
#include "core/run.h"

#include "base/atomic_dir.h"

#define RING_BATCHES 64

guint64
weir_now_ns(void)
{
  return (guint64)g_get_monotonic_time() * 1000;
}

static void
post_state(WeirRunningStage *running, const char *state)
{
  WeirMessage message = {.type = WEIR_MESSAGE_STAGE_STATE, .stage = running->plan->name, .text = state};
  WEIR_SET(running->counters.state, state);
  weir_run_post(running->run, &message);
}

static gboolean
is_table(const WeirInput *input)
{
  return input->row->flags & WEIR_PORT_TABLE;
}

static gboolean
is_cancelled(const WeirRun *run)
{
  return g_atomic_int_get(&run->cancelled);
}

/* ---- Calls ---------------------------------------------------------------------------------------------- */

static guint64
begin_call(WeirStage *stage, const char *call, gint port)
{
  weir_stage_begin_call(stage, call, port);
  return weir_now_ns();
}

static int
end_call(WeirStage *stage, guint64 begin, int result)
{
  guint64 spent = weir_now_ns() - begin;
  WEIR_COUNT(stage->running->counters.busy_ns, spent > stage->blocked_ns ? spent - stage->blocked_ns : 0);
  return weir_stage_end_call(stage, result);
}

static int
call_open(WeirStage *stage)
{
  if (!stage->plan->class->open)
    return 0;
  guint64 begin = begin_call(stage, "open", -1);
  return end_call(stage, begin, stage->plan->class->open(&stage->public));
}

static int
call_end(WeirStage *stage, guint port)
{
  if (!stage->plan->class->end)
    return 0;
  guint64 begin = begin_call(stage, "end", (gint)port);
  return end_call(stage, begin, stage->plan->class->end(&stage->public, port));
}

/* Whether everything that a stage feeds has enough, so that what it would still send is for nobody. A sink works for
   what lies outside, and an artifact that was begun is finished. Any thread. */
static gboolean
is_forsaken(WeirRunningStage *running)
{
  const WeirPlanStage *plan = running->plan;
  gboolean fed_any = FALSE;
  g_mutex_lock(&running->lock);
  gboolean making = running->artifacts->len > 0;
  g_mutex_unlock(&running->lock);
  if (making || (plan->class->flags & WEIR_CLASS_SINK))
    return FALSE;
  for (guint o = 0; o < plan->n_outputs; o++)
    for (guint e = 0; e < plan->outputs[o].edges->len; e++) {
      const WeirEdge *edge = plan->outputs[o].edges->pdata[e];
      fed_any = TRUE;
      if (!edge->queue || !weir_queue_is_abandoned(edge->queue))
        return FALSE;
    }
  return fed_any;
}

/* The consumer of an edge wants no more. A stage before it that is forsaken by that, and may wait for input that never
   comes, wants no more either. */
static void
abandon(WeirRun *run, const WeirEdge *edge)
{
  weir_queue_abandon(edge->queue);
  WeirRunningStage *producer = &run->stages[edge->from->stage->index];
  if (!is_forsaken(producer))
    return;
  for (guint i = 0; i < producer->plan->n_inputs; i++) {
    const WeirInput *input = &producer->plan->inputs[i];
    for (guint e = 0; !is_table(input) && e < input->edges->len; e++) {
      const WeirEdge *before = input->edges->pdata[e];
      if (before->queue &&
          !weir_queue_is_abandoned(before->queue)) /* without one: the producer does not run */
        abandon(run, before);
    }
  }
}

static int
call_produce(WeirStage *stage)
{
  int result = 0;
  while (result == 0) {
    if (is_cancelled(stage->run))
      return -1;
    if (is_forsaken(stage->running))
      return 0;
    guint64 begin = begin_call(stage, "produce", -1);
    result = end_call(stage, begin, stage->plan->class->produce(&stage->public));
  }
  return result;
}

/* A null in a column whose type allows none stops the run before the stage sees it. */
static gboolean
nulls_are_absent(WeirStage *stage, const WeirInput *input, const struct ArrowArray *batch)
{
  guint n;
  const gint32 *columns = weir_binding_no_nulls(input->binding, &n);
  gint32 column = 0;
  gint64 row = n ? weir_batch_first_null(input->schema, batch, columns, n, &column) : -1;
  if (row < 0)
    return TRUE;
  WeirOrigin origin = weir_origin_of(stage, input, batch, row);
  g_autofree char *json = weir_batch_row_to_json(input->schema, batch, row, 200);
  g_autofree char *where = weir_origin_to_string(&origin);
  weir_stage_fail_host(
      stage,
      "column \"%s\" of input \"%s\" is empty (null) in %s\n  the record: %s\n  hint: fill it in, or "
      "leave such records out (\"on_error\": \"reject\")",
      weir_schema_column_name(input->schema, (guint)column), input->name, where, json);
  return FALSE;
}

/* Rows of a batch that have a null where the port takes none stop the run, or are left out. Takes the batch if it
   fails. */
static gboolean
look_for_nulls(WeirStage *stage, const WeirInput *input, struct ArrowArray *batch)
{
  g_autoptr(GError) error = NULL;
  g_clear_pointer(&stage->kept, g_array_unref);
  gboolean fine = TRUE;
  if (!stage->plan->rejects.reject)
    fine = nulls_are_absent(stage, input, batch);
  else if (weir_stage_reject_nulls(stage, input, batch, &stage->kept))
    fine = FALSE;
  if (fine && stage->kept) {
    struct ArrowArray rest = {0};
    fine = weir_batch_gather(input->schema, batch, (const gint64 *)(gconstpointer)stage->kept->data,
                             stage->kept->len, &rest, &error);
    weir_batch_release(batch);
    weir_batch_move(&rest, batch);
    if (!fine)
      weir_stage_fail_host(stage, "%s", error->message);
  }
  if (!fine)
    weir_batch_release(batch);
  return fine;
}

/* Rearranged to the port's columns, aligned where the class asks. Takes the batch; FALSE: reported. */
static gboolean
prepare(WeirStage *stage, const WeirEdge *edge, struct ArrowArray *batch)
{
  const WeirInput *input = edge->to;
  g_autoptr(GError) error = NULL;
  struct ArrowArray next = {0};
  gboolean fine = TRUE;
  if (edge->columns) {
    fine = weir_batch_conform(input->schema, batch, edge->columns, &next, &error);
    weir_batch_move(&next, batch);
  }
  if (fine && (stage->plan->class->flags & WEIR_CLASS_ALIGNED)) {
    fine = weir_batch_realign(input->schema, batch, &next, &error);
    weir_batch_move(&next, batch);
  }
  if (!fine) {
    weir_stage_fail_host(stage, "%s", error->message);
    return FALSE;
  }
  return look_for_nulls(stage, input, batch);
}

/* One batch through process(): the `number`-th of its edge, from 0, with its `first_row`-th row. Takes it. */
static int
process_batch(WeirStage *stage, const WeirEdge *edge, guint64 number, guint64 first_row,
              struct ArrowArray *batch)
{
  const WeirInput *input = edge->to;
  WeirStageCounters *counters = &stage->running->counters;
  stage->batch_number = number + 1;
  stage->first_row = first_row;
  WEIR_COUNT(counters->batches_in, 1);
  stage->source = edge->slot;
  WEIR_COUNT(counters->records_in, (guint64)batch->length);
  WEIR_COUNT(counters->bytes_in, weir_batch_bytes(edge->from->schema, batch));
  weir_stage_begin_call(stage, "process", (gint)input->index);
  if (!prepare(stage, edge, batch))
    return -1;
  if (batch->length == 0) { /* none of its rows could be used */
    weir_batch_release(batch);
    return weir_stage_end_call(stage, 0);
  }
  gboolean watch = stage->run->developer;
  struct ArrowArray kept = {0};
  guint64 before = 0;
  if (watch) {
    struct ArrowArray both[2];
    weir_batch_share(batch, both, 2);
    weir_batch_move(&both[0], batch);
    weir_batch_move(&both[1], &kept);
    before = weir_batch_checksum(input->schema, &kept);
  }
  guint64 begin = begin_call(stage, "process", (gint)input->index);
  int result = stage->plan->class->process(&stage->public, input->index, batch);
  gboolean left = batch->release != NULL;
  weir_batch_release(batch);
  if (watch && weir_batch_checksum(input->schema, &kept) != before)
    weir_stage_breach(stage, "W11", "process() changed the buffers of its input \"%s\"", input->name);
  weir_batch_release(&kept);
  if (left && result != -1)
    weir_stage_breach(stage, "W04", "process() returned without releasing or passing on its batch");
  result = end_call(stage, begin, result);
  stage->batch_number = 0;
  return result;
}

/* ---- Inputs --------------------------------------------------------------------------------------------- */

typedef struct {
  WeirStageCounters *counters;
  const WeirEdge *edge;
} Waiting;

static void
note_wait(gpointer data)
{
  const Waiting *waiting = data;
  WEIR_SET(waiting->counters->waits_out, 0);
  WEIR_SET(waiting->counters->waits, waiting->edge);
}

static WeirQueueResult
take(WeirStage *stage, const WeirEdge *edge, struct ArrowArray *batch)
{
  Waiting waiting = {&stage->running->counters, edge};
  guint64 waited = 0;
  g_autoptr(GError) error = NULL;
  WeirQueueResult result = weir_queue_take(edge->queue, batch, &waited, note_wait, &waiting, &error);
  if (waited) {
    WEIR_SET(stage->running->counters.waits, NULL);
    WEIR_COUNT(stage->running->counters.wait_in_ns, waited);
  }
  if (result == WEIR_QUEUE_FAILED)
    weir_stage_fail_host(stage, "input \"%s\": %s", edge->to->name, error->message);
  return result;
}

static gboolean
wait_for_tables(WeirStage *stage)
{
  WeirStageCounters *counters = &stage->running->counters;
  for (guint i = 0; i < stage->plan->n_inputs; i++) {
    const WeirInput *input = &stage->plan->inputs[i];
    for (guint e = 0; is_table(input) && e < input->edges->len; e++) {
      const WeirEdge *edge = input->edges->pdata[e];
      guint64 waited = 0;
      WEIR_SET(counters->waits_out, 0);
      WEIR_SET(counters->waits, edge);
      WeirQueueResult result = weir_queue_wait_whole(edge->queue, &waited);
      WEIR_SET(counters->waits, NULL);
      WEIR_COUNT(counters->wait_in_ns, waited);
      if (result == WEIR_QUEUE_CANCELLED)
        return FALSE;
      WEIR_COUNT(counters->records_in, weir_queue_n_rows(edge->queue));
      WEIR_COUNT(counters->batches_in, weir_queue_n_batches(edge->queue));
      WEIR_COUNT(counters->bytes_in, weir_queue_n_bytes(edge->queue));
    }
  }
  return TRUE;
}

static gboolean
check_table_batch(WeirStage *stage, const WeirInput *input, guint64 number, const struct ArrowArray *batch)
{
  if (!stage->plan->rejects.reject)
    return nulls_are_absent(stage, input, batch);
  GArray *kept = NULL;
  if (weir_stage_reject_nulls(stage, input, batch, &kept))
    return FALSE;
  if (kept) {
    gint64 *key = g_new(gint64, 1);
    *key = weir_table_key(input, number);
    stage->running->rejected_rows[input->index] += (guint64)batch->length - kept->len;
    g_hash_table_insert(stage->running->kept, key, kept);
  }
  return TRUE;
}

/* Nulls in a table are looked for once, when it is whole. */
static gboolean
check_tables(WeirStage *stage)
{
  for (guint i = 0; i < stage->plan->n_inputs; i++) {
    const WeirInput *input = &stage->plan->inputs[i];
    guint n = 0;
    if (!is_table(input) || input->edges->len == 0 || !input->binding)
      continue;
    weir_binding_no_nulls(input->binding, &n);
    guint64 batches = n ? stage->public.host->table_batches(&stage->public, i) : 0;
    stage->first_row = 0;
    for (guint64 b = 0; b < batches; b++) {
      struct ArrowArray batch;
      if (stage->public.host->table_batch(&stage->public, i, b, &batch))
        return FALSE;
      stage->batch_number = b + 1;
      gboolean fine = check_table_batch(stage, input, b, &batch);
      stage->first_row += (guint64)batch.length;
      stage->batch_number = 0;
      weir_batch_release(&batch);
      if (!fine)
        return FALSE;
    }
  }
  return TRUE;
}

/* Types that were left open in the plan are known once the sources have declared them. */
static gboolean
wait_for_types(WeirStage *stage)
{
  WeirPlan *plan = stage->plan->plan;
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_mutex_lock(&plan->types_lock);
  while (!stage->plan->resolved && !weir_plan_inputs_are_known(stage->plan) && !is_cancelled(stage->run))
    g_cond_wait(&plan->types_known, &plan->types_lock);
  gboolean fine = !is_cancelled(stage->run) && weir_plan_resolve_stage(stage->plan, TRUE, diagnostics);
  g_cond_broadcast(&plan->types_known);
  g_mutex_unlock(&plan->types_lock);
  if (!fine && !is_cancelled(stage->run)) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
    stage->host_failed = TRUE;
    weir_run_fail(stage->run, g_strdup(g_strchomp(text)));
  } else if (fine && weir_diagnostics_n_warnings(diagnostics)) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
    weir_run_warn(stage->run, g_strchomp(text));
  }
  return fine;
}

/* ---- Streams -------------------------------------------------------------------------------------------- */

static int
drain_serial(WeirStage *stage, WeirEdge *edge)
{
  struct ArrowArray batch;
  guint64 first_row = 0, rows = 0;
  for (guint64 number = 0;; number++, first_row += rows) {
    switch (take(stage, edge, &batch)) {
    case WEIR_QUEUE_END:
      return 0;
    case WEIR_QUEUE_CANCELLED:
    case WEIR_QUEUE_FAILED:
      return -1;
    case WEIR_QUEUE_BATCH:
      break;
    }
    rows = (guint64)batch.length;
    int result = process_batch(stage, edge, number, first_row, &batch);
    if (result == 0 && is_forsaken(stage->running))
      result = WEIR_END;
    if (result == WEIR_END)
      abandon(stage->run, edge);
    if (result != 0)
      return result;
  }
}

typedef struct {
  WeirRunningStage *running;
  WeirStage *first; /* the stage's own handle */
  WeirEdge *edge;
  int result;
  gboolean failed; /* and not just cancelled */
} WorkerTask;

/* What was rejected is told also where the call failed after it. 0 or -1. */
static int
commit_rejects(WeirStage *stage, gboolean mine)
{
  int result = 0;
  while (stage->held_rejects->len) {
    WeirReject *reject = g_ptr_array_steal_index(stage->held_rejects, 0);
    if (!mine || result)
      weir_reject_free(reject);
    else
      result = weir_stage_commit_reject(stage, reject);
  }
  return result;
}

/* Of several failures the first in the order of the input is reported, not the first in time; one behind the end of
   what the stage wants is none. */
static void
report_in_turn(WeirStage *stage, gboolean mine)
{
  if (mine && stage->held_failure) {
    weir_run_fail(stage->run, g_steal_pointer(&stage->held_failure));
  } else if (!mine) {
    g_clear_pointer(&stage->held_failure, g_free);
    stage->fails = 0;
    stage->host_failed = FALSE;
  }
}

/* No worker takes any more, nor waits for what nobody wants. */
static void
stop_taking(WeirRunningStage *running, const WeirEdge *edge)
{
  g_mutex_lock(&running->turn_lock);
  running->stopped = TRUE;
  g_mutex_unlock(&running->turn_lock);
  abandon(running->run, edge);
}

/* Wait until everything before `ticket` was sent, and send what came of it. */
static int
send_in_turn(WeirStage *stage, const WeirEdge *edge, guint64 ticket, int result)
{
  WeirRunningStage *running = stage->running;
  g_mutex_lock(&running->turn_lock);
  while (running->next_turn != ticket && !running->stopped && !is_cancelled(running->run))
    g_cond_wait(&running->turn, &running->turn_lock);
  gboolean mine = running->next_turn == ticket && !running->stopped && !is_cancelled(running->run);
  g_mutex_unlock(&running->turn_lock);
  stage->blocked_ns = 0;
  for (guint i = 0; i < stage->held->len; i++) {
    WeirHeldBatch *held = &g_array_index(stage->held, WeirHeldBatch, i);
    if (!mine || result == -1)
      weir_batch_release(&held->batch);
    else if (weir_stage_deliver(stage, &stage->plan->outputs[held->port], &held->batch))
      result = -1;
  }
  g_array_set_size(stage->held, 0);
  if (commit_rejects(stage, mine))
    result = -1;
  report_in_turn(stage, mine);
  if (mine && result == WEIR_END)
    stop_taking(running, edge);
  g_mutex_lock(&running->turn_lock);
  running->next_turn++;
  if (result != 0)
    running->stopped = TRUE;
  gboolean stopped = running->stopped;
  g_cond_broadcast(&running->turn);
  g_mutex_unlock(&running->turn_lock);
  return mine ? result : stopped && !is_cancelled(running->run) ? 0 : -1;
}

static gboolean
is_stopped(WeirRunningStage *running)
{
  g_mutex_lock(&running->turn_lock);
  gboolean stopped = running->stopped;
  g_mutex_unlock(&running->turn_lock);
  return stopped;
}

static WeirQueueResult
take_with_ticket(WeirStage *stage, WorkerTask *task, struct ArrowArray *batch, guint64 *ticket,
                 guint64 *first_row)
{
  WeirRunningStage *running = task->running;
  g_mutex_lock(&running->take_lock);
  WeirQueueResult taken = is_stopped(running) ? WEIR_QUEUE_END : take(stage, task->edge, batch);
  if (taken == WEIR_QUEUE_BATCH) {
    *ticket = running->next_ticket++;
    *first_row = running->next_row;
    running->next_row += (guint64)batch->length;
  }
  g_mutex_unlock(&running->take_lock);
  return taken;
}

static void
work_in_turn(WeirStage *stage, WorkerTask *task)
{
  stage->held = g_array_new(FALSE, TRUE, sizeof(WeirHeldBatch));
  stage->held_rejects = g_ptr_array_new_with_free_func((GDestroyNotify)weir_reject_free);
  while (task->result == 0) {
    struct ArrowArray batch;
    guint64 ticket = 0, first_row = 0;
    WeirQueueResult taken = take_with_ticket(stage, task, &batch, &ticket, &first_row);
    if (taken != WEIR_QUEUE_BATCH) {
      task->result = taken == WEIR_QUEUE_END ? 0 : -1;
      report_in_turn(stage, TRUE);
      break;
    }
    task->result =
        send_in_turn(stage, task->edge, ticket, process_batch(stage, task->edge, ticket, first_row, &batch));
    if (task->result == 0 && is_forsaken(stage->running)) {
      task->result = WEIR_END;
      stop_taking(task->running, task->edge);
    }
  }
  task->failed = stage->fails || stage->host_failed;
  g_array_unref(stage->held);
  g_ptr_array_unref(stage->held_rejects);
  stage->held = NULL;
  stage->held_rejects = NULL;
}

static gpointer
worker_thread(gpointer data)
{
  WorkerTask *task = data;
  WeirStage stage;
  weir_stage_init(&stage, task->running->run, task->running->plan, task->running);
  work_in_turn(&stage, task);
  weir_host_spills_leave(&stage, task->first);
  weir_stage_clear(&stage);
  return NULL;
}

static int
drain_parallel(WeirStage *stage, WeirEdge *edge, guint n_workers)
{
  g_autofree WorkerTask *tasks = g_new0(WorkerTask, n_workers);
  g_autofree GThread **threads = g_new0(GThread *, n_workers);
  stage->running->next_ticket = stage->running->next_turn = stage->running->next_row = 0;
  stage->running->stopped = FALSE;
  for (guint i = 0; i < n_workers; i++)
    tasks[i] = (WorkerTask){.running = stage->running, .first = stage, .edge = edge};
  for (guint i = 1; i < n_workers; i++)
    threads[i] = g_thread_try_new("weir-worker", worker_thread, &tasks[i], NULL);
  work_in_turn(stage, &tasks[0]);
  int result = tasks[0].result;
  for (guint i = 1; i < n_workers; i++) {
    if (threads[i])
      g_thread_join(threads[i]);
    if (tasks[i].result == -1 || result == 0)
      result = tasks[i].result;
    stage->host_failed |= tasks[i].failed;
  }
  if (result == WEIR_END)
    abandon(stage->run, edge);
  return result;
}

static int
drain_streams(WeirStage *stage)
{
  guint n_workers = stage->plan->class->threads == WEIR_PARALLEL
                        ? weir_budget_workers(stage->run->budget, stage->run->jobs)
                        : 1;
  for (guint i = 0; i < stage->plan->n_inputs; i++) {
    WeirInput *input = &stage->plan->inputs[i];
    if (is_table(input) || input->edges->len == 0)
      continue;
    gboolean enough = FALSE;
    for (guint e = 0; e < input->edges->len; e++) {
      WeirEdge *edge = input->edges->pdata[e];
      if (enough) {
        abandon(stage->run, edge);
        continue;
      }
      int result = n_workers > 1 ? drain_parallel(stage, edge, n_workers) : drain_serial(stage, edge);
      if (result == -1)
        return -1;
      enough = result == WEIR_END;
    }
    if (call_end(stage, i))
      return -1;
  }
  return 0;
}

/* ---- The life of a stage -------------------------------------------------------------------------------- */

static gboolean
produces(const WeirPlanStage *stage)
{
  return stage->class->produce != NULL;
}

static int
live(WeirStage *stage, gboolean *opened)
{
  if (is_cancelled(stage->run))
    return -1;
  *opened = TRUE;
  if (call_open(stage) || !wait_for_tables(stage) || !wait_for_types(stage) || !check_tables(stage))
    return -1;
  if (drain_streams(stage))
    return -1;
  return produces(stage->plan) ? call_produce(stage) : 0;
}

/* W10: what was never declared has no columns that a consumer could know. */
static int
check_declared(WeirStage *stage)
{
  for (guint o = 0; o < stage->plan->n_outputs; o++) {
    const WeirOutput *output = &stage->plan->outputs[o];
    if (output->open && !output->schema && output->edges->len)
      return weir_stage_breach(stage, "W10", "output \"%s\" ended before its columns were declared",
                               output->name);
  }
  return 0;
}

static int
check_artifacts(WeirStage *stage)
{
  WeirRunningStage *running = stage->running;
  int result = 0;
  g_mutex_lock(&running->lock); /* others may look whether there are any */
  g_autoptr(GPtrArray) left = g_steal_pointer(&running->artifacts);
  running->artifacts = g_ptr_array_new();
  g_mutex_unlock(&running->lock);
  for (guint i = 0; i < left->len; i++) {
    WeirAtomicDir *dir = left->pdata[i];
    if (!is_cancelled(stage->run))
      result = weir_stage_breach(stage, "W15", "artifact \"%s\" was begun, but neither finished nor dropped",
                                 weir_atomic_dir_path(dir));
    weir_atomic_dir_free(dir);
  }
  return result;
}

static void
call_close(WeirStage *stage)
{
  if (!stage->plan->class->close)
    return;
  guint64 begin = begin_call(stage, "close", -1);
  stage->plan->class->close(&stage->public);
  end_call(stage, begin, 0);
}

static int
end_outputs(WeirStage *stage)
{
  for (guint o = 0; o < stage->plan->n_outputs; o++) {
    WeirOutput *output = &stage->plan->outputs[o];
    WEIR_SET(stage->running->output_ended[o], TRUE);
    if (weir_output_has_table(output) && weir_output_table_finish(stage, output))
      return -1;
    for (guint e = 0; e < output->edges->len; e++) {
      const WeirEdge *edge = output->edges->pdata[e];
      if (edge->queue)
        weir_queue_close(edge->queue);
    }
  }
  return 0;
}

/* Nobody reads the stage's tables any more, nor what it left in its streams: their memory is given back at once. */
static void
release_inputs(WeirRun *run, const WeirPlanStage *stage)
{
  for (guint i = 0; i < stage->n_inputs; i++)
    for (guint e = 0; e < stage->inputs[i].edges->len; e++)
      abandon(run, stage->inputs[i].edges->pdata[e]);
}

static gpointer
stage_thread(gpointer data)
{
  WeirRunningStage *running = data;
  WeirStage stage;
  gboolean opened = FALSE;
  weir_stage_init(&stage, running->run, running->plan, running);
  WEIR_SET(running->counters.begin_ns, weir_now_ns());
  post_state(running, "running");
  weir_rejects_begin(running->run, running->plan->name);
  int result = live(&stage, &opened);
  gboolean failed = result == -1 && (stage.fails || stage.host_failed);
  for (guint o = 0; o < stage.plan->n_outputs; o++)
    WEIR_SET(running->output_ended[o], TRUE);
  if (opened)
    call_close(&stage);
  /* Before its outputs end: what a stage behind it is lent then does not hang on how fast this one goes. */
  weir_budget_close(running->run->budget, running->plan->index);
  if (result != -1 && (check_declared(&stage) || stage.host_failed))
    failed = TRUE;
  if (check_artifacts(&stage))
    failed = TRUE;
  /* After a failure nobody may take what came for the whole. */
  if (result != -1 && !failed) {
    weir_keep_end(running);
    failed = end_outputs(&stage) != 0;
  }
  for (guint o = 0; o < stage.plan->n_outputs; o++)
    weir_output_table_drop(&stage.plan->outputs[o]);
  release_inputs(running->run, stage.plan);
  weir_host_spills_free(running);
  weir_stage_clear(&stage);
  WEIR_SET(running->counters.end_ns, weir_now_ns());
  post_state(running, failed                        ? "failed"
                      : result == -1                ? "cancelled"
                      : WEIR_GET(running->has_held) ? "held"
                                                    : "done");
  g_atomic_int_add(&running->run->running, -1);
  g_main_context_wakeup(running->run->context);
  return NULL;
}

void
weir_run_start_stages(WeirRun *run, GPtrArray *threads)
{
  for (guint e = 0; e < run->plan->edges->len; e++) {
    WeirEdge *edge = run->plan->edges->pdata[e];
    if (!weir_reuse_runs(run->reuse, edge->to->stage))
      continue;
    WeirQueueKind kind = is_table(edge->to)                                              ? WEIR_QUEUE_TABLE
                         : edge->spool && weir_reuse_runs(run->reuse, edge->from->stage) ? WEIR_QUEUE_SPOOL
                                                                                         : WEIR_QUEUE_RING;
    edge->queue = weir_queue_new(kind, RING_BATCHES, weir_budget_ring(run->budget));
  }
  if (g_atomic_int_get(&run->interrupted)) /* before it began */
    weir_run_stop(run);
  guint n = 0;
  for (guint i = 0; i < run->n_stages; i++) {
    if (weir_reuse_runs(run->reuse, run->stages[i].plan))
      n++;
    else
      weir_budget_leave_out(run->budget, run->stages[i].plan);
  }
  g_atomic_int_set(&run->running, (gint)n);
  weir_reuse_feed(run->reuse, threads);
  for (guint i = 0; i < run->n_stages; i++) {
    g_autoptr(GError) error = NULL;
    if (!weir_reuse_runs(run->reuse, run->stages[i].plan))
      continue;
    GThread *thread = g_thread_try_new("weir-stage", stage_thread, &run->stages[i], &error);
    if (thread) {
      g_ptr_array_add(threads, thread);
      continue;
    }
    g_atomic_int_add(&run->running, -1);
    weir_run_fail(run, g_strdup_printf("cannot start a thread for stage \"%s\": %s",
                                       run->stages[i].plan->name, error->message));
  }
}
