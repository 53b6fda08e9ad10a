/* SPDX-License-Identifier: MIT */
/* Tests table files: what is written comes back, of any type and slice; damage anywhere is refused. */
#include "base/error.h"
#include "base/test-folder.h"
#include "core/table_file.h"
#include "core/test-batch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* Rows first … of the sample, cut into batches of `size`, written as slices of one. */
static void
write_sample(const char *path, WeirSchema *schema, gint64 rows, gint64 size, WeirTableFlags flags,
             WeirTableTotals *totals)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirTableWriter) writer = weir_table_writer_new(path, schema, flags, &error);
  g_assert_no_error(error);
  struct ArrowArray whole;
  sample_batch(schema, rows, &whole);
  for (gint64 at = 0; at < rows; at += size) {
    struct ArrowArray slice = whole;
    weir_batch_slice(&slice, at, MIN(size, rows - at), &slice);
    g_assert_true(weir_table_writer_add(writer, &slice, &error));
    g_assert_no_error(error);
  }
  g_assert_true(weir_table_writer_finish(writer, totals, &error));
  g_assert_no_error(error);
  weir_batch_release(&whole);
}

static void
assert_sample(WeirTable *table, WeirSchema *schema, gint64 rows, gint64 size)
{
  g_autoptr(GError) error = NULL;
  struct ArrowArray whole, batch;
  sample_batch(schema, rows, &whole);
  g_assert_cmpint((gint64)weir_table_get_rows(table), ==, rows);
  g_assert_cmpint((gint64)weir_table_get_batches(table), ==, (rows + size - 1) / size);
  for (guint64 b = 0; b < weir_table_get_batches(table); b++) {
    g_assert_true(weir_table_read(table, b, &batch, &error));
    g_assert_no_error(error);
    assert_valid(schema, &batch);
    g_assert_cmpuint((guint64)batch.length, ==, weir_table_get_batch_rows(table, b));
    for (gint64 r = 0; r < batch.length; r++)
      assert_sample_row(schema, &batch, r, &whole, (gint64)b * size + r);
    for (gint64 c = 0; c < batch.n_children; c++)
      for (gint64 i = 0; i < batch.children[c]->n_buffers; i++)
        g_assert_cmpuint((gsize)batch.children[c]->buffers[i] % 64, ==, 0);
    weir_batch_release(&batch);
  }
  weir_batch_release(&whole);
}

static void
test_round_trip(Folder *folder, gconstpointer data)
{
  static const gint64 cuts[] = {1, 3, 8, 13, 64, 1000};
  g_autoptr(WeirSchema) schema = sample_schema();
  (void)data;
  for (guint i = 0; i < G_N_ELEMENTS(cuts); i++) {
    g_autofree char *name = g_strdup_printf("t%u", i);
    g_autofree char *path = folder_file(folder, name);
    g_autoptr(GError) error = NULL;
    WeirTableTotals totals;
    char hex[WEIR_DIGEST_HEX_BYTES];
    write_sample(path, schema, 500, cuts[i], WEIR_TABLE_DIGEST, &totals);
    g_assert_cmpuint(totals.rows, ==, 500);
    g_assert_true(weir_digest_file(path, hex, &error));
    g_assert_cmpstr(totals.digest, ==, hex);
    g_autoptr(WeirTable) table = weir_table_open(path, NULL, WEIR_TABLE_VERIFY, &error);
    g_assert_no_error(error);
    g_assert_true(weir_schema_equal(schema, weir_table_get_schema(table)));
    g_assert_cmpuint(weir_table_get_bytes(table), ==, totals.bytes);
    assert_sample(table, schema, 500, cuts[i]);
  }
}

/* The bytes depend on the rows and the cut alone, not on how the batches lay in memory. */
static void
test_same_bytes(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *a = folder_file(folder, "a"), *b = folder_file(folder, "b");
  g_autoptr(GError) error = NULL;
  WeirTableTotals sliced, built;
  struct ArrowArray whole;
  gint64 rows[100];
  (void)data;
  write_sample(a, schema, 300, 100, WEIR_TABLE_DIGEST, &sliced);
  g_autoptr(WeirTableWriter) writer = weir_table_writer_new(b, schema, WEIR_TABLE_DIGEST, &error);
  sample_batch(schema, 300, &whole);
  for (gint64 at = 0; at < 300; at += 100) {
    struct ArrowArray part;
    for (gint64 r = 0; r < 100; r++)
      rows[r] = at + r;
    g_assert_true(weir_batch_gather(schema, &whole, rows, 100, &part, &error));
    g_assert_true(weir_table_writer_add(writer, &part, &error));
    weir_batch_release(&part);
  }
  weir_batch_release(&whole);
  g_assert_true(weir_table_writer_finish(writer, &built, &error));
  g_assert_cmpstr(sliced.digest, ==, built.digest);
}

/* Moved out children, and batches that outlive their table. */
static void
test_lifetimes(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "t");
  g_autoptr(GError) error = NULL;
  struct ArrowArray batch, again, text, item;
  (void)data;
  write_sample(path, schema, 100, 50, 0, NULL);
  WeirTable *table = weir_table_open(path, schema, 0, &error);
  g_assert_no_error(error);
  g_assert_true(weir_table_read(table, 1, &batch, &error));
  g_assert_true(weir_table_read(table, 1, &again, &error));
  g_assert_false(weir_table_read(table, 2, &text, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_FAILED);
  weir_table_unref(table);
  unlink(path);
  weir_batch_move(batch.children[SAMPLE_TEXT], &text);
  weir_batch_move(batch.children[SAMPLE_LIST]->children[0], &item);
  weir_batch_release(&batch);
  weir_column view = weir_column_view(schema->arrow.children[SAMPLE_TEXT], &text, 0, 50);
  g_assert_cmpint(memcmp(weir_get_text(&view, 1).data, "é", strlen("é")), ==, 0);
  weir_batch_release(&text);
  weir_batch_release(&item);
  assert_valid(schema, &again);
  weir_batch_release(&again);
}

static void
test_no_rows(Folder *folder, gconstpointer data)
{
  static const weir_field fields[] = {{"a, \"b\"\n", "list<struct<x:f32?,\"y z\":list<utf8>>?>"},
                                      {"é", "timestamp?"}};
  g_autofree char *path = folder_file(folder, "t");
  g_autoptr(GError) error = NULL;
  (void)data;
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, 2, &error);
  g_assert_no_error(error);
  g_autoptr(WeirTableWriter) writer = weir_table_writer_new(path, schema, 0, &error);
  g_assert_true(weir_table_writer_finish(writer, NULL, &error));
  g_autoptr(WeirTable) table = weir_table_open(path, NULL, WEIR_TABLE_VERIFY, &error);
  g_assert_no_error(error);
  g_assert_true(weir_schema_equal(schema, weir_table_get_schema(table)));
  g_assert_cmpuint(weir_table_get_rows(table), ==, 0);
  g_autoptr(WeirSchema) other = sample_schema();
  g_assert_null(weir_table_open(path, other, 0, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, "other columns than are wanted"));
}

/* A file that exists is not written over; one that is not finished is not left. */
static void
test_names(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "t");
  g_autoptr(GError) error = NULL;
  (void)data;
  WeirTableWriter *writer = weir_table_writer_new(path, schema, 0, &error);
  g_assert_no_error(error);
  g_assert_null(weir_table_writer_new(path, schema, 0, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
  g_clear_error(&error);
  g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
  weir_table_writer_free(writer);
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  folder_put(folder, "t", "left by a process that was killed");
  writer = weir_table_writer_new(path, schema, WEIR_TABLE_UNNAMED, &error);
  g_assert_no_error(error);
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  struct ArrowArray batch;
  sample_batch(schema, 77, &batch);
  for (guint i = 0; i < 3; i++)
    g_assert_true(weir_table_writer_add(writer, &batch, &error));
  weir_batch_release(&batch);
  g_assert_true(weir_table_writer_read(writer, 1, &batch, &error));
  assert_valid(schema, &batch);
  g_assert_cmpint(batch.length, ==, 77);
  g_autoptr(WeirTable) table = weir_table_writer_finish_open(writer, NULL, &error);
  g_assert_no_error(error);
  weir_table_writer_free(writer);
  weir_batch_release(&batch);
  g_assert_true(weir_table_read(table, 2, &batch, &error));
  assert_valid(schema, &batch);
  weir_batch_release(&batch);
}

/* ---- Damage --------------------------------------------------------------------------------------------- */

static void
assert_refused(const char *path, WeirSchema *schema)
{
  g_autoptr(GError) error = NULL;
  WeirTable *table = weir_table_open(path, schema, WEIR_TABLE_VERIFY, &error);
  g_assert_null(table);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_assert_nonnull(strstr(error->message, path));
  /* Without the check of all its bytes it may be opened, but nothing is read that is not there. */
  table = weir_table_open(path, schema, 0, NULL);
  for (guint64 b = 0; table && b < weir_table_get_batches(table); b++) {
    struct ArrowArray batch;
    if (weir_table_read(table, b, &batch, NULL))
      weir_batch_release(&batch);
  }
  weir_table_unref(table);
}

static void
test_damage(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "t"), *bad = folder_file(folder, "bad"), *content = NULL;
  gsize size;
  (void)data;
  write_sample(path, schema, 40, 20, 0, NULL);
  g_assert_true(g_file_get_contents(path, &content, &size, NULL));
  for (gsize at = 0; at < size; at++) {
    for (guint bit = at % 3; bit < 8; bit += 4) {
      content[at] ^= (char)(1 << bit);
      g_assert_true(
          g_file_set_contents_full(bad, content, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      assert_refused(bad, schema);
      content[at] ^= (char)(1 << bit);
    }
  }
  for (gsize cut = 0; cut < size; cut += cut % 64 == 0 ? 1 : 63) {
    g_assert_true(g_file_set_contents_full(bad, content, (gssize)cut, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    assert_refused(bad, schema);
  }
  g_autofree char *longer = g_malloc0(size + 64);
  memcpy(longer, content, size);
  g_assert_true(g_file_set_contents(bad, longer, (gssize)size + 64, NULL));
  assert_refused(bad, schema);
}

/* Numbers in nodes that checksums do not cover, since the file is opened without them: parsed within bounds. */
static void
test_wild_nodes(Folder *folder, gconstpointer data)
{
  static const guint64 wild[] = {0, 1, 19, 21, 0x7fffffff, 0x80000000, G_MAXINT64, G_MAXUINT64, 1ull << 40};
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "t"), *bad = folder_file(folder, "bad"), *content = NULL;
  gsize size;
  (void)data;
  write_sample(path, schema, 40, 20, 0, NULL);
  g_assert_true(g_file_get_contents(path, &content, &size, NULL));
  for (gsize at = 64; at < 64 + 9 * 24; at += 8)
    for (guint w = 0; w < G_N_ELEMENTS(wild); w++) {
      guint64 was;
      memcpy(&was, content + at, 8);
      if (was == wild[w])
        continue;
      memcpy(content + at, &wild[w], 8);
      g_assert_true(
          g_file_set_contents_full(bad, content, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      assert_refused(bad, schema);
      memcpy(content + at, &was, 8);
    }
}

static void
test_full_disk(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "t");
  g_autoptr(GError) error = NULL, again = NULL;
  struct rlimit before, little = {100000, 0};
  struct ArrowArray batch;
  gboolean fine = TRUE;
  (void)data;
  signal(SIGXFSZ, SIG_IGN);
  g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
  little.rlim_max = before.rlim_max;
  WeirTableWriter *writer = weir_table_writer_new(path, schema, 0, &error);
  g_assert_no_error(error);
  sample_batch(schema, 1000, &batch);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &little), ==, 0);
  for (guint i = 0; fine && i < 10; i++)
    fine = weir_table_writer_add(writer, &batch, &error);
  g_assert_false(fine);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_IO);
  g_assert_nonnull(strstr(error->message, path));
  g_assert_false(weir_table_writer_finish(writer, NULL, &again));
  g_assert_cmpstr(again->message, ==, error->message);
  g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
  weir_batch_release(&batch);
  weir_table_writer_free(writer);
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* ---- Threads and memory --------------------------------------------------------------------------------- */

static gpointer
read_all(gpointer data)
{
  WeirTable *table = data;
  for (guint round = 0; round < 20; round++)
    for (guint64 b = 0; b < weir_table_get_batches(table); b++) {
      struct ArrowArray batch;
      g_assert_true(weir_table_read(table, b, &batch, NULL));
      assert_valid(weir_table_get_schema(table), &batch);
      weir_batch_release(&batch);
    }
  return NULL;
}

static void
test_threads(Folder *folder, gconstpointer data)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *path = folder_file(folder, "t");
  g_autoptr(GError) error = NULL;
  GThread *threads[4];
  (void)data;
  write_sample(path, schema, 2000, 100, 0, NULL);
  WeirTable *table = weir_table_open(path, schema, 0, &error);
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    threads[i] = g_thread_new("reader", read_all, table);
  for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
    g_thread_join(threads[i]);
  weir_table_unref(table);
}

static gsize
resident_pages(void)
{
  g_autofree char *text = NULL;
  unsigned long total = 0, resident = 0;
  g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint(sscanf(text, "%lu %lu", &total, &resident), ==, 2);
  return resident;
}

/* Reading a large table leaves no more resident than the batch that is held. */
static void
test_memory(Folder *folder, gconstpointer data)
{
  static const weir_field fields[] = {{"x", "i64"}};
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, 1, &error);
  g_autofree char *path = folder_file(folder, "t");
  g_autoptr(WeirTableWriter) writer = weir_table_writer_new(path, schema, 0, &error);
  (void)data;
  weir_builder *builder = weir_builder_new(schema->arrow.children[0]);
  for (gint64 i = 0; i < 64; i++) {
    struct ArrowArray column, batch;
    for (gint64 r = 0; r < 65536; r++)
      weir_put_integer(builder, i * r);
    g_assert_true(weir_builder_finish(builder, &column, &error));
    g_assert_true(weir_batch_from_columns(&column, 1, 65536, &batch, &error));
    g_assert_true(weir_table_writer_add(writer, &batch, &error));
    weir_batch_release(&batch);
  }
  weir_builder_free(builder);
  g_autoptr(WeirTable) table = weir_table_writer_finish_open(writer, NULL, &error);
  g_assert_no_error(error);
  gsize before = resident_pages();
  gint64 sum = 0;
  for (guint64 b = 0; b < 64; b++) {
    struct ArrowArray batch;
    g_assert_true(weir_table_read(table, b, &batch, NULL));
    weir_column x = weir_batch_column(&schema->arrow, &batch, 0);
    for (gint64 r = 0; r < x.length; r++)
      sum += weir_get_integer(&x, r);
    weir_batch_release(&batch);
  }
  g_assert_cmpint(sum, ==, (gint64)(63 * 64 / 2) * (65535ll * 65536 / 2));
  const char *watched = g_getenv("SANITIZERS"); /* whose shadow of the pages stays */
  if (!watched || (!strstr(watched, "thread") && !strstr(watched, "valgrind")))
    g_assert_cmpuint(resident_pages(), <, before + (4u << 20) / (gsize)sysconf(_SC_PAGESIZE));
}

/* ---- Gathering from several batches ---------------------------------------------------------------------- */

static void
test_gather_many(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autoptr(GError) error = NULL;
  struct ArrowArray whole, parts[3], made;
  const struct ArrowArray *batches[4] = {&parts[0], &parts[1], NULL, &parts[2]};
  weir_row rows[240];
  sample_batch(schema, 120, &whole);
  for (guint i = 0; i < 3; i++) {
    struct ArrowArray copy;
    sample_batch(schema, 120, &copy);
    weir_batch_slice(&copy, (gint64)i * 40, 40, &parts[i]);
  }
  for (guint i = 0; i < 240; i++) {
    guint part = (i * 7) % 3;
    rows[i] = (weir_row){.batch = part == 2 ? 3 : part, .row = (i * 11) % 40};
  }
  g_assert_true(weir_batch_gather_many(&schema->arrow, batches, 4, rows, 240, &made, &error));
  g_assert_no_error(error);
  assert_valid(schema, &made);
  for (guint i = 0; i < 240; i++)
    assert_sample_row(schema, &made, i, &whole, (gint64)((i * 7) % 3) * 40 + (i * 11) % 40);
  weir_batch_release(&made);
  g_assert_true(weir_batch_gather_many(&schema->arrow, batches, 4, rows, 0, &made, &error));
  g_assert_cmpint(made.length, ==, 0);
  weir_batch_release(&made);
  rows[5].row = 40;
  g_assert_false(weir_batch_gather_many(&schema->arrow, batches, 4, rows, 240, &made, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_clear_error(&error);
  rows[5] = (weir_row){.batch = 4};
  g_assert_false(weir_batch_gather_many(&schema->arrow, batches, 4, rows, 240, &made, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  weir_batch_release(&whole);
  for (guint i = 0; i < 3; i++)
    weir_batch_release(&parts[i]);
}

static void
test_parse(void)
{
  static const char *const bad[] = {"id",
                                    "id:",
                                    "id:i64,",
                                    "id:i65",
                                    "id:i64 text:utf8",
                                    "id:number",
                                    "id:i64, id:utf8",
                                    "id:fixed<f32,*>",
                                    ":i64",
                                    "id:list<",
                                    "*"};
  g_autoptr(WeirSchema) schema = sample_schema();
  g_autofree char *text = weir_schema_to_string(schema);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) again = weir_schema_parse(text, &error);
  g_assert_no_error(error);
  g_assert_true(weir_schema_equal(schema, again));
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) reason = NULL;
    g_assert_null(weir_schema_parse(bad[i], &reason));
    g_assert_error(reason, WEIR_ERROR, WEIR_ERROR_INVALID);
  }
}

#define TEST(path, test) g_test_add(path, Folder, NULL, folder_set_up, test, folder_tear_down)

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  TEST("/table/round-trip", test_round_trip);
  TEST("/table/same-bytes", test_same_bytes);
  TEST("/table/lifetimes", test_lifetimes);
  TEST("/table/no-rows", test_no_rows);
  TEST("/table/names", test_names);
  TEST("/table/damage", test_damage);
  TEST("/table/wild-nodes", test_wild_nodes);
  TEST("/table/full-disk", test_full_disk);
  TEST("/table/threads", test_threads);
  TEST("/table/memory", test_memory);
  g_test_add_func("/batch/gather-many", test_gather_many);
  g_test_add_func("/schema/parse", test_parse);
  return g_test_run();
}
