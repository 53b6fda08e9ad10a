/* SPDX-License-Identifier: MIT */
/* The loader: finds a plugin's file, checks it before any of its code can run, opens it, checks its
 * descriptor. */
#ifndef WEIR_CORE_LOADER_H
#define WEIR_CORE_LOADER_H

#include "core/weir/host.h"

/* Look at a file's ELF headers, its Weir note and its constructors with bounds, without opening it as code.
   FALSE: refused; `error` names the file, what is wrong, both ABIs where it is about that, and what to do.
   `constructors` (may be NULL) gets whether it brings code of its own that runs when it is opened. */
gboolean weir_elf_check(const char *file, gboolean *constructors, GError **error);

/* Contract rule W17: a descriptor as found in memory, and a copy of it brought to this host's struct sizes
   (the copy belongs to the caller for ever: plugins are never unloaded). NULL: refused. */
const weir_plugin *weir_descriptor_adopt(const weir_plugin *raw, const char *file, GError **error);

/* Find plugin `name` in `folders` (weir_plugin_folders()) and open it, once a process. The first file of that
   name counts: when it is refused, no other is taken in its place. NULL: `error` says why, or lists every
   place that was tried, with the nearest name. */
WeirPlugin *weir_plugin_find(const char *name, const char *const *folders, gboolean allow_unsafe,
                             GError **error);

/* SHA-256 of a plugin's file, in hex, taken once a process, since the code is loaded once; empty: it cannot be read. */
const char *weir_plugin_get_digest(WeirPlugin *plugin);

/* Add a plugin that is part of this program: found by its name before any folder is looked into, as if it had been
   opened from `file`. Its descriptor lives as long as the process. FALSE: it breaks W17, or the name is taken. */
gboolean weir_plugin_add_built_in(const weir_plugin *descriptor, const char *file, GError **error);
/* The plugin that was added under this name, or NULL. */
WeirPlugin *weir_plugin_built_in(const char *name);

/* A name as plugins, classes, ports and options have: a-z, 0-9 and '-', beginning with a letter, at most 64.
 */
gboolean weir_name_is_valid(const char *name);

/* The class `name` of a plugin, or NULL. */
const weir_class *weir_plugin_class(const WeirPlugin *plugin, const char *name);

#endif
