/* SPDX-License-Identifier: MIT */
/* Compares rows by value, and makes numbers of values that go in the same order. */
#include "order.h"

#include <math.h>

#define TOP_BIT (UINT64_C(1) << 63)

gboolean
rows_has_order(weir_type type)
{
  return type != WEIR_LIST && type != WEIR_FIXED && type != WEIR_STRUCT && type != WEIR_TYPE_NONE;
}

/* A real number as an unsigned one of the same order. */
static uint64_t
order_of_real(double value)
{
  uint64_t bits;
  if (isnan(value))
    return UINT64_MAX;
  value += 0.0; /* -0 becomes 0 */
  memcpy(&bits, &value, sizeof bits);
  return bits & TOP_BIT ? ~bits : bits | TOP_BIT;
}

/* The first 8 bytes of a text; a shorter one counts as if zeros followed. */
static uint64_t
order_of_text(weir_text text)
{
  uint64_t value = 0;
  for (int i = 0; i < 8; i++)
    value = value << 8 | (i < text.len ? (uint8_t)text.data[i] : 0);
  return value;
}

/* All of a value that is no text. */
static uint64_t
order_of(const weir_column *column, int64_t row)
{
  switch (column->type) {
  case WEIR_F32:
  case WEIR_F64:
    return order_of_real(weir_get_number(column, row));
  case WEIR_UTF8:
  case WEIR_BINARY:
    return order_of_text(weir_get_text(column, row));
  case WEIR_U64:
    return (uint64_t)weir_get_integer(column, row);
  default:
    return (uint64_t)weir_get_integer(column, row) ^ TOP_BIT;
  }
}

uint64_t
rows_prefix(const RowsKey *key, const weir_column *column, int64_t row)
{
  if (weir_is_null(column, row))
    return key->nulls_first ? 0 : UINT64_MAX;
  uint64_t value = order_of(column, row) >> 1;
  if (key->descending)
    value = ~value & ~TOP_BIT;
  return key->nulls_first ? value | TOP_BIT : value;
}

static int
compare_texts(weir_text a, weir_text b)
{
  int64_t n = MIN(a.len, b.len);
  int sign = n ? memcmp(a.data, b.data, (size_t)n) : 0;
  return sign ? sign : (a.len > b.len) - (a.len < b.len);
}

int
rows_compare(const RowsKey *keys, uint32_t n_keys, const weir_column *left, int64_t left_row,
             const weir_column *right, int64_t right_row)
{
  for (uint32_t k = 0; k < n_keys; k++) {
    gboolean no_left = weir_is_null(&left[k], left_row), no_right = weir_is_null(&right[k], right_row);
    int sign;
    if (no_left || no_right) {
      if (no_left && no_right)
        continue;
      return no_left == keys[k].nulls_first ? -1 : 1;
    }
    if (left[k].type == WEIR_UTF8 || left[k].type == WEIR_BINARY) {
      sign = compare_texts(weir_get_text(&left[k], left_row), weir_get_text(&right[k], right_row));
    } else {
      uint64_t a = order_of(&left[k], left_row), b = order_of(&right[k], right_row);
      sign = (a > b) - (a < b);
    }
    if (sign)
      return keys[k].descending ? -sign : sign;
  }
  return 0;
}
