/* SPDX-License-Identifier: MIT */
/* What the parts of the YAML reader share: where it stands, and what scalars and errors of libyaml become. Private to
 * tree_yaml. */
#ifndef WEIR_BASE_YAML_READ_H
#define WEIR_BASE_YAML_READ_H

#include "base/tree.h"

#include <yaml.h>

G_BEGIN_DECLS

typedef struct {
  yaml_parser_t parser;
  const char *file; /* interned; for positions */
  const char *text; /* without a byte order mark */
  gsize length;
  WeirDiagnostics *diagnostics;
  GHashTable *anchors; /* name to YamlAnchor */
  gsize n_nodes;       /* with those that aliases stand for */
  gsize n_bytes;       /* of scalars and keys, likewise */
  guint depth;
  gboolean is_faulty; /* an error that did not end the reading */
} WeirYamlReader;

WeirPosition weir_yaml_position(const WeirYamlReader *reader, yaml_mark_t mark);

/* Adds an error, and notes that there is one. The reading may go on. */
WeirDiagnostic *weir_yaml_error(WeirYamlReader *reader, yaml_mark_t mark, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Adds what libyaml found wrong, in our words. */
void weir_yaml_syntax_error(WeirYamlReader *reader);

/* The node of a scalar by the core schema of YAML 1.2 (section 10.3.2), or by its tag. A null after an error. */
WeirNode *weir_yaml_scalar(WeirYamlReader *reader, const yaml_event_t *event);

/* The text of a scalar that is a key; NULL after an error. It belongs to the event. */
const char *weir_yaml_key(WeirYamlReader *reader, const yaml_event_t *event);

/* Whether a list or map may have this tag, which may be NULL; `core` is the one that it may have. */
gboolean weir_yaml_check_tag(WeirYamlReader *reader, const yaml_event_t *event, const yaml_char_t *tag,
                             const char *core);

G_END_DECLS

#endif
