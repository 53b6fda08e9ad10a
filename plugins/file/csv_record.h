/* SPDX-License-Identifier: MIT */
/** csv_record.h: reads CSV a record at a time, byte by byte: the definition of what file.read takes for CSV.
 */
#ifndef WEIR_FILE_CSV_RECORD_H
#define WEIR_FILE_CSV_RECORD_H

#include "csv_index.h"
#include "reader.h"

/** A field without its quotes. At least FORMAT_PADDING bytes follow it in memory. */
struct csv_field {
  const char *data;
  size_t len;
  bool quoted;
};

/** A record, kept for the next one to reuse its memory. Zeroed at first. */
struct csv_record {
  struct csv_field *fields;
  size_t n;
  size_t capacity;
  size_t begin, end;  /**< without those */
  size_t consumed;    /**< bytes, with blank lines before it and its line end */
  uint64_t line;      /**< where it begins */
  uint64_t next_line; /**< line behind it */
  char *text;         /**< the fields that had doubled quotes */
  size_t text_size;
};

enum csv_found {
  CSV_RECORD, /**< a whole record */
  CSV_CUT,    /**< the text ends amid a record (or after it, where an LF may follow a CR) */
  CSV_NONE,   /**< `final`, and nothing but blank lines: `consumed` and `next_line` are set */
  CSV_BAD,    /**< a record that is wrong in itself: `error` says why; it can be skipped */
  CSV_BROKEN, /**< a quote that is never closed: `error` says where it was opened */
};

/**
 * Read the record at the front of data[0..len), whose first byte stands in line `line`. Blank lines before it
 * are skipped. RFC 4180 with these freedoms: lines end with LF, CR LF or CR; a quote that is not the first
 * byte of a field is a byte like others; the last line needs no end.
 */
enum csv_found csv_record_read(struct csv_record *record, const char *data, size_t len, bool final,
                               uint64_t line, struct csv_dialect dialect, struct format_error *error);

void csv_record_clear(struct csv_record *record);

/** A record that is passed over, however long. Zeroed before its first byte. */
struct csv_skip {
  enum { CSV_SKIP_BLANK, CSV_SKIP_FIELD, CSV_SKIP_PLAIN, CSV_SKIP_QUOTED, CSV_SKIP_QUOTE, CSV_SKIP_CR } at;
  bool after_cr;
  uint64_t lines; /**< that ended in it, and with it */
};

/**
 * Go on with it in data[0..len), all of which is consumed if it does not end there. True: it ends behind `consumed`
 * bytes, where csv_record_read() would say that it ends. False with `final`: a quote is never closed.
 */
bool csv_record_skip(struct csv_skip *skip, const char *data, size_t len, bool final,
                     struct csv_dialect dialect, size_t *consumed);

/** Line ends (LF, CR LF, CR) in data[0..len). */
uint64_t csv_count_lines(const char *data, size_t len);

#endif
