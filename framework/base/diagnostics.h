/* SPDX-License-Identifier: MIT */
/* An ordered list of errors and warnings about what a user wrote, so that all can be shown at once. */
#ifndef WEIR_BASE_DIAGNOSTICS_H
#define WEIR_BASE_DIAGNOSTICS_H

#include "base/json_write.h"
#include "base/position.h"

G_BEGIN_DECLS

/* Not thread-safe: a list belongs to one thread at a time. */
typedef struct WeirDiagnostics WeirDiagnostics;
typedef struct WeirDiagnostic WeirDiagnostic;

#define WEIR_DIAGNOSTICS_SHOWN 50    /* entries printed unless the caller says otherwise */
#define WEIR_DIAGNOSTICS_KEPT  10000 /* entries held; further ones are counted only */

WeirDiagnostics *weir_diagnostics_new(void);
void weir_diagnostics_free(WeirDiagnostics *diagnostics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirDiagnostics, weir_diagnostics_free)

/* Adds an entry: one sentence without a full stop, without the position. Where the same sentence stands at
 * the same position already, nothing is added and that entry is returned. The entry belongs to the list.
 * Never NULL. */
WeirDiagnostic *weir_diagnostics_error(WeirDiagnostics *diagnostics, WeirPosition position,
                                       const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same, where what is said differs in names only: at one position there is one error with this `key`. */
WeirDiagnostic *weir_diagnostics_error_once(WeirDiagnostics *diagnostics, WeirPosition position,
                                            const char *key, const char *format, ...) G_GNUC_PRINTF(4, 5);
WeirDiagnostic *weir_diagnostics_warning(WeirDiagnostics *diagnostics, WeirPosition position,
                                         const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Adds a continuation line, or a line that begins with "hint: ". A line that the entry has already is not
 * repeated. */
void weir_diagnostic_note(WeirDiagnostic *diagnostic, const char *format, ...) G_GNUC_PRINTF(2, 3);
void weir_diagnostic_hint(WeirDiagnostic *diagnostic, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Asks `note` about the position of each entry, and adds the lines (NULL-terminated; taken) that it returns, if any, as
 * continuation lines: for what is known of a place only later, such as who included the file. */
typedef char **(*WeirDiagnosticNotes)(WeirPosition position, gpointer data);
void weir_diagnostics_annotate(WeirDiagnostics *diagnostics, WeirDiagnosticNotes note, gpointer data);

gsize weir_diagnostics_n_errors(const WeirDiagnostics *diagnostics);
gsize weir_diagnostics_n_warnings(const WeirDiagnostics *diagnostics);

/* The list as text, each line ended by a newline; "" where it is empty. Entries without a file come first,
 * then file by file in the order in which the files were first named, each by line and column, then in the
 * order added:
 *
 *   docs.json:14:9: stage "dedup" (text.dedup), port "in": column "text" is i64, wants utf8
 *     comes from stage "load" (jsonl.read), port "out": id:i64, text:i64, label:i32
 *     hint: map another column in "load", or put a columns.cast stage between
 *
 * At most `shown` entries (0: WEIR_DIAGNOSTICS_SHOWN), then "and N more errors". A warning's sentence begins
 * with "warning: ". Secrets are not redacted here. Free with g_free. */
char *weir_diagnostics_to_string(const WeirDiagnostics *diagnostics, gsize shown);

/* Writes all of it as a JSON array of {"severity", "file", "line", "column", "message", "notes", "hints"};
 * members that are unknown or empty are left out. */
void weir_diagnostics_write_json(const WeirDiagnostics *diagnostics, WeirJsonWriter *writer);

/* Where there are errors, sets `error` (WEIR_ERROR_INVALID) to the text without its last newline and returns
 * FALSE. */
gboolean weir_diagnostics_check(const WeirDiagnostics *diagnostics, GError **error);

G_END_DECLS

#endif
