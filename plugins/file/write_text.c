/* SPDX-License-Identifier: MIT */
/* Writes one text column, a line a record; and the text of single values for all formats. */
#include "config.h"

#include "base/value_write.h"
#include "write_format.h"

#include <math.h>

static int
put_bytes(struct writer *writer, weir_text bytes)
{
  while (bytes.len) {
    gint state = 0, save = 0;
    gsize n = (gsize)MIN(bytes.len, 3 << 12); /* whole groups of three: no padding but at the end */
    char *out = sink_room(writer->sink, n / 3 * 4 + 16);
    gsize written = g_base64_encode_step((const guchar *)bytes.data, n, FALSE, out, &state, &save);
    written += g_base64_encode_close(FALSE, out + written, &state, &save);
    sink_advance(writer->sink, out + written);
    bytes.data += n;
    bytes.len -= (int64_t)n;
  }
  return 0;
}

static char *
put_word(char *out, const char *word)
{
  size_t n = strlen(word);
  memcpy(out, word, n);
  return out + n;
}

static char *
put_real(char *out, double value, bool narrow)
{
  if (isnan(value))
    return put_word(out, "NaN");
  if (isinf(value))
    return put_word(out, value < 0 ? "-inf" : "inf");
  return narrow ? weir_value_write_f32(out, (float)value) : weir_value_write_f64(out, value);
}

int
write_scalar(struct writer *writer, const struct write_column *column, int64_t row)
{
  const weir_column *view = &column->view;
  char *out;
  if (view->type == WEIR_BINARY)
    return put_bytes(writer, weir_get_text(view, row));
  out = sink_room(writer->sink, WEIR_VALUE_ROOM);
  switch (view->type) {
  case WEIR_BOOL:
    out = put_word(out, weir_get_bool(view, row) ? "true" : "false");
    break;
  case WEIR_F32:
  case WEIR_F64:
    out = put_real(out, weir_get_number(view, row), view->type == WEIR_F32);
    break;
  case WEIR_U64:
    out = weir_value_write_u64(out, ((const uint64_t *)view->values)[row]);
    break;
  case WEIR_TIMESTAMP:
    out = weir_value_write_timestamp(out, weir_get_integer(view, row));
    if (!out)
      return write_fail(writer, row,
                        "column \"%s\" holds a time outside of the years 1 to 9999, for which there is "
                        "no text",
                        column->name);
    break;
  default:
    out = weir_value_write_i64(out, weir_get_integer(view, row));
  }
  sink_advance(writer->sink, out);
  return 0;
}

/* --- Plain text ------------------------------------------------------------------------------------------ */

static int
begin(struct writer *writer)
{
  if (writer->n_columns == 1 && writer->columns[0].view.type == WEIR_UTF8)
    return 0;
  if (writer->n_columns == 1)
    return write_fail(writer, -1, "plain text is written from a column of type utf8, which \"%s\" is not",
                      writer->columns[0].name);
  return write_fail(writer, -1,
                    "plain text is written from one column, and there are %u; name it in \"column\"",
                    writer->n_columns);
}

static int
rows(struct writer *writer, int64_t n_rows)
{
  const weir_column *view = &writer->columns[0].view;
  for (int64_t row = 0; row < n_rows; row++) {
    weir_text text = weir_is_null(view, row) ? (weir_text){"", 0} : weir_get_text(view, row);
    sink_put(writer->sink, text.data, (size_t)text.len);
    sink_byte(writer->sink, '\n');
  }
  return 0;
}

static int
end(struct writer *writer)
{
  (void)writer;
  return 0;
}

const struct write_format write_text = {.name = "text", .begin = begin, .rows = rows, .end = end};
