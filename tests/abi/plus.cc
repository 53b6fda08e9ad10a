/* SPDX-License-Identifier: MIT */
/* Passes records on: a plugin in C++, whose members come in the order of their declaration. */
#include <weir/plugin.h>

static int
process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  return weir_emit(stage, 0, batch);
}

static const weir_port inputs[] = {{.name = "in", .type = "any"}};
static const weir_port outputs[] = {{.name = "out", .type = "=in"}};
static const weir_class classes[] = {{.name = "pass",
                                      .summary = "Pass records on",
                                      .in = inputs,
                                      .n_in = 1,
                                      .n_out = 1,
                                      .out = outputs,
                                      .process = process}};

WEIR_PLUGIN(.n_classes = 1, .name = "plus", .version = "1.0", .licence = "MIT", .vendor = "weir-tests",
            .summary = "A plugin in C++", .classes = classes)
