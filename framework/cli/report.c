/* SPDX-License-Identifier: MIT */
/* Collects what a run says of itself: see report.h. */
#include "cli/report.h"

static void
free_artifact(gpointer data)
{
  CliArtifact *artifact = data;
  g_free(artifact->stage);
  g_free(artifact->kind);
  g_free(artifact->path);
  g_free(artifact->sha256);
  g_free(artifact);
}

static void
free_metric(gpointer data)
{
  CliMetric *metric = data;
  g_free(metric->stage);
  g_free(metric->name);
  g_free(metric->unit);
  g_free(metric);
}

CliReport *
cli_report_new(void)
{
  CliReport *report = g_new0(CliReport, 1);
  report->artifacts = g_ptr_array_new_with_free_func(free_artifact);
  report->metrics = g_ptr_array_new_with_free_func(free_metric);
  return report;
}

void
cli_report_free(CliReport *report)
{
  if (!report)
    return;
  g_ptr_array_unref(report->artifacts);
  g_ptr_array_unref(report->metrics);
  g_free(report->name);
  g_free(report->ending);
  g_free(report);
}

static void
add_artifact(CliReport *report, const WeirMessage *message)
{
  CliArtifact *artifact = g_new0(CliArtifact, 1);
  artifact->stage = g_strdup(message->stage);
  artifact->kind = g_strdup(message->kind);
  artifact->path = g_strdup(message->name);
  artifact->sha256 = g_strdup(message->text);
  g_ptr_array_add(report->artifacts, artifact);
}

static void
add_metric(CliReport *report, const WeirMessage *message)
{
  CliMetric *metric = NULL;
  for (guint i = 0; i < report->metrics->len && !metric; i++) {
    CliMetric *other = report->metrics->pdata[i];
    if (g_strcmp0(other->stage, message->stage) == 0 && g_strcmp0(other->name, message->name) == 0)
      metric = other;
  }
  if (!metric) {
    metric = g_new0(CliMetric, 1);
    metric->stage = g_strdup(message->stage);
    metric->name = g_strdup(message->name ? message->name : "");
    g_ptr_array_add(report->metrics, metric);
  }
  metric->value = message->value;
  g_free(metric->unit);
  metric->unit = g_strdup(message->unit);
}

void
cli_report_add(CliReport *report, const WeirMessage *message)
{
  switch (message->type) {
  case WEIR_MESSAGE_RUN_BEGIN:
    g_free(report->name);
    report->name = g_strdup(message->text);
    break;
  case WEIR_MESSAGE_ARTIFACT:
    add_artifact(report, message);
    break;
  case WEIR_MESSAGE_METRIC:
    add_metric(report, message);
    break;
  case WEIR_MESSAGE_ERROR:
    report->has_error = TRUE;
    break;
  case WEIR_MESSAGE_RUN_END:
    g_free(report->ending);
    report->ending = g_strdup(message->text);
    break;
  default:
    break;
  }
}
