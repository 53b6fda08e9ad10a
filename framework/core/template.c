/* SPDX-License-Identifier: MIT */
/* What a pipeline file says with parameters: ${…} in strings, and "when" conditions. */
#include "base/nearest.h"
#include "core/pipeline.h"

typedef struct {
  const WeirPipeline *pipeline;
  WeirDiagnostics *diagnostics;
} Expansion;

static const char *
parameter_name(gpointer data, gsize index)
{
  const WeirPipeline *pipeline = data;
  return index < pipeline->parameters->len ? ((WeirParameter *)pipeline->parameters->pdata[index])->name
                                           : NULL;
}

static WeirDiagnostic *
unknown_parameter(const WeirPipeline *pipeline, const char *name, WeirPosition at,
                  WeirDiagnostics *diagnostics)
{
  g_autofree char *meant = weir_did_you_mean_of(name, parameter_name, (gpointer)pipeline);
  return weir_diagnostics_error(diagnostics, at, "unknown parameter \"%s\"%s", name, meant);
}

static WeirParameter *
find_parameter(const WeirPipeline *pipeline, const char *name, WeirPosition at, WeirDiagnostics *diagnostics)
{
  WeirParameter *parameter = weir_pipeline_parameter(pipeline, name);
  if (!parameter)
    unknown_parameter(pipeline, name, at, diagnostics);
  return parameter;
}

/* ${env:NAME} or ${env:NAME:-default}: the text, or NULL after an error. */
static char *
environment(const char *inside, WeirPosition at, WeirDiagnostics *diagnostics)
{
  const char *otherwise = strstr(inside, ":-");
  g_autofree char *name = otherwise ? g_strndup(inside, otherwise - inside) : g_strdup(inside);
  const char *value = g_getenv(name);
  if (!value && otherwise)
    value = otherwise + 2;
  if (value && g_utf8_validate(value, -1, NULL))
    return g_strdup(value);
  if (value)
    weir_diagnostics_error(diagnostics, at, "the environment variable %s is not valid UTF-8", name);
  else
    weir_diagnostic_hint(
        weir_diagnostics_error(diagnostics, at, "the environment variable %s is not set", name),
        "set it, or write ${env:%s:-DEFAULT}", name);
  return NULL;
}

/* The text of a value inside a longer string; NULL after an error. */
static char *
value_as_text(const WeirParameter *parameter, WeirPosition at, WeirDiagnostics *diagnostics)
{
  if (!parameter->value) {
    weir_diagnostics_error(diagnostics, at, "parameter \"%s\" has no value to put into a text",
                           parameter->name);
    return NULL;
  }
  if (weir_node_kind(parameter->value) == WEIR_NODE_STRING)
    return g_strdup(weir_node_string(parameter->value));
  return weir_node_to_json(parameter->value, FALSE);
}

static char *
reference_text(const Expansion *x, const char *inside, WeirPosition at)
{
  if (g_str_has_prefix(inside, "env:"))
    return environment(inside + 4, at, x->diagnostics);
  WeirParameter *parameter = find_parameter(x->pipeline, inside, at, x->diagnostics);
  return parameter ? value_as_text(parameter, at, x->diagnostics) : NULL;
}

/* The text between "${" and "}" at `p`, and the end; NULL without an end. */
static char *
reference_at(const char *p, const char **end)
{
  const char *close = strchr(p + 2, '}');
  if (!close)
    return NULL;
  *end = close + 1;
  return g_strndup(p + 2, close - p - 2);
}

/* Stands for a member to be left out: an optional parameter without a value. */
static gboolean
is_hole(const Expansion *x, const WeirNode *node)
{
  if (weir_node_kind(node) != WEIR_NODE_STRING || !g_str_has_prefix(weir_node_string(node), "${"))
    return FALSE;
  const char *end;
  g_autofree char *inside = reference_at(weir_node_string(node), &end);
  WeirParameter *parameter = inside && !*end ? weir_pipeline_parameter(x->pipeline, inside) : NULL;
  return parameter && !parameter->value;
}

static WeirNode *
expand_string(const Expansion *x, const WeirNode *node)
{
  const char *text = weir_node_string(node);
  WeirPosition at = weir_node_position(node);
  if (!strstr(text, "${"))
    return NULL;
  const char *end;
  if (g_str_has_prefix(text, "${")) {
    g_autofree char *inside = reference_at(text, &end);
    if (inside && !*end && !g_str_has_prefix(inside, "env:")) {
      WeirParameter *parameter = find_parameter(x->pipeline, inside, at, x->diagnostics);
      return parameter && parameter->value ? weir_node_ref(parameter->value) : weir_node_new_null(at);
    }
  }
  g_autoptr(GString) out = g_string_new(NULL);
  for (const char *p = text; *p;) {
    if (g_str_has_prefix(p, "$${")) {
      g_string_append(out, "${");
      p += 3;
    } else if (g_str_has_prefix(p, "${")) {
      g_autofree char *inside = reference_at(p, &end);
      if (!inside) {
        weir_diagnostic_hint(weir_diagnostics_error(x->diagnostics, at, "\"${\" without \"}\""),
                             "write $${ for the characters themselves");
        break;
      }
      g_autofree char *value = reference_text(x, inside, at);
      if (value)
        g_string_append(out, value);
      p = end;
    } else {
      g_string_append_c(out, *p++);
    }
  }
  return weir_node_new_string(at, out->str);
}

/* A copy with every ${…} replaced; members and items that are holes are left out. */
static WeirNode *
expand(const Expansion *x, const WeirNode *node)
{
  WeirNodeKind kind = weir_node_kind(node);
  WeirNode *result = NULL;
  if (kind == WEIR_NODE_STRING)
    result = expand_string(x, node);
  else if (kind == WEIR_NODE_MAP)
    result = weir_node_new_map(weir_node_position(node));
  else if (kind == WEIR_NODE_LIST)
    result = weir_node_new_list(weir_node_position(node));
  if (!result)
    return weir_node_ref((WeirNode *)node);
  for (gsize i = 0; i < weir_node_size(node); i++) {
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
weir_pipeline_expand(const WeirPipeline *pipeline, const WeirNode *node, WeirDiagnostics *diagnostics)
{
  Expansion x = {pipeline, diagnostics};
  gsize before = weir_diagnostics_n_errors(diagnostics);
  g_autoptr(WeirNode) result = expand(&x, node);
  return weir_diagnostics_n_errors(diagnostics) == before ? g_steal_pointer(&result) : NULL;
}

/* ---- when ----------------------------------------------------------------------------------------------- */

static gboolean
parameter_holds(const WeirParameter *parameter)
{
  if (!parameter->value)
    return FALSE;
  return weir_node_kind(parameter->value) != WEIR_NODE_BOOLEAN || weir_node_boolean(parameter->value);
}

static gboolean
equals(const WeirParameter *parameter, const char *literal)
{
  if (!parameter->value)
    return FALSE;
  if (weir_node_kind(parameter->value) == WEIR_NODE_STRING) {
    gsize n = strlen(literal);
    if (n >= 2 && (literal[0] == '"' || literal[0] == '\'') && literal[n - 1] == literal[0]) {
      g_autofree char *inner = g_strndup(literal + 1, n - 2);
      return g_str_equal(weir_node_string(parameter->value), inner);
    }
    return g_str_equal(weir_node_string(parameter->value), literal);
  }
  g_autofree char *value = weir_node_to_json(parameter->value, FALSE);
  return g_str_equal(value, literal);
}

gboolean
weir_pipeline_when(const WeirPipeline *pipeline, const WeirNode *when, WeirDiagnostics *diagnostics)
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
  g_autofree char *name = compare ? g_strndup(text, compare - text) : g_strdup(text);
  g_strstrip(name);
  WeirParameter *parameter = weir_pipeline_parameter(pipeline, name);
  if (!parameter) {
    weir_diagnostic_hint(unknown_parameter(pipeline, name, at, diagnostics),
                         "\"when\" is \"p\", \"!p\", \"p == value\" or \"p != value\", p being a parameter");
    return TRUE;
  }
  if (!compare)
    return parameter_holds(parameter) != negated;
  g_autofree char *literal = g_strdup(compare + 2);
  return equals(parameter, g_strstrip(literal)) != negated;
}
