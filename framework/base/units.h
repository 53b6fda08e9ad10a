/* SPDX-License-Identifier: MIT */
/* Reads and prints numbers, sizes and durations as people write them, the same in every locale. */
#ifndef WEIR_BASE_UNITS_H
#define WEIR_BASE_UNITS_H

#include <glib.h>

G_BEGIN_DECLS

/* Reading. The whole text must be the value: no white space, no sign where there can be none. Errors are
 * WEIR_ERROR_INVALID and quote the text, say what is wanted, and the range: `"12x" is not an integer`,
 * `99 is out of range: must be 1 to 10`. `value` is left alone on errors. Any thread. */

gboolean weir_parse_integer(const char *text, gint64 minimum, gint64 maximum, gint64 *value, GError **error);
gboolean weir_parse_unsigned(const char *text, guint64 minimum, guint64 maximum, guint64 *value,
                             GError **error);
/* Decimal, with or without exponent; never hexadecimal, "inf" or "nan". */
gboolean weir_parse_number(const char *text, double minimum, double maximum, double *value, GError **error);
gboolean weir_parse_boolean(const char *text, gboolean *value, GError **error); /* "true" or "false" */

/* Bytes: a number, then a unit or none. B; K, M, G, T, P and KiB … PiB are powers of 1024; kB, MB … PB powers
 * of 1000; capitals or not. The number may have decimals (1.5GiB) where the result is a whole number of bytes
 * or is rounded down to one. */
gboolean weir_parse_size(const char *text, guint64 minimum, guint64 maximum, guint64 *bytes, GError **error);

/* Microseconds: numbers with units (d, h, m, s, ms, us), from large to small, each once: 30s, 1h30m,
 * 250ms, 1.5s. Plain 0 needs no unit; any other number does. */
gboolean weir_parse_duration(const char *text, gint64 minimum, gint64 maximum, gint64 *microseconds,
                             GError **error);

/* Exact printing: what comes out reads back as the same value. "64M", "1536", "1h30m", "250ms". Free with
 * g_free. */
char *weir_size_to_text(guint64 bytes);
char *weir_duration_to_text(gint64 microseconds);

/* Printing for people, rounded to three or so digits. Free with g_free. */
char *weir_format_size(double bytes);            /* "812 B", "4.1 MiB" */
char *weir_format_rate(double bytes_per_second); /* "4.1 MiB/s" */
char *weir_format_count(double count);           /* "812", "12.3 k", "4.5 M" */
char *weir_format_duration(gint64 microseconds); /* "250 ms", "3.2 s", "1 m 05 s", "2 h 03 m", "3 d 04 h" */

G_END_DECLS

#endif
