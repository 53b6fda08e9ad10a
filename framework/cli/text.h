/* SPDX-License-Identifier: MIT */
/* Text for terminals: width in display columns, clipping and padding, ink, and foreign text made harmless. */
#ifndef WEIR_CLI_TEXT_H
#define WEIR_CLI_TEXT_H

#include <glib.h>

G_BEGIN_DECLS

/* What the terminal can show. */
typedef struct CliStyle {
  gboolean colour;  /* SGR sequences may be written */
  gboolean unicode; /* the locale's encoding is UTF-8 */
} CliStyle;

typedef enum { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_CYAN } CliInk;

/* Append `text` in `ink`, where the style has colour. */
void cli_text_ink(GString *out, const CliStyle *style, CliInk ink, const char *text);

/* Columns that `text` takes: two for wide characters, none for combining ones and for SGR sequences. */
guint cli_text_columns(const char *text);

/* Append as much of `text` as fits into `columns`; what is cut ends with an ellipsis. SGR sequences are kept,
 * also those behind the cut, so that ink always ends. */
void cli_text_clip(GString *out, const char *text, guint columns, const CliStyle *style);

typedef enum { CLI_LEFT, CLI_RIGHT } CliAlign;

/* Append `text` filled up with spaces to `columns`; a longer one is appended whole. */
void cli_text_pad(GString *out, const char *text, guint columns, CliAlign align);

/* A copy that cannot move the cursor: control characters as \xNN, invalid UTF-8 replaced. Newlines stay where
 * `lines` says so, and are shown as \n otherwise; tabs become a space. Free with g_free. */
char *cli_text_clean(const char *text, gboolean lines);

/* The same for a sentence of which further lines may explain: those begin with two spaces, if they did not begin with a
 * space. Free with g_free. */
char *cli_text_hang(const char *text);

/* A path as short as it can be said here, made harmless: relative where it is below the working directory. Free
 * with g_free. */
char *cli_text_path(const char *path);

/* Append `text` broken at spaces into lines of at most `columns`, each but the first after `indent` spaces;
 * the first begins at column `indent`. Newlines in the text break too. Ends with a newline. */
void cli_text_wrap(GString *out, const char *text, guint indent, guint columns);

/* Rows and columns for people: columns aligned, headings dim. */
typedef struct CliTable CliTable;
CliTable *cli_table_new(const char *const *headings, const CliAlign *align, guint n_columns);
void cli_table_free(CliTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliTable, cli_table_free)
/* One cell; the row is full after n_columns of them. Takes `text`. */
void cli_table_cell(CliTable *table, char *text);
/* Every line after `indent` spaces, clipped to `columns` (0: not at all). Row `marked` is bold; -1: none. */
void cli_table_print(const CliTable *table, GString *out, guint indent, guint columns, gint marked,
                     const CliStyle *style);

G_END_DECLS

#endif
