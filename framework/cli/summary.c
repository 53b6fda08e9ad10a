/* SPDX-License-Identifier: MIT */
/* The closing table of a run: see summary.h. */
#include "cli/summary.h"

#include "base/units.h"
#include "cli/points.h"
#include "cli/progress.h"
#include <math.h>
#include <string.h>

enum {
  COLUMN_STAGE,
  COLUMN_IN,
  COLUMN_OUT,
  COLUMN_RATE,
  COLUMN_BUSY,
  COLUMN_WAIT_IN,
  COLUMN_WAIT_OUT,
  COLUMN_SHARE,
  N_COLUMNS
};

/* From this share of the run on, the busiest stage is called the bottleneck. */
#define BOTTLENECK_SHARE 0.5

static char *
duration_text(guint64 ns)
{
  return ns < 1000 ? g_strdup("-") : weir_format_duration((gint64)(ns / 1000));
}

gint
cli_summary_bottleneck(const WeirStageStats *stats, guint n, double elapsed, char **sentence)
{
  gint busiest = -1;
  for (guint i = 0; i < n; i++)
    if (stats[i].busy_ns && (busiest < 0 || stats[i].busy_ns > stats[busiest].busy_ns))
      busiest = (gint)i;
  if (sentence)
    *sentence = NULL;
  if (!sentence || busiest < 0 || elapsed <= 0)
    return busiest;

  const WeirStageStats *stage = &stats[busiest];
  double share = (double)stage->busy_ns / 1e9 / elapsed;
  g_autofree char *busy = weir_format_duration((gint64)(stage->busy_ns / 1000));
  g_autofree char *whole = weir_format_duration((gint64)(elapsed * 1e6));
  if (share > 1.005) /* several workers */
    *sentence = g_strdup_printf("The bottleneck was %s (%s): its workers were busy for %s together, in a run "
                                "of %s.",
                                stage->stage, stage->use, busy, whole);
  else if (share >= BOTTLENECK_SHARE)
    *sentence = g_strdup_printf("The bottleneck was %s (%s): it worked for %s of the run's %s (%.0f %%).",
                                stage->stage, stage->use, busy, whole, share * 100);
  else
    *sentence = g_strdup_printf("No stage held up the others for long; %s (%s) worked longest, %s of %s "
                                "(%.0f %%).",
                                stage->stage, stage->use, busy, whole, share * 100);
  return busiest;
}

/* Records a second while it worked: what the stage could do if the others let it. */
static char *
rate_text(const WeirStageStats *stage)
{
  guint64 records = cli_progress_records(stage);
  if (!records || stage->busy_ns < 1000)
    return g_strdup("-");
  g_autofree char *rate = weir_format_count((double)records / ((double)stage->busy_ns / 1e9));
  return g_strconcat(rate, "/s", NULL);
}

static char *
count_text(guint64 count, guint64 batches)
{
  return count || batches ? weir_format_count((double)count) : g_strdup("-");
}

static char *
name_text(const WeirStageStats *stage)
{
  gboolean plain = g_strcmp0(stage->state, "done") == 0;
  return plain ? g_strdup(stage->stage) : g_strdup_printf("%s (%s)", stage->stage, stage->state);
}

static void
append_table(GString *out, const CliSummary *summary, gint busiest, guint columns, const CliStyle *style)
{
  static const char *const headings[N_COLUMNS] = {
      "stage", "in", "out", "rate", "busy", "waited for in", "waited for out", "share"};
  static const CliAlign align[N_COLUMNS] = {CLI_LEFT,  CLI_RIGHT, CLI_RIGHT, CLI_RIGHT,
                                            CLI_RIGHT, CLI_RIGHT, CLI_RIGHT, CLI_RIGHT};
  g_autoptr(CliTable) table = cli_table_new(headings, align, N_COLUMNS);
  for (guint i = 0; i < summary->n; i++) {
    const WeirStageStats *stage = &summary->stats[i];
    double share = summary->elapsed > 0 ? (double)stage->busy_ns / 1e7 / summary->elapsed : 0;
    cli_table_cell(table, name_text(stage));
    cli_table_cell(table, count_text(stage->records_in, stage->batches_in));
    cli_table_cell(table, count_text(stage->records_out, stage->batches_out));
    cli_table_cell(table, rate_text(stage));
    cli_table_cell(table, duration_text(stage->busy_ns));
    cli_table_cell(table, duration_text(stage->wait_in_ns));
    cli_table_cell(table, duration_text(stage->wait_out_ns));
    cli_table_cell(table, g_strdup_printf("%.0f %%%s", share, (gint)i == busiest ? " <" : "  "));
  }
  cli_table_print(table, out, 2, columns, busiest, style);
}

static void
append_artifacts(GString *out, const CliSummary *summary, const CliStyle *style)
{
  const CliReport *report = summary->report;
  guint kind_columns = 0;
  for (guint i = 0; i < report->artifacts->len; i++) {
    const CliArtifact *artifact = report->artifacts->pdata[i];
    kind_columns = MAX(kind_columns, cli_text_columns(artifact->kind ? artifact->kind : "file"));
  }
  for (guint i = 0; i < report->artifacts->len; i++) {
    const CliArtifact *artifact = report->artifacts->pdata[i];
    g_autofree char *kind = cli_text_clean(artifact->kind ? artifact->kind : "file", FALSE);
    /* What lies in the run directory is named relative to it. */
    g_autofree char *whole =
        g_canonicalize_filename(artifact->path ? artifact->path : "", summary->directory);
    g_autofree char *path = cli_text_path(whole);
    g_autoptr(GString) padded = g_string_new(NULL);
    cli_text_pad(padded, kind, kind_columns, CLI_LEFT);
    g_string_append(out, "  ");
    cli_text_ink(out, style, CLI_DIM, padded->str);
    g_string_append_printf(out, "  %s\n", path);
  }
}

/* Counts are whole; a share that is 0 or 1 keeps its decimals. */
static char *
metric_text(const CliMetric *metric)
{
  gboolean count = metric->unit || fabs(metric->value) >= 2;
  gboolean whole = count && metric->value == trunc(metric->value) && fabs(metric->value) < 1000;
  return whole ? g_strdup_printf("%.0f", metric->value) : cli_points_number(metric->value);
}

/* "records", "record" of one, and nothing where the name says it: "clusters 3". */
static char *
unit_text(const CliMetric *metric, const char *name)
{
  char *unit = cli_text_clean(metric->unit ? metric->unit : "", FALSE);
  if (strcmp(unit, name) == 0)
    *unit = 0;
  else if (metric->value == 1 && strcmp(unit, "records") == 0)
    unit[strlen(unit) - 1] = 0;
  return unit;
}

/* A line a stage: "score  accuracy 0.9172  macro f1 0.9168" */
static void
append_metrics(GString *out, const CliReport *report, const CliStyle *style)
{
  const char *stage = NULL;
  for (guint i = 0; i < report->metrics->len; i++) {
    const CliMetric *metric = report->metrics->pdata[i];
    g_autofree char *name = cli_points_name(metric->name);
    g_autofree char *unit = unit_text(metric, name);
    g_autofree char *value = metric_text(metric);
    if (i == 0 || g_strcmp0(stage, metric->stage) != 0) {
      stage = metric->stage;
      g_string_append(out, i ? "\n  " : "  ");
      cli_text_ink(out, style, CLI_BOLD, stage ? stage : "run");
    }
    g_string_append(out, "  ");
    cli_text_ink(out, style, CLI_DIM, name);
    g_string_append_printf(out, " %s%s%s", value, *unit ? " " : "", unit);
  }
  if (report->metrics->len)
    g_string_append_c(out, '\n');
}

/* "12 records were rejected: load 10, score 2; see runs/x/rejects.jsonl" */
static void
append_rejects(GString *out, const CliSummary *summary, guint columns, const CliStyle *style)
{
  guint64 total = 0;
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < summary->n; i++) {
    const WeirStageStats *stage = &summary->stats[i];
    if (!stage->rejects)
      continue;
    g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT, total ? ", " : ": ", stage->stage,
                           stage->rejects);
    total += stage->rejects;
  }
  if (!total)
    return;
  g_autofree char *whole = summary->directory ? g_build_filename(summary->directory, "rejects.jsonl", NULL)
                                              : g_strdup("rejects.jsonl");
  g_autofree char *path = cli_text_path(whole);
  g_autofree char *sentence = g_strdup_printf("%" G_GUINT64_FORMAT " record%s rejected%s; see %s", total,
                                              total == 1 ? " was" : "s were", text->str, path);
  g_autoptr(GString) wrapped = g_string_new(NULL);
  cli_text_wrap(wrapped, sentence, 2, columns ? columns : 100);
  g_string_append(out, "  ");
  cli_text_ink(out, style, CLI_YELLOW, wrapped->str);
}

static const char *
outcome(int code)
{
  switch (code) {
  case WEIR_EXIT_OK:
    return "done";
  case WEIR_EXIT_HELD:
    return "held";
  case WEIR_EXIT_INTERRUPTED:
    return "cancelled";
  default:
    return "failed";
  }
}

char *
cli_summary_text(const CliSummary *summary, guint columns, const CliStyle *style)
{
  GString *out = g_string_new(NULL);
  g_autofree char *sentence = NULL;
  g_autofree char *whole = weir_format_duration((gint64)(summary->elapsed * 1e6));
  /* Of a run that did not come to its end the times say nothing of what would have held it up. */
  gint busiest = summary->code == WEIR_EXIT_OK
                     ? cli_summary_bottleneck(summary->stats, summary->n, summary->elapsed, &sentence)
                     : -1;
  CliInk ink = summary->code == WEIR_EXIT_OK       ? CLI_GREEN
               : summary->code == WEIR_EXIT_FAILED ? CLI_RED
                                                   : CLI_YELLOW;

  g_string_append_c(out, '\n');
  cli_text_ink(out, style, CLI_BOLD, summary->report->name ? summary->report->name : "the run");
  g_string_append_c(out, ' ');
  cli_text_ink(out, style, ink, outcome(summary->code));
  g_string_append_printf(out, " in %s\n", whole);
  if (summary->n)
    append_table(out, summary, busiest, columns, style);
  if (sentence) {
    g_string_append(out, "  ");
    cli_text_wrap(out, sentence, 2, columns ? columns : 100);
  }
  append_rejects(out, summary, columns, style);
  append_metrics(out, summary->report, style);
  append_artifacts(out, summary, style);
  if (summary->directory) {
    g_autofree char *directory = cli_text_path(summary->directory);
    g_string_append_printf(out, "  run directory: %s\n", directory);
  }
  return g_string_free(out, FALSE);
}
