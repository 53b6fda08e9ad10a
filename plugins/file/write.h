/* SPDX-License-Identifier: MIT */
/** write.h: the stage file.write: its state, and the functions of its class. */
#ifndef WEIR_FILE_WRITE_H
#define WEIR_FILE_WRITE_H

#include "write_format.h"

#include <weir/plugin.h>

struct file_write {
  /* Options. */
  const char *path;
  int32_t format; /* enum file_format */
  int64_t level;
  const char *delimiter;
  bool header;
  const char *quote;
  const char *null;
  bool crlf;
  bool pretty;
  bool single;
  const char *column;
  weir_list omit;

  /* Found out while planning. */
  const struct write_format *kind;
  const char *compression; /* NULL: none */

  /* While it runs. */
  struct writer writer;
  uint32_t *indices; /* of the columns in the batches */
  bool begun;
};

int file_write_schema(weir_stage *stage);
int file_write_open(weir_stage *stage);
int file_write_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int file_write_end(weir_stage *stage, uint32_t port);
void file_write_close(weir_stage *stage);

#endif
