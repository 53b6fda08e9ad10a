/* SPDX-License-Identifier: MIT */
/* Files through the window, plain text, names of formats and paths. */
#include "config.h"

#include "detect.h"
#include "paths.h"
#include "test-feed.h"
#include "window.h"

#include <glib/gstdio.h>

/* What is taken from the window piece by piece is the file, whatever the pieces, with padding behind it. */
static void
test_window(void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed(3);
  g_autofree char *path = g_build_filename(g_get_tmp_dir(), "weir-window-XXXXXX", NULL);
  size_t size = 1500000, at = 0;
  g_autofree char *content = g_malloc(size);
  struct format_error error = {0};
  struct window w = {0};
  struct source *source;
  g_close(g_mkstemp(path), NULL);
  for (size_t k = 0; k < size; k++)
    content[k] = (char)g_rand_int_range(rand, 1, 256);
  g_assert_true(g_file_set_contents(path, content, (gssize)size, NULL));
  source = source_open(path, &error);
  g_assert_nonnull(source);
  while (at < size) {
    size_t held, used;
    g_assert_cmpint(window_fill(&w, source, &error), ==, 0);
    held = w.end - w.begin;
    g_assert_cmpmem(w.data + w.begin, held, content + at, held);
    for (size_t k = 0; k < FORMAT_PADDING; k++)
      g_assert_true(w.data[w.end + k] == '\0');
    used =
        g_rand_int_range(rand, 0, 3) ? (size_t)g_rand_int_range(rand, 0, (gint32)held + 1) : held - held / 64;
    w.begin += used;
    at += used;
    g_assert_true(!w.final || at + (w.end - w.begin) == size);
  }
  g_assert_cmpuint(source_position(source), ==, size);
  source_close(source);
  window_clear(&w);
  g_unlink(path);
}

static void
test_marks(void)
{
  struct format_error error = {0};
  g_assert_cmpint(window_skip_mark("\xef\xbb\xbf"
                                   "a",
                                   4, &error),
                  ==, 3);
  g_assert_cmpint(window_skip_mark("\xef\xbb", 2, &error), ==, 0);
  g_assert_cmpint(window_skip_mark("", 0, &error), ==, 0);
  g_assert_cmpint(window_skip_mark("\xff\xfe"
                                   "a\0",
                                   4, &error),
                  ==, -1);
  g_assert_nonnull(strstr(error.text, "utf-16"));
  g_assert_cmpint(window_skip_mark("\xff\xfe\0\0", 4, &error), ==, -1);
  g_assert_nonnull(strstr(error.text, "utf-32"));
}

static void
test_text(void)
{
  static const char text[] = "one\n\ntw\xc3\xb6\r\nthree\rfour\n\nf\xffve\nsix";
  struct feed f = {.format = &format_text, .keep_on = true};
  format_columns_add(&f.columns, "text", "utf8");
  for (size_t stretch = 0; stretch < 40; stretch++)
    for (int64_t rows = 0; rows < 4; rows++) {
      g_autofree char *got = NULL;
      f.stretch = stretch;
      f.max_rows = rows;
      got = feed(&f, text, sizeof text - 1);
      g_assert_true(
          g_pattern_match_simple("1:one\n2:\n3:tw\xc3\xb6\n4:three\n5:four\n6:\n!7.2 the text is not valid "
                                 "UTF-8*\n8:six\n",
                                 got));
    }
  format_columns_clear(&f.columns);
}

static void
test_detection(void)
{
  static const struct {
    const char *name, *text;
    enum file_format format;
    bool conflict;
  } cases[] = {{"x.csv", "a,b\n1,2\n", FORMAT_CSV, false},
               {"x.CSV.gz", "just words\n", FORMAT_CSV, false},
               {"x.tsv", "a\tb\n", FORMAT_TSV, false},
               {"x", "a\tb\n1\t2\n", FORMAT_TSV, false},
               {"x.dat", "a;b\n1;2\n", FORMAT_CSV, false},
               {"x.dat", "Dear all,\nthis is prose; it has lines,\nbut no table\n", FORMAT_TEXT, false},
               {"x.log", "{\"a\": 1}\n", FORMAT_JSONL, false},
               {"x.json", " [\n {\"a\": 1}]", FORMAT_JSON, false},
               {"x.json", "{\"a\": 1}\n{\"a\": 2}\n", FORMAT_JSONL, false},
               {"x.csv", "{\"a\": 1}\n", FORMAT_JSONL, true},
               {"x.csv", "[id],name\n1,x\n", FORMAT_CSV, false},
               {"x.txt", "{\"a\": 1}\n", FORMAT_TEXT, false},
               {".csv", "words\n", FORMAT_TEXT, false}};
  for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
    bool conflict;
    g_autofree char *text = feed_pad(cases[k].text, strlen(cases[k].text));
    enum file_format got = detect_format(cases[k].name, text, strlen(cases[k].text), true, &conflict);
    if (got != cases[k].format || conflict != cases[k].conflict) {
      g_test_message("%s: %s", cases[k].name, detect_format_name(got));
      g_test_fail();
    }
  }
}

/* What a bad record left behind is gone, to the last bit, and counts of nulls are right. */
static void
test_rewind(void)
{
  const weir_field fields[] = {{"t", "utf8?"}, {"b", "bool?"}, {"l", "list<i64>?"}};
  g_autoptr(WeirSchema) schema = weir_schema_new(fields, 3, NULL);
  for (int kept = 0; kept < 20; kept++) {
    weir_builder *columns[3];
    struct format_batch batch = {.columns = columns, .n_columns = 3};
    for (int k = 0; k < 3; k++)
      columns[k] = weir_builder_new(schema->arrow.children[k]);
    for (int row = 0; row < 25; row++) {
      if (row == kept)
        format_batch_rewind(&batch, kept);
      weir_put_string(columns[0], row % 3 ? "text" : NULL);
      weir_put_bool(columns[1], true);
      for (int k = 0; k < row; k++)
        weir_put_integer(columns[2]->children[0], k);
      if (row + 1 < 25) /* the last row is not ended */
        weir_put_list(columns[2]);
    }
    format_batch_rewind(&batch, kept);
    for (int k = 0; k < 3; k++) {
      struct ArrowArray array;
      g_assert_cmpint(columns[k]->length, ==, kept);
      g_assert_cmpint(columns[k]->null_count, ==, k ? 0 : (kept + 2) / 3);
      if (kept && k == 0)
        g_assert_cmpint(columns[0]->n_bytes, ==, 4L * (kept - (kept + 2) / 3));
      if (kept && k == 1)
        for (int row = kept; row < 24; row++)
          g_assert_cmpint(((uint8_t *)columns[1]->values)[row / 8] >> row % 8 & 1, ==, 0);
      if (k == 2)
        g_assert_cmpint(columns[2]->children[0]->length, ==, kept * (kept - 1) / 2);
      g_assert_true(weir_builder_finish(columns[k], &array, NULL));
      weir_batch_release(&array);
      weir_builder_free(columns[k]);
    }
  }
}

static void
test_quoting(void)
{
  char out[100];
  char many[200];
  memset(many, 'x', sizeof many);
  g_assert_cmpstr(format_quote("a\"b\n\x01\xff\xc3\xa4", 8, out), ==, "\"a\\\"b\\n\\x01\\xff\xc3\xa4\"");
  g_assert_cmpuint(strlen(format_quote(many, sizeof many, out)), ==, 66);
  g_assert_true(g_str_has_suffix(out, "...\""));
  memset(many, 0xff, sizeof many);
  g_assert_cmpuint(strlen(format_quote(many, sizeof many, out)), <, 100);
}

static void
test_names(void)
{
  size_t stem;
  g_assert_cmpstr(source_compression_of_name("a.csv.GZ", &stem), ==, "gzip");
  g_assert_cmpuint(stem, ==, 5);
  g_assert_null(source_compression_of_name("a.csv", &stem));
  g_assert_cmpuint(stem, ==, 5);
  g_assert_null(source_compression_of_name(".gz", &stem));
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/file/window", test_window);
  g_test_add_func("/file/marks", test_marks);
  g_test_add_func("/file/text", test_text);
  g_test_add_func("/file/detection", test_detection);
  g_test_add_func("/file/rewind", test_rewind);
  g_test_add_func("/file/quoting", test_quoting);
  g_test_add_func("/file/names", test_names);
  return g_test_run();
}
