/* SPDX-License-Identifier: MIT */
/* Checks that archives come out the same and whole, and that nothing taken out of one leaves its folder. */
#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "store/archive_file.h"

#define PLENTY (G_GUINT64_CONSTANT(1) << 30)

typedef struct {
  char *root, *from, *to;
  char hex[WEIR_DIGEST_HEX_BYTES];
} Fixture;

static void
put(const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  g_autofree char *above = g_path_get_dirname(path);
  g_assert_cmpint(g_mkdir_with_parents(above, 0777), ==, 0);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
set_up(Fixture *f, gconstpointer data)
{
  (void)data;
  f->root = g_dir_make_tmp("weir-archive-XXXXXX", NULL);
  f->from = g_build_filename(f->root, "from", NULL);
  f->to = g_build_filename(f->root, "to", NULL);
  put(f->from, "weights", "0123456789");
  put(f->from, "deep/er/wörter.txt", "eins\nzwei\n");
  put(f->from, "empty", "");
  g_assert_cmpint(g_mkdir(f->to, 0777), ==, 0);
  g_assert_true(weir_digest_folder(f->from, NULL, f->hex, NULL));
}

static void
tear_down(Fixture *f, gconstpointer data)
{
  (void)data;
  g_assert_true(weir_remove_tree(f->root, NULL));
  g_free(f->root);
  g_free(f->from);
  g_free(f->to);
}

static char *export(Fixture *f, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename(f->root, name, NULL);
  guint files = 0;
  guint64 bytes = 0;
  WeirArtifactExport how = {.kind = "model", .sha256 = f->hex, .metadata = "{\"a\":1}"};
  if (!weir_archive_export(f->from, path, &how, &files, &bytes, error))
    return NULL;
  g_assert_cmpuint(files, ==, 3);
  g_assert_cmpuint(bytes, ==, 20);
  return g_steal_pointer(&path);
}

/* --- There and back --- */

static void
test_round_trip(Fixture *f, gconstpointer name)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = export(f, name, &error);
  g_assert_no_error(error);
  char first[WEIR_DIGEST_HEX_BYTES], second[WEIR_DIGEST_HEX_BYTES];
  g_assert_true(weir_digest_file(path, first, NULL));
  g_assert_true(weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &error));
  g_assert_no_error(error);
  g_autoptr(WeirArtifactManifest) manifest = weir_artifact_manifest_read(f->to, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(manifest->sha256, ==, f->hex);
  g_assert_true(weir_artifact_verify(f->to, manifest, &error));

  g_autofree char *weights = g_build_filename(f->from, "weights", NULL);
  g_assert_cmpint(g_chmod(weights, 0400), ==,
                  0); /* neither permissions nor times matter, nor where on earth it is */
  g_setenv("TZ", "Asia/Tokyo", TRUE);
  tzset();
  g_autofree char *again = export(f, name, &error);
  g_unsetenv("TZ");
  tzset();
  g_assert_no_error(error);
  g_assert_true(weir_digest_file(again, second, NULL));
  g_assert_cmpstr(first, ==, second);
}

static void
test_changed(Fixture *f, gconstpointer name)
{
  g_autoptr(GError) error = NULL;
  put(f->from, "weights", "0123456780");
  g_autofree char *path = export(f, name, &error);
  g_assert_null(path);
  g_assert_nonnull(strstr(error->message, "was changed after it was made"));
  g_autofree char *left = g_build_filename(f->root, name, NULL);
  g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
}

/* --- Archives of enemies --- */

typedef struct {
  const char *name;
  mode_t type;
  const char *link; /* target, symbolic or ("=") hard */
} Member;

static char *
forge(Fixture *f, gboolean zip, const Member *members, guint n)
{
  char *path = g_build_filename(f->root, zip ? "forged.zip" : "forged.tar.gz", NULL);
  struct archive *a = archive_write_new();
  if (zip) {
    archive_write_set_format_zip(a);
  } else {
    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_gzip(a);
  }
  g_assert_cmpint(archive_write_open_filename(a, path), ==, ARCHIVE_OK);
  for (guint i = 0; i < n; i++) {
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, members[i].name);
    archive_entry_set_filetype(entry, members[i].type);
    archive_entry_set_perm(entry, 0777);
    archive_entry_set_size(entry, members[i].type == AE_IFREG && !members[i].link ? 4 : 0);
    if (members[i].link && members[i].link[0] == '=')
      archive_entry_set_hardlink(entry, members[i].link + 1);
    else if (members[i].link)
      archive_entry_set_symlink(entry, members[i].link);
    g_assert_cmpint(archive_write_header(a, entry), >=, ARCHIVE_WARN);
    if (members[i].type == AE_IFREG && !members[i].link)
      g_assert_cmpint(archive_write_data(a, "evil", 4), ==, 4);
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  return path;
}

static void
check_refused(Fixture *f, gboolean zip, const Member *members, guint n, const char *why)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = forge(f, zip, members, n);
  gboolean done = weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &error);
  g_assert_false(done);
  if (!strstr(error->message, why))
    g_error("\"%s\" does not say \"%s\"", error->message, why);
}

static void
test_paths(Fixture *f, gconstpointer data)
{
  static const char *const bad[] = {"../out", "a/../../out", "/tmp/weir-out", "a/..", ".."};
  static const Member good[] = {
      {"./a", AE_IFDIR, NULL}, {"./a/./b", AE_IFREG, NULL}, {"c/d", AE_IFREG, NULL}};
  gboolean zip = GPOINTER_TO_INT(data);
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    const Member member = {bad[i], AE_IFREG, NULL};
    check_refused(f, zip, &member, 1, "lead out of the folder");
  }
  g_autofree char *out = g_build_filename(f->root, "out", NULL);
  g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
  g_autofree char *path = forge(f, zip, good, 3);
  g_autoptr(GError) error = NULL;
  g_assert_true(weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &error));
  g_autofree char *b = g_build_filename(f->to, "a", "b", NULL);
  g_autofree char *d = g_build_filename(f->to, "c", "d", NULL);
  g_assert_true(g_file_test(b, G_FILE_TEST_IS_REGULAR) && g_file_test(d, G_FILE_TEST_IS_REGULAR));
}

static void
test_links(Fixture *f, gconstpointer data)
{
  gboolean zip = GPOINTER_TO_INT(data);
  const Member symbolic[] = {{"a", AE_IFLNK, "/etc"}, {"a/passwd", AE_IFREG, NULL}};
  const Member hard[] = {{"x", AE_IFREG, NULL}, {"y", AE_IFREG, "=x"}};
  const Member fifo[] = {{"pipe", AE_IFIFO, NULL}};
  const Member device[] = {{"null", AE_IFCHR, NULL}};
  check_refused(f, zip, symbolic, 2, "it is a link");
  if (zip)
    return;
  check_refused(f, FALSE, hard, 2, "it is a link");
  check_refused(f, FALSE, fifo, 1, "neither a file nor a folder");
  check_refused(f, FALSE, device, 1, "neither a file nor a folder");
}

static void
test_twice(Fixture *f, gconstpointer data)
{
  gboolean zip = GPOINTER_TO_INT(data);
  const Member same[] = {{"one", AE_IFREG, NULL}, {"./one", AE_IFREG, NULL}};
  const Member below[] = {{"two", AE_IFREG, NULL}, {"two/three", AE_IFREG, NULL}};
  const Member none[] = {{"folder", AE_IFDIR, NULL}};
  check_refused(f, zip, same, 2, "there twice");
  check_refused(f, zip, below, 2, "there twice");
  check_refused(f, zip, none, 1, "no files in it");
}

static void
test_not_utf8(Fixture *f, gconstpointer data)
{
  (void)data;
  const Member member = {"caf\xe9", AE_IFREG, NULL};
  g_autoptr(GError) error = NULL;
  g_autofree char *path = forge(f, FALSE, &member, 1);
  g_assert_false(weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &error));
}

static void
test_depth(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GString) deep = g_string_new(NULL);
  for (guint i = 0; i < 40; i++)
    g_string_append(deep, "d/");
  g_string_append(deep, "file");
  const Member member = {deep->str, AE_IFREG, NULL};
  check_refused(f, FALSE, &member, 1, "more than 32 folders");
}

/* What the disk says to the next folder; 0: it has room. Stands before the system's function. */
static int no_folder;

int
mkdirat(int folder, const char *path, mode_t mode)
{
  if (!no_folder)
    return (int)syscall(SYS_mkdirat, folder, path, mode);
  errno = no_folder;
  return -1;
}

/* Nothing is written beside the folder that cannot be made. */
static void
test_no_folder(Fixture *f, gconstpointer data)
{
  (void)data;
  const Member members[] = {{"folder/file", AE_IFREG, NULL}, {"other", AE_IFREG, NULL}};
  g_autofree char *path = forge(f, FALSE, members, 2);
  g_autofree char *file = g_build_filename(f->to, "file", NULL);
  g_autoptr(GError) error = NULL;
  no_folder = ENOSPC;
  gboolean done = weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &error);
  no_folder = 0;
  g_assert_false(done);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
  g_assert_nonnull(strstr(error->message, "folder/file"));
  g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
}

static void
put_member(struct archive *a, const char *name, guint mib)
{
  g_autofree char *zeros = g_malloc0(1 << 20);
  struct archive_entry *entry = archive_entry_new();
  archive_entry_set_pathname(entry, name);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, (la_int64_t)mib << 20);
  g_assert_cmpint(archive_write_header(a, entry), ==, ARCHIVE_OK);
  for (guint i = 0; i < mib; i++)
    g_assert_cmpint(archive_write_data(a, zeros, 1 << 20), ==, 1 << 20);
  archive_entry_free(entry);
}

/* Zeros: a thousandth in gzip, much less in xz and in layers of it. Behind them, a description that is none. */
static char *
forge_bomb(Fixture *f, guint mib)
{
  char *path = g_build_filename(f->root, "bomb.tar.zst", NULL);
  struct archive *a = archive_write_new();
  archive_write_set_format_pax_restricted(a);
  archive_write_add_filter_zstd(a);
  g_assert_cmpint(archive_write_open_filename(a, path), ==, ARCHIVE_OK);
  put_member(a, "zeros", mib);
  put_member(a, WEIR_ARTIFACT_MANIFEST, 1);
  archive_write_close(a);
  archive_write_free(a);
  return path;
}

/* A look inside does not wade through a bomb. */
static void
test_peek_bomb(Fixture *f, gconstpointer data)
{
  (void)data;
  WeirArtifactManifest *manifest = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *little = forge_bomb(f, 1);
  g_assert_false(weir_archive_peek(little, &manifest, NULL));
  g_autofree char *much = forge_bomb(f, 65);
  g_assert_true(weir_archive_peek(much, &manifest, &error));
  g_assert_null(manifest);
}

static void
test_bombs(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autofree char *path = forge_bomb(f, 256);
  g_autoptr(GError) limit = NULL, bomb = NULL;
  g_assert_false(weir_archive_unpack(path, f->to, 1000, NULL, NULL, &limit));
  g_assert_error(limit, WEIR_ERROR, WEIR_ERROR_LIMIT);
  g_assert_nonnull(strstr(limit->message, "holds more than 1000 B"));
  g_autofree char *left = g_build_filename(f->to, "zeros", NULL);
  g_unlink(left);
  g_assert_false(weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &bomb));
  g_assert_error(bomb, WEIR_ERROR, WEIR_ERROR_LIMIT);
  g_assert_nonnull(strstr(bomb->message, "bomb"));
}

/* Cut off anywhere, or with a byte changed anywhere: an error or the same files, never a crash. */
static void
test_damage(Fixture *f, gconstpointer name)
{
  g_autofree char *path = export(f, name, NULL);
  g_autofree char *broken = g_build_filename(f->root, "broken", NULL);
  char *text = NULL;
  gsize length = 0;
  g_assert_true(g_file_get_contents(path, &text, &length, NULL));
  for (gsize i = 0; i < length; i += 1 + length / 400) {
    for (guint how = 0; how < 2; how++) {
      g_autofree char *changed = g_memdup2(text, length);
      g_autoptr(GError) error = NULL;
      if (how)
        changed[i] ^= 0x55;
      g_assert_true(g_file_set_contents(broken, changed, how ? (gssize)length : (gssize)i, NULL));
      if (!weir_archive_unpack(broken, f->to, PLENTY, NULL, NULL, &error))
        g_assert_nonnull(error);
      g_assert_true(weir_remove_tree(f->to, NULL));
      g_assert_cmpint(g_mkdir(f->to, 0777), ==, 0);
    }
  }
  g_free(text);
}

static gboolean
stop_at_once(guint64 bytes, gpointer data)
{
  (void)bytes, (void)data;
  return FALSE;
}

static void
test_stopped(Fixture *f, gconstpointer name)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = export(f, name, NULL);
  g_assert_false(weir_archive_unpack(path, f->to, PLENTY, stop_at_once, NULL, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
}

static void
test_one_folder_around(Fixture *f, gconstpointer data)
{
  gboolean zip = GPOINTER_TO_INT(data);
  const Member members[] = {
      {"top", AE_IFDIR, NULL}, {"top/a", AE_IFREG, NULL}, {"top/top/b", AE_IFREG, NULL}};
  g_autoptr(GError) error = NULL;
  g_autofree char *path = forge(f, zip, members, 3);
  g_assert_true(weir_archive_unpack(path, f->to, PLENTY, NULL, NULL, &error));
  g_autofree char *a = g_build_filename(f->to, "a", NULL);
  g_autofree char *b = g_build_filename(f->to, "top", "b", NULL);
  g_assert_true(g_file_test(a, G_FILE_TEST_IS_REGULAR) && g_file_test(b, G_FILE_TEST_IS_REGULAR));
}

static void
test_peek(Fixture *f, gconstpointer name)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = export(f, name, NULL);
  g_autoptr(WeirArtifactManifest) manifest = NULL;
  g_assert_true(weir_archive_peek(path, &manifest, &error));
  g_assert_cmpstr(manifest->kind, ==, "model");
  g_assert_cmpstr(manifest->metadata, ==, "{\"a\":1}");
}

static void
test_names(void)
{
  g_assert_cmpint(weir_archive_format_of_name("a/model.tar.zst"), ==, WEIR_ARCHIVE_TAR_ZSTD);
  g_assert_cmpint(weir_archive_format_of_name("MODEL.TGZ"), ==, WEIR_ARCHIVE_TAR_GZIP);
  g_assert_cmpint(weir_archive_format_of_name("m.zip"), ==, WEIR_ARCHIVE_ZIP);
  g_assert_cmpint(weir_archive_format_of_name("a/.zip"), ==, WEIR_ARCHIVE_NONE);
  g_assert_cmpint(weir_archive_format_of_name("zip"), ==, WEIR_ARCHIVE_NONE);
  g_assert_cmpint(weir_archive_format_of_name("model.gz"), ==, WEIR_ARCHIVE_NONE);
}

int
main(int argc, char **argv)
{
  static const char *const names[] = {"m.tar", "m.tar.gz", "m.tar.zst", "m.tar.xz", "m.zip"};
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/archive/names", test_names);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *there = g_strdup_printf("/archive/there-and-back/%s", names[i]);
    g_autofree char *changed = g_strdup_printf("/archive/changed/%s", names[i]);
    g_autofree char *damage = g_strdup_printf("/archive/damage/%s", names[i]);
    g_test_add(there, Fixture, names[i], set_up, test_round_trip, tear_down);
    g_test_add(changed, Fixture, names[i], set_up, test_changed, tear_down);
    g_test_add(damage, Fixture, names[i], set_up, test_damage, tear_down);
  }
  for (int zip = 0; zip < 2; zip++) {
    g_autofree char *paths = g_strdup_printf("/archive/%s/paths", zip ? "zip" : "tar");
    g_autofree char *links = g_strdup_printf("/archive/%s/links", zip ? "zip" : "tar");
    g_autofree char *twice = g_strdup_printf("/archive/%s/twice", zip ? "zip" : "tar");
    g_test_add(paths, Fixture, GINT_TO_POINTER(zip), set_up, test_paths, tear_down);
    g_test_add(links, Fixture, GINT_TO_POINTER(zip), set_up, test_links, tear_down);
    g_autofree char *around = g_strdup_printf("/archive/%s/one-folder-around", zip ? "zip" : "tar");
    g_autofree char *peek = g_strdup_printf("/archive/%s/peek", zip ? "zip" : "tar");
    g_test_add(around, Fixture, GINT_TO_POINTER(zip), set_up, test_one_folder_around, tear_down);
    g_test_add(peek, Fixture, zip ? "m.zip" : "m.tar.zst", set_up, test_peek, tear_down);
    g_test_add(twice, Fixture, GINT_TO_POINTER(zip), set_up, test_twice, tear_down);
  }
  g_test_add("/archive/names-not-utf8", Fixture, NULL, set_up, test_not_utf8, tear_down);
  g_test_add("/archive/depth", Fixture, NULL, set_up, test_depth, tear_down);
  g_test_add("/archive/bombs", Fixture, NULL, set_up, test_bombs, tear_down);
  g_test_add("/archive/peek-into-a-bomb", Fixture, NULL, set_up, test_peek_bomb, tear_down);
  g_test_add("/archive/no-folder", Fixture, NULL, set_up, test_no_folder, tear_down);
  g_test_add("/archive/stopped", Fixture, "m.tar.gz", set_up, test_stopped, tear_down);
  return g_test_run();
}
