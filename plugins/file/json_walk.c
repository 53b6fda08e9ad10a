/* SPDX-License-Identifier: MIT */
/* Steps over JSON values, token by token, and checks them. */
#include "json_walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json_string.h"
#include "reader.h"

const uint8_t json_ends_scalar[256] = {[' '] = 1, ['\t'] = 1, ['\r'] = 1, ['\n'] = 1, [','] = 1, [':'] = 1,
                                       ['{'] = 1, ['}'] = 1,  ['['] = 1,  [']'] = 1,  ['"'] = 1};

int
json_bad(struct json_walk *walk, size_t at, const char *text, ...)
{
  va_list args;
  va_start(args, text);
  vsnprintf(walk->bad, sizeof walk->bad, text, args);
  va_end(args);
  walk->bad_at = at;
  return -1;
}

const char *
json_value_name(char first)
{
  switch (first) {
  case '{':
    return "an object";
  case '[':
    return "an array";
  case '"':
    return "a string";
  case 't':
  case 'f':
    return "a boolean";
  case 'n':
    return "null";
  default:
    return first == '-' || (first >= '0' && first <= '9') ? "a number" : "no value";
  }
}

int
json_unexpected(struct json_walk *walk, const char *wanted)
{
  size_t at = *walk->token, len = 0;
  char quoted[100];
  if (walk->data[at] == '\n')
    return json_bad(walk, at, "the line ends where %s should stand", wanted);
  while (len < 20 && (len == 0 || !json_ends_scalar[(uint8_t)walk->data[at + len]]))
    len++;
  return json_bad(walk, at, "%s should stand here, not %s", wanted,
                  format_quote(walk->data + at, len, quoted));
}

int
json_take_word(struct json_walk *walk, const char *word, size_t len)
{
  const char *text = walk->data + *walk->token;
  if (strncmp(text, word, len) || !json_ends_scalar[(uint8_t)text[len]])
    return json_unexpected(walk, "a value");
  walk->token++;
  return 0;
}

/* --- Strings --------------------------------------------------------------------------------------------- */

/* A string that does not end with the next token: it has escapes, or is not well-formed. */
static int
take_escapes(struct json_walk *walk)
{
  for (;;) {
    size_t at = *walk->token, used;
    uint8_t byte = (uint8_t)walk->data[at];
    if (byte == '"')
      return 0;
    if (byte == '\n' || byte == '\r')
      return json_bad(walk, at,
                      "a string does not end in its line; a line break within it is written as \\n");
    if (byte != '\\')
      return json_bad(walk, at, "a string holds the control character U+%04X; write it as \\u%04x", byte,
                      byte);
    const char *why = json_escape_check(walk->data + at, &used);
    if (why)
      return json_bad(walk, at, "%s", why);
    walk->token += used > 6 ? 2 : 1; /* a surrogate pair is two escapes */
  }
}

int
json_take_string(struct json_walk *walk, size_t *start, size_t *len, const uint32_t **escapes)
{
  *start = (size_t)*walk->token++ + 1;
  *escapes = NULL;
  if (G_UNLIKELY(json_peek(walk) != '"')) {
    *escapes = walk->token;
    if (take_escapes(walk))
      return -1;
  }
  *len = *walk->token++ - *start;
  return 0;
}

size_t
json_decode_string(const struct json_walk *walk, size_t start, size_t len, const uint32_t *escapes, char *out)
{
  const char *from = walk->data + start, *end = from + len;
  char *to = out;
  while (from < end) {
    const char *escape = escapes && *escapes < start + len ? walk->data + *escapes : end;
    for (ptrdiff_t left = escape - from; left > 0; left -= 32, from += 32, to += 32)
      memcpy(to, from, 32);
    to += escape - from; /* back to where the run ended */
    if (escape == end)
      break;
    size_t used;
    to += json_escape_decode(escape, &used, to);
    from = escape + used;
    escapes += used > 6 ? 2 : 1;
  }
  return (size_t)(to - out);
}

/* --- Any value ------------------------------------------------------------------------------------------- */

static int
skip_string(struct json_walk *walk)
{
  size_t start, len;
  const uint32_t *escapes;
  return json_take_string(walk, &start, &len, &escapes);
}

static int
skip_key(struct json_walk *walk)
{
  if (json_peek(walk) != '"')
    return json_unexpected(walk, "a key in quotes");
  if (skip_string(walk))
    return -1;
  if (json_peek(walk) != ':')
    return json_unexpected(walk, "a colon");
  walk->token++;
  return 0;
}

static int
skip_items(struct json_walk *walk, char close)
{
  if (json_enter(walk))
    return -1;
  if (json_peek(walk) == close) {
    walk->token++;
    walk->depth--;
    return 0;
  }
  for (;;) {
    if ((close == '}' && skip_key(walk)) || json_skip(walk))
      return -1;
    char c = json_peek(walk);
    if (c == close)
      break;
    if (c != ',')
      return json_unexpected(walk, close == '}' ? "a comma or }" : "a comma or ]");
    walk->token++;
  }
  walk->token++;
  walk->depth--;
  return 0;
}

int
json_skip(struct json_walk *walk)
{
  struct json_number number;
  switch (json_peek(walk)) {
  case '"':
    return skip_string(walk);
  case '{':
    return skip_items(walk, '}');
  case '[':
    return skip_items(walk, ']');
  case 't':
    return json_take_word(walk, "true", 4);
  case 'f':
    return json_take_word(walk, "false", 5);
  case 'n':
    return json_take_word(walk, "null", 4);
  default:
    return json_take_number(walk, &number);
  }
}

size_t
json_compact(const char *data, const uint32_t *first, const uint32_t *end, char *out)
{
  char *to = out;
  while (first < end) {
    const char *from = data + *first++;
    size_t len = 1;
    if (*from == '"') {
      while (data[*first] != '"')
        first++;
      len = (size_t)(data + *first++ - from) + 1;
    } else if (!json_ends_scalar[(uint8_t)*from]) {
      while (!json_ends_scalar[(uint8_t)from[len]])
        len++;
    }
    memcpy(to, from, len);
    to += len;
  }
  return (size_t)(to - out);
}
