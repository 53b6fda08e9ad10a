/* SPDX-License-Identifier: MIT */
/* Fuzz target: port types. A first line is the type of an input, the second columns that arrive, the third an output. */
#include "config.h"

#include "core/porttype.h"
#include "core/type_expr.h"
#include "fuzz.h"

#include <string.h>

static const char *const *
lookup(const char *option, gpointer data)
{
  static const char *const names[] = {"text", "odd, name", NULL};
  (void)data;
  return strcmp(option, "none") == 0 ? NULL : names;
}

/* A schema from an output type that refers to nothing. */
static WeirSchema *
schema_of(const char *text)
{
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(WeirPortType) type = weir_port_type_parse(text, NULL);
  if (!type || !weir_port_type_check(type, TRUE, NULL) || weir_port_type_is_open(type) ||
      weir_port_type_base(type))
    return NULL;
  return weir_port_type_output(type, NULL, lookup, NULL, NULL, problems);
}

static void
try_type(const char *text)
{
  WeirScanner scanner;
  weir_scanner_init(&scanner, text);
  g_autoptr(WeirTypeExpr) expr = weir_type_expr_scan(&scanner);
  g_assert_true(expr || scanner.problem);
  if (expr) {
    g_autofree char *printed = weir_type_expr_to_string(expr, "+");
    g_assert_nonnull(printed);
    if (weir_type_expr_is_exact(expr)) {
      struct ArrowSchema field = {0};
      weir_type_expr_to_field(expr, "x", &field);
      g_assert_true(weir_type_expr_matches(expr, &field));
      field.release(&field);
    }
  }
  weir_scanner_clear(&scanner);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
  guint n = g_strv_length(lines);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirPortType) input = weir_port_type_parse(n ? lines[0] : "", &error);
  g_assert_true(input || error);
  try_type(n ? lines[0] : "");
  g_autoptr(WeirSchema) schema = n > 1 ? schema_of(lines[1]) : NULL;
  g_autoptr(WeirPortType) output = n > 2 ? weir_port_type_parse(lines[2], NULL) : NULL;
  if (input && schema && weir_port_type_check(input, FALSE, NULL)) {
    g_autoptr(WeirBinding) binding = weir_port_type_bind(input, schema, lookup, NULL, problems);
    guint count = 0;
    g_assert_true(binding || problems->len);
    if (binding)
      weir_binding_no_nulls(binding, &count);
  }
  if (output && schema && weir_port_type_check(output, TRUE, NULL) && !weir_port_type_is_open(output)) {
    WeirDerivation *derivation = NULL;
    g_autoptr(WeirSchema) out = weir_port_type_output(output, schema, lookup, NULL, &derivation, problems);
    g_assert_true(out || problems->len);
    if (derivation)
      weir_derivation_free(derivation);
  }
  return 0;
}
