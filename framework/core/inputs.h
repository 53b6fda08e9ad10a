/* SPDX-License-Identifier: MIT */
/* What a run reads: sizes, signatures and digests. Small files are digested before the run, large ones beside it, unless
   a digest that was taken earlier is known to hold still. */
#ifndef WEIR_CORE_INPUTS_H
#define WEIR_CORE_INPUTS_H

#include "base/digest.h"
#include "base/json_write.h"
#include "core/plan.h"

#define WEIR_INPUTS_AT_ONCE (G_GUINT64_CONSTANT(32) << 20) /* bytes in all that are digested before the run */

/* A file or folder that an option of an input path names, patterns resolved. */
typedef struct {
  char *path;
  guint64 bytes;
  char hex[WEIR_DIGEST_HEX_BYTES]; /* of the content; empty: not known (yet) */
  char *error;
  /* Sizes, times and inodes as they were when the run began: what has the same signature was not written to. NULL: it
     was not there, or is no file or folder. */
  char *signature;
  char *token;        /* what stands for the content in the marks of this run: see weir_inputs_settle() */
  gint64 touched;     /* when it was last written to, in seconds */
  gboolean unchanged; /* a digest was taken, and the signature was the same before and after */
} WeirInputFile;

/* Which option of which stage names which file, in the order of the plan. */
typedef struct {
  guint stage;
  const char *option;
  WeirInputFile *file;
} WeirInputUse;

typedef struct WeirInputDigests WeirInputDigests;

/* List them, look at each, and digest the small ones. `memory`: folder of digests that were taken earlier, or NULL. */
WeirInputDigests *weir_inputs_new(const WeirPlan *plan, const char *memory);
/* Digest the rest in a thread. */
void weir_inputs_begin(WeirInputDigests *inputs);
/* Wait for it; with `abandon` what is not there yet is left out. Digests of large files are remembered. */
void weir_inputs_finish(WeirInputDigests *inputs, gboolean abandon);
void weir_inputs_free(WeirInputDigests *inputs);

const WeirInputUse *weir_inputs_get_uses(const WeirInputDigests *inputs, guint *n);
guint weir_inputs_get_n(const WeirInputDigests *inputs);
WeirInputFile *weir_inputs_get(const WeirInputDigests *inputs, guint index);

/* Choose what stands for a file in the marks of a run: the digest where it is known by now, else the signature. In a run
   that is resumed: what stood for it then (`token`, with the `signature` of then) if the file is as it was; both NULL for
   a run that begins. TRUE: it is as it was. */
gboolean weir_inputs_settle(WeirInputFile *file, const char *signature, const char *token);
/* Whether it is now as it was when the run began. */
gboolean weir_inputs_is_same(const WeirInputFile *file);

/* An array of {"path", "bytes", "sha256" or "error"}; before the end only what is known of each. */
void weir_inputs_write(const WeirInputDigests *inputs, WeirJsonWriter *json);

#endif
