/* SPDX-License-Identifier: MIT */
/* linear.train: learns a linear text classifier from a table of labelled rows. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "base/units.h"
#include "rows.h"

enum { TRAIN = 0, EVAL = 1 }; /* inputs */
enum { MODEL = 0 };           /* outputs */

/* What an option of 0 stands for: hinge losses count fewer errors than logistic ones, so c is worth more there. */
#define C_OF_SVM      1.0
#define C_OF_LOGISTIC 10.0

/* --- The host's threads for the library ----------------------------------------------------------------------------- */

typedef struct {
  WeirTask task;
  void *arg;
} Work;

static int
run_work(void *data, uint64_t index)
{
  const Work *work = data;
  return work->task(work->arg, (size_t)index);
}

static int
run_tasks(void *data, size_t n_tasks, WeirTask task, void *arg)
{
  Work work = {task, arg};
  return weir_parallel(data, n_tasks, run_work, &work);
}

/* --- Options -------------------------------------------------------------------------------------------------------- */

int
linear_train_schema(weir_stage *stage)
{
  const TrainState *state = stage->state;
  if (state->word_max && state->word_min > state->word_max)
    return weir_fail(stage, "option \"word-min\" is %" PRId64 ", above \"word-max\", which is %" PRId64,
                     state->word_min, state->word_max);
  if (state->char_max && state->char_min > state->char_max)
    return weir_fail(stage, "option \"char-min\" is %" PRId64 ", above \"char-max\", which is %" PRId64,
                     state->char_min, state->char_max);
  if (!state->word_max && !state->char_max && !state->pair_window && !state->dense.count)
    return weir_fail(stage,
                     "there is nothing to learn from: options \"word-max\", \"char-max\" and \"pair-window\" "
                     "are 0, and \"dense\" names no column");
  if (state->hash_bits == 1)
    return weir_fail(stage, "option \"hash-bits\" is 1: at least 2 are needed, or 0 for a vocabulary");
  return 0;
}

static WeirFeatureOptions
feature_options(const TrainState *state)
{
  return (WeirFeatureOptions){
      .text = {.lowercase = state->lowercase,
               .strip_accents = state->strip_accents,
               .word_min = (guint)MIN(state->word_min, state->word_max), /* no longest one: none at all */
               .word_max = (guint)state->word_max,
               .pair_window = (guint)state->pair_window,
               .pair_stem = (guint)state->pair_stem,
               .char_min = (guint)MIN(state->char_min, state->char_max),
               .char_max = (guint)state->char_max,
               .char_mode = (WeirCharMode)state->char_mode,
               .max_bytes = (gsize)state->max_text},
      .sublinear = state->sublinear,
      .idf = (WeirIdf)state->idf,
      .min_df = (guint)state->min_df,
      .max_df = state->max_df,
      .max_features = (guint)state->max_features,
      .hash_bits = (guint)state->hash_bits,
      .n_dense = state->dense.count,
  };
}

static WeirLinearOptions
linear_options(weir_stage *stage)
{
  const TrainState *state = stage->state;
  weir_random random = weir_random_stream(stage, 0);
  WeirLinearKind kind = (WeirLinearKind)state->model;
  return (WeirLinearOptions){
      .kind = kind,
      .c = state->c > 0              ? state->c
           : kind == WEIR_LINEAR_SVM ? C_OF_SVM
                                     : C_OF_LOGISTIC,
      .epochs = (guint)state->epochs,
      .tolerance = state->tolerance,
      .patience = (guint)state->patience,
      .seed = weir_given(stage, "seed") ? (guint64)state->seed : weir_random_u64(&random) >> 11,
  };
}

/* --- Class weights -------------------------------------------------------------------------------------------------- */

/* The weights of a task's labels, or NULL for all 1. */
static double *
label_weights(const TrainState *state, const LinearTask *task)
{
  guint n = task->labels->len;
  double *weights = NULL;
  if (state->class_weight)
    weights = weir_linear_balanced_weights(task->rows, n);
  for (uint32_t i = 0; i < state->weights.count; i++) {
    gpointer number = NULL;
    if (!g_hash_table_lookup_extended(task->numbers, state->weights.keys[i], NULL, &number))
      continue;
    if (!weights) {
      weights = g_new(double, n + 1);
      for (guint k = 0; k < n; k++)
        weights[k] = 1;
    }
    weights[GPOINTER_TO_UINT(number)] = state->weights.numbers[i];
  }
  return weights;
}

/* A weight for a label that does not exist is a slip of the pen. */
static int
check_weights(weir_stage *stage, const LinearTasks *tasks)
{
  const TrainState *state = stage->state;
  for (uint32_t i = 0; i < state->weights.count; i++) {
    gboolean known = FALSE;
    for (guint h = 0; h < tasks->tasks->len && !known; h++)
      known = g_hash_table_contains(((LinearTask *)tasks->tasks->pdata[h])->numbers, state->weights.keys[i]);
    if (!known)
      return weir_fail(stage,
                       "option \"weights\" has a weight for the label \"%s\", which no row of \"train\" has",
                       state->weights.keys[i]);
  }
  return 0;
}

/* --- What is told about the rows ------------------------------------------------------------------------------------ */

/* There must be something to tell apart, in one task at least. */
static int
check_labels(weir_stage *stage, const LinearTasks *tasks)
{
  const LinearTask *first = tasks->tasks->pdata[0];
  guint single = 0;
  for (guint h = 0; h < tasks->tasks->len; h++)
    single += ((const LinearTask *)tasks->tasks->pdata[h])->labels->len == 1;
  if (single == tasks->tasks->len)
    return weir_fail(stage, "there is nothing to tell apart: all rows%s have the label \"%s\"",
                     single > 1 ? " of a task" : "", (const char *)first->labels->pdata[0]);
  for (guint h = 0; h < tasks->tasks->len; h++) {
    const LinearTask *task = tasks->tasks->pdata[h];
    if (task->labels->len == 1)
      weir_log(stage, WEIR_LOG_WARNING,
               "all rows of task \"%s\" have the label \"%s\": the model will always predict it", task->task,
               (const char *)task->labels->pdata[0]);
  }
  return 0;
}

static int
check_rows(weir_stage *stage, const LinearRows *rows, const LinearTasks *tasks)
{
  const TrainState *state = stage->state;
  const guint64 n = weir_table_rows(stage, TRAIN);
  if (!n)
    return weir_fail(stage, "there are no rows to learn from: input \"train\" is empty");
  if (!rows->texts->len)
    return weir_fail(
        stage, "there are no rows to learn from: none of the %" PRIu64 " rows has a value in column \"%s\"",
        n, state->label);
  if (rows->without_label)
    weir_log(stage, WEIR_LOG_WARNING, "%" PRIu64 " of %" PRIu64 " rows have no label%s and were left out",
             rows->without_label, n, state->task ? " or no task" : "");
  if (!rows->with_text && !state->dense.count)
    weir_log(stage, WEIR_LOG_WARNING,
             "column \"%s\" is empty in all rows: the model will only know how frequent the labels are",
             state->text);
  if (check_labels(stage, tasks))
    return -1;
  return check_weights(stage, tasks);
}

static void
tell_eval(weir_stage *stage, const LinearRows *eval)
{
  if (eval->without_label)
    weir_log(stage, WEIR_LOG_WARNING, "input \"eval\": %" PRIu64 " rows have no label and were left out",
             eval->without_label);
  if (eval->of_unknown_task)
    weir_log(stage, WEIR_LOG_WARNING,
             "input \"eval\": %" PRIu64 " rows are of a task that \"train\" does not have",
             eval->of_unknown_task);
  if (eval->of_unknown_label)
    weir_log(stage, WEIR_LOG_WARNING,
             "input \"eval\": %" PRIu64 " rows have a label that \"train\" does not have, and count as wrong",
             eval->of_unknown_label);
}

/* --- Training ------------------------------------------------------------------------------------------------------- */

/* All that a training needs and makes; freed as a whole. */
typedef struct {
  weir_stage *stage;
  WeirExecutor executor;
  LinearTasks *tasks;
  LinearRows *rows, *eval_rows;
  WeirSparse *matrix, *eval_matrix;
  WeirLinearOptions options;
  WeirTextModel *model;
  WeirTrainingReport report;
  GString *epochs; /* a JSON array of the epochs' figures */
} Training;

static void
training_clear(Training *training)
{
  linear_rows_free(training->rows);
  linear_rows_free(training->eval_rows);
  linear_tasks_free(training->tasks);
  weir_sparse_free(training->matrix);
  weir_sparse_free(training->eval_matrix);
  weir_text_model_free(training->model);
  if (training->epochs)
    g_string_free(training->epochs, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Training, training_clear)

static WeirRows
rows_of(const LinearRows *rows)
{
  return (WeirRows){
      .n_rows = rows->texts->len,
      .texts = (const char *const *)rows->texts->pdata,
      .lengths = (const gsize *)rows->lengths->data,
      .dense = rows->dense->len ? (const double *)rows->dense->data : NULL,
  };
}

static WeirLabelledRows
labelled_rows_of(const LinearRows *rows, const WeirSparse *matrix)
{
  return (WeirLabelledRows){
      .matrix = matrix,
      .heads = (const uint32_t *)rows->heads->data,
      .labels = (const uint32_t *)rows->labels->data,
  };
}

static void
write_figures(WeirJsonWriter *json, const WeirEpoch *epoch)
{
  weir_json_member_unsigned(json, "epoch", epoch->epoch);
  weir_json_member_number(json, "loss", epoch->train.loss);
  weir_json_member_number(json, "accuracy", epoch->train.accuracy);
  weir_json_member_number(json, "macro_f1", epoch->train.macro_f1);
  if (!epoch->eval.rows)
    return;
  weir_json_member_number(json, "eval_loss", epoch->eval.loss);
  weir_json_member_number(json, "eval_accuracy", epoch->eval.accuracy);
  weir_json_member_number(json, "eval_macro_f1", epoch->eval.macro_f1);
}

static gboolean
tell_epoch(const WeirEpoch *epoch, gpointer data)
{
  Training *training = data;
  g_autoptr(GString) line = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(line, 0);
  weir_json_begin_object(json);
  write_figures(json, epoch);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_printf(training->epochs, "%s%s", training->epochs->len > 1 ? "," : "", line->str);
  double rate = epoch->seconds > 0 ? (double)epoch->train.rows / epoch->seconds : 0;
  g_string_truncate(line, line->len - 1);
  g_string_append(line, ",\"rows_per_s\":");
  weir_json_append_number(line, (double)(gint64)(rate + 0.5));
  g_string_append_c(line, '}');
  weir_message(training->stage, "point", "epochs", line->str);
  weir_progress(training->stage, epoch->epoch, epoch->epochs, "epochs");
  return !weir_cancelled(training->stage);
}

static char **
names_of_labels(const LinearTask *task)
{
  char **names = g_new0(char *, task->labels->len + 1);
  for (guint k = 0; k < task->labels->len; k++)
    names[k] = g_strdup(task->labels->pdata[k]);
  return names;
}

/* The model without features and weights. */
static WeirTextModel *
new_model(const TrainState *state, WeirLinearKind kind, const LinearTasks *tasks)
{
  WeirTextModel *model = g_new0(WeirTextModel, 1);
  model->kind = kind;
  model->text_column = g_strdup(state->text);
  model->task_column = g_strdup(state->task);
  model->dense_columns = g_new0(char *, state->dense.count + 1);
  for (uint32_t i = 0; i < state->dense.count; i++)
    model->dense_columns[i] = g_strdup(state->dense.items[i]);
  model->n_heads = tasks->tasks->len;
  model->heads = g_new0(WeirTextHead, model->n_heads + 1);
  for (guint h = 0; h < model->n_heads; h++) {
    const LinearTask *task = tasks->tasks->pdata[h];
    model->heads[h].task = state->task ? g_strdup(task->task) : NULL;
    model->heads[h].labels = names_of_labels(task);
  }
  return model;
}

/* A column that is no class, such as an identifier, would ask for more memory than there is, and the system would
 * end the process without a word. */
static int
reserve(const Training *training, const WeirHeadShape *shapes)
{
  const LinearTasks *tasks = training->tasks;
  const guint n = tasks->tasks->len, n_features = training->model->features->n_features;
  const double machine = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  g_autofree guint64 *rows = g_new0(guint64, n);
  guint n_labels = 0;
  for (guint h = 0; h < n; h++) {
    n_labels += shapes[h].n_labels;
    for (guint k = 0; k < shapes[h].n_labels; k++)
      rows[h] += ((const LinearTask *)tasks->tasks->pdata[h])->rows[k];
  }
  double bytes = weir_linear_memory(shapes, rows, n, n_features, training->eval_matrix != NULL);
  const gboolean possible = bytes <= machine;
  if (possible && !weir_reserve(training->stage, (uint64_t)bytes))
    return 0;
  g_autofree char *size = weir_format_size(bytes);
  return weir_fail(
      training->stage,
      "%u labels with %u features and %u rows need %s, more memory than %s\n"
      "hint: %sif \"%s\" holds classes, lower the number of features with \"max-features\" or \"min-df\"; "
      "otherwise name another column in \"label\"",
      n_labels, n_features, training->rows->texts->len, size,
      possible ? "the run has for it" : "the machine has", possible ? "raise --memory; or " : "",
      ((const TrainState *)training->stage->state)->label);
}

static int
learn(Training *training)
{
  const TrainState *state = training->stage->state;
  const LinearTasks *tasks = training->tasks;
  const guint n = tasks->tasks->len;
  g_autofree WeirHeadShape *shapes = g_new0(WeirHeadShape, n);
  g_autofree WeirLinearHead *heads = g_new0(WeirLinearHead, n);
  g_autoptr(GPtrArray) weights = g_ptr_array_new_with_free_func(g_free);
  for (guint h = 0; h < n; h++) {
    const LinearTask *task = tasks->tasks->pdata[h];
    g_ptr_array_add(weights, label_weights(state, task));
    shapes[h] = (WeirHeadShape){task->labels->len, weights->pdata[h]};
  }
  if (reserve(training, shapes))
    return -1;
  WeirLabelledRows rows = labelled_rows_of(training->rows, training->matrix);
  WeirLabelledRows eval = {0};
  if (training->eval_matrix)
    eval = labelled_rows_of(training->eval_rows, training->eval_matrix);
  gboolean done =
      weir_linear_train(&training->options, shapes, n, &rows, training->eval_matrix ? &eval : NULL,
                        &training->executor, tell_epoch, training, heads, &training->report);
  for (guint h = 0; h < n; h++)
    training->model->heads[h].linear = heads[h];
  if (training->report.no_memory)
    return weir_fail(training->stage,
                     "no memory for the model in training\n"
                     "hint: lower the number of features with \"max-features\" or \"min-df\"");
  return done && !weir_cancelled(training->stage) ? 0 : -1;
}

static int
read_eval(Training *training)
{
  if (!weir_inputs(training->stage, EVAL))
    return 0;
  training->eval_rows = linear_rows_read(training->stage, EVAL, &training->tasks);
  if (!training->eval_rows)
    return -1;
  tell_eval(training->stage, training->eval_rows);
  if (!training->eval_rows->texts->len) {
    weir_log(training->stage, WEIR_LOG_WARNING,
             "input \"eval\" has no rows to judge by: training goes on without it");
    return 0;
  }
  WeirRows rows = rows_of(training->eval_rows);
  training->eval_matrix = weir_features_transform(training->model->features, &rows, &training->executor);
  return training->eval_matrix ? 0 : -1;
}

/* --- The model folder ----------------------------------------------------------------------------------------------- */

/* What goes into model.json about the training: nothing that was measured with a clock. */
static char *
describe_training(const Training *training)
{
  GString *text = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(text, 0);
  const WeirTrainingReport *report = &training->report;
  weir_json_begin_object(json);
  weir_json_member_unsigned(json, "rows", training->rows->texts->len);
  weir_json_member_unsigned(json, "eval_rows", training->eval_matrix ? training->eval_rows->texts->len : 0);
  weir_json_member_number(json, "c", training->options.c);
  weir_json_member_integer(json, "seed", (gint64)training->options.seed); /* as readers of JSON can hold it */
  weir_json_member_unsigned(json, "max_epochs", training->options.epochs);
  weir_json_member_unsigned(json, "best_epoch", report->best_epoch);
  weir_json_member_boolean(json, "converged", report->converged);
  weir_json_key(json, "calibration");
  weir_json_begin_object(json);
  weir_json_member_unsigned(json, "rows", report->calibration_rows);
  weir_json_member_number(json, "log_loss", report->calibration_loss);
  weir_json_member_number(json, "ece", report->calibration_error);
  weir_json_end_object(json);
  weir_json_key(json, "epochs");
  weir_json_raw(json, training->epochs->str);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(text, FALSE);
}

static int
save(Training *training)
{
  g_autoptr(GError) error = NULL;
  g_string_append_c(training->epochs, ']');
  g_autofree char *description = describe_training(training);
  g_autofree char *metadata = weir_text_model_metadata(training->model);
  const char *folder = weir_artifact_begin(training->stage, "model");
  if (!folder)
    return -1;
  if (!weir_text_model_save(training->model, folder, description, &error)) {
    weir_artifact_drop(training->stage, folder);
    return weir_fail(training->stage, "%s", error->message);
  }
  return weir_artifact_finish(training->stage, folder, MODEL, "model", metadata);
}

static void
tell_result(const Training *training)
{
  const WeirTrainingReport *report = &training->report;
  weir_metric(training->stage, "features", training->model->features->n_features, NULL);
  weir_metric(training->stage, "epochs", report->epochs, NULL);
  weir_metric(training->stage, "best-epoch", report->best_epoch, NULL);
  if (report->calibration_rows) {
    weir_metric(training->stage, "calibration-log-loss", report->calibration_loss, NULL);
    weir_metric(training->stage, "calibration-error", report->calibration_error, NULL);
  }
}

int
linear_train_produce(weir_stage *stage)
{
  const TrainState *state = stage->state;
  g_auto(Training) training = {.stage = stage, .executor = {stage, run_tasks}, .epochs = g_string_new("[")};
  training.rows = linear_rows_read(stage, TRAIN, &training.tasks);
  if (!training.rows || check_rows(stage, training.rows, training.tasks))
    return -1;
  training.options = linear_options(stage);
  training.model = new_model(state, training.options.kind, training.tasks);
  WeirFeatureOptions options = feature_options(state);
  WeirRows rows = rows_of(training.rows);
  training.model->features = weir_features_fit(&options, &rows, &training.executor, &training.matrix);
  if (!training.model->features || read_eval(&training) || learn(&training))
    return -1;
  tell_result(&training);
  return save(&training) ? -1 : WEIR_END;
}
