/* SPDX-License-Identifier: MIT */
/* A tree of values read from JSON or YAML (or built), in which every key and value knows where it was written. */
#ifndef WEIR_BASE_TREE_H
#define WEIR_BASE_TREE_H

#include "base/diagnostics.h"
#include "base/json_write.h"
#include "base/position.h"

G_BEGIN_DECLS

typedef enum {
  WEIR_NODE_NULL,
  WEIR_NODE_BOOLEAN,
  WEIR_NODE_INTEGER, /* gint64 */
  WEIR_NODE_NUMBER,  /* a finite double */
  WEIR_NODE_STRING,  /* UTF-8 without NUL */
  WEIR_NODE_LIST,
  WEIR_NODE_MAP, /* keys in the order written */
} WeirNodeKind;

/* Reference-counted. A scalar never changes. Lists and maps are changed by weir_node_append, weir_node_set
 * and weir_node_remove only, by whoever built them and before they are shared; from then on any thread may
 * read them. A node holds a reference on each of its children; a child may stand in several parents. */
typedef struct WeirNode WeirNode;

WeirNode *weir_node_ref(WeirNode *node);
void weir_node_unref(WeirNode *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirNode, weir_node_unref)

/* --- Reading files --- */

#define WEIR_TREE_MAX_BYTES (16u << 20)
#define WEIR_TREE_MAX_DEPTH 64u
#define WEIR_TREE_MAX_NODES (1u << 20)

/* Whether a file of this name is read as YAML: it ends in .yaml or .yml, capitals or not. */
gboolean weir_is_yaml_name(const char *path);

/* Reads a file; the format follows from its extension: YAML as above, JSON otherwise. Returns NULL and adds to
 * `diagnostics` all that is wrong with it: missing, a folder, unreadable, empty, too large, or not strict
 * JSON or YAML. Positions carry `path` as given. */
WeirNode *weir_node_load(const char *path, WeirDiagnostics *diagnostics);
/* The same; that the file cannot be read is said at `by`, where it is named. */
WeirNode *weir_node_load_at(const char *path, WeirPosition by, WeirDiagnostics *diagnostics);

/* Parses strict JSON (RFC 8259): UTF-8, one value. A byte order mark at the start is skipped. Refused, each
 * with its line and column: duplicate keys (both places named), integers beyond int64, numbers beyond double,
 * comments, trailing commas, leading zeros, single quotes, invalid UTF-8, NUL (also as \u0000), lone
 * surrogates, and what is beyond the limits above. `length` may be -1 for a NUL-terminated text. `origin` is
 * the file name in positions. NULL on errors. */
WeirNode *weir_node_parse_json(const char *text, gssize length, const char *origin,
                               WeirDiagnostics *diagnostics);

/* Parses one document of YAML 1.2 (https://yaml.org/spec/1.2.2/) by its core schema, with the merge key <<: it gives the
 * tree that the same content gives as JSON. Aliases are the node of their anchor once more, and count against the
 * limits as if they were written out. Refused, each with its line and column: duplicate keys and anchors, keys that
 * are no texts, unquoted yes, no, on, off, y and n as values, numbers with zeros in front, .inf and .nan, integers
 * beyond int64, numbers beyond double, tags but those of the core schema, a second document, tabs as indentation,
 * NUL, control characters, invalid UTF-8, the line ends of YAML 1.1 (U+0085, U+2028, U+2029), %YAML 1.1, and
 * what is beyond the limits above. `length` and `origin` as above. NULL on errors. */
WeirNode *weir_node_parse_yaml(const char *text, gssize length, const char *origin,
                               WeirDiagnostics *diagnostics);

/* A value as a person types it on a command line: a text that begins with [ { or " must be JSON; true, false,
 * null and JSON numbers are themselves; everything else is a string. All nodes get `position`. NULL on
 * errors. */
WeirNode *weir_node_parse_argument(const char *text, WeirPosition position, WeirDiagnostics *diagnostics);

/* --- Looking --- */

WeirNodeKind weir_node_kind(const WeirNode *node);
const char *weir_node_kind_name(
    WeirNodeKind kind); /* "null", "boolean", "integer", "number", "string", "list", "map" */
WeirPosition weir_node_position(const WeirNode *node);

/* The value; the caller has checked the kind. */
gboolean weir_node_boolean(const WeirNode *node);
gint64 weir_node_integer(const WeirNode *node);
double weir_node_number(const WeirNode *node); /* of an integer too */
const char *weir_node_string(const WeirNode *node);

/* The file whose folder a relative path in this text is relative to, or another origin such as "command line": where it
 * is written, unless weir_node_new_text() said otherwise. May be NULL. */
const char *weir_node_origin(const WeirNode *node);

/* What is known of a text besides itself: WEIR_TEXT_…; 0 for all that weir_node_new_text() did not make. */
guint weir_node_text_flags(const WeirNode *node);

/* Members of a list or map; 0 for a scalar. `index` is below the size. Children belong to their parent. */
gsize weir_node_size(const WeirNode *node);
WeirNode *weir_node_at(const WeirNode *node, gsize index);
const char *weir_node_key_at(const WeirNode *map, gsize index);
WeirPosition weir_node_key_position_at(const WeirNode *map, gsize index);

/* By key, in constant time. NULL, or -1, where the node is no map or has no such key. */
WeirNode *weir_node_get(const WeirNode *map, const char *key);
gssize weir_node_find(const WeirNode *map, const char *key);

/* Where a key is written; the map's own position where it has no such key. */
WeirPosition weir_node_key_position(const WeirNode *map, const char *key);

/* weir_node_get, key after key, up to a NULL: weir_node_lookup (root, "stages", "load", "use", NULL). */
WeirNode *weir_node_lookup(const WeirNode *node, ...) G_GNUC_NULL_TERMINATED;

/* Same kinds and values; positions and the order of keys do not count. An integer never equals a number. */
gboolean weir_node_equal(const WeirNode *a, const WeirNode *b);

/* --- Building --- */

WeirNode *weir_node_new_null(WeirPosition position);
WeirNode *weir_node_new_boolean(WeirPosition position, gboolean value);
WeirNode *weir_node_new_integer(WeirPosition position, gint64 value);
WeirNode *weir_node_new_number(WeirPosition position, double value); /* finite */
WeirNode *weir_node_new_string(WeirPosition position, const char *value);

enum {
  WEIR_TEXT_UNTYPED =
      1, /* from outside of all files: it may stand for a value of any kind, as on a command line */
  WEIR_TEXT_SECRET = 2, /* never to be shown; overwritten when it is freed */
};
/* A string with flags and an origin of its own (interned; NULL: that of `position`). */
WeirNode *weir_node_new_text(WeirPosition position, const char *value, const char *origin, guint flags);

WeirNode *weir_node_new_list(WeirPosition position);
WeirNode *weir_node_new_map(WeirPosition position);

/* Takes the reference on `child`. An existing key keeps its place in the order, and gets the new position and
 * value. */
void weir_node_append(WeirNode *list, WeirNode *child);
void weir_node_set(WeirNode *map, const char *key, WeirPosition key_position, WeirNode *child);
gboolean weir_node_remove(WeirNode *map, const char *key); /* FALSE: there was none */

/* A deep copy; scalars are shared. */
WeirNode *weir_node_copy(const WeirNode *node);

/* A deep copy in which `replace` is asked about every scalar, not about keys: it returns a node that stands
 * in its place (the caller takes the reference), or NULL to keep it. What it returns is not gone through
 * again. */
typedef WeirNode *(*WeirNodeReplace)(const WeirNode *scalar, gpointer data);
WeirNode *weir_node_rewrite(const WeirNode *node, WeirNodeReplace replace, gpointer data);

/* --- Writing --- */

/* JSON in the order of insertion, so the same tree gives the same bytes; `pretty` indents by two spaces. No
 * newline at the end. Free with g_free. */
char *weir_node_to_json(const WeirNode *node, gboolean pretty);
void weir_node_write_json(const WeirNode *node, WeirJsonWriter *writer);

/* --- Checking --- */

/* Adds an error and returns FALSE unless the node is of this kind (an integer passes as a number):
 * `stages must be a map, not a string`. `what` is how to call the node. */
gboolean weir_node_check_kind(const WeirNode *node, WeirNodeKind kind, const char *what,
                              WeirDiagnostics *diagnostics);

/* Adds an error for every key that is not in `valid` (NULL-terminated), with the nearest valid name:
 * `unknown key "form" in stage "load"; did you mean "from"?`. Returns whether there was none. */
gboolean weir_node_check_keys(const WeirNode *map, const char *const *valid, const char *what,
                              WeirDiagnostics *diagnostics);

G_END_DECLS

#endif
