/* SPDX-License-Identifier: MIT */
/* Memory of sparse matrices. */
#include "ml/sparse.h"

WeirSparse *
weir_sparse_new(gsize n_rows, guint n_columns, gsize n_entries)
{
  WeirSparse *matrix = g_new(WeirSparse, 1);
  *matrix = (WeirSparse){
      .n_rows = n_rows,
      .n_columns = n_columns,
      .starts = g_new0(gsize, n_rows + 1),
      .columns = g_new(uint32_t, MAX(n_entries, 1)),
      .values = g_new(float, MAX(n_entries, 1)),
  };
  return matrix;
}

void
weir_sparse_free(WeirSparse *matrix)
{
  if (!matrix)
    return;
  g_free(matrix->starts);
  g_free(matrix->columns);
  g_free(matrix->values);
  g_free(matrix);
}
