/* SPDX-License-Identifier: MIT */
/* The description of a pipeline: its files read and checked as far as that needs no plugin, its parameters set, its
 * included pipelines and repeated stages written out.
 *
 *   weir_pipeline_load()    reads the file and those that it includes: entries, not yet stages
 *   weir_pipeline_settle()  gives every parameter its value
 *   weir_pipeline_unfold()  makes the stages: one an entry, one for each element of an "each", those of an "include"
 *
 * A pipeline belongs to one thread at a time.
 */
#ifndef WEIR_CORE_PIPELINE_H
#define WEIR_CORE_PIPELINE_H

#include "base/diagnostics.h"
#include "base/tree.h"
#include "core/environment.h"
#include "core/weir/host.h"

#define WEIR_PIPELINE_MAX_STAGES 4096 /* written out */
#define WEIR_PIPELINE_MAX_DEPTH  16   /* of includes */

/* The origin (weir_node_origin()) of a text that is a variable of the environment and nothing else. */
#define WEIR_ORIGIN_ENVIRONMENT (g_intern_static_string("environment"))

typedef struct WeirPipeline WeirPipeline;
typedef struct WeirScope WeirScope;

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
  WEIR_PARAMETER_LIST, /* of strings, numbers and booleans; on the command line separated by commas */
  WEIR_PARAMETER_SECRET,
} WeirParameterType;

/* Who set a parameter; a later one overrides those before it. */
typedef enum { WEIR_GIVEN_BY_NOBODY, WEIR_GIVEN_BY_CONFIG, WEIR_GIVEN_BY_COMMAND } WeirGiver;

typedef struct {
  const char *name; /* all strings belong to the tree, or are interned */
  WeirPosition position;
  WeirScope *scope;
  WeirParameterType type;
  const char *help;
  gboolean optional;
  WeirNode *by_default; /* borrowed from the tree, or NULL */
  WeirNode *minimum, *maximum;
  char **choices;
  WeirNode *written; /* owned: what a config file says, ${…} and all; NULL: nothing, or it is not used */
  WeirNode *value;   /* owned; NULL: none, which only an optional one may stay */
  WeirNode *shown;   /* owned: what to show for it, where a part came from the environment; or NULL */
  WeirGiver given;
} WeirParameter;

/* A source that a reference names, or one of those of a {"first": […]}. */
typedef struct {
  const char *name; /* "stage" or "stage.port", with the names of the includes before it */
  WeirPosition position;
  gboolean wrong;     /* there is no such stage, as was reported */
  const char *absent; /* why it is not there in this run: `its "when" does not hold`; NULL: it is there */
  WeirPosition absent_where; /* what says so */
} WeirCandidate;

/* One reference of a "from": the sources in order; the first that is there is taken. */
typedef struct {
  WeirPosition position;
  gboolean first;      /* written as {"first": […]} */
  GArray *sources;     /* of WeirCandidate */
  const char *nothing; /* why there is no source at all: `"each" of "models" lists nothing`; or NULL */
  WeirPosition nothing_where;
} WeirReference;

/* What is written for one input; `port` NULL: not named. */
typedef struct {
  const char *port;
  WeirPosition position;
  GPtrArray *references; /* of WeirReference */
} WeirInputSpec;

/* An element of an "each". */
typedef struct {
  char *key;       /* in "name/KEY" */
  WeirNode *value; /* owned */
  WeirNode *shown; /* owned: with what came from the environment still written as a reference */
} WeirElement;

typedef struct {
  const char *name; /* with the names of includes and elements before it: "sub/name/KEY" */
  WeirPosition position;
  const char *use;
  WeirPosition use_position;
  const WeirScope *scope;           /* in which its ${…} are looked up */
  const WeirElement *element;       /* what ${each} is; NULL: nothing */
  gboolean left_out;                /* by a "when", its own or that of an include */
  GPtrArray *inputs;                /* of WeirInputSpec */
  WeirNode *options;                /* owned: a map, or NULL; ${…} not replaced */
  WeirNode *discard;                /* borrowed */
  GPtrArray *discarded;             /* of const char *: further outputs, that an include discards; or NULL */
  WeirNode *on_error, *max_rejects; /* borrowed, or NULL */
  WeirNode *node;                   /* borrowed */
} WeirStageSpec;

/* One stage or included pipeline that an entry stands for. */
typedef struct {
  WeirElement *element; /* owned; NULL: the entry has no "each" */
  WeirStageSpec *stage; /* one of */
  WeirScope *scope;     /* these two; NULL both: it could not be made, as was reported */
  gboolean left_out;
} WeirInstance;

/* What stands under a key of "stages". */
typedef struct {
  const char *name;
  WeirPosition position;
  WeirScope *scope;
  WeirNode *node;                   /* borrowed, as all below */
  WeirNode *use;                    /* one of */
  WeirNode *include;                /* these two */
  WeirNode *when;                   /* or NULL */
  WeirNode *each;                   /* or NULL */
  WeirNode *options;                /* or NULL */
  WeirNode *parameters;             /* of an include, or NULL */
  WeirNode *discard;                /* or NULL */
  WeirNode *on_error, *max_rejects; /* or NULL */
  GPtrArray *inputs;    /* of WeirInputSpec, as written: each reference with its texts for sources */
  GPtrArray *instances; /* of WeirInstance, once unfolded */
  GHashTable *keys;     /* key of an element to its WeirInstance */
  gboolean broken;      /* its instances could not be made, as was reported */
} WeirEntry;

/* An input or output that a file to be included declares. */
typedef struct {
  const char *name;
  WeirPosition position;
  const char *help;
  gboolean optional, many; /* of an input */
  WeirInputSpec *
      written; /* owned: an output's sources; borrowed: what the including entry gives to an input, or NULL */
  GPtrArray *references; /* of WeirReference: resolved, once asked for */
  gboolean resolving;
} WeirPortSpec;

/* A file that was read. */
typedef struct {
  const char *path; /* as shown, interned */
  char *real;       /* by which it is known again */
  char *folder;     /* absolute, for relative input paths */
  WeirNode *tree;   /* NULL: it could not be read, as was reported */
  GArray *included; /* of WeirPosition: by whom */
  gboolean seen;    /* its own includes were looked into */
  char *digest;     /* SHA-256 in hex, as it was when it was read; NULL: not known */
} WeirPipelineFile;

/* What one file declares, as it is used in one place. */
struct WeirScope {
  WeirPipeline *pipeline;
  WeirScope *parent;          /* NULL: the pipeline file itself */
  const WeirEntry *entry;     /* of the parent, that includes it; NULL as above */
  const WeirElement *element; /* of that entry's "each", or NULL */
  WeirPipelineFile *file;     /* borrowed */
  const char *prefix;         /* of the names of its stages: "" or "sub/" */
  guint depth;                /* of includes */
  gboolean left_out;          /* its stages do not take part in the run */
  GPtrArray *parameters;      /* of WeirParameter */
  GPtrArray *inputs;          /* of WeirPortSpec */
  GPtrArray *outputs;         /* of WeirPortSpec */
  GPtrArray *entries;         /* of WeirEntry */
  GHashTable *entry_index;    /* name to WeirEntry */
};

struct WeirPipeline {
  char *file;   /* as given */
  char *folder; /* absolute, for relative input paths */
  const char *name;
  const char *help;
  WeirNode *seed;                   /* borrowed, or NULL */
  WeirNode *on_error, *max_rejects; /* borrowed, or NULL */
  WeirScope *root;                  /* of the file itself */
  GPtrArray *parameters;            /* borrowed from it: what can be given on the command line */
  GPtrArray *stages;                /* of WeirStageSpec, borrowed: all, once unfolded */
  GPtrArray *files;                 /* of WeirPipelineFile: the pipeline's own first */
  GPtrArray *scopes;                /* of WeirScope, owned: all of them */
  GPtrArray *settings;              /* of WeirSetting: options set from outside */
  GHashTable *folders;   /* path of a file as shown to its absolute folder: of pipelines and config files */
  GStringChunk *strings; /* names that are put together */
  WeirEnvironment *environment;
  gsize expanded; /* values made by replacing ${…}, against the limit */
  gboolean unfolded;
};

/* "stage.option" and its value, from --set or a config file. */
typedef struct {
  char *stage, *option;
  WeirNode *value;
  WeirPosition position;
  gboolean by_command;
} WeirSetting;

/* Read a description; all that is wrong with it goes to `diagnostics`. NULL if anything was. */
WeirPipeline *weir_pipeline_load(const char *file, WeirDiagnostics *diagnostics);
/* The digest of the pipeline's own file, as it was when it was read; NULL: not known. */
const char *weir_pipeline_digest(const WeirPipeline *pipeline);
void weir_pipeline_free(WeirPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirPipeline, weir_pipeline_free)

WeirParameter *weir_pipeline_parameter(const WeirPipeline *pipeline, const char *name);
/* A stage that was made: after weir_pipeline_unfold(). */
WeirStageSpec *weir_pipeline_stage(const WeirPipeline *pipeline, const char *name);
const char *weir_parameter_type_name(WeirParameterType type);
gboolean weir_parameter_type_of(const char *name, WeirParameterType *type);
/* "at least 2", "one of: a, b", or NULL. g_free(). */
char *weir_parameter_range(const WeirParameter *parameter);

/* Set parameters and options from a config file: a map of NAME to value and of STAGE.OPTION to value. FALSE: reported. */
gboolean weir_pipeline_set_config(WeirPipeline *pipeline, const char *file, WeirDiagnostics *diagnostics);
/* Set an option: "stage.option=value". */
gboolean weir_pipeline_set_option(WeirPipeline *pipeline, const char *assignment, GError **error);

/* Set a parameter from the text of a command line. */
gboolean weir_parameter_set_text(WeirParameter *parameter, const char *text, GError **error);
/* Give every parameter of the file its value: default where none was set; FALSE where a required one has none. */
gboolean weir_pipeline_settle(WeirPipeline *pipeline, WeirDiagnostics *diagnostics);

/* Make the stages, and resolve their references, as far as that is possible; the rest is reported. */
void weir_pipeline_unfold(WeirPipeline *pipeline, WeirDiagnostics *diagnostics);

/* Add to each entry about an included file by whom it is included. */
void weir_pipeline_note_includes(const WeirPipeline *pipeline, WeirDiagnostics *diagnostics);

/* Put values in place of ${…} in a tree: parameters of the scope, ${each} and ${each.MEMBER} of `element` (may be NULL),
   ${env:NAME}, ${env:NAME:-default}; "$${" stands for "${". A member of a map, or an item of a list, whose whole value is a
   parameter without a value is left out. NULL if there was an error. `*environment` (may be NULL) becomes TRUE where
   something came from the environment. */
WeirNode *weir_scope_expand(const WeirScope *scope, const WeirElement *element, const WeirNode *node,
                            gboolean *environment, WeirDiagnostics *diagnostics);
/* The same to be shown: what comes from the environment, and every secret, stays a reference. */
WeirNode *weir_scope_expand_shown(const WeirScope *scope, const WeirElement *element, const WeirNode *node);

/* Whether a "when" holds, of an entry with this "each" (NULL: none). TRUE without one, and after an error. */
gboolean weir_scope_when(const WeirScope *scope, const WeirElement *element, const WeirNode *each,
                         const WeirNode *when, WeirDiagnostics *diagnostics);

/* The folder that a relative input path in this text is relative to; NULL: the working directory. */
const char *weir_pipeline_folder_of(const WeirPipeline *pipeline, const WeirNode *text);

/* A secret that is written as {"file": "PATH"}: the first line of that file; NULL with `error`. `path` is as
   weir_pipeline_folder_of() has it. */
WeirNode *weir_pipeline_read_secret(const WeirPipeline *pipeline, const WeirNode *path, GError **error);

#endif
