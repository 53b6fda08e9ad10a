/* SPDX-License-Identifier: MIT */
/* The JSON Schema of pipeline files, with the stages that are installed; see inspect_views.h.
 * https://json-schema.org/draft/2020-12 */
#include "cli/inspect_views.h"

#include "cli/schema_options.h"

/* The parts that no plugin changes. What they say is what the pipeline reader accepts. */
static const char fixed_definitions[] =
    "\"name\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z][A-Za-z0-9_-]{0,63}$\"},"
    "\"reference\":{\"description\":\"a text with the value of a parameter, ${p}, or of an environment "
    "variable, "
    "${env:NAME}\",\"type\":\"string\",\"pattern\":\"\\\\$\\\\{[^}]+\\\\}\"},"
    "\"output\":{\"description\":\"STAGE.PORT, or STAGE where it has one output; SUB/STAGE in an included "
    "pipeline, SUB.OUTPUT or INPUT of one; NAME/KEY, or NAME/* for all, with an \\\"each\\\"\","
    "\"type\":\"string\","
    "\"pattern\":\"^[A-Za-z$][A-Za-z0-9_{}$:-]*(/([*]|[A-Za-z0-9$][A-Za-z0-9_{}.$-]*))*([.].+)?$\"},"
    "\"source\":{\"anyOf\":[{\"$ref\":\"#/$defs/output\"},{\"description\":\"the first of these that exists "
    "in a "
    "run\",\"type\":\"object\",\"properties\":{\"first\":{\"type\":\"array\",\"items\":{\"$ref\":"
    "\"#/$defs/output\"},\"minItems\":1}},\"required\":[\"first\"],\"additionalProperties\":false}]},"
    "\"sources\":{\"anyOf\":[{\"$ref\":\"#/$defs/source\"},{\"type\":\"array\",\"items\":{\"$ref\":"
    "\"#/$defs/source\"}}]},"
    "\"on_error\":{\"description\":\"what becomes of records that cannot be used: the run stops at the "
    "first, or "
    "goes on without them\",\"anyOf\":[{\"enum\":[\"stop\",\"reject\"]},{\"$ref\":\"#/$defs/reference\"}],"
    "\"default\":\"stop\"},"
    "\"max_rejects\":{\"description\":\"records that a stage may reject before the run fails\",\"anyOf\":["
    "{\"type\":\"integer\",\"minimum\":0},{\"$ref\":\"#/$defs/reference\"}],\"default\":1000},"
    "\"parameter\":{\"type\":\"object\",\"properties\":{"
    "\"type\":{\"enum\":[\"string\",\"input-path\",\"output-path\",\"integer\",\"number\",\"boolean\","
    "\"choice\",\"size\",\"duration\",\"list\",\"secret\"],\"default\":\"string\"},"
    "\"default\":{\"type\":[\"string\",\"number\",\"boolean\",\"array\",\"object\",\"null\"]},"
    "\"optional\":{\"type\":\"boolean\",\"default\":false},"
    "\"help\":{\"type\":\"string\"},"
    "\"minimum\":{\"type\":\"number\"},\"maximum\":{\"type\":\"number\"},"
    "\"choices\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1}},"
    "\"additionalProperties\":false},"
    "\"when\":{\"description\":\"it is left out unless this holds: p, !p, p == value, p != value\","
    "\"type\":\"string\"},"
    "\"each\":{\"description\":\"one for each element: a list, a map of keys, or ${p} with a parameter of "
    "type "
    "list\",\"anyOf\":[{\"type\":\"array\",\"items\":{\"anyOf\":[{\"type\":[\"string\",\"number\","
    "\"boolean\"]},{\"type\":\"object\",\"required\":[\"key\"]}]}},{\"type\":\"object\"},"
    "{\"$ref\":\"#/$defs/reference\"}]},"
    "\"input\":{\"type\":\"object\",\"properties\":{\"help\":{\"type\":\"string\"},"
    "\"optional\":{\"type\":\"boolean\",\"default\":false},"
    "\"many\":{\"type\":\"boolean\",\"default\":false}},\"additionalProperties\":false},"
    "\"include\":{\"description\":\"brings in the stages of another pipeline file\",\"type\":\"object\","
    "\"properties\":{"
    "\"include\":{\"description\":\"the file, relative to this one\",\"type\":\"string\"},"
    "\"from\":{\"description\":\"what its inputs get\",\"anyOf\":[{\"$ref\":\"#/$defs/sources\"},"
    "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/sources\"}}]},"
    "\"parameters\":{\"description\":\"values of its parameters\",\"type\":\"object\"},"
    "\"when\":{\"$ref\":\"#/$defs/when\"},\"each\":{\"$ref\":\"#/$defs/each\"},"
    "\"discard\":{\"description\":\"outputs that nothing takes, on purpose\",\"type\":\"array\","
    "\"items\":{\"type\":\"string\"}},"
    "\"help\":{\"type\":\"string\"}},\"required\":[\"include\"],\"additionalProperties\":false}";

/* Names of the rows of a list of which a property holds. */
static void
write_required(WeirJsonWriter *json, const WeirNode *stage, const char *key,
               gboolean (*is_required)(const WeirNode *))
{
  const WeirNode *row;
  gboolean any = FALSE;
  for (gsize i = 0; (row = cli_member_at(stage, key, i)); i++) {
    if (!*cli_member_string(row, "name") || !is_required(row))
      continue;
    if (!any) {
      weir_json_key(json, "required");
      weir_json_begin_array(json);
    }
    any = TRUE;
    weir_json_string(json, cli_member_string(row, "name"));
  }
  if (any)
    weir_json_end_array(json);
}

static gboolean
option_is_required(const WeirNode *option)
{
  return cli_member_true(option, "required");
}

static void
write_options(WeirJsonWriter *json, const WeirNode *stage)
{
  const WeirNode *option;
  cli_schema_begin(json, "options");
  weir_json_member_string(json, "type", "object");
  cli_schema_begin(json, "properties");
  for (gsize i = 0; (option = cli_member_at(stage, "options", i)); i++)
    cli_schema_option(json, option);
  cli_schema_end(json);
  write_required(json, stage, "options", option_is_required);
  weir_json_member_boolean(json, "additionalProperties", FALSE);
  cli_schema_end(json);
}

/* --- Inputs --------------------------------------------------------------------------------------------- */

static gboolean
port_is_required(const WeirNode *port)
{
  return !cli_member_true(port, "optional");
}

/* Inputs that have to be connected; `*any_names`: some are named by an option. */
static guint
count_required(const WeirNode *stage, guint *n, gboolean *any_names, const WeirNode **only)
{
  const WeirNode *port;
  guint required = 0;
  *n = 0;
  *any_names = FALSE;
  *only = NULL;
  for (gsize i = 0; (port = cli_member_at(stage, "inputs", i)); i++) {
    (*n)++;
    *any_names |= !*cli_member_string(port, "name");
    if (!port_is_required(port))
      continue;
    required++;
    *only = port;
  }
  if (*n == 1)
    *only = cli_member_at(stage, "inputs", 0);
  return required;
}

static const char *
source_kind(const WeirNode *port)
{
  return cli_member_true(port, "many") ? "sources" : "source";
}

static void
write_input_map(WeirJsonWriter *json, const WeirNode *stage)
{
  const WeirNode *port, *named = NULL;
  cli_schema_begin(json, NULL);
  weir_json_member_string(json, "type", "object");
  cli_schema_begin(json, "properties");
  for (gsize i = 0; (port = cli_member_at(stage, "inputs", i)); i++) {
    if (!*cli_member_string(port, "name")) {
      named = port;
      continue;
    }
    cli_schema_begin(json, cli_member_string(port, "name"));
    cli_schema_string(json, "description", cli_member_string(port, "help"));
    g_autofree char *target = g_strconcat("#/$defs/", source_kind(port), NULL);
    weir_json_member_string(json, "$ref", target);
    cli_schema_end(json);
  }
  cli_schema_end(json);
  write_required(json, stage, "inputs", port_is_required);
  if (named)
    cli_schema_ref(json, "additionalProperties", source_kind(named));
  else
    weir_json_member_boolean(json, "additionalProperties", FALSE);
  cli_schema_end(json);
}

/* Returns whether "from" has to be there. */
static gboolean
write_from(WeirJsonWriter *json, const WeirNode *stage)
{
  guint n;
  gboolean any_names;
  const WeirNode *only;
  guint required = count_required(stage, &n, &any_names, &only);
  weir_json_key(json, "from");
  if (!n) {
    weir_json_boolean(json, FALSE);
    return FALSE;
  }
  weir_json_begin_object(json);
  weir_json_key(json, "anyOf");
  weir_json_begin_array(json);
  if (any_names)
    cli_schema_ref(json, NULL, "sources");
  else if (n == 1 || required == 1)
    cli_schema_ref(json, NULL, source_kind(only));
  write_input_map(json, stage);
  weir_json_end_array(json);
  weir_json_end_object(json);
  return required > 0;
}

/* --- Stages --------------------------------------------------------------------------------------------- */

static gboolean
has_required_option(const WeirNode *stage)
{
  const WeirNode *option;
  for (gsize i = 0; (option = cli_member_at(stage, "options", i)); i++)
    if (option_is_required(option))
      return TRUE;
  return FALSE;
}

static void
write_class(WeirJsonWriter *json, const WeirNode *stage)
{
  gboolean needs_from;
  cli_schema_begin(json, cli_member_string(stage, "use"));
  cli_schema_string(json, "description", cli_member_string(stage, "summary"));
  cli_schema_begin(json, "properties");
  needs_from = write_from(json, stage);
  write_options(json, stage);
  cli_schema_end(json);
  if (needs_from || has_required_option(stage)) {
    weir_json_key(json, "required");
    weir_json_begin_array(json);
    if (needs_from)
      weir_json_string(json, "from");
    if (has_required_option(stage))
      weir_json_string(json, "options");
    weir_json_end_array(json);
  }
  cli_schema_end(json);
}

typedef void (*EachStage)(WeirJsonWriter *json, const WeirNode *stage);

static void
for_each_stage(WeirJsonWriter *json, const CliScan *scan, EachStage each)
{
  const WeirNode *stage;
  for (guint i = 0; i < scan->plugins->len; i++)
    for (gsize k = 0; (stage = cli_member_at(scan->plugins->pdata[i], "stages", k)); k++)
      each(json, stage);
}

static void
write_use(WeirJsonWriter *json, const WeirNode *stage)
{
  weir_json_string(json, cli_member_string(stage, "use"));
}

/* {"if": {"properties": {"use": {"const": U}}}, "then": {"$ref": "#/$defs/U"}} */
static void
write_condition(WeirJsonWriter *json, const WeirNode *stage)
{
  cli_schema_begin(json, NULL);
  cli_schema_begin(json, "if");
  cli_schema_begin(json, "properties");
  cli_schema_begin(json, "use");
  weir_json_member_string(json, "const", cli_member_string(stage, "use"));
  cli_schema_end(json);
  cli_schema_end(json);
  cli_schema_end(json);
  cli_schema_ref(json, "then", cli_member_string(stage, "use"));
  cli_schema_end(json);
}

static void
write_stage(WeirJsonWriter *json, const CliScan *scan)
{
  cli_schema_begin(json, "stage");
  weir_json_member_string(json, "type", "object");
  cli_schema_begin(json, "properties");
  cli_schema_begin(json, "use");
  weir_json_key(json, "anyOf");
  weir_json_begin_array(json);
  cli_schema_begin(json, NULL);
  weir_json_key(json, "enum");
  weir_json_begin_array(json);
  for_each_stage(json, scan, write_use);
  weir_json_end_array(json);
  cli_schema_end(json);
  cli_schema_ref(json, NULL, "reference");
  weir_json_end_array(json);
  cli_schema_end(json);
  cli_schema_members(
      json, "\"from\":{\"description\":\"where its inputs come from\"},"
            "\"options\":{\"type\":\"object\"},"
            "\"when\":{\"$ref\":\"#/$defs/when\"},\"each\":{\"$ref\":\"#/$defs/each\"},"
            "\"discard\":{\"description\":\"outputs that nothing takes, on purpose\",\"type\":\"array\","
            "\"items\":{\"type\":\"string\"}},"
            "\"on_error\":{\"$ref\":\"#/$defs/on_error\"},"
            "\"max_rejects\":{\"$ref\":\"#/$defs/max_rejects\"},"
            "\"help\":{\"type\":\"string\"}");
  cli_schema_end(json);
  cli_schema_members(json, "\"required\":[\"use\"],\"additionalProperties\":false");
  weir_json_key(json, "allOf");
  weir_json_begin_array(json);
  for_each_stage(json, scan, write_condition);
  weir_json_end_array(json);
  cli_schema_end(json);
}

char *
cli_view_schema(const CliScan *scan)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  weir_json_begin_object(json);
  cli_schema_members(
      json, "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
            "\"title\":\"Weir pipeline\",\"type\":\"object\","
            "\"properties\":{"
            "\"$schema\":{\"type\":\"string\"},"
            "\"weir\":{\"description\":\"version of the pipeline format\",\"const\":1},"
            "\"name\":{\"$ref\":\"#/$defs/name\"},"
            "\"help\":{\"type\":\"string\"},"
            "\"seed\":{\"description\":\"of all random choices\",\"anyOf\":[{\"type\":\"integer\"},"
            "{\"$ref\":\"#/$defs/reference\"}]},"
            "\"on_error\":{\"$ref\":\"#/$defs/on_error\"},"
            "\"max_rejects\":{\"$ref\":\"#/$defs/max_rejects\"},"
            "\"parameters\":{\"description\":\"command-line options of this pipeline\",\"type\":\"object\","
            "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
            "\"additionalProperties\":{\"$ref\":\"#/$defs/parameter\"}},"
            "\"stages\":{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":4096,"
            "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
            "\"additionalProperties\":{\"if\":{\"required\":[\"include\"]},"
            "\"then\":{\"$ref\":\"#/$defs/include\"},\"else\":{\"$ref\":\"#/$defs/stage\"}}},"
            "\"inputs\":{\"description\":\"what a pipeline takes that others include\",\"type\":\"object\","
            "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
            "\"additionalProperties\":{\"$ref\":\"#/$defs/input\"}},"
            "\"outputs\":{\"description\":\"what it gives\",\"type\":\"object\","
            "\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
            "\"additionalProperties\":{\"$ref\":\"#/$defs/sources\"}}},"
            "\"required\":[\"weir\",\"stages\"],\"additionalProperties\":false");
  cli_schema_begin(json, "$defs");
  cli_schema_members(json, fixed_definitions);
  write_stage(json, scan);
  for_each_stage(json, scan, write_class);
  cli_schema_end(json);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  return g_string_free(out, FALSE);
}
