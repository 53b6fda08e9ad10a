/* SPDX-License-Identifier: MIT */
/* Fuzz target: expressions over columns; those that compile are evaluated on a few rows. */
#include "config.h"

#include "fuzz.h"

#include "core/batch.h"
#include "core/schema.h"
#include "expression/expression.h"

#include <string.h>

static const weir_field fields[] = {{"text", "utf8?"},    {"label", "utf8"},
                                    {"n", "i64?"},        {"x", "f64?"},
                                    {"ok", "bool?"},      {"at", "timestamp?"},
                                    {"small", "u8"},      {"tags", "list<utf8?>?"},
                                    {"odd, name", "f32"}, {"deep", "struct<a:i64?,b:utf8?>?"}};

static void
fill(weir_builder **columns, int row)
{
  static const char *const texts[] = {"", "Ärger", "a long text with words", "2024-01-02"};
  if (row % 3 == 2)
    for (int c = 0; c < 10; c++)
      if (strchr(fields[c].type, '?') && fields[c].type[strlen(fields[c].type) - 1] == '?')
        weir_put_null(columns[c]);
  const gboolean null = row % 3 == 2;
  if (!null)
    weir_put_string(columns[0], texts[row % 4]);
  weir_put_string(columns[1], row % 2 ? "b" : "a");
  if (!null) {
    weir_put_integer(columns[2], row % 4 == 0 ? INT64_MAX : row % 4 == 1 ? INT64_MIN : row - 3);
    weir_put_number(columns[3], row % 4 == 0 ? 1e308 : row / 3.0);
    weir_put_bool(columns[4], row & 1);
    weir_put_integer(columns[5], row * INT64_C(86400000000) * 400);
  }
  weir_put_integer(columns[6], row * 20 % 256);
  if (!null) {
    weir_builder *items = columns[7]->children[0];
    weir_put_string(items, "x");
    weir_put_null(items);
    weir_put_list(columns[7]);
  }
  weir_put_number(columns[8], row);
  if (!null) {
    weir_put_integer(columns[9]->children[0], row);
    weir_put_null(columns[9]->children[1]);
    weir_put_struct(columns[9]);
  }
}

static void
make_batch(WeirSchema *schema, struct ArrowArray *batch)
{
  weir_builder *columns[10];
  struct ArrowArray arrays[10];
  for (int c = 0; c < 10; c++)
    columns[c] = weir_builder_new(schema->arrow.children[c]);
  for (int row = 0; row < 13; row++)
    fill(columns, row);
  for (int c = 0; c < 10; c++) {
    g_assert_true(weir_builder_finish(columns[c], &arrays[c], NULL));
    weir_builder_free(columns[c]);
  }
  g_assert_true(weir_batch_from_columns(arrays, 10, 13, batch, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static WeirSchema *schema;
  static struct ArrowArray batch;
  if (!schema) {
    schema = weir_schema_new(fields, G_N_ELEMENTS(fields), NULL);
    make_batch(schema, &batch);
  }
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirExpression) expression = weir_expression_compile(text, &schema->arrow, &error);
  g_assert_true(expression || error);
  if (!expression)
    return 0;
  g_autoptr(WeirEvaluation) evaluation = weir_evaluation_new(expression);
  WeirValues values = weir_evaluation_run(evaluation, &schema->arrow, &batch, 0, 13);
  for (int64_t row = 0; values.failed && row < 13; row++)
    if (values.failed[row]) {
      g_autofree char *reason = weir_evaluation_reason(evaluation, row);
      g_assert_nonnull(reason);
    }
  return 0;
}
