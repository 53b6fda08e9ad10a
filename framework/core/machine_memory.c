/* SPDX-License-Identifier: MIT */
/* How much memory the process may use, as the kernel says in /proc and in the files of control groups. */
#include "core/budget.h"

/* The first number of a file. 0: there is none, or it says that there is no limit. */
static guint64
number_in(const char *path)
{
  g_autofree char *text = NULL;
  return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static guint64
machine(const char *root)
{
  g_autofree char *path = g_strconcat(root, "/proc/meminfo", NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents(path, &text, NULL, NULL))
    return 0;
  const char *line = strstr(text, "MemTotal:");
  guint64 kib = line ? g_ascii_strtoull(line + strlen("MemTotal:"), NULL, 10) : 0;
  return kib < G_MAXUINT64 / 1024 ? kib * 1024 : 0;
}

/* The least limit of a group and of those above it. A container may see its own group as the root, at a path that
   /proc tells otherwise: folders that are not there have no limit. */
static guint64
group_limit(const char *mount, const char *group, const char *file)
{
  guint64 least = 0;
  g_autofree char *at = g_strdup(group);
  for (;;) {
    g_autofree char *path = g_build_filename(mount, at, file, NULL);
    guint64 limit = number_in(path);
    if (limit && (!least || limit < least))
      least = limit;
    char *slash = strrchr(at, '/');
    if (!slash)
      return least;
    *slash = '\0';
  }
}

static gboolean
has_memory(const char *controllers)
{
  g_auto(GStrv) names = g_strsplit(controllers, ",", -1);
  return g_strv_contains((const char *const *)names, "memory");
}

guint64
weir_machine_memory(const char *root)
{
  guint64 least = machine(root);
  g_autofree char *path = g_strconcat(root, "/proc/self/cgroup", NULL);
  g_autofree char *text = NULL;
  if (!g_file_get_contents(path, &text, NULL, NULL))
    return least;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_auto(GStrv) parts = g_strsplit(lines[i], ":", 3); /* number:controllers:group */
    if (g_strv_length(parts) != 3)
      continue;
    gboolean unified = !*parts[1];
    if (!unified && !has_memory(parts[1]))
      continue;
    g_autofree char *mount = g_strconcat(root, unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", NULL);
    guint64 limit = group_limit(mount, parts[2], unified ? "memory.max" : "memory.limit_in_bytes");
    if (limit && (!least || limit < least))
      least = limit;
  }
  return least;
}
