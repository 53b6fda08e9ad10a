/* SPDX-License-Identifier: MIT */
/* What is written is what is read back: random batches of random types through every format that can tell them;
 * and the exact bytes of small files. */
#include "core/batch.h"
#include "reader.h"
#include "write_format.h"

#include <glib.h>
#include <math.h>

/* --- Random batches -------------------------------------------------------------------------------------- */

static GRand *dice;

static int
below(int n)
{
  return g_rand_int_range(dice, 0, n);
}

static guint64
bits64(void)
{
  return (guint64)g_rand_int(dice) << 32 | g_rand_int(dice);
}

/* A type; `depth` says how deep it may still nest. CSV reads only what does not. */
static void
random_type(GString *out, int depth)
{
  static const char *const scalars[] = {"bool", "i8",  "u8",  "i16", "u16",  "i32",      "u32",
                                        "i64",  "u64", "f32", "f64", "utf8", "timestamp"};
  int kind = depth > 0 ? below(18) : below(13);
  if (kind < 13) {
    g_string_append(out, scalars[kind]);
  } else if (kind == 13) {
    g_string_append(out, "binary");
  } else if (kind == 14) {
    g_string_append_printf(out, "fixed<f32,%d>", 1 + below(5));
  } else if (kind < 17) {
    g_string_append(out, "list<");
    random_type(out, depth - 1);
    g_string_append(out, below(2) ? "?>" : ">");
  } else {
    int n = 1 + below(3);
    for (int k = 0; k < n; k++) {
      g_string_append_printf(out, "%s\"k \\\"%d\":", k ? "," : "struct<", k);
      random_type(out, depth - 1);
      g_string_append(out, below(2) ? "?" : "");
    }
    g_string_append_c(out, '>');
  }
}

static double
random_real(void)
{
  guint64 bits = bits64();
  double value;
  memcpy(&value, &bits, sizeof value);
  if (below(3) == 0)
    return (double)below(100000) / 1000;
  return isfinite(value) ? value : 0.5;
}

static void
put_random_text(weir_builder *b, const char *const *pieces, int n_pieces)
{
  GString *text = g_string_new(NULL);
  for (int k = below(below(4) ? 6 : 60); k > 0; k--)
    g_string_append(text, pieces[below(n_pieces)]);
  weir_put_text(b, text->str, (int64_t)text->len);
  g_string_free(text, TRUE);
}

/* Values that stand at edges come often. */
static void
put_random(weir_builder *b, const struct ArrowSchema *field)
{
  static const char *const pieces[] = {"a",
                                       "word ",
                                       "\"",
                                       "\\",
                                       ",",
                                       "\n",
                                       "\r\n",
                                       "\t",
                                       "\xc3\xa9",
                                       "\x01",
                                       "\xf0\x9f\x98\x80",
                                       "{",
                                       "null",
                                       "'",
                                       "a longer text with 32 bytes and more"};
  static const gint64 limits[] = {0, 127, 255, 32767, 65535, G_MAXINT32, G_MAXUINT32, G_MAXINT64};
  if ((field->flags & ARROW_FLAG_NULLABLE) && below(5) == 0) {
    weir_put_null(b);
    return;
  }
  switch (b->type) {
  case WEIR_BOOL:
    weir_put_bool(b, below(2));
    break;
  case WEIR_U64:
    weir_put_u64(b, below(3) ? bits64() : G_MAXUINT64);
    break;
  case WEIR_TIMESTAMP:
    weir_put_integer(b, (gint64)(g_rand_double_range(dice, -6.2e10, 2.5e11) * (below(2) ? 1e6 : 1)));
    break;
  case WEIR_F32:
    weir_put_number(b, (double)(float)(below(2) ? g_rand_double(dice) : below(1000)));
    break;
  case WEIR_F64:
    weir_put_number(b, random_real());
    break;
  case WEIR_UTF8:
    put_random_text(b, pieces, G_N_ELEMENTS(pieces));
    break;
  case WEIR_BINARY: {
    const char bytes[] = {'\0', '\xff', 'x', '\n', '"'};
    weir_put_text(b, bytes, below(5));
    break;
  }
  case WEIR_FIXED: {
    float *vector = weir_put_vector(b);
    for (int32_t k = 0; k < b->width; k++)
      vector[k] = (float)g_rand_double(dice);
    break;
  }
  case WEIR_LIST:
    for (int n = below(4); n > 0; n--)
      put_random(b->children[0], field->children[0]);
    weir_put_list(b);
    break;
  case WEIR_STRUCT:
    for (int64_t k = 0; k < b->n_children; k++)
      put_random(b->children[k], field->children[k]);
    weir_put_struct(b);
    break;
  default: {
    static const int64_t low[] = {
        [WEIR_I8] = INT8_MIN, [WEIR_I16] = INT16_MIN, [WEIR_I32] = INT32_MIN, [WEIR_I64] = INT64_MIN};
    static const int64_t high[] = {
        [WEIR_I8] = INT8_MAX,   [WEIR_U8] = UINT8_MAX,   [WEIR_I16] = INT16_MAX, [WEIR_U16] = UINT16_MAX,
        [WEIR_I32] = INT32_MAX, [WEIR_U32] = UINT32_MAX, [WEIR_I64] = INT64_MAX};
    gint64 value = limits[below(G_N_ELEMENTS(limits))];
    if (below(2))
      value = below(1000) - 500;
    else if (below(2) && (guint)b->type < G_N_ELEMENTS(low))
      value = low[b->type];
    weir_put_integer(b, CLAMP(value, (guint)b->type < G_N_ELEMENTS(low) ? low[b->type] : 0, high[b->type]));
  }
  }
}

/* A schema and a batch of it. */
struct table {
  WeirSchema *schema;
  struct format_columns columns;
  struct ArrowArray batch;
};

static void
batch_from_builders(const WeirSchema *schema, weir_builder *const *builders, struct ArrowArray *batch)
{
  guint n = weir_schema_n_columns(schema);
  g_autofree struct ArrowArray *arrays = g_new0(struct ArrowArray, n);
  g_autoptr(GError) error = NULL;
  gint64 rows = builders[0]->length;
  for (guint k = 0; k < n; k++) {
    weir_builder_finish(builders[k], &arrays[k], &error);
    g_assert_no_error(error);
    weir_builder_free(builders[k]);
  }
  weir_batch_from_columns(arrays, n, rows, batch, &error);
  g_assert_no_error(error);
  weir_batch_validate(schema, batch, TRUE, &error);
  g_assert_no_error(error);
}

static weir_builder **
make_builders(const WeirSchema *schema)
{
  guint n = weir_schema_n_columns(schema);
  weir_builder **builders = g_new0(weir_builder *, n);
  for (guint k = 0; k < n; k++)
    builders[k] = weir_builder_new(schema->arrow.children[k]);
  return builders;
}

static WeirSchema *
schema_of(const struct format_columns *columns)
{
  g_autofree weir_field *fields = g_new0(weir_field, columns->n);
  g_autoptr(GError) error = NULL;
  for (uint32_t k = 0; k < columns->n; k++)
    fields[k] = (weir_field){columns->items[k].name, columns->items[k].type};
  WeirSchema *schema = weir_schema_new(fields, columns->n, &error);
  g_assert_no_error(error);
  return schema;
}

static void
random_table(struct table *t, int depth, bool nulls_in_text)
{
  int n_columns = 1 + below(5), n_rows = below(30);
  for (int k = 0; k < n_columns; k++) {
    g_autoptr(GString) type = g_string_new(NULL);
    g_autofree char *name = g_strdup_printf("c,%d \"%c", k, "x\n\\\xc3"[below(3)]);
    random_type(type, depth);
    if (below(2) && (nulls_in_text || strcmp(type->str, "utf8")))
      g_string_append_c(type, '?');
    format_columns_add(&t->columns, name, type->str);
  }
  t->schema = schema_of(&t->columns);
  g_autofree weir_builder **builders = make_builders(t->schema);
  for (int row = 0; row < n_rows; row++)
    for (int k = 0; k < n_columns; k++)
      put_random(builders[k], t->schema->arrow.children[k]);
  batch_from_builders(t->schema, builders, &t->batch);
}

static void
table_clear(struct table *t)
{
  weir_batch_release(&t->batch);
  format_columns_clear(&t->columns);
  weir_schema_unref(t->schema);
}

/* --- There and back -------------------------------------------------------------------------------------- */

/* The bytes that a format makes of a table, in batches of `step` rows; NULL and the problem. */
static GString *
write_table(const struct write_format *format, struct write_options options, const struct table *t,
            gint64 step, struct write_problem *problem)
{
  guint n = weir_schema_n_columns(t->schema);
  struct writer w = {
      .sink = sink_memory(), .options = options, .columns = g_new0(struct write_column, n), .n_columns = n};
  int result = 0;
  for (guint k = 0; k < n; k++)
    g_assert_cmpint(write_column_init(&w, &w.columns[k], t->schema->arrow.children[k]), ==, 0);
  result = format->begin(&w);
  for (gint64 at = 0; !result && at < t->batch.length; at += step) {
    struct ArrowArray part = t->batch;
    part.offset = at;
    part.length = MIN(step, t->batch.length - at);
    for (guint k = 0; k < n; k++) {
      weir_column view = weir_batch_column(&t->schema->arrow, &part, k);
      write_column_show(&w.columns[k], &view);
    }
    result = format->rows(&w, part.length);
    w.records += (uint64_t)part.length;
  }
  if (!result)
    result = format->end(&w);
  *problem = w.problem;
  GString *bytes = result ? NULL : g_string_new_len(w.sink->start, w.sink->at - w.sink->start);
  write_columns_clear(w.columns, n);
  sink_free(w.sink);
  return bytes;
}

static void
read_table(const struct format *format, struct format_options options, const struct table *t, GString *bytes,
           struct ArrowArray *batch)
{
  guint n = weir_schema_n_columns(t->schema);
  g_autofree weir_builder **builders = make_builders(t->schema);
  g_autofree char *padded = g_malloc0(bytes->len + FORMAT_PADDING);
  struct format_batch out = {
      .columns = builders, .n_columns = n, .max_rows = INT64_MAX, .max_bytes = INT64_MAX};
  struct format_error error = {0};
  size_t used;
  memcpy(padded, bytes->str, bytes->len);
  void *parser =
      format->parser_new(&options, (const struct ArrowSchema *const *)t->schema->arrow.children, n);
  format->parser_begin(parser);
  if (format->parse(parser, padded, bytes->len, true, &out, &used, &error) != PARSE_MORE)
    g_error("line %" G_GUINT64_FORMAT ": %s in\n%s", error.line, error.text, bytes->str);
  format->parser_free(parser);
  batch_from_builders(t->schema, builders, batch);
}

static void
assert_same(const struct table *t, const struct ArrowArray *back, const char *bytes)
{
  g_assert_cmpint(back->length, ==, t->batch.length);
  for (gint64 row = 0; row < back->length; row++) {
    g_autofree char *was = weir_batch_row_to_json(t->schema, &t->batch, row, 1 << 20);
    g_autofree char *is = weir_batch_row_to_json(t->schema, back, row, 1 << 20);
    if (strcmp(was, is))
      g_error("row %d was\n%s\nand is\n%s\nin\n%s", (int)row, was, is, bytes);
  }
}

static void
round_trip(const struct write_format *writer, struct write_options options, const struct format *reader,
           int depth)
{
  const char *const nulls[] = {options.null};
  for (int round = 0; round < 300; round++) {
    struct table t = {0};
    struct ArrowArray back;
    struct write_problem problem;
    random_table(&t, depth, reader != &format_csv);
    g_autofree const char **names = g_new0(const char *, t.columns.n),
                          **types = g_new0(const char *, t.columns.n);
    for (uint32_t k = 0; k < t.columns.n; k++) {
      names[k] = t.columns.items[k].name;
      types[k] = t.columns.items[k].type;
    }
    struct format_options reading = {.delimiter = options.delimiter,
                                     .quote = options.quote,
                                     .header = HEADER_YES,
                                     .nulls = nulls,
                                     .n_nulls = *nulls && **nulls,
                                     .names = names,
                                     .types = types,
                                     .n_declared = t.columns.n};
    GString *bytes = write_table(writer, options, &t, 1 + below(9), &problem);
    g_assert_nonnull(bytes);
    read_table(reader, reading, &t, bytes, &back);
    assert_same(&t, &back, bytes->str);
    weir_batch_release(&back);
    g_string_free(bytes, TRUE);
    table_clear(&t);
  }
}

static void
test_round_trip_lines(void)
{
  round_trip(&write_json, (struct write_options){.lines = true}, &format_jsonl, 3);
}

static void
test_round_trip_json(void)
{
  round_trip(&write_json, (struct write_options){0}, &format_json, 3);
  round_trip(&write_json, (struct write_options){.pretty = true}, &format_json, 3);
}

static void
test_round_trip_csv(void)
{
  struct write_options o = {.delimiter = ',', .quote = '"', .null = "", .line_end = "\n", .header = true};
  round_trip(&write_csv, o, &format_csv, 0);
  o.line_end = "\r\n";
  o.delimiter = ';';
  o.quote = '\'';
  o.null = "(none)";
  round_trip(&write_csv, o, &format_csv, 0);
}

/* --- Exact bytes ----------------------------------------------------------------------------------------- */

/* A table of what JSON Lines say. */
static void
table_of(struct table *t, const char *lines)
{
  struct format_options options = {0};
  struct format_error error = {0};
  GString *bytes = g_string_new(lines);
  g_autofree char *padded = g_malloc0(bytes->len + FORMAT_PADDING);
  memcpy(padded, lines, bytes->len);
  void *infer = format_jsonl.infer_begin(&options);
  format_jsonl.infer_add(infer, &(struct format_sample){padded, bytes->len, true, true}, &error);
  g_assert_cmpint(format_jsonl.infer_finish(infer, &t->columns, &error), ==, 0);
  t->schema = schema_of(&t->columns);
  read_table(&format_jsonl, options, t, bytes, &t->batch);
  g_string_free(bytes, TRUE);
}

static void
expect(const struct write_format *format, struct write_options options, const char *lines,
       const char *expected)
{
  struct table t = {0};
  struct write_problem problem;
  table_of(&t, lines);
  for (gint64 step = 1; step < 3; step++) {
    GString *bytes = write_table(format, options, &t, step, &problem);
    if (bytes) {
      g_assert_cmpstr(bytes->str, ==, expected);
      g_string_free(bytes, TRUE);
    } else if (!g_pattern_match_simple(expected, problem.text)) {
      g_error("wanted: %s\ngot: %s", expected, problem.text);
    }
  }
  table_clear(&t);
}

static void
test_bytes_json(void)
{
  const char *two = "{\"a\":1,\"b\":\"x\\n\\u0001\\\"\\u007f\",\"l\":[1.0,2.5],\"s\":{\"x y\":null}}\n"
                    "{\"a\":null,\"b\":\"\",\"l\":[],\"s\":null}\n";
  const char *one = "{\"a\":0.1,\"m\":[{\"r\":\"u\"},{\"r\":\"v\"}]}\n";
  expect(&write_json, (struct write_options){.lines = true}, two,
         "{\"a\":1,\"b\":\"x\\n\\u0001\\\"\x7f\",\"l\":[1.0,2.5],\"s\":{\"x y\":null}}\n"
         "{\"a\":null,\"b\":\"\",\"l\":[],\"s\":null}\n");
  expect(&write_json, (struct write_options){0}, two,
         "[\n{\"a\":1,\"b\":\"x\\n\\u0001\\\"\x7f\",\"l\":[1.0,2.5],\"s\":{\"x y\":null}},\n"
         "{\"a\":null,\"b\":\"\",\"l\":[],\"s\":null}\n]\n");
  expect(&write_json, (struct write_options){.pretty = true}, one,
         "[\n  {\n    \"a\": 0.1,\n    \"m\": [\n      {\n        \"r\": \"u\"\n      },\n      {\n"
         "        \"r\": \"v\"\n      }\n    ]\n  }\n]\n");
  expect(&write_json, (struct write_options){.single = true}, one,
         "{\"a\":0.1,\"m\":[{\"r\":\"u\"},{\"r\":\"v\"}]}\n");
  expect(&write_json, (struct write_options){.single = true, .pretty = true},
         "{\"a\":[1,2],\"b\":{\"c\":[]}}\n", "{\n  \"a\": [1, 2],\n  \"b\": {\n    \"c\": []\n  }\n}\n");
  expect(&write_json, (struct write_options){.single = true}, two, "*more than one has come*");
}

static void
test_bytes_csv(void)
{
  struct write_options o = {.delimiter = ',', .quote = '"', .null = "", .line_end = "\n", .header = true};
  const char *rows =
      "{\"a,b\":1,\"t\":\"x,\\\"y\\\"\\n\",\"l\":[1,2]}\n{\"a,b\":null,\"t\":null,\"l\":null}\n"
      "{\"a,b\":2,\"t\":\"\",\"l\":[]}\n";
  expect(&write_csv, o, rows, "\"a,b\",t,l\n1,\"x,\"\"y\"\"\n\",\"[1,2]\"\n,,\n2,\"\",[]\n");
  o.null = "NA";
  expect(&write_csv, o, "{\"a\":1,\"b\":\"NA\"}\n{\"b\":null}\n", "a,b\n1,\"NA\"\nNA,NA\n");
  o.null = "";
  o.header = false;
  expect(&write_csv, o, "{\"a\":1}\n{\"a\":null}\n", "1\n\"\"\n");
  o.line_end = "\r\n";
  o.delimiter = '\t';
  expect(&write_csv, o, "{\"a\":\"x,y\",\"b\":true}\n", "x,y\ttrue\r\n");
  o.quote = 0;
  expect(&write_csv, o, "{\"a\":\"\",\"b\":\"\\\"\"}\n", "\t\"\r\n");
  expect(&write_csv, o, "{\"a\":\"p\\tq\"}\n", "column \"a\" holds a delimiter*");
}

static void
test_bytes_text(void)
{
  expect(&write_text, (struct write_options){0}, "{\"t\":\"x\"}\n{\"t\":null}\n{\"t\":\"y, z\"}\n",
         "x\n\ny, z\n");
  expect(&write_text, (struct write_options){0}, "{\"t\":1}\n", "*of type utf8, which \"t\" is not");
  expect(&write_text, (struct write_options){0}, "{\"t\":\"x\",\"u\":\"y\"}\n",
         "*there are 2; name it in \"column\"");
}

/* Strings longer than any buffer, with escapes at every place of a vector. */
static void
test_long_strings(void)
{
  for (int k = 0; k < 40; k++) {
    g_autofree char *text = g_malloc(300000);
    struct sink *sink = sink_memory();
    memset(text, 'x', 300000);
    text[k] = '"';
    text[16384 + k] = '\n';
    write_json_string(sink, text, 300000);
    g_assert_cmpint(sink->at - sink->start, ==, 300004);
    g_assert_true(sink->start[k + 1] == '\\');
    g_assert_true(sink->start[16384 + k + 3] == 'n');
    sink_free(sink);
  }
}

/* A full disk is said once, in the system's words, also through a compression. */
static void
test_full_disk(void)
{
  const char *const compressions[] = {NULL, "gzip", "Zstandard", "xz", "bzip2"};
  for (size_t k = 0; k < G_N_ELEMENTS(compressions); k++) {
    g_autoptr(GError) error = NULL;
    struct sink *sink = sink_open("/dev/full", compressions[k], -1, &error);
    g_assert_no_error(error);
    for (int n = 0; n < 1 << 20; n++)
      sink_put(sink, (const char *)&(guint32){g_rand_int(dice)}, 4);
    g_assert_false(sink_commit(sink, &error));
    g_assert_nonnull(strstr(error->message, "cannot write \"/dev/full\": No space left on device"));
    sink_free(sink);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  dice = g_rand_new_with_seed(99);
  g_test_add_func("/file/write/round-trip/jsonl", test_round_trip_lines);
  g_test_add_func("/file/write/round-trip/json", test_round_trip_json);
  g_test_add_func("/file/write/round-trip/csv", test_round_trip_csv);
  g_test_add_func("/file/write/bytes/json", test_bytes_json);
  g_test_add_func("/file/write/bytes/csv", test_bytes_csv);
  g_test_add_func("/file/write/bytes/text", test_bytes_text);
  g_test_add_func("/file/write/long-strings", test_long_strings);
  g_test_add_func("/file/write/full-disk", test_full_disk);
  int result = g_test_run();
  g_rand_free(dice);
  return result;
}
