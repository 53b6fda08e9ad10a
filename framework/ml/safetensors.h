/* SPDX-License-Identifier: MIT */
/* Reads and writes safetensors files: named arrays behind a JSON header, nothing that can run code.
 *
 * Format: https://github.com/huggingface/safetensors (README, "Format"): 8 bytes with the header's length, little-endian;
 * the header, a JSON object from names to dtype, shape and data_offsets, and `__metadata__` with strings; then the
 * arrays, row-major and little-endian, one after another without gaps. */
#ifndef WEIR_ML_SAFETENSORS_H
#define WEIR_ML_SAFETENSORS_H

#include <glib.h>
#include <stdint.h>

typedef enum {
  WEIR_TENSOR_BOOL,
  WEIR_TENSOR_U8,
  WEIR_TENSOR_I8,
  WEIR_TENSOR_F8_E5M2,
  WEIR_TENSOR_F8_E4M3,
  WEIR_TENSOR_I16,
  WEIR_TENSOR_U16,
  WEIR_TENSOR_F16,
  WEIR_TENSOR_BF16,
  WEIR_TENSOR_I32,
  WEIR_TENSOR_U32,
  WEIR_TENSOR_F32,
  WEIR_TENSOR_F64,
  WEIR_TENSOR_I64,
  WEIR_TENSOR_U64
} WeirTensorType;

#define WEIR_TENSOR_MAX_DIMS 16

typedef struct {
  const char *name;
  WeirTensorType type;
  guint n_dims; /* 0: a single value */
  guint64 shape[WEIR_TENSOR_MAX_DIMS];
  guint64 n_values;
  gsize size; /* bytes */
  const void *data;
} WeirTensor;

/* "F32" and so on, as the header says it. */
const char *weir_tensor_type_name(WeirTensorType type);

/* A file that is open. Never changes; any number of threads may read it. */
typedef struct WeirSafetensors WeirSafetensors;

/* Maps a file, so that pages are read as they are needed, and checks all of its header: every array lies inside the
 * file, has the size that type and shape ask for, and overlaps no other; nothing is left over; no name comes twice. A
 * file that fails is refused with its path and what is wrong (WEIR_ERROR_INVALID), as is one on a machine that stores
 * numbers big-endian. Values themselves are not looked at. */
WeirSafetensors *weir_safetensors_open(const char *path, GError **error);
void weir_safetensors_free(WeirSafetensors *file);

/* An array by name; NULL if there is none. Belongs to the file. */
const WeirTensor *weir_safetensors_get(const WeirSafetensors *file, const char *name);

/* The same, but sets `error` when there is none or when type or shape differ; a 0 in `shape` takes any length. */
const WeirTensor *weir_safetensors_require(const WeirSafetensors *file, const char *name, WeirTensorType type,
                                           guint n_dims, const guint64 *shape, GError **error);

guint weir_safetensors_count(const WeirSafetensors *file);
const WeirTensor *weir_safetensors_at(const WeirSafetensors *file,
                                      guint index); /* in the order of the data */

/* A string of `__metadata__`, or NULL. */
const char *weir_safetensors_metadata(const WeirSafetensors *file, const char *key);

/* Writes arrays in the order given; `data`, `size` and `n_values` must agree with type and shape, and names must
 * differ. `metadata` holds key and value in turn up to a NULL, or is NULL. The data begins at a multiple of 64 bytes,
 * so an array is aligned to 64 when the sizes before it are multiples of that. The same arrays give the same bytes. The
 * file appears whole or not at all. */
gboolean weir_safetensors_write(const char *path, const WeirTensor *tensors, guint n_tensors,
                                const char *const *metadata, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WeirSafetensors, weir_safetensors_free)

#endif
