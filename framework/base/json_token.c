/* SPDX-License-Identifier: MIT */
/* The tokens of strict JSON (RFC 8259): strings, numbers and words, and what is said of wrong ones. */
#include "base/json_token.h"

#include "base/nearest.h"
#include "base/quote.h"
#include "base/units.h"

#include <math.h>
#include <string.h>

/* --- Places and errors --- */

WeirJsonPlace
weir_json_place(WeirJsonScanner *s, const char *at)
{
  for (; s->mark < at; s->mark++)
    if (((guchar)*s->mark & 0xc0) != 0x80) /* not the continuation of a character */
      s->mark_column++;
  return (WeirJsonPlace){s->line, s->mark_column};
}

WeirDiagnostic *
weir_json_error(WeirJsonScanner *s, WeirJsonPlace place, const char *format, ...)
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
found(const WeirJsonScanner *s)
{
  if (s->p >= s->end)
    return g_strdup("the end");
  return weir_quote(s->p, g_utf8_next_char(s->p) - s->p);
}

gboolean
weir_json_expected(WeirJsonScanner *s, const char *wanted)
{
  g_autofree char *instead = found(s);
  WeirJsonPlace place = weir_json_place(s, s->p);

  if (s->p < s->end && (*s->p == '/' || *s->p == '#'))
    weir_json_error(s, place, "comments are no part of JSON; remove it");
  else if (s->p < s->end && *s->p == '\'')
    weir_json_error(s, place, "strings need double quotes, not single ones");
  else
    weir_json_error(s, place, "%s is wanted, not %s", wanted, instead);
  return FALSE;
}

void
weir_json_skip_space(WeirJsonScanner *s)
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
hex4(const WeirJsonScanner *s, const char *p)
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
check_code(WeirJsonScanner *s, const char *escape, int code)
{
  if (code == 0)
    weir_json_error(s, weir_json_place(s, escape), "\\u0000 in a string: a text cannot hold NUL");
  else if (code >= 0xd800 && code < 0xe000)
    weir_json_error(s, weir_json_place(s, escape),
                    "\\u%04x is half of a surrogate pair: the other half is missing", code);
}

/* At `\u`. Both halves of a pair are one character. */
static gboolean
scan_code(WeirJsonScanner *s)
{
  const char *escape = s->p;
  int code = hex4(s, s->p + 2);

  if (code < 0) {
    weir_json_error(s, weir_json_place(s, escape), "\\u needs four hexadecimal digits");
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
scan_escape(WeirJsonScanner *s)
{
  if (s->end - s->p < 2)
    return FALSE;
  if (s->p[1] == 'u')
    return scan_code(s);
  if (strchr("\"\\/bfnrt", s->p[1]) == NULL) {
    g_autofree char *quoted = weir_quote(s->p + 1, g_utf8_next_char(s->p + 1) - (s->p + 1));
    weir_json_error(s, weir_json_place(s, s->p),
                    "a backslash before %s is no escape; write \\\\ for a backslash", quoted);
    return FALSE;
  }
  s->p += 2;
  return TRUE;
}

/* At the opening quote. Where `span` is given, it becomes the text between the quotes. */
gboolean
weir_json_scan_string(WeirJsonScanner *s, char **span)
{
  const char *start = s->p + 1;
  WeirJsonPlace place = weir_json_place(s, s->p);
  gsize errors = weir_diagnostics_n_errors(s->diagnostics);

  for (s->p++; s->p < s->end && *s->p != '"';) {
    guchar c = (guchar)*s->p;
    if (c == '\n') {
      break;
    } else if (c < 0x20) {
      weir_json_error(s, weir_json_place(s, s->p), "a control character (0x%02x) in a string; write \\u%04x",
                      c, c);
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
    weir_json_error(s, place, "this string is not closed on its line");
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
word_length(const WeirJsonScanner *s)
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
refuse_number(WeirJsonScanner *s, const char *text)
{
  g_autofree char *quoted = weir_quote(text, -1);
  const char *digits = text + (*text == '-' ? 1 : 0);
  WeirDiagnostic *error = weir_json_error(s, weir_json_place(s, s->p), "%s is not a number in JSON", quoted);

  if (*digits == '0' && g_ascii_isdigit(digits[1]))
    weir_diagnostic_hint(error, "leave out the zeros in front");
  return FALSE;
}

/* The scan goes on after it. */
static void
report_overflow(WeirJsonScanner *s, const char *text, gboolean is_integer)
{
  g_autofree char *quoted = weir_quote(text, -1);
  WeirDiagnostic *error = weir_json_error(s, weir_json_place(s, s->p), "%s is too large for %s", quoted,
                                          is_integer ? "a 64-bit integer" : "a number");

  if (is_integer)
    weir_diagnostic_hint(error, "write an identifier as a string, in double quotes");
}

gboolean
weir_json_scan_number(WeirJsonScanner *s)
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
refuse_word(WeirJsonScanner *s, const char *word)
{
  static const char *const literals[] = {"true", "false", "null", NULL};
  static const char *const nulls[] = {"None", "nil", "undefined", "~", NULL};
  g_autofree char *quoted = weir_quote(word, -1);
  const char *nearest = g_strv_contains(nulls, word) ? "null" : weir_nearest(word, literals);
  WeirJsonPlace place = weir_json_place(s, s->p);

  if (g_ascii_strcasecmp(word, "nan") == 0 || g_ascii_strncasecmp(word, "inf", 3) == 0)
    weir_json_error(s, place, "%s cannot be written in JSON", quoted);
  else if (nearest != NULL)
    weir_json_error(s, place, "%s is not JSON; did you mean %s?", quoted, nearest);
  else
    weir_json_error(s, place, "%s is no value; write a string in double quotes", quoted);
  return FALSE;
}

gboolean
weir_json_scan_word(WeirJsonScanner *s)
{
  gsize length = word_length(s);
  g_autofree char *word = g_strndup(s->p, length);

  if (strcmp(word, "true") != 0 && strcmp(word, "false") != 0 && strcmp(word, "null") != 0)
    return refuse_word(s, word);
  s->p += length;
  return TRUE;
}
