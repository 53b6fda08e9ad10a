/* SPDX-License-Identifier: MIT */
/* States of the stages, filled from their options by the host, and the functions of their classes. */
#ifndef WEIR_EVALUATE_H
#define WEIR_EVALUATE_H

#include <weir/plugin.h>

#include "heads.h"
#include "records.h"

typedef struct {
  const char *label;
  const char *prediction;
  const char *confidence;
  const char *probabilities;
  const char *task;
  int64_t rounds;
  int64_t seed;

  EvaluationShape shape;
  bool shape_known;
  guint64 models; /* that came */
  EvaluationHeads *heads;
  Evaluation *evaluation;
  GString *texts[3];
} ClassificationState;

int classification_schema(weir_stage *stage);
int classification_open(weir_stage *stage);
int classification_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int classification_end(weir_stage *stage, uint32_t port);
void classification_close(weir_stage *stage);

/* A label as text, whatever type its column has; it lives until the next call for the same `scratch`. */
weir_text evaluate_label_text(const weir_column *column, int64_t row, GString *scratch);
/* Whether there is none; an empty text is none, as in a file whose format knows no null. */
bool evaluate_is_unlabelled(const weir_column *label, int64_t row);

/* --- baselines --- */

enum { BASELINES_TRAIN = 0, BASELINES_IN = 1 }; /* inputs */
/* Entries of the inputs' types; the last is of BASELINES_IN alone. */
enum { BY_LABEL, BY_TASK, BY_QUERY, BY_MODEL, BY_QUALITY, BY_LATENCY, BY_CATEGORY, BY_PREDICTIONS };

typedef enum { BASELINES_AUTO, BASELINES_LABELS, BASELINES_OUTCOMES, BASELINES_SETS } BaselinesKind;

typedef struct {
  const char *label, *task, *query, *model, *quality, *latency, *category;
  weir_list predictions;
  int32_t of; /* BaselinesKind */

  BaselinesKind kind; /* BASELINES_AUTO: not known yet */
} BaselinesState;

int baselines_schema(weir_stage *stage);
int baselines_produce(weir_stage *stage);

#endif
