/* SPDX-License-Identifier: MIT */
/* Cases: a test of a stage as data. Read here into harnesses; run one after another in child processes. */
#ifndef WEIR_HARNESS_CASES_H
#define WEIR_HARNESS_CASES_H

#include "harness/private.h"

/* What an output is to be. */
typedef struct {
  char *port;      /* NULL: the only one */
  GPtrArray *rows; /* of WeirNode; NULL: any */
  gint64 count;    /* -1: any */
  char *columns;   /* as port types; NULL: any */
  gboolean partial;
  double tolerance;
} CaseOutput;

/* What a file that the stage writes is to be. */
typedef struct {
  char *path;
  gboolean absent;
  char *text; /* NULL: any */
  char *part; /* text that is in it, or NULL */
} CaseFile;

typedef struct {
  char *name;
  double value, tolerance;
} CaseMetric;

typedef struct {
  char *name;
  char *skip; /* why, or NULL */
  weir_harness *h;
  double patience;
  GPtrArray *outputs;  /* of CaseOutput */
  GPtrArray *errors;   /* of char *: parts of the error; empty: it succeeds */
  GPtrArray *messages; /* of char *: parts of what the stage says */
  GPtrArray *metrics;  /* of CaseMetric */
  GPtrArray *written;  /* of CaseFile */
  gint64 code;         /* -1: 0, or any but 0 with errors */
  gint64 rejects;      /* -1: any */
} HarnessCase;

/* Read a file of cases; all that is wrong with it goes to `diagnostics`. NULL: anything was. */
GPtrArray *harness_cases_load(const char *file, const char *plugin_path, WeirDiagnostics *diagnostics);
void harness_case_free(gpointer data);
/* Why the case does not hold; NULL: it does. g_free(). */
char *harness_case_run(HarnessCase *test);

#endif
