/* SPDX-License-Identifier: MIT */
/* Opens table files: maps them, checks what they say, and hands their batches out. */
#include "core/table_private.h"

#include "base/error.h"
#include "core/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define KEPT_BYTES (4u << 20) /* tables up to this size stay mapped */

struct WeirTable {
  gatomicrefcount refs;
  char *path;
  WeirSchema *schema;
  char *map;
  gsize size;
  const WeirTableTrailer *trailer;
  const WeirTableEntry *index;
  gint *users; /* one a batch: those that hold it */
};

/* Always FALSE. */
static gboolean G_GNUC_PRINTF(3, 4) damaged(const WeirTable *table, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "the table file \"%s\" is damaged: %s", table->path,
              why);
  return FALSE;
}

WeirTable *
weir_table_ref(WeirTable *table)
{
  g_atomic_ref_count_inc(&table->refs);
  return table;
}

void
weir_table_unref(WeirTable *table)
{
  if (!table || !g_atomic_ref_count_dec(&table->refs))
    return;
  if (table->map)
    munmap(table->map, table->size);
  weir_schema_unref(table->schema);
  g_free(table->users);
  g_free(table->path);
  g_free(table);
}

/* ---- Opening -------------------------------------------------------------------------------------------- */

static gboolean
map_file(WeirTable *table, int fd, GError **error)
{
  struct stat st;
  if (fstat(fd, &st) != 0) {
    weir_set_io_error(error, errno, "read", table->path);
    return FALSE;
  }
  if (!S_ISREG(st.st_mode) || st.st_size < (off_t)(sizeof(WeirTableHeader) + sizeof(WeirTableTrailer)) ||
      (guint64)st.st_size > G_MAXSSIZE || st.st_size % 64 != 0)
    return damaged(table, error, "it has %" G_GINT64_FORMAT " bytes, which is no size of a whole one",
                   (gint64)st.st_size);
  void *map = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) {
    weir_set_io_error(error, errno, "map", table->path);
    return FALSE;
  }
  table->map = map;
  table->size = (gsize)st.st_size;
  return TRUE;
}

static gboolean
check_ends(WeirTable *table, GError **error)
{
  WeirTableHeader good = {
      .magic = WEIR_TABLE_MAGIC, .version = WEIR_TABLE_VERSION, .order = WEIR_TABLE_ORDER};
  const WeirTableHeader *header = (const WeirTableHeader *)table->map;
  const WeirTableTrailer *trailer =
      (const WeirTableTrailer *)(table->map + table->size - sizeof(WeirTableTrailer));
  table->trailer = trailer;
  if (memcmp(header->magic, good.magic, sizeof good.magic) != 0)
    return damaged(table, error, "it does not begin as one does");
  if (memcmp(header, &good, sizeof good) != 0)
    return damaged(table, error, "it is of another version, or of a machine with another byte order");
  if (memcmp(trailer->magic, WEIR_TABLE_END_MAGIC, sizeof trailer->magic) != 0)
    return damaged(table, error, "it does not end as one does: it was cut short");
  if (trailer->size != table->size)
    return damaged(table, error, "it has %" G_GSIZE_FORMAT " bytes where %" G_GUINT64_FORMAT " were written",
                   table->size, trailer->size);
  return TRUE;
}

/* Where index and schema lie, and that they are as they were written. */
static gboolean
check_footer(WeirTable *table, GError **error)
{
  const WeirTableTrailer *trailer = table->trailer;
  guint64 end = table->size - sizeof *trailer;
  gboolean fits = trailer->index >= sizeof(WeirTableHeader) && trailer->index <= end &&
                  trailer->index % 64 == 0 &&
                  trailer->n_batches <= (end - trailer->index) / sizeof(WeirTableEntry) &&
                  trailer->schema_size <= end - trailer->index;
  guint64 n = fits ? trailer->n_batches * sizeof(WeirTableEntry) : 0;
  guint64 schema = fits ? trailer->index + ((n + 63) & ~(guint64)63) : 0;
  if (!fits || schema > end || end - schema != ((trailer->schema_size + 63) & ~(guint64)63))
    return damaged(table, error, "its index does not fit into it");
  XXH3_state_t *state = XXH3_createState();
  XXH3_64bits_reset(state);
  XXH3_64bits_update(state, table->map + trailer->index, (gsize)(end - trailer->index));
  XXH3_64bits_update(state, trailer, offsetof(WeirTableTrailer, checksum));
  guint64 checksum = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  if (checksum != trailer->checksum)
    return damaged(table, error, "the checksum of its index is wrong");
  table->index = (const WeirTableEntry *)(table->map + trailer->index);
  return TRUE;
}

static gboolean
check_index(const WeirTable *table, GError **error)
{
  guint64 at = sizeof(WeirTableHeader), rows = 0;
  for (guint64 b = 0; b < table->trailer->n_batches; b++) {
    const WeirTableEntry *entry = &table->index[b];
    if (entry->offset != at || entry->size % 64 != 0 || entry->size > table->trailer->index - at ||
        entry->rows == 0 || entry->rows > G_MAXUINT64 - rows)
      return damaged(table, error, "batch %" G_GUINT64_FORMAT " does not lie where it should", b + 1);
    at += entry->size;
    rows += entry->rows;
  }
  if (at != table->trailer->index || rows != table->trailer->rows)
    return damaged(table, error, "its index does not add up");
  return TRUE;
}

static gboolean
read_schema(WeirTable *table, WeirSchema *expected, GError **error)
{
  const WeirTableTrailer *trailer = table->trailer;
  guint64 at = trailer->index + ((trailer->n_batches * sizeof(WeirTableEntry) + 63) & ~(guint64)63);
  g_autofree char *text = g_strndup(table->map + at, (gsize)trailer->schema_size);
  if (expected) {
    g_autofree char *wanted = weir_schema_to_string(expected);
    table->schema = weir_schema_ref(expected);
    if (g_str_equal(text, wanted))
      return TRUE;
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "the table file \"%s\" has other columns than are wanted: \"%s\" instead of \"%s\"",
                table->path, text, wanted);
    return FALSE;
  }
  g_autoptr(GError) reason = NULL;
  table->schema = weir_schema_parse(text, &reason);
  return table->schema || damaged(table, error, "%s", reason->message);
}

static void
give_back(const WeirTable *table, guint64 index)
{
  const WeirTableEntry *entry = &table->index[index];
  gsize page = (gsize)sysconf(_SC_PAGESIZE);
  gsize begin = (gsize)entry->offset / page * page;
  if (table->size > KEPT_BYTES)
    madvise(table->map + begin, (gsize)(entry->offset + entry->size) - begin, MADV_DONTNEED);
}

static gboolean
verify(WeirTable *table, GError **error)
{
  for (guint64 b = 0; b < table->trailer->n_batches; b++) {
    const WeirTableEntry *entry = &table->index[b];
    struct ArrowArray batch;
    g_autoptr(GError) reason = NULL;
    if (XXH3_64bits(table->map + entry->offset, (gsize)entry->size) != entry->checksum)
      return damaged(table, error, "the checksum of batch %" G_GUINT64_FORMAT " is wrong", b + 1);
    if (!weir_table_read(table, b, &batch, error))
      return FALSE;
    gboolean valid = weir_batch_validate(table->schema, &batch, TRUE, &reason);
    weir_batch_release(&batch);
    if (!valid)
      return damaged(table, error, "batch %" G_GUINT64_FORMAT ": %s", b + 1, reason->message);
  }
  return TRUE;
}

WeirTable *
weir_table_open_descriptor(int fd, const char *path, WeirSchema *expected, WeirTableFlags flags,
                           GError **error)
{
  g_autoptr(WeirTable) table = g_new0(WeirTable, 1);
  g_atomic_ref_count_init(&table->refs);
  table->path = g_strdup(path);
  if (!map_file(table, fd, error) || !check_ends(table, error) || !check_footer(table, error) ||
      !check_index(table, error) || !read_schema(table, expected, error))
    return NULL;
  table->users = g_new0(gint, table->trailer->n_batches + 1);
  if ((flags & WEIR_TABLE_VERIFY) && !verify(table, error))
    return NULL;
  return g_steal_pointer(&table);
}

WeirTable *
weir_table_open(const char *path, WeirSchema *expected, WeirTableFlags flags, GError **error)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    weir_set_io_error(error, errno, "read", path);
    return NULL;
  }
  WeirTable *table = weir_table_open_descriptor(fd, path, expected, flags, error);
  close(fd);
  return table;
}

/* ---- Reading -------------------------------------------------------------------------------------------- */

WeirSchema *
weir_table_get_schema(const WeirTable *table)
{
  return table->schema;
}

guint64
weir_table_get_rows(const WeirTable *table)
{
  return table->trailer->rows;
}

guint64
weir_table_get_batches(const WeirTable *table)
{
  return table->trailer->n_batches;
}

guint64
weir_table_get_bytes(const WeirTable *table)
{
  return table->size;
}

guint64
weir_table_get_batch_rows(const WeirTable *table, guint64 index)
{
  return table->index[index].rows;
}

/* Pages that another batch begins or ends in, or that one takes up again at this moment, are read anew from the
   system's cache: nothing is lost. */
static void
release_hold(gpointer data, guint64 index)
{
  WeirTable *table = data;
  if (g_atomic_int_dec_and_test(&table->users[index]))
    give_back(table, index);
  weir_table_unref(table);
}

gboolean
weir_table_read(WeirTable *table, guint64 index, struct ArrowArray *batch, GError **error)
{
  if (index >= table->trailer->n_batches) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED,
                "batch %" G_GUINT64_FORMAT " was asked for of a table of %" G_GUINT64_FORMAT, index + 1,
                table->trailer->n_batches);
    return FALSE;
  }
  const WeirTableEntry *entry = &table->index[index];
  WeirTableHold hold = {.release = release_hold, .data = table, .index = index};
  if (!weir_table_parse(table->schema, table->map + entry->offset, (gsize)entry->size, entry->rows, &hold,
                        batch))
    return damaged(table, error, "batch %" G_GUINT64_FORMAT " is not laid out as its columns are", index + 1);
  weir_table_ref(table);
  g_atomic_int_inc(&table->users[index]);
  return TRUE;
}
