/* SPDX-License-Identifier: MIT */
/* Writes a file through a buffer, through libarchive if it is to be compressed, and through a temporary name. */
#include "config.h"

#include "write_sink.h"

#include "base/atomic_file.h"
#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

#define CAPACITY (256u << 10)

struct sink_file {
  WeirAtomicFile *file;
  struct archive *archive; /* NULL: not compressed */
  bool abandoned;          /* what still comes goes nowhere */
};

static const struct {
  const char *name, *module; /* ours, and libarchive's */
  int (*add)(struct archive *);
  int lowest, highest;
} compressions[] = {{"gzip", "gzip", archive_write_add_filter_gzip, 1, 9},
                    {"Zstandard", "zstd", archive_write_add_filter_zstd, 1, 19},
                    {"xz", "xz", archive_write_add_filter_xz, 0, 9},
                    {"bzip2", "bzip2", archive_write_add_filter_bzip2, 1, 9}};

static int
compression_number(const char *name)
{
  for (size_t k = 0; name && k < G_N_ELEMENTS(compressions); k++)
    if (!strcmp(compressions[k].name, name))
      return (int)k;
  return -1;
}

bool
sink_levels(const char *compression, int *lowest, int *highest)
{
  int number = compression_number(compression);
  if (number < 0)
    return false;
  *lowest = compressions[number].lowest;
  *highest = compressions[number].highest;
  return true;
}

/* libarchive hands compressed bytes on. What goes wrong below is kept by the file, in its own words, and looked
 * at there: libarchive, told of it, would not free what its compressors hold. */
static la_ssize_t
take_compressed(struct archive *archive, void *data, const void *bytes, size_t len)
{
  struct sink_file *f = data;
  (void)archive;
  if (!f->abandoned)
    weir_atomic_file_write(f->file, bytes, len, NULL);
  return (la_ssize_t)len;
}

/* Take over a failure of the file below. */
static bool
file_failed(struct sink *sink)
{
  return sink->failure || !weir_atomic_file_write(sink->file->file, "", 0, &sink->failure);
}

static void
fail_archive(struct sink *sink)
{
  if (file_failed(sink))
    return;
  const char *why = archive_error_string(sink->file->archive);
  g_set_error(&sink->failure, WEIR_ERROR, WEIR_ERROR_FAILED, "cannot compress \"%s\": %s",
              weir_atomic_file_path(sink->file->file), why ? why : "libarchive does not say why");
}

static bool
archive_begin(struct sink *sink, int number, int level)
{
  struct archive *a = sink->file->archive = archive_write_new();
  struct archive_entry *entry = archive_entry_new();
  bool good = a && entry && archive_write_set_format_raw(a) == ARCHIVE_OK;
  good = good && compressions[number].add(a) == ARCHIVE_OK;
  if (good && number == 0) /* the same bytes every time */
    good = archive_write_set_filter_option(a, "gzip", "timestamp", NULL) == ARCHIVE_OK;
  if (good && level >= 0) {
    g_autofree char *text = g_strdup_printf("%d", level);
    good = archive_write_set_filter_option(a, compressions[number].module, "compression-level", text) ==
           ARCHIVE_OK;
  }
  good = good && archive_write_set_bytes_per_block(a, 1 << 16) == ARCHIVE_OK &&
         archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
         archive_write_open(a, sink->file, NULL, take_compressed, NULL) == ARCHIVE_OK;
  if (good) {
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "data");
    good = archive_write_header(a, entry) == ARCHIVE_OK;
  }
  archive_entry_free(entry);
  if (!good)
    fail_archive(sink);
  return good;
}

struct sink *
sink_open(const char *path, const char *compression, int level, GError **error)
{
  WeirAtomicFile *file = weir_atomic_file_open(path, WEIR_ATOMIC_MAKE_PARENTS, error);
  if (!file)
    return NULL;
  struct sink *sink = g_new0(struct sink, 1);
  sink->file = g_new0(struct sink_file, 1);
  sink->file->file = file;
  int number = compression_number(compression);
  if (number >= 0 && !archive_begin(sink, number, level)) {
    g_propagate_error(error, g_steal_pointer(&sink->failure));
    sink_free(sink);
    return NULL;
  }
  sink->start = sink->at = g_malloc(CAPACITY);
  sink->end = sink->start + CAPACITY;
  return sink;
}

struct sink *
sink_memory(void)
{
  struct sink *sink = g_new0(struct sink, 1);
  sink->start = sink->at = g_malloc(CAPACITY);
  sink->end = sink->start + CAPACITY;
  return sink;
}

static void
grow_memory(struct sink *sink, size_t size)
{
  size_t used = (size_t)(sink->at - sink->start), capacity = MAX(used + size, used * 2);
  sink->start = g_realloc(sink->start, capacity);
  sink->at = sink->start + used;
  sink->end = sink->start + capacity;
}

void
sink_flush(struct sink *sink, size_t size)
{
  if (!sink->file) {
    grow_memory(sink, size);
    return;
  }
  size_t used = (size_t)(sink->at - sink->start);
  struct sink_file *f = sink->file;
  if (used && !sink->failure) {
    if (!f->archive)
      weir_atomic_file_write(f->file, sink->start, used, &sink->failure);
    else if (archive_write_data(f->archive, sink->start, used) != (la_ssize_t)used || file_failed(sink))
      fail_archive(sink);
  }
  sink->flushed += used;
  sink->at = sink->start;
  if ((size_t)(sink->end - sink->start) < size) {
    sink->start = sink->at = g_realloc(sink->start, size);
    sink->end = sink->start + size;
  }
}

void
sink_put(struct sink *sink, const char *data, size_t len)
{
  while (len) {
    size_t n = MIN(len, CAPACITY);
    memcpy(sink_room(sink, n), data, n);
    sink->at += n;
    data += n;
    len -= n;
  }
}

bool
sink_commit(struct sink *sink, GError **error)
{
  sink_flush(sink, 0);
  if (!sink->failure && sink->file->archive && archive_write_close(sink->file->archive) != ARCHIVE_OK)
    fail_archive(sink);
  if (sink->failure) {
    g_propagate_error(error, g_steal_pointer(&sink->failure));
    return false;
  }
  return weir_atomic_file_commit(sink->file->file, error);
}

void
sink_free(struct sink *sink)
{
  if (!sink)
    return;
  if (sink->file && sink->file->archive) {
    sink->file->abandoned = true;
    archive_write_free(sink->file->archive);
  }
  if (sink->file)
    weir_atomic_file_free(sink->file->file);
  g_clear_error(&sink->failure);
  g_free(sink->start);
  g_free(sink->file);
  g_free(sink);
}
