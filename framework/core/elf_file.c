/* SPDX-License-Identifier: MIT */
/* Reads the headers of an ELF file with bounds, and checks that they fit the file and one another. */
#include "config.h"

#include "base/error.h"
#include "base/quote.h"
#include "core/elf_file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_LIMIT     (256u << 20)
#define SEGMENTS_LIMIT 256
#define SECTIONS_LIMIT 65536
#define DYNAMIC_LIMIT  4096
/* Code addresses its data within 2 GiB; beyond 4 GiB an address in a header is not meant so. */
#define SPAN_LIMIT (G_GUINT64_CONSTANT(1) << 32)

#if __SIZEOF_POINTER__ == 8
#define NATIVE_CLASS ELFCLASS64
#define NATIVE_BITS  "64-bit"
#define OTHER_BITS   "32-bit"
#else
#define NATIVE_CLASS ELFCLASS32
#define NATIVE_BITS  "32-bit"
#define OTHER_BITS   "64-bit"
#endif

#define NATIVE_DATA (G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__i386__)
#define NATIVE_MACHINE EM_386
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__arm__)
#define NATIVE_MACHINE EM_ARM
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define NATIVE_MACHINE EM_PPC64
#elif defined(__s390x__)
#define NATIVE_MACHINE EM_S390
#elif defined(__loongarch__)
#define NATIVE_MACHINE 258 /* EM_LOONGARCH, which older elf.h do not name */
#elif defined(__mips__)
#define NATIVE_MACHINE EM_MIPS
#else
#error "name this machine's EM_ number here"
#endif

static const char *
machine_name(guint machine)
{
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_386:
    return "x86";
  case EM_AARCH64:
    return "AArch64";
  case EM_ARM:
    return "ARM";
  case EM_RISCV:
    return "RISC-V";
  case EM_PPC64:
    return "POWER";
  case EM_S390:
    return "S/390";
  case EM_MIPS:
    return "MIPS";
  case 258:
    return "LoongArch";
  default:
    return "another machine";
  }
}

gboolean
weir_elf_refuse(const WeirElf *elf, GError **error, const char *format, ...)
{
  g_autofree char *path = weir_quote_path(elf->path), *text = NULL;
  va_list args;
  va_start(args, format);
  text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "plugin %s %s", path, text);
  return FALSE;
}

gboolean
weir_elf_damaged(const WeirElf *elf, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;
  va_start(args, format);
  text = g_strdup_vprintf(format, args);
  va_end(args);
  return weir_elf_refuse(elf, error, "is damaged: %s; copy or build it again", text);
}

static gboolean
cut_off(const WeirElf *elf, GError **error, const char *what, guint64 needed)
{
  return weir_elf_refuse(elf, error,
                         "is cut off: it has %" G_GUINT64_FORMAT
                         " bytes, but its %s to byte %" G_GUINT64_FORMAT "; copy or build it again",
                         elf->size, what, needed);
}

gpointer
weir_elf_read(const WeirElf *elf, guint64 offset, guint64 size)
{
  g_autofree char *bytes = NULL;
  guint64 done = 0;
  if (offset > elf->size || size > elf->size - offset || size > READ_LIMIT)
    return NULL;
  bytes = g_malloc0(size + 1); /* a text in it ends, whatever the file holds */
  while (done < size) {
    gssize n = pread(elf->fd, bytes + done, size - done, (off_t)(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return NULL;
    done += (guint64)n;
  }
  return g_steal_pointer(&bytes);
}

gboolean
weir_elf_maps(const WeirElf *elf, guint64 address, guint64 size, guint32 flags, guint64 *in_file)
{
  for (guint i = 0; i < elf->n_segments; i++) {
    const ElfW(Phdr) *s = &elf->segments[i];
    guint64 room = in_file ? s->p_filesz : s->p_memsz;
    if (s->p_type != PT_LOAD || (s->p_flags & flags) != flags || address < s->p_vaddr)
      continue;
    if (address - s->p_vaddr > room || size > room - (address - s->p_vaddr))
      continue;
    if (in_file)
      *in_file = s->p_offset + (address - s->p_vaddr);
    return TRUE;
  }
  return FALSE;
}

gpointer
weir_elf_read_at(const WeirElf *elf, guint64 address, guint64 size)
{
  guint64 offset;
  return weir_elf_maps(elf, address, size, PF_R, &offset) ? weir_elf_read(elf, offset, size) : NULL;
}

gboolean
weir_elf_dynamic(const WeirElf *elf, gint64 tag, guint64 *value)
{
  for (guint i = 0; i < elf->n_dynamic; i++) {
    if ((gint64)elf->dynamic[i].d_tag == tag) {
      *value = elf->dynamic[i].d_un.d_val;
      return TRUE;
    }
  }
  return FALSE;
}

const char *
weir_elf_section_name(const WeirElf *elf, const ElfW(Shdr) * section)
{
  return section->sh_name < elf->section_names_size ? elf->section_names + section->sh_name : "";
}

/* ---- Opening, part by part ------------------------------------------------------------------------------
 */

static gboolean
open_regular(WeirElf *elf, GError **error)
{
  struct stat st;
  /* O_NONBLOCK: a pipe would wait for its writer. */
  elf->fd = open(elf->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (elf->fd < 0 || fstat(elf->fd, &st) < 0)
    return weir_elf_refuse(elf, error, "cannot be read: %s", g_strerror(errno));
  if (S_ISDIR(st.st_mode))
    return weir_elf_refuse(elf, error, "is a folder; name the file in it");
  if (!S_ISREG(st.st_mode))
    return weir_elf_refuse(elf, error, "is no regular file");
  if (st.st_size == 0)
    return weir_elf_refuse(elf, error, "is empty; copy or build it again");
  elf->size = (guint64)st.st_size;
  return TRUE;
}

static gboolean
read_header(WeirElf *elf, GError **error)
{
  const unsigned char *ident = elf->header.e_ident;
  gsize known = MIN(elf->size, sizeof elf->header);
  g_autofree char *bytes = weir_elf_read(elf, 0, known);
  if (!bytes)
    return weir_elf_refuse(elf, error, "cannot be read: %s", g_strerror(errno ? errno : EIO));
  memcpy(&elf->header, bytes, known);
  if (known < SELFMAG || memcmp(ident, ELFMAG, SELFMAG) != 0) {
    g_autofree char *begin = weir_quote(bytes, (gssize)MIN(known, 16));
    return weir_elf_refuse(elf, error, "is not a shared object: it begins with %s", begin);
  }
  if (known < sizeof elf->header)
    return cut_off(elf, error, "header goes", sizeof elf->header);
  if (ident[EI_CLASS] != NATIVE_CLASS)
    return weir_elf_refuse(
        elf, error, "is built for a %s machine, this host is %s; build it for this machine",
        ident[EI_CLASS] == ELFCLASS32 || ident[EI_CLASS] == ELFCLASS64 ? OTHER_BITS : "strange", NATIVE_BITS);
  if (ident[EI_DATA] != NATIVE_DATA || elf->header.e_machine != NATIVE_MACHINE)
    return weir_elf_refuse(elf, error,
                           "is built for %s (ELF machine %u, byte order %u), this host is %s; build "
                           "it for this machine",
                           machine_name(elf->header.e_machine), elf->header.e_machine, ident[EI_DATA],
                           machine_name(NATIVE_MACHINE));
  if (ident[EI_VERSION] != EV_CURRENT || elf->header.e_version != EV_CURRENT)
    return weir_elf_damaged(elf, error, "its ELF version is %u", elf->header.e_version);
  if (elf->header.e_type != ET_DYN)
    return weir_elf_refuse(elf, error, "is %s, not a shared object; link it with -shared",
                           elf->header.e_type == ET_REL    ? "an object file"
                           : elf->header.e_type == ET_EXEC ? "a program"
                           : elf->header.e_type == ET_CORE ? "a core dump"
                                                           : "an ELF file of an unknown type");
  return TRUE;
}

/* One segment that is loaded: in the file, of sane size, behind the one before it (`end`, rounded to pages).
 */
static gboolean
check_load(const WeirElf *elf, const ElfW(Phdr) * s, guint64 *end, gboolean first, GError **error)
{
  guint64 page = (guint64)sysconf(_SC_PAGESIZE);
  guint64 last = (guint64)s->p_vaddr + s->p_memsz;
  if (s->p_memsz < s->p_filesz || s->p_memsz > SPAN_LIMIT || s->p_vaddr > SPAN_LIMIT)
    return weir_elf_damaged(elf, error, "a segment has an impossible size or address");
  if (s->p_align & (s->p_align - 1) || (s->p_vaddr - s->p_offset) & (page - 1))
    return weir_elf_damaged(elf, error, "a segment is not aligned to pages");
  if (!first && (s->p_vaddr & ~(page - 1)) < *end)
    return weir_elf_damaged(elf, error, "its segments overlap");
  *end = (last + page - 1) & ~(page - 1);
  return TRUE;
}

static gboolean
read_segments(WeirElf *elf, GError **error)
{
  guint64 offset = elf->header.e_phoff, n = elf->header.e_phnum, end = 0;
  gboolean first = TRUE;
  if (n == 0 || n > SEGMENTS_LIMIT || elf->header.e_phentsize != sizeof(ElfW(Phdr)))
    return weir_elf_damaged(elf, error, "its table of segments has an impossible size");
  if (offset > elf->size || n * sizeof(ElfW(Phdr)) > elf->size - offset)
    return cut_off(elf, error, "table of segments goes", offset + n * sizeof(ElfW(Phdr)));
  elf->segments = weir_elf_read(elf, offset, n * sizeof(ElfW(Phdr)));
  if (!elf->segments)
    return weir_elf_refuse(elf, error, "cannot be read");
  elf->n_segments = (guint)n;
  for (guint i = 0; i < elf->n_segments; i++) {
    const ElfW(Phdr) *s = &elf->segments[i];
    if (s->p_type == PT_NULL || (s->p_type == PT_GNU_STACK))
      continue;
    if (s->p_filesz && (s->p_offset > elf->size || s->p_filesz > elf->size - s->p_offset))
      return cut_off(elf, error, "segments go", (guint64)s->p_offset + s->p_filesz);
    if (s->p_type == PT_LOAD) {
      if (!check_load(elf, s, &end, first, error))
        return FALSE;
      first = FALSE;
    }
  }
  return first ? weir_elf_damaged(elf, error, "no segment of it is loaded") : TRUE;
}

/* A section that is loaded lies in a segment just where that segment maps it. The two tables tell the same in
 * two ways: a flipped bit in either shows. */
static gboolean
check_section(const WeirElf *elf, const ElfW(Shdr) * s, GError **error)
{
  guint32 flags = (s->sh_flags & SHF_WRITE ? PF_W : 0) | (s->sh_flags & SHF_EXECINSTR ? PF_X : 0);
  guint64 offset;
  if (s->sh_type == SHT_NULL)
    return TRUE;
  if (s->sh_type != SHT_NOBITS && (s->sh_offset > elf->size || s->sh_size > elf->size - s->sh_offset))
    return cut_off(elf, error, "sections go", (guint64)s->sh_offset + s->sh_size);
  if (!(s->sh_flags & SHF_ALLOC) || s->sh_size == 0)
    return TRUE;
  if (s->sh_type == SHT_NOBITS) {
    if (s->sh_flags & SHF_TLS) /* takes no room among the segments */
      return TRUE;
    if (weir_elf_maps(elf, s->sh_addr, s->sh_size, PF_R | flags, NULL) &&
        !weir_elf_maps(elf, s->sh_addr, 1, 0, &offset))
      return TRUE;
  } else if (weir_elf_maps(elf, s->sh_addr, s->sh_size, PF_R | flags, &offset) && offset == s->sh_offset) {
    return TRUE;
  }
  return weir_elf_damaged(elf, error, "section \"%s\" and the segments disagree",
                          weir_elf_section_name(elf, s));
}

static gboolean
read_section_names(WeirElf *elf, guint64 index, GError **error)
{
  const ElfW(Shdr) * names;
  if (index == SHN_UNDEF)
    return TRUE;
  if (index >= elf->n_sections || elf->sections[index].sh_type != SHT_STRTAB)
    return weir_elf_damaged(elf, error, "the names of its sections are missing");
  names = &elf->sections[index];
  elf->section_names = weir_elf_read(elf, names->sh_offset, names->sh_size);
  if (!elf->section_names)
    return cut_off(elf, error, "section names go", (guint64)names->sh_offset + names->sh_size);
  elf->section_names_size = names->sh_size;
  return TRUE;
}

static gboolean
read_sections(WeirElf *elf, GError **error)
{
  guint64 offset = elf->header.e_shoff, n = elf->header.e_shnum, names = elf->header.e_shstrndx;
  if (offset == 0)
    return weir_elf_refuse(elf, error,
                           "has no table of sections to check its segments by; build it again, and "
                           "strip it with what keeps that table");
  if (elf->header.e_shentsize != sizeof(ElfW(Shdr)))
    return weir_elf_damaged(elf, error, "its table of sections has an impossible size");
  if (n == 0 || names == SHN_XINDEX) { /* the first entry has what does not fit into the header */
    g_autofree ElfW(Shdr) *entry = weir_elf_read(elf, offset, sizeof(ElfW(Shdr)));
    if (!entry)
      return cut_off(elf, error, "table of sections goes", offset + sizeof(ElfW(Shdr)));
    n = n ? n : entry->sh_size;
    names = names == SHN_XINDEX ? entry->sh_link : names;
  }
  if (n == 0 || n > SECTIONS_LIMIT)
    return weir_elf_damaged(elf, error, "its table of sections has an impossible size");
  if (offset > elf->size || n * sizeof(ElfW(Shdr)) > elf->size - offset)
    return cut_off(elf, error, "table of sections goes", offset + n * sizeof(ElfW(Shdr)));
  elf->sections = weir_elf_read(elf, offset, n * sizeof(ElfW(Shdr)));
  if (!elf->sections)
    return weir_elf_refuse(elf, error, "cannot be read");
  elf->n_sections = (guint)n;
  if (!read_section_names(elf, names, error))
    return FALSE;
  for (guint i = 0; i < elf->n_sections; i++)
    if (!check_section(elf, &elf->sections[i], error))
      return FALSE;
  return TRUE;
}

/* What is made read-only after relocation: whole pages of one writable segment, without its variables. */
static gboolean
relro_is_data(const WeirElf *elf, const ElfW(Phdr) * relro)
{
  guint64 page = (guint64)sysconf(_SC_PAGESIZE),
          end = ((guint64)relro->p_vaddr + relro->p_memsz) & ~(page - 1);
  gboolean inside = FALSE;
  if (relro->p_vaddr > SPAN_LIMIT || relro->p_memsz > SPAN_LIMIT)
    return FALSE;
  for (guint i = 0; i < elf->n_segments && !inside; i++) {
    const ElfW(Phdr) *s = &elf->segments[i];
    inside = s->p_type == PT_LOAD && s->p_flags & PF_W && relro->p_vaddr >= s->p_vaddr &&
             end <= (((guint64)s->p_vaddr + s->p_memsz + page - 1) & ~(page - 1));
  }
  for (guint i = 0; i < elf->n_sections && inside; i++) {
    const ElfW(Shdr) *s = &elf->sections[i];
    const char *name = weir_elf_section_name(elf, s);
    if ((strcmp(name, ".data") == 0 || strcmp(name, ".bss") == 0) && s->sh_size > 0)
      inside = s->sh_addr >= end;
  }
  return inside;
}

/* The segments that are parts of loaded ones, and say how the loaded ones are used. */
static gboolean
check_special_segments(const WeirElf *elf, GError **error)
{
  gboolean stack = FALSE;
  for (guint i = 0; i < elf->n_segments; i++) {
    const ElfW(Phdr) *s = &elf->segments[i];
    guint64 offset;
    switch (s->p_type) {
    case PT_GNU_STACK:
      stack = TRUE;
      if (s->p_flags & PF_X)
        return weir_elf_refuse(elf, error, "wants an executable stack; link it with -z noexecstack");
      break;
    case PT_GNU_RELRO:
      if (!relro_is_data(elf, s))
        return weir_elf_damaged(elf, error, "what is read-only after relocation lies outside its data");
      break;
    case PT_TLS:
      if (s->p_align & (s->p_align - 1) || s->p_memsz < s->p_filesz || s->p_memsz > SPAN_LIMIT ||
          (s->p_filesz &&
           (!weir_elf_maps(elf, s->p_vaddr, s->p_filesz, PF_R, &offset) || offset != s->p_offset)))
        return weir_elf_damaged(elf, error, "its thread-local data lies outside its segments");
      break;
    default:
      break;
    }
  }
#if defined(__x86_64__) || defined(__i386__)
  if (!stack)
    return weir_elf_refuse(elf, error,
                           "does not say that its stack is not executable; link it with -z "
                           "noexecstack");
#endif
  return TRUE;
}

static gboolean
read_dynamic(WeirElf *elf, GError **error)
{
  const ElfW(Phdr) *found = NULL;
  guint64 offset, n;
  for (guint i = 0; i < elf->n_segments; i++) {
    if (elf->segments[i].p_type != PT_DYNAMIC)
      continue;
    if (found)
      return weir_elf_damaged(elf, error, "it has two dynamic segments");
    found = &elf->segments[i];
  }
  if (!found)
    return weir_elf_refuse(elf, error, "is not a shared object: it has no dynamic segment");
  /* The dynamic linker writes into it unless the segment says that it is read-only. */
  if (!weir_elf_maps(elf, found->p_vaddr, found->p_filesz, PF_R | (found->p_flags & PF_W), &offset) ||
      offset != found->p_offset || found->p_vaddr % sizeof(ElfW(Addr)))
    return weir_elf_damaged(elf, error, "its dynamic segment lies outside its data");
  n = found->p_filesz / sizeof(ElfW(Dyn));
  elf->dynamic = weir_elf_read(elf, offset, MIN(n, DYNAMIC_LIMIT) * sizeof(ElfW(Dyn)));
  for (guint i = 0; elf->dynamic && i < MIN(n, DYNAMIC_LIMIT); i++) {
    if (elf->dynamic[i].d_tag == DT_NULL) {
      elf->n_dynamic = i + 1;
      return TRUE;
    }
  }
  return weir_elf_damaged(elf, error, "its dynamic segment has no end");
}

gboolean
weir_elf_open(WeirElf *elf, const char *path, GError **error)
{
  *elf = (WeirElf){.path = path, .fd = -1};
  return open_regular(elf, error) && read_header(elf, error) && read_segments(elf, error) &&
         read_sections(elf, error) && check_special_segments(elf, error) && read_dynamic(elf, error);
}

void
weir_elf_close(WeirElf *elf)
{
  if (elf->fd >= 0)
    close(elf->fd);
  g_free(elf->segments);
  g_free(elf->sections);
  g_free(elf->section_names);
  g_free(elf->dynamic);
  *elf = (WeirElf){.fd = -1};
}
