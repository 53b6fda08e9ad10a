/* SPDX-License-Identifier: MIT */
/* Tests of the command-line parser: flags, parameters of a pipeline, where the file stands, what is refused.
 */
#include "cli/arguments.h"

#include "cli/run_flags.h"
#include <string.h>

static const WeirParameterInfo parameters[] = {
    {.name = "train", .type = "input-path", .help = "labelled rows", .required = TRUE},
    {.name = "max-iter", .type = "integer", .help = "epochs", .by_default = "25", .range = "at least 2"},
    {.name = "balanced", .type = "boolean", .by_default = "true"},
    {.name = "api-key", .type = "string"},
};

/* Parse a line of words; the vector lives until the next call. */
static CliArguments *
parse(const char *line)
{
  static char **argv;
  g_clear_pointer(&argv, g_strfreev);
  g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
  return cli_arguments_parse(cli_run_flags, parameters, G_N_ELEMENTS(parameters), (int)g_strv_length(argv),
                             argv);
}

static const char *
value_of(const CliArguments *arguments, const char *parameter)
{
  for (guint i = 0; i < arguments->given->len; i++) {
    const CliArgument *argument = &g_array_index(arguments->given, CliArgument, i);
    if (argument->parameter && strcmp(argument->parameter->name, parameter) == 0)
      return argument->value;
  }
  return NULL;
}

static void
test_values(void)
{
  g_autoptr(CliArguments) a =
      parse("run p.json --train a.csv --max-iter=40 --balanced -j4 --set x.y=1 --set 'x.z=a b' --run-dir=d");
  g_assert_cmpuint(a->errors->len, ==, 0);
  g_assert_cmpstr(value_of(a, "train"), ==, "a.csv");
  g_assert_cmpstr(value_of(a, "max-iter"), ==, "40");
  g_assert_cmpstr(value_of(a, "balanced"), ==, "true");
  g_assert_cmpstr(cli_arguments_get(a, RUN_JOBS)->value, ==, "4");
  g_assert_cmpstr(cli_arguments_get(a, RUN_SET)->value, ==, "x.z=a b");
  g_assert_cmpstr(cli_arguments_get(a, RUN_DIR)->value, ==, "d");
  g_assert_cmpuint(a->given->len, ==, 7);
  g_assert_cmpuint(a->positional->len, ==, 1);
  g_assert_null(cli_arguments_get(a, RUN_CHECK));
}

static void
test_booleans(void)
{
  g_autoptr(CliArguments) off = parse("run --no-balanced p.json");
  g_assert_cmpstr(value_of(off, "balanced"), ==, "false");
  g_autoptr(CliArguments) written = parse("run --balanced=false p.json");
  g_assert_cmpstr(value_of(written, "balanced"), ==, "false");
  /* The next word is the file, not a value. */
  g_autoptr(CliArguments) next = parse("run --balanced p.json");
  g_assert_cmpstr(value_of(next, "balanced"), ==, "true");
  g_assert_cmpstr(next->positional->pdata[0], ==, "p.json");
  g_autoptr(CliArguments) both = parse("run --no-balanced=false");
  g_assert_cmpuint(both->errors->len, ==, 1);
  g_autoptr(CliArguments) other = parse("run --no-train");
  g_assert_cmpuint(other->errors->len, ==, 1);
}

static void
test_odd_values(void)
{
  g_autoptr(CliArguments) a = parse("run p.json --max-iter -5 --train= -- --api-key");
  g_assert_cmpuint(a->errors->len, ==, 0);
  g_assert_cmpstr(value_of(a, "max-iter"), ==, "-5");
  g_assert_cmpstr(value_of(a, "train"), ==, "");
  g_assert_null(value_of(a, "api-key"));
  g_assert_cmpstr(a->positional->pdata[1], ==, "--api-key");
  g_autoptr(CliArguments) equals = parse("run --train=--odd=1 -");
  g_assert_cmpstr(value_of(equals, "train"), ==, "--odd=1");
  g_assert_cmpstr(equals->positional->pdata[0], ==, "-");
}

static void
assert_error(const char *line, const char *pattern)
{
  g_autoptr(CliArguments) a = parse(line);
  g_assert_cmpuint(a->errors->len, ==, 1);
  if (!g_pattern_match_simple(pattern, a->errors->pdata[0]))
    g_error("\"%s\" does not match \"%s\"", (const char *)a->errors->pdata[0], pattern);
}

static void
test_errors(void)
{
  assert_error("run --trian=x", "unknown option \"--trian\"; did you mean \"--train\"?");
  assert_error("run --max_iter=3", "*did you mean \"--max-iter\"?");
  assert_error("run --chekc", "*did you mean \"--check\"?");
  assert_error("run --zzzzzzzz", "unknown option \"--zzzzzzzz\"; --help lists all");
  assert_error("run -z", "unknown option \"-z\"*");
  assert_error("run --check=yes", "--check takes no value");
  assert_error("run --train", "--train needs a value: *");
  assert_error("run --train --check", "--train needs a value, but \"--check\" follows*");
  assert_error("run --train a --train b", "--train is given twice");
  assert_error("run --balanced --no-balanced", "--balanced is given twice");
  assert_error("run --train -q", "--train needs a value, but the flag \"-q\" follows; * --train=-q");
  assert_error("run --train -j4", "*--train=-j4");
  assert_error("run --set a.b=1 --set a.b=2", "--set a.b is given twice");
  assert_error("run --set a.b=1 --set a.bc=2 --set a.b=", "--set a.b is given twice");
  assert_error("run --jobs", "--jobs needs a value: --jobs N");
}

/* A value may be a secret, even one that stands behind a name that is not right. */
static void
test_no_value_in_errors(void)
{
  static const char *const lines[] = {"run --api-kye=sk-secret", "run --train --api-key=sk-secret", NULL};
  for (guint i = 0; lines[i]; i++) {
    g_autoptr(CliArguments) a = parse(lines[i]);
    g_assert_cmpuint(a->errors->len, >=, 1);
    g_assert_null(strstr(a->errors->pdata[0], "sk-secret"));
  }
}

static const char *
file_of(const char *line)
{
  static char **argv;
  g_clear_pointer(&argv, g_strfreev);
  g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
  return cli_arguments_find_file(cli_run_flags, (int)g_strv_length(argv), argv);
}

static void
test_find_file(void)
{
  g_assert_cmpstr(file_of("run p --train a.json"), ==, "p");
  g_assert_cmpstr(file_of("run --train=a.json p"), ==, "p");
  g_assert_cmpstr(file_of("run --jobs 2 p"), ==, "p");
  g_assert_cmpstr(file_of("run -j2 --check p"), ==, "p");
  g_assert_cmpstr(file_of("run --run-dir=x p"), ==, "p");
  g_assert_cmpstr(file_of("run --train a.csv p.json"), ==, "p.json");
  g_assert_cmpstr(file_of("run --balanced p.json --train a.csv"), ==, "p.json");
  g_assert_cmpstr(file_of("run --balanced p"), ==, "p");
  g_assert_cmpstr(file_of("run --train a.csv -- p"), ==, "p");
  g_assert_null(file_of("run --jobs 2"));
  g_assert_null(file_of("run"));
}

static void
test_folders(void)
{
  g_assert_null(cli_arguments_check_folders("plugin-path", "/:.::"));
  g_autofree char *text = cli_arguments_check_folders("plugin-path", "/:/no where:.");
  g_assert_cmpstr(text, ==, "--plugin-path: there is no folder \"/no where\"");
}

static void
test_clash(void)
{
  static const WeirParameterInfo bad[] = {{.name = "check", .type = "boolean"},
                                          {.name = "x", .type = "string"}};
  g_autofree char *text = cli_arguments_clash(cli_run_flags, bad, 2);
  g_assert_nonnull(strstr(text, "\"check\""));
  g_assert_null(cli_arguments_clash(cli_run_flags, parameters, G_N_ELEMENTS(parameters)));
}

static void
test_help(void)
{
  g_autoptr(GString) out = g_string_new(NULL);
  cli_arguments_help_parameters(out, parameters, G_N_ELEMENTS(parameters), 80);
  g_assert_cmpstr(out->str, ==,
                  "  --train INPUT-PATH  labelled rows; required\n"
                  "  --max-iter INTEGER  epochs; at least 2; default: 25\n"
                  "  --[no-]balanced     default: true\n"
                  "  --api-key STRING    optional\n");
  g_string_truncate(out, 0);
  cli_arguments_help_flags(out, cli_run_flags, 80);
  for (const CliFlag *flag = cli_run_flags; flag->name; flag++)
    g_assert_nonnull(strstr(out->str, flag->name));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/arguments/values", test_values);
  g_test_add_func("/arguments/booleans", test_booleans);
  g_test_add_func("/arguments/odd-values", test_odd_values);
  g_test_add_func("/arguments/errors", test_errors);
  g_test_add_func("/arguments/no-value-in-errors", test_no_value_in_errors);
  g_test_add_func("/arguments/find-file", test_find_file);
  g_test_add_func("/arguments/folders", test_folders);
  g_test_add_func("/arguments/clash", test_clash);
  g_test_add_func("/arguments/help", test_help);
  return g_test_run();
}
