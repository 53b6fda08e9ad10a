/* SPDX-License-Identifier: MIT */
/* What the writers of artifact folders and of archive files share. */
#ifndef WEIR_STORE_ARTIFACT_PRIVATE_H
#define WEIR_STORE_ARTIFACT_PRIVATE_H

#include "store/artifact_folder.h"

G_BEGIN_DECLS

/* The text of artifact.json. NULL: the metadata are no JSON object. */
GString *weir_artifact_describe(const WeirArtifactExport *how, const GPtrArray *files, GError **error);

/* FALSE with an error where the folder holds a file of the name that is kept for the description. */
gboolean weir_artifact_has_no_manifest(const char *from, GError **error);

/* FALSE with an error unless the files of `from` have the digest that `how` asks for. */
gboolean weir_artifact_is_unchanged(const char *from, const GPtrArray *files, const WeirArtifactExport *how,
                                    GError **error);

G_END_DECLS

#endif
