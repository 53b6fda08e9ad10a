/* SPDX-License-Identifier: MIT */
/**
 * weir/columns.h: record batches as columns, in the memory layout of the Arrow C Data Interface; how a stage
 * reads them and how it builds them.
 *
 * C11 and libc only. A *batch* is one ArrowArray of format "+s" (a struct) whose children are the columns;
 * its ArrowSchema is known once for a port and does not travel with every batch. Everything here is safe to
 * call from any thread on different objects; one builder belongs to one thread.
 *
 * Layout: https://arrow.apache.org/docs/format/CDataInterface.html and .../format/Columnar.html
 */
#ifndef WEIR_COLUMNS_H
#define WEIR_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The two structs of the Arrow C Data Interface, under the guard that the specification asks for. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

/** Give up a batch: its buffers may be freed at once. Does nothing for a batch that was given up or moved. */
static inline void
weir_batch_release(struct ArrowArray *batch)
{
  if (batch->release)
    batch->release(batch);
}

/** Move a batch: `to` owns it afterwards, `from` is marked as given up. */
static inline void
weir_batch_move(struct ArrowArray *from, struct ArrowArray *to)
{
  *to = *from;
  from->release = NULL;
}

/** The column types of Weir. The numbers are part of the ABI; new types come at the end. */
typedef enum weir_type {
  WEIR_TYPE_NONE = 0,  /**< not one of ours */
  WEIR_BOOL = 1,       /**< one bit a value, least significant bit first      (format "b") */
  WEIR_I8 = 2,         /**< "c" */
  WEIR_U8 = 3,         /**< "C" */
  WEIR_I16 = 4,        /**< "s" */
  WEIR_U16 = 5,        /**< "S" */
  WEIR_I32 = 6,        /**< "i" */
  WEIR_U32 = 7,        /**< "I" */
  WEIR_I64 = 8,        /**< "l" */
  WEIR_U64 = 9,        /**< "L" */
  WEIR_F32 = 10,       /**< "f" */
  WEIR_F64 = 11,       /**< "g" */
  WEIR_UTF8 = 12,      /**< 32-bit offsets, then bytes that are valid UTF-8     ("u") */
  WEIR_BINARY = 13,    /**< 32-bit offsets, then bytes                         ("z") */
  WEIR_TIMESTAMP = 14, /**< int64 microseconds since 1970-01-01T00:00:00Z  ("tsu:UTC") */
  WEIR_LIST = 15,      /**< 32-bit offsets into one child                     ("+l") */
  WEIR_FIXED = 16,     /**< N values of one f32 child a row: a row-major matrix ("+w:N") */
  WEIR_STRUCT = 17,    /**< named children                                    ("+s") */
} weir_type;

/** The type that an Arrow format string stands for, or WEIR_TYPE_NONE. `width`, if not NULL, gets N of
 * "+w:N". */
static inline weir_type
weir_type_from_format(const char *format, int32_t *width)
{
  static const char letters[] = "bcCsSiIlLfguz";
  if (width)
    *width = 0;
  if (!format || !format[0])
    return WEIR_TYPE_NONE;
  if (!format[1]) {
    const char *at = strchr(letters, format[0]);
    return at ? (weir_type)(at - letters + 1) : WEIR_TYPE_NONE;
  }
  if (!strcmp(format, "tsu:UTC"))
    return WEIR_TIMESTAMP;
  if (!strcmp(format, "+l"))
    return WEIR_LIST;
  if (!strcmp(format, "+s"))
    return WEIR_STRUCT;
  if (!strncmp(format, "+w:", 3)) {
    int64_t n = 0;
    for (const char *p = format + 3; *p; p++) {
      if (*p < '0' || *p > '9' || n > 100000000)
        return WEIR_TYPE_NONE;
      n = n * 10 + (*p - '0');
    }
    if (width)
      *width = (int32_t)n;
    return n > 0 ? WEIR_FIXED : WEIR_TYPE_NONE;
  }
  return WEIR_TYPE_NONE;
}

/** Bytes of one value of a fixed-width type; 0 for bool (bits) and for types of variable width. */
static inline size_t
weir_type_size(weir_type type)
{
  static const uint8_t size[] = {0, 0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, 8, 0, 0, 0};
  return (unsigned)type < sizeof size ? size[type] : 0;
}

/* ---------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------ */

/** Text or bytes that belong to a batch: `len` bytes at `data`, not terminated by NUL. */
typedef struct weir_text {
  const char *data;
  int64_t len;
} weir_text;

/**
 * A column of a batch, ready to be read. It borrows the batch: use it only while the batch lives (a batch
 * that went into weir_derive() lives until weir_send()). Row numbers run from 0 to `length` - 1; offsets of
 * the batch and of the column are already in the pointers.
 */
typedef struct weir_column {
  weir_type type;
  int32_t width;           /**< N of fixed<f32,N>, else 0 */
  int64_t length;          /**< rows */
  int64_t bit_offset;      /**< of row 0 in `validity`, and in `values` of a bool column */
  const uint8_t *validity; /**< one bit a row, 1 = present; NULL: no row is null */
  const void *values;      /**< fixed-width values, bits of a bool column; NULL for others */
  const int32_t *offsets;  /**< length + 1 offsets of text, binary, list */
  const char *bytes;       /**< of text and binary */
  const struct ArrowSchema *schema;
  const struct ArrowArray *array;
} weir_column;

/* What the host checks of each batch, told to clang's static analyzer alone, which cannot know it. */
#ifdef __clang_analyzer__
#define WEIR_CHECKED(condition) ((condition) ? (void)0 : __builtin_unreachable())
#else
#define WEIR_CHECKED(condition) ((void)0)
#endif

/**
 * Look at one column. `base` is the offset of the parent (the batch), which counts for its children too;
 * `length` the number of rows. A column of a type that is not ours gets WEIR_TYPE_NONE.
 */
static inline weir_column
weir_column_view(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t base,
                 int64_t length)
{
  weir_column c;
  int64_t start = array->offset + base;
  memset(&c, 0, sizeof c);
  c.type = weir_type_from_format(schema->format, &c.width);
  c.length = length;
  c.bit_offset = start;
  c.schema = schema;
  c.array = array;
  if (c.type == WEIR_TYPE_NONE)
    return c;
  WEIR_CHECKED(length == 0 || c.type == WEIR_STRUCT || c.type == WEIR_FIXED || array->buffers[1]);
  if (array->null_count != 0)
    c.validity = (const uint8_t *)array->buffers[0];
  if (c.type == WEIR_UTF8 || c.type == WEIR_BINARY || c.type == WEIR_LIST) {
    static const int32_t none[1] = {0};
    c.offsets = array->buffers[1] ? (const int32_t *)array->buffers[1] + start : none;
    WEIR_CHECKED(length == 0 || c.offsets != none);
    if (c.type != WEIR_LIST)
      c.bytes = (const char *)array->buffers[2];
  } else if (c.type == WEIR_FIXED) {
    const struct ArrowArray *item = array->children[0];
    WEIR_CHECKED(length == 0 || item->buffers[1]);
    if (item->buffers[1])
      c.values = (const float *)item->buffers[1] + item->offset + start * c.width;
  } else if (c.type == WEIR_BOOL) {
    c.values = array->buffers[1];
  } else if (c.type != WEIR_STRUCT && array->buffers[1]) {
    c.values = (const char *)array->buffers[1] + (size_t)start * weir_type_size(c.type);
  }
  return c;
}

/** Column `index` of a batch. */
static inline weir_column
weir_batch_column(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t index)
{
  return weir_column_view(schema->children[index], batch->children[index], batch->offset, batch->length);
}

/** The child of a list column: its rows are what `offsets` of the list points into. */
static inline weir_column
weir_column_items(const weir_column *list)
{
  const struct ArrowArray *child = list->array->children[0];
  return weir_column_view(list->schema->children[0], child, 0, child->length);
}

/** Member `index` of a struct column, with the same rows. */
static inline weir_column
weir_column_member(const weir_column *parent, int64_t index)
{
  return weir_column_view(parent->schema->children[index], parent->array->children[index], parent->bit_offset,
                          parent->length);
}

static inline bool
weir_is_null(const weir_column *c, int64_t row)
{
  int64_t bit = c->bit_offset + row;
  return c->validity && !((c->validity[bit >> 3] >> (bit & 7)) & 1);
}

/** Text or bytes of a row of a utf8 or binary column. A null row gives what lies there, usually length 0. */
static inline weir_text
weir_get_text(const weir_column *c, int64_t row)
{
  weir_text t;
  WEIR_CHECKED(row >= 0 && row < c->length && c->offsets);
  int32_t start = c->offsets[row];
  t.len = c->offsets[row + 1] - (int64_t)start;
  WEIR_CHECKED(t.len == 0 || c->bytes);
  t.data = t.len ? c->bytes + start : "";
  return t;
}

static inline bool
weir_get_bool(const weir_column *c, int64_t row)
{
  int64_t bit = c->bit_offset + row;
  WEIR_CHECKED(row >= 0 && row < c->length && c->values);
  return (((const uint8_t *)c->values)[bit >> 3] >> (bit & 7)) & 1;
}

/** A value of any integer, bool or timestamp column; a u64 beyond INT64_MAX wraps; 0 for other types. */
static inline int64_t
weir_get_integer(const weir_column *c, int64_t row)
{
  WEIR_CHECKED(row >= 0 && row < c->length);
  switch (c->type) {
  case WEIR_BOOL:
    return weir_get_bool(c, row);
  case WEIR_I8:
    return ((const int8_t *)c->values)[row];
  case WEIR_U8:
    return ((const uint8_t *)c->values)[row];
  case WEIR_I16:
    return ((const int16_t *)c->values)[row];
  case WEIR_U16:
    return ((const uint16_t *)c->values)[row];
  case WEIR_I32:
    return ((const int32_t *)c->values)[row];
  case WEIR_U32:
    return ((const uint32_t *)c->values)[row];
  case WEIR_I64:
  case WEIR_TIMESTAMP:
    return ((const int64_t *)c->values)[row];
  case WEIR_U64:
    return (int64_t)((const uint64_t *)c->values)[row];
  default:
    return 0;
  }
}

/** A value of any number column as double; integers beyond 2^53 are rounded. */
static inline double
weir_get_number(const weir_column *c, int64_t row)
{
  WEIR_CHECKED(row >= 0 && row < c->length);
  switch (c->type) {
  case WEIR_F32:
    return (double)((const float *)c->values)[row];
  case WEIR_F64:
    return ((const double *)c->values)[row];
  case WEIR_U64:
    return (double)((const uint64_t *)c->values)[row];
  default:
    return (double)weir_get_integer(c, row);
  }
}

/** The N floats of a row of a fixed<f32,N> column. */
static inline const float *
weir_get_vector(const weir_column *c, int64_t row)
{
  return (const float *)c->values + row * c->width;
}

/* ---------------------------------------------------------------------------------------------------------
 * Building
 *
 * The host makes a builder for an output port (weir_batch_new() or weir_derive() in weir/plugin.h); the stage
 * appends one value a row to every column and sends it. An append that cannot be done (no memory, more than
 * 2 GiB of text, a value that does not fit the type) is remembered in the builder, and the send reports it
 * with row and column. So appends need no check of their own; they return -1 for loops that want to stop
 * early.
 * ------------------------------------------------------------------------------------------------------ */

typedef struct weir_builder weir_builder;

/** One column that is being built. Stages use the weir_put_ functions; the members serve fast readers. */
struct weir_builder {
  weir_type type;
  int32_t width;         /**< N of fixed<f32,N> */
  int64_t length;        /**< rows appended */
  int64_t capacity;      /**< rows that fit before grow() */
  int64_t null_count;    /**< rows appended as null */
  uint8_t *validity;     /**< NULL until the first null; then bits of all rows so far, new bits must be set */
  void *values;          /**< fixed-width values; bits of bool, zeroed beyond length */
  int32_t *offsets;      /**< length + 1 offsets of text, binary, list; offsets[length] = n_bytes or items */
  char *bytes;           /**< of text and binary */
  int64_t n_bytes;       /**< bytes in use */
  int64_t byte_capacity; /**< bytes that fit before grow() */
  weir_builder **children;
  int64_t n_children;
  /** Make room for `rows` more rows and `bytes` more bytes. Pointers above may change. 0 or -1 (remembered).
   */
  int (*grow)(weir_builder *column, int64_t rows, int64_t bytes);
  /** Append a null. */
  int (*put_null)(weir_builder *column);
  /** Remember that a value did not fit. Returns -1. */
  int (*refuse)(weir_builder *column, const char *why);
  void *host_data; /**< the host's own */
};

/** Room for `rows` and `bytes` more, or -1. A negative size is never there: grow() refuses it. */
static inline int
weir_room(weir_builder *c, int64_t rows, int64_t bytes)
{
  if ((uint64_t)(c->capacity - c->length) >= (uint64_t)rows &&
      (uint64_t)(c->byte_capacity - c->n_bytes) >= (uint64_t)bytes)
    return 0;
  return c->grow(c, rows, bytes);
}

/* Count a row whose value was written; the room for it is there. */
static inline void
weir_builder_count(weir_builder *c)
{
  if (c->validity)
    c->validity[c->length >> 3] |= (uint8_t)(1u << (c->length & 7));
  c->length++;
}

static inline int
weir_put_null(weir_builder *c)
{
  return c->put_null(c);
}

/** Append a row of `len` bytes that the caller fills at the returned address; NULL when there is no room. */
static inline char *
weir_put_space(weir_builder *c, int64_t len)
{
  char *at;
  if (c->type != WEIR_UTF8 && c->type != WEIR_BINARY) {
    c->refuse(c, "text was put into a column of another type");
    return NULL;
  }
  if (weir_room(c, 1, len))
    return NULL;
  at = c->bytes + c->n_bytes;
  c->n_bytes += len;
  weir_builder_count(c);
  c->offsets[c->length] = (int32_t)c->n_bytes;
  return at;
}

/** Append text (utf8: it must be valid UTF-8) or bytes. */
static inline int
weir_put_text(weir_builder *c, const char *data, int64_t len)
{
  char *at = weir_put_space(c, len);
  if (!at)
    return -1;
  if (len)
    memcpy(at, data, (size_t)len);
  return 0;
}

/** Append a string that ends with NUL; NULL appends a null. */
static inline int
weir_put_string(weir_builder *c, const char *string)
{
  return string ? weir_put_text(c, string, (int64_t)strlen(string)) : weir_put_null(c);
}

static inline int
weir_put_bool(weir_builder *c, bool value)
{
  if (c->type != WEIR_BOOL)
    return c->refuse(c, "a boolean was put into a column of another type");
  if (weir_room(c, 1, 0))
    return -1;
  if (value)
    ((uint8_t *)c->values)[c->length >> 3] |= (uint8_t)(1u << (c->length & 7));
  weir_builder_count(c);
  return 0;
}

/** Append to any number or timestamp column; a value that the type cannot hold is refused. */
static inline int
weir_put_integer(weir_builder *c, int64_t value)
{
  bool fits = true;
  if (weir_room(c, 1, 0))
    return -1;
  switch (c->type) {
  case WEIR_I8:
    fits = value >= INT8_MIN && value <= INT8_MAX;
    ((int8_t *)c->values)[c->length] = (int8_t)value;
    break;
  case WEIR_U8:
    fits = value >= 0 && value <= UINT8_MAX;
    ((uint8_t *)c->values)[c->length] = (uint8_t)value;
    break;
  case WEIR_I16:
    fits = value >= INT16_MIN && value <= INT16_MAX;
    ((int16_t *)c->values)[c->length] = (int16_t)value;
    break;
  case WEIR_U16:
    fits = value >= 0 && value <= UINT16_MAX;
    ((uint16_t *)c->values)[c->length] = (uint16_t)value;
    break;
  case WEIR_I32:
    fits = value >= INT32_MIN && value <= INT32_MAX;
    ((int32_t *)c->values)[c->length] = (int32_t)value;
    break;
  case WEIR_U32:
    fits = value >= 0 && value <= UINT32_MAX;
    ((uint32_t *)c->values)[c->length] = (uint32_t)value;
    break;
  case WEIR_I64:
  case WEIR_TIMESTAMP:
    ((int64_t *)c->values)[c->length] = value;
    break;
  case WEIR_U64:
    fits = value >= 0;
    ((uint64_t *)c->values)[c->length] = (uint64_t)value;
    break;
  case WEIR_F32:
    ((float *)c->values)[c->length] = (float)value;
    break;
  case WEIR_F64:
    ((double *)c->values)[c->length] = (double)value;
    break;
  default:
    return c->refuse(c, "an integer was put into a column of another type");
  }
  if (!fits)
    return c->refuse(c, "an integer is out of the column's range");
  weir_builder_count(c);
  return 0;
}

/** Append to a u64 column the whole range of uint64_t. */
static inline int
weir_put_u64(weir_builder *c, uint64_t value)
{
  if (c->type != WEIR_U64)
    return c->refuse(c, "an unsigned integer was put into a column of another type");
  if (weir_room(c, 1, 0))
    return -1;
  ((uint64_t *)c->values)[c->length] = value;
  weir_builder_count(c);
  return 0;
}

/** Append to an f32 or f64 column. */
static inline int
weir_put_number(weir_builder *c, double value)
{
  if (c->type != WEIR_F32 && c->type != WEIR_F64)
    return c->refuse(c, "a real number was put into a column of another type");
  if (weir_room(c, 1, 0))
    return -1;
  if (c->type == WEIR_F64)
    ((double *)c->values)[c->length] = value;
  else
    ((float *)c->values)[c->length] = (float)value;
  weir_builder_count(c);
  return 0;
}

/** Append the N floats of a row of fixed<f32,N>; the caller fills them at the returned address. NULL: no
 * room. */
static inline float *
weir_put_vector(weir_builder *c)
{
  float *at;
  if (c->type != WEIR_FIXED) {
    c->refuse(c, "a vector was put into a column of another type");
    return NULL;
  }
  if (weir_room(c, 1, 0))
    return NULL;
  at = (float *)c->values + c->length * c->width;
  weir_builder_count(c);
  return at;
}

/** End a row of a list column: what was appended to children[0] since the last row are its items. */
static inline int
weir_put_list(weir_builder *c)
{
  if (c->type != WEIR_LIST)
    return c->refuse(c, "a list was put into a column of another type");
  if (weir_room(c, 1, 0))
    return -1;
  if (c->children[0]->length > INT32_MAX)
    return c->refuse(c, "a list column has more than 2^31 items");
  weir_builder_count(c);
  c->offsets[c->length] = (int32_t)c->children[0]->length;
  return 0;
}

/** End a row of a struct column: every member got one value. */
static inline int
weir_put_struct(weir_builder *c)
{
  if (c->type != WEIR_STRUCT)
    return c->refuse(c, "a struct was put into a column of another type");
  if (weir_room(c, 1, 0))
    return -1;
  weir_builder_count(c);
  return 0;
}

#ifdef __cplusplus
}
#endif

#endif /* WEIR_COLUMNS_H */
