/* SPDX-License-Identifier: MIT */
/* Maps a safetensors file and checks its header before anything is believed. */
#include "ml/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quote.h"
#include "base/tree.h"

#define LENGTH_BYTES 8

struct WeirSafetensors {
  GMappedFile *map;
  char *path;
  WeirNode *header;
  GArray *tensors; /* of WeirTensor, by offset */
  GHashTable *by_name;
};

/* By WeirTensorType. */
static const struct {
  const char *name;
  guint size;
} types[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
    {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8},
};

const char *
weir_tensor_type_name(WeirTensorType type)
{
  return (guint)type < G_N_ELEMENTS(types) ? types[type].name : "unknown";
}

G_GNUC_PRINTF(3, 4)
static gboolean
refuse(const WeirSafetensors *file, GError **error, const char *format, ...)
{
  g_autofree char *quoted = weir_quote_path(file->path);
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s is not a sound safetensors file: %s", quoted, text);
  return FALSE;
}

static gboolean
read_type(const WeirSafetensors *file, const WeirNode *node, WeirTensor *tensor, GError **error)
{
  if (!node || weir_node_kind(node) != WEIR_NODE_STRING)
    return refuse(file, error, "array \"%s\" has no dtype", tensor->name);
  for (guint i = 0; i < G_N_ELEMENTS(types); i++)
    if (!strcmp(types[i].name, weir_node_string(node))) {
      tensor->type = (WeirTensorType)i;
      return TRUE;
    }
  g_autofree char *quoted = weir_quote(weir_node_string(node), -1);
  return refuse(file, error, "array \"%s\" has the unknown dtype %s", tensor->name, quoted);
}

/* A list of integers that are not negative. */
static gboolean
is_counts(const WeirNode *node)
{
  if (!node || weir_node_kind(node) != WEIR_NODE_LIST)
    return FALSE;
  for (gsize i = 0; i < weir_node_size(node); i++) {
    const WeirNode *item = weir_node_at(node, i);
    if (weir_node_kind(item) != WEIR_NODE_INTEGER || weir_node_integer(item) < 0)
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_shape(const WeirSafetensors *file, const WeirNode *node, WeirTensor *tensor, GError **error)
{
  if (!is_counts(node) || weir_node_size(node) > WEIR_TENSOR_MAX_DIMS)
    return refuse(file, error, "the shape of array \"%s\" is not a list of up to %d lengths", tensor->name,
                  WEIR_TENSOR_MAX_DIMS);
  tensor->n_dims = (guint)weir_node_size(node);
  tensor->n_values = 1;
  for (guint i = 0; i < tensor->n_dims; i++) {
    tensor->shape[i] = (guint64)weir_node_integer(weir_node_at(node, i));
    if (!g_uint64_checked_mul(&tensor->n_values, tensor->n_values, tensor->shape[i]))
      return refuse(file, error, "the shape of array \"%s\" is too large", tensor->name);
  }
  return TRUE;
}

static gboolean
read_extent(const WeirSafetensors *file, const WeirNode *node, gsize data_start, WeirTensor *tensor,
            GError **error)
{
  if (!is_counts(node) || weir_node_size(node) != 2)
    return refuse(file, error, "data_offsets of array \"%s\" are not two positions", tensor->name);
  guint64 begin = (guint64)weir_node_integer(weir_node_at(node, 0));
  guint64 end = (guint64)weir_node_integer(weir_node_at(node, 1)), wanted = 0;
  gsize room = g_mapped_file_get_length(file->map) - data_start;
  if (begin > end || end > room)
    return refuse(file, error, "array \"%s\" lies outside the file, which may be cut short", tensor->name);
  if (!g_uint64_checked_mul(&wanted, tensor->n_values, types[tensor->type].size) || wanted != end - begin)
    return refuse(file, error,
                  "array \"%s\" has %" G_GUINT64_FORMAT " bytes, which do not fit its dtype and shape",
                  tensor->name, end - begin);
  tensor->size = (gsize)wanted;
  tensor->data = g_mapped_file_get_contents(file->map) + data_start + begin;
  return TRUE;
}

static gboolean
check_metadata(const WeirSafetensors *file, const WeirNode *node, GError **error)
{
  if (weir_node_kind(node) != WEIR_NODE_MAP)
    return refuse(file, error, "__metadata__ is not an object");
  for (gsize i = 0; i < weir_node_size(node); i++)
    if (weir_node_kind(weir_node_at(node, i)) != WEIR_NODE_STRING)
      return refuse(file, error, "__metadata__ holds what is not a string");
  return TRUE;
}

static gboolean
read_tensors(WeirSafetensors *file, gsize data_start, GError **error)
{
  for (gsize i = 0; i < weir_node_size(file->header); i++) {
    const WeirNode *node = weir_node_at(file->header, i);
    WeirTensor tensor = {.name = weir_node_key_at(file->header, i)};
    if (!strcmp(tensor.name, "__metadata__")) {
      if (!check_metadata(file, node, error))
        return FALSE;
      continue;
    }
    if (weir_node_kind(node) != WEIR_NODE_MAP)
      return refuse(file, error, "the entry of array \"%s\" is not an object", tensor.name);
    if (!read_type(file, weir_node_get(node, "dtype"), &tensor, error) ||
        !read_shape(file, weir_node_get(node, "shape"), &tensor, error) ||
        !read_extent(file, weir_node_get(node, "data_offsets"), data_start, &tensor, error))
      return FALSE;
    g_array_append_val(file->tensors, tensor);
  }
  return TRUE;
}

static int
compare_tensors(const void *left, const void *right)
{
  const WeirTensor *a = left, *b = right;
  if (a->data != b->data)
    return (const char *)a->data < (const char *)b->data ? -1 : 1;
  return a->size < b->size ? -1 : a->size > b->size;
}

/* In the order of the data each array must begin where the one before ended. */
static gboolean
check_layout(WeirSafetensors *file, gsize data_start, GError **error)
{
  g_array_sort(file->tensors, compare_tensors);
  const char *at = g_mapped_file_get_contents(file->map) + data_start;
  for (guint i = 0; i < file->tensors->len; i++) {
    WeirTensor *tensor = &g_array_index(file->tensors, WeirTensor, i);
    if ((const char *)tensor->data != at)
      return refuse(file, error, "array \"%s\" overlaps another, or leaves a gap before it", tensor->name);
    at += tensor->size;
    g_hash_table_insert(file->by_name, (gpointer)tensor->name, tensor);
  }
  if (at != g_mapped_file_get_contents(file->map) + g_mapped_file_get_length(file->map))
    return refuse(file, error, "bytes are left over behind the last array");
  return TRUE;
}

static gboolean
read_header(WeirSafetensors *file, GError **error)
{
  const char *bytes = g_mapped_file_get_contents(file->map);
  gsize size = g_mapped_file_get_length(file->map);
  guint64 length = 0;
  if (size < LENGTH_BYTES)
    return refuse(file, error, "it has %" G_GSIZE_FORMAT " bytes", size);
  memcpy(&length, bytes, LENGTH_BYTES);
  length = GUINT64_FROM_LE(length);
  if (length > size - LENGTH_BYTES || length > WEIR_TREE_MAX_BYTES)
    return refuse(file, error, "its header would have %" G_GUINT64_FORMAT " bytes", length);
  g_autoptr(WeirDiagnostics) diagnostics = weir_diagnostics_new();
  file->header = weir_node_parse_json(bytes + LENGTH_BYTES, (gssize)length, file->path, diagnostics);
  if (!file->header) {
    g_autofree char *text = weir_diagnostics_to_string(diagnostics, 1);
    return refuse(file, error, "its header is not JSON: %s", g_strchomp(text));
  }
  if (weir_node_kind(file->header) != WEIR_NODE_MAP)
    return refuse(file, error, "its header is not a JSON object");
  gsize data_start = LENGTH_BYTES + (gsize)length;
  return read_tensors(file, data_start, error) && check_layout(file, data_start, error);
}

WeirSafetensors *
weir_safetensors_open(const char *path, GError **error)
{
  g_autoptr(GError) failure = NULL;
  GMappedFile *map = g_mapped_file_new(path, FALSE, &failure);
  if (!map) {
    gboolean missing = g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_set_error(error, WEIR_ERROR, missing ? WEIR_ERROR_NOT_FOUND : WEIR_ERROR_IO, "cannot read \"%s\": %s",
                path, failure->message);
    return NULL;
  }
  WeirSafetensors *file = g_new0(WeirSafetensors, 1);
  file->map = map;
  file->path = g_strdup(path);
  file->tensors = g_array_new(FALSE, FALSE, sizeof(WeirTensor));
  file->by_name = g_hash_table_new(g_str_hash, g_str_equal);
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN ? !read_header(file, error)
                                      : !refuse(file, error, "this machine stores numbers big-endian"))
    g_clear_pointer(&file, weir_safetensors_free);
  return file;
}

void
weir_safetensors_free(WeirSafetensors *file)
{
  if (!file)
    return;
  g_clear_pointer(&file->header, weir_node_unref);
  g_hash_table_unref(file->by_name);
  g_array_unref(file->tensors);
  g_mapped_file_unref(file->map);
  g_free(file->path);
  g_free(file);
}

const WeirTensor *
weir_safetensors_get(const WeirSafetensors *file, const char *name)
{
  return g_hash_table_lookup(file->by_name, name);
}

const WeirTensor *
weir_safetensors_require(const WeirSafetensors *file, const char *name, WeirTensorType type, guint n_dims,
                         const guint64 *shape, GError **error)
{
  const WeirTensor *tensor = weir_safetensors_get(file, name);
  g_autofree char *path = weir_quote_path(file->path);
  if (!tensor) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s has no array \"%s\"", path, name);
    return NULL;
  }
  gboolean fits = tensor->type == type && tensor->n_dims == n_dims;
  for (guint i = 0; fits && i < n_dims; i++)
    fits = !shape[i] || tensor->shape[i] == shape[i];
  if (fits)
    return tensor;
  g_autoptr(GString) wanted = g_string_new(weir_tensor_type_name(type));
  g_autoptr(GString) found = g_string_new(weir_tensor_type_name(tensor->type));
  for (guint i = 0; i < n_dims; i++)
    g_string_append_printf(wanted, "%s%" G_GUINT64_FORMAT, i ? "x" : " ", shape[i]);
  for (guint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf(found, "%s%" G_GUINT64_FORMAT, i ? "x" : " ", tensor->shape[i]);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "array \"%s\" in %s is %s, not %s", name, path,
              found->str, wanted->str);
  return NULL;
}

guint
weir_safetensors_count(const WeirSafetensors *file)
{
  return file->tensors->len;
}

const WeirTensor *
weir_safetensors_at(const WeirSafetensors *file, guint index)
{
  return &g_array_index(file->tensors, WeirTensor, index);
}

const char *
weir_safetensors_metadata(const WeirSafetensors *file, const char *key)
{
  const WeirNode *metadata = weir_node_get(file->header, "__metadata__");
  const WeirNode *value = metadata ? weir_node_get(metadata, key) : NULL;
  return value ? weir_node_string(value) : NULL;
}
