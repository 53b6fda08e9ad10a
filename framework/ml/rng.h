/* SPDX-License-Identifier: MIT */
/* A small seeded generator whose stream is the same on every machine. */
#ifndef WEIR_ML_RNG_H
#define WEIR_ML_RNG_H

#include <stddef.h>
#include <stdint.h>

/* State of one stream. Streams of different seeds are independent for every practical purpose. */
typedef struct {
  uint64_t state;
} WeirRng;

/* The finaliser of SplitMix64: a bijection of 64-bit words that spreads every input bit over all output bits.
 * Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static inline uint64_t
weir_mix64(uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static inline WeirRng
weir_rng_seeded(uint64_t seed)
{
  return (WeirRng){.state = weir_mix64(seed + UINT64_C(0x9e3779b97f4a7c15))};
}

static inline uint64_t
weir_rng_next(WeirRng *rng)
{
  return weir_mix64(rng->state += UINT64_C(0x9e3779b97f4a7c15));
}

/* A number in [0, bound); bound must not be 0. The bias is below bound / 2^64, which no run can see.
 * Source of the multiplication: Lemire, "Fast random integer generation in an interval", TOMACS 2019. */
static inline uint64_t
weir_rng_below(WeirRng *rng, uint64_t bound)
{
  return (uint64_t)(((unsigned __int128)weir_rng_next(rng) * bound) >> 64);
}

/* A number in [0, 1) with 53 random bits. */
static inline double
weir_rng_unit(WeirRng *rng)
{
  return (double)(weir_rng_next(rng) >> 11) * 0x1p-53;
}

/* Permutes `items` in place (Fisher-Yates). */
static inline void
weir_rng_shuffle(WeirRng *rng, uint32_t *items, size_t n)
{
  for (size_t i = n; i > 1; i--) {
    size_t j = weir_rng_below(rng, i);
    uint32_t swap = items[i - 1];
    items[i - 1] = items[j];
    items[j] = swap;
  }
}

#endif
