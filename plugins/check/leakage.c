/* SPDX-License-Identifier: MIT */
/* check.leakage: whether splits share records, texts, or texts that are nearly the same. */
#include "check.h"

static int
check_text(weir_stage *stage, uint32_t port)
{
  const LeakageState *state = stage->state;
  if (!weir_input_schema(stage, port))
    return 0;
  for (uint32_t i = 0; i < state->text.count; i++)
    if (weir_input_index(stage, port, TEXT, i) < 0 && (weir_given(stage, "text") || !state->keys.count))
      return weir_fail(
          stage,
          "input \"%s\" has no column \"%s\" to compare\n"
          "hint: name the columns with texts with option \"text\", or what names a record with \"keys\"",
          state->splits.items[port], state->text.items[i]);
  return 0;
}

int
leakage_schema(weir_stage *stage)
{
  LeakageState *state = stage->state;
  g_autoptr(GError) error = NULL;
  guint bands;
  guint rows;
  uint32_t connected = 0;
  if (state->splits.count > CHECK_MAX_SPLITS)
    return weir_fail(stage, "there are %u splits, and at most %u can be", state->splits.count,
                     CHECK_MAX_SPLITS);
  for (uint32_t port = 0; port < state->splits.count; port++)
    connected += weir_inputs(stage, port) > 0;
  if (connected < 2)
    return weir_fail(stage, "%u of the inputs %s connected, and leaks are looked for between at least two",
                     connected, connected == 1 ? "is" : "are");
  if (!state->text.count && !state->keys.count)
    return weir_fail(stage, "neither \"text\" nor \"keys\" names a column to compare");
  state->options = (WeirNearOptions)WEIR_NEAR_OPTIONS_INIT;
  state->options.kind = state->shingles == 0 ? WEIR_SHINGLE_CHARACTERS : WEIR_SHINGLE_WORDS;
  state->options.size = state->size ? (guint)state->size : state->shingles == 0 ? 5 : 3;
  state->options.strip_accents = state->strip_accents;
  state->options.max_bytes = state->max_text;
  state->options.n_hashes = (guint)state->hashes;
  state->options.threshold = state->threshold;
  if (!weir_near_bands(&state->options, &bands, &rows, &error))
    return weir_fail(stage, "%s", error->message);
  for (uint32_t port = 0; port < state->splits.count; port++)
    if (weir_inputs(stage, port) && check_text(stage, port))
      return -1;
  return 0;
}

/* Fills the leaks of `right` from what `left` has: keys first, then equal texts, then near ones. */
static int
find_leaks(weir_stage *stage, uint32_t left, uint32_t right, CheckExact *const exact[2], Leak *leaks)
{
  const LeakageState *state = stage->state;
  for (guint i = 0; i < 2; i++)
    if (exact[i] && check_exact_find(exact[i], right, leaks))
      return -1;
  return exact[1] && state->near ? check_near_find(stage, left, right, leaks) : 0;
}

static int
compare_with(weir_stage *stage, uint32_t left, uint32_t right, CheckExact *const exact[2])
{
  LeakageState *state = stage->state;
  uint64_t n = weir_table_rows(stage, right);
  LeakPair *pair = &state->pairs[state->n_pairs++];
  Leak *leaks = check_reserve(stage, n, sizeof *leaks, "the leaks of a split");
  if (!leaks)
    return -1;
  pair->left = left;
  pair->right = right;
  pair->rows = n;
  int result = find_leaks(stage, left, right, exact, leaks);
  if (result == 0)
    result = check_send_leaks(stage, pair, leaks);
  check_release(stage, leaks, n, sizeof *leaks);
  return result;
}

static int
compare_split(weir_stage *stage, uint32_t left)
{
  const LeakageState *state = stage->state;
  gboolean has_text = FALSE;
  int result = 0;
  for (uint32_t i = 0; i < state->text.count; i++)
    has_text = has_text || weir_input_index(stage, left, TEXT, i) >= 0;
  CheckExact *exact[2] = {state->keys.count ? check_exact_new(stage, left, TRUE) : NULL, NULL};
  if (state->keys.count && !exact[0])
    return -1;
  exact[1] = has_text ? check_exact_new(stage, left, FALSE) : NULL;
  if (has_text && !exact[1])
    result = -1;
  for (uint32_t right = left + 1; result == 0 && right < state->splits.count; right++)
    if (weir_inputs(stage, right))
      result = compare_with(stage, left, right, exact);
  check_exact_free(exact[0]);
  check_exact_free(exact[1]);
  return result;
}

int
leakage_produce(weir_stage *stage)
{
  LeakageState *state = stage->state;
  uint32_t k = state->splits.count;
  state->pairs = weir_alloc(stage, (size_t)k * k * sizeof *state->pairs);
  state->examples = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  if (!state->pairs || check_index_splits(stage))
    return -1;
  for (uint32_t left = 0; left < k; left++)
    if (weir_inputs(stage, left) && check_text(stage, left))
      return -1;
  for (uint32_t left = 0; left + 1 < k; left++)
    if (weir_inputs(stage, left) && compare_split(stage, left))
      return -1;
  return check_judge(stage) ? -1 : WEIR_END;
}

void
leakage_close(weir_stage *stage)
{
  LeakageState *state = stage->state;
  for (uint32_t port = 0; port < MIN(state->splits.count, CHECK_MAX_SPLITS); port++)
    g_free(state->first[port]);
  if (state->examples)
    g_ptr_array_unref(state->examples);
}
