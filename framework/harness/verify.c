/* SPDX-License-Identifier: MIT */
/* Puts every class of a plugin through every check, each in a child process, and reports. */
#include "config.h"

#include "harness/isolate.h"
#include "harness/verify.h"

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/quote.h"
#include "core/loader.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BESIDE 25 /* seconds that a child may say nothing beside those that a run may take */
#define SETUPS 1  /* cases that a class is tried with */

typedef enum { OK, FAILED, NOT_TRIED } Outcome;

/* What a check gave. */
typedef struct {
  Outcome outcome;
  char *rule; /* "W04", or NULL */
  char *what; /* what happened, or why it was not tried; may have several lines */
  char *note;
  char *at; /* what was being tried */
  enum { SAID, CRASHED, HUNG } how;
} Verdict;

typedef struct {
  char *use, *case_name;
  gint setup;
} Subject;

typedef struct {
  Verify v;
  const VerifyCheck *check;
  Verdict *verdict;
  GString *line;   /* the part of a line that has come */
  gboolean done;   /* the child said so */
  char *wrong_use; /* what was asked for cannot be done */
  GPtrArray *subjects;
  double patience;
} Session;

/* ---- In the child --------------------------------------------------------------------------------------- */

static void
set_environment(const Verify *v)
{
  g_autofree char *cwd = g_build_filename(v->place, "cwd", NULL),
                  *home = g_build_filename(v->place, "home", NULL),
                  *tmp = g_build_filename(v->place, "tmp", NULL),
                  *cache = g_build_filename(v->place, "cache", NULL);
  weir_make_folder(cwd, NULL);
  weir_make_folder(home, NULL);
  weir_make_folder(tmp, NULL);
  g_setenv("HOME", home, TRUE);
  g_setenv("TMPDIR", tmp, TRUE);
  g_setenv("XDG_CACHE_HOME", cache, TRUE); /* what weir_cache() gives may be used */
  g_unsetenv("XDG_CONFIG_HOME");
  g_unsetenv("XDG_DATA_HOME");
  if (chdir(cwd) != 0)
    g_error("cannot enter \"%s\"", cwd);
  dup2(STDERR_FILENO, STDOUT_FILENO); /* what a plugin prints is no part of the report */
}

static void
run_check(int out, gpointer data)
{
  Session *session = data;
  Verify v = session->v;
  g_autoptr(GError) error = NULL;
  v.out = out;
  set_environment(&v);
  const WeirPlugin *plugin = weir_plugin_open(v.file, TRUE, &error);
  if (!plugin)
    g_error("%s", error->message);
  v.class = weir_plugin_class(plugin, strchr(v.use, '.') + 1);
  session->check->run(&v);
  verify_note(&v, "done"); /* or the process was ended under our hands */
}

/* List the classes, a line each: its name. */
static void
run_survey(int out, gpointer data)
{
  Session *session = data;
  Verify v = session->v;
  g_autoptr(GError) error = NULL;
  v.out = out;
  set_environment(&v);
  verify_at(&v, "opening it");
  const WeirPlugin *plugin = weir_plugin_open(v.file, TRUE, &error);
  if (!plugin) {
    char rule[4] = "";
    const char *at = strstr(error->message, "contract rule W");
    if (at)
      g_strlcpy(rule, at + 14, sizeof rule);
    verify_fail(&v, at ? rule : NULL, "%s", error->message);
    verify_note(&v, "done");
    return;
  }
  const weir_plugin *descriptor = weir_plugin_get_descriptor(plugin);
  g_autofree const char **names = g_new0(const char *, descriptor->n_classes + 1);
  guint n = 0;
  for (guint i = 0; i < descriptor->n_classes; i++) {
    names[i] = descriptor->classes[i].name;
    if (!v.only || strstr(names[i], v.only)) {
      verify_skip(&v, "%s.%s", descriptor->name, names[i]);
      n++;
    }
  }
  if (n == 0 && v.only) {
    g_autofree char *meant = weir_did_you_mean(v.only, names);
    verify_wrong_use(&v, "no stage of %s has \"%s\" in its name%s", descriptor->name, v.only, meant);
  }
  verify_note(&v, "ABI %u.%u, %u class%s", descriptor->abi_major, descriptor->abi_minor,
              descriptor->n_classes, descriptor->n_classes == 1 ? "" : "es");
  verify_note(&v, "done");
}

/* ---- In the parent -------------------------------------------------------------------------------------- */

static void
replace(char **field, char *value)
{
  g_free(*field);
  *field = value;
}

static void
add_subject(Session *session, const char *use, gint setup, const char *name)
{
  Subject *subject = g_new0(Subject, 1);
  subject->use = g_strdup(use);
  subject->setup = setup;
  subject->case_name = g_strdup(name);
  g_ptr_array_add(session->subjects, subject);
}

static void
hear_line(Session *session, char *line)
{
  Verdict *verdict = session->verdict;
  char *rule = strchr(line, '\t'), *text = rule ? strchr(rule + 1, '\t') : NULL;
  if (!text)
    return;
  *rule++ = *text++ = '\0';
  g_autofree char *plain = g_strcompress(text);
  if (g_str_equal(line, "at")) {
    replace(&verdict->at, g_steal_pointer(&plain));
  } else if (g_str_equal(line, "failed")) {
    verdict->outcome = FAILED;
    replace(&verdict->rule, *rule ? g_strdup(rule) : NULL);
    replace(&verdict->what, g_steal_pointer(&plain));
  } else if (g_str_equal(line, "skip") && !session->check) {
    add_subject(session, plain, -1, NULL);
  } else if (g_str_equal(line, "skip")) {
    verdict->outcome = NOT_TRIED;
    replace(&verdict->what, g_steal_pointer(&plain));
  } else if (g_str_equal(line, "wrong-use")) {
    replace(&session->wrong_use, g_steal_pointer(&plain));
  } else if (g_str_equal(line, "note") && g_str_equal(plain, "done")) {
    session->done = TRUE;
  } else if (g_str_equal(line, "note")) {
    replace(&verdict->note, g_steal_pointer(&plain));
  }
}

static void
hear(const char *bytes, gsize n, gpointer data)
{
  Session *session = data;
  for (gsize i = 0; i < n; i++) {
    if (bytes[i] != '\n') {
      g_string_append_c(session->line, bytes[i]);
      continue;
    }
    hear_line(session, session->line->str);
    g_string_set_size(session->line, 0);
  }
}

/* As GLib does it, and those who build upon it: with a message, and without harm to anything but the process. */
static gboolean
ended_for_want_of_memory(const HarnessEnd *end)
{
  return WIFEXITED(end->status) || WTERMSIG(end->status) == SIGABRT || WTERMSIG(end->status) == SIGTRAP
             ? strstr(end->errors->str, "no memory") || strstr(end->errors->str, "failed to allocate")
             : FALSE;
}

/* Run a check, or without one the survey, in a child. */
static void
judge(Session *session, Verdict *verdict)
{
  HarnessEnd end;
  g_autoptr(GError) error = NULL;
  session->verdict = verdict;
  session->line = g_string_new(NULL);
  session->patience = session->v.seconds + BESIDE;
  session->done = FALSE;
  gboolean started = harness_isolate(session->check ? run_check : run_survey, hear, session,
                                     &session->patience, &end, &error);
  g_autofree char *reason = started ? harness_end_reason(&end) : g_strdup(error->message);
  if (!reason && !session->done)
    reason = g_strdup("ended the process (exit code 0)");
  gboolean is_over =
      session->done && verdict->outcome != FAILED; /* what comes then is the end of the process */
  if (reason && verdict->outcome != FAILED) {
    verdict->outcome = FAILED;
    verdict->how =
        end.late || (WIFEXITED(end.status) && WEXITSTATUS(end.status) == HARNESS_GIVEN_UP) ? HUNG : CRASHED;
    const char *at = is_over ? "at the end" : verdict->at;
    replace(&verdict->what, at ? g_strdup_printf("%s: it %s", at, reason) : g_strdup_printf("it %s", reason));
    if (session->check && session->check->run == verify_malloc && ended_for_want_of_memory(&end)) {
      verdict->outcome = NOT_TRIED;
      replace(&verdict->what,
              g_strdup_printf("it ends the process where there is no memory: %s", end.errors->str));
    }
  } else if (verdict->outcome == FAILED && verdict->at) {
    replace(&verdict->what, g_strdup_printf("%s: %s", verdict->at, verdict->what));
  }
  harness_end_clear(&end);
  g_string_free(session->line, TRUE);
  g_autofree char *inside = g_strdup(session->v.place);
  weir_remove_tree(inside, NULL);
  weir_make_folder(inside, NULL);
}

static void
verdict_clear(Verdict *verdict)
{
  g_free(verdict->rule);
  g_free(verdict->what);
  g_free(verdict->note);
  g_free(verdict->at);
}

/* The closer look, if it has found the fault again. */
static void
verdict_swap(Verdict *verdict, Verdict *closer)
{
  Verdict before = *verdict;
  if (closer->outcome != FAILED)
    return;
  *verdict = *closer;
  *closer = before;
}

/* ---- Cases as setups ------------------------------------------------------------------------------------ */

static void
subject_free(gpointer data)
{
  Subject *subject = data;
  g_free(subject->use);
  g_free(subject->case_name);
  g_free(subject);
}

/* A class is tried with its first cases that succeed; those with most inputs first would be no better. */
static void
use_cases(Session *session, const GPtrArray *cases)
{
  g_autoptr(GPtrArray) made_up = session->subjects;
  session->subjects = g_ptr_array_new_with_free_func(subject_free);
  for (guint s = 0; s < made_up->len; s++) {
    const Subject *subject = made_up->pdata[s];
    guint n = 0;
    for (guint c = 0; c < cases->len && n < SETUPS; c++) {
      const HarnessCase *test = cases->pdata[c];
      if (!g_str_equal(test->h->use, subject->use) || test->errors->len || test->code > 0 || test->skip)
        continue;
      add_subject(session, subject->use, (gint)c, test->name);
      n++;
    }
    if (n == 0)
      add_subject(session, subject->use, -1, NULL);
  }
}

/* ---- The report ----------------------------------------------------------------------------------------- */

typedef struct {
  gboolean json;
  WeirJsonWriter *writer;
  guint n_ok, n_failed, n_not_tried;
} Report;

/* Lines of a text, each indented. */
static void
print_lines(const char *text, const char *indent)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (*g_strchomp(lines[i]))
      printf("%s%s\n", indent, lines[i]);
}

/* What to do about a failure, or NULL where the reason says it. */
static const char *
mend_of(const VerifyCheck *check, const Verdict *verdict)
{
  gboolean hung = verdict->how == HUNG || (verdict->what && strstr(verdict->what, HARNESS_LATE));
  if (verdict->outcome != FAILED)
    return NULL;
  if (verdict->rule)
    return check->mend ? check->mend : "the rule says what to do; see weir(7)";
  if (!check->run && verdict->how != SAID)
    return "what runs when a plugin is opened (constructors) neither fails nor waits; see W19 in weir(7)";
  if (hung)
    return "return from every call, and leave long work once weir_cancelled() is true or a function of the "
           "host fails; "
           "a run that is only slow gets more time with --seconds";
  if (!check->mend && verdict->how == CRASHED)
    return "a debugger shows the place; nothing but weir_fail() and -1 ends a run";
  return check->mend;
}

static void
report_text(const VerifyCheck *check, const Verdict *verdict)
{
  static const char *const words[] = {"ok", "FAILED", "not tried"};
  gboolean short_text = verdict->outcome == OK && verdict->note != NULL;
  printf("  %-10s %s %-15s%s%s%s\n", words[verdict->outcome], check->id, check->name,
         verdict->rule ? " rule " : "", verdict->rule ? verdict->rule : "", short_text ? verdict->note : "");
  if (verdict->what)
    print_lines(verdict->what, "      ");
  if (mend_of(check, verdict))
    printf("      mend: %s\n", mend_of(check, verdict));
  fflush(stdout);
}

static void
report_json(Report *report, const VerifyCheck *check, const Verdict *verdict)
{
  static const char *const words[] = {"ok", "failed", "not-tried"};
  weir_json_begin_object(report->writer);
  weir_json_member_string(report->writer, "id", check->id);
  weir_json_member_string(report->writer, "check", check->name);
  weir_json_member_string(report->writer, "result", words[verdict->outcome]);
  if (verdict->rule)
    weir_json_member_string(report->writer, "rule", verdict->rule);
  if (verdict->what)
    weir_json_member_string(report->writer, "what", verdict->what);
  if (verdict->note)
    weir_json_member_string(report->writer, "note", verdict->note);
  if (mend_of(check, verdict))
    weir_json_member_string(report->writer, "mend", mend_of(check, verdict));
  weir_json_end_object(report->writer);
}

static void
report_verdict(Report *report, const VerifyCheck *check, const Verdict *verdict)
{
  report->n_ok += verdict->outcome == OK;
  report->n_failed += verdict->outcome == FAILED;
  report->n_not_tried += verdict->outcome == NOT_TRIED;
  if (report->json)
    report_json(report, check, verdict);
  else
    report_text(check, verdict);
}

static void
begin_subject(Report *report, const char *use, const char *case_name)
{
  if (!report->json) {
    printf("%s%s%s%s\n", use, case_name ? ", with the case \"" : "", case_name ? case_name : "",
           case_name ? "\"" : "");
    return;
  }
  weir_json_begin_object(report->writer);
  weir_json_member_string(report->writer, "use", use);
  if (case_name)
    weir_json_member_string(report->writer, "case", case_name);
  weir_json_key(report->writer, "checks");
  weir_json_begin_array(report->writer);
}

static void
end_subject(Report *report)
{
  if (report->json) {
    weir_json_end_array(report->writer);
    weir_json_end_object(report->writer);
  }
}

static const VerifyCheck opening = {"V01", "opens", NULL, NULL, FALSE};

static void
verify_subjects(Session *session, Report *report)
{
  for (guint s = 0; s < session->subjects->len; s++) {
    const Subject *subject = session->subjects->pdata[s];
    begin_subject(report, subject->use, subject->case_name);
    session->v.use = subject->use;
    session->v.setup = subject->setup;
    gboolean runs = TRUE;
    for (const VerifyCheck *check = verify_checks; check->name && runs; check++) {
      Verdict verdict = {0};
      session->check = check;
      session->v.closely = FALSE;
      judge(session, &verdict);
      if (harness_isolate_interrupted()) {
        verdict_clear(&verdict);
        return;
      }
      if (verdict.outcome == FAILED && check->may_be_closer) {
        Verdict closer = {0};
        session->v.closely = TRUE;
        judge(session, &closer);
        verdict_swap(&verdict, &closer);
        verdict_clear(&closer);
      }
      report_verdict(report, check, &verdict);
      /* The others begin with the same run. */
      runs = check != verify_checks || verdict.outcome == OK;
      verdict_clear(&verdict);
    }
    end_subject(report);
  }
}

/* `json`: the whole report, where that is its form. */
static void
print_sum(const Report *report, const char *file, const char *json)
{
  if (report->json)
    puts(json);
  else
    printf("%s: %u checks: %u ok, %u failed, %u not tried\n", file,
           report->n_ok + report->n_failed + report->n_not_tried, report->n_ok, report->n_failed,
           report->n_not_tried);
}

/* The survey, then all checks of all classes. */
static void
verify_all(Session *session, const GPtrArray *cases, Report *report)
{
  Verdict opened = {0};
  judge(session, &opened);
  if (harness_isolate_interrupted() || session->wrong_use) {
    verdict_clear(&opened);
    return;
  }
  begin_subject(report, session->v.file, NULL);
  report_verdict(report, &opening, &opened);
  end_subject(report);
  if (cases)
    use_cases(session, cases);
  if (opened.outcome == OK)
    verify_subjects(session, report);
  verdict_clear(&opened);
}

/* The files of cases, which children see from other folders. */
static char *
absolute_paths(const char *paths)
{
  g_auto(GStrv) list = g_strsplit(paths ? paths : "", ":", -1);
  for (guint i = 0; list[i]; i++) {
    char *absolute = g_canonicalize_filename(list[i], NULL);
    g_free(list[i]);
    list[i] = absolute;
  }
  return paths ? g_strjoinv(":", list) : NULL;
}

int
weir_harness_verify(const char *file, const weir_harness_verification *how)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(GError) error = NULL;
  g_autofree char *absolute = g_canonicalize_filename(file, NULL), *folder = g_path_get_dirname(absolute);
  g_autofree char *cases_path = absolute_paths(how->cases);
  g_autoptr(GPtrArray) cases = how->cases ? verify_load_cases(cases_path, folder, diagnostics) : NULL;
  g_autofree char *place = harness_make_folder(NULL, &error);
  if (!place || (how->cases && !cases) || !g_file_test(absolute, G_FILE_TEST_EXISTS)) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 0);
    g_autofree char *quoted = weir_quote_path(file);
    if (*text || error)
      fprintf(stderr, "%s%s\n", text, error ? error->message : "");
    else
      fprintf(stderr, "there is no plugin file %s\n", quoted);
    if (place)
      weir_remove_tree(place, NULL);
    return -1;
  }
  Session session = {.v = {.file = absolute,
                           .cases = cases_path,
                           .place = place,
                           .only = how->only,
                           .seconds = how->seconds > 0 ? how->seconds : 20}};
  session.subjects = g_ptr_array_new_with_free_func(subject_free);
  GString *out = g_string_new(NULL);
  Report report = {.json = how->json != 0, .writer = weir_json_writer_new(out, 2)};
  if (how->json) {
    weir_json_begin_object(report.writer);
    weir_json_member_string(report.writer, "file", absolute);
    weir_json_key(report.writer, "subjects");
    weir_json_begin_array(report.writer);
  }
  harness_stages_init();
  harness_isolate_begin();
  verify_all(&session, cases, &report);
  if (how->json) {
    weir_json_end_array(report.writer);
    weir_json_member_integer(report.writer, "ok", report.n_ok);
    weir_json_member_integer(report.writer, "failed", report.n_failed);
    weir_json_member_integer(report.writer, "not-tried", report.n_not_tried);
    weir_json_end_object(report.writer);
  }
  weir_json_writer_free(report.writer);
  if (session.wrong_use)
    fprintf(stderr, "%s\n", session.wrong_use);
  else if (!harness_isolate_interrupted())
    print_sum(&report, file, out->str);
  gboolean tried = report.n_ok > 1; /* more than that it opens */
  if (!session.wrong_use && !tried && !report.n_failed && !harness_isolate_interrupted())
    fprintf(stderr, "nothing was verified but that it opens: give cases that it runs with (--with)\n");
  g_string_free(out, TRUE);
  g_ptr_array_unref(session.subjects);
  weir_remove_tree(place, NULL);
  harness_isolate_end();
  gboolean wrong_use = session.wrong_use != NULL;
  g_free(session.wrong_use);
  return wrong_use ? -1 : report.n_failed == 0 && tried;
}
