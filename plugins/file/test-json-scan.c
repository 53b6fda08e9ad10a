/* SPDX-License-Identifier: MIT */
/* The fast ways to scan JSON give the tokens that the plain one gives, on every text and every cut of it. */
#include "json_scan.h"
#include "test-json-feed.h"

/* The tokens, the text given in one stretch; their number comes first. */
static GArray *
tokens_of(enum json_scan_kind kind, bool lines, const char *text, size_t len)
{
  struct json_scan scan = {0};
  GArray *tokens = g_array_new(FALSE, FALSE, sizeof(uint32_t));
  json_scan_use(kind);
  json_scan_begin(&scan, lines);
  while (json_scan_more(&scan, text, len)) {
    g_array_append_vals(tokens, scan.tokens, (guint)scan.n_tokens);
    json_scan_drop(&scan, scan.n_tokens);
  }
  json_scan_clear(&scan);
  return tokens;
}

static void
compare(const char *text, size_t len)
{
  g_autofree char *padded = json_pad(text, len);
  for (int lines = 0; lines < 2; lines++) {
    g_autoptr(GArray) plain = tokens_of(JSON_SCAN_BYTES, lines, padded, len);
    for (int kind = JSON_SCAN_BYTES + 1; kind < JSON_SCAN_KINDS; kind++) {
      if (!json_scan_has((enum json_scan_kind)kind))
        continue;
      g_autoptr(GArray) fast = tokens_of((enum json_scan_kind)kind, lines, padded, len);
      g_assert_cmpmem(fast->data, fast->len * sizeof(uint32_t), plain->data, plain->len * sizeof(uint32_t));
    }
  }
}

static void
test_known(void)
{
  const char *text = "{\"a\\\"b\": [1, -2.5,\ttrue],\n\"c\":\"x\ny\"}";
  const uint32_t expected[] = {0, 1, 3, 6, 7, 9, 10, 11, 13, 17, 19, 23, 24, 26, 28, 29, 30, 32, 34, 35};
  g_autofree char *padded = json_pad(text, strlen(text));
  g_autoptr(GArray) tokens = tokens_of(JSON_SCAN_BYTES, false, padded, strlen(text));
  g_assert_cmpmem(tokens->data, tokens->len * sizeof(uint32_t), expected, sizeof expected);
}

/* Texts of bytes that matter, so that every neighbourhood comes at every place of a block. */
static void
test_random(void)
{
  static const char alphabet[] = "\"\"\"\\\\\\{}[]:,  \n\t\r1a\x0c\x1a\x01\x7f\xc3\xa9\xff\0";
  g_autoptr(GRand) rand = g_rand_new_with_seed(7);
  for (int round = 0; round < 20000; round++) {
    char text[400];
    size_t len = (size_t)g_rand_int_range(rand, 0, sizeof text);
    int spread = g_rand_int_range(rand, 1, (int)sizeof alphabet);
    for (size_t k = 0; k < len; k++)
      text[k] = g_rand_int_range(rand, 0, 10) ? 'x' : alphabet[g_rand_int_range(rand, 0, spread)];
    if (round % 2)
      for (size_t k = 0; k < len; k++)
        text[k] = alphabet[g_rand_int_range(rand, 0, (int)sizeof alphabet)];
    compare(text, len);
  }
}

/* State goes from window to window. */
static void
test_windows(void)
{
  size_t len = 3 * JSON_SCAN_WINDOW + 17;
  g_autofree char *text = g_malloc(len);
  for (size_t at = JSON_SCAN_WINDOW - 3; at < JSON_SCAN_WINDOW + 3; at++)
    for (const char *mark = "\"\\x1 {"; *mark; mark++) {
      memset(text, 'y', len);
      text[0] = *mark;
      text[at] = *mark;
      text[at + 1] = '"';
      compare(text, len);
      memset(text, '\\', len);
      text[0] = '"';
      text[at] = *mark;
      compare(text, len);
    }
}

/* Bytes above 0x7f are seen, those behind the end are not. */
static void
test_ascii(void)
{
  char text[200];
  for (size_t len = 1; len < 130; len++)
    for (int kind = 0; kind < JSON_SCAN_KINDS; kind++) {
      struct json_scan scan = {0};
      if (!json_scan_has((enum json_scan_kind)kind))
        continue;
      json_scan_use((enum json_scan_kind)kind);
      memset(text, 'x', sizeof text);
      text[len - 1] = '\xc3';
      json_scan_begin(&scan, true);
      g_assert_true(json_scan_more(&scan, text, len));
      g_assert_false(scan.ascii);
      json_scan_begin(&scan, true);
      g_assert_false(json_scan_more(&scan, text, len - 1) && !scan.ascii && kind != JSON_SCAN_AVX2);
      json_scan_clear(&scan);
    }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json/scan/known", test_known);
  g_test_add_func("/json/scan/random", test_random);
  g_test_add_func("/json/scan/windows", test_windows);
  g_test_add_func("/json/scan/ascii", test_ascii);
  return g_test_run();
}
