/* SPDX-License-Identifier: MIT */
/* What all formats share: errors, quoted texts, lists of columns, and taking rows back. */
#include "config.h"

#include "reader.h"

#include <stdarg.h>
#include <stdio.h>

/* Cut a text that does not fit at a character, never amid one. */
static void
end_at_character(char *text, size_t size, int wanted)
{
  size_t end;
  if (wanted < 0 || (size_t)wanted < size)
    return;
  end = size - 4;
  while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
    end--;
  memcpy(text + end, "...", 4);
}

int
format_fail(struct format_error *error, uint64_t line, uint64_t byte, const char *text, ...)
{
  va_list args;
  int n;
  error->line = line;
  error->byte = byte;
  va_start(args, text);
  n = vsnprintf(error->text, sizeof error->text, text, args);
  va_end(args);
  end_at_character(error->text, sizeof error->text, n);
  return -1;
}

/* Write one character of a quoted text; returns how many bytes of the input it took. */
static size_t
quote_character(const char *text, size_t len, char *out, size_t *used)
{
  unsigned char c = (unsigned char)*text;
  size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  if (c == '"' || c == '\\') {
    *used = (size_t)sprintf(out, "\\%c", c);
  } else if (c == '\n' || c == '\r' || c == '\t') {
    *used = (size_t)sprintf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
  } else if (c < 0x20 || c == 0x7f) {
    *used = (size_t)sprintf(out, "\\x%02x", c);
  } else if (n > len || !g_utf8_validate(text, (gssize)n, NULL)) {
    *used = (size_t)sprintf(out, "\\x%02x", c);
    return 1;
  } else {
    memcpy(out, text, n);
    *used = n;
  }
  return n;
}

const char *
format_quote(const char *text, size_t len, char out[100])
{
  size_t at = 1, i = 0;
  out[0] = '"';
  while (i < len && at < 62) {
    size_t used;
    i += quote_character(text + i, len - i, out + at, &used);
    at += used;
  }
  memcpy(out + at, i < len ? "...\"" : "\"", i < len ? 5 : 2);
  return out;
}

void
format_columns_add(struct format_columns *columns, const char *name, const char *type)
{
  columns->items = g_renew(struct format_column, columns->items, columns->n + 1);
  columns->items[columns->n].name = g_strdup(name);
  columns->items[columns->n].type = g_strdup(type);
  columns->n++;
}

int64_t
format_columns_find(const struct format_columns *columns, const char *name, size_t len)
{
  for (uint32_t k = 0; k < columns->n; k++)
    if (strlen(columns->items[k].name) == len && !memcmp(columns->items[k].name, name, len))
      return k;
  return -1;
}

void
format_columns_clear(struct format_columns *columns)
{
  for (uint32_t k = 0; k < columns->n; k++) {
    g_free(columns->items[k].name);
    g_free(columns->items[k].type);
  }
  g_free(columns->items);
  memset(columns, 0, sizeof *columns);
}

/* Zero the bits from `first` up to `end`: what a builder holds beyond its length has to be zero. */
static void
clear_bits(uint8_t *bits, int64_t first, int64_t end)
{
  for (; first < end && (first & 7); first++)
    bits[first >> 3] &= (uint8_t) ~(1u << (first & 7));
  if (first < end)
    memset(bits + (first >> 3), 0, (size_t)((end + 7) / 8 - first / 8));
}

static void
rewind_rows(weir_builder *column, int64_t rows)
{
  if (column->validity) {
    for (int64_t row = rows; row < column->length; row++)
      column->null_count -= !((column->validity[row >> 3] >> (row & 7)) & 1);
    clear_bits(column->validity, rows, column->length);
  }
  if (column->type == WEIR_BOOL && column->values)
    clear_bits(column->values, rows, column->length);
  if (column->type == WEIR_UTF8 || column->type == WEIR_BINARY)
    column->n_bytes = rows ? column->offsets[rows] : 0;
  column->length = rows;
}

void
format_builder_rewind(weir_builder *column, int64_t rows)
{
  if (column->length > rows)
    rewind_rows(column, rows);
  /* Members may be ahead of a parent whose own row was not ended. */
  for (int64_t k = 0; k < column->n_children; k++) {
    int64_t items = rows;
    if (column->type == WEIR_LIST)
      items = rows ? column->offsets[rows] : 0;
    else if (column->type == WEIR_FIXED)
      items = rows * column->width;
    format_builder_rewind(column->children[k], items);
  }
}

void
format_batch_rewind(struct format_batch *batch, int64_t rows)
{
  for (uint32_t k = 0; k < batch->n_columns; k++)
    format_builder_rewind(batch->columns[k], rows);
  if (batch->row)
    format_builder_rewind(batch->row, rows);
  batch->rows = rows;
}
