/* SPDX-License-Identifier: MIT */
/* Tests that secrets do not get through, in any of the forms that they take. */
#include "base/redact.h"

static void
assert_redacted(const char *text, const char *expected)
{
  g_autofree char *actual = weir_redact(text);
  g_assert_cmpstr(actual, ==, expected);
}

static void
test_plain(void)
{
  g_assert_false(weir_redact_needed());
  assert_redacted("key=hunter2-long", "key=hunter2-long");
  weir_redact_add("  hunter2-long\n");
  weir_redact_add("hunter2");
  weir_redact_add("");
  weir_redact_add("  ");
  g_assert_true(weir_redact_needed());
  assert_redacted("key=hunter2-long, hunter2; hunter", "key=***, ***; hunter");
  assert_redacted("hunter2hunter2-long", "******");
  assert_redacted("", "");
  weir_redact_clear();
  assert_redacted("hunter2", "hunter2");
}

static void
test_forms(void)
{
  weir_redact_add("p/w +\"ü😀");
  assert_redacted("GET /?k=p%2Fw%20%2B%22%C3%BC%F0%9F%98%80&x", "GET /?k=***&x");
  assert_redacted("k=p%2fw%20%2b%22%c3%bc%f0%9f%98%80", "k=***");
  assert_redacted("k=p%2Fw+%2B%22%C3%BC%F0%9F%98%80", "k=***");
  assert_redacted("{\"k\":\"p/w +\\\"ü😀\"}", "{\"k\":\"***\"}");
  assert_redacted("{\"k\":\"p\\/w +\\\"ü😀\"}", "{\"k\":\"***\"}");
  assert_redacted("{\"k\":\"p/w +\\\"\\u00fc\\ud83d\\ude00\"}", "{\"k\":\"***\"}");
  weir_redact_clear();
}

static void
test_short(void)
{
  weir_redact_add("ab1");
  assert_redacted("ab1 grab1 ab12 ab1_x (ab1) ab1", "*** grab1 ab12 ab1_x (***) ***");
  weir_redact_clear();
}

static void
test_lines(void)
{
  weir_redact_add("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nshort\n-----END PRIVATE KEY-----\n");
  assert_redacted("line MIIEvQIBADANBgkqhkiG and short", "line *** and short");
  assert_redacted("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----");
  weir_redact_clear();
}

static void
test_in_place(void)
{
  g_autoptr(GString) text = g_string_new("a secret-token b");

  weir_redact_add("secret-token");
  g_string_append_len(text, "\0secret-token", 13);
  g_assert_true(weir_redact_string(text));
  g_assert_cmpmem(text->str, text->len, "a *** b\0***", 11);
  g_assert_false(weir_redact_string(text));
  weir_redact_clear();
}

static gpointer
add_and_redact(gpointer data)
{
  for (int i = 0; i < 200; i++) {
    g_autofree char *secret = g_strdup_printf("secret-%d-%d", GPOINTER_TO_INT(data), i);
    g_autofree char *text = g_strdup_printf("is %s.", secret);
    weir_redact_add(secret);
    assert_redacted(text, "is ***.");
  }
  return NULL;
}

static void
test_threads(void)
{
  GThread *threads[4];
  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new("redact", add_and_redact, GINT_TO_POINTER(i));
  for (int i = 0; i < 4; i++)
    g_thread_join(threads[i]);
  weir_redact_clear();
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/redact/plain", test_plain);
  g_test_add_func("/redact/forms", test_forms);
  g_test_add_func("/redact/short", test_short);
  g_test_add_func("/redact/lines", test_lines);
  g_test_add_func("/redact/in-place", test_in_place);
  g_test_add_func("/redact/threads", test_threads);
  return g_test_run();
}
