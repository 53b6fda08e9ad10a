/* SPDX-License-Identifier: MIT */
/* Tests what comes from outside of a pipeline file: .env, ${env:…}, secrets, config files. */
#include "base/redact.h"
#include "core/pipeline.h"
#include "core/test-engine.h"

#define HEAD    "'weir': 1, "
#define MINIMAL "'stages': { 'a': { 'use': 'test.rows' } }"

/* ---- .env ----------------------------------------------------------------------------------------------- */

static const struct {
  const char *text, *result; /* NAME=VALUE|…, or what is said */
} dotenvs[] = {
    {"A=1\nB=two words\n", "A=1|B=two words"},
    {"", ""},
    {"\n# a remark\n  # another\nA=x#y # z\nB=#\nC=\n", "A=x#y|B=|C="},
    {"export A=1\n  export\tB = 2  \nexportC=3\nexport=4\n", "A=1|B=2|export=4|exportC=3"},
    {"\357\273\277A=1\r\nB=2\r\n", "A=1|B=2"},
    {"A='x $y \\n # \"'\nB=\"a\\n\\t\\\"\\\\\\$c\" # remark\nC=\"\"\n", "A=x $y \\n # \"|B=a\n\t\"\\$c|C="},
    {"A=\"one\ntwo\"\nB='p\n\nq'\nC=3", "A=one\ntwo|B=p\n\nq|C=3"},
    {"A=a=b\nB=$x\nC=it's\n", "A=a=b|B=$x|C=it's"},
    {"A=é ü\n", "A=é ü"},
    {"A\n1B=2\nC-D=3\n=4\n", ".env:1: this line is no NAME=VALUE\n  hint: …"
                             ".env:2: this line is no NAME=VALUE\n  hint: …"
                             ".env:3: this line is no NAME=VALUE\n  hint: …"
                             ".env:4: this line is no NAME=VALUE\n  hint: …"},
    {"A=1\nB=2\nA=3\n", ".env:3: A is there twice: first on line 1\n"},
    {"A=1\nB=\"x\n\n", ".env:2: this value is never closed\n"},
    {"B=\"x\ny\" z\n",
     ".env:2: something stands behind the closing quote\n  hint: put the whole value in quotes\n"},
    {"A=\"\\q\"\n",
     ".env:1: a backslash that begins no escape\n  hint: write \\\\ for a backslash, or use single quotes\n"},
    {"A=x${B}\nC=\"${B}\"\nD='${B}'\n",
     ".env:1: \"${\": nothing is put into the values of this file\n  hint: …"
     ".env:2: \"${\": nothing is put into the values of this file\n  hint: …"},
    {"A=\xff\n", ".env:1:3: invalid UTF-8 (byte 0xff)\n  hint: save the file as UTF-8\n"},
};

static void
append_value(gpointer name, gpointer value, gpointer data)
{
  g_ptr_array_add(data, g_strdup_printf("%s=%s", (char *)name, (char *)value));
}

static gint
compare(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines that begin with "  hint: " cut to "  hint: …". */
static char *
without_hints(const char *said)
{
  g_autoptr(GRegex) hint =
      g_regex_new("^  hint: [^\n]*\n(?=.env:\\d+: (this line|\"\\$)|$)", G_REGEX_MULTILINE, 0, NULL);
  return g_regex_replace_literal(hint, said, -1, 0, "  hint: …", 0, NULL);
}

static void
test_dotenv(gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE(data);
  g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  gboolean fine = weir_dotenv_parse(dotenvs[i].text, strlen(dotenvs[i].text), ".env", values, diagnostics);
  g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpint(fine, ==, !*said);
  if (*said) {
    g_autofree char *cut = strstr(dotenvs[i].result, "…") ? without_hints(said) : g_strdup(said);
    g_assert_cmpstr(cut, ==, dotenvs[i].result);
    return;
  }
  g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
  g_hash_table_foreach(values, append_value, list);
  g_ptr_array_sort(list, compare);
  g_ptr_array_add(list, NULL);
  g_autofree char *all = g_strjoinv("|", (char **)list->pdata);
  g_assert_cmpstr(all, ==, dotenvs[i].result);
}

static void
test_dotenv_nul(void)
{
  g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_assert_false(weir_dotenv_parse("A=1\nB=\0\n", 8, ".env", values, diagnostics));
  g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpstr(said, ==, ".env:2:3: a NUL byte; a text file holds none\n");
}

/* ---- Pipelines in a folder that is the working directory ------------------------------------------------- */

typedef struct {
  Folder folder;
  char *before;
} Place;

static void
place_set_up(Place *place, gconstpointer data)
{
  folder_set_up(&place->folder, data);
  place->before = g_get_current_dir();
  g_assert_cmpint(chdir(place->folder.path), ==, 0);
}

static void
place_tear_down(Place *place, gconstpointer data)
{
  g_assert_cmpint(chdir(place->before), ==, 0);
  g_free(place->before);
  folder_tear_down(&place->folder, data);
  weir_redact_clear();
}

static void
put(Place *place, const char *name, const char *text)
{
  g_autofree char *quoted = with_quotes(text);
  folder_put(&place->folder, name, quoted);
}

/* Load "p.json" with config files (separated by blanks, or NULL) and parameters ("a=1", or NULL) set, and expand the
   options of its first stage: as JSON, then as they are shown; or what was said. */
static char *
run(Place *place, const char *pipeline, const char *configs, const char *given)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(GError) error = NULL;
  g_autofree char *result = NULL;
  put(place, "p.json", pipeline);
  g_autoptr(WeirPipeline) p = weir_pipeline_load("p.json", diagnostics);
  g_auto(GStrv) files = g_strsplit(configs && p ? configs : "", " ", -1);
  for (guint i = 0; files[i]; i++)
    weir_pipeline_set_config(p, files[i], diagnostics);
  if (given && p) {
    const char *equals = strchr(given, '=');
    g_autofree char *name = g_strndup(given, (gsize)(equals - given));
    if (strchr(name, '.') ? !weir_pipeline_set_option(p, given, &error)
                          : !weir_parameter_set_text(weir_pipeline_parameter(p, name), equals + 1, &error))
      return g_strdup(error->message);
  }
  if (p && !weir_diagnostics_n_errors(diagnostics) && weir_pipeline_settle(p, diagnostics)) {
    weir_pipeline_unfold(p, diagnostics);
    const WeirStageSpec *stage = p->stages->len ? p->stages->pdata[0] : NULL;
    if (stage && stage->options) {
      g_autoptr(WeirNode) options =
          weir_scope_expand(stage->scope, stage->element, stage->options, NULL, diagnostics);
      g_autoptr(WeirNode) shown = weir_scope_expand_shown(stage->scope, stage->element, stage->options);
      g_autofree char *one = options ? weir_node_to_json(options, FALSE) : NULL;
      g_autofree char *two = weir_node_to_json(shown, FALSE);
      result = g_strdup_printf("%s\n%s", one, two);
    }
  }
  g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
  return *said ? without_folder(&place->folder, said) : g_steal_pointer(&result);
}

typedef struct {
  const char *name;
  const char *parameters, *options; /* of the pipeline and its stage */
  const char *configs, *given;
  const char *result;
} Row;

static const Row rows[] = {
    {"typed",
     "'n': { 'type': 'integer', 'default': '${env:WEIR_TEST_PORT}', 'minimum': 1 }, 'l': { 'type': 'list', "
     "'default': "
     "'${env:WEIR_TEST_LIST}' }, 'b': { 'type': 'boolean', 'default': '${env:WEIR_TEST_UNSET:-true}' }",
     "'n': '${n}', 'l': '${l}', 'b': '${b}', 's': 'x${n}'", NULL, NULL,
     "{'n':8080,'l':['a','b'],'b':true,'s':'x8080'}\n"
     "{'n':'${env:WEIR_TEST_PORT}','l':'${env:WEIR_TEST_LIST}','b':'${env:WEIR_TEST_UNSET:-true}',"
     "'s':'x${env:WEIR_TEST_PORT}'}"},
    {"typed-wrong", "'n': { 'type': 'integer', 'default': '${env:WEIR_TEST_LIST}' }", "'n': '${n}'", NULL,
     NULL, "p.json:1:66: parameter 'n' (integer): 'a,b' is not an integer\n"},
    {"earlier",
     "'a': { 'default': 'x' }, 'b': { 'default': '${a}-${env:WEIR_TEST_PORT}' }, 'c': { 'default': '${b}!' }",
     "'o': '${c}'", NULL, "a=y", "{'o':'y-8080!'}\n{'o':'y-${env:WEIR_TEST_PORT}!'}"},
    {"later", "'a': { 'default': '${b}' }, 'b': { 'default': 'x' }", "'o': 1", NULL, NULL,
     "p.json:1:47: unknown parameter 'b'; there are none\n"},
    {"empty", "", "'a': '${env:WEIR_TEST_EMPTY}', 'b': '${env:WEIR_TEST_EMPTY:-d}'", NULL, NULL,
     "{'a':'','b':'d'}\n{'a':'${env:WEIR_TEST_EMPTY}','b':'${env:WEIR_TEST_EMPTY:-d}'}"},
    {"nested", "'b': {}", "'a': '${env:A:-${b}}'", NULL, "b=x",
     "p.json:3:46: '${env:A:-${b': a reference cannot stand inside another\n"},
    {"dotenv", "", "'a': '${env:FROM_FILE}', 'b': '${env:WEIR_TEST_PORT}'", NULL, NULL,
     "{'a':'in the file','b':'8080'}\n{'a':'${env:FROM_FILE}','b':'${env:WEIR_TEST_PORT}'}"},
    /* secrets */
    {"secret", "'t': { 'type': 'secret', 'default': '${env:WEIR_TEST_SECRET}' }", "'o': '${t}'", NULL, NULL,
     "{'o':'hidden-word'}\n{'o':'${env:WEIR_TEST_SECRET}'}"},
    {"secret-file", "'t': { 'type': 'secret' }", "'o': '${t}'", NULL, "t=file:secret.txt",
     "{'o':'from-a-file'}\n{'o':{'file':'secret.txt'}}"},
    {"secret-env", "'t': { 'type': 'secret' }", "'o': '${t}'", NULL, "t=env:WEIR_TEST_SECRET",
     "{'o':'hidden-word'}\n{'o':'${env:WEIR_TEST_SECRET}'}"},
    {"secret-config", "'t': { 'type': 'secret' }", "'o': '${t}'", "sub/secret.yaml", NULL,
     "{'o':'in a folder'}\n{'o':{'file':'key.txt'}}"},
    {"secret-optional", "'t': { 'type': 'secret', 'optional': true, 'default': '${env:WEIR_TEST_EMPTY:-}' }",
     "'o': '${t}', 'p': 1", NULL, NULL, "{'p':1}\n{'p':1}"},
    {"secret-required", "'t': { 'type': 'secret', 'help': 'the key' }", "'o': '${t}'", NULL, NULL,
     "p.json:1:29: parameter 't' has no value\n  hint: give it as --t env:NAME or file:PATH: the key\n"},
    {"secret-written", "'t': { 'type': 'secret', 'default': 'plain-text' }", "'o': '${t}'", NULL, NULL,
     "p.json:1:65: parameter 't' (secret): a secret is not written here; refer to it: '${env:NAME}', or "
     "{'file': "
     "'PATH'}\n"},
    {"secret-default-written", "'t': { 'type': 'secret', 'default': '${env:WEIR_TEST_UNSET:-plain}' }",
     "'o': '${t}'", NULL, NULL,
     "p.json:1:65: parameter 't' (secret): a secret is not written here; refer to it: '${env:NAME}', or "
     "{'file': "
     "'PATH'}\n"},
    {"secret-typed", "'t': { 'type': 'secret' }", "'o': '${t}'", NULL, "t=hunter2-hunter2",
     "--t: a secret is not written on the command line; give env:NAME or file:PATH"},
    {"secret-no-file", "'t': { 'type': 'secret' }", "'o': '${t}'", NULL, "t=file:none.txt",
     "--t: cannot read 'DIR/none.txt': No such file or directory"},
    {"secret-no-variable", "'t': { 'type': 'secret' }", "'o': '${t}'", NULL, "t=env:WEIR_TEST_UNSET",
     "--t: the environment variable WEIR_TEST_UNSET is not set"},
    {"secret-empty-file", "'t': { 'type': 'secret' }", "'o': '${t}'", NULL, "t=file:empty.txt",
     "--t: the first line of 'DIR/empty.txt' is empty, where a secret is wanted"},
    {"secret-in-text",
     "'t': { 'type': 'secret', 'default': '${env:WEIR_TEST_SECRET}' }, 'u': { 'default': 'a${t}' }",
     "'o': 'Bearer ${t}'", NULL, "u=x",
     "p.json:3:46: 't' is a secret, which cannot be a part of a text\n"
     "  hint: give it to an option that is a secret, as '${t}' and nothing else\n"},
    {"secret-in-parameter",
     "'t': { 'type': 'secret', 'default': '${env:WEIR_TEST_SECRET}' }, 'u': { 'default': '${t}' }", "'o': 1",
     NULL, NULL,
     "p.json:1:65: parameter 'u' (string): its value is a secret; give the parameter the type secret\n"},
    /* config files */
    {"config", "'a': { 'type': 'integer' }, 'b': { 'type': 'list', 'default': [] }, 'c': {}",
     "'a': '${a}', 'b': '${b}', 'c': '${c}'", "one.json two.yaml", NULL,
     "{'a':2,'b':['x','y'],'c':'from two'}\n{'a':2,'b':['x','y'],'c':'from two'}"},
    {"command-wins", "'a': { 'type': 'integer' }, 'b': { 'type': 'list', 'default': [] }, 'c': {}",
     "'a': '${a}', 'b': '${b}', 'c': '${c}'", "one.json", "a=3",
     "{'a':3,'b':[],'c':'from one'}\n{'a':3,'b':[],'c':'from one'}"},
    {"config-options", "", "'p': 0, 'q': 0", "options.json", "a.q=2", "{'p':1,'q':2}\n{'p':1,'q':2}"},
    {"config-errors", "'alpha': { 'type': 'integer' }, 'b': { 'type': 'integer', 'maximum': 3 }", "'o': 1",
     "bad.yaml", NULL,
     "bad.yaml:1:1: pipeline 'pipeline' has no parameter 'alhpa'; did you mean 'alpha'?\n"
     "bad.yaml:2:4: parameter 'b' (integer): 9 is out of range: must be at most 3\n"
     "bad.yaml:3:8: parameter 'alpha' (integer): its value is of kind string\n"
     "bad.yaml:4:1: pipeline 'pipeline' has no stage 'bb'; valid: 'a'\n"
     "bad.yaml:5:1: 'a.' is neither a parameter nor STAGE.OPTION\n"},
    {"config-missing", "", "'o': 1", "oen.json", NULL,
     "cannot read 'oen.json': No such file or directory\n  hint: the nearest name there is 'one.json'\n"},
    {"config-pipeline", "", "'o': 1", "p.json", NULL,
     "p.json:1:1: this is a pipeline, not a config file\n"
     "  hint: a config file is a map of parameters, and of STAGE.OPTION, to their values\n"},
    {"config-list", "", "'o': 1", "list.json", NULL,
     "list.json:1:1: a config file must be a map, not a list\n"},
};

static void
test_row(Place *place, gconstpointer data)
{
  const Row *row = &rows[GPOINTER_TO_UINT(data)];
  folder_put(&place->folder, ".env", "FROM_FILE=in the file\nWEIR_TEST_PORT=1 # not this one\n");
  put(place, "secret.txt", "from-a-file\nsecond line\n");
  put(place, "empty.txt", "\n");
  put(place, "sub/key.txt", "in a folder");
  put(place, "sub/secret.yaml", "t: {file: key.txt}\n");
  put(place, "one.json", "{ 'a': 1, 'c': 'from one' }");
  put(place, "two.yaml", "a: 2\nb: [x, 'y']\nc: from two\n");
  put(place, "options.json", "{ 'a.p': 1, 'a.q': 1 }");
  put(place, "bad.yaml", "alhpa: 1\nb: 9\nalpha: '3'\nbb.x: 1\na.: 2\n");
  put(place, "list.json", "[1]");
  g_autofree char *text = g_strdup_printf("{" HEAD "'parameters': { %s },\n'stages': {\n"
                                          "'a': { 'use': 'test.rows', 'options': { %s } } } }",
                                          row->parameters, row->options);
  g_autofree char *is = run(place, text, row->configs, row->given);
  g_autofree char *shown = without_folder(&place->folder, is);
  g_autofree char *wanted = with_quotes(row->result);
  g_assert_cmpstr(shown, ==, wanted);
}

/* Nothing that is said of a secret shows it. */
static void
test_never_shown(Place *place, gconstpointer data)
{
  (void)data;
  g_autofree char *said = run(place, "{" HEAD "'parameters': { 't': { 'type': 'secret' } }, " MINIMAL "}",
                              NULL, "t=hunter2-hunter2");
  g_assert_null(strstr(said, "hunter2"));
  g_setenv("WEIR_TEST_SECRET", "hidden-word", TRUE);
  g_autofree char *used = run(place, "{" HEAD "'parameters': { 't': { 'type': 'secret' } }, " MINIMAL "}",
                              NULL, "t=env:WEIR_TEST_SECRET");
  (void)used;
  g_autofree char *clean = weir_redact("a hidden-word here");
  g_assert_cmpstr(clean, ==, "a *** here");
}

static void
test_bad_dotenv(Place *place, gconstpointer data)
{
  (void)data;
  folder_put(&place->folder, ".env", "A=1\nnonsense\n");
  g_autofree char *said =
      run(place,
          "{" HEAD "'stages': { 'a': { 'use': 'test.rows', 'options': { 'o': '${env:WEIR_TEST_UNSET}', 'p': "
          "'${env:A}' } } } }",
          NULL, NULL);
  assert_contains(said, ".env:2: this line is no NAME=VALUE\n");
  g_assert_cmpuint(count_in(said, "nonsense"), ==, 0);
  /* who asks for nothing is not bothered with it */
  g_autofree char *fine =
      run(place, "{" HEAD "'stages': { 'a': { 'use': 'test.rows', 'options': { 'o': 1 } } } }", NULL, NULL);
  g_assert_cmpstr(fine, ==, "{\"o\":1}\n{\"o\":1}");
}

/* What "file" is relative to, and what an environment variable is. */
static void
test_folders(Place *place, gconstpointer data)
{
  (void)data;
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  put(place, "sub/p.json",
      "{" HEAD "'parameters': { 'here': { 'type': 'input-path', 'default': 'x' },\n"
      "'outside': { 'type': 'input-path', 'default': '${env:WEIR_TEST_PATH}' },\n"
      "'config': { 'type': 'input-path' } }, " MINIMAL "}");
  put(place, "sub/x", "");
  put(place, "data/in", "");
  put(place, "conf/c.json", "{ 'config': 'file' }");
  put(place, "conf/file", "");
  g_setenv("WEIR_TEST_PATH", "data/in", TRUE);
  g_autoptr(WeirPipeline) p = weir_pipeline_load("sub/p.json", diagnostics);
  g_assert_true(weir_pipeline_set_config(p, "conf/c.json", diagnostics));
  weir_pipeline_settle(p, diagnostics);
  g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
  g_assert_cmpstr(said, ==, "");
  g_autofree char *cwd = g_get_current_dir();
  const char *const names[] = {"here", "outside", "config"};
  const char *const wanted[] = {"sub/x", "data/in", "conf/file"};
  for (guint i = 0; i < 3; i++) {
    g_autofree char *path = g_build_filename(cwd, wanted[i], NULL);
    g_assert_cmpstr(weir_node_string(weir_pipeline_parameter(p, names[i])->value), ==, path);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);

  g_setenv("WEIR_TEST_PORT", "8080", TRUE);
  g_setenv("WEIR_TEST_LIST", "a,b", TRUE);
  g_setenv("WEIR_TEST_EMPTY", "", TRUE);
  g_setenv("WEIR_TEST_SECRET", "hidden-word", TRUE);
  g_unsetenv("WEIR_TEST_UNSET");
  g_unsetenv("FROM_FILE");
  for (gsize i = 0; i < G_N_ELEMENTS(dotenvs); i++) {
    g_autofree char *path = g_strdup_printf("/dotenv/%zu", i);
    g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_dotenv);
  }
  g_test_add_func("/dotenv/nul", test_dotenv_nul);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *path = g_strdup_printf("/outside/%s", rows[i].name);
    g_test_add(path, Place, GUINT_TO_POINTER(i), place_set_up, test_row, place_tear_down);
  }
  g_test_add("/outside/never-shown", Place, NULL, place_set_up, test_never_shown, place_tear_down);
  g_test_add("/outside/bad-dotenv", Place, NULL, place_set_up, test_bad_dotenv, place_tear_down);
  g_test_add("/outside/folders", Place, NULL, place_set_up, test_folders, place_tear_down);
  return g_test_run();
}
