/* SPDX-License-Identifier: MIT */
/* Stands between the host and the stage under test to know which of its functions runs, so that one that does not come
   back can be named. */
#include "harness/private.h"

static const weir_class *
enter(weir_stage *stage, const char *call)
{
  HarnessRun *run = harness_run_of(((WeirStage *)stage)->run);
  g_atomic_pointer_set(&run->call, call);
  return run->original;
}

static void
leave(weir_stage *stage)
{
  g_atomic_pointer_set(&harness_run_of(((WeirStage *)stage)->run)->call, NULL);
}

static int
watch_open(weir_stage *stage)
{
  HarnessRun *run = harness_run_of(((WeirStage *)stage)->run);
  const weir_class *class = enter(stage, "open");
  int result = class->open ? class->open(stage) : 0;
  leave(stage);
  g_mutex_lock(&run->lock);
  run->opened = TRUE;
  g_cond_broadcast(&run->has_opened);
  g_mutex_unlock(&run->lock);
  return result;
}

void
harness_wait_opened(HarnessRun *run)
{
  gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
  g_mutex_lock(&run->lock);
  while (!run->opened && !g_atomic_int_get(&run->run->cancelled) &&
         g_cond_wait_until(&run->has_opened, &run->lock, end))
    ;
  g_mutex_unlock(&run->lock);
}

static int
watch_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  int result = enter(stage, "process")->process(stage, port, batch);
  leave(stage);
  return result;
}

static int
watch_end(weir_stage *stage, uint32_t port)
{
  int result = enter(stage, "end")->end(stage, port);
  leave(stage);
  return result;
}

static int
watch_produce(weir_stage *stage)
{
  int result = enter(stage, "produce")->produce(stage);
  leave(stage);
  return result;
}

static void
watch_close(weir_stage *stage)
{
  enter(stage, "close")->close(stage);
  leave(stage);
}

void
harness_watch_calls(HarnessRun *run, WeirPlan *plan)
{
  WeirPlanStage *stage = weir_plan_find(plan, HARNESS_STAGE);
  run->original = stage->class;
  run->watched = *stage->class;
  run->watched.open = watch_open;
  if (run->watched.process)
    run->watched.process = watch_process;
  if (run->watched.end)
    run->watched.end = watch_end;
  if (run->watched.produce)
    run->watched.produce = watch_produce;
  if (run->watched.close)
    run->watched.close = watch_close;
  stage->class = &run->watched;
}
