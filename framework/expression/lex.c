/* SPDX-License-Identifier: MIT */
/* An expression cut into tokens, and how its mistakes are shown. */
#include "config.h"

#include "base/error.h"
#include "base/value_parse.h"
#include "expression/expression_private.h"

#define SHOWN_BEFORE 60 /* characters of a line around a mistake */
#define SHOWN_BEHIND 40

/* ---- Mistakes ------------------------------------------------------------------------------------------- */

/* Columns of a terminal that a character takes. */
static guint
width_of(gunichar c)
{
  return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

/* The line with the mistake, cut to what fits, and the caret's line. */
static char *
show_place(const char *source, gsize at)
{
  const char *place = source + at, *begin = place, *end = place;
  guint before = 0, behind = 0, indent = 0;
  for (; begin > source && begin[-1] != '\n' && before < SHOWN_BEFORE; before++)
    begin = g_utf8_prev_char(begin);
  for (; *end && *end != '\n' && behind < SHOWN_BEHIND; behind++)
    end = g_utf8_next_char(end);
  gboolean cut = begin > source && begin[-1] != '\n';
  g_autofree char *shown = g_strndup(begin, (gsize)(end - begin));
  for (char *p = shown; *p; p++)
    if (g_ascii_iscntrl(*p))
      *p = ' ';
  for (const char *p = shown; p < shown + (place - begin); p = g_utf8_next_char(p))
    indent += width_of(g_utf8_get_char(p));
  return g_strdup_printf("  %s%s%s\n  %*s^", cut ? "…" : "", shown, *end && *end != '\n' ? "…" : "",
                         (int)(indent + cut), "");
}

gboolean
expression_error(GError **error, const char *source, gsize at, const char *hint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *problem = g_strdup_vprintf(format, args);
  va_end(args);
  g_autofree char *place = show_place(source, at);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s\n%s%s%s", problem, place, hint ? "\nhint: " : "",
              hint ? hint : "");
  return FALSE;
}

/* ---- Tokens --------------------------------------------------------------------------------------------- */

static void
token_clear(gpointer data)
{
  g_free(((Token *)data)->text);
}

static gboolean
is_word_byte(char c)
{
  return g_ascii_isalnum(c) || c == '_' || (c & 0x80);
}

static gboolean
lex_number(const char *source, Token *token, GError **error)
{
  const char *begin = source + token->begin, *p = begin;
  gboolean real = FALSE;
  while (g_ascii_isdigit(*p))
    p++;
  if (*p == '.' && g_ascii_isdigit(p[1])) {
    real = TRUE;
    for (p++; g_ascii_isdigit(*p);)
      p++;
  }
  if ((*p == 'e' || *p == 'E') &&
      (g_ascii_isdigit(p[1]) || ((p[1] == '+' || p[1] == '-') && g_ascii_isdigit(p[2])))) {
    real = TRUE;
    for (p += 2; g_ascii_isdigit(*p);)
      p++;
  }
  if (is_word_byte(*p) || (*p == '.' && !real))
    return expression_error(error, source, (gsize)(p - source), NULL, "a number does not go on like this");
  token->end = (guint32)(p - source);
  gsize length = (gsize)(p - begin);
  /* The readers of numbers look a little beyond the end. */
  g_autofree char *copy = g_malloc0(length + 16);
  memcpy(copy, begin, length);
  token->kind = real ? TOKEN_REAL : TOKEN_INTEGER;
  enum weir_value_result result = real ? weir_value_parse_f64(copy, length, &token->real)
                                       : weir_value_parse_u64(copy, length, &token->integer);
  if (result == WEIR_VALUE_OK)
    return TRUE;
  return expression_error(error, source, token->begin, real ? NULL : "write it as a real number, with \".0\"",
                          "the number is too large");
}

/* 'text' or `name`; the quote itself is written twice. */
static gboolean
lex_quoted(const char *source, Token *token, GError **error)
{
  char quote = source[token->begin];
  const char *what = quote == '`' ? "name" : "text";
  g_autoptr(GString) text = g_string_new(NULL);
  const char *p = source + token->begin + 1;
  for (;; p++) {
    if (!*p)
      return expression_error(error, source, token->begin, NULL,
                              "the %s that begins here does not end: %c is missing", what, quote);
    if (*p == quote && *++p != quote)
      break;
    g_string_append_c(text, *p);
  }
  if (quote == '`' && !text->len)
    return expression_error(error, source, token->begin, NULL, "a name is empty");
  token->kind = quote == '`' ? TOKEN_NAME : TOKEN_TEXT;
  token->quoted = TRUE;
  token->end = (guint32)(p - source);
  token->text = g_string_free(g_steal_pointer(&text), FALSE);
  return TRUE;
}

static void
lex_word(const char *source, Token *token)
{
  static const char *const keywords[] = {"and",  "or",   "not",   "in",      "is",
                                         "null", "true", "false", "between", NULL};
  const char *p = source + token->begin;
  while (is_word_byte(*p))
    p++;
  token->end = (guint32)(p - source);
  token->text = g_strndup(source + token->begin, token->end - token->begin);
  token->kind = TOKEN_NAME;
  g_autofree char *lower = g_ascii_strdown(token->text, -1);
  if (!g_strv_contains(keywords, lower))
    return;
  token->kind = TOKEN_KEYWORD;
  g_free(token->text);
  token->text = g_steal_pointer(&lower);
}

/* What people write in other languages, with what is written here. */
static const struct {
  const char *written, *hint;
} foreign[] = {
    {"&&", "write \"and\""},
    {"||", "write \"or\"; texts are joined with \"+\""},
    {"&", "write \"and\""},
    {"|", "write \"or\""},
    {"!", "write \"not\""},
    {"\"", "text stands in 'single quotes', the name of a column in `backticks`"},
    {"^", NULL},
    {"**", NULL},
    {"~", "write \"not\", or matches(text, 'pattern')"},
};

static gboolean
lex_operator(const char *source, Token *token, GError **error)
{
  static const char *const operators[] = {"==", "!=", "<>", "<=", ">=", "//", "=", "<", ">", "+",
                                          "-",  "*",  "/",  "%",  "(",  ")",  "[", "]", ",", "."};
  const char *p = source + token->begin;
  for (guint i = 0; i < G_N_ELEMENTS(operators); i++)
    if (g_str_has_prefix(p, operators[i]) && !g_str_has_prefix(p, "**")) {
      token->kind = TOKEN_OPERATOR;
      token->text = g_strdup(g_str_equal(operators[i], "=")    ? "=="
                             : g_str_equal(operators[i], "<>") ? "!="
                                                               : operators[i]);
      token->end = token->begin + (guint32)strlen(operators[i]);
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS(foreign); i++)
    if (g_str_has_prefix(p, foreign[i].written))
      return expression_error(error, source, token->begin, foreign[i].hint, "%s means nothing here",
                              foreign[i].written);
  return expression_error(error, source, token->begin, NULL, "this character means nothing here");
}

static gboolean
lex_token(const char *source, Token *token, GError **error)
{
  char c = source[token->begin];
  if (g_ascii_isdigit(c) || (c == '.' && g_ascii_isdigit(source[token->begin + 1])))
    return lex_number(source, token, error);
  if (c == '\'' || c == '`')
    return lex_quoted(source, token, error);
  if (is_word_byte(c)) {
    lex_word(source, token);
    return TRUE;
  }
  return lex_operator(source, token, error);
}

GArray *
expression_lex(const char *source, GError **error)
{
  g_autoptr(GArray) tokens = g_array_new(FALSE, TRUE, sizeof(Token));
  g_array_set_clear_func(tokens, token_clear);
  const char *p = source;
  for (;;) {
    const char *behind = p;
    while (g_ascii_isspace(*p))
      p++;
    /* The end is right behind the last token: the line below it, where there is one, shows nothing. */
    Token token = {.begin = (guint32)((*p ? p : behind) - source)};
    token.end = token.begin;
    if (*p && !lex_token(source, &token, error)) {
      token_clear(&token);
      return NULL;
    }
    g_array_append_val(tokens, token);
    if (token.kind == TOKEN_END)
      return g_steal_pointer(&tokens);
    p = source + token.end;
  }
}
