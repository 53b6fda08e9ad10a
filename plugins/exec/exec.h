/* SPDX-License-Identifier: MIT */
/** exec.h: the stage exec.map: its state, and the functions of its class. */
#ifndef WEIR_EXEC_EXEC_H
#define WEIR_EXEC_EXEC_H

#include "child.h"

#include <weir/plugin.h>

struct exec_work;

typedef struct ExecMap {
  /* Options. */
  weir_list command;
  bool shell;
  const char *script;
  weir_list arguments;
  weir_list files;
  const char *folder;
  weir_list columns; /* to send; none given: all but _row */
  weir_map output;   /* name to type */
  weir_map environment;
  weir_list pass;
  const char *secret;
  const char *secret_variable;
  int64_t processes;
  double timeout, start_timeout;
  int64_t restarts;
  uint64_t max_line;

  /* Found out while planning; in memory of the host. */
  int32_t *arrange; /* of each output column: the input's, or -1: the program's */
  uint32_t n_columns;

  struct exec_work *work; /* while it runs */
} ExecMap;

int exec_map_schema(weir_stage *stage);
int exec_map_fingerprint(weir_stage *stage, char *text, size_t size);
int exec_map_open(weir_stage *stage);
int exec_map_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int exec_map_end(weir_stage *stage, uint32_t port);
void exec_map_close(weir_stage *stage);

/* ---- command.c: what is started --------------------------------------------------------------------------- */

/** The program's file, as its options say. NULL: `why` says what is wrong; both to free with g_free(). */
char *exec_command_path(const ExecMap *map, char **why);
/** Its arguments and environment: g_strfreev(). */
char **exec_command_arguments(const ExecMap *map, const char *path);
char **exec_command_environment(const ExecMap *map);

/* ---- record.c: records as lines, lines as values ---------------------------------------------------------- */

/** Append a record as a JSON object on a line: `columns[0..n)` of the batch, by their names. */
void exec_record_write(GString *out, const weir_column *columns, uint32_t n, int64_t row);

struct WeirNode;
/** Whether a value can stand in a column. NULL: yes; else why not, to free with g_free(). */
char *exec_value_check(const struct ArrowSchema *field, const struct WeirNode *value);
/** Append a value that was checked; a missing one is null. */
void exec_value_put(weir_builder *column, const struct WeirNode *value);

#endif
