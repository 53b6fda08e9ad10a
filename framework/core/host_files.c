/* SPDX-License-Identifier: MIT */
/* Files and folders that a stage makes through the host: artifacts, scratch and cache folders, outputs. */
#include "core/run.h"

#include "base/atomic_dir.h"
#include "base/digest.h"
#include "base/files.h"

#include <sys/stat.h>

static gboolean
name_is_good(const char *name)
{
  gsize n = strlen(name);
  if (n == 0 || n > 100 || name[0] == '.')
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!g_ascii_isalnum(name[i]) && !strchr("._-", name[i]))
      return FALSE;
  return TRUE;
}

/* The artifact that was begun in `folder`; with `take` it is the caller's. */
static WeirAtomicDir *
find_artifact(WeirRunningStage *running, const char *folder)
{
  WeirAtomicDir *found = NULL;
  g_mutex_lock(&running->lock);
  for (guint i = 0; i < running->artifacts->len && !found; i++)
    if (g_str_equal(weir_atomic_dir_temporary(running->artifacts->pdata[i]), folder)) {
      found = running->artifacts->pdata[i];
      g_ptr_array_remove_index(running->artifacts, i);
    }
  g_mutex_unlock(&running->lock);
  return found;
}

const char *
weir_host_artifact_begin(weir_stage *public, const char *name)
{
  WeirStage *stage = (WeirStage *)public;
  g_autoptr(GError) error = NULL;
  if (!stage->running || !name || !name_is_good(name)) {
    weir_stage_breach(stage, "W05", "weir_artifact_begin() was given \"%s\", which is no name for a folder",
                      name ? name : "");
    return NULL;
  }
  g_autofree char *path = g_build_filename(stage->run->dir->path, "artifacts", stage->plan->name, name, NULL);
  WeirAtomicDir *dir = weir_atomic_dir_open(path, WEIR_ATOMIC_MAKE_PARENTS, &error);
  if (!dir) {
    weir_stage_fail_host(stage, "%s", error->message);
    return NULL;
  }
  g_mutex_lock(&stage->running->lock);
  g_ptr_array_add(stage->running->artifacts, dir);
  g_mutex_unlock(&stage->running->lock);
  /* Strings that the host gives live as long as the stage; those of `dir` end with it. */
  const char *folder = weir_arena_strdup(stage->plan->arena, weir_atomic_dir_temporary(dir));
  if (!folder)
    weir_stage_fail_host(stage, "no memory for the name of a folder");
  return folder;
}

static guint64
total_bytes(const GPtrArray *manifest)
{
  guint64 bytes = 0;
  for (guint i = 0; i < manifest->len; i++)
    bytes += ((const WeirFileDigest *)manifest->pdata[i])->size;
  return bytes;
}

static int
emit_artifact(WeirStage *stage, uint32_t port, const char *kind, const char *path, const char *hex,
              const char *metadata)
{
  weir_batch *batch = weir_host_batch_new(&stage->public, port);
  if (!batch)
    return -1;
  if (batch->n_columns != 4) {
    weir_host_batch_drop(batch);
    return weir_stage_breach(stage, "W05", "output %u is not of type WEIR_ARTIFACT", port);
  }
  weir_put_string(batch->columns[0], kind);
  weir_put_string(batch->columns[1], path);
  weir_put_string(batch->columns[2], hex);
  weir_put_string(batch->columns[3], metadata ? metadata : "{}");
  return weir_host_batch_send(batch);
}

int
weir_host_artifact_finish(weir_stage *public, const char *folder, uint32_t port, const char *kind,
                          const char *metadata)
{
  WeirStage *stage = (WeirStage *)public;
  g_autoptr(GError) error = NULL;
  WeirAtomicDir *dir = stage->running && folder ? find_artifact(stage->running, folder) : NULL;
  if (!dir)
    return weir_stage_breach(stage, "W15", "weir_artifact_finish() was given a folder that was not begun");
  g_autofree char *path = g_strdup(weir_atomic_dir_path(dir));
  char hex[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GPtrArray) manifest = weir_digest_manifest(folder, NULL, &error);
  gboolean fine = manifest != NULL;
  if (fine) {
    weir_digest_of_manifest(manifest, hex);
    fine = weir_atomic_dir_commit(dir, &error);
  }
  weir_atomic_dir_free(dir);
  if (!fine)
    return weir_stage_fail_host(stage, "%s", error->message);
  const char *relative = path + strlen(stage->run->dir->path) + 1;
  weir_run_dir_made(stage->run->dir, TRUE, stage->plan->name, kind, relative, hex, metadata,
                    total_bytes(manifest));
  WeirMessage message = {.type = WEIR_MESSAGE_ARTIFACT,
                         .stage = stage->plan->name,
                         .kind = kind,
                         .name = relative,
                         .text = hex,
                         .json = metadata};
  weir_run_post(stage->run, &message);
  return emit_artifact(stage, port, kind, relative, hex, metadata);
}

void
weir_host_artifact_drop(weir_stage *public, const char *folder)
{
  WeirStage *stage = (WeirStage *)public;
  WeirAtomicDir *dir = stage->running && folder ? find_artifact(stage->running, folder) : NULL;
  if (dir)
    weir_atomic_dir_free(dir);
  else
    weir_stage_breach(stage, "W15", "weir_artifact_drop() was given a folder that was not begun");
}

/* A record's path comes from a batch: it may have been made up, so it must stay inside the run directory. */
const char *
weir_host_run_path(weir_stage *public, const char *path, int64_t len)
{
  WeirStage *stage = (WeirStage *)public;
  g_autofree char *relative = path && len > 0 ? g_strndup(path, (gsize)len) : g_strdup("");
  gboolean inside = len > 0 && strlen(relative) == (gsize)len && relative[0] != '/' && stage->running;
  g_auto(GStrv) parts = g_strsplit(relative, "/", -1);
  for (guint i = 0; parts[i]; i++)
    inside &= !g_str_equal(parts[i], "..") && *parts[i] != '\0';
  if (!inside) {
    weir_stage_fail_host(stage, "\"%s\" is no path inside the run directory", relative);
    return NULL;
  }
  g_autofree char *absolute = g_build_filename(stage->run->dir->path, relative, NULL);
  return weir_arena_strdup(stage->plan->arena, absolute);
}

int
weir_host_output(weir_stage *public, const char *path, const char *kind)
{
  WeirStage *stage = (WeirStage *)public;
  g_autoptr(GError) error = NULL;
  char hex[WEIR_DIGEST_HEX_BYTES] = "";
  guint64 bytes = 0;
  struct stat st;
  if (!stage->running)
    return weir_stage_breach(stage, "W05", "weir_output() was called while planning");
  if (stat(path, &st) != 0)
    return weir_stage_fail_host(stage, "\"%s\", which was just written, is not there", path);
  if (S_ISDIR(st.st_mode)) {
    /* An artifact's description is not part of what its digest is of: so the copy has that of the original. */
    const char *const except[] = {"artifact.json", NULL};
    g_autoptr(GPtrArray) manifest = weir_digest_manifest(path, except, &error);
    if (!manifest)
      return weir_stage_fail_host(stage, "%s", error->message);
    weir_digest_of_manifest(manifest, hex);
    bytes = total_bytes(manifest);
  } else if (S_ISREG(st.st_mode)) {
    if (!weir_digest_file(path, hex, &error))
      return weir_stage_fail_host(stage, "%s", error->message);
    bytes = (guint64)st.st_size;
  }
  weir_run_dir_made(stage->run->dir, FALSE, stage->plan->name, kind, path, *hex ? hex : NULL, NULL, bytes);
  WeirMessage message = {.type = WEIR_MESSAGE_ARTIFACT,
                         .stage = stage->plan->name,
                         .kind = kind,
                         .name = path,
                         .text = *hex ? hex : NULL};
  weir_run_post(stage->run, &message);
  return 0;
}

static const char *
folder_for(WeirStage *stage, const char *path)
{
  g_autoptr(GError) error = NULL;
  if (weir_make_folder(path, &error))
    return weir_arena_strdup(stage->plan->arena, path);
  weir_stage_fail_host(stage, "%s", error->message);
  return NULL;
}

const char *
weir_host_scratch(weir_stage *public)
{
  WeirStage *stage = (WeirStage *)public;
  if (!stage->running) {
    weir_stage_breach(stage, "W05", "weir_scratch() was called while planning");
    return NULL;
  }
  g_autofree char *path = g_build_filename(stage->run->dir->path, "scratch", stage->plan->name, NULL);
  return folder_for(stage, path);
}

const char *
weir_host_cache(weir_stage *public)
{
  WeirStage *stage = (WeirStage *)public;
  const weir_plugin *plugin = weir_plugin_get_descriptor(stage->plan->plugin);
  g_autofree char *path = g_build_filename(g_get_user_cache_dir(), "weir", plugin->name, NULL);
  return folder_for(stage, path);
}
