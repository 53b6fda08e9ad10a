/* SPDX-License-Identifier: MIT */
/* Tests the list of errors: order, merging, limits, text, JSON. */
#include "base/diagnostics.h"
#include "base/error.h"

static void
assert_text(const WeirDiagnostics *diagnostics, gsize shown, const char *expected)
{
  g_autofree char *text = weir_diagnostics_to_string(diagnostics, shown);
  g_assert_cmpstr(text, ==, expected);
}

static void
test_text(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirDiagnostic *entry;

  assert_text(diagnostics, 0, "");
  entry =
      weir_diagnostics_error(diagnostics, weir_position("docs.json", 14, 0), "column \"%s\" is i64", "text");
  weir_diagnostic_note(entry, "comes from stage \"%s\"", "load");
  weir_diagnostic_hint(entry, "map another column in \"%s\"", "load");
  weir_diagnostics_warning(diagnostics, weir_position("docs.json", 2, 5), "unused");
  weir_diagnostics_error(diagnostics, WEIR_POSITION_NONE, "no such parameter");
  assert_text(diagnostics, 0,
              "no such parameter\n"
              "docs.json:2:5: warning: unused\n"
              "docs.json:14: column \"text\" is i64\n"
              "  comes from stage \"load\"\n"
              "  hint: map another column in \"load\"\n");
  g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, 2);
  g_assert_cmpuint(weir_diagnostics_n_warnings(diagnostics), ==, 1);
}

static void
test_order(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();

  weir_diagnostics_error(diagnostics, weir_position("z.json", 9, 1), "third");
  weir_diagnostics_error(diagnostics, weir_position("a.json", 1, 1), "fourth");
  weir_diagnostics_error(diagnostics, weir_position("z.json", 3, 7), "second");
  weir_diagnostics_error(diagnostics, weir_position("z.json", 3, 2), "first a");
  weir_diagnostics_error(diagnostics, weir_position("z.json", 3, 2), "first b");
  assert_text(diagnostics, 0,
              "z.json:3:2: first a\nz.json:3:2: first b\nz.json:3:7: second\nz.json:9:1: third\na.json:1:1: "
              "fourth\n");
}

static void
test_merge(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();

  for (int i = 0; i < 3; i++) {
    WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, weir_position("a.json", 1, 1), "same");
    weir_diagnostic_note(entry, "note");
    weir_diagnostic_hint(entry, "hint %d", i / 2);
  }
  weir_diagnostics_error(diagnostics, weir_position("a.json", 1, 2), "same");
  assert_text(diagnostics, 0, "a.json:1:1: same\n  note\n  hint: hint 0\n  hint: hint 1\na.json:1:2: same\n");
  g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, 2);
}

static void
test_limits(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  const guint total = WEIR_DIAGNOSTICS_KEPT + 5;

  for (guint i = 1; i <= total; i++)
    weir_diagnostic_note(weir_diagnostics_error(diagnostics, weir_position("a", i, 0), "wrong"), "line %u",
                         i);
  weir_diagnostics_warning(diagnostics, weir_position("a", 1, 0), "odd");
  g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, total);
  assert_text(diagnostics, 2,
              "a:1: wrong\n  line 1\na:2: wrong\n  line 2\nand 10003 more errors\nand 1 more warning\n");
}

static void
test_json(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(GString) out = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) writer = weir_json_writer_new(out, 0);

  weir_diagnostic_hint(weir_diagnostics_error(diagnostics, weir_position("a", 3, 4), "bad \"x\""), "y");
  weir_diagnostics_warning(diagnostics, WEIR_POSITION_NONE, "odd");
  weir_diagnostics_write_json(diagnostics, writer);
  g_assert_cmpstr(
      out->str, ==,
      "[{\"severity\":\"warning\",\"message\":\"odd\"},"
      "{\"severity\":\"error\",\"file\":\"a\",\"line\":3,\"column\":4,\"message\":\"bad \\\"x\\\"\","
      "\"hints\":[\"y\"]}]");
}

static void
test_check(void)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(GError) error = NULL;

  weir_diagnostics_warning(diagnostics, WEIR_POSITION_NONE, "odd");
  g_assert_true(weir_diagnostics_check(diagnostics, &error));
  g_assert_no_error(error);
  weir_diagnostics_error(diagnostics, weir_position("a", 1, 0), "bad");
  g_assert_false(weir_diagnostics_check(diagnostics, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_assert_cmpstr(error->message, ==, "warning: odd\na:1: bad");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/diagnostics/text", test_text);
  g_test_add_func("/diagnostics/order", test_order);
  g_test_add_func("/diagnostics/merge", test_merge);
  g_test_add_func("/diagnostics/limits", test_limits);
  g_test_add_func("/diagnostics/json", test_json);
  g_test_add_func("/diagnostics/check", test_check);
  return g_test_run();
}
