/* SPDX-License-Identifier: MIT */
/* Validates UTF-8, fast where most of it is ASCII. */
#ifndef WEIR_CORE_UTF8_H
#define WEIR_CORE_UTF8_H

#include <glib.h>

/* Position of the first byte that is not part of valid UTF-8 (RFC 3629: no surrogates, no overlong forms, up
 * to U+10FFFF; NUL is valid), or -1. */
gssize weir_utf8_first_invalid(const char *text, gsize size);

#endif
