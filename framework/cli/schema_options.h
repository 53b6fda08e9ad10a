/* SPDX-License-Identifier: MIT */
/* The JSON Schema of an option of a stage, and the calls that write schemas. */
#ifndef WEIR_CLI_SCHEMA_OPTIONS_H
#define WEIR_CLI_SCHEMA_OPTIONS_H

#include "base/json_write.h"
#include "cli/scan.h"

G_BEGIN_DECLS

/* Begin and end an object; `key` NULL: in an array. */
void cli_schema_begin(WeirJsonWriter *json, const char *key);
void cli_schema_end(WeirJsonWriter *json);

/* Members that are JSON already, without the braces around them. */
void cli_schema_members(WeirJsonWriter *json, const char *members);

/* {"$ref": "#/$defs/NAME"} */
void cli_schema_ref(WeirJsonWriter *json, const char *key, const char *name);

/* A string member, left out where it is empty. */
void cli_schema_string(WeirJsonWriter *json, const char *key, const char *value);

/* The member of "properties" for an option as described by cli_describe(). A value may always be ${p}. */
void cli_schema_option(WeirJsonWriter *json, const WeirNode *option);

G_END_DECLS

#endif
