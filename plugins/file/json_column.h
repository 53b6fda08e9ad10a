/* SPDX-License-Identifier: MIT */
/** json_column.h: appends the values of JSON records to typed columns. */
#ifndef WEIR_FILE_JSON_COLUMN_H
#define WEIR_FILE_JSON_COLUMN_H

#include <weir/columns.h>

#include "json_walk.h"

/** The columns of a batch as what a JSON object may hold. */
struct json_columns;

/** `schema` has one child a column and outlives the result. */
struct json_columns *json_columns_new(const struct ArrowSchema *const *schema, uint32_t n_columns);
void json_columns_free(struct json_columns *columns);

/** Say which builders the values go to from now on. */
void json_columns_bind(struct json_columns *columns, weir_builder *const *builders);

/**
 * Append the object at the next token, a whole record, as row number `row`. -1: a value does not fit its
 * column, a key is unknown or comes twice, a column that may not be null has no value, or the JSON is not
 * well-formed; columns may then have a row more than others (format_batch_rewind).
 *
 * A column of type utf8 keeps a value that is no string as its JSON text without white space: nothing is lost
 * where a key holds now a string, now a number or an object. Times are strings, bytes base64.
 */
int json_columns_append(struct json_columns *columns, struct json_walk *walk, int64_t row);

#endif
