/* SPDX-License-Identifier: MIT */
/* The records of an evaluation: the types of their columns first, then the functions that fill them, which put
 * values in the order in which the types stand. */
#include "records.h"

/* --- Types ------------------------------------------------------------------------------------------------
 */

#define FIGURES                                                                          \
  "rows:u64,unlabelled:u64,classes:u64,accuracy:f64,accuracy_low:f64,accuracy_high:f64," \
  "macro_f1:f64,macro_f1_low:f64,macro_f1_high:f64,"                                     \
  "weighted_f1:f64,weighted_f1_low:f64,weighted_f1_high:f64,micro_f1:f64"
#define LOG_LOSS          ",log_loss:f64?"
#define CALIBRATION_ERROR ",calibration_error:f64?"

#define AVERAGE     "struct<precision:f64,recall:f64,f1:f64>"
#define AVERAGES    ",macro:" AVERAGE ",micro:" AVERAGE ",weighted:" AVERAGE
#define TASK        "task:utf8?,"
#define CLASS       "label:utf8,precision:f64,recall:f64,f1:f64,support:u64,predicted:u64"
#define ERROR       "label:utf8,prediction:utf8,rows:u64"
#define MATRIX      ",confusion:struct<labels:list<utf8>,rows:list<list<u64>>>?"
#define BIN         "from:f64,to:f64,rows:u64,confidence:f64?,accuracy:f64?"
#define CALIBRATION ",calibration:struct<rows:u64,error:f64?,largest_error:f64?,bins:list<struct<" BIN ">>>"
#define UNSEEN      ",unseen_labels:list<struct<label:utf8,rows:u64>>"

static char *
figures_type(EvaluationShape shape)
{
  return g_strconcat(FIGURES, shape.probabilities ? LOG_LOSS : "", shape.confidence ? CALIBRATION_ERROR : "",
                     NULL);
}

/* Everything about one group. The matrix of all tasks together would be blocks of nothing: each task has its
 * own. */
static char *
section_type(EvaluationShape shape)
{
  const char *task = shape.tasks ? TASK : "";
  g_autofree char *figures = figures_type(shape);
  return g_strconcat(figures, AVERAGES, ",per_class:list<struct<", task, CLASS, ">>,errors:list<struct<",
                     task, ERROR, ">>", shape.tasks ? "" : MATRIX, shape.confidence ? CALIBRATION : "",
                     shape.model ? UNSEEN : "", NULL);
}

/* In the part of one task, the task is not said again in every line. */
static EvaluationShape
without_tasks(EvaluationShape shape)
{
  shape.tasks = false;
  return shape;
}

typedef char *(*PartType)(EvaluationShape shape);

static char *
record_type(EvaluationShape shape, PartType part)
{
  g_autofree char *whole = part(shape);
  if (!shape.tasks)
    return g_steal_pointer(&whole);
  g_autofree char *task = part(without_tasks(shape));
  return g_strconcat(whole, ",tasks:list<struct<task:utf8,", task, ">>", NULL);
}

/* Cuts "name:type,name:type" at the commas between columns, which are not inside of a type. */
static int
declare(weir_stage *stage, uint32_t port, EvaluationShape shape, PartType part)
{
  g_autofree char *text = record_type(shape, part);
  g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(weir_field));
  gint depth = 0;
  weir_field field = {text, NULL};
  for (char *at = text;; at++) {
    depth += (*at == '<') - (*at == '>');
    if (*at == ':' && !field.type) {
      field.type = at + 1;
      *at = '\0';
    } else if (!*at || (*at == ',' && !depth)) {
      gboolean end = !*at;
      *at = '\0';
      g_array_append_val(fields, field);
      if (end)
        break;
      field = (weir_field){at + 1, NULL};
    }
  }
  return weir_declare(stage, port, (const weir_field *)(gconstpointer)fields->data, fields->len);
}

int
evaluation_declare_metrics(weir_stage *stage, uint32_t port, EvaluationShape shape)
{
  return declare(stage, port, shape, figures_type);
}

int
evaluation_declare_report(weir_stage *stage, uint32_t port, EvaluationShape shape)
{
  return declare(stage, port, shape, section_type);
}

/* --- Values -----------------------------------------------------------------------------------------------
 */

/* The builders of a record or of a struct, and the next one to put a value into. */
typedef struct {
  weir_builder **columns;
  guint next;
} Put;

static void
put_count(Put *put, guint64 value)
{
  weir_put_u64(put->columns[put->next++], value);
}

static void
put_figure(Put *put, double value)
{
  weir_put_number(put->columns[put->next++], value);
}

static void
put_text(Put *put, const char *text)
{
  weir_put_string(put->columns[put->next++], text);
}

/* A figure that there is nothing to take from is null. */
static void
put_known(Put *put, double value, gboolean known)
{
  weir_builder *column = put->columns[put->next++];
  if (known)
    weir_put_number(column, value);
  else
    weir_put_null(column);
}

static void
put_with_interval(Put *put, double value, WeirInterval interval)
{
  put_figure(put, value);
  put_figure(put, interval.low);
  put_figure(put, interval.high);
}

static void
put_figures(Put *put, EvaluationShape shape, const EvaluationGroup *group)
{
  const WeirScores *scores = &group->scores;
  put_count(put, scores->rows);
  put_count(put, group->unlabelled);
  put_count(put, scores->n_present);
  put_with_interval(put, scores->accuracy, group->accuracy);
  put_with_interval(put, scores->macro.f1, group->macro_f1);
  put_with_interval(put, scores->weighted.f1, group->weighted_f1);
  put_figure(put, scores->micro.f1);
  if (shape.probabilities)
    put_known(put, weir_log_loss_mean(&group->loss), group->loss.rows > 0);
  if (shape.confidence)
    put_known(put, weir_calibration_error(&group->calibration), group->with_confidence > 0);
}

static void
put_average(Put *put, const WeirAverageScores *scores)
{
  weir_builder *column = put->columns[put->next++];
  Put inner = {column->children, 0};
  put_figure(&inner, scores->precision);
  put_figure(&inner, scores->recall);
  put_figure(&inner, scores->f1);
  weir_put_struct(column);
}

static void
put_classes(Put *put, EvaluationShape shape, const Evaluation *evaluation, const EvaluationGroup *group)
{
  weir_builder *list = put->columns[put->next++];
  g_autoptr(GArray) present = evaluation_present(group);
  for (guint i = 0; i < present->len; i++) {
    guint32 c = g_array_index(present, guint32, i);
    const EvaluationClass *class = evaluation_get_class(evaluation, c);
    const WeirLabelScores *scores = &group->scores.labels[c];
    Put line = {list->children[0]->children, 0};
    if (shape.tasks)
      put_text(&line, evaluation_group(evaluation, class->task)->task);
    put_text(&line, class->label);
    put_figure(&line, scores->precision);
    put_figure(&line, scores->recall);
    put_figure(&line, scores->f1);
    put_count(&line, scores->support);
    put_count(&line, scores->predicted);
    weir_put_struct(list->children[0]);
  }
  weir_put_list(list);
}

static void
put_errors(Put *put, EvaluationShape shape, const Evaluation *evaluation, const EvaluationGroup *group)
{
  weir_builder *list = put->columns[put->next++];
  gsize n = 0;
  g_autofree WeirConfusionCell *cells = evaluation_errors(group, EVALUATION_ERRORS, &n);
  for (gsize i = 0; i < n; i++) {
    const EvaluationClass *class = evaluation_get_class(evaluation, cells[i].truth);
    Put line = {list->children[0]->children, 0};
    if (shape.tasks)
      put_text(&line, evaluation_group(evaluation, class->task)->task);
    put_text(&line, class->label);
    put_text(&line, evaluation_get_class(evaluation, cells[i].prediction)->label);
    put_count(&line, cells[i].count);
    weir_put_struct(list->children[0]);
  }
  weir_put_list(list);
}

/* {"labels": [l, …], "rows": [[count, …], …]}: a row of the matrix is a label, a column a prediction. */
static void
put_matrix(Put *put, const Evaluation *evaluation, const EvaluationGroup *group)
{
  weir_builder *matrix = put->columns[put->next++];
  g_autoptr(GArray) present = evaluation_present(group);
  if (present->len > EVALUATION_MATRIX_LABELS) {
    weir_put_null(matrix);
    return;
  }
  weir_builder *labels = matrix->children[0];
  weir_builder *rows = matrix->children[1];
  for (guint i = 0; i < present->len; i++) {
    guint32 truth = g_array_index(present, guint32, i);
    weir_put_string(labels->children[0], evaluation_get_class(evaluation, truth)->label);
    for (guint j = 0; j < present->len; j++)
      weir_put_u64(rows->children[0]->children[0],
                   weir_confusion_get(group->confusion, truth, g_array_index(present, guint32, j)));
    weir_put_list(rows->children[0]);
  }
  weir_put_list(labels);
  weir_put_list(rows);
  weir_put_struct(matrix);
}

static void
put_calibration(Put *put, const EvaluationGroup *group)
{
  weir_builder *column = put->columns[put->next++];
  const WeirCalibration *calibration = &group->calibration;
  Put inner = {column->children, 0};
  put_count(&inner, group->with_confidence);
  put_known(&inner, weir_calibration_error(calibration), group->with_confidence > 0);
  put_known(&inner, weir_calibration_max_error(calibration), group->with_confidence > 0);
  weir_builder *bins = inner.columns[inner.next];
  for (guint bin = 0; bin < WEIR_CALIBRATION_BINS; bin++) {
    gboolean any = calibration->rows[bin] > 0;
    double rows = any ? (double)calibration->rows[bin] : 1;
    Put line = {bins->children[0]->children, 0};
    put_figure(&line, bin / (double)WEIR_CALIBRATION_BINS);
    put_figure(&line, (bin + 1) / (double)WEIR_CALIBRATION_BINS);
    put_count(&line, calibration->rows[bin]);
    put_known(&line, calibration->confidence[bin] / rows, any);
    put_known(&line, (double)calibration->correct[bin] / rows, any);
    weir_put_struct(bins->children[0]);
  }
  weir_put_list(bins);
  weir_put_struct(column);
}

/* Labels that the model was never trained on, with their rows. */
static void
put_unseen(Put *put, const Evaluation *evaluation, const EvaluationGroup *group)
{
  weir_builder *list = put->columns[put->next++];
  for (guint i = 0; i < group->unseen->len; i++) {
    guint32 c = g_array_index(group->unseen, guint32, i);
    Put line = {list->children[0]->children, 0};
    put_text(&line, evaluation_get_class(evaluation, c)->label);
    put_count(&line, group->scores.labels[c].support);
    weir_put_struct(list->children[0]);
  }
  weir_put_list(list);
}

static void
put_section(Put *put, EvaluationShape shape, const Evaluation *evaluation, const EvaluationGroup *group)
{
  put_figures(put, shape, group);
  put_average(put, &group->scores.macro);
  put_average(put, &group->scores.micro);
  put_average(put, &group->scores.weighted);
  put_classes(put, shape, evaluation, group);
  put_errors(put, shape, evaluation, group);
  if (!shape.tasks)
    put_matrix(put, evaluation, group);
  if (shape.confidence)
    put_calibration(put, group);
  if (shape.model)
    put_unseen(put, evaluation, group);
}

static void
put_part(Put *put, bool whole, EvaluationShape shape, const Evaluation *evaluation,
         const EvaluationGroup *group)
{
  if (whole)
    put_section(put, shape, evaluation, group);
  else
    put_figures(put, shape, group);
}

static int
send_record(weir_stage *stage, uint32_t port, bool whole, EvaluationShape shape, const Evaluation *evaluation)
{
  if (!weir_output_used(stage, port))
    return 0;
  weir_batch *batch = weir_batch_new(stage, port);
  if (!batch)
    return -1;
  Put put = {batch->columns, 0};
  put_part(&put, whole, shape, evaluation, evaluation_group(evaluation, 0));
  if (!shape.tasks)
    return weir_send(batch);
  weir_builder *tasks = put.columns[put.next];
  for (guint i = 1; i < evaluation->groups->len; i++) {
    const EvaluationGroup *group = evaluation_group(evaluation, i);
    Put part = {tasks->children[0]->children, 0};
    put_text(&part, group->task);
    put_part(&part, whole, without_tasks(shape), evaluation, group);
    weir_put_struct(tasks->children[0]);
  }
  weir_put_list(tasks);
  return weir_send(batch);
}

int
evaluation_send_metrics(weir_stage *stage, uint32_t port, EvaluationShape shape, const Evaluation *evaluation)
{
  return send_record(stage, port, false, shape, evaluation);
}

int
evaluation_send_report(weir_stage *stage, uint32_t port, EvaluationShape shape, const Evaluation *evaluation)
{
  return send_record(stage, port, true, shape, evaluation);
}
