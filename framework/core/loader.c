/* SPDX-License-Identifier: MIT */
/* Opens plugins: once a process, from places that only their owner can write to, after a look at the file. */
#include "config.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/quote.h"
#include "core/blas_env.h"
#include "core/loader.h"
#include "core/loader_text.h"
#include "core/trial.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".so"
#define SYMBOL "weir_plugin_v1"

struct WeirPlugin {
  char *file; /* absolute, links resolved */
  const weir_plugin *descriptor;
  char digest[WEIR_DIGEST_HEX_BYTES]; /* of the file, once `digested`; empty: it could not be read */
  gsize digested;
};

/* Plugins by resolved file name. Two files of one name in different places are two plugins. */
static GMutex lock;
static GHashTable *opened;

/* ---- Whether the place is safe --------------------------------------------------------------------------
 */

/* Nobody but root and the user may be able to put other code there. */
static gboolean
check_place(const char *plugin, const char *place, GError **error)
{
  const char *problem = NULL;
  struct stat st;
  if (stat(place, &st) < 0) {
    weir_set_io_error(error, errno, "look at", place);
    return FALSE;
  }
  if (st.st_mode & S_IWOTH)
    problem = "everybody can write to it";
  else if (st.st_uid != 0 && st.st_uid != geteuid())
    problem = "it belongs to another user";
  if (problem) {
    g_autofree char *name = weir_quote(plugin, -1), *where = weir_quote_path(place);
    g_set_error(
        error, WEIR_ERROR, WEIR_ERROR_INVALID,
        "plugin %s is not opened, because of %s %s: %s; change that, or allow it with --unsafe-plugins", name,
        S_ISDIR(st.st_mode) ? "the folder" : "the file", where, problem);
  }
  return problem == NULL;
}

/* The file, its folder, and the folder of a link to it. */
static gboolean
check_places(const char *file, const char *real, GError **error)
{
  g_autofree char *folder = g_path_get_dirname(real), *link_folder = g_path_get_dirname(file);
  return check_place(file, real, error) && check_place(file, folder, error) &&
         (strcmp(folder, link_folder) == 0 || check_place(file, link_folder, error));
}

/* ---- Opening --------------------------------------------------------------------------------------------
 */

/* The plugin's name by its file, as it was asked for: a link gives its own name. */
static char *
name_of_file(const char *file, GError **error)
{
  g_autofree char *base = g_path_get_basename(file);
  if (g_str_has_suffix(base, SUFFIX) && strlen(base) > strlen(SUFFIX))
    return g_strndup(base, strlen(base) - strlen(SUFFIX));
  g_autofree char *path = weir_quote_path(file);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "plugin %s is not named as a plugin is: NAME" SUFFIX,
              path);
  return NULL;
}

static const weir_plugin *
load(const char *real, GError **error)
{
  void *handle, *symbol;
  const ElfW(Sym) *entry = NULL;
  Dl_info info;
  weir_blas_environment();
  handle = dlopen(real, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    weir_set_dlopen_error(error, real, dlerror());
    return NULL;
  }
  symbol = dlsym(handle, SYMBOL);
  if (!symbol) {
    weir_set_dlopen_error(error, real, dlerror());
    return NULL;
  }
  /* The check of the file saw data of this size; the dynamic linker must have found the same. */
  if (!dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) || !entry || info.dli_saddr != symbol ||
      ELF64_ST_TYPE(entry->st_info) != STT_OBJECT || ((const weir_plugin *)symbol)->size > entry->st_size) {
    weir_set_dlopen_error(error, real, SYMBOL " in memory is not that of the file");
    return NULL;
  }
  return weir_descriptor_adopt(symbol, real, error);
}

static WeirPlugin *
open_real(const char *real, GError **error)
{
  gboolean constructors = FALSE;
  const weir_plugin *descriptor;
  WeirPlugin *plugin;
  if (!weir_elf_check(real, &constructors, error))
    return NULL;
  weir_blas_environment();
  if (constructors && !weir_trial_open(real, error)) /* rule W19 */
    return NULL;
  descriptor = load(real, error);
  if (!descriptor)
    return NULL;
  plugin = g_new0(WeirPlugin, 1);
  plugin->file = g_strdup(real);
  plugin->descriptor = descriptor;
  return plugin;
}

WeirPlugin *
weir_plugin_open(const char *file, gboolean allow_unsafe, GError **error)
{
  g_autofree char *name = name_of_file(file, error), *absolute = g_canonicalize_filename(file, NULL);
  char *real = name ? realpath(absolute, NULL) : NULL;
  WeirPlugin *plugin = NULL;
  if (!name)
    return NULL;
  if (!real) {
    weir_set_io_error(error, errno, "open plugin", file);
    return NULL;
  }
  g_mutex_lock(&lock);
  if (!opened)
    opened = g_hash_table_new(g_str_hash, g_str_equal);
  if (allow_unsafe || check_places(absolute, real, error)) {
    plugin = g_hash_table_lookup(opened, real);
    if (!plugin) {
      plugin = open_real(real, error);
      if (plugin)
        g_hash_table_insert(opened, plugin->file, plugin);
    }
  }
  g_mutex_unlock(&lock);
  if (plugin && strcmp(plugin->descriptor->name, name) != 0) {
    g_autofree char *path = weir_quote_path(file);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "plugin %s breaks contract rule W17: it calls itself \"%s\"; name the file %s" SUFFIX, path,
                plugin->descriptor->name, plugin->descriptor->name);
    plugin = NULL;
  }
  free(real);
  return plugin;
}

/* ---- Plugins of the program itself ----------------------------------------------------------------------
 */

static GHashTable *built_in; /* by name; guarded by `lock` */

gboolean
weir_plugin_add_built_in(const weir_plugin *descriptor, const char *file, GError **error)
{
  const weir_plugin *adopted = weir_descriptor_adopt(descriptor, file, error);
  if (!adopted)
    return FALSE;
  g_mutex_lock(&lock);
  if (!built_in)
    built_in = g_hash_table_new(g_str_hash, g_str_equal);
  gboolean taken = g_hash_table_contains(built_in, adopted->name);
  if (!taken) {
    WeirPlugin *plugin = g_new0(WeirPlugin, 1);
    plugin->file = g_strdup(file);
    plugin->descriptor = adopted;
    g_hash_table_insert(built_in, (gpointer)adopted->name, plugin);
  }
  g_mutex_unlock(&lock);
  if (taken)
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "there is a built-in plugin \"%s\" already",
                adopted->name);
  return !taken;
}

WeirPlugin *
weir_plugin_built_in(const char *name)
{
  g_mutex_lock(&lock);
  WeirPlugin *plugin = built_in ? g_hash_table_lookup(built_in, name) : NULL;
  g_mutex_unlock(&lock);
  return plugin;
}

const char *
weir_plugin_get_file(const WeirPlugin *plugin)
{
  return plugin->file;
}

const char *
weir_plugin_get_digest(WeirPlugin *plugin)
{
  if (g_once_init_enter(&plugin->digested)) {
    if (!weir_digest_file(plugin->file, plugin->digest, NULL))
      *plugin->digest = '\0';
    g_once_init_leave(&plugin->digested, 1);
  }
  return plugin->digest;
}

const weir_plugin *
weir_plugin_get_descriptor(const WeirPlugin *plugin)
{
  return plugin->descriptor;
}

const weir_class *
weir_plugin_class(const WeirPlugin *plugin, const char *name)
{
  const weir_plugin *d = plugin->descriptor;
  for (guint i = 0; i < d->n_classes; i++)
    if (strcmp(d->classes[i].name, name) == 0)
      return &d->classes[i];
  return NULL;
}
