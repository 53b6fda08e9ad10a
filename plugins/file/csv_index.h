/* SPDX-License-Identifier: MIT */
/** csv_index.h: finds where the fields of CSV end, 64 bytes at a time. */
#ifndef WEIR_FILE_CSV_INDEX_H
#define WEIR_FILE_CSV_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a file separates its fields. */
struct csv_dialect {
  char delimiter;
  char quote; /**< 0: there is none */
};

/**
 * Ends of fields: positions of delimiters and of line ends (LF, CR; the LF of CR LF does not count) that
 * stand outside of quotes. The index holds only for text before `odd`: the first byte that RFC 4180 has no
 * place for (a quote within an unquoted field, text behind a closing quote, a NUL). What stands around it is
 * for a reader that takes its time.
 */
struct csv_index {
  uint32_t *ends;
  size_t n;
  size_t capacity;
  size_t odd; /**< position, or the length of what was indexed */
};

/** The sets of instructions that there is code for; CSV_BEST is the best that this CPU has. */
enum csv_cpu { CSV_BEST, CSV_PORTABLE, CSV_AVX2, CSV_AVX512 };

/** True if this CPU can run the code. */
bool csv_cpu_has(enum csv_cpu cpu);

/**
 * Index data[0..len), which begins where a record begins; at least FORMAT_PADDING bytes after it are
 * readable, and `len` is below 2^32. Replaces what `index` held. False: no memory.
 */
bool csv_index_build(struct csv_index *index, const char *data, size_t len, struct csv_dialect dialect,
                     enum csv_cpu cpu);

void csv_index_clear(struct csv_index *index);

#endif
