/* SPDX-License-Identifier: MIT */
/* The shortest decimal that reads back as a given binary real number. */
#ifndef WEIR_BASE_VALUE_SHORTEST_H
#define WEIR_BASE_VALUE_SHORTEST_H

#include <stdint.h>

/** digits * 10^exponent */
struct shortest {
  uint64_t digits;
  int exponent;
};

/** Positive and finite. Of the shortest decimals the nearest; trailing zeros may be left. */
struct shortest shortest_f64(double value);
struct shortest shortest_f32(float value);

#endif
