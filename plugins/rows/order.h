/* SPDX-License-Identifier: MIT */
/* The order of rows under a list of columns, each from small to large or the other way. */
#ifndef WEIR_ROWS_ORDER_H
#define WEIR_ROWS_ORDER_H

#include <glib.h>
#include <weir/plugin.h>

/* Numbers by value, with NaN above all and -0 equal to 0; false before true; text and bytes by their bytes, which for
 * UTF-8 is the order of code points. Nulls first or last, whichever way the values go. */
typedef struct {
  int32_t column;
  gboolean descending;
  gboolean nulls_first;
} RowsKey;

/* Below, at or above 0. `left` and `right` are the key columns of two batches. */
int rows_compare(const RowsKey *keys, uint32_t n_keys, const weir_column *left, int64_t left_row,
                 const weir_column *right, int64_t right_row);

/* A number that is smaller where the first key is; equal ones leave it open. */
uint64_t rows_prefix(const RowsKey *key, const weir_column *column, int64_t row);

/* Whether columns of a type can be compared. */
gboolean rows_has_order(weir_type type);

#endif
