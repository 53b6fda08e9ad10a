/* SPDX-License-Identifier: MIT */
/* For tests of the JSON formats: reads a text in stretches of a given size, and gives its columns, records and
 * errors as text. */
#ifndef WEIR_FILE_TEST_JSON_FEED_H
#define WEIR_FILE_TEST_JSON_FEED_H

#include "core/batch.h"
#include "reader.h"

#include <glib.h>
#include <string.h>

/* What a test reads, and how. */
struct json_feed {
  const struct format *format;
  struct format_options options; /* with the columns that are declared */
  size_t sample;                 /* bytes to infer from; 0: all */
  size_t stretch;                /* bytes of a stretch at first; 0: all at once */
  int64_t max_rows;              /* of a batch; 0: 1000 */
};

/* A copy in a block of just its size and the padding, so that a sanitizer sees what reads beyond. */
static inline char *
json_pad(const char *text, size_t len)
{
  char *padded = g_malloc(len + FORMAT_PADDING);
  memcpy(padded, text, len);
  for (size_t k = 0; k < FORMAT_PADDING; k++)
    padded[len + k] = "\"}\n1,\xc3]"[k % 7];
  return padded;
}

static inline void
json_print_error(GString *out, const struct format_error *error)
{
  g_string_append_printf(out, "!%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " %s\n", error->line, error->byte,
                         error->text);
}

/* The batch's records as "number {…}", a line each. */
static inline void
json_print_batch(GString *out, const WeirSchema *schema, struct format_batch *batch)
{
  guint n = batch->n_columns + 1;
  g_autofree struct ArrowArray *arrays = g_new0(struct ArrowArray, n);
  struct ArrowArray all;
  g_autoptr(GError) error = NULL;
  for (guint k = 0; k < n; k++) {
    weir_builder *b = k < batch->n_columns ? batch->columns[k] : batch->row;
    g_assert_cmpint(b->length, ==, batch->rows);
    g_assert_true(weir_builder_finish(b, &arrays[k], &error));
  }
  g_assert_true(weir_batch_from_columns(arrays, n, batch->rows, &all, &error));
  weir_batch_validate(schema, &all, TRUE, &error);
  g_assert_no_error(error);
  for (int64_t row = 0; row < batch->rows; row++) {
    g_autofree char *json = weir_batch_row_to_json(schema, &all, row, 1 << 20);
    const char *number = strstr(json, "\"_row\":"); /* the last member */
    while (strstr(number + 1, "\"_row\":"))
      number = strstr(number + 1, "\"_row\":");
    g_string_append_printf(out, "%.*s %.*s}\n", (int)strlen(number) - 8, number + 7,
                           (int)(number - json) - (batch->n_columns > 0), json);
  }
  all.release(&all);
  batch->rows = batch->bytes = 0;
}

/* Read with columns that are known. */
static inline void
json_feed_records(const struct json_feed *f, const struct format_columns *columns, const char *text,
                  size_t len, GString *out)
{
  guint n = columns->n;
  g_autofree weir_field *fields = g_new0(weir_field, n + 1);
  g_autofree weir_builder **builders = g_new0(weir_builder *, n + 1);
  g_autoptr(GError) failure = NULL;
  struct format_error error;
  size_t at = 0, size = f->stretch ? f->stretch : len, used;
  for (guint k = 0; k < n; k++)
    fields[k] = (weir_field){columns->items[k].name, columns->items[k].type};
  fields[n] = (weir_field){"_row", "u64"};
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, n + 1, &failure);
  g_assert_no_error(failure);
  for (guint k = 0; k <= n; k++)
    builders[k] = weir_builder_new(schema->arrow.children[k]);
  struct format_batch batch = {.columns = builders,
                               .n_columns = n,
                               .row = builders[n],
                               .max_rows = f->max_rows ? f->max_rows : 1000,
                               .max_bytes = INT64_MAX};
  void *parser =
      f->format->parser_new(&f->options, (const struct ArrowSchema *const *)schema->arrow.children, n);
  f->format->parser_begin(parser);
  for (bool on = true; on;) {
    size_t stretch = MIN(size, len - at);
    bool final = at + stretch == len;
    g_autofree char *padded = json_pad(text + at, stretch);
    enum parse_status status = f->format->parse(parser, padded, stretch, final, &batch, &used, &error);
    g_assert_cmpuint(used, <=, stretch);
    at += used;
    size = status == PARSE_MORE && !used ? size * 2 + 1 : f->stretch ? f->stretch : len;
    if (status != PARSE_MORE || final)
      json_print_batch(out, schema, &batch);
    if (status == PARSE_BAD || status == PARSE_BROKEN)
      json_print_error(out, &error);
    on = status == PARSE_FULL || status == PARSE_BAD || (status == PARSE_MORE && !final);
  }
  f->format->parser_free(parser);
  for (guint k = 0; k <= n; k++)
    weir_builder_free(builders[k]);
}

/* "name:type, …" on a line, then a line a record "number {…}" or an error "!line.byte what". g_free(). */
static inline char *
json_feed(struct json_feed *f, const char *text, size_t len)
{
  GString *out = g_string_new(NULL);
  struct format_columns columns = {0};
  struct format_error error = {0};
  size_t n = f->sample ? MIN(f->sample, len) : len;
  g_autofree char *padded = json_pad(text, n);
  struct format_sample sample = {padded, n, true, n == len};
  void *infer = f->format->infer_begin(&f->options);
  g_assert_cmpint(f->format->infer_add(infer, &sample, &error), ==, 0);
  if (f->format->infer_finish(infer, &columns, &error)) {
    json_print_error(out, &error);
  } else {
    for (uint32_t k = 0; k < columns.n; k++)
      g_string_append_printf(out, "%s%s:%s", k ? ", " : "", columns.items[k].name, columns.items[k].type);
    g_string_append_c(out, '\n');
    json_feed_records(f, &columns, text, len, out);
  }
  format_columns_clear(&columns);
  return g_string_free(out, FALSE);
}

#endif
