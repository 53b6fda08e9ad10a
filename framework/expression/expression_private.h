/* SPDX-License-Identifier: MIT */
/* What the parts of libweir-expression share: the tree that the parser makes, the program that runs. */
#ifndef WEIR_EXPRESSION_PRIVATE_H
#define WEIR_EXPRESSION_PRIVATE_H

#include "expression/expression.h"

/* ---- The tree ------------------------------------------------------------------------------------------- */

typedef enum {
  TREE_NULL,
  TREE_BOOL,    /* integer: 0 or 1 */
  TREE_INTEGER, /* integer */
  TREE_REAL,    /* real */
  TREE_TEXT,    /* text */
  TREE_NAME,    /* text: a column */
  TREE_MEMBER,  /* text: of args[0] */
  TREE_CALL,    /* text: a function; operators are calls too: "+", "==", "and", "is null", "in" */
} TreeKind;

/* Nodes stand behind their arguments. */
typedef struct {
  TreeKind kind;
  guint32 begin, end; /* bytes of the source that it is made of */
  guint32 at;         /* where a caret goes: its operator or its name */
  guint32 first_arg;  /* in `args` of the tree */
  guint32 n_args;
  gint64 integer;
  double real;
  char *text; /* owned */
} TreeNode;

typedef struct {
  const char *source;
  GArray *nodes; /* of TreeNode, the root last */
  GArray *args;  /* of guint32 */
} Tree;

/* NULL: error. The source must outlive the tree. */
Tree *expression_parse(const char *source, GError **error);
void expression_tree_free(Tree *tree);

static inline const TreeNode *
tree_node(const Tree *tree, guint32 index)
{
  return &g_array_index(tree->nodes, TreeNode, index);
}

static inline guint32
tree_arg(const Tree *tree, const TreeNode *node, guint32 index)
{
  return g_array_index(tree->args, guint32, node->first_arg + index);
}

/* Sets an error: the problem, the line of the source, a caret under byte `at`, and a hint if there is one. FALSE. */
gboolean expression_error(GError **error, const char *source, gsize at, const char *hint, const char *format,
                          ...) G_GNUC_PRINTF(5, 6);

/* ---- Tokens --------------------------------------------------------------------------------------------- */

typedef enum {
  TOKEN_END,
  TOKEN_INTEGER, /* `integer`; its magnitude, as "-" is an operator */
  TOKEN_REAL,
  TOKEN_TEXT,
  TOKEN_NAME,     /* a word that is no keyword, or a name in backticks */
  TOKEN_KEYWORD,  /* `text` in lower case: and or not in is null true false between */
  TOKEN_OPERATOR, /* `text` */
} TokenKind;

typedef struct {
  TokenKind kind;
  guint32 begin, end;
  guint64 integer;
  double real;
  char *text; /* owned; NULL for END and numbers */
  gboolean quoted;
} Token;

/* All tokens, the last one an END. NULL: error. */
GArray *expression_lex(const char *source, GError **error);

/* ---- The program ---------------------------------------------------------------------------------------- */

typedef enum {
  KIND_NULL,
  KIND_BOOL,
  KIND_INTEGER,
  KIND_REAL,
  KIND_TEXT,
  KIND_TIME,
  KIND_BINARY,
  KIND_LIST,   /* and vectors: only what takes a column as it is */
  KIND_STRUCT, /* likewise */
} Kind;

#define MAX_PATH 16 /* members of members: as deep as a schema may be */

typedef struct Step Step;
typedef struct Slot Slot;

/* Computes the slot of a step from those of its arguments, for `n` rows. */
typedef void (*Kernel)(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n);

/* One operation. Steps stand behind their arguments. */
struct Step {
  Kernel run; /* NULL for literals, which are filled in once */
  Kind kind;
  guint32 begin, end; /* of the source */
  guint32 n_args;
  guint32 *args; /* owned */

  /* A literal, or what a kernel needs to know. */
  gboolean literal;
  gboolean null; /* a literal that is null, whatever its kind */
  gint64 integer;
  double real;
  weir_text text; /* owned by the program */
  weir_type item; /* of a list */
  gint32 path[MAX_PATH];
  guint32 n_path;
  GRegex *regex;  /* owned */
  GArray *values; /* of gint64, double or weir_text, ascending; owned */
};

struct WeirExpression {
  char *source;
  GPtrArray *texts; /* owned strings of literals */
  GArray *steps;    /* of Step */
};

/* Values of a step for the rows at hand. */
struct Slot {
  union {
    const void *values;
    const uint8_t *bools;
    const int64_t *integers;
    const double *reals;
    const weir_text *texts;
  };
  void *own;            /* room for WEIR_EXPRESSION_ROWS values */
  const uint8_t *valid; /* NULL: none is null */
  uint8_t *own_valid;
  const uint32_t
      *failed; /* NULL: none; else number of the step that failed + 1, and the reason in the high bits */
  uint32_t *own_failed;
  weir_column column; /* of a list or struct; `first` is its row 0 */
  int64_t first;
};

struct WeirEvaluation {
  const WeirExpression *expression;
  Slot *slots;
  const struct ArrowSchema *schema; /* while it runs */
  const struct ArrowArray *batch;
  int64_t first;
  GPtrArray *blocks; /* of texts that were made in this run */
  char *block;       /* the last one */
  gsize block_used, block_size, made;
};

static inline const Step *
program_step(const WeirExpression *expression, guint32 index)
{
  return &g_array_index(expression->steps, Step, index);
}

static inline const Slot *
arg_slot(const WeirEvaluation *evaluation, const Step *step, guint32 index)
{
  return &evaluation->slots[step->args[index]];
}

/* Why a row fails. */
typedef enum {
  FAIL_RANGE = 1,  /* beyond 64-bit integers */
  FAIL_ZERO,       /* division by zero */
  FAIL_UNSIGNED,   /* a u64 that i64 does not hold */
  FAIL_NO_INTEGER, /* integer() of something else */
  FAIL_NO_NUMBER,
  FAIL_NO_TIME,
  FAIL_PATTERN, /* matches() took too long */
  FAIL_LENGTH,  /* a text that is too long, or a time that has none */
} Failure;

/* Note that row `row` of `n` fails in this step. */
void slot_fail(const WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t row, int64_t n,
               Failure why);
/* The slot is null or failed where an argument is. */
void slot_merge(const WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n);
/* Arrays that the slot may write to, holding what it has so far. */
uint8_t *slot_own_valid(Slot *out, int64_t n);
uint32_t *slot_own_failed(Slot *out, int64_t n);
/* Room for the values. */
void *slot_own(const Step *step, Slot *out);
/* Bytes of a value. */
gsize kind_size(Kind kind);

static inline bool
slot_is_valid(const Slot *slot, int64_t row)
{
  return !slot->valid || slot->valid[row];
}

static inline uint32_t
slot_failed(const Slot *slot, int64_t row)
{
  return slot->failed ? slot->failed[row] : 0;
}

/* Room for a text of this run; NULL: there is none. */
char *evaluation_room(WeirEvaluation *evaluation, gsize bytes);

/* ---- Functions ------------------------------------------------------------------------------------------ */

#define SIGNATURE_MANY 255 /* the last argument may come any number of times */

/* What types `args` may have, and what comes of them. Letters: b bool, i integer, r real (an integer is made one),
   t text, m time, y binary, l list or vector; x any of "birtm", the same for all; the result likewise ("x": that
   type). The first signature that fits is taken. */
typedef struct {
  const char *name;
  const char *args;
  char result;
  Kernel run;
  gboolean many; /* the last argument may come more than once */
  gboolean (*prepare)(WeirExpression *expression, const Tree *tree, const TreeNode *node, Step *step,
                      GError **error);
} Function;

/* Functions and operators, some of them in several rows; NULL at the end. */
extern const Function expression_functions[];
/* The function that others call `word`, in capitals or not; NULL: it is no such word. */
const char *expression_function_of_others(const char *word);

/* Kernels by file. */
void kernel_column(WeirEvaluation *, const Step *, Slot *, int64_t);
void kernel_to_real(WeirEvaluation *, const Step *, Slot *, int64_t);

#define DECLARE(name) void kernel_##name(WeirEvaluation *evaluation, const Step *step, Slot *out, int64_t n)
DECLARE(and);
DECLARE(or);
DECLARE(not );
DECLARE(is_null);
DECLARE(is_not_null);
DECLARE(if);
DECLARE(coalesce);
DECLARE(least);
DECLARE(greatest);
DECLARE(in);
DECLARE(contains_item);
DECLARE(equal);
DECLARE(unequal);
DECLARE(less);
DECLARE(less_equal);
DECLARE(greater);
DECLARE(greater_equal);
DECLARE(add_integer);
DECLARE(subtract_integer);
DECLARE(multiply_integer);
DECLARE(floor_divide_integer);
DECLARE(modulo_integer);
DECLARE(negate_integer);
DECLARE(abs_integer);
DECLARE(same);
DECLARE(null);
DECLARE(add_real);
DECLARE(subtract_real);
DECLARE(multiply_real);
DECLARE(divide);
DECLARE(floor_divide_real);
DECLARE(modulo_real);
DECLARE(negate_real);
DECLARE(abs_real);
DECLARE(round);
DECLARE(round_digits);
DECLARE(floor);
DECLARE(ceil);
DECLARE(sqrt);
DECLARE(exp);
DECLARE(ln);
DECLARE(is_nan);
DECLARE(seconds_between);
DECLARE(integer_of_real);
DECLARE(integer_of_text);
DECLARE(integer_of_bool);
DECLARE(real_of_text);
DECLARE(text_of);
DECLARE(time_of_text);
DECLARE(year);
DECLARE(month);
DECLARE(day);
DECLARE(hour);
DECLARE(minute);
DECLARE(second);
DECLARE(weekday);
DECLARE(length_text);
DECLARE(length_list);
DECLARE(bytes);
DECLARE(lower);
DECLARE(upper);
DECLARE(trim);
DECLARE(concat);
DECLARE(contains_text);
DECLARE(starts_with);
DECLARE(ends_with);
DECLARE(replace);
DECLARE(substring);
DECLARE(matches);
#undef DECLARE

#endif
