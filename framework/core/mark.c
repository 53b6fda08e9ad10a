/* SPDX-License-Identifier: MIT */
/* Marks of stages that are whole: JSON with a digest of itself in its first line. */
#include "core/mark.h"

#include "base/atomic_file.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/redact.h"
#include "base/tree.h"
#include "core/message_json.h"
#include "core/run.h"

#include <math.h>
#include <string.h>

#define MARK_VERSION 1
#define HEAD         "{\"sha256\": \""
#define HEAD_END     "\",\n"

static void
output_free(gpointer data)
{
  WeirMarkOutput *output = data;
  g_free(output->name);
  g_clear_pointer(&output->schema, weir_schema_unref);
  g_free(output);
}

WeirMark *
weir_mark_new(const char *key, const char *stage, const char *use)
{
  WeirMark *mark = g_new0(WeirMark, 1);
  mark->key = g_strdup(key);
  mark->stage = g_strdup(stage);
  mark->use = g_strdup(use);
  mark->outputs = g_ptr_array_new_with_free_func(output_free);
  mark->artifacts = g_ptr_array_new_with_free_func(weir_made_thing_free);
  mark->outside = g_ptr_array_new_with_free_func(weir_made_thing_free);
  mark->messages = g_ptr_array_new_with_free_func(weir_posted_free);
  return mark;
}

void
weir_mark_free(WeirMark *mark)
{
  if (!mark)
    return;
  g_free(mark->key);
  g_free(mark->stage);
  g_free(mark->use);
  g_free(mark->run);
  g_free(mark->held);
  g_free(mark->rejects_sha256);
  g_ptr_array_unref(mark->outputs);
  g_ptr_array_unref(mark->artifacts);
  g_ptr_array_unref(mark->outside);
  g_ptr_array_unref(mark->messages);
  g_free(mark);
}

char *
weir_mark_safe_name(const char *name)
{
  GString *out = g_string_new(NULL);
  for (const char *p = name; *p; p++)
    if (g_ascii_isalnum(*p) || *p == '-' || *p == '_')
      g_string_append_c(out, *p);
    else
      g_string_append_printf(out, "%%%02X", (guint)(guchar)*p);
  return g_string_free(out, FALSE);
}

char *
weir_mark_table_name(const char *output)
{
  g_autofree char *safe = weir_mark_safe_name(output);
  return g_strconcat(safe, ".table", NULL);
}

WeirMarkOutput *
weir_mark_add_output(WeirMark *mark, const char *name)
{
  WeirMarkOutput *output = g_new0(WeirMarkOutput, 1);
  output->name = g_strdup(name);
  g_ptr_array_add(mark->outputs, output);
  return output;
}

WeirMarkOutput *
weir_mark_find_output(const WeirMark *mark, const char *name)
{
  for (guint i = 0; i < mark->outputs->len; i++) {
    WeirMarkOutput *output = mark->outputs->pdata[i];
    if (g_str_equal(output->name, name))
      return output;
  }
  return NULL;
}

/* ---- Writing -------------------------------------------------------------------------------------------- */

static void
write_outputs(WeirJsonWriter *json, const WeirMark *mark)
{
  weir_json_key(json, "outputs");
  weir_json_begin_array(json);
  for (guint i = 0; i < mark->outputs->len; i++) {
    const WeirMarkOutput *output = mark->outputs->pdata[i];
    weir_json_begin_object(json);
    weir_json_member_string(json, "name", output->name);
    weir_json_member_boolean(json, "used", output->used);
    weir_json_member_boolean(json, "kept", output->kept);
    weir_json_member_unsigned(json, "rows", output->rows);
    weir_json_member_unsigned(json, "bytes", output->bytes);
    weir_json_key(json, "columns");
    if (!output->schema)
      weir_json_null(json);
    else
      weir_json_begin_array(json);
    for (guint c = 0; output->schema && c < weir_schema_n_columns(output->schema); c++) {
      g_autofree char *type = weir_field_type_to_string(output->schema->arrow.children[c]);
      weir_json_begin_array(json);
      weir_json_string(json, weir_schema_column_name(output->schema, c));
      weir_json_string(json, type);
      weir_json_end_array(json);
    }
    if (output->schema)
      weir_json_end_array(json);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_made(WeirJsonWriter *json, const char *key, const GPtrArray *things, gboolean outside)
{
  weir_json_key(json, key);
  weir_json_begin_array(json);
  for (guint i = 0; i < things->len; i++) {
    const WeirMadeThing *thing = things->pdata[i];
    /* Messages and metadata came without secrets. A path that has one is not found again: it is made again. */
    g_autofree char *path = outside ? weir_redact(thing->path) : g_strdup(thing->path);
    weir_json_begin_object(json);
    weir_json_member_string(json, "kind", thing->kind);
    weir_json_member_string(json, "path", path);
    weir_json_member_string(json, "sha256", thing->sha256);
    weir_json_member_string(json, "metadata", thing->metadata);
    weir_json_member_unsigned(json, "bytes", thing->bytes);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_messages(WeirJsonWriter *json, const WeirMark *mark)
{
  weir_json_key(json, "messages");
  weir_json_begin_array(json);
  for (guint i = 0; i < mark->messages->len; i++) {
    const WeirMessage *message = &((const WeirPosted *)mark->messages->pdata[i])->message;
    weir_json_begin_object(json);
    weir_json_member_integer(json, "type", message->type);
    weir_json_member_integer(json, "level", message->level);
    weir_json_member_integer(json, "code", message->code);
    weir_json_member_string(json, "text", message->text);
    weir_json_member_string(json, "kind", message->kind);
    weir_json_member_string(json, "name", message->name);
    weir_json_member_string(json, "json", message->json);
    weir_json_member_number(json, "value", message->value);
    weir_json_member_string(json, "unit", message->unit);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_counters(WeirJsonWriter *json, const WeirMark *mark)
{
  weir_json_key(json, "counters");
  weir_json_begin_object(json);
  weir_json_member_unsigned(json, "records_in", mark->records_in);
  weir_json_member_unsigned(json, "records_out", mark->records_out);
  weir_json_member_unsigned(json, "batches_in", mark->batches_in);
  weir_json_member_unsigned(json, "batches_out", mark->batches_out);
  weir_json_member_unsigned(json, "bytes_in", mark->bytes_in);
  weir_json_member_unsigned(json, "bytes_out", mark->bytes_out);
  weir_json_member_unsigned(json, "rejects", mark->rejects);
  weir_json_member_unsigned(json, "busy_ns", mark->busy_ns);
  weir_json_end_object(json);
}

gboolean
weir_mark_write(const WeirMark *mark, const char *folder, GError **error)
{
  g_autoptr(GString) out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 0);
  weir_json_begin_object(json);
  weir_json_member_integer(json, "version", MARK_VERSION);
  weir_json_member_string(json, "key", mark->key);
  weir_json_member_string(json, "stage", mark->stage);
  weir_json_member_string(json, "use", mark->use);
  weir_json_member_string(json, "run", mark->run);
  weir_json_member_string(json, "held", mark->held);
  weir_json_member_string(json, "rejects_sha256", mark->rejects_sha256);
  write_counters(json, mark);
  write_outputs(json, mark);
  write_made(json, "artifacts", mark->artifacts, FALSE);
  write_made(json, "outside", mark->outside, TRUE);
  write_messages(json, mark);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(out, '\n');
  g_string_erase(out, 0, 1); /* the brace, which the first line has */
  char hex[WEIR_DIGEST_HEX_BYTES];
  weir_digest_memory(out->str, out->len, hex);
  g_autofree char *head = g_strconcat(HEAD, hex, HEAD_END, NULL);
  g_string_prepend(out, head);
  g_autofree char *path = g_build_filename(folder, WEIR_MARK_FILE, NULL);
  return weir_atomic_write(path, out->str, (gssize)out->len, WEIR_ATOMIC_NO_SYNC, error);
}

/* ---- Reading -------------------------------------------------------------------------------------------- */

/* A copy of the string under a key, NULL if it is null, missing or of another kind. */
static char *
text_at(const WeirNode *map, const char *key)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  return node && weir_node_kind(node) == WEIR_NODE_STRING ? g_strdup(weir_node_string(node)) : NULL;
}

static gint64
integer_at(const WeirNode *map, const char *key)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  return node && weir_node_kind(node) == WEIR_NODE_INTEGER ? weir_node_integer(node) : 0;
}

static gboolean
boolean_at(const WeirNode *map, const char *key)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  return node && weir_node_kind(node) == WEIR_NODE_BOOLEAN && weir_node_boolean(node);
}

static const char *
string_of(const WeirNode *list, gsize index)
{
  const WeirNode *node = index < weir_node_size(list) ? weir_node_at(list, index) : NULL;
  return node && weir_node_kind(node) == WEIR_NODE_STRING ? weir_node_string(node) : "";
}

static WeirSchema *
read_schema(const WeirNode *columns)
{
  if (!columns || weir_node_kind(columns) != WEIR_NODE_LIST)
    return NULL;
  gsize n = weir_node_size(columns);
  g_autofree weir_field *fields = g_new0(weir_field, n + 1);
  for (gsize c = 0; c < n; c++)
    fields[c] = (weir_field){string_of(weir_node_at(columns, c), 0), string_of(weir_node_at(columns, c), 1)};
  return weir_schema_new(fields, (guint)n, NULL);
}

static void
read_outputs(WeirMark *mark, const WeirNode *list)
{
  for (gsize i = 0; list && i < weir_node_size(list); i++) {
    const WeirNode *node = weir_node_at(list, i);
    g_autofree char *name = text_at(node, "name");
    if (!name)
      continue;
    WeirMarkOutput *output = weir_mark_add_output(mark, name);
    output->used = boolean_at(node, "used");
    output->kept = boolean_at(node, "kept");
    output->rows = (guint64)integer_at(node, "rows");
    output->bytes = (guint64)integer_at(node, "bytes");
    output->schema = read_schema(weir_node_get(node, "columns"));
  }
}

static void
read_made(GPtrArray *things, const char *stage, const WeirNode *list)
{
  for (gsize i = 0; list && i < weir_node_size(list); i++) {
    const WeirNode *node = weir_node_at(list, i);
    WeirMadeThing *thing = g_new0(WeirMadeThing, 1);
    thing->stage = g_strdup(stage);
    thing->kind = text_at(node, "kind");
    thing->path = text_at(node, "path");
    thing->sha256 = text_at(node, "sha256");
    thing->metadata = text_at(node, "metadata");
    thing->bytes = (guint64)integer_at(node, "bytes");
    if (thing->path)
      g_ptr_array_add(things, thing);
    else
      weir_made_thing_free(thing);
  }
}

static void
read_messages(WeirMark *mark, const WeirNode *list)
{
  for (gsize i = 0; list && i < weir_node_size(list); i++) {
    const WeirNode *node = weir_node_at(list, i);
    g_autofree char *text = text_at(node, "text"), *kind = text_at(node, "kind"),
                    *name = text_at(node, "name"), *json = text_at(node, "json"),
                    *unit = text_at(node, "unit");
    const WeirNode *value = weir_node_get(node, "value");
    gboolean number =
        value && (weir_node_kind(value) == WEIR_NODE_NUMBER || weir_node_kind(value) == WEIR_NODE_INTEGER);
    WeirMessage message = {.type = (WeirMessageType)integer_at(node, "type"),
                           .stage = mark->stage,
                           .level = (int)integer_at(node, "level"),
                           .code = (int)integer_at(node, "code"),
                           .text = text,
                           .kind = kind,
                           .name = name,
                           .json = json,
                           .value = number ? weir_node_number(value) : NAN,
                           .unit = unit};
    g_ptr_array_add(mark->messages, weir_posted_new(&message));
  }
}

static void
read_counters(WeirMark *mark, const WeirNode *map)
{
  mark->records_in = (guint64)integer_at(map, "records_in");
  mark->records_out = (guint64)integer_at(map, "records_out");
  mark->batches_in = (guint64)integer_at(map, "batches_in");
  mark->batches_out = (guint64)integer_at(map, "batches_out");
  mark->bytes_in = (guint64)integer_at(map, "bytes_in");
  mark->bytes_out = (guint64)integer_at(map, "bytes_out");
  mark->rejects = (guint64)integer_at(map, "rejects");
  mark->busy_ns = (guint64)integer_at(map, "busy_ns");
}

/* Whether the text is that of which its first line has the digest. */
static gboolean
is_sound(const char *text, gsize length)
{
  gsize head = strlen(HEAD) + WEIR_DIGEST_HEX_BYTES - 1;
  char hex[WEIR_DIGEST_HEX_BYTES];
  if (length < head + strlen(HEAD_END) || strlen(text) != length || !g_str_has_prefix(text, HEAD) ||
      !g_str_has_prefix(text + head, HEAD_END))
    return FALSE;
  gsize rest = head + strlen(HEAD_END);
  weir_digest_memory(text + rest, length - rest, hex);
  return strncmp(text + strlen(HEAD), hex, sizeof hex - 1) == 0;
}

static WeirMark *
refuse(GError **error, const char *path, const char *why)
{
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"%s\" %s", path, why);
  return NULL;
}

WeirMark *
weir_mark_read(const char *folder, const char *stage, GError **error)
{
  g_autofree char *path = g_build_filename(folder, WEIR_MARK_FILE, NULL);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  gsize length;
  if (!g_file_test(path, G_FILE_TEST_EXISTS))
    return NULL;
  g_autofree char *text = weir_read_file(path, WEIR_TREE_MAX_BYTES, &length, error);
  if (!text)
    return NULL;
  if (!is_sound(text, length))
    return refuse(error, path, "is damaged");
  g_autoptr(WeirNode) tree = weir_node_parse_json(text, (gssize)length, path, diagnostics);
  if (!tree || integer_at(tree, "version") != MARK_VERSION)
    return refuse(error, path, "is of another version");
  g_autofree char *key = text_at(tree, "key"), *name = text_at(tree, "stage"), *use = text_at(tree, "use");
  if (!key || !use || g_strcmp0(name, stage) != 0)
    return refuse(error, path, "is the mark of another stage");
  WeirMark *mark = weir_mark_new(key, stage, use);
  mark->run = text_at(tree, "run");
  mark->held = text_at(tree, "held");
  mark->rejects_sha256 = text_at(tree, "rejects_sha256");
  read_counters(mark, weir_node_get(tree, "counters"));
  read_outputs(mark, weir_node_get(tree, "outputs"));
  read_made(mark->artifacts, stage, weir_node_get(tree, "artifacts"));
  read_made(mark->outside, stage, weir_node_get(tree, "outside"));
  read_messages(mark, weir_node_get(tree, "messages"));
  return mark;
}
