/* SPDX-License-Identifier: MIT */
/* Digests of a run's inputs. Large files are read once more, but beside the run, and only if they have changed since a
   digest was last taken. */
#include "core/inputs.h"

#include "base/atomic_file.h"
#include "base/digest.h"
#include "base/files.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_DEPTH 64
#define RACY_SECONDS 2 /* a file may change again without a later time within the grain of its file system */
#define MEMORY_LIMIT 8192       /* bytes of a remembered digest */
#define REMEMBERED   (1u << 20) /* bytes from which a digest is worth remembering */

struct WeirInputDigests {
  GPtrArray *list; /* of WeirInputFile */
  GArray *uses;    /* of WeirInputUse */
  char *memory;
  GThread *thread;
  gint stop;
  gboolean finished;
};

static void
file_free(gpointer data)
{
  WeirInputFile *file = data;
  g_free(file->path);
  g_free(file->error);
  g_free(file->signature);
  g_free(file->token);
  g_free(file);
}

/* ---- Signatures ----------------------------------------------------------------------------------------- */

typedef struct {
  GPtrArray *lines;
  guint64 bytes;
  gint64 touched;
} Look;

static char *
describe(const struct stat *st)
{
  return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT
                         ".%09ld %" G_GUINT64_FORMAT,
                         (gint64)st->st_size, (gint64)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
                         (gint64)st->st_ctim.tv_sec, st->st_ctim.tv_nsec, (guint64)st->st_ino);
}

static gboolean
look_into(Look *look, const char *folder, const char *relative, guint depth)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  if (!dir || depth > FOLDER_DEPTH)
    return FALSE;
  while ((name = g_dir_read_name(dir))) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *inside = *relative ? g_build_filename(relative, name, NULL) : g_strdup(name);
    struct stat st;
    if (lstat(path, &st) != 0)
      return FALSE;
    if (S_ISDIR(st.st_mode)) {
      if (!look_into(look, path, inside, depth + 1))
        return FALSE;
      continue;
    }
    g_autofree char *text = describe(&st);
    g_ptr_array_add(look->lines, g_strdup_printf("%s\n%s\n", inside, text));
    look->bytes += (guint64)MAX(st.st_size, 0);
    look->touched = MAX(look->touched, MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec));
  }
  return TRUE;
}

static int
compare_lines(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* NULL: nothing is there, or no file or folder. */
static char *
signature_of(const char *path, guint64 *bytes, gint64 *touched)
{
  struct stat st;
  if (stat(path, &st) != 0)
    return NULL;
  if (S_ISREG(st.st_mode)) {
    g_autofree char *text = describe(&st);
    *bytes = (guint64)st.st_size;
    *touched = MAX(st.st_mtim.tv_sec, st.st_ctim.tv_sec);
    return g_strconcat("file ", text, NULL);
  }
  if (!S_ISDIR(st.st_mode))
    return NULL;
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  Look look = {.lines = lines};
  if (!look_into(&look, path, "", 0))
    return NULL;
  g_ptr_array_sort(lines, compare_lines);
  g_autoptr(WeirDigest) digest = weir_digest_new();
  char hex[WEIR_DIGEST_HEX_BYTES];
  for (guint i = 0; i < lines->len; i++)
    weir_digest_update_field(digest, lines->pdata[i], strlen(lines->pdata[i]));
  weir_digest_finish_hex(digest, hex);
  *bytes = look.bytes;
  *touched = look.touched;
  return g_strconcat("folder ", hex, NULL);
}

gboolean
weir_inputs_is_same(const WeirInputFile *file)
{
  guint64 bytes;
  gint64 touched;
  g_autofree char *now = signature_of(file->path, &bytes, &touched);
  return now && g_strcmp0(now, file->signature) == 0;
}

/* ---- Remembered digests --------------------------------------------------------------------------------- */

static char *
memory_file(const WeirInputDigests *inputs, const WeirInputFile *file)
{
  char hex[WEIR_DIGEST_HEX_BYTES];
  if (!inputs->memory)
    return NULL;
  weir_digest_memory(file->path, strlen(file->path), hex);
  return g_build_filename(inputs->memory, hex, NULL);
}

/* Lines: path, signature, digest, and the digest of these lines, since nothing else would show that one is damaged. */
static char *
remembered(const WeirInputFile *file, const char *hex)
{
  g_autofree char *text = g_strdup_printf("%s\n%s\n%s\n", file->path, file->signature, hex);
  char check[WEIR_DIGEST_HEX_BYTES];
  weir_digest_memory(text, strlen(text), check);
  return g_strconcat(text, check, "\n", NULL);
}

static gboolean
recall(const WeirInputDigests *inputs, WeirInputFile *file)
{
  g_autofree char *where = memory_file(inputs, file);
  g_autofree char *text = where ? weir_read_file(where, MEMORY_LIMIT, NULL, NULL) : NULL;
  g_auto(GStrv) lines = text ? g_strsplit(text, "\n", 4) : NULL;
  if (!lines || g_strv_length(lines) != 4 || !file->signature || strlen(lines[2]) + 1 != sizeof file->hex)
    return FALSE;
  g_autofree char *wanted = remembered(file, lines[2]);
  if (!g_str_equal(text, wanted))
    return FALSE;
  memcpy(file->hex, lines[2], sizeof file->hex);
  file->unchanged = TRUE;
  return TRUE;
}

static void
remember(const WeirInputDigests *inputs, const WeirInputFile *file, gint64 taken)
{
  g_autofree char *where = memory_file(inputs, file);
  if (!where || !file->unchanged || file->bytes < REMEMBERED || file->touched + RACY_SECONDS >= taken ||
      strchr(file->path, '\n'))
    return;
  g_autofree char *text = remembered(file, file->hex);
  if (strlen(text) < MEMORY_LIMIT) /* what cannot be written is digested again another time */
    weir_atomic_write(where, text, -1, WEIR_ATOMIC_MAKE_PARENTS | WEIR_ATOMIC_NO_SYNC, NULL);
}

/* ---- Digests -------------------------------------------------------------------------------------------- */

static void
take_digest(const WeirInputDigests *inputs, WeirInputFile *file)
{
  g_autoptr(GError) error = NULL;
  struct stat st;
  gint64 begin = g_get_real_time() / G_USEC_PER_SEC;
  if (stat(file->path, &st) != 0) {
    file->error = g_strdup(g_strerror(errno));
  } else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
    file->error = g_strdup("no file or folder");
  } else if (!(S_ISDIR(st.st_mode) ? weir_digest_folder(file->path, NULL, file->hex, &error)
                                   : weir_digest_file(file->path, file->hex, &error))) {
    file->hex[0] = '\0';
    file->error = g_strdup(error->message);
  } else {
    file->unchanged = weir_inputs_is_same(file);
    remember(inputs, file, begin);
  }
}

static gpointer
digest_thread(gpointer data)
{
  WeirInputDigests *inputs = data;
  for (guint i = 0; i < inputs->list->len && !g_atomic_int_get(&inputs->stop); i++) {
    WeirInputFile *file = inputs->list->pdata[i];
    if (!file->hex[0] && !file->error)
      take_digest(inputs, file);
  }
  return NULL;
}

static WeirInputFile *
add_file(WeirInputDigests *inputs, const char *path)
{
  for (guint i = 0; i < inputs->list->len; i++)
    if (g_str_equal(((WeirInputFile *)inputs->list->pdata[i])->path, path))
      return inputs->list->pdata[i];
  WeirInputFile *file = g_new0(WeirInputFile, 1);
  file->path = g_strdup(path);
  file->signature = signature_of(path, &file->bytes, &file->touched);
  g_ptr_array_add(inputs->list, file);
  return file;
}

static void
add_use(WeirInputDigests *inputs, const WeirPlanStage *stage, const weir_option *option, const char *path)
{
  WeirInputUse use = {stage->index, option->name, add_file(inputs, path)};
  g_array_append_val(inputs->uses, use);
}

static void
add_pattern(WeirInputDigests *inputs, const WeirPlanStage *stage, const weir_option *option,
            const char *pattern)
{
  glob_t found = {0};
  if (!strpbrk(pattern, "*?[") || g_file_test(pattern, G_FILE_TEST_EXISTS))
    add_use(inputs, stage, option, pattern);
  else if (glob(pattern, 0, NULL, &found) == 0)
    for (gsize i = 0; i < found.gl_pathc; i++)
      add_use(inputs, stage, option, found.gl_pathv[i]);
  globfree(&found);
}

static void
add_option(WeirInputDigests *inputs, const WeirPlanStage *stage, const weir_option *option)
{
  if (option->type == WEIR_INPUT_PATH) {
    const char *path = G_STRUCT_MEMBER(const char *, stage->state, option->offset);
    if (path)
      add_use(inputs, stage, option, path);
  } else if (option->type == WEIR_PATH_LIST) {
    const weir_list *list = G_STRUCT_MEMBER_P(stage->state, option->offset);
    for (guint i = 0; i < list->count; i++)
      add_pattern(inputs, stage, option, list->items[i]);
  }
}

static void
digest_small(WeirInputDigests *inputs)
{
  guint64 total = 0;
  for (guint i = 0; i < inputs->list->len; i++) {
    WeirInputFile *file = inputs->list->pdata[i];
    if (!file->signature || file->bytes > WEIR_INPUTS_AT_ONCE - total) {
      recall(inputs, file);
      continue;
    }
    total += file->bytes;
    take_digest(inputs, file);
  }
}

WeirInputDigests *
weir_inputs_new(const WeirPlan *plan, const char *memory)
{
  WeirInputDigests *inputs = g_new0(WeirInputDigests, 1);
  inputs->list = g_ptr_array_new_with_free_func(file_free);
  inputs->uses = g_array_new(FALSE, FALSE, sizeof(WeirInputUse));
  inputs->memory = g_strdup(memory);
  for (guint s = 0; s < plan->stages->len; s++) {
    const WeirPlanStage *stage = plan->stages->pdata[s];
    for (guint o = 0; o < stage->class->n_options; o++)
      add_option(inputs, stage, &stage->class->options[o]);
  }
  digest_small(inputs);
  return inputs;
}

void
weir_inputs_begin(WeirInputDigests *inputs)
{
  gboolean missing = FALSE;
  for (guint i = 0; i < inputs->list->len; i++) {
    const WeirInputFile *file = inputs->list->pdata[i];
    missing |= !file->hex[0] && !file->error;
  }
  if (missing)
    inputs->thread = g_thread_try_new("weir-digest", digest_thread, inputs, NULL);
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
  g_array_unref(inputs->uses);
  g_free(inputs->memory);
  g_free(inputs);
}

/* ---- Looking -------------------------------------------------------------------------------------------- */

const WeirInputUse *
weir_inputs_get_uses(const WeirInputDigests *inputs, guint *n)
{
  *n = inputs->uses->len;
  return (const WeirInputUse *)inputs->uses->data;
}

guint
weir_inputs_get_n(const WeirInputDigests *inputs)
{
  return inputs->list->len;
}

WeirInputFile *
weir_inputs_get(const WeirInputDigests *inputs, guint index)
{
  return inputs->list->pdata[index];
}

gboolean
weir_inputs_settle(WeirInputFile *file, const char *signature, const char *token)
{
  g_free(file->token);
  if (token && signature && g_strcmp0(signature, file->signature) == 0) {
    file->token = g_strdup(token);
    return TRUE;
  }
  if (token && strlen(token) + 1 == sizeof file->hex && !file->hex[0] && file->signature) {
    /* Written to since; perhaps with what was there. */
    gboolean folder = g_str_has_prefix(file->signature, "folder ");
    if (!(folder ? weir_digest_folder(file->path, NULL, file->hex, NULL)
                 : weir_digest_file(file->path, file->hex, NULL)))
      file->hex[0] = '\0';
  }
  file->token = g_strdup(file->hex[0] ? file->hex : file->signature ? file->signature : "nothing");
  return !token || g_str_equal(file->token, token);
}

void
weir_inputs_write(const WeirInputDigests *inputs, WeirJsonWriter *json)
{
  gboolean threaded = inputs->thread && !inputs->finished; /* it may be writing to those without a digest */
  weir_json_begin_array(json);
  for (guint i = 0; i < inputs->list->len; i++) {
    const WeirInputFile *file = inputs->list->pdata[i];
    weir_json_begin_object(json);
    weir_json_member_string(json, "path", file->path);
    if (!threaded) {
      if (file->bytes)
        weir_json_member_unsigned(json, "bytes", file->bytes);
      if (file->hex[0])
        weir_json_member_string(json, "sha256", file->hex);
      if (file->error)
        weir_json_member_string(json, "error", file->error);
    }
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}
