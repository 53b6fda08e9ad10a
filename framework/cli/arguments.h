/* SPDX-License-Identifier: MIT */
/* Reads a command line against a table of flags and the parameters of a pipeline. */
#ifndef WEIR_CLI_ARGUMENTS_H
#define WEIR_CLI_ARGUMENTS_H

#include <weir/host.h>

G_BEGIN_DECLS

/* A flag of a program. One table of these feeds the parser, --help, and the test of the manual page. */
typedef struct CliFlag {
  int id;               /* for a switch statement */
  const char *name;     /* without "--"; NULL ends the table */
  char letter;          /* 0: none */
  const char *argument; /* what it takes, as help writes it; NULL: nothing */
  const char *help;     /* NULL: not shown */
  gboolean repeats;     /* takes NAME=VALUE, and may be given once for each name */
} CliFlag;

/* One option as it was given. Strings belong to the argument vector, or live as long as the process. */
typedef struct CliArgument {
  const CliFlag *flag;                /* or */
  const WeirParameterInfo *parameter; /* one of these two is set */
  const char *value;                  /* NULL for a flag that takes none; "true" or "false" for --x, --no-x */
} CliArgument;

typedef struct CliArguments {
  GArray *given;         /* of CliArgument, in the order written */
  GPtrArray *positional; /* of const char *, borrowed */
  GPtrArray *errors;     /* of char *: a sentence for each thing that is wrong */
} CliArguments;

/* The pipeline file among the arguments, found before its parameters are known: the first word that is no
 * option and does not follow an unknown one; where all follow one, the first that ends in .json, .yaml or
 * .yml, else the first. NULL: there is none. */
const char *cli_arguments_find_file(const CliFlag *flags, int argc, char **argv);

/* Sort out all arguments. A parameter takes `--name value` or `--name=value`; a boolean one `--name`,
 * `--name=false` or `--no-name`, and never the next word. `--` ends the options. Never NULL. */
CliArguments *cli_arguments_parse(const CliFlag *flags, const WeirParameterInfo *parameters,
                                  guint n_parameters, int argc, char **argv);
void cli_arguments_free(CliArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliArguments, cli_arguments_free)

/* What is wrong with a list of folders, separated by colons, that flag `name` was given: the first that is none.
 * NULL: nothing. Free with g_free. */
char *cli_arguments_check_folders(const char *name, const char *path);

/* The last value given for flag `id`; NULL if it was not given. */
const CliArgument *cli_arguments_get(const CliArguments *arguments, int id);

/* "the parameter "jobs" has the name of a flag …" for each such parameter; NULL if there is none. */
char *cli_arguments_clash(const CliFlag *flags, const WeirParameterInfo *parameters, guint n_parameters);

/* The lines of --help for a table of flags, and for parameters, at most `columns` wide. */
void cli_arguments_help_flags(GString *out, const CliFlag *flags, guint columns);
void cli_arguments_help_parameters(GString *out, const WeirParameterInfo *parameters, guint n_parameters,
                                   guint columns);

G_END_DECLS

#endif
