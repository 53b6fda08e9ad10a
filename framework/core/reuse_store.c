/* SPDX-License-Identifier: MIT */
/* The store of what stages made: see reuse_store.h. */
#include "core/reuse_store.h"

#include "base/atomic_dir.h"
#include "base/copy.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/units.h"
#include "core/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUTS  "inputs"
#define REJECTS "rejects.jsonl"

struct WeirStore {
  char *folder; /* absolute */
  guint64 limit;
};

WeirStore *
weir_store_new(const char *folder, guint64 limit)
{
  WeirStore *store = g_new0(WeirStore, 1);
  store->folder = g_canonicalize_filename(folder, NULL);
  store->limit = limit;
  return store;
}

void
weir_store_free(WeirStore *store)
{
  if (!store)
    return;
  g_free(store->folder);
  g_free(store);
}

const char *
weir_store_get_folder(const WeirStore *store)
{
  return store->folder;
}

gboolean
weir_store_limit_from_environment(guint64 *limit, GError **error)
{
  const char *text = g_getenv("WEIR_STORE_LIMIT");
  *limit = WEIR_STORE_LIMIT;
  if (!text || !*text)
    return TRUE;
  if (weir_parse_size(text, 0, G_MAXUINT64, limit, error))
    return TRUE;
  g_prefix_error(error, "the environment variable WEIR_STORE_LIMIT: ");
  return FALSE;
}

char *
weir_store_memory_folder(const WeirStore *store)
{
  return g_build_filename(store->folder, INPUTS, NULL);
}

static char *
entry_path(const WeirStore *store, const char *key)
{
  return g_build_filename(store->folder, key, NULL);
}

/* ---- Taking out ----------------------------------------------------------------------------------------- */

/* First under another name, so that nobody finds a part of it. */
void
weir_store_drop(WeirStore *store, const char *key)
{
  g_autofree char *path = entry_path(store, key);
  g_autofree char *hidden = g_strdup_printf("%s/.%s.%06x.tmp", store->folder, key, g_random_int() & 0xffffff);
  if (rename(path, hidden) == 0)
    weir_remove_tree(hidden, NULL);
}

gboolean
weir_store_is_damage(const GError *why)
{
  return !g_error_matches(why, WEIR_ERROR, WEIR_ERROR_IO);
}

WeirMark *
weir_store_look(WeirStore *store, const char *key, const char *stage, GError **error)
{
  g_autofree char *path = entry_path(store, key);
  g_autoptr(GError) why = NULL;
  g_autoptr(WeirMark) mark = weir_mark_read(path, stage, &why);
  if (mark && g_str_equal(mark->key, key)) {
    utimensat(AT_FDCWD, path, NULL, 0); /* it was used now */
    return g_steal_pointer(&mark);
  }
  if (why || mark) {
    if (!why || weir_store_is_damage(why))
      weir_store_drop(store, key);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s",
                why ? why->message : "an entry of the store has another's mark");
  }
  return NULL;
}

/* artifacts/STAGE/NAME becomes artifacts/NAME; NULL: it is no such path. */
static const char *
artifact_name(const WeirMadeThing *thing)
{
  g_autofree char *prefix = g_strdup_printf("artifacts/%s/", thing->stage);
  const char *name = g_str_has_prefix(thing->path, prefix) ? thing->path + strlen(prefix) : NULL;
  return name && *name && name[0] != '.' && !strchr(name, '/') ? name : NULL;
}

static gboolean
differs(const char *path, GError **error)
{
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" is not what its digest says", path);
  return FALSE;
}

static gboolean
fetch_artifact(const char *entry, const WeirMadeThing *thing, const char *run, GError **error)
{
  const char *name = artifact_name(thing);
  g_autofree char *from = g_build_filename(entry, "artifacts", name ? name : "", NULL);
  g_autofree char *to = g_build_filename(run, thing->path, NULL);
  char hex[WEIR_DIGEST_HEX_BYTES];
  if (!name) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" is no path of an artifact", thing->path);
    return FALSE;
  }
  g_autoptr(WeirAtomicDir) dir =
      weir_atomic_dir_open(to, WEIR_ATOMIC_MAKE_PARENTS | WEIR_ATOMIC_NO_SYNC, error);
  if (!dir || !weir_copy_tree(from, weir_atomic_dir_temporary(dir), error) ||
      !weir_digest_folder(weir_atomic_dir_temporary(dir), NULL, hex, error))
    return FALSE;
  return g_strcmp0(hex, thing->sha256) == 0 ? weir_atomic_dir_commit(dir, error) : differs(from, error);
}

static gboolean
fetch_rejects(const char *entry, const WeirMark *mark, const char *run, GError **error)
{
  g_autofree char *from = g_build_filename(entry, REJECTS, NULL);
  g_autofree char *to = weir_rejects_part(run, mark->stage);
  g_autofree char *above = g_path_get_dirname(to);
  char hex[WEIR_DIGEST_HEX_BYTES];
  unlink(to);
  if (!weir_make_folder(above, error) || !weir_copy_file(from, to, error) ||
      !weir_digest_file(to, hex, error))
    return FALSE;
  return g_strcmp0(hex, mark->rejects_sha256) == 0 || differs(from, error);
}

static gboolean
fetch(const char *entry, const WeirMark *mark, const char *const *tables, const char *folder, const char *run,
      GError **error)
{
  gboolean fine = weir_make_folder(folder, error);
  for (guint t = 0; tables[t] && fine; t++) {
    g_autofree char *name = weir_mark_table_name(tables[t]);
    g_autofree char *from = g_build_filename(entry, name, NULL), *to = g_build_filename(folder, name, NULL);
    fine = weir_link_or_copy(from, to, error);
  }
  for (guint a = 0; a < mark->artifacts->len && fine; a++)
    fine = fetch_artifact(entry, mark->artifacts->pdata[a], run, error);
  return fine && (!mark->rejects || fetch_rejects(entry, mark, run, error));
}

gboolean
weir_store_fetch(WeirStore *store, const char *key, const WeirMark *mark, const char *const *tables,
                 const char *folder, const char *run, GError **error)
{
  g_autofree char *entry = entry_path(store, key);
  g_autoptr(GError) why = NULL;
  if (fetch(entry, mark, tables, folder, run, &why))
    return TRUE;
  if (weir_store_is_damage(why))
    weir_store_drop(store, key);
  g_propagate_error(error, g_steal_pointer(&why));
  return FALSE;
}

/* ---- Entering ------------------------------------------------------------------------------------------- */

static gboolean
fill(const char *entry, const WeirMark *mark, const char *folder, const char *run, GError **error)
{
  for (guint o = 0; o < mark->outputs->len; o++) {
    const WeirMarkOutput *output = mark->outputs->pdata[o];
    g_autofree char *name = weir_mark_table_name(output->name);
    g_autofree char *from = g_build_filename(folder, name, NULL), *to = g_build_filename(entry, name, NULL);
    if (output->kept && output->rows && !weir_link_or_copy(from, to, error))
      return FALSE;
  }
  for (guint a = 0; a < mark->artifacts->len; a++) {
    const WeirMadeThing *thing = mark->artifacts->pdata[a];
    const char *name = artifact_name(thing);
    g_autofree char *from = g_build_filename(run, thing->path, NULL);
    g_autofree char *to = g_build_filename(entry, "artifacts", name, NULL);
    if (name && !weir_copy_tree(from, to, error))
      return FALSE;
  }
  g_autofree char *from = weir_rejects_part(run, mark->stage), *to = g_build_filename(entry, REJECTS, NULL);
  return (!mark->rejects || weir_copy_file(from, to, error)) && weir_mark_write(mark, entry, error);
}

gboolean
weir_store_enter(WeirStore *store, const char *key, const WeirMark *mark, const char *folder, const char *run,
                 GError **error)
{
  g_autofree char *path = entry_path(store, key);
  guint64 bytes = 0;
  for (guint o = 0; o < mark->outputs->len; o++)
    bytes += ((const WeirMarkOutput *)mark->outputs->pdata[o])->bytes;
  for (guint a = 0; a < mark->artifacts->len; a++)
    bytes += ((const WeirMadeThing *)mark->artifacts->pdata[a])->bytes;
  if (bytes > store->limit) /* it would push out everything else, and then itself */
    return TRUE;
  g_autoptr(WeirAtomicDir) dir = weir_atomic_dir_open(
      path, WEIR_ATOMIC_MAKE_PARENTS | WEIR_ATOMIC_NO_SYNC | WEIR_ATOMIC_REPLACE_FOLDER, error);
  return dir && fill(weir_atomic_dir_temporary(dir), mark, folder, run, error) &&
         weir_atomic_dir_commit(dir, error);
}

/* ---- Trimming ------------------------------------------------------------------------------------------- */

typedef struct {
  char *name;
  gint64 used; /* in nanoseconds */
  guint64 bytes;
} Entry;

static void
entry_free(gpointer data)
{
  Entry *entry = data;
  g_free(entry->name);
  g_free(entry);
}

static int
compare_age(gconstpointer a, gconstpointer b)
{
  const Entry *first = *(const Entry *const *)a, *second = *(const Entry *const *)b;
  return first->used < second->used ? -1 : first->used > second->used;
}

static guint64
bytes_below(const char *folder, guint depth)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  guint64 bytes = 0;
  const char *name;
  while (dir && depth < 64 && (name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat st;
    if (lstat(path, &st) != 0)
      continue;
    bytes += S_ISDIR(st.st_mode) ? bytes_below(path, depth + 1) : (guint64)st.st_size;
  }
  return bytes;
}

static gboolean
is_key(const char *name)
{
  return strlen(name) == WEIR_DIGEST_HEX_BYTES - 1 && strspn(name, "0123456789abcdef") == strlen(name);
}

static GPtrArray *
list_entries(const WeirStore *store, GError **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
  g_autoptr(GError) why = NULL;
  g_autoptr(GDir) dir = g_dir_open(store->folder, 0, &why);
  const char *name;
  if (!dir && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
    g_set_error_literal(error, WEIR_ERROR, WEIR_ERROR_IO, why->message);
    return NULL;
  }
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(store->folder, name, NULL);
    struct stat st;
    if (!is_key(name) || stat(path, &st) != 0)
      continue;
    Entry *entry = g_new0(Entry, 1);
    entry->name = g_strdup(name);
    entry->used = (gint64)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    entry->bytes = bytes_below(path, 0);
    g_ptr_array_add(entries, entry);
  }
  g_ptr_array_sort(entries, compare_age);
  return g_steal_pointer(&entries);
}

/* Digests of files that are gone: the first line is the path. */
static guint
forget_inputs(const WeirStore *store)
{
  g_autofree char *folder = weir_store_memory_folder(store);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  guint n = 0;
  const char *name;
  weir_atomic_sweep(folder, NULL);
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = is_key(name) ? weir_read_file(path, 1 << 16, NULL, NULL) : NULL;
    if (!text)
      continue;
    text[strcspn(text, "\n")] = '\0';
    if (!g_file_test(text, G_FILE_TEST_EXISTS) && unlink(path) == 0)
      n++;
  }
  return n;
}

guint
weir_store_sweep(const WeirStore *store)
{
  int swept = weir_atomic_sweep(store->folder, NULL);
  return (guint)MAX(swept, 0);
}

gboolean
weir_store_trim(WeirStore *store, gboolean tidy, WeirStoreTotals *totals, GError **error)
{
  WeirStoreTotals counted = {0};
  g_autoptr(GPtrArray) entries = list_entries(store, error);
  if (!entries)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    counted.bytes += ((const Entry *)entries->pdata[i])->bytes;
  counted.entries = entries->len;
  for (guint i = 0; i < entries->len && counted.bytes > store->limit; i++) {
    const Entry *entry = entries->pdata[i];
    weir_store_drop(store, entry->name);
    counted.entries--;
    counted.removed++;
    counted.bytes -= entry->bytes;
    counted.removed_bytes += entry->bytes;
  }
  if (tidy) {
    counted.leftovers = weir_store_sweep(store);
    counted.remembered = forget_inputs(store);
  }
  if (totals)
    *totals = counted;
  return TRUE;
}
