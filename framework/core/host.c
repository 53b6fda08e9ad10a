/* SPDX-License-Identifier: MIT */
/* The function table that plugins reach the host through: reports, resources, columns, tables, parallel work. */
#include "core/run.h"

#include "base/redact.h"

#define MOST_SOURCES 65536 /* the number of a source has 16 bits in `_row` */

static WeirStage *
handle(weir_stage *stage)
{
  return (WeirStage *)stage;
}

/* ---- Reports -------------------------------------------------------------------------------------------- */

static int
host_fail(weir_stage *public, const char *format, ...)
{
  WeirStage *stage = handle(public);
  va_list args;
  va_start(args, format);
  char *text = g_strdup_vprintf(format, args);
  va_end(args);
  stage->fails++;
  if (stage->fail_text)
    g_free(text);
  else
    stage->fail_text = text;
  return -1;
}

static void
host_log(weir_stage *public, int level, const char *format, ...)
{
  WeirStage *stage = handle(public);
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (stage->planning) {
    if (level >= WEIR_LOG_WARNING) {
      g_autofree char *label = weir_plan_stage_label(stage->plan);
      weir_diagnostics_warning(stage->planning, stage->plan->spec->position, "%s: %s", label, text);
    }
    return;
  }
  if (level <= WEIR_LOG_DEBUG && !stage->run->developer)
    return;
  WeirMessage message = {.type = WEIR_MESSAGE_LOG, .stage = stage->plan->name, .level = level, .text = text};
  weir_run_post(stage->run, &message);
}

static int
host_reject(weir_stage *public, uint32_t port, const struct ArrowArray *batch, int64_t row,
            const char *source, uint64_t line, const char *format, ...)
{
  WeirStage *stage = handle(public);
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (!batch || source) {
    WeirOrigin origin = {.source = source, .unit = "line", .line = line};
    if (batch) {
      origin.text = batch->buffers[2];
      origin.size = (gsize)((const int32_t *)batch->buffers[1])[1];
    }
    return weir_stage_reject(stage, &origin, NULL, NULL, 0, text);
  }
  const WeirInput *input = port < stage->plan->n_inputs ? &stage->plan->inputs[port] : NULL;
  if (!input || !input->schema || row < 0 || row >= batch->length)
    return weir_stage_breach(stage, "W05",
                             "weir_reject() was given input %u, row %" G_GINT64_FORMAT
                             ", which do not exist; the reason was: %s",
                             port, (gint64)row, text);
  WeirOrigin origin = weir_origin_of(stage, input, batch, row);
  return weir_stage_reject(stage, &origin, input->schema, batch, row, text);
}

static int64_t
host_sources(weir_stage *public, const char *const *names, uint32_t n, const char *unit)
{
  WeirStage *stage = handle(public);
  WeirPlanStage *plan = stage->plan;
  GPtrArray *sources = plan->plan->sources;
  /* While the run goes on the numbers would hang on timing. */
  if (!stage->planning || plan->n_sources || n == 0 || !unit ||
      (!g_str_equal(unit, "line") && !g_str_equal(unit, "record")))
    return weir_stage_breach(
        stage, "W05",
        "weir_sources() is called once, from schema() while planning, with one source or more, "
        "counted in \"line\" or \"record\"");
  if (sources->len + (guint64)n > MOST_SOURCES)
    return weir_stage_fail_host(stage, "%u sources, and %u in the stages before it: a pipeline can read %d",
                                n, sources->len, MOST_SOURCES);
  plan->first_source = sources->len;
  plan->n_sources = n;
  for (uint32_t i = 0; i < n; i++) {
    WeirSource *source = g_new(WeirSource, 1);
    source->name = g_strdup(names[i] ? names[i] : "?");
    source->unit = g_intern_string(unit);
    g_ptr_array_add(sources, source);
  }
  return plan->first_source;
}

static void
host_progress(weir_stage *public, uint64_t done, uint64_t total, const char *unit)
{
  WeirStage *stage = handle(public);
  if (!stage->running)
    return;
  WeirStageCounters *counters = &stage->running->counters;
  const char *before = WEIR_GET(counters->unit);
  if (unit && (!before || strcmp(unit, before) != 0))
    WEIR_SET(counters->unit, g_intern_string(unit));
  WEIR_SET(counters->total, total);
  WEIR_SET(counters->done, done);
}

static void
host_metric(weir_stage *public, const char *name, double value, const char *unit)
{
  WeirStage *stage = handle(public);
  WeirMessage message = {
      .type = WEIR_MESSAGE_METRIC, .stage = stage->plan->name, .name = name, .value = value, .unit = unit};
  if (stage->running)
    weir_run_post(stage->run, &message);
}

/* What is no JSON goes to the journal as a text: a plugin of another may have written nan. */
static void
check_json(WeirStage *stage, const char *kind, const char *name, const char *json)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_parse_json(json, -1, "message", diagnostics);
  if (node)
    return;
  g_autofree char *why = weir_diagnostics_to_string(diagnostics, 1);
  if (stage->run->developer)
    weir_stage_breach(stage, "W21", "message \"%s\" of kind \"%s\" is no JSON: %s", name ? name : "",
                      kind ? kind : "", g_strchomp(why));
  else if (!__atomic_exchange_n(&stage->running->told_of_json, TRUE, __ATOMIC_RELAXED))
    host_log(&stage->public, WEIR_LOG_WARNING,
             "a message of the stage (\"%s\", of kind \"%s\") is no JSON, and is kept as a text: %s",
             name ? name : "", kind ? kind : "", g_strchomp(why));
}

/* A NUL in a text, which a label may have and our trees cannot hold, is shown as U+FFFD. NULL: there is none. */
static char *
without_nul(const char *json)
{
  if (!json || !strstr(json, "\\u0000"))
    return NULL;
  char *copy = g_strdup(json);
  for (char *p = copy; *p; p++) {
    if (*p != '\\' || !p[1])
      continue;
    if (g_str_has_prefix(p, "\\u0000"))
      memcpy(p + 2, "fffd", 4);
    p++; /* what follows a backslash begins nothing */
  }
  return copy;
}

static void
host_message(weir_stage *public, const char *kind, const char *name, const char *json)
{
  WeirStage *stage = handle(public);
  g_autofree char *shown = without_nul(json);
  WeirMessage message = {.type = WEIR_MESSAGE_DATA,
                         .stage = stage->plan->name,
                         .kind = kind,
                         .name = name,
                         .json = shown ? shown : json};
  if (!stage->running)
    return;
  if (json)
    check_json(stage, kind, name, message.json);
  weir_run_post(stage->run, &message);
}

static void
host_outcome(weir_stage *public, int outcome, const char *format, ...)
{
  WeirStage *stage = handle(public);
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (outcome != WEIR_HELD || !stage->running) {
    weir_stage_breach(stage, "W05", "weir_outcome() was given %d, which is no outcome", outcome);
    return;
  }
  WEIR_SET(stage->running->has_held, TRUE);
  g_mutex_lock(&stage->run->error_lock);
  if (!stage->running->held_text)
    stage->running->held_text = weir_redact(text);
  g_mutex_unlock(&stage->run->error_lock);
}

static int
host_cancelled(weir_stage *public)
{
  return g_atomic_int_get(&handle(public)->run->cancelled);
}

/* ---- Resources ------------------------------------------------------------------------------------------ */

static void *
host_alloc(weir_stage *public, size_t bytes)
{
  WeirStage *stage = handle(public);
  gpointer memory = weir_arena_alloc(stage->plan->arena, bytes);
  if (!memory)
    weir_stage_fail_host(stage, "no memory for %zu bytes", bytes);
  return memory;
}

static int
host_reserve(weir_stage *public, uint64_t bytes)
{
  WeirStage *stage = handle(public);
  if (!stage->running)
    return 0;
  return weir_budget_reserve(stage->run->budget, stage->plan->index, bytes) ? 0 : -1;
}

static void
host_unreserve(weir_stage *public, uint64_t bytes)
{
  WeirStage *stage = handle(public);
  guint64 held = 0;
  if (stage->running && !weir_budget_unreserve(stage->run->budget, stage->plan->index, bytes, &held))
    weir_stage_breach(stage, "W14",
                      "%" G_GUINT64_FORMAT " bytes were given back, but only %" G_GUINT64_FORMAT
                      " were reserved",
                      (guint64)bytes, held);
}

/* A number from the pipeline's seed, the stage's name and the stream: FNV-1a, then SplitMix64's finish. */
static uint64_t
host_seed(weir_stage *public, uint64_t stream)
{
  WeirStage *stage = handle(public);
  uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ stage->plan->plan->seed;
  for (const char *p = stage->plan->name; *p; p++)
    hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
  weir_random random = weir_random_from(hash ^ (stream * UINT64_C(0xd1342543de82ef95)));
  return weir_random_u64(&random);
}

static int64_t
host_started(weir_stage *public)
{
  return handle(public)->run->started_us;
}

static int
host_given(weir_stage *public, const char *option)
{
  return g_hash_table_contains(handle(public)->plan->given, option);
}

static const char *
host_identity(weir_stage *public)
{
  WeirStage *stage = handle(public);
  g_autofree char *text = g_strdup_printf("%s/%s", stage->run->id, stage->plan->name);
  return weir_arena_strdup(stage->plan->arena, text);
}

/* ---- Columns -------------------------------------------------------------------------------------------- */

static WeirInput *
input_at(WeirStage *stage, uint32_t port, const char *what)
{
  if (port < stage->plan->n_inputs)
    return &stage->plan->inputs[port];
  weir_stage_breach(stage, "W05", "%s was asked about input %u, but there are %u", what, port,
                    stage->plan->n_inputs);
  return NULL;
}

static WeirOutput *
output_at(WeirStage *stage, uint32_t port, const char *what)
{
  if (port < stage->plan->n_outputs)
    return &stage->plan->outputs[port];
  weir_stage_breach(stage, "W05", "%s was asked about output %u, but there are %u", what, port,
                    stage->plan->n_outputs);
  return NULL;
}

/* While a stage opens, another's declaration may make its types known. Later they stay as they are; while planning,
   the planner holds the lock. */
static const struct ArrowSchema *
schema_now(const WeirStage *stage, WeirSchema *const *schema)
{
  gboolean may_change = !stage->planning && g_strcmp0(stage->call, "open") == 0;
  if (may_change)
    g_mutex_lock(&stage->plan->plan->types_lock);
  const WeirSchema *known = *schema;
  if (may_change)
    g_mutex_unlock(&stage->plan->plan->types_lock);
  return known ? &known->arrow : NULL;
}

static uint32_t
host_inputs(weir_stage *public, uint32_t port)
{
  WeirInput *input = input_at(handle(public), port, "weir_inputs()");
  return input ? input->edges->len : 0;
}

static uint32_t
host_input_source(weir_stage *public)
{
  return handle(public)->source;
}

static const struct ArrowSchema *
host_input_schema(weir_stage *public, uint32_t port)
{
  WeirInput *input = input_at(handle(public), port, "weir_input_schema()");
  return input ? schema_now(handle(public), &input->schema) : NULL;
}

static int32_t
host_input_column(weir_stage *public, uint32_t port, uint32_t entry, uint32_t item)
{
  WeirInput *input = input_at(handle(public), port, "weir_input_index()");
  return input && input->binding ? weir_binding_column(input->binding, entry, item) : -1;
}

static uint32_t
host_outputs(weir_stage *public)
{
  return handle(public)->plan->n_outputs;
}

static int
host_output_used(weir_stage *public, uint32_t port)
{
  WeirOutput *output = output_at(handle(public), port, "weir_output_used()");
  for (guint e = 0; output && e < output->edges->len; e++) {
    const WeirEdge *edge = output->edges->pdata[e];
    if (!edge->queue || !weir_queue_is_abandoned(edge->queue))
      return 1;
  }
  return 0;
}

static const struct ArrowSchema *
host_output_schema(weir_stage *public, uint32_t port)
{
  WeirOutput *output = output_at(handle(public), port, "weir_output_schema()");
  return output ? schema_now(handle(public), &output->schema) : NULL;
}

static int
host_declare(weir_stage *public, uint32_t port, const weir_field *fields, uint32_t n)
{
  WeirStage *stage = handle(public);
  WeirOutput *output = output_at(stage, port, "weir_declare()");
  return output ? weir_stage_declare(stage, port, fields, n) : -1;
}

/* ---- Tables --------------------------------------------------------------------------------------------- */

static WeirInput *
table_at(weir_stage *public, uint32_t port, const char *what)
{
  WeirStage *stage = handle(public);
  WeirInput *input = input_at(stage, port, what);
  gboolean may_be_whole = stage->running && g_strcmp0(stage->call, "open") != 0;
  if (input && (input->row->flags & WEIR_PORT_TABLE) && may_be_whole)
    return input;
  if (input)
    weir_stage_breach(stage, "W05", "%s was asked about input \"%s\", which is no table that is whole", what,
                      input->name);
  return NULL;
}

static uint64_t
host_table_rows(weir_stage *public, uint32_t port)
{
  WeirInput *input = table_at(public, port, "weir_table_rows()");
  uint64_t rows = 0;
  for (guint e = 0; input && e < input->edges->len; e++)
    rows += weir_queue_n_rows(((WeirEdge *)input->edges->pdata[e])->queue);
  return rows - (input ? handle(public)->running->rejected_rows[port] : 0);
}

static uint64_t
host_table_batches(weir_stage *public, uint32_t port)
{
  WeirInput *input = table_at(public, port, "weir_table_batches()");
  uint64_t batches = 0;
  for (guint e = 0; input && e < input->edges->len; e++)
    batches += weir_queue_n_batches(((WeirEdge *)input->edges->pdata[e])->queue);
  return batches;
}

/* Rows of a table's batch without those that were rejected. Takes the batch; 0 or -1. */
static int
leave_out(WeirStage *stage, const WeirInput *input, guint64 index, struct ArrowArray *batch)
{
  gint64 key = weir_table_key(input, index);
  const GArray *kept = g_hash_table_lookup(stage->running->kept, &key);
  if (!kept)
    return 0;
  g_autoptr(GError) error = NULL;
  struct ArrowArray chosen = {0};
  gboolean fine = weir_batch_gather(input->schema, batch, (const gint64 *)(gconstpointer)kept->data,
                                    kept->len, &chosen, &error);
  weir_batch_release(batch);
  if (!fine)
    return weir_stage_fail_host(stage, "%s", error->message);
  weir_batch_move(&chosen, batch);
  return 0;
}

static int
host_table_batch(weir_stage *public, uint32_t port, uint64_t index, struct ArrowArray *batch)
{
  WeirStage *stage = handle(public);
  WeirInput *input = table_at(public, port, "weir_table_batch()");
  const uint64_t number = index;
  batch->release = NULL;
  if (!input)
    return -1;
  for (guint e = 0; e < input->edges->len; e++) {
    const WeirEdge *edge = input->edges->pdata[e];
    guint64 n = weir_queue_n_batches(edge->queue);
    if (index < n) {
      struct ArrowArray found;
      g_autoptr(GError) why = NULL;
      if (!weir_queue_share(edge->queue, index, &found, &why))
        return weir_stage_fail_host(stage, "input \"%s\": %s", input->name, why->message);
      if (!edge->columns) {
        weir_batch_move(&found, batch);
        return leave_out(stage, input, number, batch);
      }
      g_autoptr(GError) error = NULL;
      if (weir_batch_conform(input->schema, &found, edge->columns, batch, &error))
        return leave_out(stage, input, number, batch);
      return weir_stage_fail_host(stage, "%s", error->message);
    }
    index -= n;
  }
  return weir_stage_breach(
      stage, "W05", "weir_table_batch() was asked for a batch beyond the last of input \"%s\"", input->name);
}

/* ---- Parallel work -------------------------------------------------------------------------------------- */

static uint32_t
host_threads(weir_stage *public)
{
  WeirRun *run = handle(public)->run;
  return run->pool ? weir_pool_threads(run->pool) : 1;
}

static int
host_parallel(weir_stage *public, uint64_t n_tasks, int (*task)(void *data, uint64_t index), void *data)
{
  WeirRun *run = handle(public)->run;
  if (run->pool)
    return weir_pool_run(run->pool, n_tasks, task, data);
  for (uint64_t i = 0; i < n_tasks; i++)
    if (task(data, i))
      return -1;
  return 0;
}

static uint32_t
host_comm_rank(weir_stage *public)
{
  (void)public;
  return 0;
}

static uint32_t
host_comm_size(weir_stage *public)
{
  (void)public;
  return 1;
}

static int
host_comm_sum(weir_stage *public, double *values, size_t n)
{
  (void)public, (void)values, (void)n; /* the sum over one rank is what is there */
  return 0;
}

static int
host_comm_gather(weir_stage *public, const void *mine, size_t bytes, void *all)
{
  (void)public;
  memmove(all, mine, bytes);
  return 0;
}

static int
host_comm_barrier(weir_stage *public)
{
  (void)public;
  return 0;
}

/* ---- Limits --------------------------------------------------------------------------------------------- */

static uint64_t
host_record_limit(weir_stage *public)
{
  return weir_budget_record_limit(handle(public)->run->budget);
}

const weir_host weir_host_table = {
    .size = sizeof(weir_host),
    .abi_major = WEIR_ABI_MAJOR,
    .abi_minor = WEIR_ABI_MINOR,
    .fail = host_fail,
    .log = host_log,
    .reject = host_reject,
    .progress = host_progress,
    .metric = host_metric,
    .message = host_message,
    .outcome = host_outcome,
    .cancelled = host_cancelled,
    .alloc = host_alloc,
    .reserve = host_reserve,
    .unreserve = host_unreserve,
    .scratch = weir_host_scratch,
    .cache = weir_host_cache,
    .seed = host_seed,
    .started = host_started,
    .given = host_given,
    .identity = host_identity,
    .inputs = host_inputs,
    .input_source = host_input_source,
    .input_schema = host_input_schema,
    .input_column = host_input_column,
    .outputs = host_outputs,
    .output_used = host_output_used,
    .output_schema = host_output_schema,
    .declare = host_declare,
    .emit = weir_host_emit,
    .batch_new = weir_host_batch_new,
    .derive = weir_host_derive,
    .batch_send = weir_host_batch_send,
    .batch_drop = weir_host_batch_drop,
    .select = weir_host_select,
    .table_rows = host_table_rows,
    .table_batches = host_table_batches,
    .table_batch = host_table_batch,
    .artifact_begin = weir_host_artifact_begin,
    .artifact_finish = weir_host_artifact_finish,
    .artifact_drop = weir_host_artifact_drop,
    .run_path = weir_host_run_path,
    .output = weir_host_output,
    .threads = host_threads,
    .parallel = host_parallel,
    .comm_rank = host_comm_rank,
    .comm_size = host_comm_size,
    .comm_sum = host_comm_sum,
    .comm_gather = host_comm_gather,
    .comm_barrier = host_comm_barrier,
    .spill_begin = weir_host_spill_begin,
    .spill_add = weir_host_spill_add,
    .spill_finish = weir_host_spill_finish,
    .spill_rows = weir_host_spill_rows,
    .spill_batches = weir_host_spill_batches,
    .spill_batch = weir_host_spill_batch,
    .spill_drop = weir_host_spill_drop,
    .gather = weir_host_gather,
    .record_limit = host_record_limit,
    .sources = host_sources,
    .arrange = weir_host_arrange,
};
