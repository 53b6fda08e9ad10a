/* SPDX-License-Identifier: MIT */
/* Writes a file anew for a test, without waiting for the disk. */
#ifndef WEIR_ML_TEST_FILES_H
#define WEIR_ML_TEST_FILES_H

#include <glib.h>
#include <glib/gstdio.h>

static inline void
test_replace_file(const char *path, const void *bytes, gssize size)
{
  g_unlink(path); /* otherwise g_file_set_contents_full() keeps the old end or syncs */
  g_assert_true(g_file_set_contents_full(path, bytes, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

#endif
