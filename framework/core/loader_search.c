/* SPDX-License-Identifier: MIT */
/* Finds a plugin by its name: in which folders it is looked for, and what is said when it is in none. */
#define _GNU_SOURCE /* dladdr */
#include "base/error.h"
#include "base/nearest.h"
#include "base/quote.h"
#include "core/loader.h"
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX     ".so"
#define NAME_LIMIT 64

static void
add_folders(GPtrArray *folders, const char *path)
{
  g_auto(GStrv) parts = path ? g_strsplit(path, G_SEARCHPATH_SEPARATOR_S, -1) : NULL;
  for (guint i = 0; parts && parts[i]; i++) {
    g_autofree char *folder = parts[i][0] ? g_canonicalize_filename(parts[i], NULL) : NULL;
    if (folder && !g_ptr_array_find_with_equal_func(folders, folder, g_str_equal, NULL))
      g_ptr_array_add(folders, g_steal_pointer(&folder));
  }
}

/* The stages of a built tree that the program runs in: `make` puts them side by side into stages/, beside config.status,
 * which no installed tree has. libtool keeps the program itself in .libs/. */
static char *
folder_in_place(void)
{
  g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
  g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;
  if (folder && g_str_has_suffix(folder, "/.libs"))
    folder[strlen(folder) - strlen("/.libs")] = '\0';
  g_autofree char *mark = folder ? g_build_filename(folder, "config.status", NULL) : NULL;
  g_autofree char *stages = folder ? g_build_filename(folder, "stages", NULL) : NULL;
  if (!mark || access(mark, F_OK) || !g_file_test(stages, G_FILE_TEST_IS_DIR))
    return NULL;
  return g_steal_pointer(&stages);
}

/* Where the stages lie beside the library that this code is in, so that an installed tree can be moved as a whole. */
static char *
folder_beside_library(void)
{
  Dl_info info;
  if (!dladdr((gconstpointer)weir_plugin_folders, &info) || !info.dli_fname)
    return NULL;
  g_autofree char *library = g_canonicalize_filename(info.dli_fname, NULL);
  g_autofree char *folder = g_path_get_dirname(library);
  g_autofree char *stages = g_build_filename(folder, "weir", G_STRINGIFY(WEIR_ABI_MAJOR), NULL);
  return g_file_test(stages, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&stages) : NULL;
}

char **
weir_plugin_folders(const char *path)
{
  GPtrArray *folders = g_ptr_array_new();
  add_folders(folders, path);
  add_folders(folders, g_getenv("WEIR_PLUGIN_PATH"));
  g_autofree char *in_place = folder_in_place();
  g_autofree char *beside = folder_beside_library();
  add_folders(folders, in_place ? in_place : beside ? beside : WEIR_STAGEDIR);
  g_ptr_array_add(folders, NULL);
  return (char **)g_ptr_array_free(folders, FALSE);
}

gboolean
weir_name_is_valid(const char *name)
{
  gsize n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
  return g_ascii_islower(name[0]) && name[n] == '\0' && n <= NAME_LIMIT;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the plugins that lie in the folders, for the nearest one. */
static char **
names_in_folders(const char *const *folders)
{
  GPtrArray *names = g_ptr_array_new();
  for (guint i = 0; folders[i]; i++) {
    g_autoptr(GDir) dir = g_dir_open(folders[i], 0, NULL);
    for (const char *file; dir && (file = g_dir_read_name(dir)) != NULL;) {
      g_autofree char *name =
          g_str_has_suffix(file, SUFFIX) ? g_strndup(file, strlen(file) - strlen(SUFFIX)) : NULL;
      if (name && weir_name_is_valid(name) &&
          !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_steal_pointer(&name));
    }
  }
  g_ptr_array_sort(names, compare_names);
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(names, FALSE);
}

WeirPlugin *
weir_plugin_find(const char *name, const char *const *folders, gboolean allow_unsafe, GError **error)
{
  g_autofree char *quoted = weir_quote(name, -1);
  g_autoptr(GString) tried = g_string_new(NULL);
  if (!weir_name_is_valid(name)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "%s is no name of a plugin: a letter of a-z, then letters, digits and '-', at most %d",
                quoted, NAME_LIMIT);
    return NULL;
  }
  WeirPlugin *built_in = weir_plugin_built_in(name);
  if (built_in)
    return built_in;
  for (guint i = 0; folders[i]; i++) {
    g_autofree char *base = g_strconcat(name, SUFFIX, NULL);
    g_autofree char *file = g_build_filename(folders[i], base, NULL);
    if (access(file, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
      return weir_plugin_open(file, allow_unsafe, error);
    g_string_append_printf(tried, "\n    %s: %s", file,
                           g_file_test(folders[i], G_FILE_TEST_IS_DIR) ? "no such file" : "no such folder");
  }
  g_auto(GStrv) names = names_in_folders(folders);
  g_autofree char *hint = names[0] ? weir_did_you_mean(name, (const char *const *)names) : g_strdup("");
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND, "plugin %s was not found%s%s%s", quoted, hint,
              tried->len ? "\n  looked for:" : "; there are no folders to look in", tried->str);
  return NULL;
}
