/* SPDX-License-Identifier: MIT */
/* The plugin "file": reads records from files and writes records to files. */
#include "config.h"

#include "read.h"

static const weir_port read_out[] = {
    {.name = "out",
     .type = "any",
     .flags = WEIR_PORT_REQUIRED,
     .help = "the records, and where each came from"},
};

#define READ(member) offsetof(struct file_read, member)

static const weir_option read_options[] = {
    {.name = "path",
     .type = WEIR_PATH_LIST,
     .flags = WEIR_OPTION_REQUIRED,
     .offset = READ(path),
     .help = "files to read, one after another; patterns with * ? [ ] are expanded in byte order"},
    {.name = "format",
     .type = WEIR_CHOICE,
     .offset = READ(format),
     .by_default = "auto",
     .choices = "auto|csv|tsv|jsonl|json|text",
     .help = "what the files are; auto looks at name and content"},
    {.name = "columns",
     .type = WEIR_STRING_MAP,
     .offset = READ(columns),
     .help = "types of columns, as in {\"id\": \"i64\", \"note\": \"utf8?\"} (? where nulls may come); the "
             "others are "
             "inferred from a sample. Without a header, the names of all columns"},
    {.name = "delimiter",
     .type = WEIR_STRING,
     .offset = READ(delimiter),
     .help = "one character between fields, or \"tab\"; when not given, the one of , ; tab | that fits the "
             "sample"},
    {.name = "header",
     .type = WEIR_CHOICE,
     .offset = READ(header),
     .by_default = "auto",
     .choices = "auto|yes|no",
     .help = "whether the first record names the columns; without a header they are called c1, c2, …"},
    {.name = "quote",
     .type = WEIR_STRING,
     .offset = READ(quote),
     .help = "the character around fields that contain delimiters or line ends, or \"none\"; when not given, "
             "\" for "
             "CSV and none for TSV"},
    {.name = "null",
     .type = WEIR_STRING_LIST,
     .offset = READ(nulls),
     .help =
         "texts that stand for null, such as NA; an empty field of a column that is not text always does"},
    {.name = "row",
     .type = WEIR_BOOLEAN,
     .offset = READ(row),
     .by_default = "true",
     .help = "whether to add the column _row: number of the file times 2^48, plus the line (in JSON the "
             "record) from 1"},
    {.name = "sample",
     .type = WEIR_SIZE,
     .flags = WEIR_OPTION_ADVANCED,
     .offset = READ(sample),
     .by_default = "1M",
     .min = 1024,
     .max = 1073741824,
     .help = "bytes from the beginning of a file that types are inferred from; long files give some from "
             "within too"},
    {.name = "max-record",
     .type = WEIR_SIZE,
     .flags = WEIR_OPTION_ADVANCED,
     .offset = READ(max_record),
     .by_default = "256M",
     .min = 1024,
     .max = 1073741824,
     .help = "size beyond which a single record is refused"},
};

static const weir_class classes[] = {
    {.name = "read",
     .summary = "Read records from CSV, TSV, JSON, JSON Lines or plain text files",
     .out = read_out,
     .n_out = G_N_ELEMENTS(read_out),
     .options = read_options,
     .n_options = G_N_ELEMENTS(read_options),
     .state_size = sizeof(struct file_read),
     .schema = file_read_schema,
     .open = file_read_open,
     .produce = file_read_produce,
     .close = file_read_close},
};

WEIR_PLUGIN(.name = "file", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Read and write files of records", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
