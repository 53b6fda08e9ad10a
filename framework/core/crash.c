/* SPDX-License-Identifier: MIT */
/* The last words of a program that a stage has crashed: written with nothing but write(). */
#include "core/crash.h"

#include "core/weir/host.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

static _Thread_local const WeirPlanStage *the_stage;
static _Thread_local const char *the_call;

/* A thread that has used up its stack needs another to say so. Whoever gave it one already, a sanitizer say, knows why. */
static void
give_stack(void)
{
  static _Thread_local char stack[16 << 10];
  static _Thread_local gboolean given;
  stack_t now, own = {.ss_sp = stack, .ss_size = sizeof stack};
  if (!given && sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
    sigaltstack(&own, NULL);
  given = TRUE;
}

void
weir_crash_enter(const WeirPlanStage *stage, const char *call)
{
  give_stack();
  the_stage = stage;
  the_call = call;
}

void
weir_crash_leave(void)
{
  the_stage = NULL;
}

static char *
append(char *at, const char *end, const char *text)
{
  while (*text && at < end)
    *at++ = *text++;
  return at;
}

static char *
append_number(char *at, const char *end, int number)
{
  char digits[12], *first = digits + sizeof digits;
  *--first = '\0';
  do
    *--first = (char)('0' + number % 10);
  while (number /= 10);
  return append(at, end, first);
}

gboolean
weir_crash_is_in_stage(void)
{
  return the_stage != NULL;
}

void
weir_crash_report(int number, int descriptor)
{
  char text[1024];
  const char *end = text + sizeof text - 1;
  char *at = append(text, end, "\nerror: ");
  const WeirPlanStage *stage = the_stage;
  if (stage) {
    at = append(at, end, "stage \"");
    at = append(at, end, stage->name);
    at = append(at, end, "\" (");
    at = append(at, end, stage->use);
    at = append(at, end, number ? ") crashed in " : ") ended the whole program in ");
    at = append(at, end, the_call);
    at = append(at, end, number ? "(): signal " : "()");
  } else {
    at = append(at, end, "the program crashed outside any stage: signal ");
  }
  if (number)
    at = append_number(at, end, number);
  if (stage && stage->plugin) {
    at = append(at, end, "\n  plugin ");
    at = append(at, end, weir_plugin_get_file(stage->plugin));
  }
  at = append(at, end, "\n");
  ssize_t written = write(descriptor, text, (size_t)(at - text));
  (void)written; /* nobody is left to tell */
}
