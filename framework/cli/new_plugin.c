/* SPDX-License-Identifier: MIT */
/* Writes a plugin to begin with: see new_plugin.h. */
#include "cli/new_plugin.h"

#include "base/atomic_dir.h"
#include "base/nearest.h"
#include "cli/template_files.h"

#include <string.h>
#include <weir/host.h>

#define MAX_NAME 40

const char *const cli_new_kinds[] = {"transform", "source", "sink", NULL};

/* Names of plugins: see weir/plugin.h. */
static gboolean
check_words(const char *name, const char *kind, GError **error)
{
  gsize valid = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
  if (!g_ascii_islower(*name) || name[valid] || valid > MAX_NAME) {
    g_set_error(
        error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
        "\"%s\" is no name for a plugin: a letter a to z, then a to z, 0 to 9 and -, at most %d in all", name,
        MAX_NAME);
    return FALSE;
  }
  if (g_strv_contains(cli_new_kinds, kind))
    return TRUE;
  g_autofree char *meant = weir_did_you_mean(kind, cli_new_kinds);
  g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
              "\"%s\" is no kind of stage%s; there are transform, source and sink", kind, meant);
  return FALSE;
}

/* In a pipeline, one of two plugins of a name is never found. */
static gboolean
check_is_free(const char *name, GError **error)
{
  g_auto(GStrv) folders = weir_plugin_folders(NULL);
  g_autofree char *leaf = g_strconcat(name, ".so", NULL);
  for (guint i = 0; folders[i]; i++) {
    g_autofree char *file = g_build_filename(folders[i], leaf, NULL);
    if (g_file_test(file, G_FILE_TEST_EXISTS)) {
      g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
                  "there is a plugin \"%s\" already, %s; choose another name", name, file);
      return FALSE;
    }
  }
  return TRUE;
}

static void
replace(GString *text, const char *what, const char *with)
{
  g_string_replace(text, what, with, 0);
}

/* One file from its template. */
static gboolean
write_file(const WeirAtomicDir *dir, const char *template, const char *leaf, const char *name,
           const char *kind, GError **error)
{
  g_autofree char *resource = g_strconcat("/weir/templates/", template, NULL);
  g_autofree char *path = weir_atomic_dir_member(dir, leaf);
  g_autofree char *upper = g_ascii_strup(name, -1);
  g_auto(GStrv) words = g_strsplit(name, "-", -1);
  g_autofree char *roff = g_strjoinv("\\-", words);
  g_autoptr(GBytes) bytes =
      g_resource_lookup_data(weir_templates_get_resource(), resource, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  gsize size = 0;
  if (!bytes)
    return FALSE;
  const char *data = g_bytes_get_data(bytes, &size);
  g_autoptr(GString) text = g_string_new_len(data, (gssize)size);
  replace(text, "@NAME@", name);
  replace(text, "@NAME_UPPER@", upper);
  replace(text, "@NAME_ROFF@", roff);
  replace(text, "@KIND@", kind);
  return weir_atomic_write(path, text->str, (gssize)text->len, WEIR_ATOMIC_DEFAULT, error);
}

static gboolean
write_files(const WeirAtomicDir *dir, const char *name, const char *kind, GError **error)
{
  g_autofree char *source = g_strconcat(kind, ".c.in", NULL);
  g_autofree char *cases = g_strconcat(kind, ".json.in", NULL);
  g_autofree char *source_leaf = g_strconcat(name, ".c", NULL);
  g_autofree char *page_leaf = g_strdup_printf("weir-%s.7", name);
  return write_file(dir, source, source_leaf, name, kind, error) &&
         write_file(dir, cases, "cases.json", name, kind, error) &&
         write_file(dir, "Makefile.in", "Makefile", name, kind, error) &&
         write_file(dir, "page.7.in", page_leaf, name, kind, error);
}

char *
cli_new_plugin(const char *name, const char *kind, GError **error)
{
  if (!check_words(name, kind, error) || !check_is_free(name, error))
    return NULL;
  if (g_file_test(name, G_FILE_TEST_EXISTS)) {
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
                "\"%s\" is there already; choose another name, or another working directory", name);
    return NULL;
  }
  g_autoptr(WeirAtomicDir) dir = weir_atomic_dir_open(name, WEIR_ATOMIC_NO_REPLACE, error);
  if (!dir || !write_files(dir, name, kind, error) || !weir_atomic_dir_commit(dir, error))
    return NULL;
  return g_strdup_printf("%s/%s.c       the stage %s.%s\n"
                         "%s/cases.json  what it is given, and what has to come out\n"
                         "%s/Makefile    make, make check, make verify, make install\n"
                         "%s/weir-%s.7   its manual page\n\n"
                         "Next: cd %s && make check\n",
                         name, name, name, kind, name, name, name, name, name);
}
