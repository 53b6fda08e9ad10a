/* SPDX-License-Identifier: MIT */
/** source.h: the bytes of a file, decompressed if it is compressed, from its beginning to its end. */
#ifndef WEIR_FILE_SOURCE_H
#define WEIR_FILE_SOURCE_H

#include "reader.h"

/** An open file. Belongs to one thread at a time. */
struct source;

/**
 * Open a regular file. What its first bytes show to be gzip, bzip2, xz or Zstandard is decompressed while it
 * is read. NULL: `error` says why (line 0, without the path).
 */
struct source *source_open(const char *path, struct format_error *error);
void source_close(struct source *source);

/** Read up to `size` bytes. 0: the end; -1: `error` is filled. A file that ends amid compressed data, or has
 * other bytes behind it (zeros excepted), is an error. */
int64_t source_read(struct source *source, char *data, size_t size, struct format_error *error);

/** Bytes read so far, and in all, as they are stored. */
uint64_t source_position(const struct source *source);
uint64_t source_size(const struct source *source);

/** Name of the compression, "gzip"; NULL: none. */
const char *source_compression(const struct source *source);

/** Read from a place of a file that is not compressed, without moving on. Bytes read, or -1. */
int64_t source_peek(struct source *source, uint64_t offset, char *data, size_t size,
                    struct format_error *error);

/** The compression that a file name's ending promises, or NULL. `*stem` gets the length without it. */
const char *source_compression_of_name(const char *name, size_t *stem);

#endif
