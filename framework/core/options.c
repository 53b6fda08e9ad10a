/* SPDX-License-Identifier: MIT */
/* Options of a stage: the state filled from what was given and from defaults, and read back. */
#include "core/options.h"
#include "base/nearest.h"
#include "core/option_value.h"
#include <string.h>

/* ---- Filling ---- */

static const char *
name_at(gpointer data, gsize index)
{
  const weir_class *class = data;
  return index < class->n_options ? class->options[index].name : NULL;
}

static const weir_option *
find_option(const weir_class *class, const char *name)
{
  for (guint i = 0; i < class->n_options; i++)
    if (!strcmp(class->options[i].name, name))
      return &class->options[i];
  return NULL;
}

static gboolean
refuse_unknown(const WeirOptionContext *context, const weir_class *class, const WeirNode *given)
{
  gboolean good = TRUE;
  for (gsize i = 0; i < weir_node_size(given); i++) {
    const char *key = weir_node_key_at(given, i);
    if (find_option(class, key))
      continue;
    g_autofree char *hint = weir_did_you_mean_of(key, name_at, (gpointer) class);
    g_autofree char *once = g_strdup_printf("%s unknown %s", context->use, key);
    weir_diagnostics_error_once(context->diagnostics, weir_node_key_position_at(given, i), once,
                                "stage \"%s\" (%s): unknown option \"%s\"%s", context->stage, context->use,
                                key, hint);
    good = FALSE;
  }
  return good;
}

static gboolean
set_default(const WeirOptionContext *context, const weir_option *option, gpointer state, WeirArena *arena)
{
  if (!option->by_default)
    return TRUE;
  g_autoptr(WeirNode) node = weir_option_default_node(option, WEIR_POSITION_NONE, context->diagnostics);
  return node && weir_option_set(context, option, node, state, arena);
}

static gboolean
fill_one(const WeirOptionContext *context, const weir_option *option, WeirNode *given, const WeirNode *where,
         gpointer state, WeirArena *arena, GHashTable *is_given)
{
  WeirNode *node = given ? weir_node_get(given, option->name) : NULL;
  gboolean is_null = node && weir_node_kind(node) == WEIR_NODE_NULL;
  if (node && !is_null) {
    if (is_given)
      g_hash_table_add(is_given, (gpointer)option->name);
    return weir_option_set(context, option, node, state, arena);
  }
  if (!(option->flags & WEIR_OPTION_REQUIRED))
    return set_default(context, option, state, arena);
  WeirPosition position = node    ? weir_node_position(node)
                          : where ? weir_node_position(where)
                                  : WEIR_POSITION_NONE;
  g_autofree char *range = weir_option_range(option);
  WeirDiagnostic *entry =
      weir_diagnostics_error(context->diagnostics, position, "stage \"%s\" (%s): option \"%s\" is missing",
                             context->stage, context->use, option->name);
  weir_diagnostic_note(entry, "it is: %s%s%s", range, option->help ? "; " : "",
                       option->help ? option->help : "");
  g_autofree char *why =
      is_null && context->why_missing ? context->why_missing(option->name, context->data) : NULL;
  if (why)
    weir_diagnostic_hint(entry, "%s", why);
  return FALSE;
}

gboolean
weir_options_fill(const WeirOptionContext *context, const weir_class *class, WeirNode *given,
                  const WeirNode *where, gpointer state, WeirArena *arena, GHashTable *is_given)
{
  gboolean good = TRUE;
  if (given && weir_node_kind(given) == WEIR_NODE_NULL)
    given = NULL;
  if (given && weir_node_kind(given) != WEIR_NODE_MAP) {
    weir_diagnostics_error(context->diagnostics, weir_node_position(given),
                           "stage \"%s\" (%s): options must be a map, not a %s", context->stage, context->use,
                           weir_node_kind_name(weir_node_kind(given)));
    return FALSE;
  }
  if (given)
    good = refuse_unknown(context, class, given);
  for (guint i = 0; i < class->n_options; i++)
    good &= fill_one(context, &class->options[i], given, where, state, arena, is_given);
  return good;
}

/* ---- Reading back ---- */

/* The member of an option in a state. */
static const void *
member_of(const weir_option *option, gconstpointer state)
{
  return (const char *)state + option->offset;
}

static const char *
text_of(const weir_option *option, gconstpointer state)
{
  return *(const char *const *)member_of(option, state);
}

const char *const *
weir_options_fields(const char *option, gpointer field_source)
{
  const WeirFieldSource *source = field_source;
  const weir_option *row = find_option(source->class, option);
  if (row && row->type == WEIR_FIELD_LIST)
    return ((const weir_list *)member_of(row, source->state))->items;
  if (!row || row->type != WEIR_FIELD || !text_of(row, source->state))
    return NULL;
  const char **one = weir_arena_alloc(source->arena, 2 * sizeof *one);
  if (one)
    one[0] = text_of(row, source->state);
  return one;
}

const char *const *
weir_options_names(const weir_class *class, gconstpointer state, const char *option,
                   WeirArena *arena G_GNUC_UNUSED)
{
  const weir_option *row = find_option(class, option);
  if (row && weir_option_is_list(row->type))
    return ((const weir_list *)member_of(row, state))->items;
  if (row && weir_option_is_map(row->type))
    return ((const weir_map *)member_of(row, state))->keys;
  return NULL;
}

static WeirNode *
string_node(const char *text)
{
  return text ? weir_node_new_string(WEIR_POSITION_NONE, text) : weir_node_new_null(WEIR_POSITION_NONE);
}

static WeirNode *
list_node(const weir_list *list)
{
  WeirNode *node = weir_node_new_list(WEIR_POSITION_NONE);
  for (uint32_t i = 0; i < list->count; i++)
    weir_node_append(node, list->numbers ? weir_node_new_number(WEIR_POSITION_NONE, list->numbers[i])
                                         : string_node(list->items[i]));
  return node;
}

static WeirNode *
map_node(const weir_map *map)
{
  WeirNode *node = weir_node_new_map(WEIR_POSITION_NONE);
  for (uint32_t i = 0; i < map->count; i++)
    weir_node_set(node, map->keys[i], WEIR_POSITION_NONE,
                  map->numbers ? weir_node_new_number(WEIR_POSITION_NONE, map->numbers[i])
                               : string_node(map->values[i]));
  return node;
}

static WeirNode *
choice_node(const weir_option *option, int32_t position)
{
  g_auto(GStrv) choices = weir_option_choices(option);
  gboolean known = position >= 0 && (guint)position < g_strv_length(choices);
  return string_node(known ? choices[position] : NULL);
}

/* A size beyond the integers of JSON trees is written with its unit. */
static WeirNode *
size_node(uint64_t bytes)
{
  if (bytes <= INT64_MAX)
    return weir_node_new_integer(WEIR_POSITION_NONE, (gint64)bytes);
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)bytes);
  return string_node(text);
}

static WeirNode *
option_node(const weir_option *option, gconstpointer state)
{
  const void *member = member_of(option, state);
  switch (option->type) {
  case WEIR_INTEGER:
    return weir_node_new_integer(WEIR_POSITION_NONE, *(const int64_t *)member);
  case WEIR_SIZE:
    return size_node(*(const uint64_t *)member);
  case WEIR_DURATION:
  case WEIR_NUMBER:
    return weir_node_new_number(WEIR_POSITION_NONE, *(const double *)member);
  case WEIR_BOOLEAN:
    return weir_node_new_boolean(WEIR_POSITION_NONE, *(const bool *)member);
  case WEIR_CHOICE:
    return choice_node(option, *(const int32_t *)member);
  case WEIR_STRING_LIST:
  case WEIR_PATH_LIST:
  case WEIR_NUMBER_LIST:
  case WEIR_FIELD_LIST:
    return list_node(member);
  case WEIR_STRING_MAP:
  case WEIR_NUMBER_MAP:
    return map_node(member);
  case WEIR_SECRET:
    return string_node(text_of(option, state) ? "***" : NULL);
  default:
    return string_node(text_of(option, state));
  }
}

WeirNode *
weir_options_to_node(const weir_class *class, gconstpointer state, GHashTable *is_given)
{
  WeirNode *node = weir_node_new_map(WEIR_POSITION_NONE);
  for (guint i = 0; i < class->n_options; i++) {
    const weir_option *option = &class->options[i];
    gboolean set = option->by_default || !is_given || g_hash_table_contains(is_given, option->name);
    weir_node_set(node, option->name, WEIR_POSITION_NONE,
                  set ? option_node(option, state) : weir_node_new_null(WEIR_POSITION_NONE));
  }
  return node;
}
