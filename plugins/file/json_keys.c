/* SPDX-License-Identifier: MIT */
/* Finds the number of an object's key: an open hash table over the bytes. */
#include "json_keys.h"

#include <glib.h>

void
json_key_init(struct json_key *key, const char *text)
{
  key->text = text;
  key->len = strlen(text);
  memset(key->bytes, 0, sizeof key->bytes);
  memset(key->mask, 0, sizeof key->mask);
  memcpy(key->bytes, text, MIN(key->len, 16));
  memset(key->mask, 0xff, MIN(key->len, 16));
}

struct json_keys *
json_keys_new(void)
{
  struct json_keys *keys = g_new0(struct json_keys, 1);
  keys->n_slots = 8;
  keys->slots = g_new(uint32_t, keys->n_slots);
  memset(keys->slots, 0xff, keys->n_slots * sizeof *keys->slots);
  keys->followers = g_new0(uint32_t, 1);
  return keys;
}

void
json_keys_free(struct json_keys *keys)
{
  if (!keys)
    return;
  g_free(keys->texts);
  g_free(keys->lengths);
  g_free(keys->slots);
  g_free(keys->followers);
  g_free(keys);
}

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): keys are short, and most are guessed anyway. */
static uint32_t
hash(const char *text, size_t len)
{
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < len; i++)
    h = (h ^ (uint8_t)text[i]) * 16777619u;
  return h ^ h >> 15;
}

/* The slot where a key is, or would be. */
static uint32_t
slot_of(const struct json_keys *keys, const char *text, size_t len)
{
  uint32_t slot = hash(text, len) & (keys->n_slots - 1);
  for (;;) {
    uint32_t k = keys->slots[slot];
    if (k == JSON_KEY_NONE || (keys->lengths[k] == len && !memcmp(keys->texts[k], text, len)))
      return slot;
    slot = (slot + 1) & (keys->n_slots - 1);
  }
}

uint32_t
json_keys_add(struct json_keys *keys, const char *text, size_t len)
{
  uint32_t k = keys->n++;
  if (!(k & (k - 1)) || k == 0) { /* 0, 1, 2, 4, 8…: double */
    keys->texts = g_renew(const char *, keys->texts, k ? 2 * k : 1);
    keys->lengths = g_renew(size_t, keys->lengths, k ? 2 * k : 1);
    keys->followers = g_renew(uint32_t, keys->followers, k ? 2 * k + 1 : 2);
  }
  keys->texts[k] = text;
  keys->lengths[k] = len;
  keys->followers[k + 1] = k + 1; /* as long as nothing else is known, they come in order */
  if (keys->n * 2 > keys->n_slots) {
    keys->n_slots *= 2;
    keys->slots = g_renew(uint32_t, keys->slots, keys->n_slots);
    memset(keys->slots, 0xff, keys->n_slots * sizeof *keys->slots);
    for (uint32_t i = 0; i < k; i++)
      keys->slots[slot_of(keys, keys->texts[i], keys->lengths[i])] = i;
  }
  keys->slots[slot_of(keys, text, len)] = k;
  return k;
}

uint32_t
json_keys_find(const struct json_keys *keys, const char *text, size_t len)
{
  return keys->slots[slot_of(keys, text, len)];
}
