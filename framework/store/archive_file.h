/* SPDX-License-Identifier: MIT */
/* Archive files: an artifact's folder in one file (.tar.zst, .tar.gz, .zip, …), written and taken apart.
 *
 * The same folder gives the same bytes: members stand sorted by the bytes of their paths, artifact.json first,
 * with no owner, plain permissions and one fixed time (1980-01-01, the first that zip can say). */
#ifndef WEIR_STORE_ARCHIVE_FILE_H
#define WEIR_STORE_ARCHIVE_FILE_H

#include "store/artifact_folder.h"

G_BEGIN_DECLS

typedef enum {
  WEIR_ARCHIVE_NONE, /* no archive: a folder is meant */
  WEIR_ARCHIVE_TAR,
  WEIR_ARCHIVE_TAR_GZIP,
  WEIR_ARCHIVE_TAR_ZSTD,
  WEIR_ARCHIVE_TAR_XZ,
  WEIR_ARCHIVE_ZIP,
} WeirArchiveFormat;

/* By the ending of a file's name: .tar, .tar.gz, .tgz, .tar.zst, .tzst, .tar.xz, .txz, .zip; upper case counts too. */
WeirArchiveFormat weir_archive_format_of_name(const char *path);

/* Writes the folder `from` with its artifact.json as one file, whole or not at all; as weir_artifact_export() otherwise.
 * A file that is there already is replaced; a folder is refused. `path` has one of the endings above. */
gboolean weir_archive_export(const char *from, const char *path, const WeirArtifactExport *how, guint *files,
                             guint64 *bytes, GError **error);

/* Takes an archive apart into the folder `to`, which exists and is empty. The format is found by content: tar or zip,
 * the former plain or compressed by gzip, bzip2, xz or Zstandard. On failure the caller removes `to`.
 *
 * Nothing of it is trusted. Refused, by name: members with an absolute path or "..", links, devices and other special
 * files, a path twice, paths that are not UTF-8 or beyond the limits of artifact_folder.h, encrypted members, more than
 * `limit` bytes in all, and what grows to more than WEIR_ARCHIVE_MAX_RATIO times the archive's own size (a bomb). Files
 * are made relative to folders that are held open, without following links. Permissions, owners and times are left out.
 * Where all members stand in one folder, as archives often have it, its content is what `to` gets. */
gboolean weir_archive_unpack(const char *path, const char *to, guint64 limit, WeirArtifactStep step,
                             gpointer data, GError **error);

/* What the archive says of itself: its artifact.json, where that is among the first members and not behind large ones, at
 * the top or in the one folder that holds all. `*manifest` gets it, or NULL. FALSE: the file cannot be read as an archive, or the description
 * is none. */
gboolean weir_archive_peek(const char *path, WeirArtifactManifest **manifest, GError **error);

/* libarchive takes names for text of the thread's locale. Between these two calls that is UTF-8, whatever the program's;
 * the value of the first goes to the second. */
typedef struct {
  gpointer utf8, before;
} WeirArchiveLocale;
WeirArchiveLocale weir_archive_locale_begin(void);
void weir_archive_locale_end(WeirArchiveLocale locale);

/* What fits into a small archive is no bomb, whatever the ratio. */
#define WEIR_ARCHIVE_MAX_RATIO      4096u
#define WEIR_ARCHIVE_HARMLESS_BYTES (G_GUINT64_CONSTANT(64) << 20)

G_END_DECLS

#endif
