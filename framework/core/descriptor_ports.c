/* SPDX-License-Identifier: MIT */
/* Contract rule W17 for the ports of a stage class, and for the functions that they ask for. */
#include "core/descriptor.h"
#include "core/porttype.h"
#include <string.h>

static const weir_option *
find_option(const weir_class *class, const char *name)
{
  for (guint i = 0; i < class->n_options; i++)
    if (strcmp(class->options[i].name, name) == 0)
      return &class->options[i];
  return NULL;
}

/* ---- Names and flags ------------------------------------------------------------------------------------
 */

static gboolean
check_row(const WeirAdoption *a, const weir_port *ports, guint n, guint index, const char *side,
          guint32 flags)
{
  const weir_port *p = &ports[index];
  g_autofree char *what = g_strdup_printf("the name of %s %u", side, index + 1);
  g_autofree char *help = g_strdup_printf("the help of %s %u", side, index + 1);
  g_autofree char *type = g_strdup_printf("the type of %s %u", side, index + 1);
  if (p->name && p->names)
    return weir_descriptor_fail(a, "%s %u has both a name and names from an option", side, index + 1);
  if (!weir_descriptor_word(a, p->names ? p->names : p->name, what))
    return FALSE;
  if (p->names && index + 1 < n)
    return weir_descriptor_fail(a, "the %ss that option \"%s\" names do not stand last", side, p->names);
  for (guint i = 0; i < index && p->name; i++)
    if (ports[i].name && strcmp(ports[i].name, p->name) == 0)
      return weir_descriptor_fail(a, "two %ss are named \"%s\"", side, p->name);
  if (p->flags & ~flags)
    return weir_descriptor_fail(a, "%s \"%s\" has flags that are not for %ss", side,
                                p->name ? p->name : p->names, side);
  return weir_descriptor_text(a, p->type, type, WEIR_TEXT_REQUIRED) &&
         weir_descriptor_text(a, p->help, help, WEIR_TEXT_LINE);
}

gboolean
weir_descriptor_check_port_texts(const WeirAdoption *a, const weir_class *class)
{
  for (guint i = 0; i < class->n_in; i++)
    if (!check_row(a, class->in, class->n_in, i, "input",
                   WEIR_PORT_TABLE | WEIR_PORT_OPTIONAL | WEIR_PORT_MANY | WEIR_PORT_UNION))
      return FALSE;
  for (guint i = 0; i < class->n_out; i++)
    if (!check_row(a, class->out, class->n_out, i, "output", WEIR_PORT_REQUIRED))
      return FALSE;
  return TRUE;
}

/* ---- Types ----------------------------------------------------------------------------------------------
 */

static gboolean
check_names_option(const WeirAdoption *a, const weir_class *class, const weir_port *port, const char *side)
{
  const weir_option *option = port->names ? find_option(class, port->names) : NULL;
  if (!port->names)
    return TRUE;
  if (!option)
    return weir_descriptor_fail(a, "option \"%s\", which names %ss, does not exist", port->names, side);
  switch (option->type) {
  case WEIR_STRING_LIST:
  case WEIR_PATH_LIST:
  case WEIR_NUMBER_LIST:
  case WEIR_STRING_MAP:
  case WEIR_NUMBER_MAP:
  case WEIR_FIELD_LIST:
    return TRUE;
  default:
    return weir_descriptor_fail(a, "option \"%s\", which names %ss, is neither a list nor a map", port->names,
                                side);
  }
}

static gboolean
check_base(const WeirAdoption *a, const weir_class *class, const char *base, const char *label,
           gboolean output)
{
  if (!base)
    return TRUE;
  if (!output)
    return weir_descriptor_fail(a, "%s has a type that refers to a port (\"=%s\"), which only outputs may do",
                                label, base);
  for (guint i = 0; i < class->n_in; i++)
    if (class->in[i].name && strcmp(class->in[i].name, base) == 0)
      return TRUE;
  return weir_descriptor_fail(a, "%s has a type that refers to input \"%s\", which does not exist", label,
                              base);
}

static gboolean
check_port(const WeirAdoption *a, const weir_class *class, const weir_port *port, gboolean output)
{
  const char *side = output ? "output" : "input";
  g_autofree char *label = g_strdup_printf("%s \"%s\"", side, port->name ? port->name : port->names);
  g_autoptr(GError) problem = NULL;
  g_autoptr(WeirPortType) type = weir_port_type_parse(port->type, &problem);
  if (!type)
    return weir_descriptor_fail(a, "the type of %s is not sound: %s", label, problem->message);
  for (const char *const *o = weir_port_type_options(type); o && *o; o++) {
    const weir_option *option = find_option(class, *o);
    if (!option)
      return weir_descriptor_fail(a, "the type of %s mentions option \"%s\", which does not exist", label,
                                  *o);
    if (option->type != WEIR_FIELD && option->type != WEIR_FIELD_LIST)
      return weir_descriptor_fail(
          a,
          "the type of %s mentions option \"%s\", which names no column; give it the type "
          "WEIR_FIELD or WEIR_FIELD_LIST",
          label, *o);
  }
  return check_names_option(a, class, port, side) &&
         check_base(a, class, weir_port_type_base(type), label, output);
}

gboolean
weir_descriptor_check_ports(const WeirAdoption *a, const weir_class *class)
{
  for (guint i = 0; i < class->n_in; i++)
    if (!check_port(a, class, &class->in[i], FALSE))
      return FALSE;
  for (guint i = 0; i < class->n_out; i++)
    if (!check_port(a, class, &class->out[i], TRUE))
      return FALSE;
  return TRUE;
}

/* ---- Functions ------------------------------------------------------------------------------------------
 */

gboolean
weir_descriptor_check_functions(const WeirAdoption *a, const weir_class *class)
{
  /* Pointers to functions and to data have one size wherever there is dlsym(). */
  const gpointer functions[] = {(gpointer) class->open,        (gpointer) class->schema,
                                (gpointer) class->fingerprint, (gpointer) class->process,
                                (gpointer) class->end,         (gpointer) class->produce,
                                (gpointer) class->close};
  static const char *const names[] = {"open", "schema", "fingerprint", "process", "end", "produce", "close"};
  guint n_stream = 0, n_table = 0;
  for (guint i = 0; i < G_N_ELEMENTS(functions); i++)
    if (functions[i] && !weir_mapped_code(a->mapped, functions[i]))
      return weir_descriptor_fail(a, "%s() is no code", names[i]);
  for (guint i = 0; i < class->n_in; i++) {
    if (class->in[i].flags & WEIR_PORT_TABLE)
      n_table++;
    else
      n_stream++;
  }
  if (n_stream && !class->process)
    return weir_descriptor_fail(a, "it has a stream input, but no process()");
  if (!n_stream && (class->process || class->end))
    return weir_descriptor_fail(a, "it has %s(), but no stream input", class->process ? "process" : "end");
  if (!class->produce && !n_stream)
    return weir_descriptor_fail(a, "it has no stream input, and no produce()");
  if (!class->produce && n_table)
    return weir_descriptor_fail(a, "it has a table input, but no produce()");
  if (class->produce && n_stream && !n_table)
    return weir_descriptor_fail(
        a, "it has produce(), which is called for sources and table inputs only; work in "
           "process() and end()");
  return TRUE;
}
