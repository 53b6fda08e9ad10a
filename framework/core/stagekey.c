/* SPDX-License-Identifier: MIT */
/* Keys of stages: see stagekey.h. */
#include "core/stagekey.h"

#include "core/libraries.h"
#include "core/run.h"

#include <string.h>
#include <sys/utsname.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define KEY_VERSION       "weir stage key 1"
#define FINGERPRINT_BYTES 4096

typedef enum {
  KNOWN,    /* what it makes can be known again in another run */
  OUTWARD,  /* it writes outside the run, which is to be done in every run */
  UNCERTAIN /* nobody can say whether its source is what it was */
} Standing;

struct WeirKeys {
  WeirPlan *plan;
  char host[WEIR_DIGEST_HEX_BYTES];
  GHashTable *needs;       /* WeirPlugin to the digest of what it needs */
  GPtrArray *fingerprints; /* one a stage; NULL: none */
  GArray *standings;       /* of Standing, one a stage */
};

static void
add_text(WeirDigest *digest, const char *text)
{
  weir_digest_update_field(digest, text, strlen(text));
}

static void
add_number(WeirDigest *digest, guint64 number)
{
  g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
  add_text(digest, text);
}

/* Results of floating-point code that picks its instructions by the processor are the same on one model only. */
static void
add_processor(WeirDigest *digest)
{
  struct utsname names;
  add_text(digest, uname(&names) == 0 ? names.machine : "unknown");
#if defined(__x86_64__) || defined(__i386__)
  unsigned int brand[13] = {0};
  if (__get_cpuid_max(0x80000000, NULL) >= 0x80000004)
    for (size_t leaf = 0; leaf < 3; leaf++)
      __get_cpuid(0x80000002 + (unsigned int)leaf, &brand[leaf * 4], &brand[leaf * 4 + 1],
                  &brand[leaf * 4 + 2], &brand[leaf * 4 + 3]);
  add_text(digest, (const char *)brand);
#endif
  const char *kernel = g_getenv("OPENBLAS_CORETYPE");
  add_text(digest, kernel ? kernel : "");
}

static void
digest_host(WeirKeys *keys, const WeirLibraries *libraries)
{
  static const char here;
  const char *epoch = g_getenv("SOURCE_DATE_EPOCH"); /* artifacts say it */
  g_autoptr(WeirDigest) digest = weir_digest_new();
  add_text(digest, KEY_VERSION);
  weir_libraries_add(libraries, &here, TRUE, digest);
  add_processor(digest);
  add_text(digest, epoch ? epoch : "");
  weir_digest_finish_hex(digest, keys->host);
}

static void
digest_needs(WeirKeys *keys, const WeirLibraries *libraries, WeirPlugin *plugin)
{
  char hex[WEIR_DIGEST_HEX_BYTES];
  if (g_hash_table_contains(keys->needs, plugin))
    return;
  g_autoptr(WeirDigest) digest = weir_digest_new();
  weir_libraries_add(libraries, weir_plugin_get_descriptor(plugin)->name, FALSE, digest);
  weir_digest_finish_hex(digest, hex);
  g_hash_table_insert(keys->needs, plugin, g_strdup(hex));
}

/* ---- Sources -------------------------------------------------------------------------------------------- */

/* NULL: it gives none. */
static char *
fingerprint_of(WeirPlanStage *stage)
{
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  g_autofree char *text = g_malloc0(FINGERPRINT_BYTES);
  WeirStage handle;
  weir_stage_init(&handle, stage->plan->run, stage, NULL);
  handle.planning = diagnostics;
  weir_stage_begin_call(&handle, "fingerprint", -1);
  int result = stage->class->fingerprint(&handle.public, text, FINGERPRINT_BYTES);
  result = weir_stage_end_call(&handle, result);
  weir_stage_clear(&handle);
  if (result == 0 && !weir_diagnostics_n_errors(diagnostics) && memchr(text, '\0', FINGERPRINT_BYTES))
    return g_steal_pointer(&text);
  return NULL;
}

static gboolean
is_fed(const WeirPlanStage *stage)
{
  for (guint i = 0; i < stage->n_inputs; i++)
    if (stage->inputs[i].edges->len)
      return TRUE;
  return FALSE;
}

static gboolean
names_file(const WeirPlanStage *stage, guint32 type)
{
  for (guint o = 0; o < stage->class->n_options; o++) {
    const weir_option *option = &stage->class->options[o];
    gconstpointer member = G_STRUCT_MEMBER_P(stage->state, option->offset);
    if (option->type != type)
      continue;
    if (type == WEIR_PATH_LIST ? ((const weir_list *)member)->count > 0
                               : *(const char *const *)member != NULL)
      return TRUE;
  }
  return FALSE;
}

static Standing
standing_of(const WeirPlanStage *stage, const char *fingerprint)
{
  gboolean reads_files = names_file(stage, WEIR_INPUT_PATH) || names_file(stage, WEIR_PATH_LIST);
  if (stage->class->fingerprint ? !fingerprint : !is_fed(stage) && !reads_files)
    return UNCERTAIN;
  return (stage->class->flags & WEIR_CLASS_SINK) || names_file(stage, WEIR_OUTPUT_PATH) ? OUTWARD : KNOWN;
}

WeirKeys *
weir_keys_new(WeirPlan *plan)
{
  WeirKeys *keys = g_new0(WeirKeys, 1);
  g_autoptr(WeirLibraries) libraries = weir_libraries_new();
  keys->plan = plan;
  keys->needs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  keys->fingerprints = g_ptr_array_new_with_free_func(g_free);
  keys->standings = g_array_new(FALSE, FALSE, sizeof(Standing));
  digest_host(keys, libraries);
  for (guint i = 0; i < plan->stages->len; i++) {
    WeirPlanStage *stage = plan->stages->pdata[i];
    char *fingerprint = stage->class->fingerprint ? fingerprint_of(stage) : NULL;
    Standing standing = standing_of(stage, fingerprint);
    digest_needs(keys, libraries, stage->plugin);
    g_ptr_array_add(keys->fingerprints, fingerprint);
    g_array_append_val(keys->standings, standing);
  }
  return keys;
}

void
weir_keys_free(WeirKeys *keys)
{
  if (!keys)
    return;
  g_hash_table_unref(keys->needs);
  g_ptr_array_unref(keys->fingerprints);
  g_array_unref(keys->standings);
  g_free(keys);
}

gboolean
weir_keys_is_reproducible(const WeirKeys *keys, const WeirPlanStage *stage)
{
  return g_array_index(keys->standings, Standing, stage->index) != UNCERTAIN;
}

/* ---- Keys ----------------------------------------------------------------------------------------------- */

static int
compare_texts(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add_options(WeirDigest *digest, const WeirPlanStage *stage)
{
  g_autoptr(WeirNode) values = weir_options_to_node(stage->class, stage->state, stage->given);
  g_autoptr(GPtrArray) given = g_ptr_array_new();
  for (guint o = 0; o < stage->class->n_options; o++) {
    const weir_option *option = &stage->class->options[o];
    if ((option->flags & WEIR_OPTION_MEASURED) || option->type == WEIR_SECRET) {
      weir_node_remove(values, option->name);
      continue;
    }
    if (g_hash_table_contains(stage->given, option->name))
      g_ptr_array_add(given, (gpointer)option->name);
  }
  g_autofree char *json = weir_node_to_json(values, FALSE);
  add_text(digest, json);
  g_ptr_array_sort(given, compare_texts);
  add_number(digest, given->len);
  for (guint i = 0; i < given->len; i++)
    add_text(digest, given->pdata[i]);
}

/* FALSE: what a file holds is not known. */
static gboolean
add_files(WeirDigest *digest, const WeirPlanStage *stage, const WeirInputDigests *inputs, gboolean by_token)
{
  guint n;
  const WeirInputUse *uses = weir_inputs_get_uses(inputs, &n);
  for (guint u = 0; u < n; u++) {
    const WeirInputFile *file = uses[u].file;
    if (uses[u].stage != stage->index)
      continue;
    if (!by_token && !file->hex[0])
      return FALSE;
    add_text(digest, uses[u].option);
    add_text(digest, file->path); /* a stage may give it on, and finds out the format by its ending */
    add_text(digest, by_token ? file->token : file->hex);
  }
  add_text(digest, "");
  return TRUE;
}

/* FALSE: what feeds an edge has no key. */
static gboolean
add_edges(WeirDigest *digest, const WeirPlanStage *stage, char *const *keys)
{
  for (guint i = 0; i < stage->n_inputs; i++) {
    const WeirInput *input = &stage->inputs[i];
    add_text(digest, input->name);
    add_number(digest, input->edges->len);
    for (guint e = 0; e < input->edges->len; e++) {
      const WeirEdge *edge = input->edges->pdata[e];
      const char *key = keys[edge->from->stage->index];
      if (!key)
        return FALSE;
      add_text(digest, key);
      add_text(digest, edge->from->name);
    }
  }
  return TRUE;
}

static char *
key_of(const WeirKeys *keys, const WeirPlanStage *stage, const WeirInputDigests *inputs, gboolean by_token,
       const char *id, char *const *before)
{
  Standing standing = g_array_index(keys->standings, Standing, stage->index);
  const char *fingerprint = keys->fingerprints->pdata[stage->index];
  const char *file = weir_plugin_get_digest(stage->plugin);
  g_autoptr(WeirDigest) digest = weir_digest_new();
  if (!id && (standing != KNOWN || !*file))
    return NULL;
  add_text(digest, keys->host);
  add_text(digest, file);
  add_text(digest, g_hash_table_lookup(keys->needs, stage->plugin));
  add_text(digest, stage->use);
  add_text(digest, stage->name);
  add_number(digest, keys->plan->seed);
  add_options(digest, stage);
  if (!add_files(digest, stage, inputs, by_token) || !add_edges(digest, stage, before))
    return NULL;
  add_text(digest, fingerprint ? fingerprint : "");
  add_text(digest, standing == UNCERTAIN ? id : "");
  add_number(digest, stage->rejects.reject);
  add_number(digest, stage->rejects.max);
  if (stage->rejects.reject) /* a record with more bytes is one that is rejected */
    add_number(digest, weir_budget_record_limit(stage->plan->run->budget));
  add_number(digest, stage->n_sources ? stage->first_source : 0); /* `_row` has the numbers of sources */
  char hex[WEIR_DIGEST_HEX_BYTES];
  weir_digest_finish_hex(digest, hex);
  return g_strdup(hex);
}

static char **
all_keys(const WeirKeys *keys, const WeirInputDigests *inputs, gboolean by_token, const char *id)
{
  guint n = keys->plan->stages->len;
  char **list = g_new0(char *, n + 1);
  for (guint i = 0; i < n; i++)
    list[i] = key_of(keys, keys->plan->stages->pdata[i], inputs, by_token, id, list);
  return list;
}

char **
weir_keys_for_run(const WeirKeys *keys, const WeirInputDigests *inputs, const char *id)
{
  return all_keys(keys, inputs, TRUE, id);
}

char **
weir_keys_for_store(const WeirKeys *keys, const WeirInputDigests *inputs)
{
  return all_keys(keys, inputs, FALSE, NULL);
}

void
weir_key_list_free(char **list, guint n)
{
  for (guint i = 0; list && i < n; i++)
    g_free(list[i]);
  g_free(list);
}
