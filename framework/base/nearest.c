/* SPDX-License-Identifier: MIT */
/* Finds the valid name that is nearest to a misspelt one, for "did you mean". */
#include "base/nearest.h"

#include "base/quote.h"

#include <string.h>

#define MAX_CHARACTERS 256
#define EDIT           3 /* the cost of an edit; of a change of case, or of - to _, a third of it */
#define PREFIX_LEAST   3 /* characters that a word needs to count as the beginning of a name */
#define LISTED         8 /* names listed where none is near */

/* Characters of a text, or of its bytes where it is not UTF-8. Returns MAX_CHARACTERS + 1 where there are
 * more. */
static guint
decode(const char *text, gunichar characters[MAX_CHARACTERS])
{
  gboolean is_utf8 = g_utf8_validate(text, -1, NULL);
  guint count = 0;

  for (const char *p = text; *p != '\0'; p = is_utf8 ? g_utf8_next_char(p) : p + 1) {
    if (count == MAX_CHARACTERS)
      return MAX_CHARACTERS + 1;
    characters[count++] = is_utf8 ? g_utf8_get_char(p) : (guchar)*p;
  }
  return count;
}

static guint
plain_cost(gunichar a, gunichar b)
{
  return a == b ? 0 : 1;
}

static gunichar
folded(gunichar c)
{
  return c == '_' || c == ' ' ? '-' : g_unichar_tolower(c);
}

static guint
lenient_cost(gunichar a, gunichar b)
{
  if (a == b)
    return 0;
  return folded(a) == folded(b) ? 1 : EDIT;
}

typedef guint (*Cost)(gunichar a, gunichar b);

/* Optimal string alignment over three rows of the table; `edit` is the cost of an insertion, deletion or
 * swap. */
static guint
distance(const gunichar *a, guint length_a, const gunichar *b, guint length_b, guint edit, Cost cost)
{
  guint rows[3][MAX_CHARACTERS + 1];
  guint *before = rows[0];
  guint *last = rows[1];
  guint *row = rows[2];

  for (guint j = 0; j <= length_b; j++)
    last[j] = j * edit;
  for (guint i = 1; i <= length_a; i++) {
    row[0] = i * edit;
    for (guint j = 1; j <= length_b; j++) {
      guint best = MIN(last[j], row[j - 1]) + edit;
      best = MIN(best, last[j - 1] + cost(a[i - 1], b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = MIN(best, before[j - 2] + edit);
      row[j] = best;
    }
    guint *oldest = before;
    before = last;
    last = row;
    row = oldest;
  }
  return last[length_b];
}

guint
weir_edit_distance(const char *a, const char *b)
{
  gunichar characters_a[MAX_CHARACTERS];
  gunichar characters_b[MAX_CHARACTERS];
  guint length_a = decode(a, characters_a);
  guint length_b = decode(b, characters_b);

  if (length_a > MAX_CHARACTERS || length_b > MAX_CHARACTERS)
    return G_MAXUINT;
  return distance(characters_a, length_a, characters_b, length_b, 1, plain_cost);
}

/* --- The nearest --- */

typedef struct {
  const char *name; /* NULL: none is near */
  guint cost;
} Best;

static Best
nearest_by_edits(const char *word, WeirNameAt name_at, gpointer data)
{
  gunichar wanted[MAX_CHARACTERS];
  gunichar given[MAX_CHARACTERS];
  guint wanted_length = decode(word, wanted);
  Best best = {NULL, G_MAXUINT};
  const char *name;

  if (wanted_length > MAX_CHARACTERS)
    return best;
  for (gsize i = 0; (name = name_at(data, i)) != NULL; i++) {
    guint length = decode(name, given);
    guint longer = MAX(length, wanted_length);
    /* Too many characters more or less: no need to fill the table. */
    if (length > MAX_CHARACTERS || (longer - MIN(length, wanted_length)) * EDIT > longer)
      continue;
    guint cost = distance(wanted, wanted_length, given, length, EDIT, lenient_cost);
    if (cost <= longer && cost < best.cost)
      best = (Best){name, cost};
  }
  return best;
}

static const char *
unique_beginning(const char *word, WeirNameAt name_at, gpointer data)
{
  const char *found = NULL;
  const char *name;

  if (strlen(word) < PREFIX_LEAST)
    return NULL;
  for (gsize i = 0; (name = name_at(data, i)) != NULL; i++) {
    if (!g_str_has_prefix(name, word))
      continue;
    if (found != NULL && strcmp(found, name) != 0)
      return NULL;
    found = name;
  }
  return found;
}

const char *
weir_nearest_of(const char *word, WeirNameAt name, gpointer data)
{
  Best best = nearest_by_edits(word, name, data);
  return best.name != NULL ? best.name : unique_beginning(word, name, data);
}

static const char *
name_in_vector(gpointer data, gsize index)
{
  return ((const char *const *)data)[index];
}

const char *
weir_nearest(const char *word, const char *const *valid)
{
  return weir_nearest_of(word, name_in_vector, (gpointer)valid);
}

char *
weir_did_you_mean_of(const char *word, WeirNameAt name_at, gpointer data)
{
  const char *nearest = weir_nearest_of(word, name_at, data);

  if (nearest != NULL) {
    g_autofree char *quoted = weir_quote(nearest, -1);
    return g_strdup_printf("; did you mean %s?", quoted);
  }
  if (name_at(data, 0) == NULL)
    return g_strdup("; there are none");
  GString *out = g_string_new("; valid: ");
  gsize count = 0;
  const char *name;
  for (; (name = name_at(data, count)) != NULL; count++) {
    if (count >= LISTED)
      continue;
    g_autofree char *quoted = weir_quote(name, -1);
    g_string_append_printf(out, "%s%s", count > 0 ? ", " : "", quoted);
  }
  if (count > LISTED)
    g_string_append_printf(out, ", … and %" G_GSIZE_FORMAT " more", count - LISTED);
  return g_string_free(out, FALSE);
}

char *
weir_did_you_mean(const char *word, const char *const *valid)
{
  return weir_did_you_mean_of(word, name_in_vector, (gpointer)valid);
}
