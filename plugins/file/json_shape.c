/* SPDX-License-Identifier: MIT */
/* Finds the column types that hold all values of a sample of JSON records. */
#include "json_shape.h"

#include <string.h>

#include "json_keys.h"

enum {
  SAW_NULL = 1,
  SAW_BOOL = 2,
  SAW_INTEGER = 4,
  SAW_LARGE = 8,
  SAW_REAL = 16,
  SAW_STRING = 32,
  SAW_LIST = 64,
  SAW_OBJECT = 128
};

/* Deeper than this a column holds JSON text: types nest 16 deep at most. */
#define DEEPEST_TYPE 15
/* An object with more keys than this is a map, not a struct. */
#define MOST_MEMBERS 256

struct member {
  char *name;
  struct json_shape *shape;
  uint64_t n; /* objects that had it */
};

struct json_shape {
  unsigned seen;           /* SAW_ values */
  struct json_shape *item; /* of arrays */
  struct json_keys *keys;  /* of objects */
  GArray *members;         /* of struct member, numbered as the keys */
  uint64_t n_objects;
};

struct json_shape *
json_shape_new(void)
{
  return g_new0(struct json_shape, 1);
}

static void
clear_member(gpointer data)
{
  struct member *member = data;
  json_shape_free(member->shape);
  g_free(member->name);
}

void
json_shape_free(struct json_shape *shape)
{
  if (!shape)
    return;
  json_shape_free(shape->item);
  json_keys_free(shape->keys);
  if (shape->members)
    g_array_unref(shape->members);
  g_free(shape);
}

/* --- Looking --------------------------------------------------------------------------------------------- */

static int
add_list(struct json_shape *shape, struct json_walk *walk)
{
  if (!shape->item)
    shape->item = json_shape_new();
  if (json_enter(walk))
    return -1;
  if (json_peek(walk) != ']') {
    for (;;) {
      if (json_shape_add(shape->item, walk))
        return -1;
      char c = json_peek(walk);
      if (c == ']')
        break;
      if (c != ',')
        return json_unexpected(walk, "a comma or ]");
      walk->token++;
    }
  }
  walk->token++;
  walk->depth--;
  return 0;
}

/* The member of the key at the next token, made if it is new. NULL after json_bad(). */
static struct member *
take_key(struct json_shape *shape, struct json_walk *walk)
{
  size_t start, len;
  const uint32_t *escapes;
  if (json_peek(walk) != '"') {
    json_unexpected(walk, "a key in quotes");
    return NULL;
  }
  if (json_take_string(walk, &start, &len, &escapes))
    return NULL;
  if (json_peek(walk) != ':') {
    json_unexpected(walk, "a colon");
    return NULL;
  }
  walk->token++;
  g_autofree char *key = g_malloc(len + 64);
  len = json_decode_string(walk, start, len, escapes, key);
  key[len] = '\0';
  if (memchr(key, 0, len)) {
    json_bad(walk, start, "a key holds the character U+0000, which no column name can");
    return NULL;
  }
  uint32_t found = json_keys_find(shape->keys, key, len);
  if (found == JSON_KEY_NONE) {
    struct member new = {.name = g_steal_pointer(&key), .shape = json_shape_new()};
    found = json_keys_add(shape->keys, new.name, len);
    g_array_append_val(shape->members, new);
  }
  return &g_array_index(shape->members, struct member, found);
}

static int
add_object(struct json_shape *shape, struct json_walk *walk)
{
  if (!shape->keys) {
    shape->keys = json_keys_new();
    shape->members = g_array_new(FALSE, FALSE, sizeof(struct member));
    g_array_set_clear_func(shape->members, clear_member);
  }
  shape->n_objects++;
  if (json_enter(walk))
    return -1;
  if (json_peek(walk) != '}') {
    for (;;) {
      struct member *member = take_key(shape, walk);
      if (!member || json_shape_add(member->shape, walk))
        return -1;
      member->n++;
      char c = json_peek(walk);
      if (c == '}')
        break;
      if (c != ',')
        return json_unexpected(walk, "a comma or }");
      walk->token++;
    }
  }
  walk->token++;
  walk->depth--;
  return 0;
}

static int
add_number(struct json_shape *shape, struct json_walk *walk)
{
  struct json_number number;
  int64_t value;
  if (json_take_number(walk, &number))
    return -1;
  shape->seen |= !number.integer ? SAW_REAL : json_number_to_i64(&number, &value) ? SAW_INTEGER : SAW_LARGE;
  return 0;
}

int
json_shape_add(struct json_shape *shape, struct json_walk *walk)
{
  switch (json_peek(walk)) {
  case '"':
    shape->seen |= SAW_STRING;
    return json_skip(walk);
  case '{':
    shape->seen |= SAW_OBJECT;
    return add_object(shape, walk);
  case '[':
    shape->seen |= SAW_LIST;
    return add_list(shape, walk);
  case 't':
  case 'f':
    shape->seen |= SAW_BOOL;
    return json_skip(walk);
  case 'n':
    shape->seen |= SAW_NULL;
    return json_skip(walk);
  default:
    return add_number(shape, walk);
  }
}

/* --- The types ------------------------------------------------------------------------------------------- */

static bool
is_struct(const struct json_shape *shape)
{
  if (!shape->n_objects || shape->members->len == 0 || shape->members->len > MOST_MEMBERS)
    return false;
  for (guint k = 0; k < shape->members->len; k++) {
    const struct member *member = &g_array_index(shape->members, struct member, k);
    if (member->n != shape->n_objects || !*member->name)
      return false;
  }
  return true;
}

/* The name of a member as it stands in a type: in quotes, as it need not be a plain word. */
static void
append_name(GString *out, const char *name)
{
  g_string_append_c(out, '"');
  for (const char *p = name; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf(out, "\\%c", *p);
    else if ((guchar)*p < 0x20 || *p == 0x7f)
      g_string_append_printf(out, "\\x%02x", (unsigned)(guchar)*p);
    else
      g_string_append_c(out, *p);
  }
  g_string_append_c(out, '"');
}

static void
append_type(GString *out, const struct json_shape *shape, unsigned depth)
{
  unsigned seen = shape->seen & ~(unsigned)SAW_NULL;
  if (seen == SAW_BOOL)
    g_string_append(out, "bool");
  else if (seen == SAW_INTEGER)
    g_string_append(out, "i64");
  else if ((seen & SAW_REAL) && !(seen & ~(unsigned)(SAW_REAL | SAW_INTEGER | SAW_LARGE)))
    g_string_append(out, "f64");
  else if (seen == SAW_LIST && depth < DEEPEST_TYPE) {
    g_string_append(out, "list<");
    append_type(out, shape->item, depth + 1);
    g_string_append(out, shape->item->seen & SAW_NULL ? "?>" : ">");
  } else if (seen == SAW_OBJECT && depth < DEEPEST_TYPE && is_struct(shape)) {
    for (guint k = 0; k < shape->members->len; k++) {
      const struct member *member = &g_array_index(shape->members, struct member, k);
      g_string_append(out, k ? "," : "struct<");
      append_name(out, member->name);
      g_string_append_c(out, ':');
      append_type(out, member->shape, depth + 1);
      g_string_append_c(out, '?');
    }
    g_string_append_c(out, '>');
  } else
    g_string_append(out, "utf8");
}

static const char *
declared_type(const struct format_options *options, const char *name)
{
  for (uint32_t k = 0; k < options->n_declared; k++)
    if (!strcmp(options->names[k], name))
      return options->types[k];
  return NULL;
}

void
json_shape_columns(const struct json_shape *shape, const struct format_options *options,
                   struct format_columns *columns)
{
  for (guint k = 0; shape->members && k < shape->members->len; k++) {
    const struct member *member = &g_array_index(shape->members, struct member, k);
    const char *declared = declared_type(options, member->name);
    g_autoptr(GString) type = g_string_new(declared);
    if (!declared) {
      append_type(type, member->shape, 1);
      g_string_append_c(type, '?');
    }
    format_columns_add(columns, member->name, type->str);
  }
  for (uint32_t k = 0; k < options->n_declared; k++)
    if (format_columns_find(columns, options->names[k], strlen(options->names[k])) < 0)
      format_columns_add(columns, options->names[k], options->types[k]);
}
