/* SPDX-License-Identifier: MIT */
/* The graph of a plan: references become edges, stages get an order, cycles and deadlocks are found. */
#include "base/nearest.h"
#include "core/plan.h"

/* ---- References to edges -------------------------------------------------------------------------------- */

static const char *
output_name_at(gpointer data, gsize index)
{
  const WeirPlanStage *stage = data;
  return index < stage->n_outputs ? stage->outputs[index].name : NULL;
}

static const char *
input_name_at(gpointer data, gsize index)
{
  const WeirPlanStage *stage = data;
  return index < stage->n_inputs ? stage->inputs[index].name : NULL;
}

typedef enum { FOUND, ABSENT, WRONG } Lookup;

/* Find "stage.port" or "stage". ABSENT: it is left out in this run. WRONG: reported. */
static Lookup
find_output(WeirPlan *plan, const WeirCandidate *source, WeirOutput **output, WeirDiagnostics *diagnostics)
{
  const char *name = source->name, *dot = strchr(name, '.');
  WeirPosition at = source->position;
  if (source->wrong || source->absent)
    return source->wrong ? WRONG : ABSENT;
  g_autofree char *stage_name = dot ? g_strndup(name, dot - name) : g_strdup(name);
  WeirPlanStage *stage = weir_plan_find(plan, stage_name);
  if (!stage)
    return WRONG; /* what it would be could not be read, as was reported */
  if (!stage->class)
    return WRONG; /* its own error was reported */
  if (!dot && stage->n_outputs == 1) {
    *output = &stage->outputs[0];
    return FOUND;
  }
  /* Among several, the one called "out" is the stage's own; the others are what it can tell besides. */
  const char *wanted = dot ? dot + 1 : "out";
  for (guint i = 0; i < stage->n_outputs; i++)
    if (g_str_equal(stage->outputs[i].name, wanted)) {
      *output = &stage->outputs[i];
      return FOUND;
    }
  if (stage->n_outputs == 0) {
    weir_diagnostics_error(diagnostics, at, "stage \"%s\" (%s) has no output to take", stage_name,
                           stage->use);
  } else if (dot) {
    g_autofree char *meant = weir_did_you_mean_of(dot + 1, output_name_at, stage);
    weir_diagnostics_error(diagnostics, at, "stage \"%s\" (%s) has no output \"%s\"%s", stage_name,
                           stage->use, dot + 1, meant);
  } else {
    g_autofree char *meant = weir_did_you_mean_of("", output_name_at, stage);
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, at,
                                                "stage \"%s\" (%s) has several outputs: say which%s",
                                                stage_name, stage->use, meant),
                         "write \"%s.%s\"", stage_name, stage->outputs[0].name);
  }
  return WRONG;
}

static void
add_edge(WeirPlan *plan, WeirOutput *from, WeirInput *to, WeirPosition at)
{
  WeirEdge *edge = g_new0(WeirEdge, 1);
  edge->index = plan->edges->len;
  edge->from = from;
  edge->to = to;
  edge->slot = to->edges->len;
  edge->position = at;
  g_ptr_array_add(plan->edges, edge);
  g_ptr_array_add(from->edges, edge);
  g_ptr_array_add(to->edges, edge);
}

static void
refuse_absent(const WeirInput *input, const WeirReference *reference, WeirDiagnostics *diagnostics)
{
  const WeirCandidate *first = &g_array_index(reference->sources, WeirCandidate, 0);
  WeirDiagnostic *entry =
      weir_diagnostics_error(diagnostics, reference->position,
                             "stage \"%s\" takes its input from \"%s\", which is left out in this run",
                             input->stage->name, first->name);
  for (guint i = 0; i < reference->sources->len; i++) {
    const WeirCandidate *source = &g_array_index(reference->sources, WeirCandidate, i);
    g_autofree char *where = weir_position_to_string(source->absent_where);
    weir_diagnostic_note(entry, "%s (%s)", source->absent, where);
  }
  weir_diagnostic_hint(entry, reference->first ? "add a source that is always there to \"first\""
                                               : "give another source with {\"first\": [...]}");
}

static void
follow(WeirPlan *plan, WeirInput *input, const WeirReference *reference, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < reference->sources->len; i++) {
    const WeirCandidate *source = &g_array_index(reference->sources, WeirCandidate, i);
    WeirOutput *output = NULL;
    switch (find_output(plan, source, &output, diagnostics)) {
    case FOUND:
      add_edge(plan, output, input, source->position);
      return;
    case WRONG:
      return;
    case ABSENT:
      break;
    }
  }
  if (reference->sources->len && !(input->row->flags & WEIR_PORT_OPTIONAL))
    refuse_absent(input, reference, diagnostics); /* an optional input is left unconnected */
}

/* Nothing was connected, since what is written stands for nothing: an "each" over an empty list. */
static gboolean
refuse_nothing(const WeirInput *input, const WeirInputSpec *spec, WeirDiagnostics *diagnostics)
{
  for (guint r = 0; r < spec->references->len; r++) {
    const WeirReference *reference = spec->references->pdata[r];
    if (!reference->nothing || (input->row->flags & WEIR_PORT_OPTIONAL))
      continue;
    g_autofree char *where = weir_position_to_string(reference->nothing_where);
    weir_diagnostic_note(
        weir_diagnostics_error(diagnostics, reference->position,
                               "input \"%s\" of stage \"%s\" (%s) needs a source, but there is none",
                               input->name, input->stage->name, input->stage->use),
        "%s (%s)", reference->nothing, where);
    return TRUE;
  }
  return FALSE;
}

static WeirInput *
find_input(WeirPlanStage *stage, const WeirInputSpec *spec, WeirDiagnostics *diagnostics)
{
  if (stage->n_inputs == 0) {
    weir_diagnostics_error(diagnostics, spec->position,
                           "stage \"%s\" (%s) takes no input, but has a \"from\"", stage->name, stage->use);
    return NULL;
  }
  if (!spec->port && stage->n_inputs == 1)
    return &stage->inputs[0];
  for (guint i = 0; spec->port && i < stage->n_inputs; i++)
    if (g_str_equal(stage->inputs[i].name, spec->port))
      return &stage->inputs[i];
  if (spec->port) {
    g_autofree char *meant = weir_did_you_mean_of(spec->port, input_name_at, stage);
    weir_diagnostics_error(diagnostics, spec->position, "stage \"%s\" (%s) has no input \"%s\"%s",
                           stage->name, stage->use, spec->port, meant);
    return NULL;
  }
  guint needed = 0;
  WeirInput *only = NULL;
  for (guint i = 0; i < stage->n_inputs; i++)
    if (!(stage->inputs[i].row->flags & WEIR_PORT_OPTIONAL)) {
      only = &stage->inputs[i];
      needed++;
    }
  if (needed == 1) /* the others are optional: the plain form means this one */
    return only;
  g_autofree char *meant = weir_did_you_mean_of("", input_name_at, stage);
  weir_diagnostic_hint(weir_diagnostics_error(diagnostics, spec->position,
                                              "stage \"%s\" (%s) has several inputs: say which%s",
                                              stage->name, stage->use, meant),
                       "write \"from\": {\"%s\": …}", stage->inputs[0].name);
  return NULL;
}

/* FALSE: the input has an error of its own. */
static gboolean
connect_input(WeirPlan *plan, WeirInput *input, const WeirInputSpec *spec, WeirDiagnostics *diagnostics)
{
  if (spec->references->len > 1 && !(input->row->flags & WEIR_PORT_MANY)) {
    weir_diagnostic_hint(
        weir_diagnostics_error(diagnostics, spec->position,
                               "input \"%s\" of stage \"%s\" (%s) takes one source, not a list", input->name,
                               input->stage->name, input->stage->use),
        "{\"first\": [...]} takes the first that exists");
    return FALSE;
  }
  gsize before = weir_diagnostics_n_errors(diagnostics);
  for (guint r = 0; r < spec->references->len; r++)
    follow(plan, input, spec->references->pdata[r], diagnostics);
  if (weir_diagnostics_n_errors(diagnostics) != before)
    return FALSE;
  return input->edges->len > 0 || spec->references->len == 0 || /* [], which is as good as no "from" */
         (!refuse_nothing(input, spec, diagnostics) && (input->row->flags & WEIR_PORT_OPTIONAL));
}

static void
connect_stage(WeirPlan *plan, WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  gboolean failed = FALSE;
  for (guint i = 0; i < stage->spec->inputs->len; i++) {
    const WeirInputSpec *spec = stage->spec->inputs->pdata[i];
    WeirInput *input = find_input(stage, spec, diagnostics);
    failed |= !input || !connect_input(plan, input, spec, diagnostics);
  }
  for (guint i = 0; i < stage->n_inputs && !failed; i++) {
    WeirInput *input = &stage->inputs[i];
    if (input->edges->len == 0 && !(input->row->flags & WEIR_PORT_OPTIONAL))
      weir_diagnostic_hint(weir_diagnostics_error(diagnostics, stage->spec->position,
                                                  "input \"%s\" of stage \"%s\" (%s) is not connected",
                                                  input->name, stage->name, stage->use),
                           "give it a \"from\"");
  }
}

/* A stage that could not be made: where it takes its input from is still looked at. */
static void
note_mentions(WeirPlan *plan, const WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < stage->spec->inputs->len; i++) {
    const WeirInputSpec *spec = stage->spec->inputs->pdata[i];
    for (guint r = 0; r < spec->references->len; r++) {
      const WeirReference *reference = spec->references->pdata[r];
      for (guint n = 0; n < reference->sources->len; n++) {
        WeirOutput *output;
        if (find_output(plan, &g_array_index(reference->sources, WeirCandidate, n), &output, diagnostics) ==
            FOUND)
          output->mentioned = TRUE;
      }
    }
  }
}

/* Those that an include discards: "" is what one means by the stage. */
static void
add_discarded(const WeirPlanStage *stage, GHashTable *discarded)
{
  const GPtrArray *names = stage->spec->discarded;
  for (guint i = 0; names && i < names->len; i++) {
    const char *name = names->pdata[i];
    if (!*name)
      name = stage->n_outputs == 1 ? stage->outputs[0].name : "out";
    g_hash_table_add(discarded, (gpointer)name);
  }
}

static void
read_discard(WeirPlanStage *stage, GHashTable *discarded, WeirDiagnostics *diagnostics)
{
  WeirNode *list = stage->spec->discard;
  if (!list || !weir_node_check_kind(list, WEIR_NODE_LIST, "\"discard\"", diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(list); i++) {
    WeirNode *name = weir_node_at(list, i);
    if (!weir_node_check_kind(name, WEIR_NODE_STRING, "a discarded output", diagnostics))
      continue;
    gboolean known = FALSE;
    for (guint o = 0; o < stage->n_outputs; o++)
      known |= g_str_equal(stage->outputs[o].name, weir_node_string(name));
    if (!known) {
      g_autofree char *meant = weir_did_you_mean_of(weir_node_string(name), output_name_at, stage);
      weir_diagnostics_error(diagnostics, weir_node_position(name),
                             "stage \"%s\" (%s) has no output \"%s\"%s", stage->name, stage->use,
                             weir_node_string(name), meant);
    }
    g_hash_table_add(discarded, (gpointer)weir_node_string(name));
  }
}

static void
check_unused(WeirPlanStage *stage, WeirDiagnostics *diagnostics)
{
  g_autoptr(GHashTable) discarded = g_hash_table_new(g_str_hash, g_str_equal);
  read_discard(stage, discarded, diagnostics);
  add_discarded(stage, discarded);
  for (guint o = 0; o < stage->n_outputs; o++) {
    WeirOutput *output = &stage->outputs[o];
    if (output->edges->len || output->mentioned || !(output->row->flags & WEIR_PORT_REQUIRED) ||
        g_hash_table_contains(discarded, output->name))
      continue;
    WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, stage->spec->position,
                                                   "nothing takes output \"%s\" of stage \"%s\" (%s)",
                                                   output->name, stage->name, stage->use);
    weir_diagnostic_hint(entry,
                         "take it with \"from\": \"%s.%s\", or silence this with \"discard\": [\"%s\"]",
                         stage->name, output->name, output->name);
  }
}

/* Whether a stage names one that there is not, which was reported where the pipeline was unfolded. */
static gboolean
names_nothing(const WeirPlanStage *stage)
{
  for (guint i = 0; i < stage->spec->inputs->len; i++) {
    const WeirInputSpec *spec = stage->spec->inputs->pdata[i];
    for (guint r = 0; r < spec->references->len; r++) {
      const WeirReference *reference = spec->references->pdata[r];
      for (guint n = 0; n < reference->sources->len; n++)
        if (g_array_index(reference->sources, WeirCandidate, n).wrong)
          return TRUE;
    }
  }
  return FALSE;
}

void
weir_plan_connect(WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  gsize before = weir_diagnostics_n_errors(diagnostics);
  for (guint i = 0; i < plan->stages->len; i++)
    if (((WeirPlanStage *)plan->stages->pdata[i])->class)
      connect_stage(plan, plan->stages->pdata[i], diagnostics);
    else
      note_mentions(plan, plan->stages->pdata[i], diagnostics);
  gboolean missing = weir_diagnostics_n_errors(diagnostics) != before;
  for (guint i = 0; i < plan->stages->len && !missing; i++)
    missing = names_nothing(plan->stages->pdata[i]);
  if (missing)
    return; /* an edge that is missing would show again as an output that nothing takes */
  for (guint i = 0; i < plan->stages->len; i++)
    if (((WeirPlanStage *)plan->stages->pdata[i])->class)
      check_unused(plan->stages->pdata[i], diagnostics);
}

/* ---- Order and cycles ----------------------------------------------------------------------------------- */

static gboolean
is_ready(const WeirPlanStage *stage, const gboolean *placed)
{
  for (guint i = 0; i < stage->n_inputs; i++)
    for (guint e = 0; e < stage->inputs[i].edges->len; e++)
      if (!placed[((WeirEdge *)stage->inputs[i].edges->pdata[e])->from->stage->index])
        return FALSE;
  return TRUE;
}

static WeirPlanStage *
unplaced_source(const WeirPlanStage *stage, const gboolean *placed)
{
  for (guint i = 0; i < stage->n_inputs; i++)
    for (guint e = 0; e < stage->inputs[i].edges->len; e++) {
      WeirPlanStage *source = ((WeirEdge *)stage->inputs[i].edges->pdata[e])->from->stage;
      if (!placed[source->index])
        return source;
    }
  return NULL;
}

/* Every stage that is left has a source that is left: going back from any ends in a cycle. */
static void
report_cycle(WeirPlan *plan, const gboolean *placed, WeirDiagnostics *diagnostics)
{
  WeirPlanStage *stage = NULL;
  for (guint i = 0; !stage; i++)
    if (!placed[i])
      stage = plan->stages->pdata[i];
  for (guint i = 0; i < plan->stages->len; i++)
    stage = unplaced_source(stage, placed);
  WeirPlanStage *first = stage; /* of the cycle, as the file has it */
  for (WeirPlanStage *at = unplaced_source(stage, placed); at != stage; at = unplaced_source(at, placed))
    if (at->index < first->index)
      first = at;
  stage = first;
  g_autoptr(GString) path = g_string_new(stage->name);
  WeirPlanStage *at = stage;
  do {
    at = unplaced_source(at, placed);
    g_string_prepend(path, " → ");
    g_string_prepend(path, at->name);
  } while (at != stage);
  weir_diagnostics_error(diagnostics, stage->spec->position, "the stages feed each other in a cycle: %s",
                         path->str);
}

gboolean
weir_plan_sort(WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  guint n = plan->stages->len;
  g_autofree gboolean *placed = g_new0(gboolean, n + 1);
  g_autoptr(GPtrArray) order = g_ptr_array_new();
  for (guint i = 0; i < n; i++)
    ((WeirPlanStage *)plan->stages->pdata[i])->index = i;
  while (order->len < n) {
    gboolean moved = FALSE;
    for (guint i = 0; i < n; i++) {
      WeirPlanStage *stage = plan->stages->pdata[i];
      if (placed[i] || !is_ready(stage, placed))
        continue;
      placed[i] = moved = TRUE;
      g_ptr_array_add(order, stage);
    }
    if (!moved) {
      report_cycle(plan, placed, diagnostics);
      return FALSE;
    }
  }
  for (guint i = 0; i < n; i++) {
    plan->stages->pdata[i] = order->pdata[i];
    ((WeirPlanStage *)order->pdata[i])->index = i;
  }
  return TRUE;
}

/* ---- Deadlocks ------------------------------------------------------------------------------------------ */

/*
 * A stage does not take from a stream input while it still waits for its tables, or for a stream that stands before it.
 * If the stream's source is connected to what the stage waits for by any way but through the stage itself, a full
 * ring could stop that too. Such an edge may hold any number of batches.
 */
static guint
group_of(guint *group, guint index)
{
  while (group[index] != index)
    index = group[index] = group[group[index]];
  return index;
}

/* Which stages are connected without the one: two are if they have the same group_of(). */
static void
group_without(const WeirPlan *plan, const WeirPlanStage *without, guint *group)
{
  for (guint i = 0; i < plan->stages->len; i++)
    group[i] = i;
  for (guint e = 0; e < plan->edges->len; e++) {
    const WeirEdge *edge = plan->edges->pdata[e];
    if (edge->from->stage != without && edge->to->stage != without)
      group[group_of(group, edge->from->stage->index)] = group_of(group, edge->to->stage->index);
  }
}

static gboolean
waits_for_before(const WeirEdge *earlier, const WeirEdge *edge)
{
  if (earlier == edge || (edge->to->row->flags & WEIR_PORT_TABLE))
    return FALSE;
  if (earlier->to->row->flags & WEIR_PORT_TABLE)
    return TRUE;
  if (!edge->to->stage->resolved) /* it begins when the types of all its inputs are known */
    return TRUE;
  return earlier->to->index < edge->to->index || (earlier->to == edge->to && earlier->slot < edge->slot);
}

static GPtrArray *
edges_into(const WeirPlanStage *stage)
{
  GPtrArray *edges = g_ptr_array_new();
  for (guint i = 0; i < stage->n_inputs; i++)
    for (guint e = 0; e < stage->inputs[i].edges->len; e++)
      g_ptr_array_add(edges, stage->inputs[i].edges->pdata[e]);
  return edges;
}

void
weir_plan_mark_spools(WeirPlan *plan)
{
  g_autofree guint *group = g_new(guint, plan->stages->len);
  for (guint s = 0; s < plan->stages->len; s++) {
    g_autoptr(GPtrArray) edges = edges_into(plan->stages->pdata[s]);
    if (edges->len < 2)
      continue;
    group_without(plan, plan->stages->pdata[s], group);
    for (guint e = 0; e < edges->len; e++) {
      WeirEdge *edge = edges->pdata[e];
      for (guint o = 0; o < edges->len && !edge->spool; o++) {
        const WeirEdge *earlier = edges->pdata[o];
        edge->spool = waits_for_before(earlier, edge) && group_of(group, earlier->from->stage->index) ==
                                                             group_of(group, edge->from->stage->index);
      }
    }
  }
}
