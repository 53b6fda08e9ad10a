/* SPDX-License-Identifier: MIT */
/* Several owners of one batch: wrappers over the same buffers, slices, and columns in another order. */
#include "base/error.h"
#include "core/batch_private.h"

/* The array that is shared. The wrapper that goes last releases it. */
typedef struct Shared {
  gint owners;
  struct ArrowArray array;
} Shared;

/* One wrapper: a single block with a copy of each struct of the tree below the root, so that a consumer can
 * move any of them out. `alive` counts the root and those structs until they are released; buffers and
 * pointers to them are those of the shared array. */
typedef struct Wrapper {
  gint alive;
  Shared *shared;
} Wrapper;

static void
shared_unref(Shared *shared)
{
  if (!g_atomic_int_dec_and_test(&shared->owners))
    return;
  if (shared->array.release)
    shared->array.release(&shared->array);
  g_free(shared);
}

static void node_release(struct ArrowArray *array);

/* Marks an array and what was not moved out of it as released. How many of the wrapper's structs that were.
 */
static gint
give_up(struct ArrowArray *array)
{
  gint n = 1;
  for (gint64 i = 0; i < array->n_children; i++) {
    struct ArrowArray *child = array->children[i];
    if (child->release == node_release && child->private_data == array->private_data)
      n += give_up(child);
    else if (child->release)
      child->release(child);
  }
  array->release = NULL;
  return n;
}

static void
node_release(struct ArrowArray *array)
{
  Wrapper *wrapper = array->private_data;
  gint n = give_up(array);
  if (g_atomic_int_add(&wrapper->alive, -n) != n)
    return;
  shared_unref(wrapper->shared);
  g_free(wrapper);
}

static gsize
count_below(const struct ArrowArray *array)
{
  gsize n = (gsize)array->n_children;
  for (gint64 i = 0; i < array->n_children; i++)
    if (array->children[i]->n_children)
      n += count_below(array->children[i]);
  return n;
}

/* Copies the children of `from` to `to`, taking room for structs and pointers as it goes. A child that was
 * moved out before stays missing. */
static void
copy_below(const struct ArrowArray *from, struct ArrowArray *to, Wrapper *wrapper,
           struct ArrowArray **structs, struct ArrowArray ***pointers)
{
  struct ArrowArray *copies = *structs;
  to->private_data = wrapper;
  if (from->release) {
    to->release = node_release;
    wrapper->alive++;
  }
  if (from->n_children == 0)
    return;
  to->children = *pointers;
  *pointers += from->n_children;
  *structs += from->n_children;
  for (gint64 i = 0; i < from->n_children; i++) {
    to->children[i] = &copies[i];
    copies[i] = *from->children[i];
    copy_below(from->children[i], &copies[i], wrapper, structs, pointers);
  }
}

static void
wrap(const struct ArrowArray *from, Shared *shared, gsize n_below, struct ArrowArray *out)
{
  gsize head = sizeof(Wrapper) + n_below * sizeof(struct ArrowArray);
  char *block = g_malloc(head + n_below * sizeof(struct ArrowArray *));
  Wrapper *wrapper = (Wrapper *)block;
  struct ArrowArray *structs = (struct ArrowArray *)(block + sizeof(Wrapper));
  struct ArrowArray **pointers = (struct ArrowArray **)(block + head);
  wrapper->alive = 0;
  wrapper->shared = shared;
  *out = *from;
  copy_below(from, out, wrapper, &structs, &pointers);
}

/* Whether all of an array is of one wrapper: then further wrappers can stand beside it, over the same shared array.
 * A table's batch is shared at every reading; wrappers of wrappers would pile up. */
static gboolean
is_whole_wrapper(const struct ArrowArray *array)
{
  if (array->release != node_release)
    return FALSE;
  for (gint64 i = 0; i < array->n_children; i++)
    if (!is_whole_wrapper(array->children[i]) || array->children[i]->private_data != array->private_data)
      return FALSE;
  return TRUE;
}

static void
share_wrapper(struct ArrowArray *batch, struct ArrowArray *out, guint n)
{
  Shared *shared = ((Wrapper *)batch->private_data)->shared;
  gsize n_below = count_below(batch);
  g_atomic_int_add(&shared->owners, (gint)n - 1);
  for (guint i = 1; i < n; i++)
    wrap(batch, shared, n_below, &out[i]);
  if (batch != out)
    weir_batch_move(batch, out);
}

void
weir_batch_share(struct ArrowArray *batch, struct ArrowArray *out, guint n)
{
  if (n == 0) {
    weir_batch_release(batch);
    return;
  }
  if (n == 1) {
    if (batch != out)
      weir_batch_move(batch, out);
    return;
  }
  if (is_whole_wrapper(batch)) {
    share_wrapper(batch, out, n);
    return;
  }
  Shared *shared = g_new(Shared, 1);
  shared->owners = (gint)n;
  weir_batch_move(batch, &shared->array);
  gsize n_below = count_below(&shared->array);
  for (guint i = 0; i < n; i++)
    wrap(&shared->array, shared, n_below, &out[i]);
}

void
weir_batch_slice(struct ArrowArray *batch, gint64 first, gint64 n, struct ArrowArray *out)
{
  if (batch != out)
    weir_batch_move(batch, out);
  out->offset += first;
  out->length = n;
}

/* The rows of the batch, seen from the column itself, as the batch's own offset goes away. */
static void
narrow(struct ArrowArray *column, gint64 offset, gint64 length)
{
  if (offset == 0 && column->length == length)
    return;
  column->offset += offset;
  column->length = length;
  if (column->null_count > 0)
    column->null_count = -1;
}

static gboolean
check_plan(const struct ArrowArray *batch, const gint32 *columns, guint n, guint n_added,
           const struct ArrowArray *added, GError **error)
{
  guint holes = 0;
  for (guint i = 0; i < n; i++) {
    if (columns[i] < -1 || columns[i] >= batch->n_children) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED, "the batch has no column %d", columns[i]);
      return FALSE;
    }
    holes += columns[i] == -1;
  }
  if (holes != n_added) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED, "%u columns were added where %u are wanted", n_added,
                holes);
    return FALSE;
  }
  for (guint i = 0; i < n_added; i++)
    if (added[i].length != batch->length) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_FAILED,
                  "added column %u has %" G_GINT64_FORMAT " rows where the batch has %" G_GINT64_FORMAT
                  " (W16)",
                  i, added[i].length, batch->length);
      return FALSE;
    }
  return TRUE;
}

/* Takes every use of a column out of the batch: moved for one use, shared for several. */
static void
take_column(struct ArrowArray *batch, gint32 column, const gint32 *columns, guint first, guint uses,
            struct ArrowArray *out)
{
  struct ArrowArray *from = batch->children[column];
  if (uses == 1) {
    weir_batch_move(from, out->children[first]);
    narrow(out->children[first], batch->offset, batch->length);
    return;
  }
  g_autofree struct ArrowArray *copies = g_new(struct ArrowArray, uses);
  weir_batch_share(from, copies, uses);
  for (guint i = first, k = 0; k < uses; i++)
    if (columns[i] == column) {
      weir_batch_move(&copies[k++], out->children[i]);
      narrow(out->children[i], batch->offset, batch->length);
    }
}

gboolean
weir_batch_rearrange(struct ArrowArray *batch, const gint32 *columns, guint n, struct ArrowArray *added,
                     guint n_added, struct ArrowArray *out, GError **error)
{
  if (!check_plan(batch, columns, n, n_added, added, error)) {
    for (guint i = 0; i < n_added; i++)
      weir_batch_release(&added[i]);
    weir_batch_release(batch);
    return FALSE;
  }
  g_autofree guint *uses = g_new0(guint, batch->n_children);
  struct ArrowArray made;
  weir_array_init(&made, batch->length, 0, 1, n);
  for (guint i = 0; i < n; i++)
    if (columns[i] >= 0)
      uses[columns[i]]++;
  for (guint i = 0, next = 0; i < n; i++) {
    gint32 column = columns[i];
    if (column < 0)
      weir_batch_move(&added[next++], made.children[i]);
    else if (uses[column]) {
      take_column(batch, column, columns, i, uses[column], &made);
      uses[column] = 0;
    }
  }
  weir_batch_release(batch);
  *out = made;
  return TRUE;
}
