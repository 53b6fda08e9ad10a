/* SPDX-License-Identifier: MIT */
/* Stages that a harness is tried on: some that do well, some with the faults that it is there to find. */
#include <stdlib.h>
#include <unistd.h>
#include <weir/plugin.h>

typedef struct {
  int64_t rows;
  int64_t limit;
  const char *path;
} State;

/* Passes rows on, and counts them. */
static int
pass(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  ((State *)stage->state)->rows += batch->length;
  return weir_emit(stage, 0, batch);
}

static int
count_end(weir_stage *stage, uint32_t port)
{
  (void)port;
  weir_metric(stage, "rows", (double)((State *)stage->state)->rows, "rows");
  weir_log(stage, WEIR_LOG_INFO, "that is all");
  weir_message(stage, "table", "odd", "{\"columns\": [\"a\\u0000b\", \"a\\\\u0000b\"], \"rows\": []}");
  return 0;
}

/* Numbers the rows, from 0 in each batch. */
static int
cut(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  int64_t n = batch->length;
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  for (int64_t row = 0; row < n; row++)
    weir_put_integer(out->columns[0], row);
  return weir_send(out);
}

/* Doubles `value`, as if every column began where its buffer does. */
static int
offset(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  int64_t n = batch->length;
  const int64_t *values = batch->children[0]->buffers[1];
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  for (int64_t row = 0; row < n; row++)
    weir_put_integer(out->columns[0], 2 * values[row]);
  return weir_send(out);
}

static int
crash(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage, (void)port;
  weir_batch_release(batch);
  abort();
}

static int
leave(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage, (void)port;
  weir_batch_release(batch);
  _exit(0);
}

static int
hang(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage, (void)port;
  weir_batch_release(batch);
  while (stage)
    pause();
  return 0;
}

/* Keeps what it reads of a table; where a leak checker sees it, since it is the harness that is to tell. */
static int
keep(weir_stage *stage)
{
  static struct ArrowArray kept[16];
  for (uint64_t i = 0; i < weir_table_batches(stage, 0) && i < 16; i++)
    if (weir_table_batch(stage, 0, i, &kept[i]))
      return -1;
  return WEIR_END;
}

/* Sums a table, with memory of its own. */
static int
sum(weir_stage *stage)
{
  double *total = weir_alloc(stage, sizeof *total);
  struct ArrowArray batch;
  if (!total)
    return -1;
  if (weir_reserve(stage, 4096))
    weir_log(stage, WEIR_LOG_WARNING, "with little memory");
  for (uint64_t i = 0; i < weir_table_batches(stage, 0); i++) {
    if (weir_table_batch(stage, 0, i, &batch))
      return -1;
    weir_column value = weir_input(stage, 0, &batch, 0);
    for (int64_t row = 0; row < value.length; row++)
      *total += weir_get_number(&value, row);
    weir_batch_release(&batch);
  }
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out)
    return -1;
  weir_put_number(out->columns[0], *total);
  return weir_send(out) ? -1 : WEIR_END;
}

/* The lengths of lists from several edges, each with its edge's number. */
static int
lengths(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  weir_column list = weir_input(stage, port, batch, 0);
  weir_batch *out = weir_batch_new(stage, 0);
  if (!out) {
    weir_batch_release(batch);
    return -1;
  }
  for (int64_t row = 0; row < list.length; row++) {
    weir_put_integer(out->columns[0], weir_input_source(stage));
    weir_put_integer(out->columns[1], list.offsets ? list.offsets[row + 1] - list.offsets[row] : 0);
  }
  weir_batch_release(batch);
  return weir_send(out);
}

static const weir_port any_in[] = {{.name = "in", .type = "any"}};
static const weir_port any_out[] = {{.name = "out", .type = "=in"}};
static const weir_port value_in[] = {{.name = "in", .type = "value:i64, *"}};
static const weir_port number_out[] = {{.name = "out", .type = "=in, +number:i64"}};
static const weir_port table_in[] = {{.name = "in", .type = "value:number, *", .flags = WEIR_PORT_TABLE}};
static const weir_port sum_out[] = {{.name = "out", .type = "sum:f64"}};
static const weir_port many_in[] = {{.name = "in", .type = "tags:list<utf8>, *", .flags = WEIR_PORT_MANY}};
static const weir_port many_out[] = {{.name = "out", .type = "edge:i64, length:i64"}};
static const weir_option limit_option[] = {
    {"limit", WEIR_INTEGER, 0, offsetof(State, limit), "3", 1, 10, .help = "A number"}};

#define CLASS(name_, function, in_, out_)                                                 \
  {                                                                                       \
    .name = name_, .summary = "For tests", .in = in_, .n_in = 1, .out = out_, .n_out = 1, \
    .state_size = sizeof(State), .process = function                                      \
  }

static const weir_class classes[] = {
    {.name = "pass",
     .summary = "For tests",
     .in = any_in,
     .n_in = 1,
     .out = any_out,
     .n_out = 1,
     .options = limit_option,
     .n_options = 1,
     .state_size = sizeof(State),
     .process = pass,
     .end = count_end},
    CLASS("cut", cut, any_in, number_out),
    CLASS("offset", offset, value_in, number_out),
    CLASS("crash", crash, any_in, any_out),
    CLASS("leave", leave, any_in, any_out),
    CLASS("hang", hang, any_in, any_out),
    CLASS("lengths", lengths, many_in, many_out),
    {.name = "keep", .summary = "For tests", .in = table_in, .n_in = 1, .produce = keep},
    {.name = "sum",
     .summary = "For tests",
     .in = table_in,
     .n_in = 1,
     .out = sum_out,
     .n_out = 1,
     .produce = sum},
};

WEIR_PLUGIN(.name = "probe", .version = "1.0", .licence = "MIT", .vendor = "weir-tests",
            .summary = "Stages that a harness is tried on", .classes = classes,
            .n_classes = sizeof classes / sizeof *classes)
