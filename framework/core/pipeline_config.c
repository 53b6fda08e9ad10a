/* SPDX-License-Identifier: MIT */
/* What is set from outside of the pipeline file: config files, and options of stages. */
#include "base/error.h"
#include "base/nearest.h"
#include "base/quote.h"
#include "core/pipeline_private.h"

/* ---- Options of stages ---------------------------------------------------------------------------------- */

static const char *
entry_name_at(gpointer data, gsize index)
{
  const WeirNode *stages = data;
  return index < weir_node_size(stages) ? weir_node_key_at(stages, index) : NULL;
}

static const WeirPipelineFile *
included_file(const WeirPipeline *pipeline, const WeirNode *include)
{
  if (!include || weir_text_has_reference(include))
    return NULL;
  g_autofree char *path = weir_pipeline_include_path(pipeline, include);
  for (guint i = 0; i < pipeline->files->len; i++) {
    const WeirPipelineFile *file = pipeline->files->pdata[i];
    if (g_str_equal(file->path, path))
      return file;
  }
  return NULL;
}

/* "; did you mean "prep/unique"?" for prep/uniqe, of which the part that begins at `at` is none of the stages. g_free(). */
static char *
meant_part(const char *name, const char *at, WeirNode *stages)
{
  const char *end = at + strcspn(at, "/");
  g_autofree char *part = g_strndup(at, (gsize)(end - at));
  const char *near = weir_nearest_of(part, entry_name_at, stages);
  if (near)
    return g_strdup_printf("; did you mean \"%.*s%s%s\"?", (int)(at - name), name, near, end);
  return weir_did_you_mean_of(part, entry_name_at, stages);
}

/* Whether there can be a stage of this name, as far as the files say before parameters have values. The hint, g_free(), is
   set if not. */
static gboolean
may_be_stage(const WeirPipeline *pipeline, const char *name, char **meant)
{
  g_auto(GStrv) parts = g_strsplit(name, "/", -1);
  const WeirPipelineFile *file = pipeline->files->pdata[0];
  const char *at = name;
  for (guint i = 0; parts[i]; i++) {
    WeirNode *stages = weir_node_get(file->tree, "stages"), *entry = weir_node_get(stages, parts[i]);
    if (!entry) {
      *meant = meant_part(name, at, stages);
      return FALSE;
    }
    at += strlen(parts[i]) + 1;
    if (weir_node_get(entry, "each") && !parts[++i]) {
      *meant = g_strdup("; it has an \"each\": write KEY behind it");
      return FALSE;
    }
    if (weir_node_get(entry, "each"))
      at += strlen(parts[i]) + 1;
    const WeirNode *include = weir_node_get(entry, "include");
    if (!include && parts[i + 1]) {
      *meant = g_strdup_printf("; \"%s\" is a single stage", parts[i]);
      return FALSE;
    }
    if (include && !parts[i + 1]) {
      *meant = g_strdup("; it is a pipeline: write the name of a stage in it behind it");
      return FALSE;
    }
    file = include ? included_file(pipeline, include) : NULL;
    if (include && !file)
      return TRUE; /* known later */
  }
  return TRUE;
}

static void
add_setting(WeirPipeline *pipeline, const char *stage, const char *option, WeirNode *value,
            WeirPosition position, gboolean by_command)
{
  WeirSetting *setting = g_new0(WeirSetting, 1);
  setting->stage = g_strdup(stage);
  setting->option = g_strdup(option);
  setting->value = value;
  setting->position = position;
  setting->by_command = by_command;
  g_ptr_array_add(pipeline->settings, setting);
}

gboolean
weir_pipeline_set_option(WeirPipeline *pipeline, const char *assignment, GError **error)
{
  const char *equals = strchr(assignment, '=');
  g_autofree char *target = equals ? g_strndup(assignment, (gsize)(equals - assignment)) : NULL;
  g_autofree char *meant = NULL;
  char *dot = target ? strchr(target, '.') : NULL;
  if (!dot || dot == target || !dot[1]) {
    g_autofree char *shown = g_strndup(assignment, strcspn(assignment, "="));
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "--set wants STAGE.OPTION=VALUE, not \"%s\"",
                equals ? shown : assignment);
    return FALSE;
  }
  *dot = '\0';
  if (!may_be_stage(pipeline, target, &meant)) {
    char *last = strrchr(dot + 1, '.');
    if (last) { /* prep.unique.threshold */
      g_autofree char *stage = g_strdup_printf("%s/%.*s", target, (int)(last - dot - 1), dot + 1);
      g_free(meant);
      meant = g_strdup_printf("; a stage in another has a slash in its name: write %s%s=VALUE",
                              g_strdelimit(stage, ".", '/'), last);
    }
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "--set: pipeline \"%s\" has no stage \"%s\"%s",
                pipeline->name, target, meant);
    return FALSE;
  }
  g_autofree char *origin = g_strdup_printf("--set %s.%s", target, dot + 1);
  WeirPosition position = weir_position(origin, 0, 0);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  WeirNode *value = weir_node_parse_argument(equals + 1, position, diagnostics);
  if (!value)
    return weir_diagnostics_check(diagnostics, error);
  add_setting(pipeline, target, dot + 1, value, position, TRUE);
  return TRUE;
}

/* ---- Config files --------------------------------------------------------------------------------------- */

static void
config_option(WeirPipeline *pipeline, const char *key, WeirPosition at, WeirNode *value,
              WeirDiagnostics *diagnostics)
{
  g_autofree char *meant = NULL;
  const char *dot = strchr(key, '.');
  g_autofree char *stage = g_strndup(key, (gsize)(dot - key));
  if (!*stage || !dot[1])
    weir_diagnostics_error(diagnostics, at, "\"%s\" is neither a parameter nor STAGE.OPTION", key);
  else if (!may_be_stage(pipeline, stage, &meant))
    weir_diagnostics_error(diagnostics, at, "pipeline \"%s\" has no stage \"%s\"%s", pipeline->name, stage,
                           meant);
  else
    add_setting(pipeline, stage, dot + 1, weir_node_ref(value), at, FALSE);
}

/* A value is looked at now, unless it has to wait for what stands in its ${…}. */
static void
config_parameter(WeirPipeline *pipeline, const char *name, WeirPosition at, WeirNode *value,
                 WeirDiagnostics *diagnostics)
{
  WeirParameter *parameter = weir_pipeline_parameter(pipeline, name);
  if (!parameter) {
    g_autofree char *meant = weir_did_you_mean_of(name, weir_scope_parameter_name_at, pipeline->root);
    weir_diagnostics_error(diagnostics, at, "pipeline \"%s\" has no parameter \"%s\"%s", pipeline->name, name,
                           meant);
    return;
  }
  WeirParameter trial = *parameter;
  trial.by_default = value;
  if (weir_node_kind(value) != WEIR_NODE_NULL)
    weir_parameter_check_default(&trial, diagnostics);
  weir_node_unref(parameter->written);
  parameter->written = weir_node_kind(value) == WEIR_NODE_NULL ? NULL : weir_node_ref(value);
  if (parameter->given == WEIR_GIVEN_BY_NOBODY)
    parameter->given = WEIR_GIVEN_BY_CONFIG;
}

gboolean
weir_pipeline_set_config(WeirPipeline *pipeline, const char *file, WeirDiagnostics *diagnostics)
{
  gsize before = weir_diagnostics_n_errors(diagnostics);
  g_autoptr(WeirNode) map = weir_node_load(file, diagnostics);
  if (!map || !weir_node_check_kind(map, WEIR_NODE_MAP, "a config file", diagnostics))
    return FALSE;
  g_autofree char *absolute = g_canonicalize_filename(file, NULL);
  g_hash_table_insert(pipeline->folders, (gpointer)g_intern_string(file), g_path_get_dirname(absolute));
  if (weir_node_get(map, "weir") && weir_node_get(map, "stages")) {
    weir_diagnostic_hint(
        weir_diagnostics_error(diagnostics, weir_node_position(map), "this is a pipeline, not a config file"),
        "a config file is a map of parameters, and of STAGE.OPTION, to their values");
    return FALSE;
  }
  for (gsize i = 0; i < weir_node_size(map); i++) {
    const char *key = weir_node_key_at(map, i);
    (strchr(key, '.') ? config_option : config_parameter)(pipeline, key, weir_node_key_position_at(map, i),
                                                          weir_node_at(map, i), diagnostics);
  }
  return weir_diagnostics_n_errors(diagnostics) == before;
}
