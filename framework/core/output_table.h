/* SPDX-License-Identifier: MIT */
/* Outputs as files: what a stage emits to a port that is read as a table, written once for all its readers, where it is
   kept for a resume too (core/keep.h): under a temporary name, and renamed once it is whole. */
#ifndef WEIR_CORE_OUTPUT_TABLE_H
#define WEIR_CORE_OUTPUT_TABLE_H

#include "core/stage.h"

/* Whether an output is written to a file: a table edge takes it. */
gboolean weir_output_has_table(const WeirOutput *output);
/* Add a batch, which stays the caller's. 0 or -1 (reported). */
int weir_output_table_add(WeirStage *stage, WeirOutput *output, const struct ArrowArray *batch,
                          guint64 bytes);
/* Everything was added: give the table to those who read it. 0 or -1 (reported). */
int weir_output_table_finish(WeirStage *stage, WeirOutput *output);
/* Give up what was written. */
void weir_output_table_drop(WeirOutput *output);

#endif
