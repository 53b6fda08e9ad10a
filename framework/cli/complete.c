/* SPDX-License-Identifier: MIT */
/* What can come next on a command line: see complete.h. */
#include "cli/complete.h"

#include "base/tree.h"

#include <string.h>

typedef struct {
  GString *out;
  const char *word; /* what is written so far */
} Answer;

/* Offer a word that begins as the one that is being written. */
static void
offer(Answer *answer, const char *word, const char *help)
{
  if (!g_str_has_prefix(word, answer->word) || strpbrk(word, "\n\t"))
    return;
  g_autofree char *line = g_strdup(help ? help : "");
  g_strdelimit(line, "\n\t", ' ');
  g_string_append_printf(answer->out, "%s\t%s\n", word, line);
}

static void
offer_all_of(Answer *answer, const char *const *words, const char *prefix)
{
  for (guint i = 0; words[i]; i++) {
    g_autofree char *whole = g_strconcat(prefix, words[i], NULL);
    offer(answer, whole, NULL);
  }
}

static void
offer_flags(Answer *answer, const CliFlag *flags)
{
  for (const CliFlag *flag = flags; flag->name; flag++) {
    g_autofree char *word = g_strconcat("--", flag->name, NULL);
    if (flag->help)
      offer(answer, word, flag->help);
  }
}

static const CliFlag *
find_flag(const CliFlag *flags, const char *word)
{
  for (const CliFlag *flag = flags; flag->name; flag++) {
    gboolean named = g_str_has_prefix(word, "--") && strcmp(word + 2, flag->name) == 0;
    gboolean lettered = flag->letter && word[0] == '-' && word[1] == flag->letter && !word[2];
    if (named || lettered)
      return flag;
  }
  return NULL;
}

/* What a flag takes, by how its help calls it. */
static void
offer_argument(Answer *answer, const char *argument)
{
  if (strchr(argument, '|')) {
    g_auto(GStrv) words = g_strsplit(argument, "|", -1);
    offer_all_of(answer, (const char *const *)words, "");
    return;
  }
  if (strstr(argument, "FILE") || strstr(argument, "CASES"))
    g_string_append(answer->out, ":files\n");
  else if (strstr(argument, "DIR") || strstr(argument, "PATH"))
    g_string_append(answer->out, ":folders\n");
}

/* --- Parameters of a pipeline ---------------------------------------------------------------------------- */

static const WeirParameterInfo *
find_parameter(const WeirParameterInfo *parameters, guint n, const char *word)
{
  for (guint i = 0; g_str_has_prefix(word, "--") && i < n; i++)
    if (strcmp(parameters[i].name, word + 2) == 0)
      return &parameters[i];
  return NULL;
}

/* The values that a parameter can have; `prefix` is "--name=" or empty. */
static void
offer_values(Answer *answer, const WeirParameterInfo *parameter, const char *prefix)
{
  static const char *const truths[] = {"true", "false", NULL};
  static const char one_of[] = "one of: ";
  if (strcmp(parameter->type, "boolean") == 0) {
    offer_all_of(answer, truths, prefix);
  } else if (parameter->range && g_str_has_prefix(parameter->range, one_of)) {
    g_auto(GStrv) choices = g_strsplit(parameter->range + strlen(one_of), ", ", -1);
    offer_all_of(answer, (const char *const *)choices, prefix);
  } else if (g_str_has_suffix(parameter->type, "-path")) {
    g_string_append(answer->out, ":files\n");
  }
}

static void
offer_parameters(Answer *answer, const WeirParameterInfo *parameters, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *word = g_strconcat("--", parameters[i].name, NULL);
    offer(answer, word, parameters[i].help);
    /* Only to those who ask for it: it would make the list of a pipeline with many switches twice as long. */
    if (strcmp(parameters[i].type, "boolean") == 0 && g_str_has_prefix(answer->word, "--n")) {
      g_autofree char *not = g_strconcat("--no-", parameters[i].name, NULL);
      g_autofree char *help = g_strconcat("not: ", parameters[i].help, NULL);
      offer(answer, not, parameters[i].help ? help : NULL);
    }
  }
}

/* --- Runs that --resume can go on with ------------------------------------------------------------------- */

/* The folders of runs in a folder; `prefix` is what stands before their names on the command line. */
static gboolean
offer_runs_of(Answer *answer, const char *folder, const char *prefix)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  const char *name;
  gboolean found = FALSE;
  while (dir && (name = g_dir_read_name(dir))) {
    g_autofree char *begun = g_build_filename(folder, name, "begin.json", NULL);
    g_autofree char *word = g_strconcat(prefix, name, NULL);
    if (!g_str_has_prefix(word, answer->word) || !g_file_test(begun, G_FILE_TEST_IS_REGULAR))
      continue;
    offer(answer, word, NULL);
    found = TRUE;
  }
  return found;
}

/* Folders of runs where there are any, in runs/ too, else the folders on the way to one. */
static void
offer_runs(Answer *answer)
{
  const char *slash = strrchr(answer->word, '/');
  g_autofree char *prefix = g_strndup(answer->word, slash ? (gsize)(slash + 1 - answer->word) : 0);
  gboolean found = offer_runs_of(answer, *prefix ? prefix : ".", prefix);
  if (!slash)
    found |= offer_runs_of(answer, "runs", "runs/");
  if (!found)
    g_string_append(answer->out, ":folders\n");
}

/* --- Stages and options after --set ---------------------------------------------------------------------- */

/* The class "plugin.class" in the first folder that has the plugin. */
static const weir_class *
find_class(const char *use)
{
  g_auto(GStrv) parts = g_strsplit(use, ".", 2);
  g_auto(GStrv) folders = weir_plugin_folders(NULL);
  for (guint i = 0; parts[0] && parts[1] && !strchr(use, '/') && folders[i]; i++) {
    g_autofree char *leaf = g_strconcat(parts[0], ".so", NULL);
    g_autofree char *file = g_build_filename(folders[i], leaf, NULL);
    WeirPlugin *plugin = g_file_test(file, G_FILE_TEST_EXISTS) ? weir_plugin_open(file, FALSE, NULL) : NULL;
    const weir_plugin *descriptor = plugin ? weir_plugin_get_descriptor(plugin) : NULL;
    for (guint c = 0; descriptor && c < descriptor->n_classes; c++)
      if (strcmp(descriptor->classes[c].name, parts[1]) == 0)
        return &descriptor->classes[c];
    if (plugin)
      return NULL;
  }
  return NULL;
}

static void
offer_options(Answer *answer, const char *stage, const weir_class *class)
{
  for (guint o = 0; class && o < class->n_options; o++) {
    const weir_option *option = &class->options[o];
    g_autofree char *word = g_strdup_printf("%s.%s=", stage, option->name);
    if (!g_str_has_prefix(answer->word, word)) {
      offer(answer, word, option->help);
    } else if (option->type == WEIR_CHOICE) {
      g_auto(GStrv) choices = g_strsplit(option->choices, "|", -1);
      offer_all_of(answer, (const char *const *)choices, word);
    } else if (option->type == WEIR_BOOLEAN) {
      static const char *const truths[] = {"true", "false", NULL};
      offer_all_of(answer, truths, word);
    }
  }
}

static void
offer_assignments(Answer *answer, const char *file)
{
  g_autoptr(WeirDiagnostics) ignored = weir_diagnostics_new();
  g_autoptr(WeirNode) tree = file ? weir_node_load(file, ignored) : NULL;
  const WeirNode *stages = tree ? weir_node_get(tree, "stages") : NULL;
  for (gsize i = 0; stages && weir_node_kind(stages) == WEIR_NODE_MAP && i < weir_node_size(stages); i++) {
    const char *name = weir_node_key_at(stages, i);
    const WeirNode *use = weir_node_get(weir_node_at(stages, i), "use");
    g_autofree char *dotted = g_strconcat(name, ".", NULL);
    if (!use || weir_node_kind(use) != WEIR_NODE_STRING)
      continue;
    if (g_str_has_prefix(answer->word, dotted))
      offer_options(answer, name, find_class(weir_node_string(use)));
    else
      offer(answer, dotted, weir_node_string(use));
  }
}

/* --- The programs ---------------------------------------------------------------------------------------- */

char *
cli_complete_run(const CliFlag *flags, char **words, int n)
{
  Answer answer = {g_string_new(NULL), n ? words[n - 1] : ""};
  const char *before = n > 1 ? words[n - 2] : "";
  g_autofree char **vector = g_new0(char *, (gsize)n + 2); /* as main() has it, less the word at hand */
  guint n_parameters = 0;
  vector[0] = (char *)"pipeline-run";
  for (int i = 0; i + 1 < n; i++)
    vector[i + 1] = words[i];
  const char *file = n ? cli_arguments_find_file(flags, n, vector) : NULL;
  g_autoptr(WeirRun) run = file ? weir_run_new(file, NULL) : NULL;
  const WeirParameterInfo *parameters = run ? weir_run_get_parameters(run, &n_parameters) : NULL;
  const CliFlag *flag = find_flag(flags, before);
  const WeirParameterInfo *parameter = find_parameter(parameters, n_parameters, before);
  const char *equals = g_str_has_prefix(answer.word, "--") ? strchr(answer.word, '=') : NULL;
  g_autofree char *assigned = equals ? g_strndup(answer.word, equals - answer.word) : NULL;
  if (flag && flag->argument && strchr(flag->argument, '=')) {
    offer_assignments(&answer, file);
  } else if (flag && strcmp(flag->name, "resume") == 0) {
    offer_runs(&answer);
  } else if (flag && flag->argument) {
    offer_argument(&answer, flag->argument);
  } else if (parameter && strcmp(parameter->type, "boolean") != 0) {
    offer_values(&answer, parameter, "");
  } else if (assigned) {
    g_autofree char *prefix = g_strconcat(assigned, "=", NULL);
    parameter = find_parameter(parameters, n_parameters, assigned);
    if (parameter)
      offer_values(&answer, parameter, prefix);
  } else if (answer.word[0] == '-') {
    offer_parameters(&answer, parameters, n_parameters);
    offer_flags(&answer, flags);
  } else if (!file) {
    g_string_append(answer.out, ":files\n");
  }
  return g_string_free(answer.out, FALSE);
}

/* Names of plugins, and of a plugin's classes once its name is written. */
static void
offer_plugins(Answer *answer)
{
  g_auto(GStrv) folders = weir_plugin_folders(NULL);
  for (guint i = 0; folders[i]; i++) {
    g_autoptr(GDir) dir = g_dir_open(folders[i], 0, NULL);
    const char *leaf;
    while (dir && (leaf = g_dir_read_name(dir))) {
      g_autofree char *name = g_str_has_suffix(leaf, ".so") ? g_strndup(leaf, strlen(leaf) - 3) : NULL;
      g_autofree char *dotted = name ? g_strconcat(name, ".", NULL) : NULL;
      if (!name || (!g_str_has_prefix(name, answer->word) && !g_str_has_prefix(answer->word, dotted)))
        continue;
      g_autofree char *file = g_build_filename(folders[i], leaf, NULL);
      WeirPlugin *plugin = weir_plugin_open(file, FALSE, NULL);
      const weir_plugin *descriptor = plugin ? weir_plugin_get_descriptor(plugin) : NULL;
      if (!descriptor)
        continue;
      offer(answer, name, descriptor->summary);
      for (guint c = 0; g_str_has_prefix(answer->word, dotted) && c < descriptor->n_classes; c++) {
        g_autofree char *whole = g_strconcat(dotted, descriptor->classes[c].name, NULL);
        offer(answer, whole, descriptor->classes[c].summary);
      }
    }
  }
}

char *
cli_complete_inspect(const CliFlag *flags, char **words, int n)
{
  Answer answer = {g_string_new(NULL), n ? words[n - 1] : ""};
  const CliFlag *flag = n > 1 ? find_flag(flags, words[n - 2]) : NULL;
  static const char *const kinds[] = {"transform", "source", "sink", NULL};
  if (flag && flag->argument)
    offer_argument(&answer, flag->argument);
  else if (answer.word[0] == '-')
    offer_flags(&answer, flags);
  else if (n > 2 && strcmp(words[n - 3], "--new") == 0)
    offer_all_of(&answer, kinds, "");
  else if (strchr(answer.word, '/'))
    g_string_append(answer.out, ":files\n");
  else
    offer_plugins(&answer);
  return g_string_free(answer.out, FALSE);
}
