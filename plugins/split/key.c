/* SPDX-License-Identifier: MIT */
/* Writes keys as netstrings and hashes them. */
#include "key.h"

#include <math.h>
#include <xxhash.h>

#include "base/json_write.h"

void
split_key_append_text(GString *key, const char *text, gsize size)
{
  char length[24];
  int n = g_snprintf(length, sizeof length, "%" G_GSIZE_FORMAT ":", size);
  g_string_append_len(key, length, n);
  g_string_append_len(key, text, (gssize)size);
  g_string_append_c(key, ',');
}

static void
append_integer(GString *key, gint64 value, gboolean is_unsigned)
{
  char text[24];
  int n = is_unsigned ? g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, (guint64)value)
                      : g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, value);
  split_key_append_text(key, text, (gsize)n);
}

static void
append_real(GString *key, double value, gboolean is_float)
{
  char text[WEIR_NUMBER_BYTES];
  if (isnan(value))
    split_key_append_text(key, "nan", 3);
  else if (isinf(value))
    split_key_append_text(key, value > 0 ? "inf" : "-inf", value > 0 ? 3 : 4);
  else if (value == trunc(value) && fabs(value) < 0x1p63)
    append_integer(key, (gint64)value, FALSE);
  else if (is_float)
    split_key_append_text(key, text, weir_float_to_text((float)value, text));
  else
    split_key_append_text(key, text, weir_number_to_text(value, text));
}

/* Lists, vectors and structs: what is in them, written first, since its length stands before it. */
static void
append_nested(GString *key, const weir_column *column, gint64 row)
{
  g_autoptr(GString) inner = g_string_new(NULL);
  if (column->type == WEIR_LIST) {
    weir_column items = weir_column_items(column);
    for (gint64 i = column->offsets[row]; i < column->offsets[row + 1]; i++)
      split_key_append(inner, &items, i);
  } else if (column->type == WEIR_FIXED) {
    for (gint32 i = 0; i < column->width; i++)
      append_real(inner, (double)weir_get_vector(column, row)[i], TRUE);
  } else if (column->type == WEIR_STRUCT) {
    for (gint64 i = 0; i < column->schema->n_children; i++) {
      weir_column member = weir_column_member(column, i);
      split_key_append(inner, &member, row);
    }
  }
  split_key_append_text(key, inner->str, inner->len);
}

void
split_key_append(GString *key, const weir_column *column, gint64 row)
{
  if (weir_is_null(column, row)) {
    split_key_append_text(key, "", 0);
    return;
  }
  switch (column->type) {
  case WEIR_UTF8:
  case WEIR_BINARY: {
    weir_text text = weir_get_text(column, row);
    split_key_append_text(key, text.data, (gsize)text.len);
    break;
  }
  case WEIR_BOOL:
    if (weir_get_bool(column, row))
      split_key_append_text(key, "true", 4);
    else
      split_key_append_text(key, "false", 5);
    break;
  case WEIR_F32:
  case WEIR_F64:
    append_real(key, weir_get_number(column, row), column->type == WEIR_F32);
    break;
  case WEIR_LIST:
  case WEIR_FIXED:
  case WEIR_STRUCT:
    append_nested(key, column, row);
    break;
  default:
    append_integer(key, weir_get_integer(column, row), column->type == WEIR_U64);
  }
}

gboolean
split_key_is_none(const weir_column *column, gint64 row)
{
  return weir_is_null(column, row) || (column->type == WEIR_UTF8 && weir_get_text(column, row).len == 0);
}

guint64
split_key_hash(const GString *key)
{
  return XXH3_64bits(key->str, key->len);
}

SplitHash
split_key_hash128(const GString *key)
{
  XXH128_hash_t hash = XXH3_128bits(key->str, key->len);
  return (SplitHash){hash.low64, hash.high64};
}
