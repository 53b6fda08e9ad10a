/* SPDX-License-Identifier: MIT */
/* Tests builders: every type, nulls, growth, reuse, equal bytes, and what they refuse. */
#include "core/test-batch.h"
#include "base/error.h"

static weir_builder *
builder_of(const char *type)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirSchema) schema = weir_schema_new(&(weir_field){"c", type}, 1, &error);
  g_assert_no_error(error);
  return weir_builder_new(schema->arrow.children[0]);
}

static void
test_sample(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray batch;
  sample_batch(schema, 1000, &batch);
  assert_valid(schema, &batch);
  g_autofree char *row = weir_batch_row_to_json(schema, &batch, 15, 100);
  g_assert_cmpstr(row, ==,
                  "{\"id\":15,\"text\":\"é             15\",\"vector\":[15.0,15.25,15.5],"
                  "\"list\":[\"é             15\",\"é             15\",null],"
                  "\"struct\":{\"a\":-15,\"b\":\"é             15\"},\"flag\":true}");
  g_autofree char *nulls = weir_batch_row_to_json(schema, &batch, 44, 100);
  g_assert_nonnull(strstr(nulls, "\"vector\":null,\"list\":null,\"struct\":null"));
  weir_batch_release(&batch);
  g_assert_null(batch.release);
}

/* A value of each number type at its limits, and one beyond. */
static void
test_ranges(void)
{
  const struct {
    const char *type;
    gint64 least, most;
  } cases[] = {{"i8", INT8_MIN, INT8_MAX},    {"u8", 0, UINT8_MAX},          {"i16", INT16_MIN, INT16_MAX},
               {"u16", 0, UINT16_MAX},        {"i32", INT32_MIN, INT32_MAX}, {"u32", 0, UINT32_MAX},
               {"i64", INT64_MIN, INT64_MAX}, {"u64", 0, INT64_MAX}};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    weir_builder *b = builder_of(cases[i].type);
    g_assert_cmpint(weir_put_integer(b, cases[i].least), ==, 0);
    g_assert_cmpint(weir_put_integer(b, cases[i].most), ==, 0);
    g_assert_null(weir_builder_error(b));
    if (cases[i].most < INT64_MAX)
      g_assert_cmpint(weir_put_integer(b, cases[i].most + 1), ==, -1);
    if (cases[i].least > INT64_MIN)
      g_assert_cmpint(weir_put_integer(b, cases[i].least - 1), ==, -1);
    g_assert_cmpint(b->length, ==, 2);
    g_assert_cmpint(weir_builder_error(b) != NULL, ==, i != 6);
    if (i != 6)
      g_assert_cmpstr(weir_builder_error(b), ==, "row 2: an integer is out of the column's range");
    weir_builder_free(b);
  }
  weir_builder *b = builder_of("u64");
  g_assert_cmpint(weir_put_u64(b, UINT64_MAX), ==, 0);
  weir_builder_free(b);
}

/* The first error stays, with its row; the builder stays whole; a reset makes it new. */
static void
test_errors(void)
{
  struct ArrowArray out;
  weir_builder *b = builder_of("utf8?");
  g_autoptr(GError) error = NULL;
  weir_put_string(b, "a");
  g_assert_cmpint(weir_put_integer(b, 1), ==, -1);
  g_assert_cmpint(weir_put_bool(b, true), ==, -1);
  g_assert_cmpint(b->length, ==, 1);
  g_assert_cmpint(weir_put_string(b, "b"), ==, 0);
  g_assert_cmpstr(weir_builder_error(b), ==, "row 1: an integer was put into a column of another type");
  g_assert_false(weir_builder_finish(b, &out, &error));
  g_assert_cmpstr(error->message, ==, weir_builder_error(b));
  weir_builder_reset(b);
  g_assert_null(weir_builder_error(b));
  g_assert_cmpint(b->length, ==, 0);
  weir_put_null(b);
  g_assert_true(weir_builder_finish(b, &out, NULL));
  g_assert_cmpint(out.length, ==, 1);
  weir_batch_release(&out);
  weir_builder_free(b);
}

static void
expect_error(weir_builder *b, const char *wanted)
{
  struct ArrowArray out;
  g_autoptr(GError) error = NULL;
  g_assert_false(weir_builder_finish(b, &out, &error));
  g_assert_cmpstr(error->message, ==, wanted);
  weir_builder_free(b);
}

static void
test_misuse(void)
{
  weir_builder *b = builder_of("i64");
  weir_put_null(b);
  expect_error(b, "row 0: a null, but the type says that none comes (W18)");
  b = builder_of("utf8");
  g_assert_null(weir_put_space(b, -1));
  expect_error(b, "row 0: a negative size was asked for");
  b = builder_of("utf8");
  g_assert_cmpint(b->grow(b, -5, 0), ==, -1);
  expect_error(b, "row 0: a negative size was asked for");
  b = builder_of("utf8");
  weir_put_string(b, "x");
  g_assert_null(weir_put_space(b, INT32_MAX));
  g_assert_null(weir_put_space(b, INT64_MAX));
  g_assert_cmpint(b->length, ==, 1);
  expect_error(b, "row 1: a batch holds at most 2 GiB of text in a column");
  b = builder_of("i64");
  g_assert_cmpint(b->grow(b, INT64_MAX, 0), ==, -1);
  expect_error(b, "row 0: a batch cannot have that many rows");
  b = builder_of("list<i64>?");
  weir_put_integer(b->children[0], 1);
  weir_put_null(b);
  expect_error(b, "row 0: items were put into a row that is null");
  b = builder_of("list<i64>");
  weir_put_list(b);
  weir_put_integer(b->children[0], 1);
  expect_error(b, "row 1: 1 items were put after the last list was ended");
  b = builder_of("list<i8>");
  weir_put_list(b);
  weir_put_integer(b->children[0], 1000);
  weir_put_list(b);
  expect_error(b, "row 1: in \"item\": an integer is out of the column's range");
  b = builder_of("struct<a:i8,b:i8>");
  weir_put_integer(b->children[0], 1);
  weir_put_struct(b);
  expect_error(b, "row 1: 0 values in member \"b\" for 1 rows");
  b = builder_of("struct<a:i8,b:i8>?");
  weir_put_integer(b->children[0], 1);
  weir_put_null(b);
  expect_error(b, "row 0: members were put into a row that is null");
  b = builder_of("fixed<f32,3>");
  weir_put_number(b, 1);
  weir_put_integer(b, 1);
  expect_error(b, "row 0: a real number was put into a column of another type");
}

/* Under AddressSanitizer too, an allocation that is too large fails and does not end the test. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
  return "allocator_may_return_null=1";
}

/* Much more than there is: refused, and what was there before stays. */
static void
test_no_memory(void)
{
  weir_builder *b = builder_of("fixed<f32,100000000>");
  g_assert_cmpint(b->grow(b, (int64_t)1 << 33, 0), ==, -1);
  g_assert_nonnull(strstr(weir_builder_error(b), "there is no memory for a buffer of"));
  weir_builder_reset(b);
  weir_builder_free(b);
}

/* Bits of a validity that begins late, and of booleans, at every length around whole bytes. */
static void
test_bits(void)
{
  for (gint64 rows = 1; rows < 70; rows++)
    for (gint64 null_at = 0; null_at <= rows; null_at += 3) {
      weir_builder *b = builder_of("bool?");
      struct ArrowArray out;
      for (gint64 i = 0; i < rows; i++)
        g_assert_cmpint(i == null_at ? weir_put_null(b) : weir_put_bool(b, i % 3 == 0), ==, 0);
      g_assert_true(weir_builder_finish(b, &out, NULL));
      g_assert_cmpint(out.null_count, ==, null_at < rows);
      g_assert_cmpint(out.buffers[0] != NULL, ==, null_at < rows);
      const uint8_t *validity = out.buffers[0], *values = out.buffers[1];
      for (gint64 i = 0; i < 512; i++) {
        gboolean set = (values[i / 8] >> (i % 8)) & 1;
        g_assert_cmpint(set, ==, i < rows && i != null_at && i % 3 == 0);
        if (validity)
          g_assert_cmpint((validity[i / 8] >> (i % 8)) & 1, ==, i < rows && i != null_at);
      }
      weir_batch_release(&out);
      weir_builder_free(b);
    }
}

/* Buffers are aligned, zero behind what is used, and the same whichever way they grew. */
static void
assert_tidy(const void *buffer, gsize used)
{
  const guint8 *bytes = buffer;
  g_assert_cmpuint((guintptr)buffer % 64, ==, 0);
  for (gsize i = used; i % 64; i++)
    g_assert_cmpint(bytes[i], ==, 0);
}

static void
test_tidy(void)
{
  weir_builder *text = builder_of("utf8"), *number = builder_of("i32"), *vector = builder_of("fixed<f32,3>");
  struct ArrowArray a, b, c;
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 1001; i++) {
      weir_put_string(text, "some text");
      weir_put_integer(number, i);
      memset(weir_put_vector(vector), 1, 3 * sizeof(float));
    }
    /* A fast reader that writes ahead of what it counts. */
    g_assert_cmpint(weir_room(text, 100, 100), ==, 0);
    memset(text->bytes + text->n_bytes, 0xff, 100);
    memset(text->offsets + text->length + 1, 0xff, 100 * sizeof(int32_t));
    g_assert_cmpint(weir_room(number, 100, 0), ==, 0);
    memset((int32_t *)number->values + number->length, 0xff, 100 * sizeof(int32_t));
    g_assert_true(weir_builder_finish(text, &a, NULL));
    g_assert_true(weir_builder_finish(number, &b, NULL));
    g_assert_true(weir_builder_finish(vector, &c, NULL));
    assert_tidy(a.buffers[1], 1002 * sizeof(int32_t));
    assert_tidy(a.buffers[2], (gsize)1001 * 9);
    assert_tidy(b.buffers[1], 1001 * sizeof(int32_t));
    assert_tidy(c.children[0]->buffers[1], 1001 * (3 * sizeof(float)));
    weir_batch_release(&a);
    weir_batch_release(&b);
    weir_batch_release(&c);
  }
  weir_builder_free(text);
  weir_builder_free(number);
  weir_builder_free(vector);
}

/* The cost of growth: copies stay a constant share, and a reused builder allocates once. */
static void
test_growth(void)
{
  weir_builder *b = builder_of("utf8");
  struct ArrowArray out;
  for (int round = 0; round < 2; round++) {
    guint moves = 0;
    const char *bytes = NULL;
    for (int i = 0; i < 100000; i++) {
      weir_put_text(b, "0123456789", 10);
      moves += b->bytes != bytes;
      bytes = b->bytes;
    }
    g_assert_cmpuint(moves, <=, round == 0 ? 10 : 1);
    g_assert_cmpint(b->byte_capacity, <=, 2 << 20);
    g_assert_true(weir_builder_finish(b, &out, NULL));
    weir_batch_release(&out);
    g_assert_cmpint(b->capacity, ==, 0);
  }
  weir_builder_free(b);
}

/* In a row where a struct is null, its members are null if they can be, and empty if not. */
static void
test_null_struct(void)
{
  weir_builder *b = builder_of("struct<a:i32?,b:utf8,c:fixed<f32,2>,d:list<i8>?>?");
  struct ArrowArray out;
  weir_put_null(b);
  weir_put_null(b);
  g_assert_true(weir_builder_finish(b, &out, NULL));
  g_assert_cmpint(out.null_count, ==, 2);
  static const gint64 nulls[] = {2, 0, 0, 2};
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpint(out.children[i]->length, ==, 2);
    g_assert_cmpint(out.children[i]->null_count, ==, nulls[i]);
  }
  const float *vectors = out.children[2]->children[0]->buffers[1];
  for (guint i = 0; i < 4; i++)
    g_assert_cmpfloat(vectors[i], ==, 0);
  weir_batch_release(&out);
  weir_builder_free(b);
}

/* Without rows there is still a first offset. */
static void
test_empty(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  struct ArrowArray batch;
  sample_batch(schema, 0, &batch);
  assert_valid(schema, &batch);
  const int32_t *offsets = batch.children[SAMPLE_TEXT]->buffers[1];
  g_assert_cmpint(offsets[0], ==, 0);
  g_assert_cmpuint(weir_batch_bytes(schema, &batch), ==, 0);
  weir_batch_release(&batch);
}

static void
test_from_columns(void)
{
  weir_builder *b = builder_of("i64");
  struct ArrowArray columns[2], batch;
  g_autoptr(GError) error = NULL;
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k <= i; k++)
      weir_put_integer(b, k);
    weir_builder_finish(b, &columns[i], NULL);
  }
  g_assert_false(weir_batch_from_columns(columns, 2, 1, &batch, &error));
  g_assert_cmpstr(error->message, ==, "column 1 has 2 rows where the batch has 1 (W16)");
  g_assert_null(columns[0].release);
  g_assert_null(columns[1].release);
  weir_builder_free(b);
}

/* The same values give the same bytes, also from a builder that was used for others before. */
static void
test_reuse(void)
{
  g_autoptr(WeirSchema) schema = sample_schema();
  weir_builder *columns[SAMPLE_COLUMNS];
  struct ArrowArray batch;
  guint64 sums[3];
  sample_begin(schema, columns);
  for (int round = 0; round < 3; round++) {
    sample_finish(columns, round == 1 ? 3000 : 777, &batch);
    sums[round] = weir_batch_checksum(schema, &batch);
    assert_valid(schema, &batch);
    weir_batch_release(&batch);
  }
  sample_end(columns);
  g_assert_cmpuint(sums[0], ==, sums[2]);
  g_assert_cmpuint(sums[0], !=, sums[1]);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/builder/sample", test_sample);
  g_test_add_func("/builder/ranges", test_ranges);
  g_test_add_func("/builder/errors", test_errors);
  g_test_add_func("/builder/misuse", test_misuse);
  g_test_add_func("/builder/no-memory", test_no_memory);
  g_test_add_func("/builder/bits", test_bits);
  g_test_add_func("/builder/tidy", test_tidy);
  g_test_add_func("/builder/growth", test_growth);
  g_test_add_func("/builder/null-struct", test_null_struct);
  g_test_add_func("/builder/empty", test_empty);
  g_test_add_func("/builder/from-columns", test_from_columns);
  g_test_add_func("/builder/reuse", test_reuse);
  return g_test_run();
}
