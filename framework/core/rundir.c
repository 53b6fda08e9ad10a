/* SPDX-License-Identifier: MIT */
/* Run directories: made exclusively, a journal line a message, artifacts, outputs and metrics noted for run.json. */
#include "core/rundir.h"

#include "base/error.h"
#include "base/files.h"
#include "core/message_json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOURNAL "events.jsonl"

static void
made_thing_free(gpointer data)
{
  WeirMadeThing *thing = data;
  g_free(thing->stage);
  g_free(thing->kind);
  g_free(thing->path);
  g_free(thing->sha256);
  g_free(thing->metadata);
  g_free(thing);
}

/* A folder that the user named may exist, but only empty. */
static gboolean
make_named(const char *path, GError **error)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  gboolean in_the_way = g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR);
  if (in_the_way || (dir && g_dir_read_name(dir))) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "the run directory \"%s\" is %s\n  hint: name another with --run-dir", path,
                in_the_way ? "a file" : "not empty");
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

WeirRunDir *
weir_run_dir_new(const char *directory, const char *name, GError **error)
{
  g_autofree char *path = NULL;
  if (directory) {
    path = g_canonicalize_filename(directory, NULL);
    if (!make_named(path, error))
      return NULL;
  } else {
    path = make_default(name, error);
    if (!path)
      return NULL;
  }
  g_autofree char *journal = g_build_filename(path, JOURNAL, NULL);
  int fd = open(journal, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) {
    weir_set_io_error(error, errno, "write", journal);
    return NULL;
  }
  WeirRunDir *dir = g_new0(WeirRunDir, 1);
  dir->path = g_steal_pointer(&path);
  dir->journal = fd;
  g_mutex_init(&dir->lock);
  dir->artifacts = g_ptr_array_new_with_free_func(made_thing_free);
  dir->outputs = g_ptr_array_new_with_free_func(made_thing_free);
  dir->metrics = weir_metrics_new();
  return dir;
}

void
weir_run_dir_free(WeirRunDir *dir)
{
  if (!dir)
    return;
  close(dir->journal);
  g_ptr_array_unref(dir->artifacts);
  g_ptr_array_unref(dir->outputs);
  weir_metrics_free(dir->metrics);
  g_mutex_clear(&dir->lock);
  g_free(dir->path);
  g_free(dir);
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
  if (message->type == WEIR_MESSAGE_METRIC)
    weir_metrics_note(dir->metrics, message);
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
  g_mutex_lock(&dir->lock);
  g_ptr_array_add(artifact ? dir->artifacts : dir->outputs, thing);
  g_mutex_unlock(&dir->lock);
}
