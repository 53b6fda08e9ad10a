/* SPDX-License-Identifier: MIT */
/* References of a "from" made into names of stages: through includes, their inputs and outputs, and "each". */
#include "base/nearest.h"
#include "core/pipeline_private.h"

#define REFERENCE_VALUES 64 /* that a reference counts for */

/* One reference on its way. */
typedef struct {
  WeirPipeline *pipeline;
  const char *who; /* "stage "a"" */
  const char *text;
  WeirPosition position;
  GPtrArray *out; /* of WeirReference */
  WeirDiagnostics *diagnostics;
} Resolve;

static void resolve_path(Resolve *r, WeirScope *scope, const char *path, const char *port, gboolean inside);

/* ---- What comes out ------------------------------------------------------------------------------------- */

static WeirReference *
add_reference(Resolve *r)
{
  WeirReference *reference = weir_reference_new(r->position, FALSE);
  g_ptr_array_add(r->out, reference);
  return reference;
}

static WeirCandidate *
add_source(Resolve *r, const char *name)
{
  WeirReference *reference = add_reference(r);
  weir_reference_add(reference, name, r->position);
  return &g_array_index(reference->sources, WeirCandidate, 0);
}

static void
add_absent(Resolve *r, const WeirScope *scope, const char *why, WeirPosition where)
{
  WeirCandidate *source = add_source(r, weir_pipeline_keep(scope->pipeline, r->text));
  source->absent = why;
  source->absent_where = where;
}

/* Returns the error, if it is new. */
static WeirDiagnostic *G_GNUC_PRINTF(3, 4)
    add_wrong(Resolve *r, const WeirScope *scope, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  add_source(r, weir_pipeline_keep(scope->pipeline, r->text))->wrong = TRUE;
  return weir_diagnostics_error(r->diagnostics, r->position, "%s", why);
}

/* Whether there is room for another: outputs of includes that list each other's outputs multiply. */
static gboolean
count(const Resolve *r, gsize sources)
{
  return weir_pipeline_count(r->pipeline, REFERENCE_VALUES + sources, r->diagnostics);
}

static WeirReference *
copy_reference(const WeirReference *reference)
{
  WeirReference *copy = weir_reference_new(reference->position, reference->first);
  g_array_append_vals(copy->sources, reference->sources->data, reference->sources->len);
  copy->nothing = reference->nothing;
  copy->nothing_where = reference->nothing_where;
  return copy;
}

/* ---- Inputs and outputs of included files --------------------------------------------------------------- */

WeirPortSpec *
weir_port_spec_find(const GPtrArray *ports, const char *name)
{
  for (guint i = 0; i < ports->len; i++) {
    WeirPortSpec *port = ports->pdata[i];
    if (g_str_equal(port->name, name))
      return port;
  }
  return NULL;
}

static void resolve_spec(const WeirInputSpec *written, WeirScope *scope, const WeirElement *element,
                         const char *who, GPtrArray *out, WeirDiagnostics *diagnostics);

/* What a port stands for, once; `scope` is where its sources are written. NULL: it goes in a circle. */
static const GPtrArray *
resolve_port(WeirPortSpec *port, WeirScope *scope, const WeirElement *element, const char *who,
             WeirDiagnostics *diagnostics)
{
  if (port->references || !port->written)
    return port->references;
  if (port->resolving) {
    weir_diagnostics_error(diagnostics, port->position, "%s gets its records from itself", who);
    return NULL;
  }
  port->resolving = TRUE;
  g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(weir_reference_free);
  resolve_spec(port->written, scope, element, who, out, diagnostics);
  port->resolving = FALSE;
  return port->references = g_steal_pointer(&out);
}

static const GPtrArray *
resolve_input(WeirScope *scope, WeirPortSpec *input, WeirDiagnostics *diagnostics)
{
  if (!scope->parent)
    return NULL;
  gboolean fresh = !input->references;
  g_autofree char *who = g_strdup_printf("input \"%s\" of \"%s\"", input->name, scope->entry->name);
  const GPtrArray *references = resolve_port(input, scope->parent, scope->element, who, diagnostics);
  if (fresh && references && references->len > 1 && !input->many)
    weir_diagnostic_hint(
        weir_diagnostics_error(diagnostics, input->written->position, "%s takes one source, not %u", who,
                               references->len),
        "{\"first\": [...]} takes the first that exists; an input of %s with \"many\": true takes all",
        scope->file->path);
  return references;
}

const GPtrArray *
weir_scope_resolve_output(WeirScope *scope, WeirPortSpec *output, WeirDiagnostics *diagnostics)
{
  g_autofree char *who = g_strdup_printf("output \"%s\" of the pipeline", output->name);
  return resolve_port(output, scope, NULL, who, diagnostics);
}

/* Takes over what a port stands for. */
static void
add_references(Resolve *r, const WeirScope *scope, const GPtrArray *references, const char *missing,
               WeirPosition where)
{
  if (!references)
    add_absent(r, scope, missing, where);
  for (guint i = 0; references && i < references->len; i++) {
    const WeirReference *reference = references->pdata[i];
    if (!count(r, reference->sources->len))
      return;
    g_ptr_array_add(r->out, copy_reference(reference));
  }
}

static void
resolve_declared_input(Resolve *r, WeirScope *scope, WeirPortSpec *input, const char *rest, const char *port)
{
  if (rest || port) {
    add_wrong(r, scope,
              "%s takes its input from \"%s\", but \"%s\" is an input of this pipeline: it has no outputs",
              r->who, r->text, input->name);
    return;
  }
  const GPtrArray *references = resolve_input(scope, input, r->diagnostics);
  if (!references && !input->written && !input->optional && !scope->left_out) { /* as was reported */
    add_source(r, weir_pipeline_keep(scope->pipeline, r->text))->wrong = TRUE;
    return;
  }
  const char *missing = weir_pipeline_print(scope->pipeline, "input \"%s\" is not given", input->name);
  add_references(r, scope, references, missing, scope->entry ? scope->entry->position : input->position);
}

static const char *
output_name_at(gpointer data, gsize index)
{
  const WeirScope *scope = data;
  return index < scope->outputs->len ? ((WeirPortSpec *)scope->outputs->pdata[index])->name : NULL;
}

/* An include's output, by its name, or as the only one or the one called "out". */
static void
resolve_declared_output(Resolve *r, WeirScope *scope, const char *label, const char *port)
{
  WeirPortSpec *output = !port && scope->outputs->len == 1
                             ? scope->outputs->pdata[0]
                             : weir_port_spec_find(scope->outputs, port ? port : "out");
  if (output) {
    const GPtrArray *references = weir_scope_resolve_output(scope, output, r->diagnostics);
    add_references(r, scope, references, "it is not there", output->position);
    return;
  }
  g_autofree char *meant = weir_did_you_mean_of(port ? port : "", output_name_at, scope);
  if (port)
    weir_diagnostic_hint(
        add_wrong(r, scope, "%s (\"%s\") has no output \"%s\"%s", scope->file->path, label, port, meant),
        "it declares them under \"outputs\"; a stage in it is \"%s/STAGE\"", label);
  else
    weir_diagnostic_hint(
        add_wrong(r, scope, "\"%s\" is the pipeline %s: say which output%s", label, scope->file->path, meant),
        "write \"%s.OUTPUT\", or \"%s/STAGE\" for a stage in it", label, label);
}

/* ---- Stages, includes, elements ------------------------------------------------------------------------- */

static const char *
why_left_out(const WeirEntry *entry, WeirPosition *where)
{
  const WeirEntry *cause = entry;
  while (!cause->when && cause->scope->entry)
    cause = cause->scope->entry;
  g_autofree char *json = cause->when ? weir_node_to_json(cause->when, FALSE) : g_strdup("null");
  *where = cause->when ? weir_node_position(cause->when) : cause->position;
  return weir_pipeline_print(entry->scope->pipeline, "\"%s\" is left out by its \"when\": %s", cause->name,
                             json);
}

static void
resolve_instance(Resolve *r, const WeirEntry *entry, const WeirInstance *instance, const char *label,
                 const char *rest, const char *port)
{
  WeirScope *scope = entry->scope;
  if (instance->left_out) {
    WeirPosition where;
    const char *why = why_left_out(entry, &where);
    add_absent(r, scope, why, where);
  } else if (instance->stage && rest) {
    add_wrong(r, scope, "%s takes its input from \"%s\", but \"%s\" is a single stage", r->who, r->text,
              label);
  } else if (instance->stage) {
    add_source(r, port ? weir_pipeline_print(scope->pipeline, "%s.%s", instance->stage->name, port)
                       : instance->stage->name);
  } else if (!instance->scope) {
    add_source(r, "")->wrong = TRUE; /* reported already */
  } else if (rest) {
    resolve_path(r, instance->scope, rest, port, FALSE);
  } else {
    resolve_declared_output(r, instance->scope, label, port);
  }
}

static const char *
key_at(gpointer data, gsize index)
{
  const WeirEntry *entry = data;
  return index < entry->instances->len ? ((WeirInstance *)entry->instances->pdata[index])->element->key
                                       : NULL;
}

/* All elements of an "each" that are there. */
static void
resolve_all(Resolve *r, const WeirEntry *entry, const char *rest, const char *port)
{
  const WeirInstance *absent = NULL;
  guint before = r->out->len;
  for (guint i = 0; i < entry->instances->len; i++) {
    const WeirInstance *instance = entry->instances->pdata[i];
    g_autofree char *label = g_strdup_printf("%s/%s", entry->name, instance->element->key);
    if (instance->left_out)
      absent = instance;
    else if (count(r, 1))
      resolve_instance(r, entry, instance, label, rest, port);
    else
      return;
  }
  if (r->out->len > before)
    return;
  WeirReference *reference = add_reference(r);
  reference->nothing = weir_pipeline_print(entry->scope->pipeline,
                                           absent ? "all of \"%s/*\" are left out by a \"when\""
                                                  : "\"each\" of \"%s\" lists nothing",
                                           entry->name);
  reference->nothing_where = weir_node_position(entry->each);
}

static void
resolve_element(Resolve *r, WeirEntry *entry, const char *rest, const char *port)
{
  const char *slash = rest ? strchr(rest, '/') : NULL;
  g_autofree char *key = slash ? g_strndup(rest, (gsize)(slash - rest)) : g_strdup(rest);
  const char *below = slash ? slash + 1 : NULL;
  if (entry->broken) {
    add_source(r, "")->wrong = TRUE;
    return;
  }
  if (key && g_str_equal(key, "*")) {
    resolve_all(r, entry, below, port);
    return;
  }
  const WeirInstance *instance = key ? g_hash_table_lookup(entry->keys, key) : NULL;
  if (instance) {
    g_autofree char *label = g_strdup_printf("%s/%s", entry->name, key);
    resolve_instance(r, entry, instance, label, below, port);
    return;
  }
  g_autofree char *meant = weir_did_you_mean_of(key ? key : "", key_at, entry);
  WeirDiagnostic *error =
      key ? add_wrong(r, entry->scope,
                      "%s takes its input from \"%s\", but \"each\" of \"%s\" has no \"%s\"%s", r->who,
                      r->text, entry->name, key, meant)
          : add_wrong(r, entry->scope, "%s takes its input from \"%s\", which has an \"each\": say which%s",
                      r->who, r->text, meant);
  weir_diagnostic_hint(error, "write \"%s/KEY\", or \"%s/*\" for all of them in order", entry->name,
                       entry->name);
}

static const char *
source_name_at(gpointer data, gsize index)
{
  const WeirScope *scope = data;
  if (index < scope->entries->len)
    return ((WeirEntry *)scope->entries->pdata[index])->name;
  index -= scope->entries->len;
  return index < scope->inputs->len ? ((WeirPortSpec *)scope->inputs->pdata[index])->name : NULL;
}

/* `inside`: it is written in the scope's own file, and can name its inputs. */
static void
resolve_path(Resolve *r, WeirScope *scope, const char *path, const char *port, gboolean inside)
{
  const char *slash = strchr(path, '/'), *rest = slash ? slash + 1 : NULL;
  g_autofree char *name = slash ? g_strndup(path, (gsize)(slash - path)) : g_strdup(path);
  WeirEntry *entry = weir_scope_entry(scope, name);
  WeirPortSpec *input = inside ? weir_port_spec_find(scope->inputs, name) : NULL;
  if (entry && entry->each) {
    resolve_element(r, entry, rest, port);
  } else if (entry && entry->instances->len) {
    resolve_instance(r, entry, entry->instances->pdata[0], name, rest, port);
  } else if (entry) {
    add_source(r, "")->wrong = TRUE;
  } else if (input) {
    resolve_declared_input(r, scope, input, rest, port);
  } else if (g_str_equal(name, "*")) {
    add_wrong(r, scope, "%s takes its input from \"%s\", but what stands before * has no \"each\"", r->who,
              r->text);
  } else {
    g_autofree char *meant = weir_did_you_mean_of(name, source_name_at, scope);
    add_wrong(r, scope, "%s takes its input from the unknown stage \"%s\"%s", r->who, name, meant);
  }
}

/* ---- Texts ---------------------------------------------------------------------------------------------- */

/* A reference may hold ${…}: "train/${each.key}". */
static void
resolve_text(Resolve *r, WeirScope *scope, const WeirElement *element)
{
  g_autoptr(WeirNode) written = weir_node_new_string(r->position, r->text);
  g_autoptr(WeirNode) node = weir_scope_expand(scope, element, written, NULL, r->diagnostics);
  if (!node || !weir_node_check_kind(node, WEIR_NODE_STRING, "a reference to a stage", r->diagnostics)) {
    add_source(r, "")->wrong = TRUE;
    return;
  }
  const char *text = weir_node_string(node), *dot = strchr(text, '.');
  g_autofree char *path = dot ? g_strndup(text, (gsize)(dot - text)) : g_strdup(text);
  r->text = weir_pipeline_keep(scope->pipeline, text);
  resolve_path(r, scope, path, dot ? dot + 1 : NULL, TRUE);
}

/* {"first": […]}: what each stands for, one after the other. */
static void
resolve_first(const WeirReference *written, Resolve *r, WeirScope *scope, const WeirElement *element)
{
  WeirReference *first = weir_reference_new(written->position, TRUE);
  GPtrArray *out = r->out;
  for (guint i = 0; i < written->sources->len; i++) {
    const WeirCandidate *source = &g_array_index(written->sources, WeirCandidate, i);
    g_autoptr(GPtrArray) some = g_ptr_array_new_with_free_func(weir_reference_free);
    r->out = some;
    r->text = source->name;
    r->position = source->position;
    resolve_text(r, scope, element);
    for (guint k = 0; k < some->len; k++) {
      const WeirReference *reference = some->pdata[k];
      g_array_append_vals(first->sources, reference->sources->data, reference->sources->len);
      first->nothing = reference->nothing ? reference->nothing : first->nothing;
      first->nothing_where = reference->nothing ? reference->nothing_where : first->nothing_where;
    }
  }
  r->out = out;
  g_ptr_array_add(out, first);
}

static void
resolve_spec(const WeirInputSpec *written, WeirScope *scope, const WeirElement *element, const char *who,
             GPtrArray *out, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < written->references->len; i++) {
    const WeirReference *reference = written->references->pdata[i];
    Resolve r = {.pipeline = scope->pipeline,
                 .who = who,
                 .position = reference->position,
                 .out = out,
                 .diagnostics = diagnostics};
    if (!count(&r, reference->sources->len))
      return;
    if (reference->first) {
      resolve_first(reference, &r, scope, element);
    } else if (reference->sources->len) {
      const WeirCandidate *source = &g_array_index(reference->sources, WeirCandidate, 0);
      r.text = source->name;
      resolve_text(&r, scope, element);
    }
  }
}

GPtrArray *
weir_entry_resolve(const WeirEntry *entry, const WeirInstance *instance, WeirDiagnostics *diagnostics)
{
  GPtrArray *inputs = g_ptr_array_new_with_free_func(weir_input_spec_free);
  g_autofree char *who = g_strdup_printf("stage \"%s\"", instance->stage->name);
  for (guint i = 0; i < entry->inputs->len; i++) {
    const WeirInputSpec *written = entry->inputs->pdata[i];
    WeirInputSpec *input = weir_input_spec_new(written->port, written->position);
    resolve_spec(written, entry->scope, instance->element, who, input->references, diagnostics);
    g_ptr_array_add(inputs, input);
  }
  return inputs;
}

void
weir_scope_resolve_ports(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  for (guint i = 0; i < scope->inputs->len; i++)
    resolve_input(scope, scope->inputs->pdata[i], diagnostics);
  for (guint i = 0; i < scope->outputs->len; i++)
    weir_scope_resolve_output(scope, scope->outputs->pdata[i], diagnostics);
}
