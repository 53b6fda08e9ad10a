/* SPDX-License-Identifier: MIT */
/*
 * Runs a pipeline from a program of one's own, and prints what its stages say.
 *
 *   cc -o example-host example-host.c $(pkg-config --cflags --libs weir-host-1)
 *   ./example-host pipeline.json train=train.csv epochs=5
 */
#include <signal.h>
#include <weir/host.h>

static WeirRun *running; /* for the signal handler */

static void
on_interrupt(int number)
{
  (void)number;
  /* The one call that a signal handler may make. NOLINTNEXTLINE(bugprone-signal-handler) */
  weir_run_cancel(running);
}

static void
on_message(WeirRun *run, const WeirMessage *message, gpointer data)
{
  (void)run, (void)data;
  switch (message->type) {
  case WEIR_MESSAGE_RUN_BEGIN:
    g_print("pipeline \"%s\" runs in %s\n", message->text, message->name);
    break;
  case WEIR_MESSAGE_STAGE_STATE:
  case WEIR_MESSAGE_LOG:
    g_print("%s: %s\n", message->stage ? message->stage : "run", message->text);
    break;
  case WEIR_MESSAGE_METRIC:
    g_print("%s: %s = %g %s\n", message->stage, message->name, message->value,
            message->unit ? message->unit : "");
    break;
  case WEIR_MESSAGE_ARTIFACT:
    g_print("%s: made %s \"%s\"\n", message->stage, message->kind, message->name);
    break;
  default: /* figures to draw, ticks to look at weir_run_get_stats(); errors come back from the run, too */
    break;
  }
}

/* "name=value" sets a parameter of the pipeline. */
static gboolean
set_parameters(WeirRun *run, char **assignments, GError **error)
{
  for (; *assignments; assignments++) {
    g_auto(GStrv) parts = g_strsplit(*assignments, "=", 2);
    if (!parts[0] || !parts[1]) {
      g_set_error(error, WEIR_EXIT_ERROR, WEIR_EXIT_USAGE, "\"%s\" is not NAME=VALUE", *assignments);
      return FALSE;
    }
    if (!weir_run_set_parameter(run, parts[0], parts[1], error))
      return FALSE;
  }
  return TRUE;
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirRun) run = NULL;
  if (argc < 2) {
    g_printerr("usage: %s PIPELINE [NAME=VALUE]...\n", argv[0]);
    return WEIR_EXIT_USAGE;
  }
  run = weir_run_new(argv[1], &error);
  if (run && set_parameters(run, argv + 2, &error)) {
    weir_run_add_listener(run, on_message, NULL);
    running = run;
    signal(SIGINT, on_interrupt);
    weir_run_execute(run, &error);
    signal(SIGINT, SIG_DFL);
  }
  if (!error)
    return WEIR_EXIT_OK;
  g_printerr("%s\n", error->message);
  return error->code; /* of WEIR_EXIT_ERROR: what pipeline-run would exit with */
}
