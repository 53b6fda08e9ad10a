/* SPDX-License-Identifier: MIT */
/* An arena: memory that is freed all at once, when the stage that it belongs to is done. */
#ifndef WEIR_CORE_ARENA_H
#define WEIR_CORE_ARENA_H

#include <glib.h>

/* Strings of options, weir_alloc(). Any thread may allocate. */
typedef struct WeirArena WeirArena;
WeirArena *weir_arena_new(void);
void weir_arena_free(WeirArena *arena);
/* Zeroed, aligned to 16 bytes (64 for sizes from 64 bytes on); never two at one address. NULL if there is no
 * memory. */
gpointer weir_arena_alloc(WeirArena *arena, gsize bytes);
char *weir_arena_strdup(WeirArena *arena, const char *text);
/* Bytes taken from the system. */
gsize weir_arena_bytes(WeirArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirArena, weir_arena_free)

#endif
