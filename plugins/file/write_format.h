/* SPDX-License-Identifier: MIT */
/** write_format.h: how file.write and its formats (CSV, JSON, text) fit together. */
#ifndef WEIR_FILE_WRITE_FORMAT_H
#define WEIR_FILE_WRITE_FORMAT_H

#include "write_sink.h"

#include <weir/columns.h>

/** What the formats get to know of the stage's options. */
struct write_options {
  char delimiter;
  char quote;           /**< 0: none */
  const char *null;     /**< text for null in CSV */
  const char *line_end; /**< of CSV */
  bool header;
  bool pretty; /**< JSON with line breaks and indentation */
  bool single; /**< JSON: one object, not an array of one */
  bool lines;  /**< JSON Lines */
};

/** What stands in the way, as one sentence without a full stop. */
struct write_problem {
  int64_t row; /**< of the batch, from 0; -1: none in particular */
  char text[400];
};

/** A column that is written, and what is in it. `view` is of the batch at hand. */
struct write_column {
  weir_column view;
  const char *name;
  char *prefix; /**< the format's own, such as the key as JSON */
  size_t prefix_len;
  struct write_column *children; /**< items of a list, members of a struct */
  uint32_t n_children;
};

/** A file that is being written. */
struct writer {
  struct sink *sink;
  struct write_options options;
  struct write_column *columns; /**< those that are written */
  uint32_t n_columns;
  uint64_t records;             /**< that were written */
  uint64_t not_finite;          /**< NaN and infinities that became null */
  struct write_problem problem; /**< filled when a function returns -1 */
};

/** A format. The functions return 0, or -1 with `problem` filled. */
struct write_format {
  const char *name;
  int (*begin)(struct writer *writer);
  int (*rows)(struct writer *writer, int64_t n_rows); /**< the columns' views show them */
  int (*end)(struct writer *writer);
};

extern const struct write_format write_csv;
extern const struct write_format write_json; /* and JSON Lines */
extern const struct write_format write_text;

/** Say what is wrong with a row. Returns -1. */
int write_fail(struct writer *writer, int64_t row, const char *text, ...) G_GNUC_PRINTF(3, 4);

/** Make a column of a field of the schema, which outlives it. -1: it is of a type that cannot be written. */
int write_column_init(struct writer *writer, struct write_column *column, const struct ArrowSchema *schema);
/** Let the column, and what is in it, show this part of a batch. */
void write_column_show(struct write_column *column, const weir_column *view);
/** Free columns that were made, or zeroed. */
void write_columns_clear(struct write_column *columns, uint32_t n);

/** A value as JSON. -1: it cannot be said (a time beyond the year 9999). */
int write_json_value(struct writer *writer, const struct write_column *column, int64_t row, unsigned indent);

/** The text of a scalar that is neither null nor text: numbers, booleans, times, bytes as base64. -1 as above. */
int write_scalar(struct writer *writer, const struct write_column *column, int64_t row);

/** A string as JSON, with its quotes. */
void write_json_string(struct sink *sink, const char *text, size_t len);

#endif
