/* SPDX-License-Identifier: MIT */
/* Records whose key is null or empty: rejected one by one, or counted in a warning. */
#include "key.h"
#include "split.h"

static char *
list_names(const weir_list *by)
{
  return g_strjoinv("\", \"", (char **)by->items);
}

int
split_reject_row(weir_stage *stage, const struct ArrowArray *batch, int64_t row, const weir_list *by)
{
  g_autofree char *names = list_names(by);
  return weir_reject(
      stage, SPLIT_IN, batch, row,
      "the record has no value in \"%s\", so that no split can be chosen\n"
      "hint: option \"missing\" takes such records \"together\", as one key, or \"apart\", each as "
      "its own",
      names);
}

void
split_warn_no_key(weir_stage *stage, const weir_list *by, int32_t missing, guint64 n)
{
  g_autofree char *names = list_names(by);
  if (n && missing != SPLIT_MISSING_REJECT)
    weir_log(stage, WEIR_LOG_WARNING, "%" G_GUINT64_FORMAT " record%s no value in \"%s\" and %s", n,
             n == 1 ? " has" : "s have", names,
             missing == SPLIT_MISSING_APART ? "are dealt out one by one" : "stay together in one split");
}

void
split_append_row(weir_stage *stage, const struct ArrowArray *batch, int64_t row, GString *key)
{
  const struct ArrowSchema *schema = weir_input_schema(stage, SPLIT_IN);
  for (int64_t i = 0; i < schema->n_children; i++) {
    weir_column column = weir_batch_column(schema, batch, i);
    if (strcmp(schema->children[i]->name, "_row") != 0)
      split_key_append(key, &column, row);
  }
}
