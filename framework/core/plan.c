/* SPDX-License-Identifier: MIT */
/* Makes a plan: opens plugins, fills options, lays out ports; the graph and the types have files of their own. */
#include "core/plan.h"
#include "core/budget.h"
#include "core/pipeline_private.h"
#include "core/rejects.h"

#include "base/nearest.h"
#include "base/units.h"

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
  weir_node_unref(stage->shown);
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

/* A secret is given by reference, never written: "${env:NAME}", "${p}" with a parameter that is a secret or that has its
 * value from the environment, or {"file": "path"} whose first line it is. */
static gboolean
fetch_secret(WeirPlanStage *stage, const char *name, WeirNode *given, WeirDiagnostics *diagnostics)
{
  const WeirNode *written = weir_node_get(given, name); /* with ${…} replaced */
  WeirPosition at = weir_node_position(written);
  WeirNode *file = weir_node_size(written) == 1 ? weir_node_get(written, "file") : NULL;
  if (weir_node_kind(written) == WEIR_NODE_NULL || (weir_node_text_flags(written) & WEIR_TEXT_SECRET))
    return TRUE;
  if (weir_node_kind(written) == WEIR_NODE_STRING && !*weir_node_string(written)) {
    weir_node_set(given, name, at, weir_node_new_null(at)); /* an empty variable is no secret */
    return TRUE;
  }
  if (weir_node_origin(written) == WEIR_ORIGIN_ENVIRONMENT)
    return TRUE;
  if (!file || weir_node_kind(file) != WEIR_NODE_STRING) {
    WeirDiagnostic *entry = weir_diagnostics_error(
        diagnostics, at, "stage \"%s\" (%s): option \"%s\" is a secret, which is not written here",
        stage->name, stage->use, name);
    weir_diagnostic_hint(
        entry, "refer to it: \"${env:NAME}\", {\"file\": \"path\"}, or \"${p}\" with a parameter of "
               "type secret");
    return FALSE;
  }
  g_autoptr(GError) error = NULL;
  WeirNode *secret = weir_pipeline_read_secret(stage->plan->pipeline, file, &error);
  if (!secret) {
    weir_diagnostics_error(diagnostics, at, "stage \"%s\" (%s), option \"%s\": %s", stage->name, stage->use,
                           name, error->message);
    return FALSE;
  }
  weir_node_set(given, name, at, secret);
  return TRUE;
}

static gboolean
fetch_secrets(WeirPlanStage *stage, WeirNode *given, WeirDiagnostics *diagnostics)
{
  gboolean fine = TRUE;
  for (guint i = 0; i < stage->class->n_options; i++) {
    const weir_option *option = &stage->class->options[i];
    if (option->type == WEIR_SECRET && weir_node_get(given, option->name))
      fine &= fetch_secret(stage, option->name, given, diagnostics);
  }
  return fine;
}

/* What to show in place of an option's value: a value from the environment may be anything. */
static void
note_shown(WeirPlanStage *stage, const char *name, const WeirNode *written)
{
  if (!stage->shown)
    stage->shown = weir_node_new_map(WEIR_POSITION_NONE);
  weir_node_set(stage->shown, name, WEIR_POSITION_NONE,
                weir_scope_expand_shown(stage->spec->scope, stage->spec->element, written));
}

/* The options with ${…} replaced, NULL after an error. */
static WeirNode *
expand_options(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  const WeirStageSpec *spec = stage->spec;
  g_autoptr(WeirNode) given = weir_node_new_map(weir_node_position(spec->options));
  gboolean fine = TRUE;
  for (gsize i = 0; i < weir_node_size(spec->options); i++) {
    const char *name = weir_node_key_at(spec->options, i);
    const WeirNode *written = weir_node_at(spec->options, i);
    gboolean environment = FALSE;
    WeirNode *value = weir_scope_expand(spec->scope, spec->element, written, &environment, diagnostics);
    fine &= value != NULL;
    if (value)
      weir_node_set(given, name, weir_node_key_position_at(spec->options, i), value);
    if (value && environment)
      note_shown(stage, name, written);
  }
  return fine ? g_steal_pointer(&given) : NULL;
}

/* Of an option that is written as "${p}" with a parameter that has no value. */
static char *
why_missing(const char *option, gconstpointer data)
{
  const WeirStageSpec *spec = data;
  const WeirNode *written = weir_node_get(spec->options, option);
  if (!written || !weir_text_has_reference(written))
    return NULL;
  const char *text = weir_node_string(written);
  g_autofree char *name = g_strndup(text + 2, strlen(text) - 3); /* without ${ and } */
  const WeirParameter *parameter = weir_scope_parameter(spec->scope, name);
  if (!parameter)
    return g_strdup_printf("it is written as \"%s\", which has no value", text);
  if (spec->scope->parent)
    return g_strdup_printf("parameter \"%s\" of %s has no value", name, spec->scope->file->path);
  return g_strdup_printf("parameter \"%s\" has no value; give it as --%s", name, name);
}

static gboolean
fill_options(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  WeirPipeline *pipeline = stage->plan->pipeline;
  g_autoptr(WeirNode) given = NULL;
  if (stage->spec->options) {
    given = expand_options(stage, diagnostics);
    if (!given || !fetch_secrets(stage, given, diagnostics))
      return FALSE;
  }
  g_autofree char *here = g_get_current_dir();
  WeirOptionContext context = {.stage = stage->name,
                               .use = stage->use,
                               .input_base = pipeline->folder,
                               .folders = pipeline->folders,
                               .output_base = here,
                               .diagnostics = diagnostics,
                               .why_missing = why_missing,
                               .data = stage->spec};
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
  if (!spec->use || !open_class(stage, settings, diagnostics)) {
    stage->class = NULL;
    return;
  }
  if (!fill_options(stage, diagnostics)) {
    stage->class = NULL;
    return;
  }
  stage->rejects = plan->rejects;
  weir_reject_policy_read(spec->scope, spec->element, spec->on_error, spec->max_rejects, &stage->rejects,
                          diagnostics);
  lay_inputs(stage, diagnostics);
  lay_outputs(stage, diagnostics);
}

static void
read_seed(WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  WeirNode *written = plan->pipeline->seed;
  if (!written)
    return;
  g_autoptr(WeirNode) seed = weir_scope_expand(plan->pipeline->root, NULL, written, NULL, diagnostics);
  gint64 number;
  if (seed && weir_node_kind(seed) == WEIR_NODE_INTEGER)
    plan->seed = (guint64)weir_node_integer(seed);
  else if (seed && (weir_node_text_flags(seed) & WEIR_TEXT_UNTYPED) &&
           weir_parse_integer(weir_node_string(seed), G_MININT64, G_MAXINT64, &number, NULL))
    plan->seed = (guint64)number;
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
  weir_reject_policy_read(pipeline->root, NULL, pipeline->on_error, pipeline->max_rejects, &plan->rejects,
                          diagnostics);
  if (settings->on_error_reject)
    plan->rejects.reject = *settings->on_error_reject;
  if (settings->max_rejects)
    plan->rejects.max = *settings->max_rejects;
  weir_pipeline_unfold(pipeline, diagnostics);
  for (guint i = 0; i < pipeline->stages->len; i++) {
    WeirStageSpec *spec = pipeline->stages->pdata[i];
    if (!spec->left_out)
      add_stage(plan, spec, settings, diagnostics);
  }
  weir_plan_connect(plan, diagnostics);
  gboolean ordered = weir_plan_sort(plan, diagnostics);
  weir_plan_check_files(plan, diagnostics);
  if (ordered)
    weir_plan_resolve(plan, diagnostics);
  if (settings->budget && weir_diagnostics_n_errors(diagnostics) == before)
    weir_budget_divide(settings->budget, plan, diagnostics);
  weir_pipeline_note_includes(pipeline, diagnostics);
  if (weir_diagnostics_n_errors(diagnostics) != before)
    return NULL;
  weir_plan_mark_spools(plan);
  return g_steal_pointer(&plan);
}
