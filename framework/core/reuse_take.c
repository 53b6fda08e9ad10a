/* SPDX-License-Identifier: MIT */
/* What stages that do not run have made is brought to its place, told, and fed to those that run. */
#include "core/reuse_private.h"

#include "base/error.h"
#include "base/files.h"
#include "core/keep.h"

/* ---- Bringing ------------------------------------------------------------------------------------------- */

void
weir_reuse_drop_feeds(const WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = reuse->run->plan->stages->pdata[index];
  for (guint o = 0; o < stage->n_outputs; o++) {
    WeirFeed *feed = &reuse->stages[index].feeds[o];
    g_clear_pointer(&feed->table, weir_table_unref);
    feed->wanted = FALSE;
  }
}

/* Open the file of an output. FALSE: it is damaged. */
static gboolean
open_feed(const WeirReuse *reuse, const WeirOutput *output, const WeirMarkOutput *known, WeirFeed *feed,
          GError **error)
{
  g_autofree char *path = weir_keep_path(reuse->run, output);
  feed->bytes = known->bytes;
  feed->wanted = TRUE;
  if (!known->rows)
    return TRUE;
  g_autoptr(WeirTable) table = weir_table_open(path, known->schema, WEIR_TABLE_VERIFY, error);
  if (!table)
    return FALSE;
  if (weir_table_get_rows(table) == known->rows) {
    feed->table = g_steal_pointer(&table);
    return TRUE;
  }
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" is not what its mark says", path);
  return FALSE;
}

gboolean
weir_reuse_open_feeds(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  const WeirReuseStage *state = &reuse->stages[index];
  for (guint o = 0; o < stage->n_outputs; o++) {
    const WeirOutput *output = &stage->outputs[o];
    const WeirMarkOutput *known = weir_mark_find_output(state->mark, output->name);
    g_autoptr(GError) error = NULL;
    if (state->feeds[o].wanted || !weir_reuse_is_wanted(reuse, output) ||
        open_feed(reuse, output, known, &state->feeds[o], &error))
      continue;
    g_autofree char *text = g_strdup_printf("stage \"%s\" is run again: %s", stage->name, error->message);
    weir_run_warn(reuse->run, text);
    if (state->stored && weir_store_is_damage(error))
      weir_store_drop(reuse->store, reuse->store_keys[index]);
    weir_reuse_forget(reuse, index);
    return FALSE;
  }
  return TRUE;
}

gboolean
weir_reuse_fetch(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  WeirReuseStage *state = &reuse->stages[index];
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autofree char *artifacts = g_build_filename(reuse->run->dir->path, "artifacts", stage->name, NULL);
  g_autoptr(GPtrArray) tables = g_ptr_array_new();
  g_autoptr(GError) error = NULL;
  if (!state->stored || state->whole)
    return TRUE;
  weir_remove_tree(folder, NULL);
  weir_remove_tree(artifacts, NULL);
  for (guint o = 0; o < stage->n_outputs; o++)
    if (weir_reuse_is_wanted(reuse, &stage->outputs[o]) &&
        weir_mark_find_output(state->mark, stage->outputs[o].name)->rows)
      g_ptr_array_add(tables, (gpointer)stage->outputs[o].name);
  g_ptr_array_add(tables, NULL);
  if (weir_store_fetch(reuse->store, reuse->store_keys[index], state->mark,
                       (const char *const *)tables->pdata, folder, reuse->run->dir->path, &error))
    return TRUE;
  g_autofree char *text =
      g_strdup_printf("stage \"%s\" is run, and not taken from the store: %s", stage->name, error->message);
  weir_run_warn(reuse->run, text);
  weir_reuse_forget(reuse, index);
  return FALSE;
}

void
weir_reuse_mark_fetched(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  WeirReuseStage *state = &reuse->stages[index];
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autofree char *key = state->mark->key;
  for (guint o = 0; o < state->mark->outputs->len; o++) {
    WeirMarkOutput *output = state->mark->outputs->pdata[o];
    for (guint p = 0; p < stage->n_outputs; p++)
      if (g_str_equal(stage->outputs[p].name, output->name))
        output->kept = state->feeds[p].wanted;
  }
  state->mark->key = g_strdup(reuse->run_keys[index]);
  state->whole =
      weir_mark_write(state->mark, folder, NULL); /* without it the resume looks into the store again */
}

/* ---- Taking over ---------------------------------------------------------------------------------------- */

static void
take_over_counters(WeirRunningStage *running, const WeirMark *mark)
{
  WeirStageCounters *counters = &running->counters;
  counters->records_in = mark->records_in;
  counters->records_out = mark->records_out;
  counters->batches_in = mark->batches_in;
  counters->batches_out = mark->batches_out;
  counters->bytes_in = mark->bytes_in;
  counters->bytes_out = mark->bytes_out;
  counters->rejects = mark->rejects;
}

static void
take_over_columns(WeirReuse *reuse, WeirPlanStage *stage, const WeirMark *mark)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirPlan *plan = reuse->run->plan;
  for (guint o = 0; o < stage->n_outputs; o++) {
    const WeirMarkOutput *output = weir_mark_find_output(mark, stage->outputs[o].name);
    g_mutex_lock(&plan->types_lock);
    if (!stage->outputs[o].schema && output && output->schema)
      weir_plan_declare(&stage->outputs[o], output->schema, diagnostics);
    g_mutex_unlock(&plan->types_lock);
  }
  if (!weir_diagnostics_n_errors(diagnostics))
    return;
  g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
  weir_run_fail(reuse->run, g_strdup(g_strchomp(text)));
}

void
weir_reuse_take_over(WeirReuse *reuse, guint index)
{
  WeirPlanStage *stage = weir_reuse_stage(reuse, index);
  const WeirMark *mark = reuse->stages[index].mark;
  WeirRun *run = reuse->run;
  take_over_counters(&run->stages[index], mark);
  take_over_columns(reuse, stage, mark);
  for (guint i = 0; i < mark->artifacts->len + mark->outside->len; i++) {
    gboolean artifact = i < mark->artifacts->len;
    const WeirMadeThing *thing =
        artifact ? mark->artifacts->pdata[i] : mark->outside->pdata[i - mark->artifacts->len];
    weir_run_dir_made(run->dir, artifact, stage->name, thing->kind, thing->path, thing->sha256,
                      thing->metadata, thing->bytes);
  }
  WEIR_SET(run->stages[index].counters.state, "reused");
  WeirMessage state = {.type = WEIR_MESSAGE_STAGE_STATE, .stage = stage->name, .text = "reused"};
  weir_run_post(run, &state);
  for (guint i = 0; i < mark->messages->len; i++) {
    WeirMessage message = ((const WeirPosted *)mark->messages->pdata[i])->message;
    message.reused = reuse->stages[index].stored ? WEIR_REUSED_FROM_STORE : WEIR_REUSED_FROM_RUN;
    weir_run_post(run, &message);
  }
  run->stages[index].held_text = g_strdup(mark->held);
  WEIR_SET(run->stages[index].has_held, mark->held != NULL);
}

void
weir_reuse_tell(const WeirReuse *reuse)
{
  g_autoptr(GHashTable) by_run = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
  g_autoptr(GPtrArray) runs = g_ptr_array_new();
  for (guint i = 0; i < reuse->n; i++) {
    const WeirReuseStage *state = &reuse->stages[i];
    if (state->runs)
      continue;
    const char *where = state->stored && state->mark->run ? state->mark->run : "";
    GString *list = g_hash_table_lookup(by_run, where);
    if (!list) {
      list = g_string_new(NULL);
      g_hash_table_insert(by_run, (gpointer)where, list);
      g_ptr_array_add(runs, (gpointer)where);
    }
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", weir_reuse_stage(reuse, i)->name);
  }
  for (guint i = 0; i < runs->len; i++) {
    const char *where = runs->pdata[i];
    GString *list = g_hash_table_lookup(by_run, where);
    if (*where)
      weir_reuse_say(reuse, NULL, WEIR_LOG_INFO, "reused from the run %s: %s", where, list->str);
    else
      weir_reuse_say(reuse, NULL, WEIR_LOG_INFO, "whole already, and not run again: %s", list->str);
    g_string_free(list, TRUE);
  }
}

/* ---- Feeding -------------------------------------------------------------------------------------------- */

/* From a file to one edge: so no edge has to wait for another. */
typedef struct {
  WeirRun *run;
  const WeirEdge *edge;
  WeirTable *table; /* NULL: nothing */
} Feeder;

static gpointer
feed_thread(gpointer data)
{
  g_autofree Feeder *feeder = data;
  const WeirEdge *edge = feeder->edge;
  guint64 n = feeder->table ? weir_table_get_batches(feeder->table) : 0;
  for (guint64 b = 0; b < n; b++) {
    struct ArrowArray batch;
    guint64 waited = 0;
    g_autoptr(GError) error = NULL;
    if (!weir_table_read(feeder->table, b, &batch, &error)) {
      weir_run_fail(feeder->run, g_strdup(error->message));
      return NULL;
    }
    guint64 bytes = weir_batch_bytes(edge->from->schema, &batch);
    if (weir_queue_is_abandoned(edge->queue)) { /* it had enough */
      weir_batch_release(&batch);
      return NULL;
    }
    if (!weir_queue_put(edge->queue, &batch, bytes, &waited, NULL, NULL, NULL))
      return NULL;
  }
  weir_queue_close(edge->queue);
  return NULL;
}

static void
feed_edge(WeirReuse *reuse, const WeirFeed *feed, const WeirEdge *edge, GPtrArray *threads)
{
  g_autoptr(GError) error = NULL;
  if (!edge->queue)
    return;
  if (edge->to->row->flags & WEIR_PORT_TABLE) {
    weir_queue_give(edge->queue, feed->table, feed->bytes);
    return;
  }
  Feeder *feeder = g_new(Feeder, 1);
  *feeder = (Feeder){reuse->run, edge, feed->table};
  GThread *thread = g_thread_try_new("weir-feed", feed_thread, feeder, &error);
  if (thread) {
    g_ptr_array_add(threads, thread);
    return;
  }
  g_free(feeder);
  weir_run_fail(reuse->run, g_strdup_printf("cannot start a thread: %s", error->message));
}

void
weir_reuse_feed(WeirReuse *reuse, GPtrArray *threads)
{
  for (guint i = 0; i < reuse->n; i++) {
    const WeirPlanStage *stage = weir_reuse_stage(reuse, i);
    for (guint o = 0; o < stage->n_outputs && !reuse->stages[i].runs; o++)
      for (guint e = 0; e < stage->outputs[o].edges->len && reuse->stages[i].feeds[o].wanted; e++)
        feed_edge(reuse, &reuse->stages[i].feeds[o], stage->outputs[o].edges->pdata[e], threads);
  }
}
