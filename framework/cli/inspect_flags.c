/* SPDX-License-Identifier: MIT */
/* The flags of pipeline-inspect: see inspect_flags.h. */
#include "cli/inspect_flags.h"

const CliFlag cli_inspect_flags[] = {
    {INSPECT_JSON, "json", 0, NULL, "print JSON", FALSE},
    {INSPECT_SCHEMA, "schema", 0, NULL,
     "print the JSON Schema of pipeline files that use the installed stages, or those named", FALSE},
    {INSPECT_MAN, "man", 0, NULL, "print the sections of a plugin's manual page about its stages, as roff",
     FALSE},
    {INSPECT_PATH, "path", 0, NULL, "print the folders that are searched for plugins, in order", FALSE},
    {INSPECT_NEW, "new", 0, "NAME",
     "write a plugin to begin with into the folder NAME; then its kind: transform, source or sink", FALSE},
    {INSPECT_TEST, "test", 0, "CASES", "test stages with the cases of a file, and print TAP", FALSE},
    {INSPECT_ONLY, "only", 0, "TEXT",
     "with --test: only the cases, with --verify: only the stages, whose name holds this text", FALSE},
    {INSPECT_SHOW, "show", 0, NULL, "with --test: also print what came out of the stage", FALSE},
    {INSPECT_VERIFY, "verify", 0, "FILE",
     "put every stage of a plugin through the checks of the contract, each in a child process", FALSE},
    {INSPECT_WITH, "with", 0, "CASES",
     "with --verify: what the stages are tried with, from files of cases, separated by colons", FALSE},
    {INSPECT_SECONDS, "seconds", 0, "N",
     "with --verify: how long one run of a stage may take; 20 unless given", FALSE},
    {INSPECT_PLUGIN_PATH, "plugin-path", 0, "PATH",
     "folders of plugins, separated by colons, that come before WEIR_PLUGIN_PATH and the installed one",
     FALSE},
    {INSPECT_UNSAFE_PLUGINS, "unsafe-plugins", 0, NULL,
     "open plugins also from files and folders that other users can write to", FALSE},
    {INSPECT_VERSION, "version", 'V', NULL, "print the version", FALSE},
    {INSPECT_HELP, "help", 'h', NULL, "print this help", FALSE},
    {INSPECT_DESCRIBE, "describe", 0, "FILE", NULL, FALSE}, /* the child process */
    {0},
};

char *
cli_inspect_help(guint columns)
{
  GString *out =
      g_string_new("Lists plugins and their stages, or shows some: ports, types, options, file.\n\n"
                   "usage: pipeline-inspect [FLAG]... [PLUGIN | PLUGIN.STAGE | FILE]...\n"
                   "       pipeline-inspect --new NAME transform|source|sink\n\nFlags:\n");
  cli_arguments_help_flags(out, cli_inspect_flags, columns);
  g_string_append(
      out,
      "\nExit status: 0 done, 1 a plugin could not be opened, a test or check failed, 2 wrong usage or no "
      "such stage.\n");
  return g_string_free(out, FALSE);
}
