/* SPDX-License-Identifier: MIT */
/* Checks that a text is strict JSON, and notes where its keys and values stand. */
#ifndef WEIR_BASE_JSON_SCAN_H
#define WEIR_BASE_JSON_SCAN_H

#include "base/diagnostics.h"

G_BEGIN_DECLS

typedef struct {
  guint line;
  guint column;
} WeirJsonPlace;

typedef struct {
  const char *text; /* without a byte order mark */
  gsize length;
  const char *file;          /* interned; for positions */
  const WeirPosition *fixed; /* where all of the text stands, when it is no file; NULL when it is one */
} WeirJsonSource;

/* Adds a place for each key and each value, in the order of the document. Returns FALSE, with at least one
 * error added, where the text is not strict JSON within the limits of tree.h. A text that passes is read by
 * json-glib without loss. */
gboolean weir_json_scan(const WeirJsonSource *source, GArray *places, WeirDiagnostics *diagnostics);

/* Whether the text is one number that fits. */
gboolean weir_json_is_number(const char *text);

G_END_DECLS

#endif
