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

/** Whether a file is an archive, zip by its first bytes, tar by its name (.tar, .tar.gz, .tgz, .tar.zst, …). */
bool source_is_archive(const char *path);

/** Call `note` for each member of an archive, in order, with its path; `plain`: it is a file, not a folder or link.
 * Stops when it returns false. 0, or -1 with `error` filled. */
int source_list(const char *path, bool (*note)(void *data, const char *name, bool plain), void *data,
                struct format_error *error);

/** Open member `number` (from 0) of an archive. NULL: `error` says why. */
struct source *source_open_member(const char *path, int64_t number, struct format_error *error);

/** Go on from one member of an archive to a later one, without opening it anew. False: it is of another file, or does
 * not come later: open it. -1 in `*result`: `error` is filled. */
bool source_go_on(struct source *source, const char *path, int64_t number, int *result,
                  struct format_error *error);

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
