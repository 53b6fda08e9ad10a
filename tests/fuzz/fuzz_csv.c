/* SPDX-License-Identifier: MIT */
/* Fuzz target: CSV. The first byte chooses options, the rest is the file. */
#include "config.h"

#include "records.h"

#include "plugins/file/csv.h"

/* A record that is passed over ends where it ends when it is read. */
static void
skip_records(const char *text, size_t size, struct csv_dialect dialect)
{
  g_autofree char *padded = json_pad(text, size);
  struct csv_record r = {0};
  struct format_error error;
  enum csv_found found = CSV_RECORD;
  for (size_t at = 0, end, used; at < size && found != CSV_BROKEN; at = end) {
    struct csv_skip skip = {0};
    found = csv_record_read(&r, padded + at, size - at, true, 1, dialect, &error);
    bool done = csv_record_skip(&skip, text + at, (size - at) / 2, false, dialect, &used);
    end = at + used;
    if (!done) {
      done = csv_record_skip(&skip, text + end, size - end, true, dialect, &used);
      end += used;
    }
    g_assert_true(done == (found != CSV_BROKEN));
    g_assert_true(!done || (end - at == r.consumed && 1 + skip.lines == r.next_line));
  }
  csv_record_clear(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const nulls[] = {"NA", "-"};
  static const char *const names[] = {"id", "text"};
  static const char *const types[] = {"i64", "utf8?"};
  struct json_feed f = {.format = &format_csv};
  uint8_t how = size ? data[0] : 0;
  if (!size)
    return 0;
  f.options = (struct format_options){.delimiter = "\0,\t;"[how & 3],
                                      .quote = how & 4 ? '\0' : '"',
                                      .header = how & 8    ? HEADER_YES
                                                : how & 16 ? HEADER_NO
                                                           : HEADER_AUTO,
                                      .nulls = nulls,
                                      .n_nulls = how & 32 ? 2 : 0,
                                      .names = names,
                                      .types = types,
                                      .n_declared = how & 64 ? 2 : 0,
                                      .max_record = 1 << 20};
  fuzz_records(&f, (const char *)data + 1, size - 1);
  skip_records((const char *)data + 1, size - 1,
               (struct csv_dialect){f.options.delimiter ? f.options.delimiter : ',', f.options.quote});
  return 0;
}
