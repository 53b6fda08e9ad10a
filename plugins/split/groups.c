/* SPDX-License-Identifier: MIT */
/* An open hash table of group numbers over an array of groups; both double when they are full. */
#include "groups.h"

#define FIRST_SLOTS 1024u

typedef struct {
  SplitHash hash;
  guint64 rows;
} Group;

struct SplitGroups {
  Group *groups;
  guint32 *slots; /* number + 1, or 0; twice as many as there is room for groups */
  gsize n_slots;  /* a power of two */
  guint32 n;
  SplitGrant grant;
  gpointer data;
};

SplitGroups *
split_groups_new(SplitGrant grant, gpointer data)
{
  SplitGroups *groups = g_new0(SplitGroups, 1);
  groups->grant = grant;
  groups->data = data;
  return groups;
}

static guint64
bytes_of(gsize n_slots)
{
  return n_slots * sizeof(guint32) + n_slots / 2 * sizeof(Group);
}

void
split_groups_free(SplitGroups *groups)
{
  if (!groups)
    return;
  if (groups->grant && groups->n_slots)
    groups->grant(groups->data, 0, bytes_of(groups->n_slots));
  g_free(groups->groups);
  g_free(groups->slots);
  g_free(groups);
}

static gsize
slot_of(const SplitGroups *groups, SplitHash hash)
{
  gsize mask = groups->n_slots - 1;
  gsize at = hash.low & mask;
  for (; groups->slots[at]; at = (at + 1) & mask) {
    const Group *group = &groups->groups[groups->slots[at] - 1];
    if (group->hash.low == hash.low && group->hash.high == hash.high)
      break;
  }
  return at;
}

static gboolean
grow(SplitGroups *groups)
{
  gsize n_slots = MAX(groups->n_slots * 2, FIRST_SLOTS);
  guint64 old = groups->n_slots ? bytes_of(groups->n_slots) : 0;
  if (groups->grant && !groups->grant(groups->data, bytes_of(n_slots), 0))
    return FALSE;
  guint32 *slots = g_try_new0(guint32, n_slots);
  Group *more = g_try_renew(Group, groups->groups, n_slots / 2);
  if (more)
    groups->groups = more;
  if (!slots || !more) {
    g_free(slots);
    return FALSE;
  }
  g_free(groups->slots);
  groups->slots = slots;
  groups->n_slots = n_slots;
  for (guint32 i = 0; i < groups->n; i++)
    slots[slot_of(groups, groups->groups[i].hash)] = i + 1;
  if (groups->grant && old)
    groups->grant(groups->data, 0, old);
  return TRUE;
}

guint32
split_groups_add(SplitGroups *groups, SplitHash hash)
{
  if (groups->n_slots == 0 && !grow(groups))
    return G_MAXUINT32;
  gsize at = slot_of(groups, hash);
  if (!groups->slots[at]) {
    if (groups->n == G_MAXUINT32 - 1)
      return G_MAXUINT32;
    if (groups->n == groups->n_slots / 2) {
      if (!grow(groups))
        return G_MAXUINT32;
      at = slot_of(groups, hash);
    }
    groups->groups[groups->n] = (Group){hash, 0};
    groups->slots[at] = ++groups->n;
  }
  guint32 number = groups->slots[at] - 1;
  groups->groups[number].rows++;
  return number;
}

guint32
split_groups_count(const SplitGroups *groups)
{
  return groups->n;
}

guint64
split_groups_rows(const SplitGroups *groups, guint32 group)
{
  return groups->groups[group].rows;
}

SplitHash
split_groups_hash(const SplitGroups *groups, guint32 group)
{
  return groups->groups[group].hash;
}
