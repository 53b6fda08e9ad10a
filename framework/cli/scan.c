/* SPDX-License-Identifier: MIT */
/* Finds plugins and describes them: see scan.h. */
#include "cli/scan.h"

#include "cli/child.h"
#include <string.h>
#include <weir/host.h>

enum { DESCRIPTION_LIMIT = 8 << 20, PATIENCE = 20 /* seconds */ };

static void
unref_node(gpointer node)
{
  weir_node_unref(node);
}

CliScan *
cli_scan_new(const char *path)
{
  CliScan *scan = g_new0(CliScan, 1);
  scan->folders = weir_plugin_folders(path);
  scan->plugins = g_ptr_array_new_with_free_func(unref_node);
  scan->failures = g_ptr_array_new_with_free_func(g_free);
  return scan;
}

void
cli_scan_free(CliScan *scan)
{
  if (!scan)
    return;
  g_strfreev(scan->folders);
  g_ptr_array_unref(scan->plugins);
  g_ptr_array_unref(scan->failures);
  g_free(scan);
}

const char *
cli_member_string(const WeirNode *map, const char *key)
{
  const WeirNode *node = weir_node_get(map, key);
  return node && weir_node_kind(node) == WEIR_NODE_STRING ? weir_node_string(node) : "";
}

gboolean
cli_member_true(const WeirNode *map, const char *key)
{
  const WeirNode *node = weir_node_get(map, key);
  return node && weir_node_kind(node) == WEIR_NODE_BOOLEAN && weir_node_boolean(node);
}

const WeirNode *
cli_member_at(const WeirNode *map, const char *key, gsize index)
{
  const WeirNode *list = weir_node_get(map, key);
  if (!list || weir_node_kind(list) != WEIR_NODE_LIST || index >= weir_node_size(list))
    return NULL;
  return weir_node_at(list, index);
}

/* The description that a child printed; NULL, and why, where it is none. */
static WeirNode *
read_description(const CliChild *child, char **why)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = NULL;
  *why = cli_child_failure(child);
  if (*why)
    return NULL;
  node = weir_node_parse_json(child->out->str, (gssize)child->out->len, "description", diagnostics);
  if (node && weir_node_get(node, "error"))
    *why = g_strdup(cli_member_string(node, "error"));
  else if (node && *cli_member_string(node, "name"))
    return g_steal_pointer(&node);
  else
    *why = g_strdup("ended this program while it was opened");
  return NULL;
}

gboolean
cli_scan_file(CliScan *scan, const char *file, gboolean allow_unsafe)
{
  const char *arguments[] = {"pipeline-inspect", "--describe", file, allow_unsafe ? "--unsafe-plugins" : NULL,
                             NULL};
  g_autoptr(GError) error = NULL;
  g_autofree char *why = NULL;
  g_autoptr(CliChild) child = cli_child_run(arguments, DESCRIPTION_LIMIT, PATIENCE, &error);
  WeirNode *node = child ? read_description(child, &why) : NULL;
  if (node) {
    g_ptr_array_add(scan->plugins, node);
    return TRUE;
  }
  const char *reason = child ? why : error->message;
  /* The loader begins its refusals with the name of the file. */
  if (strstr(reason, file))
    g_ptr_array_add(scan->failures, g_strdup(reason));
  else
    g_ptr_array_add(scan->failures, g_strdup_printf("%s: %s", file, reason));
  return FALSE;
}

static int
compare_plugins(gconstpointer a, gconstpointer b)
{
  return strcmp(cli_member_string(*(WeirNode *const *)a, "name"),
                cli_member_string(*(WeirNode *const *)b, "name"));
}

void
cli_scan_sort(CliScan *scan)
{
  g_ptr_array_sort(scan->plugins, compare_plugins);
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the files "NAME.so" in a folder, sorted. */
static GPtrArray *
plugin_files(const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir)))
    if (name[0] != '.' && g_str_has_suffix(name, ".so"))
      g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_sort(names, compare_strings);
  return names;
}

void
cli_scan_all(CliScan *scan, gboolean allow_unsafe)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; scan->folders[i]; i++) {
    g_autoptr(GPtrArray) names = plugin_files(scan->folders[i]);
    for (guint k = 0; k < names->len; k++) {
      const char *name = names->pdata[k];
      g_autofree char *file = g_build_filename(scan->folders[i], name, NULL);
      if (g_hash_table_add(seen, g_strdup(name)))
        cli_scan_file(scan, file, allow_unsafe);
    }
  }
  cli_scan_sort(scan);
}

gboolean
cli_scan_plugin(CliScan *scan, const char *name, gboolean allow_unsafe)
{
  g_autofree char *base = g_strconcat(name, ".so", NULL);
  for (guint i = 0; scan->folders[i]; i++) {
    g_autofree char *file = g_build_filename(scan->folders[i], base, NULL);
    if (g_file_test(file, G_FILE_TEST_EXISTS))
      return cli_scan_file(scan, file, allow_unsafe);
  }
  return FALSE;
}
