/* SPDX-License-Identifier: MIT */
/* Plugin "linear": trains linear text classifiers and predicts with them. */
#include "linear.h"

#include "config.h"

static const weir_port train_inputs[] = {
    {"train", "${text}:utf8?, ${label}:utf8+bool+integer?, ${task}:utf8+bool+integer?, ${dense}:number?, *",
     WEIR_PORT_TABLE, NULL, "labelled records to learn from"},
    {"eval", "${text}:utf8?, ${label}:utf8+bool+integer?, ${task}:utf8+bool+integer?, ${dense}:number?, *",
     WEIR_PORT_TABLE | WEIR_PORT_OPTIONAL, NULL,
     "labelled records that are not learned from: they decide when to stop, and calibrate the confidences"},
};

static const weir_port train_outputs[] = {
    {"model", WEIR_ARTIFACT, 0, NULL, "the trained model, a folder"},
};

static const weir_option train_options[] = {
    {"text", WEIR_FIELD, 0, offsetof(TrainState, text), "text", 0, 0, NULL, "column with the text"},
    {"label", WEIR_FIELD, 0, offsetof(TrainState, label), "label", 0, 0, NULL,
     "column with the label; records without one are left out"},
    {"task", WEIR_FIELD, 0, offsetof(TrainState, task), NULL, 0, 0, NULL,
     "column with a record's task, for several tasks in one model: each gets labels of its own"},
    {"dense", WEIR_FIELD_LIST, 0, offsetof(TrainState, dense), NULL, 0, 0, NULL,
     "numeric columns to learn from beside the text; they are standardised"},
    {"model", WEIR_CHOICE, 0, offsetof(TrainState, model), "svm", 0, 0, "svm|logistic|multinomial",
     "linear support vector machine or logistic regression, both one-vs-rest, or multinomial logistic "
     "regression"},
    {"c", WEIR_NUMBER, 0, offsetof(TrainState, c), "0", 0, 1e6, NULL,
     "how closely the model fits the records; 0 is 1 for svm and 10 for the others"},
    {"epochs", WEIR_INTEGER, 0, offsetof(TrainState, epochs), "25", 1, 10000, NULL,
     "passes over the records, at most"},
    {"tolerance", WEIR_NUMBER, WEIR_OPTION_ADVANCED, offsetof(TrainState, tolerance), "0.05", 0, 1, NULL,
     "training ends once an epoch changes less than this share of what the first one did; 0 runs all epochs"},
    {"patience", WEIR_INTEGER, 0, offsetof(TrainState, patience), "3", 0, 10000, NULL,
     "with eval records: epochs to go on without a better macro-F1 before the best one is taken; 0 takes the "
     "last"},
    {"class-weight", WEIR_CHOICE, 0, offsetof(TrainState, class_weight), "none", 0, 0, "none|balanced",
     "balanced gives rare labels the weight of frequent ones"},
    {"weights", WEIR_NUMBER_MAP, 0, offsetof(TrainState, weights), NULL, 0, 1e6, NULL,
     "weights of single labels, in place of what class-weight gives them"},
    {"word-min", WEIR_INTEGER, 0, offsetof(TrainState, word_min), "1", 0, WEIR_MAX_NGRAM, NULL,
     "shortest word n-grams"},
    {"word-max", WEIR_INTEGER, 0, offsetof(TrainState, word_max), "2", 0, WEIR_MAX_NGRAM, NULL,
     "longest word n-grams; 0 is none"},
    {"pair-window", WEIR_INTEGER, 0, offsetof(TrainState, pair_window), "10", 0, WEIR_MAX_WINDOW, NULL,
     "pairs of words at most so many words apart, in any order; 0 is none"},
    {"pair-stem", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(TrainState, pair_stem), "6", 0, 1000, NULL,
     "letters of a word that count in a pair; 0 is all"},
    {"char-min", WEIR_INTEGER, 0, offsetof(TrainState, char_min), "2", 0, WEIR_MAX_NGRAM, NULL,
     "shortest character n-grams"},
    {"char-max", WEIR_INTEGER, 0, offsetof(TrainState, char_max), "4", 0, WEIR_MAX_NGRAM, NULL,
     "longest character n-grams; 0 is none"},
    {"char-mode", WEIR_CHOICE, 0, offsetof(TrainState, char_mode), "in-words", 0, 0, "in-words|across",
     "character n-grams within runs between white space, or across the whole text"},
    {"lowercase", WEIR_BOOLEAN, 0, offsetof(TrainState, lowercase), "true", 0, 0, NULL, "fold case"},
    {"strip-accents", WEIR_BOOLEAN, 0, offsetof(TrainState, strip_accents), "false", 0, 0, NULL,
     "drop accents and other marks"},
    {"sublinear", WEIR_BOOLEAN, WEIR_OPTION_ADVANCED, offsetof(TrainState, sublinear), "true", 0, 0, NULL,
     "count an n-gram that occurs n times as 1 + ln n"},
    {"idf", WEIR_CHOICE, 0, offsetof(TrainState, idf), "sqrt", 0, 0, "none|smooth|sqrt",
     "how rarity raises a weight: not at all, by ln((1 + rows) / (1 + df)) + 1, or by the square root of "
     "that"},
    {"min-df", WEIR_INTEGER, 0, offsetof(TrainState, min_df), "0", 0, 1e9, NULL,
     "n-grams in fewer records are dropped; 0 is 2 from 5000 records on, 1 below"},
    {"max-df", WEIR_NUMBER, WEIR_OPTION_ADVANCED, offsetof(TrainState, max_df), "1", 0.000001, 1, NULL,
     "n-grams in more than this share of the records are dropped"},
    {"max-features", WEIR_INTEGER, 0, offsetof(TrainState, max_features), "0", 0, 1e9, NULL,
     "n-grams at most, the most frequent ones; 0 is no limit"},
    {"hash-bits", WEIR_INTEGER, 0, offsetof(TrainState, hash_bits), "0", 0, WEIR_MAX_HASH_BITS, NULL,
     "hash n-grams into 2^bits buckets, which bounds the memory; 0 keeps a vocabulary"},
    {"max-text", WEIR_SIZE, WEIR_OPTION_ADVANCED, offsetof(TrainState, max_text), "1M", 1, 2147483647, NULL,
     "what of a text is read"},
    {"seed", WEIR_INTEGER, 0, offsetof(TrainState, seed), NULL, 0, 0, NULL,
     "order in which records are visited; left out, the pipeline's seed decides"},
};

static const weir_port predict_inputs[] = {
    {"model", WEIR_ARTIFACT, WEIR_PORT_TABLE, NULL, "a model of linear.train"},
    {"records", "${text}:utf8?, ${task}:utf8+bool+integer?, ${dense}:number?, *", 0, NULL,
     "records to predict"},
};

static const weir_port predict_outputs[] = {
    {"out", "=records, +${prediction}:utf8, +${confidence}:f64, +${probabilities}:list<f64>", 0, NULL,
     "the records, with what was predicted"},
};

static const weir_option predict_options[] = {
    {"text", WEIR_FIELD, 0, offsetof(PredictState, text), "text", 0, 0, NULL, "column with the text"},
    {"task", WEIR_FIELD, 0, offsetof(PredictState, task), NULL, 0, 0, NULL,
     "column with a record's task, for a model of several tasks"},
    {"dense", WEIR_FIELD_LIST, 0, offsetof(PredictState, dense), NULL, 0, 0, NULL,
     "the numeric columns that the model was trained with, in the same order"},
    {"prediction", WEIR_FIELD, WEIR_OPTION_ADVANCED, offsetof(PredictState, prediction), "prediction", 0, 0,
     NULL, "column to add for the label"},
    {"confidence", WEIR_FIELD, WEIR_OPTION_ADVANCED, offsetof(PredictState, confidence), "confidence", 0, 0,
     NULL, "column to add for the label's probability"},
    {"probabilities", WEIR_FIELD, 0, offsetof(PredictState, probabilities), NULL, 0, 0, NULL,
     "column to add for the probabilities of all labels, in the order of the model's labels; left out, none"},
};

static const weir_class classes[] = {
    {
        .name = "train",
        .summary = "Learn a linear text classifier",
        .help = "A text is turned into word n-grams, pairs of near words and character n-grams, weighted by "
                "how often they "
                "occur in it and how rare they are (TF-IDF), and scaled so that words and characters have "
                "length 1 each. "
                "Numeric columns can stand beside it.\n\n"
                "All kinds of model are fitted by dual coordinate descent, which needs no learning rate and "
                "comes to the "
                "same model however many threads it has. An epoch reports loss, accuracy and macro-F1 of the "
                "records, each "
                "taken before the record teaches, and of the eval records at its end.\n\n"
                "Confidences are calibrated, so that of the predictions with confidence 0.8 about 80 % are "
                "right: on the "
                "eval records if there are any, otherwise on a tenth of the records that the first epochs "
                "leave out (with "
                "fewer than 2000 records, on each fifth in turn, with a model of the others).\n\n"
                "Records without a label are left out with a warning. A text that is empty or null is one "
                "without n-grams: "
                "it teaches how frequent the labels are.",
        .in = train_inputs,
        .n_in = G_N_ELEMENTS(train_inputs),
        .out = train_outputs,
        .n_out = G_N_ELEMENTS(train_outputs),
        .options = train_options,
        .n_options = G_N_ELEMENTS(train_options),
        .threads = WEIR_SERIAL,
        .state_size = sizeof(TrainState),
        .schema = linear_train_schema,
        .produce = linear_train_produce,
    },
    {
        .name = "predict",
        .summary = "Label records with a linear text classifier",
        .help = "Adds the label with the highest score and its calibrated probability. A record whose text "
                "is empty or null "
                "gets the label that is likeliest without knowing anything. With several tasks in the model "
                "the record's task "
                "chooses among the labels.",
        .in = predict_inputs,
        .n_in = G_N_ELEMENTS(predict_inputs),
        .out = predict_outputs,
        .n_out = G_N_ELEMENTS(predict_outputs),
        .options = predict_options,
        .n_options = G_N_ELEMENTS(predict_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(PredictState),
        .open = linear_predict_open,
        .process = linear_predict_process,
        .produce = linear_predict_produce,
        .close = linear_predict_close,
    },
};

WEIR_PLUGIN(.name = "linear", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Linear text classifiers", .classes = classes, .n_classes = G_N_ELEMENTS(classes))
