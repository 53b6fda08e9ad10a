/* SPDX-License-Identifier: MIT */
/* Aligned lines of figures: see points.h. */
#include "cli/points.h"

#include "base/tree.h"
#include "base/units.h"
#include <math.h>

struct CliPoints {
  GHashTable *widths; /* "stage\nkey" to columns */
};

CliPoints *
cli_points_new(void)
{
  CliPoints *points = g_new0(CliPoints, 1);
  points->widths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return points;
}

void
cli_points_free(CliPoints *points)
{
  if (!points)
    return;
  g_hash_table_unref(points->widths);
  g_free(points);
}

char *
cli_points_number(double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double size = fabs(value);
  if (isnan(value))
    return g_strdup("not a number");
  if (size >= 999.5)
    return weir_format_count(value);
  const char *format = "%.4f";
  if (size >= 99.995)
    format = "%.1f";
  else if (size >= 9.99995)
    format = "%.2f";
  else if (size > 0 && size < 0.001)
    format = "%.2e";
  return g_strdup(g_ascii_formatd(text, sizeof text, format, value));
}

char *
cli_points_name(const char *name)
{
  return g_strdelimit(cli_text_clean(name, FALSE), "-_", ' ');
}

/* A scalar as text; NULL for what has no place in a line. */
static char *
scalar_text(const WeirNode *node)
{
  switch (weir_node_kind(node)) {
  case WEIR_NODE_BOOLEAN:
    return g_strdup(weir_node_boolean(node) ? "yes" : "no");
  case WEIR_NODE_INTEGER:
    if (fabs((double)weir_node_integer(node)) >= 100000)
      return weir_format_count((double)weir_node_integer(node));
    return g_strdup_printf("%" G_GINT64_FORMAT, weir_node_integer(node));
  case WEIR_NODE_NUMBER:
    return cli_points_number(weir_node_number(node));
  case WEIR_NODE_STRING:
    return cli_text_clean(weir_node_string(node), FALSE);
  default:
    return NULL;
  }
}

char *
cli_points_line(CliPoints *points, const char *stage, const char *json, const CliStyle *style)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autoptr(WeirNode) node = json ? weir_node_parse_json(json, -1, "message", diagnostics) : NULL;
  if (!node || weir_node_kind(node) != WEIR_NODE_MAP)
    return NULL;
  GString *line = g_string_new(NULL);
  cli_text_ink(line, style, CLI_BOLD, stage ? stage : "");
  for (gsize i = 0; i < weir_node_size(node); i++) {
    g_autofree char *value = scalar_text(weir_node_at(node, i));
    g_autofree char *key = cli_points_name(weir_node_key_at(node, i));
    if (!value)
      continue;
    char *slot = g_strdup_printf("%s\n%s", stage ? stage : "", key);
    guint width = GPOINTER_TO_UINT(g_hash_table_lookup(points->widths, slot));
    width = MAX(width, cli_text_columns(value));
    g_hash_table_replace(points->widths, slot, GUINT_TO_POINTER(width));
    g_string_append(line, "  ");
    cli_text_ink(line, style, CLI_DIM, key);
    g_string_append_c(line, ' ');
    cli_text_pad(line, value, width, CLI_RIGHT);
  }
  return g_string_free(line, FALSE);
}
