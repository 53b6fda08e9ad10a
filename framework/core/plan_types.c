/* SPDX-License-Identifier: MIT */
/* Column types of a plan, resolved forward once; what stages declare only while they run is added the same way. */
#include "core/stage.h"

#include "base/error.h"

WeirFieldSource
weir_plan_fields(WeirPlanStage *stage)
{
  return (WeirFieldSource){.class = stage->class, .state = stage->state, .arena = stage->arena};
}

/* ---- Inputs --------------------------------------------------------------------------------------------- */

static void
note_origin(WeirDiagnostic *entry, const WeirEdge *edge)
{
  g_autofree char *label = weir_plan_stage_label(edge->from->stage);
  g_autofree char *columns = weir_schema_to_string(edge->from->schema);
  if (g_utf8_strlen(columns, -1) > 400) {
    g_autofree char *whole = columns;
    g_autofree char *begin = g_utf8_substring(whole, 0, 399);
    columns = g_strconcat(begin, "…", NULL);
  }
  weir_diagnostic_note(entry, "comes from %s, port \"%s\": %s", label, edge->from->name, columns);
}

/* A problem may go on in further lines; "hint: " begins a hint. */
static void
add_problem(const WeirInput *input, const WeirEdge *edge, const char *problem, WeirDiagnostics *diagnostics)
{
  g_autofree char *label = weir_plan_stage_label(input->stage);
  g_auto(GStrv) lines = g_strsplit(problem, "\n", -1);
  WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, input->stage->spec->position,
                                                 "%s, port \"%s\": %s", label, input->name, lines[0]);
  note_origin(entry, edge);
  for (guint i = 1; lines[i]; i++) {
    const char *line = g_strstrip(lines[i]);
    if (g_str_has_prefix(line, "hint: "))
      weir_diagnostic_hint(entry, "%s", line + 6);
    else if (*line && !g_str_has_prefix(line, "it has: "))
      weir_diagnostic_note(entry, "%s", line);
  }
}

/* All edges of a port must bring the same columns, or those of one type; the first says in which order. */
static gboolean
unify(WeirInput *input, WeirDiagnostics *diagnostics)
{
  WeirEdge *first = input->edges->pdata[0];
  if (input->schema) /* looked at before, and found not to fit */
    return TRUE;
  if (input->edges->len == 1) {
    input->schema = weir_schema_ref(first->from->schema);
    return TRUE;
  }
  const WeirEdge *culprit = NULL;
  g_autofree char *problem = NULL;
  input->schema = weir_plan_unify(input, &culprit, &problem);
  if (input->schema)
    return TRUE;
  g_autofree char *wanted = weir_schema_to_string(first->from->schema);
  g_autofree char *whole = g_strdup_printf("%s\n  the first has: %s", problem, wanted);
  add_problem(input, culprit, whole, diagnostics);
  return FALSE;
}

/* Bind an input whose sources are all known. */
static gboolean
bind(WeirInput *input, WeirDiagnostics *diagnostics)
{
  if (input->binding || input->edges->len == 0)
    return TRUE;
  if (!unify(input, diagnostics))
    return FALSE;
  WeirFieldSource fields = weir_plan_fields(input->stage);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  input->binding = weir_port_type_bind(input->type, input->schema, weir_options_fields, &fields, problems);
  for (guint i = 0; i < problems->len; i++)
    add_problem(input, input->edges->pdata[0], problems->pdata[i], diagnostics);
  if (!input->binding)
    g_clear_pointer(&input->schema, weir_schema_unref);
  return input->binding != NULL;
}

/* An output that has the columns of an optional input which nothing feeds: who takes it would wait for ever. */
static gboolean
follow_nothing(const WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  gboolean found = FALSE;
  for (guint i = 0; i < stage->n_inputs; i++)
    for (guint e = 0; e < stage->inputs[i].edges->len; e++) {
      const WeirOutput *from = ((WeirEdge *)stage->inputs[i].edges->pdata[e])->from;
      const WeirInput *base = from->base >= 0 ? &from->stage->inputs[from->base] : NULL;
      if (!base || base->edges->len || !(base->row->flags & WEIR_PORT_OPTIONAL))
        continue; /* that a required one is not connected was said, or follows from another error */
      g_autofree char *label = weir_plan_stage_label(stage);
      WeirDiagnostic *entry =
          weir_diagnostics_error(diagnostics, stage->spec->position,
                                 "%s, port \"%s\": output \"%s\" of stage \"%s\" has the columns of its "
                                 "input \"%s\", which is not connected",
                                 label, stage->inputs[i].name, from->name, from->stage->name, base->name);
      weir_diagnostic_hint(entry, "connect \"%s\" of stage \"%s\", or leave this stage out", base->name,
                           from->stage->name);
      found = TRUE;
    }
  return found;
}

gboolean
weir_plan_inputs_are_known(const WeirPlanStage *stage)
{
  for (guint i = 0; i < stage->n_inputs; i++)
    for (guint e = 0; e < stage->inputs[i].edges->len; e++)
      if (!((WeirEdge *)stage->inputs[i].edges->pdata[e])->from->schema)
        return FALSE;
  return TRUE;
}

/* ---- Outputs -------------------------------------------------------------------------------------------- */

static gboolean
type_output(WeirOutput *output, WeirDiagnostics *diagnostics)
{
  if (output->schema || output->open)
    return TRUE;
  WeirPlanStage *stage = output->stage;
  const WeirSchema *base = output->base >= 0 ? stage->inputs[output->base].schema : NULL;
  if (output->base >= 0 && !base)
    return TRUE; /* an optional input that is not connected: nothing can come out of it */
  WeirFieldSource fields = weir_plan_fields(stage);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  output->schema =
      weir_port_type_output(output->type, base, weir_options_fields, &fields, &output->derivation, problems);
  for (guint i = 0; i < problems->len; i++) {
    g_autofree char *label = weir_plan_stage_label(stage);
    g_auto(GStrv) lines = g_strsplit(problems->pdata[i], "\n", -1);
    WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, stage->spec->position,
                                                   "%s, output \"%s\": %s", label, output->name, lines[0]);
    for (guint l = 1; lines[l]; l++) {
      const char *line = g_strstrip(lines[l]);
      if (g_str_has_prefix(line, "hint: "))
        weir_diagnostic_hint(entry, "%s", line + 6);
      else if (*line)
        weir_diagnostic_note(entry, "%s", line);
    }
  }
  return output->schema != NULL;
}

static gboolean
call_schema(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  if (!stage->class->schema)
    return TRUE;
  WeirStage handle;
  gsize before = weir_diagnostics_n_errors(diagnostics);
  weir_stage_init(&handle, stage->plan->run, stage, NULL);
  handle.planning = diagnostics;
  weir_stage_begin_call(&handle, "schema", -1);
  int result = weir_stage_end_call(&handle, stage->class->schema(&handle.public));
  weir_stage_clear(&handle);
  return result == 0 && weir_diagnostics_n_errors(diagnostics) == before;
}

/* Stages that an output feeds, as far as nothing but it was missing. */
static gboolean
resolve_consumers(WeirOutput *output, WeirDiagnostics *diagnostics)
{
  gboolean fine = TRUE;
  for (guint e = 0; e < output->edges->len; e++) {
    WeirPlanStage *next = ((WeirEdge *)output->edges->pdata[e])->to->stage;
    fine &= weir_plan_resolve_stage(next, FALSE, diagnostics);
  }
  return fine;
}

gboolean
weir_plan_resolve_stage(WeirPlanStage *stage, gboolean may_call, WeirDiagnostics *diagnostics)
{
  if (stage->resolved || !weir_plan_inputs_are_known(stage))
    return TRUE;
  gboolean fine = TRUE;
  for (guint i = 0; i < stage->n_inputs; i++)
    fine &= bind(&stage->inputs[i], diagnostics);
  if (!fine || (stage->class->schema && !may_call))
    return fine;
  stage->resolved = TRUE;
  if (!call_schema(stage, diagnostics))
    return FALSE;
  for (guint o = 0; o < stage->n_outputs; o++)
    fine &= type_output(&stage->outputs[o], diagnostics);
  for (guint o = 0; o < stage->n_outputs && fine; o++)
    if (stage->outputs[o].schema)
      fine &= resolve_consumers(&stage->outputs[o], diagnostics);
  return fine;
}

gboolean
weir_plan_declare(WeirOutput *output, WeirSchema *schema, WeirDiagnostics *diagnostics)
{
  output->schema = weir_schema_ref(schema);
  return resolve_consumers(output, diagnostics);
}

void
weir_plan_resolve(WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < plan->stages->len; i++) {
    WeirPlanStage *stage = plan->stages->pdata[i];
    gboolean fed = stage->class != NULL;
    for (guint p = 0; p < stage->n_inputs && fed; p++)
      fed = stage->inputs[p].edges->len > 0 || (stage->inputs[p].row->flags & WEIR_PORT_OPTIONAL);
    if (fed && !follow_nothing(stage, diagnostics))
      weir_plan_resolve_stage(stage, TRUE, diagnostics);
  }
}
