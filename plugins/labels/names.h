/* SPDX-License-Identifier: MIT */
/* Labels by name: numbered in the order in which they come. */
#ifndef WEIR_LABELS_NAMES_H
#define WEIR_LABELS_NAMES_H

#include <glib.h>
#include <weir/plugin.h>

#define LABELS_MOST 1000000 /* more are no classes */
#define LABEL_NONE  G_MAXUINT32

/* Not for several threads, but any number may look labels up once none are added. */
typedef struct LabelNames LabelNames;

LabelNames *label_names_new(void);
void label_names_free(LabelNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LabelNames, label_names_free)

/* The number of a label, which is added if it is not there. LABEL_NONE: there are LABELS_MOST already. */
guint32 label_names_add(LabelNames *names, weir_text label);
/* The number of a label, or LABEL_NONE. */
guint32 label_names_find(const LabelNames *names, weir_text label);
guint32 label_names_count(const LabelNames *names);
/* Bytes that they take, about. */
guint64 label_names_bytes(const LabelNames *names);
weir_text label_names_get(const LabelNames *names, guint32 number);

/* A label of a text, integer, boolean or time column, as text: it lives as long as the batch or `room`. */
#define LABEL_ROOM 48
weir_text label_text(const weir_column *column, int64_t row, char room[LABEL_ROOM]);

#endif
