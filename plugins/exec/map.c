/* SPDX-License-Identifier: MIT */
/* exec.map: batches go in, wait until a program has answered for all their records, and come out in the same order. */
#include "config.h"

#include "map.h"

#include <signal.h>
#include <string.h>

/* What may wait for answers. More than one program holds back in its buffers, so that one that does not flush them
 * after each line is not waited for in vain. */
#define MOST_ROWS    32768 /* for each program; for many together at most MOST_ALL */
#define MOST_ALL     262144
#define MOST_GIVEN   ((gsize)32 << 20) /* bytes of records without answers */
#define MOST_UNDEALT 2                 /* batches that no program has room for */
#define WAIT_MS      50

static void
choose_columns(weir_stage *stage, ExecWork *work)
{
  const struct ArrowSchema *in = weir_input_schema(stage, 0);
  work->send = g_new0(int32_t, in->n_children + work->map->columns.count + 1);
  for (uint32_t i = 0; i < work->map->columns.count; i++)
    work->send[work->n_send++] = weir_input_index(stage, 0, 0, i);
  for (int64_t c = 0; !work->map->columns.count && c < in->n_children; c++)
    if (strcmp(in->children[c]->name, "_row") != 0)
      work->send[work->n_send++] = (int32_t)c;
}

int
exec_map_open(weir_stage *stage)
{
  ExecMap *map = stage->state;
  g_autofree char *why = NULL;
  ExecWork *work = map->work = g_new0(ExecWork, 1);
  work->stage = stage;
  work->map = map;
  work->restarts = map->restarts;
  work->n_workers = (guint)map->processes;
  work->workers = g_new0(ExecWorker, work->n_workers);
  for (guint i = 0; i < work->n_workers; i++)
    exec_child_init(&work->workers[i].child);
  work->path = exec_command_path(map, &why);
  if (!work->path)
    return weir_fail(stage, "%s", why);
  work->argv = exec_command_arguments(map, work->path);
  work->envp = exec_command_environment(map);
  work->program = (ExecProgram){.path = work->path,
                                .argv = (const char *const *)work->argv,
                                .envp = (const char *const *)work->envp,
                                .folder = map->folder};
  /* Now: what is no program after all is found before records flow, and one that takes its time to begin has it. */
  return exec_worker_start(work, &work->workers[0]);
}

static void
add_pending(weir_stage *stage, ExecWork *work, struct ArrowArray *batch)
{
  const struct ArrowSchema *in = weir_input_schema(stage, 0);
  ExecPending *pending = g_new0(ExecPending, 1);
  pending->n = batch->length;
  weir_batch_move(batch, &pending->batch);
  pending->send = g_new0(weir_column, work->n_send + 1);
  for (uint32_t i = 0; i < work->n_send; i++)
    pending->send[i] = weir_batch_column(in, &pending->batch, work->send[i]);
  pending->answers = g_new0(ExecAnswer, pending->n + 1);
  pending->text = g_string_new(NULL);
  g_queue_push_tail(&work->pending, pending);
  work->n_waiting += pending->n;
}

static bool
is_full(const ExecWork *work)
{
  guint undealt = 0;
  for (GList *l = work->pending.tail; l && ((ExecPending *)l->data)->dealt < ((ExecPending *)l->data)->n;
       l = l->prev)
    undealt++;
  return work->n_waiting > MIN((int64_t)MOST_ROWS * work->n_workers, MOST_ALL) ||
         work->n_given > MOST_GIVEN || undealt > MOST_UNDEALT;
}

/* Work until no more waits than may. */
static int
work_off(ExecWork *work, bool all)
{
  int result = 0;
  work->blocked = g_get_monotonic_time();
  while (!result && (all ? work->pending.length > 0 : is_full(work))) {
    guint64 emitted = work->emitted;
    if (!(result = exec_step(work, WAIT_MS)))
      result = exec_emit_ready(work);
    if (work->emitted > emitted) /* sending may have taken its time, in which no program could be served */
      work->blocked = g_get_monotonic_time();
  }
  work->blocked = 0;
  return result;
}

int
exec_map_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  ExecWork *work = ((ExecMap *)stage->state)->work;
  (void)port;
  if (!work->send)
    choose_columns(stage, work);
  add_pending(stage, work, batch);
  if (is_full(work))
    return work_off(work, false);
  return exec_step(work, 0) || exec_emit_ready(work) ? -1 : 0;
}

int
exec_map_end(weir_stage *stage, uint32_t port)
{
  ExecWork *work = ((ExecMap *)stage->state)->work;
  (void)port;
  work->ending = true;
  if (work_off(work, true))
    return -1;
  work->blocked = g_get_monotonic_time();
  while (!exec_workers_are_done(work))
    if (exec_step(work, WAIT_MS))
      return -1;
  return 0;
}

void
exec_map_close(weir_stage *stage)
{
  ExecMap *map = stage->state;
  ExecWork *work = map->work;
  if (!work)
    return;
  gint64 until =
      g_get_monotonic_time() + G_USEC_PER_SEC; /* one for all: there may be many that do not listen */
  for (guint i = 0; i < work->n_workers; i++)
    if (work->workers[i].child.pid)
      kill(-work->workers[i].child.pid, SIGTERM);
  for (guint i = 0; i < work->n_workers; i++) {
    gint64 left = until - g_get_monotonic_time();
    exec_child_kill(&work->workers[i].child, (double)MAX(left, 0) / G_USEC_PER_SEC);
    exec_child_clear(&work->workers[i].child);
    g_queue_clear_full(&work->workers[i].owed, g_free);
    g_queue_clear_full(&work->workers[i].again, g_free);
  }
  g_queue_clear_full(&work->pending, (GDestroyNotify)exec_pending_free);
  g_free(work->workers);
  g_free(work->send);
  g_free(work->path);
  g_strfreev(work->argv);
  g_strfreev(work->envp);
  g_free(work);
  map->work = NULL;
}
