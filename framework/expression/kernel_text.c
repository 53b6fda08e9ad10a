/* SPDX-License-Identifier: MIT */
/* Functions on texts. Characters are code points; capitals are those of Unicode, whatever the locale. */
#include "config.h"

#include "base/value_parse.h"
#include "base/value_write.h"
#include "expression/expression_private.h"

#include <math.h>

#define MOST_DIGITS 4096 /* of a text that is read as a number */

static const weir_text empty = {"", 0};

/* ---- Questions ------------------------------------------------------------------------------------------ */

static int64_t
count_characters(weir_text text)
{
  int64_t n = 0;
  for (int64_t i = 0; i < text.len; i++)
    n += (text.data[i] & 0xc0) != 0x80;
  return n;
}

void
kernel_length_text(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const weir_text *a = arg_slot(evaluation, step, 0)->texts;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    to[i] = count_characters(a[i]);
}

void
kernel_bytes(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const weir_text *a = arg_slot(evaluation, step, 0)->texts;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    to[i] = a[i].len;
}

static inline const char *
find(const char *in, gsize length, weir_text what)
{
  return what.len ? memmem(in, length, what.data, (gsize)what.len) : in;
}

#define QUESTION(name, expression)                                                       \
  void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n) \
  {                                                                                      \
    const weir_text *a = arg_slot(evaluation, step, 0)->texts;                           \
    const weir_text *b = arg_slot(evaluation, step, 1)->texts;                           \
    uint8_t *to = slot_own(step, out);                                                   \
    slot_merge(evaluation, step, out, n);                                                \
    for (int64_t i = 0; i < n; i++)                                                      \
      to[i] = (expression);                                                              \
  }

QUESTION(contains_text, find(a[i].data, (gsize)a[i].len, b[i]) != NULL)
QUESTION(starts_with, a[i].len >= b[i].len && memcmp(a[i].data, b[i].data, (gsize)b[i].len) == 0)
QUESTION(ends_with,
         a[i].len >= b[i].len && memcmp(a[i].data + a[i].len - b[i].len, b[i].data, (gsize)b[i].len) == 0)

void
kernel_matches(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const weir_text *a = arg_slot(evaluation, step, 0)->texts;
  uint8_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    g_autoptr(GError) error = NULL;
    to[i] = 0;
    if (!slot_is_valid(out, i) || slot_failed(out, i))
      continue;
    to[i] = g_regex_match_full(step->regex, a[i].data, (gssize)a[i].len, 0, 0, NULL, &error) != 0;
    if (error)
      slot_fail(evaluation, step, out, i, n, FAIL_PATTERN);
  }
}

/* ---- New texts ------------------------------------------------------------------------------------------ */

/* Calls make(...) for each row that has a value; it gives FALSE where there is no room. */
typedef gboolean (*Make)(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made);

static void
make_texts(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n, Make make)
{
  weir_text *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++) {
    to[i] = empty;
    if (slot_is_valid(out, i) && !slot_failed(out, i) && !make(evaluation, step, i, &to[i])) {
      to[i] = empty;
      slot_fail(evaluation, step, out, i, n, FAIL_LENGTH);
    }
  }
}

static weir_text
text_arg(const WeirEvaluation *evaluation, const Step *step, guint32 arg, int64_t row)
{
  return arg_slot(evaluation, step, arg)->texts[row];
}

static bool
is_ascii(weir_text text)
{
  char all = 0;
  for (int64_t i = 0; i < text.len; i++)
    all |= text.data[i];
  return !(all & 0x80);
}

static gboolean
change_case(WeirEvaluation *evaluation, weir_text text, weir_text *made, gboolean upper)
{
  /* A character of two bytes may become one of three; none grows more. */
  gsize most = is_ascii(text) ? (gsize)text.len : (gsize)text.len / 2 * 3 + 3;
  char *to = evaluation_room(evaluation, most), *at = to;
  if (!to)
    return FALSE;
  if (most == (gsize)text.len) {
    for (int64_t i = 0; i < text.len; i++)
      to[i] = upper ? g_ascii_toupper(text.data[i]) : g_ascii_tolower(text.data[i]);
    *made = (weir_text){to, text.len};
    return TRUE;
  }
  for (const char *p = text.data; p < text.data + text.len; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    at += g_unichar_to_utf8(upper ? g_unichar_toupper(c) : g_unichar_tolower(c), at);
  }
  *made = (weir_text){to, at - to};
  return TRUE;
}

static gboolean
make_lower(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  return change_case(evaluation, text_arg(evaluation, step, 0, row), made, FALSE);
}

void
kernel_lower(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_lower);
}

static gboolean
make_upper(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  return change_case(evaluation, text_arg(evaluation, step, 0, row), made, TRUE);
}

void
kernel_upper(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_upper);
}

static gboolean
make_trimmed(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  weir_text text = text_arg(evaluation, step, 0, row);
  const char *begin = text.data, *end = text.data + text.len;
  while (begin < end && g_unichar_isspace(g_utf8_get_char(begin)))
    begin = g_utf8_next_char(begin);
  while (end > begin) {
    const char *last = g_utf8_find_prev_char(begin, end);
    if (!g_unichar_isspace(g_utf8_get_char(last)))
      break;
    end = last;
  }
  *made = (weir_text){begin, end - begin};
  return TRUE;
}

void
kernel_trim(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_trimmed);
}

static gboolean
make_joined(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  gsize length = 0;
  for (guint32 a = 0; a < step->n_args; a++)
    length += (gsize)text_arg(evaluation, step, a, row).len;
  char *to = evaluation_room(evaluation, length), *at = to;
  for (guint32 a = 0; a < step->n_args && to; a++) {
    weir_text text = text_arg(evaluation, step, a, row);
    memcpy(at, text.data, (gsize)text.len);
    at += text.len;
  }
  *made = (weir_text){to, (int64_t)length};
  return to != NULL;
}

void
kernel_concat(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_joined);
}

static gboolean
make_replaced(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  weir_text text = text_arg(evaluation, step, 0, row), what = text_arg(evaluation, step, 1, row);
  weir_text by = text_arg(evaluation, step, 2, row);
  const char *end = text.data + text.len, *p = text.data;
  guint64 times = 0;
  *made = text;
  if (!what.len)
    return TRUE;
  for (; (p = find(p, (gsize)(end - p), what)); p += what.len)
    times++;
  if (!times)
    return TRUE;
  gint64 length = 0; /* what is left, then what is put in: both at most 2^31 times 2^31 */
  if (__builtin_mul_overflow((gint64)times, by.len - what.len, &length) ||
      __builtin_add_overflow(length, text.len, &length))
    return FALSE;
  char *to = evaluation_room(evaluation, (gsize)length), *at = to;
  if (!to)
    return FALSE;
  p = text.data;
  for (const char *hit; (hit = find(p, (gsize)(end - p), what)); p = hit + what.len) {
    memcpy(at, p, (gsize)(hit - p));
    at += hit - p;
    memcpy(at, by.data, (gsize)by.len);
    at += by.len;
  }
  memcpy(at, p, (gsize)(end - p));
  *made = (weir_text){to, length};
  return TRUE;
}

void
kernel_replace(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_replaced);
}

/* Where character `index` of a text begins, or the text's end. */
static const char *
skip_characters(weir_text text, int64_t index)
{
  const char *p = text.data, *end = text.data + text.len;
  while (p < end && index-- > 0)
    p = g_utf8_next_char(p);
  return p;
}

/* From a character on, counted from 0, or from the end if below; so many characters, or all. */
static gboolean
make_part(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  weir_text text = text_arg(evaluation, step, 0, row);
  int64_t start = arg_slot(evaluation, step, 1)->integers[row];
  if (start < 0)
    start = MAX(0, count_characters(text) + MAX(start, -text.len - 1));
  const char *begin = skip_characters(text, start);
  weir_text rest = {begin, text.data + text.len - begin};
  const char *end = rest.data + rest.len;
  if (step->n_args > 2)
    end = skip_characters(rest, MAX(0, arg_slot(evaluation, step, 2)->integers[row]));
  *made = (weir_text){begin, end - begin};
  return TRUE;
}

void
kernel_substring(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_part);
}

static gboolean
make_text(WeirEvaluation *evaluation, const Step *step, int64_t row, weir_text *made)
{
  const Slot *a = arg_slot(evaluation, step, 0);
  char *to = evaluation_room(evaluation, WEIR_VALUE_ROOM), *end;
  if (!to)
    return FALSE;
  switch (program_step(evaluation->expression, step->args[0])->kind) {
  case KIND_BOOL:
    end = g_stpcpy(to, a->bools[row] ? "true" : "false");
    break;
  case KIND_REAL:
    if (isfinite(a->reals[row]))
      end = weir_value_write_f64(to, a->reals[row]);
    else
      end = g_stpcpy(to, isnan(a->reals[row]) ? "NaN" : a->reals[row] < 0 ? "-inf" : "inf");
    break;
  case KIND_TIME:
    end = weir_value_write_timestamp(to, a->integers[row]);
    break;
  default:
    end = weir_value_write_i64(to, a->integers[row]);
  }
  if (!end) /* a year without a text */
    return FALSE;
  *made = (weir_text){to, end - to};
  return TRUE;
}

void
kernel_text_of(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  make_texts(evaluation, step, out, n, make_text);
}

/* ---- Numbers out of texts ------------------------------------------------------------------------------- */

/* A copy that readers of numbers may look beyond; NULL: too long to be one. */
static char *
padded_copy(weir_text text, char room[96])
{
  if (text.len > MOST_DIGITS)
    return NULL;
  char *copy = text.len < 80 ? room : g_malloc((gsize)text.len + 16);
  memcpy(copy, text.data, (gsize)text.len);
  memset(copy + text.len, 0, 16);
  return copy;
}

static bool
read_number(weir_text text, int64_t *integer, double *real)
{
  char room[96];
  char *copy = padded_copy(text, room);
  bool read = copy && (real ? weir_value_parse_f64(copy, (gsize)text.len, real)
                            : weir_value_parse_i64(copy, (gsize)text.len, integer)) == WEIR_VALUE_OK;
  if (copy != room)
    g_free(copy);
  return read;
}

void
kernel_integer_of_text(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const weir_text *a = arg_slot(evaluation, step, 0)->texts;
  int64_t *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    if (slot_is_valid(out, i) && !read_number(a[i], &to[i], NULL)) {
      to[i] = 0;
      slot_fail(evaluation, step, out, i, n, FAIL_NO_INTEGER);
    }
}

void
kernel_real_of_text(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
{
  const weir_text *a = arg_slot(evaluation, step, 0)->texts;
  double *to = slot_own(step, out);
  slot_merge(evaluation, step, out, n);
  for (int64_t i = 0; i < n; i++)
    if (slot_is_valid(out, i) && !read_number(a[i], NULL, &to[i])) {
      to[i] = 0;
      slot_fail(evaluation, step, out, i, n, FAIL_NO_NUMBER);
    }
}
