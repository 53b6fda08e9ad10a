/* SPDX-License-Identifier: MIT */
/** members.h: which members of archives are read, as if each were a file. */
#ifndef WEIR_FILE_MEMBERS_H
#define WEIR_FILE_MEMBERS_H

#include <glib.h>
#include <stdint.h>

/** A file to read: one on disk, or a member of an archive. */
struct member {
  char *name;     /**< for messages, "folder/data.zip/rows.csv"; its ending tells the format */
  char *path;     /**< the file on disk */
  int64_t number; /**< of the member among all of the archive, from 0; -1: the file itself */
};

/**
 * The files of `paths` (NULL-terminated), archives among them (.zip, .tar, .tar.gz and the like) replaced by their members:
 * those whose path in the archive one of the `n` patterns matches; without patterns, those whose name is that of a table
 * (.csv, .tsv, .jsonl, .ndjson, .json, also compressed ones are refused later), or the only one there is. NULL: `*why`
 * says what is wrong; g_free(). Free with g_ptr_array_unref().
 */
GPtrArray *members_expand(char *const *paths, const char *const *patterns, uint32_t n, char **why);

#endif
