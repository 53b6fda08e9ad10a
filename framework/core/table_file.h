/* SPDX-License-Identifier: MIT */
/* Table files: batches of one schema in a file, written in one go, then mapped and read in any order. */
#ifndef WEIR_CORE_TABLE_FILE_H
#define WEIR_CORE_TABLE_FILE_H

#include "base/digest.h"
#include "core/schema.h"

/* What holds:
 *
 * - Buffers lie in the file as they do in memory, aligned to 64 bytes: a batch that is read is zero-copy, its buffers
 *   point into the map. Slices are written as what they show, so that the bytes depend on the rows and the cut into
 *   batches alone. Numbers are little-endian; a machine of the other order refuses the file.
 * - Every byte of the file is covered: by a fixed header, by a checksum a batch (XXH3), or by the footer's. A file that
 *   was cut short, or had any byte changed, is refused by an opening that verifies.
 * - A file that verifies is safe to read whatever wrote it: each batch was validated as one of a foreign plugin is.
 *   The file must not be changed while it is open, as with any map.
 * - Resident memory is bounded: once the last that uses a batch releases it, its pages are given back to the system
 *   (they stay in its cache). Tables of up to 4 MiB stay mapped.
 * - Nothing is synced, and the file is written under the name that is given: the caller gives a temporary one and
 *   renames it when it is finished. A file that is not finished has no footer, and is not opened. */

typedef struct WeirTableWriter WeirTableWriter;
typedef struct WeirTable WeirTable;

typedef struct {
  guint64 rows, batches;
  guint64 bytes;                      /* of the whole file */
  char digest[WEIR_DIGEST_HEX_BYTES]; /* SHA-256 of the whole file, or "" where it was not asked for */
} WeirTableTotals;

typedef enum {
  WEIR_TABLE_DEFAULT = 0,
  WEIR_TABLE_DIGEST = 1 << 0, /* writer: take the SHA-256 while writing */
  WEIR_TABLE_VERIFY = 1 << 1, /* opening: read all of it once; for what this process has not just written */
  /* Writer: the name goes at once, and the file with its last user, also a killed one. What has the name is removed. */
  WEIR_TABLE_UNNAMED = 1 << 2,
} WeirTableFlags;

/* ---- Writing: one thread at a time -------------------------------------------------------------------- */

/* A new file, which must not exist but for WEIR_TABLE_UNNAMED. NULL: `error`. */
WeirTableWriter *weir_table_writer_new(const char *path, WeirSchema *schema, WeirTableFlags flags,
                                       GError **error);
/* Add a batch, which stays the caller's; one without rows adds nothing. The batch is valid (weir_batch_validate()).
   After a failure every later call fails with the same error. */
gboolean weir_table_writer_add(WeirTableWriter *writer, const struct ArrowArray *batch, GError **error);
/* Write the footer and close. `totals` may be NULL. */
gboolean weir_table_writer_finish(WeirTableWriter *writer, WeirTableTotals *totals, GError **error);
/* The same, and open what was written, whatever its name is by now. */
WeirTable *weir_table_writer_finish_open(WeirTableWriter *writer, WeirTableTotals *totals, GError **error);
/* Frees, and removes the file if it was not finished. */
void weir_table_writer_free(WeirTableWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirTableWriter, weir_table_writer_free)

/* Read back batch `index` of those that were added, before the file is finished: a copy in memory. Any thread, beside
   the one that writes; what it asks for was added before. */
gboolean weir_table_writer_read(WeirTableWriter *writer, guint64 index, struct ArrowArray *batch,
                                GError **error);

/* ---- Reading: any thread ------------------------------------------------------------------------------ */

/* Open a finished file. `expected`: the columns that it must have; NULL: those that it says, see
   weir_table_get_schema(). Any mistake is a WEIR_ERROR_INVALID that names the file. */
WeirTable *weir_table_open(const char *path, WeirSchema *expected, WeirTableFlags flags, GError **error);
WeirTable *weir_table_ref(WeirTable *table);
void weir_table_unref(WeirTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirTable, weir_table_unref)

WeirSchema *weir_table_get_schema(const WeirTable *table);
guint64 weir_table_get_rows(const WeirTable *table);
guint64 weir_table_get_batches(const WeirTable *table);
guint64 weir_table_get_bytes(const WeirTable *table);
/* Rows of one batch. */
guint64 weir_table_get_batch_rows(const WeirTable *table, guint64 index);
/* Get batch `index`, which keeps the table mapped until it is released; its children may be moved out, as the Arrow
   specification allows. FALSE: there is no such batch, or the file is not as it was written. */
gboolean weir_table_read(WeirTable *table, guint64 index, struct ArrowArray *batch, GError **error);

#endif
