/* SPDX-License-Identifier: MIT */
/* "include": files of pipelines that others are made of, their parameters and inputs. */
#include "base/digest.h"
#include "base/nearest.h"
#include "core/pipeline_private.h"

#include <stdlib.h>

#define MAX_FILES 256

/* ---- Files ---------------------------------------------------------------------------------------------- */

char *
weir_pipeline_include_path(const WeirPipeline *pipeline, const WeirNode *path)
{
  const char *text = weir_node_string(path), *origin = weir_node_origin(path);
  if (g_path_is_absolute(text) || !origin || !weir_pipeline_folder_of(pipeline, path))
    return g_strdup(text);
  g_autofree char *folder = g_path_get_dirname(origin);
  return g_str_equal(folder, ".") ? g_strdup(text) : g_build_filename(folder, text, NULL);
}

static char *
real_name(const char *path)
{
  char *real = realpath(path, NULL);
  char *copy = real ? g_strdup(real) : g_canonicalize_filename(path, NULL);
  free(real);
  return copy;
}

/* "a.json → b.json → a.json" */
static void
refuse_cycle(const WeirPipelineFile *file, WeirPosition by, const WeirScope *from,
             WeirDiagnostics *diagnostics)
{
  g_autoptr(GString) chain = g_string_new(file->path);
  for (const WeirScope *scope = from; scope; scope = scope->parent) {
    g_string_prepend(chain, " → ");
    g_string_prepend(chain, scope->file->path);
    if (scope->file == file)
      break;
  }
  weir_diagnostics_error(diagnostics, by, "the files include each other in a circle: %s", chain->str);
}

static WeirPipelineFile *
file_again(WeirPipelineFile *file, WeirPosition by, const WeirScope *from, WeirDiagnostics *diagnostics)
{
  for (const WeirScope *scope = from; scope; scope = scope->parent)
    if (scope->file == file) {
      refuse_cycle(file, by, from, diagnostics);
      return NULL;
    }
  gboolean known = FALSE;
  for (guint i = 0; i < file->included->len; i++) {
    WeirPosition other = g_array_index(file->included, WeirPosition, i);
    known |= other.file == by.file && other.line == by.line && other.column == by.column;
  }
  if (!known)
    g_array_append_val(file->included, by);
  return file->tree ? file : NULL;
}

WeirPipelineFile *
weir_pipeline_read_file(WeirPipeline *pipeline, const char *path, WeirPosition by, const WeirScope *from,
                        WeirDiagnostics *diagnostics)
{
  g_autofree char *real = real_name(path);
  for (guint i = 0; i < pipeline->files->len; i++) {
    WeirPipelineFile *file = pipeline->files->pdata[i];
    if (g_str_equal(file->real, real))
      return file_again(file, by, from, diagnostics);
  }
  if (from && from->depth + 1 >= WEIR_PIPELINE_MAX_DEPTH) {
    weir_diagnostics_error(diagnostics, by, "files include each other more than %d levels deep",
                           WEIR_PIPELINE_MAX_DEPTH);
    return NULL;
  }
  if (pipeline->files->len >= MAX_FILES) {
    weir_diagnostics_error(diagnostics, by, "more than %d files are included", MAX_FILES);
    return NULL;
  }
  WeirPipelineFile *file = g_new0(WeirPipelineFile, 1);
  g_autofree char *absolute = g_canonicalize_filename(path, NULL);
  g_ptr_array_add(pipeline->files, file);
  file->path = g_intern_string(path);
  file->real = g_steal_pointer(&real);
  file->folder = g_path_get_dirname(absolute);
  file->included = g_array_new(FALSE, FALSE, sizeof(WeirPosition));
  char hex[WEIR_DIGEST_HEX_BYTES];
  file->digest = weir_digest_file(path, hex, NULL) ? g_strdup(hex) : NULL;
  if (from)
    g_array_append_val(file->included, by);
  g_hash_table_insert(pipeline->folders, (gpointer)file->path, g_strdup(file->folder));
  g_autoptr(WeirNode) tree = weir_node_load_at(path, by, diagnostics);
  if (tree && weir_node_check_kind(tree, WEIR_NODE_MAP, "a pipeline", diagnostics))
    file->tree = g_steal_pointer(&tree);
  return file->tree ? file : NULL;
}

void
weir_scope_read_includes(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  if (scope->file->seen)
    return;
  scope->file->seen = TRUE;
  for (guint i = 0; i < scope->entries->len; i++) {
    const WeirEntry *entry = scope->entries->pdata[i];
    if (!entry->include || weir_text_has_reference(entry->include))
      continue;
    g_autofree char *path = weir_pipeline_include_path(scope->pipeline, entry->include);
    WeirPipelineFile *file = weir_pipeline_read_file(scope->pipeline, path,
                                                     weir_node_position(entry->include), scope, diagnostics);
    if (file)
      weir_scope_read_includes(weir_scope_new(scope->pipeline, file, scope, entry, "", diagnostics),
                               diagnostics);
  }
}

/* ---- Parameters ----------------------------------------------------------------------------------------- */

static void
set_parameter(WeirScope *scope, const char *name, WeirPosition at, const WeirNode *written,
              WeirDiagnostics *diagnostics)
{
  const WeirScope *from = scope->parent;
  WeirParameter *parameter = weir_scope_parameter(scope, name);
  gboolean environment = FALSE;
  if (!parameter) {
    g_autofree char *meant = weir_did_you_mean_of(name, weir_scope_parameter_name_at, scope);
    weir_diagnostics_error(diagnostics, at, "%s has no parameter \"%s\"%s", scope->file->path, name, meant);
    return;
  }
  g_autoptr(WeirNode) value = weir_scope_expand(from, scope->element, written, &environment, diagnostics);
  if (!value) {
    parameter->optional = TRUE; /* that it has no value is no further mistake */
    parameter->by_default = NULL;
    return;
  }
  if (weir_node_kind(value) == WEIR_NODE_NULL) /* a parameter without a value */
    return;
  g_autoptr(WeirNode) shown = environment || parameter->type == WEIR_PARAMETER_SECRET
                                  ? weir_scope_expand_shown(from, scope->element, written)
                                  : NULL;
  if (!weir_parameter_set_node(parameter, value, shown, diagnostics))
    parameter->optional = TRUE;
}

static void
set_parameters(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  const WeirNode *map = scope->entry->parameters;
  for (gsize i = 0; map && i < weir_node_size(map); i++)
    set_parameter(scope, weir_node_key_at(map, i), weir_node_key_position_at(map, i), weir_node_at(map, i),
                  diagnostics);
  weir_scope_settle(scope, diagnostics);
}

/* ---- Scopes --------------------------------------------------------------------------------------------- */

WeirScope *
weir_scope_include(WeirEntry *entry, WeirElement *element, const char *prefix, gboolean left_out,
                   WeirDiagnostics *diagnostics)
{
  WeirScope *from = entry->scope;
  if (left_out && weir_text_has_reference(entry->include)) /* to what may have no value here */
    return NULL;
  g_autoptr(WeirNode) text = weir_scope_expand(from, element, entry->include, NULL, diagnostics);
  if (!text || !weir_node_check_kind(text, WEIR_NODE_STRING, "\"include\"", diagnostics))
    return NULL;
  g_autofree char *path = weir_pipeline_include_path(from->pipeline, text);
  WeirPipelineFile *file =
      weir_pipeline_read_file(from->pipeline, path, weir_node_position(entry->include), from, diagnostics);
  if (!file)
    return NULL;
  WeirScope *scope = weir_scope_new(from->pipeline, file, from, entry, prefix, diagnostics);
  scope->element = element;
  scope->left_out = left_out;
  weir_scope_connect_inputs(scope, diagnostics);
  if (!left_out)
    set_parameters(scope, diagnostics);
  return scope;
}

/* ---- Inputs --------------------------------------------------------------------------------------------- */

static const char *
input_name_at(gpointer data, gsize index)
{
  const WeirScope *scope = data;
  return index < scope->inputs->len ? ((WeirPortSpec *)scope->inputs->pdata[index])->name : NULL;
}

/* The input that a "from" without names means. */
static WeirPortSpec *
only_input(const WeirScope *scope)
{
  WeirPortSpec *only = NULL;
  guint needed = 0;
  for (guint i = 0; i < scope->inputs->len; i++) {
    WeirPortSpec *input = scope->inputs->pdata[i];
    if (input->optional && scope->inputs->len > 1)
      continue;
    only = input;
    needed++;
  }
  return needed == 1 ? only : NULL;
}

static void
connect_input(WeirScope *scope, WeirInputSpec *written, WeirDiagnostics *diagnostics)
{
  const char *path = scope->file->path, *name = scope->entry->name;
  WeirPortSpec *input = written->port ? weir_port_spec_find(scope->inputs, written->port) : only_input(scope);
  if (input) {
    input->written = written;
    return;
  }
  if (scope->inputs->len == 0) {
    weir_diagnostic_hint(weir_diagnostics_error(diagnostics, written->position,
                                                "\"%s\" has a \"from\", but %s declares no inputs", name,
                                                path),
                         "give them names in that file, under \"inputs\"");
    return;
  }
  g_autofree char *meant = weir_did_you_mean_of(written->port ? written->port : "", input_name_at, scope);
  if (written->port)
    weir_diagnostics_error(diagnostics, written->position, "%s has no input \"%s\"%s", path, written->port,
                           meant);
  else
    weir_diagnostics_error(diagnostics, written->position, "%s has several inputs: say which%s", path, meant);
}

void
weir_scope_connect_inputs(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  const WeirEntry *entry = scope->entry;
  gsize before = weir_diagnostics_n_errors(diagnostics);
  for (guint i = 0; i < entry->inputs->len; i++)
    connect_input(scope, entry->inputs->pdata[i], diagnostics);
  for (guint i = 0; i < scope->inputs->len && weir_diagnostics_n_errors(diagnostics) == before; i++) {
    const WeirPortSpec *input = scope->inputs->pdata[i];
    if (input->written || input->optional)
      continue;
    WeirDiagnostic *error =
        weir_diagnostics_error(diagnostics, entry->position, "\"%s\" gives no input \"%s\" to %s",
                               entry->name, input->name, scope->file->path);
    weir_diagnostic_hint(error, "give it with \"from\": {\"%s\": …}%s%s", input->name,
                         input->help ? ": " : "", input->help ? input->help : "");
  }
}

/* ---- Where mistakes come from --------------------------------------------------------------------------- */

static const WeirPipelineFile *
file_at(const WeirPipeline *pipeline, const char *path)
{
  for (guint i = 0; i < pipeline->files->len; i++) {
    const WeirPipelineFile *file = pipeline->files->pdata[i];
    if (file->path == path)
      return file;
  }
  return NULL;
}

/* One line a level, as compilers have it. */
static char **
includes_of(WeirPosition position, gpointer data)
{
  const WeirPipeline *pipeline = data;
  g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
  for (guint depth = 0; depth < WEIR_PIPELINE_MAX_DEPTH; depth++) {
    const WeirPipelineFile *file = file_at(pipeline, position.file);
    if (!file || file->included->len == 0)
      break;
    position = g_array_index(file->included, WeirPosition, 0);
    g_autofree char *where = weir_position_to_string(position);
    guint others = file->included->len - 1;
    g_autofree char *more =
        others ? g_strdup_printf(", and from %u other place%s", others, others == 1 ? "" : "s")
               : g_strdup("");
    g_autofree char *line = g_strdup_printf("included from %s%s", where, more);
    g_strv_builder_add(lines, line);
  }
  return g_strv_builder_end(lines);
}

void
weir_pipeline_note_includes(const WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  weir_diagnostics_annotate(diagnostics, includes_of, (gpointer)pipeline);
}
