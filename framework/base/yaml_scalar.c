/* SPDX-License-Identifier: MIT */
/* Scalars of YAML: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/ section 10.3.2), less what other readers
 * take for something else: there an unquoted no is false, and 0123 is 83. */
#include "base/quote.h"
#include "base/units.h"
#include "base/yaml_read.h"

#include <math.h>
#include <string.h>

#define CORE "tag:yaml.org,2002:"

typedef enum {
  PLAIN_STRING,
  PLAIN_NULL,
  PLAIN_TRUE,
  PLAIN_FALSE,
  PLAIN_INTEGER,    /* decimal */
  PLAIN_BASED,      /* 0o17, 0x1f */
  PLAIN_NUMBER,     /* with a point or an exponent */
  PLAIN_ZEROS,      /* a number with zeros in front */
  PLAIN_NOT_FINITE, /* .inf, .nan */
  PLAIN_BOOLEAN_11, /* yes, no, on, off, y, n */
} PlainKind;

/* --- What a plain scalar is --- */

static gboolean
is_one_of(const char *text, const char *const *words)
{
  return g_strv_contains(words, text);
}

/* As written, in small letters, with a capital, in capitals: yes, Yes, YES. */
static gboolean
is_word_of_11(const char *text)
{
  static const char *const words[] = {"y", "n", "yes", "no", "on", "off", NULL};
  g_autofree char *small = g_ascii_strdown(text, -1);
  g_autofree char *rest = g_ascii_strdown(*text != '\0' ? text + 1 : "", -1);
  g_autofree char *capitals = g_ascii_strup(text, -1);
  gboolean same_rest = *text != '\0' && strcmp(text + 1, rest) == 0;

  return is_one_of(small, words) && (same_rest || strcmp(text, capitals) == 0);
}

static gboolean
is_not_finite(const char *text)
{
  static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
  static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
  const char *unsigned_text = *text == '-' || *text == '+' ? text + 1 : text;
  return is_one_of(unsigned_text, infinities) || is_one_of(text, nans);
}

static const char *
skip_digits(const char *p)
{
  while (g_ascii_isdigit(*p))
    p++;
  return p;
}

static PlainKind
kind_of_based(const char *text)
{
  const char *digits = text[1] == 'o' ? "01234567" : text[1] == 'x' ? "0123456789abcdefABCDEF" : NULL;
  if (text[0] != '0' || digits == NULL || text[2] == '\0' || text[2 + strspn(text + 2, digits)] != '\0')
    return PLAIN_STRING;
  return PLAIN_BASED;
}

/* [-+]?[0-9]+, or [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static PlainKind
kind_of_number(const char *text)
{
  const char *whole = *text == '-' || *text == '+' ? text + 1 : text;
  const char *p = skip_digits(whole);
  gsize n_whole = (gsize)(p - whole);
  gboolean zeros = n_whole > 1 && *whole == '0';

  if (n_whole > 0 && *p == '\0')
    return zeros ? PLAIN_ZEROS : PLAIN_INTEGER;
  if (*p == '.') {
    const char *fraction = ++p;
    p = skip_digits(p);
    if (n_whole == 0 && p == fraction)
      return PLAIN_STRING;
  } else if (n_whole == 0) {
    return PLAIN_STRING;
  }
  if (*p == 'e' || *p == 'E') {
    p++;
    if (*p == '+' || *p == '-')
      p++;
    if (!g_ascii_isdigit(*p))
      return PLAIN_STRING;
    p = skip_digits(p);
  }
  if (*p != '\0')
    return PLAIN_STRING;
  return zeros ? PLAIN_ZEROS : PLAIN_NUMBER;
}

static PlainKind
kind_of(const char *text)
{
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
  static const char *const trues[] = {"true", "True", "TRUE", NULL};
  static const char *const falses[] = {"false", "False", "FALSE", NULL};

  if (is_one_of(text, nulls))
    return PLAIN_NULL;
  if (is_one_of(text, trues))
    return PLAIN_TRUE;
  if (is_one_of(text, falses))
    return PLAIN_FALSE;
  if (strlen(text) <= 3 && is_word_of_11(text))
    return PLAIN_BOOLEAN_11;
  if (is_not_finite(text))
    return PLAIN_NOT_FINITE;
  if (kind_of_based(text) == PLAIN_BASED)
    return PLAIN_BASED;
  return kind_of_number(text);
}

/* --- Numbers --- */

static WeirNode *
refuse_large(WeirYamlReader *reader, const yaml_event_t *event, const char *text, const char *what)
{
  g_autofree char *quoted = weir_quote(text, -1);
  WeirDiagnostic *error = weir_yaml_error(reader, event->start_mark, "%s is too large for %s", quoted, what);
  weir_diagnostic_hint(error, "write an identifier as a string, in quotes");
  return weir_node_new_null(weir_yaml_position(reader, event->start_mark));
}

static WeirNode *
integer_node(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  WeirPosition position = weir_yaml_position(reader, event->start_mark);
  gint64 value;

  if (!weir_parse_integer(*text == '+' ? text + 1 : text, G_MININT64, G_MAXINT64, &value, NULL))
    return refuse_large(reader, event, text, "a 64-bit integer");
  return weir_node_new_integer(position, value);
}

static WeirNode *
based_node(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned(text + 2, text[1] == 'o' ? 8 : 16, 0, G_MAXINT64, &value, NULL))
    return refuse_large(reader, event, text, "a 64-bit integer");
  return weir_node_new_integer(weir_yaml_position(reader, event->start_mark), (gint64)value);
}

static WeirNode *
number_node(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  double value = g_ascii_strtod(text, NULL);

  if (!isfinite(value))
    return refuse_large(reader, event, text, "a number");
  return weir_node_new_number(weir_yaml_position(reader, event->start_mark), value);
}

/* --- What is refused, and why --- */

static void
refuse_word(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  gboolean yes = strchr("yY", *text) != NULL || g_ascii_strcasecmp(text, "on") == 0;
  WeirDiagnostic *error =
      weir_yaml_error(reader, event->start_mark,
                      "%s without quotes is a boolean to some readers of YAML and a text to others", text);
  weir_diagnostic_hint(error, "write %s, or \"%s\" for the text", yes ? "true" : "false", text);
}

static void
refuse_zeros(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  g_autofree char *quoted = weir_quote(text, -1);
  WeirDiagnostic *error = weir_yaml_error(
      reader, event->start_mark, "%s: a number with zeros in front is octal to some readers of YAML", quoted);
  weir_diagnostic_hint(error, "leave out the zeros, write 0o17 for an octal number, or put a text in quotes");
}

static void
refuse_not_finite(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  weir_diagnostic_hint(
      weir_yaml_error(reader, event->start_mark, "%s: infinities and NaN are not allowed", text),
      "put a text in quotes");
}

static WeirNode *
plain_node(WeirYamlReader *reader, const yaml_event_t *event, const char *text)
{
  WeirPosition position = weir_yaml_position(reader, event->start_mark);

  switch (kind_of(text)) {
  case PLAIN_STRING:
    return weir_node_new_string(position, text);
  case PLAIN_NULL:
    break;
  case PLAIN_TRUE:
    return weir_node_new_boolean(position, TRUE);
  case PLAIN_FALSE:
    return weir_node_new_boolean(position, FALSE);
  case PLAIN_INTEGER:
    return integer_node(reader, event, text);
  case PLAIN_BASED:
    return based_node(reader, event, text);
  case PLAIN_NUMBER:
    return number_node(reader, event, text);
  case PLAIN_ZEROS:
    refuse_zeros(reader, event, text);
    break;
  case PLAIN_NOT_FINITE:
    refuse_not_finite(reader, event, text);
    break;
  case PLAIN_BOOLEAN_11:
    refuse_word(reader, event, text);
    break;
  }
  return weir_node_new_null(position);
}

/* --- Tags --- */

static void
refuse_tag(WeirYamlReader *reader, const yaml_event_t *event, const char *tag)
{
  gboolean core = g_str_has_prefix(tag, CORE);
  g_autofree char *shown = core ? g_strconcat("!!", tag + strlen(CORE), NULL) : g_strdup(tag);
  g_autofree char *quoted = weir_quote(shown, -1);
  WeirDiagnostic *error = weir_yaml_error(reader, event->start_mark, "the tag %s does not fit here", quoted);
  if (!core)
    weir_diagnostic_hint(error, "put a text that begins with ! in quotes");
  weir_diagnostic_hint(error,
                       "leave a tag out; only !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are "
                       "known, each on a value of its kind");
}

gboolean
weir_yaml_check_tag(WeirYamlReader *reader, const yaml_event_t *event, const yaml_char_t *tag,
                    const char *core)
{
  if (tag == NULL || strcmp((const char *)tag, "!") == 0)
    return TRUE;
  if (g_str_has_prefix((const char *)tag, CORE) && strcmp((const char *)tag + strlen(CORE), core) == 0)
    return TRUE;
  refuse_tag(reader, event, (const char *)tag);
  return FALSE;
}

/* A scalar with a tag that says what it is: quoted or not, it has to be written as such a value is. */
static WeirNode *
tagged_node(WeirYamlReader *reader, const yaml_event_t *event, const char *tag, const char *text)
{
  const char *name = g_str_has_prefix(tag, CORE) ? tag + strlen(CORE) : "";
  WeirPosition position = weir_yaml_position(reader, event->start_mark);
  PlainKind kind = kind_of(text);

  if (strcmp(name, "str") == 0 || strcmp(tag, "!") == 0)
    return weir_node_new_string(position, text);
  if (strcmp(name, "int") == 0 && kind == PLAIN_INTEGER)
    return integer_node(reader, event, text);
  if (strcmp(name, "int") == 0 && kind == PLAIN_BASED)
    return based_node(reader, event, text);
  if (strcmp(name, "float") == 0 && (kind == PLAIN_NUMBER || kind == PLAIN_INTEGER))
    return number_node(reader, event, text);
  if (strcmp(name, "bool") == 0 && (kind == PLAIN_TRUE || kind == PLAIN_FALSE))
    return weir_node_new_boolean(position, kind == PLAIN_TRUE);
  if (strcmp(name, "null") == 0 && kind == PLAIN_NULL)
    return weir_node_new_null(position);
  refuse_tag(reader, event, tag);
  return weir_node_new_null(position);
}

/* --- Scalars and keys --- */

/* FALSE: it holds a NUL, by an escape. */
static gboolean
check_text(WeirYamlReader *reader, const yaml_event_t *event)
{
  const char *text = (const char *)event->data.scalar.value;
  if (strlen(text) == event->data.scalar.length)
    return TRUE;
  weir_yaml_error(reader, event->start_mark, "\\0 in a string: a text cannot hold NUL");
  return FALSE;
}

WeirNode *
weir_yaml_scalar(WeirYamlReader *reader, const yaml_event_t *event)
{
  const char *text = (const char *)event->data.scalar.value;
  const char *tag = (const char *)event->data.scalar.tag;

  if (!check_text(reader, event))
    return weir_node_new_null(weir_yaml_position(reader, event->start_mark));
  if (tag != NULL)
    return tagged_node(reader, event, tag, text);
  if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
    return plain_node(reader, event, text);
  return weir_node_new_string(weir_yaml_position(reader, event->start_mark), text);
}

/* A word such as on or y is a text wherever a key stands: nothing else can be meant. */
const char *
weir_yaml_key(WeirYamlReader *reader, const yaml_event_t *event)
{
  const char *text = (const char *)event->data.scalar.value;
  const char *tag = (const char *)event->data.scalar.tag;

  if (!check_text(reader, event) || !weir_yaml_check_tag(reader, event, event->data.scalar.tag, "str"))
    return NULL;
  if (tag != NULL || event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
    return text;
  PlainKind kind = kind_of(text);
  if (kind == PLAIN_STRING || kind == PLAIN_BOOLEAN_11)
    return text;
  if (*text == '\0') {
    weir_yaml_error(reader, event->start_mark, "a key is missing before the colon");
    return NULL;
  }
  g_autofree char *quoted = weir_quote(text, -1);
  weir_diagnostic_hint(
      weir_yaml_error(reader, event->start_mark, "the key %s is not a text to readers of YAML", text),
      "put it in quotes: %s", quoted);
  return NULL;
}
