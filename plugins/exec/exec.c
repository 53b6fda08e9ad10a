/* SPDX-License-Identifier: MIT */
/* Plugin "exec": stages that are programs of their own, in any language. The class table; map.c does the work. */
#include "config.h"

#include "exec.h"

static const weir_port in[] = {
    {"in", "${columns}:any?, *", 0, NULL, "records for the program"},
};
static const weir_port out[] = {
    {"out", "any", 0, NULL, "the same records, with the columns that the program gives"},
};

#define AT(member) offsetof(ExecMap, member)
static const weir_option options[] = {
    {"command", WEIR_STRING_LIST, 0, AT(command),
     .help = "Program and its arguments, each a text of its own; the program "
             "is found in PATH, or relative to the working directory"},
    {"script", WEIR_INPUT_PATH, 0, AT(script),
     .help = "File behind the command, such as a script for an interpreter; "
             "without a command it is the program"},
    {"arguments", WEIR_STRING_LIST, 0, AT(arguments), .help = "Arguments behind the script"},
    {"output", WEIR_STRING_MAP, WEIR_OPTION_REQUIRED, AT(output),
     .help = "Columns that the program gives, with their types, \"?\" behind one that may be null"},
    {"columns", WEIR_FIELD_LIST, 0, AT(columns),
     .help = "Columns that the program gets; if not given, all but _row"},
    {"shell", WEIR_BOOLEAN, 0, AT(shell), "false", .help = "The command is one text, a line for /bin/sh"},
    {"environment", WEIR_STRING_MAP, 0, AT(environment), .help = "Environment variables to set"},
    {"pass", WEIR_STRING_LIST, 0, AT(pass),
     .help = "Names of environment variables to pass on, beside PATH, HOME, "
             "USER, LANG, LC_*, TZ, TMPDIR and the like"},
    {"secret", WEIR_SECRET, 0, AT(secret),
     .help = "A secret that the program gets in an environment variable"},
    {"secret-variable", WEIR_STRING, 0, AT(secret_variable), .help = "Name of that variable"},
    {"folder", WEIR_INPUT_PATH, 0, AT(folder),
     .help = "Folder in which the program runs; if not given, the working "
             "directory"},
    {"files", WEIR_PATH_LIST, 0, AT(files),
     .help = "Files that the program reads, so that its work is not taken from "
             "an earlier run once they have changed"},
    {"processes", WEIR_INTEGER, WEIR_OPTION_MEASURED, AT(processes), "1", 1, 256,
     .help = "How many of the program run at once, each with a part of the records"},
    {"timeout", WEIR_DURATION, WEIR_OPTION_MEASURED, AT(timeout), "60s", 0, 1e6,
     .help = "How long an answer may take; 0 for as long as it likes"},
    {"start-timeout", WEIR_DURATION, WEIR_OPTION_MEASURED, AT(start_timeout), "5m", 0, 1e6,
     .help = "The same for the first answer of a program, which may have a model to load"},
    {"restarts", WEIR_INTEGER, 0, AT(restarts), "0", 0, 1e6,
     .help = "How often the program is started again after it died or hung; the record that it failed at is "
             "a bad one"},
    {"max-line", WEIR_SIZE, WEIR_OPTION_ADVANCED, AT(max_line), "1M", 64, 16777216, .help = "Longest answer"},
};

static const weir_class classes[] = {
    {.name = "map",
     .summary = "Gives records to a program and takes what it answers as columns",
     .in = in,
     .n_in = G_N_ELEMENTS(in),
     .out = out,
     .n_out = G_N_ELEMENTS(out),
     .options = options,
     .n_options = G_N_ELEMENTS(options),
     .state_size = sizeof(ExecMap),
     .schema = exec_map_schema,
     .fingerprint = exec_map_fingerprint,
     .open = exec_map_open,
     .process = exec_map_process,
     .end = exec_map_end,
     .close = exec_map_close},
};

WEIR_PLUGIN(.name = "exec", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Stages that are programs of their own, in any language", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
