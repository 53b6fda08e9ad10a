/* SPDX-License-Identifier: MIT */
/* Damages a plugin's file in many ways, and expects the loader to refuse each with one line, and never to
 * crash. */
#include <elf.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

typedef struct {
  char *try_open;
  char *folder;
  char *file; /* the damaged copy */
  char *good;
  gsize size;
} Fixture;

static Fixture f;

typedef enum { REFUSED, OPENED, CRASHED } Outcome;

/* Let a process of its own open the file. `text` gets what it said. */
static Outcome
open_file(const char *file, char **text)
{
  const char *const argv[] = {f.try_open, file, NULL};
  g_autoptr(GError) error = NULL;
  g_autofree char *noise = NULL;
  int status = 0;
  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, text, &noise, &status, &error);
  g_assert_no_error(error);
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1 || noise[0] != '\0') {
    g_test_message("status %d, %s%s", status, *text, noise);
    return CRASHED;
  }
  return WEXITSTATUS(status) ? REFUSED : OPENED;
}

static Outcome
open_bytes(const char *bytes, gsize size, char **text)
{
  g_autoptr(GError) error = NULL;
  g_unlink(f.file); /* a loaded file is not written over */
  g_file_set_contents(f.file, bytes, (gssize)size, &error);
  g_assert_no_error(error);
  return open_file(f.file, text);
}

/* One line, which names the file. */
static void
check_refused(const char *bytes, gsize size, const char *expected)
{
  g_autofree char *text = NULL;
  Outcome outcome = open_bytes(bytes, size, &text);
  if (outcome != REFUSED || !strstr(text, f.file) || !strstr(text, expected) ||
      strchr(text, '\n') != text + strlen(text) - 1)
    g_error("%zu bytes: wanted a refusal with \"%s\", got: %s", size, expected, text);
}

/* ---- Files that are cut off -----------------------------------------------------------------------------
 */

static void
test_whole(void)
{
  g_autofree char *text = NULL;
  g_assert_cmpint(open_bytes(f.good, f.size, &text), ==, OPENED);
}

static void
test_cut_pages(void)
{
  for (gsize size = PAGE; size < f.size; size += PAGE)
    check_refused(f.good, size, "is cut off");
  check_refused(f.good, f.size - 1, "is cut off");
}

static void
test_cut_headers(void)
{
  ElfW(Ehdr) header;
  memcpy(&header, f.good, sizeof header);
  check_refused(f.good, 0, "is empty");
  check_refused(f.good, 1, "is not a shared object");
  check_refused(f.good, SELFMAG, "is cut off");
  check_refused(f.good, EI_NIDENT, "is cut off");
  check_refused(f.good, sizeof header - 1, "is cut off");
  for (guint i = 0; i <= header.e_phnum; i++)
    check_refused(f.good, header.e_phoff + i * sizeof(ElfW(Phdr)), "is cut off");
  for (guint i = 0; i < header.e_shnum; i++) {
    ElfW(Shdr) s;
    memcpy(&s, f.good + header.e_shoff + i * sizeof s, sizeof s);
    check_refused(f.good, header.e_shoff + i * sizeof s, "is cut off");
    if (s.sh_offset)
      check_refused(f.good, s.sh_offset, "is cut off");
  }
}

/* Only the segments tell the size of such a file. */
static void
test_no_sections(void)
{
  ElfW(Ehdr) header;
  g_autofree char *bytes = g_memdup2(f.good, f.size);
  memcpy(&header, bytes, sizeof header);
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = 0;
  memcpy(bytes, &header, sizeof header);
  check_refused(bytes, f.size, "has no table of sections");
}

/* ---- Files whose bits have flipped ----------------------------------------------------------------------
 */

/* Where the dynamic linker reads: the header, segments, sections, and the tables that it walks. */
static GArray *
headers_of(const char *bytes)
{
  static const char *const names[] = {".dynamic",       ".gnu.hash", ".dynsym",   ".gnu.version",
                                      ".gnu.version_r", ".rela.dyn", ".rela.plt", ".note.weir"};
  GArray *at = g_array_new(FALSE, FALSE, sizeof(gsize));
  ElfW(Ehdr) header;
  ElfW(Shdr) strings;
  memcpy(&header, bytes, sizeof header);
  memcpy(&strings,
         f.good + ((ElfW(Ehdr) *)f.good)->e_shoff + ((ElfW(Ehdr) *)f.good)->e_shstrndx * sizeof strings,
         sizeof strings);
  for (gsize i = 0; i < header.e_phoff + header.e_phnum * sizeof(ElfW(Phdr)); i++)
    g_array_append_val(at, i);
  for (gsize i = header.e_shoff; i < header.e_shoff + header.e_shnum * sizeof(ElfW(Shdr)); i++)
    g_array_append_val(at, i);
  memcpy(&header, f.good, sizeof header);
  for (guint k = 0; k < header.e_shnum; k++) {
    ElfW(Shdr) s;
    memcpy(&s, f.good + header.e_shoff + k * sizeof s, sizeof s);
    for (guint n = 0; n < G_N_ELEMENTS(names); n++)
      if (strcmp(f.good + strings.sh_offset + s.sh_name, names[n]) == 0)
        for (gsize i = s.sh_offset; i < s.sh_offset + s.sh_size; i++)
          /* Which symbol a relocation takes, and what it adds, is content, as code is: no header tells. */
          if (s.sh_type != SHT_RELA ||
              (i - s.sh_offset) % sizeof(ElfW(Rela)) < offsetof(ElfW(Rela), r_info) + 4)
            g_array_append_val(at, i);
  }
  return at;
}

static void
flip(const char *bytes, gsize size, gsize at, guint bit, guint *counts)
{
  g_autofree char *copy = g_memdup2(bytes, size), *text = NULL;
  Outcome outcome;
  copy[at] = (char)(copy[at] ^ (1 << bit));
  outcome = open_bytes(copy, size, &text);
  counts[outcome]++;
  if (outcome == CRASHED || (outcome == REFUSED && !strstr(text, f.file)))
    g_test_message("bit %u of byte %zu flipped: %s", bit, at, text);
}

/* A few hundred bits, always the same ones; all of them with WEIR_TEST_ALL=1. */
static void
flip_many(const char *bytes, gsize size)
{
  g_autoptr(GArray) at = headers_of(bytes);
  g_autoptr(GRand) random = g_rand_new_with_seed(20);
  gboolean all = g_strcmp0(g_getenv("WEIR_TEST_ALL"), "1") == 0;
  guint counts[3] = {0}, n = all ? at->len * 8 : 300;
  for (guint i = 0; i < n; i++) {
    guint k = all ? i : (guint)g_rand_int_range(random, 0, (gint32)at->len * 8);
    flip(bytes, size, g_array_index(at, gsize, k / 8), k % 8, counts);
  }
  g_test_message("%u refused, %u opened, %u crashed", counts[REFUSED], counts[OPENED], counts[CRASHED]);
  g_assert_cmpuint(counts[CRASHED], ==, 0);
  /* The rest changes nothing that is read: names, alignments, sections that are not loaded. */
  g_assert_cmpuint(counts[REFUSED] * 3UL, >, n);
}

static void
test_flips(void)
{
  flip_many(f.good, f.size);
}

/* ---- What is no plugin at all ---------------------------------------------------------------------------
 */

static void
test_other_files(void)
{
  g_autofree char *text = NULL;
  char zeros[PAGE] = {0};
  check_refused("#!/bin/sh\necho no\n", 18, "begins with \"#!/bin/sh");
  check_refused(zeros, sizeof zeros, "is not a shared object");
  g_unlink(f.file);
  g_assert_cmpint(g_mkdir(f.file, 0700), ==, 0);
  g_assert_cmpint(open_file(f.file, &text), ==, REFUSED);
  g_assert_nonnull(strstr(text, "is a folder"));
  g_assert_cmpint(g_rmdir(f.file), ==, 0);
  g_clear_pointer(&text, g_free);
  g_assert_cmpint(mkfifo(f.file, 0600), ==, 0);
  g_assert_cmpint(open_file(f.file, &text), ==, REFUSED);
  g_assert_nonnull(strstr(text, "is no regular file"));
  g_unlink(f.file);
  g_clear_pointer(&text, g_free);
  g_assert_cmpint(open_file(f.file, &text), ==, REFUSED);
  g_assert_nonnull(strstr(text, "No such file or directory"));
}

static void
check_header(void (*change)(ElfW(Ehdr) * header), const char *expected)
{
  g_autofree char *bytes = g_memdup2(f.good, f.size);
  change((ElfW(Ehdr) *)bytes);
  check_refused(bytes, f.size, expected);
}

static void
make_32_bit(ElfW(Ehdr) * header)
{
  header->e_ident[EI_CLASS] = header->e_ident[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
}

static void
make_foreign(ElfW(Ehdr) * header)
{
  header->e_machine = header->e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
}

static void
make_object(ElfW(Ehdr) * header)
{
  header->e_type = ET_REL;
}

static void
test_other_machines(void)
{
  check_header(make_32_bit, "-bit machine");
  check_header(make_foreign, "is built for ");
  check_header(make_object, "is an object file");
}

/* A plugin without a sanitizer, whatever the build has: that adds tables which it trusts itself. */
static void
build_plugin(void)
{
  static const char script[] =
      "${CC-cc} -O2 -shared -fPIC -fvisibility=hidden -I\"$top_srcdir/framework/abi\" "
      "-o \"$0\" \"$top_srcdir/tests/abi/upper.c\"";
  const char *const argv[] = {"/bin/sh", "-c", script, f.file, NULL};
  g_autoptr(GError) error = NULL;
  int status = -1;
  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error(error);
  if (status != 0 || !g_file_get_contents(f.file, &f.good, &f.size, NULL))
    g_error("%s could not be built", f.file);
}

int
main(int argc, char **argv)
{
  const char *build = g_getenv("top_builddir") ? g_getenv("top_builddir") : ".";
  int code;
  g_test_init(&argc, &argv, NULL);
  f.try_open = g_build_filename(build, "tests", "abi", "try-open", NULL);
  f.folder = g_dir_make_tmp("weir-damage-XXXXXX", NULL);
  f.file = g_build_filename(f.folder, "upper.so", NULL);
  build_plugin();
  g_test_add_func("/damage/whole", test_whole);
  g_test_add_func("/damage/cut/pages", test_cut_pages);
  g_test_add_func("/damage/cut/headers", test_cut_headers);
  g_test_add_func("/damage/no-sections", test_no_sections);
  g_test_add_func("/damage/flips", test_flips);
  g_test_add_func("/damage/other-files", test_other_files);
  g_test_add_func("/damage/other-machines", test_other_machines);
  code = g_test_run();
  g_free(f.good);
  g_free(f.try_open);
  g_unlink(f.file);
  g_rmdir(f.folder);
  g_free(f.file);
  g_free(f.folder);
  return code;
}
