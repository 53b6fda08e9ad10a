/* SPDX-License-Identifier: MIT */
/** json_field.h: columns as the JSON reader sees them: what an object's key leads to, down to the builder. */
#ifndef WEIR_FILE_JSON_FIELD_H
#define WEIR_FILE_JSON_FIELD_H

#include <weir/columns.h>

#include "json_keys.h"
#include "json_walk.h"

struct json_object;

/** A column, a member of a struct, or the items of a list. */
struct json_field {
  struct json_key key; /**< of items: that of their list, for messages */
  char type_name[40];  /**< for messages */
  weir_type type;
  int32_t width; /**< of fixed<f32,N> */
  bool nullable;
  weir_builder *builder;
  struct json_object *members; /**< of a struct */
  struct json_field *item;     /**< of a list */
};

/** What an object may hold. */
struct json_object {
  struct json_keys *keys;
  struct json_field *fields;
  uint32_t n_fields;
};

/* Both return 0, or -1 after json_bad(). */

/** The object at the next token into the fields, each of which has `row` rows so far. */
int json_append_object(struct json_walk *walk, struct json_object *object, int64_t row);

/** The value at the next token into the field. */
int json_append_value(struct json_walk *walk, struct json_field *field);

#endif
