/* SPDX-License-Identifier: MIT */
/* Reads the description of a pipeline: keys, parameters, stages and references, all errors at once. */
#include "core/pipeline.h"

#include "base/nearest.h"

#define MAX_STAGES     4096
#define MAX_PARAMETERS 1024

static const char *const type_names[] = {"string",   "input-path", "output-path", "integer",
                                         "number",   "boolean",    "choice",      "size",
                                         "duration", "list",       NULL};

const char *
weir_parameter_type_name(WeirParameterType type)
{
  return type_names[type];
}

static void
parameter_free(gpointer data)
{
  WeirParameter *parameter = data;
  g_strfreev(parameter->choices);
  if (parameter->value)
    weir_node_unref(parameter->value);
  g_free(parameter);
}

static void
reference_free(gpointer data)
{
  WeirReference *reference = data;
  g_ptr_array_unref(reference->names);
  g_array_unref(reference->positions);
  g_free(reference);
}

static void
input_spec_free(gpointer data)
{
  WeirInputSpec *input = data;
  g_ptr_array_unref(input->references);
  g_free(input);
}

static void
stage_spec_free(gpointer data)
{
  WeirStageSpec *stage = data;
  g_ptr_array_unref(stage->inputs);
  if (stage->options)
    weir_node_unref(stage->options);
  g_free(stage);
}

void
weir_pipeline_free(WeirPipeline *pipeline)
{
  if (!pipeline)
    return;
  g_ptr_array_unref(pipeline->parameters);
  g_ptr_array_unref(pipeline->stages);
  if (pipeline->tree)
    weir_node_unref(pipeline->tree);
  g_free(pipeline->file);
  g_free(pipeline->folder);
  g_free(pipeline);
}

WeirParameter *
weir_pipeline_parameter(const WeirPipeline *pipeline, const char *name)
{
  for (guint i = 0; i < pipeline->parameters->len; i++) {
    WeirParameter *parameter = pipeline->parameters->pdata[i];
    if (g_str_equal(parameter->name, name))
      return parameter;
  }
  return NULL;
}

WeirStageSpec *
weir_pipeline_stage(const WeirPipeline *pipeline, const char *name)
{
  for (guint i = 0; i < pipeline->stages->len; i++) {
    WeirStageSpec *stage = pipeline->stages->pdata[i];
    if (g_str_equal(stage->name, name))
      return stage;
  }
  return NULL;
}

/* Names of stages and parameters: they stand in references, file names and on command lines. */
static gboolean
name_is_good(const char *name)
{
  if (!g_ascii_isalpha(name[0]) || strlen(name) > 64)
    return FALSE;
  for (const char *p = name; *p; p++)
    if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_')
      return FALSE;
  return TRUE;
}

static gboolean
check_name(const char *name, const char *what, WeirPosition position, WeirDiagnostics *diagnostics)
{
  if (name_is_good(name))
    return TRUE;
  weir_diagnostic_hint(
      weir_diagnostics_error(diagnostics, position, "\"%s\" is no name for a %s", name, what),
      "a letter, then letters, digits, - and _, at most 64 in all");
  return FALSE;
}

/* The string under `key`, or NULL if it is missing; another kind is an error. */
static const char *
get_string(WeirNode *map, const char *key, const char *what, WeirDiagnostics *diagnostics)
{
  WeirNode *node = weir_node_get(map, key);
  if (!node || !weir_node_check_kind(node, WEIR_NODE_STRING, what, diagnostics))
    return NULL;
  return weir_node_string(node);
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
  for (guint i = 0; type_names[i]; i++)
    if (g_str_equal(type_names[i], weir_node_string(written))) {
      *type = (WeirParameterType)i;
      return TRUE;
    }
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
read_parameter(WeirPipeline *pipeline, const char *name, WeirPosition position, WeirNode *node,
               WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"type",    "default", "optional", "help",
                                     "minimum", "maximum", "choices",  NULL};
  g_autofree char *what = g_strdup_printf("parameter \"%s\"", name);
  if (!check_name(name, "parameter", position, diagnostics) ||
      !weir_node_check_kind(node, WEIR_NODE_MAP, what, diagnostics))
    return;
  gsize before = weir_diagnostics_n_errors(diagnostics);
  WeirParameter *parameter = g_new0(WeirParameter, 1);
  g_ptr_array_add(pipeline->parameters, parameter);
  parameter->name = name;
  parameter->position = position;
  weir_node_check_keys(node, keys, what, diagnostics);
  if (!parameter_type(node, name, &parameter->type, diagnostics))
    return;
  g_autofree char *help_what = g_strdup_printf("\"help\" of parameter \"%s\"", name);
  parameter->help = get_string(node, "help", help_what, diagnostics);
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

static void
read_parameters(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  WeirNode *map = weir_node_get(pipeline->tree, "parameters");
  if (!map || !weir_node_check_kind(map, WEIR_NODE_MAP, "\"parameters\"", diagnostics))
    return;
  if (weir_node_size(map) > MAX_PARAMETERS) {
    weir_diagnostics_error(diagnostics, weir_node_position(map), "more than %d parameters", MAX_PARAMETERS);
    return;
  }
  for (gsize i = 0; i < weir_node_size(map); i++)
    read_parameter(pipeline, weir_node_key_at(map, i), weir_node_key_position_at(map, i),
                   weir_node_at(map, i), diagnostics);
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

/* ---- Stages --------------------------------------------------------------------------------------------- */

static WeirReference *
read_reference(WeirNode *node, WeirDiagnostics *diagnostics)
{
  WeirReference *reference = g_new0(WeirReference, 1);
  reference->position = weir_node_position(node);
  reference->names = g_ptr_array_new();
  reference->positions = g_array_new(FALSE, FALSE, sizeof(WeirPosition));
  WeirNode *list = node;
  if (weir_node_kind(node) == WEIR_NODE_MAP) {
    static const char *const keys[] = {"first", NULL};
    reference->first = TRUE;
    gboolean known = weir_node_check_keys(node, keys, "a reference", diagnostics);
    list = weir_node_get(node, "first");
    if (!list && known)
      weir_diagnostics_error(diagnostics, reference->position,
                             "a reference to a stage must be a string or {\"first\": [...]}");
    if (!list || !weir_node_check_kind(list, WEIR_NODE_LIST, "\"first\"", diagnostics))
      return reference;
    if (weir_node_size(list) == 0)
      weir_diagnostics_error(diagnostics, weir_node_position(list), "\"first\" lists nothing");
  }
  for (gsize i = 0; i < (reference->first ? weir_node_size(list) : 1); i++) {
    WeirNode *name = reference->first ? weir_node_at(list, i) : node;
    WeirPosition at = weir_node_position(name);
    if (!weir_node_check_kind(name, WEIR_NODE_STRING, "a reference to a stage", diagnostics))
      continue;
    g_ptr_array_add(reference->names, (gpointer)weir_node_string(name));
    g_array_append_val(reference->positions, at);
  }
  return reference;
}

static void
read_input(WeirStageSpec *stage, const char *port, WeirPosition position, WeirNode *node,
           WeirDiagnostics *diagnostics)
{
  WeirInputSpec *input = g_new0(WeirInputSpec, 1);
  input->port = port;
  input->position = position;
  input->references = g_ptr_array_new_with_free_func(reference_free);
  input->list = weir_node_kind(node) == WEIR_NODE_LIST;
  g_ptr_array_add(stage->inputs, input);
  if (!input->list)
    g_ptr_array_add(input->references, read_reference(node, diagnostics));
  else
    for (gsize i = 0; i < weir_node_size(node); i++)
      g_ptr_array_add(input->references, read_reference(weir_node_at(node, i), diagnostics));
}

static gboolean
is_first(const WeirNode *node)
{
  WeirNode *list = weir_node_get(node, "first");
  return list && weir_node_size(node) == 1 && weir_node_kind(list) == WEIR_NODE_LIST;
}

static void
read_from(WeirStageSpec *stage, WeirDiagnostics *diagnostics)
{
  WeirNode *from = weir_node_get(stage->node, "from");
  if (!from)
    return;
  if (weir_node_kind(from) != WEIR_NODE_MAP || is_first(from)) {
    read_input(stage, NULL, weir_node_position(from), from, diagnostics);
    return;
  }
  for (gsize i = 0; i < weir_node_size(from); i++)
    read_input(stage, weir_node_key_at(from, i), weir_node_key_position_at(from, i), weir_node_at(from, i),
               diagnostics);
}

static void
read_stage(WeirPipeline *pipeline, const char *name, WeirPosition position, WeirNode *node,
           WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"use",      "from",        "options", "when", "discard",
                                     "on_error", "max_rejects", "help",    NULL};
  g_autofree char *what = g_strdup_printf("stage \"%s\"", name);
  if (!check_name(name, "stage", position, diagnostics) ||
      !weir_node_check_kind(node, WEIR_NODE_MAP, what, diagnostics))
    return;
  WeirStageSpec *stage = g_new0(WeirStageSpec, 1);
  g_ptr_array_add(pipeline->stages, stage);
  stage->name = name;
  stage->position = position;
  stage->node = node;
  stage->inputs = g_ptr_array_new_with_free_func(input_spec_free);
  weir_node_check_keys(node, keys, what, diagnostics);
  stage->when = weir_node_get(node, "when");
  stage->discard = weir_node_get(node, "discard");
  stage->on_error = weir_node_get(node, "on_error");
  stage->max_rejects = weir_node_get(node, "max_rejects");
  g_autofree char *help_what = g_strdup_printf("\"help\" of stage \"%s\"", name);
  get_string(node, "help", help_what, diagnostics);
  WeirNode *use = weir_node_get(node, "use");
  if (!use)
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, position, "stage \"%s\" has no \"use\"", name),
                         "say which stage it is, such as \"use\": \"file.read\"");
  else if (weir_node_check_kind(use, WEIR_NODE_STRING, "\"use\"", diagnostics)) {
    stage->use = weir_node_string(use);
    stage->use_position = weir_node_position(use);
  }
  WeirNode *options = weir_node_get(node, "options");
  g_autofree char *options_what = g_strdup_printf("\"options\" of stage \"%s\"", name);
  if (options && weir_node_check_kind(options, WEIR_NODE_MAP, options_what, diagnostics))
    stage->options = weir_node_ref(options);
  read_from(stage, diagnostics);
}

static void
read_stages(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  WeirNode *map = weir_node_get(pipeline->tree, "stages");
  if (!map) {
    weir_diagnostics_error(diagnostics, weir_node_position(pipeline->tree), "the pipeline has no \"stages\"");
    return;
  }
  if (!weir_node_check_kind(map, WEIR_NODE_MAP, "\"stages\"", diagnostics))
    return;
  if (weir_node_size(map) == 0 || weir_node_size(map) > MAX_STAGES)
    weir_diagnostics_error(diagnostics, weir_node_position(map),
                           "a pipeline has 1 to %d stages, this one has %zu", MAX_STAGES,
                           weir_node_size(map));
  else
    for (gsize i = 0; i < weir_node_size(map); i++)
      read_stage(pipeline, weir_node_key_at(map, i), weir_node_key_position_at(map, i), weir_node_at(map, i),
                 diagnostics);
}

/* ---- The whole ------------------------------------------------------------------------------------------ */

static void
read_head(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"$schema",  "weir",        "name",       "help",   "seed",
                                     "on_error", "max_rejects", "parameters", "stages", NULL};
  WeirNode *tree = pipeline->tree;
  weir_node_check_keys(tree, keys, "the pipeline", diagnostics);
  WeirNode *weir = weir_node_get(tree, "weir");
  if (!weir)
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, weir_node_position(tree),
                                                "the file does not say that it is a pipeline"),
                         "begin it with \"weir\": 1");
  else if (weir_node_kind(weir) != WEIR_NODE_INTEGER || weir_node_integer(weir) != 1)
    weir_diagnostics_error(diagnostics, weir_node_position(weir),
                           "\"weir\" must be 1, the version of the pipeline format that this program reads");
  pipeline->name = get_string(tree, "name", "\"name\"", diagnostics);
  if (!pipeline->name)
    pipeline->name = "pipeline";
  else
    check_name(pipeline->name, "pipeline", weir_node_position(weir_node_get(tree, "name")), diagnostics);
  pipeline->help = get_string(tree, "help", "\"help\"", diagnostics);
  pipeline->seed = weir_node_get(tree, "seed");
  pipeline->on_error = weir_node_get(tree, "on_error");
  pipeline->max_rejects = weir_node_get(tree, "max_rejects");
}

WeirPipeline *
weir_pipeline_load(const char *file, WeirDiagnostics *diagnostics)
{
  g_autoptr(WeirNode) tree = weir_node_load(file, diagnostics);
  if (!tree || !weir_node_check_kind(tree, WEIR_NODE_MAP, "a pipeline", diagnostics))
    return NULL;
  g_autoptr(WeirPipeline) pipeline = g_new0(WeirPipeline, 1);
  g_autofree char *absolute = g_canonicalize_filename(file, NULL);
  pipeline->file = g_strdup(file);
  pipeline->folder = g_path_get_dirname(absolute);
  pipeline->tree = g_steal_pointer(&tree);
  pipeline->parameters = g_ptr_array_new_with_free_func(parameter_free);
  pipeline->stages = g_ptr_array_new_with_free_func(stage_spec_free);
  read_head(pipeline, diagnostics);
  read_parameters(pipeline, diagnostics);
  read_stages(pipeline, diagnostics);
  return weir_diagnostics_n_errors(diagnostics) ? NULL : g_steal_pointer(&pipeline);
}
