/* SPDX-License-Identifier: MIT */
/* A place in a file that a person wrote, for error messages. */
#include "base/position.h"

WeirPosition
weir_position(const char *file, guint line, guint column)
{
  return (WeirPosition){g_intern_string(file), line, column};
}

char *
weir_position_to_string(WeirPosition position)
{
  if (position.file == NULL)
    return g_strdup("");
  if (position.line == 0)
    return g_strdup(position.file);
  if (position.column == 0)
    return g_strdup_printf("%s:%u", position.file, position.line);
  return g_strdup_printf("%s:%u:%u", position.file, position.line, position.column);
}
