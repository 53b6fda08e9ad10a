/* SPDX-License-Identifier: MIT */
/* The part of a file that is in memory: it slides along, and grows for a record that is longer. */
#include "config.h"

#include "window.h"

#define FIRST_CAPACITY ((size_t)256 << 10) /* with its index it stays in the second-level cache */
#define KEPT_CAPACITY  ((size_t)16 << 20)

static int
make_room(struct window *w, struct format_error *error)
{
  size_t used = w->end - w->begin, wanted = w->capacity ? w->capacity * 2 : FIRST_CAPACITY;
  char *fresh;
  if (w->begin && used <= w->capacity / 2) {
    memmove(w->data, w->data + w->begin, used);
    w->begin = 0;
    w->end = used;
    return 0;
  }
  fresh = g_try_malloc(wanted + FORMAT_PADDING);
  if (!fresh)
    return format_fail(error, 0, 0, "no memory for a record of more than %zu bytes", used);
  if (used)
    memcpy(fresh, w->data + w->begin, used);
  g_free(w->data);
  w->data = fresh;
  w->capacity = wanted;
  w->begin = 0;
  w->end = used;
  return 0;
}

int
window_fill(struct window *w, struct source *source, struct format_error *error)
{
  int64_t n;
  if (w->begin == w->end)
    w->begin = w->end = 0;
  if ((w->begin || w->end == w->capacity) && make_room(w, error))
    return -1;
  do {
    n = source_read(source, w->data + w->end, w->capacity - w->end, error);
    if (n < 0)
      return -1;
    w->end += (size_t)n;
    w->final = n == 0;
  } while (n && w->end < w->capacity);
  memset(w->data + w->end, 0, FORMAT_PADDING);
  return 0;
}

void
window_reset(struct window *w)
{
  if (w->capacity > KEPT_CAPACITY)
    window_clear(w);
  w->begin = w->end = 0;
  w->final = false;
}

void
window_clear(struct window *w)
{
  g_free(w->data);
  memset(w, 0, sizeof *w);
}

int
window_skip_mark(const char *data, size_t len, struct format_error *error)
{
  static const struct {
    const char *mark;
    size_t len;
    const char *name;
  } others[] = {{"\xff\xfe\0\0", 4, "utf-32"},
                {"\0\0\xfe\xff", 4, "utf-32"},
                {"\xff\xfe", 2, "utf-16"},
                {"\xfe\xff", 2, "utf-16"}};
  if (len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3))
    return 3;
  for (size_t k = 0; k < G_N_ELEMENTS(others); k++)
    if (len >= others[k].len && !memcmp(data, others[k].mark, others[k].len))
      return format_fail(error, 0, 0,
                         "the text is %s, and UTF-8 is wanted; convert it with \"iconv -f %s -t utf-8\"",
                         others[k].name, others[k].name);
  return 0;
}
