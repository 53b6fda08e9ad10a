/* SPDX-License-Identifier: MIT */
/**
 * json_read.h: finds one record after another in a stretch of a file and hands each to a function: what
 * reading into columns and looking for their types have in common.
 *
 * JSON Lines is an object a line; blank lines are skipped, and after a bad line reading goes on with the next.
 * JSON is an array of objects, or objects one after another with or without white space between (so that a
 * file with one object, and JSON Lines under the wrong name, can be read too).
 */
#ifndef WEIR_FILE_JSON_READ_H
#define WEIR_FILE_JSON_READ_H

#include "json_scan.h"
#include "json_walk.h"
#include "reader.h"

/** Where a JSON file stands between two calls. */
enum json_place {
  JSON_BEFORE,     /* nothing but white space so far */
  JSON_FIRST,      /* behind the array's [ */
  JSON_WANTS_ITEM, /* behind a comma */
  JSON_HAS_ITEM,   /* behind a record of the array */
  JSON_SEQUENCE,   /* behind a record that stands in no array */
  JSON_AFTER,      /* behind the array's ] */
};

/** What is done with a record, whose { is the next token; `number` is its line (JSON Lines), else its number
 * from 1. 0, or -1 after json_bad(). */
typedef int json_record_function(void *data, struct json_walk *walk, uint64_t number);

/** Reads records; belongs to one thread. Zeroed, with `record`, `data` and `lines` set, it is ready. */
struct json_reader {
  json_record_function *record;
  void *data;
  bool lines;             /* JSON Lines */
  uint64_t line;          /* lines that ended before the stretch */
  uint64_t bytes_of_line; /* bytes of the line before the stretch; JSON only */
  uint64_t n_records;     /* that began before; JSON only */
  enum json_place place;  /* JSON only */
  struct json_scan scan;
  struct json_walk walk;
  size_t checked; /* bytes of the stretch that were looked at for UTF-8 */
  size_t invalid; /* offset of the first byte that is not valid, SIZE_MAX if there is none so far */
  char *tail;     /* a last line without newline, given one */
};

void json_reader_begin(struct json_reader *reader);
void json_reader_clear(struct json_reader *reader);

/** As `parse` of struct format; `batch` is only looked at for its limits, and counted up. */
enum parse_status json_reader_lines(struct json_reader *reader, const char *data, size_t len, bool final,
                                    struct format_batch *batch, size_t *consumed, struct format_error *error);
enum parse_status json_reader_array(struct json_reader *reader, const char *data, size_t len, bool final,
                                    struct format_batch *batch, size_t *consumed, struct format_error *error);

#endif
