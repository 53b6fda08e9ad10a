/* SPDX-License-Identifier: MIT */
/* Reads numbers, booleans and times from text, exactly and the same in every locale. */
#ifndef WEIR_BASE_VALUE_PARSE_H
#define WEIR_BASE_VALUE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All read the whole of text[0..len), without white space around it; at least 16 bytes after its end may be
 * read. False: it is not a value of that kind; `*value` is then undefined. Any thread. */

enum weir_value_result {
  WEIR_VALUE_OK = 0,
  WEIR_VALUE_SYNTAX, /**< not written as such a value */
  WEIR_VALUE_RANGE,  /**< written as one, but beyond the range of its type */
};

/** Decimal digits with an optional sign ("+" too): "-12", "007". */
enum weir_value_result weir_value_parse_i64(const char *text, size_t len, int64_t *value);
/** Decimal digits, "+" allowed. */
enum weir_value_result weir_value_parse_u64(const char *text, size_t len, uint64_t *value);
/** A decimal number with an optional point and exponent ("1", "-.5", "1e-3", "2."), rounded to the nearest
 * double, ties to even; "nan", "inf", "infinity" with sign in any case. Beyond the largest double:
 * WEIR_VALUE_RANGE. No hexadecimal. */
enum weir_value_result weir_value_parse_f64(const char *text, size_t len, double *value);
/** "true" or "false" in any case. */
enum weir_value_result weir_value_parse_bool(const char *text, size_t len, bool *value);
/** ISO 8601 calendar date and time as RFC 3339 narrows it, to microseconds since 1970 UTC: "2024-05-01",
 * "2024-05-01T12:30:00Z", a space or "t" for T, seconds left out or with a fraction (digits beyond the sixth
 * are cut), offset "Z", "+02:00", "+0200", "+02" or none (UTC). Years 0001 to 9999; second 60 is read as the
 * next second. */
enum weir_value_result weir_value_parse_timestamp(const char *text, size_t len, int64_t *microseconds);

#endif
