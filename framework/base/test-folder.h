/* SPDX-License-Identifier: MIT */
/* A folder of its own for a test, and looks into it. */
#ifndef WEIR_BASE_TEST_FOLDER_H
#define WEIR_BASE_TEST_FOLDER_H

#include "base/files.h"

#include <glib/gstdio.h>

typedef struct {
  char *path;
} Folder;

static inline void
folder_set_up(Folder *folder, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  (void)data;
  folder->path = g_dir_make_tmp("weir-test-XXXXXX", &error);
  g_assert_no_error(error);
}

static inline void
folder_tear_down(Folder *folder, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  (void)data;
  weir_remove_tree(folder->path, &error);
  g_assert_no_error(error);
  g_free(folder->path);
}

static inline char *
folder_file(const Folder *folder, const char *name)
{
  return g_build_filename(folder->path, name, NULL);
}

/* Writes without the code under test. */
static inline void
folder_put(const Folder *folder, const char *name, const char *content)
{
  g_autofree char *path = folder_file(folder, name);
  g_autofree char *parent = g_path_get_dirname(path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint(g_mkdir_with_parents(parent, 0777), ==, 0);
  g_file_set_contents(path, content, -1, &error);
  g_assert_no_error(error);
}

static inline void
folder_assert_content(const Folder *folder, const char *name, const char *content)
{
  g_autofree char *path = folder_file(folder, name);
  g_autofree char *actual = NULL;
  g_autoptr(GError) error = NULL;

  g_file_get_contents(path, &actual, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(actual, ==, content);
}

/* How many entries there are, hidden ones included. */
static inline guint
folder_count(const Folder *folder)
{
  g_autoptr(GDir) dir = g_dir_open(folder->path, 0, NULL);
  guint count = 0;
  while (g_dir_read_name(dir) != NULL)
    count++;
  return count;
}

#endif
