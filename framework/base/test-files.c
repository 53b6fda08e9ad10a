/* SPDX-License-Identifier: MIT */
/* Tests reading within a limit, and making and removing folders. */
#include "base/error.h"
#include "base/test-folder.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
assert_read_fails(const char *path, gsize limit, WeirErrorCode code, const char *pattern)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = weir_read_file(path, limit, NULL, &error);

  g_assert_null(text);
  g_assert_error(error, WEIR_ERROR, (gint)code);
  if (!g_pattern_match_simple(pattern, error->message))
    g_error("\"%s\" does not match \"%s\"", error->message, pattern);
}

static void
test_read(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autofree char *missing = folder_file(folder, "missing");
  g_autofree char *text = NULL;
  gsize length = 0;
  (void)data;

  folder_put(folder, "a.txt", "12345");
  text = weir_read_file(path, 5, &length, NULL);
  g_assert_cmpstr(text, ==, "12345");
  g_assert_cmpuint(length, ==, 5);
  assert_read_fails(path, 4, WEIR_ERROR_LIMIT, "cannot read \"*a.txt\": it is larger than the limit of 4 B");
  assert_read_fails("/dev/zero", 1 << 20, WEIR_ERROR_LIMIT, "cannot read \"/dev/zero\": *limit of 1.0 MiB");
  assert_read_fails(missing, 4, WEIR_ERROR_NOT_FOUND, "cannot read \"*missing\": *");
  assert_read_fails(folder->path, 4, WEIR_ERROR_INVALID,
                    "cannot read \"*\": it is a folder, a file is wanted");
}

/* Files whose size the system does not tell beforehand. */
static void
test_read_unsized(void)
{
  int ends[2];
  gsize length = 0;

  g_assert_cmpint(pipe(ends), ==, 0);
  g_assert_cmpint((int)write(ends[1], "12345", 5), ==, 5);
  close(ends[1]);
  g_autofree char *name = g_strdup_printf("/dev/fd/%d", ends[0]);
  assert_read_fails(name, 4, WEIR_ERROR_LIMIT, "*limit of 4 B");
  close(ends[0]);
  g_autofree char *text = weir_read_file("/proc/self/status", 1 << 20, &length, NULL);
  g_assert_true(g_str_has_prefix(text, "Name:"));
  g_assert_cmpuint(length, ==, strlen(text));
}

static void
test_make(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a/b/c");
  g_autofree char *file = folder_file(folder, "file");
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "file", "");
  g_assert_true(weir_make_folder(path, &error));
  g_assert_true(weir_make_folder(path, &error));
  g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
  g_assert_false(weir_make_folder(file, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
}

static void
test_remove(Folder *folder, gconstpointer data)
{
  g_autofree char *tree = folder_file(folder, "tree");
  g_autofree char *inside = folder_file(folder, "tree/link");
  g_autofree char *pipe = folder_file(folder, "tree/pipe");
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "tree/a/b/c", "x");
  folder_put(folder, "kept/d", "x");
  g_assert_cmpint(symlink("../kept", inside), ==, 0);
  g_assert_cmpint(mkfifo(pipe, 0666), ==, 0);
  g_assert_true(weir_remove_tree(tree, &error));
  g_assert_false(g_file_test(tree, G_FILE_TEST_EXISTS));
  folder_assert_content(folder, "kept/d", "x");
  g_assert_true(weir_remove_tree(tree, &error));
  g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/files/read", Folder, NULL, folder_set_up, test_read, folder_tear_down);
  g_test_add_func("/files/read-unsized", test_read_unsized);
  g_test_add("/files/make", Folder, NULL, folder_set_up, test_make, folder_tear_down);
  g_test_add("/files/remove", Folder, NULL, folder_set_up, test_remove, folder_tear_down);
  return g_test_run();
}
