/* SPDX-License-Identifier: MIT */
/* Runs the steps of an expression over the rows of a batch, and says why a row failed. */
#include "config.h"

#include "base/quote.h"
#include "base/value_write.h"
#include "expression/expression_private.h"

#include <math.h>

#define BLOCK_BYTES 65536
#define MOST_BYTES  (G_GUINT64_CONSTANT(1) << 30) /* of texts that are made in one run */

#define STEP_BITS 24 /* of a failure: the step's number + 1; above them why */

/* ---- Slots ---------------------------------------------------------------------------------------------- */

gsize
kind_size(Kind kind)
{
  return kind == KIND_BOOL || kind == KIND_NULL ? 1 : kind == KIND_TEXT ? sizeof(weir_text) : sizeof(int64_t);
}

void *
slot_own(const Step *step, Slot *out)
{
  if (!out->own)
    out->own = g_malloc0_n(WEIR_EXPRESSION_ROWS, kind_size(step->kind));
  out->values = out->own;
  return out->own;
}

uint8_t *
slot_own_valid(Slot *out, int64_t n)
{
  if (!out->own_valid)
    out->own_valid = g_new(uint8_t, WEIR_EXPRESSION_ROWS);
  if (out->valid != out->own_valid) {
    if (out->valid)
      memcpy(out->own_valid, out->valid, (gsize)n);
    else
      memset(out->own_valid, 1, (gsize)n);
  }
  out->valid = out->own_valid;
  return out->own_valid;
}

uint32_t *
slot_own_failed(Slot *out, int64_t n)
{
  if (!out->own_failed)
    out->own_failed = g_new(uint32_t, WEIR_EXPRESSION_ROWS);
  if (out->failed != out->own_failed) {
    if (out->failed)
      memcpy(out->own_failed, out->failed, (gsize)n * sizeof(uint32_t));
    else
      memset(out->own_failed, 0, (gsize)n * sizeof(uint32_t));
  }
  out->failed = out->own_failed;
  return out->own_failed;
}

void
slot_fail(const WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t row, int64_t n, Failure why)
{
  uint32_t *failed = slot_own_failed(out, n);
  uint32_t number = (uint32_t)(step - (const Step *)(gpointer)evaluation->expression->steps->data) + 1;
  if (!failed[row])
    failed[row] = number | (uint32_t)why << STEP_BITS;
}

void
slot_merge(const WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  out->valid = NULL;
  out->failed = NULL;
  for (guint32 a = 0; a < step->n_args; a++) {
    const Slot *arg = arg_slot(evaluation, step, a);
    if (!out->valid) {
      out->valid = arg->valid;
    } else if (arg->valid && arg->valid != out->valid) {
      uint8_t *valid = slot_own_valid(out, n);
      for (int64_t i = 0; i < n; i++)
        valid[i] &= arg->valid[i];
    }
    if (!out->failed) {
      out->failed = arg->failed;
    } else if (arg->failed && arg->failed != out->failed) {
      uint32_t *failed = slot_own_failed(out, n);
      for (int64_t i = 0; i < n; i++)
        failed[i] = failed[i] ? failed[i] : arg->failed[i];
    }
  }
}

char *
evaluation_room(WeirEvaluation *evaluation, gsize bytes)
{
  bytes = MAX(bytes, 1); /* an empty text has a place too */
  if (bytes > MOST_BYTES - evaluation->made)
    return NULL;
  if (!evaluation->block || bytes > evaluation->block_size - evaluation->block_used) {
    gsize size = MAX(bytes, BLOCK_BYTES);
    char *block = g_try_malloc(size);
    if (!block)
      return NULL;
    evaluation->block_size = size;
    evaluation->block_used = 0;
    evaluation->block = block;
    g_ptr_array_add(evaluation->blocks, block);
  }
  evaluation->made += bytes;
  char *room = evaluation->block + evaluation->block_used;
  evaluation->block_used += bytes;
  return room;
}

/* ---- Columns -------------------------------------------------------------------------------------------- */

static inline bool
get_bit(const uint8_t *bits, int64_t at)
{
  return (bits[at >> 3] >> (at & 7)) & 1;
}

/* Nulls of a column, or of the struct that it is a member of, on top of what there is. */
static void
load_validity(const weir_column *column, int64_t first, Slot *out, int64_t n)
{
  if (!column->validity)
    return;
  uint8_t *valid = slot_own_valid(out, n);
  for (int64_t i = 0; i < n; i++)
    valid[i] &= get_bit(column->validity, column->bit_offset + first + i);
}

static void
load_u64(const WeirEvaluation *evaluation, const Step *step, const uint64_t *from, Slot *out, int64_t n)
{
  int64_t *to = slot_own(step, out);
  for (int64_t i = 0; i < n; i++) {
    to[i] = (int64_t)from[i];
    if (to[i] < 0 && slot_is_valid(out, i))
      slot_fail(evaluation, step, out, i, n, FAIL_UNSIGNED);
  }
}

static void
load_values(const WeirEvaluation *evaluation, const Step *step, const weir_column *column, int64_t first,
            Slot *out, int64_t n)
{
#define WIDEN(from_type, to_type)                                      \
  do {                                                                 \
    const from_type *from = (const from_type *)column->values + first; \
    to_type *to = slot_own(step, out);                                 \
    for (int64_t i = 0; i < n; i++)                                    \
      to[i] = (to_type)from[i];                                        \
  } while (0)
  switch (column->type) {
  case WEIR_BOOL: {
    uint8_t *to = slot_own(step, out);
    for (int64_t i = 0; i < n; i++)
      to[i] = get_bit(column->values, column->bit_offset + first + i);
    break;
  }
  case WEIR_I8:
    WIDEN(int8_t, int64_t);
    break;
  case WEIR_U8:
    WIDEN(uint8_t, int64_t);
    break;
  case WEIR_I16:
    WIDEN(int16_t, int64_t);
    break;
  case WEIR_U16:
    WIDEN(uint16_t, int64_t);
    break;
  case WEIR_I32:
    WIDEN(int32_t, int64_t);
    break;
  case WEIR_U32:
    WIDEN(uint32_t, int64_t);
    break;
  case WEIR_U64:
    load_u64(evaluation, step, (const uint64_t *)column->values + first, out, n);
    break;
  case WEIR_F32:
    WIDEN(float, double);
    break;
  case WEIR_I64:
  case WEIR_TIMESTAMP:
  case WEIR_F64:
    out->values = (const char *)column->values + first * (int64_t)sizeof(int64_t);
    break;
  case WEIR_UTF8:
  case WEIR_BINARY: {
    weir_text *to = out->own ? out->own : (out->own = g_new0(weir_text, WEIR_EXPRESSION_ROWS));
    for (int64_t i = 0; i < n; i++)
      to[i] = weir_get_text(column, first + i);
    out->values = to;
    break;
  }
  default:
    out->column = *column;
    out->first = first;
  }
#undef WIDEN
}

void
kernel_column(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  weir_column column = weir_batch_column(evaluation->schema, evaluation->batch, step->path[0]);
  out->valid = NULL;
  out->failed = NULL;
  load_validity(&column, evaluation->first, out, n);
  for (guint32 level = 1; level < step->n_path; level++) {
    weir_column member = weir_column_member(&column, step->path[level]);
    column = member;
    load_validity(&column, evaluation->first, out, n);
  }
  if (out->valid && !memchr(out->valid, 0, (gsize)n))
    out->valid = NULL;
  load_values(evaluation, step, &column, evaluation->first, out, n);
}

void
kernel_same(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  (void)n;
  const Slot *from = arg_slot(evaluation, step, 0);
  out->values = from->values;
  out->valid = from->valid;
  out->failed = from->failed;
}

/* Null in every row, where no row has failed: for one that is null whatever comes, and has to have a type. */
void
kernel_null(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  char *values = slot_own(step, out);
  const weir_text empty = {"", 0};
  for (int64_t i = 0; step->kind == KIND_TEXT && i < n; i++)
    memcpy(values + (gsize)i * sizeof empty, &empty, sizeof empty);
  slot_merge(evaluation, step, out, n);
  memset(slot_own_valid(out, n), 0, (gsize)n);
}

/* ---- Runs ----------------------------------------------------------------------------------------------- */

static void
fill_literal(const Step *step, Slot *out)
{
  char *values = slot_own(step, out);
  gsize size = kind_size(step->kind);
  const uint8_t truth = step->integer != 0;
  const void *value = step->kind == KIND_BOOL || step->kind == KIND_NULL ? (const void *)&truth
                      : step->kind == KIND_TEXT                          ? (const void *)&step->text
                      : step->kind == KIND_REAL                          ? (const void *)&step->real
                                                                         : (const void *)&step->integer;
  for (gsize i = 0; i < WEIR_EXPRESSION_ROWS; i++)
    memcpy(values + i * size, value, size);
  if (step->null)
    memset(slot_own_valid(out, WEIR_EXPRESSION_ROWS), 0, WEIR_EXPRESSION_ROWS);
}

/* Literals that a step reads, or that are the whole. Others, such as the values of "in", need no room: with thousands of
 * them it would be much. */
static void
fill_literals(const WeirExpression *expression, Slot *slots)
{
  guint32 n = expression->steps->len;
  g_autofree gboolean *read = g_new0(gboolean, n);
  read[n - 1] = TRUE;
  for (guint32 i = 0; i < n; i++)
    for (guint32 a = 0; a < program_step(expression, i)->n_args; a++)
      read[program_step(expression, i)->args[a]] = TRUE;
  for (guint32 i = 0; i < n; i++)
    if (read[i] && program_step(expression, i)->literal)
      fill_literal(program_step(expression, i), &slots[i]);
}

WeirEvaluation *
weir_evaluation_new(const WeirExpression *expression)
{
  WeirEvaluation *evaluation = g_new0(WeirEvaluation, 1);
  evaluation->expression = expression;
  evaluation->slots = g_new0(Slot, expression->steps->len);
  evaluation->blocks = g_ptr_array_new_with_free_func(g_free);
  fill_literals(expression, evaluation->slots);
  return evaluation;
}

void
weir_evaluation_free(WeirEvaluation *evaluation)
{
  if (!evaluation)
    return;
  for (guint i = 0; i < evaluation->expression->steps->len; i++) {
    g_free(evaluation->slots[i].own);
    g_free(evaluation->slots[i].own_valid);
    g_free(evaluation->slots[i].own_failed);
  }
  g_free(evaluation->slots);
  g_ptr_array_unref(evaluation->blocks);
  g_free(evaluation);
}

/* Forgets the texts of the last run, but for one block to begin with. */
static void
reset_room(WeirEvaluation *evaluation)
{
  if (evaluation->blocks->len > 1) {
    g_ptr_array_set_size(evaluation->blocks, 0);
    evaluation->block = NULL;
    evaluation->block_size = 0;
  }
  evaluation->block_used = 0;
  evaluation->made = 0;
}

WeirValues
weir_evaluation_run(WeirEvaluation *evaluation, const struct ArrowSchema *schema,
                    const struct ArrowArray *batch, int64_t first, int64_t n)
{
  const WeirExpression *expression = evaluation->expression;
  g_return_val_if_fail(n <= WEIR_EXPRESSION_ROWS, (WeirValues){0});
  evaluation->schema = schema;
  evaluation->batch = batch;
  evaluation->first = first;
  reset_room(evaluation);
  for (guint i = 0; i < expression->steps->len; i++) {
    const Step *step = program_step(expression, i);
    if (step->run)
      step->run(evaluation, step, &evaluation->slots[i], n);
  }
  const Slot *root = &evaluation->slots[expression->steps->len - 1];
  WeirValues values = {
      .type = weir_expression_type(expression), .valid = root->valid, .failed = root->failed};
  values.bools = root->bools;
  return values;
}

/* ---- Reasons -------------------------------------------------------------------------------------------- */

/* A value as people write it, for a message. */
static char *
show_value(Kind kind, const Slot *slot, int64_t row)
{
  char text[WEIR_VALUE_ROOM] = {0};
  if (!slot_is_valid(slot, row))
    return g_strdup("null");
  switch (kind) {
  case KIND_BOOL:
    return g_strdup(slot->bools[row] ? "true" : "false");
  case KIND_INTEGER:
    weir_value_write_i64(text, slot->integers[row]);
    return g_strdup(text);
  case KIND_REAL:
    if (!isfinite(slot->reals[row]))
      return g_strdup(isnan(slot->reals[row]) ? "NaN" : slot->reals[row] < 0 ? "-inf" : "inf");
    weir_value_write_f64(text, slot->reals[row]);
    return g_strdup(text);
  case KIND_TEXT:
    return weir_quote(slot->texts[row].data, (gssize)slot->texts[row].len);
  default:
    return g_strdup("a value");
  }
}

char *
weir_evaluation_reason(const WeirEvaluation *evaluation, int64_t row)
{
  static const char *const reasons[] = {
      [FAIL_RANGE] = "is beyond the range of 64-bit integers",
      [FAIL_ZERO] = "divides by zero",
      [FAIL_UNSIGNED] = "is beyond the range of signed 64-bit integers",
      [FAIL_NO_INTEGER] = "is no integer",
      [FAIL_NO_NUMBER] = "is no number",
      [FAIL_NO_TIME] = "is no time",
      [FAIL_PATTERN] = "gives up: the pattern takes too many steps on this text",
      [FAIL_LENGTH] = "makes a text that is too long, or has none",
  };
  const WeirExpression *expression = evaluation->expression;
  const Slot *root = &evaluation->slots[expression->steps->len - 1];
  uint32_t failure = root->failed ? root->failed[row] : 0;
  if (!failure)
    return g_strdup("it did not fail");
  const Step *step = program_step(expression, (failure & ((1u << STEP_BITS) - 1)) - 1);
  g_autofree char *quoted = weir_quote(expression->source + step->begin, (gssize)(step->end - step->begin));
  GString *reason = g_string_new(NULL);
  g_string_printf(reason, "%s %s", quoted, reasons[failure >> STEP_BITS]);
  for (guint32 a = 0; a < step->n_args && a < 3; a++) {
    g_autofree char *value =
        show_value(program_step(expression, step->args[a])->kind, arg_slot(evaluation, step, a), row);
    g_string_append_printf(reason, "%s%s", a ? ", " : " (", value);
  }
  if (step->n_args)
    g_string_append_c(reason, ')');
  return g_string_free(reason, FALSE);
}
