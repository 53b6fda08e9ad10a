/* SPDX-License-Identifier: MIT */
/** child.h: a program that runs beside the stage: started in a process group of its own, written to and read from
 * without waiting, ended for certain. */
#ifndef WEIR_EXEC_CHILD_H
#define WEIR_EXEC_CHILD_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/** What to start. All strings belong to the caller. */
typedef struct ExecProgram {
  const char *path;        /**< of the file, absolute */
  const char *const *argv; /**< NULL at the end */
  const char *const *envp; /**< NULL at the end */
  const char *folder;      /**< to start it in; NULL: this process's */
} ExecProgram;

/** Belongs to one thread. Zeroed, and then exec_child_init(). */
typedef struct ExecChild {
  pid_t pid;          /**< and the number of its process group; 0: none runs */
  int to, from, said; /**< its standard input, output and error; -1: closed */
  GString *input;     /**< for it, from `written` on */
  gsize written;
  GString *output; /**< from it, from `taken` on */
  gsize taken;
  bool output_ended; /**< nothing more comes, though what is in `output` may still be taken */
  bool ended;        /**< the program has: `status` is as of waitpid() */
  bool deaf;         /**< it closed its standard input by itself */
  int status;
  GString *errors;     /**< the end of what it wrote to standard error */
  GString *error_line; /**< a line of it that has not ended yet */
  guint64 error_bytes; /**< all of it */
} ExecChild;

void exec_child_init(ExecChild *child);
void exec_child_clear(ExecChild *child); /**< kills it, if it runs */

/** Start the program. FALSE: `error` says why, and nothing runs. */
gboolean exec_child_start(ExecChild *child, const ExecProgram *program, GError **error);

/** Write what there is, as much as it takes now. */
void exec_child_write(ExecChild *child);
/** Give it no more input: at once if all is written, else exec_child_write() does it. */
void exec_child_close_input(ExecChild *child);
/** Read what there is, until `most` bytes of output are there. Sees whether the program has ended. `on_line` gets the
 * lines of its standard error. */
void exec_child_read(ExecChild *child, gsize most, void (*on_line)(const char *line, gpointer data),
                     gpointer data);

/** Give a program that closed its output a moment to end by itself. */
void exec_child_wait(ExecChild *child, double seconds);

/** End the program and all that it started: SIGTERM, and SIGKILL to what is there after `grace` seconds. No process is
 * left behind, zombies neither. */
void exec_child_kill(ExecChild *child, double grace);

/** "ended with exit status 3", "was killed by signal 9 (Killed)"; with the last lines of its standard error. */
char *exec_child_ending(const ExecChild *child);
/** Those last lines alone, each behind "\n  "; empty if there are none. */
char *exec_child_last_words(const ExecChild *child);

#endif
