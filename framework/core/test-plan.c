/* SPDX-License-Identifier: MIT */
/* Tests planning: references, ports, types, order, cycles, edges without bound, writers; all errors at once. */
#include "core/plan.h"
#include "core/run.h"
#include "core/test-engine.h"

typedef struct {
  Folder folder;
  WeirRun *run; /* the plan needs one for its stage handles */
  WeirPlan *plan;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
  folder_set_up(&f->folder, data);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
  weir_run_free(f->run); /* and the plan */
  folder_tear_down(&f->folder, data);
}

/* Plan stages; what is wrong as text, "" for nothing. */
static char *
plan_with(Fixture *f, const char *parameters, const char *stages)
{
  g_autofree char *text =
      g_strdup_printf("{ 'weir': 1, 'parameters': { %s }, 'stages': {\n%s } }", parameters, stages);
  g_autofree char *file = put_pipeline(&f->folder, "p.json", text);
  g_autofree char *plugins = test_plugin_folder();
  g_autoptr(GError) error = NULL;
  f->run = weir_run_new(file, &error);
  g_assert_no_error(error);
  weir_run_set_plugin_path(f->run, plugins);
  weir_run_set_unsafe_plugins(f->run, TRUE);
  gboolean fine = weir_run_check(f->run, &error);
  g_assert_cmpint(fine, ==, error == NULL);
  if (error)
    g_assert_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_INVALID);
  f->plan = f->run->plan;
  return error ? without_folder(&f->folder, error->message) : g_strdup("");
}

static char *
plan_stages(Fixture *f, const char *stages)
{
  return plan_with(f, "'off': { 'optional': true }", stages);
}

static void
plan_well(Fixture *f, const char *stages)
{
  g_autofree char *said = plan_stages(f, stages);
  g_assert_cmpstr(said, ==, "");
}

#define ROWS(name) "'" name "': { 'use': 'test.rows' },\n"

/* ---- What is refused ------------------------------------------------------------------------------------ */

static const struct {
  const char *name, *stages, *says;
} refusals[] = {
    {"no-stage", ROWS("load") "'a': { 'use': 'test.pass', 'from': 'lod' }",
     "DIR/p.json:3:36: stage 'a' takes its input from the unknown stage 'lod'; did you mean 'load'?"},
    {"no-port", ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load.uot' }",
     "DIR/p.json:3:36: stage 'load' (test.rows) has no output 'uot'; did you mean 'out'?"},
    {"no-outputs",
     ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load' }, 'b': { 'use': 'test.sink', 'from': 'a' }",
     "DIR/p.json:3:81: stage 'a' (test.sink) has no output to take"},
    {"several-outputs",
     ROWS("load") "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'x': 0.5, 'y': 0.5 } } "
                  "},\n"
                  "'a': { 'use': 'test.sink', 'from': 's' }",
     "DIR/p.json:4:36: stage 's' (test.split) has several outputs: say which; valid: 'x', 'y'\n"
     "  hint: write 's.x'"},
    {"no-input-port", ROWS("load") "'a': { 'use': 'test.pass', 'from': { 'inn': 'load' } }",
     "DIR/p.json:3:38: stage 'a' (test.pass) has no input 'inn'; did you mean 'in'?"},
    {"takes-no-input", ROWS("load") "'a': { 'use': 'test.rows', 'from': 'load' }",
     "DIR/p.json:3:36: stage 'a' (test.rows) takes no input, but has a 'from'"},
    {"not-connected", "'a': { 'use': 'test.pass' }",
     "DIR/p.json:2:1: input 'in' of stage 'a' (test.pass) is not connected\n  hint: give it a 'from'"},
    {"list-for-one", ROWS("load") "'a': { 'use': 'test.pass', 'from': ['load', 'load'] }",
     "DIR/p.json:3:36: input 'in' of stage 'a' (test.pass) takes one source, not a list\n"
     "  hint: {'first': [...]} takes the first that exists"},
    {"left-out",
     "'load': { 'use': 'test.rows', 'when': 'off' },\n'a': { 'use': 'test.pass', 'from': 'load' }",
     "DIR/p.json:3:36: stage 'a' takes its input from 'load', which is left out in this run\n"
     "  'load' is left out by its 'when': 'off' (DIR/p.json:2:39)\n"
     "  hint: give another source with {'first': [...]}"},
    {"each-nothing",
     "'load': { 'use': 'test.rows', 'each': [] },\n'a': { 'use': 'test.merge', 'from': { 'a': 'load/*' } }",
     "DIR/p.json:3:44: input 'a' of stage 'a' (test.merge) needs a source, but there is none\n"
     "  'each' of 'load' lists nothing (DIR/p.json:2:39)"},
    {"each-left-out",
     "'load': { 'use': 'test.rows', 'each': [1, 2], 'when': 'off' },\n"
     "'a': { 'use': 'test.merge', 'from': { 'a': 'load/*' } }",
     "DIR/p.json:3:44: input 'a' of stage 'a' (test.merge) needs a source, but there is none\n"
     "  all of 'load/*' are left out by a 'when' (DIR/p.json:2:39)"},
    {"no-plugin", "'a': { 'use': 'tset.rows' }",
     "DIR/p.json:2:15: stage 'a': plugin 'tset' was not found; did you mean 'test'?…"},
    {"no-class", "'a': { 'use': 'test.row' }",
     "DIR/p.json:2:15: plugin 'test' has no stage 'row'; did you mean 'rows'?"},
    {"no-dot", "'a': { 'use': 'rows' }",
     "DIR/p.json:2:15: 'rows' is no name of a stage\n"
     "  hint: it is PLUGIN.STAGE, such as file.read; pipeline-inspect lists them"},
    {"option", "'a': { 'use': 'test.rows', 'options': { 'cuont': 3 } }",
     "DIR/p.json:2:41: stage 'a' (test.rows): unknown option 'cuont'; did you mean 'count'?"},
    {"option-without-value", "'a': { 'use': 'test.late', 'options': { 'columns': '${off}' } }",
     "DIR/p.json:2:52: stage 'a' (test.late): option 'columns' is missing\n"
     "  it is: string-list, required; NAME TYPE of each\n"
     "  hint: parameter 'off' has no value; give it as --off"},
    {"option-without-value-of-element",
     "'a': { 'use': 'test.late', 'each': { 'x': { 'c': null } }, 'options': {\n'columns': '${each.c}' } }",
     "DIR/p.json:3:12: stage 'a/x' (test.late): option 'columns' is missing\n"
     "  it is: string-list, required; NAME TYPE of each\n"
     "  hint: it is written as '${each.c}', which has no value"},
    {"option-of-each", /* said once, for the first */
     "'a': { 'use': 'test.rows', 'each': [1, 2, 3], 'options': {\n'cuont': 3, 'batch': 0 } }",
     "DIR/p.json:3:1: stage 'a/1' (test.rows): unknown option 'cuont'; did you mean 'count'?\n"
     "DIR/p.json:3:22: stage 'a/1' (test.rows), option 'batch': …"},
    {"option-range", "'a': { 'use': 'test.rows', 'options': { 'batch': 0 } }",
     "DIR/p.json:2:50: stage 'a' (test.rows)…"},
    {"unused",
     ROWS("load") "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'x': 0.5, 'y': 0.5 } } "
                  "},\n"
                  "'a': { 'use': 'test.sink', 'from': 's.x' }",
     "DIR/p.json:3:1: nothing takes output 'y' of stage 's' (test.split)\n"
     "  hint: take it with 'from': 's.y', or silence this with 'discard': ['y']"},
    {"unused-by-mistake", ROWS("load") "'a': { 'use': 'test.sink', 'from': 'laod' }",
     "DIR/p.json:3:36: stage 'a' takes its input from the unknown stage 'laod'; did you mean 'load'?"},
    {"from-empty",
     "'load': { 'use': 'test.rows', 'discard': ['out'] },\n'a': { 'use': 'test.sink', 'from': [] }",
     "DIR/p.json:3:1: input 'in' of stage 'a' (test.sink) is not connected\n  hint: give it a 'from'"},
    {"used-by-broken", /* what stands behind a mistake is no second one, but mistakes beside it are */
     ROWS("load") "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'x': 1 } } },\n"
                  "'a': { 'use': 'test.sink', 'from': { 'in': ['s.x', 'lod'] }, 'options': { 'pth': 'x' } }",
     "DIR/p.json:4:52: stage 'a' takes its input from the unknown stage 'lod'; did you mean 'load'?\n"
     "DIR/p.json:4:75: stage 'a' (test.sink): unknown option 'pth'; did you mean 'path'?"},
    {"discard-unknown",
     ROWS("load") "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'train': 1 } }, "
                  "'discard': ['tain'] },\n"
                  "'a': { 'use': 'test.sink', 'from': 's.train' }",
     "DIR/p.json:3:94: stage 's' (test.split) has no output 'tain'; did you mean 'train'?"},
    {"type", ROWS("load") "'dedup': { 'use': 'test.text', 'from': 'load', 'options': { 'field': 'id' } }",
     "DIR/p.json:3:1: stage 'dedup' (test.text), port 'in': column 'id' (option 'field') is i64, wants utf8\n"
     "  comes from stage 'load' (test.rows), port 'out': id:i64, text:utf8\n"
     "  hint: read it as text: declare 'columns': {'id': 'utf8'} in the stage that reads it"},
    {"type-missing",
     ROWS("load") "'dedup': { 'use': 'test.text', 'from': 'load', 'options': { 'field': 'txet' } }",
     "DIR/p.json:3:1: stage 'dedup' (test.text), port 'in': column 'txet' (option 'field') is missing; "
     "did you mean 'text'?\n"
     "  comes from stage 'load' (test.rows), port 'out': id:i64, text:utf8"},
    {"type-late",
     "'l': { 'use': 'test.late', 'options': { 'columns': ['id utf8'], 'when': 'plan' } },\n"
     "'a': { 'use': 'test.slow', 'from': 'l' }",
     "DIR/p.json:3:1: stage 'a' (test.slow), port 'in': column 'id' is utf8, wants i64\n"
     "  comes from stage 'l' (test.late), port 'out': id:utf8"},
    {"type-added-twice",
     ROWS("load") "'a': { 'use': 'test.slow', 'from': 'load' },\n"
                  "'b': { 'use': 'test.slow', 'from': 'a' }",
     "DIR/p.json:4:1: stage 'b' (test.slow), output 'out': …"},
    {"many-differ",
     ROWS("load") "'l': { 'use': 'test.late', 'options': { 'columns': ['id i64'], 'when': 'plan' } },\n"
                  "'a': { 'use': 'test.merge', 'from': { 'a': 'load', 'more': ['load', 'l'] } }",
     "DIR/p.json:4:1: stage 'a' (test.merge), port 'more': its sources have different columns: "
     "'text' is missing here\n"
     "  comes from stage 'l' (test.late), port 'out': id:i64\n  the first has: id:i64, text:utf8"},
    {"cycle",
     "'a': { 'use': 'test.pass', 'from': 'c' },\n'b': { 'use': 'test.pass', 'from': 'a' },\n"
     "'c': { 'use': 'test.pass', 'from': 'b' },\n'd': { 'use': 'test.pass', 'from': 'c' }",
     "DIR/p.json:2:1: the stages feed each other in a cycle: a → b → c → a"},
    {"cycle-self", "'a': { 'use': 'test.pass', 'from': 'a' }",
     "DIR/p.json:2:1: the stages feed each other in a cycle: a → a"},
    {"follows-nothing", "'m': { 'use': 'test.maybe' },\n'a': { 'use': 'test.sink', 'from': 'm' }",
     "DIR/p.json:3:1: stage 'a' (test.sink), port 'in': output 'out' of stage 'm' has the columns of its "
     "input 'in', "
     "which is not connected\n  hint: connect 'in' of stage 'm', or leave this stage out"},
    {"writers",
     ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load', 'options': { 'path': '/tmp/x/y' } },\n"
                  "'b': { 'use': 'test.sink', 'from': 'load', 'options': { 'path': '/tmp/x/../x//y' } }",
     "DIR/p.json:4:57: stages 'a' and 'b' both write '/tmp/x/y'\n  'a' writes '/tmp/x/y' (DIR/p.json:3:57)"},
    {"writer-inside",
     ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load', 'options': { 'path': '/tmp/x' } },\n"
                  "'b': { 'use': 'test.sink', 'from': 'load', 'options': { 'path': '/tmp/x/y' } }",
     "DIR/p.json:4:57: stages 'a' and 'b' write one inside the other: '/tmp/x/y'\n"
     "  'a' writes '/tmp/x' (DIR/p.json:3:57)"},
    {"schema-fails",
     ROWS("load") "'a': { 'use': 'test.fail', 'from': 'load',\n"
                  " 'options': { 'in': 'schema', 'text': 'it is\\nnoted\\nhint: do it' } }",
     "DIR/p.json:3:1: stage 'a' (test.fail): it is\n  noted\n  hint: do it"},
    {"several",
     ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load', 'options': { 'pth': 'x' } },\n"
                  "'b': { 'use': 'test.text', 'from': 'lod' },\n"
                  "'c': { 'use': 'test.text', 'from': 'load', 'options': { 'field': 'id' } },\n"
                  "'d': { 'use': 'test.slow', 'from': 'c' },\n"
                  "'e': { 'use': 'nothing.here', 'from': 'd' },\n'f': { 'use': 'test.sink', 'from': 'e' }",
     "DIR/p.json:3:57: stage 'a' (test.sink): unknown option 'pth'; did you mean 'path'?\n"
     "DIR/p.json:4:36: stage 'b' takes its input from the unknown stage 'lod'; did you mean 'load'?\n"
     "DIR/p.json:5:1: stage 'c' (test.text), port 'in': column 'id' (option 'field') is i64, wants utf8\n"
     "  comes from stage 'load' (test.rows), port 'out': id:i64, text:utf8\n"
     "  hint: read it as text: declare 'columns': {'id': 'utf8'} in the stage that reads it\n"
     "DIR/p.json:7:15: stage 'e': …"},
};

static void
test_refusal(Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_autofree char *said = plan_stages(f, refusals[i].stages);
  g_autofree char *wanted = with_quotes(refusals[i].says);
  char *rest = strstr(wanted, "…"); /* that belongs to another part */
  if (rest) {
    *rest = '\0';
    g_assert_cmpuint(strlen(said), >, strlen(wanted));
    said[strlen(wanted)] = '\0';
  }
  g_assert_cmpstr(said, ==, wanted);
}

/* ---- Secrets -------------------------------------------------------------------------------------------- */

#define SINK(options) ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load', 'options': { " options " } }"
#define NOT_HERE                                                             \
  "stage 'a' (test.sink): option 'token' is a secret, which is not written " \
  "here\n  hint: refer to it: '${env:NAME}', {'file': 'path'}, or '${p}' with a parameter of type secret"

static const struct {
  const char *name, *stages, *says;
} secrets[] = {
    {"parameter", SINK("'token': '${secret}'"), ""},
    {"environment", SINK("'token': '${env:WEIR_TEST_PLAN}'"), ""},
    {"from-environment", SINK("'token': '${outside}'"), ""},
    {"none", SINK("'token': '${env:WEIR_TEST_NONE:-}'"), ""},
    {"written", SINK("'token': 'abcdefgh'"), "DIR/p.json:5:66: " NOT_HERE},
    {"default", SINK("'token': '${env:WEIR_TEST_NONE:-abcdefgh}'"), "DIR/p.json:5:66: " NOT_HERE},
    {"plain-parameter", SINK("'token': '${plain}'"), "DIR/p.json:2:1: " NOT_HERE},
    {"part", SINK("'token': 'x${env:WEIR_TEST_PLAN}'"), "DIR/p.json:5:66: " NOT_HERE},
    {"no-file", SINK("'token': { 'file': 'none.txt' }"),
     "DIR/p.json:5:66: stage 'a' (test.sink), option 'token': cannot read 'DIR/none.txt': No such file or "
     "directory"},
    {"elsewhere", SINK("'path': '${secret}'"),
     "DIR/p.json:3:42: stage 'a' (test.sink), option 'path': a secret would be shown here\n"
     "  hint: only options that are secrets take one"},
    {"in-text", SINK("'path': 'x-${secret}'"),
     "DIR/p.json:5:65: 'secret' is a secret, which cannot be a part of a text\n"
     "  hint: give it to an option that is a secret, as '${secret}' and nothing else"},
    {"seen", ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load', 'when': 'secret == x' }",
     "DIR/p.json:5:52: 'when' cannot compare 'secret', which is a secret"},
    {"name", ROWS("load") "'a': { 'use': 'test.sink', 'each': ['${secret}'], 'from': 'load' }",
     "DIR/p.json:3:42: 'each' of 'a': a secret makes no key, since names are shown\n"
     "  hint: write the element as a map with a 'key'"},
    {"element",
     ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load', 'options': { 'token': '${each.token}' },\n"
                  "'each': [{ 'key': 'x', 'token': '${secret}' }] }",
     ""},
    {"typed",
     "'load': { 'use': 'test.rows', 'options': { 'count': '${env:WEIR_TEST_COUNT}' } },\n"
     "'a': { 'use': 'test.sink', 'from': 'load' }",
     ""},
    {"typed-wrong",
     "'load': { 'use': 'test.rows', 'options': { 'count': '${env:WEIR_TEST_PLAN}' } },\n"
     "'a': { 'use': 'test.sink', 'from': 'load' }",
     "DIR/p.json:4:53: stage 'load' (test.rows), option 'count': '***' is a string, wants an "
     "integer"},
};

static void
test_secret(Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_setenv("WEIR_TEST_PLAN", "hidden-word", TRUE);
  g_setenv("WEIR_TEST_COUNT", "12", TRUE);
  g_autofree char *said =
      plan_with(f,
                "'plain': { 'default':\n'abcdefgh' }, 'outside': { 'default': '${env:WEIR_TEST_PLAN}' },\n"
                "'secret': { 'type': 'secret', 'default': '${env:WEIR_TEST_PLAN}' }",
                secrets[i].stages);
  g_autofree char *wanted = with_quotes(secrets[i].says);
  g_assert_cmpstr(said, ==, wanted);
  if (*said)
    return;
  g_autofree char *plan = weir_run_get_plan(f->run, NULL);
  g_assert_null(strstr(plan, "hidden-word"));
  assert_contains(plan, "'outside': '${env:WEIR_TEST_PLAN}'");
  assert_contains(plan, "'secret': '${env:WEIR_TEST_PLAN}'");
}

/* However many stages use it. */
static void
test_plugin_missing_once(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autofree char *said =
      plan_stages(f, "'a': { 'use': 'none.rows' },\n'b': { 'use': 'none.pass', 'from': 'a' }");
  g_assert_cmpuint(count_in(said, "was not found"), ==, 1);
  assert_contains(said, "\n  stage 'b' uses it too (DIR/p.json:3:15)");
}

/* ---- What is resolved ----------------------------------------------------------------------------------- */

/* "load>a.in load>b.in": all edges, with "*" behind those without bound. */
static char *
edges_of(const WeirPlan *plan)
{
  g_autoptr(GString) out = g_string_new(NULL);
  for (guint e = 0; e < plan->edges->len; e++) {
    const WeirEdge *edge = plan->edges->pdata[e];
    g_string_append_printf(out, "%s%s.%s>%s.%s%s", e ? " " : "", edge->from->stage->name, edge->from->name,
                           edge->to->stage->name, edge->to->name, edge->spool ? "*" : "");
  }
  return g_strdup(out->str);
}

static void
assert_edges(const Fixture *f, const char *wanted)
{
  g_autofree char *is = edges_of(f->plan);
  g_assert_cmpstr(is, ==, wanted);
}

static void
test_references(Fixture *f, gconstpointer data)
{
  (void)data;
  plan_well(f,
            ROWS("a")
                ROWS("b") "'gone': { 'use': 'test.rows', 'when': 'off' },\n"
                          "'m': { 'use': 'test.merge', 'from': { 'a': { 'first': ['gone', 'b.out', 'a'] },\n"
                          " 'b': { 'first': ['gone'] }, 'more': ['b', { 'first': ['gone', 'a'] }, 'b'] } },\n"
                          "'p': { 'use': 'test.pass', 'from': { 'first': ['gone.any', 'm'] } },\n"
                          "'q': { 'use': 'test.merge', 'from': 'p' }");
  assert_edges(f, "b.out>m.a b.out>m.more* a.out>m.more b.out>m.more* m.out>p.in p.out>q.a");
  const WeirInput *more = &weir_plan_find(f->plan, "m")->inputs[2];
  for (guint e = 0; e < 3; e++)
    g_assert_cmpuint(((WeirEdge *)more->edges->pdata[e])->slot, ==, e);
}

static void
test_order(Fixture *f, gconstpointer data)
{
  (void)data;
  plan_well(f,
            "'z': { 'use': 'test.sink', 'from': 'm' },\n'm': { 'use': 'test.pass', 'from': 'load' },\n"
            "'other': { 'use': 'test.rows' },\n" ROWS("load") "'a': { 'use': 'test.sink', 'from': 'load' }");
  const char *wanted[] = {"other", "load", "a", "m", "z"};
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    const WeirPlanStage *stage = f->plan->stages->pdata[i];
    g_assert_cmpuint(stage->index, ==, i);
    g_assert_cmpstr(stage->name, ==, wanted[i]);
  }
}

static void
assert_columns(const WeirSchema *schema, const char *wanted)
{
  g_autofree char *is = schema ? weir_schema_to_string(schema) : NULL;
  g_assert_cmpstr(is, ==, wanted);
}

static void
test_types(Fixture *f, gconstpointer data)
{
  (void)data;
  plan_well(
      f,
      ROWS(
          "load") "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'x': 0.9, 'y': 0.1 } },\n"
                  "  'discard': ['y'] },\n"
                  "'a': { 'use': 'test.slow', 'from': 's.x' }, 'm': { 'use': 'test.merge', 'from': 'a' },\n"
                  "'l': { 'use': 'test.late', 'options': { 'columns': ['w utf8?'], 'when': 'plan' } },\n"
                  "'late': { 'use': 'test.late', 'options': { 'columns': ['id i64'] } },\n"
                  "'p': { 'use': 'test.pass', 'from': 'l' }, 'q': { 'use': 'test.pass', 'from': 'late' }");
  const WeirPlanStage *split = weir_plan_find(f->plan, "s");
  g_assert_cmpuint(split->n_outputs, ==, 2);
  g_assert_cmpstr(split->outputs[1].name, ==, "y");
  assert_columns(split->outputs[1].schema, "id:i64, text:utf8");
  assert_columns(weir_plan_find(f->plan, "a")->outputs[0].schema, "id:i64, text:utf8, twice:i64");
  assert_columns(weir_plan_find(f->plan, "m")->outputs[0].schema, "id:i64, port:i64, source:i64");
  assert_columns(weir_plan_find(f->plan, "p")->outputs[0].schema, "w:utf8?");
  assert_columns(weir_plan_find(f->plan, "q")->outputs[0].schema, NULL);
  g_assert_false(weir_plan_find(f->plan, "q")->resolved);
}

/* Sources of one port may bring their columns in another order, and with nulls. */
static void
test_unify(Fixture *f, gconstpointer data)
{
  (void)data;
  plan_well(f, ROWS("a") "'b': { 'use': 'test.late', 'options': { 'columns': ['text utf8?', 'id i64'], "
                         "'when': 'plan' } },\n"
                         "'m': { 'use': 'test.merge', 'from': { 'a': 'a', 'more': ['a', 'b'] } }");
  const WeirInput *more = &weir_plan_find(f->plan, "m")->inputs[2];
  assert_columns(more->schema, "id:i64, text:utf8?");
  const WeirEdge *first = more->edges->pdata[0], *second = more->edges->pdata[1];
  g_assert_cmpint(second->columns[0], ==, 1);
  g_assert_cmpint(second->columns[1], ==, 0);
  g_assert_null(first->columns);
}

/* ---- Edges without bound -------------------------------------------------------------------------------- */

static const struct {
  const char *name, *stages, *edges;
} graphs[] = {
    {"chain", ROWS("a") "'p': { 'use': 'test.pass', 'from': 'a' }, 'z': { 'use': 'test.sink', 'from': 'p' }",
     "a.out>p.in p.out>z.in"},
    {"fan-out",
     ROWS("a") "'p': { 'use': 'test.sink', 'from': 'a' }, 'q': { 'use': 'test.sink', 'from': 'a' }",
     "a.out>p.in a.out>q.in"},
    {"two-sources", ROWS("a") ROWS("b") "'m': { 'use': 'test.merge', 'from': { 'a': 'a', 'b': 'b' } }",
     "a.out>m.a b.out>m.b"},
    {"diamond",
     ROWS("a") "'p': { 'use': 'test.pass', 'from': 'a' }, 'q': { 'use': 'test.pass', 'from': 'a' },\n"
               "'m': { 'use': 'test.merge', 'from': { 'a': 'p', 'b': 'q' } }",
     "a.out>p.in a.out>q.in p.out>m.a q.out>m.b*"},
    {"same-twice", ROWS("a") "'m': { 'use': 'test.merge', 'from': { 'a': 'a', 'b': 'a' } }",
     "a.out>m.a a.out>m.b*"},
    {"many", ROWS("a") ROWS("b") "'m': { 'use': 'test.merge', 'from': { 'a': 'b', 'more': ['a', 'a'] } }",
     "b.out>m.a a.out>m.more a.out>m.more*"},
    {"table", ROWS("a") "'m': { 'use': 'test.merge', 'from': { 'a': 'a', 'table': 'a' } }",
     "a.out>m.a* a.out>m.table"},
    {"cross",
     ROWS("a") ROWS("b") "'m': { 'use': 'test.merge', 'from': { 'a': 'a', 'b': 'b' } },\n"
                         "'n': { 'use': 'test.merge', 'from': { 'a': 'b', 'b': 'a' } }",
     "a.out>m.a b.out>m.b* b.out>n.a a.out>n.b*"},
    {"through-consumers", /* what two streams feed together joins them too */
     ROWS("a") ROWS("b") "'m': { 'use': 'test.merge', 'from': { 'a': 'a', 'b': 'b' } },\n"
                         "'n': { 'use': 'test.merge', 'from': { 'a': 'a', 'b': 'b' } }",
     "a.out>m.a b.out>m.b* a.out>n.a b.out>n.b*"},
    {"late-types", /* whose types are not known waits for both */
     "'l': { 'use': 'test.late', 'options': { 'columns': ['id i64'] } }, 'p': { 'use': 'test.pass', 'from': "
     "'l' },\n"
     "'m': { 'use': 'test.merge', 'from': { 'a': 'p', 'b': 'l' } }",
     "l.out>p.in p.out>m.a* l.out>m.b*"},
};

static void
test_graph(Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  plan_well(f, graphs[i].stages);
  assert_edges(f, graphs[i].edges);
}

/* A great many sources of one port are planned at once. */
static void
test_wide(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GString) stages = g_string_new(NULL), list = g_string_new(NULL);
  for (guint i = 0; i < 1500; i++) {
    g_string_append_printf(stages, "'s%u': { 'use': 'test.rows' },\n", i);
    g_string_append_printf(list, "%s's%u'", i ? ", " : "", i);
  }
  g_string_append_printf(stages, "'m': { 'use': 'test.merge', 'from': { 'a': 's0', 'more': [%s] } }",
                         list->str);
  gint64 begin = g_get_monotonic_time();
  plan_well(f, stages->str);
  g_assert_cmpuint(f->plan->edges->len, ==, 1501);
  g_assert_cmpint(g_get_monotonic_time() - begin, <, 10L * G_USEC_PER_SEC);
}

/* A deep chain, written from its end to its beginning. */
static void
test_deep(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autoptr(GString) stages = g_string_new(NULL);
  for (guint i = 1500; i > 0; i--)
    g_string_append_printf(stages, "'s%u': { 'use': 'test.pass', 'from': 's%u' },\n", i, i - 1);
  g_string_append(stages, "'s0': { 'use': 'test.rows' }");
  gint64 begin = g_get_monotonic_time();
  plan_well(f, stages->str);
  g_assert_cmpuint(weir_plan_find(f->plan, "s1500")->index, ==, 1500);
  g_assert_cmpint(g_get_monotonic_time() - begin, <, 10L * G_USEC_PER_SEC);
}

/* ---- Shown ---------------------------------------------------------------------------------------------- */

static void
test_printed(Fixture *f, gconstpointer data)
{
  (void)data;
  plan_well(f, ROWS("load") "'m': { 'use': 'test.merge', 'from': { 'a': 'load', 'table': 'load' } }");
  g_autofree char *dot = weir_run_get_graph(f->run, NULL);
  assert_contains(dot, "'load' -> 'm' [label='out → a', style=dashed];");
  assert_contains(dot, "'load' -> 'm' [label='out → table', style=bold];");
  g_autofree char *json = weir_run_get_plan(f->run, NULL);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) tree = weir_node_parse_json(json, -1, "plan", diagnostics);
  g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, 0);
  WeirNode *stage = weir_node_at(weir_node_get(tree, "stages"), 1);
  WeirNode *table = weir_node_lookup(stage, "inputs", "table", NULL);
  g_assert_cmpstr(weir_node_string(weir_node_get(table, "kind")), ==, "table");
  g_assert_cmpstr(weir_node_string(weir_node_at(weir_node_get(table, "from"), 0)), ==, "load.out");
  WeirNode *column = weir_node_at(weir_node_get(table, "columns"), 0);
  g_assert_cmpstr(weir_node_string(weir_node_get(column, "type")), ==, "i64");
}

static void
add(const char *group, guint i, const char *name, void (*test)(Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf("/plan/%s%s%s", group, *group ? "/" : "", name);
  g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test, tear_down);
}

/* A stage with several outputs, one of them called "out". */
static void
test_main_output(Fixture *f, gconstpointer data)
{
  (void)data;
  plan_well(f,
            "'load': { 'use': 'test.rows' },\n"
            "'s': { 'use': 'test.split', 'from': 'load', 'options': { 'to': { 'x': 0.5, 'out': 0.5 } } },\n"
            "'a': { 'use': 'test.sink', 'from': 's' }, 'b': { 'use': 'test.sink', 'from': 's.x' }");
}

/* An input that an include is not given is one mistake, whatever in it would have taken its records. */
static void
test_input_not_given(Fixture *f, gconstpointer data)
{
  (void)data;
  g_autofree char *text = with_quotes("{ 'weir': 1, 'inputs': { 'i': {} },\n"
                                      "'stages': { 'm': { 'use': 'test.sink', 'from': 'i' } } }");
  folder_put(&f->folder, "q.json", text);
  g_autofree char *said = plan_stages(f, "'a': { 'include': 'q.json' }");
  g_autofree char *wanted = with_quotes("DIR/p.json:2:1: 'a' gives no input 'i' to DIR/q.json\n"
                                        "  hint: give it with 'from': {'i': …}");
  g_assert_cmpstr(said, ==, wanted);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS(secrets); i++) {
    g_autofree char *path = g_strdup_printf("/plan/secret/%s", secrets[i].name);
    g_test_add(path, Fixture, GUINT_TO_POINTER(i), set_up, test_secret, tear_down);
  }
  for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
    add("refused", i, refusals[i].name, test_refusal);
  add("refused", 0, "plugin-missing-once", test_plugin_missing_once);
  add("", 0, "references", test_references);
  add("", 0, "main-output", test_main_output);
  add("", 0, "order", test_order);
  add("", 0, "types", test_types);
  add("", 0, "unify", test_unify);
  for (guint i = 0; i < G_N_ELEMENTS(graphs); i++)
    add("bound", i, graphs[i].name, test_graph);
  add("", 0, "wide", test_wide);
  add("", 0, "deep", test_deep);
  add("", 0, "printed", test_printed);
  g_test_add("/plan/input-not-given", Fixture, NULL, set_up, test_input_not_given, tear_down);
  return g_test_run();
}
