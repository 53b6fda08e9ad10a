/* SPDX-License-Identifier: MIT */
/* Builders: columns that grow row by row, and their buffers handed over as Arrow arrays. */
#include "base/error.h"
#include "core/batch_private.h"
#include "core/type_expr.h"
#include <stdlib.h>

#define FIRST_BYTES 4096 /* of values, and of text: what a buffer begins with, unless it is told */

/* A builder with what only the host knows of it. The member comes first: weir_builder * converts. */
typedef struct HostBuilder HostBuilder;
struct HostBuilder {
  weir_builder base;
  HostBuilder *root; /* the column that it is part of; itself for a column */
  const char *name;  /* of a column or member; owned */
  gboolean nullable;
  gint64 first_bytes;
  gint64 rows_hint; /* what the last batch took, so that the next one is allocated once */
  gint64 bytes_hint;
  char *error; /* the first that went wrong, in the root */
};

static HostBuilder *
host_builder(weir_builder *builder)
{
  return (HostBuilder *)builder;
}

static gboolean
has_offsets(weir_type type)
{
  return type == WEIR_UTF8 || type == WEIR_BINARY || type == WEIR_LIST;
}

/* ---- Arrays ---- */

/* What an array of ours owns besides its buffers: the room that its pointers and children lie in. */
static void
array_release(struct ArrowArray *array)
{
  for (gint64 i = 0; i < array->n_children; i++)
    if (array->children[i]->release)
      array->children[i]->release(array->children[i]);
  for (gint64 i = 0; i < array->n_buffers; i++)
    free((void *)array->buffers[i]);
  g_free(array->private_data);
  array->release = NULL;
}

void
weir_array_init(struct ArrowArray *array, gint64 length, gint64 null_count, guint n_buffers, guint n_children)
{
  gsize pointers = (n_buffers + n_children) * sizeof(void *);
  char *block = g_malloc0(pointers + n_children * sizeof(struct ArrowArray));
  struct ArrowArray *child = (struct ArrowArray *)(block + pointers);
  *array = (struct ArrowArray){.length = length,
                               .null_count = null_count,
                               .n_buffers = n_buffers,
                               .n_children = n_children,
                               .buffers = (const void **)block,
                               .release = array_release,
                               .private_data = block};
  if (n_children)
    array->children = (struct ArrowArray **)(block + n_buffers * sizeof(void *));
  for (guint i = 0; i < n_children; i++)
    array->children[i] = child + i;
}

guint
weir_type_n_buffers(weir_type type)
{
  if (type == WEIR_UTF8 || type == WEIR_BINARY)
    return 3;
  return type == WEIR_FIXED || type == WEIR_STRUCT ? 1 : 2;
}

gpointer
weir_buffer_alloc(gsize bytes)
{
  void *buffer = NULL;
  if (bytes > G_MAXSSIZE - WEIR_BUFFER_ALIGNMENT)
    return NULL;
  if (posix_memalign(&buffer, WEIR_BUFFER_ALIGNMENT, MAX(weir_buffer_round(bytes), WEIR_BUFFER_ALIGNMENT)))
    return NULL;
  return buffer;
}

/* ---- Errors ---- */

static int
builder_refuse(weir_builder *builder, const char *why)
{
  HostBuilder *self = host_builder(builder);
  HostBuilder *root = self->root;
  if (!root->error && self != root)
    root->error =
        g_strdup_printf("row %" G_GINT64_FORMAT ": in \"%s\": %s", root->base.length, self->name, why);
  else if (!root->error)
    root->error = g_strdup_printf("row %" G_GINT64_FORMAT ": %s", root->base.length, why);
  return -1;
}

static int
refuse_memory(weir_builder *builder, gsize bytes)
{
  g_autofree char *size = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *why = g_strdup_printf("there is no memory for a buffer of %s", size);
  return builder_refuse(builder, why);
}

/* ---- Growing ---- */

/* A buffer of `to` bytes with the first `used` bytes of the old one; with `zero` the rest is zeroed. */
static gboolean
regrow(weir_builder *builder, void **buffer, gsize used, gsize to, gboolean zero)
{
  char *fresh = weir_buffer_alloc(to);
  if (!fresh) {
    refuse_memory(builder, to);
    return FALSE;
  }
  if (*buffer)
    memcpy(fresh, *buffer, used);
  if (zero)
    memset(fresh + used, 0, weir_buffer_round(to) - used);
  free(*buffer);
  *buffer = fresh;
  return TRUE;
}

static gsize
bits_bytes(gint64 rows)
{
  return ((gsize)rows + 7) / 8;
}

/* Bytes of a row among the values; 0 for a type that has none, or has bits. */
static gsize
row_bytes(const weir_builder *builder)
{
  return builder->type == WEIR_FIXED ? (gsize)builder->width * sizeof(float) : weir_type_size(builder->type);
}

/* The next capacity: what is needed, but at least twice the last, what the last batch took, and `least`. */
static gint64
next_capacity(gint64 needed, gint64 now, gint64 hint, gint64 least, gint64 most)
{
  gint64 next = now > most / 2 ? most : now * 2;
  if (now == 0)
    next = MAX(hint, least);
  return CLAMP(MAX(next, needed), 0, most);
}

static int
grow_rows(weir_builder *builder, gint64 rows)
{
  gsize row = row_bytes(builder);
  gsize per_row = MAX(MAX(row, has_offsets(builder->type) ? sizeof(int32_t) : 0), 1);
  gint64 most = (gint64)((G_MAXSSIZE - FIRST_BYTES) / per_row) - 1;
  gint64 needed;
  if (__builtin_add_overflow(builder->length, rows, &needed) || needed > most)
    return builder_refuse(builder, "a batch cannot have that many rows");
  const HostBuilder *self = host_builder(builder);
  gint64 least = MAX(self->first_bytes / (gint64)per_row, 1);
  gint64 to = next_capacity(needed, builder->capacity, self->rows_hint, least, most);
  gsize used = (gsize)builder->length;
  if (builder->validity &&
      !regrow(builder, (void **)&builder->validity, bits_bytes(builder->length), bits_bytes(to), TRUE))
    return -1;
  if (builder->type == WEIR_BOOL &&
      !regrow(builder, &builder->values, bits_bytes(builder->length), bits_bytes(to), TRUE))
    return -1;
  if (row && !regrow(builder, &builder->values, used * row, (gsize)to * row, FALSE))
    return -1;
  if (has_offsets(builder->type)) {
    gboolean begun = builder->offsets != NULL;
    if (!regrow(builder, (void **)&builder->offsets, begun ? (used + 1) * sizeof(int32_t) : 0,
                ((gsize)to + 1) * sizeof(int32_t), FALSE))
      return -1;
    if (!begun)
      builder->offsets[0] = 0;
  }
  builder->capacity = to;
  return 0;
}

static int
grow_bytes(weir_builder *builder, gint64 bytes)
{
  gint64 needed;
  if (__builtin_add_overflow(builder->n_bytes, bytes, &needed) || needed > INT32_MAX)
    return builder_refuse(builder, "a batch holds at most 2 GiB of text in a column");
  const HostBuilder *self = host_builder(builder);
  gint64 to = next_capacity(needed, builder->byte_capacity, self->bytes_hint, self->first_bytes, INT32_MAX);
  if (!regrow(builder, (void **)&builder->bytes, (gsize)builder->n_bytes, (gsize)to, FALSE))
    return -1;
  builder->byte_capacity = to;
  return 0;
}

static int
builder_grow(weir_builder *builder, int64_t rows, int64_t bytes)
{
  if (rows < 0 || bytes < 0)
    return builder_refuse(builder, "a negative size was asked for");
  if (builder->capacity - builder->length < rows && grow_rows(builder, rows))
    return -1;
  if (builder->type != WEIR_UTF8 && builder->type != WEIR_BINARY)
    return 0;
  /* An empty text needs no room, but an address: a NULL from weir_put_space() would say that there is none. */
  if ((!builder->bytes || builder->byte_capacity - builder->n_bytes < bytes) && grow_bytes(builder, bytes))
    return -1;
  return 0;
}

/* ---- Nulls ---- */

gboolean
weir_builder_begin_validity(weir_builder *builder)
{
  gsize size = bits_bytes(builder->capacity);
  if (builder->validity)
    return TRUE;
  builder->validity = weir_buffer_alloc(size);
  if (!builder->validity) {
    refuse_memory(builder, size);
    return FALSE;
  }
  memset(builder->validity, 0, weir_buffer_round(size));
  memset(builder->validity, 0xff, (gsize)builder->length / 8);
  if (builder->length % 8)
    builder->validity[builder->length / 8] = (uint8_t)((1u << (builder->length % 8)) - 1);
  return TRUE;
}

/* A row without a value: zero, empty, and of a struct each member; null where the builder takes nulls. */
static int
append_empty(weir_builder *builder, gboolean null)
{
  gsize row = row_bytes(builder);
  if (weir_room(builder, 1, 0) || (null && !weir_builder_begin_validity(builder)))
    return -1;
  for (gint64 i = 0; builder->type == WEIR_STRUCT && i < builder->n_children; i++) {
    weir_builder *member = builder->children[i];
    if (member->length != builder->length)
      return builder_refuse(builder, "members were put into a row that is null");
    if (append_empty(member, host_builder(member)->nullable))
      return -1;
  }
  if (builder->type == WEIR_LIST && builder->children[0]->length != builder->offsets[builder->length])
    return builder_refuse(builder, "items were put into a row that is null");
  if (row)
    memset((char *)builder->values + (gsize)builder->length * row, 0, row);
  if (has_offsets(builder->type))
    builder->offsets[builder->length + 1] = builder->offsets[builder->length];
  if (null) {
    builder->null_count++;
    builder->length++;
  } else {
    weir_builder_count(builder);
  }
  return 0;
}

static int
builder_put_null(weir_builder *builder)
{
  if (!host_builder(builder)->nullable)
    return builder_refuse(builder, "a null, but the type says that none comes (W18)");
  return append_empty(builder, TRUE);
}

/* ---- Making and freeing ---- */

static weir_builder *
builder_make(const struct ArrowSchema *field, HostBuilder *root)
{
  HostBuilder *self = g_new0(HostBuilder, 1);
  weir_builder *base = &self->base;
  self->root = root ? root : self;
  self->first_bytes = FIRST_BYTES;
  self->name = g_strdup(field->name ? field->name : "");
  self->nullable = (field->flags & ARROW_FLAG_NULLABLE) != 0;
  base->type = weir_type_from_format(field->format, &base->width);
  base->grow = builder_grow;
  base->put_null = builder_put_null;
  base->refuse = builder_refuse;
  if (base->type == WEIR_LIST || base->type == WEIR_STRUCT) {
    base->n_children = field->n_children;
    base->children = g_new0(weir_builder *, field->n_children);
    for (gint64 i = 0; i < field->n_children; i++)
      base->children[i] = builder_make(field->children[i], self->root);
  }
  return base;
}

weir_builder *
weir_builder_new(const struct ArrowSchema *field)
{
  return builder_make(field, NULL);
}

void
weir_builder_begin_with(weir_builder *builder, gint64 bytes)
{
  host_builder(builder)->first_bytes = bytes;
  for (gint64 i = 0; i < builder->n_children; i++)
    weir_builder_begin_with(builder->children[i], bytes);
}

static void
free_buffers(weir_builder *builder)
{
  g_clear_pointer(&builder->validity, free);
  g_clear_pointer(&builder->values, free);
  g_clear_pointer(&builder->offsets, free);
  g_clear_pointer(&builder->bytes, free);
}

/* Ready for the next batch, the buffers being gone. */
static void
start_over(weir_builder *builder)
{
  HostBuilder *self = host_builder(builder);
  if (builder->length) {
    self->rows_hint = builder->length + builder->length / 8;
    self->bytes_hint = MIN(builder->n_bytes + builder->n_bytes / 8, INT32_MAX);
  }
  builder->validity = NULL;
  builder->values = NULL;
  builder->offsets = NULL;
  builder->bytes = NULL;
  builder->length = builder->capacity = builder->null_count = 0;
  builder->n_bytes = builder->byte_capacity = 0;
}

void
weir_builder_reset(weir_builder *builder)
{
  free_buffers(builder);
  start_over(builder);
  g_clear_pointer(&host_builder(builder)->error, g_free);
  for (gint64 i = 0; i < builder->n_children; i++)
    weir_builder_reset(builder->children[i]);
}

void
weir_builder_free(weir_builder *builder)
{
  if (!builder)
    return;
  HostBuilder *self = host_builder(builder);
  for (gint64 i = 0; i < builder->n_children; i++)
    weir_builder_free(builder->children[i]);
  free_buffers(builder);
  g_free(builder->children);
  g_free((char *)self->name);
  g_free(self->error);
  g_free(self);
}

const char *
weir_builder_error(const weir_builder *builder)
{
  return ((const HostBuilder *)builder)->root->error;
}

/* ---- Finishing ---- */

/* That lists and structs have as many items and members as their rows say, and an offset to begin with. */
static gboolean
check_whole(weir_builder *builder)
{
  g_autofree char *why = NULL;
  if (has_offsets(builder->type) && !builder->offsets && weir_room(builder, 1, 0))
    return FALSE;
  g_assert(builder->type != WEIR_LIST || builder->offsets);
  for (gint64 i = 0; i < builder->n_children; i++) {
    weir_builder *child = builder->children[i];
    gint64 wanted = builder->type == WEIR_LIST ? builder->offsets[builder->length] : builder->length;
    if (!check_whole(child))
      return FALSE;
    if (child->length == wanted)
      continue;
    if (builder->type == WEIR_LIST)
      why = g_strdup_printf("%" G_GINT64_FORMAT " items were put after the last list was ended",
                            child->length - wanted);
    else
      why = g_strdup_printf("%" G_GINT64_FORMAT " values in member \"%s\" for %" G_GINT64_FORMAT " rows",
                            child->length, host_builder(child)->name, wanted);
    builder_refuse(builder, why);
    return FALSE;
  }
  return TRUE;
}

/* A buffer of `size` bytes of which few are used gives way to one that fits: batches of a few rows may be many, and
 * held, and a budget counts what is used. */
static void *
fit(void *buffer, gsize used, gsize size)
{
  if (!buffer || size <= (gsize)4 * WEIR_BUFFER_ALIGNMENT || used > size / 4)
    return buffer;
  void *small = weir_buffer_alloc(used);
  if (!small)
    return buffer;
  memcpy(small, buffer, used);
  free(buffer);
  return small;
}

/* Hands a buffer over, zeroed behind what is used, so that equal columns have equal bytes. */
static void
hand_over(struct ArrowArray *array, guint index, void *buffer, gsize used, gsize size)
{
  buffer = fit(buffer, used, size);
  if (buffer)
    memset((char *)buffer + used, 0, weir_buffer_round(used) - used);
  array->buffers[index] = buffer;
}

static void
finish_into(weir_builder *builder, struct ArrowArray *out)
{
  weir_type type = builder->type;
  gsize length = (gsize)builder->length, room = (gsize)builder->capacity;
  guint n_children = type == WEIR_FIXED ? 1 : (guint)builder->n_children;
  weir_array_init(out, builder->length, builder->null_count, weir_type_n_buffers(type), n_children);
  if (builder->null_count == 0)
    g_clear_pointer(&builder->validity, free);
  hand_over(out, 0, builder->validity, bits_bytes(builder->length), bits_bytes(builder->capacity));
  if (has_offsets(type))
    hand_over(out, 1, builder->offsets, (length + 1) * sizeof(int32_t), (room + 1) * sizeof(int32_t));
  if (type == WEIR_UTF8 || type == WEIR_BINARY)
    hand_over(out, 2, builder->bytes, (gsize)builder->n_bytes, (gsize)builder->byte_capacity);
  if (type == WEIR_BOOL)
    hand_over(out, 1, builder->values, bits_bytes(builder->length), bits_bytes(builder->capacity));
  if (weir_type_size(type))
    hand_over(out, 1, builder->values, length * weir_type_size(type), room * weir_type_size(type));
  if (type == WEIR_FIXED) {
    weir_array_init(out->children[0], builder->length * builder->width, 0, 2, 0);
    hand_over(out->children[0], 1, builder->values, length * row_bytes(builder), room * row_bytes(builder));
  }
  for (gint64 i = 0; i < builder->n_children; i++)
    finish_into(builder->children[i], out->children[i]);
  start_over(builder);
}

gboolean
weir_builder_finish(weir_builder *builder, struct ArrowArray *out, GError **error)
{
  if (weir_builder_error(builder) || !check_whole(builder)) {
    g_set_error_literal(error, WEIR_ERROR, WEIR_ERROR_FAILED, weir_builder_error(builder));
    return FALSE;
  }
  finish_into(builder, out);
  return TRUE;
}

gboolean
weir_batch_from_columns(struct ArrowArray *columns, guint n, gint64 length, struct ArrowArray *out,
                        GError **error)
{
  for (guint i = 0; i < n; i++) {
    if (columns[i].length == length)
      continue;
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED,
                "column %u has %" G_GINT64_FORMAT " rows where the batch has %" G_GINT64_FORMAT " (W16)", i,
                columns[i].length, length);
    for (guint k = 0; k < n; k++)
      weir_batch_release(&columns[k]);
    return FALSE;
  }
  weir_array_init(out, length, 0, 1, n);
  for (guint i = 0; i < n; i++)
    weir_batch_move(&columns[i], out->children[i]);
  return TRUE;
}
