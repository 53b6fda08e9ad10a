/* SPDX-License-Identifier: MIT */
/**
 * json_scan.h: the first of the two stages that read JSON: finds, 64 bytes at a time, the places that matter.
 *
 * The second stage (json_walk.h) then steps from token to token and never looks at a byte of white space or,
 * where a string has no escapes, at a byte of the string. The division of the work is that of Langdale and
 * Lemire, "Parsing gigabytes of JSON per second", VLDB Journal 28 (2019), https://arxiv.org/abs/1902.08318.
 *
 * A token is the offset of
 *   - a quote that opens or closes a string;
 *   - inside a string: a backslash that begins an escape, and any control character (which may not stand there);
 *   - outside: one of { } [ ] : , and the first byte of any other run of bytes that are no white space;
 *   - in JSON Lines also every newline.
 * So between two tokens outside of strings there is nothing but white space and what belongs to the first one.
 * The bytes 0x0c and 0x1a outside of strings are tokens of their own; no value begins with them.
 */
#ifndef WEIR_FILE_JSON_SCAN_H
#define WEIR_FILE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes that are scanned at a time: what the second stage reads is then still in the cache. */
#define JSON_SCAN_WINDOW (64u << 10)

/** A scan over one stretch of bytes that begins outside of any string. Belongs to one thread. */
struct json_scan {
  uint32_t *tokens; /**< offsets in the stretch, rising */
  size_t n_tokens;
  size_t capacity;
  size_t at;          /**< bytes of the stretch that were scanned */
  bool lines;         /**< newlines are tokens */
  bool ascii;         /**< no byte of the last window was above 0x7f */
  uint64_t in_string; /**< all ones: the byte at `at` is in a string */
  uint64_t escaped;   /**< 1: the byte at `at` is the second of an escape */
  uint64_t in_scalar; /**< 1: the byte before `at` belongs to a run such as a number */
};

/** The ways to scan: the widest that the CPU has, unless a test asks for another. */
enum json_scan_kind { JSON_SCAN_BYTES, JSON_SCAN_AVX2, JSON_SCAN_AVX512, JSON_SCAN_KINDS };

/** True if this CPU can scan in that way. */
bool json_scan_has(enum json_scan_kind kind);
/** For tests: scan in that way from now on. */
void json_scan_use(enum json_scan_kind kind);

/** Begin a stretch. The tokens' memory is kept. */
void json_scan_begin(struct json_scan *scan, bool lines);
/** Scan the next window of data[0..len), the stretch; 64 bytes beyond its end can be read. len < 2^32.
 * Tokens are added at the end. False: there is no more to scan. */
bool json_scan_more(struct json_scan *scan, const char *data, size_t len);
/** Forget the first `n` tokens. */
void json_scan_drop(struct json_scan *scan, size_t n);
void json_scan_clear(struct json_scan *scan);

#endif
