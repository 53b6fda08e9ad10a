/* SPDX-License-Identifier: MIT */
/**
 * reader.h: how file.read (files, decompression, batches) and its formats (CSV, JSON, text) fit together.
 *
 * The framework reads a file into one contiguous buffer and hands stretches of it to the format's parser,
 * which appends whole records to the builders of the output. What is left of a record that the stretch cuts
 * is handed in again, at the start of the next and longer stretch. A format never sees a file name, a
 * compressed byte, or a batch being sent.
 *
 * Threads: a parser belongs to one stage; its calls never overlap.
 */
#ifndef WEIR_FILE_READER_H
#define WEIR_FILE_READER_H

#include <glib.h>
#include <weir/columns.h>

/** Bytes after the end of every stretch that may be read (their content means nothing): loads of a vector
 * need no special case at the end. */
#define FORMAT_PADDING 64

/** What the formats get to know of the stage's options. Strings belong to the stage and outlive the parser.
 */
struct format_options {
  char delimiter;           /**< 0: find out (csv); always given for tsv */
  char quote;               /**< 0: none */
  int header;               /**< one of the HEADER_ values */
  const char *const *nulls; /**< fields that stand for null, beside the empty field of a typed column */
  uint32_t n_nulls;         /**< texts in `nulls` */
  const char *const *names; /**< columns that the pipeline declares, with their types ("i64", "utf8?") */
  const char *const *types; /**< `n_declared` of them; a declared type is never overridden by inference */
  uint32_t n_declared;      /**< length of `names` and `types` */
  uint64_t max_record;      /**< bytes; the framework watches it, a parser need not */
};

enum { HEADER_AUTO = 0, HEADER_YES = 1, HEADER_NO = 2 };

/** What is wrong with the input, in one sentence without a full stop: no file name, no line number. */
struct format_error {
  uint64_t line;  /**< from 1, in the file; 0: the file as a whole */
  uint64_t byte;  /**< from 1, in the line; 0: not known */
  char text[600]; /**< what is wrong, and where it helps, "; " and what to do */
  const char
      *record; /**< of a bad record: as it stands in the stretch, without a line end; NULL: not known */
  size_t record_len;
};

/** Fill an error, cutting what is too long at a character. Returns -1. */
int format_fail(struct format_error *error, uint64_t line, uint64_t byte, const char *text, ...)
    G_GNUC_PRINTF(4, 5);

/** A text for an error message: quoted, control characters escaped, cut to about 60 bytes. Returns `out`. */
const char *format_quote(const char *text, size_t len, char out[100]);

/** A column as it is declared to the host; both strings are its own. `type` has "?" at its end where nulls
 * may come, which for columns of inferred type is always so (utf8 of CSV excepted). */
struct format_column {
  char *name;
  char *type;
};

/** Columns in the order of the output, without `_row`. */
struct format_columns {
  struct format_column *items;
  uint32_t n;
};

void format_columns_add(struct format_columns *columns, const char *name, const char *type);
/** Position of a column, or -1. */
int64_t format_columns_find(const struct format_columns *columns, const char *name, size_t len);
void format_columns_clear(struct format_columns *columns);

/** A piece of a file to infer types from. FORMAT_PADDING bytes follow it. */
struct format_sample {
  const char *data;
  size_t len;
  bool first; /**< from the first byte of the file (after a BOM); else from somewhere in it, perhaps amid a
                   record: one that the parser cannot make sense of is ignored, never an error */
  bool last;  /**< it ends with the end of the file; else it may cut a record, which is to be ignored */
};

/** The batch that is being filled. */
struct format_batch {
  weir_builder **columns; /**< one a column of the schema, in its order */
  uint32_t n_columns;
  weir_builder *row; /**< the column _row:u64, or NULL when it is not wanted */
  uint64_t row_base; /**< the file's number times 2^48: add the line (or record number) from 1 */
  int64_t rows;      /**< rows in the batch; the parser counts them up */
  int64_t max_rows;  /**< stop (PARSE_FULL) here */
  int64_t max_bytes; /**< stop once `bytes` is at or beyond this */
  int64_t bytes;     /**< bytes of input in the batch; the parser counts them up */
};

/** Take back what was appended since the batch had `rows` rows, to any depth: the way out of a bad record. */
void format_batch_rewind(struct format_batch *batch, int64_t rows);
void format_builder_rewind(weir_builder *column, int64_t rows);

enum parse_status {
  PARSE_MORE,   /**< every whole record of the stretch is in the batch; with `final`: the file is done */
  PARSE_FULL,   /**< the batch is full; call again with what is left and a fresh batch */
  PARSE_BAD,    /**< a record was bad: `error` says why, it was consumed and leaves nothing in the batch */
  PARSE_BROKEN, /**< the file cannot be read any further: `error` says why */
};

enum skip_status {
  SKIP_MORE, /**< the record does not end in the stretch */
  SKIP_DONE, /**< it ends behind `consumed` */
  SKIP_LOST, /**< where the next record begins cannot be known */
};

/** A format. All functions that return int give 0, or -1 with `error` filled. */
struct format {
  const char *name;
  bool samples_anywhere; /**< infer_add can make use of samples from amid a file */

  /** Types from samples: begin, add a sample or more of every file in order, finish (takes the state).
   * Columns that differ between files are an error of infer_add: the same names, in any order, agree. What
   * is found out about the format itself (delimiter, header) is written back to `options`. */
  void *(*infer_begin)(struct format_options *options);
  int (*infer_add)(void *infer, const struct format_sample *sample, struct format_error *error);
  int (*infer_finish)(void *infer, struct format_columns *columns, struct format_error *error);
  void (*infer_free)(void *infer); /**< instead of infer_finish, after an error */

  /** A parser for one or more files. `schema` has one child a column, as the host resolved the types (names
   * of struct members stand there); it outlives the parser. */
  void *(*parser_new)(const struct format_options *options, const struct ArrowSchema *const *schema,
                      uint32_t n_columns);
  /** A new file begins; line numbers start over. */
  void (*parser_begin)(void *parser);
  /** Read records of data[0..len), a stretch that begins where the last call left off (`consumed`), or at the
   * start of a file (a BOM is already skipped). `final`: the file ends with it. `consumed` is always set.
   * Consuming nothing and PARSE_MORE asks for a longer stretch: the framework then offers at least twice as
   * much, or fails with max_record. Blank lines before a record may be consumed without it. */
  enum parse_status (*parse)(void *parser, const char *data, size_t len, bool final,
                             struct format_batch *batch, size_t *consumed, struct format_error *error);
  /** Line at which the next record begins: for messages of the framework. */
  uint64_t (*parser_line)(const void *parser);
  void (*parser_free)(void *parser);

  /** Go past a record that is too long to be read. The stretch begins where the last call left off, be it parse() or
   * a skip() that gave SKIP_MORE; `consumed` is always set. NULL: the format cannot. */
  enum skip_status (*skip)(void *parser, const char *data, size_t len, bool final, size_t *consumed);
};

extern const struct format format_csv;   /* csv and tsv */
extern const struct format format_text;  /* one column `text`, a line a record */
extern const struct format format_jsonl; /* an object a line */
extern const struct format format_json;  /* an array of objects; _row counts the records */

#endif
