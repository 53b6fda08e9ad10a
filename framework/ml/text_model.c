/* SPDX-License-Identifier: MIT */
/* Writes a text model's folder, and what is common to all text models. */
#include "ml/text_model.h"

#include <string.h>

#include "base/atomic_file.h"
#include "base/json_write.h"
#include "ml/text_model_private.h"

static const char *const kind_names[] = {"svm", "logistic", "multinomial"};
static const char *const idf_names[] = {"none", "smooth", "sqrt"};

const char *
weir_linear_kind_name(WeirLinearKind kind)
{
  return kind_names[kind];
}

void
weir_text_model_heads_digest(const WeirTextModel *model, char hex[WEIR_DIGEST_HEX_BYTES])
{
  g_autoptr(WeirDigest) digest = weir_digest_new();
  for (guint h = 0; h < model->n_heads; h++) {
    const WeirTextHead *head = &model->heads[h];
    const char *task = head->task ? head->task : "";
    const guint64 n_labels = GUINT64_TO_LE((guint64)head->linear.n_labels);
    weir_digest_update_field(digest, task, strlen(task));
    weir_digest_update(digest, &n_labels, sizeof n_labels);
    for (guint k = 0; k < head->linear.n_labels; k++)
      weir_digest_update_field(digest, head->labels[k], strlen(head->labels[k]));
  }
  weir_digest_finish_hex(digest, hex);
}

static void
write_strings(WeirJsonWriter *json, const char *key, char *const *strings)
{
  weir_json_key(json, key);
  weir_json_begin_array(json);
  for (guint i = 0; strings && strings[i]; i++)
    weir_json_string(json, strings[i]);
  weir_json_end_array(json);
}

static void
write_heads(WeirJsonWriter *json, const WeirTextModel *model)
{
  weir_json_key(json, "heads");
  weir_json_begin_array(json);
  for (guint h = 0; h < model->n_heads; h++) {
    weir_json_begin_object(json);
    weir_json_member_string(json, "task", model->heads[h].task);
    weir_json_member_string(json, "kind", "single");
    write_strings(json, "labels", model->heads[h].labels);
    weir_json_key(json, "calibration");
    weir_json_begin_object(json);
    weir_json_member_string(json, "method", "softmax");
    weir_json_member_number(json, "sharpness", model->heads[h].linear.sharpness);
    weir_json_end_object(json);
    weir_json_end_object(json);
  }
  weir_json_end_array(json);
}

static void
write_features(WeirJsonWriter *json, const WeirFeatures *features)
{
  const WeirFeatureOptions *options = &features->options;
  const WeirTextOptions *text = &options->text;
  weir_json_key(json, "features");
  weir_json_begin_object(json);
  weir_json_member_boolean(json, "lowercase", text->lowercase);
  weir_json_member_boolean(json, "strip_accents", text->strip_accents);
  weir_json_member_unsigned(json, "word_min", text->word_min);
  weir_json_member_unsigned(json, "word_max", text->word_max);
  weir_json_member_unsigned(json, "pair_window", text->pair_window);
  weir_json_member_unsigned(json, "pair_stem", text->pair_stem);
  weir_json_member_unsigned(json, "char_min", text->char_min);
  weir_json_member_unsigned(json, "char_max", text->char_max);
  weir_json_member_boolean(json, "char_across", text->char_mode == WEIR_CHARS_ACROSS);
  weir_json_member_unsigned(json, "max_bytes", text->max_bytes);
  weir_json_member_boolean(json, "sublinear", options->sublinear);
  weir_json_member_string(json, "idf", idf_names[options->idf]);
  weir_json_member_unsigned(json, "min_df", options->min_df);
  weir_json_member_number(json, "max_df", options->max_df);
  weir_json_member_unsigned(json, "max_features", options->max_features);
  weir_json_member_unsigned(json, "hash_bits", options->hash_bits);
  weir_json_member_unsigned(json, "n_grams", features->n_grams);
  weir_json_end_object(json);
}

static gboolean
save_description(const WeirTextModel *model, const char *folder, const char *training, GError **error)
{
  g_autofree char *path = g_build_filename(folder, WEIR_MODEL_JSON, NULL);
  g_autoptr(GString) text = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(text, 2);
  weir_json_begin_object(json);
  weir_json_member_string(json, "format", WEIR_TEXT_MODEL_FORMAT);
  weir_json_member_integer(json, "version", WEIR_TEXT_MODEL_VERSION);
  weir_json_member_string(json, "predictor", "linear.predict");
  weir_json_member_string(json, "model", weir_linear_kind_name(model->kind));
  weir_json_key(json, "columns");
  weir_json_begin_object(json);
  weir_json_member_string(json, "text", model->text_column);
  weir_json_member_string(json, "task", model->task_column);
  write_strings(json, "dense", model->dense_columns);
  weir_json_end_object(json);
  write_features(json, model->features);
  write_heads(json, model);
  weir_json_key(json, "training");
  weir_json_raw(json, training ? training : "{}");
  weir_json_end_object(json);
  weir_json_writer_free(json);
  g_string_append_c(text, '\n');
  return weir_atomic_write(path, text->str, (gssize)text->len, WEIR_ATOMIC_DEFAULT, error);
}

/* A tensor of one or two dimensions; `columns` 0 means one. */
static WeirTensor
tensor_of(const char *name, WeirTensorType type, gsize value_size, guint64 rows, guint64 columns,
          const void *data)
{
  WeirTensor tensor = {
      .name = name,
      .type = type,
      .n_dims = columns ? 2 : 1,
      .shape = {rows, columns},
      .n_values = rows * MAX(columns, 1),
      .data = data,
  };
  tensor.size = tensor.n_values * value_size;
  return tensor;
}

/* The arrays whose sizes are multiples of 64 bytes come first, so that they are aligned. */
static gboolean
save_arrays(const WeirTextModel *model, const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename(folder, WEIR_MODEL_SAFETENSORS, NULL);
  g_autofree WeirTensor *tensors = g_new0(WeirTensor, model->n_heads + 5);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  const WeirFeatures *features = model->features;
  guint n = 0;
  for (guint h = 0; h < model->n_heads; h++) {
    const WeirLinearHead *head = &model->heads[h].linear;
    g_ptr_array_add(names, g_strdup_printf("head.%u.weights", h));
    tensors[n++] = tensor_of(names->pdata[h], WEIR_TENSOR_F32, sizeof(float), (guint64)head->n_features + 1,
                             head->width, head->weights);
  }
  tensors[n++] = tensor_of("vocabulary.keys", WEIR_TENSOR_U64, sizeof(uint64_t), features->table_size, 0,
                           features->keys);
  tensors[n++] = tensor_of("vocabulary.slots", WEIR_TENSOR_U32, sizeof(uint32_t), features->table_size, 0,
                           features->slots);
  if (features->options.n_dense) {
    tensors[n++] = tensor_of("dense.mean", WEIR_TENSOR_F64, sizeof(double), features->options.n_dense, 0,
                             features->dense_mean);
    tensors[n++] = tensor_of("dense.scale", WEIR_TENSOR_F64, sizeof(double), features->options.n_dense, 0,
                             features->dense_scale);
  }
  tensors[n++] =
      tensor_of("vocabulary.idf", WEIR_TENSOR_F32, sizeof(float), features->n_grams, 0, features->idf);
  char heads[WEIR_DIGEST_HEX_BYTES];
  weir_text_model_heads_digest(model, heads);
  const char *const metadata[] = {"format", WEIR_TEXT_MODEL_FORMAT, "heads", heads, NULL};
  return weir_safetensors_write(path, tensors, n, metadata, error);
}

gboolean
weir_text_model_save(const WeirTextModel *model, const char *folder, const char *training, GError **error)
{
  return save_arrays(model, folder, error) && save_description(model, folder, training, error);
}

char *
weir_text_model_metadata(const WeirTextModel *model)
{
  GString *text = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(text, 0);
  weir_json_begin_object(json);
  weir_json_member_string(json, "format", WEIR_TEXT_MODEL_FORMAT);
  weir_json_member_string(json, "predictor", "linear.predict");
  write_heads(json, model);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  return g_string_free(text, FALSE);
}

int
weir_text_model_find_head(const WeirTextModel *model, const char *task, gsize length)
{
  if (!task)
    return model->n_heads == 1 ? 0 : -1;
  for (guint h = 0; h < model->n_heads; h++)
    if (model->heads[h].task && strlen(model->heads[h].task) == length &&
        !memcmp(model->heads[h].task, task, length))
      return (int)h;
  return -1;
}

void
weir_text_model_free(WeirTextModel *model)
{
  if (!model)
    return;
  for (guint h = 0; h < model->n_heads; h++) {
    g_free(model->heads[h].task);
    g_strfreev(model->heads[h].labels);
    weir_linear_head_clear(&model->heads[h].linear);
  }
  g_free(model->heads);
  g_free(model->text_column);
  g_free(model->task_column);
  g_strfreev(model->dense_columns);
  weir_features_free(model->features);
  weir_safetensors_free(model->file);
  g_free(model);
}
