/* SPDX-License-Identifier: MIT */
/* Plugin "split": the tables of its stages. */
#include "config.h"

#include "ml/text.h"
#include "split.h"

#define KEY "${by}:utf8+bool+integer+timestamp?"

static const weir_port outputs[] = {
    {NULL, "=in", 0, "ratios", "the records of one split, in the order of the input"},
};

#define RATIOS(State, by_default)                                                             \
  {                                                                                           \
    "ratios", WEIR_NUMBER_MAP, 0, offsetof(State, deal.ratios), by_default, 0, 0, NULL,       \
        "the splits and how much each gets: shares that sum to 1, or parts such as 80 and 20" \
  }
#define TRAIN_TEST_EVAL "{\"train\": 0.8, \"test\": 0.1, \"eval\": 0.1}"
#define SEED(State)                                                   \
  {                                                                   \
    "seed", WEIR_INTEGER, 0, offsetof(State, seed), NULL, 0, 0, NULL, \
        "chooses the rows; left out, the pipeline's seed does"        \
  }
#define MISSING(State)                                                                                       \
  {                                                                                                          \
    "missing", WEIR_CHOICE, 0, offsetof(State, missing), "reject", 0, 0, "reject|together|apart",            \
        "what becomes of a record where a column of \"by\" is null or empty: rejected, which stops the run " \
        "unless the "                                                                                        \
        "stage rejects bad records; taken as one key with the others; or taken for itself, with all its "    \
        "columns as key"                                                                                     \
  }

/* --- stratified --- */

static const weir_port stratified_inputs[] = {
    {"in", KEY ", *", WEIR_PORT_TABLE, NULL, "records to share out"},
};

static const weir_option stratified_options[] = {
    {"by", WEIR_FIELD_LIST, 0, offsetof(StratifiedState, by), "[\"label\"]", 0, 0, NULL,
     "columns whose values, taken together, make the classes; an empty list splits at random"},
    RATIOS(StratifiedState, TRAIN_TEST_EVAL),
    SEED(StratifiedState),
};

/* --- hash --- */

static const weir_port hash_inputs[] = {
    {"in", "${by}:any?, *", 0, NULL, "records to share out"},
};

static const weir_option hash_options[] = {
    {"by", WEIR_FIELD_LIST, 0, offsetof(HashState, by), "[]", 0, 0, NULL,
     "columns that make the key; an empty list takes all"},
    RATIOS(HashState, TRAIN_TEST_EVAL),
    {"salt", WEIR_STRING, 0, offsetof(HashState, salt), "", 0, 0, NULL,
     "text that is hashed with each key: another one makes another split"},
    MISSING(HashState),
};

/* --- group --- */

static const weir_port group_inputs[] = {
    {"in", KEY ", ${stratify}:utf8+bool+integer+timestamp?, *", WEIR_PORT_TABLE, NULL,
     "records to share out"},
};

static const weir_option group_options[] = {
    {"by", WEIR_FIELD_LIST, WEIR_OPTION_REQUIRED, offsetof(GroupState, by), NULL, 0, 0, NULL,
     "columns whose values, taken together, make a group: a user, a document"},
    RATIOS(GroupState, TRAIN_TEST_EVAL),
    {"stratify", WEIR_FIELD_LIST, 0, offsetof(GroupState, stratify), "[]", 0, 0, NULL,
     "columns whose values, taken together, make classes, which are spread in the same proportion as far as "
     "whole groups allow"},
    MISSING(GroupState),
    SEED(GroupState),
};

/* --- time --- */

static const weir_port time_inputs[] = {
    {"in", "${by}:number+timestamp?, *", WEIR_PORT_TABLE, NULL, "records to share out"},
};

static const weir_option time_options[] = {
    {"by", WEIR_FIELD, 0, offsetof(TimeState, by), "time", 0, 0, NULL,
     "column with a record's time, or any number"},
    RATIOS(TimeState, "{\"train\": 0.8, \"eval\": 0.1, \"test\": 0.1}"),
    {"cuts", WEIR_STRING_LIST, 0, offsetof(TimeState, cuts), NULL, 0, 0, NULL,
     "where each split but the first begins, in place of ratios, which then only name the splits: a number, "
     "a date (2024-05-01) or a time (2024-05-01T12:30:00Z)"},
    {"gap", WEIR_STRING, 0, offsetof(TimeState, gap_text), NULL, 0, 0, NULL,
     "records less than this before the next split are left out: 7d, 12h for times; a number for numbers"},
    {"missing", WEIR_CHOICE, 0, offsetof(TimeState, missing), "reject", 0, 0, "reject|first|last",
     "what becomes of a record without a time: rejected, which stops the run unless the stage rejects bad "
     "records; or sent to the first or the last split"},
};

/* --- multilabel --- */

static const weir_port multilabel_inputs[] = {
    {"in", "${by}:list<utf8?>+list<i64?>+utf8+bool+integer?, *", WEIR_PORT_TABLE, NULL,
     "records to share out"},
};

static const weir_option multilabel_options[] = {
    {"by", WEIR_FIELD_LIST, 0, offsetof(MultilabelState, by), "[\"labels\"]", 0, 0, NULL,
     "columns with the labels: a list of them, or one in each column"},
    RATIOS(MultilabelState, TRAIN_TEST_EVAL),
    {"order", WEIR_INTEGER, 0, offsetof(MultilabelState, order), "1", 1, 2, NULL,
     "2 spreads pairs of labels that come together too"},
    SEED(MultilabelState),
};

/* --- clusters --- */

static const weir_port clusters_inputs[] = {
    {"in", "${text}:utf8?, ${stratify}:utf8+bool+integer+timestamp?, *", WEIR_PORT_TABLE, NULL,
     "records to share out"},
};

static const weir_option clusters_options[] = {
    {"text", WEIR_FIELD, 0, offsetof(ClustersState, text), "text", 0, 0, NULL, "column with the text"},
    RATIOS(ClustersState, TRAIN_TEST_EVAL),
    {"threshold", WEIR_NUMBER, 0, offsetof(ClustersState, threshold), "0.8", 0.05, 1, NULL,
     "how similar two texts are at least that may not be parted: the share of their shingles that they have "
     "in common"},
    {"stratify", WEIR_FIELD_LIST, 0, offsetof(ClustersState, stratify), "[]", 0, 0, NULL,
     "columns whose values, taken together, make classes, which are spread in the same proportion as far as "
     "whole clusters allow"},
    {"shingles", WEIR_CHOICE, 0, offsetof(ClustersState, shingles), "characters", 0, 0, "characters|words",
     "what texts are compared by: runs of characters or of words"},
    {"size", WEIR_INTEGER, 0, offsetof(ClustersState, size), "0", 0, WEIR_MAX_NGRAM, NULL,
     "characters or words of a shingle; 0 is 5 characters or 3 words"},
    {"strip-accents", WEIR_BOOLEAN, 0, offsetof(ClustersState, strip_accents), "false", 0, 0, NULL,
     "letters count without their marks"},
    {"hashes", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(ClustersState, hashes), "128",
     WEIR_NEAR_HASHES_STEP, WEIR_NEAR_MAX_HASHES, NULL,
     "hash functions, a multiple of 16; more of them find more of the pairs"},
    {"max-text", WEIR_SIZE, WEIR_OPTION_ADVANCED, offsetof(ClustersState, max_text), "1M", 1, 2147483647,
     NULL, "what of a text is read"},
    SEED(ClustersState),
};

static const weir_class classes[] = {
    {
        .name = "stratified",
        .summary = "Share records out to named splits, every class in the same proportion",
        .help = "The sizes of the splits, and of every class within them, are exact: each is its ratio of "
                "the rows rounded down or up, and the roundings are chosen so that the splits as a whole "
                "come out right too. Which rows go where is drawn at random by the seed; it depends on the "
                "order of the records, but not on how they arrive in batches or on the number of threads. "
                "Records keep their order.\n\n"
                "A class with fewer rows than there are splits goes whole to the split with the largest "
                "ratio, and a warning names it. Rows where a column is null or empty are a class of their "
                "own, with a warning. The input is read twice; 5 bytes of memory a record are needed.",
        .in = stratified_inputs,
        .n_in = 1,
        .n_out = 1,
        .out = outputs,
        .options = stratified_options,
        .n_options = G_N_ELEMENTS(stratified_options),
        .state_size = sizeof(StratifiedState),
        .schema = stratified_schema,
        .produce = stratified_produce,
        .close = stratified_close,
    },
    {
        .name = "hash",
        .summary =
            "Share records out to named splits by the hash of a key, so that a key keeps its split for good",
        .help = "The split of a record follows from the values of its key alone: it stays the same when the "
                "data grows, is reordered or is cut into other files, and records with the same key are "
                "never parted. The ratios are reached on average, over keys. The first split takes the "
                "lowest hashes; so a split that grows at the cost of its neighbour keeps what it has. "
                "Records keep their order, and pass as they come.\n\n"
                "The hash is XXH3 with 64 bits and seed 0 of the salt and the values of the key, each "
                "written as its length in bytes, a colon, the bytes, and a comma (a netstring): without a "
                "salt, the key \"anna\" is \"0:,4:anna,\". Numbers are hashed as they are written in "
                "decimal, 7 like the text \"7\"; booleans as true and false; timestamps in microseconds "
                "since 1970; lists as the netstrings of their items; null like an empty text. The upper 53 "
                "bits of the hash, taken as a number from 0 to 1, are held against the sums of the ratios. "
                "This is the same on any machine, and will not change.\n\n"
                "With all columns as the key, the column _row does not count, and a new column makes another "
                "split.",
        .in = hash_inputs,
        .n_in = 1,
        .n_out = 1,
        .out = outputs,
        .options = hash_options,
        .n_options = G_N_ELEMENTS(hash_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(HashState),
        .schema = hash_schema,
        .process = hash_process,
        .end = hash_end,
    },
    {
        .name = "group",
        .summary =
            "Share records out to named splits, the records of a user, document or other group together",
        .help = "No group is parted. The ratios are of records, and are reached as nearly as whole groups "
                "allow: the largest groups are placed first, each in a split that has room for it, drawn "
                "with the room as weight; then groups move and swap places while that brings the splits "
                "nearer to their ratios. Where there are as many groups as splits, no split stays empty. "
                "What was reached is reported, and a warning names the largest group where a split is more "
                "than one percentage point off.\n\n"
                "With the option \"stratify\", groups move so that classes too are spread in proportion. The "
                "split of a group depends on its key, the sizes and classes of all groups and the seed, not "
                "on the order of the records. To keep a group's split while the data grows, take split.hash. "
                "Records keep their order.\n\n"
                "Groups are known by a hash of 128 bits. The input is read twice; 5 bytes of memory a record "
                "are needed, and 60 to 100 a group; with \"stratify\" 12 bytes a record more.",
        .in = group_inputs,
        .n_in = 1,
        .n_out = 1,
        .out = outputs,
        .options = group_options,
        .n_options = G_N_ELEMENTS(group_options),
        .state_size = sizeof(GroupState),
        .schema = group_schema,
        .produce = group_produce,
        .close = group_close,
    },
    {
        .name = "time",
        .summary = "Share records out to named splits by time, the oldest to the first",
        .help = "The splits stand in the order of time: the first has the oldest records, the last the "
                "newest. With ratios, the cuts are where the splits come nearest to them; records of one "
                "time are never parted: where a cut would fall among them, it goes before or behind them, "
                "whichever changes fewer records. A record at the very time of a cut belongs to the later "
                "split. Records keep their order in the input.\n\n"
                "A gap keeps what a model learns from away from what it is tested on: records of a split "
                "that are less than the gap before the next one are left out of all, and counted.\n\n"
                "The input is read twice; 18 bytes of memory a record are needed.",
        .in = time_inputs,
        .n_in = 1,
        .n_out = 1,
        .out = outputs,
        .options = time_options,
        .n_options = G_N_ELEMENTS(time_options),
        .state_size = sizeof(TimeState),
        .schema = time_schema,
        .produce = time_produce,
        .close = time_close,
    },
    {
        .name = "multilabel",
        .summary =
            "Share records with several labels out to named splits, every label in the same proportion",
        .help = "Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011): the rarest label is dealt "
                "out first, each record to the split that lacks most of that label. With \"order\" 2, pairs "
                "of labels that come together are dealt out like labels (Szymański, Kajdanowicz 2017). At "
                "the end some records change splits, so that the sizes of the splits are exact. Records "
                "without a label fill up the splits.\n\n"
                "The metric \"largest error of a label's share\" is the largest difference, over labels and "
                "splits, between a label's share of the records of the split and of all. Which records go "
                "where is drawn by the seed, and depends on the order of the records. Records keep their "
                "order. The input is read twice; 13 bytes of memory a record are needed, and 12 for each of "
                "its labels; with \"order\" 2 as much again, for each pair of its labels.",
        .in = multilabel_inputs,
        .n_in = 1,
        .n_out = 1,
        .out = outputs,
        .options = multilabel_options,
        .n_options = G_N_ELEMENTS(multilabel_options),
        .state_size = sizeof(MultilabelState),
        .schema = multilabel_schema,
        .produce = multilabel_produce,
        .close = multilabel_close,
    },
    {
        .name = "clusters",
        .summary = "Share records out to named splits, texts that are nearly the same together",
        .help = "A test set with texts that differ from training texts by a word or two measures memory. "
                "Here texts are clustered: two are joined when they are as similar as the threshold says, "
                "directly or by way of others, and no cluster is parted. Clusters are dealt out as "
                "split.group deals groups out, and with \"stratify\" classes are spread too.\n\n"
                "Texts are compared with case folded and white space run together, as sets of shingles, by "
                "their Jaccard index. Pairs are looked for by MinHash and locality-sensitive hashing, which "
                "finds 95 % or more of the pairs at the threshold and more of those above it; what is found "
                "is compared exactly. A record whose text is null or empty is similar to none. check.leakage "
                "looks for what is left.\n\n"
                "Signatures are kept in a file of the run directory, with the default options 208 bytes a "
                "record. In memory, 10 bytes a record are needed, and 30 a cluster; more makes it faster. "
                "The split depends on the order of the records, and not on the number of threads. Records "
                "keep their order.",
        .in = clusters_inputs,
        .n_in = 1,
        .n_out = 1,
        .out = outputs,
        .options = clusters_options,
        .n_options = G_N_ELEMENTS(clusters_options),
        .state_size = sizeof(ClustersState),
        .least_memory = SPLIT_CLUSTERS_LEAST,
        .schema = clusters_schema,
        .produce = clusters_produce,
        .close = clusters_close,
    },
};

WEIR_PLUGIN(.name = "split", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Share records out to training, test and other sets", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
