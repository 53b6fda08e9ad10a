/* SPDX-License-Identifier: MIT */
/* Which members of archives are read, as if each were a file. */
#include "config.h"

#include "members.h"

#include "detect.h"
#include "paths.h"
#include "source.h"

#include <fnmatch.h>
#include <string.h>

#define MAX_MEMBERS 65535
#define SHOWN       8 /* members named in a message */

static void
member_free(gpointer data)
{
  struct member *member = data;
  g_free(member->name);
  g_free(member->path);
  g_free(member);
}

static void
add(GPtrArray *members, const char *path, const char *inside, int64_t number)
{
  struct member *member = g_new0(struct member, 1);
  member->name = inside ? g_strconcat(path, "/", inside, NULL) : g_strdup(path);
  member->path = g_strdup(path);
  member->number = number;
  g_ptr_array_add(members, member);
}

/* All plain files of one archive, as they are found. */
struct listing {
  GPtrArray *names; /* of char *; NULL for what is none */
  uint32_t files;
};

static bool
note_member(void *data, const char *name, bool plain)
{
  struct listing *listing = data;
  g_ptr_array_add(listing->names, plain ? g_strdup(name) : NULL);
  listing->files += plain;
  return listing->names->len <= MAX_MEMBERS;
}

/* Files that systems put beside the data. */
static bool
is_hidden(const char *name)
{
  g_autofree char *base = g_path_get_basename(name);
  return base[0] == '.' || g_str_has_prefix(name, "__MACOSX/");
}

static bool
is_table(const char *name)
{
  enum file_format format = detect_by_name(name);
  return !is_hidden(name) && format != FORMAT_AUTO && format != FORMAT_TEXT;
}

static bool
is_wanted(const char *name, const char *const *patterns, uint32_t n)
{
  while (g_str_has_prefix(name, "./"))
    name += 2;
  for (uint32_t k = 0; k < n; k++)
    if (!fnmatch(patterns[k], name, FNM_PERIOD))
      return true;
  return n == 0 && is_table(name);
}

/* "a.txt, b.txt and 3 more" */
static char *
names_in(const struct listing *listing)
{
  GString *text = g_string_new(NULL);
  uint32_t shown = 0;
  for (guint k = 0; k < listing->names->len && shown < SHOWN; k++)
    if (listing->names->pdata[k])
      g_string_append_printf(text, "%s\"%s\"", shown++ ? ", " : "", (char *)listing->names->pdata[k]);
  if (listing->files > shown)
    g_string_append_printf(text, " and %u more", listing->files - shown);
  return g_string_free(text, FALSE);
}

static void
choose(GPtrArray *members, const char *path, const struct listing *listing, const char *const *patterns,
       uint32_t n, char **why)
{
  guint before = members->len;
  gint64 only = -1; /* -2: there are several */
  for (guint k = 0; k < listing->names->len; k++) {
    const char *name = listing->names->pdata[k];
    if (!name)
      continue;
    if (!is_hidden(name))
      only = only == -1 ? (gint64)k : -2;
    if (is_wanted(name, patterns, n))
      add(members, path, name, k);
  }
  if (members->len > before)
    return;
  if (!n && only >= 0) {
    add(members, path, listing->names->pdata[only], only);
    return;
  }
  g_autofree char *shown = paths_shown(path), *there = names_in(listing);
  if (!listing->files)
    *why = g_strdup_printf("\"%s\": there are no files in this archive", shown);
  else
    *why = g_strdup_printf(
        "\"%s\": %s; it holds %s\nhint: set \"member\" to a name or pattern such as \"*.txt\"", shown,
        n ? "\"member\" matches nothing in this archive"
          : "no member of this archive has the name of a table",
        there);
}

static void
expand_archive(GPtrArray *members, const char *path, const char *const *patterns, uint32_t n, char **why)
{
  struct format_error error = {0};
  struct listing listing = {.names = g_ptr_array_new_with_free_func(g_free)};
  g_autofree char *shown = paths_shown(path);
  if (source_list(path, note_member, &listing, &error))
    *why = g_strdup_printf("%s: %s", shown, error.text);
  else if (listing.names->len > MAX_MEMBERS)
    *why = g_strdup_printf("\"%s\": this archive has more than %d members", shown, MAX_MEMBERS);
  else
    choose(members, path, &listing, patterns, n, why);
  g_ptr_array_unref(listing.names);
}

GPtrArray *
members_expand(char *const *paths, const char *const *patterns, uint32_t n, char **why)
{
  g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(member_free);
  *why = NULL;
  for (guint k = 0; paths[k] && !*why; k++) {
    if (source_is_archive(paths[k]))
      expand_archive(members, paths[k], patterns, n, why);
    else
      add(members, paths[k], NULL, -1);
  }
  return *why ? NULL : g_steal_pointer(&members);
}
