/* SPDX-License-Identifier: MIT */
/* artifact.write: a model or another artifact goes out of a run, as a folder or as one archive file. */
#include "config.h"

#include "artifact.h"

#include "base/error.h"
#include "base/files.h"
#include "base/quote.h"
#include "base/units.h"
#include "store/archive_file.h"

/* Whether an archive can be written to `path`. */
static gboolean
check_file(const char *path, GError **error)
{
  if (!weir_check_above(path, "file", error))
    return FALSE;
  if (!g_file_test(path, G_FILE_TEST_IS_DIR))
    return TRUE;
  g_autofree char *quoted = weir_quote_path(path);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "cannot write the archive %s: there is a folder of that name; remove it or choose another name",
              quoted);
  return FALSE;
}

/* What stands in the way is better known before hours of training than after; the export looks again. */
int
artifact_write_schema(weir_stage *stage)
{
  const Writer *writer = stage->state;
  g_autoptr(GError) error = NULL;
  if (weir_archive_format_of_name(writer->path)
          ? !check_file(writer->path, &error)
          : !weir_artifact_check_target(writer->path, writer->replace, &error))
    return artifact_failed(stage, error);
  return 0;
}

static char *
get_text(weir_stage *stage, const struct ArrowArray *batch, uint32_t entry)
{
  weir_column column = weir_input(stage, IN, batch, entry);
  weir_text text = weir_get_text(&column, 0);
  return g_strndup(text.data, (gsize)text.len);
}

static int
take_record(weir_stage *stage, const struct ArrowArray *batch)
{
  Writer *writer = stage->state;
  if (batch->length == 0)
    return 0;
  if (writer->kind || batch->length > 1)
    return weir_fail(stage,
                     "more than one artifact came, and \"path\" has room for one; use a stage for each");
  weir_column path = weir_input(stage, IN, batch, PATH);
  const char *folder = weir_run_path(stage, weir_get_text(&path, 0));
  if (!folder)
    return -1;
  writer->folder = g_strdup(folder);
  writer->kind = get_text(stage, batch, KIND);
  writer->sha256 = get_text(stage, batch, SHA256);
  writer->metadata = get_text(stage, batch, METADATA);
  if (weir_artifact_is_kind(writer->kind))
    return 0;
  g_autofree char *kind = weir_quote(writer->kind, -1);
  return weir_fail(stage, "an artifact's kind must be a word of a-z, 0-9 and '-', not %s", kind);
}

int
artifact_write_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  int result = take_record(stage, batch);
  weir_batch_release(batch);
  return result;
}

int
artifact_write_end(weir_stage *stage, uint32_t port)
{
  (void)port;
  const Writer *writer = stage->state;
  g_autoptr(GError) error = NULL;
  guint files = 0;
  guint64 bytes = 0;
  if (!writer->kind)
    return weir_fail(stage, "no artifact came: there is nothing to write");
  WeirArtifactExport how = {.kind = writer->kind,
                            .sha256 = writer->sha256,
                            .metadata = writer->metadata,
                            .replace = writer->replace,
                            .step = artifact_step,
                            .data = stage};
  gboolean archive = weir_archive_format_of_name(writer->path) != WEIR_ARCHIVE_NONE;
  if (!(archive ? weir_archive_export : weir_artifact_export)(writer->folder, writer->path, &how, &files,
                                                              &bytes, &error))
    return artifact_failed(stage, error);
  if (weir_output(stage, writer->path, writer->kind))
    return -1;
  g_autofree char *size = weir_format_size((double)bytes);
  weir_log(stage, WEIR_LOG_INFO, "%s: %u file%s, %s in %s", writer->kind, files, files == 1 ? "" : "s", size,
           writer->path);
  return 0;
}

void
artifact_write_close(weir_stage *stage)
{
  Writer *writer = stage->state;
  g_free(writer->kind);
  g_free(writer->folder);
  g_free(writer->sha256);
  g_free(writer->metadata);
}
