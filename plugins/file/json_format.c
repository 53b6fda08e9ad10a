/* SPDX-License-Identifier: MIT */
/* JSON Lines and JSON arrays as formats of file.read. */
#include <string.h>

#include "json_column.h"
#include "json_read.h"
#include "json_shape.h"
#include "reader.h"

/* --- Reading --------------------------------------------------------------------------------------------- */

struct parser {
  struct json_reader reader;
  struct json_columns *columns;
  struct format_batch *batch;
};

static int
append_record(void *data, struct json_walk *walk, uint64_t number)
{
  struct parser *parser = data;
  (void)number;
  return json_columns_append(parser->columns, walk, parser->batch->rows);
}

static void *
parser_new(const struct ArrowSchema *const *schema, uint32_t n_columns, bool lines)
{
  struct parser *parser = g_new0(struct parser, 1);
  parser->columns = json_columns_new(schema, n_columns);
  parser->reader.record = append_record;
  parser->reader.data = parser;
  parser->reader.lines = lines;
  return parser;
}

static void *
jsonl_parser_new(const struct format_options *options, const struct ArrowSchema *const *schema,
                 uint32_t n_columns)
{
  (void)options;
  return parser_new(schema, n_columns, true);
}

static void *
json_parser_new(const struct format_options *options, const struct ArrowSchema *const *schema,
                uint32_t n_columns)
{
  (void)options;
  return parser_new(schema, n_columns, false);
}

static void
parser_begin(void *data)
{
  struct parser *parser = data;
  json_reader_begin(&parser->reader);
}

static enum parse_status
parse(void *data, const char *text, size_t len, bool final, struct format_batch *batch, size_t *consumed,
      struct format_error *error)
{
  struct parser *parser = data;
  enum parse_status status;
  parser->batch = batch;
  json_columns_bind(parser->columns, batch->columns);
  if (parser->reader.lines)
    status = json_reader_lines(&parser->reader, text, len, final, batch, consumed, error);
  else
    status = json_reader_array(&parser->reader, text, len, final, batch, consumed, error);
  if (status == PARSE_BAD || status == PARSE_BROKEN)
    format_batch_rewind(batch, batch->rows);
  return status;
}

static uint64_t
parser_line(const void *data)
{
  const struct parser *parser = data;
  return parser->reader.line + 1;
}

static enum skip_status
skip_line(void *data, const char *text, size_t len, bool final, size_t *consumed)
{
  struct parser *parser = data;
  const char *newline = len ? memchr(text, '\n', len) : NULL;
  *consumed = newline ? (size_t)(newline - text) + 1 : len;
  if (!newline && !final)
    return SKIP_MORE;
  parser->reader.line++;
  return SKIP_DONE;
}

static void
parser_free(void *data)
{
  struct parser *parser = data;
  json_reader_clear(&parser->reader);
  json_columns_free(parser->columns);
  g_free(parser);
}

/* --- Types from samples ---------------------------------------------------------------------------------- */

struct infer {
  struct json_reader reader;
  struct json_shape *shape;
  const struct format_options *options;
  uint64_t n_records;
  bool cut;                  /* a sample ended within its first record */
  struct format_error first; /* what was wrong with the first bad record; its text is empty if none was */
};

/* A record that is not well-formed teaches nothing: so it is stepped over first, and then looked at. */
static int
look_at_record(void *data, struct json_walk *walk, uint64_t number)
{
  struct infer *infer = data;
  const uint32_t *token = walk->token;
  (void)number;
  if (json_skip(walk))
    return -1;
  walk->token = token;
  if (json_shape_add(infer->shape, walk))
    return -1;
  infer->n_records++;
  return 0;
}

static void *
infer_new(const struct format_options *options, bool lines)
{
  struct infer *infer = g_new0(struct infer, 1);
  infer->reader.record = look_at_record;
  infer->reader.data = infer;
  infer->reader.lines = lines;
  infer->shape = json_shape_new();
  infer->options = options;
  return infer;
}

static void *
jsonl_infer_begin(struct format_options *options)
{
  return infer_new(options, true);
}

static void *
json_infer_begin(struct format_options *options)
{
  return infer_new(options, false);
}

static void
infer_free(void *data)
{
  struct infer *infer = data;
  json_reader_clear(&infer->reader);
  json_shape_free(infer->shape);
  g_free(infer);
}

/* Records that are bad are for the parser to report, with their line; here they only count if all are. */
static int
infer_add(void *data, const struct format_sample *sample, struct format_error *error)
{
  struct infer *infer = data;
  struct format_batch batch = {.max_rows = INT64_MAX, .max_bytes = INT64_MAX};
  const char *text = sample->data;
  size_t len = sample->len, consumed = 0;
  enum parse_status status = PARSE_BAD;
  (void)error;
  json_reader_begin(&infer->reader);
  if (!sample->first) {
    const char *newline = memchr(text, '\n', len);
    size_t skipped = newline ? (size_t)(newline + 1 - text) : len;
    text += skipped;
    len -= skipped;
  }
  while (status == PARSE_BAD) {
    struct format_error bad = {0};
    if (infer->reader.lines)
      status = json_reader_lines(&infer->reader, text, len, sample->last, &batch, &consumed, &bad);
    else
      status = json_reader_array(&infer->reader, text, len, sample->last, &batch, &consumed, &bad);
    if ((status == PARSE_BAD || status == PARSE_BROKEN) && sample->first && !*infer->first.text)
      infer->first = bad;
    text += consumed;
    len -= consumed;
  }
  infer->cut = infer->cut || (sample->first && !sample->last && batch.rows == 0);
  return 0;
}

static int
infer_finish(void *data, struct format_columns *columns, struct format_error *error)
{
  struct infer *infer = data;
  int result = 0;
  json_shape_columns(infer->shape, infer->options, columns);
  if (columns->n == 0) {
    result = -1;
    if (*infer->first.text)
      *error = infer->first;
    else if (infer->cut)
      format_fail(error, 0, 0,
                  "the first record is longer than the sample that the columns are taken from; raise "
                  "\"sample\", or declare the columns in \"columns\"");
    else
      format_fail(error, 0, 0,
                  "%s, so there is nothing to tell the columns from; declare them in \"columns\"",
                  infer->n_records ? "no record has a key" : "there is no record");
  }
  infer_free(infer);
  return result;
}

const struct format format_jsonl = {
    .name = "jsonl",
    .samples_anywhere = true,
    .infer_begin = jsonl_infer_begin,
    .infer_add = infer_add,
    .infer_finish = infer_finish,
    .infer_free = infer_free,
    .parser_new = jsonl_parser_new,
    .parser_begin = parser_begin,
    .parse = parse,
    .parser_line = parser_line,
    .parser_free = parser_free,
    .skip = skip_line,
};

const struct format format_json = {
    .name = "json",
    .infer_begin = json_infer_begin,
    .infer_add = infer_add,
    .infer_finish = infer_finish,
    .infer_free = infer_free,
    .parser_new = json_parser_new,
    .parser_begin = parser_begin,
    .parse = parse,
    .parser_line = parser_line,
    .parser_free = parser_free,
};
