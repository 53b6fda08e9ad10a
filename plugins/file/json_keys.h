/* SPDX-License-Identifier: MIT */
/** json_keys.h: the keys that an object may have: found by hash, and guessed from the order of the last object. */
#ifndef WEIR_FILE_JSON_KEYS_H
#define WEIR_FILE_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_KEY_NONE UINT32_MAX

/** A key, with its first 16 bytes made ready to be compared at once. */
struct json_key {
  const char *text;
  size_t len;
  uint64_t bytes[2], mask[2];
};

/** `text` outlives the key. */
void json_key_init(struct json_key *key, const char *text);

/** True if the text, of the key's length, is the key. 16 bytes at `text` can be read. */
static inline bool
json_key_equal(const struct json_key *key, const char *text)
{
  uint64_t bytes[2];
  memcpy(bytes, text, sizeof bytes);
  if (((bytes[0] ^ key->bytes[0]) & key->mask[0]) | ((bytes[1] ^ key->bytes[1]) & key->mask[1]))
    return false;
  return key->len <= 16 || !memcmp(text + 16, key->text + 16, key->len - 16);
}

/** Keys, numbered from 0 in the order in which they were added. */
struct json_keys {
  const char **texts;
  size_t *lengths;
  uint32_t n, n_slots;
  uint32_t *slots;     /**< an open hash table of numbers */
  uint32_t *followers; /**< which key followed each key in the last object; [0]: which came first */
};

struct json_keys *json_keys_new(void);
void json_keys_free(struct json_keys *keys);

/** Add a key that is not there yet; `text` outlives the keys. Returns its number. */
uint32_t json_keys_add(struct json_keys *keys, const char *text, size_t len);

/** The number of a key, or JSON_KEY_NONE. */
uint32_t json_keys_find(const struct json_keys *keys, const char *text, size_t len);

/** The key that followed `previous` (JSON_KEY_NONE: came first) the last time. */
static inline uint32_t
json_keys_next(const struct json_keys *keys, uint32_t previous)
{
  return keys->followers[previous + 1];
}

/** Remember that `key` follows `previous`. */
static inline void
json_keys_follow(struct json_keys *keys, uint32_t previous, uint32_t key)
{
  keys->followers[previous + 1] = key;
}

#endif
