/* SPDX-License-Identifier: MIT */
/* Contract rule W09, in developer mode: sees whether a batch that a stage emitted is marked as released once it
 * was. */
#include "core/run.h"
#include "core/stage.h"

/* A batch around the stage's own. Its columns are shared with that one, so that a consumer that moves one out does
 * so for both. */
typedef struct {
  struct ArrowArray inner;
  WeirRun *run;
  char *text; /* what is reported if the rule is broken: the stage may be gone by then */
} Watched;

static void
release_watched(struct ArrowArray *batch)
{
  Watched *watched = batch->private_data;
  watched->inner.release(&watched->inner);
  /* What a run that has failed leaves behind is released late, when nobody listens. */
  if (watched->inner.release && !g_atomic_int_get(&watched->run->cancelled))
    weir_run_fail(watched->run, g_steal_pointer(&watched->text));
  g_free(watched->text);
  g_free(watched);
  batch->release = NULL;
}

void
weir_host_watch_release(WeirStage *stage, const WeirOutput *output, struct ArrowArray *batch)
{
  Watched *watched = g_new(Watched, 1);
  watched->run = stage->run;
  watched->text = weir_stage_breach_text(
      stage, "W09", "release() of a batch that was emitted to \"%s\" did not set its `release` to NULL",
      output->name);
  weir_batch_move(batch, &watched->inner);
  *batch = watched->inner;
  batch->release = release_watched;
  batch->private_data = watched;
}
