/* SPDX-License-Identifier: MIT */
/* Runs the stage under test: a pipeline of sources, the stage and sinks is written, run in every cut, and compared. */
#include "harness/isolate.h"
#include "harness/private.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/files.h"
#include "core/loader.h"
#include "core/options.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define GRACE 5 /* seconds from cancelling a run to giving it up */

/* ---- Results -------------------------------------------------------------------------------------------- */

static void
output_free(gpointer data)
{
  HarnessOutput *output = data;
  g_free(output->port);
  g_free(output->types);
  g_ptr_array_unref(output->rows);
  g_clear_pointer(&output->schema, weir_schema_unref);
  g_free(output);
}

void
harness_result_free(gpointer data)
{
  HarnessResult *result = data;
  g_free(result->folder);
  g_free(result->error);
  g_ptr_array_unref(result->outputs);
  g_ptr_array_unref(result->figures);
  g_hash_table_unref(result->metrics);
  g_string_free(result->messages, TRUE);
  g_string_free(result->texts, TRUE);
  g_free(result);
}

static HarnessResult *
result_new(const weir_harness_cut *cut)
{
  HarnessResult *result = g_new0(HarnessResult, 1);
  result->cut = *cut;
  result->code = WEIR_EXIT_USAGE;
  result->outputs = g_ptr_array_new_with_free_func(output_free);
  result->metrics = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  result->figures = g_ptr_array_new_with_free_func(g_free);
  result->messages = g_string_new(NULL);
  result->texts = g_string_new(NULL);
  return result;
}

HarnessOutput *
harness_output(const HarnessResult *result, const char *port)
{
  if (!port && result->outputs->len == 1)
    return result->outputs->pdata[0];
  for (guint i = 0; port && i < result->outputs->len; i++) {
    HarnessOutput *output = result->outputs->pdata[i];
    if (g_str_equal(output->port, port))
      return output;
  }
  return NULL;
}

const char *
harness_cut_name(const weir_harness_cut *cut, char text[96])
{
  char rows[32];
  g_snprintf(rows, sizeof rows, "%u", cut->batch_rows);
  g_snprintf(text, 96, "%s %s a batch%s%s, %u job%s", cut->batch_rows ? rows : "all",
             cut->batch_rows == 1 ? "row" : "rows", cut->offset ? ", sliced" : "",
             cut->late ? ", types known late" : "", MAX(cut->jobs, 1), cut->jobs > 1 ? "s" : "");
  return text;
}

/* What a run says of its folder is the same for all runs. g_free(). */
char *
harness_without_folder(const HarnessResult *result, const char *text)
{
  if (!result->folder || !strstr(text, result->folder))
    return g_strdup(text);
  GString *out = g_string_new(text);
  g_string_replace(out, result->folder, "${dir}", 0);
  return g_string_free(out, FALSE);
}

/* ---- The pipeline --------------------------------------------------------------------------------------- */

static WeirPosition
nowhere(void)
{
  return weir_position("test", 0, 0);
}

static void
set(WeirNode *map, const char *key, WeirNode *value)
{
  weir_node_set(map, key, nowhere(), value);
}

static void
set_string(WeirNode *map, const char *key, const char *value)
{
  set(map, key, weir_node_new_string(nowhere(), value));
}

static void
set_integer(WeirNode *map, const char *key, gint64 value)
{
  set(map, key, weir_node_new_integer(nowhere(), value));
}

/* "${dir}" in a text of the options. */
static WeirNode *
put_folder(const WeirNode *scalar, gpointer folder)
{
  if (weir_node_kind(scalar) != WEIR_NODE_STRING || !strstr(weir_node_string(scalar), "${dir}"))
    return NULL;
  g_autoptr(GString) text = g_string_new(weir_node_string(scalar));
  g_string_replace(text, "${dir}", folder, 0);
  return weir_node_new_string(weir_node_position(scalar), text->str);
}

static WeirNode *
options_of(const weir_harness *h, const HarnessResult *result)
{
  return h->options ? weir_node_rewrite(h->options, put_folder, result->folder)
                    : weir_node_new_map(nowhere());
}

static gboolean add_stage(weir_harness *h, const char *name, HarnessRun *run, WeirNode *stages,
                          GError **error);

/* What feeds an edge becomes a stage of its own; the text that refers to it. */
static char *
add_feed(const HarnessEdge *edge, const char *name, HarnessRun *run, WeirNode *stages, GError **error)
{
  if (edge->stage) {
    if (!add_stage(edge->stage, name, run, stages, error))
      return NULL;
    return edge->output ? g_strconcat(name, ".", edge->output, NULL) : g_strdup(name);
  }
  HarnessFeed *feed = g_new0(HarnessFeed, 1);
  g_autoptr(GError) problem = NULL;
  feed->run = run;
  feed->rows = edge->rows;
  feed->schema = harness_infer_schema(edge->rows, edge->columns, &problem);
  g_ptr_array_add(run->feeds, feed);
  if (!feed->schema) {
    g_set_error(error, problem->domain, problem->code, "input \"%s\": %s", edge->port ? edge->port : "",
                problem->message);
    return NULL;
  }
  WeirNode *stage = weir_node_new_map(nowhere()), *options = weir_node_new_map(nowhere());
  set_integer(options, "run", run->id);
  set_integer(options, "feed", run->feeds->len - 1);
  set_string(stage, "use", HARNESS_PLUGIN ".source");
  set(stage, "options", options);
  set(stages, name, stage);
  return g_strdup(name);
}

/* The "from" of a stage: {port: "name"}, or a list where several edges go into a port. */
static WeirNode *
add_feeds(const weir_harness *h, const char *name, HarnessRun *run, WeirNode *stages, GError **error)
{
  g_autoptr(WeirNode) from = weir_node_new_map(nowhere());
  WeirNode *only = NULL;
  for (guint i = 0; i < h->edges->len; i++) {
    const HarnessEdge *edge = h->edges->pdata[i];
    g_autofree char *feed_name = g_strdup_printf("%s-in%u", name, i);
    g_autofree char *text = add_feed(edge, feed_name, run, stages, error);
    if (!text)
      return NULL;
    WeirNode *before = edge->port ? weir_node_get(from, edge->port) : only;
    WeirNode *node = weir_node_new_string(nowhere(), text);
    if (before && weir_node_kind(before) != WEIR_NODE_LIST) {
      WeirNode *list = weir_node_new_list(nowhere());
      weir_node_append(list, weir_node_ref(before));
      weir_node_append(list, node);
      node = list;
    } else if (before) {
      weir_node_append(before, node);
      continue;
    }
    if (edge->port) {
      set(from, edge->port, node);
    } else {
      g_clear_pointer(&only, weir_node_unref);
      only = node;
    }
  }
  return only ? only : g_steal_pointer(&from);
}

static gboolean
add_stage(weir_harness *h, const char *name, HarnessRun *run, WeirNode *stages, GError **error)
{
  if (h->misuse) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, h->misuse);
    return FALSE;
  }
  WeirNode *from = add_feeds(h, name, run, stages, error);
  if (!from)
    return FALSE;
  WeirNode *stage = weir_node_copy(h->members);
  set_string(stage, "use", h->use);
  set(stage, "options", options_of(h, run->result));
  if (h->edges->len)
    set(stage, "from", from);
  else
    weir_node_unref(from);
  set(stages, name, stage);
  return TRUE;
}

/* ---- Outputs -------------------------------------------------------------------------------------------- */

static gboolean
is_unused(const weir_harness *h, const char *port)
{
  return g_ptr_array_find_with_equal_func(h->unused, port, g_str_equal, NULL);
}

static void
add_sink(weir_harness *h, HarnessRun *run, const char *port, WeirNode *stages, WeirNode *discard)
{
  if (is_unused(h, port)) {
    weir_node_append(discard, weir_node_new_string(nowhere(), port));
    return;
  }
  HarnessOutput *output = g_new0(HarnessOutput, 1);
  output->port = g_strdup(port);
  output->rows = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(run->result->outputs, output);
  g_autofree char *name = g_strdup_printf("%s-out%u", HARNESS_STAGE, run->result->outputs->len - 1);
  g_autofree char *from = g_strconcat(HARNESS_STAGE, ".", port, NULL);
  WeirNode *stage = weir_node_new_map(nowhere()), *options = weir_node_new_map(nowhere());
  set_integer(options, "run", run->id);
  set_integer(options, "output", run->result->outputs->len - 1);
  set_string(stage, "use", HARNESS_PLUGIN ".sink");
  set_string(stage, "from", from);
  set(stage, "options", options);
  set(stages, name, stage);
}

static const weir_class *
find_class(const weir_harness *h, const char *const *folders)
{
  const char *dot = strchr(h->use, '.');
  g_autofree char *plugin_name = dot ? g_strndup(h->use, (gsize)(dot - h->use)) : NULL;
  WeirPlugin *plugin = dot ? weir_plugin_find(plugin_name, folders, TRUE, NULL) : NULL;
  return plugin ? weir_plugin_class(plugin, dot + 1) : NULL;
}

/* A sink for every output. Where the class is not found, or its options are not right, there is none: the plan will say
   what is wrong. */
static void
add_sinks(weir_harness *h, HarnessRun *run, const char *const *folders, WeirNode *stages)
{
  const weir_class *class = find_class(h, folders);
  if (!class)
    return;
  WeirArena *arena = weir_arena_new();
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) options = options_of(h, run->result);
  g_autoptr(WeirNode) discard = weir_node_new_list(nowhere());
  WeirOptionContext context = {.stage = HARNESS_STAGE,
                               .use = h->use,
                               .input_base = run->result->folder,
                               .output_base = run->result->folder,
                               .diagnostics = diagnostics};
  gpointer state = weir_arena_alloc(arena, MAX(class->state_size, 1));
  weir_options_fill(&context, class, options, options, state, arena, NULL);
  for (guint i = 0; i < class->n_out; i++) {
    if (!class->out[i].names) {
      add_sink(h, run, class->out[i].name, stages, discard);
      continue;
    }
    const char *const *names = weir_options_names(class, state, class->out[i].names, arena);
    for (guint k = 0; names && names[k]; k++)
      add_sink(h, run, names[k], stages, discard);
  }
  if (weir_node_size(discard))
    set(weir_node_get(stages, HARNESS_STAGE), "discard", weir_node_ref(discard));
  weir_arena_free(arena);
}

/* The whole pipeline file. NULL: misuse. */
static char *
write_pipeline(weir_harness *h, HarnessRun *run, const char *const *folders, GError **error)
{
  g_autoptr(WeirNode) pipeline = weir_node_new_map(nowhere());
  WeirNode *stages = weir_node_new_map(nowhere());
  set_integer(pipeline, "weir", 1);
  set_string(pipeline, "name", "harness");
  set_integer(pipeline, "seed", h->seed);
  set(pipeline, "stages", stages);
  if (!add_stage(h, HARNESS_STAGE, run, stages, error))
    return NULL;
  add_sinks(h, run, folders, stages);
  g_autofree char *json = weir_node_to_json(pipeline, TRUE);
  g_autofree char *file = g_strdup_printf("%s.json", run->result->folder);
  return weir_atomic_write(file, json, -1, WEIR_ATOMIC_NO_SYNC, error) ? g_steal_pointer(&file) : NULL;
}

/* ---- Messages ------------------------------------------------------------------------------------------- */

/* Times and rates differ from run to run. */
static gboolean
is_measured(const WeirMessage *m)
{
  static const char *const units[] = {"s", "ms", "us", "ns", "seconds", NULL};
  return m->unit && (g_strv_contains(units, m->unit) || strstr(m->unit, "/s"));
}

static void
note_metric(HarnessResult *result, const WeirMessage *m)
{
  double *value = g_new(double, 1);
  *value = m->value;
  g_hash_table_insert(result->metrics, g_strdup(m->name), value);
  if (!is_measured(m)) {
    char text[WEIR_NUMBER_BYTES];
    weir_number_to_text(m->value, text);
    g_ptr_array_add(result->figures, g_strdup_printf("metric %s = %s", m->name, text));
  }
}

static void
note_made(HarnessResult *result, const WeirMessage *m)
{
  g_autofree char *path = harness_without_folder(result, m->name);
  g_ptr_array_add(result->figures, g_strdup_printf("%s %s: sha256 %s", m->kind, path, m->text));
}

/* A thread that does not end cannot be ended. */
static void
give_up(const char *use, const char *call)
{
  fprintf(stderr, "%s: %s() has not come back %d seconds after the run was cancelled\n", use,
          call ? call : "the host", GRACE);
  fflush(NULL);
  _exit(HARNESS_GIVEN_UP);
}

static void
listen(WeirRun *weir, const WeirMessage *m, gpointer data)
{
  HarnessRun *run = data;
  double waited = (double)(g_get_monotonic_time() - run->began) / 1e6;
  if (m->type == WEIR_MESSAGE_TICK) {
    const char *call = g_atomic_pointer_get(&run->call);
    if (waited > run->h->patience && !run->late) {
      run->late = TRUE;
      weir_run_cancel(weir);
    }
    if (waited > run->h->patience + GRACE) /* it does not even look at weir_cancelled() */
      give_up(run->h->use, call);
    return;
  }
  if (g_strcmp0(m->stage, HARNESS_STAGE) != 0 || m->type == WEIR_MESSAGE_STAGE_STATE)
    return;
  g_autofree char *whole = weir_message_to_json(m), *json = harness_without_folder(run->result, whole);
  g_string_append_printf(run->result->messages, "%s\n", json);
  if (m->text) {
    g_autofree char *text = harness_without_folder(run->result, m->text);
    g_string_append_printf(run->result->texts, "%s\n", text);
  }
  if (m->type == WEIR_MESSAGE_METRIC)
    note_metric(run->result, m);
  else if (m->type == WEIR_MESSAGE_ARTIFACT)
    note_made(run->result, m);
  else if (m->type == WEIR_MESSAGE_REJECT)
    run->result->n_rejects++;
}

/* ---- One run -------------------------------------------------------------------------------------------- */

static void
feed_free(gpointer data)
{
  HarnessFeed *feed = data;
  g_clear_pointer(&feed->schema, weir_schema_unref);
  g_free(feed);
}

char *
harness_make_folder(const char *place, GError **error)
{
  g_autofree char *pattern = g_build_filename(place ? place : g_get_tmp_dir(), "weir-harness-XXXXXX", NULL);
  if (g_mkdtemp(pattern))
    return g_steal_pointer(&pattern);
  weir_set_io_error(error, errno, "make a temporary folder", pattern);
  return NULL;
}

static gboolean
make_folder(weir_harness *h, HarnessResult *result, GError **error)
{
  if (!h->folder)
    h->folder = harness_make_folder(h->place, error);
  if (!h->folder)
    return FALSE;
  result->folder = g_strdup_printf("%s/%u", h->folder, ++h->n_folders);
  if (!weir_make_folder(result->folder, error))
    return FALSE;
  for (guint i = 0; i < h->files->len; i++) {
    const HarnessFile *file = h->files->pdata[i];
    g_autofree char *path = g_build_filename(result->folder, file->path, NULL);
    g_autofree char *above = g_path_get_dirname(path);
    gsize size;
    const char *content = g_bytes_get_data(file->content, &size);
    if (!weir_make_folder(above, error) ||
        !g_file_set_contents(path, content ? content : "", (gssize)size, error))
      return FALSE;
  }
  return TRUE;
}

static void
execute(weir_harness *h, HarnessRun *run, const char *file)
{
  HarnessResult *result = run->result;
  g_autoptr(GError) error = NULL;
  g_autofree char *directory = g_build_filename(result->folder, "run", NULL);
  WeirRun *weir = weir_run_new(file, &error);
  if (weir) {
    g_free(weir->pipeline->folder);
    weir->pipeline->folder =
        h->input_folder ? g_canonicalize_filename(h->input_folder, NULL) : g_get_current_dir();
    weir->host = harness_host();
    weir_run_set_plugin_path(weir, h->plugin_path);
    weir_run_set_unsafe_plugins(weir, TRUE);
    weir_run_set_developer(weir, TRUE);
    weir_run_set_jobs(weir, MAX(result->cut.jobs, 1));
    weir_run_set_directory(weir, directory);
    weir_run_set_store(weir, "none"); /* a stage that is not run is not tested */
    weir_run_add_listener(weir, listen, run);
    run->run = weir;
    run->began = g_get_monotonic_time();
    if (weir_run_check(weir, &error)) {
      harness_watch_calls(run, weir->plan);
      result->code = weir_run_execute(weir, &error);
    } else {
      result->code = error->code;
    }
    weir_run_free(weir);
  } else {
    result->code = error->code;
  }
  if (run->late) {
    result->late = TRUE;
    result->code = WEIR_EXIT_FAILED;
    result->error = g_strdup_printf(HARNESS_LATE " %g seconds", h->patience);
  } else if (error) {
    /* The name of the pipeline file, which nobody wrote, says nothing. */
    g_autoptr(GString) text = g_string_new(error->message);
    g_autofree char *prefix = g_strconcat(file, ":", NULL);
    g_string_replace(text, prefix, "test:", 0);
    result->error = harness_without_folder(result, text->str);
  }
}

static HarnessResult *
run_cut(weir_harness *h, const weir_harness_cut *cut)
{
  HarnessResult *result = result_new(cut);
  HarnessRun run = {.h = h, .result = result, .feeds = g_ptr_array_new_with_free_func(feed_free)};
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) folders = weir_plugin_folders(h->plugin_path);
  g_mutex_init(&run.lock);
  g_cond_init(&run.has_opened);
  harness_run_register(&run);
  while (h->told && write(h->told, "\n", 1) < 0 && errno == EINTR)
    ;
  g_autofree char *file =
      make_folder(h, result, &error) ? write_pipeline(h, &run, (const char *const *)folders, &error) : NULL;
  if (file)
    execute(h, &run, file);
  else
    result->error = g_strdup(error ? error->message : "no pipeline was written");
  /* A part of a table that is kept keeps the source's batch, too: that is one leak. */
  gint reads = g_atomic_int_get(&run.live_reads);
  h->leaked += (guint64)(reads ? reads : g_atomic_int_get(&run.live));
  harness_run_unregister(&run);
  g_ptr_array_unref(run.feeds);
  g_mutex_clear(&run.lock);
  g_cond_clear(&run.has_opened);
  return result;
}

/* ---- All runs ------------------------------------------------------------------------------------------- */

/* The first thing in which two runs disagree. g_free(). */
static char *
difference(const HarnessResult *a, const HarnessResult *b)
{
  if (a->code != b->code)
    return g_strdup_printf("exit codes are %d and %d: %s", a->code, b->code, a->error ? a->error : b->error);
  if (a->code != WEIR_EXIT_OK && a->code != WEIR_EXIT_HELD)
    return NULL;
  for (guint o = 0; o < a->outputs->len; o++) {
    const HarnessOutput *x = a->outputs->pdata[o], *y = b->outputs->pdata[o];
    if (g_strcmp0(x->types, y->types) != 0)
      return g_strdup_printf("columns of \"%s\" are\n%s and\n%s", x->port, x->types, y->types);
    for (guint r = 0; r < MIN(x->rows->len, y->rows->len); r++)
      if (!g_str_equal(x->rows->pdata[r], y->rows->pdata[r]))
        return g_strdup_printf("row %u of \"%s\" is\n%.200s and\n%.200s", r + 1, x->port,
                               (char *)x->rows->pdata[r], (char *)y->rows->pdata[r]);
    if (x->rows->len != y->rows->len)
      return g_strdup_printf("\"%s\" has %u and %u rows", x->port, x->rows->len, y->rows->len);
  }
  for (guint i = 0; i < MAX(a->figures->len, b->figures->len); i++) {
    const char *x = i < a->figures->len ? a->figures->pdata[i] : "nothing";
    const char *y = i < b->figures->len ? b->figures->pdata[i] : "nothing";
    if (!g_str_equal(x, y))
      return g_strdup_printf("one has %s, the other %s", x, y);
  }
  if (a->n_rejects != b->n_rejects)
    return g_strdup_printf("%u and %u records were rejected", a->n_rejects, b->n_rejects);
  return NULL;
}

void
harness_ensure_run(weir_harness *h)
{
  char one[96], other[96];
  if (h->fresh)
    return;
  harness_stages_init();
  g_ptr_array_set_size(h->results, 0);
  g_clear_pointer(&h->difference, g_free);
  h->leaked = 0;
  for (guint i = 0; i < h->cuts->len; i++) {
    HarnessResult *result = run_cut(h, &g_array_index(h->cuts, weir_harness_cut, i));
    g_ptr_array_add(h->results, result);
    if (result->code == WEIR_EXIT_USAGE)
      break;
    const HarnessResult *base = h->results->pdata[0];
    /* What is refused in the plan where types are known is refused in the run where they are not. */
    if (i == 0 || h->difference || (result->cut.late && base->code == WEIR_EXIT_INVALID && result->code != 0))
      continue;
    g_autofree char *what = h->fault == WEIR_FAULT_NONE ? difference(base, result) : NULL;
    if (what)
      h->difference = g_strdup_printf("with %s, and %s, %s", harness_cut_name(&base->cut, one),
                                      harness_cut_name(&result->cut, other), what);
  }
  h->fresh = TRUE;
}
