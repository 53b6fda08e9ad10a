/* SPDX-License-Identifier: MIT */
/* The end of memory: see fatal.h. */
#include "cli/fatal.h"

#include "cli/terminal.h"
#include <weir/host.h>

#include <string.h>
#include <unistd.h>

static void
tell(const char *text)
{
  if (write(STDERR_FILENO, text, strlen(text)) < 0)
    return; /* there is nobody left to tell */
}

static void
on_log(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  /* GLib's words: "gmem.c:130: failed to allocate 64 bytes", "overflow allocating 8*4 bytes". */
  gboolean is_memory = (level & G_LOG_LEVEL_ERROR) && message && strstr(message, " allocat");
  if (!is_memory) {
    g_log_default_handler(domain, level, message, data);
    return;
  }
  cli_terminal_restore();
  tell("error: no memory: ");
  tell(message);
  tell("\n  hint: give the program more memory, or the pipeline less at once (--memory, --jobs)\n");
  _exit(WEIR_EXIT_FAILED);
}

void
cli_fatal_install(void)
{
  g_log_set_default_handler(on_log, NULL);
}
