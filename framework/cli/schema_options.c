/* SPDX-License-Identifier: MIT */
/* The JSON Schema of an option: see schema_options.h. */
#include "cli/schema_options.h"

#include <math.h>
#include <string.h>

void
cli_schema_begin(WeirJsonWriter *json, const char *key)
{
  if (key)
    weir_json_key(json, key);
  weir_json_begin_object(json);
}

void
cli_schema_end(WeirJsonWriter *json)
{
  weir_json_end_object(json);
}

void
cli_schema_members(WeirJsonWriter *json, const char *members)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *text = g_strdup_printf("{%s}", members);
  g_autoptr(WeirNode) node = weir_node_parse_json(text, -1, "schema", diagnostics);
  g_assert(node);
  for (gsize i = 0; i < weir_node_size(node); i++) {
    weir_json_key(json, weir_node_key_at(node, i));
    weir_node_write_json(weir_node_at(node, i), json);
  }
}

void
cli_schema_ref(WeirJsonWriter *json, const char *key, const char *name)
{
  g_autofree char *target = g_strconcat("#/$defs/", name, NULL);
  cli_schema_begin(json, key);
  weir_json_member_string(json, "$ref", target);
  cli_schema_end(json);
}

void
cli_schema_string(WeirJsonWriter *json, const char *key, const char *value)
{
  if (*value)
    weir_json_member_string(json, key, value);
}

static gboolean
starts_with_kind(const char *type, const char *kind)
{
  return g_str_has_prefix(type, kind);
}

static gboolean
is_list(const char *type)
{
  return g_str_has_suffix(type, "-list");
}

static gboolean
is_map(const char *type)
{
  return g_str_has_suffix(type, "-map");
}

/* A number as an integer where it is one: 2, not 2.0. */
static void
write_bound(WeirJsonWriter *json, const char *key, const WeirNode *bound)
{
  if (!bound)
    return;
  double value = weir_node_number(bound);
  if (value == trunc(value) && fabs(value) < 1e15)
    weir_json_member_integer(json, key, (gint64)value);
  else
    weir_json_member_number(json, key, value);
}

static void
write_range(WeirJsonWriter *json, const WeirNode *option)
{
  write_bound(json, "minimum", weir_node_get(option, "minimum"));
  write_bound(json, "maximum", weir_node_get(option, "maximum"));
}

/* One value of an option: a scalar, or an item of its list or map. */
static void
write_scalar(WeirJsonWriter *json, const WeirNode *option, const char *type)
{
  const WeirNode *choices = weir_node_get(option, "choices");
  if (choices) {
    weir_json_key(json, "enum");
    weir_node_write_json(choices, json);
  } else if (starts_with_kind(type, "integer")) {
    weir_json_member_string(json, "type", "integer");
    write_range(json, option);
  } else if (starts_with_kind(type, "number")) {
    weir_json_member_string(json, "type", "number");
    write_range(json, option);
  } else if (starts_with_kind(type, "boolean")) {
    weir_json_member_string(json, "type", "boolean");
  } else if (starts_with_kind(type, "size")) {
    cli_schema_members(json, "\"type\":[\"integer\",\"string\"],\"minimum\":0,"
                             "\"pattern\":\"^[0-9]+([.][0-9]+)?([KMGTP]i?B?|kB|B)?$\"");
  } else if (starts_with_kind(type, "duration")) {
    cli_schema_members(
        json, "\"type\":[\"number\",\"string\"],\"pattern\":\"^(0|([0-9]+([.][0-9]+)?(d|h|m|s|ms|us))+)$\"");
  } else {
    weir_json_member_string(json, "type", "string");
  }
}

/* Whether a text, and so also ${p}, is valid already. */
static gboolean
takes_text(const WeirNode *option, const char *type)
{
  static const char *const texts[] = {"string", "input-path", "output-path", "field", NULL};
  return !weir_node_get(option, "choices") && g_strv_contains(texts, type);
}

/* A scalar, or ${p} in its place. */
static void
write_value(WeirJsonWriter *json, const char *key, const WeirNode *option, const char *type)
{
  cli_schema_begin(json, key);
  if (takes_text(option, type)) {
    write_scalar(json, option, type);
  } else {
    weir_json_key(json, "anyOf");
    weir_json_begin_array(json);
    cli_schema_begin(json, NULL);
    write_scalar(json, option, type);
    cli_schema_end(json);
    cli_schema_ref(json, NULL, "reference");
    weir_json_end_array(json);
  }
  cli_schema_end(json);
}

/* "string" of "string-list"; a path list has input paths, a field list names of columns: texts, both. */
static char *
item_type(const char *type)
{
  char *item = g_strndup(type, (gsize)(strrchr(type, '-') - type));
  if (strcmp(item, "number") != 0) {
    g_free(item);
    item = g_strdup("string");
  }
  return item;
}

static void
write_list(WeirJsonWriter *json, const WeirNode *option, const char *type)
{
  g_autofree char *item = item_type(type);
  weir_json_key(json, "anyOf");
  weir_json_begin_array(json);
  cli_schema_begin(json, NULL);
  weir_json_member_string(json, "type", "array");
  write_value(json, "items", option, item);
  cli_schema_end(json);
  write_value(json, NULL, option, item);
  weir_json_end_array(json);
}

static void
write_map(WeirJsonWriter *json, const WeirNode *option, const char *type)
{
  g_autofree char *item = item_type(type);
  weir_json_key(json, "anyOf");
  weir_json_begin_array(json);
  cli_schema_begin(json, NULL);
  weir_json_member_string(json, "type", "object");
  write_value(json, "additionalProperties", option, item);
  cli_schema_end(json);
  cli_schema_ref(json, NULL, "reference");
  weir_json_end_array(json);
}

/* A default in the type that it has in JSON: in the table of options it is a text. */
static void
write_default(WeirJsonWriter *json, const WeirNode *option, const char *type)
{
  const char *text = cli_member_string(option, "default");
  gboolean has_default = weir_node_get(option, "default") != NULL;
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = NULL;
  if (!has_default)
    return;
  if (!takes_text(option, type) && !weir_node_get(option, "choices"))
    node = weir_node_parse_argument(text, WEIR_POSITION_NONE, diagnostics);
  weir_json_key(json, "default");
  if (node)
    weir_node_write_json(node, json);
  else
    weir_json_string(json, text);
}

/* A secret is named, never written. */
static void
write_secret(WeirJsonWriter *json)
{
  cli_schema_members(json, "\"anyOf\":[{\"type\":\"string\",\"pattern\":\"^\\\\$\\\\{[^}]+\\\\}$\"},"
                           "{\"type\":\"object\",\"properties\":{\"file\":{\"type\":\"string\"}},"
                           "\"required\":[\"file\"],\"additionalProperties\":false}]");
}

void
cli_schema_option(WeirJsonWriter *json, const WeirNode *option)
{
  const char *type = cli_member_string(option, "type");
  cli_schema_begin(json, cli_member_string(option, "name"));
  cli_schema_string(json, "description", cli_member_string(option, "help"));
  write_default(json, option, type);
  if (strcmp(type, "secret") == 0) {
    write_secret(json);
  } else if (is_list(type)) {
    write_list(json, option, type);
  } else if (is_map(type)) {
    write_map(json, option, type);
  } else if (takes_text(option, type)) {
    write_scalar(json, option, type);
  } else {
    weir_json_key(json, "anyOf");
    weir_json_begin_array(json);
    cli_schema_begin(json, NULL);
    write_scalar(json, option, type);
    cli_schema_end(json);
    cli_schema_ref(json, NULL, "reference");
    weir_json_end_array(json);
  }
  cli_schema_end(json);
}
