/* SPDX-License-Identifier: MIT */
/* Plugin "check": the tables of its stage. */
#include "config.h"

#include "check.h"

#include "ml/text.h"

static const weir_port inputs[] = {
    {NULL, "${text}?:utf8?, ${keys}:utf8+bool+integer+timestamp?, ${label}?:utf8+bool+integer?, *",
     WEIR_PORT_TABLE | WEIR_PORT_OPTIONAL, "splits", "the records of one split"},
};

static const weir_port outputs[] = {
    {"leaks",
     "left:utf8, right:utf8, kind:utf8, similarity:f32, left_row:u64?, right_row:u64?, left_text:utf8?, "
     "right_text:utf8?, left_label:utf8?, right_label:utf8?",
     0, NULL,
     "one record a leak: a record of the split \"right\" with what is most like it in the split \"left\""},
};

static const weir_option options[] = {
    {"splits", WEIR_STRING_LIST, 0, offsetof(LeakageState, splits), "[\"train\", \"test\", \"eval\"]", 0, 0,
     NULL, "names of the inputs, what is learned from first; those that are not connected are left out"},
    {"text", WEIR_FIELD_LIST, 0, offsetof(LeakageState, text), "[\"text\"]", 0, 0, NULL,
     "columns with texts, compared as one; with \"keys\" they may be missing unless they are named here"},
    {"keys", WEIR_FIELD_LIST, 0, offsetof(LeakageState, keys), "[]", 0, 0, NULL,
     "columns whose values, taken together, may not be in two splits: a user, a document; a record where one "
     "is null or empty is not looked at for them"},
    {"label", WEIR_FIELD, 0, offsetof(LeakageState, label), "label", 0, 0, NULL,
     "column with the label, which the leaks show; it may be missing"},
    {"near", WEIR_BOOLEAN, 0, offsetof(LeakageState, near), "true", 0, 0, NULL,
     "look for texts that are nearly the same; false looks for equal ones alone, which is much faster"},
    {"threshold", WEIR_NUMBER, 0, offsetof(LeakageState, threshold), "0.8", 0.05, 1, NULL,
     "how similar two texts are at least: the share of their shingles that they have in common"},
    {"max-leaks", WEIR_INTEGER, 0, offsetof(LeakageState, max_leaks), "0", 0, 0x1p53, NULL,
     "leaks that a pair of splits may have"},
    {"max-share", WEIR_NUMBER, 0, offsetof(LeakageState, max_share), "0", 0, 1, NULL,
     "share of a split's records that may be leaks; a pair is refused when it has more than both"},
    {"on-leak", WEIR_CHOICE, 0, offsetof(LeakageState, on_leak), "fail", 0, 0, "fail|hold|warn",
     "what more leaks than that do: fail the run at once; hold it, which completes what was begun and ends "
     "with exit code 4; or just warn"},
    {"compare", WEIR_CHOICE, 0, offsetof(LeakageState, compare), "text", 0, 0, "text|bytes",
     "what makes texts equal: with case folded, Unicode NFKC and white space run together, or byte by byte"},
    {"strip-accents", WEIR_BOOLEAN, 0, offsetof(LeakageState, strip_accents), "false", 0, 0, NULL,
     "letters count without their marks"},
    {"shingles", WEIR_CHOICE, 0, offsetof(LeakageState, shingles), "characters", 0, 0, "characters|words",
     "what texts are compared by: runs of characters or of words"},
    {"size", WEIR_INTEGER, 0, offsetof(LeakageState, size), "0", 0, WEIR_MAX_NGRAM, NULL,
     "characters or words of a shingle; 0 is 5 characters or 3 words"},
    {"hashes", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(LeakageState, hashes), "128",
     WEIR_NEAR_HASHES_STEP, WEIR_NEAR_MAX_HASHES, NULL,
     "hash functions, a multiple of 16; more of them find more of the pairs"},
    {"max-text", WEIR_SIZE, WEIR_OPTION_ADVANCED, offsetof(LeakageState, max_text), "1M", 1, 2147483647, NULL,
     "what of a text is read"},
};

static const weir_class classes[] = {{
    .name = "leakage",
    .summary = "Fail a run whose training and test records share texts, near-duplicates or keys",
    .help =
        "Every pair of splits is compared: for each record of the later one, the most similar record of the "
        "earlier one is looked for. A leak is \"key\", when both have the same values in the columns of "
        "\"keys\"; \"exact\", when their texts are equal; or \"near\", when their texts are at least as "
        "similar as the threshold. A record counts once a pair, as the first of these. That two texts have "
        "different labels does not matter for this, but is counted.\n\n"
        "Near-duplicates are texts whose sets of shingles have a Jaccard index at or above the threshold. "
        "They are looked for by MinHash and locality-sensitive hashing, which finds 95 % or more of the "
        "pairs at the threshold and more of those above it; what is found is compared exactly. Equal texts "
        "and keys are found by hashes of 128 bits, all of them.\n\n"
        "The stage stands beside the others, and takes what they take. Where more leaks are found than "
        "\"max-leaks\" and \"max-share\" allow, it fails the run and shows some, with their lines. To get "
        "all of them in a file, let it hold the run or warn; when it fails, files that are not whole yet are "
        "not written.\n\n"
        "In memory, 36 bytes a record are needed, 60 with \"keys\", and about 13 more for near-duplicates, "
        "whose signatures are kept in a file of the run directory.",
    .in = inputs,
    .n_in = G_N_ELEMENTS(inputs),
    .n_out = G_N_ELEMENTS(outputs),
    .out = outputs,
    .options = options,
    .n_options = G_N_ELEMENTS(options),
    .state_size = sizeof(LeakageState),
    .schema = leakage_schema,
    .produce = leakage_produce,
    .close = leakage_close,
}};

WEIR_PLUGIN(.name = "check", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Look at data before it is learned from", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
