/* SPDX-License-Identifier: MIT */
/* Reads YAML 1.2 into a tree, event by event, so that limits hold before anything large is built. */
#include "base/quote.h"
#include "base/tree_text.h"
#include "base/yaml_read.h"

#include <string.h>

/* What an anchor stands for. An alias takes the same node once more; what it would take if it were written out counts
   against the limits. */
typedef struct {
  WeirNode *node; /* NULL: it is not whole yet */
  WeirPosition position;
  gsize n_nodes, n_bytes;
  guint height; /* levels of lists and maps in it */
} YamlAnchor;

static WeirNode *read_node(WeirYamlReader *reader, yaml_event_t *event, guint *height);

WeirPosition
weir_yaml_position(const WeirYamlReader *reader, yaml_mark_t mark)
{
  return (WeirPosition){reader->file, (guint)mark.line + 1, (guint)mark.column + 1};
}

WeirDiagnostic *
weir_yaml_error(WeirYamlReader *reader, yaml_mark_t mark, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);

  reader->is_faulty = TRUE;
  return weir_diagnostics_error(reader->diagnostics, weir_yaml_position(reader, mark), "%s", message);
}

/* FALSE: it is no YAML from here on. */
static gboolean
next_event(WeirYamlReader *reader, yaml_event_t *event)
{
  if (yaml_parser_parse(&reader->parser, event))
    return TRUE;
  weir_yaml_syntax_error(reader);
  return FALSE;
}

/* --- Limits --- */

static gboolean
count(WeirYamlReader *reader, yaml_mark_t mark, gsize n_nodes, gsize n_bytes)
{
  reader->n_nodes += n_nodes;
  reader->n_bytes += n_bytes;
  if (reader->n_nodes > WEIR_TREE_MAX_NODES) {
    weir_yaml_error(reader, mark, "more than %u values in one file, aliases written out",
                    WEIR_TREE_MAX_NODES);
    return FALSE;
  }
  if (reader->n_bytes > WEIR_TREE_MAX_BYTES) {
    weir_yaml_error(reader, mark, "more than %u MiB of text in one file, aliases written out",
                    WEIR_TREE_MAX_BYTES >> 20);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_depth(WeirYamlReader *reader, yaml_mark_t mark, guint height)
{
  if (reader->depth + height <= WEIR_TREE_MAX_DEPTH)
    return TRUE;
  weir_yaml_error(reader, mark, "nested deeper than %u levels", WEIR_TREE_MAX_DEPTH);
  return FALSE;
}

/* --- Anchors and aliases --- */

static void
anchor_free(gpointer data)
{
  YamlAnchor *anchor = data;
  weir_node_unref(anchor->node);
  g_free(anchor);
}

/* NULL: there is no anchor, or after an error. */
static YamlAnchor *
begin_anchor(WeirYamlReader *reader, const yaml_event_t *event, const yaml_char_t *name)
{
  if (name == NULL)
    return NULL;
  YamlAnchor *other = g_hash_table_lookup(reader->anchors, name);
  if (other != NULL) {
    weir_yaml_error(reader, event->start_mark, "the anchor &%s is there twice: first on line %u",
                    (const char *)name, other->position.line);
    return NULL;
  }
  YamlAnchor *anchor = g_new0(YamlAnchor, 1);
  anchor->position = weir_yaml_position(reader, event->start_mark);
  anchor->n_nodes = reader->n_nodes;
  anchor->n_bytes = reader->n_bytes;
  g_hash_table_insert(reader->anchors, g_strdup((const char *)name), anchor);
  return anchor;
}

static void
end_anchor(const WeirYamlReader *reader, YamlAnchor *anchor, WeirNode *node, guint height)
{
  if (anchor == NULL || node == NULL)
    return;
  anchor->node = weir_node_ref(node);
  anchor->n_nodes = reader->n_nodes - anchor->n_nodes;
  anchor->n_bytes = reader->n_bytes - anchor->n_bytes;
  anchor->height = height;
}

static WeirNode *
read_alias(WeirYamlReader *reader, const yaml_event_t *event, guint *height)
{
  const char *name = (const char *)event->data.alias.anchor;
  const YamlAnchor *anchor = g_hash_table_lookup(reader->anchors, name);

  if (anchor == NULL || anchor->node == NULL) {
    WeirDiagnostic *error = weir_yaml_error(
        reader, event->start_mark,
        anchor != NULL ? "*%s stands inside what it refers to" : "there is no anchor &%s before this", name);
    if (anchor == NULL)
      weir_diagnostic_hint(error, "put a text that begins with * in quotes");
    return weir_node_new_null(weir_yaml_position(reader, event->start_mark));
  }
  *height = anchor->height;
  if (!count(reader, event->start_mark, anchor->n_nodes, anchor->n_bytes) ||
      !check_depth(reader, event->start_mark, anchor->height))
    return NULL;
  return weir_node_ref(anchor->node);
}

/* --- Lists and maps --- */

static WeirNode *
read_list(WeirYamlReader *reader, const yaml_event_t *begin, guint *height)
{
  g_autoptr(WeirNode) list = weir_node_new_list(weir_yaml_position(reader, begin->start_mark));

  for (;;) {
    yaml_event_t event;
    guint below = 0;
    if (!next_event(reader, &event))
      return NULL;
    gboolean ended = event.type == YAML_SEQUENCE_END_EVENT;
    WeirNode *item = ended ? NULL : read_node(reader, &event, &below);
    yaml_event_delete(&event);
    if (ended)
      return g_steal_pointer(&list);
    if (item == NULL)
      return NULL;
    *height = MAX(*height, below + 1);
    weir_node_append(list, item);
  }
}

static gboolean
is_merge(const yaml_event_t *event)
{
  return event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         strcmp((const char *)event->data.scalar.value, "<<") == 0;
}

/* Members of `from` that `map` does not have. They count as if they were written out; the value of << did already. */
static void
merge_one(WeirNode *map, const WeirNode *from)
{
  for (gsize i = 0; i < weir_node_size(from); i++)
    if (weir_node_find(map, weir_node_key_at(from, i)) < 0)
      weir_node_set(map, weir_node_key_at(from, i), weir_node_key_position_at(from, i),
                    weir_node_ref(weir_node_at(from, i)));
}

/* "<<: *base" and "<<: [*a, *b]", as https://yaml.org/type/merge.html has it: the map's own keys come first, then those
 * of the maps in order. */
static void
merge(WeirYamlReader *reader, WeirNode *map, const WeirNode *value)
{
  gboolean is_list = weir_node_kind(value) == WEIR_NODE_LIST;

  for (gsize i = 0; i < (is_list ? weir_node_size(value) : 1); i++) {
    const WeirNode *from = is_list ? weir_node_at(value, i) : value;
    if (weir_node_kind(from) == WEIR_NODE_MAP) {
      merge_one(map, from);
      continue;
    }
    reader->is_faulty = TRUE;
    weir_diagnostics_error(reader->diagnostics, weir_node_position(from),
                           "<< takes a map, or a list of maps");
  }
}

static void
refuse_duplicate(WeirYamlReader *reader, const yaml_event_t *event, const char *key, WeirPosition first)
{
  g_autofree char *quoted = weir_quote(key, -1);
  if (first.line != event->start_mark.line + 1)
    weir_yaml_error(reader, event->start_mark, "the key %s is there twice: first on line %u", quoted,
                    first.line);
  else
    weir_yaml_error(reader, event->start_mark, "the key %s is there twice: first in column %u of this line",
                    quoted, first.column);
}

/* A key that cannot be one is passed over with its value: NULL, with an error. FALSE: the reading ends. */
static gboolean
read_key(WeirYamlReader *reader, yaml_event_t *event, const WeirNode *map, char **key)
{
  guint height = 0;

  *key = NULL;
  if (event->type != YAML_SCALAR_EVENT) {
    weir_yaml_error(reader, event->start_mark, "a key must be a text, not %s",
                    event->type == YAML_ALIAS_EVENT            ? "an alias"
                    : event->type == YAML_SEQUENCE_START_EVENT ? "a list"
                                                               : "a map");
    g_autoptr(WeirNode) ignored = read_node(reader, event, &height);
    return ignored != NULL;
  }
  if (event->data.scalar.anchor != NULL)
    weir_yaml_error(reader, event->start_mark, "an anchor on a key; put it on a value");
  const char *text = weir_yaml_key(reader, event);
  gssize found = text != NULL ? weir_node_find(map, text) : -1;
  if (found >= 0)
    refuse_duplicate(reader, event, text, weir_node_key_position_at(map, (gsize)found));
  else
    *key = g_strdup(text);
  return count(reader, event->start_mark, 0, event->data.scalar.length);
}

typedef struct {
  WeirNode *map;
  WeirNode *merged; /* a list of what << was given; NULL: nothing */
} YamlMap;

/* One key and its value; FALSE: the reading ends. */
static gboolean
read_member(WeirYamlReader *reader, yaml_event_t *event, YamlMap *to, guint *height)
{
  g_autofree char *key = NULL;
  WeirPosition position = weir_yaml_position(reader, event->start_mark);
  gboolean merges = is_merge(event);
  yaml_event_t value_event;

  if (!merges && !read_key(reader, event, to->map, &key))
    return FALSE;
  if (!next_event(reader, &value_event))
    return FALSE;
  g_autoptr(WeirNode) value = read_node(reader, &value_event, height);
  yaml_event_delete(&value_event);
  if (value == NULL)
    return FALSE;
  if (merges && to->merged != NULL)
    refuse_duplicate(reader, event, "<<", weir_node_position(to->merged));
  else if (merges)
    to->merged = g_steal_pointer(&value);
  else if (key != NULL)
    weir_node_set(to->map, key, position, g_steal_pointer(&value));
  return TRUE;
}

static WeirNode *
read_map(WeirYamlReader *reader, const yaml_event_t *begin, guint *height)
{
  g_autoptr(WeirNode) map = weir_node_new_map(weir_yaml_position(reader, begin->start_mark));
  YamlMap to = {map, NULL};
  gboolean ended = FALSE, good = TRUE;

  while (good && !ended) {
    yaml_event_t event;
    guint below = 0;
    if (!next_event(reader, &event)) {
      good = FALSE;
      break;
    }
    ended = event.type == YAML_MAPPING_END_EVENT;
    if (!ended) {
      good = read_member(reader, &event, &to, &below);
      *height = MAX(*height, below + 1);
    }
    yaml_event_delete(&event);
  }
  if (good && to.merged != NULL)
    merge(reader, map, to.merged);
  weir_node_unref(to.merged);
  return good ? g_steal_pointer(&map) : NULL;
}

static WeirNode *
read_container(WeirYamlReader *reader, const yaml_event_t *event, guint *height)
{
  gboolean is_map = event->type == YAML_MAPPING_START_EVENT;
  const yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;

  weir_yaml_check_tag(reader, event, tag, is_map ? "map" : "seq");
  if (!check_depth(reader, event->start_mark, 1))
    return NULL;
  *height = 1;
  reader->depth++;
  WeirNode *node = is_map ? read_map(reader, event, height) : read_list(reader, event, height);
  reader->depth--;
  return node;
}

/* NULL: the reading ends, for an error that was added. */
static WeirNode *
read_node(WeirYamlReader *reader, yaml_event_t *event, guint *height)
{
  if (event->type == YAML_ALIAS_EVENT)
    return read_alias(reader, event, height);
  gboolean is_scalar = event->type == YAML_SCALAR_EVENT;
  const yaml_char_t *name = is_scalar                                 ? event->data.scalar.anchor
                            : event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor
                                                                      : event->data.sequence_start.anchor;
  YamlAnchor *anchor = begin_anchor(reader, event, name);
  if (!count(reader, event->start_mark, 1, is_scalar ? event->data.scalar.length : 0))
    return NULL;
  WeirNode *node = is_scalar ? weir_yaml_scalar(reader, event) : read_container(reader, event, height);
  end_anchor(reader, anchor, node, *height);
  return node;
}

/* --- The whole --- */

/* Line ends to YAML 1.1 and to libyaml, ordinary characters to YAML 1.2 and to everybody else. */
static void
refuse_old_breaks(WeirYamlReader *reader)
{
  static const char *const breaks[] = {"\302\205", "\342\200\250",
                                       "\342\200\251"}; /* U+0085, U+2028, U+2029 */
  static const char *const codes[] = {"0085", "2028", "2029"};

  for (gsize i = 0; i < G_N_ELEMENTS(breaks); i++) {
    const char *at = g_strstr_len(reader->text, (gssize)reader->length, breaks[i]);
    if (at == NULL)
      continue;
    reader->is_faulty = TRUE;
    weir_diagnostic_hint(
        weir_diagnostics_error(reader->diagnostics, weir_tree_position(reader->text, at, reader->file),
                               "the character U+%s ends a line to some readers of YAML", codes[i]),
        "write \\u%s in double quotes, or remove it", codes[i]);
  }
}

static gboolean
check_version(WeirYamlReader *reader, const yaml_event_t *event)
{
  const yaml_version_directive_t *version = event->data.document_start.version_directive;
  if (version == NULL || (version->major == 1 && version->minor == 2))
    return TRUE;
  weir_diagnostic_hint(weir_yaml_error(reader, event->start_mark, "only YAML 1.2 is read, not %d.%d",
                                       version->major, version->minor),
                       "leave the line %%YAML out");
  return FALSE;
}

/* The one document, or NULL. */
static WeirNode *
read_document(WeirYamlReader *reader)
{
  g_autoptr(WeirNode) root = NULL;

  for (;;) {
    yaml_event_t event;
    guint height = 0;
    if (!next_event(reader, &event))
      return NULL;
    yaml_event_type_t type = event.type;
    gboolean good = TRUE;
    if (type == YAML_DOCUMENT_START_EVENT && root != NULL) {
      weir_diagnostic_hint(weir_yaml_error(reader, event.start_mark, "a second document in one file"),
                           "keep one; put the other into a file of its own");
      good = FALSE;
    } else if (type == YAML_DOCUMENT_START_EVENT) {
      good = check_version(reader, &event);
    } else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
               type != YAML_DOCUMENT_END_EVENT) {
      root = read_node(reader, &event, &height);
      good = root != NULL;
    }
    yaml_event_delete(&event);
    if (!good)
      return NULL;
    if (type == YAML_STREAM_END_EVENT)
      break;
  }
  if (root == NULL) {
    reader->is_faulty = TRUE;
    weir_diagnostics_error(reader->diagnostics, weir_position(reader->file, 0, 0), "there is nothing in it");
  }
  return g_steal_pointer(&root);
}

static WeirNode *
read_text(WeirYamlReader *reader)
{
  refuse_old_breaks(reader);
  if (reader->is_faulty)
    return NULL;
  if (!yaml_parser_initialize(&reader->parser)) {
    weir_diagnostics_error(reader->diagnostics, weir_position(reader->file, 0, 0),
                           "there is no memory to read it");
    return NULL;
  }
  yaml_parser_set_input_string(&reader->parser, (const guchar *)reader->text, reader->length);
  yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
  reader->anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, anchor_free);
  g_autoptr(WeirNode) root = read_document(reader);
  g_hash_table_unref(reader->anchors);
  yaml_parser_delete(&reader->parser);
  return reader->is_faulty ? NULL : g_steal_pointer(&root);
}

WeirNode *
weir_node_parse_yaml(const char *text, gssize length, const char *origin, WeirDiagnostics *diagnostics)
{
  WeirYamlReader reader = {
      .text = text,
      .length = length < 0 ? strlen(text) : (gsize)length,
      .file = g_intern_string(origin),
      .diagnostics = diagnostics,
  };

  if (!weir_tree_check_size(reader.length, origin, diagnostics))
    return NULL;
  weir_tree_skip_mark(&reader.text, &reader.length);
  const char *bad = weir_tree_bad_byte(reader.text, reader.length);
  if (bad == NULL)
    return read_text(&reader);
  weir_tree_refuse_byte(reader.text, reader.text + reader.length, bad,
                        weir_tree_position(reader.text, bad, origin), diagnostics);
  return NULL;
}
