/* SPDX-License-Identifier: MIT */
/* Reads the entries under "stages" of a pipeline file: stages and includes, with their references as written. */
#include "core/pipeline_private.h"

/* ---- References ----------------------------------------------------------------------------------------- */

WeirReference *
weir_reference_new(WeirPosition position, gboolean first)
{
  WeirReference *reference = g_new0(WeirReference, 1);
  reference->position = position;
  reference->first = first;
  reference->sources = g_array_new(FALSE, FALSE, sizeof(WeirCandidate));
  return reference;
}

void
weir_reference_free(gpointer data)
{
  WeirReference *reference = data;
  g_array_unref(reference->sources);
  g_free(reference);
}

void
weir_reference_add(WeirReference *reference, const char *name, WeirPosition position)
{
  WeirCandidate source = {.name = name, .position = position};
  g_array_append_val(reference->sources, source);
}

WeirReference *
weir_reference_read(WeirNode *node, WeirDiagnostics *diagnostics)
{
  WeirReference *reference = weir_reference_new(weir_node_position(node), FALSE);
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
    if (!weir_node_check_kind(name, WEIR_NODE_STRING, "a reference to a stage", diagnostics))
      continue;
    weir_reference_add(reference, weir_node_string(name), weir_node_position(name));
  }
  return reference;
}

WeirInputSpec *
weir_input_spec_new(const char *port, WeirPosition position)
{
  WeirInputSpec *input = g_new0(WeirInputSpec, 1);
  input->port = port;
  input->position = position;
  input->references = g_ptr_array_new_with_free_func(weir_reference_free);
  return input;
}

void
weir_input_spec_free(gpointer data)
{
  WeirInputSpec *input = data;
  g_ptr_array_unref(input->references);
  g_free(input);
}

WeirInputSpec *
weir_input_spec_read(const char *port, WeirPosition position, WeirNode *node, WeirDiagnostics *diagnostics)
{
  WeirInputSpec *input = weir_input_spec_new(port, position);
  gboolean list = weir_node_kind(node) == WEIR_NODE_LIST;
  for (gsize i = 0; i < (list ? weir_node_size(node) : 1); i++)
    g_ptr_array_add(input->references, weir_reference_read(list ? weir_node_at(node, i) : node, diagnostics));
  return input;
}

static gboolean
is_first(const WeirNode *node)
{
  WeirNode *list = weir_node_get(node, "first");
  return list && weir_node_size(node) == 1 && weir_node_kind(list) == WEIR_NODE_LIST;
}

static void
read_from(WeirEntry *entry, WeirDiagnostics *diagnostics)
{
  WeirNode *from = weir_node_get(entry->node, "from");
  if (!from)
    return;
  if (weir_node_kind(from) != WEIR_NODE_MAP || is_first(from)) {
    g_ptr_array_add(entry->inputs, weir_input_spec_read(NULL, weir_node_position(from), from, diagnostics));
    return;
  }
  for (gsize i = 0; i < weir_node_size(from); i++)
    g_ptr_array_add(entry->inputs,
                    weir_input_spec_read(weir_node_key_at(from, i), weir_node_key_position_at(from, i),
                                         weir_node_at(from, i), diagnostics));
}

/* ---- Entries -------------------------------------------------------------------------------------------- */

void
weir_stage_spec_free(gpointer data)
{
  WeirStageSpec *stage = data;
  g_ptr_array_unref(stage->inputs);
  if (stage->discarded)
    g_ptr_array_unref(stage->discarded);
  weir_node_unref(stage->options);
  g_free(stage);
}

static void
instance_free(gpointer data)
{
  WeirInstance *instance = data;
  if (instance->stage)
    weir_stage_spec_free(instance->stage);
  if (instance->element)
    weir_element_free(instance->element);
  g_free(instance);
}

void
weir_entry_free(gpointer data)
{
  WeirEntry *entry = data;
  g_ptr_array_unref(entry->inputs);
  g_ptr_array_unref(entry->instances);
  g_hash_table_unref(entry->keys);
  g_free(entry);
}

/* The node under a key if it is of this kind; another kind is an error. */
static WeirNode *
get_node(const WeirEntry *entry, const char *key, WeirNodeKind kind, WeirDiagnostics *diagnostics)
{
  WeirNode *node = weir_node_get(entry->node, key);
  g_autofree char *what = g_strdup_printf("\"%s\" of stage \"%s\"", key, entry->name);
  return node && weir_node_check_kind(node, kind, what, diagnostics) ? node : NULL;
}

/* What a stage and an include have each for itself. */
static void
read_use_or_include(WeirEntry *entry, WeirDiagnostics *diagnostics)
{
  static const char *const stage_keys[] = {"use",     "from",     "options",     "when", "each",
                                           "discard", "on_error", "max_rejects", "help", NULL};
  static const char *const include_keys[] = {"include", "from",    "parameters", "when",
                                             "each",    "discard", "help",       NULL};
  g_autofree char *what = g_strdup_printf("stage \"%s\"", entry->name);
  WeirNode *use = weir_node_get(entry->node, "use"), *include = weir_node_get(entry->node, "include");
  if (use && include) {
    weir_diagnostics_error(diagnostics, weir_node_key_position(entry->node, "include"),
                           "stage \"%s\" has both \"use\" and \"include\"", entry->name);
    return;
  }
  weir_node_check_keys(entry->node, include ? include_keys : stage_keys, what, diagnostics);
  if (include) {
    entry->include = get_node(entry, "include", WEIR_NODE_STRING, diagnostics);
    entry->parameters = get_node(entry, "parameters", WEIR_NODE_MAP, diagnostics);
    return;
  }
  if (!use)
    weir_diagnostic_hint(
        weir_diagnostics_error(diagnostics, entry->position, "stage \"%s\" has no \"use\"", entry->name),
        "say which stage it is, such as \"use\": \"file.read\"");
  else if (weir_node_check_kind(use, WEIR_NODE_STRING, "\"use\"", diagnostics))
    entry->use = use;
  entry->options = get_node(entry, "options", WEIR_NODE_MAP, diagnostics);
}

static void
read_entry(WeirScope *scope, const char *name, WeirPosition position, WeirNode *node,
           WeirDiagnostics *diagnostics)
{
  g_autofree char *what = g_strdup_printf("stage \"%s\"", name);
  if (!weir_pipeline_check_name(name, "stage", position, diagnostics) ||
      !weir_node_check_kind(node, WEIR_NODE_MAP, what, diagnostics))
    return;
  WeirEntry *entry = g_new0(WeirEntry, 1);
  g_ptr_array_add(scope->entries, entry);
  g_hash_table_insert(scope->entry_index, (gpointer)name, entry);
  entry->name = name;
  entry->position = position;
  entry->scope = scope;
  entry->node = node;
  entry->inputs = g_ptr_array_new_with_free_func(weir_input_spec_free);
  entry->instances = g_ptr_array_new_with_free_func(instance_free);
  entry->keys = g_hash_table_new(g_str_hash, g_str_equal);
  read_use_or_include(entry, diagnostics);
  entry->when = weir_node_get(node, "when");
  entry->each = weir_node_get(node, "each");
  entry->discard = weir_node_get(node, "discard");
  entry->on_error = weir_node_get(node, "on_error");
  entry->max_rejects = weir_node_get(node, "max_rejects");
  g_autofree char *help_what = g_strdup_printf("\"help\" of stage \"%s\"", name);
  weir_pipeline_get_string(node, "help", help_what, diagnostics);
  read_from(entry, diagnostics);
}

void
weir_scope_read_stages(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  WeirNode *tree = scope->file->tree, *map = weir_node_get(tree, "stages");
  if (!map) {
    weir_diagnostics_error(diagnostics, weir_node_position(tree), "the pipeline has no \"stages\"");
    return;
  }
  if (!weir_node_check_kind(map, WEIR_NODE_MAP, "\"stages\"", diagnostics))
    return;
  if (weir_node_size(map) == 0 || weir_node_size(map) > WEIR_PIPELINE_MAX_STAGES)
    weir_diagnostics_error(diagnostics, weir_node_position(map),
                           "a pipeline has 1 to %d stages, this one has %zu", WEIR_PIPELINE_MAX_STAGES,
                           weir_node_size(map));
  else
    for (gsize i = 0; i < weir_node_size(map); i++)
      read_entry(scope, weir_node_key_at(map, i), weir_node_key_position_at(map, i), weir_node_at(map, i),
                 diagnostics);
}
