/* SPDX-License-Identifier: MIT */
/* Tests that files and folders appear whole or not at all, and that nothing temporary stays. */
#include "base/atomic_dir.h"
#include "base/error.h"
#include "base/test-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
assert_message(const GError *error, const char *pattern)
{
  g_assert_nonnull(error);
  if (!g_pattern_match_simple(pattern, error->message))
    g_error("\"%s\" does not match \"%s\"", error->message, pattern);
}

static void
assert_write_fails(const char *path, WeirAtomicFlags flags, const char *pattern)
{
  g_autoptr(GError) error = NULL;
  g_assert_false(weir_atomic_write(path, "new", -1, flags, &error));
  assert_message(error, pattern);
}

/* --- Files --- */

static void
test_commit(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "a.txt", "old");
  WeirAtomicFile *file = weir_atomic_file_open(path, WEIR_ATOMIC_DEFAULT, &error);
  g_assert_no_error(error);
  g_assert_true(weir_atomic_file_write(file, "one ", 4, &error));
  g_assert_true(weir_atomic_file_printf(file, &error, "%d ", 2));
  memcpy(weir_atomic_file_reserve(file, 100, &error), "three", 5);
  weir_atomic_file_advance(file, 5);
  g_assert_cmpuint(weir_atomic_file_tell(file), ==, 11);
  folder_assert_content(folder, "a.txt", "old");
  g_assert_true(weir_atomic_file_commit(file, &error));
  weir_atomic_file_free(file);
  folder_assert_content(folder, "a.txt", "one 2 three");
  g_assert_cmpuint(folder_count(folder), ==, 1);
}

static void
test_abort(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  (void)data;

  folder_put(folder, "a.txt", "old");
  WeirAtomicFile *file = weir_atomic_file_open(path, WEIR_ATOMIC_DEFAULT, NULL);
  weir_atomic_file_write(file, "new", 3, NULL);
  g_assert_cmpuint(folder_count(folder), ==, 2);
  weir_atomic_file_free(file);
  folder_assert_content(folder, "a.txt", "old");
  g_assert_cmpuint(folder_count(folder), ==, 1);
}

/* Pieces of all sizes around the buffer's come out in order. */
static void
test_large(Folder *folder, gconstpointer data)
{
  static const gsize sizes[] = {1, 1048575, 1, 1048576, 3, 3000000, 1048577, 524288, 524289, 7};
  g_autofree char *path = folder_file(folder, "large");
  g_autoptr(GByteArray) expected = g_byte_array_new();
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open(path, WEIR_ATOMIC_NO_SYNC, NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *actual = NULL;
  gsize length = 0;
  (void)data;

  for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
    g_autofree guint8 *piece = g_malloc(sizes[i]);
    for (gsize j = 0; j < sizes[i]; j++)
      piece[j] = (guint8)(i * 31 + j * 7);
    g_byte_array_append(expected, piece, (guint)sizes[i]);
    g_assert_true(weir_atomic_file_write(file, piece, sizes[i], &error));
    g_assert_cmpuint(weir_atomic_file_tell(file), ==, expected->len);
  }
  g_assert_true(weir_atomic_file_commit(file, &error));
  g_assert_true(g_file_get_contents(path, &actual, &length, NULL));
  g_assert_cmpmem(actual, length, expected->data, expected->len);
}

static void
test_parents(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "b/c/a.txt");
  g_autoptr(GError) error = NULL;
  (void)data;

  assert_write_fails(path, WEIR_ATOMIC_DEFAULT,
                     "cannot write \"*a.txt\": there is no folder \"*/b/c\"; make it first");
  g_assert_true(weir_atomic_write(path, "new", -1, WEIR_ATOMIC_MAKE_PARENTS, &error));
  g_assert_no_error(error);
  folder_assert_content(folder, "b/c/a.txt", "new");
}

static void
test_refusals(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autofree char *below = folder_file(folder, "a.txt/b");
  g_autofree char *slash = folder_file(folder, "x/");
  g_autofree char *ring = folder_file(folder, "ring");
  (void)data;

  folder_put(folder, "a.txt", "old");
  g_assert_cmpint(symlink("ring", ring), ==, 0);
  assert_write_fails(path, WEIR_ATOMIC_NO_REPLACE, "cannot write \"*a.txt\": it exists already; *");
  assert_write_fails(folder->path, WEIR_ATOMIC_DEFAULT,
                     "cannot write \"*\": it is a folder, a file is wanted; *");
  assert_write_fails(slash, WEIR_ATOMIC_DEFAULT, "cannot write \"*\": it is a folder, a file is wanted; *");
  assert_write_fails(below, WEIR_ATOMIC_DEFAULT, "cannot write \"*\": *; a part of that path is a file*");
  assert_write_fails(below, WEIR_ATOMIC_MAKE_PARENTS, "cannot *\": *; a part of that path is a file*");
  assert_write_fails(ring, WEIR_ATOMIC_DEFAULT, "cannot write \"*ring\": *");
  assert_write_fails("", WEIR_ATOMIC_DEFAULT, "cannot write *");
  folder_assert_content(folder, "a.txt", "old");
  g_assert_cmpuint(folder_count(folder), ==, 2);
}

/* What appears while the file is written is not replaced either. */
static void
test_no_replace_race(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open(path, WEIR_ATOMIC_NO_REPLACE, NULL);
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "a.txt", "somebody else's");
  g_assert_false(weir_atomic_file_commit(file, &error));
  assert_message(error, "cannot write \"*a.txt\": it exists already; *");
  folder_assert_content(folder, "a.txt", "somebody else's");
  g_assert_cmpuint(folder_count(folder), ==, 1);
}

static void
test_links(Folder *folder, gconstpointer data)
{
  g_autofree char *link = folder_file(folder, "link");
  g_autofree char *dangling = folder_file(folder, "dangling");
  (void)data;

  folder_put(folder, "there/a.txt", "old");
  g_assert_cmpint(symlink("there/a.txt", link), ==, 0);
  g_assert_cmpint(symlink("there/b.txt", dangling), ==, 0);
  g_assert_true(weir_atomic_write(link, "new", -1, WEIR_ATOMIC_DEFAULT, NULL));
  g_assert_true(weir_atomic_write(dangling, "made", -1, WEIR_ATOMIC_DEFAULT, NULL));
  g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
  folder_assert_content(folder, "there/a.txt", "new");
  folder_assert_content(folder, "there/b.txt", "made");
}

static void
test_permissions(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autofree char *fresh = folder_file(folder, "b.txt");
  mode_t mask = umask(027);
  struct stat status;
  (void)data;

  folder_put(folder, "a.txt", "old");
  g_assert_cmpint(chmod(path, 0604), ==, 0);
  g_assert_true(weir_atomic_write(path, "new", -1, WEIR_ATOMIC_DEFAULT, NULL));
  g_assert_true(weir_atomic_write(fresh, "new", -1, WEIR_ATOMIC_DEFAULT, NULL));
  umask(mask);
  g_assert_cmpint(stat(path, &status), ==, 0);
  g_assert_cmpint(status.st_mode & 0777, ==, 0604);
  g_assert_cmpint(stat(fresh, &status), ==, 0);
  g_assert_cmpint(status.st_mode & 0777, ==, 0640);
}

static void
test_full_disk(void)
{
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open("/dev/full", WEIR_ATOMIC_DEFAULT, NULL);
  g_autofree char *block = g_malloc0(2 << 20);
  g_autoptr(GError) first = NULL;
  g_autoptr(GError) second = NULL;
  g_autoptr(GError) last = NULL;

  g_assert_false(weir_atomic_file_write(file, block, 2 << 20, &first));
  assert_message(first, "cannot write \"/dev/full\": *; free some space*");
  g_assert_false(weir_atomic_file_write(file, "x", 1, &second));
  g_assert_null(weir_atomic_file_reserve(file, 1, NULL));
  g_assert_false(weir_atomic_file_commit(file, &last));
  g_assert_cmpstr(second->message, ==, first->message);
  g_assert_cmpstr(last->message, ==, first->message);
  assert_write_fails("/dev/full", WEIR_ATOMIC_DEFAULT, "cannot write \"/dev/full\": *");
}

/* A write that fails half-way leaves the old file. */
static void
test_failed_write(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autofree char *block = g_malloc0(4 << 20);
  g_autoptr(GError) error = NULL;
  struct rlimit before;
  (void)data;

  folder_put(folder, "a.txt", "old");
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, before.rlim_max});
  gboolean done = weir_atomic_write(path, block, 4 << 20, WEIR_ATOMIC_DEFAULT, &error);
  setrlimit(RLIMIT_FSIZE, &before);
  g_assert_false(done);
  assert_message(error, "cannot write \"*a.txt\": *; raise the limit of file sizes*");
  folder_assert_content(folder, "a.txt", "old");
  g_assert_cmpuint(folder_count(folder), ==, 1);
}

/* The folder is gone when the file is to appear in it. */
static void
test_failed_commit(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "sub/a.txt");
  g_autofree char *sub = folder_file(folder, "sub");
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open(path, WEIR_ATOMIC_MAKE_PARENTS, NULL);
  g_autoptr(GError) error = NULL;
  (void)data;

  g_assert_true(weir_remove_tree(sub, NULL));
  g_assert_false(weir_atomic_file_commit(file, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_assert_cmpuint(folder_count(folder), ==, 0);
}

static void
test_standard_output(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "out");
  int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
  g_autofree char *name = g_strdup_printf("/dev/fd/%d", descriptor);
  (void)data;

  g_assert_cmpint((int)write(descriptor, "before ", 7), ==, 7);
  g_assert_true(weir_atomic_write(name, "after", -1, WEIR_ATOMIC_DEFAULT, NULL));
  close(descriptor);
  folder_assert_content(folder, "out", "before after");
}

static void
test_pipe(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "pipe");
  char got[16] = {0};
  (void)data;

  g_assert_cmpint(mkfifo(path, 0666), ==, 0);
  int reader = open(path, O_RDONLY | O_NONBLOCK);
  g_assert_true(weir_atomic_write(path, "hello", -1, WEIR_ATOMIC_DEFAULT, NULL));
  g_assert_cmpint((int)read(reader, got, sizeof got), ==, 5);
  g_assert_cmpstr(got, ==, "hello");
  close(reader);
}

static void
test_long_name(Folder *folder, gconstpointer data)
{
  g_autofree char *name = g_strnfill(255, 'n');
  g_autofree char *path = folder_file(folder, name);
  g_autoptr(GError) error = NULL;
  (void)data;

  weir_atomic_write(path, "new", -1, WEIR_ATOMIC_DEFAULT, &error);
  g_assert_no_error(error);
  folder_assert_content(folder, name, "new");
}

/* --- Folders --- */

static void
put_member(const WeirAtomicDir *dir, const char *name, const char *content)
{
  g_autofree char *path = weir_atomic_dir_member(dir, name);
  g_autoptr(GError) error = NULL;
  weir_atomic_write(path, content, -1, WEIR_ATOMIC_MAKE_PARENTS, &error);
  g_assert_no_error(error);
}

static void
test_dir_new(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "runs/model/");
  g_autoptr(GError) error = NULL;
  (void)data;

  WeirAtomicDir *dir = weir_atomic_dir_open(path, WEIR_ATOMIC_MAKE_PARENTS, &error);
  g_assert_no_error(error);
  put_member(dir, "weights", "1");
  put_member(dir, "sub/labels", "2");
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  g_assert_true(weir_atomic_dir_commit(dir, &error));
  weir_atomic_dir_free(dir);
  folder_assert_content(folder, "runs/model/weights", "1");
  folder_assert_content(folder, "runs/model/sub/labels", "2");
}

static void
test_dir_abort(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "model");
  (void)data;

  WeirAtomicDir *dir = weir_atomic_dir_open(path, WEIR_ATOMIC_DEFAULT, NULL);
  put_member(dir, "sub/weights", "1");
  weir_atomic_dir_free(dir);
  g_assert_cmpuint(folder_count(folder), ==, 0);
}

static void
test_dir_replace(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "model");
  g_autofree char *gone = folder_file(folder, "model/old");
  g_autofree char *link = folder_file(folder, "link");
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "model/old", "old");
  g_assert_cmpint(symlink("model", link), ==, 0);
  g_assert_null(weir_atomic_dir_open(path, WEIR_ATOMIC_DEFAULT, &error));
  assert_message(error, "cannot write the folder \"*model\": it exists and is not empty; *");
  g_clear_error(&error);

  g_autoptr(WeirAtomicDir) dir = weir_atomic_dir_open(link, WEIR_ATOMIC_REPLACE_FOLDER, &error);
  put_member(dir, "new", "new");
  g_assert_true(weir_atomic_dir_commit(dir, &error));
  folder_assert_content(folder, "model/new", "new");
  g_assert_false(g_file_test(gone, G_FILE_TEST_EXISTS));
  g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
  g_assert_cmpuint(folder_count(folder), ==, 2);
}

/* An empty folder may be taken without asking, but not if it fills up meanwhile. */
static void
test_dir_empty(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "model");
  g_autofree char *other = folder_file(folder, "other");
  g_autoptr(GError) error = NULL;
  (void)data;

  g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
  g_assert_cmpint(g_mkdir(other, 0700), ==, 0);
  g_autoptr(WeirAtomicDir) dir = weir_atomic_dir_open(path, WEIR_ATOMIC_DEFAULT, &error);
  put_member(dir, "new", "new");
  g_assert_true(weir_atomic_dir_commit(dir, &error));
  folder_assert_content(folder, "model/new", "new");

  g_autoptr(WeirAtomicDir) late = weir_atomic_dir_open(other, WEIR_ATOMIC_DEFAULT, &error);
  folder_put(folder, "other/theirs", "theirs");
  g_assert_false(weir_atomic_dir_commit(late, &error));
  assert_message(error, "*it exists and is not empty*");
  folder_assert_content(folder, "other/theirs", "theirs");
  g_assert_cmpuint(folder_count(folder), ==, 2);
}

static void
test_dir_refusals(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "file");
  g_autofree char *missing = folder_file(folder, "no/model");
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "file", "x");
  g_assert_null(weir_atomic_dir_open(path, WEIR_ATOMIC_REPLACE_FOLDER, &error));
  assert_message(error, "cannot write the folder \"*file\": there is a file of that name; *");
  g_clear_error(&error);
  g_assert_null(weir_atomic_dir_open(folder->path, WEIR_ATOMIC_NO_REPLACE, &error));
  assert_message(error, "cannot write the folder \"*\": it exists already; *");
  g_clear_error(&error);
  g_assert_null(weir_atomic_dir_open(missing, WEIR_ATOMIC_DEFAULT, &error));
  assert_message(error, "*there is no folder \"*/no\"; make it first");
  g_assert_cmpuint(folder_count(folder), ==, 1);
}

/* --- Leftovers --- */

/* A process that is killed while it writes. */
static void
leave_behind(const char *file_path, const char *dir_path)
{
  pid_t child = fork();
  if (child == 0) {
    WeirAtomicFile *file = weir_atomic_file_open(file_path, WEIR_ATOMIC_DEFAULT, NULL);
    WeirAtomicDir *dir = weir_atomic_dir_open(dir_path, WEIR_ATOMIC_DEFAULT, NULL);
    if (file == NULL || dir == NULL)
      _exit(1);
    g_autofree char *member = weir_atomic_dir_member(dir, "member");
    weir_atomic_write(member, "x", -1, WEIR_ATOMIC_DEFAULT, NULL);
    raise(SIGKILL);
  }
  int status = 0;
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_true(WIFSIGNALED(status));
}

static void
test_sweep(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "a.txt");
  g_autofree char *dir_path = folder_file(folder, "model");
  g_autofree char *missing = folder_file(folder, "missing");
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, ".a.txt.keep.tmp", "not ours");
  folder_put(folder, "a.txt.abcdef.tmp", "not ours");
  folder_put(folder, ".a.txt.abcdef.bak", "not ours");
  leave_behind(path, dir_path);
  g_autoptr(WeirAtomicFile) living = weir_atomic_file_open(path, WEIR_ATOMIC_DEFAULT, NULL);
  g_autoptr(WeirAtomicDir) living_dir = weir_atomic_dir_open(dir_path, WEIR_ATOMIC_DEFAULT, NULL);
  g_assert_cmpuint(folder_count(folder), ==, 7);
  g_assert_cmpint(weir_atomic_sweep(folder->path, &error), ==, 2);
  g_assert_cmpint(weir_atomic_sweep(folder->path, &error), ==, 0);
  g_assert_true(weir_atomic_file_commit(living, &error));
  g_assert_true(weir_atomic_dir_commit(living_dir, &error));
  g_assert_cmpuint(folder_count(folder), ==, 5);
  g_assert_cmpint(weir_atomic_sweep(missing, &error), ==, 0);
  g_assert_no_error(error);
  g_assert_cmpint(weir_atomic_sweep(path, &error), ==, -1);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
}

int
main(int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*test)(Folder *, gconstpointer);
  } tests[] = {
      {"/atomic/commit", test_commit},
      {"/atomic/abort", test_abort},
      {"/atomic/large", test_large},
      {"/atomic/parents", test_parents},
      {"/atomic/refusals", test_refusals},
      {"/atomic/no-replace-race", test_no_replace_race},
      {"/atomic/links", test_links},
      {"/atomic/permissions", test_permissions},
      {"/atomic/failed-write", test_failed_write},
      {"/atomic/failed-commit", test_failed_commit},
      {"/atomic/standard-output", test_standard_output},
      {"/atomic/pipe", test_pipe},
      {"/atomic/long-name", test_long_name},
      {"/atomic/dir/new", test_dir_new},
      {"/atomic/dir/abort", test_dir_abort},
      {"/atomic/dir/replace", test_dir_replace},
      {"/atomic/dir/empty", test_dir_empty},
      {"/atomic/dir/refusals", test_dir_refusals},
      {"/atomic/sweep", test_sweep},
  };

  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
    g_test_add(tests[i].path, Folder, NULL, folder_set_up, tests[i].test, folder_tear_down);
  g_test_add_func("/atomic/full-disk", test_full_disk);
  return g_test_run();
}
