/* SPDX-License-Identifier: MIT */
/** json_string.h: the escapes of JSON strings. */
#ifndef WEIR_FILE_JSON_STRING_H
#define WEIR_FILE_JSON_STRING_H

#include <stddef.h>

/** Check the escape that begins at a backslash (a string's closing quote follows somewhere). NULL, and its bytes
 * in `*used` (2, 6, or 12 for a pair of surrogates); else what is wrong, as a sentence without a full stop. */
const char *json_escape_check(const char *escape, size_t *used);

/** Write the character of an escape that was checked as UTF-8 to `out`, up to 4 bytes. Returns how many. */
size_t json_escape_decode(const char *escape, size_t *used, char *out);

#endif
