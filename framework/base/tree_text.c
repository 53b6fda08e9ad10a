/* SPDX-License-Identifier: MIT */
/* What every text of a tree has to be before its grammar is looked at: UTF-8 without NUL, within the limit. */
#include "base/tree_text.h"

#include "base/tree.h"

#include <string.h>

#define BYTE_ORDER_MARK "\357\273\277"

void
weir_tree_skip_mark(const char **text, gsize *length)
{
  gsize mark = strlen(BYTE_ORDER_MARK);

  if (*length < mark || memcmp(*text, BYTE_ORDER_MARK, mark) != 0)
    return;
  *text += mark;
  *length -= mark;
}

gboolean
weir_tree_check_size(gsize length, const char *file, WeirDiagnostics *diagnostics)
{
  if (length <= WEIR_TREE_MAX_BYTES)
    return TRUE;
  weir_diagnostics_error(diagnostics, weir_position(file, 0, 0), "larger than the limit of %u MiB",
                         WEIR_TREE_MAX_BYTES >> 20);
  return FALSE;
}

const char *
weir_tree_bad_byte(const char *text, gsize length)
{
  const char *bad;
  return g_utf8_validate_len(text, length, &bad) ? NULL : bad;
}

void
weir_tree_refuse_byte(const char *start, const char *end, const char *bad, WeirPosition position,
                      WeirDiagnostics *diagnostics)
{
  if (*bad == '\0') {
    weir_diagnostics_error(diagnostics, position, "a NUL byte; a text file holds none");
    return;
  }
  gboolean is_utf16 = bad == start && end - bad >= 2 && ((guchar)bad[0] ^ (guchar)bad[1]) == 1;
  weir_diagnostic_hint(
      weir_diagnostics_error(diagnostics, position, "invalid UTF-8 (byte 0x%02x)", (guchar)*bad),
      is_utf16 ? "this looks like UTF-16; save the file as UTF-8" : "save the file as UTF-8");
}

WeirPosition
weir_tree_position(const char *text, const char *at, const char *file)
{
  guint line = 1, column = 1;

  for (const char *p = text; p < at; p++) {
    if (*p == '\n' || (*p == '\r' && p[1] != '\n')) {
      line++;
      column = 1;
    } else if (((guchar)*p & 0xc0) != 0x80) { /* not the continuation of a character */
      column++;
    }
  }
  return weir_position(file, line, column);
}
