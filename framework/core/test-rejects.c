/* SPDX-License-Identifier: MIT */
/* Tests what becomes of bad records: where they are said to come from, their file, its order, limits and endings. */
#include "core/test-engine.h"

#include <signal.h>
#include <sys/resource.h>
#include <weir/host.h>

typedef struct {
  Folder folder;
  WeirRun *run;
  GString *heard; /* texts of the rejects that the listener heard, a line each */
  guint n_heard;
  int code;
  GError *error;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
  folder_set_up(&f->folder, data);
  f->heard = g_string_new(NULL);
  alarm(120); /* a run that hangs is a failure */
}

static void
clear(Fixture *f)
{
  g_clear_pointer(&f->run, weir_run_free);
  g_clear_error(&f->error);
  g_string_truncate(f->heard, 0);
  f->n_heard = 0;
}

static void
tear_down(Fixture *f, gconstpointer data)
{
  alarm(0);
  clear(f);
  g_string_free(f->heard, TRUE);
  folder_tear_down(&f->folder, data);
}

static void
listen(WeirRun *run, const WeirMessage *m, gpointer data)
{
  Fixture *f = data;
  (void)run;
  if (m->type != WEIR_MESSAGE_REJECT)
    return;
  f->n_heard++;
  g_string_append_printf(f->heard, "%s: %s\n", m->stage, m->text);
}

/* A run into the folder `out`; `head` are members of the pipeline before its stages. */
static void
make(Fixture *f, const char *head, const char *stages, const char *out)
{
  clear(f);
  g_autofree char *text = g_strdup_printf("{ 'weir': 1, %s 'stages': {\n%s } }", head, stages);
  g_autofree char *file = put_pipeline(&f->folder, "p.json", text);
  g_autofree char *plugins = test_plugin_folder(), *directory = folder_file(&f->folder, out);
  f->run = weir_run_new(file, &f->error);
  if (!f->run)
    return;
  weir_run_set_plugin_path(f->run, plugins);
  weir_run_set_unsafe_plugins(f->run, TRUE);
  weir_run_set_directory(f->run, directory);
  weir_run_add_listener(f->run, listen, f);
}

static void
execute(Fixture *f)
{
  f->code = weir_run_execute(f->run, &f->error);
}

static void
run_well(Fixture *f, const char *head, const char *stages)
{
  make(f, head, stages, "out");
  g_assert_no_error(f->error);
  execute(f);
  g_assert_no_error(f->error);
}

/* Run, and fail with all of these texts in the report. */
static void
run_badly(Fixture *f, const char *head, const char *stages, ...)
{
  va_list args;
  make(f, head, stages, "out");
  g_assert_no_error(f->error);
  execute(f);
  g_assert_error(f->error, WEIR_EXIT_ERROR, WEIR_EXIT_FAILED);
  va_start(args, stages);
  for (const char *text; (text = va_arg(args, const char *));)
    assert_contains(f->error->message, text);
  va_end(args);
}

static char *
content_of(const Fixture *f, const char *name)
{
  g_autofree char *path = folder_file(&f->folder, name);
  char *content = NULL;
  g_file_get_contents(path, &content, NULL, NULL);
  return content;
}

static gboolean
has(const Fixture *f, const char *name)
{
  g_autofree char *path = folder_file(&f->folder, name);
  return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* rejects.jsonl has these lines, single quotes for double ones. */
static void
assert_rejects(const Fixture *f, const char *wanted)
{
  g_autofree char *content = content_of(f, "out/rejects.jsonl"), *lines = with_quotes(wanted);
  g_assert_cmpstr(content, ==, lines);
}

static guint64
rejects_of(Fixture *f, const char *stage)
{
  guint n;
  const WeirStageStats *stats = weir_run_get_stats(f->run, &n);
  for (guint i = 0; i < n; i++)
    if (g_str_equal(stats[i].stage, stage))
      return stats[i].rejects;
  g_assert_not_reached();
}

#define REJECT      "'on_error': 'reject',"
#define LINES(more) "'load': { 'use': 'test.lines', 'options': { 'files': ['/data/a', '/data/b'] " more " } }"
#define SINK(from)  "'sink': { 'use': 'test.sink', 'from': '" from "', 'options': { 'path': '%s' } }"
#define PLAIN(from) "'sink': { 'use': 'test.sink', 'from': '" from "' }"

/* ---- Stopping -------------------------------------------------------------------------------------------- */

static void
test_stop(Fixture *f, gconstpointer data)
{
  (void)data;
  run_badly(f, "", LINES(", 'bad': 4") ",\n" PLAIN("load"), "stage 'load' (test.lines): /data/a:4: no number",
            "hint: mend the record; with 'on_error': 'reject'", NULL);
  g_assert_false(has(f, "out/rejects.jsonl"));
  g_assert_cmpuint(f->n_heard, ==, 0);
}

/* A record that was passed on, and which of the files it came from. */
static void
test_stop_downstream(Fixture *f, gconstpointer data)
{
  (void)data;
  run_badly(
      f, "",
      LINES("") ",\n'p': { 'use': 'test.picky', 'from': 'load', 'options': { 'every': 4 } },\n" PLAIN("p"),
      "stage 'p' (test.picky): /data/a:4: not liked\n  the record: {'id':4,'_row':4}", NULL);
}

static void
test_stop_null(Fixture *f, gconstpointer data)
{
  (void)data;
  run_badly(f, "",
            LINES(", 'null': 4") ",\n'p': { 'use': 'test.picky', 'from': 'load', 'options': { 'every': 5 } "
                                 "},\n" PLAIN("p"),
            "column 'id' of input 'in' is empty (null) in /data/a:4\n  the record: {'id':null,'_row':4}",
            NULL);
}

/* ---- Going on -------------------------------------------------------------------------------------------- */

static void
test_source(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, REJECT, LINES(", 'count': 5, 'bad': 4") ",\n" PLAIN("load"));
  assert_rejects(f, "{'stage':'load','use':'test.lines','source':'/data/a','line':4,'reason':'no number'}\n"
                    "{'stage':'load','use':'test.lines','source':'/data/b','line':4,'reason':'no number'}\n");
  g_assert_cmpuint(rejects_of(f, "load"), ==, 2);
  g_assert_cmpuint(f->n_heard, ==, 2);
  g_assert_cmpstr(f->heard->str, ==, "load: /data/a:4: no number\nload: /data/b:4: no number\n");
  g_assert_false(has(f, "out/rejects"));
}

/* Where two readers feed a pipeline, `_row` still says which file it was; the record is there to be mended. */
static void
test_traced(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(
      f, "",
      "'one': { 'use': 'test.lines', 'options': { 'files': ['/x', '/y'], 'count': 2, 'unit': 'record' } },\n"
      "'two': { 'use': 'test.lines', 'options': { 'files': ['/z'], 'count': 3 } },\n"
      "'p': { 'use': 'test.picky', 'from': 'two', 'on_error': 'reject', 'options': { 'every': 3 } },\n"
      "'q': { 'use': 'test.picky', 'from': 'one', 'on_error': 'reject', 'options': { 'every': 2 } },\n"
      "'s': { 'use': 'test.sink', 'from': 'p' }, 't': { 'use': 'test.sink', 'from': 'q' }");
  assert_rejects(
      f, "{'stage':'p','use':'test.picky','port':'in','source':'/z','line':3,'reason':'not liked',"
         "'record':{'id':3,'_row':562949953421315}}\n"
         "{'stage':'q','use':'test.picky','port':'in','source':'/x','record_number':2,'reason':'not liked',"
         "'record':{'id':2,'_row':2}}\n"
         "{'stage':'q','use':'test.picky','port':'in','source':'/y','record_number':2,'reason':'not liked',"
         "'record':{'id':2,'_row':281474976710658}}\n");
  assert_contains(f->heard->str, "q: /x, record 2: not liked");
}

/* The same, for nulls that the host finds: in streams and in tables, and what is left goes on. */
static void
test_nulls(Fixture *f, gconstpointer data)
{
  gboolean table = GPOINTER_TO_INT(data);
  g_autofree char *path = folder_file(&f->folder, "numbers");
  g_autofree char *stages = g_strdup_printf(
      "'load': { 'use': 'test.lines', 'options': { 'files': ['/x'], 'count': 5, 'null': 2 } },\n"
      "'m': { 'use': 'test.merge', 'from': { 'a': 'empty', '%s': 'load' } },\n"
      "'empty': { 'use': 'test.rows', 'options': { 'count': 0 } },\n" SINK("m"),
      table ? "table" : "b", path);
  run_well(f, REJECT, stages);
  g_autofree char *port = g_strdup_printf("'m','use':'test.merge','port':'%s'", table ? "table" : "b");
  g_autofree char *lines = g_strdup_printf("{'stage':%s,'source':'/x','line':2,'reason':'column \\'id\\' is "
                                           "empty (null)','record':{'id':null,'_row':2}}\n"
                                           "{'stage':%s,'source':'/x','line':4,'reason':'column \\'id\\' is "
                                           "empty (null)','record':{'id':null,'_row':4}}\n",
                                           port, port);
  assert_rejects(f, lines);
  g_assert_cmpuint(rejects_of(f, "m"), ==, 2);
  g_autofree char *numbers = content_of(f, "numbers");
  if (table)
    g_assert_cmpstr(numbers, ==, "5 3 1\n1 3 0\n3 3 0\n");
  else
    g_assert_cmpstr(numbers, ==, "1 1 0\n3 1 0\n5 1 0\n");
}

/* Without `_row` a record is known by its number among those that came, wherever a batch ends. */
static void
test_numbered(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, REJECT,
           "'load': { 'use': 'test.rows', 'options': { 'count': 8, 'batch': 3, 'first': 1 } },\n"
           "'p': { 'use': 'test.picky', 'from': 'load', 'options': { 'every': 4 } },\n" PLAIN("p"));
  assert_rejects(f, "{'stage':'p','use':'test.picky','port':'in','row':4,'reason':'not "
                    "liked','record':{'id':4,'text':'text 4'}}\n"
                    "{'stage':'p','use':'test.picky','port':'in','row':8,'reason':'not "
                    "liked','record':{'id':8,'text':'text 8'}}\n");
  assert_contains(f->heard->str, "p: record 4 of 'in': not liked\n  the record: {'id':4,'text':'text 4'}");
}

/* ---- Order ----------------------------------------------------------------------------------------------- */

/* Workers that end in any order: what is passed and what is rejected keeps that of the input. */
static void
test_order(Fixture *f, gconstpointer data)
{
  (void)data;
  const guint jobs[] = {1, 8, 3};
  g_autofree char *first = NULL, *first_numbers = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(jobs); i++) {
    g_autofree char *path = folder_file(&f->folder, "numbers");
    g_autofree char *out = g_strdup_printf("out%u", jobs[i]),
                    *name = g_strdup_printf("%s/rejects.jsonl", out);
    g_autofree char *stages = g_strdup_printf(
        "'load': { 'use': 'test.rows', 'options': { 'count': 3000, 'batch': 7 } },\n"
        "'p': { 'use': 'test.picky', 'from': 'load', 'options': { 'every': 5 } },\n"
        "'q': { 'use': 'test.picky', 'from': 'p', 'max_rejects': 400, 'options': { 'every': 7 } },\n" SINK(
            "q"),
        path);
    make(f, REJECT, stages, out);
    weir_run_set_jobs(f->run, jobs[i]);
    execute(f);
    g_assert_no_error(f->error);
    g_autofree char *rejects = content_of(f, name), *numbers = content_of(f, "numbers");
    g_assert_cmpuint(count_in(rejects, "\n"), ==, 600 + 343);
    if (!first) {
      first = g_steal_pointer(&rejects);
      first_numbers = g_steal_pointer(&numbers);
      continue;
    }
    g_assert_cmpstr(rejects, ==, first);
    g_assert_cmpstr(numbers, ==, first_numbers);
  }
}

/* The failure that is reported is the first in the order of the input. */
static void
test_first_failure(Fixture *f, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 20; i++) {
    g_autofree char *out = g_strdup_printf("out%u", i);
    make(f, "",
         "'load': { 'use': 'test.rows', 'options': { 'count': 300, 'batch': 2, 'first': 1 } },\n"
         "'p': { 'use': 'test.picky', 'from': 'load', 'options': { 'every': 9 } },\n" PLAIN("p"),
         out);
    weir_run_set_jobs(f->run, 8);
    execute(f);
    g_assert_error(f->error, WEIR_EXIT_ERROR, WEIR_EXIT_FAILED);
    assert_contains(f->error->message, "stage 'p' (test.picky): record 9 of 'in': not liked");
  }
}

/* Listeners hear of some, the file has all. */
static void
test_many(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(
      f, "'on_error': 'reject', 'max_rejects': 2000,",
      "'load': { 'use': 'test.lines', 'options': { 'files': ['/x'], 'count': 4000, 'bad': 2 } },\n" PLAIN(
          "load"));
  g_assert_cmpuint(f->n_heard, ==, 100);
  g_assert_cmpuint(rejects_of(f, "load"), ==, 2000);
  g_autofree char *rejects = content_of(f, "out/rejects.jsonl");
  g_assert_cmpuint(count_in(rejects, "\n"), ==, 2000);
  g_autofree char *record = content_of(f, "out/run.json");
  assert_contains(record, "'rejects': 2000");
}

/* ---- Limits ---------------------------------------------------------------------------------------------- */

static void
test_too_many(Fixture *f, gconstpointer data)
{
  g_autofree char *head = g_strdup_printf("'on_error': 'reject', 'max_rejects': %d,", GPOINTER_TO_INT(data));
  const char *stages =
      "'load': { 'use': 'test.rows', 'options': { 'count': 300, 'batch': 3, 'first': 1 } },\n"
      "'p': { 'use': 'test.picky', 'from': 'load' },\n" PLAIN("p");
  if (GPOINTER_TO_INT(data) == 0)
    run_badly(f, head, stages,
              "stage 'p' (test.picky): a record cannot be used, and 'max_rejects' is 0:\n"
              "  record 2 of 'in': not liked\n  all of them are in '",
              "out/rejects.jsonl'\n  hint", NULL);
  else
    run_badly(f, head, stages,
              "stage 'p' (test.picky): more than 7 records cannot be used ('max_rejects'); the first:\n"
              "  record 2 of 'in': not liked\n  record 4 of",
              "\n  record 10 of 'in': not liked\n  all of them",
              "hint: mend the records, or raise 'max_rejects'", NULL);
  g_autofree char *rejects = content_of(f, "out/rejects.jsonl");
  g_assert_cmpuint(count_in(rejects, "\n"), ==, (guint)GPOINTER_TO_INT(data) + 1);
  g_assert_true(has(f, "out/rejects/p.jsonl"));
}

/* As many as are allowed. */
static void
test_just_enough(Fixture *f, gconstpointer data)
{
  (void)data;
  run_well(f, "'on_error': 'reject', 'max_rejects': 5,",
           "'load': { 'use': 'test.lines', 'options': { 'files': ['/x'], 'bad': 2 } },\n" PLAIN("load"));
  g_assert_cmpuint(rejects_of(f, "load"), ==, 5);
}

/* ---- Who says it ----------------------------------------------------------------------------------------- */

static void
test_own(Fixture *f, gconstpointer data)
{
  (void)data;
  run_badly(f, REJECT,
            "'load': { 'use': 'test.lines', 'on_error': 'stop', 'options': { 'bad': 2 } },\n" PLAIN("load"),
            "a:2: no number", NULL);
}

static void
test_settings(Fixture *f, gconstpointer data)
{
  (void)data;
  make(f, "'max_rejects': 1,", "'load': { 'use': 'test.lines', 'options': { 'bad': 4 } },\n" PLAIN("load"),
       "out");
  weir_run_set_on_error(f->run, TRUE);
  execute(f);
  g_assert_error(f->error, WEIR_EXIT_ERROR, WEIR_EXIT_FAILED);
  make(f, "'max_rejects': 1,", "'load': { 'use': 'test.lines', 'options': { 'bad': 4 } },\n" PLAIN("load"),
       "out2");
  weir_run_set_on_error(f->run, TRUE);
  weir_run_set_max_rejects(f->run, 2);
  execute(f);
  g_assert_no_error(f->error);
}

static void
test_parameters(Fixture *f, gconstpointer data)
{
  (void)data;
  make(f, "'parameters': { 'bad': { 'default': 'stop' }, 'most': { 'type': 'integer', 'default': 3 } },",
       "'load': { 'use': 'test.lines', 'on_error': '${bad}', 'max_rejects': '${most}', 'options': { 'bad': 4 "
       "} },\n" PLAIN("load"),
       "out");
  g_assert_true(weir_run_set_parameter(f->run, "bad", "reject", &f->error));
  execute(f);
  g_assert_no_error(f->error);
}

static void
test_wrong(Fixture *f, gconstpointer data)
{
  (void)data;
  make(f, "'on_error': 'skip', 'max_rejects': -1,",
       "'load': { 'use': 'test.lines', 'on_error': true, 'max_rejects': 1.5 },\n" PLAIN("load"), "out");
  g_assert_false(weir_run_check(f->run, &f->error));
  g_assert_error(f->error, WEIR_EXIT_ERROR, WEIR_EXIT_INVALID);
  g_assert_cmpuint(count_in(f->error->message, "must be \"stop\" or \"reject\""), ==, 2);
  g_assert_cmpuint(count_in(f->error->message, "must be a number of records"), ==, 2);
}

/* Notes and hints of a reason stay in its lines; secrets are not in it. */
static void
test_secret(Fixture *f, gconstpointer data)
{
  (void)data;
  g_setenv("WEIR_TEST_SECRET", "text 2x", TRUE);
  run_well(
      f, REJECT,
      "'load': { 'use': 'test.rows', 'options': { 'count': 2, 'first': 1 } },\n"
      "'p': { 'use': 'test.picky', 'from': 'load', 'options': { 'reason': 'text 2x is\\nhint: less' } },\n"
      "'s': { 'use': 'test.sink', 'from': 'p', 'options': { 'token': '${env:WEIR_TEST_SECRET}' } }");
  assert_rejects(f, "{'stage':'p','use':'test.picky','port':'in','row':2,'reason':'*** is\\nhint: less',"
                    "'record':{'id':2,'text':'text 2'}}\n");
  g_assert_cmpstr(
      f->heard->str, ==,
      "p: record 2 of \"in\": *** is\n  the record: {\"id\":2,\"text\":\"text 2\"}\nhint: less\n");
}

/* What cannot be written fails the run: no record is lost silently. */
static void
test_no_room(Fixture *f, gconstpointer data)
{
  (void)data;
  struct rlimit limit, small;
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  small = limit;
  small.rlim_cur = 40000;
  make(f, "'on_error': 'reject', 'max_rejects': 10000,",
       "'load': { 'use': 'test.lines', 'options': { 'count': 5000, 'bad': 2 } },\n" PLAIN("load"), "out");
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
  execute(f);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
  signal(SIGXFSZ, SIG_DFL);
  g_assert_error(f->error, WEIR_EXIT_ERROR, WEIR_EXIT_FAILED);
  assert_contains(f->error->message, "stage 'load'");
  assert_contains(f->error->message, "out/rejects/load.jsonl");
}

int
main(int argc, char **argv)
{
#define ADD(name, function, data) g_test_add(name, Fixture, data, set_up, function, tear_down)
  g_test_init(&argc, &argv, NULL);
  ADD("/rejects/stop/source", test_stop, NULL);
  ADD("/rejects/stop/downstream", test_stop_downstream, NULL);
  ADD("/rejects/stop/null", test_stop_null, NULL);
  ADD("/rejects/source", test_source, NULL);
  ADD("/rejects/traced", test_traced, NULL);
  ADD("/rejects/nulls/stream", test_nulls, GINT_TO_POINTER(FALSE));
  ADD("/rejects/nulls/table", test_nulls, GINT_TO_POINTER(TRUE));
  ADD("/rejects/numbered", test_numbered, NULL);
  ADD("/rejects/order", test_order, NULL);
  ADD("/rejects/first-failure", test_first_failure, NULL);
  ADD("/rejects/many", test_many, NULL);
  ADD("/rejects/too-many/0", test_too_many, GINT_TO_POINTER(0));
  ADD("/rejects/too-many/7", test_too_many, GINT_TO_POINTER(7));
  ADD("/rejects/just-enough", test_just_enough, NULL);
  ADD("/rejects/own", test_own, NULL);
  ADD("/rejects/settings", test_settings, NULL);
  ADD("/rejects/parameters", test_parameters, NULL);
  ADD("/rejects/wrong", test_wrong, NULL);
  ADD("/rejects/secret", test_secret, NULL);
  ADD("/rejects/no-room", test_no_room, NULL);
  return g_test_run();
}
