/* SPDX-License-Identifier: MIT */
/* Plugin "labels": other names for labels, and as many records of each as there should be. */
#include "labels.h"

#include "config.h"

/* ---- map ---- */

static const weir_port map_in[] = {
    {"in", "${label}:utf8+bool+integer+list<utf8?>+list<i64?>?, *", 0, NULL, "labelled records"},
    {"map", "${from}:utf8+bool+integer, ${to}:utf8+bool+integer, *", WEIR_PORT_TABLE | WEIR_PORT_OPTIONAL,
     NULL, "old and new labels: a file with two columns, say"},
};

static const weir_port map_out[] = {
    {"out", "any", WEIR_PORT_REQUIRED, NULL, "the same records with other labels"},
};

static const weir_option map_options[] = {
    {"label", WEIR_FIELD, 0, offsetof(LabelsMap, label), "label", 0, 0, NULL,
     "column with the label, or a list of them"},
    {"map", WEIR_STRING_MAP, 0, offsetof(LabelsMap, map), NULL, 0, 0, NULL,
     "new labels by the old ones: {\"1\": \"negative\", \"2\": \"negative\", \"3\": \"positive\"}"},
    {"unknown", WEIR_CHOICE, 0, offsetof(LabelsMap, unknown), "keep", 0, 0, "keep|reject|drop|default|null",
     "what becomes of a label that is not in the map: it stays; the record is rejected, or left out; it "
     "becomes the default, or null. From a list, drop and null take just the label out"},
    {"default", WEIR_STRING, 0, offsetof(LabelsMap, default_label), NULL, 0, 0, NULL,
     "the label for \"unknown\": \"default\""},
    {"into", WEIR_STRING, 0, offsetof(LabelsMap, into), NULL, 0, 0, NULL,
     "a new column for the new labels; left out, they take the place of the old ones"},
    {"from", WEIR_FIELD, 0, offsetof(LabelsMap, from), "from", 0, 0, NULL,
     "column of input \"map\" with the old labels"},
    {"to", WEIR_FIELD, 0, offsetof(LabelsMap, to), "to", 0, 0, NULL,
     "column of input \"map\" with the new ones"},
};

/* ---- balance ---- */

static const weir_port balance_in[] = {
    {"in", "${label}:utf8+bool+integer?, *", WEIR_PORT_TABLE, NULL, "labelled records"},
};

static const weir_port balance_out[] = {
    {"out", "=in", WEIR_PORT_REQUIRED, NULL,
     "the records that stay, in the order of the input; then those that are repeated, in that order, as "
     "often as it takes"},
};

static const weir_option balance_options[] = {
    {"label", WEIR_FIELD, 0, offsetof(LabelsBalance, label), "label", 0, 0, NULL, "column with the label"},
    {"per-label", WEIR_INTEGER, 0, offsetof(LabelsBalance, per_label), NULL, 0, 9e18, NULL,
     "the most records of each label; with \"direction\" up the fewest"},
    {"ratio", WEIR_NUMBER, 0, offsetof(LabelsBalance, ratio), NULL, 1, 1e18, NULL,
     "the most records of each label, as a multiple of those of the rarest"},
    {"direction", WEIR_CHOICE, 0, offsetof(LabelsBalance, direction), "down", 0, 0, "down|up",
     "down: records of frequent labels are left out; up: those of rare labels are repeated"},
    {"null", WEIR_CHOICE, 0, offsetof(LabelsBalance, null), "keep", 0, 0, "keep|drop",
     "what becomes of records without a label: null, or an empty text"},
    {"seed", WEIR_INTEGER, 0, offsetof(LabelsBalance, seed), NULL, 0, 0, NULL,
     "chooses the records; left out, the pipeline's seed does"},
};

/* ---- The plugin ---- */

static const weir_class classes[] = {
    {
        .name = "map",
        .summary = "Give labels other names",
        .help = "Several old labels may become one. New labels are texts; numbers and booleans are mapped by "
                "what file.write writes for them. In a list each label comes once, where it came first. A "
                "missing label stays missing. A warning names labels of the map that never came, which are "
                "often misspelt.",
        .in = map_in,
        .n_in = G_N_ELEMENTS(map_in),
        .n_out = G_N_ELEMENTS(map_out),
        .out = map_out,
        .options = map_options,
        .n_options = G_N_ELEMENTS(map_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(LabelsMap),
        .schema = labels_map_schema,
        .open = labels_map_open,
        .process = labels_map_process,
        .end = labels_map_end,
        .produce = labels_map_produce,
        .close = labels_map_close,
    },
    {
        .name = "balance",
        .summary = "Leave out records of frequent labels, or repeat those of rare ones",
        .help =
            "Which records stay, or come once more than the others of their label, is drawn at random by the "
            "seed; it depends on the order of the records, and on nothing else. A label that has no more "
            "than it may, or no fewer than it should, keeps its records as they are. Records with several "
            "labels, as lists, cannot be balanced. The input is read twice, and again what is repeated; "
            "memory is needed for the labels, and with \"direction\" up for a bit a record.\n\n"
            "Repeat records for training only, and after the split: a copy in the test set is no test.",
        .in = balance_in,
        .n_in = G_N_ELEMENTS(balance_in),
        .n_out = G_N_ELEMENTS(balance_out),
        .out = balance_out,
        .options = balance_options,
        .n_options = G_N_ELEMENTS(balance_options),
        .state_size = sizeof(LabelsBalance),
        .schema = labels_balance_schema,
        .produce = labels_balance_produce,
        .close = labels_balance_close,
    },
};

WEIR_PLUGIN(.name = "labels", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Rename and balance labels", .classes = classes, .n_classes = G_N_ELEMENTS(classes))
