/* SPDX-License-Identifier: MIT */
/* Values of options: strict conversion of nodes, with ranges, units, paths and limits. */
#include "core/option_value.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/quote.h"
#include "base/redact.h"
#include "base/units.h"
#include <float.h>
#include <math.h>
#include <string.h>

#define MICROSECONDS 1e6

gboolean
weir_option_member(guint32 type, gsize *size, gsize *alignment)
{
#define MEMBER(T) (*size = sizeof(T), *alignment = _Alignof(T), TRUE)
  switch (type) {
  case WEIR_STRING:
  case WEIR_INPUT_PATH:
  case WEIR_OUTPUT_PATH:
  case WEIR_FIELD:
  case WEIR_SECRET:
    return MEMBER(const char *);
  case WEIR_INTEGER:
    return MEMBER(int64_t);
  case WEIR_SIZE:
    return MEMBER(uint64_t);
  case WEIR_DURATION:
  case WEIR_NUMBER:
    return MEMBER(double);
  case WEIR_BOOLEAN:
    return MEMBER(bool);
  case WEIR_CHOICE:
    return MEMBER(int32_t);
  case WEIR_STRING_LIST:
  case WEIR_PATH_LIST:
  case WEIR_NUMBER_LIST:
  case WEIR_FIELD_LIST:
    return MEMBER(weir_list);
  case WEIR_STRING_MAP:
  case WEIR_NUMBER_MAP:
    return MEMBER(weir_map);
  default:
    return FALSE;
  }
#undef MEMBER
}

gboolean
weir_option_is_list(guint32 type)
{
  return type == WEIR_STRING_LIST || type == WEIR_PATH_LIST || type == WEIR_NUMBER_LIST ||
         type == WEIR_FIELD_LIST;
}

gboolean
weir_option_is_map(guint32 type)
{
  return type == WEIR_STRING_MAP || type == WEIR_NUMBER_MAP;
}

gboolean
weir_option_has_range(guint32 type)
{
  return type == WEIR_INTEGER || type == WEIR_SIZE || type == WEIR_DURATION || type == WEIR_NUMBER ||
         type == WEIR_NUMBER_LIST || type == WEIR_NUMBER_MAP;
}

char **
weir_option_choices(const weir_option *option)
{
  return g_strsplit(option->choices ? option->choices : "", "|", -1);
}

WeirNode *
weir_option_default_node(const weir_option *option, WeirPosition position, WeirDiagnostics *diagnostics)
{
  const char *text = option->by_default;
  gboolean is_json = *text == '[' || *text == '{';
  switch (option->type) {
  case WEIR_INTEGER:
  case WEIR_NUMBER:
  case WEIR_BOOLEAN:
  case WEIR_NUMBER_LIST:
  case WEIR_NUMBER_MAP:
  case WEIR_STRING_MAP:
    return weir_node_parse_json(text, -1, "default", diagnostics);
  case WEIR_STRING_LIST:
  case WEIR_PATH_LIST:
  case WEIR_FIELD_LIST:
    if (is_json)
      return weir_node_parse_json(text, -1, "default", diagnostics);
    return weir_node_new_string(position, text);
  default:
    return weir_node_new_string(position, text);
  }
}

/* ---- Setting ---- */

/* One value on its way into the state. */
typedef struct Setting {
  const WeirOptionContext *context;
  const weir_option *option;
  WeirArena *arena;
} Setting;

/* `stage "model" (linear.train), option "epochs": TEXT`. Always FALSE; `*entry` may be NULL. */
static gboolean G_GNUC_PRINTF(4, 5)
    refuse(const Setting *s, const WeirNode *node, WeirDiagnostic **entry, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  /* Once for all the stages of an "each". */
  g_autofree char *key = g_strdup_printf("%s %s %s", s->context->use, s->option->name, why);
  WeirDiagnostic *made = weir_diagnostics_error_once(
      s->context->diagnostics, weir_node_position(node), key, "stage \"%s\" (%s), option \"%s\": %s",
      s->context->stage, s->context->use, s->option->name, why);
  if (entry)
    *entry = made;
  return FALSE;
}

static gboolean
refuse_memory(const Setting *s, const WeirNode *node)
{
  return refuse(s, node, NULL, "there is no memory for the value");
}

/* A value as it was written, short enough for a message; never one of a secret. */
static char *
show(const Setting *s, const WeirNode *node)
{
  g_autofree char *json = NULL;
  if (s->option->type == WEIR_SECRET)
    return g_strdup("***");
  if (weir_node_kind(node) == WEIR_NODE_STRING)
    return weir_quote(weir_node_string(node), -1);
  json = weir_node_to_json(node, FALSE);
  if (g_utf8_strlen(json, -1) > 80)
    return g_strdup_printf("the %s", weir_node_kind_name(weir_node_kind(node)));
  return g_steal_pointer(&json);
}

static gboolean
wrong_kind(const Setting *s, const WeirNode *node, const char *wanted)
{
  WeirNodeKind kind = weir_node_kind(node);
  WeirDiagnostic *entry;
  g_autofree char *shown = show(s, node);
  refuse(s, node, &entry, "%s is %s %s, wants %s", shown, kind == WEIR_NODE_INTEGER ? "an" : "a",
         weir_node_kind_name(kind), wanted);
  if (kind == WEIR_NODE_STRING && s->option->type != WEIR_SECRET) {
    const char *text = weir_node_string(node);
    gboolean is_number = g_ascii_isdigit(*text) || (*text == '-' && g_ascii_isdigit(text[1]));
    double number;
    if (weir_option_has_range(s->option->type) && is_number && strlen(text) < 32)
      weir_diagnostic_hint(entry,
                           weir_parse_number(text, -DBL_MAX, DBL_MAX, &number, NULL)
                               ? "write %s without quotes"
                               : "%s is no number: write one in digits, without a unit",
                           text);
    else if (s->option->type == WEIR_BOOLEAN && (!strcmp(text, "true") || !strcmp(text, "false")))
      weir_diagnostic_hint(entry, "write %s without quotes", text);
  } else if (kind == WEIR_NODE_INTEGER || kind == WEIR_NODE_NUMBER || kind == WEIR_NODE_BOOLEAN) {
    if (!strncmp(wanted, "a string", 8))
      weir_diagnostic_hint(entry, "put it in quotes: \"%s\"", shown);
  }
  return FALSE;
}

static gboolean
is_bounded(const weir_option *option)
{
  return option->min != 0 || option->max != 0;
}

static gboolean
check_range(const Setting *s, const WeirNode *node, long double value)
{
  const weir_option *option = s->option;
  if (!is_bounded(option) || (value >= (long double)option->min && value <= (long double)option->max))
    return TRUE;
  g_autofree char *shown = show(s, node);
  g_autofree char *bounds = weir_option_bounds(option);
  return refuse(s, node, NULL, "%s is out of range: must be %s", shown, bounds);
}

/* A text from outside of all files where another kind is wanted: what it would be on a command line. NULL: it stays. */
static WeirNode *
typed(const Setting *s, const WeirNode *node)
{
  g_autoptr(WeirDiagnostics) ignored = NULL;
  if (!(weir_node_text_flags(node) & WEIR_TEXT_UNTYPED))
    return NULL;
  ignored = weir_diagnostics_new();
  const char *text = weir_node_string(node);
  gboolean container = *text == '[' || *text == '{';
  if (container && !weir_option_is_list(s->option->type) && !weir_option_is_map(s->option->type))
    return NULL;
  return weir_node_parse_argument(text, weir_node_position(node), ignored);
}

static gboolean
get_number(const Setting *s, const WeirNode *node, double *value)
{
  g_autoptr(WeirNode) other = typed(s, node);
  WeirNodeKind kind = weir_node_kind(other ? other : node);
  if (kind != WEIR_NODE_INTEGER && kind != WEIR_NODE_NUMBER)
    return wrong_kind(s, node, "a number");
  node = other ? other : node;
  *value = weir_node_number(node);
  if (!isfinite(*value))
    return refuse(s, node, NULL, "infinities and NaN are not allowed");
  return check_range(s, node, *value);
}

static gboolean
get_integer(const Setting *s, const WeirNode *node, int64_t *value)
{
  g_autoptr(WeirNode) other = typed(s, node);
  if (weir_node_kind(other ? other : node) != WEIR_NODE_INTEGER)
    return wrong_kind(s, node, "an integer");
  node = other ? other : node;
  *value = weir_node_integer(node);
  return check_range(s, node, *value);
}

static gboolean
get_boolean(const Setting *s, const WeirNode *node, bool *value)
{
  g_autoptr(WeirNode) other = typed(s, node);
  if (weir_node_kind(other ? other : node) != WEIR_NODE_BOOLEAN)
    return wrong_kind(s, node, "a boolean (true or false)");
  *value = weir_node_boolean(other ? other : node) != 0;
  return TRUE;
}

static gboolean
get_size(const Setting *s, const WeirNode *node, uint64_t *value)
{
  g_autoptr(GError) error = NULL;
  guint64 bytes = 0;
  if (weir_node_kind(node) == WEIR_NODE_INTEGER) {
    if (weir_node_integer(node) < 0)
      return refuse(s, node, NULL, "%" G_GINT64_FORMAT " is negative; a size is not",
                    weir_node_integer(node));
    bytes = (guint64)weir_node_integer(node);
  } else if (weir_node_kind(node) != WEIR_NODE_STRING) {
    return wrong_kind(s, node, "a size, such as \"64M\" or 4096");
  } else if (!weir_parse_size(weir_node_string(node), 0, G_MAXUINT64, &bytes, &error)) {
    return refuse(s, node, NULL, "%s", error->message);
  }
  *value = bytes;
  return check_range(s, node, bytes);
}

static gboolean
get_duration(const Setting *s, const WeirNode *node, double *value)
{
  g_autoptr(GError) error = NULL;
  WeirNodeKind kind = weir_node_kind(node);
  gint64 microseconds;
  if (kind == WEIR_NODE_INTEGER || kind == WEIR_NODE_NUMBER) {
    *value = weir_node_number(node);
    if (!isfinite(*value) || *value < 0)
      return refuse(s, node, NULL, "a duration must be 0 seconds or more");
    return check_range(s, node, *value);
  }
  if (kind != WEIR_NODE_STRING)
    return wrong_kind(s, node, "a duration, such as \"30s\" or a number of seconds");
  if (!weir_parse_duration(weir_node_string(node), 0, G_MAXINT64, &microseconds, &error))
    return refuse(s, node, NULL, "%s", error->message);
  *value = (double)microseconds / MICROSECONDS;
  return check_range(s, node, *value);
}

static gboolean
get_choice(const Setting *s, const WeirNode *node, int32_t *value)
{
  g_auto(GStrv) choices = weir_option_choices(s->option);
  if (weir_node_kind(node) != WEIR_NODE_STRING)
    return wrong_kind(s, node, "a string, one of its choices");
  for (guint i = 0; choices[i]; i++)
    if (!strcmp(choices[i], weir_node_string(node))) {
      *value = (int32_t)i;
      return TRUE;
    }
  g_autofree char *shown = show(s, node);
  g_autofree char *hint = weir_did_you_mean(weir_node_string(node), (const char *const *)choices);
  return refuse(s, node, NULL, "%s is none of its choices%s", shown, hint);
}

/* An absolute path. ".." stays, since what it leads to may depend on links. */
static char *
resolve_path(const char *path, const char *base)
{
  g_autofree char *here = NULL;
  if (g_path_is_absolute(path))
    return g_strdup(path);
  while (path[0] == '.' && path[1] == '/')
    path += 2 + strspn(path + 2, "/");
  if (!base || !g_path_is_absolute(base)) {
    g_autofree char *current = g_get_current_dir();
    here = base ? g_build_filename(current, base, NULL) : g_steal_pointer(&current);
    base = here;
  }
  return !*path || !strcmp(path, ".") ? g_strdup(base) : g_build_filename(base, path, NULL);
}

/* What a relative path is relative to: an input path that a file writes to that file's folder, all others to the working
   directory. What is given on the command line (--set, a parameter of type string) has an origin, but no line. */
static const char *
base_of(const Setting *s, const WeirNode *node, gboolean input)
{
  WeirPosition at = weir_node_position(node);
  const char *origin = weir_node_origin(node);
  if (!input)
    return s->context->output_base;
  if (s->context->folders && origin) {
    const char *folder = g_hash_table_lookup(s->context->folders, origin);
    return folder ? folder : s->context->output_base;
  }
  return at.file && at.line == 0 ? s->context->output_base : s->context->input_base;
}

/* Text of every kind: a string, a path, a field, a secret. */
static gboolean
get_text(const Setting *s, const WeirNode *node, const char **value)
{
  guint32 type = s->option->type;
  gboolean input = type == WEIR_INPUT_PATH || type == WEIR_PATH_LIST;
  gboolean output = type == WEIR_OUTPUT_PATH;
  gboolean field = type == WEIR_FIELD || type == WEIR_FIELD_LIST;
  g_autofree char *path = NULL;
  if (weir_node_kind(node) != WEIR_NODE_STRING)
    return wrong_kind(s, node,
                      input || output ? "a string, a path"
                      : field         ? "a string, the name of a column"
                                      : "a string");
  const char *text = weir_node_string(node);
  if (!*text && (input || output))
    return refuse(s, node, NULL, "the path is empty");
  if (!*text && field)
    return refuse(s, node, NULL, "the name of the column is empty");
  if (!*text && type == WEIR_SECRET)
    return refuse(s, node, NULL, "the secret is empty");
  if (type == WEIR_SECRET)
    weir_redact_add(text);
  if (input || output)
    path = resolve_path(text, base_of(s, node, input));
  *value = weir_arena_strdup(s->arena, path ? path : text);
  return *value ? TRUE : refuse_memory(s, node);
}

/* A number, and the text that stands for it where texts are wanted. */
static gboolean
get_number_item(const Setting *s, const WeirNode *node, double *number, const char **text)
{
  if (!get_number(s, node, number))
    return FALSE;
  g_autofree char *json = weir_node_to_json(node, FALSE);
  *text = weir_arena_strdup(s->arena, json);
  return *text ? TRUE : refuse_memory(s, node);
}

/* Column names that come twice would be bound twice. */
static gboolean
check_once(const Setting *s, const WeirNode *node, const WeirNode *item, GHashTable *seen, const char *name)
{
  if (s->option->type != WEIR_FIELD_LIST || g_hash_table_add(seen, (gpointer)name))
    return TRUE;
  g_autofree char *quoted = weir_quote(name, -1);
  return refuse(s, item ? item : node, NULL, "column %s comes twice", quoted);
}

static gboolean
get_list(const Setting *s, const WeirNode *node, weir_list *list)
{
  gboolean single = weir_node_kind(node) != WEIR_NODE_LIST;
  gboolean numbers = s->option->type == WEIR_NUMBER_LIST;
  gsize n = single ? 1 : weir_node_size(node);
  gboolean good = TRUE;
  if (weir_node_kind(node) == WEIR_NODE_MAP)
    return wrong_kind(s, node, "a list");
  if (n > WEIR_OPTION_MAX_ITEMS)
    return refuse(s, node, NULL, "%" G_GSIZE_FORMAT " items; at most %d are allowed", n,
                  WEIR_OPTION_MAX_ITEMS);
  const char **items = weir_arena_alloc(s->arena, (n + 1) * sizeof *items);
  double *values = numbers ? weir_arena_alloc(s->arena, MAX(n, 1) * sizeof *values) : NULL;
  if (!items || (numbers && !values))
    return refuse_memory(s, node);
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (gsize i = 0; i < n; i++) {
    const WeirNode *item = single ? node : weir_node_at(node, i);
    if (numbers)
      good &= get_number_item(s, item, &values[i], &items[i]);
    else
      good &= get_text(s, item, &items[i]) && check_once(s, node, item, seen, items[i]);
  }
  *list = (weir_list){.count = (uint32_t)n, .items = items, .numbers = values};
  return good;
}

static gboolean
get_map(const Setting *s, const WeirNode *node, weir_map *map)
{
  gboolean numbers = s->option->type == WEIR_NUMBER_MAP;
  gboolean good = TRUE;
  if (weir_node_kind(node) != WEIR_NODE_MAP)
    return wrong_kind(s, node, numbers ? "a map of numbers" : "a map of strings");
  gsize n = weir_node_size(node);
  if (n > WEIR_OPTION_MAX_MEMBERS)
    return refuse(s, node, NULL, "%" G_GSIZE_FORMAT " members; at most %d are allowed", n,
                  WEIR_OPTION_MAX_MEMBERS);
  const char **keys = weir_arena_alloc(s->arena, (n + 1) * sizeof *keys);
  const char **texts = weir_arena_alloc(s->arena, (n + 1) * sizeof *texts);
  double *values = numbers ? weir_arena_alloc(s->arena, MAX(n, 1) * sizeof *values) : NULL;
  if (!keys || !texts || (numbers && !values))
    return refuse_memory(s, node);
  for (gsize i = 0; i < n; i++) {
    const WeirNode *item = weir_node_at(node, i);
    keys[i] = weir_arena_strdup(s->arena, weir_node_key_at(node, i));
    if (!keys[i])
      return refuse_memory(s, node);
    good &= numbers ? get_number_item(s, item, &values[i], &texts[i]) : get_text(s, item, &texts[i]);
  }
  *map = (weir_map){.count = (uint32_t)n, .keys = keys, .values = texts, .numbers = values};
  return good;
}

static gboolean
holds_secret(const WeirNode *node)
{
  gboolean found = weir_node_text_flags(node) & WEIR_TEXT_SECRET;
  for (gsize i = 0; i < weir_node_size(node) && !found; i++)
    found = holds_secret(weir_node_at(node, i));
  return found;
}

static gboolean
refuse_secret(const Setting *s, const WeirNode *node)
{
  WeirDiagnostic *entry;
  refuse(s, node, &entry, "a secret would be shown here");
  weir_diagnostic_hint(entry, "only options that are secrets take one");
  return FALSE;
}

/* A text from outside that is a JSON list or map, as on a command line. NULL: it stays as it is. */
static WeirNode *
typed_container(const Setting *s, const WeirNode *node)
{
  const char *text = weir_node_text_flags(node) & WEIR_TEXT_UNTYPED ? weir_node_string(node) : "";
  return *text == '[' || *text == '{' ? typed(s, node) : NULL;
}

gboolean
weir_option_set(const WeirOptionContext *context, const weir_option *option, const WeirNode *node,
                gpointer state, WeirArena *arena)
{
  Setting s = {.context = context, .option = option, .arena = arena};
  void *member = (char *)state + option->offset;
  g_autoptr(WeirNode) other = NULL;
  if (option->type != WEIR_SECRET && holds_secret(node))
    return refuse_secret(&s, node);
  if (weir_option_is_list(option->type) || weir_option_is_map(option->type))
    other = typed_container(&s, node);
  node = other ? other : node;
  switch (option->type) {
  case WEIR_INTEGER:
    return get_integer(&s, node, member);
  case WEIR_SIZE:
    return get_size(&s, node, member);
  case WEIR_DURATION:
    return get_duration(&s, node, member);
  case WEIR_NUMBER:
    return get_number(&s, node, member);
  case WEIR_BOOLEAN:
    return get_boolean(&s, node, member);
  case WEIR_CHOICE:
    return get_choice(&s, node, member);
  case WEIR_STRING_LIST:
  case WEIR_PATH_LIST:
  case WEIR_NUMBER_LIST:
  case WEIR_FIELD_LIST:
    return get_list(&s, node, member);
  case WEIR_STRING_MAP:
  case WEIR_NUMBER_MAP:
    return get_map(&s, node, member);
  default:
    return get_text(&s, node, member);
  }
}
