/* SPDX-License-Identifier: MIT */
/* Declares and fills the records of an evaluation: what is declared and what is put stand side by side here.
 *
 * Each part of a record is walked twice by the same function: once to declare its fields, once to fill the
 * builders of these, so that the two cannot come apart. */
#include "records.h"

#include <math.h>
#include <string.h>

#include "base/json_write.h"

/* Either a list of fields that is being declared, or the builders that are being filled, in their order. */
typedef struct {
  GString *types;         /* "name:type,…" while declaring, else NULL */
  weir_builder **columns; /* while filling */
  guint next;
} Walk;

/* The builder of the next field; NULL while declaring. */
static weir_builder *
field(Walk *walk, const char *name, const char *type)
{
  if (!walk->types)
    return walk->columns[walk->next++];
  g_string_append_printf(walk->types, "%s%s:%s", walk->types->len ? "\n" : "", name, type);
  return NULL;
}

static void
put_count(Walk *walk, const char *name, guint64 value)
{
  weir_builder *column = field(walk, name, "u64");
  if (column)
    weir_put_u64(column, value);
}

/* A figure that there is nothing to take from is null. */
static void
put_figure(Walk *walk, const char *name, double value, gboolean known)
{
  weir_builder *column = field(walk, name, "f64?");
  if (column && known)
    weir_put_number(column, value);
  else if (column)
    weir_put_null(column);
}

static void
put_interval(Walk *walk, const char *name, WeirInterval interval)
{
  g_autofree char *low = g_strconcat(name, "_low", NULL);
  g_autofree char *high = g_strconcat(name, "_high", NULL);
  put_figure(walk, low, interval.low, TRUE);
  put_figure(walk, high, interval.high, TRUE);
}

/* --- Headline figures --- */

static void
walk_figures(Walk *walk, EvaluationShape shape, const EvaluationGroup *group)
{
  static const EvaluationGroup nothing = {0};
  const EvaluationGroup *g = group ? group : &nothing;
  put_count(walk, "rows", g->scores.rows);
  put_count(walk, "unlabelled", g->unlabelled);
  put_count(walk, "classes", g->scores.n_present);
  put_figure(walk, "accuracy", g->scores.accuracy, TRUE);
  put_interval(walk, "accuracy", g->accuracy);
  put_figure(walk, "macro_f1", g->scores.macro.f1, TRUE);
  put_interval(walk, "macro_f1", g->macro_f1);
  put_figure(walk, "weighted_f1", g->scores.weighted.f1, TRUE);
  put_interval(walk, "weighted_f1", g->weighted_f1);
  put_figure(walk, "micro_f1", g->scores.micro.f1, TRUE);
  if (shape.probabilities)
    put_figure(walk, "log_loss", weir_log_loss_mean(&g->loss), g->loss.rows > 0);
  if (shape.confidence)
    put_figure(walk, "calibration_error", weir_calibration_error(&g->calibration), g->with_confidence > 0);
}

/* --- Parts of the report; each is the filling of one list or struct, or the type of it --- */

/* "struct<…>" or "list<struct<…>>" of what a walk declares. */
#define TYPE_OF(before, after, walk_call)           \
  ({                                                \
    g_autoptr(GString) fields = g_string_new(NULL); \
    Walk inner = {fields, NULL, 0};                 \
    Walk *in = &inner;                              \
    walk_call;                                      \
    g_string_replace(fields, "\n", ",", 0);         \
    g_strconcat(before, fields->str, after, NULL);  \
  })

static void
walk_class(Walk *walk, EvaluationShape shape, const char *task, const char *label,
           const WeirLabelScores *scores)
{
  static const WeirLabelScores nothing = {0};
  const WeirLabelScores *s = scores ? scores : &nothing;
  if (shape.tasks) {
    weir_builder *column = field(walk, "task", "utf8?");
    if (column)
      weir_put_string(column, task);
  }
  weir_builder *column = field(walk, "label", "utf8");
  if (column)
    weir_put_string(column, label);
  put_figure(walk, "precision", s->precision, TRUE);
  put_figure(walk, "recall", s->recall, TRUE);
  put_figure(walk, "f1", s->f1, TRUE);
  put_count(walk, "support", s->support);
  put_count(walk, "predicted", s->predicted);
}

static void
put_classes(Walk *walk, EvaluationShape shape, const Evaluation *evaluation, const EvaluationGroup *group)
{
  g_autofree char *type =
      walk->types ? TYPE_OF("list<struct<", ">>", walk_class(in, shape, NULL, NULL, NULL)) : NULL;
  weir_builder *list = field(walk, "per_class", type);
  if (!list)
    return;
  g_autoptr(GArray) present = evaluation_present(group);
  for (guint i = 0; i < present->len; i++) {
    guint32 c = g_array_index(present, guint32, i);
    const EvaluationClass *class = evaluation_get_class(evaluation, c);
    Walk inner = {NULL, list->children[0]->children, 0};
    walk_class(&inner, shape, evaluation_group(evaluation, class->task)->task, class->label,
               &group->scores.labels[c]);
    weir_put_struct(list->children[0]);
  }
  weir_put_list(list);
}

static void
walk_average(Walk *walk, const WeirAverageScores *scores)
{
  static const WeirAverageScores nothing = {0};
  const WeirAverageScores *s = scores ? scores : &nothing;
  put_figure(walk, "precision", s->precision, TRUE);
  put_figure(walk, "recall", s->recall, TRUE);
  put_figure(walk, "f1", s->f1, TRUE);
}

static void
put_average(Walk *walk, const char *name, const WeirAverageScores *scores)
{
  g_autofree char *type = walk->types ? TYPE_OF("struct<", ">", walk_average(in, NULL)) : NULL;
  weir_builder *column = field(walk, name, type);
  if (!column)
    return;
  Walk inner = {NULL, column->children, 0};
  walk_average(&inner, scores);
  weir_put_struct(column);
}

/* {"labels": [l, …], "rows": [[count, …], …]}: rows are labels, columns are predictions. */
static void
put_matrix(Walk *walk, const Evaluation *evaluation, const EvaluationGroup *group)
{
  weir_builder *matrix = field(walk, "confusion", "struct<labels:list<utf8>,rows:list<list<u64>>>?");
  if (!matrix)
    return;
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
walk_error(Walk *walk, EvaluationShape shape, const Evaluation *evaluation, const WeirConfusionCell *cell)
{
  const EvaluationClass *truth = cell ? evaluation_get_class(evaluation, cell->truth) : NULL;
  const EvaluationClass *prediction = cell ? evaluation_get_class(evaluation, cell->prediction) : NULL;
  if (shape.tasks) {
    weir_builder *task = field(walk, "task", "utf8?");
    if (task)
      weir_put_string(task, evaluation_group(evaluation, truth->task)->task);
  }
  weir_builder *column = field(walk, "label", "utf8");
  if (column)
    weir_put_string(column, truth->label);
  column = field(walk, "prediction", "utf8");
  if (column)
    weir_put_string(column, prediction->label);
  put_count(walk, "rows", cell ? cell->count : 0);
}

static void
put_errors(Walk *walk, EvaluationShape shape, const Evaluation *evaluation, const EvaluationGroup *group)
{
  g_autofree char *type =
      walk->types ? TYPE_OF("list<struct<", ">>", walk_error(in, shape, NULL, NULL)) : NULL;
  weir_builder *list = field(walk, "errors", type);
  if (!list)
    return;
  gsize n = 0;
  g_autofree WeirConfusionCell *cells = evaluation_errors(group, EVALUATION_ERRORS, &n);
  for (gsize i = 0; i < n; i++) {
    Walk inner = {NULL, list->children[0]->children, 0};
    walk_error(&inner, shape, evaluation, &cells[i]);
    weir_put_struct(list->children[0]);
  }
  weir_put_list(list);
}

static void
walk_bin(Walk *walk, const WeirCalibration *calibration, guint bin)
{
  static const WeirCalibration nothing = {0};
  const WeirCalibration *c = calibration ? calibration : &nothing;
  double rows = (double)c->rows[bin];
  put_figure(walk, "from", bin / (double)WEIR_CALIBRATION_BINS, TRUE);
  put_figure(walk, "to", (bin + 1) / (double)WEIR_CALIBRATION_BINS, TRUE);
  put_count(walk, "rows", c->rows[bin]);
  put_figure(walk, "confidence", rows > 0 ? c->confidence[bin] / rows : 0, rows > 0);
  put_figure(walk, "accuracy", rows > 0 ? (double)c->correct[bin] / rows : 0, rows > 0);
}

static void
walk_calibration(Walk *walk, const EvaluationGroup *group)
{
  g_autofree char *type = walk->types ? TYPE_OF("list<struct<", ">>", walk_bin(in, NULL, 0)) : NULL;
  put_count(walk, "rows", group ? group->with_confidence : 0);
  put_figure(walk, "error", group ? weir_calibration_error(&group->calibration) : 0,
             group && group->with_confidence);
  put_figure(walk, "largest_error", group ? weir_calibration_max_error(&group->calibration) : 0,
             group && group->with_confidence);
  weir_builder *bins = field(walk, "bins", type);
  if (!bins)
    return;
  for (guint bin = 0; bin < WEIR_CALIBRATION_BINS; bin++) {
    Walk inner = {NULL, bins->children[0]->children, 0};
    walk_bin(&inner, &group->calibration, bin);
    weir_put_struct(bins->children[0]);
  }
  weir_put_list(bins);
}

static void
put_calibration(Walk *walk, const EvaluationGroup *group)
{
  g_autofree char *type = walk->types ? TYPE_OF("struct<", ">", walk_calibration(in, NULL)) : NULL;
  weir_builder *column = field(walk, "calibration", type);
  if (!column)
    return;
  Walk inner = {NULL, column->children, 0};
  walk_calibration(&inner, group);
  weir_put_struct(column);
}

/* Labels that the model was never trained on, with their rows. */
static void
put_unseen(Walk *walk, const Evaluation *evaluation, const EvaluationGroup *group)
{
  weir_builder *list = field(walk, "unseen_labels", "list<struct<label:utf8,rows:u64>>");
  if (!list)
    return;
  for (guint i = 0; i < group->unseen->len; i++) {
    guint32 c = g_array_index(group->unseen, guint32, i);
    weir_builder *item = list->children[0];
    weir_put_string(item->children[0], evaluation_get_class(evaluation, c)->label);
    weir_put_u64(item->children[1], group->scores.labels[c].support);
    weir_put_struct(item);
  }
  weir_put_list(list);
}

/* Everything about one group. The matrix of all tasks together would be blocks of nothing: each has its own.
 */
static void
walk_section(Walk *walk, EvaluationShape shape, const Evaluation *evaluation, const EvaluationGroup *group,
             gboolean matrix)
{
  walk_figures(walk, shape, group);
  put_average(walk, "macro", group ? &group->scores.macro : NULL);
  put_average(walk, "micro", group ? &group->scores.micro : NULL);
  put_average(walk, "weighted", group ? &group->scores.weighted : NULL);
  put_classes(walk, shape, evaluation, group);
  put_errors(walk, shape, evaluation, group);
  if (matrix)
    put_matrix(walk, evaluation, group);
  if (shape.confidence)
    put_calibration(walk, group);
  if (shape.model)
    put_unseen(walk, evaluation, group);
}

/* --- Whole records --- */

typedef enum { METRICS, REPORT } Record;

static void
walk_task(Walk *walk, Record record, EvaluationShape shape, const Evaluation *evaluation,
          const EvaluationGroup *group)
{
  weir_builder *task = field(walk, "task", "utf8");
  if (task)
    weir_put_string(task, group->task);
  shape.tasks = false; /* it is said once, not in every line */
  if (record == METRICS)
    walk_figures(walk, shape, group);
  else
    walk_section(walk, shape, evaluation, group, TRUE);
}

static void
walk_record(Walk *walk, Record record, EvaluationShape shape, const Evaluation *evaluation)
{
  const EvaluationGroup *all = evaluation ? evaluation_group(evaluation, 0) : NULL;
  if (record == METRICS)
    walk_figures(walk, shape, all);
  else
    walk_section(walk, shape, evaluation, all, !shape.tasks);
  if (!shape.tasks)
    return;
  g_autofree char *type =
      walk->types ? TYPE_OF("list<struct<", ">>", walk_task(in, record, shape, NULL, NULL)) : NULL;
  weir_builder *list = field(walk, "tasks", type);
  if (!list)
    return;
  for (guint i = 1; i < evaluation->groups->len; i++) {
    Walk inner = {NULL, list->children[0]->children, 0};
    walk_task(&inner, record, shape, evaluation, evaluation_group(evaluation, i));
    weir_put_struct(list->children[0]);
  }
  weir_put_list(list);
}

static int
declare(weir_stage *stage, uint32_t port, Record record, EvaluationShape shape)
{
  g_autoptr(GString) types = g_string_new(NULL);
  Walk walk = {types, NULL, 0};
  walk_record(&walk, record, shape, NULL);
  g_auto(GStrv) lines = g_strsplit(types->str, "\n", -1);
  guint n = g_strv_length(lines);
  g_autofree weir_field *fields = g_new0(weir_field, n);
  for (guint i = 0; i < n; i++) {
    char *colon = strchr(lines[i], ':');
    *colon = '\0';
    fields[i].name = lines[i];
    fields[i].type = colon + 1;
  }
  return weir_declare(stage, port, fields, n);
}

static int
send_record(weir_stage *stage, uint32_t port, Record record, EvaluationShape shape,
            const Evaluation *evaluation)
{
  if (!weir_output_used(stage, port))
    return 0;
  weir_batch *batch = weir_batch_new(stage, port);
  if (!batch)
    return -1;
  Walk walk = {NULL, batch->columns, 0};
  walk_record(&walk, record, shape, evaluation);
  return weir_send(batch);
}

int
evaluation_declare_metrics(weir_stage *stage, uint32_t port, EvaluationShape shape)
{
  return declare(stage, port, METRICS, shape);
}

int
evaluation_declare_report(weir_stage *stage, uint32_t port, EvaluationShape shape)
{
  return declare(stage, port, REPORT, shape);
}

int
evaluation_send_metrics(weir_stage *stage, uint32_t port, EvaluationShape shape, const Evaluation *evaluation)
{
  return send_record(stage, port, METRICS, shape, evaluation);
}

int
evaluation_send_report(weir_stage *stage, uint32_t port, EvaluationShape shape, const Evaluation *evaluation)
{
  return send_record(stage, port, REPORT, shape, evaluation);
}
