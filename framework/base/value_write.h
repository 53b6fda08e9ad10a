/* SPDX-License-Identifier: MIT */
/* Numbers and times as text, fast and the same in every locale. */
#ifndef WEIR_BASE_VALUE_WRITE_H
#define WEIR_BASE_VALUE_WRITE_H

#include <stdbool.h>
#include <stdint.h>

/** Bytes that any of these may write, and a few to spare. No NUL is written; each returns the end of its text. */
#define WEIR_VALUE_ROOM 40

char *weir_value_write_u64(char *out, uint64_t value);
char *weir_value_write_i64(char *out, int64_t value);

/** The shortest decimal that reads back as the same value, and of those the nearest; always with a point or an
 * exponent ("1.0", "1e+300"), so that a reader knows it for a real number. The value is finite. */
char *weir_value_write_f64(char *out, double value);
char *weir_value_write_f32(char *out, float value);

/** Microseconds since 1970 as "2024-05-01T12:30:00Z", with a fraction where there is one. NULL: the year is not
 * of 1 to 9999, and there is no such text. */
char *weir_value_write_timestamp(char *out, int64_t microseconds);

#endif
