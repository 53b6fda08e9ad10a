/* SPDX-License-Identifier: MIT */
/* The columns of an output while it is being planned: which pass, under which name, and which are new. */
#ifndef WEIR_EXPRESSION_LAYOUT_H
#define WEIR_EXPRESSION_LAYOUT_H

#include <glib.h>
#include <weir/plugin.h>

typedef struct {
  char *name;
  char *type;   /* as in port types */
  gint32 from;  /* column of the input, or -1 */
  guint32 item; /* of a new one: which, in the order in which they were put */
} LayoutColumn;

typedef struct {
  GArray *columns; /* of LayoutColumn */
  guint32 n_new;
} Layout;

/* What a stage keeps of it: `from` as weir_arrange() wants it, and the builder of each new column. */
typedef struct {
  int32_t *from;
  uint32_t *builders;
  uint32_t n_columns, n_new;
} Arrangement;

Layout *layout_new(void);
/* All columns of a schema, as they are. */
Layout *layout_of(const struct ArrowSchema *schema);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)

/* Position of a column, or -1. */
gint layout_find(const Layout *layout, const char *name);
/* A column of the input, at the end. */
void layout_pass(Layout *layout, const struct ArrowSchema *field, gint32 index, const char *name);
/* A new column: in the place of one of that name if `replace`, else at the end. FALSE: there is one, and it must not be
 * replaced; `error` says so, with a hint. */
gboolean layout_put(Layout *layout, const char *name, const char *type, gboolean replace, GError **error);

/* Declare output 0. 0 or -1 (reported). */
int layout_declare(weir_stage *stage, const Layout *layout, Arrangement *arrangement);

/* "list<utf8?>?" of a field. g_free(). */
char *layout_type(const struct ArrowSchema *field);
/* Position of a column of a schema, or -1. */
gint32 layout_index(const struct ArrowSchema *schema, const char *name);
/* `; did you mean "text"?` among the columns of a schema. g_free(). */
char *layout_did_you_mean(const struct ArrowSchema *schema, const char *name);

#endif
