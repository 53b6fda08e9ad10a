/* SPDX-License-Identifier: MIT */
/* What file.read finds out before a run: which files, which format, which columns. */
#include "config.h"

#include "paths.h"
#include "read.h"

#define FILES_SAMPLED_WELL 16 /* further ones give a smaller sample each */
#define SMALL_SAMPLE       ((size_t)64 << 10)
#define PLACES_AMID        3 /* samples from within a file that is not compressed, of a quarter's size each */

int
file_read_fail(weir_stage *stage, const char *path, const struct format_error *error)
{
  g_autofree char *shown = paths_shown(path);
  if (error->line && error->byte)
    return weir_fail(stage, "%s:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ": %s", shown, error->line,
                     error->byte, error->text);
  if (error->line)
    return weir_fail(stage, "%s:%" G_GUINT64_FORMAT ": %s", shown, error->line, error->text);
  return weir_fail(stage, "%s: %s", shown, error->text);
}

/* --- Options ----------------------------------------------------------------------------------------------
 */

/* One byte of ASCII that can be a delimiter or a quote, also by name. -1: it is none. */
static int
parse_character(const char *text)
{
  static const struct {
    const char *name;
    char c;
  } names[] = {{"tab", '\t'},  {"\\t", '\t'}, {"comma", ','},  {"semicolon", ';'},
               {"space", ' '}, {"pipe", '|'}, {"double", '"'}, {"single", '\''}};
  for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
    if (!strcmp(text, names[k].name))
      return names[k].c;
  if (!text[0] || text[1] || (text[0] & 0x80) || text[0] == '\n' || text[0] == '\r')
    return -1;
  return text[0];
}

static int
take_options(weir_stage *stage, struct file_read *r)
{
  struct format_options *o = &r->parsing;
  int c;
  memset(o, 0, sizeof *o);
  o->header = r->header;
  o->nulls = r->nulls.items;
  o->n_nulls = r->nulls.count;
  o->names = r->columns.keys;
  o->types = r->columns.values;
  o->n_declared = r->columns.count;
  r->limit_is_own = r->max_record && r->max_record <= weir_record_limit(stage);
  if (!r->limit_is_own)
    r->max_record = weir_record_limit(stage);
  o->max_record = r->max_record;
  o->quote = '"';
  if (r->delimiter) {
    if ((c = parse_character(r->delimiter)) < 0)
      return weir_fail(stage,
                       "delimiter \"%s\" is not one character of ASCII; write for example \",\", \";\" or "
                       "\"tab\"",
                       r->delimiter);
    o->delimiter = (char)c;
  }
  if (r->quote && strcmp(r->quote, "none")) {
    if ((c = parse_character(r->quote)) < 0)
      return weir_fail(stage, "quote \"%s\" is neither one character of ASCII nor \"none\"", r->quote);
    o->quote = (char)c;
  } else if (r->quote) {
    o->quote = 0;
  }
  if (o->quote && o->quote == o->delimiter)
    return weir_fail(stage, "delimiter and quote are the same character");
  return 0;
}

/* Paths go into memory of the host, which frees it also where the plan is never run. */
static int
find_files(weir_stage *stage, struct file_read *r)
{
  g_autofree char *why = NULL;
  g_auto(GStrv) files = paths_expand(r->path.items, r->path.count, &why);
  g_autoptr(GPtrArray) members = files ? members_expand(files, r->member.items, r->member.count, &why) : NULL;
  if (!members)
    return weir_fail(stage, "%s", why);
  if (members->len > 0xffff)
    return weir_fail(stage, "\"path\" means %u files, at most 65,535 can be read together", members->len);
  r->files = weir_alloc(stage, members->len * sizeof *r->files);
  r->places = weir_alloc(stage, members->len * sizeof *r->places);
  if (!r->files || !r->places)
    return -1;
  for (guint k = 0; k < members->len; k++) {
    const struct member *member = members->pdata[k];
    char *name = weir_alloc(stage, strlen(member->name) + 1);
    char *path = weir_alloc(stage, strlen(member->path) + 1);
    if (!name || !path)
      return -1;
    r->files[k] = strcpy(name, member->name);
    r->places[k] = (struct file_place){strcpy(path, member->path), member->number};
  }
  r->n_files = members->len;
  return 0;
}

struct source *
file_read_source(const struct file_read *r, uint32_t k, struct source *before, struct format_error *error)
{
  const struct file_place *place = &r->places[k];
  int result = 0;
  if (place->member >= 0 && source_go_on(before, place->path, place->member, &result, error)) {
    if (!result)
      return before;
    source_close(before);
    return NULL;
  }
  source_close(before);
  return place->member >= 0 ? source_open_member(place->path, place->member, error)
                            : source_open(place->path, error);
}

/* --- Samples ----------------------------------------------------------------------------------------------
 */

struct sampling {
  weir_stage *stage;
  struct file_read *r;
  struct source *source; /* of the file before */
  void *infer;
  char *data;
  size_t size;
};

static void
choose_reader(struct sampling *s, enum file_format format)
{
  static const struct format *const readers[] = {NULL,          &format_csv,  &format_csv,
                                                 &format_jsonl, &format_json, &format_text};
  struct file_read *r = s->r;
  r->found = format;
  r->reader = readers[format];
  if (format == FORMAT_TSV) {
    if (!r->parsing.delimiter)
      r->parsing.delimiter = '\t';
    if (!r->quote)
      r->parsing.quote = 0;
  }
  s->infer = r->reader->infer_begin(&r->parsing);
}

/* The format of the first file is that of all. */
static int
settle_format(struct sampling *s, const char *path, const struct format_sample *sample)
{
  struct file_read *r = s->r;
  bool conflict = false;
  enum file_format format = (enum file_format)r->format;
  g_autofree char *shown = paths_shown(path);
  if (format == FORMAT_AUTO) {
    format = detect_format(path, sample->data, sample->len, sample->last, &conflict);
    if (r->delimiter && format != FORMAT_TSV) { /* who names one has a table */
      format = FORMAT_CSV;
      conflict = false;
    }
    if (conflict)
      weir_log(s->stage, WEIR_LOG_WARNING,
               "%s: the name says %s, but its content is %s, and is read so; set "
               "\"format\" to have it otherwise",
               shown, detect_format_name(detect_by_name(path)), detect_format_name(format));
  }
  if (!r->reader)
    choose_reader(s, format);
  else if (r->found != format)
    return weir_fail(s->stage,
                     "%s: its content is %s, that of the files before it %s; read them with two stages, or "
                     "set \"format\"",
                     shown, detect_format_name(format), detect_format_name(r->found));
  return 0;
}

/* Samples from within a file: what comes late is often of another kind than what comes first. */
static int
sample_amid(struct sampling *s, struct source *source, const char *path, size_t head)
{
  struct format_error error = {0};
  uint64_t size = source_size(source);
  size_t part = head / 4;
  if (source_compression(source) || !s->r->reader->samples_anywhere || !part || size < 2 * (uint64_t)head)
    return 0;
  for (unsigned k = 1; k <= PLACES_AMID; k++) {
    uint64_t at = k == PLACES_AMID ? size - part : head + (size - head - part) / PLACES_AMID * k;
    int64_t n = source_peek(source, at, s->data, part, &error);
    struct format_sample sample = {s->data, (size_t)n, false, k == PLACES_AMID};
    if (n < 0)
      return file_read_fail(s->stage, path, &error);
    memset(s->data + n, 0, FORMAT_PADDING);
    if (s->r->reader->infer_add(s->infer, &sample, &error))
      return file_read_fail(s->stage, path, &error);
  }
  return 0;
}

static int
sample_source(struct sampling *s, struct source *source, const char *path, size_t size)
{
  struct format_error error = {0};
  struct format_sample sample = {s->data, 0, true, false};
  size_t len = 0;
  int64_t n = 1;
  int mark;
  while (n > 0 && len <= size) { /* a byte more than the sample shows whether there is more */
    n = source_read(source, s->data + len, size + 1 - len, &error);
    if (n < 0)
      return file_read_fail(s->stage, path, &error);
    len += (size_t)n;
  }
  sample.last = len <= size;
  len = MIN(len, size);
  memset(s->data + len, 0, FORMAT_PADDING);
  mark = window_skip_mark(s->data, len, &error);
  if (mark < 0)
    return file_read_fail(s->stage, path, &error);
  sample.data += mark;
  sample.len = len - (size_t)mark;
  if (!sample.len) {
    format_fail(&error, 0, 0, "the file is empty");
    return file_read_fail(s->stage, path, &error);
  }
  if (settle_format(s, path, &sample))
    return -1;
  if (s->r->reader->infer_add(s->infer, &sample, &error))
    return file_read_fail(s->stage, path, &error);
  return sample_amid(s, source, path, len);
}

static int
sample_files(struct sampling *s)
{
  struct file_read *r = s->r;
  for (uint32_t k = 0; k < r->n_files; k++) {
    struct format_error error = {0};
    struct source *source = file_read_source(r, k, g_steal_pointer(&s->source), &error);
    size_t size = k < FILES_SAMPLED_WELL ? s->size : MIN(s->size, SMALL_SAMPLE);
    const char *promised;
    size_t stem;
    int result;
    if (!source)
      return file_read_fail(s->stage, r->files[k], &error);
    promised = source_compression_of_name(r->files[k], &stem);
    if (promised && r->places[k].member >= 0) {
      format_fail(&error, 0, 0,
                  "this member of an archive is compressed once more; take it out of the archive first");
      s->source = source;
      return file_read_fail(s->stage, r->files[k], &error);
    }
    if (promised && !source_compression(source) && source_size(source)) {
      g_autofree char *shown = paths_shown(r->files[k]);
      weir_log(s->stage, WEIR_LOG_WARNING,
               "%s: the name says %s, but the content is not compressed, and is read as "
               "it is",
               shown, promised);
    }
    r->total += source_size(source);
    result = sample_source(s, source, r->files[k], size);
    s->source = source;
    if (result)
      return -1;
  }
  return 0;
}

/* Lines of a JSON array say little to who has its records: they are counted. */
static int
announce(weir_stage *stage, struct file_read *r)
{
  const char *unit = r->reader == &format_json ? "record" : "line";
  int64_t first = weir_sources(stage, (const char *const *)r->files, r->n_files, unit);
  r->first_source = (uint32_t)first;
  return first < 0 ? -1 : 0;
}

static int
declare(weir_stage *stage, struct file_read *r, const struct format_columns *columns)
{
  g_autofree weir_field *fields = g_new0(weir_field, columns->n + 1);
  uint32_t n = columns->n;
  for (uint32_t k = 0; k < n; k++) {
    fields[k] = (weir_field){columns->items[k].name, columns->items[k].type};
    if (r->row && !strcmp(columns->items[k].name, "_row"))
      return weir_fail(stage,
                       "the data have a column \"_row\" of their own; set \"row\" to false to read it");
  }
  if (r->row)
    fields[n++] = (weir_field){"_row", "u64"};
  return weir_declare(stage, 0, fields, n);
}

/* Names that nobody wrote are a surprise further down the pipeline: say where they come from. */
static void
warn_of_guessed_header(weir_stage *stage, const struct file_read *r)
{
  if (r->reader != &format_csv || r->header != HEADER_AUTO || r->parsing.header != HEADER_NO ||
      r->columns.count)
    return;
  weir_log(
      stage, WEIR_LOG_WARNING,
      "%s was read as having no header, so its columns are called c1, c2, …; name them with \"columns\", or "
      "set \"header\" to yes or no",
      r->files[0]);
}

int
file_read_schema(weir_stage *stage)
{
  struct file_read *r = stage->state;
  struct sampling s = {.stage = stage, .r = r};
  struct format_columns columns = {0};
  struct format_error error = {0};
  int result;
  if (take_options(stage, r) || find_files(stage, r))
    return -1;
  s.size = (size_t)r->sample;
  s.data = g_try_malloc(s.size + 1 + FORMAT_PADDING);
  if (!s.data)
    return weir_fail(stage, "no memory for a sample of %zu bytes; lower \"sample\"", s.size);
  r->total = 0;
  r->reader = NULL;
  result = sample_files(&s);
  source_close(s.source);
  if (result && s.infer)
    r->reader->infer_free(s.infer);
  g_free(s.data);
  if (result)
    return -1;
  g_assert(r->reader); /* there is at least one file, which settled it */
  result = r->reader->infer_finish(s.infer, &columns, &error);
  if (result)
    file_read_fail(stage, r->files[0], &error);
  else
    result = declare(stage, r, &columns);
  if (!result)
    result = announce(stage, r);
  if (!result)
    warn_of_guessed_header(stage, r);
  format_columns_clear(&columns);
  return result;
}
