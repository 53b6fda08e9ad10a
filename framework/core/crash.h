/* SPDX-License-Identifier: MIT */
/* Which call of which stage a thread is in, so that a crash can be laid at its door. */
#ifndef WEIR_CORE_CRASH_H
#define WEIR_CORE_CRASH_H

#include "core/plan.h"

/* Cheap: two stores of the thread's own. */
void weir_crash_enter(const WeirPlanStage *stage, const char *call);
void weir_crash_leave(void);

#endif
