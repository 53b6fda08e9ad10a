/* SPDX-License-Identifier: MIT */
/**
 * weir/host.h: run Weir pipelines from a program, and look into plugins. GLib idiom.
 *
 *   int code = weir_run_file("pipeline.json", (const char *[]){"train=a.csv", NULL}, on_message, data,
 * &error);
 *
 * or, step by step: weir_run_new() reads the description, weir_run_set_…() sets parameters and switches,
 * weir_run_check() plans, weir_run_execute() runs. A WeirRun belongs to one thread, and does one run; only
 * weir_run_cancel() may be called from anywhere, signal handlers included. Listeners are called in the thread
 * that calls weir_run_execute() (or weir_run_check(), for warnings), never at once. Strings returned as `const char *` belong to the object that
 * gave them.
 *
 * All text that comes out of here (errors, messages, graphs) has secrets replaced by "***".
 */
#ifndef WEIR_HOST_H
#define WEIR_HOST_H

#include <glib.h>
#include <weir/plugin.h>

G_BEGIN_DECLS

#ifndef WEIR_PUBLIC
#define WEIR_PUBLIC __attribute__((visibility("default")))
#endif

/** Errors of this interface; the codes are the exit codes of pipeline-run. */
#define WEIR_EXIT_ERROR (weir_exit_error_quark())
WEIR_PUBLIC GQuark weir_exit_error_quark(void);
typedef enum {
  WEIR_EXIT_OK = 0,
  WEIR_EXIT_FAILED = 1,       /**< the run failed */
  WEIR_EXIT_USAGE = 2,        /**< wrong use: unknown parameter, value out of range */
  WEIR_EXIT_INVALID = 3,      /**< the pipeline is invalid */
  WEIR_EXIT_HELD = 4,         /**< a gate refused or a budget was met; what was made is whole */
  WEIR_EXIT_INTERRUPTED = 130 /**< cancelled */
} WeirExit;

/** Version of the library, such as "0.1.0". */
WEIR_PUBLIC const char *weir_version(void);

/* ---- Messages -------------------------------------------------------------------------------------------
 */

typedef enum {
  WEIR_MESSAGE_RUN_BEGIN,   /**< text: name of the pipeline; name: run directory */
  WEIR_MESSAGE_STAGE_STATE, /**< text: "running", "done", "failed", "cancelled", "held", "reused" */
  WEIR_MESSAGE_LOG,         /**< level, text */
  WEIR_MESSAGE_METRIC,      /**< name, value, unit */
  WEIR_MESSAGE_DATA,     /**< kind ("point", "table", …), name, json: see weir_message() in weir/plugin.h */
  WEIR_MESSAGE_ARTIFACT, /**< kind, name: path, text: sha256, json: metadata or NULL */
  WEIR_MESSAGE_REJECT, /**< text: where, reason and record; the first 100 of a stage: rejects.jsonl has all */
  WEIR_MESSAGE_ERROR,  /**< text: the whole report of the failure, several lines; comes once */
  WEIR_MESSAGE_TICK,   /**< about ten times a second while the run goes on: look at weir_run_get_stats() */
  WEIR_MESSAGE_RUN_END,    /**< code: exit code; text: one sentence */
  WEIR_MESSAGE_STAGE_WHOLE /**< the stage need not run again when the run is resumed */
} WeirMessageType;

typedef struct {
  WeirMessageType type;
  gint64 time;       /**< microseconds since 1970 */
  const char *stage; /**< NULL: the run itself */
  int level;         /**< WEIR_LOG_… */
  int code;
  const char *text;
  const char *kind;
  const char *name;
  const char *json;
  double value;
  const char *unit;
  int reused; /**< not 0: it was sent when the stage ran before; WEIR_REUSED_… */
} WeirMessage;

enum {
  WEIR_REUSED_FROM_RUN = 1, /**< before this run was resumed: its journal has the message already */
  WEIR_REUSED_FROM_STORE    /**< in another run, whose work is reused */
};

/** A message as one line of JSON, without a newline: the form of the journal (events.jsonl). g_free(). */
WEIR_PUBLIC char *weir_message_to_json(const WeirMessage *message);

typedef struct WeirRun WeirRun;

/** Called for every message. `message` and its strings live during the call. */
typedef void (*WeirListener)(WeirRun *run, const WeirMessage *message, gpointer data);

/** What a stage has done so far. Times are in nanoseconds; bytes are those of the batches' buffers. */
typedef struct {
  const char *stage; /**< name in the pipeline */
  const char *use;   /**< "split.stratified" */
  const char *state; /**< "waiting", "running", "done", "held", "failed", "cancelled", "reused" */
  guint64 records_in, records_out, batches_in, batches_out, bytes_in, bytes_out, rejects;
  guint64 busy_ns;       /**< inside the stage's functions, less the waiting for output */
  guint64 wait_in_ns;    /**< for input */
  guint64 wait_out_ns;   /**< for room in an output */
  guint64 elapsed_ns;    /**< since it began, until it ended */
  guint64 done, total;   /**< what the stage says of its progress; total 0: not known */
  const char *unit;      /**< of done and total, NULL before any */
  const char *waits_for; /**< "input load", "room in model", or NULL while it works */
} WeirStageStats;

/* ---- Runs -----------------------------------------------------------------------------------------------
 */

/** A parameter of a pipeline. */
typedef struct {
  const char *name;
  const char *type;       /**< as in the pipeline file: "input-path", "integer", … */
  const char *help;       /**< or NULL */
  const char *by_default; /**< as text, or NULL */
  gboolean required;      /**< has no default and is not optional */
  const char *range;      /**< "at least 2", "one of: a, b", or NULL */
} WeirParameterInfo;

/** Read a pipeline file. NULL and `error` if it cannot be read or is no pipeline (all its errors in one). */
WEIR_PUBLIC WeirRun *weir_run_new(const char *file, GError **error);
/**
 * A run that was ended before it was done, killed or failed, from its directory. It goes on as it was begun: parameters,
 * options and the description itself are those recorded there. Stages that are whole are not run again. NULL: the folder
 * is no run directory, or that of another version or user; `error` says what to do. Parameters may be set again, to the
 * same values; those that are secrets have to be.
 */
WEIR_PUBLIC WeirRun *weir_run_resume(const char *directory, GError **error);
/** Where a run that is resumed was begun: stages may look at the working directory. NULL for another run. */
WEIR_PUBLIC const char *weir_run_get_working_directory(WeirRun *run);
/** Whether a run that is resumed is done already: weir_run_execute() then does nothing, and returns 0. */
WEIR_PUBLIC gboolean weir_run_is_done(WeirRun *run);
/** Whether a file is the pipeline that a run which is resumed was begun with. FALSE: it is not, or cannot be read. */
WEIR_PUBLIC gboolean weir_run_check_file(WeirRun *run, const char *file, GError **error);
WEIR_PUBLIC void weir_run_free(WeirRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirRun, weir_run_free)

WEIR_PUBLIC const char *weir_run_get_name(WeirRun *run);
/** The pipeline's "help" or NULL. */
WEIR_PUBLIC const char *weir_run_get_help(WeirRun *run);
/** The pipeline's parameters in written order; `*n` gets their number. */
WEIR_PUBLIC const WeirParameterInfo *weir_run_get_parameters(WeirRun *run, guint *n);

/** Set a parameter from text, as on a command line. FALSE: unknown (nearest name given), or not of its type.
 */
WEIR_PUBLIC gboolean weir_run_set_parameter(WeirRun *run, const char *name, const char *value,
                                            GError **error);
/** Set parameters and options of stages from a file, JSON or YAML: a map of parameters, and of "stage.option", to their
 * values. A later file overrides an earlier one; weir_run_set_parameter() and weir_run_set_option() override all. FALSE: it
 * cannot be read, or something in it is unknown or not of its type (all its errors in one). */
WEIR_PUBLIC gboolean weir_run_set_config(WeirRun *run, const char *file, GError **error);
/** Set an option of a stage: "stage.option=value", also "sub/stage.option=value"; the value is JSON or a plain string. */
WEIR_PUBLIC gboolean weir_run_set_option(WeirRun *run, const char *assignment, GError **error);
/** Threads that may work at once; 0 (default): as many as there are processors. More than WEIR_MOST_JOBS are taken as
 * so many. */
#define WEIR_MOST_JOBS 1024
WEIR_PUBLIC void weir_run_set_jobs(WeirRun *run, guint jobs);
/**
 * Memory that the run may use for its batches and for what its stages reserve, in bytes; 0 (default): half of that of
 * the machine, or of the control group that the process runs in if that has less. A plan that cannot do with it is
 * refused; larger tables, sorts and so on go through files of the run directory.
 */
WEIR_PUBLIC void weir_run_set_memory(WeirRun *run, guint64 bytes);
/** The most bytes that one record may have; 0 (default): an eighth of the memory, at most 64 MiB. A run that is resumed
 * keeps what it was begun with. */
WEIR_PUBLIC void weir_run_set_max_record(WeirRun *run, guint64 bytes);
/** The run directory; default runs/NAME-TIME in the working directory. It must not exist, or be empty. */
WEIR_PUBLIC void weir_run_set_directory(WeirRun *run, const char *directory);
/**
 * Write the run's figures to a file when it has ended, also when it failed or was held: one JSON object with `state`,
 * `code`, `metrics` (stage, name, value, unit), `rejects`, `stages` (records in and out) and, under `measured`, times.
 * The file appears whole (a pipe or device, /dev/stdout and /dev/fd/N are written to as they are); what was there is replaced. A plan that is not valid writes none.
 */
WEIR_PUBLIC void weir_run_set_metrics_file(WeirRun *run, const char *file);
/**
 * Folder of the store, in which later runs find what stages made; "none": there is no store; NULL: WEIR_STORE of the
 * environment, else runs/.cache in the working directory. A relative one is relative to the working directory.
 */
WEIR_PUBLIC void weir_run_set_store(WeirRun *run, const char *folder);
/** Run all stages; what they make is entered into the store all the same. */
WEIR_PUBLIC void weir_run_set_force(WeirRun *run, gboolean force);
/**
 * Tidy up a store (named as above): the entries that were not used for longest are removed until it fits its bound
 * (WEIR_STORE_LIMIT of the environment, else 10 GiB), and so is what killed processes left. Returns a sentence that says
 * what was done, g_free(); NULL: `error`.
 */
WEIR_PUBLIC char *weir_store_collect(const char *folder, GError **error);
/** Folders of plugins, separated by ":", looked at before WEIR_PLUGIN_PATH and the installed one. */
WEIR_PUBLIC void weir_run_set_plugin_path(WeirRun *run, const char *path);
/** Open plugins also from folders that other users can write to. */
WEIR_PUBLIC void weir_run_set_unsafe_plugins(WeirRun *run, gboolean allowed);
/** Developer mode: every contract rule is checked. Default: on if WEIR_DEVELOPER=1. */
WEIR_PUBLIC void weir_run_set_developer(WeirRun *run, gboolean developer);
/** What becomes of bad records in stages for which the pipeline file says nothing of its own, in place of what it says
 * for all of them: the run goes on without them, or (FALSE) stops. */
WEIR_PUBLIC void weir_run_set_on_error(WeirRun *run, gboolean reject);
/** How many records such a stage may reject, in place of what the pipeline file says for all of them. */
WEIR_PUBLIC void weir_run_set_max_rejects(WeirRun *run, guint64 max);
WEIR_PUBLIC void weir_run_add_listener(WeirRun *run, WeirListener listener, gpointer data);

/** Resolve parameters, open plugins, check options, types and graph; all errors in one. Opens no stage. */
WEIR_PUBLIC gboolean weir_run_check(WeirRun *run, GError **error);
/** The graph for Graphviz. Checks first if that was not done. Free with g_free(). */
WEIR_PUBLIC char *weir_run_get_graph(WeirRun *run, GError **error);
/** The plan as JSON: stages in order with their plugin files, resolved options, ports, column types, edges.
 */
WEIR_PUBLIC char *weir_run_get_plan(WeirRun *run, GError **error);

/** Run. Returns an exit code (WeirExit); for other than 0, `error` says why. Checks first if needed. */
WEIR_PUBLIC int weir_run_execute(WeirRun *run, GError **error);
/** Ask the run to stop. Safe in a signal handler. */
WEIR_PUBLIC void weir_run_cancel(WeirRun *run);
/**
 * For a handler of SIGSEGV and its like: write to `descriptor` which stage the thread was in, by write() alone. The handler
 * then lets the signal have its way. Each thread of a run has an alternate stack for such handlers (SA_ONSTACK).
 * Signal 0: it was exit(), see weir_crash_is_in_stage().
 */
WEIR_PUBLIC void weir_crash_report(int signal_number, int descriptor);
/** For a handler of atexit(): whether the thread that calls it is in a stage, so that the stage has called exit(). */
WEIR_PUBLIC gboolean weir_crash_is_in_stage(void);
/** The run directory, once it was made; else NULL. */
WEIR_PUBLIC const char *weir_run_get_directory(WeirRun *run);
/** Figures of all stages in plan order, all zero before the run, none before the check; `*n` gets their
 * number. Valid until the next call. From the run's own thread: from a listener, before or after. */
WEIR_PUBLIC const WeirStageStats *weir_run_get_stats(WeirRun *run, guint *n);
/** Seconds since the run began. */
WEIR_PUBLIC double weir_run_get_elapsed(WeirRun *run);

/** All of it in one call. `parameters`: "name=value" strings, NULL at the end, or NULL. Returns an exit code.
 */
WEIR_PUBLIC int weir_run_file(const char *file, const char *const *parameters, WeirListener listener,
                              gpointer data, GError **error);

/* ---- Plugins --------------------------------------------------------------------------------------------
 */

/** An opened plugin. Never unloaded. */
typedef struct WeirPlugin WeirPlugin;

/** Check a file and open it. NULL: refused, `error` says why; nothing of it has run. */
WEIR_PUBLIC WeirPlugin *weir_plugin_open(const char *file, gboolean allow_unsafe, GError **error);
/** Its absolute file name. */
WEIR_PUBLIC const char *weir_plugin_get_file(const WeirPlugin *plugin);
/** Its descriptor, brought to this host's sizes: `classes`, ports and options can be indexed as arrays. */
WEIR_PUBLIC const weir_plugin *weir_plugin_get_descriptor(const WeirPlugin *plugin);
/** The folders that are searched for plugins, in order: `path`, WEIR_PLUGIN_PATH, the installed folder.
 * g_strfreev(). */
WEIR_PUBLIC char **weir_plugin_folders(const char *path);
/** Names of types of options, as users see them: "string", "input-path", …; NULL for an unknown type. */
WEIR_PUBLIC const char *weir_option_type_name(guint32 type);

G_END_DECLS

#endif /* WEIR_HOST_H */
