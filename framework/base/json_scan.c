/* SPDX-License-Identifier: MIT */
/* Checks that a text is strict JSON (RFC 8259), and notes where its keys and values stand. json-glib reads
 * the values, but it accepts duplicate keys, overlong integers, comments and more, and knows no columns. */
#include "base/json_scan.h"

#include "base/nearest.h"
#include "base/quote.h"
#include "base/tree.h"
#include "base/units.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

typedef struct {
  const WeirJsonSource *source;
  WeirDiagnostics *diagnostics;
  GArray *places; /* of WeirJsonPlace */
  const char *p;
  const char *end;
  guint line;
  const char *mark; /* up to here columns have been counted */
  guint mark_column;
  guint depth;
  gsize n_nodes;
  gboolean is_faulty; /* an error that did not end the scan */
} Scanner;

static gboolean scan_value(Scanner *s);

/* --- Places and errors --- */

/* The place of `at`, which is on the current line and not before any place asked for earlier. */
static WeirJsonPlace
place_of(Scanner *s, const char *at)
{
  for (; s->mark < at; s->mark++)
    if (((guchar)*s->mark & 0xc0) != 0x80) /* not the continuation of a character */
      s->mark_column++;
  return (WeirJsonPlace){s->line, s->mark_column};
}

static WeirDiagnostic *add_error(Scanner *s, WeirJsonPlace place, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static WeirDiagnostic *
add_error(Scanner *s, WeirJsonPlace place, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);

  s->is_faulty = TRUE;
  if (s->source->fixed == NULL)
    return weir_diagnostics_error(s->diagnostics, weir_position(s->source->file, place.line, place.column),
                                  "%s", message);
  g_autofree char *quoted = weir_quote(s->source->text, (gssize)s->source->length);
  return weir_diagnostics_error(s->diagnostics, *s->source->fixed, "%s is not valid JSON: %s", quoted,
                                message);
}

/* What stands at the cursor, for "…, not X". */
static char *
found(const Scanner *s)
{
  if (s->p >= s->end)
    return g_strdup("the end");
  return weir_quote(s->p, g_utf8_next_char(s->p) - s->p);
}

static gboolean
expected(Scanner *s, const char *wanted)
{
  g_autofree char *instead = found(s);
  WeirJsonPlace place = place_of(s, s->p);

  if (s->p < s->end && (*s->p == '/' || *s->p == '#'))
    add_error(s, place, "comments are no part of JSON; remove it");
  else if (s->p < s->end && *s->p == '\'')
    add_error(s, place, "strings need double quotes, not single ones");
  else
    add_error(s, place, "%s is wanted, not %s", wanted, instead);
  return FALSE;
}

static gboolean
never_closed(Scanner *s, char bracket, WeirJsonPlace place)
{
  add_error(s, place, "this %c is never closed", bracket);
  return FALSE;
}

static void
skip_space(Scanner *s)
{
  for (; s->p < s->end; s->p++) {
    if (*s->p == '\n') {
      s->line++;
      s->mark = s->p + 1;
      s->mark_column = 1;
    } else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r') {
      return;
    }
  }
}

/* --- Strings --- */

/* Four hexadecimal digits, or -1. */
static int
hex4(const Scanner *s, const char *p)
{
  int code = 0;
  if (s->end - p < 4)
    return -1;
  for (int i = 0; i < 4; i++) {
    if (!g_ascii_isxdigit(p[i]))
      return -1;
    code = code * 16 + g_ascii_xdigit_value(p[i]);
  }
  return code;
}

static void
check_code(Scanner *s, const char *escape, int code)
{
  if (code == 0)
    add_error(s, place_of(s, escape), "\\u0000 in a string: a text cannot hold NUL");
  else if (code >= 0xd800 && code < 0xe000)
    add_error(s, place_of(s, escape), "\\u%04x is half of a surrogate pair: the other half is missing", code);
}

/* At `\u`. Both halves of a pair are one character. */
static gboolean
scan_code(Scanner *s)
{
  const char *escape = s->p;
  int code = hex4(s, s->p + 2);

  if (code < 0) {
    add_error(s, place_of(s, escape), "\\u needs four hexadecimal digits");
    return FALSE;
  }
  s->p += 6;
  if (code >= 0xd800 && code < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
    int low = hex4(s, s->p + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      s->p += 6;
      return TRUE;
    }
  }
  check_code(s, escape, code);
  return TRUE;
}

static gboolean
scan_escape(Scanner *s)
{
  if (s->end - s->p < 2)
    return FALSE;
  if (s->p[1] == 'u')
    return scan_code(s);
  if (strchr("\"\\/bfnrt", s->p[1]) == NULL) {
    g_autofree char *quoted = weir_quote(s->p + 1, g_utf8_next_char(s->p + 1) - (s->p + 1));
    add_error(s, place_of(s, s->p), "a backslash before %s is no escape; write \\\\ for a backslash", quoted);
    return FALSE;
  }
  s->p += 2;
  return TRUE;
}

/* At the opening quote. Where `span` is given, it becomes the text between the quotes. */
static gboolean
scan_string(Scanner *s, char **span)
{
  const char *start = s->p + 1;
  WeirJsonPlace place = place_of(s, s->p);
  gsize errors = weir_diagnostics_n_errors(s->diagnostics);

  for (s->p++; s->p < s->end && *s->p != '"';) {
    guchar c = (guchar)*s->p;
    if (c == '\n') {
      break;
    } else if (c < 0x20) {
      add_error(s, place_of(s, s->p), "a control character (0x%02x) in a string; write \\u%04x", c, c);
      s->p++;
    } else if (c != '\\') {
      s->p++;
    } else if (!scan_escape(s)) {
      if (weir_diagnostics_n_errors(s->diagnostics) > errors)
        return FALSE;
      break;
    }
  }
  if (s->p >= s->end || *s->p != '"') {
    add_error(s, place, "this string is not closed on its line");
    return FALSE;
  }
  if (span != NULL)
    *span = g_strndup(start, (gsize)(s->p - start));
  s->p++;
  return TRUE;
}

/* --- Numbers and words --- */

static const char *
skip_digits(const char *p, const char *end)
{
  while (p < end && g_ascii_isdigit(*p))
    p++;
  return p;
}

/* The end of a number by the grammar, or NULL. */
static const char *
number_end(const char *p, const char *end, gboolean *is_integer)
{
  if (p < end && *p == '-')
    p++;
  const char *whole = p;
  p = skip_digits(p, end);
  if (p == whole || (*whole == '0' && p - whole > 1))
    return NULL;
  *is_integer = TRUE;
  if (p < end && *p == '.') {
    const char *fraction = ++p;
    p = skip_digits(p, end);
    *is_integer = FALSE;
    if (p == fraction)
      return NULL;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < end && (*p == '+' || *p == '-'))
      p++;
    const char *exponent = p;
    p = skip_digits(p, end);
    *is_integer = FALSE;
    if (p == exponent)
      return NULL;
  }
  return p;
}

/* The length of what a person would take for one number or word. */
static gsize
word_length(const Scanner *s)
{
  const char *p = s->p;
  while (p < s->end && (g_ascii_isalnum(*p) || strchr("+-._", *p) != NULL || (guchar)*p >= 0x80))
    p++;
  return (gsize)(p - s->p);
}

static gboolean
number_fits(const char *text, gboolean is_integer)
{
  gint64 integer;
  return is_integer ? weir_parse_integer(text, G_MININT64, G_MAXINT64, &integer, NULL)
                    : isfinite(g_ascii_strtod(text, NULL));
}

gboolean
weir_json_is_number(const char *text)
{
  gboolean is_integer = FALSE;
  const char *end = text + strlen(text);
  return number_end(text, end, &is_integer) == end && number_fits(text, is_integer);
}

static gboolean
refuse_number(Scanner *s, const char *text)
{
  g_autofree char *quoted = weir_quote(text, -1);
  const char *digits = text + (*text == '-' ? 1 : 0);
  WeirDiagnostic *error = add_error(s, place_of(s, s->p), "%s is not a number in JSON", quoted);

  if (*digits == '0' && g_ascii_isdigit(digits[1]))
    weir_diagnostic_hint(error, "leave out the zeros in front");
  return FALSE;
}

/* The scan goes on after it. */
static void
report_overflow(Scanner *s, const char *text, gboolean is_integer)
{
  g_autofree char *quoted = weir_quote(text, -1);
  WeirDiagnostic *error = add_error(s, place_of(s, s->p), "%s is too large for %s", quoted,
                                    is_integer ? "a 64-bit integer" : "a number");

  if (is_integer)
    weir_diagnostic_hint(error, "write an identifier as a string, in double quotes");
}

static gboolean
scan_number(Scanner *s)
{
  gboolean is_integer = FALSE;
  gsize length = word_length(s);
  g_autofree char *text = g_strndup(s->p, length);

  if (number_end(text, text + length, &is_integer) != text + length)
    return refuse_number(s, text);
  if (!number_fits(text, is_integer))
    report_overflow(s, text, is_integer);
  s->p += length;
  return TRUE;
}

static gboolean
refuse_word(Scanner *s, const char *word)
{
  static const char *const literals[] = {"true", "false", "null", NULL};
  static const char *const nulls[] = {"None", "nil", "undefined", "~", NULL};
  g_autofree char *quoted = weir_quote(word, -1);
  const char *nearest = g_strv_contains(nulls, word) ? "null" : weir_nearest(word, literals);
  WeirJsonPlace place = place_of(s, s->p);

  if (g_ascii_strcasecmp(word, "nan") == 0 || g_ascii_strncasecmp(word, "inf", 3) == 0)
    add_error(s, place, "%s cannot be written in JSON", quoted);
  else if (nearest != NULL)
    add_error(s, place, "%s is not JSON; did you mean %s?", quoted, nearest);
  else
    add_error(s, place, "%s is no value; write a string in double quotes", quoted);
  return FALSE;
}

static gboolean
scan_word(Scanner *s)
{
  gsize length = word_length(s);
  g_autofree char *word = g_strndup(s->p, length);

  if (strcmp(word, "true") != 0 && strcmp(word, "false") != 0 && strcmp(word, "null") != 0)
    return refuse_word(s, word);
  s->p += length;
  return TRUE;
}

/* --- Lists and maps --- */

/* After a comma, where the bracket is closed at once. */
static gboolean
refuse_comma(Scanner *s, WeirJsonPlace comma)
{
  add_error(s, comma, "no comma may stand before %c", *s->p);
  return FALSE;
}

/* After a member. Sets `more` where a comma follows. */
static gboolean
scan_separator(Scanner *s, char open, char close, WeirJsonPlace open_place, gboolean *more)
{
  skip_space(s);
  if (s->p >= s->end)
    return never_closed(s, open, open_place);
  *more = *s->p == ',';
  if (!*more && *s->p != close)
    return expected(s, close == '}' ? "a comma or }" : "a comma or ]");
  WeirJsonPlace place = place_of(s, s->p);
  s->p++;
  if (!*more)
    return TRUE;
  skip_space(s);
  if (s->p >= s->end)
    return never_closed(s, open, open_place);
  return *s->p != close || refuse_comma(s, place);
}

static gboolean
scan_list(Scanner *s, WeirJsonPlace open_place)
{
  gboolean more = TRUE;

  s->p++;
  skip_space(s);
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
check_duplicate(Scanner *s, GHashTable *keys, char *key, gsize place_index)
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
    add_error(s, here, "the key %s is there twice: first on line %u", quoted, other.line);
  else
    add_error(s, here, "the key %s is there twice: first in column %u of this line", quoted, other.column);
  g_free(key);
}

static gboolean
scan_member(Scanner *s, GHashTable *keys)
{
  char *span = NULL;
  gsize place_index = s->places->len;

  if (*s->p != '"')
    return expected(s, "a key in double quotes");
  WeirJsonPlace place = place_of(s, s->p);
  g_array_append_val(s->places, place);
  if (!scan_string(s, &span))
    return FALSE;
  check_duplicate(s, keys, decode_key(span), place_index);
  skip_space(s);
  if (s->p >= s->end || *s->p != ':')
    return expected(s, "a colon behind the key");
  s->p++;
  skip_space(s);
  return scan_value(s);
}

static gboolean
scan_map(Scanner *s, WeirJsonPlace open_place)
{
  g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  gboolean more = TRUE;

  s->p++;
  skip_space(s);
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
scan_container(Scanner *s, WeirJsonPlace place)
{
  if (s->depth == WEIR_TREE_MAX_DEPTH) {
    add_error(s, place, "nested deeper than %u levels", WEIR_TREE_MAX_DEPTH);
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
scan_other(Scanner *s)
{
  if (*s->p == '+' || *s->p == '.')
    return scan_number(s); /* which says what is wrong with it */
  if (g_ascii_isalpha(*s->p) || *s->p == '_' || (guchar)*s->p >= 0x80)
    return scan_word(s);
  return expected(s, "a value");
}

static gboolean
scan_value(Scanner *s)
{
  if (s->p >= s->end)
    return expected(s, "a value");
  WeirJsonPlace place = place_of(s, s->p);
  if (++s->n_nodes > WEIR_TREE_MAX_NODES) {
    add_error(s, place, "more than %u values in one file", WEIR_TREE_MAX_NODES);
    return FALSE;
  }
  g_array_append_val(s->places, place);
  switch (*s->p) {
  case '{':
  case '[':
    return scan_container(s, place);
  case '"':
    return scan_string(s, NULL);
  default:
    return *s->p == '-' || g_ascii_isdigit(*s->p) ? scan_number(s) : scan_other(s);
  }
}

/* --- The whole --- */

/* Says where the bytes stop being text. The columns on that line are counted as far as they are characters.
 */
static void
refuse_bytes(Scanner *s, const char *bad)
{
  const char *line_start = s->p;

  for (const char *p = s->p; p < bad; p++) {
    if (*p == '\n') {
      s->line++;
      line_start = p + 1;
    }
  }
  s->mark = line_start;
  WeirJsonPlace place = place_of(s, bad);
  if (*bad == '\0') {
    add_error(s, place, "a NUL byte; a text file holds none");
  } else {
    WeirDiagnostic *error = add_error(s, place, "invalid UTF-8 (byte 0x%02x)", (guchar)*bad);
    gboolean is_utf16 = bad == s->p && s->end - bad >= 2 && ((guchar)bad[0] ^ (guchar)bad[1]) == 1;
    weir_diagnostic_hint(error, is_utf16 ? "this looks like UTF-16; save the file as UTF-8"
                                         : "save the file as UTF-8");
  }
}

static gboolean
scan_document(Scanner *s)
{
  const char *bad;

  if (!g_utf8_validate_len(s->p, (gsize)(s->end - s->p), &bad)) {
    refuse_bytes(s, bad);
    return FALSE;
  }
  skip_space(s);
  if (s->p >= s->end) {
    add_error(s, (WeirJsonPlace){0, 0}, "there is nothing in it");
    return FALSE;
  }
  if (!scan_value(s))
    return FALSE;
  skip_space(s);
  return s->p >= s->end || expected(s, "the end of the file");
}

gboolean
weir_json_scan(const WeirJsonSource *source, GArray *places, WeirDiagnostics *diagnostics)
{
  Scanner scanner = {
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
