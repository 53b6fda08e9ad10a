/* SPDX-License-Identifier: MIT */
/* Reads numbers, sizes and durations as people write them, the same in every locale. */
#include "base/units.h"

#include "base/error.h"
#include "base/quote.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static gboolean refuse(GError **error, const char *text, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* `"12x" is not an integer` */
static gboolean
refuse(GError **error, const char *text, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *wanted = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_autofree char *quoted = weir_quote(text, -1);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s %s", quoted, wanted);
  return FALSE;
}

/* `99 is out of range: must be 1 to 10`. A bound that is NULL is none. */
static gboolean
refuse_range(GError **error, const char *text, const char *minimum, const char *maximum)
{
  g_autofree char *shown = weir_quote(text, -1); /* between the quotes is what is safe to print */
  g_autofree char *bare = g_strndup(shown + 1, strlen(shown) - 2);

  if (minimum != NULL && maximum != NULL)
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s is out of range: must be %s to %s", bare, minimum,
                maximum);
  else
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s is out of range: must be at %s %s", bare,
                minimum != NULL ? "least" : "most", minimum != NULL ? minimum : maximum);
  return FALSE;
}

/* --- Integers --- */

static gsize
count_digits(const char *text)
{
  gsize count = 0;
  while (g_ascii_isdigit(text[count]))
    count++;
  return count;
}

static gboolean
is_all_digits(const char *text)
{
  gsize digits = count_digits(text);
  return digits > 0 && text[digits] == '\0';
}

gboolean
weir_parse_integer(const char *text, gint64 minimum, gint64 maximum, gint64 *value, GError **error)
{
  if (!is_all_digits(text + (*text == '-' ? 1 : 0)))
    return refuse(error, text, "is not an integer");
  errno = 0;
  gint64 parsed = g_ascii_strtoll(text, NULL, 10);
  if (errno == ERANGE || parsed < minimum || parsed > maximum) {
    g_autofree char *low = g_strdup_printf("%" G_GINT64_FORMAT, minimum);
    g_autofree char *high = g_strdup_printf("%" G_GINT64_FORMAT, maximum);
    gboolean both = (minimum == G_MININT64) == (maximum == G_MAXINT64);
    return refuse_range(error, text, both || minimum != G_MININT64 ? low : NULL,
                        both || maximum != G_MAXINT64 ? high : NULL);
  }
  *value = parsed;
  return TRUE;
}

gboolean
weir_parse_unsigned(const char *text, guint64 minimum, guint64 maximum, guint64 *value, GError **error)
{
  gboolean is_negative = *text == '-' && is_all_digits(text + 1);

  if (!is_negative && !is_all_digits(text))
    return refuse(error, text, "is not an integer");
  errno = 0;
  guint64 parsed = is_negative ? 0 : g_ascii_strtoull(text, NULL, 10);
  if (is_negative || errno == ERANGE || parsed < minimum || parsed > maximum) {
    g_autofree char *low = g_strdup_printf("%" G_GUINT64_FORMAT, minimum);
    g_autofree char *high = g_strdup_printf("%" G_GUINT64_FORMAT, maximum);
    return refuse_range(error, text, low, maximum == G_MAXUINT64 && parsed < minimum ? NULL : high);
  }
  *value = parsed;
  return TRUE;
}

/* --- Numbers and booleans --- */

/* [-] digits [. digits] [e [sign] digits], where one of the two groups of digits may be missing. */
static gboolean
is_decimal(const char *text)
{
  const char *p = text + (*text == '-' ? 1 : 0);
  gsize before = count_digits(p);
  gsize after = 0;

  p += before;
  if (*p == '.') {
    after = count_digits(p + 1);
    p += 1 + after;
  }
  if (before + after == 0)
    return FALSE;
  if (*p != 'e' && *p != 'E')
    return *p == '\0';
  p++;
  return is_all_digits(p + (*p == '-' || *p == '+' ? 1 : 0));
}

static char *
bound_to_text(double bound)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  if (isinf(bound))
    return NULL;
  return g_strdup(g_ascii_formatd(text, sizeof text, "%.15g", bound));
}

gboolean
weir_parse_number(const char *text, double minimum, double maximum, double *value, GError **error)
{
  if (!is_decimal(text))
    return refuse(error, text, "is not a number");
  double parsed = g_ascii_strtod(text, NULL);
  if (isinf(parsed) || parsed < minimum || parsed > maximum) {
    g_autofree char *low = bound_to_text(minimum <= -G_MAXDOUBLE ? -INFINITY : minimum);
    g_autofree char *high = bound_to_text(maximum >= G_MAXDOUBLE ? INFINITY : maximum);
    if (low == NULL && high == NULL)
      return refuse(error, text, "is too large for a number");
    return refuse_range(error, text, low, high);
  }
  *value = parsed;
  return TRUE;
}

gboolean
weir_parse_boolean(const char *text, gboolean *value, GError **error)
{
  if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
    return refuse(error, text, "is not a boolean: write true or false");
  *value = *text == 't';
  return TRUE;
}

/* --- Sizes --- */

/* digits [. digits], multiplied by `unit`, rounded down. FALSE where the product is beyond `limit`. */
static gboolean
scale(const char *number, gsize length, guint64 unit, guint64 limit, guint64 *product)
{
  guint64 whole = 0;
  gsize i = 0;

  for (; i < length && number[i] != '.'; i++) {
    guint digit = (guint)(number[i] - '0');
    if (whole > (G_MAXUINT64 - digit) / 10)
      return FALSE;
    whole = whole * 10 + digit;
  }
  if (whole > limit / unit)
    return FALSE;
  /* Places down to one byte or microsecond divide without rest, so what is rounded is less than one. */
  long double part = 0;
  long double place = (long double)unit;
  for (i++; i < length; i++) {
    place /= 10;
    part += place * (number[i] - '0');
  }
  guint64 rest = (guint64)part;
  if (rest > limit - whole * unit)
    return FALSE;
  *product = whole * unit + rest;
  return TRUE;
}

/* The length of a number without sign and exponent at the start, or 0. */
static gsize
number_length(const char *text)
{
  gsize length = count_digits(text);
  if (length > 0 && text[length] == '.') {
    gsize decimals = count_digits(text + length + 1);
    return decimals > 0 ? length + 1 + decimals : 0;
  }
  return length;
}

/* 0 for what is no unit. */
static guint64
size_unit(const char *text)
{
  static const char letters[] = "KMGTP";
  guint64 unit = 1;

  if (*text == '\0' || strcmp(text, "B") == 0)
    return 1;
  const char *letter = strchr(letters, g_ascii_toupper(*text));
  if (letter == NULL || *letter == '\0')
    return 0;
  guint64 base = g_ascii_strcasecmp(text + 1, "B") == 0 ? 1000 : 1024;
  if (text[1] != '\0' && base == 1024 && g_ascii_strcasecmp(text + 1, "iB") != 0)
    return 0;
  for (const char *p = letters; p <= letter; p++)
    unit *= base;
  return unit;
}

gboolean
weir_parse_size(const char *text, guint64 minimum, guint64 maximum, guint64 *bytes, GError **error)
{
  gsize length = number_length(text);
  guint64 unit = size_unit(text + length);
  guint64 parsed;

  if (length == 0 || unit == 0)
    return refuse(error, text,
                  "is not a size: write a number of bytes, or one with a unit, such as 64M or 1.5GiB");
  if (!scale(text, length, unit, G_MAXUINT64, &parsed) || parsed < minimum || parsed > maximum) {
    g_autofree char *low = weir_size_to_text(minimum);
    g_autofree char *high = weir_size_to_text(maximum);
    return refuse_range(error, text, low, maximum >= G_MAXINT64 ? NULL : high);
  }
  *bytes = parsed;
  return TRUE;
}

/* --- Durations --- */

static const struct {
  const char *name;
  gint64 microseconds;
} duration_units[] = {
    {"d", G_GINT64_CONSTANT(86400000000)},
    {"h", G_GINT64_CONSTANT(3600000000)},
    {"m", 60000000},
    {"s", 1000000},
    {"ms", 1000},
    {"us", 1},
};

/* The unit whose name is all letters at `text`, or -1. */
static int
duration_unit(const char *text, gsize length)
{
  for (gsize i = 0; i < G_N_ELEMENTS(duration_units); i++)
    if (strlen(duration_units[i].name) == length && memcmp(duration_units[i].name, text, length) == 0)
      return (int)i;
  return -1;
}

static gsize
count_letters(const char *text)
{
  gsize count = 0;
  while (g_ascii_isalpha(text[count]))
    count++;
  return count;
}

typedef enum { DURATION_GOOD, DURATION_WRONG, DURATION_TOO_LONG } DurationOutcome;

static DurationOutcome
parse_duration(const char *text, gint64 *microseconds)
{
  guint64 sum = 0;
  int last = -1;

  if (strcmp(text, "0") == 0) {
    *microseconds = 0;
    return DURATION_GOOD;
  }
  for (const char *p = text; p == text || *p != '\0';) {
    gsize length = number_length(p);
    gsize letters = count_letters(p + length);
    int unit = duration_unit(p + length, letters);
    guint64 part;
    if (length == 0 || unit <= last)
      return DURATION_WRONG;
    if (!scale(p, length, (guint64)duration_units[unit].microseconds, G_MAXINT64, &part) ||
        part > G_MAXINT64 - sum)
      return DURATION_TOO_LONG;
    sum += part;
    last = unit;
    p += length + letters;
  }
  *microseconds = (gint64)sum;
  return DURATION_GOOD;
}

gboolean
weir_parse_duration(const char *text, gint64 minimum, gint64 maximum, gint64 *microseconds, GError **error)
{
  gint64 parsed = 0;
  DurationOutcome outcome = parse_duration(text, &parsed);

  if (outcome == DURATION_WRONG) {
    gsize length = number_length(text);
    if (length > 0 && text[length] == '\0')
      return refuse(error, text, "has no unit: write %ss, %sm or the like", text, text);
    return refuse(error, text, "is not a duration: write numbers with units, such as 250ms, 30s or 1h30m");
  }
  if (outcome == DURATION_TOO_LONG || parsed < minimum || parsed > maximum) {
    g_autofree char *low = weir_duration_to_text(MAX(minimum, 0));
    g_autofree char *high = weir_duration_to_text(maximum);
    return refuse_range(error, text, low, maximum == G_MAXINT64 ? NULL : high);
  }
  *microseconds = parsed;
  return TRUE;
}

/* --- Exact printing --- */

char *
weir_size_to_text(guint64 bytes)
{
  static const char letters[] = "KMGTP";
  int power = 0;

  while (power < 5 && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    power++;
  }
  if (power == 0)
    return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
  return g_strdup_printf("%" G_GUINT64_FORMAT "%c", bytes, letters[power - 1]);
}

char *
weir_duration_to_text(gint64 microseconds)
{
  g_autoptr(GString) out = g_string_new(NULL);

  if (microseconds == 0)
    return g_strdup("0s");
  for (gsize i = 0; i < G_N_ELEMENTS(duration_units); i++) {
    gint64 count = microseconds / duration_units[i].microseconds;
    microseconds %= duration_units[i].microseconds;
    if (count > 0)
      g_string_append_printf(out, "%" G_GINT64_FORMAT "%s", count, duration_units[i].name);
  }
  return g_strdup(out->str);
}
