/* SPDX-License-Identifier: MIT */
/* What the child of a check tells its parent, a line each, and how it judges a run. */
#include "harness/verify.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One line: a word, then texts, with line breaks escaped. */
static void
say(const Verify *v, const char *word, const char *rule, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf(format, args), *escaped = g_strescape(text, "\"");
  g_autofree char *line = g_strdup_printf("%s\t%s\t%s\n", word, rule ? rule : "", escaped);
  for (gsize at = 0, n = strlen(line); at < n;) {
    gssize written = write(v->out, line + at, n - at);
    if (written < 0 && errno != EINTR)
      return;
    at += written > 0 ? (gsize)written : 0;
  }
}

void
verify_at(const Verify *v, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(v, "at", NULL, format, args);
  va_end(args);
}

void
verify_fail(Verify *v, const char *rule, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (!v->failed)
    say(v, "failed", rule, format, args);
  va_end(args);
  v->failed = TRUE;
}

void
verify_skip(const Verify *v, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(v, "skip", NULL, format, args);
  va_end(args);
}

void
verify_wrong_use(const Verify *v, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(v, "wrong-use", NULL, format, args);
  va_end(args);
}

void
verify_note(const Verify *v, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(v, "note", NULL, format, args);
  va_end(args);
}

const HarnessResult *
verify_result(const weir_harness *h)
{
  return h->results->len ? h->results->pdata[h->results->len - 1] : NULL;
}

/* The rule that an error says is broken, "W04", or NULL. */
static const char *
rule_in(const char *error, char rule[8])
{
  const char *at = error ? strstr(error, "rule W") : NULL;
  if (!at || !strstr(at, "of the plugin contract is broken"))
    return NULL;
  g_strlcpy(rule, at + 5, 4);
  return rule;
}

gboolean
verify_run(Verify *v, weir_harness *h, const weir_harness_cut *cut)
{
  char rule[8];
  if (cut)
    weir_harness_cuts(h, cut, 1);
  h->fresh = FALSE;
  harness_ensure_run(h);
  for (guint i = 0; i < h->results->len; i++) {
    const HarnessResult *result = h->results->pdata[i];
    const char *broken = rule_in(result->error, rule);
    if (broken)
      verify_fail(v, broken, "%s", result->error);
  }
  if (h->leaked && !v->failed)
    verify_fail(v, NULL, "%" G_GUINT64_FORMAT " batches that it was given were never released", h->leaked);
  return !v->failed;
}
