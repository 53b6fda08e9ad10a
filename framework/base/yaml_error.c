/* SPDX-License-Identifier: MIT */
/* What libyaml finds wrong, in our words: what it is, where, and what to do. */
#include "base/quote.h"
#include "base/tree_text.h"
#include "base/yaml_read.h"

#include <string.h>

/* What libyaml says (its `problem`), what is said here, and the hint; both NULL where the words need a look at the
 * text. Some problems mean different things in different contexts: the first row whose `context`, if any, is in
 * libyaml's counts. */
static const struct {
  const char *problem, *context, *message, *hint;
} words[] = {
    {"mapping values are not allowed in this context", NULL, "a colon where no key can stand",
     "put a text with \": \" in it in quotes, or correct the indentation"},
    {"block sequence entries are not allowed in this context", NULL, "\"- \" where no list can begin",
     "begin the list on a line of its own"},
    {"mapping keys are not allowed in this context", NULL, "\"? \" where no key can stand", NULL},
    {"could not find expected ':'", NULL, "a key without a colon behind it",
     "write \"key: value\", with a space after the colon"},
    {"did not find expected key", NULL, "a line that is neither a key of this map nor its end",
     "give all keys of a map the same indentation"},
    {"did not find expected '-' indicator", NULL, "a line that is neither an item of this list nor its end",
     "begin each item with \"- \", all with the same indentation"},
    {"did not find expected ',' or ']'", NULL, "a comma or ] is wanted", NULL},
    {"did not find expected ',' or '}'", NULL, "a comma or } is wanted", NULL},
    {"did not find expected node content", NULL, "a value is wanted", NULL},
    {"did not find expected <document start>", NULL, "something behind the end of the document",
     "a file holds one value; a map has all its keys at the same indentation"},
    {"found unexpected end of stream", "quoted", "this string is never closed", NULL},
    {"found unexpected document indicator", "quoted", "this string is not closed before the line --- or ...",
     NULL},
    {"found unknown escape character", NULL, "a backslash before this character is no escape",
     "write \\\\ for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", NULL, "an escape lacks hexadecimal digits", NULL},
    {"found invalid Unicode character escape code", NULL, "an escape that stands for no character", NULL},
    {"found a tab character where an indentation space is expected", NULL, "a tab cannot indent",
     "use spaces"},
    {"found a tab character that violates indentation", NULL, "a tab cannot indent", "use spaces"},
    {"found an indentation indicator equal to 0", NULL, "an indentation of 0 cannot be asked for", NULL},
    {"did not find expected comment or line break", "block scalar",
     "the text of | or > begins on the line behind it", NULL},
    {"did not find expected alphabetic or numeric character", "alias", "* begins an alias and lacks its name",
     "put a text that begins with * in quotes"},
    {"did not find expected alphabetic or numeric character", "anchor",
     "& begins an anchor and lacks its name", "put a text that begins with & in quotes"},
    {"found undefined tag handle", NULL, "a tag with an unknown handle",
     "put a text that begins with ! in quotes"},
    {"found incompatible YAML document", NULL, "only YAML 1.2 is read", "leave the line %YAML out"},
};

/* A character that begins no token. */
static void
refuse_character(WeirYamlReader *reader, yaml_mark_t mark, const char *at)
{
  if (*at == '\t') {
    weir_diagnostic_hint(weir_yaml_error(reader, mark, "a tab cannot indent"), "use spaces");
    return;
  }
  g_autofree char *quoted = weir_quote(at, *at != '\0' ? g_utf8_next_char(at) - at : 0);
  weir_diagnostic_hint(weir_yaml_error(reader, mark, "%s begins no value", quoted),
                       "put a text that begins with it in quotes");
}

/* Where a mark is in the text: libyaml counts characters. */
static const char *
at_mark(const WeirYamlReader *reader, yaml_mark_t mark)
{
  const char *p = reader->text, *end = reader->text + reader->length;
  for (gsize i = 0; i < mark.index && p < end; i++)
    p = g_utf8_next_char(p);
  return MIN(p, end);
}

static gboolean
begins_line(const WeirYamlReader *reader, const char *at)
{
  while (at > reader->text && (at[-1] == ' ' || at[-1] == '\t'))
    at--;
  return at == reader->text || at[-1] == '\n' || at[-1] == '\r';
}

/* libyaml's reader names a byte, not a line: a control character. */
static void
refuse_byte(WeirYamlReader *reader)
{
  gsize offset = MIN(reader->parser.problem_offset, reader->length);
  const char *at = reader->text + offset;
  reader->is_faulty = TRUE;
  weir_diagnostics_error(reader->diagnostics, weir_tree_position(reader->text, at, reader->file),
                         "a control character (0x%02x)", (guint)reader->parser.problem_value);
}

static gboolean
is_row(gsize i, const char *problem, const char *context)
{
  return strcmp(words[i].problem, problem) == 0 &&
         (words[i].context == NULL || strstr(context, words[i].context) != NULL);
}

void
weir_yaml_syntax_error(WeirYamlReader *reader)
{
  const yaml_parser_t *parser = &reader->parser;
  const char *problem = parser->problem != NULL ? parser->problem : "it cannot be read";
  const char *context = parser->context != NULL ? parser->context : "";
  yaml_mark_t mark = parser->problem_mark;
  WeirDiagnostic *error;
  gsize row = 0;

  if (parser->error == YAML_READER_ERROR) {
    refuse_byte(reader);
    return;
  }
  if (parser->error == YAML_MEMORY_ERROR) {
    weir_yaml_error(reader, mark, "there is no memory to read it");
    return;
  }
  const char *at = at_mark(reader, mark);
  gboolean inside = at < reader->text + reader->length;
  if (inside && (strcmp(problem, "found character that cannot start any token") == 0 ||
                 (*at == '\t' && strstr(context, "quoted") == NULL))) {
    refuse_character(reader, mark, at);
    return;
  }
  if (g_str_has_prefix(problem, "did not find expected key") && inside && !begins_line(reader, at)) {
    g_autofree char *quoted = weir_quote(at, g_utf8_next_char(at) - at);
    error = weir_yaml_error(reader, mark, "%s stands behind a value that has ended", quoted);
    weir_diagnostic_hint(error, "put the whole text in quotes");
    return;
  }
  if (inside && *at == '{' && at > reader->text && at[-1] == '$') {
    error = weir_yaml_error(reader, mark, "${ without quotes inside { } or [ ]");
    weir_diagnostic_hint(error, "put a text with ${…} in it in quotes");
    return;
  }
  while (row < G_N_ELEMENTS(words) && !is_row(row, problem, context))
    row++;
  if (row == G_N_ELEMENTS(words)) {
    weir_yaml_error(reader, mark, "not valid YAML: %s", problem);
    return;
  }
  error = weir_yaml_error(reader, mark, "%s", words[row].message);
  if (words[row].hint != NULL)
    weir_diagnostic_hint(error, "%s", words[row].hint);
  if (parser->context != NULL && parser->context_mark.line != mark.line)
    weir_diagnostic_note(error, "what it is part of begins on line %zu", parser->context_mark.line + 1);
}
