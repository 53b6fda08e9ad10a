/* SPDX-License-Identifier: MIT */
/* Text for terminals: see text.h. */
#include "cli/text.h"

#include <string.h>

static const char *const ink_codes[] = {
    [CLI_PLAIN] = "",         [CLI_BOLD] = "\033[1m",    [CLI_DIM] = "\033[2m",   [CLI_RED] = "\033[31m",
    [CLI_GREEN] = "\033[32m", [CLI_YELLOW] = "\033[33m", [CLI_CYAN] = "\033[36m",
};

void
cli_text_ink(GString *out, const CliStyle *style, CliInk ink, const char *text)
{
  if (!style->colour || ink == CLI_PLAIN || !*text) {
    g_string_append(out, text);
    return;
  }
  g_string_append(out, ink_codes[ink]);
  g_string_append(out, text);
  g_string_append(out, "\033[0m");
}

/* Length of the SGR sequence at `at`, 0 if there is none. */
static gsize
sgr_length(const char *at)
{
  gsize n = 2;
  if (at[0] != '\033' || at[1] != '[')
    return 0;
  while (g_ascii_isdigit(at[n]) || at[n] == ';')
    n++;
  return at[n] == 'm' ? n + 1 : 0;
}

/* The character at `*at`, which moves behind it; a byte that is no UTF-8 stands for itself. */
static gunichar
next_character(const char **at)
{
  gunichar c = g_utf8_get_char_validated(*at, -1);
  if (c == (gunichar)-1 || c == (gunichar)-2) {
    c = 0xfffd;
    (*at)++;
  } else {
    *at = g_utf8_next_char(*at);
  }
  return c;
}

static guint
character_columns(gunichar c)
{
  if (c < 0x20 || c == 0x7f || g_unichar_iszerowidth(c))
    return 0;
  return g_unichar_iswide(c) ? 2 : 1;
}

guint
cli_text_columns(const char *text)
{
  guint columns = 0;
  while (*text) {
    gsize sgr = sgr_length(text);
    if (sgr)
      text += sgr;
    else
      columns += character_columns(next_character(&text));
  }
  return columns;
}

void
cli_text_clip(GString *out, const char *text, guint columns, const CliStyle *style)
{
  const char *ellipsis = style->unicode ? "…" : "~";
  gboolean fits = cli_text_columns(text) <= columns;
  guint room = fits ? columns : columns - MIN(columns, 1);
  gboolean cut = FALSE;
  guint used = 0;
  while (*text) {
    const char *start = text;
    gsize sgr = sgr_length(text);
    if (sgr) {
      g_string_append_len(out, text, (gssize)sgr);
      text += sgr;
      continue;
    }
    guint width = character_columns(next_character(&text));
    if (cut)
      continue;
    if (used + width > room) {
      cut = TRUE;
      if (columns)
        g_string_append(out, ellipsis);
      continue;
    }
    g_string_append_len(out, start, text - start);
    used += width;
  }
}

static void
append_spaces(GString *out, guint n)
{
  while (n--)
    g_string_append_c(out, ' ');
}

void
cli_text_pad(GString *out, const char *text, guint columns, CliAlign align)
{
  guint used = cli_text_columns(text);
  guint fill = used < columns ? columns - used : 0;
  if (align == CLI_RIGHT)
    append_spaces(out, fill);
  g_string_append(out, text);
  if (align == CLI_LEFT)
    append_spaces(out, fill);
}

char *
cli_text_clean(const char *text, gboolean lines)
{
  g_autofree char *valid = g_utf8_make_valid(text, -1);
  GString *out = g_string_sized_new(strlen(valid));
  for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (c == '\n' && lines)
      g_string_append_c(out, '\n');
    else if (c == '\n')
      g_string_append(out, "\\n");
    else if (c == '\t')
      g_string_append_c(out, ' ');
    else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
      g_string_append_printf(out, "\\x%02x", c);
    else if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
      g_string_append_printf(out, "\\u%04x", c); /* turns the direction of what follows */
    else
      g_string_append_unichar(out, c);
  }
  return g_string_free(out, FALSE);
}

char *
cli_text_hang(const char *text)
{
  g_autofree char *clean = cli_text_clean(text, TRUE);
  GString *out = g_string_sized_new(strlen(clean));
  for (const char *at = clean; *at; at++) {
    g_string_append_c(out, *at);
    if (*at == '\n' && at[1] && at[1] != ' ' && at[1] != '\n')
      g_string_append(out, "  ");
  }
  return g_string_free(out, FALSE);
}

char *
cli_text_path(const char *path)
{
  g_autofree char *here = g_get_current_dir();
  gsize length = strlen(here);
  if (length > 1 && strncmp(path, here, length) == 0 && path[length] == '/' && path[length + 1])
    path += length + 1;
  return cli_text_clean(path, FALSE);
}

void
cli_text_wrap(GString *out, const char *text, guint indent, guint columns)
{
  guint room = columns > indent + 20 ? columns - indent : 20;
  guint used = 0;
  gboolean first = TRUE;
  while (*text) {
    gsize length = strcspn(text, " \n");
    g_autofree char *word = g_strndup(text, length);
    guint width = cli_text_columns(word);
    if (!first && used && used + 1 + width > room) {
      g_string_append_c(out, '\n');
      append_spaces(out, indent);
      used = 0;
    }
    if (used && length) {
      g_string_append_c(out, ' ');
      used++;
    }
    g_string_append(out, word);
    used += width;
    first = FALSE;
    text += length;
    if (*text == '\n' && text[1]) {
      g_string_append_c(out, '\n');
      if (text[1] != '\n')
        append_spaces(out, indent);
      used = 0;
    }
    if (*text)
      text++;
  }
  g_string_append_c(out, '\n');
}

struct CliTable {
  guint n_columns;
  char **headings;
  CliAlign *align;
  GPtrArray *cells;
};

CliTable *
cli_table_new(const char *const *headings, const CliAlign *align, guint n_columns)
{
  CliTable *table = g_new0(CliTable, 1);
  table->n_columns = n_columns;
  table->headings = g_new0(char *, n_columns + 1);
  table->align = g_memdup2(align, n_columns * sizeof *align);
  table->cells = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < n_columns; i++)
    table->headings[i] = g_strdup(headings[i]);
  return table;
}

void
cli_table_free(CliTable *table)
{
  if (!table)
    return;
  g_strfreev(table->headings);
  g_free(table->align);
  g_ptr_array_unref(table->cells);
  g_free(table);
}

void
cli_table_cell(CliTable *table, char *text)
{
  g_ptr_array_add(table->cells, text);
}

/* A line of cells, without trailing spaces. */
static char *
table_line(const CliTable *table, char *const *cells, const guint *widths)
{
  GString *line = g_string_new(NULL);
  for (guint i = 0; i < table->n_columns; i++) {
    if (i)
      g_string_append(line, "  ");
    cli_text_pad(line, cells[i], widths[i], table->align[i]);
  }
  return g_strchomp(g_string_free(line, FALSE));
}

void
cli_table_print(const CliTable *table, GString *out, guint indent, guint columns, gint marked,
                const CliStyle *style)
{
  guint n = table->n_columns;
  guint rows = table->cells->len / n;
  g_autofree guint *widths = g_new0(guint, n);
  for (guint i = 0; i < n; i++)
    widths[i] = cli_text_columns(table->headings[i]);
  for (guint i = 0; i < rows * n; i++)
    widths[i % n] = MAX(widths[i % n], cli_text_columns(table->cells->pdata[i]));
  for (gint row = -1; row < (gint)rows; row++) {
    char *const *cells = row < 0 ? table->headings : (char *const *)table->cells->pdata + (gsize)row * n;
    g_autofree char *line = table_line(table, cells, widths);
    g_autoptr(GString) inked = g_string_new(NULL);
    cli_text_ink(inked, style, row < 0 ? CLI_DIM : row == marked ? CLI_BOLD : CLI_PLAIN, line);
    append_spaces(out, indent);
    if (columns)
      cli_text_clip(out, inked->str, columns - MIN(columns, indent), style);
    else
      g_string_append(out, inked->str);
    g_string_append_c(out, '\n');
  }
}
