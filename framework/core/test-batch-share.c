/* SPDX-License-Identifier: MIT */
/* Tests batches with several owners: shared, sliced, rearranged, gathered, realigned; also from many threads. */
#include "core/test-batch.h"

static gint released; /* foreign arrays that were */

/* A foreign array: an i64 column of `n` values from `first` on, that counts its release. */
static void
foreign_release(struct ArrowArray *array)
{
  g_free((void *)array->buffers[1]);
  g_free(array->buffers);
  array->release = NULL;
  g_atomic_int_inc(&released);
}

static void
foreign_integers(struct ArrowArray *array, gint64 first, gint64 n)
{
  int64_t *values = g_new(int64_t, n);
  for (gint64 i = 0; i < n; i++)
    values[i] = first + i;
  const void **buffers = g_new0(const void *, 2);
  buffers[1] = values;
  *array = (struct ArrowArray){.length = n, .n_buffers = 2, .buffers = buffers, .release = foreign_release};
}

static gint64
first_integer(const struct ArrowArray *batch, guint column)
{
  const struct ArrowArray *array = batch->children[column];
  return ((const int64_t *)array->buffers[1])[array->offset + batch->offset];
}

static void
test_share(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray sample, batch, shares[5];
  sample_batch(schema, 100, &sample);
  sample_batch(schema, 100, &batch);
  weir_batch_share(&batch, shares, 5);
  g_assert_null(batch.release);
  for (guint i = 0; i < 5; i++)
    g_assert_true(shares[i].children[SAMPLE_ID]->buffers[1] == shares[0].children[SAMPLE_ID]->buffers[1]);
  for (guint i = 0; i < 5; i++) {
    assert_valid(schema, &shares[i]);
    assert_sample_row(schema, &shares[i], 41, &sample, 41);
    weir_batch_release(&shares[i]);
    g_assert_null(shares[i].release);
  }
  weir_batch_release(&sample);
}

/* The last wrapper releases the original, and only that one; a share of a share too. */
static void
test_share_counts(void)
{
  struct ArrowArray column, batch, shares[3], again[2];
  released = 0;
  foreign_integers(&column, 0, 10);
  g_assert_true(weir_batch_from_columns(&column, 1, 10, &batch, NULL));
  weir_batch_share(&batch, shares, 3);
  weir_batch_release(&shares[1]);
  weir_batch_share(&shares[0], again, 2);
  weir_batch_release(&shares[2]);
  weir_batch_release(&again[1]);
  g_assert_cmpint(released, ==, 0);
  g_assert_cmpint(first_integer(&again[0], 0), ==, 0);
  weir_batch_release(&again[0]);
  g_assert_cmpint(released, ==, 1);
  foreign_integers(&column, 0, 10);
  weir_batch_share(&column, shares, 0);
  g_assert_cmpint(released, ==, 2);
  foreign_integers(&column, 0, 10);
  weir_batch_share(&column, shares, 1);
  g_assert_true(shares[0].release == foreign_release);
  weir_batch_release(&shares[0]);
}

/* Children moved out of a wrapper live on after it, at every depth, and others are not touched. */
static void
test_moved_children(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray sample, batch, shares[2], text, items, member;
  sample_batch(schema, 50, &sample);
  sample_batch(schema, 50, &batch);
  weir_batch_share(&batch, shares, 2);
  weir_batch_move(shares[0].children[SAMPLE_TEXT], &text);
  weir_batch_move(shares[0].children[SAMPLE_LIST]->children[0], &items);
  weir_batch_move(shares[0].children[SAMPLE_STRUCT], &member);
  weir_batch_release(&shares[0]);
  assert_sample_row(schema, &shares[1], 33, &sample, 33);
  /* The struct's members go with it, but for the one that is moved on. */
  struct ArrowArray inner;
  weir_batch_move(member.children[1], &inner);
  weir_batch_release(&member);
  weir_batch_release(&shares[1]);
  weir_column view = weir_column_view(schema->arrow.children[SAMPLE_TEXT], &text, 0, 50);
  g_assert_cmpint(weir_get_text(&view, 1).len, ==, strlen("é1"));
  view = weir_column_view(schema->arrow.children[SAMPLE_STRUCT]->children[1], &inner, 0, 50);
  g_assert_cmpint(weir_get_text(&view, 1).len, ==, strlen("é1"));
  weir_batch_release(&inner);
  weir_batch_release(&items);
  weir_batch_release(&text);
  weir_batch_release(&sample);
}

static gpointer
release_later(gpointer data)
{
  struct ArrowArray *batch = data, child;
  weir_batch_move(batch->children[0], &child);
  g_thread_yield();
  weir_batch_release(batch);
  weir_batch_release(&child);
  return NULL;
}

static void
test_threads(void)
{
  struct ArrowArray column, batch, shares[8];
  GThread *threads[8];
  released = 0;
  for (gint round = 0; round < 50; round++) {
    foreign_integers(&column, round, 10);
    weir_batch_from_columns(&column, 1, 10, &batch, NULL);
    weir_batch_share(&batch, shares, 8);
    for (guint i = 0; i < 8; i++)
      threads[i] = g_thread_new("release", release_later, &shares[i]);
    for (guint i = 0; i < 8; i++)
      g_thread_join(threads[i]);
    g_assert_cmpint(released, ==, round + 1);
  }
}

static void
test_slice(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray sample, slice;
  sample_batch(schema, 100, &sample);
  sample_batch(schema, 100, &slice);
  weir_batch_slice(&slice, 13, 60, &slice);
  weir_batch_slice(&slice, 7, 20, &slice);
  g_assert_cmpint(slice.length, ==, 20);
  assert_valid(schema, &slice);
  for (gint64 row = 0; row < 20; row++)
    assert_sample_row(schema, &slice, row, &sample, row + 20);
  g_assert_cmpuint(weir_batch_bytes(schema, &slice), <, weir_batch_bytes(schema, &sample) / 3);
  weir_batch_release(&slice);
  weir_batch_release(&sample);
}

static void
test_rearrange(void)
{
  struct ArrowArray columns[3], batch, added[1], out;
  const gint32 order[] = {2, -1, 0, 2, 2};
  g_autoptr(GError) error = NULL;
  released = 0;
  for (int i = 0; i < 3; i++)
    foreign_integers(&columns[i], i * 100L, 10);
  weir_batch_from_columns(columns, 3, 10, &batch, NULL);
  weir_batch_slice(&batch, 4, 5, &batch);
  foreign_integers(&added[0], 1000, 5);
  g_assert_true(weir_batch_rearrange(&batch, order, 5, added, 1, &out, &error));
  g_assert_cmpint(released, ==, 1);
  g_assert_cmpint(out.length, ==, 5);
  g_assert_cmpint(out.offset, ==, 0);
  static const gint64 firsts[] = {204, 1000, 4, 204, 204};
  for (guint i = 0; i < 5; i++) {
    g_assert_cmpint(first_integer(&out, i), ==, firsts[i]);
    g_assert_cmpint(out.children[i]->length, ==, 5);
  }
  weir_batch_release(&out);
  g_assert_cmpint(released, ==, 4);
}

/* A part of a column has fewer nulls than the whole. */
static void
test_rearrange_nulls(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray sample, batch;
  const gint32 order[] = {0, 1, 2, 3, 4, 5};
  sample_batch(schema, 100, &sample);
  sample_batch(schema, 100, &batch);
  weir_batch_slice(&batch, 21, 30, &batch);
  g_assert_true(weir_batch_rearrange(&batch, order, SAMPLE_COLUMNS, NULL, 0, &batch, NULL));
  assert_valid(schema, &batch);
  for (gint64 row = 0; row < 30; row++)
    assert_sample_row(schema, &batch, row, &sample, row + 21);
  weir_batch_release(&batch);
  weir_batch_release(&sample);
}

/* Each mistake takes what was given all the same. */
static void
test_rearrange_refused(void)
{
  const struct {
    gint32 columns[2];
    guint n_added;
    gint64 added_rows;
  } cases[] = {{{0, 1}, 0, 10}, {{0, -2}, 0, 10}, {{0, -1}, 0, 10}, {{0, 0}, 1, 10}, {{0, -1}, 1, 9}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    struct ArrowArray column, batch, added, out;
    g_autoptr(GError) error = NULL;
    released = 0;
    foreign_integers(&column, 0, 10);
    foreign_integers(&added, 0, cases[i].added_rows);
    weir_batch_from_columns(&column, 1, 10, &batch, NULL);
    g_assert_false(weir_batch_rearrange(&batch, cases[i].columns, 2, &added, cases[i].n_added, &out, &error));
    g_assert_nonnull(error);
    g_assert_cmpint(released, ==, 1 + (gint)cases[i].n_added);
    weir_batch_release(&added);
  }
}

static void
test_gather(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray sample, slice, out;
  gint64 rows[200];
  g_autoptr(GError) error = NULL;
  sample_batch(schema, 300, &sample);
  sample_batch(schema, 300, &slice);
  weir_batch_slice(&slice, 11, 250, &slice);
  for (gint64 i = 0; i < 200; i++)
    rows[i] = (i * 73) % 250;
  rows[1] = rows[0];
  for (gint64 n = 0; n <= 200; n += n < 70 ? 1 : 65) {
    g_assert_true(weir_batch_gather(schema, &slice, rows, n, &out, &error));
    assert_valid(schema, &out);
    g_assert_cmpint(out.length, ==, n);
    for (gint64 i = 0; i < n; i++)
      assert_sample_row(schema, &out, i, &sample, rows[i] + 11);
    weir_batch_release(&out);
  }
  for (int i = 0; i < 2; i++) {
    rows[3] = i ? 250 : -1;
    g_assert_false(weir_batch_gather(schema, &slice, rows, 5, &out, &error));
    g_assert_nonnull(strstr(error->message, i ? "row 250 was asked for of a batch of 250" : "row -1"));
    g_clear_error(&error);
  }
  weir_batch_release(&slice);
  weir_batch_release(&sample);
}

static void
test_realign(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray sample, batch, out;
  sample_batch(schema, 100, &sample);
  sample_batch(schema, 100, &batch);
  const void *text = batch.children[SAMPLE_TEXT]->buffers[2];
  const void *ids = batch.children[SAMPLE_ID]->buffers[1];
  g_assert_true(weir_batch_realign(schema, &batch, &out, NULL));
  g_assert_true(out.children[SAMPLE_ID]->buffers[1] == ids);
  /* Row 5 begins inside a cache line: numbers are copied, text stays where it is. */
  weir_batch_slice(&out, 5, 50, &batch);
  g_assert_true(weir_batch_realign(schema, &batch, &out, NULL));
  assert_valid(schema, &out);
  g_assert_true(out.children[SAMPLE_TEXT]->buffers[2] == text);
  weir_column vector = weir_batch_column(&schema->arrow, &out, SAMPLE_VECTOR);
  g_assert_cmpuint((guintptr)vector.values % 64, ==, 0);
  for (gint64 row = 0; row < 50; row++)
    assert_sample_row(schema, &out, row, &sample, row + 5);
  weir_batch_release(&out);
  weir_batch_release(&sample);
}

/* What a hop costs: far below a microsecond a batch for one consumer more. Runs with -m perf. */
static void
test_cost(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray batch, shares[2];
  const gint n = 200000;
  if (!g_test_perf())
    return;
  sample_batch(schema, 4096, &batch);
  g_test_timer_start();
  for (gint i = 0; i < n; i++) {
    weir_batch_share(&batch, shares, 2);
    weir_batch_release(&shares[0]);
    weir_batch_move(&shares[1], &batch);
    if (i % 64 == 63) {
      weir_batch_release(&batch);
      sample_batch(schema, 16, &batch);
    }
  }
  gdouble ns = g_test_timer_elapsed() / n * 1e9;
  g_test_minimized_result(ns, "share between two and release: %.0f ns", ns);
  weir_batch_release(&batch);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/batch/share", test_share);
  g_test_add_func("/batch/share-counts", test_share_counts);
  g_test_add_func("/batch/moved-children", test_moved_children);
  g_test_add_func("/batch/threads", test_threads);
  g_test_add_func("/batch/slice", test_slice);
  g_test_add_func("/batch/rearrange", test_rearrange);
  g_test_add_func("/batch/rearrange-nulls", test_rearrange_nulls);
  g_test_add_func("/batch/rearrange-refused", test_rearrange_refused);
  g_test_add_func("/batch/gather", test_gather);
  g_test_add_func("/batch/realign", test_realign);
  g_test_add_func("/batch/cost", test_cost);
  return g_test_run();
}
