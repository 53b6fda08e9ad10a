/* SPDX-License-Identifier: MIT */
/* Makes a plan: opens plugins, fills options, lays out ports; the graph and the types have files of their own. */
#include "core/plan.h"
#include "core/budget.h"
#include "core/rejects.h"

#include "base/files.h"
#include "base/nearest.h"

char *
weir_plan_stage_label(const WeirPlanStage *stage)
{
  return g_strdup_printf("stage \"%s\" (%s)", stage->name, stage->use);
}

WeirPlanStage *
weir_plan_find(const WeirPlan *plan, const char *name)
{
  for (guint i = 0; i < plan->stages->len; i++) {
    WeirPlanStage *stage = plan->stages->pdata[i];
    if (g_str_equal(stage->name, name))
      return stage;
  }
  return NULL;
}

static void
stage_free(gpointer data)
{
  WeirPlanStage *stage = data;
  for (guint i = 0; i < stage->n_inputs; i++) {
    WeirInput *input = &stage->inputs[i];
    g_clear_pointer(&input->type, weir_port_type_free);
    g_clear_pointer(&input->edges, g_ptr_array_unref);
    g_clear_pointer(&input->schema, weir_schema_unref);
    g_clear_pointer(&input->binding, weir_binding_free);
  }
  for (guint i = 0; i < stage->n_outputs; i++) {
    WeirOutput *output = &stage->outputs[i];
    g_clear_pointer(&output->type, weir_port_type_free);
    g_clear_pointer(&output->edges, g_ptr_array_unref);
    g_clear_pointer(&output->schema, weir_schema_unref);
    g_clear_pointer(&output->derivation, weir_derivation_free);
  }
  g_free(stage->inputs);
  g_free(stage->outputs);
  g_hash_table_unref(stage->given);
  weir_arena_free(stage->arena);
  g_free(stage);
}

static void
source_free(gpointer data)
{
  WeirSource *source = data;
  g_free(source->name);
  g_free(source);
}

static void
edge_free(gpointer data)
{
  WeirEdge *edge = data;
  g_free(edge->columns);
  g_free(edge);
}

void
weir_plan_free(WeirPlan *plan)
{
  if (!plan)
    return;
  g_ptr_array_unref(plan->stages);
  g_ptr_array_unref(plan->edges);
  g_ptr_array_unref(plan->sources);
  g_hash_table_unref(plan->refused);
  g_mutex_clear(&plan->types_lock);
  g_cond_clear(&plan->types_known);
  g_free(plan);
}

/* ---- Plugins -------------------------------------------------------------------------------------------- */

static const char *
class_name_at(gpointer data, gsize index)
{
  const weir_plugin *plugin = data;
  return index < plugin->n_classes ? plugin->classes[index].name : NULL;
}

static gboolean
open_class(WeirPlanStage *stage, const WeirPlanSettings *settings, WeirDiagnostics *diagnostics)
{
  WeirPosition at = stage->spec->use_position;
  const char *dot = strchr(stage->use, '.');
  if (!dot || dot == stage->use || !dot[1] || strchr(dot + 1, '.')) {
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, at, "\"%s\" is no name of a stage", stage->use),
                         "it is PLUGIN.STAGE, such as file.read; pipeline-inspect lists them");
    return FALSE;
  }
  g_autofree char *plugin_name = g_strndup(stage->use, dot - stage->use);
  g_autoptr(GError) error = NULL;
  WeirDiagnostic *refused = g_hash_table_lookup(stage->plan->refused, plugin_name);
  if (refused) {
    g_autofree char *where = weir_position_to_string(at);
    weir_diagnostic_note(refused, "stage \"%s\" uses it too (%s)", stage->name, where);
    return FALSE;
  }
  stage->plugin = weir_plugin_find(plugin_name, settings->folders, settings->allow_unsafe, &error);
  if (!stage->plugin) {
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    WeirDiagnostic *entry =
        weir_diagnostics_error(diagnostics, at, "stage \"%s\": %s", stage->name, lines[0]);
    g_hash_table_insert(stage->plan->refused, g_steal_pointer(&plugin_name), entry);
    for (guint i = 1; lines[i]; i++) {
      const char *line = g_strchug(lines[i]);
      if (g_str_has_prefix(line, "hint: "))
        weir_diagnostic_hint(entry, "%s", line + 6);
      else if (*line)
        weir_diagnostic_note(entry, "%s", line);
    }
    return FALSE;
  }
  const weir_plugin *descriptor = weir_plugin_get_descriptor(stage->plugin);
  stage->class = weir_plugin_class(stage->plugin, dot + 1);
  stage->ours = g_strcmp0(descriptor->vendor, "weir") == 0;
  if (stage->class)
    return TRUE;
  g_autofree char *meant = weir_did_you_mean_of(dot + 1, class_name_at, (gpointer)descriptor);
  weir_diagnostics_error(diagnostics, at, "plugin \"%s\" has no stage \"%s\"%s", plugin_name, dot + 1, meant);
  return FALSE;
}

/* ---- Options -------------------------------------------------------------------------------------------- */

/* Whether a text is "${env:NAME}", or "${p}" for a parameter that stands for what the user gives with the command: not
 * for a default, which would be the secret written into the file. */
static gboolean
is_reference(const WeirPipeline *pipeline, const char *text)
{
  gsize n = strlen(text);
  if (n < 4 || !g_str_has_prefix(text, "${") || strchr(text, '}') != text + n - 1)
    return FALSE;
  if (g_str_has_prefix(text, "${env:"))
    return TRUE;
  g_autofree char *name = g_strndup(text + 2, n - 3);
  const WeirParameter *parameter = weir_pipeline_parameter(pipeline, name);
  return parameter && (parameter->given || !parameter->value);
}

/* A secret is given by reference, never written: as above, or {"file": "path"} whose first line it is. */
static gboolean
fetch_secret(WeirPlanStage *stage, const char *name, const WeirNode *raw, WeirNode *given,
             WeirDiagnostics *diagnostics)
{
  WeirPosition at = weir_node_position(raw);
  const char *text = weir_node_kind(raw) == WEIR_NODE_STRING ? weir_node_string(raw) : NULL;
  if (weir_node_kind(raw) == WEIR_NODE_NULL || (text && is_reference(stage->plan->pipeline, text)))
    return TRUE;
  const WeirNode *written = weir_node_get(given, name); /* with ${…} replaced */
  WeirNode *file = written && weir_node_size(written) == 1 ? weir_node_get(written, "file") : NULL;
  if (!file || weir_node_kind(file) != WEIR_NODE_STRING) {
    WeirDiagnostic *entry = weir_diagnostics_error(
        diagnostics, at, "stage \"%s\" (%s): option \"%s\" is a secret, which is not written here",
        stage->name, stage->use, name);
    weir_diagnostic_hint(entry, "refer to it: \"${env:NAME}\", or {\"file\": \"path\"}");
    return FALSE;
  }
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_canonicalize_filename(weir_node_string(file), stage->plan->pipeline->folder);
  g_autofree char *content = weir_read_file(path, 64 << 10, NULL, &error);
  if (!content) {
    weir_diagnostics_error(diagnostics, at, "stage \"%s\" (%s), option \"%s\": %s", stage->name, stage->use,
                           name, error->message);
    return FALSE;
  }
  content[strcspn(content, "\r\n")] = '\0';
  weir_node_set(given, name, at, weir_node_new_string(at, content));
  return TRUE;
}

static gboolean
fetch_secrets(WeirPlanStage *stage, WeirNode *given, WeirDiagnostics *diagnostics)
{
  gboolean fine = TRUE;
  for (guint i = 0; i < stage->class->n_options; i++) {
    const weir_option *option = &stage->class->options[i];
    const WeirNode *raw =
        option->type == WEIR_SECRET ? weir_node_get(stage->spec->options, option->name) : NULL;
    if (raw)
      fine &= fetch_secret(stage, option->name, raw, given, diagnostics);
  }
  return fine;
}

static gboolean
fill_options(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  WeirPipeline *pipeline = stage->plan->pipeline;
  g_autoptr(WeirNode) given = NULL;
  if (stage->spec->options) {
    given = weir_pipeline_expand(pipeline, stage->spec->options, diagnostics);
    if (!given || !fetch_secrets(stage, given, diagnostics))
      return FALSE;
  }
  g_autofree char *here = g_get_current_dir();
  WeirOptionContext context = {.stage = stage->name,
                               .use = stage->use,
                               .input_base = pipeline->folder,
                               .output_base = here,
                               .diagnostics = diagnostics};
  stage->state = weir_arena_alloc(stage->arena, MAX(stage->class->state_size, 1));
  return weir_options_fill(&context, stage->class, given, stage->spec->node, stage->state, stage->arena,
                           stage->given);
}

/* ---- Ports ---------------------------------------------------------------------------------------------- */

/* The names of a table of ports, with those that an option gives in place of the last row. */
static guint
port_names(WeirPlanStage *stage, const weir_port *rows, guint n_rows, GArray *names, GArray *row_of)
{
  for (guint r = 0; r < n_rows; r++) {
    if (!rows[r].names) {
      g_array_append_val(names, rows[r].name);
      g_array_append_val(row_of, r);
      continue;
    }
    const char *const *list = weir_options_names(stage->class, stage->state, rows[r].names, stage->arena);
    for (guint i = 0; list && list[i]; i++) {
      g_array_append_val(names, list[i]);
      g_array_append_val(row_of, r);
    }
  }
  return names->len;
}

static WeirPortType *
parse_type(WeirPlanStage *stage, const weir_port *row, WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) error = NULL;
  WeirPortType *type = weir_port_type_parse(row->type, &error);
  if (!type)
    weir_diagnostics_error(diagnostics, stage->spec->use_position, "%s: a port's type is not well formed: %s",
                           stage->use, error->message);
  return type;
}

static void
lay_inputs(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(char *));
  g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(guint));
  stage->n_inputs = port_names(stage, stage->class->in, stage->class->n_in, names, rows);
  stage->inputs = g_new0(WeirInput, stage->n_inputs);
  for (guint i = 0; i < stage->n_inputs; i++) {
    WeirInput *input = &stage->inputs[i];
    input->stage = stage;
    input->index = i;
    input->row = &stage->class->in[g_array_index(rows, guint, i)];
    input->name = g_array_index(names, const char *, i);
    input->type = parse_type(stage, input->row, diagnostics);
    input->edges = g_ptr_array_new();
  }
}

static gint
input_named(const WeirPlanStage *stage, const char *name)
{
  for (guint i = 0; name && i < stage->n_inputs; i++)
    if (g_str_equal(stage->inputs[i].name, name))
      return (gint)i;
  return -1;
}

static void
lay_outputs(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(char *));
  g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(guint));
  stage->n_outputs = port_names(stage, stage->class->out, stage->class->n_out, names, rows);
  stage->outputs = g_new0(WeirOutput, stage->n_outputs);
  for (guint i = 0; i < stage->n_outputs; i++) {
    WeirOutput *output = &stage->outputs[i];
    output->stage = stage;
    output->index = i;
    output->row = &stage->class->out[g_array_index(rows, guint, i)];
    output->name = g_array_index(names, const char *, i);
    output->type = parse_type(stage, output->row, diagnostics);
    output->edges = g_ptr_array_new();
    output->open = output->type && weir_port_type_is_open(output->type);
    output->base = output->type ? input_named(stage, weir_port_type_base(output->type)) : -1;
    for (guint j = 0; j < i; j++)
      if (g_str_equal(stage->outputs[j].name, output->name))
        weir_diagnostics_error(diagnostics, stage->spec->position,
                               "stage \"%s\" has two outputs named \"%s\"", stage->name, output->name);
  }
}

static void
add_stage(WeirPlan *plan, WeirStageSpec *spec, const WeirPlanSettings *settings, WeirDiagnostics *diagnostics)
{
  WeirPlanStage *stage = g_new0(WeirPlanStage, 1);
  stage->plan = plan;
  stage->spec = spec;
  stage->name = spec->name;
  stage->use = spec->use;
  stage->arena = weir_arena_new();
  stage->given = g_hash_table_new(g_str_hash, g_str_equal);
  g_ptr_array_add(plan->stages, stage);
  if (!open_class(stage, settings, diagnostics)) {
    stage->class = NULL;
    return;
  }
  if (!fill_options(stage, diagnostics)) {
    stage->class = NULL;
    return;
  }
  stage->rejects = plan->rejects;
  weir_reject_policy_read(plan->pipeline, spec->on_error, spec->max_rejects, &stage->rejects, diagnostics);
  lay_inputs(stage, diagnostics);
  lay_outputs(stage, diagnostics);
}

static void
read_seed(WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  WeirNode *written = plan->pipeline->seed;
  if (!written)
    return;
  g_autoptr(WeirNode) seed = weir_pipeline_expand(plan->pipeline, written, diagnostics);
  if (seed && weir_node_kind(seed) == WEIR_NODE_INTEGER)
    plan->seed = (guint64)weir_node_integer(seed);
  else if (seed && weir_node_kind(seed) != WEIR_NODE_NULL)
    weir_diagnostics_error(diagnostics, weir_node_position(written), "\"seed\" must be an integer");
}

WeirPlan *
weir_plan_new(WeirPipeline *pipeline, const WeirPlanSettings *settings, WeirDiagnostics *diagnostics)
{
  g_autoptr(WeirPlan) plan = g_new0(WeirPlan, 1);
  gsize before = weir_diagnostics_n_errors(diagnostics);
  plan->pipeline = pipeline;
  plan->run = settings->run;
  plan->stages = g_ptr_array_new_with_free_func(stage_free);
  plan->sources = g_ptr_array_new_with_free_func(source_free);
  plan->edges = g_ptr_array_new_with_free_func(edge_free);
  plan->refused = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_mutex_init(&plan->types_lock);
  g_cond_init(&plan->types_known);
  read_seed(plan, diagnostics);
  plan->rejects.max = WEIR_REJECTS_DEFAULT;
  weir_reject_policy_read(pipeline, pipeline->on_error, pipeline->max_rejects, &plan->rejects, diagnostics);
  if (settings->on_error_reject)
    plan->rejects.reject = *settings->on_error_reject;
  if (settings->max_rejects)
    plan->rejects.max = *settings->max_rejects;
  g_autoptr(GHashTable) skipped = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < pipeline->stages->len; i++) {
    WeirStageSpec *spec = pipeline->stages->pdata[i];
    if (weir_pipeline_when(pipeline, spec->when, diagnostics))
      add_stage(plan, spec, settings, diagnostics);
    else
      g_hash_table_insert(skipped, (gpointer)spec->name, spec);
  }
  weir_plan_connect(plan, skipped, diagnostics);
  gboolean ordered = weir_plan_sort(plan, diagnostics);
  weir_plan_check_files(plan, diagnostics);
  if (ordered)
    weir_plan_resolve(plan, diagnostics);
  if (settings->budget && weir_diagnostics_n_errors(diagnostics) == before)
    weir_budget_divide(settings->budget, plan, diagnostics);
  if (weir_diagnostics_n_errors(diagnostics) != before)
    return NULL;
  weir_plan_mark_spools(plan);
  return g_steal_pointer(&plan);
}
