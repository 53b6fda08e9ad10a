/* SPDX-License-Identifier: MIT */
/* Tokens made into a tree, by recursive descent: one function a level of binding. */
#include "config.h"

#include "base/error.h"
#include "expression/expression_private.h"

typedef struct {
  Tree *tree;
  GArray *tokens;
  guint next;
  guint depth;
  GError **error;
} Parser;

#define NO_NODE G_MAXUINT32

static guint32 parse_or(Parser *p);

static void
node_clear(gpointer data)
{
  g_free(((TreeNode *)data)->text);
}

void
expression_tree_free(Tree *tree)
{
  g_array_unref(tree->nodes);
  g_array_unref(tree->args);
  g_free(tree);
}

/* ---- Tokens --------------------------------------------------------------------------------------------- */

static const Token *
peek(const Parser *p)
{
  return &g_array_index(p->tokens, Token, p->next);
}

static gboolean
is_next(const Parser *p, TokenKind kind, const char *text)
{
  return peek(p)->kind == kind && g_str_equal(peek(p)->text, text);
}

static gboolean
take(Parser *p, TokenKind kind, const char *text)
{
  if (!is_next(p, kind, text))
    return FALSE;
  p->next++;
  return TRUE;
}

/* The one of these operators that is next, taken; NULL: none. */
static const Token *
take_one_of(Parser *p, const char *const *operators)
{
  const Token *token = peek(p);
  if (token->kind != TOKEN_OPERATOR || !g_strv_contains(operators, token->text))
    return NULL;
  p->next++;
  return token;
}

static guint32
fail_here(Parser *p, const char *what)
{
  const Token *token = peek(p);
  g_autofree char *found = token->kind == TOKEN_END
                               ? g_strdup("the end")
                               : g_strndup(p->tree->source + token->begin, token->end - token->begin);
  expression_error(p->error, p->tree->source, token->begin, NULL, "%s is wanted here, not %s", what, found);
  return NO_NODE;
}

/* ---- Nodes ---------------------------------------------------------------------------------------------- */

/* Adds a node, which takes its text. */
static guint32
add_node(Parser *p, TreeNode node, const guint32 *args, guint n)
{
  for (guint i = 0; i < n; i++)
    if (args[i] == NO_NODE) {
      node_clear(&node);
      return NO_NODE;
    }
  if (p->tree->nodes->len >= WEIR_EXPRESSION_MAX_NODES) {
    expression_error(p->error, p->tree->source, node.begin, NULL, "the expression has more than %d parts",
                     WEIR_EXPRESSION_MAX_NODES);
    node_clear(&node);
    return NO_NODE;
  }
  node.first_arg = p->tree->args->len;
  node.n_args = n;
  g_array_append_vals(p->tree->args, args, n);
  g_array_append_val(p->tree->nodes, node);
  return p->tree->nodes->len - 1;
}

/* A call whose source is that of its arguments and what lies between; `at` is its operator. */
static guint32
add_call(Parser *p, const char *name, const Token *at, const guint32 *args, guint n)
{
  TreeNode node = {.kind = TREE_CALL, .at = at->begin, .begin = at->begin};
  for (guint i = 0; i < n && args[i] != NO_NODE; i++)
    node.begin = MIN(node.begin, tree_node(p->tree, args[i])->begin);
  node.end = p->next ? g_array_index(p->tokens, Token, p->next - 1).end : 0;
  node.text = g_strdup(name);
  return add_node(p, node, args, n);
}

static guint32
add_binary(Parser *p, const char *name, const Token *at, guint32 left, guint32 right)
{
  const guint32 args[] = {left, right};
  return add_call(p, name, at, args, 2);
}

static guint32
add_unary(Parser *p, const char *name, const Token *at, guint32 arg)
{
  return add_call(p, name, at, &arg, 1);
}

static guint32
add_literal(Parser *p, const Token *token, TreeKind kind, gint64 integer, double real, const char *text)
{
  TreeNode node = {.kind = kind, .begin = token->begin, .at = token->begin, .end = token->end};
  node.integer = integer;
  node.real = real;
  node.text = g_strdup(text);
  return add_node(p, node, NULL, 0);
}

/* ---- Operands ------------------------------------------------------------------------------------------- */

/* An integer, whose sign was read before it: -9223372036854775808 is one. */
static guint32
parse_integer(Parser *p, const Token *token, gboolean negative)
{
  guint64 most = (guint64)G_MAXINT64 + (negative ? 1 : 0);
  if (token->integer > most) {
    expression_error(p->error, p->tree->source, token->begin, "write it as a real number, with \".0\"",
                     "the number is too large for a 64-bit integer");
    return NO_NODE;
  }
  return add_literal(p, token, TREE_INTEGER, (gint64)(negative ? 0 - token->integer : token->integer), 0,
                     NULL);
}

/* Expressions between commas, up to `close`, which is taken. */
static gboolean
parse_list(Parser *p, const char *close, GArray *args)
{
  if (take(p, TOKEN_OPERATOR, close))
    return TRUE;
  do {
    guint32 arg = parse_or(p);
    if (arg == NO_NODE)
      return FALSE;
    g_array_append_val(args, arg);
  } while (take(p, TOKEN_OPERATOR, ","));
  if (take(p, TOKEN_OPERATOR, close))
    return TRUE;
  g_autofree char *what = g_strdup_printf("an operator, \",\" or \"%s\"", close);
  fail_here(p, what);
  return FALSE;
}

static guint32
parse_call(Parser *p, const Token *name)
{
  g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(guint32));
  if (!parse_list(p, ")", args))
    return NO_NODE;
  return add_call(p, name->text, name, (const guint32 *)(gpointer)args->data, args->len);
}

static guint32
parse_parenthesis(Parser *p, const Token *open)
{
  guint32 inner = parse_or(p);
  if (inner == NO_NODE)
    return NO_NODE;
  if (!take(p, TOKEN_OPERATOR, ")"))
    return fail_here(p, "an operator or \")\"");
  /* What is said of it, and of what it is part of, has both parentheses. */
  TreeNode *node = &g_array_index(p->tree->nodes, TreeNode, inner);
  node->begin = open->begin;
  node->end = g_array_index(p->tokens, Token, p->next - 1).end;
  return inner;
}

static guint32
parse_primary(Parser *p)
{
  const Token *token = peek(p);
  p->next += token->kind != TOKEN_END;
  switch (token->kind) {
  case TOKEN_INTEGER:
    return parse_integer(p, token, FALSE);
  case TOKEN_REAL:
    return add_literal(p, token, TREE_REAL, 0, token->real, NULL);
  case TOKEN_TEXT:
    return add_literal(p, token, TREE_TEXT, 0, 0, token->text);
  case TOKEN_NAME:
    if (!token->quoted && take(p, TOKEN_OPERATOR, "("))
      return parse_call(p, token);
    return add_literal(p, token, TREE_NAME, 0, 0, token->text);
  case TOKEN_KEYWORD:
    if (g_str_equal(token->text, "null"))
      return add_literal(p, token, TREE_NULL, 0, 0, NULL);
    if (g_str_equal(token->text, "true") || g_str_equal(token->text, "false"))
      return add_literal(p, token, TREE_BOOL, token->text[0] == 't', 0, NULL);
    break;
  case TOKEN_OPERATOR:
    if (g_str_equal(token->text, "("))
      return parse_parenthesis(p, token);
    break;
  case TOKEN_END:
    return fail_here(p, "a column, a value or a function");
  }
  p->next--;
  return fail_here(p, "a column, a value or a function");
}

static guint32
parse_postfix(Parser *p)
{
  guint32 node = parse_primary(p);
  while (node != NO_NODE && take(p, TOKEN_OPERATOR, ".")) {
    const Token *token = peek(p);
    if (token->kind != TOKEN_NAME)
      return fail_here(p, "the name of a member");
    p->next++;
    TreeNode member = {.kind = TREE_MEMBER, .begin = tree_node(p->tree, node)->begin, .at = token->begin};
    member.end = token->end;
    member.text = g_strdup(token->text);
    node = add_node(p, member, &node, 1);
  }
  return node;
}

/* ---- Operators, from the closest to the loosest ---------------------------------------------------------- */

static gboolean
descend(Parser *p)
{
  if (++p->depth <= WEIR_EXPRESSION_MAX_DEPTH)
    return TRUE;
  expression_error(p->error, p->tree->source, peek(p)->begin, NULL,
                   "the expression is nested more than %d deep", WEIR_EXPRESSION_MAX_DEPTH);
  return FALSE;
}

/* A number behind a minus: a literal, for where only literals can stand. */
static guint32
parse_negative(Parser *p, const Token *minus)
{
  const Token *number = &g_array_index(p->tokens, Token, p->next++);
  guint32 node = number->kind == TOKEN_INTEGER ? parse_integer(p, number, TRUE)
                                               : add_literal(p, number, TREE_REAL, 0, -number->real, NULL);
  if (node != NO_NODE)
    g_array_index(p->tree->nodes, TreeNode, node).begin = minus->begin;
  return node;
}

static guint32
parse_unary(Parser *p)
{
  const Token *token = peek(p);
  guint32 node;
  if (!take(p, TOKEN_OPERATOR, "-"))
    return parse_postfix(p);
  if (peek(p)->kind == TOKEN_INTEGER || peek(p)->kind == TOKEN_REAL)
    return parse_negative(p, token);
  if (!descend(p))
    return NO_NODE;
  node = parse_unary(p);
  p->depth--;
  return add_unary(p, "-", token, node);
}

static guint32
parse_product(Parser *p)
{
  static const char *const operators[] = {"*", "/", "//", "%", NULL};
  guint32 left = parse_unary(p);
  for (const Token *token; left != NO_NODE && (token = take_one_of(p, operators));)
    left = add_binary(p, token->text, token, left, parse_unary(p));
  return left;
}

static guint32
parse_sum(Parser *p)
{
  static const char *const operators[] = {"+", "-", NULL};
  guint32 left = parse_product(p);
  for (const Token *token; left != NO_NODE && (token = take_one_of(p, operators));)
    left = add_binary(p, token->text, token, left, parse_product(p));
  return left;
}

/* `in [a, b]`, whose values follow the operand among the arguments; or `in column`, a list. */
static guint32
parse_in(Parser *p, const Token *token, guint32 left)
{
  const char *close = take(p, TOKEN_OPERATOR, "[") ? "]" : take(p, TOKEN_OPERATOR, "(") ? ")" : NULL;
  if (!close)
    return add_binary(p, "in list", token, left, parse_sum(p));
  g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(guint32));
  g_array_append_val(args, left);
  if (!parse_list(p, close, args))
    return NO_NODE;
  return add_call(p, "in", token, (const guint32 *)(gpointer)args->data, args->len);
}

static guint32
parse_between(Parser *p, const Token *token, guint32 left)
{
  guint32 low = parse_sum(p);
  if (low == NO_NODE)
    return NO_NODE;
  if (!take(p, TOKEN_KEYWORD, "and"))
    return fail_here(p, "\"and\" with the upper bound");
  guint32 high = parse_sum(p);
  guint32 at_least = high == NO_NODE ? NO_NODE : add_binary(p, ">=", token, left, low);
  guint32 at_most = at_least == NO_NODE ? NO_NODE : add_binary(p, "<=", token, left, high);
  return add_binary(p, "and", token, at_least, at_most);
}

static guint32
parse_is(Parser *p, const Token *token, guint32 left)
{
  gboolean negative = take(p, TOKEN_KEYWORD, "not");
  if (!take(p, TOKEN_KEYWORD, "null"))
    return fail_here(p, negative ? "\"null\"" : "\"null\" or \"not null\"");
  return add_unary(p, negative ? "is not null" : "is null", token, left);
}

/* What may stand behind an operand, once: a comparison, is, in, between. */
static guint32
parse_comparison(Parser *p)
{
  static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">=", NULL};
  guint32 left = parse_sum(p);
  const Token *token = peek(p);
  if (left == NO_NODE)
    return NO_NODE;
  if (take_one_of(p, operators)) {
    left = add_binary(p, token->text, token, left, parse_sum(p));
    const Token *next = peek(p);
    if (left != NO_NODE && take_one_of(p, operators)) {
      expression_error(p->error, p->tree->source, next->begin, "write: a < b and b < c",
                       "comparisons have no chains");
      return NO_NODE;
    }
    return left;
  }
  if (take(p, TOKEN_KEYWORD, "is"))
    return parse_is(p, token, left);
  gboolean negative = take(p, TOKEN_KEYWORD, "not");
  if (take(p, TOKEN_KEYWORD, "in"))
    left = parse_in(p, token, left);
  else if (take(p, TOKEN_KEYWORD, "between"))
    left = parse_between(p, token, left);
  else if (negative)
    return fail_here(p, "\"in\" or \"between\"");
  return negative ? add_unary(p, "not", token, left) : left;
}

static guint32
parse_not(Parser *p)
{
  const Token *token = peek(p);
  if (!take(p, TOKEN_KEYWORD, "not"))
    return parse_comparison(p);
  if (!descend(p))
    return NO_NODE;
  guint32 node = parse_not(p);
  p->depth--;
  return add_unary(p, "not", token, node);
}

static guint32
parse_and(Parser *p)
{
  guint32 left = parse_not(p);
  for (const Token *token = peek(p); left != NO_NODE && take(p, TOKEN_KEYWORD, "and"); token = peek(p))
    left = add_binary(p, "and", token, left, parse_not(p));
  return left;
}

static guint32
parse_or(Parser *p)
{
  if (!descend(p))
    return NO_NODE;
  guint32 left = parse_and(p);
  for (const Token *token = peek(p); left != NO_NODE && take(p, TOKEN_KEYWORD, "or"); token = peek(p))
    left = add_binary(p, "or", token, left, parse_and(p));
  p->depth--;
  return left;
}

Tree *
expression_parse(const char *source, GError **error)
{
  gsize length = strlen(source);
  if (length > WEIR_EXPRESSION_MAX_BYTES) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "the expression has more than %d bytes",
                WEIR_EXPRESSION_MAX_BYTES);
    return NULL;
  }
  if (!g_utf8_validate(source, (gssize)length, NULL)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "the expression is not valid UTF-8");
    return NULL;
  }
  g_autoptr(GArray) tokens = expression_lex(source, error);
  if (!tokens)
    return NULL;
  Tree *tree = g_new0(Tree, 1);
  tree->source = source;
  tree->nodes = g_array_new(FALSE, TRUE, sizeof(TreeNode));
  g_array_set_clear_func(tree->nodes, node_clear);
  tree->args = g_array_new(FALSE, FALSE, sizeof(guint32));
  Parser parser = {.tree = tree, .tokens = tokens, .error = error};
  if (tokens->len == 1)
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "the expression is empty");
  else if (parse_or(&parser) != NO_NODE) {
    if (peek(&parser)->kind == TOKEN_END)
      return tree;
    fail_here(&parser, "an operator or the end");
  }
  expression_tree_free(tree);
  return NULL;
}
