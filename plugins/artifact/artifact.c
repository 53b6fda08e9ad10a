/* SPDX-License-Identifier: MIT */
/* artifact.write and artifact.read: models and other artifacts go out of a run as folders, and come back. */
#include "config.h"

#include <glib.h>
#include <string.h>
#include <weir/plugin.h>

#include "base/error.h"
#include "base/quote.h"
#include "base/units.h"
#include "store/artifact_folder.h"

static gboolean
on_copied(guint64 bytes, gpointer data)
{
  weir_stage *stage = data;
  weir_progress(stage, bytes, 0, "bytes");
  return !weir_cancelled(stage);
}

/* Reports why; a cancelled call reports nothing. */
static int
failed(weir_stage *stage, const GError *error)
{
  if (g_error_matches(error, WEIR_ERROR, WEIR_ERROR_CANCELLED) && weir_cancelled(stage))
    return -1;
  return weir_fail(stage, "%s", error->message);
}

/* --- artifact.write ---------------------------------------------------------------------------------------
 */

enum { IN = 0, KIND = 0, PATH = 1, SHA256 = 2, METADATA = 3 };

typedef struct {
  const char *path;
  bool replace;
  char *kind; /* of the record that came */
  char *folder;
  char *sha256;
  char *metadata;
} Writer;

/* What stands in the way is better known before hours of training than after; the export looks again. */
static int
write_schema(weir_stage *stage)
{
  const Writer *writer = stage->state;
  g_autoptr(GError) error = NULL;
  if (!weir_artifact_check_target(writer->path, writer->replace, &error))
    return failed(stage, error);
  return 0;
}

static char *
get_text(weir_stage *stage, const struct ArrowArray *batch, uint32_t entry)
{
  weir_column column = weir_input(stage, IN, batch, entry);
  weir_text text = weir_get_text(&column, 0);
  return g_strndup(text.data, (gsize)text.len);
}

static int
take_record(weir_stage *stage, const struct ArrowArray *batch)
{
  Writer *writer = stage->state;
  if (batch->length == 0)
    return 0;
  if (writer->kind || batch->length > 1)
    return weir_fail(stage,
                     "more than one artifact came, and \"path\" has room for one; use a stage for each");
  weir_column path = weir_input(stage, IN, batch, PATH);
  const char *folder = weir_run_path(stage, weir_get_text(&path, 0));
  if (!folder)
    return -1;
  writer->folder = g_strdup(folder);
  writer->kind = get_text(stage, batch, KIND);
  writer->sha256 = get_text(stage, batch, SHA256);
  writer->metadata = get_text(stage, batch, METADATA);
  if (weir_artifact_is_kind(writer->kind))
    return 0;
  g_autofree char *kind = weir_quote(writer->kind, -1);
  return weir_fail(stage, "an artifact's kind must be a word of a-z, 0-9 and '-', not %s", kind);
}

static int
write_process(weir_stage *stage, uint32_t port, struct ArrowArray *batch)
{
  (void)port;
  int result = take_record(stage, batch);
  weir_batch_release(batch);
  return result;
}

static int
write_end(weir_stage *stage, uint32_t port)
{
  (void)port;
  const Writer *writer = stage->state;
  g_autoptr(GError) error = NULL;
  guint files = 0;
  guint64 bytes = 0;
  if (!writer->kind)
    return weir_fail(stage, "no artifact came: there is nothing to write");
  WeirArtifactExport how = {.kind = writer->kind,
                            .sha256 = writer->sha256,
                            .metadata = writer->metadata,
                            .replace = writer->replace,
                            .step = on_copied,
                            .data = stage};
  if (!weir_artifact_export(writer->folder, writer->path, &how, &files, &bytes, &error))
    return failed(stage, error);
  if (weir_output(stage, writer->path, writer->kind))
    return -1;
  g_autofree char *size = weir_format_size((double)bytes);
  weir_log(stage, WEIR_LOG_INFO, "%s: %u file%s, %s in %s", writer->kind, files, files == 1 ? "" : "s", size,
           writer->path);
  return 0;
}

static void
write_close(weir_stage *stage)
{
  Writer *writer = stage->state;
  g_free(writer->kind);
  g_free(writer->folder);
  g_free(writer->sha256);
  g_free(writer->metadata);
}

/* --- artifact.read ----------------------------------------------------------------------------------------
 */

typedef struct {
  const char *path;
  const char *sha256;
  const char *kind;
  bool done;
} Reader;

/* What a folder without artifact.json is: what the option says, or a model, if it holds the description of one. */
static const char *
kind_of(const Reader *reader)
{
  g_autofree char *model = g_build_filename(reader->path, "model.json", NULL);
  return reader->kind ? reader->kind : g_file_test(model, G_FILE_TEST_IS_REGULAR) ? "model" : NULL;
}

/* A folder without artifact.json is described by what was found in it and by the option `kind`. */
static WeirArtifactManifest *
describe(weir_stage *stage, const char *folder, GError **error)
{
  const Reader *reader = stage->state;
  g_autofree char *quoted = weir_quote_path(reader->path);
  g_autoptr(GError) why = NULL;
  g_autoptr(WeirArtifactManifest) manifest = weir_artifact_manifest_read(reader->path, &why);
  if (manifest) {
    if (!weir_artifact_verify(folder, manifest, error)) {
      g_prefix_error(error, "%s: ", quoted);
      return NULL;
    }
    if (!reader->kind || strcmp(reader->kind, manifest->kind) == 0)
      return g_steal_pointer(&manifest);
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s is of kind \"%s\", and \"%s\" is wanted", quoted,
                manifest->kind, reader->kind);
    return NULL;
  }
  if (!g_error_matches(why, WEIR_ERROR, WEIR_ERROR_NOT_FOUND)) {
    g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
  }
  const char *kind = kind_of(reader);
  if (!kind) {
    g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID,
                "%s; give option \"kind\" to take the folder as an artifact all the same", why->message);
    return NULL;
  }
  manifest = g_new0(WeirArtifactManifest, 1);
  manifest->kind = g_strdup(kind);
  manifest->metadata = g_strdup("{}");
  return weir_digest_folder(folder, NULL, manifest->sha256, error) ? g_steal_pointer(&manifest) : NULL;
}

/* What the folder is, held against artifact.json and the options; `folder` is that of `path`, or its copy. */
static WeirArtifactManifest *
identify(weir_stage *stage, const char *folder, GError **error)
{
  const Reader *reader = stage->state;
  g_autoptr(WeirArtifactManifest) manifest = describe(stage, folder, error);
  if (!manifest || !reader->sha256 || g_ascii_strcasecmp(reader->sha256, manifest->sha256) == 0)
    return g_steal_pointer(&manifest);
  g_autofree char *quoted = weir_quote_path(reader->path);
  g_autofree char *wanted = weir_quote(reader->sha256, -1);
  g_set_error(error, WEIR_ERROR, WEIR_ERROR_INVALID, "%s has the digest %s, and %s is wanted", quoted,
              manifest->sha256, wanted);
  return NULL;
}

/* The copy in the run is what is verified, so that nothing can change between look and use. */
static WeirArtifactManifest *
bring_in(weir_stage *stage, const char *folder, GError **error)
{
  const Reader *reader = stage->state;
  if (!weir_artifact_copy(reader->path, folder, NULL, on_copied, stage, error))
    return NULL;
  return identify(stage, folder, error);
}

static int
read_schema(weir_stage *stage)
{
  const Reader *reader = stage->state;
  g_autoptr(GError) error = NULL;
  g_autoptr(WeirArtifactManifest) manifest = NULL;
  g_autofree char *quoted = weir_quote_path(reader->path);
  if (reader->kind && !weir_artifact_is_kind(reader->kind))
    return weir_fail(stage, "option \"kind\" must be a word of a-z, 0-9 and '-'");
  if (!g_file_test(reader->path, G_FILE_TEST_EXISTS))
    return weir_fail(stage, "there is no folder %s", quoted);
  if (!g_file_test(reader->path, G_FILE_TEST_IS_DIR))
    return weir_fail(stage, "%s is a file, and the folder of an artifact is wanted", quoted);
  manifest = identify(stage, reader->path, &error);
  return manifest ? 0 : weir_fail(stage, "%s", error->message);
}

static int
read_produce(weir_stage *stage)
{
  Reader *reader = stage->state;
  g_autoptr(GError) error = NULL;
  if (reader->done)
    return WEIR_END;
  reader->done = true;
  const char *folder = weir_artifact_begin(stage, "artifact");
  if (!folder)
    return -1;
  g_autoptr(WeirArtifactManifest) manifest = bring_in(stage, folder, &error);
  if (!manifest) {
    weir_artifact_drop(stage, folder);
    return failed(stage, error);
  }
  return weir_artifact_finish(stage, folder, 0, manifest->kind, manifest->metadata);
}

static int
read_fingerprint(weir_stage *stage, char *text, size_t size)
{
  const Reader *reader = stage->state;
  const char *const except[] = {WEIR_ARTIFACT_MANIFEST, NULL};
  char hex[WEIR_DIGEST_HEX_BYTES];
  g_autoptr(GError) error = NULL;
  g_autofree char *manifest = g_build_filename(reader->path, WEIR_ARTIFACT_MANIFEST, NULL);
  char about[WEIR_DIGEST_HEX_BYTES] = "";
  if (!weir_digest_folder(reader->path, except, hex, &error) ||
      (g_file_test(manifest, G_FILE_TEST_EXISTS) && !weir_digest_file(manifest, about, &error)))
    return weir_fail(stage, "%s", error->message);
  g_snprintf(text, size, "%s %s", hex, about);
  return 0;
}

/* --- The plugin -------------------------------------------------------------------------------------------
 */

static const weir_port write_inputs[] = {{"in", WEIR_ARTIFACT, 0, NULL, "the artifact to write: one record"}};

static const weir_option write_options[] = {
    {"path", WEIR_OUTPUT_PATH, WEIR_OPTION_REQUIRED, offsetof(Writer, path), NULL, 0, 0, NULL,
     "the folder to write"},
    {"replace", WEIR_BOOLEAN, 0, offsetof(Writer, replace), "false", 0, 0, NULL,
     "replace the folder even if it holds other things than an artifact, all of which are then gone"},
};

static const weir_port read_outputs[] = {{"out", WEIR_ARTIFACT, 0, NULL, "the artifact: one record"}};

static const weir_option read_options[] = {
    {"path", WEIR_INPUT_PATH, WEIR_OPTION_REQUIRED, offsetof(Reader, path), NULL, 0, 0, NULL,
     "the folder to read"},
    {"sha256", WEIR_STRING, 0, offsetof(Reader, sha256), NULL, 0, 0, NULL,
     "the digest that the folder must have, in hexadecimal"},
    {"kind", WEIR_STRING, 0, offsetof(Reader, kind), NULL, 0, 0, NULL,
     "the kind that the artifact must be of, such as \"model\"; lets a folder without artifact.json be read"},
};

static const weir_class classes[] = {
    {
        .name = "write",
        .summary = "Write an artifact, such as a model, to a folder outside the run",
        .help =
            "The folder holds the artifact's files and artifact.json, which says of what kind it is, lists "
            "the files with their SHA-256, and keeps the metadata that its maker gave. It appears whole or "
            "not at all. A folder that is there already is replaced if it is empty, or an artifact and "
            "nothing else; anything else is refused, before the run begins its work, unless \"replace\" is "
            "set. Links and special files are refused.",
        .in = write_inputs,
        .n_in = 1,
        .options = write_options,
        .n_options = G_N_ELEMENTS(write_options),
        .state_size = sizeof(Writer),
        .flags = WEIR_CLASS_SINK,
        .schema = write_schema,
        .process = write_process,
        .end = write_end,
        .close = write_close,
    },
    {
        .name = "read",
        .summary = "Read an artifact, such as a model, from a folder",
        .help =
            "The folder's files are copied into the run (the storage is shared where the file system can), "
            "and the copy is held against the digests in artifact.json: a file that differs, is missing "
            "or was added stops the run. Kind and metadata come from artifact.json too; a folder without it "
            "can be read if it is a model\'s, "
            "such as one among the artifacts of a run, or if \"kind\" says what it is.",
        .n_out = 1,
        .out = read_outputs,
        .options = read_options,
        .n_options = G_N_ELEMENTS(read_options),
        .state_size = sizeof(Reader),
        .schema = read_schema,
        .fingerprint = read_fingerprint,
        .produce = read_produce,
    },
};

WEIR_PLUGIN(.name = "artifact", .version = PACKAGE_VERSION, .licence = "MIT", .vendor = "weir",
            .summary = "Models and other artifacts as folders outside the run", .classes = classes,
            .n_classes = G_N_ELEMENTS(classes))
