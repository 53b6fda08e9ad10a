/* SPDX-License-Identifier: MIT */
/* Validates UTF-8: sixteen ASCII bytes at a time, other characters one by one. */
#include "core/utf8.h"
#include <string.h>

static inline guint64
load64(const guchar *at)
{
  guint64 v;
  memcpy(&v, at, sizeof v);
  return v;
}

static inline gboolean
is_tail(guchar c)
{
  return (c & 0xc0) == 0x80;
}

/* Length of the character at `p`, which does not begin with an ASCII byte; 0 if it is not valid. The ranges
 * of second bytes are those of RFC 3629, section 4. */
static inline gsize
character_length(const guchar *p, gsize left)
{
  guchar c = p[0];
  if (c < 0xc2 || c > 0xf4 || left < 2)
    return 0;
  if (c < 0xe0)
    return is_tail(p[1]) ? 2 : 0;
  if (left < 3)
    return 0;
  if (c < 0xf0) {
    guchar low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
    return p[1] >= low && p[1] <= high && is_tail(p[2]) ? 3 : 0;
  }
  if (left < 4)
    return 0;
  guchar low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
  return p[1] >= low && p[1] <= high && is_tail(p[2]) && is_tail(p[3]) ? 4 : 0;
}

gssize
weir_utf8_first_invalid(const char *text, gsize size)
{
  const guchar *begin = (const guchar *)text, *p = begin, *end = begin + size;
  while (p < end) {
    while (end - p >= 16 && ((load64(p) | load64(p + 8)) & G_GUINT64_CONSTANT(0x8080808080808080)) == 0)
      p += 16;
    while (p < end && *p < 0x80)
      p++;
    /* Where one character is not ASCII, the next often is not either. */
    while (p < end && *p >= 0x80) {
      gsize length = character_length(p, (gsize)(end - p));
      if (!length)
        return p - begin;
      p += length;
    }
  }
  return -1;
}
