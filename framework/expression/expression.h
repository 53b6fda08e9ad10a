/* SPDX-License-Identifier: MIT */
/* Expressions over the columns of a batch, `length(text) > 3 and label in ['a', 'b']`: compiled once against a schema,
 * evaluated for many rows at a time. weir-rows(7) describes the language. */
#ifndef WEIR_EXPRESSION_H
#define WEIR_EXPRESSION_H

#include <glib.h>
#include <weir/columns.h>

G_BEGIN_DECLS

#define WEIR_EXPRESSION_MAX_BYTES 65536 /* of the text */
#define WEIR_EXPRESSION_MAX_NODES 4096  /* operators, names and literals */
#define WEIR_EXPRESSION_MAX_DEPTH 100   /* of parentheses, calls and the like */
#define WEIR_EXPRESSION_ROWS      1024  /* at a time */

/* Immutable: any number of threads may evaluate one, each with an evaluation of its own. */
typedef struct WeirExpression WeirExpression;

/* Parse and type an expression. Everything that can be wrong without looking at values is found here. NULL: the error
 * says what, and shows the line of the expression with a caret under the place; further lines begin with two spaces,
 * or with "hint: ". Nothing of `schema` is kept. */
WeirExpression *weir_expression_compile(const char *text, const struct ArrowSchema *schema, GError **error);
void weir_expression_free(WeirExpression *expression);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirExpression, weir_expression_free)

/* WEIR_BOOL, WEIR_I64, WEIR_F64, WEIR_UTF8, WEIR_TIMESTAMP, or WEIR_TYPE_NONE for one that is null whatever comes. */
weir_type weir_expression_type(const WeirExpression *expression);

/* Values of some rows. What is null or failed has no value worth reading. */
typedef struct WeirValues {
  weir_type type; /* that of the expression */
  union {
    const uint8_t *bools; /* 0 or 1, a byte a row */
    const int64_t *integers;
    const double *reals;
    const weir_text *texts;
  };
  const uint8_t *valid; /* a byte a row; NULL: no row is null */
  const uint32_t
      *failed; /* not 0: the row has no value, weir_evaluation_reason() says why; NULL: none failed */
} WeirValues;

/* Buffers for an evaluation, for one thread at a time. The expression must outlive it. */
typedef struct WeirEvaluation WeirEvaluation;
WeirEvaluation *weir_evaluation_new(const WeirExpression *expression);
void weir_evaluation_free(WeirEvaluation *evaluation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirEvaluation, weir_evaluation_free)

/* Evaluate rows first … first + n - 1 of a batch of the schema's columns; n is at most WEIR_EXPRESSION_ROWS. What comes
 * back is the evaluation's, until it is run again, and may point into the batch. */
WeirValues weir_evaluation_run(WeirEvaluation *evaluation, const struct ArrowSchema *schema,
                               const struct ArrowArray *batch, int64_t first, int64_t n);

/* Why a row of the last run failed: `"a * b" is beyond the range of 64-bit integers`. `row` counts from that run's
 * first. g_free(). */
char *weir_evaluation_reason(const WeirEvaluation *evaluation, int64_t row);

G_END_DECLS

#endif
