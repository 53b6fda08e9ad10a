/* SPDX-License-Identifier: MIT */
/* State of the stages, filled from their options by the host, and their functions. */
#ifndef WEIR_LABELS_H
#define WEIR_LABELS_H

#include "expression/layout.h"
#include "names.h"

/* ---- map ---- */

enum { MAP_IN, MAP_TABLE }; /* ports */
enum { MAP_LABEL };         /* entries of the first */
enum { MAP_FROM, MAP_TO };  /* and of the second */
enum { UNKNOWN_KEEP, UNKNOWN_REJECT, UNKNOWN_DROP, UNKNOWN_DEFAULT, UNKNOWN_NULL };

typedef struct {
  const char *label;
  weir_map map;
  const char *into;
  const char *from, *to;
  int32_t unknown;
  const char *default_label;

  Arrangement arrangement;
  LabelNames *old; /* labels that are mapped */
  GArray *targets; /* of guint32: what each becomes, a number in `fresh` */
  LabelNames *fresh;
  GMutex lock;   /* of reading the table */
  guint8 *seen;  /* of `old`: it came; set by any thread. NULL: the table has not been read */
  char *failure; /* why it could not be */
  guint64 unknown_count;
} LabelsMap;

int labels_map_schema(weir_stage *stage);
int labels_map_open(weir_stage *stage);
int labels_map_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int labels_map_end(weir_stage *stage, uint32_t port);
int labels_map_produce(weir_stage *stage);
void labels_map_close(weir_stage *stage);

/* ---- balance ---- */

enum { BALANCE_NULL_KEEP, BALANCE_NULL_DROP };
enum { BALANCE_DOWN, BALANCE_UP };

/* Of a batch: its first row, and how often a row of it goes on at most. */
typedef struct {
  guint64 first, copies;
} BalancePasses;

typedef struct {
  const char *label;
  int64_t per_label;
  double ratio;
  int64_t seed;
  int32_t null;
  int32_t direction;

  LabelNames *names;
  guint64 held;    /* bytes of them that count against the run's budget */
  guint64 *left;   /* rows of a label that were not looked at yet */
  guint64 *wanted; /* and how many of them go on; then, beyond `times` */
  guint64 *times;  /* each row of a label goes on */
  weir_random random;
  uint64_t batch;         /* the next one */
  guint64 pass, n_passes; /* more than one where records are repeated */
  guint8 *drawn; /* bits of rows: these go on once more. NULL, and so is the next: none is repeated */
  BalancePasses *passes;
} LabelsBalance;

int labels_balance_schema(weir_stage *stage);
int labels_balance_produce(weir_stage *stage);
void labels_balance_close(weir_stage *stage);

#endif
