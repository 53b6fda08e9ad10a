/* SPDX-License-Identifier: MIT */
/* State of the two stages, filled from their options by the host. */
#ifndef WEIR_LINEAR_H
#define WEIR_LINEAR_H

#include <glib.h>
#include <weir/plugin.h>

#include "ml/text_model.h"

typedef struct {
  const char *text;
  const char *label;
  const char *task;
  weir_list dense;
  int32_t model;
  double c;
  int64_t epochs;
  double tolerance;
  int64_t patience;
  int32_t class_weight;
  weir_map weights;
  int64_t word_min, word_max;
  int64_t pair_window, pair_stem;
  int64_t char_min, char_max;
  int32_t char_mode;
  bool lowercase;
  bool strip_accents;
  bool sublinear;
  int32_t idf;
  int64_t min_df;
  double max_df;
  int64_t max_features;
  int64_t hash_bits;
  uint64_t max_text;
  int64_t seed;
} TrainState;

int linear_train_schema(weir_stage *stage);
int linear_train_produce(weir_stage *stage);

typedef struct {
  const char *text;
  const char *task;
  weir_list dense;
  const char *prediction;
  const char *confidence;
  const char *probabilities;

  GMutex lock; /* of what follows */
  bool failed; /* loading did, and said so */
  WeirTextModel *model;
  GPtrArray *idle; /* of PredictScratch */
} PredictState;

int linear_predict_open(weir_stage *stage);
int linear_predict_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int linear_predict_produce(weir_stage *stage);
void linear_predict_close(weir_stage *stage);

#endif
