/* SPDX-License-Identifier: MIT */
/* One byte budget for a run: what its edges may hold, what its stages may reserve, how long a record may be. */
#ifndef WEIR_CORE_BUDGET_H
#define WEIR_CORE_BUDGET_H

#include "core/plan.h"

/* How a budget is divided, once, while planning:
 *
 *   - every stage has 1 MiB for the batch in its hands, and for the first that it reserves where the pool has nothing
 *     for it: so whoever reserves but little need not declare a least;
 *   - every stream has a share for its ring: a quarter of the budget, but at most half of what the stages leave,
 *     divided by their number, within 1 and 64 MiB.
 *     A ring holds up to 64 batches, and takes none while it holds its share or more; it always takes one.
 *     Table edges and what a spool holds beyond its share are files;
 *   - every stage has the least that its class asks for;
 *   - the rest is the pool, which stages reserve from.
 *
 * Bytes in rings are those of the batches' buffers, counted once for each edge that holds them.
 *
 * The pool is lent as it is asked for, so that one greedy stage cannot starve the others: an eighth of it is kept for
 * the stages whose class has no least, all together, and the rest is divided equally between the stages that are open
 * and whose class has one. What a stage of those does not use of its share stays its own until it has closed; beyond
 * its own share a stage gets whatever is no other's. A request that does not fit is refused at once; nobody waits.
 * What is granted depends on the time, so what a stage makes must not depend on what it was granted. But a stage closes
 * before its outputs end: what it had is free when a table that it made is read, or a stream of it has ended. */
typedef struct WeirBudget WeirBudget;

/* A budget of `total` bytes, of which a record may have `max_record`. 0: by default: half of the memory of the machine
   or of the control group that the process is in, whichever is less; and an eighth of the budget, at most 64 MiB. */
WeirBudget *weir_budget_new(guint64 total, guint64 max_record);
void weir_budget_free(WeirBudget *budget);

/* Divide it between the edges and stages of a plan. An error for `diagnostics` when the least that the plan needs does
   not fit: how much it is, and who needs it. */
void weir_budget_divide(WeirBudget *budget, const WeirPlan *plan, WeirDiagnostics *diagnostics);

/* Before the run: a stage of the plan does not run, since what it makes is there already. All that it was given, and the
   rings before it, are the others'. */
void weir_budget_leave_out(WeirBudget *budget, const WeirPlanStage *stage);

guint64 weir_budget_total(const WeirBudget *budget);
guint64 weir_budget_record_limit(const WeirBudget *budget);
/* Bytes that a ring may hold. */
guint64 weir_budget_ring(const WeirBudget *budget);
/* How many workers a parallel stage may have: `jobs`, or fewer if the batches in their hands would take too much. */
guint weir_budget_workers(const WeirBudget *budget, guint jobs);

/* Take from the pool for stage `index` of the plan, and give back; any thread. FALSE: refused; more was given back than
   was taken, `held` gets that. */
gboolean weir_budget_reserve(WeirBudget *budget, guint index, guint64 bytes);
gboolean weir_budget_unreserve(WeirBudget *budget, guint index, guint64 bytes, guint64 *held);
/* The stage has closed: what it holds, its least and its share are the others'. */
void weir_budget_close(WeirBudget *budget, guint index);
/* Why the last request of a stage was refused, and with which budget it would not have been. NULL: it was granted. */
char *weir_budget_explain(WeirBudget *budget, guint index);

/* Memory that this process may use: that of the machine, or the limit of its control groups (version 1 or 2). `root` is
   "" but in tests. 0: not known. */
guint64 weir_machine_memory(const char *root);

#endif
