/* SPDX-License-Identifier: MIT */
/* Reads CSV a record at a time, byte by byte: the definition of what file.read takes for CSV. */
#include "config.h"

#include "csv_record.h"

#include "utf8.h"

struct scan {
  struct csv_record *record;
  const char *data;
  size_t at, len, start; /* start: of the record */
  bool final;
  struct csv_dialect dialect;
  size_t used;     /* of record->text */
  size_t bad;      /* first byte that is wrong, or len */
  const char *why; /* what is wrong with it */
};

/* LF in data[0..len), eight bytes at a time. */
static uint64_t
count_lf(const char *data, size_t len)
{
  const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), ones = UINT64_C(0x0101010101010101);
  uint64_t lines = 0;
  size_t k = 0;
  for (; k + 8 <= len; k += 8) {
    uint64_t word;
    memcpy(&word, data + k, 8);
    word ^= ones * '\n';
    word = ~(((word & low) + low) | word | low) >> 7; /* 1 in each byte that was an LF */
    lines += (word * ones) >> 56;
  }
  for (; k < len; k++)
    lines += data[k] == '\n';
  return lines;
}

uint64_t
csv_count_lines(const char *data, size_t len)
{
  uint64_t lines = count_lf(data, len);
  const char *end = data + len, *cr = data;
  while ((cr = memchr(cr, '\r', (size_t)(end - cr)))) {
    cr++;
    lines += cr == end || *cr != '\n';
  }
  return lines;
}

static bool
ends_line(char c)
{
  return c == '\n' || c == '\r';
}

static void
note_bad(struct scan *s, size_t at, const char *why)
{
  if (at < s->bad) {
    s->bad = at;
    s->why = why;
  }
}

static void
add_field(struct scan *s, const char *data, size_t len, bool quoted)
{
  struct csv_record *r = s->record;
  if (r->n == r->capacity) {
    r->capacity = r->capacity ? r->capacity * 2 : 32;
    r->fields = g_renew(struct csv_field, r->fields, r->capacity);
  }
  r->fields[r->n++] = (struct csv_field){data, len, quoted};
}

/* Copy a quoted field with each doubled quote made one. The memory holds the whole record: it never moves. */
static const char *
unquote(struct scan *s, const char *from, size_t len, size_t *length)
{
  char *to = s->record->text + s->used;
  size_t n = 0;
  for (size_t k = 0; k < len; k++) {
    to[n++] = from[k];
    k += from[k] == s->dialect.quote;
  }
  s->used += n;
  *length = n;
  return to;
}

/* The end of a quoted field, whose opening quote was read: its closing quote. len: it is not there. */
static size_t
find_closing(const struct scan *s, bool *doubled)
{
  size_t at = s->at;
  *doubled = false;
  while (at < s->len) {
    const char *quote = memchr(s->data + at, s->dialect.quote, s->len - at);
    if (!quote)
      return s->len;
    at = (size_t)(quote - s->data);
    if (at + 1 < s->len && s->data[at + 1] == s->dialect.quote) {
      *doubled = true;
      at += 2;
      continue;
    }
    return at + 1 == s->len && !s->final ? s->len : at;
  }
  return s->len;
}

static void
skip_plain(struct scan *s)
{
  while (s->at < s->len && s->data[s->at] != s->dialect.delimiter && !ends_line(s->data[s->at]))
    s->at++;
}

/* Read a field up to its end. False: the text ends before it does. */
static bool
read_field(struct scan *s)
{
  size_t start = s->at, end, len;
  bool doubled;
  const char *field;
  if (!s->dialect.quote || s->at == s->len || s->data[s->at] != s->dialect.quote) {
    skip_plain(s);
    add_field(s, s->data + start, s->at - start, false);
    return true;
  }
  s->at++;
  end = find_closing(s, &doubled);
  if (end == s->len) {
    s->at = start;
    return false;
  }
  field = s->data + start + 1;
  len = end - start - 1;
  if (doubled) {
    if (s->record->text_size < s->len - s->start + FORMAT_PADDING) {
      g_assert(!s->used);
      s->record->text_size = s->len - s->start + FORMAT_PADDING;
      s->record->text = g_realloc(s->record->text, s->record->text_size);
    }
    field = unquote(s, field, len, &len);
  }
  add_field(s, field, len, true);
  s->at = end + 1;
  if (s->at < s->len && s->data[s->at] != s->dialect.delimiter && !ends_line(s->data[s->at])) {
    note_bad(s, s->at, "text stands behind a closing quote; a quote within a quoted field is written twice");
    skip_plain(s);
  }
  return true;
}

/* The line, and the place in it, of a byte of the record. */
static void
locate(const struct scan *s, size_t at, uint64_t first_line, uint64_t *line, uint64_t *byte)
{
  size_t begin = at;
  *line = first_line + csv_count_lines(s->data + s->start, at - s->start);
  while (begin > s->start && !ends_line(s->data[begin - 1]))
    begin--;
  *byte = at - begin + 1;
}

static enum csv_found
fail_at(const struct scan *s, enum csv_found found, size_t at, const char *why, struct format_error *error)
{
  uint64_t line, byte;
  locate(s, at, s->record->line, &line, &byte);
  format_fail(error, line, byte, "%s", why);
  return found;
}

/* The fields of a record, up to its line end. */
static enum csv_found
read_fields(struct scan *s, struct format_error *error)
{
  for (;;) {
    if (!read_field(s)) {
      if (!s->final)
        return CSV_CUT;
      return fail_at(s, CSV_BROKEN, s->at, "a quote is opened here and never closed", error);
    }
    if (s->at == s->len)
      return s->final ? CSV_RECORD : CSV_CUT;
    if (s->data[s->at] != s->dialect.delimiter)
      return CSV_RECORD;
    s->at++;
  }
}

/* Step over a line end. False: it may be cut between CR and LF. */
static bool
skip_line_end(struct scan *s)
{
  if (s->at == s->len)
    return true;
  if (s->data[s->at] == '\r' && s->at + 1 == s->len && !s->final)
    return false;
  s->at += s->data[s->at] == '\r' && s->at + 1 < s->len && s->data[s->at + 1] == '\n' ? 2 : 1;
  return true;
}

/* Bytes that no record may have. */
static void
check_bytes(struct scan *s, size_t end)
{
  const char *data = s->data + s->start;
  size_t len = end - s->start;
  const char *nul = memchr(data, 0, len);
  if (nul)
    note_bad(s, (size_t)(nul - s->data), "a NUL byte stands in the text");
  if (!utf8_valid(data, len))
    note_bad(s, s->start + utf8_find_invalid(data, len),
             "the text is not valid UTF-8; convert the file, as with \"iconv -f latin1 -t utf-8\"");
}

enum csv_found
csv_record_read(struct csv_record *record, const char *data, size_t len, bool final, uint64_t line,
                struct csv_dialect dialect, struct format_error *error)
{
  struct scan s = {
      .record = record, .data = data, .len = len, .final = final, .dialect = dialect, .bad = len};
  enum csv_found found;
  size_t end;

  record->n = 0;
  while (s.at < len && ends_line(data[s.at])) {
    if (!skip_line_end(&s))
      return CSV_CUT;
    line++;
  }
  s.start = record->begin = record->end = s.at;
  record->line = line;
  record->consumed = s.at;
  record->next_line = line;
  if (s.at == len)
    return final ? CSV_NONE : CSV_CUT;
  found = read_fields(&s, error);
  if (found != CSV_RECORD)
    return found;
  end = record->end = s.at;
  if (!skip_line_end(&s))
    return CSV_CUT;
  check_bytes(&s, end);
  record->consumed = s.at;
  record->next_line = line + csv_count_lines(data + s.start, s.at - s.start);
  if (s.bad < len)
    return fail_at(&s, CSV_BAD, s.bad, s.why, error);
  return CSV_RECORD;
}

bool
csv_record_skip(struct csv_skip *s, const char *data, size_t len, bool final, struct csv_dialect dialect,
                size_t *consumed)
{
  for (size_t at = 0; at < len; at++) {
    char c = data[at];
    bool of_crlf = c == '\n' && s->after_cr;
    bool is_quote = dialect.quote && c == dialect.quote;
    *consumed = at + of_crlf;
    if (s->at == CSV_SKIP_CR)
      return true;
    s->after_cr = c == '\r';
    s->lines += ends_line(c) && !of_crlf;
    if (s->at == CSV_SKIP_QUOTED) {
      s->at = is_quote ? CSV_SKIP_QUOTE : CSV_SKIP_QUOTED;
    } else if (s->at == CSV_SKIP_QUOTE && is_quote) {
      s->at = CSV_SKIP_QUOTED;
    } else if (ends_line(c) && s->at != CSV_SKIP_BLANK) {
      s->at = CSV_SKIP_CR; /* or LF, which nothing may follow */
      *consumed = at + 1;
      if (c == '\n')
        return true;
    } else if (!ends_line(c)) {
      bool begins = s->at == CSV_SKIP_BLANK || s->at == CSV_SKIP_FIELD;
      s->at = c == dialect.delimiter ? CSV_SKIP_FIELD : begins && is_quote ? CSV_SKIP_QUOTED : CSV_SKIP_PLAIN;
    }
  }
  *consumed = len;
  return final && s->at != CSV_SKIP_QUOTED;
}

void
csv_record_clear(struct csv_record *record)
{
  g_free(record->fields);
  g_free(record->text);
  memset(record, 0, sizeof *record);
}
