/* SPDX-License-Identifier: MIT */
/* Reads what a pipeline file declares: parameters, inputs and outputs. */
#include "base/nearest.h"
#include "core/pipeline_private.h"

#define MAX_PARAMETERS 1024
#define MAX_PORTS      256

static const char *const type_names[] = {"string",   "input-path", "output-path", "integer",
                                         "number",   "boolean",    "choice",      "size",
                                         "duration", "list",       "secret",      NULL};

const char *
weir_parameter_type_name(WeirParameterType type)
{
  return type_names[type];
}

gboolean
weir_parameter_type_of(const char *name, WeirParameterType *type)
{
  for (guint i = 0; type_names[i]; i++)
    if (g_str_equal(type_names[i], name)) {
      *type = (WeirParameterType)i;
      return TRUE;
    }
  return FALSE;
}

void
weir_parameter_free(gpointer data)
{
  WeirParameter *parameter = data;
  g_strfreev(parameter->choices);
  weir_node_unref(parameter->written);
  weir_node_unref(parameter->value);
  weir_node_unref(parameter->shown);
  g_free(parameter);
}

/* ---- Parameters ----------------------------------------------------------------------------------------- */

static gboolean
parameter_type(WeirNode *node, const char *name, WeirParameterType *type, WeirDiagnostics *diagnostics)
{
  WeirNode *written = weir_node_get(node, "type");
  if (!written) {
    *type = WEIR_PARAMETER_STRING;
    return TRUE;
  }
  g_autofree char *what = g_strdup_printf("\"type\" of parameter \"%s\"", name);
  if (!weir_node_check_kind(written, WEIR_NODE_STRING, what, diagnostics))
    return FALSE;
  if (weir_parameter_type_of(weir_node_string(written), type))
    return TRUE;
  g_autofree char *meant = weir_did_you_mean(weir_node_string(written), type_names);
  weir_diagnostics_error(diagnostics, weir_node_position(written),
                         "parameter \"%s\" has the unknown type \"%s\"%s", name, weir_node_string(written),
                         meant);
  return FALSE;
}

static char **
parameter_choices(WeirNode *node, const WeirParameter *parameter, WeirDiagnostics *diagnostics)
{
  WeirNode *choices = weir_node_get(node, "choices");
  g_autofree char *what = g_strdup_printf("\"choices\" of parameter \"%s\"", parameter->name);
  if (!choices) {
    if (parameter->type == WEIR_PARAMETER_CHOICE)
      weir_diagnostics_error(diagnostics, parameter->position,
                             "parameter \"%s\" is a choice without \"choices\"", parameter->name);
    return NULL;
  }
  if (parameter->type != WEIR_PARAMETER_CHOICE) {
    weir_diagnostics_error(diagnostics, weir_node_position(choices),
                           "parameter \"%s\" has \"choices\", but is of type %s", parameter->name,
                           weir_parameter_type_name(parameter->type));
    return NULL;
  }
  if (!weir_node_check_kind(choices, WEIR_NODE_LIST, what, diagnostics))
    return NULL;
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  for (gsize i = 0; i < weir_node_size(choices); i++) {
    WeirNode *choice = weir_node_at(choices, i);
    if (weir_node_check_kind(choice, WEIR_NODE_STRING, "a choice", diagnostics))
      g_ptr_array_add(list, g_strdup(weir_node_string(choice)));
  }
  if (list->len == 0)
    weir_diagnostics_error(diagnostics, weir_node_position(choices), "parameter \"%s\" has no choices",
                           parameter->name);
  g_ptr_array_add(list, NULL);
  return (char **)g_ptr_array_steal(list, NULL);
}

static WeirNode *
parameter_bound(WeirNode *node, const char *key, const WeirParameter *parameter, WeirDiagnostics *diagnostics)
{
  WeirNode *bound = weir_node_get(node, key);
  if (!bound)
    return NULL;
  if (parameter->type != WEIR_PARAMETER_INTEGER && parameter->type != WEIR_PARAMETER_NUMBER) {
    weir_diagnostics_error(diagnostics, weir_node_key_position(node, key),
                           "parameter \"%s\" has \"%s\", but is of type %s", parameter->name, key,
                           weir_parameter_type_name(parameter->type));
    return NULL;
  }
  g_autofree char *what = g_strdup_printf("\"%s\" of parameter \"%s\"", key, parameter->name);
  WeirNodeKind kind = parameter->type == WEIR_PARAMETER_INTEGER ? WEIR_NODE_INTEGER : WEIR_NODE_NUMBER;
  return weir_node_check_kind(bound, kind, what, diagnostics) ? bound : NULL;
}

static void
read_bounds(WeirNode *node, WeirParameter *parameter, WeirDiagnostics *diagnostics)
{
  parameter->minimum = parameter_bound(node, "minimum", parameter, diagnostics);
  parameter->maximum = parameter_bound(node, "maximum", parameter, diagnostics);
  if (parameter->minimum && parameter->maximum &&
      weir_node_number(parameter->minimum) > weir_node_number(parameter->maximum))
    weir_diagnostics_error(diagnostics, weir_node_position(parameter->maximum),
                           "parameter \"%s\" has a \"maximum\" below its \"minimum\"", parameter->name);
}

static void
read_parameter(WeirScope *scope, const char *name, WeirPosition position, WeirNode *node,
               WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"type",    "default", "optional", "help",
                                     "minimum", "maximum", "choices",  NULL};
  g_autofree char *what = g_strdup_printf("parameter \"%s\"", name);
  if (!weir_pipeline_check_name(name, "parameter", position, diagnostics) ||
      !weir_node_check_kind(node, WEIR_NODE_MAP, what, diagnostics))
    return;
  if (g_str_equal(name, "each")) {
    weir_diagnostics_error(diagnostics, position,
                           "a parameter cannot be called \"each\": ${each} is the element of an \"each\"");
    return;
  }
  gsize before = weir_diagnostics_n_errors(diagnostics);
  WeirParameter *parameter = g_new0(WeirParameter, 1);
  g_ptr_array_add(scope->parameters, parameter);
  parameter->scope = scope;
  parameter->name = name;
  parameter->position = position;
  weir_node_check_keys(node, keys, what, diagnostics);
  if (!parameter_type(node, name, &parameter->type, diagnostics))
    return;
  g_autofree char *help_what = g_strdup_printf("\"help\" of parameter \"%s\"", name);
  parameter->help = weir_pipeline_get_string(node, "help", help_what, diagnostics);
  WeirNode *optional = weir_node_get(node, "optional");
  if (optional && weir_node_check_kind(optional, WEIR_NODE_BOOLEAN, "\"optional\"", diagnostics))
    parameter->optional = weir_node_boolean(optional);
  parameter->choices = parameter_choices(node, parameter, diagnostics);
  read_bounds(node, parameter, diagnostics);
  parameter->by_default = weir_node_get(node, "default");
  if (parameter->by_default && weir_node_kind(parameter->by_default) == WEIR_NODE_NULL) {
    parameter->by_default = NULL;
    parameter->optional = TRUE;
  }
  if (parameter->by_default && weir_diagnostics_n_errors(diagnostics) == before)
    weir_parameter_check_default(parameter, diagnostics);
}

void
weir_scope_read_parameters(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  WeirNode *map = weir_node_get(scope->file->tree, "parameters");
  if (!map || !weir_node_check_kind(map, WEIR_NODE_MAP, "\"parameters\"", diagnostics))
    return;
  if (weir_node_size(map) > MAX_PARAMETERS) {
    weir_diagnostics_error(diagnostics, weir_node_position(map), "more than %d parameters", MAX_PARAMETERS);
    return;
  }
  for (gsize i = 0; i < weir_node_size(map); i++)
    read_parameter(scope, weir_node_key_at(map, i), weir_node_key_position_at(map, i), weir_node_at(map, i),
                   diagnostics);
}

char *
weir_parameter_range(const WeirParameter *parameter)
{
  if (parameter->choices) {
    g_autofree char *list = g_strjoinv(", ", parameter->choices);
    return g_strdup_printf("one of: %s", list);
  }
  g_autofree char *low = parameter->minimum ? weir_node_to_json(parameter->minimum, FALSE) : NULL;
  g_autofree char *high = parameter->maximum ? weir_node_to_json(parameter->maximum, FALSE) : NULL;
  if (low && high)
    return g_strdup_printf("%s to %s", low, high);
  if (low)
    return g_strdup_printf("at least %s", low);
  return high ? g_strdup_printf("at most %s", high) : NULL;
}

/* ---- Inputs and outputs --------------------------------------------------------------------------------- */

void
weir_port_spec_free(gpointer data)
{
  WeirPortSpec *port = data;
  if (port->references)
    g_ptr_array_unref(port->references);
  g_free(port);
}

static WeirPortSpec *
add_port(GPtrArray *ports, const char *name, WeirPosition position)
{
  WeirPortSpec *port = g_new0(WeirPortSpec, 1);
  port->name = name;
  port->position = position;
  g_ptr_array_add(ports, port);
  return port;
}

static gboolean
get_boolean(WeirNode *node, const char *key, WeirDiagnostics *diagnostics)
{
  WeirNode *value = weir_node_get(node, key);
  g_autofree char *what = g_strdup_printf("\"%s\"", key);
  return value && weir_node_check_kind(value, WEIR_NODE_BOOLEAN, what, diagnostics) &&
         weir_node_boolean(value);
}

static void
read_declared_input(WeirScope *scope, const char *name, WeirPosition position, WeirNode *node,
                    WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"help", "optional", "many", NULL};
  g_autofree char *what = g_strdup_printf("input \"%s\"", name);
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, what, diagnostics))
    return;
  WeirPortSpec *input = add_port(scope->inputs, name, position);
  weir_node_check_keys(node, keys, what, diagnostics);
  input->help = weir_pipeline_get_string(node, "help", "\"help\" of an input", diagnostics);
  input->optional = get_boolean(node, "optional", diagnostics);
  input->many = get_boolean(node, "many", diagnostics);
}

static void
read_declared_output(WeirScope *scope, const char *name, WeirPosition position, WeirNode *node,
                     WeirDiagnostics *diagnostics)
{
  WeirPortSpec *output = add_port(scope->outputs, name, position);
  output->written = weir_input_spec_read(name, position, node, diagnostics);
}

typedef void (*ReadPort)(WeirScope *, const char *, WeirPosition, WeirNode *, WeirDiagnostics *);

static void
read_ports(WeirScope *scope, const char *key, const char *what, ReadPort read, WeirDiagnostics *diagnostics)
{
  WeirNode *map = weir_node_get(scope->file->tree, key);
  g_autofree char *quoted = g_strdup_printf("\"%s\"", key);
  if (!map || !weir_node_check_kind(map, WEIR_NODE_MAP, quoted, diagnostics))
    return;
  if (weir_node_size(map) > MAX_PORTS) {
    weir_diagnostics_error(diagnostics, weir_node_position(map), "more than %d %s", MAX_PORTS, key);
    return;
  }
  for (gsize i = 0; i < weir_node_size(map); i++) {
    WeirPosition position = weir_node_key_position_at(map, i);
    if (weir_pipeline_check_name(weir_node_key_at(map, i), what, position, diagnostics))
      read(scope, weir_node_key_at(map, i), position, weir_node_at(map, i), diagnostics);
  }
}

void
weir_scope_read_ports(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  read_ports(scope, "inputs", "an input", read_declared_input, diagnostics);
  read_ports(scope, "outputs", "an output", read_declared_output, diagnostics);
  for (guint i = 0; i < scope->inputs->len; i++) {
    const WeirPortSpec *input = scope->inputs->pdata[i];
    const WeirEntry *entry = weir_scope_entry(scope, input->name);
    if (!entry)
      continue;
    g_autofree char *where = weir_position_to_string(entry->position);
    weir_diagnostics_error(diagnostics, input->position, "\"%s\" is the name of an input and of a stage (%s)",
                           input->name, where);
  }
}
