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

/* ---- sample ---- */

static const weir_port sample_out[] = {
    {"out", "=in", 0, NULL, "the records that were drawn, in the order of the input"},
    {"rest", "=in", 0, NULL, "the others"},
};

static const weir_option sample_options[] = {
    {"fraction", WEIR_NUMBER, 0, offsetof(RowsSample, fraction), NULL, 0, 1, NULL,
     "the chance of each record to be drawn"},
    {"count", WEIR_INTEGER, 0, offsetof(RowsSample, count), NULL, 0, 9e18, NULL,
     "how many records are drawn, exactly"},
    {"exact", WEIR_BOOLEAN, 0, offsetof(RowsSample, exact), "false", 0, 0, NULL,
     "whether exactly that fraction of the records is drawn, rounded to a whole number"},
    {"seed", WEIR_INTEGER, 0, offsetof(RowsSample, seed), NULL, 0, 0, NULL,
     "chooses the records; left out, the pipeline's seed does"},
};

/* ---- concat and union ---- */

static const weir_port concat_in[] = {
    {"in", "any", WEIR_PORT_MANY, NULL, "records with the same columns, in whatever order the columns stand"},
};

static const weir_port union_in[] = {
    {"in", "any", WEIR_PORT_MANY | WEIR_PORT_UNION, NULL,
     "records whose columns may differ, but not in their types"},
};

static const weir_port concat_out[] = {
    {"out", "=in, +${source}:utf8", WEIR_PORT_REQUIRED, NULL,
     "the records of the first input, then of the second, and so on"},
};

static const weir_option concat_options[] = {
    {"source", WEIR_FIELD, 0, offsetof(RowsConcat, source), NULL, 0, 0, NULL,
     "a new column that says which input a record came from: its number from 1, or its name"},
    {"names", WEIR_STRING_LIST, 0, offsetof(RowsConcat, names), NULL, 0, 0, NULL,
     "names of the inputs for it"},
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

/* ---- dedupe-near ---- */

static const weir_port near_in[] = {
    {"in", "${text}:utf8?, *", WEIR_PORT_TABLE, NULL, "records with a text"},
};

static const weir_port near_out[] = {
    {"out", "=in", 0, NULL, "the first record of each cluster, in the order of the input"},
    {"removed", "=in, +duplicate_of:u64, +kept:utf8", 0, NULL,
     "the others, with the number, counted from 0, and the text of the record that was kept in their place"},
};

static const weir_option near_options[] = {
    {"text", WEIR_FIELD, 0, offsetof(RowsNear, text), "text", 0, 0, NULL, "column with the text"},
    {"threshold", WEIR_NUMBER, 0, offsetof(RowsNear, threshold), "0.8", 0.05, 1, NULL,
     "least Jaccard index of two texts that count as nearly the same"},
    {"shingles", WEIR_CHOICE, 0, offsetof(RowsNear, shingles), "characters", 0, 0, "characters|words",
     "what is compared: runs of characters, or of words"},
    {"size", WEIR_INTEGER, 0, offsetof(RowsNear, size), "5", 1, 8, NULL, "characters or words of a run"},
    {"strip-accents", WEIR_BOOLEAN, 0, offsetof(RowsNear, strip_accents), "false", 0, 0, NULL,
     "compare letters without their marks"},
    {"recall", WEIR_NUMBER, WEIR_OPTION_ADVANCED, offsetof(RowsNear, recall), "0.95", 0.5, 0.9999, NULL,
     "least share of the pairs at the threshold that are found"},
    {"hashes", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(RowsNear, hashes), "128", 16, 512, NULL,
     "hash functions of a signature, a multiple of 16: more find as many pairs with fewer comparisons"},
    {"seed", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(RowsNear, seed), "0", 0, 0, NULL,
     "chooses the hash functions"},
};

/* ---- join ---- */

static const weir_port join_in[] = {
    {"left", "${on}:utf8+binary+bool+number+timestamp?, *", 0, NULL,
     "records in the order in which they come out"},
    {"right", "any", WEIR_PORT_TABLE, NULL, "records that are looked up"},
};

static const weir_port join_out[] = {
    {"out", "any", WEIR_PORT_REQUIRED, NULL,
     "the columns of `left`, then those of `right` but for its keys and `_row`"},
};

static const weir_option join_options[] = {
    {"on", WEIR_FIELD_LIST, WEIR_OPTION_REQUIRED, offsetof(RowsJoin, on), NULL, 0, 0, NULL,
     "columns whose values have to be equal"},
    {"right-on", WEIR_STRING_LIST, 0, offsetof(RowsJoin, right_on), NULL, 0, 0, NULL,
     "their names in `right`, in the same order; left out, the same names"},
    {"kind", WEIR_CHOICE, 0, offsetof(RowsJoin, kind), "inner", 0, 0, "inner|left|semi|anti",
     "inner: records that match; left: all of `left`, with nulls where none matches; semi: those of `left` "
     "that match; anti: those that do not"},
    {"duplicates", WEIR_CHOICE, 0, offsetof(RowsJoin, duplicates), "error", 0, 0, "error|first|all",
     "when records of `right` have the same key: stop, take the first, or make a record of each"},
    {"columns", WEIR_STRING_LIST, 0, offsetof(RowsJoin, columns), NULL, 0, 0, NULL,
     "columns of `right` that come along; left out, all but keys and `_row`"},
    {"suffix", WEIR_STRING, 0, offsetof(RowsJoin, suffix), "_right", 0, 0, NULL,
     "is put behind the name of a column of `right` that `left` has too"},
    ROWS_MEMORY_OPTION(RowsJoin),
};

/* ---- count ---- */

static const weir_port count_in[] = {
    {"in",
     "${by}:utf8+binary+bool+number+timestamp?, ${sum}:number?, ${mean}:number?, ${min}:number+timestamp?, "
     "${max}:number+timestamp?, *",
     0, NULL, "any records"},
};

static const weir_port count_out[] = {
    {"out", "any", WEIR_PORT_REQUIRED, NULL,
     "a record for each combination: the columns of `by`, `count`, then sum_x, mean_x, min_x and max_x of "
     "columns x"},
};

static const weir_option count_options[] = {
    {"by", WEIR_FIELD_LIST, WEIR_OPTION_REQUIRED, offsetof(RowsCount, by), NULL, 0, 0, NULL,
     "columns whose values, taken together, make the groups; an empty list makes one of all records, also "
     "where there are none"},
    {"sum", WEIR_FIELD_LIST, 0, offsetof(RowsCount, figures[COUNT_SUM]), NULL, 0, 0, NULL,
     "columns to add up"},
    {"mean", WEIR_FIELD_LIST, 0, offsetof(RowsCount, figures[COUNT_MEAN]), NULL, 0, 0, NULL,
     "columns to take the mean of"},
    {"min", WEIR_FIELD_LIST, 0, offsetof(RowsCount, figures[COUNT_MIN]), NULL, 0, 0, NULL,
     "columns to take the least value of"},
    {"max", WEIR_FIELD_LIST, 0, offsetof(RowsCount, figures[COUNT_MAX]), NULL, 0, 0, NULL,
     "columns to take the greatest value of"},
    {"order", WEIR_CHOICE, 0, offsetof(RowsCount, order), "count", 0, 0, "count|key",
     "count: the most frequent first, equally frequent ones by their values; key: by their values"},
    {"count-as", WEIR_STRING, 0, offsetof(RowsCount, count_as), "count", 0, 0, NULL,
     "name of the column with the number of records"},
    ROWS_MEMORY_OPTION(RowsCount),
};

/* ---- The plugin ---- */

static const weir_class classes[] = {
    {
        .name = "filter",
        .summary = "Keep the records for which an expression holds",
        .help = "The expression is checked with the pipeline: names of columns, types and patterns. A record "
                "for which it cannot be computed, since a number does not fit, something is divided by zero, "
                "or a text is no number, is rejected with the reason. The language is described under "
                "EXPRESSIONS.",
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
        .name = "sample",
        .summary = "Draw records at random",
        .help = "Which records are drawn hangs on the seed and the order of the records, and on nothing "
                "else. With \"fraction\" each is drawn on its own as it comes, and their number is about "
                "that part. An exact number has to know how many records come: they are put aside in a file "
                "of the run until then.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(sample_out),
        .out = sample_out,
        .options = sample_options,
        .n_options = G_N_ELEMENTS(sample_options),
        .state_size = sizeof(RowsSample),
        .schema = rows_sample_schema,
        .open = rows_sample_open,
        .process = rows_sample_process,
        .end = rows_sample_end,
    },
    {
        .name = "concat",
        .summary = "Records of several inputs, one after the other",
        .help = "The columns are those of the first input; the others have the same ones, in whatever order. "
                "Where they differ, rows.union fills in null, and columns.cast brings types together.",
        .in = concat_in,
        .n_in = G_N_ELEMENTS(concat_in),
        .n_out = G_N_ELEMENTS(concat_out),
        .out = concat_out,
        .options = concat_options,
        .n_options = G_N_ELEMENTS(concat_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(RowsConcat),
        .schema = rows_concat_schema,
        .process = rows_concat_process,
    },
    {
        .name = "union",
        .summary = "Records of several inputs with the columns of all",
        .help = "One input after the other, as rows.concat does it. Where an input lacks a column, its "
                "records have null there. Columns of the same name have the same type; columns.cast brings "
                "them together. No record is left out, also if it comes twice.",
        .in = union_in,
        .n_in = G_N_ELEMENTS(union_in),
        .n_out = G_N_ELEMENTS(concat_out),
        .out = concat_out,
        .options = concat_options,
        .n_options = G_N_ELEMENTS(concat_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(RowsConcat),
        .schema = rows_concat_schema,
        .process = rows_concat_process,
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
                "text by its code points, bytes by value. Records with equal keys keep their order.\n\n"
                "Any number of records is sorted in the memory that the run grants: what does not fit is put "
                "aside in sorted files of the run directory, as large as the records are in memory, which "
                "are then merged.",
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
        .name = "count",
        .summary = "Count records by the values of columns",
        .help = "Nulls are values: a null is a group of its own, as SQL's GROUP BY has it. Figures leave "
                "nulls out, and are null where there is nothing else. A sum of integers is exact, and an "
                "error beyond 64 bits; real numbers are added up in the order of the records, so that the "
                "result is always the same. NaN is above all numbers.\n\n"
                "Groups are held in the memory that the run grants; records of further groups wait in files.",
        .in = count_in,
        .n_in = G_N_ELEMENTS(count_in),
        .n_out = G_N_ELEMENTS(count_out),
        .out = count_out,
        .options = count_options,
        .n_options = G_N_ELEMENTS(count_options),
        .state_size = sizeof(RowsCount),
        .least_memory = ROWS_LEAST,
        .schema = rows_count_schema,
        .process = rows_count_process,
        .end = rows_count_end,
        .close = rows_count_close,
    },
    {
        .name = "join",
        .summary = "Bring records of two inputs together that have the same key",
        .help = "Records come out in the order of `left`; several matches of one in the order of `right`. A "
                "null in a key equals nothing, not even a null, as in SQL. Integers are compared by value "
                "whatever their width, and so are real numbers, NaN equal to NaN. Metrics say how many "
                "records of `left` were matched and unmatched.\n\n"
                "`right` lies in a file; in memory are its keys, 24 to 72 bytes each, and 16 to 24 bytes a "
                "record with `duplicates` \"all\". Where that is more than the run grants, the keys are "
                "taken in parts, and `left` waits in a file until all parts have been looked up.",
        .in = join_in,
        .n_in = G_N_ELEMENTS(join_in),
        .n_out = G_N_ELEMENTS(join_out),
        .out = join_out,
        .options = join_options,
        .n_options = G_N_ELEMENTS(join_options),
        .state_size = sizeof(RowsJoin),
        .least_memory = ROWS_LEAST,
        .schema = rows_join_schema,
        .process = rows_join_process,
        .produce = rows_join_produce,
        .close = rows_join_close,
    },
    {
        .name = "shuffle",
        .summary = "Put records in random order",
        .help = "Every order of all records is equally likely, not just of those near each other. It depends "
                "on the seed and on the order in which the records come. Memory is used as by rows.sort.",
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
                "equals 0; text is compared as it is, capitals and spaces count. Metrics say how many "
                "records were kept and removed.\n\n"
                "The first of equal records passes at once while the keys seen so far fit into the memory "
                "that the run grants, 24 to 72 bytes each. Further records with keys that are not among "
                "these wait in a file, and are decided at the end. With `keep` \"last\" all of them wait. "
                "Keys are compared by a hash of 128 bits.",
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
    {
        .name = "dedupe-near",
        .summary = "Remove records whose texts are nearly the same as another's",
        .help = "Texts are compared as sets of short runs of characters or words, without regard to capitals "
                "and white space, by the Jaccard index: what both have in common, as a share of what either "
                "has. Records that are joined by pairs at or above the threshold, directly or by way of "
                "others, are a cluster, and its first record is kept. Records whose text is null are kept "
                "all. Of a text the first MiB counts.\n\n"
                "Pairs are found with MinHash signatures and banding: a pair of index s is found with a "
                "probability of 1 - (1 - s^r)^b, where r places and b bands are chosen so that this is at "
                "least `recall` at the threshold; with the defaults r is 7 and b is 18. Each pair that is "
                "found is then compared exactly, so that nothing below the threshold is removed.\n\n"
                "The input is read twice, and texts of candidates in between. Signatures lie in a file, 208 "
                "bytes a record with the defaults; 4.125 bytes of memory a record are needed, and 16 more "
                "are used where they are granted.",
        .in = near_in,
        .n_in = G_N_ELEMENTS(near_in),
        .n_out = G_N_ELEMENTS(near_out),
        .out = near_out,
        .options = near_options,
        .n_options = G_N_ELEMENTS(near_options),
        .state_size = sizeof(RowsNear),
        .least_memory = ROWS_NEAR_LEAST,
        .schema = rows_near_schema,
        .produce = rows_near_produce,
        .close = rows_near_close,
    },
};

WEIR_PLUGIN(.name = "rows", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Choose and order records", .classes = classes, .n_classes = G_N_ELEMENTS(classes))
