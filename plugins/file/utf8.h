/* SPDX-License-Identifier: MIT */
/** utf8.h: finds out fast whether bytes are valid UTF-8 (RFC 3629), with the widest vectors of this CPU. */
#ifndef WEIR_FILE_UTF8_H
#define WEIR_FILE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** True if data[0..len) is valid UTF-8. Reads nothing beyond. Any thread. */
bool utf8_valid(const char *data, size_t len);

/** Offset of the first byte that does not begin or continue a valid character; `len` if there is none. A
 * character that the end cuts off is invalid at its first byte. */
size_t utf8_find_invalid(const char *data, size_t len);

#endif
