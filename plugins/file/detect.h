/* SPDX-License-Identifier: MIT */
/** detect.h: which format a file has, by its name and by what stands in it. */
#ifndef WEIR_FILE_DETECT_H
#define WEIR_FILE_DETECT_H

#include "reader.h"

/** The choices of the option `format`, in its order. */
enum file_format { FORMAT_AUTO, FORMAT_CSV, FORMAT_TSV, FORMAT_JSONL, FORMAT_JSON, FORMAT_TEXT };

/** The format that a name's ending promises (that of a compression before it does not count), or FORMAT_AUTO. */
enum file_format detect_by_name(const char *name);

/** The format that a text looks like: JSON and JSON Lines by how they begin; a table by a delimiter that gives
 * nearly every record as many fields; else plain text. Never FORMAT_AUTO. */
enum file_format detect_by_content(const char *data, size_t len, bool last);

/**
 * The format of a file. Where name and content disagree the content decides, and `*conflict` is set: the name
 * promised something else than what is read.
 */
enum file_format detect_format(const char *name, const char *data, size_t len, bool last, bool *conflict);

const char *detect_format_name(enum file_format format);

#endif
