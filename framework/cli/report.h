/* SPDX-License-Identifier: MIT */
/* Collects what a run says of itself while it goes on: artifacts, metrics, and whether its error was shown.
 */
#ifndef WEIR_CLI_REPORT_H
#define WEIR_CLI_REPORT_H

#include <weir/host.h>

G_BEGIN_DECLS

typedef struct CliArtifact {
  char *stage, *kind, *path, *sha256;
} CliArtifact;

typedef struct CliMetric {
  char *stage, *name, *unit; /* `unit` may be NULL */
  double value;
} CliMetric;

typedef struct CliReport {
  GPtrArray *artifacts; /* of CliArtifact, in the order of their messages */
  GPtrArray *metrics;   /* of CliMetric; the last value of a name stands in the place of the first */
  char *name;           /* of the pipeline */
  char *ending;         /* the sentence of the end, or NULL */
  gboolean has_error;   /* an error message came */
} CliReport;

CliReport *cli_report_new(void);
void cli_report_free(CliReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliReport, cli_report_free)

/* Take note of a message. */
void cli_report_add(CliReport *report, const WeirMessage *message);

G_END_DECLS

#endif
