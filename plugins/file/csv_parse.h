/* SPDX-License-Identifier: MIT */
/** csv_parse.h: the parser of CSV: its state, its fast loop, and what makes the table `format_csv`. */
#ifndef WEIR_FILE_CSV_PARSE_H
#define WEIR_FILE_CSV_PARSE_H

#include "csv.h"

/** Ways of a field in the fast loop. */
enum csv_way { WAY_TEXT, WAY_INTEGER, WAY_REAL, WAY_SLOW };

/** Where a field of the file goes, in the file's order. */
struct csv_target {
  enum csv_way way;
  char zero; /* '0' where an integer must not begin with it */
  uint32_t column;
};

/** A parser. */
struct csv_parser {
  const struct format_options *options;
  struct csv_dialect dialect;
  enum csv_cpu cpu;
  bool header;

  struct csv_column *columns;
  uint32_t n_columns;
  struct csv_target *fields;
  uint32_t n_fields;
  bool begun; /* the header of this file was read, or it has none */
  uint64_t line;

  struct csv_index index;
  size_t next;    /* first end in the index that was not used */
  int64_t origin; /* where the indexed text begins, seen from the start of the stretch */
  struct csv_record record;
  struct csv_skip skip;
};

/**
 * Put the record at data[at], whose fields end at `ends` (seen from `origin`), into the batch. Returns where it
 * ends, behind its last field's end; `*lines` is raised by the line ends within its fields. -1: it is to be
 * read slowly; then some builders have a row too many.
 */
int64_t csv_read_fast(struct csv_parser *parser, const char *data, int64_t at, const uint32_t *ends,
                      struct format_batch *batch, uint64_t *lines);

void *csv_infer_begin(struct format_options *options);
int csv_infer_add(void *infer, const struct format_sample *sample, struct format_error *error);
int csv_infer_finish(void *infer, struct format_columns *columns, struct format_error *error);
void csv_infer_free(void *infer);

/** Use the code for a set of instructions that the CPU has; for tests, which compare them. */
void csv_parser_use_cpu(void *parser, enum csv_cpu cpu);

#endif
