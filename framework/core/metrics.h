/* SPDX-License-Identifier: MIT */
/* The figures that stages give: the last value of each name, for run.json and for a file of their own. */
#ifndef WEIR_CORE_METRICS_H
#define WEIR_CORE_METRICS_H

#include "base/json_write.h"
#include "core/weir/host.h"

/* Belongs to the run's own thread. */
typedef struct WeirMetrics WeirMetrics;

WeirMetrics *weir_metrics_new(void);
void weir_metrics_free(WeirMetrics *metrics);
/* Note a message of type WEIR_MESSAGE_METRIC. */
void weir_metrics_note(WeirMetrics *metrics, const WeirMessage *message);
/* A list of {stage, name, value, unit}: stages in the order of the plan, names of a stage as they first came. Those that
   differ from run to run, as their unit says (a time, or something "/s"), with `measured`; the others without. */
void weir_metrics_write(const WeirMetrics *metrics, const WeirRun *run, gboolean measured,
                        WeirJsonWriter *json);

/* Write the file that the user asked for, if one was: whole or not at all. */
gboolean weir_run_write_metrics_file(WeirRun *run, const char *state, int code, GError **error);
/* Whether it could be written; before the run, so that nobody waits for what cannot be kept. */
gboolean weir_run_check_metrics_file(const WeirRun *run, GError **error);

#endif
