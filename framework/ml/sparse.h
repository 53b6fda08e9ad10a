/* SPDX-License-Identifier: MIT */
/* A sparse matrix of features by row (CSR), as training reads it. */
#ifndef WEIR_ML_SPARSE_H
#define WEIR_ML_SPARSE_H

#include <glib.h>
#include <stdint.h>

/* Row r holds entries starts[r] to starts[r + 1] of `columns` and `values`; no column occurs twice in a row.
 */
typedef struct {
  gsize n_rows;
  guint n_columns;
  gsize *starts; /* n_rows + 1 */
  uint32_t *columns;
  float *values;
} WeirSparse;

/* Allocates for rows and entries; the caller fills all three arrays. */
WeirSparse *weir_sparse_new(gsize n_rows, guint n_columns, gsize n_entries);
void weir_sparse_free(WeirSparse *matrix);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirSparse, weir_sparse_free)

#endif
