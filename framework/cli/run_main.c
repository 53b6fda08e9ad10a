/* SPDX-License-Identifier: MIT */
/* pipeline-run: runs a pipeline file; parameters of the pipeline are options of this command. */
#include "base/nearest.h"
#include "base/quote.h"
#include "base/units.h"
#include "cli/complete.h"
#include "cli/console.h"
#include "cli/fatal.h"
#include "cli/json_lines.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "cli/signals.h"
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_MEMORY = 1 << 20, LEAST_RECORD = 1 << 10 };

/* What the command line asks for, besides the run itself. */
typedef struct Program {
  CliTerminal *terminal; /* stderr */
  CliJsonLines *lines;   /* with --json, or */
  CliConsole *console;   /* without */
  CliArguments *arguments;
  const char *file;
  WeirRun *run;
} Program;

static gboolean
is_given(const Program *program, int id)
{
  return cli_arguments_get(program->arguments, id) != NULL;
}

/* Print an error. Of a pipeline that is not valid each entry says where it stands, as a compiler's. A command
 * line may be wrong in several ways: each line that is no continuation is an error of its own. */
static void
print_error(Program *program, const GError *error, int code)
{
  if (code == WEIR_EXIT_INVALID) {
    g_autofree char *clean = cli_text_clean(error->message, TRUE);
    cli_terminal_print(program->terminal, clean);
    return;
  }
  if (code != WEIR_EXIT_USAGE) {
    cli_print_error(program->terminal, error->message);
    return;
  }
  const char *rest = error->message;
  while (*rest) {
    const char *end = rest + strcspn(rest, "\n");
    while (end[0] && (end[1] == ' ' || g_str_has_prefix(end + 1, "hint: ")))
      end += 1 + strcspn(end + 1, "\n");
    g_autofree char *one = g_strndup(rest, (gsize)(end - rest));
    cli_print_error(program->terminal, one);
    rest = *end ? end + 1 : end;
  }
}

/* Report `error`, in the way that was asked for. Returns its exit code. */
static int
fail(Program *program, const GError *error)
{
  int code = error->domain == WEIR_EXIT_ERROR ? error->code : WEIR_EXIT_FAILED;
  if (program->lines)
    cli_json_lines_finish(program->lines, program->run, code, error);
  else
    print_error(program, error, code);
  return code;
}

static gboolean
set_jobs(WeirRun *run, const char *text, GError **error)
{
  g_autoptr(GError) why = NULL;
  guint64 jobs;
  if (!weir_parse_unsigned(text, 1, WEIR_MOST_JOBS, &jobs, &why)) {
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "--jobs: %s", why->message);
    return FALSE;
  }
  weir_run_set_jobs(run, (guint)jobs);
  return TRUE;
}

/* --memory and --max-record. */
static gboolean
set_size(WeirRun *run, const char *flag, const char *text, guint64 least, void (*set)(WeirRun *, guint64),
         GError **error)
{
  g_autoptr(GError) why = NULL;
  guint64 bytes;
  if (!weir_parse_size(text, least, G_MAXINT64, &bytes, &why)) {
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "--%s: %s", flag, why->message);
    return FALSE;
  }
  set(run, bytes);
  return TRUE;
}

static gboolean
set_on_error(WeirRun *run, const char *text, GError **error)
{
  static const char *const words[] = {"stop", "reject", NULL};
  if (!g_strv_contains(words, text)) {
    g_autofree char *quoted = weir_quote(text, -1), *meant = weir_did_you_mean(text, words);
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "--on-error is stop or reject, not %s%s", quoted,
                meant);
    return FALSE;
  }
  weir_run_set_on_error(run, g_str_equal(text, "reject"));
  return TRUE;
}

static gboolean
set_max_rejects(WeirRun *run, const char *text, GError **error)
{
  g_autoptr(GError) why = NULL;
  guint64 max;
  if (!weir_parse_unsigned(text, 0, G_MAXINT64, &max, &why)) {
    g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "--max-rejects: %s", why->message);
    return FALSE;
  }
  weir_run_set_max_rejects(run, max);
  return TRUE;
}

/* Standard output is not where the library would look for it. */
static void
set_metrics(WeirRun *run, const char *file)
{
  g_autofree char *descriptor = g_strdup_printf("/dev/fd/%d", fileno(cli_output_file()));
  weir_run_set_metrics_file(run, g_str_equal(file, "-") ? descriptor : file);
}

static gboolean
set_plugin_path(WeirRun *run, const char *path, GError **error)
{
  g_autofree char *problem = cli_arguments_check_folders("plugin-path", path);
  if (problem) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, problem);
    return FALSE;
  }
  weir_run_set_plugin_path(run, path);
  return TRUE;
}

/* Apply one option to the run. */
static gboolean
apply(WeirRun *run, const CliArgument *argument, GError **error)
{
  if (argument->parameter)
    return weir_run_set_parameter(run, argument->parameter->name, argument->value, error);
  switch (argument->flag->id) {
  case RUN_SET:
    return weir_run_set_option(run, argument->value, error);
  case RUN_CONFIG:
    return weir_run_set_config(run, argument->value, error);
  case RUN_JOBS:
    return set_jobs(run, argument->value, error);
  case RUN_MEMORY:
    return set_size(run, "memory", argument->value, LEAST_MEMORY, weir_run_set_memory, error);
  case RUN_MAX_RECORD:
    return set_size(run, "max-record", argument->value, LEAST_RECORD, weir_run_set_max_record, error);
  case RUN_ON_ERROR:
    return set_on_error(run, argument->value, error);
  case RUN_MAX_REJECTS:
    return set_max_rejects(run, argument->value, error);
  case RUN_METRICS:
    set_metrics(run, argument->value);
    return TRUE;
  case RUN_DIR:
    weir_run_set_directory(run, argument->value);
    return TRUE;
  case RUN_FORCE:
    weir_run_set_force(run, TRUE);
    return TRUE;
  case RUN_STORE:
    weir_run_set_store(run, argument->value);
    return TRUE;
  case RUN_PLUGIN_PATH:
    return set_plugin_path(run, argument->value, error);
  case RUN_UNSAFE_PLUGINS:
    weir_run_set_unsafe_plugins(run, TRUE);
    return TRUE;
  default:
    return TRUE;
  }
}

/* What `word` says of a boolean: "true" or "false"; NULL: nothing. */
static const char *
truth_of(const char *word)
{
  static const char *const yes[] = {"true", "yes", "on", "1", NULL};
  static const char *const no[] = {"false", "no", "off", "0", NULL};
  g_autofree char *small = g_ascii_strdown(word, -1);
  return g_strv_contains(yes, small) ? "true" : g_strv_contains(no, small) ? "false" : NULL;
}

/* The boolean parameter, written "--NAME", that stands before `word`, an element of the argument vector. NULL: none. */
static const char *
boolean_before(const Program *program, const char *word, int argc, char **argv)
{
  for (int i = 2; i < argc; i++)
    for (guint k = 0; argv[i] == word && k < program->arguments->given->len; k++) {
      const CliArgument *argument = &g_array_index(program->arguments->given, CliArgument, k);
      if (argument->parameter && g_str_has_prefix(argv[i - 1], "--") &&
          strcmp(argv[i - 1] + 2, argument->parameter->name) == 0 &&
          strcmp(argument->parameter->type, "boolean") == 0)
        return argument->parameter->name;
    }
  return NULL;
}

/* Words that are neither an option nor a value, nor the file. */
static void
add_unexpected(Program *program, int argc, char **argv)
{
  GPtrArray *words = program->arguments->positional;
  for (guint i = 0; i < words->len; i++) {
    const char *word = words->pdata[i];
    g_autofree char *quoted = weir_quote(word, -1);
    if (word == program->file)
      continue;
    const char *truth = truth_of(word), *name = truth ? boolean_before(program, word, argc, argv) : NULL;
    if (truth)
      g_ptr_array_add(program->arguments->errors,
                      g_strdup_printf("unexpected word %s; the value of a boolean is written --%s=%s", quoted,
                                      name ? name : "NAME", truth));
    else
      g_ptr_array_add(program->arguments->errors,
                      g_strdup_printf("unexpected word %s; one pipeline is run at a time, "
                                      "and this one is \"%s\"",
                                      quoted, program->file));
  }
}

/* Put everything that is wrong with the command line into one error. */
static gboolean
apply_all(Program *program, int argc, char **argv, GError **error)
{
  GPtrArray *problems = program->arguments->errors;
  int code = WEIR_EXIT_USAGE;
  if (!problems->len) /* else it may be the value of an unknown option */
    add_unexpected(program, argc, argv);
  for (guint i = 0; i < program->arguments->given->len; i++) {
    g_autoptr(GError) why = NULL;
    if (!apply(program->run, &g_array_index(program->arguments->given, CliArgument, i), &why)) {
      g_ptr_array_add(problems, g_strdup(why->message));
      if (why->domain == WEIR_EXIT_ERROR)
        code = why->code;
    }
  }
  if (is_given(program, RUN_CHECK) + is_given(program, RUN_GRAPH) + is_given(program, RUN_PLAN) > 1)
    g_ptr_array_add(problems, g_strdup("only one of --check, --graph and --plan can be given"));
  const CliArgument *metrics = cli_arguments_get(program->arguments, RUN_METRICS);
  if (metrics && is_given(program, RUN_JSON) && strcmp(metrics->value, "-") == 0)
    g_ptr_array_add(problems, g_strdup("--metrics - and --json both want standard output"));
  if (!problems->len)
    return TRUE;
  g_ptr_array_add(problems, NULL);
  g_autofree char *text = g_strjoinv("\n", (char **)problems->pdata);
  g_set_error_literal(error, WEIR_EXIT_ERROR, code, text);
  return FALSE;
}

/* --check: one line when all is well. */
static int
check(Program *program)
{
  g_autoptr(GError) error = NULL;
  guint n = 0;
  if (!weir_run_check(program->run, &error))
    return fail(program, error);
  weir_run_get_stats(program->run, &n);
  if (program->lines) {
    cli_json_lines_finish(program->lines, program->run, WEIR_EXIT_OK, NULL);
    return WEIR_EXIT_OK;
  }
  if (is_given(program, RUN_QUIET))
    return WEIR_EXIT_OK;
  g_autofree char *file = cli_text_clean(program->file, FALSE);
  g_autofree char *text = g_strdup_printf("%s: fine, %u stage%s\n", file, n, n == 1 ? "" : "s");
  return cli_output(program->terminal, text);
}

/* --graph and --plan. */
static int
print_view(Program *program, char *(*view)(WeirRun *, GError **))
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = view(program->run, &error);
  return text ? cli_output(program->terminal, text) : fail(program, error);
}

static int
execute_json(Program *program)
{
  g_autoptr(GError) error = NULL;
  cli_signals_install(program->run, FALSE);
  int code = weir_run_execute(program->run, &error);
  cli_json_lines_finish(program->lines, program->run, code, error);
  if (cli_json_lines_failed(program->lines) && cli_json_lines_failed(program->lines) != EPIPE) {
    g_autofree char *text = g_strdup_printf("cannot write standard output: %s",
                                            g_strerror(cli_json_lines_failed(program->lines)));
    cli_print_error(program->terminal, text);
    code = WEIR_EXIT_FAILED;
  }
  return code;
}

static int
execute(Program *program)
{
  g_autoptr(GError) error = NULL;
  cli_signals_install(program->run, is_given(program, RUN_QUIET) || !cli_terminal_is_live(program->terminal));
  int code = weir_run_execute(program->run, &error);
  if (error && !weir_run_get_directory(program->run)) /* it did not begin */
    return fail(program, error);
  cli_console_finish(program->console, program->run, code, error);
  return code;
}

static void
listen_to_run(Program *program)
{
  if (program->lines) {
    weir_run_add_listener(program->run, cli_json_lines_on_message, program->lines);
  } else {
    program->console = cli_console_new(program->terminal, is_given(program, RUN_QUIET));
    weir_run_add_listener(program->run, cli_console_on_message, program->console);
  }
}

/* Go where the run was begun: relative names in strings, and .env, are looked for there. */
static gboolean
go_back(Program *program, GError **error)
{
  const char *folder = weir_run_get_working_directory(program->run);
  if (chdir(folder) == 0)
    return TRUE;
  g_autofree char *quoted = weir_quote_path(folder);
  g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
              "cannot go to %s, where the run was begun: %s; make that folder again, or start the run anew",
              quoted, g_strerror(errno));
  return FALSE;
}

/* What a run that is resumed has got already, and cannot get again. */
static void
check_resumed(Program *program)
{
  static const int ids[] = {RUN_DIR, RUN_MAX_RECORD, RUN_ON_ERROR, RUN_MAX_REJECTS};
  g_autoptr(GError) error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
    const CliArgument *argument = cli_arguments_get(program->arguments, ids[i]);
    if (argument)
      g_ptr_array_add(program->arguments->errors,
                      g_strdup_printf("--%s cannot be given with --resume: the run goes on as it was begun",
                                      argument->flag->name));
  }
  program->file = program->arguments->positional->len ? program->arguments->positional->pdata[0] : NULL;
  if (program->file && !weir_run_check_file(program->run, program->file, &error))
    g_ptr_array_add(program->arguments->errors, g_strdup(error->message));
}

/* A run that is done already: nothing is left to do. */
static int
resume_done(Program *program, const char *directory)
{
  g_autoptr(GError) error = NULL;
  int code = weir_run_execute(program->run, &error); /* removes what was left, if its end was cut short */
  if (code != WEIR_EXIT_OK)
    return fail(program, error);
  if (program->lines) {
    cli_json_lines_finish(program->lines, program->run, WEIR_EXIT_OK, NULL);
  } else if (!is_given(program, RUN_QUIET)) {
    g_autofree char *clean = cli_text_clean(directory, FALSE);
    g_autofree char *text = g_strdup_printf("%s: the run is done; there is nothing to resume\n", clean);
    cli_terminal_print(program->terminal, text);
  }
  return WEIR_EXIT_OK;
}

/* All that needs the pipeline. */
static int
run_file(Program *program, int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  guint n;
  const CliArgument *resume = cli_arguments_get(program->arguments, RUN_RESUME);
  const char *directory = resume ? resume->value : NULL;
  program->run = directory ? weir_run_resume(directory, &error) : weir_run_new(program->file, &error);
  if (!program->run)
    return fail(program, error);
  const WeirParameterInfo *parameters = weir_run_get_parameters(program->run, &n);
  g_autofree char *clash = cli_arguments_clash(cli_run_flags, parameters, n);
  if (clash) {
    error = g_error_new(WEIR_EXIT_ERROR, WEIR_EXIT_INVALID, "%s: %s", program->file, clash);
    return fail(program, error);
  }
  cli_arguments_free(program->arguments);
  program->arguments = cli_arguments_parse(cli_run_flags, parameters, n, argc, argv);
  if (is_given(program, RUN_HELP)) {
    g_autofree char *text = cli_run_help_for(program->run, program->file, cli_output_columns());
    return cli_output(program->terminal, text);
  }
  if (directory)
    check_resumed(program);
  if (!apply_all(program, argc, argv, &error))
    return fail(program, error);
  if (directory && weir_run_is_done(program->run))
    return resume_done(program, directory);
  if (directory && !go_back(program, &error))
    return fail(program, error);
  if (directory && !program->file)
    program->file = directory;
  listen_to_run(program);
  if (is_given(program, RUN_CHECK))
    return check(program);
  if (is_given(program, RUN_GRAPH))
    return print_view(program, weir_run_get_graph);
  if (is_given(program, RUN_PLAN))
    return print_view(program, weir_run_get_plan);
  return program->lines ? execute_json(program) : execute(program);
}

/* What can be said without a pipeline. */
static int
run_without_file(Program *program)
{
  if (is_given(program, RUN_HELP)) {
    g_autofree char *text = cli_run_help(cli_output_columns());
    return cli_output(program->terminal, text);
  }
  GPtrArray *errors = program->arguments->errors;
  for (guint i = 0; i < errors->len; i++)
    cli_print_error(program->terminal, errors->pdata[i]);
  if (!errors->len)
    cli_terminal_print(program->terminal, cli_run_usage);
  return WEIR_EXIT_USAGE;
}

/* `--complete WORD...`: for the shells. */
static int
complete(int argc, char **argv)
{
  g_autoptr(CliTerminal) terminal = cli_terminal_new(STDERR_FILENO);
  g_autofree char *words = cli_complete_run(cli_run_flags, argv + 2, argc - 2);
  return *words ? cli_output(terminal, words) : 0;
}

/* --gc */
static int
tidy_store(Program *program)
{
  g_autoptr(GError) error = NULL;
  const CliArgument *store = cli_arguments_get(program->arguments, RUN_STORE);
  if (program->file || program->arguments->errors->len) {
    if (program->file)
      cli_print_error(program->terminal, "--gc runs nothing: leave FILE out");
    return program->file ? WEIR_EXIT_USAGE : run_without_file(program);
  }
  g_autofree char *done = weir_store_collect(store ? store->value : NULL, &error);
  if (!done)
    return fail(program, error);
  g_autofree char *clean = cli_text_clean(done, FALSE);
  g_autofree char *text = g_strconcat(clean, "\n", NULL);
  if (!is_given(program, RUN_QUIET))
    cli_terminal_print(program->terminal, text);
  return WEIR_EXIT_OK;
}

int
main(int argc, char **argv)
{
  Program program = {0};
  int code;
  setlocale(LC_CTYPE, "");
  cli_fatal_install();
  cli_signals_tell_crashes();
  if (argc > 1 && strcmp(argv[1], CLI_COMPLETE) == 0)
    return complete(argc, argv);
  cli_output_reserve();
  program.terminal = cli_terminal_new(STDERR_FILENO);
  program.file = cli_arguments_find_file(cli_run_flags, argc, argv);
  program.arguments = cli_arguments_parse(cli_run_flags, NULL, 0, argc, argv);
  if (is_given(&program, RUN_JSON))
    program.lines = cli_json_lines_new(cli_output_file());
  if (is_given(&program, RUN_VERSION)) {
    g_autofree char *text = g_strdup_printf("pipeline-run %s (stage ABI %d.%d)\n", weir_version(),
                                            WEIR_ABI_MAJOR, WEIR_ABI_MINOR);
    code = cli_output(program.terminal, text);
  } else if (is_given(&program, RUN_GC)) {
    code = tidy_store(&program);
  } else {
    gboolean named = program.file || (is_given(&program, RUN_RESUME) && !is_given(&program, RUN_HELP));
    code = named ? run_file(&program, argc, argv) : run_without_file(&program);
  }
  cli_signals_forget();
  weir_run_free(program.run);
  cli_arguments_free(program.arguments);
  cli_json_lines_free(program.lines);
  cli_console_free(program.console);
  cli_terminal_free(program.terminal);
  return code;
}
