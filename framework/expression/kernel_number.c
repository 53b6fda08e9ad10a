/* SPDX-License-Identifier: MIT */
/* Arithmetic. Integers that do not fit fail; "//" and "%" round down, so that the remainder has the divisor's sign. */
#include "config.h"

#include "expression/expression_private.h"

#include <math.h>

/* ---- Integers ------------------------------------------------------------------------------------------- */

/* First without a look at single rows; where any did not fit, those that count are found. */
#define CHECKED(name, builtin)                                                           \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const int64_t *a = arg_slot(evaluation, step, 0)->integers;                          \
    const int64_t *b = arg_slot(evaluation, step, 1)->integers;                          \
    int64_t *to = slot_own(step, out), room;                                             \
    bool over = false;                                                                   \
    slot_merge(evaluation, step, out, n);                                                \
    for (int64_t i = 0; i < n; i++)                                                      \
      over |= builtin(a[i], b[i], &to[i]);                                               \
    for (int64_t i = 0; i < n && over; i++)                                              \
      if (builtin(a[i], b[i], &room) && slot_is_valid(out, i))                           \
        slot_fail(evaluation, step, out, i, n, FAIL_RANGE);                              \
  }

CHECKED(add_integer, __builtin_add_overflow)
CHECKED(subtract_integer, __builtin_sub_overflow)
CHECKED(multiply_integer, __builtin_mul_overflow)

static int64_t
floor_divide(int64_t a, int64_t b)
{
  int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t
modulo(int64_t a, int64_t b)
{
  int64_t rest = b == -1 ? 0 : a % b;
  return rest + (rest != 0 && (rest < 0) != (b < 0) ? b : 0);
}

void
kernel_floor_divide_integer(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *a = arg_slot(evaluation, step, 0), *b = arg_slot(evaluation, step, 1);
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    bool zero = b->integers[i] == 0, over = a->integers[i] == INT64_MIN && b->integers[i] == -1;
    to[i] = zero || over ? 0 : floor_divide(a->integers[i], b->integers[i]);
    if ((zero || over) && slot_is_valid(out, i))
      slot_fail(evaluation, step, out, i, n, zero ? FAIL_ZERO : FAIL_RANGE);
  }
}

void
kernel_modulo_integer(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *a = arg_slot(evaluation, step, 0), *b = arg_slot(evaluation, step, 1);
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    bool zero = b->integers[i] == 0;
    to[i] = zero ? 0 : modulo(a->integers[i], b->integers[i]);
    if (zero && slot_is_valid(out, i))
      slot_fail(evaluation, step, out, i, n, FAIL_ZERO);
  }
}

static void
negate(const WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n, bool only_negative)
{
  const int64_t *a = arg_slot(evaluation, step, 0)->integers;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    to[i] = only_negative && a[i] >= 0 ? a[i] : (int64_t)(0 - (uint64_t)a[i]);
    if (a[i] == INT64_MIN && slot_is_valid(out, i))
      slot_fail(evaluation, step, out, i, n, FAIL_RANGE);
  }
}

void
kernel_negate_integer(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  negate(evaluation, step, out, n, false);
}

void
kernel_abs_integer(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  negate(evaluation, step, out, n, true);
}

/* ---- Real numbers --------------------------------------------------------------------------------------- */

#define OF_TWO(name, expression)                                                         \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const double *a = arg_slot(evaluation, step, 0)->reals;                              \
    const double *b = arg_slot(evaluation, step, 1)->reals;                              \
    double *to = slot_own(step, out);                                                    \
    slot_merge(evaluation, step, out, n);                                                \
    for (int64_t i = 0; i < n; i++)                                                      \
      to[i] = (expression);                                                              \
  }

OF_TWO(add_real, a[i] + b[i])
OF_TWO(subtract_real, a[i] - b[i])
OF_TWO(multiply_real, a[i] * b[i])

static inline double
modulo_of(double a, double b)
{
  double rest = fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* What divides fails for zero: infinity or NaN would go unseen. */
#define OF_DIVISION(name, expression)                                                    \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const double *a = arg_slot(evaluation, step, 0)->reals;                              \
    const double *b = arg_slot(evaluation, step, 1)->reals;                              \
    double *to = slot_own(step, out);                                                    \
    slot_merge(evaluation, step, out, n);                                                \
    for (int64_t i = 0; i < n; i++) {                                                    \
      to[i] = (expression);                                                              \
      if (b[i] == 0 && slot_is_valid(out, i))                                            \
        slot_fail(evaluation, step, out, i, n, FAIL_ZERO);                               \
    }                                                                                    \
  }

OF_DIVISION(divide, a[i] / b[i])
OF_DIVISION(floor_divide_real, floor(a[i] / b[i]))
OF_DIVISION(modulo_real, modulo_of(a[i], b[i]))

#define OF_ONE(name, expression)                                                         \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const double *a = arg_slot(evaluation, step, 0)->reals;                              \
    double *to = slot_own(step, out);                                                    \
    slot_merge(evaluation, step, out, n);                                                \
    for (int64_t i = 0; i < n; i++)                                                      \
      to[i] = (expression);                                                              \
  }

OF_ONE(negate_real, -a[i])
OF_ONE(abs_real, fabs(a[i]))
OF_ONE(round, round(a[i]))
OF_ONE(floor, floor(a[i]))
OF_ONE(ceil, ceil(a[i]))
OF_ONE(sqrt, sqrt(a[i]))
OF_ONE(exp, exp(a[i]))
OF_ONE(ln, log(a[i]))

static double
round_to(double value, int64_t digits)
{
  double power = pow(10, (double)(digits < 0 ? -digits : digits));
  double scaled = digits < 0 ? value / power : value * power;
  if (!isfinite(scaled) || fabs(scaled) >= 0x1p52) /* there are no digits to round */
    return value;
  return digits < 0 ? round(scaled) * power : round(scaled) / power;
}

OF_ONE(round_digits, round_to(a[i], step->integer))

void
kernel_is_nan(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const double *a = arg_slot(evaluation, step, 0)->reals;
  uint8_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    to[i] = isnan(a[i]) != 0;
}

/* ---- From one type to another --------------------------------------------------------------------------- */

void
kernel_to_real(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const int64_t *a = arg_slot(evaluation, step, 0)->integers;
  double *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    to[i] = (double)a[i];
}

void
kernel_integer_of_bool(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const uint8_t *a = arg_slot(evaluation, step, 0)->bools;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    to[i] = a[i] != 0;
}

void
kernel_integer_of_real(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const double *a = arg_slot(evaluation, step, 0)->reals;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    bool whole = a[i] >= -9223372036854775808.0 && a[i] < 9223372036854775808.0 && a[i] == floor(a[i]);
    to[i] = whole ? (int64_t)a[i] : 0;
    if (!whole && slot_is_valid(out, i))
      slot_fail(evaluation, step, out, i, n, FAIL_NO_INTEGER);
  }
}
