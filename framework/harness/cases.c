/* SPDX-License-Identifier: MIT */
/* Reads files of cases: every key is known, every mistake named with file and line, all at once. */
#include "harness/cases.h"

#include <string.h>

typedef struct {
  WeirDiagnostics *diagnostics;
  const WeirNode *defaults; /* the file: members that cases take over */
  char *folder;
  const char *plugin_path;
} Reader;

/* ---- Freeing -------------------------------------------------------------------------------------------- */

static void
output_free(gpointer data)
{
  CaseOutput *output = data;
  g_free(output->port);
  g_free(output->columns);
  g_clear_pointer(&output->rows, g_ptr_array_unref);
  g_free(output);
}

static void
file_free(gpointer data)
{
  CaseFile *file = data;
  g_free(file->path);
  g_free(file->text);
  g_free(file->part);
  g_free(file);
}

static void
metric_free(gpointer data)
{
  g_free(((CaseMetric *)data)->name);
  g_free(data);
}

void
harness_case_free(gpointer data)
{
  HarnessCase *test = data;
  weir_harness_free(test->h);
  g_ptr_array_unref(test->outputs);
  g_ptr_array_unref(test->errors);
  g_ptr_array_unref(test->messages);
  g_ptr_array_unref(test->metrics);
  g_ptr_array_unref(test->written);
  g_free(test->name);
  g_free(test->skip);
  g_free(test);
}

/* ---- Members -------------------------------------------------------------------------------------------- */

static gboolean
is_kind(const WeirNode *node, WeirNodeKind kind)
{
  return node && weir_node_kind(node) == kind;
}

/* A member of a case, or of the file where the case has none. NULL: neither, or a null. */
static WeirNode *
member(const Reader *reader, const WeirNode *test, const char *key)
{
  WeirNode *node = weir_node_get(test, key);
  if (!node && reader->defaults)
    node = weir_node_get(reader->defaults, key);
  return node && weir_node_kind(node) != WEIR_NODE_NULL ? node : NULL;
}

static const char *
text_member(const Reader *reader, const WeirNode *map, const char *key)
{
  const WeirNode *node = weir_node_get(map, key);
  return node && weir_node_check_kind(node, WEIR_NODE_STRING, key, reader->diagnostics)
             ? weir_node_string(node)
             : NULL;
}

static gint64
integer_member(const Reader *reader, const WeirNode *map, const char *key, gint64 otherwise)
{
  const WeirNode *node = weir_node_get(map, key);
  return node && weir_node_check_kind(node, WEIR_NODE_INTEGER, key, reader->diagnostics)
             ? weir_node_integer(node)
             : otherwise;
}

static gboolean
boolean_member(const Reader *reader, const WeirNode *map, const char *key)
{
  const WeirNode *node = weir_node_get(map, key);
  return node && weir_node_check_kind(node, WEIR_NODE_BOOLEAN, key, reader->diagnostics) &&
         weir_node_boolean(node);
}

static double
number_member(const Reader *reader, const WeirNode *map, const char *key, double otherwise)
{
  const WeirNode *node = weir_node_get(map, key);
  return node && weir_node_check_kind(node, WEIR_NODE_NUMBER, key, reader->diagnostics)
             ? weir_node_number(node)
             : otherwise;
}

/* A text, or a list of them. */
static void
read_texts(const Reader *reader, const WeirNode *node, const char *what, GPtrArray *texts)
{
  gsize n = is_kind(node, WEIR_NODE_LIST) ? weir_node_size(node) : node ? 1 : 0;
  for (gsize i = 0; i < n; i++) {
    const WeirNode *item = is_kind(node, WEIR_NODE_LIST) ? weir_node_at(node, i) : node;
    if (weir_node_check_kind(item, WEIR_NODE_STRING, what, reader->diagnostics))
      g_ptr_array_add(texts, g_strdup(weir_node_string(item)));
  }
}

/* Whether a map is a description and not a map of ports: it has one of the keys that make one, and no others. */
static gboolean
is_description(const WeirNode *node, const char *const *telling, const char *const *keys)
{
  gboolean tells = FALSE;
  if (!is_kind(node, WEIR_NODE_MAP))
    return FALSE;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    if (!g_strv_contains(keys, weir_node_key_at(node, i)))
      return FALSE;
    tells |= g_strv_contains(telling, weir_node_key_at(node, i));
  }
  return tells;
}

static GPtrArray *
read_rows(const Reader *reader, const WeirNode *list)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  for (gsize i = 0; i < weir_node_size(list); i++) {
    WeirNode *row = weir_node_at(list, i);
    if (is_kind(row, WEIR_NODE_MAP) || is_kind(row, WEIR_NODE_LIST))
      g_ptr_array_add(rows, weir_node_ref(row));
    else
      weir_diagnostics_error(reader->diagnostics, weir_node_position(row),
                             "a row must be a map, or a list in the order of the columns, not a %s",
                             weir_node_kind_name(weir_node_kind(row)));
  }
  return rows;
}

/* ---- Inputs --------------------------------------------------------------------------------------------- */

static const char *const input_tells[] = {"rows", "use", "edges", NULL};
static const char *const input_keys[] = {"rows", "columns", "use", "options", "in", "out", "edges", NULL};

static void read_inputs(const Reader *reader, weir_harness *h, const WeirNode *node);

static weir_harness *
new_harness(const Reader *reader, const char *use, const WeirNode *options)
{
  g_autofree char *json = options ? weir_node_to_json(options, FALSE) : NULL;
  weir_harness *h = weir_harness_new(use, json);
  if (reader->plugin_path && !h->plugin_path)
    weir_harness_plugin_path(h, reader->plugin_path);
  weir_harness_input_folder(h, reader->folder);
  return h;
}

/* Another stage, whose output is fed in. */
static void
read_feeding(const Reader *reader, weir_harness *h, const char *port, const WeirNode *node)
{
  const char *use = text_member(reader, node, "use"), *output = text_member(reader, node, "out");
  if (!use)
    return;
  weir_harness *other = new_harness(reader, use, weir_node_get(node, "options"));
  if (weir_node_get(node, "in"))
    read_inputs(reader, other, weir_node_get(node, "in"));
  weir_harness_from(h, port, other, output);
}

static void
read_input(const Reader *reader, weir_harness *h, const char *port, const WeirNode *node)
{
  const WeirNode *rows = is_kind(node, WEIR_NODE_LIST) ? node : weir_node_get(node, "rows");
  const WeirNode *edges = weir_node_get(node, "edges");
  if (is_kind(node, WEIR_NODE_MAP))
    weir_node_check_keys(node, input_keys, "an input", reader->diagnostics);
  if (edges && weir_node_check_kind(edges, WEIR_NODE_LIST, "edges", reader->diagnostics)) {
    for (gsize i = 0; i < weir_node_size(edges); i++)
      read_input(reader, h, port, weir_node_at(edges, i));
  } else if (weir_node_get(node, "use")) {
    read_feeding(reader, h, port, node);
  } else if (rows && weir_node_check_kind(rows, WEIR_NODE_LIST, "rows", reader->diagnostics)) {
    harness_add_rows(h, port, read_rows(reader, rows), text_member(reader, node, "columns"));
  } else if (!edges && !rows) {
    weir_diagnostic_hint(
        weir_diagnostics_error(reader->diagnostics, weir_node_position(node),
                               "input \"%s\" is no list of rows", port ? port : ""),
        "write a list of rows, or a map with \"rows\" and \"columns\", with \"use\" for a stage that "
        "feeds it, or with \"edges\" for several");
  }
}

static void
read_inputs(const Reader *reader, weir_harness *h, const WeirNode *node)
{
  if (is_kind(node, WEIR_NODE_LIST) || is_description(node, input_tells, input_keys)) {
    read_input(reader, h, NULL, node);
    return;
  }
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, "in", reader->diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(node); i++)
    read_input(reader, h, weir_node_key_at(node, i), weir_node_at(node, i));
}

/* ---- Outputs -------------------------------------------------------------------------------------------- */

static const char *const output_tells[] = {"rows", "count", "columns", NULL};
static const char *const output_keys[] = {"rows", "count", "columns", "partial", "tolerance", NULL};

static void
read_output(const Reader *reader, HarnessCase *test, const char *port, const WeirNode *node)
{
  CaseOutput *output = g_new0(CaseOutput, 1);
  const WeirNode *rows = is_kind(node, WEIR_NODE_LIST) ? node : weir_node_get(node, "rows");
  output->port = g_strdup(port);
  output->count =
      is_kind(node, WEIR_NODE_INTEGER) ? weir_node_integer(node) : integer_member(reader, node, "count", -1);
  output->columns = g_strdup(text_member(reader, node, "columns"));
  output->tolerance = number_member(reader, node, "tolerance", 0);
  output->partial = boolean_member(reader, node, "partial");
  if (rows && weir_node_check_kind(rows, WEIR_NODE_LIST, "rows", reader->diagnostics))
    output->rows = read_rows(reader, rows);
  g_ptr_array_add(test->outputs, output);
  if (is_kind(node, WEIR_NODE_MAP))
    weir_node_check_keys(node, output_keys, "an output", reader->diagnostics);
  else if (!rows && output->count < 0)
    weir_diagnostics_error(reader->diagnostics, weir_node_position(node),
                           "output \"%s\" must be a list of rows, their number, or a map", port ? port : "");
}

static void
read_outputs(const Reader *reader, HarnessCase *test, const WeirNode *node)
{
  if (!is_kind(node, WEIR_NODE_MAP) || is_description(node, output_tells, output_keys)) {
    read_output(reader, test, NULL, node);
    return;
  }
  for (gsize i = 0; i < weir_node_size(node); i++)
    read_output(reader, test, weir_node_key_at(node, i), weir_node_at(node, i));
}

/* ---- The rest of a case --------------------------------------------------------------------------------- */

static void
read_metrics(const Reader *reader, HarnessCase *test, const WeirNode *node)
{
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, "metrics", reader->diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    const WeirNode *value = weir_node_at(node, i);
    CaseMetric *metric = g_new0(CaseMetric, 1);
    gboolean pair = is_kind(value, WEIR_NODE_LIST) && weir_node_size(value) == 2;
    metric->name = g_strdup(weir_node_key_at(node, i));
    g_ptr_array_add(test->metrics, metric);
    if (weir_node_check_kind(pair ? weir_node_at(value, 0) : value, WEIR_NODE_NUMBER, "a metric's value",
                             reader->diagnostics))
      metric->value = weir_node_number(pair ? weir_node_at(value, 0) : value);
    if (pair && weir_node_check_kind(weir_node_at(value, 1), WEIR_NODE_NUMBER, "a metric's tolerance",
                                     reader->diagnostics))
      metric->tolerance = weir_node_number(weir_node_at(value, 1));
  }
}

static void
read_files(const Reader *reader, weir_harness *h, const WeirNode *node)
{
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, "files", reader->diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    const WeirNode *content = weir_node_at(node, i);
    gsize length = 0;
    g_autofree char *text = harness_text_of(content, &length);
    if (text)
      weir_harness_file(h, weir_node_key_at(node, i), text, length);
    else
      weir_diagnostics_error(
          reader->diagnostics, weir_node_position(content),
          "the content of a file is a text, {\"hex\": …} or {\"repeat\": …, \"times\": …}");
  }
}

static void
read_written(const Reader *reader, HarnessCase *test, const WeirNode *node)
{
  static const char *const keys[] = {"contains", NULL};
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, "written", reader->diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    const WeirNode *content = weir_node_at(node, i);
    CaseFile *file = g_new0(CaseFile, 1);
    file->path = g_strdup(weir_node_key_at(node, i));
    g_ptr_array_add(test->written, file);
    if (is_kind(content, WEIR_NODE_STRING))
      file->text = g_strdup(weir_node_string(content));
    else if (is_kind(content, WEIR_NODE_NULL))
      file->absent = TRUE;
    else if (weir_node_check_kind(content, WEIR_NODE_MAP, "a written file", reader->diagnostics) &&
             weir_node_check_keys(content, keys, "a written file", reader->diagnostics))
      file->part = g_strdup(text_member(reader, content, "contains"));
  }
}

static void
read_cuts(const Reader *reader, weir_harness *h, const WeirNode *node)
{
  static const char *const keys[] = {"rows", "jobs", "sliced", "late", NULL};
  g_autoptr(GArray) cuts = g_array_new(FALSE, TRUE, sizeof(weir_harness_cut));
  if (!weir_node_check_kind(node, WEIR_NODE_LIST, "cuts", reader->diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    const WeirNode *map = weir_node_at(node, i);
    if (!weir_node_check_kind(map, WEIR_NODE_MAP, "a cut", reader->diagnostics) ||
        !weir_node_check_keys(map, keys, "a cut", reader->diagnostics))
      return;
    weir_harness_cut cut = {.batch_rows =
                                (guint32)CLAMP(integer_member(reader, map, "rows", 0), 0, G_MAXINT32),
                            .jobs = (guint32)CLAMP(integer_member(reader, map, "jobs", 1), 1, 256),
                            .offset = boolean_member(reader, map, "sliced"),
                            .late = boolean_member(reader, map, "late")};
    g_array_append_val(cuts, cut);
  }
  weir_harness_cuts(h, (const weir_harness_cut *)cuts->data, cuts->len);
}

static void
read_stage_members(const Reader *reader, weir_harness *h, const WeirNode *node)
{
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, "stage", reader->diagnostics))
    return;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    g_autofree char *json = weir_node_to_json(weir_node_at(node, i), FALSE);
    weir_harness_set(h, weir_node_key_at(node, i), json);
  }
}

/* What the stage is given. */
static void
read_given(const Reader *reader, HarnessCase *test, const WeirNode *node)
{
  weir_harness *h = test->h;
  const WeirNode *in = member(reader, node, "in"), *files = member(reader, node, "files"),
                 *cuts = member(reader, node, "cuts"), *stage = member(reader, node, "stage");
  if (in)
    read_inputs(reader, h, in);
  if (files)
    read_files(reader, h, files);
  if (cuts)
    read_cuts(reader, h, cuts);
  if (stage)
    read_stage_members(reader, h, stage);
  g_autoptr(GPtrArray) unused = g_ptr_array_new_with_free_func(g_free);
  read_texts(reader, member(reader, node, "unused"), "unused", unused);
  for (guint i = 0; i < unused->len; i++)
    weir_harness_unused(h, unused->pdata[i]);
  weir_harness_seed(h, integer_member(reader, node, "seed", 0));
  test->patience = number_member(reader, node, "seconds", 60);
  weir_harness_patience(h, test->patience);
}

/* What is expected of it. */
static void
read_wanted(const Reader *reader, HarnessCase *test, const WeirNode *node)
{
  read_texts(reader, weir_node_get(node, "error"), "error", test->errors);
  read_texts(reader, weir_node_get(node, "messages"), "messages", test->messages);
  if (weir_node_get(node, "out"))
    read_outputs(reader, test, weir_node_get(node, "out"));
  if (weir_node_get(node, "metrics"))
    read_metrics(reader, test, weir_node_get(node, "metrics"));
  if (weir_node_get(node, "written"))
    read_written(reader, test, weir_node_get(node, "written"));
  test->code = integer_member(reader, node, "code", -1);
  test->rejects = integer_member(reader, node, "rejects", -1);
}

static HarnessCase *
read_case(const Reader *reader, const WeirNode *node, gsize number)
{
  static const char *const keys[] = {"name",    "use",  "options", "in",      "files", "cuts",    "stage",
                                     "unused",  "seed", "skip",    "error",   "out",   "metrics", "messages",
                                     "written", "code", "rejects", "seconds", "help",  NULL};
  if (!weir_node_check_kind(node, WEIR_NODE_MAP, "a case", reader->diagnostics))
    return NULL;
  weir_node_check_keys(node, keys, "a case", reader->diagnostics);
  const WeirNode *use = member(reader, node, "use");
  if (!use) {
    weir_diagnostics_error(reader->diagnostics, weir_node_position(node),
                           "the case has no \"use\", nor has the file");
    return NULL;
  }
  if (!weir_node_check_kind(use, WEIR_NODE_STRING, "use", reader->diagnostics))
    return NULL;
  HarnessCase *test = g_new0(HarnessCase, 1);
  const char *name = text_member(reader, node, "name");
  test->name = name ? g_strdup_printf("%s: %s", weir_node_string(use), name)
                    : g_strdup_printf("%s: case %zu", weir_node_string(use), number);
  test->skip = g_strdup(text_member(reader, node, "skip"));
  test->outputs = g_ptr_array_new_with_free_func(output_free);
  test->errors = g_ptr_array_new_with_free_func(g_free);
  test->messages = g_ptr_array_new_with_free_func(g_free);
  test->metrics = g_ptr_array_new_with_free_func(metric_free);
  test->written = g_ptr_array_new_with_free_func(file_free);
  test->h = new_harness(reader, weir_node_string(use), member(reader, node, "options"));
  read_given(reader, test, node);
  read_wanted(reader, test, node);
  if (test->h->misuse)
    weir_diagnostics_error(reader->diagnostics, weir_node_position(node), "%s", test->h->misuse);
  return test;
}

GPtrArray *
harness_cases_load(const char *file, const char *plugin_path, WeirDiagnostics *diagnostics)
{
  static const char *const keys[] = {"cases", "use",   "options", "in",   "files",
                                     "cuts",  "stage", "unused",  "help", NULL};
  g_autoptr(GPtrArray) cases = g_ptr_array_new_with_free_func(harness_case_free);
  g_autoptr(WeirNode) tree = weir_node_load(file, diagnostics);
  const WeirNode *list = tree && weir_node_kind(tree) == WEIR_NODE_MAP ? weir_node_get(tree, "cases") : tree;
  if (!tree)
    return NULL;
  Reader reader = {.diagnostics = diagnostics, .plugin_path = plugin_path};
  g_autofree char *folder = g_path_get_dirname(file);
  reader.folder = g_canonicalize_filename(folder, NULL);
  if (weir_node_kind(tree) == WEIR_NODE_MAP) {
    reader.defaults = tree;
    weir_node_check_keys(tree, keys, "a file of cases", diagnostics);
  }
  if (!list)
    weir_diagnostics_error(diagnostics, weir_node_position(tree), "there is no list \"cases\"");
  else if (weir_node_check_kind(list, WEIR_NODE_LIST, "cases", diagnostics))
    for (gsize i = 0; i < weir_node_size(list); i++) {
      HarnessCase *test = read_case(&reader, weir_node_at(list, i), i + 1);
      if (test)
        g_ptr_array_add(cases, test);
    }
  g_free(reader.folder);
  return weir_diagnostics_n_errors(diagnostics) ? NULL : g_steal_pointer(&cases);
}
