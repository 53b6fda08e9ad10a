/* SPDX-License-Identifier: MIT */
/* The layout of table files, and the reading of one batch out of its block; shared by writer and reader. */
#ifndef WEIR_CORE_TABLE_PRIVATE_H
#define WEIR_CORE_TABLE_PRIVATE_H

#include "core/table_file.h"

/* Header, batches one after another, index, schema as text padded to 64 bytes, trailer. All of it in multiples of 64
 * bytes. A batch begins with a node a column (a list is followed by its items, a struct by its members), padded to 64
 * bytes; then come the buffers of the nodes in the same order, each padded with zeros: validity where there are nulls,
 * then offsets, values or bits, then text. Sizes follow from the nodes and are not written. */

#define WEIR_TABLE_MAGIC     "WeirTabl"
#define WEIR_TABLE_END_MAGIC "WeirTend"
#define WEIR_TABLE_VERSION   1
#define WEIR_TABLE_ORDER     0x01020304u

typedef struct {
  char magic[8];
  guint32 version, order;
  char zeros[48];
} WeirTableHeader;

typedef struct {
  guint64 offset, size; /* in the file */
  guint64 rows;
  guint64 checksum; /* XXH3, 64 bits, of its block */
} WeirTableEntry;

typedef struct {
  guint64 length;
  guint64 null_count;
  guint64 n_bytes; /* of text and binary, else 0 */
} WeirTableNode;

typedef struct {
  guint64 index, n_batches; /* where the index begins */
  guint64 schema_size;      /* bytes of its text, which follows the index */
  guint64 rows;
  guint64 size;     /* of the whole file */
  guint64 zero;     /* for later versions */
  guint64 checksum; /* XXH3 of index, schema and the members above */
  char magic[8];
} WeirTableTrailer;

G_STATIC_ASSERT(sizeof(WeirTableHeader) == 64);
G_STATIC_ASSERT(sizeof(WeirTableTrailer) == 64);

/* The file behind a descriptor, which stays the caller's. `path` is for messages. */
WeirTable *weir_table_open_descriptor(int fd, const char *path, WeirSchema *expected, WeirTableFlags flags,
                                      GError **error);

/* Bytes of the buffers of a node, as they are in the file. `validity` is 0 without nulls. FALSE: more than could be. */
typedef struct {
  gsize validity, offsets, values, bytes;
} WeirTableSizes;
gboolean weir_table_node_sizes(const struct ArrowSchema *field, const WeirTableNode *node,
                               WeirTableSizes *sizes);

/* What batches over one block hold on to. `release` is called once, by the last. */
typedef struct {
  void (*release)(gpointer data, guint64 index);
  gpointer data;
  guint64 index;
} WeirTableHold;

/* A batch over a block, which begins at a multiple of 64 bytes; `hold` is kept while it lives, and not released when
   this fails: the block is not what a batch of the schema looks like, nothing was read beyond it. */
gboolean weir_table_parse(const WeirSchema *schema, const char *block, gsize size, guint64 rows,
                          const WeirTableHold *hold, struct ArrowArray *batch);

#endif
