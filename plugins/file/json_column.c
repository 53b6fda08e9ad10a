/* SPDX-License-Identifier: MIT */
/* Appends JSON records to typed columns; expects keys in the order of the record before. */
#include "json_column.h"

#include <string.h>

#include "json_field.h"
#include "reader.h"

struct json_columns {
  struct json_object record;
};

/* --- Objects --------------------------------------------------------------------------------------------- */

static int
unknown_key(struct json_walk *walk, size_t at, const char *key, size_t len)
{
  char quoted[100];
  return json_bad(walk, at,
                  "the key %s came nowhere in the sample that the columns were taken from; declare it in "
                  "\"columns\", or raise \"sample\"",
                  format_quote(key, len, quoted));
}

/* The field of the key at the next token, and past its colon. NULL after json_bad(). */
static inline struct json_field *
take_key(struct json_walk *walk, struct json_object *object, uint32_t *previous)
{
  size_t open = walk->token[0], close = walk->token[1];
  const char *key = walk->data + open + 1;
  uint32_t found = json_keys_next(object->keys, *previous);
  if (G_LIKELY(found < object->n_fields && close - open - 1 == object->fields[found].key.len &&
               json_key_equal(&object->fields[found].key, key) && walk->data[open] == '"' &&
               walk->data[close] == '"')) {
    walk->token += 2;
  } else {
    if (walk->data[open] != '"') {
      json_unexpected(walk, "a key in quotes");
      return NULL;
    }
    size_t start, len;
    const uint32_t *escapes;
    g_autofree char *decoded = NULL;
    if (json_take_string(walk, &start, &len, &escapes))
      return NULL;
    if (escapes) {
      decoded = g_malloc(len + 64);
      len = json_decode_string(walk, start, len, escapes, decoded);
      key = decoded;
    }
    found = json_keys_find(object->keys, key, len);
    if (found == JSON_KEY_NONE) {
      unknown_key(walk, open, key, len);
      return NULL;
    }
    json_keys_follow(object->keys, *previous, found);
  }
  if (G_UNLIKELY(json_peek(walk) != ':')) {
    json_unexpected(walk, "a colon");
    return NULL;
  }
  walk->token++;
  *previous = found;
  return &object->fields[found];
}

static int
twice(struct json_walk *walk, const struct json_field *field)
{
  char quoted[100];
  return json_bad(walk, *walk->token, "the key %s comes twice in one object",
                  format_quote(field->key.text, field->key.len, quoted));
}

/* Nulls for the keys that did not come. */
static int
fill_missing(struct json_walk *walk, struct json_object *object, int64_t row)
{
  for (uint32_t k = 0; k < object->n_fields; k++) {
    struct json_field *field = &object->fields[k];
    if (field->builder->length != row)
      continue;
    if (!field->nullable) {
      char quoted[100];
      return json_bad(walk, walk->token[-1],
                      "the key %s is missing; declare the column as \"%s?\" to read null",
                      format_quote(field->key.text, field->key.len, quoted), field->type_name);
    }
    weir_put_null(field->builder);
  }
  return 0;
}

int
json_append_object(struct json_walk *walk, struct json_object *object, int64_t row)
{
  uint32_t previous = JSON_KEY_NONE, n_taken = 0;
  if (json_enter(walk))
    return -1;
  if (json_peek(walk) == '}') {
    walk->token++;
  } else {
    for (;;) {
      struct json_field *field = take_key(walk, object, &previous);
      if (!field)
        return -1;
      if (G_UNLIKELY(field->builder->length != row))
        return twice(walk, field);
      if (json_append_value(walk, field))
        return -1;
      n_taken++;
      char c = json_peek(walk);
      if (c != ',' && c != '}')
        return json_unexpected(walk, "a comma or }");
      walk->token++;
      if (c == '}')
        break;
    }
  }
  walk->depth--;
  return n_taken == object->n_fields ? 0 : fill_missing(walk, object, row);
}

int
json_columns_append(struct json_columns *columns, struct json_walk *walk, int64_t row)
{
  walk->depth = 0;
  return json_append_object(walk, &columns->record, row);
}

/* --- Columns --------------------------------------------------------------------------------------------- */

static void object_init(struct json_object *object, const struct ArrowSchema *const *schema, uint32_t n);
static void object_clear(struct json_object *object);
static void object_bind(struct json_object *object, weir_builder *const *builders);

static void
name_type(struct json_field *field, const char *format)
{
  static const char *const names[] = {"none", "bool",   "i8",        "u8",   "i16",   "u16",
                                      "i32",  "u32",    "i64",       "u64",  "f32",   "f64",
                                      "utf8", "binary", "timestamp", "list", "fixed", "struct"};
  if (field->type == WEIR_FIXED)
    g_snprintf(field->type_name, sizeof field->type_name, "fixed<f32,%d>", field->width);
  else
    g_strlcpy(field->type_name, field->type < G_N_ELEMENTS(names) ? names[field->type] : format,
              sizeof field->type_name);
}

static void
field_init(struct json_field *field, const struct ArrowSchema *schema)
{
  field->type = weir_type_from_format(schema->format, &field->width);
  field->nullable = schema->flags & ARROW_FLAG_NULLABLE;
  name_type(field, schema->format);
  if (field->type == WEIR_STRUCT) {
    field->members = g_new0(struct json_object, 1);
    object_init(field->members, (const struct ArrowSchema *const *)schema->children,
                (uint32_t)schema->n_children);
  } else if (field->type == WEIR_LIST) {
    field->item = g_new0(struct json_field, 1);
    field_init(field->item, schema->children[0]);
    field->item->key = field->key; /* for messages */
  }
}

static void
field_clear(struct json_field *field)
{
  if (field->members)
    object_clear(field->members);
  if (field->item)
    field_clear(field->item);
  g_free(field->members);
  g_free(field->item);
}

static void
field_bind(struct json_field *field, weir_builder *builder)
{
  field->builder = builder;
  if (field->members)
    object_bind(field->members, builder->children);
  if (field->item)
    field_bind(field->item, builder->children[0]);
}

static void
object_init(struct json_object *object, const struct ArrowSchema *const *schema, uint32_t n)
{
  object->keys = json_keys_new();
  object->fields = g_new0(struct json_field, n);
  object->n_fields = n;
  for (uint32_t k = 0; k < n; k++) {
    json_key_init(&object->fields[k].key, schema[k]->name);
    json_keys_add(object->keys, schema[k]->name, strlen(schema[k]->name));
    field_init(&object->fields[k], schema[k]);
  }
}

static void
object_clear(struct json_object *object)
{
  for (uint32_t k = 0; k < object->n_fields; k++)
    field_clear(&object->fields[k]);
  g_free(object->fields);
  json_keys_free(object->keys);
}

static void
object_bind(struct json_object *object, weir_builder *const *builders)
{
  for (uint32_t k = 0; k < object->n_fields; k++)
    field_bind(&object->fields[k], builders[k]);
}

struct json_columns *
json_columns_new(const struct ArrowSchema *const *schema, uint32_t n_columns)
{
  struct json_columns *columns = g_new0(struct json_columns, 1);
  object_init(&columns->record, schema, n_columns);
  return columns;
}

void
json_columns_free(struct json_columns *columns)
{
  object_clear(&columns->record);
  g_free(columns);
}

void
json_columns_bind(struct json_columns *columns, weir_builder *const *builders)
{
  object_bind(&columns->record, builders);
}
