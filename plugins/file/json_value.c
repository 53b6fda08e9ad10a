/* SPDX-License-Identifier: MIT */
/* Appends JSON values to columns of every type. */
#include <string.h>

#include "base/value_parse.h"
#include "json_field.h"
#include "reader.h"

/* What the caller says when a builder cannot take a value; the host names the reason when the batch is sent. */
static int
no_room(struct json_walk *walk, const struct json_field *field)
{
  char quoted[100];
  return json_bad(walk, *walk->token,
                  "there is no room for more values of %s: out of memory, or 2 GiB in one batch",
                  format_quote(field->key.text, field->key.len, quoted));
}

/* The value at the next token is not of the column's type. */
static int
mismatch(struct json_walk *walk, const struct json_field *field)
{
  char c = json_peek(walk), name[100];
  const char *type = field->type_name;
  if (!strcmp(json_value_name(c), "no value"))
    return json_unexpected(walk, "a value");
  format_quote(field->key.text, field->key.len, name);
  if (c == 'n')
    return json_bad(walk, *walk->token, "%s is null; declare the column as \"%s?\" to take nulls", name,
                    type);
  return json_bad(walk, *walk->token,
                  "%s is of type %s, but %s stands here; declare another type in \"columns\", or "
                  "raise \"sample\"",
                  name, type, json_value_name(c));
}

static int
number_mismatch(struct json_walk *walk, const struct json_field *field, const struct json_number *number)
{
  char name[100], quoted[100];
  return json_bad(
      walk, (size_t)(number->text - walk->data),
      "%s is of type %s, which cannot hold %s; declare another type in \"columns\", or raise \"sample\"",
      format_quote(field->key.text, field->key.len, name), field->type_name,
      format_quote(number->text, number->len, quoted));
}

/* Copy a short text fast, up to 31 bytes too many on either side. */
static inline void
copy_text(char *to, const char *from, size_t len)
{
  if (len > 128) {
    memcpy(to, from, len);
    return;
  }
  for (size_t at = 0; at < len; at += 32)
    memcpy(to + at, from + at, 32);
}

/* Room for a text of up to `len` bytes, with some to spare for fast copies; NULL: none. */
static inline char *
text_space(weir_builder *b, size_t len)
{
  if (G_UNLIKELY(weir_room(b, 1, (int64_t)len + 64)))
    return NULL;
  return b->bytes + b->n_bytes;
}

static inline void
end_text(weir_builder *b, size_t len)
{
  b->n_bytes += (int64_t)len;
  weir_builder_count(b);
  b->offsets[b->length] = (int32_t)b->n_bytes;
}

static int
append_json_text(struct json_walk *walk, struct json_field *field)
{
  const uint32_t *first = walk->token;
  if (json_skip(walk))
    return -1;
  const char *last = walk->data + walk->token[-1];
  size_t len = (size_t)(last - walk->data) - *first + 1;
  if (*last != '}' && *last != ']')
    while (!json_ends_scalar[(uint8_t)last[len]])
      len++;
  char *out = text_space(field->builder, len);
  if (!out)
    return no_room(walk, field);
  end_text(field->builder, json_compact(walk->data, first, walk->token, out));
  return 0;
}

static inline int
append_text(struct json_walk *walk, struct json_field *field)
{
  size_t open = walk->token[0], close = walk->token[1];
  if (G_LIKELY(walk->data[open] == '"' && walk->data[close] == '"')) {
    size_t len = close - open - 1;
    char *out = text_space(field->builder, len);
    if (G_UNLIKELY(!out))
      return no_room(walk, field);
    copy_text(out, walk->data + open + 1, len);
    end_text(field->builder, len);
    walk->token += 2;
    return 0;
  }
  if (walk->data[open] != '"')
    return append_json_text(walk, field);
  size_t start, len;
  const uint32_t *escapes;
  if (json_take_string(walk, &start, &len, &escapes))
    return -1;
  char *out = text_space(field->builder, len);
  if (!out)
    return no_room(walk, field);
  end_text(field->builder, json_decode_string(walk, start, len, escapes, out));
  return 0;
}

static inline bool
begins_number(char c)
{
  return c == '-' || (unsigned)(c - '0') <= 9;
}

static int
append_integer(struct json_walk *walk, struct json_field *field)
{
  struct json_number number;
  weir_builder *b = field->builder;
  int64_t value;
  uint64_t large;
  if (!begins_number(json_peek(walk)))
    return mismatch(walk, field);
  if (json_take_number(walk, &number))
    return -1;
  if (field->type == WEIR_U64) {
    if (!json_number_to_u64(&number, &large))
      return number_mismatch(walk, field, &number);
    return weir_put_u64(b, large) ? no_room(walk, field) : 0;
  }
  if (!json_number_to_i64(&number, &value))
    return number_mismatch(walk, field, &number);
  if (field->type != WEIR_I64) {
    unsigned bits = (unsigned)weir_type_size(field->type) * 8;
    bool is_signed = field->type == WEIR_I8 || field->type == WEIR_I16 || field->type == WEIR_I32;
    int64_t high = (INT64_C(1) << (bits - is_signed)) - 1, low = is_signed ? -high - 1 : 0;
    if (value < low || value > high)
      return number_mismatch(walk, field, &number);
  }
  return weir_put_integer(b, value) ? no_room(walk, field) : 0;
}

static int
append_real(struct json_walk *walk, struct json_field *field)
{
  struct json_number number;
  if (!begins_number(json_peek(walk)))
    return mismatch(walk, field);
  if (json_take_number(walk, &number))
    return -1;
  if (field->type == WEIR_F32) {
    float narrow;
    if (json_number_to_f32(walk, &number, &narrow))
      return -1;
    return weir_put_number(field->builder, (double)narrow) ? no_room(walk, field) : 0;
  }
  double value;
  if (json_number_to_f64(walk, &number, &value))
    return -1;
  return weir_put_number(field->builder, value) ? no_room(walk, field) : 0;
}

static int
append_bool(struct json_walk *walk, struct json_field *field)
{
  char c = json_peek(walk);
  if (c != 't' && c != 'f')
    return mismatch(walk, field);
  if (c == 't' ? json_take_word(walk, "true", 4) : json_take_word(walk, "false", 5))
    return -1;
  return weir_put_bool(field->builder, c == 't') ? no_room(walk, field) : 0;
}

/* A string that stands for a time or for bytes. */
static int
append_coded(struct json_walk *walk, struct json_field *field)
{
  size_t start, len, at = *walk->token;
  const uint32_t *escapes;
  char quoted[100], name[100];
  if (json_peek(walk) != '"')
    return mismatch(walk, field);
  if (json_take_string(walk, &start, &len, &escapes))
    return -1;
  g_autofree char *text = g_malloc(len + 64);
  len = json_decode_string(walk, start, len, escapes, text);
  text[len] = '\0';
  if (field->type == WEIR_TIMESTAMP) {
    int64_t time;
    if (weir_value_parse_timestamp(text, len, &time) != WEIR_VALUE_OK)
      return json_bad(walk, at, "%s is a timestamp, but %s is no date and time like 2024-05-01T12:30:00Z",
                      format_quote(field->key.text, field->key.len, name), format_quote(text, len, quoted));
    return weir_put_integer(field->builder, time) ? no_room(walk, field) : 0;
  }
  gsize n = 0;
  bool valid = len % 4 == 0 &&
               strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == len;
  g_autofree guchar *bytes = valid ? g_base64_decode(text, &n) : NULL;
  if (!valid)
    return json_bad(walk, at, "%s is of type binary, but %s is no base64",
                    format_quote(field->key.text, field->key.len, name), format_quote(text, len, quoted));
  return weir_put_text(field->builder, (const char *)bytes, (int64_t)n) ? no_room(walk, field) : 0;
}

static int
append_list(struct json_walk *walk, struct json_field *field)
{
  if (json_peek(walk) != '[')
    return mismatch(walk, field);
  if (json_enter(walk))
    return -1;
  if (json_peek(walk) == ']') {
    walk->token++;
  } else {
    for (;;) {
      if (json_append_value(walk, field->item))
        return -1;
      char c = json_peek(walk);
      if (c != ',' && c != ']')
        return json_unexpected(walk, "a comma or ]");
      walk->token++;
      if (c == ']')
        break;
    }
  }
  walk->depth--;
  return weir_put_list(field->builder) ? no_room(walk, field) : 0;
}

static int
append_vector(struct json_walk *walk, struct json_field *field)
{
  size_t open = *walk->token;
  char name[100];
  int32_t n = 0;
  if (json_peek(walk) != '[')
    return mismatch(walk, field);
  float *out = weir_put_vector(field->builder);
  if (!out)
    return no_room(walk, field);
  memset(out, 0, (size_t)field->width * sizeof *out);
  if (json_enter(walk))
    return -1;
  for (char c = ','; c != ']';) {
    struct json_number number;
    float value;
    if (n == 0 && json_peek(walk) == ']') {
      walk->token++;
      break;
    }
    if (json_take_number(walk, &number) || json_number_to_f32(walk, &number, &value))
      return -1;
    if (n < field->width)
      out[n] = value;
    n++;
    c = json_peek(walk);
    if (c != ',' && c != ']')
      return json_unexpected(walk, "a comma or ]");
    walk->token++;
  }
  walk->depth--;
  if (n == field->width)
    return 0;
  return json_bad(walk, open, "%s is of type %s, but this array has %d numbers",
                  format_quote(field->key.text, field->key.len, name), field->type_name, n);
}

static int
append_struct(struct json_walk *walk, struct json_field *field)
{
  if (json_peek(walk) != '{')
    return mismatch(walk, field);
  if (json_append_object(walk, field->members, field->builder->length))
    return -1;
  return weir_put_struct(field->builder) ? no_room(walk, field) : 0;
}

static int
append_null(struct json_walk *walk, struct json_field *field)
{
  if (json_take_word(walk, "null", 4))
    return -1;
  if (field->nullable)
    return weir_put_null(field->builder) ? no_room(walk, field) : 0;
  walk->token--;
  return mismatch(walk, field);
}

int
json_append_value(struct json_walk *walk, struct json_field *field)
{
  if (json_peek(walk) == 'n')
    return append_null(walk, field);
  switch (field->type) {
  case WEIR_UTF8:
    return append_text(walk, field);
  case WEIR_BOOL:
    return append_bool(walk, field);
  case WEIR_F32:
  case WEIR_F64:
    return append_real(walk, field);
  case WEIR_TIMESTAMP:
  case WEIR_BINARY:
    return append_coded(walk, field);
  case WEIR_LIST:
    return append_list(walk, field);
  case WEIR_FIXED:
    return append_vector(walk, field);
  case WEIR_STRUCT:
    return append_struct(walk, field);
  default:
    return append_integer(walk, field);
  }
}
