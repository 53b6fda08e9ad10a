/* SPDX-License-Identifier: MIT */
/* Finds the records of JSON Lines and of JSON arrays in a stretch of bytes. */
#include "config.h"

#include "json_read.h"

#include <string.h>

#include "utf8.h"

#define LONGEST_STRETCH (UINT32_MAX - 256)

void
json_reader_begin(struct json_reader *reader)
{
  reader->line = 0;
  reader->bytes_of_line = 0;
  reader->n_records = 0;
  reader->place = JSON_BEFORE;
}

void
json_reader_clear(struct json_reader *reader)
{
  json_scan_clear(&reader->scan);
  g_clear_pointer(&reader->tail, g_free);
}

/* --- Stretches ------------------------------------------------------------------------------------------- */

/* Offsets of tokens have 32 bits: what is beyond is left for the next call. */
static void
begin_stretch(struct json_reader *reader, const char *data, size_t *len, bool *final)
{
  if (*len > LONGEST_STRETCH) {
    *len = LONGEST_STRETCH;
    *final = false;
  }
  json_scan_begin(&reader->scan, reader->lines);
  reader->walk.data = data;
  reader->checked = 0;
  reader->invalid = SIZE_MAX;
}

/* Scan one more window, and look whether it is UTF-8 as far as whole characters go. */
static bool
scan_more(struct json_reader *reader, size_t len)
{
  const char *data = reader->walk.data;
  if (!json_scan_more(&reader->scan, data, len))
    return false;
  size_t end = reader->scan.at;
  if (!reader->scan.ascii && reader->invalid == SIZE_MAX) {
    size_t back = 0;
    while (end < len && back < 3 && end - back > reader->checked &&
           ((uint8_t)data[end - back] & 0xc0) == 0x80)
      back++;
    end -= back;
    if (!utf8_valid(data + reader->checked, end - reader->checked))
      reader->invalid = reader->checked + utf8_find_invalid(data + reader->checked, end - reader->checked);
  }
  reader->checked = end;
  return true;
}

/* Hand the record whose first token is `token` to the function. */
static int
read_record(struct json_reader *reader, const uint32_t *token, uint64_t number)
{
  reader->walk.token = token;
  reader->walk.depth = 0;
  return reader->record(reader->data, &reader->walk, number);
}

/* What was said of a record that ends before `end` still holds if its bytes are UTF-8. */
static int
check_utf8(struct json_reader *reader, int result, size_t end)
{
  struct json_walk *walk = &reader->walk;
  if (G_LIKELY(reader->invalid >= end) || (result && reader->invalid > walk->bad_at))
    return result;
  return json_bad(walk, reader->invalid, "the byte 0x%02x is not valid UTF-8 here; convert the file to UTF-8",
                  (unsigned)(uint8_t)walk->data[reader->invalid]);
}

/* Count a record into the batch. True: the batch is full. */
static inline bool
count_record(struct format_batch *batch, uint64_t number, size_t bytes)
{
  if (batch->row)
    weir_put_u64(batch->row, batch->row_base + number);
  batch->rows++;
  batch->bytes += (int64_t)bytes;
  return batch->rows >= batch->max_rows || batch->bytes >= batch->max_bytes;
}

/* --- JSON Lines ------------------------------------------------------------------------------------------ */

/* Scan until there is a newline. Returns the number of tokens up to and with the last one, 0 at the end. */
static size_t
scan_lines(struct json_reader *reader, size_t len)
{
  struct json_scan *scan = &reader->scan;
  for (;;) {
    size_t before = scan->n_tokens, n;
    if (!scan_more(reader, len))
      return 0;
    for (n = scan->n_tokens; n > before; n--)
      if (reader->walk.data[scan->tokens[n - 1]] == '\n')
        return n;
  }
}

/* Read the line whose first token, no newline, is `token`. The walk then is at its newline, or it is bad. */
static int
read_line(struct json_reader *reader, const uint32_t *token)
{
  struct json_walk *walk = &reader->walk;
  char first = walk->data[*token];
  walk->token = token;
  if (first == '[')
    return json_bad(walk, *token,
                    "a line of JSON Lines holds one object, but an array begins here; for a file "
                    "that is an array, set \"format\" to \"json\"");
  if (first != '{' && !strcmp(json_value_name(first), "no value"))
    return json_unexpected(walk, "an object in braces");
  if (first != '{')
    return json_bad(walk, *token, "a line of JSON Lines holds one object, but here stands %s",
                    json_value_name(first));
  if (read_record(reader, token, reader->line + 1))
    return -1;
  if (json_peek(walk) != '\n')
    return json_bad(walk, *walk->token,
                    "something follows the object; every object stands on a line of its own");
  return 0;
}

/* A last line without a newline gets one, in a copy. */
static enum parse_status
read_tail(struct json_reader *reader, const char *data, size_t len, struct format_batch *batch,
          size_t *consumed, struct format_error *error)
{
  size_t used;
  reader->tail = g_realloc(reader->tail, len + 1 + FORMAT_PADDING);
  memcpy(reader->tail, data, len);
  memset(reader->tail + len, 0, 1 + FORMAT_PADDING);
  reader->tail[len] = '\n';
  enum parse_status status = json_reader_lines(reader, reader->tail, len + 1, false, batch, &used, error);
  *consumed += MIN(used, len);
  return status;
}

enum parse_status
json_reader_lines(struct json_reader *reader, const char *data, size_t len, bool final,
                  struct format_batch *batch, size_t *consumed, struct format_error *error)
{
  size_t next = 0, n_whole = 0; /* tokens that were read, and those of whole lines */
  begin_stretch(reader, data, &len, &final);
  *consumed = 0;
  for (;;) {
    if (next == n_whole) {
      json_scan_drop(&reader->scan, next);
      next = 0;
      n_whole = scan_lines(reader, len);
      if (n_whole == 0 && final && *consumed < len)
        return read_tail(reader, data + *consumed, len - *consumed, batch, consumed, error);
      if (n_whole == 0)
        return PARSE_MORE;
    }
    const uint32_t *tokens = reader->scan.tokens;
    size_t start = *consumed;
    if (data[tokens[next]] == '\n') {
      *consumed = tokens[next++] + 1;
      reader->line++;
      continue;
    }
    int result = read_line(reader, tokens + next);
    size_t end = result ? (size_t)((const char *)rawmemchr(data + start, '\n') - data) : *reader->walk.token;
    *consumed = end + 1;
    if (G_UNLIKELY(check_utf8(reader, result, end))) {
      format_fail(error, ++reader->line, reader->walk.bad_at - start + 1, "%s", reader->walk.bad);
      error->record = data + start;
      error->record_len = end - start - (end > start && data[end - 1] == '\r');
      return PARSE_BAD;
    }
    next = (size_t)(reader->walk.token - tokens) + 1;
    if (count_record(batch, ++reader->line, end + 1 - start))
      return PARSE_FULL;
  }
}

/* --- JSON ------------------------------------------------------------------------------------------------ */

static uint64_t
count_newlines(const char *data, size_t len)
{
  const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f), newlines = UINT64_C(0x0a0a0a0a0a0a0a0a);
  uint64_t n = 0, bytes;
  size_t at = 0;
  for (; at + sizeof bytes <= len; at += sizeof bytes) {
    memcpy(&bytes, data + at, sizeof bytes);
    bytes ^= newlines;
    n += (uint64_t)__builtin_popcountll(~(((bytes & low7) + low7) | bytes | low7)); /* bytes that are 0 */
  }
  for (; at < len; at++)
    n += data[at] == '\n';
  return n;
}

/* Fill the error with what stopped the walk. */
static enum parse_status
bad_record(struct json_reader *reader, bool in_record, enum parse_status status, struct format_error *error)
{
  const struct json_walk *walk = &reader->walk;
  size_t at = walk->bad_at;
  const char *newline = memrchr(walk->data, '\n', at);
  uint64_t line = reader->line + count_newlines(walk->data, at) + 1;
  uint64_t byte = newline ? (uint64_t)(walk->data + at - newline) : reader->bytes_of_line + at + 1;
  if (in_record)
    format_fail(error, line, byte, "record %" G_GUINT64_FORMAT ": %s", reader->n_records, walk->bad);
  else
    format_fail(error, line, byte, "%s", walk->bad);
  return status;
}

/* Scan until the value that begins with token `*first` is whole; tokens before it may be dropped. Returns the
 * number behind its last token, 0 if the stretch ends before. `*sound`: its brackets match; if they do not, the
 * last token is one too many. */
static size_t
scan_value(struct json_reader *reader, size_t len, size_t *first, bool *sound)
{
  struct json_scan *scan = &reader->scan;
  size_t next = *first;
  uint64_t braces = 0; /* of what is open: bit 0 the innermost, 1: an object */
  unsigned depth = 0;
  bool in_string = false;
  *sound = true;
  for (;;) {
    for (; next < scan->n_tokens; next++) {
      char c = reader->walk.data[scan->tokens[next]];
      if (c == '{' || c == '[') {
        *sound = ++depth <= JSON_MAX_DEPTH;
        braces = braces << 1 | (c == '{');
      } else if (c == '}' || c == ']') {
        *sound = depth > 0 && (braces & 1) == (c == '}');
        braces >>= 1;
        depth--;
      } else if (c == '"') {
        in_string = !in_string;
      }
      if (!*sound || (depth == 0 && !in_string))
        return next + 1;
    }
    json_scan_drop(scan, *first);
    next -= *first;
    *first = 0;
    if (!scan_more(reader, len))
      return 0;
  }
}

/* What comes at the token says where the file stands. 1: a record begins there; -1 after json_bad(). */
static int
step(struct json_reader *reader, const uint32_t *token)
{
  struct json_walk *walk = &reader->walk;
  char c = walk->data[*token];
  walk->token = token;
  switch (reader->place) {
  case JSON_BEFORE:
    if (c != '[' && c != '{')
      return json_bad(
          walk, *token, "a JSON file holds an array of objects, or objects; this one begins with %s",
          strcmp(json_value_name(c), "no value") ? json_value_name(c) : "something that is no JSON");
    reader->place = c == '[' ? JSON_FIRST : JSON_SEQUENCE;
    return c == '{';
  case JSON_SEQUENCE:
    return c == '{' ? 1 : json_unexpected(walk, "another object, or nothing,");
  case JSON_FIRST:
    if (c != ']')
      return 1;
    reader->place = JSON_AFTER;
    return 0;
  case JSON_WANTS_ITEM:
    return c == ']' || c == '}' || c == ',' ? json_unexpected(walk, "an object") : 1;
  case JSON_HAS_ITEM:
    if (c != ',' && c != ']')
      return json_unexpected(walk, "a comma or ]");
    reader->place = c == ',' ? JSON_WANTS_ITEM : JSON_AFTER;
    return 0;
  default:
    return json_unexpected(walk, "nothing");
  }
}

/* All that there is was read, but for a record that is not whole if `in_record`. */
static enum parse_status
end_of_stretch(struct json_reader *reader, bool final, size_t len, bool in_record, struct format_error *error)
{
  if (!final)
    return PARSE_MORE;
  if (in_record)
    reader->n_records++;
  if (in_record)
    json_bad(&reader->walk, len, "the file ends within this record");
  else if (reader->place == JSON_BEFORE)
    json_bad(&reader->walk, len, "the file is empty, which is not JSON; a file without records is []");
  else if (reader->place != JSON_SEQUENCE && reader->place != JSON_AFTER)
    json_bad(&reader->walk, len, "the file ends within its array, after record %" G_GUINT64_FORMAT,
             reader->n_records);
  else
    return PARSE_MORE;
  return bad_record(reader, in_record, PARSE_BROKEN, error);
}

/* Read the record of tokens next to `end`. */
static int
read_item(struct json_reader *reader, size_t next, size_t end)
{
  const uint32_t *tokens = reader->scan.tokens;
  struct json_walk *walk = &reader->walk;
  char first = walk->data[tokens[next]];
  int result;
  walk->token = tokens + next;
  reader->n_records++;
  if (reader->place != JSON_SEQUENCE)
    reader->place = JSON_HAS_ITEM;
  if (first == '{')
    result = read_record(reader, tokens + next, reader->n_records);
  else if (strcmp(json_value_name(first), "no value"))
    result = json_bad(walk, tokens[next], "the items of the array must be objects, but here stands %s",
                      json_value_name(first));
  else
    result = json_unexpected(walk, "an object");
  return check_utf8(reader, result, tokens[end - 1] + 1);
}

static enum parse_status
read_items(struct json_reader *reader, size_t len, bool final, struct format_batch *batch, size_t *consumed,
           struct format_error *error)
{
  struct json_scan *scan = &reader->scan;
  const char *data = reader->walk.data;
  size_t next = 0;
  for (;;) {
    if (next == scan->n_tokens) {
      json_scan_drop(scan, next);
      next = 0;
      if (!scan_more(reader, len)) {
        *consumed = len; /* what is left is white space */
        return end_of_stretch(reader, final, len, false, error);
      }
      continue;
    }
    size_t start = scan->tokens[next];
    if (start < *consumed) { /* within the nonsense that was passed over */
      next++;
      continue;
    }
    int begins = step(reader, scan->tokens + next);
    if (begins < 0)
      return bad_record(reader, false, PARSE_BROKEN, error);
    if (begins == 0) {
      next++;
      *consumed = start + 1;
      continue;
    }
    bool sound;
    size_t first = next;
    next = scan_value(reader, len, &first, &sound);
    if (next == 0)
      return end_of_stretch(reader, final, len, true, error);
    size_t end = scan->tokens[next - 1] + 1;
    if (!memchr("{[\"", data[start], 3)) /* no strchr(): it finds a NUL, too */
      while (end < len && !json_ends_scalar[(uint8_t)data[end]])
        end++;
    if (end == len && !final && !memchr("}]\"", data[end - 1], 3))
      return end_of_stretch(reader, final, len, true, error); /* a number may go on */
    *consumed = end;
    if (read_item(reader, first, next)) {
      error->record = data + start;
      error->record_len = end - start;
      return bad_record(reader, true, sound ? PARSE_BAD : PARSE_BROKEN, error);
    }
    if (count_record(batch, reader->n_records, end - start))
      return PARSE_FULL;
  }
}

enum parse_status
json_reader_array(struct json_reader *reader, const char *data, size_t len, bool final,
                  struct format_batch *batch, size_t *consumed, struct format_error *error)
{
  begin_stretch(reader, data, &len, &final);
  *consumed = 0;
  enum parse_status status = read_items(reader, len, final, batch, consumed, error);
  const char *newline = memrchr(data, '\n', *consumed);
  reader->line += count_newlines(data, *consumed);
  reader->bytes_of_line =
      newline ? (uint64_t)(data + *consumed - newline) - 1 : reader->bytes_of_line + *consumed;
  return status;
}
