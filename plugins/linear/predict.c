/* SPDX-License-Identifier: MIT */
/* linear.predict: adds a label and its probability to each record. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "rows.h"

enum { MODEL = 0, RECORDS = 1 };           /* inputs */
enum { TEXT = 0, TASK = 1, DENSE = 2 };    /* entries of RECORDS */
enum { ARTIFACT_KIND = 0, ARTIFACT_PATH }; /* entries of MODEL */

/* What one call of process() needs for itself. */
typedef struct {
  WeirFeatureScratch *features;
  float *scores; /* of the widest head */
  double *dense;
  GString *task;
} PredictScratch;

static void
scratch_free(gpointer data)
{
  PredictScratch *scratch = data;
  weir_feature_scratch_free(scratch->features);
  free(scratch->scores);
  g_free(scratch->dense);
  g_string_free(scratch->task, TRUE);
  g_free(scratch);
}

static PredictScratch *
scratch_new(const WeirTextModel *model)
{
  guint width = 16;
  for (guint h = 0; h < model->n_heads; h++)
    width = MAX(width, model->heads[h].linear.width);
  float *scores = aligned_alloc(64, width * sizeof *scores);
  if (!scores)
    return NULL;
  PredictScratch *scratch = g_new0(PredictScratch, 1);
  scratch->features = weir_feature_scratch_new(model->features);
  scratch->scores = scores;
  scratch->dense = g_new0(double, model->features->options.n_dense + 1);
  scratch->task = g_string_new(NULL);
  return scratch;
}

int
linear_predict_open(weir_stage *stage)
{
  PredictState *state = stage->state;
  g_mutex_init(&state->lock);
  state->idle = g_ptr_array_new_with_free_func(scratch_free);
  return 0;
}

void
linear_predict_close(weir_stage *stage)
{
  PredictState *state = stage->state;
  if (state->idle)
    g_ptr_array_unref(state->idle);
  weir_text_model_free(state->model);
  g_mutex_clear(&state->lock);
}

/* --- The model ------------------------------------------------------------------------------------------------------ */

static int
check_columns(weir_stage *stage, const WeirTextModel *model)
{
  const PredictState *state = stage->state;
  guint n_dense = model->features->options.n_dense;
  if (n_dense != state->dense.count) {
    g_autofree char *names = g_strjoinv("\", \"", model->dense_columns);
    return weir_fail(stage, "the model reads %u dense column%s%s%s%s, and option \"dense\" names %u", n_dense,
                     n_dense == 1 ? "" : "s", n_dense ? ": \"" : "", names, n_dense ? "\"" : "",
                     state->dense.count);
  }
  for (guint i = 0; i < n_dense; i++)
    if (strcmp(model->dense_columns[i], state->dense.items[i]) != 0) {
      weir_log(stage, WEIR_LOG_WARNING,
               "option \"dense\" names \"%s\" where the model was trained with \"%s\": the order counts, not "
               "the name",
               state->dense.items[i], model->dense_columns[i]);
      break;
    }
  if (model->n_heads > 1 && !state->task)
    return weir_fail(
        stage, "the model serves %u tasks: name the column that holds a record's task with option \"task\"",
        model->n_heads);
  return 0;
}

/* Opens the folder that the record on the model input names. */
static int
load(weir_stage *stage)
{
  PredictState *state = stage->state;
  g_autoptr(GError) error = NULL;
  struct ArrowArray batch = {0};
  uint64_t rows = weir_table_rows(stage, MODEL);
  if (rows != 1)
    return weir_fail(stage, "input \"model\" holds %" PRIu64 " records, and one is wanted", rows);
  uint64_t index = 0;
  do {
    weir_batch_release(&batch);
    if (weir_table_batch(stage, MODEL, index++, &batch))
      return -1;
  } while (batch.length == 0);
  weir_column path = weir_input(stage, MODEL, &batch, ARTIFACT_PATH);
  const char *folder = weir_run_path(stage, weir_get_text(&path, 0));
  weir_batch_release(&batch);
  if (!folder)
    return -1;
  g_autoptr(WeirTextModel) model = weir_text_model_load(folder, &error);
  if (!model)
    return weir_fail(stage, "%s", error->message);
  if (check_columns(stage, model))
    return -1;
  state->model = g_steal_pointer(&model);
  return 0;
}

/* A scratch of its own for each call; the first call loads the model. NULL: failed, reported. */
static PredictScratch *
take_scratch(weir_stage *stage)
{
  PredictState *state = stage->state;
  PredictScratch *scratch = NULL;
  g_mutex_lock(&state->lock);
  if (!state->model && !state->failed)
    state->failed = load(stage) != 0;
  gboolean ready = state->model != NULL;
  if (ready && state->idle->len)
    scratch = g_ptr_array_steal_index_fast(state->idle, state->idle->len - 1);
  g_mutex_unlock(&state->lock);
  if (!ready)
    return NULL;
  if (!scratch && !(scratch = scratch_new(state->model)))
    weir_fail(stage, "there is no memory for the scores of a record");
  return scratch;
}

static void
give_back(weir_stage *stage, PredictScratch *scratch)
{
  PredictState *state = stage->state;
  g_mutex_lock(&state->lock);
  g_ptr_array_add(state->idle, scratch);
  g_mutex_unlock(&state->lock);
}

/* --- Records -------------------------------------------------------------------------------------------------------- */

typedef struct {
  weir_column text, task;
  weir_column *dense;
  int model_head; /* of all records, or -1 when each names its task */
} Columns;

static void
look(weir_stage *stage, const struct ArrowArray *batch, Columns *columns)
{
  const PredictState *state = stage->state;
  columns->text = weir_input(stage, RECORDS, batch, TEXT);
  columns->task = weir_input(stage, RECORDS, batch, TASK);
  columns->dense = g_new0(weir_column, state->dense.count + 1);
  for (uint32_t i = 0; i < state->dense.count; i++)
    columns->dense[i] = weir_batch_column(weir_input_schema(stage, RECORDS), batch,
                                          weir_input_index(stage, RECORDS, DENSE, i));
  columns->model_head = columns->task.type == WEIR_TYPE_NONE || !state->model->heads[0].task ? 0 : -1;
}

/* The head for a record; -1 when the model has none. */
static int
head_of(const WeirTextModel *model, const Columns *columns, int64_t row, PredictScratch *scratch)
{
  if (columns->model_head >= 0)
    return columns->model_head;
  if (weir_is_null(&columns->task, row))
    return -1;
  weir_text task = linear_name(&columns->task, row, scratch->task);
  return weir_text_model_find_head(model, task.data, (gsize)task.len);
}

static WeirFeatureRow
features_of(const WeirTextModel *model, const Columns *columns, int64_t row, PredictScratch *scratch)
{
  const guint n_dense = model->features->options.n_dense;
  weir_text text = {"", 0};
  if (!weir_is_null(&columns->text, row))
    text = weir_get_text(&columns->text, row);
  for (guint i = 0; i < n_dense; i++)
    scratch->dense[i] =
        weir_is_null(&columns->dense[i], row) ? (double)NAN : weir_get_number(&columns->dense[i], row);
  return weir_features_row(model->features, scratch->features, text.data, (gsize)text.len,
                           n_dense ? scratch->dense : NULL);
}

static void
put_probabilities(const WeirLinearHead *head, float *scores, weir_builder *column)
{
  weir_linear_probabilities(head, scores);
  for (guint k = 0; k < head->n_labels; k++)
    weir_put_number(column->children[0], (double)scores[k]);
  weir_put_list(column);
}

/* The builders of the output's new columns; the last may be NULL. */
typedef struct {
  weir_builder *prediction, *confidence, *probabilities;
} Outputs;

static void
predict_row(const WeirTextModel *model, const Columns *columns, int64_t row, PredictScratch *scratch,
            int index, const Outputs *outputs)
{
  const WeirTextHead *head = &model->heads[index];
  double probability = 0;
  WeirFeatureRow features = features_of(model, columns, row, scratch);
  weir_linear_scores(&head->linear, features.columns, features.values, features.n, scratch->scores);
  guint label = weir_linear_decide(&head->linear, scratch->scores, &probability);
  weir_put_string(outputs->prediction, head->labels[label]);
  weir_put_number(outputs->confidence, probability);
  if (outputs->probabilities)
    put_probabilities(&head->linear, scratch->scores, outputs->probabilities);
}

/* A record of a task that the model does not serve cannot be predicted. 0: go on without it. */
static int
refuse_task(weir_stage *stage, const struct ArrowArray *batch, const Columns *columns, int64_t row,
            PredictScratch *scratch)
{
  const PredictState *state = stage->state;
  if (weir_is_null(&columns->task, row))
    return weir_reject(stage, RECORDS, batch, row, "there is no task in column \"%s\"", state->task);
  weir_text task = linear_name(&columns->task, row, scratch->task);
  g_autofree char *quoted = weir_quote(task.data, (gssize)task.len);
  g_autoptr(GString) names = g_string_new(NULL);
  for (guint h = 0; h < state->model->n_heads; h++) {
    g_autofree char *name = weir_quote(state->model->heads[h].task, -1);
    g_string_append_printf(names, "%s%s", h ? ", " : "", name);
  }
  return weir_reject(stage, RECORDS, batch, row, "the task is %s, which the model does not serve: it has %s",
                     quoted, names->str);
}

/* Leave out the records that the model has no head for. Takes the batch if it fails. */
static int
leave_out_unserved(weir_stage *stage, struct ArrowArray *batch, const Columns *columns,
                   PredictScratch *scratch)
{
  const PredictState *state = stage->state;
  g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(weir_row));
  int failed = 0;
  for (int64_t row = 0; !failed && row < batch->length; row++) {
    weir_row kept = {.batch = 0, .row = row};
    if (head_of(state->model, columns, row, scratch) >= 0)
      g_array_append_val(rows, kept);
    else
      failed = refuse_task(stage, batch, columns, row, scratch);
  }
  if (!failed && rows->len == batch->length)
    return 0;
  struct ArrowArray rest = {0};
  const struct ArrowArray *all = batch;
  if (!failed)
    failed = weir_gather(stage, weir_input_schema(stage, RECORDS), &all, 1,
                         (const weir_row *)(gconstpointer)rows->data, rows->len, &rest);
  weir_batch_release(batch);
  if (!failed)
    weir_batch_move(&rest, batch);
  return failed;
}

static int
predict_batch(weir_stage *stage, struct ArrowArray *batch, PredictScratch *scratch)
{
  const PredictState *state = stage->state;
  Columns columns;
  look(stage, batch, &columns);
  if (columns.model_head < 0) {
    int failed = leave_out_unserved(stage, batch, &columns, scratch);
    g_free(columns.dense);
    if (failed)
      return -1;
    look(stage, batch, &columns);
  }
  g_autofree weir_column *dense = columns.dense;
  (void)dense;
  const int64_t n = batch->length;
  weir_batch *built = weir_derive(stage, RECORDS, batch, 0);
  if (!built)
    return -1;
  Outputs outputs = {built->columns[0], built->columns[1], state->probabilities ? built->columns[2] : NULL};
  for (int64_t row = 0; row < n; row++)
    predict_row(state->model, &columns, row, scratch, head_of(state->model, &columns, row, scratch),
                &outputs);
  return weir_send(built);
}

int
linear_predict_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  PredictScratch *scratch = take_scratch(stage);
  if (!scratch) {
    weir_batch_release(batch);
    return -1;
  }
  int result = predict_batch(stage, batch, scratch);
  give_back(stage, scratch);
  return result;
}

/* The records have ended: a model that cannot be used is reported even if there was none. */
int
linear_predict_produce(weir_stage *stage)
{
  PredictState *state = stage->state;
  g_mutex_lock(&state->lock);
  int failed = state->failed || (!state->model && load(stage));
  g_mutex_unlock(&state->lock);
  return failed ? -1 : WEIR_END;
}
