/* SPDX-License-Identifier: MIT */
/* Run directories: made exclusively, a journal line a message, artifacts, outputs and metrics noted for run.json. */
#include "core/rundir.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/files.h"
#include "base/tree.h"
#include "core/begun.h"
#include "core/message_json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL "events.jsonl"
#define LOCK    "lock"

void
weir_made_thing_free(gpointer data)
{
  WeirMadeThing *thing = data;
  g_free(thing->stage);
  g_free(thing->kind);
  g_free(thing->path);
  g_free(thing->sha256);
  g_free(thing->metadata);
  g_free(thing);
}

/* Whether nothing is in a folder but what a run leaves that was killed before it wrote begin.json. */
static gboolean
is_empty(const char *path)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  const char *name;
  while (dir && (name = g_dir_read_name(dir)))
    if (!g_str_equal(name, LOCK) &&
        !(g_str_has_prefix(name, "." WEIR_BEGUN_FILE ".") && g_str_has_suffix(name, ".tmp")))
      return FALSE;
  return TRUE;
}

/* A folder that the user named may exist, but only empty. */
static gboolean
make_named(const char *path, GError **error)
{
  gboolean in_the_way = g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR);
  if (in_the_way || !is_empty(path)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "the run directory \"%s\" is %s\n  hint: name another with --run-dir%s", path,
                in_the_way ? "a file" : "not empty",
                in_the_way ? "" : ", or go on with the run that is there: --resume");
    return FALSE;
  }
  return weir_make_folder(path, error);
}

/* runs/NAME-TIME, with a number behind it when two runs begin in one second. */
static char *
make_default(const char *name, GError **error)
{
  g_autofree char *runs = g_canonicalize_filename("runs", NULL);
  if (!weir_make_folder(runs, error))
    return NULL;
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");
  for (guint i = 1; i < 10000; i++) {
    g_autofree char *leaf =
        i == 1 ? g_strdup_printf("%s-%s", name, time) : g_strdup_printf("%s-%s-%u", name, time, i);
    g_autofree char *path = g_build_filename(runs, leaf, NULL);
    if (mkdir(path, 0777) == 0)
      return g_steal_pointer(&path);
    if (errno != EEXIST) {
      weir_set_io_error(error, errno, "make the run directory", path);
      return NULL;
    }
  }
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED, "cannot find a free name for a run directory in \"%s\"",
              runs);
  return NULL;
}

/* ---- One process at a time ------------------------------------------------------------------------------- */

static int
refuse_lock(int fd, const char *path, GError **error)
{
  char owner[128] = "";
  ssize_t n = pread(fd, owner, sizeof owner - 1, 0);
  owner[MAX(n, 0)] = '\0';
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "the run in \"%s\" is going on, in %s\n"
              "  hint: wait for it, or end it first",
              path, *owner ? g_strchomp(owner) : "another process");
  close(fd);
  return -1;
}

/* Whether a file is still what its name stands for: who had it before may have removed it as it let it go. */
static gboolean
is_named(int fd, const char *file)
{
  struct stat opened, named;
  return fstat(fd, &opened) != 0 ||
         (stat(file, &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino);
}

/* Held until the process ends, however it ends. -1: `error`. */
static int
lock_folder(const char *path, GError **error)
{
  g_autofree char *file = g_build_filename(path, LOCK, NULL);
  int fd = -1;
  do {
    if (fd >= 0)
      close(fd);
    fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
      weir_set_io_error(error, errno, "write", file);
      return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      return refuse_lock(fd, path, error);
  } while (!is_named(fd, file));
  /* Without locks on this file system, or without room for the text, the run goes on all the same. */
  g_autofree char *owner = g_strdup_printf("process %ld on %s\n", (long)getpid(), g_get_host_name());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, owner, strlen(owner), 0) < 0)
    g_debug("%s: %s", file, g_strerror(errno));
  return fd;
}

/* ---- Making and opening --------------------------------------------------------------------------------- */

static WeirRunDir *
open_folder(char *path, GError **error)
{
  g_autofree char *owned = path;
  int lock = lock_folder(path, error);
  if (lock < 0)
    return NULL;
  WeirRunDir *dir = g_new0(WeirRunDir, 1);
  dir->path = g_steal_pointer(&owned);
  dir->lock = lock;
  dir->journal = -1;
  g_mutex_init(&dir->lock_made);
  dir->artifacts = g_ptr_array_new_with_free_func(weir_made_thing_free);
  dir->outputs = g_ptr_array_new_with_free_func(weir_made_thing_free);
  dir->metrics = weir_metrics_new();
  return dir;
}

WeirRunDir *
weir_run_dir_new(const char *directory, const char *name, GError **error)
{
  g_autofree char *path = NULL;
  gboolean made = TRUE;
  if (directory) {
    path = g_canonicalize_filename(directory, NULL);
    made = !g_file_test(path, G_FILE_TEST_EXISTS);
    if (!make_named(path, error))
      return NULL;
  } else {
    path = make_default(name, error);
    if (!path)
      return NULL;
  }
  WeirRunDir *dir = open_folder(g_strdup(path), error);
  if (dir)
    dir->made = made;
  if (dir && directory && !is_empty(path)) { /* another process was faster */
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "the run directory \"%s\" is not empty\n  hint: name another with --run-dir", path);
    g_clear_pointer(&dir, weir_run_dir_free);
  }
  if (dir)
    weir_atomic_sweep(path, NULL);
  return dir;
}

WeirRunDir *
weir_run_dir_reopen(const char *directory, GError **error)
{
  WeirRunDir *dir = open_folder(g_canonicalize_filename(directory, NULL), error);
  if (dir)
    weir_atomic_sweep(dir->path, NULL);
  return dir;
}

void
weir_run_dir_give_up(WeirRunDir *dir)
{
  static const char *const names[] = {WEIR_BEGUN_FILE, JOURNAL};
  g_autofree char *folder = dir->made ? g_strdup(dir->path) : NULL;
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path = g_build_filename(dir->path, names[i], NULL);
    unlink(path);
  }
  weir_run_dir_free(dir);
  if (folder)
    rmdir(folder); /* unless another process has begun there by now */
}

/* Where the last whole line of the journal ends: a killed process may have left a part of one. */
static goffset
end_of_lines(int fd)
{
  goffset end = lseek(fd, 0, SEEK_END);
  char block[4096];
  while (end > 0) {
    gsize size = (gsize)MIN(end, (goffset)sizeof block);
    ssize_t n = pread(fd, block, size, end - (goffset)size);
    if (n != (ssize_t)size)
      return end;
    for (gsize i = size; i > 0; i--)
      if (block[i - 1] == '\n')
        return end - (goffset)(size - i);
    end -= (goffset)size;
  }
  return 0;
}

gboolean
weir_run_dir_open_journal(WeirRunDir *dir, GError **error)
{
  g_autofree char *path = g_build_filename(dir->path, JOURNAL, NULL);
  dir->journal = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (dir->journal >= 0) {
    dir->journal_size = end_of_lines(dir->journal);
    if (ftruncate(dir->journal, dir->journal_size) == 0)
      return TRUE;
  }
  weir_set_io_error(error, errno, "write", path);
  return FALSE;
}

void
weir_run_dir_free(WeirRunDir *dir)
{
  if (!dir)
    return;
  g_autofree char *lock = g_build_filename(dir->path, LOCK, NULL);
  if (dir->journal >= 0)
    close(dir->journal);
  unlink(lock); /* while it is held: one that is there belongs to a process that runs, or was killed */
  close(dir->lock);
  g_ptr_array_unref(dir->artifacts);
  g_ptr_array_unref(dir->outputs);
  weir_metrics_free(dir->metrics);
  g_mutex_clear(&dir->lock_made);
  g_free(dir->path);
  g_free(dir);
}

char *
weir_run_dir_state(const char *directory)
{
  g_autofree char *path = g_build_filename(directory, "run.json", NULL);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) tree = weir_node_load(path, diagnostics);
  const WeirNode *state = tree ? weir_node_get(tree, "state") : NULL;
  return state && weir_node_kind(state) == WEIR_NODE_STRING ? g_strdup(weir_node_string(state)) : NULL;
}

void
weir_run_dir_clean(const WeirRunDir *dir)
{
  static const char *const names[] = {"stages", "scratch", "rejects"};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autofree char *path = g_build_filename(dir->path, names[i], NULL);
    weir_remove_tree(path, NULL); /* what cannot be removed does no harm */
  }
}

/* ---- Noting --------------------------------------------------------------------------------------------- */

void
weir_run_dir_note_figure(WeirRunDir *dir, const WeirMessage *message)
{
  if (message->type == WEIR_MESSAGE_METRIC)
    weir_metrics_note(dir->metrics, message);
}

/* A whole line or none. After a failure the journal has ended: one with a gap would be taken for whole. */
static gboolean
write_line(WeirRunDir *dir, const GString *line, GError **error)
{
  gsize done = 0;
  while (done < line->len) {
    ssize_t n = write(dir->journal, line->str + done, line->len - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      g_autofree char *path = g_build_filename(dir->path, JOURNAL, NULL);
      weir_set_io_error(error, n < 0 ? errno : EIO, "write", path);
      dir->journal_ended = TRUE;
      if (ftruncate(dir->journal, dir->journal_size) != 0)
        g_prefix_error(error, "a part of a line is left: ");
      return FALSE;
    }
    done += (gsize)n;
  }
  dir->journal_size += (goffset)done;
  return TRUE;
}

gboolean
weir_run_dir_note(WeirRunDir *dir, const WeirMessage *message, GError **error)
{
  if (message->type == WEIR_MESSAGE_TICK)
    return TRUE;
  weir_run_dir_note_figure(dir, message);
  if (dir->journal_ended)
    return TRUE;
  g_autofree char *json = weir_message_to_json(message);
  g_autoptr(GString) line = g_string_new(json);
  g_string_append_c(line, '\n');
  return write_line(dir, line, error);
}

void
weir_run_dir_made(WeirRunDir *dir, gboolean artifact, const char *stage, const char *kind, const char *path,
                  const char *sha256, const char *metadata, guint64 bytes)
{
  WeirMadeThing *thing = g_new0(WeirMadeThing, 1);
  thing->stage = g_strdup(stage);
  thing->kind = g_strdup(kind);
  thing->path = g_strdup(path);
  thing->sha256 = g_strdup(sha256);
  thing->metadata = metadata ? weir_redact_json(metadata) : NULL;
  thing->bytes = bytes;
  g_mutex_lock(&dir->lock_made);
  g_ptr_array_add(artifact ? dir->artifacts : dir->outputs, thing);
  g_mutex_unlock(&dir->lock_made);
}

static void
copy_made(const GPtrArray *things, const char *stage, GPtrArray *copies)
{
  for (guint i = 0; i < things->len; i++) {
    const WeirMadeThing *thing = things->pdata[i];
    if (!g_str_equal(thing->stage, stage))
      continue;
    WeirMadeThing *copy = g_new(WeirMadeThing, 1);
    *copy = (WeirMadeThing){.stage = g_strdup(thing->stage),
                            .kind = g_strdup(thing->kind),
                            .path = g_strdup(thing->path),
                            .sha256 = g_strdup(thing->sha256),
                            .metadata = g_strdup(thing->metadata),
                            .bytes = thing->bytes};
    g_ptr_array_add(copies, copy);
  }
}

void
weir_run_dir_copy_made(WeirRunDir *dir, const char *stage, GPtrArray *artifacts, GPtrArray *outputs)
{
  g_mutex_lock(&dir->lock_made);
  copy_made(dir->artifacts, stage, artifacts);
  copy_made(dir->outputs, stage, outputs);
  g_mutex_unlock(&dir->lock_made);
}
