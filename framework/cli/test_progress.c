/* SPDX-License-Identifier: MIT */
/* Tests of the live display: figures of stages in, lines out. */
#include "cli/progress.h"

#include <string.h>

static const CliStyle plain = {FALSE, FALSE};

enum { SECOND = 1000000000 };

static void
assert_lines(GPtrArray *lines, const char *const *expected)
{
  guint n = g_strv_length((char **)expected);
  for (guint i = 0; i < n && i < lines->len; i++)
    g_assert_cmpstr(lines->pdata[i], ==, expected[i]);
  g_assert_cmpuint(lines->len, ==, n);
  g_ptr_array_unref(lines);
}

static void
test_lines(void)
{
  WeirStageStats stats[] = {
      {.stage = "load",
       .use = "file.read",
       .state = "running",
       .records_out = 1000,
       .done = 500,
       .total = 2000,
       .unit = "bytes"},
      {.stage = "model", .use = "linear.train", .state = "waiting", .waits_for = "input load"},
      {.stage = "old", .use = "x.y", .state = "done", .records_in = 4096, .elapsed_ns = 2 * (guint64)SECOND},
  };
  g_autoptr(CliProgress) progress = cli_progress_new();
  assert_lines(cli_progress_lines(progress, stats, 3, 1.0, 100, 10, NULL, &plain),
               (const char *const[]){
                   "* load    1.0 k records   1.0 k/s  ###---------   25 %  500 B of 2.0 KiB",
                   ". model                            waits for input load",
                   "+ old     4.1 k records   2.0 k/s  done in 2.0 s", "  1 s  1 of 3 stages done", NULL});
  /* A second later: a rate of its own, and a remaining time. */
  stats[0].records_out = 3000;
  stats[0].done = 1500;
  g_autoptr(GPtrArray) lines = cli_progress_lines(progress, stats, 3, 2.0, 100, 10, "cancelling", &plain);
  g_assert_cmpstr(lines->pdata[0], ==,
                  "* load    3.0 k records   1.4 k/s  #########---   75 %  1.5 KiB of 2.0 KiB  1 s left");
  g_assert_cmpstr(lines->pdata[3], ==, "  2 s  1 of 3 stages done  cancelling");
}

static void
test_narrow(void)
{
  WeirStageStats stats[] = {
      {.stage = "a-stage-with-a-rather-long-name",
       .use = "x.y",
       .state = "running",
       .records_in = 12345678,
       .done = 3,
       .total = 25,
       .unit = "epochs",
       .waits_for = "room in model"},
      {.stage = "b", .use = "x.y", .state = "failed"},
  };
  for (guint columns = 0; columns < 90; columns++) {
    g_autoptr(CliProgress) progress = cli_progress_new();
    g_autoptr(GPtrArray) lines = cli_progress_lines(progress, stats, 2, 61, columns, 5, "note", &plain);
    g_assert_cmpuint(lines->len, ==, 3);
    for (guint i = 0; i < lines->len; i++)
      g_assert_cmpuint(cli_text_columns(lines->pdata[i]), <=, columns);
  }
}

/* More stages than rows: those that fail or work are shown, in the order of the plan. */
static void
test_short(void)
{
  WeirStageStats stats[] = {
      {.stage = "a", .use = "x.y", .state = "done", .elapsed_ns = SECOND},
      {.stage = "b", .use = "x.y", .state = "waiting"},
      {.stage = "c", .use = "x.y", .state = "running"},
      {.stage = "d", .use = "x.y", .state = "running", .waits_for = "input c"},
      {.stage = "e", .use = "x.y", .state = "failed"},
  };
  g_autoptr(CliProgress) progress = cli_progress_new();
  g_autoptr(GPtrArray) lines = cli_progress_lines(progress, stats, 5, 3, 80, 4, NULL, &plain);
  g_assert_cmpuint(lines->len, ==, 4);
  g_assert_true(g_str_has_prefix(lines->pdata[0], "* c"));
  g_assert_true(g_str_has_prefix(lines->pdata[1], ". d"));
  g_assert_true(g_str_has_prefix(lines->pdata[2], "! e"));
  g_assert_cmpstr(lines->pdata[3], ==, "  3 s  1 of 5 stages done  (2 not shown)");
  for (guint rows = 0; rows < 3; rows++) {
    g_autoptr(GPtrArray) few = cli_progress_lines(progress, stats, 5, 3, 80, rows, NULL, &plain);
    g_assert_cmpuint(few->len, <=, MAX(rows, 1));
  }
}

/* Work that has not begun to move has no remaining time; work beyond its total is no more than all of it. */
static void
test_share(void)
{
  WeirStageStats stats[] = {{.stage = "a",
                             .use = "x.y",
                             .state = "running",
                             .done = 30,
                             .total = 25,
                             .unit = "epochs",
                             .rejects = 1234}};
  g_autoptr(CliProgress) progress = cli_progress_new();
  for (guint i = 1; i < 4; i++) {
    g_autoptr(GPtrArray) lines = cli_progress_lines(progress, stats, 1, i, 100, 5, NULL, &plain);
    g_assert_nonnull(strstr(lines->pdata[0], "############  100 %  30 of 25 epochs  1.2 k rejected"));
    g_assert_null(strstr(lines->pdata[0], "left"));
  }
  g_autoptr(GPtrArray) none = cli_progress_lines(progress, NULL, 0, 0, 80, 24, NULL, &plain);
  g_assert_cmpuint(none->len, ==, 1);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/progress/lines", test_lines);
  g_test_add_func("/progress/narrow", test_narrow);
  g_test_add_func("/progress/short", test_short);
  g_test_add_func("/progress/share", test_share);
  return g_test_run();
}
