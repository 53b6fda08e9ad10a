/* SPDX-License-Identifier: MIT */
/* Option tables: checked once when a plugin is opened, and described for help, manuals and messages. */
#include "base/error.h"
#include "base/units.h"
#include "core/option_value.h"
#include "core/weir/host.h"
#include <math.h>
#include <string.h>

#define MICROSECONDS 1e6

const char *
weir_option_type_name(guint32 type)
{
  static const char *const names[] = {NULL,          "string",     "input-path",  "output-path", "integer",
                                      "size",        "duration",   "number",      "boolean",     "choice",
                                      "string-list", "path-list",  "number-list", "string-map",  "number-map",
                                      "field",       "field-list", "secret"};
  return type < G_N_ELEMENTS(names) ? names[type] : NULL;
}

/* ---- Description ---- */

/* A bound in the unit of its option. */
static char *
bound_to_text(const weir_option *option, double bound)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  if (option->type == WEIR_SIZE && bound >= 0 && bound < 0x1p64)
    return weir_size_to_text((guint64)bound);
  if (option->type == WEIR_DURATION && bound >= 0 && bound < 0x1p63 / MICROSECONDS)
    return weir_duration_to_text((gint64)llrint(bound * MICROSECONDS));
  return g_strdup(g_ascii_formatd(number, sizeof number, "%.15g", bound));
}

/* The least and the most that the type can hold: a bound there says nothing. */
static gboolean
says_nothing(const weir_option *option, double bound, gboolean upper)
{
  if (fabs(bound) >= DBL_MAX)
    return TRUE;
  if (option->type == WEIR_INTEGER)
    return upper ? bound >= 0x1p63 : bound <= -0x1p63;
  if (option->type == WEIR_SIZE || option->type == WEIR_DURATION)
    return upper ? bound >= 0x1p63 : bound <= 0;
  return FALSE;
}

char *
weir_option_bounds(const weir_option *option)
{
  gboolean bounded = weir_option_has_range(option->type) && (option->min != 0 || option->max != 0);
  gboolean lower = bounded && !says_nothing(option, option->min, FALSE);
  gboolean upper = bounded && !says_nothing(option, option->max, TRUE);
  g_autofree char *least = lower ? bound_to_text(option, option->min) : NULL;
  g_autofree char *most = upper ? bound_to_text(option, option->max) : NULL;
  if (option->type == WEIR_CHOICE) {
    g_auto(GStrv) choices = weir_option_choices(option);
    g_autofree char *list = g_strjoinv(", ", choices);
    return g_strdup_printf("one of: %s", list);
  }
  if (lower && upper)
    return g_strdup_printf("%s to %s", least, most);
  if (lower)
    return g_strdup_printf("at least %s", least);
  return upper ? g_strdup_printf("at most %s", most) : NULL;
}

char *
weir_option_range(const weir_option *option)
{
  const char *type = weir_option_type_name(option->type);
  g_autofree char *bounds = weir_option_bounds(option);
  g_autoptr(GString) out = g_string_new(option->type == WEIR_CHOICE ? "" : type);
  if (bounds)
    g_string_append_printf(out, "%s%s", out->len ? ", " : "", bounds);
  if (option->flags & WEIR_OPTION_REQUIRED)
    g_string_append(out, ", required");
  if (option->by_default)
    g_string_append_printf(out, ", default %s", *option->by_default ? option->by_default : "\"\"");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- Check ---- */

static gboolean G_GNUC_PRINTF(3, 4)
    violation(const weir_option *option, GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "option \"%s\": %s", option->name, why);
  return FALSE;
}

static gboolean
is_word(const char *name)
{
  if (!name || *name < 'a' || *name > 'z')
    return FALSE;
  return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == 0;
}

/* The member lies in the state, aligned, and touches no member of an option before it. */
static gboolean
check_place(const weir_class *class, guint index, GError **error)
{
  const weir_option *option = &class->options[index];
  gsize size = 0, alignment = 1, other_size = 0, other_alignment;
  weir_option_member(option->type, &size, &alignment);
  if (option->offset > class->state_size || class->state_size - option->offset < size)
    return violation(option, error, "its member (offset %zu, %zu bytes) is outside the state of %zu bytes",
                     option->offset, size, class->state_size);
  if (option->offset % alignment)
    return violation(option, error, "its member at offset %zu is not aligned to %zu bytes", option->offset,
                     alignment);
  for (guint i = 0; i < index; i++) {
    const weir_option *other = &class->options[i];
    weir_option_member(other->type, &other_size, &other_alignment);
    if (option->offset < other->offset + other_size && other->offset < option->offset + size)
      return violation(option, error, "its member overlaps that of option \"%s\"", other->name);
  }
  return TRUE;
}

static gboolean
check_choices(const weir_option *option, GError **error)
{
  if (option->type != WEIR_CHOICE)
    return !option->choices ||
           violation(option, error, "it has choices, but is a %s", weir_option_type_name(option->type));
  g_auto(GStrv) choices = weir_option_choices(option);
  if (!choices[0])
    return violation(option, error, "it is a choice without choices");
  for (guint i = 0; choices[i]; i++) {
    if (!*choices[i])
      return violation(option, error, "one of its choices is empty");
    for (guint k = 0; k < i; k++)
      if (!strcmp(choices[i], choices[k]))
        return violation(option, error, "choice \"%s\" comes twice", choices[i]);
  }
  return TRUE;
}

static gboolean
check_bounds(const weir_option *option, GError **error)
{
  if (isnan(option->min) || isnan(option->max) || option->min > option->max)
    return violation(option, error, "its least value is not below its greatest");
  if (!weir_option_has_range(option->type) && (option->min != 0 || option->max != 0))
    return violation(option, error, "it has a range, but is a %s", weir_option_type_name(option->type));
  return TRUE;
}

/* The default goes the way of a given value, into a state of its own. */
static gboolean
check_default(const weir_option *option, GError **error)
{
  if (!option->by_default)
    return TRUE;
  if (option->flags & WEIR_OPTION_REQUIRED)
    return violation(option, error, "it is required and has a default");
  if (option->type == WEIR_SECRET)
    return violation(option, error, "a secret has no default");
  union {
    double alignment;
    char bytes[sizeof(weir_map) + sizeof(weir_list)];
  } state = {0};
  weir_option alone = *option;
  alone.offset = 0;
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirArena) arena = weir_arena_new();
  WeirOptionContext context = {
      .stage = "", .use = "", .input_base = "/", .output_base = "/", .diagnostics = diagnostics};
  g_autoptr(WeirNode) node = weir_option_default_node(option, WEIR_POSITION_NONE, diagnostics);
  if (node && weir_option_set(&context, &alone, node, &state, arena))
    return TRUE;
  g_autofree char *why = weir_diagnostics_to_string(diagnostics, 1);
  const char *text = strstr(why, "\": ");
  return violation(option, error, "its default does not hold: %s", g_strchomp(text ? (char *)text + 3 : why));
}

static gboolean
check_row(const weir_class *class, guint index, GError **error)
{
  const weir_option *option = &class->options[index];
  guint32 flags = WEIR_OPTION_REQUIRED | WEIR_OPTION_MEASURED | WEIR_OPTION_ADVANCED;
  if (!is_word(option->name)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "option %u: its name must be a word of a-z, 0-9, \"-\" and \"_\" that begins with a letter",
                index + 1);
    return FALSE;
  }
  for (guint i = 0; i < index; i++)
    if (!strcmp(class->options[i].name, option->name))
      return violation(option, error, "it comes twice");
  if (!weir_option_type_name(option->type))
    return violation(option, error, "type %u is unknown", option->type);
  if (option->flags & ~flags)
    return violation(option, error, "flags %#x are unknown", option->flags & ~flags);
  return check_place(class, index, error) && check_choices(option, error) && check_bounds(option, error) &&
         check_default(option, error);
}

/* An option that names ports is a list or a map. */
static gboolean
check_names(const weir_class *class, const weir_port *ports, guint n, GError **error)
{
  for (guint i = 0; i < n; i++) {
    const weir_option *option = NULL;
    for (guint k = 0; ports[i].names && k < class->n_options; k++)
      if (!strcmp(class->options[k].name, ports[i].names))
        option = &class->options[k];
    if (!ports[i].names)
      continue;
    if (!option) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                  "ports are named by option \"%s\", which is not there", ports[i].names);
      return FALSE;
    }
    if (!weir_option_is_list(option->type) && !weir_option_is_map(option->type))
      return violation(option, error, "it names ports, but is neither a list nor a map");
  }
  return TRUE;
}

gboolean
weir_options_check_table(const weir_class *class, GError **error)
{
  for (guint i = 0; i < class->n_options; i++)
    if (!check_row(class, i, error))
      return FALSE;
  return check_names(class, class->in, class->n_in, error) &&
         check_names(class, class->out, class->n_out, error);
}
