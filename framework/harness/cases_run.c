/* SPDX-License-Identifier: MIT */
/* Runs cases in child processes and prints TAP: one that crashes or hangs fails, and the others go on. */
#include "harness/cases.h"
#include "harness/isolate.h"

#include "base/files.h"
#include "base/nearest.h"
#include "base/quote.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- One case ------------------------------------------------------------------------------------------- */

static char *
check_output(const CaseOutput *wanted, const HarnessResult *result)
{
  const HarnessOutput *output = harness_output(result, wanted->port);
  if (!output)
    return wanted->port ? g_strdup_printf("there is no output \"%s\"", wanted->port)
                        : g_strdup("there are several outputs, or none: name them in \"out\"");
  if (wanted->count >= 0 && output->rows->len != wanted->count)
    return g_strdup_printf("output \"%s\": got %u rows, wanted %" G_GINT64_FORMAT, output->port,
                           output->rows->len, wanted->count);
  if (wanted->columns && g_strcmp0(wanted->columns, output->types) != 0)
    return g_strdup_printf("output \"%s\": the columns are\n%s, wanted\n%s", output->port,
                           output->types ? output->types : "not known", wanted->columns);
  return wanted->rows ? harness_compare_rows(output, wanted->rows, wanted->partial, wanted->tolerance) : NULL;
}

static char *
check_file(const CaseFile *wanted, const HarnessResult *result)
{
  g_autofree char *path = g_build_filename(result->folder, wanted->path, NULL), *text = NULL;
  gsize size = 0;
  gboolean there = g_file_get_contents(path, &text, &size, NULL);
  if (wanted->absent)
    return there ? g_strdup_printf("file \"%s\" was written", wanted->path) : NULL;
  if (!there)
    return g_strdup_printf("file \"%s\" was not written", wanted->path);
  if (wanted->text && g_str_equal(wanted->text, text) && size == strlen(text))
    return NULL;
  if (!wanted->text && (!wanted->part || strstr(text, wanted->part)))
    return NULL;
  g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(size, 2000));
  return g_strdup_printf("file \"%s\" holds\n%s\nwanted%s\n%s", wanted->path, valid,
                         wanted->text ? "" : " in it", wanted->text ? wanted->text : wanted->part);
}

static char *
check_metric(const CaseMetric *wanted, const HarnessResult *result)
{
  const double *got = g_hash_table_lookup(result->metrics, wanted->name);
  if (!got)
    return g_strdup_printf("there is no metric \"%s\"", wanted->name);
  if (ABS(*got - wanted->value) <= wanted->tolerance)
    return NULL;
  return g_strdup_printf("metric \"%s\": got %.17g, wanted %.17g within %g", wanted->name, *got,
                         wanted->value, wanted->tolerance);
}

static void
add(GString *out, char *why)
{
  if (why)
    g_string_append_printf(out, "%s%s", out->len ? "\n" : "", why);
  g_free(why);
}

/* One run against what is wanted; rows only of the first, since all were held against it. */
static void
check_result(const HarnessCase *test, const HarnessResult *result, gboolean is_first, GString *out)
{
  for (guint i = 0; is_first && i < test->outputs->len; i++)
    add(out, check_output(test->outputs->pdata[i], result));
  for (guint i = 0; is_first && i < test->metrics->len; i++)
    add(out, check_metric(test->metrics->pdata[i], result));
  for (guint i = 0; i < test->written->len && !out->len; i++)
    add(out, check_file(test->written->pdata[i], result));
  for (guint i = 0; is_first && i < test->messages->len; i++)
    if (!strstr(result->messages->str, test->messages->pdata[i]) &&
        !strstr(result->texts->str, test->messages->pdata[i]))
      add(out, g_strdup_printf("the stage did not say \"%s\", but:\n%.2000s",
                               (char *)test->messages->pdata[i], result->messages->str));
  if (test->rejects >= 0 && result->n_rejects != test->rejects)
    add(out, g_strdup_printf("%u records were rejected, wanted %" G_GINT64_FORMAT, result->n_rejects,
                             test->rejects));
}

static char *
check_code(const HarnessCase *test)
{
  char name[96];
  for (guint i = 0; i < test->h->results->len; i++) {
    const HarnessResult *result = test->h->results->pdata[i];
    /* What the plan refuses fails in the run where types come late. */
    gboolean later = result->cut.late && test->code == WEIR_EXIT_INVALID && result->code == WEIR_EXIT_FAILED;
    if (result->code != test->code && !later)
      return g_strdup_printf("exit code %d (%s), wanted %" G_GINT64_FORMAT "%s%s", result->code,
                             harness_cut_name(&result->cut, name), test->code, result->error ? ":\n" : "",
                             result->error ? result->error : "");
  }
  return NULL;
}

char *
harness_case_run(HarnessCase *test)
{
  GString *out = g_string_new(NULL);
  weir_harness *h = test->h;
  harness_ensure_run(h);
  gboolean may_fail = test->errors->len || test->code > 0;
  if (!may_fail)
    add(out, harness_why_not_done(h));
  for (guint i = 0; i < test->errors->len && !out->len; i++)
    add(out, harness_why_no_error(h, test->errors->pdata[i]));
  if (test->code >= 0 && !out->len)
    add(out, check_code(test));
  if (may_fail && !out->len && h->difference)
    add(out, g_strdup(h->difference));
  for (guint i = 0; i < h->results->len && !out->len; i++)
    check_result(test, h->results->pdata[i], i == 0, out);
  return g_string_free(out, out->len == 0);
}

/* ---- All cases, in child processes ---------------------------------------------------------------------- */

typedef struct {
  GPtrArray *cases;
  guint next; /* the first that has not ended */
  guint n_failed;
  double patience;
  gboolean show;
  const char *place; /* folder for all that is written */
} Progress;

static double
patience_of(const Progress *p)
{
  const HarnessCase *test = p->next < p->cases->len ? p->cases->pdata[p->next] : NULL;
  /* Every cut may take its time, and a little more to be told so. */
  return test ? test->patience * test->h->cuts->len + 20 : 20;
}

/* What came out, in a form that can be put into the file. */
static void
show(const HarnessResult *result)
{
  for (guint i = 0; i < result->outputs->len; i++) {
    const HarnessOutput *output = result->outputs->pdata[i];
    g_autoptr(GString) columns = g_string_new(NULL);
    WeirJsonWriter *json = weir_json_writer_new(columns, 0);
    weir_json_string(json, output->types ? output->types : "");
    weir_json_writer_free(json);
    printf("# \"%s\": { \"columns\": %s, \"rows\": [\n", output->port, columns->str);
    for (guint r = 0; r < output->rows->len; r++)
      printf("#   %s%s\n", (char *)output->rows->pdata[r], r + 1 < output->rows->len ? "," : "");
    printf("# ] }\n");
  }
  g_auto(GStrv) said = g_strsplit(result->messages->str, "\n", -1);
  for (guint i = 0; said[i]; i++)
    if (*said[i])
      printf("# %s\n", said[i]);
  g_auto(GStrv) error = g_strsplit(result->error ? result->error : "", "\n", -1);
  for (guint i = 0; error[i]; i++)
    printf("# error: %s\n", error[i]);
  fflush(stdout);
}

/* In the child: the next case, and a byte when it has ended. What a stage prints is no part of the report. */
static void
run_next(int out, gpointer data)
{
  Progress *p = data;
  HarnessCase *test = p->cases->pdata[p->next];
  g_autofree char *cache = g_build_filename(p->place, "cache", NULL);
  g_autofree char *name =
      test->skip ? g_strdup_printf("%s # SKIP %s", test->name, test->skip) : g_strdup(test->name);
  g_setenv("XDG_CACHE_HOME", cache, TRUE); /* and not the user's */
  int report = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  g_autofree char *why = test->skip ? NULL : harness_case_run(test);
  fflush(stdout);
  dup2(report, STDOUT_FILENO);
  harness_tap(why == NULL, name, why);
  if (p->show && test->h->results->len)
    show(test->h->results->pdata[0]);
  dup2(STDERR_FILENO, STDOUT_FILENO); /* destructors may print, too */
  close(report);
  harness_forget(test->h);
  weir_remove_tree(cache, NULL);
  while (write(out, why ? "n" : "o", 1) < 0 && errno == EINTR)
    ;
}

static void
hear(const char *bytes, gsize n, gpointer data)
{
  Progress *p = data;
  for (gsize i = 0; i < n; i++) {
    gboolean failed = bytes[i] == 'n';
    harness_tap_add(1, failed);
    p->n_failed += failed;
    p->next++;
  }
  p->patience = patience_of(p);
}

/* One case in a child of its own: what it leaves behind, or spoils, is not the next one's. */
static void
run_one(Progress *p)
{
  HarnessEnd end;
  g_autoptr(GError) error = NULL;
  guint number = p->next;
  const HarnessCase *test = p->cases->pdata[number];
  p->patience = patience_of(p);
  gboolean started = harness_isolate(run_next, hear, p, &p->patience, &end, &error);
  g_autofree char *why = started ? harness_end_reason(&end) : g_strdup(error->message);
  gboolean came = p->next > number;
  if (!harness_isolate_interrupted() && (why || !came)) {
    /* What a leak checker says comes at the end. */
    g_autofree char *text = g_strdup_printf("the stage %s", why ? why : "ended the process");
    g_autofree char *name = came ? g_strdup_printf("%s, at the end", test->name) : g_strdup(test->name);
    harness_tap(FALSE, name, text);
    p->n_failed++;
  } else if (started && end.errors->len) {
    fputs(end.errors->str, stderr);
  }
  harness_end_clear(&end);
  p->next = number + 1;
}

/* Those whose name holds `only`. FALSE: there are none, which was said. */
static gboolean
keep_only(GPtrArray *cases, const char *only, const char *file)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < cases->len; i++)
    g_ptr_array_add(names, g_strdup(((HarnessCase *)cases->pdata[i])->name));
  g_ptr_array_add(names, NULL);
  for (guint i = cases->len; i-- > 0;)
    if (!strstr(names->pdata[i], only))
      g_ptr_array_remove_index(cases, i);
  if (cases->len)
    return TRUE;
  g_autofree char *meant = weir_did_you_mean(only, (const char *const *)names->pdata);
  g_autofree char *quoted = weir_quote_path(file);
  fprintf(stderr, "no case of %s has \"%s\" in its name%s\n", quoted, only, meant);
  return FALSE;
}

int
weir_harness_run_cases(const char *file, const char *plugin_path, const char *only, int show)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(GPtrArray) cases = harness_cases_load(file, plugin_path, diagnostics);
  if (!cases) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
    fputs(text, stderr);
    return -1;
  }
  if (only && !keep_only(cases, only, file))
    return -1;
  g_autoptr(GError) error = NULL;
  /* One place for all of them, since a child that crashes leaves its folder behind. */
  g_autofree char *place = harness_make_folder(NULL, &error);
  if (!place) {
    fprintf(stderr, "%s\n", error->message);
    return -1;
  }
  for (guint i = 0; i < cases->len; i++)
    ((HarnessCase *)cases->pdata[i])->h->place = g_strdup(place);
  Progress p = {.cases = cases, .show = show != 0, .place = place};
  harness_isolate_begin();
  while (p.next < cases->len && !harness_isolate_interrupted())
    run_one(&p);
  weir_remove_tree(place, NULL);
  harness_isolate_end();
  return p.n_failed == 0;
}
