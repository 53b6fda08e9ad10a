/* SPDX-License-Identifier: MIT */
/* Makes BLAS single-threaded, and chooses OpenBLAS's kernels for CPUs that it does not know. */
#include "core/blas_env.h"
#include <glib.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* An OpenBLAS that is older than the CPU takes generic kernels for AMD's family 1Ah (Zen 5), though those of
 * an earlier core would serve. NULL where it should choose for itself. Family: AMD64 Architecture
 * Programmer's Manual, volume 3, CPUID function 1. */
static const char *
openblas_core(void)
{
  guint eax, ebx, ecx, edx, family;
  if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx) || ebx != signature_AMD_ebx || ecx != signature_AMD_ecx ||
      edx != signature_AMD_edx || !__get_cpuid(1, &eax, &ebx, &ecx, &edx))
    return NULL;
  family = (eax >> 8) & 0xf;
  if (family == 0xf)
    family += (eax >> 20) & 0xff;
  if (family != 0x1a || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return NULL;
  /* Whether the system saves the wide registers counts too; __builtin_cpu_supports() asks for it. */
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
             ? "SkylakeX"
             : "Zen";
}
#else
static const char *
openblas_core(void)
{
  return NULL;
}
#endif

void
weir_blas_environment(void)
{
  static gsize done;
  if (!g_once_init_enter(&done))
    return;
  /* The results of threaded BLAS depend on the number of threads, and the host owns all threads. */
  g_setenv("OPENBLAS_NUM_THREADS", "1", TRUE);
  g_setenv("OMP_NUM_THREADS", "1", TRUE);
  if (!g_getenv("OPENBLAS_CORETYPE") && openblas_core())
    g_setenv("OPENBLAS_CORETYPE", openblas_core(), TRUE);
  g_once_init_leave(&done, 1);
}
