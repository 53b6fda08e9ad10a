/* SPDX-License-Identifier: MIT */
/* Decides from a file's bytes whether it is a plugin that this host can open: Weir's note, the ABI, the
 * descriptor's symbol, constructors. */
#include "config.h"

#include "core/elf_file.h"
#include "core/loader.h"
#include <dlfcn.h>
#include <string.h>

#define SYMBOL "weir_plugin_v1"

G_STATIC_ASSERT(sizeof(weir_note) == 36);

/* ---- The note -------------------------------------------------------------------------------------------
 */

/* Look through one segment of notes (each: sizes, type, name, description, padded to 4 bytes). */
static gboolean
find_note(const WeirElf *elf, const ElfW(Phdr) * segment, weir_note *note)
{
  guint64 at = 0, size = MIN(segment->p_filesz, 1u << 20);
  g_autofree char *bytes = weir_elf_read(elf, segment->p_offset, size);
  while (bytes && size - at >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    guint64 step, align = segment->p_align == 8 ? 7 : 3;
    memcpy(&head, bytes + at, sizeof head);
    step = sizeof head + (((guint64)head.n_namesz + 3) & ~G_GUINT64_CONSTANT(3)) + head.n_descsz;
    if (step > size - at)
      return FALSE;
    if (head.n_namesz == sizeof "Weir" && head.n_type == WEIR_NOTE_TYPE && step >= sizeof *note &&
        memcmp(bytes + at + sizeof head, "Weir", sizeof "Weir") == 0) {
      memcpy(note, bytes + at, sizeof *note);
      return TRUE;
    }
    at += MIN((step + align) & ~align, size - at);
  }
  return FALSE;
}

static gboolean
check_note(const WeirElf *elf, GError **error)
{
  weir_note note;
  gboolean found = FALSE;
  for (guint i = 0; i < elf->n_segments && !found; i++)
    found = elf->segments[i].p_type == PT_NOTE && find_note(elf, &elf->segments[i], &note);
  if (!found)
    return weir_elf_refuse(
        elf, error, "is a shared object, but no plugin of Weir; write WEIR_PLUGIN(…) in it (weir/plugin.h)");
  if (note.magic_low != (guint32)(WEIR_MAGIC & 0xffffffffu) || note.magic_high != (guint32)(WEIR_MAGIC >> 32))
    return weir_elf_damaged(elf, error, "its note of Weir has the magic number 0x%08x%08x", note.magic_high,
                            note.magic_low);
  if (note.abi_major != WEIR_ABI_MAJOR)
    return weir_elf_refuse(elf, error,
                           "is built for plugin ABI %u.%u, this host has %d.%d; build it again with what "
                           "`pkg-config weir-%d` of this host gives",
                           note.abi_major, note.abi_minor, WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_ABI_MAJOR);
  if (note.abi_minor > WEIR_ABI_MINOR)
    return weir_elf_refuse(
        elf, error,
        "is built for plugin ABI %u.%u, this host has %d.%d; install a Weir with ABI %u.%u or "
        "later, or build it again with -DWEIR_WANT_MINOR=%d",
        note.abi_major, note.abi_minor, WEIR_ABI_MAJOR, WEIR_ABI_MINOR, note.abi_major, note.abi_minor,
        WEIR_ABI_MINOR);
  return TRUE;
}

/* ---- The descriptor -------------------------------------------------------------------------------------
 */

static const ElfW(Sym) * find_symbol(const WeirElfTables *tables)
{
  for (guint64 i = 0; i < tables->n_symbols; i++) {
    const ElfW(Sym) *s = &tables->symbols[i];
    if (s->st_shndx != SHN_UNDEF && strcmp(tables->strings + s->st_name, SYMBOL) == 0)
      return s;
  }
  return NULL;
}

/* The descriptor's numbers need no relocation, so that they can be read from the file. */
static gboolean
check_descriptor(const WeirElf *elf, const WeirElfTables *tables, GError **error)
{
  const ElfW(Sym) *symbol = find_symbol(tables);
  g_autofree weir_plugin *plugin = NULL;
  gsize least = offsetof(weir_plugin, classes) + sizeof(void *); /* as of 1.0 */
  if (!symbol)
    return weir_elf_refuse(elf, error,
                           "exports no " SYMBOL "; write WEIR_PLUGIN(…) in it, and link with what "
                           "keeps that symbol (it is exported by the macro itself)");
  if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT)
    return weir_elf_refuse(elf, error, "exports " SYMBOL " as %s, not as data; write WEIR_PLUGIN(…) in it",
                           ELF64_ST_TYPE(symbol->st_info) == STT_FUNC ? "a function" : "something else");
  if (symbol->st_size < least)
    return weir_elf_refuse(elf, error,
                           "exports " SYMBOL " with %" G_GUINT64_FORMAT " bytes, fewer than the %zu of "
                           "plugin ABI 1.0; write WEIR_PLUGIN(…) in it",
                           (guint64)symbol->st_size, least);
  plugin = weir_elf_read_at(elf, symbol->st_value, least);
  if (!plugin || symbol->st_value % G_ALIGNOF(weir_plugin))
    return weir_elf_damaged(elf, error, SYMBOL " lies outside its data");
  if (plugin->magic != WEIR_MAGIC)
    return weir_elf_damaged(elf, error, "its descriptor has the magic number 0x%016" G_GINT64_MODIFIER "x",
                            plugin->magic);
  if (plugin->size < least || plugin->size > symbol->st_size)
    return weir_elf_damaged(elf, error,
                            "its descriptor says that it has %u bytes, its symbol has %" G_GUINT64_FORMAT,
                            plugin->size, (guint64)symbol->st_size);
  return TRUE;
}

/* ---- Code that runs on opening (contract rule W19) ------------------------------------------------------
 */

/* The sanitizer that a file was compiled with, by what it imports, or NULL. */
static const char *
sanitizer(const WeirElfTables *tables)
{
  static const char *const entry_points[] = {"__asan_init", "__tsan_init", "__msan_init"};
  for (guint64 i = 0; i < tables->n_symbols; i++)
    for (guint k = 0; k < G_N_ELEMENTS(entry_points); k++)
      if (strcmp(tables->strings + tables->symbols[i].st_name, entry_points[k]) == 0)
        return entry_points[k];
  return NULL;
}

/* A sanitizer's library ends the process when it is loaded into a program that was built without it. */
static gboolean
check_sanitizer(const WeirElf *elf, const WeirElfTables *tables, GError **error)
{
  const char *entry_point = sanitizer(tables);
  if (!entry_point || dlsym(RTLD_DEFAULT, entry_point))
    return TRUE;
  return weir_elf_refuse(
      elf, error, "is compiled with a sanitizer (it needs %s), this program is not; build both the same way",
      entry_point);
}

/* __cpu_indicator_init of libgcc, which comes with __builtin_cpu_supports(): all it does is ask the processor
 * what it is, which is what it begins with. */
static gboolean
asks_processor(const WeirElf *elf, guint64 function)
{
#if defined(__x86_64__) || defined(__i386__)
  static const guint8 cpuid[] = {0x0f, 0xa2};
  g_autofree char *code = weir_elf_read_at(elf, function, 64);
  return code && memmem(code, 64, cpuid, sizeof cpuid) != NULL;
#else
  (void)elf;
  (void)function;
  return FALSE;
#endif
}

/* What the compiler itself brings into a shared object is not the plugin's: `.init` (23 bytes on x86-64), and
 * one entry each in `.init_array` and `.fini_array` (frame_dummy and __do_global_dtors_aux of crtbeginS.o).
 * __builtin_cpu_supports() adds one. A sanitizer adds one for each source file; among these the plugin's own cannot
 * be told, so that all of such a plugin are tried. */
static gboolean
has_constructors(const WeirElf *elf, const WeirElfTables *tables)
{
  guint64 value, begin = 0, end = 0, usual = sizeof(ElfW(Addr));
  if (tables->runs_resolvers || sanitizer(tables))
    return TRUE;
  weir_elf_dynamic(elf, DT_INIT_ARRAYSZ, &begin);
  weir_elf_dynamic(elf, DT_FINI_ARRAYSZ, &end);
  if (weir_elf_dynamic(elf, DT_INIT_ARRAY, &value))
    for (guint64 at = value; at < value + begin && at < value + 8 * sizeof(ElfW(Addr));
         at += sizeof(ElfW(Addr)))
      usual += asks_processor(elf, weir_elf_slot(elf, at)) ? sizeof(ElfW(Addr)) : 0;
  if (begin > usual || (begin && !end))
    return TRUE;
  if (!weir_elf_dynamic(elf, DT_INIT, &value))
    return FALSE;
  for (guint i = 0; i < elf->n_sections; i++)
    if (elf->sections[i].sh_addr == value &&
        strcmp(weir_elf_section_name(elf, &elf->sections[i]), ".init") == 0)
      return elf->sections[i].sh_size > 64;
  return TRUE;
}

gboolean
weir_elf_check(const char *file, gboolean *constructors, GError **error)
{
  g_auto(WeirElf) elf = {.fd = -1};
  g_auto(WeirElfTables) tables = {0};
  if (!weir_elf_open(&elf, file, error) || !check_note(&elf, error) ||
      !weir_elf_tables_read(&tables, &elf, error) || !check_descriptor(&elf, &tables, error) ||
      !check_sanitizer(&elf, &tables, error))
    return FALSE;
  if (constructors)
    *constructors = has_constructors(&elf, &tables);
  return TRUE;
}
