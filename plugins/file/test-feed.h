/* SPDX-License-Identifier: MIT */
/* For tests of formats: feeds a parser a text in stretches, and prints the records that come out as text. */
#ifndef WEIR_FILE_TEST_FEED_H
#define WEIR_FILE_TEST_FEED_H

#include "core/batch.h"
#include "csv_parse.h"
#include "reader.h"

#include <glib.h>
#include <string.h>

/* A text with the bytes behind it that a parser may read: they are there to be misread. */
static inline char *
feed_pad(const char *text, size_t len)
{
  char *padded = g_malloc(len + FORMAT_PADDING);
  memcpy(padded, text, len);
  for (int k = 0; k < FORMAT_PADDING; k++)
    padded[len + (size_t)k] = "\"\n,\xc3"[k % 4];
  return padded;
}

/* One value of a builder: texts as they are, a null as "~". */
static inline void
feed_print_value(GString *out, const weir_builder *b, int64_t row)
{
  if (b->validity && !((b->validity[row >> 3] >> (row & 7)) & 1))
    g_string_append_c(out, '~');
  else if (b->type == WEIR_UTF8)
    g_string_append_len(out, b->bytes + b->offsets[row], b->offsets[row + 1] - b->offsets[row]);
  else if (b->type == WEIR_F64)
    g_string_append_printf(out, "%.17g", ((const double *)b->values)[row]);
  else if (b->type == WEIR_F32)
    g_string_append_printf(out, "%.9g", (double)((const float *)b->values)[row]);
  else if (b->type == WEIR_BOOL)
    g_string_append(out, ((const uint8_t *)b->values)[row >> 3] >> (row & 7) & 1 ? "true" : "false");
  else if (b->type == WEIR_U8)
    g_string_append_printf(out, "%u", ((const uint8_t *)b->values)[row]);
  else
    g_string_append_printf(out, "%" G_GINT64_FORMAT, ((const int64_t *)b->values)[row]);
}

/* Every record as "line:field|field|…" and a newline. */
static inline void
feed_print_batch(GString *out, const struct format_batch *batch)
{
  for (int64_t row = 0; row < batch->rows; row++) {
    feed_print_value(out, batch->row, row);
    for (uint32_t k = 0; k < batch->n_columns; k++) {
      g_assert_cmpint(batch->columns[k]->length, ==, batch->rows);
      g_string_append_c(out, k ? '|' : ':');
      feed_print_value(out, batch->columns[k], row);
    }
    g_string_append_c(out, '\n');
  }
}

/* How a test wants its text fed. */
struct feed {
  const struct format *format;
  struct format_options options; /* as they are after inference */
  struct format_columns columns;
  enum csv_cpu cpu;
  size_t stretch;   /* bytes of a stretch at first; 0: all at once */
  int64_t max_rows; /* of a batch; 0: 100,000 */
  bool keep_on;     /* over bad records */
};

static inline void
feed_builders(struct format_batch *batch, const WeirSchema *schema, bool make)
{
  for (uint32_t k = 0; k <= batch->n_columns; k++) {
    weir_builder **b = k < batch->n_columns ? &batch->columns[k] : &batch->row;
    if (make)
      *b = weir_builder_new(schema->arrow.children[k]);
    else
      weir_builder_free(*b);
  }
  batch->rows = batch->bytes = 0;
}

/* All records of a text; an error as "!line.byte what". g_free(). */
static inline char *
feed(const struct feed *f, const char *text, size_t len)
{
  GString *out = g_string_new(NULL);
  uint32_t n = f->columns.n;
  g_autofree weir_field *fields = g_new0(weir_field, n + 1);
  g_autofree weir_builder **builders = g_new0(weir_builder *, n);
  g_autoptr(WeirSchema) schema = NULL;
  struct format_batch batch = {.columns = builders,
                               .n_columns = n,
                               .max_rows = f->max_rows ? f->max_rows : 100000,
                               .max_bytes = INT64_MAX};
  struct format_error error = {0};
  size_t at = 0, size = f->stretch ? f->stretch : len, used;
  void *parser;
  bool on = true;

  for (uint32_t k = 0; k < n; k++)
    fields[k] = (weir_field){f->columns.items[k].name, f->columns.items[k].type};
  fields[n] = (weir_field){"_row", "u64"};
  schema = weir_schema_new(fields, n + 1, NULL);
  g_assert_nonnull(schema);
  parser = f->format->parser_new(&f->options, (const struct ArrowSchema *const *)schema->arrow.children, n);
  if (f->format == &format_csv)
    csv_parser_use_cpu(parser, f->cpu);
  f->format->parser_begin(parser);
  feed_builders(&batch, schema, true);
  while (on) {
    size_t stretch = MIN(size, len - at);
    bool final = at + stretch == len;
    g_autofree char *padded = feed_pad(text + at, stretch);
    enum parse_status status = f->format->parse(parser, padded, stretch, final, &batch, &used, &error);
    g_assert_cmpuint(used, <=, stretch);
    at += used;
    size = status == PARSE_MORE && !used ? size * 2 + 1 : f->stretch ? f->stretch : len;
    if (status == PARSE_BAD || status == PARSE_BROKEN || status == PARSE_FULL || final) {
      feed_print_batch(out, &batch);
      feed_builders(&batch, schema, false);
      feed_builders(&batch, schema, true);
    }
    if (status == PARSE_BAD || status == PARSE_BROKEN)
      g_string_append_printf(out, "!%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " %s\n", error.line, error.byte,
                             error.text);
    on = status == PARSE_FULL || (status == PARSE_BAD && f->keep_on) || (status == PARSE_MORE && !final);
  }
  feed_builders(&batch, schema, false);
  f->format->parser_free(parser);
  return g_string_free(out, FALSE);
}

#endif
