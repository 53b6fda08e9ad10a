/* SPDX-License-Identifier: MIT */
/* The plan: a pipeline resolved into stages with their plugins, options, ports, edges and column types. Made by one
   thread, before any stage is opened; only the types of outputs that stages declare late are added while it runs. */
#ifndef WEIR_CORE_PLAN_H
#define WEIR_CORE_PLAN_H

#include "core/loader.h"
#include "core/options.h"
#include "core/pipeline.h"
#include "core/porttype.h"

typedef struct WeirPlan WeirPlan;
typedef struct WeirPlanStage WeirPlanStage;
typedef struct WeirInput WeirInput;
typedef struct WeirOutput WeirOutput;

/* What becomes of records that a stage cannot use. Part of what its outputs depend on. */
typedef struct {
  gboolean reject; /* go on without them; else the run stops at the first */
  guint64 max;     /* beyond so many it stops all the same */
} WeirRejectPolicy;

/* What a reader reads. Its position in the plan's list is the source number in `_row`, so the bytes of that column
   depend on how many sources the readers before it in the plan have. */
typedef struct {
  char *name;
  const char *unit; /* interned: "line" or "record" */
} WeirSource;

/* From one output to one input. */
typedef struct WeirEdge {
  guint index; /* in the plan */
  WeirOutput *from;
  WeirInput *to;
  guint slot; /* position among the edges of the input */
  WeirPosition position;
  gboolean spool;          /* a stream that could deadlock: it may hold any number of batches */
  gint32 *columns;         /* how this edge's columns lie in the input's schema; NULL: as they are */
  struct WeirQueue *queue; /* while the plan runs: a ring, or a table */
} WeirEdge;

struct WeirInput {
  WeirPlanStage *stage;
  guint index;
  const weir_port *row;
  const char *name;
  WeirPortType *type;
  GPtrArray *edges;   /* of WeirEdge, in listed order */
  WeirSchema *schema; /* NULL while not known */
  WeirBinding *binding;
};

struct WeirOutput {
  WeirPlanStage *stage;
  guint index;
  const weir_port *row;
  const char *name;
  WeirPortType *type;
  gboolean mentioned; /* by a stage that could not be made */
  gboolean open;      /* its type is declared by the stage */
  gint base;          /* input that its type refers to, or -1 */
  GPtrArray *edges;   /* of WeirEdge: all that take it */
  WeirSchema *schema; /* NULL while not known */
  WeirDerivation *derivation;
  struct WeirTableWriter *writer; /* while the plan runs and a table edge takes it: see output_table.h */
  struct WeirSmallBatches *small; /* that wait to be written together */
  char *table_path;               /* of the file, once it is begun */
  guint64 table_bytes;
};

struct WeirPlanStage {
  WeirPlan *plan;
  guint index; /* in plan->stages: topological order, file order among equals */
  WeirStageSpec *spec;
  const char *name;
  const char *use;
  WeirPlugin *plugin;
  const weir_class *class;
  gboolean ours; /* of the project's own vendor: its batches are not validated deeply */
  gpointer state;
  WeirArena *arena;
  GHashTable *given; /* names of options that were given */
  WeirNode *shown;   /* options of which a part came from the environment, as to be shown; NULL: none */
  guint n_inputs, n_outputs;
  WeirInput *inputs;
  WeirOutput *outputs;
  WeirRejectPolicy rejects;
  guint n_sources, first_source; /* what it reads: positions in plan->sources */
  gboolean resolved;             /* all inputs bound, schema() called, all but open outputs typed */
};

struct WeirPlan {
  WeirPipeline *pipeline;
  GPtrArray *stages; /* of WeirPlanStage */
  GPtrArray *edges;  /* of WeirEdge */
  guint64 seed;
  GPtrArray *sources;       /* of WeirSource */
  WeirRejectPolicy rejects; /* of stages that say nothing of their own */
  GHashTable *refused; /* names of plugins that could not be opened, with the WeirDiagnostic that says why */
  GMutex types_lock;   /* schemas, bindings and derivations while the plan runs */
  GCond types_known;   /* some became known, or the run is cancelled */
  struct WeirRun *run;
};

typedef struct {
  const char *const *folders;
  gboolean allow_unsafe;
  struct WeirRun *run;             /* passed to schema() through the stage handle */
  const gboolean *on_error_reject; /* in place of what the pipeline says for all stages; NULL: nothing */
  const guint64 *max_rejects;
  struct WeirBudget *budget; /* to be divided; NULL: without */
} WeirPlanSettings;

/* Make a plan from a pipeline whose parameters are settled; it is unfolded here. All that is wrong goes to `diagnostics`; NULL if anything was. */
WeirPlan *weir_plan_new(WeirPipeline *pipeline, const WeirPlanSettings *settings,
                        WeirDiagnostics *diagnostics);
void weir_plan_free(WeirPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirPlan, weir_plan_free)

/* "stage "dedup" (text.dedup)"; g_free(). */
char *weir_plan_stage_label(const WeirPlanStage *stage);
WeirPlanStage *weir_plan_find(const WeirPlan *plan, const char *name);

/* --- parts of weir_plan_new(), a file each --- */

/* plan_graph.c: references become edges; missing, surplus and unused ones are errors; then order and cycles, edges
   that could deadlock, paths that two stages write. */
void weir_plan_connect(WeirPlan *plan, WeirDiagnostics *diagnostics);
gboolean weir_plan_sort(WeirPlan *plan, WeirDiagnostics *diagnostics);
void weir_plan_mark_spools(WeirPlan *plan);

/* plan_files.c */
void weir_plan_check_files(WeirPlan *plan, WeirDiagnostics *diagnostics);

/* plan_types.c */
void weir_plan_resolve(WeirPlan *plan, WeirDiagnostics *diagnostics);
/* Whether all that feeds a stage has said what columns it brings. */
gboolean weir_plan_inputs_are_known(const WeirPlanStage *stage);
/* While the plan runs: bind the stage's inputs if their types are known by now, call schema() (only if `may_call`, from
   the stage's own thread), type its outputs, and go on with what they feed. FALSE: `diagnostics` has why. */
gboolean weir_plan_resolve_stage(WeirPlanStage *stage, gboolean may_call, WeirDiagnostics *diagnostics);
/* The type of an open output is known now. Takes no lock. */
gboolean weir_plan_declare(WeirOutput *output, WeirSchema *schema, WeirDiagnostics *diagnostics);
WeirFieldSource weir_plan_fields(WeirPlanStage *stage);
/* One schema for all edges of an input, whose sources are known: `columns` of each edge is set where its batches do
 * not have it as they come. NULL: `culprit` is the edge that does not fit, `problem` (g_free()) says how. */
WeirSchema *weir_plan_unify(const WeirInput *input, const WeirEdge **culprit, char **problem);

/* plan_print.c; g_free(). */
char *weir_plan_to_dot(WeirPlan *plan);
char *weir_plan_to_json(WeirPlan *plan);
void weir_plan_write_json(WeirPlan *plan, WeirJsonWriter *json);

#endif
