/* SPDX-License-Identifier: MIT */
/* Tests the queues of the bus: bounds, waiting and waking, ends, cancellation, tables read by many threads. */
#include "base/error.h"
#include "base/test-folder.h"
#include "core/queue.h"
#include "core/test-batch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Batches that count themselves ---------------------------------------------------------------------- */

static gint alive;

static void
release_counted(struct ArrowArray *batch)
{
  g_atomic_int_add(&alive, -1);
  batch->release = NULL;
}

/* A batch without columns: its number is its length. */
static struct ArrowArray
numbered(gint64 number)
{
  g_atomic_int_inc(&alive);
  return (struct ArrowArray){.length = number, .release = release_counted};
}

static gboolean
put(WeirQueue *queue, gint64 number, guint64 bytes)
{
  struct ArrowArray batch = numbered(number);
  guint64 waited = 0;
  gboolean fine = weir_queue_put(queue, &batch, bytes, &waited, NULL, NULL, NULL);
  g_assert_null(batch.release); /* taken in any case */
  return fine;
}

/* The number of the next batch, -1 at the end, -2 when cancelled. */
static gint64
take(WeirQueue *queue)
{
  struct ArrowArray batch;
  guint64 waited = 0;
  switch (weir_queue_take(queue, &batch, &waited, NULL, NULL, NULL)) {
  case WEIR_QUEUE_END:
    return -1;
  case WEIR_QUEUE_CANCELLED:
    return -2;
  case WEIR_QUEUE_FAILED:
    return -3;
  case WEIR_QUEUE_BATCH:
    break;
  }
  gint64 number = batch.length;
  weir_batch_release(&batch);
  return number;
}

/* ---- A producer that may block -------------------------------------------------------------------------- */

typedef struct {
  WeirQueue *queue;
  gint64 first, n;
  guint64 bytes;
  gint waits; /* how often it had to wait */
  gint done;
  gboolean fine;
  guint64 waited;
} Producer;

static void
count_wait(gpointer data)
{
  g_atomic_int_inc((gint *)data);
}

static gpointer
produce(gpointer data)
{
  Producer *p = data;
  p->fine = TRUE;
  for (gint64 i = 0; i < p->n && p->fine; i++) {
    struct ArrowArray batch = numbered(p->first + i);
    p->fine = weir_queue_put(p->queue, &batch, p->bytes, &p->waited, count_wait, &p->waits, NULL);
  }
  g_atomic_int_set(&p->done, 1);
  return NULL;
}

static void
await(const gint *flag, gint value)
{
  gint64 deadline = g_get_monotonic_time() + 20L * G_USEC_PER_SEC;
  while (g_atomic_int_get(flag) < value) {
    g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    g_usleep(200);
  }
}

/* ---- Rings ---------------------------------------------------------------------------------------------- */

static void
test_order(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 1000, G_MAXUINT64);
  for (gint64 round = 0; round < 5; round++) { /* the head moves round the ring */
    for (gint64 i = 0; i < 50; i++)
      g_assert_true(put(queue, i, 10));
    g_assert_cmpuint(weir_queue_n_batches(queue), ==, 50);
    g_assert_cmpuint(weir_queue_n_bytes(queue), ==, 500);
    for (gint64 i = 0; i < 50; i++)
      g_assert_cmpint(take(queue), ==, i);
  }
  put(queue, 7, 1);
  weir_queue_close(queue);
  g_assert_cmpint(take(queue), ==, 7); /* what is in it is taken first */
  g_assert_cmpint(take(queue), ==, -1);
  g_assert_cmpint(take(queue), ==, -1);
  weir_queue_free(queue);
  g_assert_cmpint(alive, ==, 0);
}

static void
test_bound(gconstpointer data)
{
  gboolean by_bytes = GPOINTER_TO_INT(data);
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, by_bytes ? 1000 : 3, by_bytes ? 30 : G_MAXUINT64);
  Producer p = {.queue = queue, .n = 5, .bytes = 10};
  GThread *thread = g_thread_new("producer", produce, &p);
  await(&p.waits, 1);
  g_assert_cmpuint(weir_queue_n_batches(queue), ==, 3);
  g_assert_cmpint(g_atomic_int_get(&p.done), ==, 0);
  g_assert_cmpint(take(queue), ==, 0);
  await(&p.waits, 2);
  g_assert_cmpuint(weir_queue_n_batches(queue), ==, 3);
  for (gint64 i = 1; i < 5; i++)
    g_assert_cmpint(take(queue), ==, i);
  g_thread_join(thread);
  g_assert_true(p.fine);
  g_assert_cmpuint(p.waited, >, 0); /* whoever waited can tell, however short it was */
  weir_queue_free(queue);
}

static void
test_one_large(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 8, 100);
  g_assert_true(put(queue, 1, 1000)); /* alone it may be larger than the ring's share */
  g_assert_cmpint(take(queue), ==, 1);
  g_assert_true(put(queue, 2, 99));
  g_assert_true(put(queue, 3, 1000)); /* there is room, so one more goes in */
  Producer p = {.queue = queue, .first = 4, .n = 1, .bytes = 1};
  GThread *thread = g_thread_new("producer", produce, &p);
  await(&p.waits, 1);
  g_assert_cmpint(take(queue), ==, 2); /* 1000 bytes are still there: no room yet */
  g_usleep(2000);
  g_assert_cmpint(g_atomic_int_get(&p.done), ==, 0);
  g_assert_cmpint(take(queue), ==, 3);
  g_assert_cmpint(take(queue), ==, 4);
  g_thread_join(thread);
  weir_queue_free(queue);
}

static void
test_never_zero_batches(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 0, 0);
  g_assert_true(put(queue, 1, 1));
  g_assert_cmpint(take(queue), ==, 1);
  weir_queue_free(queue);
}

/* ---- Waking --------------------------------------------------------------------------------------------- */

typedef struct {
  WeirQueue *queue;
  gint waits;
  WeirQueueResult result;
  guint64 waited;
} Consumer;

static gpointer
consume_one(gpointer data)
{
  Consumer *c = data;
  struct ArrowArray batch = {0};
  c->result = weir_queue_take(c->queue, &batch, &c->waited, count_wait, &c->waits, NULL);
  weir_batch_release(&batch);
  return NULL;
}

static void
test_wakes_taker(gconstpointer data)
{
  WeirQueueResult by = (WeirQueueResult)GPOINTER_TO_INT(data);
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 4, 100);
  Consumer c = {.queue = queue};
  GThread *thread = g_thread_new("consumer", consume_one, &c);
  await(&c.waits, 1);
  if (by == WEIR_QUEUE_BATCH)
    put(queue, 1, 1);
  else if (by == WEIR_QUEUE_END)
    weir_queue_close(queue);
  else
    weir_queue_cancel(queue);
  g_thread_join(thread);
  g_assert_cmpint(c.result, ==, by);
  g_assert_cmpuint(c.waited, >, 0);
  weir_queue_free(queue);
  g_assert_cmpint(alive, ==, 0);
}

static void
test_cancel_wakes_putter(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 2, G_MAXUINT64);
  Producer p = {.queue = queue, .n = 3};
  GThread *thread = g_thread_new("producer", produce, &p);
  await(&p.waits, 1);
  weir_queue_cancel(queue);
  g_thread_join(thread);
  g_assert_false(p.fine);
  g_assert_false(put(queue, 9, 1));
  g_assert_cmpint(take(queue), ==, -2); /* though batches are left */
  weir_queue_free(queue);
  g_assert_cmpint(alive, ==, 0);
}

/* A batch whose release() looks at the queue: one that breaks rule W09 has the run cancelled. */
static WeirQueue *looked_at;

static void
release_and_cancel(struct ArrowArray *batch)
{
  weir_queue_cancel(looked_at);
  batch->release = NULL;
}

static void
test_abandon_unlocked(void)
{
  struct ArrowArray batch = {.length = 1, .release = release_and_cancel};
  guint64 waited = 0;
  looked_at = weir_queue_new(WEIR_QUEUE_RING, 4, G_MAXUINT64);
  g_assert_true(weir_queue_put(looked_at, &batch, 1, &waited, NULL, NULL, NULL));
  alarm(20); /* a lock that is held would stop here */
  weir_queue_abandon(looked_at);
  alarm(0);
  g_assert_cmpint(take(looked_at), ==, -2);
  weir_queue_free(looked_at);
}

static void
test_abandon(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 2, G_MAXUINT64);
  Producer p = {.queue = queue, .n = 10};
  GThread *thread = g_thread_new("producer", produce, &p);
  await(&p.waits, 1);
  g_assert_false(weir_queue_is_abandoned(queue));
  weir_queue_abandon(queue);
  g_thread_join(thread);
  g_assert_true(p.fine); /* the producer goes on as if somebody listened */
  g_assert_true(weir_queue_is_abandoned(queue));
  g_assert_cmpint(alive, ==, 0); /* released at once, not at the end */
  g_assert_cmpuint(weir_queue_n_bytes(queue), ==, 0);
  weir_queue_free(queue);
}

static void
test_spool(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_SPOOL, 2, 10);
  for (gint64 i = 0; i < 10000; i++)
    g_assert_true(put(queue, i, 1000));
  for (gint64 i = 0; i < 10000; i++)
    g_assert_cmpint(take(queue), ==, i);
  weir_queue_free(queue);
  g_assert_cmpint(alive, ==, 0);
}

static void
test_free_releases(void)
{
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_SPOOL, 2, 10);
  for (gint64 i = 0; i < 100; i++)
    put(queue, i, 1000);
  g_assert_cmpint(alive, ==, 100);
  weir_queue_free(queue);
  g_assert_cmpint(alive, ==, 0);
  weir_queue_free(NULL);
}

/* ---- Tables --------------------------------------------------------------------------------------------- */

#define TABLE_BATCHES 200

/* Batch b has b + 1 rows. */
static WeirTable *
sample_table(const Folder *folder, WeirSchema *schema)
{
  g_autofree char *path = folder_file(folder, "table");
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirTableWriter) writer = weir_table_writer_new(path, schema, WEIR_TABLE_UNNAMED, &error);
  g_assert_no_error(error);
  for (gint64 b = 0; b < TABLE_BATCHES; b++) {
    struct ArrowArray batch;
    sample_batch(schema, b + 1, &batch);
    g_assert_true(weir_table_writer_add(writer, &batch, &error));
    weir_batch_release(&batch);
  }
  WeirTable *table = weir_table_writer_finish_open(writer, NULL, &error);
  g_assert_no_error(error);
  return table;
}

typedef struct {
  WeirQueue *table;
  WeirSchema *schema;
  guint seed;
} Reader;

static gpointer
read_anywhere(gpointer data)
{
  Reader *r = data;
  guint64 waited = 0;
  g_assert_cmpint(weir_queue_wait_whole(r->table, &waited), ==, WEIR_QUEUE_END);
  for (guint i = 0; i < 1000; i++) {
    struct ArrowArray batch;
    guint index = (i * 7919 + r->seed * 31) % TABLE_BATCHES;
    g_assert_true(weir_queue_share(r->table, index, &batch, NULL));
    weir_column id = weir_batch_column(&r->schema->arrow, &batch, SAMPLE_ID);
    g_assert_cmpint(batch.length, ==, index + 1);
    g_assert_cmpint(weir_get_integer(&id, index), ==, index);
    weir_batch_release(&batch);
  }
  return NULL;
}

static void
test_table_many_readers(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autoptr(WeirTable) content = sample_table(folder, schema);
  WeirQueue *table = weir_queue_new(WEIR_QUEUE_TABLE, 1, 1);
  (void)data;
  GThread *threads[4];
  Reader readers[4];
  for (guint i = 0; i < 4; i++) {
    readers[i] = (Reader){table, schema, i};
    threads[i] = g_thread_new("reader", read_anywhere, &readers[i]);
  }
  weir_queue_give(table, content, 12345);
  for (guint i = 0; i < 4; i++)
    g_thread_join(threads[i]);
  g_assert_cmpuint(weir_queue_n_bytes(table), ==, 12345);
  g_assert_cmpuint(weir_queue_n_batches(table), ==, TABLE_BATCHES);
  g_assert_cmpuint(weir_queue_n_rows(table), ==, TABLE_BATCHES * (TABLE_BATCHES + 1) / 2);
  weir_queue_free(table);
}

static void
test_share_outlives_table(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  WeirTable *content = sample_table(folder, schema);
  WeirQueue *table = weir_queue_new(WEIR_QUEUE_TABLE, 1, 1);
  struct ArrowArray batch;
  (void)data;
  weir_queue_give(table, content, 1);
  weir_table_unref(content);
  g_assert_true(weir_queue_share(table, 3, &batch, NULL));
  weir_queue_free(table);
  weir_column id = weir_batch_column(&schema->arrow, &batch, SAMPLE_ID);
  g_assert_cmpint(weir_get_integer(&id, 3), ==, 3);
  weir_batch_release(&batch);
}

static void
test_cancelled_table(void)
{
  WeirQueue *table = weir_queue_new(WEIR_QUEUE_TABLE, 1, 1);
  guint64 waited = 0;
  weir_queue_cancel(table);
  g_assert_cmpint(weir_queue_wait_whole(table, &waited), ==, WEIR_QUEUE_CANCELLED);
  weir_queue_free(table);
}

/* A table without rows needs no file. */
static void
test_empty_table(void)
{
  WeirQueue *table = weir_queue_new(WEIR_QUEUE_TABLE, 1, 1);
  guint64 waited = 0;
  weir_queue_give(table, NULL, 0);
  g_assert_cmpint(weir_queue_wait_whole(table, &waited), ==, WEIR_QUEUE_END);
  g_assert_cmpuint(weir_queue_n_batches(table) + weir_queue_n_rows(table), ==, 0);
  weir_queue_free(table);
}

/* ---- Spools that go through a file ---------------------------------------------------------------------- */

#define SPOOLED 2000

typedef struct {
  WeirQueue *queue;
  WeirSchema *schema;
  guint pause; /* microseconds, now and then */
} Spooler;

static gpointer
spool_samples(gpointer data)
{
  Spooler *s = data;
  for (gint64 i = 0; i < SPOOLED; i++) {
    struct ArrowArray batch;
    guint64 waited = 0;
    g_autoptr(GError) error = NULL;
    sample_batch(s->schema, 1 + i % 50, &batch);
    g_assert_true(weir_queue_put(s->queue, &batch, 100, &waited, NULL, NULL, &error));
    g_assert_cmpuint(waited, ==, 0); /* a spool has no bound */
    if (s->pause && i % 97 == 0)
      g_usleep(s->pause);
  }
  weir_queue_close(s->queue);
  return NULL;
}

/* In order, each once, whoever of the two is the faster. */
static void
test_spool_file(Folder *folder, gconstpointer data)
{
  guint how = (guint)GPOINTER_TO_INT(data);
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "spool");
  struct ArrowArray sample, batch;
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_SPOOL, 4, 1000);
  weir_queue_spool_to(queue, path, schema);
  Spooler spooler = {queue, schema, how == 1 ? 2000 : 0};
  GThread *thread = g_thread_new("spooler", spool_samples, &spooler);
  if (how == 0) { /* all of it waits in the file */
    g_thread_join(thread);
    g_assert_cmpuint(weir_queue_n_batches(queue), ==, SPOOLED);
    g_assert_cmpuint(weir_queue_n_bytes(queue), ==, 400);
  }
  sample_batch(schema, 50, &sample);
  for (gint64 i = 0; i < SPOOLED; i++) {
    guint64 waited = 0;
    g_assert_cmpint(weir_queue_take(queue, &batch, &waited, NULL, NULL, NULL), ==, WEIR_QUEUE_BATCH);
    g_assert_cmpint(batch.length, ==, 1 + i % 50);
    assert_sample_row(schema, &batch, i % 50, &sample, i % 50);
    weir_batch_release(&batch);
    if (how == 2 && i % 89 == 0)
      g_usleep(2000);
  }
  g_assert_cmpint(take(queue), ==, -1);
  if (how != 0)
    g_thread_join(thread);
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  weir_queue_free(queue);
  weir_batch_release(&sample);
}

static void
test_spool_full_disk(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "spool");
  g_autoptr(GError) error = NULL;
  struct rlimit before, little;
  gboolean fine = TRUE;
  guint64 waited = 0;
  (void)data;
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
  little = (struct rlimit){50000, before.rlim_max};
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_SPOOL, 4, 1000);
  weir_queue_spool_to(queue, path, schema);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &little), ==, 0);
  for (guint i = 0; fine && i < 100; i++) {
    struct ArrowArray batch;
    sample_batch(schema, 100, &batch);
    fine = weir_queue_put(queue, &batch, 100, &waited, NULL, NULL, &error);
  }
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
  g_assert_false(fine);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
  g_assert_nonnull(strstr(error->message, path));
  weir_queue_free(queue);
}

/* A queue that is abandoned while a batch is being read back. Stands before the system's function. */
static WeirQueue *abandoned_meanwhile;

ssize_t
pread(int fd, void *data, size_t size, off_t offset)
{
  WeirQueue *queue = g_steal_pointer(&abandoned_meanwhile);
  if (queue)
    weir_queue_abandon(queue);
  return (ssize_t)syscall(SYS_pread64, fd, data, size, offset);
}

static void
test_spool_abandoned(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "spool");
  guint64 waited = 0;
  (void)data;
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_SPOOL, 1, 1);
  weir_queue_spool_to(queue, path, schema);
  for (guint i = 0; i < 5; i++) {
    struct ArrowArray batch;
    sample_batch(schema, 1, &batch);
    g_assert_true(weir_queue_put(queue, &batch, 1, &waited, NULL, NULL, NULL));
  }
  g_assert_cmpint(take(queue), ==, 1); /* from memory */
  abandoned_meanwhile = queue;
  g_assert_cmpint(take(queue), ==, 1);
  if (g_steal_pointer(&abandoned_meanwhile))
    g_test_skip("the read cannot be watched here");
  else
    g_assert_cmpuint(weir_queue_n_batches(queue), ==, 0);
  weir_queue_abandon(queue);
  g_assert_cmpint(take(queue), ==, -1);
  weir_queue_free(queue);
}

/* ---- Stress --------------------------------------------------------------------------------------------- */

typedef struct {
  WeirQueue *queue;
  GMutex *turn;
  gint64 *next;
} Worker;

/* Workers of a parallel stage take turns; what they take must come in order, and nothing twice. */
static gpointer
take_in_turns(gpointer data)
{
  Worker *w = data;
  for (;;) {
    g_mutex_lock(w->turn);
    gint64 number = take(w->queue);
    if (number >= 0)
      g_assert_cmpint(number, ==, (*w->next)++);
    g_mutex_unlock(w->turn);
    if (number < 0)
      return NULL;
  }
}

static void
test_stress(gconstpointer data)
{
  guint n_workers = (guint)GPOINTER_TO_INT(data);
  gint64 n = g_test_slow() || n_workers == 1 ? 1000000 : 100000;
  WeirQueue *queue = weir_queue_new(WEIR_QUEUE_RING, 8, 64);
  GMutex turn;
  gint64 next = 0;
  g_mutex_init(&turn);
  Producer p = {.queue = queue, .n = n, .bytes = 9};
  Worker worker = {queue, &turn, &next};
  g_autoptr(GPtrArray) threads = g_ptr_array_new();
  for (guint i = 0; i < n_workers; i++)
    g_ptr_array_add(threads, g_thread_new("worker", take_in_turns, &worker));
  produce(&p);
  g_assert_true(p.fine);
  weir_queue_close(queue);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join(threads->pdata[i]);
  g_assert_cmpint(next, ==, n);
  g_assert_cmpuint(weir_queue_n_bytes(queue), ==, 0);
  weir_queue_free(queue);
  g_mutex_clear(&turn);
  g_assert_cmpint(alive, ==, 0);
}

#define FOLDER_TEST(path, data, test) g_test_add(path, Folder, data, folder_set_up, test, folder_tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/queue/order", test_order);
  g_test_add_data_func("/queue/bound/batches", GINT_TO_POINTER(FALSE), test_bound);
  g_test_add_data_func("/queue/bound/bytes", GINT_TO_POINTER(TRUE), test_bound);
  g_test_add_func("/queue/bound/one-large", test_one_large);
  g_test_add_func("/queue/bound/never-zero", test_never_zero_batches);
  g_test_add_data_func("/queue/wake/batch", GINT_TO_POINTER(WEIR_QUEUE_BATCH), test_wakes_taker);
  g_test_add_data_func("/queue/wake/close", GINT_TO_POINTER(WEIR_QUEUE_END), test_wakes_taker);
  g_test_add_data_func("/queue/wake/cancel", GINT_TO_POINTER(WEIR_QUEUE_CANCELLED), test_wakes_taker);
  g_test_add_func("/queue/wake/cancelled-putter", test_cancel_wakes_putter);
  g_test_add_func("/queue/abandon", test_abandon);
  g_test_add_func("/queue/abandon/unlocked", test_abandon_unlocked);
  g_test_add_func("/queue/spool", test_spool);
  g_test_add_func("/queue/free-releases", test_free_releases);
  FOLDER_TEST("/queue/table/many-readers", NULL, test_table_many_readers);
  FOLDER_TEST("/queue/table/share-outlives-it", NULL, test_share_outlives_table);
  g_test_add_func("/queue/table/empty", test_empty_table);
  FOLDER_TEST("/queue/spool/whole", GINT_TO_POINTER(0), test_spool_file);
  FOLDER_TEST("/queue/spool/slow-producer", GINT_TO_POINTER(1), test_spool_file);
  FOLDER_TEST("/queue/spool/slow-consumer", GINT_TO_POINTER(2), test_spool_file);
  FOLDER_TEST("/queue/spool/full-disk", NULL, test_spool_full_disk);
  FOLDER_TEST("/queue/spool/abandoned", NULL, test_spool_abandoned);
  g_test_add_func("/queue/table/cancelled", test_cancelled_table);
  g_test_add_data_func("/queue/stress/one", GINT_TO_POINTER(1), test_stress);
  g_test_add_data_func("/queue/stress/workers", GINT_TO_POINTER(3), test_stress);
  return g_test_run();
}
