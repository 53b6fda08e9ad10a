/* SPDX-License-Identifier: MIT */
/* Shows a run to a person: see console.h. */
#include "cli/console.h"

#include "base/units.h"
#include "cli/points.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/summary.h"
#include <string.h>

/* Rejects that are shown; all of them are in the run directory. */
enum { MOST_REJECTS = 10 };

/* Between two frames, in microseconds: a little less than a tick, so that none is lost to jitter. */
enum { FRAME_TIME = 90000 };

/* A stage that works on for so long after the run was cancelled is named, in microseconds. */
enum { PATIENCE = 2000000 };

struct CliConsole {
  CliTerminal *terminal;
  gboolean quiet;
  CliProgress *progress;
  CliPoints *points;
  CliReport *report;
  guint n_rejects;
  gint64 drawn;     /* monotonic time of the last frame */
  gint64 cancelled; /* when a signal asked the run to stop; -1: and who does not listen was named */
};

CliConsole *
cli_console_new(CliTerminal *terminal, gboolean quiet)
{
  CliConsole *console = g_new0(CliConsole, 1);
  console->terminal = terminal;
  console->quiet = quiet;
  console->progress = cli_progress_new();
  console->points = cli_points_new();
  console->report = cli_report_new();
  return console;
}

void
cli_console_free(CliConsole *console)
{
  if (!console)
    return;
  cli_progress_free(console->progress);
  cli_points_free(console->points);
  cli_report_free(console->report);
  g_free(console);
}

void
cli_print_error(CliTerminal *terminal, const char *text)
{
  const CliStyle *style = cli_terminal_style(terminal);
  g_autofree char *clean = cli_text_hang(text);
  g_autoptr(GString) out = g_string_new(NULL);
  cli_text_ink(out, style, CLI_RED, "error: ");
  g_string_append(out, clean);
  cli_terminal_print(terminal, out->str);
}

/* "load  text", the name in bold and the text in `ink`. */
static void
print_line(CliConsole *console, const char *stage, CliInk ink, const char *label, const char *text)
{
  const CliStyle *style = cli_terminal_style(console->terminal);
  g_autoptr(GString) line = g_string_new(NULL);
  g_autofree char *clean = cli_text_hang(text ? text : "");
  if (stage) {
    cli_text_ink(line, style, CLI_BOLD, stage);
    g_string_append(line, "  ");
  }
  cli_text_ink(line, style, ink, label);
  g_string_append(line, clean);
  cli_terminal_print(console->terminal, line->str);
}

static void
show_begin(CliConsole *console, const WeirMessage *message)
{
  g_autofree char *directory = cli_text_path(message->name ? message->name : "");
  if (*directory)
    print_line(console, message->text, CLI_PLAIN, "run directory: ", directory);
}

static void
show_state(CliConsole *console, WeirRun *run, const WeirMessage *message)
{
  guint n;
  const WeirStageStats *stats = weir_run_get_stats(run, &n), *stage = NULL;
  if (cli_terminal_is_live(console->terminal) || g_strcmp0(message->text, "reused") == 0)
    return; /* what is reused was said in one line */
  for (guint i = 0; i < n && !stage; i++)
    if (g_strcmp0(stats[i].stage, message->stage) == 0)
      stage = &stats[i];
  if (g_strcmp0(message->text, "running") == 0) {
    print_line(console, message->stage, CLI_PLAIN, "", "started");
  } else if (stage && g_strcmp0(message->text, "done") == 0) {
    g_autofree char *duration = weir_format_duration((gint64)(stage->elapsed_ns / 1000));
    g_autofree char *records = weir_format_count((double)cli_progress_records(stage));
    g_autofree char *text = g_strdup_printf("done: %s record%s in %s", records,
                                            cli_progress_records(stage) == 1 ? "" : "s", duration);
    print_line(console, message->stage, CLI_PLAIN, "", text);
  } else if (message->stage) {
    print_line(console, message->stage, CLI_PLAIN, "", message->text);
  }
}

static void
show_reject(CliConsole *console, const WeirMessage *message)
{
  if (console->n_rejects++ < MOST_REJECTS)
    print_line(console, message->stage, CLI_YELLOW, "rejected: ", message->text);
  else if (console->n_rejects == MOST_REJECTS + 1)
    print_line(console, NULL, CLI_YELLOW, "",
               "more records are rejected; all of them will be in rejects.jsonl in the run directory");
}

static void
show_point(CliConsole *console, const WeirMessage *message)
{
  g_autofree char *line =
      cli_points_line(console->points, message->stage, message->json, cli_terminal_style(console->terminal));
  if (line)
    cli_terminal_print(console->terminal, line);
}

static void
draw(CliConsole *console, WeirRun *run)
{
  guint n, columns, rows;
  gint64 now = g_get_monotonic_time();
  if (!cli_terminal_is_live(console->terminal) || now - console->drawn < FRAME_TIME)
    return;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  cli_terminal_size(console->terminal, &columns, &rows);
  /* The last column and row stay free: a line that ends there would wrap, or scroll. */
  g_autoptr(GPtrArray) lines = cli_progress_lines(console->progress, stats, n, weir_run_get_elapsed(run),
                                                  columns > 1 ? columns - 1 : 1, rows > 1 ? rows - 1 : 1,
                                                  cli_signals_cancelled() ? CLI_CANCELLING : NULL,
                                                  cli_terminal_style(console->terminal));
  cli_terminal_draw(console->terminal, lines);
  console->drawn = now;
}

/* Whom a run that was cancelled still waits for. */
static void
name_the_deaf(CliConsole *console, WeirRun *run)
{
  guint n;
  gint64 now = g_get_monotonic_time();
  if (!cli_signals_cancelled() || console->cancelled < 0)
    return;
  if (!console->cancelled)
    console->cancelled = now;
  if (now - console->cancelled < PATIENCE)
    return;
  console->cancelled = -1;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  for (guint i = 0; i < n; i++) {
    if (strcmp(stats[i].state, "running") != 0 || stats[i].waits_for)
      continue;
    g_autofree char *text = g_strdup_printf(
        "stage \"%s\" (%s) has not stopped yet: it works on, or hangs; again to stop at once\n",
        stats[i].stage, stats[i].use);
    cli_terminal_print(console->terminal, text);
  }
}

void
cli_console_on_message(WeirRun *run, const WeirMessage *message, gpointer data)
{
  CliConsole *console = data;
  cli_report_add(console->report, message);
  if (message->type == WEIR_MESSAGE_ERROR) {
    cli_terminal_clear(console->terminal);
    cli_print_error(console->terminal, message->text);
  }
  /* What a stage said when it ran before is not news, but what it warned of still holds. */
  if (console->quiet || (message->reused && message->level < WEIR_LOG_WARNING))
    return;
  switch (message->type) {
  case WEIR_MESSAGE_RUN_BEGIN:
    show_begin(console, message);
    break;
  case WEIR_MESSAGE_STAGE_STATE:
    show_state(console, run, message);
    break;
  case WEIR_MESSAGE_LOG:
    if (message->level == WEIR_LOG_WARNING)
      print_line(console, message->stage, CLI_YELLOW, "warning: ", message->text);
    else if (message->level == WEIR_LOG_INFO)
      print_line(console, message->stage, CLI_PLAIN, "", message->text);
    break;
  case WEIR_MESSAGE_DATA:
    if (g_strcmp0(message->kind, "point") == 0)
      show_point(console, message);
    break;
  case WEIR_MESSAGE_REJECT:
    show_reject(console, message);
    break;
  case WEIR_MESSAGE_TICK:
    name_the_deaf(console, run);
    draw(console, run);
    break;
  case WEIR_MESSAGE_RUN_END:
    cli_terminal_clear(console->terminal);
    break;
  default:
    break;
  }
}

void
cli_console_finish(CliConsole *console, WeirRun *run, int code, const GError *error)
{
  CliSummary summary = {.code = code, .report = console->report};
  guint columns, rows;
  cli_terminal_clear(console->terminal);
  if (code == WEIR_EXIT_HELD)
    print_line(console, NULL, CLI_YELLOW, "held: ", error ? error->message : console->report->ending);
  else if (error && !console->report->has_error && (code != WEIR_EXIT_INTERRUPTED || console->quiet))
    cli_print_error(console->terminal, error->message);
  summary.directory = weir_run_get_directory(run);
  if (console->quiet || !summary.directory)
    return;
  summary.stats = weir_run_get_stats(run, &summary.n);
  summary.elapsed = weir_run_get_elapsed(run);
  cli_terminal_size(console->terminal, &columns, &rows);
  g_autofree char *text = cli_summary_text(&summary, columns, cli_terminal_style(console->terminal));
  cli_terminal_print(console->terminal, text);
}
