/* SPDX-License-Identifier: MIT */
/* Fuzz target: CSV. The first byte chooses options, the rest is the file. */
#include "config.h"

#include "records.h"

#include "plugins/file/csv.h"

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
  return 0;
}
