/* SPDX-License-Identifier: MIT */
/** json_scan_private.h: what the ways to scan JSON have in common: bit masks of 64 bytes made into tokens. */
#ifndef WEIR_FILE_JSON_SCAN_PRIVATE_H
#define WEIR_FILE_JSON_SCAN_PRIVATE_H

#include "json_scan.h"

/** Scan data[from..to) and write tokens at `out`, which has room for to - from + 64 of them. Updates the state
 * in `scan` and returns the end of what was written. */
typedef uint32_t *json_scan_function(struct json_scan *scan, const char *data, size_t from, size_t to,
                                     uint32_t *out);

json_scan_function json_scan_bytes;
#ifdef __x86_64__
json_scan_function json_scan_avx2;
json_scan_function json_scan_avx512;
#endif

/** What 64 bytes are, a bit a byte, the first byte in the lowest bit. */
struct json_masks {
  uint64_t quote, backslash, newline, control, space, punctuation;
};

/** The bytes that begin an escape; `*escaped` gets those that end one. `carry` says whether byte 0 does, and
 * gets whether byte 64 will. Backslashes are rare, so one by one is fast enough. */
static inline __attribute__((always_inline)) uint64_t
json_escapes(uint64_t backslash, uint64_t *carry, uint64_t *escaped)
{
  uint64_t begins = 0;
  uint64_t second = *carry;
  uint64_t left = backslash & ~*carry;
  while (left) {
    uint64_t bit = left & -left;
    begins |= bit;
    second |= bit << 1;
    left &= ~(bit | bit << 1);
  }
  *carry = begins >> 63;
  *escaped = second;
  return begins;
}

/** The tokens among 64 bytes. `inside` is what prefix xor makes of the quotes: ones from each opening quote up
 * to before its closing one, for a block that begins outside of a string. */
static inline __attribute__((always_inline)) uint64_t
json_tokens(struct json_scan *scan, const struct json_masks *m, uint64_t quote, uint64_t begins,
            uint64_t inside)
{
  inside ^= scan->in_string;
  scan->in_string = 0 - (inside >> 63);
  uint64_t scalar = ~(m->punctuation | m->space | quote | inside);
  uint64_t scalar_start = scalar & ~(scalar << 1 | scan->in_scalar);
  scan->in_scalar = scalar >> 63;
  uint64_t tokens = quote | (m->punctuation & ~inside) | scalar_start | ((begins | m->control) & inside);
  if (scan->lines)
    tokens |= m->newline;
  return tokens;
}

#endif
