/* SPDX-License-Identifier: MIT */
/* Values of options: what each type takes, its place in the state, and a node made into it. */
#ifndef WEIR_CORE_OPTION_VALUE_H
#define WEIR_CORE_OPTION_VALUE_H

#include "core/options.h"

#define WEIR_OPTION_MAX_ITEMS   100000 /* of a list */
#define WEIR_OPTION_MAX_MEMBERS 10000  /* of a map */

/* Bytes and alignment of the member of the state; FALSE for an unknown type. */
gboolean weir_option_member(guint32 type, gsize *size, gsize *alignment);

gboolean weir_option_is_list(guint32 type);
gboolean weir_option_is_map(guint32 type);
/* Whether `min` and `max` mean something for it. */
gboolean weir_option_has_range(guint32 type);

/* The default as a node, as if it had been written in the file. NULL: it is no JSON where it has to be. */
WeirNode *weir_option_default_node(const weir_option *option, WeirPosition position,
                                   WeirDiagnostics *diagnostics);

/* A value made of a node and put into the member of the state. FALSE: noted in the diagnostics. */
gboolean weir_option_set(const WeirOptionContext *context, const weir_option *option, const WeirNode *node,
                         gpointer state, WeirArena *arena);

/* The names in "first|second|third"; g_strfreev(). */
char **weir_option_choices(const weir_option *option);

#endif
