/* SPDX-License-Identifier: MIT */
/* An ELF shared object read as data, with bounds: what the loader looks at before any of its code can run. */
#ifndef WEIR_CORE_ELF_FILE_H
#define WEIR_CORE_ELF_FILE_H

#include <elf.h>
#include <glib.h>
#include <link.h>

/* Headers of a file, checked against its size. Addresses are those that the file is linked for. Format: the
 * System V ABI, chapters 4 and 5 (https://gabi.xinuos.com), and elf(5). */
typedef struct WeirElf {
  const char *path; /* belongs to the caller */
  int fd;
  guint64 size; /* of the file */
  ElfW(Ehdr) header;
  ElfW(Phdr) * segments;
  guint n_segments;
  ElfW(Shdr) * sections;
  guint n_sections;
  char *section_names;
  gsize section_names_size;
  ElfW(Dyn) * dynamic; /* up to DT_NULL, which stands last */
  guint n_dynamic;
} WeirElf;

/* Open a regular file and read its headers. FALSE: it is no shared object for this machine, cut off, or its
 * headers contradict each other; `error` says which. weir_elf_close() in either case. */
gboolean weir_elf_open(WeirElf *elf, const char *path, GError **error);
void weir_elf_close(WeirElf *elf);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WeirElf, weir_elf_close)

/* Set `error` to `plugin "PATH" TEXT`; FALSE. */
gboolean weir_elf_refuse(const WeirElf *elf, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same for headers that contradict each other: `plugin "PATH" is damaged: TEXT; copy or build it again`.
 */
gboolean weir_elf_damaged(const WeirElf *elf, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Bytes of the file, or NULL where they lie beyond its end or exceed 256 MiB. Followed by a NUL. g_free(). */
gpointer weir_elf_read(const WeirElf *elf, guint64 offset, guint64 size);

/* Whether `size` bytes at `address` lie in one loaded segment that has all of `flags` (PF_R, PF_W, PF_X);
 * `in_file` (may be NULL) gets where they lie in the file, and then they have to: zero-filled memory does not
 * count. */
gboolean weir_elf_maps(const WeirElf *elf, guint64 address, guint64 size, guint32 flags, guint64 *in_file);
/* Bytes at a readable address, as weir_elf_read(). */
gpointer weir_elf_read_at(const WeirElf *elf, guint64 address, guint64 size);

/* Value of the first dynamic entry of this tag; FALSE: there is none. */
gboolean weir_elf_dynamic(const WeirElf *elf, gint64 tag, guint64 *value);
/* Name of a section, or "". */
const char *weir_elf_section_name(const WeirElf *elf, const ElfW(Shdr) * section);

/* ---- Its dynamic tables (elf_tables.c) --- */

/* What the dynamic linker reads of a file. */
typedef struct WeirElfTables {
  char *strings;
  guint64 strings_size;
  ElfW(Sym) * symbols;
  guint64 n_symbols;
  gboolean runs_resolvers; /* some addresses are computed by code of the file while it is opened */
} WeirElfTables;

/* Read and check strings, symbols, symbol hash, versions and relocations, so that the dynamic linker can walk
 * them without leaving them. FALSE: refused. weir_elf_tables_clear() in either case. */
gboolean weir_elf_tables_read(WeirElfTables *tables, const WeirElf *elf, GError **error);
void weir_elf_tables_clear(WeirElfTables *tables);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WeirElfTables, weir_elf_tables_clear)

/* ---- Its relocations (elf_relocations.c) --- */

/* Packed relocations, which older elf.h do not name. */
#define WEIR_SHT_RELR  19
#define WEIR_DT_RELRSZ 35
#define WEIR_DT_RELR   36

/* What the dynamic linker writes when it opens the file: only into its data, nothing twice, every entry of
 * its lists of functions. Part of weir_elf_tables_read(). */
gboolean weir_elf_relocations_check(WeirElfTables *tables, const WeirElf *elf, GError **error);
/* The address that a slot of such a list gets from the file itself; 0: from elsewhere. */
guint64 weir_elf_slot(const WeirElf *elf, guint64 slot);

#endif
