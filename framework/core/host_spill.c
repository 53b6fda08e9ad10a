/* SPDX-License-Identifier: MIT */
/* What stages put aside in files (weir_spill_), and batches of rows picked from several (weir_gather). */
#include "core/run.h"

#include "base/error.h"

typedef struct {
  weir_spill public;
  WeirStage *stage; /* that failures are laid at */
  WeirRunningStage *running;
  WeirSchema *schema;
  WeirTableWriter *writer; /* until it is finished */
  WeirTable *table;        /* from then on */
  guint64 rows, batches;
} Spill;

static void
spill_free(gpointer data)
{
  Spill *spill = data;
  weir_table_writer_free(spill->writer);
  weir_table_unref(spill->table);
  weir_schema_unref(spill->schema);
  g_free(spill);
}

weir_spill *
weir_host_spill_begin(weir_stage *public, const struct ArrowSchema *arrow)
{
  static gint number;
  WeirStage *stage = (WeirStage *)public;
  WeirRunningStage *running = stage->running;
  g_autoptr(GError) error = NULL;
  if (!running) {
    weir_stage_breach(stage, "W05", "weir_spill_begin() was called while planning");
    return NULL;
  }
  g_autoptr(WeirSchema) schema = weir_schema_copy(arrow, &error);
  /* The name is of no use to anybody: the file goes with its last user, however that ends. */
  g_autofree char *path =
      g_strdup_printf("%s/.spill-%d", stage->run->dir->path, g_atomic_int_add(&number, 1));
  WeirTableWriter *writer = schema ? weir_table_writer_new(path, schema, WEIR_TABLE_UNNAMED, &error) : NULL;
  if (!writer) {
    weir_stage_fail_host(stage, "%s", error->message);
    return NULL;
  }
  Spill *spill = g_new0(Spill, 1);
  spill->public.host = stage->public.host;
  spill->stage = stage;
  spill->running = running;
  spill->schema = g_steal_pointer(&schema);
  spill->writer = writer;
  g_mutex_lock(&running->lock);
  if (!running->spills)
    running->spills = g_ptr_array_new_with_free_func(spill_free);
  g_ptr_array_add(running->spills, spill);
  g_mutex_unlock(&running->lock);
  return &spill->public;
}

static gboolean
is_good(const Spill *spill, const struct ArrowArray *batch)
{
  g_autoptr(GError) error = NULL;
  WeirStage *stage = spill->stage;
  if (!batch->release) {
    weir_stage_breach(stage, "W07", "a batch that was given up already was added to a spill");
    return FALSE;
  }
  gint64 wanted = spill->schema->arrow.n_children;
  gboolean deep = stage->run->developer || !stage->plan->ours;
  if (batch->n_children != wanted)
    weir_stage_breach(stage, "W08",
                      "a batch of %" G_GINT64_FORMAT " columns was added to a spill of %" G_GINT64_FORMAT,
                      batch->n_children, wanted);
  else if (deep && !weir_batch_validate(spill->schema, batch, TRUE, &error))
    weir_stage_breach(stage, g_str_has_suffix(error->message, "(W18)") ? "W18" : "W07",
                      "a batch that is not valid was added to a spill: %s", error->message);
  else
    return TRUE;
  return FALSE;
}

int
weir_host_spill_add(weir_spill *public, struct ArrowArray *batch)
{
  Spill *spill = (Spill *)public;
  WeirStage *stage = spill->stage;
  g_autoptr(GError) error = NULL;
  int result = 0;
  if (!spill->writer)
    result = weir_stage_breach(stage, "W20", "a batch was added to a spill that is finished");
  else if (!is_good(spill, batch) || g_atomic_int_get(&stage->run->cancelled))
    result = -1;
  else if (!weir_table_writer_add(spill->writer, batch, &error))
    result = weir_stage_fail_host(stage, "%s", error->message);
  if (result == 0 && batch->length) {
    spill->rows += (guint64)batch->length;
    spill->batches++;
  }
  weir_batch_release(batch);
  return result;
}

int
weir_host_spill_finish(weir_spill *public)
{
  Spill *spill = (Spill *)public;
  g_autoptr(GError) error = NULL;
  if (!spill->writer)
    return weir_stage_breach(spill->stage, "W20", "a spill was finished twice");
  spill->table = weir_table_writer_finish_open(spill->writer, NULL, &error);
  g_clear_pointer(&spill->writer, weir_table_writer_free);
  return spill->table ? 0 : weir_stage_fail_host(spill->stage, "%s", error->message);
}

uint64_t
weir_host_spill_rows(weir_spill *public)
{
  return ((Spill *)public)->rows;
}

uint64_t
weir_host_spill_batches(weir_spill *public)
{
  return ((Spill *)public)->batches;
}

int
weir_host_spill_batch(weir_spill *public, uint64_t index, struct ArrowArray *batch)
{
  Spill *spill = (Spill *)public;
  g_autoptr(GError) error = NULL;
  batch->release = NULL;
  if (!spill->table)
    return weir_stage_breach(spill->stage, "W20", "a spill was read that is not finished");
  if (index >= spill->batches)
    return weir_stage_breach(spill->stage, "W20",
                             "batch %" G_GUINT64_FORMAT " was asked for of a spill of %" G_GUINT64_FORMAT,
                             (guint64)index, spill->batches);
  if (weir_table_read(spill->table, index, batch, &error))
    return 0;
  return weir_stage_fail_host(spill->stage, "%s", error->message);
}

void
weir_host_spill_drop(weir_spill *public)
{
  Spill *spill = (Spill *)public;
  WeirRunningStage *running = spill->running;
  guint at;
  g_mutex_lock(&running->lock);
  gboolean known = running->spills && g_ptr_array_find(running->spills, spill, &at);
  if (known)
    g_ptr_array_steal_index_fast(running->spills, at);
  g_mutex_unlock(&running->lock);
  if (known)
    spill_free(spill);
}

void
weir_host_spills_leave(WeirStage *stage, WeirStage *heir)
{
  WeirRunningStage *running = stage->running;
  g_mutex_lock(&running->lock);
  for (guint i = 0; running->spills && i < running->spills->len; i++) {
    Spill *spill = running->spills->pdata[i];
    if (spill->stage == stage)
      spill->stage = heir;
  }
  g_mutex_unlock(&running->lock);
}

void
weir_host_spills_free(WeirRunningStage *running)
{
  g_clear_pointer(&running->spills, g_ptr_array_unref);
}

/* ---- Gathering ------------------------------------------------------------------------------------------ */

/* Whether all types are ours: a schema may be one that the stage made up. */
static gboolean
is_ours(const struct ArrowSchema *field)
{
  if (weir_type_from_format(field->format, NULL) == WEIR_TYPE_NONE)
    return FALSE;
  for (gint64 i = 0; i < field->n_children; i++)
    if (!is_ours(field->children[i]))
      return FALSE;
  return TRUE;
}

int
weir_host_gather(weir_stage *public, const struct ArrowSchema *schema,
                 const struct ArrowArray *const *batches, uint32_t n_batches, const weir_row *rows, int64_t n,
                 struct ArrowArray *out)
{
  WeirStage *stage = (WeirStage *)public;
  g_autoptr(GError) error = NULL;
  out->release = NULL;
  if (!is_ours(schema))
    return weir_stage_breach(stage, "W08", "weir_gather() was given columns of a type that is not supported");
  for (uint32_t b = 0; b < n_batches; b++)
    if (!batches[b]->release || batches[b]->n_children != schema->n_children)
      return weir_stage_breach(stage, "W08",
                               "weir_gather() was given a batch of %" G_GINT64_FORMAT
                               " columns where %" G_GINT64_FORMAT " are said to be",
                               batches[b]->release ? batches[b]->n_children : 0, schema->n_children);
  if (weir_batch_gather_many(schema, batches, n_batches, rows, n, out, &error))
    return 0;
  if (g_error_matches(error, WEIR_ERROR, WEIR_ERROR_INVALID))
    return weir_stage_breach(stage, "W20", "weir_gather(): %s", error->message);
  return weir_stage_fail_host(stage, "%s", error->message);
}
