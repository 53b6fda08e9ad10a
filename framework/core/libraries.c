/* SPDX-License-Identifier: MIT */
/* Loaded shared objects, as the dynamic linker lists them: their needs from PT_DYNAMIC, their build ids from PT_NOTE. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "core/libraries.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#define BUILD_ID_MOST 64

typedef struct {
  char *path;         /* empty: the program itself */
  const char *soname; /* in the object, or the last part of `path` */
  GPtrArray *needed;  /* of const char *, in the object */
  guintptr low, high; /* where its segments lie */
  char *id;           /* in hex, or NULL */
} Object;

struct WeirLibraries {
  GPtrArray *objects; /* of Object */
};

static void
object_free(gpointer data)
{
  Object *object = data;
  g_free(object->path);
  g_ptr_array_unref(object->needed);
  g_free(object->id);
  g_free(object);
}

static const char *
last_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void
read_dynamic(Object *object, const ElfW(Dyn) * entries, guintptr base)
{
  guintptr strings = 0;
  for (const ElfW(Dyn) *entry = entries; entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_STRTAB)
      strings = entry->d_un.d_ptr < base ? base + entry->d_un.d_ptr : entry->d_un.d_ptr;
  for (const ElfW(Dyn) *entry = entries; strings && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_NEEDED)
      g_ptr_array_add(object->needed, (gpointer)(strings + entry->d_un.d_val));
    else if (entry->d_tag == DT_SONAME)
      object->soname = (const char *)(strings + entry->d_un.d_val);
}

/* AddressSanitizer puts red zones between a plugin's notes, where nothing may look: without a build id a library is known by
   its digest. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_RED_ZONES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_RED_ZONES 1
#endif
#endif
#ifndef HAS_RED_ZONES
#define HAS_RED_ZONES 0
#endif

static void
read_notes(Object *object, const guint8 *notes, gsize size)
{
  gsize at = 0;
  while (!object->id && size - at >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    memcpy(&note, notes + at, sizeof note);
    guint64 name = at + sizeof note, text = name + (((guint64)note.n_namesz + 3) & ~(guint64)3);
    guint64 end = text + (((guint64)note.n_descsz + 3) & ~(guint64)3);
    if (end > size)
      return;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0 &&
        note.n_descsz > 0 && note.n_descsz <= BUILD_ID_MOST) {
      object->id = g_malloc(2 * note.n_descsz + 1);
      weir_hex(notes + text, note.n_descsz, object->id);
    }
    at = end;
  }
}

static int
add_object(struct dl_phdr_info *info, size_t size, void *data)
{
  WeirLibraries *libraries = data;
  Object *object = g_new0(Object, 1);
  (void)size;
  object->path = g_strdup(info->dlpi_name ? info->dlpi_name : "");
  object->soname = last_part(object->path);
  object->needed = g_ptr_array_new();
  object->low = G_MAXSIZE;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    guintptr begin = info->dlpi_addr + header->p_vaddr;
    if (header->p_type == PT_LOAD) {
      object->low = MIN(object->low, begin);
      object->high = MAX(object->high, begin + header->p_memsz);
    } else if (header->p_type == PT_DYNAMIC) {
      read_dynamic(object, (const ElfW(Dyn) *)begin, info->dlpi_addr);
    } else if (header->p_type == PT_NOTE && !HAS_RED_ZONES) {
      read_notes(object, (const guint8 *)begin, header->p_memsz);
    }
  }
  g_ptr_array_add(libraries->objects, object);
  return 0;
}

WeirLibraries *
weir_libraries_new(void)
{
  WeirLibraries *libraries = g_new0(WeirLibraries, 1);
  libraries->objects = g_ptr_array_new_with_free_func(object_free);
  dl_iterate_phdr(add_object, libraries);
  return libraries;
}

void
weir_libraries_free(WeirLibraries *libraries)
{
  if (!libraries)
    return;
  g_ptr_array_unref(libraries->objects);
  g_free(libraries);
}

static Object *
object_at(const WeirLibraries *libraries, gconstpointer address)
{
  for (guint i = 0; i < libraries->objects->len; i++) {
    Object *object = libraries->objects->pdata[i];
    if ((guintptr)address >= object->low && (guintptr)address < object->high)
      return object;
  }
  return NULL;
}

static Object *
object_named(const WeirLibraries *libraries, const char *name)
{
  for (guint i = 0; i < libraries->objects->len; i++) {
    Object *object = libraries->objects->pdata[i];
    if (g_str_equal(object->soname, name) || g_str_equal(last_part(object->path), last_part(name)))
      return object;
  }
  return NULL;
}

/* Its own file where the linker gave no name: that of the program. */
static const char *
identify(Object *object)
{
  char hex[WEIR_DIGEST_HEX_BYTES];
  if (!object->id && weir_digest_file(*object->path ? object->path : "/proc/self/exe", hex, NULL))
    object->id = g_strdup(hex);
  if (!object->id)
    object->id = g_strdup("unknown");
  return object->id;
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
weir_libraries_add(const WeirLibraries *libraries, gconstpointer address, gboolean itself, WeirDigest *digest)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new();
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  Object *first = object_at(libraries, address);
  if (first)
    g_ptr_array_add(found, first);
  for (guint i = 0; i < found->len; i++) {
    Object *object = found->pdata[i];
    if (i > 0 || itself)
      g_ptr_array_add(texts, g_strdup_printf("%s %s", *object->path ? object->soname : "", identify(object)));
    for (guint n = 0; n < object->needed->len; n++) {
      Object *next = object_named(libraries, object->needed->pdata[n]);
      if (next && !g_ptr_array_find(found, next, NULL))
        g_ptr_array_add(found, next);
    }
  }
  g_ptr_array_sort(texts, compare_texts);
  for (guint i = 0; i < texts->len; i++)
    weir_digest_update_field(digest, texts->pdata[i], strlen(texts->pdata[i]));
  weir_digest_update_field(digest, "", 0);
}
