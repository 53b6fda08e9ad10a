/* SPDX-License-Identifier: MIT */
/* Environment variables for ${env:NAME}: those of the process, then those of the file .env. */
#include "core/environment.h"

#include "base/error.h"
#include "base/files.h"

#include <string.h>

#define FILE_NAME ".env"

struct WeirEnvironment {
  char *file;         /* absolute: the working directory may change */
  GHashTable *values; /* of .env; NULL: not read yet */
};

static void
free_value(gpointer data)
{
  char *value = data;
  explicit_bzero(value, strlen(value)); /* it may be a secret */
  g_free(value);
}

WeirEnvironment *
weir_environment_new(void)
{
  WeirEnvironment *environment = g_new0(WeirEnvironment, 1);
  environment->file = g_canonicalize_filename(FILE_NAME, NULL);
  return environment;
}

void
weir_environment_free(WeirEnvironment *environment)
{
  if (!environment)
    return;
  g_clear_pointer(&environment->values, g_hash_table_unref);
  g_free(environment->file);
  g_free(environment);
}

/* A folder of that name is somebody else's: virtual environments of Python are called so. */
static void
read_file(WeirEnvironment *environment, WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) error = NULL;
  gsize length = 0;
  environment->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
  if (g_file_test(environment->file, G_FILE_TEST_IS_DIR))
    return;
  char *text = weir_read_file(environment->file, WEIR_DOTENV_MAX_BYTES, &length, &error);
  if (!text) {
    if (!g_error_matches(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND))
      weir_diagnostics_error(diagnostics, WEIR_POSITION_NONE, "%s", error->message);
    return;
  }
  weir_dotenv_parse(text, length, FILE_NAME, environment->values, diagnostics);
  explicit_bzero(text, length);
  g_free(text);
}

const char *
weir_environment_get(WeirEnvironment *environment, const char *name, WeirDiagnostics *diagnostics)
{
  const char *value = g_getenv(name);
  if (value)
    return value;
  if (!environment->values)
    read_file(environment, diagnostics);
  return g_hash_table_lookup(environment->values, name);
}
