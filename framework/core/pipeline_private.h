/* SPDX-License-Identifier: MIT */
/* What the parts of the pipeline reader share. */
#ifndef WEIR_CORE_PIPELINE_PRIVATE_H
#define WEIR_CORE_PIPELINE_PRIVATE_H

#include "core/pipeline.h"

#include <string.h>

/* --- pipeline.c --- */

/* A name of a stage, parameter, …: they stand in references, file names and on command lines. Adds an error if not. */
gboolean weir_pipeline_check_name(const char *name, const char *what, WeirPosition position,
                                  WeirDiagnostics *diagnostics);
/* The string under `key`, or NULL if it is missing; another kind is an error. */
const char *weir_pipeline_get_string(WeirNode *map, const char *key, const char *what,
                                     WeirDiagnostics *diagnostics);
/* A text that lives as long as the pipeline. */
const char *weir_pipeline_keep(const WeirPipeline *pipeline, const char *text);
const char *weir_pipeline_print(const WeirPipeline *pipeline, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A pipeline for whoever has its stages from somewhere else: unfolded, without parameters and stages, which are added to
   the root's parameters and to the stages (and then belong to them). `tree` is where their nodes are from, read from the
   file `record`; relative paths in it are relative to `folder`. */
WeirPipeline *weir_pipeline_new_recorded(const char *file, const char *digest, const char *folder,
                                         WeirNode *tree, const char *record);
/* A file that was included. */
void weir_pipeline_add_recorded(WeirPipeline *pipeline, const char *path, const char *digest);
WeirEntry *weir_scope_entry(const WeirScope *scope, const char *name);

/* A scope of a file that was read, with what it declares; it belongs to the pipeline. */
WeirScope *weir_scope_new(WeirPipeline *pipeline, WeirPipelineFile *file, WeirScope *parent,
                          const WeirEntry *entry, const char *prefix, WeirDiagnostics *diagnostics);

/* --- pipeline_parameters.c --- */

void weir_scope_read_parameters(WeirScope *scope, WeirDiagnostics *diagnostics);
/* "inputs" and "outputs". */
void weir_scope_read_ports(WeirScope *scope, WeirDiagnostics *diagnostics);
void weir_parameter_free(gpointer parameter);
void weir_port_spec_free(gpointer port);

/* --- pipeline_stages.c --- */

void weir_scope_read_stages(WeirScope *scope, WeirDiagnostics *diagnostics);
void weir_entry_free(gpointer entry);
WeirReference *weir_reference_new(WeirPosition position, gboolean first);
WeirReference *weir_reference_read(WeirNode *node, WeirDiagnostics *diagnostics);
void weir_reference_add(WeirReference *reference, const char *name, WeirPosition position);
WeirInputSpec *weir_input_spec_new(const char *port, WeirPosition position);
WeirInputSpec *weir_input_spec_read(const char *port, WeirPosition position, WeirNode *node,
                                    WeirDiagnostics *diagnostics);
void weir_reference_free(gpointer reference);
void weir_input_spec_free(gpointer input);
void weir_stage_spec_free(gpointer stage);

/* --- pipeline_include.c --- */

/* Reads an included file, or finds it among those that were read; `by` is where "include" stands. NULL: reported. */
WeirPipelineFile *weir_pipeline_read_file(WeirPipeline *pipeline, const char *path, WeirPosition by,
                                          const WeirScope *from, WeirDiagnostics *diagnostics);
/* What a written path is, as shown and absolute. g_free(). */
char *weir_pipeline_include_path(const WeirPipeline *pipeline, const WeirNode *path);
/* Look into the files that an entry includes, without values of parameters: so that all their mistakes are found. */
void weir_scope_read_includes(WeirScope *scope, WeirDiagnostics *diagnostics);
/* The scope of an include, its parameters set. NULL: reported. */
WeirScope *weir_scope_include(WeirEntry *entry, WeirElement *element, const char *prefix, gboolean left_out,
                              WeirDiagnostics *diagnostics);
/* Give the inputs of an included file what its entry has for them. */
void weir_scope_connect_inputs(WeirScope *scope, WeirDiagnostics *diagnostics);

/* --- pipeline_each.c --- */

/* The elements of an "each"; NULL after an error. */
GPtrArray *weir_entry_elements(const WeirEntry *entry, WeirDiagnostics *diagnostics);
void weir_element_free(gpointer element);

/* --- pipeline_resolve.c --- */

/* The references of an entry's "from", as names of stages: of WeirInputSpec. */
GPtrArray *weir_entry_resolve(const WeirEntry *entry, const WeirInstance *instance,
                              WeirDiagnostics *diagnostics);
/* All inputs and outputs of a scope, so that mistakes are found where nothing takes them. */
void weir_scope_resolve_ports(WeirScope *scope, WeirDiagnostics *diagnostics);
const GPtrArray *weir_scope_resolve_output(WeirScope *scope, WeirPortSpec *output,
                                           WeirDiagnostics *diagnostics);
WeirPortSpec *weir_port_spec_find(const GPtrArray *ports, const char *name);

/* --- template.c --- */

/* Count what the pipeline is with all of it written out, in values and pieces of 16 bytes. FALSE: it is too large,
   reported. */
gboolean weir_pipeline_count(WeirPipeline *pipeline, gsize n, WeirDiagnostics *diagnostics);

/* What a name in ${…} or "when" stands for: a parameter, "each", "each.MEMBER". Returns the error where there is none.
   `value` is NULL where it has no value. */
typedef struct {
  WeirNode *value, *shown; /* owned; NULL: none */
  gboolean secret;
  gboolean environment; /* a part of it came from the environment */
} WeirNamed;
WeirDiagnostic *weir_scope_look_up(const WeirScope *scope, const WeirElement *element, const char *name,
                                   WeirPosition at, WeirNamed *named, WeirDiagnostics *diagnostics);
void weir_named_clear(WeirNamed *named);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WeirNamed, weir_named_clear)

/* --- parameters.c --- */

/* Give the parameter a value that is written in a file. FALSE: reported, at the value. */
gboolean weir_parameter_set_node(WeirParameter *parameter, WeirNode *value, const WeirNode *shown,
                                 WeirDiagnostics *diagnostics);
gboolean weir_scope_settle(WeirScope *scope, WeirDiagnostics *diagnostics);
/* Whether a default fits its type and range; not whether a path is there, since it may never be used. */
void weir_parameter_check_default(const WeirParameter *parameter, WeirDiagnostics *diagnostics);
WeirParameter *weir_scope_parameter(const WeirScope *scope, const char *name);
/* For weir_did_you_mean_of(): `data` is a WeirScope. */
const char *weir_scope_parameter_name_at(gpointer data, gsize index);
/* Whether a text holds a "${" that is to be replaced. */
gboolean weir_text_has_reference(const WeirNode *node);
/* The same of a text, or of any text in a list or map. */
gboolean weir_node_has_reference(const WeirNode *node);
/* What the parameter would be if it were given this text, to be compared with it; NULL with `error` if it can never be
   that. */
WeirNode *weir_parameter_parse_literal(const WeirParameter *parameter, const char *text, WeirPosition at,
                                       GError **error);

#endif
