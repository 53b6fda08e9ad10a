/* SPDX-License-Identifier: MIT */
/* What the processor can do, for code that has a faster way on some. Plugins ask here and not
 * __builtin_cpu_supports(), which brings a constructor with it (contract rule W19). */
#ifndef WEIR_BASE_CPU_H
#define WEIR_BASE_CPU_H

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  WEIR_CPU_AVX2,        /* AVX2, BMI, BMI2, POPCNT, PCLMULQDQ, FMA */
  WEIR_CPU_AVX512,      /* these, and AVX-512 F, BW, DQ, VL */
  WEIR_CPU_AVX512_VBMI, /* these, and AVX-512 VBMI, VBMI2 */
} WeirCpu;

/* TRUE if the processor has all of a level and the system saves its registers. FALSE on other architectures.
 * Cheap: the answer is kept. Any thread. */
gboolean weir_cpu_has(WeirCpu level);

G_END_DECLS

#endif
