/* SPDX-License-Identifier: MIT */
/* A library to preload that makes the Nth call of a kind fail, as a full disk, a dying disk or no memory would.
 *
 *   FAULT_CALL   write, sync, rename, create, mmap or malloc
 *   FAULT_AT     the number of the call that fails, from 1; 0: none
 *   FAULT_STAYS  1: and all after it, too
 *   FAULT_KILL   1: the process is killed right before the call, instead
 *   FAULT_COUNT  file that gets the number of calls at the end
 *
 * Only writes to regular files count; the standard streams are left alone. It acts in pipeline-run only, not in the shell
 * script that may stand before it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, WRITE, SYNC, RENAME, CREATE, MMAP, MALLOC };

static enum kind armed;
static unsigned long fail_at, calls;
static int stays, kills;

/* glibc's own names for what this library stands before. NOLINTBEGIN(bugprone-reserved-identifier) */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
/* NOLINTEND(bugprone-reserved-identifier) */

static int
fails(enum kind kind, int why)
{
  if (armed != kind)
    return 0;
  unsigned long n = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
  if (!fail_at || (n != fail_at && !(stays && n > fail_at)))
    return 0;
  if (kills)
    kill(getpid(), SIGKILL);
  errno = why;
  return 1;
}

__attribute__((constructor)) static void
arm(void)
{
  static const char *const names[] = {"", "write", "sync", "rename", "create", "mmap", "malloc"};
  char program[512];
  const char *call = getenv("FAULT_CALL"), *at = getenv("FAULT_AT"), *base;
  ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
  if (n <= 0 || !call)
    return;
  program[n] = '\0';
  base = strrchr(program, '/') + 1;
  if (strcmp(base, "pipeline-run") != 0 && strcmp(base, "lt-pipeline-run") != 0)
    return;
  fail_at = at ? strtoul(at, NULL, 10) : 0;
  stays = getenv("FAULT_STAYS") != NULL;
  kills = getenv("FAULT_KILL") != NULL;
  for (int kind = WRITE; kind <= MALLOC; kind++)
    if (strcmp(call, names[kind]) == 0)
      armed = (enum kind)kind;
}

__attribute__((destructor)) static void
tell(void)
{
  const char *path = getenv("FAULT_COUNT");
  enum kind before = armed;
  armed = NONE;
  FILE *out = before && path ? fopen(path, "w") : NULL;
  if (out) {
    fprintf(out, "%lu\n", calls);
    fclose(out);
  }
}

/* The function that this one stands before. */
#define NEXT(type, name, ...)       \
  static type (*next)(__VA_ARGS__); \
  if (!next)                        \
  *(void **)(&next) = dlsym(RTLD_NEXT, #name)

static int
is_file(int fd)
{
  struct stat status;
  return armed == WRITE && fd > 2 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t
write(int fd, const void *data, size_t size)
{
  NEXT(ssize_t, write, int, const void *, size_t);
  return is_file(fd) && fails(WRITE, ENOSPC) ? -1 : next(fd, data, size);
}

ssize_t
pwrite(int fd, const void *data, size_t size, off_t offset)
{
  NEXT(ssize_t, pwrite, int, const void *, size_t, off_t);
  return is_file(fd) && fails(WRITE, ENOSPC) ? -1 : next(fd, data, size, offset);
}

ssize_t
pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
  NEXT(ssize_t, pwrite64, int, const void *, size_t, off64_t);
  return is_file(fd) && fails(WRITE, ENOSPC) ? -1 : next(fd, data, size, offset);
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
  NEXT(ssize_t, writev, int, const struct iovec *, int);
  return is_file(fd) && fails(WRITE, ENOSPC) ? -1 : next(fd, parts, n);
}

ssize_t
copy_file_range(int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags)
{
  NEXT(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
  return is_file(to) && fails(WRITE, ENOSPC) ? -1 : next(from, at, to, there, size, flags);
}

int
ftruncate(int fd, off_t size)
{
  NEXT(int, ftruncate, int, off_t);
  return is_file(fd) && fails(WRITE, ENOSPC) ? -1 : next(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
  NEXT(int, ftruncate64, int, off64_t);
  return is_file(fd) && fails(WRITE, ENOSPC) ? -1 : next(fd, size);
}

int
fsync(int fd)
{
  NEXT(int, fsync, int);
  return fails(SYNC, EIO) ? -1 : next(fd);
}

int
fdatasync(int fd)
{
  NEXT(int, fdatasync, int);
  return fails(SYNC, EIO) ? -1 : next(fd);
}

int
rename(const char *from, const char *to)
{
  NEXT(int, rename, const char *, const char *);
  return fails(RENAME, EACCES) ? -1 : next(from, to);
}

int
renameat(int from_folder, const char *from, int to_folder, const char *to)
{
  NEXT(int, renameat, int, const char *, int, const char *);
  return fails(RENAME, EACCES) ? -1 : next(from_folder, from, to_folder, to);
}

int
renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  NEXT(int, renameat2, int, const char *, int, const char *, unsigned);
  return fails(RENAME, EACCES) ? -1 : next(from_folder, from, to_folder, to, flags);
}

int
link(const char *from, const char *to)
{
  NEXT(int, link, const char *, const char *);
  return fails(RENAME, EACCES) ? -1 : next(from, to);
}

int
linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
  NEXT(int, linkat, int, const char *, int, const char *, int);
  return fails(RENAME, EACCES) ? -1 : next(from_folder, from, to_folder, to, flags);
}

int
mkdir(const char *path, mode_t mode)
{
  NEXT(int, mkdir, const char *, mode_t);
  return fails(CREATE, ENOSPC) ? -1 : next(path, mode);
}

int
mkdirat(int folder, const char *path, mode_t mode)
{
  NEXT(int, mkdirat, int, const char *, mode_t);
  return fails(CREATE, ENOSPC) ? -1 : next(folder, path, mode);
}

#define MODE(flags)                      \
  mode_t mode = 0;                       \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list args;                        \
    va_start(args, flags);               \
    mode = va_arg(args, mode_t);         \
    va_end(args);                        \
  }

int
open(const char *path, int flags, ...)
{
  NEXT(int, open, const char *, int, ...);
  MODE(flags)
  return (flags & O_CREAT) && fails(CREATE, ENOSPC) ? -1 : next(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
  NEXT(int, open64, const char *, int, ...);
  MODE(flags)
  return (flags & O_CREAT) && fails(CREATE, ENOSPC) ? -1 : next(path, flags, mode);
}

int
openat(int folder, const char *path, int flags, ...)
{
  NEXT(int, openat, int, const char *, int, ...);
  MODE(flags)
  return (flags & O_CREAT) && fails(CREATE, ENOSPC) ? -1 : next(folder, path, flags, mode);
}

int
openat64(int folder, const char *path, int flags, ...)
{
  NEXT(int, openat64, int, const char *, int, ...);
  MODE(flags)
  return (flags & O_CREAT) && fails(CREATE, ENOSPC) ? -1 : next(folder, path, flags, mode);
}

void *
mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
  NEXT(void *, mmap, void *, size_t, int, int, int, off_t);
  return fails(MMAP, ENOMEM) ? MAP_FAILED : next(at, size, protection, flags, fd, offset);
}

void *
mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
  NEXT(void *, mmap64, void *, size_t, int, int, int, off64_t);
  return fails(MMAP, ENOMEM) ? MAP_FAILED : next(at, size, protection, flags, fd, offset);
}

void *
malloc(size_t size)
{
  return fails(MALLOC, ENOMEM) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
  return fails(MALLOC, ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *before, size_t size)
{
  return fails(MALLOC, ENOMEM) ? NULL : __libc_realloc(before, size);
}
