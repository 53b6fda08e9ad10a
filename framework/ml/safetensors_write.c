/* SPDX-License-Identifier: MIT */
/* Writes safetensors files with aligned data. */
#include <string.h>

#include "base/atomic_file.h"
#include "base/json_write.h"
#include "ml/safetensors.h"

#define ALIGNMENT 64

static void
write_entry(WeirJsonWriter *json, const WeirTensor *tensor, guint64 *offset)
{
  weir_json_key(json, tensor->name);
  weir_json_begin_object(json);
  weir_json_member_string(json, "dtype", weir_tensor_type_name(tensor->type));
  weir_json_key(json, "shape");
  weir_json_begin_array(json);
  for (guint i = 0; i < tensor->n_dims; i++)
    weir_json_unsigned(json, tensor->shape[i]);
  weir_json_end_array(json);
  weir_json_key(json, "data_offsets");
  weir_json_begin_array(json);
  weir_json_unsigned(json, *offset);
  weir_json_unsigned(json, *offset += tensor->size);
  weir_json_end_array(json);
  weir_json_end_object(json);
}

/* The header, padded with spaces (which the format allows) up to the alignment. */
static GString *
make_header(const WeirTensor *tensors, guint n_tensors, const char *const *metadata)
{
  GString *header = g_string_new(NULL);
  WeirJsonWriter *json = weir_json_writer_new(header, 0);
  guint64 offset = 0;
  weir_json_begin_object(json);
  if (metadata && metadata[0]) {
    weir_json_key(json, "__metadata__");
    weir_json_begin_object(json);
    for (guint i = 0; metadata[i]; i += 2)
      weir_json_member_string(json, metadata[i], metadata[i + 1]);
    weir_json_end_object(json);
  }
  for (guint i = 0; i < n_tensors; i++)
    write_entry(json, &tensors[i], &offset);
  weir_json_end_object(json);
  weir_json_writer_free(json);
  while ((header->len + sizeof(guint64)) % ALIGNMENT)
    g_string_append_c(header, ' ');
  return header;
}

gboolean
weir_safetensors_write(const char *path, const WeirTensor *tensors, guint n_tensors,
                       const char *const *metadata, GError **error)
{
  g_autoptr(WeirAtomicFile) file = weir_atomic_file_open(path, WEIR_ATOMIC_DEFAULT, error);
  if (!file)
    return FALSE;
  GString *header = make_header(tensors, n_tensors, metadata);
  guint64 length = GUINT64_TO_LE((guint64)header->len);
  gboolean ok = weir_atomic_file_write(file, &length, sizeof length, error) &&
                weir_atomic_file_write(file, header->str, header->len, error);
  g_string_free(header, TRUE);
  for (guint i = 0; ok && i < n_tensors; i++)
    ok = weir_atomic_file_write(file, tensors[i].data, tensors[i].size, error);
  return ok && weir_atomic_file_commit(file, error);
}
