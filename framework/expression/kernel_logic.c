/* SPDX-License-Identifier: MIT */
/* Logic with three values and failures, and what chooses between arguments. A failure counts only where the result
 * depends on it: `n != 0 and total / n > 2` fails for no row. */
#include "config.h"

#include "expression/expression_private.h"

#include <math.h>

/* "and" (decides: false) and "or" (decides: true). */
static void
combine(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n, bool decides)
{
  const Slot *a = arg_slot(evaluation, step, 0), *b = arg_slot(evaluation, step, 1);
  uint8_t *to = slot_own(step, out);
  out->valid = NULL;
  out->failed = NULL;
  if (!a->valid && !b->valid && !a->failed && !b->failed) {
    for (int64_t i = 0; i < n; i++)
      to[i] = decides ? a->bools[i] | b->bools[i] : a->bools[i] & b->bools[i];
    return;
  }
  uint8_t *valid = slot_own_valid(out, n);
  for (int64_t i = 0; i < n; i++) {
    const Slot *sides[] = {a, b};
    valid[i] = 1;
    to[i] = !decides;
    for (guint s = 0; s < 2; s++) {
      uint32_t failed = slot_failed(sides[s], i);
      if (failed) {
        slot_own_failed(out, n)[i] = failed;
        break;
      }
      if (!slot_is_valid(sides[s], i)) {
        valid[i] = 0;
      } else if ((sides[s]->bools[i] != 0) == decides) {
        to[i] = decides;
        valid[i] = 1;
        break;
      }
    }
  }
}

void
kernel_and(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  combine(evaluation, step, out, n, false);
}

void
kernel_or(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  combine(evaluation, step, out, n, true);
}

void
kernel_not(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *a = arg_slot(evaluation, step, 0);
  uint8_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    to[i] = !a->bools[i];
}

static void
test_null(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n, bool when_null)
{
  const Slot *a = arg_slot(evaluation, step, 0);
  uint8_t *to = slot_own(step, out);
  out->valid = NULL;
  out->failed = a->failed;
  for (int64_t i = 0; i < n; i++)
    to[i] = slot_is_valid(a, i) != when_null;
}

void
kernel_is_null(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  test_null(evaluation, step, out, n, true);
}

void
kernel_is_not_null(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  test_null(evaluation, step, out, n, false);
}

/* ---- Choices -------------------------------------------------------------------------------------------- */

/* Row `i` of an argument becomes that of the slot, with its nulls and failures. A row that has failed gets a value as
 * well: what computes on looks at all rows, and one of an earlier run may point to where nothing is any more. */
static void
take(const Step *step, const Slot *from, Slot *out, int64_t i, int64_t n)
{
  gsize size = kind_size(step->kind);
  uint32_t failed = slot_failed(from, i);
  memcpy((char *)out->own + (gsize)i * size, (const char *)from->values + (gsize)i * size, size);
  if (!slot_is_valid(from, i))
    slot_own_valid(out, n)[i] = 0;
  if (failed)
    slot_own_failed(out, n)[i] = failed;
}

static void
begin_choice(const Step *step, Slot *out)
{
  slot_own(step, out);
  out->valid = NULL;
  out->failed = NULL;
}

void
kernel_if(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *condition = arg_slot(evaluation, step, 0);
  begin_choice(step, out);
  for (int64_t i = 0; i < n; i++) {
    uint32_t failed = slot_failed(condition, i);
    bool holds = slot_is_valid(condition, i) && condition->bools[i];
    take(step, arg_slot(evaluation, step, holds ? 1 : 2), out, i, n);
    if (failed)
      slot_own_failed(out, n)[i] = failed;
  }
}

void
kernel_coalesce(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  begin_choice(step, out);
  for (int64_t i = 0; i < n; i++) {
    guint32 a = 0;
    while (a + 1 < step->n_args && !slot_is_valid(arg_slot(evaluation, step, a), i) &&
           !slot_failed(arg_slot(evaluation, step, a), i))
      a++;
    take(step, arg_slot(evaluation, step, a), out, i, n);
  }
}

/* Below 0: a comes before b. NaN comes behind everything, so that min and max take it only if there is nothing else. */
static int
order_of(Kind kind, const Slot *a, const Slot *b, int64_t i)
{
  if (kind == KIND_TEXT) {
    weir_text x = a->texts[i], y = b->texts[i];
    int order = memcmp(x.data, y.data, (gsize)MIN(x.len, y.len));
    return order ? order : (x.len > y.len) - (x.len < y.len);
  }
  if (kind == KIND_REAL)
    return (a->reals[i] > b->reals[i]) - (a->reals[i] < b->reals[i]);
  if (kind == KIND_BOOL)
    return (int)a->bools[i] - (int)b->bools[i];
  return (a->integers[i] > b->integers[i]) - (a->integers[i] < b->integers[i]);
}

static void
choose_extreme(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n, int sign)
{
  begin_choice(step, out);
  for (int64_t i = 0; i < n; i++) {
    const Slot *best = NULL;
    for (guint32 a = 0; a < step->n_args; a++) {
      const Slot *slot = arg_slot(evaluation, step, a);
      if (slot_failed(slot, i)) {
        best = slot;
        break;
      }
      if (!slot_is_valid(slot, i))
        continue;
      bool nan = best && step->kind == KIND_REAL && isnan(best->reals[i]);
      if (!best || nan || sign * order_of(step->kind, slot, best, i) < 0)
        best = slot;
    }
    take(step, best ? best : arg_slot(evaluation, step, 0), out, i, n);
  }
}

void
kernel_least(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  choose_extreme(evaluation, step, out, n, 1);
}

void
kernel_greatest(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  choose_extreme(evaluation, step, out, n, -1);
}
