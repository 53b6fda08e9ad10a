/* SPDX-License-Identifier: MIT */
/* Makes the stages of a pipeline from its entries: one for each element of an "each", all those of an "include". */
#include "base/nearest.h"
#include "core/pipeline_private.h"

#define MAX_NAME   255 /* of a stage, with those of its includes */
#define MAX_SCOPES (2 * WEIR_PIPELINE_MAX_STAGES)

static gboolean unfold_scope(WeirScope *scope, WeirDiagnostics *diagnostics);

/* ---- Instances ------------------------------------------------------------------------------------------ */

static gboolean
refuse_number(const WeirEntry *entry, WeirDiagnostics *diagnostics)
{
  weir_diagnostics_error(
      diagnostics, entry->position,
      "with \"%s\" the pipeline has more than %d stages, includes and \"each\" written out", entry->name,
      WEIR_PIPELINE_MAX_STAGES);
  return FALSE;
}

/* What a stage is, and where that is written; `use` NULL after an error. */
static void
set_use(WeirStageSpec *stage, const WeirEntry *entry, WeirDiagnostics *diagnostics)
{
  g_autoptr(WeirNode) use = weir_scope_expand(entry->scope, stage->element, entry->use, NULL, diagnostics);
  stage->use_position = weir_node_position(entry->use);
  if (use && weir_node_check_kind(use, WEIR_NODE_STRING, "\"use\"", diagnostics))
    stage->use = weir_pipeline_keep(entry->scope->pipeline, weir_node_string(use));
}

static gboolean
make_stage(WeirEntry *entry, WeirInstance *instance, const char *name, WeirDiagnostics *diagnostics)
{
  WeirPipeline *pipeline = entry->scope->pipeline;
  if (pipeline->stages->len >= WEIR_PIPELINE_MAX_STAGES)
    return refuse_number(entry, diagnostics);
  WeirStageSpec *stage = g_new0(WeirStageSpec, 1);
  instance->stage = stage;
  stage->name = name;
  stage->position = entry->position;
  stage->scope = entry->scope;
  stage->element = instance->element;
  stage->left_out = instance->left_out;
  stage->node = entry->node;
  stage->discard = entry->discard;
  stage->on_error = entry->on_error;
  stage->max_rejects = entry->max_rejects;
  stage->options = entry->options ? weir_node_ref(entry->options) : NULL;
  stage->inputs = g_ptr_array_new_with_free_func(weir_input_spec_free);
  if (!stage->left_out)
    set_use(stage, entry, diagnostics);
  g_ptr_array_add(pipeline->stages, stage);
  return TRUE;
}

static gboolean
make_include(WeirEntry *entry, WeirInstance *instance, const char *name, WeirDiagnostics *diagnostics)
{
  if (entry->scope->pipeline->scopes->len >= MAX_SCOPES)
    return refuse_number(entry, diagnostics);
  g_autofree char *prefix = g_strconcat(name, "/", NULL);
  instance->scope = weir_scope_include(entry, instance->element, prefix, instance->left_out, diagnostics);
  return !instance->scope || unfold_scope(instance->scope, diagnostics);
}

/* Takes `element`. FALSE: there are too many. */
static gboolean
make_instance(WeirEntry *entry, WeirElement *element, WeirDiagnostics *diagnostics)
{
  WeirScope *scope = entry->scope;
  WeirInstance *instance = g_new0(WeirInstance, 1);
  instance->element = element;
  g_ptr_array_add(entry->instances, instance);
  if (element)
    g_hash_table_insert(entry->keys, element->key, instance);
  const char *name = weir_pipeline_print(scope->pipeline, "%s%s%s%s", scope->prefix, entry->name,
                                         element ? "/" : "", element ? element->key : "");
  if (strlen(name) > MAX_NAME) {
    weir_diagnostics_error(diagnostics, entry->position, "the name \"%s\" is longer than %d characters", name,
                           MAX_NAME);
    return TRUE;
  }
  instance->left_out =
      scope->left_out || !weir_scope_when(scope, element, entry->each, entry->when, diagnostics);
  return entry->include ? make_include(entry, instance, name, diagnostics)
                        : make_stage(entry, instance, name, diagnostics);
}

static gboolean
unfold_entry(WeirEntry *entry, WeirDiagnostics *diagnostics)
{
  if (!entry->use && !entry->include)
    return TRUE; /* as was reported */
  if (!entry->each)
    return make_instance(entry, NULL, diagnostics);
  if (entry->scope->left_out) /* its list may have no value */
    return TRUE;
  g_autoptr(GPtrArray) elements = weir_entry_elements(entry, diagnostics);
  entry->broken = !elements;
  gboolean fine = TRUE;
  for (guint i = 0; elements && i < elements->len && fine; i++)
    fine = make_instance(entry, g_steal_pointer(&elements->pdata[i]), diagnostics);
  return fine;
}

static gboolean
unfold_scope(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < scope->entries->len; i++)
    if (!unfold_entry(scope->entries->pdata[i], diagnostics))
      return FALSE;
  return TRUE;
}

/* ---- Options from outside ------------------------------------------------------------------------------- */

static const char *
stage_name_at(gpointer data, gsize index)
{
  const WeirPipeline *pipeline = data;
  return index < pipeline->stages->len ? ((WeirStageSpec *)pipeline->stages->pdata[index])->name : NULL;
}

static void
apply_setting(WeirPipeline *pipeline, const WeirSetting *setting, WeirDiagnostics *diagnostics)
{
  WeirStageSpec *stage = weir_pipeline_stage(pipeline, setting->stage);
  if (!stage) {
    g_autofree char *meant = weir_did_you_mean_of(setting->stage, stage_name_at, pipeline);
    weir_diagnostics_error(diagnostics, setting->position, "pipeline \"%s\" has no stage \"%s\"%s",
                           pipeline->name, setting->stage, meant);
    return;
  }
  WeirNode *options = stage->options ? weir_node_copy(stage->options) : weir_node_new_map(setting->position);
  weir_node_set(options, setting->option, setting->position, weir_node_ref(setting->value));
  weir_node_unref(stage->options);
  stage->options = options;
}

/* What the command line says comes last, and so wins. */
static void
apply_settings(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  for (int by_command = 0; by_command < 2; by_command++)
    for (guint i = 0; i < pipeline->settings->len; i++) {
      const WeirSetting *setting = pipeline->settings->pdata[i];
      if (setting->by_command == by_command)
        apply_setting(pipeline, setting, diagnostics);
    }
}

/* ---- Outputs that are discarded ------------------------------------------------------------------------- */

static void
discard_references(WeirPipeline *pipeline, const GPtrArray *references)
{
  for (guint i = 0; references && i < references->len; i++) {
    const WeirReference *reference = references->pdata[i];
    for (guint k = 0; k < reference->sources->len; k++) {
      const char *name = g_array_index(reference->sources, WeirCandidate, k).name, *dot = strchr(name, '.');
      g_autofree char *stage_name = dot ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
      WeirStageSpec *stage = weir_pipeline_stage(pipeline, stage_name);
      if (!stage)
        continue;
      if (!stage->discarded)
        stage->discarded = g_ptr_array_new();
      g_ptr_array_add(stage->discarded, (gpointer)(dot ? dot + 1 : ""));
    }
  }
}

static const char *
output_name_at(gpointer data, gsize index)
{
  const WeirScope *scope = data;
  return index < scope->outputs->len ? ((WeirPortSpec *)scope->outputs->pdata[index])->name : NULL;
}

/* Those that an include's "discard" names; of the pipeline file itself all, since it was written to be included. */
static void
discard_outputs(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  const WeirNode *list = scope->entry ? scope->entry->discard : NULL;
  for (guint i = 0; !scope->parent && i < scope->outputs->len; i++)
    discard_references(scope->pipeline, ((WeirPortSpec *)scope->outputs->pdata[i])->references);
  if (!list || !weir_node_check_kind(list, WEIR_NODE_LIST, "\"discard\"", diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(list); i++) {
    const WeirNode *name = weir_node_at(list, i);
    if (!weir_node_check_kind(name, WEIR_NODE_STRING, "a discarded output", diagnostics))
      continue;
    const WeirPortSpec *output = weir_port_spec_find(scope->outputs, weir_node_string(name));
    if (output) {
      discard_references(scope->pipeline, output->references);
      continue;
    }
    g_autofree char *meant = weir_did_you_mean_of(weir_node_string(name), output_name_at, scope);
    weir_diagnostics_error(diagnostics, weir_node_position(name), "%s has no output \"%s\"%s",
                           scope->file->path, weir_node_string(name), meant);
  }
}

/* ---- The whole ------------------------------------------------------------------------------------------ */

static void
resolve_scope(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  if (scope->left_out)
    return;
  weir_scope_resolve_ports(scope, diagnostics);
  discard_outputs(scope, diagnostics);
  for (guint i = 0; i < scope->entries->len; i++) {
    const WeirEntry *entry = scope->entries->pdata[i];
    for (guint k = 0; k < entry->instances->len; k++) {
      const WeirInstance *instance = entry->instances->pdata[k];
      if (instance->scope)
        resolve_scope(instance->scope, diagnostics);
      if (!instance->stage || instance->left_out)
        continue;
      g_ptr_array_unref(instance->stage->inputs);
      instance->stage->inputs = weir_entry_resolve(entry, instance, diagnostics);
    }
  }
}

/* A file that is run by itself has nobody to give it inputs. */
static void
check_root(const WeirScope *root, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < root->inputs->len; i++) {
    const WeirPortSpec *input = root->inputs->pdata[i];
    if (!input->optional)
      weir_diagnostic_hint(weir_diagnostics_error(
                               diagnostics, input->position,
                               "this pipeline needs the input \"%s\": it cannot run by itself", input->name),
                           "include it in another, or give the input \"optional\": true");
  }
}

void
weir_pipeline_unfold(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  if (pipeline->unfolded)
    return;
  pipeline->unfolded = TRUE;
  check_root(pipeline->root, diagnostics);
  if (!unfold_scope(pipeline->root, diagnostics))
    return;
  apply_settings(pipeline, diagnostics);
  resolve_scope(pipeline->root, diagnostics);
}
