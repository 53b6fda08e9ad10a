/* SPDX-License-Identifier: MIT */
/* What a run reads, with sizes and digests, which a thread of its own takes while the run goes on. */
#ifndef WEIR_CORE_INPUTS_H
#define WEIR_CORE_INPUTS_H

#include "base/json_write.h"
#include "core/plan.h"

typedef struct WeirInputDigests WeirInputDigests;

/* List the files and folders that options of input paths name, patterns resolved, and begin to digest them. */
WeirInputDigests *weir_inputs_begin(const WeirPlan *plan);
/* Wait for the digests; with `abandon` they are left out as far as they are not there yet. */
void weir_inputs_finish(WeirInputDigests *inputs, gboolean abandon);
void weir_inputs_free(WeirInputDigests *inputs);
/* An array of {"path", "bytes", "sha256" or "error"}; before the end only of {"path"}. */
void weir_inputs_write(const WeirInputDigests *inputs, WeirJsonWriter *json);

#endif
