/* SPDX-License-Identifier: MIT */
/* Fuzz target: JSON Lines, and arrays of objects. The first byte chooses options, the rest is the file. */
#include "config.h"

#include "records.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const names[] = {"id", "text", "tags", "at", "deep"};
  static const char *const types[] = {"i32", "utf8?", "list<utf8?>?", "timestamp?",
                                      "struct<a:f64?,b:list<i64>?>?"};
  struct json_feed f = {.format = &format_jsonl};
  if (!size)
    return 0;
  if (data[0] & 1)
    f.format = &format_json;
  f.options = (struct format_options){.names = names,
                                      .types = types,
                                      .n_declared = data[0] & 2   ? 5
                                                    : data[0] & 4 ? 2
                                                                  : 0,
                                      .max_record = 1 << 20};
  fuzz_records(&f, (const char *)data + 1, size - 1);
  return 0;
}
