/* SPDX-License-Identifier: MIT */
/**
 * json_shape.h: what values were seen under a key, and the column type that holds all of them.
 *
 *   seen (null and missing keys aside)          column
 *   true, false                                 bool
 *   integers                                    i64
 *   integers and other numbers, or only those   f64
 *   an integer beyond i64                       utf8, since no digit may be lost; f64 if there are reals too
 *   strings                                     utf8
 *   arrays                                      list<T>, T found out in the same way from all items
 *   objects that all have the same keys         struct<…>
 *   other objects, {}, a mixture, nothing       utf8: strings as they are, other values as their JSON text
 *
 * Columns and members of structs are nullable; items of lists only if null was among them.
 */
#ifndef WEIR_FILE_JSON_SHAPE_H
#define WEIR_FILE_JSON_SHAPE_H

#include "json_walk.h"
#include "reader.h"

struct json_shape;

struct json_shape *json_shape_new(void);
void json_shape_free(struct json_shape *shape);

/** Look at the value at the next token, and step over it. 0, or -1 if it is not well-formed. */
int json_shape_add(struct json_shape *shape, struct json_walk *walk);

/** The members of the objects that were seen, as columns; `options` says which types are declared. */
void json_shape_columns(const struct json_shape *shape, const struct format_options *options,
                        struct format_columns *columns);

#endif
