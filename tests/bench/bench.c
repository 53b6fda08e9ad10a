/* SPDX-License-Identifier: MIT */
/* Plugin "bench": a source that sends one batch over and over, and a sink that drops what comes; to time the bus. */
#include <weir/plugin.h>

struct source {
  int64_t batches, rows, sent;
  struct ArrowArray batch;
  bool made;
};

/* A batch whose buffers are not owned: release only marks it, so that nothing but the bus is measured. */
static void
release_borrowed(struct ArrowArray *batch)
{
  batch->release = NULL;
}

struct columns {
  struct ArrowArray number;
  struct ArrowArray *children[1];
  const void *number_buffers[2];
  const void *batch_buffers[1];
};

static int
source_produce(weir_stage *stage)
{
  struct source *s = stage->state;
  if (s->sent == s->batches)
    return WEIR_END;
  if (!s->made) {
    struct columns *c = weir_alloc(stage, sizeof *c);
    int64_t *numbers = weir_alloc(stage, (size_t)s->rows * sizeof *numbers);
    if (!c || !numbers)
      return -1;
    c->number_buffers[1] = numbers;
    c->number = (struct ArrowArray){
        .length = s->rows, .n_buffers = 2, .buffers = c->number_buffers, .release = release_borrowed};
    c->children[0] = &c->number;
    s->batch = (struct ArrowArray){.length = s->rows,
                                   .n_buffers = 1,
                                   .n_children = 1,
                                   .buffers = c->batch_buffers,
                                   .children = c->children,
                                   .release = release_borrowed};
    s->made = true;
  }
  s->sent++;
  struct ArrowArray batch = s->batch;
  return weir_emit(stage, 0, &batch);
}

static int
sink_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)stage, (void)port;
  weir_batch_release(batch);
  return 0;
}

static const weir_port source_out[] = {{.name = "out", .type = "number:i64", .help = "the batches"}};
static const weir_option source_options[] = {
    {.name = "batches",
     .type = WEIR_INTEGER,
     .offset = offsetof(struct source, batches),
     .by_default = "1000",
     .min = 0,
     .max = 1e12,
     .help = "how many batches to send"},
    {.name = "rows",
     .type = WEIR_INTEGER,
     .offset = offsetof(struct source, rows),
     .by_default = "4096",
     .min = 1,
     .max = 1e9,
     .help = "records in a batch"},
};
static const weir_port sink_in[] = {{.name = "in", .type = "any", .help = "anything"}};

static const weir_class classes[] = {
    {.name = "batches",
     .summary = "Send the same batch many times",
     .out = source_out,
     .n_out = 1,
     .options = source_options,
     .n_options = 2,
     .state_size = sizeof(struct source),
     .produce = source_produce},
    {.name = "drop", .summary = "Drop what comes", .in = sink_in, .n_in = 1, .process = sink_process},
};

WEIR_PLUGIN(.name = "bench", .version = "1.0", .licence = "MIT", .vendor = "weir",
            .summary = "Stages for timing", .classes = classes, .n_classes = 2)
