/* SPDX-License-Identifier: MIT */
/* Writes an artifact folder to its place outside a run, whole or not at all. */
#include "config.h"

#include "store/artifact_private.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_dir.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json_write.h"
#include "base/quote.h"
#include "base/tree.h"

/* --- Whether a folder may be replaced --- */

/* The first entry of a folder that its manifest does not know, relative to it; NULL: there is none. */
static char *
find_stranger(const char *folder, const WeirArtifactManifest *manifest)
{
  g_autoptr(GHashTable) listed = g_hash_table_new(g_str_hash, g_str_equal);
  g_autofree char *root = g_strconcat(folder, "/", NULL);
  char *const roots[] = {root, NULL};
  char *stranger = NULL;
  FTSENT *entry;
  for (guint i = 0; i < manifest->files->len; i++)
    g_hash_table_add(listed, ((WeirFileDigest *)manifest->files->pdata[i])->path);
  g_hash_table_add(listed, (gpointer)WEIR_ARTIFACT_MANIFEST);
  FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
  while (walk && !stranger && (entry = fts_read(walk))) {
    const char *path = entry->fts_path + strlen(root);
    if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP && !g_hash_table_contains(listed, path))
      stranger = g_strdup(path);
  }
  if (walk)
    fts_close(walk);
  return stranger;
}

static gboolean
is_empty(const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  return dir && !g_dir_read_name(dir);
}

gboolean
weir_artifact_check_target(const char *path, gboolean replace, GError **error)
{
  g_autofree char *quoted = weir_quote_path(path);
  if (!weir_check_above(path, "folder", error))
    return FALSE;
  if (!g_file_test(path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!g_file_test(path, G_FILE_TEST_IS_DIR)) { /* "replace" is about folders */
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "cannot write the folder %s: there is a file of that name; remove it or choose another name",
                quoted);
    return FALSE;
  }
  if (replace || is_empty(path))
    return TRUE;
  g_autoptr(WeirArtifactManifest) manifest = weir_artifact_manifest_read(path, NULL);
  g_autofree char *stranger = manifest ? find_stranger(path, manifest) : NULL;
  if (manifest && !stranger)
    return TRUE;
  g_autofree char *name = weir_quote(stranger ? stranger : WEIR_ARTIFACT_MANIFEST, -1);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "cannot replace the folder %s: it is not an artifact alone (%s %s); remove it, choose another "
              "name, or set \"replace\" to true",
              quoted, stranger ? "it holds" : "it has no", name);
  return FALSE;
}

/* --- Writing --- */

GString *
weir_artifact_describe(const WeirArtifactExport *how, const GPtrArray *files, GError **error)
{
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  g_autoptr(WeirNode) metadata =
      weir_node_parse_json(how->metadata ? how->metadata : "{}", -1, "metadata", errors);
  if (metadata)
    weir_node_check_kind(metadata, WEIR_NODE_MAP, "metadata", errors);
  if (!weir_diagnostics_check(errors, error))
    return NULL;
  GString *text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 2);
  weir_json_begin_object(json);
  weir_json_member_integer(json, "weir-artifact", WEIR_ARTIFACT_VERSION);
  weir_json_member_string(json, "kind", how->kind);
  weir_json_member_string(json, "sha256", how->sha256);
  weir_json_key(json, "metadata");
  weir_node_write_json(metadata, json);
  weir_json_key(json, "files");
  weir_json_begin_array(json);
  for (guint i = 0; i < files->len; i++) {
    const WeirFileDigest *file = files->pdata[i];
    weir_json_begin_object(json);
    weir_json_member_string(json, "path", file->path);
    weir_json_member_unsigned(json, "size", file->size);
    weir_json_member_string(json, "sha256", file->hex);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  g_string_append_c(text, '\n');
  return text;
}

gboolean
weir_artifact_has_no_manifest(const char *from, GError **error)
{
  g_autofree char *reserved = g_build_filename(from, WEIR_ARTIFACT_MANIFEST, NULL);
  if (!g_file_test(reserved, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autofree char *quoted = weir_quote_path(from);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "cannot copy %s: it holds a file %s, a name that is kept for the artifact's description",
              quoted, WEIR_ARTIFACT_MANIFEST);
  return FALSE;
}

gboolean
weir_artifact_is_unchanged(const char *from, const GPtrArray *files, const WeirArtifactExport *how,
                           GError **error)
{
  char hex[WEIR_DIGEST_HEX_BYTES];
  weir_digest_of_manifest(files, hex);
  if (strcmp(hex, how->sha256) == 0)
    return TRUE;
  g_autofree char *quoted = weir_quote_path(from);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "%s has the digest %s, not %s: it was changed after it was made", quoted, hex, how->sha256);
  return FALSE;
}

static gboolean
write_manifest(const char *folder, const WeirArtifactExport *how, const GPtrArray *files, GError **error)
{
  g_autoptr(GString) text = weir_artifact_describe(how, files, error);
  g_autofree char *path = g_build_filename(folder, WEIR_ARTIFACT_MANIFEST, NULL);
  return text && weir_atomic_write(path, text->str, (gssize)text->len, WEIR_ATOMIC_NO_SYNC, error);
}

/* Fills the temporary folder; nothing of it can be seen yet. */
static gboolean
fill(const char *from, const WeirAtomicDir *dir, const WeirArtifactExport *how, guint *n_files,
     guint64 *bytes, GError **error)
{
  const char *folder = weir_atomic_dir_temporary(dir);
  if (!weir_artifact_has_no_manifest(from, error) ||
      !weir_artifact_copy(from, folder, weir_atomic_dir_path(dir), how->step, how->data, error))
    return FALSE;
  g_autoptr(GPtrArray) files = weir_digest_manifest(folder, NULL, error);
  if (!files || !weir_artifact_is_unchanged(from, files, how, error))
    return FALSE;
  for (guint i = 0; i < files->len && bytes; i++)
    *bytes += ((WeirFileDigest *)files->pdata[i])->size;
  if (n_files)
    *n_files = files->len;
  return write_manifest(folder, how, files, error);
}

gboolean
weir_artifact_export(const char *from, const char *path, const WeirArtifactExport *how, guint *files,
                     guint64 *bytes, GError **error)
{
  if (bytes)
    *bytes = 0;
  if (!weir_artifact_check_target(path, how->replace, error))
    return FALSE;
  g_autoptr(WeirAtomicDir) dir =
      weir_atomic_dir_open(path, WEIR_ATOMIC_MAKE_PARENTS | WEIR_ATOMIC_REPLACE_FOLDER, error);
  if (!dir || !fill(from, dir, how, files, bytes, error))
    return FALSE;
  return weir_atomic_dir_commit(dir, error);
}
