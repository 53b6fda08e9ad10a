/* SPDX-License-Identifier: MIT */
/* pipeline-inspect: lists plugins and stages, shows one, prints JSON, the JSON Schema, manual sections. */
#include "base/nearest.h"
#include "base/quote.h"
#include "base/units.h"
#include "cli/complete.h"
#include "cli/console.h"
#include "cli/describe.h"
#include "cli/fatal.h"
#include "cli/inspect_flags.h"
#include "cli/inspect_views.h"
#include "cli/new_plugin.h"
#include "cli/output.h"
#include <locale.h>
#include <string.h>
#include <unistd.h>
#include <weir/harness.h>

typedef struct Inspector {
  CliTerminal *terminal; /* stderr */
  CliStyle style;        /* of stdout */
  CliArguments *arguments;
  CliScan *scan;
  gboolean unsafe;
} Inspector;

static gboolean
is_given(const Inspector *inspector, int id)
{
  return cli_arguments_get(inspector->arguments, id) != NULL;
}

/* Report every plugin that could not be described. Returns the exit code. */
static int
report_failures(const Inspector *inspector)
{
  for (guint i = 0; i < inspector->scan->failures->len; i++)
    cli_print_error(inspector->terminal, inspector->scan->failures->pdata[i]);
  return inspector->scan->failures->len ? WEIR_EXIT_FAILED : WEIR_EXIT_OK;
}

/* Print an answer, then what could not be opened. Takes `text`. */
static int
answer(const Inspector *inspector, char *text)
{
  int code = cli_output(inspector->terminal, text);
  g_free(text);
  int failures = report_failures(inspector);
  return code ? code : failures;
}

static int
show_path(const Inspector *inspector)
{
  g_autofree char *folders = g_strjoinv("\n", inspector->scan->folders);
  return cli_output(inspector->terminal, folders);
}

static int
show_all(Inspector *inspector)
{
  cli_scan_all(inspector->scan, inspector->unsafe);
  if (is_given(inspector, INSPECT_SCHEMA)) {
    /* Without all of the stages the schema would refuse pipelines that are valid. */
    int failures = report_failures(inspector);
    g_autofree char *schema = failures ? NULL : cli_view_schema(inspector->scan);
    return failures ? failures : cli_output(inspector->terminal, schema);
  }
  if (is_given(inspector, INSPECT_JSON))
    return answer(inspector, cli_view_json(inspector->scan));
  return answer(inspector, cli_view_list(inspector->scan, cli_output_columns(), &inspector->style));
}

/* The stage "split.stratified" of a description, or NULL. */
static const WeirNode *
find_stage(const WeirNode *plugin, const char *use)
{
  const WeirNode *stage;
  for (gsize i = 0; (stage = cli_member_at(plugin, "stages", i)); i++)
    if (strcmp(cli_member_string(stage, "use"), use) == 0)
      return stage;
  return NULL;
}

/* The plugin or stage that `name` most likely meant; NULL: none is near. */
static const char *
nearest_name(const CliScan *scan, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new(), uses = g_ptr_array_new(), bare = g_ptr_array_new();
  const WeirNode *stage;
  for (guint i = 0; i < scan->plugins->len; i++) {
    g_ptr_array_add(names, (gpointer)cli_member_string(scan->plugins->pdata[i], "name"));
    for (gsize k = 0; (stage = cli_member_at(scan->plugins->pdata[i], "stages", k)); k++) {
      const char *use = cli_member_string(stage, "use");
      const char *dot = strchr(use, '.');
      g_ptr_array_add(names, (gpointer)use);
      g_ptr_array_add(uses, (gpointer)use);
      g_ptr_array_add(bare, (gpointer)(dot ? dot + 1 : use));
    }
  }
  g_ptr_array_add(names, NULL);
  g_ptr_array_add(bare, NULL);
  /* A stage is often named without its plugin. */
  const char *nearest = weir_nearest(name, (const char *const *)bare->pdata);
  for (guint i = 0; nearest && i < uses->len; i++)
    if (bare->pdata[i] == nearest && !strchr(name, '.'))
      return uses->pdata[i];
  return weir_nearest(name, (const char *const *)names->pdata);
}

static int
unknown_name(Inspector *inspector, const char *name)
{
  g_autoptr(CliScan) all = g_steal_pointer(&inspector->scan);
  g_ptr_array_set_size(all->plugins, 0);
  g_ptr_array_set_size(all->failures, 0);
  cli_scan_all(all, inspector->unsafe);
  const char *nearest = nearest_name(all, name);
  g_autofree char *quoted = weir_quote(name, -1);
  g_autofree char *folders = g_strjoinv(", ", all->folders);
  g_autofree char *text =
      nearest ? g_strdup_printf("there is no plugin or stage %s; did you mean \"%s\"?", quoted, nearest)
              : g_strdup_printf("there is no plugin or stage %s in %s; pipeline-inspect lists all", quoted,
                                *folders ? folders : "the search path, which is empty");
  cli_print_error(inspector->terminal, text);
  return WEIR_EXIT_USAGE;
}

/* `plugin` is there, and has no stage `use`. */
static int
unknown_stage(const Inspector *inspector, const WeirNode *plugin, const char *use)
{
  g_autoptr(GPtrArray) uses = g_ptr_array_new();
  const WeirNode *stage;
  for (gsize i = 0; (stage = cli_member_at(plugin, "stages", i)); i++)
    g_ptr_array_add(uses, (gpointer)cli_member_string(stage, "use"));
  g_ptr_array_add(uses, NULL);
  const char *name = cli_member_string(plugin, "name");
  const char *nearest = weir_nearest(use, (const char *const *)uses->pdata);
  g_autofree char *quoted = weir_quote(strchr(use, '.') + 1, -1);
  g_autofree char *all = g_strjoinv(", ", (char **)uses->pdata);
  g_autofree char *text =
      nearest ? g_strdup_printf("plugin \"%s\" has no stage %s; did you mean \"%s\"?", name, quoted, nearest)
              : g_strdup_printf("plugin \"%s\" has no stage %s; it has: %s", name, quoted, all);
  cli_print_error(inspector->terminal, text);
  return WEIR_EXIT_USAGE;
}

/* A plugin, and of it one stage or all. */
typedef struct Found {
  const WeirNode *plugin;
  const WeirNode *stage; /* NULL: all */
} Found;

/* Describe what `name` means: FILE, PLUGIN or PLUGIN.STAGE. Returns the exit code; what is wrong is reported. */
static int
find(Inspector *inspector, const char *name, Found *found)
{
  gboolean is_file = strchr(name, '/') || g_str_has_suffix(name, ".so");
  const char *dot = is_file ? NULL : strchr(name, '.');
  g_autofree char *plugin_name = dot ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
  gboolean is_found = is_file ? cli_scan_file(inspector->scan, name, inspector->unsafe)
                              : cli_scan_plugin(inspector->scan, plugin_name, inspector->unsafe);
  if (!is_found && inspector->scan->failures->len)
    return report_failures(inspector);
  GPtrArray *plugins = inspector->scan->plugins;
  found->plugin = is_found ? plugins->pdata[plugins->len - 1] : NULL;
  found->stage = dot && is_found ? find_stage(found->plugin, name) : NULL;
  if (!is_found)
    return unknown_name(inspector, name);
  return dot && !found->stage ? unknown_stage(inspector, found->plugin, name) : WEIR_EXIT_OK;
}

/* The view that was asked for; NULL after an error, with its exit code. */
static char *
view_names(Inspector *inspector, int *code)
{
  GPtrArray *names = inspector->arguments->positional;
  g_autoptr(GString) out = g_string_new(NULL);
  Found found = {0};
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *text = NULL;
    *code = find(inspector, names->pdata[i], &found);
    if (*code)
      return NULL;
    if (is_given(inspector, INSPECT_MAN))
      text = cli_view_man(found.plugin);
    else if (!is_given(inspector, INSPECT_JSON) && !is_given(inspector, INSPECT_SCHEMA))
      text = cli_view_plugin(found.plugin, found.stage, cli_output_columns(), &inspector->style);
    g_string_append_printf(out, "%s%s", text && out->len ? "\n" : "", text ? text : "");
  }
  cli_scan_sort(inspector->scan);
  if (is_given(inspector, INSPECT_SCHEMA))
    return cli_view_schema(inspector->scan);
  if (is_given(inspector, INSPECT_JSON) && names->len == 1)
    return weir_node_to_json(found.stage ? found.stage : found.plugin, TRUE);
  return is_given(inspector, INSPECT_JSON) ? cli_view_json(inspector->scan) : g_strdup(out->str);
}

static int
show_names(Inspector *inspector)
{
  int code = WEIR_EXIT_OK;
  g_autofree char *text = view_names(inspector, &code);
  return text ? cli_output(inspector->terminal, text) : code;
}

/* That a run may take; 0: not given. */
static double
seconds(const Inspector *inspector)
{
  const CliArgument *given = cli_arguments_get(inspector->arguments, INSPECT_SECONDS);
  double value = 0;
  if (given)
    weir_parse_number(given->value, 0.1, 86400, &value, NULL);
  return value;
}

/* Everything that is wrong with the command line. */
static gboolean
usage_is_right(const Inspector *inspector)
{
  GPtrArray *errors = inspector->arguments->errors;
  guint n = inspector->arguments->positional->len;
  gboolean is_json_view = is_given(inspector, INSPECT_JSON) && !is_given(inspector, INSPECT_VERIFY);
  if (is_json_view + is_given(inspector, INSPECT_SCHEMA) + is_given(inspector, INSPECT_MAN) +
          is_given(inspector, INSPECT_PATH) + is_given(inspector, INSPECT_TEST) +
          is_given(inspector, INSPECT_VERIFY) >
      1)
    g_ptr_array_add(
        errors, g_strdup("only one of --json, --schema, --man, --path, --test and --verify can be given"));
  gboolean tests = is_given(inspector, INSPECT_TEST) || is_given(inspector, INSPECT_VERIFY);
  if (is_given(inspector, INSPECT_ONLY) && !tests)
    g_ptr_array_add(errors, g_strdup("--only goes with --test or --verify"));
  if (is_given(inspector, INSPECT_SECONDS) && !is_given(inspector, INSPECT_VERIFY))
    g_ptr_array_add(errors, g_strdup("--seconds goes with --verify; a case has \"seconds\" of its own"));
  else if (is_given(inspector, INSPECT_SECONDS) && seconds(inspector) == 0)
    g_ptr_array_add(errors, g_strdup("--seconds must be a number from 0.1 to 86400"));
  if (is_given(inspector, INSPECT_SHOW) && !is_given(inspector, INSPECT_TEST))
    g_ptr_array_add(errors, g_strdup("--show goes with --test"));
  if (is_given(inspector, INSPECT_WITH) && !is_given(inspector, INSPECT_VERIFY))
    g_ptr_array_add(errors, g_strdup("--with goes with --verify"));
  if (tests && n > 0) {
    g_autofree char *word = weir_quote(inspector->arguments->positional->pdata[0], -1);
    g_ptr_array_add(errors, g_strdup_printf("unexpected word %s; --test and --verify take one file", word));
  }
  if (is_given(inspector, INSPECT_PLUGIN_PATH) && is_given(inspector, INSPECT_VERIFY))
    g_ptr_array_add(errors,
                    g_strdup("--plugin-path does not go with --verify; other plugins, that cases need, "
                             "are looked for beside the file and in WEIR_PLUGIN_PATH"));
  if (is_given(inspector, INSPECT_MAN) && n == 0)
    g_ptr_array_add(errors, g_strdup("--man needs a plugin: pipeline-inspect --man PLUGIN"));
  const CliArgument *path = cli_arguments_get(inspector->arguments, INSPECT_PLUGIN_PATH);
  char *problem = path ? cli_arguments_check_folders("plugin-path", path->value) : NULL;
  if (problem)
    g_ptr_array_add(errors, problem);
  for (guint i = 0; i < errors->len; i++)
    cli_print_error(inspector->terminal, errors->pdata[i]);
  return errors->len == 0;
}

static int
run_cases(const Inspector *inspector, const char *file, const char *plugin_path)
{
  const CliArgument *only = cli_arguments_get(inspector->arguments, INSPECT_ONLY);
  int result =
      weir_harness_run_cases(file, plugin_path, only ? only->value : NULL, is_given(inspector, INSPECT_SHOW));
  if (result < 0)
    return WEIR_EXIT_USAGE;
  return weir_harness_finish() || !result ? WEIR_EXIT_FAILED : WEIR_EXIT_OK;
}

/* --new NAME KIND. */
static int
write_new(const Inspector *inspector, const char *name)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *words = inspector->arguments->positional;
  if (words->len != 1) {
    cli_print_error(inspector->terminal,
                    "--new needs a name and a kind: pipeline-inspect --new NAME transform|source|sink");
    return WEIR_EXIT_USAGE;
  }
  g_autofree char *text = cli_new_plugin(name, words->pdata[0], &error);
  if (text)
    return cli_output(inspector->terminal, text);
  cli_print_error(inspector->terminal, error->message);
  return error->domain == WEIR_EXIT_ERROR ? error->code : WEIR_EXIT_FAILED;
}

/* Leaks are looked for in the memory in use, which is exact only without the caches that glibc keeps for each thread; and
   that is settled when a program starts. */
static void
start_without_caches(char **argv)
{
  const char *tunables = g_getenv("GLIBC_TUNABLES");
  if (tunables && strstr(tunables, "glibc.malloc.tcache_count"))
    return;
  g_autofree char *with =
      g_strconcat(tunables ? tunables : "", tunables ? ":" : "", "glibc.malloc.tcache_count=0", NULL);
  g_setenv("GLIBC_TUNABLES", with, TRUE);
  execv("/proc/self/exe", argv); /* if it cannot be, larger leaks are found all the same */
}

static int
verify(const Inspector *inspector)
{
  const CliArgument *file = cli_arguments_get(inspector->arguments, INSPECT_VERIFY);
  const CliArgument *cases = cli_arguments_get(inspector->arguments, INSPECT_WITH);
  const CliArgument *only = cli_arguments_get(inspector->arguments, INSPECT_ONLY);
  weir_harness_verification how = {.cases = cases ? cases->value : NULL,
                                   .only = only ? only->value : NULL,
                                   .seconds = seconds(inspector),
                                   .json = is_given(inspector, INSPECT_JSON)};
  int result = weir_harness_verify(file->value, &how);
  return result < 0 ? WEIR_EXIT_USAGE : result ? WEIR_EXIT_OK : WEIR_EXIT_FAILED;
}

static int
inspect(Inspector *inspector)
{
  const CliArgument *path = cli_arguments_get(inspector->arguments, INSPECT_PLUGIN_PATH);
  if (is_given(inspector, INSPECT_HELP)) {
    g_autofree char *text = cli_inspect_help(cli_output_columns());
    return cli_output(inspector->terminal, text);
  }
  if (is_given(inspector, INSPECT_VERSION)) {
    g_autofree char *text = g_strdup_printf("pipeline-inspect %s (stage ABI %d.%d)\n", weir_version(),
                                            WEIR_ABI_MAJOR, WEIR_ABI_MINOR);
    return cli_output(inspector->terminal, text);
  }
  if (!usage_is_right(inspector))
    return WEIR_EXIT_USAGE;
  const CliArgument *new = cli_arguments_get(inspector->arguments, INSPECT_NEW);
  if (new)
    return write_new(inspector, new->value);
  const CliArgument *test = cli_arguments_get(inspector->arguments, INSPECT_TEST);
  if (test)
    return run_cases(inspector, test->value, path ? path->value : NULL);
  if (is_given(inspector, INSPECT_VERIFY))
    return verify(inspector);
  inspector->unsafe = is_given(inspector, INSPECT_UNSAFE_PLUGINS);
  inspector->scan = cli_scan_new(path ? path->value : NULL);
  if (is_given(inspector, INSPECT_PATH))
    return show_path(inspector);
  if (!inspector->arguments->positional->len)
    return show_all(inspector);
  return show_names(inspector);
}

/* `--complete WORD...`: for the shells. */
static int
complete(int argc, char **argv)
{
  g_autoptr(CliTerminal) terminal = cli_terminal_new(STDERR_FILENO);
  g_autofree char *words = cli_complete_inspect(cli_inspect_flags, argv + 2, argc - 2);
  return *words ? cli_output(terminal, words) : 0;
}

int
main(int argc, char **argv)
{
  Inspector inspector = {0};
  int code;
  setlocale(LC_CTYPE, "");
  cli_fatal_install();
  if (argc > 1 && strcmp(argv[1], CLI_COMPLETE) == 0)
    return complete(argc, argv);
  inspector.arguments = cli_arguments_parse(cli_inspect_flags, NULL, 0, argc, argv);
  if (cli_arguments_get(inspector.arguments, INSPECT_VERIFY))
    start_without_caches(argv);
  const CliArgument *describe = cli_arguments_get(inspector.arguments, INSPECT_DESCRIBE);
  if (describe) {
    code = cli_describe_main(describe->value, is_given(&inspector, INSPECT_UNSAFE_PLUGINS));
  } else {
    g_autoptr(CliTerminal) out = cli_terminal_new(STDOUT_FILENO);
    inspector.style = *cli_terminal_style(out);
    inspector.terminal = cli_terminal_new(STDERR_FILENO);
    code = inspect(&inspector);
    cli_terminal_free(inspector.terminal);
  }
  cli_scan_free(inspector.scan);
  cli_arguments_free(inspector.arguments);
  return code;
}
