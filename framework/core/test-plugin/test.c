/* SPDX-License-Identifier: MIT */
/* Plugin "test": stages that exercise the engine: every kind of port, late types, delays, failures, outcomes. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <weir/plugin.h>

static void
sleep_us(int64_t us)
{
  struct timespec t = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&t, NULL);
}

/* ---- rows: a source of numbered texts ------------------------------------------------------------------- */

typedef struct {
  int64_t count, batch, first, sent;
  double wait;
} Rows;

static int
rows_produce(weir_stage *stage)
{
  Rows *r = stage->state;
  if (r->sent >= r->count)
    return WEIR_END;
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  for (int64_t i = 0; i < r->batch && r->sent < r->count; i++, r->sent++) {
    char text[32];
    snprintf(text, sizeof text, "text %" PRId64, r->first + r->sent);
    weir_put_integer(out->columns[0], r->first + r->sent);
    weir_put_string(out->columns[1], text);
  }
  sleep_us((int64_t)(r->wait * 1e6));
  weir_progress(stage, (uint64_t)r->sent, (uint64_t)r->count, "records");
  return weir_send(out);
}

static const weir_port rows_out[] = {{.name = "out", .type = "id:i64, text:utf8"}};
static const weir_option rows_options[] = {
    {"count", WEIR_INTEGER, 0, offsetof(Rows, count), "10", 0, 1e12, .help = "Records in all"},
    {"batch", WEIR_INTEGER, 0, offsetof(Rows, batch), "4", 1, 1e6, .help = "Records in a batch"},
    {"first", WEIR_INTEGER, 0, offsetof(Rows, first), "0", .help = "Number of the first"},
    {"wait", WEIR_DURATION, 0, offsetof(Rows, wait), "0s", .help = "Time before each batch"},
};

/* ---- late: a source whose columns are declared in the plan, with the first batch, or never --------------- */

typedef struct {
  weir_list columns; /* "name type" */
  int32_t when;
  int64_t count;
  bool nulls, done;
} Late;

enum { LATE_PLAN, LATE_RUN, LATE_NEVER };

static int
late_declare(weir_stage *stage)
{
  Late *l = stage->state;
  weir_field *fields = weir_alloc(stage, l->columns.count * sizeof *fields);
  for (uint32_t i = 0; fields && i < l->columns.count; i++) {
    const char *space = strchr(l->columns.items[i], ' ');
    size_t n = space ? (size_t)(space - l->columns.items[i]) : 0;
    char *name = weir_alloc(stage, n + 1);
    if (!name || !space)
      return weir_fail(stage, "a column is \"NAME TYPE\"");
    memcpy(name, l->columns.items[i], n);
    fields[i] = (weir_field){name, space + 1};
  }
  return fields ? weir_declare(stage, 0, fields, l->columns.count) : -1;
}

static int
late_schema(weir_stage *stage)
{
  return ((Late *)stage->state)->when == LATE_PLAN ? late_declare(stage) : 0;
}

static int
late_produce(weir_stage *stage)
{
  Late *l = stage->state;
  if (l->done || l->when == LATE_NEVER)
    return WEIR_END;
  if (l->when == LATE_RUN) {
    sleep_us(20000); /* so that those who wait for the types do wait */
    if (late_declare(stage))
      return -1;
  }
  weir_batch *out = weir_batch_new(stage, 0);
  for (int64_t row = 0; out && row < l->count; row++)
    for (uint32_t c = 0; c < out->n_columns; c++)
      if (l->nulls && row == 2)
        weir_put_null(out->columns[c]);
      else if (out->columns[c]->type == WEIR_UTF8)
        weir_put_string(out->columns[c], "word");
      else
        weir_put_integer(out->columns[c], row);
  l->done = true;
  return out ? weir_send(out) : -1;
}

static const weir_port late_out[] = {{.name = "out", .type = "any"}};
static const weir_option late_options[] = {
    {"columns", WEIR_STRING_LIST, WEIR_OPTION_REQUIRED, offsetof(Late, columns), .help = "NAME TYPE of each"},
    {"when", WEIR_CHOICE, 0, offsetof(Late, when), "run", .choices = "plan|run|never", .help = "When"},
    {"count", WEIR_INTEGER, 0, offsetof(Late, count), "5", 0, 1e6, .help = "Records"},
    {"nulls", WEIR_BOOLEAN, 0, offsetof(Late, nulls), "false", .help = "Record 2 is null"},
};

/* ---- pass, text, labelled: transforms ------------------------------------------------------------------- */

typedef struct {
  int64_t limit, seen;
  double wait;
} Pass;

static int
pass_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Pass *p = stage->state;
  (void)port;
  sleep_us((int64_t)(p->wait * 1e6));
  if (weir_emit(stage, 0, batch))
    return -1;
  return p->limit && ++p->seen == p->limit ? WEIR_END : 0;
}

static const weir_port any_in[] = {{.name = "in", .type = "*"}};
static const weir_port same_out[] = {{.name = "out", .type = "=in"}};
static const weir_option pass_options[] = {
    {"limit", WEIR_INTEGER, 0, offsetof(Pass, limit), "0", 0, 1e9, .help = "Batches to pass, 0 for all"},
    {"wait", WEIR_DURATION, 0, offsetof(Pass, wait), "0s", .help = "Time before each batch"},
};

typedef struct {
  const char *field;
} Text;

static int
text_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  return weir_emit(stage, 0, batch);
}

static const weir_port text_in[] = {{.name = "in", .type = "${field}:utf8, *"}};
static const weir_option text_options[] = {
    {"field", WEIR_FIELD, 0, offsetof(Text, field), "text", .help = "Column"},
};

/* ---- slow: a parallel transform with delays that turn the order of work round ---------------------------- */

typedef struct {
  int64_t end_at, fail_at;
} Slow;

static int
slow_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Slow *s = stage->state;
  weir_column id = weir_input(stage, port, batch, 0);
  int64_t first = weir_get_integer(&id, 0);
  bool end = s->end_at >= first && s->end_at < first + id.length;
  if (s->fail_at >= first && s->fail_at < first + id.length) {
    weir_batch_release(batch);
    return weir_fail(stage, "number %lld cannot be borne", (long long)s->fail_at);
  }
  weir_random random = weir_random_from((uint64_t)first);
  sleep_us((int64_t)weir_random_below(&random, 400));
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  for (int64_t row = 0; row < id.length; row++)
    weir_put_integer(out->columns[0], 2 * weir_get_integer(&id, row));
  if (weir_send(out))
    return -1;
  return end ? WEIR_END : 0;
}

static const weir_port id_in[] = {{.name = "in", .type = "id:i64, *"}};
static const weir_port slow_out[] = {{.name = "out", .type = "=in, +twice:i64"}};
static const weir_option slow_options[] = {
    {"end-at", WEIR_INTEGER, 0, offsetof(Slow, end_at), "-1", .help = "Number after whose batch to end"},
    {"fail-at", WEIR_INTEGER, 0, offsetof(Slow, fail_at), "-1", .help = "Number at which to fail"},
};

/* ---- merge: streams, optional ones, many, and a table ---------------------------------------------------- */

enum { MERGE_A, MERGE_B, MERGE_MORE, MERGE_TABLE };

static int
merge_put(weir_stage *stage, const weir_column *id, uint32_t port, int64_t source)
{
  weir_batch *out = weir_batch_new(stage, 0);
  for (int64_t row = 0; out && row < id->length; row++) {
    weir_put_integer(out->columns[0], weir_get_integer(id, row));
    weir_put_integer(out->columns[1], port);
    weir_put_integer(out->columns[2], source);
  }
  return out ? weir_send(out) : -1;
}

static int
merge_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  weir_column id = weir_input(stage, port, batch, 0);
  int result = merge_put(stage, &id, port, weir_input_source(stage));
  weir_batch_release(batch);
  return result;
}

static int
merge_end(weir_stage *stage, uint32_t port)
{
  weir_log(stage, WEIR_LOG_INFO, "end of %u", port);
  return 0;
}

/* The table from its last batch to its first. */
static int
merge_produce(weir_stage *stage)
{
  uint64_t rows = 0;
  for (uint64_t b = weir_table_batches(stage, MERGE_TABLE); b-- > 0;) {
    struct ArrowArray batch;
    if (weir_table_batch(stage, MERGE_TABLE, b, &batch))
      return -1;
    weir_column id = weir_input(stage, MERGE_TABLE, &batch, 0);
    rows += (uint64_t)id.length;
    int result = merge_put(stage, &id, MERGE_TABLE, (int64_t)b);
    weir_batch_release(&batch);
    if (result)
      return -1;
  }
  if (rows != weir_table_rows(stage, MERGE_TABLE))
    return weir_fail(stage, "the table has %llu rows, not as many as it says", (unsigned long long)rows);
  return WEIR_END;
}

static const weir_port merge_in[] = {
    {.name = "a", .type = "id:i64, *"},
    {.name = "b", .type = "id:i64, *", .flags = WEIR_PORT_OPTIONAL},
    {.name = "more", .type = "id:i64, *", .flags = WEIR_PORT_OPTIONAL | WEIR_PORT_MANY},
    {.name = "table", .type = "id:i64, *", .flags = WEIR_PORT_OPTIONAL | WEIR_PORT_TABLE | WEIR_PORT_MANY},
};
static const weir_port merge_out[] = {{.name = "out", .type = "id:i64, port:i64, source:i64"}};

/* ---- split: outputs named from an option ----------------------------------------------------------------- */

typedef struct {
  weir_map to;
  int64_t next;
} Split;

static int
split_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Split *s = stage->state;
  (void)port;
  return weir_emit(stage, (uint32_t)(s->next++ % weir_outputs(stage)), batch);
}

static const weir_port split_out[] = {{.type = "=in", .names = "to", .flags = WEIR_PORT_REQUIRED}};
static const weir_option split_options[] = {
    {"to", WEIR_NUMBER_MAP, WEIR_OPTION_REQUIRED, offsetof(Split, to), .min = 0, .max = 1, .help = "Ports"},
};

/* ---- sink: writes the numbers that come, a line each ----------------------------------------------------- */

typedef struct {
  const char *path, *token;
  FILE *file;
  char *temporary;
  int64_t rows;
} Sink;

static int
sink_open(weir_stage *stage)
{
  Sink *s = stage->state;
  const struct ArrowSchema *early = weir_input_schema(stage, 0); /* perhaps not known yet, but never half */
  if (early && early->n_children < 1)
    return weir_fail(stage, "there are no columns");
  if (s->token) /* what a stage says by mistake */
    weir_log(stage, WEIR_LOG_WARNING, "the token is %s", s->token);
  if (!s->path)
    return 0;
  size_t n = strlen(s->path) + 5;
  s->temporary = weir_alloc(stage, n);
  if (!s->temporary)
    return -1;
  snprintf(s->temporary, n, "%s.tmp", s->path);
  s->file = fopen(s->temporary, "w");
  return s->file ? 0 : weir_fail(stage, "cannot write \"%s\"", s->path);
}

static int
sink_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Sink *s = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, port);
  s->rows += batch->length;
  for (int64_t row = 0; s->file && row < batch->length; row++)
    for (int64_t c = 0; c < schema->n_children; c++) {
      weir_column column = weir_batch_column(schema, batch, c);
      fputs(c ? " " : "", s->file);
      if (column.type == WEIR_UTF8) {
        weir_text text = weir_get_text(&column, row);
        fprintf(s->file, "%.*s", (int)text.len, text.data);
      } else {
        fprintf(s->file, "%lld", (long long)weir_get_integer(&column, row));
      }
      fputs(c + 1 < schema->n_children ? "" : "\n", s->file);
    }
  weir_batch_release(batch);
  return 0;
}

static int
sink_end(weir_stage *stage, uint32_t port)
{
  Sink *s = stage->state;
  (void)port;
  weir_metric(stage, "rows", (double)s->rows, "records");
  if (!s->file)
    return 0;
  int failed = fclose(s->file);
  s->file = NULL;
  if (failed || rename(s->temporary, s->path))
    return weir_fail(stage, "cannot write \"%s\"", s->path);
  return weir_output(stage, s->path, "text");
}

static void
sink_close(weir_stage *stage)
{
  Sink *s = stage->state;
  if (!s->file)
    return;
  fclose(s->file);
  unlink(s->temporary);
}

static const weir_option sink_options[] = {
    {"path", WEIR_OUTPUT_PATH, 0, offsetof(Sink, path), .help = "File to write"},
    {"token", WEIR_SECRET, 0, offsetof(Sink, token), .help = "Something secret"},
};

/* ---- hold, fail, sleep: how runs end --------------------------------------------------------------------- */

typedef struct {
  int64_t after, seen;
} Hold;

static int
hold_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Hold *h = stage->state;
  (void)port;
  h->seen += batch->length;
  if (weir_emit(stage, 0, batch))
    return -1;
  if (h->seen < h->after)
    return 0;
  weir_outcome(stage, WEIR_HELD, "%lld records are enough", (long long)h->seen);
  return WEIR_END;
}

static const weir_option hold_options[] = {
    {"after", WEIR_INTEGER, 0, offsetof(Hold, after), "1", 0, 1e9, .help = "Records to pass before"},
};

typedef struct {
  int32_t in;
  const char *text;
} Fail;

enum { FAIL_OPEN, FAIL_PROCESS, FAIL_END, FAIL_SCHEMA, FAIL_WARN };

static int
fail_if(weir_stage *stage, int32_t where)
{
  Fail *f = stage->state;
  return f->in == where ? weir_fail(stage, "%s", f->text) : 0;
}

static int
fail_open(weir_stage *stage)
{
  return fail_if(stage, FAIL_OPEN);
}

static int
fail_schema(weir_stage *stage)
{
  if (((Fail *)stage->state)->in == FAIL_WARN)
    weir_log(stage, WEIR_LOG_WARNING, "this may not be what you want");
  return fail_if(stage, FAIL_SCHEMA);
}

static int
fail_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  weir_batch_release(batch);
  return fail_if(stage, FAIL_PROCESS);
}

static int
fail_end(weir_stage *stage, uint32_t port)
{
  (void)port;
  return fail_if(stage, FAIL_END);
}

static const weir_option fail_options[] = {
    {"in", WEIR_CHOICE, 0, offsetof(Fail, in), "process", .choices = "open|process|end|schema|warn",
     .help = "Where"},
    {"text", WEIR_STRING, 0, offsetof(Fail, text), "as it was told to", .help = "What it says"},
};

static int
sleep_produce(weir_stage *stage)
{
  while (!weir_cancelled(stage))
    sleep_us(500);
  return -1;
}

static const weir_port sleep_out[] = {{.name = "out", .type = "id:i64"}};

/* ---- talk: what a stage may say -------------------------------------------------------------------------- */

typedef struct {
  const char *json;
  int64_t times;
} Talk;

static int
talk_produce(weir_stage *stage)
{
  Talk *t = stage->state;
  weir_log(stage, WEIR_LOG_DEBUG, "not for everybody");
  weir_log(stage, WEIR_LOG_INFO, "two\nlines and \xff\xfe which is no text");
  weir_metric(stage, "first", 1, "m/s");
  weir_metric(stage, "none", NAN, NULL);
  weir_metric(stage, "first", 2.5, "m/s");
  for (int64_t i = 0; i < t->times; i++)
    weir_message(stage, "point", "epochs", t->json);
  weir_log(stage, WEIR_LOG_INFO, "started %lld", (long long)weir_started(stage));
  weir_log(stage, WEIR_LOG_INFO, "seed %016llx", (unsigned long long)weir_random_stream(stage, 1).state);
  return WEIR_END;
}

static const weir_option talk_options[] = {
    {"json", WEIR_STRING, 0, offsetof(Talk, json), "{\"epoch\": 1,\n \"loss\": 0.5}", .help = "A message"},
    {"times", WEIR_INTEGER, 0, offsetof(Talk, times), "1", 0, 1e9, .help = "How often it is sent"},
};

/* ---- artifact: makes folders ----------------------------------------------------------------------------- */

typedef struct {
  const char *name, *metadata;
  int32_t leave;
} Artifact;

enum { LEAVE_FINISHED, LEAVE_DROPPED, LEAVE_FAILED, LEAVE_CANCELLED, LEAVE_NOWHERE };

static int
artifact_produce(weir_stage *stage)
{
  Artifact *a = stage->state;
  const char *folder = weir_artifact_begin(stage, a->name);
  char path[4096];
  if (!folder)
    return -1;
  snprintf(path, sizeof path, "%s/weights", folder);
  FILE *file = fopen(path, "w");
  if (!file)
    return weir_fail(stage, "cannot write \"%s\"", path);
  fputs("1 2 3\n", file);
  fclose(file);
  while (a->leave == LEAVE_CANCELLED && !weir_cancelled(stage))
    sleep_us(500);
  if (a->leave == LEAVE_CANCELLED)
    return -1;
  if (a->leave == LEAVE_DROPPED)
    weir_artifact_drop(stage, folder);
  if (a->leave == LEAVE_NOWHERE)
    return weir_run_path(stage, (weir_text){NULL, 0}) ? WEIR_END : -1;
  if (a->leave == LEAVE_FAILED)
    return weir_fail(stage, "no good");
  if (a->leave == LEAVE_FINISHED && weir_artifact_finish(stage, folder, 0, "model", a->metadata))
    return -1;
  weir_log(stage, WEIR_LOG_INFO, "%s", strncmp(path, folder, strlen(folder)) ? "gone" : "still named");
  return WEIR_END;
}

static const weir_port artifact_out[] = {{.name = "out", .type = WEIR_ARTIFACT}};
static const weir_option artifact_options[] = {
    {"name", WEIR_STRING, 0, offsetof(Artifact, name), "model", .help = "Name of the folder"},
    {"metadata", WEIR_STRING, 0, offsetof(Artifact, metadata), .help = "JSON"},
    {"leave", WEIR_CHOICE, 0, offsetof(Artifact, leave), "finished",
     .choices = "finished|dropped|failed|cancelled|nowhere", .help = "How it ends"},
};

/* ---- maybe: an optional input, and an output of the same columns ----------------------------------------- */

static int
maybe_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  return weir_emit(stage, 0, batch);
}

static const weir_port maybe_in[] = {{.name = "in", .type = "*", .flags = WEIR_PORT_OPTIONAL}};

/* ---- stall: a source that has no more to give, but does not know it --------------------------------------- */

typedef struct {
  int64_t count, sent;
} Stall;

static int
stall_produce(weir_stage *stage)
{
  Stall *s = stage->state;
  while (s->sent == s->count) {
    if (weir_cancelled(stage))
      return -1;
    if (!weir_output_used(stage, 0))
      return WEIR_END;
    sleep_us(500);
  }
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  weir_put_integer(out->columns[0], s->sent++);
  return weir_send(out);
}

static const weir_option stall_options[] = {
    {"count", WEIR_INTEGER, 0, offsetof(Stall, count), "10", 1, 1e9, .help = "Records, a batch each"},
};

/* ---- lines, picky: a reader that names its sources, and a parallel stage that cannot use every record ------ */

typedef struct {
  weir_list files;
  int64_t count, bad, null, first, file, sent;
  const char *unit;
} Lines;

static int
lines_schema(weir_stage *stage)
{
  Lines *l = stage->state;
  l->first = weir_sources(stage, l->files.items, l->files.count, l->unit);
  return l->first < 0 ? -1 : 0;
}

/* Numbers of a file from 1, in batches of 3 and the like; some are null, some are bad. */
static int
lines_produce(weir_stage *stage)
{
  Lines *l = stage->state;
  if (l->file == l->files.count)
    return WEIR_END;
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  for (int64_t i = 0, n = 3 + l->sent % 5; i < n && l->sent < l->count;) {
    int64_t line = ++l->sent;
    if (l->bad && line % l->bad == 0) {
      if (weir_reject_source(stage, l->files.items[l->file], (uint64_t)line, "no number")) {
        weir_drop(out);
        return -1;
      }
      continue;
    }
    if (l->null && line % l->null == 0)
      weir_put_null(out->columns[0]);
    else
      weir_put_integer(out->columns[0], line);
    weir_put_integer(out->columns[1], (int64_t)((uint64_t)(l->first + l->file) << 48) + line);
    i++;
  }
  if (l->sent >= l->count) {
    l->sent = 0;
    l->file++;
  }
  return weir_send(out);
}

static const weir_port lines_out[] = {{.name = "out", .type = "id:i64?, _row:u64"}};
static const weir_option lines_options[] = {
    {"files", WEIR_STRING_LIST, 0, offsetof(Lines, files), "[\"a\"]", .help = "Names"},
    {"count", WEIR_INTEGER, 0, offsetof(Lines, count), "10", 1, 1e9, .help = "Lines of each"},
    {"bad", WEIR_INTEGER, 0, offsetof(Lines, bad), "0", 0, 1e9, .help = "Every so many-th is bad"},
    {"null", WEIR_INTEGER, 0, offsetof(Lines, null), "0", 0, 1e9, .help = "Every so many-th is null"},
    {"unit", WEIR_STRING, 0, offsetof(Lines, unit), "line", .help = "What is counted"},
};

typedef struct {
  int64_t every;
  const char *reason;
} Picky;

static int
picky_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Picky *p = stage->state;
  weir_column id = weir_input(stage, port, batch, 0);
  int64_t rows[64], n = 0;
  weir_random random = weir_random_from((uint64_t)weir_get_integer(&id, 0));
  sleep_us((int64_t)weir_random_below(&random, 400));
  for (int64_t row = 0; row < id.length && n < 64; row++) {
    if (weir_get_integer(&id, row) % p->every)
      rows[n++] = row;
    else if (weir_reject(stage, port, batch, row, "%s", p->reason)) {
      weir_batch_release(batch);
      return -1;
    }
  }
  return weir_select(stage, port, batch, 0, rows, n);
}

static const weir_option picky_options[] = {
    {"every", WEIR_INTEGER, 0, offsetof(Picky, every), "2", 1, 1e9, .help = "Multiples that it cannot use"},
    {"reason", WEIR_STRING, 0, offsetof(Picky, reason), "not liked", .help = "What it says"},
};

/* ---- The table of all ------------------------------------------------------------------------------------ */

#define OPTIONS(table) .options = table, .n_options = sizeof table / sizeof *table
#define IN(table)      .in = table, .n_in = sizeof table / sizeof *table
#define OUT(table)     .out = table, .n_out = sizeof table / sizeof *table

static const weir_class classes[] = {
    {.name = "rows",
     .summary = "Numbered texts",
     OUT(rows_out),
     OPTIONS(rows_options),
     .state_size = sizeof(Rows),
     .produce = rows_produce},
    {.name = "late",
     .summary = "Columns declared late",
     OUT(late_out),
     OPTIONS(late_options),
     .state_size = sizeof(Late),
     .schema = late_schema,
     .produce = late_produce},
    {.name = "pass",
     .summary = "What comes",
     IN(any_in),
     OUT(same_out),
     OPTIONS(pass_options),
     .state_size = sizeof(Pass),
     .process = pass_process},
    {.name = "text",
     .summary = "What has a text",
     IN(text_in),
     OUT(same_out),
     OPTIONS(text_options),
     .state_size = sizeof(Text),
     .process = text_process},
    {.name = "slow",
     .summary = "Twice the number",
     IN(id_in),
     OUT(slow_out),
     OPTIONS(slow_options),
     .threads = WEIR_PARALLEL,
     .state_size = sizeof(Slow),
     .process = slow_process},
    {.name = "merge",
     .summary = "All that comes",
     IN(merge_in),
     OUT(merge_out),
     .process = merge_process,
     .end = merge_end,
     .produce = merge_produce},
    {.name = "split",
     .summary = "Batches in turn",
     IN(any_in),
     OUT(split_out),
     OPTIONS(split_options),
     .state_size = sizeof(Split),
     .process = split_process},
    {.name = "sink",
     .summary = "Writes numbers",
     IN(any_in),
     OPTIONS(sink_options),
     .flags = WEIR_CLASS_SINK,
     .state_size = sizeof(Sink),
     .open = sink_open,
     .process = sink_process,
     .end = sink_end,
     .close = sink_close},
    {.name = "hold",
     .summary = "Holds the run",
     IN(any_in),
     OUT(same_out),
     OPTIONS(hold_options),
     .state_size = sizeof(Hold),
     .process = hold_process},
    {.name = "fail",
     .summary = "Fails",
     IN(any_in),
     OPTIONS(fail_options),
     .state_size = sizeof(Fail),
     .open = fail_open,
     .schema = fail_schema,
     .process = fail_process,
     .end = fail_end},
    {.name = "sleep", .summary = "Sleeps until cancelled", OUT(sleep_out), .produce = sleep_produce},
    {.name = "stall",
     .summary = "Gives some, then waits until nobody wants more",
     OUT(sleep_out),
     OPTIONS(stall_options),
     .state_size = sizeof(Stall),
     .produce = stall_produce},
    {.name = "talk",
     .summary = "Messages",
     OPTIONS(talk_options),
     .state_size = sizeof(Talk),
     .produce = talk_produce},
    {.name = "artifact",
     .summary = "Makes a folder",
     OUT(artifact_out),
     OPTIONS(artifact_options),
     .state_size = sizeof(Artifact),
     .produce = artifact_produce},
    {.name = "maybe",
     .summary = "What comes, if it does",
     IN(maybe_in),
     OUT(same_out),
     .process = maybe_process},
    {.name = "lines",
     .summary = "Numbered lines of named files",
     OUT(lines_out),
     OPTIONS(lines_options),
     .state_size = sizeof(Lines),
     .schema = lines_schema,
     .produce = lines_produce},
    {.name = "picky",
     .summary = "Rejects some numbers",
     IN(id_in),
     OUT(same_out),
     OPTIONS(picky_options),
     .threads = WEIR_PARALLEL,
     .state_size = sizeof(Picky),
     .process = picky_process},
};

WEIR_PLUGIN(.name = "test", .version = "1.0", .licence = "MIT", .vendor = "example",
            .summary = "Stages that exercise the engine", .classes = classes,
            .n_classes = sizeof classes / sizeof *classes)
