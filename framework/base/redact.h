/* SPDX-License-Identifier: MIT */
/* Keeps secrets out of logs, journals, reports and messages. */
#ifndef WEIR_BASE_REDACT_H
#define WEIR_BASE_REDACT_H

#include <glib.h>

G_BEGIN_DECLS

/* Any thread may call any of these. Secrets live until the process ends. */

/* Registers a secret before its first use. White space at both ends is not part of it. The forms that it
 * takes in a URL (percent-encoded, + for a space) and in JSON are registered with it, and so is each line of
 * 16 bytes or more of a secret of several lines, such as a private key. An empty one is ignored. */
void weir_redact_add(const char *secret);

/* A copy of the text with every secret replaced by "***", the longest first. A secret of fewer than four
 * bytes is replaced only where it stands alone, with no letter, digit or underscore beside it. `text` need
 * not be UTF-8. Free with g_free. */
char *weir_redact(const char *text);

/* The same in place. Returns whether something was replaced. */
gboolean weir_redact_string(GString *text);

/* Whether there is any secret: lets the fast path skip the copy. */
gboolean weir_redact_needed(void);

/* Forgets (and overwrites) all of them: for tests. */
void weir_redact_clear(void);

G_END_DECLS

#endif
