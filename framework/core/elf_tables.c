/* SPDX-License-Identifier: MIT */
/* Checks the tables of an ELF file that the dynamic linker walks without bounds: dynamic entries, strings,
 * symbols, hash, versions. */
#include "core/elf_file.h"
#include <string.h>

/* Symbols, relocations and version records of any plugin that is meant so. */
#define TABLE_LIMIT (G_GUINT64_CONSTANT(1) << 24)

/* Whether the sections say the same of a table. */
static gboolean
section_agrees(const WeirElf *elf, gint64 tag, guint32 section_type, guint64 size)
{
  guint64 address;
  if (!weir_elf_dynamic(elf, tag, &address))
    return TRUE;
  for (guint i = 0; i < elf->n_sections; i++) {
    const ElfW(Shdr) *s = &elf->sections[i];
    if (s->sh_type == section_type && s->sh_addr == address && (size == 0 || s->sh_size == size))
      return TRUE;
  }
  return FALSE;
}

/* Code that runs when a file is opened or closed begins where its section does. */
static gboolean
check_code(const WeirElf *elf, gint64 tag, const char *section, GError **error)
{
  guint64 address;
  if (!weir_elf_dynamic(elf, tag, &address))
    return TRUE;
  if (!weir_elf_maps(elf, address, 1, PF_X, NULL))
    return weir_elf_damaged(elf, error, "the code of \"%s\" lies outside its segments", section);
  for (guint i = 0; i < elf->n_sections; i++)
    if (elf->sections[i].sh_addr == address &&
        strcmp(weir_elf_section_name(elf, &elf->sections[i]), section) == 0)
      return TRUE;
  return weir_elf_refuse(elf, error,
                         "does not begin its \"%s\" where that section begins; build it without -init "
                         "and -fini, or again if it is damaged",
                         section);
}

static gboolean
check_array(const WeirElf *elf, gint64 tag, gint64 size_tag, guint32 section_type, GError **error)
{
  guint64 address, size;
  if (!weir_elf_dynamic(elf, tag, &address))
    return TRUE;
  if (!weir_elf_dynamic(elf, size_tag, &size) || size % sizeof(ElfW(Addr)) ||
      !weir_elf_maps(elf, address, size, PF_R, NULL) ||
      !(size == 0 || section_agrees(elf, tag, section_type, size)))
    return weir_elf_damaged(elf, error, "its list of functions that run on opening or closing is not sound");
  return TRUE;
}

/* ---- Strings and symbols --------------------------------------------------------------------------------
 */

static gboolean
read_strings(WeirElfTables *t, const WeirElf *elf, GError **error)
{
  guint64 address, size = 0;
  if (weir_elf_dynamic(elf, DT_STRTAB, &address) && weir_elf_dynamic(elf, DT_STRSZ, &size) && size > 0 &&
      section_agrees(elf, DT_STRTAB, SHT_STRTAB, size))
    t->strings = weir_elf_read_at(elf, address, size);
  if (!t->strings || t->strings[size - 1] != '\0')
    return weir_elf_damaged(elf, error, "its table of strings is not sound");
  t->strings_size = size;
  for (guint i = 0; i < elf->n_dynamic; i++) {
    gint64 tag = (gint64)elf->dynamic[i].d_tag;
    if ((tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH ||
         tag == DT_AUXILIARY || tag == DT_FILTER) &&
        elf->dynamic[i].d_un.d_val >= size)
      return weir_elf_damaged(elf, error, "a name lies outside its table of strings");
  }
  return TRUE;
}

/* How many symbols the GNU hash table knows, after walking all of it. Layout:
 * https://sourceware.org/gnu-gabi/program-loading-and-dynamic-linking.txt */
static gboolean
count_gnu_hash(const WeirElf *elf, guint64 address, guint64 *count)
{
  g_autofree guint32 *head = weir_elf_read_at(elf, address, 4 * sizeof(guint32)), *buckets = NULL;
  guint64 n_buckets, first, n_words, at, last = 0;
  if (!head)
    return FALSE;
  n_buckets = head[0];
  first = head[1];
  n_words = head[2];
  if (n_words == 0 || (n_words & (n_words - 1)) != 0 || n_words > TABLE_LIMIT || n_buckets > TABLE_LIMIT)
    return FALSE;
  at = address + 4 * sizeof(guint32) + n_words * sizeof(ElfW(Addr));
  if (!weir_elf_maps(elf, address, at - address, PF_R, &(guint64){0}))
    return FALSE;
  buckets = weir_elf_read_at(elf, at, n_buckets * sizeof(guint32));
  if (!buckets)
    return FALSE;
  at += n_buckets * sizeof(guint32);
  for (guint64 i = 0; i < n_buckets; i++) {
    if (buckets[i] != 0 && buckets[i] < first)
      return FALSE;
    last = MAX(last, buckets[i]);
  }
  if (last == 0) { /* nothing is exported, and the table does not say how much is imported */
    *count = MAX(first, 1);
    for (guint i = 0; i < elf->n_sections; i++)
      if (elf->sections[i].sh_type == SHT_DYNSYM)
        *count = MAX(*count, elf->sections[i].sh_size / sizeof(ElfW(Sym)));
    return TRUE;
  }
  for (;; last++) { /* the chain of the last bucket ends the table */
    g_autofree guint32 *link = weir_elf_read_at(elf, at + (last - first) * sizeof(guint32), sizeof(guint32));
    if (!link || last > TABLE_LIMIT)
      return FALSE;
    if (*link & 1)
      break;
  }
  *count = last + 1;
  return TRUE;
}

/* The System V hash table: its chains may not run in circles. */
static gboolean
count_sysv_hash(const WeirElf *elf, guint64 address, guint64 *count)
{
  g_autofree guint32 *head = weir_elf_read_at(elf, address, 2 * sizeof(guint32)), *table = NULL;
  guint64 n_buckets, n_chains, steps = 0;
  if (!head || head[0] > TABLE_LIMIT || head[1] > TABLE_LIMIT)
    return FALSE;
  n_buckets = head[0];
  n_chains = head[1];
  table = weir_elf_read_at(elf, address + 2 * sizeof(guint32), (n_buckets + n_chains) * sizeof(guint32));
  if (!table)
    return FALSE;
  for (guint64 b = 0; b < n_buckets; b++) {
    for (guint64 i = table[b]; i != 0; i = table[n_buckets + i])
      if (i >= n_chains || ++steps > n_chains)
        return FALSE;
  }
  *count = n_chains;
  return TRUE;
}

static gboolean
read_symbols(WeirElfTables *t, const WeirElf *elf, GError **error)
{
  guint64 address, entry, gnu = 0, sysv = 0, hash;
  gboolean sound = section_agrees(elf, DT_SYMTAB, SHT_DYNSYM, 0) &&
                   section_agrees(elf, DT_GNU_HASH, SHT_GNU_HASH, 0) &&
                   section_agrees(elf, DT_HASH, SHT_HASH, 0);
  if (sound && weir_elf_dynamic(elf, DT_GNU_HASH, &hash))
    sound = count_gnu_hash(elf, hash, &gnu);
  if (sound && weir_elf_dynamic(elf, DT_HASH, &hash))
    sound = count_sysv_hash(elf, hash, &sysv);
  t->n_symbols = MAX(gnu, sysv);
  if (!sound || t->n_symbols == 0 || (gnu && sysv && gnu > sysv))
    return weir_elf_damaged(elf, error, "its hash table of symbols is not sound");
  if (weir_elf_dynamic(elf, DT_SYMTAB, &address) && weir_elf_dynamic(elf, DT_SYMENT, &entry) &&
      entry == sizeof(ElfW(Sym)))
    t->symbols = weir_elf_read_at(elf, address, t->n_symbols * sizeof(ElfW(Sym)));
  if (!t->symbols)
    return weir_elf_damaged(elf, error, "its table of symbols is not sound");
  for (guint64 i = 0; i < t->n_symbols; i++) {
    const ElfW(Sym) *s = &t->symbols[i];
    guint binding = ELF64_ST_BIND(s->st_info);
    if (s->st_name >= t->strings_size)
      return weir_elf_damaged(elf, error, "a symbol has its name outside the table of strings");
    /* What is imported can only be found by its name, in other files. */
    if (i > 0 && s->st_shndx == SHN_UNDEF &&
        ((binding != STB_GLOBAL && binding != STB_WEAK) || ELF64_ST_VISIBILITY(s->st_other) != STV_DEFAULT))
      return weir_elf_damaged(elf, error, "an imported symbol is marked as its own");
    if (ELF64_ST_TYPE(s->st_info) == STT_GNU_IFUNC && s->st_shndx != SHN_UNDEF)
      t->runs_resolvers = TRUE;
  }
  return TRUE;
}

/* ---- Versions -------------------------------------------------------------------------------------------
 */

/* The dynamic linker takes for granted that a version belongs to a file that is needed. */
static gboolean
is_needed(const WeirElfTables *t, const WeirElf *elf, const char *file)
{
  for (guint i = 0; i < elf->n_dynamic; i++)
    if (elf->dynamic[i].d_tag == DT_NEEDED && strcmp(t->strings + elf->dynamic[i].d_un.d_val, file) == 0)
      return TRUE;
  return FALSE;
}

/* Walk what the file needs of others' versions; `highest` gets the highest index that it gives out. */
static gboolean
check_needed_versions(const WeirElfTables *t, const WeirElf *elf, guint *highest)
{
  guint64 at, n = 0;
  if (!weir_elf_dynamic(elf, DT_VERNEED, &at))
    return TRUE;
  if (!weir_elf_dynamic(elf, DT_VERNEEDNUM, &n) || n == 0 || n > TABLE_LIMIT ||
      !section_agrees(elf, DT_VERNEED, SHT_GNU_verneed, 0))
    return FALSE;
  for (guint64 i = 0;; i++) {
    g_autofree ElfW(Verneed) *need = weir_elf_read_at(elf, at, sizeof *need);
    guint64 aux;
    if (!need || need->vn_version != VER_NEED_CURRENT || need->vn_file >= t->strings_size ||
        !is_needed(t, elf, t->strings + need->vn_file))
      return FALSE;
    aux = at + need->vn_aux;
    for (guint k = 0; k < need->vn_cnt; k++) {
      g_autofree ElfW(Vernaux) *item = weir_elf_read_at(elf, aux, sizeof *item);
      if (!item || item->vna_name >= t->strings_size || (item->vna_next == 0) != (k + 1 == need->vn_cnt))
        return FALSE;
      *highest = MAX(*highest, item->vna_other & 0x7fffu);
      aux += item->vna_next;
    }
    if (need->vn_next == 0)
      return i + 1 == n;
    if (i + 1 >= n)
      return FALSE;
    at += need->vn_next;
  }
}

/* The same for the versions that the file itself defines. */
static gboolean
check_defined_versions(const WeirElfTables *t, const WeirElf *elf, guint *highest)
{
  guint64 at, n = 0;
  if (!weir_elf_dynamic(elf, DT_VERDEF, &at))
    return TRUE;
  if (!weir_elf_dynamic(elf, DT_VERDEFNUM, &n) || n == 0 || n > TABLE_LIMIT ||
      !section_agrees(elf, DT_VERDEF, SHT_GNU_verdef, 0))
    return FALSE;
  for (guint64 i = 0;; i++) {
    g_autofree ElfW(Verdef) *def = weir_elf_read_at(elf, at, sizeof *def);
    g_autofree ElfW(Verdaux) *name = def ? weir_elf_read_at(elf, at + def->vd_aux, sizeof *name) : NULL;
    if (!name || def->vd_version != VER_DEF_CURRENT || name->vda_name >= t->strings_size)
      return FALSE;
    *highest = MAX(*highest, def->vd_ndx & 0x7fffu);
    if (def->vd_next == 0)
      return i + 1 == n;
    if (i + 1 >= n)
      return FALSE;
    at += def->vd_next;
  }
}

static gboolean
check_versions(const WeirElfTables *t, const WeirElf *elf, GError **error)
{
  guint64 address;
  guint highest = VER_NDX_GLOBAL;
  g_autofree ElfW(Half) *of_symbols = NULL;
  if (!check_needed_versions(t, elf, &highest) || !check_defined_versions(t, elf, &highest))
    return weir_elf_damaged(elf, error, "its records of versions are not sound");
  if (!weir_elf_dynamic(elf, DT_VERSYM, &address))
    return TRUE;
  of_symbols = section_agrees(elf, DT_VERSYM, SHT_GNU_versym, 0)
                   ? weir_elf_read_at(elf, address, t->n_symbols * sizeof(ElfW(Half)))
                   : NULL;
  for (guint64 i = 0; of_symbols && i < t->n_symbols; i++)
    if ((of_symbols[i] & 0x7fffu) > highest)
      g_clear_pointer(&of_symbols, g_free);
  return of_symbols || weir_elf_damaged(elf, error, "the versions of its symbols are not sound");
}

/* ---- The dynamic entries themselves ---------------------------------------------------------------------
 */

/* Where one is, the other must be; with sections, the section that it is about. */
static const struct {
  gint64 tag, with;
  guint32 section_type;
} pairs[] = {
    {DT_STRTAB, DT_STRSZ, 0},
    {DT_SYMTAB, DT_SYMENT, SHT_DYNSYM},
    {DT_RELA, DT_RELASZ, 0},
    {DT_RELA, DT_RELAENT, 0},
    {DT_REL, DT_RELSZ, 0},
    {DT_REL, DT_RELENT, 0},
    {DT_JMPREL, DT_PLTRELSZ, 0},
    {DT_JMPREL, DT_PLTREL, 0},
    {WEIR_DT_RELR, WEIR_DT_RELRSZ, WEIR_SHT_RELR},
    {DT_INIT_ARRAY, DT_INIT_ARRAYSZ, SHT_INIT_ARRAY},
    {DT_FINI_ARRAY, DT_FINI_ARRAYSZ, SHT_FINI_ARRAY},
    {DT_VERNEED, DT_VERNEEDNUM, SHT_GNU_verneed},
    {DT_VERDEF, DT_VERDEFNUM, SHT_GNU_verdef},
};

static gboolean
has_section(const WeirElf *elf, guint32 section_type)
{
  for (guint i = 0; i < elf->n_sections; i++)
    if (section_type && elf->sections[i].sh_type == section_type && elf->sections[i].sh_size > 0)
      return TRUE;
  return FALSE;
}

static gboolean
has_tag(const WeirElf *elf, gint64 tag)
{
  return weir_elf_dynamic(elf, tag, &(guint64){0});
}

/* Entries come once, except names of other files; tags below the system's range are those of the standard. */
static gboolean
check_tag(const WeirElf *elf, guint index)
{
  gint64 tag = (gint64)elf->dynamic[index].d_tag;
  if (tag < 0 || (tag > 64 && tag < 0x60000000) || tag > 0x7fffffff)
    return FALSE;
  for (guint i = 0; i < index; i++)
    if ((gint64)elf->dynamic[i].d_tag == tag && tag != DT_NEEDED && tag != DT_AUXILIARY && tag != DT_FILTER)
      return FALSE;
  return TRUE;
}

static gboolean
check_tags(const WeirElf *elf, GError **error)
{
  gboolean sound = TRUE;
  for (guint i = 0; i < elf->n_dynamic && sound; i++)
    sound = check_tag(elf, i);
  for (guint i = 0; i < G_N_ELEMENTS(pairs) && sound; i++)
    sound = has_tag(elf, pairs[i].tag) == has_tag(elf, pairs[i].with) &&
            (has_tag(elf, pairs[i].tag) || !has_section(elf, pairs[i].section_type));
  sound = sound && has_tag(elf, DT_VERSYM) == (has_tag(elf, DT_VERNEED) || has_tag(elf, DT_VERDEF));
  return sound || weir_elf_damaged(elf, error, "its dynamic entries do not belong together");
}

gboolean
weir_elf_tables_read(WeirElfTables *tables, const WeirElf *elf, GError **error)
{
  *tables = (WeirElfTables){0};
  return check_tags(elf, error) && read_strings(tables, elf, error) && read_symbols(tables, elf, error) &&
         check_versions(tables, elf, error) && weir_elf_relocations_check(tables, elf, error) &&
         check_code(elf, DT_INIT, ".init", error) && check_code(elf, DT_FINI, ".fini", error) &&
         check_array(elf, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, SHT_INIT_ARRAY, error) &&
         check_array(elf, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, SHT_FINI_ARRAY, error);
}

void
weir_elf_tables_clear(WeirElfTables *tables)
{
  g_free(tables->strings);
  g_free(tables->symbols);
  *tables = (WeirElfTables){0};
}
