/* SPDX-License-Identifier: MIT */
/* What a join has to do with columns: keys on both sides, those that come along, and their names. */
#include "base/nearest.h"
#include "join.h"

static const char *
name_of_column(void *data, gsize index)
{
  const struct ArrowSchema *schema = data;
  return index < (gsize)schema->n_children ? schema->children[index]->name : NULL;
}

/* -1, reported, when there is none. */
static int32_t
find_right(weir_stage *stage, const char *option, const char *name)
{
  const struct ArrowSchema *right = weir_input_schema(stage, JOIN_PORT_RIGHT);
  int32_t at = rows_find_column(right, name);
  if (at >= 0)
    return at;
  g_autofree char *hint = weir_did_you_mean_of(name, name_of_column, (void *)right);
  weir_fail(stage, "option \"%s\": the input \"right\" has no column \"%s\"%s", option, name, hint);
  return -1;
}

/* Types whose values can be equal: integers of any width, real numbers of any, others their own kind. */
static int
family(weir_type type)
{
  if (type >= WEIR_I8 && type <= WEIR_U64)
    return WEIR_I64;
  return type == WEIR_F32 ? WEIR_F64 : type;
}

static int
find_keys(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  const struct ArrowSchema *left = weir_input_schema(stage, JOIN_PORT_LEFT);
  const struct ArrowSchema *right = weir_input_schema(stage, JOIN_PORT_RIGHT);
  const weir_list *names = state->right_on.count ? &state->right_on : &state->on;
  for (uint32_t i = 0; i < state->on.count; i++) {
    state->left_keys[i] = weir_input_index(stage, JOIN_PORT_LEFT, 0, i);
    state->right_keys[i] = find_right(stage, state->right_on.count ? "right-on" : "on", names->items[i]);
    if (state->left_keys[i] < 0 || state->right_keys[i] < 0)
      return -1;
    const struct ArrowSchema *a = left->children[state->left_keys[i]];
    const struct ArrowSchema *b = right->children[state->right_keys[i]];
    weir_type type = weir_type_from_format(b->format, NULL);
    if (family(weir_type_from_format(a->format, NULL)) == family(type) && type < WEIR_LIST)
      continue;
    g_autofree char *left_type = rows_type_text(a), *right_type = rows_type_text(b);
    return weir_fail(
        stage,
        "the key \"%s\" of the input \"left\" is %s, and \"%s\" of \"right\" is %s: these are never equal\n"
        "hint: bring both to one type before",
        a->name, left_type, b->name, right_type);
  }
  return 0;
}

static gboolean
is_right_key(const RowsJoin *state, int32_t column)
{
  for (uint32_t i = 0; i < state->on.count; i++)
    if (state->right_keys[i] == column)
      return TRUE;
  return FALSE;
}

/* Which columns of the right side come along: those asked for, or all but the keys and `_row`. */
static int
find_taken(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  const struct ArrowSchema *right = weir_input_schema(stage, JOIN_PORT_RIGHT);
  state->n_take = 0;
  if (state->kind == JOIN_SEMI || state->kind == JOIN_ANTI)
    return 0;
  for (uint32_t i = 0; i < state->columns.count; i++) {
    int32_t at = find_right(stage, "columns", state->columns.items[i]);
    if (at < 0)
      return -1;
    state->take[state->n_take++] = at;
  }
  for (int32_t i = 0; !weir_given(stage, "columns") && i < right->n_children; i++)
    if (!is_right_key(state, i) && !g_str_equal(right->children[i]->name, "_row"))
      state->take[state->n_take++] = i;
  return 0;
}

/* The names and types of the output. */
static int
declare(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  const struct ArrowSchema *left = weir_input_schema(stage, JOIN_PORT_LEFT);
  uint32_t n_left = (uint32_t)left->n_children, n = n_left + state->n_take;
  g_autofree weir_field *fields = g_new0(weir_field, (gsize)n + 1);
  g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
  for (uint32_t i = 0; i < n; i++) {
    const struct ArrowSchema *column = i < n_left ? left->children[i] : state->taken->children[i - n_left];
    gboolean clashes = i >= n_left && rows_find_column(left, column->name) >= 0;
    char *name = g_strconcat(column->name, clashes ? state->suffix : "", NULL),
         *type = rows_type_text(column);
    g_ptr_array_add(strings, name);
    g_ptr_array_add(strings, type);
    fields[i] = (weir_field){name, type};
    for (uint32_t j = 0; j < i; j++)
      if (g_str_equal(fields[j].name, name))
        return weir_fail(
            stage,
            "two columns would be called \"%s\"\nhint: choose another \"suffix\", or leave a column out "
            "with \"columns\"",
            name);
  }
  return weir_declare(stage, JOIN_PORT_OUT, fields, n);
}

int
join_plan(weir_stage *stage)
{
  RowsJoin *state = stage->state;
  const struct ArrowSchema *right = weir_input_schema(stage, JOIN_PORT_RIGHT);
  gsize n = (gsize)right->n_children + state->on.count + state->columns.count + 1;
  state->left_keys = weir_alloc(stage, n * sizeof *state->left_keys);
  state->right_keys = weir_alloc(stage, n * sizeof *state->right_keys);
  state->take = weir_alloc(stage, n * sizeof *state->take);
  if (!state->left_keys || !state->right_keys || !state->take || find_keys(stage) || find_taken(stage))
    return -1;
  state->taken = rows_schema_of(right, state->take, state->n_take, state->kind == JOIN_LEFT);
  return state->is_declared ? 0 : declare(stage);
}
