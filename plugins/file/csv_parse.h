/* SPDX-License-Identifier: MIT */
/** csv_parse.h: the functions that make the table `format_csv`, and a knob for tests. */
#ifndef WEIR_FILE_CSV_PARSE_H
#define WEIR_FILE_CSV_PARSE_H

#include "csv_index.h"
#include "reader.h"

void *csv_infer_begin(struct format_options *options);
int csv_infer_add(void *infer, const struct format_sample *sample, struct format_error *error);
int csv_infer_finish(void *infer, struct format_columns *columns, struct format_error *error);
void csv_infer_free(void *infer);

/** Use the code for a set of instructions that the CPU has; for tests, which compare them. */
void csv_parser_use_cpu(void *parser, enum csv_cpu cpu);

#endif
