/* SPDX-License-Identifier: MIT */
/* The labels that a model knows, from the metadata of its artifact. */
#include "heads.h"

#include "base/tree.h"

static void
read_head(EvaluationHeads *heads, const WeirNode *head, WeirDiagnostics *errors)
{
  const WeirNode *task = weir_node_get(head, "task");
  const WeirNode *labels = weir_node_get(head, "labels");
  if (!weir_node_check_kind(head, WEIR_NODE_MAP, "a head", errors) || !labels ||
      !weir_node_check_kind(labels, WEIR_NODE_LIST, "labels", errors))
    return;
  const char *name = task && weir_node_kind(task) == WEIR_NODE_STRING ? weir_node_string(task) : "";
  GHashTable *positions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_replace(heads->tasks, g_strdup(name), positions);
  for (gsize i = 0; i < weir_node_size(labels); i++) {
    const WeirNode *label = weir_node_at(labels, i);
    if (weir_node_check_kind(label, WEIR_NODE_STRING, "a label", errors))
      g_hash_table_insert(positions, g_strdup(weir_node_string(label)), GUINT_TO_POINTER(i + 1));
  }
}

EvaluationHeads *
evaluation_heads_new(const char *text, gssize length, GError **error)
{
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  g_autoptr(WeirNode) root = weir_node_parse_json(text, length, "the model's metadata", errors);
  const WeirNode *list = root ? weir_node_get(root, "heads") : NULL;
  g_autoptr(EvaluationHeads) heads = g_new0(EvaluationHeads, 1);
  heads->tasks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
  if (list && weir_node_check_kind(list, WEIR_NODE_LIST, "heads", errors))
    for (gsize i = 0; i < weir_node_size(list); i++)
      read_head(heads, weir_node_at(list, i), errors);
  if (!weir_diagnostics_check(errors, error) || !g_hash_table_size(heads->tasks))
    return NULL;
  return g_steal_pointer(&heads);
}

void
evaluation_heads_free(EvaluationHeads *heads)
{
  if (!heads)
    return;
  g_hash_table_unref(heads->tasks);
  g_free(heads);
}

gint64
evaluation_heads_find(const EvaluationHeads *heads, const char *task, const char *label)
{
  GHashTable *positions = task ? g_hash_table_lookup(heads->tasks, task) : NULL;
  if (!positions)
    positions = g_hash_table_lookup(heads->tasks, "");
  return positions ? (gint64)GPOINTER_TO_UINT(g_hash_table_lookup(positions, label)) - 1 : -1;
}
