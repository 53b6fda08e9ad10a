/* SPDX-License-Identifier: MIT */
/* Reads JSON into a tree: the scanner checks it and gives positions, json-glib gives the values. */
#include "base/json_scan.h"
#include "base/tree.h"
#include "base/tree_text.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* Goes through json-glib's tree in the order in which the scanner noted the places. */
typedef struct {
  const WeirJsonSource *source;
  const GArray *places;
  guint next;
} Walk;

static WeirNode *build(Walk *walk, JsonNode *json);

static WeirPosition
next_position(Walk *walk)
{
  g_assert(walk->next < walk->places->len);
  WeirJsonPlace place = g_array_index(walk->places, WeirJsonPlace, walk->next++);
  return walk->source->fixed != NULL ? *walk->source->fixed
                                     : (WeirPosition){walk->source->file, place.line, place.column};
}

static WeirNode *
build_list(Walk *walk, JsonArray *array, WeirPosition position)
{
  WeirNode *list = weir_node_new_list(position);
  for (guint i = 0; i < json_array_get_length(array); i++)
    weir_node_append(list, build(walk, json_array_get_element(array, i)));
  return list;
}

static WeirNode *
build_map(Walk *walk, JsonObject *object, WeirPosition position)
{
  WeirNode *map = weir_node_new_map(position);
  JsonObjectIter iter;
  const char *key;
  JsonNode *member;

  json_object_iter_init_ordered(&iter, object);
  while (json_object_iter_next_ordered(&iter, &key, &member)) {
    WeirPosition key_position = next_position(walk);
    weir_node_set(map, key, key_position, build(walk, member));
  }
  return map;
}

static WeirNode *
build_scalar(JsonNode *json, WeirPosition position)
{
  switch (json_node_get_value_type(json)) {
  case G_TYPE_BOOLEAN:
    return weir_node_new_boolean(position, json_node_get_boolean(json));
  case G_TYPE_INT64:
    return weir_node_new_integer(position, json_node_get_int(json));
  case G_TYPE_DOUBLE:
    return weir_node_new_number(position, json_node_get_double(json));
  default:
    return weir_node_new_string(position, json_node_get_string(json));
  }
}

static WeirNode *
build(Walk *walk, JsonNode *json)
{
  WeirPosition position = next_position(walk);

  switch (json_node_get_node_type(json)) {
  case JSON_NODE_OBJECT:
    return build_map(walk, json_node_get_object(json), position);
  case JSON_NODE_ARRAY:
    return build_list(walk, json_node_get_array(json), position);
  case JSON_NODE_VALUE:
    return build_scalar(json, position);
  case JSON_NODE_NULL:
    break;
  }
  return weir_node_new_null(position);
}

static WeirNode *
parse(const WeirJsonSource *source, WeirDiagnostics *diagnostics)
{
  g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(WeirJsonPlace));
  g_autoptr(JsonParser) parser = json_parser_new_immutable();
  g_autoptr(GError) error = NULL;
  Walk walk = {source, places, 0};

  if (!weir_json_scan(source, places, diagnostics))
    return NULL;
  if (!json_parser_load_from_data(parser, source->text, (gssize)source->length, &error)) {
    weir_diagnostics_error(diagnostics, weir_position(source->file, 0, 0), "%s", error->message);
    return NULL;
  }
  WeirNode *root = build(&walk, json_parser_get_root(parser));
  g_assert(walk.next == places->len);
  return root;
}

WeirNode *
weir_node_parse_json(const char *text, gssize length, const char *origin, WeirDiagnostics *diagnostics)
{
  WeirJsonSource source = {
      .text = text,
      .length = length < 0 ? strlen(text) : (gsize)length,
      .file = g_intern_string(origin),
  };

  if (!weir_tree_check_size(source.length, origin, diagnostics))
    return NULL;
  weir_tree_skip_mark(&source.text, &source.length);
  return parse(&source, diagnostics);
}

static gboolean
is_literal(const char *text)
{
  static const char *const literals[] = {"true", "false", "null", NULL};
  return g_strv_contains(literals, text) || weir_json_is_number(text);
}

WeirNode *
weir_node_parse_argument(const char *text, WeirPosition position, WeirDiagnostics *diagnostics)
{
  gboolean is_json = (*text != '\0' && strchr("[{\"", *text) != NULL) || is_literal(text);
  WeirJsonSource source = {.text = text, .length = strlen(text), .file = position.file, .fixed = &position};

  if (is_json)
    return parse(&source, diagnostics);
  if (!g_utf8_validate(text, -1, NULL)) {
    weir_diagnostics_error(diagnostics, position, "the value is not valid UTF-8");
    return NULL;
  }
  return weir_node_new_string(position, text);
}
