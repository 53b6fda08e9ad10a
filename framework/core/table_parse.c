/* SPDX-License-Identifier: MIT */
/* Makes a batch over a block of a table file, whose numbers are not trusted. */
#include "core/batch_private.h"
#include "core/table_private.h"

/* What the arrays of one batch share: the block's hold, and the memory in which all but the first of them lie. */
typedef struct {
  gint alive; /* arrays that are not released */
  WeirTableHold hold;
} Lease;

static void
array_release(struct ArrowArray *array)
{
  Lease *lease = array->private_data;
  for (gint64 i = 0; i < array->n_children; i++)
    weir_batch_release(array->children[i]);
  array->release = NULL;
  if (!g_atomic_int_dec_and_test(&lease->alive))
    return;
  if (lease->hold.release)
    lease->hold.release(lease->hold.data, lease->hold.index);
  g_free(lease);
}

/* How much of everything a schema's batches have. */
typedef struct {
  gsize nodes, arrays, buffers;
} Counts;

static void
count_field(const struct ArrowSchema *field, Counts *counts)
{
  gint32 width = 0;
  weir_type type = weir_type_from_format(field->format, &width);
  counts->nodes++;
  counts->arrays += type == WEIR_FIXED ? 2 : 1;
  counts->buffers += weir_type_n_buffers(type) + (type == WEIR_FIXED ? 2 : 0);
  for (gint64 i = 0; type != WEIR_FIXED && i < field->n_children; i++)
    count_field(field->children[i], counts);
}

typedef struct {
  const char *at;
  gsize left;
  const WeirTableNode *node;
  struct ArrowArray *arrays; /* the next that are free, of each */
  struct ArrowArray **pointers;
  const void **buffers;
  Lease *lease;
} Parse;

/* The next buffer. NULL: the block ends before. */
static const void *
take(Parse *parse, gsize size)
{
  const char *at = parse->at;
  gsize whole = weir_buffer_round(size);
  if (whole < size || whole > parse->left)
    return NULL;
  parse->at += whole;
  parse->left -= whole;
  return at;
}

static void
begin_array(Parse *parse, struct ArrowArray *array, guint64 length, guint64 nulls, guint n_buffers,
            guint n_children)
{
  *array = (struct ArrowArray){.length = (gint64)length,
                               .null_count = (gint64)nulls,
                               .n_buffers = n_buffers,
                               .n_children = n_children,
                               .buffers = parse->buffers,
                               .release = array_release,
                               .private_data = parse->lease};
  parse->buffers += n_buffers;
  parse->lease->alive++;
  if (n_children)
    array->children = parse->pointers;
  parse->pointers += n_children;
  for (guint i = 0; i < n_children; i++)
    array->children[i] = parse->arrays++;
}

static gboolean
offsets_are_good(const int32_t *offsets, guint64 length, guint64 end)
{
  return offsets[0] == 0 && offsets[length] >= 0 && (guint64)offsets[length] == end;
}

/* The nodes of a column and of what is in it; `length` rows, as what it is in says. */
static gboolean
parse_column(Parse *parse, const struct ArrowSchema *field, guint64 length, struct ArrowArray *array)
{
  const WeirTableNode *node = parse->node++;
  WeirTableSizes sizes;
  gint32 width = 0;
  weir_type type = weir_type_from_format(field->format, &width);
  if (node->length != length || !weir_table_node_sizes(field, node, &sizes))
    return FALSE;
  guint n_children = type == WEIR_FIXED ? 1 : (guint)field->n_children;
  begin_array(parse, array, length, node->null_count, weir_type_n_buffers(type), n_children);
  if (sizes.validity && !(array->buffers[0] = take(parse, sizes.validity)))
    return FALSE;
  const int32_t *offsets = sizes.offsets ? take(parse, sizes.offsets) : NULL;
  if (sizes.offsets && !offsets)
    return FALSE;
  if (offsets)
    array->buffers[1] = offsets;
  const void *values = take(parse, sizes.values);
  if (!values)
    return FALSE;
  if (type == WEIR_FIXED) {
    begin_array(parse, array->children[0], length * (guint64)width, 0, 2, 0);
    array->children[0]->buffers[1] = values;
  } else if (array->n_buffers == 2 && type != WEIR_LIST) {
    array->buffers[1] = values;
  }
  if (type == WEIR_UTF8 || type == WEIR_BINARY) {
    array->buffers[2] = take(parse, sizes.bytes);
    return offsets && array->buffers[2] && offsets_are_good(offsets, length, sizes.bytes);
  }
  if (type == WEIR_LIST)
    return offsets && offsets_are_good(offsets, length, parse->node->length) &&
           parse_column(parse, field->children[0], parse->node->length, array->children[0]);
  for (gint64 i = 0; type == WEIR_STRUCT && i < field->n_children; i++)
    if (!parse_column(parse, field->children[i], length, array->children[i]))
      return FALSE;
  return TRUE;
}

gboolean
weir_table_parse(const WeirSchema *schema, const char *block, gsize size, guint64 rows,
                 const WeirTableHold *hold, struct ArrowArray *batch)
{
  Counts counts = {.buffers = 1};
  const struct ArrowSchema *arrow = &schema->arrow;
  for (gint64 i = 0; i < arrow->n_children; i++)
    count_field(arrow->children[i], &counts);
  Parse parse = {.at = block, .left = size};
  parse.node = take(&parse, counts.nodes * sizeof(WeirTableNode));
  if (!parse.node || rows > (guint64)1 << 40)
    return FALSE;
  gsize arrays = sizeof(Lease) + counts.arrays * sizeof(struct ArrowArray);
  gsize pointers = counts.arrays * sizeof(struct ArrowArray *);
  char *memory = g_malloc0(arrays + pointers + counts.buffers * sizeof(void *));
  parse.lease = (Lease *)memory;
  parse.arrays = (struct ArrowArray *)(memory + sizeof(Lease));
  parse.pointers = (struct ArrowArray **)(memory + arrays);
  parse.buffers = (const void **)(memory + arrays + pointers);
  begin_array(&parse, batch, rows, 0, 1, (guint)arrow->n_children);
  gboolean good = TRUE;
  for (gint64 i = 0; good && i < arrow->n_children; i++)
    good = parse_column(&parse, arrow->children[i], rows, batch->children[i]);
  if (good && parse.left == 0) {
    parse.lease->hold = *hold;
    return TRUE;
  }
  weir_batch_release(batch);
  return FALSE;
}
