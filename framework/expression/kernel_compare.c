/* SPDX-License-Identifier: MIT */
/* Comparisons, and membership in lists. Texts are ordered by their bytes, which is the order of their code points. */
#include "config.h"

#include "expression/expression_private.h"

static inline bool
same_text(weir_text a, weir_text b)
{
  return a.len == b.len && memcmp(a.data, b.data, (gsize)a.len) == 0;
}

static inline int
order_texts(weir_text a, weir_text b)
{
  int order = memcmp(a.data, b.data, (gsize)MIN(a.len, b.len));
  return order ? order : (a.len > b.len) - (a.len < b.len);
}

#define EACH(expression)          \
  for (int64_t i = 0; i < n; i++) \
    to[i] = (expression);         \
  break

#define COMPARISON(name, op, texts_compare)                                              \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const Slot *a = arg_slot(evaluation, step, 0), *b = arg_slot(evaluation, step, 1);   \
    uint8_t *to = slot_own(step, out);                                                   \
    slot_merge(evaluation, step, out, n);                                                \
    switch (program_step(evaluation->expression, step->args[0])->kind) {                 \
    case KIND_BOOL:                                                                      \
      EACH(a->bools[i] op b->bools[i]);                                                  \
    case KIND_REAL:                                                                      \
      EACH(a->reals[i] op b->reals[i]);                                                  \
    case KIND_TEXT:                                                                      \
      EACH(texts_compare);                                                               \
    default:                                                                             \
      EACH(a->integers[i] op b->integers[i]);                                            \
    }                                                                                    \
  }

COMPARISON(equal, ==, same_text(a->texts[i], b->texts[i]))
COMPARISON(unequal, !=, !same_text(a->texts[i], b->texts[i]))
COMPARISON(less, <, order_texts(a->texts[i], b->texts[i]) < 0)
COMPARISON(less_equal, <=, order_texts(a->texts[i], b->texts[i]) <= 0)
COMPARISON(greater, >, order_texts(a->texts[i], b->texts[i]) > 0)
COMPARISON(greater_equal, >=, order_texts(a->texts[i], b->texts[i]) >= 0)

/* ---- in [...] ------------------------------------------------------------------------------------------- */

/* Whether a value is among the step's, by halving. */
#define FOUND(type, value, is_less)                                   \
  do {                                                                \
    const type *known = (const type *)(gpointer)step->values->data;   \
    gsize low = 0, high = step->values->len;                          \
    while (low < high) {                                              \
      gsize middle = (low + high) / 2;                                \
      if (is_less(known[middle], (value)))                            \
        low = middle + 1;                                             \
      else                                                            \
        high = middle;                                                \
    }                                                                 \
    to[i] = low < step->values->len && !is_less((value), known[low]); \
  } while (0)

#define NUMBER_LESS(x, y) ((x) < (y))
#define TEXT_LESS(x, y)   (order_texts((x), (y)) < 0)

void
kernel_in(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *a = arg_slot(evaluation, step, 0);
  uint8_t *to = slot_own(step, out);
  out->valid = a->valid;
  out->failed = a->failed;
  for (int64_t i = 0; i < n; i++)
    switch (program_step(evaluation->expression, step->args[0])->kind) {
    case KIND_TEXT:
      FOUND(weir_text, a->texts[i], TEXT_LESS);
      break;
    case KIND_REAL:
      FOUND(double, a->reals[i], NUMBER_LESS);
      to[i] &= a->reals[i] == a->reals[i]; /* NaN is less than nothing */
      break;
    case KIND_BOOL:
      FOUND(gint64, (gint64)a->bools[i], NUMBER_LESS);
      break;
    default:
      FOUND(gint64, a->integers[i], NUMBER_LESS);
    }
}

/* ---- Lists ---------------------------------------------------------------------------------------------- */

/* The items of a row: from `begin` to `end` of the list's child. */
static void
item_range(const Slot *list, int64_t row, int64_t *begin, int64_t *end)
{
  int64_t at = list->first + row;
  if (list->column.type == WEIR_FIXED) {
    *begin = 0;
    *end = list->column.width;
    return;
  }
  *begin = list->column.offsets[at];
  *end = list->column.offsets[at + 1];
}

static bool
item_is(const weir_column *items, int64_t item, Kind kind, const Slot *value, int64_t row)
{
  if (weir_is_null(items, item))
    return false;
  if (kind == KIND_TEXT)
    return same_text(weir_get_text(items, item), value->texts[row]);
  if (kind == KIND_BOOL)
    return weir_get_bool(items, item) == (value->bools[row] != 0);
  if (kind == KIND_REAL)
    return weir_get_number(items, item) == value->reals[row];
  if (items->type == WEIR_F32 || items->type == WEIR_F64)
    return weir_get_number(items, item) == (double)value->integers[row];
  if (items->type == WEIR_U64 && weir_get_integer(items, item) < 0)
    return false;
  return weir_get_integer(items, item) == value->integers[row];
}

/* The vector of a row as a column of its items. */
static weir_column
vector_items(const Slot *list, int64_t row)
{
  weir_column items = {.type = WEIR_F32, .length = list->column.width};
  items.values = weir_get_vector(&list->column, list->first + row);
  return items;
}

void
kernel_contains_item(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *list = arg_slot(evaluation, step, 0), *value = arg_slot(evaluation, step, 1);
  Kind kind = program_step(evaluation->expression, step->args[1])->kind;
  bool vector = list->column.type == WEIR_FIXED;
  weir_column items = {0};
  uint8_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  if (n && !vector)
    items = weir_column_items(&list->column);
  for (int64_t i = 0; i < n; i++) {
    int64_t at, end;
    to[i] = 0;
    if (!slot_is_valid(out, i))
      continue;
    if (vector)
      items = vector_items(list, i);
    for (item_range(list, i, &at, &end); at < end && !to[i]; at++)
      to[i] = item_is(&items, at, kind, value, i);
  }
}

void
kernel_length_list(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const Slot *list = arg_slot(evaluation, step, 0);
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t begin, end;
    item_range(list, i, &begin, &end);
    to[i] = end - begin;
  }
}
