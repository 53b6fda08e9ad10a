/* SPDX-License-Identifier: MIT */
/* Fuzz target: what users write. The first byte says what it is: JSON, YAML, a pipeline (after a NUL a file that it may
 * include, as "sub.yaml"), a file for --config, or .env. */
#include "config.h"

#include "fuzz.h"

#include "base/tree.h"
#include "core/environment.h"
#include "core/pipeline.h"

#include <fcntl.h>
#include <string.h>

static void
write_file(const char *path, const uint8_t *data, gsize size)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  g_assert_cmpint(fd, >=, 0);
  g_assert_cmpint(write(fd, data, size), ==, (ssize_t)size);
  close(fd);
}

/* What is read is written as JSON, and read again: the same. */
static void
try_tree(WeirNode *(*parse)(const char *, gssize, const char *, WeirDiagnostics *), const uint8_t *data,
         gsize size)
{
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  g_autoptr(WeirNode) node = parse((const char *)data, (gssize)size, "fuzz", errors);
  g_assert_true(node || weir_diagnostics_n_errors(errors));
  if (!node)
    return;
  g_autofree char *json = weir_node_to_json(node, TRUE);
  g_autoptr(WeirNode) again = weir_node_parse_json(json, -1, "again", errors);
  g_assert_true(again && weir_node_equal(node, again));
}

/* As a command line would: some value that fits. */
static void
set_parameters(WeirPipeline *pipeline)
{
  static const char *const values[] = {"x", "1", "true", "1s", "a", "env:HOME"};
  for (guint p = 0; p < pipeline->parameters->len; p++)
    for (guint v = 0; v < G_N_ELEMENTS(values); v++)
      if (weir_parameter_set_text(pipeline->parameters->pdata[p], values[v], NULL))
        break;
}

static void
try_pipeline(const uint8_t *data, gsize size, gboolean yaml)
{
  const uint8_t *nul = memchr(data, 0, size);
  gsize length = nul ? (gsize)(nul - data) : size;
  g_autofree char *path = g_build_filename(fuzz_folder(), yaml ? "p.yaml" : "p.json", NULL);
  g_autofree char *sub = g_build_filename(fuzz_folder(), "sub.yaml", NULL);
  write_file(path, data, length);
  if (nul)
    write_file(sub, nul + 1, size - length - 1);
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  g_autoptr(WeirPipeline) pipeline = weir_pipeline_load(path, errors);
  g_assert_true(pipeline || weir_diagnostics_n_errors(errors));
  if (pipeline && size % 2)
    set_parameters(pipeline);
  if (pipeline && weir_pipeline_settle(pipeline, errors))
    weir_pipeline_unfold(pipeline, errors);
  g_autofree char *text = weir_diagnostics_to_string(errors, 0);
  g_assert_true(g_utf8_validate(text, -1, NULL));
  unlink(path);
  unlink(sub);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(WeirDiagnostics) errors = weir_diagnostics_new();
  if (!size)
    return 0;
  uint8_t how = data[0] % 5;
  data++, size--;
  if (how == 0) {
    try_tree(weir_node_parse_json, data, size);
  } else if (how == 1) {
    try_tree(weir_node_parse_yaml, data, size);
  } else if (how < 4) {
    try_pipeline(data, size, how == 3);
  } else {
    g_autoptr(GHashTable) into = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    weir_dotenv_parse((const char *)data, size, "fuzz", into, errors);
  }
  return 0;
}
