/* SPDX-License-Identifier: MIT */
/* Finds equal keys and texts by their hashes: those of one split sorted, those of the other looked up. */
#include "config.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ml/text.h"

typedef struct {
  guint64 high, low;
  guint32 row;
} Entry;

struct CheckExact {
  weir_stage *stage;
  gboolean keys;
  Entry *entries;
  guint64 n;
  guint64 capacity;
  WeirTextScratch *scratch;
  GString *buffer;
};

/* What is hashed of a row: its text normalised, or its keys, each with its length. FALSE: a key, or the text, is missing.
 */
static gboolean
hash_row(CheckExact *exact, uint32_t port, const struct ArrowArray *batch, int64_t row, Entry *entry)
{
  weir_stage *stage = exact->stage;
  const LeakageState *state = stage->state;
  g_autofree char *normal = NULL;
  g_string_truncate(exact->buffer, 0);
  if (exact->keys) {
    const struct ArrowSchema *schema = weir_input_schema(stage, port);
    for (uint32_t i = 0; i < state->keys.count; i++) {
      weir_column column = weir_batch_column(schema, batch, weir_input_index(stage, port, KEYS, i));
      gsize start = exact->buffer->len;
      if (!check_value(&column, row, exact->buffer) || exact->buffer->len == start)
        return FALSE;
      g_string_append_printf(exact->buffer, ":%" G_GSIZE_FORMAT ",", exact->buffer->len - start);
    }
  } else if (!check_row_text(stage, port, batch, row, exact->buffer)) {
    return FALSE;
  } else if (state->compare == 0) {
    WeirTextOptions options = WEIR_TEXT_OPTIONS_INIT;
    options.strip_accents = state->strip_accents;
    options.max_bytes = state->max_text;
    normal = weir_text_normalise(exact->scratch, &options, exact->buffer->str, exact->buffer->len);
  }
  XXH128_hash_t hash =
      XXH3_128bits(normal ? normal : exact->buffer->str, normal ? strlen(normal) : exact->buffer->len);
  entry->high = hash.high64;
  entry->low = hash.low64;
  return TRUE;
}

static int
compare_hashes(const Entry *a, const Entry *b)
{
  if (a->high != b->high)
    return a->high < b->high ? -1 : 1;
  return a->low < b->low ? -1 : a->low > b->low;
}

/* Equal ones by their rows, so that the first is found. */
static int
compare_entries(const void *a, const void *b)
{
  const Entry *x = a;
  const Entry *y = b;
  int order = compare_hashes(x, y);
  return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

static int
add_rows(CheckExact *exact, uint32_t port)
{
  weir_stage *stage = exact->stage;
  guint32 row = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, port); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, port, b, &batch))
      return -1;
    for (int64_t i = 0; i < batch.length; i++, row++) {
      exact->entries[exact->n].row = row;
      exact->n += hash_row(exact, port, &batch, i, &exact->entries[exact->n]);
    }
    weir_batch_release(&batch);
  }
  return 0;
}

CheckExact *
check_exact_new(weir_stage *stage, uint32_t port, gboolean keys)
{
  CheckExact *exact = g_new0(CheckExact, 1);
  exact->stage = stage;
  exact->keys = keys;
  exact->scratch = weir_text_scratch_new();
  exact->buffer = g_string_new(NULL);
  exact->capacity = weir_table_rows(stage, port) + 1;
  exact->entries = check_reserve(stage, exact->capacity, sizeof *exact->entries, "the hashes of a split");
  if (!exact->entries || add_rows(exact, port)) {
    check_exact_free(exact);
    return NULL;
  }
  qsort(exact->entries, exact->n, sizeof *exact->entries, compare_entries);
  return exact;
}

void
check_exact_free(CheckExact *exact)
{
  if (!exact)
    return;
  check_release(exact->stage, exact->entries, exact->capacity, sizeof *exact->entries);
  weir_text_scratch_free(exact->scratch);
  g_string_free(exact->buffer, TRUE);
  g_free(exact);
}

/* The first entry with this hash, or NULL. */
static const Entry *
look_up(const CheckExact *exact, const Entry *wanted)
{
  guint64 low = 0;
  guint64 high = exact->n;
  while (low < high) {
    guint64 middle = low + (high - low) / 2;
    if (compare_hashes(&exact->entries[middle], wanted) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low < exact->n && compare_hashes(&exact->entries[low], wanted) == 0 ? &exact->entries[low] : NULL;
}

int
check_exact_find(CheckExact *exact, uint32_t port, Leak *leaks)
{
  weir_stage *stage = exact->stage;
  guint64 row = 0;
  for (uint64_t b = 0; b < weir_table_batches(stage, port); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, port, b, &batch))
      return -1;
    for (int64_t i = 0; i < batch.length; i++, row++) {
      Entry entry;
      const Entry *found = NULL;
      if (leaks[row].kind == LEAK_NONE && hash_row(exact, port, &batch, i, &entry))
        found = look_up(exact, &entry);
      if (found)
        leaks[row] = (Leak){found->row, 1, exact->keys ? LEAK_KEY : LEAK_EXACT};
    }
    weir_batch_release(&batch);
  }
  return 0;
}
