/* SPDX-License-Identifier: MIT */
/* Asks the dynamic linker for the segments of all loaded objects, and looks addresses up in them. */
#include "config.h"

#include "core/mapped.h"
#include <link.h>
#include <string.h>

typedef struct {
  guintptr begin, end;
  guint32 flags;
} Range;

struct WeirMapped {
  GArray *ranges;
  gboolean anything;
};

static int
add_object(struct dl_phdr_info *info, size_t size, void *data)
{
  GArray *ranges = data;
  (void)size;
  for (guint i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *s = &info->dlpi_phdr[i];
    Range r = {info->dlpi_addr + s->p_vaddr, info->dlpi_addr + s->p_vaddr + s->p_memsz, s->p_flags};
    if (s->p_type == PT_LOAD)
      g_array_append_val(ranges, r);
  }
  return 0;
}

/* The range of an address, which then stands first: neighbours are asked for one after another. */
static const Range *
find(WeirMapped *mapped, guintptr at, guint32 flags)
{
  for (guint i = 0; i < mapped->ranges->len; i++) {
    Range *r = &g_array_index(mapped->ranges, Range, i), found = *r,
          *first = &g_array_index(mapped->ranges, Range, 0);
    if (at < r->begin || at >= r->end || (r->flags & flags) != flags)
      continue;
    *r = *first;
    *first = found;
    return first;
  }
  return NULL;
}

WeirMapped *
weir_mapped_new(gconstpointer anchor)
{
  WeirMapped *mapped = g_new0(WeirMapped, 1);
  mapped->ranges = g_array_new(FALSE, FALSE, sizeof(Range));
  dl_iterate_phdr(add_object, mapped->ranges);
  mapped->anything = find(mapped, (guintptr)anchor, PF_R) == NULL;
  return mapped;
}

void
weir_mapped_free(WeirMapped *mapped)
{
  g_array_unref(mapped->ranges);
  g_free(mapped);
}

gboolean
weir_mapped_data(WeirMapped *mapped, gconstpointer at, gsize size)
{
  const Range *r;
  if (!at || mapped->anything)
    return at != NULL;
  r = find(mapped, (guintptr)at, PF_R);
  return r && size <= r->end - (guintptr)at;
}

gboolean
weir_mapped_string(WeirMapped *mapped, const char *at, gsize limit)
{
  const Range *r;
  if (!at || mapped->anything)
    return at && strnlen(at, limit) < limit;
  r = find(mapped, (guintptr)at, PF_R);
  return r && memchr(at, '\0', MIN(limit, r->end - (guintptr)at)) != NULL;
}

gboolean
weir_mapped_code(WeirMapped *mapped, gpointer at)
{
  return at && (mapped->anything || find(mapped, (guintptr)at, PF_X));
}
