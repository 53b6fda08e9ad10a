/* SPDX-License-Identifier: MIT */
/* Tests the harness through its header alone: what it finds in stages that do well, and in stages that do not. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/harness.h>

static char use_text[4096];

static const char *
probe(const char *class)
{
  const char *top = getenv("top_builddir");
  snprintf(use_text, sizeof use_text, "%s/framework/harness/test-stages/.libs/probe.%s", top ? top : ".",
           class);
  return use_text;
}

static weir_harness *
with_rows(const char *class, const char *rows)
{
  weir_harness *h = weir_harness_new(probe(class), NULL);
  weir_harness_input(h, "in", rows);
  return h;
}

static int
has(const char *text, const char *part)
{
  return text && strstr(text, part) != NULL;
}

/* Values of every type go in and come out as they were. */
static void
test_types(void)
{
  static const char rows[] = "{\"a\":true,\"b\":-128,\"c\":\"18446744073709551615\",\"d\":0.1,\"e\":\"NaN\","
                             "\"f\":\"é\",\"g\":{\"hex\":\"00ff\"},"
                             "\"h\":[1.5,-0.0],\"i\":[\"x\",null],\"j\":{\"k\":1,\"l\":null},\"m\":\"2024-05-"
                             "01T12:00:00.500000Z\"}\n"
                             "{\"a\":null,\"b\":127,\"c\":0,\"d\":3.4e38,\"e\":\"-Infinity\",\"f\":{\"hex\":"
                             "\"610062\"},\"g\":{\"hex\":\"\"},"
                             "\"h\":[\"NaN\",2],\"i\":[],\"j\":null,\"m\":\"1969-12-31T23:59:59Z\"}";
  weir_harness *h = with_rows("pass", rows);
  weir_harness_columns(h, "in",
                       "a:bool?, b:i8, c:u64, d:f32, e:f64, f:utf8, g:binary, h:fixed<f32,2>, i:list<utf8?>, "
                       "j:struct<k:i64,l:utf8?>?, m:timestamp");
  weir_harness_check_rows(h, "out", rows);
  weir_harness_check(has(weir_harness_types(h, NULL), "i:list<utf8?>, j:struct<k:i64, l:utf8?>?") ||
                         has(weir_harness_types(h, NULL), "i:list<utf8?>, j:struct<k:i64,l:utf8?>?"),
                     "types come through: %s", weir_harness_types(h, NULL));
  weir_harness_check(has(weir_harness_rows(h, "out"), "{\"hex\":\"610062\"}"), "a NUL is shown in hex");
  weir_harness_free(h);
}

static void
test_inference(void)
{
  weir_harness *h = with_rows(
      "pass", "[{\"n\": 1, \"x\": 1}, {\"n\": 2, \"x\": 0.5, \"s\": \"a\"}, {\"n\": 3, \"x\": null, "
              "\"t\": [[1], []]}]");
  weir_harness_check(weir_harness_run(h) == 0, "types are found from values");
  weir_harness_check(has(weir_harness_types(h, "out"), "n:i64, x:f64?, s:utf8?, t:list<list<i64>>?"),
                     "they are %s", weir_harness_types(h, "out"));
  weir_harness_check_metric(h, "rows", 3, 0);
  weir_harness_check(isnan(weir_harness_metric(h, "columns")), "no such metric");
  weir_harness_check(has(weir_harness_messages(h), "that is all"), "what the stage says is kept");
  weir_harness_check(has(weir_harness_messages(h), "[\"a\xef\xbf\xbd"
                                                   "b\",\"a\\\\u0000b\"]"),
                     "a NUL in a message is shown");
  weir_harness_free(h);
  h = with_rows("pass", "{\"n\": 1}\n{\"n\": \"a\"}");
  weir_harness_check(weir_harness_run(h) == 2, "mixed values are misuse");
  weir_harness_check_error(h, "column \"n\" has values of kinds integer and string");
  weir_harness_free(h);
  h = with_rows("pass", "{\"n\": 1}\n{\"n\" 2}");
  weir_harness_check_error(h, "row 2");
  weir_harness_free(h);
}

/* What hangs on the cut or on offsets is found without being asked for. */
static void
test_cuts(void)
{
  static const char rows[] = "{\"value\":1}\n{\"value\":2}\n{\"value\":3}\n{\"value\":4}\n{\"value\":5}";
  weir_harness *h = with_rows("cut", rows);
  weir_harness_check(weir_harness_run(h) == 0 && has(weir_harness_difference(h), "1 row a batch"),
                     "batch boundaries that show: %s", weir_harness_difference(h));
  weir_harness_free(h);
  h = with_rows("offset", rows);
  weir_harness_check(weir_harness_run(h) == 0 && has(weir_harness_difference(h), "sliced"),
                     "offsets that are not looked at");
  static const weir_harness_cut plain = {.batch_rows = 2};
  weir_harness_cuts(h, &plain, 1);
  weir_harness_check_rows(
      h, "out",
      "{\"value\":1,\"number\":2}\n{\"value\":2,\"number\":4}\n{\"value\":3,\"number\":6}\n"
      "{\"value\":4,\"number\":8}\n{\"value\":5,\"number\":10}");
  weir_harness_free(h);
}

static void
test_faults(void)
{
  weir_harness *h = with_rows("sum", "{\"value\":1}\n{\"value\":2.5}");
  weir_harness_check_rows(h, "out", "{\"sum\":3.5}");
  uint64_t calls = weir_harness_calls(h, WEIR_FAULT_CANCEL);
  weir_harness_check(calls >= 5 && weir_harness_calls(h, WEIR_FAULT_ALLOC) == 2, "calls are counted");
  weir_harness_fail_at(h, WEIR_FAULT_TABLE, 1);
  weir_harness_check_error(h, "weir_table_batch() fails");
  weir_harness_fail_at(h, WEIR_FAULT_ALLOC, 2);
  weir_harness_check_error(h, "weir_batch_new() fails");
  weir_harness_fail_at(h, WEIR_FAULT_EMIT, 1);
  weir_harness_check_error(h, "weir_send() fails");
  weir_harness_fail_at(h, WEIR_FAULT_RESERVE, 1);
  weir_harness_check_done(h);
  weir_harness_check(has(weir_harness_messages(h), "with little memory"), "a reserve that is refused");
  weir_harness_fail_at(h, WEIR_FAULT_CANCEL, 3);
  weir_harness_check(weir_harness_run(h) == 130, "cancelled");
  weir_harness_fail_at(h, WEIR_FAULT_NONE, 0);
  weir_harness_check_done(h);
  weir_harness_free(h);
}

static void
test_edges(void)
{
  weir_harness *h = weir_harness_new(probe("lengths"), NULL);
  weir_harness_input(h, "in", "{\"tags\":[\"a\",\"b\"]}");
  weir_harness_input(h, "in", "{\"tags\":[\"a\"]}\n{\"tags\":[\"a\",\"b\",\"c\"]}");
  weir_harness_check_rows(h, NULL,
                          "{\"edge\":0,\"length\":2}\n{\"edge\":1,\"length\":1}\n{\"edge\":1,\"length\":3}");
  weir_harness_free(h);
  weir_harness *feed = with_rows("offset", "{\"value\":1}\n{\"value\":2}");
  static const weir_harness_cut plain = {.batch_rows = 0};
  h = weir_harness_new(probe("pass"), "{\"limit\": 5}");
  weir_harness_cuts(h, &plain, 1);
  weir_harness_from(h, "in", feed, NULL);
  weir_harness_check_rows(h, "out", "{\"value\":1,\"number\":2}\n{\"value\":2,\"number\":4}");
  weir_harness_free(h);
  h = weir_harness_new(probe("pass"), "{\"limit\": 50}");
  weir_harness_input(h, "in", "{\"a\":1}");
  weir_harness_check(weir_harness_run(h) == 3, "an option out of range is refused in the plan");
  weir_harness_check_error(h, "1 to 10");
  weir_harness_free(h);
  h = with_rows("pass", "");
  weir_harness_check_count(h, "out", 0);
  weir_harness_free(h);
}

static void
test_leaks(void)
{
  static const weir_harness_cut plain = {.batch_rows = 2};
  weir_harness *h = with_rows("keep", "{\"value\":1}\n{\"value\":2}\n{\"value\":3}");
  weir_harness_cuts(h, &plain, 1);
  weir_harness_check(weir_harness_run(h) == 0 && weir_harness_leaked_batches(h) == 2,
                     "batches that are kept are counted");
  weir_harness_free(h);
}

int
main(void)
{
  test_types();
  test_inference();
  test_cuts();
  test_faults();
  test_edges();
  test_leaks();
  return weir_harness_finish();
}
