/* SPDX-License-Identifier: MIT */
/* clip.transform: cuts a text to its first characters. */
#include <weir/plugin.h>

struct state {
  const char *column;
  int64_t most;
};

/* Bytes of the first `most` characters of UTF-8: bytes 10xxxxxx go on with a character. */
static int64_t
clip(weir_text text, int64_t most)
{
  for (int64_t i = 0; i < text.len; i++)
    if ((text.data[i] & 0xc0) != 0x80 && most-- == 0)
      return i;
  return text.len;
}

static int
process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  const struct state *s = stage->state;
  weir_column text = weir_input(stage, port, batch, 0);
  weir_batch *out = weir_derive(stage, port, batch, 0);
  for (int64_t row = 0; out && row < text.length; row++) {
    weir_text from = weir_get_text(&text, row);
    weir_put_text(out->columns[0], from.data, clip(from, s->most));
  }
  return out ? weir_send(out) : -1;
}

static const weir_port inputs[] = {{"in", "${column}:utf8, *", .help = "records with a text"}};
static const weir_port outputs[] = {{"out", "=in, ${column}:utf8", .help = "the same, cut"}};
static const weir_option options[] = {{"column", WEIR_FIELD, .offset = offsetof(struct state, column),
                                       .by_default = "text", .help = "the column to cut"},
                                      {"most", WEIR_INTEGER, .offset = offsetof(struct state, most),
                                       .by_default = "100", .min = 1, .max = 1e9,
                                       .help = "characters that are kept"}};
static const weir_class classes[] = {{
    .name = "transform",
    .summary = "Cut a text to its first characters",
    .in = inputs,
    .n_in = 1,
    .out = outputs,
    .n_out = 1,
    .options = options,
    .n_options = 2,
    .threads = WEIR_PARALLEL,
    .state_size = sizeof(struct state),
    .process = process,
}};

WEIR_PLUGIN(.name = "clip", .version = "0.1", .licence = "MIT", .vendor = "example", .summary = "Cuts text",
            .classes = classes, .n_classes = 1)
