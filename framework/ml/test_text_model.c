/* SPDX-License-Identifier: MIT */
/* A model that was saved predicts as before; a folder that is damaged or of another version is refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "ml/test_files.h"
#include "ml/text_model.h"

#define N_ROWS 6

static const char *const texts[N_ROWS] = {"lost my card", "card was stolen", "top up failed",
                                          "my top up",    "card is lost",    "money did not arrive"};
static const gsize lengths[N_ROWS] = {12, 15, 13, 9, 12, 20};
static const uint32_t labels[N_ROWS] = {0, 0, 1, 1, 0, 2};
static const uint32_t heads[N_ROWS] = {0, 1, 0, 1, 0, 0};
static const double dense[N_ROWS] = {1, 2, 3, 4, 5, 6};

typedef struct {
  char *folder;
  WeirTextModel *model;
} Place;

static char **
names(const char *first, ...)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  va_list args;
  va_start(args, first);
  for (const char *name = first; name; name = va_arg(args, const char *))
    g_strv_builder_add(builder, name);
  va_end(args);
  return g_strv_builder_end(builder);
}

static WeirTextModel *
train(void)
{
  WeirTextModel *model = g_new0(WeirTextModel, 1);
  WeirFeatureOptions options = WEIR_FEATURE_OPTIONS_INIT;
  WeirLinearOptions linear = WEIR_LINEAR_OPTIONS_INIT;
  WeirRows rows = {N_ROWS, texts, lengths, dense};
  const WeirHeadShape shapes[] = {{3, NULL}, {2, NULL}};
  WeirLinearHead trained[2];
  WeirTrainingReport report;
  g_autoptr(WeirSparse) matrix = NULL;
  options.n_dense = 1;
  model->features = weir_features_fit(&options, &rows, NULL, &matrix);
  WeirLabelledRows labelled = {matrix, heads, labels};
  g_assert_true(weir_linear_train(&linear, shapes, 2, &labelled, NULL, NULL, NULL, NULL, trained, &report));
  model->text_column = g_strdup("text");
  model->task_column = g_strdup("task");
  model->dense_columns = names("age", NULL);
  model->n_heads = 2;
  model->heads = g_new0(WeirTextHead, 2);
  model->heads[0] =
      (WeirTextHead){g_strdup("intent"), names("card", "top-up", "late \"x\"", NULL), trained[0]};
  model->heads[1] = (WeirTextHead){g_strdup("mood"), names("bad", "good", NULL), trained[1]};
  return model;
}

static void
set_up(Place *place, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  place->folder = g_dir_make_tmp("weir-test-XXXXXX", NULL);
  place->model = train();
  g_assert_true(weir_text_model_save(place->model, place->folder, "{\"rows\":6}", &error));
  g_assert_no_error(error);
}

static void
tear_down(Place *place, gconstpointer data)
{
  (void)data;
  g_assert_true(weir_remove_tree(place->folder, NULL));
  weir_text_model_free(place->model);
  g_free(place->folder);
}

/* The probabilities of all labels of both heads for all rows. */
static GArray *
predict(const WeirTextModel *model)
{
  GArray *all = g_array_new(FALSE, FALSE, sizeof(float));
  g_autoptr(WeirFeatureScratch) scratch = weir_feature_scratch_new(model->features);
  float scores[16] __attribute__((aligned(64)));
  for (guint r = 0; r < N_ROWS; r++)
    for (guint h = 0; h < model->n_heads; h++) {
      const WeirLinearHead *head = &model->heads[h].linear;
      WeirFeatureRow row = weir_features_row(model->features, scratch, texts[r], lengths[r], &dense[r]);
      weir_linear_scores(head, row.columns, row.values, row.n, scores);
      weir_linear_probabilities(head, scores);
      g_array_append_vals(all, scores, head->n_labels);
    }
  return all;
}

static void
test_round_trip(Place *place, gconstpointer data)
{
  (void)data;
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirTextModel) loaded = weir_text_model_load(place->folder, &error);
  g_assert_no_error(error);
  g_autoptr(GArray) before = predict(place->model);
  g_autoptr(GArray) after = predict(loaded);
  g_assert_cmpmem(before->data, before->len * sizeof(float), after->data, after->len * sizeof(float));
  g_assert_cmpstr(loaded->text_column, ==, "text");
  g_assert_cmpstr(loaded->task_column, ==, "task");
  g_assert_cmpstr(loaded->dense_columns[0], ==, "age");
  g_assert_cmpstr(loaded->heads[0].labels[2], ==, "late \"x\"");
  g_assert_cmpint(weir_text_model_find_head(loaded, "mood!", 4), ==, 1);
  g_assert_cmpint(weir_text_model_find_head(loaded, "moo", 3), ==, -1);
  g_assert_cmpint(weir_text_model_find_head(loaded, NULL, 0), ==, -1);
  g_autofree char *metadata = weir_text_model_metadata(loaded);
  g_autofree char *again = weir_text_model_metadata(place->model);
  g_assert_cmpstr(metadata, ==, again);
  g_assert_nonnull(strstr(metadata, "\"predictor\":\"linear.predict\""));
}

/* Same model, same bytes. */
static void
test_same_bytes(Place *place, gconstpointer data)
{
  (void)data;
  g_autofree char *other = g_build_filename(place->folder, "other", NULL);
  g_assert_cmpint(g_mkdir(other, 0700), ==, 0);
  WeirTextModel *model = train();
  g_assert_true(weir_text_model_save(model, other, "{\"rows\":6}", NULL));
  weir_text_model_free(model);
  const char *const files[] = {"model.json", "model.safetensors"};
  for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
    g_autofree char *path = g_build_filename(place->folder, files[i], NULL);
    g_autofree char *path2 = g_build_filename(other, files[i], NULL);
    g_autofree char *bytes = NULL, *bytes2 = NULL;
    gsize size = 0, size2 = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL) &&
                  g_file_get_contents(path2, &bytes2, &size2, NULL));
    g_assert_cmpmem(bytes, size, bytes2, size2);
  }
}

/* Replaces a text in model.json, and expects a refusal that says `wanted`. */
static void
check_edit(const Place *place, const char *from, const char *to, const char *wanted)
{
  g_autofree char *path = g_build_filename(place->folder, "model.json", NULL);
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
  g_assert_nonnull(strstr(text, from));
  g_auto(GStrv) parts = g_strsplit(text, from, 2);
  g_autofree char *edited = g_strjoinv(to, parts);
  test_replace_file(path, edited, -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirTextModel) model = weir_text_model_load(place->folder, &error);
  if (model)
    g_error("accepted with %s in place of %s", to, from);
  g_assert_error(error, WEIR_ERROR, WEIR_ERROR_INVALID);
  if (!strstr(error->message, wanted))
    g_error("%s: %s", to, error->message);
  test_replace_file(path, text, -1);
}

static void
test_edits(Place *place, gconstpointer data)
{
  (void)data;
  check_edit(place, "\"version\": 1", "\"version\": 2", "version 2");
  check_edit(place, "\"weir-linear\"", "\"other\"", "format");
  check_edit(place, "\"model\": \"svm\"", "\"model\": \"tree\"", "does not know");
  check_edit(place, "\"top-up\"", "\"top-down\"", "other labels");
  check_edit(place, "\"top-up\"", "\"card\"", "twice");
  check_edit(place, "\"mood\"", "\"intent\"", "same task");
  check_edit(place, "\"mood\"", "null", "no task");
  check_edit(place, "\"single\"", "\"multi\"", "kind");
  check_edit(place, "\"char_max\": 4", "\"char_max\": 400", "char_max");
  check_edit(place, "\"char_max\": 4", "\"char_max\": 1", "minimum");
  check_edit(place, "\"char_max\": 4", "\"char_max\": -1", "char_max");
  check_edit(place, "\"char_max\": 4,", "", "missing");
  check_edit(place, "\"age\"", "\"age\", \"height\"", "array");
  check_edit(place, "\"age\"", "", "array");
  check_edit(place, "\"n_grams\": ", "\"n_grams\": 1", "array");
  check_edit(place, "\"sharpness\": ", "\"sharpness\": -", "sharpness");
  check_edit(place, "\"heads\": [", "\"heads\": [7, ", "not an object");
  check_edit(place, "{", "{{", "model.json");
}

/* One byte of either file changed, anywhere: refused, or usable without a fault. */
static void
test_damage(Place *place, gconstpointer data)
{
  (void)data;
  const char *const files[] = {"model.json", "model.safetensors"};
  for (gsize f = 0; f < G_N_ELEMENTS(files); f++) {
    g_autofree char *path = g_build_filename(place->folder, files[f], NULL);
    g_autofree char *bytes = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    for (gsize i = 0; i < size; i += 1 + size / 1500) {
      char kept = bytes[i];
      bytes[i] ^= (char)(1 << i % 8);
      test_replace_file(path, bytes, (gssize)size);
      bytes[i] = kept;
      g_autoptr(WeirTextModel) model = weir_text_model_load(place->folder, NULL);
      if (model)
        g_array_unref(predict(model));
    }
    test_replace_file(path, bytes, (gssize)size / 2);
    g_assert_null(weir_text_model_load(place->folder, NULL));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_null(weir_text_model_load(place->folder, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    test_replace_file(path, bytes, (gssize)size);
  }
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add("/text-model/round-trip", Place, NULL, set_up, test_round_trip, tear_down);
  g_test_add("/text-model/same-bytes", Place, NULL, set_up, test_same_bytes, tear_down);
  g_test_add("/text-model/edits", Place, NULL, set_up, test_edits, tear_down);
  g_test_add("/text-model/damage", Place, NULL, set_up, test_damage, tear_down);
  return g_test_run();
}
