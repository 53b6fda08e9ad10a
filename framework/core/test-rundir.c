/* SPDX-License-Identifier: MIT */
/* Tests run directories: one process at a time has one, and a record of its beginning that is damaged is refused. */
#include "core/begun.h"
#include "core/rundir.h"
#include "core/test-engine.h"

#include <sys/file.h>
#include <sys/syscall.h>

/* ---- Who has it ----------------------------------------------------------------------------------------- */

/* A lock that whoever had it removes between its opening and its locking. Stands before the system's function. */
static char *removed_meanwhile;

int
flock(int fd, int operation)
{
  g_autofree char *path = g_steal_pointer(&removed_meanwhile);
  if (path)
    unlink(path);
  return (int)syscall(SYS_flock, fd, operation);
}

static void
assert_taken(const char *path)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(weir_run_dir_reopen(path, &error));
  assert_contains(error->message, "is going on");
}

static void
test_lock(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "run"), *lock = g_build_filename(path, "lock", NULL);
  g_autoptr(GError) error = NULL;
  (void)data;
  WeirRunDir *dir = weir_run_dir_new(path, "test", &error);
  g_assert_no_error(error);
  assert_taken(path);
  weir_run_dir_free(dir);
  g_assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
  folder_put(folder, "run/lock", "process 1 on elsewhere\n");
  removed_meanwhile = g_strdup(lock);
  dir = weir_run_dir_reopen(path, &error);
  g_assert_no_error(error);
  g_assert_null(removed_meanwhile);
  g_assert_true(g_file_test(lock, G_FILE_TEST_EXISTS));
  assert_taken(path);
  weir_run_dir_free(dir);
}

/* What could not begin leaves the folder as it was. */
static void
test_give_up(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "run");
  (void)data;
  weir_run_dir_give_up(weir_run_dir_new(path, "test", NULL));
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  g_assert_cmpint(g_mkdir(path, 0777), ==, 0);
  weir_run_dir_give_up(weir_run_dir_new(path, "test", NULL));
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  g_assert_nonnull(dir);
  g_assert_null(g_dir_read_name(dir));
}

/* ---- begin.json ----------------------------------------------------------------------------------------- */

static WeirBegun *
read_begun(const Folder *folder, const char *stage, GError **error)
{
  g_autofree char *text = g_strdup_printf(
      "{ 'format': 1, 'id': 'x', 'started_us': 1, 'working_directory': '/', 'plugin_folders': [], 'seed': 1,"
      " 'pipeline': { 'name': 'p', 'file': 'p.json', 'folder': '/', 'files': [ { 'path': 'p.json' } ] },"
      " 'parameters': [], 'inputs': [], 'stages': [ %s ] }",
      stage);
  g_autofree char *json = with_quotes(text), *path = folder_file(folder, "run");
  folder_put(folder, "run/begin.json", json);
  return weir_begun_read(path, error);
}

static void
test_begun(Folder *folder, gconstpointer data)
{
  static const char *const bad[] = {
      "{ 'name': 'a', 'use': 'b.c', 'from': ['d'] }",
      "{ 'name': 'a', 'use': 'b.c', 'from': {}, 'options': [1] }",
      "{ 'name': 'a', 'use': 1 }",
      "'a'",
  };
  g_autoptr(GError) none = NULL;
  g_autoptr(WeirBegun) good =
      read_begun(folder, "{ 'name': 'a', 'use': 'b.c', 'from': { 'in': ['d'] }, 'options': {} }", &none);
  (void)data;
  g_assert_no_error(none);
  g_assert_nonnull(good);
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(read_begun(folder, bad[i], &error));
    assert_contains(error->message, "is damaged; start the run anew");
  }
}

#define FOLDER_TEST(path, test) g_test_add(path, Folder, NULL, folder_set_up, test, folder_tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  FOLDER_TEST("/rundir/lock", test_lock);
  FOLDER_TEST("/rundir/give-up", test_give_up);
  FOLDER_TEST("/rundir/begun", test_begun);
  return g_test_run();
}
