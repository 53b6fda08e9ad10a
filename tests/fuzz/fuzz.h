/* SPDX-License-Identifier: MIT */
/* What fuzz targets share: the entry point that libFuzzer calls, and files that are no more than memory. */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Tries one input; whatever it is, no rule of memory may be broken and no assertion fail. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file with this content, for readers that want a path. */
typedef struct {
  int fd;
  char path[40];
} FuzzFile;

static inline FuzzFile
fuzz_file(const void *data, size_t size)
{
  FuzzFile file = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};
  g_assert_cmpint(file.fd, >=, 0);
  g_assert_cmpint(write(file.fd, data, size), ==, (ssize_t)size);
  g_snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
  return file;
}

/* A folder for readers that want one: the same for all inputs, since paths in messages are interned for good. Whoever
 * puts something into it takes it away again. */
static char fuzz_folder_path[64];

static void
fuzz_folder_end(void)
{
  rmdir(fuzz_folder_path);
}

G_GNUC_UNUSED static const char *
fuzz_folder(void)
{
  char *folder = fuzz_folder_path;
  if (!*folder) {
    gboolean memory = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR);
    g_snprintf(folder, sizeof fuzz_folder_path, "%s/weir-fuzz-XXXXXX", memory ? "/dev/shm" : "/tmp");
    g_assert_nonnull(mkdtemp(folder));
    atexit(fuzz_folder_end);
  }
  return folder;
}

static inline void
fuzz_file_end(FuzzFile file)
{
  close(file.fd);
}

#endif
