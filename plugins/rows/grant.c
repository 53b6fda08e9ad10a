/* SPDX-License-Identifier: MIT */
/* Asks the run for memory in steps, and remembers how much of it is in use. */
#include "grant.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* The run is asked for so much at once, if it has that. */
#define STEP (G_GUINT64_CONSTANT(4) << 20)
/* Less is not worth a walk over the heap. */
#define TRIM_LEAST (G_GUINT64_CONSTANT(4) << 20)

void
rows_grant_init(RowsGrant *grant, weir_stage *stage, uint64_t limit)
{
  *grant = (RowsGrant){.stage = stage, .limit = limit ? limit : UINT64_MAX};
}

static uint64_t
room_of(const RowsGrant *grant)
{
  return MIN(ROWS_COUNTED + grant->granted, grant->limit);
}

uint64_t
rows_grant_room(const RowsGrant *grant)
{
  uint64_t room = room_of(grant);
  return room > grant->used ? room - grant->used : 0;
}

gboolean
rows_grant_take(RowsGrant *grant, uint64_t bytes)
{
  if (bytes > grant->limit || grant->used > grant->limit - bytes)
    return FALSE;
  uint64_t room = room_of(grant), wanted = grant->used + bytes;
  if (wanted > room) {
    uint64_t more = wanted - room, step = MAX(more, STEP);
    if (weir_reserve(grant->stage, step)) {
      if (step == more || weir_reserve(grant->stage, more))
        return FALSE;
      step = more;
    }
    grant->granted += step;
  }
  grant->used = wanted;
  return TRUE;
}

void
rows_grant_force(RowsGrant *grant, uint64_t bytes)
{
  if (!rows_grant_take(grant, bytes))
    grant->used += bytes;
}

void
rows_grant_give(RowsGrant *grant, uint64_t bytes)
{
  g_return_if_fail(bytes <= grant->used);
  grant->used -= bytes;
}

void
rows_grant_shrink(RowsGrant *grant)
{
  uint64_t needed = grant->used > ROWS_COUNTED ? grant->used - ROWS_COUNTED : 0;
  if (grant->granted <= needed)
    return;
  weir_unreserve(grant->stage, grant->granted - needed);
  grant->granted = needed;
}

void
rows_grant_trim(uint64_t bytes)
{
#ifdef __GLIBC__
  if (bytes >= TRIM_LEAST)
    malloc_trim(0);
#else
  (void)bytes;
#endif
}
