/* SPDX-License-Identifier: MIT */
/* Rejected records: described, counted against their limit, written in order, put together when the run ends. */
#include "core/message_json.h"
#include "core/run.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json_write.h"
#include "base/quote.h"
#include "base/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define FOLDER        "rejects"
#define FILE_NAME     "rejects.jsonl"
#define MOST_SHOWN    5                  /* in the report of a run with too many */
#define MOST_MESSAGES 100                /* to listeners, a stage: all of them are in the file */
#define RECORD_BYTES  ((gsize)256 << 10) /* of a record as JSON; a larger one has its values cut */
#define SHOWN_BYTES   400                /* of a record, in a text for people */

/* ---- What the pipeline says ------------------------------------------------------------------------------ */

void
weir_reject_policy_read(const WeirScope *scope, const WeirElement *element, const WeirNode *on_error,
                        const WeirNode *max, WeirRejectPolicy *policy, WeirDiagnostics *diagnostics)
{
  g_autoptr(WeirNode) what = on_error ? weir_scope_expand(scope, element, on_error, NULL, diagnostics) : NULL;
  g_autoptr(WeirNode) most = max ? weir_scope_expand(scope, element, max, NULL, diagnostics) : NULL;
  if (what && weir_node_kind(what) != WEIR_NODE_NULL) {
    const char *text = weir_node_kind(what) == WEIR_NODE_STRING ? weir_node_string(what) : "";
    policy->reject = g_str_equal(text, "reject");
    if (!policy->reject && !g_str_equal(text, "stop"))
      weir_diagnostics_error(diagnostics, weir_node_position(on_error),
                             "\"on_error\" must be \"stop\" or \"reject\"");
  }
  if (!most || weir_node_kind(most) == WEIR_NODE_NULL)
    return;
  if (weir_node_kind(most) == WEIR_NODE_INTEGER && weir_node_integer(most) >= 0)
    policy->max = (guint64)weir_node_integer(most);
  else
    weir_diagnostics_error(diagnostics, weir_node_position(max),
                           "\"max_rejects\" must be a number of records, an integer from 0");
}

/* ---- Where a record came from ---------------------------------------------------------------------------- */

/* The source, from `_row` if there is one. */
static WeirOrigin
origin_of_row(const WeirStage *stage, const WeirSchema *schema, const struct ArrowArray *batch, gint64 row)
{
  WeirOrigin origin = {.unit = "line"};
  gint at = schema ? weir_schema_find(schema, "_row") : -1;
  if (at < 0 || row < 0 || row >= batch->length)
    return origin;
  weir_column column = weir_batch_column(&schema->arrow, batch, at);
  if (column.type != WEIR_U64 || weir_is_null(&column, row))
    return origin;
  guint64 id = (guint64)weir_get_integer(&column, row), number = id >> 48;
  const GPtrArray *sources = stage->plan->plan->sources;
  if (number < sources->len) {
    const WeirSource *source = sources->pdata[number];
    origin.source = source->name;
    origin.unit = source->unit;
  }
  origin.line = id & ((G_GUINT64_CONSTANT(1) << 48) - 1);
  return origin;
}

WeirOrigin
weir_origin_of(const WeirStage *stage, const WeirInput *input, const struct ArrowArray *batch, gint64 row)
{
  WeirOrigin origin = origin_of_row(stage, input->schema, batch, row);
  origin.port = input->name;
  if (stage->batch_number)
    origin.row =
        stage->first_row + (guint64)(stage->kept ? g_array_index(stage->kept, gint64, row) : row) + 1;
  return origin;
}

WeirOrigin
weir_origin_of_output(const WeirStage *stage, const WeirOutput *output, const struct ArrowArray *batch,
                      gint64 row)
{
  WeirOrigin origin = origin_of_row(stage, output->schema, batch, row);
  origin.port = output->name;
  if (stage->plan->n_outputs == 1) /* a record that was rejected here before is none of the output */
    origin.row = WEIR_GET(stage->running->counters.records_out) + (guint64)row + 1;
  return origin;
}

char *
weir_origin_to_string(const WeirOrigin *origin)
{
  g_autofree char *here = g_get_current_dir();
  gsize n = strlen(here);
  const char *source = origin->source;
  if (source && strncmp(source, here, n) == 0 && source[n] == '/' && source[n + 1])
    source += n + 1;
  if (source && !origin->line)
    return g_strdup(source);
  if (source && g_str_equal(origin->unit, "line"))
    return g_strdup_printf("%s:%" G_GUINT64_FORMAT, source, origin->line);
  if (source)
    return g_strdup_printf("%s, %s %" G_GUINT64_FORMAT, source, origin->unit, origin->line);
  if (origin->line)
    return g_strdup_printf("record %" G_GUINT64_FORMAT " of its source", origin->line);
  if (origin->row)
    return g_strdup_printf("record %" G_GUINT64_FORMAT " of \"%s\"", origin->row, origin->port);
  return origin->port ? g_strdup_printf("a record of \"%s\"", origin->port) : g_strdup("a record");
}

/* ---- Describing ------------------------------------------------------------------------------------------ */

/* The record, its values cut where it would be longer than `most` as a whole. NULL: even so. */
static char *
record_json(const WeirSchema *schema, const struct ArrowArray *batch, gint64 row, gsize most, gboolean *cut)
{
  *cut = FALSE;
  for (gsize limit = most; limit >= 4; limit /= 8) {
    char *json = weir_batch_row_to_json(schema, batch, row, limit);
    if (strlen(json) <= most)
      return json;
    g_free(json);
    *cut = TRUE;
  }
  return NULL;
}

/* The record as it stands in its source, as far as `most` bytes go. g_free(). */
static char *
record_text(const WeirOrigin *origin, gsize most, gboolean *cut)
{
  gsize size = MIN(origin->size, most);
  *cut = size < origin->size;
  while (*cut && size && ((guchar)origin->text[size] & 0xc0) == 0x80) /* at a character */
    size--;
  return g_utf8_make_valid(origin->text, (gssize)size);
}

static char *
line_of(const WeirStage *stage, const WeirOrigin *origin, const WeirSchema *schema,
        const struct ArrowArray *batch, gint64 row, const char *reason)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 0);
  weir_json_writer_redact(json);
  weir_json_begin_object(json);
  weir_json_member_string(json, "stage", stage->plan->name);
  weir_json_member_string(json, "use", stage->plan->use);
  if (origin->port)
    weir_json_member_string(json, "port", origin->port);
  if (origin->source)
    weir_json_member_string(json, "source", origin->source);
  if (origin->line)
    weir_json_member_unsigned(json, g_str_equal(origin->unit, "line") ? "line" : "record_number",
                              origin->line);
  if (!origin->source && origin->row)
    weir_json_member_unsigned(json, "row", origin->row);
  weir_json_member_string(json, "reason", reason);
  gboolean cut = FALSE;
  g_autofree char *record = batch ? record_json(schema, batch, row, RECORD_BYTES, &cut) : NULL;
  g_autofree char *clean = record ? weir_redact_json(record) : NULL;
  if (batch) {
    weir_json_key(json, "record");
    if (clean)
      weir_json_raw(json, clean);
    else
      weir_json_null(json);
  } else if (origin->text) {
    g_autofree char *text = record_text(origin, RECORD_BYTES, &cut);
    weir_json_member_string(json, "text", text);
  }
  if (cut)
    weir_json_member_boolean(json, "cut", TRUE);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(out, FALSE);
}

void
weir_reject_free(WeirReject *reject)
{
  g_free(reject->line);
  g_free(reject->text);
  g_free(reject);
}

/* ---- Writing --------------------------------------------------------------------------------------------- */

void
weir_rejects_init(WeirRejects *rejects)
{
  g_mutex_init(&rejects->lock);
  rejects->file = -1;
  rejects->first = g_ptr_array_new_with_free_func(g_free);
}

void
weir_rejects_clear(WeirRejects *rejects)
{
  if (rejects->file >= 0)
    close(rejects->file);
  g_ptr_array_unref(rejects->first);
  g_mutex_clear(&rejects->lock);
}

char *
weir_rejects_part(const char *directory, const char *stage)
{
  g_autofree char *leaf = g_strconcat(stage, ".jsonl", NULL);
  return g_build_filename(directory, FOLDER, leaf, NULL);
}

void
weir_rejects_begin(const WeirRun *run, const char *stage)
{
  g_autofree char *path = weir_rejects_part(run->dir->path, stage);
  unlink(path);
}

/* A whole line, or none. */
static gboolean
append(WeirStage *stage, const char *line, GError **error)
{
  WeirRejects *rejects = &stage->running->rejects;
  g_autofree char *path = weir_rejects_part(stage->run->dir->path, stage->plan->name);
  g_autofree char *whole = g_strconcat(line, "\n", NULL);
  if (rejects->file < 0) {
    g_autofree char *folder = g_path_get_dirname(path);
    if (!weir_make_folder(folder, error))
      return FALSE;
    rejects->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (rejects->file < 0) {
      weir_set_io_error(error, errno, "write", path);
      return FALSE;
    }
  }
  off_t begin = lseek(rejects->file, 0, SEEK_END);
  for (gsize done = 0, size = strlen(whole); done < size;) {
    ssize_t n = write(rejects->file, whole + done, size - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      weir_set_io_error(error, n < 0 ? errno : EIO, "write", path);
      if (begin < 0 || ftruncate(rejects->file, begin) != 0)
        g_prefix_error(error, "a part of a line is left: ");
      return FALSE;
    }
    done += (gsize)n;
  }
  return TRUE;
}

static int
fail_with_too_many(WeirStage *stage)
{
  const WeirRejects *rejects = &stage->running->rejects;
  g_autoptr(GString) text = g_string_new(NULL);
  if (stage->plan->rejects.max)
    g_string_append_printf(
        text, "more than %" G_GUINT64_FORMAT " records cannot be used (\"max_rejects\"); the first:",
        stage->plan->rejects.max);
  else
    g_string_append(text, "a record cannot be used, and \"max_rejects\" is 0:");
  for (guint i = 0; i < rejects->first->len; i++) {
    const char *first = rejects->first->pdata[i];
    g_string_append_printf(text, "\n  %.*s", (int)strcspn(first, "\n"), first);
  }
  g_autofree char *file = g_build_filename(stage->run->dir->path, FILE_NAME, NULL);
  g_autofree char *quoted = weir_quote_path(file);
  g_string_append_printf(
      text, "\n  all of them are in %s\n  hint: mend the records, or raise \"max_rejects\"", quoted);
  return weir_stage_fail_host(stage, "%s", text->str);
}

int
weir_stage_commit_reject(WeirStage *stage, WeirReject *reject)
{
  WeirRejects *rejects = &stage->running->rejects;
  g_autoptr(GError) error = NULL;
  g_mutex_lock(&rejects->lock);
  gboolean written = append(stage, reject->line, &error);
  guint64 n = ++rejects->n;
  if (rejects->first->len < MOST_SHOWN)
    g_ptr_array_add(rejects->first, g_strdup(reject->text));
  g_mutex_unlock(&rejects->lock);
  WEIR_COUNT(stage->running->counters.rejects, 1);
  WeirMessage message = {.type = WEIR_MESSAGE_REJECT, .stage = stage->plan->name, .text = reject->text};
  if (n <= MOST_MESSAGES)
    weir_run_post(stage->run, &message);
  weir_reject_free(reject);
  if (!written)
    return weir_stage_fail_host(stage, "%s", error->message);
  return n > stage->plan->rejects.max ? fail_with_too_many(stage) : 0;
}

int
weir_stage_reject(WeirStage *stage, const WeirOrigin *origin, const WeirSchema *schema,
                  const struct ArrowArray *batch, gint64 row, const char *reason)
{
  g_autofree char *where = weir_origin_to_string(origin);
  gboolean cut = FALSE;
  g_autofree char *shown = batch ? record_json(schema, batch, row, SHOWN_BYTES, &cut) : NULL;
  g_autoptr(GString) text = g_string_new(NULL);
  const char *rest = strchr(reason, '\n'); /* notes, and a hint */
  g_string_append_printf(text, "%s: %.*s", where, (int)strcspn(reason, "\n"), reason);
  if (shown)
    g_string_append_printf(text, "\n  the record: %s", shown);
  if (rest)
    g_string_append(text, rest);
  if (!stage->running || !stage->plan->rejects.reject) {
    if (!rest || !strstr(rest, "hint: "))
      g_string_append(text,
                      "\n  hint: mend the record; with \"on_error\": \"reject\" the run goes on without such "
                      "records");
    return weir_stage_fail_host(stage, "%s", text->str);
  }
  WeirReject *reject = g_new(WeirReject, 1);
  reject->line = line_of(stage, origin, schema, batch, row, reason);
  reject->text = g_strdup(text->str);
  if (!stage->held)
    return weir_stage_commit_reject(stage, reject);
  g_ptr_array_add(stage->held_rejects, reject);
  return 0;
}

/* ---- Nulls ----------------------------------------------------------------------------------------------- */

int
weir_stage_reject_nulls(WeirStage *stage, const WeirInput *input, const struct ArrowArray *batch,
                        GArray **kept)
{
  guint n;
  const gint32 *columns = weir_binding_no_nulls(input->binding, &n);
  gint32 at = 0;
  *kept = NULL;
  if (n == 0 || weir_batch_first_null(input->schema, batch, columns, n, &at) < 0)
    return 0;
  g_autofree weir_column *views = g_new(weir_column, n);
  for (guint c = 0; c < n; c++)
    views[c] = weir_batch_column(&input->schema->arrow, batch, columns[c]);
  g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
  for (gint64 row = 0; row < batch->length; row++) {
    guint c = 0;
    while (c < n && !weir_is_null(&views[c], row))
      c++;
    if (c == n) {
      g_array_append_val(rows, row);
      continue;
    }
    WeirOrigin origin = weir_origin_of(stage, input, batch, row);
    g_autofree char *reason = g_strdup_printf("column \"%s\" is empty (null)", views[c].schema->name);
    if (weir_stage_reject(stage, &origin, input->schema, batch, row, reason))
      return -1;
  }
  *kept = g_steal_pointer(&rows);
  return 0;
}

/* ---- The whole file -------------------------------------------------------------------------------------- */

static gboolean
copy_part(WeirAtomicFile *file, const char *path, GError **error)
{
  char block[32768];
  int part = open(path, O_RDONLY | O_CLOEXEC);
  if (part < 0)
    return TRUE;
  ssize_t n;
  gboolean fine = TRUE;
  while (fine && ((n = read(part, block, sizeof block)) > 0 || (n < 0 && errno == EINTR)))
    if (n > 0)
      fine = weir_atomic_file_write(file, block, (gsize)n, error);
  if (fine && n < 0) {
    weir_set_io_error(error, errno, "read", path);
    fine = FALSE;
  }
  close(part);
  return fine;
}

gboolean
weir_rejects_finish(WeirRun *run, GError **error)
{
  g_autofree char *folder = g_build_filename(run->dir->path, FOLDER, NULL);
  g_autofree char *path = g_build_filename(run->dir->path, FILE_NAME, NULL);
  if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
    return TRUE;
  WeirAtomicFile *file = weir_atomic_file_open(path, WEIR_ATOMIC_DEFAULT, error);
  gboolean fine = file != NULL;
  for (guint i = 0; fine && i < run->n_stages; i++) {
    g_autofree char *part = weir_rejects_part(run->dir->path, run->stages[i].plan->name);
    fine = copy_part(file, part, error);
  }
  fine = fine && weir_atomic_file_commit(file, error);
  weir_atomic_file_free(file);
  return fine;
}

guint64
weir_rejects_total(const WeirRun *run)
{
  guint64 n = 0;
  for (guint i = 0; i < run->n_stages; i++)
    n += WEIR_GET(run->stages[i].counters.rejects);
  return n;
}
