/* SPDX-License-Identifier: MIT */
/* What a stage sent is kept where that costs little, so that whoever takes it can be run again without it. */
#ifndef WEIR_CORE_KEEP_H
#define WEIR_CORE_KEEP_H

#include "core/stage.h"
#include "core/table_file.h"

#define WEIR_KEEP_SMALL (G_GUINT64_CONSTANT(1) << 20) /* bytes of batches */

/*
 * An output is kept if all that it carried is small: its batches are remembered while they pass, and written when it
 * ends. If a table edge takes it, its file is there anyway (core/output_table.h), and is kept whatever its size; so is
 * what goes to a spool, and what a stage sends that feeds one that makes a model, or uses one made in the run. Where nothing came there is no file. What was cut short, since all that took
 * it had enough, is not kept: it is not what another would get.
 */
typedef struct WeirKept {
  GArray *batches; /* of struct ArrowArray, while it is small, and no table edge takes it */
  WeirTableWriter *writer;
  char *temporary;
  gboolean large; /* too large to be kept, or it cannot be written */
  gboolean kept;
  guint64 rows, bytes;
} WeirKept;

/* A batch is about to be sent; it stays the caller's. */
void weir_keep_add(WeirStage *stage, const WeirOutput *output, struct ArrowArray *batch, guint64 bytes);
/* The stage is done: write what is kept to its folder below "stages". A failure is a warning, and not kept. Call it before
   tables are finished and outputs are closed. */
void weir_keep_end(WeirRunningStage *running);
void weir_keep_clear(WeirKept *kept);

/* Where an output is kept. g_free(). */
char *weir_keep_path(const WeirRun *run, const WeirOutput *output);
/* The folder of a stage in the run directory: its mark, and what is kept of its outputs. g_free(). */
char *weir_keep_folder(const WeirRun *run, const WeirPlanStage *stage);

#endif
