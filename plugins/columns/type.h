/* SPDX-License-Identifier: MIT */
/* Values turned from one column type into another. */
#ifndef WEIR_COLUMNS_TYPE_H
#define WEIR_COLUMNS_TYPE_H

#include <glib.h>
#include <weir/plugin.h>

/* A type that something is turned into: a scalar, a list of scalars, or a vector. */
typedef struct {
  weir_type type;
  weir_type item; /* of a list */
  int32_t width;  /* of a vector */
  int64_t unit;   /* microseconds that a number counts which is turned into a time, and back */
} TargetType;

/* Read "i64", "list<utf8>", "fixed<f32,384>". FALSE: `error` says what is wrong, with the nearest name. */
gboolean target_type_parse(const char *text, TargetType *type, GError **error);

/* Whether values of a column can be turned into the type at all. */
gboolean target_type_takes(const TargetType *type, const struct ArrowSchema *field);

/* Turn a value that is not null into one of the type, and append it; with `to` NULL it is only tried. FALSE: it cannot
 * be turned into one. */
gboolean target_type_convert(const TargetType *type, const weir_column *from, int64_t row, weir_builder *to);

/* Bytes that value_to_text() may write. */
#define VALUE_TEXT_ROOM 48
/* Write a bool, number or time as file.write does. Returns the length; -1: a time that has no text. */
int value_to_text(const weir_column *column, int64_t row, char room[VALUE_TEXT_ROOM]);

/* Whether value_to_text() knows the type, or it is a text. */
gboolean value_has_text(weir_type type);
/* A value as text; it lives as long as the batch or `room`. FALSE: a time that has no text. */
gboolean value_get_text(const weir_column *column, int64_t row, char room[VALUE_TEXT_ROOM], weir_text *text);

/* A value for a message: quoted text, number, "a list". g_free(). */
char *value_show(const weir_column *column, int64_t row);

#endif
