/* SPDX-License-Identifier: MIT */
/* What people see of an evaluation while the run goes on: tables, a matrix, a curve, the headline. */
#include "records.h"

#include "base/json_write.h"

#define TABLE_LINES   200 /* classes in the table */
#define MATRIX_LABELS 60  /* more do not fit a page */
#define ERROR_LINES   20
#define NAMED_LABELS  8 /* in a warning */

/* A message that is being written. */
typedef struct {
  GString *text;
  WeirJsonWriter *json;
} Message;

static Message
message_begin(void)
{
  Message message = {g_string_new(NULL), NULL};
  message.json = weir_json_writer_new(message.text, 0);
  weir_json_begin_object(message.json);
  return message;
}

static void
message_send(weir_stage *stage, Message *message, const char *kind, const char *name)
{
  weir_json_end_object(message->json);
  weir_json_writer_free(message->json);
  weir_message(stage, kind, name, message->text->str);
  g_string_free(message->text, TRUE);
}

static void
put_strings(WeirJsonWriter *json, const char *key, const char *const *texts)
{
  weir_json_key(json, key);
  weir_json_begin_array(json);
  for (; *texts; texts++)
    weir_json_string(json, *texts);
  weir_json_end_array(json);
}

/* A label; of a task, where there are several: "task: label". */
static char *
class_name(const Evaluation *evaluation, guint32 number)
{
  const EvaluationClass *class = evaluation_get_class(evaluation, number);
  const char *task = evaluation_group(evaluation, class->task)->task;
  return task ? g_strdup_printf("%s: %s", task, class->label) : g_strdup(class->label);
}

static void
publish_classes(weir_stage *stage, const Evaluation *evaluation)
{
  static const char *const columns[] = {"label", "precision", "recall", "F1", "rows", NULL};
  const EvaluationGroup *all = evaluation_group(evaluation, 0);
  g_autoptr(GArray) present = evaluation_present(all);
  Message message = message_begin();
  put_strings(message.json, "columns", columns);
  weir_json_key(message.json, "rows");
  weir_json_begin_array(message.json);
  for (guint i = 0; i < MIN(present->len, TABLE_LINES); i++) {
    guint32 c = g_array_index(present, guint32, i);
    const WeirLabelScores *scores = &all->scores.labels[c];
    g_autofree char *name = class_name(evaluation, c);
    weir_json_begin_array(message.json);
    weir_json_string(message.json, name);
    weir_json_number(message.json, scores->precision);
    weir_json_number(message.json, scores->recall);
    weir_json_number(message.json, scores->f1);
    weir_json_unsigned(message.json, scores->support);
    weir_json_end_array(message.json);
  }
  if (present->len > TABLE_LINES) {
    g_autofree char *more = g_strdup_printf("(%u more)", present->len - TABLE_LINES);
    weir_json_begin_array(message.json);
    weir_json_string(message.json, more);
    for (guint i = 1; columns[i]; i++)
      weir_json_null(message.json);
    weir_json_end_array(message.json);
  }
  weir_json_end_array(message.json);
  message_send(stage, &message, "table", "by class");
}

static void
publish_errors(weir_stage *stage, const Evaluation *evaluation)
{
  static const char *const columns[] = {"label", "prediction", "rows", NULL};
  gsize n = 0;
  g_autofree WeirConfusionCell *cells = evaluation_errors(evaluation_group(evaluation, 0), ERROR_LINES, &n);
  Message message = message_begin();
  put_strings(message.json, "columns", columns);
  weir_json_key(message.json, "rows");
  weir_json_begin_array(message.json);
  for (gsize i = 0; i < n; i++) {
    g_autofree char *label = class_name(evaluation, cells[i].truth);
    g_autofree char *prediction = class_name(evaluation, cells[i].prediction);
    weir_json_begin_array(message.json);
    weir_json_string(message.json, label);
    weir_json_string(message.json, prediction);
    weir_json_unsigned(message.json, cells[i].count);
    weir_json_end_array(message.json);
  }
  weir_json_end_array(message.json);
  message_send(stage, &message, "table", "most frequent errors");
}

static void
publish_matrix(weir_stage *stage, const Evaluation *evaluation, const EvaluationGroup *group)
{
  g_autoptr(GArray) present = evaluation_present(group);
  if (present->len > MATRIX_LABELS)
    return;
  Message message = message_begin();
  weir_json_key(message.json, "labels");
  weir_json_begin_array(message.json);
  for (guint i = 0; i < present->len; i++)
    weir_json_string(message.json,
                     evaluation_get_class(evaluation, g_array_index(present, guint32, i))->label);
  weir_json_end_array(message.json);
  weir_json_key(message.json, "rows");
  weir_json_begin_array(message.json);
  for (guint i = 0; i < present->len; i++) {
    weir_json_begin_array(message.json);
    for (guint j = 0; j < present->len; j++)
      weir_json_unsigned(message.json,
                         weir_confusion_get(group->confusion, g_array_index(present, guint32, i),
                                            g_array_index(present, guint32, j)));
    weir_json_end_array(message.json);
  }
  weir_json_end_array(message.json);
  g_autofree char *name = group->task ? g_strdup_printf("confusion, %s", group->task) : g_strdup("confusion");
  message_send(stage, &message, "matrix", name);
}

static void
publish_reliability(weir_stage *stage, const WeirCalibration *calibration)
{
  Message message = message_begin();
  weir_json_member_string(message.json, "x", "confidence");
  weir_json_member_string(message.json, "y", "accuracy");
  weir_json_key(message.json, "points");
  weir_json_begin_array(message.json);
  for (guint bin = 0; bin < WEIR_CALIBRATION_BINS; bin++) {
    double rows = (double)calibration->rows[bin];
    if (!calibration->rows[bin])
      continue;
    weir_json_begin_array(message.json);
    weir_json_number(message.json, calibration->confidence[bin] / rows);
    weir_json_number(message.json, (double)calibration->correct[bin] / rows);
    weir_json_end_array(message.json);
  }
  weir_json_end_array(message.json);
  message_send(stage, &message, "curve", "reliability");
}

/* --- Figures and warnings --- */

static void
publish_figures(weir_stage *stage, EvaluationShape shape, const EvaluationGroup *group)
{
  weir_metric(stage, "accuracy", group->scores.accuracy, NULL);
  weir_metric(stage, "macro-F1", group->scores.macro.f1, NULL);
  weir_metric(stage, "weighted-F1", group->scores.weighted.f1, NULL);
  if (shape.confidence && group->with_confidence)
    weir_metric(stage, "calibration error", weir_calibration_error(&group->calibration), NULL);
  if (shape.probabilities && group->loss.rows)
    weir_metric(stage, "log loss", weir_log_loss_mean(&group->loss), "nats");
}

static void
log_headline(weir_stage *stage, const EvaluationGroup *group)
{
  weir_log(stage, WEIR_LOG_INFO,
           "%s%saccuracy %.3f (95 %%: %.3f to %.3f), macro-F1 %.3f (%.3f to %.3f), %" G_GUINT64_FORMAT
           " records of %u classes",
           group->task ? group->task : "", group->task ? ": " : "", group->scores.accuracy,
           group->accuracy.low, group->accuracy.high, group->scores.macro.f1, group->macro_f1.low,
           group->macro_f1.high, group->scores.rows, group->scores.n_present);
}

static void
warn_of_unseen(weir_stage *stage, const Evaluation *evaluation)
{
  const EvaluationGroup *all = evaluation_group(evaluation, 0);
  g_autoptr(GString) names = g_string_new(NULL);
  guint64 rows = 0;
  for (guint i = 0; i < all->unseen->len; i++) {
    guint32 c = g_array_index(all->unseen, guint32, i);
    guint64 support = all->scores.labels[c].support;
    g_autofree char *name = class_name(evaluation, c);
    rows += support;
    if (i < NAMED_LABELS)
      g_string_append_printf(names, "%s\"%s\" (%" G_GUINT64_FORMAT " record%s)", i ? ", " : "", name, support,
                             support == 1 ? "" : "s");
  }
  if (all->unseen->len > NAMED_LABELS)
    g_string_append_printf(names, " and %u more", all->unseen->len - NAMED_LABELS);
  if (all->unseen->len)
    weir_log(stage, WEIR_LOG_WARNING,
             "labels that the model was never trained on count as errors, in %" G_GUINT64_FORMAT
             " record%s: %s",
             rows, rows == 1 ? "" : "s", names->str);
}

void
evaluation_publish(weir_stage *stage, EvaluationShape shape, const Evaluation *evaluation)
{
  const EvaluationGroup *all = evaluation_group(evaluation, 0);
  publish_classes(stage, evaluation);
  publish_errors(stage, evaluation);
  if (!shape.tasks)
    publish_matrix(stage, evaluation, all);
  for (guint i = 1; i < evaluation->groups->len; i++)
    publish_matrix(stage, evaluation, evaluation_group(evaluation, i));
  if (shape.confidence && all->with_confidence)
    publish_reliability(stage, &all->calibration);
  publish_figures(stage, shape, all);
  for (guint i = 1; i < evaluation->groups->len; i++)
    log_headline(stage, evaluation_group(evaluation, i));
  log_headline(stage, all);
  warn_of_unseen(stage, evaluation);
}
