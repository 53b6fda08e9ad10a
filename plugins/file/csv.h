/* SPDX-License-Identifier: MIT */
/** csv.h: what the parts of the CSV format share: columns of a file, and a field put into its builder. */
#ifndef WEIR_FILE_CSV_H
#define WEIR_FILE_CSV_H

#include "csv_record.h"

/** A column of the output, as the parser of CSV sees it. */
struct csv_column {
  const char *name;
  weir_type type;
  bool nullable;
  bool declared; /**< the pipeline says its type: it was not inferred */
};

enum csv_put {
  CSV_PUT,        /**< done */
  CSV_PUT_SYNTAX, /**< the field is no value of the type */
  CSV_PUT_RANGE,  /**< it is one, out of the type's range */
  CSV_PUT_NULL,   /**< it stands for null, and the column takes none */
  CSV_PUT_MEMORY, /**< there is no room for it */
};

/** Append a field to a builder. FORMAT_PADDING bytes follow it. */
enum csv_put csv_put(const struct csv_column *column, weir_builder *builder, const struct csv_field *field,
                     const struct format_options *options);

/** Say what is wrong with a field that was not put. Returns -1. */
int csv_put_failed(const struct csv_column *column, const struct csv_field *field, enum csv_put result,
                   uint64_t line, struct format_error *error);

/** True if a field is one of the texts that stand for null. */
bool csv_is_null(const struct csv_field *field, const struct format_options *options);

/**
 * Names of the columns from a header: an empty one is named by its place, "c3". NULL: a name comes twice, or
 * is longer than 1,000 bytes; `error` says so. Free with g_strfreev().
 */
char **csv_header_names(const struct csv_record *header, struct format_error *error);

/** Position of a name among `n`; -1: it is not there. */
int64_t csv_find_name(char *const *names, size_t n, const char *name);

/** The delimiter that makes the most even table of a sample: one of , ; tab | (comma if none does). */
char csv_detect_delimiter(const char *data, size_t len, bool last, char quote);

/** True if a delimiter gives at least nine of ten records of a sample the same number of fields, two or more. */
bool csv_detect_table(const char *data, size_t len, bool last, char quote, char *delimiter);

/**
 * True if the first record names the columns: no name is empty, comes twice, is long, reads as a number,
 * a time or true and false, or comes again as a value of its column in the sample. Names that the pipeline
 * declares decide where they are found in it.
 */
bool csv_detect_header(const char *data, size_t len, bool last, struct csv_dialect dialect,
                       const struct format_options *options);

#endif
