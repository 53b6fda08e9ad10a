/* SPDX-License-Identifier: MIT */
/* Type strings ("utf8+i64", "list<f64?>", "fixed<f32,*>"): parsed, matched against fields, made into fields.
 */
#ifndef WEIR_CORE_TYPE_EXPR_H
#define WEIR_CORE_TYPE_EXPR_H

#include <glib.h>
#include <weir/columns.h>

#define WEIR_SCHEMA_MAX_DEPTH  16        /* a column is one level, what is in it the next */
#define WEIR_SCHEMA_MAX_FIELDS 65536     /* columns and members of structs, all together */
#define WEIR_MAX_WIDTH         100000000 /* N of fixed<f32,N> */

/* Reads a type string from left to right. The first mistake is kept in `problem`, and where it is in `bad`.
 */
typedef struct WeirScanner {
  const char *text;
  const char *at;
  const char *bad;
  char *problem;
} WeirScanner;

void weir_scanner_init(WeirScanner *scanner, const char *text);
void weir_scanner_clear(WeirScanner *scanner);
/* Notes a mistake at `where`. Always FALSE. */
gboolean weir_scanner_fail(WeirScanner *scanner, const char *where, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* Skips spaces, then takes `wanted` if it is next. */
gboolean weir_scanner_take(WeirScanner *scanner, char wanted);
/* The next character after spaces, without taking it; NUL at the end. */
char weir_scanner_peek(WeirScanner *scanner);
/* A name: a plain word, or quoted with backslash escapes. NULL: noted; `what` is what the name is of. */
char *weir_scanner_name(WeirScanner *scanner, const char *what);

/* What a type string says of one column, item or member. */
typedef struct WeirTypeExpr WeirTypeExpr;
struct WeirTypeExpr {
  guint32 types;          /* bits 1 << weir_type: one of these */
  gint32 width;           /* of WEIR_FIXED; 0: any */
  gboolean nullable;      /* of the whole list of alternatives, in its first one */
  guint n_members;        /* 1 for a list, the members of a struct */
  char **names;           /* of the members of a struct */
  WeirTypeExpr **members; /* owned */
  WeirTypeExpr *next;     /* the next alternative, owned */
};

/* A type with its alternatives and its "?". NULL: noted in the scanner. */
WeirTypeExpr *weir_type_expr_scan(WeirScanner *scanner);
/* "any", nullable. */
WeirTypeExpr *weir_type_expr_any(void);
void weir_type_expr_free(WeirTypeExpr *expr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirTypeExpr, weir_type_expr_free)

/* Whether a field is of the type. Nullability of the field itself does not count, that of what is in it does:
 * items that may be null do not match items that may not. */
gboolean weir_type_expr_matches(const WeirTypeExpr *expr, const struct ArrowSchema *field);
/* Whether it stands for one type only, so that a field can be made of it. */
gboolean weir_type_expr_is_exact(const WeirTypeExpr *expr);
/* A field of an exact type; release it. `nullable` of the expression counts. */
void weir_type_expr_to_field(const WeirTypeExpr *expr, const char *name, struct ArrowSchema *field);
/* As it would be written: "utf8 or i64" with `alternatives` " or ". g_free(). */
char *weir_type_expr_to_string(const WeirTypeExpr *expr, const char *alternatives);

/* ---- Fields, shared with schemas ---- */

/* "utf8" for a scalar type, NULL for nested ones. */
const char *weir_scalar_type_name(weir_type type);
/* Makes a field with room for `n_children` children, still zeroed; the parent owns them. */
void weir_field_init(struct ArrowSchema *field, const char *format, const char *name, gboolean nullable,
                     guint n_children);
/* A deep copy, without metadata; items of lists are named "item", and their fields brought to our form. */
void weir_field_copy(const struct ArrowSchema *from, struct ArrowSchema *to);
void weir_field_release(struct ArrowSchema *field);
/* Appends a name, quoted unless it is a plain word. */
void weir_append_name(GString *out, const char *name);

#endif
