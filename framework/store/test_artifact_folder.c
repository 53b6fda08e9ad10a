/* SPDX-License-Identifier: MIT */
/* Checks that artifact folders come out whole, are held against their digests, and never follow links. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "store/artifact_folder.h"

typedef struct {
  char *root;
  char *from;
  char *to;
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
  f->root = g_dir_make_tmp("weir-store-XXXXXX", NULL);
  f->from = g_build_filename(f->root, "from", NULL);
  f->to = g_build_filename(f->root, "to", NULL);
  put(f->from, "weights", "0123456789");
  put(f->from, "deep/er/words.txt", "one\ntwo\n");
  put(f->from, "empty", "");
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

static gboolean export(Fixture *f, gboolean replace, GError **error)
{
  WeirArtifactExport how = {.kind = "model",
                            .sha256 = f->hex,
                            .metadata = "{\"predictor\":\"linear.predict\",\"heads\":[{\"labels\":[\"ä\"]}]}",
                            .replace = replace};
  return weir_artifact_export(f->from, f->to, &how, NULL, NULL, error);
}

static void
assert_only(Fixture *f, const char *name)
{
  g_autoptr(GDir) dir = g_dir_open(f->root, 0, NULL);
  for (const char *entry; (entry = g_dir_read_name(dir));)
    g_assert_true(!strcmp(entry, "from") || (name && !strcmp(entry, name)));
}

static void
test_round_trip(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  g_assert_true(export(f, FALSE, &error));
  g_assert_no_error(error);
  g_autoptr(WeirArtifactManifest) manifest = weir_artifact_manifest_read(f->to, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(manifest->kind, ==, "model");
  g_assert_cmpstr(manifest->sha256, ==, f->hex);
  g_assert_cmpstr(manifest->metadata, ==,
                  "{\"predictor\":\"linear.predict\",\"heads\":[{\"labels\":[\"ä\"]}]}");
  g_assert_cmpuint(manifest->files->len, ==, 3);
  g_assert_true(weir_artifact_verify(f->to, manifest, &error));
  g_assert_true(export(f, FALSE, &error)); /* ours and whole: replaced */
  g_assert_no_error(error);
  assert_only(f, "to");
  char hex[WEIR_DIGEST_HEX_BYTES];
  const char *const except[] = {WEIR_ARTIFACT_MANIFEST, NULL};
  g_assert_true(weir_digest_folder(f->to, except, hex, NULL));
  g_assert_cmpstr(hex, ==, f->hex);
}

static void
assert_verify_fails(Fixture *f, const char *message)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirArtifactManifest) manifest = weir_artifact_manifest_read(f->to, NULL);
  g_assert_nonnull(manifest);
  g_assert_false(weir_artifact_verify(f->to, manifest, &error));
  g_assert_nonnull(strstr(error->message, message));
}

static void
test_verify(Fixture *f, gconstpointer data)
{
  (void)data;
  g_assert_true(export(f, FALSE, NULL));
  put(f->to, "weights", "0123456780");
  assert_verify_fails(f, "weights\" is not what");
  put(f->to, "weights", "0123456789");
  put(f->to, "deep/more", "");
  assert_verify_fails(f, "deep/more\" is not listed");
  g_autofree char *more = g_build_filename(f->to, "deep/more", NULL);
  g_autofree char *empty = g_build_filename(f->to, "empty", NULL);
  g_unlink(more);
  g_unlink(empty);
  assert_verify_fails(f, "empty\" is missing");
}

static void
test_changed_source(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  put(f->from, "weights", "changed");
  g_assert_false(export(f, FALSE, &error));
  g_assert_nonnull(strstr(error->message, "changed after it was made"));
  assert_only(f, NULL);
}

static void
test_foreign_target(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  put(f->to, "thesis.txt", "the only copy");
  g_assert_false(export(f, FALSE, &error));
  g_assert_nonnull(strstr(error->message, "it has no \"artifact.json\""));
  g_clear_error(&error);
  g_autofree char *thesis = g_build_filename(f->to, "thesis.txt", NULL);
  g_assert_true(g_file_test(thesis, G_FILE_TEST_EXISTS));
  g_assert_true(export(f, TRUE, &error));
  g_assert_false(g_file_test(thesis, G_FILE_TEST_EXISTS));
  put(f->to, "notes/mine.txt", "beside the model");
  g_assert_false(export(f, FALSE, &error));
  g_assert_nonnull(strstr(error->message, "it holds \"notes/mine.txt\""));
  g_clear_error(&error);
  g_assert_true(weir_remove_tree(f->to, NULL));
  g_assert_cmpint(g_mkdir(f->to, 0777), ==, 0);
  g_assert_true(export(f, FALSE, &error));
  g_assert_no_error(error);
  g_assert_true(weir_remove_tree(f->to, NULL));
  g_assert_true(g_file_set_contents(f->to, "a file", -1, NULL));
  g_assert_false(export(f, TRUE, &error));
  g_assert_nonnull(strstr(error->message, "there is a file of that name"));
  assert_only(f, "to");
  g_clear_error(&error);
  g_assert_false(weir_artifact_check_target(f->to, TRUE, &error)); /* known before any work is done */
  g_clear_error(&error);
  g_autofree char *below = g_build_filename(f->to, "model", NULL);
  g_assert_false(weir_artifact_check_target(below, TRUE, &error));
  g_assert_nonnull(strstr(error->message, "Not a directory"));
}

static void
assert_copy_fails(Fixture *f, const char *message)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(weir_remove_tree(f->to, NULL));
  g_assert_cmpint(g_mkdir(f->to, 0777), ==, 0);
  g_assert_false(weir_artifact_copy(f->from, f->to, NULL, NULL, NULL, &error));
  g_assert_nonnull(strstr(error->message, message));
}

static void
test_links_and_devices(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autofree char *odd = g_build_filename(f->from, "deep", "odd", NULL);
  g_assert_cmpint(symlink("/etc/passwd", odd), ==, 0);
  assert_copy_fails(f, "deep/odd\": it is a link");
  g_unlink(odd);
  g_assert_cmpint(symlink("..", odd), ==, 0);
  assert_copy_fails(f, "deep/odd\": it is a link");
  g_unlink(odd);
  g_assert_cmpint(mkfifo(odd, 0666), ==, 0);
  assert_copy_fails(f, "neither a file nor a folder");
  g_unlink(odd);
  g_autofree char *name = g_build_filename(f->from, "\xff", NULL);
  g_assert_cmpint(g_mkdir(name, 0777), ==, 0);
  assert_copy_fails(f, "is not UTF-8");
  g_rmdir(name);
  put(f->from, WEIR_ARTIFACT_MANIFEST, "{}");
  g_autoptr(GError) error = NULL;
  g_assert_true(weir_remove_tree(f->to, NULL));
  g_assert_false(export(f, FALSE, &error));
  g_assert_nonnull(strstr(error->message, "is kept for the artifact's description"));
}

static void
test_depth(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GString) path = g_string_new(f->from);
  for (guint i = 0; i <= WEIR_ARTIFACT_MAX_DEPTH; i++)
    g_string_append(path, "/d");
  g_assert_cmpint(g_mkdir_with_parents(path->str, 0777), ==, 0);
  assert_copy_fails(f, "32 folders");
}

static gboolean
stop(guint64 bytes, gpointer data)
{
  (void)bytes;
  (void)data;
  return FALSE;
}

static void
test_cancel(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  WeirArtifactExport how = {.kind = "model", .sha256 = f->hex, .step = stop};
  g_assert_false(weir_artifact_export(f->from, f->to, &how, NULL, NULL, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
  assert_only(f, NULL);
}

static void
assert_manifest_fails(Fixture *f, const char *text, const char *message)
{
  g_autoptr(GError) error = NULL;
  put(f->to, WEIR_ARTIFACT_MANIFEST, text);
  g_assert_null(weir_artifact_manifest_read(f->to, &error));
  g_assert_nonnull(strstr(error->message, message));
}

static void
test_bad_manifest(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  g_assert_null(weir_artifact_manifest_read(f->from, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  assert_manifest_fails(f, "", "artifact.json");
  assert_manifest_fails(f, "[]", "must be a map");
  assert_manifest_fails(f, "{}", "does not describe an artifact");
  assert_manifest_fails(f, "{\"weir-artifact\": 2}", "version 2");
  assert_manifest_fails(f, "{\"weir-artifact\": 1, \"kind\": \"../x\"}", "\"kind\" must be a word");
  assert_manifest_fails(f, "{\"weir-artifact\": 1, \"sha256\": \"ABC\"}", "64 lower-case");
  assert_manifest_fails(f, "{\"weir-artifact\": 1, \"files\": [{\"size\": -1}]}", "number of bytes");
  assert_manifest_fails(f, "{\"weir-artifact\": 1, \"metadata\": []}", "must be a map");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(path, test) g_test_add("/store/" path, Fixture, NULL, set_up, test, tear_down)
  ADD("round-trip", test_round_trip);
  ADD("verify", test_verify);
  ADD("changed-source", test_changed_source);
  ADD("foreign-target", test_foreign_target);
  ADD("links-and-devices", test_links_and_devices);
  ADD("depth", test_depth);
  ADD("cancel", test_cancel);
  ADD("bad-manifest", test_bad_manifest);
  return g_test_run();
}
