/* SPDX-License-Identifier: MIT */
/* The flags of pipeline-run: see run_flags.h. */
#include "cli/run_flags.h"

#include "cli/text.h"

const CliFlag cli_run_flags[] = {
    {RUN_SET, "set", 0, "STAGE.OPTION=VALUE",
     "set an option of a stage; VALUE is JSON or a plain string; may be given more than once", TRUE},
    {RUN_CONFIG, "config", 0, "FILE",
     "set parameters, and options of stages, from a JSON or YAML file; a later file overrides an earlier one",
     TRUE},
    {RUN_CHECK, "check", 0, NULL, "check the pipeline, its plugins, options and types, and run nothing",
     FALSE},
    {RUN_GRAPH, "graph", 0, NULL, "print the stages and edges for Graphviz, and run nothing", FALSE},
    {RUN_PLAN, "plan", 0, NULL, "print the resolved plan as JSON, and run nothing", FALSE},
    {RUN_JOBS, "jobs", 'j', "N", "threads that may work at once; default: the number of processors", FALSE},
    {RUN_MEMORY, "memory", 0, "SIZE",
     "memory for batches and for what stages keep, such as 512M; what is more goes through files; default: "
     "half of "
     "the machine's",
     FALSE},
    {RUN_MAX_RECORD, "max-record", 0, "SIZE",
     "the most that one record may have; default: an eighth of the memory, at most 64M", FALSE},
    {RUN_ON_ERROR, "on-error", 0, "stop|reject",
     "what becomes of bad records in stages that say nothing themselves: stop at the first (the default), or "
     "go on without them",
     FALSE},
    {RUN_MAX_REJECTS, "max-rejects", 0, "N",
     "records that such a stage may reject before the run fails; default: what the pipeline says, or 1000",
     FALSE},
    {RUN_METRICS, "metrics", 0, "FILE",
     "write the figures of the run to FILE as JSON when it has ended; - for standard output", FALSE},
    {RUN_DIR, "run-dir", 0, "DIR", "folder of this run, new or empty; default: runs/NAME-TIME", FALSE},
    {RUN_RESUME, "resume", 0, "DIR",
     "go on with the run in this folder, which was killed, interrupted or failed; needs no FILE", FALSE},
    {RUN_FORCE, "force", 0, NULL, "run all stages, also those whose work an earlier run has done", FALSE},
    {RUN_STORE, "store", 0, "DIR",
     "where the work of stages is kept for later runs; none: nowhere; default: runs/.cache", FALSE},
    {RUN_GC, "gc", 0, NULL, "remove from the store what was not used for longest, until it fits its bound",
     FALSE},
    {RUN_PLUGIN_PATH, "plugin-path", 0, "PATH",
     "folders of plugins, separated by colons, that come before WEIR_PLUGIN_PATH and the installed one",
     FALSE},
    {RUN_UNSAFE_PLUGINS, "unsafe-plugins", 0, NULL,
     "open plugins also from files and folders that other users can write to", FALSE},
    {RUN_QUIET, "quiet", 'q', NULL, "print errors only", FALSE},
    {RUN_JSON, "json", 0, NULL, "print every message as a line of JSON on standard output", FALSE},
    {RUN_VERSION, "version", 'V', NULL, "print the version", FALSE},
    {RUN_HELP, "help", 'h', NULL, "print this help; with FILE also the parameters of that pipeline", FALSE},
    {0},
};

const char cli_run_usage[] = "usage: pipeline-run FILE [--PARAMETER VALUE]... [FLAG]...\n"
                             "       pipeline-run --resume DIR   goes on with a run that was ended\n"
                             "       pipeline-run FILE --help    lists the parameters of a pipeline\n"
                             "       pipeline-run --help         lists the flags\n";

static const char exit_codes[] =
    "Exit status: 0 done, 1 the run failed, 2 wrong usage, 3 the pipeline is invalid, 4 held by a gate or\n"
    "budget, 130 interrupted.\n";

char *
cli_run_help(guint columns)
{
  GString *out = g_string_new("Runs a pipeline of stages that is described in FILE.\n\n");
  g_string_append(out, cli_run_usage);
  g_string_append(out, "\nFlags:\n");
  cli_arguments_help_flags(out, cli_run_flags, columns);
  g_string_append_printf(out, "\n%s", exit_codes);
  return g_string_free(out, FALSE);
}

char *
cli_run_help_for(WeirRun *run, const char *file, guint columns)
{
  GString *out = g_string_new(NULL);
  guint n;
  const WeirParameterInfo *parameters = weir_run_get_parameters(run, &n);
  const char *help = weir_run_get_help(run);
  g_autofree char *clean_file = cli_text_clean(file, FALSE);
  if (help) {
    g_autofree char *clean = cli_text_clean(help, TRUE);
    cli_text_wrap(out, clean, 0, columns);
    g_string_append_c(out, '\n');
  }
  g_string_append_printf(out, "usage: pipeline-run %s%s [FLAG]...\n\n", clean_file,
                         n ? " [--PARAMETER VALUE]..." : "");
  if (n) {
    g_string_append_printf(out, "Parameters of %s:\n", weir_run_get_name(run));
    cli_arguments_help_parameters(out, parameters, n, columns);
  } else {
    g_string_append_printf(out, "%s has no parameters.\n", weir_run_get_name(run));
  }
  g_string_append(out, "\nFlags:\n");
  cli_arguments_help_flags(out, cli_run_flags, columns);
  return g_string_free(out, FALSE);
}
