/* SPDX-License-Identifier: MIT */
/* The lines of the live display: see progress.h. */
#include "cli/progress.h"

#include "base/units.h"
#include <math.h>

enum { NAME_COLUMNS = 24, BAR_COLUMNS = 12, BAR_LEAST_COLUMNS = 76 };

/* Seconds over which a rate is smoothed. */
#define RATE_WINDOW 2.0

typedef struct Memory {
  double time;     /* of the last look */
  guint64 records; /* then */
  double rate;     /* records a second, smoothed; negative: not known yet */
  double began;    /* when its progress was first seen, with a total */
  guint64 done;    /* and how much was done then */
  guint64 total;   /* what the two above belong to */
} Memory;

struct CliProgress {
  Memory *memory;
  guint n;
};

CliProgress *
cli_progress_new(void)
{
  return g_new0(CliProgress, 1);
}

void
cli_progress_free(CliProgress *progress)
{
  if (!progress)
    return;
  g_free(progress->memory);
  g_free(progress);
}

guint64
cli_progress_records(const WeirStageStats *stage)
{
  return stage->records_in ? stage->records_in : stage->records_out;
}

static gboolean
is_state(const WeirStageStats *stage, const char *state)
{
  return g_strcmp0(stage->state, state) == 0;
}

static void
remember(CliProgress *progress, const WeirStageStats *stats, guint n, double elapsed)
{
  if (progress->n != n) {
    g_free(progress->memory);
    progress->memory = g_new0(Memory, n);
    for (guint i = 0; i < n; i++)
      progress->memory[i].rate = -1;
    progress->n = n;
  }
  for (guint i = 0; i < n; i++) {
    Memory *memory = &progress->memory[i];
    guint64 records = cli_progress_records(&stats[i]);
    double since = elapsed - memory->time;
    if (since >= 0.05 && records >= memory->records) {
      double now = (double)(records - memory->records) / since;
      double weight = memory->rate < 0 ? 1 : 1 - exp(-since / RATE_WINDOW);
      memory->rate = MAX(memory->rate, 0) * (1 - weight) + now * weight;
      memory->time = elapsed;
      memory->records = records;
    }
    if (stats[i].total && (memory->total != stats[i].total || stats[i].done < memory->done)) {
      memory->total = stats[i].total;
      memory->done = stats[i].done;
      memory->began = elapsed;
    }
  }
}

/* Seconds until a stage is done, negative when that cannot be said yet. */
static double
remaining(const Memory *memory, const WeirStageStats *stage, double elapsed)
{
  double since = elapsed - memory->began;
  if (!stage->total || stage->done <= memory->done || stage->done >= stage->total || since < 0.5)
    return -1;
  return since * (double)(stage->total - stage->done) / (double)(stage->done - memory->done);
}

/* Whole seconds: a figure that changes ten times a second cannot be read. */
static char *
seconds_text(double seconds)
{
  return seconds < 60 ? g_strdup_printf("%.0f s", seconds) : weir_format_duration((gint64)(seconds * 1e6));
}

static void
append_bar(GString *out, double share, const CliStyle *style)
{
  guint full = (guint)(share * BAR_COLUMNS);
  g_autoptr(GString) left = g_string_new(NULL), right = g_string_new(NULL);
  for (guint i = 0; i < BAR_COLUMNS; i++)
    g_string_append(i < full ? left : right, style->unicode ? "━" : i < full ? "#" : "-");
  cli_text_ink(out, style, CLI_CYAN, left->str);
  if (style->unicode && !style->colour) { /* without ink both halves would look alike */
    g_string_set_size(right, 0);
    for (guint i = full; i < BAR_COLUMNS; i++)
      g_string_append(right, "─");
  }
  cli_text_ink(out, style, CLI_DIM, right->str);
  g_string_append(out, "  ");
}

/* "12 of 25 epochs", "12 MiB of 40 MiB" */
static char *
amount(const WeirStageStats *stage)
{
  gboolean bytes = g_strcmp0(stage->unit, "bytes") == 0;
  g_autofree char *done =
      bytes ? weir_format_size((double)stage->done) : weir_format_count((double)stage->done);
  g_autofree char *total =
      bytes ? weir_format_size((double)stage->total) : weir_format_count((double)stage->total);
  g_autofree char *unit = cli_text_clean(stage->unit && !bytes ? stage->unit : "", FALSE);
  if (!stage->total)
    return g_strdup_printf("%s%s%s", done, *unit ? " " : "", unit);
  return g_strdup_printf("%s of %s%s%s", done, total, *unit ? " " : "", unit);
}

static void
append_share(GString *out, const Memory *memory, const WeirStageStats *stage, double elapsed, guint columns,
             const CliStyle *style)
{
  if (stage->total) {
    double share = CLAMP((double)stage->done / (double)stage->total, 0, 1);
    double left = remaining(memory, stage, elapsed);
    g_autofree char *text = amount(stage);
    if (columns >= BAR_LEAST_COLUMNS)
      append_bar(out, share, style);
    g_string_append_printf(out, "%3.0f %%  %s", floor(share * 100), text);
    if (left >= 0) {
      g_autofree char *duration = seconds_text(ceil(left));
      g_string_append_printf(out, "  %s left", duration);
    }
  } else if (stage->unit && stage->done) {
    g_autofree char *text = amount(stage);
    g_string_append(out, text);
  }
}

static void
append_mark(GString *out, const WeirStageStats *stage, const CliStyle *style)
{
  if (is_state(stage, "done"))
    cli_text_ink(out, style, CLI_GREEN, style->unicode ? "✓" : "+");
  else if (is_state(stage, "failed"))
    cli_text_ink(out, style, CLI_RED, style->unicode ? "✗" : "!");
  else if (is_state(stage, "cancelled") || is_state(stage, "held"))
    cli_text_ink(out, style, CLI_YELLOW, style->unicode ? "■" : "x");
  else if (is_state(stage, "running") && !stage->waits_for)
    cli_text_ink(out, style, CLI_CYAN, style->unicode ? "●" : "*");
  else
    cli_text_ink(out, style, CLI_DIM, style->unicode ? "○" : ".");
}

/* What a stage is doing, behind its figures. */
static void
append_tail(GString *out, const Memory *memory, const WeirStageStats *stage, double elapsed, guint columns,
            const CliStyle *style)
{
  gsize before = out->len;
  if (is_state(stage, "done")) {
    g_autofree char *duration = weir_format_duration((gint64)(stage->elapsed_ns / 1000));
    g_autofree char *text = g_strdup_printf("done in %s", duration);
    cli_text_ink(out, style, CLI_DIM, text);
  } else if (is_state(stage, "failed")) {
    cli_text_ink(out, style, CLI_RED, "failed");
  } else if (is_state(stage, "cancelled") || is_state(stage, "held")) {
    cli_text_ink(out, style, CLI_YELLOW, stage->state);
  } else {
    append_share(out, memory, stage, elapsed, columns, style);
    if (stage->waits_for) {
      g_autofree char *waits =
          g_strdup_printf("%swaits for %s", out->len > before ? "  " : "", stage->waits_for);
      cli_text_ink(out, style, CLI_DIM, waits);
    } else if (is_state(stage, "waiting")) {
      cli_text_ink(out, style, CLI_DIM, "waiting");
    }
  }
  if (stage->rejects) {
    g_autofree char *count = weir_format_count((double)stage->rejects);
    g_autofree char *text = g_strdup_printf("  %s rejected", count);
    cli_text_ink(out, style, CLI_YELLOW, text);
  }
}

static char *
stage_line(const Memory *memory, const WeirStageStats *stage, double elapsed, guint name_columns,
           guint columns, const CliStyle *style)
{
  guint64 handled = cli_progress_records(stage);
  g_autoptr(GString) line = g_string_new(NULL), name = g_string_new(NULL), clipped = g_string_new(NULL);
  g_autofree char *records = handled ? weir_format_count((double)handled) : g_strdup("");
  g_autofree char *rate = NULL;

  append_mark(line, stage, style);
  g_string_append_c(line, ' ');
  cli_text_clip(name, stage->stage, name_columns, style);
  g_autoptr(GString) inked = g_string_new(NULL);
  cli_text_ink(inked, style, CLI_BOLD, name->str);
  cli_text_pad(line, inked->str, name_columns, CLI_LEFT);

  if (is_state(stage, "running") && handled && memory->rate >= 0)
    rate = weir_format_count(memory->rate);
  else if (handled && stage->elapsed_ns && !is_state(stage, "running"))
    rate = weir_format_count((double)handled / ((double)stage->elapsed_ns / 1e9));
  g_autofree char *per_second = rate ? g_strconcat(rate, "/s", NULL) : g_strdup("");
  g_string_append_c(line, ' ');
  cli_text_pad(line, records, 7, CLI_RIGHT);
  g_string_append(line, handled ? " records " : "         ");
  cli_text_pad(line, per_second, 9, CLI_RIGHT);
  g_string_append(line, "  ");
  append_tail(line, memory, stage, elapsed, columns, style);
  cli_text_clip(clipped, line->str, columns, style);
  return g_strchomp(g_string_free(g_steal_pointer(&clipped), FALSE));
}

/* "0:12  3 of 8 stages done  cancelling; again to stop at once" */
static char *
run_line(const WeirStageStats *stats, guint n, guint shown, double elapsed, guint columns, const char *note,
         const CliStyle *style)
{
  guint done = 0;
  GString *line = g_string_new(NULL);
  g_autofree char *duration = seconds_text(floor(elapsed));
  for (guint i = 0; i < n; i++)
    done += is_state(&stats[i], "done");
  g_autofree char *stages = g_strdup_printf("  %s  %u of %u stages done", duration, done, n);
  cli_text_ink(line, style, CLI_DIM, stages);
  if (shown < n) {
    g_autofree char *more = g_strdup_printf("  (%u not shown)", n - shown);
    cli_text_ink(line, style, CLI_DIM, more);
  }
  if (note) {
    g_string_append(line, "  ");
    cli_text_ink(line, style, CLI_YELLOW, note);
  }
  GString *clipped = g_string_new(NULL);
  cli_text_clip(clipped, line->str, columns, style);
  g_string_free(line, TRUE);
  return g_string_free(clipped, FALSE);
}

/* How much a stage deserves a line when not all get one. */
static guint
rank(const WeirStageStats *stage)
{
  if (is_state(stage, "failed"))
    return 4;
  if (is_state(stage, "running"))
    return stage->waits_for ? 2 : 3;
  return is_state(stage, "waiting") ? 1 : 0;
}

/* Mark the `rows` stages that get a line. Returns how many that are. */
static guint
choose(const WeirStageStats *stats, guint n, guint rows, gboolean *chosen)
{
  guint taken = 0;
  for (gint wanted = 4; wanted >= 0; wanted--)
    for (guint i = 0; i < n && taken < rows; i++)
      if (rank(&stats[i]) == (guint)wanted) {
        chosen[i] = TRUE;
        taken++;
      }
  return taken;
}

GPtrArray *
cli_progress_lines(CliProgress *progress, const WeirStageStats *stats, guint n, double elapsed, guint columns,
                   guint rows, const char *note, const CliStyle *style)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
  g_autofree gboolean *chosen = g_new0(gboolean, n + 1);
  guint name_columns = 4;
  guint shown = choose(stats, n, rows > 1 ? rows - 1 : 0, chosen);

  remember(progress, stats, n, elapsed);
  for (guint i = 0; i < n; i++)
    name_columns = MAX(name_columns, cli_text_columns(stats[i].stage));
  name_columns = MIN(name_columns, NAME_COLUMNS);
  for (guint i = 0; i < n; i++)
    if (chosen[i])
      g_ptr_array_add(lines,
                      stage_line(&progress->memory[i], &stats[i], elapsed, name_columns, columns, style));
  g_ptr_array_add(lines, run_line(stats, n, shown, elapsed, columns, note, style));
  return lines;
}
