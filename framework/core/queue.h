/* SPDX-License-Identifier: MIT */
/* The bus: what carries batches over one edge. A bounded ring for a stream, a list that is kept for a table. */
#ifndef WEIR_CORE_QUEUE_H
#define WEIR_CORE_QUEUE_H

#include <glib.h>
#include <weir/columns.h>

/* One producer (its emits never overlap); one consumer, or several workers that take turns. */
typedef struct WeirQueue WeirQueue;

typedef enum {
  WEIR_QUEUE_RING,  /* bounded: a full one blocks the producer */
  WEIR_QUEUE_SPOOL, /* a stream without bound */
  WEIR_QUEUE_TABLE, /* kept, read by number once whole */
} WeirQueueKind;

typedef enum { WEIR_QUEUE_BATCH, WEIR_QUEUE_END, WEIR_QUEUE_CANCELLED } WeirQueueResult;

/* A ring holds at most `max_batches`, and takes no further batch while it holds `max_bytes` or more. */
WeirQueue *weir_queue_new(WeirQueueKind kind, guint max_batches, guint64 max_bytes);
/* Releases what is still in it. */
void weir_queue_free(WeirQueue *queue);

/* Put a batch, which the queue takes (also when it returns FALSE: cancelled). `waited_ns` is increased by the time spent
   waiting for room; `on_wait` (may be NULL) is called before the first wait. */
gboolean weir_queue_put(WeirQueue *queue, struct ArrowArray *batch, guint64 bytes, guint64 *waited_ns,
                        void (*on_wait)(gpointer data), gpointer data);
/* The producer puts nothing more. */
void weir_queue_close(WeirQueue *queue);
/* Take the next batch of a ring or spool. */
WeirQueueResult weir_queue_take(WeirQueue *queue, struct ArrowArray *batch, guint64 *waited_ns,
                                void (*on_wait)(gpointer data), gpointer data);
/* The consumer takes nothing more: what is in it is released, and later puts are released at once. */
void weir_queue_abandon(WeirQueue *queue);
gboolean weir_queue_is_abandoned(WeirQueue *queue);
/* Wake everybody; every later call says cancelled. Any thread. */
void weir_queue_cancel(WeirQueue *queue);

/* Wait until a table is whole. */
WeirQueueResult weir_queue_wait_whole(WeirQueue *queue, guint64 *waited_ns);
guint64 weir_queue_n_batches(WeirQueue *queue);
guint64 weir_queue_n_rows(WeirQueue *queue);
guint64 weir_queue_n_bytes(WeirQueue *queue);
/* A wrapper of batch `index` of a table that is whole. Any thread. */
void weir_queue_share(WeirQueue *queue, guint64 index, struct ArrowArray *batch);

#endif
