/* SPDX-License-Identifier: MIT */
/* Batches brought to the columns of a port that takes several edges: in its order, null where they have none. */
#include "core/batch.h"

static gboolean
make_null_column(const struct ArrowSchema *field, gint64 length, struct ArrowArray *out, GError **error)
{
  weir_builder *builder = weir_builder_new(field);
  for (gint64 row = 0; row < length; row++)
    if (weir_put_null(builder))
      break;
  gboolean fine = weir_builder_finish(builder, out, error);
  weir_builder_free(builder);
  return fine;
}

gboolean
weir_batch_conform(const WeirSchema *schema, struct ArrowArray *batch, const gint32 *columns,
                   struct ArrowArray *out, GError **error)
{
  guint n = weir_schema_n_columns(schema), n_null = 0;
  g_autofree struct ArrowArray *null = g_new0(struct ArrowArray, n + 1);
  for (guint c = 0; c < n; c++)
    if (columns[c] < 0 &&
        !make_null_column(schema->arrow.children[c], batch->length, &null[n_null++], error)) {
      for (guint i = 0; i + 1 < n_null; i++)
        weir_batch_release(&null[i]);
      weir_batch_release(batch);
      return FALSE;
    }
  return weir_batch_rearrange(batch, columns, n, null, n_null, out, error);
}
