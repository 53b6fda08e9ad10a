/* SPDX-License-Identifier: MIT */
/* The table of classes and splits on the bus. */
#include "split.h"

#include "base/json_write.h"

#define TABLE_LINES 200

static void
write_line(WeirJsonWriter *json, guint n_splits, const char *name, const guint64 *rows)
{
  guint64 total = 0;
  weir_json_begin_array(json);
  weir_json_string(json, name);
  for (guint j = 0; j < n_splits; j++) {
    weir_json_unsigned(json, rows[j]);
    total += rows[j];
  }
  weir_json_unsigned(json, total);
  weir_json_end_array(json);
}

void
split_classes_report(weir_stage *stage, const SplitDeal *deal, const GPtrArray *names, const weir_list *by,
                     const guint64 *cells)
{
  guint k = deal->ratios.count;
  guint shown = names->len > TABLE_LINES ? TABLE_LINES - 1 : names->len;
  guint64 rest[SPLIT_MAX_SPLITS] = {0};
  g_autoptr(GString) text = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(text, 0);
  g_autofree char *columns = by->count ? g_strjoinv(", ", (char **)by->items) : g_strdup("rows");
  weir_json_begin_object(json);
  weir_json_key(json, "columns");
  weir_json_begin_array(json);
  weir_json_string(json, columns);
  for (guint j = 0; j < k; j++)
    weir_json_string(json, deal->ratios.keys[j]);
  weir_json_string(json, "total");
  weir_json_end_array(json);
  weir_json_key(json, "rows");
  weir_json_begin_array(json);
  for (guint c = 0; c < shown && by->count; c++)
    write_line(json, k, names->pdata[c], cells + (gsize)c * k);
  for (guint c = shown; c < names->len; c++)
    for (guint j = 0; j < k; j++)
      rest[j] += cells[(gsize)c * k + j];
  if (shown < names->len) {
    g_autofree char *more = g_strdup_printf("(%u more)", names->len - shown);
    write_line(json, k, more, rest);
  }
  write_line(json, k, "(all)", deal->rows);
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  weir_message(stage, "table", "rows by class and split", text->str);
}
