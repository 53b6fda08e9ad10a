/* SPDX-License-Identifier: MIT */
/* A sum over the binomial distribution from its mode outwards. */
#include "expected.h"

#include <math.h>

#define NEGLIGIBLE 1e-17

/* The terms p(k) * k / (support + k) on one side of the mode, and the p(k) themselves; p is 1 at the mode. */
static void
add_side(guint64 mode, int step, guint64 support, guint64 rows, double odds, double *sum, double *mass)
{
  double p = 1;
  guint64 k = mode;
  while (step > 0 ? k < rows : k > 0) {
    if (step > 0)
      p *= (double)(rows - k) / (double)(k + 1) * odds;
    else
      p *= (double)k / ((double)(rows - k + 1) * odds);
    k = step > 0 ? k + 1 : k - 1;
    if (p < NEGLIGIBLE)
      break;
    *sum += p * (double)k / (double)(support + k);
    *mass += p;
  }
}

double
expected_f1(guint64 support, guint64 rows, double q)
{
  if (!rows || !support || q <= 0)
    return 0;
  if (q >= 1)
    return 2 * (double)support / (double)(support + rows);
  guint64 mode = MIN((guint64)floor((double)(rows + 1) * q), rows);
  double sum = (double)mode / (double)(support + mode);
  double mass = 1;
  add_side(mode, 1, support, rows, q / (1 - q), &sum, &mass);
  add_side(mode, -1, support, rows, q / (1 - q), &sum, &mass);
  return 2 * (double)support / (double)rows * sum / mass;
}
