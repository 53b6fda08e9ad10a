/* SPDX-License-Identifier: MIT */
/* All operators and functions: what they take, what comes of them, and what has to be made ready for them. */
#include "config.h"

#include "base/error.h"
#include "expression/expression_private.h"

#define MAX_PATTERN 4096 /* bytes of a regular expression */

/* A pattern that backtracks without end gives up after so many steps, in so little memory. */
#define PATTERN_LIMITS "(*LIMIT_MATCH=1000000)(*LIMIT_DEPTH=100000)(*LIMIT_HEAP=16384)"

static gboolean
prepare_matches(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step,
                GError **error)
{
  const Step *pattern = program_step(expression, step->args[1]);
  guint32 at = tree_node(tree, tree_arg(tree, node, 1))->begin;
  g_autoptr(GError) problem = NULL;
  if (!pattern->literal || pattern->null)
    return expression_error(error, tree->source, at, NULL, "the pattern of matches() is a text in 'quotes'");
  if (pattern->text.len > MAX_PATTERN)
    return expression_error(error, tree->source, at, NULL, "the pattern has more than %d bytes", MAX_PATTERN);
  g_autofree char *limited = g_strconcat(PATTERN_LIMITS, pattern->text.data, NULL);
  step->regex = g_regex_new(limited, G_REGEX_OPTIMIZE, 0, &problem);
  if (step->regex) {
    /* GLib translates the pattern for the processor at its first use, without a lock: here there is one thread. */
    g_regex_match(step->regex, "", 0, NULL);
    return TRUE;
  }
  /* GLib's words name the pattern, which stands under them already. */
  const char *said = g_strrstr(problem->message, ": ");
  return expression_error(error, tree->source, at, NULL, "this is no regular expression: %s",
                          said ? said + 2 : problem->message);
}

static int
compare_integers(gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
  return (x > y) - (x < y);
}

static int
compare_reals(gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
  const weir_text *x = a, *y = b;
  int order = memcmp(x->data, y->data, (gsize)MIN(x->len, y->len));
  return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* The values of `in [...]`, in order, to be searched. */
static gboolean
prepare_in(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step, GError **error)
{
  Kind kind = program_step(expression, step->args[0])->kind;
  gsize size = kind == KIND_TEXT ? sizeof(weir_text) : sizeof(gint64);
  step->values = g_array_new(FALSE, FALSE, (guint)size);
  for (guint32 i = 1; i < step->n_args; i++) {
    const Step *value = program_step(expression, step->args[i]);
    if (!value->literal)
      return expression_error(error, tree->source, tree_node(tree, tree_arg(tree, node, i))->begin,
                              "for a list column write: value in column",
                              "the values of \"in\" are literals");
    if (kind == KIND_TEXT)
      g_array_append_val(step->values, value->text);
    else if (kind == KIND_REAL)
      g_array_append_val(step->values, value->real);
    else
      g_array_append_val(step->values, value->integer);
  }
  g_array_sort(step->values, kind == KIND_TEXT   ? compare_texts
                             : kind == KIND_REAL ? compare_reals
                                                 : compare_integers);
  step->n_args = 1; /* the values are known now */
  return TRUE;
}

/* contains(list, value) and `value in list`: the items are of the value's type. */
static gboolean
check_items(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step, GError **error,
            guint32 list_arg)
{
  const Step *list = program_step(expression, step->args[list_arg]);
  const Step *value = program_step(expression, step->args[1 - list_arg]);
  gboolean fits = FALSE;
  switch (list->item) {
  case WEIR_UTF8:
    fits = value->kind == KIND_TEXT;
    break;
  case WEIR_BOOL:
    fits = value->kind == KIND_BOOL;
    break;
  case WEIR_TIMESTAMP:
    fits = value->kind == KIND_TIME;
    break;
  case WEIR_F32:
  case WEIR_F64:
    fits = value->kind == KIND_REAL || value->kind == KIND_INTEGER;
    break;
  case WEIR_BINARY:
  case WEIR_LIST:
  case WEIR_FIXED:
  case WEIR_STRUCT:
  case WEIR_TYPE_NONE:
    break;
  default:
    fits = value->kind == KIND_INTEGER || value->kind == KIND_REAL;
  }
  if (fits)
    return TRUE;
  return expression_error(error, tree->source, node->at, NULL,
                          "the value is of another type than the items of the list");
}

static gboolean
prepare_contains(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step,
                 GError **error)
{
  return check_items(expression, tree, node, step, error, 0);
}

/* The list comes second here; the kernel wants it first. */
static gboolean
prepare_in_list(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step,
                GError **error)
{
  guint32 value = step->args[0];
  if (!check_items(expression, tree, node, step, error, 1))
    return FALSE;
  step->args[0] = step->args[1];
  step->args[1] = value;
  return TRUE;
}

static gboolean
prepare_digits(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step, GError **error)
{
  const Step *digits = program_step(expression, step->args[1]);
  if (digits->literal && digits->integer >= -15 && digits->integer <= 15) {
    step->integer = digits->integer;
    return TRUE;
  }
  return expression_error(error, tree->source, tree_node(tree, tree_arg(tree, node, 1))->begin, NULL,
                          "the digits of round() are a number from -15 to 15");
}

const Function expression_functions[] = {
    {"and", "bb", 'b', kernel_and},
    {"or", "bb", 'b', kernel_or},
    {"not", "b", 'b', kernel_not},
    {"is null", "*", 'b', kernel_is_null},
    {"is not null", "*", 'b', kernel_is_not_null},
    {"in", "xx", 'b', kernel_in, TRUE, prepare_in},
    {"in list", "xl", 'b', kernel_contains_item, FALSE, prepare_in_list},
    {"==", "xx", 'b', kernel_equal},
    {"!=", "xx", 'b', kernel_unequal},
    {"<", "xx", 'b', kernel_less},
    {"<=", "xx", 'b', kernel_less_equal},
    {">", "xx", 'b', kernel_greater},
    {">=", "xx", 'b', kernel_greater_equal},
    {"+", "ii", 'i', kernel_add_integer},
    {"+", "rr", 'r', kernel_add_real},
    {"+", "tt", 't', kernel_concat},
    {"-", "ii", 'i', kernel_subtract_integer},
    {"-", "rr", 'r', kernel_subtract_real},
    {"-", "mm", 'r', kernel_seconds_between},
    {"-", "i", 'i', kernel_negate_integer},
    {"-", "r", 'r', kernel_negate_real},
    {"*", "ii", 'i', kernel_multiply_integer},
    {"*", "rr", 'r', kernel_multiply_real},
    {"/", "rr", 'r', kernel_divide},
    {"//", "ii", 'i', kernel_floor_divide_integer},
    {"//", "rr", 'r', kernel_floor_divide_real},
    {"%", "ii", 'i', kernel_modulo_integer},
    {"%", "rr", 'r', kernel_modulo_real},

    {"abs", "i", 'i', kernel_abs_integer},
    {"abs", "r", 'r', kernel_abs_real},
    {"bytes", "t", 'i', kernel_bytes},
    {"bytes", "y", 'i', kernel_bytes},
    {"ceil", "i", 'i', kernel_same},
    {"ceil", "r", 'r', kernel_ceil},
    {"coalesce", "x", 'x', kernel_coalesce, TRUE},
    {"concat", "t", 't', kernel_concat, TRUE},
    {"contains", "tt", 'b', kernel_contains_text},
    {"contains", "lx", 'b', kernel_contains_item, FALSE, prepare_contains},
    {"day", "m", 'i', kernel_day},
    {"ends_with", "tt", 'b', kernel_ends_with},
    {"exp", "r", 'r', kernel_exp},
    {"floor", "i", 'i', kernel_same},
    {"floor", "r", 'r', kernel_floor},
    {"hour", "m", 'i', kernel_hour},
    {"if", "bxx", 'x', kernel_if},
    {"integer", "i", 'i', kernel_same},
    {"integer", "b", 'i', kernel_integer_of_bool},
    {"integer", "r", 'i', kernel_integer_of_real},
    {"integer", "t", 'i', kernel_integer_of_text},
    {"is_nan", "r", 'b', kernel_is_nan},
    {"length", "t", 'i', kernel_length_text},
    {"length", "l", 'i', kernel_length_list},
    {"ln", "r", 'r', kernel_ln},
    {"lower", "t", 't', kernel_lower},
    {"matches", "tt", 'b', kernel_matches, FALSE, prepare_matches},
    {"max", "x", 'x', kernel_greatest, TRUE},
    {"min", "x", 'x', kernel_least, TRUE},
    {"minute", "m", 'i', kernel_minute},
    {"month", "m", 'i', kernel_month},
    {"number", "r", 'r', kernel_same},
    {"number", "t", 'r', kernel_real_of_text},
    {"replace", "ttt", 't', kernel_replace},
    {"round", "i", 'i', kernel_same},
    {"round", "r", 'r', kernel_round},
    {"round", "ri", 'r', kernel_round_digits, FALSE, prepare_digits},
    {"second", "m", 'i', kernel_second},
    {"sqrt", "r", 'r', kernel_sqrt},
    {"starts_with", "tt", 'b', kernel_starts_with},
    {"substring", "ti", 't', kernel_substring},
    {"substring", "tii", 't', kernel_substring},
    {"text", "t", 't', kernel_same},
    {"text", "x", 't', kernel_text_of},
    {"time", "m", 'm', kernel_same},
    {"time", "t", 'm', kernel_time_of_text},
    {"trim", "t", 't', kernel_trim},
    {"upper", "t", 't', kernel_upper},
    {"weekday", "m", 'i', kernel_weekday},
    {"year", "m", 'i', kernel_year},
    {NULL, NULL, 0, NULL},
};

const char *
expression_function_of_others(const char *word)
{
  static const struct {
    const char *word, *name;
  } words[] = {
      {"len", "length"},
      {"size", "length"},
      {"strlen", "length"},
      {"char_length", "length"},
      {"lowercase", "lower"},
      {"tolower", "lower"},
      {"lcase", "lower"},
      {"uppercase", "upper"},
      {"toupper", "upper"},
      {"ucase", "upper"},
      {"substr", "substring"},
      {"strip", "trim"},
      {"startswith", "starts_with"},
      {"endswith", "ends_with"},
      {"int", "integer"},
      {"float", "number"},
      {"str", "text"},
      {"string", "text"},
      {"regexp", "matches"},
      {"ifnull", "coalesce"},
      {"nvl", "coalesce"},
      {"isnan", "is_nan"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (!g_ascii_strcasecmp(word, words[i].word))
      return words[i].name;
  return NULL;
}
