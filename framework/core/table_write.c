/* SPDX-License-Identifier: MIT */
/* Writes table files: each batch as a block of nodes and buffers, then the index. */
#include "core/table_private.h"

#include "base/error.h"
#include "core/batch_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#define BUFFER_BYTES ((gsize)64 * 1024)

struct WeirTableWriter {
  char *path;
  int fd;
  WeirSchema *schema;
  WeirDigest *digest; /* NULL: not asked for */
  XXH3_state_t *checksum;
  GError *failure;
  gboolean named; /* until it is finished: then the file is the caller's */
  char *buffer;   /* while a batch is being written: a stage may have many files open */
  gsize used;
  guint64 size;  /* of the file, with what is in the buffer */
  GArray *nodes; /* of the batch that is being written */
  guint64 rows;
  GMutex lock;   /* index, which readers look at */
  GArray *index; /* of WeirTableEntry */
};

WeirTableWriter *
weir_table_writer_new(const char *path, WeirSchema *schema, WeirTableFlags flags, GError **error)
{
  if (flags & WEIR_TABLE_UNNAMED) /* of a process that was killed before it could take the name away */
    unlink(path);
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) {
    weir_set_io_error(error, errno, "write", path);
    return NULL;
  }
  WeirTableWriter *writer = g_new0(WeirTableWriter, 1);
  writer->path = g_strdup(path);
  writer->fd = fd;
  writer->schema = weir_schema_ref(schema);
  writer->named = !(flags & WEIR_TABLE_UNNAMED) || unlink(path) != 0;
  writer->digest = flags & WEIR_TABLE_DIGEST ? weir_digest_new() : NULL;
  writer->checksum = XXH3_createState();
  g_assert(writer->checksum);
  XXH3_64bits_reset(writer->checksum);
  writer->nodes = g_array_new(FALSE, FALSE, sizeof(WeirTableNode));
  writer->index = g_array_new(FALSE, FALSE, sizeof(WeirTableEntry));
  g_mutex_init(&writer->lock);
  return writer;
}

static void
close_file(WeirTableWriter *writer)
{
  if (writer->fd >= 0)
    close(writer->fd);
  writer->fd = -1;
}

void
weir_table_writer_free(WeirTableWriter *writer)
{
  if (!writer)
    return;
  close_file(writer);
  if (writer->named)
    unlink(writer->path);
  weir_schema_unref(writer->schema);
  weir_digest_free(writer->digest);
  XXH3_freeState(writer->checksum);
  g_clear_error(&writer->failure);
  g_array_unref(writer->nodes);
  g_array_unref(writer->index);
  g_mutex_clear(&writer->lock);
  g_free(writer->buffer);
  g_free(writer->path);
  g_free(writer);
}

/* ---- Bytes ---------------------------------------------------------------------------------------------- */

/* A failure stays in the writer; what is put after it goes nowhere. */
static void
write_out(WeirTableWriter *writer, const char *data, gsize size)
{
  if (writer->failure)
    return;
  XXH3_64bits_update(writer->checksum, data, size);
  if (writer->digest)
    weir_digest_update(writer->digest, data, size);
  while (size > 0) {
    ssize_t n = write(writer->fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      weir_set_io_error(&writer->failure, n < 0 ? errno : EIO, "write", writer->path);
      return;
    }
    data += n;
    size -= (gsize)n;
  }
}

static void
flush(WeirTableWriter *writer)
{
  write_out(writer, writer->buffer, writer->used);
  writer->used = 0;
}

static void
flush_and_free(WeirTableWriter *writer)
{
  flush(writer);
  g_clear_pointer(&writer->buffer, g_free);
}

static void
put(WeirTableWriter *writer, const void *data, gsize size)
{
  writer->size += size;
  if (size >= BUFFER_BYTES / 4) {
    flush(writer);
    write_out(writer, data, size);
    return;
  }
  if (size > BUFFER_BYTES - writer->used)
    flush(writer);
  if (!writer->buffer)
    writer->buffer = g_malloc(BUFFER_BYTES);
  if (size)
    memcpy(writer->buffer + writer->used, data, size);
  writer->used += size;
}

/* Zeros up to the next 64 bytes. */
static void
pad(WeirTableWriter *writer)
{
  static const char zeros[WEIR_BUFFER_ALIGNMENT];
  put(writer, zeros, weir_buffer_round(writer->size) - writer->size);
}

static void
put_padded(WeirTableWriter *writer, const void *data, gsize size)
{
  put(writer, data, size);
  pad(writer);
}

/* `n` bits from bit `first` on, moved to the beginning; those behind them in the last byte are zero. */
static void
put_bits(WeirTableWriter *writer, const uint8_t *bits, gint64 first, gint64 n)
{
  uint8_t piece[4096];
  const guint shift = (guint)(first & 7);
  const uint8_t *from = bits + (first >> 3), *last = bits + ((first + n - 1) >> 3);
  for (gsize left = ((gsize)n + 7) / 8, size; left > 0; left -= size) {
    size = MIN(left, sizeof piece);
    for (gsize i = 0; i < size; i++, from++)
      piece[i] = (uint8_t)((*from >> shift) | (shift && from < last ? from[1] << (8 - shift) : 0));
    if (left == size && n % 8)
      piece[size - 1] &= (uint8_t)((1u << (n % 8)) - 1);
    put(writer, piece, size);
  }
  pad(writer);
}

/* `n` + 1 offsets, moved so that they begin at 0. */
static void
put_offsets(WeirTableWriter *writer, const int32_t *offsets, gint64 n)
{
  int32_t piece[1024];
  if (offsets[0] == 0) {
    put_padded(writer, offsets, ((gsize)n + 1) * sizeof *offsets);
    return;
  }
  for (gint64 i = 0; i <= n;) {
    gsize size = 0;
    for (; size < G_N_ELEMENTS(piece) && i <= n; i++)
      piece[size++] = offsets[i] - offsets[0];
    put(writer, piece, size * sizeof *piece);
  }
  pad(writer);
}

/* ---- Batches -------------------------------------------------------------------------------------------- */

gboolean
weir_table_node_sizes(const struct ArrowSchema *field, const WeirTableNode *node, WeirTableSizes *sizes)
{
  gint32 width = 0;
  weir_type type = weir_type_from_format(field->format, &width);
  gsize value = type == WEIR_FIXED ? (gsize)width * sizeof(float) : weir_type_size(type);
  *sizes = (WeirTableSizes){0};
  if (node->length > (guint64)1 << 40 || node->null_count > node->length)
    return FALSE;
  gsize length = (gsize)node->length;
  sizes->validity = node->null_count ? (length + 7) / 8 : 0;
  if (type == WEIR_UTF8 || type == WEIR_BINARY || type == WEIR_LIST)
    sizes->offsets = (length + 1) * sizeof(int32_t);
  if (type == WEIR_BOOL)
    sizes->values = (length + 7) / 8;
  if (type == WEIR_UTF8 || type == WEIR_BINARY)
    sizes->bytes = node->n_bytes;
  if (node->n_bytes > (sizes->offsets && type != WEIR_LIST ? G_MAXINT32 : 0))
    return FALSE;
  return !value || !__builtin_mul_overflow(value, length, &sizes->values);
}

static weir_column
items_of(const weir_column *list)
{
  gint32 first = list->offsets[0];
  return weir_column_view(list->schema->children[0], list->array->children[0], first,
                          list->offsets[list->length] - (gint64)first);
}

/* Calls `visit` for a column and what is in it, as the nodes stand. */
static void
walk(WeirTableWriter *writer, const weir_column *column,
     void (*visit)(WeirTableWriter *writer, const weir_column *column))
{
  visit(writer, column);
  if (column->type == WEIR_LIST) {
    weir_column items = items_of(column);
    walk(writer, &items, visit);
  }
  for (gint64 i = 0; column->type == WEIR_STRUCT && i < column->schema->n_children; i++) {
    weir_column member = weir_column_member(column, i);
    walk(writer, &member, visit);
  }
}

static gint64
count_nulls(const weir_column *column)
{
  return column->validity
             ? column->length - weir_bits_count(column->validity, column->bit_offset, column->length)
             : 0;
}

static void
note_node(WeirTableWriter *writer, const weir_column *column)
{
  WeirTableNode node = {.length = (guint64)column->length, .null_count = (guint64)count_nulls(column)};
  if (column->offsets && column->type != WEIR_LIST)
    node.n_bytes = (guint64)(column->offsets[column->length] - (gint64)column->offsets[0]);
  g_array_append_val(writer->nodes, node);
}

static void
put_buffers(WeirTableWriter *writer, const weir_column *column)
{
  gsize rows = (gsize)column->length;
  if (count_nulls(column))
    put_bits(writer, column->validity, column->bit_offset, column->length);
  if (column->offsets)
    put_offsets(writer, column->offsets, column->length);
  if (column->type == WEIR_BOOL && rows)
    put_bits(writer, column->values, column->bit_offset, column->length);
  else if (column->type == WEIR_FIXED && rows)
    put_padded(writer, column->values, rows * (gsize)column->width * sizeof(float));
  else if (column->values && rows)
    put_padded(writer, column->values, rows * weir_type_size(column->type));
  if (column->offsets && column->type != WEIR_LIST && column->offsets[rows] > column->offsets[0])
    put_padded(writer, column->bytes + column->offsets[0],
               (gsize)(column->offsets[rows] - (gint64)column->offsets[0]));
}

static void
walk_batch(WeirTableWriter *writer, const struct ArrowArray *batch,
           void (*visit)(WeirTableWriter *writer, const weir_column *column))
{
  for (gint64 i = 0; i < batch->n_children; i++) {
    weir_column column = weir_batch_column(&writer->schema->arrow, batch, i);
    walk(writer, &column, visit);
  }
}

static gboolean
report(const WeirTableWriter *writer, GError **error)
{
  if (writer->failure && error)
    *error = g_error_copy(writer->failure);
  return !writer->failure;
}

static void
put_header(WeirTableWriter *writer)
{
  WeirTableHeader header = {
      .magic = WEIR_TABLE_MAGIC, .version = WEIR_TABLE_VERSION, .order = WEIR_TABLE_ORDER};
  put(writer, &header, sizeof header);
  flush(writer);
}

gboolean
weir_table_writer_add(WeirTableWriter *writer, const struct ArrowArray *batch, GError **error)
{
  if (batch->length == 0)
    return report(writer, error);
  if (writer->size == 0)
    put_header(writer);
  XXH3_64bits_reset(writer->checksum);
  WeirTableEntry entry = {.offset = writer->size, .rows = (guint64)batch->length};
  g_array_set_size(writer->nodes, 0);
  walk_batch(writer, batch, note_node);
  put_padded(writer, writer->nodes->data, writer->nodes->len * sizeof(WeirTableNode));
  walk_batch(writer, batch, put_buffers);
  flush_and_free(writer);
  entry.size = writer->size - entry.offset;
  entry.checksum = XXH3_64bits_digest(writer->checksum);
  writer->rows += entry.rows;
  g_mutex_lock(&writer->lock);
  g_array_append_val(writer->index, entry);
  g_mutex_unlock(&writer->lock);
  return report(writer, error);
}

static void
put_footer(WeirTableWriter *writer)
{
  g_autofree char *schema = weir_schema_to_string(writer->schema);
  if (writer->size == 0)
    put_header(writer);
  XXH3_64bits_reset(writer->checksum);
  WeirTableTrailer trailer = {.index = writer->size,
                              .n_batches = writer->index->len,
                              .schema_size = strlen(schema),
                              .rows = writer->rows,
                              .magic = WEIR_TABLE_END_MAGIC};
  put_padded(writer, writer->index->data, writer->index->len * sizeof(WeirTableEntry));
  put_padded(writer, schema, trailer.schema_size);
  flush(writer);
  trailer.size = writer->size + sizeof trailer;
  XXH3_64bits_update(writer->checksum, &trailer, offsetof(WeirTableTrailer, checksum));
  trailer.checksum = XXH3_64bits_digest(writer->checksum);
  put(writer, &trailer, sizeof trailer);
  flush_and_free(writer);
}

static void
take_totals(WeirTableWriter *writer, WeirTableTotals *totals)
{
  if (!totals)
    return;
  *totals = (WeirTableTotals){.rows = writer->rows, .batches = writer->index->len, .bytes = writer->size};
  if (writer->digest)
    weir_digest_finish_hex(writer->digest, totals->digest);
}

gboolean
weir_table_writer_finish(WeirTableWriter *writer, WeirTableTotals *totals, GError **error)
{
  put_footer(writer);
  int fd = writer->fd;
  writer->fd = -1;
  if (close(fd) != 0 && !writer->failure)
    weir_set_io_error(&writer->failure, errno, "write", writer->path);
  if (!report(writer, error))
    return FALSE;
  writer->named = FALSE;
  take_totals(writer, totals);
  return TRUE;
}

WeirTable *
weir_table_writer_finish_open(WeirTableWriter *writer, WeirTableTotals *totals, GError **error)
{
  put_footer(writer);
  if (!report(writer, error))
    return NULL;
  WeirTable *table = weir_table_open_descriptor(writer->fd, writer->path, writer->schema, 0, error);
  close_file(writer);
  if (!table)
    return NULL;
  writer->named = FALSE;
  take_totals(writer, totals);
  return table;
}

/* ---- Reading back --------------------------------------------------------------------------------------- */

static void
free_block(gpointer data, guint64 index G_GNUC_UNUSED)
{
  free(data);
}

static gboolean
read_block(const WeirTableWriter *writer, const WeirTableEntry *entry, char *block, GError **error)
{
  for (guint64 done = 0; done < entry->size;) {
    ssize_t n = pread(writer->fd, block + done, entry->size - done, (off_t)(entry->offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      weir_set_io_error(error, n < 0 ? errno : EIO, "read back", writer->path);
      return FALSE;
    }
    done += (guint64)n;
  }
  return TRUE;
}

gboolean
weir_table_writer_read(WeirTableWriter *writer, guint64 index, struct ArrowArray *batch, GError **error)
{
  g_mutex_lock(&writer->lock);
  WeirTableEntry entry = g_array_index(writer->index, WeirTableEntry, index);
  g_mutex_unlock(&writer->lock);
  char *block = weir_buffer_alloc(entry.size);
  if (!block) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED, "no memory to read %" G_GUINT64_FORMAT " bytes back",
                entry.size);
    return FALSE;
  }
  WeirTableHold hold = {.release = free_block, .data = block};
  if (!read_block(writer, &entry, block, error)) {
    free(block);
    return FALSE;
  }
  if (XXH3_64bits(block, entry.size) == entry.checksum &&
      weir_table_parse(writer->schema, block, entry.size, entry.rows, &hold, batch))
    return TRUE;
  free(block);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" was changed while it was being written",
              writer->path);
  return FALSE;
}
