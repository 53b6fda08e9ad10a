/* SPDX-License-Identifier: MIT */
/* Walks over the buffers of batches, and makes batches of columns and numbers that are there. */
#include "arrays.h"

/* What a column takes beside its rows: structs, what its buffers are rounded up by, the heap's own. Many small batches
 * are mostly that. */
#define COLUMN_BYTES 256

/* --- Bytes --- */

static uint64_t column_bytes(const weir_column *column, int64_t first, int64_t n);

/* Rows first … first + n - 1 of a list's items, or of a struct's members. */
static uint64_t
child_bytes(const weir_column *column, int64_t first, int64_t n)
{
  uint64_t bytes = 0;
  if (column->type == WEIR_LIST) {
    weir_column items = weir_column_items(column);
    int32_t begin = column->offsets[first];
    return column_bytes(&items, begin, column->offsets[first + n] - (int64_t)begin);
  }
  for (int64_t i = 0; i < column->array->n_children; i++) {
    weir_column member = weir_column_member(column, i);
    bytes += column_bytes(&member, first, n);
  }
  return bytes;
}

static uint64_t
column_bytes(const weir_column *column, int64_t first, int64_t n)
{
  uint64_t rows = (uint64_t)n;
  uint64_t bytes = column->validity ? rows / 8 : 0;
  if (n == 0)
    return 0;
  switch (column->type) {
  case WEIR_UTF8:
  case WEIR_BINARY:
    return bytes + rows * sizeof(int32_t) + (uint64_t)(column->offsets[first + n] - column->offsets[first]);
  case WEIR_LIST:
    return bytes + rows * sizeof(int32_t) + child_bytes(column, first, n);
  case WEIR_STRUCT:
    return bytes + child_bytes(column, first, n);
  case WEIR_FIXED:
    return bytes + rows * (uint64_t)column->width * sizeof(float);
  case WEIR_BOOL:
    return bytes + rows / 8;
  default:
    return bytes + rows * weir_type_size(column->type);
  }
}

static uint64_t
part_bytes(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t first, int64_t n)
{
  uint64_t bytes = 1;
  for (int64_t i = 0; i < batch->n_children && i < schema->n_children; i++) {
    weir_column column = weir_batch_column(schema, batch, i);
    bytes += column_bytes(&column, first, n);
  }
  return bytes;
}

/* Columns with what is in them. */
static uint64_t
count_columns(const struct ArrowSchema *schema)
{
  uint64_t n = (uint64_t)schema->n_children;
  for (int64_t i = 0; i < schema->n_children; i++)
    n += count_columns(schema->children[i]);
  return n;
}

uint64_t
rows_batch_bytes(const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
  return part_bytes(schema, batch, 0, batch->length) + count_columns(schema) * COLUMN_BYTES;
}

uint64_t
rows_row_bytes(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row)
{
  return part_bytes(schema, batch, row, 1);
}

/* --- Arrays of our own --- */

/* What an array of ours owns: its struct's parts and what they point to. */
typedef struct {
  const void *buffers[3];
  struct ArrowArray **children;
  struct ArrowArray *storage; /* of the children, in one block */
  void *values;
  uint8_t *validity;
} Owned;

static void
release_owned(struct ArrowArray *array)
{
  Owned *owned = array->private_data;
  for (int64_t i = 0; i < array->n_children; i++)
    weir_batch_release(array->children[i]);
  g_free(owned->children);
  g_free(owned->storage);
  g_free(owned->values);
  g_free(owned->validity);
  g_free(owned);
  array->release = NULL;
}

static Owned *
own(struct ArrowArray *array, int64_t length, int64_t n_buffers, int64_t n_children)
{
  Owned *owned = g_new0(Owned, 1);
  owned->children = g_new0(struct ArrowArray *, (gsize)n_children + 1);
  owned->storage = g_new0(struct ArrowArray, (gsize)n_children + 1);
  for (int64_t i = 0; i < n_children; i++)
    owned->children[i] = &owned->storage[i];
  *array = (struct ArrowArray){.length = length,
                               .n_buffers = n_buffers,
                               .n_children = n_children,
                               .buffers = owned->buffers,
                               .children = owned->children,
                               .release = release_owned,
                               .private_data = owned};
  return owned;
}

void
rows_join_columns(struct ArrowArray *columns, int64_t n, int64_t length, struct ArrowArray *out)
{
  Owned *owned = own(out, length, 1, n);
  for (int64_t i = 0; i < n; i++)
    weir_batch_move(&columns[i], &owned->storage[i]);
}

void
rows_column(void *values, uint8_t *validity, int64_t null_count, int64_t length, struct ArrowArray *out)
{
  Owned *owned = own(out, length, 2, 0);
  out->null_count = null_count;
  owned->values = values;
  owned->validity = validity;
  owned->buffers[0] = validity;
  owned->buffers[1] = values;
}

void
rows_u64_column(uint64_t *values, int64_t length, struct ArrowArray *out)
{
  rows_column(values, NULL, 0, length, out);
}

static void
release_schema(struct ArrowSchema *schema)
{
  schema->release = NULL;
}

void
rows_schema_u64(struct ArrowSchema *schema, const char *name)
{
  *schema = (struct ArrowSchema){.format = "L", .name = name, .release = release_schema};
}

/* --- Numbers beside rows --- */

void
rows_numbered_init(RowsNumbered *numbered, const struct ArrowSchema *schema)
{
  int64_t n = schema->n_children;
  numbered->arrow = *schema;
  numbered->arrow.children = g_new(struct ArrowSchema *, (gsize)n + 1);
  for (int64_t i = 0; i < n; i++)
    numbered->arrow.children[i] = schema->children[i];
  /* A name that no column has. */
  GString *name = g_string_new("number");
  for (int64_t i = 0; i < n; i++)
    if (g_str_equal(schema->children[i]->name, name->str)) {
      g_string_append_c(name, '_');
      i = -1;
    }
  numbered->name = g_string_free(name, FALSE);
  rows_schema_u64(&numbered->number, numbered->name);
  numbered->arrow.children[n] = &numbered->number;
  numbered->arrow.n_children = n + 1;
}

void
rows_numbered_clear(RowsNumbered *numbered)
{
  g_clear_pointer(&numbered->arrow.children, g_free);
  g_clear_pointer(&numbered->name, g_free);
}

/* The Arrow specification allows to move children out; a slice's offset goes with them. */
void
rows_take_columns(struct ArrowArray *batch, struct ArrowArray *to)
{
  for (int64_t i = 0; i < batch->n_children; i++) {
    weir_batch_move(batch->children[i], &to[i]);
    to[i].offset += batch->offset;
    to[i].length = batch->length;
    if (batch->offset)
      to[i].null_count = to[i].null_count ? -1 : 0;
  }
  weir_batch_release(batch);
}

void
rows_attach(struct ArrowArray *batch, uint64_t *numbers, struct ArrowArray *out)
{
  int64_t n = batch->n_children, length = batch->length;
  g_autofree struct ArrowArray *columns = g_new0(struct ArrowArray, (gsize)n + 1);
  rows_take_columns(batch, columns);
  rows_u64_column(numbers, length, &columns[n]);
  rows_join_columns(columns, n + 1, length, out);
}

const uint64_t *
rows_numbers(const struct ArrowArray *batch)
{
  const struct ArrowArray *column = batch->children[batch->n_children - 1];
  return (const uint64_t *)column->buffers[1] + column->offset + batch->offset;
}

struct ArrowArray
rows_without_numbers(const struct ArrowArray *batch)
{
  struct ArrowArray shallow = *batch;
  shallow.n_children--;
  return shallow;
}

/* --- Nulls --- */

/* A column of one null. Buffers are zeros that serve as validity, offsets and values alike. */
static void
null_column(const struct ArrowSchema *schema, struct ArrowArray *out)
{
  int32_t width = 0;
  weir_type type = weir_type_from_format(schema->format, &width);
  gboolean has_children = type == WEIR_LIST || type == WEIR_STRUCT || type == WEIR_FIXED;
  int64_t n_buffers = type == WEIR_UTF8 || type == WEIR_BINARY    ? 3
                      : type == WEIR_STRUCT || type == WEIR_FIXED ? 1
                                                                  : 2;
  Owned *owned = own(out, 1, n_buffers, has_children ? schema->n_children : 0);
  owned->values = g_malloc0(64);
  out->null_count = 1;
  for (int64_t i = 0; i < n_buffers; i++)
    owned->buffers[i] = owned->values;
  if (type == WEIR_STRUCT)
    for (int64_t i = 0; i < schema->n_children; i++)
      null_column(schema->children[i], &owned->storage[i]);
  if (type != WEIR_LIST && type != WEIR_FIXED)
    return;
  /* No items, or a vector of zeros. */
  null_column(schema->children[0], &owned->storage[0]);
  owned->storage[0].length = width;
  owned->storage[0].null_count = 0;
  if (type == WEIR_FIXED) {
    Owned *items = owned->storage[0].private_data;
    g_free(items->values);
    items->values = g_new0(float, (gsize)width);
    items->buffers[0] = NULL;
    items->buffers[1] = items->values;
  }
}

void
rows_null_row(const struct ArrowSchema *schema, struct ArrowArray *out)
{
  Owned *owned = own(out, 1, 1, schema->n_children);
  for (int64_t i = 0; i < schema->n_children; i++)
    null_column(schema->children[i], &owned->storage[i]);
}

static struct ArrowSchema *
copy_schema(const struct ArrowSchema *schema)
{
  struct ArrowSchema *copy = g_new0(struct ArrowSchema, 1);
  copy->format = g_strdup(schema->format);
  copy->name = g_strdup(schema->name);
  copy->flags = schema->flags;
  copy->n_children = schema->n_children;
  copy->children = g_new0(struct ArrowSchema *, (gsize)schema->n_children + 1);
  copy->release = release_schema;
  for (int64_t i = 0; i < schema->n_children; i++)
    copy->children[i] = copy_schema(schema->children[i]);
  return copy;
}

struct ArrowSchema *
rows_schema_of(const struct ArrowSchema *schema, const int32_t *columns, uint32_t n, gboolean nullable)
{
  struct ArrowSchema *some = g_new0(struct ArrowSchema, 1);
  some->format = g_strdup("+s");
  some->name = g_strdup("");
  some->n_children = n;
  some->children = g_new0(struct ArrowSchema *, (gsize)n + 1);
  some->release = release_schema;
  for (uint32_t i = 0; i < n; i++) {
    some->children[i] = copy_schema(schema->children[columns[i]]);
    if (nullable)
      some->children[i]->flags |= ARROW_FLAG_NULLABLE;
  }
  return some;
}

struct ArrowArray
rows_columns_of(const struct ArrowArray *batch, const int32_t *columns, uint32_t n)
{
  struct ArrowArray some = *batch;
  some.n_children = n;
  some.children = g_new(struct ArrowArray *, (gsize)n + 1);
  for (uint32_t i = 0; i < n; i++)
    some.children[i] = batch->children[columns[i]];
  return some;
}

int32_t
rows_find_column(const struct ArrowSchema *schema, const char *name)
{
  for (int64_t i = 0; i < schema->n_children; i++)
    if (g_str_equal(schema->children[i]->name, name))
      return (int32_t)i;
  return -1;
}

void
rows_schema_free(struct ArrowSchema *schema)
{
  if (!schema)
    return;
  for (int64_t i = 0; i < schema->n_children; i++)
    rows_schema_free(schema->children[i]);
  g_free(schema->children);
  g_free((char *)schema->format);
  g_free((char *)schema->name);
  g_free(schema);
}

/* --- Types as text --- */

static void
append_name(GString *text, const char *name)
{
  g_string_append_c(text, '"');
  for (; *name; name++) {
    if (*name == '"' || *name == '\\')
      g_string_append_c(text, '\\');
    g_string_append_c(text, *name);
  }
  g_string_append_c(text, '"');
}

static void
append_type(GString *text, const struct ArrowSchema *column)
{
  static const char *const names[] = {"",    "bool", "i8",  "u8",  "i16",  "u16",    "i32",      "u32",
                                      "i64", "u64",  "f32", "f64", "utf8", "binary", "timestamp"};
  int32_t width = 0;
  weir_type type = weir_type_from_format(column->format, &width);
  if (type == WEIR_FIXED) {
    g_string_append_printf(text, "fixed<f32,%d>", width);
  } else if (type == WEIR_LIST || type == WEIR_STRUCT) {
    g_string_append(text, type == WEIR_LIST ? "list<" : "struct<");
    for (int64_t i = 0; i < column->n_children; i++) {
      if (i)
        g_string_append_c(text, ',');
      if (type == WEIR_STRUCT) {
        append_name(text, column->children[i]->name);
        g_string_append_c(text, ':');
      }
      append_type(text, column->children[i]);
    }
    g_string_append_c(text, '>');
  } else {
    g_string_append(text, (gsize)type < G_N_ELEMENTS(names) ? names[type] : "");
  }
  if (column->flags & ARROW_FLAG_NULLABLE)
    g_string_append_c(text, '?');
}

char *
rows_type_text(const struct ArrowSchema *column)
{
  GString *text = g_string_new(NULL);
  append_type(text, column);
  return g_string_free(text, FALSE);
}
