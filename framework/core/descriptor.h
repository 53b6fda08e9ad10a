/* SPDX-License-Identifier: MIT */
/* Parts of the check of a descriptor (contract rule W17) that descriptor.c and descriptor_ports.c share. */
#ifndef WEIR_CORE_DESCRIPTOR_H
#define WEIR_CORE_DESCRIPTOR_H

#include "core/mapped.h"
#include <weir/plugin.h>

/* One check under way. */
typedef struct WeirAdoption {
  const char *file;
  const char *class_name; /* NULL while it is about the whole plugin */
  WeirMapped *mapped;
  GPtrArray *copies; /* what is freed when the check fails */
  GError **error;
} WeirAdoption;

typedef enum {
  WEIR_TEXT_LINE,       /* may be NULL */
  WEIR_TEXT_REQUIRED,   /* one line, not empty */
  WEIR_TEXT_PARAGRAPHS, /* may be NULL, may have line breaks */
} WeirTextKind;

/* Set the error `plugin "FILE" breaks contract rule W17: class "NAME": TEXT`; FALSE. */
gboolean weir_descriptor_fail(const WeirAdoption *a, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean weir_descriptor_text(const WeirAdoption *a, const char *text, const char *what, WeirTextKind kind);
/* The name of a plugin or class; and that of a port or option, which may have '_'. */
gboolean weir_descriptor_name(const WeirAdoption *a, const char *name, const char *what);
gboolean weir_descriptor_word(const WeirAdoption *a, const char *name, const char *what);

/* Ports have sound names and texts. Comes first: the checks below read them. */
gboolean weir_descriptor_check_port_texts(const WeirAdoption *a, const weir_class *class);
/* Their types parse, and refer to inputs and options that exist. */
gboolean weir_descriptor_check_ports(const WeirAdoption *a, const weir_class *class);
/* The functions are code, and are those that the inputs ask for. */
gboolean weir_descriptor_check_functions(const WeirAdoption *a, const weir_class *class);

#endif
