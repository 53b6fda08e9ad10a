/* SPDX-License-Identifier: MIT */
/* Tests digests against published values and against coreutils. */
#include "base/digest.h"
#include "base/error.h"
#include "base/test-folder.h"

#include <string.h>
#include <unistd.h>

/* The examples of FIPS 180-4's companion, "SHA-256 examples" (NIST). */
#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_OF_ABC     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
test_memory(void)
{
  char hex[WEIR_DIGEST_HEX_BYTES];

  weir_digest_memory("", 0, hex);
  g_assert_cmpstr(hex, ==, SHA256_OF_NOTHING);
  weir_digest_memory("abc", 3, hex);
  g_assert_cmpstr(hex, ==, SHA256_OF_ABC);
}

static void
test_pieces(void)
{
  g_autoptr(WeirDigest) digest = weir_digest_new();
  char hex[WEIR_DIGEST_HEX_BYTES];

  weir_digest_update(digest, "a", 1);
  weir_digest_update(digest, "", 0);
  weir_digest_update(digest, "bc", 2);
  weir_digest_finish_hex(digest, hex);
  g_assert_cmpstr(hex, ==, SHA256_OF_ABC);
}

static void
test_fields(void)
{
  g_autoptr(WeirDigest) one = weir_digest_new();
  g_autoptr(WeirDigest) two = weir_digest_new();
  char hex_one[WEIR_DIGEST_HEX_BYTES];
  char hex_two[WEIR_DIGEST_HEX_BYTES];

  weir_digest_update_field(one, "ab", 2);
  weir_digest_update_field(one, "c", 1);
  weir_digest_update_field(two, "a", 1);
  weir_digest_update_field(two, "bc", 2);
  weir_digest_finish_hex(one, hex_one);
  weir_digest_finish_hex(two, hex_two);
  g_assert_cmpstr(hex_one, !=, hex_two);
}

static void
test_file(Folder *folder, gconstpointer data)
{
  g_autofree char *path = folder_file(folder, "abc");
  g_autofree char *missing = folder_file(folder, "missing");
  g_autoptr(GError) error = NULL;
  char hex[WEIR_DIGEST_HEX_BYTES];
  (void)data;

  folder_put(folder, "abc", "abc");
  g_assert_true(weir_digest_file(path, hex, &error));
  g_assert_cmpstr(hex, ==, SHA256_OF_ABC);
  g_assert_false(weir_digest_file(missing, hex, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_clear_error(&error);
  g_assert_false(weir_digest_file(folder->path, hex, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
}

static char *
digest_by_coreutils(const char *folder)
{
  static const char script[] = "cd \"$1\" && find . -type f -printf '%P\\0' | LC_ALL=C sort -z | "
                               "xargs -0r sha256sum -z -- | sha256sum";
  const char *const command[] = {"/bin/sh", "-c", script, "sh", folder, NULL};
  g_autofree char *out = NULL;
  g_autoptr(GError) error = NULL;

  g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, NULL, &error);
  g_assert_no_error(error);
  return g_strndup(out, 64);
}

static void
test_folder(Folder *folder, gconstpointer data)
{
  g_autofree char *with_slash = g_strconcat(folder->path, "/", NULL);
  g_autofree char *empty = folder_file(folder, "empty");
  const char *const except[] = {"b/c.txt", NULL};
  char hex[WEIR_DIGEST_HEX_BYTES];
  char other[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GError) error = NULL;
  (void)data;

  /* "b-x" sorts between "b" and "b/c.txt": an order by folders would differ. */
  folder_put(folder, "b/c.txt", "abc");
  folder_put(folder, "b-x", "");
  folder_put(folder, "b.y", "1");
  folder_put(folder, "with\nnewline", "2");
  folder_put(folder, "é", "3");
  g_assert_cmpint(g_mkdir(empty, 0777), ==, 0);
  g_autofree char *expected = digest_by_coreutils(folder->path);
  g_assert_true(weir_digest_folder(folder->path, NULL, hex, &error));
  g_assert_cmpstr(hex, ==, expected);
  g_assert_true(weir_digest_folder(with_slash, NULL, other, &error));
  g_assert_cmpstr(other, ==, expected);
  g_assert_true(weir_digest_folder(folder->path, except, other, &error));
  g_assert_cmpstr(other, !=, expected);

  g_autoptr(GPtrArray) manifest = weir_digest_manifest(folder->path, NULL, &error);
  g_assert_cmpuint(manifest->len, ==, 5);
  const WeirFileDigest *file = manifest->pdata[2];
  g_assert_cmpstr(file->path, ==, "b/c.txt");
  g_assert_cmpuint(file->size, ==, 3);
  g_assert_cmpstr(file->hex, ==, SHA256_OF_ABC);
}

static void
test_folder_refusals(Folder *folder, gconstpointer data)
{
  g_autofree char *link = folder_file(folder, "link");
  g_autofree char *file = folder_file(folder, "file");
  char hex[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GError) error = NULL;
  (void)data;

  folder_put(folder, "file", "x");
  g_assert_false(weir_digest_folder(file, NULL, hex, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_clear_error(&error);
  g_assert_cmpint(symlink("file", link), ==, 0);
  g_assert_false(weir_digest_folder(folder->path, NULL, hex, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_clear_error(&error);
  g_assert_cmpint(g_unlink(link), ==, 0);
  g_assert_false(weir_digest_folder(link, NULL, hex, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/digest/memory", test_memory);
  g_test_add_func("/digest/pieces", test_pieces);
  g_test_add_func("/digest/fields", test_fields);
  g_test_add("/digest/file", Folder, NULL, folder_set_up, test_file, folder_tear_down);
  g_test_add("/digest/folder", Folder, NULL, folder_set_up, test_folder, folder_tear_down);
  g_test_add("/digest/folder-refusals", Folder, NULL, folder_set_up, test_folder_refusals, folder_tear_down);
  return g_test_run();
}
