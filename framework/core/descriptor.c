/* SPDX-License-Identifier: MIT */
/* Contract rule W17: takes a plugin's descriptor over, brought to this host's struct sizes, or says what is
 * wrong with it. */
#include "core/descriptor.h"
#include "base/error.h"
#include "base/quote.h"
#include "core/loader.h"
#include "core/mapped.h"
#include "core/options.h"
#include <string.h>

#define CLASSES_LIMIT 256
#define PORTS_LIMIT   256
#define OPTIONS_LIMIT 1024
#define STRUCT_LIMIT  4096
#define STATE_LIMIT   (64u << 20)
#define LINE_LIMIT    4096
#define TEXT_LIMIT    (256u << 10)

/* Sizes as of ABI 1.0; what came later may be missing. */
#define PLUGIN_LEAST (offsetof(weir_plugin, classes) + sizeof(void *))
#define CLASS_LEAST  (offsetof(weir_class, close) + sizeof(void (*)(void)))
#define PORT_LEAST   (offsetof(weir_port, help) + sizeof(void *))
#define OPTION_LEAST (offsetof(weir_option, help) + sizeof(void *))

gboolean
weir_descriptor_fail(const WeirAdoption *a, const char *format, ...)
{
  g_autofree char *path = weir_quote_path(a->file), *text = NULL;
  va_list args;
  va_start(args, format);
  text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(a->error, WEIR_ERROR, WEIR_ERROR_INVALID, "plugin %s breaks contract rule W17: %s%s%s%s", path,
              a->class_name ? "class \"" : "", a->class_name ? a->class_name : "",
              a->class_name ? "\": " : "", text);
  return FALSE;
}

/* ---- Strings --------------------------------------------------------------------------------------------
 */

gboolean
weir_descriptor_text(const WeirAdoption *a, const char *text, const char *what, WeirTextKind kind)
{
  gsize limit = kind == WEIR_TEXT_PARAGRAPHS ? TEXT_LIMIT : LINE_LIMIT;
  if (!text)
    return kind != WEIR_TEXT_REQUIRED || weir_descriptor_fail(a, "%s is missing", what);
  if (!weir_mapped_string(a->mapped, text, limit))
    return weir_descriptor_fail(a, "%s lies outside the plugin's data, or has more than %zu bytes", what,
                                limit);
  if (!g_utf8_validate(text, -1, NULL))
    return weir_descriptor_fail(a, "%s is no valid UTF-8", what);
  if (kind == WEIR_TEXT_REQUIRED && !text[0])
    return weir_descriptor_fail(a, "%s is empty", what);
  for (const char *p = text; *p; p++)
    if (g_ascii_iscntrl(*p) && !(*p == '\n' && kind == WEIR_TEXT_PARAGRAPHS))
      return weir_descriptor_fail(a, "%s has a line break or another control character", what);
  return TRUE;
}

gboolean
weir_descriptor_name(const WeirAdoption *a, const char *name, const char *what)
{
  g_autofree char *quoted = NULL;
  if (!weir_descriptor_text(a, name, what, WEIR_TEXT_REQUIRED))
    return FALSE;
  if (weir_name_is_valid(name))
    return TRUE;
  quoted = weir_quote(name, -1);
  return weir_descriptor_fail(a, "%s is %s; wanted are a-z, 0-9 and '-', a letter first, at most 64", what,
                              quoted);
}

gboolean
weir_descriptor_word(const WeirAdoption *a, const char *name, const char *what)
{
  g_autofree char *plain = NULL;
  if (!weir_descriptor_text(a, name, what, WEIR_TEXT_REQUIRED))
    return FALSE;
  plain = g_strdelimit(g_strdup(name), "_", '-');
  if (weir_name_is_valid(plain))
    return TRUE;
  g_autofree char *quoted = weir_quote(name, -1);
  return weir_descriptor_fail(a, "%s is %s; wanted are a-z, 0-9, '-' and '_', a letter first, at most 64",
                              what, quoted);
}

/* ---- Rows of other sizes --------------------------------------------------------------------------------
 */

/* A copy of `n` rows that are `theirs` bytes apart, as rows of `ours`: zeros behind a shorter one, the end of
 * a longer one left out. */
static gpointer
copy_rows(const WeirAdoption *a, gconstpointer rows, guint n, gsize theirs, gsize ours, const char *what)
{
  char *copy;
  if (n > 0 && (!weir_mapped_data(a->mapped, rows, n * theirs) || (guintptr)rows % G_ALIGNOF(gpointer))) {
    weir_descriptor_fail(a, "its table of %s lies outside the plugin's data", what);
    return NULL;
  }
  copy = g_malloc0_n(n + 1, ours); /* never NULL, which means failure */
  g_ptr_array_add(a->copies, copy);
  for (guint i = 0; i < n; i++)
    memcpy(copy + i * ours, (const char *)rows + i * theirs, MIN(theirs, ours));
  return copy;
}

static gboolean
check_size(const WeirAdoption *a, guint32 size, gsize least, const char *what)
{
  if (size < least || size > STRUCT_LIMIT || size % sizeof(gpointer))
    return weir_descriptor_fail(a, "%s has %u bytes, fewer than the %zu of plugin ABI 1.0 or more than %d",
                                what, size, least, STRUCT_LIMIT);
  return TRUE;
}

/* ---- The plugin -----------------------------------------------------------------------------------------
 */

static gboolean
check_numbers(const WeirAdoption *a, const weir_plugin *raw)
{
  if (!weir_mapped_data(a->mapped, raw, PLUGIN_LEAST) || (guintptr)raw % G_ALIGNOF(weir_plugin))
    return weir_descriptor_fail(a, "the descriptor lies outside the plugin's data");
  if (raw->magic != WEIR_MAGIC)
    return weir_descriptor_fail(a, "the descriptor has the magic number 0x%016" G_GINT64_MODIFIER "x",
                                raw->magic);
  if (raw->abi_major != WEIR_ABI_MAJOR || raw->abi_minor > WEIR_ABI_MINOR)
    return weir_descriptor_fail(
        a, "it is built for plugin ABI %u.%u, this host has %d.%d; build it again for this host",
        raw->abi_major, raw->abi_minor, WEIR_ABI_MAJOR, WEIR_ABI_MINOR);
  return check_size(a, raw->size, PLUGIN_LEAST, "struct weir_plugin") &&
         check_size(a, raw->class_size, CLASS_LEAST, "struct weir_class") &&
         check_size(a, raw->port_size, PORT_LEAST, "struct weir_port") &&
         check_size(a, raw->option_size, OPTION_LEAST, "struct weir_option") &&
         (weir_mapped_data(a->mapped, raw, raw->size) ||
          weir_descriptor_fail(a, "the descriptor lies outside the plugin's data"));
}

static gboolean
check_plugin(const WeirAdoption *a, const weir_plugin *plugin)
{
  if (plugin->n_classes == 0 || plugin->n_classes > CLASSES_LIMIT)
    return weir_descriptor_fail(a, "it has %u stage classes, not 1 to %d", plugin->n_classes, CLASSES_LIMIT);
  return weir_descriptor_name(a, plugin->name, "its name") &&
         weir_descriptor_text(a, plugin->version, "its version", WEIR_TEXT_REQUIRED) &&
         weir_descriptor_text(a, plugin->licence, "its licence", WEIR_TEXT_REQUIRED) &&
         weir_descriptor_text(a, plugin->vendor, "its vendor", WEIR_TEXT_LINE) &&
         weir_descriptor_text(a, plugin->summary, "its summary", WEIR_TEXT_LINE);
}

/* The tables of a class, brought to this host's sizes. */
static gboolean
adopt_tables(const WeirAdoption *a, const weir_plugin *raw, weir_class *class)
{
  if (class->n_in > PORTS_LIMIT || class->n_out > PORTS_LIMIT || class->n_options > OPTIONS_LIMIT)
    return weir_descriptor_fail(
        a, "it has %u inputs, %u outputs and %u options; at most %d, %d and %d are allowed", class->n_in,
        class->n_out, class->n_options, PORTS_LIMIT, PORTS_LIMIT, OPTIONS_LIMIT);
  class->in = copy_rows(a, class->in, class->n_in, raw->port_size, sizeof(weir_port), "inputs");
  if (class->in)
    class->out = copy_rows(a, class->out, class->n_out, raw->port_size, sizeof(weir_port), "outputs");
  if (class->in && class->out)
    class->options =
        copy_rows(a, class->options, class->n_options, raw->option_size, sizeof(weir_option), "options");
  return class->in && class->out && class->options;
}

static gboolean
check_class(const WeirAdoption *a, const weir_class *class)
{
  const guint32 flags = WEIR_CLASS_ALIGNED | WEIR_CLASS_SINK;
  if (!weir_descriptor_text(a, class->summary, "its summary", WEIR_TEXT_REQUIRED) ||
      !weir_descriptor_text(a, class->help, "its help", WEIR_TEXT_PARAGRAPHS))
    return FALSE;
  if (class->threads != WEIR_SERIAL && class->threads != WEIR_PARALLEL)
    return weir_descriptor_fail(a, "its thread model is %u, neither WEIR_SERIAL nor WEIR_PARALLEL",
                                class->threads);
  if (class->flags & ~flags || class->reserved)
    return weir_descriptor_fail(a, "its flags have bits that plugin ABI %d.%d does not know", WEIR_ABI_MAJOR,
                                WEIR_ABI_MINOR);
  if (class->state_size > STATE_LIMIT)
    return weir_descriptor_fail(a, "its state has %zu bytes, more than %u; take memory with weir_alloc()",
                                class->state_size, STATE_LIMIT);
  return TRUE;
}

static gboolean
check_options(const WeirAdoption *a, const weir_class *class)
{
  g_autoptr(GError) problem = NULL;
  for (guint i = 0; i < class->n_options; i++) {
    const weir_option *o = &class->options[i];
    if (!weir_descriptor_word(a, o->name, "the name of an option") ||
        !weir_descriptor_text(a, o->by_default, "the default of an option", WEIR_TEXT_PARAGRAPHS) ||
        !weir_descriptor_text(a, o->choices, "the choices of an option", WEIR_TEXT_LINE) ||
        !weir_descriptor_text(a, o->help, "the help of an option", WEIR_TEXT_PARAGRAPHS))
      return FALSE;
  }
  return weir_options_check_table(class, &problem) || weir_descriptor_fail(a, "%s", problem->message);
}

static gboolean
adopt_class(WeirAdoption *a, const weir_plugin *raw, const weir_plugin *plugin, guint index)
{
  weir_class *class = (weir_class *)&plugin->classes[index];
  a->class_name = NULL;
  if (!weir_descriptor_name(a, class->name, "the name of a class"))
    return FALSE;
  for (guint i = 0; i < index; i++)
    if (strcmp(plugin->classes[i].name, class->name) == 0)
      return weir_descriptor_fail(a, "two classes are named \"%s\"", class->name);
  a->class_name = class->name;
  return check_class(a, class) && adopt_tables(a, raw, class) && weir_descriptor_check_port_texts(a, class) &&
         check_options(a, class) && weir_descriptor_check_ports(a, class) &&
         weir_descriptor_check_functions(a, class);
}

static gboolean
adopt(WeirAdoption *a, const weir_plugin *raw, weir_plugin **plugin)
{
  if (!check_numbers(a, raw))
    return FALSE;
  *plugin = copy_rows(a, raw, 1, raw->size, sizeof(weir_plugin), "descriptors");
  if (!*plugin || !check_plugin(a, *plugin))
    return FALSE;
  (*plugin)->classes =
      copy_rows(a, raw->classes, raw->n_classes, raw->class_size, sizeof(weir_class), "classes");
  if (!(*plugin)->classes)
    return FALSE;
  for (guint i = 0; i < raw->n_classes; i++)
    if (!adopt_class(a, raw, *plugin, i))
      return FALSE;
  return TRUE;
}

const weir_plugin *
weir_descriptor_adopt(const weir_plugin *raw, const char *file, GError **error)
{
  g_autoptr(WeirMapped) mapped = weir_mapped_new(raw);
  g_autoptr(GPtrArray) copies = g_ptr_array_new_with_free_func(g_free);
  WeirAdoption a = {.file = file, .mapped = mapped, .copies = copies, .error = error};
  weir_plugin *plugin = NULL;
  if (!adopt(&a, raw, &plugin))
    return NULL;
  g_ptr_array_set_free_func(copies, NULL);
  return plugin;
}
