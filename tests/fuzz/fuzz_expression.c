/* SPDX-License-Identifier: MIT */
/* Fuzz target: expressions. What compiles is computed for rows of all types, together and one by one, which has to give
 * the same. */
#include "config.h"

#include "core/batch.h"
#include "core/schema.h"
#include "expression/expression.h"
#include "fuzz.h"

#include <string.h>

static const weir_field fields[] = {
    {"n", "i64?"},      {"x", "f64?"},          {"s", "utf8?"},
    {"b", "bool?"},     {"t", "timestamp?"},    {"l", "list<utf8?>?"},
    {"v", "list<i64>"}, {"f", "fixed<f32,2>?"}, {"u", "u64"},
    {"y", "binary?"},   {"odd name", "i8?"},    {"m", "struct<a:struct<k:utf8?>?, c:f32?>?"},
};

static const gint64 integers[] = {0, 1, -1, 7, G_MAXINT64, G_MININT64, 1714521600000000, 42};
static const double reals[] = {0, -0.0, 1.5, -2.5, 1e308, 5e-324, 1e18, 0.1};
static const char *const texts[] = {"",
                                    "a",
                                    "  \303\204pfel ",
                                    "17",
                                    "2024-02-29T12:00:00Z",
                                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
                                    "\360\237\231\202",
                                    "1e5"};
#define N_ROWS 9 /* the last is all null, where it may be */

static void
put_value(weir_builder *to, guint row)
{
  guint i = row % 8;
  switch (to->type) {
  case WEIR_BOOL:
    weir_put_bool(to, i & 1);
    break;
  case WEIR_F32:
  case WEIR_F64:
    weir_put_number(to, to->type == WEIR_F32 ? (float)i : reals[i]);
    break;
  case WEIR_UTF8:
  case WEIR_BINARY:
    weir_put_string(to, texts[i]);
    break;
  case WEIR_LIST:
    for (guint k = 0; k < i % 3; k++)
      put_value(to->children[0], row + k);
    weir_put_list(to);
    break;
  case WEIR_FIXED: {
    float *vector = weir_put_vector(to);
    vector[0] = (float)i;
    vector[1] = -1;
    break;
  }
  case WEIR_STRUCT:
    for (gint64 k = 0; k < to->n_children; k++)
      put_value(to->children[k], row + 1);
    weir_put_struct(to);
    break;
  case WEIR_U64:
    weir_put_u64(to, i == 5 ? G_MAXUINT64 : i);
    break;
  case WEIR_I8:
    weir_put_integer(to, (gint64)i - 4);
    break;
  default:
    weir_put_integer(to, integers[i]);
  }
}

static void
make_batch(WeirSchema **schema, struct ArrowArray *batch)
{
  struct ArrowArray columns[G_N_ELEMENTS(fields)];
  *schema = weir_schema_new(fields, G_N_ELEMENTS(fields), NULL);
  for (guint c = 0; c < G_N_ELEMENTS(fields); c++) {
    const struct ArrowSchema *field = (*schema)->arrow.children[c];
    weir_builder *builder = weir_builder_new(field);
    for (guint row = 0; row < N_ROWS; row++)
      if (row == N_ROWS - 1 && (field->flags & ARROW_FLAG_NULLABLE))
        weir_put_null(builder);
      else
        put_value(builder, row);
    g_assert_true(weir_builder_finish(builder, &columns[c], NULL));
    weir_builder_free(builder);
  }
  g_assert_true(weir_batch_from_columns(columns, G_N_ELEMENTS(fields), N_ROWS, batch, NULL));
}

/* A row's result as text. */
static char *
show(const WeirEvaluation *evaluation, const WeirValues *values, int64_t row)
{
  if (values->failed && values->failed[row])
    return weir_evaluation_reason(evaluation, row);
  if (values->valid && !values->valid[row])
    return g_strdup("null");
  switch (values->type) {
  case WEIR_BOOL:
    g_assert_cmpint(values->bools[row], <=, 1);
    return g_strdup(values->bools[row] ? "true" : "false");
  case WEIR_F64:
    return g_strdup_printf("%a", values->reals[row]);
  case WEIR_UTF8:
    g_assert_true(g_utf8_validate_len(values->texts[row].data, (gsize)values->texts[row].len, NULL));
    return g_strndup(values->texts[row].data, (gsize)values->texts[row].len);
  case WEIR_TYPE_NONE:
    return g_strdup("null");
  default:
    return g_strdup_printf("%" G_GINT64_FORMAT, (gint64)values->integers[row]);
  }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static WeirSchema *schema;
  static struct ArrowArray batch;
  if (!schema)
    make_batch(&schema, &batch);
  g_autofree char *text = g_strndup((const char *)data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirExpression) expression = weir_expression_compile(text, &schema->arrow, &error);
  g_assert_true((expression != NULL) == (error == NULL));
  if (!expression) {
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    return 0;
  }
  g_autoptr(WeirEvaluation) evaluation = weir_evaluation_new(expression);
  char *together[N_ROWS];
  WeirValues values = weir_evaluation_run(evaluation, &schema->arrow, &batch, 0, N_ROWS);
  for (int64_t row = 0; row < N_ROWS; row++)
    together[row] = show(evaluation, &values, row);
  for (int64_t row = 0; row < N_ROWS; row++) {
    values = weir_evaluation_run(evaluation, &schema->arrow, &batch, row, 1);
    g_autofree char *alone = show(evaluation, &values, 0);
    g_assert_cmpstr(alone, ==, together[row]);
    g_free(together[row]);
  }
  return 0;
}
