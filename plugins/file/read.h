/* SPDX-License-Identifier: MIT */
/** read.h: the stage file.read: its state, and the functions of its class. */
#ifndef WEIR_FILE_READ_H
#define WEIR_FILE_READ_H

#include "detect.h"
#include "members.h"
#include "window.h"

#include <weir/plugin.h>

struct file_read {
  /* Options. */
  weir_list path;
  weir_list member;
  int32_t format; /* enum file_format */
  const char *delimiter;
  int32_t header; /* HEADER_… */
  const char *quote;
  weir_map columns;
  weir_list nulls;
  uint64_t sample;
  uint64_t max_record; /* 0: as the run says */
  bool row;

  /* Found out while planning. */
  const struct format *reader;
  enum file_format found;
  struct format_options parsing;
  char **files; /* names of `n_files`, in memory of the host */
  struct file_place {
    const char *path; /* of the archive, or of the file itself */
    int64_t member;   /* its number; -1: the file itself */
  } * places;         /* `n_files` */
  uint32_t n_files;
  bool limit_is_own;     /* `max_record` is the option's, not the run's */
  uint32_t first_source; /* number of files[0] in `_row` */

  /* While it runs. */
  void *parser;
  struct source *source; /* of files[file]; NULL between files */
  struct source *before; /* of the file before it: perhaps an archive to go on with */
  struct window window;
  uint32_t file;
  uint64_t read_before; /* bytes of the files that are done */
  uint64_t total;       /* bytes of all files */
  uint64_t records;
};

int file_read_schema(weir_stage *stage);
int file_read_open(weir_stage *stage);
int file_read_produce(weir_stage *stage);
void file_read_close(weir_stage *stage);

/** Open file `k`; `before` (may be NULL) is taken: the source of the one before it, with which an archive is read on. */
struct source *file_read_source(const struct file_read *read, uint32_t k, struct source *before,
                                struct format_error *error);

/** Fail with a text about a file: path, line and byte where they are known. Returns -1. */
int file_read_fail(weir_stage *stage, const char *path, const struct format_error *error);

#endif
