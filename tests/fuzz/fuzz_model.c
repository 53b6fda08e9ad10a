/* SPDX-License-Identifier: MIT */
/* Fuzz target: models of linear.train. Up to the first NUL the text of model.json, then model.safetensors. */
#include "config.h"

#include "fuzz.h"

#include "base/files.h"
#include "ml/text_model.h"

#include <fcntl.h>
#include <string.h>

/* Anew, since what was mapped before may be still. */
static void
write_file(const char *path, const uint8_t *data, gsize size)
{
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(write(fd, data, size), ==, (ssize_t)size);
  close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *nul = memchr(data, 0, size);
  gsize length = nul ? (gsize)(nul - data) : size;
  const char *folder = fuzz_folder();
  g_autofree char *description = g_build_filename(folder, "model.json", NULL);
  g_autofree char *weights = g_build_filename(folder, "model.safetensors", NULL);
  write_file(description, data, length);
  write_file(weights, nul ? nul + 1 : data, nul ? size - length - 1 : 0);
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) why = NULL;
  g_autoptr(WeirTextModel) model = weir_text_model_load(folder, &error);
  g_assert_true(model || error);
  WeirSafetensors *file = weir_safetensors_open(weights, &why);
  g_assert_true(file || why);
  for (guint i = 0; file && i < weir_safetensors_count(file); i++) {
    const WeirTensor *tensor = weir_safetensors_at(file, i);
    volatile uint8_t last = tensor->size ? ((const uint8_t *)tensor->data)[tensor->size - 1] : 0;
    (void)last;
    g_assert_true(weir_safetensors_get(file, tensor->name) == tensor);
  }
  weir_safetensors_free(file);
  if (model) {
    g_autofree char *metadata = weir_text_model_metadata(model);
    g_assert_nonnull(metadata);
  }
  unlink(description);
  unlink(weights);
  return 0;
}
