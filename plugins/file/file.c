/* SPDX-License-Identifier: MIT */
/* The plugin "file": reads records from files and writes records to files. */
#include "config.h"

#include "read.h"
#include "write.h"

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
     .help = "files to read, one after another; patterns with * ? [ ] are expanded in byte order. Of an "
             "archive (zip or tar), its members are read"},
    {.name = "member",
     .type = WEIR_STRING_LIST,
     .offset = READ(member),
     .help = "which members of archives to read: names or patterns, where * matches folders too; when not "
             "given, those "
             "whose names end as tables do (.csv, .jsonl, …), or the only one"},
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
     .min = 1024,
     .max = 1073741824,
     .help = "size beyond which a single record is refused, if that is less than the run's (--max-record)"},
};

static const weir_port write_in[] = {
    {.name = "in",
     .type = "${column}:utf8?, ${omit}:any?, *",
     .help = "the records; the column _row that a reader added is left out"},
};

#define WRITE(member) offsetof(struct file_write, member)

static const weir_option write_options[] = {
    {.name = "path",
     .type = WEIR_OUTPUT_PATH,
     .flags = WEIR_OPTION_REQUIRED,
     .offset = WRITE(path),
     .help = "file to write; folders above it are made. A name that ends with .gz, .zst, .xz or .bz2 is "
             "compressed so"},
    {.name = "format",
     .type = WEIR_CHOICE,
     .offset = WRITE(format),
     .by_default = "auto",
     .choices = "auto|csv|tsv|jsonl|json|text",
     .help = "how to write; auto goes by the name: .csv, .tsv, .jsonl (.ndjson), .json, .txt"},
    {.name = "level",
     .type = WEIR_INTEGER,
     .flags = WEIR_OPTION_ADVANCED,
     .offset = WRITE(level),
     .min = 0,
     .max = 19,
     .help = "how hard to compress: 1 to 9, for .xz from 0, for .zst up to 19; when not given, what the "
             "compression itself prefers"},
    {.name = "header",
     .type = WEIR_BOOLEAN,
     .offset = WRITE(header),
     .by_default = "true",
     .help = "whether the first line of CSV and TSV names the columns"},
    {.name = "delimiter",
     .type = WEIR_STRING,
     .offset = WRITE(delimiter),
     .help = "one character between fields, or \"tab\"; when not given, a comma for CSV and a tab for TSV"},
    {.name = "quote",
     .type = WEIR_STRING,
     .offset = WRITE(quote),
     .help = "the character around fields of CSV and TSV that need it, or \"none\": such fields are then an "
             "error; when not given, \" for CSV and none for TSV"},
    {.name = "null",
     .type = WEIR_STRING,
     .offset = WRITE(null),
     .help = "what CSV and TSV say for null; when not given, nothing. A text that is the same is quoted"},
    {.name = "crlf",
     .type = WEIR_BOOLEAN,
     .flags = WEIR_OPTION_ADVANCED,
     .offset = WRITE(crlf),
     .by_default = "false",
     .help = "whether lines of CSV and TSV end with carriage return and line feed, as RFC 4180 has it"},
    {.name = "pretty",
     .type = WEIR_BOOLEAN,
     .offset = WRITE(pretty),
     .by_default = "false",
     .help = "whether JSON is indented, with a line for every member"},
    {.name = "single",
     .type = WEIR_BOOLEAN,
     .offset = WRITE(single),
     .by_default = "false",
     .help = "whether JSON is the object of the one record, not an array; more or no records are then an "
             "error"},
    {.name = "column",
     .type = WEIR_FIELD,
     .offset = WRITE(column),
     .help = "the column that plain text is written from; not needed where there is only one"},
    {.name = "omit",
     .type = WEIR_FIELD_LIST,
     .offset = WRITE(omit),
     .help = "columns that are not written, beside _row"},
};

static const weir_class classes[] = {
    {.name = "read",
     .summary = "Read records from CSV, TSV, JSON, JSON Lines or plain text files",
     .help =
         "Types are inferred from a sample, unless \"columns\" declares them; a value that does not fit its "
         "column is an error with file and line, never dropped or bent.\n\n"
         "JSON Lines is an object a line; JSON is an array of objects, or objects one after another. The "
         "columns are the keys of all sampled records, nullable, as a key may be missing; a key that comes "
         "nowhere in the sample is an error. Integers become i64, other numbers f64, arrays lists, objects "
         "that always have the same keys structs. What has no common type is text, in which strings stand "
         "as they are and other values as their JSON text: mixed values, objects with changing keys, and "
         "integers beyond i64, of which no digit is lost. A column that is declared as text takes any value "
         "in that way. Declared as timestamp it takes strings after RFC 3339, as binary base64, and as "
         "fixed<f32,N> arrays of N numbers. Keys that come twice in an object, invalid UTF-8, halves of "
         "surrogate pairs, and arrays and objects nested more than 64 deep are errors.",
     .out = read_out,
     .n_out = G_N_ELEMENTS(read_out),
     .options = read_options,
     .n_options = G_N_ELEMENTS(read_options),
     .state_size = sizeof(struct file_read),
     .schema = file_read_schema,
     .open = file_read_open,
     .produce = file_read_produce,
     .close = file_read_close},
    {.name = "write",
     .summary = "Write records to a CSV, TSV, JSON, JSON Lines or plain text file",
     .help =
         "The file appears, under its name, when all records are in it: until then, and if anything fails, "
         "an "
         "older one stays as it was.\n\n"
         "CSV and TSV quote only fields that need it, and empty texts, so that these are not taken for null. "
         "Lists, vectors and structs are written as JSON. Real numbers are written with as many digits as it "
         "takes to read the same number back; times as RFC 3339 in UTC, bytes as base64. JSON has no NaN and "
         "no infinity: null is written for them, with a warning. Line breaks in plain text are written as "
         "they are.",
     .in = write_in,
     .n_in = G_N_ELEMENTS(write_in),
     .options = write_options,
     .n_options = G_N_ELEMENTS(write_options),
     .state_size = sizeof(struct file_write),
     .flags = WEIR_CLASS_SINK,
     .schema = file_write_schema,
     .open = file_write_open,
     .process = file_write_process,
     .end = file_write_end,
     .close = file_write_close},
};

WEIR_PLUGIN(.name = "file", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Read and write files of records", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
