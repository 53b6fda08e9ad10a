/* SPDX-License-Identifier: MIT */
/* Plugins and stages as text for people; see inspect_views.h. */
#include "cli/inspect_views.h"

#include "base/json_write.h"

char *
cli_view_json(const CliScan *scan)
{
  GString *out = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(out, 2);
  weir_json_begin_object(json);
  weir_json_key(json, "plugins");
  weir_json_begin_array(json);
  for (guint i = 0; i < scan->plugins->len; i++)
    weir_node_write_json(scan->plugins->pdata[i], json);
  weir_json_end_array(json);
  weir_json_key(json, "failures");
  weir_json_begin_array(json);
  for (guint i = 0; i < scan->failures->len; i++)
    weir_json_string(json, scan->failures->pdata[i]);
  weir_json_end_array(json);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(out, FALSE);
}

char *
cli_view_list(const CliScan *scan, guint columns, const CliStyle *style)
{
  GString *out = g_string_new(NULL);
  guint width = 0;
  for (guint i = 0; i < scan->plugins->len; i++)
    for (gsize k = 0; cli_member_at(scan->plugins->pdata[i], "stages", k); k++)
      width = MAX(width, cli_text_columns(
                             cli_member_string(cli_member_at(scan->plugins->pdata[i], "stages", k), "use")));
  for (guint i = 0; i < scan->plugins->len; i++) {
    const WeirNode *plugin = scan->plugins->pdata[i];
    const WeirNode *stage;
    g_autofree char *summary = cli_text_clean(cli_member_string(plugin, "summary"), FALSE);
    g_autofree char *version = cli_text_clean(cli_member_string(plugin, "version"), FALSE);
    cli_text_ink(out, style, CLI_BOLD, cli_member_string(plugin, "name"));
    g_string_append_printf(out, " %s  %s\n", version, summary);
    for (gsize k = 0; (stage = cli_member_at(plugin, "stages", k)); k++) {
      g_autofree char *text = cli_text_clean(cli_member_string(stage, "summary"), FALSE);
      g_string_append(out, "  ");
      cli_text_pad(out, cli_member_string(stage, "use"), width, CLI_LEFT);
      g_string_append(out, "  ");
      cli_text_wrap(out, text, width + 4, columns);
    }
  }
  if (!scan->plugins->len) {
    g_autofree char *folders = g_strjoinv(", ", scan->folders);
    g_string_append_printf(out, "no plugins in %s\n", *folders ? folders : "the search path, which is empty");
  }
  return g_string_free(out, FALSE);
}

/* "a; b; c" piece by piece. */
static void
add_fact(GString *facts, const char *before, const char *text)
{
  if (*text)
    g_string_append_printf(facts, "%s%s%s", facts->len ? "; " : "", before, text);
}

char *
cli_view_option_facts(const WeirNode *option)
{
  GString *facts = g_string_new(NULL);
  add_fact(facts, "", cli_member_string(option, "type"));
  add_fact(facts, "", cli_member_string(option, "range"));
  if (cli_member_true(option, "required"))
    add_fact(facts, "", "required");
  add_fact(facts, "default: ", cli_member_string(option, "default"));
  return g_string_free(facts, FALSE);
}

char *
cli_view_port_facts(const WeirNode *port)
{
  GString *facts = g_string_new(NULL);
  add_fact(facts, "", cli_member_string(port, "type"));
  if (cli_member_true(port, "table"))
    add_fact(facts, "", "table");
  if (cli_member_true(port, "many"))
    add_fact(facts, "",
             cli_member_true(port, "union") ? "takes a list, whose columns may differ" : "takes a list");
  if (cli_member_true(port, "optional"))
    add_fact(facts, "", "optional");
  if (cli_member_true(port, "required"))
    add_fact(facts, "", "must be used");
  if (*cli_member_string(port, "names")) {
    g_autofree char *names = g_strdup_printf("one for each of \"%s\"", cli_member_string(port, "names"));
    add_fact(facts, "", names);
  }
  return g_string_free(facts, FALSE);
}

char *
cli_view_row_name(const WeirNode *row)
{
  const char *name = cli_member_string(row, "name");
  return *name ? g_strdup(name) : g_strdup_printf("<%s>", cli_member_string(row, "names"));
}

/* A row of ports or options: the name, then facts and help. */
static void
append_row(GString *out, const WeirNode *row, const char *facts, guint width, guint columns,
           const CliStyle *style)
{
  g_autofree char *help = cli_text_clean(cli_member_string(row, "help"), FALSE);
  g_autofree char *clean_facts = cli_text_clean(facts, FALSE);
  g_autoptr(GString) name = g_string_new(NULL);
  g_autofree char *label = cli_view_row_name(row);
  cli_text_ink(name, style, CLI_CYAN, label);
  g_string_append(out, "  ");
  cli_text_pad(out, name->str, width, CLI_LEFT);
  g_string_append(out, "  ");
  cli_text_wrap(out, clean_facts, width + 4, columns);
  if (*help) {
    g_string_append_printf(out, "%*s", (int)width + 4, "");
    cli_text_wrap(out, help, width + 4, columns);
  }
}

static guint
rows_width(const WeirNode *stage, const char *key)
{
  const WeirNode *row;
  guint width = 6;
  for (gsize i = 0; (row = cli_member_at(stage, key, i)); i++) {
    g_autofree char *name = cli_view_row_name(row);
    width = MAX(width, cli_text_columns(name));
  }
  return MIN(width, 24);
}

/* A heading and its rows; nothing where there are none. Advanced options come last. */
static void
append_rows(GString *out, const WeirNode *stage, const char *key, const char *heading,
            char *(*facts_of)(const WeirNode *), guint columns, const CliStyle *style)
{
  guint width = rows_width(stage, key);
  if (!cli_member_at(stage, key, 0))
    return;
  g_string_append_c(out, '\n');
  cli_text_ink(out, style, CLI_BOLD, heading);
  g_string_append_c(out, '\n');
  for (guint advanced = 0; advanced < 2; advanced++) {
    const WeirNode *row;
    for (gsize i = 0; (row = cli_member_at(stage, key, i)); i++) {
      g_autofree char *facts = facts_of(row);
      if (cli_member_true(row, "advanced") == (gboolean)advanced)
        append_row(out, row, facts, width, columns, style);
    }
  }
}

static void
append_stage(GString *out, const WeirNode *stage, guint columns, const CliStyle *style)
{
  g_autofree char *summary = cli_text_clean(cli_member_string(stage, "summary"), FALSE);
  g_autofree char *help = cli_text_clean(cli_member_string(stage, "help"), TRUE);
  cli_text_ink(out, style, CLI_BOLD, cli_member_string(stage, "use"));
  g_string_append(out, "  ");
  cli_text_wrap(out, summary, cli_text_columns(cli_member_string(stage, "use")) + 2, columns);
  if (*help) {
    g_string_append_c(out, '\n');
    cli_text_wrap(out, help, 0, columns);
  }
  append_rows(out, stage, "inputs", "Inputs", cli_view_port_facts, columns, style);
  append_rows(out, stage, "outputs", "Outputs", cli_view_port_facts, columns, style);
  append_rows(out, stage, "options", "Options", cli_view_option_facts, columns, style);
}

static void
append_fact_line(GString *out, const CliStyle *style, const char *label, const char *value)
{
  g_autofree char *clean = cli_text_clean(*value ? value : "-", FALSE);
  cli_text_ink(out, style, CLI_DIM, label);
  g_string_append_printf(out, "%s\n", clean);
}

char *
cli_view_plugin(const WeirNode *plugin, const WeirNode *stage, guint columns, const CliStyle *style)
{
  GString *out = g_string_new(NULL);
  g_autofree char *plugin_text =
      g_strdup_printf("%s %s: %s", cli_member_string(plugin, "name"), cli_member_string(plugin, "version"),
                      cli_member_string(plugin, "summary"));
  if (stage)
    append_stage(out, stage, columns, style);
  for (gsize i = 0; !stage && cli_member_at(plugin, "stages", i); i++) {
    if (i)
      g_string_append_c(out, '\n');
    append_stage(out, cli_member_at(plugin, "stages", i), columns, style);
  }
  g_string_append_c(out, '\n');
  append_fact_line(out, style, "Plugin   ", plugin_text);
  append_fact_line(out, style, "File     ", cli_member_string(plugin, "file"));
  append_fact_line(out, style, "Vendor   ", cli_member_string(plugin, "vendor"));
  append_fact_line(out, style, "Licence  ", cli_member_string(plugin, "licence"));
  append_fact_line(out, style, "ABI      ", cli_member_string(plugin, "abi"));
  return g_string_free(out, FALSE);
}
