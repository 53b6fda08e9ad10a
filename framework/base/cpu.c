/* SPDX-License-Identifier: MIT */
/* Asks the processor what it can do. */
#include "config.h"

#include "base/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define HAS(word, bits) (((word) & (bits)) == (bits))

/* Bits of XCR0: the registers that the system saves when it switches threads. */
#define SAVES_YMM 0x06u
#define SAVES_ZMM 0xe6u

static guint32
saved_registers(void)
{
  guint32 low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/* A bit a level. Bits of CPUID: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A. */
static guint
ask(void)
{
  guint a, b, c, d, b7, c7, saved, levels = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !HAS(c, bit_OSXSAVE | bit_AVX))
    return 0;
  saved = saved_registers();
  if (!HAS(saved, SAVES_YMM) || !HAS(c, bit_POPCNT | bit_PCLMUL | bit_FMA) ||
      !__get_cpuid_count(7, 0, &a, &b7, &c7, &d) || !HAS(b7, bit_AVX2 | bit_BMI | bit_BMI2))
    return 0;
  levels |= 1u << WEIR_CPU_AVX2;
  if (!HAS(saved, SAVES_ZMM) || !HAS(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL))
    return levels;
  levels |= 1u << WEIR_CPU_AVX512;
  if (HAS(c7, bit_AVX512VBMI | bit_AVX512VBMI2))
    levels |= 1u << WEIR_CPU_AVX512_VBMI;
  return levels;
}

gboolean
weir_cpu_has(WeirCpu level)
{
  static guint known; /* the levels, and the highest bit once they are known */
  guint levels = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (!levels) {
    levels = ask() | 1u << 31;
    __atomic_store_n(&known, levels, __ATOMIC_RELAXED);
  }
  return levels >> level & 1;
}

#else

gboolean
weir_cpu_has(WeirCpu level)
{
  (void)level;
  return FALSE;
}

#endif
