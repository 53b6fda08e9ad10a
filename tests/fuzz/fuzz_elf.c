/* SPDX-License-Identifier: MIT */
/* Fuzz target: plugin files as the loader looks at them before any of their code can run. */
#include "config.h"

#include "fuzz.h"

#include "core/elf_file.h"
#include "core/loader.h"

gboolean weir_elf_check(const char *file, gboolean *constructors, GError **error);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzFile file = fuzz_file(data, size);
  g_autoptr(GError) error = NULL;
  gboolean constructors = FALSE;
  g_assert_true(weir_elf_check(file.path, &constructors, &error) || error);
  fuzz_file_end(file);
  return 0;
}
