/* SPDX-License-Identifier: MIT */
/* Which stages of a run need not run, since what they make is there already: in the run itself, which is resumed, or in
   the store. And which are whole, so that the next need not run them. */
#ifndef WEIR_CORE_REUSE_H
#define WEIR_CORE_REUSE_H

#include "core/begun.h"
#include "core/rundir.h"
#include "core/stage.h"

/*
 * A stage is *whole* when it is done and each of its outputs is kept (core/keep.h), or all that takes the output is whole
 * itself, or nothing takes it: so nobody can want anything more of it. Then its mark is written (core/mark.h). A run that
 * is resumed believes a mark if its key is the one that the stage has now, the files that it speaks of are there with
 * their digests, and nothing before it has to be made again that might turn out otherwise.
 */
typedef struct WeirReuse WeirReuse;

/* Look at the inputs, ask for fingerprints, compute keys. `begun`: what the run was begun with, if it is resumed; else
   NULL. `store`: folder, or NULL for none. */
WeirReuse *weir_reuse_new(WeirRun *run, const WeirBegun *begun, const char *store, GError **error);
void weir_reuse_free(WeirReuse *reuse);

/* Decide which stages run; bring what the others made to its place, and clear what those that run left. `force`: the
   store is not looked at. `again`: stages that held the run do so no more, and are run again. The stages are made, their
   queues not yet. */
void weir_reuse_decide(WeirReuse *reuse, gboolean force, gboolean again);
/* Whether a stage runs in this run. */
gboolean weir_reuse_runs(const WeirReuse *reuse, const WeirPlanStage *stage);
/* The queues are made: fill those that stages which do not run would have fed. Threads that do so are added. */
void weir_reuse_feed(WeirReuse *reuse, GPtrArray *threads);

/* Every message of the run, in its own thread: metrics and the like belong to a mark, and a stage that ends may make
   itself and others whole. */
void weir_reuse_note(WeirReuse *reuse, const WeirMessage *message);

/* The run has ended, and the digests of its inputs are there: enter into the store what is whole, and remove what was
   kept of stages that are not. */
void weir_reuse_end(WeirReuse *reuse);

#endif
