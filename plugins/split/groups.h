/* SPDX-License-Identifier: MIT */
/* Numbers keys in the order of first sight, known by their 128-bit hashes, so that no text is kept. */
#ifndef WEIR_SPLIT_GROUPS_H
#define WEIR_SPLIT_GROUPS_H

#include "key.h"

/* Called with the bytes that a larger table takes, and with 0 and those given back after it. FALSE: not granted. */
typedef gboolean (*SplitGrant)(gpointer data, guint64 take, guint64 give_back);

/* Belongs to one thread. A key takes 24 bytes, and room in a hash table that is at most half full. Two keys are taken
 * for one with a chance of 2^-128. */
typedef struct SplitGroups SplitGroups;

SplitGroups *split_groups_new(SplitGrant grant, gpointer data); /* `grant` may be NULL */
void split_groups_free(SplitGroups *groups);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SplitGroups, split_groups_free)

/* The number of a key, from 0; and counts it. G_MAXUINT32: no memory, or 2^32 - 1 keys are there. */
guint32 split_groups_add(SplitGroups *groups, SplitHash hash);

guint32 split_groups_count(const SplitGroups *groups);
guint64 split_groups_rows(const SplitGroups *groups, guint32 group);
SplitHash split_groups_hash(const SplitGroups *groups, guint32 group);

#endif
