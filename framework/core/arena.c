/* SPDX-License-Identifier: MIT */
/* The arena: small pieces are cut from chunks, large ones are chunks of their own. */
#include "core/arena.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 16384
#define LARGE_BYTES 4096 /* from here on a chunk of its own */
#define ALIGN_SMALL 16
#define ALIGN_LARGE 64

typedef struct Chunk {
  struct Chunk *next;
} Chunk;

struct WeirArena {
  GMutex lock;
  Chunk *chunks;
  char *at; /* free part of the chunk that small pieces come from */
  char *end;
  gsize bytes;
};

WeirArena *
weir_arena_new(void)
{
  WeirArena *arena = g_new0(WeirArena, 1);
  g_mutex_init(&arena->lock);
  return arena;
}

void
weir_arena_free(WeirArena *arena)
{
  if (!arena)
    return;
  for (Chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  g_mutex_clear(&arena->lock);
  g_free(arena);
}

static char *
align(char *address, gsize to)
{
  return address + (-(guintptr)address & (to - 1));
}

/* A chunk with `bytes` behind its head and what alignment may cost. calloc: large ones come as zero pages
 * that take memory only when they are written to. */
static char *
add_chunk(WeirArena *arena, gsize bytes)
{
  gsize size = sizeof(Chunk) + ALIGN_LARGE + bytes;
  Chunk *chunk = bytes > G_MAXSSIZE - CHUNK_BYTES ? NULL : calloc(1, size);
  if (!chunk)
    return NULL;
  chunk->next = arena->chunks;
  arena->chunks = chunk;
  arena->bytes += size;
  return align((char *)(chunk + 1), ALIGN_LARGE);
}

static char *
take_small(WeirArena *arena, gsize bytes, gsize alignment)
{
  char *piece = arena->at ? align(arena->at, alignment) : NULL;
  if (!piece || piece > arena->end || (gsize)(arena->end - piece) < bytes) {
    piece = add_chunk(arena, CHUNK_BYTES);
    if (!piece)
      return NULL;
    arena->end = piece + CHUNK_BYTES;
  }
  arena->at = piece + bytes;
  return piece;
}

gpointer
weir_arena_alloc(WeirArena *arena, gsize bytes)
{
  char *piece;
  bytes = MAX(bytes, 1);
  g_mutex_lock(&arena->lock);
  if (bytes >= LARGE_BYTES)
    piece = add_chunk(arena, bytes);
  else
    piece = take_small(arena, bytes, bytes >= ALIGN_LARGE ? ALIGN_LARGE : ALIGN_SMALL);
  g_mutex_unlock(&arena->lock);
  return piece;
}

char *
weir_arena_strdup(WeirArena *arena, const char *text)
{
  gsize size = strlen(text) + 1;
  char *copy = weir_arena_alloc(arena, size);
  return copy ? memcpy(copy, text, size) : NULL;
}

gsize
weir_arena_bytes(WeirArena *arena)
{
  g_mutex_lock(&arena->lock);
  gsize bytes = arena->bytes;
  g_mutex_unlock(&arena->lock);
  return bytes;
}
