/* SPDX-License-Identifier: MIT */
/* "each": the elements of a list or map, each with the key that it has in names. */
#include "base/quote.h"
#include "core/pipeline_private.h"

#define MAX_KEY 64

void
weir_element_free(gpointer data)
{
  WeirElement *element = data;
  if (!element)
    return;
  g_free(element->key);
  weir_node_unref(element->value);
  weir_node_unref(element->shown);
  g_free(element);
}

/* As a stage's name, but it may begin with a digit: something always stands before it. */
static gboolean
key_is_good(const char *key)
{
  gsize n = strlen(key);
  return g_ascii_isalnum(key[0]) && n <= MAX_KEY &&
         strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == n;
}

/* What cannot stand in a name becomes "-": 0.5 is 0-5, data/en.csv is data-en-csv. */
static char *
key_of_scalar(const WeirNode *value)
{
  char *key = weir_node_kind(value) == WEIR_NODE_STRING ? g_strdup(weir_node_string(value))
                                                        : weir_node_to_json(value, FALSE);
  char *start = key;
  for (char *p = key; *p; p++)
    if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_')
      *p = '-';
  while (*start == '-' || *start == '_')
    start++;
  memmove(key, start, strlen(start) + 1);
  for (gsize n = strlen(key); n > 0 && key[n - 1] == '-'; n--)
    key[n - 1] = '\0';
  return key;
}

static gboolean
is_scalar(const WeirNode *node)
{
  WeirNodeKind kind = weir_node_kind(node);
  return kind != WEIR_NODE_NULL && kind != WEIR_NODE_LIST && kind != WEIR_NODE_MAP;
}

static void
refuse_key(const WeirEntry *entry, WeirPosition at, const char *text, WeirDiagnostics *diagnostics)
{
  g_autofree char *quoted = weir_quote(text, -1);
  WeirDiagnostic *error = weir_diagnostics_error(
      diagnostics, at, "\"each\" of \"%s\": %s makes no key for a name", entry->name, quoted);
  weir_diagnostic_note(
      error, "a key is letters, digits, - and _, at most %d in all, and begins with a letter or digit",
      MAX_KEY);
  weir_diagnostic_hint(error, "write the element as a map with a \"key\", or \"each\" as a map of keys");
}

/* The key of an element of a list; NULL after an error. */
static char *
key_of(const WeirEntry *entry, const WeirNode *value, WeirDiagnostics *diagnostics)
{
  const WeirNode *written = value;
  g_autofree char *key = NULL;
  if (weir_node_kind(value) == WEIR_NODE_MAP) {
    written = weir_node_get(value, "key");
    if (!written) {
      weir_diagnostic_hint(
          weir_diagnostics_error(diagnostics, weir_node_position(value),
                                 "\"each\" of \"%s\": an element that is a map needs a \"key\"", entry->name),
          "its stage is then called \"%s/KEY\"", entry->name);
      return NULL;
    }
  }
  if (!is_scalar(written)) {
    weir_diagnostics_error(diagnostics, weir_node_position(written),
                           "\"each\" of \"%s\": %s must be a text or a number, but is of kind %s",
                           entry->name, written == value ? "an element" : "a \"key\"",
                           weir_node_kind_name(weir_node_kind(written)));
    return NULL;
  }
  if (weir_node_text_flags(written) & WEIR_TEXT_SECRET) {
    weir_diagnostic_hint(weir_diagnostics_error(
                             diagnostics, weir_node_position(value),
                             "\"each\" of \"%s\": a secret makes no key, since names are shown", entry->name),
                         "write the element as a map with a \"key\"");
    return NULL;
  }
  key = key_of_scalar(written);
  gboolean exact = written == value || weir_node_kind(written) != WEIR_NODE_STRING ||
                   g_str_equal(key, weir_node_string(written));
  if (exact && key_is_good(key))
    return g_steal_pointer(&key);
  refuse_key(entry, weir_node_position(written),
             weir_node_kind(written) == WEIR_NODE_STRING ? weir_node_string(written) : key, diagnostics);
  return NULL;
}

static void
add_element(const WeirEntry *entry, GPtrArray *elements, GHashTable *known, char *key, WeirNode *value,
            WeirNode *shown, WeirDiagnostics *diagnostics)
{
  WeirElement *element = g_new0(WeirElement, 1);
  element->key = key;
  element->value = weir_node_ref(value);
  element->shown = weir_node_ref(shown);
  g_ptr_array_add(elements, element);
  guint first = GPOINTER_TO_UINT(g_hash_table_lookup(known, key));
  if (first)
    weir_diagnostic_hint(
        weir_diagnostics_error(diagnostics, weir_node_position(value),
                               "\"each\" of \"%s\": elements %u and %u both have the key \"%s\"", entry->name,
                               first, elements->len, key),
        "write them as maps with a \"key\" of their own");
  else
    g_hash_table_insert(known, element->key, GUINT_TO_POINTER(elements->len));
}

/* A map of KEY to element; "key" is then a member that is given, not written. */
static char *
key_at(const WeirEntry *entry, const WeirNode *map, gsize i, WeirDiagnostics *diagnostics)
{
  const char *key = weir_node_key_at(map, i);
  const WeirNode *value = weir_node_at(map, i);
  if (!key_is_good(key)) {
    refuse_key(entry, weir_node_key_position_at(map, i), key, diagnostics);
    return NULL;
  }
  if (weir_node_get(value, "key")) {
    weir_diagnostics_error(diagnostics, weir_node_key_position(value, "key"),
                           "\"each\" of \"%s\": \"key\" is the name \"%s\" already; leave it out",
                           entry->name, key);
    return NULL;
  }
  return g_strdup(key);
}

/* The list or map; NULL: there is no value, or after an error. */
static WeirNode *
list_of(const WeirEntry *entry, gboolean *environment, WeirDiagnostics *diagnostics)
{
  g_autoptr(WeirNode) list = weir_scope_expand(entry->scope, NULL, entry->each, environment, diagnostics);
  if (!list)
    return NULL;
  WeirNodeKind kind = weir_node_kind(list);
  if (kind == WEIR_NODE_LIST || kind == WEIR_NODE_MAP)
    return g_steal_pointer(&list);
  if (kind == WEIR_NODE_NULL && weir_node_kind(entry->each) == WEIR_NODE_STRING) /* ${p} without a value */
    return weir_node_new_list(weir_node_position(entry->each));
  weir_diagnostic_hint(weir_diagnostics_error(diagnostics, weir_node_position(entry->each),
                                              "\"each\" of \"%s\" must be a list or a map, but is of kind %s",
                                              entry->name, weir_node_kind_name(kind)),
                       "or \"${p}\" with a parameter of type list");
  return NULL;
}

GPtrArray *
weir_entry_elements(const WeirEntry *entry, WeirDiagnostics *diagnostics)
{
  gsize before = weir_diagnostics_n_errors(diagnostics);
  gboolean environment = FALSE;
  g_autoptr(WeirNode) list = list_of(entry, &environment, diagnostics);
  if (!list)
    return NULL;
  if (weir_node_size(list) > WEIR_PIPELINE_MAX_STAGES) {
    weir_diagnostics_error(diagnostics, weir_node_position(entry->each),
                           "\"each\" of \"%s\" lists %zu elements; at most %d stages are possible",
                           entry->name, weir_node_size(list), WEIR_PIPELINE_MAX_STAGES);
    return NULL;
  }
  g_autoptr(WeirNode) shown =
      environment ? weir_scope_expand_shown(entry->scope, NULL, entry->each) : weir_node_ref(list);
  g_autoptr(GPtrArray) elements = g_ptr_array_new_with_free_func(weir_element_free);
  g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
  gboolean is_map = weir_node_kind(list) == WEIR_NODE_MAP;
  gboolean same = weir_node_size(shown) == weir_node_size(list);
  for (gsize i = 0; i < weir_node_size(list); i++) {
    WeirNode *value = weir_node_at(list, i);
    char *key = is_map ? key_at(entry, list, i, diagnostics) : key_of(entry, value, diagnostics);
    if (key)
      add_element(entry, elements, known, key, value, same ? weir_node_at(shown, i) : value, diagnostics);
  }
  return weir_diagnostics_n_errors(diagnostics) == before ? g_steal_pointer(&elements) : NULL;
}
