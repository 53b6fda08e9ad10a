/* SPDX-License-Identifier: MIT */
/* Stage handles: a call into a class begins and ends here, with its failures and the contract's rules about them. */
#include "core/crash.h"
#include "core/run.h"

#include "base/redact.h"

void
weir_stage_init(WeirStage *stage, WeirRun *run, WeirPlanStage *plan, WeirRunningStage *running)
{
  memset(stage, 0, sizeof *stage);
  stage->public.host = run && run->host ? run->host : &weir_host_table;
  stage->public.state = plan->state;
  stage->running = running;
  stage->plan = plan;
  stage->run = run;
  stage->port = -1;
  stage->builders = g_ptr_array_new();
  stage->spare_builders = g_new0(weir_builder **, plan->n_outputs + 1);
}

void
weir_stage_clear(WeirStage *stage)
{
  weir_host_free_builders(stage);
  g_ptr_array_unref(stage->builders);
  g_free(stage->fail_text);
  g_free(stage->held_failure);
  g_clear_pointer(&stage->kept, g_array_unref);
  if (stage->held) {
    for (guint i = 0; i < stage->held->len; i++)
      weir_batch_release(&g_array_index(stage->held, WeirHeldBatch, i).batch);
    g_array_unref(stage->held);
    g_ptr_array_unref(stage->held_rejects);
  }
}

void
weir_stage_begin_call(WeirStage *stage, const char *call, gint port)
{
  weir_crash_enter(stage->plan, call);
  stage->call = call;
  stage->port = port;
  stage->fails = 0;
  g_clear_pointer(&stage->fail_text, g_free);
  stage->host_failed = FALSE;
  stage->blocked_ns = 0;
}

/* What failed, where in the pipeline file, and at which port and batch. */
static char *
report(const WeirStage *stage, const char *text)
{
  g_autofree char *where = weir_position_to_string(stage->plan->spec->position);
  g_autofree char *label = weir_plan_stage_label(stage->plan);
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, "%s%s%s: %s", where, *where ? ": " : "", label, text);
  if (stage->port >= 0 && stage->plan->n_inputs > (guint)stage->port && stage->batch_number)
    g_string_append_printf(out, "\n  at input \"%s\", batch %" G_GUINT64_FORMAT,
                           stage->plan->inputs[stage->port].name, stage->batch_number);
  return g_string_free(out, FALSE);
}

/* A stage that advises a larger budget does not know the one that there is. */
static char *
with_budget(const WeirStage *stage)
{
  g_autofree char *why = stage->running && strstr(stage->fail_text, "--memory")
                             ? weir_budget_explain(stage->run->budget, stage->plan->index)
                             : NULL;
  return why ? g_strconcat(stage->fail_text, "\n  ", why, NULL) : g_strdup(stage->fail_text);
}

static void
fail_with(WeirStage *stage, const char *text)
{
  if (stage->planning) {
    g_autofree char *label = weir_plan_stage_label(stage->plan);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    WeirDiagnostic *entry =
        weir_diagnostics_error(stage->planning, stage->plan->spec->position, "%s: %s", label, lines[0]);
    for (guint i = 1; lines[i]; i++) {
      const char *line = g_strchomp(lines[i]);
      for (guint n = 0; n < 2 && *line == ' '; n++) /* beyond these, spaces put a caret in its place */
        line++;
      if (g_str_has_prefix(line, "hint: "))
        weir_diagnostic_hint(entry, "%s", line + 6);
      else if (*line)
        weir_diagnostic_note(entry, "%s", line);
    }
  } else if (!stage->held) {
    weir_run_fail(stage->run, report(stage, text));
  } else if (!stage->held_failure) {
    stage->held_failure = report(stage, text);
  }
}

int
weir_stage_fail_host(WeirStage *stage, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  stage->host_failed = TRUE;
  fail_with(stage, text);
  return -1;
}

static char *
breach(const WeirStage *stage, const char *rule, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf(format, args);
  const weir_plugin *plugin = weir_plugin_get_descriptor(stage->plan->plugin);
  return g_strdup_printf("rule %s of the plugin contract is broken: %s\n  plugin %s %s, %s", rule, text,
                         plugin->name, plugin->version, weir_plugin_get_file(stage->plan->plugin));
}

int
weir_stage_breach(WeirStage *stage, const char *rule, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = breach(stage, rule, format, args);
  va_end(args);
  stage->host_failed = TRUE;
  fail_with(stage, text);
  return -1;
}

char *
weir_stage_breach_text(const WeirStage *stage, const char *rule, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = breach(stage, rule, format, args);
  va_end(args);
  return report(stage, text);
}

int
weir_stage_end_call(WeirStage *stage, int result)
{
  const char *call = stage->call;
  gboolean failed = stage->fails > 0 || stage->host_failed;
  gboolean cancelled = !stage->planning && g_atomic_int_get(&stage->run->cancelled);
  int outcome = result;
  gboolean may_end = g_str_equal(call, "produce") || g_str_equal(call, "process");
  if (result != 0 && result != -1 && !(result == WEIR_END && may_end))
    outcome = weir_stage_breach(stage, "W12", "%s() returned %d", call, result);
  else if (stage->fails > 1)
    outcome = weir_stage_breach(stage, "W03", "%s() called weir_fail() %u times, first with: %s", call,
                                stage->fails, stage->fail_text);
  else if (result == -1 && !failed && !cancelled)
    outcome = weir_stage_breach(stage, "W01", "%s() returned -1 without weir_fail()", call);
  else if (result != -1 && stage->fails)
    outcome = weir_stage_breach(stage, "W02", "%s() called weir_fail() and returned %d; the text was: %s",
                                call, result, stage->fail_text);
  else if (stage->fails) {
    g_autofree char *text = with_budget(stage);
    fail_with(stage, text);
  } else if (result != -1 && stage->host_failed)
    outcome = -1; /* reported by the function that failed, whose result was not looked at */
  if (stage->builders->len) {
    if (outcome != -1)
      outcome =
          weir_stage_breach(stage, "W13", "%s() left a batch that it began neither sent nor dropped", call);
    while (stage->builders->len)
      weir_host_batch_drop(stage->builders->pdata[stage->builders->len - 1]);
  }
  weir_crash_leave();
  stage->call = NULL;
  stage->port = -1;
  return outcome;
}

/* ---- the first failure counts ---------------------------------------------------------------------------- */

void
weir_run_fail(WeirRun *run, char *text)
{
  g_mutex_lock(&run->error_lock);
  gboolean first = !run->error && !g_atomic_int_get(&run->interrupted);
  if (first) /* the others follow from it, or from the interruption */
    run->error = weir_redact(text);
  g_mutex_unlock(&run->error_lock);
  g_free(text);
  weir_run_stop(run);
}

void
weir_run_stop(WeirRun *run)
{
  g_atomic_int_set(&run->cancelled, 1);
  for (guint e = 0; run->plan && e < run->plan->edges->len; e++) {
    WeirEdge *edge = run->plan->edges->pdata[e];
    if (edge->queue)
      weir_queue_cancel(edge->queue);
  }
  if (run->plan) {
    g_mutex_lock(&run->plan->types_lock);
    g_cond_broadcast(&run->plan->types_known);
    g_mutex_unlock(&run->plan->types_lock);
  }
  for (guint i = 0; i < run->n_stages; i++) {
    WeirRunningStage *running = &run->stages[i];
    g_mutex_lock(&running->turn_lock);
    g_cond_broadcast(&running->turn);
    g_mutex_unlock(&running->turn_lock);
  }
  g_main_context_wakeup(run->context);
}
