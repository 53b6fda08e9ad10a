/* SPDX-License-Identifier: MIT */
/* SHA-256 of memory, files and folders. */
#ifndef WEIR_BASE_DIGEST_H
#define WEIR_BASE_DIGEST_H

#include <glib.h>

G_BEGIN_DECLS

#define WEIR_DIGEST_BYTES     32
#define WEIR_DIGEST_HEX_BYTES 65 /* 64 lower-case digits and a NUL */

/* Bytes to 2 × size lower-case digits and a NUL. */
void weir_hex(const guint8 *bytes, gsize size, char *hex);

/* In pieces. Belongs to one thread at a time. */
typedef struct WeirDigest WeirDigest;
WeirDigest *weir_digest_new(void);
void weir_digest_update(WeirDigest *digest, const void *data, gsize size);
/* The length first (8 bytes, little-endian), then the bytes; so that a sequence of fields has one reading
 * only. */
void weir_digest_update_field(WeirDigest *digest, const void *data, gsize size);
/* Once; nothing but weir_digest_free after it. */
void weir_digest_finish(WeirDigest *digest, guint8 bytes[WEIR_DIGEST_BYTES]);
void weir_digest_finish_hex(WeirDigest *digest, char hex[WEIR_DIGEST_HEX_BYTES]);
void weir_digest_free(WeirDigest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirDigest, weir_digest_free)

void weir_digest_memory(const void *data, gsize size, char hex[WEIR_DIGEST_HEX_BYTES]);

/* Of a file's content. A file that is cut short or grows meanwhile is digested as it was read. */
gboolean weir_digest_file(const char *path, char hex[WEIR_DIGEST_HEX_BYTES], GError **error);

typedef struct {
  char *path; /* relative to the folder, with "/" */
  guint64 size;
  char hex[WEIR_DIGEST_HEX_BYTES];
} WeirFileDigest;

/* Every regular file below a folder, sorted by the bytes of its path. `except` (NULL, or NULL-terminated)
 * names relative paths to leave out. Links and special files are refused, since their content is not the
 * folder's own; folders without files do not count. */
GPtrArray *weir_digest_manifest(const char *folder, const char *const *except,
                                GError **error); /* of WeirFileDigest */

/* The digest of a folder is the SHA-256 of its manifest written as `HEX  PATH\0` one after another; coreutils
 * agree: cd FOLDER && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0r sha256sum -z -- |
 * sha256sum */
void weir_digest_of_manifest(const GPtrArray *manifest, char hex[WEIR_DIGEST_HEX_BYTES]);
gboolean weir_digest_folder(const char *folder, const char *const *except, char hex[WEIR_DIGEST_HEX_BYTES],
                            GError **error);

G_END_DECLS

#endif
