/* SPDX-License-Identifier: MIT */
/**
 * weir/plugin.h: all that a stage author includes. Needs C11 and libc; a plugin links to nothing of Weir.
 *
 * A *plugin* is a shared object named after itself (split.so holds plugin "split") that exports exactly one
 * symbol, the data `weir_plugin_v1`, written by WEIR_PLUGIN(). It supplies *stage classes*: constant tables of
 * ports, options and functions. A pipeline file makes *stages* of them: `"use": "split.stratified"`.
 *
 * FUNDAMENTALS
 *
 * Names. Plugins, classes, ports and options are lower-case words of a-z, 0-9 and '-', beginning with a letter;
 * options and ports may also have '_'.
 *
 * Calls. For each stage the host calls, in this order:
 *   schema()   while planning, if present; also for `--check`. May read local files, never the network.
 *   fingerprint()  once before a run, if present: what is needed to know whether an earlier run's work still stands.
 *   open()     once, before the first batch. Not for `--check`. Opens nothing on the network.
 *   process()  for every batch of a stream input; end() when an input is exhausted.
 *   produce()  until it says WEIR_END: for a source, and for a stage with table inputs once all of them are whole
 *              (and after the end of the stream inputs, if it has those too).
 *   close()    exactly once if open() was called, also when open() failed, after every other call has returned.
 *
 * A function returns 0, or -1 after it has called weir_fail() exactly once. produce() may also return WEIR_END,
 * and so may process(), to say that it wants no more of this port (end() follows). Once everything that a stage
 * feeds wants no more, the host treats it as if it had said so itself (unless it is a sink). process() begins once
 * all table inputs are whole. A stage with several stream inputs gets them one after another, in the order of its
 * ports, and the edges of a port in listed order: so its result does not hang on timing.
 *
 * Threads. The calls of one stage never overlap, but may come from different threads, with the memory ordering
 * that one expects. A class with `threads = WEIR_PARALLEL` lets process() run on several batches at once: its
 * state is then read-only while process() runs; the host keeps the order of what is emitted. Functions of the
 * host may be called from the thread of the call, and where marked [any] also from tasks of weir_parallel().
 *
 * Ownership. process() owns the batch that it gets: it releases it (weir_batch_release), or passes it on
 * (weir_emit, weir_derive, weir_arrange, weir_select). Buffers are read-only, even to a sole owner. weir_emit() always takes the
 * batch, also when it fails. Strings that the host gives live until the stage's last call has returned.
 *
 * Errors. weir_fail() takes the text, once per failing call, without stage name or newline; the host adds stage,
 * plugin, port, batch, and file and line in the pipeline file. Further lines of the text are notes; one that
 * begins with "hint: " says what to do. A failing call of the host (emit, send, declare, alloc…) has already
 * reported why: return -1 and add nothing.
 *
 * CONTRACT. Every rule has an ID, which the host names when it is broken. Those marked * are looked at only in
 * developer mode (WEIR_DEVELOPER=1 in the environment), since they cost time.
 *
 *   W01  A function that returns -1 has called weir_fail(), or a function of the host that failed.
 *   W02  A function that has called weir_fail() returns -1.
 *   W03  weir_fail() is called at most once in a call.
 *   W04  process() has released or passed on its batch when it returns.
 *   W05  Ports that are named to the host exist, and are of the kind that the function is for.
 *   W06  Nothing is emitted after produce() said WEIR_END, after the last end(), or from open(), schema(), close().
 *   W07* An emitted batch is valid: offsets, lengths, null counts, UTF-8. (Always, for a plugin of another vendor.)
 *   W08  An emitted batch has the columns that its port's type promises.
 *   W09* release() marks a batch as released.
 *   W10  weir_declare() comes once for a port, from schema() or before the port's first batch, and only for a port
 *        whose type is left open.
 *   W11* process() leaves the buffers of its input as they were.
 *   W12  produce() and process() return 0, -1 or WEIR_END; the others return 0 or -1.
 *   W13  A builder is sent or dropped before the call that made it returns.
 *   W14  No more memory is given back than was reserved.
 *   W15  An artifact that was begun is finished or dropped before the stage closes.
 *   W16  All columns of a builder have the same number of rows when it is sent.
 *   W17  The descriptor is sound: names, port types, option rows, offsets inside the state, defaults that parse,
 *        process() for stream inputs, produce() for a class without them.
 *   W18  A required column of the output has no null.
 *   W19  A plugin may be opened at any time: what runs when it is opened (constructors of its own) neither fails
 *        nor waits. Such a plugin is tried in a child process first.
 *   W20  A spill is added to before it is finished, and read after; batches and rows that are asked for exist.
 *   W21* The text of weir_message() is JSON; what is not is kept as a text, with a warning.
 *
 * PORT TYPES are strings: a list of columns, separated by commas.
 *
 *   text:utf8          a column of this name and type, without nulls: a null in it stops the run before the stage
 *   text:utf8?         nulls may come
 *   text?:utf8         the column may be missing
 *   id:utf8+i64        one of several types
 *   score:number       any integer or real type; `integer`, `real` and `any` likewise
 *   ${field}:utf8      the column that the option `field` (WEIR_FIELD or WEIR_FIELD_LIST) names: for a list, all of
 *                      them; for an option that was not given, none
 *   *                  other columns may come, and pass (an input without it takes no others but `_row`)
 *   any                the same as "*"
 *   "odd, name":utf8   a name that is no plain word; \" and \\ inside
 *   tags:list<utf8?>   items of a list, members of a struct: "?" where they may be null
 *
 * An output says what it adds to an input: "=in, +score:f64, -raw, text:utf8" has the columns of port `in`, less
 * `raw`, with `text` replaced in its place, and `score` at the end (a column that exists already is refused; one to
 * take away that is missing too, unless it is written `-raw?`). An output type that is just "any" is left open, for weir_declare(). Types: bool i8 i16 i32 i64 u8 u16 u32 u64 f32
 * f64 utf8 binary timestamp list<T> fixed<f32,N> (and fixed<f32,*> in inputs), struct<name:T,…>.
 */
#ifndef WEIR_PLUGIN_H
#define WEIR_PLUGIN_H

#include <float.h>
#include <stdarg.h>
#include <weir/columns.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The ABI that this header describes. A host takes plugins of its own major, with a minor up to its own. */
#define WEIR_ABI_MAJOR 1
#define WEIR_ABI_MINOR 1

/** Minor that the plugin asks for; define it before the include to run on older hosts with a newer header. What a
 * later minor added may then be called only where weir_host_has() says that it is there. */
#ifndef WEIR_WANT_MINOR
#define WEIR_WANT_MINOR WEIR_ABI_MINOR
#endif

#define WEIR_MAGIC UINT64_C(0x5745495231504c47) /* "WEIR1PLG" */

#if defined(__GNUC__)
#define WEIR_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define WEIR_PRINTF(text, first)
#endif

/* ---------------------------------------------------------------------------------------------------------
 * Named record types: what stages of different authors agree on. Used as port types.
 * ------------------------------------------------------------------------------------------------------ */

/** A text with its class. */
#define WEIR_LABELLED_TEXT "text:utf8, label:utf8"
/** Two texts with the class of the pair. */
#define WEIR_TEXT_PAIR "text_a:utf8, text_b:utf8, label:utf8"
/** A text with any number of classes. */
#define WEIR_MULTI_LABEL_TEXT "text:utf8, labels:list<utf8>"
/** What a user did with an item; `value` is a rating or a weight. */
#define WEIR_INTERACTION "user:utf8, item:utf8, value:f64?, time:timestamp?"
/** How a model answered a query: quality in 0..1, latency in seconds. */
#define WEIR_LLM_OUTCOME "query:utf8, model:utf8, quality:f64, latency:f64?, category:utf8?"
/** What a predictor adds: the label, and the probability that it is right (calibrated, 0..1). */
#define WEIR_PREDICTION "prediction:utf8, confidence:f64"
/** A file or folder that a run made: `path` relative to the run directory, sha256 in hex, metadata a JSON
 * object. */
#define WEIR_ARTIFACT "kind:utf8, path:utf8, sha256:utf8, metadata:utf8"
/** The column that readers add: source number (see weir_sources()) times 2^48 plus line or record number (from 1). */
#define WEIR_ROW "_row:u64"

/* ---------------------------------------------------------------------------------------------------------
 * Ports and options
 * ------------------------------------------------------------------------------------------------------ */

enum {
  WEIR_PORT_TABLE = 1, /**< input: materialised, read with the weir_table_ functions, any number of times */
  WEIR_PORT_OPTIONAL = 2, /**< input: may be left unconnected */
  WEIR_PORT_MANY = 4, /**< input: takes a list of edges, read in listed order; all have the same columns */
  WEIR_PORT_REQUIRED = 8, /**< output: it is an error when nothing takes it */
  WEIR_PORT_UNION =
      16, /**< input, with MANY: the columns of all edges; null where an edge has none. Since 1.1 */
};

/** A port. Port numbers in calls are positions in the class's table of inputs or outputs. */
typedef struct weir_port {
  const char *name;  /**< NULL in a row whose names come from an option */
  const char *type;  /**< see PORT TYPES above */
  uint32_t flags;    /**< WEIR_PORT_… */
  const char *names; /**< a list or map option whose items or keys name ports; such a row stands last, and its
                          ports are numbered on from its own position */
  const char *help;  /**< one line */
} weir_port;

/** Types of options, with the C type of the member of the state that the host fills. */
typedef enum weir_option_type {
  WEIR_STRING = 1,       /**< const char * (NULL when not given) */
  WEIR_INPUT_PATH = 2,   /**< const char *; relative to the file that writes it; the host makes it absolute */
  WEIR_OUTPUT_PATH = 3,  /**< const char *; relative to the working directory; the host makes it absolute */
  WEIR_INTEGER = 4,      /**< int64_t */
  WEIR_SIZE = 5,         /**< uint64_t bytes; written as 64M, 1.5GiB or a plain number */
  WEIR_DURATION = 6,     /**< double seconds; written as 30s, 5m, 1h30m, 250ms */
  WEIR_NUMBER = 7,       /**< double */
  WEIR_BOOLEAN = 8,      /**< bool */
  WEIR_CHOICE = 9,       /**< int32_t: position in `choices` */
  WEIR_STRING_LIST = 10, /**< weir_list; a single value is a list of one */
  WEIR_PATH_LIST = 11,   /**< weir_list of input paths or patterns with * ? [ ], not expanded */
  WEIR_NUMBER_LIST = 12, /**< weir_list with numbers */
  WEIR_STRING_MAP = 13,  /**< weir_map of strings, in written order */
  WEIR_NUMBER_MAP = 14,  /**< weir_map of numbers, in written order */
  WEIR_FIELD = 15,       /**< const char *: the name of a column, for port types */
  WEIR_FIELD_LIST = 16,  /**< weir_list of names of columns */
  /** const char *: given by reference only, never printed. A credential: what a stage makes must not depend on its
   * value, for earlier work is reused also when that has changed. */
  WEIR_SECRET = 17,
} weir_option_type;

/** Value of a list option. `numbers` is NULL unless the items are numbers. */
typedef struct weir_list {
  uint32_t count;
  const char *const *items;
  const double *numbers;
} weir_list;

/** Value of a map option. `numbers` is NULL unless the values are numbers. */
typedef struct weir_map {
  uint32_t count;
  const char *const *keys;
  const char *const *values;
  const double *numbers;
} weir_map;

enum {
  WEIR_OPTION_REQUIRED = 1, /**< has to be given */
  WEIR_OPTION_MEASURED = 2, /**< does not change the bytes of the output (a number of connections, say) */
  WEIR_OPTION_ADVANCED = 4, /**< shown last in help */
};

/** An option. `min` and `max` bound numbers, durations and sizes, and the numbers in lists and maps; 0 and 0:
 * none. */
typedef struct weir_option {
  const char *name;
  uint32_t type;  /**< weir_option_type */
  uint32_t flags; /**< WEIR_OPTION_… */
  size_t offset;  /**< of the member in the state: offsetof(struct …, …) */
  const char
      *by_default; /**< as it would be written in JSON, strings without quotes; NULL: zero, or not given */
  double min, max;
  const char *choices; /**< for WEIR_CHOICE: "first|second|third" */
  const char *help;    /**< one sentence, without a full stop at its end */
} weir_option;

/* ---------------------------------------------------------------------------------------------------------
 * The host
 * ------------------------------------------------------------------------------------------------------ */

typedef struct weir_host weir_host;

/** A stage. Only the host makes one; what follows these two members is its own. */
typedef struct weir_stage {
  const weir_host *host;
  void *state; /**< `state_size` bytes, zeroed, options filled in; the same from schema() to close() */
} weir_stage;

/** A batch that is being built; see weir_batch_new(). Only the host makes one. */
typedef struct weir_batch {
  const weir_host *host;
  weir_stage *stage;
  weir_builder **columns; /**< one a column of the output; for weir_derive() one a new column */
  uint32_t n_columns;
} weir_batch;

/** Batches that a stage puts aside in a file; see weir_spill_begin(). Only the host makes one. Since 1.1 */
typedef struct weir_spill {
  const weir_host *host;
} weir_spill;

/** A row of one of several batches, for weir_gather(). Since 1.1 */
typedef struct weir_row {
  uint32_t batch; /**< position among the batches */
  int64_t row;    /**< of the batch */
} weir_row;

/** A column for weir_declare(): `type` as in port types, with "?" at its end when nulls may come. */
typedef struct weir_field {
  const char *name;
  const char *type;
} weir_field;

enum { WEIR_END = 1 }; /**< produce(): nothing more will come; process(): no more of this port, please */

enum { WEIR_LOG_DEBUG = 0, WEIR_LOG_INFO = 1, WEIR_LOG_WARNING = 2 };

enum { WEIR_HELD = 4 }; /**< outcome: a gate refused, or a budget was met */

/** Functions of the host. Use the weir_ wrappers below. New members come at the end. */
struct weir_host {
  uint32_t size; /**< of this struct */
  uint16_t abi_major, abi_minor;

  int (*fail)(weir_stage *, const char *format, ...) WEIR_PRINTF(2, 3);
  void (*log)(weir_stage *, int level, const char *format, ...) WEIR_PRINTF(3, 4);
  int (*reject)(weir_stage *, uint32_t port, const struct ArrowArray *batch, int64_t row, const char *source,
                uint64_t line, const char *format, ...) WEIR_PRINTF(7, 8);
  void (*progress)(weir_stage *, uint64_t done, uint64_t total, const char *unit);
  void (*metric)(weir_stage *, const char *name, double value, const char *unit);
  void (*message)(weir_stage *, const char *kind, const char *name, const char *json);
  void (*outcome)(weir_stage *, int outcome, const char *format, ...) WEIR_PRINTF(3, 4);
  int (*cancelled)(weir_stage *);

  void *(*alloc)(weir_stage *, size_t bytes);
  int (*reserve)(weir_stage *, uint64_t bytes);
  void (*unreserve)(weir_stage *, uint64_t bytes);
  const char *(*scratch)(weir_stage *);
  const char *(*cache)(weir_stage *);
  uint64_t (*seed)(weir_stage *, uint64_t stream);
  int64_t (*started)(weir_stage *);
  int (*given)(weir_stage *, const char *option);
  const char *(*identity)(weir_stage *);

  uint32_t (*inputs)(weir_stage *, uint32_t port);
  uint32_t (*input_source)(weir_stage *);
  const struct ArrowSchema *(*input_schema)(weir_stage *, uint32_t port);
  int32_t (*input_column)(weir_stage *, uint32_t port, uint32_t entry, uint32_t item);
  uint32_t (*outputs)(weir_stage *);
  int (*output_used)(weir_stage *, uint32_t port);
  const struct ArrowSchema *(*output_schema)(weir_stage *, uint32_t port);
  int (*declare)(weir_stage *, uint32_t port, const weir_field *fields, uint32_t n_fields);

  int (*emit)(weir_stage *, uint32_t port, struct ArrowArray *batch);
  weir_batch *(*batch_new)(weir_stage *, uint32_t port);
  weir_batch *(*derive)(weir_stage *, uint32_t in, struct ArrowArray *batch, uint32_t out);
  int (*batch_send)(weir_batch *);
  void (*batch_drop)(weir_batch *);
  int (*select)(weir_stage *, uint32_t in, struct ArrowArray *batch, uint32_t out, const int64_t *rows,
                int64_t n);

  uint64_t (*table_rows)(weir_stage *, uint32_t port);
  uint64_t (*table_batches)(weir_stage *, uint32_t port);
  int (*table_batch)(weir_stage *, uint32_t port, uint64_t index, struct ArrowArray *batch);

  const char *(*artifact_begin)(weir_stage *, const char *name);
  int (*artifact_finish)(weir_stage *, const char *folder, uint32_t port, const char *kind,
                         const char *metadata);
  void (*artifact_drop)(weir_stage *, const char *folder);
  const char *(*run_path)(weir_stage *, const char *path, int64_t len);
  int (*output)(weir_stage *, const char *path, const char *kind);

  uint32_t (*threads)(weir_stage *);
  int (*parallel)(weir_stage *, uint64_t n_tasks, int (*task)(void *data, uint64_t index), void *data);

  uint32_t (*comm_rank)(weir_stage *);
  uint32_t (*comm_size)(weir_stage *);
  int (*comm_sum)(weir_stage *, double *values, size_t n);
  int (*comm_gather)(weir_stage *, const void *mine, size_t bytes, void *all);
  int (*comm_barrier)(weir_stage *);

  /* Since 1.1 */
  weir_spill *(*spill_begin)(weir_stage *, const struct ArrowSchema *schema);
  int (*spill_add)(weir_spill *, struct ArrowArray *batch);
  int (*spill_finish)(weir_spill *);
  uint64_t (*spill_rows)(weir_spill *);
  uint64_t (*spill_batches)(weir_spill *);
  int (*spill_batch)(weir_spill *, uint64_t index, struct ArrowArray *batch);
  void (*spill_drop)(weir_spill *);
  int (*gather)(weir_stage *, const struct ArrowSchema *schema, const struct ArrowArray *const *batches,
                uint32_t n_batches, const weir_row *rows, int64_t n, struct ArrowArray *out);
  uint64_t (*record_limit)(weir_stage *);
  int64_t (*sources)(weir_stage *, const char *const *names, uint32_t n, const char *unit);
  weir_batch *(*arrange)(weir_stage *, uint32_t in, struct ArrowArray *batch, uint32_t out,
                         const int32_t *columns, const int64_t *rows, int64_t n_rows);
};

/** Whether the host has a function of weir_host, for plugins that are built for older hosts too. */
#define weir_host_has(stage, member) \
  ((stage)->host->size >= offsetof(weir_host, member) + sizeof((stage)->host->member))

/* --- Reporting --------------------------------------------------------------------------------------------
 */

/** Say why this call fails; at most once a call. Always -1: `return weir_fail(stage, "…")`. */
#define weir_fail(stage, ...) ((stage)->host->fail((stage), __VA_ARGS__))

/** A sentence for the user, the journal, or (WEIR_LOG_DEBUG) just the journal in developer mode. [any] */
#define weir_log(stage, level, ...) ((stage)->host->log((stage), (level), __VA_ARGS__))

/**
 * A row of an input batch that cannot be used, with the reason. Returns 0 when the stage is to go on without
 * it, -1 when the run stops (already reported: return -1). The pipeline decides which, with "on_error" and
 * "max_rejects": a stage calls this where the record is at fault, and weir_fail() where the run is. What is
 * rejected stands in the run's rejects.jsonl, with the record, and with file and line if the input has `_row`.
 */
#define weir_reject(stage, port, batch, row, ...) \
  ((stage)->host->reject((stage), (port), (batch), (row), NULL, 0, __VA_ARGS__))

/**
 * The same for a source: the record at `line` (from 1; 0: not known) of `source`, a whole path or an address.
 */
#define weir_reject_source(stage, source, line, ...) \
  ((stage)->host->reject((stage), 0, NULL, 0, (source), (line), __VA_ARGS__))

/**
 * The same with the record as it stands there, `size` bytes of `text`, below 2 GiB, in any encoding: rejects.jsonl
 * then has its beginning. (The batch that the host gets is one row of bytes.) Since 1.1
 */
#define weir_reject_text(stage, source, line, text, size, ...)                                            \
  ((stage)->host->reject((stage), 0,                                                                      \
                         &(const struct ArrowArray){                                                      \
                             .length = 1,                                                                 \
                             .n_buffers = 3,                                                              \
                             .buffers = (const void *[]){NULL, (int32_t[]){0, (int32_t)(size)}, (text)}}, \
                         0, (source), (line), __VA_ARGS__))

/**
 * Say what a reader reads, from its schema(): `n` paths or addresses, in the order in which they are read. Returns
 * the number of the first in the pipeline, the others follow; WEIR_ROW is made of these numbers, so that a record can
 * be traced to its source wherever it goes. `unit` says what is counted: "line" or "record". -1: reported.
 * Since 1.1
 */
static inline int64_t
weir_sources(weir_stage *stage, const char *const *names, uint32_t n, const char *unit)
{
  return stage->host->sources(stage, names, n, unit);
}

/** How much of the work is done, in `unit` ("bytes", "records", "trees"); total 0: not known. Cheap. [any] */
static inline void
weir_progress(weir_stage *stage, uint64_t done, uint64_t total, const char *unit)
{
  stage->host->progress(stage, done, total, unit);
}

/**
 * A figure of the run; the last value of a name counts. `unit` may be NULL. A unit of time ("s", "ms", …), or one that
 * ends in "/s", says that the figure was measured, and differs from run to run.
 */
static inline void
weir_metric(weir_stage *stage, const char *name, double value, const char *unit)
{
  stage->host->metric(stage, name, value, unit);
}

/**
 * A structured message for the console, the journal and the report. `kind` says how to draw it, `json` is:
 *   "point"      {"epoch": 3, "loss": 0.31, …}: a line of a growing table; also printed to the console
 *   "curve"      {"x": "recall", "y": "precision", "points": [[x, y], …]}
 *   "table"      {"columns": ["label", …], "rows": [[…], …]}
 *   "matrix"     {"labels": […], "rows": [[counts], …]}
 *   "histogram"  {"edges": […], "counts": […]}
 */
static inline void
weir_message(weir_stage *stage, const char *kind, const char *name, const char *json)
{
  stage->host->message(stage, kind, name, json);
}

/** End the run as held (exit code 4) once what was emitted is completed downstream. `outcome` is WEIR_HELD.
 */
#define weir_outcome(stage, what, ...) ((stage)->host->outcome((stage), (what), __VA_ARGS__))

/** True once the run is being cancelled: long work looks at it and returns -1 (no weir_fail() is needed).
 * [any] */
static inline bool
weir_cancelled(weir_stage *stage)
{
  return stage->host->cancelled(stage) != 0;
}

/* --- Resources --------------------------------------------------------------------------------------------
 */

/** Zeroed memory that the host frees after close() (and after a plan that does not run). NULL: no memory,
 * reported. */
static inline void *
weir_alloc(weir_stage *stage, size_t bytes)
{
  return stage->host->alloc(stage, bytes);
}

/**
 * Ask for memory of the run's budget beyond the class's least. 0: granted. -1: not granted, nothing is
 * reported: spill, or fail. What was granted is given back with weir_unreserve(), or by the host after
 * close(). Nobody waits. The pool is lent as it is asked for; but stages whose class has a least
 * (`least_memory`) are each sure of an equal share of it until they close, whatever others take. An eighth is
 * kept for all the others together. Ask in steps, and work with what is granted: it depends on the time, so
 * the result must not depend on it.
 */
static inline int
weir_reserve(weir_stage *stage, uint64_t bytes)
{
  return stage->host->reserve(stage, bytes);
}

static inline void
weir_unreserve(weir_stage *stage, uint64_t bytes)
{
  stage->host->unreserve(stage, bytes);
}

/**
 * The most bytes that one record may have (--max-record). A longer one is refused when it is emitted, with an
 * error that says where it came from. So a reader need not hold more of its input at once. Since 1.1
 */
static inline uint64_t
weir_record_limit(weir_stage *stage)
{
  return stage->host->record_limit(stage);
}

/** A folder for this stage that survives a resume. NULL: failed, reported. */
static inline const char *
weir_scratch(weir_stage *stage)
{
  return stage->host->scratch(stage);
}

/** A folder for this plugin that outlives runs. NULL: failed, reported. */
static inline const char *
weir_cache(weir_stage *stage)
{
  return stage->host->cache(stage);
}

/** When the run was started, in microseconds since 1970 (SOURCE_DATE_EPOCH if set): for timestamps in
 * artifacts. */
static inline int64_t
weir_started(weir_stage *stage)
{
  return stage->host->started(stage);
}

/** True if the pipeline gave the option, false if its default stands. */
static inline bool
weir_given(weir_stage *stage, const char *option)
{
  return stage->host->given(stage, option) != 0;
}

/**
 * What names this stage's work wherever it leaves a mark outside the run: "RUN/STAGE", the run's part unique, the same
 * after a resume. A sink that finds its mark has done its work already. It differs from run to run: leave it as a mark of
 * its own beside what was written, not in records, nor in what is told of with weir_output() or weir_artifact_finish().
 */
static inline const char *
weir_identity(weir_stage *stage)
{
  return stage->host->identity(stage);
}

/** A stream of random numbers: SplitMix64 (Steele, Lea, Flood 2014, https://doi.org/10.1145/2660193.2660195).
 */
typedef struct weir_random {
  uint64_t state;
} weir_random;

/** A stream that depends on the pipeline's seed, the stage's name and `stream`, and on nothing else. */
static inline weir_random
weir_random_stream(weir_stage *stage, uint64_t stream)
{
  weir_random r = {stage->host->seed(stage, stream)};
  return r;
}

/** A stream for a seed of one's own. */
static inline weir_random
weir_random_from(uint64_t seed)
{
  weir_random r = {seed};
  return r;
}

/** 64 random bits. */
static inline uint64_t
weir_random_u64(weir_random *r)
{
  uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/** An unbiased integer in 0..n-1; n > 0. */
static inline uint64_t
weir_random_below(weir_random *r, uint64_t n)
{
  uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  uint64_t v;
  do
    v = weir_random_u64(r);
  while (v >= limit);
  return v % n;
}

/** A real number in [0, 1). */
static inline double
weir_random_unit(weir_random *r)
{
  return (double)(weir_random_u64(r) >> 11) * 0x1p-53;
}

/* --- Inputs -----------------------------------------------------------------------------------------------
 */

/** Number of edges that feed an input: 0 for an optional port that is not connected. */
static inline uint32_t
weir_inputs(weir_stage *stage, uint32_t port)
{
  return stage->host->inputs(stage, port);
}

/** In process() of a port that takes many edges: which edge, from 0 in listed order, the batch came from. */
static inline uint32_t
weir_input_source(weir_stage *stage)
{
  return stage->host->input_source(stage);
}

/** The columns that arrive at an input; NULL while they are not known (before the first batch of an open
 * type). */
static inline const struct ArrowSchema *
weir_input_schema(weir_stage *stage, uint32_t port)
{
  return stage->host->input_schema(stage, port);
}

/**
 * Where a column of the port's type stands in the batches. `entry` counts the named columns of the type
 * string from 0 ("*" does not count); `item` counts the columns of a field list. -1: it is missing, or past
 * the last item.
 */
static inline int32_t
weir_input_index(weir_stage *stage, uint32_t port, uint32_t entry, uint32_t item)
{
  return stage->host->input_column(stage, port, entry, item);
}

/** Look at the column of entry `entry` of the port's type. Type WEIR_TYPE_NONE when it is missing. */
static inline weir_column
weir_input(weir_stage *stage, uint32_t port, const struct ArrowArray *batch, uint32_t entry)
{
  int32_t index = stage->host->input_column(stage, port, entry, 0);
  if (index < 0) {
    weir_column none;
    memset(&none, 0, sizeof none);
    none.length = batch->length;
    return none;
  }
  return weir_batch_column(stage->host->input_schema(stage, port), batch, index);
}

/* --- Table inputs -----------------------------------------------------------------------------------------
 */

/** Rows of a table input. Known once produce() is called. [any] */
static inline uint64_t
weir_table_rows(weir_stage *stage, uint32_t port)
{
  return stage->host->table_rows(stage, port);
}

/** Batches of a table input. [any] */
static inline uint64_t
weir_table_batches(weir_stage *stage, uint32_t port)
{
  return stage->host->table_batches(stage, port);
}

/** Get batch `index` of a table; the caller releases it. Any order, any number of times. 0 or -1. [any] */
static inline int
weir_table_batch(weir_stage *stage, uint32_t port, uint64_t index, struct ArrowArray *batch)
{
  return stage->host->table_batch(stage, port, index, batch);
}

/* --- Spills: more than fits into memory ---------------------------------------------------------------------
 */

/**
 * Begin to put batches of one schema aside in a file of the run directory: first all are added, then they are
 * read, in any order, any number of times. Added batches take no memory; read ones do until they are released.
 * `schema` may be that of an input or output, or one of the stage's own; it is copied. A stage may have any
 * number of spills. What is not dropped goes after close(). From one thread at a time, but for weir_spill_batch().
 * NULL: failed, reported. Since 1.1
 */
static inline weir_spill *
weir_spill_begin(weir_stage *stage, const struct ArrowSchema *schema)
{
  return stage->host->spill_begin(stage, schema);
}

/** Add a batch; takes it in any case. One without rows adds nothing. 0 or -1 (reported). Since 1.1 */
static inline int
weir_spill_add(weir_spill *spill, struct ArrowArray *batch)
{
  return spill->host->spill_add(spill, batch);
}

/** Nothing more is added; from here on it can be read. 0 or -1 (reported). Since 1.1 */
static inline int
weir_spill_finish(weir_spill *spill)
{
  return spill->host->spill_finish(spill);
}

/** Rows that were added. Since 1.1 */
static inline uint64_t
weir_spill_rows(weir_spill *spill)
{
  return spill->host->spill_rows(spill);
}

/** Batches that were added: those with rows, as they were cut. Since 1.1 */
static inline uint64_t
weir_spill_batches(weir_spill *spill)
{
  return spill->host->spill_batches(spill);
}

/** Get batch `index` of a spill that is finished; the caller releases it. 0 or -1 (reported). [any] Since 1.1 */
static inline int
weir_spill_batch(weir_spill *spill, uint64_t index, struct ArrowArray *batch)
{
  return spill->host->spill_batch(spill, index, batch);
}

/** Give up a spill and its file; batches that were read stay. NULL is fine. Since 1.1 */
static inline void
weir_spill_drop(weir_spill *spill)
{
  if (spill)
    spill->host->spill_drop(spill);
}

/**
 * Make a batch of rows picked from several batches of one schema, in the order of `rows` (repeats allowed): the
 * end of a sort, a merge, a join. The batches stay as they are and the caller's; `out` is the caller's too.
 * 0 or -1 (reported; `out` is then marked as released). Since 1.1 [any]
 */
static inline int
weir_gather(weir_stage *stage, const struct ArrowSchema *schema, const struct ArrowArray *const *batches,
            uint32_t n_batches, const weir_row *rows, int64_t n, struct ArrowArray *out)
{
  return stage->host->gather(stage, schema, batches, n_batches, rows, n, out);
}

/* --- Outputs ----------------------------------------------------------------------------------------------
 */

/** Number of output ports, those that an option names included. */
static inline uint32_t
weir_outputs(weir_stage *stage)
{
  return stage->host->outputs(stage);
}

/** False if nothing takes the port, or no longer: what would be emitted there need not be made. */
static inline bool
weir_output_used(weir_stage *stage, uint32_t port)
{
  return stage->host->output_used(stage, port) != 0;
}

/** The columns of an output; NULL while they are not known. */
static inline const struct ArrowSchema *
weir_output_schema(weir_stage *stage, uint32_t port)
{
  return stage->host->output_schema(stage, port);
}

/** Say what columns an open output ("any") has. 0 or -1 (reported). */
static inline int
weir_declare(weir_stage *stage, uint32_t port, const weir_field *fields, uint32_t n_fields)
{
  return stage->host->declare(stage, port, fields, n_fields);
}

/** Send a batch; takes it in any case. Blocks while the edge is full. 0 or -1 (reported, or cancelled). */
static inline int
weir_emit(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  return stage->host->emit(stage, port, batch);
}

/** Begin a batch for an output whose columns are known. NULL: failed, reported. */
static inline weir_batch *
weir_batch_new(weir_stage *stage, uint32_t port)
{
  return stage->host->batch_new(stage, port);
}

/**
 * Begin a batch for output `out` (of type "=in, …") from a batch of input `in`, which it takes: columns that
 * pass are shared, not copied; builder k is the k-th column that the output's type adds or replaces. Every
 * builder gets as many rows as the batch has. NULL: failed, reported; the batch is released.
 */
static inline weir_batch *
weir_derive(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out)
{
  return stage->host->derive(stage, in, batch, out);
}

/**
 * Begin a batch for output `out`, whose columns are known, from a batch of input `in`, which it takes: for stages
 * whose options say what columns come out. `columns` has an item for each column of the output: the number of the
 * input's column that stands there (shared, not copied, under the output's name; repeats allowed), or -1 for a new
 * one. Builder k is that of the k-th new column. Of the batch only the `n_rows` rows in `rows` go on, in that order;
 * NULL: all of them. Every builder gets as many rows as go on; the batch lives until the builder is sent.
 * `columns` and `rows` are copied. NULL: failed, reported; the batch is released. Since 1.1
 */
static inline weir_batch *
weir_arrange(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out, const int32_t *columns,
             const int64_t *rows, int64_t n_rows)
{
  return stage->host->arrange(stage, in, batch, out, columns, rows, n_rows);
}

/** Send a batch that was built, and free the builder; an empty one sends nothing. 0 or -1 (reported). */
static inline int
weir_send(weir_batch *batch)
{
  return batch->host->batch_send(batch);
}

/** Give up a batch that is being built. */
static inline void
weir_drop(weir_batch *batch)
{
  batch->host->batch_drop(batch);
}

/**
 * Send some rows of a batch, in the order of `rows` (row numbers of the batch, repeats allowed), to an output
 * that has the same columns. Takes the batch. With all rows in order nothing is copied. 0 or -1 (reported).
 */
static inline int
weir_select(weir_stage *stage, uint32_t in, struct ArrowArray *batch, uint32_t out, const int64_t *rows,
            int64_t n)
{
  return stage->host->select(stage, in, batch, out, rows, n);
}

/* --- Artifacts --------------------------------------------------------------------------------------------
 */

/**
 * Begin a file folder that the run makes (a model, a data set). Returns an empty folder to write into; it
 * gets its final place, artifacts/STAGE/NAME in the run directory, only when it is finished. NULL: failed,
 * reported.
 */
static inline const char *
weir_artifact_begin(weir_stage *stage, const char *name)
{
  return stage->host->artifact_begin(stage, name);
}

/**
 * Finish it: files are synced, the digest taken, the folder renamed, the run's record written, and a record
 * of type WEIR_ARTIFACT sent to `port`. `metadata` is a JSON object or NULL. 0 or -1 (reported).
 */
static inline int
weir_artifact_finish(weir_stage *stage, const char *folder, uint32_t port, const char *kind,
                     const char *metadata)
{
  return stage->host->artifact_finish(stage, folder, port, kind, metadata);
}

/** Give up what was begun. */
static inline void
weir_artifact_drop(weir_stage *stage, const char *folder)
{
  stage->host->artifact_drop(stage, folder);
}

/** The absolute path of an artifact record's `path`. NULL: it leads out of the run, or no memory; reported.
 */
static inline const char *
weir_run_path(weir_stage *stage, weir_text path)
{
  return stage->host->run_path(stage, path.data, path.len);
}

/** Note in the run's record a file that was written outside the run directory, now whole. 0 or -1 (reported).
 */
static inline int
weir_output(weir_stage *stage, const char *path, const char *kind)
{
  return stage->host->output(stage, path, kind);
}

/* --- Parallel work ----------------------------------------------------------------------------------------
 */

/** How many threads may work at once for this stage: for sizes of scratch memory, never for the cut of the
 * work. */
static inline uint32_t
weir_threads(weir_stage *stage)
{
  return stage->host->threads(stage);
}

/**
 * Run task(data, 0) … task(data, n_tasks - 1), at most weir_threads() at a time, in no particular order.
 * Returns -1 once every task that began has returned if one returned non-zero; the rest are not begun. To
 * give the same bytes on any machine, cut the work into tasks by its size, not by the number of threads.
 */
static inline int
weir_parallel(weir_stage *stage, uint64_t n_tasks, int (*task)(void *data, uint64_t index), void *data)
{
  return stage->host->parallel(stage, n_tasks, task, data);
}

/** This process among those that run the stage together: 0 of 1 unless an executor says otherwise. */
static inline uint32_t
weir_comm_rank(weir_stage *stage)
{
  return stage->host->comm_rank(stage);
}

static inline uint32_t
weir_comm_size(weir_stage *stage)
{
  return stage->host->comm_size(stage);
}

/** Replace `values` by their sum over all ranks, added in rank order. 0 or -1 (reported). */
static inline int
weir_comm_sum(weir_stage *stage, double *values, size_t n)
{
  return stage->host->comm_sum(stage, values, n);
}

/** Gather `bytes` bytes of every rank, in rank order, into `all` (size * bytes). 0 or -1 (reported). */
static inline int
weir_comm_gather(weir_stage *stage, const void *mine, size_t bytes, void *all)
{
  return stage->host->comm_gather(stage, mine, bytes, all);
}

/** Wait for all ranks. 0 or -1 (reported). */
static inline int
weir_comm_barrier(weir_stage *stage)
{
  return stage->host->comm_barrier(stage);
}

/* ---------------------------------------------------------------------------------------------------------
 * Stage classes and the plugin
 * ------------------------------------------------------------------------------------------------------ */

enum {
  WEIR_SERIAL = 0,   /**< calls of a stage never overlap */
  WEIR_PARALLEL = 1, /**< process() may run on several batches at once; the host keeps the order */
};

enum {
  WEIR_CLASS_ALIGNED = 1, /**< wants the buffers of its inputs aligned to 64 bytes */
  WEIR_CLASS_SINK = 2,    /**< writes outside the run (its effects are not reused from a cache) */
};

/** A stage class. All of it is constant; the table stands last in the plugin's file. New members come at the
 * end. */
typedef struct weir_class {
  const char *name;    /**< without the plugin's: "stratified" of "split.stratified" */
  const char *summary; /**< one line, without a full stop */
  const char *help;    /**< paragraphs for the manual, or NULL */

  const weir_port *in;
  uint32_t n_in;
  uint32_t n_out;
  const weir_port *out;
  const weir_option *options;
  uint32_t n_options;
  uint32_t threads;      /**< WEIR_SERIAL or WEIR_PARALLEL */
  size_t state_size;     /**< of the state struct; 0 without one */
  uint64_t least_memory; /**< bytes that it needs beyond its batches; 0: little */
  uint32_t flags;        /**< WEIR_CLASS_… */
  uint32_t reserved;     /**< 0 */

  int (*open)(weir_stage *stage);
  int (*schema)(weir_stage *stage);
  /** What the stage's work depends on beside its inputs, its options and the files that these name: the commit of a
   * source, the version of a row, of a program. A string of at most `size` bytes with NUL. Called before the run, after
   * schema() and without open(); opens nothing on the network. -1: it is not known; then the work of the stage is not
   * reused, which is not a failure. A source without files that does not have it is never reused. */
  int (*fingerprint)(weir_stage *stage, char *text, size_t size);
  int (*process)(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
  int (*end)(weir_stage *stage, uint32_t port);
  int (*produce)(weir_stage *stage);
  void (*close)(weir_stage *stage);
} weir_class;

/** What a plugin exports as `weir_plugin_v1`. New members come at the end, guarded by `size`. */
typedef struct weir_plugin {
  uint64_t magic; /**< WEIR_MAGIC */
  uint32_t size;  /**< sizeof (weir_plugin) as the plugin was compiled; class_size… likewise */
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t class_size;
  uint32_t port_size;
  uint32_t option_size;
  uint32_t n_classes;
  const char *name; /**< that of its file */
  const char *version;
  const char *licence; /**< SPDX expression */
  const char *vendor;  /**< who makes it; "weir" is the project's own */
  const char *summary; /**< one line */
  const weir_class *classes;
} weir_plugin;

/** The ELF note by which a loader knows a plugin before any of its code can run: type 1, name "Weir". */
typedef struct weir_note {
  uint32_t name_size, desc_size, type;
  char name[8];
  uint32_t magic_low, magic_high;
  uint32_t abi_major, abi_minor;
} weir_note;

#define WEIR_NOTE_TYPE 1

#if defined(__GNUC__)
#define WEIR_VISIBLE __attribute__((visibility("default")))
#define WEIR_USED    __attribute__((used))
#define WEIR_EXPORT  __attribute__((visibility("default"), used))
#define WEIR_IN_NOTE __attribute__((section(".note.weir"), used, aligned(4)))
#else
#error "weir/plugin.h needs a compiler with GNU attributes (gcc or clang)"
#endif

#ifdef __cplusplus
#define WEIR_C_DATA extern "C"
#else
#define WEIR_C_DATA extern
#endif

/**
 * The descriptor, once a plugin, last in its file:
 *
 *   WEIR_PLUGIN(.n_classes = 1, .name = "upper", .version = "1.0", .licence = "MIT", .vendor = "example",
 *               .summary = "…", .classes = classes)
 *
 * In C the members may come in any order; in C++ they come in the order of their declaration, as here.
 */
#define WEIR_PLUGIN(...)                                                                        \
  WEIR_IN_NOTE static const weir_note weir_plugin_note = {5,                                    \
                                                          16,                                   \
                                                          WEIR_NOTE_TYPE,                       \
                                                          "Weir",                               \
                                                          (uint32_t)(WEIR_MAGIC & 0xffffffffu), \
                                                          (uint32_t)(WEIR_MAGIC >> 32),         \
                                                          WEIR_ABI_MAJOR,                       \
                                                          WEIR_WANT_MINOR};                     \
  WEIR_C_DATA WEIR_VISIBLE const weir_plugin weir_plugin_v1;                                    \
  WEIR_USED const weir_plugin weir_plugin_v1 = {.magic = WEIR_MAGIC,                            \
                                                .size = sizeof(weir_plugin),                    \
                                                .abi_major = WEIR_ABI_MAJOR,                    \
                                                .abi_minor = WEIR_WANT_MINOR,                   \
                                                .class_size = sizeof(weir_class),               \
                                                .port_size = sizeof(weir_port),                 \
                                                .option_size = sizeof(weir_option),             \
                                                __VA_ARGS__};

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PLUGIN_H */
