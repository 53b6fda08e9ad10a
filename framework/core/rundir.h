/* SPDX-License-Identifier: MIT */
/* The run directory: made once, with the journal (events.jsonl) and the record of the run (run.json). */
#ifndef WEIR_CORE_RUNDIR_H
#define WEIR_CORE_RUNDIR_H

#include "core/metrics.h"

/* A file or folder that the run made: inside the run directory (an artifact) or outside (an output). */
typedef struct {
  char *stage, *kind, *path, *sha256, *metadata; /* metadata: JSON or NULL */
  guint64 bytes;
} WeirMadeThing;

typedef struct WeirRunDir {
  char *path; /* absolute */
  int journal;
  goffset journal_size;
  gboolean journal_ended; /* it could not be written any more */
  GMutex lock;
  GPtrArray *artifacts; /* of WeirMadeThing */
  GPtrArray *outputs;   /* of WeirMadeThing */
  WeirMetrics *metrics;
} WeirRunDir;

/* Make it: `directory`, or runs/NAME-TIME in the working directory. */
WeirRunDir *weir_run_dir_new(const char *directory, const char *name, GError **error);
void weir_run_dir_free(WeirRunDir *dir);

/* Add a line to the journal, and note metrics. FALSE, once: it cannot be written, and ends with the line before. Run's
   own thread. */
gboolean weir_run_dir_note(WeirRunDir *dir, const WeirMessage *message, GError **error);
/* Note what was made. Any thread. Takes nothing. */
void weir_run_dir_made(WeirRunDir *dir, gboolean artifact, const char *stage, const char *kind,
                       const char *path, const char *sha256, const char *metadata, guint64 bytes);
/* Write run.json. `state` is how it ended. */
gboolean weir_run_dir_record(WeirRunDir *dir, struct WeirRun *run, const char *state, int code,
                             GError **error);

#endif
