/* SPDX-License-Identifier: MIT */
/* Plugin "display" for the tests of the commands: stages that say all that a stage can say, slowly on demand. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <weir/plugin.h>

struct rows_state {
  int64_t batches, rows;
  double pause;
  const char *secret, *say, *print;
  int64_t at;
};

/* Sleeps in short pieces, so that a cancelled run ends soon unless the stage is stubborn. */
static int
rest(weir_stage *stage, double seconds, bool stubborn)
{
  const struct timespec piece = {0, 5000000};
  for (int pieces = (int)(seconds / 0.005); pieces > 0; pieces--) {
    if (!stubborn && weir_cancelled(stage))
      return -1;
    nanosleep(&piece, NULL);
  }
  return 0;
}

static int
rows_produce(weir_stage *stage)
{
  struct rows_state *state = stage->state;
  if (state->at == 0 && state->say)
    weir_log(stage, WEIR_LOG_WARNING, "%s", state->say);
  if (state->at == 0 && state->print)
    puts(state->print);
  if (state->at == 0 && state->secret)
    weir_log(stage, WEIR_LOG_INFO, "the key is %s", state->secret);
  if (state->at == state->batches)
    return WEIR_END;
  weir_batch *batch = weir_batch_new(stage, 0);
  if (!batch)
    return -1;
  for (int64_t i = 0; i < state->rows; i++) {
    weir_put_text(batch->columns[0], "text", 4);
    weir_put_integer(batch->columns[1], state->at * state->rows + i);
  }
  weir_progress(stage, (uint64_t)++state->at, (uint64_t)state->batches, "batches");
  return weir_send(batch) || rest(stage, state->pause, false) ? -1 : 0;
}

struct eat_state {
  int64_t fail_at, held_at, exit_at, deep_at;
  bool bad_json, stubborn;
  double pause;
  const char *path;
  int64_t at;
};

/* Until there is no stack any more. */
static int
go_deep(volatile char *above)
{
  volatile char here[4096];
  here[0] = 0;
  return *above ? 0 : go_deep(here) + here[0];
}

static int
eat_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  struct eat_state *state = stage->state;
  char json[200];
  (void)port;
  weir_batch_release(batch);
  state->at++;
  snprintf(json, sizeof json, "{\"epoch\": %d, \"loss\": %.6f, \"accuracy\": %.6f}", (int)state->at,
           1.0 / (double)state->at, 1 - 0.5 / (double)state->at);
  weir_message(stage, "point", "epochs", state->bad_json ? "{\"epoch\": nan" : json);
  if (state->at == state->fail_at)
    return weir_fail(stage, "batch %d cannot be eaten\nhint: give it less", (int)state->at);
  if (state->at == state->exit_at)
    exit(0);
  if (state->at == state->deep_at)
    return go_deep(&(volatile char){0});
  if (state->at == state->held_at)
    weir_outcome(stage, WEIR_HELD, "the gate is closed");
  return rest(stage, state->stubborn ? 5 : state->pause, state->stubborn);
}

static int
eat_end(weir_stage *stage, uint32_t port)
{
  struct eat_state *state = stage->state;
  (void)port;
  weir_metric(stage, "eaten", (double)state->at, "batches");
  return 0;
}

static const weir_port rows_out[] = {{.name = "out", .type = "text:utf8, n:i64", .help = "the rows"}};

#define ROWS(member) .offset = offsetof(struct rows_state, member)
static const weir_option rows_options[] = {
    {.name = "batches",
     .type = WEIR_INTEGER,
     ROWS(batches),
     .by_default = "3",
     .min = 0,
     .max = 1e6,
     .help = "how many batches"},
    {.name = "rows",
     .type = WEIR_INTEGER,
     ROWS(rows),
     .by_default = "1000",
     .min = 1,
     .max = 1e6,
     .help = "rows of a batch"},
    {.name = "pause",
     .type = WEIR_DURATION,
     ROWS(pause),
     .by_default = "0s",
     .max = 60,
     .flags = WEIR_OPTION_MEASURED | WEIR_OPTION_ADVANCED,
     .help = "rest after each batch"},
    {.name = "key", .type = WEIR_SECRET, ROWS(secret), .help = "something that is not to be seen"},
    {.name = "say", .type = WEIR_STRING, ROWS(say), .help = "a warning to begin with"},
    {.name = "print",
     .type = WEIR_STRING,
     ROWS(print),
     .help = "a line for standard output, as libraries print them"},
};

static const weir_port eat_in[] = {
    {.name = "in", .type = "text:utf8, *", .help = "rows to eat"},
    {.name = "more", .type = "any", .flags = WEIR_PORT_OPTIONAL | WEIR_PORT_MANY}};

#define EAT(member) .offset = offsetof(struct eat_state, member)
static const weir_option eat_options[] = {
    {.name = "fail-at", .type = WEIR_INTEGER, EAT(fail_at), .help = "the batch at which it fails"},
    {.name = "held-at", .type = WEIR_INTEGER, EAT(held_at), .help = "the batch at which a gate closes"},
    {.name = "exit-at", .type = WEIR_INTEGER, EAT(exit_at), .help = "the batch at which it ends the program"},
    {.name = "deep-at",
     .type = WEIR_INTEGER,
     EAT(deep_at),
     .help = "the batch at which it uses up its stack"},
    {.name = "bad-json", .type = WEIR_BOOLEAN, EAT(bad_json), .help = "say something that is no JSON"},
    {.name = "stubborn",
     .type = WEIR_BOOLEAN,
     EAT(stubborn),
     .help = "do not look whether the run is cancelled"},
    {.name = "pause",
     .type = WEIR_DURATION,
     EAT(pause),
     .by_default = "0s",
     .max = 60,
     .help = "rest after each batch"},
    {.name = "path", .type = WEIR_OUTPUT_PATH, EAT(path), .help = "not written"},
};

static const weir_class classes[] = {
    {.name = "rows",
     .summary = "Makes rows",
     .help = "Rows are numbered.\n\nAll have the same text.",
     .out = rows_out,
     .n_out = 1,
     .options = rows_options,
     .n_options = 6,
     .state_size = sizeof(struct rows_state),
     .produce = rows_produce},
    {.name = "eat",
     .summary = "Takes rows and makes nothing of them",
     .in = eat_in,
     .n_in = 2,
     .options = eat_options,
     .n_options = 8,
     .state_size = sizeof(struct eat_state),
     .process = eat_process,
     .end = eat_end,
     .flags = WEIR_CLASS_SINK},
};

WEIR_PLUGIN(.name = "display", .version = "1.2", .licence = "MIT", .vendor = "test",
            .summary = "Stages for the tests of the commands", .classes = classes, .n_classes = 2)
