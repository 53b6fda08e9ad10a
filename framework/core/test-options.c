/* SPDX-License-Identifier: MIT */
/* Tests options: tables checked (rule W17), states filled from JSON, messages, reading back, and the arena. */
#include "base/error.h"
#include "base/redact.h"
#include "core/option_value.h"
#include "core/options.h"
#include <math.h>

typedef struct State {
  const char *title, *input, *output, *field, *secret;
  int64_t epochs, free_integer;
  uint64_t memory;
  double wait, rate;
  bool fast;
  int32_t loss;
  weir_list names, paths, weights, fields;
  weir_map labels, ratios;
} State;

#define ROW(name, type, member, ...)                           \
  {                                                            \
    name, type, .offset = offsetof(State, member), __VA_ARGS__ \
  }

static const weir_option rows[] = {
    ROW("title", WEIR_STRING, title, .by_default = "no title"),
    ROW("input", WEIR_INPUT_PATH, input, .flags = WEIR_OPTION_REQUIRED, .help = "What is read"),
    ROW("output", WEIR_OUTPUT_PATH, output, .by_default = "out/model"),
    ROW("field", WEIR_FIELD, field),
    ROW("api-key", WEIR_SECRET, secret),
    ROW("epochs", WEIR_INTEGER, epochs, .by_default = "25", .min = 2, .max = 1000),
    ROW("free-integer", WEIR_INTEGER, free_integer),
    ROW("memory", WEIR_SIZE, memory, .by_default = "64M", .min = 1024, .max = 0x1p40),
    ROW("wait", WEIR_DURATION, wait, .by_default = "1m30s", .min = 0.5, .max = DBL_MAX),
    ROW("rate", WEIR_NUMBER, rate, .by_default = "0.5", .min = 0, .max = 1),
    ROW("fast", WEIR_BOOLEAN, fast, .by_default = "true"),
    ROW("loss", WEIR_CHOICE, loss, .by_default = "log", .choices = "hinge|log|squared"),
    ROW("names", WEIR_STRING_LIST, names, .by_default = "[\"a\", \"b\"]"),
    ROW("paths", WEIR_PATH_LIST, paths, .by_default = "*.csv"),
    ROW("weights", WEIR_NUMBER_LIST, weights, .by_default = "[1, 2.5]", .min = 0, .max = 10),
    ROW("fields", WEIR_FIELD_LIST, fields),
    ROW("labels", WEIR_STRING_MAP, labels),
    ROW("ratios", WEIR_NUMBER_MAP, ratios, .by_default = "{\"train\": 0.9, \"test\": 0.1}"),
};
static const weir_class class = {
    .name = "test", .options = rows, .n_options = G_N_ELEMENTS(rows), .state_size = sizeof(State)};

/* A state filled from JSON, and all that belongs to it. */
typedef struct Filled {
  State state;
  gboolean good;
  WeirArena *arena;
  WeirDiagnostics *diagnostics;
  GHashTable *given;
  char *problems;
} Filled;

static void
fill(Filled *f, const char *json)
{
  memset(f, 0, sizeof *f);
  f->arena = weir_arena_new();
  f->diagnostics = weir_diagnostics_new();
  f->given = g_hash_table_new(g_str_hash, g_str_equal);
  WeirOptionContext context = {.stage = "s",
                               .use = "p.test",
                               .input_base = "/in",
                               .output_base = "/out",
                               .diagnostics = f->diagnostics};
  g_autoptr(WeirNode) where = weir_node_new_null(weir_position("p.json", 7, 3));
  g_autoptr(WeirNode) node = json ? weir_node_parse_json(json, -1, "p.json", f->diagnostics) : NULL;
  f->good = weir_options_fill(&context, &class, node, where, &f->state, f->arena, f->given);
  f->problems = weir_diagnostics_to_string(f->diagnostics, 0);
  g_assert_cmpint(f->good, ==, weir_diagnostics_n_errors(f->diagnostics) == 0);
}

static void
clear(Filled *f)
{
  weir_arena_free(f->arena);
  weir_diagnostics_free(f->diagnostics);
  g_hash_table_unref(f->given);
  g_free(f->problems);
}

static void
test_defaults(void)
{
  Filled f;
  fill(&f, "{\"input\": \"a.csv\"}");
  g_assert_cmpstr(f.problems, ==, "");
  State *s = &f.state;
  g_assert_cmpstr(s->title, ==, "no title");
  g_assert_cmpstr(s->input, ==, "/in/a.csv");
  g_assert_cmpstr(s->output, ==, "/out/out/model");
  g_assert_null(s->field);
  g_assert_null(s->secret);
  g_assert_cmpint(s->epochs, ==, 25);
  g_assert_cmpint(s->free_integer, ==, 0);
  g_assert_cmpuint(s->memory, ==, 64 << 20);
  g_assert_cmpfloat(s->wait, ==, 90);
  g_assert_cmpfloat(s->rate, ==, 0.5);
  g_assert_true(s->fast);
  g_assert_cmpint(s->loss, ==, 1);
  g_assert_cmpuint(s->names.count, ==, 2);
  g_assert_cmpstr(s->names.items[1], ==, "b");
  g_assert_null(s->names.items[2]);
  g_assert_cmpuint(s->paths.count, ==, 1);
  g_assert_cmpstr(s->paths.items[0], ==, "/in/*.csv");
  g_assert_cmpfloat(s->weights.numbers[1], ==, 2.5);
  g_assert_cmpuint(s->fields.count, ==, 0);
  g_assert_cmpuint(s->labels.count, ==, 0);
  g_assert_cmpstr(s->ratios.keys[1], ==, "test");
  g_assert_cmpfloat(s->ratios.numbers[0], ==, 0.9);
  g_assert_cmpuint(g_hash_table_size(f.given), ==, 1);
  g_assert_true(g_hash_table_contains(f.given, "input"));
  clear(&f);
}

/* What the command line gives is relative to where the command is given, whatever it is a path of. */
static void
test_command_line(void)
{
  static const char *const texts[] = {"a.csv", "\"a.csv\"", "/abs/a.csv"};
  static const char *const paths[] = {"/out/a.csv", "/out/a.csv", "/abs/a.csv"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    State state = {0};
    WeirPosition at = weir_position("--set s.input", 0, 0);
    WeirArena *arena = weir_arena_new();
    g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
    WeirOptionContext context = {.stage = "s",
                                 .use = "p.test",
                                 .input_base = "/in",
                                 .output_base = "/out",
                                 .diagnostics = diagnostics};
    g_autoptr(WeirNode) given = weir_node_new_map(at);
    weir_node_set(given, "input", at, weir_node_parse_argument(texts[i], at, diagnostics));
    g_assert_true(weir_options_fill(&context, &class, given, given, &state, arena, NULL));
    g_assert_cmpstr(state.input, ==, paths[i]);
    g_assert_cmpstr(state.paths.items[0], ==, "/in/*.csv"); /* a default is nobody's */
    weir_arena_free(arena);
  }
}

static void
test_given(void)
{
  Filled f;
  weir_redact_clear();
  fill(&f, "{\"title\": \"\", \"input\": \"/abs/../a.csv\", \"output\": \"./x/./y\", \"field\": \"été\","
           " \"api-key\": \"sesame-open\", \"epochs\": 2, \"free-integer\": -9223372036854775808,"
           " \"memory\": 4096, \"wait\": 0.5, \"rate\": 1, \"fast\": false, \"loss\": \"squared\","
           " \"names\": \"one\", \"paths\": [\"a\", \"./b\", \"/c\", \".\"], \"weights\": 3, \"fields\": "
           "[\"a\", \"b\"],"
           " \"labels\": {\"z\": \"1\", \"a\": \"2\"}, \"ratios\": {}}");
  g_assert_cmpstr(f.problems, ==, "");
  State *s = &f.state;
  g_assert_cmpstr(s->title, ==, "");
  g_assert_cmpstr(s->input, ==, "/abs/../a.csv");
  g_assert_cmpstr(s->output, ==, "/out/x/./y");
  g_assert_cmpstr(s->field, ==, "été");
  g_assert_cmpstr(s->secret, ==, "sesame-open");
  g_assert_cmpint(s->free_integer, ==, G_MININT64);
  g_assert_cmpuint(s->memory, ==, 4096);
  g_assert_cmpfloat(s->wait, ==, 0.5);
  g_assert_false(s->fast);
  g_assert_cmpint(s->loss, ==, 2);
  g_assert_cmpuint(s->names.count, ==, 1);
  g_assert_cmpstr(s->names.items[0], ==, "one");
  g_assert_cmpstr(s->paths.items[1], ==, "/in/b");
  g_assert_cmpstr(s->paths.items[2], ==, "/c");
  g_assert_cmpstr(s->paths.items[3], ==, "/in");
  g_assert_cmpuint(s->weights.count, ==, 1);
  g_assert_cmpfloat(s->weights.numbers[0], ==, 3);
  g_assert_cmpstr(s->labels.keys[0], ==, "z");
  g_assert_cmpstr(s->labels.values[1], ==, "2");
  g_assert_cmpuint(s->ratios.count, ==, 0);
  g_assert_cmpuint(g_hash_table_size(f.given), ==, G_N_ELEMENTS(rows));
  g_autofree char *redacted = weir_redact("key=sesame-open");
  g_assert_cmpstr(redacted, ==, "key=***");
  weir_redact_clear();
  clear(&f);
}

/* `options` beside a good input; the messages must hold `part`. */
static void
expect_problem(const char *options, const char *part)
{
  Filled f;
  g_autofree char *json = g_strdup_printf("{\"input\": \"a\", %s}", options);
  fill(&f, json);
  g_assert_false(f.good);
  if (!strstr(f.problems, part))
    g_error("%s\ndoes not say: %s", f.problems, part);
  clear(&f);
}

static void
test_wrong_types(void)
{
  expect_problem("\"epochs\": \"25\"",
                 "p.json:1:26: stage \"s\" (p.test), option \"epochs\": \"25\" is a string, "
                 "wants an integer\n  hint: write 25 without quotes\n");
  expect_problem("\"epochs\": \"1k\"", "hint: 1k is no number: write one in digits, without a unit\n");
  expect_problem("\"epochs\": 2.5", "2.5 is a number, wants an integer");
  expect_problem("\"epochs\": true", "true is a boolean, wants an integer");
  expect_problem("\"epochs\": [3]", "[3] is a list, wants an integer");
  expect_problem("\"rate\": \"0.5\"", "write 0.5 without quotes");
  expect_problem("\"fast\": \"true\"", "write true without quotes");
  expect_problem("\"fast\": 1", "1 is an integer, wants a boolean");
  expect_problem("\"title\": 5", "put it in quotes: \"5\"");
  expect_problem("\"loss\": 1", "one of its choices");
  expect_problem("\"loss\": \"hing\"", "\"hing\" is none of its choices; did you mean \"hinge\"?");
  expect_problem("\"memory\": 1.5", "wants a size");
  expect_problem("\"memory\": \"12 parsecs\"", "12 parsecs");
  expect_problem("\"memory\": -1", "negative");
  expect_problem("\"wait\": \"30\"", "30");
  expect_problem("\"wait\": -1", "0 seconds or more");
  expect_problem("\"wait\": false", "wants a duration");
  expect_problem("\"field\": \"\"", "the name of the column is empty");
  expect_problem("\"field\": 3", "the name of a column");
  expect_problem("\"output\": \"\"", "the path is empty");
  expect_problem("\"api-key\": \"\"", "the secret is empty");
  expect_problem("\"names\": {\"a\": 1}", "wants a list");
  expect_problem("\"names\": [\"a\", 7]", "7 is a");
  expect_problem("\"weights\": [1, \"x\"]", "wants a number");
  expect_problem("\"fields\": [\"a\", \"b\", \"a\"]", "column \"a\" comes twice");
  expect_problem("\"labels\": [\"a\"]", "wants a map of strings");
  expect_problem("\"labels\": {\"a\": 1}", "wants a string");
  expect_problem("\"ratios\": {\"a\": \"1\"}", "wants a number");
}

static void
test_ranges(void)
{
  expect_problem("\"epochs\": 1", "1 is out of range: must be 2 to 1000");
  expect_problem("\"epochs\": 1001", "1001 is out of range");
  expect_problem("\"memory\": \"1023\"", "must be 1K to 1T");
  expect_problem("\"wait\": \"250ms\"", "must be at least 500ms");
  expect_problem("\"rate\": 1.0000001", "must be 0 to 1");
  expect_problem("\"rate\": -1", "-1 is out of range");
  expect_problem("\"weights\": [1, 11]", "11 is out of range: must be 0 to 10");
}

/* A secret's value never stands in a message. */
static void
test_secret_hidden(void)
{
  Filled f;
  fill(&f, "{\"input\": \"a\", \"api-key\": 314159}");
  g_assert_false(f.good);
  g_assert_null(strstr(f.problems, "314159"));
  clear(&f);
}

static void
test_names(void)
{
  Filled f;
  fill(&f, "{\"epoch\": 3, \"input\": null, \"zzz\": 1}");
  g_assert_false(f.good);
  g_assert_nonnull(strstr(f.problems,
                          "p.json:1:2: stage \"s\" (p.test): unknown option \"epoch\"; did you mean "
                          "\"epochs\"?"));
  g_assert_nonnull(strstr(f.problems, "unknown option \"zzz\"; valid: \"title\""));
  g_assert_nonnull(
      strstr(f.problems, "option \"input\" is missing\n  it is: input-path, required; What is read"));
  clear(&f);
  fill(&f, NULL);
  g_assert_nonnull(strstr(f.problems, "p.json:7:3: stage \"s\" (p.test): option \"input\" is missing"));
  clear(&f);
  fill(&f, "[1]");
  g_assert_nonnull(strstr(f.problems, "options must be a map, not a list"));
  clear(&f);
}

static void
test_limits(void)
{
  g_autoptr(GString) json = g_string_new("{\"input\": \"a\", \"weights\": [1");
  for (guint i = 1; i < WEIR_OPTION_MAX_ITEMS; i++)
    g_string_append(json, ",1");
  gsize length = json->len;
  Filled f;
  g_string_append(json, "]}");
  fill(&f, json->str);
  g_assert_cmpstr(f.problems, ==, "");
  g_assert_cmpuint(f.state.weights.count, ==, WEIR_OPTION_MAX_ITEMS);
  clear(&f);
  g_string_insert(json, (gssize)length, ",1");
  fill(&f, json->str);
  g_assert_nonnull(strstr(f.problems, "100001 items; at most 100000 are allowed"));
  clear(&f);
  g_string_assign(json, "\"labels\": {\"k\": \"\"");
  for (guint i = 0; i < WEIR_OPTION_MAX_MEMBERS; i++)
    g_string_append_printf(json, ",\"k%u\": \"\"", i);
  g_string_append_c(json, '}');
  expect_problem(json->str, "10001 members; at most 10000 are allowed");
}

static void
test_read_back(void)
{
  Filled f;
  fill(&f,
       "{\"input\": \"a\", \"api-key\": \"hidden-key\", \"field\": \"label\", \"fields\": [\"x\", \"y\"]}");
  weir_redact_clear();
  WeirFieldSource source = {&class, &f.state, f.arena};
  g_assert_cmpstr(weir_options_fields("field", &source)[0], ==, "label");
  g_assert_null(weir_options_fields("field", &source)[1]);
  g_assert_cmpstr(weir_options_fields("fields", &source)[1], ==, "y");
  g_assert_null(weir_options_fields("fields", &source)[2]);
  g_assert_null(weir_options_fields("title", &source));
  g_assert_null(weir_options_fields("no-such", &source));
  const char *const *names = weir_options_names(&class, &f.state, "ratios", f.arena);
  g_assert_cmpstr(names[0], ==, "train");
  g_assert_cmpstr(names[1], ==, "test");
  g_assert_null(names[2]);
  g_assert_cmpstr(weir_options_names(&class, &f.state, "weights", f.arena)[1], ==, "2.5");
  g_assert_null(weir_options_names(&class, &f.state, "title", f.arena));
  g_autoptr(WeirNode) node = weir_options_to_node(&class, &f.state, NULL);
  g_autofree char *json = weir_node_to_json(node, FALSE);
  g_assert_cmpstr(
      json, ==,
      "{\"title\":\"no title\",\"input\":\"/in/a\",\"output\":\"/out/out/model\",\"field\":\"label\","
      "\"api-key\":\"***\",\"epochs\":25,\"free-integer\":0,\"memory\":67108864,\"wait\":90.0,"
      "\"rate\":0.5,\"fast\":true,\"loss\":\"log\",\"names\":[\"a\",\"b\"],\"paths\":[\"/in/*.csv\"],"
      "\"weights\":[1.0,2.5],\"fields\":[\"x\",\"y\"],\"labels\":{},"
      "\"ratios\":{\"train\":0.9,\"test\":0.1}}");
  clear(&f);
}

static void
test_described(void)
{
  static const char *const wanted[] = {"string, default no title",
                                       "input-path, required",
                                       "output-path, default out/model",
                                       "field",
                                       "secret",
                                       "integer, 2 to 1000, default 25",
                                       "integer",
                                       "size, 1K to 1T, default 64M",
                                       "duration, at least 500ms, default 1m30s",
                                       "number, 0 to 1, default 0.5",
                                       "boolean, default true",
                                       "one of: hinge, log, squared, default log"};
  for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
    g_autofree char *range = weir_option_range(&rows[i]);
    g_assert_cmpstr(range, ==, wanted[i]);
  }
  g_assert_null(weir_option_bounds(&rows[0]));
}

/* ---- Tables (rule W17) ---- */

static void
expect_violation(weir_option row, const char *part)
{
  weir_option table[] = {ROW("first", WEIR_INTEGER, epochs), row};
  weir_class bad = {.options = table, .n_options = 2, .state_size = sizeof(State)};
  g_autoptr(GError) error = NULL;
  gboolean good = weir_options_check_table(&bad, &error);
  g_assert_cmpint(good, ==, part == NULL);
  if (part && !strstr(error->message, part))
    g_error("\"%s\" does not say \"%s\"", error->message, part);
}

static void
test_tables(void)
{
  g_autoptr(GError) error = NULL;
  g_assert_true(weir_options_check_table(&class, &error));
  g_assert_no_error(error);
#define BAD(part, name, type, member, ...) \
  expect_violation((weir_option)ROW(name, type, member, __VA_ARGS__), part)
  BAD(NULL, "good", WEIR_STRING, title, .help = "good");
  BAD(NULL, "also_good", WEIR_STRING, title, .help = "good");
  BAD("must be a word", NULL, WEIR_STRING, title, .help = "");
  BAD("must be a word", "Bad", WEIR_STRING, title, .help = "");
  BAD("must be a word", "ba.d", WEIR_STRING, title, .help = "");
  BAD("must be a word", "_bad", WEIR_STRING, title, .help = "");
  BAD("comes twice", "first", WEIR_STRING, title, .help = "");
  BAD("type 18 is unknown", "bad", 18, title, .help = "");
  BAD("type 0 is unknown", "bad", 0, title, .help = "");
  BAD("flags 0x80", "bad", WEIR_STRING, title, .flags = 0x80);
  BAD("overlaps that of option \"first\"", "bad", WEIR_STRING, epochs, .help = "");
  expect_violation((weir_option){"bad", WEIR_STRING, .offset = 4}, "not aligned");
  expect_violation((weir_option){"bad", WEIR_STRING, .offset = sizeof(State)}, "outside the state");
  expect_violation((weir_option){"bad", WEIR_STRING_MAP, .offset = sizeof(State) - 8}, "outside the state");
  expect_violation((weir_option){"bad", WEIR_STRING, .offset = SIZE_MAX - 7}, "outside the state");
  BAD("without choices", "bad", WEIR_CHOICE, loss, .help = "");
  BAD("is empty", "bad", WEIR_CHOICE, loss, .choices = "a||b");
  BAD("\"a\" comes twice", "bad", WEIR_CHOICE, loss, .choices = "a|b|a");
  BAD("it has choices", "bad", WEIR_STRING, title, .choices = "a|b");
  BAD("not below", "bad", WEIR_NUMBER, rate, .min = 2, .max = 1);
  BAD("not below", "bad", WEIR_NUMBER, rate, .min = NAN);
  BAD("it has a range", "bad", WEIR_STRING, title, .max = 1);
  BAD("required and has a default", "bad", WEIR_STRING, title, .flags = WEIR_OPTION_REQUIRED,
      .by_default = "x");
  BAD("secret has no default", "bad", WEIR_SECRET, secret, .by_default = "x");
  BAD("default does not hold: 5 is out of range: must be at least 6", "bad", WEIR_NUMBER, rate,
      .by_default = "5", .min = 6, .max = DBL_MAX);
  BAD("default does not hold", "bad", WEIR_INTEGER, free_integer, .by_default = "x");
  BAD("default does not hold", "bad", WEIR_NUMBER_LIST, weights, .by_default = "[1, ");
  BAD("none of its choices", "bad", WEIR_CHOICE, loss, .choices = "a|b", .by_default = "c");
#undef BAD
  weir_port ports[] = {{.names = "title", .type = "any"}};
  weir_class named = class;
  named.out = ports;
  named.n_out = 1;
  g_assert_false(weir_options_check_table(&named, &error));
  g_assert_nonnull(strstr(error->message, "neither a list nor a map"));
  g_clear_error(&error);
  ports[0].names = "ratios";
  g_assert_true(weir_options_check_table(&named, &error));
  ports[0].names = "nobody";
  g_assert_false(weir_options_check_table(&named, &error));
}

/* ---- Arena ---- */

static void
test_arena(void)
{
  g_autoptr(WeirArena) arena = weir_arena_new();
  char *last = NULL;
  for (gsize size = 0; size < 20000; size += size / 3 + 1) {
    char *piece = weir_arena_alloc(arena, size);
    g_assert_nonnull(piece);
    g_assert_true(piece != last);
    g_assert_cmpuint((guintptr)piece % (size >= 64 ? 64 : 16), ==, 0);
    for (gsize i = 0; i < size; i++)
      g_assert_true(piece[i] == '\0');
    memset(piece, 0xff, size);
    last = piece;
  }
  g_assert_cmpstr(weir_arena_strdup(arena, "text"), ==, "text");
  g_assert_null(weir_arena_alloc(arena, G_MAXSIZE));
  g_assert_null(weir_arena_alloc(arena, G_MAXSIZE - 100));
  g_assert_cmpuint(weir_arena_bytes(arena), <, 1 << 20);
}

static gpointer
allocate_many(gpointer data)
{
  guint64 sum = 0;
  for (guint64 i = 0; i < 5000; i++) {
    guint64 *piece = weir_arena_alloc(data, sizeof *piece * (1 + i % 40));
    sum += *piece; /* zero, unless two got the same */
    *piece = i + 1;
  }
  return GSIZE_TO_POINTER(sum);
}

static void
test_arena_threads(void)
{
  g_autoptr(WeirArena) arena = weir_arena_new();
  GThread *threads[4];
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new("allocate", allocate_many, arena);
  for (guint i = 0; i < 4; i++)
    g_assert_null(g_thread_join(threads[i]));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/options/defaults", test_defaults);
  g_test_add_func("/options/given", test_given);
  g_test_add_func("/options/command-line", test_command_line);
  g_test_add_func("/options/wrong-types", test_wrong_types);
  g_test_add_func("/options/ranges", test_ranges);
  g_test_add_func("/options/secret-hidden", test_secret_hidden);
  g_test_add_func("/options/names", test_names);
  g_test_add_func("/options/limits", test_limits);
  g_test_add_func("/options/read-back", test_read_back);
  g_test_add_func("/options/described", test_described);
  g_test_add_func("/options/tables", test_tables);
  g_test_add_func("/arena/alloc", test_arena);
  g_test_add_func("/arena/threads", test_arena_threads);
  return g_test_run();
}
