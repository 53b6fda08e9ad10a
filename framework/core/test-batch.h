/* SPDX-License-Identifier: MIT */
/* A batch with a column of every shape, for tests. */
#ifndef WEIR_CORE_TEST_BATCH_H
#define WEIR_CORE_TEST_BATCH_H

#include "core/batch.h"

enum { SAMPLE_ID, SAMPLE_TEXT, SAMPLE_VECTOR, SAMPLE_LIST, SAMPLE_STRUCT, SAMPLE_FLAG, SAMPLE_COLUMNS };

static inline WeirSchema *
sample_schema(void)
{
  static const weir_field fields[] = {{"id", "i64"},
                                      {"text", "utf8?"},
                                      {"vector", "fixed<f32,3>?"},
                                      {"list", "list<utf8?>?"},
                                      {"struct", "struct<a:i32?,b:utf8>?"},
                                      {"flag", "bool?"}};
  g_autoptr(GError) error = NULL;
  WeirSchema *schema = weir_schema_new(fields, SAMPLE_COLUMNS, &error);
  g_assert_no_error(error);
  return schema;
}

/* Row `row` of the sample: nulls in each column at another rhythm, texts of different length. */
static inline void
sample_put_row(weir_builder **columns, gint64 row)
{
  weir_builder *list = columns[SAMPLE_LIST], *item = list->children[0], *members = columns[SAMPLE_STRUCT];
  char text[32];
  g_snprintf(text, sizeof text, "é%*d", (int)(row % 17), (int)row);
  weir_put_integer(columns[SAMPLE_ID], row);
  weir_put_string(columns[SAMPLE_TEXT], row % 7 == 3 ? NULL : text);
  if (row % 13 == 5) {
    weir_put_null(columns[SAMPLE_VECTOR]);
  } else {
    float *vector = weir_put_vector(columns[SAMPLE_VECTOR]);
    for (int i = 0; i < 3; i++)
      vector[i] = (float)row + (float)i / 4;
  }
  if (row % 5 == 4) {
    weir_put_null(list);
  } else {
    for (gint64 i = 0; i < row % 4; i++)
      weir_put_string(item, i == 2 ? NULL : text);
    weir_put_list(list);
  }
  if (row % 6 == 2) {
    weir_put_null(members);
  } else {
    if (row % 4 == 1)
      weir_put_null(members->children[0]);
    else
      weir_put_integer(members->children[0], -row);
    weir_put_string(members->children[1], text);
    weir_put_struct(members);
  }
  if (row % 11 == 9)
    weir_put_null(columns[SAMPLE_FLAG]);
  else
    weir_put_bool(columns[SAMPLE_FLAG], row % 3 == 0);
}

static inline void
sample_begin(const WeirSchema *schema, weir_builder **columns)
{
  for (guint i = 0; i < SAMPLE_COLUMNS; i++)
    columns[i] = weir_builder_new(schema->arrow.children[i]);
}

static inline void
sample_end(weir_builder **columns)
{
  for (guint i = 0; i < SAMPLE_COLUMNS; i++)
    weir_builder_free(columns[i]);
}

/* Rows 0 … rows - 1, finished into a batch. */
static inline void
sample_finish(weir_builder **columns, gint64 rows, struct ArrowArray *batch)
{
  struct ArrowArray finished[SAMPLE_COLUMNS];
  g_autoptr(GError) error = NULL;
  for (gint64 row = 0; row < rows; row++)
    sample_put_row(columns, row);
  for (guint i = 0; i < SAMPLE_COLUMNS; i++) {
    weir_builder_finish(columns[i], &finished[i], &error);
    g_assert_no_error(error);
  }
  weir_batch_from_columns(finished, SAMPLE_COLUMNS, rows, batch, &error);
  g_assert_no_error(error);
}

static inline void
sample_batch(const WeirSchema *schema, gint64 rows, struct ArrowArray *batch)
{
  weir_builder *columns[SAMPLE_COLUMNS];
  sample_begin(schema, columns);
  sample_finish(columns, rows, batch);
  sample_end(columns);
}

/* Row `row` of the batch is row `wanted` of the sample, in the columns `first` … `last`. */
static inline void
assert_sample_row(const WeirSchema *schema, const struct ArrowArray *batch, gint64 row,
                  const struct ArrowArray *sample, gint64 wanted)
{
  g_autofree char *is = weir_batch_row_to_json(schema, batch, row, 1000);
  g_autofree char *should = weir_batch_row_to_json(schema, sample, wanted, 1000);
  g_assert_cmpstr(is, ==, should);
}

static inline void
assert_valid(const WeirSchema *schema, const struct ArrowArray *batch)
{
  g_autoptr(GError) error = NULL;
  weir_batch_validate(schema, batch, TRUE, &error);
  g_assert_no_error(error);
}

#endif
