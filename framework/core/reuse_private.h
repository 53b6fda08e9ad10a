/* SPDX-License-Identifier: MIT */
/* What the parts of core/reuse.h share: one decides, one brings and feeds what was made before, one finds out what is
   whole. */
#ifndef WEIR_CORE_REUSE_PRIVATE_H
#define WEIR_CORE_REUSE_PRIVATE_H

#include "core/mark.h"
#include "core/reuse.h"
#include "core/reuse_store.h"
#include "core/run.h"
#include "core/stagekey.h"

/* An output of a stage that does not run, which others want. */
typedef struct {
  gboolean wanted;
  WeirTable *table; /* NULL: nothing came out of it */
  guint64 bytes;
} WeirFeed;

typedef struct {
  WeirMark *mark;  /* of work done before, which is believed; NULL: none */
  gboolean stored; /* it is an entry of the store, and not yet brought here */
  gboolean again;  /* it held the run, which goes on now; what it gave may not have been all */
  gboolean runs;
  gboolean ended;  /* in this run: done, or held */
  gboolean whole;  /* its mark is in the run directory */
  WeirFeed *feeds; /* one an output */
  GPtrArray *messages;
  gsize message_bytes;
} WeirReuseStage;

struct WeirReuse {
  WeirRun *run;
  WeirKeys *keys;
  WeirStore *store; /* NULL: none */
  gboolean resumed;
  guint n;
  WeirReuseStage *stages;
  char **run_keys, **store_keys;
};

WeirPlanStage *weir_reuse_stage(const WeirReuse *reuse, guint index);
/* A log line, of a stage or (NULL) of the run. */
void weir_reuse_say(const WeirReuse *reuse, const char *stage, int level, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Whether a stage that runs takes an output. */
gboolean weir_reuse_is_wanted(const WeirReuse *reuse, const WeirOutput *output);
/* A mark is believed no more. */
void weir_reuse_forget(WeirReuse *reuse, guint index);

/* --- reuse_take.c: what a stage that does not run has made --- */

/* Bring it from the store to the run directory, if it is there. FALSE: it is damaged, its mark is believed no more. */
gboolean weir_reuse_fetch(WeirReuse *reuse, guint index);
/* Open the outputs that others want. FALSE as above. */
gboolean weir_reuse_open_feeds(WeirReuse *reuse, guint index);
void weir_reuse_drop_feeds(const WeirReuse *reuse, guint index);
/* What was brought from the store is marked here, so that a resume finds it without the store. */
void weir_reuse_mark_fetched(WeirReuse *reuse, guint index);
/* As if the stage had just run: what it said, made and counted. */
void weir_reuse_take_over(WeirReuse *reuse, guint index);
/* "reused from the run runs/x: load, split". */
void weir_reuse_tell(const WeirReuse *reuse);

#endif
