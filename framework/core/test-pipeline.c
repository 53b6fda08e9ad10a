/* SPDX-License-Identifier: MIT */
/* Tests the reading of pipeline files: keys and kinds, parameters and their values, ${…}, "when". */
#include "core/pipeline.h"
#include "core/test-engine.h"

#define MINIMAL "'stages': { 'a': { 'use': 'test.rows' } }"

/* Load; the diagnostics as text (free it), "" without any. */
static char *
load(Folder *folder, const char *text, WeirPipeline **pipeline)
{
  g_autofree char *file = put_pipeline(folder, "p.json", text);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  *pipeline = weir_pipeline_load(file, diagnostics);
  g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpint(*pipeline == NULL, ==, weir_diagnostics_n_errors(diagnostics) > 0);
  return without_folder(folder, said);
}

static WeirPipeline *
load_well(Folder *folder, const char *text)
{
  WeirPipeline *pipeline = NULL;
  g_autofree char *said = load(folder, text, &pipeline);
  g_assert_cmpstr(said, ==, "");
  return pipeline;
}

/* ---- Keys and kinds ------------------------------------------------------------------------------------- */

static const struct {
  const char *name, *text, *says;
} refusals[] = {
    {"no-map", "[1]", "DIR/p.json:1:1: a pipeline must be a map, not a list\n"},
    {"no-version", "{" MINIMAL "}",
     "DIR/p.json:1:1: the file does not say that it is a pipeline\n  hint: begin it with 'weir': 1\n"},
    {"version", "{'weir': 2, " MINIMAL "}",
     "DIR/p.json:1:10: 'weir' must be 1, the version of the pipeline format that this program reads\n"},
    {"version-kind", "{'weir': '1', " MINIMAL "}",
     "DIR/p.json:1:10: 'weir' must be 1, the version of the pipeline format that this program reads\n"},
    {"unknown-key", "{'weir': 1, 'stage': {},\n " MINIMAL "}",
     "DIR/p.json:1:13: unknown key 'stage' in the pipeline; did you mean 'stages'?\n"},
    {"no-stages", "{'weir': 1}", "DIR/p.json:1:1: the pipeline has no 'stages'\n"},
    {"zero-stages", "{'weir': 1, 'stages': {}}",
     "DIR/p.json:1:23: a pipeline has 1 to 4096 stages, this one has 0\n"},
    {"stages-kind", "{'weir': 1, 'stages': []}", "DIR/p.json:1:23: 'stages' must be a map, not a list\n"},
    {"name-kind", "{'weir': 1, 'name': 3, " MINIMAL "}",
     "DIR/p.json:1:21: 'name' must be a string, not an integer\n"},
    {"name", "{'weir': 1, 'name': '../up', " MINIMAL "}",
     "DIR/p.json:1:21: '../up' is no name for a pipeline\n"
     "  hint: a letter, then letters, digits, - and _, at most 64 in all\n"},
    {"stage-name", "{'weir': 1, 'stages': { 'a.b': { 'use': 'test.rows' } } }",
     "DIR/p.json:1:25: 'a.b' is no name for a stage\n"
     "  hint: a letter, then letters, digits, - and _, at most 64 in all\n"},
    {"stage-kind", "{'weir': 1, 'stages': { 'a': 'test.rows' } }",
     "DIR/p.json:1:30: stage 'a' must be a map, not a string\n"},
    {"stage-key", "{'weir': 1, 'stages': { 'a': { 'use': 'test.rows', 'form': 'b' } } }",
     "DIR/p.json:1:52: unknown key 'form' in stage 'a'; did you mean 'from'?\n"},
    {"no-use", "{'weir': 1, 'stages': { 'a': { } } }",
     "DIR/p.json:1:25: stage 'a' has no 'use'\n  hint: say which stage it is, such as 'use': 'file.read'\n"},
    {"use-kind", "{'weir': 1, 'stages': { 'a': { 'use': 1 } } }",
     "DIR/p.json:1:39: 'use' must be a string, not an integer\n"},
    {"options-kind", "{'weir': 1, 'stages': { 'a': { 'use': 'test.rows', 'options': 5 } } }",
     "DIR/p.json:1:63: 'options' of stage 'a' must be a map, not an integer\n"},
    {"from-kind", "{'weir': 1, 'stages': { 'a': { 'use': 'test.pass', 'from': null } } }",
     "DIR/p.json:1:60: a reference to a stage must be a string, not null\n"},
    {"first-empty", "{'weir': 1, 'stages': { 'a': { 'use': 'test.pass', 'from': { 'first': [] } } } }",
     "DIR/p.json:1:71: 'first' lists nothing\n"},
    {"first-kind",
     "{'weir': 1, 'stages': { 'a': { 'use': 'test.pass', 'from': { 'in': { 'first': 'b' } } } } }",
     "DIR/p.json:1:79: 'first' must be a list, not a string\n"},
    {"first-missing", "{'weir': 1, 'stages': { 'a': { 'use': 'test.pass', 'from': { 'in': { } } } } }",
     "DIR/p.json:1:68: a reference to a stage must be a string or {'first': [...]}\n"},
    {"duplicate-stage",
     "{'weir': 1, 'stages': {\n 'a': { 'use': 'test.rows' },\n 'a': { 'use': 'test.rows' } } }",
     "DIR/p.json:3:2: the key 'a' is there twice: first on line 2\n"},
    {"parameter-kind", "{'weir': 1, 'parameters': { 'p': 1 }, " MINIMAL "}",
     "DIR/p.json:1:34: parameter 'p' must be a map, not an integer\n"},
    {"parameter-name", "{'weir': 1, 'parameters': { '-p': {} }, " MINIMAL "}",
     "DIR/p.json:1:29: '-p' is no name for a parameter\n"
     "  hint: a letter, then letters, digits, - and _, at most 64 in all\n"},
    {"parameter-key", "{'weir': 1, 'parameters': { 'p': { 'defualt': 1 } }, " MINIMAL "}",
     "DIR/p.json:1:36: unknown key 'defualt' in parameter 'p'; did you mean 'default'?\n"},
    {"parameter-type", "{'weir': 1, 'parameters': { 'p': { 'type': 'interger' } }, " MINIMAL "}",
     "DIR/p.json:1:44: parameter 'p' has the unknown type 'interger'; did you mean 'integer'?\n"},
    {"choices-missing", "{'weir': 1, 'parameters': { 'p': { 'type': 'choice' } }, " MINIMAL "}",
     "DIR/p.json:1:29: parameter 'p' is a choice without 'choices'\n"},
    {"choices-empty", "{'weir': 1, 'parameters': { 'p': { 'type': 'choice', 'choices': [] } }, " MINIMAL "}",
     "DIR/p.json:1:65: parameter 'p' has no choices\n"},
    {"choices-unfit",
     "{'weir': 1, 'parameters': { 'p': { 'type': 'integer', 'choices': ['a'] } }, " MINIMAL "}",
     "DIR/p.json:1:66: parameter 'p' has 'choices', but is of type integer\n"},
    {"bound-unfit", "{'weir': 1, 'parameters': { 'p': { 'minimum': 3 } }, " MINIMAL "}",
     "DIR/p.json:1:36: parameter 'p' has 'minimum', but is of type string\n"},
    {"bound-kind", "{'weir': 1, 'parameters': { 'p': { 'type': 'integer', 'minimum': 2.5 } }, " MINIMAL "}",
     "DIR/p.json:1:66: 'minimum' of parameter 'p' must be an integer, not a number\n"},
    {"bounds-crossed",
     "{'weir': 1, 'parameters': { 'p': { 'type': 'number', 'minimum': 2, 'maximum': 1.5 } }, " MINIMAL "}",
     "DIR/p.json:1:79: parameter 'p' has a 'maximum' below its 'minimum'\n"},
    {"optional-kind", "{'weir': 1, 'parameters': { 'p': { 'optional': 'yes' } }, " MINIMAL "}",
     "DIR/p.json:1:48: 'optional' must be a boolean, not a string\n"},
    {"several",
     "{'weir': 1, 'name': '', 'seeds': 3,\n'parameters': { 'p': { 'type': 'text' } },\n"
     "'stages': { 'a': {}, 'b': { 'use': [] } } }",
     "DIR/p.json:1:21: '' is no name for a pipeline\n"
     "  hint: a letter, then letters, digits, - and _, at most 64 in all\n"
     "DIR/p.json:1:25: unknown key 'seeds' in the pipeline; did you mean 'seed'?\n"
     "DIR/p.json:2:32: parameter 'p' has the unknown type 'text'; valid: 'string', 'input-path', "
     "'output-path', "
     "'integer', 'number', 'boolean', 'choice', 'size', … and 3 more\n"
     "DIR/p.json:3:13: stage 'a' has no 'use'\n  hint: say which stage it is, such as 'use': 'file.read'\n"
     "DIR/p.json:3:36: 'use' must be a string, not a list\n"},
};

static void
test_refusal(Folder *folder, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  WeirPipeline *pipeline = NULL;
  g_autofree char *said = load(folder, refusals[i].text, &pipeline);
  g_autofree char *wanted = with_quotes(refusals[i].says);
  g_assert_cmpstr(said, ==, wanted);
  g_assert_null(pipeline);
}

static void
test_no_file(Folder *folder, gconstpointer data)
{
  (void)data;
  const char *names[] = {"none.json", "."};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *file = folder_file(folder, names[i]);
    g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
    g_assert_null(weir_pipeline_load(file, diagnostics));
    g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, 1);
    g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
    assert_contains(said, file);
  }
}

static void
test_whole(Folder *folder, gconstpointer data)
{
  (void)data;
  g_autoptr(WeirPipeline) p = load_well(
      folder,
      "{ '$schema': 'x', 'weir': 1, 'name': 'all', 'help': 'Everything', 'seed': 7,\n"
      "  'parameters': { 'one': {}, 'two': { 'type': 'integer', 'default': 3, 'help': 'A number' } },\n"
      "  'stages': {\n"
      "    'z': { 'use': 'test.rows', 'help': 'first', 'options': { 'count': '${two}' } },\n"
      "    'a': { 'use': 'test.merge', 'when': 'one', 'discard': ['x'],\n"
      "           'from': { 'a': 'z', 'more': ['z.out', { 'first': ['q', 'z'] }] } },\n"
      "    'm': { 'use': 'test.pass', 'from': { 'first': ['a', 'z'] } } } }");
  g_assert_cmpstr(p->name, ==, "all");
  g_assert_cmpstr(p->help, ==, "Everything");
  g_assert_cmpint(weir_node_integer(p->seed), ==, 7);
  g_assert_cmpuint(p->root->entries->len, ==, 3);
  const WeirEntry *z = p->root->entries->pdata[0], *a = p->root->entries->pdata[1],
                  *m = p->root->entries->pdata[2];
  g_assert_cmpstr(z->name, ==, "z"); /* in written order */
  g_assert_cmpuint(z->position.line, ==, 4);
  g_assert_cmpuint(a->inputs->len, ==, 2);
  const WeirInputSpec *more = a->inputs->pdata[1];
  g_assert_cmpstr(more->port, ==, "more");
  const WeirReference *first = more->references->pdata[1];
  g_assert_true(first->first);
  g_assert_cmpuint(first->sources->len, ==, 2);
  g_assert_cmpstr(g_array_index(first->sources, WeirCandidate, 0).name, ==, "q");
  const WeirInputSpec *unnamed = m->inputs->pdata[0];
  g_assert_null(unnamed->port);
}

/* ---- Values of parameters ------------------------------------------------------------------------------- */

static const struct {
  const char *parameter, *text;
  const char *is;   /* the value as JSON, or */
  const char *says; /* why not */
} values[] = {
    {"{}", "any thing", "'any thing'", NULL},
    {"{}", "", "''", NULL},
    {"{}", "\xff", NULL, "--p: the value is not valid UTF-8"},
    {"{ 'type': 'integer' }", "42", "42", NULL},
    {"{ 'type': 'integer' }", "-9223372036854775808", "-9223372036854775808", NULL},
    {"{ 'type': 'integer' }", "9223372036854775808", NULL, "--p: "},
    {"{ 'type': 'integer' }", "4.0", NULL, "--p: "},
    {"{ 'type': 'integer' }", "4 ", NULL, "--p: "},
    {"{ 'type': 'integer' }", "", NULL, "--p: "},
    {"{ 'type': 'integer', 'minimum': 2, 'maximum': 9 }", "2", "2", NULL},
    {"{ 'type': 'integer', 'minimum': 2, 'maximum': 9 }", "10", NULL, "2 to 9"},
    {"{ 'type': 'integer', 'minimum': 2 }", "1", NULL, "at least 2"},
    {"{ 'type': 'number', 'minimum': 0, 'maximum': 1 }", "0.25", "0.25", NULL},
    {"{ 'type': 'number', 'minimum': 0, 'maximum': 1 }", "1.5", NULL, "0 to 1"},
    {"{ 'type': 'number' }", "nan", NULL, "--p: "},
    {"{ 'type': 'number' }", "1e999", NULL, "--p: "},
    {"{ 'type': 'boolean' }", "true", "true", NULL},
    {"{ 'type': 'boolean' }", "maybe", NULL, "--p: "},
    {"{ 'type': 'choice', 'choices': ['linear', 'tree'] }", "tree", "'tree'", NULL},
    {"{ 'type': 'choice', 'choices': ['linear', 'tree'] }", "liner", NULL,
     "--p: 'liner' is none of its choices; did you mean 'linear'?"},
    {"{ 'type': 'size' }", "64M", "'64M'", NULL},
    {"{ 'type': 'size' }", "64 parsecs", NULL, "--p: "},
    {"{ 'type': 'duration' }", "1h30m", "'1h30m'", NULL},
    {"{ 'type': 'duration' }", "soon", NULL, "--p: "},
    {"{ 'type': 'list' }", "a, b,c", "['a','b','c']", NULL},
    {"{ 'type': 'output-path' }", "", NULL, "--p: a path is wanted, not an empty text"},
    {"{ 'type': 'input-path' }", "/no/such/file", NULL, "--p: there is no file '/no/such/file'"},
};

static void
test_value(Folder *folder, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_autofree char *text =
      g_strdup_printf("{ 'weir': 1, 'parameters': { 'p': %s }, " MINIMAL "}", values[i].parameter);
  g_autoptr(WeirPipeline) pipeline = load_well(folder, text);
  WeirParameter *p = weir_pipeline_parameter(pipeline, "p");
  g_autoptr(GError) error = NULL;
  gboolean fine = weir_parameter_set_text(p, values[i].text, &error);
  if (!values[i].is) {
    g_assert_false(fine);
    g_assert_null(p->value);
    assert_contains(error->message, values[i].says);
    return;
  }
  g_assert_no_error(error);
  g_autofree char *is = weir_node_to_json(p->value, FALSE);
  g_autofree char *wanted = with_quotes(values[i].is);
  g_assert_cmpstr(is, ==, wanted);
}

static char *
settle(WeirPipeline *pipeline, gboolean *fine)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  *fine = weir_pipeline_settle(pipeline, diagnostics);
  return weir_diagnostics_to_string(diagnostics, 0);
}

static void
test_defaults(Folder *folder, gconstpointer data)
{
  (void)data;
  gboolean fine;
  g_autoptr(WeirPipeline) pipeline = load_well(
      folder, "{ 'weir': 1, 'parameters': {\n"
              "  'integer': { 'type': 'integer', 'default': 25, 'minimum': 2 },\n"
              "  'number': { 'type': 'number', 'default': 3 },\n"
              "  'size': { 'type': 'size', 'default': 1048576 },\n"
              "  'list': { 'type': 'list', 'default': ['a', 'b'] },\n"
              "  'none': { 'type': 'integer', 'default': null },\n"
              "  'optional': { 'optional': true },\n"
              "  'given': { 'type': 'integer', 'default': 1 },\n"
              "  'choice': { 'type': 'choice', 'choices': ['x', 'y'], 'default': 'y' } }, " MINIMAL "}");
  g_assert_true(weir_parameter_set_text(weir_pipeline_parameter(pipeline, "given"), "2", NULL));
  g_autofree char *said = settle(pipeline, &fine);
  g_assert_cmpstr(said, ==, "");
  g_assert_true(fine);
  const char *wanted[] = {"25", "3.0", "\"1048576\"", "[\"a\",\"b\"]", NULL, NULL, "2", "\"y\""};
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    const WeirParameter *p = pipeline->parameters->pdata[i];
    g_autofree char *is = p->value ? weir_node_to_json(p->value, FALSE) : NULL;
    g_assert_cmpstr(is, ==, wanted[i]);
    g_assert_cmpint(p->given, ==, i == 6 ? WEIR_GIVEN_BY_COMMAND : WEIR_GIVEN_BY_NOBODY);
  }
}

static void
test_missing_values(Folder *folder, gconstpointer data)
{
  (void)data;
  gboolean fine;
  g_autoptr(WeirPipeline) pipeline =
      load_well(folder, "{ 'weir': 1, 'parameters': {\n"
                        "  'train': { 'help': 'labelled rows' },\n"
                        "  'output': { 'type': 'output-path' } }, " MINIMAL "}");
  g_autofree char *said = settle(pipeline, &fine);
  g_autofree char *shown = without_folder(folder, said);
  g_assert_false(fine);
  g_assert_cmpstr(shown, ==,
                  "DIR/p.json:2:3: parameter \"train\" has no value\n"
                  "  hint: give it as --train VALUE: labelled rows\n"
                  "DIR/p.json:3:3: parameter \"output\" has no value\n"
                  "  hint: give it as --output VALUE\n");
}

/* A default that does not fit is the file's mistake, whether it is used or not. */
static void
test_bad_defaults(Folder *folder, gconstpointer data)
{
  (void)data;
  static const char *const parameters[] = {
      "{ 'type': 'integer', 'default': '25' }",
      "{ 'type': 'integer', 'default': 1.5 }",
      "{ 'type': 'integer', 'default': 1, 'minimum': 2 }",
      "{ 'type': 'boolean', 'default': 'true' }",
      "{ 'type': 'choice', 'choices': ['a'], 'default': 'b' }",
      "{ 'type': 'list', 'default': 3 }",
      "{ 'type': 'list', 'default': ['a', [3]] }",
      "{ 'type': 'duration', 'default': '3 apples' }",
      "{ 'default': 3 }",
  };
  for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
    g_autofree char *text =
        g_strdup_printf("{ 'weir': 1, 'parameters': { 'p':\n %s }, " MINIMAL "}", parameters[i]);
    WeirPipeline *pipeline = NULL;
    g_autofree char *said = load(folder, text, &pipeline);
    g_assert_null(pipeline);
    g_assert_true(g_str_has_prefix(said, "DIR/p.json:2:"));
    assert_contains(said, "parameter 'p'");
  }
}

/* What the file writes is relative to the file; what the caller writes, to the caller. */
static void
test_paths(Folder *folder, gconstpointer data)
{
  (void)data;
  gboolean fine;
  g_autofree char *before = g_get_current_dir();
  folder_put(folder, "data/train.csv", "");
  folder_put(folder, "here/test.csv", "");
  g_autofree char *here = folder_file(folder, "here");
  g_autofree char *file = folder_file(folder, "data/p.json");
  g_autofree char *json =
      with_quotes("{ 'weir': 1, 'parameters': { 'train': { 'type': 'input-path', 'default': 'train.csv' },\n"
                  " 'out': { 'type': 'output-path', 'default': 'out' }, 'test': { 'type': 'input-path' },\n"
                  " 'glob': { 'type': 'input-path', 'default': '*.none' } }, " MINIMAL "}");
  folder_put(folder, "data/p.json", json);
  g_assert_cmpint(chdir(here), ==, 0);
  g_autofree char *cwd = g_get_current_dir(); /* the folder may be reached through a link */
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirPipeline) pipeline = weir_pipeline_load("../data/p.json", diagnostics);
  g_assert_nonnull(pipeline);
  g_assert_true(weir_parameter_set_text(weir_pipeline_parameter(pipeline, "test"), "test.csv", NULL));
  g_autofree char *said = settle(pipeline, &fine);
  g_assert_cmpstr(said, ==, "");
  g_autofree char *data_folder = g_path_get_dirname(cwd);
  const char *names[] = {"train", "out", "test", "glob"};
  const char *wanted[] = {"data/train.csv", "here/out", "here/test.csv", "data/*.none"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path = g_build_filename(data_folder, wanted[i], NULL);
    g_assert_cmpstr(weir_node_string(weir_pipeline_parameter(pipeline, names[i])->value), ==, path);
  }
  g_autoptr(GError) error = NULL;
  g_assert_false(weir_parameter_set_text(weir_pipeline_parameter(pipeline, "test"), "tset.csv", &error));
  g_assert_cmpstr(error->message, ==, "--test: there is no file \"tset.csv\"; did you mean \"test.csv\"?");
  g_assert_cmpint(chdir(before), ==, 0);
}

/* An empty variable is as if the secret were not given: also on the command line. */
static void
test_empty_secret(Folder *folder, gconstpointer data)
{
  (void)data;
  gboolean fine;
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirPipeline) pipeline =
      load_well(folder, "{ 'weir': 1, 'parameters': { 'a': { 'type': 'secret', 'optional': true },\n"
                        " 'b': { 'type': 'secret' } }, " MINIMAL "}");
  WeirParameter *a = weir_pipeline_parameter(pipeline, "a"), *b = weir_pipeline_parameter(pipeline, "b");
  g_assert_true(weir_parameter_set_text(a, "env:WEIR_TEST_EMPTY", &error));
  g_assert_true(weir_parameter_set_text(b, "env:WEIR_TEST_EMPTY", &error));
  g_assert_no_error(error);
  g_autofree char *said = settle(pipeline, &fine);
  g_assert_null(a->value);
  g_assert_cmpint(a->given, ==, WEIR_GIVEN_BY_NOBODY);
  assert_contains(said, "p.json:2:2: parameter 'b' has no value");
  g_assert_cmpuint(count_in(said, "has no value"), ==, 1);
  g_assert_false(weir_parameter_set_text(a, "env:WEIR_TEST_UNSET", &error));
  g_assert_cmpstr(error->message, ==, "--a: the environment variable WEIR_TEST_UNSET is not set");
  g_clear_error(&error);
  g_assert_false(weir_parameter_set_text(a, "env:WEIR_TEST_SET}", &error));
  g_assert_cmpstr(error->message, ==, "--a: \"env:WEIR_TEST_SET}\" names no environment variable");
}

static void
test_range_text(Folder *folder, gconstpointer data)
{
  (void)data;
  g_autoptr(WeirPipeline) pipeline =
      load_well(folder, "{ 'weir': 1, 'parameters': { 'a': { 'type': 'integer', 'minimum': 2 },\n"
                        " 'b': { 'type': 'number', 'minimum': 0, 'maximum': 0.5 },\n"
                        " 'c': { 'type': 'integer', 'maximum': 9 },\n"
                        " 'd': { 'type': 'choice', 'choices': ['x', 'y'] }, 'e': {} }, " MINIMAL "}");
  const char *wanted[] = {"at least 2", "0 to 0.5", "at most 9", "one of: x, y", NULL};
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    g_autofree char *is = weir_parameter_range(pipeline->parameters->pdata[i]);
    g_assert_cmpstr(is, ==, wanted[i]);
  }
}

/* ---- ${…} ----------------------------------------------------------------------------------------------- */

#define PARAMETERS                                                                                     \
  "'parameters': { 'name': { 'default': 'abc' }, 'n': { 'type': 'integer', 'default': 25 },\n"         \
  "  'x': { 'type': 'number', 'default': 0.5 }, 'yes': { 'type': 'boolean', 'default': true },\n"      \
  "  'no': { 'type': 'boolean', 'default': false }, 'l': { 'type': 'list', 'default': ['p', 'q'] },\n" \
  "  'kind': { 'type': 'choice', 'choices': ['big', 'small'], 'default': 'big' },\n"                   \
  "  'hole': { 'optional': true } }"

/* Expand options; JSON, or what was said. */
static char *
expand(Folder *folder, const char *options)
{
  gboolean fine;
  g_autofree char *text =
      g_strdup_printf("{ 'weir': 1, " PARAMETERS ",\n 'stages': { 'a': { 'use': 'test.rows',\n"
                      "'options':\n%s } } }",
                      options);
  g_autoptr(WeirPipeline) pipeline = load_well(folder, text);
  g_autofree char *said = settle(pipeline, &fine);
  g_assert_cmpstr(said, ==, "");
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  const WeirEntry *entry = pipeline->root->entries->pdata[0];
  g_autoptr(WeirNode) node = weir_scope_expand(pipeline->root, NULL, entry->options, NULL, diagnostics);
  if (node) {
    g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, 0);
    return weir_node_to_json(node, FALSE);
  }
  g_autofree char *errors = weir_diagnostics_to_string(diagnostics, 0);
  return without_folder(folder, errors);
}

static const struct {
  const char *options, *result;
} expansions[] = {
    {"{ 'o': 'plain', 'p': 3 }", "{'o':'plain','p':3}"},
    {"{ 'o': '${n}', 'p': '${x}', 'q': '${yes}', 'r': '${l}' }", "{'o':25,'p':0.5,'q':true,'r':['p','q']}"},
    {"{ 'o': '${n}x', 'p': 'a${name}b${n}c${x}', 'q': '${name}${yes}' }",
     "{'o':'25x','p':'aabcb25c0.5','q':'abctrue'}"},
    {"{ 'o': '$${n}', 'p': 'a$${', 'q': '$$${n}', 'r': '$n $ {n} }' }",
     "{'o':'${n}','p':'a${','q':'$${n}','r':'$n $ {n} }'}"},
    {"{ 'o': ['${n}', { 'p': '${name}' }], '${n}': 1 }", "{'o':[25,{'p':'abc'}],'${n}':1}"},
    {"{ 'o': '${env:WEIR_TEST_SET}', 'p': 'a ${env:WEIR_TEST_SET}!' }",
     "{'o':'from outside','p':'a from outside!'}"},
    {"{ 'o': '${env:WEIR_TEST_UNSET:-else}', 'p': '${env:WEIR_TEST_UNSET:-}', 'q': "
     "'${env:WEIR_TEST_SET:-else}' }",
     "{'o':'else','p':'','q':'from outside'}"},
    {"{ 'o': '${hole}', 'p': 1 }", "{'p':1}"},
    {"{ 'm': { 'o': '${hole}', 'p': 1 }, 'l': ['${hole}', 2] }", "{'m':{'p':1},'l':[2]}"},
    {"{ 'o': 'x${hole}' }", "DIR/p.json:8:8: parameter 'hole' has no value to put into a text\n"},
    {"{ 'o': '${nmae}' }", "DIR/p.json:8:8: unknown parameter 'nmae'; did you mean 'name'?\n"},
    {"{ 'o': 'a${nmae}' }", "DIR/p.json:8:8: unknown parameter 'nmae'; did you mean 'name'?\n"},
    {"{ 'o': 'a${name' }",
     "DIR/p.json:8:8: '${' without '}'\n  hint: write $${ for the characters themselves\n"},
    {"{ 'o': '${name' }",
     "DIR/p.json:8:8: '${' without '}'\n  hint: write $${ for the characters themselves\n"},
    {"{ 'o': '${env:WEIR_TEST_UNSET}', 'p': '${q}' }",
     "DIR/p.json:8:8: the environment variable WEIR_TEST_UNSET is not set\n"
     "  hint: set it, or write ${env:WEIR_TEST_UNSET:-DEFAULT}\n"
     "DIR/p.json:8:39: unknown parameter 'q'; valid: 'name', 'n', 'x', 'yes', 'no', 'l', 'kind', 'hole'\n"},
    {"{ 'o': '${env:WEIR_TEST_BROKEN}' }",
     "DIR/p.json:8:8: the environment variable WEIR_TEST_BROKEN is not valid UTF-8\n"},
};

static void
test_expand(Folder *folder, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  g_autofree char *is = expand(folder, expansions[i].options);
  g_autofree char *wanted = with_quotes(expansions[i].result);
  g_assert_cmpstr(is, ==, wanted);
}

/* ---- when ----------------------------------------------------------------------------------------------- */

static const struct {
  const char *when;
  int holds;        /* -1: an error */
  const char *says; /* a part of it */
} conditions[] = {
    {"name", 1},
    {"!name", 0},
    {"hole", 0},
    {"!hole", 1},
    {"yes", 1},
    {"!yes", 0},
    {"no", 0},
    {"! no", 1},
    {"kind == big", 1},
    {"kind==small", 0},
    {"kind != small", 1},
    {"kind != big", 0},
    {"n == 25", 1},
    {"n == 26", 0},
    {"x == 0.5", 1},
    {"yes == true", 1},
    {"no == true", 0},
    {"kind == \\\"big\\\"", 1},
    {"name == a b", 0},
    {"hole == x", 0},
    {"hole != x", 1},
    {" kind  ==  big ", 1},
    {"nmae", -1},
    {"", -1},
    {"n > 3", -1},
    {"!", -1},
    {"x == 0.50", 1},
    {"yes == \\\"true\\\"", 1},
    {"name == \\\"a==b\\\"", 0},
    {"name == \\\"\\\"", 0},
    {"name != a or b", 1},
    {"kind == bgi", -1,
     "p.json:7:9: 'when': parameter 'kind' (choice): 'bgi' is none of its choices; did you mean 'big'?"},
    {"kind != bgi", -1, "did you mean 'big'?"},
    {"kind == medium", -1, "valid: 'big', 'small'"},
    {"kind == big and n == 25", -1, "'when' compares twice\n  hint: 'when' is one of"},
    {"kind != big || n == 25", -1, "'when' compares twice"},
    {"kind == big and x", -1, "'big and x' is none of its choices"},
    {"n == three", -1, "parameter 'n' (integer): 'three' is not an integer"},
    {"x == three", -1, "parameter 'x' (number): 'three' is not a number"},
    {"yes == no", -1, "parameter 'yes' (boolean): 'no' is not a boolean: write true or false"},
    {"yes == True", -1, "write true or false"},
    {"l == p", -1, "parameter 'l' (list): a list cannot be compared"},
    {"yes==", -1, "'when' has nothing to compare 'yes' with"},
    {"yes and no", -1, "there is no 'and' and no 'or'"},
};

static void
test_when(Folder *folder, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT(data);
  gboolean fine;
  g_autofree char *text =
      g_strdup_printf("{ 'weir': 1, " PARAMETERS ",\n 'stages': { 'a': { 'use': 'test.rows',\n"
                      "'when': '%s' } } }",
                      conditions[i].when);
  g_autoptr(WeirPipeline) pipeline = load_well(folder, text);
  g_autofree char *said = settle(pipeline, &fine);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  const WeirEntry *entry = pipeline->root->entries->pdata[0];
  gboolean holds = weir_scope_when(pipeline->root, NULL, NULL, entry->when, diagnostics);
  g_assert_cmpuint(weir_diagnostics_n_errors(diagnostics), ==, conditions[i].holds < 0 ? 1 : 0);
  if (conditions[i].holds >= 0)
    g_assert_cmpint(holds, ==, conditions[i].holds);
  g_autofree char *errors = weir_diagnostics_to_string(diagnostics, 0);
  if (conditions[i].says)
    assert_contains(errors, conditions[i].says);
}

static void
add(const char *format, guint i, const char *name, void (*test)(Folder *, gconstpointer))
{
  g_autofree char *path = name ? g_strdup_printf("%s/%s", format, name) : g_strdup_printf("%s/%u", format, i);
  g_test_add(path, Folder, GUINT_TO_POINTER(i), folder_set_up, test, folder_tear_down);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("WEIR_TEST_SET", "from outside", TRUE);
  g_setenv("WEIR_TEST_BROKEN", "\xff", TRUE);
  g_setenv("WEIR_TEST_EMPTY", "", TRUE);
  g_unsetenv("WEIR_TEST_UNSET");
  for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
    add("/pipeline/refused", i, refusals[i].name, test_refusal);
  add("/pipeline", 0, "no-file", test_no_file);
  add("/pipeline", 0, "whole", test_whole);
  for (guint i = 0; i < G_N_ELEMENTS(values); i++)
    add("/parameter/value", i, NULL, test_value);
  add("/parameter", 0, "defaults", test_defaults);
  add("/parameter", 0, "missing", test_missing_values);
  add("/parameter", 0, "bad-defaults", test_bad_defaults);
  add("/parameter", 0, "paths", test_paths);
  add("/parameter", 0, "empty-secret", test_empty_secret);
  add("/parameter", 0, "range", test_range_text);
  for (guint i = 0; i < G_N_ELEMENTS(expansions); i++)
    add("/expand", i, NULL, test_expand);
  for (guint i = 0; i < G_N_ELEMENTS(conditions); i++)
    add("/when", i, NULL, test_when);
  return g_test_run();
}
