/* SPDX-License-Identifier: MIT */
/* What the parts of the harness share: the description of a test, its runs, and their results. */
#ifndef WEIR_HARNESS_PRIVATE_H
#define WEIR_HARNESS_PRIVATE_H

#include "base/tree.h"
#include "core/run.h"
#include "harness/weir/harness.h"

/* One edge into an input: rows, or the output of another stage. */
typedef struct {
  char *port;      /* NULL: the only input */
  GPtrArray *rows; /* of WeirNode: maps; NULL for a stage */
  char *columns;   /* as given, or NULL */
  weir_harness *stage;
  char *output; /* of that stage, or NULL */
} HarnessEdge;

typedef struct {
  char *path;
  GBytes *content;
} HarnessFile;

/* An output of one run. */
typedef struct {
  char *port;
  GPtrArray *rows; /* of char *: JSON */
  char *types;     /* NULL: never known */
  WeirSchema *schema;
} HarnessOutput;

#define HARNESS_LATE "the run took more than"

/* What one run gave. */
typedef struct {
  weir_harness_cut cut;
  char *folder;
  int code;
  gboolean late; /* it took too long and was stopped */
  char *error;
  GPtrArray *outputs;  /* of HarnessOutput */
  GHashTable *metrics; /* name to double *, of the stage under test */
  GPtrArray *figures;  /* of char *: metrics and artifacts that must not differ between runs */
  GString *messages;   /* as JSON, a line each */
  GString *texts;      /* the texts in them, a line each */
  guint n_rejects;
  guint64 calls[WEIR_FAULT_CANCEL + 1]; /* by weir_harness_fault */
} HarnessResult;

struct weir_harness {
  char *use;
  char *name;
  WeirNode *options; /* or NULL */
  WeirNode *members; /* further members of the stage */
  GPtrArray *edges;  /* of HarnessEdge */
  GPtrArray *unused; /* of char * */
  GPtrArray *files;  /* of HarnessFile */
  char *plugin_path;
  char *input_folder;
  gint64 seed;
  double patience;
  GArray *cuts; /* of weir_harness_cut */
  weir_harness_fault fault;
  guint64 fault_at;

  int told;     /* a descriptor that gets an empty line when a run begins; 0: none */
  char *misuse; /* the first */
  char *place;  /* where `folder` is made; NULL: where temporary files are */
  char *folder; /* of all runs */
  guint n_folders;
  gboolean fresh;     /* results are those of what is set */
  GPtrArray *results; /* of HarnessResult, one a cut */
  char *difference;
  guint64 leaked;
  char *text; /* the last string given */
};

void harness_result_free(gpointer result);
/* Give up the results and their folders. */
void harness_forget(weir_harness *h);
/* The same, but the next run gets folders of the same names. */
void harness_begin_anew(weir_harness *h);
/* An edge with rows; takes them. */
void harness_add_rows(weir_harness *h, const char *port, GPtrArray *rows, const char *columns);
/* Note what was wrong with a call; the first counts. */
void harness_misuse(weir_harness *h, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- rows.c ---- */

/* Rows as maps, from JSON lines or an array; appends to `rows`. */
gboolean harness_parse_rows(const char *text, GPtrArray *rows, GError **error);
/* Columns for rows: those that `columns` names (NULL: none), then the others by their values. */
WeirSchema *harness_infer_schema(const GPtrArray *rows, const char *columns, GError **error);
/* The same schema with every column nullable. */
WeirSchema *harness_nullable_schema(const WeirSchema *schema);
/* A batch of rows `first` … `first + n - 1`, counted round: row i is rows[i % rows->len]. Members that are no column are
   an error unless `loose`. */
gboolean harness_build_batch(const WeirSchema *schema, const GPtrArray *rows, gint64 first, gint64 n,
                             gboolean loose, struct ArrowArray *batch, GError **error);
/* A text, or bytes, in one of the notations: "…", {"hex": …}, {"repeat": …, "times": …}. NULL: none. g_free(). */
char *harness_text_of(const WeirNode *node, gsize *length);
/* A row as JSON, without loss. g_free(). */
char *harness_row_to_json(const WeirSchema *schema, const struct ArrowArray *batch, gint64 row);

/* ---- stages.c: the source and the sink ---- */

#define HARNESS_PLUGIN "weir-harness"

typedef struct HarnessRun HarnessRun;

/* What feeds one edge of rows. */
typedef struct {
  HarnessRun *run;
  WeirSchema *schema;
  const GPtrArray *rows;
} HarnessFeed;

/* One run while it goes on. Found by its number, which the options of source and sink carry. */
struct HarnessRun {
  gint64 id;
  weir_harness *h;
  HarnessResult *result;
  WeirRun *run;
  GPtrArray *feeds; /* of HarnessFeed */
  gint live;        /* batches of the sources that were not released */
  gint live_reads;  /* batches of tables, read by the stage, likewise */
  gint64 began;
  gboolean late;              /* its time is over */
  const weir_class *original; /* of the stage under test */
  weir_class watched;         /* the same, with functions that note what runs */
  const char *call;           /* the function that runs; atomic */
  gboolean opened;            /* guarded by `lock` */
  GCond has_opened;
  GMutex lock; /* counts */
};

void harness_stages_init(void);
void harness_run_register(HarnessRun *run);
void harness_run_unregister(HarnessRun *run);
/* By the number in a stage's options, or by its WeirRun. */
HarnessRun *harness_run_find(gint64 id);
HarnessRun *harness_run_of(const WeirRun *run);
/* Count a batch in `live` until it is released. */
void harness_watch_batch(gint *live, struct ArrowArray *batch);

/* ---- faults.c ---- */

/* The host's table with functions that fail when the harness says so. */
const weir_host *harness_host(void);

/* ---- watch.c ---- */

/* Know from now on which function of the stage under test runs. */
void harness_watch_calls(HarnessRun *run, WeirPlan *plan);

/* Wait until the stage under test has returned from open(), for a second at most. */
void harness_wait_opened(HarnessRun *run);

/* ---- run.c ---- */

#define HARNESS_STAGE "stage" /* name of the stage under test */

/* A new folder in `place`, or where temporary files are (NULL). g_free(). */
char *harness_make_folder(const char *place, GError **error);
/* Run in all cuts, unless that was done. */
void harness_ensure_run(weir_harness *h);
char *harness_without_folder(const HarnessResult *result, const char *text);
HarnessOutput *harness_output(const HarnessResult *result, const char *port);
const char *harness_cut_name(const weir_harness_cut *cut, char text[96]);

/* ---- check.c ---- */

/* Compare an output with wanted rows; NULL: they agree, else lines that say how not. g_free(). */
char *harness_compare_rows(const HarnessOutput *output, const GPtrArray *wanted, gboolean partial,
                           double tolerance);
/* Print a TAP line, and `why` as comments if it does not hold. */
gboolean harness_tap(gboolean holds, const char *name, const char *why);
/* Count lines that a child process printed. */
void harness_tap_add(guint tests, guint failures);
/* Why the stage did not do what it was to do, in all cuts and alike; NULL: it did. g_free(). */
char *harness_why_not_done(weir_harness *h);
/* Why it did not fail with a text that holds `part`; NULL: it did. g_free(). */
char *harness_why_no_error(weir_harness *h, const char *part);

#endif
