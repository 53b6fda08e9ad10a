/* SPDX-License-Identifier: MIT */
/* The checks of the conformance kit that look at what a stage gives. */
#include "harness/verify.h"

#include <string.h>

static const weir_harness_cut whole = {.batch_rows = 0};

/* ---- The class as it is --------------------------------------------------------------------------------- */

/* That the file could be opened at all, and its tables are sound, was seen before. */
static void
check_runs(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  guint rows = 0;
  const HarnessResult *result = verify_result(h);
  for (guint o = 0; o < result->outputs->len; o++)
    rows += ((HarnessOutput *)result->outputs->pdata[o])->rows->len;
  verify_note(v, "%u rows came out", rows);
  weir_harness_free(h);
}

/* All runs in a list of cuts give the same. */
static void
compare_cuts(Verify *v, const weir_harness_cut *cuts, gsize n, guint rows, const char *what)
{
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  if (rows) {
    verify_repeat_rows(h, rows);
    if (verify_run(v, h, &whole) && verify_result(h)->code != WEIR_EXIT_OK) {
      /* Rows that come twice are too much for it. */
      weir_harness_free(h);
      h = verify_setup(v);
    }
  }
  verify_at(v, "%s", what);
  weir_harness_cuts(h, cuts, n);
  if (!v->failed && verify_run(v, h, NULL) && h->difference)
    verify_fail(v, NULL, "%s", h->difference);
  weir_harness_free(h);
}

static void
check_batches(Verify *v)
{
  static const weir_harness_cut cuts[] = {{.batch_rows = 0},
                                          {.batch_rows = 1},
                                          {.batch_rows = 2},
                                          {.batch_rows = 7},
                                          {.batch_rows = 3, .jobs = 2}};
  compare_cuts(v, cuts, G_N_ELEMENTS(cuts), 0, "other cuts into batches");
}

static void
check_slices(Verify *v)
{
  static const weir_harness_cut cuts[] = {{.batch_rows = 5}, {.batch_rows = 5, .offset = 1}};
  compare_cuts(v, cuts, G_N_ELEMENTS(cuts), 0, "batches that are slices of larger ones");
}

static void
check_threads(Verify *v)
{
  static const weir_harness_cut cuts[] = {{.batch_rows = 3},
                                          {.batch_rows = 3, .jobs = 8},
                                          {.batch_rows = 3, .jobs = 8},
                                          {.batch_rows = 3, .jobs = 3}};
  compare_cuts(v, cuts, G_N_ELEMENTS(cuts), 200, "one thread and eight");
}

static void
check_repeat(Verify *v)
{
  static const weir_harness_cut cuts[] = {{4, 2, 0, 0}, {4, 2, 0, 0}, {4, 2, 0, 0}};
  compare_cuts(v, cuts, G_N_ELEMENTS(cuts), 0, "the same run again");
}

static void
check_late(Verify *v)
{
  static const weir_harness_cut cuts[] = {{3, 1, 0, 0}, {3, 1, 0, 1}};
  if (v->class->n_in == 0)
    verify_skip(v, "it has no inputs");
  else
    compare_cuts(v, cuts, G_N_ELEMENTS(cuts), 0, "types of inputs that become known late");
}

/* ---- Rows at the edges ---------------------------------------------------------------------------------- */

static void
try_value(Verify *v, weir_harness *h, HarnessEdge *edge, const WeirSchema *schema, guint column,
          WeirNode *value, const char *what)
{
  g_autoptr(GPtrArray) before = g_ptr_array_ref(edge->rows);
  GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  guint n = MAX(before->len, 1);
  for (guint r = 0; r < n; r++) {
    WeirNode *row = weir_node_new_list(weir_position("verify", 0, 0));
    for (guint c = 0; c < weir_schema_n_columns(schema); c++)
      weir_node_append(row, c == column && r == n / 2 ? weir_node_ref(value)
                            : before->len             ? weir_node_ref(weir_node_at(before->pdata[r], c))
                                                      : verify_plain_value(schema->arrow.children[c], r));
    g_ptr_array_add(rows, row);
  }
  verify_set_rows(h, edge, rows, schema);
  verify_at(v, "%s in column \"%s\" of input \"%s\"", what, weir_schema_column_name(schema, column),
            edge->port ? edge->port : "in");
  verify_run(v, h, &whole);
  verify_set_rows(h, edge, g_ptr_array_ref(before), schema);
}

/* All values of a column in one run, a row each. TRUE: the stage did well with them. */
static gboolean
try_column(Verify *v, weir_harness *h, HarnessEdge *edge, const WeirSchema *schema, guint column)
{
  g_autoptr(GPtrArray) before = g_ptr_array_ref(edge->rows);
  GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  const char *what = NULL;
  WeirNode *value;
  for (guint k = 0; (value = verify_hostile_value(schema->arrow.children[column], k, &what)); k++) {
    WeirNode *row = weir_node_new_list(weir_position("verify", 0, 0));
    for (guint c = 0; c < weir_schema_n_columns(schema); c++)
      weir_node_append(row, c == column   ? weir_node_ref(value)
                            : before->len ? weir_node_ref(weir_node_at(before->pdata[k % before->len], c))
                                          : verify_plain_value(schema->arrow.children[c], k));
    weir_node_unref(value);
    g_ptr_array_add(rows, row);
  }
  if (rows->len == 0) {
    g_ptr_array_unref(rows);
    return TRUE;
  }
  verify_set_rows(h, edge, rows, schema);
  verify_at(v, "values at the edges of the type in column \"%s\" of input \"%s\"",
            weir_schema_column_name(schema, column), edge->port ? edge->port : "in");
  verify_run(v, h, &whole);
  gboolean well = verify_result(h)->code == WEIR_EXIT_OK;
  verify_set_rows(h, edge, g_ptr_array_ref(before), schema);
  return well;
}

/* Each value in a run of its own: where one of them is refused, the others would not come to the stage. */
static void
try_each(Verify *v, weir_harness *h, HarnessEdge *edge, const WeirSchema *schema, guint column)
{
  const char *what = NULL;
  WeirNode *value;
  for (guint k = 0; !v->failed && (value = verify_hostile_value(schema->arrow.children[column], k, &what));
       k++) {
    try_value(v, h, edge, schema, column, value, what);
    weir_node_unref(value);
  }
}

static void
check_values(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  guint n = 0;
  for (guint e = 0; h && e < h->edges->len; e++) {
    HarnessEdge *edge = h->edges->pdata[e];
    g_autoptr(WeirSchema) schema = NULL;
    if (!verify_plain_rows(edge, &schema))
      continue;
    for (guint c = 0; c < weir_schema_n_columns(schema) && !v->failed; c++, n++)
      if (v->closely || !try_column(v, h, edge, schema, c))
        try_each(v, h, edge, schema, c);
  }
  if (h && n == 0 && !v->failed)
    verify_skip(v, "it takes no rows of its own");
  weir_harness_free(h);
}

static void
check_nulls(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  guint n = 0;
  for (guint e = 0; h && e < h->edges->len; e++) {
    HarnessEdge *edge = h->edges->pdata[e];
    g_autoptr(WeirSchema) schema = NULL;
    if (!verify_plain_rows(edge, &schema))
      continue;
    g_autoptr(WeirSchema) nullable = harness_nullable_schema(schema);
    WeirNode *null = weir_node_new_null(weir_position("verify", 0, 0));
    for (guint c = 0; c < weir_schema_n_columns(schema) && !v->failed; c++, n++)
      try_value(v, h, edge, nullable, c, null, "a null");
    weir_node_unref(null);
    verify_set_rows(h, edge, g_ptr_array_ref(edge->rows), schema);
  }
  if (h && n == 0 && !v->failed)
    verify_skip(v, "it takes no rows of its own");
  weir_harness_free(h);
}

static void
check_empty(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  guint n = 0;
  for (guint e = 0; h && e < h->edges->len; e++) {
    HarnessEdge *edge = h->edges->pdata[e];
    g_autoptr(WeirSchema) schema = NULL;
    if (!verify_plain_rows(edge, &schema))
      continue;
    g_autoptr(GPtrArray) before = g_ptr_array_ref(edge->rows);
    for (guint rows = 0; rows < 2 && rows <= before->len && !v->failed; rows++, n++) {
      GPtrArray *few = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
      if (rows)
        g_ptr_array_add(few, weir_node_ref(before->pdata[0]));
      verify_set_rows(h, edge, few, schema);
      verify_at(v, "input \"%s\" with %s", edge->port ? edge->port : "in", rows ? "one row" : "no rows");
      verify_run(v, h, &whole);
    }
    verify_set_rows(h, edge, g_ptr_array_ref(before), schema);
  }
  if (h && n == 0 && !v->failed)
    verify_skip(v, "it takes no rows of its own");
  weir_harness_free(h);
}

static void
check_unused(Verify *v)
{
  weir_harness *h = verify_setup_that_runs(v);
  g_autoptr(GPtrArray) ports = g_ptr_array_new_with_free_func(g_free);
  if (!h)
    return;
  for (guint o = 0; o < verify_result(h)->outputs->len; o++)
    g_ptr_array_add(ports, g_strdup(((HarnessOutput *)verify_result(h)->outputs->pdata[o])->port));
  if (ports->len == 0)
    verify_skip(v, "it has no outputs");
  for (guint o = 0; o < ports->len && !v->failed; o++) {
    guint before = h->unused->len;
    weir_harness_unused(h, ports->pdata[o]);
    verify_at(v, "output \"%s\" that nothing takes", (char *)ports->pdata[o]);
    verify_run(v, h, &whole);
    g_ptr_array_set_size(h->unused, before);
  }
  weir_harness_free(h);
}

/* ---- Where it writes ------------------------------------------------------------------------------------ */

static const char *
first_in(const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name = dir ? g_dir_read_name(dir) : NULL;
  return g_intern_string(name);
}

static void
check_outside(Verify *v)
{
  static const char *const names[] = {"cwd", "home", "tmp"};
  static const char *const called[] = {"the working directory", "the home folder", "TMPDIR"};
  weir_harness *h = verify_setup_that_runs(v);
  if (!h)
    return;
  verify_at(v, "a run in an empty working directory");
  verify_run(v, h, &whole);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *folder = g_build_filename(v->place, names[i], NULL);
    const char *name = first_in(folder);
    if (name)
      verify_fail(v, NULL, "it wrote \"%s\" into %s, which nobody asked for", name, called[i]);
  }
  weir_harness_free(h);
}

const VerifyCheck verify_checks[] = {
    {"V02", "runs", NULL, check_runs},
    {"V03", "options", "refuse in schema() or open(), with weir_fail(), what the option's row cannot say",
     verify_options},
    {"V04", "batches",
     "keep what must outlast a batch in the state, and number nothing by its place in a batch",
     check_batches},
    {"V05", "slices",
     "read columns through weir_input() or weir_batch_column(): they know where a column begins",
     check_slices},
    {"V06", "threads",
     "with WEIR_PARALLEL the state is read-only in process(); draw random numbers from weir_random_stream(), "
     "and cut "
     "parallel work by its size",
     check_threads},
    {"V07", "repeat", "take nothing from the clock, addresses, or the order of a hash table", check_repeat},
    {"V08", "late types", "look at the schema of an input in process() or produce(), not in open()",
     check_late},
    {"V09", "values",
     "text is any valid UTF-8 of any length, with NUL; reals may be NaN; a row that cannot be used is for "
     "weir_reject()",
     check_values, TRUE},
    {"V10", "nulls", "ask weir_is_null() before a value, or write the port's type without \"?\"",
     check_nulls},
    {"V11", "empty", "an input may have no rows: process() is then never called, and tables have no batches",
     check_empty},
    {"V12", "unused outputs", "ask weir_output_used(), or just emit: the host drops what nobody takes",
     check_unused},
    {"V13", "cancel",
     "return -1 as soon as a function of the host does, or weir_cancelled() is true; release what is held",
     verify_cancel},
    {"V14", "host fails",
     "look at each result; on failure release what is held and return -1 without weir_fail()",
     verify_host_failures},
    {"V15", "no memory", "look at what malloc() returns, and say weir_fail()", verify_malloc},
    {"V16", "leaks", "give back in close() what open() and process() took; weir_alloc() does so by itself",
     verify_leaks},
    {"V17", "files", "write to weir_scratch(), weir_cache(), artifacts, or where an output-path option says",
     check_outside},
    {0},
};
