/* SPDX-License-Identifier: MIT */
/* Sections of manual pages from the tables of a plugin; see inspect_views.h. */
#include "cli/inspect_views.h"

#include <string.h>

/* Append text so that roff shows it as it is. */
static void
append_escaped(GString *out, const char *text)
{
  gboolean line_begins = TRUE;
  for (const char *at = text; *at; at++) {
    if (line_begins && (*at == '.' || *at == '\''))
      g_string_append(out, "\\&");
    line_begins = *at == '\n';
    if (*at == '\\')
      g_string_append(out, "\\e");
    else if (*at == '-')
      g_string_append(out, "\\-");
    else if (*at == '"')
      g_string_append(out, "\\(dq");
    else if (*at == '~')
      g_string_append(out, "\\(ti");
    else if (*at == '^')
      g_string_append(out, "\\(ha");
    else if (*at == '`')
      g_string_append(out, "\\(ga");
    else
      g_string_append_c(out, *at);
  }
}

/* Paragraphs are separated by an empty line, or by any newline where the author used just those. */
static void
append_paragraphs(GString *out, const char *text)
{
  g_autofree char *clean = cli_text_clean(text, TRUE);
  g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    char *line = g_strstrip(lines[i]);
    if (!*line)
      continue;
    g_string_append(out, ".PP\n");
    append_escaped(out, line);
    g_string_append_c(out, '\n');
  }
}

/* "upper case first letter of a sentence, full stop at its end" */
static void
append_sentence(GString *out, const char *text)
{
  g_autofree char *clean = cli_text_clean(text, FALSE);
  gsize length = strlen(clean);
  if (!length)
    return;
  clean[0] = g_ascii_toupper(clean[0]);
  append_escaped(out, clean);
  g_string_append(out, clean[length - 1] == '.' ? "\n" : ".\n");
}

static void
append_row(GString *out, const WeirNode *row, const char *facts)
{
  g_autofree char *name = cli_view_row_name(row);
  g_string_append(out, ".TP\n.B ");
  append_escaped(out, name);
  g_string_append(out, "\n");
  append_sentence(out, cli_member_string(row, "help"));
  if (*cli_member_string(row, "help"))
    g_string_append(out, ".br\n");
  g_autofree char *clean = cli_text_clean(facts, FALSE);
  append_escaped(out, clean);
  g_string_append_c(out, '\n');
}

static void
append_rows(GString *out, const WeirNode *stage, const char *key, const char *heading,
            char *(*facts_of)(const WeirNode *))
{
  const WeirNode *row;
  if (!cli_member_at(stage, key, 0))
    return;
  g_string_append_printf(out, ".PP\n.I %s\n", heading);
  for (guint advanced = 0; advanced < 2; advanced++)
    for (gsize i = 0; (row = cli_member_at(stage, key, i)); i++) {
      g_autofree char *facts = facts_of(row);
      if (cli_member_true(row, "advanced") == (gboolean)advanced)
        append_row(out, row, facts);
    }
}

char *
cli_view_man(const WeirNode *plugin)
{
  GString *out = g_string_new(NULL);
  const WeirNode *stage;
  for (gsize i = 0; (stage = cli_member_at(plugin, "stages", i)); i++) {
    g_string_append(out, ".SS ");
    append_escaped(out, cli_member_string(stage, "use"));
    g_string_append_c(out, '\n');
    append_sentence(out, cli_member_string(stage, "summary"));
    append_paragraphs(out, cli_member_string(stage, "help"));
    append_rows(out, stage, "inputs", "Inputs", cli_view_port_facts);
    append_rows(out, stage, "outputs", "Outputs", cli_view_port_facts);
    append_rows(out, stage, "options", "Options", cli_view_option_facts);
  }
  return g_string_free(out, FALSE);
}
