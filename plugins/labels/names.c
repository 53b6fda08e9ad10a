/* SPDX-License-Identifier: MIT */
/* Labels by name. A label may hold any character, NUL too. */
#include "names.h"

#include "base/value_write.h"

struct LabelNames {
  GHashTable *numbers; /* weir_text in `names` to number + 1 */
  GPtrArray *names;    /* of weir_text, with the bytes behind it */
  guint64 bytes;
};

/* Of a label beside its text: the block, its place, its entry in the table. */
#define LABEL_BYTES 96

static guint
hash_label(gconstpointer key)
{
  const weir_text *label = key;
  guint32 hash = 2166136261u; /* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
  for (int64_t i = 0; i < label->len; i++)
    hash = (hash ^ (guchar)label->data[i]) * 16777619u;
  return hash;
}

static gboolean
same_label(gconstpointer a, gconstpointer b)
{
  const weir_text *x = a, *y = b;
  return x->len == y->len && memcmp(x->data, y->data, (gsize)x->len) == 0;
}

LabelNames *
label_names_new(void)
{
  LabelNames *names = g_new0(LabelNames, 1);
  names->numbers = g_hash_table_new(hash_label, same_label);
  names->names = g_ptr_array_new_with_free_func(g_free);
  return names;
}

void
label_names_free(LabelNames *names)
{
  if (!names)
    return;
  g_hash_table_unref(names->numbers);
  g_ptr_array_unref(names->names);
  g_free(names);
}

guint32
label_names_find(const LabelNames *names, weir_text label)
{
  return GPOINTER_TO_UINT(g_hash_table_lookup(names->numbers, &label)) - 1; /* 0 becomes LABEL_NONE */
}

guint32
label_names_add(LabelNames *names, weir_text label)
{
  guint32 number = label_names_find(names, label);
  if (number != LABEL_NONE || names->names->len == LABELS_MOST)
    return number;
  weir_text *copy = g_malloc(sizeof *copy + (gsize)label.len + 1);
  char *bytes = (char *)(copy + 1);
  memcpy(bytes, label.data, (gsize)label.len);
  bytes[label.len] = 0;
  *copy = (weir_text){bytes, label.len};
  names->bytes += LABEL_BYTES + (guint64)label.len;
  g_ptr_array_add(names->names, copy);
  g_hash_table_insert(names->numbers, copy, GUINT_TO_POINTER(names->names->len));
  return names->names->len - 1;
}

guint32
label_names_count(const LabelNames *names)
{
  return names->names->len;
}

guint64
label_names_bytes(const LabelNames *names)
{
  return names->bytes;
}

weir_text
label_names_get(const LabelNames *names, guint32 number)
{
  return *(const weir_text *)names->names->pdata[number];
}

weir_text
label_text(const weir_column *column, int64_t row, char room[LABEL_ROOM])
{
  char *end;
  if (column->type == WEIR_UTF8)
    return weir_get_text(column, row);
  if (column->type == WEIR_BOOL)
    end = g_stpcpy(room, weir_get_bool(column, row) ? "true" : "false");
  else if (column->type == WEIR_U64)
    end = weir_value_write_u64(room, (uint64_t)weir_get_integer(column, row));
  else
    end = weir_value_write_i64(room, weir_get_integer(column, row));
  return (weir_text){room, end - room};
}
