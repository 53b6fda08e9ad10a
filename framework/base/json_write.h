/* SPDX-License-Identifier: MIT */
/* Writes JSON piece by piece into a string or a file, always valid and always the same bytes for the same
 * calls. */
#ifndef WEIR_BASE_JSON_WRITE_H
#define WEIR_BASE_JSON_WRITE_H

#include "base/atomic_file.h"

G_BEGIN_DECLS

/* Belongs to one thread at a time. Calls must make one well-formed value: a key before each member of an
 * object; a mistake is a programming error (g_assert). Strings must be UTF-8: what is not is replaced by
 * U+FFFD. */
typedef struct WeirJsonWriter WeirJsonWriter;

/* `indent` spaces a level; 0 writes one line without spaces. No newline is written after the value. */
WeirJsonWriter *weir_json_writer_new(GString *out, guint indent);
/* Failures of the file show at its commit. `file` must outlive the writer. Free the writer, or call
 * weir_json_writer_flush, before the commit. */
WeirJsonWriter *weir_json_writer_new_file(WeirAtomicFile *file, guint indent);
/* From now on secrets (base/redact.h) in string values are replaced. Keys and numbers stay, so that what is written is
 * the same JSON, whatever a secret looks like. */
void weir_json_writer_redact(WeirJsonWriter *writer);
void weir_json_writer_flush(WeirJsonWriter *writer);
void weir_json_writer_free(WeirJsonWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirJsonWriter, weir_json_writer_free)

/* Values. NULL strings are written as null; NaN and infinities too. */
void weir_json_begin_object(WeirJsonWriter *writer);
void weir_json_end_object(WeirJsonWriter *writer);
void weir_json_begin_array(WeirJsonWriter *writer);
void weir_json_end_array(WeirJsonWriter *writer);
void weir_json_key(WeirJsonWriter *writer, const char *key);
void weir_json_string(WeirJsonWriter *writer, const char *value);
void weir_json_string_sized(WeirJsonWriter *writer, const char *value, gsize size);
void weir_json_integer(WeirJsonWriter *writer, gint64 value);
void weir_json_unsigned(WeirJsonWriter *writer, guint64 value);
void weir_json_number(WeirJsonWriter *writer, double value);
void weir_json_boolean(WeirJsonWriter *writer, gboolean value);
void weir_json_null(WeirJsonWriter *writer);
void weir_json_raw(WeirJsonWriter *writer, const char *json); /* a whole value that is JSON already */

/* A key and its value in one call. */
void weir_json_member_string(WeirJsonWriter *writer, const char *key, const char *value);
void weir_json_member_integer(WeirJsonWriter *writer, const char *key, gint64 value);
void weir_json_member_unsigned(WeirJsonWriter *writer, const char *key, guint64 value);
void weir_json_member_number(WeirJsonWriter *writer, const char *key, double value);
void weir_json_member_boolean(WeirJsonWriter *writer, const char *key, gboolean value);

/* Between values that are written one after another (JSON Lines): ends the line and starts a new value. */
void weir_json_newline(WeirJsonWriter *writer);

/* The building blocks. A string with its quotes; a decimal of the fewest digits (15 to 17; 6 to 9 for a
 * float) that reads back as the same value, always with a point or exponent, so that 1.0 stays a number; null
 * for NaN and infinities. */
void weir_json_append_string(GString *out, const char *value, gsize size);
void weir_json_append_number(GString *out, double value);
void weir_json_append_float(GString *out, float value);

/* The same number into a buffer. Returns its length. */
#define WEIR_NUMBER_BYTES 32
gsize weir_number_to_text(double value, char text[WEIR_NUMBER_BYTES]);
gsize weir_float_to_text(float value, char text[WEIR_NUMBER_BYTES]);

G_END_DECLS

#endif
