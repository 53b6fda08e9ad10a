/* SPDX-License-Identifier: MIT */
/* Writes the "point" messages of a stage, such as one an epoch, as aligned lines. */
#ifndef WEIR_CLI_POINTS_H
#define WEIR_CLI_POINTS_H

#include "cli/text.h"

G_BEGIN_DECLS

/* Remembers how wide each stage's figures were, so that they stay below each other. */
typedef struct CliPoints CliPoints;
CliPoints *cli_points_new(void);
void cli_points_free(CliPoints *points);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliPoints, cli_points_free)

/* "model  epoch  3  loss 0.3120  accuracy 0.9130", without a newline. Members that are no scalars are left
 * out. NULL: `json` is no object. Free with g_free. */
char *cli_points_line(CliPoints *points, const char *stage, const char *json, const CliStyle *style);

/* A figure as people read it: four decimals below 10, a count with its unit from 1,000 on. Free with g_free.
 */
char *cli_points_number(double value);

/* A name of a figure as people read it: "macro_f1" and "macro-f1" as "macro f1", made harmless. Free with g_free. */
char *cli_points_name(const char *name);

G_END_DECLS

#endif
