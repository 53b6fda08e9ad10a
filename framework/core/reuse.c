/* SPDX-License-Identifier: MIT */
/* Which stages run, which are reused, which are whole: see reuse.h. */
#include "core/reuse.h"

#include "base/atomic_file.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "core/keep.h"
#include "core/mark.h"
#include "core/reuse_store.h"
#include "core/run.h"
#include "core/stagekey.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_BYTES (4u << 20) /* of a stage's messages; with more it has no mark */

/* An output of a stage that does not run, which others want. */
typedef struct {
  gboolean wanted;
  WeirTable *table; /* NULL: nothing came out of it */
  guint64 bytes;
} Feed;

typedef struct {
  WeirMark *mark;  /* of work done before, which is believed; NULL: none */
  gboolean stored; /* it is an entry of the store, and not yet brought here */
  gboolean again;  /* it held the run, which goes on now; what it gave may not have been all */
  gboolean runs;
  gboolean ended; /* in this run: done, or held */
  gboolean whole; /* its mark is in the run directory */
  Feed *feeds;    /* one an output */
  GPtrArray *messages;
  gsize message_bytes;
} Stage;

struct WeirReuse {
  WeirRun *run;
  WeirKeys *keys;
  WeirStore *store; /* NULL: none */
  gboolean resumed;
  guint n;
  Stage *stages;
  char **run_keys, **store_keys;
};

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
  reuse->stages = g_new0(Stage, reuse->n + 1);
  reuse->run_keys = weir_keys_for_run(reuse->keys, run->inputs, run->id);
  reuse->store_keys = weir_keys_for_store(reuse->keys, run->inputs);
  for (guint i = 0; i < reuse->n; i++) {
    const WeirPlanStage *stage = run->plan->stages->pdata[i];
    reuse->stages[i].runs = TRUE;
    reuse->stages[i].messages = g_ptr_array_new_with_free_func(weir_posted_free);
    reuse->stages[i].feeds = g_new0(Feed, stage->n_outputs + 1);
  }
  return reuse;
}

static void
drop_feeds(const WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = reuse->run->plan->stages->pdata[index];
  for (guint o = 0; o < stage->n_outputs; o++) {
    Feed *feed = &reuse->stages[index].feeds[o];
    g_clear_pointer(&feed->table, weir_table_unref);
    feed->wanted = FALSE;
  }
}

void
weir_reuse_free(WeirReuse *reuse)
{
  if (!reuse)
    return;
  for (guint i = 0; i < reuse->n; i++) {
    weir_mark_free(reuse->stages[i].mark);
    drop_feeds(reuse, i);
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

const char *
weir_reuse_get_plugin_digest(const WeirReuse *reuse, const WeirPlugin *plugin)
{
  return weir_keys_get_plugin(reuse->keys, plugin);
}

gboolean
weir_reuse_runs(const WeirReuse *reuse, const WeirPlanStage *stage)
{
  return reuse->stages[stage->index].runs;
}

static WeirPlanStage *
stage_at(const WeirReuse *reuse, guint index)
{
  return reuse->run->plan->stages->pdata[index];
}

static void say(const WeirReuse *reuse, const char *stage, int level, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static void
say(const WeirReuse *reuse, const char *stage, int level, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  WeirMessage message = {.type = WEIR_MESSAGE_LOG, .stage = stage, .level = level, .text = text};
  weir_run_post(reuse->run, &message);
}

/* ---- Believing ------------------------------------------------------------------------------------------ */

static void
forget_mark(WeirReuse *reuse, guint index)
{
  Stage *state = &reuse->stages[index];
  g_clear_pointer(&state->mark, weir_mark_free);
  state->stored = FALSE;
  drop_feeds(reuse, index);
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

/* What it made is there: artifacts in the run directory, and files outside. */
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
  return TRUE;
}

/* A mark in the directory of a run that is resumed. */
static void
believe_mark(WeirReuse *reuse, guint index, gboolean again)
{
  const WeirPlanStage *stage = stage_at(reuse, index);
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirMark) mark = weir_mark_read(folder, stage->name, &error);
  const char *missing = NULL;
  if (mark && mark->rejects) { /* they are in a file beside the others' */
    g_autofree char *leaf = g_strconcat(stage->name, ".jsonl", NULL);
    g_autofree char *rejects = g_build_filename(reuse->run->dir->path, "rejects", leaf, NULL);
    if (!g_file_test(rejects, G_FILE_TEST_EXISTS))
      g_clear_pointer(&mark, weir_mark_free);
  }
  if (error)
    weir_run_warn(reuse->run, error->message);
  else if (mark && g_strcmp0(mark->key, reuse->run_keys[index]) != 0)
    say(reuse, stage->name, WEIR_LOG_INFO,
        "was whole, but is run again: its plugin, Weir, its options or what it hangs on have changed since");
  else if (mark && mark->held && again) {
    say(reuse, stage->name, WEIR_LOG_INFO, "held the run, and is run again");
    reuse->stages[index].again = TRUE;
  } else if (mark && !made_things_are_there(reuse, mark, &missing))
    say(reuse, stage->name, WEIR_LOG_INFO, "was whole, but is run again: \"%s\" is gone or was changed",
        missing);
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
  const WeirPlanStage *stage = stage_at(reuse, index);
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
is_kept(const Stage *state, const WeirOutput *output)
{
  const WeirMarkOutput *known = state->mark ? weir_mark_find_output(state->mark, output->name) : NULL;
  return known && known->kept;
}

static gboolean
is_wanted(const WeirReuse *reuse, const WeirOutput *output)
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
    const WeirPlanStage *stage = stage_at(reuse, i);
    Stage *state = &reuse->stages[i];
    state->runs = !state->mark;
    for (guint o = 0; o < stage->n_outputs && !state->runs; o++)
      state->runs = is_wanted(reuse, &stage->outputs[o]) && !is_kept(state, &stage->outputs[o]);
  }
}

/* A stage that might not give the same again takes all with it that was made from what it gave before. TRUE: some were. */
static gboolean
spread(WeirReuse *reuse)
{
  gboolean changed = FALSE;
  g_autofree gboolean *other = g_new0(gboolean, reuse->n + 1);
  for (guint i = 0; i < reuse->n; i++) {
    const WeirPlanStage *stage = stage_at(reuse, i);
    Stage *state = &reuse->stages[i];
    for (guint p = 0; p < stage->n_inputs; p++)
      for (guint e = 0; e < stage->inputs[p].edges->len; e++)
        other[i] |= other[((const WeirEdge *)stage->inputs[p].edges->pdata[e])->from->stage->index];
    if (other[i] && state->mark) {
      forget_mark(reuse, i);
      changed = TRUE;
    }
    other[i] |= state->runs && (state->again || !weir_keys_is_reproducible(reuse->keys, stage));
  }
  return changed;
}

/* Open the file of an output. FALSE: it is damaged. */
static gboolean
open_feed(const WeirReuse *reuse, const WeirOutput *output, const WeirMarkOutput *known, Feed *feed,
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

/* Open what is fed from files. FALSE: something is damaged; its mark is believed no more. */
static gboolean
open_feeds(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = stage_at(reuse, index);
  const Stage *state = &reuse->stages[index];
  for (guint o = 0; o < stage->n_outputs; o++) {
    const WeirOutput *output = &stage->outputs[o];
    const WeirMarkOutput *known = weir_mark_find_output(state->mark, output->name);
    g_autoptr(GError) error = NULL;
    if (state->feeds[o].wanted || !is_wanted(reuse, output) ||
        open_feed(reuse, output, known, &state->feeds[o], &error))
      continue;
    g_autofree char *text = g_strdup_printf("stage \"%s\" is run again: %s", stage->name, error->message);
    weir_run_warn(reuse->run, text);
    if (state->stored)
      weir_store_drop(reuse->store, reuse->store_keys[index]);
    forget_mark(reuse, index);
    return FALSE;
  }
  return TRUE;
}

/* Bring what is in the store to the run directory. FALSE: it is damaged. */
static gboolean
fetch(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = stage_at(reuse, index);
  Stage *state = &reuse->stages[index];
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autofree char *artifacts = g_build_filename(reuse->run->dir->path, "artifacts", stage->name, NULL);
  g_autoptr(GPtrArray) tables = g_ptr_array_new();
  g_autoptr(GError) error = NULL;
  if (!state->stored || state->whole)
    return TRUE;
  weir_remove_tree(folder, NULL);
  weir_remove_tree(artifacts, NULL);
  for (guint o = 0; o < stage->n_outputs; o++)
    if (is_wanted(reuse, &stage->outputs[o]) &&
        weir_mark_find_output(state->mark, stage->outputs[o].name)->rows)
      g_ptr_array_add(tables, (gpointer)stage->outputs[o].name);
  g_ptr_array_add(tables, NULL);
  if (weir_store_fetch(reuse->store, reuse->store_keys[index], state->mark,
                       (const char *const *)tables->pdata, folder, reuse->run->dir->path, &error))
    return TRUE;
  g_autofree char *text =
      g_strdup_printf("stage \"%s\" is run, and not taken from the store: %s", stage->name, error->message);
  weir_run_warn(reuse->run, text);
  forget_mark(reuse, index);
  return FALSE;
}

/* What was brought from the store is marked here, so that a resume finds it without the store. */
static void
mark_fetched(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = stage_at(reuse, index);
  Stage *state = &reuse->stages[index];
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

static gboolean
bring_all(WeirReuse *reuse)
{
  for (guint i = 0; i < reuse->n; i++)
    if (!reuse->stages[i].runs && (!fetch(reuse, i) || !open_feeds(reuse, i)))
      return FALSE;
  return TRUE;
}

/* What stages that run left behind when they ran before. */
static void
clear_leftovers(WeirReuse *reuse, guint index)
{
  const WeirPlanStage *stage = stage_at(reuse, index);
  g_autofree char *folder = weir_keep_folder(reuse->run, stage);
  g_autofree char *artifacts = g_build_filename(reuse->run->dir->path, "artifacts", stage->name, NULL);
  reuse->stages[index].whole = FALSE;
  weir_mark_free(g_steal_pointer(&reuse->stages[index].mark));
  if (reuse->resumed) {
    weir_remove_tree(folder, NULL);
    weir_remove_tree(artifacts, NULL);
  }
  for (guint o = 0; o < stage->class->n_options; o++) {
    const weir_option *option = &stage->class->options[o];
    const char *path =
        option->type == WEIR_OUTPUT_PATH ? G_STRUCT_MEMBER(const char *, stage->state, option->offset) : NULL;
    if (path)
      weir_atomic_sweep_of(path, NULL);
  }
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

/* As if the stage had just run: what it said, made and counted. */
static void
take_over(WeirReuse *reuse, guint index)
{
  WeirPlanStage *stage = stage_at(reuse, index);
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

/* "reused from the run runs/x: load, split". */
static void
say_what_is_reused(const WeirReuse *reuse)
{
  g_autoptr(GHashTable) by_run = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL);
  g_autoptr(GPtrArray) runs = g_ptr_array_new();
  for (guint i = 0; i < reuse->n; i++) {
    const Stage *state = &reuse->stages[i];
    if (state->runs)
      continue;
    const char *where = state->stored && state->mark->run ? state->mark->run : "";
    GString *list = g_hash_table_lookup(by_run, where);
    if (!list) {
      list = g_string_new(NULL);
      g_hash_table_insert(by_run, (gpointer)where, list);
      g_ptr_array_add(runs, (gpointer)where);
    }
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", stage_at(reuse, i)->name);
  }
  for (guint i = 0; i < runs->len; i++) {
    const char *where = runs->pdata[i];
    GString *list = g_hash_table_lookup(by_run, where);
    if (*where)
      say(reuse, NULL, WEIR_LOG_INFO, "reused from the run %s: %s", where, list->str);
    else
      say(reuse, NULL, WEIR_LOG_INFO, "whole already, and not run again: %s", list->str);
    g_string_free(list, TRUE);
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
      mark_fetched(reuse, i);
  say_what_is_reused(reuse);
  for (guint i = 0; i < reuse->n; i++)
    if (!reuse->stages[i].runs)
      take_over(reuse, i);
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
feed_edge(WeirReuse *reuse, const Feed *feed, const WeirEdge *edge, GPtrArray *threads)
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
    const WeirPlanStage *stage = stage_at(reuse, i);
    for (guint o = 0; o < stage->n_outputs && !reuse->stages[i].runs; o++)
      for (guint e = 0; e < stage->outputs[o].edges->len && reuse->stages[i].feeds[o].wanted; e++)
        feed_edge(reuse, &reuse->stages[i].feeds[o], stage->outputs[o].edges->pdata[e], threads);
  }
}

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
  const WeirPlanStage *stage = stage_at(reuse, index);
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
  const WeirPlanStage *stage = stage_at(reuse, index);
  Stage *state = &reuse->stages[index];
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
    const WeirPlanStage *stage = stage_at(reuse, i);
    const Stage *state = &reuse->stages[i];
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

static Stage *
find_stage(const WeirReuse *reuse, const char *name)
{
  const WeirPlanStage *stage = name ? weir_plan_find(reuse->run->plan, name) : NULL;
  return stage ? &reuse->stages[stage->index] : NULL;
}

void
weir_reuse_note(WeirReuse *reuse, const WeirMessage *message)
{
  Stage *state = find_stage(reuse, message->stage);
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
    const WeirPlanStage *stage = stage_at(reuse, i);
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
    const Stage *state = &reuse->stages[i];
    g_autofree char *folder = weir_keep_folder(reuse->run, stage_at(reuse, i));
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
    g_autofree char *folder = weir_keep_folder(reuse->run, stage_at(reuse, i));
    if (reuse->stages[i].runs && !reuse->stages[i].whole)
      weir_remove_tree(folder, NULL);
  }
  rmdir(stages); /* if nothing is left in it */
}
