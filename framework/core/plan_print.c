/* SPDX-License-Identifier: MIT */
/* Shows a plan: as a graph for Graphviz, and as JSON with everything that was resolved. */
#include "core/plan.h"

#include "base/json_write.h"
#include "base/redact.h"

static void
append_dot_string(GString *out, const char *text)
{
  g_string_append_c(out, '"');
  for (const char *p = text; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c(out, '\\');
    g_string_append_c(out, *p);
  }
  g_string_append_c(out, '"');
}

char *
weir_plan_to_dot(WeirPlan *plan)
{
  GString *out = g_string_new("digraph ");
  append_dot_string(out, plan->pipeline->name);
  g_string_append(out, " {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
                       "  edge [fontname=\"sans-serif\", fontsize=10];\n");
  for (guint i = 0; i < plan->stages->len; i++) {
    const WeirPlanStage *stage = plan->stages->pdata[i];
    g_autofree char *label = g_strdup_printf("%s\n%s", stage->name, stage->use);
    g_autofree char *escaped = g_strescape(label, NULL);
    g_string_append(out, "  ");
    append_dot_string(out, stage->name);
    g_string_append_printf(out, " [label=\"%s\"];\n", escaped);
  }
  for (guint e = 0; e < plan->edges->len; e++) {
    const WeirEdge *edge = plan->edges->pdata[e];
    gboolean table = edge->to->row->flags & WEIR_PORT_TABLE;
    g_string_append(out, "  ");
    append_dot_string(out, edge->from->stage->name);
    g_string_append(out, " -> ");
    append_dot_string(out, edge->to->stage->name);
    g_autofree char *label = g_strdup_printf("%s → %s", edge->from->name, edge->to->name);
    g_string_append(out, " [label=");
    append_dot_string(out, label);
    g_string_append_printf(out, "%s];\n", table ? ", style=bold" : edge->spool ? ", style=dashed" : "");
  }
  g_string_append(out, "}\n");
  weir_redact_string(out);
  return g_string_free(out, FALSE);
}

static void
write_columns(WeirJsonWriter *json, const WeirSchema *schema)
{
  if (!schema) {
    weir_json_null(json);
    return;
  }
  weir_json_begin_array(json);
  for (guint c = 0; c < weir_schema_n_columns(schema); c++) {
    g_autofree char *type = weir_field_type_to_string(schema->arrow.children[c]);
    weir_json_begin_object(json);
    weir_json_member_string(json, "name", weir_schema_column_name(schema, c));
    weir_json_member_string(json, "type", type);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_inputs(WeirJsonWriter *json, const WeirPlanStage *stage)
{
  weir_json_key(json, "inputs");
  weir_json_begin_object(json);
  for (guint i = 0; i < stage->n_inputs; i++) {
    const WeirInput *input = &stage->inputs[i];
    weir_json_key(json, input->name);
    weir_json_begin_object(json);
    weir_json_member_string(json, "kind", (input->row->flags & WEIR_PORT_TABLE) ? "table" : "stream");
    weir_json_key(json, "from");
    weir_json_begin_array(json);
    for (guint e = 0; e < input->edges->len; e++) {
      const WeirEdge *edge = input->edges->pdata[e];
      g_autofree char *from = g_strdup_printf("%s.%s", edge->from->stage->name, edge->from->name);
      weir_json_string(json, from);
    }
    weir_json_end_array(json);
    weir_json_key(json, "columns");
    write_columns(json, input->schema);
    weir_json_end_object(json);
  }
  weir_json_end_object(json);
}

static void
write_outputs(WeirJsonWriter *json, const WeirPlanStage *stage)
{
  weir_json_key(json, "outputs");
  weir_json_begin_object(json);
  for (guint o = 0; o < stage->n_outputs; o++) {
    weir_json_key(json, stage->outputs[o].name);
    weir_json_begin_object(json);
    weir_json_member_boolean(json, "used", stage->outputs[o].edges->len > 0);
    weir_json_key(json, "columns");
    write_columns(json, stage->outputs[o].schema);
    weir_json_end_object(json);
  }
  weir_json_end_object(json);
}

void
weir_plan_write_json(WeirPlan *plan, WeirJsonWriter *json)
{
  weir_json_begin_object(json);
  weir_json_member_string(json, "name", plan->pipeline->name);
  weir_json_member_unsigned(json, "seed", plan->seed);
  weir_json_key(json, "parameters");
  weir_json_begin_object(json);
  for (guint i = 0; i < plan->pipeline->parameters->len; i++) {
    const WeirParameter *parameter = plan->pipeline->parameters->pdata[i];
    weir_json_key(json, parameter->name);
    if (parameter->value)
      weir_node_write_json(parameter->shown ? parameter->shown : parameter->value, json);
    else
      weir_json_null(json);
  }
  weir_json_end_object(json);
  weir_json_key(json, "stages");
  weir_json_begin_array(json);
  for (guint i = 0; i < plan->stages->len; i++) {
    WeirPlanStage *stage = plan->stages->pdata[i];
    g_autoptr(WeirNode) options = weir_options_to_node(stage->class, stage->state, stage->given);
    for (gsize o = 0; stage->shown && o < weir_node_size(stage->shown); o++)
      weir_node_set(options, weir_node_key_at(stage->shown, o), WEIR_POSITION_NONE,
                    weir_node_ref(weir_node_at(stage->shown, o)));
    weir_json_begin_object(json);
    weir_json_member_string(json, "name", stage->name);
    weir_json_member_string(json, "use", stage->use);
    weir_json_member_string(json, "plugin", weir_plugin_get_file(stage->plugin));
    weir_json_key(json, "options");
    weir_node_write_json(options, json);
    write_inputs(json, stage);
    write_outputs(json, stage);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
}

char *
weir_plan_to_json(WeirPlan *plan)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  weir_json_writer_redact(json);
  weir_plan_write_json(plan, json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  return g_string_free(out, FALSE);
}
