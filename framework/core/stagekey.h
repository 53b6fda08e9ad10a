/* SPDX-License-Identifier: MIT */
/* Keys of stages: digests of all that what a stage makes depends on. */
#ifndef WEIR_CORE_STAGEKEY_H
#define WEIR_CORE_STAGEKEY_H

#include "base/digest.h"
#include "core/inputs.h"
#include "core/plan.h"

/* The key of a stage is the SHA-256 of: the version of keys, Weir's libraries and those that they need (build ids), the
   model of the processor, SOURCE_DATE_EPOCH; the plugin's file and the libraries that it needs; class and name of the
   stage (its random numbers and its artifacts' paths hang on the name), the pipeline's seed, and its options but those
   that are only measured and secrets; of each input file its path and what it holds; what fingerprint() says; and for
   each edge the key and port of what feeds it. */

/* What does not change while the plan stands. Belongs to the run's thread. */
typedef struct WeirKeys WeirKeys;

/* Calls fingerprint() of the classes that have it. The plan's stages must not run yet. */
WeirKeys *weir_keys_new(WeirPlan *plan);
void weir_keys_free(WeirKeys *keys);

/* Whether a stage that is run again with the same inputs gives the same again: not so for a source that is no file and
   has no fingerprint. */
gboolean weir_keys_is_reproducible(const WeirKeys *keys, const WeirPlanStage *stage);

/* Keys for marks in the run `id`: files by their tokens (core/inputs.h); stages that could not be known again in another
   run have keys all the same, which hold in this run alone. g_strfreev()-like: weir_key_list_free(). */
char **weir_keys_for_run(const WeirKeys *keys, const WeirInputDigests *inputs, const char *id);
/* Keys that hold in any run: NULL for a stage that has none, or whose input files are not digested yet. */
char **weir_keys_for_store(const WeirKeys *keys, const WeirInputDigests *inputs);
void weir_key_list_free(char **list, guint n);

#endif
