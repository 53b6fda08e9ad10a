/* SPDX-License-Identifier: MIT */
/* Writes outputs that are read as tables to files of the run directory. */
#include "core/output_table.h"

#include "base/error.h"
#include "base/files.h"
#include "core/batch_private.h"
#include "core/keep.h"
#include "core/run.h"

#include <errno.h>
#include <stdio.h>

static gboolean
is_table(const WeirEdge *edge)
{
  return edge->to->row->flags & WEIR_PORT_TABLE;
}

gboolean
weir_output_has_table(const WeirOutput *output)
{
  for (guint e = 0; e < output->edges->len; e++)
    if (is_table(output->edges->pdata[e]))
      return TRUE;
  return FALSE;
}

/* Whether somebody still wants the table. */
static gboolean
is_wanted(const WeirOutput *output)
{
  for (guint e = 0; e < output->edges->len; e++) {
    const WeirEdge *edge = output->edges->pdata[e];
    if (is_table(edge) && (!edge->queue || !weir_queue_is_abandoned(edge->queue)))
      return TRUE; /* without a queue: who takes it does not run now, but may when the run is resumed */
  }
  return FALSE;
}

static WeirTableWriter *
begin(const WeirStage *stage, WeirOutput *output, GError **error)
{
  output->table_path = weir_keep_path(stage->run, output);
  g_autofree char *folder = g_path_get_dirname(output->table_path);
  g_autofree char *temporary = g_strconcat(output->table_path, ".tmp", NULL);
  if (!weir_make_folder(folder, error))
    return NULL;
  remove(temporary); /* of a run that was killed */
  return weir_table_writer_new(temporary, output->schema, WEIR_TABLE_DEFAULT, error);
}

/* ---- Small batches, written together -------------------------------------------------------------------- */

#define SMALL_ROWS  1024
#define SMALL_BYTES (64 << 10)
#define WHOLE_ROWS  4096
#define WHOLE_BYTES (1 << 20)

/* Small batches that wait to be written as one: a file with a block a row would be many times as large. */
struct WeirSmallBatches {
  guint n;
  gint64 rows;
  guint64 bytes;
  weir_builder *columns[];
};

static void
free_small(struct WeirSmallBatches *small)
{
  for (guint c = 0; small && c < small->n; c++)
    weir_builder_free(small->columns[c]);
  g_free(small);
}

static gboolean
write_small(WeirOutput *output, GError **error)
{
  struct WeirSmallBatches *small = output->small;
  struct ArrowArray batch;
  if (!small || small->rows == 0)
    return TRUE;
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, small->n + 1);
  gboolean fine = TRUE;
  for (guint c = 0; fine && c < small->n; c++)
    fine = weir_builder_finish(small->columns[c], &columns[c], error);
  if (!fine)
    for (guint c = 0; c < small->n; c++)
      weir_batch_release(&columns[c]);
  if (!fine || !weir_batch_from_columns(columns, small->n, small->rows, &batch, error))
    return FALSE;
  small->rows = 0;
  small->bytes = 0;
  fine = weir_table_writer_add(output->writer, &batch, error);
  weir_batch_release(&batch);
  return fine;
}

static gboolean
add_small(WeirOutput *output, const struct ArrowArray *batch, guint64 bytes, GError **error)
{
  guint n = weir_schema_n_columns(output->schema);
  const struct ArrowSchema *arrow = &output->schema->arrow;
  if (!output->small) {
    output->small = g_malloc0(sizeof(struct WeirSmallBatches) + n * sizeof(weir_builder *));
    output->small->n = n;
    for (guint c = 0; c < n; c++)
      output->small->columns[c] = weir_builder_new(arrow->children[c]);
  }
  for (guint c = 0; c < n; c++) {
    weir_column column = weir_batch_column(arrow, batch, c);
    weir_builder_append_range(output->small->columns[c], &column, 0,
                              batch->length); /* it remembers a failure */
  }
  output->small->rows += batch->length;
  output->small->bytes += bytes;
  return (output->small->rows < WHOLE_ROWS && output->small->bytes < WHOLE_BYTES) ||
         write_small(output, error);
}

/* ---- Whole outputs -------------------------------------------------------------------------------------- */

/* Developer mode leaves the cut as it came: a stage is tried with small batches there. */
static gboolean
add(const WeirStage *stage, WeirOutput *output, const struct ArrowArray *batch, guint64 bytes, GError **error)
{
  if (batch->length < SMALL_ROWS && bytes < SMALL_BYTES && !stage->run->developer)
    return add_small(output, batch, bytes, error);
  return write_small(output, error) && weir_table_writer_add(output->writer, batch, error);
}

int
weir_output_table_add(WeirStage *stage, WeirOutput *output, const struct ArrowArray *batch, guint64 bytes)
{
  g_autoptr(GError) error = NULL;
  if (!output->table_path && !is_wanted(output))
    return 0;
  if (!output->writer)
    output->writer = begin(stage, output, &error);
  if (!output->writer || !add(stage, output, batch, bytes, &error))
    return weir_stage_fail_host(stage, "output \"%s\": %s", output->name, error->message);
  output->table_bytes += bytes;
  return 0;
}

static gboolean
put_in_place(const WeirOutput *output, GError **error)
{
  g_autofree char *temporary = g_strconcat(output->table_path, ".tmp", NULL);
  if (rename(temporary, output->table_path) == 0)
    return TRUE;
  weir_set_io_error(error, errno, "write", output->table_path);
  remove(temporary);
  return FALSE;
}

int
weir_output_table_finish(WeirStage *stage, WeirOutput *output)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirTable) table = NULL;
  if (output->writer) {
    if (write_small(output, &error))
      table = weir_table_writer_finish_open(output->writer, NULL, &error);
    if (!table || !put_in_place(output, &error))
      return weir_stage_fail_host(stage, "output \"%s\": %s", output->name, error->message);
  }
  for (guint e = 0; e < output->edges->len; e++) {
    const WeirEdge *edge = output->edges->pdata[e];
    if (is_table(edge) && edge->queue)
      weir_queue_give(edge->queue, table, output->table_bytes);
  }
  weir_output_table_drop(output);
  return 0;
}

void
weir_output_table_drop(WeirOutput *output)
{
  g_clear_pointer(&output->writer, weir_table_writer_free);
  g_clear_pointer(&output->small, free_small);
  g_clear_pointer(&output->table_path, g_free);
}
