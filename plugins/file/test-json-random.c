/* SPDX-License-Identifier: MIT */
/* Random JSON, well-formed and damaged, read by us and by json-glib: the same values, and no record that one
 * of the two refuses for a good reason. */
#include "json_scan.h"
#include "test-json-feed.h"

#include <json-glib/json-glib.h>
#include <math.h>

static GRand *dice;

static int
below(int n)
{
  return g_rand_int_range(dice, 0, n);
}

static void
put_space(GString *out)
{
  static const char *const spaces[] = {"", "", "", " ", "\t", "  ", "\r"};
  g_string_append(out, spaces[below(G_N_ELEMENTS(spaces))]);
}

static void
put_string(GString *out)
{
  static const char *const pieces[] = {
      "a",       "word ",          "\\n",      "\\\"", "\\\\",         "\\/",
      "\\u00e9", "\\uD83D\\uDE00", "\xc3\xa9", "{[,:", "\xe2\x82\xac", "0123456789abcdef0123456789abcdef",
      "\\t"};
  g_string_append_c(out, '"');
  for (int k = below(8); k > 0; k--)
    g_string_append(out, pieces[below(G_N_ELEMENTS(pieces))]);
  g_string_append_c(out, '"');
}

static void
put_number(GString *out, bool real)
{
  static const char *const edges[] = {"0", "-0", "9223372036854775807", "-9223372036854775808", "1", "-1"};
  static const char *const reals[] = {"0.0",
                                      "-0.0",
                                      "1e5",
                                      "1E-5",
                                      "0.1",
                                      "1.7976931348623157e308",
                                      "4.9e-324",
                                      "1e+2",
                                      "123456789012345678.5",
                                      "0.30000000000000004",
                                      "5e-325",
                                      "9007199254740993.0"};
  if (real && below(2))
    g_string_append_printf(out, "%.17g", g_rand_double(dice) * pow(10, below(40) - 20));
  else if (real)
    g_string_append(out, reals[below(G_N_ELEMENTS(reals))]);
  else if (below(4))
    g_string_append_printf(out, "%d", below(100000) - 50000);
  else
    g_string_append(out, edges[below(G_N_ELEMENTS(edges))]);
}

/* A value of kind 'b'ool, 'i'nteger, 'r'eal, 's'tring, 'l'ist, 'o'bject; sometimes null. */
static void
put_value(GString *out, char kind)
{
  if (below(12) == 0) {
    g_string_append(out, "null");
    return;
  }
  switch (kind) {
  case 'b':
    g_string_append(out, below(2) ? "true" : "false");
    break;
  case 'i':
  case 'r':
    put_number(out, kind == 'r');
    break;
  case 's':
    put_string(out);
    break;
  case 'l':
    g_string_append_c(out, '[');
    for (int k = below(5); k > 0; k--) {
      put_space(out);
      put_number(out, true);
      put_space(out);
      g_string_append(out, k > 1 ? "," : "");
    }
    g_string_append_c(out, ']');
    break;
  default:
    g_string_append(out, "{\"x\":");
    put_value(out, 'i');
    g_string_append(out, " , \"y\":");
    put_value(out, 's');
    g_string_append_c(out, '}');
  }
}

static void
put_record(GString *out)
{
  static const char kinds[] = "birslo";
  int first = below(6);
  g_string_append_c(out, '{');
  for (int k = 0, n = 0; k < 6; k++) {
    char kind = kinds[(first + k) % 6];
    if (below(8) == 0)
      continue;
    put_space(out);
    g_string_append_printf(out, "%s\"%c\"", n++ ? "," : "", kind);
    put_space(out);
    g_string_append_c(out, ':');
    put_space(out);
    put_value(out, kind);
    put_space(out);
  }
  g_string_append_c(out, '}');
}

/* --- Comparing ------------------------------------------------------------------------------------------- */

static bool same(JsonNode *a, JsonNode *b);

static bool
same_objects(JsonObject *ours, JsonObject *theirs)
{
  g_autoptr(GList) keys = json_object_get_members(ours);
  for (GList *key = keys; key; key = key->next) {
    JsonNode *node = json_object_get_member(theirs, key->data);
    if (node ? !same(json_object_get_member(ours, key->data), node)
             : !JSON_NODE_HOLDS_NULL(json_object_get_member(ours, key->data)))
      return false;
  }
  return true;
}

/* A column that took an integer for a real number, and a missing key for null, is the same. */
static bool
same(JsonNode *ours, JsonNode *theirs)
{
  if (JSON_NODE_TYPE(ours) != JSON_NODE_TYPE(theirs))
    return false;
  if (JSON_NODE_HOLDS_NULL(ours))
    return true;
  if (JSON_NODE_HOLDS_OBJECT(ours))
    return same_objects(json_node_get_object(ours), json_node_get_object(theirs));
  if (JSON_NODE_HOLDS_ARRAY(ours)) {
    JsonArray *a = json_node_get_array(ours), *b = json_node_get_array(theirs);
    if (json_array_get_length(a) != json_array_get_length(b))
      return false;
    for (guint k = 0; k < json_array_get_length(a); k++)
      if (!same(json_array_get_element(a, k), json_array_get_element(b, k)))
        return false;
    return true;
  }
  if (json_node_get_value_type(ours) == G_TYPE_STRING)
    return !g_strcmp0(json_node_get_string(ours), json_node_get_string(theirs));
  if (json_node_get_value_type(ours) == G_TYPE_DOUBLE)
    return json_node_get_double(ours) == json_node_get_double(theirs);
  return json_node_get_int(ours) == json_node_get_int(theirs) &&
         json_node_get_boolean(ours) == json_node_get_boolean(theirs);
}

static JsonNode *
parse(const char *text, gssize len)
{
  g_autoptr(JsonParser) parser = json_parser_new();
  return json_parser_load_from_data(parser, text, len, NULL) ? json_parser_steal_root(parser) : NULL;
}

static const char *const names[] = {"b", "i", "r", "s", "l", "o"};
static const char *const types[] = {"bool?", "i64?",       "f64?",
                                    "utf8?", "list<f64>?", "struct<x:i64?,y:utf8?>?"};
static const struct format_options declared = {.names = names, .types = types, .n_declared = 6};

static void
test_well_formed(void)
{
  for (int round = 0; round < 200; round++) {
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(g_free);
    bool lines = below(2);
    g_string_append(text, lines ? "" : "[");
    for (int k = below(30); k >= 0; k--) {
      gsize start = text->len;
      put_record(text);
      g_ptr_array_add(records, g_strndup(text->str + start, text->len - start));
      g_string_append(text, lines ? "\n" : k ? ",\n" : "]");
    }
    struct json_feed f = {.format = lines ? &format_jsonl : &format_json,
                          .options = declared,
                          .stretch = (size_t)below(300),
                          .max_rows = 1 + below(40)};
    int kind;
    do
      kind = below(JSON_SCAN_KINDS);
    while (!json_scan_has((enum json_scan_kind)kind));
    json_scan_use((enum json_scan_kind)kind);
    g_autofree char *got = json_feed(&f, text->str, text->len);
    g_auto(GStrv) rows = g_strsplit(got, "\n", -1);
    g_assert_cmpuint(g_strv_length(rows), ==, records->len + 2);
    for (guint k = 0; k < records->len; k++) {
      g_autoptr(JsonNode) theirs = parse(g_ptr_array_index(records, k), -1);
      g_autoptr(JsonNode) ours = strchr(rows[k + 1], '{') ? parse(strchr(rows[k + 1], '{'), -1) : NULL;
      if (!ours || !theirs || !same(ours, theirs))
        g_error("record %s\nwas read as %s", (char *)g_ptr_array_index(records, k), rows[k + 1]);
    }
  }
}

/* A line that is damaged is read as json-glib reads it, or refused; and the lines around it are read. */
static void
test_damaged(void)
{
  static const char bytes[] = "\"\\{}[]:,0 \x01\xff"
                              "x-e.";
  for (int round = 0; round < 20000; round++) {
    g_autoptr(GString) line = g_string_new(NULL);
    put_record(line);
    for (int k = 1 + below(2); k > 0; k--) {
      gssize at = below((int)line->len);
      if (below(2))
        line->str[at] = bytes[below(sizeof bytes - 1)];
      else if (below(2))
        g_string_erase(line, at, 1 + below(MIN(4, (int)line->len - (int)at)));
      else
        g_string_insert_c(line, at, bytes[below(sizeof bytes - 1)]);
      if (line->len == 0)
        g_string_append_c(line, 'x');
    }
    g_autofree char *text = g_strdup_printf("{\"i\":1}\n%s\n{\"i\":3}\n", line->str);
    struct json_feed f = {.format = &format_jsonl, .options = declared, .stretch = (size_t)below(200)};
    /* Only the first line may be known to inference: keys that the damage made are then refused. */
    f.sample = 8;
    g_autofree char *got = json_feed(&f, text, strlen(text));
    g_assert_nonnull(strstr(got, "\n1 {\"i\":1,"));
    g_assert_nonnull(strstr(got, "\n3 {\"i\":3,"));
    const char *second = strstr(got, "\n2 {");
    if (!second) {
      g_assert_true(strstr(got, "\n!2.") || strspn(line->str, " \t\r") == line->len);
      continue;
    }
    g_auto(GStrv) row = g_strsplit(second + 3, "\n", 2);
    g_autoptr(JsonNode) ours = parse(row[0], -1);
    g_autoptr(JsonNode) theirs = parse(line->str, (gssize)line->len);
    if (!theirs || !same(ours, theirs))
      g_error("damaged record %s\nwas read as %s", line->str, row[0]);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  dice = g_rand_new_with_seed(5);
  g_test_add_func("/json/random/well-formed", test_well_formed);
  g_test_add_func("/json/random/damaged", test_damaged);
  int result = g_test_run();
  g_rand_free(dice);
  return result;
}
