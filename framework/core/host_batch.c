/* SPDX-License-Identifier: MIT */
/* Batches on their way out of a stage: built, derived, selected, checked against the port's type, delivered. */
#include "core/run.h"

#include "base/error.h"

/* ---- Declaring ------------------------------------------------------------------------------------------ */

int
weir_stage_declare(WeirStage *stage, guint port, const weir_field *fields, guint n)
{
  WeirOutput *output = &stage->plan->outputs[port];
  if (!output->open)
    return weir_stage_breach(stage, "W10", "output \"%s\" was declared, but its type is fixed: \"%s\"",
                             output->name, output->row->type);
  if (output->schema)
    return weir_stage_breach(stage, "W10", "output \"%s\" was declared twice", output->name);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, n, &error);
  if (!schema)
    return weir_stage_fail_host(stage, "output \"%s\": %s", output->name, error->message);
  if (stage->planning) {
    output->schema = weir_schema_ref(schema);
    return 0;
  }
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_mutex_lock(&stage->plan->plan->types_lock);
  gboolean fine = weir_plan_declare(output, schema, diagnostics);
  g_cond_broadcast(&stage->plan->plan->types_known);
  g_mutex_unlock(&stage->plan->plan->types_lock);
  if (fine)
    return 0;
  stage->host_failed = TRUE;
  g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
  weir_run_fail(stage->run, g_strdup(g_strchomp(text)));
  return -1;
}

/* ---- Delivering ----------------------------------------------------------------------------------------- */

typedef struct {
  WeirStageCounters *counters;
  const WeirEdge *edge;
} Waiting;

static void
note_wait(gpointer data)
{
  const Waiting *waiting = data;
  WEIR_SET(waiting->counters->waits_out, 1);
  WEIR_SET(waiting->counters->waits, waiting->edge);
}

static gboolean
put(WeirStage *stage, WeirEdge *edge, struct ArrowArray *batch, guint64 bytes)
{
  Waiting waiting = {&stage->running->counters, edge};
  guint64 waited = 0;
  gboolean fine = weir_queue_put(edge->queue, batch, bytes, &waited, note_wait, &waiting);
  if (waited) {
    WEIR_SET(stage->running->counters.waits, NULL);
    WEIR_COUNT(stage->running->counters.wait_out_ns, waited);
    stage->blocked_ns += waited;
  }
  return fine;
}

int
weir_stage_deliver(WeirStage *stage, WeirOutput *output, struct ArrowArray *batch)
{
  WeirStageCounters *counters = &stage->running->counters;
  guint n = output->edges->len;
  guint64 bytes = weir_batch_bytes(output->schema, batch);
  WEIR_COUNT(counters->records_out, (guint64)batch->length);
  WEIR_COUNT(counters->batches_out, 1);
  WEIR_COUNT(counters->bytes_out, bytes);
  if (n == 0) {
    weir_batch_release(batch);
    return 0;
  }
  if (n == 1)
    return put(stage, output->edges->pdata[0], batch, bytes) ? 0 : -1;
  g_autofree struct ArrowArray *shared = g_new(struct ArrowArray, n);
  gboolean fine = TRUE;
  weir_batch_share(batch, shared, n);
  for (guint e = 0; e < n; e++)
    fine &= put(stage, output->edges->pdata[e], &shared[e], bytes);
  return fine ? 0 : -1;
}

/* W06: from where and until when a stage may emit. */
static gboolean
may_emit(WeirStage *stage, const WeirOutput *output)
{
  const char *call = stage->call ? stage->call : "another thread";
  if (stage->running && !WEIR_GET(stage->running->output_ended[output->index]) && stage->call &&
      (g_str_equal(call, "process") || g_str_equal(call, "end") || g_str_equal(call, "produce")))
    return TRUE;
  weir_stage_breach(stage, "W06", "a batch was emitted to \"%s\" from %s%s", output->name, call,
                    stage->call ? "()" : ", or after the end");
  return FALSE;
}

/* W18, W07 and W08: what the batch is like. */
static gboolean
batch_is_good(WeirStage *stage, const WeirOutput *output, const struct ArrowArray *batch)
{
  g_autoptr(GError) error = NULL;
  const WeirSchema *schema = output->schema;
  if (batch->n_children != schema->arrow.n_children) {
    g_autofree char *wanted = weir_schema_to_string(schema);
    weir_stage_breach(stage, "W08",
                      "a batch of %" G_GINT64_FORMAT " columns was emitted to \"%s\", which has: %s",
                      batch->n_children, output->name, wanted);
    return FALSE;
  }
  gboolean deep = stage->run->developer || !stage->plan->ours;
  if (deep && !weir_batch_validate(schema, batch, TRUE, &error)) {
    weir_stage_breach(stage, g_str_has_suffix(error->message, "(W18)") ? "W18" : "W07",
                      "a batch that is not valid was emitted to \"%s\": %s", output->name, error->message);
    return FALSE;
  }
  for (gint64 c = 0; c < batch->n_children; c++) {
    const struct ArrowSchema *field = schema->arrow.children[c];
    if ((field->flags & ARROW_FLAG_NULLABLE) || batch->children[c]->null_count == 0)
      continue;
    gint32 column = (gint32)c, which = 0;
    gint64 row = weir_batch_first_null(schema, batch, &column, 1, &which);
    if (row < 0)
      continue;
    weir_stage_breach(stage, "W18",
                      "column \"%s\" of output \"%s\" is null in row %" G_GINT64_FORMAT
                      " of a batch, but its type allows no nulls",
                      field->name, output->name, row + 1);
    return FALSE;
  }
  return TRUE;
}

int
weir_host_emit(weir_stage *public, uint32_t port, struct ArrowArray *batch)
{
  WeirStage *stage = (WeirStage *)public;
  if (port >= stage->plan->n_outputs) {
    weir_batch_release(batch);
    return weir_stage_breach(stage, "W05", "a batch was emitted to output %u, but there are %u", port,
                             stage->plan->n_outputs);
  }
  WeirOutput *output = &stage->plan->outputs[port];
  if (!batch->release)
    return weir_stage_breach(stage, "W07", "a batch that was given up already was emitted to \"%s\"",
                             output->name);
  gboolean good = may_emit(stage, output);
  if (good && !output->schema) {
    weir_stage_breach(stage, "W10", "a batch was emitted to \"%s\" before its columns were declared",
                      output->name);
    good = FALSE;
  }
  if (!good || !batch_is_good(stage, output, batch) || g_atomic_int_get(&stage->run->cancelled)) {
    weir_batch_release(batch);
    stage->host_failed |= !good;
    return -1;
  }
  if (batch->length == 0) {
    weir_batch_release(batch);
    return 0;
  }
  if (stage->run->developer)
    weir_host_watch_release(stage, output, batch);
  if (stage->held) {
    WeirHeldBatch held = {.port = port};
    weir_batch_move(batch, &held.batch);
    g_array_append_val(stage->held, held);
    return 0;
  }
  return weir_stage_deliver(stage, output, batch);
}

/* ---- Building ------------------------------------------------------------------------------------------- */

typedef struct {
  weir_batch public;
  WeirOutput *output;
  struct ArrowArray input; /* of a derived batch: the one that it comes from */
  gboolean derived;
} Building;

static WeirOutput *
output_to_build(WeirStage *stage, uint32_t port, const char *what)
{
  if (port >= stage->plan->n_outputs) {
    weir_stage_breach(stage, "W05", "%s was asked for output %u, but there are %u", what, port,
                      stage->plan->n_outputs);
    return NULL;
  }
  WeirOutput *output = &stage->plan->outputs[port];
  if (output->schema)
    return output;
  weir_stage_breach(stage, "W10", "a batch was begun for \"%s\" before its columns were declared",
                    output->name);
  return NULL;
}

static Building *
building_new(WeirStage *stage, WeirOutput *output, guint n)
{
  Building *building = g_new0(Building, 1);
  building->public.host = &weir_host_table;
  building->public.stage = &stage->public;
  building->public.n_columns = n;
  building->public.columns = g_new0(weir_builder *, n + 1);
  building->output = output;
  g_ptr_array_add(stage->builders, building);
  return building;
}

weir_batch *
weir_host_batch_new(weir_stage *public, uint32_t port)
{
  WeirStage *stage = (WeirStage *)public;
  WeirOutput *output = output_to_build(stage, port, "weir_batch_new()");
  if (!output)
    return NULL;
  Building *building = building_new(stage, output, weir_schema_n_columns(output->schema));
  for (guint c = 0; c < building->public.n_columns; c++)
    building->public.columns[c] = weir_builder_new(output->schema->arrow.children[c]);
  return &building->public;
}

weir_batch *
weir_host_derive(weir_stage *public, uint32_t in, struct ArrowArray *batch, uint32_t out)
{
  WeirStage *stage = (WeirStage *)public;
  WeirOutput *output = output_to_build(stage, out, "weir_derive()");
  if (output && (!output->derivation || output->base != (gint)in)) {
    weir_stage_breach(stage, "W05",
                      "weir_derive() was asked for output \"%s\" from input %u, but its type is \"%s\"",
                      output->name, in, output->row->type);
    output = NULL;
  }
  if (!output) {
    weir_batch_release(batch);
    return NULL;
  }
  Building *building = building_new(stage, output, output->derivation->n_added);
  building->derived = TRUE;
  weir_batch_move(batch, &building->input);
  for (guint c = 0; c < output->derivation->n_columns; c++)
    if (output->derivation->from_input[c] < 0)
      building->public.columns[output->derivation->added[c]] =
          weir_builder_new(output->schema->arrow.children[c]);
  return &building->public;
}

void
weir_host_batch_drop(weir_batch *public)
{
  Building *building = (Building *)public;
  g_ptr_array_remove_fast(((WeirStage *)public->stage)->builders, public);
  for (guint c = 0; c < public->n_columns; c++)
    if (public->columns[c])
      weir_builder_free(public->columns[c]);
  if (building->derived)
    weir_batch_release(&building->input);
  g_free(public->columns);
  g_free(building);
}

static const char *
new_column_name(const Building *building, guint index)
{
  const WeirOutput *output = building->output;
  if (!building->derived)
    return weir_schema_column_name(output->schema, index);
  for (guint c = 0; c < output->derivation->n_columns; c++)
    if (output->derivation->from_input[c] < 0 && output->derivation->added[c] == (gint32)index)
      return weir_schema_column_name(output->schema, c);
  return "?";
}

/* W16, and values that did not fit. Gives the number of rows, or -1. */
static gint64
check_rows(WeirStage *stage, const Building *building)
{
  const weir_batch *public = &building->public;
  gint64 rows = building->derived   ? building->input.length
                : public->n_columns ? public->columns[0]->length
                                    : 0;
  for (guint c = 0; c < public->n_columns; c++) {
    const char *wrong = weir_builder_error(public->columns[c]);
    if (wrong)
      return weir_stage_fail_host(stage, "column \"%s\" of output \"%s\": %s", new_column_name(building, c),
                                  building->output->name, wrong);
    if (public->columns[c]->length != rows)
      return weir_stage_breach(
          stage, "W16",
          "column \"%s\" of output \"%s\" has %" G_GINT64_FORMAT " rows, others have %" G_GINT64_FORMAT,
          new_column_name(building, c), building->output->name, public->columns[c]->length, rows);
  }
  return rows;
}

static gboolean
finish_columns(const Building *building, struct ArrowArray *columns, GError **error)
{
  for (guint c = 0; c < building->public.n_columns; c++) {
    columns[c].release = NULL;
    if (!weir_builder_finish(building->public.columns[c], &columns[c], error)) {
      for (guint d = 0; d < c; d++)
        weir_batch_release(&columns[d]);
      return FALSE;
    }
  }
  return TRUE;
}

/* New columns in the order in which the output has them. */
static gboolean
assemble(Building *building, gint64 rows, struct ArrowArray *batch, GError **error)
{
  guint n = building->public.n_columns;
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, n + 1);
  if (!finish_columns(building, columns, error))
    return FALSE;
  if (!building->derived)
    return weir_batch_from_columns(columns, n, rows, batch, error);
  const WeirDerivation *derivation = building->output->derivation;
  g_autofree struct ArrowArray *ordered = g_new0(struct ArrowArray, n + 1);
  for (guint c = 0, k = 0; c < derivation->n_columns; c++)
    if (derivation->from_input[c] < 0)
      weir_batch_move(&columns[derivation->added[c]], &ordered[k++]);
  return weir_batch_rearrange(&building->input, derivation->from_input, derivation->n_columns, ordered, n,
                              batch, error);
}

int
weir_host_batch_send(weir_batch *public)
{
  Building *building = (Building *)public;
  WeirStage *stage = (WeirStage *)public->stage;
  guint port = building->output->index;
  struct ArrowArray batch = {0};
  g_autoptr(GError) error = NULL;
  gint64 rows = check_rows(stage, building);
  gboolean fine = rows >= 0 && assemble(building, rows, &batch, &error);
  weir_host_batch_drop(public);
  if (!fine)
    return rows < 0 ? -1 : weir_stage_fail_host(stage, "%s", error->message);
  return weir_host_emit(&stage->public, port, &batch);
}

/* ---- Selecting ------------------------------------------------------------------------------------------ */

static gboolean
is_whole(const int64_t *rows, int64_t n, int64_t length)
{
  if (n != length)
    return FALSE;
  for (int64_t i = 0; i < n; i++)
    if (rows[i] != i)
      return FALSE;
  return TRUE;
}

static gboolean
same_type(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
  if (strcmp(a->format, b->format) != 0 || a->n_children != b->n_children)
    return FALSE;
  for (gint64 c = 0; c < a->n_children; c++)
    if (!same_type(a->children[c], b->children[c]))
      return FALSE;
  return TRUE;
}

/* Whether batches of the one can go out as the other: who takes them reads the values as the types say. */
static gboolean
same_columns(const WeirSchema *in, const WeirSchema *out)
{
  return in && out && same_type(&in->arrow, &out->arrow);
}

int
weir_host_select(weir_stage *public, uint32_t in, struct ArrowArray *batch, uint32_t out, const int64_t *rows,
                 int64_t n)
{
  WeirStage *stage = (WeirStage *)public;
  g_autoptr(GError) error = NULL;
  if (in >= stage->plan->n_inputs || out >= stage->plan->n_outputs ||
      !same_columns(stage->plan->inputs[in].schema, stage->plan->outputs[out].schema)) {
    weir_batch_release(batch);
    return weir_stage_breach(
        stage, "W05", "weir_select() was asked for input %u and output %u, which do not match", in, out);
  }
  if (is_whole(rows, n, batch->length))
    return weir_host_emit(public, out, batch);
  struct ArrowArray chosen = {0};
  gboolean fine = weir_batch_gather(stage->plan->inputs[in].schema, batch, rows, n, &chosen, &error);
  weir_batch_release(batch);
  if (!fine)
    return weir_stage_fail_host(stage, "%s", error->message);
  return weir_host_emit(public, out, &chosen);
}
