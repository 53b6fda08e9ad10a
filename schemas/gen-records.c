/* SPDX-License-Identifier: MIT */
/* Prints the JSON Schema of a record type of weir/plugin.h, as its records stand in JSON and JSON Lines files. */
#include "base/json_write.h"
#include "core/porttype.h"
#include <stdio.h>
#include <string.h>

typedef struct RecordType {
  const char *name, *macro, *columns, *about;
} RecordType;

static const RecordType record_types[] = {
    {"labelled-text", "WEIR_LABELLED_TEXT", WEIR_LABELLED_TEXT, "A text with its class."},
    {"text-pair", "WEIR_TEXT_PAIR", WEIR_TEXT_PAIR, "Two texts with the class of the pair."},
    {"multi-label-text", "WEIR_MULTI_LABEL_TEXT", WEIR_MULTI_LABEL_TEXT,
     "A text with any number of classes."},
    {"interaction", "WEIR_INTERACTION", WEIR_INTERACTION,
     "What a user did with an item; value is a rating or a weight."},
    {"llm-outcome", "WEIR_LLM_OUTCOME", WEIR_LLM_OUTCOME,
     "How a model answered a query: quality from 0 to 1, latency in seconds."},
    {"prediction", "WEIR_PREDICTION", WEIR_PREDICTION,
     "What a predictor adds: the label, and the probability that it is right, from 0 to 1."},
    {"artifact", "WEIR_ARTIFACT", WEIR_ARTIFACT,
     "A file or folder that a run made: its path in the run directory, the SHA-256 of its content in hex, a "
     "JSON "
     "object about it."},
};

static void
write_range(WeirJsonWriter *json, gint64 minimum, guint64 maximum)
{
  weir_json_member_integer(json, "minimum", minimum);
  weir_json_member_unsigned(json, "maximum", maximum);
}

/* The name of a JSON type, or that and "null". */
static void
write_kind(WeirJsonWriter *json, const char *kind, gboolean nullable)
{
  weir_json_key(json, "type");
  if (!nullable) {
    weir_json_string(json, kind);
    return;
  }
  weir_json_begin_array(json);
  weir_json_string(json, kind);
  weir_json_string(json, "null");
  weir_json_end_array(json);
}

static void
write_integer(WeirJsonWriter *json, weir_type type, gboolean nullable)
{
  guint bits = 8 * (guint)weir_type_size(type);
  gboolean is_signed = type == WEIR_I8 || type == WEIR_I16 || type == WEIR_I32 || type == WEIR_I64;
  guint64 most = is_signed ? G_MAXUINT64 >> (65 - bits) : G_MAXUINT64 >> (64 - bits);
  write_kind(json, "integer", nullable);
  write_range(json, is_signed ? -(gint64)most - 1 : 0, most);
}

static void write_field(WeirJsonWriter *json, const struct ArrowSchema *field);

/* The columns of a record, or the members of a struct. */
static void
write_members(WeirJsonWriter *json, const struct ArrowSchema *parent)
{
  weir_json_key(json, "properties");
  weir_json_begin_object(json);
  for (gint64 i = 0; i < parent->n_children; i++) {
    weir_json_key(json, parent->children[i]->name);
    write_field(json, parent->children[i]);
  }
  weir_json_end_object(json);
  weir_json_key(json, "required");
  weir_json_begin_array(json);
  for (gint64 i = 0; i < parent->n_children; i++)
    if (!(parent->children[i]->flags & ARROW_FLAG_NULLABLE))
      weir_json_string(json, parent->children[i]->name);
  weir_json_end_array(json);
}

/* A column as file.write writes it: bytes as base64, times as RFC 3339. */
static void
write_field(WeirJsonWriter *json, const struct ArrowSchema *field)
{
  gint32 width;
  weir_type type = weir_type_from_format(field->format, &width);
  gboolean nullable = (field->flags & ARROW_FLAG_NULLABLE) != 0;
  weir_json_begin_object(json);
  switch (type) {
  case WEIR_BOOL:
    write_kind(json, "boolean", nullable);
    break;
  case WEIR_F32:
  case WEIR_F64:
    write_kind(json, "number", nullable);
    break;
  case WEIR_LIST:
  case WEIR_FIXED:
    write_kind(json, "array", nullable);
    weir_json_key(json, "items");
    write_field(json, field->children[0]);
    if (type == WEIR_FIXED) {
      weir_json_member_integer(json, "minItems", width);
      weir_json_member_integer(json, "maxItems", width);
    }
    break;
  case WEIR_TIMESTAMP:
    write_kind(json, "string", nullable);
    weir_json_member_string(json, "format", "date-time");
    break;
  case WEIR_UTF8:
    write_kind(json, "string", nullable);
    break;
  case WEIR_BINARY:
    write_kind(json, "string", nullable);
    weir_json_member_string(json, "contentEncoding", "base64");
    break;
  case WEIR_STRUCT:
    write_kind(json, "object", nullable);
    write_members(json, field);
    break;
  default:
    write_integer(json, type, nullable);
    break;
  }
  weir_json_end_object(json);
}

static char *
to_json(const RecordType *record, const WeirSchema *schema)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  g_autofree char *comment = g_strdup_printf("%s: %s", record->macro, record->columns);
  weir_json_begin_object(json);
  weir_json_member_string(json, "$schema", "https://json-schema.org/draft/2020-12/schema");
  weir_json_member_string(json, "title", record->name);
  weir_json_member_string(json, "description", record->about);
  weir_json_member_string(json, "$comment", comment);
  weir_json_member_string(json, "type", "object");
  write_members(json, &schema->arrow);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  return g_string_free(out, FALSE);
}

static int
print_record(const RecordType *record)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(WeirPortType) type = weir_port_type_parse(record->columns, &error);
  g_autoptr(WeirSchema) schema = type ? weir_port_type_output(type, NULL, NULL, NULL, NULL, problems) : NULL;
  if (!schema) {
    fprintf(stderr, "%s: %s\n", record->macro, error ? error->message : (const char *)problems->pdata[0]);
    return 1;
  }
  g_autofree char *text = to_json(record, schema);
  return fputs(text, stdout) == EOF || fflush(stdout) != 0;
}

/* gen-records NAME prints one schema; without a name it lists the names. */
int
main(int argc, char **argv)
{
  for (guint i = 0; i < G_N_ELEMENTS(record_types); i++) {
    if (argc < 2)
      puts(record_types[i].name);
    else if (strcmp(argv[1], record_types[i].name) == 0)
      return print_record(&record_types[i]);
  }
  if (argc >= 2)
    fprintf(stderr, "gen-records: there is no record type \"%s\"\n", argv[1]);
  return argc >= 2;
}
