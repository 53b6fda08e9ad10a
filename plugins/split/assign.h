/* SPDX-License-Identifier: MIT */
/* Deals the groups of a table's rows out to splits: what split.group and split.clusters have in common. */
#ifndef WEIR_SPLIT_ASSIGN_H
#define WEIR_SPLIT_ASSIGN_H

#include "deal.h"
#include "strata.h"

typedef struct {
  guint32 n;
  const guint64 *rows;  /* of each group */
  const guint64 *tie;   /* of each group: random, see balance.h */
  const guint32 *group; /* of each row; G_MAXUINT32: of a row that is left out */
  const char *noun;     /* of many: "groups" */
  const weir_list *by;  /* columns that name a group to people, entry `by_entry` of the input's type */
  uint32_t by_entry;
} SplitGrouping;

/* Chooses the sides of all rows, and reports what was reached. With columns to stratify by, their values are spread in
 * the same proportion; `stratify_entry` is the entry of the input's type that names them. Begun by split_deal_begin().
 * 0 or -1 (reported). */
int split_assign(weir_stage *stage, SplitDeal *deal, uint32_t in, const SplitGrouping *grouping,
                 const weir_list *stratify, uint32_t stratify_entry);

/* Names the row of a table by its values in some columns, as text; g_free. NULL: reported. */
char *split_name_row(weir_stage *stage, uint32_t in, uint64_t row, const weir_list *by, uint32_t entry);

#endif
