/* SPDX-License-Identifier: MIT */
/* Reads artifact.json, and holds a folder's files against it. */
#include "config.h"

#include "store/artifact_folder.h"

#include <string.h>

#include "base/error.h"
#include "base/quote.h"
#include "base/tree.h"

static const char *const the_manifest[] = {WEIR_ARTIFACT_MANIFEST, NULL};

static void
file_free(gpointer data)
{
  WeirFileDigest *file = data;
  g_free(file->path);
  g_free(file);
}

void
weir_artifact_manifest_free(WeirArtifactManifest *manifest)
{
  if (!manifest)
    return;
  g_free(manifest->kind);
  g_free(manifest->metadata);
  if (manifest->files)
    g_ptr_array_unref(manifest->files);
  g_free(manifest);
}

gboolean
weir_artifact_is_kind(const char *text)
{
  if (!g_ascii_islower(*text) || strlen(text) > 64)
    return FALSE;
  return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static gboolean
is_digest(const char *text)
{
  return strlen(text) == WEIR_DIGEST_HEX_BYTES - 1 && strspn(text, "0123456789abcdef") == strlen(text);
}

/* The text of a member, or NULL with an error. */
static const char *
get_text(const WeirNode *map, const char *key, WeirDiagnostics *errors)
{
  const WeirNode *node = weir_node_get(map, key);
  if (!node)
    weir_diagnostics_error(errors, weir_node_position(map), "\"%s\" is missing", key);
  else if (weir_node_check_kind(node, WEIR_NODE_STRING, key, errors))
    return weir_node_string(node);
  return NULL;
}

static void
get_digest(const WeirNode *map, char hex[WEIR_DIGEST_HEX_BYTES], WeirDiagnostics *errors)
{
  const char *text = get_text(map, "sha256", errors);
  if (text && is_digest(text))
    memcpy(hex, text, WEIR_DIGEST_HEX_BYTES);
  else if (text)
    weir_diagnostics_error(errors, weir_node_position(weir_node_get(map, "sha256")),
                           "\"sha256\" must be 64 lower-case hexadecimal digits");
}

static void
get_files(const WeirNode *root, GPtrArray *files, WeirDiagnostics *errors)
{
  const WeirNode *list = weir_node_get(root, "files");
  if (!list || !weir_node_check_kind(list, WEIR_NODE_LIST, "files", errors)) {
    if (!list)
      weir_diagnostics_error(errors, weir_node_position(root), "\"files\" is missing");
    return;
  }
  for (gsize i = 0; i < weir_node_size(list); i++) {
    const WeirNode *item = weir_node_at(list, i);
    if (!weir_node_check_kind(item, WEIR_NODE_MAP, "an item of \"files\"", errors))
      continue;
    WeirFileDigest *file = g_new0(WeirFileDigest, 1);
    g_ptr_array_add(files, file);
    file->path = g_strdup(get_text(item, "path", errors));
    get_digest(item, file->hex, errors);
    const WeirNode *size = weir_node_get(item, "size");
    if (size && weir_node_kind(size) == WEIR_NODE_INTEGER && weir_node_integer(size) >= 0)
      file->size = (guint64)weir_node_integer(size);
    else
      weir_diagnostics_error(errors, weir_node_position(item), "\"size\" must be a number of bytes");
  }
}

static WeirArtifactManifest *
manifest_from_tree(const WeirNode *root, WeirDiagnostics *errors)
{
  WeirArtifactManifest *manifest = g_new0(WeirArtifactManifest, 1);
  const WeirNode *version = weir_node_get(root, "weir-artifact");
  manifest->files = g_ptr_array_new_with_free_func(file_free);
  if (!weir_node_check_kind(root, WEIR_NODE_MAP, "an artifact's description", errors))
    return manifest;
  if (!version || weir_node_kind(version) != WEIR_NODE_INTEGER)
    weir_diagnostics_error(errors, weir_node_position(root),
                           "\"weir-artifact\" is missing: this does not describe an artifact");
  else if (weir_node_integer(version) != WEIR_ARTIFACT_VERSION)
    weir_diagnostics_error(errors, weir_node_position(version),
                           "this artifact has version %" G_GINT64_FORMAT "; version %d can be read",
                           weir_node_integer(version), WEIR_ARTIFACT_VERSION);
  manifest->kind = g_strdup(get_text(root, "kind", errors));
  if (manifest->kind && !weir_artifact_is_kind(manifest->kind))
    weir_diagnostics_error(errors, weir_node_position(weir_node_get(root, "kind")),
                           "\"kind\" must be a word of a-z, 0-9 and '-'");
  get_digest(root, manifest->sha256, errors);
  const WeirNode *metadata = weir_node_get(root, "metadata");
  if (metadata && weir_node_check_kind(metadata, WEIR_NODE_MAP, "metadata", errors))
    manifest->metadata = weir_node_to_json(metadata, FALSE);
  else if (!metadata)
    manifest->metadata = g_strdup("{}");
  get_files(root, manifest->files, errors);
  return manifest;
}

WeirArtifactManifest *
weir_artifact_manifest_read(const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename(folder, WEIR_ARTIFACT_MANIFEST, NULL);
  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    g_autofree char *quoted = weir_quote_path(folder);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND, "%s has no %s", quoted, WEIR_ARTIFACT_MANIFEST);
    return NULL;
  }
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  g_autoptr(WeirNode) root = weir_node_load(path, errors);
  g_autoptr(WeirArtifactManifest) manifest = root ? manifest_from_tree(root, errors) : NULL;
  if (!weir_diagnostics_check(errors, error))
    return NULL;
  return g_steal_pointer(&manifest);
}

WeirArtifactManifest *
weir_artifact_manifest_parse(const char *text, gsize length, const char *origin, GError **error)
{
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  g_autoptr(WeirNode) root = weir_node_parse_json(text, (gssize)length, origin, errors);
  g_autoptr(WeirArtifactManifest) manifest = root ? manifest_from_tree(root, errors) : NULL;
  return weir_diagnostics_check(errors, error) ? g_steal_pointer(&manifest) : NULL;
}

static gboolean
differs(const char *path, const char *how, GError **error)
{
  g_autofree char *quoted = weir_quote_path(path);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "file %s %s", quoted, how);
  return FALSE;
}

gboolean
weir_artifact_verify(const char *folder, const WeirArtifactManifest *manifest, GError **error)
{
  char hex[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GPtrArray) files = weir_digest_manifest(folder, the_manifest, error);
  if (!files)
    return FALSE;
  g_autoptr(GHashTable) listed = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < manifest->files->len; i++) {
    WeirFileDigest *file = manifest->files->pdata[i];
    if (!g_hash_table_insert(listed, file->path, file))
      return differs(file->path, "is listed twice in " WEIR_ARTIFACT_MANIFEST, error);
  }
  for (guint i = 0; i < files->len; i++) {
    const WeirFileDigest *file = files->pdata[i];
    const WeirFileDigest *want = g_hash_table_lookup(listed, file->path);
    if (!want)
      return differs(file->path, "is not listed in " WEIR_ARTIFACT_MANIFEST, error);
    if (want->size != file->size || strcmp(want->hex, file->hex) != 0)
      return differs(file->path, "is not what " WEIR_ARTIFACT_MANIFEST " says: its SHA-256 differs", error);
    g_hash_table_remove(listed, file->path);
  }
  for (guint i = 0; i < manifest->files->len; i++) {
    const WeirFileDigest *file = manifest->files->pdata[i];
    if (g_hash_table_contains(listed, file->path))
      return differs(file->path, "is missing; " WEIR_ARTIFACT_MANIFEST " lists it", error);
  }
  weir_digest_of_manifest(files, hex);
  if (strcmp(hex, manifest->sha256) != 0)
    return differs(WEIR_ARTIFACT_MANIFEST, "does not give the digest of the files that it lists", error);
  return TRUE;
}
