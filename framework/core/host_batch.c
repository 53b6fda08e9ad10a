/* SPDX-License-Identifier: MIT */
/* Batches on their way out of a stage: checked against the port's type, delivered. */
#include "core/keep.h"
#include "core/output_table.h"
#include "core/run.h"

#include "base/error.h"
#include "base/quote.h"
#include "base/units.h"

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
  g_autoptr(GError) error = NULL;
  if (!edge->queue) { /* who takes it does not run */
    weir_batch_release(batch);
    return TRUE;
  }
  if (edge->spool) {
    g_autofree char *path = g_strdup_printf("%s/.spool-%u", stage->run->dir->path, edge->index);
    weir_queue_spool_to(edge->queue, path, edge->from->schema);
  }
  gboolean fine = weir_queue_put(edge->queue, batch, bytes, &waited, note_wait, &waiting, &error);
  if (waited) {
    WEIR_SET(stage->running->counters.waits, NULL);
    WEIR_COUNT(stage->running->counters.wait_out_ns, waited);
    stage->blocked_ns += waited;
  }
  if (error)
    weir_stage_fail_host(stage, "output \"%s\": %s", edge->from->name, error->message);
  return fine;
}

/* The stream edges of an output; the first `n` of `edges` get them. */
static guint
stream_edges(const WeirOutput *output, WeirEdge **edges)
{
  guint n = 0;
  for (guint e = 0; e < output->edges->len; e++) {
    WeirEdge *edge = output->edges->pdata[e];
    if (!(edge->to->row->flags & WEIR_PORT_TABLE))
      edges[n++] = edge;
  }
  return n;
}

/* The column that most of a row's bytes are in. */
static const char *
largest_column(const WeirSchema *schema, const struct ArrowArray *row)
{
  guint64 most = 0;
  guint found = 0;
  for (guint c = 0; c < weir_schema_n_columns(schema); c++) {
    struct ArrowSchema one = schema->arrow;
    struct ArrowArray alone = *row;
    one.n_children = alone.n_children = 1;
    one.children += c;
    alone.children += c;
    WeirSchema single = {.arrow = one};
    guint64 bytes = weir_batch_bytes(&single, &alone);
    if (bytes > most) {
      most = bytes;
      found = c;
    }
  }
  return weir_schema_column_name(schema, found);
}

/* What is wrong with a record that has more bytes than it may. */
static char *
describe_large(const WeirOutput *output, const struct ArrowArray *row, guint64 bytes, guint64 limit)
{
  g_autofree char *size = weir_format_size((double)bytes);
  g_autofree char *most = weir_format_size((double)limit);
  g_autofree char *enough = weir_size_to_text((bytes | 0xfffff) + 1);
  g_autofree char *column = weir_quote(largest_column(output->schema, row), -1);
  return g_strdup_printf("the record has %s, most of it in column %s, and a record may have %s\n"
                         "  hint: leave such records out or cut them, or allow them with --max-record %s",
                         size, column, most, enough);
}

/* A batch has more bytes than a record may have: records that have are rejected. Takes the batch if it fails. */
static int
check_records(WeirStage *stage, const WeirOutput *output, struct ArrowArray *batch)
{
  guint64 limit = weir_budget_record_limit(stage->run->budget);
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(gint64));
  g_autoptr(GError) error = NULL;
  int failed = 0;
  for (gint64 r = 0; !failed && r < batch->length; r++) {
    struct ArrowArray row = *batch;
    row.offset += r;
    row.length = 1;
    guint64 bytes = weir_batch_bytes(output->schema, &row);
    if (bytes <= limit) {
      g_array_append_val(kept, r);
      continue;
    }
    WeirOrigin origin = weir_origin_of_output(stage, output, batch, r);
    g_autofree char *reason = describe_large(output, &row, bytes, limit);
    failed = weir_stage_reject(stage, &origin, output->schema, batch, r, reason);
  }
  if (!failed && kept->len == batch->length)
    return 0;
  struct ArrowArray rest = {0};
  if (!failed && !weir_batch_gather(output->schema, batch, (const gint64 *)(gconstpointer)kept->data,
                                    kept->len, &rest, &error))
    failed = weir_stage_fail_host(stage, "%s", error->message);
  weir_batch_release(batch);
  if (!failed)
    weir_batch_move(&rest, batch);
  return failed;
}

int
weir_stage_deliver(WeirStage *stage, WeirOutput *output, struct ArrowArray *batch)
{
  WeirStageCounters *counters = &stage->running->counters;
  WeirEdge *few[16];
  g_autofree WeirEdge **many =
      output->edges->len > G_N_ELEMENTS(few) ? g_new(WeirEdge *, output->edges->len) : NULL;
  WeirEdge **edges = many ? many : few;
  guint n = stream_edges(output, edges);
  guint64 bytes = weir_batch_bytes(output->schema, batch);
  if (bytes > weir_budget_record_limit(stage->run->budget)) {
    if (check_records(stage, output, batch))
      return -1;
    bytes = weir_batch_bytes(output->schema, batch);
  }
  if (batch->length == 0) { /* all of it was rejected */
    weir_batch_release(batch);
    return 0;
  }
  if (n < output->edges->len && weir_output_table_add(stage, output, batch, bytes)) {
    weir_batch_release(batch);
    return -1;
  }
  WEIR_COUNT(counters->records_out, (guint64)batch->length);
  WEIR_COUNT(counters->batches_out, 1);
  WEIR_COUNT(counters->bytes_out, bytes);
  weir_keep_add(stage, output, batch, bytes);
  if (n == 0) {
    weir_batch_release(batch);
    return 0;
  }
  if (n == 1)
    return put(stage, edges[0], batch, bytes) ? 0 : -1;
  g_autofree struct ArrowArray *shared = g_new(struct ArrowArray, n);
  gboolean fine = TRUE;
  weir_batch_share(batch, shared, n);
  for (guint e = 0; e < n; e++)
    fine &= put(stage, edges[e], &shared[e], bytes);
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
