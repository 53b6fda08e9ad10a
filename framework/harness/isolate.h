/* SPDX-License-Identifier: MIT */
/* Work in a child process, so that a plugin that crashes, hangs or ends the process is told of and nothing else suffers. */
#ifndef WEIR_HARNESS_ISOLATE_H
#define WEIR_HARNESS_ISOLATE_H

#include <glib.h>

#define HARNESS_GIVEN_UP 124 /* exit code of a process in which a stage does not come back */

/* How a child ended. */
typedef struct {
  int status;      /* of waitpid() */
  gboolean late;   /* it said nothing for too long and was killed */
  GString *errors; /* what it wrote to stderr, cut; for a crash with the stage and call that it was in */
} HarnessEnd;

/* All work in children stands between these two. Ctrl-C, SIGTERM or SIGHUP then end the child with all that it started,
   and no more are begun; the caller removes what it has made, and harness_isolate_end() lets the signal do its work. */
void harness_isolate_begin(void);
void harness_isolate_end(void);
gboolean harness_isolate_interrupted(void);

/* Fork, and call `work` in the child, whose stderr is kept; what it writes to `out` is given to `hear` (may be NULL) as it
   comes. It is killed, with all that it started, when nothing has come for `seconds`, which `hear` may change. The caller
   has no other threads. FALSE: there was no child. */
typedef void (*HarnessWork)(int out, gpointer data);
typedef void (*HarnessHear)(const char *bytes, gsize n, gpointer data);
gboolean harness_isolate(HarnessWork work, HarnessHear hear, gpointer data, const double *seconds,
                         HarnessEnd *end, GError **error);
void harness_end_clear(HarnessEnd *end);

/* "crashed (signal 11, Segmentation fault)", with what it said; NULL: it ended well. g_free(). */
char *harness_end_reason(const HarnessEnd *end);

#endif
