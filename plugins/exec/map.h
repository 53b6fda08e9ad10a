/* SPDX-License-Identifier: MIT */
/** map.h: exec.map while it runs: records that wait for answers, and the programs that owe them. */
#ifndef WEIR_EXEC_MAP_H
#define WEIR_EXEC_MAP_H

#include "exec.h"

/** What a program said of a record: its line, or why there is none. */
typedef struct {
  gsize at, size; /**< in the text of its batch */
  char *refusal;  /**< the record is a bad one */
} ExecAnswer;

/** A batch whose records are not all answered, or that waits for those before it. */
typedef struct {
  struct ArrowArray batch;
  int64_t n, dealt, answered;
  gsize given;       /**< bytes of its records, as far as programs have got them */
  weir_column *send; /**< the columns that the program gets */
  ExecAnswer *answers;
  GString *text; /**< lines, in the order in which they came */
} ExecPending;

/** Records of a batch, from `next` to before `end`. */
typedef struct {
  ExecPending *pending;
  int64_t next, end;
} ExecSpan;

/** One of the programs that run at once. */
typedef struct {
  ExecChild child;
  GQueue owed; /**< of ExecSpan: what it has got and not answered, in order */
  int64_t n_owed;
  GQueue again;     /**< of ExecSpan: what one that died had got */
  int64_t suspects; /**< of these, at whose one it may have died: each is tried alone */
  bool answers;     /**< it has answered something since it was started */
  bool last;        /**< it gets no more than it has */
  bool left;        /**< it ended by itself, owing nothing */
  gint64 since;     /**< when it last answered, or first owed something */
} ExecWorker;

typedef struct exec_work {
  weir_stage *stage;
  ExecMap *map;
  char *path, **argv, **envp;
  ExecProgram program;
  ExecWorker *workers;
  guint n_workers;
  guint turn; /**< whose it is to get records */
  uint32_t n_send;
  int32_t *send;     /**< columns of the input */
  GQueue pending;    /**< of ExecPending, as they came */
  int64_t n_waiting; /**< records in it */
  gsize n_given;     /**< bytes of its records, as far as programs have got them */
  gsize n_text;      /**< bytes of answers in it */
  guint64 reserved;
  guint64 emitted;
  int64_t restarts; /**< that are left */
  bool ending;      /**< no more records come */
  gint64 blocked;   /**< since when nothing is done but wait; 0: something is */
  guint64 logged;   /**< bytes of standard error that were told */
} ExecWork;

/** workers.c: start a program. 0 or -1 (reported). */
int exec_worker_start(ExecWork *work, ExecWorker *worker);
/** Deal records out, write, read, look at the clock, for at most `wait_ms`. 0 or -1 (reported). */
int exec_step(ExecWork *work, int wait_ms);
/** Whether no program runs any more. */
bool exec_workers_are_done(const ExecWork *work);

/** emit.c: send what is answered, in order. 0 or -1 (reported). */
int exec_emit_ready(ExecWork *work);
void exec_pending_free(ExecPending *pending);

#endif
