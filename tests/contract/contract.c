/* SPDX-License-Identifier: MIT */
/* Stage classes that each break one rule of the plugin contract on purpose; and a source and a sink that keep
 * all. */
#include <signal.h>
#include <stdlib.h>
#include <weir/plugin.h>

/* ---- rows and count: well-behaved -----------------------------------------------------------------------
 */

typedef struct {
  int64_t count, batch;
  int64_t next;
} Rows;

static int
rows_produce(weir_stage *stage)
{
  static const char *const words[] = {"one", "two", "drei", "vier"};
  Rows *rows = stage->state;
  weir_batch *out;
  if (rows->next >= rows->count)
    return WEIR_END;
  out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  for (int64_t i = 0; i < rows->batch && rows->next < rows->count; i++, rows->next++) {
    weir_put_integer(out->columns[0], rows->next);
    weir_put_string(out->columns[1], words[rows->next % 4]);
    if (rows->next % 3 == 2)
      weir_put_null(out->columns[2]);
    else
      weir_put_number(out->columns[2], (double)rows->next / 2);
  }
  return weir_send(out);
}

static const weir_option rows_options[] = {
    {"count", WEIR_INTEGER, 0, offsetof(Rows, count), "10", 0, 1e12, .help = "How many rows to make"},
    {"batch", WEIR_INTEGER, 0, offsetof(Rows, batch), "4", 1, 65536, .help = "Rows of a batch"},
};
static const weir_port rows_out[] = {{.name = "out", .type = "id:i64, text:utf8, score:f64?"}};

typedef struct {
  int64_t rows;
} Count;

static int
count_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Count *count = stage->state;
  (void)port;
  count->rows += batch->length;
  weir_batch_release(batch);
  return 0;
}

static int
count_end(weir_stage *stage, uint32_t port)
{
  (void)port;
  weir_metric(stage, "rows", (double)((Count *)stage->state)->rows, "rows");
  return 0;
}

/* Takes a table, and looks at nothing of it. */
static int
keep_produce(weir_stage *stage)
{
  (void)stage;
  return WEIR_END;
}

/* Counts the rows of a table that has hardly begun. */
static int
early_open(weir_stage *stage)
{
  weir_log(stage, WEIR_LOG_INFO, "%llu rows", (unsigned long long)weir_table_rows(stage, 0));
  return 0;
}

static const weir_port table_in[] = {{.name = "in", .type = "*", .flags = WEIR_PORT_TABLE}};
static const weir_port any_in[] = {{.name = "in", .type = "*"}};
static const weir_port same_out[] = {{.name = "out", .type = "=in"}};

/* ---- One function a rule --------------------------------------------------------------------------------
 */

/* -1 without a word. */
static int
w01_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage;
  (void)port;
  weir_batch_release(batch);
  return -1;
}

/* Says that it fails, and goes on. */
static int
w02_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  weir_batch_release(batch);
  weir_fail(stage, "this is not good");
  return 0;
}

/* Says it twice. */
static int
w03_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  weir_batch_release(batch);
  weir_fail(stage, "this is not good");
  return weir_fail(stage, "and that neither");
}

/* Keeps its batch, and forgets it. */
static int
w04_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage;
  (void)port;
  (void)batch;
  return 0;
}

/* Emits to a port that it has not. */
static int
w05_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  return weir_emit(stage, 7, batch);
}

#if WEIR_ABI_MINOR >= 1
/* Asks for the input's columns in places where they do not fit, or for one that is not there. */
static int
arrange(weir_stage *stage, struct ArrowArray *batch, const int32_t *columns)
{
  weir_batch *out = weir_arrange(stage, 0, batch, 0, columns, NULL, 0);
  return out ? weir_send(out) : -1;
}

static int
mixed_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  static const int32_t columns[] = {1, 0, 2};
  (void)port;
  return arrange(stage, batch, columns);
}

static int
missing_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  static const int32_t columns[] = {0, 1, 3};
  (void)port;
  return arrange(stage, batch, columns);
}
#endif

static const weir_port id_out[] = {{.name = "out", .type = "id:i64"}};

/* Emits where it only may prepare. */
static int
w06_open(weir_stage *stage)
{
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  weir_put_integer(out->columns[0], 1);
  return weir_send(out);
}

static int
end_at_once(weir_stage *stage)
{
  (void)stage;
  return WEIR_END;
}

/* A batch by hand: one column of `n` integers from `values`, or none. */
typedef struct {
  struct ArrowArray column, *children[1];
  const void *none[1], *buffers[2];
} ByHand;

static void
release_column(struct ArrowArray *array)
{
  array->release = NULL;
}

static void
release_by_hand(struct ArrowArray *array)
{
  ByHand *hand = array->private_data;
  if (hand->column.release)
    hand->column.release(&hand->column);
  free(hand);
  array->release = NULL;
}

static ByHand *
by_hand(struct ArrowArray *batch, const int64_t *values, int64_t n)
{
  ByHand *hand = calloc(1, sizeof *hand);
  if (!hand)
    abort();
  hand->buffers[1] = values;
  hand->children[0] = &hand->column;
  hand->column =
      (struct ArrowArray){.length = n, .n_buffers = 2, .buffers = hand->buffers, .release = release_column};
  *batch = (struct ArrowArray){.length = n,
                               .n_buffers = 1,
                               .n_children = 1,
                               .buffers = hand->none,
                               .children = hand->children,
                               .release = release_by_hand,
                               .private_data = hand};
  return hand;
}

static const int64_t three[] = {1, 2, 3};

/* A batch that says it has more rows than its column. */
static int
w07_produce(weir_stage *stage)
{
  struct ArrowArray batch;
  by_hand(&batch, three, 3)->column.length = 2;
  return weir_emit(stage, 0, &batch) ? -1 : WEIR_END;
}

/* A batch without the column that the port's type promises. */
static int
w08_produce(weir_stage *stage)
{
  struct ArrowArray batch;
  by_hand(&batch, three, 3);
  batch.n_children = 0;
  return weir_emit(stage, 0, &batch) ? -1 : WEIR_END;
}

/* A batch that stays what it was when it is released. */
static void
release_not(struct ArrowArray *array)
{
  (void)array;
}

static int
w09_produce(weir_stage *stage)
{
  static ByHand hand;
  static struct ArrowArray batch;
  struct ArrowArray copy;
  hand.buffers[1] = three;
  hand.children[0] = &hand.column;
  hand.column =
      (struct ArrowArray){.length = 3, .n_buffers = 2, .buffers = hand.buffers, .release = release_column};
  batch = (struct ArrowArray){.length = 3,
                              .n_buffers = 1,
                              .n_children = 1,
                              .buffers = hand.none,
                              .children = hand.children,
                              .release = release_not};
  copy = batch;
  return weir_emit(stage, 0, &copy) ? -1 : WEIR_END;
}

/* Declares its output twice. */
static const weir_port open_out[] = {{.name = "out", .type = "any"}};

static int
w10_produce(weir_stage *stage)
{
  static const weir_field fields[] = {{"id", "i64"}};
  return weir_declare(stage, 0, fields, 1) || weir_declare(stage, 0, fields, 1) ? -1 : WEIR_END;
}

/* Writes into the batch that it was given. */
static const weir_port id_in[] = {{.name = "in", .type = "id:i64, *"}};

static int
w11_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  weir_column id = weir_input(stage, port, batch, 0);
  if (id.values && id.length > 0)
    ((int64_t *)(uintptr_t)id.values)[0]++;
  return weir_emit(stage, 0, batch);
}

/* A number that means nothing. */
static int
w12_produce(weir_stage *stage)
{
  (void)stage;
  return 7;
}

/* Begins a batch, and forgets it. */
static int
w13_produce(weir_stage *stage)
{
  return weir_batch_new(stage, 0) ? WEIR_END : -1;
}

/* Gives back what it never had. */
static int
w14_produce(weir_stage *stage)
{
  weir_unreserve(stage, 4096);
  return WEIR_END;
}

/* Begins an artifact, and forgets it. */
static const weir_port artifact_out[] = {{.name = "out", .type = WEIR_ARTIFACT}};

static int
w15_produce(weir_stage *stage)
{
  return weir_artifact_begin(stage, "model") ? WEIR_END : -1;
}

/* Fills one column less far than the other. */
static const weir_port pair_out[] = {{.name = "out", .type = "a:i64, b:i64"}};

static int
w16_produce(weir_stage *stage)
{
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  weir_put_integer(out->columns[0], 1);
  weir_put_integer(out->columns[1], 1);
  weir_put_integer(out->columns[0], 2);
  return weir_send(out) ? -1 : WEIR_END;
}

/* A null where the type says that none comes: by hand, since a builder would refuse it. */
static int
w18_produce(weir_stage *stage)
{
  static const uint8_t bits = 5;
  struct ArrowArray batch;
  ByHand *hand = by_hand(&batch, three, 3);
  hand->buffers[0] = &bits;
  hand->column.null_count = 1;
  return weir_emit(stage, 0, &batch) ? -1 : WEIR_END;
}

static int
crash_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage, (void)port;
  weir_batch_release(batch);
  return raise(SIGSEGV);
}

/* ---- Memory: one that takes what it can get, one that waits for a table, one with large records ------------ */

typedef struct {
  uint64_t step; /* bytes that it asks for at a time */
} Greedy;

/* Takes memory until it is refused, and says how much it was; the host takes it back after close(). */
static int
greedy_produce(weir_stage *stage)
{
  const Greedy *greedy = stage->state;
  uint64_t sum = 0;
  while (!weir_reserve(stage, greedy->step))
    sum += greedy->step;
  weir_metric(stage, "granted", (double)sum, "bytes");
  return WEIR_END;
}

static const weir_option greedy_options[] = {
    {"step", WEIR_SIZE, 0, offsetof(Greedy, step), "64K", 1, 1e18, .help = "Bytes to ask for at a time"}};

/* Passes its stream on once its table is whole. */
static int
late_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  return weir_emit(stage, 0, batch);
}

static int
late_end(weir_stage *stage, uint32_t port)
{
  (void)port;
  weir_metric(stage, "table", (double)weir_table_rows(stage, 0), "rows");
  return 0;
}

static const weir_port late_in[] = {{.name = "table", .type = "*", .flags = WEIR_PORT_TABLE},
                                    {.name = "in", .type = "*"}};
static const weir_port late_out[] = {{.name = "out", .type = "=in"}};

typedef struct {
  uint64_t bytes;
  bool row;
} Large;

/* One record with a text of so many bytes, the third of the second source. */
static int
large_produce(weir_stage *stage)
{
  const Large *large = stage->state;
  weir_batch *out = weir_batch_new(stage, 0);
  char *text = out ? weir_put_space(out->columns[1], (int64_t)large->bytes) : NULL;
  if (!text) {
    if (out)
      weir_drop(out);
    return weir_fail(stage, "no room");
  }
  memset(text, 'x', (size_t)large->bytes);
  weir_put_integer(out->columns[0], 1);
  weir_put_u64(out->columns[2], large->row ? (UINT64_C(1) << 48) + 3 : 0);
  return weir_send(out) ? -1 : WEIR_END;
}

static const weir_option large_options[] = {
    {"bytes", WEIR_SIZE, 0, offsetof(Large, bytes), "1M", 0, 2e9, .help = "Bytes of the text"},
    {"row", WEIR_BOOLEAN, 0, offsetof(Large, row), "true", .help = "Say where the record is from"}};
static const weir_port large_out[] = {{.name = "out", .type = "id:i64, text:utf8, _row:u64"}};

#if WEIR_ABI_MINOR >= 1
/* ---- What came with 1.1: a stage that turns the order of its rows round, and what it must not do ----------- */

typedef struct {
  bool forget; /* leave the spill to the host */
  weir_spill *spill;
} Reverse;

static int
reverse_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  Reverse *reverse = stage->state;
  if (!reverse->spill)
    reverse->spill = weir_spill_begin(stage, weir_input_schema(stage, port));
  if (!reverse->spill) {
    weir_batch_release(batch);
    return -1;
  }
  return weir_spill_add(reverse->spill, batch);
}

/* The rows of two neighbouring batches, the last first. */
static int
reverse_pair(weir_stage *stage, weir_spill *spill, uint64_t first, uint32_t n)
{
  struct ArrowArray batches[2] = {{0}}, out;
  const struct ArrowArray *const pair[2] = {&batches[0], &batches[1]};
  weir_row rows[1024];
  int64_t count = 0;
  int result = 0;
  for (uint32_t b = 0; b < n && !result; b++)
    result = weir_spill_batch(spill, first + b, &batches[b]);
  for (uint32_t b = n; b-- > 0 && !result;)
    for (int64_t row = batches[b].length; row-- > 0 && count < 1024;)
      rows[count++] = (weir_row){b, row};
  if (!result)
    result = weir_gather(stage, weir_input_schema(stage, 0), pair, n, rows, count, &out);
  for (uint32_t b = 0; b < n; b++)
    weir_batch_release(&batches[b]);
  return result ? -1 : weir_emit(stage, 0, &out);
}

static int
reverse_end(weir_stage *stage, uint32_t port)
{
  Reverse *reverse = stage->state;
  (void)port;
  if (!reverse->spill)
    return 0;
  if (weir_spill_finish(reverse->spill))
    return -1;
  weir_metric(stage, "spilled", (double)weir_spill_rows(reverse->spill), "rows");
  for (uint64_t left = weir_spill_batches(reverse->spill); left > 0;) {
    uint32_t n = left > 1 ? 2 : 1;
    left -= n;
    if (reverse_pair(stage, reverse->spill, left, n))
      return -1;
  }
  if (!reverse->forget)
    weir_spill_drop(reverse->spill);
  return 0;
}

static const weir_option reverse_options[] = {
    {"forget", WEIR_BOOLEAN, 0, offsetof(Reverse, forget), "false", .help = "Leave the spill to the host"}};

/* Reads what it has not finished; adds to what it has; asks for a batch or a row that is not there. */
enum { W20_EARLY, W20_LATE, W20_TWICE, W20_BEYOND, W20_ROW };

typedef struct {
  int32_t how;
} Breaks;

static int
w20_produce(weir_stage *stage)
{
  int how = ((Breaks *)stage->state)->how;
  struct ArrowArray batch, out;
  weir_spill *spill = weir_spill_begin(stage, weir_output_schema(stage, 0));
  if (!spill)
    return -1;
  by_hand(&batch, three, 3);
  if (weir_spill_add(spill, &batch))
    return -1;
  if (how != W20_EARLY && weir_spill_finish(spill))
    return -1;
  if (how == W20_TWICE)
    return weir_spill_finish(spill);
  if (how == W20_LATE) {
    by_hand(&batch, three, 3);
    return weir_spill_add(spill, &batch);
  }
  if (weir_spill_batch(spill, how == W20_BEYOND, &batch))
    return -1;
  const struct ArrowArray *const batches[] = {&batch};
  const weir_row rows[] = {{0, 2}, {0, 3}};
  int result = weir_gather(stage, weir_output_schema(stage, 0), batches, 1, rows, 2, &out);
  weir_batch_release(&batch);
  return result;
}

static const weir_option w20_options[] = {{"how", WEIR_CHOICE, 0, offsetof(Breaks, how), "early",
                                           .choices = "early|late|twice|beyond|row",
                                           .help = "What to do wrong"}};
#endif

#define TRANSFORM(rule, text)                                                             \
  {                                                                                       \
    .name = #rule, .summary = text, .in = any_in, .n_in = 1, .out = same_out, .n_out = 1, \
    .process = rule##_process                                                             \
  }
#define SOURCE(rule, text, port)                                                       \
  {                                                                                    \
    .name = #rule, .summary = text, .out = port, .n_out = 1, .produce = rule##_produce \
  }

static const weir_class classes[] = {
    {.name = "rows",
     .summary = "Make rows with a number, a text and a score",
     .out = rows_out,
     .n_out = 1,
     .options = rows_options,
     .n_options = 2,
     .state_size = sizeof(Rows),
     .produce = rows_produce},
    {.name = "count",
     .summary = "Count rows",
     .in = any_in,
     .n_in = 1,
     .state_size = sizeof(Count),
     .process = count_process,
     .end = count_end},
    {.name = "keep", .summary = "Take a table", .in = table_in, .n_in = 1, .produce = keep_produce},
    TRANSFORM(crash, "Crash"),
#if WEIR_ABI_MINOR >= 1
    TRANSFORM(mixed, "Arrange columns of the wrong types"),
    TRANSFORM(missing, "Arrange a column that is not there"),
#endif
    {.name = "early",
     .summary = "Take a table too early",
     .in = table_in,
     .n_in = 1,
     .open = early_open,
     .produce = keep_produce},
    {.name = "greedy",
     .summary = "Take all memory that is granted",
     .options = greedy_options,
     .n_options = 1,
     .state_size = sizeof(Greedy),
     .produce = greedy_produce},
    {.name = "modest",
     .summary = "Take all memory that is granted, and need some",
     .options = greedy_options,
     .n_options = 1,
     .state_size = sizeof(Greedy),
     .least_memory = 3 << 20,
     .produce = greedy_produce},
    {.name = "late",
     .summary = "Wait for a table before a stream",
     .in = late_in,
     .n_in = 2,
     .out = late_out,
     .n_out = 1,
     .process = late_process,
     .end = late_end,
     .produce = keep_produce},
    {.name = "large",
     .summary = "Make one large record",
     .out = large_out,
     .n_out = 1,
     .options = large_options,
     .n_options = 2,
     .state_size = sizeof(Large),
     .produce = large_produce},
    TRANSFORM(w01, "Fail without a word"),
    TRANSFORM(w02, "Say that it fails, and go on"),
    TRANSFORM(w03, "Say twice that it fails"),
    TRANSFORM(w04, "Keep its batch"),
    TRANSFORM(w05, "Emit to a port that it has not"),
    {.name = "w06",
     .summary = "Emit from open()",
     .out = id_out,
     .n_out = 1,
     .open = w06_open,
     .produce = end_at_once},
    SOURCE(w07, "Emit a batch that is not valid", id_out),
    SOURCE(w08, "Emit a batch without the promised column", id_out),
    SOURCE(w09, "Emit a batch that does not get released", id_out),
    SOURCE(w10, "Declare its output twice", open_out),
    {.name = "w11",
     .summary = "Write into its input",
     .in = id_in,
     .n_in = 1,
     .out = same_out,
     .n_out = 1,
     .process = w11_process},
    SOURCE(w12, "Return a number that means nothing", id_out),
    SOURCE(w13, "Forget a batch that it began", id_out),
    SOURCE(w14, "Give back memory that it never had", id_out),
    SOURCE(w15, "Forget an artifact that it began", artifact_out),
    SOURCE(w16, "Fill columns to different lengths", pair_out),
    SOURCE(w18, "Emit a null in a column that has none", id_out),
#if WEIR_ABI_MINOR >= 1
    {.name = "reverse",
     .summary = "Turn the order of rows round, by way of a file",
     .in = any_in,
     .n_in = 1,
     .out = same_out,
     .n_out = 1,
     .options = reverse_options,
     .n_options = 1,
     .state_size = sizeof(Reverse),
     .process = reverse_process,
     .end = reverse_end},
    {.name = "w20",
     .summary = "Use a spill in the wrong order",
     .out = id_out,
     .n_out = 1,
     .options = w20_options,
     .n_options = 1,
     .state_size = sizeof(Breaks),
     .produce = w20_produce},
#endif
};

WEIR_PLUGIN(.name = "contract", .version = "1.0", .licence = "MIT", .vendor = "test",
            .summary = "Breaks each rule of the plugin contract", .classes = classes,
            .n_classes = sizeof classes / sizeof *classes)
