/* SPDX-License-Identifier: MIT */
/* Quotes a foreign text for an error message. */
#include "base/quote.h"

#include <string.h>

#define SHOWN      80
#define SHOWN_PATH 4096

static void
append_character(GString *out, gunichar c)
{
  switch (c) {
  case '"':
    g_string_append(out, "\\\"");
    break;
  case '\\':
    g_string_append(out, "\\\\");
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
    /* Bidirectional controls and the like could make a terminal show something else. */
    if (c < 0x20 || c == 0x7f)
      g_string_append_printf(out, "\\x%02x", c);
    else if (g_unichar_isprint(c))
      g_string_append_unichar(out, c);
    else
      g_string_append_printf(out, "\\u{%x}", c);
  }
}

static char *
quote(const char *text, gsize left, guint limit)
{
  GString *out = g_string_sized_new(MIN(left, limit) + 8);

  g_string_append_c(out, '"');
  for (guint shown = 0; left > 0; shown++) {
    if (shown == limit) {
      g_string_append(out, "…");
      break;
    }
    gunichar c = *text == '\0' ? 0 : g_utf8_get_char_validated(text, (gssize)left);
    gsize used = 1;
    if (c == (gunichar)-1 || c == (gunichar)-2) {
      g_string_append_printf(out, "\\x%02x", (guchar)*text);
    } else {
      append_character(out, c);
      used = c == 0 ? 1 : (gsize)g_unichar_to_utf8(c, NULL);
    }
    text += used;
    left -= used;
  }
  g_string_append_c(out, '"');
  return g_string_free(out, FALSE);
}

char *
weir_quote(const char *text, gssize size)
{
  return quote(text, size < 0 ? strlen(text) : (gsize)size, SHOWN);
}

char *
weir_quote_path(const char *path)
{
  return quote(path, strlen(path), SHOWN_PATH);
}
