/* SPDX-License-Identifier: MIT */
/* Opens a text model's folder, and believes nothing in it that was not checked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/quote.h"
#include "base/tree.h"
#include "ml/text_model_private.h"

#define MAX_DESCRIPTION (16u << 20)
#define ALIGNMENT       64

/* A load at work; the first thing that is wrong ends it. */
typedef struct {
  const char *folder;
  WeirTextModel *model;
  WeirNode *root;
  guint64 n_grams;
  GError **error;
} Load;

G_GNUC_PRINTF(2, 3)
static gboolean
refuse(const Load *load, const char *format, ...)
{
  g_autofree char *quoted = weir_quote_path(load->folder);
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(load->error, WEIR_ERROR, WEIR_ERROR_INVALID, "cannot use the model %s: %s", quoted, text);
  return FALSE;
}

/* --- Members of model.json ------------------------------------------------------------------------------------------ */

static const WeirNode *
member(const Load *load, const WeirNode *map, const char *key, WeirNodeKind kind)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  if (node && weir_node_kind(node) == kind)
    return node;
  refuse(load, "in %s, \"%s\" %s", WEIR_MODEL_JSON, key, node ? "is of the wrong type" : "is missing");
  return NULL;
}

static gboolean
read_text(const Load *load, const WeirNode *map, const char *key, const char **value)
{
  const WeirNode *node = member(load, map, key, WEIR_NODE_STRING);
  if (node)
    *value = weir_node_string(node);
  return node != NULL;
}

static gboolean
read_boolean(const Load *load, const WeirNode *map, const char *key, gboolean *value)
{
  const WeirNode *node = member(load, map, key, WEIR_NODE_BOOLEAN);
  if (node)
    *value = weir_node_boolean(node);
  return node != NULL;
}

static gboolean
read_count(const Load *load, const WeirNode *map, const char *key, guint64 most, guint64 *value)
{
  const WeirNode *node = member(load, map, key, WEIR_NODE_INTEGER);
  if (!node)
    return FALSE;
  gint64 number = weir_node_integer(node);
  if (number < 0 || (guint64)number > most)
    return refuse(load, "in %s, \"%s\" is %" G_GINT64_FORMAT ", not between 0 and %" G_GUINT64_FORMAT,
                  WEIR_MODEL_JSON, key, number, most);
  *value = (guint64)number;
  return TRUE;
}

static gboolean
read_guint(const Load *load, const WeirNode *map, const char *key, guint64 most, guint *value)
{
  guint64 number = 0;
  gboolean ok = read_count(load, map, key, most, &number);
  *value = (guint)number;
  return ok;
}

/* A finite number above 0. */
static gboolean
read_positive(const Load *load, const WeirNode *map, const char *key, double *value)
{
  const WeirNode *node = map ? weir_node_get(map, key) : NULL;
  if (!node || (weir_node_kind(node) != WEIR_NODE_NUMBER && weir_node_kind(node) != WEIR_NODE_INTEGER) ||
      !(weir_node_number(node) > 0))
    return refuse(load, "in %s, \"%s\" is not a number above 0", WEIR_MODEL_JSON, key);
  *value = weir_node_number(node);
  return TRUE;
}

/* The position of a member among names, which end with NULL. */
static gboolean
read_choice(const Load *load, const WeirNode *map, const char *key, const char *const *names, guint *value)
{
  const char *text = NULL;
  if (!read_text(load, map, key, &text))
    return FALSE;
  for (guint i = 0; names[i]; i++)
    if (!strcmp(names[i], text)) {
      *value = i;
      return TRUE;
    }
  g_autofree char *quoted = weir_quote(text, -1);
  return refuse(load, "in %s, \"%s\" is %s, which this version does not know", WEIR_MODEL_JSON, key, quoted);
}

/* A list of strings, no two of them equal. */
static char **
read_names(const Load *load, const WeirNode *map, const char *key)
{
  const WeirNode *list = member(load, map, key, WEIR_NODE_LIST);
  if (!list)
    return NULL;
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  for (gsize i = 0; i < weir_node_size(list); i++) {
    const WeirNode *item = weir_node_at(list, i);
    if (weir_node_kind(item) != WEIR_NODE_STRING) {
      refuse(load, "in %s, \"%s\" holds what is not a string", WEIR_MODEL_JSON, key);
      return NULL;
    }
    if (!g_hash_table_add(seen, (gpointer)weir_node_string(item))) {
      g_autofree char *quoted = weir_quote(weir_node_string(item), -1);
      refuse(load, "in %s, \"%s\" holds %s twice", WEIR_MODEL_JSON, key, quoted);
      return NULL;
    }
    g_strv_builder_add(names, weir_node_string(item));
  }
  return g_strv_builder_end(names);
}

/* --- Parts of model.json -------------------------------------------------------------------------------------------- */

static gboolean
read_columns(const Load *load)
{
  WeirTextModel *model = load->model;
  const WeirNode *columns = member(load, load->root, "columns", WEIR_NODE_MAP);
  const char *text = NULL;
  if (!columns || !read_text(load, columns, "text", &text))
    return FALSE;
  model->text_column = g_strdup(text);
  const WeirNode *task = weir_node_get(columns, "task");
  if (task && weir_node_kind(task) == WEIR_NODE_STRING)
    model->task_column = g_strdup(weir_node_string(task));
  model->dense_columns = read_names(load, columns, "dense");
  return model->dense_columns != NULL;
}

static gboolean
read_features(Load *load)
{
  static const char *const idf_names[] = {"none", "smooth", "sqrt", NULL};
  const WeirNode *map = member(load, load->root, "features", WEIR_NODE_MAP);
  WeirFeatures *features = load->model->features = g_new0(WeirFeatures, 1);
  WeirFeatureOptions *options = &features->options;
  WeirTextOptions *text = &options->text;
  gboolean across = FALSE;
  guint idf = 0;
  guint64 max_bytes = 0;
  if (!map || !read_boolean(load, map, "lowercase", &text->lowercase) ||
      !read_boolean(load, map, "strip_accents", &text->strip_accents) ||
      !read_guint(load, map, "word_min", WEIR_MAX_NGRAM, &text->word_min) ||
      !read_guint(load, map, "word_max", WEIR_MAX_NGRAM, &text->word_max) ||
      !read_guint(load, map, "pair_window", WEIR_MAX_WINDOW, &text->pair_window) ||
      !read_guint(load, map, "pair_stem", G_MAXINT32, &text->pair_stem) ||
      !read_guint(load, map, "char_min", WEIR_MAX_NGRAM, &text->char_min) ||
      !read_guint(load, map, "char_max", WEIR_MAX_NGRAM, &text->char_max) ||
      !read_boolean(load, map, "char_across", &across) ||
      !read_count(load, map, "max_bytes", G_MAXINT32, &max_bytes) ||
      !read_boolean(load, map, "sublinear", &options->sublinear) ||
      !read_choice(load, map, "idf", idf_names, &idf) ||
      !read_guint(load, map, "min_df", G_MAXUINT32, &options->min_df) ||
      !read_positive(load, map, "max_df", &options->max_df) ||
      !read_guint(load, map, "max_features", G_MAXUINT32, &options->max_features) ||
      !read_guint(load, map, "hash_bits", WEIR_MAX_HASH_BITS, &options->hash_bits) ||
      !read_count(load, map, "n_grams", G_MAXINT32, &load->n_grams))
    return FALSE;
  if (text->word_min > text->word_max || text->char_min > text->char_max)
    return refuse(load, "in %s, an n-gram's minimum is above its maximum", WEIR_MODEL_JSON);
  text->char_mode = across ? WEIR_CHARS_ACROSS : WEIR_CHARS_IN_WORDS;
  text->max_bytes = (gsize)max_bytes;
  options->idf = (WeirIdf)idf;
  options->n_dense = g_strv_length(load->model->dense_columns);
  features->n_grams = (guint)load->n_grams;
  features->n_features = features->n_grams + options->n_dense;
  return TRUE;
}

static gboolean
read_head(const Load *load, const WeirNode *node, WeirTextHead *head)
{
  const WeirNode *task = weir_node_get(node, "task");
  const char *kind = NULL;
  if (task && weir_node_kind(task) == WEIR_NODE_STRING)
    head->task = g_strdup(weir_node_string(task));
  if (!head->task && weir_node_size(weir_node_get(load->root, "heads")) > 1)
    return refuse(load, "in %s, one head of several has no task", WEIR_MODEL_JSON);
  if (!read_text(load, node, "kind", &kind) || !(head->labels = read_names(load, node, "labels")))
    return FALSE;
  if (strcmp(kind, "single"))
    return refuse(load, "in %s, a head is of kind \"%s\", and this version knows \"single\" only",
                  WEIR_MODEL_JSON, kind);
  head->linear.n_labels = g_strv_length(head->labels);
  if (!head->linear.n_labels)
    return refuse(load, "in %s, a head has no labels", WEIR_MODEL_JSON);
  const WeirNode *calibration = member(load, node, "calibration", WEIR_NODE_MAP);
  return calibration && read_positive(load, calibration, "sharpness", &head->linear.sharpness);
}

static gboolean
read_heads(const Load *load)
{
  WeirTextModel *model = load->model;
  const WeirNode *list = member(load, load->root, "heads", WEIR_NODE_LIST);
  if (!list)
    return FALSE;
  if (!weir_node_size(list))
    return refuse(load, "in %s, \"heads\" is empty", WEIR_MODEL_JSON);
  model->n_heads = (guint)weir_node_size(list);
  model->heads = g_new0(WeirTextHead, model->n_heads);
  for (guint h = 0; h < model->n_heads; h++) {
    const WeirNode *node = weir_node_at(list, h);
    if (weir_node_kind(node) != WEIR_NODE_MAP)
      return refuse(load, "in %s, a head is not an object", WEIR_MODEL_JSON);
    if (!read_head(load, node, &model->heads[h]))
      return FALSE;
    for (guint other = 0; other < h; other++)
      if (!g_strcmp0(model->heads[other].task, model->heads[h].task))
        return refuse(load, "in %s, two heads have the same task", WEIR_MODEL_JSON);
  }
  return TRUE;
}

static gboolean
read_description(Load *load)
{
  static const char *const kinds[] = {"svm", "logistic", "multinomial", NULL};
  g_autofree char *path = g_build_filename(load->folder, WEIR_MODEL_JSON, NULL);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  gsize length = 0;
  g_autofree char *text = weir_read_file(path, MAX_DESCRIPTION, &length, load->error);
  if (!text)
    return FALSE;
  load->root = weir_node_parse_json(text, (gssize)length, path, diagnostics);
  if (!load->root)
    return weir_diagnostics_check(diagnostics, load->error);
  if (weir_node_kind(load->root) != WEIR_NODE_MAP)
    return refuse(load, "%s is not a JSON object", WEIR_MODEL_JSON);
  const char *format = NULL;
  const WeirNode *version = member(load, load->root, "version", WEIR_NODE_INTEGER);
  guint kind = 0;
  if (!version || !read_text(load, load->root, "format", &format))
    return FALSE;
  if (strcmp(format, WEIR_TEXT_MODEL_FORMAT))
    return refuse(load, "its format is \"%s\", and \"%s\" is wanted", format, WEIR_TEXT_MODEL_FORMAT);
  if (weir_node_integer(version) != WEIR_TEXT_MODEL_VERSION)
    return refuse(load,
                  "it has version %" G_GINT64_FORMAT
                  " of its format, and this program reads version %d; train it again",
                  weir_node_integer(version), WEIR_TEXT_MODEL_VERSION);
  if (!read_choice(load, load->root, "model", kinds, &kind))
    return FALSE;
  load->model->kind = (WeirLinearKind)kind;
  return read_columns(load) && read_features(load) && read_heads(load);
}

/* --- Arrays --------------------------------------------------------------------------------------------------------- */

/* Kernels read aligned vectors: weights of a foreign writer may need a copy. */
static gboolean
map_weights(const Load *load, guint index)
{
  WeirLinearHead *head = &load->model->heads[index].linear;
  g_autofree char *name = g_strdup_printf("head.%u.weights", index);
  const guint64 width = ((guint64)head->n_labels + 15) / 16 * 16;
  const guint64 shape[] = {(guint64)load->model->features->n_features + 1, width};
  const WeirTensor *tensor =
      weir_safetensors_require(load->model->file, name, WEIR_TENSOR_F32, 2, shape, load->error);
  if (!tensor)
    return FALSE;
  head->n_features = load->model->features->n_features;
  head->width = (guint)width;
  head->weights = tensor->data;
  if ((uintptr_t)tensor->data % ALIGNMENT == 0)
    return TRUE;
  head->owned = aligned_alloc(ALIGNMENT, tensor->size);
  if (!head->owned)
    return refuse(load, "there is no memory for %" G_GSIZE_FORMAT " bytes of weights", tensor->size);
  memcpy(head->owned, tensor->data, tensor->size);
  head->weights = head->owned;
  return TRUE;
}

/* Every feature stands in the table once, and a search for what is not in it comes to an end. */
static gboolean
check_table(const Load *load, const WeirFeatures *features)
{
  gsize used = 0;
  g_autofree guint8 *seen = g_malloc0(MAX(features->n_grams, 1));
  for (gsize i = 0; i < features->table_size; i++) {
    uint32_t slot = features->slots[i];
    if (slot == G_MAXUINT32)
      continue;
    if (slot >= features->n_grams || seen[slot]++)
      return refuse(load, "its vocabulary is damaged");
    used++;
  }
  return used == features->n_grams && used < features->table_size ? TRUE
                                                                  : refuse(load, "its vocabulary is damaged");
}

static gboolean
map_vocabulary(const Load *load)
{
  const WeirSafetensors *file = load->model->file;
  WeirFeatures *features = load->model->features;
  const WeirTensor *keys = weir_safetensors_require(file, "vocabulary.keys", WEIR_TENSOR_U64, 1,
                                                    (const guint64[]){0}, load->error);
  g_assert(features); /* the description made them */
  if (!keys)
    return FALSE;
  features->table_size = keys->shape[0];
  if (features->table_size < 2 || features->table_size > UINT64_C(1) << 32 ||
      (features->table_size & (features->table_size - 1)))
    return refuse(load, "its vocabulary has %" G_GSIZE_FORMAT " places, which is no power of two",
                  features->table_size);
  const WeirTensor *slots =
      weir_safetensors_require(file, "vocabulary.slots", WEIR_TENSOR_U32, 1, &keys->shape[0], load->error);
  const WeirTensor *idf = slots ? weir_safetensors_require(file, "vocabulary.idf", WEIR_TENSOR_F32, 1,
                                                           &load->n_grams, load->error)
                                : NULL;
  if (!idf)
    return FALSE;
  features->keys = keys->data;
  features->slots = slots->data;
  features->idf = idf->data;
  if ((uintptr_t)features->keys % sizeof(uint64_t) || (uintptr_t)features->slots % sizeof(uint32_t) ||
      (uintptr_t)features->idf % sizeof(float))
    return refuse(load, "its arrays are not aligned");
  return check_table(load, features);
}

static gboolean
map_dense(const Load *load)
{
  WeirFeatures *features = load->model->features;
  const guint64 n_dense = features->options.n_dense;
  if (!n_dense)
    return TRUE;
  const WeirTensor *mean =
      weir_safetensors_require(load->model->file, "dense.mean", WEIR_TENSOR_F64, 1, &n_dense, load->error);
  const WeirTensor *scale = mean ? weir_safetensors_require(load->model->file, "dense.scale", WEIR_TENSOR_F64,
                                                            1, &n_dense, load->error)
                                 : NULL;
  if (!scale)
    return FALSE;
  if ((uintptr_t)mean->data % sizeof(double) || (uintptr_t)scale->data % sizeof(double))
    return refuse(load, "its arrays are not aligned");
  features->dense_mean = mean->data;
  features->dense_scale = scale->data;
  return TRUE;
}

static gboolean
map_arrays(const Load *load)
{
  g_autofree char *path = g_build_filename(load->folder, WEIR_MODEL_SAFETENSORS, NULL);
  char heads[WEIR_DIGEST_HEX_BYTES];
  load->model->file = weir_safetensors_open(path, load->error);
  if (!load->model->file)
    return FALSE;
  weir_text_model_heads_digest(load->model, heads);
  if (g_strcmp0(weir_safetensors_metadata(load->model->file, "heads"), heads))
    return refuse(load, "%s names other labels than %s was trained for", WEIR_MODEL_JSON,
                  WEIR_MODEL_SAFETENSORS);
  for (guint h = 0; h < load->model->n_heads; h++)
    if (!map_weights(load, h))
      return FALSE;
  return map_vocabulary(load) && map_dense(load);
}

WeirTextModel *
weir_text_model_load(const char *folder, GError **error)
{
  Load load = {.folder = folder, .model = g_new0(WeirTextModel, 1), .error = error};
  if (!read_description(&load) || !map_arrays(&load))
    g_clear_pointer(&load.model, weir_text_model_free);
  if (load.root)
    weir_node_unref(load.root);
  return load.model;
}
