/* SPDX-License-Identifier: MIT */
/** window.h: the part of a file that is in memory: it slides along, and grows for a record that is longer. */
#ifndef WEIR_FILE_WINDOW_H
#define WEIR_FILE_WINDOW_H

#include "source.h"

/** Zeroed at first. The text that was not used yet is data[begin..end); FORMAT_PADDING bytes follow it. */
struct window {
  char *data;
  size_t capacity; /**< without the padding */
  size_t begin, end;
  bool final; /**< the file ends with `end` */
};

/**
 * Read on, to have more text than now: room is made by moving what is left to the front, and by doubling the
 * memory where that is not enough. -1: `error` is filled.
 */
int window_fill(struct window *window, struct source *source, struct format_error *error);

/** Make it ready for another file; the memory is kept, unless it is large. */
void window_reset(struct window *window);
void window_clear(struct window *window);

/**
 * Bytes of the byte order mark at the front of a file: 3 for that of UTF-8, 0 for none. -1: a mark of another
 * encoding; `error` names it.
 */
int window_skip_mark(const char *data, size_t len, struct format_error *error);

#endif
