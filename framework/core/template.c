/* SPDX-License-Identifier: MIT */
/* Puts values in place of ${…} in what a pipeline file writes. */
#include "base/nearest.h"
#include "core/pipeline_private.h"

#define MAX_EXPANDED (1u << 24)  /* values, and texts by their length, in all of a pipeline */
#define BYTES_OF_ONE ((gsize)16) /* of text that count as one value */

typedef struct {
  const WeirScope *scope;
  const WeirElement *element;
  gboolean shown; /* what came from the environment stays a reference */
  gboolean environment;
  WeirDiagnostics *diagnostics;
} Expansion;

/* ---- Names ---------------------------------------------------------------------------------------------- */

void
weir_named_clear(WeirNamed *named)
{
  weir_node_unref(named->value);
  weir_node_unref(named->shown);
  *named = (WeirNamed){0};
}

const char *
weir_scope_parameter_name_at(gpointer data, gsize index)
{
  const WeirScope *scope = data;
  return index < scope->parameters->len ? ((WeirParameter *)scope->parameters->pdata[index])->name : NULL;
}

static WeirNode *
keep_node(WeirNode *node)
{
  return node && weir_node_kind(node) != WEIR_NODE_NULL ? weir_node_ref(node) : NULL;
}

static const char *
member_name_at(gpointer data, gsize index)
{
  const WeirNode *map = data;
  gsize n = weir_node_size(map);
  return index < n ? weir_node_key_at(map, index) : index == n && !weir_node_get(map, "key") ? "key" : NULL;
}

/* Of a member that an element does not have. */
static WeirDiagnostic *
refuse_member(const WeirElement *element, const char *member, WeirPosition at, WeirDiagnostics *diagnostics)
{
  if (weir_node_kind(element->value) != WEIR_NODE_MAP) {
    WeirDiagnostic *error = weir_diagnostics_error(
        diagnostics, at, "element \"%s\" of \"each\" is no map: it has no \"%s\"", element->key, member);
    weir_diagnostic_hint(error, "${each} is the element itself, ${each.key} its name");
    return error;
  }
  g_autofree char *meant = weir_did_you_mean_of(member, member_name_at, element->value);
  WeirDiagnostic *error = weir_diagnostics_error(
      diagnostics, at, "element \"%s\" of \"each\" has no \"%s\"%s", element->key, member, meant);
  weir_diagnostic_hint(error, "give it null for no value");
  return error;
}

/* "each" or "each.MEMBER" */
static WeirDiagnostic *
look_up_element(const WeirElement *element, const char *name, WeirPosition at, WeirNamed *named,
                WeirDiagnostics *diagnostics)
{
  const char *member = name[4] ? name + 5 : NULL;
  if (!element)
    return weir_diagnostics_error(diagnostics, at, "\"%s\" is used where there is no \"each\"", name);
  if (!member) {
    named->value = keep_node(element->value);
    named->shown = keep_node(element->shown);
  } else if (g_str_equal(member, "key")) {
    named->value = weir_node_new_string(at, element->key);
  } else if (weir_node_get(element->value, member)) {
    named->value = keep_node(weir_node_get(element->value, member));
    named->shown = keep_node(weir_node_get(element->shown, member));
  } else {
    return refuse_member(element, member, at, diagnostics);
  }
  named->environment = named->value && named->shown && !weir_node_equal(named->shown, named->value);
  return NULL;
}

WeirDiagnostic *
weir_scope_look_up(const WeirScope *scope, const WeirElement *element, const char *name, WeirPosition at,
                   WeirNamed *named, WeirDiagnostics *diagnostics)
{
  if (g_str_equal(name, "each") || g_str_has_prefix(name, "each."))
    return look_up_element(element, name, at, named, diagnostics);
  const WeirParameter *parameter = weir_scope_parameter(scope, name);
  if (!parameter) {
    g_autofree char *meant = weir_did_you_mean_of(name, weir_scope_parameter_name_at, (gpointer)scope);
    return weir_diagnostics_error(diagnostics, at, "unknown parameter \"%s\"%s", name, meant);
  }
  named->value = keep_node(parameter->value);
  named->shown = keep_node(parameter->shown);
  named->secret = parameter->type == WEIR_PARAMETER_SECRET;
  named->environment = parameter->shown != NULL;
  return NULL;
}

/* ---- The environment ------------------------------------------------------------------------------------ */

/* ${env:NAME} or ${env:NAME:-default}, of which `inside` is what stands behind "env:". The value, NULL after an error;
   `*otherwise`: it is the default. As in a shell, an empty variable is as none where there is a default. */
static const char *
environment(const Expansion *x, const char *inside, WeirPosition at, gboolean *otherwise)
{
  const char *dash = strstr(inside, ":-");
  g_autofree char *name = dash ? g_strndup(inside, (gsize)(dash - inside)) : g_strdup(inside);
  gsize before = weir_diagnostics_n_errors(x->diagnostics);
  const char *value = weir_environment_get(x->scope->pipeline->environment, name, x->diagnostics);
  *otherwise = dash && (!value || !*value);
  if (*otherwise)
    return dash + 2;
  if (value && g_utf8_validate(value, -1, NULL))
    return value;
  if (value)
    weir_diagnostics_error(x->diagnostics, at, "the environment variable %s is not valid UTF-8", name);
  else if (weir_diagnostics_n_errors(x->diagnostics) == before) /* else it may stand in .env */
    weir_diagnostic_hint(
        weir_diagnostics_error(x->diagnostics, at, "the environment variable %s is not set", name),
        "set it, or write ${env:%s:-DEFAULT}", name);
  return NULL;
}

static WeirNode *
environment_node(Expansion *x, const char *inside, WeirPosition at)
{
  gboolean otherwise;
  x->environment = TRUE;
  if (x->shown) {
    g_autofree char *text = g_strdup_printf("${env:%s}", inside);
    return weir_node_new_string(at, text);
  }
  const char *value = environment(x, inside, at, &otherwise);
  return value ? weir_node_new_text(at, value, otherwise ? NULL : WEIR_ORIGIN_ENVIRONMENT, WEIR_TEXT_UNTYPED)
               : NULL;
}

/* ---- Texts ---------------------------------------------------------------------------------------------- */

gboolean
weir_text_has_reference(const WeirNode *node)
{
  return weir_node_kind(node) == WEIR_NODE_STRING && strstr(weir_node_string(node), "${");
}

gboolean
weir_node_has_reference(const WeirNode *node)
{
  gboolean found = weir_text_has_reference(node);
  for (gsize i = 0; i < weir_node_size(node) && !found; i++)
    found = weir_node_has_reference(weir_node_at(node, i));
  return found;
}

/* The text between "${" and "}" at `p`, and the end; NULL without an end. */
static char *
reference_at(const char *p, const char **end)
{
  const char *close = strchr(p + 2, '}');
  if (!close)
    return NULL;
  *end = close + 1;
  return g_strndup(p + 2, (gsize)(close - p - 2));
}

/* What is inside a text that is one reference and nothing else; NULL: it is not. */
static char *
sole_reference(const WeirNode *node)
{
  const char *end;
  if (weir_node_kind(node) != WEIR_NODE_STRING || !g_str_has_prefix(weir_node_string(node), "${"))
    return NULL;
  g_autofree char *inside = reference_at(weir_node_string(node), &end);
  return inside && !*end && !strstr(inside, "${") ? g_steal_pointer(&inside) : NULL;
}

/* A name's value, or NULL: it has none (then `*hole`), or after an error. */
static WeirNode *
named_node(Expansion *x, const char *name, WeirPosition at, gboolean *hole)
{
  g_auto(WeirNamed) named = {0};
  if (weir_scope_look_up(x->scope, x->element, name, at, &named, x->diagnostics))
    return NULL;
  x->environment |= named.environment;
  *hole = !named.value;
  if (!named.value)
    return NULL;
  return weir_node_ref(x->shown && named.shown ? named.shown : named.value);
}

/* The text of a reference inside a longer one; NULL after an error. */
static char *
reference_text(Expansion *x, const char *inside, WeirPosition at)
{
  gboolean hole = FALSE;
  if (g_str_has_prefix(inside, "env:")) {
    g_autoptr(WeirNode) node = environment_node(x, inside + 4, at);
    return node ? g_strdup(weir_node_string(node)) : NULL;
  }
  g_autoptr(WeirNode) node = named_node(x, inside, at, &hole);
  if (hole)
    weir_diagnostics_error(x->diagnostics, at, "%s\"%s\" has no value to put into a text",
                           g_str_has_prefix(inside, "each") ? "" : "parameter ", inside);
  if (!node)
    return NULL;
  if (weir_node_text_flags(node) & WEIR_TEXT_SECRET) {
    weir_diagnostic_hint(weir_diagnostics_error(x->diagnostics, at,
                                                "\"%s\" is a secret, which cannot be a part of a text",
                                                inside),
                         "give it to an option that is a secret, as \"${%s}\" and nothing else", inside);
    return NULL;
  }
  return weir_node_kind(node) == WEIR_NODE_STRING ? g_strdup(weir_node_string(node))
                                                  : weir_node_to_json(node, FALSE);
}

/* FALSE: the text ends with the mistake. */
static gboolean
append_reference(Expansion *x, GString *out, const char **p, WeirPosition at)
{
  const char *end = NULL;
  g_autofree char *inside = reference_at(*p, &end);
  if (!inside) {
    weir_diagnostic_hint(weir_diagnostics_error(x->diagnostics, at, "\"${\" without \"}\""),
                         "write $${ for the characters themselves");
    return FALSE;
  }
  if (strstr(inside, "${")) {
    weir_diagnostics_error(x->diagnostics, at, "\"${%s\": a reference cannot stand inside another", inside);
    return FALSE;
  }
  g_autofree char *value = reference_text(x, inside, at);
  if (value)
    g_string_append(out, value);
  *p = end;
  return TRUE;
}

static WeirNode *
mixed_text(Expansion *x, const char *text, WeirPosition at)
{
  g_autoptr(GString) out = g_string_new(NULL);
  gsize most = (MAX_EXPANDED - MIN(x->scope->pipeline->expanded, MAX_EXPANDED)) * BYTES_OF_ONE;
  for (const char *p = text; *p && out->len <= most;) {
    if (g_str_has_prefix(p, "$${")) {
      g_string_append(out, x->shown ? "$${" : "${");
      p += 3;
    } else if (!g_str_has_prefix(p, "${")) {
      g_string_append_c(out, *p++);
    } else if (!append_reference(x, out, &p, at)) {
      break;
    }
  }
  return weir_node_new_string(at, out->str);
}

/* What stands in place of a text; NULL: the text itself. */
static WeirNode *
expand_string(Expansion *x, const WeirNode *node)
{
  WeirPosition at = weir_node_position(node);
  gboolean hole = FALSE;
  if (!weir_text_has_reference(node))
    return NULL;
  g_autofree char *inside = sole_reference(node);
  if (!inside)
    return mixed_text(x, weir_node_string(node), at);
  WeirNode *value = g_str_has_prefix(inside, "env:") ? environment_node(x, inside + 4, at)
                                                     : named_node(x, inside, at, &hole);
  return value ? value : weir_node_new_null(at);
}

/* ---- Trees ---------------------------------------------------------------------------------------------- */

/* Stands for a member to be left out: a name without a value. */
static gboolean
is_hole(const Expansion *x, const WeirNode *node)
{
  g_autofree char *inside = sole_reference(node);
  g_auto(WeirNamed) named = {0};
  g_autoptr(WeirDiagnostics) ignored = NULL;
  if (!inside || g_str_has_prefix(inside, "env:"))
    return FALSE;
  ignored = weir_diagnostics_new();
  return !weir_scope_look_up(x->scope, x->element, inside, WEIR_POSITION_NONE, &named, ignored) &&
         !named.value;
}

gboolean
weir_pipeline_count(WeirPipeline *pipeline, gsize n, WeirDiagnostics *diagnostics)
{
  pipeline->expanded += MIN(n, MAX_EXPANDED);
  if (pipeline->expanded <= MAX_EXPANDED)
    return TRUE;
  weir_diagnostics_error(diagnostics, weir_position(pipeline->file, 0, 0),
                         "the pipeline is too large with ${…}, \"each\" and \"include\" written out");
  return FALSE;
}

static gboolean
count(Expansion *x, const WeirNode *made)
{
  gboolean text = weir_node_kind(made) == WEIR_NODE_STRING;
  gsize n = 1 + (text ? strlen(weir_node_string(made)) / BYTES_OF_ONE : 0);
  return weir_pipeline_count(x->scope->pipeline, n, x->diagnostics);
}

/* A copy with every ${…} replaced; members and items that are holes are left out. */
static WeirNode *
expand(Expansion *x, const WeirNode *node)
{
  WeirNodeKind kind = weir_node_kind(node);
  WeirNode *result = NULL;
  if (x->scope->pipeline->expanded > MAX_EXPANDED)
    return weir_node_ref((WeirNode *)node); /* that was said; more would only fill the memory */
  if (kind == WEIR_NODE_STRING)
    result = expand_string(x, node);
  else if (kind == WEIR_NODE_MAP)
    result = weir_node_new_map(weir_node_position(node));
  else if (kind == WEIR_NODE_LIST)
    result = weir_node_new_list(weir_node_position(node));
  if (!result)
    return weir_node_ref((WeirNode *)node);
  gboolean within = count(x, result);
  for (gsize i = 0; i < weir_node_size(node) && within && kind != WEIR_NODE_STRING; i++) {
    const WeirNode *child = weir_node_at(node, i);
    if (is_hole(x, child))
      continue;
    if (kind == WEIR_NODE_MAP)
      weir_node_set(result, weir_node_key_at(node, i), weir_node_key_position_at(node, i), expand(x, child));
    else
      weir_node_append(result, expand(x, child));
  }
  return result;
}

WeirNode *
weir_scope_expand(const WeirScope *scope, const WeirElement *element, const WeirNode *node,
                  gboolean *from_environment, WeirDiagnostics *diagnostics)
{
  Expansion x = {scope, element, FALSE, FALSE, diagnostics};
  gsize before = weir_diagnostics_n_errors(diagnostics);
  g_autoptr(WeirNode) result = expand(&x, node);
  if (from_environment && x.environment)
    *from_environment = TRUE;
  return weir_diagnostics_n_errors(diagnostics) == before ? g_steal_pointer(&result) : NULL;
}

WeirNode *
weir_scope_expand_shown(const WeirScope *scope, const WeirElement *element, const WeirNode *node)
{
  g_autoptr(WeirDiagnostics) ignored = weir_diagnostics_new();
  Expansion x = {scope, element, TRUE, FALSE, ignored};
  return expand(&x, node);
}
