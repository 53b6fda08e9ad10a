/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over files, where there is no libFuzzer: so that what was once found is tried in every build. */
#include "config.h"

#include "fuzz.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(argv[i], &text, &size, &error)) {
      fprintf(stderr, "%s\n", error->message);
      return 1;
    }
    g_autofree uint8_t *exact =
        g_memdup2(text, size); /* a block of just its size: what reads beyond is seen */
    LLVMFuzzerTestOneInput(exact, size);
  }
  return 0;
}
