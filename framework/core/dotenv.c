/* SPDX-License-Identifier: MIT */
/* Reads the text of a .env file. */
#include "base/tree_text.h"
#include "core/environment.h"

#include <string.h>

typedef struct {
  const char *p, *end;
  const char *origin;
  guint line;
  GHashTable *into;
  GHashTable *lines; /* name to the line that it was first on */
  WeirDiagnostics *diagnostics;
  gboolean faulty;
} Reader;

/* No error shows a value: it may be a secret. */
static WeirDiagnostic *G_GNUC_PRINTF(3, 4) refuse(Reader *r, guint line, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  r->faulty = TRUE;
  return weir_diagnostics_error(r->diagnostics, weir_position(r->origin, line, 0), "%s", why);
}

static void
skip_blanks(Reader *r)
{
  while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
    r->p++;
}

static gboolean
at_line_end(const Reader *r)
{
  return r->p >= r->end || *r->p == '\n' || *r->p == '\r';
}

static void
skip_line(Reader *r)
{
  while (!at_line_end(r))
    r->p++;
  if (r->p < r->end && *r->p == '\r')
    r->p++;
  if (r->p < r->end && *r->p == '\n')
    r->p++;
  r->line++;
}

static char *
read_name(Reader *r)
{
  const char *start = r->p;
  if (r->p < r->end && (g_ascii_isalpha(*r->p) || *r->p == '_'))
    while (r->p < r->end && (g_ascii_isalnum(*r->p) || *r->p == '_'))
      r->p++;
  return r->p > start ? g_strndup(start, (gsize)(r->p - start)) : NULL;
}

/* Other programs would put something in: a value that is not what was meant is worse than an error. */
static void
refuse_reference(Reader *r, guint line)
{
  weir_diagnostic_hint(refuse(r, line, "\"${\": nothing is put into the values of this file"),
                       "write the value itself, or put it in single quotes if it holds these characters");
}

static void
read_plain(Reader *r, GString *value)
{
  const char *start = r->p;
  while (!at_line_end(r) && !(*r->p == '#' && (r->p == start || r->p[-1] == ' ' || r->p[-1] == '\t')))
    r->p++;
  g_string_append_len(value, start, r->p - start);
  g_strchomp(value->str);
  g_string_set_size(value, strlen(value->str));
  if (strstr(value->str, "${"))
    refuse_reference(r, r->line);
}

static void
append_escape(Reader *r, GString *value)
{
  static const char codes[] = "nrt\"\\$", meanings[] = "\n\r\t\"\\$";
  const char *code = r->p + 1 < r->end && r->p[1] ? strchr(codes, r->p[1]) : NULL;
  if (code)
    g_string_append_c(value, meanings[code - codes]);
  else
    weir_diagnostic_hint(refuse(r, r->line, "a backslash that begins no escape"),
                         "write \\\\ for a backslash, or use single quotes");
  r->p += r->p + 1 < r->end ? 2 : 1;
}

/* At the opening quote. */
static void
read_quoted(Reader *r, GString *value)
{
  char quote = *r->p++;
  guint line = r->line;
  while (r->p < r->end && *r->p != quote) {
    if (*r->p == '\n')
      r->line++;
    if (quote == '"' && *r->p == '\\') {
      append_escape(r, value);
      continue;
    }
    if (quote == '"' && r->p[0] == '$' && r->p + 1 < r->end && r->p[1] == '{')
      refuse_reference(r, r->line);
    g_string_append_c(value, *r->p++);
  }
  if (r->p >= r->end) {
    refuse(r, line, "this value is never closed");
    return;
  }
  r->p++;
  skip_blanks(r);
  if (!at_line_end(r) && *r->p != '#')
    weir_diagnostic_hint(refuse(r, r->line, "something stands behind the closing quote"),
                         "put the whole value in quotes");
}

static void
keep(Reader *r, char *name, guint line, const GString *value)
{
  guint first = GPOINTER_TO_UINT(g_hash_table_lookup(r->lines, name));
  if (first)
    refuse(r, line, "%s is there twice: first on line %u", name, first);
  g_hash_table_insert(r->lines, g_strdup(name), GUINT_TO_POINTER(line));
  g_hash_table_insert(r->into, g_strdup(name), g_strdup(value->str));
}

static void
read_line(Reader *r)
{
  skip_blanks(r);
  if (at_line_end(r) || *r->p == '#')
    return;
  guint line = r->line;
  if (r->end - r->p > 7 && strncmp(r->p, "export", 6) == 0 && (r->p[6] == ' ' || r->p[6] == '\t')) {
    r->p += 7;
    skip_blanks(r);
  }
  g_autofree char *name = read_name(r);
  skip_blanks(r);
  if (!name || r->p >= r->end || *r->p != '=') {
    weir_diagnostic_hint(
        refuse(r, line, "this line is no NAME=VALUE"),
        "NAME is letters, digits and _, and begins with none of the digits; a remark begins with #");
    return;
  }
  r->p++;
  skip_blanks(r);
  GString *value = g_string_new(NULL);
  if (r->p < r->end && (*r->p == '"' || *r->p == '\''))
    read_quoted(r, value);
  else
    read_plain(r, value);
  keep(r, name, line, value);
  explicit_bzero(value->str, value->len);
  g_string_free(value, TRUE);
}

gboolean
weir_dotenv_parse(const char *text, gsize length, const char *origin, GHashTable *into,
                  WeirDiagnostics *diagnostics)
{
  weir_tree_skip_mark(&text, &length);
  const char *bad = weir_tree_bad_byte(text, length);
  if (bad) {
    weir_tree_refuse_byte(text, text + length, bad, weir_tree_position(text, bad, origin), diagnostics);
    return FALSE;
  }
  Reader r = {
      .p = text, .end = text + length, .origin = origin, .line = 1, .into = into, .diagnostics = diagnostics};
  r.lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  while (r.p < r.end) {
    read_line(&r);
    skip_line(&r);
  }
  g_hash_table_unref(r.lines);
  return !r.faulty;
}
