/* SPDX-License-Identifier: MIT */
/* A hash table from the bytes of a row's values to the number of its stratum. */
#include "strata.h"

#include <string.h>

/* Of a stratum beside its name and the bytes of its key: entry of the table, blocks, count, mark. */
#define STRATUM_BYTES 192

/* The bytes of a row's values, each value with its length or a mark for null before it. */
typedef struct {
  const guint8 *bytes;
  gsize size;
} Key;

struct SplitStrata {
  GHashTable *numbers; /* of Key, to number + 1 */
  GPtrArray *keys;     /* of Key, borrowed */
  GPtrArray *names;
  GArray *rows;  /* of guint64 */
  GArray *nulls; /* of gboolean */
  GByteArray *scratch;
  guint64 bytes;
};

static guint
key_hash(gconstpointer data)
{
  const Key *key = data;
  guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325); /* FNV-1a */
  for (gsize i = 0; i < key->size; i++)
    hash = (hash ^ key->bytes[i]) * G_GUINT64_CONSTANT(0x100000001b3);
  return (guint)(hash ^ (hash >> 32));
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
  const Key *x = a;
  const Key *y = b;
  return x->size == y->size && (x->size == 0 || memcmp(x->bytes, y->bytes, x->size) == 0);
}

static void
key_free(gpointer data)
{
  Key *key = data;
  g_free((gpointer)key->bytes);
  g_free(key);
}

SplitStrata *
split_strata_new(void)
{
  SplitStrata *strata = g_new0(SplitStrata, 1);
  strata->numbers = g_hash_table_new_full(key_hash, key_equal, key_free, NULL);
  strata->keys = g_ptr_array_new();
  strata->names = g_ptr_array_new_with_free_func(g_free);
  strata->rows = g_array_new(FALSE, FALSE, sizeof(guint64));
  strata->nulls = g_array_new(FALSE, FALSE, sizeof(gboolean));
  strata->scratch = g_byte_array_new();
  return strata;
}

void
split_strata_free(SplitStrata *strata)
{
  if (!strata)
    return;
  g_hash_table_unref(strata->numbers);
  g_ptr_array_unref(strata->keys);
  g_ptr_array_unref(strata->names);
  g_array_unref(strata->rows);
  g_array_unref(strata->nulls);
  g_byte_array_unref(strata->scratch);
  g_free(strata);
}

/* An empty text is none, as in a file whose format knows no null. */
static gboolean
is_none(const weir_column *column, gint64 row)
{
  return weir_is_null(column, row) || (column->type == WEIR_UTF8 && weir_get_text(column, row).len == 0);
}

static void
append_value(GByteArray *key, const weir_column *column, gint64 row)
{
  gint64 length = -1;
  if (is_none(column, row)) {
    g_byte_array_append(key, (const guint8 *)&length, sizeof length);
  } else if (column->type == WEIR_UTF8) {
    weir_text text = weir_get_text(column, row);
    g_byte_array_append(key, (const guint8 *)&text.len, sizeof text.len);
    g_byte_array_append(key, (const guint8 *)text.data, (guint)text.len);
  } else {
    gint64 value = weir_get_integer(column, row);
    length = sizeof value;
    g_byte_array_append(key, (const guint8 *)&length, sizeof length);
    g_byte_array_append(key, (const guint8 *)&value, sizeof value);
  }
}

void
split_append_name(GString *name, const weir_column *column, gint64 row)
{
  if (is_none(column, row)) {
    g_string_append(name, "(none)");
  } else if (column->type == WEIR_UTF8) {
    weir_text text = weir_get_text(column, row);
    g_string_append_len(name, text.data, (gssize)text.len);
  } else if (column->type == WEIR_BOOL) {
    g_string_append(name, weir_get_bool(column, row) ? "true" : "false");
  } else if (column->type == WEIR_U64) {
    g_string_append_printf(name, "%" G_GUINT64_FORMAT, (guint64)weir_get_integer(column, row));
  } else if (column->type == WEIR_TIMESTAMP) {
    gint64 time = weir_get_integer(column, row);
    gint64 seconds = time / G_USEC_PER_SEC - (time % G_USEC_PER_SEC < 0);
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = date ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ") : NULL;
    g_string_append(name, text ? text : "(a time)");
  } else {
    g_string_append_printf(name, "%" G_GINT64_FORMAT, weir_get_integer(column, row));
  }
}

static guint32
new_stratum(SplitStrata *strata, const weir_column *columns, guint n_columns, gint64 row)
{
  guint32 number = strata->names->len;
  if (number >= SPLIT_MAX_STRATA)
    return G_MAXUINT32;
  GString *name = g_string_new(NULL);
  gboolean has_null = FALSE;
  for (guint i = 0; i < n_columns; i++) {
    if (i)
      g_string_append(name, ", ");
    split_append_name(name, &columns[i], row);
    has_null = has_null || is_none(&columns[i], row);
  }
  strata->bytes += STRATUM_BYTES + name->allocated_len + strata->scratch->len;
  g_ptr_array_add(strata->names, g_string_free(name, FALSE));
  g_array_append_val(strata->nulls, has_null);
  guint64 none = 0;
  g_array_append_val(strata->rows, none);
  Key *key = g_new(Key, 1);
  key->bytes = g_memdup2(strata->scratch->data, strata->scratch->len);
  key->size = strata->scratch->len;
  g_ptr_array_add(strata->keys, key);
  g_hash_table_insert(strata->numbers, key, GUINT_TO_POINTER(number + 1));
  return number;
}

guint32
split_strata_add(SplitStrata *strata, const weir_column *columns, guint n_columns, gint64 row)
{
  g_byte_array_set_size(strata->scratch, 0);
  for (guint i = 0; i < n_columns; i++)
    append_value(strata->scratch, &columns[i], row);
  Key key = {strata->scratch->data, strata->scratch->len};
  guint32 number = GPOINTER_TO_UINT(g_hash_table_lookup(strata->numbers, &key));
  number = number ? number - 1 : new_stratum(strata, columns, n_columns, row);
  if (number != G_MAXUINT32)
    g_array_index(strata->rows, guint64, number)++;
  return number;
}

guint
split_strata_count(const SplitStrata *strata)
{
  return strata->names->len;
}

guint64
split_strata_bytes(const SplitStrata *strata)
{
  return strata->bytes;
}

const guint64 *
split_strata_rows(const SplitStrata *strata)
{
  return (const guint64 *)(gconstpointer)strata->rows->data;
}

static int
compare_keys(gconstpointer a, gconstpointer b, gpointer keys)
{
  const Key *x = ((gpointer *)keys)[*(const guint32 *)a];
  const Key *y = ((gpointer *)keys)[*(const guint32 *)b];
  gsize n = MIN(x->size, y->size);
  int sign = n ? memcmp(x->bytes, y->bytes, n) : 0;
  return sign ? sign : (x->size > y->size) - (x->size < y->size);
}

void
split_strata_order(const SplitStrata *strata, guint32 *order)
{
  for (guint32 i = 0; i < strata->keys->len; i++)
    order[i] = i;
  g_qsort_with_data(order, (gint)strata->keys->len, sizeof *order, compare_keys, strata->keys->pdata);
}

const char *
split_strata_name(const SplitStrata *strata, guint32 stratum)
{
  return strata->names->pdata[stratum];
}

gboolean
split_strata_has_null(const SplitStrata *strata, guint32 stratum)
{
  return g_array_index(strata->nulls, gboolean, stratum);
}

const GPtrArray *
split_strata_names(const SplitStrata *strata)
{
  return strata->names;
}
