/* SPDX-License-Identifier: MIT */
/* Names and types of the columns of CSV, from samples of all files that are read together. */
#include "config.h"

#include "base/nearest.h"
#include "base/value_parse.h"
#include "csv.h"
#include "csv_parse.h"

/* What every value of a column so far can be read as. */
enum { CAN_BOOL = 1, CAN_INTEGER = 2, CAN_REAL = 4, CAN_TIME = 8, CAN_ALL = 15 };

struct guess {
  unsigned can;
  bool value;  /* there was one that is not null */
  bool finite; /* there was a number that is none of nan and inf */
};

struct infer {
  struct format_options *options;
  struct csv_dialect dialect;
  bool begun; /* the first file was seen */
  bool rows;  /* some record was seen */
  char **names;
  struct guess *guesses;
  uint32_t n;
  GHashTable *places; /* of names among the columns */
  uint32_t *fields;   /* of the file at hand: the column of each of its `n` fields */
  struct csv_record record;
};

void *
csv_infer_begin(struct format_options *options)
{
  struct infer *infer = g_new0(struct infer, 1);
  infer->options = options;
  return infer;
}

void
csv_infer_free(void *state)
{
  struct infer *infer = state;
  g_clear_pointer(&infer->places, g_hash_table_unref);
  g_strfreev(infer->names);
  g_free(infer->guesses);
  g_free(infer->fields);
  csv_record_clear(&infer->record);
  g_free(infer);
}

/* --- Types ------------------------------------------------------------------------------------------------
 */

/* An integer as programs write it: what has a leading zero or plus is a code or a telephone number, and loses
 * it as a number. */
static bool
plain_integer(const struct csv_field *f)
{
  size_t sign = f->len && f->data[0] == '-';
  int64_t value;
  if (f->len > sign + 1 && f->data[sign] == '0')
    return false;
  return f->len && f->data[0] != '+' && weir_value_parse_i64(f->data, f->len, &value) == WEIR_VALUE_OK;
}

/* A real number that is not just an integer too long for i64, whose digits would be lost. */
static bool
plain_real(const struct csv_field *f, double *value)
{
  size_t digits = 0, sign = f->len && f->data[0] == '-';
  if (!f->len || f->data[0] == '+' || weir_value_parse_f64(f->data, f->len, value) != WEIR_VALUE_OK)
    return false;
  while (sign + digits < f->len && f->data[sign + digits] >= '0' && f->data[sign + digits] <= '9')
    digits++;
  if (sign + digits == f->len)
    return plain_integer(f);
  return digits < 2 || f->data[sign] != '0';
}

/* A date with a time: a date alone stays text, since a timestamp would write it differently. */
static bool
plain_time(const struct csv_field *f)
{
  int64_t micros;
  return f->len > 10 && weir_value_parse_timestamp(f->data, f->len, &micros) == WEIR_VALUE_OK;
}

static void
learn(struct guess *g, const struct csv_field *f, const struct format_options *options)
{
  bool truth;
  double real = 0;
  if (!f->len || csv_is_null(f, options))
    return;
  g->value = true;
  if (g->can & CAN_INTEGER && !plain_integer(f))
    g->can &= ~(unsigned)CAN_INTEGER;
  if (g->can & CAN_REAL) {
    if (!plain_real(f, &real))
      g->can &= ~(unsigned)CAN_REAL;
    else if (real - real == 0)
      g->finite = true;
  }
  if (g->can & CAN_BOOL && weir_value_parse_bool(f->data, f->len, &truth) != WEIR_VALUE_OK)
    g->can &= ~(unsigned)CAN_BOOL;
  if (g->can & CAN_TIME && !plain_time(f))
    g->can &= ~(unsigned)CAN_TIME;
}

static const char *
guessed_type(const struct guess *g, const struct format_options *options)
{
  if (g->value && g->can & CAN_BOOL)
    return "bool?";
  if (g->value && g->can & CAN_INTEGER)
    return "i64?";
  if (g->finite && g->can & CAN_REAL)
    return "f64?";
  if (g->value && g->can & CAN_TIME)
    return "timestamp?";
  return options->n_nulls ? "utf8?" : "utf8";
}

/* --- Samples ----------------------------------------------------------------------------------------------
 */

static enum csv_found
next_record(struct infer *infer, const struct format_sample *s, size_t at, struct format_error *error)
{
  return csv_record_read(&infer->record, s->data + at, s->len - at, s->last, 1, infer->dialect, error);
}

static void
learn_record(struct infer *infer)
{
  infer->rows = true;
  for (uint32_t k = 0; k < infer->n; k++)
    learn(&infer->guesses[infer->fields[k]], &infer->record.fields[k], infer->options);
}

/* Learn from all records behind `at`; what is wrong there is for the parser to report. */
static void
learn_records(struct infer *infer, const struct format_sample *s, size_t at)
{
  struct format_error ignored;
  for (;;) {
    enum csv_found found = next_record(infer, s, at, &ignored);
    if (found != CSV_RECORD && found != CSV_BAD)
      return;
    if (found == CSV_RECORD && infer->record.n == infer->n)
      learn_record(infer);
    at += infer->record.consumed;
  }
}

/* Learn from a sample that begins anywhere. A line end may stand inside quotes: the first one is taken behind
 * which all records have the right number of fields. */
static void
learn_amid(struct infer *infer, const struct format_sample *s)
{
  const char *at = s->data, *end = s->data + s->len;
  for (int tries = 0; tries < 50; tries++) {
    struct format_error ignored;
    size_t from;
    enum csv_found found;
    at = memchr(at, '\n', (size_t)(end - at));
    if (!at)
      return;
    at++;
    from = (size_t)(at - s->data);
    do {
      found = next_record(infer, s, from, &ignored);
      from += infer->record.consumed;
    } while (found == CSV_RECORD && infer->record.n == infer->n);
    if (found == CSV_CUT || found == CSV_NONE) {
      learn_records(infer, s, (size_t)(at - s->data));
      return;
    }
  }
}

/* --- The header -------------------------------------------------------------------------------------------
 */

static int
check_declared(struct infer *infer, uint64_t line, struct format_error *error)
{
  for (uint32_t k = 0; k < infer->options->n_declared; k++) {
    const char *name = infer->options->names[k];
    if (csv_find_name(infer->names, infer->n, name) < 0) {
      g_autofree char *hint = weir_did_you_mean(name, (const char *const *)infer->names);
      char quoted[100];
      return format_fail(error, line, 0, "\"columns\" declares %s, which the file does not have%s",
                         format_quote(name, strlen(name), quoted), hint);
    }
  }
  return 0;
}

/* Names for a file without a header: the declared ones in order, or c1, c2, … */
static char **
names_without_header(struct infer *infer, struct format_error *error)
{
  const struct format_options *o = infer->options;
  size_t n = infer->record.n;
  char **names;
  if (o->n_declared && o->n_declared != n) {
    format_fail(error, infer->record.line, 0,
                "the record has %zu field%s, \"columns\" names %u; a file without a "
                "header needs a name for each",
                n, n == 1 ? "" : "s", o->n_declared);
    return NULL;
  }
  names = g_new0(char *, n + 1);
  for (size_t k = 0; k < n; k++)
    names[k] = o->n_declared ? g_strdup(o->names[k]) : g_strdup_printf("c%zu", k + 1);
  return names;
}

static int
begin_columns(struct infer *infer, char **names, struct format_error *error)
{
  infer->names = names;
  infer->n = g_strv_length(names);
  infer->guesses = g_new0(struct guess, infer->n);
  infer->fields = g_new0(uint32_t, infer->n);
  infer->places = g_hash_table_new(g_str_hash, g_str_equal);
  for (uint32_t k = 0; k < infer->n; k++) {
    infer->guesses[k].can = CAN_ALL;
    g_hash_table_insert(infer->places, names[k], GUINT_TO_POINTER(k));
    infer->fields[k] = k;
  }
  infer->begun = true;
  return check_declared(infer, infer->record.line, error);
}

/* A further file: the same columns, in any order. */
static int
match_columns(struct infer *infer, char **names, struct format_error *error)
{
  g_autoptr(GString) missing = g_string_new(NULL);
  uint32_t n = g_strv_length(names);
  g_autofree bool *found = g_new0(bool, infer->n);
  char quoted[100];
  for (uint32_t k = 0; k < n; k++) {
    gpointer place;
    if (!g_hash_table_lookup_extended(infer->places, names[k], NULL, &place))
      return format_fail(error, infer->record.line, 0,
                         "the file has a column %s that the files before it do not have; files that are read "
                         "together need the same columns",
                         format_quote(names[k], strlen(names[k]), quoted));
    found[GPOINTER_TO_UINT(place)] = true;
    infer->fields[k] = GPOINTER_TO_UINT(place); /* no name comes twice: there are no more than columns */
  }
  for (uint32_t k = 0; k < infer->n; k++)
    if (!found[k] && missing->len < 300)
      g_string_append_printf(missing, "%s%s", missing->len ? ", " : "",
                             format_quote(infer->names[k], strlen(infer->names[k]), quoted));
  if (missing->len)
    return format_fail(
        error, infer->record.line, 0,
        "the file lacks column %s, which the files before it have; files that are read together "
        "need the same columns",
        missing->str);
  return 0;
}

static int
begin_file(struct infer *infer, const struct format_sample *s, size_t *at, struct format_error *error)
{
  struct format_options *o = infer->options;
  enum csv_found found;
  char **names;
  if (!infer->begun) {
    if (!o->delimiter)
      o->delimiter = csv_detect_delimiter(s->data, s->len, s->last, o->quote);
    if (o->delimiter == o->quote) /* one of them was not given */
      return format_fail(error, 0, 0, "delimiter and quote would be the same character; set \"delimiter\"");
    infer->dialect = (struct csv_dialect){o->delimiter, o->quote};
    if (o->header == HEADER_AUTO)
      o->header = csv_detect_header(s->data, s->len, s->last, infer->dialect, o) ? HEADER_YES : HEADER_NO;
  }
  found = next_record(infer, s, 0, error);
  if (found == CSV_NONE)
    return format_fail(error, 0, 0, "the file is empty: it has only blank lines");
  if (found == CSV_CUT)
    return format_fail(error, 1, 0,
                       "the first record does not end within the sample of %zu bytes; raise \"sample\", "
                       "or look for a quote that is not closed",
                       s->len);
  if (found != CSV_RECORD)
    return -1;
  names =
      o->header == HEADER_YES ? csv_header_names(&infer->record, error) : names_without_header(infer, error);
  if (!names)
    return -1;
  *at = o->header == HEADER_YES ? infer->record.consumed : 0;
  if (!infer->begun)
    return begin_columns(infer, names, error);
  int result = match_columns(infer, names, error);
  g_strfreev(names);
  return result;
}

int
csv_infer_add(void *state, const struct format_sample *sample, struct format_error *error)
{
  struct infer *infer = state;
  size_t at = 0;
  if (!sample->first) {
    learn_amid(infer, sample);
    return 0;
  }
  if (begin_file(infer, sample, &at, error))
    return -1;
  learn_records(infer, sample, at);
  return 0;
}

/* --- The result -------------------------------------------------------------------------------------------
 */

/* Types that a field of CSV can be read as, as they are declared. */
static bool
type_is_known(const char *type)
{
  static const char *const known[] = {"bool", "i8",  "i16", "i32", "i64",  "u8",       "u16",
                                      "u32",  "u64", "f32", "f64", "utf8", "timestamp"};
  size_t len = strlen(type);
  len -= len && type[len - 1] == '?';
  for (size_t k = 0; k < G_N_ELEMENTS(known); k++)
    if (strlen(known[k]) == len && !strncmp(known[k], type, len))
      return true;
  return false;
}

static const char *
declared_type(const struct format_options *o, const char *name)
{
  for (uint32_t k = 0; k < o->n_declared; k++)
    if (!strcmp(o->names[k], name))
      return o->types[k];
  return NULL;
}

int
csv_infer_finish(void *state, struct format_columns *columns, struct format_error *error)
{
  struct infer *infer = state;
  int result = 0;
  for (uint32_t k = 0; k < infer->n && !result; k++) {
    const char *type = declared_type(infer->options, infer->names[k]);
    if (type && !type_is_known(type))
      result =
          format_fail(error, 0, 0,
                      "\"columns\" declares \"%s\" as \"%s\", which a field of text cannot be; it may be "
                      "bool, i8 to i64, u8 to u64, f32, f64, utf8 or timestamp",
                      infer->names[k], type);
    format_columns_add(columns, infer->names[k],
                       type ? type : guessed_type(&infer->guesses[k], infer->options));
  }
  csv_infer_free(infer);
  return result;
}
