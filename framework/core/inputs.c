/* SPDX-License-Identifier: MIT */
/* Digests of a run's inputs, taken beside the run: files are read once more, but nobody waits for it. */
#include "core/inputs.h"

#include "base/digest.h"
#include <glob.h>
#include <sys/stat.h>

typedef struct {
  char *path;
  guint64 bytes;
  char hex[WEIR_DIGEST_HEX_BYTES]; /* empty: none */
  char *error;
} InputDigest;

struct WeirInputDigests {
  GPtrArray *list; /* of InputDigest */
  GThread *thread;
  gint stop;
  gboolean finished;
};

static void
digest_free(gpointer data)
{
  InputDigest *digest = data;
  g_free(digest->path);
  g_free(digest->error);
  g_free(digest);
}

static void
add_path(WeirInputDigests *inputs, const char *path)
{
  for (guint i = 0; i < inputs->list->len; i++)
    if (g_str_equal(((InputDigest *)inputs->list->pdata[i])->path, path))
      return;
  InputDigest *digest = g_new0(InputDigest, 1);
  digest->path = g_strdup(path);
  g_ptr_array_add(inputs->list, digest);
}

static void
add_pattern(WeirInputDigests *inputs, const char *pattern)
{
  glob_t found = {0};
  if (!strpbrk(pattern, "*?[") || g_file_test(pattern, G_FILE_TEST_EXISTS))
    add_path(inputs, pattern);
  else if (glob(pattern, 0, NULL, &found) == 0)
    for (gsize i = 0; i < found.gl_pathc; i++)
      add_path(inputs, found.gl_pathv[i]);
  globfree(&found);
}

static void
take_digest(InputDigest *digest)
{
  g_autoptr(GError) error = NULL;
  struct stat st;
  gboolean fine = TRUE;
  if (stat(digest->path, &st) != 0)
    digest->error = g_strdup(g_strerror(errno));
  else if (S_ISREG(st.st_mode)) {
    digest->bytes = (guint64)st.st_size;
    fine = weir_digest_file(digest->path, digest->hex, &error);
  } else if (S_ISDIR(st.st_mode)) {
    fine = weir_digest_folder(digest->path, NULL, digest->hex, &error);
  } else {
    digest->error = g_strdup("no file or folder");
  }
  if (!fine) {
    digest->hex[0] = '\0';
    digest->error = g_strdup(error->message);
  }
}

static gpointer
digest_thread(gpointer data)
{
  WeirInputDigests *inputs = data;
  for (guint i = 0; i < inputs->list->len && !g_atomic_int_get(&inputs->stop); i++)
    take_digest(inputs->list->pdata[i]);
  return NULL;
}

WeirInputDigests *
weir_inputs_begin(const WeirPlan *plan)
{
  WeirInputDigests *inputs = g_new0(WeirInputDigests, 1);
  inputs->list = g_ptr_array_new_with_free_func(digest_free);
  for (guint s = 0; s < plan->stages->len; s++) {
    const WeirPlanStage *stage = plan->stages->pdata[s];
    for (guint o = 0; o < stage->class->n_options; o++) {
      const weir_option *option = &stage->class->options[o];
      if (option->type == WEIR_INPUT_PATH) {
        const char *path = G_STRUCT_MEMBER(const char *, stage->state, option->offset);
        if (path)
          add_path(inputs, path);
      } else if (option->type == WEIR_PATH_LIST) {
        const weir_list *list = G_STRUCT_MEMBER_P(stage->state, option->offset);
        for (guint i = 0; i < list->count; i++)
          add_pattern(inputs, list->items[i]);
      }
    }
  }
  inputs->thread = inputs->list->len ? g_thread_try_new("weir-digest", digest_thread, inputs, NULL) : NULL;
  return inputs;
}

void
weir_inputs_finish(WeirInputDigests *inputs, gboolean abandon)
{
  if (inputs->finished)
    return;
  if (abandon)
    g_atomic_int_set(&inputs->stop, 1);
  if (inputs->thread)
    g_thread_join(inputs->thread);
  else
    digest_thread(inputs);
  inputs->finished = TRUE;
}

void
weir_inputs_free(WeirInputDigests *inputs)
{
  if (!inputs)
    return;
  weir_inputs_finish(inputs, TRUE);
  g_ptr_array_unref(inputs->list);
  g_free(inputs);
}

void
weir_inputs_write(const WeirInputDigests *inputs, WeirJsonWriter *json)
{
  weir_json_begin_array(json);
  for (guint i = 0; i < inputs->list->len; i++) {
    const InputDigest *digest = inputs->list->pdata[i];
    weir_json_begin_object(json);
    weir_json_member_string(json, "path", digest->path);
    if (inputs->finished && digest->bytes)
      weir_json_member_unsigned(json, "bytes", digest->bytes);
    if (inputs->finished && digest->hex[0])
      weir_json_member_string(json, "sha256", digest->hex);
    if (inputs->finished && digest->error)
      weir_json_member_string(json, "error", digest->error);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}
