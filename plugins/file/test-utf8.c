/* SPDX-License-Identifier: MIT */
/* UTF-8 validation held against GLib's and against the byte-wise search, in every place of a vector. */
#include "utf8.h"

#include <glib.h>
#include <string.h>

static const struct {
  const char *text;
  gboolean valid;
} cases[] = {{"a", TRUE},
             {"\xc3\xa9", TRUE},
             {"\xe2\x82\xac", TRUE},
             {"\xf0\x9f\x98\x80", TRUE},
             {"\xc2\x80", TRUE},
             {"\xdf\xbf", TRUE},
             {"\xe0\xa0\x80", TRUE},
             {"\xed\x9f\xbf", TRUE},
             {"\xee\x80\x80", TRUE},
             {"\xef\xbf\xbf", TRUE},
             {"\xf0\x90\x80\x80", TRUE},
             {"\xf4\x8f\xbf\xbf", TRUE},
             {"\x80", FALSE},
             {"\xc3", FALSE},
             {"\xc3\x28", FALSE},
             {"\xc0\xaf", FALSE},
             {"\xc1\xbf", FALSE},
             {"\xe2\x82", FALSE},
             {"\xe0\x9f\xbf", FALSE},
             {"\xed\xa0\x80", FALSE},
             {"\xed\xbf\xbf", FALSE},
             {"\xf0\x8f\xbf\xbf", FALSE},
             {"\xf4\x90\x80\x80", FALSE},
             {"\xf5\x80\x80\x80", FALSE},
             {"\xf0\x9f\x98", FALSE},
             {"\xff", FALSE},
             {"\xfe", FALSE},
             {"\xe2\x82\xac\x80", FALSE},
             {"\xf0\x9f\x98\x80\x80", FALSE},
             {"\xc3\xa9\xa9", FALSE},
             {"\xe2\xc3\xa9", FALSE},
             {"\xf8\x88\x80\x80\x80", FALSE}};

/* Each case at each offset around the borders of vectors, with ASCII and with other text around it. */
static void
test_places(void)
{
  for (size_t k = 0; k < G_N_ELEMENTS(cases); k++)
    for (size_t at = 0; at <= 200; at++)
      for (size_t behind = 0; behind <= 70; behind += 5)
        for (int filler = 0; filler < 2; filler++) {
          char text[512];
          size_t n = strlen(cases[k].text), len = at + n + behind;
          for (size_t i = 0; i < sizeof text; i++)
            text[i] = 'x';
          if (filler)
            for (size_t i = 0; i + 1 < at; i += 2)
              memcpy(text + i, "\xc3\xa4", 2);
          memcpy(text + at, cases[k].text, n);
          g_assert_cmpint(utf8_valid(text, len), ==, cases[k].valid);
          if (cases[k].valid)
            g_assert_cmpuint(utf8_find_invalid(text, len), ==, len);
          else
            g_assert_cmpuint(utf8_find_invalid(text, len), >=, at);
        }
}

/* Every pair of bytes after a lead, against the definition in GLib (which takes NUL for an end). */
static void
test_all_pairs(void)
{
  char text[128];
  for (unsigned lead = 0xc0; lead < 0x100; lead++)
    for (unsigned second = 1; second < 256; second++)
      for (unsigned third = 0x7f; third <= 0xc0; third++) {
        char *p = text + 30;
        memset(text, 'y', sizeof text);
        p[0] = (char)lead, p[1] = (char)second, p[2] = (char)third, p[3] = (char)0xbf;
        for (size_t len = 31; len <= 34; len++)
          g_assert_cmpint(utf8_valid(text, len), ==, g_utf8_validate(text, (gssize)len, NULL));
      }
}

static void
test_random(void)
{
  static const unsigned char likely[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xc3,
                                         0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff, 0xc0};
  g_autoptr(GRand) rand = g_rand_new_with_seed(5);
  for (int k = 0; k < 400000; k++) {
    g_autofree char *text = g_malloc(300);
    size_t len = (size_t)g_rand_int_range(rand, 0, 150), at = 0;
    while (at < len) {
      if (g_rand_int_range(rand, 0, 20)) {
        char out[6];
        gunichar c = (gunichar)g_rand_int_range(rand, 1, k & 1 ? 0x300 : 0xd800);
        int n = g_unichar_to_utf8(c, out);
        if (at + (size_t)n > len)
          break;
        memcpy(text + at, out, (size_t)n);
        at += (size_t)n;
      } else {
        text[at++] = (char)likely[g_rand_int_range(rand, 0, G_N_ELEMENTS(likely))];
      }
    }
    g_assert_cmpint(utf8_valid(text, at), ==, utf8_find_invalid(text, at) == at);
    if (!memchr(text, 0, at))
      g_assert_cmpint(utf8_valid(text, at), ==, g_utf8_validate(text, (gssize)at, NULL));
  }
}

/* The place that is reported is the first byte of the character that is not one. */
static void
test_position(void)
{
  g_assert_cmpuint(utf8_find_invalid("abc\xff", 4), ==, 3);
  g_assert_cmpuint(utf8_find_invalid("abcdefghijkl\xe2\x82", 14), ==, 12);
  g_assert_cmpuint(utf8_find_invalid("\xc3\xa4\xc3(", 4), ==, 2);
  g_assert_cmpuint(utf8_find_invalid("", 0), ==, 0);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/file/utf8/places", test_places);
  g_test_add_func("/file/utf8/all-pairs", test_all_pairs);
  g_test_add_func("/file/utf8/random", test_random);
  g_test_add_func("/file/utf8/position", test_position);
  return g_test_run();
}
