/* SPDX-License-Identifier: MIT */
/* Checks that a text is strict JSON (RFC 8259), and notes where its keys and values stand. json-glib reads
 * the values, but it accepts duplicate keys, overlong integers, comments and more, and knows no columns. */
#include "base/json_scan.h"

#include "base/json_token.h"
#include "base/quote.h"
#include "base/tree.h"
#include "base/tree_text.h"

#include <json-glib/json-glib.h>
#include <string.h>

static gboolean scan_value(WeirJsonScanner *s);

/* --- Lists and maps --- */

static gboolean
never_closed(WeirJsonScanner *s, char bracket, WeirJsonPlace place)
{
  weir_json_error(s, place, "this %c is never closed", bracket);
  return FALSE;
}

/* After a comma, where the bracket is closed at once. */
static gboolean
refuse_comma(WeirJsonScanner *s, WeirJsonPlace comma)
{
  weir_json_error(s, comma, "no comma may stand before %c", *s->p);
  return FALSE;
}

/* After a member. Sets `more` where a comma follows. */
static gboolean
scan_separator(WeirJsonScanner *s, char open, char close, WeirJsonPlace open_place, gboolean *more)
{
  weir_json_skip_space(s);
  if (s->p >= s->end)
    return never_closed(s, open, open_place);
  *more = *s->p == ',';
  if (!*more && *s->p != close)
    return weir_json_expected(s, close == '}' ? "a comma or }" : "a comma or ]");
  WeirJsonPlace place = weir_json_place(s, s->p);
  s->p++;
  if (!*more)
    return TRUE;
  weir_json_skip_space(s);
  if (s->p >= s->end)
    return never_closed(s, open, open_place);
  return *s->p != close || refuse_comma(s, place);
}

static gboolean
scan_list(WeirJsonScanner *s, WeirJsonPlace open_place)
{
  gboolean more = TRUE;

  s->p++;
  weir_json_skip_space(s);
  if (s->p < s->end && *s->p == ']') {
    s->p++;
    return TRUE;
  }
  while (more) {
    if (s->p >= s->end)
      return never_closed(s, '[', open_place);
    if (!scan_value(s) || !scan_separator(s, '[', ']', open_place, &more))
      return FALSE;
  }
  return TRUE;
}

/* The key that a span between quotes spells: "\u0061" is "a". Takes `span`. */
static char *
decode_key(char *span)
{
  if (strchr(span, '\\') == NULL)
    return span;
  g_autofree char *json = g_strconcat("\"", span, "\"", NULL);
  g_autoptr(JsonNode) node = json_from_string(json, NULL);
  if (node == NULL)
    return span;
  g_free(span);
  return json_node_dup_string(node);
}

/* `keys` maps a key to its index in `places` + 1. Takes `key`. */
static void
check_duplicate(WeirJsonScanner *s, GHashTable *keys, char *key, gsize place_index)
{
  gsize first = GPOINTER_TO_SIZE(g_hash_table_lookup(keys, key));

  if (first == 0) {
    g_hash_table_insert(keys, key, GSIZE_TO_POINTER(place_index + 1));
    return;
  }
  WeirJsonPlace here = g_array_index(s->places, WeirJsonPlace, place_index);
  WeirJsonPlace other = g_array_index(s->places, WeirJsonPlace, first - 1);
  g_autofree char *quoted = weir_quote(key, -1);
  if (other.line != here.line)
    weir_json_error(s, here, "the key %s is there twice: first on line %u", quoted, other.line);
  else
    weir_json_error(s, here, "the key %s is there twice: first in column %u of this line", quoted,
                    other.column);
  g_free(key);
}

static gboolean
scan_member(WeirJsonScanner *s, GHashTable *keys)
{
  char *span = NULL;
  gsize place_index = s->places->len, errors = weir_diagnostics_n_errors(s->diagnostics);

  if (*s->p != '"')
    return weir_json_expected(s, "a key in double quotes");
  WeirJsonPlace place = weir_json_place(s, s->p);
  g_array_append_val(s->places, place);
  if (!weir_json_scan_string(s, &span))
    return FALSE;
  /* json-glib loses memory over a string that is not sound. */
  check_duplicate(s, keys, weir_diagnostics_n_errors(s->diagnostics) > errors ? span : decode_key(span),
                  place_index);
  weir_json_skip_space(s);
  if (s->p >= s->end || *s->p != ':')
    return weir_json_expected(s, "a colon behind the key");
  s->p++;
  weir_json_skip_space(s);
  return scan_value(s);
}

static gboolean
scan_map(WeirJsonScanner *s, WeirJsonPlace open_place)
{
  g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  gboolean more = TRUE;

  s->p++;
  weir_json_skip_space(s);
  if (s->p < s->end && *s->p == '}') {
    s->p++;
    return TRUE;
  }
  while (more) {
    if (s->p >= s->end)
      return never_closed(s, '{', open_place);
    if (!scan_member(s, keys) || !scan_separator(s, '{', '}', open_place, &more))
      return FALSE;
  }
  return TRUE;
}

static gboolean
scan_container(WeirJsonScanner *s, WeirJsonPlace place)
{
  if (s->depth == WEIR_TREE_MAX_DEPTH) {
    weir_json_error(s, place, "nested deeper than %u levels", WEIR_TREE_MAX_DEPTH);
    return FALSE;
  }
  s->depth++;
  gboolean good = *s->p == '{' ? scan_map(s, place) : scan_list(s, place);
  s->depth--;
  return good;
}

/* --- Values --- */

/* At what begins neither a container, a string nor a number. */
static gboolean
scan_other(WeirJsonScanner *s)
{
  if (*s->p == '+' || *s->p == '.')
    return weir_json_scan_number(s); /* which says what is wrong with it */
  if (g_ascii_isalpha(*s->p) || *s->p == '_' || (guchar)*s->p >= 0x80)
    return weir_json_scan_word(s);
  return weir_json_expected(s, "a value");
}

static gboolean
scan_value(WeirJsonScanner *s)
{
  if (s->p >= s->end)
    return weir_json_expected(s, "a value");
  WeirJsonPlace place = weir_json_place(s, s->p);
  if (++s->n_nodes > WEIR_TREE_MAX_NODES) {
    weir_json_error(s, place, "more than %u values in one file", WEIR_TREE_MAX_NODES);
    return FALSE;
  }
  g_array_append_val(s->places, place);
  switch (*s->p) {
  case '{':
  case '[':
    return scan_container(s, place);
  case '"':
    return weir_json_scan_string(s, NULL);
  default:
    return *s->p == '-' || g_ascii_isdigit(*s->p) ? weir_json_scan_number(s) : scan_other(s);
  }
}

/* --- The whole --- */

/* Says where the bytes stop being text. */
static void
refuse_bytes(WeirJsonScanner *s, const char *bad)
{
  WeirPosition at = weir_tree_position(s->p, bad, s->source->file);
  s->is_faulty = TRUE;
  weir_tree_refuse_byte(s->p, s->end, bad, s->source->fixed != NULL ? *s->source->fixed : at, s->diagnostics);
}

static gboolean
scan_document(WeirJsonScanner *s)
{
  const char *bad = weir_tree_bad_byte(s->p, (gsize)(s->end - s->p));

  if (bad != NULL) {
    refuse_bytes(s, bad);
    return FALSE;
  }
  weir_json_skip_space(s);
  if (s->p >= s->end) {
    weir_json_error(s, (WeirJsonPlace){0, 0}, "there is nothing in it");
    return FALSE;
  }
  if (!scan_value(s))
    return FALSE;
  weir_json_skip_space(s);
  return s->p >= s->end || weir_json_expected(s, "the end of the file");
}

gboolean
weir_json_scan(const WeirJsonSource *source, GArray *places, WeirDiagnostics *diagnostics)
{
  WeirJsonScanner scanner = {
      .source = source,
      .diagnostics = diagnostics,
      .places = places,
      .p = source->text,
      .end = source->text + source->length,
      .line = 1,
      .mark = source->text,
      .mark_column = 1,
  };
  return scan_document(&scanner) && !scanner.is_faulty;
}
