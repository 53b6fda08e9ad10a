/* SPDX-License-Identifier: MIT */
/* Tests whole runs through weir/host.h alone: outcomes, messages, figures, the run directory, threads, cancelling. */
#include "core/test-engine.h"

#include <json-glib/json-glib.h>
#include <signal.h>
#include <sys/resource.h>
#include <weir/host.h>

typedef struct {
  Folder folder;
  WeirRun *run;
  char *out;       /* the run directory */
  GPtrArray *said; /* of char *: "stage-state load running", in order */
  GString *all;    /* every text of every message */
  int code;
  GError *error;
  guint ends, errors;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
  folder_set_up(&f->folder, data);
  f->out = folder_file(&f->folder, "out");
  f->said = g_ptr_array_new_with_free_func(g_free);
  f->all = g_string_new(NULL);
  f->code = -1;
  alarm(120); /* a run that hangs is a failure */
}

static void
tear_down(Fixture *f, gconstpointer data)
{
  alarm(0);
  weir_run_free(f->run);
  g_clear_error(&f->error);
  g_ptr_array_unref(f->said);
  g_string_free(f->all, TRUE);
  g_free(f->out);
  folder_tear_down(&f->folder, data);
}

static void
listen(WeirRun *run, const WeirMessage *m, gpointer data)
{
  Fixture *f = data;
  g_assert_true(run == f->run);
  g_assert_cmpint(m->time, >, 0);
  if (m->type == WEIR_MESSAGE_TICK)
    return;
  static const char *const names[] = {"begin",  "state", "log",  "metric", "data", "artifact",
                                      "reject", "error", "tick", "end",    "whole"};
  g_ptr_array_add(f->said, g_strdup_printf("%s %s %s", names[m->type], m->stage ? m->stage : "-",
                                           m->type == WEIR_MESSAGE_METRIC ? m->name
                                           : m->text                      ? m->text
                                                                          : ""));
  const char *texts[] = {m->stage, m->text, m->kind, m->name, m->json, m->unit};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
    g_string_append_printf(f->all, "%s\n", texts[i] ? texts[i] : "");
  f->errors += m->type == WEIR_MESSAGE_ERROR;
  f->ends += m->type == WEIR_MESSAGE_RUN_END;
}

/* Read a pipeline; the run is ready to be checked or executed. */
static void
make(Fixture *f, const char *pipeline)
{
  g_autofree char *file = put_pipeline(&f->folder, "p.json", pipeline);
  g_autofree char *plugins = test_plugin_folder();
  f->run = weir_run_new(file, &f->error);
  g_assert_no_error(f->error);
  weir_run_set_plugin_path(f->run, plugins);
  weir_run_set_unsafe_plugins(f->run, TRUE);
  weir_run_set_directory(f->run, f->out);
  weir_run_add_listener(f->run, listen, f);
}

static void
make_stages(Fixture *f, const char *stages)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_printf(text, "{ 'weir': 1, 'name': 'test', 'seed': 5, 'stages': {\n%s } }", stages);
  g_string_replace(text, "DIR", f->folder.path, 0);
  make(f, text->str);
}

static void
execute(Fixture *f)
{
  f->code = weir_run_execute(f->run, &f->error);
  g_assert_cmpint(f->code == 0, ==, f->error == NULL);
  if (f->error)
    g_assert_error(f->error, WEIR_EXIT_ERROR, f->code);
}

static void
run_stages(Fixture *f, const char *stages)
{
  make_stages(f, stages);
  execute(f);
}

static void
run_well(Fixture *f, const char *stages)
{
  run_stages(f, stages);
  g_assert_no_error(f->error);
  g_assert_cmpint(f->code, ==, 0);
}

static guint
times_said(const Fixture *f, const char *text)
{
  guint n = 0;
  for (guint i = 0; i < f->said->len; i++)
    n += g_str_equal(f->said->pdata[i], text);
  return n;
}

static const WeirStageStats *
stats_of(Fixture *f, const char *stage)
{
  guint n;
  const WeirStageStats *stats = weir_run_get_stats(f->run, &n);
  for (guint i = 0; i < n; i++)
    if (g_str_equal(stats[i].stage, stage))
      return &stats[i];
  g_assert_not_reached();
}

static char *
content_of(const Fixture *f, const char *name)
{
  g_autofree char *path = folder_file(&f->folder, name);
  char *content = NULL;
  g_file_get_contents(path, &content, NULL, NULL);
  return content;
}

static JsonNode *
parse(const char *text)
{
  g_autoptr(GError) error = NULL;
  JsonNode *node = json_from_string(text, &error);
  g_assert_no_error(error);
  g_assert_nonnull(node);
  return node;
}

/* run.json, checked to be JSON. */
static JsonNode *
record_of(const Fixture *f)
{
  g_autofree char *text = content_of(f, "out/run.json");
  g_assert_nonnull(text);
  return parse(text);
}

/* The journal's lines, each checked to be JSON. */
static GPtrArray *
journal_of(const Fixture *f)
{
  GPtrArray *nodes = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
  g_autofree char *text = content_of(f, "out/events.jsonl");
  g_assert_nonnull(text);
  g_assert_true(g_str_has_suffix(text, "\n"));
  g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
  for (guint i = 0; lines[i]; i++)
    g_ptr_array_add(nodes, parse(lines[i]));
  return nodes;
}

static const char *
member(JsonNode *node, const char *name)
{
  JsonObject *object = json_node_get_object(node);
  return json_object_has_member(object, name) ? json_object_get_string_member(object, name) : NULL;
}

#define LOAD(n) "'load': { 'use': 'test.rows', 'options': { 'count': " #n ", 'batch': 1 } },\n"
#define SINK(from, file) \
  "'sink': { 'use': 'test.sink', 'from': '" from "', 'options': { 'path': 'DIR/" file "' } }"

/* ---- A run that is well --------------------------------------------------------------------------------- */

static void
test_done(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, "'load': { 'use': 'test.rows', 'options': { 'count': 10, 'batch': 4, 'first': 100 } },\n"
              "'twice': { 'use': 'test.slow', 'from': 'load' },\n" SINK("twice", "numbers"));
  g_autofree char *numbers = content_of(f, "numbers");
  g_assert_true(g_str_has_prefix(numbers, "100 text 100 200\n101 text 101 202\n"));
  g_assert_true(g_str_has_suffix(numbers, "\n109 text 109 218\n"));
  g_assert_cmpuint(count_in(numbers, "\n"), ==, 10);

  g_assert_cmpstr(f->said->pdata[0], ==, "begin - test");
  g_assert_cmpstr(f->said->pdata[f->said->len - 1], ==, "end - done");
  g_assert_cmpuint(times_said(f, "state load running"), ==, 1);
  g_assert_cmpuint(times_said(f, "state load done"), ==, 1);
  g_assert_cmpuint(times_said(f, "state sink done"), ==, 1);
  g_assert_cmpuint(times_said(f, "metric sink rows"), ==, 1);
  g_assert_cmpuint(f->errors, ==, 0);

  const WeirStageStats *twice = stats_of(f, "twice");
  g_assert_cmpstr(twice->state, ==, "done");
  g_assert_cmpuint(twice->records_in, ==, 10);
  g_assert_cmpuint(twice->records_out, ==, 10);
  g_assert_cmpuint(twice->batches_in, ==, 3);
  g_assert_cmpuint(twice->bytes_out, >, twice->bytes_in);
  g_assert_cmpuint(twice->busy_ns, >, 0);
  g_assert_cmpuint(twice->elapsed_ns, >=, twice->busy_ns / g_get_num_processors());
  g_assert_null(twice->waits_for);
  const WeirStageStats *load = stats_of(f, "load");
  g_assert_cmpuint(load->done, ==, 10);
  g_assert_cmpstr(load->unit, ==, "records");
}

static void
test_record(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, LOAD(3) SINK("load", "numbers"));
  g_autoptr(JsonNode) record = record_of(f);
  JsonObject *root = json_node_get_object(record);
  g_assert_cmpstr(member(record, "state"), ==, "done");
  g_assert_cmpint(json_object_get_int_member(root, "code"), ==, 0);
  JsonObject *output = json_array_get_object_element(json_object_get_array_member(root, "outputs"), 0);
  g_assert_cmpstr(json_object_get_string_member(output, "stage"), ==, "sink");
  g_assert_cmpint(json_object_get_int_member(output, "bytes"), ==, 27);
  g_assert_cmpuint(strlen(json_object_get_string_member(output, "sha256")), ==, 64);
  JsonObject *plugin = json_array_get_object_element(json_object_get_array_member(root, "plugins"), 0);
  g_assert_cmpstr(json_object_get_string_member(plugin, "name"), ==, "test");
  g_assert_cmpuint(json_array_get_length(json_object_get_array_member(root, "plugins")), ==, 1);
  JsonObject *metric = json_array_get_object_element(json_object_get_array_member(root, "metrics"), 0);
  g_assert_cmpfloat(json_object_get_double_member(metric, "value"), ==, 3);
  JsonObject *measured = json_object_get_object_member(root, "measured");
  g_assert_cmpuint(json_array_get_length(json_object_get_array_member(measured, "stages")), ==, 2);
  JsonObject *plan = json_object_get_object_member(root, "plan");
  g_assert_cmpint(json_object_get_int_member(plan, "seed"), ==, 5);

  g_autoptr(GPtrArray) journal = journal_of(f);
  g_assert_cmpuint(journal->len, ==, f->said->len); /* what the listeners heard */
  g_assert_cmpstr(member(journal->pdata[0], "event"), ==, "run-begin");
  g_assert_cmpstr(member(journal->pdata[journal->len - 1], "event"), ==, "run-end");
}

/* Same input and seed, any number of threads: the same bytes. */
static void
test_jobs(Fixture *f, gconstpointer data)
{
  (void)data;
  const guint jobs[] = {1, 2, 8};
  g_autofree char *first = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(jobs); i++) {
    g_clear_pointer(&f->run, weir_run_free);
    g_autofree char *name = g_strdup_printf("out%u", jobs[i]);
    g_free(f->out);
    f->out = folder_file(&f->folder, name);
    make_stages(f, "'load': { 'use': 'test.rows', 'options': { 'count': 500, 'batch': 3 } },\n"
                   "'twice': { 'use': 'test.slow', 'from': 'load' },\n" SINK("twice", "numbers"));
    weir_run_set_jobs(f->run, jobs[i]);
    execute(f);
    g_assert_no_error(f->error);
    g_autofree char *numbers = content_of(f, "numbers");
    g_assert_cmpuint(count_in(numbers, "\n"), ==, 500);
    if (first)
      g_assert_cmpstr(numbers, ==, first);
    else
      first = g_steal_pointer(&numbers);
  }
}

/* Streams in the order of the ports, edges in listed order, then the table, read backwards. */
static void
test_ports(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, "'x': { 'use': 'test.rows', 'options': { 'count': 2, 'batch': 1 } },\n"
              "'y': { 'use': 'test.rows', 'options': { 'count': 2, 'first': 10 } },\n"
              "'m': { 'use': 'test.merge', 'from': { 'table': ['x', 'y'], 'more': ['y', 'x'], 'a': 'x', 'b': "
              "'y' } },\n" //
           SINK("m", "numbers"));
  folder_assert_content(
      &f->folder, "numbers",
      "0 0 0\n1 0 0\n10 1 0\n11 1 0\n10 2 0\n11 2 0\n0 2 1\n1 2 1\n10 3 2\n11 3 2\n1 3 1\n0 3 0\n");
  g_assert_cmpuint(times_said(f, "log m end of 0"), ==, 1);
  g_assert_cmpuint(times_said(f, "log m end of 2"), ==, 1);
  g_assert_cmpuint(stats_of(f, "m")->records_in, ==, 12);
}

static void
test_split(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(
      f,
      LOAD(5) "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'one': 0.5, 'two': 0.5 } },\n"
              " 'discard': ['one'] },\n" SINK("s.two", "numbers"));
  folder_assert_content(&f->folder, "numbers", "1 text 1\n3 text 3\n");
}

/* A stage that wants no more: the stage after it gets what came before, and the source stops once it sees that it
 * would go on for nobody; by then the edge may be full. */
static void
test_enough(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, LOAD(1000) "'p': { 'use': 'test.pass', 'from': 'load', 'options': { 'limit': 3 } },\n" SINK(
                  "p", "numbers"));
  folder_assert_content(&f->folder, "numbers", "0 text 0\n1 text 1\n2 text 2\n");
  g_assert_cmpuint(stats_of(f, "load")->batches_out, >=, 3);
  g_assert_cmpuint(stats_of(f, "load")->batches_out, <, 500);
}

/* It stops the ones before it too, however many lie between. */
static void
test_enough_far_off(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(
      f,
      LOAD(100000) "'a': { 'use': 'test.pass', 'from': 'load' }, 'b': { 'use': 'test.pass', 'from': 'a' },\n"
                   "'p': { 'use': 'test.pass', 'from': 'b', 'options': { 'limit': 3 } },\n" SINK("p",
                                                                                                 "numbers"));
  folder_assert_content(&f->folder, "numbers", "0 text 0\n1 text 1\n2 text 2\n");
  g_assert_cmpuint(stats_of(f, "load")->batches_out, <, 50000);
}

/* A worker that has enough does not wait for one that waits for more. */
static void
test_enough_while_waiting(Fixture *f, gconstpointer data)
{
  (void)data;
  make_stages(f, "'load': { 'use': 'test.stall', 'options': { 'count': 10 } },\n"
                 "'twice': { 'use': 'test.slow', 'from': 'load', 'options': { 'end-at': 7 } },\n" //
              SINK("twice", "numbers"));
  weir_run_set_jobs(f->run, 8);
  execute(f);
  g_assert_no_error(f->error);
  folder_assert_content(&f->folder, "numbers", "0 0\n1 2\n2 4\n3 6\n4 8\n5 10\n6 12\n7 14\n");
}

/* The same, where it is the stage after it that has enough. */
static void
test_forsaken_while_waiting(Fixture *f, gconstpointer data)
{
  (void)data;
  make_stages(f, "'load': { 'use': 'test.stall', 'options': { 'count': 10 } },\n"
                 "'twice': { 'use': 'test.slow', 'from': 'load' },\n"
                 "'some': { 'use': 'test.pass', 'from': 'twice', 'options': { 'limit': 2 } },\n" //
              SINK("some", "numbers"));
  weir_run_set_jobs(f->run, 4);
  execute(f);
  g_assert_no_error(f->error);
  folder_assert_content(&f->folder, "numbers", "0 0\n1 2\n");
}

/* The same through stages that have nothing left to do, and wait for a source that has nothing left to say. */
static void
test_forsaken_chain(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, "'load': { 'use': 'test.stall', 'options': { 'count': 2 } },\n"
              "'one': { 'use': 'test.slow', 'from': 'load' },\n"
              "'two': { 'use': 'test.pass', 'from': 'one' },\n"
              "'some': { 'use': 'test.pass', 'from': 'two', 'options': { 'limit': 2 } },\n" //
           SINK("some", "numbers"));
  folder_assert_content(&f->folder, "numbers", "0 0\n1 2\n");
}

/* What a parallel stage passes does not hang on what other workers had begun. */
static void
test_enough_in_parallel(Fixture *f, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 20; i++) {
    g_autofree char *name = g_strdup_printf("out%u", i);
    g_clear_pointer(&f->run, weir_run_free);
    g_free(f->out);
    f->out = folder_file(&f->folder, name);
    make_stages(f,
                LOAD(300) "'twice': { 'use': 'test.slow', 'from': 'load', 'options': { 'end-at': 7 } },\n" //
                SINK("twice", "numbers"));
    weir_run_set_jobs(f->run, 8);
    execute(f);
    g_assert_no_error(f->error);
    g_autofree char *numbers = content_of(f, "numbers");
    g_assert_cmpuint(count_in(numbers, "\n"), ==, 8);
  }
}

/* ---- Graphs that rings alone would stop ------------------------------------------------------------------ */

static const struct {
  const char *name, *stages;
} graphs[] = {
    {"diamond", "'p': { 'use': 'test.pass', 'from': 'load' }, 'q': { 'use': 'test.pass', 'from': 'load' },\n"
                "'m': { 'use': 'test.merge', 'from': { 'a': 'p', 'b': 'q' } }"},
    {"same-twice",
     "'m': { 'use': 'test.merge', 'from': { 'a': 'load', 'b': 'load', 'more': ['load', 'load'] } }"},
    {"table", "'m': { 'use': 'test.merge', 'from': { 'a': 'load', 'table': ['load', 'load'] } }"},
    {"cross", "'load2': { 'use': 'test.rows', 'options': { 'count': 400, 'batch': 1 } },\n"
              "'m': { 'use': 'test.merge', 'from': { 'a': 'load', 'b': 'load2' } },\n"
              "'n': { 'use': 'test.merge', 'from': { 'a': 'load2', 'b': 'load' } }"},
    {"ladder", "'m': { 'use': 'test.merge', 'from': { 'a': 'load', 'b': 'load' } },\n"
               "'n': { 'use': 'test.merge', 'from': { 'a': 'm', 'b': 'load' } },\n"
               "'o': { 'use': 'test.merge', 'from': { 'a': 'load', 'b': 'n', 'table': 'm' } }"},
    {"parallel", "'p': { 'use': 'test.slow', 'from': 'load' }, 'q': { 'use': 'test.slow', 'from': 'load' },\n"
                 "'m': { 'use': 'test.merge', 'from': { 'a': 'p', 'b': 'q' } }"},
    {"late", "'l': { 'use': 'test.late', 'options': { 'columns': ['id i64'] } },\n"
             "'m': { 'use': 'test.merge', 'from': { 'a': 'l', 'b': 'load', 'more': ['load'] } }"},
    {"split", "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'x': 0.5, 'y': 0.5 } } },\n"
              "'m': { 'use': 'test.merge', 'from': { 'a': 's.y', 'b': 's.x' } }"},
};

static void
test_graph(Fixture *f, gconstpointer data)
{
  g_autofree char *stages = g_strconcat(LOAD(400), graphs[GPOINTER_TO_UINT(data)].stages, NULL);
  make_stages(f, stages);
  weir_run_set_jobs(f->run, 3);
  execute(f);
  g_assert_no_error(f->error);
  g_assert_cmpuint(stats_of(f, "m")->records_in, >=, 400);
}

/* ---- Types that are known late --------------------------------------------------------------------------- */

#define LATE(columns, more) "'l': { 'use': 'test.late', 'options': { 'columns': [" columns "]" more " } },\n"

static void
test_late(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, LATE("'id i64', 'w utf8'",
                   "") "'p': { 'use': 'test.pass', 'from': 'l' },\n"
                       "'twice': { 'use': 'test.slow', 'from': 'p' },\n" SINK("twice", "numbers"));
  folder_assert_content(&f->folder, "numbers", "0 word 0\n1 word 2\n2 word 4\n3 word 6\n4 word 8\n");
}

/* The same sentences as in the plan, wherever the mismatch is found. */
static void
test_late_mismatch(Fixture *f, gconstpointer data)
{
  (void)data;
  const char *when[] = {", 'when': 'plan'", ", 'when': 'run'"};
  const int codes[] = {WEIR_EXIT_INVALID, WEIR_EXIT_FAILED};
  for (guint i = 0; i < 2; i++) {
    g_autofree char *stages = g_strdup_printf(
        LATE("'id utf8'", "%s") "'p': { 'use': 'test.pass', 'from': 'l' },\n"
                                "'twice': { 'use': 'test.slow', 'from': 'p' },\n" SINK("twice", "x"),
        when[i]);
    g_clear_pointer(&f->run, weir_run_free);
    g_clear_error(&f->error);
    run_stages(f, stages);
    g_assert_cmpint(f->code, ==, codes[i]);
    g_autofree char *said = without_folder(&f->folder, f->error->message);
    g_assert_cmpstr(
        said, ==,
        "DIR/p.json:4:1: stage \"twice\" (test.slow), port \"in\": column \"id\" is utf8, wants i64\n"
        "  comes from stage \"p\" (test.pass), port \"out\": id:utf8");
  }
  g_assert_cmpuint(f->errors, ==, 1);
}

static void
test_late_never(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(f, LATE("'id i64'", ", 'when': 'never'") SINK("l", "numbers"));
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "rule W10");
  g_assert_cmpuint(f->errors, ==, 1);
}

/* A null where none may come stops the run before the stage sees it; streams and tables alike. */
static void
test_null(Fixture *f, gconstpointer data)
{
  gboolean table = GPOINTER_TO_INT(data);
  g_autofree char *stages =
      g_strdup_printf(LATE("'id i64?', 'w utf8'", ", 'nulls': true, 'when': 'plan'")
                          LOAD(2) "'m': { 'use': 'test.merge', 'from': { 'a': '%s', 'table': '%s' } }",
                      table ? "load" : "l", table ? "l" : "load");
  g_autoptr(GString) text = g_string_new(stages);
  g_string_replace(text, "'w utf8'", "'w utf8?'", 0);
  run_stages(f, text->str);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, table ? "column 'id' of input 'table' is empty (null) in record 3"
                                           : "column 'id' of input 'a' is empty (null) in record 3");
  assert_contains(f->error->message, "hint: fill it in");
  g_assert_cmpuint(f->errors, ==, 1);
}

/* ---- Failures -------------------------------------------------------------------------------------------- */

static void
test_failure(Fixture *f, gconstpointer data)
{
  const char *in = data;
  g_autofree char *stages = g_strdup_printf(
      LOAD(500) "'bad': { 'use': 'test.fail', 'from': 'load', 'options': { 'in': '%s', 'text': 'no\\nhint: "
                "try' } },\n"
                "'wait': { 'use': 'test.pass', 'from': 'load', 'options': { 'wait': '5ms' } },\n" SINK(
                    "wait", "numbers"),
      in);
  run_stages(f, stages);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  g_autofree char *said = without_folder(&f->folder, f->error->message);
  g_autofree char *wanted = g_strdup_printf("DIR/p.json:3:1: stage \"bad\" (test.fail): no\nhint: try%s",
                                            g_str_equal(in, "process") ? "\n  at input \"in\", batch 1" : "");
  g_assert_cmpstr(said, ==, wanted);
  g_assert_cmpuint(f->errors, ==, 1);
  g_assert_cmpuint(f->ends, ==, 1);
  g_assert_cmpstr(f->said->pdata[f->said->len - 1], ==, "end - failed");
  g_assert_cmpstr(stats_of(f, "bad")->state, ==, "failed");
  if (!g_str_equal(in, "end")) { /* by then the others may be through */
    g_autofree char *numbers = content_of(f, "numbers");
    g_assert_null(numbers);
    g_assert_cmpstr(stats_of(f, "sink")->state, ==, "cancelled");
  }
  g_autoptr(JsonNode) record = record_of(f);
  g_assert_cmpstr(member(record, "state"), ==, "failed");
  g_assert_cmpstr(member(record, "error"), ==, f->error->message);
}

/* Whichever worker it was. */
static void
test_parallel_failure(Fixture *f, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 10; i++) {
    g_autofree char *name = g_strdup_printf("out%u", i);
    g_free(f->out);
    f->out = folder_file(&f->folder, name);
    g_clear_pointer(&f->run, weir_run_free);
    g_clear_error(&f->error);
    f->errors = 0;
    make_stages(
        f, LOAD(300) "'twice': { 'use': 'test.slow', 'from': 'load', 'options': { 'fail-at': 37 } },\n" //
        SINK("twice", "numbers"));
    weir_run_set_jobs(f->run, 4);
    execute(f);
    g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
    g_assert_true(
        g_str_has_suffix(f->error->message, "number 37 cannot be borne\n  at input \"in\", batch 38"));
    g_assert_cmpuint(f->errors, ==, 1);
    g_assert_cmpstr(stats_of(f, "twice")->state, ==, "failed");
    g_autofree char *numbers = content_of(f, "numbers");
    g_assert_null(numbers);
  }
}

/* Batches are counted by input: those of a table are no batches of the stream. */
static void
test_batch_number(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(f, LOAD(7) LATE("'id i64?'",
                             ", 'nulls': true, 'when': 'plan'") "'m': { 'use': 'test.merge', 'from': { 'a': "
                                                                "'load', 'b': 'l', 'table': 'load' } }");
  g_assert_true(g_str_has_suffix(f->error->message, "\n  at input \"b\", batch 1"));
}

static void
test_held(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(f, LOAD(100) "'gate': { 'use': 'test.hold', 'from': 'load', 'options': { 'after': 3 } },\n" //
             SINK("gate", "numbers"));
  g_assert_cmpint(f->code, ==, WEIR_EXIT_HELD);
  g_assert_cmpstr(f->error->message, ==, "stage \"gate\" (test.hold): 3 records are enough");
  folder_assert_content(&f->folder, "numbers", "0 text 0\n1 text 1\n2 text 2\n");
  g_assert_cmpuint(times_said(f, "state gate held"), ==, 1);
  g_assert_cmpuint(times_said(f, "state sink done"), ==, 1);
  g_assert_cmpuint(times_said(f, "end - stage \"gate\" (test.hold): 3 records are enough"), ==, 1);
  g_assert_cmpuint(f->errors, ==, 0);
  g_autoptr(JsonNode) record = record_of(f);
  g_assert_cmpstr(member(record, "state"), ==, "held");
}

/* Two that hold: both say why, in the order of the plan. What each let through is completed. */
static void
test_held_twice(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(
      f, LOAD(100) "'late': { 'use': 'test.hold', 'from': 'load', 'options': { 'after': 90 } },\n"
                   "'soon': { 'use': 'test.hold', 'from': 'load', 'options': { 'after': 2 } },\n"
                   "'rest': { 'use': 'test.sink', 'from': 'late', 'options': { 'path': 'DIR/rest' } },\n" //
      SINK("soon", "numbers"));
  g_assert_cmpint(f->code, ==, WEIR_EXIT_HELD);
  g_assert_cmpstr(f->error->message, ==,
                  "stage \"late\" (test.hold): 90 records are enough\n"
                  "stage \"soon\" (test.hold): 2 records are enough");
  folder_assert_content(&f->folder, "numbers", "0 text 0\n1 text 1\n");
  g_autofree char *rest = content_of(f, "rest");
  g_assert_cmpuint(count_in(rest, "\n"), ==, 90);
  g_autoptr(JsonNode) record = record_of(f);
  g_assert_cmpstr(member(record, "state"), ==, "held");
  g_assert_cmpstr(member(record, "held"), ==, f->error->message);
  g_assert_cmpint(json_object_get_int_member(json_node_get_object(record), "code"), ==, WEIR_EXIT_HELD);
}

/* A failure counts more than a gate that refused; the record has both. */
static void
test_held_and_failed(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(f, LOAD(100) "'gate': { 'use': 'test.hold', 'from': 'load', 'options': { 'after': 3 } },\n"
                          "'bad': { 'use': 'test.fail', 'from': 'slow', 'options': { 'in': 'end' } },\n"
                          "'slow': { 'use': 'test.pass', 'from': 'load', 'options': { 'wait': '1ms' } },\n" //
             SINK("gate", "numbers"));
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "stage 'bad' (test.fail): as it was told to");
  g_assert_cmpuint(f->errors, ==, 1);
  g_autoptr(JsonNode) record = record_of(f);
  g_assert_cmpstr(member(record, "state"), ==, "failed");
  assert_contains(member(record, "held"), "3 records are enough");
}

static void
test_codes(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autofree char *plugins = test_plugin_folder();
  g_setenv("WEIR_PLUGIN_PATH", plugins, TRUE);
  g_autofree char *before = g_get_current_dir();
  g_assert_cmpint(chdir(f->folder.path), ==, 0);
  g_autofree char *file =
      put_pipeline(&f->folder, "q.json",
                   "{ 'weir': 1, 'name': 'q', 'parameters': { 'n': { 'type': 'integer' } },\n"
                   " 'stages': { 'a': { 'use': 'test.rows', 'options': { 'count': '${n}' } } } }");
  g_autofree char *bad = put_pipeline(&f->folder, "bad.json", "{ 'weir': 1, 'stages': 3 }");
  g_assert_nonnull(bad);
  const struct {
    const char *file, *parameter;
    int code;
    const char *says;
  } cases[] = {
      {"q.json", "n=3", WEIR_EXIT_OK, NULL},
      {"q.json", "m=3", WEIR_EXIT_USAGE, "pipeline 'q' has no parameter 'm'; "},
      {"q.json", "n=x", WEIR_EXIT_USAGE, "--n: "},
      {"q.json", "n", WEIR_EXIT_USAGE, "a parameter is NAME=VALUE, not 'n'"},
      {"q.json", NULL, WEIR_EXIT_USAGE, "parameter 'n' has no value"},
      {"q.json", "n=-1", WEIR_EXIT_INVALID, "stage 'a' (test.rows)"},
      {"bad.json", NULL, WEIR_EXIT_INVALID, "'stages' must be a map"},
      {"none.json", NULL, WEIR_EXIT_INVALID, "none.json"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    const char *parameters[] = {cases[i].parameter, NULL};
    g_autoptr(GError) error = NULL;
    int code = weir_run_file(cases[i].file, parameters, NULL, NULL, &error);
    g_assert_cmpint(code, ==, cases[i].code);
    if (cases[i].says)
      assert_contains(error->message, cases[i].says);
    else
      g_assert_no_error(error);
  }
  g_assert_cmpint(weir_run_file("q.json", NULL, NULL, NULL, NULL), ==, WEIR_EXIT_USAGE);
  g_autoptr(GDir) runs = g_dir_open("runs", 0, NULL); /* of the one that ran; a refused one leaves nothing */
  g_assert_nonnull(runs);
  g_assert_true(g_str_has_prefix(g_dir_read_name(runs), "q-"));
  g_assert_null(g_dir_read_name(runs));
  g_assert_cmpint(chdir(before), ==, 0);
  g_unsetenv("WEIR_PLUGIN_PATH");
}

/* ---- Cancelling ------------------------------------------------------------------------------------------ */

static WeirRun *to_cancel;

static gpointer
cancel_soon(gpointer data)
{
  (void)data;
  g_usleep(150000);
  weir_run_cancel(to_cancel);
  return NULL;
}

static void
on_alarm(int number)
{
  (void)number;
  weir_run_cancel(to_cancel);
}

static void
assert_interrupted(Fixture *f)
{
  g_assert_cmpint(f->code, ==, WEIR_EXIT_INTERRUPTED);
  g_assert_cmpstr(f->error->message, ==, "the run was interrupted");
  g_assert_cmpuint(f->errors, ==, 0);
  g_assert_cmpstr(f->said->pdata[f->said->len - 1], ==, "end - interrupted");
  g_assert_cmpfloat(weir_run_get_elapsed(f->run), <, 30);
  g_autoptr(JsonNode) record = record_of(f);
  g_assert_cmpstr(member(record, "state"), ==, "interrupted");
}

static const char *const sleepers[] = {
    "'s': { 'use': 'test.sleep' }, 'z': { 'use': 'test.sink', 'from': 's' }",                  /* input */
    LOAD(100000) "'p': { 'use': 'test.pass', 'from': 'load', 'options': { 'wait': '20ms' } }", /* room */
    "'s': { 'use': 'test.sleep' }, 'm': { 'use': 'test.merge', 'from': { 'a': 's', 'table': 's' } }", /* table */
    "'s': { 'use': 'test.sleep' }, 't': { 'use': 'test.slow', 'from': 's' }", /* workers */
    LOAD(100000) "'t': { 'use': 'test.slow', 'from': 'load' },\n"
                 "'p': { 'use': 'test.pass', 'from': 't', 'options': { 'wait': '20ms' } }", /* turns */
};

static void
test_cancel(Fixture *f, gconstpointer data)
{
  make_stages(f, sleepers[GPOINTER_TO_UINT(data)]);
  weir_run_set_jobs(f->run, 3);
  to_cancel = f->run;
  g_autoptr(GThread) thread = g_thread_new("canceller", cancel_soon, NULL);
  execute(f);
  g_thread_join(g_steal_pointer(&thread));
  assert_interrupted(f);
}

static void
test_cancel_by_signal(Fixture *f, gconstpointer data)
{
  (void)data;
  struct sigaction action = {.sa_handler = on_alarm}, old;
  sigaction(SIGUSR1, &action, &old);
  make_stages(f, sleepers[0]);
  to_cancel = f->run;
  pid_t self = getpid();
  g_autofree char *command = g_strdup_printf("sleep 0.2; kill -USR1 %d", (int)self);
  const char *argv[] = {"sh", "-c", command, NULL};
  g_assert_true(g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL));
  execute(f);
  assert_interrupted(f);
  sigaction(SIGUSR1, &old, NULL);
}

/* Asked before it begins: nothing is worked off first. */
static void
test_cancel_before(Fixture *f, gconstpointer data)
{
  (void)data;
  make_stages(f, "'load': { 'use': 'test.rows', 'options': { 'count': 20, 'batch': 1, 'wait': '1ms' } },\n" //
              SINK("load", "numbers"));
  weir_run_cancel(f->run);
  execute(f);
  assert_interrupted(f);
  g_autofree char *numbers = content_of(f, "numbers");
  g_assert_null(numbers);
}

/* ---- Run directories ------------------------------------------------------------------------------------- */

static void
test_directory(Fixture *f, gconstpointer data)
{
  (void)data;
  folder_put(&f->folder, "full/file", "mine");
  folder_put(&f->folder, "file", "mine");
  g_autofree char *full = folder_file(&f->folder, "full"), *file = folder_file(&f->folder, "file");
  g_autofree char *deep = folder_file(&f->folder, "new/er/out");
  make_stages(f, LOAD(1) SINK("load", "numbers"));
  weir_run_set_directory(f->run, full);
  execute(f);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_USAGE);
  assert_contains(f->error->message, "is not empty");
  assert_contains(f->error->message, "hint: ");
  folder_assert_content(&f->folder, "full/file", "mine");
  g_clear_error(&f->error);
  weir_run_set_directory(f->run, file);
  execute(f);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_USAGE);
  assert_contains(f->error->message, file);
  folder_assert_content(&f->folder, "file", "mine");
  g_clear_error(&f->error);
  weir_run_set_directory(f->run, "/proc/no/run/here"); /* not the user's mistake but the system's refusal */
  execute(f);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  g_assert_null(weir_run_get_directory(f->run));
  g_clear_error(&f->error);
  g_assert_cmpuint(f->said->len, ==, 0);
  weir_run_set_directory(f->run, deep);
  execute(f);
  g_assert_no_error(f->error);
  g_assert_cmpstr(weir_run_get_directory(f->run), ==, deep);
}

static void
test_once(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, LOAD(1) SINK("load", "numbers"));
  execute(f);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_USAGE);
  g_assert_cmpstr(f->error->message, ==, "a WeirRun does one run");
  g_assert_cmpuint(f->ends, ==, 1);
}

#define WARNS LOAD(1) "'careful': { 'use': 'test.fail', 'from': 'load', 'options': { 'in': 'warn' } }"

/* What a stage warns of while planning is heard once, by whoever checks and by whoever runs. */
static void
test_warning(Fixture *f, gconstpointer data)
{
  gboolean checked = GPOINTER_TO_INT(data);
  make_stages(f, WARNS);
  if (checked)
    g_assert_true(weir_run_check(f->run, NULL));
  execute(f);
  g_assert_no_error(f->error);
  g_assert_cmpuint(count_in(f->all->str, "this may not be what you want"), ==, 1);
  assert_contains(f->all->str, "p.json:3:1: warning: stage 'careful' (test.fail): this may not");
}

/* Files may not grow: the journal ends with a whole line and says so once; what the run failed of comes first. */
/* From the moment on at which a run has begun, files get no longer than this. */
static void
use_up_room(WeirRun *run, const WeirMessage *message, gpointer data)
{
  (void)run;
  if (message->type == WEIR_MESSAGE_RUN_BEGIN)
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, data), ==, 0);
}

static void
test_no_room(Fixture *f, gconstpointer data)
{
  gboolean fails = GPOINTER_TO_INT(data);
  struct rlimit limit, small;
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  small = limit;
  small.rlim_cur = 200;
  make_stages(f, fails ? LOAD(2) "'it': { 'use': 'test.fail', 'from': 'load' }"
                       : LOAD(2) "'it': { 'use': 'test.pass', 'from': 'load' }");
  signal(SIGXFSZ, SIG_IGN);
  weir_run_add_listener(f->run, use_up_room, &small);
  execute(f);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  signal(SIGXFSZ, SIG_DFL);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, fails ? "as it was told to" : "out/run.json");
  guint journal = 0, record = 0;
  for (guint i = 0; i < f->said->len; i++) {
    journal += g_str_has_prefix(f->said->pdata[i], "log") && strstr(f->said->pdata[i], "events.jsonl");
    record += g_str_has_prefix(f->said->pdata[i], "log") && strstr(f->said->pdata[i], "run.json");
  }
  g_assert_cmpuint(journal, ==, 1);
  g_assert_cmpuint(record, ==, fails ? 1 : 0);
  g_assert_cmpuint(f->ends, ==, 1);
  g_autoptr(GPtrArray) lines = journal_of(f);
  g_assert_cmpuint(lines->len, >=, 1);
}

/* A run that could not be resumed does not begin. */
static void
test_no_room_to_begin(Fixture *f, gconstpointer data)
{
  struct rlimit limit, small;
  (void)data;
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  small = limit;
  small.rlim_cur = 200;
  make_stages(f, LOAD(2) SINK("load", "numbers"));
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
  execute(f);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  signal(SIGXFSZ, SIG_DFL);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "out/begin.json");
  g_assert_cmpuint(f->said->len, ==, 0);
}

/* A listener's data may be gone when the run is freed. */
static void
test_no_message_after(Fixture *f, gconstpointer data)
{
  (void)data;
  folder_put(&f->folder, "out/file", "mine");
  make_stages(f, WARNS);
  execute(f);
  g_assert_cmpint(f->code, ==, WEIR_EXIT_USAGE);
  guint heard = f->said->len;
  g_clear_pointer(&f->run, weir_run_free);
  g_assert_cmpuint(f->said->len, ==, heard);
}

static void
test_epoch(Fixture *f, gconstpointer data)
{
  (void)data;
  g_setenv("SOURCE_DATE_EPOCH", "1234567890", TRUE);
  run_well(f, "'t': { 'use': 'test.talk' }");
  g_unsetenv("SOURCE_DATE_EPOCH");
  g_assert_cmpuint(times_said(f, "log t started 1234567890000000"), ==, 1);
  g_autoptr(JsonNode) record = record_of(f);
  JsonObject *measured = json_object_get_object_member(json_node_get_object(record), "measured");
  g_assert_cmpstr(json_object_get_string_member(measured, "started"), ==, "2009-02-13T23:31:30Z");
}

/* ---- Messages -------------------------------------------------------------------------------------------- */

/* Whatever a stage says, journal and record stay JSON. */
static void
test_talk(Fixture *f, gconstpointer data)
{
  const char *json = data;
  g_autofree char *escaped = g_strescape(json, NULL);
  g_autofree char *quoted =
      g_strdup_printf("'t': { 'use': 'test.talk', 'options': { 'json': \"%s\" } }", escaped);
  make_stages(f, quoted);
  weir_run_set_developer(f->run, FALSE);
  execute(f);
  g_assert_no_error(f->error);
  g_assert_cmpuint(times_said(f, "metric t first"), ==, 2);
  g_assert_cmpuint(times_said(f, "log t not for everybody"), ==, 0);
  g_autoptr(GPtrArray) journal = journal_of(f);
  gboolean found = FALSE;
  for (guint i = 0; i < journal->len; i++)
    if (g_strcmp0(member(journal->pdata[i], "event"), "data") == 0) {
      found = TRUE;
      g_assert_cmpstr(member(journal->pdata[i], "kind"), ==, "point");
    }
  g_assert_true(found);
  g_autoptr(JsonNode) record = record_of(f);
  JsonObject *measured = json_object_get_object_member(json_node_get_object(record), "measured");
  JsonArray *metrics = json_object_get_array_member(json_node_get_object(record), "metrics");
  JsonArray *rates = json_object_get_array_member(measured, "metrics");
  g_assert_cmpuint(json_array_get_length(metrics), ==, 1);
  g_assert_cmpuint(json_array_get_length(rates), ==, 1);
  JsonObject *first = json_array_get_object_element(rates, 0),
             *none = json_array_get_object_element(metrics, 0);
  g_assert_cmpfloat(json_object_get_double_member(first, "value"), ==, 2.5); /* the last one counts */
  g_assert_cmpstr(json_object_get_string_member(first, "unit"), ==, "m/s");
  g_assert_false(json_object_has_member(none, "unit"));
  g_assert_true(json_object_get_null_member(none, "value"));
}

/* A message that is no JSON is told of once; in developer mode it is a broken rule. */
static void
test_no_json(Fixture *f, gconstpointer data)
{
  gboolean developer = GPOINTER_TO_INT(data);
  make_stages(f, "'t': { 'use': 'test.talk', 'options': { 'json': '{nan', 'times': 3 } }");
  weir_run_set_developer(f->run, developer);
  execute(f);
  g_assert_cmpint(f->code, ==, developer ? WEIR_EXIT_FAILED : WEIR_EXIT_OK);
  guint told = 0;
  for (guint i = 0; i < f->said->len; i++)
    told += strstr(f->said->pdata[i], "is no JSON, and is kept as a text") != NULL;
  g_assert_cmpuint(told, ==, developer ? 0 : 1);
  if (developer)
    assert_contains(f->error->message,
                    "rule W21 of the plugin contract is broken: message 'epochs' of kind 'point'");
}

typedef struct {
  Fixture *fixture;
  guint heard;
} Slow;

static void
listen_slowly(WeirRun *run, const WeirMessage *m, gpointer data)
{
  Slow *slow = data;
  guint n;
  if (m->type != WEIR_MESSAGE_DATA)
    return;
  g_usleep(slow->heard++ < 20 ? 5000 : 0);
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  if (slow->heard == 20) /* it has said what fits, and waits */
    g_assert_cmpstr(stats[0].state, ==, "running");
}

/* Listeners that are slow hold up who says a lot: no message is lost, and memory stays as it is. */
static void
test_many_messages(Fixture *f, gconstpointer data)
{
  (void)data;
  Slow slow = {f, 0};
  make_stages(f, "'t': { 'use': 'test.talk', 'options': { 'times': 20000 } }");
  weir_run_add_listener(f->run, listen_slowly, &slow);
  execute(f);
  g_assert_no_error(f->error);
  g_assert_cmpuint(slow.heard, ==, 20000);
}

/* All files below a folder, one after another. */
static void
append_files(GString *out, const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(folder, name, NULL), *content = NULL;
    gsize size;
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
      append_files(out, path);
    else if (g_file_get_contents(path, &content, &size, NULL))
      g_string_append_len(out, content, (gssize)size);
  }
}

/* A secret stays out of all files, messages and errors, and the files stay JSON even when it looks like their parts. */
static void
test_secret(Fixture *f, gconstpointer data)
{
  const char *secret = data;
  g_setenv("WEIR_TEST_TOKEN", secret, TRUE);
  g_autofree char *stages = g_strdup_printf(
      LOAD(1048576) "'sink': { 'use': 'test.sink', 'from': 'load',\n"
                    " 'options': { 'path': 'DIR/numbers', 'token': '${env:WEIR_TEST_TOKEN}' } },\n"
                    "'bad': { 'use': 'test.fail', 'from': 'load',\n"
                    " 'options': { 'in': 'process', 'text': 'not with ${env:WEIR_TEST_TOKEN}' } }");
  run_stages(f, stages);
  g_unsetenv("WEIR_TEST_TOKEN");
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "not with ***");
  g_assert_null(strstr(f->all->str, secret));
  g_autofree char *plan = weir_run_get_plan(f->run, NULL);
  g_autoptr(JsonNode) parsed = parse(plan);
  g_autoptr(GPtrArray) journal = journal_of(f);
  g_autoptr(JsonNode) record = record_of(f);
  g_assert_cmpstr(member(record, "state"), ==, "failed");
  if (!strpbrk(secret, "-"))
    return; /* where a number or true is the same, it is no secret */
  g_autoptr(GString) files = g_string_new(plan);
  append_files(files, f->out);
  g_assert_cmpuint(files->len, >, 1000);
  g_assert_null(strstr(files->str, secret));
}

/* Nor does a failure say it that is found when types become known late. */
static void
test_secret_late(Fixture *f, gconstpointer data)
{
  (void)data;
  g_setenv("WEIR_TEST_TOKEN", "s3cr3t-token", TRUE);
  run_stages(f,
             LATE("'id i64', 'w utf8'", "") "'sink': { 'use': 'test.sink', 'from': 'l',\n"
                                            " 'options': { 'path': 'DIR/numbers', 'token': "
                                            "'${env:WEIR_TEST_TOKEN}' } },\n"
                                            "'bad': { 'use': 'test.fail', 'from': 'l', 'options': {\n"
                                            " 'in': 'schema', 'text': 'not with ${env:WEIR_TEST_TOKEN}' } }");
  g_unsetenv("WEIR_TEST_TOKEN");
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "not with ***");
}

/* ---- Artifacts ------------------------------------------------------------------------------------------- */

static void
test_artifact(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, "'make': { 'use': 'test.artifact', 'options': { 'metadata': '{\\\"a\\\":\\n [1]}' } },\n"
              "'again': { 'use': 'test.artifact' },\n" SINK("make", "record"));
  folder_assert_content(&f->folder, "out/artifacts/make/model/weights", "1 2 3\n");
  g_assert_cmpuint(times_said(f, "log make still named"), ==, 1); /* the stage may keep the folder's name */
  g_autofree char *line = content_of(f, "record");
  g_assert_true(g_str_has_prefix(line, "model artifacts/make/model "));
  g_autoptr(JsonNode) record = record_of(f);
  JsonArray *artifacts = json_object_get_array_member(json_node_get_object(record), "artifacts");
  g_assert_cmpuint(json_array_get_length(artifacts), ==, 2);
  for (guint i = 0; i < 2; i++) {
    JsonObject *made = json_array_get_object_element(artifacts, i);
    g_assert_cmpint(json_object_get_int_member(made, "bytes"), ==, 6);
    g_assert_nonnull(strstr(json_object_get_string_member(made, "path"), "/model"));
    if (g_str_equal(json_object_get_string_member(made, "stage"), "make")) {
      g_assert_nonnull(strstr(line, json_object_get_string_member(made, "sha256")));
      g_assert_true(json_object_has_member(json_object_get_object_member(made, "metadata"), "a"));
    }
  }
}

/* A null in a record of an artifact has no text: no path at all. */
static void
test_artifact_nowhere(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(f, "'make': { 'use': 'test.artifact', 'options': { 'leave': 'nowhere' } }");
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "\"\" is no path inside the run directory");
}

/* Metadata that is no JSON does not spoil the record. */
static void
test_artifact_metadata(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, "'make': { 'use': 'test.artifact', 'options': { 'metadata': '{no json' } },\n" SINK("make",
                                                                                                  "record"));
  g_autoptr(JsonNode) record = record_of(f);
  g_autoptr(GPtrArray) journal = journal_of(f);
}

static void
test_artifact_left(Fixture *f, gconstpointer data)
{
  const char *leave = data;
  g_autofree char *stages =
      g_strdup_printf("'make': { 'use': 'test.artifact', 'options': { 'leave': '%s' } },\n"
                      "'wait': { 'use': 'test.sink', 'from': 'make' }%s",
                      leave, g_str_equal(leave, "cancelled") ? "," : "");
  if (g_str_equal(leave, "cancelled")) {
    g_autofree char *more =
        g_strconcat(stages, LOAD(5) "'bad': { 'use': 'test.fail', 'from': 'load' }", NULL);
    run_stages(f, more);
  } else {
    run_stages(f, stages);
  }
  g_assert_cmpint(f->code, ==, g_str_equal(leave, "dropped") ? WEIR_EXIT_OK : WEIR_EXIT_FAILED);
  g_autofree char *made = folder_file(&f->folder, "out/artifacts/make");
  g_autoptr(GDir) dir = g_dir_open(made, 0, NULL);
  g_assert_true(!dir || !g_dir_read_name(dir)); /* no temporary folder either */
  g_assert_cmpuint(f->errors, ==, g_str_equal(leave, "dropped") ? 0 : 1);
}

/* ---- While it runs --------------------------------------------------------------------------------------- */

typedef struct {
  guint ticks, waiting, early;
} Watch;

static void
watch(WeirRun *run, const WeirMessage *m, gpointer data)
{
  Watch *w = data;
  guint n;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  if (m->type != WEIR_MESSAGE_TICK)
    return;
  w->ticks++;
  g_assert_cmpuint(n, ==, 3);
  w->waiting += g_strcmp0(stats[2].waits_for, "input twice") == 0;
  w->early += stats[0].records_out == 1 && stats[1].records_out == 1;
}

/* What a worker has finished goes on at once, not when the next batch comes. */
static void
test_while_running(Fixture *f, gconstpointer data)
{
  (void)data;
  Watch w = {0};
  make_stages(f, "'load': { 'use': 'test.rows', 'options': { 'count': 2, 'batch': 1, 'wait': '600ms' } },\n"
                 "'twice': { 'use': 'test.slow', 'from': 'load' },\n" SINK("twice", "numbers"));
  weir_run_set_jobs(f->run, 4);
  weir_run_add_listener(f->run, watch, &w);
  execute(f);
  g_assert_no_error(f->error);
  g_assert_cmpuint(w.ticks, >=, 6);
  g_assert_cmpuint(w.waiting, >=, 2);
  g_assert_cmpuint(w.early, >=, 2);
}

static void
test_waits_for_room(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, LOAD(300) "'p': { 'use': 'test.pass', 'from': 'load', 'options': { 'wait': '1ms' } }");
  g_assert_cmpuint(stats_of(f, "load")->wait_out_ns, >, 0);
  g_assert_null(stats_of(f, "load")->waits_for);
  g_assert_cmpuint(stats_of(f, "p")->busy_ns, >, stats_of(f, "load")->busy_ns);
}

static void
add(const char *path, void (*test)(Fixture *, gconstpointer), gconstpointer data)
{
  g_test_add(path, Fixture, data, set_up, test, tear_down);
}

static void
add_numbered(const char *path, const char *name, void (*test)(Fixture *, gconstpointer), guint i)
{
  g_autofree char *whole = name ? g_strdup_printf("%s/%s", path, name) : g_strdup_printf("%s/%u", path, i);
  add(whole, test, GUINT_TO_POINTER(i));
}

/* ---- Resuming ------------------------------------------------------------------------------------------- */

static gpointer
execute_there(gpointer data)
{
  execute(data);
  return NULL;
}

/* What a stage said before is told again at once, in whatever thread the run is. */
static void
test_resume_elsewhere(Fixture *f, gconstpointer data)
{
  (void)data;
  run_stages(f, "'talk': { 'use': 'test.talk', 'options': { 'times': 5000 } },\n"
                "'rows': { 'use': 'test.rows', 'options': { 'count': 10, 'batch': 1, 'wait': '50ms' } },\n"
                "'fail': { 'use': 'test.fail', 'from': 'rows', 'options': { 'in': 'end' } }");
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  weir_run_free(f->run);
  g_clear_error(&f->error);
  f->run = weir_run_resume(f->out, &f->error);
  g_assert_no_error(f->error);
  weir_run_set_unsafe_plugins(f->run, TRUE);
  weir_run_add_listener(f->run, listen, f);
  g_thread_join(g_thread_new("elsewhere", execute_there, f));
  g_assert_cmpint(f->code, ==, WEIR_EXIT_FAILED);
  g_assert_cmpuint(times_said(f, "state talk reused"), ==, 1);
  g_assert_cmpuint(times_said(f, "data talk "), ==, 10000);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_unsetenv("SOURCE_DATE_EPOCH");
  add("/run/done", test_done, NULL);
  add("/run/record", test_record, NULL);
  add("/run/jobs", test_jobs, NULL);
  add("/run/ports", test_ports, NULL);
  add("/run/split", test_split, NULL);
  add("/run/enough", test_enough, NULL);
  add("/run/enough-far-off", test_enough_far_off, NULL);
  add("/run/enough-while-waiting", test_enough_while_waiting, NULL);
  add("/run/forsaken-while-waiting", test_forsaken_while_waiting, NULL);
  add("/run/forsaken-chain", test_forsaken_chain, NULL);
  add("/run/enough-in-parallel", test_enough_in_parallel, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(graphs); i++)
    add_numbered("/run/graph", graphs[i].name, test_graph, i);
  add("/run/late/done", test_late, NULL);
  add("/run/late/mismatch", test_late_mismatch, NULL);
  add("/run/late/never", test_late_never, NULL);
  add("/run/null/stream", test_null, GINT_TO_POINTER(FALSE));
  add("/run/null/table", test_null, GINT_TO_POINTER(TRUE));
  add("/run/failure/open", test_failure, "open");
  add("/run/failure/process", test_failure, "process");
  add("/run/failure/end", test_failure, "end");
  add("/run/failure/parallel", test_parallel_failure, NULL);
  add("/run/failure/batch-number", test_batch_number, NULL);
  add("/run/held/one", test_held, NULL);
  add("/run/held/two", test_held_twice, NULL);
  add("/run/held/failed", test_held_and_failed, NULL);
  add("/run/codes", test_codes, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(sleepers); i++)
    add_numbered("/run/cancel", NULL, test_cancel, i);
  add("/run/cancel/signal", test_cancel_by_signal, NULL);
  add("/run/cancel/before", test_cancel_before, NULL);
  add("/run/directory", test_directory, NULL);
  add("/run/no-room/done", test_no_room, GINT_TO_POINTER(FALSE));
  add("/run/no-room/failed", test_no_room, GINT_TO_POINTER(TRUE));
  add("/run/no-room/begin", test_no_room_to_begin, NULL);
  add("/run/once", test_once, NULL);
  add("/run/warning/run", test_warning, GINT_TO_POINTER(FALSE));
  add("/run/warning/check", test_warning, GINT_TO_POINTER(TRUE));
  add("/run/no-message-after", test_no_message_after, NULL);
  add("/run/epoch", test_epoch, NULL);
  add("/run/talk/json", test_talk, "{\"epoch\": 1,\n \"loss\": 0.5}");
  add("/run/talk/no-json", test_talk, "{\"loss\": nan}");
  add("/run/talk/cut", test_talk, "{\"epoch\": 1");
  add("/run/talk/warned", test_no_json, GINT_TO_POINTER(FALSE));
  add("/run/talk/breach", test_no_json, GINT_TO_POINTER(TRUE));
  add("/run/talk/much", test_many_messages, NULL);
  add("/run/secret/text", test_secret, "s3cr3t-tok\"en\\x");
  add("/run/secret/number", test_secret, "1048576");
  add("/run/secret/word", test_secret, "true");
  add("/run/secret/late", test_secret_late, NULL);
  add("/run/artifact/made", test_artifact, NULL);
  add("/run/artifact/nowhere", test_artifact_nowhere, NULL);
  add("/run/artifact/metadata", test_artifact_metadata, NULL);
  add("/run/artifact/dropped", test_artifact_left, "dropped");
  add("/run/artifact/failed", test_artifact_left, "failed");
  add("/run/artifact/cancelled", test_artifact_left, "cancelled");
  add("/run/resume/elsewhere", test_resume_elsewhere, NULL);
  add("/run/watched/early", test_while_running, NULL);
  add("/run/watched/room", test_waits_for_room, NULL);
  return g_test_run();
}
