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
  char *path;    /* absolute */
  gboolean made; /* it was not there before */
  int lock;      /* held while the run goes on */
  int journal;
  goffset journal_size;
  gboolean journal_ended; /* it could not be written any more */
  GMutex lock_made;       /* artifacts, outputs */
  GPtrArray *artifacts;   /* of WeirMadeThing */
  GPtrArray *outputs;     /* of WeirMadeThing */
  WeirMetrics *metrics;
} WeirRunDir;

/* Make it: `directory`, or runs/NAME-TIME in the working directory. It is locked, and has no journal yet. */
WeirRunDir *weir_run_dir_new(const char *directory, const char *name, GError **error);
/* One that is there already. Refused while another process has it. */
WeirRunDir *weir_run_dir_reopen(const char *directory, GError **error);
/* The run could not begin after all: leave nothing behind, but the folder where it was there before. */
void weir_run_dir_give_up(WeirRunDir *dir);
/* Begin the journal, or go on with it behind its last whole line. */
gboolean weir_run_dir_open_journal(WeirRunDir *dir, GError **error);
void weir_run_dir_free(WeirRunDir *dir);
void weir_made_thing_free(gpointer thing);

/* The state that run.json says: "running", "done", …; NULL: there is none that can be read. g_free(). */
char *weir_run_dir_state(const char *directory);
/* Remove what only a resume would need, once the run is done. */
void weir_run_dir_clean(const WeirRunDir *dir);

/* Add a line to the journal, and note metrics. FALSE, once: it cannot be written, and ends with the line before. Run's
   own thread. */
gboolean weir_run_dir_note(WeirRunDir *dir, const WeirMessage *message, GError **error);
/* Note a metric alone; other messages are passed over. */
void weir_run_dir_note_figure(WeirRunDir *dir, const WeirMessage *message);
/* Note what was made. Any thread. Takes nothing. */
void weir_run_dir_made(WeirRunDir *dir, gboolean artifact, const char *stage, const char *kind,
                       const char *path, const char *sha256, const char *metadata, guint64 bytes);
/* Copies of what was noted of one stage, as WeirMadeThing, are added to the arrays. Any thread. */
void weir_run_dir_copy_made(WeirRunDir *dir, const char *stage, GPtrArray *artifacts, GPtrArray *outputs);
/* Write run.json. `state` is how it ended. */
gboolean weir_run_dir_record(WeirRunDir *dir, struct WeirRun *run, const char *state, int code,
                             GError **error);

#endif
