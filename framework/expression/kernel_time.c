/* SPDX-License-Identifier: MIT */
/* Parts of times, all in UTC, in the Gregorian calendar before 1582 too. */
#include "config.h"

#include "base/value_parse.h"
#include "expression/expression_private.h"

#define SECOND INT64_C(1000000)
#define DAY    (INT64_C(86400) * SECOND)

typedef struct {
  int64_t year, month, day;
} Date;

static int64_t
floor_divide(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013), civil_from_days:
 * https://howardhinnant.github.io/date_algorithms.html. Years begin in March there. */
static Date
date_of(int64_t time)
{
  int64_t days = floor_divide(time, DAY) + 719468; /* since 0000-03-01 */
  int64_t era = floor_divide(days, 146097);        /* of 400 years */
  int64_t in_era = days - era * 146097;
  int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * in_year + 2) / 153; /* from March */
  Date date = {.day = in_year - (153 * month + 2) / 5 + 1, .month = month < 10 ? month + 3 : month - 9};
  date.year = year + era * 400 + (date.month <= 2);
  return date;
}

static int64_t
in_day(int64_t time)
{
  int64_t rest = time % DAY;
  return rest < 0 ? rest + DAY : rest;
}

#define PART(name, expression)                                                           \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const int64_t *a = arg_slot(evaluation, step, 0)->integers;                          \
    int64_t *to = slot_own(step, out);                                                   \
    slot_merge(evaluation, step, out, n);                                                \
    for (int64_t i = 0; i < n; i++)                                                      \
      to[i] = (expression);                                                              \
  }

PART(year, date_of(a[i]).year)
PART(month, date_of(a[i]).month)
PART(day, date_of(a[i]).day)
PART(hour, in_day(a[i]) / (3600 * SECOND))
PART(minute, in_day(a[i]) / (60 * SECOND) % 60)
PART(second, in_day(a[i]) / SECOND % 60)
/* 1 is Monday; 1970-01-01 was a Thursday. */
PART(weekday, (floor_divide(a[i], DAY) % 7 + 7 + 3) % 7 + 1)

void
kernel_seconds_between(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const int64_t *a = arg_slot(evaluation, step, 0)->integers;
  const int64_t *b = arg_slot(evaluation, step, 1)->integers;
  double *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t between;
    bool over = __builtin_sub_overflow(a[i], b[i], &between);
    to[i] = (over ? (double)a[i] - (double)b[i] : (double)between) / 1e6;
  }
}

void
kernel_time_of_text(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const weir_text *a = arg_slot(evaluation, step, 0)->texts;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    char copy[80] = {0}; /* the reader looks a little beyond the end */
    gsize length = (gsize)MIN(a[i].len, 64);
    memcpy(copy, a[i].data, length);
    to[i] = 0;
    if (slot_is_valid(out, i) &&
        (a[i].len >= 64 || weir_value_parse_timestamp(copy, length, &to[i]) != WEIR_VALUE_OK))
      slot_fail(evaluation, step, out, i, n, FAIL_NO_TIME);
  }
}
