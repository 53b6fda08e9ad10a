/* SPDX-License-Identifier: MIT */
/* For fuzz targets of record readers: types are inferred, then the text is read whole and in small stretches, which has
 * to give the same. */
#ifndef WEIR_TESTS_FUZZ_RECORDS_H
#define WEIR_TESTS_FUZZ_RECORDS_H

#include "fuzz.h"

#include "plugins/file/test-json-feed.h"

/* Whether the host would take the columns: names are valid, types are. */
static inline bool
fuzz_columns_are_good(const struct format_columns *columns)
{
  g_autofree weir_field *fields = g_new0(weir_field, columns->n + 1);
  for (uint32_t k = 0; k < columns->n; k++)
    fields[k] = (weir_field){columns->items[k].name, columns->items[k].type};
  fields[columns->n] = (weir_field){"_row", "u64"};
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, columns->n + 1, NULL);
  return schema != NULL;
}

/* Messages show what of the text is at hand, which hangs on the stretch: their places have to agree. */
static inline void
fuzz_cut_messages(GString *text)
{
  g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
  g_string_truncate(text, 0);
  for (guint i = 0; lines[i]; i++)
    g_string_append_printf(text, "%.*s\n", lines[i][0] == '!' ? (int)strcspn(lines[i], ".") : -1, lines[i]);
}

static inline void
fuzz_records(struct json_feed *f, const char *text, size_t size)
{
  struct format_columns columns = {0};
  struct format_error error = {0};
  g_autofree char *padded = json_pad(text, size);
  struct format_sample sample = {padded, size, true, true};
  struct format_sample amid = {padded + size / 2, size - size / 2, false, true};
  void *infer = f->format->infer_begin(&f->options);
  int bad = f->format->infer_add(infer, &sample, &error);
  if (!bad && f->format->samples_anywhere)
    bad = f->format->infer_add(infer, &amid, &error);
  if (bad) {
    g_assert_true(error.text[0]);
    f->format->infer_free(infer);
  } else if (!f->format->infer_finish(infer, &columns, &error) && fuzz_columns_are_good(&columns)) {
    g_autoptr(GString) whole = g_string_new(NULL);
    g_autoptr(GString) parts = g_string_new(NULL);
    struct json_feed small = *f;
    json_feed_records(f, &columns, text, size, whole);
    small.stretch = 7;
    small.max_rows = 2;
    json_feed_records(&small, &columns, text, size, parts);
    fuzz_cut_messages(whole);
    fuzz_cut_messages(parts);
    if (!g_string_equal(whole, parts))
      g_printerr("whole:\n%s\nin parts:\n%s\n", whole->str, parts->str), abort();
  }
  format_columns_clear(&columns);
}

#endif
