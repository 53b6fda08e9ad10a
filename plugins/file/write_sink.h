/* SPDX-License-Identifier: MIT */
/** write_sink.h: where the bytes of a written file go: compressed on the way if its name says so, and in place
 * only when all of them are there. */
#ifndef WEIR_FILE_WRITE_SINK_H
#define WEIR_FILE_WRITE_SINK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** A file that is being written. Belongs to one thread at a time. The first failure stays: what is put after it
 * goes nowhere, and the commit reports it. */
struct sink {
  char *at;         /**< where the next byte goes */
  char *end;        /**< of the buffer */
  char *start;      /**< of the buffer */
  uint64_t flushed; /**< bytes that left the buffer */
  GError *failure;
  struct sink_file *file; /**< NULL: in memory only */
};

/** Levels that a compression of source_compression_of_name() knows; false: it is none. */
bool sink_levels(const char *compression, int *lowest, int *highest);

/** Begin a file at `path`; missing folders above it are made. `compression` may be NULL; level -1: its default.
 * NULL and an error: it cannot be written. */
struct sink *sink_open(const char *path, const char *compression, int level, GError **error);

/** One without a file, whose bytes stay in the buffer, which grows. */
struct sink *sink_memory(void);

/** Make the file appear under its name, whole. FALSE and an error: nothing of it is left. Then sink_free(). */
bool sink_commit(struct sink *sink, GError **error);

/** Free; a file that was not committed leaves nothing. NULL is fine. */
void sink_free(struct sink *sink);

/** Bytes that were put, before compression. */
static inline uint64_t
sink_bytes(const struct sink *sink)
{
  return sink->flushed + (uint64_t)(sink->at - sink->start);
}

/** Empty the buffer, and make it fit `size` bytes. */
void sink_flush(struct sink *sink, size_t size);

/** `size` bytes to be written to in place; sink_advance() says where they end. Never NULL. */
static inline char *
sink_room(struct sink *sink, size_t size)
{
  if (G_UNLIKELY((size_t)(sink->end - sink->at) < size))
    sink_flush(sink, size);
  return sink->at;
}

static inline void
sink_advance(struct sink *sink, char *to)
{
  sink->at = to;
}

static inline void
sink_byte(struct sink *sink, char byte)
{
  *sink_room(sink, 1) = byte;
  sink->at++;
}

void sink_put(struct sink *sink, const char *data, size_t len);

#endif
