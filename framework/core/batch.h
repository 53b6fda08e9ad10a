/* SPDX-License-Identifier: MIT */
/* Batches: built column by column, validated, shared between consumers, gathered, counted. */
#ifndef WEIR_CORE_BATCH_H
#define WEIR_CORE_BATCH_H

#include "core/schema.h"

/* ---- Building -------------------------------------------------------------------------------------------
 */

/* A builder for one field (weir/columns.h). Buffers are 64-byte aligned and padded to 64 bytes with zeros. A
 * null for a field that takes none is refused (W18). */
weir_builder *weir_builder_new(const struct ArrowSchema *field);
void weir_builder_free(weir_builder *builder);
/* What the first batch's buffers begin with: less than the default where there are very many columns. Later batches
   begin with what the last one took. */
void weir_builder_begin_with(weir_builder *builder, gint64 bytes);
/* The first thing that went wrong, or NULL: "row 17: an integer is out of the column's range". */
const char *weir_builder_error(const weir_builder *builder);
/* Move what was built into `out` (zero copy), and leave the builder empty for reuse. FALSE:
 * weir_builder_error(), which stays until weir_builder_reset(). */
gboolean weir_builder_finish(weir_builder *builder, struct ArrowArray *out, GError **error);

/* Give up the rows and the error. */
void weir_builder_reset(weir_builder *builder);

/* A batch of `n` columns, each moved in; all of the same length (else an error, and all are released). */
gboolean weir_batch_from_columns(struct ArrowArray *columns, guint n, gint64 length, struct ArrowArray *out,
                                 GError **error);

/* ---- Sharing --------------------------------------------------------------------------------------------
 */

/* Turn an owned batch into `n` independent ones over the same buffers (counted; the last release frees). Each
   may be moved to and released in another thread, and its children moved out by a consumer, as the
   specification allows. */
void weir_batch_share(struct ArrowArray *batch, struct ArrowArray *out, guint n);
/* A wrapper over some columns of a batch, in any order (repeats allowed); takes the batch. -1 leaves a hole
   that is filled from `added` (moved), in order. */
gboolean weir_batch_rearrange(struct ArrowArray *batch, const gint32 *columns, guint n,
                              struct ArrowArray *added, guint n_added, struct ArrowArray *out,
                              GError **error);
/* A wrapper over the columns of `schema`: `columns` says where each stands in the batch, -1 makes it all null. Takes
 * the batch. */
gboolean weir_batch_conform(const WeirSchema *schema, struct ArrowArray *batch, const gint32 *columns,
                            struct ArrowArray *out, GError **error);
/* Rows first … first + n - 1 over the same buffers; takes the batch. `out` may be the batch itself. */
void weir_batch_slice(struct ArrowArray *batch, gint64 first, gint64 n, struct ArrowArray *out);

/* ---- Copying --------------------------------------------------------------------------------------------
 */

/* Rows in the given order, repeats allowed, copied into fresh buffers; takes nothing. Row numbers are
 * checked. */
gboolean weir_batch_gather(const WeirSchema *schema, const struct ArrowArray *batch, const gint64 *rows,
                           gint64 n, struct ArrowArray *out, GError **error);
/* The same from several batches of one schema, whose types are ours; `rows` names batch and row of each.
   WEIR_ERROR_INVALID: there is no such row. */
gboolean weir_batch_gather_many(const struct ArrowSchema *schema, const struct ArrowArray *const *batches,
                                guint n_batches, const weir_row *rows, gint64 n, struct ArrowArray *out,
                                GError **error);
/* The same rows with every buffer aligned to 64 bytes; passes the batch through if it is so already. Takes
 * it. */
gboolean weir_batch_realign(const WeirSchema *schema, struct ArrowArray *batch, struct ArrowArray *out,
                            GError **error);

/* ---- Checking -------------------------------------------------------------------------------------------
 */

/* Structure: number of children and buffers as the schema says, lengths, offsets and null counts within
   bounds, values aligned to their size, list and text offsets not falling, no null at the top level or where the schema says that none
   comes. With `deep` also UTF-8 of every value, and null counts that are right. Never reads beyond what the
   lengths allow. A batch that did not come from a builder is validated before anything else is done to it. */
gboolean weir_batch_validate(const WeirSchema *schema, const struct ArrowArray *batch, gboolean deep,
                             GError **error);
/* First row that is null in one of `columns`; -1: none. `column` gets which. */
gint64 weir_batch_first_null(const WeirSchema *schema, const struct ArrowArray *batch, const gint32 *columns,
                             guint n, gint32 *column);
/* Bytes of the buffers that the batch's rows use (a slice counts its share). */
guint64 weir_batch_bytes(const WeirSchema *schema, const struct ArrowArray *batch);
/* A checksum of all buffers, for the rule that inputs are read-only. */
guint64 weir_batch_checksum(const WeirSchema *schema, const struct ArrowArray *batch);

/* One row as compact JSON, for messages and tests; values beyond `limit` bytes are cut. g_free(). */
char *weir_batch_row_to_json(const WeirSchema *schema, const struct ArrowArray *batch, gint64 row,
                             gsize limit);

#endif
