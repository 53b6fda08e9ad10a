/* SPDX-License-Identifier: MIT */
/* The fast loop of CSV: copies and converts what lies between the field ends of the index, and leaves to the
 * reader of one record (csv_record.c) whatever it does not expect. */
#include "config.h"

#include "base/value_parse.h"
#include "csv_parse.h"

/* Room for a text, and for the 32 bytes by which copies may go beyond its end. */
static inline bool
text_room(weir_builder *b, int64_t len)
{
  return (b->capacity > b->length && b->byte_capacity - b->n_bytes >= len + 32) || !b->grow(b, 1, len + 32);
}

static inline void
end_text(weir_builder *b, int64_t len)
{
  b->n_bytes += len;
  weir_builder_count(b);
  b->offsets[b->length] = (int32_t)b->n_bytes;
}

/* Copy in steps of 32 bytes; up to 31 more are read and written. */
static inline void
copy_wide(char *to, const char *from, int64_t len)
{
  int64_t k = 0;
  do {
    memcpy(to + k, from + k, 32);
    k += 32;
  } while (k < len);
}

static inline bool
put_plain(weir_builder *b, const char *from, int64_t len)
{
  if (!text_room(b, len))
    return false;
  copy_wide(b->bytes + b->n_bytes, from, len);
  end_text(b, len);
  return true;
}

/* A field in quotes: `from` is behind the opening one, `len` without both. Doubled quotes become one, line
 * ends are counted. */
static bool
put_quoted(weir_builder *b, const char *from, int64_t len, char quote, uint64_t *lines)
{
  const char *end = from + len;
  char *to, *start;
  if (!text_room(b, len))
    return false;
  start = to = b->bytes + b->n_bytes;
  while (from < end) {
    const char *doubled = memchr(from, quote, (size_t)(end - from));
    int64_t n = (doubled ? doubled + 1 : end) - from;
    copy_wide(to, from, n);
    to += n;
    from += n + (doubled != NULL);
  }
  *lines += csv_count_lines(start, (size_t)(to - start));
  end_text(b, to - start);
  return true;
}

static inline bool
put_i64(weir_builder *b, const char *text, int64_t len, char zero)
{
  int64_t value;
  if (len > 1 && (*text == zero || *text == '+'))
    return false;
  if (weir_value_parse_i64(text, (size_t)len, &value) || weir_room(b, 1, 0))
    return false;
  ((int64_t *)b->values)[b->length] = value;
  weir_builder_count(b);
  return true;
}

static inline bool
put_f64(weir_builder *b, const char *text, int64_t len)
{
  double value;
  if (weir_value_parse_f64(text, (size_t)len, &value) || weir_room(b, 1, 0))
    return false;
  ((double *)b->values)[b->length] = value;
  weir_builder_count(b);
  return true;
}

static bool
put_slow(struct csv_parser *p, const struct csv_target *f, weir_builder *b, const char *text, int64_t len,
         bool quoted)
{
  struct csv_field field = {text, (size_t)len, quoted};
  return csv_put(&p->columns[f->column], b, &field, p->options) == CSV_PUT;
}

static inline bool
put_field(struct csv_parser *p, const struct csv_target *f, weir_builder *b, const char *text, int64_t len,
          uint64_t *lines)
{
  bool quoted = len && *text == p->dialect.quote;
  if (quoted && f->way == WAY_TEXT)
    return put_quoted(b, text + 1, len - 2, p->dialect.quote, lines);
  if (quoted) {
    text++;
    len -= 2;
    if (memchr(text, p->dialect.quote, (size_t)len))
      return false;
  }
  switch (f->way) {
  case WAY_TEXT:
    return put_plain(b, text, len);
  case WAY_INTEGER:
    return put_i64(b, text, len, f->zero) || (!len && put_slow(p, f, b, text, len, quoted));
  case WAY_REAL:
    return put_f64(b, text, len) || (!len && put_slow(p, f, b, text, len, quoted));
  default:
    return memchr(text, '\n', (size_t)len) == NULL && memchr(text, '\r', (size_t)len) == NULL &&
           put_slow(p, f, b, text, len, quoted);
  }
}

int64_t
csv_read_fast(struct csv_parser *p, const char *data, int64_t at, const uint32_t *ends,
              struct format_batch *batch, uint64_t *lines)
{
  uint32_t last = p->n_fields - 1;
  for (uint32_t k = 0; k <= last; k++) {
    const struct csv_target *f = &p->fields[k];
    int64_t end = p->origin + ends[k];
    if ((data[end] == p->dialect.delimiter) == (k == last))
      return -1;
    if (!put_field(p, f, batch->columns[f->column], data + at, end - at, lines))
      return -1;
    at = end + 1;
  }
  return at;
}
