/* SPDX-License-Identifier: MIT */
/* begin.json, written and read: a plan as a description in which nothing is left to resolve but secrets. */
#include "core/begun.h"

#include "base/error.h"
#include "base/files.h"
#include "core/pipeline_private.h"
#include "core/run.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT 1 /* of run directories */

/* ---- Writing -------------------------------------------------------------------------------------------- */

/* A resolved value is written so that it stands for itself where "${" has a meaning. */
static WeirNode *
escape(const WeirNode *scalar, gpointer data)
{
  (void)data;
  if (weir_node_kind(scalar) != WEIR_NODE_STRING || !strstr(weir_node_string(scalar), "${"))
    return NULL;
  g_auto(GStrv) parts = g_strsplit(weir_node_string(scalar), "${", -1);
  g_autofree char *text = g_strjoinv("$${", parts);
  return weir_node_new_string(weir_node_position(scalar), text);
}

/* {"file": "path"} with the path made absolute: what it was relative to is not known any more when it is read. */
static WeirNode *
secret_with_path(const WeirPipeline *pipeline, WeirNode *shown)
{
  const WeirNode *file = weir_node_kind(shown) == WEIR_NODE_MAP ? weir_node_get(shown, "file") : NULL;
  if (!file || weir_node_kind(file) != WEIR_NODE_STRING || strstr(weir_node_string(file), "${"))
    return weir_node_ref(shown);
  g_autofree char *path =
      g_canonicalize_filename(weir_node_string(file), weir_pipeline_folder_of(pipeline, file));
  WeirNode *map = weir_node_new_map(weir_node_position(shown));
  weir_node_set(map, "file", weir_node_position(shown),
                weir_node_new_string(weir_node_position(shown), path));
  return map;
}

/* What stands for an option in the record: its value, but for what came from the environment and for a secret the
   reference, which will be read again. */
static WeirNode *
recorded_option(const WeirPlanStage *stage, const weir_option *option, const WeirNode *values)
{
  const WeirStageSpec *spec = stage->spec;
  WeirNode *shown = stage->shown ? weir_node_get(stage->shown, option->name) : NULL;
  const WeirNode *written = spec->options ? weir_node_get(spec->options, option->name) : NULL;
  if (!shown && (option->type != WEIR_SECRET || !written))
    return weir_node_rewrite(weir_node_get(values, option->name), escape, NULL);
  g_autoptr(WeirNode) expanded =
      shown ? weir_node_ref(shown) : weir_scope_expand_shown(spec->scope, spec->element, written);
  return secret_with_path(stage->plan->pipeline, expanded);
}

static void
write_options(WeirJsonWriter *json, const WeirPlanStage *stage)
{
  g_autoptr(WeirNode) values = weir_options_to_node(stage->class, stage->state, stage->given);
  weir_json_key(json, "options");
  weir_json_begin_object(json);
  for (guint o = 0; o < stage->class->n_options; o++) {
    const weir_option *option = &stage->class->options[o];
    if (!g_hash_table_contains(stage->given, option->name))
      continue;
    g_autoptr(WeirNode) value = recorded_option(stage, option, values);
    weir_json_key(json, option->name);
    weir_node_write_json(value, json);
  }
  weir_json_end_object(json);
}

static void
write_edges(WeirJsonWriter *json, const WeirPlanStage *stage)
{
  weir_json_key(json, "from");
  weir_json_begin_object(json);
  for (guint i = 0; i < stage->n_inputs; i++) {
    const WeirInput *input = &stage->inputs[i];
    if (!input->edges->len)
      continue;
    weir_json_key(json, input->name);
    weir_json_begin_array(json);
    for (guint e = 0; e < input->edges->len; e++) {
      const WeirEdge *edge = input->edges->pdata[e];
      g_autofree char *name = g_strdup_printf("%s.%s", edge->from->stage->name, edge->from->name);
      weir_json_string(json, name);
    }
    weir_json_end_array(json);
  }
  weir_json_end_object(json);
  weir_json_key(json, "discard");
  weir_json_begin_array(json);
  for (guint o = 0; o < stage->n_outputs; o++)
    if (!stage->outputs[o].edges->len)
      weir_json_string(json, stage->outputs[o].name);
  weir_json_end_array(json);
}

static void
write_stages(WeirJsonWriter *json, const WeirPlan *plan)
{
  weir_json_key(json, "stages");
  weir_json_begin_array(json);
  for (guint i = 0; i < plan->stages->len; i++) {
    const WeirPlanStage *stage = plan->stages->pdata[i];
    WeirPosition at = stage->spec->position;
    weir_json_begin_object(json);
    weir_json_member_string(json, "name", stage->name);
    weir_json_member_string(json, "use", stage->use);
    weir_json_member_string(json, "file", at.file);
    weir_json_member_unsigned(json, "line", at.line);
    weir_json_member_unsigned(json, "column", at.column);
    weir_json_member_string(json, "on_error", stage->rejects.reject ? "reject" : "stop");
    if (stage->rejects.reject && stage->rejects.max <= G_MAXINT64)
      weir_json_member_unsigned(json, "max_rejects", stage->rejects.max);
    write_options(json, stage);
    write_edges(json, stage);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_parameter(WeirJsonWriter *json, const WeirPipeline *pipeline, const WeirParameter *parameter)
{
  g_autoptr(WeirNode) shown = parameter->shown ? secret_with_path(pipeline, parameter->shown) : NULL;
  weir_json_begin_object(json);
  weir_json_member_string(json, "name", parameter->name);
  weir_json_member_string(json, "type", weir_parameter_type_name(parameter->type));
  weir_json_member_string(json, "help", parameter->help);
  weir_json_member_integer(json, "given", parameter->given);
  weir_json_key(json, "choices");
  weir_json_begin_array(json);
  for (guint c = 0; parameter->choices && parameter->choices[c]; c++)
    weir_json_string(json, parameter->choices[c]);
  weir_json_end_array(json);
  weir_json_key(json, shown ? "reference" : "value");
  if (shown || parameter->value)
    weir_node_write_json(shown ? shown : parameter->value, json);
  else
    weir_json_null(json);
  weir_json_end_object(json);
}

static void
write_parameters(WeirJsonWriter *json, const WeirPipeline *pipeline)
{
  weir_json_key(json, "parameters");
  weir_json_begin_array(json);
  for (guint i = 0; i < pipeline->parameters->len; i++)
    write_parameter(json, pipeline, pipeline->parameters->pdata[i]);
  weir_json_end_array(json);
}

static void
write_inputs(WeirJsonWriter *json, const WeirInputDigests *inputs)
{
  weir_json_key(json, "inputs");
  weir_json_begin_array(json);
  for (guint i = 0; i < weir_inputs_get_n(inputs); i++) {
    const WeirInputFile *file = weir_inputs_get(inputs, i);
    weir_json_begin_object(json);
    weir_json_member_string(json, "path", file->path);
    weir_json_member_string(json, "signature", file->signature);
    weir_json_member_string(json, "token", file->token);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_pipeline(WeirJsonWriter *json, const WeirPlan *plan)
{
  const WeirPipeline *pipeline = plan->pipeline;
  weir_json_key(json, "pipeline");
  weir_json_begin_object(json);
  weir_json_member_string(json, "name", pipeline->name);
  weir_json_member_string(json, "help", pipeline->help);
  weir_json_member_string(json, "file", pipeline->file);
  weir_json_member_string(json, "folder", pipeline->folder);
  weir_json_key(json, "files");
  weir_json_begin_array(json);
  for (guint i = 0; i < pipeline->files->len; i++) {
    const WeirPipelineFile *file = pipeline->files->pdata[i];
    weir_json_begin_object(json);
    weir_json_member_string(json, "path", file->path);
    weir_json_member_string(json, "sha256", file->digest);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
}

static void
write_strings(WeirJsonWriter *json, const char *key, const char *const *texts)
{
  weir_json_key(json, key);
  weir_json_begin_array(json);
  for (guint i = 0; texts[i]; i++)
    weir_json_string(json, texts[i]);
  weir_json_end_array(json);
}

gboolean
weir_begun_write(const char *directory, const char *id, gint64 started_us, const WeirPlan *plan,
                 const char *const *plugin_folders, const WeirInputDigests *inputs, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autofree char *here = g_get_current_dir();
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  weir_json_begin_object(json);
  weir_json_member_integer(json, "format", FORMAT);
  weir_json_member_string(json, "weir", weir_version());
  weir_json_member_string(json, "id", id);
  weir_json_member_integer(json, "started_us", started_us);
  weir_json_member_unsigned(json, "max_record", weir_budget_record_limit(plan->run->budget));
  write_pipeline(json, plan);
  weir_json_member_string(json, "working_directory", here);
  write_strings(json, "plugin_folders", plugin_folders);
  weir_json_member_integer(json, "seed", (gint64)plan->seed);
  write_parameters(json, plan->pipeline);
  write_stages(json, plan);
  write_inputs(json, inputs);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  g_autofree char *path = g_build_filename(directory, WEIR_BEGUN_FILE, NULL);
  return weir_atomic_write(path, out->str, (gssize)out->len, WEIR_ATOMIC_NO_SYNC, error);
}

/* ---- Reading -------------------------------------------------------------------------------------------- */

/* The string under a key, which lives as long as the tree; NULL without one. */
static const char *
text_at(const WeirNode *map, const char *key)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  return node && weir_node_kind(node) == WEIR_NODE_STRING ? weir_node_string(node) : NULL;
}

static gint64
integer_at(const WeirNode *map, const char *key)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  return node && weir_node_kind(node) == WEIR_NODE_INTEGER ? weir_node_integer(node) : 0;
}

/* The strings of a list; g_strfreev(). */
static char **
texts_at(const WeirNode *map, const char *key)
{
  const WeirNode *list = map ? weir_node_get(map, key) : NULL;
  gsize n = list ? weir_node_size(list) : 0;
  char **texts = g_new0(char *, n + 1);
  for (gsize i = 0, k = 0; i < n; i++)
    if (weir_node_kind(weir_node_at(list, i)) == WEIR_NODE_STRING)
      texts[k++] = g_strdup(weir_node_string(weir_node_at(list, i)));
  return texts;
}

static gboolean
is_map(const WeirNode *node)
{
  return !node || weir_node_kind(node) == WEIR_NODE_MAP;
}

static WeirInputSpec *
read_input(const WeirNode *from, gsize index, WeirPosition at)
{
  const WeirNode *list = weir_node_at(from, index);
  WeirInputSpec *input = weir_input_spec_new(weir_node_key_at(from, index), at);
  for (gsize i = 0; i < weir_node_size(list); i++) {
    const WeirNode *name = weir_node_at(list, i);
    WeirReference *reference = weir_reference_new(at, FALSE);
    weir_reference_add(reference, weir_node_kind(name) == WEIR_NODE_STRING ? weir_node_string(name) : "", at);
    g_ptr_array_add(input->references, reference);
  }
  return input;
}

static gboolean
read_stage(WeirPipeline *pipeline, WeirNode *node)
{
  WeirNode *from = weir_node_get(node, "from"), *options = weir_node_get(node, "options");
  const char *name = text_at(node, "name"), *use = text_at(node, "use"), *file = text_at(node, "file");
  if (!name || !use || !is_map(from) || !is_map(options))
    return FALSE;
  WeirStageSpec *stage = g_new0(WeirStageSpec, 1);
  g_ptr_array_add(pipeline->stages, stage);
  stage->name = name;
  stage->use = use;
  stage->position = stage->use_position =
      file ? weir_position(file, (guint)integer_at(node, "line"), (guint)integer_at(node, "column"))
           : WEIR_POSITION_NONE;
  stage->node = node;
  stage->scope = pipeline->root;
  stage->discard = weir_node_get(node, "discard");
  stage->on_error = weir_node_get(node, "on_error");
  stage->max_rejects = weir_node_get(node, "max_rejects");
  stage->inputs = g_ptr_array_new_with_free_func(weir_input_spec_free);
  stage->options = options ? weir_node_ref(options) : NULL;
  for (gsize i = 0; from && i < weir_node_size(from); i++)
    g_ptr_array_add(stage->inputs, read_input(from, i, stage->position));
  return TRUE;
}

static gboolean
read_parameter(WeirPipeline *pipeline, const WeirNode *node)
{
  const char *name = text_at(node, "name"), *type = text_at(node, "type");
  WeirNode *value = weir_node_get(node, "value"), *reference = weir_node_get(node, "reference");
  WeirParameter *parameter = g_new0(WeirParameter, 1);
  g_ptr_array_add(pipeline->parameters, parameter);
  parameter->scope = pipeline->root;
  if (!name || !type || !weir_parameter_type_of(type, &parameter->type))
    return FALSE;
  parameter->name = name;
  parameter->help = text_at(node, "help");
  parameter->given = (WeirGiver)integer_at(node, "given");
  parameter->optional = TRUE;
  if (weir_node_get(node, "choices") && weir_node_size(weir_node_get(node, "choices")))
    parameter->choices = texts_at(node, "choices");
  if (value && weir_node_kind(value) != WEIR_NODE_NULL)
    parameter->value = weir_node_ref(value);
  if (reference)
    parameter->written = weir_node_ref(reference);
  return TRUE;
}

static WeirPipeline *
new_pipeline(const WeirNode *about, WeirNode *tree, const char *path)
{
  const WeirNode *files = weir_node_get(about, "files");
  const char *file = text_at(about, "file"), *folder = text_at(about, "folder");
  if (!files || !weir_node_size(files) || !file || !folder)
    return NULL;
  WeirPipeline *pipeline =
      weir_pipeline_new_recorded(file, text_at(weir_node_at(files, 0), "sha256"), folder, tree, path);
  for (gsize i = 1; i < weir_node_size(files); i++)
    if (text_at(weir_node_at(files, i), "path"))
      weir_pipeline_add_recorded(pipeline, text_at(weir_node_at(files, i), "path"),
                                 text_at(weir_node_at(files, i), "sha256"));
  return pipeline;
}

static gboolean
read_pipeline(WeirBegun *begun, WeirNode *tree, const char *path)
{
  const WeirNode *about = weir_node_get(tree, "pipeline");
  const WeirNode *parameters = weir_node_get(tree, "parameters"), *stages = weir_node_get(tree, "stages");
  WeirPipeline *pipeline = begun->pipeline = about ? new_pipeline(about, tree, path) : NULL;
  if (!pipeline)
    return FALSE;
  pipeline->name = text_at(about, "name");
  pipeline->help = text_at(about, "help");
  pipeline->seed = weir_node_get(tree, "seed");
  gboolean fine = pipeline->name && pipeline->seed && stages;
  for (gsize i = 0; parameters && i < weir_node_size(parameters); i++)
    fine = fine && read_parameter(pipeline, weir_node_at(parameters, i));
  for (gsize i = 0; stages && i < weir_node_size(stages); i++)
    fine = fine && read_stage(pipeline, weir_node_at(stages, i));
  return fine;
}

static void
input_free(gpointer data)
{
  WeirBegunInput *input = data;
  g_free(input->path);
  g_free(input->signature);
  g_free(input->token);
  g_free(input);
}

static void
read_inputs(WeirBegun *begun, const WeirNode *list)
{
  for (gsize i = 0; list && i < weir_node_size(list); i++) {
    const WeirNode *node = weir_node_at(list, i);
    if (!text_at(node, "path") || !text_at(node, "token"))
      continue;
    WeirBegunInput *input = g_new0(WeirBegunInput, 1);
    input->path = g_strdup(text_at(node, "path"));
    input->signature = g_strdup(text_at(node, "signature"));
    input->token = g_strdup(text_at(node, "token"));
    g_ptr_array_add(begun->inputs, input);
  }
}

/* Whoever can write begin.json says what code runs: it has to be the user's own. */
static gboolean
check_place(const char *directory, const char *path, GError **error)
{
  struct stat st;
  if (stat(directory, &st) != 0 || !S_ISDIR(st.st_mode)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "there is no run directory \"%s\"", directory);
    return FALSE;
  }
  if (stat(path, &st) != 0) {
    g_autofree char *record = g_build_filename(directory, "run.json", NULL);
    if (g_file_test(record, G_FILE_TEST_EXISTS))
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                  "\"%s\" was made by a version of Weir whose runs cannot be resumed; start the run anew",
                  directory);
    else
      g_set_error(
          error, WEIR_ERROR, WEIR_ERROR_INVALID,
          "\"%s\" is no run directory: no run was begun there; start it, with --run-dir to have it there",
          directory);
    return FALSE;
  }
  if (st.st_uid == geteuid() && !(st.st_mode & S_IWOTH))
    return TRUE;
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "\"%s\" is not resumed: %s, who could have had it run any code; start the run anew", path,
              st.st_uid == geteuid() ? "everybody can write to it" : "it belongs to another user");
  return FALSE;
}

static WeirNode *
load(const char *directory, const char *path, GError **error)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) tree = weir_node_load(path, diagnostics);
  if (!tree) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 1);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" cannot be resumed: %s", directory,
                g_strchomp(text));
    return NULL;
  }
  if (integer_at(tree, "format") == FORMAT)
    return g_steal_pointer(&tree);
  const char *version = text_at(tree, "weir");
  g_set_error(
      error, WEIR_ERROR, WEIR_ERROR_INVALID,
      "\"%s\" was begun by Weir %s, whose run directories this version (%s) does not read; resume it with "
      "that version, or start the run anew",
      directory, version ? version : "of another version", weir_version());
  return NULL;
}

WeirBegun *
weir_begun_read(const char *directory, GError **error)
{
  g_autofree char *path = g_build_filename(directory, WEIR_BEGUN_FILE, NULL);
  g_autoptr(WeirNode) tree = check_place(directory, path, error) ? load(directory, path, error) : NULL;
  if (!tree)
    return NULL;
  g_autoptr(WeirBegun) begun = g_new0(WeirBegun, 1);
  begun->id = g_strdup(text_at(tree, "id"));
  begun->started_us = integer_at(tree, "started_us");
  begun->max_record = (guint64)MAX(integer_at(tree, "max_record"), 0);
  begun->working_directory = g_strdup(text_at(tree, "working_directory"));
  begun->plugin_folders = texts_at(tree, "plugin_folders");
  begun->inputs = g_ptr_array_new_with_free_func(input_free);
  read_inputs(begun, weir_node_get(tree, "inputs"));
  if (read_pipeline(begun, tree, path) && begun->id && begun->working_directory)
    return g_steal_pointer(&begun);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" is damaged; start the run anew", path);
  return NULL;
}

void
weir_begun_free(WeirBegun *begun)
{
  if (!begun)
    return;
  weir_pipeline_free(begun->pipeline);
  if (begun->inputs)
    g_ptr_array_unref(begun->inputs);
  g_strfreev(begun->plugin_folders);
  g_free(begun->id);
  g_free(begun->working_directory);
  g_free(begun);
}
