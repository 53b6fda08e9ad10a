/* SPDX-License-Identifier: MIT */
/* A running stage: what stands behind the weir_stage that a plugin sees, and the calls into its class. */
#ifndef WEIR_CORE_STAGE_H
#define WEIR_CORE_STAGE_H

#include "core/batch.h"
#include "core/plan.h"
#include "core/queue.h"
#include "core/rejects.h"
#include "core/table_file.h"

typedef struct WeirRun WeirRun;

/* Counters are written by the stage's threads and read by whoever looks: relaxed atomics. */
typedef struct {
  guint64 records_in, records_out, batches_in, batches_out, bytes_in, bytes_out, rejects;
  guint64 busy_ns, wait_in_ns, wait_out_ns;
  guint64 begin_ns, end_ns; /* g_get_monotonic_time() * 1000; 0: not yet */
  guint64 done, total;
  const char *unit;      /* interned */
  const char *state;     /* static */
  const WeirEdge *waits; /* the edge that it waits for */
  gint waits_out;        /* whether for room in it */
} WeirStageCounters;

#define WEIR_COUNT(field, n) __atomic_fetch_add(&(field), (n), __ATOMIC_RELAXED)
#define WEIR_SET(field, v)   __atomic_store_n(&(field), (v), __ATOMIC_RELAXED)
#define WEIR_GET(field)      __atomic_load_n(&(field), __ATOMIC_RELAXED)

/* What all workers of a stage share. */
typedef struct WeirRunningStage {
  WeirRun *run;
  WeirPlanStage *plan;
  WeirStageCounters counters;
  gboolean has_held;             /* its outcome was WEIR_HELD */
  char *held_text;               /* why; under the run's error_lock */
  gboolean told_of_json;         /* that a message of it is none */
  struct WeirKept *outputs_kept; /* one an output */
  GPtrArray *artifacts;          /* of WeirAtomicDir that were begun */
  GPtrArray *spills;             /* that were not dropped; NULL while there was none */
  GMutex lock;                   /* artifacts, spills, order */
  gboolean *output_ended;        /* one an output: nothing may be emitted any more */

  /* Workers of a parallel stage: batches are taken with a number, and what comes of them is sent in that order. Two
     locks, so that a worker that waits for input holds up none that has something to send. */
  GMutex take_lock; /* next_ticket */
  GMutex turn_lock; /* next_turn, stopped */
  GCond turn;
  guint64 next_ticket, next_turn;
  guint64 next_row; /* of the edge at hand, from 0; under take_lock */
  gboolean stopped;

  WeirRejects rejects;
  /* Rows of table inputs that are left where some were rejected for their nulls. Set before the first call that may
     look at a table, read only from then on. */
  GHashTable *kept;       /* input * 2^40 + batch to GArray of gint64 */
  guint64 *rejected_rows; /* one an input */
} WeirRunningStage;

/* What is emitted while a worker waits for its turn. */
typedef struct {
  guint port;
  struct ArrowArray batch;
} WeirHeldBatch;

/* A stage handle; a worker has its own. `public` is what the plugin gets. */
struct WeirStage {
  weir_stage public;
  WeirRunningStage *running; /* NULL while planning */
  WeirPlanStage *plan;
  WeirRun *run;
  WeirDiagnostics *planning; /* where fail() goes while planning */

  const char *call;               /* function of the class that runs, or NULL */
  gint port;                      /* of process() and end(), else -1 */
  guint source;                   /* slot of the edge that the batch came over */
  guint64 batch_number;           /* of its edge, from 1; 0: none */
  guint fails;                    /* calls of fail() in this call */
  char *fail_text;                /* of the first */
  gboolean host_failed;           /* a function of the host failed and reported */
  GPtrArray *builders;            /* weir_batch that are open */
  weir_builder ***spare_builders; /* one an output, of each of its columns: of batches that were sent */
  guint64 first_row;              /* number of the batch's first row among those of its edge, from 0 */
  GArray *kept;            /* its rows as they came, where some were rejected for their nulls; else NULL */
  GArray *held;            /* of WeirHeldBatch, for a parallel stage; else NULL */
  char *held_failure;      /* report of the first failure of such a worker, until it has its turn */
  GPtrArray *held_rejects; /* of WeirReject, likewise */
  guint64 blocked_ns;      /* waiting for output in this call */
};

/* Of a table's batch, in `kept`. */
static inline gint64
weir_table_key(const WeirInput *input, guint64 batch)
{
  return (gint64)input->index << 40 | (gint64)batch;
}

void weir_stage_init(WeirStage *stage, WeirRun *run, WeirPlanStage *plan, WeirRunningStage *running);
void weir_stage_clear(WeirStage *stage);

/* The host's function table, one for all stages. */
extern const weir_host weir_host_table;

/* Begin and end a call into the class: rules W01, W02, W03, W12, W13. `result` is what the function returned; gives 0,
   -1 or WEIR_END. */
void weir_stage_begin_call(WeirStage *stage, const char *call, gint port);
int weir_stage_end_call(WeirStage *stage, int result);

/* Report a broken rule; always -1. */
int weir_stage_breach(WeirStage *stage, const char *rule, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The report of a broken rule, for weir_run_fail(). */
char *weir_stage_breach_text(const WeirStage *stage, const char *rule, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* Report a failure found by the host in what the stage does; always -1. */
int weir_stage_fail_host(WeirStage *stage, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Send a batch to all that take an output; takes it. 0 or -1. */
int weir_stage_deliver(WeirStage *stage, WeirOutput *output, struct ArrowArray *batch);
/* The columns of an output became known while the run goes on. */
int weir_stage_declare(WeirStage *stage, guint port, const weir_field *fields, guint n);

/* Rule W09: have a batch that is emitted report when it was released without being marked so. */
void weir_host_watch_release(WeirStage *stage, const WeirOutput *output, struct ArrowArray *batch);

/* Functions of the table that have files of their own. */
int weir_host_emit(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
weir_batch *weir_host_batch_new(weir_stage *stage, uint32_t port);
weir_batch *weir_host_derive(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out);
weir_batch *weir_host_arrange(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out,
                              const int32_t *columns, const int64_t *rows, int64_t n_rows);
int weir_host_batch_send(weir_batch *batch);
void weir_host_batch_drop(weir_batch *batch);
/* Drop the open ones, and free the others. */
void weir_host_free_builders(WeirStage *stage);
int weir_host_select(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out,
                     const int64_t *rows, int64_t n);
const char *weir_host_artifact_begin(weir_stage *stage, const char *name);
int weir_host_artifact_finish(weir_stage *stage, const char *folder, uint32_t port, const char *kind,
                              const char *metadata);
void weir_host_artifact_drop(weir_stage *stage, const char *folder);
const char *weir_host_run_path(weir_stage *stage, const char *path, int64_t len);
int weir_host_output(weir_stage *stage, const char *path, const char *kind);
weir_spill *weir_host_spill_begin(weir_stage *stage, const struct ArrowSchema *schema);
int weir_host_spill_add(weir_spill *spill, struct ArrowArray *batch);
int weir_host_spill_finish(weir_spill *spill);
uint64_t weir_host_spill_rows(weir_spill *spill);
uint64_t weir_host_spill_batches(weir_spill *spill);
int weir_host_spill_batch(weir_spill *spill, uint64_t index, struct ArrowArray *batch);
void weir_host_spill_drop(weir_spill *spill);
int weir_host_gather(weir_stage *stage, const struct ArrowSchema *schema,
                     const struct ArrowArray *const *batches, uint32_t n_batches, const weir_row *rows,
                     int64_t n, struct ArrowArray *out);
/* A worker's handle goes: spills that it began are the stage's other handle's from here on. */
void weir_host_spills_leave(WeirStage *stage, WeirStage *heir);
/* The stage has closed. */
void weir_host_spills_free(WeirRunningStage *running);
const char *weir_host_scratch(weir_stage *stage);
const char *weir_host_cache(weir_stage *stage);

#endif
