/* SPDX-License-Identifier: MIT */
/* "when": conditions on parameters and elements of an "each". */
#include "core/pipeline_private.h"

static gboolean
holds(const WeirNode *value)
{
  return value && (weir_node_kind(value) != WEIR_NODE_BOOLEAN || weir_node_boolean(value));
}

static gboolean
equals(const WeirNode *value, const char *literal)
{
  if (!value)
    return FALSE;
  if (weir_node_kind(value) == WEIR_NODE_STRING) {
    gsize n = strlen(literal);
    if (n >= 2 && (literal[0] == '"' || literal[0] == '\'') && literal[n - 1] == literal[0]) {
      g_autofree char *inner = g_strndup(literal + 1, n - 2);
      return g_str_equal(weir_node_string(value), inner);
    }
    return g_str_equal(weir_node_string(value), literal);
  }
  g_autofree char *json = weir_node_to_json(value, FALSE);
  return g_str_equal(json, literal);
}

gboolean
weir_scope_when(const WeirScope *scope, const WeirElement *element, const WeirNode *when,
                WeirDiagnostics *diagnostics)
{
  if (!when || !weir_node_check_kind(when, WEIR_NODE_STRING, "\"when\"", diagnostics))
    return TRUE;
  WeirPosition at = weir_node_position(when);
  const char *text = weir_node_string(when);
  const char *compare = strstr(text, "==");
  gboolean negated = FALSE;
  if (!compare && (compare = strstr(text, "!=")))
    negated = TRUE;
  if (!compare && text[0] == '!') {
    negated = TRUE;
    text++;
  }
  g_autofree char *name = compare ? g_strndup(text, (gsize)(compare - text)) : g_strdup(text);
  g_strstrip(name);
  g_auto(WeirNamed) named = {0};
  WeirDiagnostic *error = weir_scope_look_up(scope, element, name, at, &named, diagnostics);
  if (error) {
    weir_diagnostic_hint(error,
                         "\"when\" is \"p\", \"!p\", \"p == value\" or \"p != value\", p being a parameter");
    return TRUE;
  }
  if (!compare)
    return holds(named.value) != negated;
  if (named.secret) {
    weir_diagnostics_error(diagnostics, at, "\"when\" cannot compare \"%s\", which is a secret", name);
    return TRUE;
  }
  g_autofree char *literal = g_strdup(compare + 2);
  return equals(named.value, g_strstrip(literal)) != negated;
}
