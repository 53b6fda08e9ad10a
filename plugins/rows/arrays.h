/* SPDX-License-Identifier: MIT */
/* Batches taken apart and put together: their bytes, a number beside each row, columns of two side by side. */
#ifndef WEIR_ROWS_ARRAYS_H
#define WEIR_ROWS_ARRAYS_H

#include <glib.h>
#include <weir/plugin.h>

/* Rows and bytes of a batch that is sent on; a single row may be larger. */
#define ROWS_BATCH_ROWS  4096
#define ROWS_BATCH_BYTES (1 << 20)

/* Bytes that a batch takes: the buffers that it uses, and what comes on top of them. */
uint64_t rows_batch_bytes(const struct ArrowSchema *schema, const struct ArrowArray *batch);

/* Bytes of one row of a batch; never 0. */
uint64_t rows_row_bytes(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row);

/* The columns of a schema with a u64 column of numbers after them; it borrows `schema`. */
typedef struct {
  struct ArrowSchema arrow; /* give this on */
  struct ArrowSchema number;
  char *name;
} RowsNumbered;

void rows_numbered_init(RowsNumbered *numbered, const struct ArrowSchema *schema);
void rows_numbered_clear(RowsNumbered *numbered);

/* A batch with numbers beside its rows; takes the batch and `numbers`, one a row, which g_free() frees. */
void rows_attach(struct ArrowArray *batch, uint64_t *numbers, struct ArrowArray *out);

/* The numbers of a batch that has them, by row. */
const uint64_t *rows_numbers(const struct ArrowArray *batch);

/* The same batch without them, borrowed: for reading only, never released. */
struct ArrowArray rows_without_numbers(const struct ArrowArray *batch);

/* A u64 column that takes `values`, which g_free() frees, and what describes one (borrows `name`). */
void rows_u64_column(uint64_t *values, int64_t length, struct ArrowArray *out);
void rows_schema_u64(struct ArrowSchema *schema, const char *name);

/* A column of any type of fixed width that takes its buffers, which g_free() frees. `validity` NULL: no nulls. */
void rows_column(void *values, uint8_t *validity, int64_t null_count, int64_t length, struct ArrowArray *out);

/* Moves the columns of a batch, which it takes, to an array of as many, each of which is then a batch of its own. */
void rows_take_columns(struct ArrowArray *batch, struct ArrowArray *columns);

/* A batch with the given columns; takes those (`release` of each is moved), all of `length` rows. */
void rows_join_columns(struct ArrowArray *columns, int64_t n, int64_t length, struct ArrowArray *out);

/* A batch of one row, in which all columns are null, for a schema whose columns may be null. */
void rows_null_row(const struct ArrowSchema *schema, struct ArrowArray *out);

/* A schema of some columns of another; with `nullable` every one may be null. rows_schema_free(). */
struct ArrowSchema *rows_schema_of(const struct ArrowSchema *schema, const int32_t *columns, uint32_t n,
                                   gboolean nullable);
void rows_schema_free(struct ArrowSchema *schema);

/* Some columns of a batch, borrowed: for reading only, never released; g_free() its `children`. */
struct ArrowArray rows_columns_of(const struct ArrowArray *batch, const int32_t *columns, uint32_t n);

/* The type of a column as in port types, with "?" where nulls may come. g_free(). */
char *rows_type_text(const struct ArrowSchema *column);

/* Position of a column, or -1. */
int32_t rows_find_column(const struct ArrowSchema *schema, const char *name);

#endif
