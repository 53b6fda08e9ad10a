/* SPDX-License-Identifier: MIT */
/* What the formats that file.write writes have in common: columns with what is in them, and problems. */
#include "config.h"

#include "write_format.h"

#include <stdarg.h>
#include <stdio.h>

int
write_fail(struct writer *writer, int64_t row, const char *text, ...)
{
  va_list args;
  va_start(args, text);
  vsnprintf(writer->problem.text, sizeof writer->problem.text, text, args);
  va_end(args);
  writer->problem.row = row;
  return -1;
}

int
write_column_init(struct writer *writer, struct write_column *column, const struct ArrowSchema *schema)
{
  column->name = schema->name ? schema->name : "";
  column->view.type = weir_type_from_format(schema->format, NULL);
  if (column->view.type == WEIR_TYPE_NONE)
    return write_fail(writer, -1, "column \"%s\" is of Arrow format \"%s\", which cannot be written",
                      column->name, schema->format);
  if (column->view.type != WEIR_LIST && column->view.type != WEIR_STRUCT)
    return 0;
  column->n_children = (uint32_t)schema->n_children;
  column->children = g_new0(struct write_column, column->n_children);
  for (uint32_t k = 0; k < column->n_children; k++)
    if (write_column_init(writer, &column->children[k], schema->children[k]))
      return -1;
  return 0;
}

void
write_column_show(struct write_column *column, const weir_column *view)
{
  column->view = *view;
  for (uint32_t k = 0; k < column->n_children; k++) {
    weir_column child = view->type == WEIR_LIST ? weir_column_items(view) : weir_column_member(view, k);
    write_column_show(&column->children[k], &child);
  }
}

void
write_columns_clear(struct write_column *columns, uint32_t n)
{
  for (uint32_t k = 0; k < n; k++) {
    write_columns_clear(columns[k].children, columns[k].n_children);
    g_free(columns[k].prefix);
  }
  g_free(columns);
}
