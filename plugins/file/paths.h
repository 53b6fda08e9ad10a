/* SPDX-License-Identifier: MIT */
/** paths.h: the files that a list of paths and patterns means. */
#ifndef WEIR_FILE_PATHS_H
#define WEIR_FILE_PATHS_H

#include <glib.h>

/**
 * Paths as they are, and in the place of each pattern (* ? [ ]) the files that it matches, in byte order. A
 * file whose name has such characters is taken as it is. NULL: `*why` says what is wrong; g_free(). The result
 * ends with NULL; g_strfreev().
 */
char **paths_expand(const char *const *paths, guint n, char **why);

/** A path as it is shown: relative to the working directory where it lies below it. g_free(). */
char *paths_shown(const char *path);

#endif
