/* SPDX-License-Identifier: MIT */
/* The conformance kit: what the parts of `pipeline-inspect --verify` share. */
#ifndef WEIR_HARNESS_VERIFY_H
#define WEIR_HARNESS_VERIFY_H

#include "harness/cases.h"

/* What a child process works with: one class, one setup, one check. */
typedef struct {
  const char *file;        /* of the plugin, absolute */
  const char *cases;       /* files of cases, absolute, or NULL */
  const char *place;       /* folder for all that is written */
  const char *only;        /* classes whose name holds this, or NULL */
  double seconds;          /* that a run may take */
  const char *use;         /* "upper.text" */
  gint setup;              /* number of the case; -1: made up */
  int out;                 /* where the parent listens */
  gboolean closely;        /* one thing at a time: several together have failed */
  const weir_class *class; /* in the child alone */
  gboolean failed;
} Verify;

typedef struct {
  const char *id;
  const char *name;
  const char *mend; /* what to do about a failure; NULL: the reason, or the rule, says it */
  void (*run)(Verify *v);
  gboolean may_be_closer; /* a failure is looked at once more, closely */
} VerifyCheck;

extern const VerifyCheck verify_checks[]; /* up to one without a name */

/* ---- verify_say.c: what a child tells ---- */

/* What is being tried now, named if the child crashes or hangs. */
void verify_at(const Verify *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The check fails; the first one counts. `rule` may be NULL. */
void verify_fail(Verify *v, const char *rule, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The check was not tried, or not wholly, and why. */
void verify_skip(const Verify *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What was asked for cannot be done: there is no report. */
void verify_wrong_use(const Verify *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
void verify_note(const Verify *v, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Run, and look at each result: contract broken, no end, batches kept. FALSE: the check has failed. The harness runs once
   (`cut`; NULL: as it is set). */
gboolean verify_run(Verify *v, weir_harness *h, const weir_harness_cut *cut);
/* The result of the last run. */
const HarnessResult *verify_result(const weir_harness *h);

/* ---- verify_setup.c ---- */

/* The cases of several files, separated by ":". NULL: something is wrong with one. */
GPtrArray *verify_load_cases(const char *paths, const char *plugin_path, WeirDiagnostics *diagnostics);
/* A harness around the class with options and rows with which it works, from the case or made up. NULL: there is none;
   said with verify_skip(). */
weir_harness *verify_setup(Verify *v);
/* The same after a run that succeeded; else it was said that it could not be tried. */
weir_harness *verify_setup_that_runs(Verify *v);
/* Give each of the harness's edges of rows at least `n` rows, by repeating. */
void verify_repeat_rows(weir_harness *h, guint n);
/* Rows of an edge as lists in the order of its columns, which become explicit. FALSE: it has none. */
gboolean verify_plain_rows(HarnessEdge *edge, WeirSchema **schema);
/* Replace an edge's rows and columns; takes `rows`. */
void verify_set_rows(weir_harness *h, HarnessEdge *edge, GPtrArray *rows, const WeirSchema *schema);

/* ---- verify_values.c ---- */

/* An ordinary value of a column's type, one for each number. */
WeirNode *verify_plain_value(const struct ArrowSchema *field, guint index);
/* The `index`-th hostile value of a type, with what it is; NULL: there are no more. */
WeirNode *verify_hostile_value(const struct ArrowSchema *field, guint index, const char **what);

/* ---- checks in files of their own ---- */

void verify_options(Verify *v);
void verify_cancel(Verify *v);
void verify_host_failures(Verify *v);
void verify_malloc(Verify *v);
void verify_leaks(Verify *v);

#endif
