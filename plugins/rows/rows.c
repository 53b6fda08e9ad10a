/* SPDX-License-Identifier: MIT */
/* Plugin "rows": which records go on, and in what order. */
#include "rows.h"

#include "config.h"

/* ---- limit ---- */

static const weir_port limit_in[] = {
    {"in", "any", 0, NULL, "any records"},
};

static const weir_port limit_out[] = {
    {"out", "=in", WEIR_PORT_REQUIRED, NULL, "the records that pass, in the order of the input"},
};

static const weir_option limit_options[] = {
    {"count", WEIR_INTEGER, 0, offsetof(RowsLimit, count), NULL, 0, 9e18, NULL,
     "how many records pass; left out, all that come after those skipped"},
    {"skip", WEIR_INTEGER, 0, offsetof(RowsLimit, skip), "0", 0, 9e18, NULL,
     "how many records are left out before that"},
};

/* ---- The plugin ---- */

static const weir_class classes[] = {
    {
        .name = "limit",
        .summary = "Let the first records pass and stop there",
        .help = "The stages before it stop too, unless somebody else takes their records: the first thousand "
                "records of a large file take no longer than those of a small one.",
        .in = limit_in,
        .n_in = G_N_ELEMENTS(limit_in),
        .n_out = G_N_ELEMENTS(limit_out),
        .out = limit_out,
        .options = limit_options,
        .n_options = G_N_ELEMENTS(limit_options),
        .state_size = sizeof(RowsLimit),
        .schema = rows_limit_schema,
        .process = rows_limit_process,
        .end = rows_limit_end,
    },
};

WEIR_PLUGIN(.name = "rows", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Choose and order records", .classes = classes, .n_classes = G_N_ELEMENTS(classes))
