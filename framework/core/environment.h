/* SPDX-License-Identifier: MIT */
/* Environment variables for ${env:NAME}: those of the process, then those of the file .env. */
#ifndef WEIR_CORE_ENVIRONMENT_H
#define WEIR_CORE_ENVIRONMENT_H

#include "base/diagnostics.h"

/* Belongs to one thread at a time. */
typedef struct WeirEnvironment WeirEnvironment;

#define WEIR_DOTENV_MAX_BYTES (1u << 20)

/* .env is looked for in the working directory, when a variable is first asked for that the process does not have. */
WeirEnvironment *weir_environment_new(void);
void weir_environment_free(WeirEnvironment *environment);

/* The value of a variable, NULL if it is not set; it lives as long as the environment. What is wrong with .env is added
   to `diagnostics`, once. */
const char *weir_environment_get(WeirEnvironment *environment, const char *name,
                                 WeirDiagnostics *diagnostics);

/* Reads the text of a .env file into a map of names to values. Lines NAME=VALUE, with or without "export " before them;
   empty lines and those that begin with # are passed over. VALUE is as it stands, without white space at its ends, up
   to " #"; or in single quotes, as it stands; or in double quotes, with \n \r \t \" \\ \$; in quotes it may go over several
   lines. Refused, each with its line: other lines, names that come twice, ${…} (nothing is put in), what follows a closing
   quote, NUL and invalid UTF-8. FALSE if anything was. `origin` is the file name in positions. */
gboolean weir_dotenv_parse(const char *text, gsize length, const char *origin, GHashTable *into,
                           WeirDiagnostics *diagnostics);

#endif
