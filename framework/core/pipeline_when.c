/* SPDX-License-Identifier: MIT */
/* "when": conditions on parameters and elements of an "each". */
#include "base/nearest.h"
#include "core/pipeline_private.h"

static gboolean
holds(const WeirNode *value)
{
  return value && (weir_node_kind(value) != WEIR_NODE_BOOLEAN || weir_node_boolean(value));
}

/* What stands behind == or !=, without blanks around it and quotes around that. */
static char *
literal_of(const char *text)
{
  g_autofree char *literal = g_strstrip(g_strdup(text));
  gsize n = strlen(literal);
  if (n >= 2 && (literal[0] == '"' || literal[0] == '\'') && literal[n - 1] == literal[0])
    return g_strndup(literal + 1, n - 2);
  return g_steal_pointer(&literal);
}

static char *
text_of(const WeirNode *value)
{
  return weir_node_kind(value) == WEIR_NODE_STRING ? g_strdup(weir_node_string(value))
                                                   : weir_node_to_json(value, FALSE);
}

static void
hint_of_forms(WeirDiagnostic *error)
{
  weir_diagnostic_hint(error,
                       "\"when\" is one of \"p\", \"!p\", \"p == value\" and \"p != value\", p being a "
                       "parameter; there is no \"and\" and no \"or\"");
}

/* The first == or !=. */
static const char *
find_operator(const char *text)
{
  for (const char *p = text; *p; p++)
    if ((*p == '=' || *p == '!') && p[1] == '=')
      return p;
  return NULL;
}

/* A second comparison, outside of quotes. */
static gboolean
is_joined(const char *behind)
{
  g_autofree char *literal = g_strstrip(g_strdup(behind));
  gboolean quoted = *literal == '"' || *literal == '\'';
  return !quoted &&
         (strstr(literal, " and ") || strstr(literal, " or ") || strstr(literal, "&&") ||
          strstr(literal, "||")) &&
         find_operator(literal);
}

/* ---- Parameters ----------------------------------------------------------------------------------------- */

/* Whether the parameter is what the literal says; a literal that it can never be is a mistake. */
static gboolean
parameter_equals(const WeirParameter *parameter, const char *literal, WeirPosition at,
                 WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) reason = NULL;
  g_autoptr(WeirNode) wanted = weir_parameter_parse_literal(parameter, literal, at, &reason);
  if (wanted)
    return parameter->value && weir_node_equal(parameter->value, wanted);
  weir_diagnostics_error(diagnostics, at, "\"when\": parameter \"%s\" (%s): %s", parameter->name,
                         weir_parameter_type_name(parameter->type), reason->message);
  return FALSE;
}

/* ---- Elements ------------------------------------------------------------------------------------------- */

/* What all elements of an "each" that is written out are in "each", "each.key" or "each.MEMBER"; NULL: that depends on
   a parameter. */
static GPtrArray *
values_of_each(const WeirNode *each, const WeirElement *element, const char *name)
{
  WeirNodeKind kind = weir_node_kind(each);
  const char *member = name[4] ? name + 5 : NULL;
  if ((kind != WEIR_NODE_LIST && kind != WEIR_NODE_MAP) || weir_node_has_reference(each))
    return NULL;
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
  gboolean is_key = member && g_str_equal(member, "key");
  if (is_key && kind == WEIR_NODE_LIST && weir_node_kind(element->value) != WEIR_NODE_MAP)
    return NULL; /* made of the element */
  for (gsize i = 0; i < weir_node_size(each); i++) {
    const WeirNode *value = weir_node_at(each, i);
    if (is_key && kind == WEIR_NODE_MAP) {
      g_ptr_array_add(values, g_strdup(weir_node_key_at(each, i)));
      continue;
    }
    value = member ? weir_node_get(value, member) : value;
    if (value && weir_node_kind(value) != WEIR_NODE_NULL)
      g_ptr_array_add(values, text_of(value));
  }
  g_ptr_array_add(values, NULL);
  return g_steal_pointer(&values);
}

static gboolean
element_equals(const WeirElement *element, const WeirNode *each, const char *name, const WeirNode *value,
               const char *literal, WeirPosition at, WeirDiagnostics *diagnostics)
{
  WeirNodeKind kind = value ? weir_node_kind(value) : WEIR_NODE_NULL;
  if (kind == WEIR_NODE_MAP || kind == WEIR_NODE_LIST) {
    WeirDiagnostic *error = weir_diagnostics_error(
        diagnostics, at, "\"when\" cannot compare \"%s\", which is a %s", name, weir_node_kind_name(kind));
    if (kind == WEIR_NODE_MAP)
      weir_diagnostic_hint(error, "compare \"%s.MEMBER\"%s", name, name[4] ? "" : ", or \"each.key\"");
    return FALSE;
  }
  g_autoptr(GPtrArray) values = each ? values_of_each(each, element, name) : NULL;
  if (values && !g_strv_contains((const char *const *)values->pdata, literal)) {
    g_autofree char *meant = weir_did_you_mean(literal, (const char *const *)values->pdata);
    weir_diagnostics_error(diagnostics, at, "\"when\": \"%s\" is never \"%s\"%s", name, literal, meant);
    return FALSE;
  }
  g_autofree char *text = value ? text_of(value) : NULL;
  return text && g_str_equal(text, literal);
}

/* ---- The whole ------------------------------------------------------------------------------------------ */

/* FALSE: reported. */
static gboolean
check_form(const char *name, const char *behind, WeirPosition at, WeirDiagnostics *diagnostics)
{
  g_autofree char *bare = g_strstrip(g_strdup(behind));
  WeirDiagnostic *error = NULL;
  if (!*bare)
    error = weir_diagnostics_error(diagnostics, at,
                                   "\"when\" has nothing to compare \"%s\" with; write \"\" in quotes for an "
                                   "empty text",
                                   name);
  else if (is_joined(behind))
    error = weir_diagnostics_error(diagnostics, at, "\"when\" compares twice");
  if (error)
    hint_of_forms(error);
  return !error;
}

gboolean
weir_scope_when(const WeirScope *scope, const WeirElement *element, const WeirNode *each,
                const WeirNode *when, WeirDiagnostics *diagnostics)
{
  if (!when || !weir_node_check_kind(when, WEIR_NODE_STRING, "\"when\"", diagnostics))
    return TRUE;
  WeirPosition at = weir_node_position(when);
  const char *text = weir_node_string(when);
  const char *compare = find_operator(text);
  gboolean negated = compare ? *compare == '!' : text[0] == '!';
  if (!compare && negated)
    text++;
  g_autofree char *name = compare ? g_strndup(text, (gsize)(compare - text)) : g_strdup(text);
  g_strstrip(name);
  g_auto(WeirNamed) named = {0};
  WeirDiagnostic *error = weir_scope_look_up(scope, element, name, at, &named, diagnostics);
  if (error) {
    hint_of_forms(error);
    return TRUE;
  }
  if (!compare)
    return holds(named.value) != negated;
  if (named.secret || (named.value && (weir_node_text_flags(named.value) & WEIR_TEXT_SECRET))) {
    weir_diagnostics_error(diagnostics, at, "\"when\" cannot compare \"%s\", which is a secret", name);
    return TRUE;
  }
  if (!check_form(name, compare + 2, at, diagnostics))
    return TRUE;
  g_autofree char *literal = literal_of(compare + 2);
  const WeirParameter *parameter = weir_scope_parameter(scope, name);
  gsize before = weir_diagnostics_n_errors(diagnostics);
  gboolean same = parameter ? parameter_equals(parameter, literal, at, diagnostics)
                            : element_equals(element, each, name, named.value, literal, at, diagnostics);
  return weir_diagnostics_n_errors(diagnostics) > before || same != negated;
}
