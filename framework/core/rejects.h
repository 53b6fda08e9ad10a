/* SPDX-License-Identifier: MIT */
/* Records that cannot be used: what the pipeline says of them, where they came from, and the file that they go to. */
#ifndef WEIR_CORE_REJECTS_H
#define WEIR_CORE_REJECTS_H

#include "core/plan.h"

typedef struct WeirStage WeirStage;
typedef struct WeirRun WeirRun;

/* ---- What the pipeline says ("on_error", "max_rejects") -------------------------------------------------- */

#define WEIR_REJECTS_DEFAULT 1000 /* where "reject" is said without a number */

/* Settle a policy from what is written, each node NULL where nothing is; what is not written stays as it is. */
void weir_reject_policy_read(const WeirScope *scope, const WeirElement *element, const WeirNode *on_error,
                             const WeirNode *max, WeirRejectPolicy *policy, WeirDiagnostics *diagnostics);

/* ---- Where a record came from ---------------------------------------------------------------------------- */

typedef struct {
  const char *source; /* a path or address; NULL: not known */
  const char *unit;   /* what `line` counts, "line" or "record" */
  guint64 line;       /* from 1; 0: not known */
  guint64 row;        /* without a source: among what went through the port, from 1; 0: not known */
  const char *port;   /* NULL: none */
  const char
      *text; /* the record as it stands in the source, `size` bytes, perhaps no UTF-8; NULL: not known */
  gsize size;
} WeirOrigin;

WeirOrigin weir_origin_of(const WeirStage *stage, const WeirInput *input, const struct ArrowArray *batch,
                          gint64 row);
/* Of a record that is sent. */
WeirOrigin weir_origin_of_output(const WeirStage *stage, const WeirOutput *output,
                                 const struct ArrowArray *batch, gint64 row);
/* "data/a.csv:12", paths relative to the working directory where they are below it. g_free(). */
char *weir_origin_to_string(const WeirOrigin *origin);

/* ---- Rejected records ------------------------------------------------------------------------------------ */

/*
 * While a stage runs, what it rejects is added to rejects/STAGE.jsonl in the run directory, a line each, in the order
 * of its input whatever the number of workers. A stage that runs again (a resume) begins that file anew. When the run
 * ends, the files of all stages, in the order of the plan, become rejects.jsonl, which appears whole; after a run that
 * is done the files of the stages are removed. So for a stage whose outputs are taken from a store its file has to be
 * put in its place before weir_rejects_finish(), or the stage has to run.
 */
typedef struct {
  GMutex lock;
  int file; /* -1 before the first */
  guint64 n;
  GPtrArray *first; /* texts of the first few, for the report when there are too many */
} WeirRejects;

/* A rejected record on its way to the file. */
typedef struct {
  char *line; /* of the file, without the newline */
  char *text; /* for people */
} WeirReject;

void weir_reject_free(WeirReject *reject);

void weir_rejects_init(WeirRejects *rejects);
void weir_rejects_clear(WeirRejects *rejects);

/* Where a stage's rejected records are while the run in this directory goes on. g_free(). */
char *weir_rejects_part(const char *directory, const char *stage);
/* A stage begins: what it rejected when it ran before, in a run that is resumed, counts no more. */
void weir_rejects_begin(const WeirRun *run, const char *stage);
/* A record of a stage is bad: it is rejected (0), or the run fails (-1, reported). `batch` and `row` may be missing. */
int weir_stage_reject(WeirStage *stage, const WeirOrigin *origin, const WeirSchema *schema,
                      const struct ArrowArray *batch, gint64 row, const char *reason);
/* Write what was rejected in a call of a worker that has its turn. Takes it. 0 or -1. */
int weir_stage_commit_reject(WeirStage *stage, WeirReject *reject);
/* Leave out the rows of a batch that have a null in one of these columns; takes nothing. `kept` gets the rows that are
   left, or NULL when all are. 0 or -1. */
int weir_stage_reject_nulls(WeirStage *stage, const WeirInput *input, const struct ArrowArray *batch,
                            GArray **kept);

/* Make rejects.jsonl. The files of the stages stay, for a run that is resumed. */
gboolean weir_rejects_finish(WeirRun *run, GError **error);
/* Of all stages. */
guint64 weir_rejects_total(const WeirRun *run);

#endif
