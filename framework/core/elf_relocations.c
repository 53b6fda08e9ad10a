/* SPDX-License-Identifier: MIT */
/* Checks what the dynamic linker would write into a file's memory when it opens it. */
#include "core/elf_file.h"
#include <string.h>

#define WRITES_LIMIT (1u << 24)
#define WORD         sizeof(ElfW(Addr))

#if __SIZEOF_POINTER__ == 8
#define RELOC_SYMBOL(info) ELF64_R_SYM(info)
#define RELOC_TYPE(info)   ELF64_R_TYPE(info)
#else
#define RELOC_SYMBOL(info) ELF32_R_SYM(info)
#define RELOC_TYPE(info)   ELF32_R_TYPE(info)
#endif

/* The types of relocation that call a function of the file, add the file's address, and fill a word of its data,
 * which may be unaligned; 0: not known for this machine. Numbers: the processor supplements of the System V ABI. */
#if defined(__x86_64__)
#define CALLS_RESOLVER R_X86_64_IRELATIVE
#define RELATIVE       R_X86_64_RELATIVE
#define ABSOLUTE       R_X86_64_64
static const guint usual_types[] = {R_X86_64_64,       R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT,
                                    R_X86_64_RELATIVE, R_X86_64_DTPMOD64, R_X86_64_DTPOFF64,
                                    R_X86_64_TPOFF64,  R_X86_64_TLSDESC,  R_X86_64_IRELATIVE};
#elif defined(__aarch64__)
#define CALLS_RESOLVER R_AARCH64_IRELATIVE
#define RELATIVE       R_AARCH64_RELATIVE
#define ABSOLUTE       R_AARCH64_ABS64
static const guint usual_types[] = {R_AARCH64_ABS64,     R_AARCH64_GLOB_DAT,   R_AARCH64_JUMP_SLOT,
                                    R_AARCH64_RELATIVE,  R_AARCH64_TLS_DTPMOD, R_AARCH64_TLS_DTPREL,
                                    R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC,    R_AARCH64_IRELATIVE};
#else
#define CALLS_RESOLVER 0
#define RELATIVE       0
#define ABSOLUTE       0
static const guint usual_types[] = {0};
#endif

static gboolean
type_is_usual(guint type)
{
  for (guint i = 0; i < G_N_ELEMENTS(usual_types); i++)
    if (!RELATIVE || usual_types[i] == type)
      return TRUE;
  return FALSE;
}

/* ---- Collecting the addresses that are written ----------------------------------------------------------
 */

static gboolean
add_write(GArray *writes, const WeirElf *elf, guint64 address)
{
  if (writes->len >= WRITES_LIMIT || !weir_elf_maps(elf, address, WORD, PF_W, NULL))
    return FALSE;
  g_array_append_val(writes, address);
  return TRUE;
}

/* A table of Rel or Rela, which begin alike. The first `n_relative` are of one type, which the dynamic linker
 * relies on. */
static gboolean
add_table(GArray *writes, WeirElfTables *t, const WeirElf *elf, gint64 tag, gint64 size_tag, gsize entry,
          guint64 n_relative)
{
  guint64 address, size;
  g_autofree char *bytes = NULL;
  if (!weir_elf_dynamic(elf, tag, &address) || !weir_elf_dynamic(elf, size_tag, &size))
    return TRUE;
  bytes = size % entry == 0 && n_relative <= size / entry ? weir_elf_read_at(elf, address, size) : NULL;
  if (!bytes)
    return FALSE;
  for (guint64 at = 0; at < size; at += entry) {
    ElfW(Rel) reloc;
    guint type;
    memcpy(&reloc, bytes + at, sizeof reloc);
    type = RELOC_TYPE(reloc.r_info);
    if (RELATIVE && at / entry < n_relative && type != RELATIVE)
      return FALSE;
    if (type == 0) /* does nothing */
      continue;
    if (!type_is_usual(type) || (RELATIVE && type != RELATIVE && type != ABSOLUTE && reloc.r_offset % WORD) ||
        RELOC_SYMBOL(reloc.r_info) >= t->n_symbols || !add_write(writes, elf, reloc.r_offset))
      return FALSE;
    if (CALLS_RESOLVER && type == CALLS_RESOLVER)
      t->runs_resolvers = TRUE;
  }
  return TRUE;
}

/* Packed relative relocations: an even word is an address, an odd one has a bit for each of the words that
 * follow. https://groups.google.com/g/generic-abi/c/bX460iggiKg */
static gboolean
add_packed(GArray *writes, const WeirElf *elf)
{
  guint64 address, size, next = 0;
  g_autofree ElfW(Addr) *words = NULL;
  if (!weir_elf_dynamic(elf, WEIR_DT_RELR, &address) || !weir_elf_dynamic(elf, WEIR_DT_RELRSZ, &size))
    return TRUE;
  words = size % WORD == 0 ? weir_elf_read_at(elf, address, size) : NULL;
  for (guint64 i = 0; words && i < size / WORD; i++) {
    if (!(words[i] & 1)) {
      if (!add_write(writes, elf, words[i]))
        return FALSE;
      next = words[i] + WORD;
      continue;
    }
    for (guint bit = 1; bit < 8 * WORD; bit++)
      if ((words[i] >> bit) & 1 && !add_write(writes, elf, next + (bit - 1) * WORD))
        return FALSE;
    next += (8 * WORD - 1) * WORD;
  }
  return words != NULL;
}

guint64
weir_elf_slot(const WeirElf *elf, guint64 slot)
{
  guint64 address, size, offset, value = 0;
  g_autofree char *bytes = NULL;
  if (weir_elf_dynamic(elf, DT_RELA, &address) && weir_elf_dynamic(elf, DT_RELASZ, &size))
    bytes = weir_elf_read_at(elf, address, size);
  for (guint64 at = 0; bytes && at + sizeof(ElfW(Rela)) <= size; at += sizeof(ElfW(Rela))) {
    ElfW(Rela) reloc;
    memcpy(&reloc, bytes + at, sizeof reloc);
    if (reloc.r_offset == slot && RELATIVE && RELOC_TYPE(reloc.r_info) == RELATIVE)
      return (guint64)reloc.r_addend;
  }
  if (weir_elf_maps(elf, slot, WORD, PF_R, &offset)) { /* the other kinds keep it in place */
    g_autofree ElfW(Addr) *word = weir_elf_read(elf, offset, WORD);
    value = word ? *word : 0;
  }
  return value;
}

/* ---- Looking at them together ---------------------------------------------------------------------------
 */

static int
compare_addresses(gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *)a, y = *(const guint64 *)b;
  return (x > y) - (x < y);
}

static gboolean
writes_into(const GArray *writes, guint64 begin, guint64 end)
{
  for (guint i = 0; i < writes->len; i++) {
    guint64 at = g_array_index(writes, guint64, i);
    if (at + WORD > begin && at < end)
      return TRUE;
  }
  return FALSE;
}

/* Functions that are called on opening and closing: the address of each comes from a relocation. */
static gboolean
list_is_filled(const GArray *writes, const WeirElf *elf, gint64 tag, gint64 size_tag)
{
  guint64 address, size;
  guint filled = 0;
  if (!weir_elf_dynamic(elf, tag, &address) || !weir_elf_dynamic(elf, size_tag, &size))
    return TRUE;
  for (guint i = 0; i < writes->len; i++)
    filled += g_array_index(writes, guint64, i) == address + filled * WORD && filled < size / WORD;
  return filled == size / WORD;
}

static gboolean
check_writes(GArray *writes, const WeirElf *elf)
{
  g_array_sort(writes, compare_addresses);
  for (guint i = 1; i < writes->len; i++)
    if (g_array_index(writes, guint64, i) - g_array_index(writes, guint64, i - 1) < WORD)
      return FALSE;
  for (guint i = 0; i < elf->n_segments; i++) {
    const ElfW(Phdr) *s = &elf->segments[i];
    if (s->p_type == PT_DYNAMIC && writes_into(writes, s->p_vaddr, s->p_vaddr + s->p_memsz))
      return FALSE;
  }
  return list_is_filled(writes, elf, DT_INIT_ARRAY, DT_INIT_ARRAYSZ) &&
         list_is_filled(writes, elf, DT_FINI_ARRAY, DT_FINI_ARRAYSZ);
}

/* Every section of relocations is one that the dynamic entries name. */
static gboolean
sections_are_named(const WeirElf *elf)
{
  static const gint64 tags[][2] = {
      {DT_RELA, DT_RELASZ}, {DT_REL, DT_RELSZ}, {DT_JMPREL, DT_PLTRELSZ}, {WEIR_DT_RELR, WEIR_DT_RELRSZ}};
  for (guint i = 0; i < elf->n_sections; i++) {
    const ElfW(Shdr) *s = &elf->sections[i];
    gboolean named = FALSE;
    if (!(s->sh_flags & SHF_ALLOC) ||
        (s->sh_type != SHT_RELA && s->sh_type != SHT_REL && s->sh_type != WEIR_SHT_RELR))
      continue;
    for (guint k = 0; k < G_N_ELEMENTS(tags) && !named; k++) {
      guint64 begin, size;
      named = weir_elf_dynamic(elf, tags[k][0], &begin) && weir_elf_dynamic(elf, tags[k][1], &size) &&
              s->sh_addr >= begin && s->sh_addr + s->sh_size <= begin + size;
    }
    if (!named && s->sh_size > 0)
      return FALSE;
  }
  return TRUE;
}

gboolean
weir_elf_relocations_check(WeirElfTables *tables, const WeirElf *elf, GError **error)
{
  g_autoptr(GArray) writes = g_array_new(FALSE, FALSE, sizeof(guint64));
  guint64 value, kind = DT_RELA, n_rela = 0, n_rel = 0;
  if (weir_elf_dynamic(elf, DT_TEXTREL, &value) ||
      (weir_elf_dynamic(elf, DT_FLAGS, &value) && value & DF_TEXTREL))
    return weir_elf_refuse(elf, error,
                           "wants its code to be changed when it is opened; compile it with -fPIC");
  weir_elf_dynamic(elf, DT_RELACOUNT, &n_rela);
  weir_elf_dynamic(elf, DT_RELCOUNT, &n_rel);
  if ((weir_elf_dynamic(elf, DT_PLTREL, &kind) && kind != DT_RELA && kind != DT_REL) ||
      (weir_elf_dynamic(elf, DT_PLTGOT, &value) && !weir_elf_maps(elf, value, WORD, PF_R, NULL)) ||
      (weir_elf_dynamic(elf, DT_RELAENT, &value) && value != sizeof(ElfW(Rela))) ||
      (weir_elf_dynamic(elf, DT_RELENT, &value) && value != sizeof(ElfW(Rel))))
    return weir_elf_damaged(elf, error, "its relocations are of no known kind");
  if (!add_table(writes, tables, elf, DT_RELA, DT_RELASZ, sizeof(ElfW(Rela)), n_rela) ||
      !add_table(writes, tables, elf, DT_REL, DT_RELSZ, sizeof(ElfW(Rel)), n_rel) ||
      !add_table(writes, tables, elf, DT_JMPREL, DT_PLTRELSZ,
                 kind == DT_REL ? sizeof(ElfW(Rel)) : sizeof(ElfW(Rela)), 0) ||
      !add_packed(writes, elf) || !check_writes(writes, elf) || !sections_are_named(elf))
    return weir_elf_damaged(elf, error, "its relocations are not sound");
  return TRUE;
}
