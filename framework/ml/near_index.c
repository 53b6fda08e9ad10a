/* SPDX-License-Identifier: MIT */
/* Reads texts into signatures and lays them down in the store, block by block. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "ml/near_private.h"
#include "ml/rng.h"

/* Texts of one task. */
#define TASK_TEXTS 32

double
weir_near_probability(double s, guint bands, guint rows)
{
  return 1 - pow(1 - pow(s, rows), bands);
}

static gboolean
check_options(const WeirNearOptions *options, GError **error)
{
  const char *wrong = NULL;
  if (options->size < 1 || options->size > WEIR_MAX_NGRAM)
    wrong = "a shingle has 1 to 8 characters or words";
  else if (options->n_hashes < WEIR_NEAR_HASHES_STEP || options->n_hashes > WEIR_NEAR_MAX_HASHES ||
           options->n_hashes % WEIR_NEAR_HASHES_STEP)
    wrong = "the number of hashes is a multiple of 16, from 16 to 512";
  else if (!(options->threshold > 0 && options->threshold <= 1))
    wrong = "the threshold is above 0 and at most 1";
  else if (!(options->recall > 0 && options->recall < 1))
    wrong = "the recall is above 0 and below 1";
  if (wrong)
    g_set_error_literal(error, WEIR_ERROR, WEIR_ERROR_INVALID, wrong);
  return !wrong;
}

gboolean
weir_near_bands(const WeirNearOptions *options, guint *bands, guint *rows, GError **error)
{
  if (!check_options(options, error))
    return FALSE;
  for (guint r = options->n_hashes; r >= 1; r--)
    if (weir_near_probability(options->threshold, options->n_hashes / r, r) >= options->recall) {
      *rows = r;
      *bands = options->n_hashes / r;
      return TRUE;
    }
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
              "%u hashes cannot find %g of the pairs with a similarity of %g; use more of them",
              options->n_hashes, options->recall, options->threshold);
  return FALSE;
}

static gsize
row_bytes(guint bands, guint n_hashes)
{
  return sizeof(uint64_t) + bands * sizeof(uint32_t) + n_hashes;
}

gsize
weir_near_bytes(const WeirNearOptions *options)
{
  guint bands = 0, rows = 0;
  return weir_near_bands(options, &bands, &rows, NULL) ? row_bytes(bands, options->n_hashes) : 0;
}

gsize
near_block_bytes(const WeirNear *near)
{
  return NEAR_BLOCK * row_bytes(near->bands, near->options.n_hashes);
}

gsize
near_keys_at(guint band)
{
  return NEAR_BLOCK * (sizeof(uint64_t) + band * sizeof(uint32_t));
}

gsize
near_signatures_at(const WeirNear *near)
{
  return near_keys_at(near->bands);
}

WeirNear *
weir_near_new(const WeirNearOptions *options, WeirNearStore *store, GError **error)
{
  guint bands = 0, rows = 0;
  if (!weir_near_bands(options, &bands, &rows, error))
    return NULL;
  WeirNear *near = g_new0(WeirNear, 1);
  near->options = *options;
  near_text_options(options, &near->text);
  near->bands = bands;
  near->rows = rows;
  near->store = store;
  g_mutex_init(&near->mutex);
  WeirRng rng = weir_rng_seeded(options->seed);
  for (guint i = 0; i < options->n_hashes; i++) {
    near->factor[i] = (uint32_t)weir_rng_next(&rng) | 1;
    near->term[i] = (uint32_t)weir_rng_next(&rng);
  }
  return near;
}

void
weir_near_free(WeirNear *near)
{
  if (!near)
    return;
  while (near->readers) {
    NearReader *reader = near->readers;
    near->readers = reader->next;
    near_reader_free(reader);
  }
  g_free(near->block);
  g_mutex_clear(&near->mutex);
  g_free(near);
}

guint64
weir_near_rows(const WeirNear *near)
{
  return near->n_rows;
}

NearReader *
near_take_reader(WeirNear *near)
{
  g_mutex_lock(&near->mutex);
  NearReader *reader = near->readers;
  if (reader)
    near->readers = reader->next;
  g_mutex_unlock(&near->mutex);
  return reader ? reader : near_reader_new();
}

void
near_give_reader(WeirNear *near, NearReader *reader)
{
  g_mutex_lock(&near->mutex);
  reader->next = near->readers;
  near->readers = reader;
  g_mutex_unlock(&near->mutex);
}

/* The order of shingles counts too, so that equal identities mean equal texts but for what is normalised away. */
static uint64_t
identity(NearShingles shingles)
{
  uint64_t hash = shingles.n;
  for (gsize i = 0; i < shingles.n; i++) {
    hash = (hash ^ shingles.hashes[i]) * UINT64_C(0x9fb21c651e98df25);
    hash ^= hash >> 32;
  }
  hash = weir_mix64(hash);
  return hash > NEAR_EMPTY ? hash : NEAR_EMPTY + 1;
}

/* The key of a band: a hash of its places. */
static uint32_t
band_key(const uint32_t *places, guint n, guint band)
{
  uint64_t hash = band + 1;
  for (guint i = 0; i < n; i++)
    hash = weir_mix64(hash ^ places[i]);
  return (uint32_t)(hash >> 32);
}

/* Writes what the block keeps of row `at`. */
static void
lay_down(WeirNear *near, NearReader *reader, const WeirNearText *text, gsize at)
{
  uint64_t *identities = (uint64_t *)(void *)near->block;
  if (!text->text) {
    identities[at] = NEAR_NO_TEXT;
    return;
  }
  NearShingles shingles = near_shingles(reader, &near->text, text->text, text->length);
  guint n = near->options.n_hashes;
  near_minima(shingles, near->factor, near->term, reader->least, n);
  identities[at] = shingles.n ? identity(shingles) : NEAR_EMPTY;
  for (gsize band = 0; band < near->bands; band++) {
    uint32_t *keys = (uint32_t *)(void *)(near->block + near_keys_at((guint)band));
    keys[at] = band_key(reader->least + band * near->rows, near->rows, (guint)band);
  }
  /* A minimum is small, so its high bits say little; and its low bits hang on few bits of the shingle. */
  guint8 *signature = near->block + near_signatures_at(near) + at * n;
  for (guint i = 0; i < n; i++)
    signature[i] = (guint8)((reader->least[i] * UINT32_C(0x9e3779b1)) >> 24);
}

typedef struct {
  WeirNear *near;
  const WeirNearText *texts;
  gsize n;
  gsize at; /* row of the block that takes the first text */
} Reading;

static int
read_task(void *arg, size_t task)
{
  const Reading *reading = arg;
  NearReader *reader = near_take_reader(reading->near);
  gsize end = MIN(reading->n, (task + 1) * TASK_TEXTS);
  for (gsize i = task * TASK_TEXTS; i < end; i++)
    lay_down(reading->near, reader, &reading->texts[i], reading->at + i);
  near_give_reader(reading->near, reader);
  return 0;
}

gboolean
near_finish(WeirNear *near, GError **error)
{
  if (near->is_whole)
    return TRUE;
  near->is_whole = TRUE;
  gboolean ok = !(near->n_rows % NEAR_BLOCK) ||
                near->store->append(near->store, near->block, near_block_bytes(near), error);
  g_clear_pointer(&near->block, g_free);
  return ok;
}

gboolean
weir_near_add(WeirNear *near, const WeirNearText *texts, gsize n, const WeirExecutor *executor,
              GError **error)
{
  g_return_val_if_fail(!near->is_whole, FALSE);
  if (n > WEIR_NEAR_NONE - 1 - near->n_rows) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_LIMIT, "more than 2^32 - 2 rows");
    return FALSE;
  }
  if (!near->block)
    near->block = g_malloc0(near_block_bytes(near));
  while (n) {
    gsize at = near->n_rows % NEAR_BLOCK;
    Reading reading = {near, texts, MIN(n, NEAR_BLOCK - at), at};
    if (weir_executor_run(executor, (reading.n + TASK_TEXTS - 1) / TASK_TEXTS, read_task, &reading)) {
      g_set_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED, "stopped");
      return FALSE;
    }
    near->n_rows += reading.n;
    texts += reading.n;
    n -= reading.n;
    if (at + reading.n == NEAR_BLOCK) {
      if (!near->store->append(near->store, near->block, near_block_bytes(near), error))
        return FALSE;
      memset(near->block, 0, near_block_bytes(near));
    }
  }
  return TRUE;
}
