/* SPDX-License-Identifier: MIT */
/* Figures of stages: collected from their messages, written in an order that does not hang on timing. */
#include "core/metrics.h"
#include "core/run.h"

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/files.h"

#include <errno.h>

typedef struct {
  char *stage, *name, *unit;
  double value;
} Metric;

struct WeirMetrics {
  GPtrArray *list;   /* of Metric, as they first came */
  GHashTable *index; /* "stage\nname" to Metric */
};

static void
metric_free(gpointer data)
{
  Metric *metric = data;
  g_free(metric->stage);
  g_free(metric->name);
  g_free(metric->unit);
  g_free(metric);
}

WeirMetrics *
weir_metrics_new(void)
{
  WeirMetrics *metrics = g_new(WeirMetrics, 1);
  metrics->list = g_ptr_array_new_with_free_func(metric_free);
  metrics->index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return metrics;
}

void
weir_metrics_free(WeirMetrics *metrics)
{
  g_hash_table_unref(metrics->index);
  g_ptr_array_unref(metrics->list);
  g_free(metrics);
}

void
weir_metrics_note(WeirMetrics *metrics, const WeirMessage *message)
{
  g_autofree char *key = g_strdup_printf("%s\n%s", message->stage, message->name);
  Metric *metric = g_hash_table_lookup(metrics->index, key);
  if (!metric) {
    metric = g_new0(Metric, 1);
    metric->stage = g_strdup(message->stage);
    metric->name = g_strdup(message->name);
    g_ptr_array_add(metrics->list, metric);
    g_hash_table_insert(metrics->index, g_steal_pointer(&key), metric);
  }
  metric->value = message->value;
  g_free(metric->unit);
  metric->unit = g_strdup(message->unit);
}

static void
write_metric(const Metric *metric, WeirJsonWriter *json)
{
  weir_json_begin_object(json);
  weir_json_member_string(json, "stage", metric->stage);
  weir_json_member_string(json, "name", metric->name);
  weir_json_member_number(json, "value", metric->value);
  if (metric->unit)
    weir_json_member_string(json, "unit", metric->unit);
  weir_json_end_object(json);
}

static gboolean
is_measured(const Metric *metric)
{
  static const char *const units[] = {"ns", "us", "µs", "ms", "s", "seconds", "minutes", "hours", NULL};
  return metric->unit && (g_str_has_suffix(metric->unit, "/s") || g_strv_contains(units, metric->unit));
}

void
weir_metrics_write(const WeirMetrics *metrics, const WeirRun *run, gboolean measured, WeirJsonWriter *json)
{
  weir_json_begin_array(json);
  for (guint s = 0; s < run->n_stages; s++)
    for (guint i = 0; i < metrics->list->len; i++) {
      const Metric *metric = metrics->list->pdata[i];
      if (g_strcmp0(metric->stage, run->stages[s].plan->name) == 0 && is_measured(metric) == measured)
        write_metric(metric, json);
    }
  weir_json_end_array(json);
}

/* ---- The file -------------------------------------------------------------------------------------------- */

static void
write_counters(WeirRun *run, WeirJsonWriter *json)
{
  weir_json_key(json, "stages");
  weir_json_begin_array(json);
  guint n;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  for (guint i = 0; i < n; i++) {
    weir_json_begin_object(json);
    weir_json_member_string(json, "stage", stats[i].stage);
    weir_json_member_string(json, "use", stats[i].use);
    weir_json_member_string(json, "state", stats[i].state);
    weir_json_member_unsigned(json, "records_in", stats[i].records_in);
    weir_json_member_unsigned(json, "records_out", stats[i].records_out);
    weir_json_member_unsigned(json, "rejects", stats[i].rejects);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

gboolean
weir_run_check_metrics_file(const WeirRun *run, GError **error)
{
  const char *path = run->metrics_file;
  if (!path)
    return TRUE;
  if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
    weir_set_io_error(error, EISDIR, "write", path);
    return FALSE;
  }
  return weir_check_above(path, "file", error);
}

gboolean
weir_run_write_metrics_file(WeirRun *run, const char *state, int code, GError **error)
{
  if (!run->metrics_file)
    return TRUE;
  g_autoptr(GString) out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  weir_json_writer_redact(json);
  weir_json_begin_object(json);
  weir_json_member_string(json, "pipeline", run->pipeline->name);
  weir_json_member_string(json, "state", state);
  weir_json_member_integer(json, "code", code);
  if (run->error)
    weir_json_member_string(json, "error", run->error);
  if (run->held)
    weir_json_member_string(json, "held", run->held);
  weir_json_key(json, "metrics");
  weir_metrics_write(run->dir->metrics, run, FALSE, json);
  weir_json_member_unsigned(json, "rejects", weir_rejects_total(run));
  write_counters(run, json);
  weir_run_write_measured(run, json);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  return weir_atomic_write(run->metrics_file, out->str, (gssize)out->len, WEIR_ATOMIC_MAKE_PARENTS, error);
}
