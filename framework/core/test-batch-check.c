/* SPDX-License-Identifier: MIT */
/* Tests the validator: batches damaged in every way that Arrow's rules name, and UTF-8; and what counts bytes.
 */
#include "core/test-batch.h"
#include "core/utf8.h"

/* The sample with one thing changed; the message must hold `part`. `deep_only`: else it passes. */
typedef struct Damage {
  struct ArrowArray batch;
  WeirSchema *schema;
} Damage;

static struct ArrowArray *
column(Damage *d, guint index)
{
  return d->batch.children[index];
}

static void
damage_begin(Damage *d)
{
  d->schema = sample_schema();
  sample_batch(d->schema, 40, &d->batch);
  assert_valid(d->schema, &d->batch);
}

static void
expect_invalid(Damage *d, gboolean deep_only, const char *part)
{
  g_autoptr(GError) error = NULL;
  if (deep_only) {
    g_assert_true(weir_batch_validate(d->schema, &d->batch, FALSE, &error));
    g_assert_no_error(error);
  }
  g_assert_false(weir_batch_validate(d->schema, &d->batch, deep_only, &error));
  if (!strstr(error->message, part))
    g_error("\"%s\" does not say \"%s\"", error->message, part);
}

static void
damage_end(Damage *d)
{
  weir_batch_release(&d->batch);
  weir_schema_unref(d->schema);
}

/* Sets something, expects the refusal, and puts it back so that the release finds all that it made. */
#define DAMAGE(lvalue, value, part)  \
  do {                               \
    Damage d;                        \
    damage_begin(&d);                \
    __auto_type at = &(lvalue);      \
    __auto_type before = *at;        \
    *at = (value);                   \
    expect_invalid(&d, FALSE, part); \
    *at = before;                    \
    damage_end(&d);                  \
  } while (0)

static void
test_frame(void)
{
  DAMAGE(d.batch.n_children, 5, "the batch: 5 children where 6 are wanted");
  DAMAGE(d.batch.n_children, 7, "7 children");
  DAMAGE(d.batch.n_children, -1, "-1 children");
  DAMAGE(d.batch.children, NULL, "its children are missing");
  DAMAGE(d.batch.children[2], NULL, "child 2 is missing");
  DAMAGE(d.batch.n_buffers, 2, "2 buffers where 1 are wanted");
  DAMAGE(d.batch.buffers, NULL, "0 buffers");
  DAMAGE(d.batch.length, -1, "out of bounds");
  DAMAGE(d.batch.length, G_MAXINT64, "out of bounds");
  DAMAGE(d.batch.length, 41, "column \"id\": 40 rows where 41 are wanted");
  DAMAGE(d.batch.offset, 1, "column \"id\": 40 rows where 41 are wanted");
  DAMAGE(d.batch.offset, -1, "out of bounds");
  DAMAGE(d.batch.null_count, 1, "1 nulls without a validity buffer");
  DAMAGE(d.batch.null_count, -2, "null count -2");
  DAMAGE(d.batch.dictionary, &d.batch, "a dictionary");
  DAMAGE(d.batch.release, NULL, "it was released");
  DAMAGE(column(&d, SAMPLE_TEXT)->release, NULL, "column \"text\": it was released");
}

static void
test_columns(void)
{
  DAMAGE(column(&d, SAMPLE_ID)->n_buffers, 3, "column \"id\": 3 buffers where 2 are wanted");
  DAMAGE(column(&d, SAMPLE_ID)->n_children, 1, "1 children where 0 are wanted");
  DAMAGE(column(&d, SAMPLE_ID)->buffers[1], NULL, "no values for 40 rows");
  DAMAGE(column(&d, SAMPLE_ID)->offset, (gint64)1 << 62, "out of bounds");
  DAMAGE(column(&d, SAMPLE_ID)->buffers[1], (char *)*at + 4, "not aligned");
  DAMAGE(column(&d, SAMPLE_TEXT)->buffers[1], (char *)*at + 2, "not aligned");
  DAMAGE(column(&d, SAMPLE_TEXT)->buffers[1], NULL, "no offsets for 40 rows");
  DAMAGE(column(&d, SAMPLE_TEXT)->buffers[2], NULL, "no bytes where the offsets reach to");
  DAMAGE(column(&d, SAMPLE_TEXT)->null_count, 41, "null count 41 for 40 rows");
  DAMAGE(column(&d, SAMPLE_TEXT)->buffers[0], NULL, "nulls without a validity buffer");
  DAMAGE(column(&d, SAMPLE_VECTOR)->children[0]->length, 119, "119 floats for 40 rows of 3");
  DAMAGE(column(&d, SAMPLE_VECTOR)->children[0]->buffers[1], NULL, "no floats for 40 rows");
  DAMAGE(column(&d, SAMPLE_LIST)->children[0]->length, 10, "offsets reach to item");
  DAMAGE(column(&d, SAMPLE_LIST)->children[0]->length, -10, "offsets reach to item");
  DAMAGE(column(&d, SAMPLE_LIST)->n_children, 2, "2 children where 1 are wanted");
  DAMAGE(column(&d, SAMPLE_STRUCT)->children[1]->length, 39, "column \"struct\", in it \"b\": 39 rows");
  DAMAGE(column(&d, SAMPLE_STRUCT)->children[1]->n_buffers, 2, "in it \"b\": 2 buffers");
}

/* Changes inside buffers. */
static void
test_content(void)
{
  DAMAGE(((int32_t *)column(&d, SAMPLE_TEXT)->buffers[1])[4], 1000000, "row 4 reaches from offset 1000000");
  DAMAGE(((int32_t *)column(&d, SAMPLE_TEXT)->buffers[1])[0], -1, "row 0 reaches from offset -1");
  for (int row = 1; row <= 40; row++)
    DAMAGE(((int32_t *)column(&d, SAMPLE_TEXT)->buffers[1])[row], INT32_MIN, "reaches from offset");
  DAMAGE(((int32_t *)column(&d, SAMPLE_LIST)->buffers[1])[40], INT32_MAX, "offsets reach to item 2147483647");
  DAMAGE(((int32_t *)column(&d, SAMPLE_LIST)->children[0]->buffers[1])[1], 100000, "in it \"item\": row 1");
}

#define DAMAGE_DEEP(lvalue, value, part) \
  do {                                   \
    Damage d;                            \
    damage_begin(&d);                    \
    __auto_type at = &(lvalue);          \
    __auto_type before = *at;            \
    *at = (value);                       \
    expect_invalid(&d, TRUE, part);      \
    *at = before;                        \
    damage_end(&d);                      \
  } while (0)

static void
test_deep(void)
{
  DAMAGE_DEEP(((char *)column(&d, SAMPLE_TEXT)->buffers[2])[0], 'x', "row 0 is not valid UTF-8 at byte 1");
  DAMAGE_DEEP(((char *)column(&d, SAMPLE_TEXT)->buffers[2])[5], '\xff', "is not valid UTF-8");
  DAMAGE_DEEP(column(&d, SAMPLE_TEXT)->null_count, 3, "null count 3 where 6 rows are null");
  DAMAGE_DEEP(column(&d, SAMPLE_FLAG)->null_count, 0, "null count 0 where");
  /* Both rows are whole together, but the character is cut between them. */
  DAMAGE_DEEP(((int32_t *)column(&d, SAMPLE_TEXT)->buffers[1])[1], 1, "row 0 is not valid UTF-8 at byte 0");
}

/* Nulls where the schema takes none, in a column, in a member, in the batch itself. */
static void
test_nulls(void)
{
  static const uint8_t all_but_three[8] = {0xf7, 0xff, 0xff, 0xff, 0xff, 0, 0, 0};
  DAMAGE(column(&d, SAMPLE_ID)->null_count, 40, "40 nulls without");
  Damage d;
  damage_begin(&d);
  column(&d, SAMPLE_ID)->buffers[0] = all_but_three;
  column(&d, SAMPLE_ID)->null_count = -1;
  expect_invalid(&d, FALSE, "column \"id\": row 3 is null, but its type says that none comes (W18)");
  gint32 ids = SAMPLE_ID, which = -1;
  g_assert_cmpint(weir_batch_first_null(d.schema, &d.batch, &ids, 1, &which), ==, 3);
  g_assert_cmpint(which, ==, SAMPLE_ID);
  /* Before and behind that row all is well. */
  d.batch.length = 3;
  assert_valid(d.schema, &d.batch);
  g_assert_cmpint(weir_batch_first_null(d.schema, &d.batch, &ids, 1, &which), ==, -1);
  d.batch.offset = 4;
  d.batch.length = 36;
  assert_valid(d.schema, &d.batch);
  d.batch.offset = 0;
  d.batch.length = 40;
  column(&d, SAMPLE_ID)->buffers[0] = NULL;
  assert_valid(d.schema, &d.batch); /* -1 without bits: no nulls */
  d.batch.buffers[0] = all_but_three;
  d.batch.null_count = 1;
  expect_invalid(&d, FALSE, "the batch: it has rows that are null as a whole");
  d.batch.buffers[0] = NULL;
  d.batch.null_count = 0;
  /* Member b takes no nulls, but where the struct is null it may hold anything. */
  struct ArrowArray *member = column(&d, SAMPLE_STRUCT)->children[1];
  member->buffers[0] = column(&d, SAMPLE_STRUCT)->buffers[0];
  member->null_count = column(&d, SAMPLE_STRUCT)->null_count;
  assert_valid(d.schema, &d.batch);
  member->buffers[0] = all_but_three;
  member->null_count = 1;
  expect_invalid(&d, FALSE, "in it \"b\": row 3 is null");
  member->buffers[0] = NULL;
  member->null_count = 0;
  damage_end(&d);
  gint32 columns[] = {SAMPLE_TEXT, SAMPLE_STRUCT, SAMPLE_ID};
  damage_begin(&d);
  g_assert_cmpint(weir_batch_first_null(d.schema, &d.batch, columns, 3, &which), ==, 2);
  g_assert_cmpint(which, ==, SAMPLE_STRUCT);
  damage_end(&d);
}

/* An empty foreign batch may have no buffers at all, and offsets of no bytes. */
static void
test_empty_foreign(void)
{
  Damage d;
  damage_begin(&d);
  weir_batch_release(&d.batch);
  sample_batch(d.schema, 0, &d.batch);
  struct ArrowArray *text = column(&d, SAMPLE_TEXT);
  const void *before = text->buffers[1];
  text->buffers[1] = NULL;
  assert_valid(d.schema, &d.batch);
  g_autofree char *nothing = g_malloc(1);
  text->buffers[1] = nothing;
  assert_valid(d.schema, &d.batch);
  text->buffers[1] = before;
  damage_end(&d);
}

/* Text in rows that are null may be anything. */
static void
test_null_text(void)
{
  Damage d;
  damage_begin(&d);
  struct ArrowArray *text = column(&d, SAMPLE_TEXT);
  uint8_t bits[8];
  memcpy(bits, text->buffers[0], sizeof bits);
  const void *before = text->buffers[0];
  ((char *)text->buffers[2])[0] = 'x';
  text->buffers[0] = bits;
  bits[0] &= 0xfe;
  text->null_count = -1;
  assert_valid(d.schema, &d.batch);
  text->buffers[0] = before;
  damage_end(&d);
}

/* ---- UTF-8 ---- */

static void
test_utf8(void)
{
  const struct {
    const char *text;
    gssize bad;
  } cases[] = {
      {"", -1},
      {"plain text that is longer than sixteen bytes", -1},
      {"é ü 漢字 🙂 mixed with plain text of some length", -1},
      {"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", -1},
      {"\xc0\x80", 0},         /* overlong NUL */
      {"a\xc1\xbf", 1},        /* overlong */
      {"\xe0\x9f\xbf", 0},     /* overlong */
      {"\xf0\x8f\xbf\xbf", 0}, /* overlong */
      {"\xed\xa0\x80", 0},     /* surrogate */
      {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
      {"\xf5\x80\x80\x80", 0},
      {"\x80", 0},
      {"0123456789abcdef0123456789abcdef\xe2\x82", 32},
      {"0123456789abcde\xc3", 15},
      {"é\xc3", 2},
      {"é\xe2\x82z", 2},
      {"\xf0\x9f\x99", 0},
      {"\xff", 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    gsize size = strlen(cases[i].text);
    g_autofree char *exact = g_memdup2(cases[i].text, size); /* so that an overread shows */
    g_assert_cmpint(weir_utf8_first_invalid(exact, size), ==, cases[i].bad);
  }
  g_assert_cmpint(weir_utf8_first_invalid("a\0b", 3), ==, -1);
}

/* All sequences of up to three bytes of the interesting values agree with GLib. */
static void
test_utf8_all(void)
{
  for (guint v = 0; v < 1u << 24; v += v < 1u << 16 ? 1 : 37) {
    const char text[] = {(char)(v >> 16 | 1), (char)(v >> 8 | 1), (char)(v & 0xff), 'z'};
    if (!text[0] || !text[1] || !text[2])
      continue;
    const char *end;
    gboolean good = g_utf8_validate(text, sizeof text, &end);
    g_assert_cmpint(weir_utf8_first_invalid(text, sizeof text), ==, good ? -1 : end - text);
  }
}

/* ---- Measures ---- */

static void
test_bytes(void)
{
  weir_field fields[] = {
      {"a", "i32"}, {"b", "utf8?"}, {"c", "bool"}, {"d", "list<i16>"}, {"e", "fixed<f32,2>"}};
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, 5, NULL);
  weir_builder *b[5];
  struct ArrowArray columns[5], batch;
  for (guint i = 0; i < 5; i++)
    b[i] = weir_builder_new(schema->arrow.children[i]);
  for (int row = 0; row < 16; row++) {
    weir_put_integer(b[0], row);
    weir_put_string(b[1], row == 3 ? NULL : "abc");
    weir_put_bool(b[2], true);
    weir_put_integer(b[3]->children[0], row);
    weir_put_integer(b[3]->children[0], row);
    weir_put_list(b[3]);
    memset(weir_put_vector(b[4]), 0, 2 * sizeof(float));
  }
  for (guint i = 0; i < 5; i++) {
    g_assert_true(weir_builder_finish(b[i], &columns[i], NULL));
    weir_builder_free(b[i]);
  }
  g_assert_true(weir_batch_from_columns(columns, 5, 16, &batch, NULL));
  g_assert_cmpuint(weir_batch_bytes(schema, &batch), ==,
                   16 * 4 + (2 + 17 * 4 + 15 * 3) + 2 + (17 * 4 + 32 * 2) + 16 * 8);
  guint64 before = weir_batch_checksum(schema, &batch);
  ((char *)batch.children[1]->buffers[2])[44] ^= 1;
  g_assert_cmpuint(weir_batch_checksum(schema, &batch), !=, before);
  ((char *)batch.children[1]->buffers[2])[44] ^= 1;
  g_assert_cmpuint(weir_batch_checksum(schema, &batch), ==, before);
  weir_batch_slice(&batch, 8, 8, &batch);
  g_assert_cmpuint(weir_batch_bytes(schema, &batch), ==,
                   8 * 4 + (1 + 9 * 4 + 8 * 3) + 1 + (9 * 4 + 16 * 2) + 8 * 8);
  weir_batch_release(&batch);
}

static void
test_json(void)
{
  weir_field fields[] = {{"u", "u64"},    {"f", "f32"},  {"d", "f64"},
                         {"b", "binary"}, {"t", "utf8"}, {"s", "timestamp"}};
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, 6, NULL);
  struct ArrowArray columns[6], batch;
  for (guint i = 0; i < 6; i++) {
    weir_builder *b = weir_builder_new(schema->arrow.children[i]);
    if (i == 0)
      weir_put_u64(b, UINT64_MAX);
    else if (i < 3)
      weir_put_number(b, i == 1 ? 0.1 : -1.0 / 0.0);
    else if (i == 5)
      weir_put_integer(b, -1);
    else
      weir_put_string(b, "éé\"\n\x01");
    g_assert_true(weir_builder_finish(b, &columns[i], NULL));
    weir_builder_free(b);
  }
  g_assert_true(weir_batch_from_columns(columns, 6, 1, &batch, NULL));
  g_autofree char *whole = weir_batch_row_to_json(schema, &batch, 0, 100);
  g_assert_cmpstr(whole, ==,
                  "{\"u\":18446744073709551615,\"f\":0.1,\"d\":null,\"b\":\"c3a9c3a9220a01\","
                  "\"t\":\"éé\\\"\\n\\u0001\",\"s\":\"1969-12-31T23:59:59.999999Z\"}");
  g_autofree char *cut = weir_batch_row_to_json(schema, &batch, 0, 3);
  g_assert_nonnull(strstr(cut, "\"b\":\"c3a9c3…\",\"t\":\"é…\""));
  weir_batch_release(&batch);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/validate/frame", test_frame);
  g_test_add_func("/validate/columns", test_columns);
  g_test_add_func("/validate/content", test_content);
  g_test_add_func("/validate/deep", test_deep);
  g_test_add_func("/validate/nulls", test_nulls);
  g_test_add_func("/validate/empty-foreign", test_empty_foreign);
  g_test_add_func("/validate/null-text", test_null_text);
  g_test_add_func("/utf8/cases", test_utf8);
  g_test_add_func("/utf8/against-glib", test_utf8_all);
  g_test_add_func("/measure/bytes", test_bytes);
  g_test_add_func("/measure/json", test_json);
  return g_test_run();
}
