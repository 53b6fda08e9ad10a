/* SPDX-License-Identifier: MIT */
/* What the parts of batch_*.c share: buffers, arrays that own them, and copying of rows into builders. */
#ifndef WEIR_CORE_BATCH_PRIVATE_H
#define WEIR_CORE_BATCH_PRIVATE_H

#include "core/batch.h"

#define WEIR_BUFFER_ALIGNMENT 64

/* `bytes` rounded up to whole cache lines. */
static inline gsize
weir_buffer_round(gsize bytes)
{
  return (bytes + (WEIR_BUFFER_ALIGNMENT - 1)) & ~(gsize)(WEIR_BUFFER_ALIGNMENT - 1);
}

/* Memory for a buffer, aligned and rounded up to 64 bytes, not zeroed; at least 64. NULL: there is none.
 * free(). */
gpointer weir_buffer_alloc(gsize bytes);

/* An array that owns its buffers (NULL at first, free()d at the release) and has room for children (zeroed: a
 * child that stays without a release function is left alone). One allocation. */
void weir_array_init(struct ArrowArray *array, gint64 length, gint64 null_count, guint n_buffers,
                     guint n_children);

/* Buffers of an array of a type. */
guint weir_type_n_buffers(weir_type type);

static inline gboolean
weir_bit(const uint8_t *bits, gint64 index)
{
  return (bits[index >> 3] >> (index & 7)) & 1;
}

/* How many of `n` bits from `first` on are set. */
gint64 weir_bits_count(const uint8_t *bits, gint64 first, gint64 n);

/* Validity bits for the rows so far, once the first null comes. Their room must be there. FALSE: noted in the
 * builder. */
gboolean weir_builder_begin_validity(weir_builder *builder);

/* Append rows of a column of the builder's own type. FALSE: noted in the builder. Row numbers are within the
 * column. */
gboolean weir_builder_append_range(weir_builder *builder, const weir_column *column, gint64 first, gint64 n);
gboolean weir_builder_append_rows(weir_builder *builder, const weir_column *column, const gint64 *rows,
                                  gint64 n);

#endif
