/* SPDX-License-Identifier: MIT */
/* artifact.read: a model or another artifact comes into a run, from a folder or from an archive file. */
#include "config.h"

#include "artifact.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/quote.h"
#include "store/archive_file.h"

/* What a folder without artifact.json is: what the option says, or a model, if it holds the description of one. */
static const char *
kind_of(const Reader *reader, const char *folder)
{
  g_autofree char *model = g_build_filename(folder, "model.json", NULL);
  return reader->kind ? reader->kind : g_file_test(model, G_FILE_TEST_IS_REGULAR) ? "model" : NULL;
}

/* A folder without artifact.json is described by what was found in it and by the option `kind`. */
static WeirArtifactManifest *
describe(weir_stage *stage, const char *folder, const char *from, GError **error)
{
  const Reader *reader = stage->state;
  g_autofree char *quoted = weir_quote_path(reader->path);
  g_autoptr(GError) why = NULL;
  g_autoptr(WeirArtifactManifest) manifest = weir_artifact_manifest_read(from, &why);
  if (manifest) {
    if (!weir_artifact_verify(folder, manifest, error)) {
      g_prefix_error(error, "%s: ", quoted);
      return NULL;
    }
    if (!reader->kind || strcmp(reader->kind, manifest->kind) == 0)
      return g_steal_pointer(&manifest);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s is of kind \"%s\", and \"%s\" is wanted", quoted,
                manifest->kind, reader->kind);
    return NULL;
  }
  if (!g_error_matches(why, WEIR_ERROR, WEIR_ERROR_NOT_FOUND)) {
    g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
  }
  const char *kind = kind_of(reader, folder);
  if (!kind) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "%s has no " WEIR_ARTIFACT_MANIFEST
                "; give option \"kind\" to take it as an artifact all the same",
                quoted);
    return NULL;
  }
  manifest = g_new0(WeirArtifactManifest, 1);
  manifest->kind = g_strdup(kind);
  manifest->metadata = g_strdup("{}");
  return weir_digest_folder(folder, NULL, manifest->sha256, error) ? g_steal_pointer(&manifest) : NULL;
}

/* What the folder is, held against artifact.json (in `from`) and the options; `folder` is that of `path`, or its copy. */
static WeirArtifactManifest *
identify(weir_stage *stage, const char *folder, const char *from, GError **error)
{
  const Reader *reader = stage->state;
  g_autoptr(WeirArtifactManifest) manifest = describe(stage, folder, from, error);
  if (!manifest || !reader->sha256 || g_ascii_strcasecmp(reader->sha256, manifest->sha256) == 0)
    return g_steal_pointer(&manifest);
  g_autofree char *quoted = weir_quote_path(reader->path);
  g_autofree char *wanted = weir_quote(reader->sha256, -1);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s has the digest %s, and %s is wanted", quoted,
              manifest->sha256, wanted);
  return NULL;
}

/* An archive brings its artifact.json along; in the run, a record stands in for it. */
static WeirArtifactManifest *
take_out(weir_stage *stage, const char *folder, GError **error)
{
  const Reader *reader = stage->state;
  g_autofree char *description = g_build_filename(folder, WEIR_ARTIFACT_MANIFEST, NULL);
  if (!weir_archive_unpack(reader->path, folder, reader->max_size, artifact_step, stage, error))
    return NULL;
  g_autoptr(WeirArtifactManifest) manifest = identify(stage, folder, folder, error);
  if (!manifest)
    return NULL;
  if (g_unlink(description) == 0 || errno == ENOENT)
    return g_steal_pointer(&manifest);
  weir_set_io_error(error, errno, "remove", description);
  return NULL;
}

/* The copy in the run is what is verified, so that nothing can change between look and use. */
static WeirArtifactManifest *
bring_in(weir_stage *stage, const char *folder, GError **error)
{
  const Reader *reader = stage->state;
  if (g_file_test(reader->path, G_FILE_TEST_IS_REGULAR))
    return take_out(stage, folder, error);
  if (!weir_artifact_copy(reader->path, folder, NULL, artifact_step, stage, error))
    return NULL;
  return identify(stage, folder, reader->path, error);
}

/* What an archive says of itself; its files are looked at when the run takes them out. */
static int
look_into_archive(weir_stage *stage)
{
  const Reader *reader = stage->state;
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirArtifactManifest) manifest = NULL;
  g_autofree char *quoted = weir_quote_path(reader->path);
  if (!weir_archive_peek(reader->path, &manifest, &error))
    return weir_fail(stage, "%s", error->message);
  if (manifest && reader->kind && strcmp(reader->kind, manifest->kind) != 0)
    return weir_fail(stage, "%s is of kind \"%s\", and \"%s\" is wanted", quoted, manifest->kind,
                     reader->kind);
  if (manifest && reader->sha256 && g_ascii_strcasecmp(reader->sha256, manifest->sha256) != 0)
    return weir_fail(stage, "%s has the digest %s, and %s is wanted", quoted, manifest->sha256,
                     reader->sha256);
  return 0;
}

int
artifact_read_schema(weir_stage *stage)
{
  const Reader *reader = stage->state;
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirArtifactManifest) manifest = NULL;
  g_autofree char *quoted = weir_quote_path(reader->path);
  if (reader->kind && !weir_artifact_is_kind(reader->kind))
    return weir_fail(stage, "option \"kind\" must be a word of a-z, 0-9 and '-'");
  if (!g_file_test(reader->path, G_FILE_TEST_EXISTS))
    return weir_fail(stage, "there is no folder or archive %s", quoted);
  if (!g_file_test(reader->path, G_FILE_TEST_IS_DIR))
    return look_into_archive(stage);
  manifest = identify(stage, reader->path, reader->path, &error);
  return manifest ? 0 : weir_fail(stage, "%s", error->message);
}

int
artifact_read_produce(weir_stage *stage)
{
  Reader *reader = stage->state;
  g_autoptr(GError) error = NULL;
  if (reader->done)
    return WEIR_END;
  reader->done = true;
  const char *folder = weir_artifact_begin(stage, "artifact");
  if (!folder)
    return -1;
  g_autoptr(WeirArtifactManifest) manifest = bring_in(stage, folder, &error);
  if (!manifest) {
    weir_artifact_drop(stage, folder);
    return artifact_failed(stage, error);
  }
  return weir_artifact_finish(stage, folder, 0, manifest->kind, manifest->metadata);
}

int
artifact_read_fingerprint(weir_stage *stage, char *text, size_t size)
{
  const Reader *reader = stage->state;
  const char *const except[] = {WEIR_ARTIFACT_MANIFEST, NULL};
  char hex[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GError) error = NULL;
  g_autofree char *manifest = g_build_filename(reader->path, WEIR_ARTIFACT_MANIFEST, NULL);
  if (g_file_test(reader->path, G_FILE_TEST_IS_REGULAR)) {
    if (!weir_digest_file(reader->path, hex, &error))
      return weir_fail(stage, "%s", error->message);
    g_strlcpy(text, hex, size);
    return 0;
  }
  char about[WEIR_DIGEST_HEX_BYTES] = "";
  if (!weir_digest_folder(reader->path, except, hex, &error) ||
      (g_file_test(manifest, G_FILE_TEST_EXISTS) && !weir_digest_file(manifest, about, &error)))
    return weir_fail(stage, "%s", error->message);
  g_snprintf(text, size, "%s %s", hex, about);
  return 0;
}
