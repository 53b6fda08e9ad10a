/* SPDX-License-Identifier: MIT */
/* The harness as its user sees it: what goes in is noted here, what came out is handed over. */
#include "harness/private.h"

#include "base/files.h"
#include <math.h>
#include <string.h>

void
harness_misuse(weir_harness *h, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = g_strdup_vprintf(format, args);
  va_end(args);
  h->fresh = FALSE;
  if (h->misuse)
    g_free(text);
  else
    h->misuse = text;
}

/* ---- Making --------------------------------------------------------------------------------------------- */

static void
edge_free(gpointer data)
{
  HarnessEdge *edge = data;
  g_clear_pointer(&edge->rows, g_ptr_array_unref);
  weir_harness_free(edge->stage);
  g_free(edge->port);
  g_free(edge->columns);
  g_free(edge->output);
  g_free(edge);
}

static void
file_free(gpointer data)
{
  HarnessFile *file = data;
  g_bytes_unref(file->content);
  g_free(file->path);
  g_free(file);
}

static WeirNode *
parse_json(weir_harness *h, const char *what, const char *json)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(GError) error = NULL;
  WeirNode *node = weir_node_parse_json(json, -1, what, diagnostics);
  if (!weir_diagnostics_check(diagnostics, &error))
    harness_misuse(h, "%s", error->message);
  return node;
}

static const weir_harness_cut default_cuts[] = {
    {.batch_rows = 0, .jobs = 1},
    {.batch_rows = 1, .jobs = 1},
    {.batch_rows = 2, .jobs = 4},
    {.batch_rows = 7, .jobs = 4, .offset = 1},
    {.batch_rows = 1, .jobs = 4},
    {.batch_rows = 0, .jobs = 4, .offset = 1},
    {.batch_rows = 3, .jobs = 1, .late = 1},
};

weir_harness *
weir_harness_new(const char *use, const char *options)
{
  weir_harness *h = g_new0(weir_harness, 1);
  const char *slash = strrchr(use, '/');
  h->use = g_strdup(slash ? slash + 1 : use);
  h->plugin_path = slash ? g_strndup(use, (gsize)(slash - use)) : NULL;
  h->members = weir_node_new_map(weir_position("test", 0, 0));
  h->edges = g_ptr_array_new_with_free_func(edge_free);
  h->unused = g_ptr_array_new_with_free_func(g_free);
  h->files = g_ptr_array_new_with_free_func(file_free);
  h->cuts = g_array_new(FALSE, TRUE, sizeof(weir_harness_cut));
  h->results = g_ptr_array_new_with_free_func(harness_result_free);
  h->patience = 60;
  g_array_append_vals(h->cuts, default_cuts, G_N_ELEMENTS(default_cuts));
  if (options)
    h->options = parse_json(h, "options", options);
  if (h->options && weir_node_kind(h->options) != WEIR_NODE_MAP)
    harness_misuse(h, "options are an object, not %s", options);
  return h;
}

void
harness_forget(weir_harness *h)
{
  if (h->folder)
    weir_remove_tree(h->folder, NULL);
  g_clear_pointer(&h->folder, g_free);
  g_ptr_array_set_size(h->results, 0);
  h->fresh = FALSE;
}

void
harness_begin_anew(weir_harness *h)
{
  for (guint i = 1; i <= h->n_folders; i++) {
    g_autofree char *folder = g_strdup_printf("%s/%u", h->folder, i);
    weir_remove_tree(folder, NULL);
  }
  h->n_folders = 0;
  g_ptr_array_set_size(h->results, 0);
  h->fresh = FALSE;
}

void
weir_harness_free(weir_harness *h)
{
  if (!h)
    return;
  harness_forget(h);
  g_ptr_array_unref(h->results);
  g_ptr_array_unref(h->edges);
  g_ptr_array_unref(h->unused);
  g_ptr_array_unref(h->files);
  g_array_unref(h->cuts);
  g_clear_pointer(&h->options, weir_node_unref);
  weir_node_unref(h->members);
  g_free(h->use);
  g_free(h->name);
  g_free(h->plugin_path);
  g_free(h->input_folder);
  g_free(h->place);
  g_free(h->misuse);
  g_free(h->difference);
  g_free(h->text);
  g_free(h);
}

/* ---- What goes in --------------------------------------------------------------------------------------- */

static void
replace(weir_harness *h, char **field, const char *value)
{
  h->fresh = FALSE;
  g_free(*field);
  *field = g_strdup(value);
}

void
weir_harness_name(weir_harness *h, const char *name)
{
  replace(h, &h->name, name);
}

static HarnessEdge *
add_edge(weir_harness *h, const char *port)
{
  HarnessEdge *edge = g_new0(HarnessEdge, 1);
  edge->port = g_strdup(port);
  g_ptr_array_add(h->edges, edge);
  h->fresh = FALSE;
  return edge;
}

void
harness_add_rows(weir_harness *h, const char *port, GPtrArray *rows, const char *columns)
{
  HarnessEdge *edge = add_edge(h, port);
  edge->rows = rows;
  edge->columns = g_strdup(columns);
}

void
weir_harness_input(weir_harness *h, const char *port, const char *rows)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  if (!harness_parse_rows(rows, list, &error))
    harness_misuse(h, "input \"%s\": %s", port ? port : "", error->message);
  harness_add_rows(h, port, list, NULL);
}

void
weir_harness_columns(weir_harness *h, const char *port, const char *columns)
{
  for (guint i = h->edges->len; i-- > 0;) {
    HarnessEdge *edge = h->edges->pdata[i];
    if (g_strcmp0(edge->port, port) == 0 && edge->rows) {
      replace(h, &edge->columns, columns);
      return;
    }
  }
  harness_misuse(h, "columns for input \"%s\", which was given no rows", port ? port : "");
}

void
weir_harness_from(weir_harness *h, const char *port, weir_harness *other, const char *output)
{
  HarnessEdge *edge = add_edge(h, port);
  edge->stage = other;
  edge->output = g_strdup(output);
}

void
weir_harness_set(weir_harness *h, const char *member, const char *json)
{
  WeirNode *node = parse_json(h, member, json);
  if (node)
    weir_node_set(h->members, member, weir_node_position(node), node);
  h->fresh = FALSE;
}

void
weir_harness_unused(weir_harness *h, const char *port)
{
  g_ptr_array_add(h->unused, g_strdup(port));
  h->fresh = FALSE;
}

void
weir_harness_file(weir_harness *h, const char *path, const void *content, size_t size)
{
  HarnessFile *file = g_new0(HarnessFile, 1);
  file->path = g_strdup(path);
  file->content = g_bytes_new(content, size);
  g_ptr_array_add(h->files, file);
  h->fresh = FALSE;
  if (g_path_is_absolute(path) || strstr(path, ".."))
    harness_misuse(h, "file \"%s\" is not within the folder of the run", path);
}

void
weir_harness_plugin_path(weir_harness *h, const char *path)
{
  replace(h, &h->plugin_path, path);
}

void
weir_harness_input_folder(weir_harness *h, const char *folder)
{
  replace(h, &h->input_folder, folder);
}

void
weir_harness_seed(weir_harness *h, int64_t seed)
{
  h->seed = seed;
  h->fresh = FALSE;
}

void
weir_harness_patience(weir_harness *h, double seconds)
{
  h->patience = seconds;
}

void
weir_harness_cuts(weir_harness *h, const weir_harness_cut *cuts, size_t n)
{
  g_array_set_size(h->cuts, 0);
  g_array_append_vals(h->cuts, cuts, (guint)n);
  h->fresh = FALSE;
  if (n == 0)
    harness_misuse(h, "no cuts");
}

void
weir_harness_fail_at(weir_harness *h, weir_harness_fault fault, uint64_t nth)
{
  h->fault = fault;
  h->fault_at = nth;
  h->fresh = FALSE;
}

/* ---- What came out -------------------------------------------------------------------------------------- */

static const HarnessResult *
first(weir_harness *h)
{
  harness_ensure_run(h);
  return h->results->len ? h->results->pdata[0] : NULL;
}

int
weir_harness_run(weir_harness *h)
{
  const HarnessResult *result = first(h);
  return result ? result->code : (int)WEIR_EXIT_USAGE;
}

uint64_t
weir_harness_calls(weir_harness *h, weir_harness_fault fault)
{
  first(h);
  const HarnessResult *last = h->results->len ? h->results->pdata[h->results->len - 1] : NULL;
  return last && (guint)fault < G_N_ELEMENTS(last->calls) ? last->calls[fault] : 0;
}

const char *
weir_harness_error(weir_harness *h)
{
  const HarnessResult *result = first(h);
  return result ? result->error : h->misuse;
}

const char *
weir_harness_rows(weir_harness *h, const char *port)
{
  const HarnessResult *result = first(h);
  const HarnessOutput *output = result ? harness_output(result, port) : NULL;
  if (!output)
    return NULL;
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < output->rows->len; i++)
    g_string_append_printf(text, "%s\n", (char *)output->rows->pdata[i]);
  g_free(h->text);
  h->text = g_string_free(text, FALSE);
  return h->text;
}

int64_t
weir_harness_n_rows(weir_harness *h, const char *port)
{
  const HarnessResult *result = first(h);
  const HarnessOutput *output = result ? harness_output(result, port) : NULL;
  return output ? (int64_t)output->rows->len : -1;
}

const char *
weir_harness_types(weir_harness *h, const char *port)
{
  const HarnessResult *result = first(h);
  const HarnessOutput *output = result ? harness_output(result, port) : NULL;
  return output ? output->types : NULL;
}

double
weir_harness_metric(weir_harness *h, const char *name)
{
  const HarnessResult *result = first(h);
  const double *value = result ? g_hash_table_lookup(result->metrics, name) : NULL;
  return value ? *value : NAN;
}

const char *
weir_harness_messages(weir_harness *h)
{
  const HarnessResult *result = first(h);
  return result ? result->messages->str : "";
}

const char *
weir_harness_difference(weir_harness *h)
{
  first(h);
  return h->difference;
}

uint64_t
weir_harness_leaked_batches(weir_harness *h)
{
  first(h);
  return h->leaked;
}

const char *
weir_harness_folder(weir_harness *h)
{
  const HarnessResult *result = first(h);
  return result ? result->folder : NULL;
}
