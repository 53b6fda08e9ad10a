/* SPDX-License-Identifier: MIT */
/* Type strings: the scanner, the grammar of types, and their match with fields. */
#include "core/type_expr.h"
#include "base/nearest.h"
#include "base/quote.h"

static const char *const scalar_names[] = {NULL,  "bool", "i8",  "u8",  "i16",  "u16",    "i32",      "u32",
                                           "i64", "u64",  "f32", "f64", "utf8", "binary", "timestamp"};

const char *
weir_scalar_type_name(weir_type type)
{
  return (unsigned)type < G_N_ELEMENTS(scalar_names) ? scalar_names[type] : NULL;
}

#define BIT(type)     (1u << (type))
#define INTEGER_TYPES ((BIT(WEIR_U64) << 1) - BIT(WEIR_I8))
#define REAL_TYPES    (BIT(WEIR_F32) | BIT(WEIR_F64))
#define ANY_TYPE      ((BIT(WEIR_STRUCT) << 1) - BIT(WEIR_BOOL))

/* Words that stand for several types. */
static const struct {
  const char *name;
  guint32 types;
} type_classes[] = {
    {"any", ANY_TYPE},
    {"number", INTEGER_TYPES | REAL_TYPES},
    {"integer", INTEGER_TYPES},
    {"real", REAL_TYPES},
};

/* ---- Scanner ---- */

void
weir_scanner_init(WeirScanner *scanner, const char *text)
{
  *scanner = (WeirScanner){.text = text, .at = text};
}

void
weir_scanner_clear(WeirScanner *scanner)
{
  g_clear_pointer(&scanner->problem, g_free);
}

gboolean
weir_scanner_fail(WeirScanner *scanner, const char *where, const char *format, ...)
{
  if (!scanner->problem) {
    va_list args;
    va_start(args, format);
    scanner->problem = g_strdup_vprintf(format, args);
    va_end(args);
    scanner->bad = where;
  }
  return FALSE;
}

char
weir_scanner_peek(WeirScanner *scanner)
{
  while (*scanner->at == ' ' || *scanner->at == '\t' || *scanner->at == '\n' || *scanner->at == '\r')
    scanner->at++;
  return *scanner->at;
}

gboolean
weir_scanner_take(WeirScanner *scanner, char wanted)
{
  if (weir_scanner_peek(scanner) != wanted)
    return FALSE;
  scanner->at++;
  return TRUE;
}

static gboolean
is_word_start(char c)
{
  return g_ascii_isalnum(c) || c == '_' || (guchar)c >= 0x80;
}

static gboolean
is_word(char c)
{
  return is_word_start(c) || c == '-' || c == '.';
}

static char *
scan_quoted(WeirScanner *scanner)
{
  const char *begin = scanner->at++;
  g_autoptr(GString) name = g_string_new(NULL);
  for (;;) {
    char c = *scanner->at++;
    if (!c) {
      weir_scanner_fail(scanner, begin, "a name begins with a quote that does not end");
      scanner->at--;
      return NULL;
    }
    if (c == '"')
      return g_string_free(g_steal_pointer(&name), FALSE);
    if (c == '\\') {
      c = *scanner->at++;
      if (c == 'n')
        c = '\n';
      else if (c == 't')
        c = '\t';
      else if (c == 'x' && g_ascii_isxdigit(scanner->at[0]) && g_ascii_isxdigit(scanner->at[1])) {
        c = (char)(g_ascii_xdigit_value(scanner->at[0]) * 16 + g_ascii_xdigit_value(scanner->at[1]));
        scanner->at += 2;
      }
      if (!c || (c != '"' && c != '\\' && g_ascii_isalnum(c))) {
        weir_scanner_fail(scanner, scanner->at - 2, "unknown escape; known are \\\" \\\\ \\n \\t and \\x1f");
        return NULL;
      }
    }
    g_string_append_c(name, c);
  }
}

char *
weir_scanner_name(WeirScanner *scanner, const char *what)
{
  char next = weir_scanner_peek(scanner);
  const char *begin = scanner->at;
  g_autofree char *name = NULL;
  if (next == '"') {
    name = scan_quoted(scanner);
    if (!name)
      return NULL;
  } else {
    if (is_word_start(next))
      while (is_word(*scanner->at))
        scanner->at++;
    name = g_strndup(begin, (gsize)(scanner->at - begin));
  }
  if (!*name) {
    weir_scanner_fail(scanner, begin, "the name of %s is missing", what);
    return NULL;
  }
  if (!g_utf8_validate(name, -1, NULL)) {
    weir_scanner_fail(scanner, begin, "the name of %s is not valid UTF-8", what);
    return NULL;
  }
  return g_steal_pointer(&name);
}

static gboolean
is_plain(const char *name)
{
  if (!is_word_start(*name))
    return FALSE;
  for (const char *p = name; *p; p++)
    if (!is_word(*p))
      return FALSE;
  return TRUE;
}

void
weir_append_name(GString *out, const char *name)
{
  if (is_plain(name)) {
    g_string_append(out, name);
    return;
  }
  g_string_append_c(out, '"');
  for (const char *p = name; *p; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf(out, "\\%c", *p);
    else if (*p == '\n')
      g_string_append(out, "\\n");
    else if (*p == '\t')
      g_string_append(out, "\\t");
    else if ((guchar)*p < 0x20 || *p == 0x7f)
      g_string_append_printf(out, "\\x%02x", (guint)*p);
    else
      g_string_append_c(out, *p);
  }
  g_string_append_c(out, '"');
}

/* ---- Grammar ---- */

static WeirTypeExpr *scan_type(WeirScanner *scanner, guint depth);

void
weir_type_expr_free(WeirTypeExpr *expr)
{
  while (expr) {
    WeirTypeExpr *next = expr->next;
    for (guint i = 0; i < expr->n_members; i++) {
      weir_type_expr_free(expr->members[i]);
      if (expr->names)
        g_free(expr->names[i]);
    }
    g_free(expr->members);
    g_free(expr->names);
    g_free(expr);
    expr = next;
  }
}

WeirTypeExpr *
weir_type_expr_any(void)
{
  WeirTypeExpr *expr = g_new0(WeirTypeExpr, 1);
  expr->types = ANY_TYPE;
  expr->nullable = TRUE;
  return expr;
}

/* "<" or "," or ">" inside a nested type. */
static gboolean
expect(WeirScanner *scanner, char wanted, const char *within)
{
  if (weir_scanner_take(scanner, wanted))
    return TRUE;
  return weir_scanner_fail(scanner, scanner->at, "\"%c\" is missing in %s", wanted, within);
}

static gboolean
scan_width(WeirScanner *scanner, WeirTypeExpr *expr)
{
  const char *within = "fixed<f32,N>";
  if (!expect(scanner, '<', within))
    return FALSE;
  weir_scanner_peek(scanner);
  if (strncmp(scanner->at, "f32", 3) != 0 || is_word(scanner->at[3]))
    return weir_scanner_fail(scanner, scanner->at, "fixed holds f32: write fixed<f32,N>");
  scanner->at += 3;
  if (!expect(scanner, ',', within))
    return FALSE;
  if (!weir_scanner_take(scanner, '*')) {
    gint64 n = 0;
    const char *begin = scanner->at;
    while (g_ascii_isdigit(*scanner->at) && n <= WEIR_MAX_WIDTH)
      n = n * 10 + (*scanner->at++ - '0');
    if (n < 1 || n > WEIR_MAX_WIDTH)
      return weir_scanner_fail(scanner, begin, "the width of fixed<f32,N> must be 1 to %d, or * in an input",
                               WEIR_MAX_WIDTH);
    expr->width = (gint32)n;
  }
  return expect(scanner, '>', within);
}

static gboolean
scan_items(WeirScanner *scanner, WeirTypeExpr *expr, guint depth)
{
  if (!expect(scanner, '<', "list<TYPE>"))
    return FALSE;
  expr->members = g_new0(WeirTypeExpr *, 1);
  expr->members[0] = scan_type(scanner, depth + 1);
  expr->n_members = 1;
  return expr->members[0] && expect(scanner, '>', "list<TYPE>");
}

static gboolean
scan_members(WeirScanner *scanner, WeirTypeExpr *expr, guint depth)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  const char *within = "struct<NAME:TYPE,…>";
  if (!expect(scanner, '<', within))
    return FALSE;
  do {
    weir_scanner_peek(scanner);
    const char *begin = scanner->at;
    char *name = weir_scanner_name(scanner, "a member");
    if (!name)
      return FALSE;
    guint i = expr->n_members++;
    expr->names = g_renew(char *, expr->names, expr->n_members);
    expr->members = g_renew(WeirTypeExpr *, expr->members, expr->n_members);
    expr->names[i] = name;
    expr->members[i] = NULL;
    if (!g_hash_table_add(seen, name))
      return weir_scanner_fail(scanner, begin, "member \"%s\" comes twice", name);
    if (expr->n_members > WEIR_SCHEMA_MAX_FIELDS)
      return weir_scanner_fail(scanner, begin, "a struct has at most %d members", WEIR_SCHEMA_MAX_FIELDS);
    if (!expect(scanner, ':', within))
      return FALSE;
    expr->members[i] = scan_type(scanner, depth + 1);
    if (!expr->members[i])
      return FALSE;
  } while (weir_scanner_take(scanner, ','));
  return expect(scanner, '>', within);
}

static const char *
type_word(gpointer data G_GNUC_UNUSED, gsize index)
{
  static const char *const nested[] = {"list", "fixed", "struct"};
  gsize n_scalars = G_N_ELEMENTS(scalar_names) - 1;
  if (index < n_scalars)
    return scalar_names[index + 1];
  index -= n_scalars;
  if (index < G_N_ELEMENTS(nested))
    return nested[index];
  index -= G_N_ELEMENTS(nested);
  return index < G_N_ELEMENTS(type_classes) ? type_classes[index].name : NULL;
}

/* What others call a type. */
static const char *
type_of_others(const char *word)
{
  static const struct {
    const char *word, *type;
  } words[] = {
      {"int", "i64"},
      {"int64", "i64"},
      {"long", "i64"},
      {"int32", "i32"},
      {"float", "f64"},
      {"double", "f64"},
      {"float64", "f64"},
      {"float32", "f32"},
      {"str", "utf8"},
      {"string", "utf8"},
      {"text", "utf8"},
      {"boolean", "bool"},
      {"datetime", "timestamp"},
      {"bytes", "binary"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(words); i++)
    if (!g_ascii_strcasecmp(word, words[i].word))
      return words[i].type;
  return NULL;
}

/* One alternative. */
static gboolean
scan_one(WeirScanner *scanner, WeirTypeExpr *expr, guint depth)
{
  weir_scanner_peek(scanner);
  const char *begin = scanner->at;
  while (is_word(*scanner->at))
    scanner->at++;
  g_autofree char *word = g_strndup(begin, (gsize)(scanner->at - begin));
  if (!*word)
    return weir_scanner_fail(scanner, begin, "a type is missing");
  if (depth > WEIR_SCHEMA_MAX_DEPTH)
    return weir_scanner_fail(scanner, begin, "types nest at most %d deep", WEIR_SCHEMA_MAX_DEPTH);
  for (guint i = 1; i < G_N_ELEMENTS(scalar_names); i++)
    if (!strcmp(word, scalar_names[i])) {
      expr->types = BIT(i);
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS(type_classes); i++)
    if (!strcmp(word, type_classes[i].name)) {
      expr->types = type_classes[i].types;
      return TRUE;
    }
  if (!strcmp(word, "fixed")) {
    expr->types = BIT(WEIR_FIXED);
    return scan_width(scanner, expr);
  }
  if (!strcmp(word, "list")) {
    expr->types = BIT(WEIR_LIST);
    return scan_items(scanner, expr, depth);
  }
  if (!strcmp(word, "struct")) {
    expr->types = BIT(WEIR_STRUCT);
    return scan_members(scanner, expr, depth);
  }
  const char *meant = type_of_others(word);
  g_autofree char *hint =
      meant ? g_strdup_printf("; did you mean \"%s\"?", meant) : weir_did_you_mean_of(word, type_word, NULL);
  g_autofree char *quoted = weir_quote(word, -1);
  return weir_scanner_fail(scanner, begin, "unknown type %s%s", quoted, hint);
}

static WeirTypeExpr *
scan_type(WeirScanner *scanner, guint depth)
{
  g_autoptr(WeirTypeExpr) first = NULL;
  WeirTypeExpr **end = &first;
  do {
    *end = g_new0(WeirTypeExpr, 1);
    if (!scan_one(scanner, *end, depth))
      return NULL;
    end = &(*end)->next;
  } while (weir_scanner_take(scanner, '+'));
  first->nullable = weir_scanner_take(scanner, '?');
  if (first->nullable && weir_scanner_peek(scanner) == '+') {
    weir_scanner_fail(scanner, scanner->at - 1, "\"?\" comes after the last alternative");
    return NULL;
  }
  return g_steal_pointer(&first);
}

WeirTypeExpr *
weir_type_expr_scan(WeirScanner *scanner)
{
  return scan_type(scanner, 1);
}

/* ---- Use ---- */

static gboolean
matches_inside(const WeirTypeExpr *expr, const struct ArrowSchema *field)
{
  if (expr->nullable < ((field->flags & ARROW_FLAG_NULLABLE) != 0))
    return FALSE;
  return weir_type_expr_matches(expr, field);
}

static gboolean
matches_one(const WeirTypeExpr *expr, const struct ArrowSchema *field)
{
  int32_t width = 0;
  weir_type type = weir_type_from_format(field->format, &width);
  if (type == WEIR_TYPE_NONE || !(expr->types & BIT(type)))
    return FALSE;
  if (expr->types == ANY_TYPE)
    return TRUE;
  if (type == WEIR_FIXED)
    return expr->width == 0 || expr->width == width;
  if (type != WEIR_LIST && type != WEIR_STRUCT)
    return TRUE;
  if (field->n_children != expr->n_members)
    return FALSE;
  for (guint i = 0; i < expr->n_members; i++) {
    if (expr->names && strcmp(expr->names[i], field->children[i]->name) != 0)
      return FALSE;
    if (!matches_inside(expr->members[i], field->children[i]))
      return FALSE;
  }
  return TRUE;
}

gboolean
weir_type_expr_matches(const WeirTypeExpr *expr, const struct ArrowSchema *field)
{
  for (; expr; expr = expr->next)
    if (matches_one(expr, field))
      return TRUE;
  return FALSE;
}

gboolean
weir_type_expr_is_exact(const WeirTypeExpr *expr)
{
  if (expr->next || (expr->types & (expr->types - 1)) != 0)
    return FALSE;
  if (expr->types == BIT(WEIR_FIXED) && expr->width == 0)
    return FALSE;
  for (guint i = 0; i < expr->n_members; i++)
    if (!weir_type_expr_is_exact(expr->members[i]))
      return FALSE;
  return TRUE;
}

void
weir_type_expr_to_field(const WeirTypeExpr *expr, const char *name, struct ArrowSchema *field)
{
  static const char letters[] = "bcCsSiIlLfguz";
  weir_type type = (weir_type)g_bit_nth_lsf(expr->types, -1);
  char format[16] = {0};
  if (type == WEIR_FIXED) {
    g_snprintf(format, sizeof format, "+w:%d", expr->width);
    weir_field_init(field, format, name, expr->nullable, 1);
    weir_field_init(field->children[0], "f", "item", FALSE, 0);
    return;
  }
  if (type == WEIR_TIMESTAMP)
    g_strlcpy(format, "tsu:UTC", sizeof format);
  else if (type == WEIR_LIST)
    g_strlcpy(format, "+l", sizeof format);
  else if (type == WEIR_STRUCT)
    g_strlcpy(format, "+s", sizeof format);
  else
    format[0] = letters[type - 1];
  weir_field_init(field, format, name, expr->nullable, expr->n_members);
  for (guint i = 0; i < expr->n_members; i++)
    weir_type_expr_to_field(expr->members[i], expr->names ? expr->names[i] : "item", field->children[i]);
}

static void
append_expr(GString *out, const WeirTypeExpr *expr, const char *alternatives)
{
  gboolean nullable = expr->nullable;
  for (; expr; expr = expr->next) {
    guint single = (guint)g_bit_nth_lsf(expr->types, -1);
    const char *class_name = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(type_classes); i++)
      if (expr->types == type_classes[i].types)
        class_name = type_classes[i].name;
    if (class_name)
      g_string_append(out, class_name);
    else if (single == WEIR_FIXED && expr->width == 0)
      g_string_append(out, "fixed<f32,*>");
    else if (single == WEIR_FIXED)
      g_string_append_printf(out, "fixed<f32,%d>", expr->width);
    else if (expr->n_members == 0)
      g_string_append(out, weir_scalar_type_name((weir_type)single));
    else {
      g_string_append(out, expr->names ? "struct<" : "list<");
      for (guint i = 0; i < expr->n_members; i++) {
        if (i)
          g_string_append_c(out, ',');
        if (expr->names) {
          weir_append_name(out, expr->names[i]);
          g_string_append_c(out, ':');
        }
        append_expr(out, expr->members[i], "+");
      }
      g_string_append_c(out, '>');
    }
    if (expr->next)
      g_string_append(out, alternatives);
  }
  if (nullable)
    g_string_append_c(out, '?');
}

char *
weir_type_expr_to_string(const WeirTypeExpr *expr, const char *alternatives)
{
  GString *out = g_string_new(NULL);
  append_expr(out, expr, alternatives);
  return g_string_free(out, FALSE);
}
