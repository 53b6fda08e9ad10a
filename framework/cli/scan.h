/* SPDX-License-Identifier: MIT */
/* Finds plugins on the search path and has each described by a child process of its own. */
#ifndef WEIR_CLI_SCAN_H
#define WEIR_CLI_SCAN_H

#include "base/tree.h"

G_BEGIN_DECLS

typedef struct CliScan {
  char **folders;      /* that were searched */
  GPtrArray *plugins;  /* of WeirNode: descriptions */
  GPtrArray *failures; /* of char *: "FILE: why" */
} CliScan;

/* An empty scan of the folders of `path` (as --plugin-path), WEIR_PLUGIN_PATH and the installed one. */
CliScan *cli_scan_new(const char *path);
void cli_scan_free(CliScan *scan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliScan, cli_scan_free)

/* Describe every plugin. Where two folders have one of the same name, the first is the one that counts. */
void cli_scan_all(CliScan *scan, gboolean allow_unsafe);

/* Describe one file. FALSE: it is among the failures. */
gboolean cli_scan_file(CliScan *scan, const char *file, gboolean allow_unsafe);

/* Describe the plugin `name`, the first that is found. FALSE: there is none, or it is among the failures. */
gboolean cli_scan_plugin(CliScan *scan, const char *name, gboolean allow_unsafe);

/* Put the plugins into the order of their names. */
void cli_scan_sort(CliScan *scan);

/* Members of a description; "" and FALSE where there is none. */
const char *cli_member_string(const WeirNode *map, const char *key);
gboolean cli_member_true(const WeirNode *map, const char *key);

/* Go through a list member: the i-th, NULL at the end. */
const WeirNode *cli_member_at(const WeirNode *map, const char *key, gsize index);

G_END_DECLS

#endif
