/* SPDX-License-Identifier: MIT */
/* Prints counts, sizes, rates and durations for people, rounded and with units, the same in every locale. */
#include "base/units.h"

#include <math.h>

/* Two or three digits: "4.1", "99.9", "812". */
static char *
round_number(double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  gboolean is_whole = value == trunc(value) && fabs(value) < 1000;
  return g_strdup(
      g_ascii_formatd(text, sizeof text, is_whole || fabs(value) >= 99.95 ? "%.0f" : "%.1f", value));
}

/* Divides by `base` until what is left prints with three digits. `units` ends with NULL; the first is for
 * none. */
static char *
format_scaled(double value, double base, const char *const *units)
{
  guint unit = 0;

  if (!isfinite(value))
    return g_strdup("?");
  double limit = base == 1024 ? 1023.5 : 999.5;
  while (fabs(value) >= limit && units[unit + 1] != NULL) {
    value /= base;
    unit++;
  }
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *number =
      unit > 0 ? g_strdup(g_ascii_formatd(text, sizeof text, fabs(value) >= 99.95 ? "%.0f" : "%.1f", value))
               : round_number(value);
  return g_strdup_printf("%s%s%s", number, *units[unit] != '\0' ? " " : "", units[unit]);
}

char *
weir_format_size(double bytes)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", NULL};
  return format_scaled(bytes, 1024, units);
}

char *
weir_format_rate(double bytes_per_second)
{
  g_autofree char *size = weir_format_size(bytes_per_second);
  return g_strconcat(size, "/s", NULL);
}

char *
weir_format_count(double count)
{
  static const char *const units[] = {"", "k", "M", "G", "T", NULL};
  return format_scaled(count, 1000, units);
}

/* "1 m 05 s": two units, the smaller one with two digits. */
static char *
format_pair(gint64 total, gint64 per_larger, const char *larger, const char *smaller)
{
  return g_strdup_printf("%" G_GINT64_FORMAT " %s %02" G_GINT64_FORMAT " %s", total / per_larger, larger,
                         total % per_larger, smaller);
}

static char *
format_positive(gint64 microseconds)
{
  gint64 tenths = (microseconds / 10000 + 5) / 10; /* of a second */
  gint64 seconds = (microseconds / 100000 + 5) / 10;

  if (microseconds == 0)
    return g_strdup("0 s");
  if (microseconds < 1000)
    return g_strdup_printf("%" G_GINT64_FORMAT " µs", microseconds);
  if (microseconds < 999500)
    return g_strdup_printf("%" G_GINT64_FORMAT " ms", (microseconds + 500) / 1000);
  if (tenths < 600)
    return g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT " s", tenths / 10, tenths % 10);
  if (seconds < 3600)
    return format_pair(seconds, 60, "m", "s");
  gint64 minutes = (seconds + 30) / 60;
  if (minutes < G_GINT64_CONSTANT(24) * 60)
    return format_pair(minutes, 60, "h", "m");
  return format_pair((seconds + 1800) / 3600, 24, "d", "h");
}

char *
weir_format_duration(gint64 microseconds)
{
  if (microseconds >= 0)
    return format_positive(microseconds);
  g_autofree char *positive = format_positive(microseconds == G_MININT64 ? G_MAXINT64 : -microseconds);
  return g_strconcat("-", positive, NULL);
}
