/* SPDX-License-Identifier: MIT */
/**
 * weir/harness.h: tests one stage: rows are pushed into its inputs and pulled out of its outputs, in this process.
 *
 *   weir_harness *h = weir_harness_new("upper.text", "{\"field\": \"text\"}");
 *   weir_harness_input(h, "in", "{\"text\": \"a\"}\n{\"text\": \"b\"}");
 *   weir_harness_check_rows(h, "out", "{\"text\": \"A\"}\n{\"text\": \"B\"}");
 *   weir_harness_free(h);
 *   return weir_harness_finish();
 *
 * Plain C, libc only. The stage runs as in a pipeline: the host plans, opens the plugin, calls it from its own
 * threads, and checks every rule of the contract (developer mode). What it gives must not depend on how rows are cut
 * into batches, nor on the number of threads; so a harness runs the stage several times (weir_harness_cuts()), holds
 * the runs against each other, and every check_ function against each of them.
 *
 * A test that needs no code is a file of cases: weir_harness_run_cases(), `pipeline-inspect --test`.
 *
 * ROWS are JSON: one object a line, or an array of objects. Types come from the values (integer i64, other number f64,
 * text utf8, true bool, array list, object struct; a column with a null in it, or that a row lacks, may be null), or
 * are given by weir_harness_columns(). What JSON has no notation for:
 *
 *   "NaN", "Infinity", "-Infinity"           in a real column
 *   "18446744073709551615"                   an integer beyond 64 bits with sign, as text in a u64 column
 *   {"hex": "00ff"}                          bytes, in a binary or utf8 column
 *   {"repeat": "ab", "times": 1000}          a long text
 *   "2024-05-01T12:00:00.5Z"                 or microseconds since 1970, in a timestamp column
 *
 * Rows that come out are written in the same way, members in the order of the columns.
 *
 * A harness belongs to one thread. Strings that it gives live until its next call. Misuse (rows that are no JSON, an
 * unknown port) is reported like a failing stage, with exit code 2.
 */
#ifndef WEIR_HARNESS_H
#define WEIR_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

typedef struct weir_harness weir_harness;

/**
 * A harness around one stage. `use` is PLUGIN.CLASS, found as pipeline-run finds it; with a folder before it
 * ("./build/upper.text") in that folder alone. `options` is a JSON object or NULL. In its strings "${dir}" stands for
 * a folder that each run has for itself.
 */
weir_harness *weir_harness_new(const char *use, const char *options);
void weir_harness_free(weir_harness *h);

/* ---- What goes in ---------------------------------------------------------------------------------------
 */

/** Name the harness in what check_ functions print; otherwise the stage's name. */
void weir_harness_name(weir_harness *h, const char *name);
/** Rows for an input; once more for the same port: a further edge, for a port that takes many. */
void weir_harness_input(weir_harness *h, const char *port, const char *rows);
/** Types of columns of the input's last edge, as in port types: "text:utf8, n:i32?". Columns that the rows have and that
 * are not named get the type of their values. */
void weir_harness_columns(weir_harness *h, const char *port, const char *columns);
/** Feed an input from output `output` (NULL: its only one) of another stage, which the harness takes. */
void weir_harness_from(weir_harness *h, const char *port, weir_harness *other, const char *output);
/** A further member of the stage in the pipeline file, such as "on_error", as JSON. */
void weir_harness_set(weir_harness *h, const char *member, const char *json);
/** Leave an output unconnected. */
void weir_harness_unused(weir_harness *h, const char *port);
/** A file in the folder of each run, written before the stage is opened; `path` is relative to it. */
void weir_harness_file(weir_harness *h, const char *path, const void *content, size_t size);
/** Folders that are searched for plugins before WEIR_PLUGIN_PATH, separated by ":". */
void weir_harness_plugin_path(weir_harness *h, const char *path);
/** Folder that relative input paths in the options start from; the working directory unless set. */
void weir_harness_input_folder(weir_harness *h, const char *folder);
/** The pipeline's seed; 0 unless set. */
void weir_harness_seed(weir_harness *h, int64_t seed);
/** Seconds that one run may take (60); then it is cancelled, and counts as failed. */
void weir_harness_patience(weir_harness *h, double seconds);

/* ---- How it runs ----------------------------------------------------------------------------------------
 */

/** How one run is made. */
typedef struct weir_harness_cut {
  uint32_t batch_rows; /**< rows of each batch; 0: all in one */
  uint32_t jobs;       /**< threads; 0: 1 */
  uint32_t offset; /**< 1: batches are slices of larger ones, so that their columns do not begin at row 0 */
  uint32_t late;   /**< 1: types of inputs become known only while the run goes on */
} weir_harness_cut;

/** Replace the default: all in one, 1, 2, 3 and 7 rows, slices, late types, one and four threads. */
void weir_harness_cuts(weir_harness *h, const weir_harness_cut *cuts, size_t n);

/** What can be made to fail. Counted in calls of the stage under test, from 1. */
typedef enum weir_harness_fault {
  WEIR_FAULT_NONE = 0,
  WEIR_FAULT_EMIT = 1,    /**< weir_emit, weir_send, weir_select */
  WEIR_FAULT_ALLOC = 2,   /**< weir_alloc, weir_batch_new, weir_derive: no memory */
  WEIR_FAULT_RESERVE = 3, /**< weir_reserve: refused, this call and all later ones */
  WEIR_FAULT_TABLE = 4,   /**< weir_table_batch: a read fails */
  WEIR_FAULT_FILES =
      5, /**< weir_scratch, weir_cache, weir_artifact_begin, weir_artifact_finish, weir_output */
  WEIR_FAULT_CANCEL = 6, /**< the run is cancelled at that call of any function of the host */
} weir_harness_fault;

/** Let the `nth` call of a kind fail, in every run; WEIR_FAULT_NONE ends that. */
void weir_harness_fail_at(weir_harness *h, weir_harness_fault fault, uint64_t nth);
/** Calls of a kind that the last run made; more than `nth` or equal: the fault came. */
uint64_t weir_harness_calls(weir_harness *h, weir_harness_fault fault);

/** Run, in all cuts. Returns the exit code: 0 done, 1 failed, 2 misuse, 3 refused in the plan, 4 held, 130 cancelled.
 * The functions below run first if nothing has run since the last change. */
int weir_harness_run(weir_harness *h);

/* ---- What came out (of the first cut) -------------------------------------------------------------------
 */

/** Why it failed, was held or cancelled; NULL after success. */
const char *weir_harness_error(weir_harness *h);
/** Rows of an output as JSON lines; `port` NULL: of the only one. NULL: there is no such output, or it is unused. */
const char *weir_harness_rows(weir_harness *h, const char *port);
/** Number of rows of an output; -1 as above. */
int64_t weir_harness_n_rows(weir_harness *h, const char *port);
/** Columns of an output, as in port types; NULL while never known. */
const char *weir_harness_types(weir_harness *h, const char *port);
/** The last value of a metric of the stage; NaN: none. */
double weir_harness_metric(weir_harness *h, const char *name);
/** What the stage said, a JSON object a line, as in a run's journal: logs, messages, metrics, rejects, artifacts. */
const char *weir_harness_messages(weir_harness *h);
/** What the runs disagree about; NULL: nothing. */
const char *weir_harness_difference(weir_harness *h);
/** Batches that were given to the stage (of an input, of a table) and never released, in all runs. */
uint64_t weir_harness_leaked_batches(weir_harness *h);
/** The folder of the run, "${dir}" in options; its run directory is "run" in it. Removed with the harness. */
const char *weir_harness_folder(weir_harness *h);

/* ---- Checks, printed as TAP (https://testanything.org) ---------------------------------------------------
 *
 * Each returns 1 if it holds, and prints a line; if not, with what was got and wanted.
 */

/** The run succeeded, in all cuts, and an output has exactly these rows, in this order. */
int weir_harness_check_rows(weir_harness *h, const char *port, const char *rows);
/** The same for a number of rows. */
int weir_harness_check_count(weir_harness *h, const char *port, int64_t rows);
/** The run succeeded, in all cuts, with the same results. */
int weir_harness_check_done(weir_harness *h);
/** The run failed, was refused or held, and the text holds `part`. */
int weir_harness_check_error(weir_harness *h, const char *part);
/** A metric is within `tolerance` of a value. */
int weir_harness_check_metric(weir_harness *h, const char *name, double value, double tolerance);
/** A condition of one's own. */
int weir_harness_check(int holds, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
/** Print the plan. Returns what main() is to return. */
int weir_harness_finish(void);

/* ---- Cases ----------------------------------------------------------------------------------------------
 */

/**
 * Run a file of cases (weir-cases(5)), each in a child process, and print TAP, numbered on from
 * what was printed before; weir_harness_finish() prints the plan. `plugin_path` may be NULL; `only`: cases whose name
 * ("upper.text: a null") holds this text, NULL: all. `show`: print what came out as
 * comments. Returns 1 if all hold, 0 if not, -1 if the file cannot be read or
 * is no file of cases (printed to stderr, with lines).
 */
int weir_harness_run_cases(const char *file, const char *plugin_path, const char *only, int show);

/* ---- Conformance ----------------------------------------------------------------------------------------
 */

/** How a plugin is verified; all may be zero. */
typedef struct weir_harness_verification {
  const char
      *cases; /**< files of cases, separated by ":", whose good ones say what the classes are tried with */
  const char *only; /**< classes whose name holds this text; NULL: all */
  double seconds;   /**< that one run may take; 0: 20 */
  int json;         /**< the report is JSON */
} weir_harness_verification;

/**
 * Put every class of a plugin through the checks of pipeline-inspect(1) --verify, each in a child process, and print a
 * report. The caller has no other threads. Returns 1 if nothing failed, 0 if something did, -1 if there is no such
 * file, or the cases are not right (printed to stderr).
 */
int weir_harness_verify(const char *file, const weir_harness_verification *how);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif /* WEIR_HARNESS_H */
