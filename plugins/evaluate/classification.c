/* SPDX-License-Identifier: MIT */
/* evaluate.classification: holds predictions against labels, over all records and by task. */
#include <math.h>

#include "base/nearest.h"
#include "evaluate.h"

enum { MODEL = 0, IN = 1 };       /* inputs, in the order in which they are read */
enum { METRICS = 0, REPORT = 1 }; /* outputs */
enum { LABEL = 0, PREDICTION = 1, CONFIDENCE = 2, PROBABILITIES = 3, TASK = 4 }; /* entries of IN */
enum { MODEL_METADATA = 3 };                                                     /* entry of MODEL */

/* --- Planning and opening --- */

/* The columns that may be missing must be there when the pipeline names them. */
static int
check_columns(weir_stage *stage, const struct ArrowSchema *schema)
{
  const ClassificationState *state = stage->state;
  const struct {
    const char *option, *column;
    uint32_t entry;
  } optional[] = {{"confidence", state->confidence, CONFIDENCE},
                  {"probabilities", state->probabilities, PROBABILITIES}};
  for (guint i = 0; i < G_N_ELEMENTS(optional); i++) {
    if (!weir_given(stage, optional[i].option) || weir_input_index(stage, IN, optional[i].entry, 0) >= 0)
      continue;
    g_autofree const char **names = g_new0(const char *, (gsize)schema->n_children + 1);
    for (int64_t c = 0; c < schema->n_children; c++)
      names[c] = schema->children[c]->name;
    g_autofree char *hint = weir_did_you_mean(optional[i].column, names);
    return weir_fail(stage, "option \"%s\": there is no column \"%s\"%s", optional[i].option,
                     optional[i].column, hint);
  }
  return 0;
}

/* What the records hold follows from the columns that come; where these are not known while planning, this is
 * put off to the first batch. */
int
classification_schema(weir_stage *stage)
{
  ClassificationState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, IN);
  if (!schema || state->shape_known)
    return 0;
  state->shape_known = true;
  state->shape.model = weir_inputs(stage, MODEL) > 0;
  state->shape.tasks = state->task != NULL;
  state->shape.confidence = weir_input_index(stage, IN, CONFIDENCE, 0) >= 0;
  state->shape.probabilities = state->shape.model && weir_input_index(stage, IN, PROBABILITIES, 0) >= 0;
  if (weir_given(stage, "probabilities") && !state->shape.model)
    return weir_fail(stage,
                     "option \"probabilities\": the input \"model\" is wanted too, which says of which "
                     "label each of them is");
  if (check_columns(stage, schema) || evaluation_declare_metrics(stage, METRICS, state->shape))
    return -1;
  return evaluation_declare_report(stage, REPORT, state->shape);
}

int
classification_open(weir_stage *stage)
{
  ClassificationState *state = stage->state;
  state->evaluation = evaluation_new();
  for (guint i = 0; i < G_N_ELEMENTS(state->texts); i++)
    state->texts[i] = g_string_new(NULL);
  return 0;
}

/* --- Counting --- */

weir_text
evaluate_label_text(const weir_column *column, int64_t row, GString *scratch)
{
  if (column->type == WEIR_UTF8)
    return weir_get_text(column, row);
  if (column->type == WEIR_BOOL)
    g_string_assign(scratch, weir_get_bool(column, row) ? "true" : "false");
  else if (column->type == WEIR_U64)
    g_string_printf(scratch, "%" G_GUINT64_FORMAT, (guint64)weir_get_integer(column, row));
  else
    g_string_printf(scratch, "%" G_GINT64_FORMAT, weir_get_integer(column, row));
  return (weir_text){scratch->str, (int64_t)scratch->len};
}

typedef struct {
  weir_column label, prediction, confidence, probabilities, items, task;
} Columns;

static Columns
look(weir_stage *stage, const struct ArrowArray *batch)
{
  Columns columns = {.label = weir_input(stage, IN, batch, LABEL),
                     .prediction = weir_input(stage, IN, batch, PREDICTION),
                     .confidence = weir_input(stage, IN, batch, CONFIDENCE),
                     .probabilities = weir_input(stage, IN, batch, PROBABILITIES),
                     .task = weir_input(stage, IN, batch, TASK)};
  if (columns.probabilities.type == WEIR_LIST)
    columns.items = weir_column_items(&columns.probabilities);
  return columns;
}

static double
number_or_nan(const weir_column *column, int64_t row)
{
  return column->type == WEIR_TYPE_NONE || weir_is_null(column, row) ? NAN : weir_get_number(column, row);
}

/* The probability that the model gave to the label: 0 for a label that it does not know. */
static double
probability_of_truth(const ClassificationState *state, const Columns *columns, int64_t row, const char *task,
                     const char *label)
{
  const weir_column *list = &columns->probabilities;
  if (!state->heads || list->type != WEIR_LIST || weir_is_null(list, row))
    return NAN;
  gint64 at = evaluation_heads_find(state->heads, task, label);
  if (at < 0)
    return 0;
  int64_t item = list->offsets[row] + at;
  return item < list->offsets[row + 1] ? number_or_nan(&columns->items, item) : NAN;
}

bool
evaluate_is_unlabelled(const weir_column *label, int64_t row)
{
  return weir_is_null(label, row) || (label->type == WEIR_UTF8 && weir_get_text(label, row).len == 0);
}

static void
count_row(ClassificationState *state, const Columns *columns, int64_t row)
{
  Evaluation *evaluation = state->evaluation;
  guint32 task = 0;
  if (columns->task.type != WEIR_TYPE_NONE && !weir_is_null(&columns->task, row)) {
    weir_text name = evaluate_label_text(&columns->task, row, state->texts[0]);
    task = evaluation_task(evaluation, &name);
  }
  if (evaluate_is_unlabelled(&columns->label, row)) {
    evaluation_skip(evaluation, task);
    return;
  }
  weir_text label = evaluate_label_text(&columns->label, row, state->texts[1]);
  weir_text guess = evaluate_label_text(&columns->prediction, row, state->texts[2]);
  guint32 truth = evaluation_class(evaluation, task, label);
  guint32 prediction = evaluation_class(evaluation, task, guess);
  evaluation_add(evaluation, task, truth, prediction, number_or_nan(&columns->confidence, row),
                 probability_of_truth(state, columns, row, evaluation_group(evaluation, task)->task,
                                      evaluation_get_class(evaluation, truth)->label));
}

static void
count_batch(weir_stage *stage, struct ArrowArray *batch)
{
  Columns columns = look(stage, batch);
  for (int64_t row = 0; row < batch->length; row++)
    count_row(stage->state, &columns, row);
  weir_batch_release(batch);
}

static int
take_model(weir_stage *stage, struct ArrowArray *batch)
{
  ClassificationState *state = stage->state;
  g_autoptr(GError) error = NULL;
  state->models += (guint64)batch->length;
  if (batch->length && !state->heads) {
    weir_column metadata = weir_input(stage, MODEL, batch, MODEL_METADATA);
    weir_text text = weir_get_text(&metadata, 0);
    state->heads = evaluation_heads_new(text.data, (gssize)text.len, &error);
  }
  weir_batch_release(batch);
  if (state->models > 1)
    return weir_fail(stage,
                     "input \"model\" gets more than one model, and it cannot be told which one predicted\n"
                     "hint: give each model a stage of its own");
  return error ? weir_fail(stage, "%s", error->message) : 0;
}

int
classification_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  if (port == MODEL)
    return take_model(stage, batch);
  if (classification_schema(stage)) {
    weir_batch_release(batch);
    return -1;
  }
  count_batch(stage, batch);
  return 0;
}

/* --- The end --- */

static gboolean
is_known(const char *task, const char *label, gpointer data)
{
  return evaluation_heads_find(data, task, label) >= 0;
}

static int
finish(weir_stage *stage)
{
  ClassificationState *state = stage->state;
  const EvaluationGroup *all = evaluation_group(state->evaluation, 0);
  if (!state->evaluation->classes->len)
    return all->unlabelled
               ? weir_fail(stage,
                           "none of %" G_GUINT64_FORMAT " records has a \"%s\": nothing can be evaluated",
                           all->unlabelled, state->label)
               : weir_fail(stage, "the input has no records: nothing can be evaluated\n"
                                  "hint: either the split that feeds it got no row (raise its share of "
                                  "\"ratios\"), or the "
                                  "file has only a header");
  if (all->unlabelled)
    weir_log(stage, WEIR_LOG_WARNING, "%" G_GUINT64_FORMAT " record%s no \"%s\" and %s not counted",
             all->unlabelled, all->unlabelled == 1 ? " has" : "s have", state->label,
             all->unlabelled == 1 ? "is" : "are");
  weir_random random =
      weir_given(stage, "seed") ? weir_random_from((uint64_t)state->seed) : weir_random_stream(stage, 0);
  evaluation_finish(state->evaluation, (guint)state->rounds, weir_random_u64(&random),
                    state->heads ? is_known : NULL, state->heads);
  evaluation_publish(stage, state->shape, state->evaluation);
  if (evaluation_send_metrics(stage, METRICS, state->shape, state->evaluation))
    return -1;
  return evaluation_send_report(stage, REPORT, state->shape, state->evaluation);
}

int
classification_end(weir_stage *stage, uint32_t port)
{
  return port == IN ? finish(stage) : 0;
}

void
classification_close(weir_stage *stage)
{
  ClassificationState *state = stage->state;
  evaluation_free(state->evaluation);
  evaluation_heads_free(state->heads);
  for (guint i = 0; i < G_N_ELEMENTS(state->texts); i++)
    if (state->texts[i])
      g_string_free(state->texts[i], TRUE);
}
