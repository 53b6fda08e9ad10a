/* SPDX-License-Identifier: MIT */
/* Messages as JSON: one form for the journal and for programs that listen. */
#include "core/message_json.h"
#include "base/redact.h"
#include "base/tree.h"

static const char *const event_names[] = {
    [WEIR_MESSAGE_RUN_BEGIN] = "run-begin",
    [WEIR_MESSAGE_STAGE_STATE] = "stage-state",
    [WEIR_MESSAGE_LOG] = "log",
    [WEIR_MESSAGE_METRIC] = "metric",
    [WEIR_MESSAGE_DATA] = "data",
    [WEIR_MESSAGE_ARTIFACT] = "artifact",
    [WEIR_MESSAGE_REJECT] = "reject",
    [WEIR_MESSAGE_ERROR] = "error",
    [WEIR_MESSAGE_TICK] = "tick",
    [WEIR_MESSAGE_RUN_END] = "run-end",
    [WEIR_MESSAGE_STAGE_WHOLE] = "stage-whole",
};

/* A member, left out where there is no value. */
static void
optional_string(WeirJsonWriter *json, const char *key, const char *value)
{
  if (value)
    weir_json_member_string(json, key, value);
}

void
weir_json_foreign(WeirJsonWriter *json, const char *key, const char *text)
{
  if (!text)
    return;
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_parse_json(text, -1, "message", diagnostics);
  weir_json_key(json, key);
  if (node)
    weir_node_write_json(node, json);
  else
    weir_json_string(json, text);
}

/* A value with secrets replaced in its strings and keys. */
static void
write_redacted(WeirJsonWriter *json, const WeirNode *node)
{
  WeirNodeKind kind = weir_node_kind(node);
  if (kind != WEIR_NODE_MAP && kind != WEIR_NODE_LIST) {
    weir_node_write_json(node, json);
    return;
  }
  if (kind == WEIR_NODE_MAP)
    weir_json_begin_object(json);
  else
    weir_json_begin_array(json);
  for (gsize i = 0; i < weir_node_size(node); i++) {
    if (kind == WEIR_NODE_MAP) {
      g_autofree char *key = weir_redact(weir_node_key_at(node, i));
      weir_json_key(json, key);
    }
    write_redacted(json, weir_node_at(node, i));
  }
  if (kind == WEIR_NODE_MAP)
    weir_json_end_object(json);
  else
    weir_json_end_array(json);
}

char *
weir_redact_json(const char *text)
{
  if (!weir_redact_needed())
    return g_strdup(text);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = weir_node_parse_json(text, -1, "message", diagnostics);
  if (!node)
    return weir_redact(text);
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 0);
  weir_json_writer_redact(json);
  write_redacted(json, node);
  weir_json_writer_free(json);
  return g_string_free(out, FALSE);
}

static const char *
level_name(int level)
{
  return level >= WEIR_LOG_WARNING ? "warning" : level == WEIR_LOG_INFO ? "info" : "debug";
}

static void
write_members(WeirJsonWriter *json, const WeirMessage *message)
{
  switch (message->type) {
  case WEIR_MESSAGE_RUN_BEGIN:
    optional_string(json, "name", message->text);
    optional_string(json, "directory", message->name);
    break;
  case WEIR_MESSAGE_STAGE_STATE:
    optional_string(json, "state", message->text);
    break;
  case WEIR_MESSAGE_LOG:
    weir_json_member_string(json, "level", level_name(message->level));
    optional_string(json, "text", message->text);
    break;
  case WEIR_MESSAGE_METRIC:
    optional_string(json, "name", message->name);
    weir_json_member_number(json, "value", message->value);
    optional_string(json, "unit", message->unit);
    break;
  case WEIR_MESSAGE_DATA:
    optional_string(json, "kind", message->kind);
    optional_string(json, "name", message->name);
    weir_json_foreign(json, "data", message->json);
    break;
  case WEIR_MESSAGE_ARTIFACT:
    optional_string(json, "kind", message->kind);
    optional_string(json, "path", message->name);
    optional_string(json, "sha256", message->text);
    weir_json_foreign(json, "metadata", message->json);
    break;
  case WEIR_MESSAGE_RUN_END:
    weir_json_member_integer(json, "code", message->code);
    optional_string(json, "text", message->text);
    break;
  default:
    optional_string(json, "text", message->text);
    break;
  }
}

char *
weir_message_to_json(const WeirMessage *message)
{
  GString *line = g_string_new(NULL);
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(message->time / G_USEC_PER_SEC);
  g_autofree char *date = utc ? g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S") : g_strdup("");
  g_autofree char *time = g_strdup_printf("%s.%06dZ", date, (int)(message->time % G_USEC_PER_SEC));
  WeirJsonWriter *json = weir_json_writer_new(line, 0);
  weir_json_begin_object(json);
  weir_json_member_string(json, "time", time);
  weir_json_member_string(
      json, "event", (guint)message->type < G_N_ELEMENTS(event_names) ? event_names[message->type] : "other");
  optional_string(json, "stage", message->stage);
  write_members(json, message);
  if (message->reused)
    weir_json_member_boolean(json, "reused", TRUE);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(line, FALSE);
}
