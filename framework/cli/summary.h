/* SPDX-License-Identifier: MIT */
/* The closing table of a run: what each stage did, where the time went, what was written, the main figures.
 */
#ifndef WEIR_CLI_SUMMARY_H
#define WEIR_CLI_SUMMARY_H

#include "cli/report.h"
#include "cli/text.h"

G_BEGIN_DECLS

typedef struct CliSummary {
  const WeirStageStats *stats;
  guint n;
  double elapsed;        /* seconds */
  int code;              /* exit code */
  const char *directory; /* of the run, absolute; NULL: none was made */
  const CliReport *report;
} CliSummary;

/* The whole text; `columns` is the terminal's width, 0: do not clip. Free with g_free. */
char *cli_summary_text(const CliSummary *summary, guint columns, const CliStyle *style);

/* The stage that worked longest, -1 if none worked; `sentence` (may be NULL) gets where the time went. */
gint cli_summary_bottleneck(const WeirStageStats *stats, guint n, double elapsed, char **sentence);

G_END_DECLS

#endif
