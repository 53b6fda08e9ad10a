/* SPDX-License-Identifier: MIT */
/* Bounded rings, spools and tables: a mutex and two conditions each. No file is written or read under a lock. */
#include "core/queue.h"

typedef struct {
  struct ArrowArray batch;
  guint64 bytes;
} Slot;

struct WeirQueue {
  GMutex lock;
  GCond not_empty, not_full;
  WeirQueueKind kind;
  guint max_batches;
  guint64 max_bytes;
  Slot *slots; /* `size` of them; those in use begin at `head` */
  guint size, head, used;
  guint64 bytes, rows;
  gboolean closed, cancelled, abandoned;
  guint takers, putters; /* that wait: nobody is woken for nothing */

  /* A spool's file. What is in memory is older: nothing is put there while the file has batches to come. */
  char *spool_path;
  WeirSchema *spool_schema;
  WeirTableWriter *spool; /* the producer's */
  guint64 filed, fetched; /* batches that went in, and that came out */

  WeirTable *table;
};

WeirQueue *
weir_queue_new(WeirQueueKind kind, guint max_batches, guint64 max_bytes)
{
  WeirQueue *queue = g_new0(WeirQueue, 1);
  g_mutex_init(&queue->lock);
  g_cond_init(&queue->not_empty);
  g_cond_init(&queue->not_full);
  queue->kind = kind;
  queue->max_batches = MAX(max_batches, 1);
  queue->max_bytes = max_bytes;
  queue->size = 16;
  queue->slots = g_new(Slot, queue->size);
  return queue;
}

/* Releases `used` of `size` slots from `head` on, and frees them. Batches may be a plugin's own, whose release() may be
   watched and report: no lock is held. */
static void
release_slots(Slot *slots, guint head, guint used, guint size)
{
  for (guint i = 0; i < used; i++)
    weir_batch_release(&slots[(head + i) % size].batch);
  g_free(slots);
}

void
weir_queue_free(WeirQueue *queue)
{
  if (!queue)
    return;
  release_slots(queue->slots, queue->head, queue->used, queue->size);
  weir_table_writer_free(queue->spool);
  weir_schema_unref(queue->spool_schema);
  g_free(queue->spool_path);
  weir_table_unref(queue->table);
  g_cond_clear(&queue->not_empty);
  g_cond_clear(&queue->not_full);
  g_mutex_clear(&queue->lock);
  g_free(queue);
}

static void
grow(WeirQueue *queue)
{
  g_assert(queue->size > 0 && queue->size <= G_MAXUINT / 2);
  Slot *larger = g_new(Slot, (gsize)queue->size * 2);
  for (guint i = 0; i < queue->used; i++)
    larger[i] = queue->slots[(queue->head + i) % queue->size];
  g_free(queue->slots);
  queue->slots = larger;
  queue->size *= 2;
  queue->head = 0;
}

static gboolean
is_over(const WeirQueue *queue)
{
  return queue->used > 0 && (queue->used >= queue->max_batches || queue->bytes >= queue->max_bytes);
}

static gboolean
is_full(const WeirQueue *queue)
{
  return queue->kind == WEIR_QUEUE_RING && is_over(queue);
}

static guint64
now_ns(void)
{
  return (guint64)g_get_monotonic_time() * 1000;
}

void
weir_queue_spool_to(WeirQueue *queue, const char *path, WeirSchema *schema)
{
  if (queue->kind != WEIR_QUEUE_SPOOL || queue->spool_path)
    return;
  queue->spool_schema = weir_schema_ref(schema);
  queue->spool_path = g_strdup(path);
}

/* Puts a batch into the spool's file. The lock is not held. */
static gboolean
file_batch(WeirQueue *queue, struct ArrowArray *batch, GError **error)
{
  WeirTableWriter *made = NULL;
  if (!queue->spool)
    made = weir_table_writer_new(queue->spool_path, queue->spool_schema, WEIR_TABLE_UNNAMED, error);
  WeirTableWriter *writer = queue->spool ? queue->spool : made;
  gint64 rows = batch->length;
  gboolean fine = writer && weir_table_writer_add(writer, batch, error);
  weir_batch_release(batch);
  g_mutex_lock(&queue->lock);
  if (made)
    queue->spool = made;
  if (fine && rows && !queue->abandoned) {
    queue->rows += (guint64)rows;
    queue->filed++;
  }
  gboolean wake = queue->takers > 0;
  g_mutex_unlock(&queue->lock);
  if (wake)
    g_cond_signal(&queue->not_empty);
  return fine;
}

static void
push(WeirQueue *queue, struct ArrowArray *batch, guint64 bytes)
{
  if (queue->used == queue->size)
    grow(queue);
  Slot *slot = &queue->slots[(queue->head + queue->used) % queue->size];
  queue->rows += (guint64)batch->length;
  queue->bytes += bytes;
  slot->bytes = bytes;
  weir_batch_move(batch, &slot->batch);
  queue->used++;
}

gboolean
weir_queue_put(WeirQueue *queue, struct ArrowArray *batch, guint64 bytes, guint64 *waited_ns,
               void (*on_wait)(gpointer data), gpointer data, GError **error)
{
  g_mutex_lock(&queue->lock);
  if (is_full(queue) && !queue->cancelled && !queue->abandoned) {
    guint64 begin = now_ns();
    if (on_wait)
      on_wait(data);
    queue->putters++;
    while (is_full(queue) && !queue->cancelled && !queue->abandoned)
      g_cond_wait(&queue->not_full, &queue->lock);
    queue->putters--;
    *waited_ns += now_ns() - begin;
  }
  gboolean cancelled = queue->cancelled;
  if (cancelled || queue->abandoned) {
    g_mutex_unlock(&queue->lock);
    weir_batch_release(batch);
    return !cancelled;
  }
  if (queue->spool_path && (queue->filed > queue->fetched || is_over(queue))) {
    g_mutex_unlock(&queue->lock);
    return file_batch(queue, batch, error);
  }
  push(queue, batch, bytes);
  gboolean wake = queue->takers > 0;
  g_mutex_unlock(&queue->lock);
  if (wake)
    g_cond_signal(&queue->not_empty);
  return TRUE;
}

void
weir_queue_close(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  queue->closed = TRUE;
  g_cond_broadcast(&queue->not_empty);
  g_mutex_unlock(&queue->lock);
}

static gboolean
is_empty(const WeirQueue *queue)
{
  return queue->used == 0 && queue->filed == queue->fetched;
}

static void
pop(WeirQueue *queue, struct ArrowArray *batch)
{
  Slot *slot = &queue->slots[queue->head];
  weir_batch_move(&slot->batch, batch);
  queue->bytes -= slot->bytes;
  queue->head = (queue->head + 1) % queue->size;
  queue->used--;
}

/* Gets the next batch out of the spool's file. The lock is not held; nobody else takes meanwhile, but the queue may be
   abandoned, with which nothing is left to fetch. */
static WeirQueueResult
fetch_batch(WeirQueue *queue, WeirTableWriter *spool, guint64 index, struct ArrowArray *batch, GError **error)
{
  if (!weir_table_writer_read(spool, index, batch, error))
    return WEIR_QUEUE_FAILED;
  g_mutex_lock(&queue->lock);
  if (!queue->abandoned)
    queue->fetched++;
  g_mutex_unlock(&queue->lock);
  return WEIR_QUEUE_BATCH;
}

WeirQueueResult
weir_queue_take(WeirQueue *queue, struct ArrowArray *batch, guint64 *waited_ns,
                void (*on_wait)(gpointer data), gpointer data, GError **error)
{
  WeirQueueResult result;
  g_mutex_lock(&queue->lock);
  if (is_empty(queue) && !queue->closed && !queue->cancelled && !queue->abandoned) {
    guint64 begin = now_ns();
    if (on_wait)
      on_wait(data);
    queue->takers++;
    while (is_empty(queue) && !queue->closed && !queue->cancelled && !queue->abandoned)
      g_cond_wait(&queue->not_empty, &queue->lock);
    queue->takers--;
    *waited_ns += now_ns() - begin;
  }
  gboolean wake = FALSE;
  if (queue->cancelled) {
    result = WEIR_QUEUE_CANCELLED;
  } else if (is_empty(queue)) {
    result = WEIR_QUEUE_END;
  } else if (queue->used == 0) {
    WeirTableWriter *spool = queue->spool;
    guint64 index = queue->fetched;
    g_mutex_unlock(&queue->lock);
    return fetch_batch(queue, spool, index, batch, error);
  } else {
    pop(queue, batch);
    wake = queue->putters > 0;
    result = WEIR_QUEUE_BATCH;
  }
  g_mutex_unlock(&queue->lock);
  if (wake)
    g_cond_signal(&queue->not_full);
  return result;
}

void
weir_queue_abandon(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  Slot *slots = queue->slots;
  guint head = queue->head, used = queue->used, size = queue->size;
  queue->abandoned = TRUE;
  queue->size = 1; /* nothing is put into it any more */
  queue->slots = g_new(Slot, queue->size);
  queue->head = queue->used = 0;
  queue->bytes = 0;
  queue->fetched = queue->filed;
  WeirTable *table = g_steal_pointer(&queue->table);
  g_cond_broadcast(&queue->not_empty); /* other workers of the consumer */
  g_cond_broadcast(&queue->not_full);
  g_mutex_unlock(&queue->lock);
  release_slots(slots, head, used, size);
  weir_table_unref(table);
}

gboolean
weir_queue_is_abandoned(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  gboolean abandoned = queue->abandoned;
  g_mutex_unlock(&queue->lock);
  return abandoned;
}

void
weir_queue_cancel(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  queue->cancelled = TRUE;
  g_cond_broadcast(&queue->not_empty);
  g_cond_broadcast(&queue->not_full);
  g_mutex_unlock(&queue->lock);
}

WeirQueueResult
weir_queue_wait_whole(WeirQueue *queue, guint64 *waited_ns)
{
  guint64 begin = now_ns();
  g_mutex_lock(&queue->lock);
  while (!queue->closed && !queue->cancelled)
    g_cond_wait(&queue->not_empty, &queue->lock);
  gboolean cancelled = queue->cancelled;
  g_mutex_unlock(&queue->lock);
  *waited_ns += now_ns() - begin;
  return cancelled ? WEIR_QUEUE_CANCELLED : WEIR_QUEUE_END;
}

void
weir_queue_give(WeirQueue *queue, WeirTable *table, guint64 bytes)
{
  g_mutex_lock(&queue->lock);
  if (!queue->abandoned && table) {
    queue->table = weir_table_ref(table);
    queue->rows = weir_table_get_rows(table);
    queue->bytes = bytes;
  }
  g_mutex_unlock(&queue->lock);
  weir_queue_close(queue);
}

guint64
weir_queue_n_batches(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  guint64 n = queue->used + (queue->filed - queue->fetched);
  if (queue->table)
    n = weir_table_get_batches(queue->table);
  g_mutex_unlock(&queue->lock);
  return n;
}

guint64
weir_queue_n_rows(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  guint64 n = queue->rows;
  g_mutex_unlock(&queue->lock);
  return n;
}

guint64
weir_queue_n_bytes(WeirQueue *queue)
{
  g_mutex_lock(&queue->lock);
  guint64 n = queue->bytes;
  g_mutex_unlock(&queue->lock);
  return n;
}

/* What the reader itself abandons, it reads no more: the table cannot go meanwhile. */
gboolean
weir_queue_share(WeirQueue *queue, guint64 index, struct ArrowArray *batch, GError **error)
{
  return weir_table_read(queue->table, index, batch, error);
}
