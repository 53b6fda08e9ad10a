/* SPDX-License-Identifier: MIT */
/* Plugin "evaluate": the tables of its stages. */
#include "config.h"

#include "evaluate.h"

/* --- classification --- */

static const weir_port classification_inputs[] = {
    {"model", WEIR_ARTIFACT, WEIR_PORT_OPTIONAL, NULL,
     "the model that predicted: tells which labels it was trained on, and what the probabilities are of"},
    {"in",
     "${label}:utf8+bool+integer?, ${prediction}:utf8+bool+integer, ${confidence}?:real?, "
     "${probabilities}?:list<f64>+list<f32>?, ${task}:utf8+bool+integer?, *",
     0, NULL, "records with label and prediction"},
};

static const weir_port classification_outputs[] = {
    {"metrics", "any", 0, NULL, "one record: the headline figures, over all records and by task"},
    {"report", "any", 0, NULL,
     "one record: everything, with the table by class, confusion matrix, errors and calibration"},
};

static const weir_option classification_options[] = {
    {"label", WEIR_FIELD, 0, offsetof(ClassificationState, label), "label", 0, 0, NULL,
     "column that holds what is right; a record where it is null or empty is not counted"},
    {"prediction", WEIR_FIELD, 0, offsetof(ClassificationState, prediction), "prediction", 0, 0, NULL,
     "column that holds what was predicted"},
    {"confidence", WEIR_FIELD, 0, offsetof(ClassificationState, confidence), "confidence", 0, 0, NULL,
     "column that holds the probability of the prediction, for the calibration; by default it may be "
     "missing"},
    {"probabilities", WEIR_FIELD, 0, offsetof(ClassificationState, probabilities), "probabilities", 0, 0,
     NULL,
     "column that holds the probabilities of all labels in the model's order, for the log loss; by default "
     "it "
     "may be missing; needs the input \"model\""},
    {"task", WEIR_FIELD, 0, offsetof(ClassificationState, task), NULL, 0, 0, NULL,
     "column that names the task of a record, where one model serves several"},
    {"rounds", WEIR_INTEGER, 0, offsetof(ClassificationState, rounds), "1000", 100, 100000, NULL,
     "resamples for the 95 % intervals of macro-F1 and weighted F1"},
    {"seed", WEIR_INTEGER, WEIR_OPTION_ADVANCED, offsetof(ClassificationState, seed), NULL, 0, 0, NULL,
     "seed of the resampling; left out, the pipeline's seed is"},
};

/* --- baselines --- */

#define BASELINE_COLUMNS                                                                              \
  "${label}?:utf8+bool+integer+list<utf8?>+list<i64?>?, ${task}:utf8+bool+integer?, ${query}?:utf8, " \
  "${model}?:utf8, "                                                                                  \
  "${quality}?:number, ${latency}?:number?, ${category}?:utf8?"

static const weir_port baselines_inputs[] = {
    {"train", BASELINE_COLUMNS ", *", WEIR_PORT_TABLE | WEIR_PORT_OPTIONAL, NULL,
     "records to know the labels, or the models, from; left out, those of \"in\" serve, which flatters"},
    {"in", BASELINE_COLUMNS ", ${predictions}:utf8+bool+integer?, *", WEIR_PORT_TABLE, NULL,
     "records to test on"},
};

static const weir_port baselines_outputs[] = {
    {"metrics", "any", 0, NULL, "one record a baseline; with tasks, one for each task too"},
};

static const weir_option baselines_options[] = {
    {"label", WEIR_FIELD, 0, offsetof(BaselinesState, label), "label", 0, 0, NULL,
     "column that holds what is right: a label, or a list of labels"},
    {"task", WEIR_FIELD, 0, offsetof(BaselinesState, task), NULL, 0, 0, NULL,
     "column that names the task of a record"},
    {"predictions", WEIR_FIELD_LIST, 0, offsetof(BaselinesState, predictions), "[]", 0, 0, NULL,
     "columns with predictions of several models, for an oracle that takes a right one wherever there is "
     "one"},
    {"of", WEIR_CHOICE, 0, offsetof(BaselinesState, of), "auto", 0, 0, "auto|labels|outcomes",
     "what the records are; auto takes them for labelled if they have the label column"},
    {"query", WEIR_FIELD, 0, offsetof(BaselinesState, query), "query", 0, 0, NULL,
     "of outcomes: column with the query"},
    {"model", WEIR_FIELD, 0, offsetof(BaselinesState, model), "model", 0, 0, NULL,
     "of outcomes: column with the name of the model that answered"},
    {"quality", WEIR_FIELD, 0, offsetof(BaselinesState, quality), "quality", 0, 0, NULL,
     "of outcomes: column with the quality of the answer"},
    {"latency", WEIR_FIELD, 0, offsetof(BaselinesState, latency), "latency", 0, 0, NULL,
     "of outcomes: column with the time that it took; may be missing"},
    {"category", WEIR_FIELD, 0, offsetof(BaselinesState, category), "category", 0, 0, NULL,
     "of outcomes: column with the kind of query; may be missing"},
};

static const weir_class classes[] = {
    {
        .name = "classification",
        .summary =
            "Hold predictions against labels: accuracy, F1, confusion, calibration, with 95 % intervals",
        .help =
            "Averages of F1 run over the classes that occur as label or as prediction, as scikit-learn's "
            "classification_report does it. The interval of the accuracy is Wilson's, those of macro-F1 and "
            "weighted F1 come from a bootstrap. The calibration error has 15 bins of equal width. The log "
            "loss "
            "is in nats.\n\n"
            "With the option \"task\", a class is a label of a task; all figures come over all records and "
            "by "
            "task. The confusion matrix in the report is null above 500 classes; the most frequent errors "
            "are "
            "listed however many there are. A label that the model was never trained on counts as an error, "
            "and a warning names it. "
            "Labels may be text, numbers or booleans, and are compared as they are written.",
        .in = classification_inputs,
        .n_in = G_N_ELEMENTS(classification_inputs),
        .n_out = G_N_ELEMENTS(classification_outputs),
        .out = classification_outputs,
        .options = classification_options,
        .n_options = G_N_ELEMENTS(classification_options),
        .state_size = sizeof(ClassificationState),
        .schema = classification_schema,
        .open = classification_open,
        .process = classification_process,
        .end = classification_end,
        .close = classification_close,
    },
    {
        .name = "baselines",
        .summary = "What trivial predictors reach on the same records: majority, random, best single, oracle",
        .help = "A figure of a model says something only beside what is reached without one. Nothing is "
                "drawn: the figures of "
                "random guesses are their expectations. Each record has the names of the metrics of "
                "evaluate.classification.\n\n"
                "Records with a label: \"majority\" always gives the most frequent label of \"train\" (of "
                "equals the first by "
                "its bytes), \"proportional\" draws labels as frequent as there, and \"uniform\" each with "
                "the same chance. "
                "With q the chance of a label, t its rows among N, the expected accuracy is the sum of q t / "
                "N; the "
                "expected F1 of a label is 2 t / N times the mean of P / (t + P) for P binomially "
                "distributed with N and q, "
                "which is exact; macro-F1 is the mean over labels that occur or are guessed. The interval is "
                "that of a "
                "classifier with this accuracy. The log loss is that of giving q as probability. A label "
                "that \"train\" has "
                "not is never guessed. With \"predictions\": each of them, one of them at random, and an "
                "oracle that takes "
                "a right one where there is one.\n\n"
                "Records with a list of labels: \"majority\" gives the labels that more than half of the "
                "records have, \"most "
                "frequent label\" that one alone, \"all labels\" all, \"proportional\" each with the chance "
                "of its share and "
                "\"uniform\" each with one half. The accuracy is that of whole lists, micro-F1 the ratio of "
                "the expected "
                "sums, label_accuracy the share of right decisions. A null list is not counted, an empty one "
                "is.\n\n"
                "Outcomes of models: \"oracle\" takes the best model for each query (of equals the fastest), "
                "\"best single\" "
                "always the one with the highest quality on \"train\", \"best by category\" the best there "
                "for the query's "
                "category, \"random\" one of those that answered the query (expected), \"always\" each "
                "model. A model that did "
                "not answer has quality 0 and no latency; several answers count as their mean. best_share is "
                "the share of "
                "queries where the choice is as good as the oracle's and better than nothing. The interval "
                "is that of a mean, "
                "by the normal distribution. 40 bytes a record are needed.",
        .in = baselines_inputs,
        .n_in = G_N_ELEMENTS(baselines_inputs),
        .n_out = G_N_ELEMENTS(baselines_outputs),
        .out = baselines_outputs,
        .options = baselines_options,
        .n_options = G_N_ELEMENTS(baselines_options),
        .state_size = sizeof(BaselinesState),
        .schema = baselines_schema,
        .produce = baselines_produce,
    },
};

WEIR_PLUGIN(.name = "evaluate", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Figures of merit of predictions", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
