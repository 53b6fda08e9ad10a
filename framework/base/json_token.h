/* SPDX-License-Identifier: MIT */
/* The scanner's cursor over a JSON text: places, errors, strings, numbers and words. Private to json_scan. */
#ifndef WEIR_BASE_JSON_TOKEN_H
#define WEIR_BASE_JSON_TOKEN_H

#include "base/json_scan.h"

G_BEGIN_DECLS

typedef struct {
  const WeirJsonSource *source;
  WeirDiagnostics *diagnostics;
  GArray *places; /* of WeirJsonPlace */
  const char *p;
  const char *end;
  guint line;
  const char *mark; /* up to here columns have been counted */
  guint mark_column;
  guint depth;
  gsize n_nodes;
  gboolean is_faulty; /* an error that did not end the scan */
} WeirJsonScanner;

/* The place of `at`, which is on the current line and not before any place asked for earlier. */
WeirJsonPlace weir_json_place(WeirJsonScanner *s, const char *at);

/* Adds an error, and notes that there is one. The scan may go on. */
WeirDiagnostic *weir_json_error(WeirJsonScanner *s, WeirJsonPlace place, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Says that `wanted` ("a value") does not stand at the cursor. Returns FALSE. */
gboolean weir_json_expected(WeirJsonScanner *s, const char *wanted);

void weir_json_skip_space(WeirJsonScanner *s);

/* Each goes past what stands at the cursor, or adds an error and returns FALSE where the scan cannot go on. A
 * string begins at its opening quote; where `span` is given, it becomes the text between the quotes, not
 * decoded, to free with g_free. */
gboolean weir_json_scan_string(WeirJsonScanner *s, char **span);
gboolean weir_json_scan_number(WeirJsonScanner *s);
gboolean weir_json_scan_word(WeirJsonScanner *s);

G_END_DECLS

#endif
