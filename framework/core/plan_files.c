/* SPDX-License-Identifier: MIT */
/* The files of a plan: no two stages write one path, and nothing writes over what the run reads. */
#include "core/plan.h"

#include <fnmatch.h>
#include <stdlib.h>

static gboolean
is_below(const char *path, const char *folder)
{
  gsize n = strlen(folder);
  return g_str_has_prefix(path, folder) && path[n] == '/';
}

/* The one name of a path, links resolved as far as it exists; g_free(). */
static char *
real_path(const char *path)
{
  g_autofree char *lexical = g_canonicalize_filename(path, NULL);
  g_autofree char *there = g_strdup(lexical);
  for (;;) {
    char *real = realpath(there, NULL);
    if (real) {
      char *result = g_build_filename(real, lexical + strlen(there), NULL);
      free(real);
      return result;
    }
    char *slash = strrchr(there, '/');
    if (!slash || slash == there)
      return g_steal_pointer(&lexical);
    *slash = '\0';
  }
}

/* A path that an option of a stage names. */
typedef struct {
  char *path;
  gboolean pattern; /* with * ? [ ], as written */
  const WeirPlanStage *stage;
  const char *option;
} PlanFile;

static void
file_clear(gpointer data)
{
  g_free(((PlanFile *)data)->path);
}

static WeirPosition
file_position(const PlanFile *file)
{
  const WeirNode *options = file->stage->spec->options;
  if (options && weir_node_get(options, file->option))
    return weir_node_key_position(options, file->option);
  return file->stage->spec->position;
}

static void
add_file(GArray *files, const WeirPlanStage *stage, const char *option, const char *path)
{
  if (!path || !*path || g_str_has_prefix(path, "/dev/"))
    return;
  gboolean pattern = strpbrk(path, "*?[") && !g_file_test(path, G_FILE_TEST_EXISTS);
  PlanFile file = {pattern ? g_strdup(path) : real_path(path), pattern, stage, option};
  g_array_append_val(files, file);
}

static void
collect(WeirPlan *plan, GArray *written, GArray *read)
{
  for (guint s = 0; s < plan->stages->len; s++) {
    const WeirPlanStage *stage = plan->stages->pdata[s];
    for (guint o = 0; stage->class && o < stage->class->n_options; o++) {
      const weir_option *option = &stage->class->options[o];
      if (option->type == WEIR_OUTPUT_PATH || option->type == WEIR_INPUT_PATH)
        add_file(option->type == WEIR_OUTPUT_PATH ? written : read, stage, option->name,
                 G_STRUCT_MEMBER(const char *, stage->state, option->offset));
      if (option->type != WEIR_PATH_LIST)
        continue;
      const weir_list *list = G_STRUCT_MEMBER_P(stage->state, option->offset);
      for (guint i = 0; i < list->count; i++)
        add_file(read, stage, option->name, list->items[i]);
    }
  }
}

static void
check_two_writers(const PlanFile *first, const PlanFile *second, WeirDiagnostics *diagnostics)
{
  gboolean same = g_str_equal(first->path, second->path);
  if (!same && !is_below(second->path, first->path) && !is_below(first->path, second->path))
    return;
  WeirDiagnostic *entry = weir_diagnostics_error(
      diagnostics, file_position(second), "stages \"%s\" and \"%s\" %s \"%s\"", first->stage->name,
      second->stage->name, same ? "both write" : "write one inside the other:", second->path);
  g_autofree char *where = weir_position_to_string(file_position(first));
  weir_diagnostic_note(entry, "\"%s\" writes \"%s\" (%s)", first->stage->name, first->path, where);
}

/* A path and what is inside it, either way: an output inside a folder that is read would spoil that folder. */
static gboolean
touches(const PlanFile *written, const PlanFile *read)
{
  if (read->pattern)
    return fnmatch(read->path, written->path, FNM_PATHNAME | FNM_PERIOD) == 0;
  return g_str_equal(written->path, read->path) || is_below(written->path, read->path) ||
         is_below(read->path, written->path);
}

static void
check_input_kept(const PlanFile *written, const PlanFile *read, WeirDiagnostics *diagnostics)
{
  if (!touches(written, read))
    return;
  WeirDiagnostic *entry = weir_diagnostics_error(
      diagnostics, file_position(written), "stage \"%s\" would write over what stage \"%s\" reads: \"%s\"",
      written->stage->name, read->stage->name, written->path);
  g_autofree char *where = weir_position_to_string(file_position(read));
  weir_diagnostic_note(entry, "\"%s\" reads \"%s\" (%s)", read->stage->name, read->path, where);
  weir_diagnostic_hint(entry, "write somewhere else");
}

/* The file itself, those that it includes, and config files. */
static void
check_pipeline_kept(const WeirPipeline *pipeline, const PlanFile *file, WeirDiagnostics *diagnostics)
{
  GHashTableIter iter;
  gpointer path;
  g_hash_table_iter_init(&iter, pipeline->folders);
  while (g_hash_table_iter_next(&iter, &path, NULL)) {
    g_autofree char *real = real_path(path);
    if (g_str_equal(file->path, real) || is_below(real, file->path))
      weir_diagnostics_error(diagnostics, file_position(file),
                             "stage \"%s\" would write over the pipeline file %s: \"%s\"", file->stage->name,
                             g_str_equal(path, pipeline->file) ? "itself" : (char *)path, file->path);
  }
}

void
weir_plan_check_files(WeirPlan *plan, WeirDiagnostics *diagnostics)
{
  g_autoptr(GArray) written = g_array_new(FALSE, FALSE, sizeof(PlanFile));
  g_autoptr(GArray) read = g_array_new(FALSE, FALSE, sizeof(PlanFile));
  g_array_set_clear_func(written, file_clear);
  g_array_set_clear_func(read, file_clear);
  collect(plan, written, read);
  for (guint w = 0; w < written->len; w++) {
    const PlanFile *file = &g_array_index(written, PlanFile, w);
    for (guint other = 0; other < w; other++)
      check_two_writers(&g_array_index(written, PlanFile, other), file, diagnostics);
    for (guint r = 0; r < read->len; r++)
      check_input_kept(file, &g_array_index(read, PlanFile, r), diagnostics);
    check_pipeline_kept(plan->pipeline, file, diagnostics);
  }
}
