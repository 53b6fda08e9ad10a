/* SPDX-License-Identifier: MIT */
/* Deals the rows of batches out to the outputs, and says how many each got. */
#include "deal.h"

#include "base/json_write.h"

int
split_deal_check(weir_stage *stage, SplitDeal *deal)
{
  uint32_t k = deal->ratios.count;
  g_autoptr(GError) error = NULL;
  if (k > SPLIT_MAX_SPLITS)
    return weir_fail(stage, "there are %u ratios, and at most %u can be", k, SPLIT_MAX_SPLITS);
  deal->shares = weir_alloc(stage, (k + 1) * sizeof *deal->shares);
  deal->rows = weir_alloc(stage, (k + 1) * sizeof *deal->rows);
  if (!deal->shares || !deal->rows)
    return -1;
  for (uint32_t j = 0; j < k; j++)
    deal->shares[j] = deal->ratios.numbers[j];
  if (!split_normalise(deal->shares, k, &error))
    return weir_fail(stage, "option \"ratios\": %s", error->message);
  return 0;
}

void *
split_reserve(weir_stage *stage, uint64_t n, size_t size, const char *what)
{
  void *memory = NULL;
  if (n <= (G_MAXSIZE >> 1) / size && (n == 0 || weir_reserve(stage, n * size) == 0))
    memory = g_try_malloc0(MAX(n, 1) * size);
  if (!memory)
    weir_fail(stage,
              "no memory for %s: %" G_GUINT64_FORMAT " times %" G_GSIZE_FORMAT " bytes\nhint: raise --memory",
              what, (guint64)n, size);
  return memory;
}

void
split_release(weir_stage *stage, void *memory, uint64_t n, size_t size)
{
  if (memory)
    weir_unreserve(stage, n * size);
  g_free(memory);
}

int
split_hold(weir_stage *stage, guint64 *held, guint64 bytes, const char *what)
{
  if (bytes <= *held)
    return 0;
  if (weir_reserve(stage, bytes - *held))
    return weir_fail(stage, "no memory for %s: %" G_GUINT64_FORMAT " bytes\nhint: raise --memory", what,
                     bytes);
  *held = bytes;
  return 0;
}

gboolean
split_grant(gpointer stage, guint64 take, guint64 give_back)
{
  if (take && weir_reserve(stage, take))
    return FALSE;
  if (give_back)
    weir_unreserve(stage, give_back);
  return TRUE;
}

int
split_deal_begin(weir_stage *stage, SplitDeal *deal, uint32_t in)
{
  uint64_t n_rows = weir_table_rows(stage, in);
  if (!n_rows)
    return weir_fail(stage, "the input has no records: there is nothing to split");
  if (n_rows >= G_MAXUINT32)
    return weir_fail(stage, "the input has %" G_GUINT64_FORMAT " records, and at most %u can be dealt out",
                     (guint64)n_rows, G_MAXUINT32 - 1);
  deal->side = split_reserve(stage, n_rows, 1, "the split of each record");
  return deal->side ? 0 : -1;
}

/* The rows of one split: the batch itself stays. */
static int
send_rows(weir_stage *stage, uint32_t in, const struct ArrowArray *batch, uint32_t out, const weir_row *rows,
          int64_t n)
{
  struct ArrowArray chosen;
  if (weir_gather(stage, weir_input_schema(stage, in), &batch, 1, rows, n, &chosen))
    return -1;
  return weir_emit(stage, out, &chosen);
}

int
split_deal_batch(weir_stage *stage, uint32_t n_splits, uint32_t in, struct ArrowArray *batch,
                 const guint8 *sides)
{
  int64_t length = batch->length;
  int64_t first[SPLIT_MAX_SPLITS + 1] = {0};
  int64_t at[SPLIT_MAX_SPLITS];
  int failed = 0;
  for (int64_t i = 0; i < length; i++)
    if (sides[i] != SPLIT_LEFT_OUT)
      first[sides[i] + 1]++;
  for (uint32_t j = 0; j < n_splits; j++) {
    if (first[j + 1] == length && weir_output_used(stage, j))
      return weir_emit(stage, j, batch);
    at[j] = first[j];
    first[j + 1] += first[j];
  }
  g_autofree weir_row *rows = g_new(weir_row, (gsize)length + 1);
  for (int64_t i = 0; i < length; i++)
    if (sides[i] != SPLIT_LEFT_OUT)
      rows[at[sides[i]]++] = (weir_row){0, i};
  for (uint32_t j = 0; j < n_splits && !failed; j++)
    if (first[j + 1] > first[j] && weir_output_used(stage, j))
      failed = send_rows(stage, in, batch, j, rows + first[j], first[j + 1] - first[j]);
  weir_batch_release(batch);
  return failed;
}

int
split_deal_next(weir_stage *stage, SplitDeal *deal, uint32_t in)
{
  struct ArrowArray batch;
  if (deal->batch == weir_table_batches(stage, in))
    return WEIR_END;
  if (weir_cancelled(stage) || weir_table_batch(stage, in, deal->batch, &batch))
    return -1;
  const guint8 *sides = deal->side + deal->next_row;
  deal->batch++;
  deal->next_row += (uint64_t)batch.length;
  if (split_deal_batch(stage, deal->ratios.count, in, &batch, sides))
    return -1;
  weir_progress(stage, deal->next_row, weir_table_rows(stage, in), "records");
  return 0;
}

void
split_deal_count(weir_stage *stage, SplitDeal *deal, uint32_t in)
{
  for (uint64_t i = 0; i < weir_table_rows(stage, in); i++)
    if (deal->side[i] != SPLIT_LEFT_OUT)
      deal->rows[deal->side[i]]++;
}

static void
write_line(WeirJsonWriter *json, const SplitDeal *deal, uint32_t j, guint64 total, const guint64 *units)
{
  weir_json_begin_array(json);
  weir_json_string(json, deal->ratios.keys[j]);
  if (deal->only_names)
    weir_json_null(json);
  else
    weir_json_number(json, deal->shares[j]);
  weir_json_number(json, total ? (double)deal->rows[j] / (double)total : 0);
  weir_json_unsigned(json, deal->rows[j]);
  if (units)
    weir_json_unsigned(json, units[j]);
  weir_json_end_array(json);
}

void
split_deal_report(weir_stage *stage, const SplitDeal *deal, const char *unit, const guint64 *units)
{
  const char *const columns[] = {"split", "wanted", "reached", "records", units ? unit : NULL};
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  guint64 total = 0;
  for (uint32_t j = 0; j < deal->ratios.count; j++)
    total += deal->rows[j];
  weir_json_begin_object(json);
  weir_json_key(json, "columns");
  weir_json_begin_array(json);
  for (guint i = 0; i < G_N_ELEMENTS(columns) && columns[i]; i++)
    weir_json_string(json, columns[i]);
  weir_json_end_array(json);
  weir_json_key(json, "rows");
  weir_json_begin_array(json);
  for (uint32_t j = 0; j < deal->ratios.count; j++)
    write_line(json, deal, j, total, units);
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(stage, "table", "records by split", text->str);
  for (uint32_t j = 0; j < deal->ratios.count; j++) {
    weir_metric(stage, deal->ratios.keys[j], (double)deal->rows[j], "records");
    if (!deal->rows[j] && weir_output_used(stage, j))
      weir_log(stage, WEIR_LOG_WARNING, "split \"%s\" gets no record of %" G_GUINT64_FORMAT,
               deal->ratios.keys[j], total);
  }
}

void
split_deal_clear(SplitDeal *deal)
{
  g_free(deal->side);
  deal->side = NULL;
}

weir_random
split_random(weir_stage *stage, int64_t seed)
{
  return weir_given(stage, "seed") ? weir_random_from((uint64_t)seed) : weir_random_stream(stage, 0);
}
