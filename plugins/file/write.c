/* SPDX-License-Identifier: MIT */
/* The stage file.write: writes a stream of records to one file, which appears when all of them are in it. */
#include "config.h"

#include "write.h"

#include "detect.h"
#include "source.h"

#include "base/files.h"

#include <sys/stat.h>

/* --- Options --------------------------------------------------------------------------------------------- */

#define BIT(format) (1u << (format))
#define TABLES      (BIT(FORMAT_CSV) | BIT(FORMAT_TSV))

/* Options that mean something for some formats only: to ignore one would be to write what was not asked for. */
static const struct {
  const char *option;
  unsigned formats;
  const char *wanted;
} bound[] = {{"delimiter", TABLES, "CSV and TSV"}, {"header", TABLES, "CSV and TSV"},
             {"quote", TABLES, "CSV and TSV"},     {"null", TABLES, "CSV and TSV"},
             {"crlf", TABLES, "CSV and TSV"},      {"pretty", BIT(FORMAT_JSON), "JSON"},
             {"single", BIT(FORMAT_JSON), "JSON"}, {"column", BIT(FORMAT_TEXT), "plain text"}};

/* One character of an option, or what it says in a word. */
static int
take_character(weir_stage *stage, const char *option, const char *text, const char *word, char meaning,
               char *out)
{
  if (text && !strcmp(text, word))
    *out = meaning;
  else if (text && strlen(text) == 1 && (unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f)
    *out = *text;
  else if (text && !strcmp(text, "\t"))
    *out = '\t';
  else if (text)
    return weir_fail(stage, "option \"%s\" is one ASCII character or \"%s\", not \"%s\"", option, word, text);
  return 0;
}

static int
take_table_options(weir_stage *stage, enum file_format format)
{
  struct file_write *f = stage->state;
  struct write_options *o = &f->writer.options;
  o->delimiter = format == FORMAT_TSV ? '\t' : ',';
  o->quote = format == FORMAT_TSV ? 0 : '"';
  o->null = f->null ? f->null : "";
  o->line_end = f->crlf ? "\r\n" : "\n";
  o->header = f->header;
  if (take_character(stage, "delimiter", f->delimiter, "tab", '\t', &o->delimiter) ||
      take_character(stage, "quote", f->quote, "none", 0, &o->quote))
    return -1;
  if (o->delimiter == o->quote)
    return weir_fail(stage, "options \"delimiter\" and \"quote\" are the same character");
  if (strchr(o->null, o->delimiter) || strpbrk(o->null, "\r\n") || (o->quote && strchr(o->null, o->quote)))
    return weir_fail(stage, "option \"null\" holds a delimiter, a quote or a line break");
  return 0;
}

static int
check_level(weir_stage *stage)
{
  struct file_write *f = stage->state;
  int lowest, highest;
  if (!weir_given(stage, "level")) {
    f->level = -1;
    return 0;
  }
  if (!sink_levels(f->compression, &lowest, &highest))
    return weir_fail(
        stage,
        "option \"level\" is for compressed files, which \"%s\" is not: its name does not end with "
        ".gz, .zst, .xz or .bz2",
        f->path);
  if (f->level < lowest || f->level > highest)
    return weir_fail(stage, "option \"level\" is %" G_GINT64_FORMAT ", but %s has levels from %d to %d",
                     f->level, f->compression, lowest, highest);
  return 0;
}

static int
take_options(weir_stage *stage)
{
  struct file_write *f = stage->state;
  enum file_format format = (enum file_format)f->format;
  size_t stem;
  f->compression = source_compression_of_name(f->path, &stem);
  if (format == FORMAT_AUTO)
    format = detect_by_name(f->path);
  if (format == FORMAT_AUTO)
    return weir_fail(
        stage,
        "the name \"%s\" does not say what to write; let it end with .csv, .tsv, .jsonl, .json or "
        ".txt, or set \"format\"",
        f->path);
  for (size_t k = 0; k < G_N_ELEMENTS(bound); k++)
    if (weir_given(stage, bound[k].option) && !(bound[k].formats & BIT(format)))
      return weir_fail(stage, "option \"%s\" is for %s, but \"%s\" is written as %s", bound[k].option,
                       bound[k].wanted, f->path, detect_format_name(format));
  f->kind = format == FORMAT_TEXT ? &write_text : BIT(format) & TABLES ? &write_csv : &write_json;
  f->writer.options.lines = format == FORMAT_JSONL;
  f->writer.options.pretty = f->pretty;
  f->writer.options.single = f->single;
  return take_table_options(stage, format) || check_level(stage) ? -1 : 0;
}

/* --- Columns --------------------------------------------------------------------------------------------- */

/* Report what a format could not write. */
static int
fail_problem(weir_stage *stage)
{
  struct file_write *f = stage->state;
  const struct write_problem *p = &f->writer.problem;
  if (p->row < 0)
    return weir_fail(stage, "cannot write \"%s\": %s", f->path, p->text);
  return weir_fail(stage, "cannot write record %" G_GUINT64_FORMAT " to \"%s\": %s",
                   f->writer.records + (uint64_t)p->row + 1, f->path, p->text);
}

/* `_row`, which a reader added, and what a stage made of it by a suffix (`_row_left`); columns of the data that are
 * called so are of other types. */
static bool
is_row_column(const struct ArrowSchema *column)
{
  return g_str_has_prefix(column->name, "_row") && !g_ascii_isalnum(column->name[4]) &&
         strcmp(column->format, "L") == 0;
}

static bool
is_omitted(const struct file_write *f, const struct ArrowSchema *column)
{
  for (uint32_t i = 0; i < f->omit.count; i++)
    if (strcmp(f->omit.items[i], column->name) == 0)
      return true;
  return is_row_column(column);
}

static void
drop_columns(struct file_write *f)
{
  write_columns_clear(f->writer.columns, f->writer.n_columns);
  g_clear_pointer(&f->indices, g_free);
  f->writer.columns = NULL;
  f->writer.n_columns = 0;
}

static int
choose_columns(weir_stage *stage, const struct ArrowSchema *schema)
{
  struct file_write *f = stage->state;
  struct writer *w = &f->writer;
  w->columns = g_new0(struct write_column, schema->n_children);
  f->indices = g_new0(uint32_t, schema->n_children);
  for (int64_t k = 0; k < schema->n_children; k++) {
    const char *name = schema->children[k]->name;
    if (f->column ? strcmp(name, f->column) != 0 : is_omitted(f, schema->children[k]))
      continue;
    f->indices[w->n_columns++] = (uint32_t)k;
    if (write_column_init(w, &w->columns[w->n_columns - 1], schema->children[k]))
      return fail_problem(stage);
  }
  if (w->n_columns == 0)
    return weir_fail(stage, "there is no column to write to \"%s\"", f->path);
  return 0;
}

/* --- Planning -------------------------------------------------------------------------------------------- */

/* What would stand in the way of the columns; better known now than at the first batch. */
static int
check_columns(weir_stage *stage, const struct ArrowSchema *schema)
{
  struct file_write *f = stage->state;
  struct writer *w = &f->writer;
  int result = choose_columns(stage, schema);
  if (!result && f->kind == &write_text && f->kind->begin(w))
    result = fail_problem(stage);
  drop_columns(f);
  return result;
}

/* Links are followed, and devices written to, as they are: they are looked at when they are opened. */
static int
check_place(weir_stage *stage)
{
  const struct file_write *f = stage->state;
  g_autoptr(GError) error = NULL;
  struct stat info;
  bool exists = lstat(f->path, &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return weir_fail(stage, "cannot write \"%s\": it is a folder, and a file is wanted; name a file in it",
                     f->path);
  if (exists && !S_ISREG(info.st_mode))
    return 0;
  return weir_check_above(f->path, "file", &error) ? 0 : weir_fail(stage, "%s", error->message);
}

int
file_write_schema(weir_stage *stage)
{
  const struct ArrowSchema *schema = weir_input_schema(stage, 0);
  if (take_options(stage) || check_place(stage))
    return -1;
  return schema ? check_columns(stage, schema) : 0;
}

/* --- Writing --------------------------------------------------------------------------------------------- */

int
file_write_open(weir_stage *stage)
{
  struct file_write *f = stage->state;
  g_autoptr(GError) error = NULL;
  if (!f->kind && file_write_schema(stage))
    return -1;
  f->writer.sink = sink_open(f->path, f->compression, (int)f->level, &error);
  return f->writer.sink ? 0 : weir_fail(stage, "%s", error->message);
}

static int
begin(weir_stage *stage, const struct ArrowSchema *schema)
{
  struct file_write *f = stage->state;
  f->begun = true;
  if (choose_columns(stage, schema))
    return -1;
  return f->kind->begin(&f->writer) ? fail_problem(stage) : 0;
}

static int
write_batch(weir_stage *stage, const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
  struct file_write *f = stage->state;
  struct writer *w = &f->writer;
  if (!f->begun && begin(stage, schema))
    return -1;
  for (uint32_t k = 0; k < w->n_columns; k++) {
    weir_column view = weir_batch_column(schema, batch, f->indices[k]);
    write_column_show(&w->columns[k], &view);
  }
  if (f->kind->rows(w, batch->length))
    return fail_problem(stage);
  w->records += (uint64_t)batch->length;
  return w->sink->failure ? weir_fail(stage, "%s", w->sink->failure->message) : 0;
}

int
file_write_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  int result = write_batch(stage, weir_input_schema(stage, port), batch);
  weir_batch_release(batch);
  return result;
}

int
file_write_end(weir_stage *stage, uint32_t port)
{
  struct file_write *f = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, port);
  g_autoptr(GError) error = NULL;
  if (!f->begun && schema && begin(stage, schema))
    return -1;
  if (f->kind->end(&f->writer))
    return fail_problem(stage);
  if (!sink_commit(f->writer.sink, &error))
    return weir_fail(stage, "%s", error->message);
  if (f->writer.not_finite)
    weir_log(stage, WEIR_LOG_WARNING,
             "%" G_GUINT64_FORMAT
             " values of \"%s\" are NaN or infinite and were written as null, since JSON has no "
             "such numbers",
             f->writer.not_finite, f->path);
  return weir_output(stage, f->path, "file");
}

void
file_write_close(weir_stage *stage)
{
  struct file_write *f = stage->state;
  sink_free(f->writer.sink);
  drop_columns(f);
}
