/* SPDX-License-Identifier: MIT */
/* Runs that go on where they were ended, and the settings of the store. */
#include "core/run.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/units.h"
#include "core/reuse_store.h"

#include <string.h>

#define STORE ".cache" /* beside the runs */

/* ---- Resuming ------------------------------------------------------------------------------------------- */

WeirRun *
weir_run_resume(const char *directory, GError **error)
{
  g_autofree char *path = g_canonicalize_filename(directory, NULL);
  g_autoptr(GError) reason = NULL;
  WeirBegun *begun = weir_begun_read(path, &reason);
  if (!begun) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, reason->message);
    return NULL;
  }
  WeirRun *run = weir_run_new_from(begun->pipeline, g_strdup(begun->id));
  run->begun = begun;
  run->max_record = begun->max_record; /* which records are rejected may hang on it */
  run->directory = g_steal_pointer(&path);
  run->folders = g_strdupv(begun->plugin_folders);
  return run;
}

const char *
weir_run_get_working_directory(WeirRun *run)
{
  return run->begun ? run->begun->working_directory : NULL;
}

gboolean
weir_run_is_done(WeirRun *run)
{
  g_autofree char *state = run->begun ? weir_run_dir_state(run->directory) : NULL;
  return g_strcmp0(state, "done") == 0;
}

gboolean
weir_run_check_file(WeirRun *run, const char *file, GError **error)
{
  char hex[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GError) reason = NULL;
  const char *wanted = weir_pipeline_digest(run->pipeline);
  if (!run->begun || !wanted)
    return TRUE;
  if (!weir_digest_file(file, hex, &reason)) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, reason->message);
    return FALSE;
  }
  if (g_str_equal(hex, wanted))
    return TRUE;
  g_set_error(
      error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
      "\"%s\" is not the pipeline that the run was begun with, or has changed since; leave it out to go on "
      "with the run as it was begun, or leave --resume out to start another",
      file);
  return FALSE;
}

int
weir_run_reopen(WeirRun *run, char **state, GError **error)
{
  g_autoptr(GError) reason = NULL;
  if (run->dir) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "a WeirRun does one run");
    return WEIR_EXIT_USAGE;
  }
  run->dir = weir_run_dir_reopen(run->directory, &reason);
  if (!run->dir) {
    int code = g_error_matches(reason, WEIR_ERROR, WEIR_ERROR_INVALID) ? WEIR_EXIT_USAGE : WEIR_EXIT_FAILED;
    g_set_error_literal(error, WEIR_EXIT_ERROR, code, reason->message);
    return code;
  }
  *state = weir_run_dir_state(run->dir->path);
  if (g_strcmp0(*state, "done") == 0)
    weir_run_dir_clean(run->dir);
  return 0;
}

/* ---- The store ------------------------------------------------------------------------------------------ */

void
weir_run_set_store(WeirRun *run, const char *folder)
{
  gboolean path = folder && *folder && !g_str_equal(folder, "none");
  g_free(run->store);
  run->store = path ? g_canonicalize_filename(folder, NULL) : g_strdup(folder);
}

void
weir_run_set_force(WeirRun *run, gboolean force)
{
  run->force = force;
}

static char *
store_folder(const char *named, const char *working_directory)
{
  const char *folder = named ? named : g_getenv("WEIR_STORE");
  if (folder && g_str_equal(folder, "none"))
    return NULL;
  if (folder && *folder)
    return g_canonicalize_filename(folder, working_directory);
  g_autofree char *runs = g_canonicalize_filename("runs", working_directory);
  return g_build_filename(runs, STORE, NULL);
}

char *
weir_run_store_folder(const WeirRun *run)
{
  return store_folder(run->store, run->begun ? run->begun->working_directory : NULL);
}

char *
weir_store_collect(const char *folder, GError **error)
{
  g_autofree char *path = store_folder(folder, NULL);
  g_autoptr(GError) reason = NULL;
  WeirStoreTotals totals = {0};
  guint64 limit;
  if (!path) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE,
                        "there is no store to tidy up: it is \"none\"");
    return NULL;
  }
  if (!weir_store_limit_from_environment(&limit, &reason)) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, reason->message);
    return NULL;
  }
  WeirStore *store = weir_store_new(path, limit);
  gboolean fine = weir_store_trim(store, TRUE, &totals, &reason);
  weir_store_free(store);
  if (!fine) {
    g_set_error_literal(error, WEIR_EXIT_ERROR, WEIR_EXIT_FAILED, reason->message);
    return NULL;
  }
  g_autofree char *removed = weir_format_size(totals.removed_bytes), *left = weir_format_size(totals.bytes);
  return g_strdup_printf(
      "%s: removed %u of %u entries (%s), %u leftovers and %u digests of files that are gone; "
      "%s are left",
      path, totals.removed, totals.removed + totals.entries, removed, totals.leftovers, totals.remembered,
      left);
}
