/* SPDX-License-Identifier: MIT */
/*
 * Parses CSV into columns. Two readers: an index of field ends (csv_index.c) and a loop that copies and
 * converts what lies between them (csv_fast.c); and for whatever that loop does not expect (a quote out of
 * place, a null, a wrong value, a ragged record, the end of the file) the reader of one record
 * (csv_record.c), which knows every rule and every error.
 */
#include "config.h"

#include "csv_parse.h"
#include "utf8.h"

/* What is indexed at once: fits the second-level cache together with its index. */
#define CHUNK ((size_t)32 << 10)

/* --- Between the two readers ------------------------------------------------------------------------------
 */

static bool
index_has_record(const struct csv_parser *p)
{
  return p->index.n - p->next >= p->n_fields;
}

/* Index data[at..len) as far as a chunk goes, and further while it has no whole record. What is not valid
 * UTF-8, and all behind it, is left out. */
static bool
refill(struct csv_parser *p, const char *data, size_t at, size_t len)
{
  for (size_t size = CHUNK;; size *= 4) {
    size_t n = len - at < size ? len - at : size;
    if (n > UINT32_MAX - 128 || !csv_index_build(&p->index, data + at, n, p->dialect, p->cpu))
      return false;
    p->next = 0;
    p->origin = (int64_t)at;
    if (index_has_record(p)) {
      size_t end = p->index.ends[p->index.n - 1];
      if (!utf8_valid(data + at, end)) {
        size_t invalid = utf8_find_invalid(data + at, end);
        while (p->index.n && p->index.ends[p->index.n - 1] > invalid)
          p->index.n--;
      }
      return index_has_record(p);
    }
    if (n < size || p->index.odd < n)
      return false;
  }
}

/* Forget the ends that were read slowly. */
static void
skip_ends(struct csv_parser *p, size_t at)
{
  while (p->next < p->index.n && p->origin + p->index.ends[p->next] < (int64_t)at)
    p->next++;
}

static void
put_row_number(struct format_batch *batch, uint64_t line)
{
  if (batch->row)
    weir_put_u64(batch->row, batch->row_base + line);
}

/* Quotes help only where they are read as such, as those of TSV are not by default. */
static void
fail_ragged(const struct csv_parser *p, struct format_error *error)
{
  const struct csv_record *r = &p->record;
  format_fail(error, r->line, 0, "the record has %zu field%s, %u wanted as in the %s; %s", r->n,
              r->n == 1 ? "" : "s", p->n_fields, p->header ? "header" : "first record",
              p->dialect.quote
                  ? "put fields that contain the delimiter or line ends in quotes"
                  : "if fields are in quotes, set \"quote\" to them, as in \"\\\"\"; if another character "
                    "separates the fields, set \"delimiter\"");
}

static enum parse_status
append_record(struct csv_parser *p, struct format_batch *batch, struct format_error *error)
{
  const struct csv_record *r = &p->record;
  int64_t rows = batch->rows;
  if (r->n != p->n_fields) {
    fail_ragged(p, error);
    return PARSE_BAD;
  }
  for (uint32_t k = 0; k < p->n_fields; k++) {
    const struct csv_column *column = &p->columns[p->fields[k].column];
    enum csv_put result = csv_put(column, batch->columns[p->fields[k].column], &r->fields[k], p->options);
    if (result != CSV_PUT) {
      csv_put_failed(column, &r->fields[k], result, r->line, error);
      format_batch_rewind(batch, rows);
      return result == CSV_PUT_MEMORY ? PARSE_BROKEN : PARSE_BAD;
    }
  }
  put_row_number(batch, r->line);
  batch->rows++;
  return PARSE_MORE;
}

/* One record with all rules. PARSE_MORE: it was read, or with nothing consumed the stretch is too short. */
static enum parse_status
read_slow(struct csv_parser *p, const char *data, size_t len, bool final, struct format_batch *batch,
          size_t *consumed, struct format_error *error)
{
  enum parse_status status = PARSE_MORE;
  enum csv_found found = csv_record_read(&p->record, data, len, final, p->line, p->dialect, error);
  *consumed = 0;
  if (found == CSV_CUT)
    return PARSE_MORE;
  if (found == CSV_BROKEN)
    return PARSE_BROKEN;
  if (found == CSV_RECORD)
    status = append_record(p, batch, error);
  *consumed = p->record.consumed;
  p->line = p->record.next_line;
  if (found == CSV_BAD)
    status = PARSE_BAD;
  if (status == PARSE_BAD) {
    error->record = data + p->record.begin;
    error->record_len = p->record.end - p->record.begin;
  }
  return status;
}

/* Step over the LF of a CR LF. False: it may stand in the next stretch. */
static inline bool
step_over_lf(const char *data, size_t len, bool final, size_t *at)
{
  if (data[*at - 1] != '\r')
    return true;
  if (*at == len)
    return final;
  *at += data[*at] == '\n';
  return true;
}

/* Records that the index knows, up to a full batch or one that has to be read slowly. Returns where it
 * stopped. */
static size_t
read_indexed(struct csv_parser *p, const char *data, size_t at, size_t len, bool final,
             struct format_batch *batch, bool *slow)
{
  *slow = false;
  while (index_has_record(p) && batch->rows < batch->max_rows && batch->bytes < batch->max_bytes) {
    uint64_t lines = 0;
    const uint32_t *ends = p->index.ends + p->next;
    int64_t end = p->n_fields == 1 && p->origin + ends[0] == (int64_t)at
                      ? -1
                      : csv_read_fast(p, data, (int64_t)at, ends, batch, &lines);
    size_t next = (size_t)end;
    if (end < 0 || !step_over_lf(data, len, final, &next)) {
      format_batch_rewind(batch, batch->rows);
      *slow = true;
      return at;
    }
    put_row_number(batch, p->line);
    batch->rows++;
    batch->bytes += (int64_t)(next - at);
    p->line += lines + 1;
    p->next += p->n_fields;
    at = next;
  }
  return at;
}

/* --- The header -------------------------------------------------------------------------------------------
 */

/* Which column each field of the file is. */
static int
map_fields(struct csv_parser *p, char **names, struct format_error *error)
{
  g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
  uint32_t n = g_strv_length(names);
  for (uint32_t k = 0; k < p->n_columns; k++)
    g_hash_table_insert(places, (gpointer)p->columns[k].name, GUINT_TO_POINTER(k));
  for (uint32_t k = 0; k < n; k++) {
    gpointer place;
    if (n != p->n_columns || !g_hash_table_lookup_extended(places, names[k], NULL, &place))
      return format_fail(error, p->record.line, 0,
                         "the columns of the file are not those that were found when the run was planned");
    p->fields[k].column = GPOINTER_TO_UINT(place);
  }
  return 0;
}

static void
choose_ways(struct csv_parser *p)
{
  for (uint32_t k = 0; k < p->n_fields; k++) {
    struct csv_target *f = &p->fields[k];
    const struct csv_column *column = &p->columns[f->column];
    f->zero = column->declared ? '\0' : '0';
    f->way = WAY_SLOW;
    if (column->type == WEIR_UTF8 && !p->options->n_nulls)
      f->way = WAY_TEXT;
    else if (column->type == WEIR_I64)
      f->way = WAY_INTEGER;
    else if (column->type == WEIR_F64)
      f->way = WAY_REAL;
  }
}

static enum parse_status
read_header(struct csv_parser *p, const char *data, size_t len, bool final, size_t *consumed,
            struct format_error *error)
{
  enum csv_found found = csv_record_read(&p->record, data, len, final, p->line, p->dialect, error);
  char **names;
  int failed;
  *consumed = 0;
  if (found == CSV_CUT)
    return PARSE_MORE;
  if (found != CSV_RECORD) {
    if (found == CSV_NONE)
      format_fail(error, 0, 0, "the file has no header, only blank lines");
    return PARSE_BROKEN;
  }
  names = csv_header_names(&p->record, error);
  failed = !names || map_fields(p, names, error);
  g_strfreev(names);
  if (failed)
    return PARSE_BROKEN;
  choose_ways(p);
  *consumed = p->record.consumed;
  p->line = p->record.next_line;
  p->begun = true;
  return PARSE_MORE;
}

/* --- The format -------------------------------------------------------------------------------------------
 */

static enum parse_status
csv_parse(void *parser, const char *data, size_t len, bool final, struct format_batch *batch,
          size_t *consumed, struct format_error *error)
{
  struct csv_parser *p = parser;
  enum parse_status status = PARSE_MORE;
  size_t at = 0, used;
  bool slow = false;

  if (!p->begun) {
    status = read_header(p, data, len, final, &at, error);
    if (!p->begun) {
      *consumed = at;
      return status;
    }
  }
  if (p->index.n && p->origin + p->index.ends[p->index.n - 1] >= (int64_t)len)
    p->next = p->index.n = 0; /* a shorter stretch than the last one left */
  while (status == PARSE_MORE) {
    if (batch->rows >= batch->max_rows || batch->bytes >= batch->max_bytes) {
      status = PARSE_FULL;
      break;
    }
    if (!slow && (index_has_record(p) || refill(p, data, at, len))) {
      at = read_indexed(p, data, at, len, final, batch, &slow);
      continue;
    }
    status = read_slow(p, data + at, len - at, final, batch, &used, error);
    slow = false;
    if (!used)
      break;
    at += used;
    batch->bytes += (int64_t)used;
    skip_ends(p, at);
  }
  *consumed = at;
  p->origin -= (int64_t)at;
  if (status == PARSE_MORE)
    p->next = p->index.n = 0;
  return status;
}

static enum skip_status
csv_skip(void *parser, const char *data, size_t len, bool final, size_t *consumed)
{
  struct csv_parser *p = parser;
  *consumed = 0;
  if (!p->begun) /* it is the header */
    return SKIP_LOST;
  if (!csv_record_skip(&p->skip, data, len, final, p->dialect, consumed))
    return final ? SKIP_LOST : SKIP_MORE;
  p->line += p->skip.lines;
  memset(&p->skip, 0, sizeof p->skip);
  return SKIP_DONE;
}

static bool
is_declared(const struct format_options *options, const char *name)
{
  for (uint32_t k = 0; k < options->n_declared; k++)
    if (!strcmp(options->names[k], name))
      return true;
  return false;
}

static void *
csv_parser_new(const struct format_options *options, const struct ArrowSchema *const *schema,
               uint32_t n_columns)
{
  struct csv_parser *p = g_new0(struct csv_parser, 1);
  p->options = options;
  p->dialect = (struct csv_dialect){options->delimiter, options->quote};
  p->header = options->header != HEADER_NO;
  p->n_columns = p->n_fields = n_columns;
  p->columns = g_new0(struct csv_column, n_columns);
  p->fields = g_new0(struct csv_target, n_columns);
  for (uint32_t k = 0; k < n_columns; k++) {
    p->columns[k].name = schema[k]->name;
    p->columns[k].type = weir_type_from_format(schema[k]->format, NULL);
    p->columns[k].nullable = (schema[k]->flags & ARROW_FLAG_NULLABLE) != 0;
    p->columns[k].declared = is_declared(options, schema[k]->name);
  }
  return p;
}

static void
csv_parser_begin(void *parser)
{
  struct csv_parser *p = parser;
  p->line = 1;
  p->next = p->index.n = 0;
  memset(&p->skip, 0, sizeof p->skip);
  p->begun = !p->header;
  for (uint32_t k = 0; k < p->n_fields; k++)
    p->fields[k].column = k;
  choose_ways(p);
}

static uint64_t
csv_parser_line(const void *parser)
{
  return ((const struct csv_parser *)parser)->line;
}

static void
csv_parser_free(void *parser)
{
  struct csv_parser *p = parser;
  csv_index_clear(&p->index);
  csv_record_clear(&p->record);
  g_free(p->columns);
  g_free(p->fields);
  g_free(p);
}

void
csv_parser_use_cpu(void *parser, enum csv_cpu cpu)
{
  ((struct csv_parser *)parser)->cpu = cpu;
}

const struct format format_csv = {
    .name = "csv",
    .samples_anywhere = true,
    .infer_begin = csv_infer_begin,
    .infer_add = csv_infer_add,
    .infer_finish = csv_infer_finish,
    .infer_free = csv_infer_free,
    .parser_new = csv_parser_new,
    .parser_begin = csv_parser_begin,
    .parse = csv_parse,
    .parser_line = csv_parser_line,
    .parser_free = csv_parser_free,
    .skip = csv_skip,
};
