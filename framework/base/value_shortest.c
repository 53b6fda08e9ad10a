/* SPDX-License-Identifier: MIT */
/* The shortest decimal of a binary real number, by Raffaello Giulietti, "The Schubfach way to render doubles"
 * (2020, https://drive.google.com/file/d/1IEeATSVnEE6TkrHlCYNY2GjaraBjOT4f); the names are the paper's. */
#include "config.h"

#include "base/value_shortest.h"

#include <pthread.h>
#include <string.h>

typedef unsigned __int128 u128;

/* The powers of ten that doubles need. */
#define K_MIN (-292)
#define K_MAX 324

/* The leading 128 bits of 10^k, rounded up. */
static u128 powers[K_MAX - K_MIN + 1];

/* An integer of up to 40 * 32 bits, least significant word first: enough for 10^324, and for 2^1248 / 10^292 to
 * keep 128 bits that are exact. */
#define WORDS 40

static u128
leading_bits(const uint32_t words[WORDS])
{
  int top = WORDS - 1;
  u128 bits = 0;
  uint32_t rest = 0;
  while (!words[top])
    top--;
  for (int k = 0; k < 4; k++)
    bits = bits << 32 | (top - k >= 0 ? words[top - k] : 0);
  int shift = __builtin_clz(words[top]);
  if (shift) {
    uint32_t next = top >= 4 ? words[top - 4] : 0;
    bits = bits << shift | next >> (32 - shift);
    rest = next << shift;
  } else if (top >= 4) {
    rest = words[top - 4];
  }
  for (int k = top - 5; k >= 0; k--)
    rest |= words[k];
  return bits + (rest != 0);
}

static void
make_powers(void)
{
  uint32_t up[WORDS] = {1}, down[WORDS] = {0};
  for (int k = 0; k <= K_MAX; k++) {
    uint64_t carry = 0;
    powers[k - K_MIN] = leading_bits(up);
    for (int w = 0; w < WORDS; w++) {
      carry += (uint64_t)up[w] * 10;
      up[w] = (uint32_t)carry;
      carry >>= 32;
    }
  }
  down[WORDS - 1] = 1;
  for (int k = -1; k >= K_MIN; k--) {
    uint64_t rest = 0;
    for (int w = WORDS - 1; w >= 0; w--) {
      rest = rest << 32 | down[w];
      down[w] = (uint32_t)(rest / 10);
      rest %= 10;
    }
    down[0] |= 1; /* it never comes out even: far below the 128 bits, but it makes them round up */
    powers[k - K_MIN] = leading_bits(down);
  }
}

/* The high half of g * cp, with a lowest bit that says whether something was cut off. */
static inline uint64_t
round_to_odd(u128 g, uint64_t cp)
{
  u128 x = (u128)(uint64_t)g * cp;
  u128 y = (u128)(uint64_t)(g >> 64) * cp + (uint64_t)(x >> 64);
  return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* The shortest decimal of c * 2^q. `closer`: the neighbour below is only half as far as the one above. */
static struct shortest
shortest(uint64_t c, int q, int closer)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_powers);

  uint64_t open = c & 1; /* the ends of the interval round to c only if c is even */
  int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22; /* floor (log10 2^q), or of 3/4 * 2^q */
  int h = q + ((-k * 1741647) >> 19) + 1;
  u128 g = powers[-k - K_MIN];
  uint64_t lower = round_to_odd(g, (4 * c - 2 + (uint64_t)closer) << h) + open;
  uint64_t v = round_to_odd(g, 4 * c << h);
  uint64_t upper = round_to_odd(g, (4 * c + 2) << h) - open;
  uint64_t s = v / 4;
  if (s >= 10) {
    uint64_t tens = s / 10;
    int below = lower <= 40 * tens, above = 40 * tens + 40 <= upper;
    if (below != above)
      return (struct shortest){tens + (uint64_t)above, k + 1};
  }
  int below = lower <= 4 * s, above = 4 * s + 4 <= upper;
  if (below != above)
    return (struct shortest){s + (uint64_t)above, k};
  uint64_t middle = 4 * s + 2;
  return (struct shortest){s + (v > middle || (v == middle && (s & 1))), k};
}

struct shortest
shortest_f64(double value)
{
  uint64_t bits, c;
  memcpy(&bits, &value, sizeof bits);
  int exponent = (int)(bits >> 52);
  c = bits & ((UINT64_C(1) << 52) - 1);
  if (exponent == 0)
    return shortest(c, -1074, 0);
  return shortest(c | UINT64_C(1) << 52, exponent - 1075, c == 0 && exponent > 1);
}

struct shortest
shortest_f32(float value)
{
  uint32_t bits, c;
  memcpy(&bits, &value, sizeof bits);
  int exponent = (int)(bits >> 23);
  c = bits & ((1u << 23) - 1);
  if (exponent == 0)
    return shortest(c, -149, 0);
  return shortest(c | 1u << 23, exponent - 150, c == 0 && exponent > 1);
}
