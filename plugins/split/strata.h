/* SPDX-License-Identifier: MIT */
/* Numbers the combinations of values that the rows of a table have in some columns. */
#ifndef WEIR_SPLIT_STRATA_H
#define WEIR_SPLIT_STRATA_H

#include <glib.h>
#include <weir/columns.h>

#define SPLIT_MAX_STRATA (1u << 20)

/* Belongs to one thread. Memory that runs out ends the process, as GLib does. */
typedef struct SplitStrata SplitStrata;

SplitStrata *split_strata_new(void);
void split_strata_free(SplitStrata *strata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SplitStrata, split_strata_free)

/* Number of the stratum of a row, from 0 in the order of first sight, and counts the row. A null is a value
 * like any other, and an empty text is null. Columns are text, boolean, integer or timestamp; without columns all rows are one stratum.
 * G_MAXUINT32: there are more than SPLIT_MAX_STRATA. */
guint32 split_strata_add(SplitStrata *strata, const weir_column *columns, guint n_columns, gint64 row);

guint split_strata_count(const SplitStrata *strata);
/* Bytes that they take, about. */
guint64 split_strata_bytes(const SplitStrata *strata);
const guint64 *split_strata_rows(const SplitStrata *strata); /* a count for each stratum */

/* The numbers of the strata in an order that follows from their values alone, whatever that of the rows. */
void split_strata_order(const SplitStrata *strata, guint32 *order);

/* The values as people read them: `billing`, `billing, 7`; a null is `(none)`. */
const char *split_strata_name(const SplitStrata *strata, guint32 stratum);
const GPtrArray *split_strata_names(const SplitStrata *strata); /* of char * */
/* Whether a value of the stratum is null or empty. */
gboolean split_strata_has_null(const SplitStrata *strata, guint32 stratum);

/* Appends a value as people read it. */
void split_append_name(GString *name, const weir_column *column, gint64 row);

#endif
