/* SPDX-License-Identifier: MIT */
/* CSV: what is a record and what is an error; the fast loop held against the reader of one record, on every
 * cut of the input and every set of instructions. */
#include "csv.h"
#include "test-feed.h"

/* Columns as inference finds them, without a file. */
static struct feed
infer_feed(const char *text, size_t len, struct format_options options)
{
  struct feed f = {.format = &format_csv, .options = options};
  struct format_error error = {0};
  g_autofree char *padded = feed_pad(text, len);
  struct format_sample sample = {padded, len, true, true};
  void *infer = format_csv.infer_begin(&f.options);
  if (format_csv.infer_add(infer, &sample, &error) || format_csv.infer_finish(infer, &f.columns, &error))
    g_error("infer: %s", error.text);
  return f;
}

static char *
types_of(const struct format_columns *columns)
{
  GString *s = g_string_new(NULL);
  for (uint32_t k = 0; k < columns->n; k++)
    g_string_append_printf(s, "%s%s:%s", k ? "," : "", columns->items[k].name, columns->items[k].type);
  return g_string_free(s, FALSE);
}

static const struct format_options plain = {.quote = '"'};

static void
expect(const char *text, const char *types, const char *records)
{
  struct feed f = infer_feed(text, strlen(text), plain);
  g_autofree char *got_types = types_of(&f.columns);
  g_assert_cmpstr(got_types, ==, types);
  f.keep_on = true;
  for (size_t stretch = 0; stretch < 40; stretch++) {
    g_autofree char *got = NULL;
    f.stretch = stretch;
    got = feed(&f, text, strlen(text));
    g_assert_cmpstr(got, ==, records);
  }
  format_columns_clear(&f.columns);
}

static void
test_records(void)
{
  expect("a,b\n1,x\n2,y\n", "a:i64?,b:utf8", "2:1|x\n3:2|y\n");
  expect("a,b\r\n1,x\r\n2,y", "a:i64?,b:utf8", "2:1|x\n3:2|y\n");
  expect("a,b\r1,x\r2,y\r", "a:i64?,b:utf8", "2:1|x\n3:2|y\n");
  expect("\n\na,b\n\n1,x\n\r\n\n2,y\n\n\n", "a:i64?,b:utf8", "5:1|x\n8:2|y\n");
  expect("a,b\n", "a:utf8,b:utf8", "");
  expect("a,b", "a:utf8,b:utf8", "");
  expect("t\n\"\"\nx\n\ny\n", "t:utf8", "2:\n3:x\n5:y\n");
  expect("a,b\n,\n,\n", "a:utf8,b:utf8", "2:|\n3:|\n");
}

static void
test_quotes(void)
{
  expect("a,b\n\"x,1\",\"y\"\n\"p\nq\",\"r\r\ns\"\n\"\"\"\",\"a\"\"b\"\"\"\nlast,\"\"\n", "a:utf8,b:utf8",
         "2:x,1|y\n3:p\nq|r\r\ns\n6:\"|a\"b\"\n7:last|\n");
  expect("a,b\n5\" disk,x\"y\"\nz,a \"\"b\n", "a:utf8,b:utf8", "2:5\" disk|x\"y\"\n3:z|a \"\"b\n");
  expect("\"a\",\"b\"\n\"1\",\"2.5\"\n\"\",\"\"\n", "a:i64?,b:f64?", "2:1|2.5\n3:~|~\n");
}

static void
test_types(void)
{
  expect("i,r,b,t,s\n1,1,true,2024-05-01T00:00:00Z,a\n-20,2.5e3,False,1970-01-01 00:00:01.5,\n,,,,b\n",
         "i:i64?,r:f64?,b:bool?,t:timestamp?,s:utf8",
         "2:1|1|true|1714521600000000|a\n3:-20|2500|false|1500000|\n4:~|~|~|~|b\n");
  /* Codes, dates, long integers and words that only look like numbers stay as they were written. */
  expect("zip,tel,day,id,w\n01067,+49351,2024-05-01,99999999999999999999,nan\n",
         "zip:utf8,tel:utf8,day:utf8,id:utf8,w:utf8", "2:01067|+49351|2024-05-01|99999999999999999999|nan\n");
  expect("x\n1.5\nNaN\n-inf\n", "x:f64?", "2:1.5\n3:nan\n4:-inf\n");
}

/* An error names line and byte; records before and behind it are whole. */
static void
expect_error(const char *text, const char *wanted)
{
  struct feed f = infer_feed("a,b\n1,x\n", 8, plain);
  f.keep_on = true;
  for (size_t stretch = 0; stretch < 30; stretch++) {
    g_autofree char *got = NULL;
    f.stretch = stretch;
    got = feed(&f, text, strlen(text));
    if (!g_pattern_match_simple(wanted, got)) {
      g_test_message("stretch %zu: got %s, wanted %s", stretch, got, wanted);
      g_test_fail();
    }
  }
  format_columns_clear(&f.columns);
}

static void
test_errors(void)
{
  expect_error("a,b\n1,x\n1,2,3\n4,y\n",
               "2:1|x\n!3.0 the record has 3 fields, 2 wanted as in the header;*\n4:4|y\n");
  expect_error("a,b\n1\n4,y\n", "!2.0 the record has 1 field, 2 wanted*\n3:4|y\n");
  expect_error("a,b\n1,\"x\"y\n4,y\n", "!2.6 text stands behind a closing quote*\n3:4|y\n");
  expect_error("a,b\n1,\"x\n\n\"y,\n4,y\n", "!4.2 text stands behind a closing quote*\n5:4|y\n");
  expect_error("a,b\n3,z\n1,\"x\n4,y\n", "2:3|z\n!3.3 a quote is opened here and never closed\n");
  expect_error("a,b\n1,ab\xff\n4,y\n", "!2.5 the text is not valid UTF-8*\n3:4|y\n");
  expect_error("a,b\n1,\xc3", "!2.3 the text is not valid UTF-8*\n");
  expect_error("a,b\nx7,x\n4,y\n",
               "!2.0 column \"a\": \"x7\" is not an integer (i64), which the sample*\n3:4|y\n");
  expect_error("a,b\n007,x\n4,y\n", "!2.0 column \"a\": \"007\" is not an integer*\n3:4|y\n");
  expect_error("a,b\n99999999999999999999,x\n4,y\n",
               "!2.0 column \"a\": \"9*9\" is out of range for an integer*\n3:4|y\n");
  expect_error("a,c\n1,2\n", "!1.0 the columns of the file are not those*\n");
}

static void
test_nul(void)
{
  struct feed f = infer_feed("a,b\n1,x\n", 8, plain);
  g_autofree char *got = feed(&f, "a,b\n1,x\n2,y\0z\n", 15);
  g_assert_cmpstr(got, ==, "2:1|x\n!3.4 a NUL byte stands in the text\n");
  format_columns_clear(&f.columns);
}

static void
test_header(void)
{
  static const struct {
    const char *text;
    bool header;
  } cases[] = {{"text,label\nI like it,good\n", true},
               {"I like it,good\nI hate it,bad\nFine with me,good\n", false},
               {"a,1\nb,2\n", false},
               {"first name,last name\nx,y\n", true},
               {"This one here is a long sentence and no name.\nAnother.\n", false},
               {"a,,b\n1,2,3\n", false},
               {",text\n0,hello\n", true},
               {"a,a\nb,c\n", false},
               {"2024-01-01,x\n2024-01-02,y\n", false}};
  for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
    struct feed f = infer_feed(cases[k].text, strlen(cases[k].text), plain);
    if ((f.options.header == HEADER_YES) != cases[k].header) {
      g_test_message("\"%s\"", cases[k].text);
      g_test_fail();
    }
    format_columns_clear(&f.columns);
  }
}

static void
test_delimiter(void)
{
  static const struct {
    const char *text;
    char delimiter;
  } cases[] = {{"a,b\n1,2\n", ','},
               {"a;b\n1,5;2\n1,25;3\n", ';'},
               {"a\tb\tc\nx, y\t2\t3\nz\t4\t5\n", '\t'},
               {"a|b\n\"x,y|z\"|1\n", '|'},
               {"text\nHello, you\nWhat; no\n", ','},
               {"a,b\n\"x;y\",1\n\"p;q\",2\n", ','}};
  for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
    struct feed f = infer_feed(cases[k].text, strlen(cases[k].text), plain);
    g_assert_true(f.options.delimiter == cases[k].delimiter);
    format_columns_clear(&f.columns);
  }
}

static void
test_declared(void)
{
  static const char *const names[] = {"b", "a"}, *const types[] = {"u8", "utf8?"},
                           *const nulls[] = {"NA", ""};
  struct format_options o = {
      .quote = '"', .names = names, .types = types, .n_declared = 2, .nulls = nulls, .n_nulls = 2};
  struct feed f = infer_feed("a,b,c\n1,2,NA\n", 13, o);
  g_autofree char *got_types = types_of(&f.columns), *got = NULL;
  g_assert_cmpstr(got_types, ==, "a:utf8?,b:u8,c:utf8?");
  f.keep_on = true;
  got = feed(&f, "a,b,c\n01,2,x\nNA,255,\n\"\",256,z\n\"NA\",,q\n", 39);
  g_assert_true(g_pattern_match_simple(
      "2:01|2|x\n3:~|255|~\n!4.0 column \"b\": \"256\" is out of range for an integer (u8), as \"columns\" "
      "declares\n!5.0 column \"b\": \"\" stands for null*\n",
      got));
  format_columns_clear(&f.columns);
}

/* Reads with csv_record_read() alone, and prints as feed() does. */
static char *
reference(const struct feed *f, const char *text, size_t len)
{
  GString *out = g_string_new(NULL);
  struct csv_record r = {0};
  struct format_error error = {0};
  struct csv_dialect dialect = {f->options.delimiter, f->options.quote};
  g_autofree char *padded = feed_pad(text, len);
  uint64_t line = 1;
  size_t at = 0;
  for (;;) {
    enum csv_found found = csv_record_read(&r, padded + at, len - at, true, line, dialect, &error);
    if (found == CSV_NONE)
      break;
    if (found == CSV_RECORD && r.n != f->columns.n)
      g_string_append_printf(out, "!%" G_GUINT64_FORMAT ".0\n", r.line);
    else if (found == CSV_RECORD)
      for (size_t k = 0; k < r.n; k++) {
        if (!k)
          g_string_append_printf(out, "%" G_GUINT64_FORMAT, r.line);
        g_string_append_c(out, k ? '|' : ':');
        g_string_append_len(out, r.fields[k].data, (gssize)r.fields[k].len);
        if (k + 1 == r.n)
          g_string_append_c(out, '\n');
      }
    else
      g_string_append_printf(out, "!%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "\n", error.line, error.byte);
    if (found == CSV_BROKEN)
      break;
    at += r.consumed;
    line = r.next_line;
  }
  csv_record_clear(&r);
  return g_string_free(out, FALSE);
}

/* Errors without their texts. */
static char *
without_texts(const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **l = lines; *l; l++)
    if (**l == '!')
      *strchr(*l, ' ') = '\0';
  return g_strjoinv("\n", lines);
}

static GString *
random_text(GRand *rand, int kind)
{
  static const char *const pieces[] = {
      "a", "bc", "\xc3\xa4", "\xe2\x82\xac", "hello world, ", "x",  "12",   "\"",  "\"", ",",
      ",", ",",  "\n",       "\n",           "\r\n",          "\r", "\"\"", "\xff"};
  static const char *const fields[] = {
      "a",        "longer text that fills more than half of a block of the index",
      "\"q\"",    "\"q\"\"r\"",
      "\"p\nq\"", "\"\"",
      "",         "\xc3\xa4\xc3\xb6",
      "\"x,y\"",  "\"\r\n\""};
  GString *s = g_string_new(NULL);
  int n = g_rand_int_range(rand, 0, kind == 2 ? 3000 : 60);
  for (int k = 0; k < n; k++) {
    if (kind == 0) {
      g_string_append(
          s, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces) - !!g_rand_int_range(rand, 0, 8))]);
      continue;
    }
    g_string_append(s, fields[g_rand_int_range(rand, 0, G_N_ELEMENTS(fields))]);
    g_string_append(s, k % 3 == 2 ? (g_rand_int_range(rand, 0, 30) ? "\n" : "\r\n") : ",");
  }
  return s;
}

static void
test_differential(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(77);
  struct format_options o = {.quote = '"', .delimiter = ',', .header = HEADER_NO};
  struct feed f = infer_feed("a,b,c\n", 6, o);
  f.keep_on = true;
  for (int k = 0; k < 6000; k++) {
    GString *text = random_text(rand, k % 50 == 0 ? 2 : k % 2);
    g_autofree char *wanted = reference(&f, text->str, text->len);
    for (enum csv_cpu cpu = CSV_PORTABLE; cpu <= CSV_AVX512; cpu++) {
      g_autofree char *got = NULL, *bare = NULL;
      if (!csv_cpu_has(cpu))
        continue;
      f.cpu = cpu;
      f.stretch = k % 4 == 0 ? 0 : (size_t)g_rand_int_range(rand, 1, 200);
      f.max_rows = k % 3 == 0 ? 0 : g_rand_int_range(rand, 1, 9);
      got = feed(&f, text->str, text->len);
      bare = without_texts(got);
      if (g_strcmp0(bare, wanted)) {
        g_autofree char *shown = g_strescape(text->str, NULL);
        g_test_message("cpu %d, stretch %zu: %s\nwanted\n%s\ngot\n%s", cpu, f.stretch, shown, wanted, got);
        g_test_fail();
        return;
      }
    }
    g_string_free(text, TRUE);
  }
  format_columns_clear(&f.columns);
}

/* Passes over the record at text[at..len), a few bytes at a time, and compares with where it ends when it is read. */
static void
skip_one(GRand *rand, const GString *text, size_t at, enum csv_found found, const struct csv_record *read,
         uint64_t line)
{
  const struct csv_dialect dialect = {',', '"'};
  struct csv_skip skip = {0};
  size_t used = 0, end = at;
  bool done = false;
  while (!done) {
    size_t some = (size_t)g_rand_int_range(rand, 0, 9), n = MIN(some, text->len - end);
    bool final = end + n == text->len;
    done = csv_record_skip(&skip, text->str + end, n, final, dialect, &used);
    g_assert_cmpuint(used, <=, n);
    g_assert_true(done || used == n);
    end += used;
    if (final && !done)
      break;
  }
  g_assert_cmpint(done, ==, found != CSV_BROKEN);
  if (!done)
    return;
  g_assert_cmpuint(end - at, ==, read->consumed);
  g_assert_cmpuint(line + skip.lines, ==, read->next_line);
}

static void
test_skip(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(78);
  const struct csv_dialect dialect = {',', '"'};
  struct csv_record r = {0};
  for (int k = 0; k < 20000; k++) {
    GString *text = random_text(rand, k % 2);
    g_autofree char *padded = feed_pad(text->str, text->len);
    struct format_error error;
    uint64_t line = 1;
    for (size_t at = 0; at < text->len; at += r.consumed, line = r.next_line) {
      enum csv_found found = csv_record_read(&r, padded + at, text->len - at, true, line, dialect, &error);
      skip_one(rand, text, at, found, &r, line);
      if (found == CSV_BROKEN)
        break;
    }
    g_string_free(text, TRUE);
  }
  csv_record_clear(&r);
}

/* Longer than a chunk of the index: a field of a megabyte, and many records. */
static void
test_long(void)
{
  GString *text = g_string_new("a,b\n");
  struct feed f = infer_feed("a,b\nx,y\n", 8, plain);
  g_autofree char *got = NULL, *all = NULL, *wanted = NULL;
  for (int k = 0; k < 5000; k++) {
    g_string_append_printf(text, "%d,", k);
    if (k == 2500)
      for (int i = 0; i < 100000; i++)
        g_string_append(text, "0123456789");
    g_string_append(text, "\n");
  }
  f.stretch = 65536;
  got = feed(&f, text->str, text->len);
  f.stretch = 0;
  all = feed(&f, text->str, text->len);
  f.options.header = HEADER_NO;
  wanted = reference(&f, text->str, text->len);
  g_assert_true(!strcmp(got, all));
  g_assert_true(!strcmp(got, strchr(wanted, '\n') + 1));
  g_string_free(text, TRUE);
  format_columns_clear(&f.columns);
}

/* Files that are read together: the same names in any order; else what differs is named. */
static void
test_several_files(void)
{
  static const char *const second[] = {"b,a\nx,1.5\n", "a,c\n1,x\n", "a\n1\n", "a,b,d\n1,x,y\n"};
  static const char *const wanted[] = {NULL, "the file has a column \"c\"*", "the file lacks column \"b\"*",
                                       "the file has a column \"d\"*"};
  for (size_t k = 0; k < G_N_ELEMENTS(second); k++) {
    struct format_options o = plain;
    struct format_columns columns = {0};
    struct format_error error = {0};
    g_autofree char *one = feed_pad("a,b\n1,x\n", 8), *two = feed_pad(second[k], strlen(second[k]));
    struct format_sample first = {one, 8, true, true}, next = {two, strlen(second[k]), true, true};
    void *infer = format_csv.infer_begin(&o);
    g_assert_cmpint(format_csv.infer_add(infer, &first, &error), ==, 0);
    if (wanted[k]) {
      g_assert_cmpint(format_csv.infer_add(infer, &next, &error), ==, -1);
      g_assert_true(g_pattern_match_simple(wanted[k], error.text));
      format_csv.infer_free(infer);
      continue;
    }
    g_assert_cmpint(format_csv.infer_add(infer, &next, &error), ==, 0);
    g_assert_cmpint(format_csv.infer_finish(infer, &columns, &error), ==, 0);
    g_assert_cmpstr(columns.items[0].type, ==, "f64?");
    format_columns_clear(&columns);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/file/csv/records", test_records);
  g_test_add_func("/file/csv/quotes", test_quotes);
  g_test_add_func("/file/csv/types", test_types);
  g_test_add_func("/file/csv/errors", test_errors);
  g_test_add_func("/file/csv/nul", test_nul);
  g_test_add_func("/file/csv/header", test_header);
  g_test_add_func("/file/csv/delimiter", test_delimiter);
  g_test_add_func("/file/csv/declared", test_declared);
  g_test_add_func("/file/csv/differential", test_differential);
  g_test_add_func("/file/csv/skip", test_skip);
  g_test_add_func("/file/csv/long", test_long);
  g_test_add_func("/file/csv/several-files", test_several_files);
  return g_test_run();
}
