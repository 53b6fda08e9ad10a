/* SPDX-License-Identifier: MIT */
/* Writes outputs that are read as tables to files of the run directory. */
#include "core/output_table.h"

#include "base/error.h"
#include "base/files.h"
#include "core/run.h"

#include <errno.h>
#include <stdio.h>

static gboolean
is_table(const WeirEdge *edge)
{
  return edge->to->row->flags & WEIR_PORT_TABLE;
}

char *
weir_output_table_path(const WeirStage *stage G_GNUC_UNUSED, const WeirOutput *output G_GNUC_UNUSED)
{
  return NULL;
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
    if (is_table(edge) && !weir_queue_is_abandoned(edge->queue))
      return TRUE;
  }
  return FALSE;
}

static WeirTableWriter *
begin(const WeirStage *stage, WeirOutput *output, GError **error)
{
  output->table_path = weir_output_table_path(stage, output);
  if (!output->table_path) {
    g_autofree char *path =
        g_strdup_printf("%s/.table.%s.%s", stage->run->dir->path, stage->plan->name, output->name);
    for (char *slash = path + strlen(stage->run->dir->path) + 1; (slash = strchr(slash, '/'));)
      *slash = '.';
    return weir_table_writer_new(path, output->schema, WEIR_TABLE_UNNAMED, error);
  }
  g_autofree char *folder = g_path_get_dirname(output->table_path);
  g_autofree char *temporary = g_strconcat(output->table_path, ".tmp", NULL);
  if (!weir_make_folder(folder, error))
    return NULL;
  remove(temporary); /* of a run that was killed */
  return weir_table_writer_new(temporary, output->schema, WEIR_TABLE_DEFAULT, error);
}

int
weir_output_table_add(WeirStage *stage, WeirOutput *output, const struct ArrowArray *batch, guint64 bytes)
{
  g_autoptr(GError) error = NULL;
  if (!output->table_path && !is_wanted(output))
    return 0;
  if (!output->writer)
    output->writer = begin(stage, output, &error);
  if (!output->writer || !weir_table_writer_add(output->writer, batch, &error))
    return weir_stage_fail_host(stage, "output \"%s\": %s", output->name, error->message);
  output->table_bytes += bytes;
  return 0;
}

static gboolean
put_in_place(const WeirOutput *output, GError **error)
{
  if (!output->table_path)
    return TRUE;
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
    table = weir_table_writer_finish_open(output->writer, NULL, &error);
    if (!table || !put_in_place(output, &error))
      return weir_stage_fail_host(stage, "output \"%s\": %s", output->name, error->message);
  }
  for (guint e = 0; e < output->edges->len; e++) {
    const WeirEdge *edge = output->edges->pdata[e];
    if (is_table(edge))
      weir_queue_give(edge->queue, table, output->table_bytes);
  }
  weir_output_table_drop(output);
  return 0;
}

void
weir_output_table_drop(WeirOutput *output)
{
  g_clear_pointer(&output->writer, weir_table_writer_free);
  g_clear_pointer(&output->table_path, g_free);
}
