/* SPDX-License-Identifier: MIT */
/**
 * json_walk.h: the second stage of reading JSON: steps over the tokens of one record, strictly after RFC 8259.
 *
 * A walk is only begun once all tokens of the record are known (json_scan.h), so that no step needs to look
 * whether there is a next one: what is well-formed so far leads to the record's end at the latest, and what is
 * not stops the walk. Functions that return int give 0, or -1 after json_bad().
 */
#ifndef WEIR_FILE_JSON_WALK_H
#define WEIR_FILE_JSON_WALK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How deep arrays and objects may nest, the record itself included. */
#define JSON_MAX_DEPTH 64

/** Where the walk is, and what stopped it. */
struct json_walk {
  const char *data;      /**< the stretch; 64 bytes beyond its end can be read */
  const uint32_t *token; /**< the next token */
  unsigned depth;        /**< arrays and objects that are open */
  size_t bad_at;         /**< offset of what is wrong */
  char bad[500];         /**< what is wrong: one sentence without a full stop */
};

/** Say what is wrong at an offset. Returns -1. */
int json_bad(struct json_walk *walk, size_t at, const char *text, ...) G_GNUC_PRINTF(3, 4);

/** Say that something else was wanted at the next token: `wanted` as in "a comma or }". Returns -1. */
int json_unexpected(struct json_walk *walk, const char *wanted);

/** "a number", "an object" and so on: what a value that begins with this byte is. */
const char *json_value_name(char first);

/** The byte of the next token. */
static inline char
json_peek(const struct json_walk *walk)
{
  return walk->data[*walk->token];
}

/** 1 for bytes that may follow a number, true, false or null. */
extern const uint8_t json_ends_scalar[256];

/** A number as it is written: negative or not, `digits` times ten to the `exponent`. */
struct json_number {
  const char *text;
  size_t len;
  uint64_t digits;  /**< only if `exact` */
  int32_t exponent; /**< only if `exact` */
  bool negative;
  bool integer; /**< written without point and exponent */
  bool exact;   /**< the digits fit */
};

/** Step over the number at the next token. */
int json_take_number(struct json_walk *walk, struct json_number *number);

/** The nearest double; -1 if it is beyond the largest one. */
int json_number_to_f64(struct json_walk *walk, const struct json_number *number, double *value);
/** The nearest float, rounded once. */
int json_number_to_f32(struct json_walk *walk, const struct json_number *number, float *value);
/** The integer; false if it is none or does not fit. */
bool json_number_to_i64(const struct json_number *number, int64_t *value);
bool json_number_to_u64(const struct json_number *number, uint64_t *value);

/** Step over true, false or null at the next token; `len` is that of the word. */
int json_take_word(struct json_walk *walk, const char *word, size_t len);

/** Step over the string at the next token and check its escapes. `*start` and `*len` get what stands between
 * the quotes; `*escapes` the first escape's token, or NULL if there is none. */
int json_take_string(struct json_walk *walk, size_t *start, size_t *len, const uint32_t **escapes);

/** Write a string that json_take_string() stepped over, its escapes decoded, to `out`, which has room for `len`
 * + 32 bytes. Returns the bytes of the string. */
size_t json_decode_string(const struct json_walk *walk, size_t start, size_t len, const uint32_t *escapes,
                          char *out);

/** Step over any value and check it. */
int json_skip(struct json_walk *walk);

/** Write the value between two tokens that json_skip() stepped over without white space to `out`, which has
 * room for as many bytes as it has in the file. Returns the bytes written. */
size_t json_compact(const char *data, const uint32_t *first, const uint32_t *end, char *out);

/** Enter an array or object, whose opening token is next. */
static inline int
json_enter(struct json_walk *walk)
{
  if (++walk->depth > JSON_MAX_DEPTH)
    return json_bad(walk, *walk->token, "arrays and objects are nested more than %d deep", JSON_MAX_DEPTH);
  walk->token++;
  return 0;
}

#endif
