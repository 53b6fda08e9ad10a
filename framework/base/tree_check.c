/* SPDX-License-Identifier: MIT */
/* Checks of a tree that every reader of one needs: kinds and unknown keys. */
#include "base/nearest.h"
#include "base/quote.h"
#include "base/tree.h"

static const char *
article(WeirNodeKind kind)
{
  if (kind == WEIR_NODE_NULL)
    return "";
  return kind == WEIR_NODE_INTEGER ? "an " : "a ";
}

gboolean
weir_node_check_kind(const WeirNode *node, WeirNodeKind kind, const char *what, WeirDiagnostics *diagnostics)
{
  WeirNodeKind actual = weir_node_kind(node);

  if (actual == kind || (kind == WEIR_NODE_NUMBER && actual == WEIR_NODE_INTEGER))
    return TRUE;
  weir_diagnostics_error(diagnostics, weir_node_position(node), "%s must be %s%s, not %s%s", what,
                         article(kind), weir_node_kind_name(kind), article(actual),
                         weir_node_kind_name(actual));
  return FALSE;
}

gboolean
weir_node_check_keys(const WeirNode *map, const char *const *valid, const char *what,
                     WeirDiagnostics *diagnostics)
{
  gboolean all_valid = TRUE;

  for (gsize i = 0; i < weir_node_size(map); i++) {
    const char *key = weir_node_key_at(map, i);
    if (g_strv_contains(valid, key))
      continue;
    g_autofree char *quoted = weir_quote(key, -1);
    g_autofree char *hint = weir_did_you_mean(key, valid);
    weir_diagnostics_error(diagnostics, weir_node_key_position_at(map, i), "unknown key %s in %s%s", quoted,
                           what, hint);
    all_valid = FALSE;
  }
  return all_valid;
}
