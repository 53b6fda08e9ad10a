/* SPDX-License-Identifier: MIT */
/* Values of a pipeline's parameters: from the command line, from defaults, checked against type and range. */
#include "base/error.h"
#include "base/nearest.h"
#include "base/units.h"
#include "core/pipeline.h"

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
  g_auto(GStrv) items = g_strsplit(text, ",", -1);
  for (guint i = 0; items[i]; i++)
    weir_node_append(list, weir_node_new_string(at, g_strstrip(items[i])));
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
    break;
  }
  return weir_node_new_string(at, text);
}

gboolean
weir_parameter_set_text(WeirParameter *parameter, const char *text, GError **error)
{
  g_autoptr(GError) reason = NULL;
  g_autofree char *here = g_get_current_dir();
  WeirNode *value = parse_text(parameter, text, here, weir_position("command line", 0, 0), &reason);
  if (!value) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "--%s: %s", parameter->name, reason->message);
    return FALSE;
  }
  if (parameter->value)
    weir_node_unref(parameter->value);
  parameter->value = value;
  parameter->given = TRUE;
  return TRUE;
}

/* A default is written in the pipeline file as JSON; it must be of the kind that the type asks for. */
static gboolean
default_is_of_kind(const WeirParameter *parameter, GError **error)
{
  const WeirNode *node = parameter->by_default;
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
      if (weir_node_kind(weir_node_at(node, i)) != WEIR_NODE_STRING)
        return fail(error, "its default holds a value of kind %s",
                    weir_node_kind_name(weir_node_kind(weir_node_at(node, i))));
    break;
  default:
    break;
  }
  return fits || fail(error, "its default is of kind %s", weir_node_kind_name(kind));
}

static WeirNode *
parse_default(const WeirParameter *parameter, const char *base, GError **error)
{
  WeirNode *node = parameter->by_default;
  if (!default_is_of_kind(parameter, error))
    return NULL;
  if (weir_node_kind(node) == WEIR_NODE_LIST)
    return weir_node_ref(node);
  g_autofree char *text = weir_node_kind(node) == WEIR_NODE_STRING ? g_strdup(weir_node_string(node))
                                                                   : weir_node_to_json(node, FALSE);
  return parse_text(parameter, text, base, weir_node_position(node), error);
}

static void
refuse_default(const WeirParameter *parameter, const GError *reason, WeirDiagnostics *diagnostics)
{
  g_assert(reason);
  weir_diagnostics_error(diagnostics, weir_node_position(parameter->by_default), "parameter \"%s\" (%s): %s",
                         parameter->name, weir_parameter_type_name(parameter->type), reason->message);
}

void
weir_parameter_check_default(const WeirParameter *parameter, WeirDiagnostics *diagnostics)
{
  g_autoptr(GError) reason = NULL;
  if (parameter->type == WEIR_PARAMETER_INPUT_PATH) {
    if (!default_is_of_kind(parameter, &reason))
      refuse_default(parameter, reason, diagnostics);
    return;
  }
  g_autoptr(WeirNode) value = parse_default(parameter, "/", &reason);
  if (!value)
    refuse_default(parameter, reason, diagnostics);
}

gboolean
weir_pipeline_settle(WeirPipeline *pipeline, WeirDiagnostics *diagnostics)
{
  gsize before = weir_diagnostics_n_errors(diagnostics);
  for (guint i = 0; i < pipeline->parameters->len; i++) {
    WeirParameter *parameter = pipeline->parameters->pdata[i];
    if (parameter->value)
      continue;
    if (parameter->by_default) {
      g_autoptr(GError) reason = NULL;
      g_autofree char *here = g_get_current_dir();
      const char *base = parameter->type == WEIR_PARAMETER_INPUT_PATH ? pipeline->folder : here;
      parameter->value = parse_default(parameter, base, &reason);
      if (!parameter->value)
        refuse_default(parameter, reason, diagnostics);
    } else if (!parameter->optional) {
      WeirDiagnostic *entry = weir_diagnostics_error(diagnostics, parameter->position,
                                                     "parameter \"%s\" has no value", parameter->name);
      weir_diagnostic_hint(entry, "give it as --%s VALUE%s%s", parameter->name, parameter->help ? ": " : "",
                           parameter->help ? parameter->help : "");
    }
  }
  return weir_diagnostics_n_errors(diagnostics) == before;
}
