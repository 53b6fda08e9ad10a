/* SPDX-License-Identifier: MIT */
/* Stages that each have one fault, of those that a conformance kit is there to find. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weir/plugin.h>

typedef struct {
  int64_t rows;
  int64_t level;
  const char *word;
  struct ArrowArray kept;
  char *memory;
  const char *path;
} State;

static int
pass(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  return weir_emit(stage, 0, batch);
}

/* ---- Values --------------------------------------------------------------------------------------------- */

/* Looks at the first character of an empty text. */
static int
first_letter(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  weir_column text = weir_input(stage, port, batch, 0);
  for (int64_t row = 0; row < text.length; row++)
    if (weir_get_text(&text, row).len == 0)
      abort();
  return weir_emit(stage, 0, batch);
}

/* A buffer for words of a size that nobody exceeds. */
static int
short_words(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  char word[4096];
  weir_column text = weir_input(stage, port, batch, 0);
  for (int64_t row = 0; row < text.length; row++) {
    weir_text t = weir_get_text(&text, row);
    if ((size_t)t.len >= sizeof word)
      abort(); /* where it would write beyond */
    memcpy(word, t.data, (size_t)t.len);
  }
  return weir_emit(stage, 0, batch);
}

/* A null is not expected. */
static int
no_nulls(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  weir_column text = weir_input(stage, port, batch, 0);
  for (int64_t row = 0; row < text.length; row++)
    if (weir_is_null(&text, row))
      abort();
  return weir_emit(stage, 0, batch);
}

/* Divides by the number of rows. */
static int
mean(weir_stage *stage)
{
  int64_t rows = (int64_t)weir_table_rows(stage, 0);
  weir_batch *out;
  if (rows == 0)
    abort();
  out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  weir_put_integer(out->columns[0], 100 / rows);
  return weir_send(out) ? -1 : WEIR_END;
}

/* Counts down from an option. */
static int
level_open(weir_stage *stage)
{
  if (((State *)stage->state)->level == 0)
    abort();
  return 0;
}

/* ---- Threads, time and order ---------------------------------------------------------------------------- */

/* Keeps a sum in its state, as if one batch came after another. */
static int
racing(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  State *state = stage->state;
  int64_t n = batch->length, first = __atomic_fetch_add(&state->rows, 1, __ATOMIC_SEQ_CST);
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  usleep((unsigned)(first % 3) * 500);
  for (int64_t row = 0; row < n; row++)
    weir_put_integer(out->columns[0], __atomic_load_n(&state->rows, __ATOMIC_SEQ_CST) - first);
  return weir_send(out);
}

static int
clocked(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  int64_t n = batch->length;
  struct timespec now;
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  clock_gettime(CLOCK_MONOTONIC, &now);
  for (int64_t row = 0; row < n; row++)
    weir_put_integer(out->columns[0], now.tv_nsec);
  return weir_send(out);
}

/* A source that says to be the same as ever, and is not. */
static int
changing(weir_stage *stage)
{
  struct timespec now;
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  clock_gettime(CLOCK_MONOTONIC, &now);
  weir_put_integer(out->columns[0], now.tv_nsec);
  return weir_send(out) ? -1 : WEIR_END;
}

static int
same_as_ever(weir_stage *stage, char *text, size_t size)
{
  (void)stage;
  return snprintf(text, size, "the same") < 0 ? -1 : 0;
}

/* Never ends, but for a run that is cancelled. */
static int
endless(weir_stage *stage)
{
  usleep(1000);
  return weir_cancelled(stage) ? -1 : 0;
}

/* Says more than it should, and where it should not. */
static int
loud(weir_stage *stage)
{
  static int opened;
  (void)stage;
  puts("this is no test");
  return opened++ ? weir_fail(stage, "it was opened before") : 0;
}

/* Keeps a file where that is allowed. */
static int
tidy(weir_stage *stage)
{
  char path[4096];
  const char *folder = weir_cache(stage);
  FILE *file = folder && snprintf(path, sizeof path, "%s/kept", folder) > 0 ? fopen(path, "w") : NULL;
  return file && fclose(file) == 0 ? 0 : weir_fail(stage, "cannot write into the cache");
}

/* Wants to know the columns before anybody does. */
static int
early(weir_stage *stage)
{
  if (!weir_input_schema(stage, 0))
    abort();
  return 0;
}

/* ---- What fails ----------------------------------------------------------------------------------------- */

/* Works on when the run is cancelled. */
static int
deaf(weir_stage *stage)
{
  while (weir_cancelled(stage))
    usleep(1000);
  return WEIR_END;
}

/* Keeps a batch of the table if the next cannot be read. */
static int
hoard(weir_stage *stage)
{
  State *state = stage->state;
  for (uint64_t i = 0; i < weir_table_batches(stage, 0); i++) {
    struct ArrowArray next;
    if (weir_table_batch(stage, 0, i, &next))
      return -1;
    weir_batch_release(&state->kept);
    weir_batch_move(&next, &state->kept);
  }
  weir_batch_release(&state->kept);
  return WEIR_END;
}

/* Believes that there is always memory. */
static int
trusting(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  volatile char *memory = malloc(1000);
  memory[0] = 1;
  free((void *)memory);
  return pass(stage, port, batch);
}

/* Does not look at what weir_alloc() gives. */
static int
rash_open(weir_stage *stage)
{
  volatile char *memory = weir_alloc(stage, 100);
  memory[0] = 1;
  return 0;
}

static int
leak_open(weir_stage *stage)
{
  State *state = stage->state;
  state->memory = malloc(1000);
  if (!state->memory)
    return weir_fail(stage, "no memory");
  memset(state->memory, 1, 1000);
  return 0;
}

/* Gives its memory back only when all goes well. */
static int
fair_weather(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  char *memory = malloc(1000);
  if (!memory) {
    weir_batch_release(batch);
    return weir_fail(stage, "no memory");
  }
  memset(memory, 1, 1000);
  ((State *)stage->state)->memory = memory;
  if (pass(stage, port, batch))
    return -1;
  free(memory);
  return 0;
}

/* Returns -1 without a word when there is no memory. */
static int
silent(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  void *memory = malloc(10);
  if (!memory) {
    weir_batch_release(batch);
    return -1;
  }
  free(memory);
  return pass(stage, port, batch);
}

/* ---- Elsewhere ------------------------------------------------------------------------------------------ */

static int
litter(weir_stage *stage)
{
  FILE *file = fopen("debug.log", "w");
  (void)stage;
  if (file)
    fclose(file);
  return 0;
}

/* Sends to its second output, whatever the first is for. */
static int
needed(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  if (!weir_output_used(stage, 0))
    abort();
  return pass(stage, port, batch);
}

static int
keep_all(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage, (void)port, (void)batch;
  return 0;
}

static int
stuck(weir_stage *stage)
{
  while (stage)
    pause();
  return 0;
}

static const weir_port any_in[] = {{.name = "in", .type = "any"}};
static const weir_port any_out[] = {{.name = "out", .type = "=in"}};
static const weir_port text_in[] = {{.name = "in", .type = "text:utf8?, *"}};
static const weir_port table_in[] = {{.name = "in", .type = "any", .flags = WEIR_PORT_TABLE}};
static const weir_port number_out[] = {{.name = "out", .type = "=in, +number:i64"}};
static const weir_port mean_out[] = {{.name = "out", .type = "mean:i64"}};
static const weir_option level_options[] = {
    {"level", WEIR_INTEGER, 0, offsetof(State, level), "3", 0, 10, .help = "A number"}};

static const weir_option path_options[] = {
    {"path", WEIR_INPUT_PATH, WEIR_OPTION_REQUIRED, offsetof(State, path), .help = "A file"}};

#define BASE(name_) .name = name_, .summary = "For tests", .state_size = sizeof(State)
#define IN(port)    .in = port, .n_in = 1
#define OUT(port)   .out = port, .n_out = 1

static const weir_class classes[] = {
    {BASE("first-letter"), IN(text_in), OUT(any_out), .process = first_letter},
    {BASE("short-words"), IN(text_in), OUT(any_out), .process = short_words},
    {BASE("no-nulls"), IN(text_in), OUT(any_out), .process = no_nulls},
    {BASE("mean"), IN(table_in), OUT(mean_out), .produce = mean},
    {BASE("level"), IN(any_in), OUT(any_out), .options = level_options, .n_options = 1, .open = level_open,
     .process = pass},
    {BASE("racing"), IN(any_in), OUT(number_out), .threads = WEIR_PARALLEL, .process = racing},
    {BASE("clocked"), IN(any_in), OUT(number_out), .process = clocked},
    {BASE("changing"), OUT(mean_out), .fingerprint = same_as_ever, .produce = changing},
    {BASE("endless"), OUT(mean_out), .produce = endless},
    {BASE("loud"), IN(any_in), OUT(any_out), .open = loud, .process = pass},
    {BASE("reader"), OUT(mean_out), .options = path_options, .n_options = 1, .produce = endless},
    {BASE("tidy"), IN(any_in), OUT(any_out), .open = tidy, .process = pass},
    {BASE("early"), IN(any_in), OUT(any_out), .open = early, .process = pass},
    {BASE("deaf"), IN(table_in), .produce = deaf},
    {BASE("hoard"), IN(table_in), .produce = hoard},
    {BASE("trusting"), IN(any_in), OUT(any_out), .process = trusting},
    {BASE("rash"), IN(any_in), OUT(any_out), .open = rash_open, .process = pass},
    {BASE("leak"), IN(any_in), OUT(any_out), .open = leak_open, .process = pass},
    {BASE("fair-weather"), IN(any_in), OUT(any_out), .process = fair_weather},
    {BASE("silent"), IN(any_in), OUT(any_out), .process = silent},
    {BASE("litter"), IN(any_in), OUT(any_out), .open = litter, .process = pass},
    {BASE("needed"), IN(any_in), OUT(any_out), .process = needed},
    {BASE("keep"), IN(any_in), .process = keep_all},
    {BASE("stuck"), IN(any_in), OUT(any_out), .open = stuck, .process = pass},
};

WEIR_PLUGIN(.name = "faulty", .version = "1.0", .licence = "MIT", .vendor = "weir-tests",
            .summary = "Stages with faults", .classes = classes,
            .n_classes = sizeof classes / sizeof *classes)
