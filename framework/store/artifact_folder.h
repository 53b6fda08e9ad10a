/* SPDX-License-Identifier: MIT */
/* Artifact folders outside a run: a folder of files with `artifact.json`, which says what they are.
 *
 *   { "weir-artifact": 1,
 *     "kind": "model",
 *     "sha256": "…",                      digest of the folder
 *     "metadata": { … },                  what the stage that made it says of it, any object
 *     "files": [ { "path": "weights.safetensors", "size": 1048576, "sha256": "…" }, … ] }
 *
 * The digest is weir_digest_folder() (base/digest.h) of all files but artifact.json itself; so an artifact
 * has the same digest inside a run, where a record of the run stands in for artifact.json, and outside of it.
 * `files` lists all files but artifact.json, by the bytes of their paths. */
#ifndef WEIR_STORE_ARTIFACT_FOLDER_H
#define WEIR_STORE_ARTIFACT_FOLDER_H

#include "base/digest.h"

G_BEGIN_DECLS

#define WEIR_ARTIFACT_MANIFEST  "artifact.json"
#define WEIR_ARTIFACT_VERSION   1
#define WEIR_ARTIFACT_MAX_FILES 100000u                       /* files and folders */
#define WEIR_ARTIFACT_MAX_DEPTH 32u                           /* folders within folders */
#define WEIR_ARTIFACT_MAX_BYTES (G_GUINT64_CONSTANT(1) << 40) /* all files together */

/* What artifact.json says. */
typedef struct {
  char *kind;     /* a word of a-z, 0-9 and '-', beginning with a letter */
  char *metadata; /* a JSON object on one line */
  char sha256[WEIR_DIGEST_HEX_BYTES];
  GPtrArray *files; /* of WeirFileDigest */
} WeirArtifactManifest;

void weir_artifact_manifest_free(WeirArtifactManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirArtifactManifest, weir_artifact_manifest_free)

/* Whether a text can be a kind; at most 64 bytes. */
gboolean weir_artifact_is_kind(const char *text);

/* Reads and checks artifact.json of a folder. WEIR_ERROR_NOT_FOUND where there is none; every other error
 * names the file with line and column. Nothing of it is believed: compare with weir_artifact_verify(). */
WeirArtifactManifest *weir_artifact_manifest_read(const char *folder, GError **error);

/* The same from a text; `origin` names it in errors. */
WeirArtifactManifest *weir_artifact_manifest_parse(const char *text, gsize length, const char *origin,
                                                   GError **error);

/* Called now and then with the bytes copied so far; FALSE stops with WEIR_ERROR_CANCELLED. */
typedef gboolean (*WeirArtifactStep)(guint64 bytes, gpointer data);

/* Copies the files below `from` into the folder `to`, which exists and is empty; a top-level artifact.json is
 * left out. Links and special files are refused, also such as appear meanwhile, and so are names that are not
 * UTF-8 and what is beyond the limits above. Storage is shared where the file system can (reflinks).
 * Permissions are those of new files. On failure the caller removes `to`. Messages call it `to_name`, which may
 * be NULL for `to`. */
gboolean weir_artifact_copy(const char *from, const char *to, const char *to_name, WeirArtifactStep step,
                            gpointer data, GError **error);

/* Whether the folder's files are those of the manifest; the error names the first that differs, is missing,
 * or should not be there, by its path in the folder. */
gboolean weir_artifact_verify(const char *folder, const WeirArtifactManifest *manifest, GError **error);

/* Whether weir_artifact_export() may write to `path`: the folder above can be written to, and nothing is there, or an empty folder, or an artifact
 * folder that holds nothing but what its artifact.json lists; or, with `replace`, any folder. */
gboolean weir_artifact_check_target(const char *path, gboolean replace, GError **error);

/* Writes the folder `from` as an artifact folder at `path`, whole or not at all (base/atomic_dir.h). The copy
 * must have the digest `sha256`. `metadata` is a JSON object or NULL. `files` and `bytes` (may be NULL) get
 * what was written, artifact.json not counted. */
typedef struct {
  const char *kind;
  const char *sha256;
  const char *metadata;
  gboolean replace;
  WeirArtifactStep step; /* or NULL */
  gpointer data;
} WeirArtifactExport;
gboolean weir_artifact_export(const char *from, const char *path, const WeirArtifactExport *how, guint *files,
                              guint64 *bytes, GError **error);

G_END_DECLS

#endif
