/* SPDX-License-Identifier: MIT */
/* Tests of text for terminals: widths, clipping, cleaning, wrapping, tables, and moving back over a block. */
#include "cli/points.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include <string.h>

static const CliStyle plain = {FALSE, TRUE}, ascii = {FALSE, FALSE}, ink = {TRUE, TRUE};

static void
test_columns(void)
{
  g_assert_cmpuint(cli_text_columns("abc"), ==, 3);
  g_assert_cmpuint(cli_text_columns("äö"), ==, 2);
  g_assert_cmpuint(cli_text_columns("a\xcc\x88"), ==, 1); /* combining diaeresis */
  g_assert_cmpuint(cli_text_columns("日本"), ==, 4);
  g_assert_cmpuint(cli_text_columns("\033[31mred\033[0m"), ==, 3);
  g_assert_cmpuint(cli_text_columns("a\xff"), ==, 2);
}

static void
assert_clip(const char *text, guint columns, const CliStyle *style, const char *expected)
{
  g_autoptr(GString) out = g_string_new(NULL);
  cli_text_clip(out, text, columns, style);
  g_assert_cmpstr(out->str, ==, expected);
}

static void
test_clip(void)
{
  assert_clip("abcdef", 6, &plain, "abcdef");
  assert_clip("abcdef", 5, &plain, "abcd…");
  assert_clip("abcdef", 5, &ascii, "abcd~");
  assert_clip("abcdef", 1, &plain, "…");
  assert_clip("abcdef", 0, &plain, "");
  assert_clip("日本語", 5, &plain, "日本…");
  assert_clip("日本語", 4, &plain, "日…");
  assert_clip("\033[31mabcdef\033[0m", 3, &ink, "\033[31mab…\033[0m");
}

static void
assert_clean(const char *text, gboolean lines, const char *expected)
{
  g_autofree char *clean = cli_text_clean(text, lines);
  g_assert_cmpstr(clean, ==, expected);
}

static void
test_clean(void)
{
  assert_clean("a\033[2Jb", FALSE, "a\\x1b[2Jb");
  assert_clean("a\nb\tc\r", FALSE, "a\\nb c\\x0d");
  assert_clean("a\nb", TRUE, "a\nb");
  assert_clean("\xc2\x9b"
               "2J",
               FALSE, "\\x9b2J");                     /* CSI as one character */
  assert_clean("x\xe2\x80\xaey", FALSE, "x\\u202ey"); /* right-to-left override */
  assert_clean("\xff", FALSE, "\xef\xbf\xbd");
}

static void
test_wrap(void)
{
  g_autoptr(GString) out = g_string_new(NULL);
  cli_text_wrap(out, "one two three four five six", 4, 26);
  g_assert_cmpstr(out->str, ==, "one two three four\n    five six\n");
  g_string_truncate(out, 0);
  cli_text_wrap(out, "one\n\ntwo", 0, 80);
  g_assert_cmpstr(out->str, ==, "one\n\ntwo\n");
  g_string_truncate(out, 0);
  cli_text_wrap(out, "", 0, 80);
  g_assert_cmpstr(out->str, ==, "\n");
}

static void
test_table(void)
{
  static const char *const headings[] = {"name", "n"};
  static const CliAlign align[] = {CLI_LEFT, CLI_RIGHT};
  g_autoptr(CliTable) table = cli_table_new(headings, align, 2);
  g_autoptr(GString) out = g_string_new(NULL);
  cli_table_cell(table, g_strdup("ä"));
  cli_table_cell(table, g_strdup("1"));
  cli_table_cell(table, g_strdup("longer"));
  cli_table_cell(table, g_strdup("1,000"));
  cli_table_print(table, out, 2, 0, -1, &plain);
  g_assert_cmpstr(out->str, ==, "  name        n\n  ä           1\n  longer  1,000\n");
}

/* Lines that a narrower terminal has broken in two are two to go back over. */
static void
test_up(void)
{
  g_autoptr(GArray) widths = g_array_new(FALSE, FALSE, sizeof(guint));
  g_autoptr(GString) out = g_string_new(NULL);
  static const guint lines[] = {79, 10, 0};
  g_array_append_vals(widths, lines, 3);
  cli_terminal_append_up(out, widths, 80);
  g_assert_cmpstr(out->str, ==, "\033[3A\r\033[J");
  g_string_truncate(out, 0);
  cli_terminal_append_up(out, widths, 40);
  g_assert_cmpstr(out->str, ==, "\033[4A\r\033[J");
}

static void
assert_number(double value, const char *expected)
{
  g_autofree char *text = cli_points_number(value);
  g_assert_cmpstr(text, ==, expected);
}

static void
test_points(void)
{
  g_autoptr(CliPoints) points = cli_points_new();
  g_autofree char *a = cli_points_line(
      points, "model", "{\"epoch\": 10, \"loss\": 0.31249, \"ok\": true, \"x\": [1]}", &plain);
  g_autofree char *b =
      cli_points_line(points, "model", "{\"epoch\": 3, \"loss\": 0.3, \"ok\": false}", &plain);
  g_assert_cmpstr(a, ==, "model  epoch 10  loss 0.3125  ok yes");
  g_assert_cmpstr(b, ==, "model  epoch  3  loss 0.3000  ok  no");
  g_autofree char *least = cli_points_line(points, "m", "{\"least\": -9223372036854775808}", &plain);
  g_assert_null(strstr(least, "9223372036854775808")); /* rounded as all large numbers are */
  g_autofree char *evil = cli_points_line(points, "m", "{\"a\\u001b[2J\": \"\\u001b[2J\"}", &plain);
  g_assert_null(strchr(evil, '\033'));
  g_assert_null(cli_points_line(points, "m", "[1]", &plain));
  g_assert_null(cli_points_line(points, "m", "{", &plain));
  g_assert_null(cli_points_line(points, "m", NULL, &plain));
  assert_number(0, "0.0000");
  assert_number(0.91723, "0.9172");
  assert_number(-12.345, "-12.35");
  assert_number(123.45, "123.5");
  assert_number(123456, "123 k");
  assert_number(0.00001234, "1.23e-05");
}

static void
test_hang(void)
{
  g_autofree char *text = cli_text_hang("no\033pe\nhint: do\n  this\n\nend\n");
  g_assert_cmpstr(text, ==, "no\\x1bpe\n  hint: do\n  this\n\n  end\n");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/text/columns", test_columns);
  g_test_add_func("/text/clip", test_clip);
  g_test_add_func("/text/clean", test_clean);
  g_test_add_func("/text/wrap", test_wrap);
  g_test_add_func("/text/table", test_table);
  g_test_add_func("/text/up", test_up);
  g_test_add_func("/text/points", test_points);
  g_test_add_func("/text/hang", test_hang);
  return g_test_run();
}
