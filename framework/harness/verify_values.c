/* SPDX-License-Identifier: MIT */
/* Values that stages are tried with: ordinary ones, and those at the edges of each type. */
#include "harness/verify.h"

#include <float.h>
#include <math.h>
#include <string.h>

static WeirPosition
nowhere(void)
{
  return weir_position("verify", 0, 0);
}

static WeirNode *
string(const char *text)
{
  return weir_node_new_string(nowhere(), text);
}

static WeirNode *
integer(gint64 value)
{
  return weir_node_new_integer(nowhere(), value);
}

static WeirNode *
repeated(const char *unit, gint64 times)
{
  WeirNode *map = weir_node_new_map(nowhere());
  weir_node_set(map, "repeat", nowhere(), string(unit));
  weir_node_set(map, "times", nowhere(), integer(times));
  return map;
}

static WeirNode *
hex(const char *digits)
{
  WeirNode *map = weir_node_new_map(nowhere());
  weir_node_set(map, "hex", nowhere(), string(digits));
  return map;
}

/* ---- Ordinary values ------------------------------------------------------------------------------------ */

static WeirNode *
plain_nested(const struct ArrowSchema *field, weir_type type, gint32 width, guint index)
{
  if (type == WEIR_STRUCT) {
    WeirNode *map = weir_node_new_map(nowhere());
    for (gint64 i = 0; i < field->n_children; i++)
      weir_node_set(map, field->children[i]->name, nowhere(), verify_plain_value(field->children[i], index));
    return map;
  }
  WeirNode *list = weir_node_new_list(nowhere());
  guint n = type == WEIR_FIXED ? (guint)width : 1 + index % 3;
  for (guint i = 0; i < n; i++)
    weir_node_append(list, type == WEIR_FIXED ? weir_node_new_number(nowhere(), (index * 7 + i) % 11 / 4.0)
                                              : verify_plain_value(field->children[0], index + i));
  return list;
}

WeirNode *
verify_plain_value(const struct ArrowSchema *field, guint index)
{
  static const char *const words[] = {"red",         "green",     "blue", "a green hill",
                                      "the red sea", "green tea", "blue"};
  gint32 width;
  weir_type type = weir_type_from_format(field->format, &width);
  switch (type) {
  case WEIR_BOOL:
    return weir_node_new_boolean(nowhere(), index % 2);
  case WEIR_F32:
  case WEIR_F64:
    return weir_node_new_number(nowhere(), (index * 5 % 17) / 16.0);
  case WEIR_UTF8:
    return string(words[index % G_N_ELEMENTS(words)]);
  case WEIR_BINARY:
    return hex(index % 2 ? "00ff7f" : "6162");
  case WEIR_TIMESTAMP:
    return integer(INT64_C(1700000000000000) + index * INT64_C(3600000001));
  case WEIR_LIST:
  case WEIR_FIXED:
  case WEIR_STRUCT:
    return plain_nested(field, type, width, index);
  default:
    return integer(1 + index * 3 % 7);
  }
}

/* ---- Values at the edges -------------------------------------------------------------------------------- */

typedef struct {
  const char *what;
  const char *text;
} Text;

static const Text texts[] = {
    {"an empty text", ""},
    {"a space", " "},
    {"white space alone", "\t\r\n \v"},
    {"line breaks", "a\nb\r\nc\u2028d"},
    {"quotes and separators", "\"a\",'b';\tc|\\"},
    {"a text that looks like a null", "null"},
    {"a text that looks like a number", "-1e999"},
    {"format directives", "%s%n%d{}${x}"},
    {"a path out of here", "../../../etc/passwd"},
    {"emoji with joiners", "👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷"},
    {"combining characters",
     "e\u0301\u0302\u0303\u0304\u0305 Z\u0351\u036b\u0343\u036a\u0342\u036b\u033d\u034f"},
    {"right-to-left text", "\u202eשלום עולם مرحبا\u202c"},
    {"a byte order mark", "\ufeffabc"},
    {"noncharacters and the last character", "\ufdd0\uffff\U0010ffff"},
    {"letters whose case changes their length", "İıßﬁŉǰ ΐẞ"},
    {"full-width letters and digits", "ＡＢＣ１２３"},
    {"text without spaces", "人工知能は面白いです今日はいい天気ですね"},
    {"zero-width characters", "\u200b\u200d\u2060\u00ad"},
    {"control characters", "\x01\x02\x1b[31m\x7f"},
};

static WeirNode *
hostile_text(guint index, const char **what)
{
  if (index < G_N_ELEMENTS(texts)) {
    *what = texts[index].what;
    return string(texts[index].text);
  }
  switch (index - G_N_ELEMENTS(texts)) {
  case 0:
    *what = "a NUL character";
    return hex("610062");
  case 1:
    *what = "a NUL character alone";
    return hex("00");
  case 2:
    *what = "a word of 200,000 characters";
    return repeated("x", 200000);
  case 3:
    *what = "a text of 100,000 words";
    return repeated("ab é ", 100000);
  case 4:
    *what = "a letter with 20,000 accents";
    return repeated("\u0301", 20000);
  default:
    return NULL;
  }
}

static WeirNode *
hostile_bytes(guint index, const char **what)
{
  static const char *const bytes[] = {"", "00", "ff", "fffe0000", "c328", "7f454c46"};
  if (index < G_N_ELEMENTS(bytes)) {
    *what = "odd bytes";
    return hex(bytes[index]);
  }
  *what = "a megabyte";
  return index == G_N_ELEMENTS(bytes) ? repeated("\x01", 1 << 20) : NULL;
}

static WeirNode *
hostile_real(gboolean single, guint index, const char **what)
{
  static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
  const double values[] = {-0.0,
                           0,
                           single ? (double)FLT_MAX : DBL_MAX,
                           single ? -(double)FLT_MAX : -DBL_MAX,
                           single ? 1e-45 : 5e-324,
                           single ? (double)FLT_MIN : DBL_MIN,
                           -1,
                           1e15,
                           0.1};
  if (index < G_N_ELEMENTS(words)) {
    *what = words[index];
    return string(words[index]);
  }
  *what = "a number at the edge of its type";
  index -= G_N_ELEMENTS(words);
  return index < G_N_ELEMENTS(values) ? weir_node_new_number(nowhere(), values[index]) : NULL;
}

static WeirNode *
hostile_integer(weir_type type, guint index, const char **what)
{
  gsize bits = weir_type_size(type) * 8;
  g_assert(bits > 0);
  gboolean is_unsigned = type == WEIR_U8 || type == WEIR_U16 || type == WEIR_U32 || type == WEIR_U64;
  gint64 max = bits == 64 ? G_MAXINT64 : (G_GINT64_CONSTANT(1) << (is_unsigned ? bits : bits - 1)) - 1;
  const gint64 values[] = {0, max, is_unsigned ? 0 : -max - 1, is_unsigned ? 1 : -1, max - 1};
  *what = "an integer at the edge of its type";
  if (type == WEIR_U64 && index == G_N_ELEMENTS(values))
    return string("18446744073709551615");
  return index < G_N_ELEMENTS(values) ? integer(values[index]) : NULL;
}

/* An empty list, a long one, and one of each hostile item. */
static WeirNode *
hostile_list(const struct ArrowSchema *field, guint index, const char **what)
{
  WeirNode *list = weir_node_new_list(nowhere());
  if (index == 0) {
    *what = "an empty list";
    return list;
  }
  if (index == 1) {
    *what = "a list of 10,000 items";
    for (guint i = 0; i < 10000; i++)
      weir_node_append(list, verify_plain_value(field->children[0], i));
    return list;
  }
  if (index == 2 && (field->children[0]->flags & ARROW_FLAG_NULLABLE)) {
    *what = "a list of nulls";
    weir_node_append(list, weir_node_new_null(nowhere()));
    weir_node_append(list, weir_node_new_null(nowhere()));
    return list;
  }
  WeirNode *item = verify_hostile_value(field->children[0], index - 2, what);
  if (item) {
    weir_node_append(list, verify_plain_value(field->children[0], 0));
    weir_node_append(list, weir_node_ref(item));
    weir_node_append(list, item);
    return list;
  }
  weir_node_unref(list);
  return NULL;
}

static WeirNode *
hostile_vector(gint32 width, guint index, const char **what)
{
  static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
  static const char *const names[] = {"a vector with a NaN", "a vector with an infinity",
                                      "a vector with an infinity", "a vector of zeros",
                                      "a vector of large numbers"};
  if (index >= G_N_ELEMENTS(names))
    return NULL;
  *what = names[index];
  WeirNode *list = weir_node_new_list(nowhere());
  for (gint32 i = 0; i < width; i++)
    weir_node_append(list, index < 3 && i == 0
                               ? string(words[index])
                               : weir_node_new_number(nowhere(), index == 4 ? (double)FLT_MAX : 0));
  return list;
}

/* One member after the other, the rest as usual. */
static WeirNode *
hostile_struct(const struct ArrowSchema *field, guint index, const char **what)
{
  for (gint64 m = 0; m < field->n_children; m++) {
    guint n = 0;
    for (WeirNode *value; (value = verify_hostile_value(field->children[m], n, what)); n++) {
      if (n == index) {
        WeirNode *map = plain_nested(field, WEIR_STRUCT, 0, 0);
        weir_node_set(map, field->children[m]->name, nowhere(), value);
        return map;
      }
      weir_node_unref(value);
    }
    index -= n;
  }
  return NULL;
}

WeirNode *
verify_hostile_value(const struct ArrowSchema *field, guint index, const char **what)
{
  gint32 width;
  weir_type type = weir_type_from_format(field->format, &width);
  switch (type) {
  case WEIR_BOOL:
    return NULL;
  case WEIR_F32:
  case WEIR_F64:
    return hostile_real(type == WEIR_F32, index, what);
  case WEIR_UTF8:
    return hostile_text(index, what);
  case WEIR_BINARY:
    return hostile_bytes(index, what);
  case WEIR_LIST:
    return hostile_list(field, index, what);
  case WEIR_FIXED:
    return hostile_vector(width, index, what);
  case WEIR_STRUCT:
    return hostile_struct(field, index, what);
  default:
    return hostile_integer(type, index, what);
  }
}
