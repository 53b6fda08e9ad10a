/* SPDX-License-Identifier: MIT */
/* The nodes of a tree of values: building, looking, comparing, copying. */
#include "config.h"

#include "base/tree.h"

#include <math.h>
#include <string.h>

#define INDEXED_FROM 9 /* members from which a map has a hash table; below, comparing is faster */

typedef struct {
  char *key; /* NULL in a list */
  WeirPosition key_position;
  WeirNode *node;
} Member;

struct WeirNode {
  gint references;
  WeirNodeKind kind;
  WeirPosition position;
  union {
    gboolean boolean;
    gint64 integer;
    double number;
    struct {
      char *string;
      const char *origin; /* NULL: that of the position */
      guint text_flags;
    };
    struct {
      GArray *members;   /* of Member */
      GHashTable *index; /* key to place + 1; NULL in a list and a small map */
    };
  };
};

static gboolean
is_container(const WeirNode *node)
{
  return node->kind == WEIR_NODE_LIST || node->kind == WEIR_NODE_MAP;
}

static Member *
member_at(const WeirNode *node, gsize index)
{
  g_assert(node->members != NULL);
  return &g_array_index(node->members, Member, index);
}

/* --- Life --- */

static void
clear_member(gpointer data)
{
  Member *member = data;
  g_free(member->key);
  weir_node_unref(member->node);
}

static WeirNode *
node_new(WeirNodeKind kind, WeirPosition position)
{
  WeirNode *node = g_new0(WeirNode, 1);
  node->references = 1;
  node->kind = kind;
  node->position = position;
  if (is_container(node)) {
    node->members = g_array_new(FALSE, FALSE, sizeof(Member));
    g_array_set_clear_func(node->members, clear_member);
  }
  return node;
}

WeirNode *
weir_node_ref(WeirNode *node)
{
  g_atomic_int_inc(&node->references);
  return node;
}

void
weir_node_unref(WeirNode *node)
{
  if (node == NULL || !g_atomic_int_dec_and_test(&node->references))
    return;
  if (is_container(node)) {
    g_clear_pointer(&node->index, g_hash_table_unref);
    g_array_unref(node->members);
  } else if (node->kind == WEIR_NODE_STRING) {
    if (node->text_flags & WEIR_TEXT_SECRET)
      explicit_bzero(node->string, strlen(node->string));
    g_free(node->string);
  }
  g_free(node);
}

WeirNode *
weir_node_new_null(WeirPosition position)
{
  return node_new(WEIR_NODE_NULL, position);
}

WeirNode *
weir_node_new_boolean(WeirPosition position, gboolean value)
{
  WeirNode *node = node_new(WEIR_NODE_BOOLEAN, position);
  node->boolean = value != FALSE;
  return node;
}

WeirNode *
weir_node_new_integer(WeirPosition position, gint64 value)
{
  WeirNode *node = node_new(WEIR_NODE_INTEGER, position);
  node->integer = value;
  return node;
}

WeirNode *
weir_node_new_number(WeirPosition position, double value)
{
  g_assert(isfinite(value));
  WeirNode *node = node_new(WEIR_NODE_NUMBER, position);
  node->number = value;
  return node;
}

WeirNode *
weir_node_new_string(WeirPosition position, const char *value)
{
  WeirNode *node = node_new(WEIR_NODE_STRING, position);
  node->string = g_strdup(value);
  return node;
}

WeirNode *
weir_node_new_text(WeirPosition position, const char *value, const char *origin, guint flags)
{
  WeirNode *node = weir_node_new_string(position, value);
  node->origin = origin;
  node->text_flags = flags;
  return node;
}

WeirNode *
weir_node_new_list(WeirPosition position)
{
  return node_new(WEIR_NODE_LIST, position);
}

WeirNode *
weir_node_new_map(WeirPosition position)
{
  return node_new(WEIR_NODE_MAP, position);
}

/* --- Looking --- */

WeirNodeKind
weir_node_kind(const WeirNode *node)
{
  return node->kind;
}

const char *
weir_node_kind_name(WeirNodeKind kind)
{
  static const char *const names[] = {"null", "boolean", "integer", "number", "string", "list", "map"};
  return names[kind];
}

WeirPosition
weir_node_position(const WeirNode *node)
{
  return node->position;
}

gboolean
weir_node_boolean(const WeirNode *node)
{
  g_assert(node->kind == WEIR_NODE_BOOLEAN);
  return node->boolean;
}

gint64
weir_node_integer(const WeirNode *node)
{
  g_assert(node->kind == WEIR_NODE_INTEGER);
  return node->integer;
}

double
weir_node_number(const WeirNode *node)
{
  g_assert(node->kind == WEIR_NODE_NUMBER || node->kind == WEIR_NODE_INTEGER);
  return node->kind == WEIR_NODE_INTEGER ? (double)node->integer : node->number;
}

const char *
weir_node_string(const WeirNode *node)
{
  g_assert(node->kind == WEIR_NODE_STRING);
  return node->string;
}

const char *
weir_node_origin(const WeirNode *node)
{
  return node->kind == WEIR_NODE_STRING && node->origin != NULL ? node->origin : node->position.file;
}

guint
weir_node_text_flags(const WeirNode *node)
{
  return node->kind == WEIR_NODE_STRING ? node->text_flags : 0;
}

gsize
weir_node_size(const WeirNode *node)
{
  return is_container(node) ? node->members->len : 0;
}

WeirNode *
weir_node_at(const WeirNode *node, gsize index)
{
  g_assert(index < weir_node_size(node));
  return member_at(node, index)->node;
}

const char *
weir_node_key_at(const WeirNode *map, gsize index)
{
  g_assert(map->kind == WEIR_NODE_MAP && index < map->members->len);
  return member_at(map, index)->key;
}

WeirPosition
weir_node_key_position_at(const WeirNode *map, gsize index)
{
  g_assert(map->kind == WEIR_NODE_MAP && index < map->members->len);
  return member_at(map, index)->key_position;
}

gssize
weir_node_find(const WeirNode *map, const char *key)
{
  if (map->kind != WEIR_NODE_MAP)
    return -1;
  if (map->index != NULL)
    return (gssize)GPOINTER_TO_SIZE(g_hash_table_lookup(map->index, key)) - 1;
  for (guint i = 0; i < map->members->len; i++)
    if (strcmp(member_at(map, i)->key, key) == 0)
      return i;
  return -1;
}

WeirNode *
weir_node_get(const WeirNode *map, const char *key)
{
  gssize at = weir_node_find(map, key);
  return at < 0 ? NULL : member_at(map, (gsize)at)->node;
}

WeirPosition
weir_node_key_position(const WeirNode *map, const char *key)
{
  gssize at = weir_node_find(map, key);
  return at < 0 ? map->position : member_at(map, (gsize)at)->key_position;
}

WeirNode *
weir_node_lookup(const WeirNode *node, ...)
{
  va_list keys;
  const char *key;

  va_start(keys, node);
  while (node != NULL && (key = va_arg(keys, const char *)) != NULL)
    node = weir_node_get(node, key);
  va_end(keys);
  return (WeirNode *)node;
}

static gboolean
members_equal(const WeirNode *a, const WeirNode *b)
{
  if (a->members->len != b->members->len)
    return FALSE;
  for (guint i = 0; i < a->members->len; i++) {
    const Member *member = member_at(a, i);
    const WeirNode *other = a->kind == WEIR_NODE_LIST ? member_at(b, i)->node : weir_node_get(b, member->key);
    if (other == NULL || !weir_node_equal(member->node, other))
      return FALSE;
  }
  return TRUE;
}

gboolean
weir_node_equal(const WeirNode *a, const WeirNode *b)
{
  if (a->kind != b->kind)
    return FALSE;
  switch (a->kind) {
  case WEIR_NODE_NULL:
    return TRUE;
  case WEIR_NODE_BOOLEAN:
    return a->boolean == b->boolean;
  case WEIR_NODE_INTEGER:
    return a->integer == b->integer;
  case WEIR_NODE_NUMBER:
    return a->number == b->number;
  case WEIR_NODE_STRING:
    return strcmp(a->string, b->string) == 0;
  case WEIR_NODE_LIST:
  case WEIR_NODE_MAP:
    return members_equal(a, b);
  }
  g_assert_not_reached();
}

/* --- Building --- */

void
weir_node_append(WeirNode *list, WeirNode *child)
{
  Member member = {NULL, WEIR_POSITION_NONE, child};
  g_assert(list->kind == WEIR_NODE_LIST);
  g_array_append_val(list->members, member);
}

/* Keys belong to the members, and stay where they are when the array grows. */
static void
index_members(WeirNode *map)
{
  g_clear_pointer(&map->index, g_hash_table_unref);
  if (map->members->len < INDEXED_FROM)
    return;
  map->index = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < map->members->len; i++)
    g_hash_table_insert(map->index, member_at(map, i)->key, GSIZE_TO_POINTER((gsize)i + 1));
}

void
weir_node_set(WeirNode *map, const char *key, WeirPosition key_position, WeirNode *child)
{
  g_assert(map->kind == WEIR_NODE_MAP);
  gssize at = weir_node_find(map, key);

  if (at >= 0) {
    Member *member = member_at(map, (gsize)at);
    weir_node_unref(member->node);
    member->key_position = key_position;
    member->node = child;
    return;
  }
  Member member = {g_strdup(key), key_position, child};
  g_array_append_val(map->members, member);
  if (map->index != NULL)
    g_hash_table_insert(map->index, member.key, GSIZE_TO_POINTER((gsize)map->members->len));
  else
    index_members(map);
}

gboolean
weir_node_remove(WeirNode *map, const char *key)
{
  gssize at = weir_node_find(map, key);

  if (at < 0)
    return FALSE;
  g_clear_pointer(&map->index, g_hash_table_unref);
  g_array_remove_index(map->members, (guint)at);
  index_members(map);
  return TRUE;
}

WeirNode *
weir_node_rewrite(const WeirNode *node, WeirNodeReplace replace, gpointer data)
{
  if (!is_container(node)) {
    WeirNode *other = replace != NULL ? replace(node, data) : NULL;
    return other != NULL ? other : weir_node_ref((WeirNode *)node);
  }
  WeirNode *copy = node_new(node->kind, node->position);
  for (guint i = 0; i < node->members->len; i++) {
    const Member *member = member_at(node, i);
    WeirNode *child = weir_node_rewrite(member->node, replace, data);
    if (node->kind == WEIR_NODE_LIST)
      weir_node_append(copy, child);
    else
      weir_node_set(copy, member->key, member->key_position, child);
  }
  return copy;
}

WeirNode *
weir_node_copy(const WeirNode *node)
{
  return weir_node_rewrite(node, NULL, NULL);
}
