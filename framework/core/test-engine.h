/* SPDX-License-Identifier: MIT */
/* A folder with a pipeline file in it, and texts to compare, for tests of the engine. */
#ifndef WEIR_CORE_TEST_ENGINE_H
#define WEIR_CORE_TEST_ENGINE_H

#include "base/test-folder.h"

#include <string.h>
#include <unistd.h>

/* Single quotes stand for double ones, so that JSON can be read in C. */
static inline char *
with_quotes(const char *text)
{
  char *out = g_strdup(text);
  for (char *p = out; *p; p++)
    if (*p == '\'')
      *p = '"';
  return out;
}

/* Write a pipeline file; free with g_free(). */
static inline char *
put_pipeline(const Folder *folder, const char *name, const char *text)
{
  g_autofree char *json = with_quotes(text);
  folder_put(folder, name, json);
  return folder_file(folder, name);
}

/* Text with the folder's name replaced by "DIR". */
static inline char *
without_folder(const Folder *folder, const char *text)
{
  g_autoptr(GString) out = g_string_new(text);
  g_string_replace(out, folder->path, "DIR", 0);
  return g_strdup(out->str);
}

static inline void
assert_contains(const char *text, const char *wanted)
{
  g_autofree char *part = with_quotes(wanted);
  if (!text || !strstr(text, part))
    g_error("\"%s\" is not in:\n%s", part, text ? text : "(nothing)");
}

static inline guint
count_in(const char *text, const char *part)
{
  guint n = 0;
  for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
    n++;
  return n;
}

/* The folder of the plugin "test" in the build tree. */
static inline char *
test_plugin_folder(void)
{
  const char *top = g_getenv("top_builddir");
  g_autofree char *build = g_canonicalize_filename(top ? top : ".", NULL);
  return g_build_filename(build, "framework/core/test-plugin/.libs", NULL);
}

#endif
