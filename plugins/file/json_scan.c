/* SPDX-License-Identifier: MIT */
/* Finds the tokens of JSON: the choice of the fastest way on this CPU, and the plain way, byte by byte. */
#include "json_scan.h"

#include "base/cpu.h"

#include <glib.h>
#include <string.h>

#include "json_scan_private.h"

/* --- Byte by byte: for any CPU, and what the others are tested against --- */

enum { OTHER, SPACE, NEWLINE, PUNCTUATION, QUOTE, BACKSLASH };

static const uint8_t byte_class[256] = {
    [' '] = SPACE,        ['\t'] = SPACE,       ['\r'] = SPACE,      ['\n'] = NEWLINE,    ['{'] = PUNCTUATION,
    ['}'] = PUNCTUATION,  ['['] = PUNCTUATION,  [']'] = PUNCTUATION, [':'] = PUNCTUATION, [','] = PUNCTUATION,
    [0x0c] = PUNCTUATION, [0x1a] = PUNCTUATION, ['"'] = QUOTE,       ['\\'] = BACKSLASH,
};

uint32_t *
json_scan_bytes(struct json_scan *scan, const char *data, size_t from, size_t to, uint32_t *out)
{
  bool in_string = scan->in_string, escaped = scan->escaped, in_scalar = scan->in_scalar;
  uint8_t high = 0;
  for (size_t i = from; i < to; i++) {
    uint8_t byte = (uint8_t)data[i], class = byte_class[byte];
    bool was_escaped = escaped, was_scalar = in_scalar;
    bool is_token = false;
    high |= byte;
    escaped = class == BACKSLASH && !was_escaped;
    in_scalar = false;
    if (class == QUOTE && !was_escaped) {
      is_token = true;
      in_string = !in_string;
    } else if (in_string) {
      is_token = escaped || byte < 0x20;
    } else if (class == PUNCTUATION) {
      is_token = true;
    } else if (class == NEWLINE) {
      is_token = scan->lines;
    } else if (class != SPACE) {
      in_scalar = true;
      is_token = !was_scalar;
    }
    if (is_token)
      *out++ = (uint32_t)i;
  }
  scan->in_string = in_string ? UINT64_MAX : 0;
  scan->escaped = escaped;
  scan->in_scalar = in_scalar;
  scan->ascii = high < 0x80;
  return out;
}

/* --- The choice --- */

static json_scan_function *scan_function;

bool
json_scan_has(enum json_scan_kind kind)
{
  if (kind == JSON_SCAN_AVX2)
    return weir_cpu_has(WEIR_CPU_AVX2);
  if (kind == JSON_SCAN_AVX512)
    return weir_cpu_has(WEIR_CPU_AVX512_VBMI);
  return kind == JSON_SCAN_BYTES;
}

void
json_scan_use(enum json_scan_kind kind)
{
  json_scan_function *function = json_scan_bytes;
#ifdef __x86_64__
  if (kind == JSON_SCAN_AVX2)
    function = json_scan_avx2;
  else if (kind == JSON_SCAN_AVX512)
    function = json_scan_avx512;
#endif
  __atomic_store_n(&scan_function, function, __ATOMIC_RELAXED);
}

static json_scan_function *
choose(void)
{
  json_scan_function *function = __atomic_load_n(&scan_function, __ATOMIC_RELAXED);
  if (function)
    return function;
  for (int kind = JSON_SCAN_KINDS - 1; kind >= 0; kind--)
    if (json_scan_has((enum json_scan_kind)kind)) {
      json_scan_use((enum json_scan_kind)kind);
      break;
    }
  return __atomic_load_n(&scan_function, __ATOMIC_RELAXED);
}

void
json_scan_begin(struct json_scan *scan, bool lines)
{
  scan->n_tokens = 0;
  scan->at = 0;
  scan->lines = lines;
  scan->ascii = true;
  scan->in_string = 0;
  scan->escaped = 0;
  scan->in_scalar = 0;
}

bool
json_scan_more(struct json_scan *scan, const char *data, size_t len)
{
  size_t from = scan->at;
  if (from >= len)
    return false;
  size_t to = len - from > JSON_SCAN_WINDOW ? from + JSON_SCAN_WINDOW : len;
  size_t wanted = scan->n_tokens + (to - from) + 64;
  if (scan->capacity < wanted) {
    scan->capacity = MAX(wanted, scan->capacity * 2);
    scan->tokens = g_renew(uint32_t, scan->tokens, scan->capacity);
  }
  uint32_t *end = choose()(scan, data, from, to, scan->tokens + scan->n_tokens);
  scan->n_tokens = (size_t)(end - scan->tokens);
  scan->at = to;
  return true;
}

void
json_scan_drop(struct json_scan *scan, size_t n)
{
  scan->n_tokens -= n;
  if (n && scan->n_tokens)
    memmove(scan->tokens, scan->tokens + n, scan->n_tokens * sizeof *scan->tokens);
}

void
json_scan_clear(struct json_scan *scan)
{
  g_clear_pointer(&scan->tokens, g_free);
  scan->capacity = scan->n_tokens = 0;
}
