/* SPDX-License-Identifier: MIT */
/* Opens plugins as the host does, and prints what came of it; for the tests of the loader. */
#include "core/loader.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
show(const WeirPlugin *plugin, const GError *error)
{
  const weir_plugin *d = plugin ? weir_plugin_get_descriptor(plugin) : NULL;
  if (!d) {
    printf("refused: %s\n", error->message);
    return 1;
  }
  printf("opened %s %s, ABI %u.%u, pid %d, from %s\n", d->name, d->version, d->abi_major, d->abi_minor,
         (int)getpid(), weir_plugin_get_file(plugin));
  for (guint i = 0; i < d->n_classes; i++)
    printf("  %s.%s: %s\n", d->name, d->classes[i].name, d->classes[i].summary);
  return 0;
}

/* try-open [--unsafe] FILE...   or   try-open [--unsafe] --find NAME [PATH] */
int
main(int argc, char **argv)
{
  gboolean unsafe = FALSE;
  int failed = 0, i = 1;
  if (i < argc && strcmp(argv[i], "--unsafe") == 0) {
    unsafe = TRUE;
    i++;
  }
  if (i + 1 < argc && strcmp(argv[i], "--find") == 0) {
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) folders = weir_plugin_folders(argc > i + 2 ? argv[i + 2] : NULL);
    const WeirPlugin *plugin = weir_plugin_find(argv[i + 1], (const char *const *)folders, unsafe, &error);
    return show(plugin, error);
  }
  for (; i < argc; i++) {
    g_autoptr(GError) error = NULL;
    const WeirPlugin *plugin = weir_plugin_open(argv[i], unsafe, &error);
    failed |= show(plugin, error);
  }
  return failed;
}
