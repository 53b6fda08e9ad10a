/* SPDX-License-Identifier: MIT */
/* A tree given types by a schema, and made into steps that run one after another. */
#include "config.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/quote.h"
#include "base/value_parse.h"
#include "expression/expression_private.h"

typedef struct {
  const Tree *tree;
  const struct ArrowSchema *schema;
  WeirExpression *expression;
  GHashTable *columns; /* path as text to step + 1 */
  guint32 *steps;      /* of each node */
  GError **error;
} Compiler;

static const char *
kind_name(Kind kind)
{
  static const char *const names[] = {"null", "boolean", "integer", "real",  "text",
                                      "time", "bytes",   "list",    "struct"};
  return names[kind];
}

static const Step *
step_of(const Compiler *c, guint32 node)
{
  return program_step(c->expression, c->steps[node]);
}

static void
step_clear(gpointer data)
{
  Step *step = data;
  g_free(step->args);
  if (step->regex)
    g_regex_unref(step->regex);
  if (step->values)
    g_array_unref(step->values);
}

void
weir_expression_free(WeirExpression *expression)
{
  if (!expression)
    return;
  g_free(expression->source);
  g_ptr_array_unref(expression->texts);
  g_array_unref(expression->steps);
  g_free(expression);
}

static guint32
add_step(Compiler *c, const Step *step)
{
  g_array_append_val(c->expression->steps, *step);
  return c->expression->steps->len - 1;
}

static Step
step_for(const TreeNode *node, Kind kind)
{
  return (Step){.kind = kind, .begin = node->begin, .end = node->end};
}

/* ---- Columns -------------------------------------------------------------------------------------------- */

static const struct ArrowSchema *
find_child(const struct ArrowSchema *parent, const char *name, gint32 *index)
{
  for (gint64 i = 0; i < parent->n_children; i++)
    if (g_str_equal(parent->children[i]->name, name)) {
      *index = (gint32)i;
      return parent->children[i];
    }
  return NULL;
}

static const char *
child_name(gpointer data, gsize index)
{
  const struct ArrowSchema *parent = data;
  return index < (gsize)parent->n_children ? parent->children[index]->name : NULL;
}

/* A column whose name is no word reads as a calculation: `is-spam` of "is-spam". */
static char *
hint_at_backticks(const struct ArrowSchema *parent, const char *source, const TreeNode *node)
{
  for (gint64 i = 0; i < parent->n_children; i++) {
    const char *name = parent->children[i]->name;
    if (strlen(name) > node->end - node->at && g_str_has_prefix(source + node->at, name))
      return g_strdup_printf("write the name in backticks: `%s`", name);
  }
  return NULL;
}

/* A word that something is compared with was meant as a text: Label = spam. */
static char *
hint_at_quotes(const Tree *tree, const TreeNode *node)
{
  static const char *const comparisons[] = {"==", "!=", "in", NULL};
  for (guint32 i = 0; i < tree->nodes->len; i++) {
    const TreeNode *call = tree_node(tree, i);
    if (call->kind != TREE_CALL || !g_strv_contains(comparisons, call->text))
      continue;
    for (guint32 k = 1; k < call->n_args; k++)
      if (tree_node(tree, tree_arg(tree, call, k)) == node)
        return g_strdup_printf("a text stands in quotes: \"%s\"", node->text);
  }
  return NULL;
}

static gboolean
unknown_child(Compiler *c, const struct ArrowSchema *parent, const TreeNode *node, const char *what)
{
  g_autofree char *quoted = weir_quote(node->text, -1);
  g_autofree char *near = weir_did_you_mean_of(node->text, child_name, (gpointer)parent);
  g_autofree char *hint = hint_at_backticks(parent, c->tree->source, node);
  if (!hint)
    hint = hint_at_quotes(c->tree, node);
  return expression_error(c->error, c->tree->source, node->at, hint, "there is no %s %s%s", what, quoted,
                          near);
}

static Kind
kind_of_type(weir_type type)
{
  switch (type) {
  case WEIR_BOOL:
    return KIND_BOOL;
  case WEIR_F32:
  case WEIR_F64:
    return KIND_REAL;
  case WEIR_UTF8:
    return KIND_TEXT;
  case WEIR_BINARY:
    return KIND_BINARY;
  case WEIR_TIMESTAMP:
    return KIND_TIME;
  case WEIR_LIST:
  case WEIR_FIXED:
    return KIND_LIST;
  case WEIR_STRUCT:
    return KIND_STRUCT;
  default:
    return KIND_INTEGER;
  }
}

/* The step that reads a column, or a member of one. Each is read once, however often it is named. */
static gboolean
add_column(Compiler *c, guint32 index, const TreeNode *node, const struct ArrowSchema *field,
           const gint32 *path, guint32 n_path)
{
  weir_type type = weir_type_from_format(field->format, NULL);
  if (type == WEIR_TYPE_NONE)
    return expression_error(c->error, c->tree->source, node->at, NULL, "its type is not supported");
  GString *key = g_string_new(NULL);
  for (guint32 i = 0; i < n_path; i++)
    g_string_append_printf(key, "%d ", path[i]);
  guint32 known = GPOINTER_TO_UINT(g_hash_table_lookup(c->columns, key->str));
  if (known) {
    g_string_free(key, TRUE);
    c->steps[index] = known - 1;
    return TRUE;
  }
  Step step = step_for(node, kind_of_type(type));
  step.run = kernel_column;
  if (type == WEIR_LIST)
    step.item = weir_type_from_format(field->children[0]->format, NULL);
  else if (type == WEIR_FIXED)
    step.item = WEIR_F32;
  memcpy(step.path, path, n_path * sizeof *path);
  step.n_path = n_path;
  c->steps[index] = add_step(c, &step);
  g_hash_table_insert(c->columns, g_string_free(key, FALSE), GUINT_TO_POINTER(c->steps[index] + 1));
  return TRUE;
}

static gboolean
compile_name(Compiler *c, guint32 index, const TreeNode *node)
{
  gint32 path[1];
  const struct ArrowSchema *field = find_child(c->schema, node->text, path);
  if (!field)
    return unknown_child(c, c->schema, node, "column");
  return add_column(c, index, node, field, path, 1);
}

static gboolean
compile_member(Compiler *c, guint32 index, const TreeNode *node)
{
  const Step *parent = step_of(c, tree_arg(c->tree, node, 0));
  const struct ArrowSchema *field = c->schema;
  gint32 path[MAX_PATH];
  if (parent->kind != KIND_STRUCT)
    return expression_error(
        c->error, c->tree->source, node->at, "the name of a column with a dot stands in `backticks`",
        "only a struct has members, and what stands before the dot is %s", kind_name(parent->kind));
  for (guint32 i = 0; i < parent->n_path; i++)
    field = field->children[path[i] = parent->path[i]];
  guint32 n = parent->n_path;
  if (n == MAX_PATH)
    return expression_error(c->error, c->tree->source, node->at, NULL, "structs are nested more than %d deep",
                            MAX_PATH);
  const struct ArrowSchema *member = find_child(field, node->text, &path[n]);
  if (!member)
    return unknown_child(c, field, node, "member");
  return add_column(c, index, node, member, path, n + 1);
}

/* ---- Literals ------------------------------------------------------------------------------------------- */

static gboolean
compile_literal(Compiler *c, guint32 index, const TreeNode *node)
{
  static const Kind kinds[] = {[TREE_NULL] = KIND_NULL,
                               [TREE_BOOL] = KIND_BOOL,
                               [TREE_INTEGER] = KIND_INTEGER,
                               [TREE_REAL] = KIND_REAL,
                               [TREE_TEXT] = KIND_TEXT};
  Step step = step_for(node, kinds[node->kind]);
  step.literal = TRUE;
  step.null = node->kind == TREE_NULL;
  step.integer = node->integer;
  step.real = node->real;
  if (node->kind == TREE_TEXT) {
    char *text = g_strdup(node->text);
    g_ptr_array_add(c->expression->texts, text);
    step.text = (weir_text){text, (int64_t)strlen(text)};
  }
  c->steps[index] = add_step(c, &step);
  return TRUE;
}

/* A text literal where a time stands beside it. */
static gboolean
parse_time(const weir_text *text, gint64 *time)
{
  char copy[80] = {0};
  if (text->len >= 64)
    return FALSE;
  memcpy(copy, text->data, (gsize)text->len);
  return weir_value_parse_timestamp(copy, (gsize)text->len, time) == WEIR_VALUE_OK;
}

/* ---- Functions ------------------------------------------------------------------------------------------ */

static Kind
kind_of_letter(char letter)
{
  switch (letter) {
  case 'b':
    return KIND_BOOL;
  case 'i':
    return KIND_INTEGER;
  case 'r':
    return KIND_REAL;
  case 't':
    return KIND_TEXT;
  case 'm':
    return KIND_TIME;
  case 'y':
    return KIND_BINARY;
  default:
    return KIND_LIST;
  }
}

static char
letter_of(const Function *f, guint32 arg)
{
  gsize n = strlen(f->args);
  return arg < n ? f->args[arg] : f->args[n - 1];
}

static gboolean
count_fits(const Function *f, guint32 n)
{
  gsize least = strlen(f->args);
  return n == least || (f->many && n > least);
}

/* The one type of all arguments with letter "x"; KIND_LIST: there is none. */
static Kind
common_kind(const Compiler *c, const Function *f, const TreeNode *node)
{
  Kind common = KIND_NULL;
  gboolean literal = TRUE; /* texts that could be read as times */
  for (guint32 i = 0; i < node->n_args; i++) {
    const Step *arg = step_of(c, tree_arg(c->tree, node, i));
    if (letter_of(f, i) != 'x' || arg->kind == KIND_NULL)
      continue;
    if (arg->kind > KIND_TIME)
      return KIND_LIST;
    if (common == KIND_NULL || common == arg->kind)
      common = arg->kind;
    else if ((common == KIND_INTEGER && arg->kind == KIND_REAL) ||
             (common == KIND_REAL && arg->kind == KIND_INTEGER))
      common = KIND_REAL;
    else if ((common == KIND_TEXT && literal && arg->kind == KIND_TIME) ||
             (common == KIND_TIME && arg->kind == KIND_TEXT && arg->literal))
      common = KIND_TIME;
    else
      return KIND_LIST;
    literal &= arg->kind != KIND_TEXT || arg->literal;
  }
  return common;
}

static gboolean
kinds_fit(const Compiler *c, const Function *f, const TreeNode *node, Kind common)
{
  for (guint32 i = 0; i < node->n_args; i++) {
    const Step *arg = step_of(c, tree_arg(c->tree, node, i));
    char letter = letter_of(f, i);
    if (letter == '*')
      continue;
    if (letter == 'x' ? common == KIND_LIST
                      : arg->kind != kind_of_letter(letter) && !(letter == 'r' && arg->kind == KIND_INTEGER))
      return FALSE;
  }
  return TRUE;
}

/* "(integer, text)" */
static void
append_kinds(const Compiler *c, const TreeNode *node, GString *out)
{
  for (guint32 i = 0; i < node->n_args; i++)
    g_string_append_printf(out, "%s%s", i ? ", " : "(",
                           kind_name(step_of(c, tree_arg(c->tree, node, i))->kind));
  g_string_append(out, node->n_args ? ")" : "no arguments");
}

static void
append_signature(const Function *f, GString *out)
{
  gsize n = strlen(f->args);
  if (strspn(f->args, "x") == n) {
    g_string_append(out, "values of one type");
    return;
  }
  for (gsize i = 0; i < n; i++)
    g_string_append_printf(out, "%s%s", i ? ", " : "(",
                           f->args[i] == 'x'   ? "value"
                           : f->args[i] == '*' ? "anything"
                                               : kind_name(kind_of_letter(f->args[i])));
  g_string_append(out, f->many ? ", …)" : ")");
}

/* What would make the arguments fit, if that is plain. */
static const char *
hint_at_types(const Compiler *c, const TreeNode *node)
{
  gboolean text = FALSE, number = FALSE;
  for (guint32 i = 0; i < node->n_args; i++) {
    const Step *arg = step_of(c, tree_arg(c->tree, node, i));
    if (arg->kind == KIND_NULL)
      return g_strv_contains((const char *const[]){"==", "!=", NULL}, node->text)
                 ? "write \"is null\" or \"is not null\""
                 : NULL;
    text |= arg->kind == KIND_TEXT;
    number |= arg->kind == KIND_INTEGER || arg->kind == KIND_REAL;
  }
  if (text && number)
    return "integer(x) and number(x) read a number from a text, text(x) writes one";
  return NULL;
}

static gboolean
is_word(const char *name)
{
  return g_ascii_isalpha(name[0]) && !strchr(name, ' ') &&
         !g_strv_contains((const char *const[]){"and", "or", "not", "in", NULL}, name);
}

static const char *
function_name(gpointer data, gsize index)
{
  (void)data;
  static const char *names[128];
  static gsize ready = 0;
  if (g_once_init_enter(&ready)) {
    gsize n = 0;
    for (const Function *f = expression_functions; f->name; f++)
      if (is_word(f->name) && (n == 0 || !g_str_equal(names[n - 1], f->name)))
        names[n++] = f->name;
    g_assert(n < G_N_ELEMENTS(names));
    g_once_init_leave(&ready, 1);
  }
  return names[index];
}

static gboolean
no_function(Compiler *c, const TreeNode *node)
{
  g_autoptr(GString) takes = g_string_new(NULL);
  g_autoptr(GString) have = g_string_new(NULL);
  const char *mark = is_word(node->text) ? "()" : "";
  const char *name = g_str_equal(node->text, "in list") ? "in" : node->text;
  for (const Function *f = expression_functions; f->name; f++)
    if (g_str_equal(f->name, node->text)) {
      g_string_append(takes, takes->len ? " or " : "");
      append_signature(f, takes);
    }
  if (!takes->len) {
    g_autofree char *quoted = weir_quote(node->text, -1);
    const char *meant = expression_function_of_others(node->text);
    g_autofree char *near = meant ? g_strdup_printf("; did you mean \"%s\"?", meant)
                                  : weir_did_you_mean_of(node->text, function_name, NULL);
    return expression_error(c->error, c->tree->source, node->at, NULL, "there is no function %s%s", quoted,
                            near);
  }
  append_kinds(c, node, have);
  return expression_error(c->error, c->tree->source, node->at, hint_at_types(c, node),
                          "%s%s takes %s, not %s", name, mark, takes->str, have->str);
}

/* The argument as the kind that is wanted. */
static gboolean
convert_arg(Compiler *c, guint32 *arg, Kind kind)
{
  const Step *from = program_step(c->expression, *arg);
  if (from->kind == kind)
    return TRUE;
  Step step = {.kind = kind, .begin = from->begin, .end = from->end, .literal = from->literal};
  if (from->literal) {
    step.null = from->null;
    step.real = (double)from->integer;
    step.text = (weir_text){"", 0}; /* of a null */
    if (kind == KIND_TIME && !from->null && !parse_time(&from->text, &step.integer))
      return expression_error(c->error, c->tree->source, from->begin,
                              "write it like '2024-05-01' or '2024-05-01T12:30:00Z'",
                              "this is no time, and stands beside one");
  } else {
    step.run = from->kind == KIND_NULL ? kernel_null : kernel_to_real;
    step.n_args = 1;
    step.args = g_new(guint32, 1);
    step.args[0] = *arg;
  }
  *arg = add_step(c, &step);
  return TRUE;
}

static gboolean
compile_call(Compiler *c, guint32 index, const TreeNode *node)
{
  const Function *f = expression_functions;
  Kind common = KIND_NULL;
  for (; f->name; f++) {
    if (!g_str_equal(f->name, node->text) || !count_fits(f, node->n_args))
      continue;
    common = common_kind(c, f, node);
    /* What compares takes no null: it would be null whatever comes. */
    if (kinds_fit(c, f, node, common) && !(common == KIND_NULL && strchr(f->args, 'x') && f->result != 'x'))
      break;
  }
  gboolean compares = f->name && f->result == 'b' && strchr(f->args, 'x');
  for (guint32 i = 0; compares && i < node->n_args; i++)
    if (step_of(c, tree_arg(c->tree, node, i))->kind == KIND_NULL)
      return expression_error(c->error, c->tree->source, step_of(c, tree_arg(c->tree, node, i))->begin,
                              "write \"is null\" or \"is not null\"", "nothing compares to null");
  if (!f->name)
    return no_function(c, node);
  Step step = step_for(node, f->result == 'x' ? common : kind_of_letter(f->result));
  step.run = f->run;
  step.n_args = node->n_args;
  step.args = g_new(guint32, node->n_args + 1);
  for (guint32 i = 0; i < node->n_args; i++) {
    char letter = letter_of(f, i);
    step.args[i] = c->steps[tree_arg(c->tree, node, i)];
    if (letter != '*' && !convert_arg(c, &step.args[i], letter == 'x' ? common : kind_of_letter(letter))) {
      step_clear(&step);
      return FALSE;
    }
  }
  if (f->prepare && !f->prepare(c->expression, c->tree, node, &step, c->error)) {
    step_clear(&step);
    return FALSE;
  }
  c->steps[index] = add_step(c, &step);
  return TRUE;
}

/* ---- The whole ------------------------------------------------------------------------------------------ */

static gboolean
compile_node(Compiler *c, guint32 index)
{
  const TreeNode *node = tree_node(c->tree, index);
  switch (node->kind) {
  case TREE_NAME:
    return compile_name(c, index, node);
  case TREE_MEMBER:
    return compile_member(c, index, node);
  case TREE_CALL:
    return compile_call(c, index, node);
  default:
    return compile_literal(c, index, node);
  }
}

static gboolean
compile_tree(Compiler *c)
{
  guint32 n = c->tree->nodes->len;
  for (guint32 i = 0; i < n; i++)
    if (!compile_node(c, i))
      return FALSE;
  const Step *root = step_of(c, n - 1);
  if (root->kind > KIND_TIME)
    return expression_error(c->error, c->tree->source, root->begin, NULL,
                            "the whole is a %s, which is no value", kind_name(root->kind));
  /* The root's slot is the last one. */
  if (c->steps[n - 1] != c->expression->steps->len - 1) {
    Step same = {.run = kernel_same, .kind = root->kind, .begin = root->begin, .end = root->end, .n_args = 1};
    same.args = g_new(guint32, 1);
    same.args[0] = c->steps[n - 1];
    add_step(c, &same);
  }
  return TRUE;
}

WeirExpression *
weir_expression_compile(const char *text, const struct ArrowSchema *schema, GError **error)
{
  Tree *tree = expression_parse(text, error);
  if (!tree)
    return NULL;
  g_autoptr(WeirExpression) expression = g_new0(WeirExpression, 1);
  expression->source = g_strdup(text);
  expression->texts = g_ptr_array_new_with_free_func(g_free);
  expression->steps = g_array_new(FALSE, TRUE, sizeof(Step));
  g_array_set_clear_func(expression->steps, step_clear);
  g_autoptr(GHashTable) columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autofree guint32 *steps = g_new0(guint32, tree->nodes->len);
  Compiler compiler = {.tree = tree,
                       .schema = schema,
                       .expression = expression,
                       .columns = columns,
                       .steps = steps,
                       .error = error};
  gboolean fine = compile_tree(&compiler);
  expression_tree_free(tree);
  return fine ? g_steal_pointer(&expression) : NULL;
}

weir_type
weir_expression_type(const WeirExpression *expression)
{
  static const weir_type types[] = {WEIR_TYPE_NONE, WEIR_BOOL, WEIR_I64, WEIR_F64, WEIR_UTF8, WEIR_TIMESTAMP};
  return types[program_step(expression, expression->steps->len - 1)->kind];
}
