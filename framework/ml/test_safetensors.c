/* SPDX-License-Identifier: MIT */
/* Round trips, and files that lie about themselves: each must be refused, none may crash. */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "ml/safetensors.h"
#include "ml/test_files.h"

typedef struct {
  char *folder, *path;
} Place;

static void
set_up(Place *place, gconstpointer data)
{
  (void)data;
  place->folder = g_dir_make_tmp("weir-test-XXXXXX", NULL);
  g_assert_nonnull(place->folder);
  place->path = g_build_filename(place->folder, "x.safetensors", NULL);
}

static void
tear_down(Place *place, gconstpointer data)
{
  (void)data;
  g_assert_true(weir_remove_tree(place->folder, NULL));
  g_free(place->folder);
  g_free(place->path);
}

static const float floats[] = {1, 2, 3, 4, 5, 6};
static const guint64 words[] = {7, 8};

static void
write_sample(const Place *place)
{
  const WeirTensor tensors[] = {
      {"a", WEIR_TENSOR_F32, 2, {2, 3}, 6, sizeof floats, floats},
      {"b", WEIR_TENSOR_U64, 1, {2}, 2, sizeof words, words},
      {"nothing", WEIR_TENSOR_F32, 1, {0}, 0, 0, floats},
      {"one", WEIR_TENSOR_F32, 0, {0}, 1, sizeof(float), floats},
  };
  const char *const metadata[] = {"format", "test", "name", "\"quoted\" \xc3\xa9", NULL};
  g_autoptr(GError) error = NULL;
  g_assert_true(weir_safetensors_write(place->path, tensors, G_N_ELEMENTS(tensors), metadata, &error));
  g_assert_no_error(error);
}

static void
test_round_trip(Place *place, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  write_sample(place);
  g_autoptr(WeirSafetensors) file = weir_safetensors_open(place->path, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(weir_safetensors_count(file), ==, 4);
  g_assert_cmpstr(weir_safetensors_metadata(file, "name"), ==, "\"quoted\" \xc3\xa9");
  g_assert_null(weir_safetensors_metadata(file, "other"));
  g_assert_null(weir_safetensors_get(file, "c"));
  const WeirTensor *a =
      weir_safetensors_require(file, "a", WEIR_TENSOR_F32, 2, (const guint64[]){0, 3}, &error);
  g_assert_no_error(error);
  g_assert_cmpmem(a->data, a->size, floats, sizeof floats);
  g_assert_cmpuint((gsize)a->data % 64, ==, 0);
  g_assert_cmpuint(weir_safetensors_get(file, "one")->n_values, ==, 1);
  g_assert_cmpuint(weir_safetensors_get(file, "nothing")->n_values, ==, 0);
  const WeirTensor *b = weir_safetensors_get(file, "b");
  g_assert_cmpmem(b->data, b->size, words, sizeof words);
  g_assert_null(weir_safetensors_require(file, "a", WEIR_TENSOR_F32, 2, (const guint64[]){3, 3}, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  g_clear_error(&error);
  g_assert_null(weir_safetensors_require(file, "b", WEIR_TENSOR_F32, 1, (const guint64[]){2}, &error));
  g_assert_nonnull(strstr(error->message, "U64 2, not F32 2"));
}

static void
write_raw(const Place *place, const char *header, gsize n_data)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  guint64 length = GUINT64_TO_LE((guint64)strlen(header));
  g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
  g_byte_array_append(bytes, (const guint8 *)header, (guint)strlen(header));
  for (gsize i = 0; i < n_data; i++)
    g_byte_array_append(bytes, (const guint8 *)"\0", 1);
  test_replace_file(place->path, (const char *)bytes->data, bytes->len);
}

#define ENTRY(dtype, shape, offsets) "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void
test_lies(Place *place, gconstpointer data)
{
  (void)data;
  const struct {
    const char *header;
    gsize n_data;
    const char *wanted; /* part of the message; NULL: sound */
  } cases[] = {
      {"{}", 0, NULL},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[0,8]") "}   ", 8, NULL},
      {"{\"b\":" ENTRY("\"U8\"", "[4]", "[4,8]") ",\"a\":" ENTRY("\"F32\"", "[]", "[0,4]") "}", 8, NULL},
      {"", 0, "JSON"},
      {"[]", 0, "not a JSON object"},
      {"{\"a\":1}", 0, "not an object"},
      {"{\"a\":{}}", 0, "dtype"},
      {"{\"a\":" ENTRY("\"F31\"", "[2]", "[0,8]") "}", 8, "unknown dtype"},
      {"{\"a\":" ENTRY("\"F32\"", "[-2]", "[0,8]") "}", 8, "shape"},
      {"{\"a\":" ENTRY("\"F32\"", "[2.0]", "[0,8]") "}", 8, "shape"},
      {"{\"a\":" ENTRY("\"F32\"", "2", "[0,8]") "}", 8, "shape"},
      {"{\"a\":" ENTRY("\"F32\"", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "shape"},
      {"{\"a\":" ENTRY("\"F32\"", "[4294967296,4294967296]", "[0,0]") "}", 0, "too large"},
      {"{\"a\":" ENTRY("\"F64\"", "[2305843009213693952]", "[0,0]") "}", 0, "do not fit"},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[0,7]") "}", 7, "do not fit"},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[8,0]") "}", 8, "outside the file"},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[0,8]") "}", 7, "outside the file"},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[0,8,9]") "}", 9, "two positions"},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[4,12]") "}", 12, "gap"},
      {"{\"a\":" ENTRY("\"F32\"", "[2]", "[0,8]") "}", 9, "left over"},
      {"{\"a\":" ENTRY("\"U8\"", "[8]", "[0,8]") ",\"b\":" ENTRY("\"U8\"", "[8]", "[4,12]") "}", 12,
       "overlaps"},
      {"{\"a\":" ENTRY("\"U8\"", "[1]", "[0,1]") ",\"a\":" ENTRY("\"U8\"", "[1]", "[1,2]") "}", 2, "JSON"},
      {"{\"__metadata__\":1}", 0, "__metadata__"},
      {"{\"__metadata__\":{\"a\":1}}", 0, "not a string"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    write_raw(place, cases[i].header, cases[i].n_data);
    g_autoptr(WeirSafetensors) file = weir_safetensors_open(place->path, &error);
    if (!cases[i].wanted) {
      g_assert_no_error(error);
      g_assert_nonnull(file);
      continue;
    }
    g_assert_null(file);
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
    if (!strstr(error->message, cases[i].wanted))
      g_error("case %zu: %s", i, error->message);
  }
}

/* Cut at every byte, and with every byte of the header changed. */
static void
test_damage(Place *place, gconstpointer data)
{
  (void)data;
  write_sample(place);
  g_autofree char *bytes = NULL;
  gsize size = 0;
  g_assert_true(g_file_get_contents(place->path, &bytes, &size, NULL));
  for (gsize n = 0; n < size; n++) {
    g_autoptr(GError) error = NULL;
    test_replace_file(place->path, bytes, (gssize)n);
    g_assert_null(weir_safetensors_open(place->path, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  }
  for (gsize i = 0; i < size - sizeof floats; i++) {
    char kept = bytes[i];
    bytes[i] ^= 0x15;
    test_replace_file(place->path, bytes, (gssize)size);
    bytes[i] = kept;
    g_autoptr(WeirSafetensors) file = weir_safetensors_open(place->path, NULL);
    for (guint t = 0; file && t < weir_safetensors_count(file); t++) {
      const WeirTensor *tensor = weir_safetensors_at(file, t);
      g_autofree void *copy = g_memdup2(tensor->data, tensor->size); /* reading it must not fault */
      g_assert_true(!tensor->size || copy);
    }
  }
}

static void
test_missing(Place *place, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  g_assert_null(weir_safetensors_open(place->path, &error));
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
  g_clear_error(&error);
  g_assert_null(weir_safetensors_open(place->folder, &error));
  g_assert_nonnull(error);
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/safetensors/round-trip", Place, NULL, set_up, test_round_trip, tear_down);
  g_test_add("/safetensors/lies", Place, NULL, set_up, test_lies, tear_down);
  g_test_add("/safetensors/damage", Place, NULL, set_up, test_damage, tear_down);
  g_test_add("/safetensors/missing", Place, NULL, set_up, test_missing, tear_down);
  return g_test_run();
}
