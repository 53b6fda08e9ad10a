/* SPDX-License-Identifier: MIT */
/* The labels that a model knows, from the metadata of its artifact. */
#ifndef WEIR_EVALUATE_HEADS_H
#define WEIR_EVALUATE_HEADS_H

#include <glib.h>

/* Reads `heads` of a model's metadata: [{"task": "…", "labels": ["…", …]}, …]; a head without a task is for
 * rows without one. */
typedef struct {
  GHashTable *tasks; /* name (of a head without a task: "") to GHashTable: label to its position + 1 */
} EvaluationHeads;

/* NULL and no error: the metadata names no heads. `text` is a JSON object. */
EvaluationHeads *evaluation_heads_new(const char *text, gssize length, GError **error);
void evaluation_heads_free(EvaluationHeads *heads);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EvaluationHeads, evaluation_heads_free)

/* Position of a label among those of its task's head, or -1. `task` may be NULL; where the model has one head
 * only, and that has no task, it is for any. */
gint64 evaluation_heads_find(const EvaluationHeads *heads, const char *task, const char *label);

#endif
