/* SPDX-License-Identifier: MIT */
/* Explains the dynamic linker's refusals: what is missing, and what to do about it. */
#include "core/loader_text.h"
#include "base/error.h"
#include "base/quote.h"
#include <string.h>

/* "libx.so.1: cannot open shared object file: …" names a library that is not the plugin itself. */
static char *
missing_library(const char *file, const char *reason)
{
  const char *end = strstr(reason, ": cannot open shared object file");
  g_autofree char *name = end ? g_strndup(reason, (gsize)(end - reason)) : NULL;
  return name && strcmp(name, file) != 0 ? g_steal_pointer(&name) : NULL;
}

void
weir_set_dlopen_error(GError **error, const char *file, const char *reason)
{
  g_autofree char *path = weir_quote_path(file), *library = missing_library(file, reason);
  g_autofree char *hint = NULL;
  gsize prefix = strlen(file);
  if (strncmp(reason, file, prefix) == 0 && g_str_has_prefix(reason + prefix, ": "))
    reason += prefix + 2; /* the path stands before it already */
  if (library)
    hint = g_strdup_printf("install the package that has %s, or add its folder to LD_LIBRARY_PATH", library);
  else if (strstr(reason, "undefined symbol"))
    hint =
        g_strdup("link the plugin with the library that has it (-Wl,-z,defs finds this when it is linked)");
  else if (strstr(reason, "version `"))
    hint = g_strdup("it was built on a newer system: build it on this one");
  else
    hint = g_strdup("build it again for this system");
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "plugin %s cannot be opened: %s; %s", path, reason,
              hint);
}
