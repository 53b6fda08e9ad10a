/* SPDX-License-Identifier: MIT */
/* Writes JSON piece by piece into a string or a file, always valid and always the same bytes for the same
 * calls. */
#include "base/json_write.h"

#include "base/redact.h"

#include <math.h>
#include <string.h>

#define FILE_CHUNK (64u << 10) /* what is gathered before it goes to the file */

typedef struct {
  gboolean is_object;
  gboolean is_empty;
} Level;

struct WeirJsonWriter {
  GString *out;
  WeirAtomicFile *file; /* NULL: `out` is the caller's */
  guint indent;
  GArray *levels; /* of Level, the innermost last */
  gboolean has_key;
  gboolean redacts;
  gboolean is_done; /* the outermost value is whole */
};

static WeirJsonWriter *
writer_new(GString *out, WeirAtomicFile *file, guint indent)
{
  WeirJsonWriter *writer = g_new0(WeirJsonWriter, 1);
  writer->out = out;
  writer->file = file;
  writer->indent = indent;
  writer->levels = g_array_new(FALSE, FALSE, sizeof(Level));
  return writer;
}

WeirJsonWriter *
weir_json_writer_new(GString *out, guint indent)
{
  return writer_new(out, NULL, indent);
}

WeirJsonWriter *
weir_json_writer_new_file(WeirAtomicFile *file, guint indent)
{
  return writer_new(g_string_sized_new(FILE_CHUNK + 4096), file, indent);
}

void
weir_json_writer_redact(WeirJsonWriter *writer)
{
  writer->redacts = TRUE;
}

void
weir_json_writer_flush(WeirJsonWriter *writer)
{
  if (writer->file == NULL)
    return;
  weir_atomic_file_write(writer->file, writer->out->str, writer->out->len, NULL);
  g_string_truncate(writer->out, 0);
}

void
weir_json_writer_free(WeirJsonWriter *writer)
{
  if (writer == NULL)
    return;
  weir_json_writer_flush(writer);
  if (writer->file != NULL)
    g_string_free(writer->out, TRUE);
  g_array_unref(writer->levels);
  g_free(writer);
}

/* --- Structure --- */

static Level *
innermost(WeirJsonWriter *writer)
{
  guint depth = writer->levels->len;
  return depth == 0 ? NULL : &g_array_index(writer->levels, Level, depth - 1);
}

static void
break_line(WeirJsonWriter *writer)
{
  if (writer->indent == 0)
    return;
  g_string_append_c(writer->out, '\n');
  for (guint i = 0; i < writer->indent * writer->levels->len; i++)
    g_string_append_c(writer->out, ' ');
}

static void
begin_member(WeirJsonWriter *writer, Level *level)
{
  if (!level->is_empty)
    g_string_append_c(writer->out, ',');
  level->is_empty = FALSE;
  break_line(writer);
}

/* What stands before every value. */
static void
begin_value(WeirJsonWriter *writer)
{
  Level *level = innermost(writer);

  if (level == NULL) {
    g_assert(!writer->is_done);
  } else if (level->is_object) {
    g_assert(writer->has_key);
    writer->has_key = FALSE;
  } else {
    begin_member(writer, level);
  }
}

static void
end_value(WeirJsonWriter *writer)
{
  if (writer->levels->len == 0)
    writer->is_done = TRUE;
  if (writer->file != NULL && writer->out->len >= FILE_CHUNK)
    weir_json_writer_flush(writer);
}

static void
begin_level(WeirJsonWriter *writer, gboolean is_object)
{
  Level level = {is_object, TRUE};
  begin_value(writer);
  g_string_append_c(writer->out, is_object ? '{' : '[');
  g_array_append_val(writer->levels, level);
}

static void
end_level(WeirJsonWriter *writer, gboolean is_object)
{
  const Level *level = innermost(writer);

  g_assert(level != NULL && level->is_object == is_object && !writer->has_key);
  gboolean is_empty = level->is_empty;
  g_array_set_size(writer->levels, writer->levels->len - 1);
  if (!is_empty)
    break_line(writer);
  g_string_append_c(writer->out, is_object ? '}' : ']');
  end_value(writer);
}

void
weir_json_begin_object(WeirJsonWriter *writer)
{
  begin_level(writer, TRUE);
}

void
weir_json_end_object(WeirJsonWriter *writer)
{
  end_level(writer, TRUE);
}

void
weir_json_begin_array(WeirJsonWriter *writer)
{
  begin_level(writer, FALSE);
}

void
weir_json_end_array(WeirJsonWriter *writer)
{
  end_level(writer, FALSE);
}

void
weir_json_key(WeirJsonWriter *writer, const char *key)
{
  Level *level = innermost(writer);

  g_assert(level != NULL && level->is_object && !writer->has_key);
  begin_member(writer, level);
  weir_json_append_string(writer->out, key, strlen(key));
  g_string_append(writer->out, writer->indent > 0 ? ": " : ":");
  writer->has_key = TRUE;
}

void
weir_json_newline(WeirJsonWriter *writer)
{
  g_assert(writer->levels->len == 0);
  g_string_append_c(writer->out, '\n');
  end_value(writer);
  writer->is_done = FALSE;
}

/* --- Values --- */

void
weir_json_string_sized(WeirJsonWriter *writer, const char *value, gsize size)
{
  begin_value(writer);
  if (writer->redacts && weir_redact_needed()) {
    g_autoptr(GString) text = g_string_new_len(value, (gssize)size);
    weir_redact_string(text);
    weir_json_append_string(writer->out, text->str, text->len);
  } else {
    weir_json_append_string(writer->out, value, size);
  }
  end_value(writer);
}

void
weir_json_string(WeirJsonWriter *writer, const char *value)
{
  if (value == NULL)
    weir_json_null(writer);
  else
    weir_json_string_sized(writer, value, strlen(value));
}

void
weir_json_raw(WeirJsonWriter *writer, const char *json)
{
  begin_value(writer);
  g_string_append(writer->out, json);
  end_value(writer);
}

void
weir_json_null(WeirJsonWriter *writer)
{
  weir_json_raw(writer, "null");
}

void
weir_json_boolean(WeirJsonWriter *writer, gboolean value)
{
  weir_json_raw(writer, value ? "true" : "false");
}

void
weir_json_integer(WeirJsonWriter *writer, gint64 value)
{
  char text[WEIR_NUMBER_BYTES];
  g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, value);
  weir_json_raw(writer, text);
}

void
weir_json_unsigned(WeirJsonWriter *writer, guint64 value)
{
  char text[WEIR_NUMBER_BYTES];
  g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, value);
  weir_json_raw(writer, text);
}

void
weir_json_number(WeirJsonWriter *writer, double value)
{
  begin_value(writer);
  weir_json_append_number(writer->out, value);
  end_value(writer);
}

void
weir_json_member_string(WeirJsonWriter *writer, const char *key, const char *value)
{
  weir_json_key(writer, key);
  weir_json_string(writer, value);
}

void
weir_json_member_integer(WeirJsonWriter *writer, const char *key, gint64 value)
{
  weir_json_key(writer, key);
  weir_json_integer(writer, value);
}

void
weir_json_member_unsigned(WeirJsonWriter *writer, const char *key, guint64 value)
{
  weir_json_key(writer, key);
  weir_json_unsigned(writer, value);
}

void
weir_json_member_number(WeirJsonWriter *writer, const char *key, double value)
{
  weir_json_key(writer, key);
  weir_json_number(writer, value);
}

void
weir_json_member_boolean(WeirJsonWriter *writer, const char *key, gboolean value)
{
  weir_json_key(writer, key);
  weir_json_boolean(writer, value);
}
