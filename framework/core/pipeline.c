/* SPDX-License-Identifier: MIT */
/* Reads the description of a pipeline: its file and those that it includes, all errors at once. */
#include "core/pipeline_private.h"

/* ---- What it is made of --------------------------------------------------------------------------------- */

static void
scope_free(gpointer data)
{
  WeirScope *scope = data;
  g_ptr_array_unref(scope->parameters);
  g_ptr_array_unref(scope->inputs);
  for (guint i = 0; i < scope->outputs->len; i++)
    weir_input_spec_free(((WeirPortSpec *)scope->outputs->pdata[i])->written);
  g_ptr_array_unref(scope->outputs);
  g_ptr_array_unref(scope->entries);
  g_hash_table_unref(scope->entry_index);
  g_free(scope);
}

static void
file_free(gpointer data)
{
  WeirPipelineFile *file = data;
  g_free(file->real);
  g_free(file->digest);
  g_free(file->folder);
  weir_node_unref(file->tree);
  g_array_unref(file->included);
  g_free(file);
}

static void
setting_free(gpointer data)
{
  WeirSetting *setting = data;
  g_free(setting->stage);
  g_free(setting->option);
  weir_node_unref(setting->value);
  g_free(setting);
}

const char *
weir_pipeline_digest(const WeirPipeline *pipeline)
{
  return ((const WeirPipelineFile *)pipeline->files->pdata[0])->digest;
}

void
weir_pipeline_free(WeirPipeline *pipeline)
{
  if (!pipeline)
    return;
  g_ptr_array_unref(pipeline->stages);
  g_ptr_array_unref(pipeline->scopes);
  g_ptr_array_unref(pipeline->settings);
  g_ptr_array_unref(pipeline->files);
  g_hash_table_unref(pipeline->folders);
  g_string_chunk_free(pipeline->strings);
  weir_environment_free(pipeline->environment);
  g_free(pipeline->file);
  g_free(pipeline->folder);
  g_free(pipeline);
}

WeirParameter *
weir_scope_parameter(const WeirScope *scope, const char *name)
{
  for (guint i = 0; i < scope->parameters->len; i++) {
    WeirParameter *parameter = scope->parameters->pdata[i];
    if (g_str_equal(parameter->name, name))
      return parameter;
  }
  return NULL;
}

WeirParameter *
weir_pipeline_parameter(const WeirPipeline *pipeline, const char *name)
{
  return weir_scope_parameter(pipeline->root, name);
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

WeirEntry *
weir_scope_entry(const WeirScope *scope, const char *name)
{
  return g_hash_table_lookup(scope->entry_index, name);
}

const char *
weir_pipeline_keep(const WeirPipeline *pipeline, const char *text)
{
  return g_string_chunk_insert(pipeline->strings, text);
}

const char *
weir_pipeline_print(const WeirPipeline *pipeline, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  return weir_pipeline_keep(pipeline, text);
}

const char *
weir_pipeline_folder_of(const WeirPipeline *pipeline, const WeirNode *text)
{
  const char *origin = weir_node_origin(text);
  return origin ? g_hash_table_lookup(pipeline->folders, origin) : pipeline->folder;
}

/* ---- Names and texts ------------------------------------------------------------------------------------ */

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

gboolean
weir_pipeline_check_name(const char *name, const char *what, WeirPosition position,
                         WeirDiagnostics *diagnostics)
{
  if (name_is_good(name))
    return TRUE;
  weir_diagnostic_hint(weir_diagnostics_error(diagnostics, position, "\"%s\" is no name for %s%s", name,
                                              g_str_has_prefix(what, "an ") ? "" : "a ", what),
                       "a letter, then letters, digits, - and _, at most 64 in all");
  return FALSE;
}

const char *
weir_pipeline_get_string(WeirNode *map, const char *key, const char *what, WeirDiagnostics *diagnostics)
{
  WeirNode *node = weir_node_get(map, key);
  if (!node || !weir_node_check_kind(node, WEIR_NODE_STRING, what, diagnostics))
    return NULL;
  return weir_node_string(node);
}

/* ---- One file ------------------------------------------------------------------------------------------- */

static void
read_head(WeirNode *tree, WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"$schema",     "weir",       "name",   "help",    "seed",   "on_error",
                                     "max_rejects", "parameters", "inputs", "outputs", "stages", NULL};
  weir_node_check_keys(tree, keys, "the pipeline", diagnostics);
  WeirNode *weir = weir_node_get(tree, "weir");
  if (!weir)
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, weir_node_position(tree),
                                                "the file does not say that it is a pipeline"),
                         "begin it with \"weir\": 1");
  else if (weir_node_kind(weir) != WEIR_NODE_INTEGER || weir_node_integer(weir) != 1)
    weir_diagnostics_error(diagnostics, weir_node_position(weir),
                           "\"weir\" must be 1, the version of the pipeline format that this program reads");
  const char *name = weir_pipeline_get_string(tree, "name", "\"name\"", diagnostics);
  if (name)
    weir_pipeline_check_name(name, "pipeline", weir_node_position(weir_node_get(tree, "name")), diagnostics);
  weir_pipeline_get_string(tree, "help", "\"help\"", diagnostics);
}

WeirScope *
weir_scope_new(WeirPipeline *pipeline, WeirPipelineFile *file, WeirScope *parent, const WeirEntry *entry,
               const char *prefix, WeirDiagnostics *diagnostics)
{
  WeirScope *scope = g_new0(WeirScope, 1);
  scope->pipeline = pipeline;
  scope->parent = parent;
  scope->entry = entry;
  scope->file = file;
  scope->prefix = weir_pipeline_keep(pipeline, prefix);
  scope->depth = parent ? parent->depth + 1 : 0;
  scope->parameters = g_ptr_array_new_with_free_func(weir_parameter_free);
  scope->inputs = g_ptr_array_new_with_free_func(weir_port_spec_free);
  scope->outputs = g_ptr_array_new_with_free_func(weir_port_spec_free);
  scope->entries = g_ptr_array_new_with_free_func(weir_entry_free);
  scope->entry_index = g_hash_table_new(g_str_hash, g_str_equal);
  g_ptr_array_add(pipeline->scopes, scope);
  read_head(file->tree, diagnostics);
  weir_scope_read_parameters(scope, diagnostics);
  weir_scope_read_stages(scope, diagnostics);
  weir_scope_read_ports(scope, diagnostics);
  return scope;
}

/* ---- The whole ------------------------------------------------------------------------------------------ */

static WeirPipeline *
pipeline_new(const char *file)
{
  WeirPipeline *pipeline = g_new0(WeirPipeline, 1);
  g_autofree char *absolute = g_canonicalize_filename(file, NULL);
  pipeline->file = g_strdup(file);
  pipeline->folder = g_path_get_dirname(absolute);
  pipeline->stages = g_ptr_array_new();
  pipeline->scopes = g_ptr_array_new_with_free_func(scope_free);
  pipeline->settings = g_ptr_array_new_with_free_func(setting_free);
  pipeline->files = g_ptr_array_new_with_free_func(file_free);
  pipeline->folders = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
  pipeline->strings = g_string_chunk_new(1024);
  pipeline->environment = weir_environment_new();
  return pipeline;
}

static WeirPipelineFile *
recorded_file(WeirPipeline *pipeline, const char *path, const char *digest, WeirNode *tree)
{
  WeirPipelineFile *file = g_new0(WeirPipelineFile, 1);
  file->path = g_intern_string(path);
  file->real = g_strdup(path);
  file->folder = g_strdup(pipeline->folder);
  file->digest = g_strdup(digest);
  file->tree = tree ? weir_node_ref(tree) : NULL;
  file->included = g_array_new(FALSE, FALSE, sizeof(WeirPosition));
  g_ptr_array_add(pipeline->files, file);
  return file;
}

void
weir_pipeline_add_recorded(WeirPipeline *pipeline, const char *path, const char *digest)
{
  recorded_file(pipeline, path, digest, NULL);
}

WeirPipeline *
weir_pipeline_new_recorded(const char *file, const char *digest, const char *folder, WeirNode *tree,
                           const char *record)
{
  WeirPipeline *pipeline = pipeline_new(file);
  WeirScope *scope = g_new0(WeirScope, 1);
  g_free(pipeline->folder);
  pipeline->folder = g_strdup(folder);
  scope->pipeline = pipeline;
  scope->prefix = "";
  scope->file = recorded_file(pipeline, file, digest, tree);
  scope->parameters = g_ptr_array_new_with_free_func(weir_parameter_free);
  scope->inputs = g_ptr_array_new_with_free_func(weir_port_spec_free);
  scope->outputs = g_ptr_array_new_with_free_func(weir_port_spec_free);
  scope->entries = g_ptr_array_new_with_free_func(weir_entry_free);
  scope->entry_index = g_hash_table_new(g_str_hash, g_str_equal);
  g_ptr_array_add(pipeline->scopes, scope);
  g_ptr_array_set_free_func(pipeline->stages, weir_stage_spec_free);
  g_hash_table_insert(pipeline->folders, (gpointer)g_intern_string(record), g_strdup(folder));
  pipeline->root = scope;
  pipeline->parameters = scope->parameters;
  pipeline->unfolded = TRUE;
  return pipeline;
}

WeirPipeline *
weir_pipeline_load(const char *file, WeirDiagnostics *diagnostics)
{
  g_autoptr(WeirPipeline) pipeline = pipeline_new(file);
  WeirPipelineFile *read = weir_pipeline_read_file(pipeline, file, WEIR_POSITION_NONE, NULL, diagnostics);
  if (!read)
    return NULL;
  WeirNode *name = weir_node_get(read->tree, "name"), *help = weir_node_get(read->tree, "help");
  pipeline->root = weir_scope_new(pipeline, read, NULL, NULL, "", diagnostics);
  pipeline->parameters = pipeline->root->parameters;
  pipeline->seed = weir_node_get(read->tree, "seed");
  pipeline->on_error = weir_node_get(read->tree, "on_error");
  pipeline->max_rejects = weir_node_get(read->tree, "max_rejects");
  pipeline->name = name && weir_node_kind(name) == WEIR_NODE_STRING ? weir_node_string(name) : "pipeline";
  pipeline->help = help && weir_node_kind(help) == WEIR_NODE_STRING ? weir_node_string(help) : NULL;
  weir_scope_read_includes(pipeline->root, diagnostics);
  if (!weir_diagnostics_n_errors(diagnostics))
    return g_steal_pointer(&pipeline);
  weir_pipeline_note_includes(pipeline, diagnostics);
  return NULL;
}
