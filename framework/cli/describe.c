/* SPDX-License-Identifier: MIT */
/* Describes one plugin as JSON: see describe.h. */
#include "cli/describe.h"

#include "base/json_write.h"
#include "base/units.h"
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Bounds from here on are none: the author wrote DBL_MAX, INT64_MAX or the like. */
#define NO_BOUND 9.2e18

static gboolean
has_minimum(const weir_option *option)
{
  return (option->min != 0 || option->max != 0) && option->min > -NO_BOUND;
}

static gboolean
has_maximum(const weir_option *option)
{
  return (option->min != 0 || option->max != 0) && option->max < NO_BOUND;
}

/* A bound as it would be written for the option's type. */
static char *
bound_text(const weir_option *option, double bound)
{
  char text[WEIR_NUMBER_BYTES];
  if (option->type == WEIR_SIZE && bound >= 0)
    return weir_size_to_text((guint64)bound);
  if (option->type == WEIR_DURATION && bound >= 0)
    return weir_duration_to_text((gint64)(bound * 1e6));
  if (bound == trunc(bound) && fabs(bound) < 1e15)
    return g_strdup_printf("%.0f", bound);
  weir_number_to_text(bound, text);
  return g_strdup(text);
}

char *
cli_option_range(const weir_option *option)
{
  if (option->choices) {
    g_auto(GStrv) choices = g_strsplit(option->choices, "|", -1);
    g_autofree char *list = g_strjoinv(", ", choices);
    return g_strdup_printf("one of: %s", list);
  }
  g_autofree char *minimum = has_minimum(option) ? bound_text(option, option->min) : NULL;
  g_autofree char *maximum = has_maximum(option) ? bound_text(option, option->max) : NULL;
  if (minimum && maximum)
    return g_strdup_printf("%s to %s", minimum, maximum);
  if (minimum)
    return g_strdup_printf("at least %s", minimum);
  return maximum ? g_strdup_printf("at most %s", maximum) : NULL;
}

static void
optional_string(WeirJsonWriter *json, const char *key, const char *value)
{
  if (value)
    weir_json_member_string(json, key, value);
}

/* A member that stands only where it is true. */
static void
optional_true(WeirJsonWriter *json, const char *key, gboolean value)
{
  if (value)
    weir_json_member_boolean(json, key, TRUE);
}

static void
write_ports(WeirJsonWriter *json, const char *key, const weir_port *ports, guint n)
{
  weir_json_key(json, key);
  weir_json_begin_array(json);
  for (guint i = 0; i < n; i++) {
    const weir_port *port = &ports[i];
    weir_json_begin_object(json);
    optional_string(json, "name", port->name);
    optional_string(json, "names", port->names);
    weir_json_member_string(json, "type", port->type);
    optional_true(json, "table", port->flags & WEIR_PORT_TABLE);
    optional_true(json, "optional", port->flags & WEIR_PORT_OPTIONAL);
    optional_true(json, "many", port->flags & WEIR_PORT_MANY);
    optional_true(json, "union", port->flags & WEIR_PORT_UNION);
    optional_true(json, "required", port->flags & WEIR_PORT_REQUIRED);
    optional_string(json, "help", port->help);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_choices(WeirJsonWriter *json, const char *choices)
{
  g_auto(GStrv) list = g_strsplit(choices, "|", -1);
  weir_json_key(json, "choices");
  weir_json_begin_array(json);
  for (guint i = 0; list[i]; i++)
    weir_json_string(json, list[i]);
  weir_json_end_array(json);
}

static void
write_option(WeirJsonWriter *json, const weir_option *option)
{
  const char *type = weir_option_type_name(option->type);
  g_autofree char *range = cli_option_range(option);
  weir_json_begin_object(json);
  weir_json_member_string(json, "name", option->name);
  weir_json_member_string(json, "type", type ? type : "unknown");
  optional_string(json, "help", option->help);
  optional_string(json, "default", option->by_default);
  optional_true(json, "required", option->flags & WEIR_OPTION_REQUIRED);
  optional_true(json, "measured", option->flags & WEIR_OPTION_MEASURED);
  optional_true(json, "advanced", option->flags & WEIR_OPTION_ADVANCED);
  if (option->choices)
    write_choices(json, option->choices);
  if (has_minimum(option))
    weir_json_member_number(json, "minimum", option->min);
  if (has_maximum(option))
    weir_json_member_number(json, "maximum", option->max);
  optional_string(json, "range", range);
  weir_json_end_object(json);
}

static void
write_class(WeirJsonWriter *json, const char *plugin, const weir_class *class)
{
  g_autofree char *use = g_strconcat(plugin, ".", class->name, NULL);
  weir_json_begin_object(json);
  weir_json_member_string(json, "use", use);
  optional_string(json, "summary", class->summary);
  optional_string(json, "help", class->help);
  optional_true(json, "parallel", class->threads == WEIR_PARALLEL);
  optional_true(json, "sink", class->flags & WEIR_CLASS_SINK);
  if (class->least_memory)
    weir_json_member_unsigned(json, "memory", class->least_memory);
  write_ports(json, "inputs", class->in, class->n_in);
  write_ports(json, "outputs", class->out, class->n_out);
  weir_json_key(json, "options");
  weir_json_begin_array(json);
  for (guint i = 0; i < class->n_options; i++)
    write_option(json, &class->options[i]);
  weir_json_end_array(json);
  weir_json_end_object(json);
}

char *
cli_describe(const WeirPlugin *plugin)
{
  const weir_plugin *descriptor = weir_plugin_get_descriptor(plugin);
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 0);
  g_autofree char *abi = g_strdup_printf("%d.%d", descriptor->abi_major, descriptor->abi_minor);
  weir_json_begin_object(json);
  weir_json_member_string(json, "name", descriptor->name);
  weir_json_member_string(json, "file", weir_plugin_get_file(plugin));
  optional_string(json, "version", descriptor->version);
  optional_string(json, "licence", descriptor->licence);
  optional_string(json, "vendor", descriptor->vendor);
  weir_json_member_string(json, "abi", abi);
  optional_string(json, "summary", descriptor->summary);
  weir_json_key(json, "stages");
  weir_json_begin_array(json);
  for (guint i = 0; i < descriptor->n_classes; i++)
    write_class(json, descriptor->name, &descriptor->classes[i]);
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(out, FALSE);
}

static char *
describe_error(const char *message)
{
  GString *out = g_string_new(NULL);
  g_autoptr(WeirJsonWriter) json = weir_json_writer_new(out, 0);
  weir_json_begin_object(json);
  weir_json_member_string(json, "error", message);
  weir_json_end_object(json);
  weir_json_writer_flush(json);
  return g_string_free(out, FALSE);
}

int
cli_describe_main(const char *file, gboolean allow_unsafe)
{
  g_autoptr(GError) error = NULL;
  const struct rlimit no_core = {0, 0};
  int answer = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (answer < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
    return WEIR_EXIT_FAILED;
  close(nowhere);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* it is in a group of its own, which Ctrl-C does not reach */
  setrlimit(RLIMIT_CORE, &no_core);

  WeirPlugin *plugin = weir_plugin_open(file, allow_unsafe, &error);
  g_autofree char *text = plugin ? cli_describe(plugin) : describe_error(error->message);
  FILE *out = fdopen(answer, "w");
  /* What the plugin would do at the end of the process is no part of the description, and may never end. */
  _exit(!out || fputs(text, out) == EOF || fclose(out) != 0 ? WEIR_EXIT_FAILED : WEIR_EXIT_OK);
}
