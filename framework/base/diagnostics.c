/* SPDX-License-Identifier: MIT */
/* An ordered list of errors and warnings about what a user wrote, so that all can be shown at once. */
#include "base/diagnostics.h"

#include "base/error.h"

#include <string.h>

typedef enum { SEVERITY_ERROR, SEVERITY_WARNING } Severity;

struct WeirDiagnostic {
  Severity severity;
  WeirPosition position;
  gsize added; /* place in the order of addition */
  char *message;
  GPtrArray *notes;
  GPtrArray *hints;
};

struct WeirDiagnostics {
  GPtrArray *entries;
  GHashTable *known; /* "severity file line column key" to its entry; the key is mostly the message */
  gsize n_errors;
  gsize n_warnings;
  WeirDiagnostic *surplus; /* takes the notes of entries beyond the limit */
};

static WeirDiagnostic *
diagnostic_new(Severity severity, WeirPosition position, char *message)
{
  WeirDiagnostic *diagnostic = g_new0(WeirDiagnostic, 1);
  diagnostic->severity = severity;
  diagnostic->position = position;
  diagnostic->message = message;
  diagnostic->notes = g_ptr_array_new_with_free_func(g_free);
  diagnostic->hints = g_ptr_array_new_with_free_func(g_free);
  return diagnostic;
}

static void
diagnostic_free(gpointer data)
{
  WeirDiagnostic *diagnostic = data;
  if (diagnostic == NULL)
    return;
  g_free(diagnostic->message);
  g_ptr_array_unref(diagnostic->notes);
  g_ptr_array_unref(diagnostic->hints);
  g_free(diagnostic);
}

WeirDiagnostics *
weir_diagnostics_new(void)
{
  WeirDiagnostics *diagnostics = g_new0(WeirDiagnostics, 1);
  diagnostics->entries = g_ptr_array_new_with_free_func(diagnostic_free);
  diagnostics->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return diagnostics;
}

void
weir_diagnostics_free(WeirDiagnostics *diagnostics)
{
  if (diagnostics == NULL)
    return;
  g_hash_table_unref(diagnostics->known);
  g_ptr_array_unref(diagnostics->entries);
  diagnostic_free(diagnostics->surplus);
  g_free(diagnostics);
}

/* --- Adding --- */

static WeirDiagnostic *
diagnostics_surplus(WeirDiagnostics *diagnostics)
{
  if (diagnostics->surplus == NULL)
    diagnostics->surplus = diagnostic_new(SEVERITY_ERROR, WEIR_POSITION_NONE, g_strdup(""));
  g_ptr_array_set_size(diagnostics->surplus->notes, 0);
  g_ptr_array_set_size(diagnostics->surplus->hints, 0);
  return diagnostics->surplus;
}

static WeirDiagnostic *
diagnostics_add(WeirDiagnostics *diagnostics, Severity severity, WeirPosition position, const char *sameness,
                char *message)
{
  g_autofree char *key =
      g_strdup_printf("%d %s %u %u %s", severity, position.file != NULL ? position.file : "", position.line,
                      position.column, sameness);
  WeirDiagnostic *entry = g_hash_table_lookup(diagnostics->known, key);

  if (entry != NULL) {
    g_free(message);
    return entry;
  }
  if (severity == SEVERITY_ERROR)
    diagnostics->n_errors++;
  else
    diagnostics->n_warnings++;
  if (diagnostics->entries->len >= WEIR_DIAGNOSTICS_KEPT) {
    g_free(message);
    return diagnostics_surplus(diagnostics);
  }
  entry = diagnostic_new(severity, position, message);
  entry->added = diagnostics->entries->len;
  g_ptr_array_add(diagnostics->entries, entry);
  g_hash_table_insert(diagnostics->known, g_steal_pointer(&key), entry);
  return entry;
}

WeirDiagnostic *
weir_diagnostics_error(WeirDiagnostics *diagnostics, WeirPosition position, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  return diagnostics_add(diagnostics, SEVERITY_ERROR, position, message, message);
}

WeirDiagnostic *
weir_diagnostics_error_once(WeirDiagnostics *diagnostics, WeirPosition position, const char *key,
                            const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  return diagnostics_add(diagnostics, SEVERITY_ERROR, position, key, message);
}

WeirDiagnostic *
weir_diagnostics_warning(WeirDiagnostics *diagnostics, WeirPosition position, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  return diagnostics_add(diagnostics, SEVERITY_WARNING, position, message, message);
}

static void
add_line(GPtrArray *lines, char *line)
{
  if (g_ptr_array_find_with_equal_func(lines, line, g_str_equal, NULL))
    g_free(line);
  else
    g_ptr_array_add(lines, line);
}

void
weir_diagnostic_note(WeirDiagnostic *diagnostic, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  add_line(diagnostic->notes, g_strdup_vprintf(format, arguments));
  va_end(arguments);
}

void
weir_diagnostic_hint(WeirDiagnostic *diagnostic, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  add_line(diagnostic->hints, g_strdup_vprintf(format, arguments));
  va_end(arguments);
}

void
weir_diagnostics_annotate(WeirDiagnostics *diagnostics, WeirDiagnosticNotes note, gpointer data)
{
  for (guint i = 0; i < diagnostics->entries->len; i++) {
    WeirDiagnostic *entry = diagnostics->entries->pdata[i];
    g_auto(GStrv) lines = note(entry->position, data);
    for (guint k = 0; lines != NULL && lines[k] != NULL; k++)
      add_line(entry->notes, g_strdup(lines[k]));
  }
}

gsize
weir_diagnostics_n_errors(const WeirDiagnostics *diagnostics)
{
  return diagnostics->n_errors;
}

gsize
weir_diagnostics_n_warnings(const WeirDiagnostics *diagnostics)
{
  return diagnostics->n_warnings;
}

/* --- Showing --- */

static gint
compare_numbers(gsize a, gsize b)
{
  return (a > b) - (a < b);
}

/* `data` maps a file name to its rank, from 1; entries without a file have rank 0. */
static gint
compare_entries(gconstpointer left, gconstpointer right, gpointer data)
{
  const WeirDiagnostic *a = *(const WeirDiagnostic *const *)left;
  const WeirDiagnostic *b = *(const WeirDiagnostic *const *)right;
  gsize rank_a = a->position.file == NULL ? 0 : GPOINTER_TO_SIZE(g_hash_table_lookup(data, a->position.file));
  gsize rank_b = b->position.file == NULL ? 0 : GPOINTER_TO_SIZE(g_hash_table_lookup(data, b->position.file));
  gint order = compare_numbers(rank_a, rank_b);

  if (order == 0)
    order = compare_numbers(a->position.line, b->position.line);
  if (order == 0)
    order = compare_numbers(a->position.column, b->position.column);
  return order != 0 ? order : compare_numbers(a->added, b->added);
}

static GPtrArray *
sorted_entries(const WeirDiagnostics *diagnostics)
{
  GPtrArray *sorted = g_ptr_array_sized_new(diagnostics->entries->len);
  g_autoptr(GHashTable) ranks = g_hash_table_new(g_str_hash, g_str_equal);

  for (guint i = 0; i < diagnostics->entries->len; i++) {
    WeirDiagnostic *entry = diagnostics->entries->pdata[i];
    const char *file = entry->position.file;
    if (file != NULL && !g_hash_table_contains(ranks, file))
      g_hash_table_insert(ranks, (gpointer)file, GSIZE_TO_POINTER(g_hash_table_size(ranks) + 1));
    g_ptr_array_add(sorted, entry);
  }
  g_ptr_array_sort_with_data(sorted, compare_entries, ranks);
  return sorted;
}

static void
append_entry(GString *out, const WeirDiagnostic *entry)
{
  g_autofree char *position = weir_position_to_string(entry->position);

  g_string_append_printf(out, "%s%s%s%s\n", position, *position != '\0' ? ": " : "",
                         entry->severity == SEVERITY_WARNING ? "warning: " : "", entry->message);
  for (guint i = 0; i < entry->notes->len; i++)
    g_string_append_printf(out, "  %s\n", (const char *)entry->notes->pdata[i]);
  for (guint i = 0; i < entry->hints->len; i++)
    g_string_append_printf(out, "  hint: %s\n", (const char *)entry->hints->pdata[i]);
}

static void
append_rest(GString *out, gsize errors, gsize warnings)
{
  if (errors > 0)
    g_string_append_printf(out, "and %" G_GSIZE_FORMAT " more error%s\n", errors, errors == 1 ? "" : "s");
  if (warnings > 0)
    g_string_append_printf(out, "and %" G_GSIZE_FORMAT " more warning%s\n", warnings,
                           warnings == 1 ? "" : "s");
}

char *
weir_diagnostics_to_string(const WeirDiagnostics *diagnostics, gsize shown)
{
  GString *out = g_string_new(NULL);
  g_autoptr(GPtrArray) entries = sorted_entries(diagnostics);
  gsize errors = diagnostics->n_errors;
  gsize warnings = diagnostics->n_warnings;

  if (shown == 0)
    shown = WEIR_DIAGNOSTICS_SHOWN;
  for (guint i = 0; i < entries->len && i < shown; i++) {
    const WeirDiagnostic *entry = entries->pdata[i];
    append_entry(out, entry);
    if (entry->severity == SEVERITY_ERROR)
      errors--;
    else
      warnings--;
  }
  append_rest(out, errors, warnings);
  return g_string_free(out, FALSE);
}

static void
write_lines(WeirJsonWriter *writer, const char *key, const GPtrArray *lines)
{
  if (lines->len == 0)
    return;
  weir_json_key(writer, key);
  weir_json_begin_array(writer);
  for (guint i = 0; i < lines->len; i++)
    weir_json_string(writer, lines->pdata[i]);
  weir_json_end_array(writer);
}

void
weir_diagnostics_write_json(const WeirDiagnostics *diagnostics, WeirJsonWriter *writer)
{
  g_autoptr(GPtrArray) entries = sorted_entries(diagnostics);

  weir_json_begin_array(writer);
  for (guint i = 0; i < entries->len; i++) {
    const WeirDiagnostic *entry = entries->pdata[i];
    weir_json_begin_object(writer);
    weir_json_member_string(writer, "severity", entry->severity == SEVERITY_ERROR ? "error" : "warning");
    if (entry->position.file != NULL)
      weir_json_member_string(writer, "file", entry->position.file);
    if (entry->position.line != 0)
      weir_json_member_unsigned(writer, "line", entry->position.line);
    if (entry->position.column != 0)
      weir_json_member_unsigned(writer, "column", entry->position.column);
    weir_json_member_string(writer, "message", entry->message);
    write_lines(writer, "notes", entry->notes);
    write_lines(writer, "hints", entry->hints);
    weir_json_end_object(writer);
  }
  weir_json_end_array(writer);
}

gboolean
weir_diagnostics_check(const WeirDiagnostics *diagnostics, GError **error)
{
  if (diagnostics->n_errors == 0)
    return TRUE;
  g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
  g_set_error_literal(error, WEIR_ERROR, WEIR_ERROR_INVALID, g_strchomp(text));
  return FALSE;
}
