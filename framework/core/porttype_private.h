/* SPDX-License-Identifier: MIT */
/* A parsed port type, as its parser and its users see it. */
#ifndef WEIR_CORE_PORTTYPE_PRIVATE_H
#define WEIR_CORE_PORTTYPE_PRIVATE_H

#include "core/porttype.h"
#include "core/type_expr.h"

typedef enum {
  ENTRY_COLUMN, /* text:utf8; in an output that refers to an input: replaced in its place */
  ENTRY_ADD,    /* +score:f64 */
  ENTRY_REMOVE, /* -raw */
} EntryKind;

/* A named part of a port type. */
typedef struct PortEntry {
  EntryKind kind;
  char *name; /* of the column; of the option where from_option */
  gboolean from_option;
  gboolean optional;  /* "name?": it may be missing */
  WeirTypeExpr *type; /* NULL for ENTRY_REMOVE */
} PortEntry;

struct WeirPortType {
  char *text;
  char *base;         /* "=in", or NULL */
  gboolean others;    /* "*" or "any" */
  GArray *entries;    /* of PortEntry */
  GPtrArray *options; /* of the entries' names, NULL at the end */
};

static inline const PortEntry *
weir_port_type_entry(const WeirPortType *type, guint index)
{
  return &g_array_index(type->entries, PortEntry, index);
}

/* Columns that an entry stands for: its own name, or those that its option names; NULL at the end. `single`
 * is room for the first. */
const char *const *weir_port_entry_names(const PortEntry *entry, const char *single[2],
                                         WeirFieldLookup lookup, gpointer data);

/* `column "txt" (option "text") is missing; did you mean "text"?` and what there is. `relation` stands behind
 * the name: ", which the output removes,". */
char *weir_port_missing_column(const PortEntry *entry, const char *name, const char *relation,
                               const WeirSchema *schema);

#endif
