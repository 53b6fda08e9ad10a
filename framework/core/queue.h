/* SPDX-License-Identifier: MIT */
/* The bus: what carries batches over one edge. A bounded ring for a stream, a file for a table. */
#ifndef WEIR_CORE_QUEUE_H
#define WEIR_CORE_QUEUE_H

#include "core/table_file.h"

/* One producer (its emits never overlap); one consumer, or several workers that take turns. */
typedef struct WeirQueue WeirQueue;

typedef enum {
  WEIR_QUEUE_RING,  /* bounded: a full one blocks the producer */
  WEIR_QUEUE_SPOOL, /* a stream without bound: beyond it batches go through a file */
  WEIR_QUEUE_TABLE, /* given whole, read by number */
} WeirQueueKind;

typedef enum { WEIR_QUEUE_BATCH, WEIR_QUEUE_END, WEIR_QUEUE_CANCELLED, WEIR_QUEUE_FAILED } WeirQueueResult;

/* A ring holds at most `max_batches`, and takes no further batch while it holds `max_bytes` or more. A spool holds that
   much in memory. */
WeirQueue *weir_queue_new(WeirQueueKind kind, guint max_batches, guint64 max_bytes);
/* Releases what is still in it. */
void weir_queue_free(WeirQueue *queue);

/* Have a spool write what goes beyond its bound to a file that is made at `path` when it is needed, and goes with the
   queue. Before the first put; later calls do nothing. Without it a spool holds everything in memory. */
void weir_queue_spool_to(WeirQueue *queue, const char *path, WeirSchema *schema);

/* Put a batch into a ring or spool, which takes it (also when it returns FALSE: cancelled, or `error` is set: it cannot
   be written). `waited_ns` is increased by the time spent waiting for room; `on_wait` (may be NULL) is called before the
   first wait. */
gboolean weir_queue_put(WeirQueue *queue, struct ArrowArray *batch, guint64 bytes, guint64 *waited_ns,
                        void (*on_wait)(gpointer data), gpointer data, GError **error);
/* The producer puts nothing more. */
void weir_queue_close(WeirQueue *queue);
/* Take the next batch of a ring or spool. WEIR_QUEUE_FAILED: `error` says why it cannot be read back. */
WeirQueueResult weir_queue_take(WeirQueue *queue, struct ArrowArray *batch, guint64 *waited_ns,
                                void (*on_wait)(gpointer data), gpointer data, GError **error);
/* The consumer takes nothing more: what is in it is released, later puts are released at once, and who of it waits in
   weir_queue_take() is told that it is the end. */
void weir_queue_abandon(WeirQueue *queue);
gboolean weir_queue_is_abandoned(WeirQueue *queue);
/* Wake everybody; every later call says cancelled. Any thread. */
void weir_queue_cancel(WeirQueue *queue);

/* Give a table, which is closed with that; the queue takes a reference, and drops it when it is abandoned. NULL: one
   without rows. `bytes`: of the batches' buffers. */
void weir_queue_give(WeirQueue *queue, WeirTable *table, guint64 bytes);
/* Wait until a table is whole. */
WeirQueueResult weir_queue_wait_whole(WeirQueue *queue, guint64 *waited_ns);
/* A batch of a table that is whole and was not abandoned. Any thread. */
gboolean weir_queue_share(WeirQueue *queue, guint64 index, struct ArrowArray *batch, GError **error);

/* What is in a ring or spool, or in a table that is whole. */
guint64 weir_queue_n_batches(WeirQueue *queue);
guint64 weir_queue_n_bytes(WeirQueue *queue);
/* Rows that were put, or of a table. */
guint64 weir_queue_n_rows(WeirQueue *queue);

#endif
