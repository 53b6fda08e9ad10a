/* SPDX-License-Identifier: MIT */
/* The interface of weir/host.h: reads a pipeline, takes settings, plans, runs, and says how it went. */
#include "core/run.h"
#include "core/keep.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/redact.h"

#define TICK_MS 100

G_DEFINE_QUARK(weir - exit - error - quark, weir_exit_error)

const char *
weir_version(void)
{
  return WEIR_VERSION;
}

static gboolean
usage(GError **error, GError *reason)
{
  g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, reason->message);
  return FALSE;
}

static gboolean
invalid(GError **error, const WeirDiagnostics *diagnostics)
{
  g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
  g_autofree char *clean = weir_redact(g_strchomp(text));
  g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_INVALID, clean);
  return FALSE;
}

/* ---- Making --------------------------------------------------------------------------------------------- */

static char *
keep(WeirRun *run, char *text)
{
  if (text)
    g_ptr_array_add(run->info_strings, text);
  return text;
}

static void
describe_parameters(WeirRun *run)
{
  for (guint i = 0; i < run->pipeline->parameters->len; i++) {
    const WeirParameter *parameter = run->pipeline->parameters->pdata[i];
    WeirNode *value = parameter->by_default;
    char *text = NULL;
    if (value)
      text = weir_node_kind(value) == WEIR_NODE_STRING ? g_strdup(weir_node_string(value))
                                                       : weir_node_to_json(value, FALSE);
    WeirParameterInfo info = {.name = parameter->name,
                              .type = weir_parameter_type_name(parameter->type),
                              .help = parameter->help,
                              .by_default = keep(run, text),
                              .required = !value && !parameter->optional,
                              .range = keep(run, weir_parameter_range(parameter))};
    g_array_append_val(run->parameter_infos, info);
  }
}

WeirRun *
weir_run_new(const char *file, GError **error)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirPipeline *pipeline = weir_pipeline_load(file, diagnostics);
  if (!pipeline) {
    invalid(error, diagnostics);
    return NULL;
  }
  return weir_run_new_from(pipeline, g_uuid_string_random());
}

WeirRun *
weir_run_new_from(WeirPipeline *pipeline, char *id)
{
  WeirRun *run = g_new0(WeirRun, 1);
  run->pipeline = pipeline;
  run->id = id;
  run->parameter_infos = g_array_new(FALSE, FALSE, sizeof(WeirParameterInfo));
  run->info_strings = g_ptr_array_new_with_free_func(g_free);
  run->listeners = g_array_new(FALSE, FALSE, sizeof(WeirListenerEntry));
  run->context = g_main_context_new();
  run->messages = weir_message_queue_new();
  run->stats = g_array_new(FALSE, TRUE, sizeof(WeirStageStats));
  run->stat_strings = g_ptr_array_new_with_free_func(g_free);
  run->developer = g_strcmp0(g_getenv("WEIR_DEVELOPER"), "1") == 0;
  g_mutex_init(&run->error_lock);
  describe_parameters(run);
  return run;
}

static void
free_stages(WeirRun *run)
{
  for (guint i = 0; i < run->n_stages; i++) {
    WeirRunningStage *running = &run->stages[i];
    g_ptr_array_unref(running->artifacts);
    weir_rejects_clear(&running->rejects);
    for (guint o = 0; o < running->plan->n_outputs; o++)
      weir_keep_clear(&running->outputs_kept[o]);
    g_free(running->outputs_kept);
    g_hash_table_unref(running->kept);
    g_free(running->rejected_rows);
    g_free(running->held_text);
    g_mutex_clear(&running->lock);
    g_mutex_clear(&running->take_lock);
    g_mutex_clear(&running->turn_lock);
    g_cond_clear(&running->turn);
    g_free(running->output_ended);
  }
  g_clear_pointer(&run->stages, g_free);
  run->n_stages = 0;
}

void
weir_run_free(WeirRun *run)
{
  if (!run)
    return;
  g_atomic_int_set(&run->cancelled, 1); /* what is released now has nobody to report to */
  weir_run_drop_messages(run);          /* what the listeners would look at may be gone */
  for (guint e = 0; run->plan && e < run->plan->edges->len; e++)
    weir_queue_free(((WeirEdge *)run->plan->edges->pdata[e])->queue);
  free_stages(run);
  weir_pool_free(run->pool);
  weir_reuse_free(run->reuse);
  weir_plan_free(run->plan);
  weir_budget_free(run->budget);
  if (run->begun)
    weir_begun_free(run->begun);
  else
    weir_pipeline_free(run->pipeline);
  weir_inputs_free(run->inputs);
  weir_run_dir_free(run->dir);
  g_array_unref(run->parameter_infos);
  g_ptr_array_unref(run->info_strings);
  g_array_unref(run->listeners);
  g_array_unref(run->stats);
  g_ptr_array_unref(run->stat_strings);
  weir_message_queue_free(run->messages);
  g_main_context_unref(run->context);
  g_strfreev(run->folders);
  g_mutex_clear(&run->error_lock);
  g_free(run->id);
  g_free(run->store);
  g_free(run->directory);
  g_free(run->metrics_file);
  g_free(run->plugin_path);
  g_free(run->error);
  g_free(run->held);
  g_free(run);
}

/* ---- Settings ------------------------------------------------------------------------------------------- */

const char *
weir_run_get_name(WeirRun *run)
{
  return run->pipeline->name;
}

const char *
weir_run_get_help(WeirRun *run)
{
  return run->pipeline->help;
}

const WeirParameterInfo *
weir_run_get_parameters(WeirRun *run, guint *n)
{
  *n = run->parameter_infos->len;
  return (const WeirParameterInfo *)run->parameter_infos->data;
}

static const char *
parameter_name_at(gpointer data, gsize index)
{
  const WeirPipeline *pipeline = data;
  return index < pipeline->parameters->len ? ((WeirParameter *)pipeline->parameters->pdata[index])->name
                                           : NULL;
}

gboolean
weir_run_set_parameter(WeirRun *run, const char *name, const char *value, GError **error)
{
  g_autoptr(GError) reason = NULL;
  WeirParameter *parameter = weir_pipeline_parameter(run->pipeline, name);
  if (!parameter) {
    g_autofree char *meant = weir_did_you_mean_of(name, parameter_name_at, run->pipeline);
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "pipeline \"%s\" has no parameter \"%s\"%s",
                run->pipeline->name, name, meant);
    return FALSE;
  }
  g_autoptr(WeirNode) before = parameter->value ? weir_node_ref(parameter->value) : NULL;
  if (!weir_parameter_set_text(parameter, value, &reason))
    return usage(error, reason);
  if (!run->begun || parameter->written || (before && weir_node_equal(before, parameter->value)))
    return TRUE; /* a reference may lead to something new, such as a token in place of an old one */
  g_autofree char *was = before ? weir_node_to_json(before, FALSE) : g_strdup("no value");
  g_autofree char *clean = weir_redact(was);
  g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
              "--%s: the run was begun with %s, and is resumed with that; with another value it is another "
              "run, which "
              "is started without --resume",
              name, clean);
  return FALSE;
}

/* A run that is resumed goes on as it was begun. */
static gboolean
may_be_set(const WeirRun *run, const char *flag, GError **error)
{
  if (run->begun)
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
                "--%s cannot be given with --resume: the run goes on as it was begun", flag);
  return !run->begun;
}

gboolean
weir_run_set_option(WeirRun *run, const char *assignment, GError **error)
{
  g_autoptr(GError) reason = NULL;
  if (!may_be_set(run, "set", error))
    return FALSE;
  return weir_pipeline_set_option(run->pipeline, assignment, &reason) || usage(error, reason);
}

gboolean
weir_run_set_config(WeirRun *run, const char *file, GError **error)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  if (!may_be_set(run, "config", error))
    return FALSE;
  if (weir_pipeline_set_config(run->pipeline, file, diagnostics))
    return TRUE;
  invalid(error, diagnostics);
  if (error && *error)
    (*error)->code = WEIR_EXIT_USAGE;
  return FALSE;
}

void
weir_run_set_jobs(WeirRun *run, guint jobs)
{
  run->jobs = MIN(jobs, WEIR_MOST_JOBS);
}

void
weir_run_set_memory(WeirRun *run, guint64 bytes)
{
  run->memory = bytes;
}

void
weir_run_set_max_record(WeirRun *run, guint64 bytes)
{
  if (!run->begun)
    run->max_record = bytes;
}

void
weir_run_set_directory(WeirRun *run, const char *directory)
{
  g_free(run->directory);
  run->directory = g_strdup(directory);
}

void
weir_run_set_metrics_file(WeirRun *run, const char *file)
{
  g_free(run->metrics_file);
  run->metrics_file = g_strdup(file);
}

void
weir_run_set_plugin_path(WeirRun *run, const char *path)
{
  g_free(run->plugin_path);
  run->plugin_path = g_strdup(path);
  g_strfreev(run->folders); /* of the run that is resumed */
  run->folders = weir_plugin_folders(path);
}

void
weir_run_set_unsafe_plugins(WeirRun *run, gboolean allowed)
{
  run->unsafe_plugins = allowed;
}

void
weir_run_set_developer(WeirRun *run, gboolean developer)
{
  run->developer = developer;
}

void
weir_run_set_on_error(WeirRun *run, gboolean reject)
{
  run->on_error_reject = reject;
  run->on_error_set = TRUE;
}

void
weir_run_set_max_rejects(WeirRun *run, guint64 max)
{
  run->max_rejects = max;
  run->max_rejects_set = TRUE;
}

void
weir_run_add_listener(WeirRun *run, WeirListener listener, gpointer data)
{
  WeirListenerEntry entry = {listener, data};
  g_array_append_val(run->listeners, entry);
}

/* ---- Planning ------------------------------------------------------------------------------------------- */

void
weir_run_warn(WeirRun *run, const char *text)
{
  WeirMessage message = {.type = WEIR_MESSAGE_LOG, .level = WEIR_LOG_WARNING, .text = text};
  weir_run_post(run, &message);
}

static gboolean
make_plan(WeirRun *run, GError **error)
{
  if (run->plan)
    return TRUE;
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  if (!weir_pipeline_settle(run->pipeline, diagnostics)) {
    invalid(error, diagnostics);
    if (error && *error)
      (*error)->code = WEIR_EXIT_USAGE;
    return FALSE;
  }
  if (!run->folders)
    run->folders = weir_plugin_folders(run->plugin_path);
  weir_budget_free(run->budget);
  run->budget = weir_budget_new(run->memory, run->max_record);
  WeirPlanSettings settings = {.folders = (const char *const *)run->folders,
                               .allow_unsafe = run->unsafe_plugins,
                               .run = run,
                               .budget = run->budget,
                               .on_error_reject = run->on_error_set ? &run->on_error_reject : NULL,
                               .max_rejects = run->max_rejects_set ? &run->max_rejects : NULL};
  run->plan = weir_plan_new(run->pipeline, &settings, diagnostics);
  if (!run->plan)
    return invalid(error, diagnostics);
  if (weir_diagnostics_n_warnings(diagnostics)) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
    weir_run_warn(run, g_strchomp(text));
  }
  return TRUE;
}

gboolean
weir_run_check(WeirRun *run, GError **error)
{
  gboolean fine = make_plan(run, error);
  weir_run_dispatch(run); /* warnings: a plan that does not run has no other time for them */
  return fine;
}

char *
weir_run_get_graph(WeirRun *run, GError **error)
{
  return weir_run_check(run, error) ? weir_plan_to_dot(run->plan) : NULL;
}

char *
weir_run_get_plan(WeirRun *run, GError **error)
{
  return weir_run_check(run, error) ? weir_plan_to_json(run->plan) : NULL;
}

/* ---- Running -------------------------------------------------------------------------------------------- */

static void
make_stages(WeirRun *run)
{
  run->n_stages = run->plan->stages->len;
  run->stages = g_new0(WeirRunningStage, run->n_stages);
  for (guint i = 0; i < run->n_stages; i++) {
    WeirRunningStage *running = &run->stages[i];
    running->run = run;
    running->plan = run->plan->stages->pdata[i];
    running->artifacts = g_ptr_array_new();
    running->output_ended = g_new0(gboolean, running->plan->n_outputs + 1);
    running->counters.state = "waiting";
    weir_rejects_init(&running->rejects);
    running->kept = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_array_unref);
    running->outputs_kept = g_new0(WeirKept, running->plan->n_outputs + 1);
    running->rejected_rows = g_new0(guint64, running->plan->n_inputs + 1);
    g_mutex_init(&running->lock);
    g_mutex_init(&running->take_lock);
    g_mutex_init(&running->turn_lock);
    g_cond_init(&running->turn);
  }
}

static gint64
start_time(void)
{
  const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
  gint64 seconds;
  if (epoch && g_ascii_string_to_signed(epoch, 10, 0, G_MAXINT64 / G_USEC_PER_SEC, &seconds, NULL))
    return seconds * G_USEC_PER_SEC;
  return g_get_real_time();
}

static gboolean
tick(gpointer data)
{
  WeirRun *run = data;
  WeirMessage message = {.type = WEIR_MESSAGE_TICK};
  if (g_atomic_int_get(&run->interrupted) && !g_atomic_int_get(&run->cancelled))
    weir_run_stop(run);
  weir_run_post(run, &message);
  return G_SOURCE_CONTINUE;
}

static void
loop_until_ended(WeirRun *run)
{
  GSource *timer = g_timeout_source_new(TICK_MS);
  g_source_set_callback(timer, tick, run, NULL);
  g_source_attach(timer, run->context);
  while (g_atomic_int_get(&run->running) > 0) {
    g_main_context_iteration(run->context, TRUE);
    weir_run_dispatch(run);
  }
  g_source_destroy(timer);
  g_source_unref(timer);
  weir_run_dispatch(run);
}

static void
journal_listener(WeirRun *run, const WeirMessage *message, gpointer data)
{
  g_autoptr(GError) error = NULL;
  (void)data;
  if (message->reused == WEIR_REUSED_FROM_RUN)
    weir_run_dir_note_figure(run->dir, message);
  else if (!weir_run_dir_note(run->dir, message, &error))
    weir_run_warn(run, error->message);
}

static const char *
state_of(int code)
{
  static const char *const states[] = {"done", "failed", "", "", "held"};
  return code <= 4 ? states[code] : "interrupted";
}

/* A record that cannot be written fails a run that did well; one that did not has its own reason. */
static int
fail_of_record(WeirRun *run, int code, const GError *reason)
{
  if (code != WEIR_EXIT_OK) {
    weir_run_warn(run, reason->message);
    return code;
  }
  run->error = weir_redact(reason->message);
  return WEIR_EXIT_FAILED;
}

/* The file of metrics first, since the other says how the run ended. */
static int
write_records(WeirRun *run, int code)
{
  g_autoptr(GError) metrics = NULL, record = NULL;
  if (!weir_run_write_metrics_file(run, state_of(code), code, &metrics))
    code = fail_of_record(run, code, metrics);
  if (!weir_run_dir_record(run->dir, run, state_of(code), code, &record))
    code = fail_of_record(run, code, record);
  return code;
}

/* Whether an interruption came too late to change anything. */
static gboolean
all_done(const WeirRun *run)
{
  for (guint i = 0; i < run->n_stages; i++) {
    const char *state = WEIR_GET(run->stages[i].counters.state);
    if (!g_str_equal(state, "done") && !g_str_equal(state, "held") && !g_str_equal(state, "reused"))
      return FALSE;
  }
  return TRUE;
}

/* Why the run is held: every stage that said so, in the order of the plan. */
static void
collect_held(WeirRun *run)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < run->n_stages; i++) {
    const WeirRunningStage *running = &run->stages[i];
    g_autofree char *label = weir_plan_stage_label(running->plan);
    if (running->held_text)
      g_ptr_array_add(texts, g_strdup_printf("%s: %s", label, running->held_text));
  }
  g_ptr_array_add(texts, NULL);
  if (texts->len > 1)
    run->held = g_strjoinv("\n", (char **)texts->pdata);
}

static int
exit_code(WeirRun *run)
{
  if (run->error)
    return WEIR_EXIT_FAILED;
  if (g_atomic_int_get(&run->interrupted) && !all_done(run))
    return WEIR_EXIT_INTERRUPTED;
  return run->held ? WEIR_EXIT_HELD : WEIR_EXIT_OK;
}

static void
post_end(WeirRun *run, int code)
{
  if (code == WEIR_EXIT_FAILED) {
    WeirMessage failure = {.type = WEIR_MESSAGE_ERROR, .text = run->error};
    weir_run_post(run, &failure);
  }
  WeirMessage message = {.type = WEIR_MESSAGE_RUN_END,
                         .code = code,
                         .text = code == WEIR_EXIT_HELD ? run->held : state_of(code)};
  weir_run_post(run, &message);
  weir_run_dispatch(run);
}

static void
finish_rejects(WeirRun *run)
{
  g_autoptr(GError) error = NULL;
  if (weir_rejects_finish(run, &error))
    return;
  if (run->error)
    weir_run_warn(run, error->message);
  else
    run->error = weir_redact(error->message);
}

static int
refused(GError **error, const GError *reason)
{
  g_autofree char *clean = weir_redact(reason->message);
  int code = reason->domain == WEIR_EXIT_ERROR                         ? reason->code
             : g_error_matches(reason, WEIR_ERROR, WEIR_ERROR_INVALID) ? WEIR_EXIT_USAGE
                                                                       : WEIR_EXIT_FAILED;
  g_set_error_literal(error, WEIR_EXIT_ERROR, code, clean);
  return code;
}

/* From here on the run can be resumed. */
static gboolean
begin_directory(WeirRun *run, GError **error)
{
  run->dir = weir_run_dir_new(run->directory, run->pipeline->name, error);
  if (!run->dir)
    return FALSE;
  if (weir_begun_write(run->dir->path, run->id, run->started_us, run->plan, (const char *const *)run->folders,
                       run->inputs, error) &&
      weir_run_dir_open_journal(run->dir, error))
    return TRUE;
  weir_run_dir_give_up(g_steal_pointer(&run->dir));
  return FALSE;
}

static int
prepare_run(WeirRun *run, GError **error)
{
  g_autoptr(GError) reason = NULL;
  if (run->dir && !run->begun) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "a WeirRun does one run");
    return WEIR_EXIT_USAGE;
  }
  if (!make_plan(run, &reason))
    return refused(error, reason);
  if (!weir_run_check_metrics_file(run, &reason)) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, reason->message);
    return WEIR_EXIT_USAGE;
  }
  if (run->jobs == 0)
    run->jobs = g_get_num_processors();
  run->started_us = run->begun ? run->begun->started_us : start_time();
  g_autofree char *store = weir_run_store_folder(run);
  g_clear_pointer(&run->reuse, weir_reuse_free); /* of a directory that was refused */
  g_clear_pointer(&run->inputs, weir_inputs_free);
  run->reuse = weir_reuse_new(run, run->begun, store, &reason);
  if (!run->reuse)
    return refused(error, reason);
  if (run->begun ? !weir_run_dir_open_journal(run->dir, &reason) : !begin_directory(run, &reason))
    return refused(error, reason);
  return 0;
}

static void
reuse_listener(WeirRun *run, const WeirMessage *message, gpointer data)
{
  (void)data;
  weir_reuse_note(run->reuse, message);
}

/* The listeners of the run itself, before those of its user. */
static void
listen(WeirRun *run)
{
  WeirListenerEntry journal = {journal_listener, NULL}, reuse = {reuse_listener, NULL};
  g_array_prepend_val(run->listeners, reuse);
  g_array_prepend_val(run->listeners, journal);
}

static void
run_stages(WeirRun *run)
{
  g_autoptr(GPtrArray) threads = g_ptr_array_new();
  weir_run_start_stages(run, threads);
  loop_until_ended(run);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join(threads->pdata[i]);
  run->end_ns = (gint64)weir_now_ns();
  weir_run_dispatch(run);
}

int
weir_run_execute(WeirRun *run, GError **error)
{
  g_autofree char *before = NULL;
  weir_message_queue_adopt(run->messages);
  int code = run->begun ? weir_run_reopen(run, &before, error) : 0;
  if (code || g_strcmp0(before, "done") == 0)
    return code;
  code = prepare_run(run, error);
  if (code)
    return code;
  listen(run);
  make_stages(run);
  run->pool = weir_pool_new(run->jobs);
  WeirMessage begin = {.type = WEIR_MESSAGE_RUN_BEGIN, .text = run->pipeline->name, .name = run->dir->path};
  weir_run_post(run, &begin);
  run->begin_ns = (gint64)weir_now_ns();
  weir_reuse_decide(run->reuse, run->force, g_strcmp0(before, "held") == 0);
  weir_inputs_begin(run->inputs);
  /* A run that is killed leaves a record all the same. If it cannot be written, the last one will say so. */
  weir_run_dir_record(run->dir, run, "running", 0, NULL);
  run_stages(run);
  weir_inputs_finish(run->inputs, g_atomic_int_get(&run->interrupted));
  collect_held(run);
  finish_rejects(run);
  weir_reuse_end(run->reuse);
  weir_run_dispatch(run);
  code = write_records(run, exit_code(run));
  if (code == WEIR_EXIT_OK)
    weir_run_dir_clean(run->dir);
  post_end(run, code);
  if (code != 0)
    g_set_error_literal(error, WEIR_EXIT_ERROR, code,
                        run->error  ? run->error
                        : run->held ? run->held
                                    : "the run was interrupted");
  return code;
}

void
weir_run_cancel(WeirRun *run)
{
  g_atomic_int_set(&run->interrupted, 1);
}

/* ---- Looking -------------------------------------------------------------------------------------------- */

const char *
weir_run_get_directory(WeirRun *run)
{
  return run->dir ? run->dir->path : NULL;
}

double
weir_run_get_elapsed(WeirRun *run)
{
  if (!run->begin_ns)
    return 0;
  return (double)((run->end_ns ? run->end_ns : (gint64)weir_now_ns()) - run->begin_ns) / 1e9;
}

static const char *
waits_for(WeirRun *run, const WeirStageCounters *counters)
{
  const WeirEdge *edge = WEIR_GET(counters->waits);
  if (!edge)
    return NULL;
  char *text = WEIR_GET(counters->waits_out) ? g_strdup_printf("room in %s", edge->to->stage->name)
                                             : g_strdup_printf("input %s", edge->from->stage->name);
  g_ptr_array_add(run->stat_strings, text);
  return text;
}

const WeirStageStats *
weir_run_get_stats(WeirRun *run, guint *n)
{
  g_array_set_size(run->stats, 0);
  g_ptr_array_set_size(run->stat_strings, 0);
  for (guint i = 0; !run->n_stages && run->plan && i < run->plan->stages->len; i++) {
    const WeirPlanStage *planned = run->plan->stages->pdata[i];
    WeirStageStats stats = {.stage = planned->name, .use = planned->use, .state = "waiting"};
    g_array_append_val(run->stats, stats);
  }
  for (guint i = 0; i < run->n_stages; i++) {
    const WeirRunningStage *running = &run->stages[i];
    const WeirStageCounters *c = &running->counters;
    guint64 begin = WEIR_GET(c->begin_ns), end = WEIR_GET(c->end_ns);
    WeirStageStats stats = {.stage = running->plan->name,
                            .use = running->plan->use,
                            .state = WEIR_GET(c->state),
                            .records_in = WEIR_GET(c->records_in),
                            .records_out = WEIR_GET(c->records_out),
                            .batches_in = WEIR_GET(c->batches_in),
                            .batches_out = WEIR_GET(c->batches_out),
                            .bytes_in = WEIR_GET(c->bytes_in),
                            .bytes_out = WEIR_GET(c->bytes_out),
                            .rejects = WEIR_GET(c->rejects),
                            .busy_ns = WEIR_GET(c->busy_ns),
                            .wait_in_ns = WEIR_GET(c->wait_in_ns),
                            .wait_out_ns = WEIR_GET(c->wait_out_ns),
                            .elapsed_ns = begin ? (end ? end : weir_now_ns()) - begin : 0,
                            .done = WEIR_GET(c->done),
                            .total = WEIR_GET(c->total),
                            .unit = WEIR_GET(c->unit),
                            .waits_for = waits_for(run, c)};
    g_array_append_val(run->stats, stats);
  }
  *n = run->stats->len;
  return (const WeirStageStats *)run->stats->data;
}

int
weir_run_file(const char *file, const char *const *parameters, WeirListener listener, gpointer data,
              GError **error)
{
  g_autoptr(GError) reason = NULL;
  g_autoptr(WeirRun) run = weir_run_new(file, &reason);
  if (listener && run)
    weir_run_add_listener(run, listener, data);
  for (guint i = 0; run && parameters && parameters[i] && !reason; i++) {
    const char *equals = strchr(parameters[i], '=');
    if (!equals) {
      g_set_error(&reason, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "a parameter is NAME=VALUE, not \"%s\"",
                  parameters[i]);
      break;
    }
    g_autofree char *name = g_strndup(parameters[i], equals - parameters[i]);
    weir_run_set_parameter(run, name, equals + 1, &reason);
  }
  if (reason) {
    int code = reason->code;
    g_propagate_error(error, g_steal_pointer(&reason));
    return code;
  }
  return weir_run_execute(run, error);
}
