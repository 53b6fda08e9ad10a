/* SPDX-License-Identifier: MIT */
/* Upper-cases the letters a-z of a text column: a whole plugin, as its author writes it. */
#include <weir/plugin.h>

typedef struct {
  const char *field;
} State;

static int
upper(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  weir_column text = weir_input(stage, port, batch, 0);
  weir_batch *out = weir_derive(stage, port, batch, 0);
  if (!out)
    return -1;
  for (int64_t row = 0; row < text.length; row++) {
    weir_text from = weir_get_text(&text, row);
    char *to = weir_put_space(out->columns[0], from.len);
    for (int64_t i = 0; to && i < from.len; i++)
      to[i] = (char)(from.data[i] >= 'a' && from.data[i] <= 'z' ? from.data[i] - 32 : from.data[i]);
  }
  return weir_send(out);
}

static const weir_port in[] = {{.name = "in", .type = "${field}:utf8, *"}};
static const weir_port out[] = {{.name = "out", .type = "=in, ${field}:utf8"}};
static const weir_option options[] = {
    {.name = "field", .type = WEIR_FIELD, .offset = offsetof(State, field), .by_default = "text"}};
static const weir_class classes[] = {{"text", "Upper-case a text column", NULL, in, 1, 1, out, options, 1,
                                      .state_size = sizeof(State), .process = upper}};

WEIR_PLUGIN(.name = "upper", .version = "1.0", .licence = "MIT", .vendor = "example", .classes = classes,
            .n_classes = 1)
