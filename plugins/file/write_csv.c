/* SPDX-License-Identifier: MIT */
/* Writes records as CSV (RFC 4180) or TSV, quoting only what has to be quoted. */
#include "config.h"

#include "base/value_write.h"
#include "write_format.h"

#include <math.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* True if a field cannot stand as it is: a delimiter, a quote or a line end is in it. */
static bool
is_special(const struct write_options *o, const char *text, size_t len)
{
  size_t k = 0;
  char quote = o->quote ? o->quote : o->delimiter;
#ifdef __SSE2__
  const __m128i delimiters = _mm_set1_epi8(o->delimiter), quotes = _mm_set1_epi8(quote);
  const __m128i newline = _mm_set1_epi8('\n'), carriage_return = _mm_set1_epi8('\r');
  for (; len - k >= 16; k += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(text + k));
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiters), _mm_cmpeq_epi8(bytes, quotes));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, newline));
    if (_mm_movemask_epi8(_mm_or_si128(found, _mm_cmpeq_epi8(bytes, carriage_return))))
      return true;
  }
#endif
  for (; k < len; k++)
    if (text[k] == o->delimiter || text[k] == quote || text[k] == '\n' || text[k] == '\r')
      return true;
  return false;
}

static void
put_quoted(struct writer *writer, const char *text, size_t len)
{
  struct sink *sink = writer->sink;
  char quote = writer->options.quote;
  sink_byte(sink, quote);
  while (len) {
    const char *next = memchr(text, quote, len);
    size_t n = next ? (size_t)(next - text) + 1 : len;
    sink_put(sink, text, n);
    if (next)
      sink_byte(sink, quote);
    text += n;
    len -= n;
  }
  sink_byte(sink, quote);
}

/* A text that is no null. An empty one is quoted, and one that reads as null: both would be taken for it. */
static int
put_text(struct writer *writer, const struct write_column *column, int64_t row, const char *text, size_t len)
{
  const struct write_options *o = &writer->options;
  bool special = is_special(o, text, len);
  if (!o->quote && special)
    return write_fail(
        writer, row,
        "column \"%s\" holds a delimiter or a line break, which cannot be written without quotes; "
        "set \"quote\", or write another format",
        column->name);
  if (special || (o->quote && (len == 0 || (len == strlen(o->null) && !memcmp(text, o->null, len)))))
    put_quoted(writer, text, len);
  else
    sink_put(writer->sink, text, len);
  return 0;
}

/* Lists, vectors and structs are written as JSON. */
static int
put_nested(struct writer *writer, const struct write_column *column, int64_t row)
{
  struct sink *file = writer->sink, *text = sink_memory();
  writer->sink = text;
  int result = write_json_value(writer, column, row, 0);
  writer->sink = file;
  if (!result)
    result = put_text(writer, column, row, text->start, (size_t)(text->at - text->start));
  sink_free(text);
  return result;
}

static int
put_field(struct writer *writer, const struct write_column *column, int64_t row)
{
  const struct write_options *o = &writer->options;
  if (weir_is_null(&column->view, row)) {
    sink_put(writer->sink, o->null, strlen(o->null));
    return 0;
  }
  switch (column->view.type) {
  case WEIR_UTF8: {
    weir_text text = weir_get_text(&column->view, row);
    return put_text(writer, column, row, text.data, (size_t)text.len);
  }
  case WEIR_LIST:
  case WEIR_FIXED:
  case WEIR_STRUCT:
    return put_nested(writer, column, row);
  default:
    return write_scalar(writer, column, row);
  }
}

/* A record whose one field is written as nothing would be a blank line, which readers skip. */
static void
fill_blank(struct writer *writer, uint64_t before)
{
  if (writer->options.quote && sink_bytes(writer->sink) == before) {
    sink_byte(writer->sink, writer->options.quote);
    sink_byte(writer->sink, writer->options.quote);
  }
}

static int
rows(struct writer *writer, int64_t n_rows)
{
  const struct write_options *o = &writer->options;
  size_t line_end = strlen(o->line_end);
  for (int64_t row = 0; row < n_rows; row++) {
    uint64_t before = writer->n_columns == 1 ? sink_bytes(writer->sink) : 0;
    for (uint32_t k = 0; k < writer->n_columns; k++) {
      if (k)
        sink_byte(writer->sink, o->delimiter);
      if (put_field(writer, &writer->columns[k], row))
        return -1;
    }
    if (writer->n_columns == 1)
      fill_blank(writer, before);
    sink_put(writer->sink, o->line_end, line_end);
  }
  return 0;
}

/* Members of structs need their keys, as they are written as JSON: so the JSON format begins, too. */
static int
begin(struct writer *writer)
{
  const struct write_options *o = &writer->options;
  if (write_json.begin(writer))
    return -1;
  if (!o->header)
    return 0;
  for (uint32_t k = 0; k < writer->n_columns; k++) {
    const struct write_column *column = &writer->columns[k];
    if (k)
      sink_byte(writer->sink, o->delimiter);
    if (put_text(writer, column, -1, column->name, strlen(column->name)))
      return -1;
  }
  sink_put(writer->sink, o->line_end, strlen(o->line_end));
  return 0;
}

static int
end(struct writer *writer)
{
  (void)writer;
  return 0;
}

const struct write_format write_csv = {.name = "csv", .begin = begin, .rows = rows, .end = end};
