/* SPDX-License-Identifier: MIT */
/* Reads a command line: see arguments.h. */
#include "cli/arguments.h"

#include "base/nearest.h"
#include "base/quote.h"
#include "base/tree.h"
#include "cli/text.h"
#include <string.h>

static gboolean
is_boolean(const WeirParameterInfo *parameter)
{
  return g_strcmp0(parameter->type, "boolean") == 0;
}

/* Whether `option` ("name" or "name=value") is called `name`; `value` gets what stands behind "=", or NULL.
 */
static gboolean
is_named(const char *option, const char *name, const char **value)
{
  gsize length = strlen(name);
  if (strncmp(option, name, length) != 0 || (option[length] && option[length] != '='))
    return FALSE;
  *value = option[length] ? option + length + 1 : NULL;
  return TRUE;
}

/* The flag that a word "--name", "--name=value", "-x" or "-xVALUE" stands for. */
static const CliFlag *
find_flag(const CliFlag *flags, const char *word, const char **value)
{
  *value = NULL;
  for (const CliFlag *flag = flags; flag->name; flag++) {
    if (word[1] == '-' && is_named(word + 2, flag->name, value))
      return flag;
    if (word[1] != '-' && flag->letter == word[1] && (!word[2] || flag->argument)) {
      *value = word[2] ? word + 2 : NULL;
      return flag;
    }
  }
  return NULL;
}

const char *
cli_arguments_find_file(const CliFlag *flags, int argc, char **argv)
{
  const char *first = NULL, *by_ending = NULL;
  gboolean after_unknown = FALSE;
  for (int i = 1; i < argc; i++) {
    const char *value, *word = argv[i];
    if (strcmp(word, "--") == 0)
      return i + 1 < argc ? argv[i + 1] : first;
    if (word[0] == '-' && word[1]) {
      const CliFlag *flag = find_flag(flags, word, &value);
      after_unknown = !flag && !strchr(word, '=');
      if (flag && flag->argument && !value)
        i++;
      continue;
    }
    if (!after_unknown)
      return word;
    after_unknown = FALSE;
    if (!first)
      first = word;
    if (!by_ending && (g_str_has_suffix(word, ".json") || weir_is_yaml_name(word)))
      by_ending = word;
  }
  return by_ending ? by_ending : first;
}

/* Where the parser stands. */
typedef struct Parser {
  const CliFlag *flags;
  const WeirParameterInfo *parameters;
  guint n_parameters;
  int argc;
  char **argv;
  int at;
  CliArguments *out;
} Parser;

static void G_GNUC_PRINTF(2, 3) add_error(Parser *parser, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(parser->out->errors, g_strdup_vprintf(format, args));
  va_end(args);
}

/* The name that was typed, without the value: that could be a secret. */
static char *
typed_name(const char *word)
{
  const char *equals = strchr(word, '=');
  return equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
}

static void
add_unknown(Parser *parser, const char *word)
{
  g_autofree char *name = typed_name(word);
  g_autofree char *quoted = weir_quote(name, -1);
  g_autoptr(GPtrArray) valid = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < parser->n_parameters; i++)
    g_ptr_array_add(valid, g_strconcat("--", parser->parameters[i].name, NULL));
  for (const CliFlag *flag = parser->flags; flag->name; flag++)
    if (flag->help)
      g_ptr_array_add(valid, g_strconcat("--", flag->name, NULL));
  g_ptr_array_add(valid, NULL);
  const char *nearest = weir_nearest(name, (const char *const *)valid->pdata);
  if (nearest)
    add_error(parser, "unknown option %s; did you mean \"%s\"?", quoted, nearest);
  else
    add_error(parser, "unknown option %s; --help lists all", quoted);
}

static void
give(Parser *parser, const CliFlag *flag, const WeirParameterInfo *parameter, const char *value)
{
  const char *name = flag ? flag->name : parameter->name;
  CliArgument argument = {flag, parameter, value};
  for (guint i = 0; i < parser->out->given->len; i++) {
    const CliArgument *other = &g_array_index(parser->out->given, CliArgument, i);
    if (other->flag != flag || other->parameter != parameter)
      continue;
    if (!flag || !flag->repeats) {
      add_error(parser, "--%s is given twice", name);
      return;
    }
    g_assert(value); /* only what takes one repeats */
    gsize length = strcspn(value, "=");
    if (strncmp(value, other->value, length) == 0 && value[length] == other->value[length]) {
      add_error(parser, "--%s %.*s is given twice", name, (int)length, value);
      return;
    }
  }
  g_array_append_val(parser->out->given, argument);
}

/* The value of an option that takes one: behind "=", or the next word. */
static gboolean
take_value(Parser *parser, const char *name, const char *what, const char **value)
{
  if (*value)
    return TRUE;
  const char *next = parser->at + 1 < parser->argc ? parser->argv[parser->at + 1] : NULL;
  if (!next) {
    add_error(parser, "--%s needs a value: --%s %s", name, name, what);
    return FALSE;
  }
  const char *ignored;
  gboolean is_long = g_str_has_prefix(next, "--");
  if (is_long || (next[0] == '-' && next[1] && find_flag(parser->flags, next, &ignored))) {
    g_autofree char *typed = typed_name(next);
    g_autofree char *quoted = weir_quote(typed, -1);
    if (is_long)
      add_error(parser,
                "--%s needs a value, but %s follows; a value that begins with -- is written --%s=VALUE", name,
                quoted, name);
    else
      add_error(parser, "--%s needs a value, but the flag %s follows; as a value it is written --%s=%s", name,
                quoted, name, typed);
    return FALSE;
  }
  *value = next;
  parser->at++;
  return TRUE;
}

/* A parameter "name", "name=value" or "no-name". FALSE: it is none. */
static gboolean
parse_parameter(Parser *parser, const char *option)
{
  const char *value;
  for (guint i = 0; i < parser->n_parameters; i++) {
    const WeirParameterInfo *parameter = &parser->parameters[i];
    if (!is_named(option, parameter->name, &value))
      continue;
    if (is_boolean(parameter))
      give(parser, NULL, parameter, value ? value : "true");
    else if (take_value(parser, parameter->name, "VALUE", &value))
      give(parser, NULL, parameter, value);
    return TRUE;
  }
  for (guint i = 0; i < parser->n_parameters && g_str_has_prefix(option, "no-"); i++) {
    const WeirParameterInfo *parameter = &parser->parameters[i];
    if (!is_boolean(parameter) || !is_named(option + 3, parameter->name, &value))
      continue;
    if (value)
      add_error(parser, "--no-%s takes no value; write --%s=true or --no-%s", parameter->name,
                parameter->name, parameter->name);
    else
      give(parser, NULL, parameter, "false");
    return TRUE;
  }
  return FALSE;
}

static void
parse_option(Parser *parser, const char *word)
{
  const char *value;
  const CliFlag *flag = find_flag(parser->flags, word, &value);
  if (flag && !flag->argument && value)
    add_error(parser, "--%s takes no value", flag->name);
  else if (flag && !flag->argument)
    give(parser, flag, NULL, NULL);
  else if (flag && take_value(parser, flag->name, flag->argument, &value))
    give(parser, flag, NULL, value);
  else if (!flag && (word[1] != '-' || !parse_parameter(parser, word + 2)))
    add_unknown(parser, word);
}

char *
cli_arguments_check_folders(const char *name, const char *path)
{
  g_auto(GStrv) folders = g_strsplit(path, G_SEARCHPATH_SEPARATOR_S, -1);
  for (guint i = 0; folders[i]; i++) {
    g_autofree char *quoted = weir_quote(folders[i], -1);
    if (*folders[i] && !g_file_test(folders[i], G_FILE_TEST_IS_DIR))
      return g_strdup_printf("--%s: there is no folder %s", name, quoted);
  }
  return NULL;
}

CliArguments *
cli_arguments_parse(const CliFlag *flags, const WeirParameterInfo *parameters, guint n_parameters, int argc,
                    char **argv)
{
  CliArguments *out = g_new0(CliArguments, 1);
  Parser parser = {flags, parameters, n_parameters, argc, argv, 1, out};
  gboolean options = TRUE;
  out->given = g_array_new(FALSE, FALSE, sizeof(CliArgument));
  out->positional = g_ptr_array_new();
  out->errors = g_ptr_array_new_with_free_func(g_free);
  for (; parser.at < argc; parser.at++) {
    const char *word = argv[parser.at];
    if (options && strcmp(word, "--") == 0)
      options = FALSE;
    else if (options && word[0] == '-' && word[1])
      parse_option(&parser, word);
    else
      g_ptr_array_add(out->positional, argv[parser.at]);
  }
  return out;
}

void
cli_arguments_free(CliArguments *arguments)
{
  if (!arguments)
    return;
  g_array_unref(arguments->given);
  g_ptr_array_unref(arguments->positional);
  g_ptr_array_unref(arguments->errors);
  g_free(arguments);
}

const CliArgument *
cli_arguments_get(const CliArguments *arguments, int id)
{
  for (guint i = arguments->given->len; i-- > 0;) {
    const CliArgument *argument = &g_array_index(arguments->given, CliArgument, i);
    if (argument->flag && argument->flag->id == id)
      return argument;
  }
  return NULL;
}

char *
cli_arguments_clash(const CliFlag *flags, const WeirParameterInfo *parameters, guint n_parameters)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < n_parameters; i++)
    for (const CliFlag *flag = flags; flag->name; flag++)
      if (strcmp(flag->name, parameters[i].name) == 0)
        g_string_append_printf(out, "%sparameter \"%s\" has the name of the flag --%s; give it another",
                               out->len ? "\n" : "", flag->name, flag->name);
  return g_string_free(out, out->len == 0);
}

/* --- Help --------------------------------------------------------------------------------------------- */

enum { HELP_INDENT = 2, HELP_MOST = 30 };

/* A line "  --name VALUE    what it is", or two where the name is long. */
static void
help_line(GString *out, const char *name, const char *text, guint indent, guint columns)
{
  GString *left = g_string_new("  ");
  g_string_append(left, name);
  if (cli_text_columns(left->str) + 2 > indent) {
    g_string_append_printf(out, "%s\n%*s", left->str, (int)indent, "");
  } else {
    cli_text_pad(out, left->str, indent, CLI_LEFT);
  }
  g_string_free(left, TRUE);
  cli_text_wrap(out, text, indent, columns);
}

static char *
flag_name(const CliFlag *flag)
{
  GString *name = g_string_new(NULL);
  if (flag->letter)
    g_string_append_printf(name, "-%c, ", flag->letter);
  g_string_append_printf(name, "--%s", flag->name);
  if (flag->argument)
    g_string_append_printf(name, " %s", flag->argument);
  return g_string_free(name, FALSE);
}

void
cli_arguments_help_flags(GString *out, const CliFlag *flags, guint columns)
{
  guint indent = 0;
  for (const CliFlag *flag = flags; flag->name; flag++) {
    g_autofree char *name = flag_name(flag);
    if (flag->help && HELP_INDENT + strlen(name) + 2 <= HELP_MOST)
      indent = MAX(indent, HELP_INDENT + (guint)strlen(name) + 2);
  }
  for (const CliFlag *flag = flags; flag->name; flag++) {
    g_autofree char *name = flag_name(flag);
    if (flag->help)
      help_line(out, name, flag->help, indent, columns);
  }
}

static char *
parameter_name(const WeirParameterInfo *parameter)
{
  if (is_boolean(parameter))
    return g_strdup_printf("--[no-]%s", parameter->name);
  g_autofree char *type = g_ascii_strup(parameter->type ? parameter->type : "value", -1);
  return g_strdup_printf("--%s %s", parameter->name, type);
}

static char *
parameter_text(const WeirParameterInfo *parameter)
{
  GString *text = g_string_new(parameter->help ? parameter->help : "");
  const char *separator = text->len ? "; " : "";
  if (parameter->range && *parameter->range) {
    g_string_append_printf(text, "%s%s", separator, parameter->range);
    separator = "; ";
  }
  if (parameter->required)
    g_string_append_printf(text, "%srequired", separator);
  else if (parameter->by_default)
    g_string_append_printf(text, "%sdefault: %s", separator, parameter->by_default);
  else
    g_string_append_printf(text, "%soptional", separator);
  char *clean = cli_text_clean(text->str, FALSE);
  g_string_free(text, TRUE);
  return clean;
}

void
cli_arguments_help_parameters(GString *out, const WeirParameterInfo *parameters, guint n_parameters,
                              guint columns)
{
  guint indent = 0;
  for (guint i = 0; i < n_parameters; i++) {
    g_autofree char *name = parameter_name(&parameters[i]);
    if (HELP_INDENT + strlen(name) + 2 <= HELP_MOST)
      indent = MAX(indent, HELP_INDENT + (guint)strlen(name) + 2);
  }
  indent = MAX(indent, 12);
  for (guint i = 0; i < n_parameters; i++) {
    g_autofree char *name = parameter_name(&parameters[i]);
    g_autofree char *text = parameter_text(&parameters[i]);
    help_line(out, name, text, indent, columns);
  }
}
