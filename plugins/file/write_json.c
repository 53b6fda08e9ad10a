/* SPDX-License-Identifier: MIT */
/* Writes records as JSON Lines, as a JSON array, or one record as a JSON object. */
#include "config.h"

#include "base/value_write.h"
#include "write_format.h"

#include <math.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* --- Strings --------------------------------------------------------------------------------------------- */

/* The letter behind the backslash; 'u' where there is none of its own; 0 for bytes that need no escape. */
static const char escapes[256] = {
    [0 ... 7] = 'u', ['\b'] = 'b', ['\t'] = 't',          ['\n'] = 'n', [0x0b] = 'u',
    ['\f'] = 'f',    ['\r'] = 'r', [0x0e ... 0x1f] = 'u', ['"'] = '"',  ['\\'] = '\\'};

static char *
put_escape(char *out, uint8_t byte)
{
  static const char digits[] = "0123456789abcdef";
  *out++ = '\\';
  *out++ = escapes[byte];
  if (escapes[byte] == 'u') {
    memcpy(out, "00", 2);
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    out += 4;
  }
  return out;
}

/* Copy and escape; room for 6 bytes each and 16 more is there. */
static char *
put_escaped(char *out, const char *text, size_t len)
{
  size_t k = 0;
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'),
                last_control = _mm_set1_epi8(0x1f);
  while (len - k >= 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(text + k));
    __m128i bad = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    unsigned mask = (unsigned)_mm_movemask_epi8(bad);
    _mm_storeu_si128((__m128i *)out, bytes);
    unsigned n = mask ? (unsigned)__builtin_ctz(mask) : 16;
    k += n;
    out += n;
    if (mask)
      out = put_escape(out, (uint8_t)text[k++]);
  }
#endif
  for (; k < len; k++) {
    if (escapes[(uint8_t)text[k]])
      out = put_escape(out, (uint8_t)text[k]);
    else
      *out++ = text[k];
  }
  return out;
}

void
write_json_string(struct sink *sink, const char *text, size_t len)
{
  const size_t piece = 16 << 10;
  sink_byte(sink, '"');
  do {
    size_t n = MIN(len, piece);
    sink_advance(sink, put_escaped(sink_room(sink, 6 * n + 16), text, n));
    text += n;
    len -= n;
  } while (len);
  sink_byte(sink, '"');
}

/* --- Values ---------------------------------------------------------------------------------------------- */

static void
new_line(struct sink *sink, unsigned indent)
{
  size_t spaces = 2 * (size_t)indent;
  char *out = sink_room(sink, 1 + spaces);
  *out++ = '\n';
  memset(out, ' ', spaces);
  sink_advance(sink, out + spaces);
}

static int
put_members(struct writer *writer, const struct write_column *members, uint32_t n, int64_t row,
            unsigned indent)
{
  struct sink *sink = writer->sink;
  sink_byte(sink, '{');
  for (uint32_t k = 0; k < n; k++) {
    if (k)
      sink_byte(sink, ',');
    if (indent)
      new_line(sink, indent);
    sink_put(sink, members[k].prefix, members[k].prefix_len);
    if (write_json_value(writer, &members[k], row, indent))
      return -1;
  }
  if (indent && n)
    new_line(sink, indent - 1);
  sink_byte(sink, '}');
  return 0;
}

static bool
is_nested(weir_type type)
{
  return type == WEIR_STRUCT || type == WEIR_LIST || type == WEIR_FIXED;
}

/* Items of a list stand in one line, unless they are lists or objects and the file is to be looked at. */
static int
put_items(struct writer *writer, const struct write_column *item, int64_t from, int64_t to, unsigned indent)
{
  struct sink *sink = writer->sink;
  bool broken = indent && is_nested(item->view.type) && from < to;
  sink_byte(sink, '[');
  for (int64_t k = from; k < to; k++) {
    if (k > from)
      sink_byte(sink, ',');
    if (broken)
      new_line(sink, indent);
    else if (indent && k > from)
      sink_byte(sink, ' ');
    if (write_json_value(writer, item, k, indent))
      return -1;
  }
  if (broken)
    new_line(sink, indent - 1);
  sink_byte(sink, ']');
  return 0;
}

static void
put_real(struct writer *writer, double value, bool narrow)
{
  char *out = sink_room(writer->sink, WEIR_VALUE_ROOM);
  if (!isfinite(value)) {
    memcpy(out, "null", 4);
    out += 4;
    writer->not_finite++;
  } else {
    out = narrow ? weir_value_write_f32(out, (float)value) : weir_value_write_f64(out, value);
  }
  sink_advance(writer->sink, out);
}

static void
put_vector(struct writer *writer, const weir_column *column, int64_t row, bool spaces)
{
  const float *vector = weir_get_vector(column, row);
  sink_byte(writer->sink, '[');
  for (int32_t k = 0; k < column->width; k++) {
    if (k)
      sink_put(writer->sink, ", ", spaces ? 2 : 1);
    put_real(writer, (double)vector[k], true);
  }
  sink_byte(writer->sink, ']');
}

int
write_json_value(struct writer *writer, const struct write_column *column, int64_t row, unsigned indent)
{
  const weir_column *view = &column->view;
  struct sink *sink = writer->sink;
  weir_text text;
  if (weir_is_null(view, row)) {
    sink_put(sink, "null", 4);
    return 0;
  }
  switch (view->type) {
  case WEIR_UTF8:
    text = weir_get_text(view, row);
    write_json_string(sink, text.data, (size_t)text.len);
    return 0;
  case WEIR_F32:
  case WEIR_F64:
    put_real(writer, weir_get_number(view, row), view->type == WEIR_F32);
    return 0;
  case WEIR_LIST:
    return put_items(writer, column->children, view->offsets[row], view->offsets[row + 1],
                     indent ? indent + 1 : 0);
  case WEIR_FIXED:
    put_vector(writer, view, row, indent);
    return 0;
  case WEIR_STRUCT:
    return put_members(writer, column->children, column->n_children, row, indent ? indent + 1 : 0);
  case WEIR_TIMESTAMP:
  case WEIR_BINARY:
    sink_byte(sink, '"');
    if (write_scalar(writer, column, row))
      return -1;
    sink_byte(sink, '"');
    return 0;
  default:
    return write_scalar(writer, column, row);
  }
}

/* --- Files ----------------------------------------------------------------------------------------------- */

/* `"name":` of each column and member, made once. */
static void
make_prefixes(struct write_column *columns, uint32_t n, bool pretty)
{
  struct sink *text = sink_memory();
  for (uint32_t k = 0; k < n; k++) {
    text->at = text->start;
    write_json_string(text, columns[k].name, strlen(columns[k].name));
    sink_put(text, ": ", pretty ? 2 : 1);
    columns[k].prefix_len = (size_t)(text->at - text->start);
    columns[k].prefix = g_memdup2(text->start, columns[k].prefix_len);
    make_prefixes(columns[k].children, columns[k].n_children, pretty);
  }
  sink_free(text);
}

static int
begin(struct writer *writer)
{
  make_prefixes(writer->columns, writer->n_columns, writer->options.pretty);
  return 0;
}

static int
rows_of_lines(struct writer *writer, int64_t n_rows)
{
  for (int64_t row = 0; row < n_rows; row++) {
    if (put_members(writer, writer->columns, writer->n_columns, row, 0))
      return -1;
    sink_byte(writer->sink, '\n');
  }
  return 0;
}

static int
rows(struct writer *writer, int64_t n_rows)
{
  const struct write_options *o = &writer->options;
  if (o->lines)
    return rows_of_lines(writer, n_rows);
  if (o->single && writer->records + (uint64_t)n_rows > 1)
    return write_fail(writer, -1,
                      "\"single\" writes one record as an object, but more than one has come; leave it "
                      "out to write an array");
  for (int64_t row = 0; row < n_rows; row++) {
    if (!o->single) {
      sink_put(writer->sink, writer->records + (uint64_t)row ? ",\n" : "[\n", 2);
      sink_put(writer->sink, "  ", o->pretty ? 2 : 0);
    }
    if (put_members(writer, writer->columns, writer->n_columns, row, o->pretty ? 1 + !o->single : 0))
      return -1;
  }
  return 0;
}

static int
end(struct writer *writer)
{
  const struct write_options *o = &writer->options;
  if (o->lines)
    return 0;
  if (o->single && writer->records == 0)
    return write_fail(writer, -1,
                      "\"single\" writes one record as an object, but none has come; leave it out to "
                      "write an empty array");
  if (o->single)
    sink_put(writer->sink, "\n", 1);
  else
    sink_put(writer->sink, writer->records ? "\n]\n" : "[]\n", 3);
  return 0;
}

const struct write_format write_json = {.name = "json", .begin = begin, .rows = rows, .end = end};
