/* SPDX-License-Identifier: MIT */
/* Redirects a shared object's calls of malloc() and the like through its relocation tables: see interpose.h. */
#include "config.h"

#include "harness/interpose.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* GLib's own memory comes from libglib's malloc(), which is not redirected: its tables can be used here. */
static GMutex lock;
static GHashTable *blocks; /* address to size */
static guint64 n_calls, fail_at, live_bytes;

static gboolean
refuse(void)
{
  g_mutex_lock(&lock);
  gboolean now = ++n_calls == fail_at;
  g_mutex_unlock(&lock);
  if (now)
    errno = ENOMEM;
  return now;
}

static void *
note(void *block, gsize bytes)
{
  if (!block)
    return NULL;
  g_mutex_lock(&lock);
  g_hash_table_insert(blocks, block, GSIZE_TO_POINTER(bytes));
  live_bytes += bytes;
  g_mutex_unlock(&lock);
  return block;
}

static void
forget(void *block)
{
  gpointer bytes;
  g_mutex_lock(&lock);
  if (block && g_hash_table_steal_extended(blocks, block, NULL, &bytes))
    live_bytes -= GPOINTER_TO_SIZE(bytes);
  g_mutex_unlock(&lock);
}

static void *
our_malloc(size_t bytes)
{
  return refuse() ? NULL : note(malloc(bytes), bytes);
}

static void *
our_calloc(size_t n, size_t bytes)
{
  return refuse() ? NULL : note(calloc(n, bytes), n * bytes);
}

static void *
our_realloc(void *block, size_t bytes)
{
  if (refuse())
    return NULL;
  forget(block);
  return note(realloc(block, bytes), bytes);
}

static void *
our_reallocarray(void *block, size_t n, size_t bytes)
{
  if (refuse())
    return NULL;
  forget(block);
  return note(reallocarray(block, n, bytes), n * bytes);
}

static void *
our_aligned_alloc(size_t alignment, size_t bytes)
{
  return refuse() ? NULL : note(aligned_alloc(alignment, bytes), bytes);
}

static int
our_posix_memalign(void **block, size_t alignment, size_t bytes)
{
  if (refuse())
    return ENOMEM;
  int result = posix_memalign(block, alignment, bytes);
  if (result == 0)
    note(*block, bytes);
  return result;
}

static char *
our_strdup(const char *text)
{
  return refuse() ? NULL : note(strdup(text), strlen(text) + 1);
}

static char *
our_strndup(const char *text, size_t n)
{
  return refuse() ? NULL : note(strndup(text, n), n + 1);
}

static void
our_free(void *block)
{
  forget(block);
  free(block);
}

static const struct {
  const char *name;
  void (*ours)(void);
} replaced[] = {
    {"malloc", (void (*)(void))our_malloc},
    {"calloc", (void (*)(void))our_calloc},
    {"realloc", (void (*)(void))our_realloc},
    {"reallocarray", (void (*)(void))our_reallocarray},
    {"aligned_alloc", (void (*)(void))our_aligned_alloc},
    {"posix_memalign", (void (*)(void))our_posix_memalign},
    {"strdup", (void (*)(void))our_strdup},
    {"strndup", (void (*)(void))our_strndup},
    {"free", (void (*)(void))our_free},
};

/* ---- The object's tables -------------------------------------------------------------------------------- */

static const Elf64_Dyn *
entry(const struct link_map *map, Elf64_Sxword tag)
{
  for (const Elf64_Dyn *d = (const void *)map->l_ld; d->d_tag != DT_NULL; d++)
    if (d->d_tag == tag)
      return d;
  return NULL;
}

/* The tables are in read-only memory by now. */
static gboolean
write_slot(void **slot, void *value)
{
  gsize page = (gsize)sysconf(_SC_PAGESIZE);
  gpointer start = (gpointer)((gsize)slot & ~(page - 1));
  if (mprotect(start, page, PROT_READ | PROT_WRITE) != 0)
    return FALSE;
  *slot = value;
  return TRUE;
}

/* Every slot of one table of relocations that holds the address of one of the functions. */
static guint
redirect(const struct link_map *map, Elf64_Sxword table, Elf64_Sxword table_size)
{
  const Elf64_Dyn *rela = entry(map, table), *size = entry(map, table_size), *symbols = entry(map, DT_SYMTAB),
                  *strings = entry(map, DT_STRTAB);
  guint n = 0;
  if (!rela || !size || !symbols || !strings)
    return 0;
  const Elf64_Rela *r = (const Elf64_Rela *)rela->d_un.d_ptr;
  for (gsize i = 0; i < size->d_un.d_val / sizeof *r; i++) {
    const Elf64_Sym *symbol = (const Elf64_Sym *)symbols->d_un.d_ptr + ELF64_R_SYM(r[i].r_info);
    const char *name = (const char *)strings->d_un.d_ptr + symbol->st_name;
    void **slot = (void **)(map->l_addr + r[i].r_offset);
    for (guint k = 0; ELF64_R_SYM(r[i].r_info) && k < G_N_ELEMENTS(replaced); k++)
      if (strcmp(name, replaced[k].name) == 0 && *slot == dlsym(RTLD_DEFAULT, name))
        n += write_slot(slot, (void *)replaced[k].ours);
  }
  return n;
}

guint
harness_interpose(const char *file)
{
  struct link_map *map = NULL;
  void *handle = dlopen(file, RTLD_NOW | RTLD_NOLOAD);
  if (sizeof(void *) != 8 || !handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
    return 0;
  if (!blocks)
    blocks = g_hash_table_new(NULL, NULL);
  return redirect(map, DT_JMPREL, DT_PLTRELSZ) + redirect(map, DT_RELA, DT_RELASZ);
}

void
harness_interpose_fail(guint64 nth)
{
  g_mutex_lock(&lock);
  fail_at = nth ? n_calls + nth : 0;
  g_mutex_unlock(&lock);
}

guint64
harness_interpose_calls(void)
{
  g_mutex_lock(&lock);
  guint64 n = n_calls;
  g_mutex_unlock(&lock);
  return n;
}

guint64
harness_interpose_live(guint64 *bytes)
{
  g_mutex_lock(&lock);
  guint64 n = blocks ? g_hash_table_size(blocks) : 0;
  *bytes = live_bytes;
  g_mutex_unlock(&lock);
  return n;
}
