/* SPDX-License-Identifier: MIT */
/* Tests which name counts as near, and what is said where none is. */
#include "base/nearest.h"

static const char *const stages[] = {"load",       "load-test", "split",   "model", "predict",
                                     "max-epochs", "score",     "metrics", NULL};

static void
test_distance(void)
{
  g_assert_cmpuint(weir_edit_distance("", ""), ==, 0);
  g_assert_cmpuint(weir_edit_distance("", "abc"), ==, 3);
  g_assert_cmpuint(weir_edit_distance("kitten", "sitting"), ==, 3);
  g_assert_cmpuint(weir_edit_distance("from", "form"), ==, 1);
  g_assert_cmpuint(weir_edit_distance("ca", "abc"), ==, 3); /* no character is edited twice */
  g_assert_cmpuint(weir_edit_distance("größe", "grosse"), ==, 3);
  g_assert_cmpuint(weir_edit_distance("\xff", "a"), ==, 1);
  g_autofree char *long_word = g_strnfill(257, 'a');
  g_assert_cmpuint(weir_edit_distance(long_word, "a"), ==, G_MAXUINT);
  g_assert_cmpuint(weir_edit_distance(long_word + 1, "a"), ==, 255);
}

static void
test_nearest(void)
{
  g_assert_cmpstr(weir_nearest("lod", stages), ==, "load");
  g_assert_cmpstr(weir_nearest("laod", stages), ==, "load");
  g_assert_cmpstr(weir_nearest("LOAD", stages), ==, "load");
  g_assert_cmpstr(weir_nearest("max_epochs", stages), ==, "max-epochs");
  g_assert_cmpstr(weir_nearest("MAX_EPOCHS", stages), ==, "max-epochs");
  g_assert_cmpstr(weir_nearest("metric", stages), ==, "metrics");
  g_assert_cmpstr(weir_nearest("max", stages), ==, "max-epochs");
  g_assert_cmpstr(weir_nearest("ma", stages), ==, NULL);
  g_assert_cmpstr(weir_nearest("export", stages), ==, NULL);
  g_assert_cmpstr(weir_nearest("", stages), ==, NULL);
  g_assert_cmpstr(weir_nearest("sp", (const char *const[]){"split", "spell", NULL}), ==, NULL);
  g_assert_cmpstr(weir_nearest("abcd", (const char *const[]){"abcdefgh", "abcdefgi", NULL}), ==, NULL);
  /* Ties go to the first; a change of case is nearer than another letter. */
  g_assert_cmpstr(weir_nearest("test", (const char *const[]){"tes1", "tes2", NULL}), ==, "tes1");
  g_assert_cmpstr(weir_nearest("test", (const char *const[]){"tess", "TEST", NULL}), ==, "tess");
  g_assert_cmpstr(weir_nearest("test", (const char *const[]){"tess", "Test", NULL}), ==, "Test");
}

static void
assert_suggestion(const char *word, const char *const *valid, const char *expected)
{
  g_autofree char *text = weir_did_you_mean(word, valid);
  g_assert_cmpstr(text, ==, expected);
}

static void
test_did_you_mean(void)
{
  static const char *const many[] = {"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j0", NULL};

  assert_suggestion("lod", stages, "; did you mean \"load\"?");
  assert_suggestion("export", (const char *const[]){"x", "y", NULL}, "; valid: \"x\", \"y\"");
  assert_suggestion("export", (const char *const[]){NULL}, "; there are none");
  assert_suggestion("export", many,
                    "; valid: \"a1\", \"b2\", \"c3\", \"d4\", \"e5\", \"f6\", \"g7\", \"h8\", … and 2 more");
}

static const char *
name_at(gpointer data, gsize index)
{
  GPtrArray *names = data;
  return index < names->len ? names->pdata[index] : NULL;
}

static void
test_callback(void)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  g_ptr_array_add(names, (gpointer) "train");
  g_ptr_array_add(names, (gpointer) "test");
  g_assert_cmpstr(weir_nearest_of("trian", name_at, names), ==, "train");
  g_autofree char *text = weir_did_you_mean_of("tset", name_at, names);
  g_assert_cmpstr(text, ==, "; did you mean \"test\"?");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nearest/distance", test_distance);
  g_test_add_func("/nearest/nearest", test_nearest);
  g_test_add_func("/nearest/did-you-mean", test_did_you_mean);
  g_test_add_func("/nearest/callback", test_callback);
  return g_test_run();
}
