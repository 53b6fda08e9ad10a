/* SPDX-License-Identifier: MIT */
/* begin.json: what a run was begun with, written before anything else, so that it can be resumed with nothing given but
   its directory. */
#ifndef WEIR_CORE_BEGUN_H
#define WEIR_CORE_BEGUN_H

#include "core/inputs.h"
#include "core/plan.h"

#define WEIR_BEGUN_FILE "begin.json"

/* What an input file was like when the run began. */
typedef struct {
  char *path, *signature, *token; /* signature NULL: nothing was there */
} WeirBegunInput;

typedef struct {
  char *id;
  gint64 started_us;
  guint64 max_record;      /* bytes of a record; 0: not recorded */
  char *working_directory; /* output paths are relative to it; all are recorded as absolute */
  char **plugin_folders;
  WeirPipeline
      *pipeline;     /* one stage for each that the plan had; parameters with their values, or references */
  GPtrArray *inputs; /* of WeirBegunInput */
} WeirBegun;

/* What is recorded: the plan's stages with their resolved options. Of secrets, and of what came from the environment, only
   the references. */
gboolean weir_begun_write(const char *directory, const char *id, gint64 started_us, const WeirPlan *plan,
                          const char *const *plugin_folders, const WeirInputDigests *inputs, GError **error);
/* NULL: the directory is no run directory, or of another version, or of another user; `error` says what to do. */
WeirBegun *weir_begun_read(const char *directory, GError **error);
void weir_begun_free(WeirBegun *begun);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirBegun, weir_begun_free)

#endif
