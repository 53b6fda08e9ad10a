/* SPDX-License-Identifier: MIT */
/* A row's values in some columns as one string of bytes, and its hash: the same on any machine, in any version. */
#ifndef WEIR_SPLIT_KEY_H
#define WEIR_SPLIT_KEY_H

#include <glib.h>
#include <weir/columns.h>

/* The key of a row is its values one after another, each written as a netstring (LENGTH:BYTES,), so that every sequence
 * of values has one reading. The bytes of a value are
 *   text and binary            its own bytes
 *   integers                   decimal digits, with "-" before a negative one
 *   booleans                   true or false
 *   timestamps                 microseconds since 1970, as an integer
 *   real numbers               as an integer if it is whole (and below 2^63), otherwise the shortest decimal that
 *                              reads back as the same number of that width; nan, inf, -inf
 *   lists, vectors, structs    the netstrings of their items or members
 *   null                       none: 0:,
 * So 7 and "7" are the same, and null and the empty text are. The hash is XXH3 (64 or 128 bits, seed 0).
 *
 * This is a promise to users: rows keep their split. Never change it; test_split.c holds known values. */
void split_key_append(GString *key, const weir_column *column, gint64 row);
void split_key_append_text(GString *key, const char *text, gsize size);

/* Whether a value is null, or an empty text, which in a file whose format knows no null is the same. */
gboolean split_key_is_none(const weir_column *column, gint64 row);

typedef struct {
  guint64 low, high;
} SplitHash;

guint64 split_key_hash(const GString *key);
SplitHash split_key_hash128(const GString *key);

/* The place of a hash in [0, 1): its upper 53 bits. */
static inline double
split_key_unit(guint64 hash)
{
  return (double)(hash >> 11) * 0x1p-53;
}

#endif
