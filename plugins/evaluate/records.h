/* SPDX-License-Identifier: MIT */
/* The two records that come of an evaluation: headline figures, flat, and the whole report, nested. */
#ifndef WEIR_EVALUATE_RECORDS_H
#define WEIR_EVALUATE_RECORDS_H

#include <weir/plugin.h>

#include "evaluation.h"

#define EVALUATION_MATRIX_LABELS 500 /* a larger confusion matrix is left out; the errors tell more */
#define EVALUATION_ERRORS        100 /* pairs in the list of the most frequent errors */

/* What the input has, and so what the records have. */
typedef struct {
  bool tasks;
  bool confidence;
  bool probabilities;
  bool model;
} EvaluationShape;

/* Says of an output which columns its record has. 0 or -1 (reported). */
int evaluation_declare_metrics(weir_stage *stage, uint32_t port, EvaluationShape shape);
int evaluation_declare_report(weir_stage *stage, uint32_t port, EvaluationShape shape);

/* Send the record of a finished evaluation. 0 or -1 (reported). */
int evaluation_send_metrics(weir_stage *stage, uint32_t port, EvaluationShape shape,
                            const Evaluation *evaluation);
int evaluation_send_report(weir_stage *stage, uint32_t port, EvaluationShape shape,
                           const Evaluation *evaluation);

/* Put per-class table, confusion matrix, reliability curve and headline figures on the bus. */
void evaluation_publish(weir_stage *stage, EvaluationShape shape, const Evaluation *evaluation);

#endif
