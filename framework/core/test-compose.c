/* SPDX-License-Identifier: MIT */
/* Tests pipelines made of others: "include", "each", their names and references, and what is refused of them. */
#include "core/pipeline.h"
#include "core/test-engine.h"

#define HEAD "'weir': 1, "

/* Write files "name: text"; the first is the pipeline. NULL at the end. */
static void
put_files(Folder *folder, const char *const *files)
{
  for (guint i = 0; files[i]; i += 2) {
    g_autofree char *text = with_quotes(files[i + 1]);
    folder_put(folder, files[i], text);
  }
}

static void
append_references(GString *out, const WeirInputSpec *input)
{
  for (guint r = 0; r < input->references->len; r++) {
    const WeirReference *reference = input->references->pdata[r];
    g_string_append(out, r ? "," : "");
    if (reference->first)
      g_string_append(out, "first(");
    for (guint i = 0; i < reference->sources->len; i++) {
      const WeirCandidate *source = &g_array_index(reference->sources, WeirCandidate, i);
      g_string_append_printf(out, "%s%s%s", i ? "|" : "",
                             source->absent  ? "-"
                             : source->wrong ? "!"
                                             : "",
                             source->name);
    }
    if (reference->sources->len == 0)
      g_string_append(out, "nothing");
    if (reference->first)
      g_string_append(out, ")");
  }
}

/* "a=test.rows b=test.pass<a" and so on, one a line; what is left out has a "-" before it. */
static char *
describe(const WeirPipeline *pipeline)
{
  GString *out = g_string_new(NULL);
  for (guint s = 0; s < pipeline->stages->len; s++) {
    const WeirStageSpec *stage = pipeline->stages->pdata[s];
    g_string_append_printf(out, "%s%s%s=%s", out->len ? "\n" : "", stage->left_out ? "-" : "", stage->name,
                           stage->use ? stage->use : "");
    for (guint i = 0; i < stage->inputs->len; i++) {
      const WeirInputSpec *input = stage->inputs->pdata[i];
      g_string_append_printf(out, " %s<", input->port ? input->port : "");
      append_references(out, input);
    }
    if (stage->left_out || !stage->options)
      continue;
    g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
    g_autoptr(WeirNode) options =
        weir_scope_expand(stage->scope, stage->element, stage->options, NULL, diagnostics);
    g_autofree char *json =
        options ? weir_node_to_json(options, FALSE) : weir_diagnostics_to_string(diagnostics, 0);
    g_string_append_printf(out, " %s", json);
  }
  return g_string_free(out, FALSE);
}

/* Load, settle and unfold; what came of it, or what was said. `given`: "name=value" or NULL. */
static char *
unfold(Folder *folder, const char *const *files, const char *given)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  put_files(folder, files);
  g_autofree char *file = folder_file(folder, files[0]);
  g_autoptr(WeirPipeline) pipeline = weir_pipeline_load(file, diagnostics);
  if (pipeline && given) {
    g_auto(GStrv) pair = g_strsplit(given, "=", 2);
    g_assert_true(weir_parameter_set_text(weir_pipeline_parameter(pipeline, pair[0]), pair[1], NULL));
  }
  if (pipeline && weir_pipeline_settle(pipeline, diagnostics)) {
    weir_pipeline_unfold(pipeline, diagnostics);
    weir_pipeline_note_includes(pipeline, diagnostics);
  }
  g_assert_true(pipeline || weir_diagnostics_n_errors(diagnostics));
  g_autofree char *said = pipeline && !weir_diagnostics_n_errors(diagnostics)
                              ? describe(pipeline)
                              : weir_diagnostics_to_string(diagnostics, 0);
  return without_folder(folder, said);
}

typedef struct {
  const char *name;
  const char *files[9];
  const char *given;
  const char *result; /* the stages, or what is said; beginning up to "∎" */
} Row;

static void
check_row(Folder *folder, const Row *row)
{
  g_autofree char *is = unfold(folder, row->files, row->given);
  g_autofree char *wanted = with_quotes(row->result);
  char *rest = strstr(wanted, "∎");
  if (rest) {
    *rest = '\0';
    is[MIN(strlen(is), strlen(wanted))] = '\0';
  }
  g_assert_cmpstr(is, ==, wanted);
}

/* ---- each ----------------------------------------------------------------------------------------------- */

static const Row each_rows[] = {
    {"texts",
     {"p.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.rows', 'each': ['a', 'b'], 'options': { 'o': '${each}' } },\n"
      "'all': { 'use': 'test.merge', 'from': { 'in': ['m/*', 'm/b.out'] } } } }"},
     NULL,
     "m/a=test.rows {'o':'a'}\nm/b=test.rows {'o':'b'}\nall=test.merge in<m/a,m/b,m/b.out"},
    {"keys", /* what cannot stand in a name becomes a dash */
     {"p.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.rows', 'each': [0.5, 3, true, 'data/en.csv', '-x'],\n"
      "'options': { 'o': '${each}', 'k': 'x-${each.key}' } } } }"},
     NULL,
     "m/0-5=test.rows {'o':0.5,'k':'x-0-5'}\nm/3=test.rows {'o':3,'k':'x-3'}\nm/true=test.rows "
     "{'o':true,'k':'x-true'}\nm/data-en-csv=test.rows "
     "{'o':'data/en.csv','k':'x-data-en-csv'}\nm/x=test.rows "
     "{'o':'-x','k':'x-x'}"},
    {"maps",
     {"p.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.${each.kind}', 'each': [ { 'key': 'small', 'kind': 'rows', "
      "'n': 1 },\n { 'key': 'large', 'kind': 'pass', 'n': null } ], 'options': { 'n': '${each.n}', 'l': "
      "'${each}' } } } }"},
     NULL,
     "m/small=test.rows {'n':1,'l':{'key':'small','kind':'rows','n':1}}\nm/large=test.pass "
     "{'l':{'key':'large','kind':'pass','n':null}}"},
    {"map-of-keys",
     {"p.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows', 'each': { 'x': { 'n': 1 }, '2y': 7 },\n"
                "'options': { 'o': '${each}', 'k': '${each.key}' } } } }"},
     NULL,
     "m/x=test.rows {'o':{'n':1},'k':'x'}\nm/2y=test.rows {'o':7,'k':'2y'}"},
    {"parameter",
     {"p.json",
      "{" HEAD "'parameters': { 'l': { 'type': 'list', 'default': ['a'] } },\n"
      "'stages': { 'm': { 'use': 'test.rows', 'each': '${l}' }, 'n': { 'use': 'test.pass', 'each': '${l}', "
      "'from': 'm/${each.key}' } } }"},
     "l=x,y",
     "m/x=test.rows\nm/y=test.rows\nn/x=test.pass <m/x\nn/y=test.pass <m/y"},
    {"nothing",
     {"p.json",
      "{" HEAD "'parameters': { 'l': { 'type': 'list', 'optional': true } },\n"
      "'stages': { 'm': { 'use': 'test.rows', 'each': '${l}' }, 'k': { 'use': 'test.rows', 'each': [] },\n"
      "'a': { 'use': 'test.merge', 'from': { 'in': ['m/*', 'k/*'], 'b': { 'first': ['m/*', 'a'] } } } } }"},
     NULL,
     "a=test.merge in<nothing,nothing b<first(a)"},
    {"when",
     {"p.json",
      "{" HEAD
      "'stages': { 'm': { 'use': 'test.rows', 'each': { 'x': { 'on': true }, 'y': { 'on': false } },\n"
      "'when': 'each.on' }, 'n': { 'use': 'test.rows', 'each': ['p', 'q'], 'when': 'each == q' },\n"
      "'a': { 'use': 'test.merge', 'from': ['m/*', 'n/*.out', 'm/y'] } } }"},
     NULL,
     "m/x=test.rows\n-m/y=\n-n/p=\nn/q=test.rows\na=test.merge <m/x,n/q.out,-m/y"},
    {"when-wrong", /* said once, not for each element; what a parameter lists may hold anything */
     {"p.json", "{" HEAD "'parameters': { 'l': { 'type': 'list', 'default': ['a', 'b'] } }, 'stages': {\n"
                "'a': { 'use': 'test.rows', 'each': ['a', 'b'],\n'when': 'each == c' },\n"
                "'b': { 'use': 'test.rows', 'each': { 'x': { 'on': true }, 'y': { 'on': false } },\n"
                "'when': 'each.on == yes' },\n"
                "'c': { 'use': 'test.rows', 'each': { 'x': { 'on': true } },\n'when': 'each == x' },\n"
                "'d': { 'use': 'test.rows', 'each': { 'xyz': 1 },\n'when': 'each.key != xzy' },\n"
                "'e': { 'use': 'test.rows', 'each': '${l}', 'when': 'each == c' } } }"},
     NULL,
     "DIR/p.json:3:9: 'when': 'each' is never 'c'; valid: 'a', 'b'\n"
     "DIR/p.json:5:9: 'when': 'each.on' is never 'yes'; valid: 'true', 'false'\n"
     "DIR/p.json:7:9: 'when' cannot compare 'each', which is a map\n"
     "  hint: compare 'each.MEMBER', or 'each.key'\n"
     "DIR/p.json:9:9: 'when': 'each.key' is never 'xzy'; did you mean 'xyz'?\n"},
    {"first",
     {"p.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows', 'each': ['x', 'y'] },\n"
                "'a': { 'use': 'test.pass', 'from': { 'first': ['m/*', 'm/x.out'] } } } }"},
     NULL,
     "m/x=test.rows\nm/y=test.rows\na=test.pass <first(m/x|m/y|m/x.out)"},
    /* refused */
    {"kind",
     {"p.json",
      "{" HEAD
      "'stages': { 'm': { 'use': 'test.rows', 'each': 'abc' }, 'n': { 'use': 'test.rows', 'each': 3 } } }"},
     NULL,
     "DIR/p.json:1:60: 'each' of 'm' must be a list or a map, but is of kind string\n"
     "  hint: or '${p}' with a parameter of type list\n"
     "DIR/p.json:1:104: 'each' of 'n' must be a list or a map, but is of kind integer\n"
     "  hint: or '${p}' with a parameter of type list\n"},
    {"duplicates",
     {"p.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows', 'each': ['a.b', 'c',\n 'a-b'] } } }"},
     NULL,
     "DIR/p.json:2:2: 'each' of 'm': elements 1 and 3 both have the key 'a-b'\n"
     "  hint: write them as maps with a 'key' of their own\n"},
    {"bad-keys",
     {"p.json",
      "{" HEAD
      "'stages': { 'm': { 'use': 'test.rows', 'each': ['é', { 'n': 1 }, { 'key': 'a b' }, null, [1],\n"
      "{ 'key': [] }, ''] }, 'n': { 'use': 'test.rows', 'each': { 'a/b': 1, 'x': { 'key': 'y' } } } } }"},
     NULL,
     "DIR/p.json:1:61: 'each' of 'm': 'é' makes no key for a name\n"
     "  a key is letters, digits, - and _, at most 64 in all, and begins with a letter or digit\n"
     "  hint: write the element as a map with a 'key', or 'each' as a map of keys\n"
     "DIR/p.json:1:66: 'each' of 'm': an element that is a map needs a 'key'\n"
     "  hint: its stage is then called 'm/KEY'\n"
     "DIR/p.json:1:87: 'each' of 'm': 'a b' makes no key for a name\n∎"},
    {"no-each",
     {"p.json",
      "{" HEAD
      "'stages': { 'm': { 'use': 'test.rows', 'each': ['a'] }, 'x': { 'use': 'test.pass', 'from': 'm' },\n"
      "'y': { 'use': 'test.pass', 'from': 'm/b' },\n'z': { 'use': 'test.pass', 'from': 'x/a' },\n"
      "'w': { 'use': 'test.pass', 'from': 'm/a/b' } } }"},
     NULL,
     "DIR/p.json:1:104: stage 'x' takes its input from 'm', which has an 'each': say which; valid: 'a'\n"
     "  hint: write 'm/KEY', or 'm/*' for all of them in order\n"
     "DIR/p.json:2:36: stage 'y' takes its input from 'm/b', but 'each' of 'm' has no 'b'; valid: 'a'\n"
     "  hint: write 'm/KEY', or 'm/*' for all of them in order\n"
     "DIR/p.json:3:36: stage 'z' takes its input from 'x/a', but 'x' is a single stage\n"
     "DIR/p.json:4:36: stage 'w' takes its input from 'm/a/b', but 'm/a' is a single stage\n"},
    {"members",
     {"p.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.${each.kidn}', 'each': [{ 'key': 'a', 'kind': 'rows' }] },\n"
      "'n': { 'use': 'test.${each.x}', 'each': ['a'] }, 'o': { 'use': 'test.${each}' } } }"},
     NULL,
     "DIR/p.json:1:39: element 'a' of 'each' has no 'kidn'; did you mean 'kind'?\n"
     "  hint: give it null for no value\n"
     "DIR/p.json:2:15: element 'a' of 'each' is no map: it has no 'x'\n"
     "  hint: ${each} is the element itself, ${each.key} its name\n"
     "DIR/p.json:2:64: 'each' is used where there is no 'each'\n"},
    {"parameter-each",
     {"p.json", "{" HEAD "'parameters': { 'each': {} }, 'stages': { 'm': { 'use': 'test.rows' } } }"},
     NULL,
     "DIR/p.json:1:29: a parameter cannot be called 'each': ${each} is the element of an 'each'\n"},
};

/* ---- include -------------------------------------------------------------------------------------------- */

#define CLEAN                                                                                              \
  "{" HEAD "'parameters': { 'lang': {}, 'n': { 'type': 'integer', 'default': 3 } },\n"                     \
  "'inputs': { 'rows': { 'help': 'raw rows' }, 'extra': { 'optional': true } },\n"                         \
  "'stages': { 'a': { 'use': 'test.pass', 'from': 'rows', 'options': { 'o': '${lang}', 'n': '${n}' } },\n" \
  "  'b': { 'use': 'test.merge', 'from': ['a', { 'first': ['extra', 'a.out'] }] } },\n"                    \
  "'outputs': { 'clean': 'b.out', 'raw': 'a' } }"

static const Row include_rows[] = {
    {"whole",
     {"p.json",
      "{" HEAD "'stages': { 'load': { 'use': 'test.rows' },\n"
      "'en': { 'include': 'clean.json', 'from': { 'rows': 'load' }, 'parameters': { 'lang': 'en' } },\n"
      "'de': { 'include': 'clean.json', 'from': { 'rows': 'load', 'extra': 'en.raw' }, "
      "'parameters': { 'lang': 'de', 'n': 5 } },\n"
      "'out': { 'use': 'test.merge', 'from': ['en.clean', 'de/a.out', 'de.raw'] } } }",
      "clean.json", CLEAN},
     NULL,
     "load=test.rows\n"
     "en/a=test.pass <load {'o':'en','n':3}\nen/b=test.merge <en/a,first(-extra|en/a.out)\n"
     "de/a=test.pass <load {'o':'de','n':5}\nde/b=test.merge <de/a,first(en/a|de/a.out)\n"
     "out=test.merge <en/b.out,de/a.out,de/a"},
    {"each",
     {"p.json",
      "{" HEAD "'parameters': { 'l': { 'type': 'list', 'default': ['en', 'de'] } }, 'stages': { 'load': { "
      "'use': 'test.rows' },\n"
      "'c': { 'include': 'clean.json', 'each': '${l}', 'from': 'load', 'parameters': { 'lang': '${each}' } "
      "},\n"
      "'out': { 'use': 'test.merge', 'from': ['c/*.clean', 'c/*/a', 'c/de.raw'] } } }",
      "clean.json", CLEAN},
     NULL,
     "load=test.rows\n"
     "c/en/a=test.pass <load {'o':'en','n':3}\nc/en/b=test.merge <c/en/a,first(-extra|c/en/a.out)\n"
     "c/de/a=test.pass <load {'o':'de','n':3}\nc/de/b=test.merge <c/de/a,first(-extra|c/de/a.out)\n"
     "out=test.merge <c/en/b.out,c/de/b.out,c/en/a,c/de/a,c/de/a"},
    {"nested-in-folders", /* a path is relative to the file that writes it */
     {"top/p.json", "{" HEAD "'stages': { 'x': { 'include': '../one/y.yaml' } } }", "one/y.yaml",
      "weir: 1\nstages:\n  z:\n    include: two/z.json\noutputs:\n  all: z/m/*\n", "one/two/z.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.rows', 'each': [1, 2] } } }"},
     NULL,
     "x/z/m/1=test.rows\nx/z/m/2=test.rows"},
    {"passed-through", /* an output that is an input, an input that is several */
     {"p.json",
      "{" HEAD "'stages': { 'r': { 'use': 'test.rows', 'each': [1, 2] }, 's': { 'include': 'q.json', 'from': "
      "{ 'in': 'r/*' } },\n"
      "'t': { 'use': 'test.merge', 'from': 's.same' } } }",
      "q.json",
      "{" HEAD
      "'inputs': { 'in': { 'many': true } }, 'stages': { 'm': { 'use': 'test.merge', 'from': ['in'] } }, "
      "'outputs': { 'same': 'in' } }"},
     NULL,
     "r/1=test.rows\nr/2=test.rows\ns/m=test.merge <r/1,r/2\nt=test.merge <r/1,r/2"},
    {"when",
     {"p.json",
      "{" HEAD "'parameters': { 'on': { 'type': 'boolean', 'default': false } }, 'stages': {\n"
      "'s': { 'include': 'q.json', 'when': 'on' }, 't': { 'use': 'test.pass', 'from': { 'first': ['s.o', "
      "'s/m', 's/m.x'] } } } }",
      "q.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows' } }, 'outputs': { 'o': 'm' } }"},
     NULL,
     "-s/m=\nt=test.pass <first(-s.o|-s/m|-s/m.x)"},
    {"path-of-element",
     {"p.json", "{" HEAD "'stages': { 's': { 'include': 'q-${each}.json', 'each': ['a', 'b'] } } }",
      "q-a.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows' } } }", "q-b.json",
      "{" HEAD "'stages': { 'n': { 'use': 'test.pass', 'from': 'n' } } }"},
     NULL,
     "s/a/m=test.rows\ns/b/n=test.pass <s/b/n"},
    {"only-output",
     {"p.json",
      "{" HEAD "'stages': { 's': { 'include': 'q.json' }, 't': { 'use': 'test.pass', 'from': 's' } } }",
      "q.json",
      "{" HEAD
      "'stages': { 'm': { 'use': 'test.rows' } }, 'outputs': { 'o': { 'first': ['m.b', 'm.a'] } } }"},
     NULL,
     "s/m=test.rows\nt=test.pass <first(s/m.b|s/m.a)"},
    /* refused */
    {"no-file",
     {"p.json", "{" HEAD "'stages': { 's': {\n 'include': 'qq.json' } } }", "q.json", "{}"},
     NULL,
     "DIR/p.json:2:13: cannot read 'DIR/qq.json': No such file or directory\n"
     "  hint: the nearest name there is 'q.json'\n"},
    {"circle",
     {"p.json", "{" HEAD "'stages': { 's': { 'include': 'q.json' } } }", "q.json",
      "{" HEAD "'stages': { 's': { 'include': 'r.json' } } }", "r.json",
      "{" HEAD "'stages': { 's': {\n 'include': './q.json' } } }"},
     NULL,
     "DIR/r.json:2:13: the files include each other in a circle: DIR/q.json → DIR/r.json → DIR/q.json\n"
     "  included from DIR/q.json:1:43\n  included from DIR/p.json:1:43\n"},
    {"itself",
     {"p.json", "{" HEAD "'stages': { 's': { 'include': '${each}.json', 'each': ['p'] } } }"},
     NULL,
     "DIR/p.json:1:43: the files include each other in a circle: DIR/p.json → DIR/p.json\n"},
    {"errors-inside",
     {"p.json", "{" HEAD "'stages': { 's': {\n 'include': 'q.json' },\n 't': { 'include': 'q.json' } } }",
      "q.json", "{" HEAD "'stages': { 'm': { 'ues': 'test.rows' } } }"},
     NULL,
     "DIR/q.json:1:25: stage 'm' has no 'use'\n"
     "  included from DIR/p.json:2:13, and from 1 other place\n"
     "  hint: say which stage it is, such as 'use': 'file.read'\n"
     "DIR/q.json:1:32: unknown key 'ues' in stage 'm'; did you mean 'use'?\n"
     "  included from DIR/p.json:2:13, and from 1 other place\n"},
    {"parameters",
     {"p.json",
      "{" HEAD "'stages': { 'load': { 'use': 'test.rows' }, 's': { 'include': 'clean.json', 'from': 'load',\n"
      "'parameters': { 'lagn': 'en', 'n': '5' } } } }",
      "clean.json", CLEAN},
     NULL,
     "DIR/p.json:1:57: 's' gives parameter 'lang' of DIR/clean.json no value\n"
     "  hint: give it with 'parameters': {'lang': …}\n"
     "DIR/p.json:2:17: DIR/clean.json has no parameter 'lagn'; did you mean 'lang'?\n"
     "DIR/p.json:2:36: parameter 'n' (integer): its value is of kind string\n"},
    {"inputs",
     {"p.json",
      "{" HEAD "'stages': { 'load': { 'use': 'test.rows' },\n"
      "'a': { 'include': 'clean.json', 'from': { 'rosw': 'load' }, 'parameters': { 'lang': 'x' } },\n"
      "'b': { 'include': 'clean.json', 'parameters': { 'lang': 'x' } },\n"
      "'c': { 'include': 'clean.json', 'from': { 'rows': ['load', 'load'] }, 'parameters': { 'lang': 'x' } "
      "},\n"
      "'d': { 'include': 'q.json', 'from': 'load' } } }",
      "clean.json", CLEAN, "q.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows' } } }"},
     NULL,
     "DIR/p.json:2:43: DIR/clean.json has no input 'rosw'; did you mean 'rows'?\n"
     "DIR/p.json:3:1: 'b' gives no input 'rows' to DIR/clean.json\n"
     "  hint: give it with 'from': {'rows': …}: raw rows\n"
     "DIR/p.json:4:43: input 'rows' of 'c' takes one source, not 2\n"
     "  hint: {'first': [...]} takes the first that exists; an input of DIR/clean.json with 'many': true "
     "takes all\n"
     "DIR/p.json:5:37: 'd' has a 'from', but DIR/q.json declares no inputs\n"
     "  hint: give them names in that file, under 'inputs'\n"},
    {"outputs",
     {"p.json",
      "{" HEAD "'stages': { 's': { 'include': 'q.json' },\n'a': { 'use': 'test.pass', 'from': 's' },\n"
      "'b': { 'use': 'test.pass', 'from': 's.tain' },\n'c': { 'use': 'test.pass', 'from': 's/mm' },\n"
      "'d': { 'use': 'test.pass', 'from': 's/*' } } }",
      "q.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.rows' } }, 'outputs': { 'train': 'm', 'test': 'n' } }"},
     NULL,
     "DIR/q.json:1:91: output 'test' of the pipeline takes its input from the unknown stage 'n'; valid: 'm'\n"
     "  included from DIR/p.json:1:43\n"
     "DIR/p.json:2:36: 's' is the pipeline DIR/q.json: say which output; valid: 'train', 'test'\n"
     "  hint: write 's.OUTPUT', or 's/STAGE' for a stage in it\n"
     "DIR/p.json:3:36: DIR/q.json ('s') has no output 'tain'; did you mean 'train'?\n"
     "  hint: it declares them under 'outputs'; a stage in it is 's/STAGE'\n"
     "DIR/p.json:4:36: stage 'c' takes its input from the unknown stage 'mm'; valid: 'm'\n"
     "DIR/p.json:5:36: stage 'd' takes its input from 's/*', but what stands before * has no 'each'\n"},
    {"inputs-in-a-ring",
     {"p.json", "{" HEAD "'stages': { 's': { 'include': 'q.json', 'from': 's.o' } } }", "q.json",
      "{" HEAD "'inputs': { 'i': {} }, 'stages': { 'm': { 'use': 'test.pass', 'from': 'i' } }, 'outputs': { "
      "'o': 'i' } }"},
     NULL,
     "DIR/q.json:1:25: input 'i' of 's' gets its records from itself\n  included from DIR/p.json:1:43\n"},
    {"root-with-inputs",
     {"clean.json", CLEAN},
     "lang=x",
     "DIR/clean.json:2:13: this pipeline needs the input 'rows': it cannot run by itself\n"
     "  hint: include it in another, or give the input 'optional': true\n"},
    {"keys",
     {"p.json",
      "{" HEAD "'stages': { 's': { 'include': 'q.json', 'options': {} }, 't': { 'use': 'test.rows', "
      "'include': 'q.json' },\n"
      "'u': { 'use': 'test.rows', 'parameters': {} }, 'v': { 'include': 3 } } }",
      "q.json", "{" HEAD "'stages': { 'm': { 'use': 'test.rows' } } }"},
     NULL,
     "DIR/p.json:1:53: unknown key 'options' in stage 's'; valid: 'include', 'from', 'parameters', 'when', "
     "'each', "
     "'discard', 'help'\n"
     "DIR/p.json:1:97: stage 't' has both 'use' and 'include'\n"
     "DIR/p.json:2:28: unknown key 'parameters' in stage 'u'; valid: 'use', 'from', 'options', 'when', "
     "'each', 'discard', 'on_error', 'max_rejects', … and 1 more\n"
     "DIR/p.json:2:66: 'include' of stage 'v' must be a string, not an integer\n"},
    {"name-of-input-and-stage",
     {"p.json",
      "{" HEAD "'inputs': { 'a': { 'optional': true } }, 'stages': { 'a': { 'use': 'test.rows' } } }"},
     NULL,
     "DIR/p.json:1:25: 'a' is the name of an input and of a stage (DIR/p.json:1:66)\n"},
    {"no-pipeline",
     {"p.json", "{" HEAD "'stages': { 's': { 'include': 'q.yml' } } }", "q.yml", "- 1\n"},
     NULL,
     "DIR/q.yml:1:1: a pipeline must be a map, not a list\n  included from DIR/p.json:1:43\n"},
    {"discard",
     {"p.json", "{" HEAD "'stages': { 's': { 'include': 'q.json', 'discard': ['o', 'p'] } } }", "q.json",
      "{" HEAD "'stages': { 'm': { 'use': 'test.rows' } }, 'outputs': { 'o': 'm' } }"},
     NULL,
     "DIR/p.json:1:70: DIR/q.json has no output 'p'; valid: 'o'\n"},
};

static void
test_each(Folder *folder, gconstpointer data)
{
  check_row(folder, &each_rows[GPOINTER_TO_UINT(data)]);
}

static void
test_include(Folder *folder, gconstpointer data)
{
  check_row(folder, &include_rows[GPOINTER_TO_UINT(data)]);
}

/* ---- Options from outside ------------------------------------------------------------------------------- */

static void
test_set_names(Folder *folder, gconstpointer data)
{
  static const char *const rows[][2] = {
      {"prep/unique.threshold=3", NULL},
      {"model/1.epochs=3", NULL},
      {"prep/uniqe.threshold=3", "has no stage 'prep/uniqe'; did you mean 'prep/unique'?"},
      {"modl/1.epochs=3", "has no stage 'modl/1'; did you mean 'model/1'?"},
      {"grup/x/uniqe.t=3", "has no stage 'grup/x/uniqe'; did you mean 'group/x/uniqe'?"},
      {"group/x/uniqe.t=3", "has no stage 'group/x/uniqe'; did you mean 'group/x/unique'?"},
      {"prep/zzz.t=3", "has no stage 'prep/zzz'; valid: 'unique'"},
      {"prep.unique.threshold=3",
       "a stage in another has a slash in its name: write prep/unique.threshold=VALUE"},
      {"group.x.unique.t=3", "write group/x/unique.t=VALUE"},
  };
  (void)data;
  const char *const files[] = {"p.json",
                               "{" HEAD "'stages': { 'prep': { 'include': 'q.json' },\n"
                               "'group': { 'include': 'q.json', 'each': ['x'] },\n"
                               "'model': { 'use': 'test.rows', 'each': [1, 2] } } }",
                               "q.json", "{" HEAD "'stages': { 'unique': { 'use': 'test.rows' } } }", NULL};
  put_files(folder, files);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *file = folder_file(folder, "p.json");
  g_autoptr(WeirPipeline) pipeline = weir_pipeline_load(file, diagnostics);
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(weir_pipeline_set_option(pipeline, rows[i][0], &error), ==, rows[i][1] == NULL);
    if (rows[i][1])
      assert_contains(error->message, rows[i][1]);
  }
}

/* ---- Limits --------------------------------------------------------------------------------------------- */

static void
test_depth(Folder *folder, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 20; i++) {
    g_autofree char *name = g_strdup_printf("p%u.json", i);
    g_autofree char *text = g_strdup_printf("{" HEAD "'stages': { 's': { 'include': 'p%u.json' } } }", i + 1);
    g_autofree char *json = with_quotes(text);
    folder_put(folder, name, json);
  }
  const char *const files[] = {"p.json", "{" HEAD "'stages': { 's': { 'include': 'p0.json' } } }", NULL};
  g_autofree char *said = unfold(folder, files, NULL);
  assert_contains(said, "DIR/p14.json:1:43: files include each other more than 16 levels deep");
  g_assert_cmpuint(count_in(said, "included from"), ==, 15);
}

/* Each file repeats the next: 100 times 100 times 100. */
static void
test_product(Folder *folder, gconstpointer data)
{
  (void)data;
  g_autoptr(GString) list = g_string_new("[0");
  for (guint i = 1; i < 100; i++)
    g_string_append_printf(list, ",%u", i);
  g_string_append_c(list, ']');
  for (guint i = 0; i < 3; i++) {
    g_autofree char *name = g_strdup_printf("p%u.json", i);
    g_autofree char *inner =
        i < 2 ? g_strdup_printf("'include': 'p%u.json'", i + 1) : g_strdup("'use': 'test.rows'");
    g_autofree char *text =
        g_strdup_printf("{" HEAD "'stages': { 's': { %s, 'each': %s } } }", inner, list->str);
    g_autofree char *json = with_quotes(text);
    folder_put(folder, name, json);
  }
  const char *const files[] = {"p.json", "{" HEAD "'stages': { 's': { 'include': 'p0.json' } } }", NULL};
  gint64 begin = g_get_monotonic_time();
  g_autofree char *said = unfold(folder, files, NULL);
  assert_contains(
      said,
      "DIR/p2.json:1:25: with 's' the pipeline has more than 4096 stages, includes and 'each' written out");
  g_assert_cmpint(g_get_monotonic_time() - begin, <, (gint64)20 * G_USEC_PER_SEC);
}

static void
test_most(Folder *folder, gconstpointer data)
{
  guint n = GPOINTER_TO_UINT(data);
  g_autoptr(GString) text = g_string_new("{" HEAD "'stages': { 's': { 'use': 'test.rows', 'each': [0");
  for (guint i = 1; i < n; i++)
    g_string_append_printf(text, ",%u", i);
  g_string_append(text, "] } } }");
  const char *const files[] = {"p.json", text->str, NULL};
  g_autofree char *said = unfold(folder, files, NULL);
  if (n <= WEIR_PIPELINE_MAX_STAGES)
    g_assert_cmpuint(count_in(said, "\n"), ==, n - 1);
  else
    g_assert_cmpstr(
        said, ==,
        "DIR/p.json:1:60: \"each\" of \"s\" lists 4097 elements; at most 4096 stages are possible\n");
}

/* A large value that many stages have put in. */
static void
test_expansion(Folder *folder, gconstpointer data)
{
  (void)data;
  g_autoptr(GString) text = g_string_new("{" HEAD "'parameters': { 'big': { 'default': '");
  for (guint i = 0; i < 1 << 20; i++)
    g_string_append_c(text, 'x');
  g_string_append(text, "' } }, 'stages': { 's': { 'use': 'test.${big}y${big}', 'each': [0");
  for (guint i = 1; i < 4096; i++)
    g_string_append_printf(text, ",%u", i);
  g_string_append(text, "] } } }");
  const char *const files[] = {"p.json", text->str, NULL};
  g_autofree char *said = unfold(folder, files, NULL);
  g_assert_cmpstr(said, ==,
                  "DIR/p.json: the pipeline is too large with ${…}, \"each\" and \"include\" written out\n");
}

/* Each file lists what the next gives ten times. */
static void
test_outputs(Folder *folder, gconstpointer data)
{
  (void)data;
  for (guint i = 0; i < 8; i++) {
    g_autofree char *name = g_strdup_printf("p%u.json", i);
    g_autofree char *inner =
        i < 7 ? g_strdup_printf("'include': 'p%u.json'", i + 1) : g_strdup("'use': 'test.rows'");
    g_autofree char *text = g_strdup_printf(
        "{" HEAD "'stages': { 's': { %s } }, 'outputs': { 'o': ['s','s','s','s','s','s','s','s','s','s'] } }",
        inner);
    g_autofree char *json = with_quotes(text);
    folder_put(folder, name, json);
  }
  const char *const files[] = {"p.json", "{" HEAD "'stages': { 's': { 'include': 'p0.json' } } }", NULL};
  g_autofree char *said = unfold(folder, files, NULL);
  g_assert_cmpstr(said, ==,
                  "DIR/p.json: the pipeline is too large with ${…}, \"each\" and \"include\" written out\n");
}

static void
test_long_name(Folder *folder, gconstpointer data)
{
  (void)data;
  g_autofree char *name = g_strnfill(64, 'n');
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 4; i++) {
    g_autofree char *file = g_strdup_printf("p%u.json", i);
    g_autofree char *inner =
        i < 3 ? g_strdup_printf("'include': 'p%u.json'", i + 1) : g_strdup("'use': 'test.rows'");
    g_string_printf(text, "{" HEAD "'stages': { '%s': { %s } } }", name, inner);
    g_autofree char *json = with_quotes(text->str);
    folder_put(folder, file, json);
  }
  const char *const files[] = {"p.json", "{" HEAD "'stages': { 's': { 'include': 'p0.json' } } }", NULL};
  g_autofree char *said = unfold(folder, files, NULL);
  assert_contains(said, "is longer than 255 characters");
}

static void
add(const char *path, guint i, void (*test)(Folder *, gconstpointer))
{
  g_test_add(path, Folder, GUINT_TO_POINTER(i), folder_set_up, test, folder_tear_down);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS(each_rows); i++) {
    g_autofree char *path = g_strdup_printf("/each/%s", each_rows[i].name);
    add(path, i, test_each);
  }
  for (guint i = 0; i < G_N_ELEMENTS(include_rows); i++) {
    g_autofree char *path = g_strdup_printf("/include/%s", include_rows[i].name);
    add(path, i, test_include);
  }
  add("/limits/depth", 0, test_depth);
  add("/limits/product", 0, test_product);
  add("/limits/most", 4096, test_most);
  add("/limits/too-many", 4097, test_most);
  add("/limits/expansion", 0, test_expansion);
  add("/limits/outputs", 0, test_outputs);
  add("/limits/name", 0, test_long_name);
  g_test_add("/set/names", Folder, NULL, folder_set_up, test_set_names, folder_tear_down);
  return g_test_run();
}
