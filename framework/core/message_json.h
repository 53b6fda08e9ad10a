/* SPDX-License-Identifier: MIT */
/* JSON that stages hand to the host: taken into documents of the host's own, and rid of secrets. */
#ifndef WEIR_CORE_MESSAGE_JSON_H
#define WEIR_CORE_MESSAGE_JSON_H

#include "base/json_write.h"
#include "core/weir/host.h"

/* A member from JSON of a stage; as a string where it is none, so that the document is valid in any case. NULL: no
   member. */
void weir_json_foreign(WeirJsonWriter *json, const char *key, const char *text);

/* JSON with secrets replaced in strings and keys; other text as weir_redact() does. g_free(). */
char *weir_redact_json(const char *text);

#endif
