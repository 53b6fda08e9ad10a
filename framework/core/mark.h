/* SPDX-License-Identifier: MIT */
/* Marks: what is known of a stage that is whole, written to its folder in the run directory, or in the store. */
#ifndef WEIR_CORE_MARK_H
#define WEIR_CORE_MARK_H

#include "core/plan.h"
#include "core/rundir.h"
#include "core/schema.h"

#define WEIR_MARK_FILE "whole.json"

/* An output of the stage. If it is kept, the file of weir_mark_table_name() lies beside the mark. */
typedef struct {
  char *name;
  gboolean used; /* something took it */
  gboolean kept;
  guint64 rows, bytes; /* without rows there is no file */
  WeirSchema *schema;  /* NULL: its columns were never known */
} WeirMarkOutput;

typedef struct {
  char *key;
  char *stage, *use;
  char *run;  /* the run that made it: its directory */
  char *held; /* why it held the run, or NULL */
  guint64 records_in, records_out, batches_in, batches_out, bytes_in, bytes_out, rejects, busy_ns;
  char *rejects_sha256; /* of the file of what it rejected, or NULL */
  GPtrArray *outputs;   /* of WeirMarkOutput */
  GPtrArray *artifacts; /* of WeirMadeThing, paths relative to the run directory */
  GPtrArray *outside;   /* of WeirMadeThing: files outside the run */
  GPtrArray *messages;  /* of WeirPosted, as they were sent, but states and ticks */
} WeirMark;

WeirMark *weir_mark_new(const char *key, const char *stage, const char *use);
void weir_mark_free(WeirMark *mark);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirMark, weir_mark_free)

/* The name of a file or folder for a stage or port: letters, digits, - and _ stay, the rest is written %XX. g_free(). */
char *weir_mark_safe_name(const char *name);
char *weir_mark_table_name(const char *output);

/* A new one, which belongs to the mark; the name is copied. */
WeirMarkOutput *weir_mark_add_output(WeirMark *mark, const char *name);
WeirMarkOutput *weir_mark_find_output(const WeirMark *mark, const char *name);

/* Write it into a folder, which must exist: whole or not at all. It is not synced: one that a power cut spoils is not
   believed. */
gboolean weir_mark_write(const WeirMark *mark, const char *folder, GError **error);
/* Read it. NULL: there is none (no error), or it is damaged, or not of stage `stage` (`error`). */
WeirMark *weir_mark_read(const char *folder, const char *stage, GError **error);

#endif
