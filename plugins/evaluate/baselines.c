/* SPDX-License-Identifier: MIT */
/* evaluate.baselines: what trivial predictors reach on the same records. */
#include "baselines.h"

#include <math.h>

#include "base/json_write.h"

/* --- Planning --- */

/* What kind of records come: those with the label column are labelled, those with query, model and quality outcomes. */
static int
find_kind(weir_stage *stage, const struct ArrowSchema *schema)
{
  BaselinesState *state = stage->state;
  int32_t label = weir_input_index(stage, BASELINES_IN, BY_LABEL, 0);
  bool outcomes = weir_input_index(stage, BASELINES_IN, BY_QUERY, 0) >= 0 &&
                  weir_input_index(stage, BASELINES_IN, BY_MODEL, 0) >= 0 &&
                  weir_input_index(stage, BASELINES_IN, BY_QUALITY, 0) >= 0;
  bool labels = label >= 0 && state->of != BASELINES_OUTCOMES;
  if (!labels && (!outcomes || state->of == BASELINES_LABELS))
    return weir_fail(
        stage,
        "the records have no column \"%s\" with labels%s\n"
        "hint: name the column with option \"label\"; outcomes of models have \"query\", \"model\" and "
        "\"quality\"",
        state->label, state->of == BASELINES_LABELS ? "" : ", and are no outcomes of models");
  bool is_list = labels && weir_type_from_format(schema->children[label]->format, NULL) == WEIR_LIST;
  if (is_list && (state->task || state->predictions.count))
    return weir_fail(stage, "options \"task\" and \"predictions\" are for records with one label");
  state->kind = !labels ? BASELINES_OUTCOMES : is_list ? BASELINES_SETS : BASELINES_LABELS;
  return 0;
}

/* The records to learn from are of the same kind. */
static int
check_train(weir_stage *stage)
{
  const BaselinesState *state = stage->state;
  const struct ArrowSchema *schema =
      weir_inputs(stage, BASELINES_TRAIN) ? weir_input_schema(stage, BASELINES_TRAIN) : NULL;
  if (!schema)
    return 0;
  if (state->kind == BASELINES_OUTCOMES) {
    for (uint32_t entry = BY_QUERY; entry <= BY_QUALITY; entry++)
      if (weir_input_index(stage, BASELINES_TRAIN, entry, 0) < 0)
        return weir_fail(stage, "input \"train\" lacks a column of outcomes: \"%s\", \"%s\" or \"%s\"",
                         state->query, state->model, state->quality);
    return 0;
  }
  int32_t label = weir_input_index(stage, BASELINES_TRAIN, BY_LABEL, 0);
  if (label < 0)
    return weir_fail(stage, "input \"train\" has no column \"%s\"", state->label);
  bool is_list = weir_type_from_format(schema->children[label]->format, NULL) == WEIR_LIST;
  if (is_list != (state->kind == BASELINES_SETS))
    return weir_fail(stage, "column \"%s\" holds lists in one of the inputs and single labels in the other",
                     state->label);
  return 0;
}

int
baselines_schema(weir_stage *stage)
{
  BaselinesState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, BASELINES_IN);
  if (!schema || state->kind != BASELINES_AUTO)
    return 0;
  if (find_kind(stage, schema) || check_train(stage))
    return -1;
  return state->kind == BASELINES_LABELS ? baselines_declare_labels(stage)
         : state->kind == BASELINES_SETS ? baselines_declare_sets(stage)
                                         : baselines_declare_outcomes(stage);
}

int
baselines_produce(weir_stage *stage)
{
  const BaselinesState *state = stage->state;
  if (baselines_schema(stage) || check_train(stage))
    return -1;
  if (!weir_table_rows(stage, BASELINES_IN))
    return weir_fail(stage, "the input has no records: nothing can be evaluated");
  if (!weir_inputs(stage, BASELINES_TRAIN))
    weir_log(stage, WEIR_LOG_WARNING,
             "input \"train\" is not connected: what baselines know, they know from the very "
             "records that they are tested on");
  int failed = state->kind == BASELINES_LABELS ? baselines_labels(stage)
               : state->kind == BASELINES_SETS ? baselines_sets(stage)
                                               : baselines_outcomes(stage);
  return failed ? -1 : WEIR_END;
}

/* --- Records --- */

static int
each_row(weir_stage *stage, uint32_t port, const struct ArrowArray *batch, weir_column *predictions,
         BaselineRow row, gpointer data)
{
  const BaselinesState *state = stage->state;
  const struct ArrowSchema *schema = weir_input_schema(stage, port);
  BaselineColumns columns = {.port = port,
                             .batch = batch,
                             .label = weir_input(stage, port, batch, BY_LABEL),
                             .task = weir_input(stage, port, batch, BY_TASK),
                             .query = weir_input(stage, port, batch, BY_QUERY),
                             .model = weir_input(stage, port, batch, BY_MODEL),
                             .quality = weir_input(stage, port, batch, BY_QUALITY),
                             .latency = weir_input(stage, port, batch, BY_LATENCY),
                             .category = weir_input(stage, port, batch, BY_CATEGORY),
                             .predictions = predictions};
  for (uint32_t i = 0; port == BASELINES_IN && i < state->predictions.count; i++)
    predictions[i] = weir_batch_column(schema, batch, weir_input_index(stage, port, BY_PREDICTIONS, i));
  for (int64_t i = 0; i < batch->length; i++)
    if (row(data, &columns, i))
      return -1;
  return 0;
}

int
baselines_each_row(weir_stage *stage, uint32_t port, BaselineRow row, gpointer data)
{
  const BaselinesState *state = stage->state;
  g_autofree weir_column *predictions = g_new0(weir_column, state->predictions.count + 1);
  for (uint64_t b = 0; b < weir_table_batches(stage, port); b++) {
    struct ArrowArray batch;
    if (weir_cancelled(stage) || weir_table_batch(stage, port, b, &batch))
      return -1;
    int failed = each_row(stage, port, &batch, predictions, row, data);
    weir_batch_release(&batch);
    if (failed)
      return -1;
  }
  return 0;
}

/* --- Lines --- */

static void
cell_clear(gpointer data)
{
  BaselineCell *cell = data;
  g_free((char *)cell->text);
}

int
baseline_lines_begin(weir_stage *stage, BaselineLines *lines)
{
  *lines =
      (BaselineLines){.stage = stage, .table = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref)};
  if (!weir_output_used(stage, 0))
    return 0;
  lines->batch = weir_batch_new(stage, 0);
  if (lines->batch)
    return 0;
  baseline_lines_drop(lines);
  return -1;
}

static void
put_cell(weir_builder *column, const BaselineCell *cell)
{
  if (cell->text)
    weir_put_string(column, cell->text);
  else if (isnan(cell->number))
    weir_put_null(column);
  else if (column->type == WEIR_U64)
    weir_put_u64(column, (uint64_t)cell->number);
  else if (column->type == WEIR_F64)
    weir_put_number(column, cell->number);
  else
    weir_put_null(column);
}

void
baseline_lines_add(BaselineLines *lines, const BaselineCell *cells, guint n)
{
  GArray *line = g_array_new(FALSE, FALSE, sizeof(BaselineCell));
  g_array_set_clear_func(line, cell_clear);
  for (guint i = 0; i < n; i++) {
    BaselineCell cell = {g_strdup(cells[i].text), cells[i].number};
    g_array_append_val(line, cell);
    if (lines->batch)
      put_cell(lines->batch->columns[i], &cells[i]);
  }
  g_ptr_array_add(lines->table, line);
}

static void
write_cell(WeirJsonWriter *json, const BaselineCell *cell)
{
  if (cell->text)
    weir_json_string(json, cell->text);
  else if (isnan(cell->number))
    weir_json_null(json);
  else
    weir_json_number(json, cell->number);
}

static void
publish(const BaselineLines *lines, const char *const *columns)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  weir_json_begin_object(json);
  weir_json_key(json, "columns");
  weir_json_begin_array(json);
  for (; *columns; columns++)
    weir_json_string(json, *columns);
  weir_json_end_array(json);
  weir_json_key(json, "rows");
  weir_json_begin_array(json);
  for (guint i = 0; i < lines->table->len; i++) {
    const GArray *line = lines->table->pdata[i];
    weir_json_begin_array(json);
    for (guint c = 0; c < line->len; c++)
      write_cell(json, &g_array_index(line, BaselineCell, c));
    weir_json_end_array(json);
  }
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(lines->stage, "table", "baselines", text->str);
}

int
baseline_lines_send(BaselineLines *lines, const char *const *columns)
{
  publish(lines, columns);
  g_ptr_array_unref(lines->table);
  return lines->batch ? weir_send(lines->batch) : 0;
}

void
baseline_lines_drop(BaselineLines *lines)
{
  if (lines->batch)
    weir_drop(lines->batch);
  g_ptr_array_unref(lines->table);
}
