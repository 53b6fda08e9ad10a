/* SPDX-License-Identifier: MIT */
/* Tests of the closing table: figures in, text out, and the sentence about where the time went. */
#include "cli/summary.h"

#include <math.h>
#include <string.h>

static const CliStyle plain = {FALSE, TRUE};

#define SECONDS(s) ((guint64)((s)*1e9))

static WeirStageStats stats[] = {
    {.stage = "load",
     .use = "file.read",
     .state = "done",
     .records_out = 10003,
     .batches_out = 3,
     .elapsed_ns = SECONDS(2),
     .busy_ns = SECONDS(0.5),
     .wait_out_ns = SECONDS(1.5)},
    {.stage = "model",
     .use = "linear.train",
     .state = "done",
     .records_in = 10003,
     .batches_in = 3,
     .records_out = 1,
     .batches_out = 1,
     .elapsed_ns = SECONDS(10),
     .busy_ns = SECONDS(8),
     .wait_in_ns = SECONDS(0.25)},
};

static void
test_text(void)
{
  g_autoptr(CliReport) report = cli_report_new();
  cli_report_add(report, &(WeirMessage){.type = WEIR_MESSAGE_RUN_BEGIN, .text = "quick"});
  cli_report_add(
      report,
      &(WeirMessage){.type = WEIR_MESSAGE_METRIC, .stage = "score", .name = "accuracy", .value = 0.5});
  cli_report_add(
      report,
      &(WeirMessage){.type = WEIR_MESSAGE_METRIC, .stage = "score", .name = "macro_f1", .value = 0.75});
  cli_report_add(
      report,
      &(WeirMessage){.type = WEIR_MESSAGE_METRIC, .stage = "score", .name = "best-epoch", .value = NAN});
  cli_report_add(
      report,
      &(WeirMessage){.type = WEIR_MESSAGE_METRIC, .stage = "score", .name = "accuracy", .value = 0.91724});
  cli_report_add(report, &(WeirMessage){.type = WEIR_MESSAGE_ARTIFACT,
                                        .stage = "save",
                                        .kind = "model",
                                        .name = "out/mo\033del",
                                        .text = "00"});
  CliSummary summary = {stats, 2, 10, WEIR_EXIT_OK, "/x/runs/quick-1", report};
  g_autofree char *text = cli_summary_text(&summary, 0, &plain);
  g_assert_cmpstr(
      text, ==,
      "\nquick done in 10.0 s\n"
      "  stage      in     out      rate    busy  waited for in  waited for out   share\n"
      "  load        -  10.0 k  20.0 k/s  500 ms              -           1.5 s   5 %\n"
      "  model  10.0 k       1   1.3 k/s   8.0 s         250 ms               -  80 % <\n"
      "  The bottleneck was model (linear.train): it worked for 8.0 s of the run's 10.0 s (80 %).\n"
      "  score  accuracy 0.9172  macro f1 0.7500  best epoch not a number\n"
      "  model  /x/runs/quick-1/out/mo\\x1bdel\n"
      "  run directory: /x/runs/quick-1\n");
}

static void
test_units(void)
{
  static const struct {
    const char *name, *unit;
    double value;
  } metrics[] = {{"a", "records", 0}, {"b", "records", 1}, {"clusters", "clusters", 0}, {"t", "s", 1}};
  g_autoptr(CliReport) report = cli_report_new();
  for (guint i = 0; i < G_N_ELEMENTS(metrics); i++)
    cli_report_add(report, &(WeirMessage){.type = WEIR_MESSAGE_METRIC,
                                          .stage = "count",
                                          .name = metrics[i].name,
                                          .unit = metrics[i].unit,
                                          .value = metrics[i].value});
  CliSummary summary = {stats, 2, 10, WEIR_EXIT_OK, NULL, report};
  g_autofree char *text = cli_summary_text(&summary, 0, &plain);
  g_assert_nonnull(strstr(text, "  count  a 0 records  b 1 record  clusters 0  t 1 s\n"));
}

static void
test_bottleneck(void)
{
  g_autofree char *most = NULL, *little = NULL, *many = NULL, *none = NULL;
  g_assert_cmpint(cli_summary_bottleneck(stats, 2, 10, &most), ==, 1);
  g_assert_true(g_str_has_prefix(most, "The bottleneck was model"));
  g_assert_cmpint(cli_summary_bottleneck(stats, 2, 40, &little), ==, 1);
  g_assert_true(g_str_has_prefix(little, "No stage held up the others"));
  g_assert_cmpint(cli_summary_bottleneck(stats, 2, 4, &many), ==, 1);
  g_assert_nonnull(strstr(many, "its workers"));
  WeirStageStats idle = {.stage = "a", .use = "x.y", .state = "done"};
  g_assert_cmpint(cli_summary_bottleneck(&idle, 1, 4, &none), ==, -1);
  g_assert_null(none);
}

static void
test_failed(void)
{
  g_autoptr(CliReport) report = cli_report_new();
  WeirStageStats failed = {.stage = "a", .use = "x.y", .state = "failed"};
  CliSummary summary = {&failed, 1, 0, WEIR_EXIT_FAILED, NULL, report};
  g_autofree char *text = cli_summary_text(&summary, 20, &plain);
  g_assert_nonnull(strstr(text, "the run failed"));
  g_assert_nonnull(strstr(text, "a (failed)"));
  g_assert_null(strstr(text, "run directory"));
  /* What was busy longest until then did not hold it up. */
  CliSummary cut_short = {stats, 2, 10, WEIR_EXIT_INTERRUPTED, NULL, report};
  g_autofree char *cancelled = cli_summary_text(&cut_short, 0, &plain);
  g_assert_nonnull(strstr(cancelled, "80 %"));
  g_assert_null(strstr(cancelled, "<"));
  g_assert_null(strstr(cancelled, "ottleneck"));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/summary/text", test_text);
  g_test_add_func("/summary/units", test_units);
  g_test_add_func("/summary/bottleneck", test_bottleneck);
  g_test_add_func("/summary/failed", test_failed);
  return g_test_run();
}
