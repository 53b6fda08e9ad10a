/* SPDX-License-Identifier: MIT */
/* The spelling of JSON strings and numbers. */
#include "base/json_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- Strings --- */

static void
append_escape(GString *out, guchar c)
{
  switch (c) {
  case '"':
    g_string_append(out, "\\\"");
    break;
  case '\\':
    g_string_append(out, "\\\\");
    break;
  case '\b':
    g_string_append(out, "\\b");
    break;
  case '\f':
    g_string_append(out, "\\f");
    break;
  case '\n':
    g_string_append(out, "\\n");
    break;
  case '\r':
    g_string_append(out, "\\r");
    break;
  case '\t':
    g_string_append(out, "\\t");
    break;
  default:
    g_string_append_printf(out, "\\u%04x", c);
  }
}

/* The length of the well-formed character at `p`, or 0. */
static gsize
character_length(const char *p, gsize left)
{
  gunichar c = g_utf8_get_char_validated(p, (gssize)left);
  return c == (gunichar)-1 || c == (gunichar)-2 ? 0 : (gsize)g_unichar_to_utf8(c, NULL);
}

void
weir_json_append_string(GString *out, const char *value, gsize size)
{
  gsize start = 0; /* of the run that can be copied as it is */
  gsize i = 0;

  g_string_append_c(out, '"');
  while (i < size) {
    guchar c = (guchar)value[i];
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      i++;
      continue;
    }
    gsize length = c < 0x80 ? 0 : character_length(value + i, size - i);
    if (length > 0) {
      i += length;
      continue;
    }
    g_string_append_len(out, value + start, (gssize)(i - start));
    if (c < 0x80)
      append_escape(out, c);
    else
      g_string_append(out, "\357\277\275"); /* U+FFFD */
    start = ++i;
  }
  g_string_append_len(out, value + start, (gssize)(size - start));
  g_string_append_c(out, '"');
}

/* --- Numbers --- */

/* Makes an integer's spelling a number's. Returns the length. */
static gsize
ensure_point(char *text)
{
  gsize length = strlen(text);
  if (strpbrk(text, ".e") != NULL)
    return length;
  memcpy(text + length, ".0", sizeof ".0");
  return length + 2;
}

/* The common case of whole numbers below `limit`. Returns the length, or 0 for any other number. */
static gsize
whole_number_to_text(double value, double limit, char *text)
{
  if (!(fabs(value) < limit) || value != trunc(value) || (value == 0 && signbit(value)))
    return 0;
  return (gsize)g_snprintf(text, WEIR_NUMBER_BYTES, "%" G_GINT64_FORMAT ".0", (gint64)value);
}

gsize
weir_number_to_text(double value, char text[WEIR_NUMBER_BYTES])
{
  static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
  gsize length = isfinite(value) ? whole_number_to_text(value, 1e15, text)
                                 : (gsize)g_strlcpy(text, "null", WEIR_NUMBER_BYTES);

  if (length > 0)
    return length;
  for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_ascii_formatd(text, WEIR_NUMBER_BYTES, formats[i], value);
    if (g_ascii_strtod(text, NULL) == value)
      break;
  }
  return ensure_point(text);
}

gsize
weir_float_to_text(float value, char text[WEIR_NUMBER_BYTES])
{
  static const char *const formats[] = {"%.6g", "%.7g", "%.8g", "%.9g"};
  gsize length = isfinite(value) ? whole_number_to_text((double)value, 1e6, text)
                                 : (gsize)g_strlcpy(text, "null", WEIR_NUMBER_BYTES);

  if (length > 0)
    return length;
  for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
    g_ascii_formatd(text, WEIR_NUMBER_BYTES, formats[i], (double)value);
    if ((float)g_ascii_strtod(text, NULL) == value)
      break;
  }
  return ensure_point(text);
}

void
weir_json_append_number(GString *out, double value)
{
  char text[WEIR_NUMBER_BYTES];
  g_string_append_len(out, text, (gssize)weir_number_to_text(value, text));
}

void
weir_json_append_float(GString *out, float value)
{
  char text[WEIR_NUMBER_BYTES];
  g_string_append_len(out, text, (gssize)weir_float_to_text(value, text));
}
