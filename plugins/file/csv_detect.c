/* SPDX-License-Identifier: MIT */
/* Finds out from a sample what a file of CSV looks like: its delimiter, and whether it has a header. */
#include "config.h"

#include "base/value_parse.h"
#include "csv.h"

#include <ctype.h>

#define RECORDS_FOR_DELIMITER 300
#define RECORDS_FOR_HEADER    5000
#define NAME_BYTES            1000 /* a longer name is refused */
#define LIKELY_NAME_BYTES     80   /* a longer first field is no name, where it is to be guessed */
#define LIKELY_NAME_WORDS     6

int64_t
csv_find_name(char *const *names, size_t n, const char *name)
{
  for (size_t k = 0; k < n; k++)
    if (!strcmp(names[k], name))
      return (int64_t)k;
  return -1;
}

char **
csv_header_names(const struct csv_record *header, struct format_error *error)
{
  char **names = g_new0(char *, header->n + 1);
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  char quoted[100];
  for (size_t k = 0; k < header->n; k++) {
    const struct csv_field *f = &header->fields[k];
    names[k] = f->len ? g_strndup(f->data, MIN(f->len, NAME_BYTES)) : g_strdup_printf("c%zu", k + 1);
    if (f->len <= NAME_BYTES && g_hash_table_add(seen, names[k]))
      continue;
    format_quote(names[k], strlen(names[k]), quoted);
    if (f->len > NAME_BYTES)
      format_fail(error, header->line, 0,
                  "the header has a name of %zu bytes, %s, at most %d are allowed; if the "
                  "file has no header, set \"header\" to \"no\"",
                  f->len, quoted, NAME_BYTES);
    else
      format_fail(error, header->line, 0,
                  "the header names two columns %s; rename one, or if the file has no header, "
                  "set \"header\" to \"no\"",
                  quoted);
    g_strfreev(names);
    return NULL;
  }
  return names;
}

/* --- Delimiter --------------------------------------------------------------------------------------------
 */

/* How even the table is that a delimiter makes: the share of records with as many fields as most have, and
 * how many fields these are. */
struct evenness {
  double share;
  size_t fields;
};

static struct evenness
try_delimiter(const char *data, size_t len, bool last, struct csv_dialect dialect)
{
  struct csv_record record = {0};
  struct format_error ignored;
  size_t counts[RECORDS_FOR_DELIMITER] = {0}, n = 0, at = 0;
  struct evenness best = {0, 1};
  while (n < RECORDS_FOR_DELIMITER) {
    enum csv_found found = csv_record_read(&record, data + at, len - at, last, 1, dialect, &ignored);
    if (found != CSV_RECORD && found != CSV_BAD)
      break;
    counts[n++] = record.n;
    at += record.consumed;
  }
  for (size_t k = 0; k < n; k++) {
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
      same += counts[i] == counts[k];
    if ((double)same / (double)n > best.share)
      best = (struct evenness){(double)same / (double)n, counts[k]};
  }
  csv_record_clear(&record);
  return best;
}

/* The delimiter that makes the most even table; comma, and one field, if none makes any. */
static struct evenness
best_delimiter(const char *data, size_t len, bool last, char quote, char *delimiter)
{
  static const char candidates[] = ",;\t|";
  struct evenness best = {0, 1};
  *delimiter = ',';
  for (const char *c = candidates; *c; c++) {
    if (*c == quote)
      continue;
    struct evenness e = try_delimiter(data, len, last, (struct csv_dialect){*c, quote});
    if (e.fields < 2 || e.share < 0.5)
      continue;
    if (e.share > best.share + 1e-9 || (e.share > best.share - 1e-9 && e.fields > best.fields)) {
      best = e;
      *delimiter = *c;
    }
  }
  return best;
}

char
csv_detect_delimiter(const char *data, size_t len, bool last, char quote)
{
  char delimiter;
  best_delimiter(data, len, last, quote, &delimiter);
  return delimiter;
}

bool
csv_detect_table(const char *data, size_t len, bool last, char quote, char *delimiter)
{
  struct evenness e = best_delimiter(data, len, last, quote, delimiter);
  return e.fields > 1 && e.share >= 0.9;
}

/* --- Header -----------------------------------------------------------------------------------------------
 */

static bool
looks_like_value(const struct csv_field *f)
{
  double real;
  bool truth;
  int64_t time;
  return weir_value_parse_f64(f->data, f->len, &real) == WEIR_VALUE_OK ||
         weir_value_parse_bool(f->data, f->len, &truth) == WEIR_VALUE_OK ||
         weir_value_parse_timestamp(f->data, f->len, &time) == WEIR_VALUE_OK;
}

static bool
looks_like_name(const struct csv_field *f)
{
  size_t words = 1;
  for (size_t k = 0; k < f->len; k++) {
    words += f->data[k] == ' ';
    if (f->data[k] == '\n' || f->data[k] == '\r')
      return false;
  }
  return f->len > 0 && f->len <= LIKELY_NAME_BYTES && words <= LIKELY_NAME_WORDS && !looks_like_value(f);
}

/* Every name that the pipeline declares is one of the first record's. */
static bool
has_declared(char *const *names, size_t n, const struct format_options *options)
{
  for (uint32_t k = 0; k < options->n_declared; k++)
    if (csv_find_name(names, n, options->names[k]) < 0)
      return false;
  return true;
}

/* Some record repeats the first record's text in its column. */
static bool
comes_again(char *const *names, size_t n, const char *data, size_t len, bool last, struct csv_dialect dialect)
{
  struct csv_record record = {0};
  struct format_error ignored;
  bool again = false;
  size_t at = 0;
  for (int k = 0; k < RECORDS_FOR_HEADER && !again; k++) {
    enum csv_found found = csv_record_read(&record, data + at, len - at, last, 1, dialect, &ignored);
    if (found != CSV_RECORD && found != CSV_BAD)
      break;
    for (size_t i = 0; i < record.n && i < n && !again; i++)
      again = strlen(names[i]) == record.fields[i].len &&
              !memcmp(names[i], record.fields[i].data, record.fields[i].len);
    at += record.consumed;
  }
  csv_record_clear(&record);
  return again;
}

bool
csv_detect_header(const char *data, size_t len, bool last, struct csv_dialect dialect,
                  const struct format_options *options)
{
  struct csv_record record = {0};
  struct format_error ignored;
  char **names = NULL;
  bool header = false;
  if (csv_record_read(&record, data, len, last, 1, dialect, &ignored) == CSV_RECORD)
    names = csv_header_names(&record, &ignored);
  if (names && options->n_declared) {
    header = has_declared(names, record.n, options) || options->n_declared != record.n;
  } else if (names) {
    header = true;
    for (size_t k = 0; k < record.n && header; k++)
      header = (k == 0 && !record.fields[k].len && record.n > 1) || looks_like_name(&record.fields[k]);
    header =
        header && !comes_again(names, record.n, data + record.consumed, len - record.consumed, last, dialect);
  }
  g_strfreev(names);
  csv_record_clear(&record);
  return header;
}
