/* SPDX-License-Identifier: MIT */
/* Which stages of a run have to run: see reuse.h. */
#include "core/reuse_private.h"

#include "base/atomic_file.h"
#include "base/digest.h"
#include "base/files.h"
#include "core/keep.h"

#include <string.h>
#include <sys/stat.h>

/* ---- Making --------------------------------------------------------------------------------------------- */

static void
settle_inputs(WeirReuse *reuse, const WeirBegun *begun)
{
  WeirRun *run = reuse->run;
  for (guint i = 0; i < weir_inputs_get_n(run->inputs); i++) {
    WeirInputFile *file = weir_inputs_get(run->inputs, i);
    const WeirBegunInput *before = NULL;
    for (guint b = 0; begun && b < begun->inputs->len; b++)
      if (g_str_equal(((const WeirBegunInput *)begun->inputs->pdata[b])->path, file->path))
        before = begun->inputs->pdata[b];
    if (weir_inputs_settle(file, before ? before->signature : NULL, before ? before->token : NULL))
      continue;
    g_autofree char *text =
        g_strdup_printf("\"%s\" has changed since the run began; what hangs on it is made again", file->path);
    weir_run_warn(run, text);
  }
}

WeirReuse *
weir_reuse_new(WeirRun *run, const WeirBegun *begun, const char *store, GError **error)
{
  guint64 limit;
  if (!weir_store_limit_from_environment(&limit, error))
    return NULL;
  WeirReuse *reuse = g_new0(WeirReuse, 1);
  reuse->run = run;
  reuse->resumed = begun != NULL;
  reuse->store = store ? weir_store_new(store, limit) : NULL;
  g_autofree char *memory = reuse->store ? weir_store_memory_folder(reuse->store) : NULL;
  run->inputs = weir_inputs_new(run->plan, memory);
  settle_inputs(reuse, begun);
  reuse->keys = weir_keys_new(run->plan);
  reuse->n = run->plan->stages->len;
  reuse->stages = g_new0(WeirReuseStage, reuse->n + 1);
  reuse->run_keys = weir_keys_for_run(reuse->keys, run->inputs, run->id);
  reuse->store_keys = weir_keys_for_store(reuse->keys, run->inputs);
  for (guint i = 0; i < reuse->n; i++) {
    const WeirPlanStage *stage = run->plan->stages->pdata[i];
    reuse->stages[i].runs = TRUE;
    reuse->stages[i].messages = g_ptr_array_new_with_free_func(weir_posted_free);
    reuse->stages[i].feeds = g_new0(WeirFeed, stage->n_outputs + 1);
  }
  return reuse;
}

void
weir_reuse_free(WeirReuse *reuse)
{
  if (!reuse)
    return;
  for (guint i = 0; i < reuse->n; i++) {
    weir_mark_free(reuse->stages[i].mark);
    weir_reuse_drop_feeds(reuse, i);
    g_free(reuse->stages[i].feeds);
    g_ptr_array_unref(reuse->stages[i].messages);
  }
  weir_key_list_free(reuse->run_keys, reuse->n);
  weir_key_list_free(reuse->store_keys, reuse->n);
  weir_keys_free(reuse->keys);
  weir_store_free(reuse->store);
  g_free(reuse->stages);
  g_free(reuse);
}

gboolean
weir_reuse_runs(const WeirReuse *reuse, const WeirPlanStage *stage)
{
  return reuse->stages[stage->index].runs;
}

WeirPlanStage *
weir_reuse_stage(const WeirReuse *reuse, guint index)
{
  return reuse->run->plan->stages->pdata[index];
}

void
weir_reuse_say(const WeirReuse *reuse, const char *stage, int level, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  WeirMessage message = {.type = WEIR_MESSAGE_LOG, .stage = stage, .level = level, .text = text};
  weir_run_post(reuse->run, &message);
}

/* ---- Believing ------------------------------------------------------------------------------------------ */

void
weir_reuse_forget(WeirReuse *reuse, guint index)
{
  WeirReuseStage *state = &reuse->stages[index];
  g_clear_pointer(&state->mark, weir_mark_free);
  state->stored = FALSE;
  weir_reuse_drop_feeds(reuse, index);
}

static gboolean
has_digest(const char *path, const char *wanted)
{
  static const char *const except[] = {"artifact.json", NULL};
  char hex[WEIR_DIGEST_HEX_BYTES];
  struct stat st;
  if (stat(path, &st) != 0)
    return FALSE;
  return (S_ISDIR(st.st_mode) ? weir_digest_folder(path, except, hex, NULL)
                              : weir_digest_file(path, hex, NULL)) &&
         g_str_equal(hex, wanted);
}

/* What it made is there: artifacts and rejects in the run directory, and files outside. */
static gboolean
made_things_are_there(const WeirReuse *reuse, const WeirMark *mark, const char **missing)
{
  for (guint i = 0; i < mark->artifacts->len; i++) {
    const WeirMadeThing *thing = mark->artifacts->pdata[i];
    g_autofree char *path = g_build_filename(reuse->run->dir->path, thing->path, NULL);
    char hex[WEIR_DIGEST_HEX_BYTES];
    *missing = thing->path;
    if (!weir_digest_folder(path, NULL, hex, NULL) || g_strcmp0(hex, thing->sha256) != 0)
      return FALSE;
  }
  for (guint i = 0; i < mark->outside->len; i++) {
    const WeirMadeThing *thing = mark->outside->pdata[i];
    *missing = thing->path;
    if (thing->sha256 && !has_digest(thing->path, thing->sha256))
      return FALSE;
  }
  g_autofree char *rejects = weir_rejects_part(reuse->run->dir->path, mark->stage);
  *missing = "rejects";
  return !mark->rejects || (mark->rejects_sha256 && has_digest(rejects, mark->rejects_sha256));
}

/* A mark in the directory of a run that is resumed. */
static void
believe_mark(WeirReuse *reuse, guint index, gboolean again)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirMark) mark = weir_mark_read(folder, stage->name, &error);
  const char *missing = NULL;
  if (error)
    weir_run_warn(reuse->run, error->message);
  else if (mark && g_strcmp0(mark->key, reuse->run_keys[index]) != 0)
    weir_reuse_say(
        reuse, stage->name, WEIR_LOG_INFO,
        "was whole, but is run again: its plugin, Weir, its options or what it hangs on have changed since");
  else if (mark && mark->held && again) {
    weir_reuse_say(reuse, stage->name, WEIR_LOG_INFO, "held the run, and is run again");
    reuse->stages[index].again = TRUE;
  } else if (mark && !made_things_are_there(reuse, mark, &missing))
    weir_reuse_say(reuse, stage->name, WEIR_LOG_INFO,
                   "was whole, but is run again: \"%s\" is gone or was changed", missing);
  else if (mark) {
    reuse->stages[index].mark = g_steal_pointer(&mark);
    reuse->stages[index].whole = TRUE;
  }
}

/* Figures and artifacts may depend on which outputs somebody took. */
static gboolean
same_outputs_are_used(const WeirPlanStage *stage, const WeirMark *mark)
{
  for (guint o = 0; o < stage->n_outputs; o++) {
    const WeirMarkOutput *output = weir_mark_find_output(mark, stage->outputs[o].name);
    if (!output || output->used != (stage->outputs[o].edges->len > 0))
      return FALSE;
  }
  return TRUE;
}

static void
look_into_store(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  g_autoptr(GError) error = NULL;
  if (!reuse->store_keys[index])
    return;
  g_autoptr(WeirMark) mark = weir_store_look(reuse->store, reuse->store_keys[index], stage->name, &error);
  if (error)
    weir_run_warn(reuse->run, error->message);
  if (!mark || !same_outputs_are_used(stage, mark))
    return;
  reuse->stages[index].mark = g_steal_pointer(&mark);
  reuse->stages[index].stored = TRUE;
}

/* ---- Deciding ------------------------------------------------------------------------------------------- */

static gboolean
is_kept(const WeirReuseStage *state, const WeirOutput *output)
{
  const WeirMarkOutput *known = state->mark ? weir_mark_find_output(state->mark, output->name) : NULL;
  return known && known->kept;
}

gboolean
weir_reuse_is_wanted(const WeirReuse *reuse, const WeirOutput *output)
{
  for (guint e = 0; e < output->edges->len; e++)
    if (reuse->stages[((const WeirEdge *)output->edges->pdata[e])->to->stage->index].runs)
      return TRUE;
  return FALSE;
}

/* From the ends backward: what is not there is made, and what that needs if it was not kept. */
static void
mark_those_that_run(WeirReuse *reuse)
{
  for (guint i = reuse->n; i-- > 0;) {
    const WeirPlanStage *stage = weir_reuse_stage(reuse, i);
    WeirReuseStage *state = &reuse->stages[i];
    state->runs = !state->mark;
    for (guint o = 0; o < stage->n_outputs && !state->runs; o++)
      state->runs = weir_reuse_is_wanted(reuse, &stage->outputs[o]) && !is_kept(state, &stage->outputs[o]);
  }
}

/* A stage that might not give the same again takes all with it that was made from what it gave before. TRUE: some were. */
static gboolean
spread(WeirReuse *reuse)
{
  gboolean changed = FALSE;
  g_autofree gboolean *other = g_new0(gboolean, reuse->n + 1);
  for (guint i = 0; i < reuse->n; i++) {
    const WeirPlanStage *stage = weir_reuse_stage(reuse, i);
    WeirReuseStage *state = &reuse->stages[i];
    for (guint p = 0; p < stage->n_inputs; p++)
      for (guint e = 0; e < stage->inputs[p].edges->len; e++)
        other[i] |= other[((const WeirEdge *)stage->inputs[p].edges->pdata[e])->from->stage->index];
    if (other[i] && state->mark) {
      weir_reuse_forget(reuse, i);
      changed = TRUE;
    }
    other[i] |= state->runs && (state->again || !weir_keys_is_reproducible(reuse->keys, stage));
  }
  return changed;
}

static gboolean
bring_all(WeirReuse *reuse)
{
  for (guint i = 0; i < reuse->n; i++)
    if (!reuse->stages[i].runs && (!weir_reuse_fetch(reuse, i) || !weir_reuse_open_feeds(reuse, i)))
      return FALSE;
  return TRUE;
}

/* What stages that run left behind when they ran before, and what was brought of those that cannot be reused after all. */
static void
clear_leftovers(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autofree char *artifacts = g_build_filename(reuse->run->dir->path, "artifacts", stage->name, NULL);
  reuse->stages[index].whole = FALSE;
  weir_mark_free(g_steal_pointer(&reuse->stages[index].mark));
  weir_remove_tree(folder, NULL);
  weir_remove_tree(artifacts, NULL);
  for (guint o = 0; o < stage->class->n_options; o++) {
    const weir_option *option = &stage->class->options[o];
    const char *path =
        option->type == WEIR_OUTPUT_PATH ? G_STRUCT_MEMBER(const char *, stage->state, option->offset) : NULL;
    if (path)
      weir_atomic_sweep_of(path, NULL);
  }
}

void
weir_reuse_decide(WeirReuse *reuse, gboolean force, gboolean again)
{
  for (guint i = 0; i < reuse->n; i++) {
    if (reuse->resumed)
      believe_mark(reuse, i, again);
    if (!reuse->stages[i].mark && reuse->store && !force)
      look_into_store(reuse, i);
  }
  do {
    do
      mark_those_that_run(reuse);
    while (spread(reuse));
  } while (!bring_all(reuse));
  for (guint i = 0; i < reuse->n; i++)
    if (reuse->stages[i].runs)
      clear_leftovers(reuse, i);
    else if (reuse->stages[i].stored && !reuse->stages[i].whole)
      weir_reuse_mark_fetched(reuse, i);
  weir_reuse_tell(reuse);
  for (guint i = 0; i < reuse->n; i++)
    if (!reuse->stages[i].runs)
      weir_reuse_take_over(reuse, i);
}
