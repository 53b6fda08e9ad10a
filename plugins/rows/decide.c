/* SPDX-License-Identifier: MIT */
/* A table of keys while memory lasts; further keys are dealt out to files by their hash, and decided file by file. */
#include "decide.h"

static void
init_at(RowsDecider *decider, weir_stage *stage, RowsGrant *grant, gboolean last, uint32_t depth)
{
  *decider = (RowsDecider){.stage = stage, .grant = grant, .last = last, .depth = depth};
  rows_table_init(&decider->table, grant);
}

void
rows_decider_init(RowsDecider *decider, weir_stage *stage, RowsGrant *grant, gboolean last)
{
  init_at(decider, stage, grant, last, 0);
}

void
rows_decider_clear(RowsDecider *decider)
{
  rows_table_clear(&decider->table);
  for (uint32_t i = 0; decider->parts && i < ROWS_PARTS; i++)
    rows_numbers_clear(&decider->parts[i]);
  g_clear_pointer(&decider->parts, g_free);
}

static int
deal_out(RowsDecider *decider, RowsHash hash, uint64_t number)
{
  uint64_t row[3] = {hash.a, hash.b, number};
  if (!decider->parts) {
    decider->parts = g_new0(RowsNumbers, ROWS_PARTS);
    for (uint32_t i = 0; i < ROWS_PARTS; i++)
      rows_numbers_init(&decider->parts[i], decider->stage, 3);
  }
  return rows_numbers_add(&decider->parts[rows_part(hash, decider->depth)], row);
}

RowsVerdict
rows_decider_add(RowsDecider *decider, RowsHash hash, uint64_t number)
{
  gboolean is_new = FALSE;
  RowsSlot *slot = decider->is_full ? rows_table_find(&decider->table, hash)
                                    : rows_table_put(&decider->table, hash, number, &is_new);
  if (!slot) {
    decider->is_full = TRUE;
    return deal_out(decider, hash, number) ? ROWS_FAILED : ROWS_OPEN;
  }
  if (!decider->last)
    return is_new ? ROWS_FIRST : ROWS_AGAIN;
  slot->value = number;
  return ROWS_OPEN;
}

static void
set_bit(uint8_t *bits, uint64_t n, uint64_t number)
{
  if (number < n)
    bits[number >> 3] |= (uint8_t)(1u << (number & 7));
}

static int
decide_part(const RowsDecider *parent, RowsNumbers *part, uint8_t *stays, uint64_t n)
{
  RowsDecider decider;
  uint64_t row[3];
  int more = rows_numbers_finish(part);
  init_at(&decider, parent->stage, parent->grant, parent->last, parent->depth + 1);
  while (!more && (more = rows_numbers_read(part, row)) > 0) {
    RowsVerdict verdict = rows_decider_add(&decider, (RowsHash){row[0], row[1]}, row[2]);
    if (verdict == ROWS_FIRST)
      set_bit(stays, n, row[2]);
    more = verdict == ROWS_FAILED || weir_cancelled(parent->stage) ? -1 : 0;
  }
  rows_numbers_clear(part);
  int result = more < 0 ? -1 : rows_decider_finish(&decider, stays, n);
  rows_decider_clear(&decider);
  return result;
}

int
rows_decider_finish(RowsDecider *decider, uint8_t *stays, uint64_t n)
{
  if (decider->last)
    for (uint64_t i = 0; i < decider->table.size; i++) {
      const RowsSlot *slot = &decider->table.slots[i];
      if (slot->hash.a || slot->hash.b)
        set_bit(stays, n, slot->value);
    }
  rows_table_clear(&decider->table);
  for (uint32_t i = 0; decider->parts && i < ROWS_PARTS; i++)
    if (decide_part(decider, &decider->parts[i], stays, n))
      return -1;
  return 0;
}
