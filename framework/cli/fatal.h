/* SPDX-License-Identifier: MIT */
/* The end of memory: a sentence and an exit status instead of an abort. */
#ifndef WEIR_CLI_FATAL_H
#define WEIR_CLI_FATAL_H

/* From now on, where GLib cannot get memory, the program says so with write() alone and ends with status 1. GLib's own
 * way out asks for more memory, and may wait for itself forever. */
void cli_fatal_install(void);

#endif
