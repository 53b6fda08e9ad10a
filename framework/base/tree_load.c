/* SPDX-License-Identifier: MIT */
/* Reads a tree from a file. */
#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/tree.h"

#include <string.h>

#define NAMES_LOOKED_AT 1000 /* entries of a folder, for the name that was meant */

static gint
compare_names(gconstpointer left, gconstpointer right)
{
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Where a file is missing: the nearest name in its folder. */
static void
suggest_file(WeirDiagnostic *diagnostic, const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *wanted = g_path_get_basename(path);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  const char *name;

  while (dir != NULL && names->len < NAMES_LOOKED_AT && (name = g_dir_read_name(dir)) != NULL)
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_names); /* a folder has no order of its own, an error message has */
  g_ptr_array_add(names, NULL);
  const char *nearest = weir_nearest(wanted, (const char *const *)names->pdata);
  if (nearest != NULL)
    weir_diagnostic_hint(diagnostic, "the nearest name there is \"%s\"", nearest);
}

gboolean
weir_is_yaml_name(const char *path)
{
  g_autofree char *small = g_ascii_strdown(path, -1);
  return g_str_has_suffix(small, ".yaml") || g_str_has_suffix(small, ".yml");
}

/* "key: …", a remark, a list or "---": no JSON begins so. */
static gboolean
begins_as_yaml(const char *text)
{
  while (g_ascii_isspace(*text))
    text++;
  if (*text == '#' || g_str_has_prefix(text, "- ") || g_str_has_prefix(text, "---"))
    return TRUE;
  const char *end = text;
  while (g_ascii_isalnum(*end) || *end == '_' || *end == '-')
    end++;
  return end > text && *end == ':';
}

WeirNode *
weir_node_load(const char *path, WeirDiagnostics *diagnostics)
{
  return weir_node_load_at(path, WEIR_POSITION_NONE, diagnostics);
}

WeirNode *
weir_node_load_at(const char *path, WeirPosition by, WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) error = NULL;
  gsize length = 0;
  g_autofree char *text = weir_read_file(path, WEIR_TREE_MAX_BYTES, &length, &error);

  if (text == NULL) {
    WeirDiagnostic *diagnostic = weir_diagnostics_error(diagnostics, by, "%s", error->message);
    if (g_error_matches(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND))
      suggest_file(diagnostic, path);
    return NULL;
  }
  if (length == 0) {
    weir_diagnostics_error(diagnostics, weir_position(path, 0, 0), "the file is empty");
    return NULL;
  }
  if (weir_is_yaml_name(path))
    return weir_node_parse_yaml(text, (gssize)length, path, diagnostics);
  g_autofree char *small = g_ascii_strdown(path, -1);
  if (!g_str_has_suffix(small, ".json") && begins_as_yaml(text)) {
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, weir_position(path, 1, 1),
                                                "this is no JSON, but looks like YAML"),
                         "give a file of YAML a name that ends in .yaml or .yml");
    return NULL;
  }
  return weir_node_parse_json(text, (gssize)length, path, diagnostics);
}
