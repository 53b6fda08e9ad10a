/* SPDX-License-Identifier: MIT */
/* The plugin "artifact": models and other artifacts go out of a run as folders or archives, and come back. */
#include "config.h"

#include "artifact.h"

#include "base/error.h"

gboolean
artifact_step(guint64 bytes, gpointer data)
{
  weir_stage *stage = data;
  weir_progress(stage, bytes, 0, "bytes");
  return !weir_cancelled(stage);
}

int
artifact_failed(weir_stage *stage, const GError *error)
{
  if (g_error_matches(error, WEIR_ERROR, WEIR_ERROR_CANCELLED) && weir_cancelled(stage))
    return -1;
  return weir_fail(stage, "%s", error->message);
}

static const weir_port write_inputs[] = {{"in", WEIR_ARTIFACT, 0, NULL, "the artifact to write: one record"}};

static const weir_option write_options[] = {
    {"path", WEIR_OUTPUT_PATH, WEIR_OPTION_REQUIRED, offsetof(Writer, path), NULL, 0, 0, NULL,
     "the folder to write, or an archive file: a name that ends with .tar.zst, .tar.gz, .tar.xz, .tar or "
     ".zip"},
    {"replace", WEIR_BOOLEAN, 0, offsetof(Writer, replace), "false", 0, 0, NULL,
     "replace the folder even if it holds other things than an artifact, all of which are then gone"},
};

static const weir_port read_outputs[] = {{"out", WEIR_ARTIFACT, 0, NULL, "the artifact: one record"}};

static const weir_option read_options[] = {
    {"path", WEIR_INPUT_PATH, WEIR_OPTION_REQUIRED, offsetof(Reader, path), NULL, 0, 0, NULL,
     "the folder or archive file to read"},
    {"sha256", WEIR_STRING, 0, offsetof(Reader, sha256), NULL, 0, 0, NULL,
     "the digest that the folder must have, in hexadecimal"},
    {"kind", WEIR_STRING, 0, offsetof(Reader, kind), NULL, 0, 0, NULL,
     "the kind that the artifact must be of, such as \"model\"; lets a folder without artifact.json be read"},
    {"max-size", WEIR_SIZE, WEIR_OPTION_ADVANCED, offsetof(Reader, max_size), "64G", 1, 0x1p40, NULL,
     "bytes that the files of an archive may have in all; more is refused"},
};

static const weir_class classes[] = {
    {
        .name = "write",
        .summary = "Write an artifact, such as a model, to a folder or archive outside the run",
        .help =
            "The folder holds the artifact's files and artifact.json, which says of what kind it is, lists "
            "the files with their SHA-256, and keeps the metadata that its maker gave. It appears whole or "
            "not at all. A folder that is there already is replaced if it is empty, or an artifact and "
            "nothing else; anything else is refused, before the run begins its work, unless \"replace\" is "
            "set. Links and special files are refused. A path that ends as archives do makes one file of it, "
            "which is the same for the same artifact; a file that is there already is replaced.",
        .in = write_inputs,
        .n_in = 1,
        .options = write_options,
        .n_options = G_N_ELEMENTS(write_options),
        .state_size = sizeof(Writer),
        .flags = WEIR_CLASS_SINK,
        .schema = artifact_write_schema,
        .process = artifact_write_process,
        .end = artifact_write_end,
        .close = artifact_write_close,
    },
    {
        .name = "read",
        .summary = "Read an artifact, such as a model, from a folder or archive",
        .help =
            "The folder's files are copied into the run (the storage is shared where the file system can), "
            "and the copy is held against the digests in artifact.json: a file that differs, is missing "
            "or was added stops the run. Kind and metadata come from artifact.json too; a folder without it "
            "can be read if it is a model\'s, "
            "such as one among the artifacts of a run, or if \"kind\" says what it is. A file is read as an "
            "archive: tar, plain or compressed with gzip, "
            "bzip2, xz or Zstandard, or zip. Members that would leave the folder, links, devices, "
            "encrypted members and archives that swell beyond all measure are refused.",
        .n_out = 1,
        .out = read_outputs,
        .options = read_options,
        .n_options = G_N_ELEMENTS(read_options),
        .state_size = sizeof(Reader),
        .schema = artifact_read_schema,
        .fingerprint = artifact_read_fingerprint,
        .produce = artifact_read_produce,
    },
};

WEIR_PLUGIN(.name = "artifact", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Models and other artifacts as folders outside the run", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
