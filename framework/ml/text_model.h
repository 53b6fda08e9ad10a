/* SPDX-License-Identifier: MIT */
/* A text classifier as a whole, and the folder that it is kept in: model.json and model.safetensors.
 *
 * model.json says what the model is: `format` and `version`, the `predictor` stage, which `columns` it reads, the options
 * of its `features`, its `heads` [{task, kind, labels, calibration}] and what its `training` found out. The arrays are in
 * model.safetensors: head.N.weights (features + 1 rows, the bias last; labels padded to a multiple of 16), the hash table
 * of the vocabulary (vocabulary.keys, vocabulary.slots), the weights of its n-grams (vocabulary.idf) and, with dense
 * columns, dense.mean and dense.scale. */
#ifndef WEIR_ML_TEXT_MODEL_H
#define WEIR_ML_TEXT_MODEL_H

#include "ml/features.h"
#include "ml/linear.h"
#include "ml/safetensors.h"

#define WEIR_TEXT_MODEL_FORMAT  "weir-linear"
#define WEIR_TEXT_MODEL_VERSION 1

typedef struct {
  char *task;    /* NULL in a model of one task without a name */
  char **labels; /* n_labels of `linear`, and a NULL */
  WeirLinearHead linear;
} WeirTextHead;

/* All members belong to the model. One that is loaded never changes, and any number of threads may use it. */
typedef struct {
  WeirLinearKind kind;
  char *text_column;
  char *task_column;    /* NULL: the model has one task */
  char **dense_columns; /* n_dense of the features, and a NULL */
  WeirFeatures *features;
  guint n_heads;
  WeirTextHead *heads;
  WeirSafetensors *file; /* what the arrays point into; NULL for a model that was trained here */
} WeirTextModel;

/* The kind's name in model.json: "svm", "logistic", "multinomial". */
const char *weir_linear_kind_name(WeirLinearKind kind);

/* Writes both files into an existing folder. `training` is a JSON object, or NULL. */
gboolean weir_text_model_save(const WeirTextModel *model, const char *folder, const char *training,
                              GError **error);

/* Opens a folder. The arrays are mapped, not read. Files of another format or version, damaged ones, and two that do not
 * belong together are refused (WEIR_ERROR_INVALID, or WEIR_ERROR_NOT_FOUND for a missing file). */
WeirTextModel *weir_text_model_load(const char *folder, GError **error);
void weir_text_model_free(WeirTextModel *model);

/* What a model's artifact record says about it, a JSON object: format, predictor, heads. Free with g_free(). */
char *weir_text_model_metadata(const WeirTextModel *model);

/* The head of a task, or -1. NULL asks for the only head. */
int weir_text_model_find_head(const WeirTextModel *model, const char *task, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirTextModel, weir_text_model_free)

#endif
