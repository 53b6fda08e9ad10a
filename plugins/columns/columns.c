/* SPDX-License-Identifier: MIT */
/* Plugin "columns": chooses, names, converts and makes columns. */
#include "columns.h"

#include "config.h"

static const weir_port any_in[] = {
    {"in", "any", 0, NULL, "any records"},
};

static const weir_port open_out[] = {
    {"out", "any", WEIR_PORT_REQUIRED, NULL, "the same records with other columns"},
};

#define REPLACE(state)                                                                    \
  {                                                                                       \
    "replace", WEIR_BOOLEAN, 0, offsetof(state, replace), "false", 0, 0, NULL,            \
        "whether a column of that name may be there already; the new one takes its place" \
  }

/* ---- select and rename ---- */

static const weir_port select_in[] = {
    {"in", "${keep}:any?, ${drop}:any?, *", 0, NULL, "any records"},
};

static const weir_option select_options[] = {
    {"keep", WEIR_FIELD_LIST, 0, offsetof(ColumnsSelect, keep), NULL, 0, 0, NULL,
     "the columns that stay, in this order"},
    {"drop", WEIR_FIELD_LIST, 0, offsetof(ColumnsSelect, drop), NULL, 0, 0, NULL,
     "the columns that go; all others stay"},
};

static const weir_option rename_options[] = {
    {"columns", WEIR_STRING_MAP, WEIR_OPTION_REQUIRED, offsetof(ColumnsRename, columns), NULL, 0, 0, NULL,
     "new names by the old ones: {\"Review Text\": \"text\"}"},
};

/* ---- cast ---- */

static const weir_option cast_options[] = {
    {"columns", WEIR_STRING_MAP, WEIR_OPTION_REQUIRED, offsetof(ColumnsCast, columns), NULL, 0, 0, NULL,
     "types by column: {\"label\": \"utf8\", \"embedding\": \"fixed<f32,384>\"}"},
    {"invalid", WEIR_CHOICE, 0, offsetof(ColumnsCast, invalid), "reject", 0, 0, "reject|null",
     "what becomes of a value that is none of the type: the record is rejected, or the value becomes null"},
    {"unit", WEIR_CHOICE, 0, offsetof(ColumnsCast, unit), "seconds", 0, 0,
     "seconds|milliseconds|microseconds",
     "what a number counts from 1970 on that is made a timestamp, or that one is made"},
};

/* ---- constant ---- */

static const weir_option constant_options[] = {
    {"values", WEIR_STRING_MAP, WEIR_OPTION_REQUIRED, offsetof(ColumnsConstant, values), NULL, 0, 0, NULL,
     "values by new column, as texts: {\"source\": \"web\", \"weight\": \"0.5\"}"},
    {"types", WEIR_STRING_MAP, 0, offsetof(ColumnsConstant, types), NULL, 0, 0, NULL,
     "types of those that are no text: {\"weight\": \"f64\"}"},
    REPLACE(ColumnsConstant),
};

/* ---- concat and template ---- */

static const weir_port concat_in[] = {
    {"in", "${columns}:utf8+bool+number+timestamp?, *", 0, NULL, "any records"},
};

static const weir_option concat_options[] = {
    {"columns", WEIR_FIELD_LIST, WEIR_OPTION_REQUIRED, offsetof(ColumnsConcat, columns), NULL, 0, 0, NULL,
     "the columns whose texts are joined, in this order"},
    {"into", WEIR_STRING, 0, offsetof(ColumnsConcat, into), "text", 0, 0, NULL, "the new column"},
    {"separator", WEIR_STRING, 0, offsetof(ColumnsConcat, separator), " ", 0, 0, NULL,
     "what stands between two texts"},
    {"null", WEIR_CHOICE, 0, offsetof(ColumnsConcat, null), "skip", 0, 0, "skip|empty|null",
     "what a null counts for: it is left out with its separator, is an empty text, or makes the whole null"},
    REPLACE(ColumnsConcat),
};

static const weir_option template_options[] = {
    {"template", WEIR_STRING, WEIR_OPTION_REQUIRED, offsetof(ColumnsTemplate, template), NULL, 0, 0, NULL,
     "the text, with {column} where a value goes; {{ and }} are braces"},
    {"into", WEIR_STRING, 0, offsetof(ColumnsTemplate, into), "text", 0, 0, NULL, "the new column"},
    {"null", WEIR_CHOICE, 0, offsetof(ColumnsTemplate, null), "null", 0, 0, "null|empty",
     "what a null in one of the columns does: it makes the whole null, or is an empty text"},
    REPLACE(ColumnsTemplate),
};

/* ---- compute ---- */

static const weir_option compute_options[] = {
    {"columns", WEIR_STRING_MAP, WEIR_OPTION_REQUIRED, offsetof(ColumnsCompute, columns), NULL, 0, 0, NULL,
     "expressions by new column: {\"length\": \"length(text)\"}; see EXPRESSIONS in weir-rows(7)"},
    REPLACE(ColumnsCompute),
};

/* ---- The plugin ---- */

static const weir_class classes[] = {
    {
        .name = "select",
        .summary = "Keep or drop columns",
        .help = "The column _row, by which rejected records and predictions are traced to their file and "
                "line, stays "
                "unless \"drop\" names it. Nothing is copied.",
        .in = select_in,
        .n_in = G_N_ELEMENTS(select_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = select_options,
        .n_options = G_N_ELEMENTS(select_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsSelect),
        .schema = columns_select_schema,
        .process = columns_select_process,
    },
    {
        .name = "rename",
        .summary = "Give columns other names",
        .help = "All names change at once, so that two columns can swap theirs. Nothing is copied.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = rename_options,
        .n_options = G_N_ELEMENTS(rename_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsRename),
        .schema = columns_rename_schema,
        .process = columns_rename_process,
    },
    {
        .name = "cast",
        .summary = "Turn columns into other types",
        .help = "Texts are read as file.read reads them and written as file.write writes them. Numbers "
                "become integers only "
                "if they are whole and fit; real numbers are rounded to f32. 0 and 1 and the texts true and "
                "false become "
                "booleans. Bytes become a text if they are UTF-8. A list of numbers becomes a vector, "
                "fixed<f32,N>, if "
                "it has N of them and no null. What cannot be converted is rejected, with column, value and "
                "type, or "
                "becomes null; null stays null.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = cast_options,
        .n_options = G_N_ELEMENTS(cast_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsCast),
        .schema = columns_cast_schema,
        .process = columns_cast_process,
    },
    {
        .name = "constant",
        .summary = "Add columns that have the same value in every record",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = constant_options,
        .n_options = G_N_ELEMENTS(constant_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsConstant),
        .schema = columns_constant_schema,
        .process = columns_constant_process,
    },
    {
        .name = "concat",
        .summary = "Join columns into one text",
        .help = "Numbers, booleans and times are written as file.write writes them.",
        .in = concat_in,
        .n_in = G_N_ELEMENTS(concat_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = concat_options,
        .n_options = G_N_ELEMENTS(concat_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsConcat),
        .schema = columns_concat_schema,
        .process = columns_concat_process,
    },
    {
        .name = "template",
        .summary = "Make a text from a template and the columns of the record",
        .help = "For prompts and sentences: \"Question: {question}\\nAnswer: {answer}\". The columns are "
                "checked with the "
                "pipeline. Numbers, booleans and times are written as file.write writes them.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = template_options,
        .n_options = G_N_ELEMENTS(template_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsTemplate),
        .schema = columns_template_schema,
        .process = columns_template_process,
    },
    {
        .name = "compute",
        .summary = "Add columns that are computed from the others",
        .help = "The expressions are checked with the pipeline: names of columns, types and patterns. All "
                "are computed from "
                "the columns that arrive, none from another new one. Their types are bool, i64, f64, utf8 or "
                "timestamp. A "
                "record for which one cannot be computed is rejected with the reason.",
        .in = any_in,
        .n_in = G_N_ELEMENTS(any_in),
        .n_out = G_N_ELEMENTS(open_out),
        .out = open_out,
        .options = compute_options,
        .n_options = G_N_ELEMENTS(compute_options),
        .threads = WEIR_PARALLEL,
        .state_size = sizeof(ColumnsCompute),
        .schema = columns_compute_schema,
        .process = columns_compute_process,
        .close = columns_compute_close,
    },
};

WEIR_PLUGIN(.name = "columns", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Choose, name, convert and make columns", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
