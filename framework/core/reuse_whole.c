/* SPDX-License-Identifier: MIT */
/* Which stages have become whole: their marks, and their entries in the store. */
#include "core/reuse_private.h"

#include "base/digest.h"
#include "base/files.h"
#include "core/keep.h"

#include <string.h>
#include <unistd.h>

#define MESSAGE_BYTES (4u << 20) /* of a stage's messages; with more it has no mark */

/* ---- Becoming whole ------------------------------------------------------------------------------------- */

static gboolean
takers_are_whole(const WeirReuse *reuse, const WeirOutput *output)
{
  for (guint e = 0; e < output->edges->len; e++)
    if (!reuse->stages[((const WeirEdge *)output->edges->pdata[e])->to->stage->index].whole)
      return FALSE;
  return TRUE;
}

static WeirMark *
make_mark(const WeirReuse *reuse, guint index, const char *key)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  WeirRun *run = reuse->run;
  const WeirRunningStage *running = &run->stages[index];
  const WeirStageCounters *counters = &running->counters;
  WeirMark *mark = weir_mark_new(key, stage->name, stage->use);
  mark->run = g_strdup(run->dir->path);
  mark->held = g_strdup(running->held_text);
  mark->records_in = WEIR_GET(counters->records_in);
  mark->records_out = WEIR_GET(counters->records_out);
  mark->batches_in = WEIR_GET(counters->batches_in);
  mark->batches_out = WEIR_GET(counters->batches_out);
  mark->bytes_in = WEIR_GET(counters->bytes_in);
  mark->bytes_out = WEIR_GET(counters->bytes_out);
  mark->rejects = WEIR_GET(counters->rejects);
  if (mark->rejects) {
    g_autofree char *rejects = weir_rejects_part(run->dir->path, stage->name);
    char hex[WEIR_DIGEST_HEX_BYTES];
    mark->rejects_sha256 = weir_digest_file(rejects, hex, NULL) ? g_strdup(hex) : NULL;
  }
  mark->busy_ns = WEIR_GET(counters->busy_ns);
  for (guint o = 0; o < stage->n_outputs; o++) {
    const WeirKept *kept = &running->outputs_kept[o];
    WeirMarkOutput *output = weir_mark_add_output(mark, stage->outputs[o].name);
    output->used = stage->outputs[o].edges->len > 0;
    output->kept = kept->kept;
    output->rows = kept->kept ? kept->rows : 0;
    output->bytes = kept->kept ? kept->bytes : 0;
    output->schema = stage->outputs[o].schema ? weir_schema_ref(stage->outputs[o].schema) : NULL;
  }
  weir_run_dir_copy_made(run->dir, stage->name, mark->artifacts, mark->outside);
  g_ptr_array_unref(mark->messages);
  mark->messages = g_ptr_array_ref(reuse->stages[index].messages);
  return mark;
}

static void
make_whole(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  WeirReuseStage *state = &reuse->stages[index];
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirMark) mark = make_mark(reuse, index, reuse->run_keys[index]);
  if (!weir_make_folder(folder, &error) || !weir_mark_write(mark, folder, &error)) {
    weir_run_warn(reuse->run, error->message);
    state->ended = FALSE; /* it is asked once */
    return;
  }
  state->whole = TRUE;
  state->mark = g_steal_pointer(&mark);
  WeirMessage message = {.type = WEIR_MESSAGE_STAGE_WHOLE, .stage = stage->name};
  weir_run_post(reuse->run, &message);
}

/* One pass is enough: what takes an output stands behind what gives it. */
static void
look_for_whole(WeirReuse *reuse)
{
  for (guint i = reuse->n; i-- > 0;) {
    const WeirPlanStage *stage = weir_reuse_stage(reuse, i);
    const WeirReuseStage *state = &reuse->stages[i];
    gboolean whole = state->ended && !state->whole && state->message_bytes <= MESSAGE_BYTES;
    for (guint o = 0; o < stage->n_outputs && whole; o++)
      whole = reuse->run->stages[i].outputs_kept[o].kept || takers_are_whole(reuse, &stage->outputs[o]);
    if (whole)
      make_whole(reuse, i);
  }
}

static gsize
length_of(const char *text)
{
  return text ? strlen(text) : 0;
}

static WeirReuseStage *
find_stage(const WeirReuse *reuse, const char *name)
{
  const WeirPlanStage *stage = name ? weir_plan_find(reuse->run->plan, name) : NULL;
  return stage ? &reuse->stages[stage->index] : NULL;
}

void
weir_reuse_note(WeirReuse *reuse, const WeirMessage *message)
{
  WeirReuseStage *state = find_stage(reuse, message->stage);
  if (!state || !state->runs || message->reused)
    return;
  if (message->type == WEIR_MESSAGE_STAGE_STATE) {
    state->ended = g_str_equal(message->text, "done") || g_str_equal(message->text, "held");
    if (state->ended)
      look_for_whole(reuse);
    return;
  }
  if (message->type == WEIR_MESSAGE_STAGE_WHOLE || message->type == WEIR_MESSAGE_TICK ||
      message->type == WEIR_MESSAGE_REJECT) /* rejects have a file of their own */
    return;
  state->message_bytes +=
      sizeof *message + length_of(message->text) + length_of(message->name) + length_of(message->json);
  if (state->message_bytes <= MESSAGE_BYTES)
    g_ptr_array_add(state->messages, weir_posted_new(message));
}

/* ---- Entering ------------------------------------------------------------------------------------------- */

/* Whether the files that a stage read are still what their digests were taken of. */
static gboolean
inputs_held_still(const WeirReuse *reuse, guint index)
{
  guint n;
  const WeirInputUse *uses = weir_inputs_get_uses(reuse->run->inputs, &n);
  for (guint u = 0; u < n; u++)
    if (uses[u].stage == index && (!uses[u].file->unchanged || !weir_inputs_is_same(uses[u].file)))
      return FALSE;
  return TRUE;
}

/* Stages whose work another run may take: their key is known, and nothing before them was held or read what changed. */
static void
drop_keys_of_tainted(WeirReuse *reuse)
{
  for (guint i = 0; i < reuse->n; i++) {
    const WeirPlanStage *stage = weir_reuse_stage(reuse, i);
    gboolean fine = !WEIR_GET(reuse->run->stages[i].has_held) && inputs_held_still(reuse, i);
    for (guint p = 0; p < stage->n_inputs; p++)
      for (guint e = 0; e < stage->inputs[p].edges->len; e++)
        fine &= reuse->store_keys[((const WeirEdge *)stage->inputs[p].edges->pdata[e])->from->stage->index] !=
                NULL;
    if (!fine)
      g_clear_pointer(&reuse->store_keys[i], g_free);
  }
}

static void
enter_whole(WeirReuse *reuse)
{
  gboolean entered = FALSE;
  weir_store_sweep(reuse->store);
  weir_key_list_free(reuse->store_keys, reuse->n);
  reuse->store_keys = weir_keys_for_store(reuse->keys, reuse->run->inputs);
  drop_keys_of_tainted(reuse);
  for (guint i = 0; i < reuse->n; i++) {
    const WeirReuseStage *state = &reuse->stages[i];
    g_autofree char *folder = weir_keep_folder(reuse->run, weir_reuse_stage(reuse, i));
    g_autoptr(GError) error = NULL;
    if (!state->runs || !state->whole || !reuse->store_keys[i])
      continue;
    g_autoptr(WeirMark) mark = make_mark(reuse, i, reuse->store_keys[i]);
    if (!weir_store_enter(reuse->store, reuse->store_keys[i], mark, folder, reuse->run->dir->path, &error)) {
      g_autofree char *text =
          g_strdup_printf("what the stages made is not kept for later runs: %s", error->message);
      weir_run_warn(reuse->run, text);
      return;
    }
    entered = TRUE;
  }
  if (entered)
    weir_store_trim(reuse->store, FALSE, NULL, NULL);
}

void
weir_reuse_end(WeirReuse *reuse)
{
  g_autofree char *stages = g_build_filename(reuse->run->dir->path, "stages", NULL);
  if (reuse->store)
    enter_whole(reuse);
  for (guint i = 0; i < reuse->n; i++) {
    g_autofree char *folder = weir_keep_folder(reuse->run, weir_reuse_stage(reuse, i));
    if (reuse->stages[i].runs && !reuse->stages[i].whole)
      weir_remove_tree(folder, NULL);
  }
  rmdir(stages); /* if nothing is left in it */
}
