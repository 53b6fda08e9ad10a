/* SPDX-License-Identifier: MIT */
/* What exec.map starts: the program's file, its arguments and environment, and what they come down to as a key. */
#include "config.h"

#include "exec.h"

#include "base/digest.h"
#include "base/quote.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELL "/bin/sh"

/* What a program needs to find its files and speak the user's language; nothing that could be a secret. */
static const char *const passed[] = {"PATH",       "HOME",        "USER", "LOGNAME", "SHELL",
                                     "LANG",       "LANGUAGE",    "TZ",   "TMPDIR",  "LD_LIBRARY_PATH",
                                     "PYTHONPATH", "VIRTUAL_ENV", NULL};

static char *
check_file(char *path, char **why)
{
  struct stat st;
  g_autofree char *quoted = weir_quote_path(path);
  if (stat(path, &st) != 0)
    *why = g_strdup_printf(
        "the program %s is not there\nhint: name it with its whole path, or as one that is found "
        "in PATH",
        quoted);
  else if (!S_ISREG(st.st_mode))
    *why =
        g_strdup_printf("%s is no program: it is %s", quoted, S_ISDIR(st.st_mode) ? "a folder" : "no file");
  else if (access(path, X_OK) != 0)
    *why = g_strdup_printf(
        "%s may not be executed\nhint: chmod +x, or name its interpreter: \"command\": [\"python3\"], "
        "\"script\": …",
        quoted);
  else
    return path;
  g_free(path);
  return NULL;
}

char *
exec_command_path(const ExecMap *map, char **why)
{
  *why = NULL;
  if (map->shell)
    return check_file(g_strdup(SHELL), why);
  const char *name = map->command.count ? map->command.items[0] : map->script;
  if (!name || !*name) {
    *why = g_strdup(
        "there is nothing to run\nhint: set \"command\", such as [\"jq\", \"-c\", \".\"], or \"script\"");
    return NULL;
  }
  if (strchr(name, '/'))
    return check_file(g_canonicalize_filename(name, NULL), why);
  char *found = g_find_program_in_path(name);
  g_autofree char *quoted = weir_quote(name, -1);
  if (found && g_path_is_absolute(found))
    return found;
  if (found) { /* by a part of PATH that is relative */
    char *whole = g_canonicalize_filename(found, NULL);
    g_free(found);
    return whole;
  }
  *why = g_strdup_printf(
      "the program %s was not found in PATH\nhint: install it, or name it with its whole path", quoted);
  return NULL;
}

char **
exec_command_arguments(const ExecMap *map, const char *path)
{
  GPtrArray *list = g_ptr_array_new();
  if (map->shell) {
    g_ptr_array_add(list, g_strdup(SHELL));
    g_ptr_array_add(list, g_strdup("-c"));
    g_ptr_array_add(list, g_strdup(map->command.items[0]));
    g_ptr_array_add(list, g_strdup(SHELL)); /* its $0 */
  } else if (!map->command.count) {
    g_ptr_array_add(list, g_strdup(path));
  }
  for (uint32_t i = map->shell ? 1 : 0; i < map->command.count; i++)
    g_ptr_array_add(list, g_strdup(map->command.items[i]));
  if (map->script && (map->command.count || map->shell))
    g_ptr_array_add(list, g_strdup(map->script));
  for (uint32_t i = 0; i < map->arguments.count; i++)
    g_ptr_array_add(list, g_strdup(map->arguments.items[i]));
  g_ptr_array_add(list, NULL);
  return (char **)g_ptr_array_free(list, FALSE);
}

char **
exec_command_environment(const ExecMap *map)
{
  g_auto(GStrv) ours = g_get_environ();
  char **out = NULL;
  for (guint i = 0; passed[i]; i++)
    if (g_environ_getenv(ours, passed[i]))
      out = g_environ_setenv(out, passed[i], g_environ_getenv(ours, passed[i]), TRUE);
  for (guint i = 0; ours && ours[i]; i++)
    if (g_str_has_prefix(ours[i], "LC_")) {
      g_autofree char *name = g_strndup(ours[i], strcspn(ours[i], "="));
      out = g_environ_setenv(out, name, ours[i] + strlen(name) + 1, TRUE);
    }
  for (uint32_t i = 0; i < map->pass.count; i++)
    if (g_environ_getenv(ours, map->pass.items[i]))
      out = g_environ_setenv(out, map->pass.items[i], g_environ_getenv(ours, map->pass.items[i]), TRUE);
  for (uint32_t i = 0; i < map->environment.count; i++)
    out = g_environ_setenv(out, map->environment.keys[i], map->environment.values[i], TRUE);
  if (map->secret)
    out = g_environ_setenv(out, map->secret_variable, map->secret, TRUE);
  return out ? out : g_new0(char *, 1);
}

/* Options and the files that they name are looked at by the host; what the program itself is, only here. */
int
exec_map_fingerprint(weir_stage *stage, char *text, size_t size)
{
  ExecMap *map = stage->state;
  g_autofree char *why = NULL, *path = exec_command_path(map, &why);
  g_autoptr(GError) error = NULL;
  char hex[WEIR_DIGEST_HEX_BYTES];
  if (map->shell) /* it may run anything */
    return weir_fail(stage, "what a shell runs is not known");
  if (!path)
    return weir_fail(stage, "%s", why);
  if (!weir_digest_file(path, hex, &error))
    return weir_fail(stage, "%s", error->message);
  g_snprintf(text, size, "%s", hex);
  return 0;
}
