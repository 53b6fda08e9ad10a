/* SPDX-License-Identifier: MIT */
/* Checks and decodes the escapes of JSON strings (RFC 8259, section 7). */
#include "json_string.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Four hexadecimal digits, or -1. */
static int
hex4(const char *text)
{
  int value = 0;
  for (int i = 0; i < 4; i++) {
    int digit = g_ascii_xdigit_value(text[i]);
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

static inline bool
is_high_surrogate(int code)
{
  return code >= 0xd800 && code < 0xdc00;
}

static inline bool
is_low_surrogate(int code)
{
  return code >= 0xdc00 && code < 0xe000;
}

/* What a letter behind a backslash stands for; 0: nothing. */
static const char short_escape[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

const char *
json_escape_check(const char *escape, size_t *used)
{
  *used = 2;
  if (short_escape[(uint8_t)escape[1]])
    return NULL;
  if (escape[1] != 'u')
    return "unknown escape in a string; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four digits";
  int code = hex4(escape + 2);
  if (code < 0)
    return "\\u wants four hexadecimal digits";
  *used = 6;
  if (is_low_surrogate(code))
    return "half of a surrogate pair: \\udc00 to \\udfff come only after \\ud800 to \\udbff";
  if (!is_high_surrogate(code))
    return NULL;
  *used = 12;
  if (escape[6] == '\\' && escape[7] == 'u' && is_low_surrogate(hex4(escape + 8)))
    return NULL;
  return "half of a surrogate pair: after \\ud800 to \\udbff comes one of \\udc00 to \\udfff";
}

size_t
json_escape_decode(const char *escape, size_t *used, char *out)
{
  *used = 2;
  if (escape[1] != 'u') {
    *out = short_escape[(uint8_t)escape[1]];
    return 1;
  }
  gunichar code = (gunichar)hex4(escape + 2);
  *used = 6;
  if (is_high_surrogate((int)code)) {
    code = 0x10000 + ((code - 0xd800) << 10) + ((gunichar)hex4(escape + 8) - 0xdc00);
    *used = 12;
  }
  return (size_t)g_unichar_to_utf8(code, out);
}
