/* SPDX-License-Identifier: MIT */
/* Values of a pipeline's parameters: from the command line, from defaults, checked against type and range. */
#include "config.h"

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "base/redact.h"
#include "base/units.h"
#include "core/pipeline_private.h"

#include <float.h>

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
fail(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, WEIR_ERROR, WEIR_ERROR_INVALID, text);
  return FALSE;
}

static gint64
integer_bound(const WeirNode *node, gint64 otherwise)
{
  return node && weir_node_kind(node) == WEIR_NODE_INTEGER ? weir_node_integer(node) : otherwise;
}

static double
number_bound(const WeirNode *node, double otherwise)
{
  return node ? weir_node_number(node) : otherwise;
}

static WeirNode *
parse_list(const char *text, WeirPosition at)
{
  WeirNode *list = weir_node_new_list(at);
  g_auto(GStrv) items = g_strsplit(text, ",", -1); /* of an empty text: none */
  for (guint i = 0; items[i]; i++)
    weir_node_append(list, weir_node_new_text(at, g_strstrip(items[i]), NULL, WEIR_TEXT_UNTYPED));
  return list;
}

/* An input path is looked at here, so that a slip of the pen is found before anything is planned. Patterns are left to
   the stage that knows what they may match. */
static gboolean
check_input_path(const char *path, const char *written, GError **error)
{
  if (strpbrk(path, "*?[") || g_file_test(path, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *base = g_path_get_basename(path);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  const char *name;
  while (dir && names->len < 10000 && (name = g_dir_read_name(dir)))
    g_ptr_array_add(names, g_strdup(name));
  g_ptr_array_add(names, NULL);
  const char *near = weir_nearest(base, (const char *const *)names->pdata);
  if (near)
    return fail(error, "there is no file \"%s\"; did you mean \"%s\"?", written, near);
  return fail(error, "there is no file \"%s\"", written);
}

static WeirNode *
parse_path(const WeirParameter *parameter, const char *text, const char *base, WeirPosition at,
           GError **error)
{
  if (!*text) {
    fail(error, "a path is wanted, not an empty text");
    return NULL;
  }
  g_autofree char *path = g_canonicalize_filename(text, base);
  if (parameter->type == WEIR_PARAMETER_INPUT_PATH && !check_input_path(path, text, error))
    return NULL;
  return weir_node_new_string(at, path);
}

static WeirNode *
parse_choice(const WeirParameter *parameter, const char *text, WeirPosition at, GError **error)
{
  if (g_strv_contains((const char *const *)parameter->choices, text))
    return weir_node_new_string(at, text);
  g_autofree char *meant = weir_did_you_mean(text, (const char *const *)parameter->choices);
  fail(error, "\"%s\" is none of its choices%s", text, meant);
  return NULL;
}

/* A value from text, NULL with `error` if it is not of the parameter's type. */
static WeirNode *
parse_text(const WeirParameter *parameter, const char *text, const char *base, WeirPosition at,
           GError **error)
{
  gint64 integer;
  guint64 size;
  double number;
  gboolean boolean;

  if (!g_utf8_validate(text, -1, NULL)) {
    fail(error, "the value is not valid UTF-8");
    return NULL;
  }
  switch (parameter->type) {
  case WEIR_PARAMETER_INPUT_PATH:
  case WEIR_PARAMETER_OUTPUT_PATH:
    return parse_path(parameter, text, base, at, error);
  case WEIR_PARAMETER_INTEGER:
    return weir_parse_integer(text, integer_bound(parameter->minimum, G_MININT64),
                              integer_bound(parameter->maximum, G_MAXINT64), &integer, error)
               ? weir_node_new_integer(at, integer)
               : NULL;
  case WEIR_PARAMETER_NUMBER:
    return weir_parse_number(text, number_bound(parameter->minimum, -DBL_MAX),
                             number_bound(parameter->maximum, DBL_MAX), &number, error)
               ? weir_node_new_number(at, number)
               : NULL;
  case WEIR_PARAMETER_BOOLEAN:
    return weir_parse_boolean(text, &boolean, error) ? weir_node_new_boolean(at, boolean) : NULL;
  case WEIR_PARAMETER_CHOICE:
    return parse_choice(parameter, text, at, error);
  case WEIR_PARAMETER_SIZE:
    return weir_parse_size(text, 0, G_MAXUINT64, &size, error) ? weir_node_new_string(at, text) : NULL;
  case WEIR_PARAMETER_DURATION:
    return weir_parse_duration(text, 0, G_MAXINT64, &integer, error) ? weir_node_new_string(at, text) : NULL;
  case WEIR_PARAMETER_LIST:
    return parse_list(text, at);
  case WEIR_PARAMETER_STRING:
  case WEIR_PARAMETER_SECRET:
    break;
  }
  return weir_node_new_string(at, text);
}

WeirNode *
weir_parameter_parse_literal(const WeirParameter *parameter, const char *text, WeirPosition at,
                             GError **error)
{
  if (parameter->type == WEIR_PARAMETER_LIST) {
    fail(error, "a list cannot be compared");
    return NULL;
  }
  if (parameter->type == WEIR_PARAMETER_INPUT_PATH || parameter->type == WEIR_PARAMETER_OUTPUT_PATH)
    return weir_node_new_string(at, text); /* it need not be there */
  return parse_text(parameter, text, NULL, at, error);
}

/* ---- Secrets -------------------------------------------------------------------------------------------- */

#define MAX_SECRET (64 << 10)

/* A line, to be kept out of everything that is shown. */
static WeirNode *
secret_node(WeirPosition at, const char *text)
{
  WeirNode *node = weir_node_new_text(at, text, NULL, WEIR_TEXT_SECRET);
  weir_redact_add(text);
  return node;
}

WeirNode *
weir_pipeline_read_secret(const WeirPipeline *pipeline, const WeirNode *path, GError **error)
{
  gsize length = 0;
  g_autofree char *absolute =
      g_canonicalize_filename(weir_node_string(path), weir_pipeline_folder_of(pipeline, path));
  char *content = weir_read_file(absolute, MAX_SECRET, &length, error);
  if (!content)
    return NULL;
  content[strcspn(content, "\r\n")] = '\0';
  WeirNode *node = NULL;
  if (!*content)
    fail(error, "the first line of \"%s\" is empty, where a secret is wanted", absolute);
  else if (!g_utf8_validate(content, -1, NULL))
    fail(error, "the first line of \"%s\" is not valid UTF-8", absolute);
  else
    node = secret_node(weir_node_position(path), content);
  explicit_bzero(content, length);
  g_free(content);
  return node;
}

/* {"file": "PATH"}: the path; NULL: it is something else. */
static const WeirNode *
secret_file(const WeirNode *node)
{
  const WeirNode *file = weir_node_size(node) == 1 ? weir_node_get(node, "file") : NULL;
  return file && weir_node_kind(file) == WEIR_NODE_STRING ? file : NULL;
}

/* What a file says of a secret, ${…} replaced. An empty variable is no secret: `*none`. */
static WeirNode *
parse_secret(const WeirParameter *parameter, const WeirNode *node, gboolean *none, GError **error)
{
  const WeirNode *file = secret_file(node);
  gboolean by_reference =
      (weir_node_text_flags(node) & WEIR_TEXT_SECRET) || weir_node_origin(node) == WEIR_ORIGIN_ENVIRONMENT;
  if (file)
    return weir_pipeline_read_secret(parameter->scope->pipeline, file, error);
  gboolean is_text = weir_node_kind(node) == WEIR_NODE_STRING;
  *none = is_text && !*weir_node_string(node);
  if (is_text && !*none && by_reference)
    return secret_node(weir_node_position(node), weir_node_string(node));
  if (!*none)
    fail(error, "a secret is not written here; refer to it: \"${env:NAME}\", or {\"file\": \"PATH\"}");
  return NULL;
}

/* What is said of a variable on a command line, without where. */
static void
fail_variable(const char *reference, const WeirDiagnostics *diagnostics, GError **error)
{
  g_autofree char *said = weir_diagnostics_to_string(diagnostics, 0);
  const char *message = g_str_has_prefix(said, "command line: ") ? said + 14 : said;
  if (*message)
    fail(error, "%.*s", (int)strcspn(message, "\n"), message);
  else
    fail(error, "\"%s\" names no environment variable", reference);
}

/* On a command line: env:NAME or file:PATH. A secret itself would stand in the shell's history, and in the list of
   processes. An empty variable is no secret: `*none`. */
static WeirNode *
parse_secret_text(const WeirParameter *parameter, const char *text, WeirPosition at, WeirNode **shown,
                  gboolean *none, GError **error)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *reference = NULL;
  if (g_str_has_prefix(text, "file:")) {
    g_autoptr(WeirNode) path = weir_node_new_string(at, text + 5);
    *shown = weir_node_new_map(at);
    weir_node_set(*shown, "file", at, weir_node_ref(path));
    return weir_pipeline_read_secret(parameter->scope->pipeline, path, error);
  }
  if (!g_str_has_prefix(text, "env:")) {
    fail(error, "a secret is not written on the command line; give env:NAME or file:PATH");
    return NULL;
  }
  reference = g_strdup_printf("${%s}", text);
  *shown = weir_node_new_string(at, reference);
  g_autoptr(WeirNode) value = weir_scope_expand(parameter->scope, NULL, *shown, NULL, diagnostics);
  gboolean is_text = value && weir_node_kind(value) == WEIR_NODE_STRING && !strchr(text, '}');
  *none = is_text && !*weir_node_string(value);
  if (is_text && !*none)
    return secret_node(at, weir_node_string(value));
  if (!*none)
    fail_variable(text, diagnostics, error);
  return NULL;
}

/* ---- Values --------------------------------------------------------------------------------------------- */

static void
take_value(WeirParameter *parameter, WeirNode *value, WeirNode *shown)
{
  weir_node_unref(parameter->value);
  weir_node_unref(parameter->shown);
  parameter->value = value;
  parameter->shown = shown;
}

gboolean
weir_parameter_set_text(WeirParameter *parameter, const char *text, GError **error)
{
  g_autoptr(GError) reason = NULL;
  g_autoptr(WeirNode) shown = NULL;
  g_autofree char *here = g_get_current_dir();
  WeirPosition at = weir_position("command line", 0, 0);
  gboolean none = FALSE;
  WeirNode *value = parameter->type == WEIR_PARAMETER_SECRET
                        ? parse_secret_text(parameter, text, at, &shown, &none, &reason)
                        : parse_text(parameter, text, here, at, &reason);
  if (none)
    return TRUE; /* as if it were not given */
  if (!value) {
    g_assert(reason);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "--%s: %s", parameter->name, reason->message);
    return FALSE;
  }
  take_value(parameter, value, g_steal_pointer(&shown));
  parameter->given = WEIR_GIVEN_BY_COMMAND;
  return TRUE;
}

static gboolean
is_scalar(const WeirNode *node)
{
  WeirNodeKind kind = weir_node_kind(node);
  return kind != WEIR_NODE_NULL && kind != WEIR_NODE_LIST && kind != WEIR_NODE_MAP;
}

/* A value that a file writes must be of the kind that the type asks for. */
static gboolean
is_of_kind(const WeirParameter *parameter, const WeirNode *node, GError **error)
{
  WeirNodeKind kind = weir_node_kind(node);
  gboolean fits = kind == WEIR_NODE_STRING;
  switch (parameter->type) {
  case WEIR_PARAMETER_INTEGER:
    fits = kind == WEIR_NODE_INTEGER;
    break;
  case WEIR_PARAMETER_NUMBER:
    fits = kind == WEIR_NODE_INTEGER || kind == WEIR_NODE_NUMBER;
    break;
  case WEIR_PARAMETER_BOOLEAN:
    fits = kind == WEIR_NODE_BOOLEAN;
    break;
  case WEIR_PARAMETER_SIZE:
    fits = fits || kind == WEIR_NODE_INTEGER;
    break;
  case WEIR_PARAMETER_LIST:
    fits = fits || kind == WEIR_NODE_LIST;
    for (gsize i = 0; kind == WEIR_NODE_LIST && i < weir_node_size(node); i++)
      if (!is_scalar(weir_node_at(node, i)))
        return fail(error, "its list holds a value of kind %s, where texts, numbers or booleans are wanted",
                    weir_node_kind_name(weir_node_kind(weir_node_at(node, i))));
    break;
  default:
    break;
  }
  return fits || fail(error, "its value is of kind %s", weir_node_kind_name(kind));
}

/* The folder that a relative path is relative to; g_free(). */
static char *
base_of(const WeirParameter *parameter, const WeirNode *node)
{
  const char *folder = parameter->type == WEIR_PARAMETER_INPUT_PATH
                           ? weir_pipeline_folder_of(parameter->scope->pipeline, node)
                           : NULL;
  return folder ? g_strdup(folder) : g_get_current_dir();
}

/* A value from what a file writes, ${…} replaced. */
static WeirNode *
parse_node(const WeirParameter *parameter, WeirNode *node, GError **error)
{
  guint flags = weir_node_text_flags(node);
  gboolean as_it_is = weir_node_kind(node) == WEIR_NODE_LIST ||
                      (weir_node_kind(node) == WEIR_NODE_STRING && parameter->type == WEIR_PARAMETER_STRING);
  if (flags & WEIR_TEXT_SECRET) {
    fail(error, "its value is a secret; give the parameter the type secret");
    return NULL;
  }
  if (!(flags & WEIR_TEXT_UNTYPED) && !is_of_kind(parameter, node, error))
    return NULL;
  if (as_it_is && (parameter->type == WEIR_PARAMETER_STRING || parameter->type == WEIR_PARAMETER_LIST))
    return weir_node_ref(node);
  g_autofree char *base = base_of(parameter, node);
  g_autofree char *text = weir_node_kind(node) == WEIR_NODE_STRING ? g_strdup(weir_node_string(node))
                                                                   : weir_node_to_json(node, FALSE);
  return parse_text(parameter, text, base, weir_node_position(node), error);
}

static gboolean
refuse(const WeirParameter *parameter, const WeirNode *node, const GError *reason,
       WeirDiagnostics *diagnostics)
{
  g_assert(reason);
  weir_diagnostics_error(diagnostics, weir_node_position(node), "parameter \"%s\" (%s): %s", parameter->name,
                         weir_parameter_type_name(parameter->type), reason->message);
  return FALSE;
}

gboolean
weir_parameter_set_node(WeirParameter *parameter, WeirNode *value, const WeirNode *shown,
                        WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) reason = NULL;
  gboolean none = FALSE;
  WeirNode *made = parameter->type == WEIR_PARAMETER_SECRET ? parse_secret(parameter, value, &none, &reason)
                                                            : parse_node(parameter, value, &reason);
  if (!made && !none)
    return refuse(parameter, value, reason, diagnostics);
  if (made)
    take_value(parameter, made, shown ? weir_node_ref((WeirNode *)shown) : NULL);
  return TRUE;
}

/* ---- Defaults ------------------------------------------------------------------------------------------- */

void
weir_parameter_check_default(const WeirParameter *parameter, WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) reason = NULL;
  WeirNode *node = parameter->by_default;
  if (weir_node_has_reference(node))
    return; /* what it is will be known when it is used */
  if (parameter->type == WEIR_PARAMETER_SECRET) {
    if (!secret_file(node)) {
      fail(&reason, "a secret is not written here; refer to it: \"${env:NAME}\", or {\"file\": \"PATH\"}");
      refuse(parameter, node, reason, diagnostics);
    }
  } else if (parameter->type == WEIR_PARAMETER_INPUT_PATH) {
    if (!is_of_kind(parameter, node, &reason))
      refuse(parameter, node, reason, diagnostics);
  } else {
    g_autoptr(WeirNode) value = parse_node(parameter, node, &reason);
    if (!value)
      refuse(parameter, node, reason, diagnostics);
  }
}

/* What a file says, with the parameters before this one in place of ${…}. FALSE: reported. */
static gboolean
settle_from(WeirScope *scope, guint index, const WeirNode *written, WeirDiagnostics *diagnostics)
{
  WeirParameter *parameter = scope->parameters->pdata[index];
  GPtrArray before = {.pdata = scope->parameters->pdata, .len = index};
  WeirScope earlier = *scope;
  gboolean environment = FALSE;
  earlier.parameters = &before;
  g_autoptr(WeirNode) value = weir_scope_expand(&earlier, NULL, written, &environment, diagnostics);
  if (!value)
    return FALSE;
  if (weir_node_kind(value) == WEIR_NODE_NULL)
    return TRUE;
  g_autoptr(WeirNode) shown = environment || parameter->type == WEIR_PARAMETER_SECRET
                                  ? weir_scope_expand_shown(&earlier, NULL, written)
                                  : NULL;
  return weir_parameter_set_node(parameter, value, shown, diagnostics);
}

static void
refuse_missing(const WeirScope *scope, const WeirParameter *parameter, WeirDiagnostics *diagnostics)
{
  const char *colon = parameter->help ? ": " : "", *help = parameter->help ? parameter->help : "";
  if (scope->entry) {
    WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, scope->entry->position,
                                                   "\"%s\" gives parameter \"%s\" of %s no value",
                                                   scope->entry->name, parameter->name, scope->file->path);
    weir_diagnostic_hint(entry, "give it with \"parameters\": {\"%s\": …}%s%s", parameter->name, colon, help);
    return;
  }
  WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, parameter->position,
                                                 "parameter \"%s\" has no value", parameter->name);
  weir_diagnostic_hint(entry, "give it as --%s %s%s%s", parameter->name,
                       parameter->type == WEIR_PARAMETER_SECRET ? "env:NAME or file:PATH" : "VALUE", colon,
                       help);
}

gboolean
weir_scope_settle(WeirScope *scope, WeirDiagnostics *diagnostics)
{
  gsize before = weir_diagnostics_n_errors(diagnostics);
  for (guint i = 0; i < scope->parameters->len; i++) {
    WeirParameter *parameter = scope->parameters->pdata[i];
    const WeirNode *written = parameter->written ? parameter->written : parameter->by_default;
    if (parameter->value)
      continue;
    if (written && !settle_from(scope, i, written, diagnostics))
      continue;
    if (!parameter->value && !parameter->optional)
      refuse_missing(scope, parameter, diagnostics);
  }
  return weir_diagnostics_n_errors(diagnostics) == before;
}

gboolean
weir_pipeline_settle(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  return weir_scope_settle(pipeline->root, diagnostics);
}
