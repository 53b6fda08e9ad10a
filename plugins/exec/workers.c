/* SPDX-License-Identifier: MIT */
/* The programs of exec.map: records dealt out to them, answers taken, and what is done when one dies or hangs. */
#include "config.h"

#include "map.h"

#include "base/quote.h"
#include "base/units.h"

#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#define UNIT        64                  /* records dealt at a time */
#define WRITE_ROOM  ((gsize)64 << 10)   /* text that waits for one program */
#define READ_ROOM   ((gsize)1 << 20)    /* text that is read from one at a time */
#define LOGGED      ((guint64)64 << 10) /* of standard error, for the journal of a developer */
#define FREE_TEXT   ((gsize)64 << 20)   /* of answers that wait, before memory is asked for */
#define GRANT       ((guint64)32 << 20)
#define LAST_MOMENT 1.0 /* seconds between the end of its output and its own */
#define GRACE       2.0 /* seconds between SIGTERM and SIGKILL */

/* What was answered before is sent first, and may be what the run fails at: so its place does not hang on timing. -1 */
static int G_GNUC_PRINTF(2, 3) fail(ExecWork *work, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  return exec_emit_ready(work) ? -1 : weir_fail(work->stage, "%s", text);
}

/* ---- Spans ----------------------------------------------------------------------------------------------- */

static void
add_span(GQueue *queue, ExecPending *pending, int64_t first, int64_t end)
{
  ExecSpan *tail = g_queue_peek_tail(queue);
  if (tail && tail->pending == pending && tail->end == first) {
    tail->end = end;
    return;
  }
  ExecSpan *span = g_new(ExecSpan, 1);
  *span = (ExecSpan){pending, first, end};
  g_queue_push_tail(queue, span);
}

/* The next record of a queue that is not empty. */
static ExecSpan
take_row(GQueue *queue)
{
  ExecSpan *head = g_queue_peek_head(queue), row = {head->pending, head->next, head->next + 1};
  if (++head->next == head->end)
    g_free(g_queue_pop_head(queue));
  return row;
}

/* ---- Dealing --------------------------------------------------------------------------------------------- */

/* They are dealt in order: those that are not are the last ones, and few. */
static ExecPending *
first_undealt(const ExecWork *work)
{
  ExecPending *first = NULL;
  for (GList *l = work->pending.tail; l && ((ExecPending *)l->data)->dealt < ((ExecPending *)l->data)->n;
       l = l->prev)
    first = l->data;
  return first;
}

static void
give(ExecWork *work, ExecWorker *worker, ExecPending *pending, int64_t first, int64_t end)
{
  if (!worker->n_owed)
    worker->since = g_get_monotonic_time();
  gsize before = worker->child.input->len;
  for (int64_t row = first; row < end; row++)
    exec_record_write(worker->child.input, pending->send, work->n_send, row);
  pending->given += worker->child.input->len - before;
  work->n_given += worker->child.input->len - before;
  add_span(&worker->owed, pending, first, end);
  worker->n_owed += end - first;
}

static gsize
unwritten(const ExecWorker *worker)
{
  return worker->child.input->len - worker->child.written;
}

static bool
has_room(const ExecWorker *worker)
{
  return !worker->last && !worker->child.deaf && unwritten(worker) < WRITE_ROOM;
}

/* What one that died had got comes first, and is its own. Else they take turns, but for those that have enough to read:
   one that holds its answers back must get more, or it would hold them for ever. */
static ExecWorker *
next_worker(ExecWork *work, bool more)
{
  for (guint i = 0; i < work->n_workers; i++)
    if (work->workers[i].again.length && has_room(&work->workers[i]))
      return &work->workers[i];
  for (guint i = 0; i < work->n_workers && more; i++) {
    ExecWorker *worker = &work->workers[(work->turn + i) % work->n_workers];
    if (!has_room(worker))
      continue;
    work->turn = (guint)(worker - work->workers) + 1;
    return worker;
  }
  return NULL;
}

int
exec_worker_start(ExecWork *work, ExecWorker *worker)
{
  g_autoptr(GError) error = NULL;
  worker->left = worker->answers = worker->last = false;
  worker->since = g_get_monotonic_time();
  if (exec_child_start(&worker->child, &work->program, &error))
    return 0;
  return fail(work, "%s", error->message);
}

/* One that is not running is started. */
static int
ready(ExecWork *work, ExecWorker *worker)
{
  if (worker->child.pid)
    return 0;
  if (worker->left && work->restarts-- <= 0) {
    g_autofree char *ending = exec_child_ending(&worker->child);
    return fail(work,
                "the program %s before it had got all records\n"
                "hint: it has to read its standard input to the end, or set \"restarts\"",
                ending);
  }
  return exec_worker_start(work, worker);
}

static int
deal(ExecWork *work)
{
  for (;;) {
    ExecPending *pending = first_undealt(work);
    ExecWorker *worker = next_worker(work, pending != NULL);
    if (!worker)
      return 0;
    if (ready(work, worker))
      return -1;
    if (worker->again.length) {
      ExecSpan row = take_row(&worker->again);
      give(work, worker, row.pending, row.next, row.end);
      /* A suspect is alone, with the end of its input behind it: a program that holds back its output writes it then. */
      worker->last = worker->suspects > 0;
    } else {
      g_assert(pending); /* or no worker would be found */
      int64_t end = MIN(pending->n, pending->dealt + UNIT);
      give(work, worker, pending, pending->dealt, end);
      pending->dealt = end;
    }
  }
}

/* ---- Answers --------------------------------------------------------------------------------------------- */

static int
grant_text(ExecWork *work)
{
  if (work->n_text <= FREE_TEXT + work->reserved)
    return 0;
  if (weir_reserve(work->stage, GRANT))
    return fail(work,
                "the answers to %" G_GINT64_FORMAT " records need more memory than the run has for them\n"
                "hint: raise --memory, or have the program answer less",
                work->n_waiting);
  work->reserved += GRANT;
  return 0;
}

static int
take_answer(ExecWork *work, ExecWorker *worker, const char *line, gsize size)
{
  if (size && line[size - 1] == '\r')
    size--;
  if (!worker->n_owed) {
    g_autofree char *quoted = weir_quote(line, (gssize)MIN(size, 200));
    return fail(work,
                "the program answered more lines than it had got records: %s\n"
                "hint: one line of JSON for each line that it reads; anything else goes to standard error",
                quoted);
  }
  ExecSpan row = take_row(&worker->owed);
  ExecPending *pending = row.pending;
  worker->n_owed--;
  worker->answers = true;
  worker->since = g_get_monotonic_time();
  pending->answers[row.next] = (ExecAnswer){.at = pending->text->len, .size = size};
  g_string_append_len(pending->text, line, (gssize)size);
  pending->answered++;
  work->n_text += size;
  return grant_text(work);
}

static int
take_lines(ExecWork *work, ExecWorker *worker)
{
  ExecChild *child = &worker->child;
  while (child->taken < child->output->len) {
    const char *line = child->output->str + child->taken;
    gsize there = child->output->len - child->taken;
    const char *newline = memchr(line, '\n', there);
    gsize size = newline ? (gsize)(newline - line) : there;
    if (size > work->map->max_line) {
      g_autofree char *most = weir_format_size((double)work->map->max_line);
      g_autofree char *quoted = weir_quote(line, (gssize)MIN(size, 200));
      return fail(work, "an answer of the program is longer than %s: %s\nhint: allow more with \"max-line\"",
                  most, quoted);
    }
    if (!newline && !child->output_ended)
      return 0;
    if (take_answer(work, worker, line, size))
      return -1;
    child->taken += size + (newline != NULL);
  }
  return 0;
}

static void
tell(const char *line, gpointer data)
{
  ExecWork *work = data;
  if (work->logged > LOGGED)
    return;
  work->logged += strlen(line);
  weir_log(work->stage, WEIR_LOG_DEBUG, "the program says: %s", work->logged > LOGGED ? "…, and more" : line);
}

/* ---- Ends ------------------------------------------------------------------------------------------------ */

/* The record that a program was given alone, and at which it failed, is a bad one. */
static int
refuse(ExecWork *work, ExecWorker *worker, const char *what)
{
  ExecSpan row = take_row(&worker->owed);
  worker->n_owed--;
  row.pending->answers[row.next].refusal = g_strdup_printf("the program %s", what);
  row.pending->answered++;
  worker->suspects = 0; /* the others were behind it */
  (void)work;
  return 0;
}

/* It is gone, and owes answers. `what` says how. */
static int
bury(ExecWork *work, ExecWorker *worker, const char *what)
{
  gint64 n = worker->n_owed;
  worker->last = false;
  if (worker->suspects)
    return refuse(work, worker, what);
  if (work->restarts <= 0)
    return fail(work, "the program %s\n  %" G_GINT64_FORMAT " record%s that it had got %s not answered%s",
                what, n, n == 1 ? "" : "s", n == 1 ? "is" : "are",
                worker->child.deaf ? "; it had closed its standard input" : "");
  work->restarts--;
  weir_log(work->stage, WEIR_LOG_WARNING, "the program %s; it is started again", what);
  worker->suspects = n;
  for (ExecSpan *span; (span = g_queue_pop_tail(&worker->owed));)
    g_queue_push_head(&worker->again, span);
  worker->n_owed = 0;
  return 0;
}

/* One that owes an answer, or is to end, and takes too long. Only while nothing else is to be done: a program may wait
   for more before it writes. */
static int
look_at_clock(ExecWork *work, ExecWorker *worker)
{
  double limit = worker->answers ? work->map->timeout : work->map->start_timeout;
  gint64 since = MAX(worker->since, work->blocked);
  if (!work->blocked || limit <= 0 || (double)(g_get_monotonic_time() - since) / G_USEC_PER_SEC < limit)
    return 0;
  g_autofree char *words = exec_child_last_words(&worker->child);
  g_autofree char *time = weir_format_duration((gint64)(limit * G_USEC_PER_SEC));
  bool owes = worker->n_owed > 0;
  g_autofree char *what =
      owes
          ? g_strdup_printf("answered nothing for %s, and was ended%s", time, words)
          : g_strdup_printf("did not end within %s after the end of its input, and was ended%s", time, words);
  exec_child_kill(&worker->child, GRACE);
  if (!owes)
    return fail(work, "the program %s", what);
  return bury(work, worker, what);
}

static bool
ended_well(const ExecChild *child)
{
  return WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
}

/* Nothing more comes from a program. */
static int
see_end(ExecWork *work, ExecWorker *worker)
{
  ExecChild *child = &worker->child;
  if (child->pid && !worker->n_owed)
    return look_at_clock(work, worker); /* it closed its output, and may still end well */
  exec_child_wait(child, LAST_MOMENT);
  g_autofree char *ending = exec_child_ending(child);
  if (child->pid)
    exec_child_kill(child, GRACE);
  if (worker->n_owed)
    return bury(work, worker, ending);
  bool alone = worker->suspects > 0;
  if (alone)
    worker->suspects--;
  if (!alone && !ended_well(child))
    return fail(work, "the program answered all that it had got, but %s", ending);
  worker->left = !worker->last;
  worker->last = false;
  return 0;
}

/* ---- A step ---------------------------------------------------------------------------------------------- */

static bool
gets_no_more(const ExecWork *work, const ExecWorker *worker)
{
  return worker->last || (work->ending && !worker->again.length && !first_undealt(work));
}

static int
serve(ExecWork *work, ExecWorker *worker)
{
  ExecChild *child = &worker->child;
  exec_child_write(child);
  if (gets_no_more(work, worker)) {
    worker->last = true;
    exec_child_close_input(child);
  }
  exec_child_read(child, MAX(READ_ROOM, work->map->max_line + 2), tell, work);
  if (take_lines(work, worker))
    return -1;
  if (child->output_ended)
    return see_end(work, worker);
  return worker->n_owed || worker->last || child->deaf ? look_at_clock(work, worker) : 0;
}

static void
wait_for_any(const ExecWork *work, int wait_ms)
{
  g_autofree struct pollfd *fds = g_new0(struct pollfd, 3 * work->n_workers + 1);
  nfds_t n = 0;
  for (guint i = 0; i < work->n_workers; i++) {
    const ExecChild *child = &work->workers[i].child;
    if (child->to >= 0 && child->written < child->input->len)
      fds[n++] = (struct pollfd){.fd = child->to, .events = POLLOUT};
    if (child->from >= 0)
      fds[n++] = (struct pollfd){.fd = child->from, .events = POLLIN};
    if (child->said >= 0)
      fds[n++] = (struct pollfd){.fd = child->said, .events = POLLIN};
  }
  poll(fds, n, wait_ms);
}

int
exec_step(ExecWork *work, int wait_ms)
{
  if (deal(work))
    return -1;
  wait_for_any(work, wait_ms);
  for (guint i = 0; i < work->n_workers; i++)
    if (work->workers[i].child.pid && serve(work, &work->workers[i]))
      return -1;
  return weir_cancelled(work->stage) ? -1 : 0;
}

bool
exec_workers_are_done(const ExecWork *work)
{
  for (guint i = 0; i < work->n_workers; i++)
    if (work->workers[i].child.pid)
      return false;
  return true;
}
