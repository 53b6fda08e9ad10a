/* SPDX-License-Identifier: MIT */
/* Plugin "rows": which records go on, and in what order. */
#include "rows.h"

#include "config.h"

static const weir_port any_in[] = {
    {"in", "any", 0, NULL, "any records"},
};

/* ---- filter ---- */

static const weir_port filter_out[] = {
    {"out", "=in", 0, NULL, "the records for which it holds, in the order of the input"},
    {"rest", "=in", 0, NULL, "the others"},
};

static const weir_option filter_options[] = {
    {"where", WEIR_STRING, WEIR_OPTION_REQUIRED, offsetof(RowsFilter, where), NULL, 0, 0, NULL,
     "the condition, such as: length(text) >= 10 and label in ['a', 'b']"},
    {"null", WEIR_CHOICE, 0, offsetof(RowsFilter, null), "drop", 0, 0, "drop|keep",
     "what becomes of a record for which the condition is null, neither true nor false"},
};

/* ---- limit ---- */

static const weir_port limit_out[] = {
    {"out", "=in", WEIR_PORT_REQUIRED, NULL, "the records that pass, in the order of the input"},
};

static const weir_option limit_options[] = {
    {"count", WEIR_INTEGER, 0, offsetof(RowsLimit, count), NULL, 0, 9e18, NULL,
     "how many records pass; left out, all that come after those skipped"},
    {"skip", WEIR_INTEGER, 0, offsetof(RowsLimit, skip), "0", 0, 9e18, NULL,
     "how many records are left out before that"},
};

/* ---- sort, shuffle ---- */

static const weir_port sort_in[] = {
    {"in", "${by}:utf8+binary+bool+number+timestamp?, *", 0, NULL, "records in any order"},
};

static const weir_port sort_out[] = {
    {"out", "=in", WEIR_PORT_REQUIRED, NULL, "the same records in order"},
};

static const weir_option sort_options[] = {
    {"by", WEIR_FIELD_LIST, WEIR_OPTION_REQUIRED, offsetof(RowsSort, by), NULL, 0, 0, NULL,
     "columns to sort by, the first counts most"},
    {"descending", WEIR_STRING_LIST, 0, offsetof(RowsSort, descending), NULL, 0, 0, NULL,
     "those of `by` that go from large to small"},
    {"nulls-first", WEIR_STRING_LIST, 0, offsetof(RowsSort, nulls_first), NULL, 0, 0, NULL,
     "those of `by` whose nulls come first; otherwise they come last, either way"},
    ROWS_MEMORY_OPTION(RowsSort),
};

static const weir_port shuffle_in[] = {
    {"in", "any", 0, NULL, "any records"},
};

static const weir_port shuffle_out[] = {
    {"out", "=in", WEIR_PORT_REQUIRED, NULL, "the same records in random order"},
};

static const weir_option shuffle_options[] = {
    {"seed", WEIR_INTEGER, 0, offsetof(RowsShuffle, seed), NULL, 0, 0, NULL,
     "chooses the order; left out, the pipeline's seed does"},
    ROWS_MEMORY_OPTION(RowsShuffle),
};

/* ---- dedupe ---- */

static const weir_port dedupe_in[] = {
    {"in", "${by}:any?, *", 0, NULL, "any records"},
};

static const weir_port dedupe_out[] = {
    {"out", "=in", 0, NULL, "one record of each kind, in the order of the input"},
    {"removed", "=in", 0, NULL, "the others, in the order of the input"},
};

static const weir_option dedupe_options[] = {
    {"by", WEIR_FIELD_LIST, 0, offsetof(RowsDedupe, by), NULL, 0, 0, NULL,
     "columns that make records equal; left out, all but `_row`"},
    {"keep", WEIR_CHOICE, 0, offsetof(RowsDedupe, keep), "first", 0, 0, "first|last",
     "which of equal records passes"},
    ROWS_MEMORY_OPTION(RowsDedupe),
};

/* ---- The plugin ---- */

static const weir_class classes[] = {
    {
        .name = "filter",
        .summary = "Keep the records for which an expression holds",
        .help = "The expression is checked with the pipeline: names of columns, types and patterns. A record "
                "for which "
                "it cannot be computed, since a number does not fit, something is divided by zero, or a text "
                "is no "
                "number, is rejected with the reason. The language is described under EXPRESSIONS.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(filter_out),
        .out = filter_out,
        .options = filter_options,
        .n_options = G_N_ELEMENTS(filter_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(RowsFilter),
        .schema = rows_filter_schema,
        .process = rows_filter_process,
        .end = rows_filter_end,
        .close = rows_filter_close,
    },
    {
        .name = "limit",
        .summary = "Let the first records pass and stop there",
        .help = "The stages before it stop too, unless somebody else takes their records: the first thousand "
                "records of a large file take no longer than those of a small one.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(limit_out),
        .out = limit_out,
        .options = limit_options,
        .n_options = G_N_ELEMENTS(limit_options),
        .state_size = sizeof(RowsLimit),
        .schema = rows_limit_schema,
        .process = rows_limit_process,
        .end = rows_limit_end,
    },
    {
        .name = "sort",
        .summary = "Put records in order",
        .help = "Numbers, timestamps and booleans are sorted by value (NaN above all, false before true), "
                "text by its "
                "code points, bytes by value. Records with equal keys keep their order.\n\n"
                "Any number of records is sorted in the memory that the run grants: what does not fit is put "
                "aside in "
                "sorted files of the run directory, as large as the records are in memory, which are then "
                "merged.",
        .in = sort_in,
        .n_in = G_N_ELEMENTS(sort_in),
        .n_out = G_N_ELEMENTS(sort_out),
        .out = sort_out,
        .options = sort_options,
        .n_options = G_N_ELEMENTS(sort_options),
        .state_size = sizeof(RowsSort),
        .least_memory = ROWS_LEAST,
        .schema = rows_sort_schema,
        .process = rows_sort_process,
        .end = rows_sort_end,
        .close = rows_sort_close,
    },
    {
        .name = "shuffle",
        .summary = "Put records in random order",
        .help = "Every order of all records is equally likely, not just of those near each other. It depends "
                "on the "
                "seed and on the order in which the records come. Memory is used as by rows.sort.",
        .in = shuffle_in,
        .n_in = G_N_ELEMENTS(shuffle_in),
        .n_out = G_N_ELEMENTS(shuffle_out),
        .out = shuffle_out,
        .options = shuffle_options,
        .n_options = G_N_ELEMENTS(shuffle_options),
        .state_size = sizeof(RowsShuffle),
        .least_memory = ROWS_LEAST,
        .process = rows_shuffle_process,
        .end = rows_shuffle_end,
        .close = rows_shuffle_close,
    },
    {
        .name = "dedupe",
        .summary = "Remove records that are equal to another",
        .help = "Values are equal as values, not as SQL has it: a null equals a null, NaN equals NaN, -0 "
                "equals 0; "
                "text is compared as it is, capitals and spaces count. Metrics say how many records were "
                "kept and "
                "removed.\n\n"
                "The first of equal records passes at once while the keys seen so far fit into the memory "
                "that the run "
                "grants, 24 to 72 bytes each. Further records with keys that are not among these wait in a "
                "file, and "
                "are decided at the end. With `keep` \"last\" all of them wait. Keys are compared by a hash "
                "of 128 "
                "bits.",
        .in = dedupe_in,
        .n_in = G_N_ELEMENTS(dedupe_in),
        .n_out = G_N_ELEMENTS(dedupe_out),
        .out = dedupe_out,
        .options = dedupe_options,
        .n_options = G_N_ELEMENTS(dedupe_options),
        .state_size = sizeof(RowsDedupe),
        .least_memory = ROWS_LEAST,
        .process = rows_dedupe_process,
        .end = rows_dedupe_end,
        .close = rows_dedupe_close,
    },
};

WEIR_PLUGIN(.name = "rows", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Choose and order records", .classes = classes, .n_classes = G_N_ELEMENTS(classes))
