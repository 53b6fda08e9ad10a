/* SPDX-License-Identifier: MIT */
/* Port types parsed: "text:utf8, ${label}?:utf8+i64?, *" and "=in, +score:f64, -raw". */
#include "base/error.h"
#include "base/quote.h"
#include "core/porttype_private.h"

static void
entry_clear(gpointer data)
{
  PortEntry *entry = data;
  g_free(entry->name);
  weir_type_expr_free(entry->type);
}

void
weir_port_type_free(WeirPortType *type)
{
  if (!type)
    return;
  g_free(type->text);
  g_free(type->base);
  g_array_unref(type->entries);
  g_ptr_array_unref(type->options);
  g_free(type);
}

/* ---- Errors ---- */

#define SHOWN_BEFORE 60 /* characters of the string around a mistake */
#define SHOWN_BEHIND 40

/* The problem, the string, and a caret under the place. */
static void
set_scan_error(GError **error, const WeirScanner *scanner)
{
  const char *begin = scanner->bad, *end = scanner->bad;
  guint before = 0, behind = 0;
  if (!g_utf8_validate(scanner->text, -1, NULL)) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s, at byte %td of the port type", scanner->problem,
                scanner->bad - scanner->text + 1);
    return;
  }
  for (; begin > scanner->text && before < SHOWN_BEFORE; before++)
    begin = g_utf8_prev_char(begin);
  for (; *end && behind < SHOWN_BEHIND; behind++)
    end = g_utf8_next_char(end);
  g_autofree char *shown = g_strndup(begin, (gsize)(end - begin));
  for (char *p = shown; *p; p++)
    if (g_ascii_iscntrl(*p))
      *p = ' ';
  gboolean cut = begin > scanner->text;
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s\n  %s%s%s\n  %*s^", scanner->problem, cut ? "…" : "",
              shown, *end ? "…" : "", (int)before + cut, "");
}

/* ---- Parsing ---- */

/* "${option}" or a column's name, then "?" where it may be missing. */
static gboolean
scan_entry_name(WeirScanner *scanner, PortEntry *entry)
{
  if (weir_scanner_peek(scanner) == '$') {
    if (scanner->at[1] != '{')
      return weir_scanner_fail(scanner, scanner->at, "write ${OPTION} for the column that an option names");
    scanner->at += 2;
    entry->from_option = TRUE;
    entry->name = weir_scanner_name(scanner, "an option");
    if (entry->name && !weir_scanner_take(scanner, '}'))
      return weir_scanner_fail(scanner, scanner->at, "\"}\" is missing behind the option's name");
  } else {
    entry->name = weir_scanner_name(scanner, "a column");
  }
  if (!entry->name)
    return FALSE;
  entry->optional = weir_scanner_take(scanner, '?');
  return TRUE;
}

/* "text:utf8", "+score:f64", "-raw". */
static gboolean
scan_entry(WeirScanner *scanner, PortEntry *entry)
{
  const char *begin = scanner->at;
  if (weir_scanner_take(scanner, '+'))
    entry->kind = ENTRY_ADD;
  else if (weir_scanner_take(scanner, '-'))
    entry->kind = ENTRY_REMOVE;
  if (!scan_entry_name(scanner, entry))
    return FALSE;
  if (entry->kind == ENTRY_REMOVE)
    return TRUE;
  if (entry->kind == ENTRY_ADD && entry->optional)
    return weir_scanner_fail(scanner, begin, "a column that is added cannot be missing");
  if (!weir_scanner_take(scanner, ':'))
    return weir_scanner_fail(scanner, scanner->at, "\":\" and a type are missing behind the name");
  entry->type = weir_type_expr_scan(scanner);
  return entry->type != NULL;
}

/* The word "any", by itself. */
static gboolean
take_any(WeirScanner *scanner)
{
  const char *end;
  weir_scanner_peek(scanner);
  if (strncmp(scanner->at, "any", 3) != 0)
    return FALSE;
  end = scanner->at + 3;
  while (*end == ' ')
    end++;
  if (*end && *end != ',')
    return FALSE;
  scanner->at = end;
  return TRUE;
}

static gboolean
scan_base(WeirScanner *scanner, WeirPortType *type, gboolean first)
{
  const char *begin = scanner->at - 1;
  if (!first)
    return weir_scanner_fail(scanner, begin, "\"=PORT\" comes first, and once");
  type->base = weir_scanner_name(scanner, "an input");
  return type->base != NULL;
}

/* A column that is named in two entries would be bound, or made, twice. */
static gboolean
check_once(WeirScanner *scanner, const char *begin, const PortEntry *entry, GHashTable *seen)
{
  gboolean fresh =
      g_hash_table_add(seen, g_strdup_printf("%c%c%s", entry->from_option ? '$' : ' ',
                                             entry->kind == ENTRY_REMOVE ? '-' : ' ', entry->name));
  if (!fresh)
    return weir_scanner_fail(scanner, begin, "\"%s\" comes twice", entry->name);
  return TRUE;
}

static gboolean
scan_part(WeirScanner *scanner, WeirPortType *type, GHashTable *seen, gboolean first)
{
  weir_scanner_peek(scanner);
  const char *begin = scanner->at;
  if (weir_scanner_take(scanner, '='))
    return scan_base(scanner, type, first);
  if (weir_scanner_take(scanner, '*') || take_any(scanner)) {
    if (type->others)
      return weir_scanner_fail(scanner, begin, "\"*\" comes twice");
    type->others = TRUE;
    return TRUE;
  }
  PortEntry entry = {0};
  if (!scan_entry(scanner, &entry) || !check_once(scanner, begin, &entry, seen)) {
    entry_clear(&entry);
    return FALSE;
  }
  g_array_append_val(type->entries, entry);
  if (entry.kind != ENTRY_COLUMN && !type->base)
    return weir_scanner_fail(scanner, begin, "\"+\" and \"-\" need \"=PORT\" at the beginning");
  if (type->entries->len > WEIR_SCHEMA_MAX_FIELDS)
    return weir_scanner_fail(scanner, begin, "more than %d columns", WEIR_SCHEMA_MAX_FIELDS);
  if (entry.from_option && !g_ptr_array_find_with_equal_func(type->options, entry.name, g_str_equal, NULL))
    g_ptr_array_add(type->options, entry.name);
  return TRUE;
}

static gboolean
scan_all(WeirScanner *scanner, WeirPortType *type)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  gboolean first = TRUE;
  if (!weir_scanner_peek(scanner))
    return weir_scanner_fail(scanner, scanner->at, "the port type is empty; write \"any\" for any columns");
  do {
    if (!scan_part(scanner, type, seen, first))
      return FALSE;
    first = FALSE;
  } while (weir_scanner_take(scanner, ','));
  if (weir_scanner_peek(scanner))
    return weir_scanner_fail(scanner, scanner->at, "\",\" or the end is wanted here");
  if (type->base && type->others)
    return weir_scanner_fail(scanner, type->text, "\"=%s\" has all columns of the input already: drop \"*\"",
                             type->base);
  return TRUE;
}

WeirPortType *
weir_port_type_parse(const char *text, GError **error)
{
  WeirScanner scanner;
  g_autoptr(WeirPortType) type = g_new0(WeirPortType, 1);
  type->text = g_strdup(text);
  type->entries = g_array_new(FALSE, FALSE, sizeof(PortEntry));
  g_array_set_clear_func(type->entries, entry_clear);
  type->options = g_ptr_array_new();
  weir_scanner_init(&scanner, type->text);
  if (!scan_all(&scanner, type)) {
    set_scan_error(error, &scanner);
    weir_scanner_clear(&scanner);
    return NULL;
  }
  g_ptr_array_add(type->options, NULL);
  return g_steal_pointer(&type);
}

/* ---- What it says ---- */

gboolean
weir_port_type_check(const WeirPortType *type, gboolean output, GError **error)
{
  if (!output && type->base) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "\"=%s\" is for outputs", type->base);
    return FALSE;
  }
  if (output && type->others && type->entries->len) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "in an output, \"*\" or \"any\" stands alone (and weir_declare() says what comes)");
    return FALSE;
  }
  for (guint i = 0; output && i < type->entries->len; i++) {
    const PortEntry *entry = weir_port_type_entry(type, i);
    if (!entry->type)
      continue;
    if (!weir_type_expr_is_exact(entry->type)) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "column \"%s\" of an output needs one exact type",
                  entry->name);
      return FALSE;
    }
    if (entry->optional) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "column \"%s\" of an output cannot be optional",
                  entry->name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
weir_port_type_is_open(const WeirPortType *type)
{
  return type->others && type->entries->len == 0;
}

const char *
weir_port_type_base(const WeirPortType *type)
{
  return type->base;
}

const char *const *
weir_port_type_options(const WeirPortType *type)
{
  return (const char *const *)type->options->pdata;
}
