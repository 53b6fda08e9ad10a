/* SPDX-License-Identifier: MIT */
/* The description of a pipeline: its file read and checked as far as that needs no plugin, its parameters set. */
#ifndef WEIR_CORE_PIPELINE_H
#define WEIR_CORE_PIPELINE_H

#include "base/diagnostics.h"
#include "base/tree.h"
#include "core/weir/host.h"

typedef enum {
  WEIR_PARAMETER_STRING,
  WEIR_PARAMETER_INPUT_PATH,
  WEIR_PARAMETER_OUTPUT_PATH,
  WEIR_PARAMETER_INTEGER,
  WEIR_PARAMETER_NUMBER,
  WEIR_PARAMETER_BOOLEAN,
  WEIR_PARAMETER_CHOICE,
  WEIR_PARAMETER_SIZE,
  WEIR_PARAMETER_DURATION,
  WEIR_PARAMETER_LIST, /* of strings; on the command line separated by commas */
} WeirParameterType;

typedef struct {
  const char *name; /* all strings belong to the tree, or are interned */
  WeirPosition position;
  WeirParameterType type;
  const char *help;
  gboolean optional;
  WeirNode *by_default; /* borrowed from the tree, or NULL */
  WeirNode *minimum, *maximum;
  char **choices;
  WeirNode *value; /* owned; NULL: none, which only an optional one may stay */
  gboolean given;
} WeirParameter;

/* One reference of a "from": the candidates in order; the first that exists is taken. */
typedef struct {
  WeirPosition position;
  gboolean first;    /* written as {"first": […]} */
  GPtrArray *names;  /* of const char *, "stage" or "stage.port" */
  GArray *positions; /* of WeirPosition, one a name */
} WeirReference;

/* What is written for one input; `port` NULL: not named. */
typedef struct {
  const char *port;
  WeirPosition position;
  GPtrArray *references; /* of WeirReference */
  gboolean list;         /* written as a list */
} WeirInputSpec;

typedef struct {
  const char *name;
  WeirPosition position;
  const char *use;
  WeirPosition use_position;
  WeirNode *when;                   /* borrowed */
  GPtrArray *inputs;                /* of WeirInputSpec */
  WeirNode *options;                /* owned: a map, or NULL; weir_run_set_option() adds to it */
  WeirNode *discard;                /* borrowed */
  WeirNode *on_error, *max_rejects; /* borrowed, or NULL */
  WeirNode *node;                   /* borrowed */
} WeirStageSpec;

typedef struct {
  char *file;   /* as given */
  char *folder; /* absolute, for relative input paths */
  WeirNode *tree;
  const char *name;
  const char *help;
  WeirNode *seed;                   /* borrowed, or NULL */
  WeirNode *on_error, *max_rejects; /* borrowed, or NULL */
  GPtrArray *parameters;            /* of WeirParameter */
  GPtrArray *stages;                /* of WeirStageSpec */
} WeirPipeline;

/* Read a description; all that is wrong with it goes to `diagnostics`. NULL if anything was. */
WeirPipeline *weir_pipeline_load(const char *file, WeirDiagnostics *diagnostics);
void weir_pipeline_free(WeirPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirPipeline, weir_pipeline_free)

WeirParameter *weir_pipeline_parameter(const WeirPipeline *pipeline, const char *name);
WeirStageSpec *weir_pipeline_stage(const WeirPipeline *pipeline, const char *name);
const char *weir_parameter_type_name(WeirParameterType type);
/* "at least 2", "one of: a, b", or NULL. g_free(). */
char *weir_parameter_range(const WeirParameter *parameter);

/* Whether a default fits its type and range; not whether a path is there, since it may never be used. */
void weir_parameter_check_default(const WeirParameter *parameter, WeirDiagnostics *diagnostics);
/* Set a parameter from the text of a command line. */
gboolean weir_parameter_set_text(WeirParameter *parameter, const char *text, GError **error);
/* Give every parameter its value: default where none was set; FALSE where a required one has none. */
gboolean weir_pipeline_settle(WeirPipeline *pipeline, WeirDiagnostics *diagnostics);

/* Put values in place of ${…} in a tree: parameters, ${env:NAME}, ${env:NAME:-default}; "$${" stands for "${". A member
   of a map, or an item of a list, whose whole value is a parameter without a value is left out. NULL if there was an error. */
WeirNode *weir_pipeline_expand(const WeirPipeline *pipeline, const WeirNode *node,
                               WeirDiagnostics *diagnostics);
/* Whether a stage's "when" holds. TRUE without one, and after an error. */
gboolean weir_pipeline_when(const WeirPipeline *pipeline, const WeirNode *when, WeirDiagnostics *diagnostics);

#endif
