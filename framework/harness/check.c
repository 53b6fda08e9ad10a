/* SPDX-License-Identifier: MIT */
/* Checks of what a stage gave, printed as TAP: rows compared one by one, with what differs named by row and column. */
#include "harness/private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 10 /* differing rows */

/* ---- TAP ------------------------------------------------------------------------------------------------ */

static guint n_tests, n_failures;

gboolean
harness_tap(gboolean holds, const char *name, const char *why)
{
  n_tests++;
  n_failures += !holds;
  g_autofree char *line = g_strdelimit(g_strdup(name), "\n", ' ');
  printf("%s %u - %s\n", holds ? "ok" : "not ok", n_tests, line);
  if (!holds && why && *why) {
    g_auto(GStrv) lines = g_strsplit(why, "\n", -1);
    for (guint i = 0; lines[i]; i++)
      if (*lines[i] || lines[i + 1])
        printf("#   %s\n", lines[i]);
  }
  fflush(stdout);
  return holds;
}

void
harness_tap_add(guint tests, guint failures)
{
  n_tests += tests;
  n_failures += failures;
}

int
weir_harness_finish(void)
{
  printf("1..%u\n", n_tests);
  fflush(stdout); /* what a leak checker does at the end may lose it */
  return n_failures ? 1 : 0;
}

int
weir_harness_check(int holds, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  return harness_tap(holds != 0, text, NULL);
}

/* ---- Comparing ------------------------------------------------------------------------------------------ */

static gboolean
is_number(const WeirNode *node)
{
  return weir_node_kind(node) == WEIR_NODE_INTEGER || weir_node_kind(node) == WEIR_NODE_NUMBER;
}

static gboolean
same(const WeirNode *a, const WeirNode *b, double tolerance)
{
  if (is_number(a) && is_number(b) && tolerance > 0)
    return fabs(weir_node_number(a) - weir_node_number(b)) <= tolerance;
  WeirNodeKind kind = weir_node_kind(a);
  if (kind != weir_node_kind(b) || (kind != WEIR_NODE_LIST && kind != WEIR_NODE_MAP))
    return weir_node_equal(a, b);
  if (weir_node_size(a) != weir_node_size(b))
    return FALSE;
  for (gsize i = 0; i < weir_node_size(a); i++) {
    const WeirNode *other =
        kind == WEIR_NODE_LIST ? weir_node_at(b, i) : weir_node_get(b, weir_node_key_at(a, i));
    if (!other || !same(weir_node_at(a, i), other, tolerance))
      return FALSE;
  }
  return TRUE;
}

static char *
shown(const WeirNode *node)
{
  g_autofree char *json = node ? weir_node_to_json(node, FALSE) : g_strdup("nothing");
  gsize n = g_utf8_strlen(json, -1);
  if (n <= 200)
    return g_steal_pointer(&json);
  g_autofree char *part = g_utf8_substring(json, 0, 200);
  return g_strdup_printf("%s… (%zu characters)", part, n);
}

/* What differs in a row, a line a column. */
static void
compare_row(GString *out, guint number, const WeirNode *got, const WeirNode *want, const WeirNode *written,
            gboolean partial, double tolerance)
{
  for (gsize i = 0; i < weir_node_size(want); i++) {
    const char *name = weir_node_key_at(want, i);
    const WeirNode *value = weir_node_get(got, name);
    if (weir_node_kind(written) == WEIR_NODE_MAP && !weir_node_get(written, name) &&
        (partial || weir_node_kind(value) == WEIR_NODE_NULL))
      continue; /* a member that is left out stands for a null */
    if (same(value, weir_node_at(want, i), tolerance))
      continue;
    g_autofree char *a = shown(value), *b = shown(weir_node_at(want, i));
    g_string_append_printf(out, "row %u, \"%s\": got %s, wanted %s\n", number, name, a, b);
  }
}

static WeirNode *
parse_line(const char *json)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  return weir_node_parse_json(json, -1, "row", diagnostics);
}

/* Wanted rows in the notation of the output's columns, as JSON lines. NULL: they do not fit its types. */
static GPtrArray *
canonical(const HarnessOutput *output, const GPtrArray *wanted, GError **error)
{
  g_autoptr(WeirSchema) schema = harness_nullable_schema(output->schema);
  struct ArrowArray batch;
  if (!harness_build_batch(schema, wanted, 0, wanted->len, FALSE, &batch, error))
    return NULL;
  GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
  for (gint64 r = 0; r < batch.length; r++)
    g_ptr_array_add(lines, harness_row_to_json(schema, &batch, r));
  weir_batch_release(&batch);
  return lines;
}

char *
harness_compare_rows(const HarnessOutput *output, const GPtrArray *wanted, gboolean partial, double tolerance)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  if (output->rows->len == 0 && wanted->len == 0)
    return NULL;
  g_autoptr(GPtrArray) lines = output->schema ? canonical(output, wanted, &error) : NULL;
  if (error)
    return g_strdup_printf("output \"%s\", wanted %s", output->port, error->message);
  guint n_shown = 0;
  for (guint r = 0; lines && r < MIN(lines->len, output->rows->len) && n_shown < SHOWN; r++) {
    if (g_str_equal(lines->pdata[r], output->rows->pdata[r]))
      continue;
    g_autoptr(WeirNode) got = parse_line(output->rows->pdata[r]), want = parse_line(lines->pdata[r]);
    gsize before = out->len;
    if (got && want)
      compare_row(out, r + 1, got, want, wanted->pdata[r], partial, tolerance);
    else
      g_string_append_printf(out, "row %u differs, and is too large to say where\n", r + 1);
    n_shown += out->len > before;
  }
  if (output->rows->len != wanted->len) {
    g_string_append_printf(out, "got %u rows, wanted %u\n", output->rows->len, wanted->len);
    for (guint r = MIN(output->rows->len, wanted->len), n = 0; r < output->rows->len && n < 3; r++, n++)
      g_string_append_printf(out, "row %u, beyond what was wanted: %.300s\n", r + 1,
                             (char *)output->rows->pdata[r]);
    for (guint r = MIN(output->rows->len, wanted->len), n = 0; lines && r < lines->len && n < 3; r++, n++)
      g_string_append_printf(out, "row %u, which did not come: %.300s\n", r + 1, (char *)lines->pdata[r]);
  }
  if (out->len == 0)
    return NULL;
  return g_strdup_printf("output \"%s\":\n%s", output->port, out->str);
}

/* ---- Checks of a harness -------------------------------------------------------------------------------- */

char *
harness_why_not_done(weir_harness *h)
{
  char name[96];
  harness_ensure_run(h);
  for (guint i = 0; i < h->results->len; i++) {
    const HarnessResult *result = h->results->pdata[i];
    if (result->code != WEIR_EXIT_OK)
      return g_strdup_printf("exit code %d (%s):\n%s", result->code, harness_cut_name(&result->cut, name),
                             result->error);
  }
  if (h->difference)
    return g_strdup(h->difference);
  if (h->leaked)
    return g_strdup_printf("%" G_GUINT64_FORMAT " batches that the stage was given were never released",
                           h->leaked);
  return NULL;
}

static const char *
name_of(const weir_harness *h)
{
  return h->name ? h->name : h->use;
}

static gboolean
report(weir_harness *h, const char *what, const char *why)
{
  g_autofree char *text = g_strdup_printf("%s: %s", name_of(h), what);
  return harness_tap(why == NULL, text, why);
}

int
weir_harness_check_done(weir_harness *h)
{
  g_autofree char *why = harness_why_not_done(h);
  return report(h, "runs", why);
}

/* An output of the first run; all agree with it. NULL: `why` says what there is. */
static const HarnessOutput *
output_or_why(weir_harness *h, const char *port, char **why)
{
  *why = harness_why_not_done(h);
  if (*why)
    return NULL;
  const HarnessResult *result = h->results->pdata[0];
  const HarnessOutput *output = harness_output(result, port);
  if (!output) {
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < result->outputs->len; i++)
      g_string_append_printf(names, "%s%s", i ? ", " : "",
                             ((HarnessOutput *)result->outputs->pdata[i])->port);
    *why =
        g_strdup_printf("there is no output \"%s\"; there are: %s", port ? port : "(only one)", names->str);
    g_string_free(names, TRUE);
  }
  return output;
}

int
weir_harness_check_rows(weir_harness *h, const char *port, const char *rows)
{
  g_autofree char *why = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) wanted = g_ptr_array_new_with_free_func((GDestroyNotify)weir_node_unref);
  const HarnessOutput *output = output_or_why(h, port, &why);
  if (output && !harness_parse_rows(rows, wanted, &error))
    why = g_strdup_printf("the wanted rows: %s", error->message);
  else if (output)
    why = harness_compare_rows(output, wanted, FALSE, 0);
  g_autofree char *what = g_strdup_printf("rows of \"%s\"", output ? output->port : port ? port : "out");
  return report(h, what, why);
}

int
weir_harness_check_count(weir_harness *h, const char *port, int64_t rows)
{
  g_autofree char *why = NULL;
  const HarnessOutput *output = output_or_why(h, port, &why);
  if (output && output->rows->len != rows)
    why = g_strdup_printf("got %u rows, wanted %" G_GINT64_FORMAT, output->rows->len, rows);
  g_autofree char *what = g_strdup_printf("number of rows of \"%s\"", output ? output->port
                                                                      : port ? port
                                                                             : "out");
  return report(h, what, why);
}

char *
harness_why_no_error(weir_harness *h, const char *part)
{
  char name[96];
  harness_ensure_run(h);
  for (guint i = 0; i < h->results->len; i++) {
    const HarnessResult *result = h->results->pdata[i];
    harness_cut_name(&result->cut, name);
    if (result->code == WEIR_EXIT_OK)
      return g_strdup_printf("it was done without an error (%s)", name);
    if (!strstr(result->error, part))
      return g_strdup_printf("\"%s\" is not in the error (%s):\n%s", part, name, result->error);
  }
  return NULL;
}

int
weir_harness_check_error(weir_harness *h, const char *part)
{
  g_autofree char *why = harness_why_no_error(h, part);
  g_autofree char *what = g_strdup_printf("fails with \"%s\"", part);
  return report(h, what, why);
}

int
weir_harness_check_metric(weir_harness *h, const char *name, double value, double tolerance)
{
  g_autofree char *why = harness_why_not_done(h);
  double got = why ? 0 : weir_harness_metric(h, name);
  if (!why && isnan(got))
    why = g_strdup_printf("there is no metric \"%s\"", name);
  else if (!why && !(fabs(got - value) <= tolerance))
    why = g_strdup_printf("got %.17g, wanted %.17g within %g", got, value, tolerance);
  g_autofree char *what = g_strdup_printf("metric \"%s\"", name);
  return report(h, what, why);
}
