/* SPDX-License-Identifier: MIT */
/* Writes a tree as JSON. */
#include "base/tree.h"

static void
write_members(const WeirNode *node, WeirJsonWriter *writer)
{
  gboolean is_map = weir_node_kind(node) == WEIR_NODE_MAP;

  for (gsize i = 0; i < weir_node_size(node); i++) {
    if (is_map)
      weir_json_key(writer, weir_node_key_at(node, i));
    weir_node_write_json(weir_node_at(node, i), writer);
  }
}

void
weir_node_write_json(const WeirNode *node, WeirJsonWriter *writer)
{
  switch (weir_node_kind(node)) {
  case WEIR_NODE_NULL:
    weir_json_null(writer);
    break;
  case WEIR_NODE_BOOLEAN:
    weir_json_boolean(writer, weir_node_boolean(node));
    break;
  case WEIR_NODE_INTEGER:
    weir_json_integer(writer, weir_node_integer(node));
    break;
  case WEIR_NODE_NUMBER:
    weir_json_number(writer, weir_node_number(node));
    break;
  case WEIR_NODE_STRING:
    weir_json_string(writer, weir_node_string(node));
    break;
  case WEIR_NODE_LIST:
    weir_json_begin_array(writer);
    write_members(node, writer);
    weir_json_end_array(writer);
    break;
  case WEIR_NODE_MAP:
    weir_json_begin_object(writer);
    write_members(node, writer);
    weir_json_end_object(writer);
    break;
  }
}

char *
weir_node_to_json(const WeirNode *node, gboolean pretty)
{
  GString *out = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) writer = weir_json_writer_new(out, pretty ? 2 : 0);

  weir_node_write_json(node, writer);
  return g_string_free(out, FALSE);
}
