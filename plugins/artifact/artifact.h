/* SPDX-License-Identifier: MIT */
/* The stages of plugin artifact: their states, and the functions of their classes. */
#ifndef WEIR_ARTIFACT_H
#define WEIR_ARTIFACT_H

#include <glib.h>
#include <weir/plugin.h>

enum { IN = 0, KIND = 0, PATH = 1, SHA256 = 2, METADATA = 3 };

typedef struct {
  const char *path;
  bool replace;
  char *kind; /* of the record that came */
  char *folder;
  char *sha256;
  char *metadata;
} Writer;

typedef struct {
  const char *path;
  const char *sha256;
  const char *kind;
  uint64_t max_size;
  bool done;
} Reader;

int artifact_write_schema(weir_stage *stage);
int artifact_write_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch);
int artifact_write_end(weir_stage *stage, uint32_t port);
void artifact_write_close(weir_stage *stage);

int artifact_read_schema(weir_stage *stage);
int artifact_read_produce(weir_stage *stage);
int artifact_read_fingerprint(weir_stage *stage, char *text, size_t size);

/* Shows how far copying is, and says whether to go on: a WeirArtifactStep; `data` is the stage. */
gboolean artifact_step(guint64 bytes, gpointer data);
/* Reports why; a cancelled call reports nothing. Returns -1. */
int artifact_failed(weir_stage *stage, const GError *error);

#endif
