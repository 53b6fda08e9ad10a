/* SPDX-License-Identifier: MIT */
/* Fuzz target: archives, taken apart into a folder, looked into, and read as files of records. */
#include "config.h"

#include "fuzz.h"

#include "base/files.h"
#include "plugins/file/members.h"
#include "plugins/file/source.h"
#include "store/archive_file.h"

#include <string.h>
#include <sys/stat.h>

static bool
note(void *data, const char *name, bool plain)
{
  g_assert_true(!plain || name);
  return ++*(guint *)data < 100;
}

static void
read_members(const char *path)
{
  struct format_error error = {0};
  char block[4096];
  guint n = 0;
  if (source_list(path, note, &n, &error))
    g_assert_true(error.text[0]);
  struct source *source = source_open_member(path, 0, &error);
  gsize total = 0;
  for (int64_t got = 1; source && got > 0 && total < 1 << 20; total += (gsize)MAX(got, 0))
    got = source_read(source, block, sizeof block, &error);
  int result = 0;
  if (source && source_go_on(source, path, 1, &result, &error) && !result)
    source_read(source, block, sizeof block, &error);
  source_close(source);
}

/* As a file that may be compressed. */
static void
read_plain(const char *path)
{
  struct format_error error = {0};
  char block[4096];
  size_t stem;
  source_compression_of_name(path, &stem);
  struct source *source = source_open(path, &error);
  gsize total = 0;
  for (int64_t got = 1; source && got > 0 && total < 1 << 20; total += (gsize)MAX(got, 0))
    got = source_read(source, block, sizeof block, &error);
  if (source && !source_compression(source))
    g_assert_cmpuint(source_position(source), <=, source_size(source));
  source_close(source);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *folder = fuzz_folder();
  FuzzFile file = fuzz_file(data, size);
  g_autofree char *to = g_build_filename(folder, "to", NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) why = NULL;
  g_autoptr(WeirArtifactManifest) manifest = NULL;
  g_assert_cmpint(mkdir(to, 0777), ==, 0);
  g_assert_true(weir_archive_unpack(file.path, to, 1 << 20, NULL, NULL, &error) || error);
  g_assert_true(weir_archive_peek(file.path, &manifest, &why) || why);
  read_members(file.path);
  read_plain(file.path);
  g_assert_true(weir_remove_tree(to, NULL));
  GDir *dir = g_dir_open(folder, 0, NULL); /* nothing may stand beside it */
  g_assert_null(g_dir_read_name(dir));
  g_dir_close(dir);
  fuzz_file_end(file);
  return 0;
}
