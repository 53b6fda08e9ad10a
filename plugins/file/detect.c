/* SPDX-License-Identifier: MIT */
/* Which format a file has, by its name and by what stands in it. */
#include "config.h"

#include "detect.h"

#include "csv.h"
#include "source.h"

const char *
detect_format_name(enum file_format format)
{
  static const char *const names[] = {"auto", "csv", "tsv", "jsonl", "json", "text"};
  return names[format];
}

enum file_format
detect_by_name(const char *name)
{
  static const struct {
    const char *suffix;
    enum file_format format;
  } known[] = {{".csv", FORMAT_CSV},     {".tsv", FORMAT_TSV},      {".tab", FORMAT_TSV},
               {".jsonl", FORMAT_JSONL}, {".ndjson", FORMAT_JSONL}, {".json", FORMAT_JSON},
               {".txt", FORMAT_TEXT},    {".text", FORMAT_TEXT}};
  size_t stem;
  source_compression_of_name(name, &stem);
  for (size_t k = 0; k < G_N_ELEMENTS(known); k++) {
    size_t n = strlen(known[k].suffix);
    if (stem > n && !g_ascii_strncasecmp(name + stem - n, known[k].suffix, n))
      return known[k].format;
  }
  return FORMAT_AUTO;
}

/* The first byte at or behind `at` that is no white space, 0 at the end. */
static char
next_byte(const char *data, size_t len, size_t *at)
{
  while (*at < len && strchr(" \t\r\n", data[*at]) && data[*at])
    ++*at;
  return *at < len ? data[*at] : '\0';
}

/* True if the line of the byte at `at` ends with a brace: an object that stands in a line of its own. */
static bool
line_is_object(const char *data, size_t len, size_t at)
{
  const char *newline = memchr(data + at, '\n', len - at);
  size_t end = newline ? (size_t)(newline - data) : len;
  while (end > at && strchr(" \t\r", data[end - 1]) && data[end - 1])
    end--;
  return !newline || data[end - 1] == '}';
}

enum file_format
detect_by_content(const char *data, size_t len, bool last)
{
  size_t at = 0;
  char first = next_byte(data, len, &at), second, delimiter;
  size_t begin = at++;
  second = first ? next_byte(data, len, &at) : '\0';
  if (first == '{' && (second == '"' || second == '}'))
    return line_is_object(data, len, begin) ? FORMAT_JSONL : FORMAT_JSON;
  if (first == '[' && (second == '{' || second == ']'))
    return FORMAT_JSON;
  if (csv_detect_table(data, len, last, '"', &delimiter) || csv_detect_table(data, len, last, 0, &delimiter))
    return delimiter == '\t' ? FORMAT_TSV : FORMAT_CSV;
  return FORMAT_TEXT;
}

enum file_format
detect_format(const char *name, const char *data, size_t len, bool last, bool *conflict)
{
  enum file_format promised = detect_by_name(name), found;
  bool json_promised = promised == FORMAT_JSON || promised == FORMAT_JSONL;
  *conflict = false;
  if (promised == FORMAT_TEXT) /* anything is text */
    return promised;
  found = detect_by_content(data, len, last);
  if (promised == FORMAT_AUTO)
    return found;
  if (found == FORMAT_JSON || found == FORMAT_JSONL) {
    *conflict = !json_promised; /* JSON Lines are often named .json */
    return found;
  }
  return promised;
}
