/* SPDX-License-Identifier: MIT */
/* run.json: the whole record of a run; what differs from run to run with the same input stands under "measured". */
#include "core/run.h"

#include "base/json_write.h"
#include "core/message_json.h"

static void
write_digested(WeirJsonWriter *json, const char *path, const char *sha256)
{
  weir_json_begin_object(json);
  weir_json_member_string(json, "path", path);
  if (sha256 && *sha256)
    weir_json_member_string(json, "sha256", sha256);
  weir_json_end_object(json);
}

static void
write_included(WeirJsonWriter *json, const WeirPipeline *pipeline)
{
  if (pipeline->files->len < 2)
    return;
  weir_json_key(json, "included");
  weir_json_begin_array(json);
  for (guint i = 1; i < pipeline->files->len; i++)
    write_digested(json, ((const WeirPipelineFile *)pipeline->files->pdata[i])->path,
                   ((const WeirPipelineFile *)pipeline->files->pdata[i])->digest);
  weir_json_end_array(json);
}

static void
write_plugins(WeirJsonWriter *json, WeirRun *run)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  weir_json_key(json, "plugins");
  weir_json_begin_array(json);
  for (guint i = 0; i < run->n_stages; i++) {
    WeirPlugin *plugin = run->stages[i].plan->plugin;
    const char *hex = weir_plugin_get_digest(plugin);
    if (!g_hash_table_add(seen, plugin))
      continue;
    const weir_plugin *descriptor = weir_plugin_get_descriptor(plugin);
    weir_json_begin_object(json);
    weir_json_member_string(json, "name", descriptor->name);
    weir_json_member_string(json, "version", descriptor->version);
    weir_json_member_string(json, "file", weir_plugin_get_file(plugin));
    if (*hex)
      weir_json_member_string(json, "sha256", hex);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

/* Stages run beside each other: what they made is listed in the order of the plan, and of one stage as it came. */
static void
write_made_by(WeirJsonWriter *json, const char *stage, const GPtrArray *things)
{
  for (guint i = 0; i < things->len; i++) {
    const WeirMadeThing *thing = things->pdata[i];
    if (!g_str_equal(thing->stage, stage))
      continue;
    weir_json_begin_object(json);
    weir_json_member_string(json, "stage", thing->stage);
    weir_json_member_string(json, "kind", thing->kind);
    weir_json_member_string(json, "path", thing->path);
    weir_json_member_unsigned(json, "bytes", thing->bytes);
    if (thing->sha256)
      weir_json_member_string(json, "sha256", thing->sha256);
    weir_json_foreign(json, "metadata", thing->metadata);
    weir_json_end_object(json);
  }
}

static void
write_made(WeirJsonWriter *json, const char *key, const WeirRun *run, const GPtrArray *things)
{
  weir_json_key(json, key);
  weir_json_begin_array(json);
  for (guint i = 0; i < run->n_stages; i++)
    write_made_by(json, run->stages[i].plan->name, things);
  weir_json_end_array(json);
}

void
weir_run_write_measured(WeirRun *run, WeirJsonWriter *json)
{
  guint n;
  const WeirStageStats *stats = weir_run_get_stats(run, &n);
  g_autoptr(GDateTime) began = g_date_time_new_from_unix_utc(run->started_us / G_USEC_PER_SEC);
  g_autofree char *date = g_date_time_format_iso8601(began);
  weir_json_key(json, "measured");
  weir_json_begin_object(json);
  weir_json_member_string(json, "id", run->id);
  weir_json_member_string(json, "started", date);
  weir_json_member_number(json, "seconds", weir_run_get_elapsed(run));
  weir_json_member_unsigned(json, "jobs", run->jobs);
  weir_json_member_unsigned(json, "memory", weir_budget_total(run->budget));
  weir_json_member_unsigned(json, "max_record", weir_budget_record_limit(run->budget));
  weir_json_key(json, "stages");
  weir_json_begin_array(json);
  for (guint i = 0; i < n; i++) {
    weir_json_begin_object(json);
    weir_json_member_string(json, "stage", stats[i].stage);
    weir_json_member_string(json, "use", stats[i].use);
    weir_json_member_string(json, "state", stats[i].state);
    weir_json_member_unsigned(json, "records_in", stats[i].records_in);
    weir_json_member_unsigned(json, "records_out", stats[i].records_out);
    weir_json_member_unsigned(json, "bytes_in", stats[i].bytes_in);
    weir_json_member_unsigned(json, "bytes_out", stats[i].bytes_out);
    weir_json_member_unsigned(json, "rejects", stats[i].rejects);
    weir_json_member_number(json, "busy_seconds", (double)stats[i].busy_ns / 1e9);
    weir_json_member_number(json, "input_wait_seconds", (double)stats[i].wait_in_ns / 1e9);
    weir_json_member_number(json, "output_wait_seconds", (double)stats[i].wait_out_ns / 1e9);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
  weir_json_key(json, "metrics");
  weir_metrics_write(run->dir->metrics, run, TRUE, json);
  weir_json_end_object(json);
}

gboolean
weir_run_dir_record(WeirRunDir *dir, WeirRun *run, const char *state, int code, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  weir_json_writer_redact(json);
  weir_json_begin_object(json);
  weir_json_member_string(json, "weir", weir_version());
  weir_json_member_string(json, "state", state);
  if (!g_str_equal(state, "running"))
    weir_json_member_integer(json, "code", code);
  if (run->error)
    weir_json_member_string(json, "error", run->error);
  if (run->held)
    weir_json_member_string(json, "held", run->held);
  if (run->n_stages)
    weir_json_member_unsigned(json, "rejects", weir_rejects_total(run));
  weir_json_key(json, "pipeline");
  write_digested(json, run->pipeline->file, weir_pipeline_digest(run->pipeline));
  write_included(json, run->pipeline);
  weir_json_key(json, "plan");
  weir_plan_write_json(run->plan, json);
  write_plugins(json, run);
  weir_json_key(json, "inputs");
  weir_inputs_write(run->inputs, json);
  g_mutex_lock(&dir->lock_made);
  write_made(json, "artifacts", run, dir->artifacts);
  write_made(json, "outputs", run, dir->outputs);
  g_mutex_unlock(&dir->lock_made);
  weir_json_key(json, "metrics");
  weir_metrics_write(dir->metrics, run, FALSE, json);
  weir_run_write_measured(run, json);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  g_autofree char *path = g_build_filename(dir->path, "run.json", NULL);
  return weir_atomic_write(path, out->str, (gssize)out->len, WEIR_ATOMIC_DEFAULT, error);
}
