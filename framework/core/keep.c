/* SPDX-License-Identifier: MIT */
/* Keeps the outputs of stages in table files: see keep.h. */
#include "core/keep.h"

#include "base/files.h"
#include "core/mark.h"
#include "core/output_table.h"
#include "core/run.h"

#include <errno.h>
#include <glib/gstdio.h>

char *
weir_keep_folder(const WeirRun *run, const WeirPlanStage *stage)
{
  g_autofree char *safe = weir_mark_safe_name(stage->name);
  return g_build_filename(run->dir->path, "stages", safe, NULL);
}

char *
weir_keep_path(const WeirRun *run, const WeirOutput *output)
{
  g_autofree char *folder = weir_keep_folder(run, output->stage);
  g_autofree char *name = weir_mark_table_name(output->name);
  return g_build_filename(folder, name, NULL);
}

static void
drop_batches(WeirKept *kept)
{
  for (guint i = 0; kept->batches && i < kept->batches->len; i++)
    weir_batch_release(&g_array_index(kept->batches, struct ArrowArray, i));
  g_clear_pointer(&kept->batches, g_array_unref);
}

void
weir_keep_clear(WeirKept *kept)
{
  drop_batches(kept);
  weir_table_writer_free(kept->writer);
  g_free(kept->temporary);
}

static void
give_up(WeirRun *run, WeirKept *kept, const WeirOutput *output, const GError *error)
{
  if (error) {
    g_autofree char *text = g_strdup_printf("stage \"%s\": output \"%s\" cannot be kept for a resume: %s",
                                            output->stage->name, output->name, error->message);
    weir_run_warn(run, text);
  }
  drop_batches(kept);
  g_clear_pointer(&kept->writer, weir_table_writer_free);
  kept->large = TRUE;
}

/* Under a temporary name: the file counts once the mark is there, but a half-written one is not to be taken for it. */
static gboolean
open_writer(WeirRun *run, WeirKept *kept, const WeirOutput *output, GError **error)
{
  g_autofree char *path = weir_keep_path(run, output);
  g_autofree char *folder = g_path_get_dirname(path);
  if (!weir_make_folder(folder, error))
    return FALSE;
  kept->temporary = g_strconcat(path, ".tmp", NULL);
  g_unlink(kept->temporary);
  kept->writer = weir_table_writer_new(kept->temporary, output->schema, WEIR_TABLE_DEFAULT, error);
  return kept->writer != NULL;
}

/* From now on to the file. */
static gboolean
spill(WeirRun *run, WeirKept *kept, const WeirOutput *output, GError **error)
{
  if (!open_writer(run, kept, output, error))
    return FALSE;
  for (guint i = 0; kept->batches && i < kept->batches->len; i++)
    if (!weir_table_writer_add(kept->writer, &g_array_index(kept->batches, struct ArrowArray, i), error))
      return FALSE;
  drop_batches(kept);
  return TRUE;
}

static gboolean
has_spool(const WeirOutput *output)
{
  for (guint e = 0; e < output->edges->len; e++)
    if (((const WeirEdge *)output->edges->pdata[e])->spool)
      return TRUE;
  return FALSE;
}

static gboolean
has_artifact(const weir_port *ports, guint n)
{
  for (guint i = 0; i < n; i++)
    if (g_strcmp0(ports[i].type, WEIR_ARTIFACT) == 0)
      return TRUE;
  return FALSE;
}

/* Whether a stage makes a model, or uses one that this run makes of records. */
static gboolean
is_about_models(const WeirPlanStage *stage)
{
  if (stage->n_inputs && has_artifact(stage->class->out, stage->class->n_out))
    return TRUE;
  for (guint i = 0; i < stage->n_inputs; i++)
    if (has_artifact(stage->inputs[i].row, 1))
      for (guint e = 0; e < stage->inputs[i].edges->len; e++)
        if (((const WeirEdge *)stage->inputs[i].edges->pdata[e])->from->stage->n_inputs)
          return TRUE;
  return FALSE;
}

/* Such stages are those that are run again with other options: what they are made of is kept whatever its size. So is
   what else the same stage sends, since with half of it that had to run again all the same. */
static gboolean
feeds_models(const WeirPlanStage *stage)
{
  for (guint o = 0; o < stage->n_outputs; o++)
    for (guint e = 0; e < stage->outputs[o].edges->len; e++)
      if (is_about_models(((const WeirEdge *)stage->outputs[o].edges->pdata[e])->to->stage))
        return TRUE;
  return FALSE;
}

void
weir_keep_add(WeirStage *stage, const WeirOutput *output, struct ArrowArray *batch, guint64 bytes)
{
  WeirKept *kept = &stage->running->outputs_kept[output->index];
  g_autoptr(GError) error = NULL;
  if (!output->edges->len)
    return;
  kept->rows += (guint64)batch->length;
  kept->bytes += bytes;
  if (kept->large || weir_output_has_table(output))
    return;
  if (!kept->writer && kept->bytes > WEIR_KEEP_SMALL) {
    if ((!has_spool(output) && !feeds_models(output->stage)) || !spill(stage->run, kept, output, &error)) {
      give_up(stage->run, kept, output, error);
      return;
    }
  }
  if (kept->writer) {
    if (!weir_table_writer_add(kept->writer, batch, &error))
      give_up(stage->run, kept, output, error);
    return;
  }
  struct ArrowArray both[2];
  weir_batch_share(batch, both, 2);
  weir_batch_move(&both[0], batch);
  if (!kept->batches)
    kept->batches = g_array_new(FALSE, FALSE, sizeof(struct ArrowArray));
  g_array_append_val(kept->batches, both[1]);
}

/* Whether all that take it had enough before it ended. */
static gboolean
is_cut(const WeirOutput *output)
{
  for (guint e = 0; e < output->edges->len; e++) {
    const WeirEdge *edge = output->edges->pdata[e];
    if (!edge->queue || !weir_queue_is_abandoned(edge->queue))
      return FALSE;
  }
  return TRUE;
}

static gboolean
finish(WeirRun *run, WeirKept *kept, const WeirOutput *output, GError **error)
{
  if (!kept->rows)
    return TRUE;
  if (!kept->writer && !spill(run, kept, output, error))
    return FALSE;
  if (!weir_table_writer_finish(kept->writer, NULL, error))
    return FALSE;
  g_autofree char *path = weir_keep_path(run, output);
  if (g_rename(kept->temporary, path) == 0)
    return TRUE;
  g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot rename \"%s\": %s",
              kept->temporary, g_strerror(errno));
  return FALSE;
}

void
weir_keep_end(WeirRunningStage *running)
{
  for (guint o = 0; o < running->plan->n_outputs; o++) {
    const WeirOutput *output = &running->plan->outputs[o];
    WeirKept *kept = &running->outputs_kept[o];
    g_autoptr(GError) error = NULL;
    if (!output->edges->len || !output->schema || kept->large || is_cut(output)) {
      give_up(running->run, kept, output, NULL);
      continue;
    }
    if (weir_output_has_table(output)) { /* it has a file, unless nobody wanted it from the beginning */
      kept->kept = output->table_path || !kept->rows;
      continue;
    }
    kept->kept = finish(running->run, kept, output, &error);
    if (!kept->kept)
      give_up(running->run, kept, output, error);
    g_clear_pointer(&kept->writer, weir_table_writer_free);
  }
}
