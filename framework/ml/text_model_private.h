/* SPDX-License-Identifier: MIT */
/* What saving and loading a text model share. */
#ifndef WEIR_ML_TEXT_MODEL_PRIVATE_H
#define WEIR_ML_TEXT_MODEL_PRIVATE_H

#include "base/digest.h"
#include "ml/text_model.h"

#define WEIR_MODEL_JSON        "model.json"
#define WEIR_MODEL_SAFETENSORS "model.safetensors"

/* A digest of tasks and labels, which stands in both files: it ties the names in one to the weights in the other. */
void weir_text_model_heads_digest(const WeirTextModel *model, char hex[WEIR_DIGEST_HEX_BYTES]);

#endif
