/* SPDX-License-Identifier: MIT */
/* The files that a list of paths and patterns means. */
#include "config.h"

#include "paths.h"

#include "base/nearest.h"

#include <errno.h>
#include <glob.h>
#include <string.h>

char *
paths_shown(const char *path)
{
  g_autofree char *here = g_get_current_dir();
  size_t len = strlen(here);
  if (!strncmp(path, here, len) && path[len] == '/' && path[len + 1])
    return g_strdup(path + len + 1);
  return g_strdup(path);
}

static int
by_bytes(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A file that is not there: is one of a similar name beside it? */
static char *
missing_file(const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path),
                  *shown = paths_shown(path);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  const char *entry, *near;
  while (dir && names->len < 10000 && (entry = g_dir_read_name(dir)))
    g_ptr_array_add(names, g_strdup(entry));
  g_ptr_array_sort(names, by_bytes);
  g_ptr_array_add(names, NULL);
  near = weir_nearest(name, (const char *const *)names->pdata);
  if (!dir)
    return g_strdup_printf("\"%s\": there is no such file, and no folder for it either", shown);
  if (near)
    return g_strdup_printf("\"%s\": there is no such file; did you mean \"%s\"?", shown, near);
  return g_strdup_printf("\"%s\": there is no such file", shown);
}

static gboolean
expand_pattern(const char *pattern, GPtrArray *files, char **why)
{
  glob_t found = {0};
  g_autofree char *shown = paths_shown(pattern);
  int result = glob(pattern, GLOB_NOSORT, NULL, &found);
  if (result == GLOB_NOMATCH)
    *why = g_strdup_printf("\"%s\" matches no file", shown);
  else if (result)
    *why = g_strdup_printf("\"%s\" cannot be matched: %s", shown,
                           result == GLOB_NOSPACE ? "no memory" : "a folder cannot be read");
  if (!result) {
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_bytes);
    for (gsize k = 0; k < found.gl_pathc; k++)
      g_ptr_array_add(files, g_strdup(found.gl_pathv[k]));
  }
  globfree(&found);
  return !result;
}

char **
paths_expand(const char *const *paths, guint n, char **why)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
  *why = NULL;
  for (guint k = 0; k < n && !*why; k++) {
    if (!*paths[k])
      *why = g_strdup("a path is empty");
    else if (g_file_test(paths[k], G_FILE_TEST_EXISTS))
      g_ptr_array_add(files, g_strdup(paths[k]));
    else if (strpbrk(paths[k], "*?["))
      expand_pattern(paths[k], files, why);
    else
      *why = missing_file(paths[k]);
  }
  if (!*why && !files->len)
    *why = g_strdup("\"path\" lists no file");
  if (*why)
    return NULL;
  g_ptr_array_add(files, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&files), FALSE);
}
