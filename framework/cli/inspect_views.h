/* SPDX-License-Identifier: MIT */
/* What pipeline-inspect prints of plugins: a list, one in full, JSON, the JSON Schema, a manual section. */
#ifndef WEIR_CLI_INSPECT_VIEWS_H
#define WEIR_CLI_INSPECT_VIEWS_H

#include "cli/scan.h"
#include "cli/text.h"

G_BEGIN_DECLS

/* All of these return text for g_free(). `columns` is the width of the display. */

/* Plugins with their stages, a line each. */
char *cli_view_list(const CliScan *scan, guint columns, const CliStyle *style);

/* One plugin, or one of its stages; `stage` NULL: all. */
char *cli_view_plugin(const WeirNode *plugin, const WeirNode *stage, guint columns, const CliStyle *style);

/* {"plugins": […], "failures": […]}, indented. */
char *cli_view_json(const CliScan *scan);

/* The JSON Schema (draft 2020-12) of pipeline files that use these stages. No paths: the same on any
 * machine. */
char *cli_view_schema(const CliScan *scan);

/* Sections of a manual page (man(7) macros) for the stages of one plugin. */
char *cli_view_man(const WeirNode *plugin);

/* The name of a port or option; "<ratios>" for ports that option "ratios" names. */
char *cli_view_row_name(const WeirNode *row);

/* The parts of a line about an option, or a port, such as "integer; 1 to 99; default: 25". */
char *cli_view_option_facts(const WeirNode *option);
char *cli_view_port_facts(const WeirNode *port);

G_END_DECLS

#endif
