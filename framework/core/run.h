/* SPDX-License-Identifier: MIT */
/* A run: its settings, its plan, its running stages, its first error; shared by the files that make up the engine. */
#ifndef WEIR_CORE_RUN_H
#define WEIR_CORE_RUN_H

#include "core/budget.h"
#include "core/inputs.h"
#include "core/pool.h"
#include "core/rejects.h"
#include "core/reuse.h"
#include "core/rundir.h"
#include "core/stage.h"

typedef struct {
  WeirListener listener;
  gpointer data;
} WeirListenerEntry;

/* A message on its way to the listeners, or kept; owns its strings. */
typedef struct {
  WeirMessage message;
  char *texts[6]; /* stage, text, kind, name, json, unit */
  gsize bytes;
} WeirPosted;

/* Messages on their way to the listeners: see message.c. */
typedef struct WeirMessageQueue WeirMessageQueue;

struct WeirRun {
  WeirPipeline *pipeline;
  GArray *parameter_infos; /* of WeirParameterInfo */
  GPtrArray *info_strings; /* owned by the infos */
  guint jobs;
  guint64 memory, max_record; /* 0: by default */
  char *directory;
  char *plugin_path;
  gboolean unsafe_plugins;
  gboolean developer;
  gboolean on_error_reject; /* if the next says that it was set */
  guint64 max_rejects;
  gboolean on_error_set, max_rejects_set;
  char *metrics_file; /* NULL: none */
  GArray *listeners;  /* of WeirListenerEntry */

  char **folders;
  WeirPlan *plan;
  WeirBudget *budget;    /* of the plan */
  const weir_host *host; /* what stages reach the host through; NULL: weir_host_table. Set before the plan */

  GMainContext *context;
  WeirMessageQueue *messages;
  gint running;     /* stages whose threads have not ended */
  gint interrupted; /* weir_run_cancel() was called */
  gint cancelled;   /* stages are to stop, for whatever reason */

  GMutex error_lock;
  char *error; /* the first failure's report */
  char *held;  /* why a gate refused or a budget was met */

  WeirRunningStage *stages; /* one a stage of the plan, in its order */
  guint n_stages;
  WeirPool *pool;
  WeirRunDir *dir;
  WeirInputDigests *inputs;
  WeirReuse *reuse;
  WeirBegun *begun; /* of a run that is resumed; else NULL */
  char *store;      /* folder of the store; NULL: runs/.cache */
  gboolean no_store, force;
  char *id;          /* unique; kept by a resume */
  gint64 started_us; /* wall clock, or SOURCE_DATE_EPOCH */
  gint64 begin_ns, end_ns;
  GArray *stats; /* of WeirStageStats */
  GPtrArray *stat_strings;
};

/* Takes both. */
WeirRun *weir_run_new_from(WeirPipeline *pipeline, char *id);
/* resume.c: lock the directory of the run that is resumed. `state`: how it stands, as run.json says; one that is done is
   tidied up, and no more is to be done. Returns an exit code. */
int weir_run_reopen(WeirRun *run, char **state, GError **error);
/* Where the store is; NULL: there is none. g_free(). */
char *weir_run_store_folder(const WeirRun *run);

/* Post a warning of the run itself. */
void weir_run_warn(WeirRun *run, const char *text);
/* A message that is kept. Takes nothing. */
WeirPosted *weir_posted_new(const WeirMessage *message);
void weir_posted_free(gpointer posted);
/* message.c: post from any thread; dispatch in the run's own. Text is redacted. While the listeners have many before
   them, a thread other than the run's own waits until they have got through some. */
WeirMessageQueue *weir_message_queue_new(void);
void weir_message_queue_free(WeirMessageQueue *queue);
/* This thread is the run's own from now on. Until then it is the one that made the queue. */
void weir_message_queue_adopt(WeirMessageQueue *queue);
void weir_run_post(WeirRun *run, const WeirMessage *message);
void weir_run_dispatch(WeirRun *run);
void weir_run_drop_messages(WeirRun *run);

/* Note the first failure, secrets replaced, and cancel. `report` is taken. */
void weir_run_fail(WeirRun *run, char *report);
/* runjson.c: what differs between runs that are otherwise the same. */
void weir_run_write_measured(WeirRun *run, WeirJsonWriter *json);
/* Wake everything that waits. */
void weir_run_stop(WeirRun *run);
/* worker.c: start the threads of all stages; they count run->running down. */
void weir_run_start_stages(WeirRun *run, GPtrArray *threads);

guint64 weir_now_ns(void);

#endif
