/* SPDX-License-Identifier: MIT */
/* Shows a run to a program: see json_lines.h. */
#include "cli/json_lines.h"

#include "base/json_write.h"
#include "cli/summary.h"
#include <errno.h>

/* Between two "progress" lines, in microseconds. */
enum { PROGRESS_TIME = 1000000 };

struct CliJsonLines {
  FILE *out;
  CliReport *report;
  gint64 progressed; /* monotonic time of the last "progress" */
  int failed;        /* errno */
};

CliJsonLines *
cli_json_lines_new(FILE *out)
{
  CliJsonLines *lines = g_new0(CliJsonLines, 1);
  lines->out = out;
  lines->report = cli_report_new();
  return lines;
}

void
cli_json_lines_free(CliJsonLines *lines)
{
  if (!lines)
    return;
  cli_report_free(lines->report);
  g_free(lines);
}

int
cli_json_lines_failed(const CliJsonLines *lines)
{
  return lines->failed;
}

static void
write_line(CliJsonLines *lines, const char *text)
{
  errno = 0;
  if (!lines->failed &&
      (fputs(text, lines->out) == EOF || putc('\n', lines->out) == EOF || fflush(lines->out) != 0))
    lines->failed = errno ? errno : EIO;
}

/* An object of our own, beside those of messages; end_line() ends and writes it. */
typedef struct Line {
  GString *text;
  WeirJsonWriter *json;
} Line;

static Line
begin_line(const char *event)
{
  Line line;
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  g_autofree char *time = g_date_time_format_iso8601(now);
  line.text = g_string_new(NULL);
  line.json = weir_json_writer_new(line.text, 0);
  weir_json_begin_object(line.json);
  weir_json_member_string(line.json, "time", time);
  weir_json_member_string(line.json, "event", event);
  return line;
}

static void
end_line(CliJsonLines *lines, Line *line)
{
  weir_json_end_object(line->json);
  weir_json_writer_free(line->json);
  write_line(lines, line->text->str);
  g_string_free(line->text, TRUE);
}

/* A member, left out where there is no value. */
static void
optional_string(WeirJsonWriter *json, const char *key, const char *value)
{
  if (value)
    weir_json_member_string(json, key, value);
}

static void
write_stages(WeirJsonWriter *json, WeirRun *run)
{
  guint n = 0;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  weir_json_key(json, "stages");
  weir_json_begin_array(json);
  for (guint i = 0; i < n; i++) {
    const WeirStageStats *stage = &stats[i];
    weir_json_begin_object(json);
    weir_json_member_string(json, "stage", stage->stage);
    weir_json_member_string(json, "use", stage->use);
    weir_json_member_string(json, "state", stage->state);
    weir_json_member_unsigned(json, "records_in", stage->records_in);
    weir_json_member_unsigned(json, "records_out", stage->records_out);
    weir_json_member_unsigned(json, "batches_in", stage->batches_in);
    weir_json_member_unsigned(json, "batches_out", stage->batches_out);
    weir_json_member_unsigned(json, "bytes_in", stage->bytes_in);
    weir_json_member_unsigned(json, "bytes_out", stage->bytes_out);
    weir_json_member_unsigned(json, "rejects", stage->rejects);
    weir_json_member_unsigned(json, "busy_ns", stage->busy_ns);
    weir_json_member_unsigned(json, "wait_in_ns", stage->wait_in_ns);
    weir_json_member_unsigned(json, "wait_out_ns", stage->wait_out_ns);
    weir_json_member_unsigned(json, "elapsed_ns", stage->elapsed_ns);
    if (stage->unit || stage->total) {
      weir_json_member_unsigned(json, "done", stage->done);
      weir_json_member_unsigned(json, "total", stage->total);
      optional_string(json, "unit", stage->unit);
    }
    optional_string(json, "waits_for", stage->waits_for);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_progress(CliJsonLines *lines, WeirRun *run)
{
  gint64 now = g_get_monotonic_time();
  if (now - lines->progressed < PROGRESS_TIME)
    return;
  lines->progressed = now;
  Line line = begin_line("progress");
  weir_json_member_number(line.json, "elapsed", weir_run_get_elapsed(run));
  write_stages(line.json, run);
  end_line(lines, &line);
}

void
cli_json_lines_on_message(WeirRun *run, const WeirMessage *message, gpointer data)
{
  CliJsonLines *lines = data;
  cli_report_add(lines->report, message);
  if (message->type == WEIR_MESSAGE_TICK) {
    write_progress(lines, run);
  } else {
    g_autofree char *text = weir_message_to_json(message);
    write_line(lines, text);
  }
  /* A reader that has seen enough (`| head`) does not end the run: its results lie elsewhere. */
  if (lines->failed && lines->failed != EPIPE)
    weir_run_cancel(run);
}

static void
write_results(WeirJsonWriter *json, const CliReport *report)
{
  weir_json_key(json, "artifacts");
  weir_json_begin_array(json);
  for (guint i = 0; i < report->artifacts->len; i++) {
    const CliArtifact *artifact = report->artifacts->pdata[i];
    weir_json_begin_object(json);
    optional_string(json, "stage", artifact->stage);
    optional_string(json, "kind", artifact->kind);
    optional_string(json, "path", artifact->path);
    optional_string(json, "sha256", artifact->sha256);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
  weir_json_key(json, "metrics");
  weir_json_begin_array(json);
  for (guint i = 0; i < report->metrics->len; i++) {
    const CliMetric *metric = report->metrics->pdata[i];
    weir_json_begin_object(json);
    optional_string(json, "stage", metric->stage);
    optional_string(json, "name", metric->name);
    weir_json_member_number(json, "value", metric->value);
    optional_string(json, "unit", metric->unit);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_bottleneck(WeirJsonWriter *json, WeirRun *run)
{
  guint n = 0;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  gint busiest = cli_summary_bottleneck(stats, n, weir_run_get_elapsed(run), NULL);
  if (busiest >= 0)
    weir_json_member_string(json, "bottleneck", stats[busiest].stage);
}

void
cli_json_lines_finish(CliJsonLines *lines, WeirRun *run, int code, const GError *error)
{
  if (error && !lines->report->has_error) {
    Line line = begin_line("error");
    weir_json_member_string(line.json, "text", error->message);
    end_line(lines, &line);
  }
  Line line = begin_line("summary");
  weir_json_member_integer(line.json, "code", code);
  if (run) {
    optional_string(line.json, "name", weir_run_get_name(run));
    optional_string(line.json, "directory", weir_run_get_directory(run));
    weir_json_member_number(line.json, "elapsed", weir_run_get_elapsed(run));
    if (code == WEIR_EXIT_OK)
      write_bottleneck(line.json, run);
    write_stages(line.json, run);
  }
  write_results(line.json, lines->report);
  end_line(lines, &line);
}
