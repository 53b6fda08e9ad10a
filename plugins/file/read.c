/* SPDX-License-Identifier: MIT */
/* file.read while it runs: files one after another, through a window, into batches. */
#include "config.h"

#include "read.h"

#include "paths.h"

#define BATCH_ROWS  4096
#define BATCH_BYTES ((int64_t)1 << 20)
#define LINE_END    2 /* bytes, at most, which do not count for the length of a record */

int
file_read_open(weir_stage *stage)
{
  struct file_read *r = stage->state;
  const struct ArrowSchema *schema = weir_output_schema(stage, 0);
  uint32_t n = (uint32_t)schema->n_children - r->row;
  r->parser = r->reader->parser_new(&r->parsing, (const struct ArrowSchema *const *)schema->children, n);
  return 0;
}

static int
open_source(weir_stage *stage, struct file_read *r)
{
  struct format_error error = {0};
  const char *path = r->files[r->file];
  int mark;
  r->source = file_read_source(r, r->file, g_steal_pointer(&r->before), &error);
  window_reset(&r->window);
  if (!r->source || window_fill(&r->window, r->source, &error))
    return file_read_fail(stage, path, &error);
  mark = window_skip_mark(r->window.data, r->window.end, &error);
  if (mark < 0)
    return file_read_fail(stage, path, &error);
  r->window.begin = (size_t)mark;
  r->reader->parser_begin(r->parser);
  return 0;
}

static void
end_source(struct file_read *r)
{
  r->read_before += source_size(r->source);
  r->before = g_steal_pointer(&r->source);
  r->file++;
}

/* A record that was bad: the host says whether the run goes on without it. */
static int
reject(weir_stage *stage, struct file_read *r, const struct format_error *error)
{
  const char *path = r->files[r->file];
  size_t size = MIN(error->record_len, (size_t)1 << 20); /* more than is kept of it */
  g_autofree char *where =
      error->byte ? g_strdup_printf("byte %" G_GUINT64_FORMAT ": ", error->byte) : g_strdup("");
  if (!error->record)
    return weir_reject_source(stage, path, error->line, "%s%s", where, error->text);
  return weir_reject_text(stage, path, error->line, error->record, size, "%s%s", where, error->text);
}

/* Go past a record without keeping it. `error` says what is wrong with it. */
static int
skip_record(weir_stage *stage, struct file_read *r, const struct format_error *error)
{
  struct window *w = &r->window;
  for (;;) {
    struct format_error reading = {0};
    size_t used = 0;
    enum skip_status status =
        r->reader->skip(r->parser, w->data + w->begin, w->end - w->begin, w->final, &used);
    w->begin += used;
    if (status == SKIP_DONE)
      return 0;
    if (status == SKIP_LOST)
      return file_read_fail(stage, r->files[r->file], error);
    if (weir_cancelled(stage))
      return -1;
    if (window_fill(w, r->source, &reading))
      return file_read_fail(stage, r->files[r->file], &reading);
  }
}

/* The window has no whole record: read on. */
static int
read_on(weir_stage *stage, struct file_read *r, bool stuck)
{
  struct format_error error = {0};
  size_t held = r->window.end - r->window.begin;
  if (weir_cancelled(stage))
    return -1;
  if (stuck && held >= r->max_record + LINE_END) {
    g_autofree char *limit = g_format_size_full(r->max_record, G_FORMAT_SIZE_IEC_UNITS);
    format_fail(&error, r->reader->parser_line(r->parser), 0,
                "the record that begins here is longer than the limit of "
                "%s; allow more with %s, or look for a quote or bracket that is not closed",
                limit, r->limit_is_own ? "the option \"max-record\"" : "--max-record");
    error.record = r->window.data + r->window.begin;
    error.record_len = r->max_record;
    if (!r->reader->skip)
      return file_read_fail(stage, r->files[r->file], &error);
    return reject(stage, r, &error) ? -1 : skip_record(stage, r, &error);
  }
  if (window_fill(&r->window, r->source, &error))
    return file_read_fail(stage, r->files[r->file], &error);
  weir_progress(stage, r->read_before + source_position(r->source), r->total, "bytes");
  return 0;
}

/* Fill a batch from the file at hand. WEIR_END: the file is done; 0: the batch is full. */
static int
fill_batch(weir_stage *stage, struct file_read *r, struct format_batch *batch)
{
  struct window *w = &r->window;
  batch->row_base = (uint64_t)(r->first_source + r->file) << 48;
  for (;;) {
    struct format_error error = {0};
    size_t used = 0, held = w->end - w->begin;
    size_t len = MIN(held, r->max_record + LINE_END); /* no record is longer */
    enum parse_status status =
        r->reader->parse(r->parser, w->data + w->begin, len, w->final && len == held, batch, &used, &error);
    w->begin += used;
    switch (status) {
    case PARSE_FULL:
      return 0;
    case PARSE_MORE:
      if (used && len < held)
        break;
      if (w->final && len == held)
        return WEIR_END;
      if (read_on(stage, r, !used))
        return -1;
      break;
    case PARSE_BAD:
      if (reject(stage, r, &error))
        return -1;
      break;
    case PARSE_BROKEN:
      return file_read_fail(stage, r->files[r->file], &error);
    }
  }
}

/* Fill a batch from as many files as it takes. WEIR_END: all files are done. */
static int
fill_from_files(weir_stage *stage, struct file_read *r, struct format_batch *batch)
{
  while (r->file < r->n_files) {
    int result;
    if (!r->source && open_source(stage, r))
      return -1;
    result = fill_batch(stage, r, batch);
    if (result != WEIR_END)
      return result;
    end_source(r);
  }
  return WEIR_END;
}

int
file_read_produce(weir_stage *stage)
{
  struct file_read *r = stage->state;
  weir_batch *out = weir_batch_new(stage, 0);
  struct format_batch batch = {.max_rows = BATCH_ROWS, .max_bytes = BATCH_BYTES};
  int result;
  if (!out)
    return -1;
  batch.columns = out->columns;
  batch.n_columns = out->n_columns - r->row;
  batch.row = r->row ? out->columns[batch.n_columns] : NULL;
  result = fill_from_files(stage, r, &batch);
  if (result < 0) {
    weir_drop(out);
    return -1;
  }
  r->records += (uint64_t)batch.rows;
  if (weir_send(out))
    return -1;
  if (result == WEIR_END) {
    weir_progress(stage, r->total, r->total, "bytes");
    if (!r->records)
      weir_log(stage, WEIR_LOG_WARNING, "no records: what was read has a header and nothing else");
  }
  return result;
}

void
file_read_close(weir_stage *stage)
{
  struct file_read *r = stage->state;
  if (r->parser)
    r->reader->parser_free(r->parser);
  source_close(r->source);
  source_close(r->before);
  window_clear(&r->window);
}
