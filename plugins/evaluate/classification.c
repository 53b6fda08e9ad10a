/* SPDX-License-Identifier: MIT */
/* evaluate.classification: holds predictions against labels, over all records and by task. */
#include "config.h"

#include <math.h>
#include <weir/plugin.h>

#include "base/nearest.h"
#include "heads.h"
#include "records.h"

enum { MODEL = 0, IN = 1 };       /* inputs, in the order in which they are read */
enum { METRICS = 0, REPORT = 1 }; /* outputs */
enum { LABEL = 0, PREDICTION = 1, CONFIDENCE = 2, PROBABILITIES = 3, TASK = 4 }; /* entries of IN */
enum { MODEL_METADATA = 3 };                                                     /* entry of MODEL */

typedef struct {
  const char *label;
  const char *prediction;
  const char *confidence;
  const char *probabilities;
  const char *task;
  int64_t rounds;
  int64_t seed;

  EvaluationShape shape;
  bool shape_known;
  EvaluationHeads *heads;
  Evaluation *evaluation;
  GString *texts[3];
} State;

/* --- Planning and opening --- */

/* The columns that may be missing must be there when the pipeline names them. */
static int
check_columns(weir_stage *stage, const struct ArrowSchema *schema)
{
  const State *state = stage->state;
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
static int
learn_shape(weir_stage *stage)
{
  State *state = stage->state;
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

static int
classification_open(weir_stage *stage)
{
  State *state = stage->state;
  state->evaluation = evaluation_new();
  for (guint i = 0; i < G_N_ELEMENTS(state->texts); i++)
    state->texts[i] = g_string_new(NULL);
  return 0;
}

/* --- Counting --- */

/* A label as text, whatever type its column has; it lives until the next call for the same `scratch`. */
static weir_text
label_text(const weir_column *column, int64_t row, GString *scratch)
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
probability_of_truth(const State *state, const Columns *columns, int64_t row, const char *task,
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

/* An empty text is no label, as in a file whose format knows no null. */
static bool
is_unlabelled(const weir_column *label, int64_t row)
{
  return weir_is_null(label, row) || (label->type == WEIR_UTF8 && weir_get_text(label, row).len == 0);
}

static void
count_row(State *state, const Columns *columns, int64_t row)
{
  Evaluation *evaluation = state->evaluation;
  guint32 task = 0;
  if (columns->task.type != WEIR_TYPE_NONE && !weir_is_null(&columns->task, row)) {
    weir_text name = label_text(&columns->task, row, state->texts[0]);
    task = evaluation_task(evaluation, &name);
  }
  if (is_unlabelled(&columns->label, row)) {
    evaluation_skip(evaluation, task);
    return;
  }
  weir_text label = label_text(&columns->label, row, state->texts[1]);
  weir_text guess = label_text(&columns->prediction, row, state->texts[2]);
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
  State *state = stage->state;
  g_autoptr(GError) error = NULL;
  if (batch->length && !state->heads) {
    weir_column metadata = weir_input(stage, MODEL, batch, MODEL_METADATA);
    weir_text text = weir_get_text(&metadata, 0);
    state->heads = evaluation_heads_new(text.data, (gssize)text.len, &error);
  }
  weir_batch_release(batch);
  return error ? weir_fail(stage, "%s", error->message) : 0;
}

static int
classification_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  if (port == MODEL)
    return take_model(stage, batch);
  if (learn_shape(stage)) {
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
  State *state = stage->state;
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

static int
classification_end(weir_stage *stage, uint32_t port)
{
  return port == IN ? finish(stage) : 0;
}

static void
classification_close(weir_stage *stage)
{
  State *state = stage->state;
  evaluation_free(state->evaluation);
  evaluation_heads_free(state->heads);
  for (guint i = 0; i < G_N_ELEMENTS(state->texts); i++)
    if (state->texts[i])
      g_string_free(state->texts[i], TRUE);
}

/* --- The plugin --- */

static const weir_port inputs[] = {
    {"model", WEIR_ARTIFACT, WEIR_PORT_OPTIONAL, NULL,
     "the model that predicted: tells which labels it was trained on, and what the probabilities are of"},
    {"in",
     "${label}:utf8+bool+integer?, ${prediction}:utf8+bool+integer, ${confidence}?:real?, "
     "${probabilities}?:list<f64>+list<f32>?, ${task}:utf8+bool+integer?, *",
     0, NULL, "records with label and prediction"},
};

static const weir_port outputs[] = {
    {"metrics", "any", 0, NULL, "one record: the headline figures, over all records and by task"},
    {"report", "any", 0, NULL,
     "one record: everything, with the table by class, confusion matrix, errors and calibration"},
};

static const weir_option options[] = {
    {"label", WEIR_FIELD, 0, offsetof(State, label), "label", 0, 0, NULL,
     "column that holds what is right; a record where it is null or empty is not counted"},
    {"prediction", WEIR_FIELD, 0, offsetof(State, prediction), "prediction", 0, 0, NULL,
     "column that holds what was predicted"},
    {"confidence", WEIR_FIELD, 0, offsetof(State, confidence), "confidence", 0, 0, NULL,
     "column that holds the probability of the prediction, for the calibration; by default it may be "
     "missing"},
    {"probabilities", WEIR_FIELD, 0, offsetof(State, probabilities), "probabilities", 0, 0, NULL,
     "column that holds the probabilities of all labels in the model's order, for the log loss; by default "
     "it "
     "may be missing; needs the input \"model\""},
    {"task", WEIR_FIELD, 0, offsetof(State, task), NULL, 0, 0, NULL,
     "column that names the task of a record, where one model serves several"},
    {"rounds", WEIR_INTEGER, 0, offsetof(State, rounds), "1000", 100, 100000, NULL,
     "resamples for the 95 % intervals of macro-F1 and weighted F1"},
    {"seed", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(State, seed), NULL, 0, 0, NULL,
     "seed of the resampling; left out, the pipeline's seed is"},
};

static const weir_class classes[] = {{
    .name = "classification",
    .summary = "Hold predictions against labels: accuracy, F1, confusion, calibration, with 95 % intervals",
    .help =
        "Averages of F1 run over the classes that occur as label or as prediction, as scikit-learn's "
        "classification_report does it. The interval of the accuracy is Wilson's, those of macro-F1 and "
        "weighted F1 come from a bootstrap. The calibration error has 15 bins of equal width. The log loss "
        "is in nats.\n\n"
        "With the option \"task\", a class is a label of a task; all figures come over all records and by "
        "task. A label that the model was never trained on counts as an error, and a warning names it. "
        "Labels may be text, numbers or booleans, and are compared as they are written.",
    .in = inputs,
    .n_in = G_N_ELEMENTS(inputs),
    .n_out = G_N_ELEMENTS(outputs),
    .out = outputs,
    .options = options,
    .n_options = G_N_ELEMENTS(options),
    .state_size = sizeof(State),
    .schema = learn_shape,
    .open = classification_open,
    .process = classification_process,
    .end = classification_end,
    .close = classification_close,
}};

WEIR_PLUGIN(.name = "evaluate", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Figures of merit of predictions", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
