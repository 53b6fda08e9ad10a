/* SPDX-License-Identifier: MIT */
/* The format "text": one column, `text`, and a line a record, blank ones too. */
#include "config.h"

#include "reader.h"
#include "utf8.h"

struct text_parser {
  uint64_t line;
  bool after_cr; /* the last line ended with a CR at the end of the stretch: an LF may follow */
};

static void *
text_infer_begin(struct format_options *options)
{
  return options;
}

static int
text_infer_add(void *infer, const struct format_sample *sample, struct format_error *error)
{
  (void)infer, (void)sample, (void)error;
  return 0;
}

static int
text_infer_finish(void *infer, struct format_columns *columns, struct format_error *error)
{
  const struct format_options *o = infer;
  if (o->n_declared > 1 || (o->n_declared && strcmp(o->names[0], "text")))
    return format_fail(error, 0, 0, "\"columns\" declares \"%s\", but plain text has one column, \"text\"",
                       strcmp(o->names[0], "text") ? o->names[0] : o->names[1]);
  if (o->n_declared && strcmp(o->types[0], "utf8") && strcmp(o->types[0], "utf8?"))
    return format_fail(error, 0, 0, "\"columns\" declares \"text\" as \"%s\", but plain text is utf8",
                       o->types[0]);
  format_columns_add(columns, "text", o->n_declared ? o->types[0] : "utf8");
  return 0;
}

static void
text_infer_free(void *infer)
{
  (void)infer;
}

static void *
text_parser_new(const struct format_options *options, const struct ArrowSchema *const *schema,
                uint32_t n_columns)
{
  (void)options, (void)schema, (void)n_columns;
  return g_new0(struct text_parser, 1);
}

static void
text_parser_begin(void *parser)
{
  struct text_parser *p = parser;
  p->line = 1;
  p->after_cr = false;
}

/* The next LF, or `len`. */
static size_t
find_lf(const char *data, size_t at, size_t len)
{
  const char *lf = memchr(data + at, '\n', len - at);
  return lf ? (size_t)(lf - data) : len;
}

/* The end of the line that begins at `at`: a CR before the next LF, else that. */
static size_t
find_end(const char *data, size_t at, size_t lf)
{
  const char *cr = memchr(data + at, '\r', lf - at);
  return cr ? (size_t)(cr - data) : lf;
}

static enum parse_status
append_line(struct text_parser *p, const char *line, size_t len, struct format_batch *batch,
            struct format_error *error)
{
  const char *nul = memchr(line, 0, len);
  if (nul || !utf8_valid(line, len)) {
    size_t at = nul ? (size_t)(nul - line) : utf8_find_invalid(line, len);
    format_fail(error, p->line, at + 1, "%s",
                nul ? "a NUL byte stands in the text"
                    : "the text is not valid UTF-8; convert the file, as with \"iconv -f latin1 -t utf-8\"");
    error->record = line;
    error->record_len = len;
    return PARSE_BAD;
  }
  if (weir_put_text(batch->columns[0], line, (int64_t)len)) {
    format_fail(error, p->line, 0, "no memory for a line of %zu bytes", len);
    return PARSE_BROKEN;
  }
  if (batch->row)
    weir_put_u64(batch->row, batch->row_base + p->line);
  batch->rows++;
  return PARSE_MORE;
}

static enum parse_status
text_parse(void *parser, const char *data, size_t len, bool final, struct format_batch *batch,
           size_t *consumed, struct format_error *error)
{
  struct text_parser *p = parser;
  enum parse_status status = PARSE_MORE;
  size_t at = 0, lf = 0;
  if (p->after_cr && len)
    at += *data == '\n';
  p->after_cr = p->after_cr && !len;
  if (at < len)
    lf = find_lf(data, at, len);
  while (at < len && status == PARSE_MORE) {
    size_t end;
    if (batch->rows >= batch->max_rows || batch->bytes >= batch->max_bytes) {
      status = PARSE_FULL;
      break;
    }
    if (lf < at) /* not for each line: where lines end with CR, that would be a search to the end */
      lf = find_lf(data, at, len);
    end = find_end(data, at, lf);
    if (end == len && !final)
      break;
    status = append_line(p, data + at, end - at, batch, error);
    batch->bytes += (int64_t)(end + 1 - at);
    at = end;
    if (at < len) {
      p->after_cr = data[at] == '\r' && at + 1 == len;
      at += data[at] == '\r' && at + 1 < len && data[at + 1] == '\n' ? 2 : 1;
    }
    p->line++;
  }
  *consumed = at;
  return status;
}

static uint64_t
text_parser_line(const void *parser)
{
  return ((const struct text_parser *)parser)->line;
}

static enum skip_status
text_skip(void *parser, const char *data, size_t len, bool final, size_t *consumed)
{
  struct text_parser *p = parser;
  size_t end = find_end(data, 0, find_lf(data, 0, len));
  *consumed = MIN(end + 1, len);
  if (end == len && !final)
    return SKIP_MORE;
  p->line++;
  p->after_cr = end < len && data[end] == '\r';
  return SKIP_DONE;
}

static void
text_parser_free(void *parser)
{
  g_free(parser);
}

const struct format format_text = {
    .name = "text",
    .infer_begin = text_infer_begin,
    .infer_add = text_infer_add,
    .infer_finish = text_infer_finish,
    .infer_free = text_infer_free,
    .parser_new = text_parser_new,
    .parser_begin = text_parser_begin,
    .parse = text_parse,
    .parser_line = text_parser_line,
    .parser_free = text_parser_free,
    .skip = text_skip,
};
